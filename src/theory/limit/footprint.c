/* How much memory ntk_limit_spectrum takes, known before anything is allocated. */
#include "ntkit/limit.h"

#include "kernel/footprint.h"
#include "kernel/limit/limit.h"
#include "spectrum/eigen.h"

/* Two kernels, as K and its copy, or K and the network's, are held at once. */
ntk_status ntk_limit_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                            const ntk_limit_options *options, size_t *bytes) {
  size_t parameters = 0;
  NTK_TRY(ntk_footprint_begin(spec, N, &parameters, bytes));
  const ntk_kernel_bytes b = ntk_kernel_bytes_of(context, spec, NTK_OUTPUTS_TRACE, N);
  double numbers = 0.0;
  NTK_TRY(ntk_limit_numbers(spec, &numbers));
  const double n = (double)N, series = 8.0 * n * numbers;
  const bool beside = options != NULL && options->network != NULL;
  const double total = 8.0 * n * ((double)spec->width[0] + 8.0) + 8.0 * (double)parameters +
                       2.0 * b.kernel + b.build + series + (double)ntk_eigen_bytes(N) +
                       (beside ? b.features + b.create : 0.0) + NTK_SMALL_OBJECTS;
  return ntk_footprint_end(context, total, N, "this limit", bytes);
}
