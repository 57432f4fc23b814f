/* ntk_spectrum with resolve: lambda_min from J, where rounding in K hides it.
 * Property: |lambda_min - that of ball arithmetic| <= 10^-digits of it, of networks whose condition
 * goes up to 1e40 (tools/record_resolve.py), and it is lambda_min of K where K shows it, of biases,
 * scales and several outputs; with the same bits for any number of threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernel/ends/extremes.h"
#include "recorded_resolve.h"
#include "support.h"

static ntk_context *context;

enum { MOST_DEPTH = 120 };

static ntk_spectrum_result ask_recorded(const recorded_resolve *row) {
  size_t width[MOST_DEPTH];
  double beta[MOST_DEPTH];
  for (size_t l = 0; l <= row->hidden; l++) {
    width[l] = l == 0 ? row->d : row->width;
    beta[l] = row->beta;
  }
  const ntk_network_spec spec = {.depth = row->hidden + 1,
                                 .width = width,
                                 .activation = row->activation,
                                 .init = row->init,
                                 .beta = beta,
                                 .seed = row->seed};
  return ask_spectrum(context, &spec, row->N, &(ntk_spectrum_options){.resolve = true});
}

/* As many digits as are told, and enough of them. */
static void test_truth(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(recorded_resolves); i++) {
    const recorded_resolve *row = &recorded_resolves[i];
    ntk_spectrum_result r = ask_recorded(row);
    const double wrong = fabs(r.lambda_min - row->lambda_min) / row->lambda_min;
    const double condition = r.lambda_max / row->lambda_min;
    const int enough = row->hidden > 100 ? 8 : condition < 1e27 ? 12 : 5;
    if (getenv("SHOW"))
      print_message("%s %zu N %zu: condition %.1e digits %d error %.1e rounds %d verdict %s %s\n",
                    row->activation, row->hidden, row->N, condition, r.digits, wrong, r.rounds,
                    ntk_verdict_name(r.verdict), r.precision);
    if (!isnan(r.lambda_min) && !(wrong <= pow(10.0, -r.digits)))
      fail_msg("%s, N = %zu: %d digits, and an error of %.1e", row->activation, row->N, r.digits,
               wrong);
    if (r.verdict != NTK_VERDICT_OK || r.digits < enough)
      fail_msg("%s, N = %zu: %d digits at a condition of %.1e", row->activation, row->N, r.digits,
               condition);
    assert_string_equal(r.precision, condition > 1e30   ? "double-double"
                                     : condition < 1e20 ? "double"
                                                        : r.precision);
    ntk_spectrum_clear(&r);
  }
}

static const bool both[] = {true, true, true};
static const ntk_network_spec general[] = {
    {.depth = 3, .width = (const size_t[]){7, 20, 15}, .activation = "tanh,gelu", .seed = 5},
    {.depth = 3, .width = (const size_t[]){7, 9, 8}, .activation = "relu", .seed = 5},
    {.depth = 3,
     .width = (const size_t[]){7, 20, 15},
     .activation = "tanh,gelu",
     .init = "he",
     .seed = 5,
     .outputs = 3,
     .bias = both,
     .parameterization = "ntk"},
    {.depth = 2, .width = (const size_t[]){7, 40}, .bias = both, .parameterization = "0,3,2,0.5"},
    {.depth = 3,
     .width = (const size_t[]){7, 12, 18},
     .outputs = 2,
     .activation = "sin",
     .parameterization = "0,2,1"},
};

/* Where K shows it, J does, for its outputs' mean and for all of them. */
static void test_agrees(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(general); i++)
    for (size_t k = 0; k < (general[i].outputs > 1 ? 2 : 1); k++) {
      const ntk_spectrum_options plain = {.outputs = (ntk_outputs)k},
                                 resolve = {.outputs = (ntk_outputs)k, .resolve = true};
      ntk_spectrum_result a = ask_spectrum(context, &general[i], 30, &plain);
      ntk_spectrum_result b = ask_spectrum(context, &general[i], 30, &resolve);
      assert_int_equal(a.verdict, NTK_VERDICT_OK);
      assert_int_equal(b.verdict, NTK_VERDICT_OK);
      assert_true(a.rounds == 0 && b.rounds == 1 && b.digits >= a.digits - 1);
      assert_near(b.lambda_min, a.lambda_min, a.lambda_min * 1e-10, "lambda_min");
      assert_true(b.residual_min < 1e-6 * b.lambda_min);
      ntk_spectrum_clear(&a);
      ntk_spectrum_clear(&b);
    }
}

/* Tiles and chunks of several sizes: 300 rows, and columns that no chunk divides. */
static void test_threads(void **state) {
  (void)state;
  const ntk_network_spec spec = {
      .depth = 3, .width = (const size_t[]){5, 30, 37}, .activation = "tanh", .seed = 2};
  ntk_context *one = make_context(1), *three = make_context(3);
  const ntk_spectrum_options resolve = {.resolve = true}, plain = {0};
  ntk_spectrum_result a = ask_spectrum(one, &spec, 300, &resolve),
                      b = ask_spectrum(three, &spec, 300, &resolve);
  ntk_spectrum_result c = ask_spectrum(one, &spec, 300, &plain);
  assert_true(a.verdict == NTK_VERDICT_OK && c.verdict == NTK_VERDICT_OK);
  assert_true(a.lambda_min == b.lambda_min && a.residual_min == b.residual_min);
  assert_memory_equal(a.eigenvector, b.eigenvector, 300 * sizeof(double));
  assert_near(a.lambda_min, c.lambda_min, 1e-8 * c.lambda_min, "lambda_min");
  ntk_spectrum_clear(&a);
  ntk_spectrum_clear(&b);
  ntk_spectrum_clear(&c);
  ntk_context_destroy(one);
  ntk_context_destroy(three);
}

/* Rows of which one is the sum of two others up to the last bit: singular for a network that is
 * linear on them, for every unit is on, and nobody has said so before. */
static void test_singular(void **state) {
  (void)state;
  const ntk_network_spec spec = {
      .depth = 2, .width = (const size_t[]){6, 20}, .activation = "relu"};
  double X[4 * 6], W_1[6 * 20], W_2[20];
  ntk_network *network = NULL;
  for (size_t j = 0; j < 6; j++) {
    X[j] = (double)(j * j % 5);
    X[6 + j] = (double)(3 * j % 7);
    X[12 + j] = X[j] + X[6 + j];
    X[18 + j] = (double)(j % 2);
  }
  for (size_t e = 0; e < COUNT(W_1); e++)
    W_1[e] = 0.125 + 0.25 * sin((double)(e + 1)) * sin((double)(e + 1));
  for (size_t j = 0; j < COUNT(W_2); j++)
    W_2[j] = cos((double)j);
  assert_ok(
      ntk_network_from_weights(context, &spec, (const double *const[]){W_1, W_2}, NULL, &network));
  ntk_dataset *data = make_data(context, X, 4, 6);
  ntk_spectrum_result r = {0};
  assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.resolve = true}, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
  assert_true(isnan(r.lambda_min) && r.resolution > 0.0 && r.resolution < 1e-24 * r.lambda_max);
  assert_null(strstr(r.reason, "resolve"));
  ntk_spectrum_clear(&r);
  assert_ok(ntk_spectrum(context, network, data, NULL, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
  assert_non_null(strstr(r.reason, "the option resolve"));
  ntk_spectrum_clear(&r);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

static void test_refusals(void **state) {
  (void)state;
  const size_t prefix = 3;
  const ntk_spectrum_options asked[] = {{.resolve = true, .vectors = 2},
                                        {.resolve = true, .full = true},
                                        {.resolve = true, .density = true},
                                        {.resolve = true, .prefixes = &prefix, .prefix_count = 1},
                                        {.resolve = true, .precision = "mixed"},
                                        {.resolve = true, .method = "operator"}};
  const char *const says[] = {"eigenvectors", "full spectrum", "density",
                              "prefixes",     "mixed",         "resolve needs"};
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &general[0], &network));
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(context, "gaussian", 9, 7, 1, &data));
  for (size_t i = 0; i < COUNT(asked); i++) {
    ntk_spectrum_result r = {0};
    assert_refused(ntk_spectrum(context, network, data, &asked[i], &r), NTK_ERR_ARGUMENT, says[i]);
  }
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_truth),    cmocka_unit_test(test_agrees),
      cmocka_unit_test(test_threads),  cmocka_unit_test(test_singular),
      cmocka_unit_test(test_refusals),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
