/* What the settings of a point are read with: expressions of its variables, and names. */
#ifndef NTK_STUDY_SCOPE_H
#define NTK_STUDY_SCOPE_H

#include "study/spec/study.h"

/* The names that expressions may use at a point: the grid's variables, and what else stands for a
 * number there. */
typedef struct ntk_point_scope {
  const char *name[NTK_MOST_VARIABLES + 3];
  double value[NTK_MOST_VARIABLES + 3];
  size_t count;
} ntk_point_scope;

ntk_status ntk_point_evaluate(const ntk_point_scope *scope, const char *text, double *value);
/* The same as a whole number from least; what names it in messages. Nearly whole is not whole:
 * users are to say floor or round. */
ntk_status ntk_point_whole(const ntk_point_scope *scope, const char *text, const char *what,
                           size_t least, size_t *value);

/* The first value of a key as it is, or, when that is a variable of the grid that holds names, its
 * name at point i. */
const char *ntk_point_name(const ntk_study *study, const char *key, size_t i);

#endif
