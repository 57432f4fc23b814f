/* Gauss' and Gauss-Lobatto's rules for the measure of r (Golub and Meurant, Matrices, Moments and
 * Quadrature, 2010, chapter 6). m Lanczos steps from r give the tridiagonal T = Q^T A Q; its
 * eigenvalues are the nodes, |r|^2 times the squares of the eigenvectors' first entries the
 * weights. Lobatto's T has a row more, with which it has the eigenvalues a and b too.
 *
 * Cost: m products, 4 n m^2 flops of full reorthogonalisation, and 20 m^2 of the nodes. */
#include "spectrum/density/quadrature.h"

#include "base/blas.h"
#include "base/context.h"
#include "base/memory.h"
#include "spectrum/density/tridiagonal.h"

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

double ntk_quadrature_bytes(size_t n, size_t steps) {
  const double m = (double)(steps < n ? steps : n);
  return 8.0 * ((double)n * (m + 1.0) + 4.0 * (m + 2.0)) + 512.0;
}

/* z -= Q Q^T z, twice, which suffices. */
static void orthogonalise(const ntk_quadrature *q, double *z) {
  for (int pass = 0; pass < 2; pass++) {
    ntk_dgemv('T', q->n, q->size, 1.0, q->Q, q->n, z, 0.0, q->C);
    ntk_dgemv('N', q->n, q->size, -1.0, q->Q, q->n, q->C, 1.0, z);
  }
}

/* What a product z = A q_j, in its place in Q, adds to T; false where it is not finite. */
static bool take_step(ntk_quadrature *q) {
  const size_t j = q->size;
  double *v = q->Q + j * q->n, *z = v + q->n;
  q->alpha[j] = ntk_ddot(q->n, v, z);
  const double scale = ntk_dnrm2(q->n, z);
  if (!isfinite(scale))
    return false;
  q->size++;
  orthogonalise(q, z);
  q->beta[j] = ntk_dnrm2(q->n, z);
  q->whole = q->size == q->n || q->beta[j] <= 64.0 * DBL_EPSILON * scale;
  if (!q->whole)
    ntk_dscal(q->n, 1.0 / q->beta[j], z);
  return true;
}

/* The products of those that go on, through V and U (n x count each), for one vector straight. */
static ntk_status multiply(ntk_quadrature *q, size_t count, ntk_product_fn product, void *user,
                           double *V, double *U) {
  const size_t n = q->n;
  size_t open = 0;
  if (count == 1)
    return product(user, q->Q + q->size * n, 1, q->Q + (q->size + 1) * n);
  for (size_t p = 0; p < count; p++)
    if (!q[p].whole)
      memcpy(V + open++ * n, q[p].Q + q[p].size * n, n * sizeof *V);
  NTK_TRY(product(user, V, open, U));
  for (size_t p = 0, column = 0; p < count; p++)
    if (!q[p].whole)
      memcpy(q[p].Q + (q[p].size + 1) * n, U + column++ * n, n * sizeof *U);
  return NTK_OK;
}

/* A step of each that goes on, each by one thread. */
static ntk_status step_all(ntk_quadrature *q, size_t count) {
  const double flops = 8.0 * (double)q->n * (double)(q->size + 1) * (double)count;
  const int threads = ntk_threads_for(q->context, count > 1 ? flops : 0.0);
  const int previous = ntk_blas_enter(1);
  bool finite = true;
#pragma omp parallel for schedule(static, 1) num_threads(threads) reduction(&& : finite)
  for (size_t p = 0; p < count; p++)
    finite = (q[p].whole || take_step(&q[p])) && finite;
  ntk_blas_leave(previous);
  return finite ? NTK_OK : ntk_fail(NTK_ERR_NUMERIC, "the operator's product is not finite");
}

/* The first that goes on, or NULL. */
static const ntk_quadrature *first_open(const ntk_quadrature *q, size_t count) {
  for (size_t p = 0; p < count; p++)
    if (!q[p].whole)
      return &q[p];
  return NULL;
}

static ntk_status extend(ntk_quadrature *q, size_t count, ntk_product_fn product, void *user,
                         size_t size, double *V) {
  const ntk_quadrature *open = first_open(q, count);
  while (open != NULL && open->size < size && open->size < q->capacity) {
    const double fraction = (double)open->size / (double)q->capacity;
    NTK_TRY(q->phase != NULL ? ntk_progress_report(q->context, q->phase, fraction)
                             : ntk_progress_poll(q->context, "spectral measure", fraction));
    NTK_TRY(multiply(q, count, product, user, V, V + count * q->n));
    NTK_TRY(step_all(q, count));
    open = first_open(q, count);
  }
  return NTK_OK;
}

ntk_status ntk_quadrature_extend(ntk_quadrature *q, size_t count, ntk_product_fn product,
                                 void *user, size_t size) {
  double *V = NULL;
  if (count > 1) {
    size_t entries = 0;
    NTK_TRY(ntk_size_multiply(q->n, 2 * count, "the spectral measure", &entries));
    NTK_TRY(ntk_alloc_doubles(q->context, entries, "the spectral measure", &V));
  }
  const ntk_status status = extend(q, count, product, user, size, V);
  ntk_free(q->context, V);
  return status;
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

/* The rule of T, with `more` of T and a row: its last two entries. last: of the vectors, or NULL.
 * scratch: size + more. */
static bool find_nodes(const ntk_quadrature *q, bool more, const double row[2], double *node,
                       double *weight, double *last, double *scratch) {
  memcpy(node, q->alpha, q->size * sizeof *node);
  memcpy(scratch, q->beta, q->size * sizeof *scratch);
  if (more) {
    scratch[q->size - 1] = row[0];
    node[q->size] = row[1];
  }
  if (!ntk_tridiagonal_measure(q->size + more, node, scratch, weight, last))
    return false;
  for (size_t j = 0; j < q->size + more; j++)
    weight[j] *= weight[j] * q->total;
  return true;
}

ntk_status ntk_quadrature_rule(const ntk_quadrature *q, const double *ends, size_t *count,
                               double *node, double *weight) {
  double square = 0.0, last = 0.0, *scratch = NULL;
  const bool more = ends != NULL && !q->whole && lobatto(q, ends, &square, &last);
  const double row[2] = {sqrt(square), last};
  NTK_TRY(ntk_alloc_doubles(q->context, q->size + 1, "the spectral measure", &scratch));
  const bool found = find_nodes(q, more, row, node, weight, NULL, scratch);
  *count = q->size + more;
  ntk_free(q->context, scratch);
  return found ? NTK_OK : ntk_fail(NTK_ERR_NUMERIC, "the nodes of a rule do not converge");
}

bool ntk_quadrature_gauss(const ntk_quadrature *q, double *node, double *weight, double *residual,
                          double *scratch) {
  const bool found = find_nodes(q, false, NULL, node, weight, residual, scratch);
  for (size_t j = 0; j < q->size && found; j++)
    residual[j] = q->whole ? 0.0 : fabs(q->beta[q->size - 1] * residual[j]);
  return found;
}

bool ntk_quadrature_through(const ntk_quadrature *q, double place, double *node, double *weight,
                            double *scratch) {
  bool fits = true;
  const double beta = q->whole ? 0.0 : q->beta[q->size - 1];
  const double row[2] = {beta, place + beta * (beta / last_pivot(q, place, 1.0, &fits))};
  return !q->whole && isfinite(row[1]) && find_nodes(q, true, row, node, weight, NULL, scratch);
}
