/* The caller sees each tracked epoch.
 * Property: options.track_each is called once for each point of the result, in order, with that
 * point and with the weights that a run of so many epochs ends with, by every method, in either
 * precision, with biases and several outputs; it holds no memory; the context may be used in it;
 * what it stops goes on from the checkpoint, and no epoch is told of twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint_support.h"
#include "general_run.h"

/* What was told. */
enum { ROOM = 64 };
static struct {
  size_t count, P, stop_at; /* the call that says stop; 0: none does */
  ntk_track_point point[ROOM];
  double *theta[ROOM]; /* P each */
} told;

static bool note(const ntk_track_point *point, const double *theta, void *user) {
  assert_ptr_equal(user, &told);
  assert_true(told.count < ROOM);
  told.point[told.count] = *point;
  told.theta[told.count] = make_array(told.P);
  memcpy(told.theta[told.count], theta, told.P * sizeof *theta);
  return ++told.count != told.stop_at;
}

static void forget(void) {
  for (size_t i = 0; i < told.count; i++)
    free(told.theta[i]);
  memset(&told, 0, sizeof told);
}

/* The result's points are those that were told. */
static void expect_told(const ntk_train_result *r) {
  assert_int_equal(told.count, r->tracked);
  for (size_t i = 0; i < told.count; i++)
    assert_memory_equal(&told.point[i], &r->track[i], sizeof told.point[i]);
}

/* theta of each epoch told is that of a run of so many epochs, and of the first what was given. */
static void expect_weights(fit_problem *p, ntk_train_options options, const double *start) {
  options.track = 0;
  options.track_each = NULL;
  for (size_t i = 0; i < told.count; i++) {
    const double *theta = start;
    if (told.point[i].epoch > 0) {
      options.epochs = told.point[i].epoch;
      fit_set(p, start);
      ntk_train_result r = fit_run(p, options);
      ntk_train_clear(&r);
      theta = ntk_network_weights(p->network, 1);
    }
    assert_memory_equal(told.theta[i], theta, p->P * sizeof *theta);
  }
}

static const struct {
  const char *optimizer, *precision;
} methods[] = {{"gd", "double"}, {"momentum", "double"}, {"nesterov", "double"}, {"adam", "double"},
               {"lm", "double"}, {"gd", "float"},        {"adam", "float"}};

static const size_t width[] = {6, 12, 8};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};

/* A problem whose weights are floats, so that theta_0 is what was given in either precision. */
static fit_problem problem(void) {
  fit_problem p = fit_create(one, spec, 10);
  for (size_t q = 0; q < p.P; q++)
    p.network->theta[q] = (double)(float)p.network->theta[q];
  return p;
}

/* lm is done after two steps. */
static ntk_train_options told_options(size_t method) {
  return (ntk_train_options){.optimizer = methods[method].optimizer,
                             .precision = methods[method].precision,
                             .epochs = 7,
                             .track = methods[method].optimizer[0] == 'l' ? 1 : 3,
                             .track_each = note,
                             .track_user = &told};
}

/* At epochs 0, 3, 6 and the last, 7; no memory is its own. */
static void test_each(void **state) {
  (void)state;
  for (size_t m = 0; m < COUNT(methods); m++) {
    fit_problem p = problem();
    ntk_train_options options = told_options(m), silent = options;
    double *start = fit_theta(&p);
    silent.track_each = NULL;
    size_t peak[2], bytes[2];
    for (int with = 0; with < 2; with++) {
      told.P = p.P;
      p.context = make_context(1);
      ntk_network *network = NULL;
      assert_ok(ntk_network_create(p.context, &spec, &network));
      memcpy(network->theta, start, p.P * sizeof *start);
      ntk_train_result r = {0};
      assert_ok(ntk_train(p.context, network, p.data, p.Y, with ? &options : &silent, &r));
      assert_ok(ntk_train_memory(p.context, &spec, p.N, with ? &options : &silent, &bytes[with]));
      peak[with] = ntk_memory_peak(p.context);
      if (with == 1)
        expect_told(&r);
      assert_true(with ? told.count >= 3 : told.count == 0);
      ntk_train_clear(&r);
      ntk_network_destroy(network);
      ntk_context_destroy(p.context);
    }
    p.context = one;
    assert_int_equal(peak[0], peak[1]);
    assert_int_equal(bytes[0], bytes[1]);
    expect_weights(&p, options, start);
    free(start);
    forget();
    fit_destroy(&p);
  }
}

/* With track_weights the point has the same weights. */
static void test_kept(void **state) {
  (void)state;
  fit_problem p = problem();
  ntk_train_options options = told_options(0);
  options.track_weights = true;
  told.P = p.P;
  ntk_train_result r = fit_run(&p, options);
  expect_told(&r);
  for (size_t i = 0; i < told.count; i++) {
    assert_int_equal(told.point[i].parameters, p.P);
    assert_memory_equal(r.track[i].theta, told.theta[i], p.P * sizeof(double));
  }
  ntk_train_clear(&r);
  forget();
  fit_destroy(&p);
}

/* lambda_min of a network that is made of theta, taken apart as the header says, on the context of
 * the training and while that runs, is the one that the training measured. */
typedef struct question {
  const one_run *run;
  size_t asked;
} question;

static bool ask(const ntk_track_point *point, const double *theta, void *user) {
  question *q = user;
  const general *g = &q->run->g;
  const double *W[MOST_LAYERS], *b[MOST_LAYERS];
  for (size_t l = 1; l <= g->L; l++) {
    W[l - 1] = theta;
    theta += g->width[l - 1] * g->width[l];
    b[l - 1] = g->bias[l - 1] ? theta : NULL;
    theta += g->bias[l - 1] ? g->width[l] : 0;
  }
  ntk_network *network = NULL;
  ntk_spectrum_result s = {0};
  const ntk_network_spec of = general_spec(g, 0);
  assert_ok(ntk_network_from_weights(one, &of, W, b, &network));
  const ntk_spectrum_options all = {.outputs = NTK_OUTPUTS_ALL};
  assert_ok(ntk_spectrum(one, network, q->run->data, &all, &s));
  assert_true(s.verdict == NTK_VERDICT_OK || isnan(point->lambda_min) || point->lambda_min == 0.0);
  if (s.verdict == NTK_VERDICT_OK)
    assert_near(point->lambda_min, s.lambda_min, 1e-6 * s.lambda_max, "lambda_min");
  assert_near(point->lambda_max, s.lambda_max, 1e-6 * s.lambda_max, "lambda_max");
  ntk_spectrum_clear(&s);
  ntk_network_destroy(network);
  q->asked++;
  return true;
}

static void test_context(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 12; seed++) {
    one_run run = begin(seed, NULL);
    question q = {.run = &run};
    const ntk_train_options options = {
        .optimizer = "adam", .epochs = 4, .track = 2, .track_each = ask, .track_user = &q};
    ntk_train_result r = {0};
    assert_ok(ntk_train(one, run.network, run.data, run.Y, &options, &r));
    assert_int_equal(q.asked, 3);
    ntk_train_clear(&r);
    end(&run);
  }
}

/* Stopped at its k-th call the run is cancelled, with the weights as they were; resumed, it tells
 * of the epochs that are left, and ends as an uninterrupted one. */
static void test_stop(void **state) {
  (void)state;
  for (size_t m = 0; m < COUNT(methods); m++)
    for (size_t k = 1; k <= 3; k++) {
      fit_problem p = problem();
      ntk_train_options options = told_options(m);
      told.P = p.P;
      reference expected = make_reference(&p, options);
      forget();
      options.checkpoint = path;
      double *start = fit_theta(&p);
      told.P = p.P;
      told.stop_at = k;
      ntk_train_result r = {0};
      assert_refused(ntk_train(one, p.network, p.data, p.Y, &options, &r), NTK_ERR_CANCELLED,
                     "interrupted after");
      assert_null(r.context);
      assert_int_equal(told.count, k);
      assert_memory_equal(ntk_network_weights(p.network, 1), start, p.P * sizeof *start);
      r = fit_run(&p, options);
      assert_int_equal(r.resumed, told.point[k - 1].epoch);
      expect_same(&p, &expected, &r);
      expect_told(&r);
      assert_int_equal(unlink(path), 0);
      ntk_train_clear(&r);
      destroy_reference(&expected);
      free(start);
      forget();
      fit_destroy(&p);
    }
}

/* Nothing tracked, nothing to tell of. */
static void test_refusal(void **state) {
  (void)state;
  fit_problem p = problem();
  ntk_train_options options = told_options(0);
  options.track = 0;
  const char *member = NULL;
  ntk_train_result r = {0};
  assert_refused(ntk_train(one, p.network, p.data, p.Y, &options, &r), NTK_ERR_ARGUMENT,
                 "with epochs to track");
  assert_int_equal(ntk_train_options_check(&options, &member), NTK_ERR_ARGUMENT);
  assert_string_equal(member, "track_each");
  options.track_epochs = "0,5";
  told.P = p.P;
  r = fit_run(&p, options);
  expect_told(&r); /* 0, 5 and 7 */
  assert_int_equal(told.count, 3);
  ntk_train_clear(&r);
  forget();
  fit_destroy(&p);
}

static int begin_group(void **state) {
  if (setup(state) != 0 || mkdtemp(directory) == NULL)
    return 1;
  snprintf(path, sizeof path, "%s/checkpoint", directory);
  return 0;
}

static int end_group(void **state) {
  return rmdir(directory) != 0 || teardown(state) != 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each), cmocka_unit_test(test_kept),    cmocka_unit_test(test_context),
      cmocka_unit_test(test_stop), cmocka_unit_test(test_refusal),
  };
  return cmocka_run_group_tests(tests, begin_group, end_group);
}
