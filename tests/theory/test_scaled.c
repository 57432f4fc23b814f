/* ntk_spectrum where double precision does not hold K or its features, to depth 1200.
 * Property: lambda_min and lambda_max, times 2^exponent, are those of arithmetic of 120 digits
 * (tools/record_scaled.py) to the digits that are told; and where double precision holds all, a
 * network over and times powers of two has the same bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/rescale.h"
#include "ntkit/data.h"
#include "recorded_scaled.h"
#include "support.h"

enum { MOST_DEPTH = 1201 };

static ntk_context *context;

typedef struct instance {
  ntk_network *network;
  ntk_dataset *data;
  size_t bytes; /* that are foreseen */
} instance;

static instance make(const recorded_scaled *row, const ntk_spectrum_options *options) {
  size_t width[MOST_DEPTH];
  double beta[MOST_DEPTH], scale[2 * MOST_DEPTH];
  bool bias[MOST_DEPTH];
  instance made = {0};
  for (size_t l = 0; l <= row->hidden; l++) {
    width[l] = l == 0 ? row->d : row->width;
    beta[l] = row->beta;
    bias[l] = row->bias >= 0.0;
    scale[2 * l] = scale[2 * l + 1] = l == 0 || !row->first ? 1.0 : 0.0;
  }
  const ntk_network_spec spec = {.depth = row->hidden + 1,
                                 .width = width,
                                 .activation = row->activation,
                                 .init = "he",
                                 .beta = beta,
                                 .outputs = row->outputs,
                                 .bias = bias,
                                 .bias_deviation = fmax(0.0, row->bias),
                                 .scale = scale,
                                 .seed = 1};
  assert_ok(ntk_network_create(context, &spec, &made.network));
  assert_ok(ntk_dataset_generate(context, "gaussian", row->N, row->d, 1, &made.data));
  assert_ok(ntk_spectrum_memory(context, &spec, row->N, options, &made.bytes));
  made.bytes += (size_t)(ntk_rescaled_bytes(&spec) + ntk_sizes_bytes(&spec));
  return made;
}

static void end(instance *made) {
  ntk_dataset_destroy(made->data);
  ntk_network_destroy(made->network);
}

/* Relative distance of value 2^exponent from mantissa 2^power. */
static double apart(double value, double exponent, double mantissa, int power) {
  return fabs(ldexp(value, (int)exponent - power) - mantissa) / mantissa;
}

static ntk_spectrum_options options_of(const recorded_scaled *row, bool resolve) {
  return (ntk_spectrum_options){.outputs = row->all ? NTK_OUTPUTS_ALL : NTK_OUTPUTS_TRACE,
                                .resolve = resolve};
}

/* As many digits as are told, and at least so many. */
static void check(const recorded_scaled *row, const ntk_spectrum_result *r, int least) {
  const double wrong = apart(r->lambda_min, r->exponent, row->least, row->least_exponent);
  const double most = apart(r->lambda_max, r->exponent, row->most, row->most_exponent);
  if (getenv("SHOW"))
    print_message("%s %zu: error %.1e (%d digits), lambda_max's %.1e, 2^%.0f\n", row->activation,
                  row->hidden, wrong, r->digits, most, r->exponent);
  if (r->verdict != NTK_VERDICT_OK || r->digits < least || !(wrong <= pow(10.0, -r->digits)))
    fail_msg("%s, %zu layers: %s, %d digits, error %.1e", row->activation, row->hidden,
             ntk_verdict_name(r->verdict), r->digits, wrong);
  assert_true(r->bounds.diagonal_min >= r->lambda_min * (1.0 - 1e-9));
}

static void run(const recorded_scaled *row, bool resolve) {
  const ntk_spectrum_options options = options_of(row, resolve);
  const bool told = row->most_exponent - row->least_exponent < 45 || resolve;
  instance made = make(row, &options);
  ntk_spectrum_result r = {0};
  assert_ok(ntk_spectrum(context, made.network, made.data, &options, &r));
  if (told)
    check(row, &r, resolve ? 10 : 3);
  else
    assert_int_equal(r.verdict, NTK_VERDICT_BELOW_RESOLUTION);
  assert_true(apart(r.lambda_max, r.exponent, row->most, row->most_exponent) < 1e-9);
  assert_true(r.exponent == floor(r.exponent) && fabs(log2(r.lambda_max)) < 850.0);
  if (r.memory_bytes > made.bytes)
    fail_msg("%zu bytes were held, %zu were foreseen", r.memory_bytes, made.bytes);
  ntk_spectrum_clear(&r);
  end(&made);
}

static void test_truth(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(recorded_scaleds); i++)
    run(&recorded_scaleds[i], false);
}

/* In double-double too, for which K has to be within 1e+-150. */
static void test_resolve(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(recorded_scaleds); i++)
    if (recorded_scaleds[i].hidden * recorded_scaleds[i].width < 6000)
      run(&recorded_scaleds[i], true);
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_truth),
      cmocka_unit_test(test_resolve),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
