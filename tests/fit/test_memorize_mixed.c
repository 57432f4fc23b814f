/* Memorisation with a factor of K_{L-2} in single precision.
 * Property: it reaches what a factor in double reaches, by a plain forward pass; where single does
 * not suffice double does it, and that is said; memory is what was forecast, and less than double's
 * where double does not fit. */
#include "memorize_limits.h"

static ntk_memorize_result fitted(fit_problem *p, const ntk_memorize_options *options) {
  const ntk_network_spec spec = spec_of(p);
  ntk_network *network = NULL;
  ntk_memorize_result r;
  assert_ok(ntk_memorize(p->context, &spec, p->data, p->Y, 1, options, &network, &r));
  double *F = make_array(p->N), error = 0.0, norm = 0.0;
  assert_ok(ntk_network_output(network, p->data, F));
  for (size_t i = 0; i < p->N; i++) {
    error += (F[i] - p->Y[i]) * (F[i] - p->Y[i]);
    norm += p->Y[i] * p->Y[i];
  }
  assert_near(sqrt(error / norm), r.relative_error, 1e-15, "relative_error");
  free(F);
  ntk_network_destroy(network);
  return r;
}

/* As near as double comes, with as many corrections or one more. */
static void test_reaches(void **state) {
  (void)state;
  static const char *const activations[] = {"sigmoid", "tanh", "softplus"};
  static const size_t three[] = {20, 30, 40}, two[] = {60, 80}, four[] = {16, 24, 28, 30};
  static const size_t *const widths[] = {two, three, four};
  for (size_t a = 0; a < 3; a++)
    for (size_t L = 2; L <= 4; L++) {
      fit_problem p = make_problem(1, 200, L, widths[L - 2], activations[a]);
      const ntk_memorize_result twice = fitted(&p, &(ntk_memorize_options){.precision = "double"}),
                                mixed = fitted(&p, &(ntk_memorize_options){.precision = "mixed"}),
                                chosen = fitted(&p, NULL);
      assert_string_equal(twice.precision, "double");
      assert_string_equal(chosen.precision, "double"); /* so few samples */
      assert_true(chosen.relative_error == twice.relative_error);
      const bool used = strcmp(mixed.precision, "mixed") == 0;
      assert_int_equal(used, mixed.precision_reason[0] == '\0');
      assert_true(twice.condition < 1e7 ? used : twice.condition < 1e10 || !used);
      assert_int_equal(mixed.reached, twice.reached);
      assert_true(mixed.reached || !used);
      assert_true(mixed.corrections <= twice.corrections + 1);
      assert_near(mixed.condition, twice.condition, 0.1 * twice.condition, "condition");
      free_problem(&p);
    }
}

/* Samples that come ever nearer: from some distance on it is double's. */
static void test_close_rows(void **state) {
  (void)state;
  bool fell = false;
  for (int e = 1; e <= 8; e++) {
    fit_problem p = make_problem(1, 60, 3, (const size_t[]){20, 30, 40}, "tanh");
    double *X = make_array(60 * 20);
    memcpy(X, ntk_dataset_values(p.data), 60 * 20 * sizeof *X);
    for (size_t j = 0; j < 20; j++)
      X[j] = X[20 + j] * (1.0 + pow(10.0, -e) * (double)(j % 3));
    ntk_dataset_destroy(p.data);
    assert_ok(ntk_dataset_from_array(p.context, X, 60, 20, &p.data));
    free(X);
    const ntk_memorize_result twice = fitted(&p, &(ntk_memorize_options){.precision = "double"}),
                              mixed = fitted(&p, &(ntk_memorize_options){.precision = "mixed"});
    assert_int_equal(mixed.reached, twice.reached);
    const bool here = strcmp(mixed.precision, "double") == 0;
    assert_int_equal(here, mixed.precision_reason[0] != '\0');
    if (here)
      assert_true(mixed.relative_error == twice.relative_error);
    assert_true(e > 1 || !here);
    fell |= here;
    free_problem(&p);
  }
  assert_true(fell);
}

/* The limit between what single alone needs and what double does. */
static void test_memory(void **state) {
  (void)state;
  enum { N = 1500 };
  size_t needs[2] = {0, 0};
  for (int i = 0; i < 4; i++) {
    fit_problem p = make_problem(1, N, 3, (const size_t[]){20, 50, 80}, "tanh");
    const ntk_network_spec spec = spec_of(&p);
    ntk_memorize_options options = {.precision = i % 2 ? "double" : "mixed"};
    size_t bytes = 0;
    p.context->memory_limit = i < 2 ? 1 << 20 : (needs[0] + needs[1]) / 2;
    const ntk_status status = ntk_memorize_memory(p.context, &spec, N, 1, &options, &bytes);
    assert_int_equal(status, i == 2 ? NTK_OK : NTK_ERR_MEMORY);
    if (i < 2)
      needs[i] = bytes;
    if (i == 2) {
      const ntk_memorize_result r = fitted(&p, NULL);
      assert_true(r.reached);
      assert_string_equal(r.precision, "mixed");
      const double peak = (double)ntk_memory_peak(p.context);
      if (!((double)bytes >= peak && (double)bytes <= 1.5 * peak))
        fail_msg("predicted %zu, held %.0f", bytes, peak);
    }
    free_problem(&p);
  }
}

static void test_refused(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 10, 3, width, "tanh");
  const ntk_network_spec spec = spec_of(&p);
  size_t bytes = 0;
  const ntk_memorize_options options = {.precision = "float"};
  assert_refused(ntk_memorize_memory(p.context, &spec, 10, 1, &options, &bytes), NTK_ERR_ARGUMENT,
                 "auto, double, mixed");
  const ntk_memorize_options both = {.precision = "mixed", .iterative = true};
  ntk_network *network = NULL;
  ntk_memorize_result result;
  assert_refused(ntk_memorize(p.context, &spec, p.data, p.Y, 1, &both, &network, &result),
                 NTK_ERR_ARGUMENT, "iterative solves have no factor, whose precision mixed is");
  assert_refused(ntk_memorize_memory(p.context, &spec, 10, 1, &both, &bytes), NTK_ERR_ARGUMENT,
                 "accepted: the precision auto or double");
  free_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_reaches),
      cmocka_unit_test(test_close_rows),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
