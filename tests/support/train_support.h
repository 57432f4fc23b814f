/* What the tests of training share: a problem made in one line, and training written once more in
 * plain loops, sharing nothing with the library but the weights it starts from. Include after
 * <cmocka.h>. */
#ifndef NTK_TESTS_TRAIN_SUPPORT_H
#define NTK_TESTS_TRAIN_SUPPORT_H

#include "net/network.h"
#include "ntkit/fit.h"

#include "support.h"

/* ---- Problems -------------------------------------------------------------------------------- */

typedef struct fit_problem {
  ntk_context *context;
  ntk_network_spec spec;
  ntk_network *network; /* the one to be trained */
  ntk_dataset *data;
  double *Y; /* N, standard normal */
  size_t N, P;
} fit_problem;

static inline ntk_network *fit_network(ntk_context *context, const ntk_network_spec *spec) {
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, spec, &network));
  return network;
}

static inline fit_problem fit_create(ntk_context *context, ntk_network_spec spec, size_t N) {
  fit_problem p = {.context = context, .spec = spec, .N = N};
  p.network = fit_network(context, &spec);
  p.P = ntk_network_parameters(p.network);
  assert_ok(ntk_dataset_generate(context, "gaussian", N, spec.width[0], spec.seed + 100, &p.data));
  p.Y = make_normal(spec.seed + 200, N);
  return p;
}

static inline void fit_destroy(fit_problem *p) {
  ntk_network_destroy(p->network);
  ntk_dataset_destroy(p->data);
  free(p->Y);
  *p = (fit_problem){0};
}

/* theta of the network, P entries, to be freed. */
static inline double *fit_theta(const fit_problem *p) {
  double *theta = make_array(p->P);
  memcpy(theta, ntk_network_weights(p->network, 1), p->P * sizeof *theta);
  return theta;
}

/* Puts theta into the network. */
static inline void fit_set(fit_problem *p, const double *theta) {
  memcpy(p->network->theta, theta, p->P * sizeof *theta);
}

/* Trains p->network. */
static inline ntk_train_result fit_run(fit_problem *p, ntk_train_options options) {
  ntk_train_result result = {0};
  assert_ok(ntk_train(p->context, p->network, p->data, p->Y, &options, &result));
  return result;
}

/* ---- Plain loops: networks (1) with one of two activations ------------------------------------
 */

enum { PLAIN_DEPTH = 8 };

static inline double plain_phi(const char *activation, double g, double *slope) {
  if (strcmp(activation, "tanh") == 0) {
    const double f = tanh(g);
    *slope = 1.0 - f * f;
    return f;
  }
  if (strcmp(activation, "softplus") == 0) {
    *slope = g >= 0.0 ? 1.0 / (1.0 + exp(-g)) : exp(g) / (1.0 + exp(g));
    return fmax(g, 0.0) + log1p(exp(-fabs(g)));
  }
  assert_string_equal(activation, "relu");
  *slope = g > 0.0 ? 1.0 : 0.0;
  return fmax(g, 0.0);
}

/* f_L(x), and its derivatives by theta into row (P entries, in theta's order). */
static inline double plain_row(const ntk_network_spec *spec, const double *theta, const double *x,
                               double *row) {
  const size_t L = spec->depth;
  size_t width[PLAIN_DEPTH + 1], at[PLAIN_DEPTH + 1], total = 0;
  double *f[PLAIN_DEPTH + 1], *slope[PLAIN_DEPTH + 1], *b[PLAIN_DEPTH + 1];
  for (size_t l = 0; l <= L; l++) {
    width[l] = l < L ? spec->width[l] : 1;
    f[l] = make_array(width[l]);
    slope[l] = make_array(width[l]);
    b[l] = make_array(width[l]);
    at[l] = total;
    total += l > 0 ? width[l - 1] * width[l] : 0;
  }
  for (size_t i = 0; i < width[0]; i++)
    f[0][i] = x[i];
  for (size_t l = 1; l <= L; l++)
    for (size_t j = 0; j < width[l]; j++) {
      double g = 0.0;
      for (size_t i = 0; i < width[l - 1]; i++)
        g += f[l - 1][i] * theta[at[l] + i * width[l] + j];
      slope[l][j] = 1.0;
      f[l][j] = l < L ? plain_phi(spec->activation, g, &slope[l][j]) : g;
    }
  b[L][0] = 1.0; /* b[l]: derivative of f_L by g_l */
  for (size_t l = L; l > 0; l--)
    for (size_t i = 0; i < width[l - 1]; i++)
      for (size_t j = 0; j < width[l]; j++) {
        row[at[l] + i * width[l] + j] = f[l - 1][i] * b[l][j];
        b[l - 1][i] += theta[at[l] + i * width[l] + j] * b[l][j] * slope[l - 1][i];
      }
  const double output = f[L][0];
  for (size_t l = 0; l <= L; l++) {
    free(f[l]);
    free(slope[l]);
    free(b[l]);
  }
  return output;
}

/* J, N x P, to be freed, and r = F_L - Y (N; Y NULL: 0), at theta. */
static inline double *plain_jacobian(const fit_problem *p, const double *theta, const double *Y,
                                     double *r) {
  const double *X = ntk_dataset_values(p->data);
  double *J = make_array(p->N * p->P);
  for (size_t i = 0; i < p->N; i++)
    r[i] = plain_row(&p->spec, theta, X + i * p->spec.width[0], J + i * p->P) -
           (Y != NULL ? Y[i] : 0.0);
  return J;
}

/* grad = J^T r; the sum of squares of r is returned. */
static inline double plain_gradient(const fit_problem *p, const double *theta, double *grad) {
  double *r = make_array(p->N), *J = plain_jacobian(p, theta, p->Y, r), sum = 0.0;
  memset(grad, 0, p->P * sizeof *grad);
  for (size_t i = 0; i < p->N; i++) {
    sum += r[i] * r[i];
    for (size_t q = 0; q < p->P; q++)
      grad[q] += r[i] * J[i * p->P + q];
  }
  free(J);
  free(r);
  return sum;
}

/* A B^T for N x P arrays, N x N, to be freed. */
static inline double *plain_gram(size_t N, size_t P, const double *A, const double *B) {
  double *K = make_array(N * N);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++)
      for (size_t q = 0; q < P; q++)
        K[i * N + j] += A[i * P + q] * B[j * P + q];
  return K;
}

/* x of A x = b for a symmetric positive definite A (n x n, destroyed), by elimination. */
static inline void plain_solve(size_t n, double *A, double *b) {
  for (size_t k = 0; k < n; k++)
    for (size_t i = k + 1; i < n; i++) {
      const double factor = A[i * n + k] / A[k * n + k];
      for (size_t j = k; j < n; j++)
        A[i * n + j] -= factor * A[k * n + j];
      b[i] -= factor * b[k];
    }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; j++)
      b[k] -= A[k * n + j] * b[j];
    b[k] /= A[k * n + k];
  }
}

static inline double largest_difference(size_t n, const double *a, const double *b) {
  double most = 0.0;
  for (size_t i = 0; i < n; i++)
    if (!(fabs(a[i] - b[i]) <= most)) /* a NaN stays */
      most = fabs(a[i] - b[i]);
  return most;
}

static inline double largest_entry(size_t n, const double *a) {
  double most = 0.0;
  for (size_t i = 0; i < n; i++)
    most = fmax(most, fabs(a[i]));
  return most;
}

#endif
