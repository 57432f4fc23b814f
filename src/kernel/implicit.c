#include "kernel/implicit.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/ranks/rows.h"
#include "data/dataset.h"

#include <string.h>

static bool whole(const ntk_implicit *K) {
  return K->block >= ntk_share_most(&K->data->share);
}

/* Rows of K that are here. */
static size_t own_rows(const ntk_implicit *K) {
  return ntk_share_count(&K->share, K->share.rank);
}

static bool dealt(const ntk_implicit *K) {
  return K->share.ranks > 1;
}

/* Where ranks have shares of it: how this one's part of a pass went, to be told to all. */
static ntk_status agree(const ntk_implicit *K, ntk_status own, const char *operation) {
  return dealt(K)
             ? ntk_ranks_agree(K->context, own, ntk_ranks_what(operation, K->rows, K->block, 0))
             : own;
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
  made.share = ntk_share_times(data->share, made.rows / N);
  for (size_t l = 1; l <= spec.depth; l++)
    made.inner += ntk_spec_rows(&spec, l) * ntk_back_width(&spec, outputs, l);
  const ntk_status status =
      whole(&made)
          ? ntk_features_create_of(network, data, outputs, &made.features)
          : ntk_alloc_doubles(made.context, 2 * made.inner + own_rows(&made), "J^T v", &made.g);
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
                          ntk_outputs outputs, const ntk_share *share, size_t block) {
  const size_t most = ntk_share_most(share);
  const ntk_share some = ntk_share_whole(block);
  const ntk_kernel_bytes b =
      ntk_kernel_bytes_in(context, spec, outputs, block < most ? &some : share);
  double inner = 0.0;
  for (size_t l = 1; l <= spec->depth; l++)
    inner += (double)ntk_spec_rows(spec, l) * (double)ntk_back_width(spec, outputs, l);
  const double product = block < most ? b.product : b.apply;
  const double work = b.create > product ? b.create : product;
  const double vectors = 2.0 * inner + (double)ntk_kernel_rows(spec, outputs, most);
  return b.features + work + (block < most ? (double)sizeof(double) * vectors : 0.0);
}

/* What is done with the features of some samples that are here, whose first row of K is `row` of
 * those here. */
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
  const size_t samples = ntk_share_count(&K->data->share, K->data->share.rank);
  if (whole(K))
    return visit(user, K->features, 0);
  for (size_t first = 0; first < samples; first += K->block) {
    const size_t left = samples - first;
    NTK_TRY(visit_block(K, first, left < K->block ? left : K->block, visit, user));
  }
  return NTK_OK;
}

/* v, g = J^T v or its part, and K v: of v and K v the rows that are here. */
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

/* Own rows of K v. */
static ntk_status multiply(ntk_implicit *K, const double *v, double *u) {
  double *own = K->g + 2 * K->inner;
  vectors x = {own, K->g, K->g + K->inner, u, K->inner};
  ntk_rows_take(&K->share, v, own);
  memset(x.g, 0, K->inner * sizeof(double));
  NTK_TRY(agree(K, visit_all(K, add_adjoint, &x), "K v by blocks"));
  if (dealt(K))
    ntk_ranks_sum(K->context, K->inner, x.g, NTK_PRECISION_DOUBLE);
  scale(K, x.g);
  return agree(K, visit_all(K, product, &x), "J g by blocks");
}

static ntk_status apply(void *user, const double *V, size_t m, double *U) {
  ntk_implicit *K = user;
  const size_t own = own_rows(K);
  if (whole(K))
    return ntk_kernel_apply(K->features, NULL, V, m, U);
  for (size_t c = 0; c < m; c++)
    NTK_TRY(multiply(K, V + c * K->rows, U + c * own));
  return ntk_rows_spread(K->context, &K->share, m, U);
}

ntk_operator ntk_implicit_operator(ntk_implicit *K) {
  return (ntk_operator){.n = K->rows, .apply = apply, .user = K};
}

/* L x rows each, those that are here. */
typedef struct norms {
  size_t rows;
  double *f2, *b2;
} norms;

static ntk_status take_norms(void *user, const ntk_features *features, size_t row) {
  const norms *to = user;
  const size_t L = features->network->depth, rows = features->rows;
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
  const size_t L = K->network->depth;
  norms to = {own_rows(K), f2, b2};
  if (whole(K))
    return ntk_features_norms(K->features, f2, b2);
  NTK_TRY(agree(K, visit_all(K, take_norms, &to), "norms by blocks"));
  NTK_TRY(ntk_rows_spread(K->context, &K->share, L, f2));
  return ntk_rows_spread(K->context, &K->share, L, b2);
}

typedef struct columns {
  const ntk_features *other;
  double *A;
} columns;

static ntk_status take_columns(void *user, const ntk_features *features, size_t row) {
  const columns *to = user;
  return ntk_kernel_cross_own(features, to->other, NULL, to->A + row * to->other->rows);
}

ntk_status ntk_implicit_columns(ntk_implicit *K, const ntk_features *other, double *A) {
  columns to = {other, A};
  return agree(K, visit_all(K, take_columns, &to), "columns of K");
}
