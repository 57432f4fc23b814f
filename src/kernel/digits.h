/* How many digits of lambda_min survive rounding: of the features, and of the sums K's entries are.
 */
#ifndef NTK_KERNEL_DIGITS_H
#define NTK_KERNEL_DIGITS_H

#include "kernel/extremes.h"

/* Judges *e, which has the lambda_min of block k (L: of K) with that eigenvector (a unit one of
 * norms->rows entries) and is OK, once more: e->digits, and the verdict INACCURATE or, where
 * nothing is left, BELOW_RESOLUTION, with a resolution that is larger by what the features lose. An
 * estimate: some samples go through the network a second time with perturbed last bits. X: N x d.
 * Other verdicts: digits is 0, and nothing is done. 128 P flops, 256 P for each output of their
 * mean. NTK_ERR_MEMORY. */
ntk_status ntk_digits_measure(const ntk_network *network, const double *X, const ntk_norms *norms,
                              size_t k, const double *v, ntk_extremes *e);
/* The same of features' kernel. */
ntk_status ntk_digits_of(const ntk_features *features, size_t k, const double *v, ntk_extremes *e);
/* Bytes that they hold, beside the second's norms (16 L bytes for each row of K). */
double ntk_digits_bytes(const ntk_network_spec *spec, ntk_outputs outputs);

#endif
