#ifndef NTK_STUDY_JUDGE_H
#define NTK_STUDY_JUDGE_H

#include "ntkit/study.h"

/* Whether the row is an inequality, to be met in every trial. */
bool ntk_sweep_is_bound(const ntk_sweep_row *row);
/* Verdict and note from counts, exponents and claim. */
void ntk_sweep_judge(ntk_sweep_row *row);

#endif
