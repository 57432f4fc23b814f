/* Triangular solves with a factor whose rows are spread over ranks, tile by tile:
 *
 *   forward    y_J = L_JJ^{-1} (b_J - sum_{K < J} L_JK y_K),     J = 0, 1, ...
 *   backward   x_K = L_KK^{-T} (y_K - sum_{J > K} L_JK^T x_J),   K = ..., 1, 0
 *
 * Forward, whoever has row J hands y_J to all, and each rank takes it off its own rows; the next
 * owner does so with that row first, solves and sends it before it goes on with the rest, under
 * which it travels. Backward, each rank sums over its own rows, and the ranks over theirs. 8 n^2 /
 * P bytes of memory for every four vectors, and a message of up to 240 m numbers a tile each way:
 * of all m vectors together, as what a message costs beside so few numbers is its beginning.
 */
#include "spectrum/packed/packed_group.h"
#include "spectrum/packed/spread.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"

#include <omp.h>

enum { STRIPES = 16 }; /* of groups, each with sums of its own: as in packed_multiply.c */

typedef struct sweep {
  ntk_solving of;
  ntk_context *context;
  ntk_cut cut;
  size_t tiles, stripes;
  int threads;
  double *sums; /* stripes x m x rows of a tile; forward, m x rows of the tile on its way */
  ntk_handing handing;
  ntk_status status;
  atomic_size_t next;
} sweep;

static ntk_group tile_of(const sweep *s, size_t J) {
  const size_t end = (J + 1) * s->cut.tile;
  return (ntk_group){J * s->cut.tile, end < s->cut.panels ? end : s->cut.panels};
}

static size_t row_of(const sweep *s, size_t panel) {
  return panel * s->of.P < s->of.L->n ? panel * s->of.P : s->of.L->n;
}

static int owner_of(const sweep *s, size_t J) {
  return ntk_share_owner(&s->of.L->share, row_of(s, tile_of(s, J).begin));
}

static bool is_here(const sweep *s, size_t J) {
  return owner_of(s, J) == ntk_rank(s->context);
}

/* A group's columns that are rows of tile J; after it the `ahead`-th group from it is read. */
static ntk_block block_of(const sweep *s, ntk_group g, size_t J, size_t ahead) {
  const ntk_group tile = tile_of(s, J);
  const size_t first = row_of(s, tile.begin);
  ntk_block block = ntk_block_of(s->of.L, g.begin, g.end, first, row_of(s, tile.end));
  ntk_group next = g;
  while (ahead > 0 && ntk_group_next(s->of.L, &s->cut, &next))
    ahead--;
  if (ahead == 0 && next.end - next.begin == block.panels)
    ntk_block_next(&block, s->of.L, next.begin, first);
  return block;
}

/* A group's rows of V less what those of tile J, which are solved, take in them. */
static void take_solved(const sweep *s, ntk_group g, size_t J) {
  const ntk_block block = block_of(s, g, J, (size_t)s->threads);
  ntk_group_vectors Y;
  ntk_group_load(&s->of, g.begin, g.end, Y);
  const double *X = s->of.V + row_of(s, tile_of(s, J).begin);
  ntk_stream_block(&block, &(ntk_meeting){s->of.m, s->of.L->n, X, NULL, Y, NULL});
  for (size_t q = g.begin; q < g.end; q++)
    ntk_panel_store(s->of.L, q, s->of.m, Y + (q - g.begin) * s->of.P * s->of.m, s->of.V);
}

/* y_J, where all tiles before J - 1 have been taken off. */
static void forward_tile(const sweep *s, size_t J) {
  const ntk_group tile = tile_of(s, J);
  const size_t before = J > 0 ? tile_of(s, J - 1).begin : 0;
  for (ntk_group g = {0, tile.begin}; g.end < tile.end;) {
    (void)ntk_group_next(s->of.L, &s->cut, &g);
    ntk_group_vectors Y;
    ntk_group_load(&s->of, g.begin, g.end, Y);
    ntk_take_rows(&s->of, g.begin, g.end, row_of(s, before), row_of(s, g.begin), Y);
    ntk_group_forward(&s->of, g.begin, g.end, Y);
  }
}

/* Rows of V of tile J between V and the message: there from their owner, or back. */
static void copy_tile(const sweep *s, size_t J, bool back) {
  const ntk_group tile = tile_of(s, J);
  const size_t first = row_of(s, tile.begin), rows = row_of(s, tile.end) - first;
  for (size_t c = 0; c < s->of.m; c++) {
    double *v = s->of.V + c * s->of.L->n + first, *there = s->sums + c * rows;
    memcpy(back ? v : there, back ? there : v, rows * sizeof *v);
  }
}

/* Rows of V of tile J from their owner to all; until end_tile they are on their way. */
static void hand_tile(sweep *s, size_t J) {
  const ntk_group tile = tile_of(s, J);
  const size_t rows = row_of(s, tile.end) - row_of(s, tile.begin);
  if (is_here(s, J))
    copy_tile(s, J, false);
  const ntk_status status = ntk_ranks_hand_begin(
      s->context, owner_of(s, J), s->of.m * rows * sizeof *s->sums, s->sums, &s->handing);
  if (s->status == NTK_OK)
    s->status = status;
}

static void end_tile(sweep *s, size_t J) {
  ntk_ranks_hand_end(s->context, &s->handing);
  if (!is_here(s, J))
    copy_tile(s, J, true);
}

/* Tile J, and what tile J - 1 takes in those after it, by every thread of a team. */
static void forward_step(sweep *s, size_t J) {
  const bool caller = omp_get_thread_num() == 0;
  if (caller && is_here(s, J)) {
    forward_tile(s, J);
    hand_tile(s, J);
  }
  size_t mine = atomic_fetch_add(&s->next, 1), at = 0;
  ntk_group g = {0, tile_of(s, J).end};
  for (; J > 0 && ntk_group_next(s->of.L, &s->cut, &g); at++) {
    if (at != mine)
      continue;
    take_solved(s, g, J - 1);
    if (caller)
      (void)ntk_ranks_hand_test(s->context, &s->handing);
    mine = atomic_fetch_add(&s->next, 1);
  }
}

static void forward(sweep *s) {
  for (size_t J = 0; J < s->tiles && s->status == NTK_OK; J++) {
    if (!is_here(s, J))
      hand_tile(s, J);
    atomic_store(&s->next, 0);
#pragma omp parallel num_threads(s->threads)
    forward_step(s, J);
    end_tile(s, J);
  }
}

/* What own rows after tile K take in it, off 0: sums. */
static void sum_after(sweep *s, size_t K) {
  const ntk_group tile = tile_of(s, K);
  const size_t rows = row_of(s, tile.end) - row_of(s, tile.begin);
#pragma omp parallel for schedule(dynamic) num_threads(s->threads)
  for (size_t stripe = 0; stripe < s->stripes; stripe++) {
    double *sum = s->sums + stripe * s->of.m * rows;
    memset(sum, 0, s->of.m * rows * sizeof *sum);
    ntk_group g = {0, tile.end};
    for (size_t i = 0; ntk_group_next(s->of.L, &s->cut, &g); i++) {
      if (i % s->stripes != stripe)
        continue;
      ntk_group_vectors Z;
      ntk_group_load(&s->of, g.begin, g.end, Z);
      const ntk_block block = block_of(s, g, K, s->stripes);
      ntk_take_columns(&s->of, &block, Z, rows, sum);
    }
  }
  for (size_t stripe = 1; stripe < s->stripes; stripe++)
    for (size_t i = 0; i < s->of.m * rows; i++)
      s->sums[i] += s->sums[stripe * s->of.m * rows + i];
}

/* x_K, where all tiles after K have been taken off. */
static void back_tile(const sweep *s, size_t K) {
  const ntk_group tile = tile_of(s, K);
  const size_t groups = (tile.end - tile.begin + s->cut.group - 1) / s->cut.group;
  for (size_t i = groups; i-- > 0;) {
    ntk_group g = {0, tile.begin + i * s->cut.group};
    (void)ntk_group_next(s->of.L, &s->cut, &g);
    ntk_group_vectors Z;
    for (ntk_group h = g; h.end < tile.end;) {
      (void)ntk_group_next(s->of.L, &s->cut, &h);
      ntk_group_load(&s->of, h.begin, h.end, Z);
      const ntk_block block =
          ntk_block_of(s->of.L, h.begin, h.end, row_of(s, g.begin), row_of(s, g.end));
      ntk_take_columns(&s->of, &block, Z, s->of.L->n, s->of.V + row_of(s, g.begin));
    }
    ntk_group_back(&s->of, g.begin, g.end, Z);
  }
}

static void back(sweep *s) {
  const size_t n = s->of.L->n, m = s->of.m;
  for (size_t K = s->tiles; K-- > 0;) {
    const ntk_group tile = tile_of(s, K);
    const size_t first = row_of(s, tile.begin), rows = row_of(s, tile.end) - first;
    if (K + 1 < s->tiles) {
      sum_after(s, K);
      ntk_ranks_sum(s->context, m * rows, s->sums, NTK_PRECISION_DOUBLE);
    }
    if (!is_here(s, K))
      continue;
    for (size_t c = 0; c < m && K + 1 < s->tiles; c++)
      for (size_t i = 0; i < rows; i++)
        s->of.V[c * n + first + i] += s->sums[c * rows + i];
    back_tile(s, K);
  }
}

/* Rows of V that are here to all ranks: what others have is -0 here, which changes no sum. */
static void collect(const sweep *s) {
  const size_t n = s->of.L->n;
  for (size_t c = 0; c < s->of.m; c++)
    for (size_t i = 0; i < n; i++)
      if (!ntk_packed_has(s->of.L, i))
        s->of.V[c * n + i] = -0.0;
  ntk_ranks_sum(s->context, s->of.m * n, s->of.V, NTK_PRECISION_DOUBLE);
}

ntk_status ntk_spread_solve(const ntk_packed *L, double *V, size_t m) {
  const size_t most = m < NTK_PACKED_VECTORS ? m : NTK_PACKED_VECTORS;
  sweep s = {.of = {L, ntk_panel_rows(L->precision), most, V},
             .context = L->context,
             .cut = ntk_cut_of(L),
             .stripes = L->n < NTK_PACKED_THREADS ? 1 : STRIPES,
             .threads = L->n < NTK_PACKED_THREADS ? 1 : ntk_team(L->context)};
  ntk_watch watch = {.context = L->context, .phase = "solves with the factor"};
  s.tiles = (s.cut.panels + s.cut.tile - 1) / s.cut.tile;
  s.status =
      ntk_alloc_doubles(L->context, s.stripes * most * s.cut.tile * s.of.P, watch.phase, &s.sums);
  s.status = ntk_ranks_agree(L->context, s.status, ntk_ranks_what(watch.phase, L->n, m, 0));
  for (size_t c = 0; c < m && s.status == NTK_OK; c += NTK_PACKED_VECTORS) {
    s.of.m = m - c < most ? m - c : most;
    s.of.V = V + c * L->n;
    forward(&s);
    back(&s);
    collect(&s);
    (void)ntk_watch_on(&watch, 0.0);
  }
  ntk_free(L->context, s.sums);
  return s.status;
}
