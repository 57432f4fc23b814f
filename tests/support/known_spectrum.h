/* Operators with known eigenvalues. */
#ifndef TESTS_KNOWN_SPECTRUM_H
#define TESTS_KNOWN_SPECTRUM_H

#include "base/blas.h"
#include "matrices.h"
#include "spectrum/full.h"
#include "spectrum/lanczos.h"

static ntk_context *context;

/* Around all tests of a file: the context, of which nothing is held at the end. */
static inline int known_setup(void **state) {
  (void)state;
  context = make_context(1);
  return 0;
}
static inline int known_teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return 0;
}

typedef enum spectrum {
  EVEN,         /* 1, 2, ..., n */
  CLUSTER_2,    /* 2 at 1, 1e-10 wide; the rest 2, 3, ... */
  CLUSTER_5,    /* 5 there */
  CLUSTER_20,   /* 20 there */
  IDENTITY,     /* 1, ..., 1 */
  RANK_ONE_UP,  /* 1, ..., 1, 3 */
  RANK_ONE_LOW, /* 1/4, 1, ..., 1 */
  NEARLY_ONE,   /* 1/4, then 1 ... 1 + 1e-12: a block of vectors becomes dependent but for 1e-12 */
  NEARLY_EQUAL, /* 1e-12, then 1 ... 2: a kernel of two nearly equal rows */
  GRADED,       /* 1e-14 ... 1, geometric */
  SPECTRA
} spectrum;

static inline void fill_spectrum(spectrum kind, size_t n, double *lambda) {
  const size_t clusters[] = {[CLUSTER_2] = 2, [CLUSTER_5] = 5, [CLUSTER_20] = 20};
  for (size_t i = 0; i < n; i++)
    switch (kind) {
    case EVEN:
      lambda[i] = 1.0 + (double)i;
      break;
    case CLUSTER_2:
    case CLUSTER_5:
    case CLUSTER_20:
      lambda[i] = i < clusters[kind] ? 1.0 + 1e-10 * (double)i / (double)clusters[kind]
                                     : 2.0 + (double)(i - clusters[kind]);
      break;
    case GRADED:
      lambda[i] = n == 1 ? 1.0 : pow(10.0, -14.0 * (double)(n - 1 - i) / (double)(n - 1));
      break;
    case RANK_ONE_LOW:
      lambda[i] = i == 0 ? 0.25 : 1.0;
      break;
    case NEARLY_ONE:
      lambda[i] = i == 0 ? 0.25 : 1.0 + 1e-12 * (double)i / (double)n;
      break;
    case NEARLY_EQUAL:
      lambda[i] = i == 0 ? 1e-12 : 1.0 + (double)i / (double)n;
      break;
    default:
      lambda[i] = kind == RANK_ONE_UP && i == n - 1 ? 3.0 : 1.0;
    }
}

#endif
