/* certificate.kernel: lambda_min of the kernel in exact arithmetic, enclosed.
 * Property: it contains lambda_min of ball arithmetic (tools/check_proof.py), for every activation,
 * with biases and scales, of one output, all and their mean; |J^_i - J_i| is at least what a stored
 * F or B was moved by, and hardly more; what has no proof says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/ends/proof.h"
#include "kernel/kernel.h"
#include "recorded/recorded_spec.h"
#include "support.h"

static ntk_context *context;

static ntk_spectrum_result certify(const ntk_network_spec *spec, size_t N) {
  return ask_spectrum(context, spec, N, &(ntk_spectrum_options){.certify = true});
}

/* The same of output 1 alone. */
static ntk_spectrum_result certify_output(const ntk_network_spec *spec, size_t N) {
  const ntk_spectrum_options options = {.certify = true};
  ntk_network *network = NULL, *one = NULL;
  ntk_dataset *data = NULL;
  ntk_spectrum_result r = {0};
  assert_ok(ntk_network_create(context, spec, &network));
  assert_ok(ntk_network_select(network, 1, &one));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, spec->width[0], spec->seed, &data));
  assert_ok(ntk_spectrum(context, one, data, &options, &r));
  ntk_dataset_destroy(data);
  ntk_network_destroy(one);
  ntk_network_destroy(network);
  return r;
}

static ntk_spectrum_result certify_recorded(const recorded_proof *row) {
  double beta[RECORDED_LAYERS];
  bool bias[RECORDED_LAYERS];
  const ntk_network_spec spec = recorded_spec(row, beta, bias);
  return strcmp(row->kernel, "1") == 0
             ? certify_output(&spec, row->N)
             : ask_spectrum(context, &spec, row->N,
                            &(ntk_spectrum_options){.certify = true,
                                                    .outputs = strcmp(row->kernel, "all") == 0
                                                                   ? NTK_OUTPUTS_ALL
                                                                   : NTK_OUTPUTS_TRACE});
}

static void test_truth(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(recorded_proofs); i++) {
    const recorded_proof *row = &recorded_proofs[i];
    ntk_spectrum_result r = certify_recorded(row);
    const ntk_kernel_proof *p = &r.certificate.kernel;
    const double truth = row->lambda_min, condition = r.lambda_max / truth;
    if (!p->proved || !(p->lower <= truth * (1.0 + 2.0 * U) && truth * (1.0 - 2.0 * U) <= p->upper))
      fail_msg("%s: %.17g is not in [%.17g, %.17g] (%s)", row->activation, truth, p->lower,
               p->upper, p->reason);
    if (condition < 1e7 && !(p->upper - p->lower < 1e-6 * truth))
      fail_msg("%s: %.1e wide at a condition of %.1e", row->activation,
               (p->upper - p->lower) / truth, condition);
    ntk_spectrum_clear(&r);
  }
}

enum { N = 37, D = 5, WIDTH = 40 }; /* more rows than go through together */

/* Features of which those of one layer were moved by a vector, all rows alike: |J^_i - J_i| is its
 * length times that of the other factor, to the rounding of the stored features. */
static void check_moved(const ntk_features *features, const double *f, const double *b) {
  const ntk_network *network = features->network;
  const double *scale = network->scale + 2;
  const size_t at = N; /* of block L - 2 = 1 in the norms */
  ntk_features *moved = NULL;
  double *norms = NULL, *own = NULL, distance[N], square = 0.0;
  assert_ok(ntk_features_centre(features, f, b, &moved));
  assert_ok(ntk_features_take_norms(features, &norms));
  assert_ok(ntk_features_take_norms(moved, &own));
  const ntk_norms of = {features->outputs, N, own, own + 3 * N};
  const ntk_proof_stored stored = ntk_proof_features(moved);
  assert_ok(ntk_proof_distances(&stored, distance));
  for (size_t i = 0; i < N; i++) {
    const double f2 = norms[at + i], b2 = norms[3 * N + at + i];
    const double by_f = scale[0] * dot(f, f, WIDTH) * b2;
    const double by_b = (scale[0] * f2 + scale[1]) * dot(b, b, WIDTH);
    const double expected = by_f + by_b; /* one of them is 0 */
    if (!(expected <= distance[i] && distance[i] <= 1.01 * expected))
      fail_msg("row %zu was moved by %.17g; proved: %.17g", i, sqrt(expected), sqrt(distance[i]));
    square += expected;
  }
  /* All of it is what the roots of both ends are moved by. */
  ntk_kernel_proof proof;
  assert_ok(ntk_proof_find(moved, &of, 1.0, 2.0, &proof));
  assert_true(proof.proved);
  assert_near(sqrt(proof.upper) - sqrt(2.0), 1.005 * sqrt(square), 0.005 * sqrt(square), "upper");
  assert_near(1.0 - sqrt(proof.lower), 1.005 * sqrt(square), 0.005 * sqrt(square), "lower");
  ntk_free(context, norms);
  ntk_free(context, own);
  ntk_features_destroy(moved);
}

static void test_moved(void **state) {
  (void)state;
  const size_t width[] = {D, WIDTH, WIDTH};
  const bool bias[] = {true, true, true};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh,gelu",
                                 .init = "he",
                                 .bias = bias,
                                 .bias_deviation = 0.3,
                                 .parameterization = "1,1,3,0.5,1,1",
                                 .seed = 3};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  double zero[WIDTH] = {0}, some[WIDTH];
  for (size_t j = 0; j < WIDTH; j++)
    some[j] = 1e-8 * (double)(j % 7);
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, D, 3, &data));
  ntk_features *features = make_features(network, data);
  check_moved(features, some, zero);
  check_moved(features, zero, some);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

/* ---- Several outputs ------------------------------------------------------------------------- */

enum { OUTPUTS = 3, LAYERS = 4 };

/* The sum of |B_k - B_k of the other|^2 over the numbers of each row of K, times what block k - 1
 * has it multiplied by, to moved. */
static void add_moved_back(const ntk_features *from, const ntk_features *to, size_t k,
                           const double *f2, double *moved) {
  const ntk_network_spec spec = ntk_spec_of(from->network);
  const size_t n = ntk_back_width(&spec, from->outputs, k), rows = from->rows;
  const double *scale = from->network->scale + 2 * (k - 1);
  double *a = make_array(rows * n), *b = make_array(rows * n);
  ntk_features_values(from, true, k, a);
  ntk_features_values(to, true, k, b);
  for (size_t i = 0; i < rows; i++)
    for (size_t j = i * n; j < (i + 1) * n; j++)
      moved[i] += (scale[0] * f2[(k - 1) * rows + i] + scale[1]) * (a[j] - b[j]) * (a[j] - b[j]);
  free(a);
  free(b);
}

/* Features are those of a network whose W_L is another, so that F is the same, and every B is not:
 * |J^_i - J_i|^2 is the sum of |F_k|^2 |dB_{k+1}|^2. */
static void check_other_weights(const ntk_network *network, const ntk_network *other,
                                const ntk_dataset *data, ntk_outputs outputs) {
  ntk_features *from = NULL, *to = NULL;
  double *norms = NULL;
  assert_ok(ntk_features_create_of(network, data, outputs, &from));
  assert_ok(ntk_features_create_of(other, data, outputs, &to));
  assert_ok(ntk_features_take_norms(from, &norms));
  const size_t rows = from->rows;
  double *expected = make_array(rows), *distance = make_array(rows);
  for (size_t k = 1; k < LAYERS; k++)
    add_moved_back(from, to, k, norms, expected);
  ntk_proof_stored stored = ntk_proof_features(to);
  stored.network = network;
  assert_ok(ntk_proof_distances(&stored, distance));
  for (size_t i = 0; i < rows; i++)
    if (!(expected[i] * (1.0 - 1e-6) <= distance[i] && distance[i] <= 1.001 * expected[i]))
      fail_msg("row %zu of %zu was moved by %.17g; proved: %.17g", i, rows, sqrt(expected[i]),
               sqrt(distance[i]));
  free(expected);
  free(distance);
  ntk_free(context, norms);
  ntk_features_destroy(from);
  ntk_features_destroy(to);
}

static void test_outputs(void **state) {
  (void)state;
  const size_t width[] = {D, 21, 30, 17};
  const bool bias[] = {true, true, false, true};
  const ntk_network_spec spec = {.depth = LAYERS,
                                 .width = width,
                                 .outputs = OUTPUTS,
                                 .activation = "tanh,gelu,sin",
                                 .init = "he",
                                 .bias = bias,
                                 .bias_deviation = 0.3,
                                 .parameterization = "1,1,3,0.5,1,1,2,1",
                                 .seed = 5};
  ntk_network *network = NULL, *other = NULL;
  ntk_dataset *data = NULL;
  const double *W[LAYERS], *b[LAYERS];
  double *last = make_normal(9, 17 * (size_t)OUTPUTS);
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, D, 3, &data));
  for (size_t l = 1; l <= LAYERS; l++) {
    W[l - 1] = ntk_network_weights(network, l);
    b[l - 1] = ntk_network_bias(network, l);
  }
  for (size_t e = 0; e < 17 * (size_t)OUTPUTS; e++)
    last[e] = W[LAYERS - 1][e] + 1e-6 * last[e];
  W[LAYERS - 1] = last;
  assert_ok(ntk_network_from_weights(context, &spec, W, b, &other));
  check_other_weights(network, other, data, NTK_OUTPUTS_ALL);
  check_other_weights(network, other, data, NTK_OUTPUTS_TRACE);
  free(last);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_network_destroy(other);
}

/* ---- Norms of weights ------------------------------------------------------------------------ */

/* ||W||_2 by LAPACK, from W^T W. */
static double spectral(const double *W, size_t rows, size_t columns) {
  double *A = make_array(columns * columns), *values = make_array(columns);
  for (size_t i = 0; i < columns; i++)
    for (size_t j = 0; j < columns; j++) {
      A[i * columns + j] = 0.0;
      for (size_t r = 0; r < rows; r++)
        A[i * columns + j] += W[r * columns + i] * W[r * columns + j];
    }
  assert_ok(ntk_dsyevd(context, 'N', columns, A, values));
  const double norm = sqrt(values[columns - 1]);
  free(values);
  free(A);
  return norm;
}

static void check_norm(const double *W, size_t rows, size_t columns, double most) {
  double *room = make_array(2 * rows * rows), *column = make_array(columns);
  const ntk_weight_norms norms = ntk_weight_norms_of(W, NULL, rows, columns, column);
  const int previous = ntk_blas_enter(1); /* threads that wait for each other take minutes where the
                                             machine is shared */
  const double truth = spectral(W, rows, columns);
  const double bound = ntk_weight_spectral(W, rows, columns, norms.frobenius, room);
  ntk_blas_leave(previous);
  if (!(truth * (1.0 - 1e-12) <= bound && bound <= most * truth && truth <= norms.spectral))
    fail_msg("%zu x %zu: a norm of %.17g is bounded by %.17g", rows, columns, truth, bound);
  free(column);
  free(room);
}

static void test_norms(void **state) {
  (void)state;
  enum { MOST = 90 };
  double *W = make_normal(7, (size_t)MOST * MOST), *one = make_array((size_t)MOST * MOST);
  check_norm(W, MOST, MOST, 1.2); /* ||W||_F is 4.9 times it */
  check_norm(W, 60, MOST, 1.2);
  check_norm(W, MOST, 60, 1.2);
  for (size_t i = 0; i < MOST; i++)
    for (size_t j = 0; j < MOST; j++)
      one[i * MOST + j] = W[i] * W[MOST + j];
  check_norm(one, MOST, MOST, 1.0 + 1e-5); /* of rank one: no less than ||W||_F */
  for (size_t e = 0; e < (size_t)MOST * MOST; e++)
    W[e] *= 1e-30; /* whose powers underflow */
  check_norm(W, MOST, MOST, 10.0);
  for (size_t e = 0; e < (size_t)MOST * MOST; e++)
    W[e] *= 1e90; /* and overflow */
  check_norm(W, MOST, MOST, 10.0);
  free(one);
  free(W);
}

/* Twenty layers: lambda_min of the exact kernel is as near as that of the stored one. */
static void test_deep(void **state) {
  (void)state;
  size_t width[20];
  for (size_t l = 0; l < COUNT(width); l++)
    width[l] = 100;
  const ntk_network_spec spec = {
      .depth = COUNT(width), .width = width, .activation = "tanh", .init = "standard", .seed = 2};
  ntk_spectrum_result r = certify(&spec, 30);
  const ntk_certificate *c = &r.certificate;
  assert_true(c->kernel.proved);
  assert_true(c->kernel.lower < c->lower && c->upper < c->kernel.upper);
  if (!(c->kernel.upper - c->kernel.lower < 1e-8 * r.lambda_min))
    fail_msg("[%.17g, %.17g]", c->kernel.lower, c->kernel.upper);
  ntk_spectrum_clear(&r);
}

/* ---- Without a proof ------------------------------------------------------------------------- */

/* An interval of which nothing follows is none: 40 layers that take every error apart. */
static void test_too_deep(void **state) {
  (void)state;
  size_t width[40];
  for (size_t l = 0; l < COUNT(width); l++)
    width[l] = 64;
  const ntk_network_spec spec = {
      .depth = COUNT(width), .width = width, .activation = "tanh", .init = "he", .seed = 1};
  ntk_spectrum_result r = certify(&spec, 30);
  assert_true(r.certificate.lower > 0.0 && !r.certificate.kernel.proved);
  assert_true(isnan(r.certificate.kernel.lower) && isnan(r.certificate.kernel.upper));
  assert_non_null(strstr(r.certificate.kernel.reason, "larger than lambda_min"));
  ntk_spectrum_clear(&r);
}

static void check_none(const ntk_kernel_proof *p, const char *says) {
  assert_true(!p->proved && isnan(p->lower) && isnan(p->upper));
  if (strstr(p->reason, says) == NULL)
    fail_msg("'%s' does not say '%s'", p->reason, says);
}

/* From 1 and 2 as bounds of the stored K: 4 samples of 3 numbers, 6 units. */
static ntk_kernel_proof prove(const char *activation, const double *W_1) {
  const size_t width[] = {3, 6};
  const double W_2[] = {1, -1, 2, 0.5, 1, 3}, X[] = {1, 2, 3, -1, 1, 0, 2, 2, -1, 0, 1, 1};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = activation};
  const double *const W[] = {W_1, W_2};
  ntk_network *network = NULL;
  double *f2 = NULL;
  ntk_kernel_proof proof;
  assert_ok(ntk_network_from_weights(context, &spec, W, NULL, &network));
  ntk_dataset *data = make_data(context, X, 4, 3);
  ntk_features *features = make_features(network, data);
  assert_ok(ntk_features_take_norms(features, &f2));
  const ntk_norms norms = {features->outputs, 4, f2, f2 + 8};
  assert_ok(ntk_proof_find(features, &norms, 1.0, 2.0, &proof));
  ntk_free(context, f2);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return proof;
}

static void check_proved(const char *activation, const double *W_1) {
  const ntk_kernel_proof p = prove(activation, W_1);
  if (!p.proved || !(p.lower < 1.0 && p.upper > 2.0 && p.upper - p.lower < 1.0 + 1e-11))
    fail_msg("%s: [%.17g, %.17g] %s", activation, p.lower, p.upper, p.reason);
}

static void test_none(void **state) {
  (void)state;
  static const char *const kinked[] = {"relu", "leaky_relu", "elu(0.5)", "selu"};
  double *W_1 = make_normal(4, 18);
  for (size_t a = 0; a < COUNT(kinked); a++) {
    W_1[1] = W_1[13] = 0.5;  /* of unit 1: x = (1, 2, 3) is near the edge, */
    W_1[7] = -1.0 + 0x1p-53; /* as near as double has it, */
    check_proved(kinked[a], W_1);
    W_1[7] = -1.0; /* and on it: it is not known which side is meant, */
    const ntk_kernel_proof p = prove(kinked[a], W_1);
    check_none(&p, "kink");
  }
  check_proved("softplus", W_1); /* where there is none */
  check_proved("elu", W_1);
  check_proved("celu", W_1);
  for (size_t e = 0; e < 18; e++)
    W_1[e] *= 1e160;
  for (size_t a = 0; a < COUNT(kinked); a++) {
    const ntk_kernel_proof p = prove(kinked[a], W_1);
    check_none(&p, "overflows");
  }
  const ntk_kernel_proof p = prove("atan", W_1);
  check_none(&p, "overflows");
  free(W_1);
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_truth),   cmocka_unit_test(test_moved),    cmocka_unit_test(test_norms),
      cmocka_unit_test(test_deep),    cmocka_unit_test(test_too_deep), cmocka_unit_test(test_none),
      cmocka_unit_test(test_outputs),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
