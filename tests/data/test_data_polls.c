/* How soon reading, drawing and scaling can be stopped.
 * Property: they ask the progress callback again and again, once so much time has passed since it
 * was last asked, and not otherwise; whichever time it says stop, the call is cancelled and nothing
 * is held, and a call that is not has the bits of one without a callback. By one thread and by
 * two. */
#include "data/dataset.h"
#include "ntkit/data.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "support.h"

enum { N = 9000, D = 12 }; /* text: 0.8 MB, windows of 64 KB; 16 pieces for two threads */
static char directory[] = "/tmp/ntkit-test-XXXXXX", npy[64], fortran[64], text[64];
static ntk_dataset *plain; /* the values, by a context that asks nobody */
static ntk_context *quiet;
static size_t calls, stop_at;
static const char *expected;

static bool note(const char *phase, double fraction, void *user) {
  assert_null(user);
  assert_string_equal(phase, expected);
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  return ++calls != stop_at;
}

/* The numbers as a Fortran array of float32, column after column, all of which are floats. */
static void save_fortran(const double *X) {
  FILE *file = fopen(fortran, "wb");
  char header[128];
  assert_non_null(file);
  const int length = snprintf(header, sizeof header,
                              "{'descr': '<f4', 'fortran_order': True, 'shape': (%d, %d), }", N, D);
  memset(header + length, ' ', 118 - (size_t)length);
  header[117] = '\n';
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
  fwrite(header, 1, 118, file);
  for (size_t j = 0; j < D; j++)
    for (size_t i = 0; i < N; i++) {
      const float x = (float)X[i * D + j];
      fwrite(&x, sizeof x, 1, file);
    }
  assert_int_equal(fclose(file), 0);
}

static int setup(void **state) {
  (void)state;
  static double X[N * D];
  for (size_t e = 0; e < (size_t)N * D; e++)
    X[e] = (double)((e * 7919) % 100003) / 64.0 - 700.0;
  assert_non_null(mkdtemp(directory));
  snprintf(npy, sizeof npy, "%s/x.npy", directory);
  snprintf(fortran, sizeof fortran, "%s/f.npy", directory);
  snprintf(text, sizeof text, "%s/x.csv", directory);
  assert_ok(ntk_npy_save(npy, X, 2, (size_t[]){N, D}));
  save_fortran(X);
  FILE *file = fopen(text, "w");
  assert_non_null(file);
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < D; j++)
      fprintf(file, "%.17g%c", X[i * D + j], j + 1 < D ? ',' : '\n');
  assert_int_equal(fclose(file), 0);
  quiet = make_context(1);
  plain = make_data(quiet, X, N, D);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  ntk_dataset_destroy(plain);
  ntk_context_destroy(quiet);
  return unlink(npy) != 0 || unlink(fortran) != 0 || unlink(text) != 0 || rmdir(directory) != 0;
}

/* ---- The calls ------------------------------------------------------------------------------- */

typedef ntk_status make_fn(ntk_context *context, ntk_dataset **data);

static ntk_status draw(ntk_context *context, ntk_dataset **data) {
  return ntk_dataset_generate(context, "gaussian", N, D, 1, data);
}
static ntk_status load_npy(ntk_context *context, ntk_dataset **data) {
  return ntk_dataset_load(context, npy, 0, 0, NTK_SCALE_NONE, data);
}
static ntk_status load_fortran(ntk_context *context, ntk_dataset **data) {
  return ntk_dataset_load(context, fortran, 0, 0, NTK_SCALE_NONE, data);
}
static ntk_status load_text(ntk_context *context, ntk_dataset **data) {
  return ntk_dataset_load(context, text, 0, 0, NTK_SCALE_NONE, data);
}
static ntk_status shuffle_text(ntk_context *context, ntk_dataset **data) {
  const ntk_rows rows = {.subsample = 5000, .shuffle = true, .seed = 3};
  return ntk_dataset_select(context, text, &rows, 0, NTK_SCALE_NONE, data);
}

static ntk_status scaled(ntk_context *context, ntk_scaling scaling, ntk_dataset **data) {
  ntk_dataset *made = NULL;
  const ntk_progress_fn progress = context->progress;
  context->progress = NULL;
  assert_ok(ntk_dataset_from_array(context, plain->X, N, D, &made));
  context->progress = progress;
  const ntk_status status = ntk_dataset_scale(made, scaling, "array");
  if (status == NTK_OK)
    *data = made;
  else
    ntk_dataset_destroy(made);
  return status;
}
static ntk_status standardize(ntk_context *context, ntk_dataset **data) {
  return scaled(context, NTK_SCALE_STANDARDIZE, data);
}
static ntk_status sphere(ntk_context *context, ntk_dataset **data) {
  return scaled(context, NTK_SCALE_SPHERE, data);
}

/* least: polls of one thread. A file is opened, which of text reads it, and then read. */
static const struct {
  const char *name, *phase;
  make_fn *make;
  size_t least;
  bool of_plain; /* it gives the values of `plain` */
} makers[] = {{"draw", "drawing samples", draw, N / 32, false},
              {"npy", "reading", load_npy, 1, true},
              {"fortran", "reading", load_fortran, D, true},
              {"text", "reading", load_text, 2 * 12, true},
              {"shuffled", "reading", shuffle_text, 2 * 12, false},
              {"standardize", "scaling", standardize, 3, false},
              {"sphere", "scaling", sphere, N, false}};

static void check(size_t m, int threads, const ntk_dataset *without) {
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  assert_ok(
      ntk_context_create(&(ntk_context_options){.threads = threads, .progress = note}, &context));
  expected = makers[m].phase;
  calls = stop_at = 0;
  clock_tick = 0.0;
  context->asked = clock_now;
  assert_ok(makers[m].make(context, &data));
  ntk_dataset_destroy(data);
  assert_int_equal(calls, 0);
  clock_tick = 1.0;
  assert_ok(makers[m].make(context, &data));
  assert_memory_equal(data->X, without->X, data->N * data->d * sizeof(double));
  ntk_dataset_destroy(data);
  const size_t most = calls;
  if (threads == 1 && most < makers[m].least)
    fail_msg("%s: %zu polls, expected %zu at least", makers[m].name, most, makers[m].least);
  for (size_t k = 1; k <= most; k += most > 200 ? 97 : 1) {
    calls = 0;
    stop_at = k;
    data = NULL;
    const ntk_status status = makers[m].make(context, &data);
    if (status == NTK_OK && threads > 1 && calls < k) { /* the caller's thread had less to do */
      ntk_dataset_destroy(data);
    } else {
      assert_refused(status, NTK_ERR_CANCELLED, makers[m].phase);
      assert_null(data);
      assert_int_equal(calls, k);
    }
    assert_int_equal(ntk_memory_in_use(context), 0);
  }
  clock_tick = 1e-6;
  ntk_context_destroy(context);
}

static void test_stopped(void **state) {
  (void)state;
  for (size_t m = 0; m < COUNT(makers); m++) {
    ntk_dataset *without = NULL;
    assert_ok(makers[m].make(quiet, &without));
    if (makers[m].of_plain)
      assert_memory_equal(without->X, plain->X, sizeof(double) * N * D);
    check(m, 1, without);
    check(m, 2, without);
    ntk_dataset_destroy(without);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_stopped)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
