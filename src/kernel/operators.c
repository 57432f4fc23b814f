#include "kernel/kernel.h"

static ntk_status multiply(void *user, const double *V, size_t m, double *U) {
  const ntk_kernel *kernel = user;
  kernel->backend->kernel_multiply(kernel, V, m, U);
  return NTK_OK;
}

static ntk_status solve(void *user, double *V, size_t m) {
  return ntk_kernel_solve(user, V, m);
}

static ntk_status apply(void *user, const double *V, size_t m, double *U) {
  return ntk_kernel_apply(user, NULL, V, m, U);
}

ntk_operator ntk_kernel_operator(ntk_kernel *kernel) {
  ntk_operator A = {.n = kernel->N, .user = kernel};
  if (kernel->factored)
    A.solve = solve;
  else
    A.apply = multiply;
  return A;
}

ntk_operator ntk_features_operator(ntk_features *features) {
  return (ntk_operator){.n = features->N, .apply = apply, .user = features};
}
