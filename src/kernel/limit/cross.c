/* Of a group of test samples X X_test^T first, by the BLAS into the caller's rows, and then panel
 * by panel each entry in its place: samples of the data are rows of a panel, as where the kernel is
 * symmetric, and a test sample is the one they are paired with. */
#include "kernel/limit/cross.h"

#include "base/blas.h"
#include "base/memory.h"

#include <omp.h>
#include <string.h>

enum { ROWS = NTK_LIMIT_ROWS, GROUP = 24 /* rows of a thread's product */ };

struct ntk_limit_cross {
  ntk_context *context;
  ntk_limit limit; /* of the data's samples, and then of those of the test */
  size_t column;   /* of a thread, in numbers: limit.column rounded up */
  double *columns; /* of all threads */
};

void ntk_limit_cross_destroy(ntk_limit_cross *cross) {
  if (cross == NULL)
    return;
  ntk_limit_release(&cross->limit);
  ntk_free(cross->context, cross->columns);
  ntk_free(cross->context, cross);
}

static ntk_status fill(ntk_limit_cross *cross, const ntk_network_spec *spec,
                       const ntk_dataset *data, const ntk_dataset *test, const bool *blocks,
                       bool covariance) {
  size_t count = 0;
  NTK_TRY(ntk_limit_open(cross->context, spec, data, test, blocks, covariance, &cross->limit));
  NTK_TRY(ntk_limit_plain(&cross->limit));
  cross->column = (cross->limit.column / 8 + 1) * 8;
  NTK_TRY(ntk_size_multiply((size_t)cross->context->threads, cross->column, "the limit's columns",
                            &count));
  return ntk_alloc_doubles(cross->context, count, "the limit's columns", &cross->columns);
}

ntk_status ntk_limit_cross_create(ntk_context *context, const ntk_network_spec *spec,
                                  const ntk_dataset *data, const ntk_dataset *test,
                                  const bool *blocks, bool covariance, ntk_limit_cross **cross) {
  void *pointer = NULL;
  NTK_TRY(ntk_limit_check(context, spec, data, blocks));
  NTK_TRY(ntk_limit_check(context, spec, test, blocks));
  NTK_TRY(ntk_alloc(context, 1, sizeof(ntk_limit_cross), "the limit between samples", &pointer));
  ntk_limit_cross *made = pointer;
  *made = (ntk_limit_cross){.context = context};
  const ntk_status status = fill(made, spec, data, test, blocks, covariance);
  if (status == NTK_OK)
    *cross = made;
  else
    ntk_limit_cross_destroy(made);
  return status;
}

/* Of sample j the entries with all N of the data, in the place of the products. */
static void transform(const ntk_limit *limit, size_t j, double *column, double *row) {
  const size_t N = limit->first;
  ntk_limit_column(limit, j, column);
  for (size_t i = 0; i < N; i += ROWS) {
    double last[ROWS] = {0.0};
    const size_t n = N - i < ROWS ? N - i : ROWS;
    if (n == ROWS) {
      ntk_limit_pairs(limit, i, j, column, row + i);
      continue;
    }
    memcpy(last, row + i, n * sizeof *last);
    ntk_limit_pairs(limit, i, j, column, last);
    memcpy(row + i, last, n * sizeof *last);
  }
}

static void group(const ntk_limit *limit, size_t first, size_t count, double *column, double *out) {
  const size_t N = limit->first, d = limit->d;
  ntk_dgemm('T', 'N', N, count, d, 1.0, limit->X, d, limit->more + first * d, d, 0.0, out, N);
  for (size_t m = 0; m < count; m++)
    if (ntk_limit_vanishing(limit, N + first + m))
      memset(out + m * N, 0, N * sizeof *out);
    else
      transform(limit, N + first + m, column, out + m * N);
}

ntk_status ntk_limit_cross_rows(const ntk_limit_cross *cross, size_t first, size_t count,
                                double *out) {
  const ntk_limit *limit = &cross->limit;
  const size_t N = limit->first, M = limit->N - N, groups = (count + GROUP - 1) / GROUP;
  if (first > M || count > M - first)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "rows %zu to %zu of %zu test samples; accepted: those there "
                    "are",
                    first, first + count, M);
  ntk_watch watch = {.context = cross->context, .phase = "limit between samples"};
  const double flops = (double)N * (double)count * (2.0 * (double)limit->d + 400.0);
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic) num_threads(ntk_threads_for(cross->context, flops))
  for (size_t g = 0; g < groups; g++) {
    const size_t at = g * GROUP, n = count - at < GROUP ? count - at : GROUP;
    double *column = cross->columns + (size_t)omp_get_thread_num() * cross->column;
    if (ntk_watch_on(&watch, (double)(first + at) / (double)M))
      group(limit, first + at, n, column, out + at * N);
  }
  ntk_blas_leave(previous);
  return watch.status;
}
