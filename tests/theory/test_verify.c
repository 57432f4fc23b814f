/* ntk_verify against the proof's objects by plain loops.
 * Property: on networks of depth 2, 3 and 4 every kernel, cost and norm of the ledger is that of an
 * explicit centred Jacobian (11) whose expectations are plain sums over the same samples; step (b)
 * is a PSD matrix less one of rank one. */
#include "plain_verify.h"

/* 1.96 standard errors of E ||x||^2, from its deviation over the population P (count x d). */
static void compare_error(const ntk_ledger *ledger, const double *P, size_t count, size_t d) {
  double sum = 0.0, squares = 0.0;
  for (size_t i = 0; i < count; i++) {
    const double square = square_of(d, P + i * d, NULL), n = (double)count;
    sum += square / n;
    squares += square * square / n;
  }
  const double variance = fmax(0.0, squares - sum * sum) * (double)count / (double)(count - 1);
  const double expected = 1.96 * sqrt(variance / (double)count);
  assert_near(row_of(ledger, "x_square")->error, expected, 1e-6 * expected + 1e-9, "its error");
}

/* distribution NULL: expectations over the data themselves. */
static void check(size_t L, const size_t *width, const char *activation, const char *distribution) {
  const size_t count = distribution != NULL ? NTK_LEAST_POPULATION + 100 : (size_t)N;
  ntk_context *context = make_context(2);
  ntk_network *network = make_network(context, L, width, activation, "paper", 3);
  double *X = make_normal(17, N * width[0]);
  ntk_dataset *data = make_data(context, X, N, width[0]);
  double *P = distribution != NULL ? population(distribution, count, width[0]) : X;
  proof p = plain_proof(network, activation, X, P, count);
  const ntk_verify_options options = {
      .population = distribution != NULL ? count : 0, .spectra = true, .seed = SEED};
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(context, network, data, distribution, &options, &ledger));
  assert_int_equal(ledger.population, count);
  assert_int_equal(ledger.empirical, distribution == NULL);
  compare_norms(&ledger, network, &p);
  compare_step_b(&ledger, &p);
  compare_error(&ledger, P, count, width[0]);
  if (distribution != NULL) {
    compare_sampling(&ledger, L, &p, count);
    compare_kernels(&ledger, &p);
    compare_proposition(&ledger, network, activation, &p, P, count);
  }
  ntk_ledger_clear(&ledger);
  proof_clear(&p);
  if (P != X)
    free(P);
  free(X);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

static void test_depths(void **state) {
  (void)state;
  check(2, (const size_t[]){5, 7}, "tanh", "gaussian");
  check(3, (const size_t[]){4, 6, 5}, "sigmoid", "cube");
  check(3, (const size_t[]){4, 6, 5}, "relu", "sphere");
  check(4, (const size_t[]){6, 5, 5, 6}, "tanh", "gan");
  check(3, (const size_t[]){4, 6, 5}, "sigmoid", NULL);
}

/* Means over the data make J~^T 1 = 0: the smallest eigenvalue of J~ J~^T other than that one is
 * the smallest of J~_FB J~_FB^T on the complement of 1. */
static void test_empirical(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5};
  ntk_context *context = make_context(1);
  ntk_network *network = make_network(context, 3, width, "sigmoid", "paper", 3);
  double *X = make_normal(17, N * width[0]), K[N * N], values[N];
  ntk_dataset *data = make_data(context, X, N, width[0]);
  proof p = plain_proof(network, "sigmoid", X, X, N);
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(context, network, data, NULL, NULL, &ledger));
  plain_kernel(&p, 2, K);
  plain_eigenvalues(N, K, values);
  assert_near(values[0], 0.0, 1e-14 * values[N - 1], "lambda_min by construction");
  compare(&ledger, "lambda_min_centred", values[1], values[N - 1]);
  assert_verdict(&ledger, "population", NTK_LEDGER_MEASURED);
  for (size_t r = 0; r < ledger.rows; r++)
    assert_string_not_equal(ledger.row[r].key, "sampling");
  assert_verdict(&ledger, "psi_worst",
                 NTK_LEDGER_UNRESOLVED); /* these samples made its direction */
  assert_near(value_of(&ledger, "xi"),
              value_of(&ledger, "psi_random") + value_of(&ledger, "eta_max") / sqrt(30.0), 1e-12,
              "xi");
  ntk_ledger_clear(&ledger);
  proof_clear(&p);
  free(X);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_depths),
      cmocka_unit_test(test_empirical),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
