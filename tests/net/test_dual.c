/* Dual activations (net/dual/).
 * Property: same and slopes are E phi(u) phi(v) and E phi'(u) phi'(v), within 1e-12 of the square
 * root of what u and v have alone; against quadrature in long double in other coordinates, against
 * Hermite series (a second derivation), and where u and v are nearly one. */
#include "one_context.h"

#include "activation_reference.h"
#include "net/dual/dual.h"

enum { NODES = 140, PAIRS = 24 };
#define PI_LONG 3.14159265358979323846264338327950288L

/* Double exponential rules in long double: over 0..infinity, and over 0..1 with the rest to 1. */
static long double node[NODES], weight[NODES], part[NODES], rest[NODES], part_weight[NODES];
static void make_rules(void) {
  const long double h = 6.6L / (NODES - 1), k = 6.8L / (NODES - 1);
  for (size_t i = 0; i < NODES; i++) {
    const long double x = -3.9L + h * (long double)i, r = expl(x - expl(-x));
    const long double y = -3.4L + k * (long double)i, e = expl(PI_LONG * sinhl(y));
    node[i] = r;
    weight[i] = h * r * (1 + expl(-x));
    part[i] = e / (1 + e);
    rest[i] = 1 / (1 + e);
    part_weight[i] = k * PI_LONG * coshl(y) * part[i] * rest[i];
  }
}

static activation_value value_of(const ntk_activation *phi, long double x) {
  const long double p = phi->info.value;
  const char *name = phi->info.name;
  if (strcmp(name, "leaky_relu") == 0)
    return leaky_relu_of(x, p);
  if (strcmp(name, "elu") == 0)
    return elu_of(x, p);
  if (strcmp(name, "celu") == 0)
    return celu_of(x, p);
  if (strcmp(name, "softplus") == 0)
    return softplus_of(x, p);
  if (strcmp(name, "silu") == 0)
    return silu_of(x, p);
  for (size_t i = 0; i < COUNT(activation_references); i++)
    if (strcmp(name, activation_references[i].name) == 0)
      return activation_references[i].at(x);
  fail_msg("no reference for %s", name);
  return (activation_value){0};
}

/* E f(v) and f' over y from low to high, v = scale (y - zero), of which zero is no inner point. */
static void inner(const ntk_activation *phi, long double scale, long double zero,
                  const long double *ends, long double *sums) {
  const long double length = ends[1] - ends[0];
  for (size_t j = 0; j < NODES && length > 0; j++) {
    const long double y = part[j] < 0.5L ? ends[0] + length * part[j] : ends[1] - length * rest[j];
    const activation_value v = value_of(phi, scale * (y - zero));
    const long double w = length * part_weight[j] * expl(-y * y / 2);
    sums[0] += w * v.phi;
    sums[1] += w * v.dphi;
  }
}

/* u = sqrt(a) x, v = sqrt(b) (rho x + sqrt(1 - rho^2) y): x and y independent, over ranges in which
 * neither u nor v changes its sign. */
static void brute_force(const ntk_activation *phi, long double a, long double b, long double rho,
                        long double *same, long double *slopes) {
  const long double across = sqrtl((1 - rho) * (1 + rho));
  *same = *slopes = 0;
  for (size_t i = 0; i < 2 * (size_t)NODES; i++) {
    const long double x = i < NODES ? node[i] : -node[i - NODES], zero = -rho * x / across;
    const long double middle = fminl(12, fmaxl(-12, zero));
    const activation_value u = value_of(phi, sqrtl(a) * x);
    long double sums[2] = {0, 0};
    const long double ends[] = {-12, fminl(middle, 0), fmaxl(middle, 0), 12};
    for (size_t k = 0; k < 3; k++) /* at 0 too, where the density is large */
      inner(phi, sqrtl(b) * across, zero, ends + k, sums);
    const long double w = weight[i % NODES] * expl(-x * x / 2) / (2 * PI_LONG);
    *same += w * u.phi * sums[0];
    *slopes += w * u.dphi * sums[1];
  }
}

static ntk_dual make_dual(const char *text, double least, double most) {
  ntk_activation phi;
  ntk_dual dual = {0};
  assert_ok(ntk_activation_parse(text, 1, &phi));
  assert_ok(ntk_dual_create(one, &phi, least, most, &dual));
  return dual;
}

/* One pair by its z, which becomes the next. */
static void evaluate(const ntk_dual *dual, double a, double b, double *z, double *same,
                     double *slopes) {
  const size_t terms = ntk_dual_terms(dual);
  double *basis = make_array(terms * PAIRS + 1), *own = make_array(terms + 1);
  double *column = make_array(ntk_dual_column_size(dual) + 1);
  double many[7][PAIRS];
  const ntk_dual_one u = ntk_dual_one_of(dual, a);
  const ntk_dual_one v = ntk_dual_one_of(dual, b);
  for (size_t i = 0; i < PAIRS; i++)
    ntk_dual_basis(dual, &u, PAIRS, basis + i);
  ntk_dual_basis(dual, &v, 1, own);
  ntk_dual_column(dual, own, column);
  for (size_t i = 0; i < PAIRS; i++) {
    many[0][i] = u.variance;
    many[1][i] = u.root;
    many[2][i] = u.size;
    many[3][i] = u.slope;
    many[4][i] = *z;
  }
  const ntk_dual_pairs pairs = {.dual = dual,
                                .n = PAIRS,
                                .variance = many[0],
                                .root = many[1],
                                .size = many[2],
                                .slope = many[3],
                                .basis = basis,
                                .v = v,
                                .column = column};
  ntk_dual_evaluate(&pairs, many[4], many[5], many[6]);
  for (size_t i = 1; i < PAIRS; i++) /* wherever it stands */
    for (size_t k = 4; k < 7; k++)
      assert_memory_equal(&many[k][i], &many[k][0], sizeof(double));
  *z = many[4][0];
  *same = many[5][0];
  *slopes = many[6][0];
  free(basis);
  free(own);
  free(column);
}

static double z_of(long double rho) {
  return (double)copysignl(1 - fabsl(rho), rho);
}

static double rho_of(double z) {
  return copysign(1.0 - fabs(z), z);
}

static const char *const all[] = {
    "sigmoid",    "tanh",        "softplus",         "erf",      "gelu",
    "sin",        "relu",        "identity",         "silu",     "gelu_tanh",
    "elu",        "selu",        "softsign",         "atan",     "gaussian",
    "leaky_relu", "celu",        "quadratic",        "elu(0.5)", "elu(0)",
    "celu(2)",    "softplus(3)", "leaky_relu(-0.4)", "silu(2)"};

/* Every activation, variances far apart and equal ones; rho over all of its range. */
static void check_range(double least, double most) {
  static const long double rhos[] = {0.999L, 0.9L, 0.3L, 0.0L, -0.2L, -0.7L, -0.99L};
  for (size_t n = 0; n < COUNT(all); n++) {
    const ntk_dual dual = make_dual(all[n], least, most);
    assert_true(dual.table.error <= 1.1e-13);
    for (size_t k = 0; k < COUNT(rhos); k++) {
      const double a = k % 2 == 0 ? least : most, b = k % 3 == 0 ? least : (least + most) / 2.0;
      const ntk_dual_one u = ntk_dual_one_of(&dual, a), v = ntk_dual_one_of(&dual, b);
      long double same, slopes;
      double z = z_of(rhos[k]), got, got_slopes;
      brute_force(&dual.phi, a, b, rhos[k], &same, &slopes);
      evaluate(&dual, a, b, &z, &got, &got_slopes);
      assert_near(got, (double)same, 1e-13 * u.size * v.size, all[n]);
      assert_near(got_slopes, (double)slopes, 1e-13 * u.slope * v.slope, all[n]);
      assert_near(rho_of(z), (double)same / (u.size * v.size), 4e-13, all[n]);
    }
    ntk_dual made = dual;
    ntk_dual_destroy(&made);
  }
}

static void test_every_activation(void **state) {
  (void)state;
  check_range(0.8, 1.25);
}

static void test_norms_apart(void **state) {
  (void)state;
  check_range(0.3, 3.0);
}

/* Of one variable, by a plain sum in long double. */
static void test_alone(void **state) {
  (void)state;
  static const double variances[] = {1e-3, 0.5, 2.0, 10.0};
  for (size_t n = 0; n < COUNT(all); n++) {
    for (size_t k = 0; k < COUNT(variances); k++) {
      ntk_dual dual = make_dual(all[n], variances[k], variances[k]);
      long double same = 0, slopes = 0;
      double got, got_slopes;
      for (size_t i = 0; i < NODES; i++)
        for (int sign = -1; sign <= 1; sign += 2) {
          const long double w = weight[i] * expl(-node[i] * node[i] / 2) / sqrtl(2 * PI_LONG);
          const activation_value f = value_of(&dual.phi, sign * sqrtl(variances[k]) * node[i]);
          same += w * f.phi * f.phi;
          slopes += w * f.dphi * f.dphi;
        }
      ntk_dual_alone(&dual, variances[k], &got, &got_slopes);
      assert_near(got, (double)same, 2e-14 * (double)same, all[n]);
      assert_near(got_slopes, (double)slopes, 2e-14 * (double)slopes, all[n]);
      ntk_dual_destroy(&dual);
    }
  }
}

/* E phi(u) phi(v) = sum_k a_k(a) a_k(b) rho^k with the coefficients of phi(sqrt(a) x) in
 * orthonormal Hermite polynomials, and slopes its derivative by the covariance: tanh and gelu,
 * whose coefficients fall fast enough for 300 of them. */
static void test_hermite(void **state) {
  (void)state;
  enum { TERMS = 300 };
  static const char *const names[] = {"tanh", "gelu", "sigmoid"};
  const double variances[2] = {0.7, 1.6}, rho = 0.85;
  for (size_t n = 0; n < COUNT(names); n++) {
    ntk_dual dual = make_dual(names[n], variances[0], variances[1]);
    long double c[2][TERMS] = {{0}}, same = 0, slopes = 0, power = 1;
    for (size_t v = 0; v < 2; v++)
      for (int i = -1500; i <= 1500; i++) { /* trapezoidal rule, over +-15 */
        const long double x = 0.01L * i;
        const long double f = value_of(&dual.phi, sqrtl(variances[v]) * x).phi;
        /* Hermite functions: polynomials times the root of the density, so that none is large */
        const long double root = expl(-x * x / 4) / powl(2 * PI_LONG, 0.25L);
        long double before = 0, now = root;
        for (size_t k = 0; k < TERMS; k++) {
          c[v][k] += 0.01L * f * now * root;
          const long double next =
              (x * now - sqrtl((long double)k) * before) / sqrtl((long double)k + 1);
          before = now;
          now = next;
        }
      }
    for (size_t k = 0; k < TERMS; k++, power *= rho) {
      same += c[0][k] * c[1][k] * power;
      slopes += (long double)k * c[0][k] * c[1][k] * power / rho;
    }
    slopes /= sqrtl((long double)variances[0] * variances[1]);
    double z = 1.0 - rho, got, got_slopes;
    evaluate(&dual, variances[0], variances[1], &z, &got, &got_slopes);
    assert_near(got, (double)same, 1e-13, names[n]);
    assert_near(got_slopes, (double)slopes, 1e-13, names[n]);
    ntk_dual_destroy(&dual);
  }
}

/* At small variances phi(0) is nearly all of phi, of slopes nothing: E phi'(u) phi'(v) by a
 * trapezoidal rule in long double, to the last digits. */
static void test_small_variances(void **state) {
  (void)state;
  static const char *const names[] = {"sigmoid", "softplus", "tanh", "gelu", "silu", "atan"};
  const long double rho = -0.6L, apart = 0.8L;
  for (size_t n = 0; n < COUNT(names); n++)
    for (double root = 1e-1; root > 1e-8; root /= 30.0) {
      const double a = root * root, b = 0.49 * a;
      ntk_dual dual = make_dual(names[n], b, a);
      long double slopes = 0;
      for (int i = -90; i <= 90; i++)
        for (int j = -90; j <= 90; j++) {
          const long double x = 0.1L * i, y = 0.1L * j;
          const long double w = expl(-(x * x + y * y) / 2) * 0.01L / (2 * PI_LONG);
          slopes += w * value_of(&dual.phi, sqrtl(a) * x).dphi *
                    value_of(&dual.phi, sqrtl(b) * (rho * x + apart * y)).dphi;
        }
      double z = z_of(rho), got, got_slopes;
      evaluate(&dual, a, b, &z, &got, &got_slopes);
      assert_near(got_slopes, (double)slopes, 4e-15 * (double)slopes, names[n]);
      ntk_dual_destroy(&dual);
    }
}

/* relu near equal and opposite samples, at an angle t down to 1e-12, whose z = 1 - cos t has no
 * digit of rho left: slopes (pi - t) / (2 pi), and 1 - rho' = t^2/2 - t^3/(3 pi) + t^4/24 (1 - 2
 * t.../pi) or at pi - t t^3/(3 pi), to its last digits. */
static void test_nearly_equal(void **state) {
  (void)state;
  ntk_dual dual = make_dual("relu", 1.0, 4.0);
  for (long double t = 0.1L; t > 1e-12L; t /= 8) {
    const long double half = sinl(t / 2), q = 2 * half * half;
    double z = (double)q, same, slopes;
    evaluate(&dual, 1.0, 4.0, &z, &same, &slopes);
    const long double lacks = q - (sinl(t) - t * cosl(t)) / PI_LONG;
    assert_near(slopes, (double)((PI_LONG - t) / (2 * PI_LONG)), 2.0 * U, "slopes");
    /* the plain difference has t^3 less digits of long double than lune's series */
    assert_near(z, (double)lacks, (double)lacks * 1e-15 + 1e-19 * (double)t, "1 - rho'");
    assert_near(same, (double)(1 - lacks), 4.0 * U, "same"); /* sqrt(ab) / 2 = 1 */
    z = -(double)q;
    evaluate(&dual, 1.0, 4.0, &z, &same, &slopes);
    assert_near(slopes, (double)(t / (2 * PI_LONG)), (double)t * 1e-15, "slopes, opposite");
    assert_true(signbit(z) == 0 && same >= 0.0);
  }
  ntk_dual_destroy(&dual);
}

/* sqrt(g) f + sqrt(s) e against vectors in the plane, from both signs and near them; s = 0. */
static void test_shift(void **state) {
  (void)state;
  const long double gain = 1.7L, size_u = 0.9L, size_v = 1.3L;
  for (long double t = 1e-9L; t < PI_LONG; t = t * 3 + 0.05L)
    for (long double shift = 0; shift < 1; shift += 0.3L) {
      const long double root_u = sqrtl(gain * size_u * size_u + shift);
      const long double root_v = sqrtl(gain * size_v * size_v + shift);
      /* 1 -+ cos of the sum's angle, by half of the distance of unit vectors, or of their sum */
      const long double x = sqrtl(gain) * size_u / root_u, y = sqrtl(gain) * size_v / root_v;
      const long double e = sqrtl(shift) / root_u, f = sqrtl(shift) / root_v;
      const long double h = sinl(t / 2), k = cosl(t / 2);
      const long double q = ((x - y) * (x - y) + 4 * x * y * h * h + (e - f) * (e - f)) / 2;
      const long double p = ((x - y) * (x - y) + 4 * x * y * k * k + (e + f) * (e + f)) / 2;
      double z[PAIRS], size[PAIRS], root[PAIRS];
      for (size_t i = 0; i < PAIRS; i++) {
        z[i] = t <= PI_LONG / 2 ? (double)(2 * h * h) : -(double)(2 * k * k);
        size[i] = (double)size_u;
        root[i] = (double)root_u;
      }
      const ntk_dual_one v = {.size = (double)size_v, .root = (double)root_v};
      ntk_dual_shift(PAIRS, (double)gain, (double)shift, size, root, &v, z);
      assert_near(z[PAIRS - 1], q <= p ? (double)q : -(double)p, 1e-15, "z");
      if (q <= 0.5L)
        assert_near(z[0], (double)q, 2e-14 * (double)q, "near 1");
    }
}

/* One that was made for a wider range does for a narrower one to the same digits; not for what is
 * outside, nor for another phi. */
static void test_serves(void **state) {
  (void)state;
  static const char *const names[] = {"selu", "tanh"};
  ntk_activation phi;
  for (size_t n = 0; n < 2; n++) {
    ntk_dual wide = make_dual(names[n], 1.0, 1.02), own = make_dual(names[n], 1.005, 1.015);
    assert_ok(ntk_activation_parse(names[n], 1, &phi));
    assert_true(ntk_dual_serves(&wide, &phi, 1.005, 1.015));
    assert_false(ntk_dual_serves(&wide, &phi, 0.995, 1.015));
    assert_false(ntk_dual_serves(&wide, &phi, 1.005, 1.025));
    assert_false(ntk_dual_serves(&wide, &phi, 0.1, 0.1));
    ntk_dual shared = ntk_dual_share(&wide);
    double z[2] = {0.3, 0.3}, same[2], slopes[2];
    evaluate(&shared, 1.005, 1.015, &z[0], &same[0], &slopes[0]);
    evaluate(&own, 1.005, 1.015, &z[1], &same[1], &slopes[1]);
    assert_near(same[0], same[1], 2e-13 * same[1], names[n]);
    assert_near(slopes[0], slopes[1], 2e-13 * slopes[1], names[n]);
    assert_ok(ntk_activation_parse("gelu", 1, &phi));
    assert_false(ntk_dual_serves(&wide, &phi, 1.005, 1.015));
    ntk_dual_destroy(&shared); /* and the other's arrays are there still */
    evaluate(&wide, 1.005, 1.015, &z[0], &same[0], &slopes[0]);
    ntk_dual_destroy(&wide);
    ntk_dual_destroy(&own);
  }
}

/* Closed forms mind no steepness: variances of 1e-2 to 1e8. What norms that differ leave, against
 * half of the mean square by a long double rule; of sin from 8 on against (1 - rho') in long
 * double. */
static void test_closed_forms_steep(void **state) {
  (void)state;
  static const char *const names[] = {"sin", "gaussian", "erf", "quadratic"};
  static const double roots[] = {0.1, 2.0, 7.9, 8.1, 1000.0};
  for (size_t n = 0; n < COUNT(names); n++) {
    ntk_dual dual = make_dual(names[n], 1e-2, 1e8);
    for (size_t k = 0; k < COUNT(roots) - n && n < 2; k++) {
      const double a = roots[k] * roots[k], b = roots[k] * roots[k] * 1.01 * 1.01;
      const ntk_dual_one u = ntk_dual_one_of(&dual, a), v = ntk_dual_one_of(&dual, b);
      const long double p = sqrtl(a), q = sqrtl(b), S = sqrtl(-expm1l(-2 * p * p) / 2);
      const long double T = sqrtl(-expm1l(-2 * q * q) / 2);
      long double half = 1 - expl(-(p - q) * (p - q) / 2) * -expm1l(-2 * p * q) / (2 * S * T);
      if (n == 1 || roots[k] < 8.0)
        half = 0;
      for (int i = -6000; i <= 6000 && (n == 1 || roots[k] < 8.0); i++) {
        const long double x = 0.002L * i, w = 0.001L * expl(-x * x / 2) / sqrtl(2 * PI_LONG);
        const long double f = value_of(&dual.phi, p * x).phi / (long double)u.size;
        const long double gap = f - value_of(&dual.phi, q * x).phi / (long double)v.size;
        half += w * gap * gap;
      }
      assert_near(ntk_dual_apart(&dual, &u, &v), (double)half, 1e-11 * (double)half, names[n]);
    }
    ntk_dual_destroy(&dual);
  }
}

static void test_refusals(void **state) {
  (void)state;
  ntk_activation phi;
  ntk_dual dual = {0};
  assert_ok(ntk_activation_parse("softplus(1000000)", 1, &phi));
  assert_refused(ntk_dual_create(one, &phi, 1.0, 4.0, &dual), NTK_ERR_ARGUMENT, "accepted");
  assert_null(dual.context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_activation),
      cmocka_unit_test(test_norms_apart),
      cmocka_unit_test(test_alone),
      cmocka_unit_test(test_hermite),
      cmocka_unit_test(test_small_variances),
      cmocka_unit_test(test_nearly_equal),
      cmocka_unit_test(test_shift),
      cmocka_unit_test(test_serves),
      cmocka_unit_test(test_closed_forms_steep),
      cmocka_unit_test(test_refusals),
  };
  make_rules();
  return cmocka_run_group_tests(tests, setup, teardown);
}
