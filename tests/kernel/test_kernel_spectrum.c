/* The spectra of kernels, and what a kernel is made from.
 * Property: K has rank at most min(N, P); spectra interlace and obey the bounds of blocks; one step
 * of gradient descent moves F by -eta K (F - Y) + O(eta^2); what cannot be a kernel is refused. */
#include "jacobi.h"
#include "plain_kernel.h"

enum { MOST = 30 };

/* Eigenvalues of K of the chosen blocks for the first N samples of X. Returns how far rounding may
 * move one: entries move by t sqrt(K_ii K_jj), a matrix of norm at most t tr K; Jacobi's rotations
 * err by less (60 sweeps of n rotations a row, 4 u each, on what is left of ||K||). */
static double spectrum_of(const ntk_network *network, size_t N, const double *X, const bool *blocks,
                          double *values) {
  size_t width[DEPTH];
  for (size_t l = 0; l < ntk_network_depth(network); l++)
    width[l] = ntk_network_width(network, l);
  ntk_dataset *data = make_data(one, X, N, width[0]);
  ntk_features *features = make_features(network, data);
  double *K = kernel_array(features, N, NULL), trace = 0.0;
  for (size_t i = 0; i < N; i++)
    trace += K[i * N + i];
  free(K);
  K = kernel_array(features, N, blocks);
  plain_eigenvalues(N, K, values);
  free(K);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  return 2.0 * tolerance(ntk_network_depth(network), width) * trace;
}

/* K is positive semidefinite of rank min(N, P), generically (tanh: f has no continuous symmetry);
 * at most P - sum n_l for relu, where each hidden neuron can be scaled against the next layer; at
 * most d for identity, where f is linear in x. */
static void test_rank(void **state) {
  (void)state;
  const struct {
    const char *activation;
    size_t L, width[DEPTH], rank;
    bool attained;
  } cases[] = {{"tanh", 2, {2, 2}, 6, true},     {"tanh", 2, {3, 1}, 4, true},
               {"tanh", 3, {2, 1, 2}, 6, false}, {"relu", 2, {2, 3}, 6, false},
               {"relu", 3, {3, 2, 2}, 8, false}, {"identity", 3, {4, 3, 3}, 4, true},
               {"tanh", 3, {4, 4, 4}, 36, true}};
  double *X = make_normal(12, MOST * DEPTH), values[MOST];
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_network *network =
        make_network(one, cases[k].L, cases[k].width, cases[k].activation, "paper", k);
    const size_t rank = cases[k].rank < MOST ? cases[k].rank : MOST;
    const double noise = spectrum_of(network, MOST, X, NULL, values);
    for (size_t i = 0; i < MOST; i++)
      assert_true(values[i] >= -noise);
    for (size_t i = 0; i < MOST - rank; i++)
      assert_near(values[i], 0.0, noise, cases[k].activation);
    assert_true(!cases[k].attained || values[MOST - rank] > noise);
    ntk_network_destroy(network);
  }
  free(X);
}

/* Adding a sample never raises lambda_min and never lowers lambda_max. */
static void test_interlacing(void **state) {
  (void)state;
  for (size_t net = 0; net < COUNT(nets); net++) {
    setting a = make_setting(one, net, MOST, 6);
    double smallest = INFINITY, largest = 0.0, values[MOST];
    for (size_t N = 1; N <= MOST; N++) {
      const double noise = spectrum_of(a.network, N, a.X, NULL, values);
      assert_true(values[0] <= smallest + noise && values[N - 1] >= largest - noise);
      smallest = values[0];
      largest = values[N - 1];
    }
    drop_setting(&a);
  }
}

/* sum_k lambda_min(K_k) <= lambda_min(K) <= min_i K_ii (Weyl; (16)). */
static void test_block_bounds(void **state) {
  (void)state;
  for (size_t net = 0; net < COUNT(nets); net++)
    for (size_t N = 2; N <= MOST; N += 4) {
      setting a = make_setting(one, net, N, 7);
      double values[MOST], sum = 0.0, *K = kernel_array(a.features, N, NULL);
      for (size_t k = 0; k < nets[net].L; k++) {
        bool blocks[DEPTH] = {false};
        blocks[k] = true;
        spectrum_of(a.network, N, a.X, blocks, values);
        sum += values[0];
      }
      const double noise = spectrum_of(a.network, N, a.X, NULL, values);
      assert_true(sum <= values[0] + (double)(nets[net].L + 1) * noise);
      for (size_t i = 0; i < N; i++)
        assert_true(values[0] <= K[i * N + i] + noise);
      free(K);
      drop_setting(&a);
    }
}

/* One step of gradient descent on |F - Y|^2 / 2 at rate eta, gradient J^T (F - Y) from plain loops:
 * e(eta) = F_1 - Y - (I - eta K)(F_0 - Y) = a eta^2 + O(eta^3), so that halving eta quarters |e|,
 * up to O(eta lambda_max), here 2^-7 times constants of order 1: 5 % allowed. A wrong K leaves a
 * term linear in eta: a ratio of 2. */
static void test_gradient_step(void **state) {
  (void)state;
  enum { N = 20 };
  double *Y = make_normal(31, N), r[N], error[2] = {0};
  for (size_t net = 0; net < COUNT(nets); net++) {
    setting a = make_setting(one, net, N, 8);
    const size_t L = nets[net].L;
    plain p = plain_features(a.network, nets[net].activation, N, a.X);
    double *K = kernel_array(a.features, N, NULL), *G[DEPTH], before[N], after[N], trace = 0.0;
    assert_ok(ntk_features_output(a.features, before));
    for (size_t i = 0; i < N; i++) {
      r[i] = before[i] - Y[i];
      trace += K[i * N + i];
    }
    for (size_t k = 0; k < L; k++) { /* dW_{k+1} = sum_i r_i F_k(x_i) B_{k+1}(x_i)^T */
      const size_t in = p.width[k], out = p.width[k + 1];
      G[k] = make_array(in * out);
      for (size_t i = 0; i < N; i++)
        for (size_t e = 0; e < in * out; e++)
          G[k][e] += r[i] * p.F[k][i * in + e / out] * p.B[k + 1][i * out + e % out];
    }
    for (int half = 0; half < 2; half++) {
      const double eta = ldexp(1.0 / trace, -7 - half);
      ntk_network *moved = moved_network(a.network, nets[net].activation, 1.0, -eta, G);
      ntk_features *features = make_features(moved, a.data);
      assert_ok(ntk_features_output(features, after));
      error[half] = 0.0;
      for (size_t i = 0; i < N; i++)
        error[half] += pow(after[i] - before[i] + eta * dot(K + i * N, r, N), 2.0);
      ntk_features_destroy(features);
      ntk_network_destroy(moved);
    }
    assert_near(sqrt(error[0] / error[1]), 4.0, 0.2, nets[net].activation);
    for (size_t k = 0; k < L; k++)
      free(G[k]);
    free(K);
    plain_free(&p);
    drop_setting(&a);
  }
  free(Y);
}

/* ---- Objects --------------------------------------------------------------------------------- */

/* ntk_kernel_from_array reads the lower triangle and ntk_kernel_values gives both back, bit for
 * bit. */
static void test_from_array(void **state) {
  (void)state;
  for (size_t N = 1; N <= 33; N++) {
    double *A = make_normal(N, N * N), *B = make_array(N * N);
    for (size_t i = 0; i < N; i++)
      for (size_t j = i + 1; j < N; j++)
        A[i * N + j] = NAN;
    ntk_kernel *kernel = NULL;
    assert_ok(ntk_kernel_from_array(one, A, N, &kernel));
    assert_ok(ntk_kernel_values(kernel, B));
    for (size_t i = 0; i < N * N; i++)
      assert_true(B[i] == (i / N >= i % N ? A[i] : A[i % N * N + i / N]));
    ntk_kernel_destroy(kernel);
    free(A);
    free(B);
  }
}

static bool stop_at_kernel(const char *phase, double fraction, void *user) {
  (void)fraction;
  (void)user;
  return strcmp(phase, "kernel") != 0;
}

/* What is refused: no block; other widths or depth; data of another d; order 0; values and a second
 * factorisation once factorised; a solve before; an indefinite matrix. A cancelled build leaves
 * nothing (one thread: with more, the caller's own, which alone asks, may get no tile). */
static void test_refusals(void **state) {
  (void)state;
  setting a = make_setting(one, 0, 3, 1), b = make_setting(one, 1, 3, 1);
  const size_t thinner[] = {6, 4, 4};
  /* n_1 = 4, n_2 = 1 in both, but that is the output of one and a hidden layer of the other */
  ntk_network *shallow = make_network(one, 2, (size_t[]){6, 4}, "tanh", "paper", 1);
  ntk_network *deep = make_network(one, 3, (size_t[]){6, 4, 1}, "tanh", "paper", 1);
  ntk_features *shallow_features = make_features(shallow, a.data);
  ntk_features *deep_features = make_features(deep, a.data);
  ntk_network *thin = make_network(one, 3, thinner, "tanh", "paper", 1);
  ntk_features *c = make_features(thin, a.data), *none = NULL;
  ntk_kernel *kernel = NULL;
  const bool blocks[DEPTH] = {false};
  double A[9] = {0}, x[2] = {10.0, 9.0};
  const char *no_block = "no block of the kernel is chosen; there are 3, 0 to 2";
  assert_refused(ntk_kernel_create(a.features, blocks, &kernel), NTK_ERR_ARGUMENT, no_block);
  assert_refused(ntk_kernel_cross(a.features, a.features, blocks, A), NTK_ERR_ARGUMENT, no_block);
  assert_refused(ntk_kernel_apply(a.features, blocks, x, 1, A), NTK_ERR_ARGUMENT, no_block);
  assert_refused(ntk_kernel_cross(a.features, b.features, NULL, A), NTK_ERR_SHAPE, "same depth");
  assert_refused(ntk_kernel_cross(a.features, c, NULL, A), NTK_ERR_SHAPE, "widths");
  assert_refused(ntk_kernel_cross(shallow_features, deep_features, NULL, A), NTK_ERR_SHAPE,
                 "depth");
  assert_refused(ntk_features_create(a.network, b.data, &none), NTK_ERR_SHAPE, "d = 9");
  assert_refused(ntk_kernel_from_array(one, A, 0, &kernel), NTK_ERR_ARGUMENT, "order 0");
  assert_refused(ntk_kernel_from_array(one, (double[]){4, 0, 0, 2, 1, 0, 1, NAN, 5}, 3, &kernel),
                 NTK_ERR_NOT_FINITE, "row 3, column 2 (from 1)");
  assert_true(kernel == NULL && none == NULL && A[0] == 0.0);

  ntk_context *cancelled = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1, .progress = stop_at_kernel},
                               &cancelled));
  setting big = make_setting(cancelled, 0, 300, 1);
  const size_t held = ntk_memory_in_use(cancelled);
  assert_refused(ntk_kernel_create(big.features, NULL, &kernel), NTK_ERR_CANCELLED, "kernel");
  assert_true(kernel == NULL && ntk_memory_in_use(cancelled) == held);
  drop_setting(&big);
  ntk_context_destroy(cancelled);

  assert_ok(ntk_kernel_from_array(one, (double[]){4, 0, 2, 3}, 2, &kernel));
  assert_refused(ntk_kernel_solve(kernel, x, 1), NTK_ERR_ARGUMENT, "not been factorised");
  assert_ok(ntk_kernel_factor(kernel, 0.0));
  assert_refused(ntk_kernel_values(kernel, A), NTK_ERR_ARGUMENT, "replaced by its factor");
  assert_refused(ntk_kernel_factor(kernel, 0.0), NTK_ERR_ARGUMENT, "replaced by its factor");
  assert_ok(
      ntk_kernel_solve(kernel, x, 1));   /* 4 x + 2 y = 10, 2 x + 3 y = 9: exactly x = 3/2, y = 2 */
  assert_near(x[0], 1.5, 32.0 * U, "x"); /* condition number below 4; 8 operations */
  assert_near(x[1], 2.0, 32.0 * U, "y");
  ntk_kernel_destroy(kernel);
  assert_ok(ntk_kernel_from_array(one, (double[]){1, 0, 2, 1}, 2, &kernel));
  assert_refused(ntk_kernel_factor(kernel, 0.0), NTK_ERR_NUMERIC, "");
  assert_refused(ntk_kernel_values(kernel, A), NTK_ERR_ARGUMENT, "given up by a factorisation");
  assert_refused(ntk_kernel_solve(kernel, x, 1), NTK_ERR_ARGUMENT, "given up by a factorisation");
  ntk_kernel_destroy(kernel);
  ntk_features_destroy(shallow_features);
  ntk_features_destroy(deep_features);
  ntk_network_destroy(shallow);
  ntk_network_destroy(deep);
  ntk_features_destroy(c);
  ntk_network_destroy(thin);
  drop_setting(&a);
  drop_setting(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rank),         cmocka_unit_test(test_interlacing),
      cmocka_unit_test(test_block_bounds), cmocka_unit_test(test_gradient_step),
      cmocka_unit_test(test_from_array),   cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
