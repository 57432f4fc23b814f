#include "base/blas.h"

#include <cblas.h>
#include <omp.h>

/* OpenBLAS's OpenMP build follows OpenMP's own setting; its pthread build has one of its own, and
 * must have made a call before that is touched (a bug before 0.3.24): ntk_blas_check does. */
enum { OPENBLAS_PTHREAD = 1 };

int ntk_blas_enter(int threads) {
  if (openblas_get_parallel() == OPENBLAS_PTHREAD) {
    const int previous = openblas_get_num_threads();
    openblas_set_num_threads(threads);
    return previous;
  }
  const int previous = omp_get_max_threads();
  omp_set_num_threads(threads);
  return previous;
}

const char *ntk_blas_name(void) {
  return openblas_get_config();
}

const char *ntk_blas_core(void) {
  return openblas_get_corename();
}

size_t ntk_blas_buffer(void) {
  return (size_t)128 << 20; /* of x86-64 and most others; elsewhere less */
}

const char *ntk_blas_remedy(void) {
  return " or set OPENBLAS_CORETYPE";
}
