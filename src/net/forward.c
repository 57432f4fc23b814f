/* One sweep over blocks of rows: each block goes up through all layers and back down while it is in
 * cache. B[k] first holds phi'(G_k), made where phi(G_k) is, and is then multiplied by what
 * propagates back: of one output no array beyond F and B themselves.
 *
 *   G_l = F_{l-1} W_l + 1 b_l^T,   F_l = phi(G_l)                        (1)
 *   B_{L-1} = phi'(G_{L-1}) o W_L^T,   B_k = phi'(G_k) o (B_{k+1} W_{k+1}^T)   (9)
 *
 * Row-major matrices are BLAS's column-major ones transposed, so G^T = W^T F^T is what it computes.
 */
#include "net/forward.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { ROWS = 128, ROWS_LEAST = 16 };

/* Rows of a block: fixed, so that the bits of a row do not depend on threads. */
static size_t block_rows(size_t outputs) {
  const size_t rows = ROWS / outputs;
  return rows > ROWS_LEAST ? rows : ROWS_LEAST;
}

/* The rows of f (n_l wide) = b_l, to which a product is added: its beta. Without b_l it is 0. */
static double begin(const ntk_network *network, size_t l, size_t rows, double *f) {
  const size_t n = network->width[l];
  if (network->b[l] == NULL)
    return 0.0;
  for (size_t i = 0; i < rows; i++)
    memcpy(f + i * n, network->b[l], n * sizeof *f);
  return 1.0;
}

/* f = beta f + F_{l-1} W_l for columns of W_l, n_l of them or, from `column` on, some. */
static void multiply(const ntk_network *network, size_t l, size_t column, size_t columns,
                     size_t rows, const double *f_in, double beta, double *f) {
  const size_t in = network->width[l - 1], out = network->width[l];
  ntk_dgemm('N', 'N', columns, rows, in, 1.0, network->W[l] + column, out, f_in, in, beta,
            f + column, out);
}

/* Two halves by calls of one shape: whatever BLAS does with edges, equal columns of W give equal
 * columns of G, and opposite halves of W_L outputs that cancel to 0 (18). */
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
  add_outputs(network, 0, half > 0 ? half : n, rows, f, begin(network, L, rows, F_L), F_L);
  if (half == 0)
    return;
  add_outputs(network, half, half, rows, f, 0.0, second);
  for (size_t i = 0; i < rows * network->width[L]; i++)
    F_L[i] += second[i];
}

/* f = phi(G_l) and df = phi'(G_l), rows x n_l, from f_in = F_{l-1}. */
static void layer(const ntk_network *network, size_t l, size_t rows, const double *f_in, double *f,
                  double *df) {
  const size_t out = network->width[l];
  const size_t half = l == network->depth - 1 ? paired_width(network) : 0;
  const double beta = begin(network, l, rows, f);
  multiply(network, l, 0, half > 0 ? half : out, rows, f_in, beta, f);
  if (half > 0)
    multiply(network, l, half, half, rows, f_in, beta, f);
  ntk_activation_eval(&network->activation[l], rows * out, f, f, df);
}

/* A pass, and where everything goes. */
typedef struct pass {
  const ntk_network *network;
  size_t copies[2]; /* vectors that B_k has for a sample, k < L - 1, and k = L - 1 */
  double *const *F, *const *B;
  ntk_watch *watch; /* asked before each layer */
  size_t N;         /* samples of the pass */
} pass;

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

static void forward_rows(const pass *p, size_t first, size_t rows) {
  const size_t *n = p->network->width;
  for (size_t l = 1; l < p->network->depth && goes_on(p, first); l++)
    layer(p->network, l, rows, p->F[l - 1] + first * n[l - 1], p->F[l] + first * n[l],
          slopes(p, l, first, rows));
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

/* scratch: `part` doubles. */
static void backward_rows(const pass *p, size_t first, size_t rows, double *scratch, size_t part) {
  const ntk_network *network = p->network;
  const size_t L = network->depth, C = network->width[L];
  const double *b_above = last_rows(p, first, rows, scratch, scratch + part / 2);
  for (size_t k = L - 2; k >= 1 && goes_on(p, first); k--) {
    const size_t here = network->width[k], above = network->width[k + 1];
    ntk_dgemm('T', 'N', here, rows * C, above, 1.0, network->W[k + 1], above, b_above, above, 0.0,
              scratch, here);
    double *b = back_rows(p, k, first);
    const double *dphi = slopes(p, k, first, rows);
    for (size_t i = 0; i < rows; i++)
      for (size_t c = 0; c < C; c++)
        for (size_t j = 0; j < here; j++)
          b[(i * C + c) * here + j] = dphi[i * here + j] * scratch[(i * C + c) * here + j];
    b_above = b;
  }
}

/* Doubles of a thread's workspace: of a pass forward, three arrays of a block's rows; of one both
 * ways one, or with several outputs two that are n_L times as long. */
enum { FORWARD_ARRAYS = 3 };

static size_t forward_part(const ntk_network_spec *spec) {
  return block_rows(ntk_spec_width(spec, spec->depth)) * ntk_widest(spec, 1);
}

static size_t both_part(const ntk_network_spec *spec) {
  const size_t C = ntk_spec_width(spec, spec->depth);
  return (C > 1 ? 2 * C : 1) * forward_part(spec);
}

static double workspace_bytes(const ntk_context *context, size_t part) {
  return (double)sizeof(double) * (double)context->threads * (double)part;
}

double ntk_forward_backward_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return workspace_bytes(context, both_part(spec));
}

double ntk_forward_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return workspace_bytes(context, FORWARD_ARRAYS * forward_part(spec));
}

ntk_status ntk_forward_backward(const ntk_network *network, ntk_outputs outputs_of, size_t N,
                                double *const *F, double *const *B, double *F_L) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth, C = network->width[L], block = block_rows(C);
  const size_t part = both_part(&spec);
  ntk_watch watch = {.context = network->context, .phase = "features"};
  const pass p = {.network = network,
                  .copies = {C, ntk_copies(&spec, outputs_of, L - 1)},
                  .F = F,
                  .B = B,
                  .watch = &watch,
                  .N = N};
  const int threads =
      ntk_threads_for(network->context, 4.0 * (double)N * (double)network->parameters);
  double *scratch;
  NTK_TRY(ntk_alloc_doubles(network->context, (size_t)threads * part,
                            "workspace of the backward pass", &scratch));
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t first = 0; first < N; first += block) {
    const size_t rows = N - first < block ? N - first : block;
    double *own = scratch + (size_t)omp_get_thread_num() * part;
    forward_rows(&p, first, rows);
    if (!goes_on(&p, first))
      continue;
    if (F_L != NULL)
      outputs(network, rows, F[L - 1] + first * network->width[L - 1], own, F_L + first * C);
    backward_rows(&p, first, rows, own, part);
  }
  ntk_blas_leave(previous);
  ntk_free(network->context, scratch);
  return watch.status;
}

ntk_status ntk_forward(const ntk_network *network, size_t N, const double *X, double *F_L) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth, part = forward_part(&spec);
  const size_t block = block_rows(network->width[L]);
  const int threads =
      ntk_threads_for(network->context, 2.0 * (double)N * (double)network->parameters);
  double *scratch;
  NTK_TRY(ntk_alloc_doubles(network->context, (size_t)threads * FORWARD_ARRAYS * part,
                            "workspace of the forward pass", &scratch));
  ntk_watch watch = {.context = network->context, .phase = "outputs"};
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t first = 0; first < N; first += block) {
    const size_t rows = N - first < block ? N - first : block;
    double *own = scratch + (size_t)omp_get_thread_num() * FORWARD_ARRAYS * part,
           *f[2] = {own, own + part};
    const double *f_in = X + first * network->width[0];
    size_t l = 1;
    for (; l < L && ntk_watch_on(&watch, (double)first / (double)N); l++) {
      layer(network, l, rows, f_in, f[l % 2], own + 2 * part);
      f_in = f[l % 2];
    }
    if (l == L)
      outputs(network, rows, f_in, own + 2 * part, F_L + first * network->width[L]);
  }
  ntk_blas_leave(previous);
  ntk_free(network->context, scratch);
  return watch.status;
}
