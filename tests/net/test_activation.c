/* Activations phi and phi' with the constants of Assumption 2.3.
 * Property: each agrees with its definition in long double within the bounds stated in
 * net/activation.h, relative ones far into the tails included, at every SIMD level, in double and
 * in float; M = max |phi'| and M' = max |phi''|. */
#include "activation_check.h"

static ntk_activation at_row(size_t k) {
  ntk_activation phi;
  assert_ok(ntk_activation_find(activation_references[k].name, &phi));
  return phi;
}

/* Function k at these points, with each level. */
static void check_points(size_t k, size_t n, const double *g) {
  const ntk_activation_fn *rows[3];
  const size_t count = levels(rows);
  const ntk_activation phi = at_row(k);
  double *f = make_array(n), *df = make_array(n);
  for (size_t r = 0; r < count; r++) {
    rows[r][k](n, phi.info.value, g, f, df);
    for (size_t i = 0; i < n; i++) {
      const activation_value v = activation_references[k].at(g[i]);
      if (isfinite(g[i]))
        check_value(&phi, v, r, g[i], f[i], df[i], U, 0x1p-1074);
      else if (isnan(g[i]))
        assert_true(isnan(f[i]));
      else
        assert_true((long double)f[i] == v.phi && (long double)df[i] == v.dphi);
    }
  }
  free(f);
  free(df);
}

/* The references themselves, against 30 digits by another program (mpmath), in the tails. */
static void test_references(void **state) {
  (void)state;
  static const struct {
    size_t k;
    double g;
    long double phi, dphi;
  } known[] = {
      {0, -40.5, 2.57675710915498094148472674791e-18L,
       2.57675710915498093484504954832e-18L}, /* sigmoid */
      {0, 40.5, 0.999999999999999997423242890845L,
       2.57675710915498093484504954832e-18L}, /* sigmoid */
      {1, 3.25, 0.99699763548652601693227592644L, 0.00599571483427619826839432719264L}, /* tanh */
      {1, -19.125, -0.999999999999999951104818467757L,
       9.77903630644852356931634050694e-17L},                                             /* tanh */
      {1, 20.0, 0.999999999999999991503291489417L, 1.69934170211663558369288281038e-17L}, /* tanh */
      {1, 300.0, 1.0L, 1.06015862120172432653547177891e-260L},                            /* tanh */
      {2, -700.0, 9.85967654375977085670537294785e-305L,
       9.85967654375977085670537294785e-305L}, /* softplus */
      {3, 6.5, 0.999999999999999999961578516729L, 5.05258000306265250635707678484e-19L}, /* erf */
      {3, 26.0, 1.0L, 2.94703499326626954020383677678e-294L},                            /* erf */
      {4, -3.5, -0.000814201776624337627224740603548L,
       -0.00282176035362463519325424947786L}, /* gelu */
      {4, -8.3125, -3.8946827105605879213430106656e-16L,
       -3.23618772560060827077846798473e-15L}, /* gelu */
      {4, -37.0, -2.11846135233409342439278124286e-298L,
       -7.83829866941851624252988507275e-297L}, /* gelu */
      {8, -740.0, -3.09966751123555621519857960117e-319L,
       -3.09547877135550816625912206117e-319L},                                      /* silu */
      {8, 3.25, 3.12868761613157925435742896037L, 1.07945728283818695622786336294L}, /* silu */
      {9, -21.5, -2.83061666710878393151754839612e-322L,
       -2.84478528938986024448874612393e-320L}, /* gelu_tanh */
      {9, -1.4375, -0.108455592651075281044173940182L,
       -0.128920163199168834287743117371L}, /* gelu_tanh */
      {10, -40.5, -0.999999999999999997423242890845L,
       2.57675710915498094812440394749e-18L}, /* elu */
      {10, -0x1p-30, -9.31322574181797646765430487523e-10L,
       0.999999999068677425818202353235L},                                               /* elu */
      {11, -2.75, -1.64570781019808168250703936862L, 0.112391530649295177433178152192L}, /* selu */
      {12, -1e300, -1.0L, 9.99999999999999894990479489591e-601L}, /* softsign */
      {13, 1e200, 1.57079632679489661923132169164L,
       1.00000000000000006053375557498e-400L},                                           /* atan */
      {13, 0.625, 0.558599315343562435971508216402L, 0.719101123595505617977528089888L}, /* atan */
      {14, 26.0, 2.61174176128405547054158721709e-294L,
       -1.35810571586770884468162535289e-292L}, /* gaussian */
      {14, -0.875, 0.465043188134056313033903075269L,
       0.81382557923459854780933038172L}, /* gaussian */
  };
  for (size_t i = 0; i < COUNT(known); i++) {
    const activation_value v = activation_references[known[i].k].at(known[i].g);
    assert_true(fabsl(v.phi - known[i].phi) <= 0x1p-55L * fabsl(known[i].phi));
    assert_true(fabsl(v.dphi - known[i].dphi) <= 0x1p-55L * fabsl(known[i].dphi));
  }
}

/* The bounds of net/activation.h: uniform on |g| <= 1, 8, 40, 700, and log-uniform
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

/* The same bounds at zeros, where exp(+-x) overflows and underflows, and at the ends of the range;
 * limits at infinity where phi has one that needs no infinity times 0; no number out of none. */
static void test_special_points(void **state) {
  (void)state;
  const double sizes[] = {0.0,   0x1p-1074, DBL_MIN, 0x1p-54, 0x1p-27, 0x1p-26, 5.0,
                          8.3,   19.1,      36.04,   36.8,    37.5,    38.6,    88.8,
                          700.0, 708.39,    709.7,   709.79,  710.5,   745.14,  746.0,
                          1e4,   0x1p53,    1e154,   1.4e154, 1e300,   DBL_MAX};
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++)
    for (size_t i = 0; i < COUNT(sizes); i++)
      check_points(k, 2, (double[]){sizes[i], -sizes[i]});
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++)
    check_points(k, 1, (double[]){NAN});
  const char *bounded_terms[] = {"sigmoid", "tanh", "softplus", "erf", "relu", "identity"};
  for (size_t i = 0; i < COUNT(bounded_terms); i++)
    for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++)
      if (strcmp(activation_references[k].name, bounded_terms[i]) == 0)
        check_points(k, 2, (double[]){INFINITY, -INFINITY});
}

/* The same bounds in float, u = 2^-24: |g| to 1, 8, 40, 700, and from the smallest subnormal to
 * 1e37, 0 and the largest number. */
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
    g[0] = r < COUNT(ranges) ? 0.0F : FLT_MAX;
    g[1] = -g[0];
    for (size_t row = 0; row < count; row++)
      for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
        const ntk_activation phi = at_row(k);
        rows[row][k](EACH, phi.info.value, g, f, df);
        for (size_t i = 0; i < EACH; i++)
          check_value(&phi, activation_references[k].at(g[i]), row, g[i], f[i], df[i], u, 0x1p-149);
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
      const double p = at_row(k).info.value;
      rows[r][k](LONG, p, g, f, df);
      for (size_t n = 1; n <= MOST; n++)
        for (size_t first = 0; first < 17; first++) {
          for (size_t i = 0; i < MOST + GUARD; i++) {
            phi[i] = i < n ? g[first + i] : -77.0F;
            dphi[i] = -77.0F;
          }
          rows[r][k](n, p, phi, phi, dphi);
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
      const double p = at_row(k).info.value;
      rows[r][k](LONG, p, g, f, df);
      for (size_t n = 1; n <= MOST; n++)
        for (size_t first = 0; first < 9; first++) {
          double phi[MOST + GUARD], dphi[MOST + GUARD], in_place[MOST + GUARD];
          for (size_t i = 0; i < MOST + GUARD; i++) {
            phi[i] = dphi[i] = -77.0;
            in_place[i] = i < n ? g[first + i] : -77.0;
          }
          rows[r][k](n, p, g + first, phi, dphi);
          assert_memory_equal(phi, f + first, n * sizeof *f);
          assert_memory_equal(dphi, df + first, n * sizeof *f);
          rows[r][k](n, p, in_place, in_place, dphi);
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
 * H of phi' and U |x| / H <= 40 U / H of x +- H; the grid misses a maximum by O(H^2) = 1e-8, and
 * one beside a jump of phi'' by H max |phi'''|. */
static void test_lipschitz_constants(void **state) {
  (void)state;
  enum { N = 800000 };
  const double H = 1e-4;
  double *g = make_array(N), *f = make_array(N), *df = make_array(N);
  for (size_t i = 0; i < N; i++)
    g[i] = H * ((double)i - N / 2);
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
    const ntk_activation activation = at_row(k);
    if (isinf(activation.info.lipschitz))
      continue;
    ntk_activation_eval(&activation, N, g, f, df);
    double M = 0.0, M2 = 0.0;
    for (size_t i = 0; i < N; i++) {
      M = fmax(M, fabs(df[i]));
      if (i > 0 && i + 1 < N)
        M2 = fmax(M2, fabs(df[i + 1] - df[i - 1]) / (g[i + 1] - g[i - 1]));
    }
    assert_true(M <= activation.info.lipschitz + NTK_ACTIVATION_ERROR * U);
    assert_near(M, activation.info.lipschitz, 1e-6, activation_references[k].name);
    const activation_reference *of = &activation_references[k];
    if (of->jump > 0) { /* differences grow as jump / (2 H) */
      assert_true(isinf(activation.info.lipschitz_grad) && M2 > 0.4 * (double)of->jump / H);
      continue;
    }
    assert_true(M2 <= activation.info.lipschitz_grad + (NTK_ACTIVATION_ERROR + 40.0) * U / H);
    assert_near(M2, activation.info.lipschitz_grad, fmax(1e-6, H * (double)of->kink), of->name);
  }
  free(g);
  free(f);
  free(df);
}

/* phi(-x) = sign phi(x) and phi(2 x) = 2^degree phi(x) to the bit exactly where the table says so;
 * phi(0) = 0 where it says that. */
static void test_multiples(void **state) {
  (void)state;
  static const double at[] = {0.3, 1.7, 2.9, 4.1};
  for (size_t k = 0; k < NTK_ACTIVATION_COUNT; k++) {
    const activation_reference *of = &activation_references[k];
    const ntk_activation activation = at_row(k);
    bool odd = true, even = true, scales = true, squares = true;
    for (size_t i = 0; i < COUNT(at); i++) {
      const double g[] = {at[i], -at[i], 2.0 * at[i], -2.0 * at[i], 0.0, -DBL_MIN};
      double f[6], df[6];
      ntk_activation_eval(&activation, 6, g, f, df);
      odd &= f[1] == -f[0];
      even &= f[1] == f[0];
      scales &= f[2] == 2.0 * f[0] && f[3] == 2.0 * f[1];
      squares &= f[2] == 4.0 * f[0] && f[3] == 4.0 * f[1];
      assert_true(activation.vanishes == (f[4] == 0.0));
      assert_true(of->jump == 0 || df[4] == df[5]); /* at a kink the left slope */
    }
    assert_int_equal(odd - even, -of->symmetry);
    assert_int_equal(activation.symmetry.sign, even - odd);
    assert_true(activation.symmetry.degree == (scales ? 1.0 : squares ? 2.0 : 0.0));
  }
}

/* The table holds these activations; ntk_activation_find gives each name its own function, the
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
    assert_string_equal(list[k].name, activation_references[k].name);
    assert_ok(ntk_activation_find(list[k].name, &activation));
    assert_ptr_equal(activation.eval, rows[best][k]);
    assert_ptr_equal(activation.eval_single, singles[best][k]);
    assert_true(list[k].nonlinear == (strcmp(list[k].name, "identity") != 0));
  }
  static const struct {
    const char *name, *known;
  } aliases[] = {{"Logistic", "sigmoid"},   {"SiLU", "silu"},
                 {"Swish", "silu"},         {"gelu_erf", "gelu"},
                 {"GELU_new", "gelu_tanh"}, {"gelu_pytorch_tanh", "gelu_tanh"},
                 {"arctan", "atan"},        {"sine", "sin"},
                 {"linear", "identity"},    {"LeakyReLU", "leaky_relu"},
                 {"CELU", "celu"},          {"x^2", "quadratic"},
                 {"Square", "quadratic"},   {"GELU(approximate='tanh')", "gelu_tanh"},
                 {"ReLU", "relu"},          {"Softsign", "softsign"}};
  for (size_t i = 0; i < COUNT(aliases); i++) {
    assert_ok(ntk_activation_find(aliases[i].name, &activation));
    assert_string_equal(activation.info.name, aliases[i].known);
  }
  const char *unknown[] = {"", "relu ", "mish", "gelu_new, gelu_pytorch_tanh", "gelu_ne", ","};
  for (size_t i = 0; i < COUNT(unknown); i++)
    assert_refused(ntk_activation_find(unknown[i], &activation), NTK_ERR_ARGUMENT,
                   "known: sigmoid, tanh, softplus, erf, gelu, sin, relu, identity, silu");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_references),
      cmocka_unit_test(test_accuracy),
      cmocka_unit_test(test_accuracy_single),
      cmocka_unit_test(test_tails_single),
      cmocka_unit_test(test_special_points),
      cmocka_unit_test(test_tails),
      cmocka_unit_test(test_lipschitz_constants),
      cmocka_unit_test(test_multiples),
      cmocka_unit_test(test_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
