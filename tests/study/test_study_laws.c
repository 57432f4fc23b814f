/* Studies of laws.
 * Property: law_distance, law_distance_last, law_ratio and law_constant_ratio of a trial are those
 * of one ntk_law on data and network of its seed, to the bit; where a law says nothing the verdict
 * is "outside", without a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/laws.h"
#include "study_support.h"

static double value_of(ntk_context *context, const char *quantity, size_t N, size_t d, size_t n,
                       uint64_t seed) {
  const size_t width[] = {d, n};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh", .seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_spectrum_result spectrum = {0};
  ntk_law_result law = {0};
  const bool last = strcmp(quantity, "law_distance_last") == 0;
  const bool distance = last || strcmp(quantity, "law_distance") == 0;
  assert_ok(ntk_dataset_generate(context, "sphere", N, d, seed, &data));
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_spectrum(context, network, data,
                         &(ntk_spectrum_options){.full = true, .seed = seed}, &spectrum));
  assert_ok(ntk_law(context, network, data,
                    last       ? "conjugate"
                    : distance ? "fan-wang"
                               : "montanari-zhong",
                    &spectrum, &law));
  const double value =
      distance ? law.distance
               : spectrum.lambda_min /
                     (strcmp(quantity, "law_ratio") == 0 ? law.lambda_min : law.constant);
  ntk_law_clear(&law);
  ntk_spectrum_clear(&spectrum);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return value;
}

static void test_values(void **state) {
  (void)state;
  ran_study ran =
      run_to_table("laws.db",
                   "name: laws\n"
                   "quantity: [law_ratio, law_distance, law_constant_ratio, law_distance_last]\n"
                   "data:\n  source: sphere\nnetwork:\n  widths: [n]\n  activation: tanh\n"
                   "grid:\n  d: 12\n  N: [10, 48]\n  n: 600\ntrials: 2\nseed: 3\n",
                   &(ntk_study_options){.workers = 2});
  size_t outside = 0;
  assert_int_equal(ran.table.rows, 2 * 2 * 4);
  for (size_t i = 0; i < ran.table.rows; i++) {
    const ntk_study_row *row = &ran.table.row[i];
    const size_t N = (size_t)row->variable[1];
    assert_true(N == 10 || N == 48);
    const double expected = value_of(ran.context, row->quantity, N, 12, 600, row->seed);
    const bool silent = isnan(expected);
    assert_string_equal(row->verdict, silent ? "outside" : "ok");
    assert_true(silent ? isnan(row->value) : row->value == expected);
    outside += silent;
  }
  assert_int_equal(outside, 2 * 2); /* N = 10 is near d: no regime of Montanari and Zhong's */
  end_study(&ran);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values)};
  return cmocka_run_group_tests_name("study_laws", tests, NULL, NULL);
}
