/* Laws of random matrices (spectrum/laws).
 * Property: Marchenko and Pastur's closed forms integrate each other and are what the equations
 * give; the product with it has the S-transform S_mu(w) / (1 + c w) and the moments of free
 * cumulants; eigenvalues of matrices sampled here, sums over two layers with two families included,
 * are as far from the law as 1 / N, and their ends near its ends. */
#include "matrices.h"
#include "one_context.h"

#include "base/blas.h"
#include "spectrum/laws/free_product.h"
#include "spectrum/laws/marchenko_pastur.h"

#define PI 3.14159265358979323846

static const double three_atoms[3] = {0.25, 1.0, 4.0}, three_masses[3] = {0.5, 0.25, 0.25};
static const double top[2] = {0.0, 1.0};
static const size_t single = 1;

/* G_1 of one family over three atoms: storage is the caller's. */
static ntk_free_product one_level(const ntk_law_family **family) {
  return (ntk_free_product){.levels = 1,
                            .weight = top,
                            .family = family,
                            .families = &single,
                            .atoms = 3,
                            .atom = three_atoms,
                            .mass = three_masses};
}

static void test_marchenko_pastur(void **state) {
  (void)state;
  enum { STEPS = 4000 };
  for (double c = 0.1; c < 8.0; c *= 1.7) {
    const ntk_marchenko_pastur law = ntk_marchenko_pastur_of(c);
    double mass = law.atom, mean = 0.0, square = 0.0; /* in t: dx = 2 sqrt(c) sin t dt */
    for (int i = 0; i < STEPS; i++) {
      const double t = PI * (i + 0.5) / STEPS, x = 1.0 + c - 2.0 * sqrt(c) * cos(t);
      const double part =
          ntk_marchenko_pastur_density(&law, x) * 2.0 * sqrt(c) * sin(t) * PI / STEPS;
      assert_near(ntk_marchenko_pastur_below(&law, x), mass + part / 2.0, 2e-6, "below");
      mass += part;
      mean += part * x;
      square += part * x * x;
    }
    assert_near(mass, 1.0, 1e-9, "mass");
    assert_near(mean, 1.0, 1e-9, "mean");
    assert_near(square, 1.0 + c, 1e-8, "second moment");
    assert_true(ntk_marchenko_pastur_below(&law, -1e-9) == 0.0 &&
                ntk_marchenko_pastur_below(&law, law.upper + 1.0) == 1.0);
  }
}

/* The equations with a covariance that is I, whatever is below. */
static void test_equations(void **state) {
  (void)state;
  for (double c = 0.1; c < 8.0; c *= 1.7) {
    const ntk_law_family family = {.share = 1.0 / c, .flat = c}, *families[] = {&family};
    const ntk_free_product law = one_level(families);
    const ntk_marchenko_pastur closed = ntk_marchenko_pastur_of(c);
    ntk_free_state at = {.residual = 0.0};
    ntk_free_support support;
    for (int i = 1; i < 60; i++) {
      const double x = closed.upper * 1.1 * i / 60.0;
      double below = NAN, density = NAN;
      assert_ok(ntk_free_at(&law, x, &at, &below, &density));
      assert_true(at.residual <= 1e-11);
      assert_near(below, ntk_marchenko_pastur_below(&closed, x), 2e-7, "below");
      assert_near(density, ntk_marchenko_pastur_density(&closed, x), 2e-5, "density");
    }
    assert_ok(ntk_free_support_of(&law, &support));
    assert_near(support.atom, closed.atom, 1e-15, "atom");
    assert_near(support.lower, closed.lower, 3e-6 * closed.upper, "lower end");
    assert_near(support.upper, closed.upper, 3e-6 * closed.upper, "upper end");
    assert_true(ntk_free_bound(&law) >= closed.upper * (1.0 - 1e-12));
  }
}

/* psi(y) = sum_k m_k y^k of the atoms, inverted for w in (-1, 0). */
static double inverse_psi(double w) {
  double low = -1e9, high = 0.0;
  for (int turn = 0; turn < 300; turn++) {
    const double y = (low + high) / 2.0;
    double psi = 0.0;
    for (size_t a = 0; a < 3; a++)
      psi += three_masses[a] * three_atoms[a] * y / (1.0 - three_atoms[a] * y);
    *(psi < w ? &low : &high) = y;
  }
  return (low + high) / 2.0;
}

static void test_s_transform(void **state) {
  (void)state;
  for (double c = 0.2; c < 6.0; c *= 2.0) {
    const ntk_law_family family = {.share = 1.0 / c, .slope = c}, *families[] = {&family};
    const ntk_free_product law = one_level(families);
    for (double x = 0.05; x < 50.0; x *= 1.5) {
      ntk_free_state at = {.residual = 0.0};
      assert_ok(ntk_free_solve(&law, -x + 1e-8 * x * I, &at));
      const double w = -1.0 + x * creal(at.u[0]); /* psi(1 / z) = -1 - z m(z) */
      assert_near(-1.0 / x, inverse_psi(w) / (1.0 + c * w), 1e-7 / x, "S-transform");
    }
  }
}

/* m_1 = a_1, m_2 = a_2 + c a_1^2, m_3 = a_3 + 3 c a_1 a_2 + c^2 a_1^3, from -m(z) = sum_k m_k
 * z^{-k-1} on a circle around the law. */
static void test_moments(void **state) {
  (void)state;
  enum { POINTS = 64 };
  const double c = 0.7;
  const ntk_law_family family = {.share = 1.0 / c, .slope = c}, *families[] = {&family};
  const ntk_free_product law = one_level(families);
  double a[4] = {0}, moment[4] = {0};
  for (size_t i = 0; i < 3; i++)
    for (int k = 0; k < 4; k++)
      a[k] += three_masses[i] * pow(three_atoms[i], k);
  for (int i = 0; i < POINTS; i++) {
    const double complex z = 2.0 * ntk_free_bound(&law) * cexp(I * PI * (i + 0.5) / POINTS);
    ntk_free_state at = {.residual = 0.0};
    assert_ok(ntk_free_solve(&law, z, &at));
    for (int k = 0; k < 4; k++)
      moment[k] -= creal(cpow(z, k + 1) * at.u[0]) / POINTS;
  }
  assert_near(moment[0], 1.0, 1e-9, "m_0");
  assert_near(moment[1], a[1], 1e-8, "m_1");
  assert_near(moment[2], a[2] + c * a[1] * a[1], 1e-7, "m_2");
  assert_near(moment[3], a[3] + 3.0 * c * a[1] * a[2] + c * c * a[1] * a[1] * a[1], 1e-5, "m_3");
}

/* The second vectors of a family: p times the first's flat part and r times its other one, and q of
 * their own. */
static const double P = 0.6, Q = 0.7, R = -0.8;

/* G += sum of `count` vectors of covariance (flat I + slope B B^T) / n; B n x n, Z scratch 2 n^2.
 */
static void add_vectors(size_t n, const ntk_law_family *f, const double *B, uint64_t seed,
                        double *G) {
  const size_t count = (size_t)lround(f->share * (double)n);
  double *Z = make_normal(seed, n * count), *V = make_normal(seed + 100, n * count);
  double *W = make_normal(seed + 200, n * count);
  const double flat = sqrt(f->flat / (double)n), slope = sqrt(f->slope / (double)n);
  for (size_t i = 0; i < n * count && f->second > 0.0; i++)
    W[i] = P * flat * V[i] + Q / sqrt((double)n) * W[i];
  if (f->second > 0.0) {
    ntk_dgemm('N', 'N', n, count, n, R * slope, B, n, Z, n, 1.0, W, n);
    ntk_dgemm('N', 'T', n, n, count, f->second, W, n, W, n, 1.0, G, n);
  }
  ntk_dgemm('N', 'N', n, count, n, slope, B, n, Z, n, flat, V, n);
  ntk_dgemm('N', 'T', n, n, count, 1.0, V, n, V, n, 1.0, G, n);
  free(Z);
  free(V);
  free(W);
}

/* The density is the derivative of what is below: of the potential, stationary in m and g_l where
 * they are right and nowhere else. */
static void check_slope(const ntk_free_product *law, double x) {
  ntk_free_state at = {.residual = 0.0};
  double low = 0.0, high = 0.0, density = 0.0, unused = 0.0;
  const double h = 1e-4 * x;
  assert_ok(ntk_free_at(law, x - h, &at, &low, &unused));
  assert_ok(ntk_free_at(law, x + h, &at, &high, &unused));
  assert_ok(ntk_free_at(law, x, &at, &unused, &density));
  assert_near((high - low) / (2.0 * h), density, 1e-5 / x, "density");
}

/* n times the largest distance of the sum's eigenvalues from the law; *ends: that of the ends over
 * the upper one. */
static double sampled_distance(size_t n, const ntk_free_product *law, double *ends) {
  double *G = make_array(n * n), *H = make_array(n * n), *B = make_array(n * n);
  double *values = make_array(n), *below = make_array(n);
  for (size_t i = 0; i < n; i++) {
    G[i + i * n] = law->atom[i];
    H[i + i * n] = law->shift + law->weight[0] * G[i + i * n];
    B[i + i * n] = sqrt(G[i + i * n]);
  }
  for (size_t l = 1; l <= law->levels; l++) {
    memset(G, 0, n * n * sizeof *G);
    for (size_t s = 0; s < law->families[l - 1]; s++)
      add_vectors(n, &law->family[l - 1][s], B, 10 * l + s + 1000 * n, G);
    for (size_t i = 0; i < n * n; i++)
      H[i] += law->weight[l] * G[i];
    if (l == law->levels)
      break;
    /* B with B B^T = G: its Cholesky factor, plain */
    memcpy(B, G, n * n * sizeof *B);
    for (size_t j = 0; j < n; j++) {
      B[j + j * n] = sqrt(B[j + j * n] + 1e-12);
      for (size_t i = j + 1; i < n; i++)
        B[i + j * n] /= B[j + j * n];
      for (size_t k = j + 1; k < n; k++)
        for (size_t i = k; i < n; i++)
          B[i + k * n] -= B[i + j * n] * B[k + j * n];
      for (size_t k = j + 1; k < n; k++)
        B[j + k * n] = 0.0;
    }
  }
  ntk_free_state at = {.residual = 0.0};
  ntk_free_support support;
  double density = 0.0;
  assert_ok(ntk_dsyevd(one, 'N', n, H, values));
  assert_ok(ntk_free_support_of(law, &support));
  for (size_t i = 0; i < n; i++)
    assert_ok(ntk_free_at(law, values[i], &at, &below[i], &density));
  for (size_t i = n / 8; i < n; i += n / 8)
    check_slope(law, values[i]);
  *ends =
      fmax(fabs(values[0] - support.lower), fabs(values[n - 1] - support.upper)) / support.upper;
  const double off = ntk_free_distance(n, values, below, below, 0.0, 0.0);
  free(G), free(H), free(B), free(values), free(below);
  return off * (double)n;
}

/* Of one layer, and of Fan and Wang's sum over two, the second of two families, without and with
 * second vectors. Eigenvalues keep
 * their places to a few 1 / n, whatever n: 2.1 to 3.4 of them here. */
static void test_sampled(void **state) {
  (void)state;
  enum { MOST = 800 };
  static double atom[MOST], mass[MOST];
  const ntk_law_family first = {.share = 1.25, .flat = 0.6, .slope = 0.5};
  const ntk_law_family second[2] = {{.share = 0.75, .flat = 1.0, .slope = 0.3},
                                    {.share = 0.5, .flat = 0.2, .slope = 1.2}};
  const ntk_law_family *families[] = {&first, second};
  ntk_law_family pairs = second[0];
  pairs.second = 1.5;
  pairs.flat2 = P * P * pairs.flat + Q * Q;
  pairs.flat12 = P * pairs.flat;
  pairs.slope2 = R * R * pairs.slope;
  pairs.slope12 = R * pairs.slope;
  const ntk_law_family last[2] = {pairs, second[1]}, *paired[] = {&first, last};
  const size_t count[] = {1, 2};
  const double product[] = {0.0, 1.0}, sum[] = {0.7, 0.4, 1.0};
  for (size_t n = 200; n <= MOST; n *= 2) {
    for (size_t i = 0; i < n; i++) {
      atom[i] = pow(3.0 * ((double)i + 0.5) / (double)n, 2.0);
      mass[i] = 1.0 / (double)n;
    }
    ntk_free_product law = {.levels = 1,
                            .weight = product,
                            .family = families,
                            .families = count,
                            .atoms = n,
                            .atom = atom,
                            .mass = mass};
    double ends = NAN;
    const double near_one = 4.0 * pow((double)n, -2.0 / 3.0);
    assert_in_range(1000.0 * sampled_distance(n, &law, &ends), 500, 5000);
    assert_near(ends, 0.0, near_one, "ends of a product");
    law.levels = 2;
    law.weight = sum;
    law.shift = 0.25;
    assert_in_range(1000.0 * sampled_distance(n, &law, &ends), 500, 5000);
    assert_near(ends, 0.0, near_one, "ends of a sum");
    law.family = paired;
    assert_in_range(1000.0 * sampled_distance(n, &law, &ends), 500, 5000);
    assert_near(ends, 0.0, near_one, "ends of a sum with pairs");
  }
}

/* Where vectors are fewer than n, and lie in what is below them. */
static void test_atoms(void **state) {
  (void)state;
  static const double atom[2] = {0.0, 1.0}, mass[2] = {0.25, 0.75}, both[] = {1.0, 1.0};
  const ntk_law_family flat = {.share = 0.5, .flat = 1.0, .slope = 1.0};
  const ntk_law_family within = {.share = 0.9, .slope = 1.0}, few = {.share = 0.6, .slope = 1.0};
  const struct {
    const ntk_law_family *family;
    const double *weight;
    double expected;
  } of[] = {{&flat, top, 0.5},  {&within, top, 0.25},  {&few, top, 0.4},
            {&flat, both, 0.0}, {&within, both, 0.25}, {&few, both, 0.25}};
  for (size_t k = 0; k < COUNT(of); k++) {
    const ntk_law_family *families[] = {of[k].family};
    const ntk_free_product law = {.levels = 1,
                                  .shift = 0.5,
                                  .weight = of[k].weight,
                                  .family = families,
                                  .families = &single,
                                  .atoms = 2,
                                  .atom = atom,
                                  .mass = mass};
    ntk_free_support support;
    ntk_free_state at = {.residual = 0.0};
    assert_ok(ntk_free_support_of(&law, &support));
    assert_near(support.atom, of[k].expected, 1e-15, "atom");
    assert_ok(ntk_free_solve(&law, 0.5 + 1e-7 * I, &at)); /* mass = lim eta Im m */
    assert_near(1e-7 * cimag(at.u[0]), of[k].expected, 2e-3, "atom by the equations");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_marchenko_pastur), cmocka_unit_test(test_equations),
      cmocka_unit_test(test_s_transform),      cmocka_unit_test(test_moments),
      cmocka_unit_test(test_sampled),          cmocka_unit_test(test_atoms)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
