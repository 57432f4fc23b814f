/* M^{-1} = D^{-1/2} (I - W (I + W^T W)^{-1} W^T) D^{-1/2} with W = D^{-1/2} V. */
#include "kernel/subset.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/ranks/rows.h"
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { ROWS = 256, COLUMNS = 64 };

static const char PHASE[] = "preconditioner", WHAT[] = "the preconditioner";

double ntk_subset_bytes(const ntk_context *context, const ntk_share *rows, size_t m) {
  const double n = (double)rows->N, own = (double)ntk_share_most(rows);
  const double columns = (double)m, lapack = columns * (2.0 * columns + 20.0);
  return (double)sizeof(double) * (own * columns + columns * columns + n + own + 2.0 * columns +
                                   lapack + ROWS * (double)context->threads * columns);
}

/* Where ranks have shares of it: how this one's part went, told to all. */
static ntk_status agree(const ntk_subset *s, ntk_status own, const char *operation) {
  return s->share.ranks > 1
             ? ntk_ranks_agree(s->context, own, ntk_ranks_what(operation, s->n, s->m, 0))
             : own;
}

/* Of n numbers each rank has a part. */
static void sum(const ntk_subset *s, size_t n, double *x) {
  if (s->share.ranks > 1)
    ntk_ranks_sum(s->context, n, x, NTK_PRECISION_DOUBLE);
}

void ntk_subset_destroy(ntk_subset *subset) {
  if (subset->context != NULL) {
    ntk_free(subset->context, subset->V);
    ntk_free(subset->context, subset->root);
    ntk_free(subset->context, subset->chosen);
    ntk_packed_destroy(&subset->factor);
  }
  *subset = (ntk_subset){0};
}

static ntk_status allocate(ntk_subset *s) {
  size_t entries = 0;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(s->context, s->m, sizeof *s->chosen, WHAT, &pointer));
  s->chosen = pointer;
  NTK_TRY(ntk_size_multiply(s->own, s->m, WHAT, &entries));
  NTK_TRY(ntk_alloc_doubles(s->context, entries, WHAT, &s->V));
  NTK_TRY(ntk_alloc_doubles(s->context, s->n + s->m + s->own, WHAT, &s->root));
  s->work = s->root + s->n;
  s->rows = s->work + s->m;
  return NTK_OK;
}

/* The first `have` samples are chosen and root is what they leave of the diagonal: as many more as
 * make `samples`, in proportion to that. least: of a row, for rounding may leave nothing. */
static void choose_more(ntk_subset *s, size_t N, size_t have, size_t samples, double least) {
  const size_t per = s->n / N;
  size_t count = have, others = N - have;
  double sum = 0.0, share = 0.0;
  for (size_t i = 0; i < s->n; i++)
    sum += fmax(s->root[i], least);
  for (size_t i = 0, k = 0; i < N && count < samples; i++) {
    for (size_t c = 0; c < per; c++)
      share += (double)(samples - have) * fmax(s->root[i * per + c], least) / sum;
    if (k < have && s->chosen[k] == i) {
      k++;
      continue;
    }
    if (share > 0.5 || others == samples - count) {
      s->chosen[count++] = i;
      share -= 1.0;
    }
    others--;
  }
}

/* Columns of K into V, and K_SS into A (m x m). X: samples x d, room for those of the subset. */
static ntk_status take_columns(ntk_implicit *K, double *X, ntk_subset *s, double *A) {
  const size_t d = K->network->width[0], samples = s->m / (K->rows / K->N);
  const ntk_held held = ntk_dataset_held(K->data);
  ntk_dataset *data = NULL;
  ntk_features *features = NULL;
  NTK_TRY(ntk_held_fetch(K->context, &held, s->chosen, samples, X));
  NTK_TRY(ntk_dataset_borrow(K->context, X, samples, d, &data));
  ntk_status status = ntk_features_create_of(K->network, data, K->outputs, &features);
  if (status == NTK_OK)
    status = ntk_kernel_cross_own(features, features, NULL, A);
  status = agree(s, status, "columns of a preconditioner");
  if (status == NTK_OK)
    status = ntk_implicit_columns(K, features, s->V);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  return status;
}

/* A (m x m) <- U Lambda^{-1/2} of its eigenvectors and values, with 0 for what rounding leaves of
 * the latter; values: m. */
static ntk_status invert_root(ntk_context *context, size_t m, double *A, double *values) {
  NTK_TRY(ntk_dsyevd(context, 'V', m, A, values));
  for (size_t j = 0; j < m; j++) {
    const bool kept = values[j] > 4.0 * (double)m * DBL_EPSILON * values[m - 1];
    ntk_dscal(m, kept ? 1.0 / sqrt(values[j]) : 0.0, A + j * m);
  }
  return NTK_OK;
}

/* Rows of V <- A^T of them; root becomes d_i. work: ROWS x m for each thread. */
static ntk_status transform(ntk_subset *s, const double *A, const double *diagonal, double *work) {
  ntk_watch watch = {.context = s->context, .phase = PHASE};
  const size_t m = s->m;
  const double flops = (double)s->own * (double)m * (double)m;
  ntk_rows_take(&s->share, diagonal, s->rows);
#pragma omp parallel for schedule(dynamic) num_threads(ntk_threads_for(s->context, flops))
  for (size_t first = 0; first < s->own; first += ROWS) {
    const size_t count = s->own - first < ROWS ? s->own - first : ROWS;
    double *rows = s->V + first * m, *own = work + (size_t)omp_get_thread_num() * ROWS * m;
    if (!ntk_watch_on(&watch, (double)first / (double)s->own))
      continue;
    ntk_dgemm('T', 'N', m, count, m, 1.0, A, m, rows, m, 0.0, own, m);
    memcpy(rows, own, count * m * sizeof(double));
    for (size_t i = 0; i < count; i++)
      s->root[first + i] = s->rows[first + i] - ntk_ddot(m, rows + i * m, rows + i * m);
  }
  NTK_TRY(agree(s, watch.status, "a preconditioner"));
  return ntk_rows_spread(s->context, &s->share, 1, s->root);
}

/* root = D^{1/2}, and the rows of V over it. trace: of K, whose rounding d cannot be told from. */
static void scale(ntk_subset *s, double trace) {
  double left = 0.0;
  for (size_t i = 0; i < s->n; i++)
    left += fmax(0.0, s->root[i]);
  const size_t others = s->n > s->m ? s->n - s->m : 1;
  const double least = fmax(left / (double)others / 3.0, DBL_EPSILON * trace);
  for (size_t i = 0; i < s->n; i++)
    s->root[i] = sqrt(fmax(s->root[i], least));
  ntk_rows_take(&s->share, s->root, s->rows);
  for (size_t i = 0; i < s->own; i++)
    ntk_dscal(s->m, 1.0 / s->rows[i], s->V + i * s->m);
}

/* The factor of I + V^T V; A: scratch, m x m. */
static ntk_status factor(ntk_subset *s, double *A) {
  ntk_watch watch = {.context = s->context, .phase = PHASE};
  const size_t m = s->m;
  const double flops = (double)s->own * (double)m * (double)m;
  if (s->own == 0)
    memset(A, 0, m * m * sizeof *A);
#pragma omp parallel for schedule(dynamic) num_threads(ntk_threads_for(s->context, flops))
  for (size_t first = 0; first < m; first += COLUMNS) {
    const size_t count = m - first < COLUMNS ? m - first : COLUMNS;
    for (size_t i = 0; i < s->own && ntk_watch_on(&watch, (double)first / (double)m); i += ROWS) {
      const size_t rows = s->own - i < ROWS ? s->own - i : ROWS;
      const double *V = s->V + i * m;
      ntk_dgemm('N', 'T', m - first, count, rows, 1.0, V + first, m, V + first, m,
                i == 0 ? 0.0 : 1.0, A + first * m + first, m);
    }
  }
  NTK_TRY(agree(s, watch.status, "V^T V of a preconditioner"));
  sum(s, m * m, A);
  NTK_TRY(ntk_packed_create(s->context, m, NTK_PRECISION_DOUBLE, NULL, &s->factor));
  for (size_t j = 0; j < m; j++)
    for (size_t i = j; i < m; i++)
      ntk_packed_set(&s->factor, i, j, A[j * m + i] + (i == j ? 1.0 : 0.0));
  return ntk_packed_factor(&s->factor, 0.0);
}

/* V of the chosen samples, and root, what it leaves of the diagonal. A: m x m, and behind it ROWS x
 * m for each thread, where X, samples x d, is first. */
static ntk_status approximate(ntk_implicit *K, const double *diagonal, double *X, double *A,
                              ntk_subset *s) {
  NTK_TRY(take_columns(K, X, s, A));
  NTK_TRY(invert_root(s->context, s->m, A, s->work));
  return transform(s, A, diagonal, A + s->m * s->m);
}

/* Half of the samples are spread evenly; the others are where these do not tell what a row is. */
static ntk_status build(ntk_implicit *K, size_t samples, const double *diagonal, double *X,
                        double *A, ntk_subset *s) {
  const size_t half = samples - samples / 2, m = s->m;
  double trace = 0.0;
  for (size_t i = 0; i < s->n; i++)
    trace += diagonal[i];
  for (size_t i = 0; i < half; i++)
    s->chosen[i] = (size_t)((double)i / (double)half * (double)K->N);
  if (half < samples) {
    s->m = half * (K->rows / K->N);
    NTK_TRY(approximate(K, diagonal, X, A, s));
    choose_more(s, K->N, half, samples, DBL_EPSILON * trace);
    s->m = m;
  }
  NTK_TRY(approximate(K, diagonal, X, A, s));
  scale(s, trace);
  return factor(s, A);
}

ntk_status ntk_subset_create(ntk_implicit *K, size_t samples, const double *diagonal,
                             ntk_subset *subset) {
  ntk_subset made = {.context = K->context,
                     .n = K->rows,
                     .m = samples * (K->rows / K->N),
                     .share = K->share,
                     .own = ntk_share_count(&K->share, K->share.rank)};
  const size_t scratch = made.m * (made.m + ROWS * (size_t)K->context->threads);
  double *X = NULL, *A = NULL;
  NTK_TRY(ntk_alloc_doubles(K->context, samples * K->network->width[0], WHAT, &X));
  ntk_status status = ntk_alloc_doubles(K->context, scratch, WHAT, &A);
  if (status == NTK_OK)
    status = allocate(&made);
  status = agree(&made, status, "memory of a preconditioner");
  const int previous = ntk_blas_enter(1);
  const ntk_phase before = ntk_phase_enter(K->context, PHASE);
  if (status == NTK_OK)
    status = build(K, samples, diagonal, X, A, &made);
  ntk_phase_leave(K->context, before);
  ntk_blas_leave(previous);
  ntk_free(K->context, A);
  ntk_free(K->context, X);
  if (status == NTK_OK)
    *subset = made;
  else
    ntk_subset_destroy(&made);
  return status;
}

/* w (m) = V^T x of the rows that are here, by columns that are each one thread's. */
static void gather(const ntk_subset *s, const double *x, double *w) {
  if (s->own == 0)
    memset(w, 0, s->m * sizeof *w);
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(s->context, 2.0 * (double)s->own * (double)s->m))
  for (size_t first = 0; first < (s->own > 0 ? s->m : 0); first += COLUMNS) {
    const size_t count = s->m - first < COLUMNS ? s->m - first : COLUMNS;
    ntk_dgemv('N', count, s->own, 1.0, s->V + first, s->m, x, 0.0, w + first);
  }
}

/* x -= V w. */
static void subtract(const ntk_subset *s, const double *w, double *x) {
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(s->context, 2.0 * (double)s->own * (double)s->m))
  for (size_t first = 0; first < s->own; first += ROWS) {
    const size_t count = s->own - first < ROWS ? s->own - first : ROWS;
    ntk_dgemv('T', s->m, count, -1.0, s->V + first * s->m, s->m, w, 1.0, x + first);
  }
}

static void divide(const ntk_subset *s, double *x) {
  for (size_t i = 0; i < s->n; i++)
    x[i] /= s->root[i];
}

ntk_status ntk_subset_solve(void *user, double *V, size_t count) {
  const ntk_subset *s = user;
  double *w = s->work;
  ntk_status status = agree(s, NTK_OK, "a preconditioner's solve");
  NTK_TRY(status);
  for (size_t c = 0; c < count && (status == NTK_OK || s->share.ranks > 1); c++) {
    divide(s, V + c * s->n);
    ntk_rows_take(&s->share, V + c * s->n, s->rows);
    gather(s, s->rows, w);
    sum(s, s->m, w);
    if (status == NTK_OK)
      status = ntk_packed_solve(&s->factor, w, 1);
    subtract(s, w, s->rows);
    memcpy(V + c * s->own, s->rows, s->own * sizeof *V);
  }
  NTK_TRY(agree(s, status, "a preconditioner's solve"));
  NTK_TRY(ntk_rows_spread(s->context, &s->share, count, V));
  for (size_t c = 0; c < count; c++)
    divide(s, V + c * s->n);
  return NTK_OK;
}
