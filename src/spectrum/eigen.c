/* Smallest and largest eigenvalue of a symmetric operator {n, apply, solve}. The smallest is the
 * inverse of the largest of A^{-1}: there it stands out from the rest of the spectrum, which in A it
 * does not (plain Lanczos needs more than 10^4 products for a kernel's lower edge). */
#include "spectrum/eigen.h"

#include "base/blas.h"
#include "spectrum/lanczos.h"

#include <math.h>
#include <string.h>

enum { BLOCKS_FROM = 1536, SOLVE_BLOCK = 4, MAX_PRODUCTS = 4000 };

static ntk_status check(const ntk_operator *A, double tolerance) {
  if (A->n == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the operator's order is 0; accepted: 1 and up");
  if (!(tolerance > 0.0 && tolerance < 1.0))
    return ntk_fail(NTK_ERR_ARGUMENT, "tolerance is %g; accepted: above 0, below 1", tolerance);
  return NTK_OK;
}

static ntk_status apply_product(void *user, const double *V, size_t m, double *U) {
  const ntk_operator *A = user;
  return A->apply(A->user, V, m, U);
}

static ntk_status solve_product(void *user, const double *V, size_t m, double *U) {
  const ntk_operator *A = user;
  memcpy(U, V, A->n * m * sizeof(double));
  return A->solve(A->user, U, m);
}

ntk_status ntk_eigen_largest(ntk_context *context, const ntk_operator *A, double tolerance,
                             uint64_t seed, ntk_eigenpair *pair, double *vector) {
  NTK_TRY(check(A, tolerance));
  if (A->apply == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "the largest eigenvalue needs the operator's apply");
  ntk_operator copy = *A;
  const ntk_lanczos_options options = {.block = 1,
                                       .tolerance = tolerance,
                                       .max_products = MAX_PRODUCTS,
                                       .seed = seed,
                                       .phase = "largest eigenvalue"};
  return ntk_lanczos_largest(context, A->n, apply_product, &copy, &options, pair, vector);
}

/* Vectors per solve. A solve streams the factor from memory whatever their number, up to four; where
 * the factor stays in cache a block only makes more work. */
static size_t solve_block(size_t n) {
  return n < BLOCKS_FROM ? 1 : SOLVE_BLOCK;
}

ntk_status ntk_eigen_smallest(ntk_context *context, const ntk_operator *A, double tolerance,
                              uint64_t seed, ntk_eigenpair *pair, double *vector) {
  NTK_TRY(check(A, tolerance));
  if (A->solve == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "the smallest eigenvalue needs the operator's solve");
  ntk_operator copy = *A;
  const ntk_lanczos_options options = {.block = solve_block(A->n),
                                       .tolerance = tolerance,
                                       .max_products = MAX_PRODUCTS,
                                       .seed = seed,
                                       .phase = "smallest eigenvalue"};
  ntk_eigenpair inverse;
  NTK_TRY(ntk_lanczos_largest(context, A->n, solve_product, &copy, &options, &inverse, vector));
  if (!(inverse.value > 0.0))
    return ntk_fail(NTK_ERR_NUMERIC, "the operator's inverse is not positive definite");
  /* With r = A^{-1} v - theta v, the residual in A is A r / theta: its parts along large
   * eigenvalues, harmless in theta, would dominate. One more solve takes A away from it. */
  NTK_TRY(A->solve(A->user, vector, 1));
  ntk_dscal(A->n, 1.0 / ntk_dnrm2(A->n, vector), vector);
  *pair = (ntk_eigenpair){.value = 1.0 / inverse.value,
                          .residual = inverse.residual / (inverse.value * inverse.value),
                          .applications = inverse.applications + 1};
  return NTK_OK;
}

size_t ntk_eigen_bytes(size_t n) {
  return ntk_lanczos_bytes(n, solve_block(n));
}
