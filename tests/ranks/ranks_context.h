/* A context on all ranks that mpirun has started (tests/ranks/mpirun.sh), for a whole group of
 * tests: made before them, and after them looked at for memory that is still held. Rank 0 tells
 * what passes, each what fails. */
#ifndef NTK_TESTS_RANKS_CONTEXT_H
#define NTK_TESTS_RANKS_CONTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ranks/ranks.h"
#include "support.h"

static ntk_context *all;
static int rank, ranks; /* this one; how many */

static inline ntk_context *make_ranks_context(void) {
  ntk_context *context = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1, .backend = "mpi"}, &context));
  return context;
}

static inline int setup(void **state) {
  (void)state;
  ranks = ntk_launched(&rank);
  if (rank > 0 && freopen("/dev/null", "w", stdout) == NULL)
    return -1;
  all = make_ranks_context();
  return 0;
}

static inline int teardown(void **state) {
  (void)state;
  if (all == NULL) /* none was made */
    return -1;
  assert_int_equal(ntk_memory_in_use(all), 0);
  ntk_context_destroy(all);
  return 0;
}

static int (*close_tests)(void **state);

static inline void end_of_tests(void **state) {
  assert_int_equal(close_tests(state), 0);
}

/* One after the other, between `open` and `close`; a rank on which one fails ends at once, and
 * mpirun the others, which might wait for it. */
static inline int run_on_ranks(const struct CMUnitTest *tests, size_t count, int (*open)(void **),
                               int (*close)(void **)) {
  const struct CMUnitTest last = cmocka_unit_test(end_of_tests);
  close_tests = close;
  for (size_t i = 0; i <= count; i++)
    if (_cmocka_run_group_tests("ranks", i < count ? &tests[i] : &last, 1, i == 0 ? open : NULL,
                                NULL) != 0)
      _Exit(1);
  return 0;
}

/* Whether all ranks have these very bytes. */
static inline void assert_same_on_all(ntk_context *context, const void *own, size_t count) {
  char *first = malloc(count > 0 ? count : 1);
  assert_non_null(first);
  memcpy(first, own, count);
  ntk_ranks_hand(context, 0, count, first);
  const int differ = memcmp(first, own, count);
  free(first);
  assert_int_equal(differ, 0);
}

#endif
