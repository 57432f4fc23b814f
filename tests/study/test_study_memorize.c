/* Studies that memorise.
 * Property: memorize_error of a trial is the relative error of one ntk_memorize on data, network
 * and labels of its seed, to the bit; beyond the capacity it is there too; widths that cannot be
 * paired are refused before anything is computed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/fit.h"
#include "study_support.h"

/* A network d, d, 2d on Gaussian data, all of one seed. */
static double memorize(ntk_context *context, size_t N, size_t d, const char *labels,
                       uint64_t seed) {
  const size_t width[] = {d, d, 2 * d};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_memorize_result result;
  double *Y = make_array(N);
  assert_ok(ntk_dataset_generate(context, "gaussian", N, d, seed, &data));
  assert_ok(ntk_labels_generate(context, labels, &spec, data, seed, Y));
  assert_ok(ntk_memorize(context, &spec, data, Y, 1, &(ntk_memorize_options){.seed = seed},
                         &network, &result));
  free(Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return result.relative_error;
}

static void expect_values(const char *text, const char *labels, size_t every) {
  ran_study ran = run_to_table("memorize.db", text, &(ntk_study_options){.workers = 2});
  size_t fitted = 0;
  assert_int_equal(ran.table.rows, 3 * 2 * every);
  for (size_t i = 0; i < ran.table.rows; i += every) {
    const ntk_study_row *row = &ran.table.row[i];
    const double expected = memorize(ran.context, (size_t)row->variable[0], 8, labels, row->seed);
    assert_string_equal(row->quantity, "memorize_error");
    assert_string_equal(row->verdict, "ok");
    assert_true(row->value == expected);
    assert_true(row->variable[0] > 64 ? row->value > 1e-3 : row->value <= 1e-10);
    fitted += row->value <= 1e-10;
  }
  assert_int_equal(fitted, 4); /* N = 20 and 50 of 64 parameters, not N = 90 */
  end_study(&ran);
}

static void test_values(void **state) {
  (void)state;
  expect_values("name: m\nquantity: memorize_error\n"
                "network: {widths: [d, 2*d], activation: tanh}\n"
                "grid: {N: [20, 50, 90], d: 8}\ntrials: 2\n",
                "gaussian", 1);
}

/* Beside a training the labels are the training's. */
static void test_beside_training(void **state) {
  (void)state;
  expect_values("name: m\nquantity: [memorize_error, final_loss]\n"
                "network: {widths: [d, 2*d], activation: tanh}\n"
                "train: {epochs: 5, labels: sign}\n"
                "grid: {N: [20, 50, 90], d: 8}\ntrials: 2\n",
                "sign", 2);
}

/* Every trial of margin_fits, margin_separation, margin_cover and memorize_fits, beside what
 * ntk_memorize says of the same seed. */
static void check_margin(ntk_context *context, const ntk_study_row *row, size_t *fitted) {
  enum { D = 8 };
  const size_t N = (size_t)row->variable[0], width[] = {D, D, 2 * D};
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "tanh", .seed = row->seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_memorize_result result;
  double *Y = make_array(N);
  assert_ok(ntk_dataset_generate(context, "gaussian", N, D, row->seed, &data));
  assert_ok(ntk_labels_generate(context, "sign", &spec, data, row->seed, Y));
  assert_ok(ntk_memorize(context, &spec, data, Y, 1, &(ntk_memorize_options){.margin = 1.0},
                         &network, &result));
  assert_string_equal(row[0].quantity, "margin_fits");
  assert_true(row[0].value == (result.reached ? 1.0 : 0.0));
  assert_string_equal(row[1].quantity, "margin_separation");
  assert_true(row[1].value == fmax(0.0, result.separation));
  assert_string_equal(row[2].quantity, "margin_cover");
  assert_true(row[2].value == exp(ntk_cover_log_probability(N, D * D)));
  assert_string_equal(row[3].quantity, "memorize_fits");
  assert_true(row[3].value == (N <= D * D ? 1.0 : 0.0));
  *fitted += result.reached;
  free(Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

static void test_margin(void **state) {
  (void)state;
  enum { QUANTITIES = 4 };
  ran_study ran = run_to_table("margin.db",
                               "name: m\nquantity: [margin_fits, margin_separation, margin_cover, "
                               "memorize_fits]\n"
                               "network: {widths: [d, 2*d], activation: tanh}\n"
                               "grid: {N: [50, 90, 240], d: 8}\ntrials: 2\n",
                               &(ntk_study_options){.workers = 2});
  size_t fitted = 0;
  assert_int_equal(ran.table.rows, 3 * 2 * QUANTITIES);
  for (size_t i = 0; i < ran.table.rows; i += QUANTITIES)
    check_margin(ran.context, &ran.table.row[i], &fitted);
  assert_int_equal(fitted, 4); /* N = 50 and 90 of 64 parameters, not N = 240 */
  end_study(&ran);
}

static void test_odd_width(void **state) {
  (void)state;
  const char *database = fresh("odd.db");
  ntk_study *study = make_study("name: m\nquantity: memorize_error\n"
                                "network: {widths: [d, 9], activation: tanh}\n"
                                "grid: {N: 20, d: 8}\n");
  ntk_study_status outcome;
  const ntk_status status =
      ntk_study_run(study, database, &(ntk_study_options){.workers = 1}, &outcome);
  assert_refused(status, NTK_ERR_SHAPE, "an even one");
  ntk_study_destroy(study);
  unlink(database);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_beside_training),
      cmocka_unit_test(test_margin),
      cmocka_unit_test(test_odd_width),
  };
  return cmocka_run_group_tests_name("study_memorize", tests, NULL, NULL);
}
