/* Ranks that are only supposed.
 * Property: as many as a forecast asks for all say what this one says: of their numbers the sum is
 * as many times its own, and the least is its own; records are shown in the order of ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ranks/ranks.h"
#include "support.h"

enum { SIZE = 100 };

typedef struct shown {
  int count;
  char own[SIZE];
} shown;

static void take(int rank, const void *record, void *user) {
  shown *s = user;
  assert_int_equal(rank, s->count++);
  assert_memory_equal(record, s->own, SIZE);
}

/* Overwrites what the stack has of an earlier call. */
static void spoil(void) {
  volatile double other[1024];
  for (size_t i = 0; i < COUNT(other); i++)
    other[i] = -1e300;
}

static void test_alike(void **state) {
  (void)state;
  static const int counts[] = {1, 2, 63, 64, 65, 511, 512, 513, 5000};
  ntk_context *context = make_context(1);
  for (size_t c = 0; c < COUNT(counts); c++) {
    shown s = {.own = "the same"};
    assert_ok(ntk_ranks_suppose(context, counts[c]));
    assert_int_equal(ntk_ranks_count(context), counts[c]);
    spoil();
    assert_true(ntk_ranks_sum_one(context, 0.25) == 0.25 * counts[c]);
    spoil();
    assert_true(ntk_ranks_least(context, 0.25) == 0.25);
    assert_true(ntk_ranks_fold(context, SIZE, s.own, take, &s));
    assert_int_equal(s.count, counts[c]);
    ntk_ranks_leave(context);
  }
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_alike)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
