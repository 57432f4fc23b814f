/* io.h - fitted networks in folders, library libntkit_io: what --save of ntkit memorize, train and
 * spectrum writes. Conventions are those of ntkit.h. */
#ifndef NTKIT_IO_H
#define NTKIT_IO_H

#include "ntkit/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The certificate of a saved fit: what its files do, and not what was in memory. Reads X.npy and
 * Y.npy from the directory, and W1.npy, ..., WL.npy, or, with count classes, those of each class in
 * its folder class<number>, which are to put out 1 for this class and -1 for the others; error[c]
 * is ntk_fit_measure of each. classes NULL: count is 1. computed, unless NULL, has what the weights
 * in memory did (count): NTK_ERR_NUMERIC where files do worse than that by more than rounding.
 * Else the statuses of ntk_dataset_load and ntk_network_load. */
NTK_API ntk_status ntk_saved_certify(ntk_context *context, const char *directory,
                                     const char *activation, size_t count, const double *classes,
                                     const ntk_memorize_result *computed, ntk_fit_error *error);

#ifdef __cplusplus
}
#endif
#endif
