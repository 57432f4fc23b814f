/* Activations phi and phi' with the constants of Assumption 2.3.
 * Property: each agrees with its definition in long double within the bound stated in
 * net/activation.h, at every SIMD level, in double and in float; M = max |phi'| and M' = max
 * |phi''|. */
#include "base/simd.h"
#include "net/activation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

#include <float.h>

extern const ntk_activation_fn ntk_activation_evals_base[NTK_ACTIVATION_COUNT];
extern const ntk_activation_single_fn ntk_activation_evals_base_f32[NTK_ACTIVATION_COUNT];
#ifdef __x86_64__
extern const ntk_activation_fn ntk_activation_evals_avx2[NTK_ACTIVATION_COUNT];
extern const ntk_activation_fn ntk_activation_evals_avx512[NTK_ACTIVATION_COUNT];
extern const ntk_activation_single_fn ntk_activation_evals_avx2_f32[NTK_ACTIVATION_COUNT];
extern const ntk_activation_single_fn ntk_activation_evals_avx512_f32[NTK_ACTIVATION_COUNT];
#endif

typedef struct value {
  long double phi, dphi;
} value;

/* The definitions, without cancellation; errors below 4 * 2^-64 (1 + |x|): 0.002 of u = 2^-53. */
static value sigmoid(long double x) {
  const long double e = expl(-fabsl(x));
  return (value){x < 0 ? e / (1 + e) : 1 / (1 + e), e / ((1 + e) * (1 + e))};
}
static value hyperbolic_tangent(long double x) { /* tanh' = sech^2 */
  const long double e = expl(-2 * fabsl(x));
  return (value){tanhl(x), 4 * e / ((1 + e) * (1 + e))};
}
static value softplus(long double x) {
  return (value){fmaxl(x, 0) + log1pl(expl(-fabsl(x))), sigmoid(x).phi};
}
static value error_function(long double x) { /* 2/sqrt(pi) = 1.128379167... */
  return (value){erfl(x), 1.12837916709551257389615890312154517L * expl(-x * x)};
}
static value gelu(long double x) { /* Phi(x) = erfc(-x / sqrt 2) / 2, Phi'(0) = 1/sqrt(2 pi) */
  const long double Phi = erfcl(-x * 0.707106781186547524400844362104849039L) / 2;
  const long double tail = expl(-x * x / 2); /* not infinity times 0: */
  return (value){Phi > 0 ? x * Phi : 0,
                 Phi + (tail > 0 ? x * 0.398942280401432677939946059934381868L * tail : 0)};
}
static value sine(long double x) {
  return (value){sinl(x), cosl(x)};
}
static value relu(long double x) {
  return (value){x > 0 ? x : 0, x > 0};
}
static value identity(long double x) {
  return (value){x, 1};
}

static const struct {
  const char *name;
  value (*reference)(long double);
} expected[NTK_ACTIVATION_COUNT] = {
    {"sigmoid", sigmoid},   {"tanh", hyperbolic_tangent},
    {"softplus", softplus}, {"erf", error_function},
    {"gelu", gelu},         {"sin", sine},
    {"relu", relu},         {"identity", identity},
};

/* Rows of functions at the levels this processor has; returns how many. */
static size_t levels(const ntk_activation_fn *rows[3]) {
  size_t count = 0;
  rows[count++] = ntk_activation_evals_base;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    rows[count++] = ntk_activation_evals_avx2;
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    rows[count++] = ntk_activation_evals_avx512;
#endif
  return count;
}

/* The bound of net/activation.h for function k at these points, with each level. */
static void check_points(size_t k, size_t n, const double *g) {
  const ntk_activation_fn *rows[3];
  const size_t count = levels(rows);
  double *f = make_array(n), *df = make_array(n);
  for (size_t r = 0; r < count; r++) {
    rows[r][k](n, g, f, df);
    for (size_t i = 0; i < n; i++) {
      const value v = expected[k].reference(g[i]);
      const double bound = NTK_ACTIVATION_ERROR * U, size = 1.0 + fabs(g[i]);
      const bool same = (long double)f[i] == v.phi; /* for infinities */
      if (!(same || fabsl(f[i] - v.phi) <= bound * size) || !(fabsl(df[i] - v.dphi) <= bound))
        fail_msg("%s(%.17g), level %zu: errors %.2Lf u (1 + |g|), %.2Lf u; phi = %g, phi' = %g",
                 expected[k].name, g[i], r, fabsl(f[i] - v.phi) / U / size,
                 fabsl(df[i] - v.dphi) / U, f[i], df[i]);
    }
  }
  free(f);
  free(df);
}

/* |f - phi| <= e u (1 + |g|), |df - phi'| <= e u: uniform on |g| <= 1, 8, 40, 700, and log-uniform
 * from the smallest subnormal to 1e300. */
static void test_accuracy(void **state) {
  (void)state;
  enum { EACH = 20001 };
  const double ranges[] = {1.0, 8.0, 40.0, 700.0};
  double *g = make_array(EACH);
  for (size_t r = 0; r <= COUNT(ranges); r++) {
    ntk_random_uniform((ntk_random){.seed = 1, .stream = NTK_STREAM_POPULATION}, r, EACH, g);
    for (size_t i = 0; i < EACH; i++)
      g[i] = r < COUNT(ranges) ? ranges[r] * (2.0 * g[i] - 1.0)
                               : (i % 2 ? 1.0 : -1.0) * pow(10.0, -323.0 + 623.0 * g[i]);
    for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++)
      check_points(k, EACH, g);
  }
  free(g);
}

/* The same bound at zeros, where exp(+-x) overflows and underflows, and at the ends of the range;
 * at infinity where phi has a limit that needs no infinity times 0. */
static void test_special_points(void **state) {
  (void)state;
  const double sizes[] = {0.0,   0x1p-1074, DBL_MIN, 0x1p-54, 0x1p-27, 0x1p-26, 5.0,
                          8.3,   19.1,      36.04,   36.8,    37.5,    38.6,    88.8,
                          700.0, 708.39,    709.7,   709.79,  710.5,   745.14,  746.0,
                          1e4,   0x1p53,    1e154,   1.4e154, 1e300,   DBL_MAX};
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++)
    for (size_t i = 0; i < COUNT(sizes); i++)
      check_points(k, 2, (double[]){sizes[i], -sizes[i]});
  const char *bounded_terms[] = {"sigmoid", "tanh", "softplus", "erf", "relu", "identity"};
  for (size_t i = 0; i < COUNT(bounded_terms); i++)
    for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++)
      if (strcmp(expected[k].name, bounded_terms[i]) == 0)
        check_points(k, 2, (double[]){INFINITY, -INFINITY});
}

static size_t single_levels(const ntk_activation_single_fn *rows[3]) {
  size_t count = 0;
  rows[count++] = ntk_activation_evals_base_f32;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    rows[count++] = ntk_activation_evals_avx2_f32;
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    rows[count++] = ntk_activation_evals_avx512_f32;
#endif
  return count;
}

/* The same bounds in float, u = 2^-24: |g| to 1, 8, 40, 700, and from the smallest subnormal to
 * 1e37. */
static void test_accuracy_single(void **state) {
  (void)state;
  enum { EACH = 20001 };
  const double ranges[] = {1.0, 8.0, 40.0, 700.0}, u = 0x1p-24;
  const ntk_activation_single_fn *rows[3];
  const size_t count = single_levels(rows);
  double *x = make_array(EACH);
  float *g = malloc(3 * EACH * sizeof *g), *f = g + EACH, *df = f + EACH;
  assert_non_null(g);
  for (size_t r = 0; r <= COUNT(ranges); r++) {
    ntk_random_uniform((ntk_random){.seed = 3, .stream = NTK_STREAM_POPULATION}, r, EACH, x);
    for (size_t i = 0; i < EACH; i++)
      g[i] = (float)(r < COUNT(ranges) ? ranges[r] * (2.0 * x[i] - 1.0)
                                       : (i % 2 ? 1.0 : -1.0) * pow(10.0, -45.0 + 82.0 * x[i]));
    for (size_t row = 0; row < count; row++)
      for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
        rows[row][k](EACH, g, f, df);
        for (size_t i = 0; i < EACH; i++) {
          const value v = expected[k].reference(g[i]);
          const double bound = NTK_ACTIVATION_ERROR * u, size = 1.0 + fabs((double)g[i]);
          if (!(fabsl(f[i] - v.phi) <= bound * size) || !(fabsl(df[i] - v.dphi) <= bound))
            fail_msg("%s(%.9g), level %zu: errors %.2Lf u (1 + |g|), %.2Lf u", expected[k].name,
                     (double)g[i], row, fabsl(f[i] - v.phi) / u / size, fabsl(df[i] - v.dphi) / u);
        }
      }
  }
  free(x);
  free(g);
}

/* In float too, bits do not depend on where a value stands, nor on working in place. */
static void test_tails_single(void **state) {
  (void)state;
  enum { LONG = 104, MOST = 40, GUARD = 8 };
  const ntk_activation_single_fn *rows[3];
  const size_t count = single_levels(rows);
  double *normal = make_normal(4, LONG);
  float g[LONG], f[LONG], df[LONG], phi[MOST + GUARD], dphi[MOST + GUARD];
  for (size_t i = 0; i < LONG; i++)
    g[i] = (float)(normal[i] * (i % 5 == 0 ? 30.0 : 2.0));
  for (size_t r = 0; r < count; r++)
    for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
      rows[r][k](LONG, g, f, df);
      for (size_t n = 1; n <= MOST; n++)
        for (size_t first = 0; first < 17; first++) {
          for (size_t i = 0; i < MOST + GUARD; i++) {
            phi[i] = i < n ? g[first + i] : -77.0F;
            dphi[i] = -77.0F;
          }
          rows[r][k](n, phi, phi, dphi);
          assert_memory_equal(phi, f + first, n * sizeof *f);
          assert_memory_equal(dphi, df + first, n * sizeof *f);
          for (size_t i = n; i < MOST + GUARD; i++)
            assert_true(phi[i] == -77.0F && dphi[i] == -77.0F);
        }
    }
  free(normal);
}

/* The bits of a value depend neither on n (1 to 40: every tail) nor on where it stands nor on
 * working in place, and nothing beyond entry n is written. */
static void test_tails(void **state) {
  (void)state;
  enum { LONG = 104, MOST = 40, GUARD = 8 };
  double *g = make_normal(2, LONG), f[LONG], df[LONG];
  const ntk_activation_fn *rows[3];
  const size_t count = levels(rows);
  for (size_t i = 0; i < LONG; i++)
    g[i] *= i % 5 == 0 ? 30.0 : 2.0;
  for (size_t r = 0; r < count; r++)
    for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
      rows[r][k](LONG, g, f, df);
      for (size_t n = 1; n <= MOST; n++)
        for (size_t first = 0; first < 9; first++) {
          double phi[MOST + GUARD], dphi[MOST + GUARD], in_place[MOST + GUARD];
          for (size_t i = 0; i < MOST + GUARD; i++) {
            phi[i] = dphi[i] = -77.0;
            in_place[i] = i < n ? g[first + i] : -77.0;
          }
          rows[r][k](n, g + first, phi, dphi);
          assert_memory_equal(phi, f + first, n * sizeof *f);
          assert_memory_equal(dphi, df + first, n * sizeof *f);
          rows[r][k](n, in_place, in_place, dphi);
          assert_memory_equal(in_place, f + first, n * sizeof *f);
          assert_memory_equal(dphi, df + first, n * sizeof *f);
          for (size_t i = n; i < MOST + GUARD; i++)
            assert_true(phi[i] == -77.0 && dphi[i] == -77.0 && in_place[i] == -77.0);
        }
    }
  free(g);
}

/* M = max |phi'|, M' = max |phi''| on a grid of step H over [-40, 40]: never exceeded, attained to
 * 1e-6. Central differences are values of phi'' (mean value theorem), up to the rounding 2 e u / 2
 * H of phi' and U |x| / H <= 40 U / H of x +- H; the grid misses a maximum by O(H^2) = 1e-8. */
static void test_lipschitz_constants(void **state) {
  (void)state;
  enum { N = 800000 };
  const double H = 1e-4;
  double *g = make_array(N), *f = make_array(N), *df = make_array(N);
  for (size_t i = 0; i < N; i++)
    g[i] = H * ((double)i - N / 2);
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
    ntk_activation activation;
    assert_ok(ntk_activation_find(expected[k].name, &activation));
    activation.eval(N, g, f, df);
    double M = 0.0, M2 = 0.0;
    for (size_t i = 0; i < N; i++) {
      M = fmax(M, fabs(df[i]));
      if (i > 0 && i + 1 < N)
        M2 = fmax(M2, fabs(df[i + 1] - df[i - 1]) / (g[i + 1] - g[i - 1]));
    }
    assert_true(M <= activation.info.lipschitz + NTK_ACTIVATION_ERROR * U);
    assert_near(M, activation.info.lipschitz, 1e-6, expected[k].name);
    if (strcmp(expected[k].name, "relu") == 0) { /* phi' jumps: differences grow as 1/(2 H) */
      assert_true(isinf(activation.info.lipschitz_grad) && M2 > 0.4 / H);
      continue;
    }
    assert_true(M2 <= activation.info.lipschitz_grad + (NTK_ACTIVATION_ERROR + 40.0) * U / H);
    assert_near(M2, activation.info.lipschitz_grad, 1e-6, expected[k].name);
  }
  free(g);
  free(f);
  free(df);
}

/* The table holds the eight of ntkit.h; ntk_activation_find gives each name its own function, the
 * best level's; only identity is linear; an unknown name is refused with the known ones. */
static void test_table(void **state) {
  (void)state;
  const ntk_activation_fn *rows[3];
  const ntk_activation_single_fn *singles[3];
  const size_t best = levels(rows) - 1;
  assert_int_equal(single_levels(singles) - 1, best);
  size_t count = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  assert_int_equal(count, NTK_ACTIVATION_COUNT);
  ntk_activation activation;
  for (size_t k = 0; k < count; k++) {
    assert_string_equal(list[k].name, expected[k].name);
    assert_ok(ntk_activation_find(list[k].name, &activation));
    assert_ptr_equal(activation.eval, rows[best][k]);
    assert_ptr_equal(activation.eval_single, singles[best][k]);
    assert_true(list[k].nonlinear == (strcmp(list[k].name, "identity") != 0));
  }
  const char *unknown[] = {"", "Sigmoid", "relu ", "swish"};
  for (size_t i = 0; i < COUNT(unknown); i++)
    assert_refused(ntk_activation_find(unknown[i], &activation), NTK_ERR_ARGUMENT,
                   "known: sigmoid, tanh, softplus, erf, gelu, sin, relu, identity");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accuracy),     cmocka_unit_test(test_accuracy_single),
      cmocka_unit_test(test_tails_single), cmocka_unit_test(test_special_points),
      cmocka_unit_test(test_tails),        cmocka_unit_test(test_lipschitz_constants),
      cmocka_unit_test(test_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
