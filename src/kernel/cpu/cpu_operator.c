/* The Jacobian without the Jacobian, block by block. Reshaped to n_k x n_{k+1}, the part G_k of
 * g = J^T v that belongs to W_{k+1}, and what J makes of such a part, are
 *
 *     G_k = F_k^T diag(v) B_{k+1},    u_i += (F_k)_i G_k (B_{k+1})_i^T
 *
 * and the row below, b_{k+1}'s, is the same with 1 for F_k. Of all outputs row i of F_k meets n_L
 * rows of B_{k+1}, which are added up first. In the mean over outputs B_{k+1} has them side by
 * side: G_k is then n_L times as wide, and g no vector of P numbers.
 *
 * Two flops for each of N n_k n_{k+1} either way; K v = J C (J^T v), C the scales of the blocks, is
 * one after the other. The threads share tiles of G_k, and blocks of rows of u; for these G_k is
 * packed once. A tile is summed over blocks of samples: their rows of F_k are read as they lie, and
 * the scaled rows of B_{k+1} packed. Which tiles and blocks there are depends on the sizes alone,
 * and each is one thread's, so that the bits do not depend on how many there are. */
#include "kernel/cpu/cpu.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/product/product.h"

#include <omp.h>
#include <string.h>

enum {
  SAMPLES = 128,  /* of a sum that a tile is added to: their part of F stays in L2 */
  TILE = 400,     /* sides of a tile, at most, */
  TILE_ROWS = 12, /* which are multiples of these: so large that F and B are seldom read */
  TILE_COLUMNS = 32
};

/* Doubles that a thread works in: SAMPLES rows of a tile, once more where a sample has several; or
 * rows of a strip of a product. */
static size_t room_for(const ntk_network_spec *spec, ntk_outputs outputs) {
  size_t widest = 1;
  for (size_t k = 1; k <= spec->depth; k++) {
    const size_t back = ntk_back_width(spec, outputs, k);
    widest = back > widest ? back : widest;
  }
  widest = (widest + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS;
  const size_t tile =
      2 * (size_t)SAMPLES * (widest < TILE ? widest : TILE) / (outputs == NTK_OUTPUTS_ALL ? 1 : 2);
  const size_t strip =
      ntk_product_rows(ntk_widest(spec, 0)) * (widest < NTK_STRIP ? widest : NTK_STRIP);
  return 2 * ((tile > strip ? tile : strip) / 2);
}

/* The same of features, for a thread of a team its own. */
static size_t room_of(const ntk_features *features) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  return room_for(&spec, features->outputs);
}

/* Block k: F_k is N x in, B_{k+1} rows x out, with `per` rows for a sample; offset: of its G,
 * packed: of G by panels. watch is asked before each product of matrices. */
typedef struct block {
  const double *F, *B; /* B NULL: 1 */
  size_t in, out, per, offset, packed;
  bool bias;
  ntk_watch *watch;
} block;

static block block_of(const ntk_features *features, size_t k, ntk_watch *watch) {
  const cpu_features *f = cpu_features_of(features);
  block b = {.F = f->F[k],
             .B = f->B[k + 1],
             .in = features->network->width[k],
             .out = cpu_back_width(features, k + 1),
             .per = features->rows / features->N,
             .bias = features->network->bias[k],
             .watch = watch};
  for (size_t l = 0; l < k; l++) {
    const size_t in = features->network->width[l], out = cpu_back_width(features, l + 1);
    b.offset += (in + (features->network->bias[l] ? 1 : 0)) * out;
    b.packed += ntk_packed_count(in, out);
  }
  return b;
}

static int threads_for(const ntk_features *features) {
  return ntk_threads_for(features->context,
                         2.0 * (double)features->rows * (double)features->network->parameters);
}

/* ---- J^T v ----------------------------------------------------------------------------------- */

/* Part p of n entries divided into `parts`: where it begins, a multiple of unit, or n. */
static size_t part_begin(size_t n, size_t unit, size_t parts, size_t p) {
  const size_t begin = p * ((n + unit - 1) / unit) / parts * unit;
  return begin < n ? begin : n;
}

static size_t parts_of(size_t n) {
  return (n + TILE - 1) / TILE;
}

/* A tile of G: rows first .. first + count - 1 and as many columns. */
typedef struct tile {
  size_t first, count, column, columns;
} tile;

static tile tile_of(const block *b, size_t index) {
  const size_t across = b->B == NULL ? 1 : parts_of(b->out), down = parts_of(b->in);
  const size_t p = index / across, q = index % across;
  tile t = {.first = part_begin(b->in, TILE_ROWS, down, p),
            .column = part_begin(b->out, TILE_COLUMNS, across, q)};
  t.count = part_begin(b->in, TILE_ROWS, down, p + 1) - t.first;
  t.columns = part_begin(b->out, TILE_COLUMNS, across, q + 1) - t.column;
  return t;
}

static size_t tiles_of(const block *b) {
  return parts_of(b->in) * (b->B == NULL ? 1 : parts_of(b->out));
}

/* Row i of out (samples x columns) = sum_c v_ic B_ic over the rows of sample i, from row 0 on. */
static void add_scaled(const block *b, size_t samples, size_t columns, const double *v,
                       const double *B, double *out) {
  for (size_t i = 0; i < samples; i++)
    for (size_t c = 0; c < b->per; c++) {
      const size_t row = i * b->per + c;
      for (size_t j = 0; j < columns; j++)
        out[i * columns + j] = (c == 0 ? 0.0 : out[i * columns + j]) + v[row] * B[row * b->out + j];
    }
}

/* diag(v) B for the columns of a tile, by panels; rows: scratch. */
static void pack_scaled(const block *b, const tile *t, size_t samples, const double *v,
                        const double *B, double *packed, double *rows) {
  ntk_product_source source = {
      .inner = samples, .columns = t->columns, .from = B, .row = b->out, .next = 1, .scale = v};
  if (b->per > 1) {
    add_scaled(b, samples, t->columns, v, B, rows);
    source.from = rows;
    source.row = t->columns;
    source.scale = NULL;
  }
  ntk_pack(&source, packed);
}

/* A tile of G (in x out) = F^T diag(v) B; where B is 1, entries of the vector F^T v. The first of
 * G's rows bring what they have of the bias's row, below G, along. room, rows (for several
 * rows a sample): SAMPLES rows of it each. */
static void adjoint_tile(const block *b, size_t N, const tile *t, const double *v, double *room,
                         double *rows, double *G) {
  const bool bias = b->bias && t->first == 0;
  const double one = 1.0;
  for (size_t i = 0; i < N && ntk_watch_on(b->watch, 0.0); i += SAMPLES) {
    const size_t samples = N - i < SAMPLES ? N - i : SAMPLES;
    const double *F = b->F + i * b->in + t->first;
    if (b->B == NULL) {
      ntk_dgemv('N', t->count, samples, 1.0, F, b->in, v + i, i == 0 ? 0.0 : 1.0, G + t->first);
      for (size_t r = 0; r < samples && bias; r++)
        G[b->in] = (i + r == 0 ? 0.0 : G[b->in]) + v[i + r];
      continue;
    }
    pack_scaled(b, t, samples, v + i * b->per, b->B + i * b->per * b->out + t->column, room, rows);
    ntk_product product = {.rows = t->count,
                           .columns = t->columns,
                           .inner = samples,
                           .A = F,
                           .row = 1,
                           .next = b->in,
                           .B = room,
                           .C = G + t->first * b->out + t->column,
                           .C_distance = b->out,
                           .mode = i == 0 ? NTK_PRODUCT_SET : NTK_PRODUCT_ADD};
    ntk_multiply(&product);
    product.rows = 1;
    product.A = &one;
    product.next = 0;
    product.C = G + b->in * b->out + t->column;
    if (bias)
      ntk_multiply(&product);
  }
}

/* Parts of g = J^T v, in theta's order, of the chosen blocks. */
static void adjoint(const ntk_features *features, const bool *blocks, const double *v,
                    double *workspace, ntk_watch *watch, double *g) {
  const size_t room = room_of(features);
#pragma omp parallel num_threads(threads_for(features))
  for (size_t k = 0; k < features->network->depth; k++) {
    if (blocks != NULL && !blocks[k])
      continue;
    const block b = block_of(features, k, watch);
    double *G = g + b.offset, *own = workspace + (size_t)omp_get_thread_num() * room;
#pragma omp for schedule(dynamic) nowait
    for (size_t index = 0; index < tiles_of(&b); index++) {
      const tile t = tile_of(&b, index);
      adjoint_tile(&b, features->N, &t, v, own, own + room / 2, G);
    }
  }
}

/* ---- J g ------------------------------------------------------------------------------------- */

/* u_i += F_i G B_i^T for the rows of samples first .. first + count - 1, strip by strip of G, which
 * lies by panels too; rows: count x a strip. */
static void product_rows(const block *b, size_t first, size_t count, const double *G,
                         const double *packed, double *rows, double *u) {
  const double *F = b->F + first * b->in, *bias = G + b->in * b->out;
  if (b->B == NULL) {
    ntk_dgemv('T', b->in, count, 1.0, F, b->in, G, 1.0, u + first);
    for (size_t r = 0; r < count && b->bias; r++)
      u[first + r] += bias[0];
    return;
  }
  for (size_t j = 0; j < b->out && ntk_watch_on(b->watch, 0.5); j += NTK_STRIP) {
    const size_t columns = b->out - j < NTK_STRIP ? b->out - j : NTK_STRIP;
    for (size_t r = 0; r < count && b->bias; r++)
      memcpy(rows + r * columns, bias + j, columns * sizeof *rows);
    ntk_multiply(&(ntk_product){.rows = count,
                                .columns = columns,
                                .inner = b->in,
                                .A = F,
                                .row = b->in,
                                .next = 1,
                                .B = packed + b->in * j,
                                .C = rows,
                                .C_distance = columns,
                                .mode = b->bias ? NTK_PRODUCT_ADD : NTK_PRODUCT_SET});
    for (size_t r = 0; r < count * b->per; r++)
      u[first * b->per + r] +=
          ntk_ddot(columns, rows + r / b->per * columns, b->B + (first * b->per + r) * b->out + j);
  }
}

/* G of a block by panels, by a team that does not wait for its end. */
static void pack_block(const block *b, const double *G, double *packed) {
#pragma omp for schedule(dynamic) nowait
  for (size_t j = 0; j < b->out; j += NTK_STRIP)
    ntk_pack(&(ntk_product_source){.inner = b->in,
                                   .columns = b->out - j < NTK_STRIP ? b->out - j : NTK_STRIP,
                                   .from = G + j,
                                   .row = b->out,
                                   .next = 1},
             packed + b->in * j);
}

/* u = J g over the chosen blocks. */
static void product(const ntk_features *features, const bool *blocks, const double *g,
                    double *workspace, ntk_watch *watch, double *u) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  const size_t N = features->N, L = features->network->depth;
  const size_t rows = ntk_product_rows(ntk_widest(&spec, 0));
  const size_t room = room_for(&spec, features->outputs);
  double *packed = workspace + (size_t)features->context->threads * room;
  memset(u, 0, features->rows * sizeof *u);
#pragma omp parallel num_threads(threads_for(features))
  {
    for (size_t k = 0; k < L; k++) {
      const block b = block_of(features, k, watch);
      if ((blocks == NULL || blocks[k]) && b.B != NULL)
        pack_block(&b, g + b.offset, packed + b.packed);
    }
#pragma omp barrier
#pragma omp for schedule(dynamic)
    for (size_t i = 0; i < N; i += rows)
      for (size_t k = 0; k < L; k++)
        if ((blocks == NULL || blocks[k]) && ntk_watch_on(watch, 0.5)) {
          const block b = block_of(features, k, watch);
          product_rows(&b, i, N - i < rows ? N - i : rows, g + b.offset, packed + b.packed,
                       workspace + (size_t)omp_get_thread_num() * room, u);
        }
  }
}

void cpu_scale(const ntk_features *features, const bool *blocks, double *g) {
  for (size_t k = 0; k < features->network->depth; k++) {
    const block b = block_of(features, k, NULL);
    const double *of = features->network->scale + 2 * k;
    if (blocks != NULL && !blocks[k])
      continue;
    if (of[0] != 1.0)
      ntk_dscal(b.in * b.out, of[0], g + b.offset);
    if (b.bias && of[1] != 1.0)
      ntk_dscal(b.out, of[1], g + b.offset + b.in * b.out);
  }
}

/* Doubles of all G by panels. */
static double packed_count(const ntk_network_spec *spec, ntk_outputs outputs) {
  double count = 0.0;
  for (size_t k = 1; k <= spec->depth; k++)
    count += (double)ntk_packed_count(spec->width[k - 1], ntk_back_width(spec, outputs, k));
  return count;
}

double cpu_operator_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs) {
  return (double)sizeof(double) *
         ((double)context->threads * (double)room_for(spec, outputs) + packed_count(spec, outputs));
}

double cpu_apply_bytes(const ntk_network_spec *spec, ntk_outputs outputs) {
  double entries = 0.0;
  for (size_t l = 1; l <= spec->depth; l++)
    entries += (double)ntk_spec_rows(spec, l) * (double)ntk_back_width(spec, outputs, l);
  return (double)sizeof(double) * entries;
}

/* Each thread's room, G by panels and, behind them, g where a product needs it. */
static ntk_status allocate_workspace(const ntk_features *features, bool apply, double **workspace,
                                     double **g) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  const double first = cpu_operator_bytes(features->context, &spec, features->outputs);
  const double bytes = first + (apply ? cpu_apply_bytes(&spec, features->outputs) : 0.0);
  if (!(bytes < 0x1p62))
    return ntk_fail(NTK_ERR_LIMIT, "the kernel operator's workspace exceeds the address space");
  NTK_TRY(ntk_alloc_doubles(features->context, (size_t)(bytes / (double)sizeof(double)),
                            "workspace of the kernel operator", workspace));
  *g = *workspace + (size_t)(first / (double)sizeof(double));
  return NTK_OK;
}

/* One of the above, with workspace of its own. */
typedef void part_fn(const ntk_features *features, const bool *blocks, const double *in,
                     double *workspace, ntk_watch *watch, double *out);

static ntk_watch watch_of(const ntk_features *features) {
  return (ntk_watch){.context = features->context, .phase = "products with the Jacobian"};
}

static ntk_status run_part(const ntk_features *features, const bool *blocks, part_fn *part,
                           const double *in, double *out) {
  double *workspace, *g;
  NTK_TRY(allocate_workspace(features, false, &workspace, &g));
  ntk_watch watch = watch_of(features);
  const int previous = ntk_blas_enter(1);
  part(features, blocks, in, workspace, &watch, out);
  ntk_blas_leave(previous);
  ntk_free(features->context, workspace);
  return watch.status;
}

ntk_status cpu_adjoint_of(const ntk_features *features, const bool *blocks, const double *v,
                          double *g) {
  return run_part(features, blocks, adjoint, v, g);
}

ntk_status cpu_product_of(const ntk_features *features, const bool *blocks, const double *g,
                          double *u) {
  return run_part(features, blocks, product, g, u);
}

ntk_status cpu_adjoint(const ntk_features *features, const double *v, double *g) {
  return cpu_adjoint_of(features, NULL, v, g);
}

ntk_status cpu_product(const ntk_features *features, const double *g, double *u) {
  return cpu_product_of(features, NULL, g, u);
}

ntk_status cpu_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                     double *U) {
  const size_t rows = features->rows;
  double *workspace, *g;
  NTK_TRY(allocate_workspace(features, true, &workspace, &g));
  ntk_watch watch = watch_of(features);
  const int previous = ntk_blas_enter(1);
  for (size_t c = 0; c < m && watch.status == NTK_OK; c++) {
    adjoint(features, blocks, V + c * rows, workspace, &watch, g);
    cpu_scale(features, blocks, g);
    product(features, blocks, g, workspace, &watch, U + c * rows);
  }
  ntk_blas_leave(previous);
  ntk_free(features->context, workspace);
  return watch.status;
}
