#include "kernel/resolve/triangle.h"

#include <math.h>
#include <string.h>

enum { STRIP = 64 };

/* Rows i0 to i0 + rows - 1 of Y, `width` columns from `column` on, less what rows k0 to k1 - 1 of U
 * and Y make of them. */
static void take_off(size_t n, ntk_exact_entries U, const size_t at[4], size_t width,
                     ntk_exact_entries Y, size_t distance) {
  const size_t i0 = at[0], rows = at[1], k0 = at[2], k1 = at[3];
  if (k1 > k0)
    ntk_exact_multiply(&(ntk_exact_product){.m = rows,
                                            .n = width,
                                            .k = k1 - k0,
                                            .A = ntk_exact_at(U, k0 * n + i0),
                                            .A_row = 1,
                                            .A_next = n,
                                            .B = ntk_exact_at(Y, k0 * distance),
                                            .B_row = distance,
                                            .C = ntk_exact_at(Y, i0 * distance),
                                            .C_row = distance,
                                            .beta = 1.0,
                                            .sign = -1.0});
}

void ntk_triangle_gram(size_t n, ntk_exact_entries Z, size_t k, bool add, ntk_exact_entries C,
                       ntk_watch *watch, double done) {
#pragma omp for schedule(dynamic)
  for (size_t i = 0; i < n; i += NTK_EXACT_BLOCK)
    if (ntk_watch_on(watch, done))
      ntk_exact_multiply(&(ntk_exact_product){.m = ntk_piece(n, i, NTK_EXACT_BLOCK),
                                              .n = n - i,
                                              .k = k,
                                              .A = ntk_exact_at(Z, i),
                                              .A_row = 1,
                                              .A_next = n,
                                              .B = ntk_exact_at(Z, i),
                                              .B_row = n,
                                              .C = ntk_exact_at(C, i * n + i),
                                              .C_row = n,
                                              .beta = add ? 1.0 : 0.0,
                                              .sign = 1.0});
}

void ntk_triangle_forward(size_t n, ntk_exact_entries U, size_t width, ntk_exact_entries Y,
                          size_t distance) {
  for (size_t i0 = 0; i0 < n; i0 += NTK_EXACT_BLOCK) {
    const size_t rows = ntk_piece(n, i0, NTK_EXACT_BLOCK);
    take_off(n, U, (const size_t[]){i0, rows, 0, i0}, width, Y, distance);
    for (size_t i = i0; i < i0 + rows; i++) {
      const double pivot[2] = {U.hi[i * n + i], U.lo[i * n + i]};
      const ntk_exact_entries row = ntk_exact_at(Y, i * distance);
      take_off(n, U, (const size_t[]){i, 1, i0, i}, width, Y, distance);
      ntk_exact_over(width, row, pivot, row);
    }
  }
}

/* Row i of the factor from its diagonal on, those from i0 on being taken off. */
static bool finish_row(size_t n, size_t i0, size_t i, ntk_exact_entries A) {
  const ntk_exact_entries row = ntk_exact_at(A, i * n + i);
  double root[2];
  take_off(n, A, (const size_t[]){i, 1, i0, i}, n - i, ntk_exact_at(A, i), n);
  const double pivot[2] = {A.hi[i * n + i], A.lo[i * n + i]};
  if (!(pivot[0] > 0.0) || !isfinite(pivot[0]))
    return false;
  ntk_exact_root(pivot, root);
  ntk_exact_over(n - i, row, root, row);
  memset(A.hi + i * n, 0, i * sizeof(double));
  memset(A.lo + i * n, 0, i * sizeof(double));
  return true;
}

ntk_status ntk_triangle_factor(ntk_context *context, size_t n, double shift, ntk_exact_entries A) {
  const int threads = ntk_team(context);
  for (size_t i = 0; i < n; i++) {
    ntk_exact_add((ntk_exact_entries){&shift, NULL}, (ntk_exact_entries){NULL, NULL}, 1.0,
                  ntk_exact_at(A, i * n + i));
  }
  for (size_t i0 = 0; i0 < n; i0 += NTK_EXACT_BLOCK) {
    const size_t rows = ntk_piece(n, i0, NTK_EXACT_BLOCK);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t j = i0; j < n; j += STRIP)
      take_off(n, A, (const size_t[]){i0, rows, 0, i0}, ntk_piece(n, j, STRIP), ntk_exact_at(A, j),
               n);
    for (size_t i = i0; i < i0 + rows; i++)
      if (!finish_row(n, i0, i, A))
        return ntk_fail(NTK_ERR_NUMERIC, "pivot %zu is not positive", i + 1);
  }
  return NTK_OK;
}

void ntk_triangle_back(size_t n, ntk_exact_entries U, ntk_exact_entries x) {
  for (size_t i = n; i-- > 0;) {
    const double pivot[2] = {U.hi[i * n + i], U.lo[i * n + i]};
    const ntk_exact_entries row = ntk_exact_at(U, i * n + i + 1), rest = ntk_exact_at(x, i + 1);
    double sum[2] = {0.0, 0.0};
    if (i + 1 < n)
      ntk_exact_dot(n - i - 1, row, rest, sum);
    ntk_exact_add((ntk_exact_entries){NULL, NULL}, (ntk_exact_entries){&sum[0], &sum[1]}, -1.0,
                  ntk_exact_at(x, i));
    ntk_exact_over(1, ntk_exact_at(x, i), pivot, ntk_exact_at(x, i));
  }
}

void ntk_triangle_multiply(size_t n, ntk_exact_entries U, ntk_exact_entries v,
                           ntk_exact_entries w) {
  for (size_t i = 0; i < n; i++) {
    double sum[2];
    ntk_exact_dot(n - i, ntk_exact_at(U, i * n + i), ntk_exact_at(v, i), sum);
    w.hi[i] = sum[0];
    w.lo[i] = sum[1];
  }
}

void ntk_triangle_product(ntk_context *context, size_t n, ntk_exact_entries U, ntk_exact_entries V,
                          ntk_exact_entries W) {
  memset(W.hi, 0, n * n * sizeof(double));
  memset(W.lo, 0, n * n * sizeof(double));
#pragma omp parallel for schedule(dynamic) num_threads(ntk_team(context))
  for (size_t i = 0; i < n; i += NTK_EXACT_BLOCK)
    ntk_exact_multiply(&(ntk_exact_product){.m = ntk_piece(n, i, NTK_EXACT_BLOCK),
                                            .n = n - i,
                                            .k = n - i,
                                            .A = ntk_exact_at(U, i * n + i),
                                            .A_row = n,
                                            .A_next = 1,
                                            .B = ntk_exact_at(V, i * n + i),
                                            .B_row = n,
                                            .C = ntk_exact_at(W, i * n + i),
                                            .C_row = n,
                                            .sign = 1.0});
}
