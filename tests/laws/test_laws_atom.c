/* Laws with an atom away from 0 (ntkit/laws.h).
 * Property: of data in fewer dimensions than samples, and a last layer that is no part of K, the
 * law is shift + beside mu, mu the data's eigenvalues: below the atom at shift nothing is. Points,
 * distances, of all eigenvalues and by the density's counts, are those of that law, written down
 * here by erf's closed forms. */
#include "one_context.h"

#include "base/blas.h"
#include "ntkit/laws.h"

enum { N = 120, D = 12, WIDTH = 40 };
#define PI 3.14159265358979323846

typedef struct subject {
  ntk_dataset *data;
  ntk_network *network;
  double *expected; /* N, ascending: the law's, each of a share of 1 / N */
} subject;

/* Normal samples less their mean, for samples that have nothing in common. */
static double *centred_samples(void) {
  double *X = make_normal(11, (size_t)N * D);
  for (size_t j = 0; j < D; j++) {
    double mean = 0.0;
    for (size_t i = 0; i < N; i++)
      mean += X[i * D + j] / N;
    for (size_t i = 0; i < N; i++)
      X[i * D + j] -= mean;
  }
  return X;
}

/* ||W_2||^2 times E phi'^2 on the diagonal of B B^T and (E phi')^2 beside it, phi' of erf at
 * deviation t: (4 / pi) / sqrt(1 + 4 t^2) and (4 / pi) / (1 + 2 t^2). */
static double *expected_law(const ntk_network *network, const double *X) {
  double *values = make_array(N), *G = make_array((size_t)N * N);
  const double *W1 = ntk_network_weights(network, 1), *W2 = ntk_network_weights(network, 2);
  double norm2 = 0.0, square = 0.0, outer = 0.0;
  for (size_t i = 0; i < (size_t)N * D; i++)
    norm2 += X[i] * X[i] / N;
  for (size_t i = 0; i < (size_t)D * WIDTH; i++)
    square += W1[i] * W1[i] / (D * WIDTH);
  for (size_t i = 0; i < WIDTH; i++)
    outer += W2[i] * W2[i];
  const double t2 = square * norm2, beside = outer * 4.0 / PI / (1.0 + 2.0 * t2);
  const double shift = norm2 * (outer * 4.0 / PI / sqrt(1.0 + 4.0 * t2) - beside);
  ntk_dsyrk('L', 'T', N, D, 1.0, X, D, 0.0, G, N);
  assert_ok(ntk_dsyevd(one, 'N', N, G, values));
  for (size_t i = 0; i < N; i++)
    values[i] = shift + beside * (i < N - D ? 0.0 : values[i]);
  free(G);
  return values;
}

static subject open_subject(void) {
  static const size_t width[] = {D, WIDTH};
  static const double scale[] = {1.0, 0.0, 1e-12, 0.0};
  const ntk_network_spec spec = {
      .depth = 2, .width = width, .activation = "erf", .seed = 4, .scale = scale};
  subject s = {.network = NULL};
  double *X = centred_samples();
  s.data = make_data(one, X, N, D);
  assert_ok(ntk_network_create(one, &spec, &s.network));
  s.expected = expected_law(s.network, X);
  free(X);
  return s;
}

static void close_subject(subject *s) {
  ntk_network_destroy(s->network);
  ntk_dataset_destroy(s->data);
  free(s->expected);
}

/* So many of n values are up to x. */
static double count_up_to(const double *values, size_t n, double x) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++)
    count += values[i] <= x;
  return (double)count;
}

/* The largest difference of both shares, at and just below every number where one of them jumps. */
static double distance_of(const double *a, const double *b, double from) {
  double most = 0.0;
  for (size_t i = 0; i < 2 * N; i++)
    for (int side = 0; side < 2; side++) {
      const double at = i < N ? a[i] : b[i - N], x = side == 0 ? at : nextafter(at, 0.0);
      const double of_a = fmax(from, count_up_to(a, N, x)), of_b = fmax(from, count_up_to(b, N, x));
      most = fmax(most, fabs(of_a - of_b) / (N - from));
    }
  return most;
}

static void check_law(const subject *s, const ntk_law_result *law) {
  const double shift = s->expected[0];
  bool under = false, over = false;
  assert_true(law->drawn);
  assert_near(law->atom, (double)(N - D - WIDTH) / N, 1e-12, "atom");
  assert_near(law->atom_at, shift, 1e-10 * shift, "where it is");
  for (size_t i = 0; i < law->points; i++) {
    const ntk_law_point *p = &law->point[i];
    bool near = false; /* of an eigenvalue of the law a share is not known */
    for (size_t k = 0; k < N; k++)
      near = near || fabs(p->eigenvalue / s->expected[k] - 1.0) < 1e-3;
    if (near)
      continue;
    assert_near(p->below, count_up_to(s->expected, N, p->eigenvalue) / N, 1e-5, "below");
    under = under || p->eigenvalue < shift;
    over = over || p->eigenvalue > shift;
  }
  assert_true(under && over);
}

static void test_atom(void **state) {
  (void)state;
  subject s = open_subject();
  ntk_spectrum_result spectrum = {0}, density = {0};
  ntk_law_result law = {0}, estimate = {0};
  assert_ok(ntk_spectrum(one, s.network, s.data, &(ntk_spectrum_options){.full = true}, &spectrum));
  assert_ok(ntk_law(one, s.network, s.data, "fan-wang", &spectrum, &law));
  check_law(&s, &law);
  const double *values = spectrum.eigenvalues;
  assert_near(law.distance, distance_of(values, s.expected, 0.0), 1e-5, "distance");
  /* Of an atom's eigenvalues that are apart, at least half of the share stays. */
  assert_true(law.distance >= 0.5 * law.atom);
  assert_near(law.distance_rest, distance_of(values, s.expected, N - D - WIDTH), 1e-5, "the rest");
  assert_int_equal(law.beneath, count_up_to(values, N, (1.0 - pow(N, -2.0 / 3.0)) * s.expected[0]));
  /* The last layer's: but for 1e-12 of K they are at the atom, too. */
  assert_near(law.steep, 0.99 * WIDTH / N, 1e-4, "nearly an atom");
  assert_near(law.steep_from / s.expected[0], 1.0, 1e-4, "from");
  assert_near(law.steep_to / s.expected[0], 1.0, 1e-4, "to");
  assert_ok(
      ntk_spectrum(one, s.network, s.data, &(ntk_spectrum_options){.density = true}, &density));
  assert_ok(ntk_law(one, s.network, s.data, "fan-wang", &density, &estimate));
  double most = 0.0;
  for (size_t i = 0; i < density.density.points; i++) {
    const ntk_density_point *p = &density.density.point[i];
    most = fmax(most, fabs(p->count - count_up_to(s.expected, N, p->eigenvalue)) / N);
  }
  assert_near(estimate.distance, most, 1e-5, "distance by counts");
  assert_true(estimate.distance_rest > 0.0 && estimate.usual > law.usual);
  ntk_law_clear(&estimate);
  ntk_law_clear(&law);
  ntk_spectrum_clear(&density);
  ntk_spectrum_clear(&spectrum);
  close_subject(&s);
}

/* Two layers and N > d on the sphere: N - d of the eigenvalues are the law's within a few per cent,
 * and K's are not. Where d and n_1 are far above N the law is K's. */
static void test_near_atom(void **state) {
  (void)state;
  const size_t sizes[][2] = {{20, 120}, {600, 500}};
  for (size_t k = 0; k < COUNT(sizes); k++) {
    const ntk_network_spec spec = {.depth = 2, .width = sizes[k], .activation = "erf", .seed = 4};
    subject s = {.network = NULL};
    ntk_spectrum_result spectrum = {0};
    ntk_law_result law = {0};
    assert_ok(ntk_dataset_generate(one, "sphere", N, sizes[k][0], 2, &s.data));
    assert_ok(ntk_network_create(one, &spec, &s.network));
    assert_ok(
        ntk_spectrum(one, s.network, s.data, &(ntk_spectrum_options){.full = true}, &spectrum));
    assert_ok(ntk_law(one, s.network, s.data, "fan-wang", &spectrum, &law));
    assert_true(law.holds && law.atom == 0.0 && isnan(law.distance_rest));
    assert_near(law.usual, 4.0 / sqrt(N), 1e-12, "usual");
    assert_true((law.note[0] != '\0') == (k == 0) && (law.distance > law.usual) == (k == 0));
    if (k == 0)
      assert_near(law.steep, 0.99 * (N - 20.0) / N, 0.01, "nearly an atom");
    else
      assert_true(isnan(law.steep) && isnan(law.steep_from) && isnan(law.steep_to));
    assert_true(k > 0 || (law.steep_from >= law.lower && law.steep_to < 1.1 * law.lower));
    ntk_law_clear(&law);
    ntk_spectrum_clear(&spectrum);
    close_subject(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_atom), cmocka_unit_test(test_near_atom)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
