/* Cholesky factorisation of a matrix whose rows are spread over ranks, left-looking by columns of
 * tiles, J = 0, 1, ...: what packed_factor.c computes, and to the bit, for a sum is made in the
 * order of its index whatever the tiles.
 *
 * A rank needs row J of L for its tiles of column J. It comes from its owner in two parts:
 *
 *   early   L_JK, K < J - 1: final when column J - 2 is; on its way while column J - 1 is computed
 *   late    L_J,J-1, L_JJ and a verdict, when the owner has made L_JJ, which it does first
 *
 * Both travel while a rank updates its tiles of column J with all columns but the last. A tile that
 * comes to the end of these before the late part has come is left, and finished after the others. A
 * rank that is ahead of another waits for it only then: what one has more of in one column it has
 * less of in the next.
 *
 * n^3 / (3 P) flops; each rank receives n^2 / 2 (P - 1) / P numbers. */
#include "spectrum/packed/factor_tile.h"
#include "spectrum/packed/packed_group.h"
#include "spectrum/packed/spread.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"

#include <omp.h>

/* How the diagonal tile of a column ended, from its owner: 1 + the row whose pivot was not
 * positive; whether somebody asks to stop. */
typedef struct verdict {
  uint64_t broken, stopped;
} verdict;

typedef struct work {
  const ntk_packed *own;
  ntk_packed A; /* the same, with a table in which panels in passing are too */
  ntk_cut cut;
  size_t tiles, J; /* of a column; the column that is computed */
  int owner;       /* of row J */
  int threads;
  verdict verdict;
  ntk_handing early[NTK_TILE_PANELS], late[NTK_TILE_PANELS + 1];
  size_t arrived;    /* late ones that have */
  bool told;         /* the late part is on its way */
  atomic_bool ready; /* ... or may be sent */
  atomic_bool there; /* row J is, to its end */
  atomic_size_t next, left;
  ntk_group *later; /* tiles that are left */
  ntk_status status;
  ntk_watch watch;
} work;

static size_t panel_bytes(const work *w, size_t p) {
  return (p + 1) * ntk_panel_rows(w->A.precision) * NTK_PANEL_BYTES;
}

static size_t end_of(const work *w, size_t J) {
  const size_t end = (J + 1) * w->cut.tile;
  return end < w->cut.panels ? end : w->cut.panels;
}

static int owner_of(const work *w, size_t J) {
  return ntk_share_owner(&w->A.share, J * w->cut.tile * ntk_panel_rows(w->A.precision));
}

static void begin(work *w, int from, size_t bytes, void *x, ntk_handing *handing) {
  const ntk_status status = ntk_ranks_hand_begin(w->A.context, from, bytes, x, handing);
  if (w->status == NTK_OK)
    w->status = status;
}

/* Row J of tiles from its owner to all: in columns before those of tile J - 1, or from there on. */
static void hand_row(work *w, size_t J, bool late, ntk_handing *handing) {
  const size_t split = J > 0 ? (J - 1) * w->cut.tile : 0;
  const size_t early = split > 0 ? panel_bytes(w, split - 1) : 0;
  for (size_t p = J * w->cut.tile; p < end_of(w, J); p++) {
    char *panel = ntk_panel_at(&w->A, p);
    begin(w, owner_of(w, J), late ? panel_bytes(w, p) - early : early, late ? panel + early : panel,
          handing++);
  }
}

static void end_all(work *w, size_t count, ntk_handing *handing) {
  for (size_t i = 0; i < count; i++) {
    ntk_ranks_hand_end(w->A.context, &handing[i]);
    handing[i] = (ntk_handing){0};
  }
}

/* Sends, or receives, the late part of row J. */
static void tell(work *w) {
  if (ntk_rank(w->A.context) == w->owner)
    w->verdict.stopped = atomic_load(&w->watch.stopped) || w->A.context->stopped[0] != '\0';
  w->told = true;
  w->arrived = 0;
  begin(w, w->owner, sizeof w->verdict, &w->verdict, &w->late[NTK_TILE_PANELS]);
  hand_row(w, w->J, true, w->late);
}

/* Between two updates; it is the caller's thread alone that looks after messages. */
static void tend(work *w) {
  if (omp_get_thread_num() != 0)
    return;
  if (!w->told && atomic_load_explicit(&w->ready, memory_order_acquire))
    tell(w);
  while (w->told && w->arrived <= NTK_TILE_PANELS &&
         ntk_ranks_hand_test(w->A.context, &w->late[w->arrived]))
    w->arrived++;
  if (w->told && w->arrived > NTK_TILE_PANELS)
    atomic_store_explicit(&w->there, true, memory_order_release);
  for (size_t i = 0; i < NTK_TILE_PANELS && ntk_ranks_hand_test(w->A.context, &w->early[i]);)
    i++;
}

/* Updates with the columns of tiles [K, end). */
static void update(work *w, const ntk_factor_tile *t, size_t K, size_t end) {
  for (; K < end; K++) {
    ntk_factor_update(t, K * w->cut.tile, (K + 1) * w->cut.tile);
    tend(w);
  }
}

/* L_JJ, of which the row is here. */
static void diagonal(work *w) {
  const size_t first = w->J * w->cut.tile, end = end_of(w, w->J);
  const ntk_factor_tile t = {&w->A, first, end, first, end};
  update(w, &t, 0, w->J);
  w->verdict.broken = ntk_factor_finish(&t);
  atomic_store_explicit(&w->there, true, memory_order_release);
  atomic_store_explicit(&w->ready, true, memory_order_release);
}

static ntk_factor_tile tile_at(const work *w, ntk_group rows) {
  const size_t column = w->J * w->cut.tile;
  return (ntk_factor_tile){&w->A, rows.begin, rows.end, column, column + w->cut.tile};
}

/* Column J - 1, and the end of a tile below the diagonal, where there are no pivots. */
static void finish(work *w, ntk_group rows) {
  const ntk_factor_tile t = tile_at(w, rows);
  update(w, &t, w->J > 0 ? w->J - 1 : 0, w->J);
  (void)ntk_factor_finish(&t);
  tend(w);
}

/* A rank's own tiles of column J, and before them the one on the diagonal, by every thread of a
 * team. */
static void take_tiles(work *w) {
  const bool first = w->owner == ntk_rank(w->A.context);
  size_t mine = atomic_fetch_add(&w->next, 1), at = first;
  if (first && mine == 0) {
    diagonal(w);
    mine = atomic_fetch_add(&w->next, 1);
  }
  for (ntk_group g = {0, end_of(w, w->J)}; ntk_group_next(w->own, &w->cut, &g); at++) {
    if (at != mine)
      continue;
    const ntk_factor_tile t = tile_at(w, g);
    update(w, &t, 0, w->J > 0 ? w->J - 1 : 0);
    if (atomic_load_explicit(&w->there, memory_order_acquire))
      finish(w, g);
    else
      w->later[atomic_fetch_add(&w->left, 1)] = g;
    const double x = (double)w->J / (double)w->tiles;
    (void)ntk_watch_tell(&w->watch, x * x * (3.0 - 2.0 * x));
    mine = atomic_fetch_add(&w->next, 1);
  }
}

/* False: it was the last one that could be computed. */
static bool column(work *w, size_t J) {
  const bool here = (w->owner = owner_of(w, J)) == ntk_rank(w->A.context);
  w->J = J;
  if (J + 1 < w->tiles)
    hand_row(w, J + 1, false, w->early);
  w->told = false;
  atomic_store(&w->ready, false);
  atomic_store(&w->there, false);
  atomic_store(&w->next, 0);
  atomic_store(&w->left, 0);
  if (!here)
    tell(w);
#pragma omp parallel num_threads(w->threads)
  take_tiles(w);
  if (!w->told)
    tell(w);
  end_all(w, NTK_TILE_PANELS + 1, w->late);
  const bool fine = w->verdict.broken == 0 && w->verdict.stopped == 0 && w->status == NTK_OK;
  const size_t left = fine ? atomic_load(&w->left) : 0;
#pragma omp parallel for schedule(dynamic) num_threads(left > 1 ? w->threads : 1)
  for (size_t i = 0; i < left; i++)
    finish(w, w->later[i]);
  end_all(w, NTK_TILE_PANELS, w->early);
  return fine;
}

/* Panels that come from other ranks have their places: a row of tiles after another in two slots.
 */
static void place_others(work *w, char *slots) {
  const size_t most = panel_bytes(w, w->cut.panels - 1);
  for (size_t p = 0; p < w->cut.panels; p++) {
    const size_t J = p / w->cut.tile, slot = J % 2 * w->cut.tile + p % w->cut.tile;
    w->A.panel[p] = ntk_panel_at(w->own, p) != NULL ? ntk_panel_at(w->own, p) : slots + slot * most;
  }
}

/* Groups so small that all threads have some of a column in most of them. */
static void cut_for(work *w) {
  const size_t share = w->cut.panels / (size_t)w->A.share.ranks;
  w->cut.group = w->cut.tile;
  while (w->cut.group > 2 && w->threads > 1 && share / w->cut.group < 8 * (size_t)w->threads)
    w->cut.group = (w->cut.group + 1) / 2;
}

ntk_status ntk_spread_factor(const ntk_packed *A, size_t *broken) {
  const double n = (double)A->n;
  work w = {.own = A,
            .A = *A,
            .cut = ntk_cut_of(A),
            .threads = ntk_threads_for(A->context, n * n * n / (3.0 * A->share.ranks)),
            .watch = {.context = A->context, .phase = "factorisation"}};
  void *slots = NULL, *table = NULL, *later = NULL;
  w.tiles = (w.cut.panels + w.cut.tile - 1) / w.cut.tile;
  cut_for(&w);
  ntk_status status = ntk_alloc(A->context, 2 * w.cut.tile, panel_bytes(&w, w.cut.panels - 1),
                                "rows of the factor", &slots);
  if (status == NTK_OK)
    status = ntk_alloc(A->context, w.cut.panels, sizeof(void *), "rows of the factor", &table);
  if (status == NTK_OK)
    status = ntk_alloc(A->context, w.cut.panels, sizeof(ntk_group), "rows of the factor", &later);
  status = ntk_ranks_agree(A->context, status,
                           ntk_ranks_what(w.watch.phase, A->n, A->precision, A->share.unit));
  if (status == NTK_OK) {
    w.A.panel = table;
    w.later = later;
    place_others(&w, slots);
    for (size_t J = 0; J < w.tiles && column(&w, J);)
      J++;
    *broken = w.verdict.broken;
    status = w.status;
    if (status == NTK_OK && w.verdict.stopped != 0)
      status = ntk_ranks_agree(A->context, w.watch.status, ntk_ranks_what("its end", A->n, 0, 0));
  }
  ntk_free(A->context, later);
  ntk_free(A->context, table);
  ntk_free(A->context, slots);
  return status;
}
