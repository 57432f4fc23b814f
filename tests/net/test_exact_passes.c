/* Forward and backward pass in double-double (net/exact/passes.h).
 * Property: the arrays of the pass in double, to double's rounding, of every kind of outputs, with
 * biases; the same bits for any number of threads; a second pass differs by 2^-88 of the Jacobian
 * or so. (What lo holds: tests/kernel/test_resolve.c, against 60 digits.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/exact/passes.h"
#include "net/forward.h"
#include "net/network.h"
#include "ntkit/data.h"
#include "support.h"

enum { N = 37, LAYERS = 3, MOST = 3 * 37 * 20 };

static const bool both[] = {true, true, true};
static const ntk_network_spec specs[] = {
    {.depth = 3, .width = (const size_t[]){7, 20, 15}, .activation = "tanh,gelu", .seed = 5},
    {.depth = 3,
     .width = (const size_t[]){7, 20, 15},
     .activation = "sigmoid,sin",
     .init = "he",
     .outputs = 3,
     .bias = both},
    {.depth = 2, .width = (const size_t[]){7, 20}, .activation = "relu", .outputs = 2},
};

typedef struct arrays {
  double F[2][LAYERS][MOST], B[2][LAYERS][MOST], moved[3 * N];
} arrays;

static ntk_context *exact(const ntk_network_spec *spec, ntk_outputs outputs, int threads,
                          const double *X, arrays *of, ntk_network **network) {
  ntk_exact_entries F[LAYERS], B[LAYERS];
  ntk_context *context = make_context(threads);
  for (size_t l = 1; l < spec->depth; l++) {
    F[l] = (ntk_exact_entries){of->F[0][l], of->F[1][l]};
    B[l] = (ntk_exact_entries){of->B[0][l], of->B[1][l]};
  }
  assert_ok(ntk_network_create(context, spec, network));
  assert_ok(ntk_exact_passes(*network, outputs, N, X, F, B, of->moved));
  return context;
}

static void compare(const double *a, const double *b, size_t count, const char *what) {
  double size = 0.0;
  for (size_t i = 0; i < count; i++)
    size = fmax(size, fabs(b[i]));
  for (size_t i = 0; i < count; i++)
    assert_near(a[i], b[i], 200.0 * U * size, what);
}

static void test_as_in_double(void **state) {
  (void)state;
  static arrays one, two, plain;
  double *X = make_normal(1, (size_t)N * 7);
  for (size_t s = 0; s < COUNT(specs); s++)
    for (size_t o = 0; o < (specs[s].outputs > 1 ? 2 : 1); o++) {
      const ntk_outputs outputs = (ntk_outputs)o;
      double *F[LAYERS] = {X, plain.F[0][1], plain.F[0][2]};
      double *B[LAYERS] = {NULL, plain.B[0][1], plain.B[0][2]};
      ntk_network *network = NULL, *other = NULL;
      memset(&one, 0, sizeof one);
      memset(&two, 0, sizeof two);
      ntk_context *context = exact(&specs[s], outputs, 1, X, &one, &network);
      ntk_context *threads = exact(&specs[s], outputs, 3, X, &two, &other);
      assert_memory_equal(&one, &two, sizeof one);
      assert_ok(ntk_forward_backward(network, outputs, N, F, B, NULL));
      const ntk_network_spec spec = ntk_spec_of(network);
      for (size_t l = 1; l < spec.depth; l++) {
        const size_t f = N * spec.width[l], b = f * ntk_copies(&spec, outputs, l);
        compare(one.F[0][l], F[l], f, "F");
        compare(one.B[0][l], B[l], b, "B");
        for (size_t i = 0; i < b; i++)
          assert_true(fabs(one.B[1][l][i]) <= U * fabs(one.B[0][l][i]));
      }
      for (size_t i = 0; i < (outputs == NTK_OUTPUTS_ALL ? N * spec.outputs : N); i++)
        assert_true(one.moved[i] > 0x1p-190 && one.moved[i] < 0x1p-160);
      ntk_network_destroy(network);
      ntk_network_destroy(other);
      ntk_context_destroy(context);
      ntk_context_destroy(threads);
    }
  free(X);
}

/* tanh(big w + x - big w) = tanh(x), of which double-double has what big leaves of it: no less is
 * told to have moved than has; and K_1 of it alone has no more digits than that. */
static void test_cancelling(void **state) {
  (void)state;
  const double big[] = {1e18, 1e22, 1e25, 1e28}, pi = 3.141592653589793, x = 0.3;
  const ntk_network_spec spec = {
      .depth = 2, .width = (const size_t[]){3, 1}, .activation = "tanh", .parameterization = "0,1"};
  const double theta[] = {pi, 1.0, -pi, 1.0};
  ntk_context *context = make_context(1);
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  ntk_network_set(network, theta);
  for (size_t i = 0; i < COUNT(big); i++) {
    const double X[] = {big[i], x, big[i]}, K = tanh(x) * tanh(x);
    const ntk_spectrum_options options = {.resolve = true};
    ntk_dataset *data = make_data(context, X, 1, 3);
    ntk_spectrum_result r = {0};
    assert_ok(ntk_spectrum(context, network, data, &options, &r));
    const double error = fabs(ldexp(r.lambda_min, (int)r.exponent) - K) / K;
    if (!isnan(r.lambda_min) && !(error <= pow(10.0, -r.digits)))
      fail_msg("%g: %d digits are told, the error is %.1e", big[i], r.digits, error);
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
  }
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_in_double),
                                     cmocka_unit_test(test_cancelling)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
