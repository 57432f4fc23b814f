/* ntk_spectrum of networks that double precision does not hold, where a layer or a block is lost.
 * Property: what is told is that of the network as it was given, worked out by hand: a sample of
 * which elu leaves -1 alone, a block that is 0 in double and not in double-double, and a block that
 * is 2^-1000 of the others, which is no 0.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/network.h"
#include "ntkit/data.h"
#include "support.h"

#include <math.h>
#include <string.h>

static ntk_context *context;

/* Of d inputs, one hidden unit and W_2 = 1, at one sample. */
static ntk_spectrum_result one_unit(const char *activation, size_t d, const double *W_1,
                                    const double *x, bool resolve) {
  const ntk_spectrum_options options = {.resolve = resolve};
  const ntk_network_spec spec = {
      .depth = 2, .width = (const size_t[]){d, 1}, .activation = activation};
  double theta[8] = {0.0};
  ntk_network *network = NULL;
  ntk_spectrum_result r = {0};
  assert_ok(ntk_network_create(context, &spec, &network));
  memcpy(theta, W_1, d * sizeof *W_1);
  theta[d] = 1.0;
  ntk_network_set(network, theta);
  ntk_dataset *data = make_data(context, x, 1, d);
  assert_ok(ntk_spectrum(context, network, data, &options, &r));
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return r;
}

/* phi(-2^k) = -c: K = K_1 = c^2, however large k is; and where there is more, phi(2^k) = s 2^k,
 * that is (s 2^k)^2 + s^2. */
static void test_saturated(void **state) {
  (void)state;
  static const struct {
    const char *activation;
    double c, s;
  } of[] = {{"elu", 1.0, 1.0},
            {"elu(3)", 3.0, 1.0},
            {"celu(2)", 2.0, 1.0},
            {"selu", 1.7580993408473766, 1.0507009873554805}};
  const double x = 1.0;
  for (size_t i = 0; i < COUNT(of); i++)
    for (int k = 400; k <= 900; k += 250) {
      const double up = ldexp(1.0, k), down = -up, c = of[i].c, s = of[i].s;
      ntk_spectrum_result r = one_unit(of[i].activation, 1, &down, &x, false);
      assert_int_equal(r.verdict, NTK_VERDICT_OK);
      assert_near(ldexp(r.lambda_min, (int)r.exponent), c * c, 1e-14 * c * c, of[i].activation);
      ntk_spectrum_clear(&r);
      r = one_unit(of[i].activation, 1, &up, &x, false);
      assert_near(ldexp(r.lambda_min, (int)r.exponent - 2 * k), s * s, 1e-14 * s * s,
                  of[i].activation);
      ntk_spectrum_clear(&r);
    }
}

/* G = 3.14... / 3 + small - 3.14... / 3 > 0, of which double has nothing, or less: K = |x|^2. */
static void test_hidden(void **state) {
  (void)state;
  const double pi = 3.141592653589793, third = 1.0 / 3.0, W[] = {third, 1.0, -third};
  for (int e = -52; e >= -80; e -= 4) {
    const double x[] = {pi, ldexp(1.0, e), pi}, K = 2.0 * pi * pi;
    ntk_spectrum_result r = one_unit("relu", 3, W, x, true);
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    assert_near(ldexp(r.lambda_min, (int)r.exponent), K, 1e-14 * K, "lambda_min");
    ntk_spectrum_clear(&r);
  }
}

/* 3 units leave K_1 rank 3, and K_0, of W_2 times 2^-k, does the rest: K is not singular, and not
 * proved to be, nor is K of 4 samples; 16 samples and 15 parameters are. */
static void test_small_block(void **state) {
  (void)state;
  static const size_t prefixes[] = {2, 4};
  static const size_t samples[] = {5, 16};
  for (int k = 500; k <= 900; k += 200)
    for (size_t i = 0; i < COUNT(samples); i++) {
      const double beta[] = {1.0, ldexp(1.0, -k)};
      const ntk_network_spec spec = {.depth = 2,
                                     .width = (const size_t[]){4, 3},
                                     .activation = "tanh",
                                     .init = "standard",
                                     .beta = beta,
                                     .seed = 1};
      const ntk_spectrum_options options = {
          .certify = true, .prefixes = prefixes, .prefix_count = COUNT(prefixes)};
      const bool singular = samples[i] > 15;
      ntk_network *network = NULL;
      ntk_dataset *data = NULL;
      ntk_spectrum_result r = {0};
      assert_ok(ntk_network_create(context, &spec, &network));
      assert_ok(ntk_dataset_generate(context, "gaussian", samples[i], 4, 1, &data));
      assert_ok(ntk_spectrum(context, network, data, &options, &r));
      assert_int_equal(r.verdict,
                       singular ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_BELOW_RESOLUTION);
      assert_true((r.deficiency.cause != NULL) == singular);
      assert_true(r.certificate.kernel.proved == singular);
      assert_int_equal(r.prefix[0].verdict, NTK_VERDICT_OK);
      assert_int_equal(r.prefix[1].verdict, NTK_VERDICT_BELOW_RESOLUTION);
      ntk_spectrum_clear(&r);
      ntk_dataset_destroy(data);
      ntk_network_destroy(network);
    }
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_saturated),
      cmocka_unit_test(test_hidden),
      cmocka_unit_test(test_small_block),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
