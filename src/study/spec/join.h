/* Two studies in one: what a database holds, and what else is asked of it. */
#ifndef NTK_STUDY_JOIN_H
#define NTK_STUDY_JOIN_H

#include "study/spec/study.h"

/* How they differ. */
typedef struct ntk_join {
  ntk_settings settings; /* of a study that asks for all that either does */
  bool values;           /* it has more values of a variable than `there` */
  bool quantities;       /* it has more quantities */
} ntk_join;

/* Grids may have other values of the same variables, quantities may be others, trials more: the
 * joined study has the values of both (all their combinations), all quantities, the larger number.
 * Variables stay in the order of `there`. Whatever else differs and enters a result of both is
 * refused, NTK_ERR_ARGUMENT, with a line that names the key and both values; there_is and asked_is
 * say whose. Outlines will do. join is to be cleared by ntk_settings_clear(&join->settings),
 * whatever the status. */
ntk_status ntk_study_join(const ntk_study *there, const char *there_is, const ntk_study *asked,
                          const char *asked_is, ntk_join *join);

#endif
