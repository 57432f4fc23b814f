/* Kernels of infinite width on the CPU: X X^T tile by tile, as cpu_gram.c makes products, and each
 * entry in its place becomes the kernel's while the tile is in cache. A strip of columns is one
 * thread's, whatever their number, so the bits of K do not depend on it. Cost: N^2 d flops and
 * N^2/2 times what a pair takes in each layer. */
#include "kernel/cpu/cpu.h"

#include "base/memory.h"
#include "kernel/cpu/gram.h"
#include "kernel/limit/limit.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>

enum { ROWS = NTK_LIMIT_ROWS, STRIP = 240, TALL = 480 /* columns, rows of a tile at most */ };
_Static_assert(ROWS * sizeof(double) == NTK_PANEL_BYTES, "a panel's rows go together");
_Static_assert(STRIP % NTK_TILE_ROWS == 0 && TALL % NTK_TILE_ROWS == 0, "tiles are whole panels");

/* Columns [j0, j1) of rows [i0, i1), which are there as products. */
static void transform(const ntk_limit *limit, ntk_packed *A, const size_t i[2], const size_t j[2],
                      double *column) {
  for (size_t c = j[0]; c < j[1]; c++) {
    const size_t from = i[0] > c ? i[0] : c / ROWS * ROWS;
    ntk_limit_column(limit, c, column);
    for (size_t r = from; r < i[1]; r += ROWS) {
      double *entries = (double *)ntk_panel_at(A, r / ROWS) + c * ROWS;
      ntk_limit_pairs(limit, r, c, column, entries);
      for (size_t q = 0; q < ROWS; q++) /* what has to be 0 */
        if (r + q < c || r + q >= A->n)
          entries[q] = 0.0;
    }
  }
}

/* Columns of a strip: narrower ones share a small matrix evenly. */
static size_t strip_of(size_t N) {
  return N >= 2048 ? STRIP : NTK_TILE_ROWS;
}

/* Numbers of a sample's column; multiples of 8 keep what follows aligned. */
static size_t columns_of(const ntk_limit *limit) {
  return (limit->column + 7) / 8 * 8;
}

static void strip(const ntk_limit *limit, ntk_packed *A, size_t j0, double *workspace,
                  ntk_watch *watch, double fraction) {
  const size_t N = limit->N, side = strip_of(N);
  const size_t j[2] = {j0, j0 + side < N ? j0 + side : N};
  const ntk_gram_pair pair = {.F = {limit->d, limit->X, limit->X, 1}, .a = 1.0};
  for (size_t i0 = j0; i0 < N && ntk_watch_on(watch, fraction); i0 += TALL) {
    const size_t i[2] = {i0, i0 + TALL < N ? i0 + TALL : N};
    const ntk_tile tile = {.row0 = i0,
                           .rows = i[1] - i0,
                           .column0 = j0,
                           .columns = j[1] - j0,
                           .lower = i0 < j[1],
                           .packed = A};
    ntk_gram_tile(NTK_PRECISION_DOUBLE, &tile, &pair, false, workspace + columns_of(limit));
    transform(limit, A, i, j, workspace);
  }
}

ntk_status cpu_kernel_limit(const ntk_limit *limit, ntk_kernel *kernel) {
  ntk_context *context = kernel->context;
  const size_t N = limit->N, side = strip_of(N), strips = (N + side - 1) / side;
  const size_t each = columns_of(limit) + (ntk_gram_workspace(side, limit->d) + 7) / 8 * 8;
  double *workspace = NULL;
  NTK_TRY(cpu_kernel_allocate(kernel, NULL));
  NTK_TRY(ntk_alloc_doubles(context, (size_t)context->threads * each,
                            "workspace of the limit's tiles", &workspace));
  ntk_watch watch = {.context = context, .phase = "limit kernel"};
  atomic_size_t done = 0;
  const double flops = (double)N * (double)N * ((double)limit->d + 200.0);
#pragma omp parallel for schedule(dynamic) num_threads(ntk_threads_for(context, flops))
  for (size_t s = 0; s < strips; s++) {
    double *own = workspace + (size_t)omp_get_thread_num() * each;
    const double fraction = (double)atomic_load(&done) / (double)strips;
    if (!atomic_load(&watch.stopped))
      strip(limit, kernel->state, s * side, own, &watch, fraction);
    (void)atomic_fetch_add(&done, 1);
  }
  ntk_free(context, workspace);
  (void)ntk_watch_tell(&watch, 1.0);
  return watch.status;
}
