/* Sums of array sizes in double precision, which cannot overflow and is exact up to 2^53 bytes. */
#include "theory/footprint.h"

#include "base/blas.h"
#include "base/memory.h"
#include "spectrum/eigen.h"
#include "spectrum/packed.h"
#include "theory/bounds.h"

#include <math.h>

/* More than any tile, block of rows or thread-private workspace takes in one thread, but for the
 * backward pass's rows, counted below. */
static const double WORKSPACE = 4.0 * (1 << 20);
enum { FORWARD_ROWS = 128, OPERATOR_ROWS = 512 };

static size_t saturate(double bytes) {
  return bytes < 0x1p63 ? (size_t)bytes : SIZE_MAX;
}

static double half_square(double N) {
  return 8.0 * N * (N + 1.0) / 2.0;
}

static double features(size_t depth, const size_t *width, double N) {
  double columns = 1.0;
  for (size_t l = 1; l < depth; l++)
    columns += 2.0 * (double)width[l];
  return 8.0 * N * columns;
}

size_t ntk_half_square_bytes(size_t N) {
  return saturate(half_square((double)N));
}

size_t ntk_features_bytes(size_t depth, const size_t *width, size_t N) {
  return saturate(features(depth, width, (double)N));
}

/* Beyond X and the weights; singular: K will not be built unless the options need it. */
static double working_bytes(const ntk_context *context, size_t depth, const size_t *width,
                            bool singular, size_t N, const ntk_spectrum_options *options) {
  double widest = 1.0, largest = 1.0; /* width, and entries of a weight matrix */
  for (size_t l = 1; l < depth; l++) {
    widest = fmax(widest, (double)width[l]);
    largest = fmax(largest, (double)width[l - 1] * (double)width[l]);
  }
  const double n = (double)N, threads = context->threads;
  const double norms = 8.0 * n * (2.0 * (double)depth + 4.0);
  const double workspace =
      threads * fmax(WORKSPACE, 8.0 * FORWARD_ROWS * widest) + 8.0 * (largest + OPERATOR_ROWS * widest);
  double total = features(depth, width, n) + norms + workspace + (double)ntk_eigen_bytes(N);
  if (!singular || options->full || options->kernel_path != NULL)
    total += half_square(n);
  if (options->full)
    total += 8.0 * n * n + 8.0 * 64.0 * n;
  return total;
}

/* The counting part of ntk_deficiency. */
static bool known_singular(size_t parameters, size_t d, const ntk_activation *activation,
                           size_t N) {
  return N > parameters || (!activation->info.nonlinear && N > d);
}

static ntk_status check(const ntk_context *context, double bytes, size_t N) {
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "N = %zu samples; accepted: up to %zu, what packed storage holds",
                    N, NTK_PACKED_MAX);
  return ntk_memory_check(context, saturate(bytes), "this computation");
}

ntk_status ntk_spectrum_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                               const ntk_spectrum_options *options, size_t *bytes) {
  static const ntk_spectrum_options defaults;
  size_t parameters = 0;
  NTK_TRY(ntk_architecture_check(spec, &parameters));
  ntk_activation activation;
  NTK_TRY(ntk_activation_find(spec->activation ? spec->activation : "sigmoid", &activation));
  const bool singular = known_singular(parameters, spec->width[0], &activation, N);
  const double total =
      8.0 * ((double)N * (double)spec->width[0] + (double)parameters) +
      working_bytes(context, spec->depth, spec->width, singular, N, options ? options : &defaults);
  *bytes = saturate(total);
  return check(context, total, N);
}

ntk_status ntk_footprint_check(const ntk_context *context, const ntk_network *network, size_t N,
                               const ntk_spectrum_options *options) {
  const bool singular =
      known_singular(network->parameters, network->width[0], &network->activation, N);
  return check(context,
               working_bytes(context, network->depth, network->width, singular, N, options), N);
}
