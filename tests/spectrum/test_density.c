/* The number of eigenvalues below any number, by stochastic Lanczos quadrature.
 * Property: of known spectra, over many seeds, the interval has the number in 95 of 100 at least,
 * by products alone and with solves; with all steps made, so that nothing but chance is left, in
 * hardly more; Gaussian Gram matrices follow Marchenko and Pastur's law; densities are the numbers
 * within the window; quantiles lie where the numbers do; one eigenvalue, equal ones and zeros have
 * theirs; the bits do not depend on the number of threads. */
#include "base/memory.h"
#include "known_spectrum.h"
#include "spectrum/density/density.h"

/* A = diag(lambda). */
typedef struct diagonal {
  size_t n;
  double *lambda;
} diagonal;

static ntk_status apply_diagonal(void *user, const double *V, size_t m, double *U) {
  const diagonal *d = user;
  for (size_t i = 0; i < d->n * m; i++)
    U[i] = d->lambda[i % d->n] * V[i];
  return NTK_OK;
}

static ntk_status solve_diagonal(void *user, double *V, size_t m) {
  const diagonal *d = user;
  for (size_t i = 0; i < d->n * m; i++)
    V[i] /= d->lambda[i % d->n];
  return NTK_OK;
}

static double trace_of(const diagonal *d) {
  double sum = 0.0;
  for (size_t i = 0; i < d->n; i++)
    sum += d->lambda[i];
  return sum;
}

/* lambda ascending. */
static ntk_density density_by(ntk_context *by, const diagonal *d, size_t probes, size_t steps,
                              uint64_t seed, bool solves) {
  const ntk_operator A = {
      .n = d->n, .apply = apply_diagonal, .solve = solve_diagonal, .user = (void *)d};
  const ntk_density_ends ends = {solves ? d->lambda[0] : 0.0, d->lambda[d->n - 1],
                                 1e-13 * d->lambda[d->n - 1], trace_of(d), 0};
  ntk_density_measure m;
  ntk_density made = {0};
  assert_ok(ntk_density_begin(by, d->n, probes, steps, seed, &m));
  assert_ok(ntk_density_add(&m, &A, false));
  if (solves)
    assert_ok(ntk_density_add(&m, &A, true));
  assert_ok(ntk_density_make(&m, &ends, &made));
  ntk_density_end(&m);
  return made;
}

static ntk_density density_of(const diagonal *d, size_t probes, size_t steps, uint64_t seed,
                              bool solves) {
  return density_by(context, d, probes, steps, seed, solves);
}

static size_t below(const diagonal *d, double x) {
  size_t count = 0;
  for (size_t i = 0; i < d->n; i++)
    count += d->lambda[i] < x;
  return count;
}

/* Three groups over six decades, as of a kernel. */
static diagonal kernel_like(size_t n) {
  diagonal d = {n, make_array(n)};
  for (size_t i = 0; i < n; i++) {
    const double t = ((double)i + 0.5) / (double)n;
    d.lambda[i] = i + 1 == n ? 1e6 : t < 0.9 ? pow(10.0, 1.4 * t * t) : 700.0 * pow(5.0, t);
  }
  return d;
}

/* ---- Coverage -------------------------------------------------------------------------------- */

typedef struct misses {
  size_t count, density, quantile; /* all in all, of those below */
  size_t worst;                    /* at one point */
  size_t counts, quantiles;
} misses;

static void look(const diagonal *d, const ntk_density *r, size_t *missed, misses *m) {
  for (size_t i = 0; i < r->points; i++) {
    const ntk_density_point *p = &r->point[i];
    const double reach = pow(10.0, 0.5 * r->window);
    const double n = (double)below(d, p->eigenvalue);
    const double within =
        (double)(below(d, p->eigenvalue * reach) - below(d, p->eigenvalue / reach)) / r->window;
    assert_true(p->count_low <= p->count && p->count <= p->count_high);
    assert_true(p->density_low <= p->density && p->density <= p->density_high);
    missed[i] += n < p->count_low || n > p->count_high;
    m->count += n < p->count_low || n > p->count_high;
    m->density += within < p->density_low * (1.0 - 1e-12) || /* n / window, rounded */
                  within > p->density_high * (1.0 + 1e-12);
    m->counts++;
  }
  for (size_t k = 0; k < r->quantiles; k++) {
    const ntk_density_quantile *q = &r->quantile[k];
    const double exactly = d->lambda[(size_t)ceil(q->share * (double)d->n) - 1];
    m->quantile += exactly < q->low || exactly > q->high;
    m->quantiles++;
  }
}

static misses count_misses(const diagonal *d, size_t probes, size_t steps, size_t seeds,
                           bool solves) {
  misses m = {0};
  size_t missed[400] = {0};
  for (uint64_t seed = 0; seed < seeds; seed++) {
    ntk_density r = density_of(d, probes, steps, seed, solves);
    assert_in_range(r.points, 2, 400);
    look(d, &r, missed, &m);
    ntk_density_clear(context, &r);
  }
  for (size_t i = 0; i < 400; i++)
    m.worst = missed[i] > m.worst ? missed[i] : m.worst;
  return m;
}

static void test_coverage(void **state) {
  (void)state;
  enum { SEEDS = 200, N = 240 };
  const size_t steps[] = {12, 30, 40};
  const double most = 0.05 + 2.0 * sqrt(0.05 * 0.95 / SEEDS); /* as if all points were one */
  diagonal d = kernel_like(N);
  for (size_t s = 0; s < 3; s++)
    for (size_t solves = 0; solves < 2; solves++) {
      /* At last 30 values, 8 times each: they are found, how often they occur is not. */
      for (size_t i = 0; s == 2 && i < N; i++)
        d.lambda[i] = d.lambda[i - i % 8];
      const misses m = count_misses(&d, 3, steps[s], SEEDS, solves);
      assert_true((double)m.count <= most * (double)m.counts);
      assert_true((double)m.density <= most * (double)m.counts);
      assert_true((double)m.quantile <= most * (double)m.quantiles);
      assert_in_range(m.worst, 0, 22); /* 10 and four deviations */
      if (s == 2) { /* chance alone: the intervals are no wider than they have to be */
        assert_true((double)m.count >= 0.01 * (double)m.counts);
        assert_true((double)m.density >= 0.002 * (double)m.counts);
      }
    }
  free(d.lambda);
}

/* Steps and probes narrow the intervals. */
static void test_narrower(void **state) {
  (void)state;
  const size_t numbers[][2] = {{2, 10}, {2, 20}, {2, 80}, {8, 80}, {32, 80}};
  double before = INFINITY;
  diagonal d = kernel_like(1000);
  for (size_t k = 0; k < 5; k++) {
    ntk_density r = density_of(&d, numbers[k][0], numbers[k][1], 1, true);
    double width = 0.0;
    for (size_t i = 0; i < r.points; i++)
      width += (r.point[i].count_high - r.point[i].count_low) / (double)r.points;
    assert_true(width < 0.8 * before);
    assert_true(r.probes == numbers[k][0] && r.steps == numbers[k][1]);
    assert_int_equal(r.products, numbers[k][0] * numbers[k][1]);
    assert_int_equal(r.solves, r.products);
    before = width;
    ntk_density_clear(context, &r);
  }
  assert_true(before < 10.0); /* of 1000 */
  free(d.lambda);
}

/* ---- Known spectra --------------------------------------------------------------------------- */

/* Of G G^T / d with G N x d standard normal, N / d -> c <= 1: the share of eigenvalues up to x. */
static double marchenko_pastur(double c, double x) {
  enum { PIECES = 20000 };
  const double a = (1.0 - sqrt(c)) * (1.0 - sqrt(c)), b = (1.0 + sqrt(c)) * (1.0 + sqrt(c));
  const double end = x <= a ? 0.0 : x >= b ? acos(-1.0) : acos((a + b - 2.0 * x) / (b - a));
  double sum = 0.0;
  for (size_t i = 0; i < PIECES; i++) { /* x = middle - half cos t */
    const double t = end * ((double)i + 0.5) / PIECES, half = 0.5 * (b - a);
    const double at = 0.5 * (a + b) - half * cos(t);
    sum += half * half * sin(t) * sin(t) / (2.0 * acos(-1.0) * c * at) * end / PIECES;
  }
  return sum;
}

/* Eigenvalues of Gram matrices are rigid: their number below x is off the law by order 1. */
static void test_marchenko_pastur(void **state) {
  (void)state;
  enum { N = 400, D = 1000 };
  double *G = make_normal(3, (size_t)N * D), *A = make_array(N * N), *vector = make_array(N);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j <= i; j++)
      A[i * N + j] = A[j * N + i] = dot(G + i * D, G + j * D, D) / D;
  diagonal d = {N, make_array(N)};
  assert_ok(ntk_dsyevd(context, 'N', N, A, d.lambda));
  ntk_density r = density_of(&d, 8, 60, 0, true);
  for (size_t i = 0; i < r.points; i++) {
    const double n = N * marchenko_pastur((double)N / D, r.point[i].eigenvalue);
    assert_near((double)below(&d, r.point[i].eigenvalue), n, 3.0, "the law");
    assert_true(n >= r.point[i].count_low - 3.0 && n <= r.point[i].count_high + 3.0);
  }
  ntk_density_clear(context, &r);
  free(d.lambda);
  free(vector);
  free(A);
  free(G);
}

static void test_edges(void **state) {
  (void)state;
  diagonal one = {1, make_array(1)}, equal = {50, make_array(50)}, zeros = {50, make_array(50)};
  one.lambda[0] = 3.0;
  for (size_t i = 0; i < 50; i++) {
    equal.lambda[i] = 0.2;
    zeros.lambda[i] = i < 30 ? 0.0 : (double)i;
  }
  const diagonal *all[] = {&one, &equal, &zeros};
  for (size_t k = 0; k < 3; k++)
    for (size_t solves = 0; solves < (k < 2 ? 2 : 1); solves++) {
      ntk_density r = density_of(all[k], 4, 100, 0, solves);
      size_t inside = 0;
      for (size_t i = 0; i < r.points; i++) {
        const double n = (double)below(all[k], r.point[i].eigenvalue);
        inside += r.point[i].count_low <= n && n <= r.point[i].count_high;
        if (k < 2 &&
            fabs(r.point[i].eigenvalue / all[k]->lambda[0] - 1.0) > 1e-5) /* no chance left */
          assert_true(r.point[i].count_low == n && r.point[i].count_high == n);
      }
      assert_true((double)inside >= 0.9 * (double)r.points);
      assert_int_equal(r.steps, k == 0 ? 1 : 50);
      assert_in_range(r.products, k < 2 ? 4 : 4 * 21, k < 2 ? 4 : 4 * 50); /* 21 values differ */
      ntk_density_clear(context, &r);
    }
  memset(zeros.lambda, 0, 50 * sizeof *zeros.lambda); /* A = 0 has no logarithm */
  ntk_density r = density_of(&zeros, 4, 100, 0, false);
  assert_true(r.points == 0 && r.quantiles == 0 && r.probes == 4);
  ntk_density_clear(context, &r);
  free(one.lambda);
  free(equal.lambda);
  free(zeros.lambda);
}

/* All of few eigenvalues are found: nothing is left to chance, though chance may say else. */
static void test_few(void **state) {
  (void)state;
  diagonal d = {4, make_array(4)};
  for (size_t i = 0; i < 4; i++)
    d.lambda[i] = pow(7.0, (double)i);
  for (uint64_t seed = 0; seed < 50; seed++) {
    ntk_density r = density_of(&d, 2, 4, seed, true);
    for (size_t i = 0; i < r.points; i++) {
      const ntk_density_point *p = &r.point[i];
      const double power = log(p->eigenvalue) / log(7.0), n = (double)below(&d, p->eigenvalue);
      if (fabs(power - round(power)) > 1e-5)
        assert_true(p->count_low == n && p->count == n && p->count_high == n);
    }
    ntk_density_clear(context, &r);
  }
  free(d.lambda);
}

/* ---- How it runs ----------------------------------------------------------------------------- */

static void test_threads(void **state) {
  (void)state;
  diagonal d = kernel_like(5000); /* enough for threads to be woken */
  ntk_density first = {0};
  for (int threads = 1; threads <= 3; threads++) {
    ntk_context *by = make_context(threads);
    ntk_density r = density_by(by, &d, 5, 40, 0, true);
    if (threads == 1)
      first = density_of(&d, 5, 40, 0, true);
    assert_memory_equal(r.point, first.point, r.points * sizeof *r.point);
    assert_memory_equal(r.quantile, first.quantile, r.quantiles * sizeof *r.quantile);
    ntk_density_clear(by, &r);
    ntk_context_destroy(by);
  }
  ntk_density_clear(context, &first);
  free(d.lambda);
}

static void test_memory(void **state) {
  (void)state;
  const size_t numbers[][2] = {{1, 1}, {3, 40}, {20, 200}};
  diagonal d = kernel_like(300);
  for (size_t k = 0; k < 3; k++) {
    const size_t probes = numbers[k][0], steps = numbers[k][1], before = ntk_memory_in_use(context);
    const size_t entered = ntk_memory_peak_enter(context);
    ntk_density r = density_of(&d, probes, steps, 0, true);
    ntk_density_clear(context, &r);
    const size_t peak = ntk_memory_peak_leave(context, entered) - before;
    const double forecast =
        ntk_density_bytes(probes, steps) + ntk_density_working_bytes(d.n, probes, steps);
    assert_true((double)peak <= forecast && (double)peak >= 0.8 * forecast - 16384.0);
  }
  free(d.lambda);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_coverage),
      cmocka_unit_test(test_narrower),
      cmocka_unit_test(test_marchenko_pastur),
      cmocka_unit_test(test_edges),
      cmocka_unit_test(test_few),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_memory),
  };
  return cmocka_run_group_tests(tests, known_setup, known_teardown);
}
