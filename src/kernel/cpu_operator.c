/* The kernel as an operator, without K: J (J^T v), block by block. Reshaped to n_k x n_{k+1}, the
 * part of J^T v that belongs to W_{k+1}, and what J makes of it, are
 *
 *     G_k = F_k^T diag(v) B_{k+1},    u_i += (F_k)_i G_k (B_{k+1})_i^T
 *
 * Two products of 2 N n_k n_{k+1} flops a block and vector; memory for G_k and a block of rows. */
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

/* u += block k of K applied to v, k < L - 1. G: n_k x n_{k+1}; rows: ROWS x n_{k+1}. */
static void apply_block(const ntk_features *features, size_t k, const double *v, double *G,
                        double *rows, double *u) {
  const cpu_features *f = cpu_features_of(features);
  const size_t in = features->network->width[k], out = features->network->width[k + 1];
  const double *F = f->F[k], *B = f->B[k + 1];
  for (size_t i = 0; i < features->N; i += ROWS) {
    const size_t count = features->N - i < ROWS ? features->N - i : ROWS;
    scale_rows(count, out, v + i, B + i * out, rows);
    ntk_dgemm('N', 'T', out, in, count, 1.0, rows, out, F + i * in, in, i == 0 ? 0.0 : 1.0, G, out);
  }
  for (size_t i = 0; i < features->N; i += ROWS) {
    const size_t count = features->N - i < ROWS ? features->N - i : ROWS;
    ntk_dgemm('N', 'N', out, count, in, 1.0, G, out, F + i * in, in, 0.0, rows, out);
    for (size_t r = 0; r < count; r++)
      u[i + r] += ntk_ddot(out, rows + r * out, B + (i + r) * out);
  }
}

/* u += F_{L-1} (F_{L-1}^T v); g: n_{L-1}. */
static void apply_last_block(const ntk_features *features, const double *v, double *g, double *u) {
  const size_t L = features->network->depth, n = features->network->width[L - 1];
  const double *F = cpu_features_of(features)->F[L - 1];
  ntk_dgemv('N', n, features->N, 1.0, F, n, v, 0.0, g);
  ntk_dgemv('T', n, features->N, 1.0, F, n, g, 1.0, u);
}

ntk_status cpu_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                     double *U) {
  const size_t L = features->network->depth, N = features->N;
  const size_t *width = features->network->width;
  size_t largest = width[L - 1], widest = 0;
  for (size_t k = 0; k + 1 < L; k++) {
    if (width[k] * width[k + 1] > largest)
      largest = width[k] * width[k + 1];
    if (width[k + 1] > widest)
      widest = width[k + 1];
  }
  double *workspace;
  NTK_TRY(ntk_alloc_doubles(features->context, largest + ROWS * widest,
                            "workspace of the kernel operator", &workspace));
  memset(U, 0, N * m * sizeof(double));
  const int previous = ntk_blas_enter(features->context->threads);
  for (size_t c = 0; c < m; c++) {
    for (size_t k = 0; k + 1 < L; k++)
      if (blocks == NULL || blocks[k])
        apply_block(features, k, V + c * N, workspace, workspace + largest, U + c * N);
    if (blocks == NULL || blocks[L - 1])
      apply_last_block(features, V + c * N, workspace, U + c * N);
  }
  ntk_blas_leave(previous);
  ntk_free(features->context, workspace);
  return NTK_OK;
}
