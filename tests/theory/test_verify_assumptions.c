/* Verdicts on Section 2.
 * Property: the five distributions of Section 2 are consistent with Assumptions 2.1 and 2.2 at
 * several d and seeds; what breaks an assumption is reported under it, and all the rest is still
 * measured. */
#include "one_context.h"
#include "verify_support.h"

enum { MOST = 4096 };

/* The ledger of N samples of a small network; X: N x d, or NULL to draw them. */
static ntk_ledger verify(const char *distribution, const double *X, size_t N, size_t d,
                         const size_t hidden[2], const char *activation, uint64_t seed) {
  const size_t width[] = {d, hidden[0], hidden[1]};
  ntk_network *network = make_network(one, 3, width, activation, "paper", seed);
  ntk_dataset *data = NULL;
  ntk_ledger ledger = {0};
  if (X != NULL)
    assert_ok(ntk_dataset_from_array(one, X, N, d, &data));
  else
    assert_ok(ntk_dataset_generate(one, distribution, N, d, seed, &data));
  const ntk_verify_options options = {.population = MOST, .seed = seed};
  assert_ok(ntk_verify(one, network, data, distribution, &options, &ledger));
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return ledger;
}

static void test_the_five(void **state) {
  (void)state;
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  const size_t dims[] = {10, 50, 200}, hidden[] = {8, 8};
  for (size_t k = 0; k < count; k++)
    for (size_t i = 0; i < COUNT(dims); i++)
      for (uint64_t seed = 1; seed <= 3; seed++) {
        ntk_ledger ledger = verify(list[k].name, NULL, 5, dims[i], hidden, "tanh", seed);
        for (size_t r = 0; r < ledger.rows; r++) {
          const ntk_ledger_row *row = &ledger.row[r];
          if (strncmp(row->section, "Assumption 2.1", 14) != 0 &&
              strncmp(row->section, "Assumption 2.2", 14) != 0)
            continue;
          if (row->verdict != NTK_LEDGER_CONSISTENT)
            fail_msg("%s, d = %zu, seed %d: %s = %g is %s", list[k].name, dims[i], (int)seed,
                     row->key, row->value, ntk_ledger_verdict_name(row->verdict));
        }
        ntk_ledger_clear(&ledger);
      }
}

/* Rows under 2.2 that are not consistent. */
static size_t broken_tails(const ntk_ledger *ledger) {
  size_t broken = 0;
  for (size_t r = 0; r < ledger->rows; r++)
    broken += strcmp(ledger->row[r].section, "Assumption 2.2") == 0 &&
              ledger->row[r].verdict == NTK_LEDGER_SUSPECT;
  return broken;
}

/* 2.1, item 3: 1 in every coordinate and hardly more. */
static void test_constant_data(void **state) {
  (void)state;
  enum { N = 600, D = 20 };
  const size_t hidden[] = {8, 8};
  double *X = make_normal(1, N * D);
  for (size_t e = 0; e < (size_t)N * D; e++)
    X[e] = 1.0 + 1e-3 * X[e];
  ntk_ledger ledger = verify(NULL, X, N, D, hidden, "tanh", 1);
  assert_verdict(&ledger, "x_norm", NTK_LEDGER_CONSISTENT);
  assert_verdict(&ledger, "x_square", NTK_LEDGER_CONSISTENT);
  assert_verdict(&ledger, "x_centred", NTK_LEDGER_SUSPECT);
  assert_non_null(
      strstr(row_of(&ledger, "x_centred")->note, "the predicted order; looked for: 0.01 to 100"));
  assert_near(value_of(&ledger, "x_centred"), 1e-6 * D, 1e-7 * D, "E ||x - E x||^2");
  assert_int_equal(broken_tails(&ledger), 0);
  ntk_ledger_clear(&ledger);
  free(X);
}

/* The same a hundred million away, as a file may come: squares of the numbers themselves would
 * leave no digit of the spread. */
static void test_uncentred_data(void **state) {
  (void)state;
  enum { N = 600, D = 20 };
  const size_t hidden[] = {8, 8};
  double *X = make_normal(1, N * D);
  for (size_t e = 0; e < (size_t)N * D; e++)
    X[e] += 1e8;
  ntk_ledger ledger = verify(NULL, X, N, D, hidden, "tanh", 1);
  assert_near(value_of(&ledger, "x_centred"), D, 0.1 * D, "E ||x - E x||^2");
  ntk_ledger_clear(&ledger);
  free(X);
}

/* 2.2: Student's t with three degrees of freedom, a normal over the root of a chi-squared of three
 * over three, scaled to variance 1; by several numbers of samples, as files have. */
static void test_heavy_tails(void **state) {
  (void)state;
  enum { D = 30 };
  const size_t hidden[] = {8, 8}, samples[] = {500, 900, 1500};
  for (size_t k = 0; k < COUNT(samples); k++)
    for (uint64_t seed = 1; seed <= 3; seed++) {
      const size_t N = samples[k];
      double *Z = make_normal(seed, 4 * N * D), *X = make_array(N * D);
      for (size_t e = 0; e < N * D; e++) {
        const double *z = Z + 4 * e;
        X[e] = z[0] / sqrt((z[1] * z[1] + z[2] * z[2] + z[3] * z[3]) / 3.0) / sqrt(3.0);
      }
      ntk_ledger ledger = verify(NULL, X, N, D, hidden, "tanh", seed);
      assert_verdict(&ledger, "c_norm", NTK_LEDGER_SUSPECT);
      assert_true(broken_tails(&ledger) >= 2);
      ntk_ledger_clear(&ledger);
      free(Z);
      free(X);
    }
}

/* 2.2: one direction with thirty times the spread. */
static void test_spread_direction(void **state) {
  (void)state;
  enum { N = 1000, D = 40 };
  const size_t hidden[] = {8, 8};
  double *X = make_normal(4, N * D), *g = make_normal(5, N);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < D; j++)
      X[i * D + j] += 30.0 * g[i] / sqrt(D);
  ntk_ledger ledger = verify(NULL, X, N, D, hidden, "tanh", 1);
  assert_verdict(&ledger, "c_norm", NTK_LEDGER_SUSPECT);
  ntk_ledger_clear(&ledger);
  free(X);
  free(g);
}

/* The same with two far points along it: bounded, so that no tail is heavy, but c is no constant.
 */
static void test_two_clusters(void **state) {
  (void)state;
  enum { N = 1000, D = 40 };
  const size_t hidden[] = {8, 8};
  double *X = make_normal(6, N * D);
  for (size_t e = 0; e < (size_t)N * D; e++)
    X[e] += (e / D % 2 == 0 ? 200.0 : -200.0) / sqrt(D);
  ntk_ledger ledger = verify(NULL, X, N, D, hidden, "tanh", 1);
  assert_true(broken_tails(&ledger) >= 1);
  for (size_t r = 0; r < ledger.rows; r++)
    assert_null(strstr(ledger.row[r].note, "heavier"));
  ntk_ledger_clear(&ledger);
  free(X);
}

/* 2.3, 2.4 and 2.5: outside, and measured all the same. */
static void test_outside(void **state) {
  (void)state;
  const size_t square[] = {10, 10}, widening[] = {6, 60};
  ntk_ledger ledger = verify("gaussian", NULL, 30, 12, square, "relu", 1);
  assert_verdict(&ledger, "M", NTK_LEDGER_HOLDS);
  assert_verdict(&ledger, "M2", NTK_LEDGER_OUTSIDE);
  assert_verdict(&ledger, "lambda_min_centred", NTK_LEDGER_CONSISTENT);
  ntk_ledger_clear(&ledger);

  ledger = verify("gaussian", NULL, 30, 12, square, "identity", 1);
  assert_verdict(&ledger, "M", NTK_LEDGER_OUTSIDE);
  assert_near(value_of(&ledger, "f1_centred_square"), value_of(&ledger, "f1_square"),
              0.01 * value_of(&ledger, "f1_square"), "E f_1 = 0");
  ntk_ledger_clear(&ledger);

  /* The largest M and M' of the layers; what one of them lacks. */
  ledger = verify("gaussian", NULL, 30, 12, square, "sigmoid,erf", 1);
  assert_verdict(&ledger, "M", NTK_LEDGER_HOLDS);
  assert_verdict(&ledger, "M2", NTK_LEDGER_HOLDS);
  assert_near(value_of(&ledger, "M"), 2.0 / sqrt(acos(-1.0)), 1e-6, "M of erf");
  ntk_ledger_clear(&ledger);
  ledger = verify("gaussian", NULL, 30, 12, square, "identity,tanh", 1);
  assert_verdict(&ledger, "M", NTK_LEDGER_OUTSIDE);
  assert_verdict(&ledger, "M2", NTK_LEDGER_HOLDS);
  ntk_ledger_clear(&ledger);
  ledger = verify("gaussian", NULL, 30, 12, square, "tanh,quadratic", 1);
  assert_verdict(&ledger, "M", NTK_LEDGER_OUTSIDE);
  assert_verdict(&ledger, "M2", NTK_LEDGER_HOLDS);
  assert_verdict(&ledger, "c_f1", NTK_LEDGER_CONSISTENT);
  assert_verdict(&ledger, "c_f2", NTK_LEDGER_OUTSIDE);
  ntk_ledger_clear(&ledger);

  ledger = verify("gaussian", NULL, 30, 12, widening, "tanh", 1);
  assert_verdict(&ledger, "n_1", NTK_LEDGER_CONSISTENT);
  assert_verdict(&ledger, "n_2", NTK_LEDGER_OUTSIDE);
  assert_verdict(&ledger, "lambda_min_K", NTK_LEDGER_CONSISTENT);
  ntk_ledger_clear(&ledger);

  ledger = verify("gaussian", NULL, 90, 12, square, "tanh", 1);
  assert_verdict(&ledger, "N", NTK_LEDGER_SUSPECT); /* near n_{L-2} n_{L-1} = 100 */
  ntk_ledger_clear(&ledger);

  ledger = verify("gaussian", NULL, 120, 12, square, "tanh", 1);
  assert_verdict(&ledger, "N", NTK_LEDGER_OUTSIDE);
  assert_verdict(&ledger, "lambda_min_block", NTK_LEDGER_OUTSIDE);
  assert_verdict(&ledger, "lambda_min_K", NTK_LEDGER_CONSISTENT);
  assert_true(value_of(&ledger, "lambda_min_K") > 0.0);
  ntk_ledger_clear(&ledger);
}

/* Few samples of an unknown law tell no tail. */
static void test_few_samples(void **state) {
  (void)state;
  const size_t hidden[] = {5, 5};
  double *X = make_normal(9, 20 * 6);
  ntk_ledger ledger = verify(NULL, X, 20, 6, hidden, "tanh", 1);
  assert_verdict(&ledger, "c_norm", NTK_LEDGER_UNRESOLVED);
  assert_verdict(&ledger, "population", NTK_LEDGER_MEASURED);
  ntk_ledger_clear(&ledger);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_five),         cmocka_unit_test(test_uncentred_data),
      cmocka_unit_test(test_constant_data),    cmocka_unit_test(test_heavy_tails),
      cmocka_unit_test(test_spread_direction), cmocka_unit_test(test_two_clusters),
      cmocka_unit_test(test_outside),          cmocka_unit_test(test_few_samples),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
