/* The kernel of networks with biases, several outputs and scales.
 * Property: K = J C J^T with J by complex steps over theta = [W_1; b_1], ..., and C the scales; of
 * the mean over outputs the sum of every output's kernel over n_L, of all outputs N n_L x N n_L,
 * of a selected one its own rows. Products, blocks, cross kernels and diagonals follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "kernel/kernel.h"

#include "general_network.h"
#include "one_context.h"

enum { N = 6, SEEDS = 60, KINDS = 6 /* smooth ones */ };

/* An entry of K relative to sqrt(K_ii K_jj): (n + 16) roundings for each of at most 5 layers both
 * ways, grown by at most 2 a layer. */
static const double ALLOWED = 2 * 32 * 5 * 25 * U;

typedef struct situation {
  general g;
  size_t C;
  double scale[2 * MOST_LAYERS], *X, *J; /* J: N C x P */
  ntk_network *network;
  ntk_dataset *data;
} situation;

static situation make_situation(uint64_t seed) {
  situation s = {.g = general_draw(seed, KINDS)};
  for (size_t i = 0; i < 2 * s.g.L; i++)
    s.scale[i] = seed % 3 == 0 ? 1.0 : 0.25 + (double)(drawn(seed, 50 + i) % 8) / 4.0;
  ntk_network_spec spec = general_spec(&s.g, seed);
  spec.scale = s.scale;
  assert_ok(ntk_network_create(one, &spec, &s.network));
  s.C = s.g.width[s.g.L];
  s.X = make_normal(seed, N * s.g.width[0]);
  s.data = make_data(one, s.X, N, s.g.width[0]);
  double *theta = general_theta(&s.g, s.network);
  s.J = general_jacobian(&s.g, theta, s.X, N);
  free(theta);
  return s;
}

static void drop_situation(situation *s) {
  ntk_dataset_destroy(s->data);
  ntk_network_destroy(s->network);
  free(s->X);
  free(s->J);
}

/* sum_p J_ip c_p J_jp over the parameters of block k, or all (k = L). */
static double entry(const situation *s, size_t i, size_t j, size_t k) {
  double sum = 0.0;
  for (size_t l = 1; l <= s->g.L; l++) {
    const size_t weights = s->g.width[l - 1] * s->g.width[l];
    const size_t end = l < s->g.L ? s->g.offset[l + 1] : s->g.P;
    for (size_t p = s->g.offset[l]; p < end && (k == s->g.L || k + 1 == l); p++)
      sum += s->J[i * s->g.P + p] * s->J[j * s->g.P + p] *
             s->scale[2 * (l - 1) + (p - s->g.offset[l] >= weights ? 1 : 0)];
  }
  return sum;
}

/* Entry (i, j) of the kernel of these outputs. */
static double expected(const situation *s, ntk_outputs outputs, size_t i, size_t j, size_t k) {
  if (outputs == NTK_OUTPUTS_ALL)
    return entry(s, i, j, k);
  double sum = 0.0;
  for (size_t c = 0; c < s->C; c++)
    sum += entry(s, i * s->C + c, j * s->C + c, k) / (double)s->C;
  return sum;
}

static ntk_features *features_of(const situation *s, ntk_outputs outputs) {
  ntk_features *features = NULL;
  assert_ok(ntk_features_create_of(s->network, s->data, outputs, &features));
  return features;
}

/* K whole and block by block, its diagonal from the norms, and K V without K. */
static void check_kernel(const situation *s, ntk_outputs outputs) {
  const size_t L = s->g.L, rows = outputs == NTK_OUTPUTS_ALL ? N * s->C : N;
  ntk_features *features = features_of(s, outputs);
  double *A = make_array(rows * rows), *V = make_normal(3, 2 * rows), *out = make_array(2 * rows);
  double *norms = NULL;
  assert_ok(ntk_features_take_norms(features, &norms));
  for (size_t k = 0; k <= L; k++) {
    bool blocks[MOST_LAYERS] = {false};
    if (k < L)
      blocks[k] = true;
    const bool *chosen = k < L ? blocks : NULL;
    ntk_kernel *K = NULL;
    assert_ok(ntk_kernel_create(features, chosen, &K));
    assert_ok(ntk_kernel_values(K, A));
    assert_ok(ntk_kernel_apply(features, chosen, V, 2, out));
    for (size_t i = 0; i < rows; i++) {
      double sum = 0.0, size = 0.0;
      const double K_ii = expected(s, outputs, i, i, L);
      for (size_t j = 0; j < rows; j++) {
        const double K_ij = expected(s, outputs, i, j, k);
        const double allowed = ALLOWED * sqrt(K_ii * expected(s, outputs, j, j, L));
        assert_near(A[i * rows + j], K_ij, allowed, "K");
        sum += K_ij * V[rows + j];
        size += allowed * fabs(V[rows + j]);
      }
      assert_near(out[rows + i], sum, 4.0 * size, "K v");
      if (k < L)
        assert_near(
            ntk_diagonal_part(s->network, k, norms[k * rows + i], norms[(L + k) * rows + i]),
            A[i * rows + i], ALLOWED * K_ii, "K_ii");
    }
    ntk_kernel_destroy(K);
  }
  ntk_free(one, norms);
  ntk_features_destroy(features);
  free(A);
  free(V);
  free(out);
}

static void test_kernel(void **state) {
  (void)state;
  size_t several = 0, deep = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    situation s = make_situation(seed);
    several += s.C > 1 ? 1 : 0;
    deep += s.C > 1 && s.g.L > 3 ? 1 : 0;
    check_kernel(&s, NTK_OUTPUTS_TRACE);
    check_kernel(&s, NTK_OUTPUTS_ALL);
    drop_situation(&s);
  }
  assert_true(several > 20 && deep > 10);
}

/* An output by itself: its rows of all outputs' kernel. */
static void test_select(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    situation s = make_situation(seed);
    double A[N * N];
    for (size_t c = 0; c < s.C; c++) {
      ntk_network *single = NULL;
      assert_ok(ntk_network_select(s.network, c, &single));
      ntk_features *features = make_features(single, s.data);
      ntk_kernel *K = NULL;
      assert_ok(ntk_kernel_create(features, NULL, &K));
      assert_ok(ntk_kernel_values(K, A));
      for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
          assert_near(A[i * N + j], entry(&s, i * s.C + c, j * s.C + c, s.g.L),
                      ALLOWED * sqrt(entry(&s, i * s.C + c, i * s.C + c, s.g.L) *
                                     entry(&s, j * s.C + c, j * s.C + c, s.g.L)),
                      "K of an output");
      ntk_kernel_destroy(K);
      ntk_features_destroy(features);
      ntk_network_destroy(single);
    }
    drop_situation(&s);
  }
}

/* J^T v and J g, without scales, N n_L by P; in the mean over several outputs there is none. */
static void test_products(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    situation s = make_situation(seed);
    const size_t rows = N * s.C, P = s.g.P;
    ntk_features *all = features_of(&s, NTK_OUTPUTS_ALL),
                 *mean = features_of(&s, NTK_OUTPUTS_TRACE);
    double *v = make_normal(1, rows), *g = make_normal(2, P);
    double *adjoint = make_array(P), *applied = make_array(rows);
    assert_ok(ntk_jacobian_adjoint(all, v, adjoint));
    assert_ok(ntk_jacobian_apply(all, g, applied));
    for (size_t p = 0; p < P; p++) {
      double sum = 0.0, size = 0.0;
      for (size_t i = 0; i < rows; i++) {
        sum += v[i] * s.J[i * P + p];
        size += fabs(v[i]) * sqrt(dot(s.J + i * P, s.J + i * P, P));
      }
      assert_near(adjoint[p], sum, ALLOWED * size, "J^T v");
    }
    for (size_t i = 0; i < rows; i++)
      assert_near(applied[i], dot(s.J + i * P, g, P),
                  ALLOWED * sqrt(dot(s.J + i * P, s.J + i * P, P) * dot(g, g, P)), "J g");
    if (s.C > 1) {
      assert_refused(ntk_jacobian_adjoint(mean, v, adjoint), NTK_ERR_ARGUMENT, "mean over outputs");
      assert_refused(ntk_jacobian_apply(mean, g, applied), NTK_ERR_ARGUMENT, "mean over outputs");
    }
    ntk_features_destroy(all);
    ntk_features_destroy(mean);
    drop_situation(&s);
    free(v);
    free(g);
    free(adjoint);
    free(applied);
  }
}

/* K(x_i, x'_j): rows of the kernel of both data sets together. */
static void test_cross(void **state) {
  (void)state;
  enum { FIRST = 2 };
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    situation s = make_situation(seed);
    const size_t d = s.g.width[0];
    ntk_dataset *part[] = {make_data(one, s.X, FIRST, d),
                           make_data(one, s.X + FIRST * d, N - FIRST, d)};
    for (int mode = 0; mode < 2; mode++) {
      const size_t per = mode == 0 ? 1 : s.C, columns = (N - FIRST) * per;
      ntk_features *a = NULL, *b = NULL;
      assert_ok(ntk_features_create_of(s.network, part[0], (ntk_outputs)mode, &a));
      assert_ok(ntk_features_create_of(s.network, part[1], (ntk_outputs)mode, &b));
      double *A = make_array(FIRST * per * columns);
      assert_ok(ntk_kernel_cross(a, b, NULL, A));
      for (size_t i = 0; i < FIRST * per; i++)
        for (size_t j = 0; j < columns; j++) {
          const size_t other = FIRST * per + j;
          assert_near(A[i * columns + j], expected(&s, (ntk_outputs)mode, i, other, s.g.L),
                      ALLOWED * sqrt(expected(&s, (ntk_outputs)mode, i, i, s.g.L) *
                                     expected(&s, (ntk_outputs)mode, other, other, s.g.L)),
                      "cross");
        }
      free(A);
      ntk_features_destroy(a);
      ntk_features_destroy(b);
    }
    ntk_dataset_destroy(part[0]);
    ntk_dataset_destroy(part[1]);
    drop_situation(&s);
  }
}

/* Beyond a tile and a block of rows, and with several threads the same bits; those of the cross
 * kernel of features and themselves, too. */
static void test_large(void **state) {
  (void)state;
  enum { MANY = 300 };
  const size_t width[] = {5, 40, 30};
  const bool bias[] = {true, true, true};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .seed = 2,
                                 .outputs = 3,
                                 .bias = bias,
                                 .bias_deviation = 0.5};
  ntk_context *two = make_context(2);
  double *X = make_normal(3, MANY * 5), *A[2], *trace = make_array(MANY * MANY);
  double *whole = make_array((size_t)9 * MANY * MANY);
  for (int t = 0; t < 2; t++) {
    ntk_context *context = t == 0 ? one : two;
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(context, &spec, &network));
    ntk_dataset *data = make_data(context, X, MANY, 5);
    ntk_features *features = NULL, *mean = make_features(network, data);
    ntk_kernel *K = NULL;
    A[t] = make_array((size_t)9 * MANY * MANY);
    assert_ok(ntk_features_create_of(network, data, NTK_OUTPUTS_ALL, &features));
    assert_ok(ntk_kernel_create(features, NULL, &K));
    assert_ok(ntk_kernel_values(K, A[t]));
    ntk_kernel_destroy(K);
    assert_ok(ntk_kernel_cross(features, features, NULL, whole));
    assert_memory_equal(whole, A[t], sizeof(double) * 9 * MANY * MANY);
    assert_ok(ntk_kernel_create(mean, NULL, &K));
    assert_ok(ntk_kernel_values(K, trace));
    ntk_kernel_destroy(K);
    ntk_features_destroy(features);
    ntk_features_destroy(mean);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
  }
  assert_memory_equal(A[0], A[1], sizeof(double) * 9 * MANY * MANY);
  const size_t row = (size_t)3 * MANY;
  for (size_t i = 0; i < MANY; i++)
    for (size_t j = 0; j < MANY; j++) {
      double sum = 0.0;
      for (size_t c = 0; c < 3; c++)
        sum += A[0][(3 * i + c) * row + 3 * j + c] / 3.0;
      assert_near(trace[i * MANY + j], sum,
                  ALLOWED * sqrt(trace[i * MANY + i] * trace[j * MANY + j]), "trace");
    }
  ntk_context_destroy(two);
  free(A[0]);
  free(A[1]);
  free(trace);
  free(whole);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_kernel), cmocka_unit_test(test_select), cmocka_unit_test(test_products),
      cmocka_unit_test(test_cross),  cmocka_unit_test(test_large),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
