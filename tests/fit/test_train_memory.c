/* The memory of training.
 * Property: the peak is at most what ntk_train_memory says, and that is no more than half as much
 * again; under any limit training either runs or is refused with both numbers, the network's
 * weights as they were and nothing held, whichever allocation it was that failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "train_support.h"

static const char *const optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm"};

static ntk_context *limited(int threads, size_t limit) {
  ntk_context *context = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = threads, .memory_limit = limit},
                               &context));
  return context;
}

/* Peak over forecast; no NaN, no 0. */
static double used(ntk_network_spec spec, size_t N, int threads, ntk_train_options options,
                   char what[128]) {
  ntk_context *context = limited(threads, 0);
  size_t bytes = 0;
  assert_ok(ntk_train_memory(context, &spec, N, &options, &bytes));
  fit_problem p = fit_create(context, spec, N);
  ntk_train_result r = fit_run(&p, options);
  ntk_train_clear(&r);
  fit_destroy(&p);
  assert_int_equal(ntk_memory_in_use(context), 0);
  const size_t peak = ntk_memory_peak(context);
  snprintf(what, 128, "%s, %s, N = %zu, track %zu, checkpoint %d: peak %zu, forecast %zu",
           options.optimizer, options.precision, N, options.track, options.checkpoint != NULL, peak,
           bytes);
  ntk_context_destroy(context);
  return (double)peak / (double)bytes;
}

/* Every method, watched or not, with and without a checkpoint that is written and then read by a
 * run that has nothing left to do; wide networks and narrow ones; one and three threads. */
static void test_forecast(void **state) {
  (void)state;
  char path[] = "/tmp/ntkit-test-XXXXXX", what[128];
  const int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  (void)close(descriptor);
  assert_int_equal(unlink(path), 0);
  const size_t narrow[] = {20, 40, 30}, wide[] = {30, 150, 80, 90};
  const struct {
    size_t L;
    const size_t *width;
    size_t N;
    int threads;
  } sizes[] = {{3, narrow, 500, 1},
               {4, wide, 500, 1},
               {3, narrow, 40, 1},
               {4, wide, 100, 1},
               {4, wide, 3, 2}};
  for (size_t s = 0; s < COUNT(sizes); s++)
    for (size_t k = 0; k < 8 * COUNT(optimizers); k++) {
      const bool single = k % 2, track = k / 2 % 2, checkpoint = k / 4 % 2;
      const char *optimizer = optimizers[k / 8];
      const bool batches = k / 8 == 2 || k / 8 == 3; /* nesterov, adam */
      if (single && (optimizer[0] == 'l' || (sizes[s].N > 100 && optimizer[0] != 'a')))
        continue;
      if ((k / 8 == 1 || k / 8 == 2) && sizes[s].N > 100 && (track || checkpoint))
        continue; /* as gd */
      const ntk_network_spec spec = {
          .depth = sizes[s].L, .width = sizes[s].width, .activation = "tanh", .seed = 1};
      ntk_train_options options = {.optimizer = optimizer,
                                   .precision = single ? "float" : "double",
                                   .kernel_precision = "double", /* the same step whatever fits */
                                   .epochs = 1,
                                   .batch = batches ? (sizes[s].N + 2) / 3 : 0,
                                   .clients = k / 8 == 0 && k % 2 ? 2 : 0, /* gd in float */
                                   .lr = optimizer[0] == 'a' ? 1e-4 : 0.0,
                                   .track = track,
                                   .checkpoint = checkpoint ? path : NULL};
      for (int again = 0; again <= checkpoint; again++) {
        const double share = used(spec, sizes[s].N, sizes[s].threads, options, what);
        if (!(share <= 1.0) || (sizes[s].N >= 500 && !again && share < 1.0 / 1.5))
          fail_msg("%s: %.3f", what, share);
      }
      if (checkpoint)
        assert_int_equal(unlink(path), 0);
    }
}

/* The plain question: K_0 beside its factor, and the measure of r_0. */
static void test_question(void **state) {
  (void)state;
  char what[128];
  const size_t width[] = {20, 40, 30}, sizes[] = {3, 40, 500, 900};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
  for (size_t s = 0; s < COUNT(sizes); s++)
    for (size_t k = 0; k < COUNT(optimizers); k++)
      for (size_t track = 0; track < 2; track++) {
        const ntk_train_options options = {.optimizer = optimizers[k],
                                           .precision = "double",
                                           .epochs = track,
                                           .track = track,
                                           .question = true};
        const double share = used(spec, sizes[s], 1, options, what);
        if (!(share <= 1.0))
          fail_msg("the question, %s: %.3f", what, share);
      }
  /* A pass of few samples through a wide layer is most of it. */
  const size_t wide[] = {3, 4, 300};
  const ntk_network_spec few = {.depth = 3, .width = wide, .activation = "tanh", .seed = 1};
  const ntk_train_options options = {
      .optimizer = "gd", .precision = "double", .epochs = 2, .track = 1, .question = true};
  const double share = used(few, 5, 1, options, what);
  if (!(share <= 1.0))
    fail_msg("the question, %s: %.3f", what, share);
}

/* Many epochs of a tiny problem: losses and tracked points are most of it. */
static void test_long_runs(void **state) {
  (void)state;
  char what[128];
  const size_t width[] = {2, 2};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "tanh"};
  const size_t epochs[] = {9000, 20000, 33000, 50000};
  for (size_t k = 0; k < COUNT(epochs); k++)
    for (size_t track = 0; track < 2; track++) {
      const ntk_train_options options = {.optimizer = "gd",
                                         .precision = "double",
                                         .lr = 1e-3,
                                         .epochs = track ? epochs[k] / 20 : epochs[k],
                                         .track = track};
      const double share = used(spec, 2, 1, options, what);
      if (!(share <= 1.0))
        fail_msg("%s: %.3f", what, share);
    }
}

/* The limit raised until the run fits: below, each allocation fails in turn. */
static void test_limits(void **state) {
  (void)state;
  char path[] = "/tmp/ntkit-test-XXXXXX";
  const int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  (void)close(descriptor);
  assert_int_equal(unlink(path), 0);
  const size_t width[] = {6, 20, 14};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};
  for (size_t k = 0; k < 8 * COUNT(optimizers); k++) {
    const bool single = k % 2, track = k / 2 % 2, checkpoint = k / 4 % 2;
    const char *optimizer = optimizers[k / 8];
    if (single && optimizer[0] == 'l')
      continue;
    ntk_context *context = limited(1, 0);
    fit_problem p = fit_create(context, spec, 40);
    double *theta = fit_theta(&p);
    ntk_train_options options = {.optimizer = optimizer,
                                 .precision = single ? "float" : "double",
                                 .kernel_precision = "double", /* the same step whatever fits */
                                 .epochs = 70,
                                 .track = track,
                                 .checkpoint = checkpoint ? path : NULL};
    if (checkpoint) { /* one to go on from: reading it allocates too */
      options.epochs = 3;
      ntk_train_result r = fit_run(&p, options);
      ntk_train_clear(&r);
      fit_set(&p, theta);
      options.epochs = 70;
    }
    const size_t held = ntk_memory_in_use(context);
    size_t refused = 0;
    bool fits = false;
    for (size_t limit = held; !fits; limit += limit / 61 + 64) {
      ntk_train_result r = {0};
      context->memory_limit = limit;
      const ntk_status status = ntk_train(context, p.network, p.data, p.Y, &options, &r);
      fits = status == NTK_OK;
      if (fits) {
        ntk_train_clear(&r);
      } else {
        refused++;
        assert_refused(status, NTK_ERR_MEMORY, "under the limit given");
        assert_null(r.context);
        assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
      }
      assert_int_equal(ntk_memory_in_use(context), held);
    }
    assert_true(refused > 12);
    if (checkpoint)
      assert_int_equal(unlink(path), 0);
    free(theta);
    fit_destroy(&p);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
  }
}

/* The forecast says no before anything is allocated: both numbers, and *bytes is set. */
static void test_forecast_refuses(void **state) {
  (void)state;
  const size_t width[] = {6, 20, 14}, zero[] = {6, 0, 14};
  ntk_network_spec spec = {.depth = 3, .width = width};
  ntk_context *context = limited(1, 1 << 20);
  ntk_train_options options = {.optimizer = "gd"};
  size_t bytes = 0;
  assert_ok(ntk_train_memory(context, &spec, 40, &options, &bytes));
  assert_true(bytes > 0);
  for (int twice = 0; twice < 2; twice++) { /* K in double, or in single alone */
    options.kernel_precision = twice ? "double" : NULL;
    assert_refused(ntk_train_memory(context, &spec, 4000, &options, &bytes), NTK_ERR_MEMORY,
                   "this training needs");
    assert_true(bytes > (twice ? 8 : 4) * (4000 * 4001 / 2));
    assert_true(twice || bytes < 8 * (4000 * 4001 / 2));
  }
  assert_refused(ntk_train_memory(context, &spec, (size_t)1 << 40, &options, &bytes), NTK_ERR_LIMIT,
                 "N = 1099511627776");
  bytes = 7;
  assert_refused(ntk_train_memory(context, &spec, 0, &options, &bytes), NTK_ERR_ARGUMENT, "N is 0");
  options.optimizer = "sgd";
  assert_refused(ntk_train_memory(context, &spec, 40, &options, &bytes), NTK_ERR_ARGUMENT,
                 "known: gd");
  spec.width = zero;
  assert_refused(ntk_train_memory(context, &spec, 40, NULL, &bytes), NTK_ERR_ARGUMENT, "width");
  assert_int_equal(bytes, 7);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* A result keeps its losses and points, and nothing else, until it is cleared; clearing twice, or
 * what was never filled, is fine. */
static void test_clear(void **state) {
  (void)state;
  const size_t width[] = {6, 20, 14};
  ntk_context *context = limited(1, 0);
  fit_problem p =
      fit_create(context, (ntk_network_spec){.depth = 3, .width = width, .activation = "tanh"}, 20);
  const size_t held = ntk_memory_in_use(context);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.epochs = 4, .track = 2});
  assert_ptr_equal(r.context, context);
  assert_true(ntk_memory_in_use(context) - held < 40000);
  ntk_train_clear(&r);
  assert_int_equal(ntk_memory_in_use(context), held);
  assert_null(r.loss);
  ntk_train_clear(&r);
  ntk_train_clear(&(ntk_train_result){0});
  fit_destroy(&p);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_question),         cmocka_unit_test(test_forecast),
      cmocka_unit_test(test_long_runs),        cmocka_unit_test(test_limits),
      cmocka_unit_test(test_forecast_refuses), cmocka_unit_test(test_clear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
