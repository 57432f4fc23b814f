/* lambda_min of the first samples from the factor of all.
 * Property: it is that of a run on these samples alone to 1e-10, whatever their number is a
 * multiple of, by K kept and by features alone, of several outputs too; its residual is K_m's own;
 * what else is found is as without; the peak of memory is within the forecast; what is no prefix is
 * refused. */
#include "conditioning.h"

enum { N = 203 };
static const size_t width[] = {12, 30, 25};
static const size_t prefixes[] = {1, 2, 23, 24, 25, 48, 100, 191, 192, 193, 202, 203};

static ntk_spectrum_result alone(const problem *p, const ntk_network *network, size_t samples,
                                 ntk_outputs outputs) {
  ntk_dataset *data = make_data(p->context, p->X, samples, width[0]);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p->context, network, data,
                         &(ntk_spectrum_options){.outputs = outputs, .tolerance = 1e-9}, &r));
  ntk_dataset_destroy(data);
  return r;
}

static void check(const problem *p, const ntk_network *network, ntk_outputs outputs) {
  const ntk_spectrum_options options = {
      .outputs = outputs, .tolerance = 1e-9, .prefixes = prefixes, .prefix_count = COUNT(prefixes)};
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p->context, network, p->data, &options, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  assert_int_equal(r.prefixes, COUNT(prefixes));
  for (size_t k = 0; k < r.prefixes; k++) {
    ntk_spectrum_result one = alone(p, network, prefixes[k], outputs);
    assert_int_equal(r.prefix[k].samples, prefixes[k]);
    assert_near(r.prefix[k].lambda_min, one.lambda_min, 1e-10 * one.lambda_min, "lambda_min");
    assert_true(r.prefix[k].residual <= 1e-7 * one.lambda_min);
    assert_in_range(r.prefix[k].digits + 1, one.digits, one.digits + 2);
    assert_in_range(r.prefix[k].digits, 1, 15);
    ntk_spectrum_clear(&one);
  }
  assert_near(r.prefix[COUNT(prefixes) - 1].lambda_min, r.lambda_min, 1e-10 * r.lambda_min, "all");
  ntk_spectrum_clear(&r);
}

static void test_separate_runs(void **state) {
  (void)state;
  const char *const activations[] = {"tanh", "sigmoid", "relu"};
  for (size_t a = 0; a < COUNT(activations); a++) {
    problem p;
    problem_open(&p, N, 3, width, activations[a], NULL);
    check(&p, p.network, NTK_OUTPUTS_TRACE);
    problem_close(&p);
  }
}

static void test_outputs(void **state) {
  (void)state;
  problem p;
  problem_open(&p, N, 3, width, "tanh", NULL);
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "tanh", .outputs = 3, .seed = 5};
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(p.context, &spec, &network));
  check(&p, network, NTK_OUTPUTS_ALL);
  check(&p, network, NTK_OUTPUTS_TRACE);
  ntk_network_destroy(network);
  problem_close(&p);
}

/* Features alone are left beside a factor of many rows of a narrow network; and the residual is
 * that of the vector that a tolerance gives. */
static void test_from_features(void **state) {
  (void)state;
  enum { MANY = 3000 };
  const size_t narrow[] = {60, 50, 50}, some[] = {500, 1111};
  problem p;
  problem_open(&p, MANY, 3, narrow, "tanh", NULL);
  ntk_spectrum_result r;
  const ntk_spectrum_options options = {.prefixes = some, .prefix_count = 2, .tolerance = 1e-8};
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  for (size_t k = 0; k < 2; k++) {
    ntk_dataset *data = make_data(p.context, p.X, some[k], narrow[0]);
    ntk_spectrum_result one;
    assert_ok(
        ntk_spectrum(p.context, p.network, data, &(ntk_spectrum_options){.tolerance = 1e-8}, &one));
    assert_near(r.prefix[k].lambda_min, one.lambda_min, 1e-10 * one.lambda_min, "lambda_min");
    assert_true(r.prefix[k].residual <= 1e-6 * one.lambda_min);
    ntk_spectrum_clear(&one);
    ntk_dataset_destroy(data);
  }
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

/* Each prefix as a run on it alone: verdict, and lambda_min where there is one. */
static void check_verdicts(const problem *p, const size_t *prefix, size_t count,
                           ntk_verdict whole) {
  const ntk_spectrum_options options = {
      .tolerance = 1e-9, .prefixes = prefix, .prefix_count = count};
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p->context, p->network, p->data, &options, &r));
  assert_int_equal(r.verdict, whole);
  assert_int_equal(r.prefixes, count);
  for (size_t k = 0; k < count; k++) {
    ntk_spectrum_result one = alone(p, p->network, prefix[k], NTK_OUTPUTS_TRACE);
    const bool found = one.verdict == NTK_VERDICT_OK;
    assert_int_equal(r.prefix[k].verdict, one.verdict);
    one.reason[strcspn(one.reason, ";")] = '\0'; /* behind it: what else could be asked for */
    r.prefix[k].reason[strcspn(r.prefix[k].reason, ";")] = '\0';
    assert_string_equal(r.prefix[k].reason, one.reason);
    if (one.verdict == NTK_VERDICT_BELOW_RESOLUTION)
      assert_true(isnan(r.prefix[k].lambda_min));
    else
      assert_near(r.prefix[k].lambda_min, one.lambda_min, 1e-10 * one.lambda_min, "lambda_min");
    assert_true(found ? r.prefix[k].residual <= 1e-7 * one.lambda_min
                      : isnan(r.prefix[k].residual));
    ntk_spectrum_clear(&one);
  }
  ntk_spectrum_clear(&r);
}

/* More samples than parameters, of which there are 30. */
static void test_too_many(void **state) {
  (void)state;
  const size_t narrow[] = {12, 2, 2}, some[] = {1, 10, 20, 30, 31, 203}, late[] = {100, 150};
  problem p;
  problem_open(&p, N, 3, narrow, "tanh", NULL);
  check_verdicts(&p, some, COUNT(some), NTK_VERDICT_RANK_DEFICIENT);
  check_verdicts(&p, late, COUNT(late), NTK_VERDICT_RANK_DEFICIENT);
  /* Some have a run of their own; still it is said that it was none in mixed precision. */
  const ntk_spectrum_options options = {
      .precision = "mixed", .prefixes = some, .prefix_count = COUNT(some)};
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
  assert_string_equal(r.precision, "double");
  assert_string_equal(r.precision_reason, "prefixes are found from a factor in double precision");
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

/* A prefix that has a run of its own, in K's unit: what it cannot hold is not told in another. */
static void test_tiny(void **state) {
  (void)state;
  enum { FEW = 8 };
  const size_t some[] = {4, FEW}, narrow[] = {12, 9, 7};
  double *X = make_normal(1, (size_t)FEW * narrow[0]);
  for (size_t i = 0; i < 4 * narrow[0]; i++)
    X[i] = ldexp(X[i], -250);
  memcpy(X + 7 * narrow[0], X + 6 * narrow[0], narrow[0] * sizeof *X);
  problem p;
  problem_open(&p, FEW, 3, narrow, "quadratic", X);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data,
                         &(ntk_spectrum_options){.prefixes = some, .prefix_count = 2}, &r));
  assert_true(r.exponent == 0.0);
  assert_int_equal(r.prefix[1].verdict, NTK_VERDICT_RANK_DEFICIENT);
  assert_int_equal(r.prefix[0].verdict, NTK_VERDICT_BELOW_RESOLUTION);
  assert_true(isnan(r.prefix[0].lambda_min));
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

/* Sample 152 is sample 21, times 1 + off: known to be equal, or too near it to be told apart, so
 * that a pivot fails or is no more than the resolution. */
static void test_repeated(void **state) {
  (void)state;
  const size_t some[] = {20, 21, 100, 150, 151, 152, 153, 202, 203};
  const double off[] = {0.0, 1e-15, 1e-12, 1e-9};
  for (size_t o = 0; o < COUNT(off); o++) {
    double *X = make_normal(1, N * width[0]);
    for (size_t j = 0; j < width[0]; j++)
      X[151 * width[0] + j] = X[20 * width[0] + j] * (1.0 + off[o]);
    problem p;
    problem_open(&p, N, 3, width, "tanh", X);
    check_verdicts(&p, some, COUNT(some),
                   o == 0 ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_BELOW_RESOLUTION);
    problem_close(&p);
  }
}

static void test_memory(void **state) {
  (void)state;
  const ntk_spectrum_options options = {.prefixes = prefixes, .prefix_count = COUNT(prefixes)};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh"};
  for (size_t samples = N; samples < 2000; samples *= 3) {
    size_t bytes = 0;
    problem p;
    problem_open(&p, samples, 3, width, "tanh", NULL);
    assert_ok(ntk_spectrum_memory(p.context, &spec, samples, &options, &bytes));
    ntk_spectrum_result r;
    assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
    assert_in_range(r.memory_bytes, 1, bytes);
    ntk_spectrum_clear(&r);
    problem_close(&p);
  }
}

static void test_refused(void **state) {
  (void)state;
  const struct {
    size_t prefix[2];
    const char *says;
  } cases[] = {
      {{0, 5}, "a prefix of 0 samples; accepted: 1 to 203"},
      {{5, 204}, "a prefix of 204 samples; accepted: 1 to 203"},
      {{5, 5}, "a prefix of 5 samples comes after one of 5; accepted: ascending ones"},
      {{9, 5}, "a prefix of 5 samples comes after one of 9; accepted: ascending ones"},
  };
  problem p;
  problem_open(&p, N, 3, width, "tanh", NULL);
  for (size_t c = 0; c < COUNT(cases); c++) {
    ntk_spectrum_result r;
    const ntk_spectrum_options options = {.prefixes = cases[c].prefix, .prefix_count = 2};
    assert_refused(ntk_spectrum(p.context, p.network, p.data, &options, &r), NTK_ERR_ARGUMENT,
                   cases[c].says);
  }
  problem_close(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_separate_runs), cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_from_features), cmocka_unit_test(test_too_many),
      cmocka_unit_test(test_tiny),          cmocka_unit_test(test_repeated),
      cmocka_unit_test(test_memory),        cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
