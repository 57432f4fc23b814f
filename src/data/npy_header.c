/* The header of .npy (numpy.lib.format): a Python dictionary with the keys descr, fortran_order and
 * shape, each once, in any order. Recursive descent by hand over just that grammar; anything else
 * is refused with its position in the file. Cost: one pass. */
#include "data/npy.h"

#include <string.h>

typedef struct parser {
  const char *path, *text;
  size_t at, length;
  size_t offset; /* of the text in the file, for messages */
} parser;

static ntk_status expected(const parser *p, const char *what) {
  return ntk_fail(NTK_ERR_FORMAT, "%s: the .npy header is malformed at byte %zu: expected %s",
                  p->path, p->offset + p->at, what);
}

static void skip_space(parser *p) {
  while (p->at < p->length && strchr(" \t\r\n", p->text[p->at]) != NULL && p->text[p->at] != '\0')
    p->at++;
}

/* Takes c, after white space, if it is what comes next. */
static bool take(parser *p, char c) {
  skip_space(p);
  if (p->at == p->length || p->text[p->at] != c)
    return false;
  p->at++;
  return true;
}

static bool take_word(parser *p, const char *word) {
  skip_space(p);
  const size_t length = strlen(word);
  if (p->length - p->at < length || memcmp(p->text + p->at, word, length) != 0)
    return false;
  p->at += length;
  return true;
}

static ntk_status parse_string(parser *p, const char *what, char *out, size_t capacity) {
  const char quote = take(p, '\'') ? '\'' : '"';
  if (quote == '"' && !take(p, '"'))
    return expected(p, what);
  size_t used = 0;
  while (p->at < p->length && p->text[p->at] != quote && (unsigned char)p->text[p->at] >= ' ' &&
         used + 1 < capacity)
    out[used++] = p->text[p->at++];
  out[used] = '\0';
  if (p->at == p->length || p->text[p->at] != quote)
    return expected(p, "the end of a short string");
  p->at++;
  return NTK_OK;
}

static ntk_status parse_extent(parser *p, size_t *extent) {
  skip_space(p);
  const size_t start = p->at;
  size_t value = 0;
  for (; p->at < p->length && p->text[p->at] >= '0' && p->text[p->at] <= '9'; p->at++) {
    const size_t digit = (size_t)(p->text[p->at] - '0');
    if (value > (SIZE_MAX - digit) / 10)
      return expected(p, "an extent below 2^64");
    value = 10 * value + digit;
  }
  *extent = value;
  if (p->at == start)
    return expected(p, "an extent: a number that is not negative");
  (void)take(p, 'L'); /* a long integer of Python 2 */
  return NTK_OK;
}

/* A tuple: (), (3,), (3, 4), (3, 4,) */
static ntk_status parse_shape(parser *p, ntk_npy_header *h) {
  if (!take(p, '('))
    return expected(p, "the shape: a tuple such as (3, 4)");
  const size_t start = p->at - 1;
  while (!take(p, ')')) {
    size_t extent = 0;
    NTK_TRY(parse_extent(p, &extent));
    if (h->rank < NTK_READER_RANK)
      h->shape[h->rank] = extent;
    h->rank++;
    if (take(p, ','))
      continue;
    if (h->rank == 1 || !take(p, ')'))
      return expected(p, "',' in the shape");
    break;
  }
  snprintf(h->shape_text, sizeof h->shape_text, "%.*s", (int)(p->at - start), p->text + start);
  return NTK_OK;
}

static ntk_status parse_descr(parser *p, ntk_npy_header *h) {
  skip_space(p);
  if (p->at < p->length && p->text[p->at] == '[') {
    const char *text = p->text + p->at;
    const size_t line = strcspn(text, "]\r\n");
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: holds the structured dtype %.*s...]; accepted: " NTK_NPY_TYPES, p->path,
                    line < 40 ? (int)line : 40, text);
  }
  return parse_string(p, "the dtype: a string such as '<f8'", h->descr, sizeof h->descr);
}

static ntk_status parse_order(parser *p, ntk_npy_header *h) {
  h->fortran = take_word(p, "True");
  return h->fortran || take_word(p, "False") ? NTK_OK : expected(p, "True or False");
}

static ntk_status parse_dictionary(parser *p, ntk_npy_header *h) {
  static const struct {
    const char *key;
    ntk_status (*parse)(parser *, ntk_npy_header *);
  } entries[] = {{"descr", parse_descr}, {"fortran_order", parse_order}, {"shape", parse_shape}};
  enum { ENTRIES = sizeof entries / sizeof entries[0] };
  bool seen[ENTRIES] = {false};
  if (!take(p, '{'))
    return expected(p, "'{'");
  while (!take(p, '}')) {
    char key[32];
    NTK_TRY(parse_string(p, "a key in quotes, or '}'", key, sizeof key));
    size_t k = 0;
    while (k < ENTRIES && strcmp(key, entries[k].key) != 0)
      k++;
    if (k == ENTRIES || seen[k])
      return expected(p, "each of descr, fortran_order and shape once before here");
    if (!take(p, ':'))
      return expected(p, "':'");
    seen[k] = true;
    NTK_TRY(entries[k].parse(p, h));
    skip_space(p);
    if (!take(p, ',') && (p->at == p->length || p->text[p->at] != '}'))
      return expected(p, "',' or '}'");
  }
  for (size_t k = 0; k < ENTRIES; k++)
    if (!seen[k])
      return expected(p, entries[k].key);
  skip_space(p);
  return p->at == p->length ? NTK_OK : expected(p, "nothing after '}'");
}

ntk_status ntk_npy_header_parse(const char *path, const char *text, size_t length, size_t offset,
                                ntk_npy_header *header) {
  parser p = {.path = path, .text = text, .length = length, .offset = offset};
  *header = (ntk_npy_header){.rank = 0};
  return parse_dictionary(&p, header);
}
