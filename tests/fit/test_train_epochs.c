/* Which epochs are tracked.
 * Property: every so many, those of a list, or 1, 2, 5, 10, 20, 50, ..., with the first and the
 * last; what is measured at an epoch does not depend on which others are; a checkpoint goes on with
 * the same list, and only with it; a list that is none is refused by the item at fault; weights
 * kept of an epoch are those of a run that ends there, to the bit, also when the run was resumed.
 */
#include "one_context.h"

#include "checkpoint_support.h"

static const size_t width[] = {5, 8, 6};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};

static void check_epochs(ntk_train_options options, size_t count, const size_t *expected) {
  fit_problem p = fit_create(one, spec, 8);
  ntk_train_result r = fit_run(&p, options);
  assert_int_equal(r.tracked, count);
  for (size_t i = 0; i < count; i++)
    assert_int_equal(r.track[i].epoch, expected[i]);
  ntk_train_clear(&r);
  fit_destroy(&p);
}

static void test_which(void **state) {
  (void)state;
  const size_t listed[] = {0, 1, 3, 10, 25}, from[] = {0, 7, 30, 40}, past[] = {0, 2, 9};
  const size_t log[] = {0, 1, 2, 5, 10, 20, 50, 100, 200, 320}, both[] = {0, 4, 6, 8, 12, 15, 16};
  const size_t every[] = {0, 10, 20, 25}, at_end[] = {0, 1, 2, 5, 10};
  check_epochs((ntk_train_options){.epochs = 25, .track_epochs = "0,1,3,10"}, 5, listed);
  check_epochs((ntk_train_options){.epochs = 40, .track_epochs = "7,30"}, 4, from);
  check_epochs((ntk_train_options){.epochs = 9, .track_epochs = "2,1e2"}, 3, past);
  check_epochs((ntk_train_options){.epochs = 320, .track_epochs = "log"}, 10, log);
  check_epochs((ntk_train_options){.epochs = 10, .track_epochs = "log"}, 5, at_end);
  check_epochs((ntk_train_options){.epochs = 25, .track_epochs = "10"}, 4, every);
  check_epochs((ntk_train_options){.epochs = 16, .track = 4, .track_epochs = "6,15"}, 7, both);
}

/* The same numbers at the same epochs as with every one tracked, but for the rate since the tracked
 * one before, which is of more epochs. */
static void test_values(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 8), q = fit_create(one, spec, 8);
  ntk_train_result all = fit_run(&p, (ntk_train_options){.epochs = 12, .track = 1});
  ntk_train_result some = fit_run(&q, (ntk_train_options){.epochs = 12, .track_epochs = "log"});
  for (size_t i = 0; i < some.tracked; i++) {
    ntk_track_point *point = &some.track[i];
    double rates = 1.0;
    for (size_t t = i > 0 ? point[-1].epoch + 1 : 1; t <= point->epoch; t++)
      rates *= all.track[t].rate;
    if (i > 0)
      assert_near(pow(point->rate, (double)(point->epoch - point[-1].epoch)), rates, 1e-13, "rate");
    point->rate = all.track[point->epoch].rate;
    assert_memory_equal(point, &all.track[point->epoch], sizeof *point);
  }
  ntk_train_clear(&all);
  ntk_train_clear(&some);
  fit_destroy(&p);
  fit_destroy(&q);
}

/* A run of 7 epochs that goes on to 30: epoch 7, its last, is no point of the whole. */
static void test_resumed(void **state) {
  (void)state;
  ntk_train_options options = {.track_epochs = "log", .checkpoint = path};
  const size_t expected[] = {0, 1, 2, 5, 10, 20, 30};
  for (size_t epochs = 7; epochs <= 30; epochs += 23) {
    fit_problem p = fit_create(one, spec, 8);
    options.epochs = epochs;
    ntk_train_result r = fit_run(&p, options);
    assert_int_equal(r.resumed, epochs == 7 ? 0 : 7);
    assert_int_equal(r.tracked, epochs == 7 ? 5 : 7);
    for (size_t i = 0; i < r.tracked && epochs == 30; i++)
      assert_int_equal(r.track[i].epoch, expected[i]);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
  fit_problem p = fit_create(one, spec, 8);
  ntk_train_result r;
  options.track_epochs = "0,1,2,5";
  assert_int_equal(ntk_train(one, p.network, p.data, p.Y, &options, &r), NTK_ERR_ARGUMENT);
  assert_non_null(strstr(ntk_error_message(), "other epochs to track"));
  fit_destroy(&p);
  assert_int_equal(unlink(path), 0);
}

/* theta of a run of so many epochs, to be freed. */
static double *theta_after(size_t epochs, const char *precision) {
  fit_problem p = fit_create(one, spec, 8);
  ntk_train_result r =
      fit_run(&p, (ntk_train_options){.epochs = epochs, .precision = precision, .lr = 1e-3});
  double *theta = fit_theta(&p);
  ntk_train_clear(&r);
  fit_destroy(&p);
  return theta;
}

static void test_weights(void **state) {
  (void)state;
  const char *precisions[] = {"double", "float"};
  for (size_t single = 0; single < 2; single++) {
    ntk_train_options options = {.track_epochs = "0,1,4,9",
                                 .track_weights = true,
                                 .lr = 1e-3,
                                 .precision = precisions[single],
                                 .checkpoint = path};
    for (size_t epochs = 6; epochs <= 12; epochs += 6) { /* the second goes on from the first */
      fit_problem p = fit_create(one, spec, 8);
      options.epochs = epochs;
      ntk_train_result r = fit_run(&p, options);
      assert_int_equal(r.resumed, epochs == 6 ? 0 : 6);
      assert_int_equal(r.tracked, epochs == 6 ? 4 : 5);
      for (size_t i = single; i < r.tracked; i++) { /* of float, 0 is what it was rounded to */
        double *theta = theta_after(r.track[i].epoch, precisions[single]);
        assert_int_equal(r.track[i].parameters, p.P);
        if (r.track[i].epoch > 0)
          assert_memory_equal(r.track[i].theta, theta, p.P * sizeof *theta);
        free(theta);
      }
      double *first = fit_theta(&p);
      assert_memory_equal(first, r.track[r.tracked - 1].theta, p.P * sizeof *first);
      free(first);
      ntk_train_clear(&r);
      fit_destroy(&p);
    }
    fit_problem p = fit_create(one, spec, 8);
    ntk_train_result r;
    options.track_weights = false;
    assert_int_equal(ntk_train(one, p.network, p.data, p.Y, &options, &r), NTK_ERR_ARGUMENT);
    assert_non_null(strstr(ntk_error_message(), "other weights kept of them"));
    fit_destroy(&p);
    assert_int_equal(unlink(path), 0);
  }
  const char *member = NULL;
  assert_int_equal(ntk_train_options_check(&(ntk_train_options){.track_weights = true}, &member),
                   NTK_ERR_ARGUMENT);
  assert_string_equal(member, "track_weights");
}

static void test_refused(void **state) {
  (void)state;
  const char *const bad[][2] = {{"0", "'0' is 0"},
                                {"1.5", "'1.5' is not a whole number"},
                                {"", "'' is empty"},
                                {"1,,3", "'' is empty"},
                                {"1,2,", "'' is empty"},
                                {"0,3,3", "'3' is not after the one before"},
                                {"5,4", "'4' is not after the one before"},
                                {"1,two", "'two' is not a whole number"},
                                {"LOG", "'LOG' is not a whole number"},
                                {"1,-2", "'-2' is negative"}};
  for (size_t i = 0; i < COUNT(bad); i++) {
    const char *member = NULL;
    const ntk_train_options options = {.track_epochs = bad[i][0]};
    assert_int_equal(ntk_train_options_check(&options, &member), NTK_ERR_ARGUMENT);
    assert_string_equal(member, "track");
    if (strstr(ntk_error_message(), bad[i][1]) == NULL ||
        strstr(ntk_error_message(), "0,1,3,10 or log") == NULL)
      fail_msg("'%s': %s", bad[i][0], ntk_error_message());
  }
}

static int make_directory(void **state) {
  (void)setup(state);
  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/run.ntk", directory);
  return 0;
}

static int remove_directory(void **state) {
  assert_int_equal(rmdir(directory), 0);
  return teardown(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_which),   cmocka_unit_test(test_values),
      cmocka_unit_test(test_resumed), cmocka_unit_test(test_weights),
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
