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
#include "spectrum/packed/packed_group.h"
#include "spectrum/packed/spread.h"
#include "spectrum/packed/wait.h"

#include <omp.h>

/* One way through the factor. */
typedef struct sweep {
  ntk_solving of;
  size_t groups;
  atomic_size_t next, done; /* groups taken, and the first so many that are done */
  ntk_watch *watch;
} sweep;

/* How many groups are done: `count` at least, or 0 when they never will be. */
static size_t wait_for(sweep *s, size_t count) {
  size_t done;
  for (int spin = 0; (done = atomic_load_explicit(&s->done, memory_order_acquire)) < count;
       spin++) {
    if (atomic_load(&s->watch->stopped))
      return 0;
    ntk_wait_spin(spin);
  }
  return done;
}

/* Solves with L_pp, or its transpose, for rows that there are; Y: P x m, whose rows past them, 0 on
 * the way back, stay so, as L is 0 above its diagonal. */
static void triangle(const ntk_solving *s, size_t p, bool transposed, double *Y) {
  const size_t first = p * s->P, rows = s->L->n - first < s->P ? s->L->n - first : s->P;
  const ntk_block block = ntk_block_of(s->L, p, p + 1, first, first + rows);
  ntk_stream_triangle(&block, transposed, s->m, Y);
  ntk_panel_store(s->L, p, s->m, Y, s->V);
}

void ntk_group_forward(const ntk_solving *s, size_t begin, size_t end, double *Y) {
  for (size_t p = begin; p < end; p++) {
    double *Y_p = Y + (p - begin) * s->P * s->m;
    ntk_take_rows(s, p, p + 1, begin * s->P, p * s->P, Y_p);
    triangle(s, p, false, Y_p);
  }
}

void ntk_group_back(const ntk_solving *s, size_t begin, size_t end, double *Z) {
  const size_t P = s->P;
  for (size_t p = end; p-- > begin;) {
    double *Z_p = Z + (p - begin) * P * s->m;
    const ntk_block below = ntk_block_of(s->L, p + 1, end, p * P, (p + 1) * P);
    if (p + 1 < end) /* the last panel may have columns past the end of V */
      ntk_take_columns(s, &below, Z_p + P * s->m, s->L->n, s->V + p * P);
    ntk_panel_load(s->L, p, s->m, s->V, Z_p);
    triangle(s, p, true, Z_p);
  }
}

static void forward_group(sweep *s, size_t g) {
  const size_t begin = g * (NTK_GROUP / s->of.P), end = ntk_group_end(s->of.L, g);
  ntk_group_vectors Y;
  ntk_group_load(&s->of, begin, end, Y);
  for (size_t h = 0, done; h < g; h = done) {
    done = wait_for(s, h + 1); /* as many groups at once as are done, straight on */
    if (done == 0)
      return;
    ntk_take_rows(&s->of, begin, end, h * NTK_GROUP, done * NTK_GROUP, Y);
  }
  ntk_group_forward(&s->of, begin, end, Y);
}

static void backward_group(sweep *s, size_t g) {
  const ntk_packed *L = s->of.L;
  const size_t P = s->of.P, begin = g * (NTK_GROUP / P), end = ntk_group_end(L, g);
  ntk_group_vectors Z;
  for (size_t h = s->groups; --h > g;) {
    if (wait_for(s, s->groups - h) == 0)
      return;
    const size_t first = h * (NTK_GROUP / P), last = ntk_group_end(L, h);
    ntk_group_load(&s->of, first, last, Z);
    ntk_block block = ntk_block_of(L, first, last, g * NTK_GROUP, (g + 1) * NTK_GROUP);
    if (h > g + 1)
      ntk_block_next(&block, L, first - NTK_GROUP / P, g * NTK_GROUP);
    ntk_take_columns(&s->of, &block, Z, L->n, s->of.V + g * NTK_GROUP);
  }
  ntk_group_back(&s->of, begin, end, Z);
}

/* Groups until all are taken; by every thread of a team. */
static void take_groups(sweep *s, bool back) {
  for (size_t g; (g = atomic_fetch_add(&s->next, 1)) < s->groups && ntk_watch_on(s->watch, 0.0);) {
    if (back)
      backward_group(s, s->groups - 1 - g);
    else
      forward_group(s, g);
    if (g == 0 || wait_for(s, g) > 0) /* done is a count: those before come first */
      atomic_store_explicit(&s->done, g + 1, memory_order_release);
  }
}

/* `count` vectors that go together, by a team. */
static void solve(const ntk_packed *L, double *V, size_t count, ntk_watch *watch) {
  const int threads = L->n < NTK_PACKED_THREADS ? 1 : ntk_team(L->context);
  sweep forward = {.of = {L, ntk_panel_rows(L->precision), count, V},
                   .groups = ntk_groups(L->n),
                   .watch = watch};
  sweep back = forward;
#pragma omp parallel num_threads(threads)
  {
    take_groups(&forward, false);
    if (wait_for(&forward, forward.groups) > 0)
      take_groups(&back, true);
  }
}

ntk_status ntk_packed_solve(const ntk_packed *L, double *V, size_t m) {
  if (L->share.ranks > 1)
    return ntk_spread_solve(L, V, m);
  ntk_watch watch = {.context = L->context, .phase = "solves with the factor"};
  for (size_t c = 0; c < m && watch.status == NTK_OK; c += NTK_PACKED_VECTORS)
    solve(L, V + c * L->n, m - c < NTK_PACKED_VECTORS ? m - c : NTK_PACKED_VECTORS, &watch);
  return watch.status;
}
