/* K whose rows ranks share: (8).
 * Property: every entry has one process's bits, in double and in single precision, of all blocks
 * and of chosen ones; no rank holds more than its rows and two slabs of the others' features. What
 * is asked of K then, and of its factor, is as of one process's: bits, or the roundings of a
 * product and of the eigenvalues of a symmetric matrix (LAPACK Users' Guide, 4.7). */
#include "spectrum/packed/packed.h"

#include "ranks_support.h"

/* Rows that are here up to the diagonal, all of them from somewhere. */
static void check_entries(const ntk_kernel *K, const ntk_kernel *K_alone, const ntk_share *rows) {
  const ntk_packed *A = K->state, *A_alone = K_alone->state;
  size_t here = 0;
  for (size_t i = 0; i < rows->N; i++) {
    const bool own = ntk_share_owner(rows, i) == rows->rank;
    assert_int_equal(ntk_packed_has(A, i), own);
    here += own;
    for (size_t j = 0; own && j <= i; j++) {
      const double entry = ntk_packed_get(A, i, j), expected = ntk_packed_get(A_alone, i, j);
      assert_memory_equal(&entry, &expected, sizeof entry);
    }
  }
  assert_int_equal(here, ntk_share_count(rows, rows->rank));
}

static void check_form(const twice *t, const bool *blocks, ntk_kernel_form form) {
  ntk_kernel *K = NULL, *K_alone = NULL;
  const ntk_kernel_bytes bytes = ranks_bytes(t);
  const double kernel = form.storage == NTK_PRECISION_DOUBLE ? bytes.kernel : bytes.single;
  const size_t before = ntk_memory_in_use(all), peak = ntk_memory_peak_enter(all);
  assert_ok(ntk_kernel_create_in(t->features, blocks, form, &K));
  assert_foretold(before, peak, kernel + bytes.build, "K");
  assert_ok(ntk_kernel_create_in(t->features_alone, blocks, form, &K_alone));
  const ntk_share rows = ntk_share_times(t->dealt.share, t->rows / t->N);
  check_entries(K, K_alone, &rows);
  ntk_kernel_destroy(K);
  ntk_kernel_destroy(K_alone);
}

static void check_kernel(const ranks_case *c, twice *t) {
  const bool first[] = {true, false, false, false}, others[] = {false, true, true, true};
  const ntk_kernel_form in_double = {NTK_PRECISION_DOUBLE, NTK_PRECISION_DOUBLE, 1.0};
  check_form(t, NULL, in_double);
  check_form(t, first, in_double);
  check_form(t, others, in_double);
  check_form(t, NULL, (ntk_kernel_form){NTK_PRECISION_FLOAT, NTK_PRECISION_FLOAT, 0.25});
  check_form(t, NULL, (ntk_kernel_form){NTK_PRECISION_FLOAT, NTK_PRECISION_DOUBLE, 0.25});
  (void)c;
}

static void test_kernel(void **state) {
  (void)state;
  for_each_case(check_kernel);
}

/* Rows, and the same of a copy, to which x_i + x_j and a half of K are added. */
static void check_rows(const ntk_kernel *K, const ntk_kernel *K_alone) {
  const size_t n = K->N;
  double *row = make_array(n), *row_alone = make_array(n), *x = make_normal(3, n);
  ntk_kernel *copy = NULL, *copy_alone = NULL;
  assert_ok(ntk_kernel_copy(K, &copy));
  assert_ok(ntk_kernel_copy(K_alone, &copy_alone));
  for (int added = 0; added < 2; added++) {
    for (size_t i = 0; i < n; i++) {
      assert_ok(ntk_kernel_row(copy, i, row));
      assert_ok(ntk_kernel_row(copy_alone, i, row_alone));
      assert_memory_equal(row, row_alone, n * sizeof *row);
    }
    assert_ok(ntk_kernel_add_sums(copy, x));
    assert_ok(ntk_kernel_add_sums(copy_alone, x));
    assert_ok(ntk_kernel_scale(copy, x));
    assert_ok(ntk_kernel_scale(copy_alone, x));
    assert_ok(ntk_kernel_add(copy, 0.5, K));
    assert_ok(ntk_kernel_add(copy_alone, 0.5, K_alone));
  }
  ntk_kernel_destroy(copy);
  ntk_kernel_destroy(copy_alone);
  free(row);
  free(row_alone);
  free(x);
}

static void check_full(const twice *t, const ntk_kernel *K, const ntk_kernel *K_alone) {
  const size_t n = K->N;
  double *values = make_array(2 * n);
  const size_t before = ntk_memory_in_use(all), peak = ntk_memory_peak_enter(all);
  assert_ok(ntk_kernel_full(K, values));
  assert_foretold(before, peak, ranks_bytes(t).full, "the whole spectrum");
  assert_ok(ntk_kernel_full(K_alone, values + n));
  for (size_t i = 0; i < n; i++)
    assert_near(values[i], values[n + i], 16.0 * (double)n * U * values[2 * n - 1], "eigenvalues");
  assert_same_on_all(all, values, n * sizeof *values);
  free(values);
}

/* K + I, so that there is a factor: its diagonal and, for two vectors, K u and the solve back. */
static void check_factor(ntk_kernel *K, ntk_kernel *K_alone) {
  const size_t n = K->N;
  double *pivot = make_array(2 * n), *u = make_normal(4, 2 * n), *product = make_array(2 * n);
  double trace = 0.0, least = 0.0, most = 0.0;
  ntk_kernel_diagonal(K, &trace, &least);
  assert_ok(ntk_kernel_multiply(K, u, 2, product));
  assert_ok(ntk_kernel_factor(K, -1.0));
  assert_ok(ntk_kernel_factor(K_alone, -1.0));
  ntk_kernel_pivots(K, pivot);
  ntk_kernel_pivots(K_alone, pivot + n);
  assert_memory_equal(pivot, pivot + n, n * sizeof *pivot);
  assert_true(ntk_kernel_smallest_pivot(K) == ntk_kernel_smallest_pivot(K_alone));
  for (size_t i = 0; i < 2 * n; i++) {
    product[i] += u[i];
    most = fmax(most, fabs(u[i]));
  }
  assert_ok(ntk_kernel_solve(K, product, 2)); /* of norm 1 at most */
  for (size_t i = 0; i < 2 * n; i++)
    assert_near(product[i], u[i], 16.0 * (double)n * U * (trace + (double)n) * most, "solve");
  free(pivot);
  free(u);
  free(product);
}

static void check_uses(const ranks_case *c, twice *t) {
  ntk_kernel *K = NULL, *K_alone = NULL;
  if (t->rows > 750)
    return;
  assert_ok(ntk_kernel_create(t->features, NULL, &K));
  assert_ok(ntk_kernel_create(t->features_alone, NULL, &K_alone));
  check_rows(K, K_alone);
  if (t->rows < 250)
    check_full(t, K, K_alone);
  check_factor(K, K_alone);
  ntk_kernel_destroy(K);
  ntk_kernel_destroy(K_alone);
  (void)c;
}

static void test_uses(void **state) {
  (void)state;
  for_each_case(check_uses);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kernel),
      cmocka_unit_test(test_uses),
  };
  return run_on_ranks(tests, COUNT(tests), open_both, close_both);
}
