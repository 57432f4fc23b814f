/* Arithmetic of study files.
 * Property: what is accepted has a finite value, the same one in brackets and with 0 added, and
 * uses names of its own text alone; what is refused is refused in one line. The bytes are the text.
 */
#include "fuzz.h"

#include "study/spec/expression.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST = 1000 };

static const char *const names[] = {"N", "d", "i", "phi"};
static const double values[] = {1000.0, 7.0, 3.0, NAN};
static const ntk_scope scope = {4, names, values};

/* user: the text. */
static void visit(const char *name, size_t length, void *user) {
  const char *text = user;
  char copy[LONGEST + 1];
  FUZZ_CHECK(length > 0 && name >= text && name + length <= text + strlen(text));
  memcpy(copy, name, length);
  copy[length] = '\0';
  FUZZ_CHECK(ntk_expression_is_name(copy));
}

/* Brackets are one level more, which may be one too many. */
static void same(const char *format, const char *text, double expected) {
  char other[LONGEST + 16];
  double value = 0.0;
  snprintf(other, sizeof other, format, text);
  const ntk_status status = ntk_expression_evaluate(other, &scope, &value);
  if (status == NTK_OK)
    FUZZ_CHECK(value == expected);
  else
    FUZZ_CHECK(strstr(ntk_error_message(), "nested too deeply") != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  char text[LONGEST + 1];
  double value = NAN;
  if (count > LONGEST)
    return -1;
  memcpy(text, bytes, count);
  text[count] = '\0';
  ntk_expression_names(text, visit, text);
  const ntk_status status = ntk_expression_evaluate(text, &scope, &value);
  if (status == NTK_OK) {
    fuzz_finite(&value, 1);
    same("(%s)", text, value);
    same("0 + (%s)", text, value);
  } else {
    FUZZ_CHECK(isnan(value));
    fuzz_refused(status);
  }
  return 0;
}
