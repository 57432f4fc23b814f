/* Kernel regression by the limit of infinite width (ntk_regression_options.limit).
 * Property: coefficients and predictions of each output are those of elimination in long double
 * with the limit of all samples together, with a ridge, without, and at a time; of a network's f0,
 * where it is given; and those of networks' own kernels come to them as the square root of the
 * width. */
#include "one_context.h"

#include "ntkit/limit.h"
#include "plain_regression.h"

enum { N = 14, M = 6, D = 5, C = 2, ALL = N + M };

typedef struct limits {
  ntk_network_spec spec;
  size_t width[3];
  bool bias[3];
  ntk_dataset *data, *test;
  double *Y, *K; /* N x C; ALL x ALL */
} limits;

static void begin(limits *p, size_t width) {
  *p = (limits){.width = {D, width, width}, .bias = {true, true, false}};
  p->spec = (ntk_network_spec){.depth = 3,
                               .width = p->width,
                               .activation = "tanh,relu",
                               .init = "lecun",
                               .outputs = C,
                               .bias = p->bias,
                               .bias_deviation = 0.3,
                               .parameterization = "ntk",
                               .seed = 8};
  double *X = make_normal(2, ALL * D);
  ntk_dataset *all = make_data(one, X, ALL, D);
  ntk_kernel *K = NULL;
  p->data = make_data(one, X, N, D);
  p->test = make_data(one, X + N * D, M, D);
  p->Y = make_normal(3, N * C);
  p->K = make_array(ALL * ALL);
  assert_ok(ntk_limit_kernel(one, &p->spec, all, NULL, &K));
  assert_ok(ntk_kernel_values(K, p->K));
  ntk_kernel_destroy(K);
  ntk_dataset_destroy(all);
  free(X);
}

static void end(limits *p) {
  ntk_dataset_destroy(p->data);
  ntk_dataset_destroy(p->test);
  free(p->Y);
  free(p->K);
}

/* a (N) of output c, by elimination, or with T > 0 steps of size eta. */
static void plain_one(const limits *p, const double *f0, size_t c, double ridge, size_t T,
                      double eta, long double *a) {
  long double K[N * N];
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++)
      K[i * N + j] = p->K[i * ALL + j];
  for (size_t i = 0; i < N; i++)
    a[i] = T > 0 ? 0.0L : p->Y[i * C + c] - f0[i * C + c];
  if (T == 0)
    plain_solve(N, K, ridge, a);
  for (size_t t = 0; t < T; t++) {
    long double left[N];
    for (size_t i = 0; i < N; i++) {
      left[i] = p->Y[i * C + c] - f0[i * C + c];
      for (size_t j = 0; j < N; j++)
        left[i] -= K[i * N + j] * a[j];
    }
    for (size_t i = 0; i < N; i++)
      a[i] += eta * left[i];
  }
}

static void check(const limits *p, const ntk_network *network, double ridge, size_t T, double eta) {
  const double time = (double)T;
  ntk_regression_options options = {.limit = &p->spec, .ridge = ridge};
  double *f0 = network != NULL ? outputs_of(network, p->data, C) : make_array(N * C);
  double *f0_test = network != NULL ? outputs_of(network, p->test, C) : make_array(M * C);
  ntk_regression_result r = {0};
  if (T > 0) {
    options.time = &time;
    options.times = 1;
    options.lr = eta;
  }
  assert_ok(ntk_regression(one, network, p->data, p->Y, p->test, &options, &r));
  for (size_t c = 0; c < C; c++) {
    long double a[N];
    plain_one(p, f0, c, ridge, T, eta, a);
    for (size_t i = 0; i < N; i++)
      assert_near(r.coefficient[i * C + c], (double)a[i], 1e-8, "a coefficient");
    for (size_t m = 0; m < M; m++) {
      long double f = f0_test[m * C + c];
      for (size_t i = 0; i < N; i++)
        f += p->K[(N + m) * ALL + i] * a[i];
      assert_near(r.prediction[m * C + c], (double)f, 1e-9, "a prediction");
    }
    for (size_t j = 0; j < N; j++) {
      long double f = f0[j * C + c];
      for (size_t i = 0; i < N; i++)
        f += p->K[j * ALL + i] * a[i];
      assert_near(r.fitted[j * C + c], (double)f, 1e-9, "at the training data");
    }
  }
  double trace = 0.0;
  for (size_t i = 0; i < N; i++)
    trace += p->K[i * ALL + i];
  if (ridge == 0.0) /* entries of a limit are good to 1e-13 */
    assert_true(r.resolution > 1e-13 * trace && r.resolution < 1e-12 * trace);
  assert_true(r.outputs == C && r.samples == N && r.tests == M && r.residual < 1e-11);
  ntk_regression_clear(&r);
  free(f0);
  free(f0_test);
}

static void test_limit(void **state) {
  (void)state;
  limits p;
  ntk_network *network = NULL;
  begin(&p, 30);
  assert_ok(ntk_network_create(one, &p.spec, &network));
  for (size_t given = 0; given < 2; given++) {
    const ntk_network *f0 = given ? network : NULL;
    check(&p, f0, 0.0, 0, 0.0);
    check(&p, f0, 0.4, 0, 0.0);
    check(&p, f0, 0.0, 9, 0.02);
  }
  ntk_network_destroy(network);
  end(&p);
}

/* Root of the mean square over samples, outputs and seeds. */
static double distance_of(size_t width) {
  enum { SEEDS = 6 };
  limits p;
  ntk_regression_result limit = {0};
  double sum = 0.0;
  begin(&p, width);
  const ntk_regression_options by_limit = {.limit = &p.spec, .ridge = 0.1};
  const ntk_regression_options own = {.ridge = 0.1, .centered = true};
  assert_ok(ntk_regression(one, NULL, p.data, p.Y, p.test, &by_limit, &limit));
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    ntk_network *network = NULL;
    ntk_regression_result r = {0};
    p.spec.seed = 100 + seed;
    assert_ok(ntk_network_create(one, &p.spec, &network));
    assert_ok(ntk_regression(one, network, p.data, p.Y, p.test, &own, &r));
    for (size_t i = 0; i < M * C; i++)
      sum += pow(r.prediction[i] - limit.prediction[i], 2.0);
    ntk_regression_clear(&r);
    ntk_network_destroy(network);
  }
  ntk_regression_clear(&limit);
  end(&p);
  return sqrt(sum / (SEEDS * M * C));
}

/* Of sixteen times the width a quarter, within what six draws tell. */
static void test_widths(void **state) {
  (void)state;
  const double narrow = distance_of(40), wide = distance_of(640);
  printf("predictions are %.3g from the limit's at width 40, %.3g at 640\n", narrow, wide);
  assert_true(wide < 0.4 * narrow && wide > 0.15 * narrow && narrow < 1.0);
}

/* A limit that has equal samples, and networks that are not its. */
static void test_refusals(void **state) {
  (void)state;
  limits p;
  begin(&p, 30);
  double X[N * D];
  const size_t width[] = {D, 4};
  memcpy(X, ntk_dataset_values(p.data), sizeof X);
  memcpy(X + D, X, D * sizeof *X);
  ntk_dataset *twice = make_data(one, X, N, D);
  ntk_network *single = make_network(one, 2, width, "tanh", "standard", 1);
  ntk_regression_result r = {0};
  const ntk_regression_options options = {.limit = &p.spec};
  assert_refused(ntk_regression(one, NULL, twice, p.Y, p.test, &options, &r), NTK_ERR_NUMERIC,
                 "the limit is rank_deficient: rows 1 and 2");
  assert_refused(ntk_regression(one, single, p.data, p.Y, p.test, &options, &r), NTK_ERR_SHAPE,
                 "1 outputs, and the limit 2");
  const ntk_regression_options ridge = {.limit = &p.spec, .ridge = 1e-3};
  assert_ok(ntk_regression(one, NULL, twice, p.Y, p.test, &ridge, &r));
  for (size_t c = 0; c < C; c++)
    assert_near(r.fitted[c], r.fitted[C + c], 1e-9, "outputs of equal samples");
  ntk_regression_clear(&r);
  const double late = 1e30, apart[] = {p.Y[0] - p.Y[C], p.Y[1] - p.Y[C + 1]};
  const ntk_regression_options times = {.limit = &p.spec, .time = &late, .times = 1};
  assert_ok(ntk_regression(one, NULL, twice, p.Y, p.test, &times, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
  assert_true(r.lambda_min == 0.0 && r.resolution > 0.0 && r.reason[0] != '\0');
  assert_near(r.chosen.train_loss, (apart[0] * apart[0] + apart[1] * apart[1]) / 4.0, 1e-12,
              "loss");
  ntk_regression_clear(&r);
  ntk_network_destroy(single);
  ntk_dataset_destroy(twice);
  end(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_widths),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
