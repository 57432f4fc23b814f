/* Activations in double-double (net/exact/exact.h).
 * Property: at every SIMD level, phi and phi' lie within the bounds stated there of MPFR's values
 * with 400 bits, at doubles, floats and double-doubles of all sizes, kinks, tails and points next
 * to multiples of pi; the bits are the same at every level and wherever an entry stands. Where MPFR
 * is not installed what needs it is skipped. */
#include "net/exact/exact.h"

#include "activation_check.h"

typedef void (*exact_fn)(size_t n, double p, ntk_exact_entries g, ntk_exact_entries f,
                         ntk_exact_entries df);
extern const exact_fn ntk_exact_evals_base[NTK_ACTIVATION_COUNT];
#ifdef __x86_64__
extern const exact_fn ntk_exact_evals_avx2[NTK_ACTIVATION_COUNT];
extern const exact_fn ntk_exact_evals_avx512[NTK_ACTIVATION_COUNT];
#endif

static size_t exact_levels(const exact_fn *rows[3]) {
  size_t count = 0;
  rows[count++] = ntk_exact_evals_base;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    rows[count++] = ntk_exact_evals_avx2;
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    rows[count++] = ntk_exact_evals_avx512;
#endif
  return count;
}

enum { MOST = 300 };
static double arrays[6][MOST];
static const ntk_exact_entries in = {arrays[0], arrays[1]}, f = {arrays[2], arrays[3]},
                               df = {arrays[4], arrays[5]};

/* Row k of the table, with a parameter (0: the usual one). */
static ntk_activation activation_of(size_t k, double p) {
  size_t count = 0;
  ntk_activation phi;
  assert_ok(ntk_activation_find(ntk_activation_list(&count)[k].name, &phi));
  if (p != 0.0)
    assert_ok(ntk_activation_set(&phi, p));
  return phi;
}

#ifdef NTK_HAVE_MPFR
#include "exact_reference.h"

/* |hi + lo - of| <= bound. */
static bool within(double hi, double lo, mpfr_t of, double bound) {
  mpfr_sub_d(t, of, hi, MPFR_RNDN);
  mpfr_sub_d(t, t, lo, MPFR_RNDN);
  return mpfr_number_p(t) && fabs(mpfr_get_d(t, MPFR_RNDA)) <= bound;
}

/* Entry i of one level's arrays against value and slope. */
static void check_entry(const ntk_activation *phi, bool sine, bool turns, double (*of)[MOST],
                        size_t i) {
  const double g = in.hi[i], E = NTK_EXACT_ERROR;
  const double v = fabs(mpfr_get_d(value, MPFR_RNDN)), d = fabs(mpfr_get_d(slope, MPFR_RNDN));
  if ((sine && fabs(g) > 0x1p30) || !isfinite(v) || !isfinite(d))
    return;
  const double bound = E * (v + (sine ? fabs(g) : 0.0)) + NTK_EXACT_FLOOR,
               slope_bound =
                   E * (d + (turns ? phi->info.lipschitz_grad * fabs(g) : 0.0)) + NTK_EXACT_FLOOR;
  if (!within(of[0][i], of[1][i], value, bound) || !within(of[2][i], of[3][i], slope, slope_bound))
    fail_msg("%s at %a + %a: %a + %a, slope %a + %a", phi->text, g, in.lo[i], of[0][i], of[1][i],
             of[2][i], of[3][i]);
  assert_true(within(of[0][i], of[1][i], value, ntk_exact_value_error(phi, g, of[0][i])));
  assert_true(within(of[2][i], of[3][i], slope, ntk_exact_slope_error(phi, g, of[2][i])));
}

/* The first n entries of `in` through row k, at every level. */
static void check(size_t k, double p, size_t n) {
  const exact_fn *rows[3];
  const size_t count = exact_levels(rows);
  const ntk_activation phi = activation_of(k, p);
  static double kept[3][4][MOST];
  for (size_t r = 0; r < count; r++) {
    rows[r][k](n, phi.info.value, in, f, df);
    memcpy(kept[r], arrays[2], sizeof kept[r]);
  }
  for (size_t i = 0; i < n; i++) {
    mpfr_set_d(x, in.hi[i], MPFR_RNDN);
    mpfr_add_d(x, x, in.lo[i], MPFR_RNDN);
    references[k](phi.info.value);
    for (size_t r = 0; r < count; r++)
      check_entry(&phi, k == 5, k == 4 || k == 5 || k == 8 || k == 9, kept[r], i);
  }
}

static void check_all(size_t n) {
  static const struct {
    size_t k;
    double p;
  } others[] = {{2, 7.3},  {2, 1e-6},  {2, 1e6},  {8, 1.702}, {8, 1e6},  {10, -3.7},
                {10, 1e6}, {15, -0.2}, {16, 0.3}, {16, 1e-6}, {16, 1e6}, {8, 1e-6}};
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++)
    check(k, 0.0, n);
  for (size_t i = 0; i < COUNT(others); i++)
    check(others[i].k, others[i].p, n);
}

/* n numbers uniform in +-range, of all sizes where range is 0, rounded to float where single, each
 * with a low part where there are such. */
static void draw(size_t n, uint64_t seed, double range, bool single, bool low) {
  ntk_random_uniform((ntk_random){.seed = seed, .stream = NTK_STREAM_POPULATION}, 0, n, in.hi);
  ntk_random_uniform((ntk_random){.seed = seed, .stream = NTK_STREAM_POPULATION}, 1, n, in.lo);
  for (size_t i = 0; i < n; i++) {
    const double u = in.hi[i];
    const double at = range > 0.0 ? range * (2.0 * u - 1.0)
                                  : (i % 2 ? 1.0 : -1.0) * pow(10.0, -300.0 + 600.0 * u);
    in.hi[i] = single ? (double)(float)at : at;
    in.lo[i] = low ? (in.lo[i] - 0.5) * 0x1p-53 * in.hi[i] : 0.0;
  }
}

static void test_against_mpfr(void **state) {
  (void)state;
  const double ranges[] = {0.0, 0.1, 1.0, 8.0, 40.0, 800.0};
  mpfr_set_default_prec(BITS);
  mpfr_inits(x, y, s, t, value, slope, (mpfr_ptr)0);
  const char *text = getenv("NTK_TEST_EXACT"); /* so many times 120 numbers of each range */
  const size_t times = text != NULL ? (size_t)strtoul(text, NULL, 10) : 1;
  for (size_t round = 0; round < times; round++)
    for (size_t r = 0; r < COUNT(ranges); r++)
      for (size_t way = 0; way < 3; way++) {
        const size_t n = way == 0 ? 61 : 30;
        draw(n, 1 + round, ranges[r], way == 1 && ranges[r] > 0.0, way == 2);
        check_all(n);
      }
  mpfr_clears(x, y, s, t, value, slope, (mpfr_ptr)0);
  mpfr_free_cache();
}

/* Where an argument is reduced or a branch taken, and next to it on both sides. */
static void test_hard_cases(void **state) {
  (void)state;
  static const double at[] = {0.0,
                              0.34657359027997264,
                              0x1p-5,
                              0x1p-6,
                              0x1.8p-5,
                              4.0,
                              28.0,
                              5.656854,
                              39.5979,
                              8.0,
                              1.5707963267948966,
                              3.141592653589793,
                              6.283185307179586,
                              0.78539816339744828,
                              103993.0,
                              411557987.0,
                              0x1p30,
                              0x1.921fb54442d18p29,
                              -0.7517915246935645,
                              -1.2784645427610738,
                              -0.7524614220710162,
                              64.0,
                              745.1332,
                              708.4,
                              0x1p-1022,
                              0x1p-1074,
                              0x1p-960,
                              0x1p200,
                              0x1p500,
                              0x1p900,
                              0x1p1023,
                              1.0,
                              2.0,
                              0.5,
                              1.3862943611198906};
  mpfr_set_default_prec(BITS);
  mpfr_inits(x, y, s, t, value, slope, (mpfr_ptr)0);
  size_t n = 0;
  for (size_t i = 0; i < COUNT(at); i++)
    for (int sign = -1; sign <= 1; sign += 2)
      for (int step = -1; step <= 1; step++) {
        const double g = sign * at[i];
        in.hi[n] = step == 0 ? g : nextafter(g, step * HUGE_VAL);
        in.lo[n++] = 0.0;
      }
  check_all(n);
  mpfr_clears(x, y, s, t, value, slope, (mpfr_ptr)0);
  mpfr_free_cache();
}
#else
static void test_against_mpfr(void **state) {
  (void)state;
  skip();
}
#define test_hard_cases test_against_mpfr
#endif

/* The bits of an entry do not depend on n or its place, in place or not; no number out of none, and
 * none of a sine beyond 2^30. */
static void test_places(void **state) {
  (void)state;
  enum { LONG = 70 };
  double *g = make_normal(5, LONG);
  for (size_t i = 0; i < LONG; i++)
    g[i] *= i % 5 == 0 ? 30.0 : 2.0;
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
    const ntk_activation phi = activation_of(k, 0.0);
    ntk_exact_activation(&phi, LONG, (ntk_exact_entries){g, NULL}, f, df);
    for (size_t n = 1; n < 20; n += 3)
      for (size_t first = 0; first < 9; first++) {
        double out[4][20], none = -77.0;
        memcpy(out[0], g + first, n * sizeof *g);
        out[0][n] = out[1][n] = out[2][n] = out[3][n] = none;
        ntk_exact_activation(&phi, n, (ntk_exact_entries){out[0], NULL},
                             (ntk_exact_entries){out[0], out[1]},
                             (ntk_exact_entries){out[2], out[3]});
        for (size_t a = 0; a < 4; a++) {
          assert_memory_equal(out[a], arrays[2 + a] + first, n * sizeof *g);
          assert_true(out[a][n] == none);
        }
      }
    g[1] = NAN;
    ntk_exact_activation(&phi, 2, (ntk_exact_entries){g, NULL}, f, df);
    assert_true(isnan(f.hi[1] + f.lo[1]) && !isnan(f.hi[0]));
    g[1] = -2.0;
  }
  const ntk_activation sine = activation_of(5, 0.0);
  ntk_exact_activation(&sine, 1, (ntk_exact_entries){(double[]){0x1.8p30}, NULL}, f, df);
  assert_true(isnan(f.hi[0]) && isnan(df.hi[0]));
  free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_against_mpfr),
      cmocka_unit_test(test_hard_cases),
      cmocka_unit_test(test_places),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
