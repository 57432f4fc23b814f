/* The CPU backend's table: kernels are packed matrices of the spectrum floor. */
#include "kernel/cpu/cpu.h"

#include "base/memory.h"
#include "kernel/kernel.h"
#include "net/forward.h"
#include "spectrum/certificate.h"
#include "spectrum/full.h"

#include <math.h>

static ntk_packed *matrix(const ntk_kernel *kernel) {
  return kernel->state;
}

ntk_status cpu_kernel_allocate(ntk_kernel *kernel, const ntk_share *share) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(kernel->context, 1, sizeof(ntk_packed), "the kernel", &pointer));
  kernel->state = pointer;
  *matrix(kernel) = (ntk_packed){0};
  return ntk_packed_create(kernel->context, kernel->N, kernel->form.storage, share, matrix(kernel));
}

static ntk_status kernel_build(const ntk_features *features, const bool *blocks,
                               ntk_kernel *kernel) {
  NTK_TRY(cpu_kernel_allocate(kernel, NULL));
  return cpu_gram(features, blocks, &kernel->form, matrix(kernel));
}

static ntk_status kernel_from_array(const double *A, ntk_kernel *kernel) {
  NTK_TRY(cpu_kernel_allocate(kernel, NULL));
  for (size_t i = 0; i < kernel->N; i++) {
    NTK_TRY(
        ntk_progress_poll(kernel->context, "reading the matrix", (double)i / (double)kernel->N));
    for (size_t j = 0; j <= i; j++)
      ntk_packed_set(matrix(kernel), i, j, A[i * kernel->N + j]);
  }
  return NTK_OK;
}

static ntk_status kernel_copy(const ntk_kernel *from, ntk_kernel *to) {
  NTK_TRY(cpu_kernel_allocate(to, &matrix(from)->share));
  return ntk_packed_copy(matrix(from), to->form.scale, matrix(to));
}

static void kernel_destroy(ntk_kernel *kernel) {
  if (kernel->state == NULL)
    return;
  ntk_packed_destroy(matrix(kernel));
  ntk_free(kernel->context, kernel->state);
  kernel->state = NULL;
}

static void kernel_add_sums(ntk_kernel *kernel, const double *x) {
  ntk_packed_add_sums(matrix(kernel), x);
}

static void kernel_scale(ntk_kernel *kernel, const double *x) {
  ntk_packed_scale(matrix(kernel), x);
}

static void kernel_add(ntk_kernel *kernel, double alpha, const ntk_kernel *other) {
  ntk_packed_add(matrix(kernel), alpha, matrix(other));
}

static void kernel_row(const ntk_kernel *kernel, size_t i, double *row) {
  ntk_packed_row(matrix(kernel), i, row);
}

static void kernel_diagonal(const ntk_kernel *kernel, double *sum, double *smallest) {
  *sum = ntk_packed_trace(matrix(kernel));
  *smallest = ntk_packed_diagonal_min(matrix(kernel));
}

static void kernel_pivots(const ntk_kernel *kernel, double *diagonal) {
  (void)ntk_packed_diagonal(matrix(kernel), 0, kernel->N, diagonal);
}

/* The leading block of that order: the beginning of the same memory. */
static ntk_packed leading(const ntk_kernel *kernel, size_t order) {
  ntk_packed A = *matrix(kernel);
  A.n = order;
  return A;
}

static ntk_status kernel_multiply(const ntk_kernel *kernel, size_t order, const double *V, size_t m,
                                  double *U) {
  const ntk_packed A = leading(kernel, order);
  return ntk_packed_multiply(&A, V, m, U);
}

static ntk_status kernel_factor(ntk_kernel *kernel, double shift) {
  const ntk_status status = ntk_packed_factor(matrix(kernel), shift);
  kernel->leading = matrix(kernel)->leading;
  return status;
}

static ntk_status kernel_solve(const ntk_kernel *kernel, size_t order, double *V, size_t m) {
  const ntk_packed L = leading(kernel, order);
  return ntk_packed_solve(&L, V, m);
}

static ntk_status kernel_full(const ntk_kernel *kernel, double *eigenvalues) {
  return ntk_spectrum_full(matrix(kernel), eigenvalues);
}

static ntk_status certify_lower(ntk_kernel *kernel, double shift, bool *proved, double *lower) {
  return ntk_certify_lower(matrix(kernel), shift, proved, lower);
}

static ntk_status certify_upper(const ntk_kernel *kernel, const double *v, double *upper) {
  double *Kv;
  NTK_TRY(ntk_alloc_doubles(kernel->context, kernel->N, "certificate", &Kv));
  const ntk_status status = ntk_certify_upper(matrix(kernel), v, Kv, upper);
  ntk_free(kernel->context, Kv);
  return status;
}

static double packed_bytes(size_t rows, ntk_precision precision) {
  size_t bytes = 0;
  return ntk_packed_bytes(rows, precision, &bytes) == NTK_OK ? (double)bytes : INFINITY;
}

static void bytes(const ntk_context *context, const ntk_network_spec *spec, ntk_outputs outputs,
                  const ntk_share *share, ntk_kernel_bytes *b) {
  const size_t N = share->N;
  const size_t rows = ntk_kernel_rows(spec, outputs, N);
  b->kernel = packed_bytes(rows, NTK_PRECISION_DOUBLE);
  b->single = packed_bytes(rows, NTK_PRECISION_FLOAT);
  b->features = cpu_features_bytes(spec, outputs, N);
  b->create = ntk_forward_backward_bytes(context, spec);
  b->output = ntk_forward_bytes(context, spec);
  b->build = cpu_gram_bytes(context, spec, outputs, rows);
  b->product = cpu_operator_bytes(context, spec, outputs);
  b->apply = b->product + cpu_apply_bytes(spec, outputs);
  b->full = ntk_spectrum_full_bytes(rows);
}

static ntk_status output(const ntk_network *network, const ntk_share *share, const double *X,
                         double *F_L) {
  return ntk_forward(network, share->N, X, F_L);
}

const ntk_backend ntk_backend_cpu = {
    .name = "cpu",
    .bytes = bytes,
    .output = output,
    .features_create = cpu_features_create,
    .features_destroy = cpu_features_destroy,
    .features_output = cpu_features_output,
    .features_norms = cpu_features_norms,
    .features_values = cpu_features_values,
    .features_centre = cpu_features_centre,
    .adjoint = cpu_adjoint,
    .product = cpu_product,
    .apply = cpu_apply,
    .cross = cpu_cross,
    .kernel_build = kernel_build,
    .kernel_from_array = kernel_from_array,
    .kernel_limit = cpu_kernel_limit,
    .kernel_copy = kernel_copy,
    .kernel_destroy = kernel_destroy,
    .kernel_add_sums = kernel_add_sums,
    .kernel_scale = kernel_scale,
    .kernel_add = kernel_add,
    .kernel_row = kernel_row,
    .kernel_diagonal = kernel_diagonal,
    .kernel_pivots = kernel_pivots,
    .kernel_multiply = kernel_multiply,
    .kernel_factor = kernel_factor,
    .kernel_solve = kernel_solve,
    .kernel_full = kernel_full,
    .certify_lower = certify_lower,
    .certify_upper = certify_upper,
    .descent_create = cpu_descent_create,
    .descent_destroy = cpu_descent_destroy,
    .descent_gradient = cpu_descent_gradient,
    .descent_sums = cpu_descent_sums,
    .descent_update = cpu_descent_update,
    .descent_read = cpu_descent_read,
    .descent_write = cpu_descent_write,
    .descent_bytes = cpu_descent_bytes,
};
