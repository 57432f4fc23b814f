/* ntk_spectrum where ranks share the samples, with every option, against one process.
 * Property: verdicts, methods and counts of digits are the same; every eigenvalue is within its
 * residual, and the resolution, of one of K's (Weyl), so that two that are found of the same one
 * differ by no more than both; intervals that are proved meet; all ranks have the same bits. */
#include "ranks_support.h"

static const size_t first[] = {3, 50, 300};

static const struct {
  const char *name;
  size_t L, width[4], outputs, N;
  const char *init;
  ntk_spectrum_options options;
} cases[] = {
    {"factor", 3, {20, 40, 30}, 1, 500, "paper", {.method = "factor", .certify = true}},
    {"mixed", 3, {20, 40, 30}, 1, 500, "paper", {.precision = "mixed"}},
    {"operator", 3, {20, 40, 30}, 1, 500, "paper", {.method = "operator", .vectors = 2}},
    {"full", 3, {20, 40, 30}, 1, 200, "paper", {.full = true, .per_block = true}},
    {"first", 2, {60, 30}, 1, 400, "he", {.prefixes = first, .prefix_count = COUNT(first)}},
    {"vectors", 3, {20, 40, 30}, 1, 300, "paper", {.vectors = 3}},
    {"density", 3, {20, 40, 30}, 1, 300, "paper", {.density = true, .probes = 2}},
    {"outputs", 3, {20, 40, 30}, 3, 130, "standard", {.outputs = NTK_OUTPUTS_ALL, .certify = true}},
    {"by products",
     3,
     {20, 40, 30},
     3,
     130,
     "standard",
     {.outputs = NTK_OUTPUTS_ALL, .method = "operator"}},
    {"mean", 3, {20, 40, 30}, 3, 200, "standard", {.outputs = NTK_OUTPUTS_TRACE}},
    {"singular", 2, {5, 4}, 1, 150, "paper", {.full = true}},
    {"a row", 2, {5, 4}, 1, 1, "paper", {.certify = true}},
    {"few", 3, {20, 40, 30}, 1, 3, "paper", {.certify = true}}};

static ntk_spectrum_result find(ntk_context *context, size_t c) {
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_spectrum_result result = {0};
  const ntk_network_spec spec = {.depth = cases[c].L,
                                 .width = cases[c].width,
                                 .activation = "tanh",
                                 .init = cases[c].init,
                                 .seed = 3,
                                 .outputs = cases[c].outputs};
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", cases[c].N, cases[c].width[0], 1, &data));
  assert_ok(ntk_spectrum(context, network, data, &cases[c].options, &result));
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return result;
}

/* Both may be not known, and what is 0 without computing has no residual. */
static void check_value(double value, double residual, double other, double other_residual,
                        double resolution, const char *what) {
  const double allowed =
      fmax(residual, 0.0) + fmax(other_residual, 0.0) + 2.0 * fmax(resolution, 0.0);
  assert_true(isnan(value) == isnan(other));
  if (!isnan(value))
    assert_near(value, other, allowed, what);
}

static void check_certificates(const ntk_certificate *a, const ntk_certificate *b) {
  assert_int_equal(a->certified, b->certified);
  assert_true(!a->certified || (a->lower <= b->upper && b->lower <= a->upper));
}

static void check_parts(const ntk_spectrum_result *a, const ntk_spectrum_result *b) {
  const double r = a->resolution;
  for (size_t k = 0; k < a->blocks; k++) {
    assert_int_equal(a->block[k].verdict, b->block[k].verdict);
    check_value(a->block[k].lambda_min, 1e-6 * a->block[k].lambda_min, b->block[k].lambda_min,
                1e-6 * b->block[k].lambda_min, r, "of a block");
  }
  for (size_t i = 0; i < a->prefixes; i++) {
    assert_int_equal(a->prefix[i].verdict, b->prefix[i].verdict);
    check_value(a->prefix[i].lambda_min, a->prefix[i].residual, b->prefix[i].lambda_min,
                b->prefix[i].residual, r, "of first samples");
  }
  for (size_t i = 0; i < a->smallest_count; i++)
    check_value(a->smallest[i].value, a->smallest[i].residual, b->smallest[i].value,
                b->smallest[i].residual, r, "small");
  for (size_t i = 0; i < a->largest_count; i++)
    check_value(a->largest[i].value, a->largest[i].residual, b->largest[i].value,
                b->largest[i].residual, r, "large");
  for (size_t i = 0; a->eigenvalues != NULL && i < a->order; i++)
    assert_near(a->eigenvalues[i], b->eigenvalues[i], 16.0 * (double)a->order * U * b->lambda_max,
                "all of them");
  for (size_t i = 0; i < a->density.quantiles; i++) { /* of the same probes */
    const ntk_density_quantile *q = &a->density.quantile[i], *p = &b->density.quantile[i];
    assert_true(isnan(q->low) == isnan(p->low) && !(q->low > p->high) && !(p->low > q->high));
  }
}

static void check_case(size_t c) {
  ntk_spectrum_result a = find(all, c), b = find(alone, c);
  assert_string_equal(ntk_verdict_name(a.verdict), ntk_verdict_name(b.verdict));
  assert_string_equal(a.method, b.method);
  assert_string_equal(a.precision, b.precision);
  assert_string_equal(a.reason, b.reason);
  assert_int_equal(a.order, b.order);
  assert_int_equal(a.blocks, b.blocks);
  assert_int_equal(a.digits, b.digits);
  check_value(a.lambda_min, a.residual_min, b.lambda_min, b.residual_min, b.resolution, "smallest");
  check_value(a.lambda_max, a.residual_max, b.lambda_max, b.residual_max, b.resolution, "largest");
  check_certificates(&a.certificate, &b.certificate);
  check_parts(&a, &b);
  assert_same_on_all(all, &a.lambda_min, sizeof a.lambda_min);
  assert_same_on_all(all, &a.lambda_max, sizeof a.lambda_max);
  if (a.eigenvector != NULL)
    assert_same_on_all(all, a.eigenvector, a.order * sizeof(double));
  ntk_spectrum_clear(&a);
  ntk_spectrum_clear(&b);
}

static void test_spectrum(void **state) {
  (void)state;
  for (size_t c = 0; c < COUNT(cases); c++) {
    if (rank == 0)
      printf("%s\n", cases[c].name);
    check_case(c);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spectrum),
  };
  return cmocka_run_group_tests(tests, open_both, close_both);
}
