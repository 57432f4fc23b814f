/* Arithmetic on named variables, as study files write it: "2*d", "floor(sqrt(1000*i))", "d^2/4". */
#ifndef NTK_STUDY_EXPRESSION_H
#define NTK_STUDY_EXPRESSION_H

#include "base/status.h"

/* The names that an expression may use, and what they stand for now. */
typedef struct ntk_scope {
  size_t count;
  const char *const *name;
  const double *value; /* NaN: a name that is not a number; using it is an error */
} ntk_scope;

/* Numbers, names, + - * / ^ (right to left, above unary minus), parentheses, and the functions
 * floor ceil round sqrt exp log log2 log10 abs min max. NTK_ERR_ARGUMENT for what cannot be read, a
 * name that is not in scope (the message lists those that are) and a result that is not finite. */
ntk_status ntk_expression_evaluate(const char *text, const ntk_scope *scope, double *value);

/* Calls visit for every name that is used, functions left out. Nothing for what cannot be read. */
void ntk_expression_names(const char *text,
                          void (*visit)(const char *name, size_t length, void *user), void *user);

/* Whether text is a name as expressions know them, a letter or _ and then letters, digits and _. */
bool ntk_expression_is_name(const char *text);

#endif
