/* How much memory ntk_memorize takes, known before anything is allocated. */
#include "fit/memorize/memorize.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "kernel/ends/extremes.h"
#include "kernel/footprint.h"
#include "spectrum/eigen.h"

#include <math.h>
#include <string.h>

/* What the base network, whose last hidden layer is half of the wanted one's, holds and needs. */
typedef struct base_network {
  double parameters, D; /* bytes of its weights, and of n_{L-2} m of them */
  ntk_kernel_bytes of;
} base_network;

static ntk_status describe(ntk_context *context, const ntk_network_spec *spec,
                           const ntk_share *share, base_network *base) {
  const size_t L = spec->depth, m = spec->width[L - 1] / 2;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, L, sizeof(size_t), "the base network", &pointer));
  size_t *width = pointer;
  memcpy(width, spec->width, (L - 1) * sizeof *width);
  width[L - 1] = m;
  ntk_network_spec half = *spec;
  half.width = width;
  const double rows = (double)ntk_spec_rows(spec, L - 1);
  *base = (base_network){.parameters = 8.0 * ntk_shape_of(&half).parameters,
                         .D = 8.0 * rows * (double)m,
                         .of = ntk_kernel_bytes_in(context, &half, NTK_OUTPUTS_TRACE, share)};
  ntk_free(context, width);
  return NTK_OK;
}

/* Held all the time: data (twice: equal samples are taken out into a copy), the base network with
 * its features, gradient and kernel, the networks made and one that one of them is compared to; of
 * a margin the samples in one step's kernel, too, with their features.
 * Besides, either the eigenvalues of K_{L-2}, or the construction of a network and then its
 * features; and the workspace of a pass, a product or K_{L-2}. */
static ntk_status bytes_of_way(ntk_context *context, const ntk_network_spec *spec,
                               const ntk_share *share, double count,
                               const ntk_memorize_options *options, ntk_way way, double *total) {
  const bool iterative = options->iterative, margin = options->margin > 0.0;
  const double P = ntk_shape_of(spec).parameters;
  base_network base;
  const size_t N = share->N;
  NTK_TRY(describe(context, spec, share, &base));
  const ntk_kernel_bytes wanted = ntk_kernel_bytes_in(context, spec, NTK_OUTPUTS_TRACE, share);
  const double n = 8.0 * (double)N, L = (double)spec->depth;
  const double data = 8.0 * (double)ntk_share_most(share) * (double)spec->width[0];
  const bool mixed = way != NTK_WAY_DOUBLE && !iterative;
  const double factor = (way != NTK_WAY_MIXED_SMALLER ? base.of.kernel : 0.0) +
                        (mixed ? base.of.single + 5.0 * n : 0.0); /* and conjugate gradients */
  const double part = margin ? data + base.of.features + 9.0 * n : 0.0;
  const double held = 2.0 * data + part + 5.0 * n + 2.0 * base.parameters + base.of.features +
                      (iterative ? 0.0 : factor) + (count + 1.0) * 8.0 * P;
  const double digits = ntk_digits_bytes(spec, NTK_OUTPUTS_TRACE) + 2.0 * L * n;
  const double eigen =
      iterative || margin ? 0.0 : fmax((double)ntk_eigen_bytes(N), digits) + 2.0 * n;
  const double construction =
      2.0 * base.D + fmax(2.0 * base.parameters, wanted.features + n * (2.0 * L + 8.0));
  const double workspace = fmax(fmax(wanted.output, mixed ? base.of.apply : 0.0),
                                fmax(base.of.product, iterative ? 0.0 : base.of.build));
  *total =
      NTK_SMALL_OBJECTS + ntk_backend_bytes(context) + held + fmax(construction, eigen) + workspace;
  return NTK_OK;
}

ntk_status ntk_memorize_way(ntk_context *context, const ntk_network_spec *spec,
                            const ntk_share *share, double count,
                            const ntk_memorize_options *options, ntk_way *way) {
  ntk_mode mode;
  double in_double = 0.0, mixed = 0.0;
  NTK_TRY(ntk_mode_find(options->precision, &mode));
  if (mode == NTK_MODE_MIXED && options->iterative)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "iterative solves have no factor, whose precision mixed is; accepted: the "
                    "precision auto or double, or solves by a factor");
  *way = NTK_WAY_DOUBLE;
  if (options->margin > 0.0)
    return NTK_OK;
  NTK_TRY(bytes_of_way(context, spec, share, count, options, NTK_WAY_DOUBLE, &in_double));
  NTK_TRY(bytes_of_way(context, spec, share, count, options, NTK_WAY_MIXED, &mixed));
  *way = ntk_way_choose(mode, share->N, false, ntk_memory_agreed(context), in_double, mixed);
  return NTK_OK;
}

static ntk_status vectors_memory(ntk_context *context, const ntk_network_spec *spec,
                                 const ntk_share *share, double count,
                                 const ntk_memorize_options *options, double *total) {
  ntk_way way;
  NTK_TRY(ntk_memorize_way(context, spec, share, count, options, &way));
  return bytes_of_way(context, spec, share, count, options, way, total);
}

/* Of several outputs, the parts and the networks that they make are there at once; and labels of
 * the parts, and outputs. */
ntk_status ntk_memorize_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                               size_t count, const ntk_memorize_options *options, size_t *bytes) {
  static const ntk_memorize_options defaults;
  size_t P = 0;
  ntk_network_spec part;
  NTK_TRY(ntk_footprint_begin(spec, N, &P, bytes));
  NTK_TRY(ntk_memorize_check(spec, &P));
  const double outputs = (double)ntk_spec_width(spec, spec->depth);
  double total = 0.0;
  NTK_TRY(ntk_memorize_part(context, spec, &part));
  const ntk_share share = ntk_ranks_share(context, N);
  const ntk_status status = vectors_memory(context, &part, &share, outputs * (double)count,
                                           options != NULL ? options : &defaults, &total);
  ntk_free(context, (void *)part.width);
  if (status != NTK_OK)
    return status;
  if (outputs > 1.0)
    total += 8.0 * ((double)count + 2.0) * ((double)P + 2.0 * outputs * (double)N);
  return ntk_footprint_end(context, total, N, "this construction", bytes);
}
