/* What ntk_regression refuses, and what it holds.
 * Property: each refusal names what was wrong and what is accepted, before anything large is
 * computed, and leaves the result alone; the forecast of memory is no less than the peak, and not
 * far above it; the bits do not depend on the number of threads. */
#include "one_context.h"

#include "plain_regression.h"

static void test_refusals(void **state) {
  (void)state;
  problem p = make_problem(one, 2, 3);
  ntk_dataset *other = NULL;
  const double times[] = {-1.0, 0.5, INFINITY, 0x1p54};
  const struct {
    ntk_regression_options options;
    ntk_status status;
    const char *says, *option;
  } cases[] = {
      {{.ridge = -1.0}, NTK_ERR_ARGUMENT, "ridge is -1", "ridge"},
      {{.ridge = NAN}, NTK_ERR_ARGUMENT, "ridge is nan", "ridge"},
      {{.ridge = 1e-20}, NTK_ERR_NUMERIC, "or 0 where the kernel is not singular", "ridge"},
      {{.ridge = 1.0, .time = times + 1, .times = 1}, NTK_ERR_ARGUMENT, "one of them", "ridge"},
      {{.lr = 0.1}, NTK_ERR_ARGUMENT, "without times", "time"},
      {{.lr = -0.1, .time = times + 1, .times = 1}, NTK_ERR_ARGUMENT, "lr is -0.1", "lr"},
      {{.time = times, .times = 1}, NTK_ERR_ARGUMENT, "is -1; accepted: 0 and up", "time"},
      {{.time = times + 2, .times = 1}, NTK_ERR_ARGUMENT, "is inf", "time"},
      {{.times = 1}, NTK_ERR_ARGUMENT, "accepted: both", "time"},
      {{.lr = 1e-3, .time = times + 1, .times = 1}, NTK_ERR_ARGUMENT, "whole numbers", "time"},
      {{.lr = 1e-3, .time = times + 3, .times = 1}, NTK_ERR_ARGUMENT, "up to 2^53", "time"},
      {{.loss = "median"}, NTK_ERR_ARGUMENT, "half-sum", NULL},
  };
  ntk_regression_result r = {.samples = 77};
  for (size_t i = 0; i < COUNT(cases); i++) {
    assert_refused(ntk_regression(one, p.network, p.data, p.Y, p.test, &cases[i].options, &r),
                   cases[i].status, cases[i].says);
    if (cases[i].option != NULL)
      assert_string_equal(ntk_error_last().option, cases[i].option);
  }
  const double step = 1.0;
  const ntk_regression_options diverges = {.lr = 1e3, .time = &step, .times = 1};
  assert_refused(ntk_regression(one, p.network, p.data, p.Y, p.test, &diverges, &r),
                 NTK_ERR_ARGUMENT, "diverge");
  assert_string_equal(ntk_error_last().option, "lr");
  assert_refused(ntk_regression(one, NULL, p.data, p.Y, p.test, NULL, &r), NTK_ERR_ARGUMENT,
                 "no network");
  assert_ok(ntk_dataset_generate(one, "gaussian", 3, 5, 1, &other));
  assert_refused(ntk_regression(one, p.network, p.data, p.Y, other, NULL, &r), NTK_ERR_SHAPE, "5");
  p.Y[3] = NAN;
  assert_refused(ntk_regression(one, p.network, p.data, p.Y, p.test, NULL, &r), NTK_ERR_NOT_FINITE,
                 "2");
  assert_int_equal(r.samples, 77);
  assert_int_equal(ntk_memory_in_use(one) > 0, 1);
  ntk_dataset_destroy(other);
  drop_problem(&p);
}

/* Data of 1e-170: the kernel's entries are 0, as a ridge would not show. */
static void test_underflow(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 3);
  const size_t width[] = {4, 5, 6};
  double X[TRAIN * 4];
  for (size_t i = 0; i < COUNT(X); i++)
    X[i] = ldexp(ntk_dataset_values(p.data)[i], -520);
  ntk_dataset *small = make_data(one, X, TRAIN, 4);
  ntk_network *network = make_network(one, 3, width, "tanh", "standard", 5);
  const ntk_regression_options options = {.ridge = 1.0};
  ntk_regression_result r = {0};
  assert_refused(ntk_regression(one, network, small, p.Y, p.test, &options, &r), NTK_ERR_NOT_FINITE,
                 "underflow");
  ntk_network_destroy(network);
  ntk_dataset_destroy(small);
  drop_problem(&p);
}

/* Of equal samples K is singular, which times do not mind. */
static void test_singular(void **state) {
  (void)state;
  problem p = make_problem(one, 1, 3);
  double X[TRAIN * 4], time = 3.0;
  memcpy(X, ntk_dataset_values(p.data), sizeof X);
  memcpy(X + 4, X, 4 * sizeof *X);
  ntk_dataset *twice = make_data(one, X, TRAIN, 4);
  ntk_regression_result r = {0};
  assert_refused(ntk_regression(one, p.network, twice, p.Y, p.test, NULL, &r), NTK_ERR_NUMERIC,
                 "accepted: a ridge above 0, or times");
  ntk_regression_options options = {.time = &time, .times = 1};
  assert_ok(ntk_regression(one, p.network, twice, p.Y, p.test, &options, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
  assert_true(r.lambda_min == 0.0 && r.reason[0] != '\0');
  assert_near(r.fitted[0], r.fitted[1], 1e-12, "outputs of equal samples");
  /* What K cannot fit grows in a, as T: e_0 - e_1 is in its null space, and f0 the same in both. */
  const double apart = p.Y[0] - p.Y[1];
  assert_near(r.coefficient[0] - r.coefficient[1], 3.0 * apart, 1e-10, "a of equal samples");
  ntk_regression_clear(&r);
  options.lr = 1e-4;
  assert_ok(ntk_regression(one, p.network, twice, p.Y, p.test, &options, &r));
  assert_near(r.coefficient[0] - r.coefficient[1], 3e-4 * apart, 1e-14, "after three steps");
  ntk_regression_clear(&r);
  ntk_dataset_destroy(twice);
  drop_problem(&p);
}

typedef struct sizes {
  size_t N, M, n;
} sizes;

static void check_memory(const sizes *z, const ntk_regression_options *options, int threads) {
  const size_t width[] = {20, 30, 40};
  const bool limit = options != NULL && options->limit != NULL;
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = limit ? options->limit->activation : "tanh",
                                 .init = "standard",
                                 .outputs = z->n,
                                 .seed = 2};
  ntk_context *context = make_context(threads);
  ntk_network *network = NULL;
  ntk_dataset *data = NULL, *test = NULL;
  ntk_regression_result r = {0};
  size_t bytes = 0;
  double *Y = make_normal(1, z->N * z->n);
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", z->N, 20, 1, &data));
  assert_ok(ntk_dataset_generate(context, "gaussian", z->M, 20, 2, &test));
  assert_ok(ntk_regression_memory(context, &spec, z->N, z->M, options, &bytes));
  assert_ok(ntk_regression(context, network, data, Y, test, options, &r));
  const size_t peak = ntk_memory_peak(context);
  const bool long_ones = limit && strcmp(options->limit->activation, "tanh") == 0;
  const double series = long_ones ? 8.0 * (double)(z->N + z->M) * 2 * 1029 : 0.0;
  if (peak > bytes || (double)bytes > 1.6 * (double)peak + 2e6 + series)
    fail_msg("%zu bytes were held, %zu were foreseen", peak, bytes);
  assert_refused(ntk_regression_memory(context, &spec, 200000000, z->M, options, &bytes),
                 NTK_ERR_MEMORY, "this regression");
  assert_refused(ntk_regression_memory(context, &spec, z->N, 0, options, &bytes), NTK_ERR_ARGUMENT,
                 "M is 0");
  free(Y);
  ntk_regression_clear(&r);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(test);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

static void test_memory(void **state) {
  (void)state;
  const double times[] = {0.1, 1.0, 2.0};
  const sizes many = {400, 3000, 1}, wide = {150, 40, 4};
  const ntk_regression_options ridge = {.ridge = 1.0}, flow = {.time = times, .times = 3};
  const ntk_regression_options several = {.ridge_list = times, .ridges = 3};
  check_memory(&many, NULL, 1);
  check_memory(&many, &flow, 2);
  check_memory(&wide, &ridge, 2);
  check_memory(&wide, &flow, 1);
  check_memory(&many, &several, 2);
  check_memory(&wide, &several, 1);
  const size_t width[] = {20, 30, 40};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .outputs = 4};
  const ntk_regression_options limit = {.limit = &spec, .ridge = 1.0};
  check_memory(&(sizes){400, 1500, 4}, &limit, 1);
  ntk_network_spec closed = spec; /* which has no series */
  closed.activation = "relu";
  const ntk_regression_options no_series = {.limit = &closed, .ridge = 1.0};
  check_memory(&(sizes){100, 20000, 4}, &no_series, 2);
}

/* A long slab, and columns of several outputs and times: no two products are cut alike. */
static void check_threads(const ntk_regression_options *options, size_t n) {
  enum { N = 300, M = 1000 };
  const size_t width[] = {20, 30, 40};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .init = "standard",
                                 .outputs = n,
                                 .seed = 5};
  double *first = NULL, *Y = make_normal(1, N * n), error = NAN;
  for (int threads = 1; threads <= 4; threads++) {
    ntk_context *context = make_context(threads);
    ntk_network *network = NULL;
    ntk_dataset *data = NULL, *test = NULL;
    ntk_regression_result r = {0};
    ntk_regression_options with = *options;
    with.limit = options->limit != NULL ? &spec : NULL;
    assert_ok(ntk_network_create(context, &spec, &network));
    assert_ok(ntk_dataset_generate(context, "gaussian", N, 20, 1, &data));
    assert_ok(ntk_dataset_generate(context, "gaussian", M, 20, 2, &test));
    assert_ok(ntk_regression(context, network, data, Y, test, &with, &r));
    if (first == NULL) {
      first = make_array((N + M) * n);
      error = r.chosen.loo_error;
      memcpy(first, r.coefficient, N * n * sizeof *first);
      memcpy(first + N * n, r.prediction, M * n * sizeof *first);
    }
    assert_memory_equal(first, r.coefficient, N * n * sizeof *first);
    assert_memory_equal(&error, &r.chosen.loo_error, sizeof error);
    assert_memory_equal(first + N * n, r.prediction, M * n * sizeof *first);
    ntk_regression_clear(&r);
    ntk_network_destroy(network);
    ntk_dataset_destroy(data);
    ntk_dataset_destroy(test);
    ntk_context_destroy(context);
  }
  free(first);
  free(Y);
}

static void test_threads(void **state) {
  (void)state;
  const ntk_network_spec any = {.depth = 1};
  check_threads(&(ntk_regression_options){0}, 1);
  const double several[] = {0.1, 2.0};
  for (size_t n = 1; n <= 3; n++)
    check_threads(&(ntk_regression_options){.limit = &any, .ridge = 0.1}, n);
  for (size_t n = 1; n <= 2; n++)
    check_threads(&(ntk_regression_options){.ridge_list = several, .ridges = 2}, n);
}

/* Whatever there is no memory for, or is stopped, leaves nothing behind. */
static void test_failures(void **state) {
  (void)state;
  enum { N = 60, M = 30 };
  const size_t width[] = {8, 20, 20};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 2};
  const double time = 0.5;
  const ntk_regression_options ways[] = {{0},
                                         {.ridge = 1.0},
                                         {.time = &time, .times = 1},
                                         {.limit = &spec, .ridge = 1.0},
                                         {.ridge_list = &time, .ridges = 1}};
  double *Y = make_normal(1, N);
  for (size_t way = 0; way < COUNT(ways); way++) {
    size_t done = 0, refused = 0;
    for (size_t limit = 60000; done == 0; limit += limit / 8) {
      const ntk_context_options options = {.threads = 1, .memory_limit = limit};
      ntk_context *context = NULL;
      ntk_network *network = NULL;
      ntk_dataset *data = NULL, *test = NULL;
      ntk_regression_result r = {.samples = 77};
      assert_ok(ntk_context_create(&options, &context));
      assert_ok(ntk_network_create(context, &spec, &network));
      assert_ok(ntk_dataset_generate(context, "gaussian", N, 8, 1, &data));
      assert_ok(ntk_dataset_generate(context, "gaussian", M, 8, 2, &test));
      const size_t before = ntk_memory_in_use(context);
      const ntk_status status = ntk_regression(context, network, data, Y, test, &ways[way], &r);
      assert_true(status == NTK_OK || status == NTK_ERR_MEMORY);
      done += status == NTK_OK;
      refused += status == NTK_ERR_MEMORY;
      assert_true(status == NTK_OK || (r.samples == 77 && r.context == NULL));
      ntk_regression_clear(&r);
      assert_int_equal(ntk_memory_in_use(context), before);
      ntk_network_destroy(network);
      ntk_dataset_destroy(data);
      ntk_dataset_destroy(test);
      ntk_context_destroy(context);
    }
    assert_true(refused > 3);
  }
  free(Y);
}

typedef struct stopping {
  int left;
  bool stopped;
} stopping;

static bool stop(const char *phase, double fraction, void *user) {
  stopping *s = user;
  (void)phase;
  (void)fraction;
  s->stopped = s->left-- <= 0;
  return !s->stopped;
}

static void test_interruption(void **state) {
  (void)state;
  enum { N = 300, M = 1500 };
  const size_t width[] = {8, 30, 30};
  double *Y = make_normal(1, N);
  int calls = 0;
  for (bool ended = false; !ended; calls++) {
    stopping s = {.left = calls};
    const ntk_context_options options = {.threads = 1, .progress = stop, .progress_user = &s};
    ntk_context *context = NULL;
    ntk_regression_result r = {.samples = 77};
    assert_ok(ntk_context_create(&options, &context));
    ntk_network *network = make_network(one, 3, width, "tanh", "standard", 1);
    ntk_dataset *data = NULL, *test = NULL;
    assert_ok(ntk_dataset_generate(one, "gaussian", N, 8, 1, &data));
    assert_ok(ntk_dataset_generate(one, "gaussian", M, 8, 2, &test));
    const ntk_status status = ntk_regression(context, network, data, Y, test, NULL, &r);
    ended = status == NTK_OK;
    assert_true(ended ? !s.stopped : status == NTK_ERR_CANCELLED && r.samples == 77);
    if (ended)
      ntk_regression_clear(&r);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_network_destroy(network);
    ntk_dataset_destroy(data);
    ntk_dataset_destroy(test);
    ntk_context_destroy(context);
  }
  assert_true(calls > 2);
  free(Y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_refusals),     cmocka_unit_test(test_singular),
      cmocka_unit_test(test_underflow),    cmocka_unit_test(test_memory),
      cmocka_unit_test(test_threads),      cmocka_unit_test(test_failures),
      cmocka_unit_test(test_interruption),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
