#include "spectrum/packed.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

ntk_status ntk_packed_bytes(size_t n, size_t *bytes) {
  if (n > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "N = %zu; packed storage holds up to %zu", n, NTK_PACKED_MAX);
  *bytes = n * (n + 1) / 2 * sizeof(double); /* under 2^64 for every n admitted */
  return NTK_OK;
}

ntk_status ntk_packed_create(ntk_context *context, size_t n, ntk_packed *A) {
  size_t bytes = 0;
  NTK_TRY(ntk_packed_bytes(n, &bytes));
  double *storage;
  NTK_TRY(ntk_alloc_doubles(context, bytes / sizeof(double), "the kernel", &storage));
  const size_t n2 = n / 2, n1 = n - n2;
  const bool even = n % 2 == 0;
  *A = (ntk_packed){
      .context = context,
      .n = n,
      .n1 = n1,
      .n2 = n2,
      .ld = even ? n + 1 : n,
      .storage = storage,
      .lower = storage + (even ? 1 : 0),
      .rectangle = storage + (even ? n1 + 1 : n1),
      .upper = storage + (even ? 0 : n),
  };
  return NTK_OK;
}

void ntk_packed_destroy(ntk_packed *A) {
  if (A->storage != NULL)
    ntk_free(A->context, A->storage);
  *A = (ntk_packed){0};
}

ntk_status ntk_packed_copy(const ntk_packed *from, ntk_packed *to) {
  const size_t count = from->n * (from->n + 1) / 2, chunk = (size_t)1 << 17;
  ntk_watch watch = {.context = from->context, .phase = "copying the kernel"};
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(from->context, (double)from->n *(double)from->n))
  for (size_t first = 0; first < count; first += chunk)
    if (ntk_watch_on(&watch, (double)first / (double)count))
      memcpy(to->storage + first, from->storage + first,
             (count - first < chunk ? count - first : chunk) * sizeof(double));
  return watch.status;
}

void ntk_packed_add_sums(ntk_packed *A, const double *x) {
#pragma omp parallel for schedule(dynamic, 16) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t j = 0; j < A->n; j++)
    for (size_t i = j; i < A->n; i++)
      *ntk_packed_at(A, i, j) += x[i] + x[j];
}

void ntk_packed_add(ntk_packed *A, double alpha, const ntk_packed *B) {
  const size_t entries = A->n % 2 == 0 ? A->n / 2 * (A->n + 1) : (A->n + 1) / 2 * A->n;
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(A->context, (double)A->n *(double)A->n))
  for (size_t e = 0; e < entries; e++)
    A->storage[e] += alpha * B->storage[e];
}

double *ntk_packed_at(const ntk_packed *A, size_t i, size_t j) {
  if (j >= A->n1)
    return A->upper + (j - A->n1) + (i - A->n1) * A->ld;
  return i < A->n1 ? A->lower + i + j * A->ld : A->rectangle + (i - A->n1) + j * A->ld;
}

double ntk_packed_trace(const ntk_packed *A) {
  double sum = 0.0;
  for (size_t i = 0; i < A->n; i++)
    sum += *ntk_packed_at(A, i, i);
  return sum;
}

double ntk_packed_diagonal_min(const ntk_packed *A) {
  double smallest = INFINITY;
  for (size_t i = 0; i < A->n; i++)
    smallest = fmin(smallest, *ntk_packed_at(A, i, i));
  return smallest;
}

/* By norms, not squares: those of a tiny matrix would underflow. */
double ntk_packed_frobenius(const ntk_packed *A) {
  double all = 0.0, diagonal = 0.0;
  const size_t rows = A->ld, columns = A->n * (A->n + 1) / 2 / rows;
  for (size_t j = 0; j < columns; j++)
    all = hypot(all, ntk_dnrm2(rows, A->storage + j * rows));
  for (size_t i = 0; i < A->n; i++)
    diagonal = hypot(diagonal, *ntk_packed_at(A, i, i));
  if (all == 0.0)
    return 0.0;
  /* Every stored entry stands for two but the diagonal. */
  const double share = diagonal / all;
  return all * sqrt(2.0 - share * share);
}

void ntk_packed_row(const ntk_packed *A, size_t i, double *row) {
  for (size_t j = 0; j < A->n; j++)
    row[j] = j <= i ? *ntk_packed_at(A, i, j) : *ntk_packed_at(A, j, i);
}

ntk_status ntk_packed_multiply(const ntk_packed *A, const double *V, size_t m, double *U) {
  ntk_status status = NTK_OK;
  const int previous = ntk_blas_enter(A->n < NTK_PACKED_THREADS ? 1 : ntk_team(A->context));
  for (size_t c = 0; c < m; c++) {
    if (c > 0)
      status = ntk_progress_poll(A->context, "products with the kernel", (double)c / (double)m);
    if (status != NTK_OK)
      break;
    const double *v1 = V + c * A->n, *v2 = v1 + A->n1;
    double *u1 = U + c * A->n, *u2 = u1 + A->n1;
    ntk_dsymv('L', A->n1, 1.0, A->lower, A->ld, v1, 0.0, u1);
    if (A->n2 == 0)
      continue;
    ntk_dsymv('U', A->n2, 1.0, A->upper, A->ld, v2, 0.0, u2);
    ntk_dgemv('T', A->n2, A->n1, 1.0, A->rectangle, A->ld, v2, 1.0, u1);
    ntk_dgemv('N', A->n2, A->n1, 1.0, A->rectangle, A->ld, v1, 1.0, u2);
  }
  ntk_blas_leave(previous);
  return status;
}
