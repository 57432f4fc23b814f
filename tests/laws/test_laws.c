/* Laws beside measured spectra (ntkit/laws.h).
 * Property: eigenvalues of X X^T and of the last block are a few 1 / N from Marchenko and Pastur's
 * and Fan and Wang's laws, whatever the activation and depth; those of K near theirs, with its
 * ends, also of scaled blocks; lambda_min of two layers is Montanari and Zhong's within the stated
 * error; constants are closed forms; where a law says nothing it is not drawn, and says why. */
#include "one_context.h"

#include "ntkit/laws.h"
#include "theory/laws/layers.h"

#define PI 3.14159265358979323846

typedef struct subject {
  ntk_dataset *data;
  ntk_network *network;
  ntk_spectrum_result spectrum;
} subject;

static subject make(size_t N, size_t L, const size_t *width, const char *activation,
                    const char *parameterization) {
  const ntk_network_spec spec = {.depth = L,
                                 .width = width,
                                 .activation = activation,
                                 .init = "paper",
                                 .seed = 5,
                                 .parameterization = parameterization};
  subject s = {.network = NULL};
  assert_ok(ntk_dataset_generate(one, "gaussian", N, width[0], 3, &s.data));
  assert_ok(ntk_network_create(one, &spec, &s.network));
  return s;
}

static void destroy(subject *s, ntk_law_result *law) {
  ntk_law_clear(law);
  ntk_law_clear(law); /* a cleared one is fine */
  ntk_spectrum_clear(&s->spectrum);
  ntk_network_destroy(s->network);
  ntk_dataset_destroy(s->data);
}

static ntk_law_result law_of(subject *s, const char *name, bool measured) {
  ntk_law_result law = {0};
  assert_ok(ntk_law(one, s->network, s->data, name, measured ? &s->spectrum : NULL, &law));
  assert_string_equal(law.name, name);
  return law;
}

static void check_points(const ntk_law_result *law) {
  assert_true(law->points > 100);
  for (size_t i = 0; i + 1 < law->points; i++) {
    const ntk_law_point *p = &law->point[i];
    assert_true(p[1].eigenvalue > p->eigenvalue && p[1].below >= p->below - 1e-9);
    assert_true(p->below >= 0.0 && p->below <= 1.0 && p->density >= 0.0);
    assert_near(p->measured, p->below, law->distance + 1e-9, "measured beside");
  }
  assert_near(law->point[law->points - 1].below, 1.0, 1e-4, "all of it");
}

/* Of matrices made of independent vectors eigenvalues keep their places to a few 1 / N. */
static void test_exact(void **state) {
  (void)state;
  const size_t first[] = {400, 500, 700}, wide[] = {800, 300, 200};
  const struct {
    const char *name, *activation;
    const size_t *width;
    size_t N, L;
    double atom;
  } of[] = {{"marchenko-pastur", "erf", first, 600, 2, 1.0 / 3.0},
            {"marchenko-pastur", "erf", wide, 600, 2, 0.0},
            {"conjugate", "erf", first, 600, 2, 1.0 / 6.0},
            {"conjugate", "relu", first, 600, 2, 1.0 / 6.0},
            {"conjugate", "tanh", wide, 300, 3, 1.0 / 3.0},
            {"conjugate", "identity", wide, 300, 3, 1.0 / 3.0},
            {"conjugate", "relu", first, 600, 3, 0.0},
            {"conjugate", "sigmoid", first, 600, 3, 0.0}};
  for (size_t k = 0; k < COUNT(of); k++) {
    subject s = make(of[k].N, of[k].L, of[k].width, of[k].activation, NULL);
    ntk_law_result law = law_of(&s, of[k].name, false);
    assert_true(law.drawn && law.lower < law.upper);
    assert_near(law.atom, of[k].atom, 1e-12, "atom");
    assert_near((double)of[k].N * law.distance, 4.0, 3.5, of[k].activation);
    if (law.atom > 0.0) /* the same differences, of fewer */
      assert_near((1.0 - law.atom) * law.distance_rest, law.distance, 1e-12, "without the atom");
    assert_true(law.note[0] == '\0');
    /* But for the one that phi's mean makes. */
    assert_near(law.least, law.lower, 0.03 * law.upper, "lower end");
    assert_true(law.outside <= 1 && (law.outside == 1 || law.greatest > 0.9 * law.upper));
    check_points(&law);
    destroy(&s, &law);
  }
}

/* Entries of B B^T, and every block's scale, fluctuate by 1 / sqrt n: K's eigenvalues do not keep
 * their places as well. distance: 1 / sqrt N, times 2 and 4 where most of them are close together.
 */
static void test_kernel(void **state) {
  (void)state;
  const size_t width[] = {1200, 800, 600};
  const struct {
    const char *activation, *parameterization;
    size_t L;
    double distance;
  } of[] = {{"erf", NULL, 2, 0.04},        {"tanh", NULL, 3, 0.04},
            {"relu", NULL, 2, 0.04},       {"tanh", "ntk(1.5,0.1)", 3, 0.04},
            {"tanh", "0,2,1e-3", 3, 0.04}, {"sigmoid", NULL, 3, 0.04},
            {"relu", NULL, 3, 0.16},       {"softplus", NULL, 3, 0.08}};
  for (size_t k = 0; k < COUNT(of); k++) {
    subject s = make(600, of[k].L, width, of[k].activation, of[k].parameterization);
    assert_ok(
        ntk_spectrum(one, s.network, s.data, &(ntk_spectrum_options){.full = true}, &s.spectrum));
    ntk_law_result law = law_of(&s, "fan-wang", true);
    assert_true(law.drawn && !law.estimate && law.layers == of[k].L - 1);
    assert_true(law.holds == (strcmp(of[k].activation, "relu") != 0));
    assert_near(law.distance, 0.0, of[k].distance, of[k].activation);
    assert_true(law.note[0] == '\0' && isnan(law.steep));
    assert_near(law.least / law.lower, 1.0, fmax(0.12, of[k].distance), "lower end");
    if (law.outside == 0)
      assert_near(law.greatest / law.upper, 1.0, 0.04, "upper end");
    check_points(&law);
    /* From the density's counts nearly the same. */
    ntk_spectrum_result density = {0};
    assert_ok(
        ntk_spectrum(one, s.network, s.data, &(ntk_spectrum_options){.density = true}, &density));
    ntk_law_result estimate = {0};
    assert_ok(ntk_law(one, s.network, s.data, "fan-wang", &density, &estimate));
    assert_true(estimate.estimate && isnan(estimate.point[0].measured));
    assert_near(estimate.distance, law.distance, 0.04, "by the density");
    ntk_law_clear(&estimate);
    ntk_spectrum_clear(&density);
    destroy(&s, &law);
  }
}

/* A linear network's K has no flat part: it is as singular as the law says, N - d times. */
static void test_linear(void **state) {
  (void)state;
  const size_t width[] = {60, 200};
  subject s = make(90, 2, width, "identity", NULL);
  assert_ok(
      ntk_spectrum(one, s.network, s.data, &(ntk_spectrum_options){.full = true}, &s.spectrum));
  ntk_law_result law = law_of(&s, "fan-wang", true);
  assert_true(law.drawn && law.atom_at == 0.0);
  assert_near(law.atom, 1.0 / 3.0, 1e-12, "atom");
  assert_near(law.distance, 0.0, 0.05, "distance");
  assert_near(law.least / law.lower, 1.0, 0.2, "lower end");
  destroy(&s, &law);
}

/* b_1 B_2 B_2^T of biases that are 0 is a second vector for each unit, here as large as the first
 * block, of one output and of the mean over three. */
static void test_biases(void **state) {
  (void)state;
  const size_t width[] = {900, 600};
  const bool bias[] = {true, false};
  const double scale[] = {1.0, 900.0, 1.0, 0.0};
  for (size_t outputs = 1; outputs <= 3; outputs += 2) {
    const ntk_network_spec spec = {.depth = 2,
                                   .width = width,
                                   .activation = "tanh",
                                   .seed = 5,
                                   .outputs = outputs,
                                   .bias = bias,
                                   .scale = scale};
    subject s = {.network = NULL};
    assert_ok(ntk_dataset_generate(one, "gaussian", 450, 900, 3, &s.data));
    assert_ok(ntk_network_create(one, &spec, &s.network));
    assert_ok(
        ntk_spectrum(one, s.network, s.data, &(ntk_spectrum_options){.full = true}, &s.spectrum));
    ntk_law_result law = law_of(&s, "fan-wang", true);
    assert_true(law.drawn && law.holds);
    assert_near(law.distance, 0.0, 0.04, "distance");
    assert_near(law.least / law.lower, 1.0, 0.1, "lower end");
    destroy(&s, &law);
  }
}

/* b^2 and a of erf at deviation t: (4 / pi) t^2 / (1 + 2 t^2) and (4 / pi) t^2 / sqrt(1 + 4 t^2)
 * over (2 / pi) asin(2 t^2 / (1 + 2 t^2)). */
static void test_layers(void **state) {
  (void)state;
  const size_t width[] = {50, 60, 70};
  subject s = make(40, 3, width, "erf", NULL);
  ntk_law_result law = law_of(&s, "conjugate", false);
  for (size_t l = 0; l < 2; l++) {
    const ntk_law_layer *x = &law.layer[l];
    const double t2 = x->deviation * x->deviation, wide = 1.0 + 2.0 * t2;
    const double variance = 2.0 / PI * asin(2.0 * t2 / wide);
    assert_near(x->ratio, 40.0 / (double)width[l + 1], 1e-15, "N / n");
    assert_near(x->mean, 0.0, 1e-12, "mean");
    if (x->common > 1e-9) /* closed forms are of the whole deviation */
      continue;
    assert_near(x->variance, variance, 1e-9, "variance");
    assert_near(x->slope2, 4.0 / PI * t2 / wide / variance, 1e-9, "b^2");
    assert_near(x->square, 4.0 / PI * t2 / sqrt(1.0 + 4.0 * t2) / variance, 1e-9, "a");
  }
  destroy(&s, &law);
}

/* relu over u = 0, e the variance of g: phi, linear part 1/2, variance e (1/2 - 1/(2 pi)); its
 * step, linear part 1 / sqrt(2 pi e), variance 1/4; E relu step = sqrt(e / (2 pi)), so that without
 * what is linear in g the two are not correlated. */
static void test_families(void **state) {
  (void)state;
  const size_t width[] = {50, 60}, N = 40;
  subject s = make(N, 2, width, "relu", NULL);
  ntk_law_data data;
  ntk_law_layers *x = calloc(1, sizeof *x);
  assert_ok(ntk_law_data_create(one, s.data, &data));
  data.common = 0.0;
  assert_ok(ntk_law_layers_of(s.network, &data, x));
  const ntk_law_family *f = &x->family[0][0];
  const double *W = ntk_network_weights(s.network, 1);
  double square = 0.0;
  for (size_t i = 0; i < 50 * 60; i++)
    square += W[i] * W[i] / (50.0 * 60.0);
  const double n = (double)N, e = square * data.norm2, linear = n * square;
  assert_int_equal(x->families[0], 1);
  assert_near(f->share, 1.5, 1e-14, "units a sample");
  assert_near(f->flat, n * e * (0.25 - 0.5 / PI), 1e-10 * n * e, "flat");
  assert_near(f->slope, linear / 4.0, 1e-10 * linear, "slope");
  assert_near(f->flat2, n * (0.25 - 0.5 / PI), 1e-10 * n, "flat of the step");
  assert_near(f->slope2, linear / (2.0 * PI * e), 1e-10 * linear / e, "slope of the step");
  assert_near(f->flat12, 0.0, 1e-10 * n * sqrt(e), "flat of both");
  assert_near(f->slope12, linear / sqrt(8.0 * PI * e), 1e-10 * linear / sqrt(e), "slope of both");
  ntk_law_data_destroy(one, &data);
  free(x);
  destroy(&s, &(ntk_law_result){0});
}

/* relu, d << N << d^2: ||W_2||^2 ||x||^2 (1/2 - 1/4), and of K_1 n_1 s^2 (1/2 - 1/(2 pi) - 1/4),
 * s^2 the variance of g_1; N << d: 1/2, and 1/2 - 1/(2 pi). */
static void test_constant(void **state) {
  (void)state;
  const struct {
    size_t N, width[2];
    double slope, phi;
  } of[] = {{400, {40, 2000}, 0.25, 0.25 - 0.5 / PI}, {60, {600, 300}, 0.5, 0.5 - 0.5 / PI}};
  for (size_t k = 0; k < COUNT(of); k++) {
    subject s = make(of[k].N, 2, of[k].width, "relu", NULL);
    ntk_law_result law = law_of(&s, "montanari-zhong", false);
    const size_t d = of[k].width[0], n = of[k].width[1];
    const double *X = ntk_dataset_values(s.data), *W1 = ntk_network_weights(s.network, 1);
    const double *W2 = ntk_network_weights(s.network, 2);
    double norm2 = 0.0, inner = 0.0, outer = 0.0;
    for (size_t i = 0; i < of[k].N * d; i++)
      norm2 += X[i] * X[i] / (double)of[k].N;
    for (size_t i = 0; i < n * d; i++)
      inner += W1[i] * W1[i] / (double)(n * d);
    for (size_t i = 0; i < n; i++)
      outer += W2[i] * W2[i];
    const double expected = norm2 * (outer * of[k].slope + (double)n * inner * of[k].phi);
    assert_true(law.drawn);
    assert_int_equal(law.degree, k == 0 ? 1 : 0);
    assert_near(law.constant, expected, 1e-10 * expected, "constant");
    assert_true(isnan(law.measured) && law.points == 0 && law.lambda_min < law.constant);
    destroy(&s, &law);
  }
}

static void test_smallest(void **state) {
  (void)state;
  static const char *const activation[] = {"tanh", "relu", "sigmoid", "gelu"};
  const struct {
    size_t N, width[2];
  } of[] = {{400, {40, 2000}}, {100, {1000, 400}}, {500, {60, 1500}}};
  for (size_t k = 0; k < COUNT(of); k++)
    for (size_t a = 0; a < COUNT(activation); a++) {
      subject s = make(of[k].N, 2, of[k].width, activation[a], NULL);
      ntk_dataset_destroy(s.data);
      assert_ok(ntk_dataset_generate(one, "sphere", of[k].N, of[k].width[0], 3, &s.data));
      assert_ok(ntk_spectrum(one, s.network, s.data, NULL, &s.spectrum));
      ntk_law_result law = law_of(&s, "montanari-zhong", true);
      assert_true(law.drawn && law.error < 0.6);
      assert_true(law.measured == s.spectrum.lambda_min);
      assert_near(law.measured / law.lambda_min, 1.0, law.error, activation[a]);
      destroy(&s, &law);
    }
}

/* What is not held is named, and nothing else. */
static void check_reason(const ntk_law_result *law) {
  for (size_t i = 0; i < law->hypotheses; i++) {
    const ntk_law_hypothesis *h = &law->hypothesis[i];
    char named[64], infinite[64];
    snprintf(named, sizeof named, " %s, ", h->name);
    snprintf(infinite, sizeof infinite, " %s is not finite", h->name);
    if (h->held == (strstr(law->reason, named) != NULL || strstr(law->reason, infinite) != NULL))
      fail_msg("'%s' beside %s %g, held: %d", law->reason, h->name, h->value, (int)h->held);
  }
}

static void check_silent(size_t N, size_t L, const size_t *width, const char *activation,
                         const char *name, const char *says) {
  subject s = make(N, L, width, activation, NULL);
  ntk_law_result law = law_of(&s, name, false);
  assert_false(law.drawn || law.holds);
  assert_true(law.points == 0 && isnan(law.distance) && isnan(law.lambda_min));
  if (strstr(law.reason, says) == NULL)
    fail_msg("'%s' does not say '%s'", law.reason, says);
  check_reason(&law);
  destroy(&s, &law);
}

static void test_silence(void **state) {
  (void)state;
  const size_t four[] = {50, 60, 70, 60}, three[] = {50, 60, 70}, wide[] = {40, 2000},
               narrow[] = {40, 20};
  check_silent(60, 4, four, "relu", "fan-wang", "centred");
  check_silent(60, 4, four, "relu", "fan-wang",
               "; outside the theorem, too: smoothness is not finite");
  check_silent(60, 3, three, "tanh", "montanari-zhong", "layers, 3, is above 2; regime, ");
  check_silent(60, 3, three, "tanh", "montanari-zhong", "layers");
  check_silent(60, 2, wide, "tanh", "montanari-zhong", "regime");
  check_silent(400, 2, narrow, "tanh", "montanari-zhong", "width");
}

static void test_refusals(void **state) {
  (void)state;
  size_t width[36];
  for (size_t l = 0; l < COUNT(width); l++)
    width[l] = 5;
  subject s = make(10, 3, width, "tanh", NULL), deep = make(10, 36, width, "tanh", NULL);
  ntk_law_result law = {0};
  assert_refused(ntk_law(one, s.network, s.data, "wigner", NULL, &law), NTK_ERR_ARGUMENT,
                 "marchenko-pastur");
  assert_refused(ntk_law(one, deep.network, s.data, "conjugate", NULL, &law), NTK_ERR_LIMIT,
                 "up to 32");
  double X[15] = {0.0};
  ntk_dataset *zeros = make_data(one, X, 3, 5), *narrow = make_data(one, X, 5, 3);
  assert_refused(ntk_law(one, s.network, zeros, "conjugate", NULL, &law), NTK_ERR_NUMERIC, "0");
  assert_refused(ntk_law(one, s.network, narrow, "conjugate", NULL, &law), NTK_ERR_SHAPE, "d");
  const ntk_spectrum_result other = {.order = 20, .samples = 10};
  assert_refused(ntk_law(one, s.network, s.data, "fan-wang", &other, &law), NTK_ERR_ARGUMENT,
                 "mean over outputs");
  assert_null(law.context);
  ntk_dataset_destroy(zeros);
  ntk_dataset_destroy(narrow);
  destroy(&s, &law);
  destroy(&deep, &law);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exact),    cmocka_unit_test(test_kernel),
      cmocka_unit_test(test_biases),   cmocka_unit_test(test_linear),
      cmocka_unit_test(test_layers),   cmocka_unit_test(test_families),
      cmocka_unit_test(test_constant), cmocka_unit_test(test_smallest),
      cmocka_unit_test(test_silence),  cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
