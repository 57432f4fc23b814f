/* Certificates of 10^5 random matrices, not those of test_certified.c with a known smallest
 * eigenvalue: graded, clustered, singular, indefinite by 1e-15 of the trace. Property: no bound is
 * on the wrong side of lambda_min, for the program's shifts nor for the last that can be
 * factorised, and of conditions up to 1e10 at least 99 % are certified. */
#include "certified.h"

static void test_matrices(void **state) {
  (void)state;
  check_matrices(3000, 100000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_matrices)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
