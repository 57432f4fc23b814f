/* The Jacobian without the Jacobian, block by block. Reshaped to n_k x n_{k+1}, the part G_k of
 * g = J^T v that belongs to W_{k+1}, and what J makes of such a part, are
 *
 *     G_k = F_k^T diag(v) B_{k+1},    u_i += (F_k)_i G_k (B_{k+1})_i^T
 *
 * Two flops for each of N n_k n_{k+1} either way; K v = J (J^T v) is one after the other. The
 * threads share panels of G_k, and blocks of rows of u: which there are depends on the sizes alone,
 * and each is one thread's, so that the bits do not depend on how many there are. */
#include "kernel/cpu/cpu.h"

#include "base/blas.h"
#include "base/memory.h"

#include <omp.h>
#include <string.h>

enum { ROWS = 256, PANEL = 64 };

static int threads_for(const ntk_features *features) {
  return ntk_threads_for(features->context,
                         2.0 * (double)features->N * (double)features->network->parameters);
}

/* out (rows x n) = diag(v) B. */
static void scale_rows(size_t rows, size_t n, const double *v, const double *B, double *out) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < n; j++)
      out[i * n + j] = v[i] * B[i * n + j];
}

/* Rows first .. first + count - 1 of G (n_k x n_{k+1}) = F_k^T diag(v) B_{k+1}; for k = L - 1,
 * where B_L is 1, entries of the vector F_{L-1}^T v. scaled: ROWS x n_{k+1}. */
static void adjoint_panel(const ntk_features *features, size_t k, size_t first, size_t count,
                          const double *v, double *scaled, double *G) {
  const cpu_features *f = cpu_features_of(features);
  const size_t in = features->network->width[k], out = features->network->width[k + 1];
  const bool last = k + 1 == features->network->depth;
  for (size_t i = 0; i < features->N; i += ROWS) {
    const size_t rows = features->N - i < ROWS ? features->N - i : ROWS;
    const double *F = f->F[k] + i * in + first;
    const double beta = i == 0 ? 0.0 : 1.0;
    if (last) {
      ntk_dgemv('N', count, rows, 1.0, F, in, v + i, beta, G + first);
    } else {
      scale_rows(rows, out, v + i, f->B[k + 1] + i * out, scaled);
      ntk_dgemm('N', 'T', out, count, rows, 1.0, scaled, out, F, in, beta, G + first * out, out);
    }
  }
}

/* u_i += (F_k)_i G (B_{k+1})_i^T for rows i = first .. first + count - 1. rows: count x n_{k+1}. */
static void product_rows(const ntk_features *features, size_t k, size_t first, size_t count,
                         const double *G, double *rows, double *u) {
  const cpu_features *f = cpu_features_of(features);
  const size_t in = features->network->width[k], out = features->network->width[k + 1];
  if (k + 1 == features->network->depth) {
    ntk_dgemv('T', in, count, 1.0, f->F[k] + first * in, in, G, 1.0, u + first);
    return;
  }
  ntk_dgemm('N', 'N', out, count, in, 1.0, G, out, f->F[k] + first * in, in, 0.0, rows, out);
  for (size_t r = 0; r < count; r++)
    u[first + r] += ntk_ddot(out, rows + r * out, f->B[k + 1] + (first + r) * out);
}

/* Panels of G_k: index p of them starts at row PANEL p. */
static size_t panels(const ntk_features *features, size_t k) {
  return (features->network->width[k] + PANEL - 1) / PANEL;
}

/* Parts of g = J^T v, in theta's order, of the chosen blocks. */
static void adjoint(const ntk_features *features, const bool *blocks, const double *v,
                    size_t widest, double *workspace, double *g) {
  const ntk_network *network = features->network;
  for (size_t k = 0; k < network->depth; k++) {
    if (blocks != NULL && !blocks[k])
      continue;
    double *G = g + ntk_layer_offset(network, k + 1);
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(features))
    for (size_t p = 0; p < panels(features, k); p++) {
      const size_t first = p * PANEL, left = network->width[k] - first;
      adjoint_panel(features, k, first, left < PANEL ? left : PANEL, v,
                    workspace + (size_t)omp_get_thread_num() * ROWS * widest, G);
    }
  }
}

/* u = J g over the chosen blocks. */
static void product(const ntk_features *features, const bool *blocks, const double *g,
                    size_t widest, double *workspace, double *u) {
  const ntk_network *network = features->network;
  memset(u, 0, features->N * sizeof *u);
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(features))
  for (size_t i = 0; i < features->N; i += ROWS) {
    const size_t left = features->N - i;
    for (size_t k = 0; k < network->depth; k++)
      if (blocks == NULL || blocks[k])
        product_rows(features, k, i, left < ROWS ? left : ROWS,
                     g + ntk_layer_offset(network, k + 1),
                     workspace + (size_t)omp_get_thread_num() * ROWS * widest, u);
  }
}

double cpu_operator_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return (double)sizeof(double) * (double)context->threads * ROWS * (double)ntk_widest(spec, 1);
}

/* ROWS rows of the widest B for each thread and, behind them, `extra` numbers. */
static ntk_status allocate_workspace(const ntk_features *features, size_t extra, size_t *widest,
                                     double **workspace) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  *widest = ntk_widest(&spec, 1);
  return ntk_alloc_doubles(features->context,
                           (size_t)features->context->threads * ROWS * *widest + extra,
                           "workspace of the kernel operator", workspace);
}

/* One of the above, over all blocks, with workspace of its own. */
typedef void part_fn(const ntk_features *features, const bool *blocks, const double *in,
                     size_t widest, double *workspace, double *out);

static ntk_status run_part(const ntk_features *features, part_fn *part, const double *in,
                           double *out) {
  size_t widest = 0;
  double *workspace;
  NTK_TRY(allocate_workspace(features, 0, &widest, &workspace));
  const int previous = ntk_blas_enter(1);
  part(features, NULL, in, widest, workspace, out);
  ntk_blas_leave(previous);
  ntk_free(features->context, workspace);
  return NTK_OK;
}

ntk_status cpu_adjoint(const ntk_features *features, const double *v, double *g) {
  return run_part(features, adjoint, v, g);
}

ntk_status cpu_product(const ntk_features *features, const double *g, double *u) {
  return run_part(features, product, g, u);
}

ntk_status cpu_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                     double *U) {
  const size_t N = features->N;
  size_t widest = 0;
  double *workspace;
  NTK_TRY(allocate_workspace(features, features->network->parameters, &widest, &workspace));
  double *g = workspace + (size_t)features->context->threads * ROWS * widest;
  const int previous = ntk_blas_enter(1);
  for (size_t c = 0; c < m; c++) {
    adjoint(features, blocks, V + c * N, widest, workspace, g);
    product(features, blocks, g, widest, workspace, U + c * N);
  }
  ntk_blas_leave(previous);
  ntk_free(features->context, workspace);
  return NTK_OK;
}
