/* Gauss' and Gauss-Lobatto's rules for the measure of r (Golub and Meurant, Matrices, Moments and
 * Quadrature, 2010, chapter 6). m Lanczos steps from r give the tridiagonal T = Q^T A Q; its
 * eigenvalues are the nodes, |r|^2 times the squares of the eigenvectors' first entries the
 * weights. Lobatto's T has a row more, with which it has the eigenvalues a and b too.
 *
 * Cost: m products, 4 n m^2 flops of full reorthogonalisation, and 9 m^3 of the nodes. */
#include "spectrum/quadrature.h"

#include "base/blas.h"
#include "base/context.h"
#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

ntk_status ntk_quadrature_create(ntk_context *context, size_t n, const double *r, size_t steps,
                                 ntk_quadrature *q) {
  const size_t capacity = steps < n ? steps : n;
  const double norm = ntk_dnrm2(n, r);
  *q = (ntk_quadrature){.context = context, .n = n, .capacity = capacity, .total = norm * norm};
  if (!(norm > 0.0) || !isfinite(norm))
    return ntk_fail(NTK_ERR_NUMERIC, "the spectral measure of a vector of norm %g is asked for",
                    norm);
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(n, capacity + 1, "the spectral measure", &entries));
  NTK_TRY(ntk_alloc_doubles(context, entries, "the spectral measure", &q->Q));
  const ntk_status status =
      ntk_alloc_doubles(context, 3 * capacity, "the spectral measure", &q->alpha);
  if (status != NTK_OK) {
    ntk_quadrature_destroy(q);
    return status;
  }
  q->beta = q->alpha + capacity;
  q->C = q->beta + capacity;
  for (size_t i = 0; i < n; i++)
    q->Q[i] = r[i] / norm;
  return NTK_OK;
}

void ntk_quadrature_destroy(ntk_quadrature *q) {
  if (q->context == NULL)
    return;
  ntk_free(q->context, q->Q);
  ntk_free(q->context, q->alpha);
  *q = (ntk_quadrature){0};
}

/* The rules' own square and LAPACK's workspace come after the basis. */
double ntk_quadrature_bytes(size_t n, size_t steps) {
  const double m = (double)(steps < n ? steps : n);
  return 8.0 * ((double)n * (m + 1.0) + 3.0 * (m + 2.0) * (m + 2.0) + 16.0 * (m + 2.0));
}

/* z -= Q Q^T z, twice, which suffices. */
static void orthogonalise(const ntk_quadrature *q, double *z) {
  for (int pass = 0; pass < 2; pass++) {
    ntk_dgemv('T', q->n, q->size, 1.0, q->Q, q->n, z, 0.0, q->C);
    ntk_dgemv('N', q->n, q->size, -1.0, q->Q, q->n, q->C, 1.0, z);
  }
}

ntk_status ntk_quadrature_extend(ntk_quadrature *q, ntk_product_fn product, void *user,
                                 size_t size) {
  while (q->size < size && q->size < q->capacity && !q->whole) {
    const size_t j = q->size;
    double *v = q->Q + j * q->n, *z = v + q->n;
    NTK_TRY(ntk_progress_poll(q->context, "spectral measure", (double)j / (double)q->capacity));
    NTK_TRY(product(user, v, 1, z));
    q->alpha[j] = ntk_ddot(q->n, v, z);
    const double scale = ntk_dnrm2(q->n, z);
    if (!isfinite(scale))
      return ntk_fail(NTK_ERR_NUMERIC, "the operator's product is not finite");
    q->size++;
    orthogonalise(q, z);
    q->beta[j] = ntk_dnrm2(q->n, z);
    q->whole = q->size == q->n || q->beta[j] <= 64.0 * DBL_EPSILON * scale;
    if (!q->whole)
      ntk_dscal(q->n, 1.0 / q->beta[j], z);
  }
  return NTK_OK;
}

/* The last entry of (T - end I)^{-1} e_m is the inverse of the last pivot. *fits: the pivots have
 * the sign that they have with the end outside of T's eigenvalues. */
static double last_pivot(const ntk_quadrature *q, double end, double sign, bool *fits) {
  double pivot = 0.0;
  for (size_t j = 0; j < q->size; j++) {
    const double above = j > 0 ? q->beta[j - 1] : 0.0;
    pivot = q->alpha[j] - end - (j > 0 ? above * (above / pivot) : 0.0);
    *fits = *fits && sign * pivot > 0.0;
  }
  return pivot;
}

/* What the row more holds, (T_{m+1,m})^2 and T_{m+1,m+1}: the end e is an eigenvalue where
 * T_{m+1,m+1} - e = T_{m+1,m}^2 / pivot_m(e). */
static bool lobatto(const ntk_quadrature *q, const double *ends, double *square, double *last) {
  bool fits = true;
  const double low = last_pivot(q, ends[0], 1.0, &fits);
  const double high = last_pivot(q, ends[1], -1.0, &fits);
  if (!fits)
    return false;
  *square = (ends[1] - ends[0]) / (1.0 / low - 1.0 / high);
  *last = ends[0] + *square / low;
  return isfinite(*square) && isfinite(*last);
}

ntk_status ntk_quadrature_rule(const ntk_quadrature *q, const double *ends, size_t *count,
                               double *node, double *weight) {
  double square = 0.0, last = 0.0, *T = NULL;
  const bool more = ends != NULL && !q->whole && lobatto(q, ends, &square, &last);
  const size_t m = q->size + more;
  NTK_TRY(ntk_alloc_doubles(q->context, m * m, "the spectral measure", &T));
  memset(T, 0, m * m * sizeof *T);
  for (size_t j = 0; j < q->size; j++) { /* the lower triangle */
    T[j + j * m] = q->alpha[j];
    if (j + 1 < q->size)
      T[j + 1 + j * m] = q->beta[j];
  }
  if (more) {
    T[m - 1 + (m - 1) * m] = last;
    T[m - 1 + (m - 2) * m] = sqrt(square);
  }
  const int previous = ntk_blas_enter(1); /* small: threads would wait */
  const ntk_status status = ntk_dsyevd(q->context, 'V', m, T, node);
  ntk_blas_leave(previous);
  for (size_t j = 0; j < m && status == NTK_OK; j++)
    weight[j] = q->total * T[j * m] * T[j * m];
  *count = m;
  ntk_free(q->context, T);
  return status;
}
