/* How many products are still to come, from how a residual falls.
 * Property: of a residual that falls by a steady factor the number is exact; of one that stands
 * still there is none; given up is what needs several times as many as there may be, and not what
 * has stood still for half of its way. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "spectrum/fall.h"
#include "support.h"

/* exp(-rate p) from `first` on, one product at a time; where it would be hopeless of `most`. */
static size_t follow(ntk_fall *fall, double first, double rate, size_t products, size_t most) {
  for (size_t p = 1; p <= products; p++) {
    ntk_fall_see(fall, 0, p, first * exp(-rate * (double)p));
    if (ntk_fall_hopeless(fall, most))
      return p;
  }
  return 0;
}

static void test_steady(void **state) {
  (void)state;
  for (double total = 60; total < 20000; total *= 3) {
    ntk_fall fall = {0};
    const size_t half = (size_t)total / 2;
    assert_int_equal(follow(&fall, 1e6, log(1e6) / total, half, 30000), 0);
    assert_near(ntk_fall_left(&fall), total - (double)half, 1e-6 * total, "products left");
  }
  ntk_fall fall = {0};
  ntk_fall_see(&fall, 3, 101, 1e3);
  assert_true(isinf(ntk_fall_left(&fall)));
  ntk_fall_see(&fall, 3, 102, 1.0);
  assert_true(ntk_fall_left(&fall) == 0.0);
  ntk_fall_see(&fall, 4, 103, 1e3); /* another aim */
  assert_true(isinf(ntk_fall_left(&fall)));
}

/* What comes back up does not count: the least does. */
static void test_uneven(void **state) {
  (void)state;
  ntk_fall fall = {0};
  for (size_t p = 1; p <= 300; p++)
    ntk_fall_see(&fall, 0, p, 1e6 * exp(-0.01 * (double)p) * (p % 7 == 0 ? 1.0 : 40.0));
  const double left = (log(1e6) - 0.01 * 294) / 0.01;
  assert_near(ntk_fall_left(&fall), left, 0.1 * left, "products left");
}

/* Standing still is hopeless from an eighth on, and so is a fall that takes 100 times the products
 * there are; one that takes 4 times, at the half of them, and twice, at their end. What is nearly
 * there then may go on. */
static void test_hopeless(void **state) {
  (void)state;
  ntk_fall fall = {0};
  assert_int_equal(follow(&fall, 1e6, 0.0, 8000, 8000), 1000);
  const double times[] = {100.0, 4.0, 2.0};
  for (size_t k = 0; k < COUNT(times); k++) {
    fall = (ntk_fall){0};
    const double total = 8000.0 * times[k], at = fmax(1000.0, 16000.0 / times[k]);
    const size_t end = follow(&fall, 1e6, log(1e6) / total, 8000, 8000);
    assert_near((double)end, at, 0.01 * at + 2.0, "given up after");
  }
  fall = (ntk_fall){0};
  assert_int_equal(follow(&fall, 1e6, log(1e6) / 10000.0, 10000, 8000), 0);
  /* Of few there is no rate. */
  fall = (ntk_fall){0};
  assert_int_equal(follow(&fall, 1e6, 0.0, 8000, 500), 400);
  fall = (ntk_fall){0};
  assert_int_equal(follow(&fall, 1e6, log(1e6) / 400.0, 8000, 300), 300);
}

/* As nearly equal rows make it: nothing for a while, a step, nothing for as long, and then it
 * converges. */
static void test_patience(void **state) {
  (void)state;
  ntk_fall fall = {0};
  double seen = 1e6;
  for (size_t p = 1; seen > 1.0; p++) {
    seen *= p < 700 || (p > 900 && p < 2400) ? 1.0 : exp(-0.008);
    ntk_fall_see(&fall, 0, p, seen);
    assert_false(ntk_fall_hopeless(&fall, 8000));
    assert_true(p < 8000);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_steady),
      cmocka_unit_test(test_uneven),
      cmocka_unit_test(test_hopeless),
      cmocka_unit_test(test_patience),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
