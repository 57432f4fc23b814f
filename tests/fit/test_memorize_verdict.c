/* Also: the layers that are given stay, and labels are fitted above them.
 * Property: of one kernel there is one answer. Where ntk_spectrum tells block K_{L-2} of the
 * construction's base network from a singular one, ntk_memorize tells its condition number, and
 * where it does not, none; labels that two nearly equal samples share are fitted in
 * either case. (Nearer ones are left out of the system, whose condition is then told.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "memorize_support.h"

enum { N = 60, WIDTH = 24 };
static const size_t width[] = {10, WIDTH, WIDTH};

/* The network that the construction starts from: half the last hidden layer, and the signs of W_L.
 */
static ntk_network *make_base(const fit_problem *p) {
  const size_t half[] = {10, WIDTH, WIDTH / 2};
  ntk_network_spec spec = spec_of(p);
  spec.width = half;
  ntk_network *drawn = NULL, *base = NULL;
  assert_ok(ntk_network_create(p->context, &spec, &drawn));
  double signs[WIDTH / 2];
  for (size_t j = 0; j < WIDTH / 2; j++)
    signs[j] = ntk_network_weights(drawn, 3)[j] < 0.0 ? -1.0 : 1.0;
  const double *W[] = {ntk_network_weights(drawn, 1), ntk_network_weights(drawn, 2), signs};
  assert_ok(ntk_network_from_weights(p->context, &spec, W, NULL, &base));
  ntk_network_destroy(drawn);
  return base;
}

static void test_verdicts_agree(void **state) {
  (void)state;
  fit_problem p = make_problem(1, N, 3, width, "tanh");
  ntk_network *base = make_base(&p);
  int resolved = 0, unresolved = 0;
  p.Y[1] = p.Y[0];
  for (int e = 14; e <= 26; e++) {
    for (size_t j = 0; j < width[0]; j++) /* x_1 at 2^(1 - e) of x_0, and farther at other j */
      p.X[width[0] + j] = p.X[j] * (1.0 + ldexp(j % 2 == 0 ? 2.0 : -1.0, -e));
    ntk_dataset_destroy(p.data);
    p.data = make_data(p.context, p.X, N, width[0]);
    const ntk_spectrum_options blocks = {.per_block = true};
    ntk_spectrum_result spectrum;
    ntk_memorize_result result;
    assert_ok(ntk_spectrum(p.context, base, p.data, &blocks, &spectrum));
    const bool ok = spectrum.block[1].verdict == NTK_VERDICT_OK;
    ntk_network_destroy(memorize(&p, NULL, &result));
    if (ok != (bool)isfinite(result.condition))
      fail_msg("at 2^-%d: %s, and the condition number is %g", e,
               ntk_verdict_name(spectrum.block[1].verdict), result.condition);
    /* The nearest samples' last digit is rounding's: some BLAS kernels reach 1e-10, others 1.3e-10,
     * which must then be said. */
    if (e < 26)
      assert_true(result.reached);
    else
      assert_true(result.reached || strstr(result.reason, "samples 1 and 2") != NULL);
    resolved += ok;
    unresolved += !ok;
    ntk_spectrum_clear(&spectrum);
  }
  assert_true(resolved > 2 && unresolved > 2);
  ntk_network_destroy(base);
  free_problem(&p);
}

/* A trained network's layers, here another seed's: W_1 stays to the bit, the halves of W_2 lie
 * about its first columns; the same network's own change nothing. */
static void test_given_layers(void **state) {
  (void)state;
  fit_problem p = make_problem(1, N, 3, width, "tanh");
  ntk_network_spec spec = spec_of(&p);
  ntk_network *own = NULL, *other = NULL;
  ntk_memorize_result result;
  assert_ok(ntk_network_create(p.context, &spec, &own));
  spec.seed = 77;
  assert_ok(ntk_network_create(p.context, &spec, &other));
  ntk_network *drawn = memorize(&p, NULL, &result);
  ntk_network *same = memorize(&p, &(ntk_memorize_options){.below = own}, &result);
  assert_memory_equal(ntk_network_weights(same, 1), ntk_network_weights(drawn, 1),
                      ntk_network_parameters(drawn) * sizeof(double));
  ntk_network *given = memorize(&p, &(ntk_memorize_options){.below = other}, &result);
  assert_true(result.reached);
  double relative, largest;
  plain_errors(&p, given, &relative, &largest);
  assert_true(relative <= 1e-10);
  assert_memory_equal(ntk_network_weights(given, 1), ntk_network_weights(other, 1),
                      width[0] * WIDTH * sizeof(double));
  for (size_t i = 0; i < WIDTH; i++)
    for (size_t j = 0; j < WIDTH / 2; j++) {
      const double *W = ntk_network_weights(given, 2) + i * WIDTH;
      const double w = ntk_network_weights(other, 2)[i * WIDTH + j];
      assert_near(0.5 * (W[j] + W[j + WIDTH / 2]), w, 1e-14 * (1.0 + fabs(w)), "W_2");
    }
  const size_t narrow[] = {10, WIDTH - 2, WIDTH};
  ntk_network *another = make_network(p.context, 3, narrow, "tanh", NULL, 1), *none = NULL;
  spec = spec_of(&p);
  assert_refused(ntk_memorize(p.context, &spec, p.data, p.Y, 1,
                              &(ntk_memorize_options){.below = another}, &none, &result),
                 NTK_ERR_SHAPE, "has other widths");
  ntk_network_destroy(another);
  ntk_network_destroy(given);
  ntk_network_destroy(same);
  ntk_network_destroy(drawn);
  ntk_network_destroy(other);
  ntk_network_destroy(own);
  free_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdicts_agree),
                                     cmocka_unit_test(test_given_layers)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
