/* The most that is held at once, phase by phase. Sums are made in double precision, which cannot
 * overflow and is exact up to 2^53 bytes. */
#include "theory/footprint.h"

#include "base/blas.h"
#include "base/memory.h"
#include "kernel/workspace.h"
#include "spectrum/eigen.h"
#include "spectrum/packed.h"
#include "theory/ledger/kernels.h"

#include <math.h>

/* What objects and lists of tiles take besides arrays; what stays in cache. */
static const double SMALL_OBJECTS = 1 << 16, CACHED_BYTES = 1 << 25;

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

/* A copy of K may take the place of the features, and a little more where it stays in cache. */
static bool keeps_kernel(size_t depth, const size_t *width, double N) {
  return half_square(N) <= fmax(features(depth, width, N), CACHED_BYTES);
}

bool ntk_footprint_keeps_kernel(size_t depth, const size_t *width, size_t N) {
  return keeps_kernel(depth, width, (double)N);
}

/* Largest of what the network's shape makes a phase need. */
typedef struct shape {
  double widest, pair; /* n_l, n_l + n_{l+1}, l < L */
  double parameters;
} shape;

static shape shape_of(size_t depth, const size_t *width) {
  shape s = {1.0, (double)width[depth - 1], (double)width[depth - 1]};
  for (size_t l = 1; l < depth; l++) {
    const double below = (double)width[l - 1], here = (double)width[l];
    s.widest = fmax(s.widest, here);
    s.pair = fmax(s.pair, below + here);
    s.parameters += below * here;
  }
  return s;
}

/* Beyond X and the weights. singular: K is not built unless the options need it. */
static double working_bytes(const ntk_context *context, size_t depth, const size_t *width,
                            bool singular, size_t N, const ntk_spectrum_options *options) {
  const shape s = shape_of(depth, width);
  const double n = (double)N, threads = context->threads;
  const double norms = 8.0 * n * (2.0 * (double)depth + 4.0);
  const double both = features(depth, width, n), half = half_square(n);
  const double tiles = fmax(8.0 * threads * GRAM_COLUMNS * s.pair, 24.0 * n);
  const double apply = 8.0 * (s.parameters + threads * OPERATOR_ROWS * s.widest);
  const double eigen = (double)ntk_eigen_bytes(N);

  double most = both + fmax(8.0 * threads * FORWARD_ROWS * s.widest, 24.0 * n);
  most = fmax(most, both + eigen + apply); /* singular, or found to be so by equal rows */
  if (!singular || options->full || options->kernel_path != NULL)
    most = fmax(most, both + half + tiles);
  if (!singular) { /* K moves into the place of the features, or the features stay */
    most = fmax(most, keeps_kernel(depth, width, n) ? fmax(both + half, 2.0 * half + eigen)
                                                    : both + half + fmax(eigen, apply));
    if (options->per_block)
      most = fmax(most, both + half + eigen);
  }
  if (options->full)
    most = fmax(most, both + half + 8.0 * n * n + 8.0 * 40.0 * n);
  return most + norms + SMALL_OBJECTS;
}

/* The counting part of ntk_deficiency_find. */
static bool known_singular(size_t parameters, size_t d, const ntk_activation *activation,
                           size_t N) {
  return N > parameters || (!activation->info.nonlinear && N > d);
}

static ntk_status check(const ntk_context *context, double bytes, size_t N) {
  if (N > NTK_PACKED_MAX)
    return ntk_fail(NTK_ERR_LIMIT,
                    "N = %zu samples; accepted: up to %zu, what packed storage holds", N,
                    NTK_PACKED_MAX);
  return ntk_memory_check(context, saturate(bytes), "this computation");
}

ntk_status ntk_spectrum_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                               const ntk_spectrum_options *options, size_t *bytes) {
  static const ntk_spectrum_options defaults;
  size_t parameters = 0;
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  const ntk_status possible = ntk_architecture_check(spec, &parameters);
  if (possible == NTK_ERR_LIMIT)
    *bytes = SIZE_MAX;
  NTK_TRY(possible);
  ntk_activation activation;
  NTK_TRY(ntk_activation_find(spec->activation ? spec->activation : "sigmoid", &activation));
  const bool singular = known_singular(parameters, spec->width[0], &activation, N);
  const double total =
      8.0 * ((double)N * (double)spec->width[0] + (double)parameters) + SMALL_OBJECTS +
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

/* ---- ntk_verify ------------------------------------------------------------------------------ */

/* Features of a piece of fresh samples with the piece itself; copies: 2 when they are centred too,
 * which takes another X where F_{L-2} is X. */
static double piece_bytes(size_t depth, const size_t *width, double copies) {
  const double rows = NTK_POPULATION_PIECE;
  const double X = 8.0 * rows * (double)width[0];
  return copies * features(depth, width, rows) + (depth == 2 ? copies * X : X);
}

/* Beyond X and the weights: the largest of the population pass, the tails' samples, the kernels,
 * and the directions of Proposition 3.3; with what stays throughout. */
static double verify_bytes(const ntk_context *context, size_t depth, const size_t *width, size_t N,
                           const ntk_verify_options *options) {
  const shape s = shape_of(depth, width);
  const double n = (double)N, L = (double)depth, threads = context->threads;
  const double nn = (double)width[depth - 2] * (double)width[depth - 1];
  const double X = depth == 2 ? 8.0 * n * (double)width[0] : 0.0;
  const double both = 2.0 * features(depth, width, n) + X;
  const double kept = 8.0 * (nn + s.parameters / fmax(1.0, s.widest) + 16.0 * L + 8.0 * n) +
                      sizeof(ntk_ledger_row) * 8.0 * (L + 8.0);
  const double apply = 8.0 * (s.parameters + threads * OPERATOR_ROWS * s.widest);
  const double widest = fmax(s.widest, (double)width[0]);
  const double samples = NTK_FAMILY_SAMPLES, piece = NTK_POPULATION_PIECE;
  const double pass = piece_bytes(depth, width, 2.0) + 8.0 * piece * (widest + 1.0) + apply;
  const double tails = piece_bytes(depth, width, 1.0) +
                       8.0 * ((6.0 + L) * samples + (2.0 * L + widest) * piece + 5.0 * widest);
  const double directions =
      piece_bytes(depth, width, 2.0) + 8.0 * 12.0 * (nn + samples) + 8.0 * piece + 2.0 * apply;
  const double half = half_square(n), eigen = (double)ntk_eigen_bytes(N);
  const double tiles = fmax(8.0 * threads * GRAM_COLUMNS * s.pair, 24.0 * n);
  double kernels = 2.0 * half + fmax(tiles, eigen);
  if (N <= NTK_FULL_UP_TO) /* also unasked: of J~ J~^T where the law is not known */
    kernels = fmax(kernels, half + 8.0 * n * n + 8.0 * 40.0 * n);
  kernels = fmax(kernels, 8.0 * n * (2.0 * L + 1.0 + s.widest) + eigen);
  kernels = fmax(kernels, 8.0 * n * (double)(width[depth - 2] + width[depth - 1]));
  const double spectra = options->spectra ? 8.0 * n * NTK_LEDGER_SPECTRA : 0.0;
  return both + kept + spectra + fmax(fmax(pass, tails), fmax(directions, kernels)) + SMALL_OBJECTS;
}

ntk_status ntk_verify_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                             const ntk_verify_options *options, size_t *bytes) {
  static const ntk_verify_options defaults;
  size_t parameters = 0;
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  const ntk_status possible = ntk_architecture_check(spec, &parameters);
  if (possible == NTK_ERR_LIMIT)
    *bytes = SIZE_MAX;
  NTK_TRY(possible);
  const double total =
      8.0 * ((double)N * (double)spec->width[0] + (double)parameters) +
      verify_bytes(context, spec->depth, spec->width, N, options != NULL ? options : &defaults);
  *bytes = saturate(total);
  return check(context, total, N);
}

ntk_status ntk_verify_footprint_check(const ntk_context *context, const ntk_network *network,
                                      size_t N, const ntk_verify_options *options) {
  return check(context, verify_bytes(context, network->depth, network->width, N, options), N);
}
