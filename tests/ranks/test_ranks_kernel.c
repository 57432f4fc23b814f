/* K whose rows ranks share: (8).
 * Property: every entry has one process's bits, in double and in single precision, of all blocks
 * and of chosen ones; no rank holds more than its rows and two slabs of the others' features. */
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
  const ntk_network_spec spec = ntk_spec_of(t->network);
  const ntk_kernel_bytes bytes = ntk_kernel_bytes_of(all, &spec, t->features->outputs, t->N);
  const double kernel = form.storage == NTK_PRECISION_DOUBLE ? bytes.kernel : bytes.single;
  const size_t before = ntk_memory_in_use(all), peak = ntk_memory_peak_enter(all);
  assert_ok(ntk_kernel_create_in(t->features, blocks, form, &K));
  const double most = (double)(ntk_memory_peak_leave(all, peak) - before);
  if (most > kernel + bytes.build + 2e5)
    fail_msg("%g bytes instead of %g", most, kernel + bytes.build);
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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kernel),
  };
  return cmocka_run_group_tests(tests, open_both, close_both);
}
