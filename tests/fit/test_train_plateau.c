/* The authors' stopping rule, and the loss that they plot.
 * Property: training stops at the first window whose losses sum to more than those of the window
 * before; loss_plateau is what the authors' loop, written here once more over the returned losses,
 * is left with: twice the mean over the last window that had not risen, whatever stopped the run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fit/train/training.h"
#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {5, 8, 6};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};

/* Their loop: a running sum that is looked at every w epochs. *broken: the epochs after which the
 * rule breaks it; 0: it does not. */
static double authors_loss(const double *loss, size_t epochs, size_t w, size_t *broken) {
  double previous = INFINITY, running = 0.0;
  *broken = 0;
  for (size_t t = 0; t < epochs && *broken == 0; t++) {
    running += loss[t];
    if ((t + 1) % w != 0)
      continue;
    if (running > previous) {
      *broken = t + 1;
    } else {
      previous = running;
      running = 0.0;
    }
  }
  return previous / ((double)w / 2.0); /* w = 100: previous_loss / 50 */
}

/* breaks: the rule breaks their loop where the run ended; never before. */
static void check_loss(const ntk_train_result *r, size_t w, bool breaks) {
  size_t broken;
  const double expected = authors_loss(r->loss, r->epochs, w, &broken);
  assert_int_equal(broken, breaks ? r->epochs : 0);
  if (isinf(expected))
    assert_true(isnan(r->loss_plateau));
  else
    assert_near(r->loss_plateau, expected, 1e-15 * expected, "loss of the plateau");
}

/* Adam that is never at rest is stopped by the rule; in every precision and loss. Where the last
 * epoch allowed is the one at which the rule breaks, that is why it stops, and nothing else is
 * another. */
static void test_stopped(void **state) {
  (void)state;
  const size_t windows[] = {1, 3, 10, 100};
  for (size_t k = 0; k < 4 * COUNT(windows); k++) {
    const size_t w = windows[k / 4];
    fit_problem p = fit_create(one, spec, 60);
    double *start = fit_theta(&p);
    ntk_train_options options = {.optimizer = "adam",
                                 .loss = k % 2 ? "mean" : "half-sum",
                                 .precision = k & 2 ? "float" : "double",
                                 .lr = 0.3,
                                 .plateau = w,
                                 .epochs = 20000};
    ntk_train_result r = fit_run(&p, options);
    assert_int_equal(r.stopped, NTK_STOP_PLATEAU);
    check_loss(&r, w, true);
    const double value = r.loss_plateau;
    options.epochs = r.epochs;
    ntk_train_clear(&r);
    fit_set(&p, start);
    r = fit_run(&p, options);
    assert_int_equal(r.stopped, NTK_STOP_EPOCHS);
    assert_near(r.loss_plateau, value, 0.0, "the same loss");
    ntk_train_clear(&r);
    free(start);
    fit_destroy(&p);
  }
}

/* Other stops, at the end of a window or within one, or before there is any; a divergence. */
static void test_other_stops(void **state) {
  (void)state;
  const struct {
    ntk_train_options options;
    ntk_train_stop stop;
  } runs[] = {
      {{.epochs = 400, .plateau = 100}, NTK_STOP_EPOCHS},
      {{.epochs = 250, .plateau = 100}, NTK_STOP_EPOCHS},
      {{.epochs = 100, .plateau = 100}, NTK_STOP_EPOCHS},
      {{.epochs = 99, .plateau = 100}, NTK_STOP_EPOCHS},
      {{.epochs = 120, .plateau = 7, .target = 0.5}, NTK_STOP_TARGET},
      {{.epochs = 10, .plateau = 3, .target = 1e6}, NTK_STOP_TARGET},
      {{.epochs = 500, .plateau = 2, .lr = 0.5}, NTK_STOP_DIVERGED},
      {{.epochs = 60, .plateau = 4, .optimizer = "lm"}, NTK_STOP_STALLED},
  };
  for (size_t k = 0; k < COUNT(runs); k++) {
    fit_problem p = fit_create(one, spec, 8);
    ntk_train_result r = fit_run(&p, runs[k].options);
    assert_int_equal(r.stopped, runs[k].stop);
    check_loss(&r, runs[k].options.plateau, false);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* Small numbers, summed by hand; another stop may fall where the rule would break. */
static void test_by_hand(void **state) {
  (void)state;
  double loss[] = {9, 8, 7, 5, 4, 3, 6, 6, 6, 100}; /* sums of three: 24, 12, 18 */
  const struct {
    size_t window, epoch;
    double expected;
  } cases[] = {
      {3, 9, 8},     /* the third window has risen: 2 * 12 / 3 */
      {3, 8, 8},     /* the third is not whole */
      {3, 6, 8},     /* the second has not risen */
      {3, 5, 16},    /* 2 * 24 / 3 */
      {3, 3, 16},    /* the first has none before it */
      {3, 2, NAN},   /* none is whole */
      {0, 9, NAN},   /* no window */
      {10, 9, NAN},  /* too long a one */
      {5, 10, 13.2}, /* the second has risen: 2 * 33 / 5 */
      {9, 9, 12},    /* 2 * 54 / 9 */
      {2, 8, 7},     /* 17, 12, 7, 12: 2 * 7 / 2 */
      {1, 7, 6},     /* 3, then 6: 2 * 3 */
      {1, 8, 12},    /* 6, then 6: no more than before */
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    const ntk_training t = {
        .options = {.plateau = cases[k].window}, .epoch = cases[k].epoch, .loss = loss};
    const double value = ntk_training_plateau_loss(&t);
    if (isnan(cases[k].expected))
      assert_true(isnan(value));
    else
      assert_near(value, cases[k].expected, 0.0, "by hand");
  }
}

/* The rule asks for more than before: losses that stay the same go on. A window that no run is long
 * enough for, however large, never stops one. */
static void test_none(void **state) {
  (void)state;
  ntk_network_spec zero = spec;
  zero.init = "antisymmetric"; /* F = 0 = Y: nothing moves */
  fit_problem p = fit_create(one, zero, 8);
  memset(p.Y, 0, p.N * sizeof *p.Y);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.lr = 1e-3, .epochs = 40, .plateau = 5});
  assert_int_equal(r.stopped, NTK_STOP_EPOCHS);
  assert_near(r.loss_plateau, 0.0, 0.0, "twice a mean of zeros");
  ntk_train_clear(&r);
  r = fit_run(&p, (ntk_train_options){.lr = 1e-3, .epochs = 3, .plateau = (size_t)1 << 63});
  assert_int_equal(r.stopped, NTK_STOP_EPOCHS);
  assert_true(isnan(r.loss_plateau));
  ntk_train_clear(&r);
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stopped),
      cmocka_unit_test(test_other_stops),
      cmocka_unit_test(test_by_hand),
      cmocka_unit_test(test_none),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
