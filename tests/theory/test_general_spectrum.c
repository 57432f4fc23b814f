/* ntk_spectrum of networks with biases, several outputs and scales, and what it stands on.
 * Property: eigenvalues are those of the kernel by complex steps; the errors of features and of K
 * are within their bounds; no kernel has more rank than the bound says; a kernel that is called
 * singular is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "kernel/ends/accuracy.h"
#include "kernel/ends/deficiency.h"
#include "kernel/ends/rank_bound.h"
#include "kernel/kernel.h"

#include "general_network.h"
#include "jacobi.h"
#include "one_context.h"

enum { SEEDS = 40, KINDS = 6, LINEAR = 7, MOST_ROWS = 120 };

/* A problem with J (N n_L x P) times the roots of the scales. */
typedef struct situation {
  general g;
  size_t N, C;
  double scale[2 * MOST_LAYERS], *X, *J;
  ntk_network *network;
  ntk_dataset *data;
} situation;

/* kinds: activations, and with `linear` the identity in about half of the layers. */
static situation make_situation(uint64_t seed, size_t N, bool linear) {
  situation s = {.g = general_draw(seed, KINDS), .N = N};
  for (size_t l = 0; l + 1 < s.g.L && linear; l++)
    if (drawn(seed, 70 + l) % 2 == 0)
      s.g.activation[l] = LINEAR;
  general_finish(&s.g);
  for (size_t i = 0; i < 2 * s.g.L; i++)
    s.scale[i] = (double)(1 + drawn(seed, 50 + i) % 8) / 4.0;
  if (linear && seed % 4 == 0)
    s.scale[seed % (2 * s.g.L - 1)] = 0.0;
  ntk_network_spec spec = general_spec(&s.g, seed);
  spec.scale = s.scale;
  assert_ok(ntk_network_create(one, &spec, &s.network));
  s.C = s.g.width[s.g.L];
  s.X = make_normal(seed + 1000, N * s.g.width[0]);
  s.data = make_data(one, s.X, N, s.g.width[0]);
  double *theta = general_theta(&s.g, s.network);
  s.J = general_jacobian(&s.g, theta, s.X, N);
  for (size_t l = 1; l <= s.g.L; l++)
    for (size_t p = s.g.offset[l]; p < (l < s.g.L ? s.g.offset[l + 1] : s.g.P); p++) {
      const bool bias = p - s.g.offset[l] >= s.g.width[l - 1] * s.g.width[l];
      for (size_t i = 0; i < N * s.C; i++)
        s.J[i * s.g.P + p] *= sqrt(s.scale[2 * (l - 1) + (bias ? 1 : 0)]);
    }
  free(theta);
  return s;
}

static void drop_situation(situation *s) {
  ntk_dataset_destroy(s->data);
  ntk_network_destroy(s->network);
  free(s->X);
  free(s->J);
}

/* Block k of K, or all (k = L), by J. */
static void plain_kernel(const situation *s, ntk_outputs outputs, size_t k, double *A) {
  const size_t rows = outputs == NTK_OUTPUTS_ALL ? s->N * s->C : s->N, P = s->g.P;
  const size_t first = k < s->g.L ? s->g.offset[k + 1] : 0;
  const size_t count = (k + 1 < s->g.L ? s->g.offset[k + 2] : P) - first;
  const size_t C = outputs == NTK_OUTPUTS_ALL ? 1 : s->C;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < rows; j++) {
      A[i * rows + j] = 0.0;
      for (size_t c = 0; c < C; c++)
        A[i * rows + j] +=
            dot(s->J + (i * C + c) * P + first, s->J + (j * C + c) * P + first, count) / (double)C;
    }
}

static void test_eigenvalues(void **state) {
  (void)state;
  size_t certified = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++)
    for (int mode = 0; mode < 2; mode++) {
      situation s = make_situation(seed, 5, false);
      const ntk_spectrum_options options = {
          .outputs = (ntk_outputs)mode, .full = true, .per_block = true, .certify = true};
      const size_t rows = mode == 0 ? s.N : s.N * s.C;
      double A[400], values[20];
      ntk_spectrum_result r;
      assert_ok(ntk_spectrum(one, s.network, s.data, &options, &r));
      assert_int_equal(r.order, rows);
      assert_int_equal(r.samples, s.N);
      plain_kernel(&s, options.outputs, s.g.L, A);
      plain_eigenvalues(rows, A, values);
      const double error = 1e-12 * values[rows - 1];
      for (size_t i = 0; i < rows; i++)
        assert_near(r.eigenvalues[i], fmax(0.0, values[i]), error, "an eigenvalue");
      if (r.verdict == NTK_VERDICT_OK) {
        assert_near(r.lambda_min, values[0], error, "lambda_min");
        certified += r.certificate.certified ? 1 : 0;
        assert_true(!r.certificate.certified || (r.certificate.kernel_lower <= values[0] + error &&
                                                 r.certificate.kernel_upper >= values[0] - error));
      } else {
        assert_true(values[0] < error);
      }
      for (size_t k = 0; k < s.g.L; k++) {
        plain_kernel(&s, options.outputs, k, A);
        double trace = 0.0;
        for (size_t i = 0; i < rows; i++)
          trace += A[i * rows + i];
        assert_near(r.block[k].trace, trace, 1e-12 * trace, "trace");
        plain_eigenvalues(rows, A, values);
        if (!isnan(r.block[k].lambda_min))
          assert_near(r.block[k].lambda_min, values[0], error, "lambda_min of a block");
      }
      ntk_spectrum_clear(&r);
      drop_situation(&s);
    }
  assert_true(certified > SEEDS);
}

static long double distance(size_t n, const long double *G, const double *A) {
  long double sum = 0.0L;
  for (size_t i = 0; i < n; i++)
    sum += (G[i] - A[i]) * (G[i] - A[i]);
  return sqrtl(sum);
}

/* The factors J^ that the stored features define, against J; and K against J^ J^^T. */
static void check_accuracy(const situation *s, ntk_outputs outputs) {
  const size_t L = s->g.L, *n = s->g.width, rows = outputs == NTK_OUTPUTS_ALL ? s->N * s->C : s->N;
  const size_t copies = outputs == NTK_OUTPUTS_ALL ? 1 : s->C, per = rows / s->N;
  ntk_features *features = NULL;
  ntk_kernel *K = NULL;
  double *norms = NULL, *A = make_array(rows * rows);
  ntk_accuracy accuracy[MOST_LAYERS + 1];
  assert_ok(ntk_features_create_of(s->network, s->data, outputs, &features));
  assert_ok(ntk_features_take_norms(features, &norms));
  const ntk_norms of = {outputs, rows, norms, norms + L * rows};
  assert_ok(ntk_kernel_accuracies(s->network, &of, false, accuracy));
  assert_ok(ntk_kernel_create(features, NULL, &K));
  assert_ok(ntk_kernel_values(K, A));
  long double *G = calloc(rows * rows, sizeof *G);
  assert_non_null(G);
  for (size_t k = 0; k < L; k++) {
    const bool last = k + 1 == L, mean = k + 2 == L && copies > 1; /* B_{L-1} is one for all */
    const size_t C = last || mean ? 1 : copies, width = last ? 1 : C * n[k + 1];
    long double square = 0.0L;
    double *F = make_array(s->N * n[k]), *B = make_array(rows * width);
    ntk_features_values(features, false, k, F);
    if (!last)
      ntk_features_values(features, true, k + 1, B);
    for (size_t a = 0; a < n[k] + (s->g.bias[k] ? 1 : 0); a++)
      for (size_t j = 0; j < (last ? n[L] : width); j++) {
        long double column[MOST_ROWS];
        const long double root = sqrtl(s->scale[2 * k + (a == n[k] ? 1 : 0)]);
        for (size_t i = 0; i < rows; i++) {
          const long double f = root * (a < n[k] ? F[i / per * n[k] + a] : 1.0L);
          const size_t c = !last        ? j / n[k + 1]
                           : copies > 1 ? j
                                        : 0,
                       unit = last ? j : j % n[k + 1];
          const size_t p = s->g.offset[k + 1] + a * n[k + 1] + unit;
          long double exact = s->J[(i * copies + c) * s->g.P + p] / sqrtl(copies);
          column[i] = f * (last ? (outputs != NTK_OUTPUTS_ALL || i % per == j) / sqrtl(copies)
                                : B[i * width + j]);
          if (mean) {
            exact = 0.0L;
            for (size_t o = 0; o < copies; o++) {
              const long double part = s->J[(i * copies + o) * s->g.P + p];
              exact += part * part / copies;
            }
            exact = copysignl(sqrtl(exact), column[i]);
          }
          square += (column[i] - exact) * (column[i] - exact);
        }
        for (size_t i = 0; i < rows * rows; i++)
          G[i] += column[i / rows] * column[i % rows];
      }
    assert_true(sqrtl(square) <= accuracy[k].jacobian && (k == 0 || square > 0.0L));
    free(F);
    free(B);
  }
  const long double gram = distance(rows * rows, G, A);
  assert_true(gram > 0.0L && gram <= accuracy[L].gram);
  ntk_free(one, norms);
  ntk_kernel_destroy(K);
  ntk_features_destroy(features);
  free(A), free(G);
}

static void test_accuracy(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    situation s = make_situation(seed, 5, false);
    check_accuracy(&s, NTK_OUTPUTS_TRACE);
    check_accuracy(&s, NTK_OUTPUTS_ALL);
    drop_situation(&s);
  }
}

/* No more eigenvalues above rounding than the bound, for nonlinear and partly linear networks; and
 * equality often enough that the bound is not idle. */
static void test_ranks(void **state) {
  (void)state;
  static double A[MOST_ROWS * MOST_ROWS];
  double values[MOST_ROWS];
  size_t tight = 0, bounded = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++)
    for (int mode = 0; mode < 2; mode++) {
      situation s = make_situation(seed, 30, seed % 2 == 0);
      const size_t rows = mode == 0 ? s.N : s.N * s.C;
      for (size_t k = 0; k <= s.g.L; k++) {
        const size_t bound = ntk_rank_bound(s.network, (ntk_outputs)mode, k);
        if (bound >= rows)
          continue;
        plain_kernel(&s, (ntk_outputs)mode, k, A);
        plain_eigenvalues(rows, A, values);
        size_t rank = 0;
        for (size_t i = 0; i < rows; i++)
          rank += values[i] > 1e-12 * fabs(values[rows - 1]) ? 1 : 0;
        if (rank > bound)
          fail_msg("seed %d, %d, block %zu of %zu: rank %zu > %zu", (int)seed, mode, k, s.g.L, rank,
                   bound);
        bounded++;
        tight += rank == bound ? 1 : 0;
      }
      drop_situation(&s);
    }
  assert_true(bounded > 100 && 2 * tight > bounded);
}

/* What is known before K is built: cases on both sides. */
static void test_deficiency(void **state) {
  (void)state;
  static const struct {
    const char *activation, *bias; /* 'b' where a layer has one */
    size_t d, N, outputs;
    int mode, X; /* X: 0 normal, 1: row 2 = -2 row 1, 2: row 2 = 2 row 1, 3: -1, 4: row 1 is 0 */
    const char *says; /* NULL: not known */
  } cases[] = {
      {"identity", "---", 3, 4, 1, 0, 0, "at most d = 3"},
      {"identity", "b--", 3, 4, 1, 0, 0, NULL},
      {"identity", "b--", 3, 5, 1, 0, 0, "at most d + 1 = 4"},
      {"identity", "---", 3, 4, 2, 1, 0,
       "3 monomials of x in each output, whatever the widths and beta, and there are N n_L = 8"},
      {"relu", "---", 9, 5, 1, 0, 2, "is 2 times row 1"},
      {"relu", "--b", 9, 5, 1, 0, 2, NULL},
      {"tanh", "---", 9, 5, 1, 0, 3, "is -1 times row 1"},
      {"tanh", "-b-", 9, 5, 1, 0, 3, NULL},
      {"gaussian", "-bb", 9, 5, 2, 0, 3, "F_L(-x) = F_L(x)"},
      {"gaussian", "b--", 9, 5, 2, 0, 3, NULL},
      {"tanh,gaussian", "--b", 9, 5, 2, 1, 3, "F_L(-x) = F_L(x)"},
      {"tanh,gaussian", "-b-", 9, 5, 2, 1, 3, NULL},
      {"tanh", "---", 9, 5, 2, 1, 4, "row 1 of the data (from 1) is 0"},
      {"tanh", "--b", 9, 5, 2, 1, 4, NULL},
      {"tanh", "bbb", 2, 24, 3, 1, 0, NULL}, /* P = 3 x 5 + 6 x 6 + 7 x 3 */
      {"tanh", "bbb", 2, 25, 3, 1, 0, "N n_L = 75 rows exceed the P = 72 parameters"},
      {"tanh", "bbb", 2, 88, 3, 0, 0, NULL}, /* 3 x (3 x 5) + 6 x 6 + 7 */
      {"tanh", "bbb", 2, 89, 3, 0, 0, "the mean over outputs has rank at most 88"},
  };
  for (size_t c = 0; c < COUNT(cases); c++) {
    const size_t width[] = {cases[c].d, 5, 6};
    bool bias[3];
    for (size_t l = 0; l < 3; l++)
      bias[l] = cases[c].bias[l] == 'b';
    const ntk_network_spec spec = {.depth = 3,
                                   .width = width,
                                   .activation = cases[c].activation,
                                   .seed = c,
                                   .outputs = cases[c].outputs,
                                   .bias = bias,
                                   .bias_deviation = 0.5};
    ntk_network *network = NULL;
    assert_ok(ntk_network_create(one, &spec, &network));
    double *X = make_normal(c, cases[c].N * cases[c].d);
    const double factors[] = {0.0, -2.0, 2.0, -1.0, 0.0};
    for (size_t j = 0; j < cases[c].d && cases[c].X > 0; j++)
      if (cases[c].X == 4)
        X[j] = 0.0;
      else
        X[cases[c].d + j] = factors[cases[c].X] * X[j];
    const ntk_held held = {ntk_share_whole(cases[c].N), cases[c].d, X};
    ntk_deficiency found;
    assert_ok(ntk_deficiency_find(network, (ntk_outputs)cases[c].mode, &held, 3, &found));
    if ((found.cause != NULL) != (cases[c].says != NULL) ||
        ((found.cause != NULL) && strstr(found.reason, cases[c].says) == NULL))
      fail_msg("case %zu: '%s'", c, found.reason);
    ntk_network_destroy(network);
    free(X);
  }
}

/* What is held at the peak is forecast, and not much more is. */
static void test_memory(void **state) {
  (void)state;
  const size_t width[] = {20, 50, 40};
  const bool bias[] = {true, true, true};
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "tanh", .outputs = 4, .bias = bias};
  for (int mode = 0; mode < 2; mode++)
    for (int many = 0; many < 2; many++) {
      const size_t N = many == 0 ? 60 : 500;
      ntk_context *context = make_context(2);
      const ntk_spectrum_options options = {
          .outputs = (ntk_outputs)mode, .certify = true, .per_block = true};
      size_t bytes = 0;
      ntk_network *network = NULL;
      ntk_spectrum_result r;
      assert_ok(ntk_network_create(context, &spec, &network));
      double *X = make_normal(1, N * 20);
      ntk_dataset *data = make_data(context, X, N, 20);
      assert_ok(ntk_spectrum_memory(context, &spec, N, &options, &bytes));
      assert_ok(ntk_spectrum(context, network, data, &options, &r));
      if (r.memory_bytes > bytes || (double)bytes > 1.6 * (double)r.memory_bytes + 1e6)
        fail_msg("mode %d, N %zu: %zu bytes, forecast %zu", mode, N, r.memory_bytes, bytes);
      ntk_spectrum_clear(&r);
      ntk_dataset_destroy(data);
      ntk_network_destroy(network);
      ntk_context_destroy(context);
      free(X);
    }
}

/* Where J^T v, one for each output, is much larger than K: also of a K that equal rows make
 * singular, which then is made for its largest eigenvalue. */
static void test_memory_of_many_outputs(void **state) {
  (void)state;
  enum { N = 40, OUTPUTS = 60, DIM = 200 };
  const ntk_network_spec spec = {
      .depth = 3, .width = (size_t[]){DIM, 300, 250}, .activation = "tanh", .outputs = OUTPUTS};
  for (int equal = 0; equal < 2; equal++) {
    ntk_context *context = make_context(2);
    const ntk_spectrum_options options = {.outputs = NTK_OUTPUTS_TRACE};
    size_t bytes = 0;
    ntk_network *network = NULL;
    ntk_spectrum_result r;
    assert_ok(ntk_network_create(context, &spec, &network));
    double *X = make_normal(1, (size_t)N * DIM);
    if (equal)
      memcpy(X + DIM, X, DIM * sizeof *X);
    ntk_dataset *data = make_data(context, X, N, DIM);
    assert_ok(ntk_spectrum_memory(context, &spec, N, &options, &bytes));
    assert_ok(ntk_spectrum(context, network, data, &options, &r));
    assert_int_equal(r.verdict, equal ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_OK);
    if (r.memory_bytes > bytes || (!equal && (double)bytes > 1.25 * (double)r.memory_bytes))
      fail_msg("equal %d: %zu bytes, forecast %zu", equal, r.memory_bytes, bytes);
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    ntk_context_destroy(context);
    free(X);
  }
}

/* Neither does an input much wider than the layers count once for each of many outputs. */
static void test_memory_of_wide_input(void **state) {
  (void)state;
  enum { N = 60, OUTPUTS = 100, DIM = 3000, ROOM = 20000000 };
  const ntk_network_spec spec = {
      .depth = 3, .width = (size_t[]){DIM, 9, 9}, .activation = "tanh", .outputs = OUTPUTS};
  const ntk_spectrum_options options = {.outputs = NTK_OUTPUTS_TRACE};
  ntk_context *context = make_context(2);
  size_t bytes = 0;
  ntk_network *network = NULL;
  ntk_spectrum_result r;
  assert_ok(ntk_network_create(context, &spec, &network));
  double *X = make_normal(1, (size_t)N * DIM);
  ntk_dataset *data = make_data(context, X, N, DIM);
  assert_ok(ntk_spectrum_memory(context, &spec, N, &options, &bytes));
  assert_ok(ntk_spectrum(context, network, data, &options, &r));
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  assert_in_range(r.digits, 8, 15);
  if (r.memory_bytes > bytes || bytes > ROOM)
    fail_msg("%zu bytes, forecast %zu", r.memory_bytes, bytes);
  ntk_spectrum_clear(&r);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_eigenvalues),
      cmocka_unit_test(test_accuracy),
      cmocka_unit_test(test_ranks),
      cmocka_unit_test(test_deficiency),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_memory_of_many_outputs),
      cmocka_unit_test(test_memory_of_wide_input),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
