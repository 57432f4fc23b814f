/* Memorisation with a margin: inequalities in place of equations.
 * Properties: a plain forward pass has y_i F_L(x_i) >= margin, beyond the samples that equations
 * take; the separation found and the bound on it enclose that of an exact search in the plane;
 * what is called not separable is not; labels against a symmetry are named; neither threads nor
 * companions change a bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "memorize_support.h"

static void make_signs(fit_problem *p) {
  for (size_t i = 0; i < p->N; i++)
    p->Y[i] = p->Y[i] < 0.0 ? -1.0 : 1.0;
}

/* min_i y_i F_L(x_i), by plain loops. */
static double plain_margin(const fit_problem *p, const ntk_network *network) {
  double least = INFINITY;
  for (size_t i = 0; i < p->N; i++)
    least = fmin(least, p->Y[i] * (double)network_output(network, p->phi, p->X + i * p->width[0]));
  return least;
}

/* 240, 240 and 336 parameters to fit with. */
static const size_t shallow[] = {24, 20}, usual[] = {20, 24, 20}, deep[] = {20, 24, 24, 24, 28};

static void test_more_samples(void **state) {
  (void)state;
  static const struct {
    size_t L;
    const size_t *width;
  } shapes[] = {{2, shallow}, {3, usual}, {5, deep}};
  static const char *const names[] = {"tanh", "relu", "gelu", "sin", "softplus", "sigmoid"};
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t k = 0; k < COUNT(names); k++) {
      if (shapes[s].L == 5 && strcmp(names[k], "sigmoid") == 0)
        continue; /* squeezed by four sigmoids, samples are nearly equal */
      fit_problem p =
          make_problem(2, shapes[s].L == 5 ? 400 : 350, shapes[s].L, shapes[s].width, names[k]);
      ntk_memorize_result result;
      make_signs(&p);
      const double margin = k == 0 ? 1.0 : 0.25;
      ntk_network *network = memorize(&p, &(ntk_memorize_options){.margin = margin}, &result);
      if (!result.reached)
        fail_msg("%s, L = %zu: %s", names[k], shapes[s].L, result.reason);
      assert_string_equal(result.reason, "");
      const double least = plain_margin(&p, network);
      assert_true(least >= margin);
      assert_near(result.margin, least, result.rounding, "the margin");
      assert_true(result.rounding < 1e-2 * margin); /* and says something */
      ntk_fit_error error;
      assert_ok(ntk_fit_measure(network, p.data, p.Y, &error));
      assert_true(error.margin == result.margin && error.margin_bound <= least);
      assert_near(error.margin_bound, error.margin - error.rounding, 1e-15, "its bound");
      assert_true(result.support <= p.N && result.corrections == 0 && result.steps > 0);
      ntk_network_destroy(network);
      free_problem(&p);
    }
}

/* Nearly alike features: rounding is 1e-7 of the margin, and other once outputs are multiplied.
 * What is called reached is so by its bound, and what is separable and no larger than that is
 * reached. */
static void test_rounding(void **state) {
  (void)state;
  static const size_t narrow[] = {5, 3, 8};
  size_t reached = 0;
  double most = 0.0;
  for (uint64_t draw = 0; draw < 20; draw++) {
    fit_problem p = make_problem(1, 14 + draw % 5, 3, narrow, "sigmoid");
    double *Y = make_normal(50 + draw, p.N);
    memcpy(p.Y, Y, p.N * sizeof *Y);
    make_signs(&p);
    for (double margin = 1e-90; margin <= 1e90; margin *= 1e90) {
      ntk_memorize_result result;
      ntk_network *network = memorize(&p, &(ntk_memorize_options){.margin = margin}, &result);
      ntk_fit_error error;
      assert_ok(ntk_fit_measure(network, p.data, p.Y, &error));
      assert_true(result.reached == (error.margin_bound >= margin));
      assert_true(result.reached || !(error.margin_bound > 0.0));
      reached += result.reached;
      most = result.reached ? fmax(most, result.rounding / margin) : most;
      ntk_network_destroy(network);
    }
    free(Y);
    free_problem(&p);
  }
  assert_true(reached > 30 && most > 1e-9);
}

/* Rows of J that all are 0: nothing separates, and the first sample is why. */
static void test_zero(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 1, 3, usual, "tanh");
  memset(p.X, 0, p.width[0] * sizeof *p.X);
  make_signs(&p);
  ntk_dataset_destroy(p.data);
  p.data = make_data(p.context, p.X, 1, p.width[0]);
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, &(ntk_memorize_options){.margin = 1.0}, &result);
  assert_false(result.reached);
  assert_true(result.separation == 0.0 && result.separation_bound == 0.0);
  assert_true(result.combination == 0.0);
  assert_non_null(strstr(result.reason, "sample 1 is zero"));
  ntk_network_destroy(network);
  free_problem(&p);
}

/* ---- In the plane ---------------------------------------------------------------------------- */

enum { PLANE = 2 };

/* The distance of 0 from the segment between u and v. */
static double segment_distance(const double *u, const double *v) {
  const double e[PLANE] = {v[0] - u[0], v[1] - u[1]}, square = dot(e, e, PLANE);
  const double s = square > 0.0 ? fmin(1.0, fmax(0.0, -dot(u, e, PLANE) / square)) : 0.0;
  return hypot(u[0] + s * e[0], u[1] + s * e[1]);
}

/* The largest min_i <z_i, w> of w of norm 1: the distance of 0 from the hull of the z_i, or 0 where
 * it is inside: where no half plane has them all, that is where no gap between angles is above pi.
 */
static double plane_separation(const double *z, size_t N) {
  double distance = INFINITY;
  bool half = false;
  for (size_t i = 0; i < N; i++) { /* all on one side of z_i's line, or of none's */
    bool left = true, right = true;
    for (size_t j = 0; j < N; j++) {
      const double cross = z[2 * i] * z[2 * j + 1] - z[2 * i + 1] * z[2 * j];
      left = left && cross >= 0.0;
      right = right && cross <= 0.0;
      distance = fmin(distance, segment_distance(z + 2 * i, z + 2 * j));
    }
    half = half || left || right;
  }
  return half ? distance : 0.0;
}

static void test_plane(void **state) {
  (void)state;
  enum { DRAWS = 300, MOST = 8 };
  static const size_t width[] = {PLANE, 2};
  size_t yes = 0, no = 0;
  for (uint64_t draw = 0; draw < DRAWS; draw++) {
    fit_problem p = make_problem(1, 1 + draw % MOST, 2, width, "identity");
    double *X = make_normal(100 + draw, p.N * PLANE), *Y = make_normal(1000 + draw, p.N);
    double z[PLANE * MOST], longest = 0.0;
    memcpy(p.Y, Y, p.N * sizeof *Y);
    make_signs(&p);
    for (size_t e = 0; e < PLANE * p.N; e++)
      z[e] = p.Y[e / PLANE] * X[e];
    for (size_t i = 0; i < p.N; i++)
      longest = fmax(longest, hypot(X[2 * i], X[2 * i + 1]));
    ntk_dataset_destroy(p.data);
    p.data = make_data(p.context, X, p.N, PLANE);
    ntk_memorize_result result;
    ntk_network_destroy(memorize(&p, &(ntk_memorize_options){.margin = 1.0}, &result));
    const double exact = plane_separation(z, p.N) / longest;
    if (exact > 0.0) {
      yes++;
      assert_true(result.separation <= exact * (1.0 + 1e-12));
      assert_true(result.separation_bound >= exact * (1.0 - 1e-12));
      assert_true(result.separation >= 0.89 * result.separation_bound);
    } else {
      no++;
      assert_true(result.separation <= 0.0 && result.combination <= 1e-13);
    }
    assert_true(result.reached == (exact > 0.0));
    free(X);
    free(Y);
    free_problem(&p);
  }
  assert_true(yes >= DRAWS / 4 && no >= DRAWS / 4);
}

/* ---- Not separable --------------------------------------------------------------------------- */

static void relate(fit_problem *p, double c, double y) {
  const size_t d = p->width[0];
  for (size_t j = 0; j < d; j++)
    p->X[5 * d + j] = c * p->X[2 * d + j];
  p->Y[5] = y * p->Y[2];
  ntk_dataset_destroy(p->data);
  p->data = make_data(p->context, p->X, p->N, d);
}

/* x_6 = c x_3 with y times its label: reached, or the reason has that text. */
static void expect_pair(const char *phi, double c, double y, const char *says) {
  fit_problem p = make_problem(1, 60, 3, usual, phi);
  ntk_memorize_result result;
  make_signs(&p);
  relate(&p, c, y);
  ntk_network *network = memorize(&p, &(ntk_memorize_options){.margin = 1.0}, &result);
  if (says == NULL && !result.reached)
    fail_msg("%s, %g: %s", phi, c, result.reason);
  if (says != NULL && (result.reached || strstr(result.reason, says) == NULL))
    fail_msg("%s, %g: '%s' does not say '%s'", phi, c, result.reason, says);
  assert_true(says != NULL || plain_margin(&p, network) >= 1.0);
  ntk_network_destroy(network);
  free_problem(&p);
}

static void test_symmetry(void **state) {
  (void)state;
  expect_pair("tanh", -1.0, -1.0, NULL);
  expect_pair("tanh", -1.0, 1.0, "sample 6 is -1 times sample 3");
  expect_pair("relu", 3.0, 1.0, NULL); /* which equations do not fit: F_L(3 x) = 3 F_L(x) */
  expect_pair("relu", 3.0, -1.0, "sample 6 is 3 times sample 3");
  expect_pair("relu", 0.0, 1.0, "sample 6 is zero");
}

/* Far beyond twice the parameters nothing separates: it is said, with both numbers. */
static void test_too_many(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 700, 3, usual, "tanh");
  ntk_memorize_result result;
  make_signs(&p);
  ntk_network *network = memorize(&p, &(ntk_memorize_options){.margin = 1.0}, &result);
  assert_false(result.reached);
  assert_true(result.combination <= 1e-13 && result.separation < 0.0);
  assert_true(result.support > 240); /* as many rows as are dependent */
  assert_true(plain_margin(&p, network) < 0.0);
  assert_non_null(strstr(result.reason, "not separable"));
  assert_non_null(strstr(result.reason, "700 samples, and n_{L-2} m = 240 parameters"));
  ntk_network_destroy(network);
  free_problem(&p);
}

/* ---- Several vectors, outputs, threads ------------------------------------------------------- */

static void assert_same_weights(const ntk_network *a, const ntk_network *b) {
  assert_memory_equal(ntk_network_weights(a, 1), ntk_network_weights(b, 1),
                      ntk_network_parameters(a) * sizeof(double));
}

static void test_companions(void **state) {
  (void)state;
  enum { N = 300 };
  ntk_network *one[2], *both[2];
  ntk_memorize_result result[2];
  double Y[2 * N];
  const ntk_memorize_options options = {.margin = 1.0};
  fit_problem alone[2];
  for (int k = 0; k < 2; k++) { /* by one thread */
    alone[k] = make_problem(1, N, 3, usual, "sin");
    for (size_t i = 0; i < N; i++)
      alone[k].Y[i] *= k == 0 || i % 2 == 0 ? 1.0 : -1.0;
    make_signs(&alone[k]);
    memcpy(Y + k * N, alone[k].Y, sizeof Y / 2);
    one[k] = memorize(&alone[k], &options, &result[k]);
    assert_true(result[k].reached);
  }
  fit_problem p = make_problem(3, N, 3, usual, "sin");
  const ntk_network_spec spec = spec_of(&p);
  assert_ok(ntk_memorize(p.context, &spec, p.data, Y, 2, &options, both, result));
  for (int k = 0; k < 2; k++) {
    assert_same_weights(one[k], both[k]);
    ntk_network_destroy(both[k]);
    ntk_network_destroy(one[k]);
    free_problem(&alone[k]);
  }
  free_problem(&p);
}

/* ---- Refusals, memory ------------------------------------------------------------------------ */

static void expect_refusal(ntk_memorize_options options, double label, const char *says) {
  fit_problem p = make_problem(1, 20, 3, usual, "tanh");
  const ntk_network_spec spec = spec_of(&p);
  ntk_network *network = NULL;
  ntk_memorize_result result;
  make_signs(&p);
  p.Y[7] = label;
  assert_refused(ntk_memorize(p.context, &spec, p.data, p.Y, 1, &options, &network, &result),
                 NTK_ERR_ARGUMENT, says);
  assert_null(network);
  free_problem(&p);
}

static void test_refusals(void **state) {
  (void)state;
  const double wrong[] = {-1.0, INFINITY, NAN, 1e-200, 1e200};
  for (size_t k = 0; k < COUNT(wrong); k++)
    expect_refusal((ntk_memorize_options){.margin = wrong[k]}, 1.0, "accepted: from 1e-100 to 1e+");
  const double labels[] = {0.5, 0.0, -2.0, NAN};
  for (size_t k = 0; k < COUNT(labels); k++)
    expect_refusal((ntk_memorize_options){.margin = 1.0}, labels[k], "label 8 (from 1) is");
  expect_refusal((ntk_memorize_options){.margin = 1.0, .iterative = true}, 1.0, "in double");
  expect_refusal((ntk_memorize_options){.margin = 1.0, .precision = "mixed"}, 1.0, "in double");
}

static void test_memory(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 40};
  static const size_t samples[] = {50, 700, 2500};
  for (size_t k = 0; k < COUNT(samples); k++) {
    fit_problem p = make_problem(1, samples[k], 3, width, "tanh");
    const ntk_network_spec spec = spec_of(&p);
    const ntk_memorize_options options = {.margin = 1.0};
    ntk_memorize_result result;
    size_t bytes = 0;
    make_signs(&p);
    assert_ok(ntk_memorize_memory(p.context, &spec, p.N, 1, &options, &bytes));
    ntk_network_destroy(memorize(&p, &options, &result));
    const double peak = (double)ntk_memory_peak(p.context);
    if (!((double)bytes >= peak && (double)bytes <= 1.5 * peak + 100000.0))
      fail_msg("N = %zu: predicted %zu, held %.0f", p.N, bytes, peak);
    free_problem(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_more_samples), cmocka_unit_test(test_rounding),
      cmocka_unit_test(test_zero),         cmocka_unit_test(test_plane),
      cmocka_unit_test(test_symmetry),     cmocka_unit_test(test_too_many),
      cmocka_unit_test(test_companions),   cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests_name("memorize_margin", tests, NULL, NULL);
}
