/* The objects of the proof by plain loops. */
#ifndef TESTS_PLAIN_VERIFY_H
#define TESTS_PLAIN_VERIFY_H

#include "theory/ledger/kernels.h"
#include "verify_support.h"

enum { N = 14, SEED = 5 };

static inline double *population(const char *distribution, size_t count, size_t d) {
  const ntk_distribution *law = NULL;
  ntk_context *context = make_context(1);
  double *X = make_array(count * d);
  assert_ok(ntk_distribution_find(distribution, &law));
  assert_ok(ntk_distribution_fill(context, law, (ntk_random){SEED, NTK_STREAM_POPULATION, 0}, 0,
                                  count, d, X));
  ntk_context_destroy(context);
  return X;
}

/* Means over the population, and the rows of the Jacobians of the data. */
typedef struct proof {
  size_t n, m, size, at_f, at_b; /* widths; of plain_layers, and where f_{L-2} and b are */
  double a, c;                   /* scales of W_{L-1} and b_{L-1} */
  double *mean, *M;              /* size; n x m */
  double *layers;                /* N x size */
  double *square, *norm, *centred_norm, *centred_square; /* L + 1 means over the population */
} proof;

static inline double square_of(size_t n, const double *a, const double *mean) {
  double sum = 0.0;
  for (size_t j = 0; j < n; j++)
    sum += (a[j] - (mean != NULL ? mean[j] : 0.0)) * (a[j] - (mean != NULL ? mean[j] : 0.0));
  return sum;
}

static inline proof plain_proof(const ntk_network *network, const char *activation, const double *X,
                                const double *P, size_t count) {
  const size_t L = network->depth, *width = network->width;
  proof p = {.n = width[L - 2],
             .m = width[L - 1],
             .size = layers_size(network),
             .a = ntk_network_scale(network, L - 1, false),
             .c = ntk_network_scale(network, L - 1, true)};
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

static inline void proof_clear(proof *p) {
  free(p->mean);
  free(p->M);
  free(p->layers);
  free(p->square);
}

/* J J^T for the rows of (10) (centre 0), of J~_FB (1), of (11) (2), with the roots of the scales;
 * b's own columns, of the bias, are gone once they are centred. */
static inline void plain_kernel(const proof *p, int centre, double *K) {
  const size_t entries = (p->n + 1) * p->m;
  double *J = make_array(N * entries);
  for (size_t i = 0; i < N; i++) {
    for (size_t c = 0; c < p->m && centre == 0; c++)
      J[i * entries + p->n * p->m + c] = sqrt(p->c) * p->layers[i * p->size + p->at_b + c];
    for (size_t a = 0; a < p->n; a++)
      for (size_t c = 0; c < p->m; c++) {
        double f = p->layers[i * p->size + p->at_f + a], b = p->layers[i * p->size + p->at_b + c];
        if (centre > 0) {
          f -= p->mean[p->at_f + a];
          b -= p->mean[p->at_b + c];
        }
        J[i * entries + a * p->m + c] =
            sqrt(p->a) * (f * b - (centre > 1 ? p->M[a * p->m + c] : 0.0));
      }
  }
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      K[i * N + j] = 0.0;
      for (size_t e = 0; e < entries; e++)
        K[i * N + j] += J[i * entries + e] * J[j * entries + e];
    }
  free(J);
}

static inline void compare(const ntk_ledger *ledger, const char *key, double expected,
                           double scale) {
  assert_near(value_of(ledger, key), expected, 1e-11 * fmax(fabs(expected), scale), key);
}

static inline void compare_kernels(const ntk_ledger *ledger, const proof *p) {
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
static inline void compare_step_b(const ntk_ledger *ledger, const proof *p) {
  double nu = 0.0, ss = 0.0, sum = 0.0;
  for (size_t e = 0; e < p->n * p->m; e++)
    nu += p->a * p->M[e] * p->M[e];
  for (size_t i = 0; i < N; i++) {
    double s = 0.0;
    for (size_t a = 0; a < p->n; a++)
      for (size_t c = 0; c < p->m; c++)
        s += p->a * (p->layers[i * p->size + p->at_f + a] - p->mean[p->at_f + a]) *
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

static inline void compare_norms(const ntk_ledger *ledger, const ntk_network *network,
                                 const proof *p) {
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

/* ||A|| of the centred columns at .. at + n - 1 of the layers. */
static inline double plain_norm(const proof *p, size_t at, size_t n) {
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
static inline void compare_sampling(const ntk_ledger *ledger, size_t L, const proof *p,
                                    size_t count) {
  const double df = sqrt(p->centred_square[L - 2] / (double)count);
  const double db = sqrt(p->centred_square[L] / (double)count);
  const double F = plain_norm(p, p->at_f, p->n), B = plain_norm(p, p->at_b, p->m);
  const double expected = sqrt(p->a) * (df * B + db * F + sqrt(N) * df * db);
  assert_near(value_of(ledger, "sampling"), expected, 1e-3 * expected, "sampling error");
}

/* The s with mean exp(|z| / s) = 2, by small steps down. */
static inline double plain_psi(const double *z, size_t n) {
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
static inline void compare_proposition(const ntk_ledger *ledger, const ntk_network *network,
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
        z[i] += sqrt(p->a) * W[a * p->m + c] / size *
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

#endif
