/* Triangular solves with the packed Cholesky factor, L y = b and L^T x = y:
 *
 *   forward    L11 y1 = b1,  y2 = L22^{-1} (b2 - L21 y1)
 *   backward   x2 = L22^{-T} y2,  L11^T x1 = y1 - L21^T x2
 *
 * The cost is reading the factor (4 n^2 bytes) from memory once each way, so up to four vectors go
 * together, and one thread alone does not reach the machine's bandwidth: a triangle is solved in
 * blocks of columns, one thread doing the block on the diagonal, all of them the panel beside it.
 * Each entry of the result is computed by one thread in a fixed order: the bits do not depend on the
 * number of threads. */
#include "spectrum/packed.h"

#include "spectrum/panel.h"

#include <omp.h>

enum { BLOCK = 64 };
static const size_t THREADS_FROM = 768; /* below this order the barriers cost more than they give */

/* The calling thread's part [*first, *last) of count, in multiples of 8 but at the end. */
static void my_part(size_t count, size_t *first, size_t *last) {
  const size_t threads = (size_t)omp_get_num_threads(), me = (size_t)omp_get_thread_num();
  const size_t part = (count + 8 * threads - 1) / (8 * threads) * 8;
  *first = me * part < count ? me * part : count;
  *last = *first + part < count ? *first + part : count;
}

/* Y (rows x m) -= A X, rows shared among the team; ends with a barrier. */
static void team_subtract(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                          const double *X, double *Y, size_t ldv) {
  size_t first, last;
  my_part(rows, &first, &last);
  if (first < last)
    ntk_panel_subtract(last - first, columns, A + first, lda, m, X, ldv, Y + first, ldv);
#pragma omp barrier
}

/* Y (columns x m) -= A^T X, columns shared among the team; ends with a barrier. */
static void team_subtract_transposed(size_t rows, size_t columns, const double *A, size_t lda,
                                     size_t m, const double *X, double *Y, size_t ldv) {
  size_t first, last;
  my_part(columns, &first, &last);
  if (first < last && rows > 0)
    ntk_panel_subtract_transposed(rows, last - first, A + first * lda, lda, m, X, ldv, Y + first,
                                  ldv);
#pragma omp barrier
}

/* V <- T^{-1} V for a small lower triangle T (n x n). */
static void lower_block(size_t n, const double *T, size_t ld, size_t m, double *V, size_t ldv) {
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * ldv;
    for (size_t j = 0; j < n; j++) {
      v[j] /= T[j + j * ld];
      for (size_t i = j + 1; i < n; i++)
        v[i] -= T[i + j * ld] * v[j];
    }
  }
}

/* V <- T^{-T} V for a small lower triangle T. */
static void lower_block_transposed(size_t n, const double *T, size_t ld, size_t m, double *V,
                                   size_t ldv) {
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * ldv;
    for (size_t j = n; j-- > 0;) {
      double sum = v[j];
      for (size_t i = j + 1; i < n; i++)
        sum -= T[i + j * ld] * v[i];
      v[j] = sum / T[j + j * ld];
    }
  }
}

/* V <- U^{-T} V for a small upper triangle U: with U = T^T, a forward solve. */
static void upper_block_transposed(size_t n, const double *U, size_t ld, size_t m, double *V,
                                   size_t ldv) {
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * ldv;
    for (size_t j = 0; j < n; j++) {
      double sum = v[j];
      for (size_t i = 0; i < j; i++)
        sum -= U[i + j * ld] * v[i];
      v[j] = sum / U[j + j * ld];
    }
  }
}

/* V <- U^{-1} V for a small upper triangle U. */
static void upper_block(size_t n, const double *U, size_t ld, size_t m, double *V, size_t ldv) {
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * ldv;
    for (size_t j = n; j-- > 0;) {
      v[j] /= U[j + j * ld];
      for (size_t i = 0; i < j; i++)
        v[i] -= U[i + j * ld] * v[j];
    }
  }
}

static size_t block_at(size_t j, size_t n) {
  return n - j < BLOCK ? n - j : BLOCK;
}

/* The four triangular solves below are run by every thread of a team. */

static void forward_lower(const ntk_packed *L, size_t m, double *V) {
  for (size_t j = 0; j < L->n1; j += BLOCK) {
    const size_t b = block_at(j, L->n1);
    const double *T = L->lower + j + j * L->ld;
#pragma omp single
    lower_block(b, T, L->ld, m, V + j, L->n);
    team_subtract(L->n1 - j - b, b, T + b, L->ld, m, V + j, V + j + b, L->n);
  }
}

static void backward_lower(const ntk_packed *L, size_t m, double *V) {
  for (size_t j = (L->n1 - 1) / BLOCK * BLOCK;; j -= BLOCK) {
    const size_t b = block_at(j, L->n1);
    const double *T = L->lower + j + j * L->ld;
    team_subtract_transposed(L->n1 - j - b, b, T + b, L->ld, m, V + j + b, V + j, L->n);
#pragma omp single
    lower_block_transposed(b, T, L->ld, m, V + j, L->n);
    if (j == 0)
      break;
  }
}

static void forward_upper(const ntk_packed *L, size_t m, double *V) {
  for (size_t j = 0; j < L->n2; j += BLOCK) {
    const size_t b = block_at(j, L->n2);
    const double *column = L->upper + j * L->ld;
    team_subtract_transposed(j, b, column, L->ld, m, V, V + j, L->n);
#pragma omp single
    upper_block_transposed(b, column + j, L->ld, m, V + j, L->n);
  }
}

static void backward_upper(const ntk_packed *L, size_t m, double *V) {
  if (L->n2 == 0)
    return;
  for (size_t j = (L->n2 - 1) / BLOCK * BLOCK;; j -= BLOCK) {
    const size_t b = block_at(j, L->n2);
    const double *column = L->upper + j * L->ld;
#pragma omp single
    upper_block(b, column + j, L->ld, m, V + j, L->n);
    team_subtract(j, b, column, L->ld, m, V + j, V, L->n);
    if (j == 0)
      break;
  }
}

void ntk_packed_solve(const ntk_packed *L, double *V, size_t m) {
  const int threads = L->n < THREADS_FROM ? 1 : L->context->threads;
#pragma omp parallel num_threads(threads)
  for (size_t c = 0; c < m; c += NTK_PANEL_VECTORS) {
    const size_t count = m - c < NTK_PANEL_VECTORS ? m - c : NTK_PANEL_VECTORS;
    double *v1 = V + c * L->n, *v2 = v1 + L->n1;
    forward_lower(L, count, v1);
    team_subtract(L->n2, L->n1, L->rectangle, L->ld, count, v1, v2, L->n);
    forward_upper(L, count, v2);
    backward_upper(L, count, v2);
    team_subtract_transposed(L->n2, L->n1, L->rectangle, L->ld, count, v2, v1, L->n);
    backward_lower(L, count, v1);
  }
}
