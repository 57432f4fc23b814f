/* Two passes over the rows. The first finds ranges and means, the second sums squares of numbers
 * divided by a power of two near the largest, so that nothing overflows, and squared deviations
 * from the means, less what the means were off by (the corrected two-pass algorithm of Chan, Golub
 * and LeVeque, Amer. Statist. 1983). The effective rank (tr C)^2 / ||C||_F^2 is found from the
 * d x d covariance, added up piece by piece, or, for N < d and rows in memory, from the N x N Gram
 * matrix of the centred rows, column block by column block: the two have the same eigenvalues but
 * for zeros. O(N d min(N, d)). */
#include "fit/inspect/inspect.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>

enum { BLOCK = 256 }; /* columns at a time */

/* Steps beyond which the effective rank is not worth the wait. */
static const double MOST_STEPS = 1e12;
/* What netCDF writes for a missing value of float and double. */
static const double MISSING = 0x1.ep+122;

typedef struct measurement {
  const ntk_inspect_source *source;
  size_t rows;          /* of a piece */
  double *piece;        /* rows x d */
  double *mean;         /* d; of x scale */
  double *least, *most; /* d */
  double *off;          /* d: sums of x scale - mean */
  double *centred;      /* rows x d: deviations of the piece */
  double *C;            /* order x order, lower; NULL: not wanted */
  size_t order;
  double scale; /* a power of two: numbers are multiplied by it */
} measurement;

static ntk_status next_rows(const measurement *m, size_t done, const double **rows, size_t *count) {
  const ntk_inspect_source *s = m->source;
  if (s->X == NULL) {
    *rows = m->piece;
    return ntk_row_list_next(s->list, s->file, done, m->rows, m->piece, count);
  }
  *rows = s->X + done * s->d;
  *count = s->N - done < m->rows ? s->N - done : m->rows;
  return NTK_OK;
}

/* ---- The first pass -------------------------------------------------------------------------- */

typedef struct counts {
  size_t zeros, missing, parts; /* parts: numbers that are not whole */
  double smallest;
} counts;

static void count_numbers(const measurement *m, size_t count, const double *rows, counts *c) {
  const size_t d = m->source->d;
  for (size_t i = 0; i < count; i++)
    for (size_t j = 0; j < d; j++) {
      const double x = rows[i * d + j], size = fabs(x);
      m->least[j] = x < m->least[j] ? x : m->least[j];
      m->most[j] = x > m->most[j] ? x : m->most[j];
      if (size == 0.0)
        c->zeros++;
      else if (size < c->smallest)
        c->smallest = size;
      c->missing += x == MISSING;
      c->parts += x != floor(x);
    }
}

static ntk_status find_ranges(measurement *m, ntk_inspect_result *result, size_t *missing) {
  const size_t N = m->source->N, d = m->source->d;
  counts c = {.smallest = INFINITY};
  for (size_t j = 0; j < d; j++) {
    m->least[j] = INFINITY;
    m->most[j] = -INFINITY;
  }
  for (size_t done = 0, count = 0; done < N; done += count) {
    const double *rows = NULL;
    NTK_TRY(ntk_progress_report(m->source->context, "ranges", (double)done / (double)N));
    NTK_TRY(next_rows(m, done, &rows, &count));
    count_numbers(m, count, rows, &c);
  }
  result->least = INFINITY;
  result->most = -INFINITY;
  result->constant_columns = 0;
  for (size_t j = 0; j < d; j++) {
    result->least = fmin(result->least, m->least[j]);
    result->most = fmax(result->most, m->most[j]);
    result->constant_columns += m->least[j] == m->most[j];
  }
  int exponent = 0;
  (void)frexp(fmax(fabs(result->least), fabs(result->most)), &exponent);
  m->scale = ldexp(1.0, exponent < -1000 ? 1000 : -exponent);
  result->smallest = isinf(c.smallest) ? NAN : c.smallest;
  result->zeros = (double)c.zeros / ((double)N * (double)d);
  result->whole = c.parts == 0;
  *missing = c.missing;
  return NTK_OK;
}

static ntk_status find_means(measurement *m) {
  const size_t N = m->source->N, d = m->source->d;
  for (size_t j = 0; j < d; j++)
    m->mean[j] = 0.0;
  for (size_t done = 0, count = 0; done < N; done += count) {
    const double *rows = NULL;
    NTK_TRY(next_rows(m, done, &rows, &count));
    for (size_t i = 0; i < count; i++)
      for (size_t j = 0; j < d; j++)
        m->mean[j] += rows[i * d + j] * m->scale;
  }
  for (size_t j = 0; j < d; j++)
    if (m->least[j] == m->most[j])
      m->mean[j] = m->most[j] * m->scale; /* without a rounding: its deviations are 0 */
    else
      m->mean[j] /= (double)N;
  return NTK_OK;
}

/* ---- The second ------------------------------------------------------------------------------ */

/* Deviations of the piece into m->centred; sums of ||x||, ||x||^2 and squared deviations. */
static void sum_rows(const measurement *m, size_t count, const double *rows, double sums[3]) {
  const size_t d = m->source->d;
  for (size_t i = 0; i < count; i++) {
    double square = 0.0, deviations = 0.0;
    for (size_t j = 0; j < d; j++) {
      const double x = rows[i * d + j] * m->scale, deviation = x - m->mean[j];
      square += x * x;
      deviations += deviation * deviation;
      m->off[j] += deviation;
      m->centred[i * d + j] = deviation;
    }
    sums[0] += sqrt(square);
    sums[1] += square;
    sums[2] += deviations;
  }
}

static ntk_status find_moments(const measurement *m, ntk_data_moments *moments) {
  const size_t N = m->source->N, d = m->source->d;
  double sums[3] = {0.0, 0.0, 0.0};
  for (size_t j = 0; j < d; j++)
    m->off[j] = 0.0;
  for (size_t done = 0, count = 0; done < N; done += count) {
    const double *rows = NULL;
    NTK_TRY(ntk_progress_report(m->source->context, "moments", (double)done / (double)N));
    NTK_TRY(next_rows(m, done, &rows, &count));
    sum_rows(m, count, rows, sums);
    if (m->C != NULL && m->order == d)
      ntk_dsyrk('L', 'N', d, count, 1.0, m->centred, d, 1.0, m->C, d);
  }
  double off = 0.0;
  for (size_t j = 0; j < d; j++)
    off += m->off[j] * m->off[j] / (double)N;
  const double n = (double)N, size = (double)d, scale = m->scale;
  moments->norm = sums[0] / n / sqrt(size) / scale;
  moments->square = sums[1] / n / size / scale / scale;
  moments->spread = fmax(sums[2] - off, 0.0) / n / size / scale / scale;
  ntk_inspect_judge(moments);
  return NTK_OK;
}

/* C, N x N, of rows in memory. centred: room for BLOCK columns. */
static ntk_status add_gram(const measurement *m, double *centred) {
  const size_t N = m->source->N, d = m->source->d;
  for (size_t first = 0; first < d; first += BLOCK) {
    const size_t columns = d - first < BLOCK ? d - first : BLOCK;
    NTK_TRY(ntk_progress_report(m->source->context, "effective rank", (double)first / (double)d));
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < columns; j++)
        centred[i * columns + j] = m->source->X[i * d + first + j] * m->scale - m->mean[first + j];
    ntk_dsyrk('L', 'T', N, columns, 1.0, centred, columns, 1.0, m->C, N);
  }
  return NTK_OK;
}

/* (tr C)^2 / ||C||_F^2 by the lower triangle. */
static double participation(const double *C, size_t n) {
  double trace = 0.0, square = 0.0;
  for (size_t j = 0; j < n; j++) {
    double below = 0.0;
    trace += C[j * n + j];
    for (size_t i = j + 1; i < n; i++)
      below += C[j * n + i] * C[j * n + i];
    square += C[j * n + j] * C[j * n + j] + 2.0 * below;
  }
  return square > 0.0 ? trace / square * trace : NAN;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static bool rank_is_worth_it(const ntk_inspect_source *s) {
  const double N = (double)s->N, d = (double)s->d, least = fmin(N, d);
  return (s->N >= s->d || s->X != NULL) && N * d * least <= MOST_STEPS &&
         8.0 * least * (least + BLOCK) < 0.5 * (double)ntk_memory_available(s->context);
}

static ntk_status make_room(measurement *m, bool rank) {
  const ntk_inspect_source *s = m->source;
  m->rows = ntk_rows_a_piece(s->list->total, s->d);
  m->order = s->N < s->d ? s->N : s->d;
  NTK_TRY(ntk_alloc_doubles(s->context, m->rows * s->d, "rows of a file", &m->piece));
  NTK_TRY(ntk_alloc_doubles(s->context, m->rows * s->d, "rows of a file", &m->centred));
  NTK_TRY(ntk_alloc_doubles(s->context, s->d, "columns", &m->mean));
  NTK_TRY(ntk_alloc_doubles(s->context, s->d, "columns", &m->least));
  NTK_TRY(ntk_alloc_doubles(s->context, s->d, "columns", &m->most));
  NTK_TRY(ntk_alloc_doubles(s->context, s->d, "columns", &m->off));
  if (!rank || !rank_is_worth_it(s))
    return NTK_OK;
  size_t count = 0;
  NTK_TRY(ntk_size_multiply(m->order, m->order, "covariance", &count));
  NTK_TRY(ntk_alloc_doubles(s->context, count, "covariance", &m->C));
  for (size_t k = 0; k < count; k++)
    m->C[k] = 0.0;
  return NTK_OK;
}

static ntk_status finish_rank(const measurement *m, double *rank) {
  const ntk_inspect_source *s = m->source;
  *rank = NAN;
  if (m->C == NULL)
    return NTK_OK;
  if (m->order < s->d) {
    double *centred = NULL;
    NTK_TRY(ntk_alloc_doubles(s->context, s->N * BLOCK, "centred columns", &centred));
    const ntk_status status = add_gram(m, centred);
    ntk_free(s->context, centred);
    if (status != NTK_OK)
      return status;
  }
  *rank = participation(m->C, m->order);
  return NTK_OK;
}

ntk_status ntk_inspect_measure(const ntk_inspect_source *source, bool rank,
                               ntk_inspect_result *result, ntk_data_moments *moments,
                               size_t *missing) {
  ntk_context *context = source->context;
  measurement m = {.source = source};
  const int threads = ntk_blas_enter(ntk_team(context));
  ntk_status status = make_room(&m, rank);
  if (status == NTK_OK)
    status = find_ranges(&m, result, missing);
  if (status == NTK_OK)
    status = find_means(&m);
  if (status == NTK_OK)
    status = find_moments(&m, moments);
  if (status == NTK_OK && rank)
    status = finish_rank(&m, &result->effective_rank);
  ntk_blas_leave(threads);
  double *const arrays[] = {m.piece, m.centred, m.mean, m.least, m.most, m.off, m.C};
  for (size_t k = 0; k < sizeof arrays / sizeof arrays[0]; k++)
    ntk_free(context, arrays[k]);
  return status;
}
