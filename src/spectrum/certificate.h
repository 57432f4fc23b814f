/* Proofs about the smallest eigenvalue of a stored matrix, rounding errors included. Derivations
 * and constants: docs/algorithm.md, "Certificate". */
#ifndef NTK_SPECTRUM_CERTIFICATE_H
#define NTK_SPECTRUM_CERTIFICATE_H

#include "spectrum/packed/packed.h"

/* gamma_k = k u / (1 - k u), u = 2^-53, rounded up; infinite where k u >= 1/2. */
double ntk_gamma(size_t k);

/* A completed floating-point Cholesky factorisation of a matrix of order n and that trace proves
 * lambda_min >= -bound (Rump, BIT 46, 2006). */
double ntk_cholesky_bound(size_t n, double trace);

/* The shifts to try in turn, given the lambda_min found and that bound of the matrix: as near to it
 * as the factorisation's own error allows; farther away should that fail, which takes an eigenvalue
 * that Lanczos has missed. */
enum { NTK_SHIFTS = 3 };
void ntk_certify_shifts(double lambda_min, double bound, double *shift);

/* Factorises A - shift I in place (A is gone). *proved: it completed, and then
 * lambda_min(A) >= *lower, a number just below shift. Not completing is no error. n^3/3 flops. */
ntk_status ntk_certify_lower(ntk_packed *A, double shift, bool *proved, double *lower);

/* *upper >= lambda_min(A) by the Rayleigh quotient of any v (n entries); infinite for one near 0.
 * Av: scratch, n. */
ntk_status ntk_certify_upper(const ntk_packed *A, const double *v, double *Av, double *upper);

#endif
