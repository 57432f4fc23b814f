/* Shifted Cholesky in rounds (Fukaya, Kannan, Nakatsukasa, Yamamoto and Yanagisawa, SIAM J. Sci.
 * Comput. 42, 2020, of the columns of a tall matrix; here of the rows of J):
 *
 *   T T^T = K + s I                    s above the rounding of K
 *   K' = (T^{-1} J) (T^{-1} J)^T       a round: blocks of columns of J, 2 N^2 P flops
 *   T <- T L',  L' L'^T = K' (+ s' I)  until a K' has a factor without s', and is well conditioned
 *
 * so that K = T T^T in the end. T is a means: K = T K' T^T whatever it is. Each solve is exact for
 * J + E, |E| at most u |T| |T^{-1} J|, so that nothing but rounding of J's own size is lost, where
 * K itself is rounded by u ||J||^2. J is never there as a whole: some columns are made, solved with
 * and multiplied out. T and K' share one square, T below its diagonal and K' above.
 *
 * Columns are dealt in chunks and K' in tiles whose sizes depend on N alone: the bits do not depend
 * on the number of threads. */
#include "kernel/resolve/rounds.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/certificate.h"
#include "spectrum/eigen.h"

#include <float.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum { CHUNK = 128, FEWEST = 4, MOST = 24, TILE = 256 };

/* An L' L'^T of a smallest eigenvalue below it is not known well enough to be the last. */
static const double WELL = 1e-9;

typedef struct square {
  ntk_context *context;
  const ntk_columns *J;
  size_t n, ld;   /* rows; n + 1 */
  double *A;      /* n columns of n + 1 */
  size_t columns; /* of J at a time */
  double *Y;      /* those, n rows of them */
  double *scratch;
  ntk_packed *P;
  ntk_watch watch;
} square;

static size_t columns_at_once(size_t n) {
  const size_t chunks = n / 2 / CHUNK;
  return CHUNK * (chunks < FEWEST ? FEWEST : chunks > MOST ? MOST : chunks);
}

static double *lower(const square *s, size_t i, size_t j) {
  return s->A + 1 + i + j * s->ld;
}
static double *upper(const square *s, size_t i, size_t j) {
  return s->A + i + j * s->ld;
}

static size_t tiles_of(const square *s) {
  return (s->n + TILE - 1) / TILE;
}

/* Tile t of those on and above the diagonal, column by column. */
static void tile_at(size_t t, size_t *i, size_t *j) {
  *j = (size_t)((sqrt(8.0 * (double)t + 1.0) - 1.0) / 2.0);
  while (*j * (*j + 1) / 2 > t)
    --*j;
  while ((*j + 1) * (*j + 2) / 2 <= t)
    ++*j;
  *i = t - *j * (*j + 1) / 2;
}

/* Bytes of the square, of columns and of what threads work in; the packed matrix. */
double ntk_rounds_bytes(const ntk_context *context, size_t rows) {
  size_t packed = 0;
  const double n = (double)rows, side = fmin(n, TILE);
  const bool held = ntk_packed_bytes(rows, NTK_PRECISION_DOUBLE, &packed) == NTK_OK;
  const double work = fmax(n * (double)columns_at_once(rows),
                           (double)context->threads * side * fmax(n, 3.0 * side));
  return held ? 8.0 * (n * (n + 1.0) + work) + fmax((double)packed, 0.0) +
                    (double)ntk_eigen_bytes(rows)
              : INFINITY;
}

/* ---- T --------------------------------------------------------------------------------------- */

/* The first K' is K. */
static ntk_status make_kernel(square *s) {
  const size_t tiles = tiles_of(s), count = tiles * (tiles + 1) / 2;
  const size_t side = ntk_piece(s->n, 0, TILE);
#pragma omp parallel for schedule(dynamic) num_threads(ntk_team(s->context))
  for (size_t t = 0; t < count; t++) {
    size_t i, j;
    double *C = s->Y + 3 * side * side * (size_t)omp_get_thread_num();
    tile_at(t, &i, &j);
    const size_t m = ntk_piece(s->n, i * TILE, TILE), n = ntk_piece(s->n, j * TILE, TILE);
    if (!ntk_watch_on(&s->watch, (double)t / (double)count))
      continue;
    ntk_columns_gram(s->J, i * TILE, m, j * TILE, n, C, m, C + m * n);
    for (size_t c = 0; c < n; c++)
      memcpy(upper(s, i * TILE, j * TILE + c), C + c * m, (i < j ? m : c + 1) * sizeof(double));
  }
  return s->watch.status;
}

/* L' of K' + shift I into P; NTK_ERR_NUMERIC. */
static ntk_status factor(square *s, double shift) {
  for (size_t j = 0; j < s->n; j++)
    for (size_t i = 0; i <= j; i++)
      ntk_packed_set(s->P, j, i, *upper(s, i, j));
  return ntk_packed_factor(s->P, -shift);
}

static double trace(const square *s) {
  double sum = 0.0;
  for (size_t i = 0; i < s->n; i++)
    sum += *upper(s, i, i);
  return sum;
}

/* T = L', L' being in P. */
static void take_factor(square *s) {
  for (size_t j = 0; j < s->n; j++)
    for (size_t i = j; i < s->n; i++)
      *lower(s, i, j) = ntk_packed_get(s->P, i, j);
}

/* Rows of T L', of which L'^T is above the diagonal: room: rows x n. */
static void multiply_rows(square *s, size_t first, size_t rows, double *room) {
  const size_t columns = first + rows;
  for (size_t j = 0; j < columns; j++)
    for (size_t r = 0; r < rows; r++)
      room[r + j * rows] = j <= first + r ? *lower(s, first + r, j) : 0.0;
  ntk_dtrmm('R', 'U', 'T', rows, columns, upper(s, 0, 0), s->ld, room, rows);
  for (size_t j = 0; j < columns; j++)
    for (size_t r = j > first ? j - first : 0; r < rows; r++)
      *lower(s, first + r, j) = room[r + j * rows];
}

/* T <- T L'. */
static ntk_status multiply_factor(square *s) {
  const size_t tiles = tiles_of(s), side = ntk_piece(s->n, 0, TILE);
  for (size_t j = 0; j < s->n; j++)
    for (size_t i = 0; i <= j; i++)
      *upper(s, i, j) = ntk_packed_get(s->P, j, i);
#pragma omp parallel for schedule(dynamic) num_threads(ntk_team(s->context))
  for (size_t t = 0; t < tiles; t++)
    if (ntk_watch_on(&s->watch, 1.0))
      multiply_rows(s, t * TILE, ntk_piece(s->n, t * TILE, TILE),
                    s->Y + side * s->n * (size_t)omp_get_thread_num());
  return s->watch.status;
}

/* ---- A round --------------------------------------------------------------------------------- */

/* Tile t of K' += Y Y^T, of so many columns. */
static void add_tile(square *s, size_t t, size_t columns, bool first) {
  size_t i, j;
  tile_at(t, &i, &j);
  const double *Y = s->Y, beta = first ? 0.0 : 1.0;
  const size_t m = ntk_piece(s->n, i * TILE, TILE), n = ntk_piece(s->n, j * TILE, TILE);
  double *C = upper(s, i * TILE, j * TILE);
  const double *Yi = Y + i * TILE * s->columns, *Yj = Y + j * TILE * s->columns;
  if (i == j)
    ntk_dsyrk('U', 'T', n, columns, 1.0, Yj, s->columns, beta, C, s->ld);
  else
    ntk_dgemm('T', 'N', m, n, columns, 1.0, Yi, s->columns, Yj, s->columns, beta, C, s->ld);
}

/* K' of T. */
static ntk_status make_round(square *s) {
  const size_t tiles = tiles_of(s) * (tiles_of(s) + 1) / 2, all = s->J->count;
#pragma omp parallel num_threads(ntk_team(s->context))
  for (size_t first = 0; first < all; first += s->columns) {
    const size_t columns = ntk_piece(all, first, s->columns);
    const double done = (double)first / (double)all, part = 0.5 * (double)columns / (double)all;
#pragma omp for schedule(dynamic)
    for (size_t c = 0; c < columns; c += CHUNK)
      if (ntk_watch_on(&s->watch, done + part * (double)c / (double)columns)) {
        const size_t count = ntk_piece(columns, c, CHUNK);
        ntk_columns_take(s->J, first + c, count, s->Y + c, s->columns);
        ntk_dtrsm('R', 'L', 'T', count, s->n, lower(s, 0, 0), s->ld, s->Y + c, s->columns);
      }
#pragma omp for schedule(dynamic)
    for (size_t t = 0; t < tiles; t++)
      if (ntk_watch_on(&s->watch, done + part * (1.0 + (double)t / (double)tiles)))
        add_tile(s, t, columns, first == 0);
  }
  return s->watch.status;
}

static ntk_status solve(void *user, double *V, size_t m) {
  return ntk_packed_solve(user, V, m);
}

/* The smallest eigenvalue of L' L'^T, to a tenth. v: n. */
static ntk_status smallest(const square *s, double *v, double *value) {
  const ntk_operator A = {.n = s->n, .solve = solve, .user = s->P};
  ntk_eigenpair pair;
  NTK_TRY(ntk_eigen_smallest(s->context, &A, 0.1, 0, &pair, v));
  *value = pair.value;
  return NTK_OK;
}

/* K' is made; T <- T L'. *last: as it should be. */
static ntk_status end_round(square *s, bool *last) {
  double value = 0.0;
  ntk_status status = factor(s, 0.0);
  if (status == NTK_OK)
    status = smallest(s, s->Y, &value);
  *last = status == NTK_OK && value > WELL;
  if (status == NTK_ERR_NUMERIC) {
    const double sums = DBL_EPSILON * (2.0 + 0.5 * sqrt((double)s->J->count));
    const double t = trace(s);
    status = isfinite(t) ? factor(s, ntk_cholesky_bound(s->n, t) + sums * t) : NTK_ERR_NUMERIC;
  }
  return status == NTK_OK ? multiply_factor(s) : status;
}

static ntk_status run_rounds(square *s, double noise, bool *complete, int *rounds) {
  NTK_TRY(make_kernel(s));
  NTK_TRY(factor(s, noise));
  take_factor(s);
  while (!*complete && *rounds < NTK_ROUNDS_MOST) {
    NTK_TRY(make_round(s));
    ++*rounds;
    NTK_TRY(end_round(s, complete));
  }
  for (size_t j = 0; j < s->n; j++)
    for (size_t i = j; i < s->n; i++)
      ntk_packed_set(s->P, i, j, *lower(s, i, j));
  s->P->leading = s->n;
  return NTK_OK;
}

ntk_status ntk_rounds_factor(const ntk_columns *J, double noise, ntk_packed *M, bool *complete,
                             int *rounds) {
  const size_t n = J->rows, side = ntk_piece(n, 0, TILE), columns = columns_at_once(n);
  const size_t team = (size_t)J->context->threads,
               of_tile = team * side * (n > 3 * side ? n : 3 * side);
  square s = {.context = J->context,
              .J = J,
              .n = n,
              .ld = n + 1,
              .columns = columns,
              .P = M,
              .watch = {.context = J->context, .phase = "resolving"}};
  size_t entries = 0;
  *complete = false;
  *rounds = 0;
  NTK_TRY(ntk_size_multiply(n, n + 1, "the kernel", &entries));
  NTK_TRY(ntk_packed_create(J->context, n, NTK_PRECISION_DOUBLE, NULL, M));
  ntk_status status = ntk_alloc_doubles(J->context, entries, "the kernel", &s.A);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(J->context, columns * n > of_tile ? columns * n : of_tile,
                               "columns of the Jacobian", &s.Y);
  const int previous = ntk_blas_enter(1);
  if (status == NTK_OK)
    status = run_rounds(&s, noise, complete, rounds);
  ntk_blas_leave(previous);
  ntk_free(J->context, s.A);
  ntk_free(J->context, s.Y);
  if (status == NTK_ERR_NUMERIC) /* not complete */
    status = NTK_OK;
  if (status != NTK_OK)
    ntk_packed_destroy(M);
  return status;
}
