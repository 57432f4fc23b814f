/* The certificate: bounds on lambda_min of a stored matrix, proved with rounding errors included.
 * Property: over matrices whose lambda_min is known exactly, lower <= lambda_min <= upper in every
 * case, for any shift and any vector; and a shift that is 2 bounds below lambda_min is proved. */
#include "matrices.h"

#include "spectrum/certificate.h"

static ntk_context *context;
static int matrices, proofs; /* seen by the tests below */

/* Whole or dyadic entries, so that they are stored exactly. */
typedef struct exact {
  size_t n;
  double *A;         /* n x n */
  double lambda_min; /* exact */
  double *v;         /* an eigenvector of it, of whole numbers */
} exact;

static exact exact_create(size_t n) {
  return (exact){.n = n, .A = make_array(n * n), .v = make_array(n)};
}

static void exact_destroy(exact *e) {
  free(e->A);
  free(e->v);
}

/* H diag(d) H / n with Sylvester's H, n a power of 2: entry (i, j) is w_{i xor j}, w = H d / n, and
 * column k of H belongs to d_k. */
static exact hadamard(size_t n, const double *d) {
  exact e = exact_create(n);
  size_t smallest = 0;
  double *w = make_array(n);
  for (size_t k = 0; k < n; k++) {
    w[k] = d[k] / (double)n;
    smallest = d[k] < d[smallest] ? k : smallest;
  }
  for (size_t half = 1; half < n; half *= 2)
    for (size_t i = 0; i < n; i++)
      if ((i & half) == 0) {
        const double a = w[i], b = w[i + half];
        w[i] = a + b;
        w[i + half] = a - b;
      }
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++)
      e.A[i * n + j] = w[i ^ j];
    e.v[i] = __builtin_parityll(i & smallest) ? -1.0 : 1.0;
  }
  e.lambda_min = d[smallest];
  free(w);
  return e;
}

/* a I + b 1 1^T has the eigenvalues a (n - 1 times: e_1 - e_2, ...) and a + n b (of 1). */
static exact rank_one(size_t n, double a, double b) {
  exact e = exact_create(n);
  for (size_t i = 0; i < n * n; i++)
    e.A[i] = b + (i % (n + 1) == 0 ? a : 0.0);
  for (size_t i = 0; i < n; i++)
    e.v[i] = b < 0.0 ? 1.0 : (i == 0 ? 1.0 : (i == 1 ? -1.0 : 0.0));
  e.lambda_min = b < 0.0 ? a + (double)n * b : a;
  return e;
}

/* Blocks [p q; q p] have the eigenvalues p - q and p + q, of (1, -1) and (1, 1). n is even. The
 * rows of the first block stand `apart`, so that they lie in different pieces of packed storage. */
static exact pairs(size_t n, double p, double q) {
  exact e = exact_create(n);
  e.lambda_min = INFINITY;
  for (size_t k = 0; k < n / 2; k++) {
    const size_t i = k, j = n - 1 - k;
    const double pk = p + (double)(k * k % 13), qk = q - (double)(k % 7);
    e.A[i * n + i] = e.A[j * n + j] = pk;
    e.A[i * n + j] = e.A[j * n + i] = qk;
    if (pk - fabs(qk) < e.lambda_min) {
      e.lambda_min = pk - fabs(qk);
      memset(e.v, 0, n * sizeof *e.v);
      e.v[i] = 1.0;
      e.v[j] = qk > 0.0 ? -1.0 : 1.0;
    }
  }
  return e;
}

/* The Kronecker product of two positive semi-definite ones: eigenvalues multiply. Both go. */
static exact kronecker(exact a, exact b) {
  exact e = exact_create(a.n * b.n);
  for (size_t i = 0; i < e.n; i++) {
    for (size_t j = 0; j < e.n; j++)
      e.A[i * e.n + j] = a.A[i / b.n * a.n + j / b.n] * b.A[i % b.n * b.n + j % b.n];
    e.v[i] = a.v[i / b.n] * b.v[i % b.n];
  }
  e.lambda_min = a.lambda_min * b.lambda_min;
  exact_destroy(&a);
  exact_destroy(&b);
  return e;
}

/* The error that a completed factorisation of A - shift I leaves open: Rump's bound for the rounded
 * diagonal fl(a_ii - shift), and its rounding, `half` units u of the largest. */
static double bound_at(const exact *e, double shift, double half) {
  double trace = 0.0, largest = 0.0;
  for (size_t i = 0; i < e->n; i++) {
    trace += fabs(e->A[i * (e->n + 1)] - shift);
    largest = fmax(largest, fabs(e->A[i * (e->n + 1)] - shift));
  }
  return ntk_cholesky_bound(e->n, trace) + half * DBL_EPSILON / 2 * largest;
}

/* What certify_lower says of a shift; never more than the truth, nor than shift - Rump's bound - u
 * max |a_ii - shift|, which is all that the theorem gives. */
static bool lower_holds(const exact *e, double shift, double *lower) {
  ntk_packed A = packed_from(context, e->n, e->A);
  bool proved;
  *lower = INFINITY;
  assert_ok(ntk_certify_lower(&A, shift, &proved, lower));
  ntk_packed_destroy(&A);
  if (!proved)
    return false;
  if (!(*lower <= e->lambda_min && *lower < shift))
    fail_msg("order %zu: shift %.17g proved %.17g, but lambda_min is %.17g", e->n, shift, *lower,
             e->lambda_min);
  assert_true(*lower <= (long double)shift - bound_at(e, shift, 1.0));
  proofs++;
  return true;
}

/* Shifts around lambda_min, in bounds: 2 below must be proved (Cholesky breaks down only where an
 * eigenvalue is within the bound of 0) and loses no more than 3 more; 2 above must not. Between
 * them bisection finds the last shift that is proved, where the bound is tried hardest. */
static void check_lower(const exact *e) {
  static const double steps[] = {-1.0, -0.3, -0.1, -0.03, -0.01, 0.0, 0.01, 0.03, 0.1, 0.3, 1.0};
  const double bound = bound_at(e, e->lambda_min, 2.0);
  double lower;
  double low = e->lambda_min - 2.0 * bound, high = e->lambda_min + 2.0 * bound;
  assert_true(lower_holds(e, low, &lower));
  /* Besides: shift and lower are rounded, and moved by one unit. */
  assert_near(lower, e->lambda_min, 3.0 * bound * (1.0 + 1e-6) + 4 * DBL_EPSILON * fabs(low),
              "lower");
  assert_false(lower_holds(e, high, &lower));
  for (size_t i = 0; i < COUNT(steps); i++)
    (void)lower_holds(e, e->lambda_min + steps[i] * bound, &lower);
  for (int i = 0; i < 40 && e->n <= 32; i++) {
    const double middle = low + (high - low) / 2;
    *(lower_holds(e, middle, &lower) ? &low : &high) = middle;
  }
  matrices++;
}

static double upper_of(const exact *e, const double *v) {
  ntk_packed A = packed_from(context, e->n, e->A);
  double *Av = make_array(e->n), upper;
  ntk_certify_upper(&A, v, Av, &upper);
  free(Av);
  ntk_packed_destroy(&A);
  if (!(upper >= e->lambda_min))
    fail_msg("order %zu: upper %.17g, but lambda_min is %.17g", e->n, upper, e->lambda_min);
  return upper;
}

/* Of the eigenvector the upper bound is lambda_min but for twice (2 n + 8) u ||A||_F, an error made
 * and the bound of it; of shorter, longer, perturbed and random vectors it is still one. */
static void check_upper(const exact *e) {
  static const double lengths[] = {1.0, 1.0 / 3.0, 1e-30, -1e40};
  double *v = make_array(e->n);
  uint64_t seed = e->n;
  const double u = DBL_EPSILON / 2, size = norm2(e->n * e->n, e->A);
  for (size_t k = 0; k < COUNT(lengths); k++) {
    for (size_t i = 0; i < e->n; i++)
      v[i] = lengths[k] * e->v[i];
    const double upper = upper_of(e, v);
    if (k < 2)
      assert_near(upper, e->lambda_min, (4.0 * (double)e->n + 30.0) * u * size, "upper");
  }
  for (int digits = 0; digits <= 16; digits += 4) {
    for (size_t i = 0; i < e->n; i++)
      v[i] = e->v[i] + pow(10.0, -digits) * next_uniform(&seed);
    (void)upper_of(e, v);
  }
  free(v);
}

/* A 2^exponent. */
static exact scaled(const exact *e, int exponent) {
  exact copy = exact_create(e->n);
  for (size_t i = 0; i < e->n * e->n; i++)
    copy.A[i] = ldexp(e->A[i], exponent);
  memcpy(copy.v, e->v, e->n * sizeof *e->v);
  copy.lambda_min = ldexp(e->lambda_min, exponent);
  return copy;
}

/* A, and A scaled towards either end of the range of double; then released. */
static void check(exact e) {
  static const int exponents[] = {0, -400, 300};
  for (size_t k = 0; k < COUNT(exponents); k++) {
    exact copy = scaled(&e, exponents[k]);
    check_lower(&copy);
    check_upper(&copy);
    exact_destroy(&copy);
  }
  exact_destroy(&e);
}

/* d_k whole, of either kind: moderate, or up to 2^40 above the smallest. */
static double *whole(size_t n, double smallest, bool graded, uint64_t seed) {
  double *d = make_array(n);
  for (size_t k = 0; k < n; k++)
    d[k] = smallest +
           (graded ? ldexp(1.0, (int)(40 * k / n)) : floor(1e3 * fabs(next_uniform(&seed))));
  d[n / 3] = smallest;
  return d;
}

static void test_hadamard(void **state) {
  (void)state;
  const double smallest[] = {1.0, 0.0, -1.0, 12345.0};
  for (size_t n = 2; n <= 256; n *= 2)
    for (size_t s = 0; s < COUNT(smallest); s++)
      for (int graded = 0; graded < 2; graded++) {
        double *d = whole(n, smallest[s], graded, n + s);
        check(hadamard(n, d));
        free(d);
      }
}

static void test_rank_one(void **state) {
  (void)state;
  const size_t orders[] = {2, 3, 5, 17, 64, 129};
  for (size_t o = 0; o < COUNT(orders); o++) {
    const double n = (double)orders[o];
    check(rank_one(orders[o], 1.0, 1.0));
    check(rank_one(orders[o], 1.0, 1099511627776.0));    /* condition number n 2^40 */
    check(rank_one(orders[o], 0.0, 3.0));                /* singular */
    check(rank_one(orders[o], -2.0, 3.0));               /* indefinite */
    check(rank_one(orders[o], n * 7.0, -7.0));           /* singular, by cancellation */
    check(rank_one(orders[o], n * 4096.0 + 1, -4096.0)); /* lambda_min = 1 by cancellation */
  }
}

static void test_pairs(void **state) {
  (void)state;
  for (size_t n = 2; n <= 256; n = n * 3 / 2 / 2 * 2 + 2) {
    check(pairs(n, 9.0, 8.0));
    check(pairs(n, 1e15, 1e15 - 1.0));
    check(pairs(n, 1.0, 1.0));
    check(pairs(n, 8.0, 9.0));
  }
}

static void test_kronecker(void **state) {
  (void)state;
  for (size_t n = 2; n <= 16; n *= 2)
    for (size_t m = 2; m <= 10; m += 4) {
      double *d = whole(n, 3.0, n % 4 == 0, n + m);
      check(kronecker(hadamard(n, d), rank_one(m + 1, 5.0, 2.0)));
      check(kronecker(pairs(m, 99.0, 98.0), hadamard(n, d)));
      check(kronecker(hadamard(n, d), hadamard(n, d)));
      free(d);
    }
  assert_true(matrices >= 300 && proofs > matrices); /* of all tests so far: not an empty loop */
}

/* Where squares of entries underflow (A near 2^-800) the bounds hold no less. */
static void test_underflow(void **state) {
  (void)state;
  exact original[] = {pairs(4, 1e15, 1e15 - 1.0), rank_one(5, 1.0, 1099511627776.0)};
  for (size_t k = 0; k < COUNT(original); k++) {
    exact tiny = scaled(&original[k], -800);
    check_lower(&tiny);
    check_upper(&tiny);
    exact_destroy(&tiny);
    exact_destroy(&original[k]);
  }
}

/* gamma_k and the bound of Rump (BIT 46, 2006) against long double: no less than the theorem needs,
 * gamma_{n+1} / (1 - gamma_{n+1}) trace, no more than (n + 9) / (n + 1) times it and underflow;
 * growing in both arguments; infinite where the argument ends. */
static void test_constants(void **state) {
  (void)state;
  const long double u = 0x1p-53L;
  for (size_t k = 0; k < 51; k++) {
    const size_t n = (size_t)1 << k;
    const long double ku = (long double)n * u, nu = (long double)(n + 1) * u;
    assert_true(ntk_gamma(n) >= (double)(ku / (1 - ku)));
    assert_true(ntk_gamma(n) <= (double)(ku / (1 - ku) * (1 + 1e-13L)));
    assert_true(ntk_gamma(n) < ntk_gamma(n + 1) && ntk_gamma(n - 1) < ntk_gamma(n));
    const double need = (double)(nu / (1 - 2 * nu)), bound = ntk_cholesky_bound(n, 1.0);
    assert_true(bound >= need && bound <= 1.01 * need * (double)(n + 9) / (double)(n + 1) / 0.5);
    assert_true(k > 20 || bound <= 1.01 * need * (double)(n + 9) / (double)(n + 1));
    assert_true(ntk_cholesky_bound(n + 1, 1.0) > bound && ntk_cholesky_bound(n, 1.1) > bound);
    assert_true(ntk_cholesky_bound(n, 0.0) > 0.0);
  }
  assert_true(ntk_gamma(0) == 0.0);
  assert_true(isinf(ntk_gamma((size_t)1 << 52)) && isfinite(ntk_gamma(((size_t)1 << 52) - 2)));
  assert_true(isinf(ntk_cholesky_bound((size_t)1 << 52, 1.0)));
  assert_true(isinf(ntk_cholesky_bound(3, INFINITY)) && isinf(ntk_cholesky_bound(SIZE_MAX / 2, 0)));
}

/* Nothing is proved of a matrix or a shift that is not finite, and that is no error. */
static void test_not_finite(void **state) {
  (void)state;
  const double bad[] = {INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < COUNT(bad); i++)
    for (size_t place = 0; place < 4; place++) {
      exact e = rank_one(3, 5.0, 1.0);
      const size_t entries[] = {0, 3, 7, 8};
      bool proved = true;
      double lower = 7.0;
      e.A[entries[place]] = bad[i];
      ntk_packed A = packed_from(context, 3, e.A);
      assert_ok(ntk_certify_lower(&A, 1.0, &proved, &lower));
      assert_true(!proved && lower == 7.0);
      ntk_packed_destroy(&A);
      exact_destroy(&e);
      e = rank_one(3, 5.0, 1.0);
      assert_false(lower_holds(&e, -fabs(bad[i]), &lower));
      exact_destroy(&e);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hadamard),   cmocka_unit_test(test_rank_one),
      cmocka_unit_test(test_pairs),      cmocka_unit_test(test_kronecker),
      cmocka_unit_test(test_underflow),  cmocka_unit_test(test_constants),
      cmocka_unit_test(test_not_finite),
  };
  context = make_context(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
