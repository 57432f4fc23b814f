/* Montanari and Zhong's lambda_min where blocks are scaled and layers have biases (ntkit/laws.h).
 * Property: the constant is the closed form of relu, the biases' part of K_0 in it; lambda_min of
 * networks on the sphere is within the stated error of the law's, whichever block is most of K; and
 * where that block's units are too few, the law says nothing. */
#include "one_context.h"

#include "ntkit/laws.h"

#define PI 3.14159265358979323846

typedef struct scaled {
  size_t N, width[2];
  const char *activation, *init, *parameterization;
} scaled;

/* The law of it, beside its lambda_min where that is asked for. */
static ntk_law_result law_of(const scaled *s, bool measured, ntk_network **network,
                             ntk_dataset **data) {
  static const bool bias[] = {true, true};
  const ntk_network_spec spec = {.depth = 2,
                                 .width = s->width,
                                 .activation = s->activation,
                                 .init = s->init,
                                 .seed = 5,
                                 .bias = bias,
                                 .parameterization = s->parameterization};
  ntk_spectrum_result spectrum = {0};
  ntk_law_result law = {0};
  assert_ok(ntk_dataset_generate(one, "sphere", s->N, s->width[0], 3, data));
  assert_ok(ntk_network_create(one, &spec, network));
  if (measured)
    assert_ok(ntk_spectrum(one, *network, *data, NULL, &spectrum));
  assert_ok(ntk_law(one, *network, *data, "montanari-zhong", measured ? &spectrum : NULL, &law));
  ntk_spectrum_clear(&spectrum);
  return law;
}

static void release(ntk_law_result *law, ntk_network *network, ntk_dataset *data) {
  ntk_law_clear(law);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

/* relu, d << N << d^2: phi' has mu_0^2 = 1/4, mu_1^2 = 1/(2 pi), and E phi'^2 = 1/2; phi has mu_0^2
 * = s^2/(2 pi), mu_1^2 = s^2/4, and E phi^2 = s^2/2. */
static void test_constant(void **state) {
  (void)state;
  const scaled s = {60, {16, 6000}, "relu", "standard", "0.5,3,2,7"};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_law_result law = law_of(&s, false, &network, &data);
  const double *W1 = ntk_network_weights(network, 1), *W2 = ntk_network_weights(network, 2);
  double first = 0.0, last = 0.0;
  for (size_t i = 0; i < s.width[0] * s.width[1]; i++)
    first += W1[i] * W1[i];
  for (size_t i = 0; i < s.width[1]; i++)
    last += W2[i] * W2[i];
  /* ||x||^2 = d, and so n_1 s^2 = ||W_1||^2 */
  const double weights = 0.5 * 16.0 * last * 0.25, biases = 3.0 * last * (0.25 - 0.5 / PI);
  const double expected = weights + biases + 2.0 * first * (0.25 - 0.5 / PI);
  assert_int_equal(law.degree, 1);
  assert_near(law.constant, expected, 1e-10 * expected, "constant");
  release(&law, network, data);
}

/* K_1 most of K, the biases' part of K_0, both, and either alone; N << d, too. */
static void test_measured(void **state) {
  (void)state;
  const scaled of[] = {{60, {16, 2000}, "tanh", "standard", NULL},
                       {60, {16, 2000}, "sigmoid", "paper", "0,0,1,0"},
                       {60, {16, 6000}, "tanh", "standard", "ntk(1,3)"},
                       {60, {16, 6000}, "relu", "standard", "ntk"},
                       {60, {16, 6000}, "relu", "paper", "0,1,0,0"},
                       {12, {60, 1500}, "tanh", "paper", "0,1,0,0"}};
  for (size_t k = 0; k < COUNT(of); k++) {
    ntk_network *network = NULL;
    ntk_dataset *data = NULL;
    ntk_law_result law = law_of(&of[k], true, &network, &data);
    assert_true(law.drawn && law.error < 0.9);
    assert_near(law.measured / law.lambda_min, 1.0, law.error, of[k].activation);
    assert_true(law.measured > 0.5 * law.lambda_min && law.measured < 1.3 * law.lambda_min);
    release(&law, network, data);
  }
}

/* n_1 d is 16 times N, n_1 as large as N: enough for K_0's weights, not for the others. */
static void test_too_few(void **state) {
  (void)state;
  const char *const scales[] = {"0,0,1,0", "0,1,0,0"};
  for (size_t k = 0; k < COUNT(scales); k++) {
    ntk_network *network = NULL;
    ntk_dataset *data = NULL;
    const scaled s = {60, {16, 60}, "tanh", "paper", scales[k]};
    ntk_law_result law = law_of(&s, false, &network, &data);
    assert_false(law.drawn);
    assert_non_null(strstr(law.reason, "error, "));
    assert_true(isnan(law.lambda_min) && isnan(law.error));
    release(&law, network, data);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_constant),
                                     cmocka_unit_test(test_measured),
                                     cmocka_unit_test(test_too_few)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
