/* ntk_spectrum by products alone.
 * Property: lambda_min, lambda_max, verdict and resolution are those of the method factor,
 * residuals as wanted; memory is predicted and held to; auto is the factor where that fits; what
 * needs K is refused. */
#include "conditioning.h"
#include "theory/spectrum/job.h"

#include <string.h>

static const ntk_spectrum_options by_factor = {.method = "factor"},
                                  by_operator = {.method = "operator"};

/* Both methods on one problem: the values differ by no more than the residuals allow where the
 * relative gap is no less than 1e-4, and what double tells of K. */
static void check_against_factor(const problem *p, ntk_outputs outputs) {
  ntk_spectrum_result by[2];
  ntk_spectrum_options options[2] = {by_factor, by_operator};
  for (int k = 0; k < 2; k++) {
    options[k].outputs = outputs;
    assert_ok(ntk_spectrum(p->context, p->network, p->data, &options[k], &by[k]));
    assert_string_equal(by[k].method, options[k].method);
  }
  const double rounding = 64 * DBL_EPSILON * by[0].lambda_max;
  assert_int_equal(by[1].verdict, by[0].verdict);
  assert_near(by[1].lambda_max, by[0].lambda_max, 1e-9 * by[0].lambda_max, "lambda_max");
  assert_near(by[1].resolution, by[0].resolution, 1e-9 * by[0].resolution, "resolution");
  assert_near(by[1].bounds.diagonal_min, by[0].bounds.diagonal_min,
              1e-12 * by[0].bounds.diagonal_min, "min K_ii");
  if (by[0].verdict == NTK_VERDICT_OK) {
    assert_near(by[1].lambda_min, by[0].lambda_min, 1e-8 * by[0].lambda_min + rounding,
                "lambda_min");
    assert_true(by[1].residual_min <= 1e-6 * by[1].lambda_min + rounding);
    assert_true(by[1].solves >= 1 && by[1].products > by[1].solves);
    assert_true(fabs(dot(by[0].eigenvector, by[1].eigenvector, by[0].order)) > 0.99);
  }
  ntk_spectrum_clear(&by[0]);
  ntk_spectrum_clear(&by[1]);
}

static void test_against_factor(void **state) {
  (void)state;
  const char *const activations[] = {"tanh", "relu", "sigmoid"};
  const size_t widths[][4] = {{30, 90, 80, 40}, {20, 40, 60, 50}}, sizes[] = {1, 2, 9, 150, 400};
  for (size_t a = 0; a < COUNT(activations); a++)
    for (size_t L = 2; L <= 4; L++)
      for (size_t s = 0; s < COUNT(sizes); s++) {
        problem p;
        problem_open(&p, sizes[s], L, widths[a % 2], activations[a], NULL);
        check_against_factor(&p, NTK_OUTPUTS_TRACE);
        problem_close(&p);
      }
}

/* A row, and the row next to it at a distance of `apart`. */
static void check_near_rows(double apart, ntk_verdict verdict) {
  const size_t width[] = {10, 60, 50}, N = 120;
  double *X = make_normal(1, N * 10);
  memcpy(X, X + 10, 10 * sizeof *X);
  X[3] += apart;
  problem p;
  problem_open(&p, N, 3, width, "tanh", X);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &by_operator, &r));
  assert_int_equal(r.verdict, verdict);
  ntk_spectrum_clear(&r);
  check_against_factor(&p, NTK_OUTPUTS_TRACE);
  problem_close(&p);
}

/* Rows of norms from 10^-4 to 10^4: the least K_ii, which lambda_min is not above, is rounding. */
static void test_rows_of_all_sizes(void **state) {
  (void)state;
  const size_t width[] = {10, 60, 50}, N = 120;
  double *X = make_normal(1, N * 10);
  for (size_t i = 0; i < N; i++)
    for (size_t k = 0; k < 10; k++)
      X[10 * i + k] *= pow(10.0, 8.0 * (double)i / (double)N - 4.0);
  problem p;
  problem_open(&p, N, 3, width, "relu", X);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &by_operator, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
  assert_true(r.bounds.diagonal_min <= r.resolution);
  ntk_spectrum_clear(&r);
  check_against_factor(&p, NTK_OUTPUTS_TRACE);
  problem_close(&p);
}

static void test_verdicts(void **state) {
  (void)state;
  check_near_rows(0.0, NTK_VERDICT_RANK_DEFICIENT);
  check_near_rows(1e-9, NTK_VERDICT_BELOW_RESOLUTION);
  check_near_rows(1e-3, NTK_VERDICT_OK);
}

/* Of several outputs, of all and of their mean. */
static void test_outputs(void **state) {
  (void)state;
  const size_t width[] = {12, 60, 50}, N = 70;
  problem p;
  problem_open(&p, N, 3, width, "tanh", NULL);
  ntk_network_destroy(p.network);
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "tanh", .seed = 4, .outputs = 3};
  assert_ok(ntk_network_create(p.context, &spec, &p.network));
  check_against_factor(&p, NTK_OUTPUTS_ALL);
  check_against_factor(&p, NTK_OUTPUTS_TRACE);
  problem_close(&p);
}

static void test_pairs(void **state) {
  (void)state;
  enum { PAIRS = 5 };
  const size_t width[] = {20, 60, 50};
  problem p;
  problem_open(&p, 300, 3, width, "relu", NULL);
  ntk_spectrum_result r, whole;
  const ntk_spectrum_options options = {.method = "operator", .vectors = PAIRS},
                             full = {.full = true};
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &full, &whole));
  assert_true(r.smallest_count == PAIRS && r.largest_count == PAIRS);
  for (size_t i = 0; i < PAIRS; i++) {
    const double low = whole.eigenvalues[i], high = whole.eigenvalues[299 - i];
    assert_near(r.smallest[i].value, low, 1e-8 * low + 64 * DBL_EPSILON * whole.lambda_max, "low");
    assert_near(r.largest[i].value, high, 1e-8 * high, "high");
    assert_true(r.smallest[i].residual <= 2e-6 * low);
  }
  ntk_spectrum_clear(&r);
  ntk_spectrum_clear(&whole);
  problem_close(&p);
}

/* What is predicted suffices as a limit and is at most half as much again as is held, and a little:
 * with all features, with less of what stands for the inverse, and with features of some samples at
 * a time. The value is the same. */
static void check_memory(size_t outputs) {
  const size_t width[] = {40, 200, 300}, N = 250;
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "relu", .seed = 4, .outputs = outputs};
  problem p;
  problem_open(&p, N, 3, width, "relu", NULL);
  ntk_network_destroy(p.network);
  assert_ok(ntk_network_create(p.context, &spec, &p.network));
  const size_t held = ntk_memory_in_use(p.context);
  size_t bytes = 0, smaller = 0, blocks = 0;
  double first = 0.0;
  assert_ok(ntk_spectrum_memory(p.context, &spec, N, &by_operator, &bytes));
  for (size_t limit = bytes;; limit -= bytes / 12) {
    ntk_spectrum_result r;
    struct ntk_layout layout;
    size_t predicted = 0;
    p.context->memory_limit = held + limit;
    if (ntk_spectrum_memory(p.context, &spec, N, &by_operator, &predicted) != NTK_OK)
      break;
    assert_true(predicted <= limit);
    p.context->memory_limit = limit;
    const ntk_share share = ntk_share_whole(N);
    (void)ntk_operator_bytes(p.context, &spec, &share, &by_operator,
                             (double)ntk_memory_available(p.context), &layout);
    blocks += layout.block < N;
    smaller += layout.block == N && limit < bytes;
    assert_ok(ntk_spectrum(p.context, p.network, p.data, &by_operator, &r));
    if (!(r.memory_bytes <= predicted &&
          (double)predicted <= 1.5 * (double)r.memory_bytes + 70000.0))
      fail_msg("%zu bytes predicted, %zu held", predicted, r.memory_bytes);
    first = limit == bytes ? r.lambda_min : first;
    assert_near(r.lambda_min, first, 1e-9 * first, "lambda_min");
    ntk_spectrum_clear(&r);
  }
  assert_true(smaller >= 1 && blocks >= 1);
  p.context->memory_limit = 1 << 20;
  assert_refused(ntk_spectrum(p.context, p.network, p.data, &by_operator,
                              &(ntk_spectrum_result){.samples = 0}),
                 NTK_ERR_MEMORY, "are available");
  p.context->memory_limit = 0;
  problem_close(&p);
}

/* Of one output, and of the mean over two. */
static void test_memory(void **state) {
  (void)state;
  check_memory(1);
  check_memory(2);
}

/* auto: a factor where one fits, else products where these do and no more is asked for. */
static void test_auto(void **state) {
  (void)state;
  const size_t width[] = {20, 50, 60}, N = 2000;
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "relu"};
  const ntk_spectrum_options certify = {.certify = true};
  problem p;
  problem_open(&p, N, 3, width, "relu", NULL);
  ntk_spectrum_result r;
  size_t smallest = 0, bytes = 0;
  assert_ok(ntk_spectrum_memory(p.context, &spec, N, &by_operator, &smallest));
  p.context->memory_limit = ntk_memory_in_use(p.context) + smallest;
  assert_refused(ntk_spectrum_memory(p.context, &spec, N, &by_factor, &bytes), NTK_ERR_MEMORY,
                 "MB are available");
  assert_true(bytes > smallest);
  assert_ok(ntk_spectrum_memory(p.context, &spec, N, NULL, &bytes));
  assert_int_equal(bytes, smallest);
  assert_refused(ntk_spectrum(p.context, p.network, p.data, &certify, &r), NTK_ERR_MEMORY,
                 "MB are available");
  assert_ok(ntk_spectrum(p.context, p.network, p.data, NULL, &r));
  assert_string_equal(r.method, "operator");
  ntk_spectrum_clear(&r);
  p.context->memory_limit = 0;
  problem_close(&p);
}

static void test_refusals(void **state) {
  (void)state;
  const size_t width[] = {10, 20, 20};
  problem p;
  problem_open(&p, 30, 3, width, "relu", NULL);
  const ntk_spectrum_options refused[] = {
      {.method = "operator", .certify = true},
      {.method = "operator", .full = true},
      {.method = "operator", .density = true},
      {.method = "operator", .prefixes = &(size_t){9}, .prefix_count = 1},
      {.method = "operator", .per_block = true},
      {.method = "operator", .kernel_path = "K.npy"},
      {.method = "operator", .block_path = "."},
      {.method = "operator", .precision = "mixed"},
      {.method = "guess"}};
  ntk_spectrum_result r;
  for (size_t k = 0; k < COUNT(refused); k++)
    assert_refused(ntk_spectrum(p.context, p.network, p.data, &refused[k], &r), NTK_ERR_ARGUMENT,
                   "accepted: ");
  /* Stopped at any time, nothing is held. */
  for (p.log.stop_at = 1; p.log.stop_at < 12; p.log.stop_at++) {
    p.log.calls = 0;
    const ntk_status status = ntk_spectrum(p.context, p.network, p.data, &by_operator, &r);
    if (status == NTK_OK)
      ntk_spectrum_clear(&r);
    else
      assert_int_equal(status, NTK_ERR_CANCELLED);
  }
  problem_close(&p);
}

/* Phases of the search tell products and digits, rounded: 6.0 of 6.0 before its end; nothing else
 * has a colon. How often it is asked is a matter of time, but for each fourth step. */
static bool read_search(const char *phase, double fraction, void *user) {
  size_t *last = user, products = 0;
  float got = 0.0F, of = 0.0F;
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  if (sscanf(phase, "smallest eigenvalue: %zu products, %f of %f digits", &products, &got, &of) !=
      3) {
    assert_null(strchr(phase, ':'));
    return true;
  }
  assert_true(products >= *last && got >= 0.0F && got <= of && of <= 6.05F);
  *last = products;
  return true;
}

static void test_progress(void **state) {
  (void)state;
  const size_t width[] = {30, 40, 60};
  problem p;
  problem_open(&p, 400, 3, width, "relu", NULL);
  size_t last = 0;
  ntk_spectrum_result r;
  p.context->progress = read_search;
  p.context->progress_user = &last;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &by_operator, &r));
  assert_true(last > 8 && (int)last + 4 >= r.solves && (int)last < r.solves);
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

/* Where every row has another near it the search gets nowhere: it ends long before its products do,
 * and says what else there is. */
static void test_hopeless(void **state) {
  (void)state;
  const size_t width[] = {30, 60, 60}, N = 400, d = 30;
  double *X = make_normal(1, N * d), *apart = make_normal(2, N * d);
  for (size_t i = 1; i < N; i += 2)
    for (size_t k = 0; k < d; k++)
      X[i * d + k] = X[(i - 1) * d + k] + 1e-3 * apart[i * d + k];
  free(apart);
  problem p;
  ntk_spectrum_result r;
  problem_open(&p, N, 3, width, "relu", X);
  assert_refused(ntk_spectrum(p.context, p.network, p.data, &by_operator, &r), NTK_ERR_NUMERIC,
                 "at this rate takes more than 8000; accepted: the method factor, which fits");
  problem_close(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_factor), cmocka_unit_test(test_verdicts),
      cmocka_unit_test(test_outputs),        cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_memory),         cmocka_unit_test(test_auto),
      cmocka_unit_test(test_refusals),       cmocka_unit_test(test_rows_of_all_sizes),
      cmocka_unit_test(test_progress),       cmocka_unit_test(test_hopeless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
