/* Sums of packed matrices against plain loops.
 * Property: A_ij += x_i + x_j, A_ij *= x_i x_j and A += alpha B change every entry as the full
 * matrices do, for odd and even orders and any number of threads. */
#include "matrices.h"

static void test_sums(void **state) {
  (void)state;
  static const size_t orders[] = {1, 2, 3, 8, 33, 64};
  for (int threads = 1; threads <= 3; threads += 2) {
    ntk_context *context = make_context(threads);
    for (size_t k = 0; k < COUNT(orders); k++) {
      const size_t n = orders[k];
      double *A = make_array(n * n), *B = make_array(n * n), *x = make_array(n);
      double *row = make_array(n);
      for (size_t i = 0; i < n; i++) {
        x[i] = small_integer(i, 3);
        for (size_t j = 0; j < n; j++) {
          A[i * n + j] = small_integer(i, j) + small_integer(j, i);
          B[i * n + j] = small_integer(i + 1, j + 1) * small_integer(j + 1, i + 1);
        }
      }
      ntk_packed a = packed_from(context, n, A), b = packed_from(context, n, B);
      ntk_packed_add_sums(&a, x);
      ntk_packed_scale(&a, x);
      ntk_packed_add(&a, -3.0, &b);
      for (size_t i = 0; i < n; i++) {
        ntk_packed_row(&a, i, row);
        for (size_t j = 0; j < n; j++)
          assert_near(row[j], (A[i * n + j] + x[i] + x[j]) * x[i] * x[j] - 3.0 * B[i * n + j], 0.0,
                      "entry");
      }
      ntk_packed_destroy(&a);
      ntk_packed_destroy(&b);
      free(A);
      free(B);
      free(x);
      free(row);
    }
    ntk_context_destroy(context);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
