/* Cholesky factorisation of a packed matrix, left-looking and tile by tile. With tile columns J =
 * 0, 1, ... and in each the tiles I = J, J + 1, ...:
 *
 *     A_IJ -= L_IK L_JK^T for K = 0..J-1,   L_JJ = chol(A_JJ),   L_IJ = A_IJ L_JJ^{-T}
 *
 * Threads take tiles in this order, one after another, and wait for what a tile reads when they
 * come to it: it was taken before, so that they never wait for each other in a circle, and mostly
 * it is done. Each tile is one thread's and its sums are made in one order: the bits do not depend
 * on the number of threads. Each entry of A is read and written once for every tile column before
 * its own, while the tile lies in cache. n^3/3 flops. */
#include "spectrum/packed/factor_tile.h"
#include "spectrum/packed/spread.h"
#include "spectrum/packed/wait.h"

#include "base/memory.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Rows of a tile: small matrices need many for threads to share, large ones run best on large
 * ones. */
static size_t tile_rows(size_t n) {
  return n < 1536 ? 144 : 240;
}

typedef struct work {
  const ntk_packed *A;
  size_t panels, side;  /* of the matrix; of a tile */
  size_t tiles;         /* of a column of tiles */
  atomic_size_t next;   /* tile to be taken */
  atomic_bool *done;    /* tiles, I (I + 1) / 2 + J */
  atomic_size_t broken; /* 1 + the row whose pivot was not positive */
  ntk_watch watch;
} work;

static ntk_factor_tile tile_at(const work *w, size_t I, size_t J) {
  const size_t row_end = (I + 1) * w->side, column_end = (J + 1) * w->side;
  return (ntk_factor_tile){.A = w->A,
                           .row = I * w->side,
                           .row_end = row_end < w->panels ? row_end : w->panels,
                           .column = J * w->side,
                           .column_end = column_end < w->panels ? column_end : w->panels};
}

static atomic_bool *done_at(const work *w, size_t I, size_t J) {
  return w->done + I * (I + 1) / 2 + J;
}

static bool stopped(work *w) {
  return atomic_load(&w->watch.stopped) || atomic_load(&w->broken) != 0;
}

/* False: the tile will never be done. A wait gives up the processor, for another may need it. */
static bool wait_for(work *w, size_t I, size_t J) {
  const atomic_bool *done = done_at(w, I, J);
  for (int spin = 0; !atomic_load_explicit(done, memory_order_acquire); spin++) {
    if (stopped(w))
      return false;
    ntk_wait_spin(spin);
  }
  return true;
}

static void factor_tile(work *w, size_t I, size_t J) {
  const ntk_factor_tile t = tile_at(w, I, J);
  for (size_t K = 0; K < J; K++) {
    if (!wait_for(w, I, K) || !wait_for(w, J, K))
      return;
    ntk_factor_update(&t, K * w->side, (K + 1) * w->side);
  }
  if (I > J && !wait_for(w, J, J))
    return;
  const size_t broken = ntk_factor_finish(&t);
  if (broken != 0)
    atomic_store(&w->broken, broken);
  else
    atomic_store_explicit(done_at(w, I, J), true, memory_order_release);
}

/* Tiles until all are taken; by every thread of a team. */
static void take_tiles(work *w) {
  const size_t count = w->tiles * (w->tiles + 1) / 2;
  size_t column = 0, first = 0; /* tile column, and the number of its first tile */
  for (size_t tile; (tile = atomic_fetch_add(&w->next, 1)) < count && !stopped(w);) {
    while (tile - first >= w->tiles - column)
      first += w->tiles - column++;
    factor_tile(w, column + tile - first, column);
    /* Column x of 1 has 1 - x of its tiles, each with x products. */
    const double x = 1.0 - sqrt(1.0 - (double)tile / (double)count);
    (void)ntk_watch_tell(&w->watch, x * x * (3.0 - 2.0 * x));
  }
}

static ntk_status fail_at(size_t row, size_t n, ntk_precision precision) {
  return ntk_fail(NTK_ERR_NUMERIC, "not positive definite in %s precision: pivot %zu of %zu",
                  precision == NTK_PRECISION_FLOAT ? "single" : "double", row, n);
}

/* What lies past the leading rows in their last block is no factor's: 0, as in a matrix of these.
 */
static void end_leading(ntk_packed *A) {
  const size_t P = ntk_panel_rows(A->precision), p = A->leading / P;
  if (ntk_packed_has(A, A->leading))
    memset((char *)ntk_panel_at(A, p) + A->leading * NTK_PANEL_BYTES, 0,
           NTK_PANEL_BYTES * ((p + 1) * P - A->leading));
}

/* Of a matrix that is here; *broken: 0, or 1 + the row whose pivot was not positive. */
static ntk_status factor(const ntk_packed *A, size_t *broken) {
  const size_t P = ntk_panel_rows(A->precision), side = tile_rows(A->n) / P;
  const size_t panels = (A->n + P - 1) / P, tiles = (panels + side - 1) / side;
  work w = {.A = A,
            .panels = panels,
            .side = side,
            .tiles = tiles,
            .watch = {.context = A->context, .phase = "factorisation"}};
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(A->context, tiles * (tiles + 1) / 2, sizeof(atomic_bool), "tiles", &pointer));
  w.done = pointer;
  for (size_t i = 0; i < tiles * (tiles + 1) / 2; i++)
    atomic_init(&w.done[i], false);
#pragma omp parallel num_threads( \
    ntk_threads_for(A->context, (double)A->n *(double)A->n *(double)A->n / 3.0))
  take_tiles(&w);
  ntk_free(A->context, pointer);
  *broken = atomic_load(&w.broken);
  return w.watch.status;
}

ntk_status ntk_packed_factor(ntk_packed *A, double shift) {
  size_t broken = 0;
  A->leading = 0;
  for (size_t i = 0; i < A->n && shift != 0.0; i++)
    if (ntk_packed_has(A, i))
      ntk_packed_set(A, i, i, ntk_packed_get(A, i, i) - shift);
  NTK_TRY(A->share.ranks == 1 ? factor(A, &broken) : ntk_spread_factor(A, &broken));
  A->leading = broken == 0 ? A->n : broken - 1; /* tiles before that one were done for it */
  if (broken != 0)
    end_leading(A);
  return broken == 0 ? NTK_OK : fail_at(broken, A->n, A->precision);
}
