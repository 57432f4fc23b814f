#include "theory/plan/burst.h"

#include "base/simd.h"

typedef double burst_fn(size_t steps, double *result);
typedef double read_fn(const double *x, size_t count);
extern NTK_LANES_DECLARE(burst_fn, ntk_burst);
extern NTK_LANES_DECLARE_SINGLE(burst_fn, ntk_burst);
extern NTK_LANES_DECLARE(read_fn, ntk_read_all);

double ntk_burst(bool single, size_t steps, double *result) {
  burst_fn *const run = single ? NTK_LANES_BEST_SINGLE(ntk_burst) : NTK_LANES_BEST(ntk_burst);
  return run(steps, result);
}

double ntk_read_all(const double *x, size_t count) {
  return NTK_LANES_BEST(ntk_read_all)(x, count);
}
