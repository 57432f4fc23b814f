/* One sweep over blocks of rows: each block goes up through all layers and back down while it is in
 * cache. B[k] first holds phi'(G_k), made where phi(G_k) is, and is then multiplied by what
 * propagates back: no array beyond F and B themselves.
 *
 *   G_l = F_{l-1} W_l + 1 b_l^T,   F_l = phi(G_l)                        (1)
 *   B_{L-1} = phi'(G_{L-1}) o W_L^T,   B_k = phi'(G_k) o (B_{k+1} W_{k+1}^T)   (9)
 *
 * Row-major matrices are BLAS's column-major ones transposed, so G^T = W^T F^T is what it computes.
 */
#include "net/forward.h"

#include "base/blas.h"
#include "base/memory.h"

#include <omp.h>
#include <string.h>

enum { ROWS = 128 }; /* a fixed block, so that the bits of a row do not depend on threads */

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

static void forward_rows(const ntk_network *network, size_t first, size_t rows, double *const *F,
                         double *const *B) {
  for (size_t l = 1; l < network->depth; l++)
    layer(network, l, rows, F[l - 1] + first * network->width[l - 1],
          F[l] + first * network->width[l], B[l] + first * network->width[l]);
}

/* back: scratch, rows x the largest width. */
static void backward_rows(const ntk_network *network, size_t first, size_t rows, double *const *B,
                          double *back) {
  const size_t L = network->depth, last = network->width[L - 1];
  double *b = B[L - 1] + first * last; /* rows x n_{L-1} */
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < last; j++)
      b[i * last + j] *= network->W[L][j];
  for (size_t k = L - 2; k >= 1; k--) {
    const size_t here = network->width[k], above = network->width[k + 1];
    ntk_dgemm('T', 'N', here, rows, above, 1.0, network->W[k + 1], above, B[k + 1] + first * above,
              above, 0.0, back, here);
    b = B[k] + first * here;
    for (size_t i = 0; i < rows * here; i++)
      b[i] *= back[i];
  }
}

/* Doubles of a thread's workspace are so many times ROWS times the largest width. */
enum { BOTH_ARRAYS = 1, FORWARD_ARRAYS = 3 };

static double workspace_bytes(const ntk_context *context, size_t arrays,
                              const ntk_network_spec *spec) {
  return (double)sizeof(double) * (double)context->threads * (double)(arrays * ROWS) *
         (double)ntk_widest(spec, 1);
}

double ntk_forward_backward_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return workspace_bytes(context, BOTH_ARRAYS, spec);
}

double ntk_forward_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return workspace_bytes(context, FORWARD_ARRAYS, spec);
}

ntk_status ntk_forward_backward(const ntk_network *network, size_t N, double *const *F,
                                double *const *B, double *F_L) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth, part = BOTH_ARRAYS * ROWS * ntk_widest(&spec, 1);
  const int threads =
      ntk_threads_for(network->context, 4.0 * (double)N * (double)network->parameters);
  double *scratch;
  NTK_TRY(ntk_alloc_doubles(network->context, (size_t)threads * part,
                            "workspace of the backward pass", &scratch));
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t first = 0; first < N; first += ROWS) {
    const size_t rows = N - first < ROWS ? N - first : ROWS;
    forward_rows(network, first, rows, F, B);
    double *own = scratch + (size_t)omp_get_thread_num() * part;
    if (F_L != NULL)
      outputs(network, rows, F[L - 1] + first * network->width[L - 1], own,
              F_L + first * network->width[L]);
    backward_rows(network, first, rows, B, own);
  }
  ntk_blas_leave(previous);
  ntk_free(network->context, scratch);
  return NTK_OK;
}

ntk_status ntk_forward(const ntk_network *network, size_t N, const double *X, double *F_L) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t L = network->depth, part = ROWS * ntk_widest(&spec, 1);
  const int threads =
      ntk_threads_for(network->context, 2.0 * (double)N * (double)network->parameters);
  double *scratch;
  NTK_TRY(ntk_alloc_doubles(network->context, (size_t)threads * FORWARD_ARRAYS * part,
                            "workspace of the forward pass", &scratch));
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t first = 0; first < N; first += ROWS) {
    const size_t rows = N - first < ROWS ? N - first : ROWS;
    double *own = scratch + (size_t)omp_get_thread_num() * FORWARD_ARRAYS * part,
           *f[2] = {own, own + part};
    const double *f_in = X + first * network->width[0];
    for (size_t l = 1; l < L; l++) {
      layer(network, l, rows, f_in, f[l % 2], own + 2 * part);
      f_in = f[l % 2];
    }
    outputs(network, rows, f_in, own + 2 * part, F_L + first * network->width[L]);
  }
  ntk_blas_leave(previous);
  ntk_free(network->context, scratch);
  return NTK_OK;
}
