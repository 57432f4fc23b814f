/* Property: of one kernel there is one answer. Where ntk_spectrum tells block K_{L-2} of the
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
    /* The nearest samples' last digit is rounding's: OpenBLAS's reaches 1e-10, the reference BLAS's
     * 1.3e-10, which must then be said. */
    if (e < 26 || blas_is_openblas(p.context))
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdicts_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
