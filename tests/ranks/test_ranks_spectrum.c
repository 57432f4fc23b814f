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
  double beta; /* 0: 1 */
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
    {"scaled", 3, {60, 40, 30}, 1, 55, "he", {.certify = true}, 1e-160},
    {"scaled, by products", 3, {60, 40, 30}, 1, 55, "he", {.method = "operator"}, 1e-160},
    {"singular", 2, {5, 4}, 1, 150, "paper", {.full = true}}};

/* Of N samples, and the prefixes that these have. */
static ntk_spectrum_result find(ntk_context *context, size_t c, size_t N) {
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_spectrum_result result = {0};
  ntk_spectrum_options options = cases[c].options;
  options.vectors = options.vectors < N ? options.vectors : N;
  for (size_t i = options.prefix_count; i-- > 0 && options.prefixes[i] > N;)
    options.prefix_count = i;
  const double each = cases[c].beta > 0.0 ? cases[c].beta : 1.0, beta[] = {each, each, each};
  const ntk_network_spec spec = {.depth = cases[c].L,
                                 .beta = beta,
                                 .width = cases[c].width,
                                 .activation = "tanh",
                                 .init = cases[c].init,
                                 .seed = 3,
                                 .outputs = cases[c].outputs};
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, cases[c].width[0], 1, &data));
  assert_ok(ntk_spectrum(context, network, data, &options, &result));
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

/* Sums over rows, in whatever order. */
static void check_sums(const ntk_spectrum_result *a, const ntk_spectrum_result *b) {
  const double off = 2.0 * (double)a->order * U;
  assert_near(a->bounds.diagonal_min, b->bounds.diagonal_min, 0.0, "the least of the diagonal");
  for (size_t k = 0; k < a->blocks; k++)
    assert_near(a->block[k].trace, b->block[k].trace, off * b->block[k].trace, "a block's trace");
  assert_near(a->resolution, b->resolution, 64.0 * off * b->resolution, "resolution");
}

/* Of a search from the same vector with the same preconditioner. */
static void check_steps(int a, int b) {
  assert_near(a, b, 4.0 + 0.1 * b, "products or solves");
}

/* Both of the same eigenvector, from which each is its residual over the gap at most (Davis and
 * Kahan), where that is small; up to a sign. */
static void check_vector(const ntk_spectrum_pair *u, const ntk_spectrum_pair *v, double gap,
                         double resolution) {
  const double angle = (u->residual + v->residual + 2.0 * resolution) / gap;
  if (!(angle < 0.1))
    return;
  const double sign = dot(u->vector, v->vector, u->order) < 0.0 ? -1.0 : 1.0;
  double off = 0.0;
  for (size_t i = 0; i < u->order; i++)
    off += pow(u->vector[i] - sign * v->vector[i], 2.0);
  assert_near(sqrt(off), 0.0, 2.0 * angle + 1e-14, "eigenvector");
}

static void check_vectors(const ntk_spectrum_pair *a, const ntk_spectrum_pair *b, size_t count,
                          double resolution) {
  for (size_t i = 0; i < count; i++) {
    check_value(a[i].value, a[i].residual, b[i].value, b[i].residual, resolution, "of several");
    double gap = i + 1 < count ? fabs(b[i + 1].value - b[i].value) : 0.0; /* the last one's: open */
    if (i > 0)
      gap = fmin(gap, fabs(b[i].value - b[i - 1].value));
    check_vector(&a[i], &b[i], gap, resolution);
  }
}

/* Of the same probes, quadrature's numbers but for rounding in Lanczos's steps. */
static void check_density(const ntk_density *a, const ntk_density *b, double order) {
  assert_int_equal(a->points, b->points);
  assert_int_equal(a->quantiles, b->quantiles);
  for (size_t i = 0; i < a->points; i++) {
    const ntk_density_point *p = &a->point[i], *q = &b->point[i];
    assert_near(p->count, q->count, 1e-3 * order, "eigenvalues below");
    assert_true(!(p->count_low > q->count_high) && !(q->count_low > p->count_high));
  }
  for (size_t i = 0; i < a->quantiles; i++) {
    const ntk_density_quantile *q = &a->quantile[i], *p = &b->quantile[i];
    assert_true(isnan(q->low) == isnan(p->low) && !(q->low > p->high) && !(p->low > q->high));
  }
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
  check_vectors(a->smallest, b->smallest, a->smallest_count, r);
  check_vectors(a->largest, b->largest, a->largest_count, r);
  for (size_t i = 0; a->eigenvalues != NULL && i < a->order; i++)
    assert_near(a->eigenvalues[i], b->eigenvalues[i], 16.0 * (double)a->order * U * b->lambda_max,
                "all of them");
  check_density(&a->density, &b->density, (double)a->order);
}

static void check_case(size_t c, size_t N) {
  ntk_spectrum_result a = find(all, c, N), b = find(alone, c, N);
  assert_string_equal(ntk_verdict_name(a.verdict), ntk_verdict_name(b.verdict));
  assert_string_equal(a.method, b.method);
  assert_string_equal(a.precision, b.precision);
  assert_string_equal(a.reason, b.reason);
  assert_int_equal(a.order, b.order);
  assert_int_equal(a.blocks, b.blocks);
  assert_int_equal(a.digits, b.digits);
  assert_int_equal(a.smallest_count, b.smallest_count);
  assert_int_equal(a.largest_count, b.largest_count);
  check_sums(&a, &b);
  check_steps(a.solves, b.solves);
  check_steps(a.products, b.products);
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
    check_case(c, cases[c].N);
  }
}

/* As many as two ranks have, or fewer: the others take part without a row. */
static void test_few(void **state) {
  (void)state;
  static const size_t few[] = {1, 2, 3, 49};
  for (size_t c = 0; c < COUNT(cases); c++)
    for (size_t i = 0; i < COUNT(few); i++)
      check_case(c, few[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spectrum),
      cmocka_unit_test(test_few),
  };
  return run_on_ranks(tests, COUNT(tests), open_both, close_both);
}
