/* Laws of eigenvalues far from 1 (ntkit/laws.h).
 * Property: of relu and data times 2^+-398 a law is that of the data, its numbers times 2^+-796:
 * shares, distance and error are the same, ends, atom and constants are multiplied. */
#include "one_context.h"

#include "ntkit/laws.h"

static ntk_law_result law_of(size_t N, size_t L, const size_t *width, const char *name, int power) {
  const ntk_network_spec spec = {.depth = L, .width = width, .activation = "relu", .seed = 5};
  double *X = make_normal(7, N * width[0]);
  ntk_network *network = NULL;
  ntk_spectrum_result spectrum = {0};
  ntk_law_result law = {0};
  for (size_t i = 0; i < N * width[0]; i++)
    X[i] = ldexp(X[i], power);
  ntk_dataset *data = make_data(one, X, N, width[0]);
  assert_ok(ntk_network_create(one, &spec, &network));
  assert_ok(ntk_spectrum(one, network, data, &(ntk_spectrum_options){.full = true}, &spectrum));
  assert_ok(ntk_law(one, network, data, name, &spectrum, &law));
  ntk_spectrum_clear(&spectrum);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  free(X);
  return law;
}

/* Both may be NaN; 2^power is what numbers of an eigenvalue are multiplied by. */
static void same(double far, double plain, int power, const char *what) {
  const double expected = ldexp(plain, power);
  if (isnan(plain))
    assert_true(isnan(far));
  else
    assert_near(far, expected, 1e-8 * fabs(expected), what);
}

static void compare(const ntk_law_result *far, const ntk_law_result *plain, int power) {
  assert_true(plain->drawn && far->drawn);
  assert_string_equal(far->reason, plain->reason);
  same(far->distance, plain->distance, 0, "distance");
  same(far->atom, plain->atom, 0, "atom");
  same(far->error, plain->error, 0, "error");
  same(far->atom_at, plain->atom_at, power, "the atom's place");
  same(far->lower, plain->lower, power, "lower");
  same(far->upper, plain->upper, power, "upper");
  same(far->constant, plain->constant, power, "constant");
  same(far->lambda_min, plain->lambda_min, power, "lambda_min");
  assert_int_equal(far->points, plain->points);
  for (size_t i = 0; i < plain->points; i++) {
    same(far->point[i].eigenvalue, plain->point[i].eigenvalue, power, "eigenvalue");
    assert_near(far->point[i].below, plain->point[i].below, 1e-8, "below");
    assert_near(ldexp(far->point[i].density, power) * plain->upper,
                plain->point[i].density * plain->upper, 1e-6, "density");
  }
}

static void test_units(void **state) {
  (void)state;
  static const size_t two[] = {80, 40}, three[] = {80, 50, 60}, wide[] = {80, 2000};
  static const struct {
    const char *name;
    size_t N, L;
    const size_t *width;
  } of[] = {{"marchenko-pastur", 60, 2, two}, {"conjugate", 60, 2, two},
            {"conjugate", 60, 3, three},      {"fan-wang", 60, 2, two},
            {"fan-wang", 60, 3, three},       {"montanari-zhong", 20, 2, wide}};
  for (size_t k = 0; k < COUNT(of); k++) {
    ntk_law_result plain = law_of(of[k].N, of[k].L, of[k].width, of[k].name, 0);
    for (int power = -398; power <= 398; power += 2 * 398) {
      ntk_law_result far = law_of(of[k].N, of[k].L, of[k].width, of[k].name, power);
      compare(&far, &plain, 2 * power);
      ntk_law_clear(&far);
    }
    ntk_law_clear(&plain);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_units)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
