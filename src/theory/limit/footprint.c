/* How much memory ntk_limit_spectrum takes, known before anything is allocated. */
#include "ntkit/limit.h"

#include "kernel/footprint.h"
#include "net/dual/dual.h"
#include "spectrum/eigen.h"

/* Two kernels, as K and its copy, or K and the network's, are held at once; series have as many
 * terms as they may at most. */
ntk_status ntk_limit_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                            const ntk_limit_options *options, size_t *bytes) {
  size_t parameters = 0;
  NTK_TRY(ntk_footprint_begin(spec, N, &parameters, bytes));
  const ntk_kernel_bytes b = ntk_kernel_bytes_of(context, spec, NTK_OUTPUTS_TRACE, N);
  const double n = (double)N, hidden = (double)spec->depth - 1.0;
  const double series = 8.0 * n * hidden * (4.0 + NTK_DUAL_TERMS);
  const bool beside = options != NULL && options->network != NULL;
  const double total = 8.0 * n * ((double)spec->width[0] + 8.0) + 8.0 * (double)parameters +
                       2.0 * b.kernel + b.build + series + (double)ntk_eigen_bytes(N) +
                       (beside ? b.features + b.create : 0.0) + NTK_SMALL_OBJECTS;
  return ntk_footprint_end(context, total, N, "this limit", bytes);
}
