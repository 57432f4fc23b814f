/* Checkpoints: going on.
 * Property: losses, weights, tracked points and results of a run that was interrupted anywhere, or
 * killed, and gone on with from its checkpoint are, bit for bit, those of an uninterrupted one; no
 * other file is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "checkpoint_support.h"

enum { EPOCHS = 13 };
static const size_t width[] = {5, 7, 6};

static const struct {
  const char *optimizer, *precision;
  size_t batch, clients; /* 0: none */
} methods[] = {
    {"gd", "double", 0, 0},      {"momentum", "double", 0, 0}, {"nesterov", "double", 0, 0},
    {"adam", "double", 0, 0},    {"lm", "double", 0, 0},       {"gd", "float", 0, 0},
    {"momentum", "float", 0, 0}, {"nesterov", "float", 0, 0},  {"adam", "float", 0, 0},
    {"gd", "double", 5, 0},      {"nesterov", "double", 4, 0}, {"adam", "float", 12, 0},
    {"gd", "double", 0, 3},      {"gd", "float", 0, 4}};

static int setup(void **state) {
  (void)state;
  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/run.ckpt", directory);
  clock_tick = 1.0; /* progress at every epoch */
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(rmdir(directory), 0); /* empty, or this fails */
  return 0;
}

static fit_problem make_problem_of(ntk_context *context, const size_t *widths, size_t N) {
  return fit_create(
      context, (ntk_network_spec){.depth = 3, .width = widths, .activation = "tanh", .seed = 11},
      N);
}

static fit_problem make_problem(void) {
  return make_problem_of(make_context(1), width, 12);
}

static void destroy_problem(fit_problem *p) {
  ntk_context *context = p->context;
  fit_destroy(p);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

static ntk_train_options options_of(size_t method, size_t track) {
  return (ntk_train_options){.optimizer = methods[method].optimizer,
                             .precision = methods[method].precision,
                             .epochs = EPOCHS,
                             .batch = methods[method].batch,
                             .clients = methods[method].clients,
                             .local_steps = methods[method].clients > 0 ? 3 : 0,
                             .plateau = 3,
                             .track = track,
                             .checkpoint = path,
                             .checkpoint_every = 1e9};
}

/* Cancelled runs, then the last one; each must say that it goes on where the one before was. */
static void go_on(fit_problem *p, ntk_train_options options, const double *start,
                  const reference *expected) {
  ntk_train_result r = {0};
  calls_left = 0;
  fit_set(p, start);
  assert_ok(ntk_train(p->context, p->network, p->data, p->Y, &options, &r));
  expect_same(p, expected, &r);
  assert_int_equal(files(), 1);
  assert_int_equal(unlink(path), 0);
  ntk_train_clear(&r);
  fit_set(p, start);
}

/* Cancelled at the k-th call of the training's progress, once, for every k; after a cancellation
 * the network has the weights it was given. */
static void test_cancelled_once(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(methods); k++)
    for (size_t track = 0; track <= 4; track += 4) {
      fit_problem p = make_problem();
      ntk_train_options options = options_of(k, track);
      double *start = fit_theta(&p);
      calls_left = 0;
      reference expected = make_reference(&p, options);
      options.progress = stop_training;
      for (size_t at = 1; at <= expected.result.epochs; at += track > 0 ? 3 : 1) {
        ntk_train_result r = {0};
        calls_left = at;
        const ntk_status status = ntk_train(p.context, p.network, p.data, p.Y, &options, &r);
        assert_refused(status, NTK_ERR_CANCELLED, "interrupted");
        assert_null(r.context);
        assert_memory_equal(p.network->theta, start, p.P * sizeof(double));
        assert_int_equal(files(), 1);
        go_on(&p, options, start, &expected);
      }
      free(start);
      destroy_reference(&expected);
      destroy_problem(&p);
    }
}

/* Where memory has become less, so that K in double is no longer kept, and lambda_max, from which
 * the step size is taken, comes with other last digits: it goes on with the number it began with.
 */
static void test_less_memory(void **state) {
  (void)state;
  const char *const rules[] = {"gd", "momentum", "nesterov"};
  const size_t wide[] = {24, 24, 24};
  for (size_t k = 0; k < COUNT(rules); k++) {
    fit_problem p = make_problem_of(make_context(1), wide, 1000), q;
    ntk_context *context = NULL;
    assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1, .memory_limit = 8000000},
                                 &context));
    q = make_problem_of(context, wide, 1000);
    ntk_train_options options = {
        .optimizer = rules[k], .epochs = EPOCHS, .kernel_precision = "mixed"};
    reference expected = make_reference(&p, options), other = make_reference(&q, options);
    assert_true(other.result.lr != expected.result.lr);
    options.checkpoint = path;
    options.checkpoint_every = 1e9;
    options.progress = stop_training;
    ntk_train_result r = {0};
    calls_left = 5;
    assert_refused(ntk_train(p.context, p.network, p.data, p.Y, &options, &r), NTK_ERR_CANCELLED,
                   "interrupted");
    calls_left = 0;
    r = fit_run(&q, options);
    assert_true(r.resumed > 0);
    assert_memory_equal(&r.lr, &expected.result.lr, sizeof r.lr);
    assert_memory_equal(&r.momentum, &expected.result.momentum, sizeof r.momentum);
    assert_memory_equal(r.loss, expected.result.loss, (EPOCHS + 1) * sizeof *r.loss);
    assert_memory_equal(q.network->theta, expected.theta, p.P * sizeof(double));
    assert_int_equal(unlink(path), 0);
    ntk_train_clear(&r);
    destroy_reference(&other);
    destroy_reference(&expected);
    destroy_problem(&q);
    destroy_problem(&p);
  }
}

/* Cancelled again and again, one epoch further each time. */
static void test_cancelled_often(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(methods); k++) {
    fit_problem p = make_problem();
    ntk_train_options options = options_of(k, 0);
    double *start = fit_theta(&p);
    calls_left = 0;
    reference expected = make_reference(&p, options);
    options.progress = stop_training;
    for (size_t times = 1; times < expected.result.epochs; times++) {
      ntk_train_result r = {0};
      char says[64];
      snprintf(says, sizeof says, "after %zu epochs", times);
      calls_left = 2; /* the first call comes before the first step */
      assert_refused(ntk_train(p.context, p.network, p.data, p.Y, &options, &r), NTK_ERR_CANCELLED,
                     says);
      fit_set(&p, start);
    }
    go_on(&p, options, start, &expected);
    free(start);
    destroy_reference(&expected);
    destroy_problem(&p);
  }
}

/* Cancelled inside kernels, factorisations and eigensolvers, at every call of the context's
 * progress or some of them: what had been measured or tried by then leaves no trace. */
static void test_cancelled_inside(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(methods); k++) {
    fit_problem p = make_problem();
    ntk_train_options options = options_of(k, 5);
    double *start = fit_theta(&p);
    calls_left = calls_made = 0;
    p.context->progress = stop_context;
    reference expected = make_reference(&p, options);
    const size_t most = calls_made;
    assert_true(most > EPOCHS);
    for (size_t at = 1; at <= most; at += k == 0 || k == 4 ? 2 : 11) {
      ntk_train_result r = {0};
      calls_left = at;
      assert_refused(ntk_train(p.context, p.network, p.data, p.Y, &options, &r), NTK_ERR_CANCELLED,
                     "interrupted");
      assert_memory_equal(p.network->theta, start, p.P * sizeof(double));
      go_on(&p, options, start, &expected);
    }
    free(start);
    destroy_reference(&expected);
    destroy_problem(&p);
  }
}

/* A process that dies in the middle of an epoch leaves the checkpoint written before. */
static bool die(const ntk_train_progress *progress, void *user) {
  if (progress->epoch >= *(const size_t *)user)
    _exit(7);
  return true;
}

static void test_killed(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(methods); k++) {
    fit_problem p = make_problem();
    ntk_train_options options = options_of(k, 4);
    double *start = fit_theta(&p);
    calls_left = 0;
    reference expected = make_reference(&p, options);
    size_t at = expected.result.epochs < 7 ? expected.result.epochs - 1 : 7;
    options.checkpoint_every = 2.5;
    options.progress = die;
    options.progress_user = &at;
    const pid_t child = fork();
    if (child == 0) {
      ntk_train_result r;
      (void)ntk_train(p.context, p.network, p.data, p.Y, &options, &r);
      _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    assert_int_equal(files(), 1);
    options.progress = NULL;
    go_on(&p, options, start, &expected);
    free(start);
    destroy_reference(&expected);
    destroy_problem(&p);
  }
}

/* A run asked for more epochs than before is the longer run; its tracked epochs too, though the
 * shorter one also measured its last. */
static void test_extended(void **state) {
  (void)state;
  const size_t lengths[] = {1, 4, 6, 12};
  for (size_t k = 0; k < COUNT(methods); k++)
    for (size_t n = 0; n < COUNT(lengths); n++)
      for (size_t track = 0; track <= 4; track += 4) {
        fit_problem p = make_problem();
        ntk_train_options options = options_of(k, track);
        double *start = fit_theta(&p);
        calls_left = 0;
        reference expected = make_reference(&p, options);
        if (lengths[n] < expected.result.epochs) {
          options.epochs = lengths[n];
          ntk_train_result r = fit_run(&p, options);
          assert_int_equal(r.epochs, lengths[n]);
          ntk_train_clear(&r);
          options.epochs = EPOCHS;
          go_on(&p, options, start, &expected);
        }
        free(start);
        destroy_reference(&expected);
        destroy_problem(&p);
      }
}

/* Whatever ended it, a run that has ended and is asked for again gives its result again, without a
 * step, and leaves the file as good as it was. */
static void test_finished(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(methods); k++)
    for (size_t rule = 0; rule < 4; rule++) {
      fit_problem p = make_problem();
      ntk_train_options options = options_of(k, 5);
      double *start = fit_theta(&p);
      calls_left = 0;
      options.epochs = rule == 1 && strcmp(methods[k].optimizer, "lm") == 0 ? 100 : EPOCHS;
      if (rule == 2) /* a target reached half way */
        options.target = 0.3;
      options.plateau = rule == 3 ? 2 : 5;
      reference expected = make_reference(&p, options);
      for (size_t times = 0; times < 3; times++) {
        fit_set(&p, start);
        ntk_train_result r = fit_run(&p, options);
        assert_int_equal(r.resumed, times == 0 ? 0 : expected.result.epochs);
        expect_same(&p, &expected, &r);
        ntk_train_clear(&r);
      }
      assert_int_equal(unlink(path), 0);
      free(start);
      destroy_reference(&expected);
      destroy_problem(&p);
    }
}

/* Seconds of runs before count: those of the result, and those that stop. */
static void test_seconds_add_up(void **state) {
  (void)state;
  fit_problem p = make_problem();
  ntk_train_options options = options_of(0, 0);
  double *start = fit_theta(&p), first;
  calls_left = 0;
  ntk_train_result r = fit_run(&p, options);
  first = r.seconds;
  ntk_train_clear(&r);
  fit_set(&p, start);
  options.epochs = 2 * EPOCHS;
  r = fit_run(&p, options);
  assert_true(r.seconds > 1.5 * first && r.seconds < 3.0 * first);
  first = r.seconds;
  ntk_train_clear(&r);
  fit_set(&p, start);
  options.epochs = 100 * EPOCHS;
  options.seconds = first / 2.0;
  r = fit_run(&p, options);
  assert_int_equal(r.stopped, NTK_STOP_TIME);
  assert_int_equal(r.epochs, 2 * EPOCHS);
  ntk_train_clear(&r);
  assert_int_equal(unlink(path), 0);
  free(start);
  destroy_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cancelled_once),  cmocka_unit_test(test_less_memory),
      cmocka_unit_test(test_cancelled_often), cmocka_unit_test(test_cancelled_inside),
      cmocka_unit_test(test_killed),          cmocka_unit_test(test_extended),
      cmocka_unit_test(test_finished),        cmocka_unit_test(test_seconds_add_up),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
