/* f(x) = f0(x) + k(x, X) a at the test data, which go by in slabs: of each the cross kernel with
 * all of X, and one product with the coefficients of all outputs and times. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/limit/cross.h"

#include <math.h>

/* Numbers of a slab's cross kernel, as many as one row of it at least; and samples. */
enum { SLAB_NUMBERS = 1 << 22, SLAB_SAMPLES = 1024 };

size_t ntk_regressor_slab(size_t M, size_t outputs, size_t rows, bool limit) {
  const double each = (double)rows * (limit ? 1.0 : (double)outputs);
  const double fit = floor((double)SLAB_NUMBERS / each);
  const size_t some = fit < 1.0 ? 1 : fit > SLAB_SAMPLES ? SLAB_SAMPLES : (size_t)fit;
  return some < M ? some : M;
}

/* A slab: some of the test data, and room. */
typedef struct slab {
  ntk_limit_cross *limit; /* of all slabs; NULL: the network's own kernel */
  ntk_dataset *data;
  size_t first, count;
  double *A; /* (count x outputs, of a limit count) x rows */
  double *F; /* count x outputs: f0 */
} slab;

static ntk_status cross(const ntk_regressor *s, const slab *b) {
  ntk_features *features = NULL;
  if (b->limit != NULL) {
    NTK_TRY(ntk_limit_cross_rows(b->limit, b->first, b->count, b->A));
    return s->network != NULL ? ntk_network_output(s->network, b->data, b->F) : NTK_OK;
  }
  NTK_TRY(ntk_features_create_of(s->network, b->data, NTK_OUTPUTS_ALL, &features));
  ntk_status status = ntk_kernel_cross(features, s->features, NULL, b->A);
  if (status == NTK_OK)
    status = ntk_features_output(features, b->F);
  ntk_features_destroy(features);
  return status;
}

/* Row-major as its transpose, column-major: out^T = a^T A^T. */
static ntk_status one_slab(ntk_regressor *s, const slab *b) {
  const size_t n = s->outputs, T = s->points, columns = s->vectors * T;
  const size_t height = b->limit != NULL ? b->count : b->count * n;
  double *out = s->predicted + b->first * n * T;
  NTK_TRY(cross(s, b));
  const int previous = ntk_blas_enter(ntk_team(s->context));
  ntk_dgemm('T', 'N', columns, height, s->rows, 1.0, s->a, s->rows, b->A, s->rows, 0.0, out,
            columns);
  ntk_blas_leave(previous);
  for (size_t i = 0; i < b->count * n; i++)
    for (size_t t = 0; t < T && s->network != NULL && !s->options.centered; t++)
      out[i * T + t] += b->F[i];
  return NTK_OK;
}

static ntk_status all_slabs(ntk_regressor *s, slab *b, size_t most) {
  const size_t M = ntk_dataset_samples(s->test), d = ntk_dataset_dim(s->test);
  const double *X = ntk_dataset_values(s->test);
  for (b->first = 0; b->first < M; b->first += b->count) {
    b->count = M - b->first < most ? M - b->first : most;
    NTK_TRY(ntk_progress_report(s->context, "predictions", (double)b->first / (double)M));
    NTK_TRY(ntk_dataset_borrow(s->context, X + b->first * d, b->count, d, &b->data));
    const ntk_status status = one_slab(s, b);
    ntk_dataset_destroy(b->data);
    NTK_TRY(status);
  }
  return NTK_OK;
}

ntk_status ntk_regressor_predict(ntk_regressor *s) {
  const size_t M = ntk_dataset_samples(s->test), n = s->outputs;
  const size_t most = ntk_regressor_slab(M, n, s->rows, s->features == NULL);
  slab b = {0};
  double *room = NULL;
  NTK_TRY(ntk_alloc_doubles(s->context, most * n * (s->rows + 1), "a slab of predictions", &room));
  b.F = room;
  b.A = room + most * n;
  ntk_status status = NTK_OK;
  if (s->features == NULL)
    status = ntk_limit_cross_create(s->context, s->options.limit, s->data, s->test, NULL, false,
                                    &b.limit);
  if (status == NTK_OK)
    status = all_slabs(s, &b, most);
  ntk_limit_cross_destroy(b.limit);
  ntk_free(s->context, room);
  NTK_TRY(status);
  for (size_t i = 0; i < M * n * s->points; i++)
    if (!isfinite(s->predicted[i]))
      return ntk_fail(NTK_ERR_NOT_FINITE,
                      "the prediction for test sample %zu (from 1) is %g: its numbers or the "
                      "weights are too large for double precision",
                      i / (n * s->points) + 1, s->predicted[i]);
  return NTK_OK;
}
