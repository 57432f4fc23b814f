/* Activations with a parameter in brackets.
 * Property: the bounds of net/activation.h, M and M' hold for the parameter given, over the whole
 * range of double and float at every SIMD level; what a text means, and what is refused; the text
 * of a phi gives back the same parameter to the bit. */
#include "activation_check.h"

typedef struct variant {
  const char *text;
  activation_value (*at)(long double x, long double p);
  double p;
} variant;

static const variant variants[] = {
    {"leaky_relu(0.2)", leaky_relu_of, 0.2},
    {"leaky_relu(-1)", leaky_relu_of, -1},
    {"leaky_relu(0)", leaky_relu_of, 0},
    {"leaky_relu(1)", leaky_relu_of, 1},
    {"leaky_relu(-1e6)", leaky_relu_of, -1e6},
    {"elu(0.5)", elu_of, 0.5},
    {"elu(-2)", elu_of, -2},
    {"elu(1e6)", elu_of, 1e6},
    {"elu(0)", elu_of, 0},
    {"celu(0.25)", celu_of, 0.25},
    {"celu(1e6)", celu_of, 1e6},
    {"celu(1e-6)", celu_of, 1e-6},
    {"softplus(5)", softplus_of, 5},
    {"softplus(1e6)", softplus_of, 1e6},
    {"softplus(1e-6)", softplus_of, 1e-6},
    {"silu(1.702)", silu_of, 1.702},
    {"silu(1e6)", silu_of, 1e6},
    {"silu(1e-6)", silu_of, 1e-6},
};

static ntk_activation phi_of(const char *text) {
  ntk_activation phi;
  assert_ok(ntk_activation_parse(text, 1, &phi));
  return phi;
}

/* At sizes from the smallest number to the largest, both signs, and evenly over [-40, 40]; to
 * parameters, which bring these into any scale, the last are multiplied. */
enum { SPREAD = 4001 };
static void make_points(double p, double smallest, double largest, double *g) {
  for (size_t i = 0; i < SPREAD; i++)
    g[i] = i % 3 == 0 ? (double)(i % 2 ? 1 : -1) *
                            exp(log(smallest) + (log(largest) - log(smallest)) * (double)i / SPREAD)
                      : (-40.0 + 80.0 * (double)i / SPREAD) * (i % 3 == 1 ? 1.0 : p);
  g[0] = 0.0;
  g[3] = largest;
  g[6] = -largest;
}

static size_t row_of(const ntk_activation *phi) {
  size_t k = 0;
  while (strcmp(activation_references[k].name, phi->info.name) != 0)
    k++;
  return k;
}

static void test_accuracy(void **state) {
  (void)state;
  const ntk_activation_fn *rows[3];
  const ntk_activation_single_fn *singles[3];
  const size_t count = levels(rows);
  assert_int_equal(single_levels(singles), count);
  double g[SPREAD], f[SPREAD], df[SPREAD];
  float gs[SPREAD], fs[SPREAD], dfs[SPREAD];
  for (size_t v = 0; v < COUNT(variants); v++) {
    const ntk_activation phi = phi_of(variants[v].text);
    const size_t k = row_of(&phi);
    assert_true(phi.info.value == variants[v].p);
    for (size_t inverse = 0; inverse < 2 && variants[v].p != 0; inverse++) {
      make_points(inverse ? 1 / variants[v].p : variants[v].p, 0x1p-1074, DBL_MAX, g);
      for (size_t r = 0; r < count; r++) {
        rows[r][k](SPREAD, phi.info.value, g, f, df);
        for (size_t i = 0; i < SPREAD; i++)
          check_value(&phi, variants[v].at(g[i], variants[v].p), r, g[i], f[i], df[i], U,
                      0x1p-1074);
      }
      make_points(inverse ? 1 / variants[v].p : variants[v].p, 0x1p-149, FLT_MAX, g);
      for (size_t i = 0; i < SPREAD; i++)
        gs[i] = (float)g[i];
      for (size_t r = 0; r < count; r++) {
        singles[r][k](SPREAD, phi.info.value, gs, fs, dfs);
        for (size_t i = 0; i < SPREAD; i++)
          check_value(&phi, variants[v].at(gs[i], variants[v].p), r, gs[i], fs[i], dfs[i], 0x1p-24,
                      0x1p-149);
      }
    }
  }
}

/* M and M' are the largest of |phi'| and |phi''| of the reference over a grid that is as fine as
 * the parameter asks for; M' is infinite where the slope jumps at 0. */
static void test_lipschitz_constants(void **state) {
  (void)state;
  for (size_t v = 0; v < COUNT(variants); v++) {
    const ntk_activation phi = phi_of(variants[v].text);
    const double p = variants[v].p, unit = variants[v].at == celu_of ? p : p > 0 ? 1 / p : 1;
    long double M = 0, M2 = 0;
    for (int i = -40000; i <= 40000; i++) {
      const activation_value a = variants[v].at((i + 0.5L) / 1000 * unit, p);
      const activation_value b = variants[v].at((i + 0.5L) / 1000, p);
      M = fmaxl(M, fmaxl(fabsl(a.dphi), fabsl(b.dphi)));
      M2 = fmaxl(M2, fmaxl(fabsl(a.d2phi), fabsl(b.d2phi)));
    }
    const long double jump =
        fabsl(variants[v].at(1e-12L * unit, p).dphi - variants[v].at(-1e-12L * unit, p).dphi);
    assert_near((double)M / phi.info.lipschitz, 1.0, 1e-3, variants[v].text);
    if (jump > 1e-6L)
      assert_true(isinf(phi.info.lipschitz_grad));
    else if (M2 > 0)
      assert_near((double)M2 / phi.info.lipschitz_grad, 1.0, 1e-3, variants[v].text);
    else
      assert_true(phi.info.lipschitz_grad == 0.0);
    assert_true(phi.info.nonlinear == (strcmp(variants[v].text, "leaky_relu(1)") != 0));
  }
}

/* |x|, x and max(0, x) in the disguise of others have these one's symmetries. */
static void test_symmetry(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int sign;
    double degree;
  } cases[] = {{"leaky_relu(-1)", 1, 1}, {"leaky_relu(1)", -1, 1}, {"leaky_relu(0.5)", 0, 1},
               {"leaky_relu(0)", 0, 1},  {"elu(0)", 0, 1},         {"elu(0.5)", 0, 0}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    const ntk_activation phi = phi_of(cases[i].text);
    assert_int_equal(phi.symmetry.sign, cases[i].sign);
    assert_true(phi.symmetry.degree == cases[i].degree);
  }
  /* Of a network: x^2 above |x| above tanh is even; x^2 above x^2 multiplies by c^4. */
  ntk_activation of[3];
  ntk_symmetry s = NTK_SYMMETRY_OF_X, t = s;
  assert_ok(ntk_activation_parse("tanh,leaky_relu(-1),quadratic", 3, of));
  for (size_t l = 0; l < 3; l++)
    s = ntk_symmetry_after(&of[l], s);
  assert_true(s.sign == 1 && s.degree == 0.0 && ntk_symmetry_factor(s, -1.0) == 1.0);
  for (size_t l = 0; l < 2; l++)
    t = ntk_symmetry_after(&of[2], t);
  assert_true(t.sign == 1 && t.degree == 4.0 && ntk_symmetry_factor(t, -3.0) == 81.0);
}

static void test_texts(void **state) {
  (void)state;
  static const struct {
    const char *text, *is;
  } cases[] = {{"LeakyReLU(0.2)", "leaky_relu(0.2)"},
               {"leaky_relu(0.01)", "leaky_relu"},
               {"LeakyReLU(negative_slope=0.01)", "leaky_relu"},
               {" ELU( alpha = 0.5 ) ", "elu(0.5)"},
               {"Tanh()", "tanh"},
               {"elu(1e-3),elu(1),swish(1.702)", "elu(0.001),elu,silu(1.702)"},
               {"softplus(0.1),softplus(0.1),softplus(0.10)", "softplus(0.1)"},
               {"leaky_relu(0.30000000000000004)", "leaky_relu(0.30000000000000004)"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_activation of[3];
    char text[100];
    const size_t layers = strchr(cases[i].text, ',') != NULL ? 3 : 1;
    assert_ok(ntk_activation_parse(cases[i].text, layers, of));
    assert_int_equal(ntk_activation_text(of, layers, sizeof text, text), strlen(cases[i].is));
    assert_string_equal(text, cases[i].is);
    assert_true(ntk_activation_same(text, cases[i].text));
  }
  for (uint64_t k = 0; k < 2000; k++) { /* any double comes back */
    double value = 0.0;
    char text[64];
    ntk_random_uniform((ntk_random){.seed = 7, .stream = NTK_STREAM_POPULATION}, k, 1, &value);
    snprintf(text, sizeof text, "elu(%a)", (value - 0.5) * pow(10.0, (double)(k % 12) - 6.0));
    const ntk_activation phi = phi_of(text), again = phi_of(phi.text);
    assert_true(again.info.value == phi.info.value);
  }
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    const char *text, *says;
  } cases[] = {
      {"tanh(2)", "tanh has no parameter; accepted: tanh"},
      {"leaky_relu(x)", "'x' is no number; accepted: leaky_relu(NUMBER), its negative_slope"},
      {"leaky_relu(alpha=2)", "'alpha=2' is no number"},
      {"leaky_relu(1 2)", "'1 2' is no number"},
      {"Softplus(beta=1, threshold=20)", "is no number; accepted: softplus(NUMBER), its beta"},
      {"elu(nan)", "elu: alpha is nan; accepted: -1e+06 to 1e+06"},
      {"elu(-inf)", "elu: alpha is -inf; accepted"},
      {"elu(1e7)", "elu: alpha is 1e+07; accepted"},
      {"softplus(0)", "softplus: beta is 0; accepted: 1e-06 to 1e+06"},
      {"celu(-1)", "celu: alpha is -1; accepted"},
      {"elu(0.5", "')' is missing"},
      {"elu)0.5(", "')' is missing"},
      {"elo(0.5)", "unknown activation 'elo'; did you mean 'elu'"},
      {"(0.5)", "unknown activation ''"},
      {"tanh,relu", "2 activations where L - 1 = 1"},
      {"", "unknown activation ''"}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    ntk_activation phi;
    assert_refused(ntk_activation_parse(cases[i].text, 1, &phi), NTK_ERR_ARGUMENT, cases[i].says);
    assert_false(ntk_activation_same(cases[i].text, "elu"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_accuracy), cmocka_unit_test(test_lipschitz_constants),
      cmocka_unit_test(test_symmetry), cmocka_unit_test(test_texts),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
