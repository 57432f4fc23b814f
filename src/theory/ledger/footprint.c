/* How much memory ntk_verify takes, known before anything is allocated. */
#include "kernel/footprint.h"
#include "kernel/ends/deficiency.h"
#include "spectrum/eigen.h"
#include "theory/ledger/kernels.h"

#include <math.h>

/* Features of a piece of fresh samples with the piece itself; copies: 2 when they are centred too,
 * which takes another X where F_{L-2} is X. */
static double piece_bytes(const ntk_context *context, const ntk_network_spec *spec, double copies) {
  const double X = 8.0 * NTK_POPULATION_PIECE * (double)spec->width[0];
  return copies *
             ntk_kernel_bytes_of(context, spec, NTK_OUTPUTS_TRACE, NTK_POPULATION_PIECE).features +
         (spec->depth == 2 ? copies * X : X);
}

/* Beyond X and the weights: the largest of the population pass, the tails' samples, the kernels,
 * and the directions of Proposition 3.3; with what stays throughout. */
static double verify_bytes(const ntk_context *context, const ntk_network_spec *spec, size_t N,
                           const ntk_verify_options *options) {
  const size_t depth = spec->depth, *width = spec->width;
  const ntk_kernel_bytes b = ntk_kernel_bytes_of(context, spec, NTK_OUTPUTS_TRACE, N);
  const double P = ntk_shape_of(spec).parameters;
  const double n = (double)N, L = (double)depth, eigen = (double)ntk_eigen_bytes(N);
  const double hidden = (double)ntk_widest(spec, 1);
  const double nn = (double)width[depth - 2] * (double)width[depth - 1];
  const double X = depth == 2 ? 8.0 * n * (double)width[0] : 0.0;
  const double both = 2.0 * b.features + X;
  const double kept =
      8.0 * (nn + P / hidden + 16.0 * L + 8.0 * n) + sizeof(ntk_ledger_row) * 8.0 * (L + 8.0);
  const double widest = fmax(hidden, (double)width[0]);
  const double samples = NTK_FAMILY_SAMPLES, piece = NTK_POPULATION_PIECE;
  const double pass = piece_bytes(context, spec, 2.0) + 8.0 * piece * (widest + 1.0) + b.apply;
  const double tails = piece_bytes(context, spec, 1.0) +
                       8.0 * ((6.0 + L) * samples + (2.0 * L + widest) * piece + 5.0 * widest);
  const double directions =
      piece_bytes(context, spec, 2.0) + 8.0 * 12.0 * (nn + samples) + 8.0 * piece + 2.0 * b.apply;
  double kernels =
      2.0 * b.kernel + fmax(fmax(b.build, ntk_deficiency_bytes(spec, NTK_OUTPUTS_TRACE, N)), eigen);
  if (N <= NTK_FULL_UP_TO) /* also unasked: of J~ J~^T where the law is not known */
    kernels = fmax(kernels, b.kernel + b.full);
  kernels = fmax(kernels, 8.0 * n * (2.0 * L + 1.0 + hidden) + eigen);
  kernels = fmax(kernels, 8.0 * n * (double)(width[depth - 2] + width[depth - 1]));
  const double spectra = options->spectra ? 8.0 * n * NTK_LEDGER_SPECTRA : 0.0;
  return both + kept + spectra + fmax(fmax(pass, tails), fmax(directions, kernels)) +
         NTK_SMALL_OBJECTS;
}

static ntk_status check_outputs(const ntk_network_spec *spec) {
  const size_t outputs = ntk_spec_width(spec, spec->depth);
  if (outputs == 1)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "the network has %zu outputs, and the proof is of one; accepted: one of them, as "
                  "ntk_network_select makes it",
                  outputs);
}

ntk_status ntk_verify_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                             const ntk_verify_options *options, size_t *bytes) {
  static const ntk_verify_options defaults;
  size_t parameters = 0;
  NTK_TRY(ntk_footprint_begin(spec, N, &parameters, bytes));
  NTK_TRY(check_outputs(spec));
  const double total = 8.0 * ((double)N * (double)spec->width[0] + (double)parameters) +
                       ntk_backend_bytes(context) +
                       verify_bytes(context, spec, N, options != NULL ? options : &defaults);
  return ntk_footprint_end(context, total, N, "this computation", bytes);
}

ntk_status ntk_verify_check_memory(const ntk_verification *v) {
  const ntk_network_spec spec = ntk_spec_of(v->network);
  size_t bytes = 0;
  NTK_TRY(check_outputs(&spec));
  return ntk_footprint_end(v->context, verify_bytes(v->context, &spec, v->N, &v->options), v->N,
                           "this computation", &bytes);
}
