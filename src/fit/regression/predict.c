/* f(x) = f0(x) + k(x, X) a at the test data, which go by in slabs. A limit's k(x, X) is made row by
 * row, and one product with the coefficients of all outputs and times is what is left. Of a
 * network's own kernel k(x, X) a is J(x) w with w = C J(X)^T a, what the weights move by: 2 P flops
 * a row and time, against 2 rows (d + 2 sum_l n_l) of the cross kernel and of all times. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/limit/cross.h"
#include "net/network.h"

#include <math.h>

/* Numbers of a slab, or of one sample at least; and samples. */
enum { SLAB_NUMBERS = 1 << 22, SLAB_SAMPLES = 1024 };

ntk_slabs ntk_regressor_slabs(const ntk_network_spec *spec, size_t M, size_t rows, size_t points,
                              bool limit) {
  const ntk_shape shape = ntk_shape_of(spec);
  const double n = (double)ntk_spec_width(spec, spec->depth), R = (double)rows;
  const double cross = R * ((double)spec->width[0] + 2.0 * shape.columns);
  const bool weights = !limit && shape.parameters * (double)points < cross;
  const double each = n + (weights ? n : limit ? R : n * R); /* f0, and what is made with it */
  const double fit = floor((double)SLAB_NUMBERS / each);
  const double most = fmin(fmax(fit, 1.0), fmin(SLAB_SAMPLES, (double)M));
  const double moves = weights ? shape.parameters * (double)points : 0.0;
  return (ntk_slabs){weights, (size_t)most, 8.0 * (most * each + moves)};
}

/* A slab: some of the test data, and room. */
typedef struct slab {
  ntk_limit_cross *limit; /* of all slabs; NULL: the network's own kernel */
  const double *w;        /* P x points: what the weights move by; NULL: by cross kernels */
  ntk_dataset *data;
  size_t first, count;
  double *A; /* (count x outputs, of a limit count) x rows; by weights count x outputs */
  double *F; /* count x outputs: f0 */
} slab;

/* Row-major as its transpose, column-major: out^T = a^T A^T, piece by piece, so that the bits do
 * not depend on the number of threads. */
static void multiply(const ntk_regressor *s, const slab *b, double *out) {
  enum { PIECE = 64 };
  const size_t columns = s->vectors * s->points, R = s->rows;
  const size_t height = b->limit != NULL ? b->count : b->count * s->outputs;
  const double flops = 2.0 * (double)columns * (double)height * (double)R;
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(static) num_threads(ntk_threads_for(s->context, flops))
  for (size_t p = 0; p < (height + PIECE - 1) / PIECE; p++) {
    const size_t first = p * PIECE, n = height - first < PIECE ? height - first : PIECE;
    ntk_dgemm('T', 'N', columns, n, R, 1.0, s->a, R, b->A + first * R, R, 0.0,
              out + first * columns, columns);
  }
  ntk_blas_leave(previous);
}

/* J(x) w at every time. */
static ntk_status apply(const ntk_regressor *s, const slab *b, const ntk_features *features,
                        double *out) {
  for (size_t t = 0; t < s->points; t++) {
    NTK_TRY(ntk_jacobian_apply(features, b->w + t * s->network->parameters, b->A));
    for (size_t i = 0; i < b->count * s->outputs; i++)
      out[i * s->points + t] = b->A[i];
  }
  return NTK_OK;
}

/* k(x, X) a by the network's own kernel, and f0. */
static ntk_status by_network(const ntk_regressor *s, const slab *b, double *out) {
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create_of(s->network, b->data, NTK_OUTPUTS_ALL, &features));
  ntk_status status = b->w != NULL ? apply(s, b, features, out)
                                   : ntk_kernel_cross(features, s->features, NULL, b->A);
  if (status == NTK_OK)
    status = ntk_features_output(features, b->F);
  ntk_features_destroy(features);
  if (status == NTK_OK && b->w == NULL)
    multiply(s, b, out);
  return status;
}

static ntk_status by_limit(const ntk_regressor *s, const slab *b, double *out) {
  NTK_TRY(ntk_limit_cross_rows(b->limit, b->first, b->count, b->A));
  multiply(s, b, out);
  return s->network != NULL ? ntk_network_output(s->network, b->data, b->F) : NTK_OK;
}

static ntk_status one_slab(ntk_regressor *s, const slab *b) {
  const size_t n = s->outputs, T = s->points;
  double *out = s->predicted + b->first * n * T;
  NTK_TRY(b->limit != NULL ? by_limit(s, b, out) : by_network(s, b, out));
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

/* w = C J(X)^T a of each time. */
static ntk_status make_weights(const ntk_regressor *s, double *w) {
  for (size_t t = 0; t < s->points; t++) {
    double *at = w + t * s->network->parameters;
    NTK_TRY(ntk_jacobian_adjoint(s->features, s->a + t * s->rows, at));
    ntk_scale_parameters(s->network, at);
  }
  return NTK_OK;
}

static ntk_status check_finite(const ntk_regressor *s) {
  const size_t each = s->outputs * s->points;
  for (size_t i = 0; i < ntk_dataset_samples(s->test) * each; i++)
    if (!isfinite(s->predicted[i]))
      return ntk_fail(NTK_ERR_NOT_FINITE,
                      "the prediction for test sample %zu (from 1) is %g: its numbers or the "
                      "weights are too large for double precision",
                      i / each + 1, s->predicted[i]);
  return NTK_OK;
}

ntk_status ntk_regressor_predict(ntk_regressor *s) {
  const bool limit = s->features == NULL;
  const ntk_network_spec spec = limit ? *s->options.limit : ntk_spec_of(s->network);
  const ntk_slabs plan =
      ntk_regressor_slabs(&spec, ntk_dataset_samples(s->test), s->rows, s->points, limit);
  const size_t n = s->outputs, f0 = plan.samples * n;
  double *room = NULL;
  NTK_TRY(
      ntk_alloc_doubles(s->context, (size_t)(plan.bytes / 8.0), "a slab of predictions", &room));
  slab b = {.F = room, .A = room + f0};
  ntk_status status = NTK_OK;
  if (plan.weights) {
    b.w = room + 2 * f0;
    status = make_weights(s, room + 2 * f0);
  }
  if (limit)
    status = ntk_limit_cross_create(s->context, s->options.limit, s->data, s->test, NULL, false,
                                    &b.limit);
  if (status == NTK_OK)
    status = all_slabs(s, &b, plan.samples);
  ntk_limit_cross_destroy(b.limit);
  ntk_free(s->context, room);
  return status == NTK_OK ? check_finite(s) : status;
}
