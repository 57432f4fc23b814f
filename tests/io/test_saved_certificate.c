/* The certificate of saved networks.
 * Property: errors are those of what the files hold, by hand; files that do worse than the weights
 * did before they were saved are refused. */
#include "io_support.h"

static ntk_status certify(size_t count, const double *classes, const ntk_memorize_result *computed,
                          ntk_fit_error *error) {
  return ntk_saved_certify(context, top, "identity", count, classes, computed, error);
}

static void test_one(void **state) {
  (void)state;
  ntk_fit_error error;
  put("X.npy", 2, 1, (double[]){1, 2});
  put("Y.npy", 2, 0, (double[]){11.5, 21}); /* f = 11, 22 */
  put_network("", 1);
  assert_ok(certify(1, NULL, NULL, &error));
  assert_near(error.largest, 1.0, 4 * U, "largest");
  assert_near(error.relative, sqrt(1.25 / (11.5 * 11.5 + 441)), 4 * U, "relative");
  assert_true(error.rounding > 0 && error.rounding < 1e-12);
  assert_near(error.bound, 1.0 + error.rounding, 8 * U, "bound");
}

/* Outputs x and 2 x of x: the largest error is that of the second, and labels of another number are
 * refused. */
static void test_outputs(void **state) {
  (void)state;
  ntk_fit_error error;
  put("X.npy", 2, 1, (double[]){1, 2});
  put("Y.npy", 2, 2, (double[]){1, 2, 2, 4.5});
  put("W1.npy", 1, 1, (double[]){1});
  put("W2.npy", 1, 2, (double[]){1, 2});
  assert_ok(certify(1, NULL, NULL, &error));
  assert_near(error.largest, 0.5, 4 * U, "largest");
  assert_near(error.relative, 0.5 / sqrt(1 + 4 + 4 + 20.25), 4 * U, "relative");
  assert_true(error.rounding > 0 && error.rounding < 1e-12);
  put("Y.npy", 2, 0, (double[]){1, 2});
  assert_refused(certify(1, NULL, NULL, &error), NTK_ERR_SHAPE,
                 "has 2 outputs, and Y.npy 1 number a sample");
  put("Y.npy", 2, 3, (double[]){1, 2, 3, 4, 5, 6});
  assert_refused(certify(1, NULL, NULL, &error), NTK_ERR_SHAPE,
                 "has 2 outputs, and Y.npy 3 numbers a sample");
}

static void test_classes(void **state) {
  (void)state;
  ntk_fit_error error[2];
  put("X.npy", 2, 1, (double[]){1, -1});
  put("Y.npy", 2, 0, (double[]){4, -3});
  put_network("class-3/", -1.0 / 11); /* -x: the targets -1, 1 */
  put_network("class4/", 0.5 / 11);   /* x / 2, and the targets are 1, -1 */
  assert_ok(certify(2, (double[]){-3, 4}, NULL, error));
  assert_near(error[0].largest, 0.0, 4 * U, "of class -3");
  assert_near(error[1].largest, 0.5, 4 * U, "of class 4");
}

static void test_worse(void **state) {
  (void)state;
  ntk_fit_error error;
  ntk_memorize_result computed = {.max_error = 1.0};
  put("X.npy", 1, 1, (double[]){1});
  put("Y.npy", 1, 0, (double[]){12});
  put_network("", 1);
  assert_ok(certify(1, NULL, &computed, &error)); /* but for rounding */
  computed.max_error = 0.99;
  assert_refused(certify(1, NULL, &computed, &error), NTK_ERR_NUMERIC,
                 "miss the labels by up to 1, and before it was 0.99");
  computed.max_error = NAN; /* nothing was known */
  assert_ok(certify(1, NULL, &computed, &error));
}

static void test_missing(void **state) {
  (void)state;
  ntk_fit_error error;
  put("X.npy", 1, 1, (double[]){1});
  put("Y.npy", 2, 0, (double[]){1, 2});
  assert_refused(certify(1, NULL, NULL, &error), NTK_ERR_SHAPE, "holds 2 labels; accepted: 1");
  put("Y.npy", 1, 0, (double[]){1});
  assert_refused(certify(1, (double[]){8}, NULL, &error), NTK_ERR_FILE, "class8/W1.npy");
  assert_int_equal(unlink(at("X.npy")), 0);
  assert_refused(certify(1, NULL, NULL, &error), NTK_ERR_FILE, "X.npy");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one),   cmocka_unit_test(test_outputs), cmocka_unit_test(test_classes),
      cmocka_unit_test(test_worse), cmocka_unit_test(test_missing),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
