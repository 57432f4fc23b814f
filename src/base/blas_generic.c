/* Any libblas and liblapack: the reference's, or what the system has put in their place. */
#define _GNU_SOURCE /* dladdr */
#include "base/blas.h"

#include <cblas.h>
#include <dlfcn.h>
#include <omp.h>
#include <string.h>

/* Serial ones have no threads to count; those that use OpenMP follow its setting. One with threads
 * of its own must be kept to one of them from outside. */
int ntk_blas_enter(int threads) {
  const int previous = omp_get_max_threads();
  omp_set_num_threads(threads);
  return previous;
}

/* The file that it was loaded from: another file is other bits. */
const char *ntk_blas_name(void) {
  Dl_info info;
  double (*const function)(int, const double *, int, const double *, int) = cblas_ddot;
  void *address;
  memcpy(&address, &function, sizeof address);
  return dladdr(address, &info) == 0 || info.dli_fname == NULL ? "BLAS" : info.dli_fname;
}

const char *ntk_blas_core(void) {
  return "generic";
}

size_t ntk_blas_buffer(void) {
  return 0; /* the reference has none */
}

const char *ntk_blas_remedy(void) {
  return "";
}
