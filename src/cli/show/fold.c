#include "cli/show/fold.h"

#include <stdbool.h>
#include <string.h>

enum { SHORT = 3, MOST = 16 }; /* equal ones that are told one by one; what is told at all */

/* How many from i on are told as one. */
static size_t run_of(const size_t *x, size_t count, size_t i) {
  size_t run = 1;
  while (i + run < count && x[i + run] == x[i])
    run++;
  return run > SHORT ? run : 1;
}

void fold_wholes(FILE *out, const size_t *x, size_t count, const char *between) {
  size_t told = 0, place = 0, more = 0;
  for (size_t i = 0; i < count; i += run_of(x, count, i))
    told++;
  for (size_t i = 0, run = 0; i < count; i += run, place++) {
    run = run_of(x, count, i);
    if (told > MOST && place >= SHORT && place + SHORT < told) {
      more += run;
      continue;
    }
    if (more > 0)
      fprintf(out, "%s%zu more", between, more);
    more = 0;
    fprintf(out, "%s%zu", i > 0 ? between : "", x[i]);
    if (run > 1)
      fprintf(out, " x %zu", run);
  }
}

/* Of what is between commas and spaces. */
static size_t piece(const char *text) {
  return strcspn(text, ", ");
}

/* How many equal pieces begin here, and where they end. */
static size_t run_of_pieces(const char *text, const char **end) {
  const size_t length = piece(text);
  size_t run = 1;
  *end = text + length;
  while (length > 0 && **end == ',' && piece(*end + 1) == length &&
         strncmp(text, *end + 1, length) == 0) {
    *end += 1 + length;
    run++;
  }
  return run;
}

void fold_words(const char *text, size_t size, char *folded) {
  size_t used = 0;
  bool more = false;
  while (*text != '\0' && !more) {
    const char *end = NULL;
    char one[32] = "";
    const size_t run = run_of_pieces(text, &end);
    const size_t length = run > SHORT ? piece(text) : (size_t)(end - text);
    if (run > SHORT)
      snprintf(one, sizeof one, " x %zu", run);
    more = used + length + strlen(one) + 1 + sizeof "..." > size;
    if (more) /* a piece is told whole or not at all, and there is room to say so */
      continue;
    memcpy(folded + used, text, length);
    used += length;
    used += (size_t)snprintf(folded + used, size - used, "%s", one);
    text = end;
    if (*text != '\0')
      folded[used++] = *text++;
  }
  snprintf(folded + used, size - used, "%s", more ? "..." : "");
}
