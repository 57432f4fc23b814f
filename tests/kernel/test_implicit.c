/* K that is not stored, (8), and what stands for its inverse.
 * Property: products, row norms and columns are those of the stored K however many samples have
 * their features at once; M^{-1} of kernel/subset.h solves M x = y for M made by plain loops; bits
 * do not depend on threads. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "kernel/subset.h"
#include "support.h"

static const struct {
  size_t L, width[4], outputs, N;
  bool bias, scaled;
  ntk_outputs of;
} cases[] = {{2, {3, 5}, 1, 1, false, false, NTK_OUTPUTS_TRACE},
             {3, {4, 6, 5}, 1, 23, false, false, NTK_OUTPUTS_TRACE},
             {3, {4, 7, 3}, 3, 17, true, true, NTK_OUTPUTS_ALL},
             {4, {5, 6, 4, 7}, 1, 40, true, false, NTK_OUTPUTS_TRACE},
             {3, {4, 7, 3}, 3, 17, true, true, NTK_OUTPUTS_TRACE}, /* their mean */
             {2, {4, 6}, 5, 19, false, true, NTK_OUTPUTS_TRACE}};

typedef struct problem {
  ntk_context *context;
  ntk_network *network;
  ntk_dataset *data;
  double *X, *K; /* n x n */
  size_t n;      /* rows of K */
} problem;

static problem open_case(size_t c, int threads) {
  problem p = {.context = make_context(threads), .X = make_normal(5 + c, cases[c].N * 5)};
  static const bool biases[] = {true, true, true, true};
  const ntk_network_spec spec = {
      .depth = cases[c].L,
      .width = cases[c].width,
      .activation = "tanh",
      .seed = 3,
      .outputs = cases[c].outputs,
      .bias = cases[c].bias ? biases : NULL,
      .parameterization = cases[c].scaled ? "ntk(1.5,0.5)" : NULL,
  };
  assert_ok(ntk_network_create(p.context, &spec, &p.network));
  p.data = make_data(p.context, p.X, cases[c].N, cases[c].width[0]);
  ntk_features *features = NULL;
  ntk_kernel *kernel = NULL;
  assert_ok(ntk_features_create_of(p.network, p.data, cases[c].of, &features));
  p.n = features->rows;
  assert_ok(ntk_kernel_create(features, NULL, &kernel));
  p.K = make_array(p.n * p.n);
  assert_ok(ntk_kernel_values(kernel, p.K));
  ntk_kernel_destroy(kernel);
  ntk_features_destroy(features);
  return p;
}

static void close_case(problem *p) {
  ntk_dataset_destroy(p->data);
  ntk_network_destroy(p->network);
  assert_int_equal(ntk_memory_in_use(p->context), 0);
  ntk_context_destroy(p->context);
  free(p->X);
  free(p->K);
}

static double largest_of(size_t count, const double *A) {
  double most = 0.0;
  for (size_t i = 0; i < count; i++)
    most = fmax(most, fabs(A[i]));
  return most;
}

/* By 1, 5, 16 samples, and all. */
static void test_products(void **state) {
  (void)state;
  for (size_t c = 0; c < COUNT(cases); c++) {
    problem p = open_case(c, 1);
    const size_t blocks[] = {1, 5, 16, cases[c].N}, n = p.n, L = cases[c].L;
    const double allowed = 1e-13 * largest_of(n * n, p.K);
    double *V = make_normal(9, 2 * n), *KV = make_array(2 * n), *norms = make_array(4 * L * n);
    double *columns = make_array(n * n);
    for (size_t b = 0; b < COUNT(blocks); b++) {
      ntk_implicit K = {0};
      ntk_features *all = NULL;
      assert_ok(ntk_implicit_create(p.network, p.data, cases[c].of, blocks[b], &K));
      const ntk_operator A = ntk_implicit_operator(&K);
      assert_int_equal(A.n, n);
      for (size_t i = 0; i < 2 * n; i++)
        KV[i] = NAN;
      assert_ok(A.apply(A.user, V, 2, KV));
      for (size_t m = 0; m < 2; m++)
        for (size_t i = 0; i < n; i++)
          assert_near(KV[m * n + i], dot(p.K + i * n, V + m * n, n), allowed * (double)n, "K v");
      assert_ok(ntk_features_create_of(p.network, p.data, cases[c].of, &all));
      assert_ok(ntk_features_norms(all, norms, norms + L * n));
      assert_ok(ntk_implicit_norms(&K, norms + 2 * L * n, norms + 3 * L * n));
      assert_memory_equal(norms, norms + 2 * L * n, 2 * L * n * sizeof(double));
      assert_ok(ntk_implicit_columns(&K, all, columns));
      for (size_t i = 0; i < n * n; i++)
        assert_near(columns[i], p.K[i], allowed, "columns of K");
      ntk_features_destroy(all);
      ntk_implicit_destroy(&K);
    }
    free(V);
    free(KV);
    free(norms);
    free(columns);
    close_case(&p);
  }
}

/* Y (m x n) <- A^{-1} Y by elimination with pivots from the largest entry of a column; A: m x m. */
static void eliminate(size_t m, size_t n, double *A, double *Y) {
  for (size_t k = 0; k < m; k++) {
    size_t best = k;
    for (size_t i = k; i < m; i++)
      best = fabs(A[i * m + k]) > fabs(A[best * m + k]) ? i : best;
    for (size_t j = 0; j < m + n; j++) {
      double *a = j < m ? A + k * m + j : Y + k * n + (j - m),
             *b = j < m ? A + best * m + j : Y + best * n + (j - m), t = *a;
      *a = *b;
      *b = t;
    }
    for (size_t i = 0; i < m; i++) {
      const double factor = i == k ? 0.0 : A[i * m + k] / A[k * m + k];
      for (size_t j = 0; j < m; j++)
        A[i * m + j] -= factor * A[k * m + j];
      for (size_t j = 0; j < n; j++)
        Y[i * n + j] -= factor * Y[k * n + j];
    }
  }
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++)
      Y[i * n + j] /= A[i * m + i];
}

/* M = K_S K_SS^{-1} K_S^T + D, n x n. */
static double *plain_near(const problem *p, const size_t *chosen, size_t samples, size_t N) {
  const size_t n = p->n, per = n / N, m = samples * per;
  double *W = make_array(m * m), *Y = make_array(m * n), *M = make_array(n * n);
  size_t *rows = calloc(m, sizeof *rows);
  assert_non_null(rows);
  for (size_t s = 0; s < m; s++)
    rows[s] = chosen[s / per] * per + s % per;
  for (size_t s = 0; s < m; s++) {
    for (size_t t = 0; t < m; t++)
      W[s * m + t] = p->K[rows[s] * n + rows[t]];
    memcpy(Y + s * n, p->K + rows[s] * n, n * sizeof *Y);
  }
  eliminate(m, n, W, Y);
  double sum = 0.0, *d = make_array(n);
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++)
      for (size_t s = 0; s < m; s++)
        M[i * n + j] += p->K[i * n + rows[s]] * Y[s * n + j];
    d[i] = p->K[i * n + i] - M[i * n + i];
    sum += d[i];
  }
  for (size_t i = 0; i < n; i++)
    M[i * n + i] += fmax(d[i], sum / (double)(n - m) / 3.0);
  free(W);
  free(Y);
  free(d);
  free(rows);
  return M;
}

static void test_near_inverse(void **state) {
  (void)state;
  for (size_t c = 1; c < COUNT(cases); c++) {
    problem p = open_case(c, 1), q = open_case(c, 3);
    const size_t n = p.n, samples = 5;
    double *M = NULL, *diagonal = make_array(n);
    double *y = make_normal(2, 2 * n), *x = make_array(2 * n), *z = make_array(2 * n);
    for (size_t i = 0; i < n; i++)
      diagonal[i] = p.K[i * n + i];
    for (size_t block = 4; block <= cases[c].N; block += cases[c].N - 4) {
      ntk_implicit K = {0}, other = {0};
      ntk_subset near = {0}, same = {0};
      assert_ok(ntk_implicit_create(p.network, p.data, cases[c].of, block, &K));
      assert_ok(ntk_implicit_create(q.network, q.data, cases[c].of, block, &other));
      const size_t before = ntk_memory_in_use(p.context), peak = ntk_memory_peak_enter(p.context);
      assert_ok(ntk_subset_create(&K, samples, diagonal, &near));
      const double most = (double)(ntk_memory_peak_leave(p.context, peak) - before);
      const ntk_share rows = ntk_share_whole(n);
      assert_true(most <= ntk_subset_bytes(p.context, &rows, near.m) + 1e5);
      assert_ok(ntk_subset_create(&other, samples, diagonal, &same));
      free(M);
      M = plain_near(&p, near.chosen, samples, cases[c].N);
      memcpy(x, y, 2 * n * sizeof *x);
      memcpy(z, y, 2 * n * sizeof *z);
      assert_ok(ntk_subset_solve(&near, x, 2));
      assert_ok(ntk_subset_solve(&same, z, 2));
      assert_memory_equal(x, z, 2 * n * sizeof *x);
      for (size_t m = 0; m < 2; m++)
        for (size_t i = 0; i < n; i++)
          assert_near(dot(M + i * n, x + m * n, n), y[m * n + i],
                      1e-11 * largest_of(n * n, M) * largest_of(n, x + m * n), "M M^{-1} y");
      ntk_subset_destroy(&near);
      ntk_subset_destroy(&same);
      ntk_implicit_destroy(&K);
      ntk_implicit_destroy(&other);
    }
    double *arrays[] = {M, diagonal, y, x, z};
    for (size_t a = 0; a < COUNT(arrays); a++)
      free(arrays[a]);
    close_case(&p);
    close_case(&q);
  }
}

/* Half of the subset is spread evenly; of many rows near each other and some that are like no other
 * most of these are in the other half, no sample twice. */
static void test_choice(void **state) {
  (void)state;
  enum { N = 300, D = 8, APART = 12, SAMPLES = 2 * APART + 2 };
  const size_t width[] = {D, 30};
  ntk_context *context = make_context(2);
  double *X = make_normal(1, N * D), diagonal[N];
  for (size_t i = 1; i < N; i++)
    for (size_t k = 0; k < D; k++)
      X[i * D + k] = i % 25 == 7 ? X[i * D + k] : X[k] + 1e-3 * X[i * D + k];
  ntk_network *network = make_network(context, 2, width, "tanh", "paper", 3);
  ntk_dataset *data = make_data(context, X, N, D);
  ntk_implicit K = {0};
  ntk_subset near = {0};
  ntk_features *features = NULL;
  assert_ok(ntk_features_create(network, data, &features));
  double *values = kernel_array(features, N, NULL);
  for (size_t i = 0; i < N; i++)
    diagonal[i] = values[i * N + i];
  assert_ok(ntk_implicit_create(network, data, NTK_OUTPUTS_TRACE, N, &K));
  assert_ok(ntk_subset_create(&K, SAMPLES, diagonal, &near));
  size_t found = 0, times[N] = {0};
  for (size_t s = 0; s < SAMPLES; s++) {
    found += near.chosen[s] % 25 == 7;
    assert_int_equal(++times[near.chosen[s]], 1);
    if (s < SAMPLES / 2)
      assert_int_equal(near.chosen[s], s * N / (SAMPLES / 2));
  }
  assert_true(found >= 3 * APART / 4);
  free(values);
  free(X);
  ntk_subset_destroy(&near);
  ntk_implicit_destroy(&K);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_products),

      cmocka_unit_test(test_near_inverse),
      cmocka_unit_test(test_choice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
