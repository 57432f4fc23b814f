/* Labels that are classes.
 * Property: the classes are the different whole numbers, one vector each says which samples are
 * theirs, and the largest output says it back; what is no class is refused by position. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/fit.h"
#include "support.h"

static void test_find(void **state) {
  (void)state;
  const double Y[] = {7, -0.0, 0, -3, 7};
  double value[5];
  size_t count = 0;
  assert_ok(ntk_classes_find(Y, 5, &count, value));
  assert_int_equal(count, 3);
  assert_true(value[0] == -3 && value[1] == 0 && !signbit(value[1]) && value[2] == 7);
}

static void test_refused(void **state) {
  (void)state;
  double value[3];
  size_t count = 9;
  const double broken[] = {2.5, NAN, INFINITY, 0x1p53 + 2};
  for (size_t k = 0; k < COUNT(broken); k++)
    assert_refused(ntk_classes_find((double[]){1, 2, broken[k]}, 3, &count, value),
                   NTK_ERR_ARGUMENT, "label 3 (from 1) is");
  assert_refused(ntk_classes_find((double[]){4, 4, 4}, 3, &count, value), NTK_ERR_ARGUMENT,
                 "every label is 4; expected two classes");
  assert_int_equal(count, 9);
}

static void test_there_and_back(void **state) {
  (void)state;
  const double Y[] = {5, 1, 5, 9}, value[] = {1, 5, 9};
  const double wanted[] = {-1, 1, -1, -1, 1, -1, 1, -1, -1, -1, -1, 1};
  double Z[12], chosen[4];
  ntk_classes_targets(Y, 4, 3, value, Z);
  assert_memory_equal(Z, wanted, sizeof wanted);
  ntk_classes_choose(Z, 4, 3, value, chosen);
  assert_memory_equal(chosen, Y, sizeof Y);
  const double F[] = {-2, 3, 0, 1, -1, 3, INFINITY, 1, -3, 2, 0, NAN};
  ntk_classes_choose(F, 4, 3, value, chosen);
  assert_true(chosen[0] == 5 && chosen[1] == 1 && isnan(chosen[2]) && isnan(chosen[3]));
}

/* One network of several outputs, or of one for two classes; there and back. */
static void test_encode(void **state) {
  (void)state;
  const double Y[] = {5, 1, 5, 9}, value[] = {1, 5, 9}, pair[] = {9, 5, 5, 9};
  const double hot[] = {0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
  double Z[12], chosen[4];
  assert_ok(ntk_classes_encode(Y, 4, 3, value, 3, 0.0, Z));
  assert_memory_equal(Z, hot, sizeof hot);
  ntk_classes_decode(Z, 4, 3, value, 3, 0.0, chosen);
  assert_memory_equal(chosen, Y, sizeof Y);
  assert_ok(ntk_classes_encode(Y, 4, 3, value, 3, -1.0, Z));
  for (size_t k = 0; k < 12; k++)
    assert_true(Z[k] == 2.0 * hot[k] - 1.0);
  for (int k = 0; k < 2; k++) {
    const double other = k == 0 ? -1.0 : 0.0, outputs[] = {1, other, other, 1};
    assert_ok(ntk_classes_encode(pair, 4, 2, value + 1, 1, other, Z));
    assert_memory_equal(Z, outputs, sizeof outputs);
    ntk_classes_decode(Z, 4, 2, value + 1, 1, other, chosen);
    assert_memory_equal(chosen, pair, sizeof pair);
  }
  const double F[] = {0.4, 0.6, -0.1, NAN}, nearer[] = {5, 9, 5, 9};
  ntk_classes_decode(F, 3, 2, value + 1, 1, 0.0, chosen);
  assert_memory_equal(chosen, nearer, 3 * sizeof *chosen);
  ntk_classes_decode(F, 3, 2, value + 1, 1, -1.0, chosen);
  assert_true(chosen[0] == 9 && chosen[1] == 9 && chosen[2] == 5);
  ntk_classes_decode(F, 2, 2, value, 2, 0.0, chosen);
  assert_true(chosen[0] == 5 && isnan(chosen[1]));
  const size_t broken[] = {1, 2, 4};
  for (size_t k = 0; k < COUNT(broken); k++)
    assert_refused(ntk_classes_encode(Y, 4, 3, value, broken[k], 0.0, Z), NTK_ERR_SHAPE,
                   "3 classes for ");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_find),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_there_and_back),
      cmocka_unit_test(test_encode),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
