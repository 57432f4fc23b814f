/* ntk_plan_make: what a computation takes.
 * Property: bytes are those that are then held; the largest N fits and the next does not; least
 * widths are least; where nothing fits, one line. */
#include "conditioning.h"

#include "ntkit/plan.h"

static void make_kept_plan(ntk_context *context, const ntk_network_spec *spec, size_t N,
                           size_t memory, const char *question, ntk_plan *plan) {
  ntk_plan_options options = {
      .question = question, .memory = memory, .calibration = NTK_CALIBRATE_KEPT};
  if (question == NULL || strcmp(question, "spectrum") == 0)
    options.spectrum = (ntk_spectrum_options){.precision = "double", .method = "factor"};
  else if (strcmp(question, "memorize") == 0)
    options.memorize.precision = "double";
  else
    options.train.kernel_precision = "double";
  assert_ok(ntk_plan_make(context, spec, N, &options, plan));
}

static void test_memory_is_what_is_held(void **state) {
  (void)state;
  const size_t width[] = {50, 40, 60}, N = 1500;
  const ntk_network_spec spec = {.depth = 3, .width = width};
  problem p;
  ntk_spectrum_result r;
  ntk_plan plan;
  problem_open(&p, N, 3, width, "sigmoid", NULL);
  make_kept_plan(p.context, &spec, N, 0, NULL, &plan);
  assert_ok(ntk_spectrum(p.context, p.network, p.data, NULL, &r));
  const size_t planned = plan.method[0].memory;
  if (!(r.memory_bytes <= planned && (double)planned <= 1.3 * (double)r.memory_bytes))
    fail_msg("%zu bytes planned, %zu held", planned, r.memory_bytes);
  assert_true(plan.method[0].fits);
  assert_string_equal(plan.chosen, "factor");
  ntk_spectrum_clear(&r);
  ntk_plan_clear(&plan);
  problem_close(&p);
}

static void test_largest_samples(void **state) {
  (void)state;
  static const char *const questions[] = {"spectrum", "memorize", "train"};
  const size_t width[] = {30, 200, 400}, memory = 50 << 20;
  const ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = make_context(1);
  for (size_t q = 0; q < COUNT(questions); q++) {
    ntk_plan plan, more;
    make_kept_plan(context, &spec, 100, memory, questions[q], &plan);
    const size_t largest = plan.method[0].largest;
    ntk_plan_clear(&plan);
    make_kept_plan(context, &spec, largest, memory, questions[q], &plan);
    make_kept_plan(context, &spec, largest + 1, memory, questions[q], &more);
    if (!plan.method[0].fits || more.method[0].fits || largest < 1000)
      fail_msg("%s: %zu is no largest N", questions[q], largest);
    assert_null(more.chosen);
    char says[64];
    (void)snprintf(says, sizeof says, "the largest N that fits is %zu", largest);
    if (strstr(more.reason, "no method fits: ") == NULL || strstr(more.reason, says) == NULL)
      fail_msg("'%s' does not say '%s'", more.reason, says);
    ntk_plan_clear(&plan);
    make_kept_plan(context, &spec, 100, 1000, questions[q], &plan);
    assert_non_null(strstr(plan.reason, "are available; no N fits"));
    ntk_plan_clear(&plan);
    ntk_plan_clear(&more);
  }
  ntk_context_destroy(context);
}

/* However much memory: n_{L-2} m parameters, m half of n_{L-1} shared out to the outputs. */
static void test_memorized(void **state) {
  (void)state;
  static const struct {
    size_t outputs, N, largest, least;
    const char *says;
  } cases[] = {
      {1, 630, 630, 36, ""}, /* 30 * 21; 36^2 >= 1260 */
      {1, 1500, 630, 56, "the labels will not be reached: 630 parameters for 1500 samples"},
      {3, 211, 210, 36,
       "the labels will not be reached: 210 parameters of each output for 211 "
       "samples"}}; /* 30 * 7; a multiple of 6, n^2 >= 1266 */
  const size_t width[] = {20, 30, 42};
  const bool bias[] = {true, true, true};
  ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = make_context(1);
  ntk_plan plan;
  for (size_t i = 0; i < COUNT(cases); i++) {
    spec.outputs = cases[i].outputs;
    make_kept_plan(context, &spec, cases[i].N, 0, "memorize", &plan);
    assert_int_equal(plan.method[0].largest, cases[i].largest);
    assert_int_equal(plan.least_last, cases[i].least);
    assert_string_equal(plan.reason, cases[i].says);
    assert_string_equal(plan.chosen, "factor");
    ntk_plan_clear(&plan);
  }
  spec.bias = bias;
  make_kept_plan(context, &spec, 100, 0, "memorize", &plan);
  assert_int_equal(plan.method[0].largest, 217); /* 31 * 7 */
  ntk_plan_clear(&plan);
  ntk_context_destroy(context);
}

/* The plan and ntk_spectrum take the same precision. */
static void test_chosen_is_what_is_taken(void **state) {
  (void)state;
  const size_t width[] = {20, 60, 120}; /* P = 8520 */
  static const char *const precision[] = {"auto", "mixed", "double"};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "sigmoid"};
  for (size_t N = 600; N <= 2000; N += 1400) /* auto is double below 2000 */
    for (size_t i = 0; i < (N == 600 ? 3 : 1); i++) {
      problem p;
      ntk_spectrum_result r;
      ntk_plan plan;
      problem_open(&p, N, 3, width, "sigmoid", NULL);
      const ntk_plan_options options = {.spectrum = {.precision = precision[i]}};
      ntk_plan_options kept = options;
      kept.calibration = NTK_CALIBRATE_KEPT;
      assert_ok(ntk_plan_make(p.context, &spec, N, &kept, &plan));
      const bool mixed = N == 2000 || i == 1;
      assert_string_equal(plan.chosen, mixed ? "mixed" : "factor");
      ntk_plan_clear(&plan);
      if (N == 600) {
        assert_ok(ntk_spectrum(p.context, p.network, p.data, &options.spectrum, &r));
        assert_string_equal(r.precision, mixed ? "mixed" : "double");
        ntk_spectrum_clear(&r);
      }
      problem_close(&p);
    }
}

/* Where nothing with K fits: by products, as ntk_spectrum does then, with what that takes. */
static void test_operator_is_told(void **state) {
  (void)state;
  const size_t width[] = {784, 50, 400};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = make_context(1);
  ntk_plan plan;
  const ntk_plan_options options = {.memory = (size_t)600 << 20, .calibration = NTK_CALIBRATE_KEPT};
  assert_ok(ntk_plan_make(context, &spec, 20000, &options, &plan));
  assert_string_equal(plan.chosen, "operator");
  assert_non_null(strstr(plan.reason, "seconds not known: products until it converges, usually "
                                      "70 to 550"));
  ntk_plan_clear(&plan);
  ntk_context_destroy(context);
}

/* Products, 4 N P flops each, within a factor of two of the medians in docs/decisions.md. */
static void test_operator_products(void **state) {
  (void)state;
  static const struct {
    size_t n, N;
    double products;
  } measured[] = {
      {100, 2000, 174}, {60, 2000, 522}, {200, 3000, 84}, {200, 6000, 106}, {784, 20000, 127}};
  ntk_context *context = make_context(1);
  const ntk_plan_options options = {.spectrum = {.method = "operator"},
                                    .calibration = NTK_CALIBRATE_KEPT};
  for (size_t c = 0; c < COUNT(measured); c++) {
    const size_t n = measured[c].n, width[] = {n, n, n};
    const ntk_network_spec spec = {.depth = 3, .width = width};
    ntk_plan plan;
    assert_ok(ntk_plan_make(context, &spec, measured[c].N, &options, &plan));
    double flops = 0.0;
    for (size_t i = 0; i < plan.method[0].phases && flops == 0.0; i++)
      if (strcmp(plan.method[0].phase[i].name, "smallest eigenvalue") == 0)
        flops = plan.method[0].phase[i].flops;
    const double products = flops / (4.0 * (double)(measured[c].N * (2 * n * n + n)));
    assert_true(products > 0.5 * measured[c].products && products < 2.0 * measured[c].products);
    ntk_plan_clear(&plan);
  }
  ntk_context_destroy(context);
}

/* A factor in single takes half the memory, and is not for what needs double. */
static void test_mixed(void **state) {
  (void)state;
  const size_t width[] = {784, 50, 400}, N = 6000;
  const ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = make_context(1);
  ntk_plan plan;
  ntk_plan_options options = {.memory = 120 << 20, .calibration = NTK_CALIBRATE_KEPT};
  assert_ok(ntk_plan_make(context, &spec, N, &options, &plan));
  assert_true(plan.methods >= 2 && !plan.method[0].fits);
  assert_string_equal(plan.method[1].name, "mixed");
  const double squares = (double)plan.method[0].memory - (double)plan.method[1].memory;
  assert_near(squares, 2.0 * 36e6, 0.3 * 2.0 * 36e6, "2 N^2");
  ntk_plan_clear(&plan);
  options.memory = 170 << 20;
  assert_ok(ntk_plan_make(context, &spec, N, &options, &plan));
  if (plan.chosen == NULL || strcmp(plan.chosen, "mixed") != 0)
    fail_msg("%zu, %zu bytes: %s", plan.method[0].memory, plan.method[1].memory, plan.reason);
  ntk_plan_clear(&plan);
  options.memory = 90 << 20;
  assert_ok(ntk_plan_make(context, &spec, N, &options, &plan));
  assert_string_equal(plan.method[2].name, "operator"); /* which needs no square */
  assert_true(plan.method[2].memory < plan.method[1].memory);
  assert_true(plan.chosen == NULL || strcmp(plan.chosen, "operator") == 0);
  ntk_plan_clear(&plan);
  options.spectrum.certify = true;
  assert_ok(ntk_plan_make(context, &spec, N, &options, &plan));
  assert_int_equal(plan.methods, 1);
  ntk_plan_clear(&plan);
  options.spectrum.method = "operator"; /* which certifies nothing, */
  assert_refused(ntk_plan_make(context, &spec, N, &options, &plan), NTK_ERR_ARGUMENT, "accepted: ");
  options.spectrum.certify = false;
  options.spectrum.precision = "mixed"; /* and has no factor */
  assert_refused(ntk_plan_make(context, &spec, N, &options, &plan), NTK_ERR_ARGUMENT, "accepted: ");
  ntk_context_destroy(context);
}

/* P = d n + n^2 + n and n_{L-2} n_{L-1} = n^2 of three layers, d n + n and d n of two; a bias is
 * one more row. */
static void test_least_widths(void **state) {
  (void)state;
  const size_t width[] = {10, 3, 4};
  const bool bias[] = {true, true, true};
  ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = make_context(1);
  ntk_plan plan;
  make_kept_plan(context, &spec, 999, 0, NULL, &plan);
  assert_int_equal(plan.least_width, 27); /* 26: 962; 27: 1026 */
  assert_int_equal(plan.least_last, 32);
  ntk_plan_clear(&plan);
  make_kept_plan(context, &spec, 962, 0, NULL, &plan);
  assert_int_equal(plan.least_width, 26);
  ntk_plan_clear(&plan);
  spec.bias = bias; /* 11 n + (n + 1) n + n + 1: 26: 1015, 25: 951 */
  make_kept_plan(context, &spec, 999, 0, NULL, &plan);
  assert_int_equal(plan.least_width, 26);
  ntk_plan_clear(&plan);
  spec = (ntk_network_spec){.depth = 2, .width = width};
  make_kept_plan(context, &spec, 999, 0, NULL, &plan);
  assert_int_equal(plan.least_width, 91); /* 90: 990 */
  assert_int_equal(plan.least_last, 100);
  assert_near(plan.bounds.lower_scale, 30.0, 0.0, "d n_1");
  ntk_plan_clear(&plan);
  const size_t widening[] = {10, 50, 4}; /* n_1 > d: at most d n_2 */
  spec = (ntk_network_spec){.depth = 3, .width = widening};
  make_kept_plan(context, &spec, 99, 0, NULL, &plan);
  assert_near(plan.bounds.lower_scale, 40.0, 0.0, "d n_2");
  assert_near(plan.bounds.upper_scale, 40.0, 0.0, "d n_2");
  ntk_plan_clear(&plan);
  ntk_context_destroy(context);
}

/* What is asked for by name leaves the methods that do it; what mixed cannot do is done in double,
 * as ntk_spectrum does. */
static void test_methods_of_options(void **state) {
  (void)state;
  static const ntk_plan_options none;
  struct {
    const char *question, *names;
    ntk_plan_options options;
  } cases[] = {
      {"spectrum", "factor mixed operator", none},
      {"spectrum", "factor", {.spectrum = {.precision = "double", .method = "factor"}}},
      {"spectrum", "mixed", {.spectrum = {.precision = "mixed"}}},
      {"spectrum", "operator", {.spectrum = {.method = "operator"}}},
      {"spectrum", "factor", {.spectrum = {.precision = "mixed", .certify = true}}},
      {"spectrum", "factor", {.spectrum = {.vectors = 3, .method = "factor"}}},
      {"memorize", "factor mixed", none},
      {"memorize", "mixed", {.memorize = {.precision = "mixed"}}},
      {"train", "gd mixed", {.train = {.track_epochs = "log"}}},
      {"train", "mixed", {.train = {.track = 3, .kernel_precision = "mixed"}}},
      {"train", "gd", {.train = {.lr = 0.1, .kernel_precision = "double"}}},
      {"train", "adam", {.train = {.optimizer = "adam", .kernel_precision = "mixed"}}},
      {"train", "lm mixed", {.train = {.optimizer = "lm"}}},
  };
  const size_t width[] = {10, 20, 90};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = make_context(1);
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_plan plan;
    char names[64] = "";
    cases[i].options.question = cases[i].question;
    cases[i].options.calibration = NTK_CALIBRATE_KEPT;
    assert_ok(ntk_plan_make(context, &spec, 1000, &cases[i].options, &plan));
    for (size_t m = 0; m < plan.methods; m++) {
      strcat(strcat(names, m > 0 ? " " : ""), plan.method[m].name);
      assert_true(plan.method[m].flops > 0.0 && plan.method[m].phases > 0);
    }
    assert_string_equal(names, cases[i].names);
    assert_non_null(strstr(names, plan.chosen));
    assert_true((i == 4) == (strstr(plan.reason, "in double: a certificate is") != NULL));
    ntk_plan_clear(&plan);
  }
  ntk_context_destroy(context);
}

/* Hidden widths that are 0: the least for P >= rows of K; for a memorisation half of n_{L-2}
 * n_{L-1} shared out to the outputs, so that n is a multiple of 2 n_L. */
static void test_open_widths(void **state) {
  (void)state;
  static const struct {
    const char *question;
    size_t outputs, width;
  } cases[] = {{"spectrum", 1, 27},  /* 10 n + n^2 + n >= 999 */
               {"spectrum", 3, 26},  /* 10 n + n^2 + 3 n, of the mean: 26: 1014 */
               {"train", 3, 49},     /* >= 2997: 49: 3038 */
               {"memorize", 1, 46},  /* n^2 >= 1998: 45 */
               {"memorize", 3, 78}}; /* n^2 >= 5994: 78 */
  const size_t width[] = {10, 0, 0};
  ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = make_context(1);
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_plan plan, filled;
    spec.outputs = cases[i].outputs;
    spec.width = width;
    const ntk_plan_options options = {.question = cases[i].question,
                                      .calibration = NTK_CALIBRATE_KEPT};
    assert_ok(ntk_plan_make(context, &spec, 999, &options, &plan));
    assert_int_equal(plan.width, cases[i].width);
    spec.width = (const size_t[]){10, plan.width, plan.width};
    assert_ok(ntk_plan_make(context, &spec, 999, &options, &filled));
    assert_int_equal(filled.width, 0);
    assert_int_equal(filled.parameters, plan.parameters);
    assert_near(filled.method[0].flops, plan.method[0].flops, 0.0, "flops");
    ntk_plan_clear(&plan);
    ntk_plan_clear(&filled);
  }
  spec.width = (const size_t[]){10, 0, 4};
  ntk_plan plan;
  assert_refused(ntk_plan_make(context, &spec, 9, NULL, &plan), NTK_ERR_ARGUMENT, "width");
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* K of a spectrum is of the mean over outputs, that of training's steps of every output. */
static void test_rows(void **state) {
  (void)state;
  const size_t width[] = {4, 3};
  const ntk_network_spec spec = {.depth = 2, .width = width, .outputs = 5}; /* P = 27 */
  ntk_context *context = make_context(1);
  ntk_plan plan;
  ntk_plan_options options = {.calibration = NTK_CALIBRATE_KEPT};
  assert_ok(ntk_plan_make(context, &spec, 9, &options, &plan));
  assert_int_equal(plan.order, 9);
  assert_string_equal(plan.reason, "");
  ntk_plan_clear(&plan);
  options.question = "train";
  assert_ok(ntk_plan_make(context, &spec, 9, &options, &plan));
  assert_int_equal(plan.order, 45);
  assert_string_equal(plan.reason, "K is known to be singular: 45 rows, P = 27");
  ntk_plan_clear(&plan);
  ntk_context_destroy(context);
}

static void test_refusals(void **state) {
  (void)state;
  const size_t width[] = {10, 3};
  const ntk_network_spec spec = {.depth = 2, .width = width},
                         shallow = {.depth = 1, .width = width};
  ntk_context *context = make_context(1);
  ntk_plan plan;
  ntk_plan_options options = {.question = "spectra", .calibration = NTK_CALIBRATE_KEPT};
  assert_refused(ntk_plan_make(context, &spec, 9, &options, &plan), NTK_ERR_ARGUMENT,
                 "did you mean 'spectrum'? known: spectrum, memorize, train");
  options.question = "memorize";
  options.spectrum.full = true;
  assert_refused(ntk_plan_make(context, &spec, 9, &options, &plan), NTK_ERR_ARGUMENT,
                 "full is of the question spectrum; the question is memorize");
  options.spectrum.full = false;
  options.train.epochs = 3;
  assert_refused(ntk_plan_make(context, &spec, 9, &options, &plan), NTK_ERR_ARGUMENT,
                 "epochs is of the question train; the question is memorize");
  options.train.epochs = 0;
  options.question = NULL;
  assert_refused(ntk_plan_make(context, &spec, 0, &options, &plan), NTK_ERR_ARGUMENT, "N is 0");
  assert_refused(ntk_plan_make(context, &shallow, 9, &options, &plan), NTK_ERR_ARGUMENT, "depth");
  const double bad[] = {-1.0, 0.5, 1e31, INFINITY, NAN};
  for (size_t i = 0; i < COUNT(bad); i++) {
    const ntk_plan_options slow = {.peak = bad[i]}, narrow = {.bandwidth = bad[i]};
    assert_refused(ntk_plan_make(context, &spec, 9, &slow, &plan), NTK_ERR_ARGUMENT,
                   "a second; accepted: from 1 to 1e30");
    assert_refused(ntk_plan_make(context, &spec, 9, &narrow, &plan), NTK_ERR_ARGUMENT, "bandwidth");
  }
  options.cores = -1;
  assert_refused(ntk_plan_make(context, &spec, 9, &options, &plan), NTK_ERR_ARGUMENT,
                 "cores is -1");
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_is_what_is_held),
      cmocka_unit_test(test_mixed),
      cmocka_unit_test(test_operator_is_told),
      cmocka_unit_test(test_operator_products),
      cmocka_unit_test(test_chosen_is_what_is_taken),
      cmocka_unit_test(test_largest_samples),
      cmocka_unit_test(test_memorized),
      cmocka_unit_test(test_least_widths),
      cmocka_unit_test(test_open_widths),
      cmocka_unit_test(test_methods_of_options),
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
