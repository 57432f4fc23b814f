/* rounds.c's method in double-double: U^T U = K + s I, K' = (U^{-T} J)(U^{-T} J)^T, U'^T U' = K', U
 * <- U' U. K is rounded by 2^-100 or so of itself, and J by what its features are, 2^-90: a K of
 * condition 1e28 needs no shift, and one round is enough to 1e40 and beyond. */
#include "kernel/resolve/exact.h"

#include "base/memory.h"
#include "kernel/kernel.h"
#include "kernel/resolve/gram.h"
#include "kernel/resolve/rayleigh.h"
#include "kernel/resolve/triangle.h"
#include "spectrum/eigen.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { COLUMNS = 512, CHUNK = 64, MOST_ROUNDS = 4, SHIFTS = 10 };

/* Of a trace: the rounding of sums; and pivots of K' below which there is another round. */
static const double SUMS = 0x1p-98, WELL = 1e-18;

typedef struct work {
  ntk_context *context;
  const ntk_columns *J;
  size_t n;
  ntk_exact_entries U, K; /* K, K', and U' in its place */
  ntk_exact_entries W;    /* n x n: Gram matrices, U' U */
  ntk_exact_entries Y, Z; /* n x COLUMNS; and its transpose */
  ntk_watch watch;
} work;

/* Numbers: U, K, W; Y, Z; four vectors. */
static double numbers_of(double n) {
  return 2.0 * (3.0 * n * n + 2.0 * n * COLUMNS + 4.0 * n);
}

double ntk_exact_bytes(const ntk_context *context, const ntk_network_spec *spec,
                       ntk_outputs outputs, size_t N) {
  const size_t rows = ntk_kernel_rows(spec, outputs, N);
  return rows > NTK_EXACT_ROWS ? 0.0
                               : 8.0 * numbers_of((double)rows) +
                                     fmax(fmax((double)ntk_eigen_bytes(rows),
                                               ntk_rayleigh_bytes(context, spec, outputs, N)),
                                          ntk_exact_gram_bytes(context, spec, outputs, N));
}

static ntk_status make_kernel(work *w) {
  double *room = NULL;
  NTK_TRY(
      ntk_alloc_doubles(w->context, (size_t)ntk_exact_gram_numbers(w->J), "double-double", &room));
  const ntk_status status = ntk_exact_gram(w->J, room, &w->watch, w->K);
  ntk_free(w->context, room);
  return status;
}

static double trace(const work *w) {
  double sum = 0.0;
  for (size_t i = 0; i < w->n; i++)
    sum += w->K.hi[i * w->n + i];
  return sum;
}

/* ---- Rounds ---------------------------------------------------------------------------------- */

/* Columns (a, c) of J from the first on: to Y from column c on. */
static void take_columns(const work *w, size_t first, size_t count, size_t at) {
  const ntk_columns *J = w->J;
  const ntk_columns_block *k = J->block;
  for (size_t e = 0; e < count; e++, first++) {
    k = ntk_columns_block_of(k, first);
    const size_t a = (first - k->first) / k->out, c = (first - k->first) % k->out;
    const bool bias = k->b > 0.0 && a + 1 == k->in;
    double one = 1.0, square[2] = {bias ? k->b : k->a, 0.0}, root[2];
    ntk_exact_root(square, root);
    for (size_t r = 0; r < w->n; r++) {
      const ntk_exact_entries y = ntk_exact_at(w->Y, r * COLUMNS + at + e);
      const size_t f = r / J->per * k->width + a;
      ntk_exact_times(1, bias ? (ntk_exact_entries){&one, NULL} : ntk_exact_at(k->F, f),
                      (ntk_exact_entries){&root[0], &root[1]}, y);
      if (k->B.hi != NULL)
        ntk_exact_times(1, y, ntk_exact_at(k->B, r * k->out + c), y);
    }
  }
}

/* U^{-T} of columns, and their transpose in Z. */
static void solve_columns(const work *w, size_t at, size_t count) {
  ntk_triangle_forward(w->n, w->U, count, ntk_exact_at(w->Y, at), COLUMNS);
  for (size_t r = 0; r < w->n; r++)
    for (size_t e = 0; e < count; e++) {
      w->Z.hi[(at + e) * w->n + r] = w->Y.hi[r * COLUMNS + at + e];
      w->Z.lo[(at + e) * w->n + r] = w->Y.lo[r * COLUMNS + at + e];
    }
}

static ntk_status make_round(work *w) {
  const size_t all = w->J->count;
#pragma omp parallel num_threads(ntk_team(w->context))
  for (size_t first = 0; first < all; first += COLUMNS) {
    const size_t columns = ntk_piece(all, first, COLUMNS);
    const double done = (double)first / (double)all;
#pragma omp for schedule(dynamic)
    for (size_t at = 0; at < columns; at += CHUNK)
      if (ntk_watch_on(&w->watch, done)) {
        take_columns(w, first + at, ntk_piece(columns, at, CHUNK), at);
        solve_columns(w, at, ntk_piece(columns, at, CHUNK));
      }
    ntk_triangle_gram(w->n, w->Z, columns, first > 0, w->K, &w->watch, done);
  }
  return w->watch.status;
}

/* U' of K', which the factorisation uses up, with a shift where it has none. *well: without, and
 * far from singular. */
static ntk_status factor(work *w, bool *well) {
  const size_t bytes = w->n * w->n * sizeof(double);
  const double t = trace(w);
  if (!isfinite(t))
    return NTK_ERR_NUMERIC;
  memcpy(w->W.hi, w->K.hi, bytes);
  memcpy(w->W.lo, w->K.lo, bytes);
  ntk_status status = ntk_triangle_factor(w->context, w->n, 0.0, w->K);
  *well = status == NTK_OK;
  for (size_t i = 0; i < w->n && *well; i++)
    *well = w->K.hi[i * w->n + i] * w->K.hi[i * w->n + i] > WELL * t;
  double shift = SUMS * t;
  for (int tries = 0; status == NTK_ERR_NUMERIC && tries < SHIFTS; tries++) {
    memcpy(w->K.hi, w->W.hi, bytes);
    memcpy(w->K.lo, w->W.lo, bytes);
    status = ntk_triangle_factor(w->context, w->n, shift, w->K);
    shift *= 16.0;
  }
  return status;
}

/* Until U^T U is K. */
static ntk_status run_rounds(work *w, ntk_exact_ends *ends) {
  const size_t bytes = w->n * w->n * sizeof(double);
  NTK_TRY(make_kernel(w));
  NTK_TRY(factor(w, &ends->found));
  memcpy(w->U.hi, w->K.hi, bytes);
  memcpy(w->U.lo, w->K.lo, bytes);
  while (!ends->found && ends->rounds < MOST_ROUNDS) {
    ++ends->rounds;
    NTK_TRY(make_round(w));
    NTK_TRY(factor(w, &ends->found));
    ntk_triangle_product(w->context, w->n, w->K, w->U, w->W);
    const ntk_exact_entries swap = w->U;
    w->U = w->W;
    w->W = swap;
  }
  return NTK_OK;
}

/* ---- lambda_min ------------------------------------------------------------------------------ */

/* x <- K^{-1} x. */
static void solve_exact(const work *w, ntk_exact_entries x) {
  ntk_triangle_forward(w->n, w->U, 1, x, 1);
  ntk_triangle_back(w->n, w->U, x);
}

/* m vectors in double; the factor's own precision is kept within. */
static ntk_status solve(void *user, double *V, size_t m) {
  const work *w = user;
  for (size_t c = 0; c < m; c++) {
    const ntk_exact_entries x = {V + c * w->n, w->Y.lo};
    memset(x.lo, 0, w->n * sizeof(double));
    solve_exact(w, x);
  }
  return ntk_progress_poll(w->context, "resolving", 1.0);
}

/* sqrt(value) |U v - value U^{-T} v|. */
static double residual_of(const work *w, ntk_exact_entries v, double value, ntk_exact_entries y,
                          ntk_exact_entries z) {
  double sum = 0.0;
  memcpy(y.hi, v.hi, w->n * sizeof(double));
  memcpy(y.lo, v.lo, w->n * sizeof(double));
  ntk_triangle_forward(w->n, w->U, 1, y, 1);
  ntk_triangle_multiply(w->n, w->U, v, z);
  for (size_t i = 0; i < w->n; i++) {
    const double d = (z.hi[i] - value * y.hi[i]) + z.lo[i];
    sum += d * d;
  }
  return sqrt(value * sum);
}

/* Lanczos' vector is good to u; two solves in double-double make it good to the factor's own. */
static ntk_status find(work *w, double *v, ntk_exact_ends *ends) {
  const size_t n = w->n;
  const ntk_operator A = {.n = n, .solve = solve, .user = w};
  const ntk_exact_entries x = {w->Z.hi, w->Z.lo}, y = ntk_exact_at(x, n),
                          z = ntk_exact_at(x, 2 * n);
  ntk_eigenpair pair;
  double value[2] = {0.0};
  NTK_TRY(ntk_eigen_smallest(w->context, &A, ends->tolerance, ends->seed, &pair, v));
  memcpy(x.hi, v, n * sizeof(double));
  memset(x.lo, 0, n * sizeof(double));
  for (int step = 0; step < 2; step++) {
    solve_exact(w, x);
    ntk_exact_normalise(n, x);
  }
  memcpy(v, x.hi, n * sizeof(double));
  ntk_rayleigh R;
  ntk_status status = ntk_rayleigh_create(w->J, &R);
  if (status == NTK_OK)
    status = ntk_rayleigh_find(&R, x, value, NULL);
  ntk_rayleigh_destroy(&R);
  NTK_TRY(status);
  ends->solves = pair.applications + 2;
  ends->value = value[0];
  ends->residual = residual_of(w, x, value[0], y, z);
  return NTK_OK;
}

static ntk_exact_entries slice(double **next, size_t numbers) {
  const ntk_exact_entries made = {*next, *next + numbers};
  *next += 2 * numbers;
  return made;
}

ntk_status ntk_exact_smallest(const ntk_columns *J, double *v, ntk_exact_ends *ends) {
  const size_t n = J->rows;
  work w = {.context = J->context,
            .J = J,
            .n = n,
            .watch = {.context = J->context, .phase = "resolving in double-double"}};
  double *storage = NULL;
  NTK_TRY(ntk_alloc_doubles(J->context, (size_t)numbers_of((double)n), "double-double", &storage));
  double *next = storage;
  w.U = slice(&next, n * n);
  w.K = slice(&next, n * n);
  w.W = slice(&next, n * n);
  w.Y = slice(&next, n * COLUMNS);
  w.Z = slice(&next, n * COLUMNS);
  ends->found = false;
  ends->rounds = 0;
  ntk_status status = run_rounds(&w, ends);
  if (status == NTK_OK && ends->found)
    status = find(&w, v, ends);
  ntk_free(J->context, storage);
  if (status != NTK_ERR_NUMERIC)
    return status;
  ends->found = false;
  return NTK_OK;
}
