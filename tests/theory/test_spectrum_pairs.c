/* More eigenpairs than the two, and files of the blocks, by ntk_spectrum.
 * Property: the m smallest and m largest values are those of K decomposed whole, their residuals
 * K's own, the first of them lambda_min's and lambda_max's; where K is singular there are only the
 * largest; block k's file is K_k to the bit; the peak of memory is within the forecast. */
#include "conditioning.h"
#include "kernel/kernel.h"

enum { N = 90 };
static const size_t width[] = {9, 12, 11};

static double *decompose(problem *p, double *values) {
  ntk_features *features = make_features(p->network, p->data);
  double *K = kernel_array(features, p->N, NULL), *V = make_array(p->N * p->N);
  memcpy(V, K, p->N * p->N * sizeof *V);
  assert_ok(ntk_dsyevd(p->context, 'N', p->N, V, values));
  ntk_features_destroy(features);
  free(V);
  return K;
}

static void check_pair(const double *K, size_t n, double expected, const ntk_spectrum_pair *pair) {
  const double rounding = 30 * (double)n * DBL_EPSILON * 1e3;
  double *r = make_array(n);
  assert_int_equal(pair->order, n);
  plain_product(n, K, pair->vector, r);
  for (size_t i = 0; i < n; i++)
    r[i] -= pair->value * pair->vector[i];
  assert_near(pair->value, expected, 1e-6 * expected + rounding, "eigenvalue");
  assert_near(norm2(n, pair->vector), 1.0, 1e-12, "||v||");
  assert_near(pair->residual, norm2(n, r), rounding, "residual");
  free(r);
}

static void test_pairs(void **state) {
  (void)state;
  for (size_t m = 1; m <= N; m = m == 1 ? 7 : 64) {
    problem p;
    problem_open(&p, N, 3, width, "tanh", NULL);
    double *values = make_array(N), *K = decompose(&p, values);
    ntk_spectrum_result r;
    const ntk_spectrum_options options = {.vectors = m, .certify = true, .seed = 2};
    assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    assert_true(r.smallest_count == m && r.largest_count == m && r.certificate.certified);
    for (size_t k = 0; k < m; k++) {
      check_pair(K, N, values[k], &r.smallest[k]);
      check_pair(K, N, values[N - 1 - k], &r.largest[k]);
    }
    ntk_spectrum_clear(&r);
    free(K);
    free(values);
    problem_close(&p);
    if (m == 64)
      break;
  }
}

static void test_singular(void **state) {
  (void)state;
  const size_t narrow[] = {9, 3, 2};
  problem p;
  problem_open(&p, N, 3, narrow, "tanh", NULL); /* N > P = 35 */
  double *values = make_array(N), *K = decompose(&p, values);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &(ntk_spectrum_options){.vectors = 3}, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
  assert_true(r.smallest_count == 0 && r.largest_count == 3 && r.smallest == NULL);
  for (size_t k = 0; k < 3; k++)
    check_pair(K, N, values[N - 1 - k], &r.largest[k]);
  ntk_spectrum_clear(&r);
  free(K);
  free(values);
  problem_close(&p);
}

static void test_blocks(void **state) {
  (void)state;
  char folder[] = "/tmp/ntkit-test-XXXXXX", path[80];
  assert_non_null(mkdtemp(folder));
  problem p;
  problem_open(&p, N, 3, width, "tanh", NULL);
  ntk_features *features = make_features(p.network, p.data);
  for (size_t asked = 0; asked < 2; asked++) { /* with lambda_min of each, and without */
    ntk_spectrum_result r;
    const ntk_spectrum_options options = {.block_path = folder, .per_block = asked};
    assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
    assert_true(isnan(r.block[0].lambda_min) == !asked);
    for (size_t k = 0; k < 3; k++) {
      const bool chosen[3] = {k == 0, k == 1, k == 2};
      double *K = kernel_array(features, N, chosen), *read = make_array(N * N);
      snprintf(path, sizeof path, "%s/block%zu.npy", folder, k);
      FILE *file = fopen(path, "rb");
      assert_non_null(file);
      assert_int_equal(fseek(file, -(long)(N * N * sizeof *read), SEEK_END), 0);
      assert_int_equal(fread(read, sizeof *read, N * N, file), N * N);
      fclose(file);
      assert_memory_equal(read, K, N * N * sizeof *read);
      assert_int_equal(remove(path), 0);
      free(read);
      free(K);
    }
    ntk_spectrum_clear(&r);
  }
  ntk_features_destroy(features);
  problem_close(&p);
  assert_int_equal(remove(folder), 0);
}

static void test_refused(void **state) {
  (void)state;
  const size_t many[] = {65, 91, 1000};
  problem p;
  problem_open(&p, N, 3, width, "tanh", NULL);
  for (size_t c = 0; c < COUNT(many); c++) {
    ntk_spectrum_result r;
    const ntk_spectrum_options options = {.vectors = many[c]};
    assert_int_equal(ntk_spectrum(p.context, p.network, p.data, &options, &r), NTK_ERR_ARGUMENT);
    assert_non_null(strstr(ntk_error_message(), "accepted: up to 64"));
  }
  ntk_spectrum_result r;
  const ntk_spectrum_options nowhere = {.block_path = "/nowhere/at/all"};
  assert_int_equal(ntk_spectrum(p.context, p.network, p.data, &nowhere, &r), NTK_ERR_FILE);
  assert_non_null(strstr(ntk_error_message(), "/nowhere/at/all/block0.npy"));
  problem_close(&p);
}

static void test_memory(void **state) {
  (void)state;
  const size_t sizes[] = {70, 300}, counts[] = {1, 20, 64};
  for (size_t s = 0; s < COUNT(sizes); s++)
    for (size_t c = 0; c < COUNT(counts); c++) {
      const ntk_spectrum_options options = {.vectors = counts[c]};
      const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh"};
      size_t bytes = 0;
      problem p;
      problem_open(&p, sizes[s], 3, width, "tanh", NULL);
      assert_ok(ntk_spectrum_memory(p.context, &spec, sizes[s], &options, &bytes));
      ntk_spectrum_result r;
      assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
      assert_in_range(r.memory_bytes, 1, bytes);
      ntk_spectrum_clear(&r);
      problem_close(&p);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pairs),  cmocka_unit_test(test_singular),
      cmocka_unit_test(test_blocks), cmocka_unit_test(test_refused),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
