/* Products with J, J^T and K, and what stands for K^{-1}, where ranks share the samples.
 * Property: a sum over N samples is, whatever its order, within N u of the sum of its terms' sizes,
 * which row norms bound; norms and columns of K have one process's bits; M^{-1} is that of the M
 * that one process makes. */
#include "kernel/subset.h"
#include "ranks_support.h"

/* Roundings of either side: of the sums over N samples, over parameters, and of a few factors. */
static double roundings(const twice *t) {
  return 2.0 * U * (double)(t->N + t->network_alone->parameters + 64);
}

/* sum |v_i| ||J_i||, ||J_i||^2 = K_ii but for scales, which are 0.25 and more. */
static double sizes(const twice *t, const double *diagonal, const double *v) {
  double sum = 0.0;
  for (size_t i = 0; i < t->rows; i++)
    sum += 2.0 * fabs(v[i]) * sqrt(diagonal[i]);
  return sum;
}

static size_t inner_of(const twice *t) {
  const ntk_network_spec spec = ntk_spec_of(t->network);
  size_t inner = 0;
  for (size_t l = 1; l <= spec.depth; l++)
    inner += ntk_spec_rows(&spec, l) * ntk_back_width(&spec, t->features->outputs, l);
  return inner;
}

static void check_parts(const ranks_case *c, twice *t) {
  const size_t inner = inner_of(t), n = t->rows;
  double *diagonal = ranks_diagonal(t), *v = make_normal(1, n), *g = make_array(2 * inner);
  double *u = make_array(2 * n), length = 0.0, off = 0.0;
  assert_ok(ntk_kernel_gather(t->features, v, g));
  assert_ok(ntk_kernel_gather(t->features_alone, v, g + inner));
  for (size_t p = 0; p < inner; p++)
    off = hypot(off, g[p] - g[inner + p]);
  assert_near(off, 0.0, roundings(t) * sizes(t, diagonal, v), "J^T v");
  for (size_t p = 0; p < inner; p++)
    length = hypot(length, g[p]);
  assert_ok(ntk_kernel_spread(t->features, g, u));
  assert_ok(ntk_kernel_spread(t->features_alone, g, u + n));
  for (size_t i = 0; i < n; i++)
    assert_near(u[i], u[n + i], roundings(t) * length * 2.0 * sqrt(diagonal[i]), "J g");
  free(diagonal);
  free(v);
  free(g);
  free(u);
  (void)c;
}

static void test_parts(void **state) {
  (void)state;
  for_each_case(check_parts);
}

/* Off by no more than the terms' sizes, |K_ij| <= sqrt(K_ii K_jj), allow. */
static void check_near(const twice *t, const double *diagonal, const double *v, const double *u,
                       const double *u_alone, size_t n) {
  const double allowed = 2.0 * roundings(t) * sizes(t, diagonal, v);
  for (size_t i = 0; i < n; i++)
    assert_near(u[i], u_alone[i], allowed * sqrt(diagonal[i]), "K v");
}

/* Of all samples and the first ones, of all blocks and of some. */
static void check_apply(const ranks_case *c, twice *t) {
  const bool first_last[] = {true, c->L == 2, c->L < 4, true},
             second[] = {false, true, false, false};
  const bool *chosen[] = {NULL, first_last, second};
  double *diagonal = ranks_diagonal(t), *V = make_normal(2, 3 * t->rows);
  double *U_dealt = make_array(3 * t->rows), *U_alone = make_array(3 * t->rows);
  for (size_t samples = t->N; samples > 0; samples /= 3)
    for (size_t b = 0; b < COUNT(chosen); b++) {
      const ntk_features first = ntk_features_leading(t->features, samples);
      const ntk_features first_alone = ntk_features_leading(t->features_alone, samples);
      const size_t n = first.rows;
      for (size_t i = 0; i < 3 * n; i++)
        U_dealt[i] = NAN;
      const size_t before = ntk_memory_in_use(all), peak = ntk_memory_peak_enter(all);
      assert_ok(ntk_kernel_apply(&first, chosen[b], V, 3, U_dealt));
      assert_foretold(before, peak, ranks_bytes(t).apply, "K v");
      assert_ok(ntk_kernel_apply(&first_alone, chosen[b], V, 3, U_alone));
      for (size_t m = 0; m < 3; m++)
        check_near(t, diagonal, V, U_dealt + m * n, U_alone + m * n, n);
    }
  free(diagonal);
  free(V);
  free(U_dealt);
  free(U_alone);
}

static void test_apply(void **state) {
  (void)state;
  for_each_case(check_apply);
}

/* ---- K that is not stored -------------------------------------------------------------------- */

static void check_columns(twice *t, ntk_implicit *K, ntk_implicit *K_alone) {
  enum { SOME = 3 };
  ntk_dataset *few = make_data(all, t->X, SOME, t->d);
  ntk_dataset *few_alone = make_data(alone, t->X, SOME, t->d);
  ntk_features *of_few = NULL, *of_few_alone = NULL;
  assert_ok(ntk_features_create_of(t->network, few, t->features->outputs, &of_few));
  assert_ok(
      ntk_features_create_of(t->network_alone, few_alone, t->features->outputs, &of_few_alone));
  const size_t m = of_few->rows;
  double *A = make_array(t->rows * m), *A_alone = make_array(t->rows * m);
  assert_ok(ntk_implicit_columns(K, of_few, A));
  assert_ok(ntk_implicit_columns(K_alone, of_few_alone, A_alone));
  for (ntk_run run = {0}; ntk_share_next(&K->share, K->share.rank, &run);)
    assert_memory_equal(A + run.here * m, A_alone + run.row * m, run.count * m * sizeof *A);
  ntk_features_destroy(of_few);
  ntk_features_destroy(of_few_alone);
  ntk_dataset_destroy(few);
  ntk_dataset_destroy(few_alone);
  free(A);
  free(A_alone);
}

static void check_products(twice *t, ntk_implicit *K, ntk_implicit *K_alone) {
  const size_t n = t->rows, count = t->network->depth * n;
  double *diagonal = ranks_diagonal(t), *V = make_normal(2, 2 * n), *norms = make_array(4 * count);
  double *KV = make_array(4 * n);
  const ntk_operator A = ntk_implicit_operator(K), A_alone = ntk_implicit_operator(K_alone);
  assert_ok(A.apply(A.user, V, 2, KV));
  assert_ok(A_alone.apply(A_alone.user, V, 2, KV + 2 * n));
  for (size_t m = 0; m < 2; m++)
    check_near(t, diagonal, V + m * n, KV + m * n, KV + (2 + m) * n, n);
  assert_ok(ntk_implicit_norms(K, norms, norms + count));
  assert_ok(ntk_implicit_norms(K_alone, norms + 2 * count, norms + 3 * count));
  assert_memory_equal(norms, norms + 2 * count, 2 * count * sizeof *norms);
  free(diagonal);
  free(V);
  free(KV);
  free(norms);
}

/* M x by its parts, n x m of V and n of D, as one process has them: root o ((I + V V^T) (root o
 * x)).
 */
static void multiply_near(const ntk_subset *s, const double *x, double *y) {
  double *scaled = make_array(s->n), *w = make_array(s->m);
  for (size_t i = 0; i < s->n; i++)
    scaled[i] = s->root[i] * x[i];
  for (size_t i = 0; i < s->n; i++)
    for (size_t j = 0; j < s->m; j++)
      w[j] += s->V[i * s->m + j] * scaled[i];
  for (size_t i = 0; i < s->n; i++)
    y[i] = s->root[i] * (scaled[i] + dot(s->V + i * s->m, w, s->m));
  free(scaled);
  free(w);
}

static void check_subset(twice *t, ntk_implicit *K, ntk_implicit *K_alone) {
  const size_t n = t->rows, samples = t->N < 12 ? 2 : 6;
  double *diagonal = ranks_diagonal(t), *x = make_normal(7, 2 * n), *y = make_normal(7, 2 * n);
  double *back = make_array(n), largest = 0.0, trace = 0.0;
  ntk_subset near = {0}, near_alone = {0};
  assert_ok(ntk_subset_create(K, samples, diagonal, &near));
  assert_ok(ntk_subset_create(K_alone, samples, diagonal, &near_alone));
  for (size_t i = 0; i < samples; i++)
    assert_int_equal(near.chosen[i], near_alone.chosen[i]);
  for (size_t i = 0; i < n; i++)
    trace += diagonal[i];
  assert_ok(ntk_subset_solve(&near, x, 2));
  for (size_t c = 0; c < 2; c++) {
    for (size_t i = 0; i < n; i++)
      largest = fmax(largest, fabs(x[c * n + i]));
    multiply_near(&near_alone, x + c * n, back);
    for (size_t i = 0; i < n; i++)
      assert_near(back[i], y[c * n + i], 1e-11 * trace * largest, "M M^{-1} y");
  }
  ntk_subset_destroy(&near);
  ntk_subset_destroy(&near_alone);
  free(diagonal);
  free(x);
  free(y);
  free(back);
}

static void check_implicit(const ranks_case *c, twice *t) {
  const size_t blocks[] = {20, ntk_share_most(&t->dealt.share)};
  for (size_t b = 0; b < COUNT(blocks); b++) {
    ntk_implicit K = {0}, K_alone = {0};
    assert_ok(ntk_implicit_create(t->network, &t->dealt, c->of, blocks[b], &K));
    assert_ok(ntk_implicit_create(t->network_alone, t->whole, c->of, t->N, &K_alone));
    check_products(t, &K, &K_alone);
    check_columns(t, &K, &K_alone);
    check_subset(t, &K, &K_alone);
    ntk_implicit_destroy(&K);
    ntk_implicit_destroy(&K_alone);
  }
}

static void test_implicit(void **state) {
  (void)state;
  for_each_case(check_implicit);
}

/* Of samples that ranks share nobody has all rows. */
static void test_cross(void **state) {
  (void)state;
  twice t = open_twice(&ranks_cases[0], 49);
  double *A = make_array(49 * 49);
  if (t.dealt.share.ranks > 1)
    assert_refused(ntk_kernel_cross(t.features, t.features, NULL, A), NTK_ERR_ARGUMENT,
                   "accepted: data sets that every rank has whole");
  else
    assert_ok(ntk_kernel_cross(t.features, t.features, NULL, A));
  free(A);
  close_twice(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_apply),
      cmocka_unit_test(test_implicit),
      cmocka_unit_test(test_cross),
  };
  return run_on_ranks(tests, COUNT(tests), open_both, close_both);
}
