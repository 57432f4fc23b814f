/* Triangular solves with the packed Cholesky factor, L y = b and L^T x = y, by groups of panels:
 *
 *   forward    y_g = L_gg^{-1} (b_g - sum_{h < g} L_gh y_h),     g = 0, 1, ...
 *   backward   x_g = L_gg^{-T} (y_g - sum_{h > g} L_hg^T x_h),   g = ..., 1, 0
 *
 * The cost is reading the factor from memory once each way, so up to four vectors go together.
 * Threads take groups in this order and wait for the ones they read, which were taken before; a
 * wait gives up the processor: on a busy machine one that spins costs a time slice. Each group is
 * one thread's and its sums are made in one order: the bits do not depend on the number of threads.
 */
#include "spectrum/packed_group.h"
#include "spectrum/wait.h"

#include <omp.h>

/* One way through the factor. */
typedef struct sweep {
  const ntk_packed *L;
  size_t P, groups, m;
  double *V;
  atomic_size_t next, done; /* groups taken, and the first so many that are done */
  ntk_watch *watch;
} sweep;

/* False: they never will be. */
static bool wait_for(sweep *s, size_t count) {
  for (int spin = 0; atomic_load_explicit(&s->done, memory_order_acquire) < count; spin++) {
    if (atomic_load(&s->watch->stopped))
      return false;
    ntk_wait_spin(spin);
  }
  return true;
}

/* Solves with L_pp, or its transpose, for rows that there are; Y: P x m. */
static void triangle(const sweep *s, size_t p, bool transposed, double *Y) {
  const size_t first = p * s->P, rows = s->L->n - first < s->P ? s->L->n - first : s->P;
  const ntk_piece block = ntk_piece_of(s->L, p, first, first + rows);
  ntk_stream_triangle(&block, transposed, s->m, Y);
}

static void forward_group(sweep *s, size_t g) {
  const ntk_packed *L = s->L;
  const size_t P = s->P, begin = g * (NTK_GROUP / P), end = ntk_group_end(L, g);
  ntk_group_vectors Y;
  for (size_t p = begin; p < end; p++)
    ntk_panel_load(L, p, s->m, s->V, Y + (p - begin) * P * s->m);
  for (size_t h = 0; h < g; h++) {
    if (!wait_for(s, h + 1))
      return;
    for (size_t p = begin; p < end; p++) {
      const ntk_piece piece = ntk_piece_of(L, p, h * NTK_GROUP, (h + 1) * NTK_GROUP);
      ntk_stream_rows(&piece, s->m, s->V + h * NTK_GROUP, L->n, Y + (p - begin) * P * s->m);
    }
  }
  for (size_t p = begin; p < end; p++) {
    double *Y_p = Y + (p - begin) * P * s->m;
    const ntk_piece piece = ntk_piece_of(L, p, begin * P, p * P);
    ntk_stream_rows(&piece, s->m, s->V + begin * P, L->n, Y_p);
    triangle(s, p, false, Y_p);
    ntk_panel_store(L, p, s->m, Y_p, s->V);
  }
}

static void backward_group(sweep *s, size_t g) {
  const ntk_packed *L = s->L;
  const size_t P = s->P, begin = g * (NTK_GROUP / P), end = ntk_group_end(L, g);
  double *V = s->V + g * NTK_GROUP, X[NTK_PIECE_ROWS * NTK_PACKED_VECTORS];
  ntk_group_sums S;
  memset(S, 0, sizeof S);
  for (size_t h = s->groups; --h > g;) {
    if (!wait_for(s, s->groups - h))
      return;
    for (size_t p = h * (NTK_GROUP / P); p < ntk_group_end(L, h); p++) {
      const ntk_piece piece = ntk_piece_of(L, p, g * NTK_GROUP, (g + 1) * NTK_GROUP);
      ntk_panel_load(L, p, s->m, s->V, X);
      ntk_stream_columns(&piece, s->m, X, S);
    }
  }
  if (g + 1 < s->groups)
    ntk_stream_reduce(NTK_GROUP, s->m, S, V, L->n);
  for (size_t p = end; p-- > begin;) {
    const size_t columns = (p - begin) * P;
    const ntk_piece piece = ntk_piece_of(L, p, begin * P, p * P);
    ntk_panel_load(L, p, s->m, s->V, X);
    triangle(s, p, true, X);
    ntk_panel_store(L, p, s->m, X, s->V);
    memset(S, 0, columns * s->m * NTK_PIECE_LANES * sizeof *S);
    ntk_stream_columns(&piece, s->m, X, S);
    ntk_stream_reduce(columns, s->m, S, V, L->n);
  }
}

/* Groups until all are taken; by every thread of a team. */
static void take_groups(sweep *s, bool back) {
  for (size_t g; (g = atomic_fetch_add(&s->next, 1)) < s->groups && ntk_watch_on(s->watch, 0.0);) {
    if (back)
      backward_group(s, s->groups - 1 - g);
    else
      forward_group(s, g);
    if (wait_for(s, g)) /* done is a count: those before come first */
      atomic_store_explicit(&s->done, g + 1, memory_order_release);
  }
}

/* `count` vectors that go together, by a team. */
static void solve(const ntk_packed *L, double *V, size_t count, ntk_watch *watch) {
  const int threads = L->n < NTK_PACKED_THREADS ? 1 : ntk_team(L->context);
  sweep forward = {.L = L,
                   .P = ntk_panel_rows(L->precision),
                   .groups = ntk_groups(L->n),
                   .m = count,
                   .V = V,
                   .watch = watch};
  sweep back = forward;
#pragma omp parallel num_threads(threads)
  {
    take_groups(&forward, false);
    if (wait_for(&forward, forward.groups))
      take_groups(&back, true);
  }
}

ntk_status ntk_packed_solve(const ntk_packed *L, double *V, size_t m) {
  ntk_watch watch = {.context = L->context, .phase = "solves with the factor"};
  for (size_t c = 0; c < m && watch.status == NTK_OK; c += NTK_PACKED_VECTORS)
    solve(L, V + c * L->n, m - c < NTK_PACKED_VECTORS ? m - c : NTK_PACKED_VECTORS, &watch);
  return watch.status;
}
