/* Errors of each sample when all others are fitted, without fitting them anew: with
 * G = (K + R I)^{-1} and a = G r
 *
 *     Y_i - f_i(x_i) = G_ii^{-1} a_i,
 *
 * G_ii the block of sample i, of as many rows as K has of it. With K + R I = L L^T that is Z_i^T
 * Z_i, Z_i the columns of L^{-1} of that sample, which are 0 above it: R^3 / 3 flops for all. Each
 * block of columns is one thread's: the bits do not depend on the number of threads. */
#include "fit/regression/regression.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/kernel.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Columns that go together: whole samples, of n rows each. */
static size_t columns_of(size_t n) {
  enum { WIDTH = 64 };
  return n < WIDTH ? WIDTH / n * n : n;
}

/* Of a thread: columns of L^{-1}, and a G_ii. */
static size_t room_of(size_t R, size_t n) {
  return R * columns_of(n) + n * n;
}

double ntk_regressor_leave_out_bytes(const ntk_context *context, double R, double n) {
  const double columns = n < 64.0 ? 64.0 : n;
  return 8.0 * (R * R + (double)context->threads * (R * columns + n * n));
}

/* x <- G^{-1} x by Cholesky's factor in the lower triangle of G, n x n. */
static void solve_small(size_t n, double *G, double *x) {
  for (size_t k = 0; k < n; k++) {
    const double pivot = sqrt(G[k * n + k] - ntk_ddot(k, G + k * n, G + k * n));
    G[k * n + k] = pivot;
    for (size_t i = k + 1; i < n; i++)
      G[i * n + k] = (G[i * n + k] - ntk_ddot(k, G + i * n, G + k * n)) / pivot;
    x[k] = (x[k] - ntk_ddot(k, G + k * n, x)) / pivot;
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t i = k + 1; i < n; i++)
      x[k] -= G[i * n + k] * x[i];
    x[k] /= G[k * n + k];
  }
}

/* Columns first to first + count of L^{-1}, from row `first` on; L: R x R, its lower triangle. */
static void make_columns(size_t R, const double *L, size_t first, size_t count, double *Z) {
  const size_t m = R - first;
  memset(Z, 0, m * count * sizeof *Z);
  for (size_t k = 0; k < count; k++)
    Z[k * m + k] = 1.0;
  ntk_dtrsm('L', 'L', 'N', m, count, L + first * R + first, R, Z, m);
}

/* Of the samples whose columns these are: out has a, and gets the errors. */
static void find_errors(const ntk_regressor *s, size_t n, size_t first, size_t count, double *Z) {
  const size_t R = s->rows, m = R - first;
  double *G = Z + R * columns_of(n);
  for (size_t at = 0; at < count; at += n) {
    for (size_t i = 0; i < n; i++)
      for (size_t k = 0; k <= i; k++)
        G[i * n + k] = ntk_ddot(m, Z + (at + i) * m, Z + (at + k) * m);
    for (size_t c = 0; c < s->vectors && n == 1; c++)
      s->out[c * R + first + at] /= G[0];
    if (n > 1)
      solve_small(n, G, s->out + first + at);
  }
}

/* L: R x R; room: of each thread. */
static ntk_status leave_out(const ntk_regressor *s, size_t n, const double *L, double *room) {
  const size_t R = s->rows, width = columns_of(n), each = room_of(R, n);
  const double flops = (double)R * (double)R * (double)R / 3.0;
  ntk_watch watch = {.context = s->context, .phase = "leaving samples out"};
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic, 1) num_threads(ntk_threads_for(s->context, flops))
  for (size_t b = 0; b < (R + width - 1) / width; b++) {
    const size_t first = b * width, count = R - first < width ? R - first : width;
    double *Z = room + (size_t)omp_get_thread_num() * each;
    if (!ntk_watch_on(&watch, (double)first / (double)R))
      continue;
    make_columns(R, L, first, count, Z);
    find_errors(s, n, first, count, Z);
  }
  ntk_blas_leave(previous);
  return watch.status;
}

ntk_status ntk_regressor_leave_out(const ntk_regressor *s, const ntk_kernel *factor) {
  const size_t R = s->rows, n = s->vectors == 1 ? s->outputs : 1;
  size_t square = 0, all = 0;
  double *L = NULL, *room = NULL;
  NTK_TRY(ntk_size_multiply(R, R, "a factor", &square));
  NTK_TRY(ntk_size_multiply(room_of(R, n), (size_t)s->context->threads, "columns", &all));
  NTK_TRY(ntk_alloc_doubles(s->context, square, "a factor", &L));
  ntk_status status = ntk_alloc_doubles(s->context, all, "columns", &room);
  if (status == NTK_OK)
    status = ntk_kernel_factor_values(factor, L);
  memcpy(s->out, s->a, R * s->vectors * sizeof *s->a);
  if (status == NTK_OK)
    status = leave_out(s, n, L, room);
  ntk_free(s->context, room);
  ntk_free(s->context, L);
  return status;
}
