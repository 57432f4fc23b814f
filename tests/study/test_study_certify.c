/* Certificates and ratios in studies.
 * Property: they are those of ntk_spectrum at the trial's seed; lambda_min has the same bits with
 * and without them; what is proved encloses it; of a singular kernel nothing is. What double
 * precision does not hold, and no number of a study, fails by itself, with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study_support.h"

#include <math.h>

static const char spec[] = "name: certify\n"
                           "quantity: [lambda_min, lambda_min_lower, lambda_min_upper, certified,"
                           " ratio_lower, ratio_upper]\n"
                           "network: {widths: [2*d, n], activation: tanh}\n"
                           "grid: {N: [20, 60], d: 6, n: 9}\n"
                           "trials: 2\n";
enum { VALUES = 6 };

static void check_trial(const ntk_study_row *row) {
  const size_t N = (size_t)row->variable[0], width[] = {6, 12, 9};
  ntk_context *context = make_context(1);
  ntk_network *network = make_network(context, 3, width, "tanh", "paper", row->seed);
  ntk_dataset *data = NULL;
  ntk_spectrum_result r;
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 6, row->seed, &data));
  assert_ok(ntk_spectrum(context, network, data,
                         &(ntk_spectrum_options){.certify = true, .seed = row->seed}, &r));
  assert_true(row[1].value == r.certificate.lower && row[2].value == r.certificate.upper);
  assert_true(row[0].value == r.lambda_min);
  ntk_spectrum_clear(&r);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
}

static void test_values(void **state) {
  (void)state;
  const char *database = fresh("certify.db"), *plain = fresh("plain.db");
  ntk_study *with = make_study(spec), *without = make_study_with(spec, "quantity=lambda_min");
  run_study(with, database, NULL);
  run_study(without, plain, NULL);
  ntk_study_table table = read_table(database), before = read_table(plain);
  assert_int_equal(table.rows, 4 * VALUES);
  for (size_t i = 0; i < table.rows; i += VALUES) {
    const ntk_study_row *row = &table.row[i];
    const double value = row->value;
    assert_string_equal(row[1].quantity, "lambda_min_lower");
    assert_true(value == before.row[i / VALUES].value); /* the same bits */
    assert_true(row[1].value <= value && value <= row[2].value && row[1].value > 0.999 * value);
    assert_true(row[3].value == 1.0);
    assert_true(row[4].value == value / (12.0 * 9.0) && row[5].value == value / (6.0 * 9.0));
    check_trial(row);
  }
  ntk_study_table_clear(&table);
  ntk_study_table_clear(&before);
  ntk_study_destroy(with);
  ntk_study_destroy(without);
  unlink(database);
  unlink(plain);
}

/* 200 samples, 12 + 6 parameters. */
static void test_singular(void **state) {
  (void)state;
  const char *database = fresh("singular.db");
  ntk_study *study = make_study("name: singular\n"
                                "quantity: [lambda_min_lower, lambda_min_upper, certified,"
                                " ratio_lower]\n"
                                "network: {widths: [3, 2]}\n"
                                "grid: {N: 200, d: 4}\n");
  run_study(study, database, NULL);
  ntk_study_table table = read_table(database);
  static const char *const says[] = {"rank_deficient", "rank_deficient", "ok", "rank_deficient"};
  for (size_t i = 0; i < COUNT(says); i++) {
    assert_string_equal(table.row[i].verdict, says[i]);
    assert_true(i < 2 ? isnan(table.row[i].value) : table.row[i].value == 0.0);
  }
  ntk_study_table_clear(&table);
  ntk_study_destroy(study);
  unlink(database);
}

/* Weights of 1e-160: K is near 1e-640, of 1e160 near 1e640, and the other trial is as alone.
 */
static void test_beyond(void **state) {
  (void)state;
  static const struct {
    const char *change, *says;
  } cases[] = {{"grid.b=1,1e-160", "K is near 2^-21"}, {"grid.b=1,1e160", "K is near 2^21"}};
  for (size_t c = 0; c < COUNT(cases); c++) {
    const char *database = fresh("beyond.db");
    ntk_study *study = make_study_with("name: beyond\nquantity: lambda_min\n"
                                       "network: {widths: [12, 9], activation: relu, beta: b}\n"
                                       "grid: {N: 20, d: 6, b: [1, 2]}\n",
                                       cases[c].change);
    ntk_study_status s;
    assert_ok(ntk_study_run(study, database, &(ntk_study_options){.workers = 1}, &s));
    assert_true(s.total == 2 && s.done == 1 && s.failed == 1);
    assert_non_null(strstr(s.last_error, cases[c].says));
    assert_non_null(strstr(s.last_error, "accepted: other scales of weights or data"));
    assert_null(strchr(s.last_error, '\n'));
    ntk_study_table table = read_table(database);
    assert_int_equal(table.rows, 2);
    for (size_t i = 0; i < 2; i++) {
      const bool held = table.row[i].variable[2] == 1.0;
      assert_true(held == !isnan(table.row[i].value));
      assert_true(!held || table.row[i].value > 0.0);
    }
    ntk_study_table_clear(&table);
    ntk_study_status_clear(&s);
    ntk_study_destroy(study);
    unlink(database);
  }
}

/* Cost is that of a spectrum unless a certificate is asked for: then of a factor more (K is small
 * enough to have been kept), of 2 trials at each N. */
static double flops_of(const char *text, const char *quantities) {
  double flops = 0.0;
  ntk_study *study = make_study_with(text, quantities);
  assert_ok(ntk_study_flops(study, &flops));
  ntk_study_destroy(study);
  return flops;
}

/* A certificate costs a factor, N^3/3, and passes in double-double, which are the same for each
 * sample. */
static double certificate_of(int N) {
  char text[512];
  snprintf(text, sizeof text,
           "name: cost\nquantity: lambda_min\n"
           "network: {widths: [12, 9], activation: tanh}\ngrid: {N: %d, d: 6}\ntrials: 1\n",
           N);
  return flops_of(text, "quantity=lambda_min,certified") - flops_of(text, "quantity=lambda_min");
}

static void test_cost(void **state) {
  (void)state;
  assert_true(flops_of(spec, "quantity=lambda_min") ==
              flops_of(spec, "quantity=lambda_min,ratio_lower"));
  const double of_20 = certificate_of(20), of_60 = certificate_of(60);
  assert_true(of_20 > 20.0 * 20.0 * 20.0 / 3.0);
  assert_near(of_60 - 3.0 * of_20, (60.0 * 60.0 * 60.0 - 3.0 * 20.0 * 20.0 * 20.0) / 3.0, 1.0,
              "a factor");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_singular),
      cmocka_unit_test(test_cost),
      cmocka_unit_test(test_beyond),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
