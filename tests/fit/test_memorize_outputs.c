/* Memorisation of networks with several outputs.
 * Property: all N x n_L labels are the outputs, by a forward pass in extended precision; output c
 * is the network of one output that memorises column c, unit for unit; up to n_{L-2} m samples are
 * fitted, n_{L-1} = 2 m n_L. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "memorize_support.h"

enum { OUTPUTS = 3 };

/* F_L(x) by (1), into F (n_L). */
static void outputs_at(const ntk_network *network, const char *phi, const double *x,
                       long double *F) {
  const size_t L = ntk_network_depth(network);
  long double f[WIDEST], g[WIDEST];
  for (size_t i = 0; i < ntk_network_width(network, 0); i++)
    f[i] = x[i];
  for (size_t l = 1; l <= L; l++) {
    const size_t in = ntk_network_width(network, l - 1), out = ntk_network_width(network, l);
    const double *b = ntk_network_bias(network, l);
    layer_of(ntk_network_weights(network, l), NULL, in, out, f, g);
    for (size_t j = 0; j < out; j++) {
      g[j] += b != NULL ? (long double)b[j] : 0.0L;
      f[j] = l < L ? activation_by_name(phi, g[j]).phi : g[j];
    }
  }
  memcpy(F, f, ntk_network_width(network, L) * sizeof *F);
}

/* ||F_L - Y||_F, and the largest entry; Y: N x OUTPUTS. */
static double distance(const fit_problem *p, const ntk_network *network, const double *Y,
                       double *largest) {
  long double square = 0, most = 0;
  for (size_t i = 0; i < p->N; i++) {
    long double F[WIDEST];
    outputs_at(network, p->phi, p->X + i * p->width[0], F);
    for (size_t c = 0; c < OUTPUTS; c++) {
      const long double off = F[c] - Y[i * OUTPUTS + c];
      square += off * off;
      most = fmaxl(most, fabsl(off));
    }
  }
  *largest = (double)most;
  return (double)sqrtl(square);
}

static double norm(size_t count, const double *Y) {
  double square = 0;
  for (size_t i = 0; i < count; i++)
    square += Y[i] * Y[i];
  return sqrt(square);
}

/* Two label sets at once, with and without biases, at depths 2 and 3; the second has a column of
 * zeros. */
static void test_any_labels(void **state) {
  (void)state;
  static const size_t width[] = {8, 12, 24};
  static const bool all[] = {true, true, true};
  for (size_t L = 2; L <= 3; L++)
    for (int biased = 0; biased <= 1; biased++)
      for (int absolute = 0; absolute <= 1; absolute++) {
        const size_t N = L == 2 ? 15 : 45;
        fit_problem p = make_problem(1, N, L, width + (3 - L), "tanh");
        double *Y = make_normal(9, 2 * N * OUTPUTS);
        for (size_t i = 0; i < N; i++)
          Y[(N + i) * OUTPUTS + 1] = 0.0;
        ntk_network_spec spec = spec_of(&p);
        spec.outputs = OUTPUTS;
        spec.bias = biased ? all : NULL;
        spec.bias_deviation = 0.3;
        const ntk_memorize_options options = {.eps = 1e-9, .absolute = absolute};
        ntk_network *network[2];
        ntk_memorize_result result[2];
        assert_ok(ntk_memorize(p.context, &spec, p.data, Y, 2, &options, network, result));
        for (size_t k = 0; k < 2; k++) {
          const double *own = Y + k * N * OUTPUTS, size = norm(N * OUTPUTS, own);
          double largest = 0.0;
          const double off = distance(&p, network[k], own, &largest);
          assert_true(result[k].reached && result[k].reason[0] == '\0');
          assert_true(off <= 1e-9 * (absolute ? 1.0 : size) * 1.01);
          ntk_fit_error error; /* of the whole, whose rounding is a bound on all outputs' */
          assert_ok(ntk_fit_measure(network[k], p.data, own, &error));
          assert_true(fabs(error.largest - largest) <= error.rounding &&
                      error.rounding < 1e3 * result[k].rounding);
          assert_true(error.relative == result[k].relative_error ||
                      fabs(error.relative / result[k].relative_error - 1.0) < 1e-9);
          const double room = result[k].rounding * sqrt((double)(N * OUTPUTS));
          assert_true(result[k].rounding > 0.0 &&
                      fabs(result[k].max_error - largest) <= result[k].rounding);
          assert_true(fabs(result[k].relative_error * size - off) <= room);
          assert_int_equal(ntk_network_width(network[k], L), OUTPUTS);
          assert_true(ntk_network_has_bias(network[k], L) == (bool)biased);
          ntk_network_destroy(network[k]);
        }
        free(Y);
        free_problem(&p);
      }
}

/* Each column's network of one output, its halves c and OUTPUTS + c of the whole's 2 OUTPUTS. */
static void test_parts(void **state) {
  (void)state;
  enum { M = 4, ALL = 2 * M * OUTPUTS };
  static const size_t width[] = {8, 12, ALL}, narrow[] = {8, 12, 2 * M};
  fit_problem p = make_problem(1, 40, 3, width, "gelu");
  double *Y = make_normal(9, 40 * OUTPUTS), *column = make_array(40);
  ntk_network_spec spec = spec_of(&p);
  spec.outputs = OUTPUTS;
  ntk_network *whole = NULL, *part = NULL;
  ntk_memorize_result result;
  assert_ok(ntk_memorize(p.context, &spec, p.data, Y, 1, NULL, &whole, &result));
  for (size_t c = 0; c < OUTPUTS; c++) {
    for (size_t i = 0; i < 40; i++)
      column[i] = Y[i * OUTPUTS + c];
    spec.outputs = 0;
    spec.width = narrow;
    assert_ok(ntk_memorize(p.context, &spec, p.data, column, 1, NULL, &part, &result));
    for (size_t j = 0; j < 2 * M; j++) {
      const size_t unit = j < M ? c * M + j : ALL / 2 + c * M + j - M;
      for (size_t i = 0; i < 12; i++)
        assert_true(ntk_network_weights(whole, 2)[i * ALL + unit] ==
                    ntk_network_weights(part, 2)[i * 2 * M + j]);
      for (size_t b = 0; b < OUTPUTS; b++)
        assert_true(ntk_network_weights(whole, 3)[unit * OUTPUTS + b] ==
                    (b == c ? ntk_network_weights(part, 3)[j] : 0.0));
    }
    ntk_network_destroy(part);
  }
  ntk_network_destroy(whole);
  free(column);
  free(Y);
  free_problem(&p);
}

/* 12 * 4 = 48 parameters an output; widths that do not go into outputs; a NaN; equal samples; and
 * memory that is foreseen. */
static void test_limits(void **state) {
  (void)state;
  static const size_t width[] = {8, 12, 24}, other[] = {8, 12, 20};
  fit_problem p = make_problem(1, 49, 3, width, "tanh");
  double *Y = make_normal(9, 49 * OUTPUTS);
  ntk_network_spec spec = spec_of(&p);
  spec.outputs = OUTPUTS;
  ntk_network *network = NULL;
  ntk_memorize_result result;
  size_t bytes = 0;
  assert_ok(ntk_memorize_memory(p.context, &spec, 49, 1, NULL, &bytes));
  assert_ok(ntk_memorize(p.context, &spec, p.data, Y, 1, NULL, &network, &result));
  assert_true(ntk_memory_peak(p.context) <= bytes);
  assert_false(result.reached);
  assert_non_null(strstr(result.reason, "49 different samples, and n_{L-2} m = 48 parameters"));
  double largest = 0.0;
  assert_near(distance(&p, network, Y, &largest), result.relative_error * norm(49 * OUTPUTS, Y),
              1e-6, "the best that was found");
  ntk_network_destroy(network);
  spec.width = other;
  assert_refused(ntk_memorize(p.context, &spec, p.data, Y, 1, NULL, &network, &result),
                 NTK_ERR_SHAPE, "accepted: a multiple of 6");
  spec.width = width;
  Y[10] = NAN;
  assert_refused(ntk_memorize(p.context, &spec, p.data, Y, 1, NULL, &network, &result),
                 NTK_ERR_NOT_FINITE, "");
  free(Y);
  free_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_labels),
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests_name("memorize_outputs", tests, NULL, NULL);
}
