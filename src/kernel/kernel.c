/* The public face of features and kernels: checks arguments, then asks the backend. */
#include "kernel/kernel.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

ntk_kernel_bytes ntk_kernel_bytes_in(const ntk_context *context, const ntk_network_spec *spec,
                                     ntk_outputs outputs, const ntk_share *share) {
  ntk_kernel_bytes bytes = {0};
  context->backend->bytes(context, spec, outputs, share, &bytes);
  return bytes;
}

ntk_kernel_bytes ntk_kernel_bytes_of(const ntk_context *context, const ntk_network_spec *spec,
                                     ntk_outputs outputs, size_t N) {
  const ntk_share share = ntk_ranks_share(context, N);
  return ntk_kernel_bytes_in(context, spec, outputs, &share);
}

ntk_status ntk_network_output(const ntk_network *network, const ntk_dataset *data, double *F_L) {
  NTK_TRY(ntk_dim_check(data, network->width[0]));
  const ntk_backend *backend = network->context->backend;
  return backend->output(network, &data->share, ntk_dataset_values(data), F_L);
}

/* Features with these contents but for what the backend is to make. */
static ntk_status new_features(const ntk_features *contents, ntk_features **made) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(contents->context, 1, sizeof(ntk_features), "features", &pointer));
  *made = pointer;
  **made = *contents;
  (*made)->state = NULL;
  return NTK_OK;
}

/* Hands made over on success, releases it otherwise. */
static ntk_status finish_features(ntk_status status, ntk_features *made, ntk_features **features) {
  if (status == NTK_OK)
    *features = made;
  else
    ntk_features_destroy(made);
  return status;
}

size_t ntk_kernel_rows(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  const size_t n = outputs == NTK_OUTPUTS_ALL ? ntk_spec_width(spec, spec->depth) : 1;
  return N > SIZE_MAX / n ? SIZE_MAX : N * n;
}

ntk_status ntk_features_create_of(const ntk_network *network, const ntk_dataset *data,
                                  ntk_outputs outputs, ntk_features **features) {
  const ntk_network_spec spec = ntk_spec_of(network);
  NTK_TRY(ntk_dim_check(data, network->width[0]));
  const ntk_features contents = {
      .backend = network->context->backend,
      .context = network->context,
      .network = network,
      .version = network->version,
      .N = ntk_dataset_samples(data),
      .share = data->share,
      .X = ntk_dataset_values(data),
      .outputs = network->width[network->depth] > 1 ? outputs : NTK_OUTPUTS_TRACE,
      .rows = ntk_kernel_rows(&spec, outputs, ntk_dataset_samples(data))};
  ntk_features *made = NULL;
  NTK_TRY(new_features(&contents, &made));
  return finish_features(made->backend->features_create(made), made, features);
}

ntk_status ntk_features_create(const ntk_network *network, const ntk_dataset *data,
                               ntk_features **features) {
  return ntk_features_create_of(network, data, NTK_OUTPUTS_TRACE, features);
}

/* Features are of the weights that the network had when they were made. */
static ntk_status check_version(const ntk_features *features) {
  if (features->version == features->network->version)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "the network's weights have changed since these features were made; accepted: "
                  "features made after that");
}

ntk_status ntk_features_centre(const ntk_features *features, const double *f, const double *b,
                               ntk_features **centred) {
  NTK_TRY(check_version(features));
  ntk_features *made = NULL;
  NTK_TRY(new_features(features, &made));
  const size_t k = features->network->depth - 2;
  return finish_features(features->backend->features_centre(features, k, f, b, made), made,
                         centred);
}

ntk_features ntk_features_leading(const ntk_features *features, size_t samples) {
  ntk_features first = *features;
  first.rows = samples * (features->rows / features->N);
  first.N = samples;
  first.share = ntk_share_leading(features->share, samples);
  return first;
}

void ntk_features_destroy(ntk_features *features) {
  if (features == NULL)
    return;
  features->backend->features_destroy(features);
  ntk_free(features->context, features);
}

ntk_status ntk_features_norms(const ntk_features *features, double *f2, double *b2) {
  NTK_TRY(check_version(features));
  return features->backend->features_norms(features, f2, b2);
}

ntk_status ntk_features_take_norms(const ntk_features *features, double **norms) {
  const size_t count = features->network->depth * features->rows;
  double *made = NULL;
  NTK_TRY(ntk_alloc_doubles(features->context, 2 * count, "row norms", &made));
  const ntk_status status = ntk_features_norms(features, made, made + count);
  if (status == NTK_OK)
    *norms = made;
  else
    ntk_free(features->context, made);
  return status;
}

void ntk_features_values(const ntk_features *features, bool b, size_t l, double *values) {
  features->backend->features_values(features, b, l, 0, features->N, values);
}

void ntk_features_rows(const ntk_features *features, bool b, size_t l, size_t first, size_t samples,
                       double *values) {
  features->backend->features_values(features, b, l, first, samples, values);
}

ntk_status ntk_features_output(const ntk_features *features, double *F_L) {
  NTK_TRY(check_version(features));
  return features->backend->features_output(features, F_L);
}

/* What every computation with features needs; blocks: NULL or those chosen. */
static ntk_status check_features(const ntk_features *features, const bool *blocks) {
  NTK_TRY(check_version(features));
  if (blocks == NULL)
    return NTK_OK;
  for (size_t k = 0; k < features->network->depth; k++)
    if (blocks[k])
      return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, "no block of the kernel is chosen; there are %zu, 0 to %zu",
                  features->network->depth, features->network->depth - 1);
}

static const ntk_kernel_form in_double = {NTK_PRECISION_DOUBLE, NTK_PRECISION_DOUBLE, 1.0};

/* A kernel object of order N without contents. */
static ntk_status new_kernel(ntk_context *context, const ntk_backend *backend, size_t N,
                             ntk_kernel_form form, ntk_kernel **kernel) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, 1, sizeof(ntk_kernel), "the kernel", &pointer));
  *kernel = pointer;
  **kernel = (ntk_kernel){.backend = backend, .context = context, .N = N, .form = form};
  return NTK_OK;
}

/* Hands made over on success, releases it otherwise. */
static ntk_status finish(ntk_status status, ntk_kernel *made, ntk_kernel **kernel) {
  if (status == NTK_OK)
    *kernel = made;
  else
    ntk_kernel_destroy(made);
  return status;
}

ntk_status ntk_kernel_create_in(const ntk_features *features, const bool *blocks,
                                ntk_kernel_form form, ntk_kernel **kernel) {
  NTK_TRY(check_features(features, blocks));
  ntk_kernel *made = NULL;
  NTK_TRY(new_kernel(features->context, features->backend, features->rows, form, &made));
  return finish(features->backend->kernel_build(features, blocks, made), made, kernel);
}

ntk_status ntk_kernel_create(const ntk_features *features, const bool *blocks,
                             ntk_kernel **kernel) {
  return ntk_kernel_create_in(features, blocks, in_double, kernel);
}

ntk_status ntk_kernel_from_array(ntk_context *context, const double *A, size_t N,
                                 ntk_kernel **kernel) {
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the matrix has order 0; accepted: 1 and up");
  for (size_t i = 0; i < N; i++) {
    NTK_TRY(ntk_progress_poll(context, "reading the matrix", (double)i / (double)N));
    for (size_t j = 0; j <= i; j++)
      if (!isfinite(A[i * N + j]))
        return ntk_fail(NTK_ERR_NOT_FINITE,
                        "the matrix: row %zu, column %zu (from 1) is not finite", i + 1, j + 1);
  }
  ntk_kernel *made = NULL;
  NTK_TRY(new_kernel(context, context->backend, N, in_double, &made));
  return finish(context->backend->kernel_from_array(A, made), made, kernel);
}

ntk_status ntk_kernel_copy_in(const ntk_kernel *from, ntk_kernel_form form, ntk_kernel **kernel) {
  ntk_kernel *made = NULL;
  NTK_TRY(new_kernel(from->context, from->backend, from->N, form, &made));
  return finish(from->backend->kernel_copy(from, made), made, kernel);
}

ntk_status ntk_kernel_copy(const ntk_kernel *from, ntk_kernel **kernel) {
  return ntk_kernel_copy_in(from, from->form, kernel);
}

void ntk_kernel_destroy(ntk_kernel *kernel) {
  if (kernel == NULL)
    return;
  kernel->backend->kernel_destroy(kernel);
  ntk_free(kernel->context, kernel);
}

/* what needs K itself, or its factor. */
static ntk_status check_factored(const ntk_kernel *kernel, bool wanted) {
  if (kernel->broken)
    return ntk_fail(NTK_ERR_ARGUMENT, "the kernel was given up by a factorisation that failed");
  if (kernel->factored == wanted)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT, wanted ? "the kernel has not been factorised yet"
                                           : "the kernel has been replaced by its factor");
}

ntk_status ntk_kernel_row(const ntk_kernel *kernel, size_t i, double *row) {
  NTK_TRY(check_factored(kernel, false));
  kernel->backend->kernel_row(kernel, i, row);
  return NTK_OK;
}

ntk_status ntk_kernel_full(const ntk_kernel *kernel, double *eigenvalues) {
  NTK_TRY(check_factored(kernel, false));
  return kernel->backend->kernel_full(kernel, eigenvalues);
}

ntk_status ntk_kernel_add_sums(ntk_kernel *kernel, const double *x) {
  NTK_TRY(check_factored(kernel, false));
  kernel->backend->kernel_add_sums(kernel, x);
  return NTK_OK;
}

ntk_status ntk_kernel_scale(ntk_kernel *kernel, const double *x) {
  NTK_TRY(check_factored(kernel, false));
  kernel->backend->kernel_scale(kernel, x);
  return NTK_OK;
}

ntk_status ntk_kernel_add(ntk_kernel *kernel, double alpha, const ntk_kernel *other) {
  NTK_TRY(check_factored(kernel, false));
  NTK_TRY(check_factored(other, false));
  if (kernel->N != other->N)
    return ntk_fail(NTK_ERR_SHAPE, "kernels of order %zu and %zu cannot be added", kernel->N,
                    other->N);
  kernel->backend->kernel_add(kernel, alpha, other);
  return NTK_OK;
}

ntk_status ntk_kernel_certify_lower(ntk_kernel *kernel, double shift, bool *proved, double *lower) {
  NTK_TRY(check_factored(kernel, false));
  return kernel->backend->certify_lower(kernel, shift, proved, lower);
}

ntk_status ntk_kernel_certify_upper(const ntk_kernel *kernel, const double *v, double *upper) {
  NTK_TRY(check_factored(kernel, false));
  return kernel->backend->certify_upper(kernel, v, upper);
}

/* m vectors times a power of two, exactly. */
static void rescale(size_t n, double factor, size_t m, double *V) {
  for (size_t c = 0; c < m && factor != 1.0; c++)
    ntk_dscal(n, factor, V + c * n);
}

ntk_status ntk_kernel_multiply_leading(const ntk_kernel *kernel, size_t order, const double *V,
                                       size_t m, double *U) {
  NTK_TRY(check_factored(kernel, false));
  NTK_TRY(kernel->backend->kernel_multiply(kernel, order, V, m, U));
  rescale(order, 1.0 / kernel->form.scale, m, U);
  return NTK_OK;
}

ntk_status ntk_kernel_multiply(const ntk_kernel *kernel, const double *V, size_t m, double *U) {
  return ntk_kernel_multiply_leading(kernel, kernel->N, V, m, U);
}

void ntk_kernel_diagonal(const ntk_kernel *kernel, double *sum, double *smallest) {
  kernel->backend->kernel_diagonal(kernel, sum, smallest);
}

ntk_status ntk_kernel_values(const ntk_kernel *kernel, double *A) {
  NTK_TRY(check_factored(kernel, false));
  for (size_t i = 0; i < kernel->N; i++) {
    NTK_TRY(
        ntk_progress_poll(kernel->context, "copying the kernel", (double)i / (double)kernel->N));
    kernel->backend->kernel_row(kernel, i, A + i * kernel->N);
  }
  return NTK_OK;
}

ntk_status ntk_kernel_cross_own(const ntk_features *features, const ntk_features *other,
                                const bool *blocks, double *A) {
  const ntk_network *a = features->network, *b = other->network;
  bool same = a->depth == b->depth && features->backend->parent == other->backend->parent &&
              features->outputs == other->outputs;
  for (size_t l = 0; same && l <= a->depth; l++)
    same = a->width[l] == b->width[l];
  for (size_t i = 0; same && i < 2 * a->depth; i++)
    same = a->bias[i / 2] == b->bias[i / 2] && a->scale[i] == b->scale[i];
  if (!same)
    return ntk_fail(NTK_ERR_SHAPE, "a cross kernel needs two networks of the same depth, widths, "
                                   "biases and scales, of the same "
                                   "outputs, on one backend");
  NTK_TRY(check_features(features, blocks));
  NTK_TRY(check_version(other));
  return features->backend->cross(features, other, blocks, A);
}

ntk_status ntk_kernel_apply(const ntk_features *features, const bool *blocks, const double *V,
                            size_t m, double *U) {
  NTK_TRY(check_features(features, blocks));
  return features->backend->apply(features, blocks, V, m, U);
}

ntk_status ntk_kernel_gather(const ntk_features *features, const double *v, double *g) {
  NTK_TRY(check_version(features));
  return features->backend->adjoint(features, v, g);
}

ntk_status ntk_kernel_spread(const ntk_features *features, const double *g, double *u) {
  NTK_TRY(check_version(features));
  return features->backend->product(features, g, u);
}

/* Of a mean over outputs there is no J with P columns. */
static ntk_status check_jacobian(const ntk_features *features) {
  if (features->outputs == NTK_OUTPUTS_TRACE &&
      features->network->width[features->network->depth] > 1)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "these features are of the mean over outputs, which has no Jacobian; accepted: "
                    "features of one output or of all");
  return NTK_OK;
}

ntk_status ntk_jacobian_adjoint(const ntk_features *features, const double *v, double *g) {
  NTK_TRY(check_jacobian(features));
  return ntk_kernel_gather(features, v, g);
}

ntk_status ntk_jacobian_apply(const ntk_features *features, const double *g, double *u) {
  NTK_TRY(check_jacobian(features));
  return ntk_kernel_spread(features, g, u);
}

ntk_status ntk_kernel_factor(ntk_kernel *kernel, double shift) {
  NTK_TRY(check_factored(kernel, false));
  double smallest;
  kernel->backend->kernel_diagonal(kernel, &kernel->trace, &smallest);
  kernel->trace = kernel->trace / kernel->form.scale - shift * (double)kernel->N;
  const ntk_status status = kernel->backend->kernel_factor(kernel, shift * kernel->form.scale);
  kernel->factored = status == NTK_OK;
  kernel->broken = status != NTK_OK;
  return status;
}

ntk_status ntk_kernel_solve_leading(const ntk_kernel *factor, size_t order, double *B, size_t m) {
  if (order > factor->leading)
    NTK_TRY(check_factored(factor, true));
  NTK_TRY(factor->backend->kernel_solve(factor, order, B, m));
  rescale(order, factor->form.scale, m, B);
  return NTK_OK;
}

ntk_status ntk_kernel_solve(const ntk_kernel *kernel, double *B, size_t m) {
  return ntk_kernel_solve_leading(kernel, kernel->N, B, m);
}

double ntk_kernel_smallest_pivot(const ntk_kernel *factor) {
  double sum, smallest;
  factor->backend->kernel_diagonal(factor, &sum, &smallest);
  return smallest * smallest;
}

void ntk_kernel_pivots(const ntk_kernel *factor, double *pivots) {
  factor->backend->kernel_pivots(factor, pivots);
  for (size_t i = 0; i < factor->N; i++)
    pivots[i] *= pivots[i];
}
