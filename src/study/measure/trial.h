/* What the trials of every measure start from: the point's data and its network, drawn from the
 * trial's seed. */
#ifndef NTK_STUDY_TRIAL_H
#define NTK_STUDY_TRIAL_H

#include "study/measure/quantity.h"

/* Borrows the point's arrays. */
ntk_network_spec ntk_trial_spec(const ntk_point *point, uint64_t seed);

ntk_status ntk_trial_data(ntk_context *context, const ntk_point *point, uint64_t seed,
                          ntk_dataset **data);
/* Labels of the point's training into Y (N); where it has none, Gaussian. */
ntk_status ntk_trial_labels(ntk_context *context, const ntk_point *point, uint64_t seed,
                            const ntk_dataset *data, double *Y);

/* Data and network; both are to be destroyed whatever the status, and NULL where they are not
 * there. */
ntk_status ntk_trial_begin(ntk_context *context, const ntk_point *point, uint64_t seed,
                           ntk_dataset **data, ntk_network **network);

#endif
