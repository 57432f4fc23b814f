/* lambda_min of the kernel in exact arithmetic, enclosed. The Jacobian J^ of the stored F and B is
 * compared with that of the passes in double-double, whose own errors are bounded. Theorem and
 * constants: docs/algorithm.md, "The kernel in exact arithmetic". */
#ifndef NTK_KERNEL_ENDS_PROOF_H
#define NTK_KERNEL_ENDS_PROOF_H

#include "kernel/ends/accuracy.h"
#include "kernel/ends/proof_rows.h"

/* Why there is no proof for such a network, in so many processes; NULL: there may be one. Of all
 * outputs, of one of several by a network of its own, or of their mean. */
const char *ntk_proof_refuses(const ntk_network *network);

/* *proof, from bounds on lambda_min of the stored K, which features made; norms: theirs. An
 * interval that is not proved has NaN and a reason. (1 + n_L) N P products in double-double
 * (ntk_exact_sum), and phi; none of N rows in memory but a number each. NTK_ERR_MEMORY,
 * _CANCELLED. The bits do not depend on threads. */
ntk_status ntk_proof_find(const ntk_features *features, const ntk_norms *norms, double lower,
                          double upper, ntk_kernel_proof *proof);
/* The same of other features; of: gram, of K and those; its jacobian is found. */
ntk_status ntk_proof_carry(const ntk_proof_stored *stored, ntk_accuracy *of, double lower,
                           double upper, ntk_kernel_proof *proof);
/* Flops of the powers of weights that a deep network's norms may take, on one thread. */
double ntk_proof_powers(const ntk_network_spec *spec);
/* 0 over several ranks, where there is none. */
double ntk_proof_bytes(const ntk_context *context, const ntk_network_spec *spec,
                       ntk_outputs outputs, size_t N);

/* |J^_i - J_i|^2 of each row, J exact, into moved (rows of K), at least; NTK_PROOF_KINK where a
 * unit is too near a kink for its slope to be known; NaN or infinite where a number overflows. */
ntk_status ntk_proof_distances(const ntk_proof_stored *stored, double *moved);
ntk_proof_stored ntk_proof_features(const ntk_features *features);

#endif
