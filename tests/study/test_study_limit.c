/* Studies of kernels of infinite width.
 * Property: limit_lambda_min and limit_distance of a trial are those of one ntk_limit_spectrum on
 * data and network of its seed, to the bit, limit_distances those of its blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/limit.h"
#include "study_support.h"

/* A network 8, n, n on 20 gaussian samples, all of one seed. */
static ntk_limit_result find_limit(ntk_context *context, size_t n, uint64_t seed) {
  const size_t width[] = {8, n, n};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_limit_result r = {0};
  assert_ok(ntk_dataset_generate(context, "gaussian", 20, 8, seed, &data));
  assert_ok(ntk_network_create(context, &spec, &network));
  const ntk_limit_options options = {.seed = seed, .network = network};
  assert_ok(ntk_limit_spectrum(context, &spec, data, &options, &r));
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return r;
}

static void test_values(void **state) {
  (void)state;
  ran_study ran = run_to_table("limit.db",
                               "name: l\n"
                               "quantity: [limit_lambda_min, limit_distance, limit_distances]\n"
                               "network: {widths: [n, n], activation: tanh}\n"
                               "grid: {n: [10, 30], N: 20, d: 8}\ntrials: 2\n",
                               &(ntk_study_options){.workers = 2});
  size_t found = 0;
  assert_int_equal(ran.table.rows, 2 * 2 * 5);
  for (size_t i = 0; i < ran.table.rows; i++) {
    const ntk_study_row *row = &ran.table.row[i];
    ntk_limit_result r = find_limit(ran.context, (size_t)row->variable[0], row->seed);
    const char *names[] = {"limit_lambda_min", "limit_distance", "limit_distance_0",
                           "limit_distance_1", "limit_distance_2"};
    const double values[] = {r.lambda_min, r.distance, r.block[0].distance, r.block[1].distance,
                             r.block[2].distance};
    for (size_t k = 0; k < COUNT(names); k++)
      if (strcmp(row->quantity, names[k]) == 0) {
        assert_string_equal(row->verdict, "ok");
        assert_true(row->value == values[k]);
        found++;
      }
    ntk_limit_clear(&r);
  }
  assert_int_equal(found, ran.table.rows);
  end_study(&ran);
}

/* More samples than a linear network has dimensions: 0, and known to be. */
static void test_singular(void **state) {
  (void)state;
  const char *database = fresh("singular.db");
  ntk_study *study = make_study("name: l\nquantity: limit_lambda_min\n"
                                "network: {widths: [n], activation: identity}\n"
                                "grid: {n: [10], N: 20, d: 8}\ntrials: 1\n");
  run_study(study, database, &(ntk_study_options){.workers = 1});
  ntk_study_table table = read_table(database);
  assert_int_equal(table.rows, 1);
  assert_string_equal(table.row[0].verdict, "rank_deficient");
  assert_true(table.row[0].value == 0.0);
  ntk_study_table_clear(&table);
  ntk_study_destroy(study);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values),
                                     cmocka_unit_test(test_singular)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
