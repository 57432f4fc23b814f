/* Can gradient descent fit these labels, and when? */
#ifndef NTK_FIT_QUESTION_H
#define NTK_FIT_QUESTION_H

#include "fit/train/track.h"
#include "spectrum/density/quadrature.h"

/* What is known before the first step, into t->answer: target, floor, the linear model. At theta_0,
 * which the network must hold, with K_0 and the step size known. */
ntk_status ntk_question_ask(ntk_training *t);
/* result->answer, once the rest of the result is there; where it was not asked, that. */
void ntk_question_conclude(const ntk_training *t, ntk_train_result *result);
/* Bytes that the first takes at most besides K_0. */
double ntk_question_bytes(size_t N);

#endif
