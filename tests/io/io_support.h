/* A folder for saved networks, and one whose outputs are known by hand: d = 1, n_1 = 2, identity:
 * f(x) = (1 * 3 + 2 * 4) x = 11 x. */
#ifndef NTK_TESTS_IO_SUPPORT_H
#define NTK_TESTS_IO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "ntkit/io.h"
#include "support.h"

static ntk_context *context;
static char top[] = "/tmp/ntkit-test-XXXXXX";

static inline int io_setup(void **state) {
  (void)state;
  context = make_context(1);
  return mkdtemp(top) == NULL;
}

static inline int io_teardown(void **state) {
  (void)state;
  char command[64];
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  snprintf(command, sizeof command, "rm -r %s", top);
  return system(command);
}

/* top/name, until the next but three. */
static inline const char *at(const char *name) {
  static char path[4][256];
  static size_t next;
  char *here = path[next++ % 4];
  snprintf(here, sizeof path[0], "%s/%s", top, name);
  return here;
}

/* columns 0: a vector. */
static inline void put(const char *name, size_t rows, size_t columns, const double *values) {
  assert_ok(ntk_npy_save(at(name), values, columns == 0 ? 1 : 2, (size_t[]){rows, columns}));
}

/* The network factor * 11 x into top/place, "" or "class3/". */
static inline void put_network(const char *place, double factor) {
  char name[64];
  assert_ok(ntk_directory_prepare(at(place)));
  snprintf(name, sizeof name, "%sW1.npy", place);
  put(name, 1, 2, (double[]){1, 2});
  snprintf(name, sizeof name, "%sW2.npy", place);
  put(name, 2, 1, (double[]){3 * factor, 4 * factor});
}

#endif
