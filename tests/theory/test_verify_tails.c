/* Sub-exponential norms, the concentration constant, operator norms, and the ledger's words.
 * Property: psi_1 of Exp(1) is 2, of a Bernoulli(p) 1 / log(1 + 1/p), of a constant a, a / log 2; c
 * of Gaussian quantiles is min_p -log(p/2) / t_p^2, above 1/2 and falling with n. */
#include "verify_support.h"

#include "theory/ledger/norm2.h"
#include "theory/ledger/psi.h"

static void test_psi(void **state) {
  (void)state;
  enum { N = 1000000 };
  double *z = make_array(N);
  for (size_t i = 0; i < N; i++)
    z[i] = (i % 2 == 0 ? 1.0 : -1.0) * -log(((double)i + 0.5) / N);
  /* mean exp(|z|/2) = mean u^(-1/2): the midpoint rule errs by about 0.6 / sqrt N at 0. */
  assert_near(ntk_psi1(z, N), 2.0, 2e-3, "Exp(1)");
  for (size_t i = 0; i < N; i++)
    z[i] = i < N / 4 ? -3.0 : 0.0;
  assert_near(ntk_psi1(z, N), 3.0 / log(5.0), 1e-9, "3 Bernoulli(1/4)");
  const double a[] = {-2.5, 2.5, 2.5};
  assert_near(ntk_psi1(a, 3), 2.5 / log(2.0), 1e-9, "constant");
  for (size_t n = 1; n < 200; n++) { /* one a of n: mean exp = (exp(a / s) + n - 1) / n */
    double alone[200] = {-2.5};
    assert_near(ntk_psi1(alone, n), 2.5 / log((double)n + 1.0), 1e-9, "one of n");
  }
  const double zeros[] = {0.0, 0.0};
  assert_near(ntk_psi1(zeros, 2), 0.0, 0.0, "zeros");
  assert_near(ntk_psi1(zeros, 0), 0.0, 0.0, "nothing");
  for (size_t i = 0; i < 1000; i++)
    z[i] = 1e-200 * (double)(i + 1);
  assert_near(ntk_psi1(z, 1000) / 1e-200, 1e200 * ntk_psi1(z, 1000), 1e-9, "scale");
  free(z);
}

/* t with P(|g| > t) = p. */
static double quantile(double p) {
  double low = 0.0, high = 40.0;
  for (int i = 0; i < 200; i++) {
    const double middle = 0.5 * (low + high);
    if (erfc(middle / sqrt(2.0)) > p)
      low = middle;
    else
      high = middle;
  }
  return low;
}

static void test_concentration(void **state) {
  (void)state;
  double before = INFINITY;
  for (size_t n = 1000; n <= 100000; n *= 10) {
    double *z = make_array(n), c = 0.0, bulk = 0.0;
    for (size_t i = 0; i < n; i += 2) { /* +-t: i of n lie beyond the i-th */
      z[i] = 3.0 + 2.0 * quantile(((double)i + 1.0) / (double)n);
      z[i + 1] = 3.0 - (z[i] - 3.0);
    }
    ntk_concentration(n, z, &c, &bulk);
    /* Of N(3, 4): a quarter. Six lie beyond in the outermost of the pairs looked at. */
    const double expected = -log(3.0 / (double)n) / pow(2.0 * quantile(6.0 / (double)n), 2.0);
    assert_near(c, expected, 0.06 * expected, "c");
    assert_true(4.0 * c > 0.5 && 4.0 * c < before);
    assert_near(4.0 * bulk, -log(0.05) / pow(quantile(0.1), 2.0), 0.01, "at a tenth");
    before = 4.0 * c;
    free(z);
  }
  double same[600], c = 0.0, bulk = 0.0;
  for (size_t i = 0; i < COUNT(same); i++)
    same[i] = 1.0;
  ntk_concentration(COUNT(same), same, &c, &bulk);
  assert_true(isinf(c) && isinf(bulk));
}

/* c looks from 5 samples beyond t to a tenth of them. Of 100: five far ones, then pairs at 3, 2.5
 * and 1, and next to nothing. */
static void test_window(void **state) {
  (void)state;
  const double far[] = {300.0, 300.0, -200.0, -200.0, -200.0}, pairs[] = {3.0, 2.5, 1.0};
  double z[100] = {0}, c = 0.0, bulk = 0.0;
  memcpy(z, far, sizeof far);
  for (size_t i = 5; i + 1 < 100; i += 2) {
    z[i] = i < 11 ? pairs[(i - 5) / 2] : 1e-3;
    z[i + 1] = -z[i];
  }
  ntk_concentration(100, z, &c, &bulk);
  assert_near(c, -log(0.06 / 2.0) / 9.0, 1e-12, "six beyond 3");
  assert_near(bulk, -log(0.1 / 2.0), 1e-12, "ten beyond 1");
  for (size_t i = 0; i < 100; i++) /* pairs at 300, 300, 3 and many at 1: the sixth is a 3 */
    z[i] = (i % 2 == 0 ? 1.0 : -1.0) * (i < 4 ? 300.0 : i < 6 ? 3.0 : 1.0);
  ntk_concentration(100, z, &c, &bulk);
  assert_near(c, -log(0.05 / 2.0) / 9.0, 1e-12, "five beyond 3");
}

/* ||diag(3, 2, 1) stacked over zeros|| = 3; of a product of vectors ||a|| ||b||. */
static void test_norm2(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  double A[15] = {0}, norm = -1.0;
  A[0] = 3.0;
  A[4] = 2.0;
  A[8] = 1.0;
  assert_ok(ntk_norm2(context, A, 5, 3, 1, &norm));
  assert_near(norm, 3.0, 1e-3, "diagonal");
  for (size_t i = 0; i < 5; i++)
    for (size_t j = 0; j < 3; j++)
      A[i * 3 + j] = (double)(i + 1) * (double)(j + 1);
  assert_ok(ntk_norm2(context, A, 5, 3, 1, &norm));
  assert_near(norm, sqrt(55.0 * 14.0), 1e-2, "rank one");
  memset(A, 0, sizeof A);
  assert_ok(ntk_norm2(context, A, 5, 3, 1, &norm));
  assert_near(norm, 0.0, 0.0, "zeros");
  ntk_context_destroy(context);
}

/* Every row is found again by its key, and within the columns of the table. */
static void test_words(void **state) {
  (void)state;
  const size_t width[] = {6, 5, 4, 3};
  ntk_context *context = make_context(1);
  ntk_network *network = make_network(context, 4, width, "tanh", "paper", 1);
  ntk_dataset *data = NULL;
  ntk_ledger ledger = {0};
  assert_ok(ntk_dataset_generate(context, "gaussian", 8, 6, 1, &data));
  assert_ok(ntk_verify(context, network, data, "gaussian",
                       &(ntk_verify_options){.population = NTK_LEAST_POPULATION}, &ledger));
  for (size_t i = 0; i < ledger.rows; i++) {
    const ntk_ledger_row *row = &ledger.row[i];
    ntk_ledger_row words;
    assert_ok(ntk_ledger_describe(row->key, &words));
    assert_string_equal(words.name, row->name);
    assert_string_equal(words.section, row->section);
    assert_string_equal(words.equation, row->equation);
    assert_string_equal(words.order, row->order);
    assert_int_equal(words.claim, row->claim);
    assert_true(strlen(row->name) <= 38 && strlen(row->order) <= 19 && strlen(row->equation) <= 5);
    assert_true(
        strspn(row->key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
        strlen(row->key));
    for (size_t j = 0; j < i; j++)
      assert_string_not_equal(ledger.row[j].key, row->key);
  }
  assert_string_equal(row_of(&ledger, "n_1")->order, "d");
  assert_string_equal(row_of(&ledger, "n_3")->order, "n_2");
  ntk_ledger_row words;
  assert_refused(ntk_ledger_describe("f0_norm", &words), NTK_ERR_ARGUMENT, "no row of the ledger");
  assert_refused(ntk_ledger_describe("lambda", &words), NTK_ERR_ARGUMENT, "no row of the ledger");
  ntk_ledger_clear(&ledger);
  ntk_ledger_clear(&ledger);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_psi),    cmocka_unit_test(test_concentration),
      cmocka_unit_test(test_window), cmocka_unit_test(test_norm2),
      cmocka_unit_test(test_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
