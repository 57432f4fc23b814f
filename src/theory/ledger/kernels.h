/* The four kernels of Section 3.1's proof and the ends of their spectra. */
#ifndef NTK_THEORY_KERNELS_H
#define NTK_THEORY_KERNELS_H

#include "kernel/ends/extremes.h"
#include "theory/ledger/ledger.h"

/* Orders up to which LAPACK finds whole spectra: at all, and where nobody asked for them. */
enum { NTK_FULL_UP_TO = 6000, NTK_FULL_SMALL = 512 };

typedef enum ntk_proof_kernel {
  NTK_PROOF_K,
  NTK_PROOF_BLOCK,  /* K_{L-2} */
  NTK_PROOF_FB,     /* J~_FB J~_FB^T */
  NTK_PROOF_CENTRED /* J~ J~^T */
} ntk_proof_kernel;

/* Of kernel k. nu = ||M||_F^2. Of CENTRED, where expectations are means over the data, lambda_min
 * is that of the complement of 1, on which alone it is not 0. A lambda_min below the resolution is
 * given all the same where the whole spectrum was computed: inequalities have room for its error.
 * Keeps the spectrum that options ask for, and of CENTRED v->top. */
ntk_status ntk_proof_spectrum(ntk_verification *v, ntk_proof_kernel k, double nu, ntk_extremes *e);

/* Of K_{L-2} - J~_FB J~_FB^T, the difference of step (a); noise: what rounding leaves of it. */
ntk_status ntk_proof_step_a(ntk_verification *v, double noise, ntk_extremes *e);

/* Of J~_FB J~_FB^T - J~ J~^T = s 1^T + 1 s^T - nu 1 1^T, of rank two: exactly. */
ntk_extremes ntk_proof_step_b(size_t N, const double *s, double nu);

#endif
