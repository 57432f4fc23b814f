#include "kernel/kernel.h"

#include <float.h>
#include <math.h>

static ntk_status multiply(void *user, const double *V, size_t m, double *U) {
  return ntk_kernel_multiply(user, V, m, U);
}

static ntk_status solve(void *user, double *V, size_t m) {
  return ntk_kernel_solve(user, V, m);
}

static ntk_status apply(void *user, const double *V, size_t m, double *U) {
  return ntk_kernel_apply(user, NULL, V, m, U);
}

/* A solve with a Cholesky factor is exact for K + E. ||E|| is a modest multiple of u ||K|| in
 * practice (the bound has a factor N); at the resolution, (N + 8) u tr(K), this is at most 16 / N
 * of lambda_min. */
static double solve_noise(const ntk_kernel *factor) {
  return fmin(16.0, 0.25 * (double)factor->N) * (DBL_EPSILON / 2) * factor->trace;
}

ntk_operator ntk_kernel_operator(ntk_kernel *kernel) {
  ntk_operator A = {.n = kernel->N, .user = kernel};
  if (kernel->factored) {
    A.solve = solve;
    A.noise = solve_noise(kernel);
  } else {
    A.apply = multiply;
  }
  return A;
}

ntk_operator ntk_features_operator(ntk_features *features) {
  return (ntk_operator){.n = features->rows, .apply = apply, .user = features};
}
