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
 * one after the other. The threads share panels of G_k, and blocks of rows of u: which there are
 * depends on the sizes alone, and each is one thread's, so that the bits do not depend on how many
 * there are. */
#include "kernel/cpu/cpu.h"

#include "base/blas.h"
#include "base/memory.h"

#include <omp.h>
#include <string.h>

enum { ROWS = 256, PANEL = 64 };

/* Block k: F_k is N x in, B_{k+1} rows x out, with `per` rows for a sample; offset: of its G. watch
 * is asked before each product of matrices. */
typedef struct block {
  const double *F, *B; /* B NULL: 1 */
  size_t in, out, per, offset;
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
  for (size_t l = 0; l < k; l++)
    b.offset += (features->network->width[l] + (features->network->bias[l] ? 1 : 0)) *
                cpu_back_width(features, l + 1);
  return b;
}

static int threads_for(const ntk_features *features) {
  return ntk_threads_for(features->context,
                         2.0 * (double)features->rows * (double)features->network->parameters);
}

/* Row i of out (samples x n) = sum_c v_ic B_ic over the rows of sample i, from row 0 on. */
static void scale_rows(const block *b, size_t samples, const double *v, const double *B,
                       double *out) {
  const size_t n = b->out;
  for (size_t i = 0; i < samples; i++)
    for (size_t c = 0; c < b->per; c++) {
      const size_t row = i * b->per + c;
      if (c == 0)
        for (size_t j = 0; j < n; j++)
          out[i * n + j] = v[row] * B[row * n + j];
      else
        for (size_t j = 0; j < n; j++)
          out[i * n + j] += v[row] * B[row * n + j];
    }
}

/* Rows first .. first + count - 1 of G (in x out) = F^T diag(v) B; where B is 1, entries of the
 * vector F^T v. scaled: ROWS x out. */
static void adjoint_panel(const block *b, size_t N, size_t first, size_t count, const double *v,
                          double *scaled, double *G) {
  for (size_t i = 0; i < N && ntk_watch_on(b->watch, 0.0); i += ROWS) {
    const size_t rows = N - i < ROWS ? N - i : ROWS;
    const double *F = b->F + i * b->in + first;
    const double beta = i == 0 ? 0.0 : 1.0;
    if (b->B == NULL) {
      ntk_dgemv('N', count, rows, 1.0, F, b->in, v + i, beta, G + first);
    } else {
      scale_rows(b, rows, v + i * b->per, b->B + i * b->per * b->out, scaled);
      ntk_dgemm('N', 'T', b->out, count, rows, 1.0, scaled, b->out, F, b->in, beta,
                G + first * b->out, b->out);
    }
  }
}

/* The bias's row of G (out): sum_i v_i B_i. */
static void adjoint_bias(const block *b, size_t N, const double *v, double *row) {
  memset(row, 0, b->out * sizeof *row);
  for (size_t i = 0; i < N * b->per; i++)
    if (b->B == NULL)
      row[0] += v[i];
    else
      for (size_t j = 0; j < b->out; j++)
        row[j] += v[i] * b->B[i * b->out + j];
}

/* u_i += F_i G B_i^T for the rows of samples first .. first + count - 1. rows: count x out. */
static void product_rows(const block *b, size_t first, size_t count, const double *G, double *rows,
                         double *u) {
  const double *F = b->F + first * b->in, *bias = G + b->in * b->out;
  if (b->B == NULL) {
    ntk_dgemv('T', b->in, count, 1.0, F, b->in, G, 1.0, u + first);
    for (size_t r = 0; r < count && b->bias; r++)
      u[first + r] += bias[0];
    return;
  }
  for (size_t r = 0; r < count && b->bias; r++)
    memcpy(rows + r * b->out, bias, b->out * sizeof *rows);
  ntk_dgemm('N', 'N', b->out, count, b->in, 1.0, G, b->out, F, b->in, b->bias ? 1.0 : 0.0, rows,
            b->out);
  for (size_t r = 0; r < count * b->per; r++)
    u[first * b->per + r] +=
        ntk_ddot(b->out, rows + r / b->per * b->out, b->B + (first * b->per + r) * b->out);
}

/* Panels of G: index p of them starts at row PANEL p; the bias's row is one more. */
static size_t panels(const block *b) {
  return (b->in + PANEL - 1) / PANEL;
}

/* Parts of g = J^T v, in theta's order, of the chosen blocks. */
static void adjoint(const ntk_features *features, const bool *blocks, const double *v,
                    size_t widest, double *workspace, ntk_watch *watch, double *g) {
  for (size_t k = 0; k < features->network->depth; k++) {
    if (blocks != NULL && !blocks[k])
      continue;
    const block b = block_of(features, k, watch);
    double *G = g + b.offset;
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(features))
    for (size_t p = 0; p < panels(&b) + (b.bias ? 1 : 0); p++) {
      const size_t first = p * PANEL, left = b.in - first;
      if (p == panels(&b))
        adjoint_bias(&b, features->N, v, G + b.in * b.out);
      else
        adjoint_panel(&b, features->N, first, left < PANEL ? left : PANEL, v,
                      workspace + (size_t)omp_get_thread_num() * ROWS * widest, G);
    }
  }
}

/* u = J g over the chosen blocks. */
static void product(const ntk_features *features, const bool *blocks, const double *g,
                    size_t widest, double *workspace, ntk_watch *watch, double *u) {
  memset(u, 0, features->rows * sizeof *u);
#pragma omp parallel for schedule(dynamic) num_threads(threads_for(features))
  for (size_t i = 0; i < features->N; i += ROWS) {
    const size_t left = features->N - i;
    for (size_t k = 0; k < features->network->depth; k++)
      if ((blocks == NULL || blocks[k]) && ntk_watch_on(watch, 0.5)) {
        const block b = block_of(features, k, watch);
        product_rows(&b, i, left < ROWS ? left : ROWS, g + b.offset,
                     workspace + (size_t)omp_get_thread_num() * ROWS * widest, u);
      }
  }
}

/* g = C g over the chosen blocks, C the scales of their W and b. */
static void scale(const ntk_features *features, const bool *blocks, double *g) {
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

/* The longest row of a B. */
static size_t widest_back(const ntk_network_spec *spec, ntk_outputs outputs) {
  size_t widest = 1;
  for (size_t k = 1; k <= spec->depth; k++)
    if (ntk_back_width(spec, outputs, k) > widest)
      widest = ntk_back_width(spec, outputs, k);
  return widest;
}

double cpu_operator_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs) {
  return (double)sizeof(double) * (double)context->threads * ROWS *
         (double)widest_back(spec, outputs);
}

double cpu_apply_bytes(const ntk_network_spec *spec, ntk_outputs outputs) {
  double entries = 0.0;
  for (size_t l = 1; l <= spec->depth; l++)
    entries += (double)ntk_spec_rows(spec, l) * (double)ntk_back_width(spec, outputs, l);
  return (double)sizeof(double) * entries;
}

/* ROWS rows of the widest B for each thread and, behind them, g where a product needs it. */
static ntk_status allocate_workspace(const ntk_features *features, bool apply, size_t *widest,
                                     double **workspace) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  const double bytes = apply ? cpu_apply_bytes(&spec, features->outputs) : 0.0;
  *widest = widest_back(&spec, features->outputs);
  if (!(bytes < 0x1p62))
    return ntk_fail(NTK_ERR_LIMIT, "the kernel operator's workspace exceeds the address space");
  return ntk_alloc_doubles(features->context,
                           (size_t)features->context->threads * ROWS * *widest +
                               (size_t)(bytes / (double)sizeof(double)),
                           "workspace of the kernel operator", workspace);
}

/* One of the above, over all blocks, with workspace of its own. */
typedef void part_fn(const ntk_features *features, const bool *blocks, const double *in,
                     size_t widest, double *workspace, ntk_watch *watch, double *out);

static ntk_watch watch_of(const ntk_features *features) {
  return (ntk_watch){.context = features->context, .phase = "products with the Jacobian"};
}

static ntk_status run_part(const ntk_features *features, part_fn *part, const double *in,
                           double *out) {
  size_t widest = 0;
  double *workspace;
  NTK_TRY(allocate_workspace(features, false, &widest, &workspace));
  ntk_watch watch = watch_of(features);
  const int previous = ntk_blas_enter(1);
  part(features, NULL, in, widest, workspace, &watch, out);
  ntk_blas_leave(previous);
  ntk_free(features->context, workspace);
  return watch.status;
}

ntk_status cpu_adjoint(const ntk_features *features, const double *v, double *g) {
  return run_part(features, adjoint, v, g);
}

ntk_status cpu_product(const ntk_features *features, const double *g, double *u) {
  return run_part(features, product, g, u);
}

ntk_status cpu_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                     double *U) {
  const size_t rows = features->rows;
  size_t widest = 0;
  double *workspace;
  NTK_TRY(allocate_workspace(features, true, &widest, &workspace));
  double *g = workspace + (size_t)features->context->threads * ROWS * widest;
  ntk_watch watch = watch_of(features);
  const int previous = ntk_blas_enter(1);
  for (size_t c = 0; c < m && watch.status == NTK_OK; c++) {
    adjoint(features, blocks, V + c * rows, widest, workspace, &watch, g);
    scale(features, blocks, g);
    product(features, blocks, g, widest, workspace, &watch, U + c * rows);
  }
  ntk_blas_leave(previous);
  ntk_free(features->context, workspace);
  return watch.status;
}
