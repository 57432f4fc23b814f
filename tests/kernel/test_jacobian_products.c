/* Products with the Jacobian, which is never formed.
 * Property: ntk_jacobian_adjoint is J^T v and ntk_jacobian_apply J g for J (2) by plain loops;
 * <J g, v> = <g, J^T v>; for ReLU <W_l, (J^T v)_l> = <F_L, v> (Euler); bits do not depend on
 * threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train_support.h"

/* Widths about a tile (400) and N about a block of samples (128) and of rows (48 to 192). */
static const struct {
  size_t L, width[5], N;
} shapes[] = {{2, {3, 5}, 4},          {2, {1, 1}, 1},      {3, {4, 6, 3}, 20},
              {5, {3, 2, 5, 1, 4}, 9}, {3, {65, 7, 64}, 3}, {4, {63, 66, 2, 130}, 5},
              {3, {5, 4, 6}, 127},     {3, {5, 4, 6}, 128}, {3, {6, 5, 4}, 257},
              {2, {2, 3}, 600},        {2, {405, 3}, 3},    {3, {2, 403, 4}, 3}};
static const char *const activations[] = {"tanh", "softplus", "relu"};

static fit_problem make_problem(ntk_context *context, size_t s, const char *activation) {
  const ntk_network_spec spec = {
      .depth = shapes[s].L, .width = shapes[s].width, .activation = activation, .seed = 10 + s};
  return fit_create(context, spec, shapes[s].N);
}

static double *nans(size_t n) {
  double *array = make_array(n);
  for (size_t i = 0; i < n; i++)
    array[i] = NAN; /* an output is written, never added to */
  return array;
}

/* Against the explicit J: every entry within 1e-13 of the sum of its terms' sizes (both sides round
 * a few hundred times; J's own errors are those of the activations). K = J J^T ties J to (3). */
static void test_explicit(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t a = 0; a < COUNT(activations); a++) {
      fit_problem p = make_problem(context, s, activations[a]);
      const size_t N = p.N, P = p.P;
      ntk_features *features = make_features(p.network, p.data);
      double *F = make_array(N), *J = plain_jacobian(&p, p.network->theta, NULL, F);
      double *v = make_normal(1, N), *g = nans(P), *h = make_normal(2, P), *u = nans(N);
      assert_ok(ntk_jacobian_adjoint(features, v, g));
      assert_ok(ntk_jacobian_apply(features, h, u));
      for (size_t q = 0; q < P; q++) {
        double sum = 0.0, size = 1e-300;
        for (size_t i = 0; i < N; i++) {
          sum += J[i * P + q] * v[i];
          size += fabs(J[i * P + q] * v[i]);
        }
        assert_near(g[q], sum, 2e-13 * size + 1e-15 * largest_entry(N * P, J), "J^T v");
      }
      for (size_t i = 0; i < N; i++) {
        double sum = 0.0, size = 1e-300;
        for (size_t q = 0; q < P; q++) {
          sum += J[i * P + q] * h[q];
          size += fabs(J[i * P + q] * h[q]);
        }
        assert_near(u[i], sum, 2e-13 * size, "J g");
      }
      if (N <= 20) {
        double *K = kernel_array(features, N, NULL), *JJ = plain_gram(N, P, J, J);
        assert_near(largest_difference(N * N, K, JJ), 0.0, 1e-13 * largest_entry(N * N, K), "K");
        free(K);
        free(JJ);
      }
      double *free_these[] = {F, J, v, g, h, u};
      for (size_t f = 0; f < COUNT(free_these); f++)
        free(free_these[f]);
      ntk_features_destroy(features);
      fit_destroy(&p);
    }
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* <J g, v> = <g, J^T v> to rounding, and J (J^T v) is ntk_kernel_apply's; sizes beyond one panel
 * and block. */
static void test_adjoint(void **state) {
  (void)state;
  ntk_context *context = make_context(2);
  const size_t width[] = {70, 130, 65};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "sigmoid", .seed = 2};
  fit_problem p = fit_create(context, spec, 520);
  ntk_features *features = make_features(p.network, p.data);
  double *v = make_normal(3, p.N), *g = make_normal(4, p.P), *Jv = nans(p.P), *Jg = nans(p.N);
  assert_ok(ntk_jacobian_adjoint(features, v, Jv));
  assert_ok(ntk_jacobian_apply(features, g, Jg));
  const double size = sqrt(dot(Jg, Jg, p.N) * dot(v, v, p.N));
  assert_near(dot(Jg, v, p.N), dot(g, Jv, p.P), 1e-13 * size, "adjoint");
  double *direct = nans(p.N), *twice = nans(p.N);
  assert_ok(ntk_kernel_apply(features, NULL, v, 1, direct));
  assert_ok(ntk_jacobian_apply(features, Jv, twice));
  assert_near(largest_difference(p.N, direct, twice), 0.0, 1e-13 * largest_entry(p.N, twice),
              "J J^T v");
  double *free_these[] = {v, g, Jv, Jg, direct, twice};
  for (size_t f = 0; f < COUNT(free_these); f++)
    free(free_these[f]);
  ntk_features_destroy(features);
  fit_destroy(&p);
  ntk_context_destroy(context);
}

/* The bits of 2 and 3 threads are those of 1; enough flops that the threads are used. */
static void test_threads(void **state) {
  (void)state;
  const size_t width[] = {90, 70, 140, 66};
  const ntk_network_spec spec = {.depth = 4, .width = width, .activation = "tanh", .seed = 5};
  double *g[4], *u[4];
  size_t N = 0, P = 0;
  for (int threads = 1; threads <= 3; threads++) {
    ntk_context *context = make_context(threads);
    fit_problem p = fit_create(context, spec, 777);
    assert_true(2.0 * (double)p.N * (double)p.P > 4e6);
    ntk_features *features = make_features(p.network, p.data);
    double *v = make_normal(6, p.N), *h = make_normal(7, p.P);
    g[threads] = nans(p.P);
    u[threads] = nans(p.N);
    assert_ok(ntk_jacobian_adjoint(features, v, g[threads]));
    assert_ok(ntk_jacobian_apply(features, h, u[threads]));
    N = p.N;
    P = p.P;
    free(v);
    free(h);
    ntk_features_destroy(features);
    fit_destroy(&p);
    ntk_context_destroy(context);
  }
  for (int threads = 2; threads <= 3; threads++) {
    assert_memory_equal(g[1], g[threads], P * sizeof(double));
    assert_memory_equal(u[1], u[threads], N * sizeof(double));
    free(g[threads]);
    free(u[threads]);
  }
  free(g[1]);
  free(u[1]);
}

/* f_L is homogeneous of degree 1 in each W_l when phi is: J times theta's part of layer l is F_L,
 * and <W_l, (J^T v)_l> = <F_L, v>, for relu and identity; not so for tanh. */
static void test_euler(void **state) {
  (void)state;
  enum { L = 4 };
  ntk_context *context = make_context(1);
  const size_t width[L] = {12, 70, 33, 20};
  const char *names[] = {"relu", "identity", "tanh"};
  for (size_t a = 0; a < COUNT(names); a++) {
    const ntk_network_spec spec = {.depth = L, .width = width, .activation = names[a], .seed = 8};
    fit_problem p = fit_create(context, spec, 300);
    ntk_features *features = make_features(p.network, p.data);
    double *F = nans(p.N), *v = make_normal(9, p.N), *g = nans(p.P), *u = nans(p.N);
    assert_ok(ntk_features_output(features, F));
    assert_ok(ntk_jacobian_adjoint(features, v, g));
    const double size = largest_entry(p.N, F);
    for (size_t l = 1; l <= L; l++) {
      const size_t from = (size_t)(p.network->W[l] - p.network->theta);
      const size_t count = width[l - 1] * (l < L ? width[l] : 1);
      double *part = make_array(p.P);
      memcpy(part + from, p.network->W[l], count * sizeof *part);
      assert_ok(ntk_jacobian_apply(features, part, u));
      const double off = largest_difference(p.N, u, F);
      const double product = dot(p.network->W[l], g + from, count), expected = dot(F, v, p.N);
      if (a < 2 || l == L) {
        assert_near(off, 0.0, 1e-13 * size, names[a]);
        assert_near(product, expected, 1e-11 * size, names[a]);
      } else {
        assert_true(off > 0.01 * size);
      }
      free(part);
    }
    double *free_these[] = {F, v, g, u};
    for (size_t f = 0; f < COUNT(free_these); f++)
      free(free_these[f]);
    ntk_features_destroy(features);
    fit_destroy(&p);
  }
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_explicit),
      cmocka_unit_test(test_adjoint),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_euler),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
