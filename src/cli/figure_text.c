/* Text of figures: gnuplot's enhanced mode reads ^ _ { } @ & ~ \ as commands; a backslash before
 * them takes that away. All of it ends in single quotes (figure_script.c). */
#include "cli/figure.h"

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
      {"lambda", "λ"}, {"alpha", "α"}, {"beta", "β"}, {"gamma", "γ"}, {"eta", "η"}, {"sigma", "σ"},
  };
  for (size_t i = 0; i < sizeof greek / sizeof greek[0]; i++)
    if (strlen(greek[i][0]) == length && strncmp(greek[i][0], word, length) == 0) {
      put(w, greek[i][1], strlen(greek[i][1]));
      return;
    }
  put(w, word, length);
}

/* What stands after ^: a word, or all in one pair of parentheses. */
static size_t exponent_length(const char *text) {
  if (*text != '(')
    return word_length(text);
  size_t depth = 0;
  for (size_t i = 0; text[i] != '\0'; i++) {
    depth += text[i] == '(';
    depth -= text[i] == ')';
    if (depth == 0)
      return i + 1;
  }
  return 0;
}

void figure_formula(const char *formula, size_t size, char *text) {
  writer w = {text, size};
  text[0] = '\0';
  while (*formula != '\0') {
    const size_t word = word_length(formula);
    const size_t raised = *formula == '^' ? exponent_length(formula + 1) : 0;
    const size_t below = *formula == '_' ? word_length(formula + 1) : 0;
    if (word > 0) {
      put_word(&w, formula, word);
      formula += word;
    } else if (raised > 0 || below > 0) {
      const bool bracketed = formula[1] == '(';
      put(&w, raised > 0 ? "^{" : "_{", 2);
      for (size_t i = 1 + bracketed; i <= raised + below - bracketed; i++)
        put_plain(&w, formula[i]);
      put(&w, "}", 1);
      formula += 1 + raised + below;
    } else if (*formula == '*') {
      put(&w, "·", strlen("·"));
      formula++;
    } else {
      put_plain(&w, *formula++);
    }
  }
}
