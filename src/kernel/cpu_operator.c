/* The Jacobian without the Jacobian, block by block. Reshaped to n_k x n_{k+1}, the part G_k of
 * g = J^T v that belongs to W_{k+1}, and what J makes of such a part, are
 *
 *     G_k = F_k^T diag(v) B_{k+1},    u_i += (F_k)_i G_k (B_{k+1})_i^T
 *
 * Two flops for each of N n_k n_{k+1} either way; K v = J (J^T v) is one after the other. Memory for
 * G_k and a block of rows. */
#include "kernel/cpu.h"

#include "base/blas.h"
#include "base/memory.h"

#include <string.h>

enum { ROWS = 512 };

/* out (rows x n) = diag(v) B. */
static void scale_rows(size_t rows, size_t n, const double *v, const double *B, double *out) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < n; j++)
      out[i * n + j] = v[i] * B[i * n + j];
}

/* G (n_k x n_{k+1}) = F_k^T diag(v) B_{k+1}; k = L - 1: n_{L-1} numbers, B_L being 1. rows: ROWS x
 * n_{k+1}. */
static void adjoint_block(const ntk_features *features, size_t k, const double *v, double *rows,
                          double *G) {
  const cpu_features *f = cpu_features_of(features);
  const size_t in = features->network->width[k], out = features->network->width[k + 1];
  if (k + 1 == features->network->depth) {
    ntk_dgemv('N', in, features->N, 1.0, f->F[k], in, v, 0.0, G);
    return;
  }
  for (size_t i = 0; i < features->N; i += ROWS) {
    const size_t count = features->N - i < ROWS ? features->N - i : ROWS;
    scale_rows(count, out, v + i, f->B[k + 1] + i * out, rows);
    ntk_dgemm('N', 'T', out, in, count, 1.0, rows, out, f->F[k] + i * in, in, i == 0 ? 0.0 : 1.0, G,
              out);
  }
}

/* u_i += (F_k)_i G (B_{k+1})_i^T. */
static void product_block(const ntk_features *features, size_t k, const double *G, double *rows,
                          double *u) {
  const cpu_features *f = cpu_features_of(features);
  const size_t in = features->network->width[k], out = features->network->width[k + 1];
  if (k + 1 == features->network->depth) {
    ntk_dgemv('T', in, features->N, 1.0, f->F[k], in, G, 1.0, u);
    return;
  }
  for (size_t i = 0; i < features->N; i += ROWS) {
    const size_t count = features->N - i < ROWS ? features->N - i : ROWS;
    ntk_dgemm('N', 'N', out, count, in, 1.0, G, out, f->F[k] + i * in, in, 0.0, rows, out);
    for (size_t r = 0; r < count; r++)
      u[i + r] += ntk_ddot(out, rows + r * out, f->B[k + 1] + (i + r) * out);
  }
}

/* Room for `extra` numbers and, behind them, ROWS rows of the widest B. */
static ntk_status allocate(const ntk_features *features, size_t extra, double **workspace) {
  size_t widest = 0;
  for (size_t k = 1; k < features->network->depth; k++)
    if (features->network->width[k] > widest)
      widest = features->network->width[k];
  return ntk_alloc_doubles(features->context, extra + ROWS * widest,
                           "workspace of the kernel operator", workspace);
}

ntk_status cpu_adjoint(const ntk_features *features, const double *v, double *g) {
  const ntk_network *network = features->network;
  double *rows;
  NTK_TRY(allocate(features, 0, &rows));
  const int previous = ntk_blas_enter(features->context->threads);
  for (size_t k = 0; k < network->depth; k++)
    adjoint_block(features, k, v, rows, g + (network->W[k + 1] - network->theta));
  ntk_blas_leave(previous);
  ntk_free(features->context, rows);
  return NTK_OK;
}

ntk_status cpu_product(const ntk_features *features, const double *g, double *u) {
  const ntk_network *network = features->network;
  double *rows;
  NTK_TRY(allocate(features, 0, &rows));
  memset(u, 0, features->N * sizeof *u);
  const int previous = ntk_blas_enter(features->context->threads);
  for (size_t k = 0; k < network->depth; k++)
    product_block(features, k, g + (network->W[k + 1] - network->theta), rows, u);
  ntk_blas_leave(previous);
  ntk_free(features->context, rows);
  return NTK_OK;
}

ntk_status cpu_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                     double *U) {
  const size_t L = features->network->depth, N = features->N;
  const size_t *width = features->network->width;
  size_t largest = 0;
  for (size_t k = 0; k < L; k++)
    if (width[k] * width[k + 1] > largest)
      largest = width[k] * width[k + 1];
  double *G;
  NTK_TRY(allocate(features, largest, &G));
  memset(U, 0, N * m * sizeof(double));
  const int previous = ntk_blas_enter(features->context->threads);
  for (size_t c = 0; c < m; c++)
    for (size_t k = 0; k < L; k++)
      if (blocks == NULL || blocks[k]) {
        adjoint_block(features, k, V + c * N, G + largest, G);
        product_block(features, k, G, G + largest, U + c * N);
      }
  ntk_blas_leave(previous);
  ntk_free(features->context, G);
  return NTK_OK;
}
