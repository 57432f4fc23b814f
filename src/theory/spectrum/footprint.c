/* How much memory ntk_spectrum takes, known before anything is allocated: the most that is held at
 * once, phase by phase. */
#include "kernel/footprint.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "kernel/ends/deficiency.h"
#include "kernel/ends/mixed.h"
#include "kernel/ends/proof.h"
#include "kernel/resolve/resolve.h"
#include "spectrum/eigen.h"
#include "theory/spectrum/job.h"

#include <math.h>
#include <string.h>

static const double CACHED_BYTES = 1 << 25; /* stays in cache */

/* A copy of K may take the place of the features, and a little more where it stays in cache. */
bool ntk_keeps_kernel(double kernel, double features) {
  return kernel <= fmax(features, CACHED_BYTES);
}

bool ntk_job_keeps_kernel(const ntk_job *j) {
  const ntk_network_spec spec = ntk_spec_of(j->network);
  const ntk_kernel_bytes b =
      ntk_kernel_bytes_in(j->context, &spec, j->options.outputs, &j->data->share);
  return ntk_keeps_kernel(b.kernel, b.features);
}

/* Of many outputs J^T v may be larger than K, which then makes the products of a singular one. */
static bool makes_products(const ntk_kernel_bytes *b) {
  return b->kernel + b->build < b->apply;
}

bool ntk_job_multiplies_kernel(const ntk_job *j) {
  const ntk_network_spec spec = ntk_spec_of(j->network);
  const ntk_kernel_bytes b =
      ntk_kernel_bytes_in(j->context, &spec, j->options.outputs, &j->data->share);
  return j->way != NTK_WAY_OPERATOR && makes_products(&b);
}

/* Row norms, and small things. */
static double norms_bytes(const ntk_network_spec *spec, double order) {
  return 8.0 * order * (2.0 * (double)spec->depth + 4.0) + NTK_SMALL_OBJECTS;
}

/* Results, and row norms, pivots and vector of one of them. */
static double prefix_bytes(const ntk_network_spec *spec, double order,
                           const ntk_spectrum_options *options) {
  const size_t count = options->prefix_count;
  return count == 0 ? 0.0
                    : (double)(count * sizeof(ntk_spectrum_prefix)) +
                          16.0 * (order + 1.0) * ((double)spec->depth + 1.0);
}

/* The same of a way that is not double's: K, if in double, takes the features' place. */
static double mixed_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          const ntk_share *share, const ntk_spectrum_options *options,
                          ntk_way way) {
  const ntk_kernel_bytes b = ntk_kernel_bytes_in(context, spec, options->outputs, share);
  const size_t N = share->N, order = ntk_kernel_rows(spec, options->outputs, N);
  const double rows = ntk_deficiency_bytes(spec, options->outputs, N),
               eigen = fmax(ntk_mixed_bytes(order), ntk_digits_bytes(spec, options->outputs));
  const bool kept = way == NTK_WAY_MIXED;
  double most = b.features + fmax(b.create, rows);
  most = fmax(most, b.features + (kept ? b.kernel : b.single) + fmax(b.build, rows));
  most = fmax(most, kept ? b.kernel + b.single + eigen : b.features + b.single + eigen + b.apply);
  return most + norms_bytes(spec, (double)order) + prefix_bytes(spec, (double)order, options);
}

/* Beyond X and the weights. singular: K is not built unless the options need it. */
static double double_bytes(const ntk_context *context, const ntk_network_spec *spec, bool singular,
                           const ntk_share *share, const ntk_spectrum_options *options) {
  const ntk_kernel_bytes b = ntk_kernel_bytes_in(context, spec, options->outputs, share);
  const size_t N = share->N, order = ntk_kernel_rows(spec, options->outputs, N);
  const double n = (double)order,
               eigen = (double)(options->vectors == 0
                                    ? ntk_eigen_bytes(order)
                                    : ntk_eigen_pairs_bytes(order, options->vectors) +
                                          2 * options->vectors * (order * sizeof(double) + 64));
  const double rows = ntk_deficiency_bytes(spec, options->outputs, N);

  const double after = fmax(eigen, singular ? 0.0 : ntk_digits_bytes(spec, options->outputs));
  size_t probes, steps;
  ntk_job_density_numbers(options, order, &probes, &steps);
  const double density = probes > 0 ? ntk_density_working_bytes(order, probes, steps) : 0.0;
  double most = b.features + fmax(b.create, rows);
  /* Singular, or found to be so by equal rows. */
  most = fmax(most, b.features + (makes_products(&b) ? b.kernel + fmax(fmax(b.build, rows), eigen)
                                                     : eigen + b.apply));
  if (!singular || options->full || options->kernel_path != NULL || options->block_path != NULL ||
      options->density)
    most = fmax(most, b.features + b.kernel + fmax(fmax(b.build, rows), density));
  if (!singular && options->resolve) /* K and the features are given back before it */
    most =
        fmax(fmax(most, b.features + b.kernel + eigen),
             fmax(ntk_resolve_bytes(context, spec, options->outputs, N, options->certify), after));
  if (!singular && !options->resolve) { /* K moves to the features' place, or these stay */
    /* Then residuals are products with the features, and several vectors of the largest are. */
    const double ends = options->vectors > 0 ? after + b.apply : fmax(after, b.apply);
    most = fmax(most, ntk_keeps_kernel(b.kernel, b.features)
                          ? fmax(b.features + b.kernel, 2.0 * b.kernel + fmax(after, density))
                          : b.features + b.kernel + ends);
  }
  if (!singular && (options->per_block || options->block_path != NULL))
    most = fmax(most, b.features + b.kernel + after);
  if (options->full)
    most = fmax(most, b.features + b.kernel + b.full);
  if (!singular && options->certify && !options->resolve) /* K is given back before the proof */
    most = fmax(most,
                b.features + fmax(b.create, ntk_proof_bytes(context, spec, options->outputs, N)));
  const double kept = probes > 0 ? ntk_density_bytes(probes, steps) : 0.0;
  return most + norms_bytes(spec, n) + kept + prefix_bytes(spec, n, options);
}

const char *ntk_spectrum_double_for(const ntk_spectrum_options *o) {
  return o->resolve               ? "resolve goes beyond double precision, not below"
         : o->certify             ? "a certificate is a matter of double precision"
         : o->full                ? "the whole spectrum is found in double precision"
         : o->vectors > 0         ? "several eigenvectors are found in double precision"
         : o->per_block           ? "eigenvalues of blocks are found in double precision"
         : o->kernel_path != NULL ? "the kernel's file is in double precision"
         : o->density             ? "the density of eigenvalues is found in double precision"
         : o->prefix_count > 0    ? "prefixes are found from a factor in double precision"
         : o->block_path != NULL  ? "files of blocks are in double precision"
                                  : NULL;
}

ntk_status ntk_spectrum_way(const ntk_context *context, const ntk_network_spec *spec,
                            const ntk_share *share, const ntk_spectrum_options *options,
                            double available, ntk_way *way, const char **why) {
  ntk_mode mode;
  NTK_TRY(ntk_mode_find(options->precision, &mode));
  const char *reason = ntk_spectrum_double_for(options);
  *way = NTK_WAY_DOUBLE;
  *why = reason != NULL && mode == NTK_MODE_MIXED ? reason : "";
  if (mode == NTK_MODE_DOUBLE || reason != NULL)
    return NTK_OK;
  const double in_double = double_bytes(context, spec, false, share, options);
  const double kept = mixed_bytes(context, spec, share, options, NTK_WAY_MIXED);
  *way = ntk_way_choose(mode, ntk_kernel_rows(spec, options->outputs, share->N),
                        ntk_products_cheap(spec, options->outputs, share->N), available, in_double,
                        kept);
  return NTK_OK;
}

/* The counting part of ntk_deficiency_find. */
bool ntk_known_singular(const ntk_network_spec *spec, ntk_outputs outputs, bool linear, size_t N) {
  double columns = 0.0, affine = 0.0;
  for (size_t l = 1; l <= spec->depth; l++) {
    columns += (double)ntk_spec_rows(spec, l) * (double)ntk_back_width(spec, outputs, l);
    affine = ntk_spec_bias(spec, l) ? 1.0 : affine;
  }
  return (double)ntk_kernel_rows(spec, outputs, N) > columns ||
         (linear && (double)N > (double)spec->width[0] + affine);
}

static double run_bytes(const ntk_context *context, const ntk_network_spec *spec, bool singular,
                        const ntk_share *share, const ntk_spectrum_options *options, ntk_way way) {
  return singular || way == NTK_WAY_DOUBLE ? double_bytes(context, spec, singular, share, options)
                                           : mixed_bytes(context, spec, share, options, way);
}

/* Of a singular K the largest prefix that may not be so has a run of its own. */
static double working_bytes(const ntk_context *context, const ntk_network_spec *spec, bool linear,
                            const ntk_share *share, const ntk_spectrum_options *options,
                            ntk_way way) {
  const bool singular = ntk_known_singular(spec, options->outputs, linear, share->N);
  double bytes = run_bytes(context, spec, singular, share, options, way);
  ntk_spectrum_options alone = {.outputs = options->outputs, .prefixes = options->prefixes};
  for (size_t p = options->prefix_count; singular && p-- > 0;)
    if (!ntk_known_singular(spec, options->outputs, linear, options->prefixes[p])) {
      const ntk_share first = ntk_share_leading(*share, options->prefixes[p]);
      alone.prefix_count = p + 1;
      bytes = fmax(bytes, run_bytes(context, spec, false, &first, &alone, way) +
                              8.0 * (double)ntk_kernel_rows(spec, options->outputs, share->N));
      break;
    }
  return bytes;
}

typedef enum method { METHOD_AUTO, METHOD_FACTOR, METHOD_OPERATOR, METHODS } method;

static ntk_status find_method(const ntk_spectrum_options *options, method *found) {
  static const char *const names[METHODS] = {"auto", "factor", "operator"};
  const char *needed = ntk_job_needs_kernel(options);
  int m = METHOD_AUTO;
  while (options->method != NULL && m < METHODS && strcmp(options->method, names[m]) != 0)
    m++;
  if (m == METHODS)
    return ntk_fail(NTK_ERR_ARGUMENT, "method '%s' is not known; accepted: auto, factor, operator",
                    options->method);
  if (m == METHOD_OPERATOR && needed != NULL)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "the method operator never has K, which %s needs; accepted: the method factor",
                    needed);
  if (m == METHOD_OPERATOR && options->precision != NULL &&
      strcmp(options->precision, ntk_mode_name(NTK_MODE_MIXED)) == 0)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "the method operator has no factor, whose precision mixed is; accepted: the "
                    "precision auto or double, or the method factor");
  *found = (method)m;
  return NTK_OK;
}

/* How it is to be done, and how many bytes that takes. */
typedef struct choice {
  ntk_way way;
  const char *why;
  struct ntk_layout layout;
  size_t bytes;
} choice;

/* Beyond `held` bytes that are to be there before: by a factor; or by products, where that is asked
 * for, or all that fits. Where nothing does: of the least that would. */
static ntk_status choose(ntk_context *context, const ntk_network_spec *spec, bool linear,
                         const ntk_share *share, const ntk_spectrum_options *options, double held,
                         choice *c) {
  const size_t rows = ntk_kernel_rows(spec, options->outputs, share->N);
  const double norms = norms_bytes(spec, (double)rows),
               available = ntk_memory_agreed(context) - held;
  method asked = METHOD_AUTO;
  NTK_TRY(find_method(options, &asked));
  NTK_TRY(ntk_spectrum_way(context, spec, share, options, available, &c->way, &c->why));
  double bytes = working_bytes(context, spec, linear, share, options, c->way);
  if (asked == METHOD_OPERATOR ||
      (asked == METHOD_AUTO && ntk_job_needs_kernel(options) == NULL && bytes > available)) {
    const double by =
        norms + ntk_operator_bytes(context, spec, share, options, available - norms, &c->layout);
    if (asked == METHOD_OPERATOR || by <= available) {
      if (options->precision != NULL && strcmp(options->precision, "mixed") == 0)
        c->why = "the method operator has products in double precision, and no factor";
      c->way = NTK_WAY_OPERATOR;
      bytes = by;
    } else {
      bytes = fmin(bytes, by);
    }
  }
  return ntk_footprint_end(context, held + bytes, rows, "this computation", &c->bytes);
}

double ntk_spectrum_held(const ntk_context *context, const ntk_network_spec *spec, size_t N,
                         size_t parameters) {
  const ntk_share share = ntk_ranks_share(context, N);
  return 8.0 * ((double)ntk_share_most(&share) * (double)spec->width[0] + (double)parameters) +
         NTK_SMALL_OBJECTS + ntk_backend_bytes(context);
}

ntk_status ntk_spectrum_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                               const ntk_spectrum_options *options, size_t *bytes) {
  static const ntk_spectrum_options defaults;
  size_t parameters = 0;
  choice c = {.bytes = 0};
  NTK_TRY(ntk_footprint_begin(spec, N, &parameters, bytes));
  ntk_symmetry symmetry;
  bool linear = false;
  NTK_TRY(ntk_spec_laws(spec, &symmetry, &linear));
  options = options != NULL ? options : &defaults;
  const double held = ntk_spectrum_held(context, spec, N, parameters);
  const ntk_share share = ntk_ranks_share(context, N);
  const ntk_status status = choose(context, spec, linear, &share, options, held, &c);
  if (status == NTK_OK || status == NTK_ERR_LIMIT || status == NTK_ERR_MEMORY)
    *bytes = c.bytes;
  return status;
}

ntk_status ntk_job_check_memory(ntk_job *j) {
  const ntk_network *network = j->network;
  const ntk_network_spec spec = ntk_spec_of(network);
  choice c = {.bytes = 0};
  NTK_TRY(choose(j->context, &spec, ntk_network_linear_above(network, 0), &j->data->share,
                 &j->options, 0.0, &c));
  j->way = c.way;
  j->layout = c.layout;
  j->result->precision_reason = c.why;
  return NTK_OK;
}
