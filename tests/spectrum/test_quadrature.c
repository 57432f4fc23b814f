/* The spectral measure of a vector by Gauss' and Lobatto's rules.
 * Property: for f(x) = (1 - s x)^{2t}, whose even derivatives are not negative, Gauss' sum is at
 * most r^T f(A) r = sum_j (v_j^T r)^2 f(lambda_j) and Lobatto's at least, at every t and of any
 * number of nodes; both are it where A r, A^2 r, ... span no more; Lobatto's has its ends as
 * nodes. It is stopped within a product, and goes on. */
#include "fake_clock.h"
#include "known_spectrum.h"
#include "spectrum/density/quadrature.h"

enum { N = 60, MOST = N + 1 };

/* sum_j (Q^T r)_j^2 (1 - s lambda_j)^{2t}, r being `ones` in A's own basis rotated. */
static double exact(const known_operator *A, const double *r, double s, double t) {
  double *own = make_array(A->n), sum = 0.0;
  memcpy(own, r, A->n * sizeof *own);
  known_rotate(A, true, own);
  for (size_t j = 0; j < A->n; j++)
    sum += own[j] * own[j] * pow(fabs(1.0 - s * A->lambda[j]), 2.0 * t);
  free(own);
  return sum;
}

static double by_rule(const ntk_quadrature *q, const double *ends, double s, double t) {
  double node[MOST + 1], weight[MOST + 1], sum = 0.0;
  size_t count = 0;
  assert_ok(ntk_quadrature_rule(q, ends, &count, node, weight));
  assert_in_range(count, 1, MOST);
  for (size_t j = 0; j < count; j++)
    sum += weight[j] * pow(fabs(1.0 - s * node[j]), 2.0 * t);
  return sum;
}

static double *some_vector(size_t n) {
  double *r = make_array(n);
  uint64_t state = 7;
  for (size_t i = 0; i < n; i++)
    r[i] = next_uniform(&state);
  return r;
}

static void test_enclosure(void **state) {
  (void)state;
  for (spectrum kind = 0; kind < SPECTRA; kind++) {
    known_operator A = known_create(N, 3 + kind);
    fill_spectrum(kind, N, A.lambda);
    double largest = 0.0, smallest = INFINITY, *r = some_vector(N);
    for (size_t j = 0; j < N; j++) {
      largest = fmax(largest, A.lambda[j]);
      smallest = fmin(smallest, A.lambda[j]);
    }
    const double ends[2] = {smallest * (1.0 - 1e-3), largest * (1.0 + 1e-3)}, s = 1.0 / largest;
    ntk_quadrature q;
    assert_ok(ntk_quadrature_create(context, N, r, N, &q));
    for (size_t size = 1; size <= N; size += 3) {
      assert_ok(ntk_quadrature_extend(&q, 1, known_apply, &A, size));
      assert_true(q.size == size || q.whole);
      for (double t = 0.0; t <= 1e4; t = 3.0 * t + 1.0) {
        const double value = exact(&A, r, s, t), slack = 1e-11 * exact(&A, r, s, 0.0);
        assert_true(by_rule(&q, NULL, s, t) <= value + slack);
        assert_true(by_rule(&q, ends, s, t) >= value - slack);
      }
    }
    ntk_quadrature_destroy(&q);
    free(r);
    known_destroy(&A);
  }
}

/* With all steps made, and with a vector that has parts along three eigenvectors alone. */
static void test_whole(void **state) {
  (void)state;
  for (size_t parts = 3; parts <= N; parts += N - 3) {
    known_operator A = known_create(N, 11);
    fill_spectrum(EVEN, N, A.lambda);
    double *r = make_array(N);
    for (size_t j = 0; j < parts; j++)
      r[N - 1 - 7 * j % N] = 1.0 + (double)j;
    known_rotate(&A, false, r);
    ntk_quadrature q;
    assert_ok(ntk_quadrature_create(context, N, r, 2 * N, &q));
    assert_int_equal(q.capacity, N);
    assert_ok(ntk_quadrature_extend(&q, 1, known_apply, &A, N));
    assert_true(q.whole);
    assert_int_equal(q.size, parts);
    const double ends[2] = {0.5, 100.0};
    for (double t = 0.0; t < 300.0; t = 2.0 * t + 1.0)
      for (size_t k = 0; k < 2; k++) {
        const double value = exact(&A, r, 1.0 / N, t);
        assert_near(by_rule(&q, k == 0 ? NULL : ends, 1.0 / N, t), value,
                    1e-11 * exact(&A, r, 1.0 / N, 0.0), "the whole measure");
      }
    ntk_quadrature_destroy(&q);
    free(r);
    known_destroy(&A);
  }
}

static void test_ends_are_nodes(void **state) {
  (void)state;
  known_operator A = known_create(N, 5);
  fill_spectrum(EVEN, N, A.lambda);
  double *r = some_vector(N), node[MOST], weight[MOST];
  const double ends[2] = {0.25, 61.0};
  size_t count = 0;
  ntk_quadrature q;
  assert_ok(ntk_quadrature_create(context, N, r, 20, &q));
  assert_ok(ntk_quadrature_extend(&q, 1, known_apply, &A, 20));
  assert_false(q.whole);
  assert_ok(ntk_quadrature_rule(&q, ends, &count, node, weight));
  assert_int_equal(count, 21);
  assert_near(node[0], 0.25, 1e-12, "lower end");
  assert_near(node[20], 61.0, 1e-12, "upper end");
  ntk_quadrature_destroy(&q);
  free(r);
  known_destroy(&A);
}

/* Between the nodes of Gauss' rule one can be anywhere, and moments are Gauss'. */
static void test_through(void **state) {
  (void)state;
  enum { STEPS = 12 };
  known_operator A = known_create(N, 5);
  fill_spectrum(EVEN, N, A.lambda);
  double *r = some_vector(N), node[STEPS + 1], weight[STEPS + 1], residual[STEPS + 1];
  double gauss[STEPS + 1], scratch[STEPS + 1];
  ntk_quadrature q;
  assert_ok(ntk_quadrature_create(context, N, r, STEPS, &q));
  assert_ok(ntk_quadrature_extend(&q, 1, known_apply, &A, STEPS));
  assert_true(ntk_quadrature_gauss(&q, gauss, weight, residual, scratch));
  for (size_t k = 0; k < 2 * STEPS; k++) {
    const double step = k % 2 == 0 ? 0.25 : 0.5, at = gauss[k / 2];
    const double place = at + step * (k / 2 + 1 < STEPS ? gauss[k / 2 + 1] - at : 1.0);
    double nearest = INFINITY;
    assert_true(ntk_quadrature_through(&q, place, node, weight, scratch));
    for (size_t i = 0; i <= STEPS; i++)
      nearest = fmin(nearest, fabs(node[i] - place));
    assert_near(nearest, 0.0, 1e-9 * N, "a node there");
    for (int t = 0; t < 2 * STEPS; t += 3) {
      double sum = 0.0;
      for (size_t i = 0; i <= STEPS; i++)
        sum += weight[i] * pow(node[i] / N, t);
      double expected = 0.0, *own = make_array(N);
      memcpy(own, r, N * sizeof *own);
      known_rotate(&A, true, own);
      for (size_t j = 0; j < N; j++)
        expected += own[j] * own[j] * pow(A.lambda[j] / N, t);
      free(own);
      assert_near(sum, expected, 1e-10 * q.total, "a moment");
    }
  }
  ntk_quadrature_destroy(&q);
  free(r);
  known_destroy(&A);
}

/* What a node's unit vector is off by: 0 once its eigenvalue is found, and the distance to the
 * nearest eigenvalue is no more than that before. */
static void test_residuals(void **state) {
  (void)state;
  known_operator A = known_create(N, 5);
  fill_spectrum(GRADED, N, A.lambda);
  double *r = some_vector(N), node[MOST], weight[MOST], residual[MOST], scratch[MOST];
  ntk_quadrature q;
  assert_ok(ntk_quadrature_create(context, N, r, N, &q));
  for (size_t size = 1; size <= 20; size++) {
    assert_ok(ntk_quadrature_extend(&q, 1, known_apply, &A, size));
    assert_true(ntk_quadrature_gauss(&q, node, weight, residual, scratch));
    for (size_t i = 0; i < size; i++) {
      double nearest = INFINITY;
      for (size_t j = 0; j < N; j++)
        nearest = fmin(nearest, fabs(A.lambda[j] - node[i]));
      assert_true(nearest <= residual[i] + 1e-14);
    }
    if (size == 1) { /* ||A y - x y|| of y = r / ||r|| */
      double *z = make_array(N);
      assert_ok(known_apply(&A, r, 1, z));
      for (size_t i = 0; i < N; i++)
        z[i] -= node[0] * r[i];
      assert_near(residual[0], norm2(N, z) / norm2(N, r), 1e-13, "residual");
      free(z);
    }
  }
  assert_true(residual[19] < 1e-9); /* the largest, a fifth of the next */
  ntk_quadrature_destroy(&q);
  free(r);
  known_destroy(&A);
}

static void test_refusals(void **state) {
  (void)state;
  known_operator A = known_create(N, 5);
  fill_spectrum(EVEN, N, A.lambda);
  double *r = make_array(N);
  ntk_quadrature q;
  assert_int_equal(ntk_quadrature_create(context, N, r, 20, &q), NTK_ERR_NUMERIC);
  assert_non_null(strstr(ntk_error_message(), "norm 0"));
  ntk_quadrature_destroy(&q);
  r[3] = 1.0;
  assert_ok(ntk_quadrature_create(context, N, r, 20, &q));
  A.fail_at = 4;
  A.failure = NTK_ERR_MEMORY;
  assert_int_equal(ntk_quadrature_extend(&q, 1, known_apply, &A, 20), NTK_ERR_MEMORY);
  ntk_quadrature_destroy(&q);
  assert_ok(ntk_quadrature_create(context, N, r, 20, &q));
  A.lambda[8] = NAN;
  assert_int_equal(ntk_quadrature_extend(&q, 1, known_apply, &A, 20), NTK_ERR_NUMERIC);
  assert_non_null(strstr(ntk_error_message(), "not finite"));
  ntk_quadrature_destroy(&q);
  free(r);
  known_destroy(&A);
}

static size_t polls_left;

static bool until_none_is_left(const char *phase, double fraction, void *user) {
  assert_null(user);
  assert_string_equal(phase, "spectral measure");
  assert_true(fraction >= 0.0 && fraction < 1.0);
  return --polls_left > 0;
}

/* Before every product it can be stopped, and goes on from there to the same bits. */
static void test_stopped(void **state) {
  (void)state;
  known_operator A = known_create(N, 5);
  fill_spectrum(EVEN, N, A.lambda);
  double *r = some_vector(N);
  ntk_quadrature whole, q;
  assert_ok(ntk_quadrature_create(context, N, r, 20, &whole));
  assert_ok(ntk_quadrature_extend(&whole, 1, known_apply, &A, 20));
  clock_tick = 1.0;
  for (size_t k = 1; k <= 20; k++) {
    assert_ok(ntk_quadrature_create(context, N, r, 20, &q));
    context->progress = until_none_is_left;
    polls_left = k;
    assert_int_equal(ntk_quadrature_extend(&q, 1, known_apply, &A, 20), NTK_ERR_CANCELLED);
    assert_int_equal(q.size, k - 1);
    context->progress = NULL;
    assert_ok(ntk_quadrature_extend(&q, 1, known_apply, &A, 20));
    assert_memory_equal(q.alpha, whole.alpha, 20 * sizeof *q.alpha);
    assert_memory_equal(q.beta, whole.beta, 20 * sizeof *q.beta);
    ntk_quadrature_destroy(&q);
  }
  clock_tick = 0.0;
  ntk_quadrature_destroy(&whole);
  free(r);
  known_destroy(&A);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_enclosure),      cmocka_unit_test(test_whole),
      cmocka_unit_test(test_ends_are_nodes), cmocka_unit_test(test_through),
      cmocka_unit_test(test_residuals),      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_stopped),
  };
  return cmocka_run_group_tests(tests, known_setup, known_teardown);
}
