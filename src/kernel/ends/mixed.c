/* Eigenvalues of K, in double, by the Cholesky factor of K in single precision:
 *
 *     M = L L^T = K + E,   ||E|| near 2^-24 ||K||,
 *
 * which rounding makes no worse where pivots are small (errors of a graded factorisation scale with
 * its pivots): eigenvalues of M^{-1} K are in 1 +- 0.1 up to a condition of 10^8 or so. Lanczos on
 * M^{-1} finds the lowest vector of M, from which a few steps of Jacobi-Davidson, whose inner
 * iteration takes M for K, lead to K's: every step of them, a product in double, takes about
 * ||E|| / gap off the error. What Lanczos knows of M's other low vectors, roughly, is what makes
 * the inner iteration short. Value and residual are then those of K in double. Whether that was
 * enough is known by the residual, so that nothing else has to be proved of M.
 *
 * Cost: the factorisation in single, about half of that in double, solves with half the bytes, and
 * three or four products in double. (Carson and Higham, SIAM J. Sci. Comput. 40, 2018, have the
 * idea for linear systems.) */
#include "kernel/ends/mixed.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/davidson.h"
#include "spectrum/eigen.h"
#include "spectrum/packed/packed.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Relative residual of M's lowest vector. */
static const double LOOSE = 3e-4;
/* Vectors of M that the inner iteration knows; most solves for a product; solves for M's own
 * vectors before double would be the cheaper way. */
enum { NEAR = 24, INNER = 24, MAX_SOLVES = 4000 };

/* Relative error of lambda_min that may be left; gap under which two vectors are sought. */
static const double ERROR = 1e-11, NARROW = 1e-4;

ntk_kernel_form ntk_mixed_form(size_t N, double trace, ntk_precision sums) {
  int exponent = 0;
  (void)frexp(trace / (double)N, &exponent);
  return (ntk_kernel_form){NTK_PRECISION_FLOAT, sums, ldexp(1.0, -exponent)};
}

ntk_status ntk_mixed_largest(ntk_kernel *rough, const ntk_operator *A, double tolerance,
                             uint64_t seed, ntk_eigenpair *pair, double *vector, double *scratch) {
  const ntk_operator M = ntk_kernel_operator(rough);
  const size_t n = A->n;
  NTK_TRY(ntk_eigen_largest(rough->context, &M, tolerance, seed, pair, vector));
  NTK_TRY(A->apply(A->user, vector, 1, scratch));
  pair->value = ntk_ddot(n, vector, scratch);
  ntk_daxpy(n, -pair->value, vector, scratch);
  pair->residual = ntk_dnrm2(n, scratch);
  pair->applications++;
  if (pair->residual <= 2.0 * tolerance * pair->value)
    return NTK_OK;
  return ntk_eigen_largest(rough->context, A, tolerance, seed, pair, vector);
}

/* Products with A, solves with M. */
typedef struct both {
  const ntk_operator *A, *M;
  int solves;
} both;

static ntk_status multiply(void *user, const double *V, size_t m, double *U) {
  const both *b = user;
  return b->A->apply(b->A->user, V, m, U);
}

static ntk_status solve(void *user, double *V, size_t m) {
  both *b = user;
  b->solves += (int)m;
  return b->M->solve(b->M->user, V, m);
}

static ntk_status inverse(void *user, const double *V, size_t m, double *U) {
  const both *b = user;
  memcpy(U, V, b->M->n * m * sizeof(double));
  return solve(user, U, m);
}

/* One vector alone would not know a pair of eigenvalues from one. */
static size_t block_of(size_t n) {
  const size_t block = ntk_eigen_block(n);
  return block > 1 || n == 1 ? block : 2;
}

static size_t near_of(size_t n) {
  return n < NEAR ? n : NEAR;
}

/* Products before double would be the cheaper way: of its n^3 / 3 flops a product is a part that
 * falls as 1 / n. */
static size_t most_products(size_t n) {
  return 64 + n / 256;
}

static ntk_lanczos_options correction(size_t n, double tolerance, uint64_t seed) {
  return (ntk_lanczos_options){.block = 1,
                               .count = 1,
                               .tolerance = tolerance,
                               .max_products = most_products(n),
                               .seed = seed,
                               .inner = INNER,
                               .phase = "smallest eigenvalue"};
}

/* M's relative gap. */
static double gap_of(size_t count, const ntk_eigenpair *rough) {
  return count > 1 ? rough[0].value / rough[1].value - 1.0 : 1.0;
}

/* A residual r leaves r^2 / gap of error, and no more than r, which is all that is known where M's
 * gap may be but what its own error left. */
static double residual_for(double tolerance, double gap) {
  return fmin(tolerance, gap < NARROW ? 10.0 * ERROR : sqrt(ERROR * gap));
}

/* Ritz vectors of M, whose lowest is converged more or less; how many. */
static ntk_status lowest(ntk_context *context, both *b, uint64_t seed, ntk_eigenpair *rough,
                         double *V, size_t *count) {
  const size_t n = b->M->n;
  const ntk_lanczos_options options = {.block = block_of(n),
                                       .count = 1,
                                       .tolerance = LOOSE,
                                       .max_products = MAX_SOLVES,
                                       .seed = seed,
                                       .further = near_of(n) - 1,
                                       .once_more = true,
                                       .phase = "smallest eigenvalue"};
  NTK_TRY(ntk_lanczos_largest(context, n, inverse, b, &options, rough, V));
  *count = 0;
  while (*count < near_of(n) && rough[*count].value > 0.0)
    ++*count;
  return *count > 0 ? NTK_OK
                    : ntk_fail(NTK_ERR_NUMERIC, "the factor's inverse is not positive definite");
}

/* By M, a factor; V: room for its lowest vectors, near_of. */
static ntk_status refine(ntk_kernel *factor, const ntk_operator *A, double tolerance, uint64_t seed,
                         double *V, double *vector, ntk_extremes *e) {
  const ntk_operator M = ntk_kernel_operator(factor);
  both b = {A, &M, 0};
  ntk_eigenpair rough[NEAR], pair;
  size_t count;
  NTK_TRY(lowest(factor->context, &b, seed, rough, V, &count));
  const ntk_near near = {count, V, rough};
  const ntk_operator both_of = {.n = A->n, .apply = multiply, .solve = solve, .user = &b};
  const double gap = gap_of(count, rough);
  ntk_lanczos_options options = correction(A->n, residual_for(tolerance, gap), seed);
  options.near = &near;
  options.noise = 4.0 * DBL_EPSILON * factor->trace; /* of a product */
  NTK_TRY(ntk_davidson_smallest(factor->context, &both_of, &options, V, gap < NARROW ? 2 : 1, &pair,
                                vector));
  e->solves = b.solves;
  e->products = pair.applications;
  e->residual = pair.residual;
  e->gap = gap < NARROW ? -DBL_MIN : gap / 2.0; /* M's, which is K's more or less */
  ntk_extremes_judge(e, pair.value);
  return NTK_OK;
}

ntk_status ntk_mixed_smallest(ntk_kernel *rough, const ntk_operator *A, double tolerance,
                              uint64_t seed, double *vector, ntk_extremes *e) {
  const double start = ntk_clock();
  double *V = NULL;
  e->why = NULL;
  ntk_status status = ntk_kernel_factor(rough, 0.0);
  e->seconds_factor = ntk_clock() - start;
  if (status == NTK_ERR_NUMERIC)
    e->why = "a pivot of the factor in single precision is not positive";
  if (status == NTK_OK)
    status = ntk_alloc_doubles(rough->context, near_of(A->n) * A->n, "eigenvectors", &V);
  if (status == NTK_OK)
    status = refine(rough, A, tolerance, seed, V, vector, e);
  ntk_free(rough->context, V);
  if (status == NTK_ERR_NUMERIC && e->why == NULL)
    e->why = "products in double do not confirm what the factor in single precision says";
  else if (status == NTK_OK && !(e->lambda_min > 4.0 * e->resolution))
    e->why = "lambda_min is near what double precision can tell from 0";
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

double ntk_mixed_bytes(size_t n) {
  const ntk_lanczos_options options = correction(n, 1.0, 0);
  return (double)(near_of(n) * n * sizeof(double)) +
         fmax((double)ntk_lanczos_bytes(n, block_of(n)),
              (double)ntk_davidson_bytes(n, &options) + ntk_packed_multiply_bytes(n));
}
