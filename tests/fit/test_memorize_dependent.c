/* Memorisation where rows of J_{L-2} are linearly dependent: K_{L-2} is singular.
 * Properties: F_L(-x) = -F_L(x) for odd phi and F_L(c x) = c F_L(x), c > 0, for relu, whatever the
 * weights. Labels that follow this are fitted like any others; others leave an error near the least
 * that there is, and the samples are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "memorize_support.h"

static const size_t shallow[] = {10, 20}, usual[] = {10, 24, 20}, deep[] = {10, 20, 24, 24};
static const struct {
  size_t L;
  const size_t *width;
} shapes[] = {{2, shallow}, {3, usual}, {4, deep}};

/* x_k = c x_i + noise times a random vector, y_k = c y_i. */
static void relate(fit_problem *p, size_t i, size_t k, double c, double noise) {
  const size_t d = p->width[0];
  double *other = make_normal(9, d);
  for (size_t j = 0; j < d; j++)
    p->X[k * d + j] = c * (p->X[i * d + j] + noise * other[j]);
  p->Y[k] = c * p->Y[i];
  free(other);
}

/* Samples 0..N-1 on p + s u, s = first, first + step, ..., labels affine in s. */
static void put_on_line(fit_problem *p, size_t N, bool through_0, double first, double step) {
  const size_t d = p->width[0];
  double *u = make_normal(11, 2 * d);
  for (size_t i = 0; i < N; i++) {
    const double s = first + step * (double)i;
    for (size_t j = 0; j < d; j++)
      p->X[i * d + j] = s * u[j] + (through_0 ? 0.0 : u[d + j]);
    p->Y[i] = through_0 ? 0.7 * s : 0.7 * s + 1.0;
  }
  free(u);
}

static void renew(fit_problem *p) {
  ntk_dataset_destroy(p->data);
  p->data = make_data(p->context, p->X, p->N, p->width[0]);
}

static void expect_fitted(fit_problem *p) {
  ntk_memorize_result result;
  double relative, largest;
  renew(p);
  ntk_network *network = memorize(p, NULL, &result);
  if (!result.reached)
    fail_msg("%s, L = %zu, N = %zu: %s", p->phi, p->L, p->N, result.reason);
  assert_string_equal(result.reason, "");
  assert_int_equal(result.samples, p->N);
  plain_errors(p, network, &relative, &largest);
  assert_true(result.relative_error <= 1e-10);
  assert_near(result.relative_error, relative, 1e-12, "relative error");
  assert_true(largest <= result.max_error + result.rounding);
  ntk_network_destroy(network);
  free_problem(p);
}

/* ---- Labels that follow ---------------------------------------------------------------------- */

static void test_opposite(void **state) {
  (void)state;
  static const char *const odd[] = {"tanh", "erf", "sin", "atan", "gaussian"}; /* the last even */
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t a = 0; a < COUNT(odd); a++) {
      fit_problem p = make_problem(2, 40, shapes[s].L, shapes[s].width, odd[a]);
      for (size_t i = 0; i < 20; i++) /* half of them, the other half before and behind */
        relate(&p, i, 39 - i, -1.0, 0.0);
      for (size_t i = 0; i < 20 && a == COUNT(odd) - 1; i++)
        p.Y[39 - i] = p.Y[i];
      expect_fitted(&p);
    }
}

static void test_multiples(void **state) {
  (void)state;
  static const double factors[] = {3.0, 0.1, 1000.0};
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t f = 0; f < COUNT(factors); f++) {
      fit_problem p = make_problem(1, 40, shapes[s].L, shapes[s].width, "relu");
      relate(&p, 4, 31, factors[f], 0.0);
      relate(&p, 25, 7, 2.0, 0.0);
      expect_fitted(&p);
    }
}

/* On a ray, on a line through 0, and on a line on which some unit changes sign or none. */
static void test_lines(void **state) {
  (void)state;
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (int through_0 = 0; through_0 <= 1; through_0++)
      for (int k = 0; k < 3; k++) {
        fit_problem p = make_problem(1, 10, shapes[s].L, shapes[s].width, "relu");
        put_on_line(&p, 10, through_0 == 1, k == 0 ? 1.0 : -2.1, k == 2 ? 0.01 : 0.5);
        expect_fitted(&p);
      }
}

/* A line among samples of no kind; N > d and linear labels; as many copies as make N > n_{L-2} m.
 */
static void test_among_others(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 40, 2, shallow, "relu");
  put_on_line(&p, 5, false, 0.0, 0.01);
  expect_fitted(&p);
  p = make_problem(1, 60, 3, usual, "identity");
  for (size_t i = 0; i < p.N; i++)
    p.Y[i] = 2.0 * p.X[i * 10] - p.X[i * 10 + 3];
  expect_fitted(&p);
  p = make_problem(1, 300, 3, usual, "tanh");
  for (size_t i = 0; i < 150; i++)
    relate(&p, i, 150 + i, -1.0, 0.0);
  expect_fitted(&p);
}

/* Samples that are hard to keep apart are no harder with their opposites among them, or with c of
 * them for relu: these follow, and take no part in the system. */
static void test_hard_samples(void **state) {
  (void)state;
  static const double factors[] = {-1.0, 4.0};
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t k = 0; k < COUNT(factors); k++) {
      double error[2];
      for (size_t copies = 0; copies < 2; copies++) {
        fit_problem p = make_problem(1, copies == 1 ? 16 : 8, shapes[s].L, shapes[s].width,
                                     k == 0 ? "tanh" : "relu");
        for (size_t i = 1; i < 8; i++) /* near sample 0, from 2e-2 to 2e-7 of its size */
          for (size_t j = 0; j < 10; j++)
            p.X[10 * i + j] = p.X[j] + 0.1 * pow(0.15, (double)i) * p.X[10 * i + j];
        for (size_t i = 8; i < p.N; i++)
          relate(&p, i - 8, i, factors[k], 0.0);
        renew(&p);
        ntk_memorize_result result;
        ntk_network *network = memorize(&p, NULL, &result);
        assert_int_equal(result.samples, p.N);
        error[copies] = result.relative_error;
        ntk_network_destroy(network);
        free_problem(&p);
      }
      if (error[1] > 1.1 * error[0])
        fail_msg("%s, L = %zu: error %g, with multiples %g", k == 0 ? "tanh" : "relu", shapes[s].L,
                 error[0], error[1]);
    }
}

/* Equal samples and multiples of one sample, some that follow and some that do not: 0 and 3 are
 * equal, 7 = -0 and 12 = 7 follow, as do 20 and 21 = -20. */
static void test_mixed(void **state) {
  (void)state;
  for (int follows = 1; follows >= 0; follows--) {
    fit_problem p = make_problem(1, 40, 3, usual, "erf");
    relate(&p, 0, 3, 1.0, 0.0);
    relate(&p, 0, 7, -1.0, 0.0);
    relate(&p, 7, 12, 1.0, 0.0);
    relate(&p, 20, 21, -1.0, 0.0);
    if (follows == 0)
      p.Y[7] = p.Y[12] = 5.0 - p.Y[0];
    renew(&p);
    ntk_memorize_result result;
    ntk_network *network = memorize(&p, NULL, &result);
    assert_int_equal(result.samples, 38);
    assert_true(result.reached == (follows == 1));
    if (follows == 1) /* the row of neither sample takes part twice */
      assert_true(result.condition < 1e12);
    /* two equations f = y and two f = -y': 25 / 4 (2 + 2) */
    const double least = 5.0 / norm_of(p.Y, p.N);
    if (follows == 0)
      assert_near(result.relative_error, least, 1e-3 * least, "relative error");
    ntk_network_destroy(network);
    free_problem(&p);
  }
}

/* ---- Labels that do not ---------------------------------------------------------------------- */

static void expect_reason(fit_problem *p, bool iterative, double least, const char *const *says) {
  const ntk_memorize_options options = {.iterative = iterative};
  ntk_memorize_result result;
  renew(p);
  ntk_network *network = memorize(p, &options, &result);
  assert_false(result.reached);
  for (size_t i = 0; says[i] != NULL; i++)
    if (strstr(result.reason, says[i]) == NULL)
      fail_msg("%s, L = %zu: '%s' does not say '%s'", p->phi, p->L, result.reason, says[i]);
  assert_true(strlen(result.reason) + 1 < sizeof result.reason);
  assert_null(strstr(result.reason, "beta"));
  assert_true(result.relative_error >= least * (1.0 - 1e-9));
  if (least > 0.0 && !iterative) /* conjugate gradients alone do not come near it */
    assert_true(result.relative_error <= 1.001 * least);
  ntk_network_destroy(network);
}

/* min over f of (f - y_i)^2 + (c f - y_k)^2 is (y_k - c y_i)^2 / (1 + c^2). */
static void test_contradictions(void **state) {
  (void)state;
  static const struct {
    const char *phi;
    double c;
    const char *says[3];
  } cases[] = {
      {"tanh", -1.0, {"sample 31 is -1 times sample 5 (from 1), and with tanh F_L(-x) = -F_L(x)"}},
      {"erf", -1.0, {"sample 31 is -1 times sample 5 (from 1), and"}},
      {"gaussian",
       -1.0,
       {"sample 31 is -1 times sample 5 (from 1), and with gaussian F_L(-x) = F_L(x)"}},
      {"relu", 3.0, {"sample 31 is 3 times sample 5 (from 1), and with relu F_L(c x) = c F_L(x)"}},
      {"relu", 0.25, {"sample 31 is 0.25 times sample 5 (from 1), and"}}};
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t k = 0; k < COUNT(cases); k++)
      for (int iterative = 0; iterative <= 1; iterative++) {
        const double c = cases[k].c;
        fit_problem p = make_problem(1, 40, shapes[s].L, shapes[s].width, cases[k].phi);
        relate(&p, 10, 20, c, 0.0); /* labels that follow are not to blame */
        relate(&p, 4, 30, c, 0.0);
        if (strcmp(cases[k].phi, "gaussian") == 0) { /* F_L(-x) = F_L(x) */
          p.Y[20] = p.Y[10];
          p.Y[30] = p.Y[4];
        }
        p.Y[30] += 1.5;
        const double least = 1.5 / sqrt(1.0 + c * c) / norm_of(p.Y, p.N);
        expect_reason(&p, iterative == 1, least, cases[k].says);
        free_problem(&p);
      }
}

/* Of x, 2 x and 4 x the last does not follow: the error is what of (0, 0, 1.5) is across (1, 2, 4),
 * 1.5 sqrt(1 - 16 / 21), though the second does. */
static void test_partly_following(void **state) {
  (void)state;
  static const char *const says[] = {"sample 31 is 4 times sample 5 (from 1)", NULL};
  for (size_t s = 0; s < COUNT(shapes); s++) {
    fit_problem p = make_problem(1, 40, shapes[s].L, shapes[s].width, "relu");
    relate(&p, 4, 20, 2.0, 0.0);
    relate(&p, 4, 30, 4.0, 0.0);
    p.Y[30] += 1.5;
    expect_reason(&p, false, 1.5 * sqrt(5.0 / 21.0) / norm_of(p.Y, p.N), says);
    free_problem(&p);
  }
}

/* x_k = c x_i but for little: other labels would take weights too large for rounding. */
static void test_near_contradictions(void **state) {
  (void)state;
  static const char *const opposite[] = {"sample 31 is -1 times sample 5 (from 1) but for ",
                                         "of its size, and with tanh", NULL};
  static const char *const multiple[] = {"sample 31 is 3 times sample 5 (from 1) but for ",
                                         "of its size, and with relu", NULL};
  for (int iterative = 0; iterative <= 1; iterative++) {
    fit_problem p = make_problem(1, 40, 3, usual, "tanh");
    relate(&p, 4, 30, -1.0, 1e-10);
    p.Y[30] += 1.5;
    expect_reason(&p, iterative == 1, 0.0, opposite);
    free_problem(&p);
    p = make_problem(1, 40, 3, usual, "relu");
    relate(&p, 4, 30, 3.0, 1e-10);
    p.Y[30] += 1.5;
    expect_reason(&p, iterative == 1, 0.0, multiple);
    free_problem(&p);
  }
}

/* One unit in the layer below: to relu all samples on which it is active are multiples of one
 * number f, F_L = f F_L(1), and the best fit of the labels is their part along f. */
static void test_bottleneck(void **state) {
  (void)state;
  static const size_t narrow[] = {10, 1, 20};
  static const char *const says[] = {"the rows of J_{L-2} of samples ", " and 3 more (from 1) are ",
                                     "linearly dependent, and their labels are not so", NULL};
  fit_problem p = make_problem(1, 6, 3, narrow, "relu");
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, NULL, &result); /* for its first layer */
  const double *w = ntk_network_weights(network, 1);
  double along = 0.0, square = 0.0;
  for (size_t i = 0; i < p.N; i++) {
    double f = 0.0;
    for (size_t j = 0; j < 10; j++)
      f += w[j] * p.X[i * 10 + j];
    for (size_t j = 0; j < 10; j++)
      p.X[i * 10 + j] *= f < 0.0 ? -1.0 : 1.0;
    along += fabs(f) * p.Y[i];
    square += f * f;
  }
  ntk_network_destroy(network);
  const double norm = norm_of(p.Y, p.N);
  expect_reason(&p, false, sqrt(1.0 - along * along / square / (norm * norm)), says);
  free_problem(&p);
}

/* A label vector that follows is fitted, whatever its companion does, which has the least error
 * there is: what of (0, 1) is across (1, 3). */
static void test_companions(void **state) {
  (void)state;
  for (size_t bad = 0; bad < 2; bad++) {
    fit_problem p = make_problem(1, 40, 3, usual, "relu");
    relate(&p, 4, 30, 3.0, 0.0);
    renew(&p);
    double Y[80];
    memcpy(Y, p.Y, 40 * sizeof *Y);
    memcpy(Y + 40, p.Y, 40 * sizeof *Y);
    Y[40 * bad + 30] += 1.0;
    const ntk_network_spec spec = spec_of(&p);
    ntk_network *networks[2];
    ntk_memorize_result results[2];
    assert_ok(ntk_memorize(p.context, &spec, p.data, Y, 2, NULL, networks, results));
    assert_true(!results[bad].reached && results[1 - bad].reached);
    assert_non_null(strstr(results[bad].reason, "sample 31 is 3 times"));
    const double off = results[bad].relative_error * norm_of(Y + 40 * bad, 40) / sqrt(0.1);
    assert_true(off >= 1.0 - 1e-9 && off <= 1.001);
    double relative, largest;
    plain_errors(&p, networks[1 - bad], &relative, &largest);
    assert_true(relative <= 1e-10);
    ntk_network_destroy(networks[0]);
    ntk_network_destroy(networks[1]);
    free_problem(&p);
  }
}

/* A sample on which neither unit of the layer below is active has a row that is 0, and no word of
 * underflow. */
static void test_inactive(void **state) {
  (void)state;
  static const size_t narrow[] = {10, 2, 20};
  fit_problem p = make_problem(1, 3, 3, narrow, "relu");
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, NULL, &result); /* for its first layer */
  const double *W = ntk_network_weights(network, 1);
  double f[2] = {1.0, 1.0};
  for (uint64_t seed = 20; f[0] > 0.0 || f[1] > 0.0; seed++) {
    double *drawn = make_normal(seed, 10);
    memcpy(p.X, drawn, 10 * sizeof *drawn);
    free(drawn);
    f[0] = f[1] = 0.0;
    for (size_t j = 0; j < 20; j++)
      f[j % 2] += W[j] * p.X[j / 2];
  }
  ntk_network_destroy(network);
  renew(&p);
  ntk_network_destroy(memorize(&p, NULL, &result));
  assert_false(result.reached);
  assert_non_null(strstr(result.reason, "sample 1 has K_ii = 0: on it no unit is active"));
  free_problem(&p);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* What is predicted is enough on this way too; with less, it fails and leaves nothing behind. */
static void test_memory(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 40, 4, deep, "relu");
  for (size_t i = 0; i < 3; i++)
    relate(&p, i, 30 + i, 3.0, 0.0);
  relate(&p, 9, 20, 1.0, 0.0); /* and an equal one */
  renew(&p);
  const ntk_network_spec spec = spec_of(&p);
  const size_t held = ntk_memory_in_use(p.context);
  size_t bytes = 0, failures = 0;
  assert_ok(ntk_memorize_memory(p.context, &spec, p.N, 1, NULL, &bytes));
  ntk_status status = NTK_ERR_MEMORY;
  for (size_t limit = held + 64; status != NTK_OK; limit += 512) {
    ntk_network *network = NULL;
    ntk_memorize_result result = {.t = -7.0};
    p.context->memory_limit = limit;
    status = ntk_memorize(p.context, &spec, p.data, p.Y, 1, NULL, &network, &result);
    failures += status != NTK_OK;
    assert_true(status == NTK_OK || (status == NTK_ERR_MEMORY && network == NULL));
    assert_true(status != NTK_OK || result.reached);
    assert_true(status == NTK_OK || limit <= held + bytes);
    ntk_network_destroy(network);
    assert_int_equal(ntk_memory_in_use(p.context), held);
  }
  assert_true(failures > 20);
  free_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_opposite),
      cmocka_unit_test(test_multiples),
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_among_others),
      cmocka_unit_test(test_contradictions),
      cmocka_unit_test(test_near_contradictions),
      cmocka_unit_test(test_bottleneck),
      cmocka_unit_test(test_companions),
      cmocka_unit_test(test_inactive),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_hard_samples),
      cmocka_unit_test(test_mixed),
      cmocka_unit_test(test_partly_following),
  };
  return cmocka_run_group_tests_name("memorize_dependent", tests, NULL, NULL);
}
