/* Which epochs of a training K is measured at. */
#ifndef NTK_KERNEL_EPOCHS_H
#define NTK_KERNEL_EPOCHS_H

#include "base/context.h"

#include "ntkit/fit.h"

/* Checks options->track_epochs; of a single number, every so many, options->track is set. */
ntk_status ntk_epochs_check(ntk_train_options *options);
/* Whether any are, by options that have been checked. */
bool ntk_epochs_tracked(const ntk_train_options *options);
/* The first of them from this one on, but for the last of the run; SIZE_MAX: there is none. 0, the
 * start, always is one where any is. */
size_t ntk_epochs_next(const ntk_train_options *options, size_t from);
/* At most so many up to that epoch, the last of the run included. */
double ntk_epochs_count(const ntk_train_options *options, double epochs);

#endif
