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
static double solve_noise(size_t order, double trace) {
  return fmin(16.0, 0.25 * (double)order) * (DBL_EPSILON / 2) * trace;
}

ntk_operator ntk_kernel_operator(ntk_kernel *kernel) {
  ntk_operator A = {.n = kernel->N, .user = kernel};
  if (kernel->factored) {
    A.solve = solve;
    A.noise = solve_noise(kernel->N, kernel->trace);
  } else {
    A.apply = multiply;
  }
  return A;
}

static ntk_status multiply_leading(void *user, const double *V, size_t m, double *U) {
  const ntk_leading *of = user;
  return ntk_kernel_multiply_leading(of->kernel, of->order, V, m, U);
}

static ntk_status solve_leading(void *user, double *V, size_t m) {
  const ntk_leading *of = user;
  return ntk_kernel_solve_leading(of->kernel, of->order, V, m);
}

ntk_operator ntk_leading_operator(ntk_leading *of, double trace) {
  ntk_operator A = {.n = of->order, .user = of};
  if (of->order <= of->kernel->leading) {
    A.solve = solve_leading;
    A.noise = solve_noise(of->order, trace);
  } else {
    A.apply = multiply_leading;
  }
  return A;
}

ntk_operator ntk_features_operator(ntk_features *features) {
  return (ntk_operator){.n = features->rows, .apply = apply, .user = features};
}
