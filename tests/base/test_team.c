/* How many threads a piece of work gets.
 * Property: where this thread did not have its processor, which a sleep cannot be told from, small
 * work is its own; large work never is, and what lies long ago does not count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support.h"

#include "base/context.h"

#include <time.h>

static const double TINY = 1e6, SMALL = 1e8, LARGE = 1e10;

static void sleep_for(long milliseconds) {
  const struct timespec time = {.tv_sec = milliseconds / 1000,
                                .tv_nsec = milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static void test_crowded(void **state) {
  (void)state;
  ntk_context *context = make_context(2);
  assert_int_equal(ntk_threads_for(context, SMALL), 2); /* nothing is known yet */
  sleep_for(60);
  assert_int_equal(ntk_threads_for(context, SMALL), 1);
  assert_int_equal(ntk_team_for(context, SMALL), 1);
  assert_int_equal(ntk_threads_for(context, LARGE), 2);
  assert_int_equal(ntk_team_for(context, LARGE), 2);
  sleep_for(400);
  assert_int_equal(ntk_threads_for(context, SMALL), 2);
  assert_int_equal(ntk_threads_for(context, TINY), 1);
  ntk_context_destroy(context);
}

static void test_alone(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  assert_int_equal(ntk_threads_for(context, LARGE), 1);
  assert_int_equal(ntk_team_for(context, LARGE), 1);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_crowded), cmocka_unit_test(test_alone)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
