/* Several eigenpairs at an end of an operator with known eigenvalues.
 * Property: the k-th value is the k-th eigenvalue to tolerance, ascending from below and descending
 * from above, each as often as it occurs up to 16 times; residuals as wanted; vectors unit
 * and orthogonal; of one pair the bits are those of ntk_eigen_smallest and _largest. */
#include "known_spectrum.h"
#include "spectrum/eigen.h"

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void check_pairs(const ntk_operator *A, size_t m, const double *sorted, bool from_above,
                        double tolerance, const ntk_eigenpair *pair, const double *V) {
  const size_t n = A->n;
  const double rounding = 30 * (double)n * DBL_EPSILON * sorted[n - 1];
  double *r = make_array(n);
  for (size_t p = 0; p < m; p++) {
    const double *v = V + p * n;
    const double expected = sorted[from_above ? n - 1 - p : p];
    assert_near(pair[p].value, expected, tolerance * expected + rounding, "eigenvalue");
    assert_ok(A->apply(A->user, v, 1, r));
    for (size_t i = 0; i < n; i++)
      r[i] -= pair[p].value * v[i];
    assert_near(norm2(n, r), 0.0, 2.0 * tolerance * pair[p].value + rounding, "residual");
    for (size_t q = 0; q <= p; q++)
      assert_near(dot(v, V + q * n, n), q == p ? 1.0 : 0.0, 1e-9, "orthogonal");
  }
  free(r);
}

static void test_known(void **state) {
  (void)state;
  const spectrum kinds[] = {EVEN, CLUSTER_2, RANK_ONE_UP, RANK_ONE_LOW, NEARLY_EQUAL};
  const size_t orders[] = {1, 5, 40, 161, 400}, counts[] = {1, 3, 16, 64};
  for (size_t o = 0; o < COUNT(orders); o++)
    for (size_t k = 0; k < COUNT(kinds); k++)
      for (size_t c = 0; c < COUNT(counts); c++) {
        const size_t n = orders[o], m = counts[c] < n ? counts[c] : n;
        if (m > 16 && m < n && (kinds[k] == RANK_ONE_UP || kinds[k] == RANK_ONE_LOW))
          continue; /* one value more than 16 times */
        known_operator known = known_create(n, 7 * n + k);
        fill_spectrum(kinds[k], n, known.lambda);
        /* A^{-1} knows the others to u lambda / lambda_min alone. */
        const double tolerance = kinds[k] == NEARLY_EQUAL ? 1e-5 : 1e-8;
        known.lambda[0] = kinds[k] == NEARLY_EQUAL ? 1e-9 : known.lambda[0];
        double *sorted = make_array(n), *V = make_array(m * n);
        memcpy(sorted, known.lambda, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, ascending);
        const ntk_operator A = known_as_operator(&known);
        ntk_eigenpair pair[64];
        assert_ok(ntk_eigen_smallest_pairs(context, &A, 1e-8, 3, m, pair, V));
        check_pairs(&A, m, sorted, false, tolerance, pair, V);
        assert_ok(ntk_eigen_largest_pairs(context, &A, 1e-8, 3, m, pair, V));
        check_pairs(&A, m, sorted, true, 1e-8, pair, V);
        free(sorted);
        free(V);
        known_destroy(&known);
      }
}

static void test_one(void **state) {
  (void)state;
  known_operator known = known_create(100, 4);
  fill_spectrum(EVEN, 100, known.lambda);
  const ntk_operator A = known_as_operator(&known);
  double v[100], w[100];
  ntk_eigenpair a, b;
  assert_ok(ntk_eigen_smallest(context, &A, 1e-6, 5, &a, v));
  assert_ok(ntk_eigen_smallest_pairs(context, &A, 1e-6, 5, 1, &b, w));
  assert_memory_equal(v, w, sizeof v);
  assert_true(a.value == b.value && a.residual == b.residual && a.applications == b.applications);
  assert_ok(ntk_eigen_largest(context, &A, 1e-6, 5, &a, v));
  assert_ok(ntk_eigen_largest_pairs(context, &A, 1e-6, 5, 1, &b, w));
  assert_memory_equal(v, w, sizeof v);
  known_destroy(&known);
}

/* The gap from the least eigenvalue to the next, which occurs `times` times: nearly all of it is
 * seen, and no more; of next to nothing, none. */
static void test_gap(void **state) {
  (void)state;
  const double gaps[] = {0.5, 0.03, 1e-3, 1e-5, 1e-8, 0.0};
  const size_t orders[] = {3, 40, 400};
  for (size_t o = 0; o < COUNT(orders); o++)
    for (size_t g = 0; g < COUNT(gaps); g++)
      for (size_t times = 1; times <= 2; times++) {
        known_operator known = known_create(orders[o], 7 * orders[o] + g);
        for (size_t i = 0; i < orders[o]; i++)
          known.lambda[i] = i == 0 ? 1.0 : i <= times ? 1.0 + gaps[g] : 1.0 + (double)i;
        const ntk_operator A = known_as_operator(&known);
        double *v = make_array(orders[o]), gap = NAN;
        ntk_eigenpair pair;
        assert_ok(ntk_eigen_smallest(context, &A, 1e-6, 3, &pair, v));
        assert_ok(ntk_eigen_gap(context, &A, 3, pair.value, v, &gap));
        if (gaps[g] > 1e-6)
          assert_true(gap >= 0.4 * gaps[g] && gap <= (1.0 + 1e-6) * gaps[g]);
        else
          assert_true(gap <= -DBL_MIN && gap >= -1e-6);
        free(v);
        known_destroy(&known);
      }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known),
      cmocka_unit_test(test_one),
      cmocka_unit_test(test_gap),
  };
  return cmocka_run_group_tests(tests, known_setup, known_teardown);
}
