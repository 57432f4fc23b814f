/* Text of figures: gnuplot's enhanced mode reads ^ _ { } @ & ~ \ as commands; a backslash before
 * them takes that away. All of it ends in single quotes (figure_script.c). */
#include "cli/draw/figure_parts.h"

#include <ctype.h>
#include <string.h>

typedef struct writer {
  char *at;
  size_t left; /* bytes, the closing zero included */
} writer;

/* All of text, or nothing. */
static void put(writer *w, const char *text, size_t length) {
  if (length >= w->left) {
    w->left = 0; /* and nothing after it */
    return;
  }
  memcpy(w->at, text, length);
  w->at += length;
  w->left -= length;
  *w->at = '\0';
}

static void put_plain(writer *w, char c) {
  const char escaped[2] = {'\\', c};
  if ((unsigned char)c < 0x20 || c == 0x7f)
    put(w, " ", 1);
  else if (strchr("^_{}@&~\\", c) != NULL)
    put(w, escaped, 2);
  else
    put(w, &c, 1);
}

void figure_plain(const char *plain, size_t size, char *text) {
  writer w = {text, size};
  text[0] = '\0';
  for (; *plain != '\0'; plain++)
    put_plain(&w, *plain);
}

static size_t word_length(const char *text) {
  size_t length = 0;
  while (isalnum((unsigned char)text[length]))
    length++;
  return length;
}

static void put_word(writer *w, const char *word, size_t length) {
  static const char *const greek[][2] = {
      {"lambda", "λ"}, {"alpha", "α"}, {"beta", "β"}, {"gamma", "γ"},
      {"eta", "η"},    {"sigma", "σ"}, {"phi", "φ"},
  };
  for (size_t i = 0; i < sizeof greek / sizeof greek[0]; i++)
    if (strlen(greek[i][0]) == length && strncmp(greek[i][0], word, length) == 0) {
      put(w, greek[i][1], strlen(greek[i][1]));
      return;
    }
  put(w, word, length);
}

/* What stands after ^ or _: a word, or all in one pair of the brackets; 0: nothing. */
static size_t script_length(const char *text, size_t left, const char *brackets) {
  if (left == 0 || *text != brackets[0]) {
    const size_t word = word_length(text);
    return word < left ? word : left;
  }
  size_t depth = 0;
  for (size_t i = 0; i < left; i++) {
    depth += text[i] == brackets[0];
    depth -= text[i] == brackets[1];
    if (depth == 0)
      return i + 1;
  }
  return 0;
}

/* Of what begins with ^ or _; 0: a plain character. ^ takes (...) too, _ does not: K_(n) is K of n.
 */
static size_t raised_or_below(const char *text, size_t left) {
  const size_t braced = text[1] == '{' ? script_length(text + 1, left - 1, "{}") : 0;
  if (braced > 0 || text[1] == '{')
    return braced;
  return script_length(text + 1, left - 1, *text == '^' ? "()" : "\1\1");
}

/* As deep as scripts are nested in a label, which is short. NOLINTNEXTLINE(misc-no-recursion) */
static void put_formula(writer *w, const char *text, size_t length) {
  const char *end = text + length;
  while (text < end) {
    const size_t left = (size_t)(end - text);
    const size_t word = word_length(text) < left ? word_length(text) : left;
    const size_t script =
        (*text == '^' || *text == '_') && left > 1 ? raised_or_below(text, left) : 0;
    if (word > 0) {
      put_word(w, text, word);
      text += word;
    } else if (script > 0) {
      const bool bracketed = text[1] == '{' || text[1] == '(';
      put(w, *text == '^' ? "^{" : "_{", 2);
      put_formula(w, text + 1 + bracketed, script - 2 * (size_t)bracketed);
      put(w, "}", 1);
      text += 1 + script;
    } else if (*text == '\\' && left > 1) {
      put_plain(w, text[1]);
      text += 2;
    } else if (*text == '*') {
      put(w, "·", strlen("·"));
      text++;
    } else {
      put_plain(w, *text++);
    }
  }
}

void figure_formula(const char *formula, size_t size, char *text) {
  writer w = {text, size};
  text[0] = '\0';
  put_formula(&w, formula, strlen(formula));
}

size_t figure_seen(const char *text) {
  size_t count = 0;
  for (; *text != '\0'; text++)
    count += ((unsigned char)*text & 0xc0) != 0x80 && strchr("\\{}_^", *text) == NULL;
  return count;
}
