#include "spectrum/packed/packed.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

static size_t entries_of(size_t n, size_t P) {
  return ntk_panel_start(P, (n + P - 1) / P);
}

static size_t size_of(ntk_precision precision) {
  return precision == NTK_PRECISION_FLOAT ? sizeof(float) : sizeof(double);
}

ntk_status ntk_packed_bytes(size_t n, ntk_precision precision, size_t *bytes) {
  if (n > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "N = %zu; packed storage holds up to %zu", n, NTK_PACKED_MAX);
  *bytes = entries_of(n, ntk_panel_rows(precision)) * size_of(precision);
  return NTK_OK;
}

/* The blocks on the diagonal: what is not the matrix's is 0. */
static void clear_blocks(ntk_packed *A) {
  const size_t P = ntk_panel_rows(A->precision), size = size_of(A->precision);
  for (size_t p = 0; p < (A->n + P - 1) / P; p++)
    memset((char *)A->storage + (ntk_panel_start(P, p) + p * P * P) * size, 0, P * P * size);
  const size_t rest = A->n % P, last = A->n / P; /* rows past the last */
  for (size_t j = 0; j < A->n && rest != 0; j++)
    memset((char *)A->storage + (ntk_panel_start(P, last) + j * P + rest) * size, 0,
           (P - rest) * size);
}

ntk_status ntk_packed_create(ntk_context *context, size_t n, ntk_precision precision,
                             ntk_packed *A) {
  size_t bytes = 0;
  double *storage;
  NTK_TRY(ntk_packed_bytes(n, precision, &bytes));
  NTK_TRY(ntk_alloc_doubles(context, bytes / sizeof(double), "the kernel", &storage));
  *A = (ntk_packed){.context = context, .n = n, .precision = precision, .storage = storage};
  clear_blocks(A);
  return NTK_OK;
}

void ntk_packed_destroy(ntk_packed *A) {
  if (A->storage != NULL)
    ntk_free(A->context, A->storage);
  *A = (ntk_packed){0};
}

static size_t place(const ntk_packed *A, size_t i, size_t j) {
  const size_t P = ntk_panel_rows(A->precision);
  return ntk_panel_start(P, i / P) + P * j + i % P;
}

double ntk_packed_get(const ntk_packed *A, size_t i, size_t j) {
  const size_t at = place(A, i, j);
  return A->precision == NTK_PRECISION_FLOAT ? (double)((const float *)A->storage)[at]
                                             : ((const double *)A->storage)[at];
}

void ntk_packed_set(ntk_packed *A, size_t i, size_t j, double value) {
  const size_t at = place(A, i, j);
  if (A->precision == NTK_PRECISION_FLOAT)
    ((float *)A->storage)[at] = (float)value;
  else
    ((double *)A->storage)[at] = value;
}

/* Two panels in double to the one of twice their rows in single; zeros beside the matrix too. */
static void round_panel(const ntk_packed *from, double scale, size_t p, ntk_packed *to) {
  enum { FROM = NTK_PANEL_BYTES / sizeof(double), TO = NTK_PANEL_BYTES / sizeof(float) };
  _Static_assert(TO == 2 * FROM, "a panel in single has the rows of two in double");
  for (size_t half = 0; half < 2 && (2 * p + half) * FROM < from->n; half++) {
    const double *source = (const double *)from->storage + ntk_panel_start(FROM, 2 * p + half);
    float *target = (float *)to->storage + ntk_panel_start(TO, p) + half * FROM;
    for (size_t j = 0; j < (2 * p + half + 1) * FROM; j++)
      for (size_t i = 0; i < FROM; i++)
        target[j * TO + i] = (float)(scale * source[j * FROM + i]);
  }
}

ntk_status ntk_packed_copy(const ntk_packed *from, double scale, ntk_packed *to) {
  const size_t P = ntk_panel_rows(to->precision), panels = (to->n + P - 1) / P;
  const bool same = from->precision == to->precision;
  ntk_watch watch = {.context = from->context, .phase = "copying the kernel"};
#pragma omp parallel for schedule(dynamic) \
    num_threads(ntk_threads_for(from->context, (double)from->n *(double)from->n))
  for (size_t p = 0; p < panels; p++) {
    if (!ntk_watch_on(&watch, (double)p / (double)panels))
      continue;
    const size_t size = size_of(to->precision), start = ntk_panel_start(P, p) * size;
    if (same)
      memcpy((char *)to->storage + start, (const char *)from->storage + start,
             (p + 1) * P * P * size);
    else
      round_panel(from, scale, p, to);
  }
  return watch.status;
}

void ntk_packed_add_sums(ntk_packed *A, const double *x) {
#pragma omp parallel for schedule(dynamic, 16) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t i = 0; i < A->n; i++)
    for (size_t j = 0; j <= i; j++)
      ntk_packed_set(A, i, j, ntk_packed_get(A, i, j) + x[i] + x[j]);
}

void ntk_packed_add(ntk_packed *A, double alpha, const ntk_packed *B) {
#pragma omp parallel for schedule(dynamic, 16) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t i = 0; i < A->n; i++)
    for (size_t j = 0; j <= i; j++)
      ntk_packed_set(A, i, j, ntk_packed_get(A, i, j) + alpha * ntk_packed_get(B, i, j));
}

double ntk_packed_trace(const ntk_packed *A) {
  double sum = 0.0;
  for (size_t i = 0; i < A->n; i++)
    sum += ntk_packed_get(A, i, i);
  return sum;
}

double ntk_packed_diagonal_min(const ntk_packed *A) {
  double smallest = INFINITY;
  for (size_t i = 0; i < A->n; i++)
    smallest = fmin(smallest, ntk_packed_get(A, i, i));
  return smallest;
}

/* Of `count` entries from `start` on; squares of floats do not leave the range of doubles. */
static double norm_of(const ntk_packed *A, size_t start, size_t count) {
  if (A->precision == NTK_PRECISION_DOUBLE)
    return ntk_dnrm2(count, (const double *)A->storage + start);
  const float *entry = (const float *)A->storage + start;
  double sum = 0.0;
  for (size_t e = 0; e < count; e++)
    sum += (double)entry[e] * entry[e];
  return sqrt(sum);
}

/* By norms, not squares: those of a tiny matrix would underflow. */
double ntk_packed_frobenius(const ntk_packed *A) {
  double all = 0.0, diagonal = 0.0;
  for (size_t i = 0; i < A->n; i++)
    diagonal = hypot(diagonal, ntk_packed_get(A, i, i));
  const size_t P = ntk_panel_rows(A->precision);
  for (size_t p = 0; p < (A->n + P - 1) / P; p++) /* zeros beside the matrix too */
    all = hypot(all, norm_of(A, ntk_panel_start(P, p), (p + 1) * P * P));
  if (all == 0.0)
    return 0.0;
  /* Every stored entry stands for two but the diagonal. */
  const double share = diagonal / all;
  return all * sqrt(2.0 - share * share);
}

void ntk_packed_row(const ntk_packed *A, size_t i, double *row) {
  for (size_t j = 0; j < A->n; j++)
    row[j] = j <= i ? ntk_packed_get(A, i, j) : ntk_packed_get(A, j, i);
}
