/* Random matrices of known smallest eigenvalue, and what may be claimed of it: for
 * test_certified*.c.
 *
 * Of whole numbers: A = B B^T + c I with B n x r, r < n. B B^T is positive semi-definite and
 * singular, so that lambda_min(A) = c; entries are below 2^53, and A is stored exactly.
 * Rotated: Q diag(lambda) Q^T as rounded to double. Its lambda_min is not known, but whether it is
 * above or below a number is: by Cholesky with 120 bits (MPFR). Where that completes on B of order
 * n, lambda_min(B) >= -2^-112 tr(B), and where it breaks down lambda_min(B) <= 2^-112 tr(B) (Rump,
 * BIT 46, 2006, with u = 2^-120 and n <= 60). Where MPFR is not installed
 * nothing is said of the rotated. */
#ifndef NTK_TESTS_KERNEL_CERTIFIED_H
#define NTK_TESTS_KERNEL_CERTIFIED_H

#include "matrices.h"

#include "kernel/ends/extremes.h"
#include "spectrum/certificate.h"

#ifdef NTK_HAVE_MPFR
#include <mpfr.h>
#endif

enum { ORDER_MIN = 4, ORDER_MAX = 60 };

typedef enum kind { GRADED, CLUSTERED, SINGULAR, INDEFINITE, KINDS } kind;

typedef struct certified {
  uint64_t seed;
  size_t n;
  double *A;  /* n x n */
  bool whole; /* lambda_min is this number, or else only near it */
  double smallest;
  double largest; /* at most lambda_max where A is positive semi-definite: ||A||_F^2 / tr A */
  double bound;   /* that of a completed factorisation of A */
} certified;

typedef struct tally {
  size_t matrices[KINDS], ok[KINDS]; /* and with a lambda_min that the verdict calls so */
  size_t well, proved; /* conditions up to 1e10, and those of them that are certified */
  size_t tried;        /* shifts past the program's own that were proved too */
} tally;

/* Uniform on [low, high). */
static inline double uniform(uint64_t *state, double low, double high) {
  return low + (high - low) * (next_uniform(state) + 1.0) / 2.0;
}
static inline size_t up_to(uint64_t *state, size_t most) { /* 0 .. most */
  return (size_t)uniform(state, 0.0, (double)most + 1.0);
}

/* ---- Matrices ---------------------------------------------------------------------------------
 */

/* B's columns are whole numbers up to 8 times a power of 2, at most 2^20: for 60 columns an entry
 * of B B^T is below 60 * 64 * 2^40 < 2^52. */
static inline void fill_whole(certified *a, kind of, uint64_t *state) {
  const size_t n = a->n, r = of == CLUSTERED ? 1 + up_to(state, n / 2) : n - 1 - up_to(state, 1);
  const size_t most = 8 + up_to(state, 12);
  double trace = 0.0;
  double *B = make_array(n * r);
  for (size_t k = 0; k < r; k++) {
    /* The clustered: half of the columns are small, and c is large; the others fall evenly. */
    const size_t e = of == CLUSTERED ? k % 2 * most : most * (k + 1) / r;
    for (size_t i = 0; i < n; i++)
      B[i * r + k] = ldexp(rint(uniform(state, -8.0, 8.0)), (int)e);
  }
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      double sum = 0.0;
      for (size_t k = 0; k < r; k++)
        sum += B[i * r + k] * B[j * r + k];
      assert_true(fabs(sum) < 0x1p52);
      a->A[i * n + j] = a->A[j * n + i] = sum;
      trace += i == j ? sum : 0.0;
    }
  free(B);
  a->whole = true;
  a->smallest = of == SINGULAR     ? 0.0
                : of == INDEFINITE ? -ceil(1e-15 * trace)
                                   : floor(exp2(uniform(state, 0.0, 40.0)));
  for (size_t i = 0; i < n; i++)
    a->A[i * (n + 1)] += a->smallest;
}

static inline void fill_rotated(certified *a, kind of, uint64_t *state) {
  const size_t n = a->n;
  known_operator Q = known_create(n, *state);
  const double smallest = of == SINGULAR     ? 0.0
                          : of == INDEFINITE ? -1e-15
                                             : pow(10.0, -uniform(state, 0.0, 16.0));
  const size_t cluster = of == CLUSTERED ? 2 + up_to(state, n / 2) : 1;
  for (size_t k = 0; k < n; k++)
    Q.lambda[k] = of == GRADED  ? pow(smallest, (double)(n - 1 - k) / (double)(n - 1))
                  : k < cluster ? smallest * (1.0 + 1e-10 * (double)k)
                                : uniform(state, fabs(smallest), 1.0);
  Q.lambda[0] = smallest;
  double *full = known_matrix(&Q);
  memcpy(a->A, full, n * n * sizeof *full);
  free(full);
  known_destroy(&Q);
  a->whole = false;
  a->smallest = smallest;
}

/* The matrix of that number, of one of the eight sorts in turn; scaled by a power of two. */
static inline certified certified_create(uint64_t number) {
  uint64_t state = 1000003u * (number + 1);
  const kind of = (kind)(number % KINDS);
  certified a = {.seed = number, .n = ORDER_MIN + up_to(&state, ORDER_MAX - ORDER_MIN)};
  a.A = make_array(a.n * a.n);
  (number / KINDS % 2 == 0 ? fill_whole : fill_rotated)(&a, of, &state);
  const int exponent = (int)up_to(&state, 600) - 300;
  double squares = 0.0, trace = 0.0;
  for (size_t i = 0; i < a.n * a.n; i++) {
    a.A[i] = ldexp(a.A[i], exponent);
    squares += a.A[i] * a.A[i];
    trace += i % (a.n + 1) == 0 ? a.A[i] : 0.0;
  }
  a.smallest = ldexp(a.smallest, exponent);
  a.largest = squares / trace;
  a.bound = ntk_cholesky_bound(a.n, trace);
  return a;
}

/* ---- The truth --------------------------------------------------------------------------------
 */

#ifdef NTK_HAVE_MPFR
enum { BITS = 120 };
static mpfr_t entry[ORDER_MAX * ORDER_MAX], product, margin, moved;

static inline void truth_begin(void) {
  for (size_t i = 0; i < COUNT(entry); i++)
    mpfr_init2(entry[i], BITS);
  mpfr_inits2(BITS, product, margin, moved, (mpfr_ptr)NULL);
}

static inline void truth_end(void) {
  for (size_t i = 0; i < COUNT(entry); i++)
    mpfr_clear(entry[i]);
  mpfr_clears(product, margin, moved, (mpfr_ptr)NULL);
  mpfr_free_cache();
}

/* Does Cholesky of A - x I complete? */
static inline bool completes(const certified *a, mpfr_t x) {
  const size_t n = a->n;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++) {
      mpfr_t *sum = &entry[i * n + j];
      (void)mpfr_set_d(*sum, a->A[i * n + j], MPFR_RNDN);
      if (i == j)
        (void)mpfr_sub(*sum, *sum, x, MPFR_RNDN);
      for (size_t k = 0; k < j; k++) {
        (void)mpfr_mul(product, entry[i * n + k], entry[j * n + k], MPFR_RNDN);
        (void)mpfr_sub(*sum, *sum, product, MPFR_RNDN);
      }
      if (i == j && mpfr_sgn(*sum) <= 0)
        return false;
      if (i == j)
        (void)mpfr_sqrt(*sum, *sum, MPFR_RNDN);
      else
        (void)mpfr_div(*sum, *sum, entry[j * n + j], MPFR_RNDN);
    }
  return true;
}

/* margin: 2^-110 sum_i |a_ii - x|, which has room for the rounding of A - x I. */
static inline void set_margin(const certified *a, double x) {
  mpfr_set_zero(margin, 1);
  for (size_t i = 0; i < a->n; i++) {
    (void)mpfr_set_d(product, a->A[i * (a->n + 1)], MPFR_RNDN);
    (void)mpfr_sub_d(product, product, x, MPFR_RNDN);
    (void)mpfr_abs(product, product, MPFR_RNDN);
    (void)mpfr_add(margin, margin, product, MPFR_RNDN);
  }
  (void)mpfr_div_2ui(margin, margin, 110, MPFR_RNDN);
}

/* Is it sure that lambda_min(A) >= x, that it is <= x? */
static inline bool surely_above(const certified *a, double x) {
  set_margin(a, x);
  (void)mpfr_add_d(moved, margin, x, MPFR_RNDN);
  return completes(a, moved);
}
static inline bool surely_below(const certified *a, double x) {
  set_margin(a, x);
  (void)mpfr_d_sub(moved, x, margin, MPFR_RNDN);
  return !completes(a, moved);
}
#else
static inline void truth_begin(void) {
}
static inline void truth_end(void) {
}
static inline bool surely_above(const certified *a, double x) {
  return (void)a, (void)x, true;
}
static inline bool surely_below(const certified *a, double x) {
  return (void)a, (void)x, true;
}
#endif

static inline void check_lower(const certified *a, double lower) {
  if (!(a->whole ? lower <= a->smallest : surely_above(a, lower)))
    fail_msg("matrix %zu, order %zu: lower bound %.17g, lambda_min %s %.17g", (size_t)a->seed, a->n,
             lower, a->whole ? "is" : "is near", a->smallest);
}

static inline void check_upper(const certified *a, double upper) {
  if (!(isinf(upper) || a->whole ? upper >= a->smallest : surely_below(a, upper)))
    fail_msg("matrix %zu, order %zu: upper bound %.17g, lambda_min %s %.17g", (size_t)a->seed, a->n,
             upper, a->whole ? "is" : "is near", a->smallest);
}

/* ---- What is claimed --------------------------------------------------------------------------
 */

static inline bool lower_at(ntk_context *context, const certified *a, double shift, double *lower) {
  ntk_packed A = packed_from(context, a->n, a->A);
  bool proved = false;
  assert_ok(ntk_certify_lower(&A, shift, &proved, lower));
  ntk_packed_destroy(&A);
  return proved;
}

/* As ntk_spectrum does it with a K that is exact: lambda_min by factor and Lanczos, its verdict, an
 * upper bound by its vector, a lower one by the shifts in turn. Whether it is certified. */
static inline bool certify(ntk_context *context, const certified *a, tally *t, double *lower,
                           double *upper) {
  const kind of = (kind)(a->seed % KINDS);
  ntk_extremes e = {.resolution = a->bound};
  ntk_kernel *K = NULL;
  double v[ORDER_MAX], Kv[ORDER_MAX], shift[NTK_SHIFTS];
  bool proved = false;
  assert_ok(ntk_kernel_from_array(context, a->A, a->n, &K));
  assert_ok(ntk_extremes_smallest(K, NTK_TOLERANCE, a->seed, v, &e));
  ntk_kernel_destroy(K);
  *lower = -INFINITY;
  *upper = INFINITY;
  if (e.verdict != NTK_VERDICT_OK)
    return false;
  t->ok[of]++;
  ntk_packed A = packed_from(context, a->n, a->A);
  assert_ok(ntk_certify_upper(&A, v, Kv, upper));
  ntk_packed_destroy(&A);
  ntk_certify_shifts(e.lambda_min, a->bound, shift);
  for (size_t s = 0; s < NTK_SHIFTS && !proved; s++)
    proved = lower_at(context, a, shift[s], lower);
  return proved && *lower > 0.0;
}

/* The largest bound of any shift that completes, found by bisection: where the proof has the least
 * to spare. */
static inline double hardest(ntk_context *context, const certified *a, tally *t) {
  double low = a->smallest - 4.0 * a->bound, high = a->smallest + 4.0 * a->bound;
  double largest = -INFINITY;
  for (int step = 0; step < 14; step++) {
    const double middle = low + (high - low) / 2.0;
    double lower = -INFINITY;
    const bool proved = lower_at(context, a, middle, &lower);
    *(proved ? &low : &high) = middle;
    largest = proved ? fmax(largest, lower) : largest;
    t->tried += proved ? 1 : 0;
  }
  return largest;
}

static inline void check_matrix(ntk_context *context, uint64_t number, tally *t) {
  certified a = certified_create(number);
  double lower = 0.0, upper = 0.0;
  const bool proved = certify(context, &a, t, &lower, &upper);
  t->matrices[number % KINDS]++;
  if (a.smallest > 0.0 && a.largest <= 1e10 * a.smallest) {
    t->well++;
    t->proved += proved ? 1 : 0;
  }
  check_upper(&a, upper);
  check_lower(&a, fmax(lower, hardest(context, &a, t)));
  free(a.A);
}

/* Matrices first .. first + count - 1: no claim is wrong, 99 % of those of a condition up to 1e10
 * are certified, and no positive lambda_min is found where there is none. */
static inline void check_matrices(uint64_t first, size_t count) {
  tally t = {0};
  ntk_context *context = make_context(1);
  truth_begin();
  for (uint64_t k = 0; k < count; k++)
    check_matrix(context, first + k, &t);
  truth_end();
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  print_message(
      "%zu matrices, graded, clustered, singular, indefinite: ok are %zu, %zu, %zu, %zu of "
      "%zu each; of %zu of a condition up to 1e10 %zu are certified; %zu bounds more\n",
      count, t.ok[GRADED], t.ok[CLUSTERED], t.ok[SINGULAR], t.ok[INDEFINITE], t.matrices[GRADED],
      t.well, t.proved, t.tried);
  assert_int_equal(t.ok[SINGULAR] + t.ok[INDEFINITE], 0);
  assert_true(t.well >= count / 5 && t.tried >= 2 * count); /* not an empty loop */
  assert_true((double)t.proved >= 0.99 * (double)t.well);
}

#endif
