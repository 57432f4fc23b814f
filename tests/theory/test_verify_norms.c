/* Numbers of the ledger that hide behind others, over the data as their own population.
 * Property: error bars are sample deviations, with N - 1; c of a layer is that of ||f_l|| over M^l
 * ||W_1|| ... ||W_l||; N log^8 N; and M is called sampling error where nu <= 2 E ||f~ (x) b~||^2 /
 * N, all by plain loops. */
#include "one_context.h"
#include "verify_support.h"

#include "theory/ledger/psi.h"

enum { L = 3, D = 5, N1 = 4, N2 = 3, SIZE = D + N1 + N2 + N2 }; /* f_0, f_1, f_2, b */
static const size_t width[] = {D, N1, N2}, at[] = {0, D, D + N1, D + N1 + N2, SIZE};

typedef struct fixture {
  size_t N;
  ntk_network *network;
  ntk_ledger ledger;
  double *rows; /* N x SIZE */
  double mean[SIZE];
} fixture;

static fixture make(const char *activation, size_t N, uint64_t seed) {
  fixture f = {.N = N, .network = make_network(one, L, width, activation, "paper", seed)};
  double *X = make_normal(seed + 50, N * D);
  ntk_dataset *data = make_data(one, X, N, D);
  assert_ok(ntk_verify(one, f.network, data, NULL, NULL, &f.ledger));
  assert_int_equal(layers_size(f.network), SIZE);
  f.rows = make_array(N * SIZE);
  for (size_t i = 0; i < N; i++) {
    plain_layers(f.network, activation, X + i * D, f.rows + i * SIZE);
    for (size_t e = 0; e < SIZE; e++)
      f.mean[e] += f.rows[i * SIZE + e] / (double)N;
  }
  ntk_dataset_destroy(data);
  free(X);
  return f;
}

static void unmake(fixture *f) {
  ntk_ledger_clear(&f->ledger);
  ntk_network_destroy(f->network);
  free(f->rows);
}

/* ||f_l(x_i)||^power, or of f_l - E f_l; l = L: b. */
static double size_of(const fixture *f, size_t i, size_t l, bool centred, double power) {
  double square = 0.0;
  for (size_t e = at[l]; e < at[l + 1]; e++) {
    const double x = f->rows[i * SIZE + e] - (centred ? f->mean[e] : 0.0);
    square += x * x;
  }
  return pow(square, 0.5 * power);
}

/* value and error of the row are mean and deviation of those, the latter times `factor`. */
static void check_row(const fixture *f, const char *key, size_t l, bool centred, double power,
                      double factor) {
  double mean = 0.0, squares = 0.0;
  for (size_t i = 0; i < f->N; i++)
    mean += size_of(f, i, l, centred, power) / (double)f->N;
  for (size_t i = 0; i < f->N; i++)
    squares += pow(size_of(f, i, l, centred, power) - mean, 2.0);
  const double deviation = sqrt(squares / ((double)f->N - 1.0));
  /* E ||f - E f||^2 is unbiased */
  if (strstr(key, "centred_square") != NULL || strcmp(key, "x_centred") == 0)
    mean *= (double)f->N / ((double)f->N - 1.0);
  assert_near(value_of(&f->ledger, key), mean, 1e-12 * mean, key);
  assert_near(row_of(&f->ledger, key)->error, factor * deviation, 1e-10 * factor * deviation, key);
}

static void test_errors(void **state) {
  (void)state;
  fixture f = make("tanh", 6, 1);
  const double root = 1.96 / sqrt(6.0);
  check_row(&f, "x_norm", 0, false, 1.0, root);
  check_row(&f, "x_square", 0, false, 2.0, root);
  check_row(&f, "x_centred", 0, true, 2.0, root);
  check_row(&f, "b_centred", L, true, 1.0, 1.0);
  for (size_t l = 1; l < L; l++) {
    const struct {
      const char *what;
      bool centred;
      double power, factor;
    } rows[] = {{"norm", false, 1.0, 1.0},           {"square", false, 2.0, root},
                {"mean", false, 1.0, root},          {"centred", true, 1.0, 1.0},
                {"centred_square", true, 2.0, root}, {"centred_mean", true, 1.0, root}};
    for (size_t k = 0; k < COUNT(rows); k++) {
      char key[28];
      snprintf(key, sizeof key, "f%zu_%s", l, rows[k].what);
      check_row(&f, key, l, rows[k].centred, rows[k].power, rows[k].factor);
    }
  }
  unmake(&f);
}

/* ||W_l||^2, the largest eigenvalue of W_l^T W_l. */
static double spectral_square(const ntk_network *network, size_t l) {
  const size_t n = width[l];
  double A[N1 * N1] = {0}, values[N1];
  for (size_t i = 0; i < width[l - 1]; i++)
    for (size_t j = 0; j < n; j++)
      for (size_t k = 0; k < n; k++)
        A[j * n + k] += network->W[l][i * n + j] * network->W[l][i * n + k];
  plain_eigenvalues(n, A, values);
  return values[n - 1];
}

static void test_layers_tails(void **state) {
  (void)state;
  const struct {
    const char *name;
    double M;
  } activations[] = {{"tanh", 1.0}, {"sigmoid", 0.25}};
  for (size_t a = 0; a < COUNT(activations); a++) {
    fixture f = make(activations[a].name, 700, 2);
    double square = 1.0; /* of the Lipschitz constant */
    for (size_t l = 1; l < L; l++) {
      double *z = make_array(f.N), c = 0.0, bulk = 0.0;
      char key[28];
      for (size_t i = 0; i < f.N; i++)
        z[i] = size_of(&f, i, l, false, 1.0);
      ntk_concentration(f.N, z, &c, &bulk);
      square *= activations[a].M * activations[a].M * spectral_square(f.network, l);
      snprintf(key, sizeof key, "c_f%zu", l);
      assert_near(value_of(&f.ledger, key), c * square, 1e-3 * c * square, key);
      free(z);
    }
    unmake(&f);
  }
}

static void test_logarithm(void **state) {
  (void)state;
  fixture f = make("tanh", 20, 3);
  double expected = 20.0;
  for (int k = 0; k < 8; k++)
    expected *= 2.995732273553991; /* log 20 */
  assert_near(value_of(&f.ledger, "N_log8_N"), expected, 1e-12 * expected, "N log^8 N");
  unmake(&f);
}

/* nu / E ||f~ (x) b~||^2. */
static double share_of_mean(const fixture *f) {
  double M[N1 * N2] = {0}, nu = 0.0, square = 0.0;
  for (size_t i = 0; i < f->N; i++) {
    const double *row = f->rows + i * SIZE;
    for (size_t j = 0; j < N1; j++)
      for (size_t k = 0; k < N2; k++) {
        const double z =
            (row[at[1] + j] - f->mean[at[1] + j]) * (row[at[L] + k] - f->mean[at[L] + k]);
        M[j * N2 + k] += z / (double)f->N;
        square += z * z / (double)f->N;
      }
  }
  for (size_t e = 0; e < COUNT(M); e++)
    nu += M[e] * M[e];
  return nu / square;
}

/* Four samples: the line is at nu = 1/2 of E ||f~ (x) b~||^2. */
static void test_sampling_error(void **state) {
  (void)state;
  size_t above = 0, below = 0;
  for (uint64_t seed = 0; seed < 60; seed++) {
    fixture f = make("sigmoid", 4, seed);
    const double share = share_of_mean(&f);
    const bool said = strstr(row_of(&f.ledger, "b_cost")->note, "sampling error") != NULL;
    assert_true(fabs(share - 0.5) < 1e-6 || said == (share < 0.5));
    above += share > 0.5 && share < 0.6;
    below += share > 0.4 && share < 0.5;
    unmake(&f);
  }
  assert_true(above > 0 && below > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_errors),
      cmocka_unit_test(test_layers_tails),
      cmocka_unit_test(test_logarithm),
      cmocka_unit_test(test_sampling_error),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
