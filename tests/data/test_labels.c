/* Labels: drawn, of a teacher, from a file.
 * Property: gaussian N(0, 1), sign +-1 evenly, independent of each other and of the sample's place
 * in longer data; a teacher's have mean square 1 and know nothing of the pupil; a file gives what
 * it holds, or a message and an untouched Y. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "train_support.h"

#include "npy_file.h" /* its names would hide parameters above */

static int setup(void **state) {
  (void)state;
  context = make_context(1);
  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/Y.npy", directory);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  (void)unlink(path);
  assert_int_equal(rmdir(directory), 0);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return 0;
}

static ntk_dataset *data_of(size_t N) {
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(context, "gaussian", N, 3, 1, &data));
  return data;
}

/* Moments 1 to 4 of N(0, 1) and of +-1, each within 5 standard errors sqrt(Var z^k / N): Var z = 1,
 * Var z^2 = 2, Var z^3 = 15, Var z^4 = 96. Neighbours, seeds and kinds are uncorrelated. */
static void test_moments(void **state) {
  (void)state;
  enum { N = 40000 };
  ntk_dataset *data = data_of(N);
  double *Y = make_array(N), *sign = make_array(N), *other = make_array(N);
  assert_ok(ntk_labels_generate(context, "gaussian", NULL, data, 7, Y));
  assert_ok(ntk_labels_generate(context, "gaussian", NULL, data, 8, other));
  assert_ok(ntk_labels_generate(context, "sign", NULL, data, 7, sign));
  double moment[4] = {0}, mean = 0.0, next = 0.0, seeds = 0.0, kinds = 0.0, signs = 0.0;
  for (size_t i = 0; i < N; i++) {
    for (int k = 0; k < 4; k++)
      moment[k] += pow(Y[i], k + 1) / N;
    assert_true(sign[i] == 1.0 || sign[i] == -1.0);
    mean += sign[i] / N;
    next += Y[i] * Y[(i + 1) % N] / N;
    signs += sign[i] * sign[(i + 1) % N] / N;
    seeds += Y[i] * other[i] / N;
    kinds += Y[i] * sign[i] / N;
  }
  const double expected[] = {0, 1, 0, 3}, variance[] = {1, 2, 15, 96}, error = 5.0 / sqrt(N);
  for (int k = 0; k < 4; k++)
    assert_near(moment[k], expected[k], error * sqrt(variance[k]), "moment");
  assert_near(mean, 0.0, error, "mean of signs");
  assert_near(next, 0.0, error, "neighbours");
  assert_near(signs, 0.0, error, "neighbours' signs");
  assert_near(seeds, 0.0, error, "seeds");
  assert_near(kinds, 0.0, error, "kinds");
  free(Y);
  free(sign);
  free(other);
  ntk_dataset_destroy(data);
}

/* Labels are noise to the data and to the weights of the same seed. */
static void test_independent_of_data(void **state) {
  (void)state;
  enum { N = 1000 };
  const size_t width[] = {1, N};
  ntk_dataset *data = NULL; /* its first row, the weights' and the labels are drawn side by side */
  assert_ok(ntk_dataset_generate(context, "gaussian", N, N, 7, &data));
  ntk_network *network = make_network(context, 2, width, "tanh", "paper", 7);
  double *Y = make_array(N), x = 0.0, w = 0.0, a = 0.0;
  assert_ok(ntk_labels_generate(context, "gaussian", NULL, data, 7, Y));
  for (size_t i = 0; i < N; i++) {
    x += Y[i] * ntk_dataset_values(data)[i] / N;
    w += Y[i] * ntk_network_weights(network, 1)[i] / N;
    a += Y[i] * ntk_network_weights(network, 2)[i] / N;
  }
  assert_near(x, 0.0, 5.0 / sqrt(N), "data");
  assert_near(w, 0.0, 5.0 / sqrt(N), "weights");
  assert_near(a, 0.0, 5.0 / sqrt(N), "last weights");
  free(Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

/* Y_i depends on (kind, seed, i) alone: longer data begin with the labels of shorter ones. */
static void test_prefix(void **state) {
  (void)state;
  const char *kinds[] = {"gaussian", "sign"};
  const size_t sizes[] = {1, 2, 3, 7, 8, 63, 500};
  enum { MOST = 1000 };
  ntk_dataset *all = data_of(MOST);
  for (size_t k = 0; k < COUNT(kinds); k++) {
    double whole[MOST], part[MOST];
    assert_ok(ntk_labels_generate(context, kinds[k], NULL, all, 3, whole));
    for (size_t s = 0; s < COUNT(sizes); s++) {
      ntk_dataset *data = data_of(sizes[s]);
      part[sizes[s]] = 77.0; /* not written beyond N */
      assert_ok(ntk_labels_generate(context, kinds[k], NULL, data, 3, part));
      assert_memory_equal(part, whole, sizes[s] * sizeof(double));
      assert_true(part[sizes[s]] == 77.0);
      ntk_dataset_destroy(data);
    }
  }
  ntk_dataset_destroy(all);
}

/* A teacher's labels have mean square 1, are those of a network of the paper's law (tanh: on two
 * samples x and -x, opposite), and do not change with the pupil's seed, init, beta or gamma; they
 * change with the seed of the labels, and are not the pupil's outputs. */
static void test_teacher(void **state) {
  (void)state;
  enum { N = 200 };
  const size_t width[] = {3, 9, 8};
  const double beta[] = {2.0, 0.5, 3.0};
  double *X = make_normal(1, 3 * N), Y[N], other[N], square = 0.0, F[N], pupil = 0.0, size = 0.0;
  for (size_t i = 0; i < 3 * N / 2; i++)
    X[3 * N / 2 + i] = -X[i];
  ntk_dataset *data = make_data(context, X, N, 3);
  ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 4};
  assert_ok(ntk_labels_generate(context, "teacher", &spec, data, 4, Y));
  for (size_t i = 0; i < N; i++) {
    square += Y[i] * Y[i] / N;
    assert_near(Y[i], -Y[(i + N / 2) % N], 1e-12, "odd");
  }
  assert_near(square, 1.0, 1e-14, "mean square");
  ntk_network *network = fit_network(context, &spec);
  assert_ok(ntk_network_output(network, data, F));
  for (size_t i = 0; i < N; i++)
    size += F[i] * F[i] / N;
  for (size_t i = 0; i < N; i++)
    pupil = fmax(pupil, fabs(Y[i] - F[i] / sqrt(size)));
  assert_true(pupil > 0.05); /* not the pupil, though of the same seed */
  ntk_network_destroy(network);
  const ntk_network_spec pupils[] = {
      {.depth = 3, .width = width, .activation = "tanh", .seed = 5},
      {.depth = 3, .width = width, .activation = "tanh", .init = "he", .seed = 4},
      {.depth = 3, .width = width, .activation = "tanh", .beta = beta, .seed = 4},
      {.depth = 3, .width = width, .activation = "tanh", .init = "antisymmetric", .gamma = 1e9}};
  for (size_t k = 0; k < COUNT(pupils); k++) {
    assert_ok(ntk_labels_generate(context, "teacher", &pupils[k], data, 4, other));
    assert_memory_equal(other, Y, sizeof Y);
  }
  assert_ok(ntk_labels_generate(context, "teacher", &spec, data, 5, other));
  assert_true(largest_difference(N, other, Y) > 0.1);
  spec.activation = "sin";
  assert_ok(ntk_labels_generate(context, "teacher", &spec, data, 4, other));
  assert_true(largest_difference(N, other, Y) > 0.1);
  free(X);
  ntk_dataset_destroy(data);
}

/* A teacher can do what no pupil does: labels are refused, and Y is as it was. */
static void test_refused_kinds(void **state) {
  (void)state;
  const size_t width[] = {3, 4}, wrong[] = {2, 4};
  ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh"};
  double X[6] = {0}, Y[2] = {5.0, 6.0};
  ntk_dataset *data = make_data(context, X, 2, 3);
  assert_refused(
      ntk_labels_generate(context, "Gaussian", NULL, data, 0, Y), NTK_ERR_ARGUMENT,
      "unknown labels 'Gaussian'; did you mean 'gaussian'? known: gaussian, sign, teacher");
  assert_refused(ntk_labels_generate(context, "teacher", NULL, data, 0, Y), NTK_ERR_ARGUMENT,
                 "the network that they are for");
  assert_refused(ntk_labels_generate(context, "teacher", &spec, data, 0, Y), NTK_ERR_NUMERIC,
                 "all 0");
  spec.width = wrong;
  assert_refused(ntk_labels_generate(context, "teacher", &spec, data, 0, Y), NTK_ERR_SHAPE,
                 "d = 3");
  assert_true(Y[0] == 5.0 && Y[1] == 6.0);
  ntk_dataset_destroy(data);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static void expect_labels(const ntk_dataset *data, const double *expected) {
  const size_t N = ntk_dataset_samples(data);
  double *Y = make_array(N + 1);
  Y[N] = 77.0;
  assert_ok(ntk_labels_load(context, path, data, Y));
  assert_memory_equal(Y, expected, N * sizeof *Y);
  assert_true(Y[N] == 77.0);
  free(Y);
}

/* Rank 1 and N x 1, in double, float and integers; both orders of a column. */
static void test_files(void **state) {
  (void)state;
  const double values[3] = {0.5, -3.0, 2.0}, whole[3] = {7.0, -3.0, 2.0};
  const float single[3] = {0.5F, -3.0F, 2.0F};
  const int32_t integers[3] = {7, -3, 2};
  ntk_dataset *data = data_of(3);
  write_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", values, sizeof values);
  expect_labels(data, values);
  write_file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1), }", values,
             sizeof values);
  expect_labels(data, values);
  write_file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 1), }", values,
             sizeof values);
  expect_labels(data, values);
  write_file(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", single, sizeof single);
  expect_labels(data, values);
  write_file(1, "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 1), }", integers,
             sizeof integers);
  expect_labels(data, whole);
  ntk_dataset_destroy(data);
}

/* Of several outputs: N x n_L, whose columns are independent, and whose first one is the labels of
 * one output; a teacher has the pupil's outputs and biases, with which it is odd no more. */
static void test_outputs(void **state) {
  (void)state;
  enum { N = 4000, OUTPUTS = 3 };
  const size_t width[] = {3, 9};
  const bool bias[] = {true, false};
  ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh", .outputs = OUTPUTS};
  ntk_dataset *data = data_of(N);
  double *one = make_array(N), *all = make_array(N * OUTPUTS);
  static const char *const kinds[] = {"gaussian", "sign"};
  for (size_t k = 0; k < COUNT(kinds); k++) {
    double products[OUTPUTS][OUTPUTS] = {{0.0}};
    assert_ok(ntk_labels_generate(context, kinds[k], NULL, data, 7, one));
    assert_ok(ntk_labels_generate(context, kinds[k], &spec, data, 7, all));
    for (size_t i = 0; i < N; i++) {
      assert_true(all[i * OUTPUTS] == one[i]);
      for (size_t a = 0; a < OUTPUTS; a++)
        for (size_t b = 0; b < OUTPUTS; b++)
          products[a][b] += all[i * OUTPUTS + a] * all[i * OUTPUTS + b] / N;
    }
    for (size_t a = 0; a < OUTPUTS; a++)
      for (size_t b = 0; b < OUTPUTS; b++)
        assert_near(products[a][b], a == b, 5.0 * sqrt((a == b ? 2.0 : 1.0) / N), kinds[k]);
  }
  const double x[6] = {1.0, 2.0, -0.5, -1.0, -2.0, 0.5};
  ntk_dataset *pair = make_data(context, x, 2, 3);
  double Y[2 * OUTPUTS], square = 0.0, odd = 0.0;
  assert_ok(ntk_labels_generate(context, "teacher", &spec, pair, 4, Y));
  for (size_t c = 0; c < OUTPUTS; c++) {
    assert_near(Y[c], -Y[OUTPUTS + c], 1e-14, "odd");
    square += 2.0 * Y[c] * Y[c] / (2 * OUTPUTS);
  }
  assert_near(square, 1.0, 1e-14, "mean square");
  assert_true(Y[0] != Y[1] && Y[1] != Y[2]);
  spec.bias = bias;
  spec.bias_deviation = 1.0;
  assert_ok(ntk_labels_generate(context, "teacher", &spec, pair, 4, Y));
  for (size_t c = 0; c < OUTPUTS; c++)
    odd = fmax(odd, fabs(Y[c] + Y[OUTPUTS + c]));
  assert_true(odd > 0.1);
  free(one);
  free(all);
  ntk_dataset_destroy(pair);
  ntk_dataset_destroy(data);
}

/* Of data loaded in part, N labels or one for each row of the file, which then are the first N. */
static void test_partly_loaded(void **state) {
  (void)state;
  enum { ROWS = 6, N = 4 };
  char data_path[64];
  const size_t shape[2] = {ROWS, 2}, labels[3] = {N, ROWS, ROWS - 1};
  double *X = make_normal(1, ROWS * 2), *all = make_normal(2, ROWS), Y[N] = {1.0, 2.0, 3.0, 4.0};
  const double kept[N] = {1.0, 2.0, 3.0, 4.0};
  snprintf(data_path, sizeof data_path, "%s/X.npy", directory);
  assert_ok(ntk_npy_save(data_path, X, 2, shape));
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_load(context, data_path, N, 2, NTK_SCALE_NONE, &data));
  for (size_t k = 0; k < 2; k++) {
    assert_ok(ntk_npy_save(path, all, 1, &labels[k]));
    expect_labels(data, all);
  }
  assert_ok(ntk_npy_save(path, all, 1, &labels[2]));
  assert_refused(ntk_labels_load(context, path, data, Y), NTK_ERR_SHAPE,
                 "holds 5 labels; accepted: 4, or 6: one for each row");
  assert_memory_equal(Y, kept, sizeof Y);
  assert_int_equal(unlink(data_path), 0);
  ntk_dataset_destroy(data);
  free(X);
  free(all);
}

/* What is no vector of N finite numbers, with what is wrong in the message; Y stays. */
static void test_refused_files(void **state) {
  (void)state;
  enum { N = 3 };
  const double values[6] = {1, 2, 3, 4, 5, 6}, kept[N] = {7.0, 8.0, 9.0};
  const double nan[N] = {1.0, NAN, 3.0}, inf[N] = {1.0, 2.0, -INFINITY};
  double Y[N] = {7.0, 8.0, 9.0};
  ntk_dataset *data = data_of(N);
  const struct {
    const char *dictionary;
    const void *bytes;
    size_t count;
    ntk_status status;
    const char *says;
  } cases[] = {
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", values, 16, NTK_ERR_SHAPE,
       "holds 2 labels; accepted: 3"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }", values, 32, NTK_ERR_SHAPE,
       "holds 4 labels; accepted: 3"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", values, 48, NTK_ERR_SHAPE,
       "holds 3 x 2 numbers; accepted: 3 labels"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }", values, 24, NTK_ERR_SHAPE,
       "holds 1 x 3 numbers; accepted: 3 labels"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1, 1), }", values, 24, NTK_ERR_SHAPE,
       "accepted: 3 labels"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (), }", values, 8, NTK_ERR_SHAPE, ""},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }", values, 0, NTK_ERR_SHAPE, ""},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", nan, 24, NTK_ERR_NOT_FINITE,
       "entry 2 (counted from 1)"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1), }", inf, 24, NTK_ERR_NOT_FINITE,
       "3"},
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", values, 23, NTK_ERR_FORMAT, ""},
      {"{'descr': '<c16', 'fortran_order': False, 'shape': (3,), }", values, 48, NTK_ERR_FORMAT,
       "complex"},
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    write_file(1, cases[k].dictionary, cases[k].bytes, cases[k].count);
    assert_refused(ntk_labels_load(context, path, data, Y), cases[k].status, cases[k].says);
    assert_non_null(strstr(ntk_error_message(), path));
    assert_memory_equal(Y, kept, sizeof Y);
  }
  assert_refused(ntk_labels_load(context, directory, data, Y), NTK_ERR_FILE, "a directory");
  assert_refused(ntk_labels_load(context, "/tmp/ntkit-none/Y.npy", data, Y), NTK_ERR_FILE,
                 "No such file");
  assert_refused(ntk_labels_load(context, "", data, Y), NTK_ERR_FILE, "");
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0); /* opened, it would never answer */
  assert_refused(ntk_labels_load(context, path, data, Y), NTK_ERR_FILE, "regular file");
  ntk_dataset_destroy(data);
}

/* The table of kinds names what ntk_labels_generate takes. */
static void test_list(void **state) {
  (void)state;
  const size_t width[] = {3, 4};
  const ntk_network_spec spec = {.depth = 2, .width = width};
  size_t count = 0;
  double Y[5];
  ntk_dataset *data = data_of(5);
  const ntk_name_info *kind = ntk_labels_list(&count);
  assert_int_equal(count, 3);
  for (size_t k = 0; k < count; k++)
    assert_ok(ntk_labels_generate(context, kind[k].name, &spec, data, 0, Y));
  ntk_dataset_destroy(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_moments),       cmocka_unit_test(test_independent_of_data),
      cmocka_unit_test(test_prefix),        cmocka_unit_test(test_teacher),
      cmocka_unit_test(test_refused_kinds), cmocka_unit_test(test_files),
      cmocka_unit_test(test_outputs),       cmocka_unit_test(test_partly_loaded),
      cmocka_unit_test(test_refused_files), cmocka_unit_test(test_list),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
