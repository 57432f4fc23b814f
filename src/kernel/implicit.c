#include "kernel/implicit.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <string.h>

static bool whole(const ntk_implicit *K) {
  return K->block >= K->N;
}

ntk_status ntk_implicit_create(const ntk_network *network, const ntk_dataset *data,
                               ntk_outputs outputs, size_t block, ntk_implicit *K) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t N = ntk_dataset_samples(data);
  ntk_implicit made = {.context = network->context,
                       .network = network,
                       .data = data,
                       .outputs = outputs,
                       .N = N,
                       .rows = ntk_kernel_rows(&spec, outputs, N),
                       .block = block};
  for (size_t l = 1; l <= spec.depth; l++)
    made.inner += ntk_spec_rows(&spec, l) * ntk_back_width(&spec, outputs, l);
  const ntk_status status = whole(&made)
                                ? ntk_features_create_of(network, data, outputs, &made.features)
                                : ntk_alloc_doubles(made.context, 2 * made.inner, "J^T v", &made.g);
  if (status == NTK_OK)
    *K = made;
  return status;
}

void ntk_implicit_destroy(ntk_implicit *K) {
  ntk_features_destroy(K->features);
  if (K->context != NULL)
    ntk_free(K->context, K->g);
  *K = (ntk_implicit){0};
}

double ntk_implicit_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs, size_t N, size_t block) {
  const ntk_kernel_bytes b = ntk_kernel_bytes_of(context, spec, outputs, block < N ? block : N);
  double inner = 0.0;
  for (size_t l = 1; l <= spec->depth; l++)
    inner += (double)ntk_spec_rows(spec, l) * (double)ntk_back_width(spec, outputs, l);
  const double product = block < N ? b.product : b.apply;
  const double work = b.create > product ? b.create : product;
  return b.features + work + (block < N ? 2.0 * (double)sizeof(double) * inner : 0.0);
}

/* What is done with the features of samples `first` on, whose first row of K is `row`. */
typedef ntk_status visit_fn(void *user, const ntk_features *features, size_t row);

static ntk_status visit_block(ntk_implicit *K, size_t first, size_t count, visit_fn *visit,
                              void *user) {
  const size_t d = K->network->width[0];
  ntk_dataset *part = NULL;
  ntk_features *features = NULL;
  NTK_TRY(ntk_dataset_borrow(K->context, ntk_dataset_values(K->data) + first * d, count, d, &part));
  ntk_status status = ntk_features_create_of(K->network, part, K->outputs, &features);
  if (status == NTK_OK)
    status = visit(user, features, first * (K->rows / K->N));
  ntk_features_destroy(features);
  ntk_dataset_destroy(part);
  return status;
}

static ntk_status visit_all(ntk_implicit *K, visit_fn *visit, void *user) {
  if (whole(K))
    return visit(user, K->features, 0);
  for (size_t first = 0; first < K->N; first += K->block) {
    const size_t left = K->N - first;
    NTK_TRY(visit_block(K, first, left < K->block ? left : K->block, visit, user));
  }
  return NTK_OK;
}

/* v, g = J^T v or its part, and K v. */
typedef struct vectors {
  const double *v;
  double *g, *part, *u;
  size_t inner;
} vectors;

static ntk_status add_adjoint(void *user, const ntk_features *features, size_t row) {
  const vectors *x = user;
  NTK_TRY(ntk_kernel_gather(features, x->v + row, x->part));
  ntk_daxpy(x->inner, 1.0, x->part, x->g);
  return NTK_OK;
}

static ntk_status product(void *user, const ntk_features *features, size_t row) {
  const vectors *x = user;
  return ntk_kernel_spread(features, x->g, x->u + row);
}

/* g <- C g, the scales of every layer's W and b. */
static void scale(const ntk_implicit *K, double *g) {
  const ntk_network_spec spec = ntk_spec_of(K->network);
  for (size_t l = 1; l <= spec.depth; l++) {
    const size_t columns = ntk_back_width(&spec, K->outputs, l), in = spec.width[l - 1];
    for (size_t row = 0; row < ntk_spec_rows(&spec, l); row++, g += columns)
      ntk_dscal(columns, K->network->scale[2 * l - (row < in ? 2 : 1)], g);
  }
}

static ntk_status apply(void *user, const double *V, size_t m, double *U) {
  ntk_implicit *K = user;
  if (whole(K))
    return ntk_kernel_apply(K->features, NULL, V, m, U);
  const size_t inner = K->inner;
  for (size_t c = 0; c < m; c++) {
    vectors x = {V + c * K->rows, K->g, K->g + inner, U + c * K->rows, inner};
    memset(x.g, 0, inner * sizeof(double));
    NTK_TRY(visit_all(K, add_adjoint, &x));
    scale(K, x.g);
    NTK_TRY(visit_all(K, product, &x));
  }
  return NTK_OK;
}

ntk_operator ntk_implicit_operator(ntk_implicit *K) {
  return (ntk_operator){.n = K->rows, .apply = apply, .user = K};
}

/* L x rows each. */
typedef struct norms {
  size_t rows;
  double *f2, *b2;
} norms;

static ntk_status take_norms(void *user, const ntk_features *features, size_t row) {
  const norms *to = user;
  const size_t L = features->network->depth, rows = features->rows;
  if (rows == to->rows)
    return ntk_features_norms(features, to->f2, to->b2);
  double *part = NULL;
  NTK_TRY(ntk_features_take_norms(features, &part));
  for (size_t k = 0; k < L; k++) {
    memcpy(to->f2 + k * to->rows + row, part + k * rows, rows * sizeof(double));
    memcpy(to->b2 + k * to->rows + row, part + (L + k) * rows, rows * sizeof(double));
  }
  ntk_free(features->context, part);
  return NTK_OK;
}

ntk_status ntk_implicit_norms(ntk_implicit *K, double *f2, double *b2) {
  norms to = {K->rows, f2, b2};
  return visit_all(K, take_norms, &to);
}

typedef struct columns {
  const ntk_features *other;
  double *A;
} columns;

static ntk_status take_columns(void *user, const ntk_features *features, size_t row) {
  const columns *to = user;
  return ntk_kernel_cross(features, to->other, NULL, to->A + row * to->other->rows);
}

ntk_status ntk_implicit_columns(ntk_implicit *K, const ntk_features *other, double *A) {
  columns to = {other, A};
  return visit_all(K, take_columns, &to);
}
