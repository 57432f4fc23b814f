/* A round in the linear model (Huang, Li, Song and Yang, "FL-NTK", 2021): with h_c = eta s_c a
 * client's residual goes through r_c <- (I - h_c K_cc) r_c, E times, and what its weights have
 * changed by is -J_c^T of h_c sum_{e<E} (I - h_c K_cc)^e r_c. Of the mean, in which clients count
 * p_c, the residual becomes
 *
 *   r <- (I - K D) r,   D = diag_c(p_c h_c sum_{e<E} (I - h_c K_cc)^e)
 *
 * K D is not symmetric, but D = Q Q^T where it is not negative, Q_c = V_c sqrt(d(lambda)) with K_cc
 * = V_c diag(lambda) V_c^T, and Q^T K Q has its eigenvalues mu: real, 0 at least. d(lambda) =
 * p_c (1 - (1 - x)^E) / lambda, x = h_c lambda, is negative for x > 2 and even E alone; then K D
 * has a negative mu, and the round grows. For x < 2 everywhere mu < 2, as the weights' own map is
 * the mean of (I - h_c J_c^T J_c)^E, of norms up to 1: every split is stable below 2 / max_c s_c
 * lambda_max(K_cc), whatever the p_c. Dense: 9 sum_c R_c^3 + 4/3 R^3 flops, on one thread, whatever
 * their number. */
#include "fit/federated/law.h"

#include "base/blas.h"
#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

static size_t rows_of(const ntk_law *l, size_t c) {
  return ntk_split_count(l->rounds->split, c) * l->outputs;
}

/* Row `i` of client c is which of K's. */
static size_t row_of(const ntk_law *l, size_t c, size_t i) {
  const ntk_split *split = l->rounds->split;
  return split->order[split->first[c] + i / l->outputs] * l->outputs + i % l->outputs;
}

/* Of K's rows the client's own columns, as its block. */
static ntk_status decompose(ntk_law *l, size_t c, double *row, double *values) {
  const size_t n = rows_of(l, c);
  double *A = l->block + l->at[c];
  for (size_t i = 0; i < n; i++) {
    NTK_TRY(ntk_kernel_row(l->K, row_of(l, c, i), row));
    for (size_t j = 0; j < n; j++)
      A[i * n + j] = row[row_of(l, c, j)];
  }
  NTK_TRY(ntk_dsyevd(l->rounds->split->context, 'V', n, A, values));
  l->curvature = fmax(l->curvature, ntk_clients_scale(l->rounds, c) * values[n - 1]);
  return NTK_OK;
}

static ntk_status allocate(ntk_law *l) {
  ntk_context *context = l->rounds->split->context;
  const size_t clients = l->rounds->split->clients;
  void *pointer = NULL;
  size_t total = 0;
  NTK_TRY(ntk_alloc(context, clients, sizeof *l->at, "clients", &pointer));
  l->at = pointer;
  for (size_t c = 0; c < clients; c++) { /* R is small: no product overflows */
    l->at[c] = total;
    total += rows_of(l, c) * rows_of(l, c);
  }
  NTK_TRY(ntk_alloc_doubles(context, total, "clients", &l->block));
  NTK_TRY(ntk_alloc_doubles(context, l->R, "clients", &l->values));
  NTK_TRY(ntk_alloc_doubles(context, l->R, "clients", &l->own));
  return ntk_alloc_doubles(context, l->R, "clients", &l->changed);
}

static ntk_status decompose_all(ntk_law *l) {
  double *values = l->values;
  ntk_status status = NTK_OK;
  const int before = ntk_blas_enter(1);
  for (size_t c = 0; c < l->rounds->split->clients && status == NTK_OK; c++) {
    status = decompose(l, c, l->own, values);
    values += rows_of(l, c);
  }
  ntk_blas_leave(before);
  return status;
}

ntk_status ntk_law_create(const ntk_clients *rounds, const ntk_kernel *K, size_t outputs,
                          ntk_law **law) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(rounds->split->context, 1, sizeof(ntk_law), "clients", &pointer));
  ntk_law *l = pointer;
  *l = (ntk_law){.rounds = rounds,
                 .K = K,
                 .outputs = outputs,
                 .R = rounds->split->N * outputs,
                 .radius = NAN,
                 .reason = ""};
  ntk_status status = allocate(l);
  if (status == NTK_OK)
    status = decompose_all(l);
  if (status == NTK_OK)
    *law = l;
  else
    ntk_law_destroy(l);
  return status;
}

void ntk_law_destroy(ntk_law *l) {
  if (l == NULL)
    return;
  ntk_context *context = l->rounds->split->context;
  void *const arrays[] = {l->at, l->block, l->values, l->own, l->changed};
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
    ntk_free(context, arrays[i]);
  ntk_free(context, l);
}

/* d(lambda) without the cancellation of 1 - (1 - x)^E. */
static double weight(const ntk_law *l, size_t c, double lr, double lambda) {
  const double h = lr * ntk_clients_scale(l->rounds, c), x = h * lambda;
  const double E = (double)l->rounds->local_steps, C = (double)l->rounds->split->clients;
  const double gone = x < 0.5 ? -expm1(E * log1p(-x)) : 1.0 - pow(1.0 - x, E);
  return h * ntk_clients_weight(l->rounds, c) / C * (fabs(x) < DBL_EPSILON ? E : gone / x);
}

/* V sqrt |d| in place of V, d's signs in place of eigenvalues. Whether D is not negative. */
static bool scale_vectors(ntk_law *l, double lr) {
  double *values = l->values;
  bool positive = true;
  for (size_t c = 0; c < l->rounds->split->clients; c++) {
    const size_t n = rows_of(l, c);
    double *V = l->block + l->at[c];
    for (size_t k = 0; k < n; k++) {
      const double d = weight(l, c, lr, values[k]);
      positive = positive && d >= 0.0;
      ntk_dscal(n, sqrt(fabs(d)), V + k * n);
      values[k] = d < 0.0 ? -1.0 : 1.0;
    }
    values += n;
  }
  return positive;
}

/* A, K with rows and columns by clients, becomes Q^T K Q; T: R x R scratch. */
static ntk_status multiply(const ntk_law *l, double *A, double *T) {
  const size_t R = l->R, clients = l->rounds->split->clients;
  size_t at = 0;
  for (size_t c = 0; c < clients; c++)
    for (size_t i = 0; i < rows_of(l, c); i++, at++) {
      size_t column = 0;
      NTK_TRY(ntk_kernel_row(l->K, row_of(l, c, i), l->own));
      for (size_t d = 0; d < clients; d++)
        for (size_t j = 0; j < rows_of(l, d); j++)
          A[at * R + column++] = l->own[row_of(l, d, j)];
    }
  at = 0;
  for (size_t c = 0; c < clients; c++) { /* T = A Q */
    const size_t n = rows_of(l, c);
    ntk_dgemm('N', 'N', R, n, n, 1.0, A + at * R, R, l->block + l->at[c], n, 0.0, T + at * R, R);
    at += n;
  }
  at = 0;
  for (size_t c = 0; c < clients; c++) { /* A = Q^T T */
    const size_t n = rows_of(l, c);
    ntk_dgemm('T', 'N', n, R, n, 1.0, l->block + l->at[c], n, T + at, R, 0.0, A + at, R);
    at += n;
  }
  return NTK_OK;
}

static bool all_finite(size_t count, const double *x) {
  bool finite = true;
  for (size_t i = 0; i < count && finite; i++)
    finite = isfinite(x[i]);
  return finite;
}

const char NTK_LAW_GROWS[] = "the step size is so large that a client's own steps grow";

/* work: 2 R^2. (1 - x)^E may be past the largest number. */
static ntk_status find_radius(ntk_law *l, double *work) {
  const size_t R = l->R;
  NTK_TRY(multiply(l, work, work + R * R));
  if (!all_finite(R * R, work)) {
    l->reason = NTK_LAW_GROWS;
    return NTK_OK;
  }
  NTK_TRY(ntk_dsyevd(l->rounds->split->context, 'N', R, work, l->own));
  const double least = l->own[0], most = l->own[R - 1];
  if (most > 2.0) /* whatever is at the other end, which is 0 at least */
    l->radius = most - 1.0;
  else if (least > (double)R * DBL_EPSILON * most)
    l->radius = fmax(fabs(1.0 - least), fabs(1.0 - most));
  else
    l->reason = "double precision does not tell the operator's smallest eigenvalue from 0";
  return NTK_OK;
}

/* D_c = Q_c sign(d) Q_c^T in place of Q_c; work: 2 R^2. */
static void square(ntk_law *l, double *work) {
  const double *sign = l->values;
  for (size_t c = 0; c < l->rounds->split->clients; c++) {
    const size_t n = rows_of(l, c);
    double *Q = l->block + l->at[c];
    double *other = work + n * n;
    memcpy(work, Q, n * n * sizeof *Q);
    memcpy(other, Q, n * n * sizeof *Q);
    for (size_t k = 0; k < n; k++)
      ntk_dscal(n, sign[k], other + k * n);
    ntk_dgemm('N', 'T', n, n, n, 1.0, work, n, other, n, 0.0, Q, n);
    sign += n;
  }
}

ntk_status ntk_law_finish(ntk_law *l, double lr) {
  ntk_context *context = l->rounds->split->context;
  double *work = NULL;
  ntk_status status = NTK_OK;
  NTK_TRY(ntk_alloc_doubles(context, 2 * l->R * l->R, "clients", &work));
  const int before = ntk_blas_enter(1);
  if (scale_vectors(l, lr))
    status = find_radius(l, work);
  else
    l->reason = NTK_LAW_GROWS;
  square(l, work);
  ntk_blas_leave(before);
  ntk_free(context, work);
  return status;
}

void ntk_law_apply(const ntk_law *l, const double *r, double *direction) {
  const int before = ntk_blas_enter(1);
  for (size_t c = 0; c < l->rounds->split->clients; c++) {
    const size_t n = rows_of(l, c);
    for (size_t i = 0; i < n; i++)
      l->own[i] = r[row_of(l, c, i)];
    ntk_dgemv('N', n, n, 1.0, l->block + l->at[c], n, l->own, 0.0, l->changed);
    for (size_t i = 0; i < n; i++)
      direction[row_of(l, c, i)] = l->changed[i];
  }
  ntk_blas_leave(before);
}

double ntk_law_bytes(double R, double clients) {
  return (double)sizeof(ntk_law) + 8.0 * (clients + 3.0 * R) + 8.0 * R * R +
         8.0 * (2.0 * R * R + 8.0 * R);
}
