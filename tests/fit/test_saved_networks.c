/* Networks and scalings read back from files.
 * Properties: what was saved comes back bit for bit; files that are no network are refused by name;
 * data scaled by the means and deviations of others are scaled as these were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "ntkit/fit.h"
#include "support.h"

static char directory[] = "/tmp/ntkit-test-XXXXXX";
static ntk_context *context;

static int setup(void **state) {
  (void)state;
  context = make_context(1);
  return mkdtemp(directory) == NULL;
}

static const char *file_of(char kind, size_t l) {
  static char path[64];
  snprintf(path, sizeof path, "%s/%c%zu.npy", directory, kind, l);
  return path;
}

static const char *path_of(size_t l) {
  return file_of('W', l);
}

static void remove_all(void) {
  for (size_t l = 1; l < 8; l++) {
    (void)unlink(file_of('W', l));
    (void)unlink(file_of('b', l));
  }
}

static int teardown(void **state) {
  (void)state;
  remove_all();
  ntk_context_destroy(context);
  return rmdir(directory);
}

static void write_matrix(size_t l, const double *W, size_t rows, size_t columns) {
  assert_ok(ntk_npy_save(path_of(l), W, 2, (size_t[]){rows, columns}));
}

static void write_network(const ntk_network *network) {
  remove_all();
  for (size_t l = 1; l <= ntk_network_depth(network); l++) {
    const size_t out = ntk_network_width(network, l);
    write_matrix(l, ntk_network_weights(network, l), ntk_network_width(network, l - 1), out);
    if (ntk_network_has_bias(network, l))
      assert_ok(ntk_npy_save(file_of('b', l), ntk_network_bias(network, l), 1, &out));
  }
}

static void test_round_trip(void **state) {
  (void)state;
  static const size_t width[] = {5, 7, 1, 4, 6};
  for (size_t L = 2; L <= COUNT(width); L++) {
    ntk_network *network = make_network(context, L, width, "tanh", NULL, L), *loaded = NULL;
    write_network(network);
    assert_ok(ntk_network_load(context, directory, "tanh", &loaded));
    assert_int_equal(ntk_network_depth(loaded), L);
    for (size_t l = 0; l <= L; l++)
      assert_int_equal(ntk_network_width(loaded, l), ntk_network_width(network, l));
    assert_memory_equal(ntk_network_weights(loaded, 1), ntk_network_weights(network, 1),
                        ntk_network_parameters(network) * sizeof(double));
    ntk_network_destroy(loaded);
    ntk_network_destroy(network);
  }
}

/* Some layers with biases, and several outputs. */
static void test_biases(void **state) {
  (void)state;
  static const size_t width[] = {5, 7, 4};
  static const bool bias[] = {true, false, true};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .outputs = 2,
                                 .activation = "tanh",
                                 .bias = bias,
                                 .bias_deviation = 1.0};
  ntk_network *network = NULL, *loaded = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  write_network(network);
  assert_ok(ntk_network_load(context, directory, "tanh", &loaded));
  assert_int_equal(ntk_network_parameters(loaded), ntk_network_parameters(network));
  for (size_t l = 1; l <= 3; l++) {
    const size_t in = ntk_network_width(network, l - 1), out = ntk_network_width(network, l);
    assert_int_equal(ntk_network_width(loaded, l), out);
    assert_int_equal(ntk_network_has_bias(loaded, l), bias[l - 1]);
    assert_memory_equal(ntk_network_weights(loaded, l), ntk_network_weights(network, l),
                        in * out * sizeof(double));
    if (bias[l - 1])
      assert_memory_equal(ntk_network_bias(loaded, l), ntk_network_bias(network, l),
                          out * sizeof(double));
  }
  ntk_network_destroy(loaded);
  ntk_network_destroy(network);
}

static void expect_refused(ntk_status status, const char *says) {
  const size_t held = ntk_memory_in_use(context);
  ntk_network *network = NULL;
  assert_refused(ntk_network_load(context, directory, "tanh", &network), status, says);
  assert_null(network);
  assert_int_equal(ntk_memory_in_use(context), held);
}

static void test_refusals(void **state) {
  (void)state;
  static const size_t width[] = {5, 7, 4};
  ntk_network *network = make_network(context, 3, width, "tanh", NULL, 1);
  double *some = make_normal(1, 100);
  write_network(network);
  (void)unlink(path_of(1));
  expect_refused(NTK_ERR_FILE, "W1.npy");
  write_network(network);
  (void)unlink(path_of(2));
  expect_refused(NTK_ERR_FILE, "W3 is there, and W2.npy is not");
  write_network(network);
  assert_ok(ntk_npy_save(file_of('b', 4), some, 1, (size_t[]){1}));
  expect_refused(NTK_ERR_FORMAT, "b4 is a bias, and its layer has no weight");
  write_network(network);
  assert_ok(ntk_npy_save(file_of('b', 2), some, 1, (size_t[]){3}));
  expect_refused(NTK_ERR_SHAPE, "the bias b2 is [3] and its weight W2 is 7 x 4, of 4 outputs");
  write_network(network);
  write_matrix(2, some, 6, 4);
  expect_refused(NTK_ERR_SHAPE, "W2 is 6 x 4 and takes 6 numbers, and W1 before it is 5 x 7 and "
                                "puts out 7");
  for (size_t l = 1; l <= 3; l++) /* n_l x n_{l-1}, as torch.nn.Linear has them */
    write_matrix(l, some, l == 3 ? 1 : width[l], width[l - 1]);
  expect_refused(NTK_ERR_SHAPE, "these look transposed, as torch.nn.Linear has them");
  write_network(network); /* 7 x 7 says nothing; the last one does */
  write_matrix(1, some, 7, 7);
  write_matrix(2, some, 1, 7);
  (void)unlink(path_of(3));
  expect_refused(NTK_ERR_SHAPE, "these look transposed, as torch.nn.Linear has them");
  write_network(network);
  some[9] = NAN;
  write_matrix(2, some, 7, 4);
  expect_refused(NTK_ERR_NOT_FINITE, "row 3, column 2");
  write_network(network);
  assert_ok(ntk_npy_save(path_of(3), some, 1, (size_t[]){4}));
  expect_refused(NTK_ERR_FORMAT, "W3 ([4]) is no dense layer's");
  for (size_t l = 2; l < 8; l++)
    (void)unlink(path_of(l));
  write_matrix(1, some, 5, 1);
  expect_refused(NTK_ERR_ARGUMENT, "depth is 1");
  write_network(network);
  ntk_network *other = NULL;
  assert_refused(ntk_network_load(context, directory, "cube", &other), NTK_ERR_ARGUMENT, "cube");
  free(some);
  ntk_network_destroy(network);
}

/* (x - m) / s of some rows has the bits that scaling the whole file gave them. */
static void test_columns(void **state) {
  (void)state;
  enum { N = 40, D = 6 };
  double *X = make_normal(3, N * D);
  for (size_t i = 0; i < N; i++) {
    X[i * D + 1] = 3.0; /* constant */
    X[i * D + 2] = 1e200 * X[i * D + 2] + 5e200;
    X[i * D + 3] *= 1e-200;
    X[i * D + 4] = floor(100.0 * X[i * D + 4]);
  }
  write_matrix(1, X, N, D);
  for (int k = NTK_SCALE_NONE; k <= NTK_SCALE_SPHERE; k++) {
    ntk_dataset *scaled = NULL, *rows = make_data(context, X, N / 2, D);
    assert_ok(ntk_dataset_load(context, path_of(1), 0, D, (ntk_scaling)k, &scaled));
    const double *columns = ntk_dataset_scaling(scaled);
    if (k == NTK_SCALE_NONE || k == NTK_SCALE_SPHERE) {
      assert_null(columns);
    } else {
      assert_ok(ntk_dataset_apply_scaling(rows, columns));
      assert_memory_equal(ntk_dataset_values(rows), ntk_dataset_values(scaled),
                          N / 2 * D * sizeof(double));
      assert_true(columns[D + 1] == (k == NTK_SCALE_CENTER ? 1.0 : 0.0));
    }
    ntk_dataset_destroy(rows);
    ntk_dataset_destroy(scaled);
  }
  free(X);
}

static void test_columns_overflow(void **state) {
  (void)state;
  const double X[4] = {1.0, 2.0, 1e308, 4.0}, columns[4] = {0.0, 0.0, 1.0, 1e-2};
  const double tiny[4] = {0.0, 0.0, 1e-2, 1.0};
  ntk_dataset *data = make_data(context, X, 2, 2);
  assert_ok(ntk_dataset_apply_scaling(data, columns));
  assert_near(ntk_dataset_values(data)[3], 400.0, 1e-12, "x / s");
  assert_refused(ntk_dataset_apply_scaling(data, tiny), NTK_ERR_NOT_FINITE, "row 2, column 1");
  static const double wrong[][4] = {{0.0, 0.0, 1.0, -2.0},
                                    {0.0, 0.0, 1.0, NAN},
                                    {0.0, 0.0, 1.0, INFINITY},
                                    {0.0, NAN, 1.0, 1.0},
                                    {0.0, INFINITY, 1.0, 1.0}};
  double before[4];
  memcpy(before, ntk_dataset_values(data), sizeof before);
  for (size_t k = 0; k < COUNT(wrong); k++)
    assert_refused(ntk_dataset_apply_scaling(data, wrong[k]), NTK_ERR_ARGUMENT, "column 2");
  assert_memory_equal(ntk_dataset_values(data), before, sizeof before);
  ntk_dataset_destroy(data);
}

/* Rows that are copies, also in single precision, at any size; and no others. */
static void test_find_rows(void **state) {
  (void)state;
  enum { N = 50, D = 4 };
  for (int power = -300; power <= 300; power += 150) {
    double *X = make_normal(5, N * D), *Z = make_normal(6, N * D);
    for (size_t k = 0; k < N * D; k++)
      X[k] *= pow(10.0, power);
    memcpy(X + 7 * D, X + 3 * D, D * sizeof *X); /* the first of equal ones is told */
    for (size_t k = 0; k < D; k++) {
      Z[k] = X[20 * D + k];
      Z[D + k] = power == 0 ? (double)(float)X[30 * D + k] : X[30 * D + k];
      Z[2 * D + k] = X[7 * D + k];
      Z[3 * D + k] = k == D - 1 ? X[40 * D + k] * (1.0 + 1e-6) : X[40 * D + k];
      Z[4 * D + k] = -X[5 * D + k];
      Z[5 * D + k] = X[12 * D + k] = 0.0;
    }
    Z[5 * D] = -0.0;
    ntk_dataset *among = make_data(context, X, N, D), *data = make_data(context, Z, N, D);
    size_t row[N];
    assert_ok(ntk_dataset_find_rows(data, among, row));
    assert_true(row[0] == 20 && row[1] == 30 && row[2] == 3 && row[5] == 12);
    for (size_t i = 3; i < N; i++)
      assert_true(i == 5 || row[i] == SIZE_MAX);
    ntk_dataset *other = make_data(context, X, N, D - 1);
    assert_refused(ntk_dataset_find_rows(data, other, row), NTK_ERR_SHAPE,
                   "4 numbers among rows of 3");
    ntk_dataset_destroy(other);
    ntk_dataset_destroy(data);
    ntk_dataset_destroy(among);
    free(X);
    free(Z);
  }
}

/* Errors of outputs that are known: the network computes 2 tanh(x). */
static void test_measure(void **state) {
  (void)state;
  static const size_t width[] = {1, 1};
  const double first = 1.0, second = 2.0;
  const double *const W[] = {&first, &second};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh"};
  ntk_network *network = NULL;
  assert_ok(ntk_network_from_weights(context, &spec, W, NULL, &network));
  const double X[3] = {0.5, -1.0, 0.0};
  ntk_dataset *data = make_data(context, X, 3, 1);
  const double Y[3] = {2 * tanh(0.5) - 3.0, 2 * tanh(-1.0) + 4.0, 0.0};
  ntk_fit_error error;
  assert_ok(ntk_fit_measure(network, data, Y, &error));
  assert_near(error.largest, 4.0, 1e-14, "largest error");
  assert_near(error.relative, 5.0 / hypot(Y[0], Y[1]), 1e-14, "relative error");
  assert_true(error.rounding > 0.0 && error.rounding < 1e-13);
  const double huge[3] = {1.7e308, -1.7e308, 1.7e308}; /* their norm is no double */
  assert_ok(ntk_fit_measure(network, data, huge, &error));
  assert_near(error.relative, 1.0, 1e-14, "of huge labels");
  const double tiny[3] = {1e-300, 1e-300, 1e-300}; /* nor are their squares */
  assert_ok(ntk_fit_measure(network, data, tiny, &error));
  assert_near(error.relative / (hypot(2 * tanh(0.5), 2 * tanh(1.0)) / sqrt(3) * 1e300), 1.0, 1e-14,
              "of tiny labels");
  const double zero[3] = {0.0, 0.0, 0.0};
  assert_ok(ntk_fit_measure(network, data, zero, &error));
  assert_near(error.relative, hypot(2 * tanh(0.5), 2 * tanh(1.0)), 1e-14, "of labels 0: the norm");
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

/* Of two outputs, 2 tanh(x) and -tanh(x): the errors of all numbers, N x 2. */
static void test_measure_outputs(void **state) {
  (void)state;
  static const size_t width[] = {1, 1};
  const double first = 1.0, second[2] = {2.0, -1.0}, *const W[] = {&first, second};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh", .outputs = 2};
  ntk_network *network = NULL;
  ntk_fit_error error;
  assert_ok(ntk_network_from_weights(context, &spec, W, NULL, &network));
  ntk_dataset *data = make_data(context, (double[]){0.5, -1.0}, 2, 1);
  const double Y[4] = {2 * tanh(0.5) - 3.0, -tanh(0.5), 2 * tanh(-1.0), -tanh(-1.0) + 4.0};
  assert_ok(ntk_fit_measure(network, data, Y, &error));
  assert_near(error.largest, 4.0, 1e-14, "largest error");
  assert_near(error.relative, 5.0 / sqrt(Y[0] * Y[0] + Y[1] * Y[1] + Y[2] * Y[2] + Y[3] * Y[3]),
              1e-14, "relative error");
  assert_true(error.rounding > 0.0 && error.rounding < 1e-13);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),       cmocka_unit_test(test_biases),
      cmocka_unit_test(test_refusals),         cmocka_unit_test(test_columns),
      cmocka_unit_test(test_columns_overflow), cmocka_unit_test(test_find_rows),
      cmocka_unit_test(test_measure),          cmocka_unit_test(test_measure_outputs),
  };
  return cmocka_run_group_tests_name("saved_networks", tests, setup, teardown);
}
