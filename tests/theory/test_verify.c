/* ntk_verify against the proof's objects by plain loops.
 * Property: on networks of depth 2, 3 and 4 every kernel, cost and norm of the ledger is that of an
 * explicit centred Jacobian (11) whose expectations are plain sums over the same samples; step (b)
 * is a PSD matrix less one of rank one. */
#include "plain_verify.h"

/* Means over the population, and the rows of the Jacobians of the data. */
typedef struct proof {
  size_t n, m, size, at_f, at_b; /* widths; of plain_layers, and where f_{L-2} and b are */
  double *mean, *M;              /* size; n x m */
  double *layers;                /* N x size */
  double *square, *norm, *centred_norm, *centred_square; /* L + 1 means over the population */
} proof;

static double square_of(size_t n, const double *a, const double *mean) {
  double sum = 0.0;
  for (size_t j = 0; j < n; j++)
    sum += (a[j] - (mean != NULL ? mean[j] : 0.0)) * (a[j] - (mean != NULL ? mean[j] : 0.0));
  return sum;
}

static proof plain_proof(const ntk_network *network, const char *activation, const double *X,
                         const double *P, size_t count) {
  const size_t L = network->depth, *width = network->width;
  proof p = {.n = width[L - 2], .m = width[L - 1], .size = layers_size(network)};
  for (size_t l = 0; l + 2 < L; l++)
    p.at_f += width[l];
  p.at_b = p.size - p.m;
  double *all = make_array(count * p.size);
  p.mean = make_array(p.size);
  p.M = make_array(p.n * p.m);
  p.layers = make_array(N * p.size);
  p.square = make_array(4 * (L + 1));
  p.norm = p.square + L + 1;
  p.centred_norm = p.norm + L + 1;
  p.centred_square = p.centred_norm + L + 1;
  for (size_t i = 0; i < N; i++)
    plain_layers(network, activation, X + i * width[0], p.layers + i * p.size);
  for (size_t i = 0; i < count; i++) {
    plain_layers(network, activation, P + i * width[0], all + i * p.size);
    for (size_t j = 0; j < p.size; j++)
      p.mean[j] += all[i * p.size + j] / (double)count;
  }
  for (size_t i = 0; i < count; i++) {
    const double *f = all + i * p.size + p.at_f, *b = all + i * p.size + p.at_b;
    for (size_t a = 0; a < p.n; a++)
      for (size_t c = 0; c < p.m; c++)
        p.M[a * p.m + c] +=
            (f[a] - p.mean[p.at_f + a]) * (b[c] - p.mean[p.at_b + c]) / (double)count;
    for (size_t l = 0, at = 0; l <= L; at += width[l < L ? l : L - 1], l++) {
      const size_t n = width[l < L ? l : L - 1];
      const double square = square_of(n, all + i * p.size + at, NULL);
      const double centred = square_of(n, all + i * p.size + at, p.mean + at);
      p.square[l] += square / (double)count;
      p.norm[l] += sqrt(square) / (double)count;
      p.centred_square[l] += centred / (double)(count - 1);
      p.centred_norm[l] += sqrt(centred) / (double)count;
    }
  }
  free(all);
  return p;
}

static void proof_clear(proof *p) {
  free(p->mean);
  free(p->M);
  free(p->layers);
  free(p->square);
}

/* J J^T for the rows of (10) (centre 0), of J~_FB (1), of (11) (2). */
static void plain_kernel(const proof *p, int centre, double *K) {
  const size_t entries = p->n * p->m;
  double *J = make_array(N * entries);
  for (size_t i = 0; i < N; i++)
    for (size_t a = 0; a < p->n; a++)
      for (size_t c = 0; c < p->m; c++) {
        double f = p->layers[i * p->size + p->at_f + a], b = p->layers[i * p->size + p->at_b + c];
        if (centre > 0) {
          f -= p->mean[p->at_f + a];
          b -= p->mean[p->at_b + c];
        }
        J[i * entries + a * p->m + c] = f * b - (centre > 1 ? p->M[a * p->m + c] : 0.0);
      }
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      K[i * N + j] = 0.0;
      for (size_t e = 0; e < entries; e++)
        K[i * N + j] += J[i * entries + e] * J[j * entries + e];
    }
  free(J);
}

static void compare(const ntk_ledger *ledger, const char *key, double expected, double scale) {
  assert_near(value_of(ledger, key), expected, 1e-11 * fmax(fabs(expected), scale), key);
}

static void compare_kernels(const ntk_ledger *ledger, const proof *p) {
  static const char *const keys[] = {"lambda_min_block", "lambda_min_FB", "lambda_min_centred"};
  double K[3][N * N], D[N * N], values[N], low[3];
  for (int centre = 0; centre < 3; centre++) {
    plain_kernel(p, centre, K[centre]);
    memcpy(D, K[centre], sizeof D);
    plain_eigenvalues(N, D, values);
    low[centre] = values[0];
    compare(ledger, keys[centre], values[0], values[N - 1]);
    for (size_t i = 0; i < N; i++)
      assert_near(ledger->spectrum[centre + 1].values[i], values[i], 1e-11 * values[N - 1],
                  ledger->spectrum[centre + 1].name);
  }
  double least = INFINITY, most = 0.0;
  for (size_t i = 0; i < N; i++) {
    least = fmin(least, K[2][i * N + i]);
    most = fmax(most, K[2][i * N + i]);
  }
  compare(ledger, "eta_min", sqrt(least), 0.0);
  compare(ledger, "eta_max", sqrt(most), 0.0);
  for (int step = 0; step < 2; step++) {
    for (size_t e = 0; e < (size_t)N * N; e++)
      D[e] = K[step][e] - K[step + 1][e];
    plain_eigenvalues(N, D, values);
    const double norm = fmax(-values[0], values[N - 1]);
    compare(ledger, step == 0 ? "a_norm" : "b_norm", norm, 0.0);
    if (step == 0)
      compare(ledger, "a_cost", fmax(0.0, -values[0]), norm);
  }
  compare(ledger, "centring_loss", fmax(0.0, low[2] - low[0]), K[0][0]);
  assert_verdict(ledger, "a_bound", NTK_LEDGER_HOLDS);
  assert_verdict(ledger, "b_bound", NTK_LEDGER_HOLDS);
  assert_verdict(ledger, "block_bound", NTK_LEDGER_HOLDS);
  assert_verdict(ledger, "diagonal_bound", NTK_LEDGER_HOLDS);
}

/* s, nu = ||M||^2 and q of step (b), at the t of least cost. */
static void compare_step_b(const ntk_ledger *ledger, const proof *p) {
  double nu = 0.0, ss = 0.0, sum = 0.0;
  for (size_t e = 0; e < p->n * p->m; e++)
    nu += p->M[e] * p->M[e];
  for (size_t i = 0; i < N; i++) {
    double s = 0.0;
    for (size_t a = 0; a < p->n; a++)
      for (size_t c = 0; c < p->m; c++)
        s += (p->layers[i * p->size + p->at_f + a] - p->mean[p->at_f + a]) *
             (p->layers[i * p->size + p->at_b + c] - p->mean[p->at_b + c]) * p->M[a * p->m + c];
    ss += s * s;
    sum += s;
  }
  double least = INFINITY, at = NAN, last = NAN; /* over a grid of t >= nu */
  for (double t = nu; t < 1e3 * (nu + sqrt(ss)); t *= 1.0001) {
    const double qq = ss / t - 2.0 * sum + t * N;
    if (qq < least) {
      least = qq;
      at = t;
    }
    last = t;
  }
  assert_true(last > at);
  const double scale = ss / at + at * N, psd = ss / at + (at - nu) * N;
  assert_near(value_of(ledger, "b_cost"), least, 1e-7 * scale, "||q||^2");
  assert_near(value_of(ledger, "b_psd"), psd, 2e-4 * scale, "PSD part");
}

static void compare_norms(const ntk_ledger *ledger, const ntk_network *network, const proof *p) {
  const size_t L = network->depth, *width = network->width;
  size_t at = 0;
  for (size_t l = 0; l <= L; l++) {
    const size_t n = width[l < L ? l : L - 1];
    double norm = 0.0, centred = 0.0;
    for (size_t i = 0; i < N; i++) {
      norm += sqrt(square_of(n, p->layers + i * p->size + at, NULL)) / N;
      centred += sqrt(square_of(n, p->layers + i * p->size + at, p->mean + at)) / N;
    }
    at += n;
    if (l == L) {
      compare(ledger, "b_centred", centred, 0.0);
      break;
    }
    char key[32];
    const struct {
      const char *suffix;
      double expected;
    } rows[] = {{"norm", norm},
                {"square", p->square[l]},
                {"mean", p->norm[l]},
                {"centred_square", p->centred_square[l]},
                {"centred_mean", p->centred_norm[l]},
                {"centred", centred}};
    for (size_t r = 0; r < COUNT(rows) && l > 0; r++) {
      snprintf(key, sizeof key, "f%zu_%s", l, rows[r].suffix);
      compare(ledger, key, rows[r].expected, 1.0);
    }
  }
  compare(ledger, "x_norm", p->norm[0], 0.0);
  compare(ledger, "x_square", p->square[0], 0.0);
  compare(ledger, "x_centred", p->centred_square[0], 0.0);
}

/* 1.96 standard errors of E ||x||^2, from its deviation over the population P (count x d). */
static void compare_error(const ntk_ledger *ledger, const double *P, size_t count, size_t d) {
  double sum = 0.0, squares = 0.0;
  for (size_t i = 0; i < count; i++) {
    const double square = square_of(d, P + i * d, NULL), n = (double)count;
    sum += square / n;
    squares += square * square / n;
  }
  const double variance = fmax(0.0, squares - sum * sum) * (double)count / (double)(count - 1);
  const double expected = 1.96 * sqrt(variance / (double)count);
  assert_near(row_of(ledger, "x_square")->error, expected, 1e-6 * expected + 1e-9, "its error");
}

/* ||A|| of the centred columns at .. at + n - 1 of the layers. */
static double plain_norm(const proof *p, size_t at, size_t n) {
  double G[N * N], values[N];
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      G[i * N + j] = 0.0;
      for (size_t k = at; k < at + n; k++)
        G[i * N + j] +=
            (p->layers[i * p->size + k] - p->mean[k]) * (p->layers[j * p->size + k] - p->mean[k]);
    }
  plain_eigenvalues(N, G, values);
  return sqrt(values[N - 1]);
}

/* ||d_f|| ||B~|| + ||d_b|| ||F~|| + sqrt N ||d_f|| ||d_b||. */
static void compare_sampling(const ntk_ledger *ledger, size_t L, const proof *p, size_t count) {
  const double df = sqrt(p->centred_square[L - 2] / (double)count);
  const double db = sqrt(p->centred_square[L] / (double)count);
  const double F = plain_norm(p, p->at_f, p->n), B = plain_norm(p, p->at_b, p->m);
  const double expected = df * B + db * F + sqrt(N) * df * db;
  assert_near(value_of(ledger, "sampling"), expected, 1e-3 * expected, "sampling error");
}

/* The s with mean exp(|z| / s) = 2, by small steps down. */
static double plain_psi(const double *z, size_t n) {
  double s = 1.0, sum = 0.0;
  for (size_t i = 0; i < n; i++)
    s = fmax(s, 2.0 * fabs(z[i]));
  do {
    s *= 0.999;
    sum = 0.0;
    for (size_t i = 0; i < n; i++)
      sum += exp(fabs(z[i]) / s) / (double)n;
  } while (sum < 2.0);
  return s;
}

/* psi in the direction J~^T y of J~ J~^T's top eigenvector y (by powers), over the population; xi,
 * Delta and C from their definitions. */
static void compare_proposition(const ntk_ledger *ledger, const ntk_network *network,
                                const char *activation, const proof *p, const double *P,
                                size_t count) {
  const double nn = (double)p->n * (double)p->m;
  double K[N * N], y[N], next[N];
  plain_kernel(p, 2, K);
  for (size_t i = 0; i < N; i++)
    y[i] = 1.0 + 0.1 * (double)i;
  for (int power = 0; power < 4000; power++) {
    double norm = 0.0;
    for (size_t i = 0; i < N; i++) {
      next[i] = 0.0;
      for (size_t j = 0; j < N; j++)
        next[i] += K[i * N + j] * y[j];
      norm = hypot(norm, next[i]);
    }
    for (size_t i = 0; i < N; i++)
      y[i] = next[i] / norm;
  }
  double *W = make_array(p->n * p->m), *z = make_array(count), *f = make_array(p->size), size = 0.0;
  for (size_t a = 0; a < p->n; a++)
    for (size_t c = 0; c < p->m; c++) {
      double *w = &W[a * p->m + c];
      for (size_t i = 0; i < N; i++)
        *w += y[i] * ((p->layers[i * p->size + p->at_f + a] - p->mean[p->at_f + a]) *
                          (p->layers[i * p->size + p->at_b + c] - p->mean[p->at_b + c]) -
                      p->M[a * p->m + c]);
      size = hypot(size, *w);
    }
  for (size_t i = 0; i < count; i++) {
    plain_layers(network, activation, P + i * network->width[0], f);
    for (size_t a = 0; a < p->n; a++)
      for (size_t c = 0; c < p->m; c++)
        z[i] += W[a * p->m + c] / size *
                ((f[p->at_f + a] - p->mean[p->at_f + a]) * (f[p->at_b + c] - p->mean[p->at_b + c]) -
                 p->M[a * p->m + c]);
  }
  const double psi = plain_psi(z, count), found = value_of(ledger, "psi_worst");
  assert_near(found, psi, 0.02 * psi, "psi"); /* y is known to 1e-3 over the gap */
  const double xi =
      fmax(found, value_of(ledger, "psi_random")) + value_of(ledger, "eta_max") / sqrt(nn);
  compare(ledger, "xi", xi, 0.0);
  compare(ledger, "delta", xi * xi * pow(N, 0.25) * pow(nn, 0.75), 0.0);
  const double least = value_of(ledger, "eta_min");
  compare(ledger, "C13",
          fmax(0.0, least * least - value_of(ledger, "lambda_min_centred")) /
              value_of(ledger, "delta"),
          0.0);
  free(W);
  free(z);
  free(f);
}

/* distribution NULL: expectations over the data themselves. */
static void check(size_t L, const size_t *width, const char *activation, const char *distribution) {
  const size_t count = distribution != NULL ? NTK_LEAST_POPULATION + 100 : (size_t)N;
  ntk_context *context = make_context(2);
  ntk_network *network = make_network(context, L, width, activation, "paper", 3);
  double *X = make_normal(17, N * width[0]);
  ntk_dataset *data = make_data(context, X, N, width[0]);
  double *P = distribution != NULL ? population(distribution, count, width[0]) : X;
  proof p = plain_proof(network, activation, X, P, count);
  const ntk_verify_options options = {
      .population = distribution != NULL ? count : 0, .spectra = true, .seed = SEED};
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(context, network, data, distribution, &options, &ledger));
  assert_int_equal(ledger.population, count);
  assert_int_equal(ledger.empirical, distribution == NULL);
  compare_norms(&ledger, network, &p);
  compare_step_b(&ledger, &p);
  compare_error(&ledger, P, count, width[0]);
  if (distribution != NULL) {
    compare_sampling(&ledger, L, &p, count);
    compare_kernels(&ledger, &p);
    compare_proposition(&ledger, network, activation, &p, P, count);
  }
  ntk_ledger_clear(&ledger);
  proof_clear(&p);
  if (P != X)
    free(P);
  free(X);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

static void test_depths(void **state) {
  (void)state;
  check(2, (const size_t[]){5, 7}, "tanh", "gaussian");
  check(3, (const size_t[]){4, 6, 5}, "sigmoid", "cube");
  check(3, (const size_t[]){4, 6, 5}, "relu", "sphere");
  check(4, (const size_t[]){6, 5, 5, 6}, "tanh", "gan");
  check(3, (const size_t[]){4, 6, 5}, "sigmoid", NULL);
}

/* Means over the data make J~^T 1 = 0: the smallest eigenvalue of J~ J~^T other than that one is
 * the smallest of J~_FB J~_FB^T on the complement of 1. */
static void test_empirical(void **state) {
  (void)state;
  const size_t width[] = {4, 6, 5};
  ntk_context *context = make_context(1);
  ntk_network *network = make_network(context, 3, width, "sigmoid", "paper", 3);
  double *X = make_normal(17, N * width[0]), K[N * N], values[N];
  ntk_dataset *data = make_data(context, X, N, width[0]);
  proof p = plain_proof(network, "sigmoid", X, X, N);
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(context, network, data, NULL, NULL, &ledger));
  plain_kernel(&p, 2, K);
  plain_eigenvalues(N, K, values);
  assert_near(values[0], 0.0, 1e-14 * values[N - 1], "lambda_min by construction");
  compare(&ledger, "lambda_min_centred", values[1], values[N - 1]);
  assert_verdict(&ledger, "population", NTK_LEDGER_MEASURED);
  for (size_t r = 0; r < ledger.rows; r++)
    assert_string_not_equal(ledger.row[r].key, "sampling");
  assert_verdict(&ledger, "psi_worst",
                 NTK_LEDGER_UNRESOLVED); /* these samples made its direction */
  assert_near(value_of(&ledger, "xi"),
              value_of(&ledger, "psi_random") + value_of(&ledger, "eta_max") / sqrt(30.0), 1e-12,
              "xi");
  ntk_ledger_clear(&ledger);
  proof_clear(&p);
  free(X);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_depths),
      cmocka_unit_test(test_empirical),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
