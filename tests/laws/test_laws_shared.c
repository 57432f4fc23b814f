/* Laws where samples share more than they have apart, and what is said beside them (ntkit/laws.h).
 * Property: a bias far larger than what samples have apart leaves units on or off, and the law of
 * the last block is as near as it is without; an activation of mean 0 that is not odd has a law of
 * K at any depth; but for its scale, which fluctuates, K of relu is as near its law as others are;
 * shares grow, for of the equations' solutions one is the law's; the data's moments do not depend
 * on their unit; X X^T asks nothing of the network; what may
 * change all of lambda_min, and samples that are equal, leave nothing to be predicted. */
#include "one_context.h"

#include "ntkit/laws.h"

typedef struct subject {
  ntk_dataset *data;
  ntk_network *network;
  ntk_spectrum_result spectrum;
  ntk_law_result law;
} subject;

static subject open_subject(const ntk_network_spec *spec, ntk_dataset *data, const char *name,
                            bool full) {
  subject s = {.data = data};
  assert_ok(ntk_network_create(one, spec, &s.network));
  if (full)
    assert_ok(
        ntk_spectrum(one, s.network, data, &(ntk_spectrum_options){.full = true}, &s.spectrum));
  assert_ok(ntk_law(one, s.network, data, name, full ? &s.spectrum : NULL, &s.law));
  return s;
}

static void close_subject(subject *s) {
  ntk_law_clear(&s->law);
  ntk_spectrum_clear(&s->spectrum);
  ntk_network_destroy(s->network);
  ntk_dataset_destroy(s->data);
}

static ntk_dataset *draw(const char *name, size_t N, size_t d) {
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_generate(one, name, N, d, 2, &data));
  return data;
}

/* The largest difference of shares at points above `from`, of a law whose eigenvalues are those
 * told times exp(steps / 100): the density between points as a line. */
static double apart(const ntk_law_result *law, double from, int steps) {
  double most = 0.0;
  for (size_t i = 0, k = 0; i < law->points; i++) {
    const ntk_law_point *p = law->point;
    const double x = p[i].eigenvalue * exp(steps / 100.0);
    while (k + 2 < law->points && p[k + 1].eigenvalue < x)
      k++;
    const double t = (x - p[k].eigenvalue) / (p[k + 1].eigenvalue - p[k].eigenvalue);
    const double inside = fmin(1.0, fmax(0.0, t));
    const double below = p[k].below + inside * (p[k + 1].below - p[k].below);
    if (p[i].eigenvalue > from)
      most = fmax(most, fabs(below - p[i].measured));
  }
  return most;
}

/* The least of these over a scale from 0.75 to 1.35. */
static double shape_apart(const ntk_law_result *law) {
  double least = INFINITY;
  for (int steps = -30; steps <= 30; steps++)
    least = fmin(least, apart(law, 0.0, steps));
  return least;
}

/* relu over sigmoid, biases of deviation 2: most units are on or off for all samples. The law's
 * share of eigenvalues above 1e-3 of its end; below are units that are on for hardly a sample. */
static void test_on_or_off(void **state) {
  (void)state;
  const size_t width[] = {559, 67, 303}, N = 300;
  const double beta[] = {0.7046, 0.7046, 0.7046};
  const bool bias[] = {true, true, true};
  for (uint64_t seed = 1; seed <= 2; seed++) {
    const ntk_network_spec spec = {.depth = 3,
                                   .width = width,
                                   .activation = "sigmoid,relu",
                                   .init = "standard",
                                   .beta = beta,
                                   .bias = bias,
                                   .bias_deviation = 2.0,
                                   .seed = seed};
    subject s = open_subject(&spec, draw("gaussian", N, 559), "conjugate", false);
    assert_true(s.law.drawn && s.law.layer[1].common > 0.99);
    assert_near(apart(&s.law, 1e-3 * s.law.upper, 0), 0.0, 9.0 / (double)N, "share");
    close_subject(&s);
  }
}

/* sin of inputs that share a deviation of 12 beside 1 (13 asked for, as drawn): it turns at every
 * node of a coarse rule. */
static void test_turns(void **state) {
  (void)state;
  const size_t width[] = {200, 300}, N = 240;
  const bool bias[] = {true, true};
  const ntk_network_spec spec = {.depth = 2,
                                 .width = width,
                                 .activation = "sin",
                                 .init = "standard",
                                 .bias = bias,
                                 .bias_deviation = 13.0,
                                 .seed = 4};
  subject s = open_subject(&spec, draw("gaussian", N, 200), "conjugate", false);
  /* E sin^2 - E_u (sin u e^{-1/2})^2 = (1 - e^-1) / 2. */
  assert_near(s.law.layer[0].variance, 0.3160602794142788, 0.002, "variance");
  assert_near(s.law.distance, 0.0, 8.0 / (double)N, "distance");
  close_subject(&s);
}

/* E selu = 0 and E selu^2 = 1 at a variance of 1, which init standard keeps. */
static void test_centred(void **state) {
  (void)state;
  const size_t width[] = {450, 300, 300, 300};
  const ntk_network_spec spec = {
      .depth = 4, .width = width, .activation = "selu", .init = "standard", .seed = 1};
  subject s = open_subject(&spec, draw("gaussian", 300, 450), "fan-wang", true);
  assert_true(s.law.drawn);
  assert_near(shape_apart(&s.law), 0.0, 0.03, "selu");
  close_subject(&s);
}

static void test_shape(void **state) {
  (void)state;
  static const char *const activation[] = {"relu", "softplus", "tanh"};
  const size_t width[] = {1200, 800, 600};
  for (size_t a = 0; a < COUNT(activation); a++) {
    const ntk_network_spec spec = {
        .depth = 3, .width = width, .activation = activation[a], .init = "paper", .seed = 5};
    subject s = open_subject(&spec, draw("gaussian", 600, 1200), "fan-wang", true);
    assert_near(shape_apart(&s.law), 0.0, 0.04, activation[a]);
    close_subject(&s);
  }
}

static double value_of(const ntk_law_result *law, const char *name) {
  for (size_t i = 0; i < law->hypotheses; i++)
    if (strcmp(law->hypothesis[i].name, name) == 0)
      return law->hypothesis[i].value;
  fail_msg("no hypothesis %s", name);
  return NAN;
}

static void test_unit(void **state) {
  (void)state;
  enum { N = 40, D = 30 };
  static const char *const names[] = {"norms", "overlaps", "isotropy"};
  const size_t width[] = {D, 5};
  const ntk_network_spec spec = {.depth = 2, .width = width};
  double *X = make_normal(3, N * D);
  subject plain = open_subject(&spec, make_data(one, X, N, D), "marchenko-pastur", false);
  for (int sign = -1; sign <= 1; sign += 2) {
    double *scaled = make_array(N * D);
    for (size_t i = 0; i < N * D; i++)
      scaled[i] = ldexp(X[i], sign * 400);
    subject s = open_subject(&spec, make_data(one, scaled, N, D), "marchenko-pastur", false);
    for (size_t k = 0; k < COUNT(names); k++)
      assert_near(value_of(&s.law, names[k]), value_of(&plain.law, names[k]), 1e-12, names[k]);
    assert_near(s.law.distance, plain.law.distance, 1e-9, "distance");
    free(scaled);
    close_subject(&s);
  }
  close_subject(&plain);
  free(X);
}

/* Equal samples, and a network deeper than laws are known of. */
static void test_data_alone(void **state) {
  (void)state;
  size_t width[40];
  for (size_t l = 0; l < COUNT(width); l++)
    width[l] = 3;
  const ntk_network_spec spec = {.depth = COUNT(width), .width = width};
  const double X[] = {1, 2, 3, 1, 2, 3};
  subject s = open_subject(&spec, make_data(one, X, 2, 3), "marchenko-pastur", false);
  assert_true(s.law.drawn && !s.law.holds && strstr(s.law.reason, "overlaps") != NULL);
  assert_near(s.law.greatest, 28.0, 1e-12, "the one eigenvalue");
  close_subject(&s);
}

/* Data of rank 30 in 80 dimensions, a linear network: half of 60 eigenvalues are 0. */
static void test_rank_of_data(void **state) {
  (void)state;
  enum { N = 60, D = 80 };
  const size_t width[] = {D, 200};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "identity"};
  double *X = make_normal(5, N * D);
  for (size_t i = 0; i < N * D; i++)
    X[i] = i % D < 30 ? X[i] : 0.0;
  subject s = open_subject(&spec, make_data(one, X, N, D), "conjugate", false);
  assert_near(s.law.atom, 0.5, 1e-12, "atom");
  assert_near(s.law.distance, 0.0, 8.0 / N, "distance");
  close_subject(&s);
  free(X);
}

/* relu's law has an end without a root, close to 0: from what is known at the other end Newton's
 * method led to a real solution of the equations, which is no law's. */
static void test_one_solution(void **state) {
  (void)state;
  const size_t sizes[][4] = {{200, 300, 200, 160}, {250, 400, 250, 200}, {120, 180, 120, 96}};
  for (size_t k = 0; k < COUNT(sizes); k++) {
    const ntk_network_spec spec = {.depth = 3, .width = sizes[k] + 1, .activation = "relu"};
    subject s = open_subject(&spec, draw("sphere", sizes[k][0], sizes[k][1]), "conjugate", false);
    double before = s.law.atom;
    for (size_t i = 0; i < s.law.points; i++) {
      const ntk_law_point *p = &s.law.point[i];
      if (p->below < before - 1e-12)
        fail_msg("%.6f of the eigenvalues are below %g, %.6f below what is less", p->below,
                 p->eigenvalue, before);
      before = p->below;
    }
    assert_near(before, 1.0, 1e-6, "all");
    close_subject(&s);
  }
}

static void silent(size_t N, size_t d, size_t n, const char *data, const char *says) {
  const size_t width[] = {d, n};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh", .seed = 1};
  subject s = open_subject(&spec, draw(data, N, d), "montanari-zhong", false);
  assert_false(s.law.drawn);
  assert_true(isnan(s.law.lambda_min) && isnan(s.law.constant) && isnan(s.law.error));
  if (strstr(s.law.reason, says) == NULL)
    fail_msg("'%s' does not say '%s'", s.law.reason, says);
  close_subject(&s);
}

static void test_nothing_left(void **state) {
  (void)state;
  silent(61, 600, 7, "sphere", "error");       /* seven units */
  silent(472, 12, 3120, "sphere", "error");    /* degree 3 has 352 dimensions: tanh^(5) is left */
  silent(465, 12, 3000, "binary", "singular"); /* of 4096 rows */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_on_or_off),    cmocka_unit_test(test_turns),
      cmocka_unit_test(test_centred),      cmocka_unit_test(test_shape),
      cmocka_unit_test(test_unit),         cmocka_unit_test(test_data_alone),
      cmocka_unit_test(test_rank_of_data), cmocka_unit_test(test_one_solution),
      cmocka_unit_test(test_nothing_left)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
