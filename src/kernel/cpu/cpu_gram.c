/* Gram matrices of the Jacobian, layer by layer (8):
 *
 *     K = sum_k  (a_k F_k F_k^T + b_k) o (B_{k+1} B_{k+1}^T)
 *
 * with the scales a_k of W_{k+1} and b_k of b_{k+1}. Of one output, and of the mean over outputs,
 * B_L = 1; rows of B then have the outputs side by side. Of all outputs, rows i n_L to i n_L + n_L
 * - 1 are sample i's, of which F has one row and B n_L.
 *
 * The matrix is cut into tiles, each made whole, block after block, straight into where K is
 * stored; J, which has P columns, never exists. The grid of tiles depends on N alone and each tile
 * is one thread's, so the bits of K do not depend on the number of threads. Cost: N^2 n flops for
 * each of the 2 (L-1) + 1 products, n its width. */
#include "kernel/cpu/cpu.h"

#include "base/memory.h"
#include "kernel/cpu/tiles.h"

#include <omp.h>
#include <stdatomic.h>

/* A tile's sides: wide enough that packing is a small part, and small enough that threads share a
 * small matrix evenly. */
typedef struct grid {
  size_t rows, columns;
} grid;

static grid grid_for(size_t N) {
  return N >= 2048 ? (grid){2016, 240} : (grid){240, 144};
}

/* Block k of two sets of features. */
static ntk_gram_pair pair_of(const ntk_features *rows, const ntk_features *columns, size_t k) {
  const ntk_network *network = rows->network;
  const cpu_features *r = cpu_features_of(rows), *c = cpu_features_of(columns);
  return (ntk_gram_pair){
      .F = {network->width[k], r->F[k], c->F[k], rows->rows / rows->N},
      .B = {r->B[k + 1] != NULL ? cpu_back_width(rows, k + 1) : 0, r->B[k + 1], c->B[k + 1], 1},
      .a = network->scale[2 * k],
      .b = network->scale[2 * k + 1]};
}

/* Entries below the diagonal of a tile of a full symmetric matrix A, N x N, to their place above:
 * in squares of SIDE, whose lines are in cache all at once. */
static void mirror(const ntk_tile *t, double *A, size_t N) {
  enum { SIDE = 8 };
  for (size_t i0 = t->row0; i0 < t->row0 + t->rows; i0 += SIDE)
    for (size_t j0 = t->column0; j0 < t->column0 + t->columns; j0 += SIDE)
      for (size_t i = i0; i < i0 + SIDE && i < t->row0 + t->rows; i++)
        for (size_t j = j0; j < j0 + SIDE && j < t->column0 + t->columns && j < i; j++)
          A[i * N + j] = A[i + j * N];
}

/* The blocks of one tile; unless it is to stop, at this fraction of the work. */
static void fill(const ntk_tile *t, const ntk_features *rows, const ntk_features *columns,
                 const cpu_tiles *list, double *workspace, ntk_watch *watch, double fraction) {
  bool add = false;
  for (size_t k = 0; k < rows->network->depth && ntk_watch_on(watch, fraction); k++) {
    if (list->blocks != NULL && !list->blocks[k])
      continue;
    ntk_gram_pair pair = pair_of(rows, columns, k);
    pair.a *= list->scale;
    pair.b *= list->scale;
    ntk_gram_tile(list->sums, t, &pair, add, workspace);
    add = true;
  }
}

/* Appends the tile, unless only counting. */
static void append(cpu_tiles *list, ntk_tile tile) {
  if (list->tiles != NULL)
    list->tiles[list->count] = tile;
  list->count++;
}

static size_t parts_of(size_t length, size_t side) {
  return (length + side - 1) / side;
}

/* Part p of `parts` of a length begins here: at a multiple of NTK_TILE_ROWS. */
static size_t part_start(size_t length, size_t parts, size_t p) {
  const size_t units = (length + NTK_TILE_ROWS - 1) / NTK_TILE_ROWS;
  const size_t start = p * units / parts * NTK_TILE_ROWS;
  return start < length ? start : length;
}

/* The lower triangle of a symmetric matrix of order N, to `to`'s out or packed: strips of columns,
 * the short ones last, for they even out the end. */
static void triangle_tiles(size_t N, ntk_tile to, cpu_tiles *list) {
  const grid g = grid_for(N);
  const size_t across = parts_of(N, g.columns);
  list->count = 0;
  for (size_t q = 0; q < across; q++) {
    const size_t j0 = part_start(N, across, q), j1 = part_start(N, across, q + 1);
    const size_t down = parts_of(N - j0, g.rows);
    for (size_t p = 0; p < down; p++) {
      const size_t i0 = j0 + part_start(N - j0, down, p), i1 = j0 + part_start(N - j0, down, p + 1);
      ntk_tile tile = to;
      tile.row0 = i0;
      tile.rows = i1 - i0;
      tile.column0 = j0;
      tile.columns = j1 - j0;
      tile.lower = i0 < j1;
      tile.out = to.out != NULL ? to.out + i0 + j0 * to.ld : NULL;
      if (i1 > i0 && j1 > j0)
        append(list, tile);
    }
  }
}

/* A (N x N', row-major) is N' x N column-major: other's samples are its rows. */
static void rectangle_tiles(size_t N, size_t other, double *A, cpu_tiles *list) {
  const grid g = grid_for(N < other ? N : other);
  list->count = 0;
  const size_t down = parts_of(other, g.rows), across = parts_of(N, g.columns);
  for (size_t q = 0; q < across; q++)
    for (size_t p = 0; p < down; p++) {
      const size_t i0 = p * other / down, i1 = (p + 1) * other / down;
      const size_t j0 = q * N / across, j1 = (q + 1) * N / across;
      append(list, (ntk_tile){.row0 = i0,
                              .rows = i1 - i0,
                              .column0 = j0,
                              .columns = j1 - j0,
                              .out = A + i0 + j0 * other,
                              .ld = other});
    }
}

static void cross_tiles(const ntk_features *features, const ntk_features *other, double *A,
                        cpu_tiles *list) {
  if (other == features) {
    list->symmetric = A;
    triangle_tiles(features->rows, (ntk_tile){.out = A, .ld = features->rows}, list);
  } else {
    rectangle_tiles(features->rows, other->rows, A, list);
  }
}

static ntk_status allocate_list(ntk_context *context, cpu_tiles *list) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, list->count, sizeof(ntk_tile), "the kernel's tiles", &pointer));
  list->tiles = pointer;
  return NTK_OK;
}

/* Doubles one thread needs for tiles of so many columns and any of the blocks, a multiple of 8 for
 * alignment. */
static size_t workspace_size(const ntk_network_spec *spec, ntk_outputs outputs, size_t columns) {
  size_t most = 0;
  for (size_t k = 0; k < spec->depth; k++) {
    const bool implied = k + 1 == spec->depth && outputs == NTK_OUTPUTS_TRACE;
    const size_t width = spec->width[k] + (implied ? 0 : ntk_back_width(spec, outputs, k + 1));
    most = width > most ? width : most;
  }
  return (ntk_gram_workspace(columns, most) + 7) / 8 * 8;
}

double cpu_gram_bytes(const ntk_context *context, const ntk_network_spec *spec, ntk_outputs outputs,
                      size_t N) {
  const size_t columns = grid_for(N).columns;
  return (double)sizeof(double) * (double)context->threads *
         (double)workspace_size(spec, outputs, columns < N ? columns : N);
}

/* Of the whole work, with so many tiles done. */
static double fraction_of(const cpu_tiles *list, size_t done) {
  const double share = list->count > 0 ? (double)done / (double)list->count : 1.0;
  return list->before + (1.0 - list->before - list->after) * share;
}

ntk_status cpu_tiles_run(const cpu_tiles *list, const ntk_features *rows,
                         const ntk_features *columns, const char *phase) {
  ntk_context *context = rows->context;
  size_t most = 0; /* columns of a tile */
  for (size_t i = 0; i < list->count; i++)
    most = list->tiles[i].columns > most ? list->tiles[i].columns : most;
  const ntk_network_spec spec = ntk_spec_of(rows->network);
  const size_t size = workspace_size(&spec, rows->outputs, most);
  double *workspace;
  NTK_TRY(ntk_alloc_doubles(context, (size_t)context->threads * size,
                            "workspace of the kernel's tiles", &workspace));
  double flops = 0.0; /* all blocks' */
  for (size_t l = 0; l < rows->network->depth; l++)
    flops += 2.0 * (double)rows->rows * (double)columns->rows * (double)rows->network->width[l];
  ntk_watch watch = {.context = context, .phase = phase};
  atomic_size_t done = 0;
#pragma omp parallel for schedule(dynamic) num_threads(ntk_threads_for(context, flops))
  for (size_t i = 0; i < list->count; i++) {
    if (atomic_load(&watch.stopped))
      continue;
    fill(&list->tiles[i], rows, columns, list, workspace + (size_t)omp_get_thread_num() * size,
         &watch, fraction_of(list, atomic_load(&done)));
    if (list->symmetric != NULL)
      mirror(&list->tiles[i], list->symmetric, rows->rows);
    const size_t finished = atomic_fetch_add(&done, 1) + 1;
    (void)ntk_watch_tell(&watch, fraction_of(list, finished));
    if (list->between != NULL && omp_get_thread_num() == 0)
      list->between(list->user);
  }
  ntk_free(context, workspace);
  /* The caller's thread may have had no tile: once at least. */
  (void)ntk_watch_tell(&watch, fraction_of(list, list->count));
  return watch.status;
}

ntk_status cpu_gram(const ntk_features *features, const bool *blocks, const ntk_kernel_form *form,
                    ntk_packed *A) {
  cpu_tiles list = {.blocks = blocks, .sums = form->sums, .scale = form->scale};
  triangle_tiles(A->n, (ntk_tile){.packed = A}, &list); /* counts */
  NTK_TRY(allocate_list(features->context, &list));
  triangle_tiles(A->n, (ntk_tile){.packed = A}, &list);
  const ntk_status status = cpu_tiles_run(&list, features, features, "kernel");
  ntk_free(features->context, list.tiles);
  return status;
}

ntk_status cpu_cross(const ntk_features *features, const ntk_features *other, const bool *blocks,
                     double *A) {
  cpu_tiles list = {.blocks = blocks, .sums = NTK_PRECISION_DOUBLE, .scale = 1.0};
  cross_tiles(features, other, A, &list);
  NTK_TRY(allocate_list(features->context, &list));
  cross_tiles(features, other, A, &list);
  const ntk_status status =
      cpu_tiles_run(&list, other, features, other == features ? "kernel" : "cross kernel");
  ntk_free(features->context, list.tiles);
  return status;
}
