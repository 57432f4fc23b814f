/* Triangular solves with the packed Cholesky factor, L y = b and L^T x = y:
 *
 *   forward    L11 y1 = b1,  y2 = L22^{-1} (b2 - L21 y1)
 *   backward   x2 = L22^{-T} y2,  L11^T x1 = y1 - L21^T x2
 *
 * The cost is reading the factor (4 n^2 bytes) from memory once each way, so up to four vectors go
 * together. A triangle is solved in blocks of columns: one thread does the block on the diagonal,
 * all of them the panel beside it. The blocks are wide, to have few barriers, and a barrier here
 * gives up the processor when it has to wait: OpenMP's own spins, which on a busy machine costs a
 * time slice each. Within a block, narrower ones keep the right-hand sides in cache. Each entry of
 * the result is computed by one thread in a fixed order: the bits do not depend on the number of
 * threads. */
#include "spectrum/packed.h"

#include "spectrum/panel.h"

#include <omp.h>
#include <sched.h>
#include <stdatomic.h>

enum { TEAM_BLOCK = 768, BLOCK = 32, SPINS = 2000 };

/* Where the threads of a parallel region wait for each other. Zeroed before the region. */
typedef struct barrier {
  atomic_int arrived;
  atomic_uint phase;
} barrier;

static void wait_for_team(barrier *b) {
  const unsigned phase = atomic_load(&b->phase);
  if (atomic_fetch_add(&b->arrived, 1) + 1 == omp_get_num_threads()) {
    atomic_store(&b->arrived, 0);
    atomic_fetch_add(&b->phase, 1);
    return;
  }
  for (int spin = 0; atomic_load(&b->phase) == phase; spin++)
    if (spin >= SPINS)
      sched_yield();
}

/* The calling thread's part [*first, *last) of count, in multiples of 8 but at the end. */
static void my_part(size_t count, size_t *first, size_t *last) {
  const size_t threads = (size_t)omp_get_num_threads(), me = (size_t)omp_get_thread_num();
  const size_t part = (count + 8 * threads - 1) / (8 * threads) * 8;
  *first = me * part < count ? me * part : count;
  *last = *first + part < count ? *first + part : count;
}

/* Y (rows x m) -= A X, rows shared among the team; ends with a barrier. */
static void team_subtract(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                          const double *X, double *Y, size_t ldv, barrier *team) {
  size_t first, last;
  my_part(rows, &first, &last);
  if (first < last)
    ntk_panel_subtract(last - first, columns, A + first, lda, m, X, ldv, Y + first, ldv);
  wait_for_team(team);
}

/* Y (columns x m) -= A^T X, columns shared among the team; ends with a barrier. */
static void team_subtract_transposed(size_t rows, size_t columns, const double *A, size_t lda,
                                     size_t m, const double *X, double *Y, size_t ldv,
                                     barrier *team) {
  size_t first, last;
  my_part(columns, &first, &last);
  if (first < last)
    ntk_panel_subtract_transposed(rows, last - first, A + first * lda, lda, m, X, ldv, Y + first,
                                  ldv);
  wait_for_team(team);
}

/* ---- One vector, one small triangle T (n x n, column-major), one thread ---- */

typedef void small_fn(size_t n, const double *T, size_t ld, double *v);

/* v <- T^{-1} v, T lower. */
static void small_lower(size_t n, const double *T, size_t ld, double *v) {
  for (size_t j = 0; j < n; j++) {
    v[j] /= T[j + j * ld];
    for (size_t i = j + 1; i < n; i++)
      v[i] -= T[i + j * ld] * v[j];
  }
}

/* v <- T^{-T} v, T lower. */
static void small_lower_transposed(size_t n, const double *T, size_t ld, double *v) {
  for (size_t j = n; j-- > 0;) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = j + 1; i < n; i++)
      sum += T[i + j * ld] * v[i];
    v[j] = (v[j] - sum) / T[j + j * ld];
  }
}

/* v <- T^{-1} v, T upper. */
static void small_upper(size_t n, const double *T, size_t ld, double *v) {
  for (size_t j = n; j-- > 0;) {
    v[j] /= T[j + j * ld];
    for (size_t i = 0; i < j; i++)
      v[i] -= T[i + j * ld] * v[j];
  }
}

/* v <- T^{-T} v, T upper. */
static void small_upper_transposed(size_t n, const double *T, size_t ld, double *v) {
  for (size_t j = 0; j < n; j++) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < j; i++)
      sum += T[i + j * ld] * v[i];
    v[j] = (v[j] - sum) / T[j + j * ld];
  }
}

/* ---- A triangle in blocks ---- */

/* T (n x n, ld) and m vectors of leading dimension ldv; run by every thread of a team, or by one
 * thread alone (team NULL). */
typedef struct triangle {
  size_t n, ld;
  const double *T;
  size_t m, ldv;
  double *V;
  barrier *team;
} triangle;

typedef void solve_fn(const triangle *t);
static solve_fn lower, lower_transposed, upper, upper_transposed;

static size_t block_of(const triangle *t) {
  return t->team != NULL ? TEAM_BLOCK : BLOCK;
}

/* The block [j, j + b) on the diagonal: a team leaves it to one of its threads, which cuts it
 * again; one thread solves it vector by vector. */
static void diagonal(const triangle *t, size_t j, size_t b, solve_fn *again, small_fn *small) {
  const double *T = t->T + j + j * t->ld;
  double *V = t->V + j;
  if (t->team != NULL) {
    if (omp_get_thread_num() == 0) {
      const triangle part = {b, t->ld, T, t->m, t->ldv, V, NULL};
      again(&part);
    }
    wait_for_team(t->team);
    return;
  }
  for (size_t c = 0; c < t->m; c++)
    small(b, T, t->ld, V + c * t->ldv);
}

/* V[y..y+rows) -= A V[x..x+columns) for the panel A of the triangle at row y, column x. */
static void panel(const triangle *t, size_t rows, size_t columns, size_t y, size_t x) {
  const double *A = t->T + y + x * t->ld;
  if (t->team != NULL)
    team_subtract(rows, columns, A, t->ld, t->m, t->V + x, t->V + y, t->ldv, t->team);
  else if (rows > 0)
    ntk_panel_subtract(rows, columns, A, t->ld, t->m, t->V + x, t->ldv, t->V + y, t->ldv);
}

/* V[y..y+columns) -= A^T V[x..x+rows) for the panel A of the triangle at row x, column y. */
static void panel_transposed(const triangle *t, size_t rows, size_t columns, size_t y, size_t x) {
  const double *A = t->T + x + y * t->ld;
  if (t->team != NULL)
    team_subtract_transposed(rows, columns, A, t->ld, t->m, t->V + x, t->V + y, t->ldv, t->team);
  else if (rows > 0)
    ntk_panel_subtract_transposed(rows, columns, A, t->ld, t->m, t->V + x, t->ldv, t->V + y,
                                  t->ldv);
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* V <- T^{-1} V, T lower: top to bottom, each block at once taken from the rows below it. */
static void lower(const triangle *t) {
  const size_t block = block_of(t);
  for (size_t j = 0; j < t->n; j += block) {
    const size_t b = smaller(block, t->n - j);
    diagonal(t, j, b, lower, small_lower);
    panel(t, t->n - j - b, b, j + b, j);
  }
}

/* V <- T^{-T} V, T upper: top to bottom, the rows above taken from each block. */
static void upper_transposed(const triangle *t) {
  const size_t block = block_of(t);
  for (size_t j = 0; j < t->n; j += block) {
    const size_t b = smaller(block, t->n - j);
    panel_transposed(t, j, b, j, 0);
    diagonal(t, j, b, upper_transposed, small_upper_transposed);
  }
}

/* V <- T^{-1} V, T upper: bottom to top. */
static void upper(const triangle *t) {
  const size_t block = block_of(t);
  for (size_t end = t->n; end > 0;) {
    const size_t j = (end - 1) / block * block;
    diagonal(t, j, end - j, upper, small_upper);
    panel(t, j, end - j, 0, j);
    end = j;
  }
}

/* V <- T^{-T} V, T lower: bottom to top. */
static void lower_transposed(const triangle *t) {
  const size_t block = block_of(t);
  for (size_t end = t->n; end > 0;) {
    const size_t j = (end - 1) / block * block;
    panel_transposed(t, t->n - end, end - j, j, end);
    diagonal(t, j, end - j, lower_transposed, small_lower_transposed);
    end = j;
  }
}

/* `count` vectors that go together, by a team. */
static void solve(const ntk_packed *L, double *V, size_t count) {
  const int threads = L->n < NTK_PACKED_THREADS ? 1 : ntk_team(L->context);
  double *v1 = V, *v2 = V + L->n1;
  barrier team = {0};
#pragma omp parallel num_threads(threads)
  {
    const triangle t1 = {L->n1, L->ld, L->lower, count, L->n, v1, &team};
    const triangle t2 = {L->n2, L->ld, L->upper, count, L->n, v2, &team};
    lower(&t1);
    team_subtract(L->n2, L->n1, L->rectangle, L->ld, count, v1, v2, L->n, &team);
    upper_transposed(&t2); /* L22^{-1}: L22 is stored transposed */
    upper(&t2);
    team_subtract_transposed(L->n2, L->n1, L->rectangle, L->ld, count, v2, v1, L->n, &team);
    lower_transposed(&t1);
  }
}

ntk_status ntk_packed_solve(const ntk_packed *L, double *V, size_t m) {
  for (size_t c = 0; c < m; c += NTK_PANEL_VECTORS) {
    if (c > 0)
      NTK_TRY(ntk_progress_poll(L->context, "solves with the factor", (double)c / (double)m));
    solve(L, V + c * L->n, smaller(NTK_PANEL_VECTORS, m - c));
  }
  return NTK_OK;
}
