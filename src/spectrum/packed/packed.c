#include "spectrum/packed/packed.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"

#include <math.h>
#include <string.h>

static size_t panels_of(size_t n, size_t P) {
  return (n + P - 1) / P;
}

static size_t size_of(ntk_precision precision) {
  return precision == NTK_PRECISION_FLOAT ? sizeof(float) : sizeof(double);
}

ntk_status ntk_packed_bytes(size_t n, ntk_precision precision, size_t *bytes) {
  if (n > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "N = %zu; packed storage holds up to %zu", n, NTK_PACKED_MAX);
  const size_t P = ntk_panel_rows(precision), panels = panels_of(n, P);
  *bytes = P * P * (panels * (panels + 1) / 2) * size_of(precision);
  return NTK_OK;
}

/* The blocks on the diagonal: what is not the matrix's is 0. */
static void clear_blocks(ntk_packed *A) {
  const size_t P = ntk_panel_rows(A->precision), size = size_of(A->precision);
  for (size_t p = 0; p < panels_of(A->n, P); p++)
    if (A->panel[p] != NULL)
      memset((char *)A->panel[p] + p * P * P * size, 0, P * P * size);
  const size_t rest = A->n % P; /* rows past the last */
  if (rest == 0 || !ntk_packed_has(A, A->n - 1))
    return;
  for (size_t j = 0; j < A->n; j++)
    memset((char *)A->panel[A->n / P] + (j * P + rest) * size, 0, (P - rest) * size);
}

/* The panels that are here, one after the other in storage; their bytes. */
static size_t place_panels(ntk_packed *A, char *storage) {
  const size_t P = ntk_panel_rows(A->precision), size = size_of(A->precision);
  size_t bytes = 0;
  ntk_run run = {0};
  while (ntk_share_next(&A->share, A->share.rank, &run))
    for (size_t p = run.row / P; p * P < run.row + run.count; p++) {
      if (storage != NULL)
        A->panel[p] = storage + bytes;
      bytes += (p + 1) * P * P * size;
    }
  return bytes;
}

ntk_status ntk_packed_create(ntk_context *context, size_t n, ntk_precision precision,
                             const ntk_share *share, ntk_packed *A) {
  size_t bytes = 0;
  void *storage;
  const size_t panels = panels_of(n, ntk_panel_rows(precision));
  ntk_packed made = {.context = context, .n = n, .precision = precision};
  made.share = share != NULL ? *share : ntk_share_whole(n);
  if (made.share.N != n || (made.share.ranks > 1 && made.share.unit % NTK_CHUNK_ROWS != 0))
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "a share of %zu rows by %zu for a matrix of order %zu; accepted: of as many "
                    "rows, by a multiple of %d",
                    made.share.N, made.share.unit, n, NTK_CHUNK_ROWS);
  NTK_TRY(ntk_packed_bytes(n, precision, &bytes));
  bytes = place_panels(&made, NULL); /* each a multiple of what a pointer takes */
  NTK_TRY(ntk_alloc(context, bytes + panels * sizeof(void *), 1, "the kernel", &storage));
  made.storage = storage;
  made.panel = (void **)((char *)storage + bytes);
  for (size_t p = 0; p < panels; p++)
    made.panel[p] = NULL;
  (void)place_panels(&made, storage);
  clear_blocks(&made);
  *A = made;
  return NTK_OK;
}

void ntk_packed_destroy(ntk_packed *A) {
  if (A->storage != NULL)
    ntk_free(A->context, A->storage);
  *A = (ntk_packed){0};
}

double ntk_packed_get(const ntk_packed *A, size_t i, size_t j) {
  const size_t P = ntk_panel_rows(A->precision), at = P * j + i % P;
  const void *panel = ntk_panel_at(A, i / P);
  return A->precision == NTK_PRECISION_FLOAT ? (double)((const float *)panel)[at]
                                             : ((const double *)panel)[at];
}

void ntk_packed_set(ntk_packed *A, size_t i, size_t j, double value) {
  const size_t P = ntk_panel_rows(A->precision), at = P * j + i % P;
  void *panel = ntk_panel_at(A, i / P);
  if (A->precision == NTK_PRECISION_FLOAT)
    ((float *)panel)[at] = (float)value;
  else
    ((double *)panel)[at] = value;
}

/* Two panels in double to the one of twice their rows in single; zeros beside the matrix too. */
static void round_panel(const ntk_packed *from, double scale, size_t p, ntk_packed *to) {
  enum { FROM = NTK_PANEL_BYTES / sizeof(double), TO = NTK_PANEL_BYTES / sizeof(float) };
  _Static_assert(TO == 2 * FROM, "a panel in single has the rows of two in double");
  for (size_t half = 0; half < 2 && (2 * p + half) * FROM < from->n; half++) {
    const double *source = ntk_panel_at(from, 2 * p + half);
    float *target = (float *)ntk_panel_at(to, p) + half * FROM;
    for (size_t j = 0; j < (2 * p + half + 1) * FROM; j++)
      for (size_t i = 0; i < FROM; i++)
        target[j * TO + i] = (float)(scale * source[j * FROM + i]);
  }
}

ntk_status ntk_packed_copy(const ntk_packed *from, double scale, ntk_packed *to) {
  const size_t P = ntk_panel_rows(to->precision), panels = panels_of(to->n, P);
  const bool same = from->precision == to->precision;
  ntk_watch watch = {.context = from->context, .phase = "copying the kernel"};
#pragma omp parallel for schedule(dynamic) \
    num_threads(ntk_threads_for(from->context, (double)from->n *(double)from->n))
  for (size_t p = 0; p < panels; p++) {
    if (ntk_panel_at(to, p) == NULL || !ntk_watch_on(&watch, (double)p / (double)panels))
      continue;
    if (same)
      memcpy(ntk_panel_at(to, p), ntk_panel_at(from, p), (p + 1) * P * P * size_of(to->precision));
    else
      round_panel(from, scale, p, to);
  }
  return watch.status;
}

void ntk_packed_add_sums(ntk_packed *A, const double *x) {
#pragma omp parallel for schedule(dynamic, 16) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t i = 0; i < A->n; i++)
    for (size_t j = 0; j <= i && ntk_packed_has(A, i); j++)
      ntk_packed_set(A, i, j, ntk_packed_get(A, i, j) + x[i] + x[j]);
}

void ntk_packed_scale(ntk_packed *A, const double *x) {
#pragma omp parallel for schedule(dynamic, 16) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t i = 0; i < A->n; i++)
    for (size_t j = 0; j <= i && ntk_packed_has(A, i); j++)
      ntk_packed_set(A, i, j, ntk_packed_get(A, i, j) * x[i] * x[j]);
}

void ntk_packed_add(ntk_packed *A, double alpha, const ntk_packed *B) {
#pragma omp parallel for schedule(dynamic, 16) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t i = 0; i < A->n; i++)
    for (size_t j = 0; j <= i && ntk_packed_has(A, i); j++)
      ntk_packed_set(A, i, j, ntk_packed_get(A, i, j) + alpha * ntk_packed_get(B, i, j));
}

/* Whether all ranks have come here. One may have failed at something of its own before, and what
 * returns a number cannot say so: that one is then of no use, and the next agreement fails. */
static bool together(const ntk_packed *A, const char *what) {
  return A->share.ranks > 1 &&
         ntk_ranks_agree(A->context, NTK_OK, ntk_ranks_what(what, A->n, A->precision, 0)) == NTK_OK;
}

/* What others have is -0 here: added to any number it changes nothing, its sign included. */
static void sum_over_ranks(const ntk_packed *A, size_t count, double *x) {
  if (A->share.ranks > 1)
    ntk_ranks_sum(A->context, count, x, NTK_PRECISION_DOUBLE);
}

size_t ntk_packed_diagonal(const ntk_packed *A, size_t first, size_t count, double *diagonal) {
  const size_t rows = first < A->n ? A->n - first : 0, some = rows < count ? rows : count;
  for (size_t i = 0; i < some; i++)
    diagonal[i] = ntk_packed_has(A, first + i) ? ntk_packed_get(A, first + i, first + i) : -0.0;
  if (some > 0 && together(A, "the diagonal"))
    sum_over_ranks(A, some, diagonal);
  return some;
}

double ntk_packed_trace(const ntk_packed *A) {
  double sum = 0.0, diagonal[NTK_DIAGONAL];
  for (size_t i = 0, some; (some = ntk_packed_diagonal(A, i, NTK_DIAGONAL, diagonal)) > 0;
       i += some)
    for (size_t j = 0; j < some; j++)
      sum += diagonal[j];
  return sum;
}

double ntk_packed_diagonal_min(const ntk_packed *A) {
  double smallest = INFINITY, diagonal[NTK_DIAGONAL];
  for (size_t i = 0, some; (some = ntk_packed_diagonal(A, i, NTK_DIAGONAL, diagonal)) > 0;
       i += some)
    for (size_t j = 0; j < some; j++)
      smallest = fmin(smallest, diagonal[j]);
  return smallest;
}

/* Of a panel's entries; squares of floats do not leave the range of doubles. */
static double norm_of(const ntk_packed *A, size_t p) {
  const size_t P = ntk_panel_rows(A->precision), count = (p + 1) * P * P;
  if (A->precision == NTK_PRECISION_DOUBLE)
    return ntk_dnrm2(count, ntk_panel_at(A, p));
  const float *entry = ntk_panel_at(A, p);
  double sum = 0.0;
  for (size_t e = 0; e < count; e++)
    sum += (double)entry[e] * entry[e];
  return sqrt(sum);
}

/* The norm of what the ranks have the norms of. */
static double norm_over_ranks(const ntk_packed *A, double own) {
  if (!together(A, "the norm"))
    return own;
  const double largest = -ntk_ranks_least(A->context, -own);
  if (!(largest > 0.0) || isinf(largest))
    return largest;
  return largest * sqrt(ntk_ranks_sum_one(A->context, own / largest * (own / largest)));
}

/* By norms, not squares: those of a tiny matrix would underflow. */
double ntk_packed_frobenius(const ntk_packed *A) {
  double all = 0.0, diagonal = 0.0;
  for (size_t i = 0; i < A->n; i++)
    if (ntk_packed_has(A, i))
      diagonal = hypot(diagonal, ntk_packed_get(A, i, i));
  const size_t panels = panels_of(A->n, ntk_panel_rows(A->precision));
  for (size_t p = 0; p < panels; p++) /* zeros beside the matrix too */
    if (ntk_panel_at(A, p) != NULL)
      all = hypot(all, norm_of(A, p));
  all = norm_over_ranks(A, all);
  diagonal = norm_over_ranks(A, diagonal);
  if (all == 0.0)
    return 0.0;
  /* Every stored entry stands for two but the diagonal. */
  const double share = diagonal / all;
  return all * sqrt(2.0 - share * share);
}

/* count entries of a panel that lie `next` apart, from its place `at` on; -0 of one that is not
 * here, for sums over ranks. */
static void copy_entries(const ntk_packed *A, size_t panel, const size_t at[2], size_t count,
                         double *to) {
  const void *from = ntk_panel_at(A, panel);
  const size_t next = at[1];
  if (from == NULL)
    for (size_t k = 0; k < count; k++)
      to[k] = -0.0;
  else if (A->precision == NTK_PRECISION_FLOAT)
    for (size_t k = 0; k < count; k++)
      to[k] = ((const float *)from)[at[0] + k * next];
  else
    for (size_t k = 0; k < count; k++)
      to[k] = ((const double *)from)[at[0] + k * next];
}

void ntk_packed_row(const ntk_packed *A, size_t i, double *row) {
  const size_t rows = ntk_panel_rows(A->precision), own = i / rows;
  copy_entries(A, own, (const size_t[]){i % rows, rows}, i + 1, row);
  for (size_t j = i + 1; j < A->n;) {
    const size_t panel = j / rows, rest = A->n - j, left = rows - j % rows;
    const size_t count = left < rest ? left : rest;
    copy_entries(A, panel, (const size_t[]){i * rows + j % rows, 1}, count, row + j);
    j += count;
  }
  sum_over_ranks(A, A->n, row);
}
