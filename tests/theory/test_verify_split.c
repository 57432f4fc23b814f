/* ntk_verify: costs of nothing, and rows of a split.
 * Property: what costs nothing is 0 exactly. */
#include "plain_verify.h"

/* tanh is odd and a Gaussian symmetric: M is 0, what is found of it sampling error, and the cost of
 * (b) falls with the samples' number like 1 / sqrt of it. */
static void test_cost_of_nothing(void **state) {
  (void)state;
  const size_t width[] = {20, 16, 12}, samples[] = {2048, 64 * 2048};
  double cost[2];
  ntk_context *context = make_context(2);
  ntk_network *network = make_network(context, 3, width, "tanh", "paper", 3);
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(context, "gaussian", 60, 20, 4, &data));
  for (size_t k = 0; k < COUNT(samples); k++) {
    ntk_ledger ledger = {0};
    assert_ok(ntk_verify(context, network, data, "gaussian",
                         &(ntk_verify_options){.population = samples[k]}, &ledger));
    cost[k] = value_of(&ledger, "b_cost");
    assert_non_null(strstr(row_of(&ledger, "b_cost")->note, "do not tell M from 0"));
    assert_verdict(&ledger, "b_bound", NTK_LEDGER_HOLDS);
    ntk_ledger_clear(&ledger);
  }
  if (!(cost[1] < 0.25 * cost[0]))
    fail_msg("cost of (b) %g, and %g with 64 times as many samples", cost[0], cost[1]);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  network = make_network(context, 3, width, "sigmoid", "paper", 3); /* M is not 0 */
  assert_ok(ntk_dataset_generate(context, "gaussian", 60, 20, 4, &data));
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(context, network, data, "gaussian", NULL, &ledger));
  assert_string_equal(row_of(&ledger, "b_cost")->note, "");
  ntk_ledger_clear(&ledger);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

/* s 1^T + 1 s^T - nu 1 1^T = s s^T / nu - q q^T, q = s / sqrt nu - sqrt nu 1; and its extreme
 * eigenvalues, which are those of a matrix of rank two. */
static void test_split(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    const double nu = seed % 2 == 0 ? 0.3 : 40.0, shift = (double)seed - 10.0;
    double *s = make_normal(seed, N), D[N * N], values[N];
    for (size_t i = 0; i < N; i++)
      s[i] += shift;
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < N; j++) {
        const double qi = s[i] / sqrt(nu) - sqrt(nu), qj = s[j] / sqrt(nu) - sqrt(nu);
        D[i * N + j] = s[i] + s[j] - nu;
        assert_near(s[i] * s[j] / nu - qi * qj, D[i * N + j], 1e-10 * (1.0 + nu + 400.0 / nu),
                    "PSD less rank one");
      }
    plain_eigenvalues(N, D, values);
    const ntk_extremes e = ntk_proof_step_b(N, s, nu);
    const double scale = fmax(-values[0], values[N - 1]);
    assert_near(e.lambda_min, values[0], 1e-12 * scale, "lowest");
    assert_near(e.lambda_max, values[N - 1], 1e-12 * scale, "highest");
    free(s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cost_of_nothing),
      cmocka_unit_test(test_split),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
