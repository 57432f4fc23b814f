/* Smallest and largest eigenvalue of a symmetric operator {n, apply, solve}. The smallest is the
 * inverse of the largest of A^{-1}: there it stands out from the rest of the spectrum, which in A
 * it does not (plain Lanczos needs more than 10^4 products for a kernel's lower edge). */
#include "spectrum/eigen.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/lanczos.h"
#include "spectrum/packed/packed.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { BLOCKS_FROM = 4096, SOLVE_BLOCK = 4, PAIRS_BLOCK = 16, MAX_PRODUCTS = 4000 };

/* A gap is looked for as closely as it takes. */
static const double GAP_FIRST = 1e-2, GAP_FINER = 1e-2, GAP_LAST = 1e-7;

static ntk_status check_operator(const ntk_operator *A, double tolerance) {
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

/* Vectors per product, where several pairs are wanted: an eigenvalue may occur so often. */
static size_t block_for(size_t count, size_t block) {
  const size_t several = count < PAIRS_BLOCK ? count : PAIRS_BLOCK;
  return several > block ? several : block;
}

ntk_status ntk_eigen_largest_pairs(ntk_context *context, const ntk_operator *A, double tolerance,
                                   uint64_t seed, size_t count, ntk_eigenpair *pair,
                                   double *vectors) {
  NTK_TRY(check_operator(A, tolerance));
  if (A->apply == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "the largest eigenvalue needs the operator's apply");
  ntk_operator copy = *A;
  const ntk_lanczos_options options = {.block = block_for(count, 1),
                                       .count = count,
                                       .tolerance = tolerance,
                                       .noise = A->noise,
                                       .max_products = MAX_PRODUCTS,
                                       .seed = seed,
                                       .phase = "largest eigenvalue"};
  return ntk_lanczos_largest(context, A->n, apply_product, &copy, &options, pair, vectors);
}

ntk_status ntk_eigen_largest(ntk_context *context, const ntk_operator *A, double tolerance,
                             uint64_t seed, ntk_eigenpair *pair, double *vector) {
  return ntk_eigen_largest_pairs(context, A, tolerance, seed, 1, pair, vector);
}

/* Vectors per solve. A solve streams the factor from memory whatever their number, up to four;
 * where the factor stays in cache a block only makes more work. */
size_t ntk_eigen_block(size_t n) {
  return n < BLOCKS_FROM ? 1 : SOLVE_BLOCK;
}

/* With r = A^{-1} v - theta v, the residual in A is A r / theta: its parts along large eigenvalues,
 * harmless in theta, would dominate. One more solve takes A away from it. V: `count` vectors, both
 * ways; what rounding leaves of one along those of smaller eigenvalues is taken away. */
static ntk_status polish(const ntk_operator *A, size_t count, double *V) {
  NTK_TRY(A->solve(A->user, V, count));
  for (size_t p = 0; p < count; p++) {
    double *v = V + p * A->n;
    for (size_t e = 0; e < p; e++)
      ntk_daxpy(A->n, -ntk_ddot(A->n, V + e * A->n, v), V + e * A->n, v);
    const double norm = ntk_dnrm2(A->n, v);
    if (!(norm > 0.0) || !isfinite(norm))
      return ntk_fail(NTK_ERR_NUMERIC, "the operator's solve is not finite");
    ntk_dscal(A->n, 1.0 / norm, v);
  }
  return NTK_OK;
}

/* From pairs of A^{-1}. */
static ntk_status invert(size_t count, const ntk_eigenpair *inverse, ntk_eigenpair *pair) {
  for (size_t p = 0; p < count; p++) {
    if (!(inverse[p].value > 0.0))
      return ntk_fail(NTK_ERR_NUMERIC, "the operator's inverse is not positive definite");
    pair[p] = (ntk_eigenpair){.value = 1.0 / inverse[p].value,
                              .residual = inverse[p].residual / inverse[p].value / inverse[p].value,
                              .applications = inverse[p].applications + (int)count};
  }
  return NTK_OK;
}

ntk_status ntk_eigen_smallest_pairs(ntk_context *context, const ntk_operator *A, double tolerance,
                                    uint64_t seed, size_t count, ntk_eigenpair *pair,
                                    double *vectors) {
  NTK_TRY(check_operator(A, tolerance));
  if (A->solve == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "the smallest eigenvalue needs the operator's solve");
  ntk_operator copy = *A;
  /* A perturbation E of A is one of A^{-1} by about theta^2 E along the wanted vector. */
  const ntk_lanczos_options options = {.block = block_for(count, ntk_eigen_block(A->n)),
                                       .count = count,
                                       .tolerance = tolerance,
                                       .of_inverse = A->noise,
                                       .max_products = MAX_PRODUCTS,
                                       .seed = seed,
                                       .phase = "smallest eigenvalue"};
  double *V;
  ntk_eigenpair inverse[NTK_LANCZOS_PAIRS], found[NTK_LANCZOS_PAIRS];
  NTK_TRY(ntk_alloc_doubles(context, count * A->n, "eigenvector", &V));
  ntk_status status =
      ntk_lanczos_largest(context, A->n, solve_product, &copy, &options, inverse, V);
  if (status == NTK_OK)
    status = invert(count, inverse, found);
  if (status == NTK_OK)
    status = polish(A, count, V);
  if (status == NTK_OK) {
    memcpy(vectors, V, count * A->n * sizeof(double));
    memcpy(pair, found, count * sizeof *pair);
  }
  ntk_free(context, V);
  return status;
}

ntk_status ntk_eigen_smallest(ntk_context *context, const ntk_operator *A, double tolerance,
                              uint64_t seed, ntk_eigenpair *pair, double *vector) {
  return ntk_eigen_smallest_pairs(context, A, tolerance, seed, 1, pair, vector);
}

/* A^{-1} beside a unit vector. */
typedef struct beside {
  const ntk_operator *A;
  const double *v;
} beside;

static void take_away(size_t n, const double *v, size_t m, double *U) {
  for (size_t j = 0; j < m; j++)
    ntk_daxpy(n, -ntk_ddot(n, v, U + j * n), v, U + j * n);
}

static ntk_status solve_beside(void *user, const double *V, size_t m, double *U) {
  const beside *b = user;
  memcpy(U, V, b->A->n * m * sizeof(double));
  take_away(b->A->n, b->v, m, U);
  NTK_TRY(b->A->solve(b->A->user, U, m));
  take_away(b->A->n, b->v, m, U);
  return NTK_OK;
}

/* A Krylov space has one vector of each eigenspace: of one that is nearly so, too. Beside v another
 * start shows what there is of it. */
ntk_status ntk_eigen_gap(ntk_context *context, const ntk_operator *A, uint64_t seed, double value,
                         const double *vector, double *gap) {
  double tolerance = GAP_FIRST, *V = NULL;
  beside b = {A, vector};
  *gap = 1.0;
  if (A->n == 1)
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(context, A->n, "eigenvector", &V));
  ntk_status status;
  bool shown = false;
  do {
    const ntk_lanczos_options options = {.block = ntk_eigen_block(A->n),
                                         .count = 1,
                                         .tolerance = tolerance,
                                         .of_inverse = A->noise,
                                         .max_products = MAX_PRODUCTS,
                                         .seed = seed + 1,
                                         .phase = "smallest eigenvalue"};
    ntk_eigenpair next;
    status = ntk_lanczos_largest(context, A->n, solve_beside, &b, &options, &next, V);
    if (status != NTK_OK)
      break;
    const double found = 1.0 / (next.value * value) - 1.0;
    const double least = 1.0 / ((next.value + next.residual) * value) - 1.0;
    shown = least > tolerance;
    *gap = shown ? least : -fmax(fabs(found), DBL_MIN);
    tolerance *= GAP_FINER;
  } while (!shown && tolerance > GAP_LAST);
  ntk_free(context, V);
  if (status == NTK_ERR_NUMERIC)
    *gap = -DBL_MIN;
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

size_t ntk_eigen_pairs_bytes(size_t n, size_t count) {
  return ntk_lanczos_bytes(n, block_for(count, ntk_eigen_block(n))) +
         2 * count * n * sizeof(double) + (size_t)ntk_packed_multiply_bytes(n);
}

size_t ntk_eigen_bytes(size_t n) {
  return ntk_lanczos_bytes(n, ntk_eigen_block(n)) + (size_t)ntk_packed_multiply_bytes(n);
}
