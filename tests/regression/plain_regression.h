/* A small network on training and test data, and the model that is linear in its weights by plain
 * loops in long double, with the Jacobian by complex steps. Include after <cmocka.h>. */
#ifndef NTK_TESTS_PLAIN_REGRESSION_H
#define NTK_TESTS_PLAIN_REGRESSION_H

#include "general_network.h"
#include "ntkit/predict.h"

enum { TRAIN = 7, TESTS = 5, MOST_ROWS = 21, MOST_P = 220 };

typedef struct problem {
  general g;
  double scale[2 * MOST_LAYERS];
  ntk_network *network;
  ntk_dataset *data, *test;
  double *Y, *test_Y;
  size_t n, rows, tests; /* n_L; TRAIN n_L, TESTS n_L */
  double *J, *J_test;    /* rows x P, tests x P */
  double *f0, *f0_test;
} problem;

static inline double *outputs_of(const ntk_network *network, const ntk_dataset *data, size_t n) {
  double *F = make_array(ntk_dataset_samples(data) * n);
  assert_ok(ntk_network_output(network, data, F));
  return F;
}

/* Four inputs, two hidden layers; scales that differ, of biases too. */
static inline problem make_problem(ntk_context *context, size_t outputs, uint64_t seed) {
  problem p = {
      .g = {
          .L = 3, .width = {4, 8, 9, outputs}, .bias = {true, false, true}, .activation = {1, 3}}};
  general_finish(&p.g);
  for (size_t i = 0; i < 2 * p.g.L; i++)
    p.scale[i] = i == 3 ? 0.0 : 0.4 + 0.3 * (double)i;
  ntk_network_spec spec = general_spec(&p.g, seed);
  spec.scale = p.scale;
  assert_ok(ntk_network_create(context, &spec, &p.network));
  assert_ok(ntk_dataset_generate(context, "gaussian", TRAIN, 4, seed + 1, &p.data));
  assert_ok(ntk_dataset_generate(context, "gaussian", TESTS, 4, seed + 2, &p.test));
  p.n = outputs;
  p.rows = TRAIN * outputs;
  p.tests = TESTS * outputs;
  p.Y = make_normal(seed + 3, p.rows);
  p.test_Y = make_normal(seed + 4, p.tests);
  double *theta = general_theta(&p.g, p.network);
  p.J = general_jacobian(&p.g, theta, ntk_dataset_values(p.data), TRAIN);
  p.J_test = general_jacobian(&p.g, theta, ntk_dataset_values(p.test), TESTS);
  free(theta);
  p.f0 = outputs_of(p.network, p.data, outputs);
  p.f0_test = outputs_of(p.network, p.test, outputs);
  return p;
}

static inline void drop_problem(problem *p) {
  ntk_network_destroy(p->network);
  ntk_dataset_destroy(p->data);
  ntk_dataset_destroy(p->test);
  free(p->Y);
  free(p->test_Y);
  free(p->J);
  free(p->J_test);
  free(p->f0);
  free(p->f0_test);
}

/* The scale of parameter q. */
static inline double scale_of(const problem *p, size_t q) {
  size_t l = 1;
  while (l < p->g.L && q >= p->g.offset[l + 1])
    l++;
  const bool bias = q - p->g.offset[l] >= p->g.width[l - 1] * p->g.width[l];
  return p->scale[2 * (l - 1) + (bias ? 1 : 0)];
}

/* J C J^T of training data with themselves. K: rows x rows. */
static inline void plain_kernel(const problem *p, long double *K) {
  for (size_t i = 0; i < p->rows; i++)
    for (size_t j = 0; j < p->rows; j++) {
      long double sum = 0.0L;
      for (size_t q = 0; q < p->g.P; q++)
        sum += (long double)p->J[i * p->g.P + q] * scale_of(p, q) * p->J[j * p->g.P + q];
      K[i * p->rows + j] = sum;
    }
}

/* x <- (A + ridge I)^{-1} x by elimination with pivots; A is lost. */
static inline void plain_solve(size_t R, long double *A, long double ridge, long double *x) {
  for (size_t i = 0; i < R; i++)
    A[i * R + i] += ridge;
  for (size_t k = 0; k < R; k++) {
    size_t pivot = k;
    for (size_t i = k; i < R; i++)
      pivot = fabsl(A[i * R + k]) > fabsl(A[pivot * R + k]) ? i : pivot;
    for (size_t j = 0; j < R; j++) {
      const long double kept = A[k * R + j];
      A[k * R + j] = A[pivot * R + j];
      A[pivot * R + j] = kept;
    }
    const long double kept = x[k];
    x[k] = x[pivot];
    x[pivot] = kept;
    for (size_t i = k + 1; i < R; i++) {
      const long double factor = A[i * R + k] / A[k * R + k];
      for (size_t j = k; j < R; j++)
        A[i * R + j] -= factor * A[k * R + j];
      x[i] -= factor * x[k];
    }
  }
  for (size_t k = R; k-- > 0;) {
    for (size_t j = k + 1; j < R; j++)
      x[k] -= A[k * R + j] * x[j];
    x[k] /= A[k * R + k];
  }
}

/* w = C J^T a, P. */
static inline void plain_weights(const problem *p, const long double *a, long double *w) {
  for (size_t q = 0; q < p->g.P; q++) {
    w[q] = 0.0L;
    for (size_t i = 0; i < p->rows; i++)
      w[q] += scale_of(p, q) * (long double)p->J[i * p->g.P + q] * a[i];
  }
}

/* f0 + J w, of `count` rows. */
static inline void plain_outputs(const problem *p, const double *J, const double *f0, size_t count,
                                 const long double *w, long double *f) {
  for (size_t i = 0; i < count; i++) {
    f[i] = f0[i];
    for (size_t q = 0; q < p->g.P; q++)
      f[i] += (long double)J[i * p->g.P + q] * w[q];
  }
}

/* Sample 1 becomes sample 0 once more, with its own label. */
static inline void make_twins(ntk_context *context, problem *p) {
  double X[TRAIN * 4], *theta = general_theta(&p->g, p->network);
  memcpy(X, ntk_dataset_values(p->data), sizeof X);
  memcpy(X + 4, X, 4 * sizeof *X);
  ntk_dataset_destroy(p->data);
  free(p->f0);
  free(p->J);
  p->data = make_data(context, X, TRAIN, 4);
  p->f0 = outputs_of(p->network, p->data, 1);
  p->J = general_jacobian(&p->g, theta, X, TRAIN);
  free(theta);
}

/* The end of the flow where samples 0 and 1 are equal and have other labels: K v = 0 for v =
 * e_0 - e_1, and what is fitted is the mean of both labels, as if there were one of them. */
typedef struct twins {
  long double w[MOST_P], f[MOST_ROWS], f_test[MOST_ROWS], norm; /* squared */
} twins;

static inline twins merge_twins(problem *p) {
  twins m = {.norm = 0.0L};
  long double K[MOST_ROWS * MOST_ROWS], small[MOST_ROWS * MOST_ROWS], a[MOST_ROWS];
  const size_t R = p->rows;
  plain_kernel(p, K);
  for (size_t i = 1; i < R; i++)
    for (size_t j = 1; j < R; j++)
      small[(i - 1) * (R - 1) + j - 1] = K[i * R + j];
  a[0] = 0.0L;
  for (size_t i = 1; i < R; i++)
    a[i] = p->Y[i] - p->f0[i];
  a[1] = ((long double)p->Y[0] + p->Y[1]) / 2 - p->f0[1];
  plain_solve(R - 1, small, 0.0L, a + 1);
  plain_weights(p, a, m.w);
  plain_outputs(p, p->J, p->f0, R, m.w, m.f);
  plain_outputs(p, p->J_test, p->f0_test, p->tests, m.w, m.f_test);
  for (size_t q = 0; q < p->g.P; q++)
    m.norm += scale_of(p, q) > 0.0 ? m.w[q] * m.w[q] / scale_of(p, q) : 0.0L;
  return m;
}

static inline void assert_all_near(const double *found, const long double *expected, size_t count,
                                   double tolerance, const char *what) {
  for (size_t i = 0; i < count; i++)
    assert_near(found[i], (double)expected[i], tolerance, what);
}

#endif
