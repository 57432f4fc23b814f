/* Packed matrices of which a rank has a share of the rows.
 * Property: over all ranks every row is there once and takes n(n+1)/2 entries and their padding in
 * all; what is stored is 0 beside the matrix, and copies, sums of entries and views are of own rows
 * alone; chunks that would cut a panel are refused. */
#include "matrices.h"

static ntk_context *context;

static double entry(size_t i, size_t j) {
  return small_integer(i, j) + 10.0;
}

/* Own rows of A and B, and of A + x + x^T - 2 B in place of A. */
static void check_rows(const ntk_share *share, ntk_precision precision, size_t *rows) {
  const size_t n = share->N, P = ntk_panel_rows(precision);
  double *x = make_array(n);
  ntk_packed A, B;
  assert_ok(ntk_packed_create(context, n, precision, share, &A));
  assert_ok(ntk_packed_create(context, n, precision, share, &B));
  for (size_t i = 0; i < n; i++) {
    x[i] = small_integer(i, 1);
    assert_true(ntk_packed_has(&A, i) == (ntk_share_owner(share, i) == share->rank));
    for (size_t j = 0; j <= i && ntk_packed_has(&A, i); j++)
      ntk_packed_set(&A, i, j, entry(i, j));
  }
  assert_ok(ntk_packed_copy(&A, 1.0, &B));
  ntk_packed_add_sums(&A, x);
  ntk_packed_add(&A, -2.0, &B);
  for (size_t i = 0; i < (n + P - 1) / P * P; i++)
    for (size_t j = 0; j < (i / P + 1) * P && ntk_packed_has(&A, i); j++) {
      const bool there = i < n && j <= i;
      assert_true(ntk_packed_get(&B, i, j) == (there ? entry(i, j) : 0.0));
      assert_true(ntk_packed_get(&A, i, j) == (there ? x[i] + x[j] - entry(i, j) : 0.0));
    }
  for (size_t i = 0; i < n; i++)
    rows[i] += ntk_packed_has(&A, i);
  ntk_packed_destroy(&A);
  ntk_packed_destroy(&B);
  free(x);
}

/* In all, no less and little more than what one process takes. */
static void check_memory(size_t n, int ranks, ntk_precision precision) {
  size_t bytes = 0, used = 0;
  assert_ok(ntk_packed_bytes(n, precision, &bytes));
  for (int r = 0; r < ranks; r++) {
    const ntk_share share = ntk_share_deal(n, r, ranks);
    const size_t before = ntk_memory_in_use(context);
    ntk_packed A;
    assert_ok(ntk_packed_create(context, n, precision, &share, &A));
    used += ntk_memory_in_use(context) - before;
    ntk_packed_destroy(&A);
  }
  const size_t tables = (size_t)ranks * ((n + 23) / 24 * sizeof(void *) + 128);
  assert_true(used >= bytes && used <= bytes + tables);
}

static void test_rows(void **state) {
  (void)state;
  static const size_t orders[] = {1, 24, 47, 49, 100, 241, 700};
  for (size_t k = 0; k < COUNT(orders); k++)
    for (int ranks = 1; ranks <= 4; ranks++)
      for (int single = 0; single < 2; single++) {
        size_t rows[700] = {0};
        for (int r = 0; r < ranks; r++) {
          const ntk_share share = ntk_share_deal(orders[k], r, ranks);
          check_rows(&share, single ? NTK_PRECISION_FLOAT : NTK_PRECISION_DOUBLE, rows);
        }
        for (size_t i = 0; i < orders[k]; i++)
          assert_int_equal(rows[i], 1);
        check_memory(orders[k], ranks, single ? NTK_PRECISION_FLOAT : NTK_PRECISION_DOUBLE);
      }
}

/* From double to single, own rows alone. */
static void test_rounded(void **state) {
  (void)state;
  for (int r = 0; r < 3; r++) {
    const ntk_share share = ntk_share_deal(500, r, 3);
    ntk_packed from, to;
    assert_ok(ntk_packed_create(context, 500, NTK_PRECISION_DOUBLE, &share, &from));
    assert_ok(ntk_packed_create(context, 500, NTK_PRECISION_FLOAT, &share, &to));
    for (size_t i = 0; i < 500; i++)
      for (size_t j = 0; j <= i && ntk_packed_has(&from, i); j++)
        ntk_packed_set(&from, i, j, entry(i, j) / 3.0);
    assert_ok(ntk_packed_copy(&from, 0.5, &to));
    for (size_t i = 0; i < 500; i++)
      for (size_t j = 0; j <= i && ntk_packed_has(&to, i); j++)
        assert_true(ntk_packed_get(&to, i, j) == (double)(float)(0.5 * (entry(i, j) / 3.0)));
    ntk_packed_destroy(&from);
    ntk_packed_destroy(&to);
  }
}

static void test_refused(void **state) {
  (void)state;
  ntk_packed A = {0};
  const ntk_share other = ntk_share_deal(99, 0, 2);
  ntk_share cut = ntk_share_deal(100, 0, 2);
  cut.unit = 24; /* whole panels in double, not in single */
  assert_refused(ntk_packed_create(context, 100, NTK_PRECISION_DOUBLE, &other, &A),
                 NTK_ERR_ARGUMENT, "of as many rows");
  assert_refused(ntk_packed_create(context, 100, NTK_PRECISION_DOUBLE, &cut, &A), NTK_ERR_ARGUMENT,
                 "a multiple of 48");
  assert_null(A.storage);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_rounded),
                                     cmocka_unit_test(test_refused)};
  context = make_context(2);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
