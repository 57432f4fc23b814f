/* ntk_spectrum: memory, cancellation, refusals.
 * Property: memory is predicted and held to; whatever is interrupted or refused leaves nothing. */
#include "conditioning.h"
#include "fake_clock.h"

/* A prediction is asked for before anything is there, and is at least what is then held, and not
 * 30 % more. */
static void check_memory(size_t N, const size_t *width, const ntk_spectrum_options *options) {
  const ntk_network_spec spec = {.depth = 3, .width = width};
  problem p;
  problem_open(&p, N, 3, width, "sigmoid", NULL);
  size_t predicted = 0;
  assert_ok(ntk_spectrum_memory(p.context, &spec, N, options, &predicted));
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, options, &r));
  assert_int_equal(r.memory_bytes, ntk_memory_peak(p.context));
  if (!(r.memory_bytes <= predicted && (double)predicted <= 1.3 * (double)r.memory_bytes))
    fail_msg("N = %zu: %zu bytes predicted, %zu held", N, predicted, r.memory_bytes);
  ntk_spectrum_clear(&r);
  problem_close(&p);
}

static void test_memory_prediction(void **state) {
  (void)state;
  const size_t narrow[] = {50, 40, 60}, wide[] = {300, 900, 700};
  const ntk_spectrum_options plain = {0}, all = {.certify = true, .per_block = true};
  const ntk_spectrum_options full = {.full = true};
  check_memory(1500, narrow, &plain);
  check_memory(1400, narrow, &all);
  check_memory(1000, wide, &plain);
  check_memory(500, wide, &full);
  check_memory(4000, (size_t[]){10, 50, 60}, &plain); /* N > P: no K */
  check_memory(3000, (size_t[]){9, 400, 300}, &(ntk_spectrum_options){.vectors = 8});
}

/* That rows are equal is in the data, not in the sizes: what is then held is predicted all the
 * same, with the products J (J^T v) that take the place of those with K. */
static void test_memory_of_equal_rows(void **state) {
  (void)state;
  const size_t width[] = {10, 600, 600}, N = 200;
  const ntk_network_spec spec = {.depth = 3, .width = width};
  for (int full = 0; full < 2; full++) {
    const ntk_spectrum_options options = {.full = full};
    double *X = make_normal(1, N * 10);
    memcpy(X, X + 10, 10 * sizeof *X);
    problem p;
    problem_open(&p, N, 3, width, "sigmoid", X);
    size_t predicted = 0;
    assert_ok(ntk_spectrum_memory(p.context, &spec, N, &options, &predicted));
    ntk_spectrum_result r;
    assert_ok(ntk_spectrum(p.context, p.network, p.data, &options, &r));
    assert_int_equal(r.verdict, NTK_VERDICT_RANK_DEFICIENT);
    if (r.memory_bytes > predicted)
      fail_msg("%zu bytes predicted, %zu held", predicted, r.memory_bytes);
    ntk_spectrum_clear(&r);
    problem_close(&p);
  }
}

/* What is predicted suffices as a limit. Half of it is refused, both numbers said, before the first
 * step; the prediction itself refuses one byte less. */
static void test_memory_limit(void **state) {
  (void)state;
  const size_t width[] = {50, 40, 60};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  const ntk_spectrum_options all = {.full = true, .certify = true, .per_block = true};
  problem p;
  problem_open(&p, 700, 3, width, "sigmoid", NULL);
  const size_t held = ntk_memory_in_use(p.context);
  size_t bytes = 0, again = 0;
  assert_ok(ntk_spectrum_memory(p.context, &spec, p.N, &all, &bytes));
  p.context->memory_limit = bytes + held; /* it counts data and weights as still to come */
  assert_ok(ntk_spectrum_memory(p.context, &spec, p.N, &all, &again));
  p.context->memory_limit--;
  assert_refused(ntk_spectrum_memory(p.context, &spec, p.N, &all, &again), NTK_ERR_MEMORY,
                 "MB are available");
  assert_int_equal(again, bytes);

  ntk_spectrum_result r, untouched;
  p.context->memory_limit = bytes;
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &all, &r));
  ntk_spectrum_clear(&r);
  p.context->memory_limit = bytes / 2;
  p.log.calls = 0;
  memset(&r, 0x5a, sizeof r);
  untouched = r;
  char have[64]; /* hundreds of kB, or MB */
  const double left = 1e-3 * (double)(bytes / 2 - held);
  snprintf(have, sizeof have, "%.3g %s are available", left < 999.5 ? left : 1e-3 * left,
           left < 999.5 ? "kB" : "MB");
  assert_refused(ntk_spectrum(p.context, p.network, p.data, &all, &r), NTK_ERR_MEMORY, have);
  assert_memory_equal(&r, &untouched, sizeof r);
  assert_int_equal(p.log.calls, 0);
  assert_int_equal(ntk_memory_in_use(p.context), held);
  problem_close(&p);
}

/* Stopped at the k-th call of the callback, for every k: cancelled, result as it was, nothing held.
 * With two threads the number of calls varies, and the last ones may not come. */
static void cancel_everywhere(int threads, const size_t *width) {
  const ntk_spectrum_options all = {.full = true, .certify = true, .per_block = true};
  problem p;
  problem_open(&p, 130, 3, width, "sigmoid", NULL);
  p.context->threads = threads;
  clock_tick = 1.0; /* every poll is a call */
  ntk_spectrum_result r, untouched;
  p.log.calls = 0; /* the weights were drawn with some */
  assert_ok(ntk_spectrum(p.context, p.network, p.data, &all, &r));
  ntk_spectrum_clear(&r);
  const int calls = p.log.calls;
  assert_true(calls > 8);
  const size_t held = ntk_memory_in_use(p.context);
  memset(&untouched, 0x5a, sizeof untouched);
  for (int k = 1; k <= calls; k++) {
    p.log = (progress_log){0, k};
    memset(&r, 0x5a, sizeof r);
    const ntk_status status = ntk_spectrum(p.context, p.network, p.data, &all, &r);
    if (status == NTK_OK && threads > 1 && p.log.calls < k) {
      ntk_spectrum_clear(&r);
    } else {
      assert_refused(status, NTK_ERR_CANCELLED, "");
      assert_memory_equal(&r, &untouched, sizeof r);
    }
    assert_int_equal(ntk_memory_in_use(p.context), held);
  }
  problem_close(&p);
}

static void test_cancel_everywhere(void **state) {
  (void)state;
  const size_t narrow[] = {30, 20, 10}, wide[] = {40, 90, 90}; /* K built anew, K copied */
  for (int threads = 1; threads <= 2; threads++) {
    cancel_everywhere(threads, narrow);
    cancel_everywhere(threads, wide);
  }
}

/* Refused with one line, result as it was, nothing held. */
static void test_refusals(void **state) {
  (void)state;
  problem p;
  problem_open(&p, 30, 3, (size_t[]){10, 12, 14}, "sigmoid", NULL);
  ntk_dataset *other = make_data(p.context, p.X, 25, 12);
  const size_t held = ntk_memory_in_use(p.context);
  ntk_spectrum_result r, untouched;
  memset(&r, 0x5a, sizeof r);
  untouched = r;
  assert_refused(ntk_spectrum(p.context, p.network, other, NULL, &r), NTK_ERR_SHAPE, "d = 12");
  const double tolerances[] = {-1e-6, 1.0, 2.0, NAN, INFINITY};
  for (size_t t = 0; t < COUNT(tolerances); t++)
    assert_refused(ntk_spectrum(p.context, p.network, p.data,
                                &(ntk_spectrum_options){.tolerance = tolerances[t]}, &r),
                   NTK_ERR_ARGUMENT, "tolerance");
  assert_refused(ntk_spectrum(p.context, p.network, p.data,
                              &(ntk_spectrum_options){.kernel_path = "/nowhere/at/all/kernel.npy"},
                              &r),
                 NTK_ERR_FILE, "/nowhere/at/all");
  assert_memory_equal(&r, &untouched, sizeof r);
  assert_int_equal(ntk_memory_in_use(p.context), held);
  ntk_dataset_destroy(other);
  problem_close(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_prediction), cmocka_unit_test(test_memory_of_equal_rows),
      cmocka_unit_test(test_memory_limit),      cmocka_unit_test(test_cancel_everywhere),
      cmocka_unit_test(test_refusals),
  };
  const int previous = ntk_blas_enter(1); /* for LAPACK here, too */
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_blas_leave(previous);
  return failed;
}
