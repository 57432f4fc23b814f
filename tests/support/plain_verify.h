/* The objects of the proof by plain loops. */
#ifndef TESTS_PLAIN_VERIFY_H
#define TESTS_PLAIN_VERIFY_H

#include "theory/ledger/kernels.h"
#include "verify_support.h"

enum { N = 14, SEED = 5 };

static inline double *population(const char *distribution, size_t count, size_t d) {
  const ntk_distribution *law = NULL;
  ntk_context *context = make_context(1);
  double *X = make_array(count * d);
  assert_ok(ntk_distribution_find(distribution, &law));
  ntk_distribution_fill(context, law, (ntk_random){SEED, NTK_STREAM_POPULATION, 0}, 0, count, d, X);
  ntk_context_destroy(context);
  return X;
}

#endif
