/* Scaling, data sets from arrays, output directories.
 * Property: centred columns have mean 0, standardized ones also variance 1, rows on the sphere norm
 * sqrt d; directories are made and tried. */
#include "data/dataset.h"
#include "ntkit/data.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { N = 1000, D = 9 };
static ntk_context *context;
static char directory[] = "/tmp/ntkit-test-XXXXXX";
static double X[N * D];

/* Columns of different means and sizes; 3, 5 and 8 are constant, 8 but for the last bits. */
static int setup(void **state) {
  (void)state;
  const double mean[D] = {0, 5, -1e6, 0.1, 1e300, 0, 1e-300, 1e12, 0.3};
  const double size[D] = {1, 1e-3, 1, 0, 1e299, 0, 1e-301, 1, 1e-16};
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < D; j++)
      X[i * D + j] = mean[j] + size[j] * sin((double)(i * i + 3 * i * j + j));
  return mkdtemp(directory) == NULL || ntk_context_create(NULL, &context) != NTK_OK;
}

static int teardown(void **state) {
  (void)state;
  ntk_context_destroy(context);
  return rmdir(directory) != 0;
}

static ntk_dataset *scaled(ntk_scaling scaling) {
  ntk_dataset *data = NULL;
  assert_int_equal(ntk_dataset_from_array(context, X, N, D, &data), NTK_OK);
  assert_memory_equal(ntk_dataset_values(data), X, sizeof X);
  assert_int_equal(ntk_dataset_scale(data, scaling, "array"), NTK_OK);
  return data;
}

/* Average over a column of (x / unit)^power, in long double. */
static double column_average(const ntk_dataset *data, size_t j, int power, double unit) {
  long double sum = 0.0L;
  for (size_t i = 0; i < N; i++)
    sum += powl((long double)data->X[i * D + j] / unit, power);
  return (double)(sum / N);
}

/* none changes nothing; center makes the column means 0 up to roundings of the numbers and keeps
 * differences; the mean is the one that long double gives. */
static void test_center(void **state) {
  (void)state;
  ntk_dataset *none = scaled(NTK_SCALE_NONE), *data = scaled(NTK_SCALE_CENTER);
  assert_memory_equal(none->X, X, sizeof X);
  for (size_t j = 0; j < D; j++) {
    const double largest = fabs(X[j]) + fabs(X[D + j]) + fabs(X[2 * D + j]);
    if (largest > 0.0)
      assert_true(fabs(column_average(data, j, 1, largest)) <= 2 * DBL_EPSILON);
    for (size_t i = 1; i < N; i++) {
      const double difference = X[i * D + j] - X[j], kept = data->X[i * D + j] - data->X[j];
      assert_true(fabs(kept - difference) <= 2 * DBL_EPSILON * largest);
    }
  }
  for (size_t i = 0; i < N; i++)
    assert_true(data->X[i * D + 3] == 0.0 && data->X[i * D + 5] == 0.0);
  assert_int_equal(ntk_dataset_constant_columns(data), 0);
  ntk_dataset_destroy(none);
  ntk_dataset_destroy(data);
}

/* standardize: mean 0, variance 1, whatever the units (1e300, 1e-300); the three constant columns
 * are 0 and counted; so the average of ||x||^2 is d - 3 (Assumption 2.1, item 2). */
static void test_standardize(void **state) {
  (void)state;
  ntk_dataset *data = scaled(NTK_SCALE_STANDARDIZE);
  assert_int_equal(ntk_dataset_constant_columns(data), 3);
  double square = 0.0;
  for (size_t j = 0; j < D; j++) {
    const bool constant = j == 3 || j == 5 || j == 8;
    /* roundings of the numbers themselves, in units of the deviation: 1e12 eps is the largest */
    assert_true(fabs(column_average(data, j, 1, 1.0)) <= 1e12 * DBL_EPSILON);
    assert_true(fabs(column_average(data, j, 2, 1.0) - (constant ? 0.0 : 1.0)) <= 1e-13);
    square += column_average(data, j, 2, 1.0);
    for (size_t i = 0; i < N; i++)
      assert_true(!constant || data->X[i * D + j] == 0.0);
  }
  assert_true(fabs(square - (D - 3)) <= 1e-12);
  ntk_dataset_destroy(data);
}

/* sphere: ||x_i|| = sqrt d, directions kept: x_ij x_i0' = x_i0 x_ij'. */
static void test_sphere(void **state) {
  (void)state;
  ntk_dataset *data = NULL;
  double rows[4][3] = {{3, 4, 0}, {-1e300, 2e300, 1e300}, {1e-310, 0, 2e-310}, {0, 0, DBL_MAX}};
  assert_int_equal(ntk_dataset_from_array(context, &rows[0][0], 4, 3, &data), NTK_OK);
  assert_int_equal(ntk_dataset_scale(data, NTK_SCALE_SPHERE, "array"), NTK_OK);
  const double exact[4][3] = {{0.6, 0.8, 0},
                              {-1 / sqrt(6.0), 2 / sqrt(6.0), 1 / sqrt(6.0)},
                              {1 / sqrt(5.0), 0, 2 / sqrt(5.0)},
                              {0, 0, 1}};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 3; j++)
      assert_true(fabs(data->X[3 * i + j] - sqrt(3.0) * exact[i][j]) <= 1e-12);
  ntk_dataset_destroy(data);

  memset(rows[2], 0, sizeof rows[2]);
  assert_int_equal(ntk_dataset_from_array(context, &rows[0][0], 4, 3, &data), NTK_OK);
  assert_int_equal(ntk_dataset_scale(data, NTK_SCALE_SPHERE, "array"), NTK_ERR_ARGUMENT);
  assert_non_null(strstr(ntk_error_message(), "array: row 3 (counted from 1)"));
  assert_int_equal(ntk_dataset_scale(data, NTK_SCALE_CENTER, "array"), NTK_ERR_LIMIT);
  assert_non_null(strstr(ntk_error_message(), "column 3 (counted from 1) holds 1.79769e+308"));
  assert_int_equal(ntk_dataset_scale(data, (ntk_scaling)9, "array"), NTK_ERR_ARGUMENT);
  ntk_dataset_destroy(data);
}

/* One sample: every column is constant. Loading scales what is loaded, first rows only. */
static void test_load_scales(void **state) {
  (void)state;
  char path[64];
  snprintf(path, sizeof path, "%s/a.npy", directory);
  const double values[3][2] = {{1, 2}, {3, 2}, {100, 100}};
  const size_t shape[2] = {3, 2};
  ntk_dataset *data = NULL;
  assert_int_equal(ntk_npy_save(path, &values[0][0], 2, shape), NTK_OK);
  assert_int_equal(ntk_dataset_load(context, path, 2, 2, NTK_SCALE_STANDARDIZE, &data), NTK_OK);
  const double expected[4] = {-1, 0, 1, 0};
  assert_memory_equal(ntk_dataset_values(data), expected, sizeof expected);
  assert_int_equal(ntk_dataset_constant_columns(data), 1);
  ntk_dataset_destroy(data);
  assert_int_equal(ntk_dataset_load(context, path, 1, 0, NTK_SCALE_STANDARDIZE, &data), NTK_OK);
  assert_int_equal(ntk_dataset_constant_columns(data), 2);
  ntk_dataset_destroy(data);
  assert_int_equal(unlink(path), 0);
}

/* Names of scalings; arrays that are not finite, by row and column; sizes of 0. */
static void test_refusals(void **state) {
  (void)state;
  const char *const names[] = {"none", "center", "standardize", "sphere"};
  ntk_scaling scaling = NTK_SCALE_NONE;
  for (int k = 0; k < 4; k++) {
    assert_int_equal(ntk_scaling_parse(names[k], &scaling), NTK_OK);
    assert_int_equal((int)scaling, k);
  }
  assert_int_equal(ntk_scaling_parse("centre", &scaling), NTK_ERR_ARGUMENT);
  assert_string_equal(ntk_error_message(), "unknown scaling 'centre'; did you mean 'center'? "
                                           "known: none, center, standardize, sphere");
  double bad[6] = {0, 0, 0, 0, 0, (double)NAN};
  ntk_dataset *data = NULL;
  assert_int_equal(ntk_dataset_from_array(context, bad, 2, 3, &data), NTK_ERR_NOT_FINITE);
  assert_non_null(strstr(ntk_error_message(), "row 2, column 3 (counted from 1)"));
  assert_int_equal(ntk_dataset_from_array(context, bad, 0, 3, &data), NTK_ERR_ARGUMENT);
  assert_int_equal(ntk_dataset_from_array(context, bad, 3, 0, &data), NTK_ERR_ARGUMENT);
  assert_null(data);
  ntk_dataset_destroy(NULL);
}

/* Borrowed values are the caller's own: one address, no memory of the context's but the object's,
 * not freed and not written to; refused by position as copied ones are. */
static void test_borrow(void **state) {
  (void)state;
  double *rows = malloc(6 * sizeof *rows); /* the sanitizer sees a second free, and a late read */
  assert_non_null(rows);
  const double values[6] = {3, -4, 0, 1e300, -0.0, 2};
  memcpy(rows, values, sizeof values);
  ntk_dataset *data = NULL;
  const size_t before = ntk_memory_in_use(context);
  assert_int_equal(ntk_dataset_borrow(context, rows, 2, 3, &data), NTK_OK);
  assert_ptr_equal(ntk_dataset_values(data), rows);
  assert_int_equal(ntk_memory_in_use(context) - before, sizeof(ntk_dataset));
  assert_int_equal(ntk_dataset_samples(data), 2);
  assert_int_equal(ntk_dataset_dim(data), 3);
  assert_null(ntk_dataset_scaling(data));
  const double scaling[6] = {0, 0, 0, 2, 2, 2};
  assert_int_equal(ntk_dataset_apply_scaling(data, scaling), NTK_ERR_ARGUMENT);
  assert_non_null(strstr(ntk_error_message(), "borrowed"));
  assert_int_equal(ntk_dataset_scale(data, NTK_SCALE_NONE, "array"), NTK_OK);
  for (int s = NTK_SCALE_CENTER; s <= NTK_SCALE_SPHERE; s++)
    assert_int_equal(ntk_dataset_scale(data, (ntk_scaling)s, "array"), NTK_ERR_ARGUMENT);
  ntk_dataset_destroy(data);
  assert_int_equal(ntk_memory_in_use(context), before);
  assert_memory_equal(rows, values, sizeof values);

  data = NULL;
  rows[3] = (double)INFINITY;
  assert_int_equal(ntk_dataset_borrow(context, rows, 2, 3, &data), NTK_ERR_NOT_FINITE);
  assert_non_null(strstr(ntk_error_message(), "inf in row 2, column 1 (counted from 1)"));
  assert_int_equal(ntk_dataset_borrow(context, rows, 2, 0, &data), NTK_ERR_ARGUMENT);
  assert_int_equal(ntk_dataset_borrow(context, rows, SIZE_MAX, 3, &data), NTK_ERR_LIMIT);
  assert_null(data);
  free(rows);
}

/* mkdir -p: makes every missing parent, is content with what is there, refuses files and read-only
 * places, leaves no file. */
static void test_directories(void **state) {
  (void)state;
  char path[128], file[128];
  snprintf(path, sizeof path, "%s/a/b//c/", directory);
  for (int twice = 0; twice < 2; twice++)
    assert_int_equal(ntk_directory_prepare(path), NTK_OK);
  snprintf(file, sizeof file, "%s/f", directory);
  fclose(fopen(file, "w"));
  assert_int_equal(ntk_directory_prepare(file), NTK_ERR_FILE);
  assert_non_null(strstr(ntk_error_message(), "/f' exists and is not a directory"));
  snprintf(path, sizeof path, "%s/f/g", directory);
  assert_int_equal(ntk_directory_prepare(path), NTK_ERR_FILE);
  assert_non_null(strstr(ntk_error_message(), "/f' exists and is not a directory"));
  assert_int_equal(ntk_directory_prepare(""), NTK_ERR_ARGUMENT);
  assert_int_equal(unlink(file), 0);
  snprintf(path, sizeof path, "%s/a/b/c", directory);
  if (geteuid() != 0) { /* nothing is forbidden to root */
    assert_int_equal(chmod(path, 0555), 0);
    assert_int_equal(ntk_directory_prepare(path), NTK_ERR_FILE);
    assert_non_null(strstr(ntk_error_message(), "Permission denied"));
  }
  const char *const made[] = {"a/b/c", "a/b", "a"}; /* empty, or removing them fails */
  for (size_t k = 0; k < 3; k++) {
    snprintf(path, sizeof path, "%s/%s", directory, made[k]);
    assert_int_equal(rmdir(path), 0);
  }
}

/* Everything that the tests before allocated has been freed, failures included. */
static void test_nothing_held(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(context), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_center),      cmocka_unit_test(test_standardize),
      cmocka_unit_test(test_sphere),      cmocka_unit_test(test_load_scales),
      cmocka_unit_test(test_refusals),    cmocka_unit_test(test_borrow),
      cmocka_unit_test(test_directories), cmocka_unit_test(test_nothing_held),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
