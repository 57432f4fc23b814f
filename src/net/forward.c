/* One sweep over blocks of rows: each block goes up through all layers and back down while it is in
 * cache. B[k] first holds phi'(G_k), made where phi(G_k) is, and is then multiplied by what
 * propagates back: of one output no array beyond F and B themselves.
 *
 *   G_l = F_{l-1} W_l + 1 b_l^T,   F_l = phi(G_l)                        (1)
 *   B_{L-1} = phi'(G_{L-1}) o W_L^T,   B_k = phi'(G_k) o (B_{k+1} W_{k+1}^T)   (9)
 *
 * Weights are packed once, by the threads together, those that go back transposed; with few samples
 * W_l is multiplied as it lies. A strip of columns of G_l is activated while it is in cache. An
 * entry is one sum over the units below, in their order: its bits depend on no block and no thread,
 * equal columns of W give equal columns of G, and opposite halves of W_L outputs that cancel (18).
 */
#include "net/forward.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/product/product.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { FORWARD_ARRAYS = 3, PACKED_FROM = 48 };

/* Rows of a block: fixed, so that the bits of a row do not depend on threads. */
static size_t block_rows(const ntk_network_spec *spec) {
  return ntk_spec_width(spec, spec->depth) > 1 ? NTK_PRODUCT_ROWS
                                               : ntk_product_rows(ntk_widest(spec, 1));
}

/* ---- Weights by panels ----------------------------------------------------------------------- */

static size_t strip_width(size_t columns, size_t first) {
  return columns - first < NTK_STRIP ? columns - first : NTK_STRIP;
}

/* Numbers that W_1 .. W_{L-1} are, or W_2^T .. W_{L-1}^T. */
static double packed_count(const ntk_network_spec *spec, bool transposed) {
  double count = 0.0;
  for (size_t l = transposed ? 2 : 1; l < spec->depth; l++)
    count += (double)(transposed ? ntk_packed_count(spec->width[l], spec->width[l - 1])
                                 : ntk_packed_count(spec->width[l - 1], spec->width[l]));
  return count;
}

/* The same, one after another into packed; by a team that does not wait for its end. */
static void pack(const ntk_network *network, bool transposed, double *packed) {
  for (size_t l = transposed ? 2 : 1; l < network->depth; l++) {
    const size_t in = network->width[l - 1], out = network->width[l];
    const ntk_product_source W =
        transposed ? (ntk_product_source){.inner = out, .columns = in, .row = 1, .next = out}
                   : (ntk_product_source){.inner = in, .columns = out, .row = out, .next = 1};
#pragma omp for schedule(dynamic) nowait
    for (size_t j = 0; j < W.columns; j += NTK_STRIP) {
      ntk_product_source strip = W;
      strip.columns = strip_width(W.columns, j);
      strip.from = network->W[l] + j * W.next;
      ntk_pack(&strip, packed + j * W.inner);
    }
    packed += ntk_packed_count(W.inner, W.columns);
  }
}

/* ---- Products -------------------------------------------------------------------------------- */

/* Rows of f, n wide, = b. */
static void fill(size_t rows, size_t n, const double *b, size_t distance, double *f) {
  for (size_t i = 0; i < rows; i++)
    memcpy(f + i * distance, b, n * sizeof *f);
}

/* Two halves, each summed on its own: opposite ones cancel. */
static size_t paired_width(const ntk_network *network) {
  const size_t n = network->width[network->depth - 1];
  return n % 2 == 0 ? n / 2 : 0;
}

/* F (rows x n_L) = beta F + f W_L for `count` units of the last hidden layer, from `unit` on. */
static void add_outputs(const ntk_network *network, size_t unit, size_t count, size_t rows,
                        const double *f, double beta, double *F) {
  const size_t L = network->depth, n = network->width[L - 1], outputs = network->width[L];
  const double *W = network->W[L] + unit * outputs;
  if (outputs == 1)
    ntk_dgemv('T', count, rows, 1.0, f + unit, n, W, beta, F);
  else
    ntk_dgemm('N', 'N', outputs, rows, count, 1.0, W, outputs, f + unit, n, beta, F, outputs);
}

/* F_L (rows x n_L); second: scratch of that size. */
static void outputs(const ntk_network *network, size_t rows, const double *f, double *second,
                    double *F_L) {
  const size_t L = network->depth, n = network->width[L - 1], half = paired_width(network);
  const bool bias = network->b[L] != NULL;
  if (bias)
    fill(rows, network->width[L], network->b[L], network->width[L], F_L);
  add_outputs(network, 0, half > 0 ? half : n, rows, f, bias ? 1.0 : 0.0, F_L);
  if (half == 0)
    return;
  add_outputs(network, half, half, rows, f, 0.0, second);
  for (size_t i = 0; i < rows * network->width[L]; i++)
    F_L[i] += second[i];
}

/* A pass, and where everything goes. */
typedef struct pass {
  const ntk_network *network;
  size_t N;         /* samples, */
  size_t block;     /* of which so many go together */
  size_t copies[2]; /* vectors that B_k has for a sample, k < L - 1, and k = L - 1 */
  double *const *F, *const *B, *F_L; /* F_L: or NULL */
  double *up, *down;                 /* W_1 .. W_{L-1} by panels, or NULL; W_2^T .. W_{L-1}^T */
  double *scratch;                   /* `part` doubles a thread */
  size_t part;
  ntk_watch *watch; /* asked before each strip */
} pass;

static size_t rows_from(const pass *p, size_t first) {
  return p->N - first < p->block ? p->N - first : p->block;
}

static bool goes_on(const pass *p, size_t first) {
  return ntk_watch_on(p->watch, (double)first / (double)p->N);
}

static size_t copies_of(const pass *p, size_t k) {
  return p->copies[k + 1 == p->network->depth];
}

/* Where the block's part of B_k begins, and where its phi'(G_k) stand until they are used: at the
 * end of that part, so that sample by sample they can be multiplied out in place. */
static double *back_rows(const pass *p, size_t k, size_t first) {
  return p->B[k] + first * copies_of(p, k) * p->network->width[k];
}
static double *slopes(const pass *p, size_t k, size_t first, size_t rows) {
  const size_t n = p->network->width[k];
  return back_rows(p, k, first) + rows * (copies_of(p, k) - 1) * n;
}

/* f = phi(f), and df its slopes, as they go back. */
static void eval_layer(const ntk_network *network, size_t l, size_t n, double *f, double *df) {
  const double factor = ntk_slope_factor(network, l);
  ntk_activation_eval(&network->activation[l], n, f, f, df);
  for (size_t i = 0; i < n && factor != 1.0; i++)
    df[i] *= factor;
}

/* f = phi(G_l) and df = phi'(G_l) of the block at first, from f_in = F_{l-1}. packed: W_l, where it
 * is. */
static void layer(const pass *p, size_t l, size_t first, const double *packed, const double *f_in,
                  double *f, double *df) {
  const ntk_network *network = p->network;
  const size_t in = network->width[l - 1], out = network->width[l], rows = rows_from(p, first);
  const bool by_rows = p->up == NULL, bias = network->b[l] != NULL;
  for (size_t j = 0; j < out && goes_on(p, first); j += NTK_STRIP) {
    const size_t count = strip_width(out, j);
    if (bias)
      fill(rows, count, network->b[l] + j, out, f + j);
    ntk_multiply(&(ntk_product){.rows = rows,
                                .columns = count,
                                .inner = in,
                                .A = f_in,
                                .row = in,
                                .next = 1,
                                .B = by_rows ? network->W[l] + j : packed + in * j,
                                .B_distance = by_rows ? out : 0,
                                .C = f + j,
                                .C_distance = out,
                                .mode = bias ? NTK_PRODUCT_ADD : NTK_PRODUCT_SET});
    const size_t runs = count == out ? 1 : rows, length = count == out ? rows * out : count;
    for (size_t at = j, i = 0; i < runs; i++, at += out)
      eval_layer(network, l, length, f + at, df + at);
  }
}

/* B_{L-1} of every output: phi' o factor W_L^T into b (rows x n_L x n_{L-1}). */
static void spread(const ntk_network *network, size_t rows, double factor, const double *dphi,
                   double *b) {
  const size_t L = network->depth, n = network->width[L - 1], C = network->width[L];
  for (size_t i = 0; i < rows; i++)
    for (size_t c = 0; c < C; c++)
      for (size_t j = 0; j < n; j++)
        b[(i * C + c) * n + j] = dphi[i * n + j] * (factor * network->W[L][j * C + c]);
}

/* The norm of n numbers over sqrt n, whatever their size. */
static double root_mean_square(size_t n, const double *w) {
  double largest = 0.0, sum = 0.0;
  for (size_t c = 0; c < n; c++)
    largest = fmax(largest, fabs(w[c]));
  for (size_t c = 0; c < n && largest > 0.0; c++)
    sum += w[c] / largest * (w[c] / largest);
  return largest * sqrt(sum / (double)n);
}

/* What goes back from the last hidden layer, B_{L-1} of every output over sqrt n_L in their mean;
 * and B_{L-1} itself, in the mean phi' o sqrt(sum_c w_cj^2 / n_L), which has the same Gram matrix.
 * back, own: scratch, rows x n_L x the largest width. */
static double *last_rows(const pass *p, size_t first, size_t rows, double *back, double *own) {
  const ntk_network *network = p->network;
  const size_t L = network->depth, n = network->width[L - 1], C = network->width[L];
  double *b = back_rows(p, L - 1, first);
  if (copies_of(p, L - 1) == C) {
    spread(network, rows, 1.0, slopes(p, L - 1, first, rows), b);
    return b;
  }
  if (L > 2)
    spread(network, rows, 1.0 / sqrt((double)C), b, own);
  for (size_t j = 0; j < n; j++)
    back[j] = root_mean_square(C, network->W[L] + j * C);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < n; j++)
      b[i * n + j] *= back[j];
  return own;
}

/* B_k = phi'(G_k) o (b_above W_{k+1}^T), C rows of it for a sample. */
static void back_layer(const pass *p, size_t k, size_t first, const double *packed,
                       const double *b_above, double *scratch) {
  const size_t here = p->network->width[k], above = p->network->width[k + 1];
  const size_t C = copies_of(p, k), rows = rows_from(p, first);
  double *b = back_rows(p, k, first);
  if (C > 1) /* the product takes their place */
    memcpy(scratch, slopes(p, k, first, rows), rows * here * sizeof *b);
  for (size_t j = 0; j < here && goes_on(p, first); j += NTK_STRIP)
    ntk_multiply(&(ntk_product){.rows = rows * C,
                                .columns = strip_width(here, j),
                                .inner = above,
                                .A = b_above,
                                .row = above,
                                .next = 1,
                                .B = packed + above * j,
                                .C = b + j,
                                .C_distance = here,
                                .mode = C > 1 ? NTK_PRODUCT_SET : NTK_PRODUCT_TIMES});
  for (size_t i = 0; i < rows && C > 1; i++)
    for (size_t c = 0; c < C; c++)
      for (size_t j = 0; j < here; j++)
        b[(i * C + c) * here + j] *= scratch[i * here + j];
}

/* A block of rows up and down. */
static void both_ways(const pass *p, size_t first) {
  const size_t *n = p->network->width, L = p->network->depth, rows = rows_from(p, first);
  double *scratch = p->scratch + (size_t)omp_get_thread_num() * p->part;
  const double *W = p->up, *W_T = p->down;
  for (size_t l = 1; l < L; l++) {
    layer(p, l, first, W, p->F[l - 1] + first * n[l - 1], p->F[l] + first * n[l],
          slopes(p, l, first, rows));
    W = W == NULL ? NULL : W + ntk_packed_count(n[l - 1], n[l]);
    W_T += l > 1 ? ntk_packed_count(n[l], n[l - 1]) : 0;
  }
  if (!goes_on(p, first))
    return;
  if (p->F_L != NULL)
    outputs(p->network, rows, p->F[L - 1] + first * n[L - 1], scratch, p->F_L + first * n[L]);
  const double *b = last_rows(p, first, rows, scratch, scratch + p->part / 2);
  for (size_t k = L - 2; k >= 1; k--) {
    W_T -= ntk_packed_count(n[k + 1], n[k]);
    back_layer(p, k, first, W_T, b, scratch);
    b = back_rows(p, k, first);
  }
}

/* A block of rows of X (N x d) up. */
static void forward_only(const pass *p, const double *X, size_t first) {
  const size_t *n = p->network->width, L = p->network->depth, part = p->part / FORWARD_ARRAYS;
  double *scratch = p->scratch + (size_t)omp_get_thread_num() * p->part;
  double *f[2] = {scratch, scratch + part}, *rest = scratch + 2 * part;
  const double *f_in = X + first * n[0], *W = p->up;
  for (size_t l = 1; l < L; l++) {
    layer(p, l, first, W, f_in, f[l % 2], rest);
    W = W == NULL ? NULL : W + ntk_packed_count(n[l - 1], n[l]);
    f_in = f[l % 2];
  }
  if (goes_on(p, first))
    outputs(p->network, rows_from(p, first), f_in, rest, p->F_L + first * n[L]);
}

/* Doubles of a thread's scratch: of a pass forward, three arrays of a block's rows; of one both
 * ways the sums of its outputs, or with several outputs two arrays that are n_L times as long. */
static size_t forward_part(const ntk_network_spec *spec) {
  return FORWARD_ARRAYS * block_rows(spec) * ntk_widest(spec, 1);
}

static size_t both_part(const ntk_network_spec *spec) {
  const size_t C = ntk_spec_width(spec, spec->depth), rows = block_rows(spec);
  return C > 1 ? 2 * C * rows * ntk_widest(spec, 1) : rows;
}

static double bytes_of(const ntk_context *context, double packed, size_t part) {
  return (double)sizeof(double) * (packed + (double)context->threads * (double)part);
}

double ntk_forward_backward_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return bytes_of(context, packed_count(spec, false) + packed_count(spec, true), both_part(spec));
}

double ntk_forward_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return bytes_of(context, packed_count(spec, false), forward_part(spec));
}

/* Room for p's packed weights and the threads' scratch; *workspace is to be freed. */
static ntk_status prepare(pass *p, bool back, int threads, double **workspace) {
  const ntk_network_spec spec = ntk_spec_of(p->network);
  const size_t up = p->N < PACKED_FROM ? 0 : (size_t)packed_count(&spec, false);
  const size_t down = back ? (size_t)packed_count(&spec, true) : 0;
  NTK_TRY(ntk_alloc_doubles(
      p->network->context, up + down + (size_t)threads * p->part,
      back ? "workspace of the backward pass" : "workspace of the forward pass", workspace));
  p->up = up > 0 ? *workspace : NULL;
  p->down = *workspace + up;
  p->scratch = p->down + down;
  return NTK_OK;
}

ntk_status ntk_forward_backward(const ntk_network *network, ntk_outputs outputs_of, size_t N,
                                double *const *F, double *const *B, double *F_L) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t C = network->width[network->depth];
  ntk_watch watch = {.context = network->context, .phase = "features"};
  pass p = {.network = network,
            .N = N,
            .block = block_rows(&spec),
            .copies = {C, ntk_copies(&spec, outputs_of, network->depth - 1)},
            .F = F,
            .B = B,
            .F_L = F_L,
            .part = both_part(&spec),
            .watch = &watch};
  const int threads =
      ntk_threads_for(network->context, 4.0 * (double)N * (double)network->parameters);
  double *workspace;
  NTK_TRY(prepare(&p, true, threads, &workspace));
  const int previous = ntk_blas_enter(1);
#pragma omp parallel num_threads(threads)
  {
    if (p.up != NULL)
      pack(network, false, p.up);
    pack(network, true, p.down);
#pragma omp barrier
#pragma omp for schedule(dynamic)
    for (size_t first = 0; first < N; first += p.block)
      both_ways(&p, first);
  }
  ntk_blas_leave(previous);
  ntk_free(network->context, workspace);
  return watch.status;
}

ntk_status ntk_forward(const ntk_network *network, size_t N, const double *X, double *F_L) {
  const ntk_network_spec spec = ntk_spec_of(network);
  ntk_watch watch = {.context = network->context, .phase = "outputs"};
  pass p = {.network = network,
            .N = N,
            .block = block_rows(&spec),
            .F_L = F_L,
            .part = forward_part(&spec),
            .watch = &watch};
  const int threads =
      ntk_threads_for(network->context, 2.0 * (double)N * (double)network->parameters);
  double *workspace;
  NTK_TRY(prepare(&p, false, threads, &workspace));
  const int previous = ntk_blas_enter(1);
#pragma omp parallel num_threads(threads)
  {
    if (p.up != NULL)
      pack(network, false, p.up);
#pragma omp barrier
#pragma omp for schedule(dynamic)
    for (size_t first = 0; first < N; first += p.block)
      forward_only(&p, X, first);
  }
  ntk_blas_leave(previous);
  ntk_free(network->context, workspace);
  return watch.status;
}
