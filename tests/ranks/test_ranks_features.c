/* Features of samples that ranks share: (1), (9), and the rows of (8).
 * Property: outputs, row norms and values have one process's bits; so have those of the first
 * samples alone, and centred ones; a rank may have no sample; what is whole is so on every rank;
 * ranks whose networks differ in a weight, an activation or a scale are told so. */
#include "ranks_support.h"

static void check_output(const ranks_case *c, twice *t) {
  const size_t count = t->N * c->outputs;
  double *F = make_array(count), *F_alone = make_array(count);
  assert_ok(ntk_features_output(t->features, F));
  assert_ok(ntk_features_output(t->features_alone, F_alone));
  assert_memory_equal(F, F_alone, count * sizeof *F);
  memset(F, 0, count * sizeof *F);
  assert_ok(ntk_network_output(t->network, &t->dealt, F));
  assert_memory_equal(F, F_alone, count * sizeof *F);
  free(F);
  free(F_alone);
}

static void test_output(void **state) {
  (void)state;
  for_each_case(check_output);
}

/* Of all samples, and of the first ones. */
static void check_norms(const ranks_case *c, twice *t) {
  for (size_t samples = t->N; samples > 0; samples /= 3) {
    const ntk_features first = ntk_features_leading(t->features, samples);
    const ntk_features first_alone = ntk_features_leading(t->features_alone, samples);
    const size_t count = c->L * first.rows;
    assert_int_equal(first.rows, first_alone.rows);
    double *norms = make_array(2 * count), *norms_alone = make_array(2 * count);
    assert_ok(ntk_features_norms(&first, norms, norms + count));
    assert_ok(ntk_features_norms(&first_alone, norms_alone, norms_alone + count));
    assert_memory_equal(norms, norms_alone, 2 * count * sizeof *norms);
    free(norms);
    free(norms_alone);
  }
}

static void test_norms(void **state) {
  (void)state;
  for_each_case(check_norms);
}

/* The rows that are here of values of all of them, `width` numbers each. */
static void check_rows(const twice *t, const double *own, const double *of_all, size_t width) {
  const ntk_share *share = &t->dealt.share;
  for (ntk_run run = {0}; ntk_share_next(share, share->rank, &run);)
    assert_memory_equal(own + run.here * width, of_all + run.row * width,
                        run.count * width * sizeof *own);
}

static void check_values(const ntk_features *features, const ntk_features *features_alone,
                         const twice *t) {
  const ntk_network_spec spec = ntk_spec_of(t->network);
  for (size_t l = 0; l < spec.depth; l++)
    for (int b = 0; b < (l > 0 ? 2 : 1); b++) {
      const size_t width = (b ? ntk_copies(&spec, features->outputs, l) : 1) * spec.width[l];
      double *own = make_array(t->N * width), *of_all = make_array(t->N * width);
      ntk_features_values(features, b, l, own);
      ntk_features_values(features_alone, b, l, of_all);
      check_rows(t, own, of_all, width);
      free(own);
      free(of_all);
    }
}

static void check_centred(const ranks_case *c, twice *t) {
  ntk_features *centred = NULL, *centred_alone = NULL;
  double *f = make_normal(1, 40), *b = make_normal(2, 40);
  check_values(t->features, t->features_alone, t);
  assert_ok(ntk_features_centre(t->features, f, b, &centred));
  assert_ok(ntk_features_centre(t->features_alone, f, b, &centred_alone));
  check_values(centred, centred_alone, t);
  ntk_features_destroy(centred);
  ntk_features_destroy(centred_alone);
  free(f);
  free(b);
  (void)c;
}

static void test_values(void **state) {
  (void)state;
  for_each_case(check_centred);
}

/* Data in the caller's memory are whole on every rank, and need no other. */
static void test_whole(void **state) {
  (void)state;
  for (size_t c = 0; c < COUNT(ranks_cases); c++) {
    enum { N = 60 };
    const size_t d = ranks_cases[c].width[0];
    const double before = ntk_ranks_traffic(all).messages;
    double *X = make_normal(1, N * d), F[N * 3];
    ntk_network *network = ranks_network(all, &ranks_cases[c]);
    ntk_dataset *data = make_data(all, X, N, d);
    ntk_features *features = NULL;
    assert_ok(ntk_features_create_of(network, data, ranks_cases[c].of, &features));
    assert_ok(ntk_features_output(features, F));
    double *K = kernel_array(features, features->rows, NULL), *v = make_normal(2, features->rows);
    double *u = make_array(features->rows);
    assert_ok(ntk_kernel_apply(features, NULL, v, 1, u));
    for (size_t i = 0; i < features->rows; i++)
      assert_near(u[i], dot(K + i * features->rows, v, features->rows), 1e-12 * K[0] * N, "K v");
    assert_true(ntk_ranks_traffic(all).messages == before);
    ntk_features_destroy(features);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    free(K);
    free(X);
    free(u);
    free(v);
  }
}

/* In a context of its own, which a disagreement breaks. */
static void check_other(const ntk_network_spec *spec, bool other) {
  enum { N = 60 };
  ntk_context *context = make_ranks_context();
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_features *features = NULL;
  assert_ok(ntk_network_create(context, spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, spec->width[0], 1, &data));
  const ntk_status status = ntk_features_create(network, data, &features);
  assert_int_equal(status, other && ranks > 1 ? NTK_ERR_RANKS : NTK_OK);
  ntk_features_destroy(features);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  ntk_context_destroy(context);
}

static void test_other_networks(void **state) {
  (void)state;
  const bool differs = rank == ranks - 1 && ranks > 1;
  const size_t width[] = {5, 6, 7, 1};
  const ntk_network_spec same = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
  ntk_network_spec weights = same, activation = same, scale = same;
  weights.seed += differs;
  activation.activation = differs ? "erf" : "tanh";
  scale.parameterization = differs ? "ntk" : "standard";
  check_other(&same, false);
  check_other(&weights, true);
  check_other(&activation, true);
  check_other(&scale, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_output),         cmocka_unit_test(test_norms),
      cmocka_unit_test(test_values),         cmocka_unit_test(test_whole),
      cmocka_unit_test(test_other_networks),
  };
  return run_on_ranks(tests, COUNT(tests), open_both, close_both);
}
