/* The distributions of Section 2.
 * Property: E x_j = 0, Var x_j = 1, the covariances and supports that their definitions give; row i
 * is a function of (name, seed, d, i). */
#include "data/dataset.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double PI = 3.14159265358979323846;
static ntk_context *one, *two; /* with one thread and with two */

static int setup(void **state) {
  (void)state;
  const ntk_context_options options[] = {{.threads = 1}, {.threads = 2}};
  return ntk_context_create(&options[0], &one) != NTK_OK ||
         ntk_context_create(&options[1], &two) != NTK_OK;
}

static int teardown(void **state) {
  (void)state;
  ntk_context_destroy(one);
  ntk_context_destroy(two);
  return 0;
}

static ntk_dataset *generate(ntk_context *context, const char *name, size_t N, size_t d,
                             uint64_t seed) {
  ntk_dataset *data = NULL;
  assert_int_equal(ntk_dataset_generate(context, name, N, d, seed, &data), NTK_OK);
  assert_int_equal(ntk_dataset_samples(data), N);
  assert_int_equal(ntk_dataset_dim(data), d);
  return data;
}

/* Cov(x_j, x_{j+lag}): the identity, except for gan, where the pre-activations are normal with the
 * autocorrelation c of the taps (1, 2, 3, 2, 1) and Cov(erf, erf) = (2/pi) asin(2c/3). */
static double covariance(const char *name, size_t lag) {
  const double autocorrelation[] = {19.0 / 19, 16.0 / 19, 10.0 / 19, 4.0 / 19, 1.0 / 19};
  if (strcmp(name, "gan") != 0 || lag > 4)
    return lag == 0 ? 1.0 : 0.0;
  return asin(2.0 * autocorrelation[lag] / 3.0) / asin(2.0 / 3.0); /* s^2 2/pi = 1 / asin(2/3) */
}

/* E x_j = 0 and E x_j x_k = covariance(|j - k|), for every j and k. E (x_j x_k)^2 <= 3 for each of
 * the five, so that 5 standard errors are at most 5 sqrt(3/N). */
static void test_moments(void **state) {
  (void)state;
  enum { N = 200000, D = 7 };
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  assert_int_equal(count, 5);
  for (size_t k = 0; k < count; k++) {
    ntk_dataset *data = generate(two, list[k].name, N, D, 100 + k);
    const double *X = ntk_dataset_values(data);
    double mean[D] = {0}, product[D][D] = {{0}};
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < D; j++) {
        mean[j] += X[i * D + j] / N;
        for (size_t l = 0; l < D; l++)
          product[j][l] += X[i * D + j] * X[i * D + l] / N;
      }
    for (size_t j = 0; j < D; j++) {
      assert_true(fabs(mean[j]) <= 5.0 * sqrt(1.0 / N));
      for (size_t l = 0; l < D; l++) {
        const double expected = covariance(list[k].name, j > l ? j - l : l - j);
        assert_true(fabs(product[j][l] - expected) <= 5.0 * sqrt(3.0 / N));
      }
    }
    ntk_dataset_destroy(data);
  }
}

/* E x_j x_{j+lag} = 0 for far coordinates too, averaged over rows and j: no word of randomness is
 * used twice in a row. Neighbours in gan are dependent, which at most doubles the standard error.
 */
static void test_far_coordinates(void **state) {
  (void)state;
  enum { N = 500, D = 600 };
  const size_t lags[] = {5, 32, 63, 64, 65, 128, 192, 256, 511, 512};
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  for (size_t k = 0; k < count; k++) {
    ntk_dataset *data = generate(two, list[k].name, N, D, 200 + k);
    for (size_t l = 0; l < sizeof lags / sizeof lags[0]; l++) {
      double sum = 0.0;
      for (size_t i = 0; i < N; i++)
        for (size_t j = lags[l]; j < D; j++)
          sum += data->X[i * D + j] * data->X[i * D + j - lags[l]];
      assert_true(fabs(sum) <= 5.0 * 2.0 * sqrt((double)(N * (D - lags[l]))));
    }
    ntk_dataset_destroy(data);
  }
}

/* ||x|| = sqrt d on the sphere; |x_j| = 1 exactly for binary; |x_j| <= sqrt 3 on the cube, coming
 * near both ends; |x_j| <= s for gan. */
static void test_supports(void **state) {
  (void)state;
  const size_t dims[] = {1, 2, 5, 64, 300, 1000};
  for (size_t k = 0; k < sizeof dims / sizeof dims[0]; k++) {
    const size_t N = 200, d = dims[k];
    ntk_dataset *sphere = generate(one, "sphere", N, d, 7), *cube = generate(one, "cube", N, d, 7);
    ntk_dataset *binary = generate(one, "binary", N, d, 7), *gan = generate(one, "gan", N, d, 7);
    const double s = 1.0 / sqrt(2.0 / PI * asin(2.0 / 3.0));
    double smallest = 0.0, largest = 0.0, sum = 0.0;
    for (size_t i = 0; i < N; i++) {
      double square = 0.0;
      for (size_t j = i * d; j < (i + 1) * d; j++) {
        square += sphere->X[j] * sphere->X[j];
        smallest = fmin(smallest, cube->X[j]);
        largest = fmax(largest, cube->X[j]);
        assert_true(binary->X[j] == 1.0 || binary->X[j] == -1.0);
        sum += binary->X[j];
        assert_true(fabs(gan->X[j]) <= s);
      }
      assert_true(fabs(sqrt(square / (double)d) - 1.0) <= 1e-12);
    }
    assert_true(-sqrt(3.0) <= smallest && smallest < -1.6);
    assert_true(largest <= sqrt(3.0) && largest > 1.6);
    assert_true(fabs(sum) <= 5.0 * sqrt((double)(N * d)));
    ntk_dataset_destroy(sphere);
    ntk_dataset_destroy(cube);
    ntk_dataset_destroy(binary);
    ntk_dataset_destroy(gan);
  }
}

/* Row i does not depend on N, on the number of threads or on how the rows are cut into pieces. */
static void test_rows_stand_alone(void **state) {
  (void)state;
  enum { D = 37, MOST = 1000 };
  const size_t sizes[] = {1, 7, 64, MOST};
  static double piece[MOST * D];
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  for (size_t k = 0; k < count; k++) {
    ntk_dataset *all = generate(two, list[k].name, MOST, D, 3);
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
      ntk_dataset *some = generate(one, list[k].name, sizes[n], D, 3);
      assert_memory_equal(some->X, all->X, sizes[n] * D * sizeof(double));
      ntk_dataset_destroy(some);
    }
    ntk_random source = {.seed = 3, .stream = NTK_STREAM_DATA};
    assert_int_equal(ntk_distribution_fill(two, &list[k], source, 123, 456, D, piece), NTK_OK);
    assert_memory_equal(piece, all->X + (size_t)123 * D, sizeof(double) * 456 * D);
    source.stream = NTK_STREAM_POPULATION;
    assert_int_equal(ntk_distribution_fill(two, &list[k], source, 0, MOST, D, piece), NTK_OK);
    for (size_t i = 0; i < MOST; i++)
      assert_memory_not_equal(piece + i * D, all->X + i * D, sizeof(double) * D);
    ntk_dataset_destroy(all);
  }
}

/* Different seeds, and different rows of one seed, give different samples. */
static void test_seeds_differ(void **state) {
  (void)state;
  enum { N = 20, D = 128 };
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  for (size_t k = 0; k < count; k++) {
    ntk_dataset *a = generate(one, list[k].name, N, D, 1),
                *b = generate(one, list[k].name, N, D, 2);
    for (size_t i = 0; i < N; i++)
      for (size_t j = 0; j < N; j++) {
        assert_memory_not_equal(a->X + i * D, b->X + j * D, D * sizeof(double));
        if (i != j)
          assert_memory_not_equal(a->X + i * D, a->X + j * D, D * sizeof(double));
      }
    ntk_dataset_destroy(a);
    ntk_dataset_destroy(b);
  }
}

/* What is refused: the status, and a message that holds the facts; the output stays untouched. */
static void test_refusals(void **state) {
  (void)state;
  const size_t big = (size_t)INT32_MAX;
  const struct {
    const char *name;
    size_t N, d;
    ntk_status status;
    const char *fact;
  } cases[] = {
      {"gausian", 1, 1, NTK_ERR_ARGUMENT,
       "'gausian'; did you mean 'gaussian'? known: gaussian, sphere, cube, binary, gan"},
      {"gaussian", 0, 1, NTK_ERR_ARGUMENT, "samples N is 0"},
      {"gaussian", 1, 0, NTK_ERR_ARGUMENT, "dimension d is 0"},
      {"gaussian", big + 1, 1, NTK_ERR_LIMIT, "N is 2147483648; accepted: 1 to 2147483647"},
      {"gaussian", 1, big + 1, NTK_ERR_LIMIT, "d is 2147483648; accepted: 1 to 2147483647"},
      {"gaussian", big, big, NTK_ERR_LIMIT, "address space"},
      {"gaussian", big, 1 << 20, NTK_ERR_MEMORY, "GB"},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    ntk_dataset *data = NULL;
    assert_int_equal(ntk_dataset_generate(one, cases[k].name, cases[k].N, cases[k].d, 1, &data),
                     cases[k].status);
    assert_non_null(strstr(ntk_error_message(), cases[k].fact));
    assert_null(data);
  }
}

/* Everything that the tests before allocated has been freed, failures included. */
static void test_nothing_held(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(one) + ntk_memory_in_use(two), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_moments),      cmocka_unit_test(test_far_coordinates),
      cmocka_unit_test(test_supports),     cmocka_unit_test(test_rows_stand_alone),
      cmocka_unit_test(test_seeds_differ), cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_nothing_held),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
