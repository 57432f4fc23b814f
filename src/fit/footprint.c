/* How much memory ntk_train takes, known before anything is allocated. Sums are made in double
 * precision, which cannot overflow and is exact up to 2^53 bytes. */
#include "base/blas.h"
#include "base/memory.h"
#include "fit/lm.h"
#include "spectrum/eigen.h"
#include "spectrum/packed.h"

#include <math.h>

static const double SMALL_OBJECTS = 1 << 16;

static double features(const ntk_network_spec *spec, double N) {
  double columns = 1.0;
  for (size_t l = 1; l < spec->depth; l++)
    columns += 2.0 * (double)spec->width[l];
  return 8.0 * N * columns;
}

ntk_status ntk_train_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                            const ntk_train_options *options, size_t *bytes) {
  static const ntk_train_options defaults;
  const ntk_train_options *o = options != NULL ? options : &defaults;
  const ntk_optimizer *optimizer = NULL;
  size_t P = 0;
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  NTK_TRY(ntk_optimizer_find(o->optimizer != NULL ? o->optimizer : "gd", &optimizer));
  NTK_TRY(ntk_architecture_check(spec, &P));
  const bool tracked = o->track > 0;
  const bool single = o->precision != NULL && o->precision[0] == 'f';
  const double n = (double)N, p = (double)P, kernel = 4.0 * n * (n + 1.0);
  const double epochs = (double)(o->epochs > 0 ? o->epochs : 10000);
  double total =
      SMALL_OBJECTS + 8.0 * (n * (double)spec->width[0] + n) + 8.0 * 2.0 * p + 16.0 * epochs;
  if (optimizer->second_order)
    total += ntk_lm_bytes(N, P) + features(spec, n) + kernel;
  else
    total += ntk_descent_bytes(spec->depth, spec->width, N, single, context->threads);
  if (tracked) /* theta_0 and its features, K_0, and one epoch's features, K and eigenvectors */
    total += 8.0 * p + 2.0 * features(spec, n) + 2.0 * kernel + 8.0 * 2.0 * p +
             (double)ntk_eigen_bytes(N);
  else if (optimizer->linear)
    total += features(spec, n) + (double)ntk_eigen_bytes(N) + (N <= 8192 ? kernel : 0.0);
  *bytes = total < 0x1p63 ? (size_t)total : SIZE_MAX;
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "N = %zu samples; accepted: up to %zu", N, NTK_PACKED_MAX);
  return ntk_memory_check(context, *bytes, "this training");
}
