/* A recursive-descent evaluator; nothing is compiled, for an expression is evaluated a few thousand
 * times at most.
 *
 *   sum      = product {("+" | "-") product}
 *   product  = factor {("*" | "/") factor}
 *   factor   = ["-" | "+"] power, any number of signs
 *   power    = atom ["^" factor]
 *   atom     = number | name | function "(" sum {"," sum} ")" | "(" sum ")" */
#include "study/spec/expression.h"

#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEPTH = 100, SHOWN = 60 };

typedef struct reader {
  const char *text, *at;
  const ntk_scope *scope;
  int depth;
  ntk_status status; /* the first failure; reading goes no further after it */
} reader;

#define REFUSE(r, ...) ((r)->status = ntk_fail(NTK_ERR_ARGUMENT, __VA_ARGS__), NAN)

static bool name_start(char c) {
  return isalpha((unsigned char)c) || c == '_';
}

static size_t name_length(const char *text) {
  size_t length = 0;
  while (name_start(text[length]) || (length > 0 && isdigit((unsigned char)text[length])))
    length++;
  return length;
}

bool ntk_expression_is_name(const char *text) {
  const size_t length = name_length(text);
  return length > 0 && text[length] == '\0';
}

static void skip_blanks(reader *r) {
  while (*r->at == ' ' || *r->at == '\t')
    r->at++;
}

static bool take(reader *r, char c) {
  skip_blanks(r);
  if (*r->at != c)
    return false;
  r->at++;
  return true;
}

/* ---- Functions ------------------------------------------------------------------------------- */

static double least(double a, double b) {
  return a < b ? a : b;
}

static double most(double a, double b) {
  return a > b ? a : b;
}

typedef struct function {
  const char *name;
  double (*one)(double);
  double (*two)(double, double);
} function;

static const function functions[] = {
    {"floor", floor, NULL}, {"ceil", ceil, NULL}, {"round", round, NULL}, {"sqrt", sqrt, NULL},
    {"exp", exp, NULL},     {"log", log, NULL},   {"log2", log2, NULL},   {"log10", log10, NULL},
    {"abs", fabs, NULL},    {"min", NULL, least}, {"max", NULL, most},
};

static const function *find_function(const char *name, size_t length) {
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
    if (strlen(functions[i].name) == length && strncmp(functions[i].name, name, length) == 0)
      return &functions[i];
  return NULL;
}

/* ---- Grammar --------------------------------------------------------------------------------- */

/* Recursive as the grammar is; factor keeps it from going deeper than MOST_DEPTH.
 * NOLINTBEGIN(misc-no-recursion) */

static double sum(reader *r);
static double factor(reader *r);

static double call(reader *r, const function *f) {
  if (!take(r, '('))
    return REFUSE(r, "'%.*s': %s is a function: %s(...)", SHOWN, r->text, f->name, f->name);
  const double a = sum(r);
  if (r->status != NTK_OK)
    return NAN;
  double value = 0.0;
  if (f->two != NULL) {
    if (!take(r, ','))
      return REFUSE(r, "'%.*s': %s takes two numbers", SHOWN, r->text, f->name);
    value = f->two(a, sum(r));
  } else {
    value = f->one(a);
  }
  if (r->status == NTK_OK && !take(r, ')'))
    return REFUSE(r, "'%.*s': ')' is missing after %s(", SHOWN, r->text, f->name);
  return value;
}

static double unknown(reader *r, const char *name, size_t length) {
  char known[400] = "";
  size_t used = 0;
  for (size_t i = 0; i < r->scope->count && used < sizeof known; i++)
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                             r->scope->name[i]);
  return REFUSE(r, "'%.*s': '%.*s' is not known; known here: %s", SHOWN, r->text,
                (int)(length < SHOWN ? length : SHOWN), name,
                known[0] != '\0' ? known : "numbers alone");
}

static double variable(reader *r, const char *name, size_t length) {
  for (size_t i = 0; i < r->scope->count; i++)
    if (strlen(r->scope->name[i]) == length && strncmp(r->scope->name[i], name, length) == 0) {
      if (isnan(r->scope->value[i]))
        return REFUSE(r, "'%.*s': '%.*s' is not a number", SHOWN, r->text, (int)length, name);
      return r->scope->value[i];
    }
  return unknown(r, name, length);
}

/* Decimal digits first: strtod alone would take "inf", "nan" and hexadecimal. */
static double number(reader *r) {
  const char *start = r->at;
  if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X'))
    return REFUSE(r, "'%.*s': numbers are decimal", SHOWN, r->text);
  char *end = NULL;
  const double value = ntk_read_real(start, &end);
  r->at = end;
  return value;
}

static double atom(reader *r) {
  skip_blanks(r);
  if (isdigit((unsigned char)*r->at) || (*r->at == '.' && isdigit((unsigned char)r->at[1])))
    return number(r);
  if (name_start(*r->at)) {
    const char *name = r->at;
    const size_t length = name_length(name);
    r->at += length;
    const function *f = find_function(name, length);
    return f != NULL ? call(r, f) : variable(r, name, length);
  }
  if (take(r, '(')) {
    const double value = sum(r);
    if (r->status == NTK_OK && !take(r, ')'))
      return REFUSE(r, "'%.*s': ')' is missing", SHOWN, r->text);
    return value;
  }
  if (*r->at == '\0')
    return REFUSE(r, "'%.*s' ends where a number or a name is expected", SHOWN, r->text);
  return REFUSE(r, "'%.*s': '%c' stands where a number or a name is expected", SHOWN, r->text,
                *r->at);
}

static double power(reader *r) {
  const double base = atom(r);
  if (r->status != NTK_OK || !take(r, '^'))
    return base;
  return pow(base, factor(r));
}

static double factor(reader *r) {
  if (++r->depth > MOST_DEPTH)
    return REFUSE(r, "'%.*s...' is nested too deeply", SHOWN, r->text);
  double value = 0.0;
  if (take(r, '-'))
    value = -factor(r);
  else if (take(r, '+'))
    value = factor(r);
  else
    value = power(r);
  r->depth--;
  return value;
}

static double product(reader *r) {
  double value = factor(r);
  while (r->status == NTK_OK) {
    if (take(r, '*'))
      value *= factor(r);
    else if (take(r, '/'))
      value /= factor(r);
    else
      break;
  }
  return value;
}

static double sum(reader *r) {
  double value = product(r);
  while (r->status == NTK_OK) {
    if (take(r, '+'))
      value += product(r);
    else if (take(r, '-'))
      value -= product(r);
    else
      break;
  }
  return value;
}

/* NOLINTEND(misc-no-recursion) */

ntk_status ntk_expression_evaluate(const char *text, const ntk_scope *scope, double *value) {
  reader r = {.text = text, .at = text, .scope = scope};
  const double found = sum(&r);
  if (r.status != NTK_OK)
    return r.status;
  skip_blanks(&r);
  if (*r.at != '\0')
    return ntk_fail(NTK_ERR_ARGUMENT, "'%.*s': '%.20s' is left over", SHOWN, text, r.at);
  if (!isfinite(found))
    return ntk_fail(NTK_ERR_ARGUMENT, "'%.*s' is %g here; accepted: a finite number", SHOWN, text,
                    found);
  *value = found;
  return NTK_OK;
}

void ntk_expression_names(const char *text,
                          void (*visit)(const char *name, size_t length, void *user), void *user) {
  for (const char *at = text; *at != '\0';) {
    const size_t length = name_length(at);
    if (length == 0) {
      if (isdigit((unsigned char)*at) || *at == '.') { /* the e of 1e5 is no name */
        char *end = NULL;
        (void)ntk_read_real(at, &end);
        at = end > at ? end : at + 1;
      } else {
        at++;
      }
      continue;
    }
    if (find_function(at, length) == NULL)
      visit(at, length, user);
    at += length;
  }
}
