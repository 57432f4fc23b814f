/* Matrices in double-double that rows of are contiguous, and what rounds need of upper triangles:
 * U^T U = A. Below its diagonal U is 0. */
#ifndef NTK_KERNEL_RESOLVE_TRIANGLE_H
#define NTK_KERNEL_RESOLVE_TRIANGLE_H

#include "base/context.h"
#include "base/exact/arrays.h"

enum { NTK_EXACT_BLOCK = 16 };

/* C (n x n): its upper blocks of rows = those of Z^T Z, of rows of Z (k x n); add: are added to. On
 * all threads that call it, in a parallel region; watch: told `done`. */
void ntk_triangle_gram(size_t n, ntk_exact_entries Z, size_t k, bool add, ntk_exact_entries C,
                       ntk_watch *watch, double done);

/* U of the upper triangle of A (n x n) + shift I, in its place; NTK_ERR_NUMERIC. n^3 / 6 products.
 */
ntk_status ntk_triangle_factor(ntk_context *context, size_t n, double shift, ntk_exact_entries A);
/* Y (n x width, rows distance apart) <- U^{-T} Y; x (n) <- U^{-1} x; w = U v. */
void ntk_triangle_forward(size_t n, ntk_exact_entries U, size_t width, ntk_exact_entries Y,
                          size_t distance);
void ntk_triangle_back(size_t n, ntk_exact_entries U, ntk_exact_entries x);
void ntk_triangle_multiply(size_t n, ntk_exact_entries U, ntk_exact_entries v, ntk_exact_entries w);
/* U V, of V another such, to W. */
void ntk_triangle_product(ntk_context *context, size_t n, ntk_exact_entries U, ntk_exact_entries V,
                          ntk_exact_entries W);

#endif
