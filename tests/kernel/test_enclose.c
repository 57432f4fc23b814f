/* certificate beside resolve: lambda_min of K in double-double, and of the exact kernel, enclosed.
 * Property: it contains lambda_min of ball arithmetic (tools/check_proof.py --resolve), narrower
 * than 1e-6 of it where the condition is below 1e9; what is asked of a lambda_min that is none, or
 * of a singular K, proves nothing that is not so; the matrix is that of plain sums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "kernel/resolve/enclose.h"
#include "kernel/resolve/gram.h"
#include "recorded/recorded_spec.h"
#include "recorded_resolve.h"
#include "support.h"

static ntk_context *context;

enum { MOST_DEPTH = 120 };

static const ntk_certificate none = {false, NAN, NAN, NAN, NAN, {false, NAN, NAN, ""}};

/* deep: errors of features may have grown beyond lambda_min, and the reason says so. */
static void check_interval(const char *name, const ntk_spectrum_result *r, double truth,
                           bool deep) {
  const ntk_certificate *c = &r->certificate;
  const double condition = r->lambda_max / truth, above = truth * (1.0 + 2.0 * U),
               below = truth * (1.0 - 2.0 * U);
  assert_int_equal(r->verdict, NTK_VERDICT_OK);
  if (deep && c->certified && !c->kernel.proved) {
    assert_non_null(strstr(c->kernel.reason, "bound on errors of the features"));
    return;
  }
  if (condition < 1e24 && !(c->certified && c->kernel.proved))
    fail_msg("%s: nothing is proved at a condition of %.1e (%s)", name, condition,
             c->kernel.reason);
  if (!c->certified)
    return;
  if (!(c->kernel.lower <= above && below <= c->kernel.upper))
    fail_msg("%s: %.17g is not in [%.17g, %.17g]", name, truth, c->kernel.lower, c->kernel.upper);
  assert_true(c->kernel.lower <= c->lower && c->upper <= c->kernel.upper);
  assert_true(c->kernel_lower == c->kernel.lower && c->kernel_upper == c->kernel.upper);
  if (condition < 1e9 && !(c->kernel.upper - c->kernel.lower < 1e-6 * truth))
    fail_msg("%s: %.1e wide at a condition of %.1e", name,
             (c->kernel.upper - c->kernel.lower) / truth, condition);
}

/* Of one output, their mean and all of them; and far beyond double. */
static void test_truth(void **state) {
  (void)state;
  double beta[MOST_DEPTH];
  bool bias[RECORDED_LAYERS];
  size_t width[MOST_DEPTH];
  for (size_t i = 0; i < COUNT(recorded_proofs); i++) {
    const recorded_proof *row = &recorded_proofs[i];
    const ntk_network_spec spec = recorded_spec(row, beta, bias);
    const bool all = strcmp(row->kernel, "all") == 0;
    const ntk_spectrum_options options = {
        .outputs = (ntk_outputs)all, .resolve = true, .certify = true};
    if (strcmp(row->kernel, "1") == 0) /* of a network of its own: of one output */
      continue;
    ntk_spectrum_result r = ask_spectrum(context, &spec, row->N, &options);
    check_interval(row->activation, &r, row->lambda_min, false);
    ntk_spectrum_clear(&r);
  }
  for (size_t i = 0; i < COUNT(recorded_resolves); i++) {
    const recorded_resolve *row = &recorded_resolves[i];
    for (size_t l = 0; l <= row->hidden; l++) {
      width[l] = l == 0 ? row->d : row->width;
      beta[l] = row->beta;
    }
    const ntk_network_spec spec = {.depth = row->hidden + 1,
                                   .width = width,
                                   .activation = row->activation,
                                   .init = row->init,
                                   .beta = beta,
                                   .seed = row->seed};
    const ntk_spectrum_options options = {.resolve = true, .certify = true};
    ntk_spectrum_result r = ask_spectrum(context, &spec, row->N, &options);
    check_interval(row->activation, &r, row->lambda_min, row->hidden > 10);
    ntk_spectrum_clear(&r);
  }
}

typedef struct case_ {
  ntk_network *network;
  ntk_dataset *data;
  ntk_columns J;
  ntk_outputs outputs;
} case_;

static case_ make_case(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  case_ c = {.outputs = outputs};
  assert_ok(ntk_network_create(context, spec, &c.network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, spec->width[0], spec->seed, &c.data));
  assert_ok(ntk_columns_create(c.network, outputs, N, ntk_dataset_values(c.data), &c.J));
  return c;
}

static void drop_case(case_ *c) {
  ntk_columns_destroy(&c->J);
  ntk_dataset_destroy(c->data);
  ntk_network_destroy(c->network);
}

/* Of wrong values and another vector: bounds of the true one all the same. */
static void test_wrong_values(void **state) {
  (void)state;
  enum { N = 40 };
  const size_t width[] = {4, 12, 9};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};
  const double factors[] = {0.3, 1.0 - 1e-12, 1.0 + 1e-7, 1.05, 1.5, 1.99, 2.5, 1e6};
  double *v = make_normal(5, N);
  case_ c = make_case(&spec, NTK_OUTPUTS_TRACE, N);
  const ntk_spectrum_options resolve = {.resolve = true};
  ntk_spectrum_result r = ask_spectrum(context, &spec, N, &resolve);
  assert_int_equal(r.verdict, NTK_VERDICT_OK);
  for (size_t f = 0; f < COUNT(factors); f++) {
    ntk_certificate found = none;
    assert_ok(ntk_enclose(c.network, c.outputs, &c.J, v, factors[f] * r.lambda_min, &found));
    assert_true(found.certified == (factors[f] < 2.0)); /* half of it is tried at last */
    if (found.certified && !(found.lower <= r.lambda_min && r.lambda_min < found.upper &&
                             found.lower > 0.2 * r.lambda_min))
      fail_msg("%g: [%.17g, %.17g], and lambda_min is %.17g", factors[f], found.lower, found.upper,
               r.lambda_min);
  }
  ntk_spectrum_clear(&r);
  drop_case(&c);
  free(v);
}

/* K of a sample more than parameters is 0 at its lower end: no positive bound is proved. */
static void test_singular(void **state) {
  (void)state;
  enum { N = 16 }; /* and 15 parameters */
  const size_t width[] = {2, 5};
  double *v = make_normal(5, N);
  for (uint64_t seed = 0; seed < 8; seed++) {
    const ntk_network_spec spec = {.depth = 2, .width = width, .seed = seed};
    case_ c = make_case(&spec, NTK_OUTPUTS_TRACE, N);
    double trace = 0.0;
    for (size_t i = 0; i < N; i++)
      trace += ntk_columns_square(&c.J, i);
    for (double value = 1e-36; value < 1e-3; value *= 1.7) {
      ntk_certificate found = none;
      assert_ok(ntk_enclose(c.network, c.outputs, &c.J, v, value * trace, &found));
      if (found.certified)
        fail_msg("0 is at least %.3g, of a trace of %.3g", found.lower, trace);
    }
    drop_case(&c);
  }
  free(v);
}

/* K of plain sums in long double, of which double-double is nearer to the truth; with per > 1. */
static void check_gram(const case_ *c) {
  const ntk_columns *J = &c->J;
  const size_t n = J->rows;
  double *room = make_array((size_t)ntk_exact_gram_numbers(J)), *K = make_array(2 * n * n);
  double trace = 0.0;
  ntk_watch watch = {.context = context, .phase = "proof for stored K"};
  assert_ok(ntk_exact_gram(J, room, &watch, (ntk_exact_entries){K, K + n * n}));
  assert_true(ntk_exact_gram_error(J, &trace) < 1e-26 * trace);
  for (size_t i = 0; i < n; i++)
    for (size_t j = i; j < n; j++) {
      long double sum = 0.0L;
      for (size_t l = 0; l < J->blocks; l++) {
        const ntk_columns_block *k = &J->block[l];
        const double *f = k->F.hi + i / J->per * k->width, *g = k->F.hi + j / J->per * k->width;
        long double by_f = 0.0L, by_b = k->B.hi == NULL ? 1.0L : 0.0L;
        for (size_t e = 0; e < k->width; e++)
          by_f += (long double)f[e] * g[e];
        for (size_t e = 0; e < k->out && k->B.hi != NULL; e++)
          by_b += (long double)k->B.hi[i * k->out + e] * k->B.hi[j * k->out + e];
        sum += (k->a * by_f + k->b) * by_b;
      }
      if (!(fabsl(sum - K[i * n + j]) <= 1e-15L * trace))
        fail_msg("(%zu, %zu): %.17g, not %.17Lg", i, j, K[i * n + j], sum);
    }
  free(room);
  free(K);
}

/* Any columns are those of all at once: runs that begin and end inside of a row of a block too. */
static void check_pieces(const ntk_columns *J) {
  const size_t n = J->rows, P = J->count;
  double *all = make_array(n * P), *piece = make_array(n * P);
  ntk_columns_take(J, 0, P, all, P);
  for (size_t first = 0; first < P; first += 5)
    for (size_t count = 1; first + count <= P && count < 40; count++) {
      ntk_columns_take(J, first, count, piece, count);
      for (size_t r = 0; r < n; r++)
        assert_memory_equal(piece + r * count, all + r * P + first, count * sizeof *all);
    }
  free(all);
  free(piece);
}

static void test_gram(void **state) {
  (void)state;
  const size_t width[] = {5, 12, 9};
  const bool bias[] = {true, true, true};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .outputs = 3,
                                 .activation = "tanh,gelu",
                                 .init = "he",
                                 .bias = bias,
                                 .bias_deviation = 0.4,
                                 .parameterization = "2,1,3,0.5,1,4",
                                 .seed = 4};
  for (size_t outputs = 0; outputs < 2; outputs++) {
    case_ c = make_case(&spec, (ntk_outputs)outputs, 23);
    check_gram(&c);
    check_pieces(&c.J);
    drop_case(&c);
  }
}

/* Past so many rows nothing is made, and the reason says so. */
static void test_rows(void **state) {
  (void)state;
  const size_t width[] = {2, 2};
  const ntk_network_spec spec = {.depth = 2, .width = width, .seed = 1};
  case_ c = make_case(&spec, NTK_OUTPUTS_TRACE, NTK_ENCLOSE_ROWS + 1);
  ntk_certificate found = none;
  assert_ok(ntk_enclose(c.network, c.outputs, &c.J, ntk_dataset_values(c.data), 1.0, &found));
  assert_true(!found.certified && !found.kernel.proved && isnan(found.kernel.lower));
  assert_non_null(strstr(found.kernel.reason, "4096 rows"));
  drop_case(&c);
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_truth),    cmocka_unit_test(test_wrong_values),
      cmocka_unit_test(test_singular), cmocka_unit_test(test_gram),
      cmocka_unit_test(test_rows),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
