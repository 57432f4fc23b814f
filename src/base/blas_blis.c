#include "base/blas.h"

#include <blis.h>
#include <pthread.h>
#include <stdio.h>

/* One count for the whole process; below 1 while none was set, which computes on one thread. */
int ntk_blas_enter(int threads) {
  const dim_t previous = bli_thread_get_num_threads();
  bli_thread_set_num_threads(threads);
  return previous > 0 ? (int)previous : 1;
}

static char name[64];

static void make_name(void) {
  snprintf(name, sizeof name, "BLIS %s", bli_info_get_version_str());
}

const char *ntk_blas_name(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  (void)pthread_once(&once, make_name);
  return name;
}

const char *ntk_blas_core(void) {
  return bli_arch_string(bli_arch_query_id());
}

size_t ntk_blas_buffer(void) {
  return 0; /* mapped as it is needed, and told of where it cannot be */
}

const char *ntk_blas_remedy(void) {
  return " or set BLIS_ARCH_TYPE";
}
