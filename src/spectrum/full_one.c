/* A build without MPI: no matrix is spread. */
#include "spectrum/full.h"

ntk_status ntk_spectrum_full_spread(const ntk_packed *A, double *values) {
  (void)values;
  return ntk_fail(NTK_ERR_RANKS, "a matrix on %d ranks; accepted: a build with MPI",
                  A->share.ranks);
}

double ntk_spectrum_full_spread_bytes(size_t n, int ranks) {
  return ntk_spectrum_full_bytes(n) / (double)ranks;
}
