/* Products with J, J^T and K where ranks share the samples.
 * Property: a sum over N samples is, whatever its order, within N u of the sum of its terms' sizes,
 * which row norms bound. */
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
      cmocka_unit_test(test_cross),
  };
  return cmocka_run_group_tests(tests, open_both, close_both);
}
