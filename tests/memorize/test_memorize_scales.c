/* Whether samples are separable does not depend on how long their rows are.
 * Properties: rows that a positive combination makes 0 are called not separable, and those without
 * one of them separable, whatever positive numbers multiply them; so are rows in the plane, where
 * angles tell; independent rows of saturated units are never called not separable, nor a row that
 * underflows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "memorize_support.h"

enum { MOST = 16 };

/* Of rows y_i z_i: L = 2 with one pair of identity units, whose J_i is x_i. */
static ntk_memorize_result answer_of(size_t N, size_t d, const double *z, const double *Y) {
  const size_t width[] = {d, 2};
  fit_problem p = make_problem(1, N, 2, width, "identity");
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < d; j++)
      p.X[i * d + j] = Y[i] * z[i * d + j];
  memcpy(p.Y, Y, N * sizeof *Y);
  ntk_dataset_destroy(p.data);
  p.data = make_data(p.context, p.X, N, d);
  ntk_memorize_result result;
  ntk_network_destroy(memorize(&p, &(ntk_memorize_options){.margin = 1.0}, &result));
  free_problem(&p);
  return result;
}

static void scale_row(double *z, size_t d, double factor) {
  for (size_t j = 0; j < d; j++)
    z[j] *= factor;
}

static double sign_of(double x) {
  return x < 0.0 ? -1.0 : 1.0;
}

static const double factors[] = {1.0, 1e-15, 1.0, 1e-7, 1e-15, 1e-40, 1.0, 1e-100};

/* d + 1 rows with sum c_i z_i = 0, c_i > 0, and any d of them independent: Gordan's alternative. */
static void test_simplex(void **state) {
  (void)state;
  enum { DIM = 6, DRAWS = 40 };
  for (uint64_t draw = 0; draw < DRAWS; draw++) {
    double *z = make_normal(300 + draw, (DIM + 1) * DIM), *c = make_normal(600 + draw, DIM + 1);
    double Y[DIM + 1];
    double *last = z + (size_t)DIM * DIM;
    memset(last, 0, DIM * sizeof *last);
    for (size_t i = 0; i < DIM; i++)
      for (size_t j = 0; j < DIM; j++)
        last[j] -= (0.2 + fabs(c[i])) * z[i * DIM + j];
    for (size_t i = 0; i <= DIM; i++) {
      Y[i] = sign_of(c[i]);
      scale_row(z + i * DIM, DIM, factors[(i + draw) % COUNT(factors)]);
    }
    const ntk_memorize_result all = answer_of(DIM + 1, DIM, z, Y);
    const ntk_memorize_result fewer = answer_of(DIM, DIM, z, Y);
    if (!(all.separation <= 0.0 && all.combination <= 1e-13))
      fail_msg("draw %d: separation %g, combination %g", (int)draw, all.separation,
               all.combination);
    if (!(fewer.separation > 0.0 && fewer.combination > 1e-13))
      fail_msg("draw %d, one less: separation %g, combination %g", (int)draw, fewer.separation,
               fewer.combination);
    free(z);
    free(c);
  }
}

/* Whether all z_i (N x 2) lie on one side of a line: that of one of them. */
static bool one_side(const double *z, size_t N) {
  for (size_t i = 0; i < N; i++) {
    bool left = true, right = true;
    for (size_t j = 0; j < N; j++) {
      const double cross = z[2 * i] * z[2 * j + 1] - z[2 * i + 1] * z[2 * j];
      left = left && cross >= 0.0;
      right = right && cross <= 0.0;
    }
    if (left || right)
      return true;
  }
  return false;
}

static void test_plane(void **state) {
  (void)state;
  enum { DRAWS = 200 };
  size_t yes = 0, no = 0;
  for (uint64_t draw = 0; draw < DRAWS; draw++) {
    const size_t N = 2 + draw % 7;
    double *z = make_normal(2000 + draw, 2 * N), *signs = make_normal(4000 + draw, N), Y[MOST];
    const bool separable = one_side(z, N);
    for (size_t i = 0; i < N; i++) {
      Y[i] = sign_of(signs[i]);
      scale_row(z + 2 * i, 2, factors[(3 * i + draw) % COUNT(factors)]);
    }
    const ntk_memorize_result result = answer_of(N, 2, z, Y);
    if ((result.separation > 0.0) != separable || (result.combination <= 1e-13) == separable)
      fail_msg("draw %d: separation %g, combination %g", (int)draw, result.separation,
               result.combination);
    yes += separable;
    no += !separable;
    free(z);
    free(signs);
  }
  assert_true(yes >= DRAWS / 5 && no >= DRAWS / 5);
}

/* x_i that are linearly independent make rows x_i (x) b_i that are, as long as no b_i is 0: any
 * labels are separable. Saturated units make them 1 to 1e-40 long. */
static void test_saturated(void **state) {
  (void)state;
  static const size_t width[] = {12, 4};
  static const char *const names[] = {"erf", "tanh", "sigmoid"};
  static const double size[] = {6.0, 20.0, 40.0};
  size_t short_ones = 0;
  for (size_t k = 0; k < COUNT(names); k++)
    for (uint64_t draw = 0; draw < 20; draw++) {
      fit_problem p = make_problem(1, 6, 2, width, names[k]);
      double *X = make_normal(700 + draw, p.N * width[0]), *Y = make_normal(800 + draw, p.N);
      for (size_t i = 0; i < p.N; i++)
        p.Y[i] = sign_of(Y[i]);
      scale_row(X, p.N * width[0], size[k]);
      ntk_dataset_destroy(p.data);
      p.data = make_data(p.context, X, p.N, width[0]);
      ntk_memorize_result result;
      ntk_network_destroy(memorize(&p, &(ntk_memorize_options){.margin = 1.0}, &result));
      if (!(result.separation > 0.0 && result.combination > 1e-3))
        fail_msg("%s, draw %d: separation %g, combination %g: %s", names[k], (int)draw,
                 result.separation, result.combination, result.reason);
      short_ones += result.separation_bound <= 1e-13;
      free(X);
      free(Y);
      free_problem(&p);
    }
  assert_true(short_ones >= 10);
}

/* Its square underflows: neither answer, and no word of units that are not active. */
static void test_underflow(void **state) {
  (void)state;
  static const size_t width[] = {8, 8, 64};
  static const double factor[] = {1e-200, 1e-160};
  for (size_t k = 0; k < 2 * COUNT(factor); k++) {
    fit_problem p = make_problem(1, 6, 3, width, k % 2 == 0 ? "relu" : "tanh");
    for (size_t i = 0; i < p.N; i++)
      p.Y[i] = sign_of(p.Y[i]);
    scale_row(p.X + 2 * width[0], width[0], factor[k / 2]);
    ntk_dataset_destroy(p.data);
    p.data = make_data(p.context, p.X, p.N, width[0]);
    ntk_memorize_result result;
    ntk_network_destroy(memorize(&p, &(ntk_memorize_options){.margin = 1.0}, &result));
    assert_false(result.reached);
    assert_true(result.separation <= 0.0 && result.combination > 1e-13);
    assert_non_null(strstr(result.reason, "of sample 3 (from 1)"));
    assert_non_null(strstr(result.reason, "its square underflows"));
    free_problem(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_simplex),
      cmocka_unit_test(test_plane),
      cmocka_unit_test(test_saturated),
      cmocka_unit_test(test_underflow),
  };
  return cmocka_run_group_tests_name("memorize_scales", tests, NULL, NULL);
}
