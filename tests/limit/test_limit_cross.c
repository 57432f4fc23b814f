/* Kernels of infinite width between test samples and those of the data (kernel/limit/cross.h).
 * Property: slab by slab they are the entries that ntk_limit_kernel has of all samples together, of
 * equal, opposite and nearly equal samples too; the same bits on any number of threads. */
#include "kernel/limit/cross.h"

#include "one_context.h"

#include "ntkit/limit.h"

enum { N = 37, M = 29, D = 7, ALL = N + M };

/* Norms of 0.3 to 1.3 times the others'; test samples 0, ..., 3 are sample 5, its opposite, and
 * those turned by 1e-9 and 1e-3. The largest norm is a test sample's. */
static void make_samples(double *X) {
  double *normal = make_normal(3, ALL * D);
  memcpy(X, normal, ALL * D * sizeof *X);
  free(normal);
  for (size_t i = 0; i < ALL; i++)
    for (size_t a = 0; a < D; a++)
      X[i * D + a] *= i == N + 10 ? 2.0 : 0.3 + (double)i / ALL;
  double *x = X + 5 * D, *test = X + N * D;
  for (size_t a = 0; a < D; a++) {
    test[a] = x[a];
    test[D + a] = -x[a];
    test[2 * D + a] = x[a] + (a == 0 ? 1e-9 : 0.0);
    test[3 * D + a] = -x[a] + (a == 1 ? 1e-3 : 0.0);
  }
}

/* All rows, so many at a time. */
static double *cross_rows(ntk_limit_cross *cross, size_t slab) {
  double *rows = make_array(M * N);
  for (size_t m = 0; m < M; m += slab)
    assert_ok(ntk_limit_cross_rows(cross, m, M - m < slab ? M - m : slab, rows + m * N));
  return rows;
}

typedef struct problem {
  ntk_dataset *data, *test, *all;
  double X[ALL * D];
} problem;

static void make_problem(ntk_context *context, problem *p) {
  make_samples(p->X);
  p->data = make_data(context, p->X, N, D);
  p->test = make_data(context, p->X + N * D, M, D);
  p->all = make_data(context, p->X, ALL, D);
}

static void destroy_problem(problem *p) {
  ntk_dataset_destroy(p->data);
  ntk_dataset_destroy(p->test);
  ntk_dataset_destroy(p->all);
}

/* Of a covariance, or of the chosen blocks. */
static void check(const ntk_network_spec *spec, const bool *blocks, bool covariance,
                  double tolerance) {
  problem p;
  ntk_kernel *kernel = NULL;
  ntk_limit_cross *cross = NULL;
  make_problem(one, &p);
  assert_ok(covariance ? ntk_limit_covariance(one, spec, p.all, &kernel)
                       : ntk_limit_kernel(one, spec, p.all, blocks, &kernel));
  double *K = make_array(ALL * ALL);
  assert_ok(ntk_kernel_values(kernel, K));
  assert_ok(ntk_limit_cross_create(one, spec, p.data, p.test, blocks, covariance, &cross));
  for (size_t slab = 1; slab <= M; slab += 14) {
    double *rows = cross_rows(cross, slab);
    for (size_t m = 0; m < M; m++)
      for (size_t i = 0; i < N; i++) {
        const size_t r = N + m;
        const double size = sqrt(K[r * ALL + r] * K[i * ALL + i]);
        assert_near(rows[m * N + i], K[r * ALL + i], tolerance * size, spec->activation);
      }
    free(rows);
  }
  ntk_limit_cross_destroy(cross);
  ntk_kernel_destroy(kernel);
  destroy_problem(&p);
  free(K);
}

static void test_entries(void **state) {
  (void)state;
  const size_t width[] = {D, 30, 20, 10};
  const bool bias[] = {true, false, true, true}, some[] = {true, false, true, false};
  const double scale[] = {0.5, 2.0, 1.0, 0.25, 3.0, 0.0, 0.1, 1.5};
  ntk_network_spec spec = {.depth = 4, .width = width, .init = "he"};
  const char *const names[] = {"relu", "erf", "tanh", "tanh,relu,sin"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    spec.activation = names[i];
    spec.bias = NULL;
    spec.scale = NULL;
    check(&spec, NULL, false, 1e-15);
    check(&spec, some, false, 1e-15);
    spec.bias = bias;
    spec.bias_deviation = 0.4;
    spec.scale = scale;
    check(&spec, NULL, false, 1e-15);
    check(&spec, NULL, true, 1e-15);
  }
  spec.activation = "selu,relu,relu"; /* of a table, which sums in another order for v and u */
  check(&spec, some, false, 4e-15);
}

/* An angle of 1e-9 is in a relu kernel, as against one of 0: by the recursion in the angle, 1/2 and
 * 1/(2 pi) of it in a layer. */
static void test_near(void **state) {
  (void)state;
  const size_t width[] = {2, 10};
  const bool first[] = {true, false};
  const double t = 1e-9, X[] = {1.0, 0.0}, Y[] = {cos(t), sin(t), -cos(t), -sin(t)};
  const ntk_network_spec spec = {
      .depth = 2, .width = width, .activation = "relu", .init = "standard"};
  ntk_dataset *data = make_data(one, X, 1, 2), *test = make_data(one, Y, 2, 2);
  ntk_limit_cross *cross = NULL;
  double K[2];
  assert_ok(ntk_limit_cross_create(one, &spec, data, test, first, false, &cross));
  assert_ok(ntk_limit_cross_rows(cross, 0, 2, K));
  assert_near(K[0], 0.5 - t / (2.0 * acos(-1.0)), 2.0 * U, "near");
  assert_near(K[1], -t / (2.0 * acos(-1.0)), 8.0 * U * t, "opposite");
  ntk_limit_cross_destroy(cross);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
}

static void test_threads(void **state) {
  (void)state;
  const size_t width[] = {D, 30, 20};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "selu,tanh"};
  ntk_context *contexts[2] = {one, make_context(3)};
  double *rows[2];
  for (size_t i = 0; i < 2; i++) {
    problem p;
    ntk_limit_cross *cross = NULL;
    make_problem(contexts[i], &p);
    assert_ok(ntk_limit_cross_create(contexts[i], &spec, p.data, p.test, NULL, false, &cross));
    rows[i] = cross_rows(cross, M);
    ntk_limit_cross_destroy(cross);
    destroy_problem(&p);
  }
  assert_memory_equal(rows[0], rows[1], M * N * sizeof(double));
  free(rows[0]);
  free(rows[1]);
  assert_int_equal(ntk_memory_in_use(contexts[1]), 0);
  ntk_context_destroy(contexts[1]);
}

/* Of a test sample that is 0 what small ones tend to, and the others as they are without it. */
static void test_zero(void **state) {
  (void)state;
  static const char *const activations[] = {"relu,tanh", "selu,gelu", "identity,sin"};
  const size_t width[] = {D, 30, 20};
  ntk_network_spec spec = {.depth = 3, .width = width};
  for (size_t k = 0; k < 2 * COUNT(activations); k++) {
    problem p;
    double *rows[3];
    make_problem(one, &p);
    spec.activation = activations[k / 2];
    for (size_t t = 0; t < 3; t++) { /* as it is, small, 0 */
      ntk_limit_cross *cross = NULL;
      for (size_t a = 0; a < D; a++)
        p.X[(N + 2) * D + a] *= t == 0 ? 1.0 : t == 1 ? 1e-9 : 0.0;
      ntk_dataset *test = make_data(one, p.X + N * D, M, D);
      assert_ok(ntk_limit_cross_create(one, &spec, p.data, test, NULL, k % 2 == 1, &cross));
      rows[t] = cross_rows(cross, M);
      ntk_limit_cross_destroy(cross);
      ntk_dataset_destroy(test);
    }
    for (size_t i = 0; i < N; i++) {
      assert_true(rows[2][2 * N + i] == 0.0 && !signbit(rows[2][2 * N + i]));
      assert_near(rows[1][2 * N + i], 0.0, 1e-7 * fabs(rows[0][5 * N]) + 1e-8, "a small sample");
    }
    for (size_t m = 0; m < M; m++)
      for (size_t i = 0; i < N && m != 2; i++)
        assert_near(rows[2][m * N + i], rows[0][m * N + i],
                    1e-12 * fabs(rows[0][m * N + i]) + 1e-13, "another sample");
    for (size_t t = 0; t < 3; t++)
      free(rows[t]);
    destroy_problem(&p);
  }
}

static void test_refusals(void **state) {
  (void)state;
  const size_t width[] = {D, 30};
  const bool none[] = {false, false};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "relu"};
  problem p;
  make_problem(one, &p);
  ntk_dataset *narrow = make_data(one, p.X, M, D - 1);
  ntk_limit_cross *cross = NULL;
  double out[N];
  assert_refused(ntk_limit_cross_create(one, &spec, p.data, narrow, NULL, false, &cross),
                 NTK_ERR_SHAPE, "d");
  assert_refused(ntk_limit_cross_create(one, &spec, p.data, p.test, none, false, &cross),
                 NTK_ERR_ARGUMENT, "no block");
  memset(p.X + (N + 2) * D, 0, D * sizeof(double));
  ntk_dataset *zero = make_data(one, p.X + N * D, M, D);
  ntk_network_spec moved = spec; /* phi(0) is not 0 */
  moved.activation = "sigmoid";
  assert_refused(ntk_limit_cross_create(one, &moved, p.data, zero, NULL, false, &cross),
                 NTK_ERR_ARGUMENT, "test sample 3");
  assert_refused(ntk_limit_cross_create(one, &spec, zero, p.test, NULL, false, &cross),
                 NTK_ERR_ARGUMENT, "sample 3");
  assert_null(cross);
  assert_ok(ntk_limit_cross_create(one, &spec, p.data, p.test, NULL, false, &cross));
  assert_refused(ntk_limit_cross_rows(cross, M - 1, 2, out), NTK_ERR_ARGUMENT, "rows 28 to 30");
  assert_refused(ntk_limit_cross_rows(cross, M + 1, 0, out), NTK_ERR_ARGUMENT, "of 29");
  ntk_limit_cross_destroy(cross);
  ntk_limit_cross_destroy(NULL);
  ntk_dataset_destroy(narrow);
  ntk_dataset_destroy(zero);
  destroy_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_entries), cmocka_unit_test(test_near),
                                     cmocka_unit_test(test_threads), cmocka_unit_test(test_zero),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
