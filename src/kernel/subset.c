/* M^{-1} = D^{-1/2} (I - W (I + W^T W)^{-1} W^T) D^{-1/2} with W = D^{-1/2} V. */
#include "kernel/subset.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { ROWS = 256, COLUMNS = 64 };

static const char PHASE[] = "preconditioner", WHAT[] = "the preconditioner";

double ntk_subset_bytes(const ntk_context *context, size_t n, size_t m) {
  const double rows = (double)n, columns = (double)m, lapack = columns * (2.0 * columns + 20.0);
  return (double)sizeof(double) * (rows * columns + columns * columns + rows + 2.0 * columns +
                                   lapack + ROWS * (double)context->threads * columns);
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
  NTK_TRY(ntk_size_multiply(s->n, s->m, WHAT, &entries));
  NTK_TRY(ntk_alloc_doubles(s->context, entries, WHAT, &s->V));
  NTK_TRY(ntk_alloc_doubles(s->context, s->n + s->m, WHAT, &s->root));
  s->work = s->root + s->n;
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
  const double *all = ntk_dataset_values(K->data);
  ntk_dataset *data = NULL;
  ntk_features *features = NULL;
  for (size_t i = 0; i < samples; i++)
    memcpy(X + i * d, all + s->chosen[i] * d, d * sizeof(double));
  NTK_TRY(ntk_dataset_borrow(K->context, X, samples, d, &data));
  ntk_status status = ntk_features_create_of(K->network, data, K->outputs, &features);
  if (status == NTK_OK)
    status = ntk_kernel_cross(features, features, NULL, A);
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
  const double flops = (double)s->n * (double)m * (double)m;
#pragma omp parallel for schedule(dynamic) num_threads(ntk_threads_for(s->context, flops))
  for (size_t first = 0; first < s->n; first += ROWS) {
    const size_t count = s->n - first < ROWS ? s->n - first : ROWS;
    double *rows = s->V + first * m, *own = work + (size_t)omp_get_thread_num() * ROWS * m;
    if (!ntk_watch_on(&watch, (double)first / (double)s->n))
      continue;
    ntk_dgemm('T', 'N', m, count, m, 1.0, A, m, rows, m, 0.0, own, m);
    memcpy(rows, own, count * m * sizeof(double));
    for (size_t i = 0; i < count; i++)
      s->root[first + i] = diagonal[first + i] - ntk_ddot(m, rows + i * m, rows + i * m);
  }
  return watch.status;
}

/* root = D^{1/2}, and the rows of V over it. trace: of K, whose rounding d cannot be told from. */
static void scale(ntk_subset *s, double trace) {
  double sum = 0.0;
  for (size_t i = 0; i < s->n; i++)
    sum += fmax(0.0, s->root[i]);
  const size_t others = s->n > s->m ? s->n - s->m : 1;
  const double least = fmax(sum / (double)others / 3.0, DBL_EPSILON * trace);
  for (size_t i = 0; i < s->n; i++) {
    s->root[i] = sqrt(fmax(s->root[i], least));
    ntk_dscal(s->m, 1.0 / s->root[i], s->V + i * s->m);
  }
}

/* The factor of I + V^T V; A: scratch, m x m. */
static ntk_status factor(ntk_subset *s, double *A) {
  ntk_watch watch = {.context = s->context, .phase = PHASE};
  const size_t m = s->m;
  const double flops = (double)s->n * (double)m * (double)m;
#pragma omp parallel for schedule(dynamic) num_threads(ntk_threads_for(s->context, flops))
  for (size_t first = 0; first < m; first += COLUMNS) {
    const size_t count = m - first < COLUMNS ? m - first : COLUMNS;
    for (size_t i = 0; i < s->n && ntk_watch_on(&watch, (double)first / (double)m); i += ROWS) {
      const size_t rows = s->n - i < ROWS ? s->n - i : ROWS;
      const double *V = s->V + i * m;
      ntk_dgemm('N', 'T', m - first, count, rows, 1.0, V + first, m, V + first, m,
                i == 0 ? 0.0 : 1.0, A + first * m + first, m);
    }
  }
  NTK_TRY(watch.status);
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
  ntk_subset made = {.context = K->context, .n = K->rows, .m = samples * (K->rows / K->N)};
  const size_t scratch = made.m * (made.m + ROWS * (size_t)K->context->threads);
  double *X = NULL, *A = NULL;
  NTK_TRY(ntk_alloc_doubles(K->context, samples * K->network->width[0], WHAT, &X));
  ntk_status status = ntk_alloc_doubles(K->context, scratch, WHAT, &A);
  if (status == NTK_OK)
    status = allocate(&made);
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

/* w (m) = V^T x, by columns that are each one thread's. */
static void gather(const ntk_subset *s, const double *x, double *w) {
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(s->context, 2.0 * (double)s->n * (double)s->m))
  for (size_t first = 0; first < s->m; first += COLUMNS) {
    const size_t count = s->m - first < COLUMNS ? s->m - first : COLUMNS;
    ntk_dgemv('N', count, s->n, 1.0, s->V + first, s->m, x, 0.0, w + first);
  }
}

/* x -= V w. */
static void subtract(const ntk_subset *s, const double *w, double *x) {
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(s->context, 2.0 * (double)s->n * (double)s->m))
  for (size_t first = 0; first < s->n; first += ROWS) {
    const size_t count = s->n - first < ROWS ? s->n - first : ROWS;
    ntk_dgemv('T', s->m, count, -1.0, s->V + first * s->m, s->m, w, 1.0, x + first);
  }
}

ntk_status ntk_subset_solve(void *user, double *V, size_t count) {
  const ntk_subset *s = user;
  double *w = s->work;
  for (size_t c = 0; c < count; c++) {
    double *x = V + c * s->n;
    for (size_t i = 0; i < s->n; i++)
      x[i] /= s->root[i];
    gather(s, x, w);
    NTK_TRY(ntk_packed_solve(&s->factor, w, 1));
    subtract(s, w, x);
    for (size_t i = 0; i < s->n; i++)
      x[i] /= s->root[i];
  }
  return NTK_OK;
}
