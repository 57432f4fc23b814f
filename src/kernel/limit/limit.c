/* From spec and data to what pairs need, and the public functions (ntkit/limit.h). */
#include "kernel/limit/limit.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "kernel/backend.h"
#include "ntkit/limit.h"

#include <math.h>
#include <string.h>

/* Of one limit, all of its constants. */
typedef struct constants {
  double *variance, *scale; /* of W_1, ...: L; as spec's scales: 2 L */
  bool paired;
} constants;

void ntk_limit_release(ntk_limit *limit) {
  for (size_t l = 0; l < limit->hidden && limit->layer != NULL; l++) {
    ntk_dual_destroy(&limit->layer[l].dual);
    ntk_free(limit->context, limit->layer[l].variance);
    ntk_free(limit->context, limit->layer[l].basis);
  }
  ntk_free(limit->context, limit->layer);
  ntk_free(limit->context, limit->norm);
  ntk_free(limit->context, limit->own);
  *limit = (ntk_limit){0};
}

static bool chosen(const bool *blocks, size_t k) {
  return blocks == NULL || blocks[k];
}

void ntk_limit_choose(ntk_limit *limit, const bool *blocks) {
  limit->weight = chosen(blocks, 0) ? limit->of_block[0] : 0.0;
  limit->bias = chosen(blocks, 0) ? limit->of_block[1] : 0.0;
  for (size_t l = 1; l <= limit->hidden; l++) {
    ntk_limit_layer *layer = &limit->layer[l - 1];
    layer->weight = chosen(blocks, l) ? layer->of_block[0] : 0.0;
    layer->bias = chosen(blocks, l) ? layer->of_block[1] : 0.0;
  }
}

/* Gains, shifts and what blocks count; covariance: of the outputs instead of K, as if it were the
 * last block. */
static void set_constants(const ntk_network_spec *spec, const constants *c, bool covariance,
                          ntk_limit *limit) {
  const size_t L = spec->depth;
  const double deviation = spec->bias_deviation * spec->bias_deviation;
  limit->of_block[0] = covariance ? 0.0 : c->scale[0];
  limit->of_block[1] = covariance ? 0.0 : c->scale[1];
  limit->present = limit->of_block[0] != 0.0 || limit->of_block[1] != 0.0;
  for (size_t l = 1; l < L; l++) {
    ntk_limit_layer *layer = &limit->layer[l - 1];
    const double n = (double)spec->width[l];
    layer->gain = c->variance[l - 1] * (l > 1 ? (double)spec->width[l - 1] : 1.0);
    layer->shift = ntk_spec_bias(spec, l) ? deviation : 0.0;
    layer->factor = 1.0;
    layer->cut = c->paired && l + 2 == L;
    layer->back = covariance || layer->cut ? 0.0 : n * c->variance[l];
    layer->of_block[0] = covariance ? 0.0 : n * c->scale[2 * l];
    layer->of_block[1] = covariance ? 0.0 : c->scale[2 * l + 1];
    if (covariance && l == L - 1) {
      layer->of_block[0] = n * c->variance[l];
      layer->of_block[1] = ntk_spec_bias(spec, L) ? deviation : 0.0;
    }
    layer->present = layer->of_block[0] != 0.0 || layer->of_block[1] != 0.0;
  }
}

/* phi(0) = 0 in all layers, and no bias anywhere. */
static bool vanishes(const ntk_limit *limit, const ntk_activation *phi) {
  bool all = limit->of_block[1] == 0.0;
  for (size_t l = 0; l < limit->hidden; l++)
    all = all && phi[l].vanishes && limit->layer[l].shift == 0.0 &&
          limit->layer[l].of_block[1] == 0.0;
  return all;
}

bool ntk_limit_vanishing(const ntk_limit *limit, size_t i) {
  const double *x = ntk_limit_sample(limit, i);
  bool zero = limit->vanishes && i >= limit->first;
  for (size_t a = 0; a < limit->d && zero; a++)
    zero = x[a] == 0.0;
  return zero;
}

static void find_bases(ntk_limit *limit, ntk_limit_layer *layer) {
  const ntk_dual *dual = &layer->dual;
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(limit->context, 1e4 * (double)limit->N))
  for (size_t i = 0; i < limit->padded; i++) {
    const size_t panel = i / NTK_LIMIT_ROWS * NTK_LIMIT_ROWS;
    double *basis = layer->basis + panel * layer->terms + i % NTK_LIMIT_ROWS;
    layer->root[i] = layer->size[i] = 1.0;
    layer->slope[i] = 0.0;
    for (size_t k = 0; k < layer->terms; k++)
      basis[k * NTK_LIMIT_ROWS] = 0.0;
    if (i < limit->N) {
      const ntk_dual_one one = ntk_dual_one_of(dual, layer->variance[i]);
      layer->root[i] = one.root;
      layer->size[i] = one.size;
      layer->slope[i] = one.slope;
      ntk_dual_basis(dual, &one, NTK_LIMIT_ROWS, basis);
    }
  }
}

static ntk_status make_layer(ntk_limit *limit, size_t l, const ntk_activation *phi) {
  ntk_context *context = limit->context;
  ntk_limit_layer *layer = &limit->layer[l - 1];
  const size_t n = limit->padded;
  double range[2];
  size_t count = 0;
  NTK_TRY(ntk_size_multiply(n, 4, "the limit's variances", &count));
  NTK_TRY(ntk_alloc_doubles(context, count, "the limit's variances", &layer->variance));
  layer->root = layer->variance + n;
  layer->size = layer->root + n;
  layer->slope = layer->size + n;
  NTK_TRY(ntk_limit_variances(limit, l, phi, range));
  /* as if it were shared with all layers to come */
  const double pairs = (double)limit->N * (double)n / 2.0 * (double)(limit->hidden - l + 1);
  if (layer->unit == 0.0 && l > 1 && ntk_dual_serves(&layer[-1].dual, phi, range[0], range[1]))
    layer->dual = ntk_dual_share(&layer[-1].dual);
  else if (layer->unit == 0.0)
    NTK_TRY(ntk_dual_create_for(context, phi, limit->N, layer->variance, pairs, &layer->dual));
  layer->terms = ntk_dual_terms(&layer->dual);
  layer->column = ntk_dual_column_size(&layer->dual);
  layer->at = limit->column;
  limit->column += layer->column;
  limit->jumps |= ntk_dual_jumps(&layer->dual);
  NTK_TRY(ntk_size_multiply(n, layer->terms, "the limit's series", &count));
  NTK_TRY(ntk_alloc_doubles(context, count, "the limit's series", &layer->basis));
  find_bases(limit, layer);
  return NTK_OK;
}

/* What layers make of rounding. An error of a correlation becomes in rho' at most A times itself, A
 * the largest of the samples' gain size^2 before / variance times variance E phi'^2 / E phi^2, for
 * dSigma is largest at rho = 1; what dSigma makes of it is taken for three times as much. In
 * chaotic networks A is far above 1 in every layer. */
static double find_error(const ntk_limit *limit) {
  static const double USUAL = 1e-13, ROUNDING = 1e-15, TABLES = 1e-14, LINES = 4e-16;
  double rho = 2.2e-16, worst = 0.0, sum = 0.0;
  const double *before = limit->norm;
  for (size_t l = 0; l < limit->hidden; l++) {
    const ntk_limit_layer *layer = &limit->layer[l];
    const bool lines = layer->dual.kind == NTK_DUAL_LINES;
    double shift = 0.0, through = 0.0;
    for (size_t i = 0; i < limit->N; i++) {
      const double part = layer->root[i] * layer->slope[i] / layer->size[i];
      shift = fmax(shift, layer->gain * before[i] * before[i] / layer->variance[i]);
      through = fmax(through, part * part);
    }
    worst = fmax(worst, 3.0 * through * shift * rho);
    if (!lines) /* whose 1 - |rho| keeps its digits */
      rho = through * shift * rho + (layer->dual.kind == NTK_DUAL_TABLE ? TABLES : ROUNDING);
    sum += LINES;
    before = layer->size;
  }
  return fmax(USUAL, fmax(worst, rho) + sum);
}

/* scratch: 3 L. */
static ntk_status fill(const ntk_network_spec *spec, const bool *blocks, bool covariance,
                       double *scratch, ntk_limit *limit) {
  const size_t L = spec->depth;
  constants c = {.variance = scratch, .scale = scratch + L};
  void *pointer = NULL;
  NTK_TRY(ntk_init_variances(spec, c.variance, &c.paired));
  NTK_TRY(ntk_scales_find(spec, c.scale));
  if (covariance && c.paired)
    return ntk_fail(NTK_ERR_ARGUMENT, "the outputs of init antisymmetric are 0, and so is their "
                                      "covariance; accepted: another init");
  NTK_TRY(ntk_alloc(limit->context, L, sizeof *limit->layer, "the limit's layers", &pointer));
  limit->layer = pointer;
  memset(limit->layer, 0, L * sizeof *limit->layer);
  limit->hidden = L - 1;
  set_constants(spec, &c, covariance, limit);
  NTK_TRY(ntk_alloc(limit->context, L, sizeof(ntk_activation), "activations", &pointer));
  ntk_activation *phi = pointer;
  ntk_status status = ntk_activation_parse(spec->activation, L - 1, phi);
  if (status == NTK_OK) {
    limit->vanishes = vanishes(limit, phi);
    status = ntk_limit_samples(limit);
  }
  for (size_t l = 1; l < L && status == NTK_OK; l++) {
    status = ntk_progress_poll(limit->context, "limit", (double)l / (double)L);
    if (status == NTK_OK)
      status = make_layer(limit, l, &phi[l - 1]);
  }
  ntk_free(limit->context, phi);
  if (status == NTK_OK)
    status = ntk_limit_units(limit);
  if (status == NTK_OK)
    ntk_limit_choose(limit, blocks);
  bool later = false; /* lines and squares are exact as they are */
  for (size_t l = L - 1; l >= 1 && status == NTK_OK; l--) {
    ntk_limit_layer *layer = &limit->layer[l - 1];
    layer->narrow =
        later && layer->dual.kind != NTK_DUAL_LINES && layer->dual.kind != NTK_DUAL_SQUARE;
    later |= ntk_dual_jumps(&layer->dual);
  }
  if (status == NTK_OK)
    limit->error = find_error(limit);
  return status;
}

ntk_status ntk_limit_check(ntk_context *context, const ntk_network_spec *spec,
                           const ntk_dataset *data, const bool *blocks) {
  size_t parameters = 0;
  NTK_TRY(ntk_architecture_check(spec, &parameters));
  NTK_TRY(ntk_dim_check(data, spec->width[0]));
  if (ntk_ranks_count(context) > 1)
    return ntk_fail(NTK_ERR_ARGUMENT, "kernels of infinite width take one process; accepted: no "
                                      "mpirun, or -n 1");
  for (size_t k = 0; k < spec->depth && blocks != NULL; k++)
    if (blocks[k])
      return NTK_OK;
  return blocks == NULL ? NTK_OK
                        : ntk_fail(NTK_ERR_ARGUMENT,
                                   "no block of the kernel is chosen; there are %zu, 0 to %zu",
                                   spec->depth, spec->depth - 1);
}

void ntk_limit_traces(const ntk_limit *limit, double *trace) {
  for (size_t k = 0; k <= limit->hidden; k++)
    trace[k] = 0.0;
  for (size_t i = 0; i < limit->N; i++) {
    double back = 1.0;
    for (size_t k = limit->hidden; k > 0; k--) {
      const ntk_limit_layer *layer = &limit->layer[k - 1];
      const double size = layer->size[i], slope = layer->slope[i];
      trace[k] += back * (layer->of_block[0] * size * size + layer->of_block[1]);
      back *= layer->back * slope * slope;
    }
    trace[0] += back * (limit->of_block[0] * limit->norm[i] * limit->norm[i] + limit->of_block[1]);
  }
}

ntk_status ntk_limit_build(const ntk_limit *limit, ntk_kernel **kernel) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(limit->context, 1, sizeof(ntk_kernel), "the kernel", &pointer));
  ntk_kernel *made = pointer;
  *made = (ntk_kernel){.backend = limit->context->backend,
                       .context = limit->context,
                       .N = limit->N,
                       .form = {NTK_PRECISION_DOUBLE, NTK_PRECISION_DOUBLE, 1.0}};
  const ntk_status status = made->backend->kernel_limit(limit, made);
  if (status == NTK_OK)
    *kernel = made;
  else
    ntk_kernel_destroy(made);
  return status;
}

ntk_status ntk_limit_open(ntk_context *context, const ntk_network_spec *spec,
                          const ntk_dataset *data, const ntk_dataset *test, const bool *blocks,
                          bool covariance, ntk_limit *limit) {
  double *scratch = NULL;
  const size_t first = ntk_dataset_samples(data);
  *limit = (ntk_limit){.context = context,
                       .N = first + (test == NULL ? 0 : ntk_dataset_samples(test)),
                       .d = ntk_dataset_dim(data),
                       .X = ntk_dataset_values(data),
                       .more = test == NULL ? NULL : ntk_dataset_values(test),
                       .first = first};
  limit->padded = (limit->N + NTK_LIMIT_ROWS - 1) / NTK_LIMIT_ROWS * NTK_LIMIT_ROWS;
  NTK_TRY(ntk_alloc_doubles(context, 3 * spec->depth, "the limit's layers", &scratch));
  const ntk_status status = fill(spec, blocks, covariance, scratch, limit);
  ntk_free(context, scratch);
  return status;
}

ntk_status ntk_limit_make(ntk_context *context, const ntk_network_spec *spec,
                          const ntk_dataset *data, const bool *blocks, bool covariance,
                          ntk_kernel **kernel, double *error) {
  ntk_limit limit;
  NTK_TRY(ntk_limit_check(context, spec, data, blocks));
  ntk_status status = ntk_limit_open(context, spec, data, NULL, blocks, covariance, &limit);
  if (status == NTK_OK)
    status = ntk_limit_plain(&limit);
  if (status == NTK_OK)
    status = ntk_limit_build(&limit, kernel);
  *error = limit.error;
  ntk_limit_release(&limit);
  return status;
}

ntk_status ntk_limit_kernel(ntk_context *context, const ntk_network_spec *spec,
                            const ntk_dataset *data, const bool *blocks, ntk_kernel **kernel) {
  double error = 0.0;
  return ntk_limit_make(context, spec, data, blocks, false, kernel, &error);
}

ntk_status ntk_limit_covariance(ntk_context *context, const ntk_network_spec *spec,
                                const ntk_dataset *data, ntk_kernel **covariance) {
  double error = 0.0;
  return ntk_limit_make(context, spec, data, NULL, true, covariance, &error);
}
