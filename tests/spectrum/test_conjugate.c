/* Conjugate gradients, with and without a preconditioner.
 * Properties: A x = b to the tolerance; on k different eigenvalues exact after k steps (Hestenes
 * and Stiefel, 1952, Theorem 6:2); a preconditioner near A^{-1} makes a badly conditioned A easy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "spectrum/conjugate.h"
#include "support.h"

enum { N = 60 };

/* diag(d), and a preconditioner diag(d + shift)^{-1}. */
typedef struct diagonal {
  double d[N], shift;
  size_t products;
} diagonal;

static ntk_status apply(void *user, const double *V, size_t m, double *AV) {
  diagonal *A = user;
  A->products += m;
  for (size_t i = 0; i < N * m; i++)
    AV[i] = A->d[i % N] * V[i];
  return NTK_OK;
}

static ntk_status solve(void *user, double *V, size_t m) {
  const diagonal *A = user;
  for (size_t i = 0; i < N * m; i++)
    V[i] /= A->d[i % N] + A->shift;
  return NTK_OK;
}

/* x against b / d; how many products it took. */
static size_t expect_solved(diagonal *A, bool preconditioned, double tolerance, double error) {
  ntk_context *context = make_context(1);
  const ntk_operator operator= {
      .n = N, .apply = apply, .solve = preconditioned ? solve : NULL, .user = A};
  double *b = make_normal(1, N), *x = make_array(N), residual = 0.0, square = 0.0, norm = 0.0;
  size_t products = 0;
  A->products = 0;
  assert_ok(
      ntk_conjugate_gradients(context, &operator, b, tolerance, 1000, x, &residual, &products));
  assert_int_equal(products, A->products);
  for (size_t i = 0; i < N; i++) {
    square += (b[i] - A->d[i] * x[i]) * (b[i] - A->d[i] * x[i]);
    norm += b[i] * b[i];
    assert_near(x[i] * A->d[i], b[i], error, "b");
  }
  assert_true(residual <= tolerance);
  assert_near(sqrt(square / norm), residual, 1e-3 * tolerance, "residual");
  free(b);
  free(x);
  ntk_context_destroy(context);
  return products;
}

static void test_few_eigenvalues(void **state) {
  (void)state;
  diagonal A = {.shift = 0.0};
  for (size_t i = 0; i < N; i++)
    A.d[i] = (double[]){1.0, 7.0, 30.0, 100.0}[i % 4];
  assert_int_equal(expect_solved(&A, false, 1e-10, 1e-8), 4);
  assert_int_equal(expect_solved(&A, true, 1e-10, 1e-8), 1); /* the inverse itself */
}

/* Condition number 1e12: hopeless alone, and three small eigenvalues apart from the shift. */
static void test_preconditioner(void **state) {
  (void)state;
  diagonal A = {.shift = 1e-6};
  for (size_t i = 0; i < N; i++)
    A.d[i] = i < 3 ? 1e-12 * (double)(i + 1) : 1.0 + (double)i;
  assert_true(expect_solved(&A, true, 1e-6, 1e-4) <= 12);
}

static void test_zero(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  diagonal A = {.shift = 0.0};
  const ntk_operator operator= {.n = N, .apply = apply, .user = &A};
  double b[N] = {0}, x[N] = {1.0}, residual = 1.0;
  size_t products = 9;
  assert_ok(ntk_conjugate_gradients(context, &operator, b, 1e-6, 10, x, &residual, &products));
  assert_true(x[0] == 0.0 && residual == 0.0 && products == 0);
  ntk_context_destroy(context);
}

/* b of any size: x is that size, too, by a power of two to the bit. */
static void test_sizes(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  diagonal A = {.shift = 0.0};
  for (size_t i = 0; i < N; i++)
    A.d[i] = 1.0 + (double)(i % 7);
  const ntk_operator operator= {.n = N, .apply = apply, .user = &A};
  double *b = make_normal(1, N), x[N], y[N], residual;
  size_t products, other;
  assert_ok(ntk_conjugate_gradients(context, &operator, b, 1e-10, 100, x, &residual, &products));
  static const int powers[] = {-990, -600, -500, 500, 600, 1020};
  for (size_t k = 0; k < COUNT(powers); k++) {
    double scaled[N];
    for (size_t i = 0; i < N; i++)
      scaled[i] = ldexp(b[i], powers[k]);
    assert_ok(
        ntk_conjugate_gradients(context, &operator, scaled, 1e-10, 100, y, &residual, &other));
    assert_true(residual <= 1e-10);
    assert_int_equal(products, other);
    for (size_t i = 0; i < N; i++)
      assert_true(y[i] == ldexp(x[i], powers[k]));
  }
  free(b);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_few_eigenvalues),
      cmocka_unit_test(test_preconditioner),
      cmocka_unit_test(test_zero),
      cmocka_unit_test(test_sizes),
  };
  return cmocka_run_group_tests_name("conjugate", tests, NULL, NULL);
}
