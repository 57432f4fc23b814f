#include "kernel/cpu/cpu.h"

#include "base/memory.h"
#include "net/forward.h"

#include <string.h>

double cpu_features_bytes(const ntk_network_spec *spec, size_t N) {
  return (double)sizeof(double) * (double)N * (1.0 + 2.0 * ntk_shape_of(spec).columns);
}

/* One block of memory for all arrays, sliced. */
static ntk_status allocate_features(ntk_features *features) {
  const ntk_network *network = features->network;
  const size_t L = network->depth, N = features->N;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(features->context, 1, sizeof(cpu_features), "features", &pointer));
  cpu_features *made = pointer;
  *made = (cpu_features){0};
  features->state = made;
  NTK_TRY(ntk_alloc(features->context, 2 * L, sizeof(double *), "features", &pointer));
  made->F = pointer;
  made->B = made->F + L;

  size_t columns = 1; /* F_L */
  for (size_t l = 1; l < L; l++)
    columns += 2 * network->width[l]; /* at most 2^33 a layer: no overflow */
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(N, columns, "features", &entries));
  NTK_TRY(ntk_alloc_doubles(features->context, entries, "features", &made->storage));
  made->F_L = made->storage;
  double *next = made->storage + N;
  made->F[0] = (double *)(uintptr_t)features->X; /* read only: forward never writes F[0] */
  made->B[0] = NULL;
  for (size_t l = 1; l < L; l++) {
    made->F[l] = next;
    made->B[l] = next + N * network->width[l];
    next += 2 * N * network->width[l];
  }
  return NTK_OK;
}

ntk_status cpu_features_create(ntk_features *features) {
  NTK_TRY(allocate_features(features));
  const cpu_features *f = cpu_features_of(features);
  return ntk_forward_backward(features->network, features->N, f->F, f->B, f->F_L);
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
  memcpy(F_L, cpu_features_of(features)->F_L, features->N * sizeof(double));
  return NTK_OK;
}

void cpu_features_values(const ntk_features *features, bool b, size_t l, double *values) {
  const cpu_features *f = cpu_features_of(features);
  memcpy(values, b ? f->B[l] : f->F[l], features->N * features->network->width[l] * sizeof(double));
}

/* A (N x n) -= 1 mean^T. */
static void subtract(const ntk_features *features, size_t n, const double *mean, double *A) {
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(features->context, (double)features->N *(double)n))
  for (size_t i = 0; i < features->N; i++)
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
  memcpy(to->F_L, from->F_L, N * sizeof(double));
  for (size_t l = 1; l < features->network->depth; l++) {
    memcpy(to->F[l], from->F[l], N * width[l] * sizeof(double));
    memcpy(to->B[l], from->B[l], N * width[l] * sizeof(double));
  }
  if (k == 0) {
    NTK_TRY(ntk_alloc_doubles(features->context, N * width[0], "features", &to->X));
    memcpy(to->X, features->X, N * width[0] * sizeof(double));
    to->F[0] = to->X;
  }
  subtract(features, width[k], f, to->F[k]);
  subtract(features, width[k + 1], b, to->B[k + 1]);
  return NTK_OK;
}

/* squares[i] = ||row i||^2 of A (N x n). */
static void row_norms(const ntk_features *features, const double *A, size_t n, double *squares) {
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(features->context, 2.0 * (double)features->N * (double)n))
  for (size_t i = 0; i < features->N; i++) {
    double sum = 0.0;
    for (size_t j = 0; j < n; j++)
      sum += A[i * n + j] * A[i * n + j];
    squares[i] = sum;
  }
}

ntk_status cpu_features_norms(const ntk_features *features, double *f2, double *b2) {
  const size_t L = features->network->depth, N = features->N;
  const size_t *width = features->network->width;
  const cpu_features *f = cpu_features_of(features);
  for (size_t k = 0; k < L; k++) {
    row_norms(features, f->F[k], width[k], f2 + k * N);
    if (k + 1 < L)
      row_norms(features, f->B[k + 1], width[k + 1], b2 + k * N);
  }
  for (size_t i = 0; i < N; i++)
    b2[(L - 1) * N + i] = 1.0; /* B_L = 1 */
  return NTK_OK;
}
