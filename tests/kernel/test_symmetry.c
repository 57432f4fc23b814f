/* Why a kernel is singular, told in one voice.
 * Property: of two samples x and c x, for every activation, with and without biases (zeros too), of
 * one output and several, a deficiency is named exactly where the two rows of J are multiples of
 * each other, J by complex steps in long double; and no rank that is named is below that of J in
 * whole numbers, modulo a prime. spectrum, verify, train and memorize have the same fields.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "general_network.h"
#include "ntkit/fit.h"
#include "ntkit/verify.h"

static ntk_context *context;

/* ---- The pair, by J's rows ------------------------------------------------------------------- */

/* ||b - t a|| over ||b|| for the t that makes it least; 0 rows: NaN. */
static double angle(const double *a, const double *b, size_t n) {
  long double aa = 0.0L, ab = 0.0L, rest = 0.0L, bb = 0.0L;
  for (size_t p = 0; p < n; p++) {
    aa += (long double)a[p] * a[p];
    ab += (long double)a[p] * b[p];
    bb += (long double)b[p] * b[p];
  }
  for (size_t p = 0; p < n; p++) {
    const long double off = b[p] - ab / aa * a[p];
    rest += off * off;
  }
  return (double)sqrtl(rest / bb);
}

/* Two samples x and c x, of a network whose hidden layers have these activations. */
static void check_pair(general *g, const bool *bias, double deviation, double c, size_t *named) {
  double X[2 * MOST_UNITS], *x = make_normal(g->activation[0] + 3, MOST_UNITS);
  memcpy(g->bias, bias, sizeof g->bias);
  general_finish(g);
  for (size_t j = 0; j < g->width[0]; j++) {
    X[j] = (double)(float)x[j]; /* so that 3 x is exact */
    X[g->width[0] + j] = c * X[j];
  }
  ntk_network_spec spec = general_spec(g, 11);
  spec.bias_deviation = deviation;
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  ntk_dataset *data = make_data(context, X, 2, g->width[0]);
  ntk_deficiency found;
  assert_ok(ntk_deficiency_of(network, data, NTK_OUTPUTS_ALL, &found));
  double *theta = general_theta(g, network), *J = general_jacobian(g, theta, X, 2);
  const size_t C = g->width[g->L];
  const double off = angle(J, J + C * g->P, g->P); /* of output 0 */
  if (!(off < 1e-14 || off > 1e-6))
    fail_msg("%s by %g: rows that are neither, off by %g", g->names, c, off);
  if ((found.cause != NULL) != (off < 1e-14))
    fail_msg("%s by %g, biases %d%d%d: '%s', and the rows of J are off by %g", g->names, c, bias[0],
             bias[1], bias[2], found.reason, off);
  if (found.cause != NULL) {
    assert_string_equal(found.cause, "multiple");
    assert_true(found.always && found.first == 0 && found.second == 1 && found.factor == c);
    assert_int_equal(found.zeros, C);
    assert_non_null(strstr(found.reason, "whatever the widths and beta"));
  }
  *named += found.cause != NULL;
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  free(theta);
  free(J);
  free(x);
}

static void test_pairs(void **state) {
  (void)state;
  static const bool biases[][MOST_LAYERS] = {
      {false, false, false}, {true, true, true}, {false, true, false}, {false, false, true}};
  static const double factors[] = {-1.0, 3.0, -0.5};
  size_t named = 0, checked = 0;
  for (size_t first = 0; first < COUNT(activations); first++)
    for (size_t second = 0; second < COUNT(activations); second += 1 + (first + second) % 7)
      for (size_t b = 0; b < COUNT(biases); b++)
        for (size_t c = 0; c < COUNT(factors); c++)
          for (int zeros = 0; zeros <= (b > 0); zeros++) {
            general g = {.L = 3, .width = {8, 9, 9, 1 + first % 2}};
            g.activation[0] = first;
            g.activation[1] = second;
            check_pair(&g, biases[b], zeros ? 0.0 : 0.7, factors[c], &named);
            checked++;
          }
  print_message("%zu of %zu pairs are named\n", named, checked);
  assert_true(named > 40 && checked > 1500);
}

/* ---- Ranks, in whole numbers ------------------------------------------------------------------
 */

/* Of integers modulo 2^31 - 1, so that the rank is at least this; A is worked on. */
static size_t rank_of(int64_t *A, size_t rows, size_t columns) {
  const int64_t p = 2147483647;
  size_t rank = 0;
  for (size_t e = 0; e < rows * columns; e++)
    A[e] = ((A[e] % p) + p) % p;
  for (size_t j = 0; j < columns && rank < rows; j++) {
    size_t i = rank;
    while (i < rows && A[i * columns + j] == 0)
      i++;
    if (i == rows)
      continue;
    for (size_t k = 0; k < columns; k++) {
      const int64_t kept = A[i * columns + k];
      A[i * columns + k] = A[rank * columns + k];
      A[rank * columns + k] = kept;
    }
    for (i = rank + 1; i < rows; i++) { /* row i times the pivot, less the pivot's row */
      const int64_t by = A[i * columns + j], pivot = A[rank * columns + j];
      for (size_t k = j; by != 0 && k < columns; k++)
        A[i * columns + k] =
            (A[i * columns + k] * pivot % p + (p - by) * A[rank * columns + k] % p) % p;
    }
    rank++;
  }
  return rank;
}

/* Small whole numbers. */
static double whole(uint64_t seed, size_t i, uint64_t most) {
  return (double)(drawn(seed, i) % (2 * most + 1)) - (double)most;
}

typedef struct whole_case {
  general g;
  size_t N;
  double *X;
  ntk_network *network;
} whole_case;

/* Data that span `span` dimensions at most; the fewer, the larger, so that few are multiples. */
static whole_case make_whole(uint64_t seed, size_t activation, size_t N, size_t span,
                             const size_t *width, bool bias) {
  const uint64_t most = span == 2 ? 99 : 4;
  whole_case w = {.g = {.L = 3}, .N = N, .X = make_array(N * width[0])};
  memcpy(w.g.width, width, 4 * sizeof *width);
  w.g.activation[0] = w.g.activation[1] = activation;
  for (size_t l = 0; l < 3; l++)
    w.g.bias[l] = bias && drawn(seed, 500 + l) % 2;
  general_finish(&w.g);
  for (size_t i = 0; i < N; i++)
    for (size_t s = 0; s < span; s++)
      for (size_t j = 0; j < width[0]; j++)
        w.X[i * width[0] + j] +=
            whole(seed, 1000 + i * span + s, most) * whole(seed, 100 + s * 9 + j, 3);
  double *theta = make_array(w.g.P);
  const double *W[3], *b[3];
  for (size_t p = 0; p < w.g.P; p++)
    theta[p] = whole(seed + 1, p, 3);
  for (size_t l = 1; l <= 3; l++) {
    W[l - 1] = theta + w.g.offset[l];
    b[l - 1] = w.g.bias[l - 1] ? W[l - 1] + w.g.width[l - 1] * w.g.width[l] : NULL;
  }
  const ntk_network_spec spec = general_spec(&w.g, 1);
  assert_ok(ntk_network_from_weights(context, &spec, W, b, &w.network));
  free(theta);
  return w;
}

/* The rank of J, of all outputs; the deficiency. */
static size_t check_whole(const whole_case *w, ntk_deficiency *found) {
  const size_t rows = w->N * w->g.width[3], P = w->g.P;
  ntk_dataset *data = make_data(context, w->X, w->N, w->g.width[0]);
  double *theta = general_theta(&w->g, w->network);
  double *J = general_jacobian(&w->g, theta, w->X, w->N);
  int64_t *A = calloc(rows * P, sizeof *A);
  for (size_t e = 0; e < rows * P; e++)
    A[e] = (int64_t)rint(J[e]);
  assert_ok(ntk_deficiency_of(w->network, data, NTK_OUTPUTS_ALL, found));
  const size_t rank = rank_of(A, rows, P);
  if (rank > rows - found->zeros)
    fail_msg("%s: '%s', and J has rank %zu of %zu", w->g.names, found->reason, rank, rows);
  ntk_dataset_destroy(data);
  free(theta);
  free(J);
  free(A);
  return rank;
}

static void test_ranks(void **state) {
  (void)state;
  size_t named = 0, tight = 0;
  for (uint64_t seed = 0; seed < 300; seed++) {
    const size_t width[] = {1 + drawn(seed, 0) % 8, 1 + drawn(seed, 1) % 9, 1 + drawn(seed, 2) % 9,
                            1 + drawn(seed, 3) % 3};
    whole_case w = make_whole(seed, drawn(seed, 4) % 3 == 0 ? 7 : 6, 2 + drawn(seed, 5) % 11,
                              1 + drawn(seed, 6) % 4, width, drawn(seed, 7) % 2);
    ntk_deficiency found;
    const size_t rank = check_whole(&w, &found);
    named += found.cause != NULL;
    tight += found.cause != NULL && rank == w.N * width[3] - found.zeros;
    ntk_network_destroy(w.network);
    free(w.X);
  }
  assert_string_equal(activations[6].name, "relu");
  assert_string_equal(activations[7].name, "identity");
  print_message("%zu of 300 named, of %zu the rank itself\n", named, tight);
  assert_true(named > 100 && tight > 40);
}

/* relu on a line: two rays, and rank 2 of K at every width. */
static void test_line(void **state) {
  (void)state;
  const size_t widths[][4] = {{5, 9, 9, 1}, {5, 1, 1, 1}}; /* the second has fewer parameters */
  for (uint64_t seed = 0; seed < 20; seed++) {
    whole_case w = make_whole(seed, 6, 9, 1, widths[seed % 2], false);
    const size_t zero = 4; /* of 9 samples one is 0 */
    for (size_t i = 0; i < 9; i++)
      for (size_t j = 0; j < 5; j++)
        w.X[i * 5 + j] = (i < zero ? (double)i - 4.0 : (double)i - 3.0) * (double)(j + 1);
    ntk_deficiency found;
    const size_t rank = check_whole(&w, &found);
    assert_true(rank <= 2);
    assert_string_equal(found.cause, "multiple");
    assert_int_equal(found.zeros, 7);
    assert_true(found.first == 0 && found.second == 1 && found.factor == 0.75);
    assert_non_null(strstr(found.reason, "row 2 of the data (from 1) is 0.75 times row 1, and "
                                         "F_L(c x) = c F_L(x): rank K <= 2, whatever the widths"));
    ntk_network_destroy(w.network);
    free(w.X);
  }
}

/* Data in a space of r < d dimensions: of a linear network rank r, of a narrow one r n_1 + n_1 n_2
 * + n_2. */
static void test_span(void **state) {
  (void)state;
  const size_t wide[] = {8, 9, 9, 1}, narrow[] = {8, 2, 2, 1};
  size_t linear = 0, counted = 0;
  for (uint64_t seed = 0; seed < 20; seed++) {
    ntk_deficiency found;
    whole_case w = make_whole(seed, 7, 5, 3, wide, false);
    (void)check_whole(&w, &found);
    if (found.cause != NULL && strcmp(found.cause, "data") == 0) {
      linear++;
      assert_true(found.always && found.zeros >= 2 && isnan(found.factor));
      assert_non_null(strstr(found.reason, " of d = 8 dimensions, which leaves rank K <= "));
      assert_non_null(strstr(found.reason, "whatever the widths and beta, and K has 5 rows"));
    }
    ntk_network_destroy(w.network);
    free(w.X);
    w = make_whole(seed, 6, 15, 2, narrow, false);
    (void)check_whole(&w, &found);
    if (found.cause != NULL && strcmp(found.cause, "data") == 0) {
      counted++;
      assert_false(found.always);
      assert_non_null(strstr(found.reason, "the data span 2 of d = 8 dimensions, which leaves rank "
                                           "K <= 10, and K has 15 rows"));
    }
    ntk_network_destroy(w.network);
    free(w.X);
  }
  print_message("%zu and %zu of 20 by their span\n", linear, counted);
  assert_true(linear >= 15 && counted >= 5);
}

/* ---- One voice --------------------------------------------------------------------------------
 */

static void assert_alike(const ntk_deficiency *a, const ntk_deficiency *b) {
  assert_int_equal(a->cause == NULL, b->cause == NULL);
  if (a->cause != NULL)
    assert_string_equal(a->cause, b->cause);
  assert_true(a->always == b->always && a->first == b->first && a->second == b->second);
  assert_true(a->factor == b->factor || (isnan(a->factor) && isnan(b->factor)));
  assert_int_equal(a->zeros, b->zeros);
  assert_string_equal(a->reason, b->reason);
}

/* Of N samples number k is c times number i. */
static void check_voices(const char *activation, const char *cause, size_t i, size_t k, double c) {
  enum { N = 12, D = 10 };
  const size_t width[] = {D, 16, 16};
  double *X = make_normal(6, N * D);
  for (size_t j = 0; j < D; j++) {
    X[i * D + j] = (double)(float)X[i * D + j];
    X[k * D + j] = c * X[i * D + j];
  }
  ntk_dataset *data = make_data(context, X, N, D);
  double *Y = make_array(N);
  ntk_network *network = make_network(context, 3, width, activation, "paper", 4), *fitted = NULL;
  ntk_spectrum_result spectrum = {0};
  ntk_ledger ledger = {0};
  ntk_train_result trained = {0};
  ntk_memorize_result memorized;
  ntk_deficiency known;
  for (size_t e = 0; e < N; e++)
    Y[e] = e == k ? c * Y[i] : (double)(e % 3) - 0.5;
  assert_ok(ntk_deficiency_of(network, data, NTK_OUTPUTS_TRACE, &known));
  assert_ok(ntk_spectrum(context, network, data, NULL, &spectrum));
  assert_ok(ntk_verify(context, network, data, NULL, NULL, &ledger));
  assert_ok(ntk_train(context, network, data, Y, &(ntk_train_options){.epochs = 1, .lr = 1e-9},
                      &trained));
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = activation};
  assert_ok(ntk_memorize(context, &spec, data, Y, 1, NULL, &fitted, &memorized));
  assert_int_equal(known.cause != NULL, cause != NULL);
  if (cause != NULL)
    assert_string_equal(known.cause, cause);
  assert_alike(&spectrum.deficiency, &known);
  assert_alike(&ledger.deficiency, &known);
  assert_alike(&trained.convergence.deficiency, &known);
  assert_alike(&memorized.deficiency, &known);
  assert_true(memorized.reached); /* labels follow */
  assert_int_equal(spectrum.verdict == NTK_VERDICT_RANK_DEFICIENT, cause != NULL);
  assert_string_equal(spectrum.reason, known.reason);
  ntk_spectrum_clear(&spectrum);
  ntk_ledger_clear(&ledger);
  ntk_train_clear(&trained);
  ntk_network_destroy(fitted);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  free(Y);
  free(X);
}

static void test_voices(void **state) {
  (void)state;
  check_voices("tanh", "multiple", 2, 5, -1.0);
  check_voices("relu", "multiple", 0, 11, 3.0);
  check_voices("sigmoid", "equal", 3, 4, 1.0);
  check_voices("sin", "zero", 3, 4, 0.0);
  check_voices("gelu", NULL, 3, 4, -1.0);
}

/* One ulp off is no multiple: lambda_min is small, and not 0. */
static void test_nearly(void **state) {
  (void)state;
  const size_t width[] = {3, 12, 12};
  static const char near[] = "row 2 is -1 times row 1 (from 1) but for 1.9e-16 of its size";
  static const char small[] = ": that alone makes it small, not 0";
  double X[] = {1.0, 0.5, -2.0, -1.0, -0.5, 2.0, 0.25, 3.0, 1.0};
  for (int off = 0; off <= 1; off++) {
    X[5] = off ? nextafter(2.0, 3.0) : 2.0;
    ntk_dataset *data = make_data(context, X, 3, 3);
    ntk_network *network = make_network(context, 3, width, "tanh", "paper", 4);
    ntk_spectrum_result r;
    assert_ok(ntk_spectrum(context, network, data, NULL, &r));
    assert_int_equal(r.verdict, off ? NTK_VERDICT_BELOW_RESOLUTION : NTK_VERDICT_RANK_DEFICIENT);
    assert_int_equal(r.deficiency.cause == NULL, off);
    assert_int_equal(strstr(r.reason, near) != NULL && strstr(r.reason, small) != NULL, off);
    ntk_ledger ledger = {0};
    assert_ok(ntk_verify(context, network, data, NULL, NULL, &ledger));
    for (size_t i = 0; i < ledger.rows; i++)
      if (strcmp(ledger.row[i].key, "lambda_min_K") == 0)
        assert_int_equal(strstr(ledger.row[i].note, near) != NULL, off);
    ntk_ledger_clear(&ledger);
    ntk_train_result trained = {0};
    const double Y[] = {1.0, -1.0, 0.5};
    assert_ok(ntk_train(context, network, data, Y, &(ntk_train_options){.epochs = 1, .lr = 1e-9},
                        &trained));
    assert_int_equal(strstr(trained.convergence.reason, near) != NULL, off);
    ntk_train_clear(&trained);
    ntk_spectrum_clear(&r);
    ntk_network_destroy(network);
    ntk_dataset_destroy(data);
  }
}

static void test_refusals(void **state) {
  (void)state;
  const size_t width[] = {3, 4};
  double X[] = {1.0, 2.0};
  ntk_dataset *data = make_data(context, X, 1, 2);
  ntk_network *network = make_network(context, 2, width, "tanh", "paper", 4);
  ntk_deficiency found = {.zeros = 9};
  assert_int_equal(ntk_deficiency_of(network, data, NTK_OUTPUTS_TRACE, &found), NTK_ERR_SHAPE);
  assert_int_equal(ntk_deficiency_of(network, data, (ntk_outputs)7, &found), NTK_ERR_ARGUMENT);
  assert_int_equal(found.zeros, 9);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

int main(void) {
  context = make_context(1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pairs),    cmocka_unit_test(test_ranks),  cmocka_unit_test(test_line),
      cmocka_unit_test(test_span),     cmocka_unit_test(test_voices), cmocka_unit_test(test_nearly),
      cmocka_unit_test(test_refusals),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
