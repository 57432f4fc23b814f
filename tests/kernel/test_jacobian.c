/* The kernel against an explicit Jacobian.
 * Property: K = J J^T (3), K_k = J_k J_k^T (8) with J_k the columns of W_{k+1}, for every
 * activation, initialisation and depth; J by complex step, df/dw = Im f(w + i h) / h with h =
 * 1e-100, which neither truncates nor cancels. */
#include "net/activation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "complex_step.h"
#include "support.h"

enum { N = 20, DEPTH = 6, WIDTH = 7 }; /* samples of a problem, most layers, widest layer */
static const long double STEP = 1e-100L;

static const struct {
  size_t L, width[DEPTH + 1]; /* n_L = 1 written out */
} shapes[] = {{2, {3, 5, 1}},
              {2, {1, 1, 1}},
              {2, {4, 1, 1}},
              {3, {4, 6, 3, 1}},
              {3, {5, 5, 5, 1}},
              {3, {2, 1, 4, 1}},
              {4, {3, 7, 2, 5, 1}},
              {4, {3, 3, 3, 3, 1}},
              {5, {2, 5, 1, 4, 3, 1}},
              {5, {4, 4, 4, 4, 4, 1}},
              {6, {3, 4, 2, 5, 6, 3, 1}}};
static const char *const inits[] = {"paper", "standard", "he", "lecun"};

/* A network with its data, its Jacobian, and how far rounding may move the library's. */
typedef struct problem {
  ntk_network *network;
  ntk_dataset *data;
  ntk_features *features;
  const char *name;
  number (*phi)(number);
  size_t L;
  const size_t *width;
  const double *W[DEPTH + 1], *X;
  long double *J[N][DEPTH], size[N][DEPTH]; /* rows of J_k, n_k n_{k+1} entries, and their norms */
  long double F_L[N], error[N][DEPTH], output_error[N]; /* of J_k's row, of F_L */
} problem;

static ntk_context *one; /* one thread: there are thousands of tiny calls */
static problem problems[COUNT(activations) * COUNT(shapes)][2]; /* theta and theta' */

/* f_L(x) of (1), entry (i, j) of W_l moved by i STEP; l = 0: none. */
static number forward(const problem *p, const double *x, size_t l, size_t i, size_t j) {
  number f[WIDTH], g[WIDTH];
  for (size_t a = 0; a < p->width[0]; a++)
    f[a] = x[a];
  for (size_t m = 1; m <= p->L; m++) {
    const size_t n = p->width[m];
    for (size_t b = 0; b < n; b++) {
      g[b] = 0.0L;
      for (size_t a = 0; a < p->width[m - 1]; a++)
        g[b] += (long double)p->W[m][a * n + b] * f[a];
    }
    if (m == l)
      g[j] += I * STEP * f[i];
    for (size_t b = 0; b < n; b++)
      f[b] = m < p->L ? p->phi(g[b]) : g[b];
  }
  return f[0];
}

/* Running error analysis of (1) and (9), entry by entry, to first order: a sum of n products moves
 * by n u sum |terms| in any order, phi by e u (1 + |g|) and phi' by e u (activation.h), and both
 * pass errors on by their Lipschitz constants. relu and identity are exact, and relu passes no
 * error to phi' unless a sign flips, which is asserted. */
static void analyse(problem *p, const ntk_activation_info *info, size_t i) {
  const double *x = p->X + i * p->width[0];
  const double e = p->phi == relu || p->phi == identity ? 0.0 : NTK_ACTIVATION_ERROR * U;
  const long double M2 = isinf(info->lipschitz_grad) ? 0.0L : (long double)info->lipschitz_grad;
  long double F[DEPTH + 1][WIDTH], dF[DEPTH + 1][WIDTH] = {{0}}, slope[DEPTH + 1][WIDTH];
  long double dG[DEPTH + 1][WIDTH] = {{0}}, B[WIDTH] = {1.0L}, dB[WIDTH] = {0};
  for (size_t a = 0; a < p->width[0]; a++)
    F[0][a] = x[a];
  for (size_t l = 1; l <= p->L; l++) /* F_L is G_L: phi is applied to it for nothing */
    for (size_t j = 0; j < p->width[l]; j++) {
      long double G = 0.0L;
      for (size_t a = 0; a < p->width[l - 1]; a++) {
        const long double w = p->W[l][a * p->width[l] + j];
        G += w * F[l - 1][a];
        dG[l][j] += fabsl(w) * (dF[l - 1][a] + (double)p->width[l - 1] * U * fabsl(F[l - 1][a]));
      }
      assert_true(p->phi != relu || l == p->L || fabsl(G) > dG[l][j] || dG[l][j] == 0.0L);
      const number value = p->phi(G + I * STEP);
      F[l][j] = creall(value);
      slope[l][j] = cimagl(value) / STEP;
      dF[l][j] =
          (p->phi == relu ? slope[l][j] : info->lipschitz) * dG[l][j] + e * (1.0L + fabsl(G));
    }
  p->output_error[i] = dG[p->L][0];
  for (size_t k = p->L; k-- > 0;) { /* B is B_{k+1}; |dJ_k| <= |dF_k| |B| + (|F_k| + |dF_k|) |dB| */
    const size_t in = p->width[k], out = p->width[k + 1];
    long double f = 0, df = 0, b = 0, db = 0, P[WIDTH] = {0}, dP[WIDTH] = {0};
    for (size_t a = 0; a < in; a++)
      f += F[k][a] * F[k][a], df += dF[k][a] * dF[k][a];
    for (size_t j = 0; j < out; j++)
      b += B[j] * B[j], db += dB[j] * dB[j];
    p->error[i][k] = sqrtl(df * b) + (sqrtl(f) + sqrtl(df)) * sqrtl(db);
    for (size_t a = 0; a < in && k > 0; a++) {
      for (size_t j = 0; j < out; j++) {
        const long double w = p->W[k + 1][a * out + j];
        P[a] += w * B[j];
        dP[a] += fabsl(w) * (dB[j] + (double)out * U * fabsl(B[j]));
      }
    }
    for (size_t a = 0; a < in && k > 0; a++) {
      B[a] = slope[k][a] * P[a];
      dB[a] = fabsl(slope[k][a]) * dP[a] + (M2 * dG[k][a] + e) * (fabsl(P[a]) + dP[a]) +
              U * fabsl(B[a]);
    }
  }
}

static void make_problem(problem *p, size_t a, size_t s, const char *init, uint64_t seed) {
  ntk_activation activation;
  assert_ok(ntk_activation_find(activations[a].name, &activation));
  *p = (problem){.name = activations[a].name,
                 .phi = activations[a].phi,
                 .L = shapes[s].L,
                 .width = shapes[s].width};
  p->network = make_network(one, p->L, p->width, p->name, init, seed);
  double *X = make_normal(seed, N * p->width[0]);
  p->data = make_data(one, X, N, p->width[0]);
  p->features = make_features(p->network, p->data);
  free(X);
  p->X = ntk_dataset_values(p->data);
  for (size_t l = 1; l <= p->L; l++)
    p->W[l] = ntk_network_weights(p->network, l);
  for (size_t i = 0; i < N; i++) {
    const double *x = p->X + i * p->width[0];
    p->F_L[i] = creall(forward(p, x, 0, 0, 0));
    analyse(p, &activation.info, i);
    for (size_t k = 0; k < p->L; k++) {
      const size_t entries = p->width[k] * p->width[k + 1];
      long double square = 0.0L, *row = malloc(entries * sizeof *row);
      p->J[i][k] = row;
      for (size_t q = 0; q < entries; q++) {
        row[q] = cimagl(forward(p, x, k + 1, q / p->width[k + 1], q % p->width[k + 1])) / STEP;
        square += row[q] * row[q];
      }
      p->size[i][k] = sqrtl(square);
    }
  }
}

/* For every activation and shape two networks, so that all four initialisations occur with each
 * activation and, over the activations, with each shape. */
static int setup(void **state) {
  (void)state;
  one = make_context(1);
  for (size_t a = 0; a < COUNT(activations); a++)
    for (size_t s = 0; s < COUNT(shapes); s++)
      for (size_t t = 0; t < 2; t++)
        make_problem(&problems[a * COUNT(shapes) + s][t], a, s, inits[(a + s + 2 * t) % 4],
                     100 * a + 10 * t + s);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  for (size_t c = 0; c < 2 * COUNT(problems); c++) {
    problem *p = &problems[c / 2][c % 2];
    ntk_features_destroy(p->features);
    ntk_dataset_destroy(p->data);
    ntk_network_destroy(p->network);
    for (size_t i = 0; i < N; i++)
      for (size_t k = 0; k < p->L; k++)
        free(p->J[i][k]);
  }
  assert_int_equal(ntk_memory_in_use(one), 0);
  ntk_context_destroy(one);
  return 0;
}

/* sum_k <J_k(x_i), J'_k(x'_j)> over the chosen blocks, and how far the library may be from it: the
 * errors of both rows; n_k + n_{k+1} + L + extra roundings in the sums, relative to the norms. */
static long double entry(const problem *p, size_t i, const problem *q, size_t j, const bool *blocks,
                         size_t extra, long double *tolerance) {
  long double sum = 0.0L;
  *tolerance = 0.0L;
  for (size_t k = 0; k < p->L; k++) {
    if (blocks != NULL && !blocks[k])
      continue;
    const size_t in = p->width[k], out = p->width[k + 1];
    const long double a = p->size[i][k], da = p->error[i][k], b = q->size[j][k],
                      db = q->error[j][k];
    for (size_t r = 0; r < in * out; r++)
      sum += p->J[i][k][r] * q->J[j][k][r];
    *tolerance += da * b + a * db + da * db + (double)(in + out + p->L + extra) * U * a * b;
  }
  return sum;
}

/* A: rows first samples of p against columns samples of q from first on. */
static void check_entries(const problem *p, size_t rows, const problem *q, size_t first,
                          size_t columns, const bool *blocks, const double *A) {
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      long double tolerance;
      const long double expected = entry(p, i, q, first + j, blocks, 0, &tolerance);
      assert_near(A[i * columns + j], (double)expected, (double)tolerance, p->name);
    }
}

/* Choice c of 2 L + 1: each block alone, all but one, all (NULL). */
static const bool *choose(size_t L, size_t c, bool blocks[DEPTH]) {
  for (size_t k = 0; k < L; k++)
    blocks[k] = (k == c % L) == (c < L);
  return c < 2 * L ? blocks : NULL;
}

/* K = J J^T, each block K_k = J_k J_k^T, and K without one block is the sum of the others, for the
 * first 1, 2, 3, 7 and 20 samples. */
static void test_kernel(void **state) {
  (void)state;
  const size_t sizes[] = {1, 2, 3, 7, N};
  for (size_t c = 0; c < 2 * COUNT(problems); c++)
    for (size_t s = 0; s < COUNT(sizes); s++) {
      const problem *p = &problems[c / 2][c % 2];
      ntk_dataset *data = make_data(one, p->X, sizes[s], p->width[0]);
      ntk_features *features = make_features(p->network, data);
      for (size_t choice = 0; choice <= 2 * p->L; choice++) {
        bool blocks[DEPTH];
        const bool *chosen = choose(p->L, choice, blocks);
        if (p->L == 2 && choice >= 2 && chosen != NULL)
          continue; /* the same as one alone */
        double *K = kernel_array(features, sizes[s], chosen);
        check_entries(p, sizes[s], p, 0, sizes[s], chosen, K);
        free(K);
      }
      ntk_features_destroy(features);
      ntk_dataset_destroy(data);
    }
}

/* The cross kernel is J(theta, x) J(theta', x')^T: of two sample sets, and of two parameter vectors
 * as well. */
static void test_cross(void **state) {
  (void)state;
  enum { M = 7 };
  double A[N * N];
  for (size_t c = 0; c < COUNT(problems); c++) {
    const problem *p = &problems[c][0], *q = &problems[c][1];
    ntk_dataset *head = make_data(one, p->X, M, p->width[0]);
    ntk_dataset *tail = make_data(one, p->X + M * p->width[0], N - M, p->width[0]);
    ntk_features *first = make_features(p->network, head), *rest = make_features(p->network, tail);
    for (size_t choice = 0; choice <= 2 * p->L; choice++) {
      bool blocks[DEPTH];
      const bool *chosen = choose(p->L, choice, blocks);
      assert_ok(ntk_kernel_cross(first, rest, chosen, A));
      check_entries(p, M, p, M, N - M, chosen, A);
      assert_ok(ntk_kernel_cross(first, q->features, chosen, A));
      check_entries(p, M, q, 0, N, chosen, A);
      assert_ok(ntk_kernel_cross(q->features, first, chosen, A));
      check_entries(q, N, p, 0, M, chosen, A);
    }
    ntk_features_destroy(first);
    ntk_features_destroy(rest);
    ntk_dataset_destroy(head);
    ntk_dataset_destroy(tail);
  }
}

/* ntk_kernel_apply = J (J^T V) for 1, 2 and 5 vectors; 2 N more roundings: two sums over samples.
 */
static void test_apply(void **state) {
  (void)state;
  enum { MOST = 5 };
  const size_t counts[] = {1, 2, MOST};
  double *V = make_normal(3, MOST * N), result[MOST * N];
  for (size_t c = 0; c < 2 * COUNT(problems); c++) {
    const problem *p = &problems[c / 2][c % 2];
    for (size_t choice = 0; choice <= 2 * p->L; choice++) {
      bool blocks[DEPTH];
      const bool *chosen = choose(p->L, choice, blocks);
      long double K[N * N], bound[N * N];
      for (size_t i = 0; i < N * N; i++)
        K[i] = entry(p, i / N, p, i % N, chosen, 2 * N, &bound[i]);
      for (size_t m = 0; m < COUNT(counts); m++) {
        assert_ok(ntk_kernel_apply(p->features, chosen, V, counts[m], result));
        for (size_t r = 0; r < counts[m] * N; r++) {
          const double *v = V + r / N * N;
          long double sum = 0.0L, tolerance = 0.0L;
          for (size_t j = 0; j < N; j++) {
            sum += K[r % N * N + j] * v[j];
            tolerance += bound[r % N * N + j] * fabsl(v[j]);
          }
          assert_near(result[r], (double)sum, (double)tolerance, p->name);
        }
      }
    }
  }
  free(V);
}

/* F_L is f_L(x_i); for relu and identity, homogeneous in each W_l, <W_l, df/dW_l> = f (Euler). */
static void test_output(void **state) {
  (void)state;
  double F_L[N];
  for (size_t c = 0; c < 2 * COUNT(problems); c++) {
    const problem *p = &problems[c / 2][c % 2];
    assert_ok(ntk_features_output(p->features, F_L));
    for (size_t i = 0; i < N; i++) {
      assert_near(F_L[i], (double)p->F_L[i], (double)p->output_error[i], p->name);
      for (size_t k = 0; k < p->L && (p->phi == relu || p->phi == identity); k++) {
        long double sum = 0.0L;
        for (size_t r = 0; r < p->width[k] * p->width[k + 1]; r++)
          sum += p->W[k + 1][r] * p->J[i][k][r];
        assert_near(F_L[i], (double)sum, (double)p->output_error[i], "Euler");
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kernel),
      cmocka_unit_test(test_cross),
      cmocka_unit_test(test_apply),
      cmocka_unit_test(test_output),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
