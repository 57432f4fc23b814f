/* How much memory ntk_memorize takes, known before anything is allocated. Sums are made in double
 * precision, which cannot overflow and is exact up to 2^53 bytes. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "net/network.h"
#include "spectrum/eigen.h"
#include "spectrum/packed.h"

#include <math.h>

static const double SMALL_OBJECTS = 1 << 16;
enum { SCRATCH_ROWS = 400 }; /* of passes through a network, for each thread: the most of them */

/* What the shape makes necessary, in entries. */
typedef struct shape {
  double wanted, base; /* parameters of the network, and of the one with half its last layer */
  double D;            /* n_{L-2} m */
  double wanted_columns, base_columns; /* of their features */
  double widest;
} shape;

static shape shape_of(const ntk_network_spec *spec, size_t parameters) {
  const size_t L = spec->depth, half = spec->width[L - 1] / 2;
  const double m = (double)half, n = (double)spec->width[L - 2];
  shape s = {.wanted = (double)parameters, .base = (double)parameters - n * m - m, .D = n * m};
  s.wanted_columns = 1.0 + 4.0 * m;
  s.base_columns = 1.0 + 2.0 * m;
  for (size_t l = 1; l + 1 < L; l++) {
    s.wanted_columns += 2.0 * (double)spec->width[l];
    s.base_columns += 2.0 * (double)spec->width[l];
  }
  for (size_t l = 0; l < L; l++)
    s.widest = fmax(s.widest, (double)spec->width[l]);
  return s;
}

/* Held all the time: data (twice: equal samples are taken out into a copy), the base network with
 * its features, gradient and kernel, the networks made and one that one of them is compared to.
 * Besides, either the eigenvalues of K_{L-2}, or the construction of a network and then its
 * features. */
ntk_status ntk_memorize_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                               size_t count, const ntk_memorize_options *options, size_t *bytes) {
  size_t P = 0;
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  NTK_TRY(ntk_memorize_check(spec, &P));
  const bool iterative = options != NULL && options->iterative;
  const shape s = shape_of(spec, P);
  const double n = (double)N, L = (double)spec->depth;
  const double held = n * (2.0 * (double)spec->width[0] + 5.0) + 2.0 * s.base + n * s.base_columns +
                      (iterative ? 0.0 : n * (n + 1.0) / 2.0) + ((double)count + 1.0) * s.wanted;
  const double eigen = iterative ? 0.0 : (double)ntk_eigen_bytes(N) / 8.0 + 2.0 * n;
  const double construction =
      2.0 * s.D + fmax(2.0 * s.base, n * (s.wanted_columns + 2.0 * L + 8.0));
  const double scratch = (double)context->threads * SCRATCH_ROWS * s.widest;
  const double total = SMALL_OBJECTS + 8.0 * (held + fmax(construction, eigen) + scratch);
  *bytes = total < 0x1p63 ? (size_t)total : SIZE_MAX;
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "N = %zu samples; accepted: up to %zu", N, NTK_PACKED_MAX);
  return ntk_memory_check(context, *bytes, "this construction");
}
