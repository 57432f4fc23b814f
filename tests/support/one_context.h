/* The one context, of one thread, of a whole group of tests: made before them, and after them
 * looked at for memory that is still held. */
#ifndef NTK_TESTS_ONE_CONTEXT_H
#define NTK_TESTS_ONE_CONTEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support.h"

static ntk_context *one;

static int setup(void **state) {
  (void)state;
  one = make_context(1);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(one), 0);
  ntk_context_destroy(one);
  return 0;
}

#endif
