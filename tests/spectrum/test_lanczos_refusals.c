/* Lanczos where it must give up or be told to.
 * Property: arguments out of range, failing operators, values that are not finite and cancellation
 * end with their status; the same start gives the same bits. */
#include "fake_clock.h"
#include "known_spectrum.h"

/* Refused, with pair and vector as they were. */
static void test_arguments(void **state) {
  (void)state;
  known_operator known = known_create(4, 1);
  fill_spectrum(EVEN, 4, known.lambda);
  ntk_operator A = known_as_operator(&known);
  double v[4] = {7, 7, 7, 7};
  ntk_eigenpair pair = {.value = 7};
  const double tolerances[] = {0.0, -1e-6, 1.0, INFINITY, NAN};
  for (size_t t = 0; t < COUNT(tolerances); t++) {
    assert_refused(ntk_eigen_largest(context, &A, tolerances[t], 1, &pair, v), NTK_ERR_ARGUMENT,
                   "tolerance");
    assert_refused(ntk_eigen_smallest(context, &A, tolerances[t], 1, &pair, v), NTK_ERR_ARGUMENT,
                   "tolerance");
  }
  A.n = 0;
  assert_refused(ntk_eigen_largest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "order");
  assert_refused(ntk_eigen_smallest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "order");
  A = (ntk_operator){.n = 4, .user = &known};
  assert_refused(ntk_eigen_largest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "apply");
  assert_refused(ntk_eigen_smallest(context, &A, 0.1, 1, &pair, v), NTK_ERR_ARGUMENT, "solve");
  assert_true(pair.value == 7 && v[0] == 7 && v[3] == 7 && known.calls == 0);
  known_destroy(&known);
}

/* A solve that errs: A + E, E diagonal in A's eigenvectors and new at each call, ||E|| <= 1e-9. */
static ntk_status noisy_solve(void *user, double *V, size_t m) {
  known_operator *A = user;
  uint64_t seed = (uint64_t)++A->calls;
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * A->n;
    known_rotate(A, true, v);
    for (size_t i = 0; i < A->n; i++)
      v[i] /= A->lambda[i] + 1e-9 * next_uniform(&seed);
    known_rotate(A, false, v);
  }
  return NTK_OK;
}

/* The noise that an operator tells is where the residual may stop, and the eigenvalue is within it,
 * though the tolerance, 5e-15, asks for more. */
static void test_noise(void **state) {
  (void)state;
  const size_t n = 200;
  known_operator known = known_create(n, 5);
  for (size_t i = 0; i < n; i++)
    known.lambda[i] = (double)(i + 1) / (double)n;
  ntk_operator A = {.n = n, .solve = noisy_solve, .user = &known, .noise = 1e-9};
  double v[200], r[200];
  ntk_eigenpair pair;
  assert_ok(ntk_eigen_smallest(context, &A, 1e-12, 1, &pair, v));
  assert_near(pair.value, 1.0 / (double)n, 2e-9, "eigenvalue"); /* Weyl, and the residual */
  assert_true(pair.residual <= 1e-9 * (1 + 1e-6));
  assert_ok(known_apply(&known, v, 1, r));
  for (size_t i = 0; i < n; i++)
    r[i] -= pair.value * v[i];
  assert_near(norm2(n, r), 0.0, 4e-9, "residual"); /* of A + E, and E, in both products */
  known_destroy(&known);
}

/* A failure of the k-th product, for every k, ends the call with its status and holds no memory. */
static void test_failures_propagate(void **state) {
  (void)state;
  known_operator known = known_create(200, 5);
  fill_spectrum(EVEN, 200, known.lambda);
  known.failure = NTK_ERR_FILE; /* one that the library itself would not give here */
  const ntk_operator A = known_as_operator(&known);
  double v[200];
  ntk_eigenpair pair;
  for (int end = 0; end < 2; end++) {
    ntk_status (*find)(ntk_context *, const ntk_operator *, double, uint64_t, ntk_eigenpair *,
                       double *) = end ? ntk_eigen_smallest : ntk_eigen_largest;
    known.calls = known.fail_at = 0;
    assert_ok(find(context, &A, 1e-8, 1, &pair, v));
    for (int last = known.calls, k = 1; k <= last; k++) {
      known.calls = 0;
      known.fail_at = k;
      for (size_t i = 0; i < 200; i++)
        v[i] = 7;
      pair.value = 7;
      assert_int_equal(find(context, &A, 1e-8, 1, &pair, v), NTK_ERR_FILE);
      assert_int_equal(ntk_memory_in_use(context), 0);
      assert_true(pair.value == 7);
      for (size_t i = 0; i < 200; i++)
        assert_true(v[i] == 7); /* ntkit.h: outputs are untouched on failure */
    }
  }
  known_destroy(&known);
}

typedef struct bad_entry {
  size_t n;
  double entry; /* of every product, its first */
} bad_entry;

static ntk_status not_finite(void *user, const double *V, size_t m, double *Y) {
  const bad_entry *bad = user;
  for (size_t i = 0; i < bad->n * m; i++)
    Y[i] = i % bad->n ? (double)(i % bad->n) * V[i] : bad->entry;
  return NTK_OK;
}

/* A product that is infinite or NaN is no basis for an eigenvalue, and is found out at once. */
static void test_not_finite(void **state) {
  (void)state;
  const double entries[] = {INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < COUNT(entries); i++)
    for (size_t n = 12; n <= 300; n += 288) {
      bad_entry bad = {n, entries[i]};
      const ntk_operator A = {.n = n, .apply = not_finite, .user = &bad};
      ntk_eigenpair pair;
      double v[300];
      assert_refused(ntk_eigen_largest(context, &A, 1e-6, 1, &pair, v), NTK_ERR_NUMERIC,
                     "not finite");
      assert_int_equal(ntk_memory_in_use(context), 0);
    }
}

static bool stop_at_zero(const char *phase, double fraction, void *user) {
  assert_non_null(strstr(phase, "eigenvalue"));
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  return --*(int *)user != 0;
}

/* The callback stops it at its k-th call. */
static void test_cancel(void **state) {
  (void)state;
  int left = -1;
  const ntk_context_options options = {.progress = stop_at_zero, .progress_user = &left};
  ntk_context *stoppable = NULL;
  assert_ok(ntk_context_create(&options, &stoppable));
  known_operator known = known_create(400, 5);
  fill_spectrum(EVEN, 400, known.lambda);
  const ntk_operator A = known_as_operator(&known);
  double v[400];
  ntk_eigenpair pair;
  clock_tick = 1.0; /* every poll is a call */
  assert_ok(ntk_eigen_largest(stoppable, &A, 1e-8, 1, &pair, v));
  const int calls = -1 - left;
  assert_true(calls > 3);
  for (int k = 1; k <= calls; k++) {
    left = k;
    assert_int_equal(ntk_eigen_largest(stoppable, &A, 1e-8, 1, &pair, v), NTK_ERR_CANCELLED);
    assert_int_equal(ntk_memory_in_use(stoppable), 0);
  }
  known_destroy(&known);
  ntk_context_destroy(stoppable);
}

/* The same seed gives the same bits; another seed another vector and the same eigenvalue. */
static void test_repeatable(void **state) {
  (void)state;
  const size_t n = 1600;
  known_operator known = known_create(n, 5);
  fill_spectrum(CLUSTER_2, n, known.lambda);
  const ntk_operator A = known_as_operator(&known);
  ntk_eigenpair pair[3];
  double *v = make_array(3 * n);
  const uint64_t seeds[] = {9, 9, 10};
  for (size_t i = 0; i < 3; i++)
    assert_ok(ntk_eigen_smallest(context, &A, 1e-6, seeds[i], &pair[i], v + i * n));
  assert_memory_equal(v, v + n, n * sizeof *v);
  assert_true(pair[0].value == pair[1].value && pair[0].residual == pair[1].residual);
  assert_int_not_equal(memcmp(v, v + 2 * n, n * sizeof *v), 0);
  free(v);
  known_destroy(&known);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_arguments),  cmocka_unit_test(test_failures_propagate),
      cmocka_unit_test(test_not_finite), cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_noise),      cmocka_unit_test(test_repeatable),
  };
  context = make_context(1);
  const int previous = ntk_blas_enter(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_blas_leave(previous);
  ntk_context_destroy(context);
  return failed;
}
