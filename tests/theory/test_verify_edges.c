/* The numbers at which verdicts and notes of the ledger change.
 * Property: on either side of each, within a few percent, the verdict is the one that
 * docs/verify.md and docs/algorithm.md state: gamma 0.1 of (5), layers that widen fourfold, c 0.02,
 * c at 0.4 of its value at a tenth, errors of half of sigma_min. A loss that rounding alone makes
 * is 0. The spread over weights is the sample deviation of eight draws. */
#include "one_context.h"
#include "verify_support.h"

#include "base/random.h"
#include "theory/ledger/psi.h"

enum { MOST = 2048 };

/* Of the file X (N x d), widths d, n, m. */
static ntk_ledger of_file(const double *X, size_t N, size_t d, size_t n, size_t m) {
  ntk_network *network = make_network(one, 3, (const size_t[]){d, n, m}, "tanh", "paper", 1);
  ntk_dataset *data = make_data(one, X, N, d);
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(one, network, data, NULL, NULL, &ledger));
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return ledger;
}

/* gamma = log n_{L-1} / log N: 0.1003 of two units and 1000 samples, 0.0996 of 1050. */
static void test_sizes(void **state) {
  (void)state;
  enum { D = 5 };
  const struct {
    size_t N, n, m;
    const char *key;
    double value;
    ntk_ledger_verdict verdict;
  } cases[] = {
      {1000, 9, 2, "gamma", 0.1003433, NTK_LEDGER_CONSISTENT},
      {1050, 9, 2, "gamma", 0.0996396, NTK_LEDGER_SUSPECT},
      {30, 20, 6, "n_1", 20.0, NTK_LEDGER_CONSISTENT},
      {30, 21, 6, "n_1", 21.0, NTK_LEDGER_OUTSIDE},
      {30, 3, 12, "n_2", 12.0, NTK_LEDGER_CONSISTENT},
      {30, 3, 13, "n_2", 13.0, NTK_LEDGER_OUTSIDE},
  };
  double *X = make_normal(1, 1050 * D);
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_ledger ledger = of_file(X, cases[k].N, D, cases[k].n, cases[k].m);
    assert_near(value_of(&ledger, cases[k].key), cases[k].value, 1e-6, cases[k].key);
    assert_verdict(&ledger, cases[k].key, cases[k].verdict);
    ntk_ledger_clear(&ledger);
  }
  free(X);
}

/* c of s x is c / s^2. */
static void test_small_c(void **state) {
  (void)state;
  enum { N = 1000, D = 3 };
  double *X = make_normal(2, N * D), s = 1.0;
  for (size_t k = 0; k < 3; k++) {
    double *scaled = make_array(N * D);
    for (size_t e = 0; e < N * D; e++)
      scaled[e] = s * X[e];
    ntk_ledger ledger = of_file(scaled, N, D, 3, 3);
    const double c = value_of(&ledger, "c_norm");
    if (k > 0)
      assert_near(c, k == 1 ? 0.0201 : 0.0199, 1e-6, "c");
    assert_verdict(&ledger, "c_norm", k < 2 ? NTK_LEDGER_CONSISTENT : NTK_LEDGER_SUSPECT);
    s *= sqrt(c / (k == 0 ? 0.0201 : 0.0199));
    ntk_ledger_clear(&ledger);
    free(scaled);
  }
  free(X);
}

/* sign(z) |z|^p, scaled to c; *fall: c over its value at a tenth. */
static void powers(size_t N, const double *z, double p, double to_c, double *X, double *fall) {
  double c = 0.0, bulk = 0.0, *copy = make_array(N);
  for (size_t i = 0; i < N; i++)
    copy[i] = X[i] = copysign(pow(fabs(z[i]), p), z[i]);
  ntk_concentration(N, copy, &c, &bulk);
  for (size_t i = 0; i < N; i++)
    X[i] *= sqrt(c / to_c);
  *fall = c / bulk;
  free(copy);
}

/* The largest coordinate of x in R^1 is x: powers p, by bisection, at which c falls to 0.4 of its
 * value at a tenth and a percent more and less; of a c above 0.3 that is no heavy tail. */
static void test_fall(void **state) {
  (void)state;
  enum { N = 1000 };
  double *z = make_normal(3, N), *X = make_array(N);
  const struct {
    double fall, c;
    ntk_ledger_verdict verdict;
  } cases[] = {{0.404, 0.29, NTK_LEDGER_CONSISTENT},
               {0.396, 0.29, NTK_LEDGER_SUSPECT},
               {0.396, 0.31, NTK_LEDGER_CONSISTENT}};
  for (size_t k = 0; k < COUNT(cases); k++) {
    double low = 1.0, high = 4.0, fall = 0.0;
    for (int step = 0; step < 50; step++) {
      const double p = (low + high) / 2.0;
      powers(N, z, p, cases[k].c, X, &fall);
      *(fall > cases[k].fall ? &low : &high) = p;
    }
    assert_near(fall, cases[k].fall, 1e-3, "fall");
    ntk_ledger ledger = of_file(X, N, 1, 3, 3);
    assert_near(value_of(&ledger, "c_coordinate"), cases[k].c, 1e-9, "c");
    assert_verdict(&ledger, "c_coordinate", cases[k].verdict);
    ntk_ledger_clear(&ledger);
  }
  free(z);
  free(X);
}

static ntk_ledger of_law(const char *activation, size_t N, size_t population,
                         const ntk_network_spec *spec) {
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_ledger ledger = {0};
  ntk_network_spec own = *spec;
  own.activation = activation;
  assert_ok(ntk_network_create(one, &own, &network));
  assert_ok(ntk_dataset_generate(one, "gaussian", N, spec->width[0], 1, &data));
  const ntk_verify_options options = {.population = population, .seed = 1, .spec = &own};
  assert_ok(ntk_verify(one, network, data, "gaussian", &options, &ledger));
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return ledger;
}

static const ntk_network_spec small = {.depth = 3, .width = (const size_t[]){6, 7, 8}, .seed = 2};

/* More samples behind the expectations make the ratio smaller, past 1/2. */
static void test_sampling_note(void **state) {
  (void)state;
  bool above = false, below = false;
  for (size_t N = 4; N <= 24; N += 2)
    for (size_t population = MOST; population < 16 * MOST; population *= 2) {
      ntk_ledger ledger = of_law("tanh", N, population, &small);
      const ntk_ledger_row *row = row_of(&ledger, "sampling");
      assert_true((row->note[0] != '\0') == (row->ratio > 0.5));
      above |= row->ratio > 0.5 && row->ratio < 0.65;
      below |= row->ratio < 0.5 && row->ratio > 0.38;
      ntk_ledger_clear(&ledger);
    }
  assert_true(above && below);
}

/* b~ = 0 of the identity, and K_{L-2} - J~_FB J~_FB^T = K_{L-2}, of rank d < N: what its smallest
 * eigenvalue is below 0 is rounding. */
static void test_no_loss(void **state) {
  (void)state;
  for (size_t N = 10; N <= 30; N += 5) {
    ntk_ledger ledger = of_law("identity", N, MOST, &small);
    assert_near(value_of(&ledger, "a_cost"), 0.0, 0.0, "a_cost");
    assert_near(value_of(&ledger, "centring_loss"), 0.0, 0.0, "centring_loss");
    ntk_ledger_clear(&ledger);
  }
}

/* E ||f_1|| over the data, of the eight draws. */
static void test_spread(void **state) {
  (void)state;
  enum { N = 40, DRAWS = 8 };
  const size_t d = small.width[0], n = small.width[1];
  double *X = make_normal(4, N * d), mean[DRAWS] = {0}, of_all = 0.0, squares = 0.0;
  ntk_network_spec spec = small;
  for (size_t r = 0; r < DRAWS; r++) {
    uint64_t words[4];
    ntk_random_words((ntk_random){9, NTK_STREAM_PROBES, NTK_PROBE_WEIGHTS}, r, 0, words);
    spec.seed = words[0];
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(one, &spec, &network));
    double *f = make_array(layers_size(network));
    for (size_t i = 0; i < N; i++) {
      double square = 0.0;
      plain_layers(network, "sigmoid", X + i * d, f);
      for (size_t j = 0; j < n; j++)
        square += f[d + j] * f[d + j];
      mean[r] += sqrt(square) / N;
    }
    of_all += mean[r] / DRAWS;
    free(f);
    ntk_network_destroy(network);
  }
  for (size_t r = 0; r < DRAWS; r++)
    squares += (mean[r] - of_all) * (mean[r] - of_all);
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(one, &small, &network));
  ntk_dataset *data = make_data(one, X, N, d);
  ntk_ledger ledger = {0};
  const ntk_verify_options options = {.seed = 9, .spec = &small};
  assert_ok(ntk_verify(one, network, data, NULL, &options, &ledger));
  const double expected = sqrt(squares / (DRAWS - 1));
  assert_near(row_of(&ledger, "f1_norm")->spread, expected, 1e-9 * expected, "spread");
  ntk_ledger_clear(&ledger);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sizes),   cmocka_unit_test(test_small_c),
      cmocka_unit_test(test_fall),    cmocka_unit_test(test_sampling_note),
      cmocka_unit_test(test_no_loss), cmocka_unit_test(test_spread),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
