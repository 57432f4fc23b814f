/* How much memory ntk_regression takes, known before anything is allocated. */
#include "fit/regression/regression.h"

#include "kernel/footprint.h"
#include "kernel/limit/limit.h"
#include "net/network.h"
#include "spectrum/eigen.h"

#include <math.h>

/* Eigenvectors, and dsyevd's workspace: 2 R^2 and some. */
static double flow_bytes(double R, double columns) {
  return 8.0 * (3.0 * R * R + 72.0 * R + columns);
}

/* Beside the factor: corrections, and rows of K. */
static double refining(const ntk_context *context, double train, double R) {
  return 8.0 * (2.0 * train + (double)context->threads * R);
}

ntk_status ntk_regression_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                 size_t M, const ntk_regression_options *options, size_t *bytes) {
  const ntk_regression_options o = options != NULL ? *options : (ntk_regression_options){0};
  size_t parameters = 0;
  double numbers = 0.0; /* of a limit, for each sample */
  NTK_TRY(ntk_footprint_begin(spec, N, &parameters, bytes));
  if (M == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "M is 0; accepted: 1 and up");
  const bool limit = o.limit != NULL;
  if (limit)
    NTK_TRY(ntk_limit_numbers(spec, &numbers));
  const ntk_outputs of = limit ? NTK_OUTPUTS_TRACE : NTK_OUTPUTS_ALL;
  const size_t n = ntk_spec_width(spec, spec->depth), R = ntk_kernel_rows(spec, of, N);
  const size_t count = o.times > 0 ? o.times : o.ridges > 0 ? o.ridges : 1;
  const double points = (double)count, train = (double)N * (double)n;
  const double test = (double)M * (double)n, d = (double)spec->width[0];
  const ntk_slabs slabs = ntk_regressor_slabs(spec, M, R, count, limit);
  const ntk_kernel_bytes b = ntk_kernel_bytes_of(context, spec, of, N);
  const ntk_kernel_bytes s = ntk_kernel_bytes_of(context, spec, of, slabs.samples);
  const double columns = train * points, each = (double)R / (double)N; /* rows of a sample */
  const double solving =
      o.times > 0
          ? flow_bytes((double)R, columns + train)
          : b.kernel + 24.0 * train +
                fmax(fmax((double)ntk_eigen_bytes(R), refining(context, train, (double)R)),
                     o.ridges > 0 ? ntk_regressor_leave_out_bytes(context, (double)R, each) : 0.0) +
                (limit ? 0.0 : 8.0 * (double)parameters + b.product);
  const double predicting =
      s.features + s.create + (slabs.weights ? fmax(s.product, b.product) : s.build) + slabs.bytes;
  const double series = limit ? 8.0 * (double)(N + M) * (8.0 + numbers) : 0.0;
  const double held =
      8.0 * ((double)N * d + (double)M * d + (double)parameters) +
      8.0 * (5.0 * train + 2.0 * test + (o.ridges > 0 ? 3.0 : 2.0) * columns + test * points) +
      b.kernel + (limit ? 0.0 : b.features);
  const double most = fmax(fmax(b.create + b.build + series, solving), predicting + series);
  return ntk_footprint_end(context, held + most + NTK_SMALL_OBJECTS, N, "this regression", bytes);
}
