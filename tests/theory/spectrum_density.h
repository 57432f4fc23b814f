/* The spectral density of K by ntk_spectrum, beside all eigenvalues: the whole by
 * test_spectrum_density_slow.c, a part of its seeds and sizes, DENSITY_SEEDS and DENSITY_SIZES, by
 * test_spectrum_density.c.
 * Property: of networks of each kind the numbers of eigenvalues below and around any number lie in
 * their intervals in 95 of 100 cases, those of the ends in all; without a resolved lambda_min there
 * are products alone, what is known to be 0 is counted there and the density's integral is the rest
 * at most; the peak of memory is within the forecast; what the density does not need is
 * as without it; it can be stopped anywhere; numbers that make no sense are refused. */
#ifndef NTK_TESTS_SPECTRUM_DENSITY_H
#define NTK_TESTS_SPECTRUM_DENSITY_H

#include "conditioning.h"

enum { N = 240 }; /* one thread */
static const size_t width[] = {20, 40, 30};

static ntk_spectrum_result spectrum_of(const problem *p, ntk_spectrum_options options) {
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p->context, p->network, p->data, &options, &r));
  return r;
}

static size_t below(const ntk_spectrum_result *r, double x) {
  size_t count = 0;
  for (size_t i = 0; i < r->order; i++)
    count += r->eigenvalues[i] < x;
  return count;
}

static size_t misses(const ntk_spectrum_result *r) {
  const ntk_density *d = &r->density;
  const double reach = pow(10.0, 0.5 * d->window);
  size_t missed = 0;
  for (size_t i = 0; i < d->points; i++) {
    const ntk_density_point *p = &d->point[i];
    const double n = (double)below(r, p->eigenvalue);
    const double around =
        (double)(below(r, p->eigenvalue * reach) - below(r, p->eigenvalue / reach));
    missed += n < p->count_low || n > p->count_high;
    missed += around < p->density_low * d->window * (1.0 - 1e-12) ||
              around > p->density_high * d->window * (1.0 + 1e-12);
  }
  return missed;
}

static void test_whole_spectra(void **state) {
  (void)state;
  const char *const activations[] = {"sigmoid", "tanh", "relu", "gelu"};
  size_t missed = 0, looked = 0;
  for (size_t a = 0; a < COUNT(activations); a++) {
    problem p;
    problem_open(&p, N, 3, width, activations[a], NULL);
    for (uint64_t seed = 0; seed < DENSITY_SEEDS; seed++) {
      ntk_spectrum_result r = spectrum_of(
          &p, (ntk_spectrum_options){
                  .density = true, .probes = 3, .steps = 25, .full = true, .seed = seed});
      const ntk_density *d = &r.density;
      assert_true(d->probes == 3 && d->steps == 25 && d->products == 75 && d->solves == 75);
      assert_true(d->point[0].eigenvalue < r.lambda_min && d->point[0].count_high == 0.0);
      assert_true(d->point[d->points - 1].eigenvalue > r.lambda_max);
      assert_true(d->point[d->points - 1].count_low == N);
      missed += misses(&r);
      looked += 2 * d->points;
      ntk_spectrum_clear(&r);
    }
    problem_close(&p);
  }
  assert_true((double)missed <= 0.05 * (double)looked);
}

static void check_sums(const ntk_spectrum_result *r, size_t zeros) {
  const ntk_density *d = &r->density;
  const double step = log10(d->point[1].eigenvalue / d->point[0].eigenvalue);
  double sum = 0.0;
  for (size_t i = 0; i < d->points; i++) {
    assert_true(d->point[i].count_low >= (double)zeros);
    sum += d->point[i].density * step;
  }
  assert_true(sum <= (double)(r->order - zeros) * (1.0 + 1e-12));
  for (size_t k = 0; k < d->quantiles; k++) {
    const ntk_density_quantile *q = &d->quantile[k];
    if (q->share * (double)r->order <= (double)zeros)
      assert_true(q->eigenvalue == 0.0 && q->low == 0.0 && q->high == 0.0);
    else
      assert_false(q->eigenvalue <= 0.0);
  }
}

/* More samples than parameters, and of all outputs rows that are there twice and three times. */
static void test_zeros(void **state) {
  (void)state;
  const size_t narrow[] = {20, 5, 6};
  problem p;
  problem_open(&p, 300, 3, narrow, "tanh", NULL);
  ntk_spectrum_result r = spectrum_of(&p, (ntk_spectrum_options){.density = true, .steps = 30});
  check_sums(&r, 300 - (20 * 5 + 5 * 6 + 6));
  ntk_spectrum_clear(&r);
  problem_close(&p);
  double *X = make_normal(5, 60 * 20);
  memcpy(X + 40 * 20, X, 20 * 20 * sizeof *X);
  memcpy(X + 39 * 20, X, 20 * sizeof *X);
  problem_open(&p, 60, 3, width, "tanh", X);
  ntk_network_destroy(p.network);
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .outputs = 2};
  assert_ok(ntk_network_create(p.context, &spec, &p.network));
  r = spectrum_of(&p, (ntk_spectrum_options){
                          .density = true, .steps = 30, .full = true, .outputs = NTK_OUTPUTS_ALL});
  assert_int_equal(below(&r, r.resolution), 2 * 21);
  check_sums(&r, 2 * 21);
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

/* Of N samples half are those of the other half, and are known to be; or two differ in nothing that
 * counts. */
static void test_not_resolved(void **state) {
  (void)state;
  enum { D = 30 };
  const size_t wide[] = {D, 20, 20};
  for (size_t k = 0; k < 2; k++) {
    problem p;
    double *X = make_normal(4, N * D);
    memcpy(X + N / 2 * D, X, (k == 0 ? (size_t)N / 2 : 1) * D * sizeof *X);
    X[N / 2 * D] *= k == 0 ? 1.0 : 1.0 + 1e-15;
    problem_open(&p, N, 3, wide, "tanh", X);
    ntk_spectrum_result r =
        spectrum_of(&p, (ntk_spectrum_options){.density = true, .steps = 80, .full = true});
    assert_int_equal(r.verdict, k == 0 ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_BELOW_RESOLUTION);
    assert_true(r.density.probes == 8 && r.density.solves == 0);
    const ntk_density_point *first = &r.density.point[0];
    assert_true(first->eigenvalue >= 0.9 * r.resolution);
    assert_true((double)misses(&r) <= 0.1 * 2.0 * (double)r.density.points);
    if (k == 0) /* those that are 0 are known, but not how many more are small */
      assert_true(first->count_low == 120.0 && first->count_high > 120.0 &&
                  first->count_high <= 140.0);
    check_sums(&r, k == 0 ? 120 : 0);
    ntk_spectrum_clear(&r);
    problem_close(&p);
  }
}

/* What is not the density's is as without it. */
static void test_beside(void **state) {
  (void)state;
  problem p;
  problem_open(&p, N, 3, width, "tanh", NULL);
  ntk_spectrum_result r = spectrum_of(&p, (ntk_spectrum_options){.density = true, .certify = true}),
                      plain = spectrum_of(&p, (ntk_spectrum_options){.certify = true});
  assert_true(r.lambda_min == plain.lambda_min && r.lambda_max == plain.lambda_max);
  assert_true(r.certificate.certified && r.certificate.lower == plain.certificate.lower);
  assert_true(r.solves == plain.solves && r.products == plain.products);
  assert_true(plain.density.probes == 0 && plain.density.points == 0 &&
              plain.density.point == NULL);
  assert_true(r.seconds.density > 0.0 && plain.seconds.density == 0.0);
  ntk_spectrum_clear(&r);
  ntk_spectrum_clear(&plain);
  problem_close(&p);
}

static void check_memory(size_t samples, const size_t *widths, size_t probes, size_t steps) {
  const ntk_spectrum_options options = {.density = true, .probes = probes, .steps = steps};
  const ntk_network_spec spec = {.depth = 3, .width = widths, .activation = "tanh"};
  size_t bytes = 0, plain = 0;
  problem p;
  problem_open(&p, samples, 3, widths, "tanh", NULL);
  assert_ok(ntk_spectrum_memory(p.context, &spec, samples, &options, &bytes));
  assert_ok(ntk_spectrum_memory(p.context, &spec, samples, NULL, &plain));
  ntk_spectrum_result r = spectrum_of(&p, options);
  const bool singular = samples > ntk_network_parameters(p.network);
  assert_int_equal(r.verdict, singular ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_OK);
  assert_in_range(r.memory_bytes, 1, bytes);
  assert_true(bytes > plain);
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

static void test_memory(void **state) {
  (void)state;
  const size_t sizes[] = {70, 300, 1200}, wide[] = {20, 60, 60};
  const size_t narrow[] = {20, 3, 2}; /* N > P = 68: no factor, and no other copy of K */
  for (size_t s = 0; s < DENSITY_SIZES && s < COUNT(sizes); s++)
    for (size_t c = 0; c < 4; c++)
      check_memory(sizes[s], c % 2 == 0 ? width : narrow, c < 2 ? 0 : 30, c < 2 ? 0 : 300);
  if (DENSITY_SIZES > COUNT(sizes))
    check_memory(3100, wide, 3, 80); /* a product keeps sums of several threads */
}

static void test_stopped(void **state) {
  (void)state;
  problem p;
  problem_open(&p, 60, 3, width, "tanh", NULL);
  const ntk_spectrum_options options = {.density = true, .steps = 8};
  ntk_spectrum_result r;
  ntk_status status = NTK_ERR_CANCELLED;
  int calls = 0;
  for (; status == NTK_ERR_CANCELLED && calls < 1000;
       calls++) { /* their number is the clock's too */
    p.log = (progress_log){0, calls + 1};
    status = ntk_spectrum(p.context, p.network, p.data, &options, &r);
  }
  assert_ok(status);
  assert_in_range(calls, 17, 999); /* a report at each step of both */
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

static void test_refused(void **state) {
  (void)state;
  const struct {
    ntk_spectrum_options options;
    const char *says;
  } cases[] = {
      {{.probes = 3}, "accepted: 0, or density as well"},
      {{.steps = 3}, "accepted: 0, or density as well"},
      {{.density = true, .probes = 1001}, "probes is 1001; accepted: up to 1000"},
      {{.density = true, .steps = 1001}, "steps is 1001; accepted: up to 1000"},
  };
  problem p;
  problem_open(&p, 60, 3, width, "tanh", NULL);
  for (size_t c = 0; c < COUNT(cases); c++) {
    ntk_spectrum_result r;
    assert_refused(ntk_spectrum(p.context, p.network, p.data, &cases[c].options, &r),
                   NTK_ERR_ARGUMENT, cases[c].says);
  }
  problem_close(&p);
}

static int run_density(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_whole_spectra), cmocka_unit_test(test_not_resolved),
      cmocka_unit_test(test_beside),        cmocka_unit_test(test_memory),
      cmocka_unit_test(test_zeros),         cmocka_unit_test(test_stopped),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
