/* ntk_plan_make: what a computation takes.
 * Property: flops are those of plain loops, counted; bytes are those that are then held; the
 * largest N fits and the next does not; least widths are least; where nothing fits, one line. */
#include "conditioning.h"

#include "ntkit/plan.h"
#include "theory/plan/work.h"

static double flops_of(const ntk_work_list *list, ntk_work_kind kind) {
  double flops = 0.0;
  for (size_t i = 0; i < list->count; i++)
    flops += list->work[i].kind == kind ? list->work[i].flops : 0.0;
  return flops;
}

/* Additions and multiplications of (1), of B_l = (B_{l+1} W_{l+1}^T) o phi' below B_{L-1}, of one
 * triangle of each Gram matrix, and of Cholesky's three loops. */
static void test_flops_of_plain_loops(void **state) {
  (void)state;
  enum { N = 300, L = 4 };
  const size_t width[L + 1] = {17, 25, 31, 13, 1};
  const ntk_network_spec spec = {.depth = L, .width = width};
  double forward = 0.0, kernel = 0.0, last = 0.0, factor = 0.0;
  for (size_t i = 0; i < N; i++) {
    for (size_t l = 1; l <= L; l++)
      for (size_t j = 0; j < width[l]; j++)
        forward += 2.0 * (double)width[l - 1];
    for (size_t l = 1; l + 1 < L; l++)
      for (size_t j = 0; j < width[l]; j++)
        forward += 2.0 * (double)width[l + 1];
    for (size_t j = 0; j <= i; j++) {
      for (size_t k = 0; k < L; k++)
        kernel += 2.0 * (double)(width[k] + (k + 1 < L ? width[k + 1] : 0));
      last += 2.0 * (double)width[L - 1];
      for (size_t k = 0; k < j; k++)
        factor += 2.0;
    }
  }
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, NULL, &list);
  assert_near(flops_of(&list, NTK_WORK_FORWARD), forward, 0.5, "forward and backward");
  assert_near(flops_of(&list, NTK_WORK_KERNEL), kernel, 1.5 / N * kernel, "Gram matrices");
  assert_near(flops_of(&list, NTK_WORK_FACTOR), factor, 1.5 / N * factor, "factorisation");
  ntk_work_spectrum(&spec, N, &(ntk_spectrum_options){.per_block = true}, &list);
  /* All blocks but the last, whose rank is at most 13. */
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 2.0 * kernel - last, 3.0 / N * kernel, "blocks");
  assert_near(flops_of(&list, NTK_WORK_FACTOR), 4.0 * factor, 6.0 / N * factor, "and factors");
  /* An epoch: forward, the gradient of as many products, and back through all but W_1. */
  double epoch = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t l = 1; l <= L; l++)
      epoch += 2.0 * (double)(width[l - 1] * width[l]) * (l == 1 ? 2.0 : 3.0);
  ntk_work_train(&spec, N, 3, &list);
  assert_near(flops_of(&list, NTK_WORK_STEP), 3.0 * epoch, 0.5, "epochs");
}

/* Of several outputs B has n_L times the columns in their mean; K n_L times the rows of all. */
static void test_flops_of_outputs(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5}, N = 20;
  const ntk_network_spec spec = {.depth = 3, .width = width, .outputs = 2};
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, NULL, &list);
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 400.0 * (4 + 6 + 5 + 2 * 6 + 5), 0.5, "trace");
  ntk_work_spectrum(&spec, N, &(ntk_spectrum_options){.outputs = NTK_OUTPUTS_ALL}, &list);
  assert_near(flops_of(&list, NTK_WORK_FACTOR), 64e3 / 3.0, 0.5, "all");
}

/* Beyond P samples K is singular, and is made only where all its eigenvalues are asked for. */
static void test_flops_of_singular_kernels(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5}; /* P = 24 + 30 + 5 */
  const ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_work_list list;
  ntk_work_spectrum(&spec, 59, NULL, &list);
  assert_true(flops_of(&list, NTK_WORK_FACTOR) > 0.0);
  ntk_work_spectrum(&spec, 60, NULL, &list);
  assert_near(flops_of(&list, NTK_WORK_FACTOR), 0.0, 0.0, "no factor");
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 0.0, 0.0, "no kernel");
  assert_near(flops_of(&list, NTK_WORK_PASSES), 6.0 * 4.0 * 60 * 59, 0.5, "products");
  ntk_work_spectrum(&spec, 60, &(ntk_spectrum_options){.full = true}, &list);
  assert_near(flops_of(&list, NTK_WORK_KERNEL), 3600.0 * (4 + 6 + 6 + 5 + 5), 0.5, "a kernel");
}

/* The density's products and solves are as many as are made; a singular K has to be there. */
static void test_flops_of_densities(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5};
  const ntk_spectrum_options density = {.density = true, .probes = 5, .steps = 7};
  ntk_work_list plain, list;
  for (size_t N = 40; N <= 80; N += 40) {
    problem p;
    ntk_spectrum_result r;
    problem_open(&p, N, 3, width, "sigmoid", NULL);
    assert_ok(ntk_spectrum(p.context, p.network, p.data, &density, &r));
    const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "sigmoid"};
    ntk_work_spectrum(&spec, N, NULL, &plain);
    ntk_work_spectrum(&spec, N, &density, &list);
    const double each = 2.0 * (double)(N * N);
    const ntk_work_kind made[] = {NTK_WORK_PRODUCT, NTK_WORK_CACHED};
    const int counts[] = {r.density.products, r.density.solves};
    for (size_t k = 0; k < 2; k++)
      assert_near(flops_of(&list, made[k]) - flops_of(&plain, made[k]), each * counts[k], 0.5,
                  "of the density");
    assert_true(counts[0] == 35 && counts[1] == (N == 40 ? 35 : 0));
    assert_true(flops_of(&list, NTK_WORK_KERNEL) > 0.0);
    ntk_spectrum_clear(&r);
    problem_close(&p);
  }
}

/* With rates that are whole numbers seconds can be worked out by hand. */
static void test_seconds(void **state) {
  (void)state;
  const ntk_machine machine = {.peak = 6.0,
                               .peak_single = 24.0,
                               .bandwidth = 10.0,
                               .launch = 1.0,
                               .factor = {4.0, 0.5},
                               .solve = {2.0, 0.0}};
  const ntk_work bound = {"", NTK_WORK_FACTOR, 8.0, 0.0, 6.0, false},
                 streamed = {"", NTK_WORK_FACTOR, 8.0, 70.0, 6.0, false},
                 solves = {"", NTK_WORK_SOLVE, 1e9, 6.0, 0.0, false},
                 single = {"", NTK_WORK_FACTOR, 8.0, 0.0, 6.0, true},
                 unknown = {"", NTK_WORK_STEP, 1.0, 0.0, 0.0, false};
  assert_near(ntk_work_seconds(&machine, &bound), 8.0 / 4.0 + 6.0 * 0.5 + 1.0, 1e-12, "by flops");
  assert_near(ntk_work_seconds(&machine, &single), 0.5 + 6.0 * 0.5 + 1.0, 1e-12, "in single");
  assert_near(ntk_work_seconds(&machine, &streamed), 7.0 + 1.0, 1e-12, "by the memory");
  assert_near(ntk_work_seconds(&machine, &solves), 6.0 / 2.0 + 1.0, 1e-12, "by bytes alone");
  assert_true(isnan(ntk_work_seconds(&machine, &unknown)));
}

static void make_kept_plan(ntk_context *context, const ntk_network_spec *spec, size_t N,
                           size_t memory, const char *question, ntk_plan *plan) {
  const ntk_plan_options options = {.question = question,
                                    .spectrum = {.precision = "double", .method = "factor"},
                                    .memory = memory,
                                    .calibration = NTK_CALIBRATE_KEPT};
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

/* A factor in single takes half the memory, and is not for what needs double. */
/* K that is not made in double is summed in single. */
static void test_kernel_in_single(void **state) {
  (void)state;
  const size_t width[] = {20, 60, 120};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  const ntk_spectrum_options options = {.precision = "mixed"};
  for (int kept = 0; kept < 2; kept++) {
    ntk_work_list list;
    ntk_work_mixed(&spec, 600, &options, kept == 1, &list);
    int kernels = 0;
    for (size_t i = 0; i < list.count; i++) {
      const bool kernel = list.work[i].kind == NTK_WORK_KERNEL;
      assert_true(list.work[i].single == (kernel && kept == 0));
      kernels += kernel;
    }
    assert_int_equal(kernels, 1);
  }
}

/* The plan and ntk_spectrum take the same precision. */
static void test_chosen_is_what_is_taken(void **state) {
  (void)state;
  const size_t width[] = {20, 60, 120}; /* P = 8520 */
  static const char *const precision[] = {"auto", "mixed", "double"};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "sigmoid"};
  for (size_t N = 600; N <= 5000; N += 4400) /* auto is double below 5000 */
    for (size_t i = 0; i < (N == 600 ? 3 : 1); i++) {
      problem p;
      ntk_spectrum_result r;
      ntk_plan plan;
      problem_open(&p, N, 3, width, "sigmoid", NULL);
      const ntk_plan_options options = {.spectrum = {.precision = precision[i]}};
      ntk_plan_options kept = options;
      kept.calibration = NTK_CALIBRATE_KEPT;
      assert_ok(ntk_plan_make(p.context, &spec, N, &kept, &plan));
      const bool mixed = N == 5000 || i == 1;
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
                                      "100 to 500"));
  ntk_plan_clear(&plan);
  ntk_context_destroy(context);
}

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
  options.epochs = 3;
  assert_refused(ntk_plan_make(context, &spec, 9, &options, &plan), NTK_ERR_ARGUMENT,
                 "epochs is of the question train; the question is memorize");
  options.epochs = 0;
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
      cmocka_unit_test(test_flops_of_plain_loops),
      cmocka_unit_test(test_flops_of_outputs),
      cmocka_unit_test(test_flops_of_singular_kernels),
      cmocka_unit_test(test_flops_of_densities),
      cmocka_unit_test(test_seconds),
      cmocka_unit_test(test_memory_is_what_is_held),
      cmocka_unit_test(test_mixed),
      cmocka_unit_test(test_kernel_in_single),
      cmocka_unit_test(test_operator_is_told),
      cmocka_unit_test(test_chosen_is_what_is_taken),
      cmocka_unit_test(test_largest_samples),
      cmocka_unit_test(test_least_widths),
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
