/* Activations as users write them: names, parameters in brackets, one for each layer by commas. */
#include "net/activation.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 64 };

/* text[0..length) without blanks around it, into word: known to nobody where it is too long. */
static void cut(const char *text, size_t length, char word[LONGEST + 1]) {
  while (length > 0 && *text == ' ') {
    text++;
    length--;
  }
  while (length > 0 && text[length - 1] == ' ')
    length--;
  length = length < LONGEST ? length : LONGEST;
  memcpy(word, text, length);
  word[length] = '\0';
}

/* What stands in the brackets of `word`: a number, or NAME=NUMBER. */
static ntk_status read_parameter(const char *word, const char *inside, ntk_activation *phi) {
  const char *equals = strchr(inside, '='), *number = inside;
  char key[LONGEST + 1] = "", *end = NULL;
  if (equals != NULL) {
    cut(inside, (size_t)(equals - inside), key);
    number = equals + 1 + strspn(equals + 1, " ");
  }
  const double value = ntk_read_real(number, &end);
  const bool whole = end != number && *end == '\0';
  if (*phi->info.parameter == '\0')
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s': %s has no parameter; accepted: %s", word,
                    phi->info.name, phi->info.name);
  if (!whole || (equals != NULL && strcasecmp(key, phi->info.parameter) != 0))
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s': '%s' is no number; accepted: %s(NUMBER), its %s", word,
                    inside, phi->info.name, phi->info.parameter);
  return ntk_activation_set(phi, value);
}

/* "tanh", "elu(0.5)", "ELU(alpha=0.5)", "Tanh()". */
static ntk_status read_word(const char *word, ntk_activation *phi) {
  const char *open = strchr(word, '(');
  const size_t length = strlen(word);
  char name[LONGEST + 1], inside[LONGEST + 1];
  if (open == NULL || ntk_activation_named(word) != NULL)
    return ntk_activation_find(word, phi);
  if (word[length - 1] != ')')
    return ntk_fail(NTK_ERR_ARGUMENT, "'%s': ')' is missing at its end; accepted: NAME(NUMBER)",
                    word);
  cut(word, (size_t)(open - word), name);
  cut(open + 1, (size_t)(word + length - 1 - (open + 1)), inside);
  NTK_TRY(ntk_activation_find(name, phi));
  return *inside == '\0' ? NTK_OK : read_parameter(word, inside, phi);
}

/* How many letters the first of text's activations has: to a comma outside brackets. */
static size_t first_length(const char *text) {
  size_t length = 0, depth = 0;
  for (; text[length] != '\0' && (text[length] != ',' || depth > 0); length++)
    depth += text[length] == '(' ? 1 : text[length] == ')' && depth > 0 ? (size_t)-1 : 0;
  return length;
}

/* The next of text's activations into *phi; *text goes behind its comma, or to the end. */
static ntk_status read_one(const char **text, ntk_activation *phi) {
  char word[LONGEST + 1];
  const size_t length = first_length(*text);
  cut(*text, length, word);
  *text += length + ((*text)[length] == ',');
  return read_word(word, phi);
}

static size_t count_of(const char *text) {
  size_t count = 1;
  for (text += first_length(text); *text == ','; text += first_length(text)) {
    count++;
    text++;
  }
  return count;
}

static ntk_status check_count(size_t count, size_t layers) {
  if (count == 1 || count == layers)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "%zu activations where L - 1 = %zu; accepted: one for all hidden layers, or %zu "
                  "separated by commas",
                  count, layers, layers);
}

ntk_status ntk_activation_parse(const char *text, size_t layers, ntk_activation *of) {
  const char *at = text != NULL ? text : "sigmoid";
  const size_t count = count_of(at);
  NTK_TRY(check_count(count, layers));
  NTK_TRY(read_one(&at, &of[0]));
  for (size_t l = 1; l < layers; l++)
    if (count == 1)
      of[l] = of[0];
    else
      NTK_TRY(read_one(&at, &of[l]));
  return NTK_OK;
}

ntk_status ntk_activation_at(const char *text, size_t layers, size_t l, ntk_activation *phi) {
  const char *at = text != NULL ? text : "sigmoid";
  const size_t count = count_of(at);
  NTK_TRY(check_count(count, layers > 0 ? layers : count));
  for (size_t i = 1; i <= count; i++) {
    ntk_activation found;
    NTK_TRY(read_one(&at, &found));
    if (count == 1 || i == l)
      *phi = found;
  }
  return NTK_OK;
}

ntk_status ntk_activation_of(const char *text, size_t layers, size_t l, ntk_activation_info *info) {
  ntk_activation phi = {0};
  NTK_TRY(ntk_activation_at(text, layers, l, &phi));
  *info = phi.info;
  return NTK_OK;
}

bool ntk_activation_same(const char *a, const char *b) {
  const size_t of_a = count_of(a), of_b = count_of(b), layers = of_a > of_b ? of_a : of_b;
  bool same = true;
  for (size_t l = 1; l <= layers && same; l++) {
    ntk_activation p = {0}, q = {0};
    same = ntk_activation_at(a, layers, l, &p) == NTK_OK &&
           ntk_activation_at(b, layers, l, &q) == NTK_OK && strcmp(p.text, q.text) == 0;
  }
  return same;
}

size_t ntk_activation_text(const ntk_activation *of, size_t layers, size_t size, char *text) {
  size_t used = 0, alike = 1;
  while (alike < layers && strcmp(of[alike].text, of[0].text) == 0)
    alike++;
  for (size_t l = 0; l < (alike == layers ? 1 : layers); l++) {
    const size_t room = used < size ? size - used : 0;
    const int written =
        snprintf(room > 0 ? text + used : NULL, room, "%s%s", l > 0 ? "," : "", of[l].text);
    used += written > 0 ? (size_t)written : 0;
  }
  return used;
}
