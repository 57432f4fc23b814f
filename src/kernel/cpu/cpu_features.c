#include "kernel/cpu/cpu.h"

#include "base/blas.h"
#include "base/memory.h"
#include "net/forward.h"

#include <string.h>

size_t cpu_back_width(const ntk_features *features, size_t k) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  return ntk_back_width(&spec, features->outputs, k);
}

static bool keeps_identity(const ntk_network_spec *spec, ntk_outputs outputs) {
  return outputs == NTK_OUTPUTS_ALL && ntk_spec_width(spec, spec->depth) > 1;
}

/* Numbers for each sample: F_L, F_l and B_l, l = 1..L-1, and B_L. */
double cpu_features_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  const double C = (double)ntk_spec_width(spec, spec->depth);
  double columns = C + (keeps_identity(spec, outputs) ? C * C : 0.0);
  for (size_t l = 1; l < spec->depth; l++)
    columns += (1.0 + (double)ntk_copies(spec, outputs, l)) * (double)spec->width[l];
  return (double)sizeof(double) * (double)N * columns;
}

/* As many numbers in *entries; NTK_ERR_LIMIT, too for rows of B that BLAS cannot index. */
static ntk_status count_entries(const ntk_features *features, const ntk_network_spec *spec,
                                size_t *entries) {
  const double bytes = cpu_features_bytes(spec, features->outputs, features->N);
  for (size_t k = 1; k <= spec->depth; k++)
    if (ntk_back_width(spec, features->outputs, k) > NTK_BLAS_MAX)
      return ntk_fail(NTK_ERR_LIMIT,
                      "n_%zu times the outputs is past what BLAS can index; accepted: up to %zu", k,
                      NTK_BLAS_MAX);
  if (!(bytes < 0x1p62)) /* sums of products below are then exact in size_t */
    return ntk_fail(NTK_ERR_LIMIT, "the features exceed the address space");
  const size_t C = ntk_spec_width(spec, spec->depth);
  size_t columns = C + (keeps_identity(spec, features->outputs) ? C * C : 0);
  for (size_t l = 1; l < spec->depth; l++)
    columns += (1 + ntk_copies(spec, features->outputs, l)) * spec->width[l];
  *entries = columns * features->N;
  return NTK_OK;
}

/* One block of memory for all arrays, sliced. */
static ntk_status allocate_features(ntk_features *features) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  const size_t L = spec.depth, N = features->N, C = ntk_spec_width(&spec, L);
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(features->context, 1, sizeof(cpu_features), "features", &pointer));
  cpu_features *made = pointer;
  *made = (cpu_features){0};
  features->state = made;
  NTK_TRY(ntk_alloc(features->context, 2 * (L + 1), sizeof(double *), "features", &pointer));
  made->F = pointer;
  made->B = made->F + L + 1;
  NTK_TRY(count_entries(features, &spec, &made->entries));
  NTK_TRY(ntk_alloc_doubles(features->context, made->entries, "features", &made->storage));
  made->F_L = made->storage;
  double *next = made->storage + N * C;
  made->F[0] = (double *)(uintptr_t)features->X; /* read only: forward never writes F[0] */
  made->B[0] = made->F[L] = NULL;
  for (size_t l = 1; l < L; l++) {
    made->F[l] = next;
    made->B[l] = next + N * spec.width[l];
    next = made->B[l] + N * ntk_copies(&spec, features->outputs, l) * spec.width[l];
  }
  made->B[L] = keeps_identity(&spec, features->outputs) ? next : NULL;
  for (size_t e = 0; e < N * C * C && made->B[L] != NULL; e++)
    made->B[L][e] = e % C == e / C % C ? 1.0 : 0.0;
  return NTK_OK;
}

ntk_status cpu_features_create(ntk_features *features) {
  NTK_TRY(allocate_features(features));
  const cpu_features *f = cpu_features_of(features);
  return ntk_forward_backward(features->network, features->outputs, features->N, f->F, f->B,
                              f->F_L);
}

void cpu_features_destroy(ntk_features *features) {
  cpu_features *f = features->state;
  if (f == NULL)
    return;
  ntk_free(features->context, f->X);
  ntk_free(features->context, f->storage);
  ntk_free(features->context, f->F);
  ntk_free(features->context, f);
  features->state = NULL;
}

ntk_status cpu_features_output(const ntk_features *features, double *F_L) {
  memcpy(F_L, cpu_features_of(features)->F_L,
         features->N * features->network->width[features->network->depth] * sizeof(double));
  return NTK_OK;
}

/* Numbers that F_l, or B_l, has of a sample, l = 0..L-1. */
static size_t row_of(const ntk_features *features, bool b, size_t l) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  return (b ? ntk_copies(&spec, features->outputs, l) : 1) * spec.width[l];
}

void cpu_features_values(const ntk_features *features, bool b, size_t l, size_t first,
                         size_t samples, double *values) {
  const cpu_features *f = cpu_features_of(features);
  const size_t row = row_of(features, b, l), left = features->N - first;
  memcpy(values, (b ? f->B[l] : f->F[l]) + first * row,
         (samples < left ? samples : left) * row * sizeof(double));
}

/* A (rows x n) -= 1 mean^T. */
static void subtract(const ntk_features *features, size_t rows, size_t n, const double *mean,
                     double *A) {
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(features->context, (double)rows *(double)n))
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < n; j++)
      A[i * n + j] -= mean[j];
}

/* All arrays are copied, X too where F_0 is centred: the object then owns what it differs in. */
ntk_status cpu_features_centre(const ntk_features *features, size_t k, const double *f,
                               const double *b, ntk_features *centred) {
  const cpu_features *from = cpu_features_of(features);
  const size_t *width = features->network->width, N = features->N;
  NTK_TRY(allocate_features(centred));
  cpu_features *to = centred->state;
  memcpy(to->storage, from->storage, to->entries * sizeof(double));
  if (k == 0) {
    NTK_TRY(ntk_alloc_doubles(features->context, N * width[0], "features", &to->X));
    memcpy(to->X, features->X, N * width[0] * sizeof(double));
    to->F[0] = to->X;
  }
  subtract(features, N, width[k], f, to->F[k]);
  subtract(features, features->rows, cpu_back_width(features, k + 1), b, to->B[k + 1]);
  return NTK_OK;
}

/* squares[i] = ||row i / repeat||^2 of A (rows of n), for the rows of K. */
static void row_norms(const ntk_features *features, const double *A, size_t n, size_t repeat,
                      double *squares) {
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(features->context, 2.0 * (double)features->rows * (double)n))
  for (size_t i = 0; i < features->rows; i++) {
    const double *row = A + i / repeat * n;
    double sum = 0.0;
    for (size_t j = 0; j < n; j++)
      sum += row[j] * row[j];
    squares[i] = sum;
  }
}

ntk_status cpu_features_norms(const ntk_features *features, double *f2, double *b2) {
  const size_t L = features->network->depth, rows = features->rows;
  const cpu_features *f = cpu_features_of(features);
  for (size_t k = 0; k < L; k++) {
    row_norms(features, f->F[k], features->network->width[k], rows / features->N, f2 + k * rows);
    if (k + 1 < L)
      row_norms(features, f->B[k + 1], cpu_back_width(features, k + 1), 1, b2 + k * rows);
  }
  for (size_t i = 0; i < rows; i++)
    b2[(L - 1) * rows + i] = 1.0; /* B_L */
  return NTK_OK;
}
