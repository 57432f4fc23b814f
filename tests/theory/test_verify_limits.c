/* ntk_verify under limits.
 * Property: the bits do not depend on the number of threads; memory is what ntk_verify_memory says
 * or less; whichever allocation fails, and wherever it is interrupted, nothing stays allocated;
 * large matrices take another way to the same numbers. */
#include "fake_clock.h"
#include "verify_support.h"

#include "base/context.h"
#include "base/memory.h"
#include "theory/ledger/ledger.h"

typedef struct instance {
  ntk_context *context;
  ntk_network *network;
  ntk_dataset *data;
  ntk_network_spec spec;
} instance;

static const size_t small[] = {10, 8, 7};

static instance make_of(ntk_context *context, const size_t width[3], size_t N, bool biased) {
  static const bool bias[] = {true, true, true};
  instance i = {.context = context};
  i.spec = (ntk_network_spec){
      .depth = 3, .width = width, .activation = "tanh", .seed = 3, .bias = biased ? bias : NULL};
  assert_ok(ntk_network_create(context, &i.spec, &i.network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, width[0], 4, &i.data));
  return i;
}

static instance make(ntk_context *context, const size_t width[3], size_t N) {
  return make_of(context, width, N, false);
}

static void unmake(instance *i) {
  ntk_dataset_destroy(i->data);
  ntk_network_destroy(i->network);
}

static void test_threads(void **state) {
  (void)state;
  ntk_ledger ledgers[2] = {{0}, {0}};
  for (int k = 0; k < 2; k++) {
    ntk_context *context = make_context(1 + 2 * k);
    instance i = make(context, (const size_t[]){40, 30, 20}, 150);
    const ntk_verify_options options = {.population = 5000, .seed = 2, .spec = &i.spec};
    assert_ok(ntk_verify(context, i.network, i.data, "gaussian", &options, &ledgers[k]));
    unmake(&i);
  }
  assert_int_equal(ledgers[0].rows, ledgers[1].rows);
  for (size_t r = 0; r < ledgers[0].rows; r++) {
    const double a[] = {ledgers[0].row[r].value, ledgers[0].row[r].error, ledgers[0].row[r].spread};
    const double b[] = {ledgers[1].row[r].value, ledgers[1].row[r].error, ledgers[1].row[r].spread};
    if (memcmp(a, b, sizeof a) != 0)
      fail_msg("%s: %.17g with one thread, %.17g with three", ledgers[0].row[r].key, a[0], b[0]);
  }
  for (int k = 0; k < 2; k++) {
    ntk_context *context = ledgers[k].context;
    ntk_ledger_clear(&ledgers[k]);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
  }
}

/* Shapes in which each of the phases is the largest in turn. */
static void test_memory(void **state) {
  (void)state;
  static const struct {
    size_t width[3], N;
    bool spectra;
    const char *law;
  } cases[] = {{{10, 8, 7}, 20, false, "gaussian"},     {{10, 8, 7}, 500, true, "gaussian"},
               {{60, 50, 40}, 900, true, "gaussian"},   {{60, 50, 40}, 900, false, "gaussian"},
               {{300, 20, 20}, 50, false, "gaussian"},  {{20, 120, 120}, 60, false, "gaussian"},
               {{20, 10, 10}, 1500, false, "gaussian"}, {{60, 50, 40}, 900, false, NULL},
               {{20, 10, 10}, 1500, false, NULL},       {{10, 8, 7}, 2500, true, NULL}};
  for (size_t n = 0; n < 2 * COUNT(cases); n++) {
    const size_t k = n / 2;
    ntk_context *context = make_context(2);
    instance i = make_of(context, cases[k].width, cases[k].N, n % 2 == 1);
    const ntk_verify_options options = {
        .population = 2048, .spectra = cases[k].spectra, .spec = &i.spec};
    ntk_ledger ledger = {0};
    size_t bytes = 0;
    assert_ok(ntk_verify_memory(context, &i.spec, cases[k].N, &options, &bytes));
    assert_ok(ntk_verify(context, i.network, i.data, cases[k].law, &options, &ledger));
    const size_t peak = ntk_memory_peak(context);
    if (peak > bytes || (double)bytes > 1.7 * (double)peak)
      fail_msg("case %zu: %zu bytes predicted, %zu held", n, bytes, peak);
    ntk_ledger_clear(&ledger);
    unmake(&i);
    ntk_context_destroy(context);
  }
}

static void test_refusals(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  instance i = make(context, small, 10);
  ntk_ledger ledger = {0};
  size_t bytes = 0;
  assert_refused(ntk_verify(context, i.network, i.data, "gaussian",
                            &(ntk_verify_options){.population = 2047}, &ledger),
                 NTK_ERR_ARGUMENT, "2047 population samples; accepted: 2048 and up");
  assert_refused(ntk_verify(context, i.network, i.data, "normal", NULL, &ledger), NTK_ERR_ARGUMENT,
                 "unknown distribution 'normal'; known: gaussian");
  assert_refused(ntk_verify_memory(context, &i.spec, 0, NULL, &bytes), NTK_ERR_ARGUMENT, "N is 0");
  assert_refused(ntk_verify_memory(context, &i.spec, (size_t)1 << 40, NULL, &bytes), NTK_ERR_LIMIT,
                 "accepted: up to");
  assert_int_equal(ledger.rows, 0);
  context->memory_limit = ntk_memory_in_use(context) + 100000;
  const size_t before = ntk_memory_in_use(context);
  assert_int_equal(ntk_verify(context, i.network, i.data, "gaussian", NULL, &ledger),
                   NTK_ERR_MEMORY);
  assert_int_equal(ntk_memory_in_use(context), before);
  ntk_dataset *other = NULL;
  double *X = make_normal(1, 100);
  for (size_t e = 0; e < 100; e++)
    X[e] *= 1e160;
  context->memory_limit = SIZE_MAX;
  assert_ok(ntk_dataset_generate(context, "gaussian", 10, 9, 4, &other));
  assert_refused(ntk_verify(context, i.network, other, "gaussian", NULL, &ledger), NTK_ERR_SHAPE,
                 "the data have d = 9 and the network n_0 = 10");
  ntk_dataset_destroy(other);
  other = make_data(context, X, 10, 10);
  const size_t held = ntk_memory_in_use(context);
  assert_refused(ntk_verify(context, i.network, other, NULL, NULL, &ledger), NTK_ERR_NOT_FINITE,
                 "the kernel overflows: its trace is not finite");
  assert_int_equal(ntk_memory_in_use(context), held);
  ntk_dataset_destroy(other);
  free(X);
  unmake(&i);
  ntk_context_destroy(context);
}

/* Stops at the call it counts down to. */
static bool countdown(const char *phase, double fraction, void *user) {
  (void)phase;
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  return --*(int *)user != 0;
}

static void test_interruption(void **state) {
  (void)state;
  int left = 0, stops = 0;
  ntk_context *context = NULL;
  assert_ok(ntk_context_create(
      &(ntk_context_options){.threads = 1, .progress = countdown, .progress_user = &left},
      &context));
  instance i = make(context, small, 15);
  const size_t before = ntk_memory_in_use(context);
  const ntk_verify_options options = {.population = 5000, .spec = &i.spec, .spectra = true};
  ntk_status status = NTK_ERR_CANCELLED;
  for (int at = 1; status == NTK_ERR_CANCELLED; at++) {
    ntk_ledger ledger = {0};
    left = at;
    status = ntk_verify(context, i.network, i.data, "gaussian", &options, &ledger);
    stops += status == NTK_ERR_CANCELLED;
    if (status == NTK_ERR_CANCELLED)
      assert_int_equal(ledger.rows, 0);
    ntk_ledger_clear(&ledger);
    assert_int_equal(ntk_memory_in_use(context), before);
  }
  assert_ok(status);
  assert_true(stops > 15);
  unmake(&i);
  ntk_context_destroy(context);
}

/* The same of the calls in one phase. */
static bool countdown_proof(const char *phase, double fraction, void *user) {
  return strcmp(phase, "kernels of the proof") != 0 || countdown(phase, fraction, user);
}

/* Time passes: the squares of every sample can be stopped, and each of the four kernels. */
static void test_interrupted_squares(void **state) {
  (void)state;
  enum { N = 15, MANY = 1000 };
  int left = MANY;
  ntk_context *context = NULL;
  assert_ok(ntk_context_create(
      &(ntk_context_options){.threads = 1, .progress = countdown_proof, .progress_user = &left},
      &context));
  instance i = make(context, small, N);
  const size_t before = ntk_memory_in_use(context);
  ntk_ledger ledger = {0};
  clock_tick = 1.0;
  assert_ok(ntk_verify(context, i.network, i.data, NULL, NULL, &ledger));
  ntk_ledger_clear(&ledger);
  assert_int_equal(MANY - left, N + NTK_LEDGER_SPECTRA);
  for (int at = 1; at <= N + NTK_LEDGER_SPECTRA; at++) {
    left = at;
    assert_int_equal(ntk_verify(context, i.network, i.data, NULL, NULL, &ledger),
                     NTK_ERR_CANCELLED);
    assert_int_equal(ntk_memory_in_use(context), before);
  }
  clock_tick = 1e-6;
  unmake(&i);
  ntk_context_destroy(context);
}

static void forget_spectra(ntk_ledger *ledger) {
  for (size_t k = 0; k < NTK_LEDGER_SPECTRA; k++) {
    ntk_free(ledger->context, ledger->spectrum[k].values);
    ledger->spectrum[k].values = NULL;
  }
}

/* The parts one by one, each with every amount of memory from none to enough: ntk_verify itself
 * would be refused beforehand. */
static void test_every_allocation(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  instance i = make(context, small, 15);
  static ntk_status (*const parts[])(ntk_verification *) = {
      ntk_verify_assumptions, ntk_verify_kernels, ntk_verify_norms, ntk_verify_proposition,
      ntk_verify_weights};
  ntk_ledger ledger = {.context = context, .samples = 15};
  ntk_verification v = {.context = context,
                        .network = i.network,
                        .data = i.data,
                        .options = {.population = 2048, .spec = &i.spec, .spectra = true},
                        .N = 15,
                        .L = 3,
                        .n = small[1],
                        .m = small[2],
                        .centring = *i.network,
                        .a = 1.0,
                        .ledger = &ledger,
                        .source = {.data = i.data}};
  void *rows = NULL;
  assert_ok(ntk_distribution_find("gaussian", &v.source.distribution));
  assert_ok(ntk_alloc(context, ntk_ledger_most(3), sizeof *ledger.row, "ledger", &rows));
  ledger.row = rows;
  assert_ok(ntk_population_create(context, i.network, &v.source, 2048, &v.population));
  assert_ok(ntk_features_create(i.network, i.data, &v.features));
  assert_ok(
      ntk_features_centre(v.features, v.population->mean_f[1], v.population->mean_b, &v.centred));
  assert_ok(ntk_alloc_doubles(context, 45, "ledger", &v.s));
  v.eta2 = v.s + 15;
  v.top = v.eta2 + 15;
  for (size_t p = 0; p < COUNT(parts); p++) {
    forget_spectra(&ledger);
    const size_t first = ledger.rows, before = ntk_memory_in_use(context);
    size_t refused = 0;
    ntk_status status = NTK_ERR_MEMORY;
    /* Parts allocate from a few hundred bytes to a few megabytes. */
    for (double extra = 16.0; status != NTK_OK; extra *= 1.05) {
      forget_spectra(&ledger);
      ledger.rows = first;
      context->memory_limit = before + (size_t)extra;
      status = parts[p](&v);
      if (status == NTK_OK)
        break;
      assert_int_equal(status, NTK_ERR_MEMORY);
      refused++;
      forget_spectra(&ledger);
      assert_int_equal(ntk_memory_in_use(context), before);
    }
    assert_true(refused > 20);
    context->memory_limit = SIZE_MAX;
  }
  ntk_ledger_clear(&ledger);
  ntk_features_destroy(v.centred);
  ntk_features_destroy(v.features);
  ntk_population_destroy(v.population);
  ntk_free(context, v.s);
  unmake(&i);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* N = 600 by Cholesky and Lanczos (no spectra asked for) and by LAPACK. */
static void test_both_ways(void **state) {
  (void)state;
  static const char *const keys[] = {"lambda_min_K",       "lambda_min_block", "lambda_min_FB",
                                     "lambda_min_centred", "a_cost",           "a_norm"};
  ntk_context *context = make_context(2);
  instance i = make(context, (const size_t[]){40, 40, 40}, 600);
  ntk_ledger ledgers[2] = {{0}, {0}};
  for (int k = 0; k < 2; k++) {
    const ntk_verify_options options = {.population = 2048, .spectra = k == 1};
    assert_ok(ntk_verify(context, i.network, i.data, "gaussian", &options, &ledgers[k]));
    assert_true((ledgers[k].spectrum[0].values != NULL) == (k == 1));
  }
  for (size_t r = 0; r < COUNT(keys); r++) {
    const double expected = value_of(&ledgers[1], keys[r]);
    assert_near(value_of(&ledgers[0], keys[r]), expected, 1e-4 * expected, keys[r]);
  }
  ntk_ledger_clear(&ledgers[0]);
  ntk_ledger_clear(&ledgers[1]);
  unmake(&i);
  ntk_context_destroy(context);
}

/* N above n_{L-2} n_{L-1}, and above the size up to which LAPACK finds whole spectra unasked: what
 * counting says is 0 is 0, and not unresolved. Then a kernel of two points, N too small to be
 * counted out, of which nothing is resolved. */
static void test_singular(void **state) {
  (void)state;
  ntk_context *context = make_context(2);
  instance i = make(context, (const size_t[]){100, 20, 20}, 600);
  ntk_ledger ledger = {0};
  const ntk_verify_options options = {.population = 2048};
  assert_ok(ntk_verify(context, i.network, i.data, "gaussian", &options, &ledger));
  static const char *const zero[] = {"lambda_min_block", "lambda_min_FB", "lambda_min_centred"};
  for (size_t k = 0; k < COUNT(zero); k++) {
    assert_verdict(&ledger, zero[k], NTK_LEDGER_OUTSIDE);
    assert_true(value_of(&ledger, zero[k]) == 0.0);
  }
  static const char *const bounds[] = {"block_bound", "a_bound", "b_bound"};
  for (size_t k = 0; k < COUNT(bounds); k++)
    assert_verdict(&ledger, bounds[k], NTK_LEDGER_HOLDS);
  const double least = value_of(&ledger, "eta_min");
  const double C = least * least / value_of(&ledger, "delta");
  assert_near(value_of(&ledger, "C13"), C, 1e-12 * C, "C of (13) where lambda_min is 0");
  ntk_ledger_clear(&ledger);
  unmake(&i);

  i = make(context, (const size_t[]){3, 40, 40}, 600);
  double *X = make_array(600 * 3);
  ntk_dataset_destroy(i.data);
  for (size_t e = 0; e < (size_t)600 * 3; e++) /* two points, as good as */
    X[e] = (e / 3 % 2 == 0 ? 1.0 : -0.5) + 1e-12 * (double)e;
  i.data = make_data(context, X, 600, 3);
  assert_ok(ntk_verify(context, i.network, i.data, "gaussian", &options, &ledger));
  assert_verdict(&ledger, "lambda_min_centred", NTK_LEDGER_UNRESOLVED);
  assert_verdict(&ledger, "C13", NTK_LEDGER_UNRESOLVED);
  assert_true(isnan(value_of(&ledger, "C13")));
  ntk_ledger_clear(&ledger);
  free(X);
  unmake(&i);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_interruption),
      cmocka_unit_test(test_interrupted_squares),
      cmocka_unit_test(test_every_allocation),
      cmocka_unit_test(test_both_ways),
      cmocka_unit_test(test_singular),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
