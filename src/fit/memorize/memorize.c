/* ntk_memorize_vectors: samples that follow others are taken out, the linear system is made once,
 * each label vector gets its weights (construct.c), and what they do is measured on all samples, by
 * a plain forward pass of the network that is returned. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

/* What was asked, checked. */
typedef struct problem {
  ntk_context *context;
  const ntk_network_spec *spec;
  const ntk_dataset *data;
  const double *Y; /* count x N */
  size_t count;
  const ntk_memorize_options *options;
  ntk_way way;
} problem;

ntk_status ntk_memorize_check(const ntk_network_spec *spec, size_t *parameters) {
  NTK_TRY(ntk_architecture_check(spec, parameters));
  const size_t last = spec->width[spec->depth - 1];
  const size_t unit = 2 * ntk_spec_width(spec, spec->depth);
  if (last % unit == 0)
    return NTK_OK;
  if (unit == 2)
    return ntk_fail(NTK_ERR_SHAPE,
                    "the last hidden width is %zu; the construction pairs its units: accepted: an "
                    "even one",
                    last);
  return ntk_fail(NTK_ERR_SHAPE,
                  "the last hidden width is %zu; each of %zu outputs has pairs of its units: "
                  "accepted: a multiple of %zu",
                  last, unit / 2, unit);
}

/* Errors on all samples, equal ones too. */
static ntk_status measure(const ntk_network *network, const ntk_dataset *data, const double *Y,
                          ntk_memorize_result *result) {
  ntk_fit_error error;
  NTK_TRY(ntk_fit_measure(network, data, Y, &error));
  result->relative_error = error.relative;
  result->max_error = error.largest;
  result->rounding = error.rounding;
  result->margin = error.margin;
  return NTK_OK;
}

/* scaled = 2^-exponent Y, of entries up to 1: the construction takes all sizes of labels alike. */
static int scale_labels(const double *Y, size_t N, double *scaled) {
  double most = 0.0;
  int exponent = 0;
  for (size_t i = 0; i < N; i++)
    most = fmax(most, fabs(Y[i]));
  (void)frexp(most, &exponent);
  for (size_t i = 0; i < N; i++)
    scaled[i] = ldexp(Y[i], -exponent);
  return exponent;
}

/* How precise the factor was, and what of the time is shared. */
static void tell_system(const ntk_linear_system *system, ntk_memorize_result *result) {
  const bool mixed = system->way != NTK_WAY_DOUBLE;
  result->precision = ntk_mode_name(mixed ? NTK_MODE_MIXED : NTK_MODE_DOUBLE);
  result->precision_reason = system->why != NULL ? system->why : "";
  result->seconds.kernel = system->seconds_kernel;
  result->seconds.factor = system->seconds_factor;
  result->seconds.condition = system->seconds_condition;
}

/* Label vector Y (of all samples) into its network and result, by equations. */
static ntk_status fit_equations(const problem *p, ntk_linear_system *system, const ntk_distinct *d,
                                const double *Y, ntk_network **network,
                                ntk_memorize_result *result) {
  const size_t N = d->data->N;
  const ntk_memorize_options *options = p->options;
  double *own = NULL;
  NTK_TRY(ntk_alloc_doubles(system->context, p->data->N, "labels", &own));
  const int exponent = scale_labels(Y, p->data->N, own);
  const double norm = ntk_dnrm2(p->data->N, own);
  const double unit = norm > 0.0 ? norm : 1.0; /* what errors are relative to */
  const double wanted = options->absolute ? ldexp(options->eps, -exponent) : options->eps * unit;
  for (size_t i = 0; d->row != NULL && i < N; i++)
    own[i] = own[d->row[i]]; /* row[i] >= i */
  *result = (ntk_memorize_result){.condition = system->condition,
                                  .samples = d->different,
                                  .deficiency = system->deficiency,
                                  .separation = NAN,
                                  .separation_bound = NAN,
                                  .combination = NAN};
  ntk_status status = ntk_construct(system, p->spec, d->data, own, exponent, wanted * d->share,
                                    options->corrections, network, result);
  if (status == NTK_OK)
    status = measure(*network, p->data, Y, result);
  if (status == NTK_OK) {
    result->reached = result->relative_error * unit <= wanted;
    const ntk_asked asked = {p->data, Y, d->row, wanted / unit};
    status = ntk_memorize_explain(&asked, system, d->data, own, result);
  }
  ntk_free(system->context, own);
  return status;
}

static ntk_status fit_one(const problem *p, ntk_linear_system *system, const ntk_distinct *d,
                          const double *Y, ntk_network **network, ntk_memorize_result *result) {
  const double margin = p->options->margin;
  NTK_TRY(margin > 0.0
              ? ntk_memorize_margin(system, p->spec, p->data, d, Y, margin, network, result)
              : fit_equations(p, system, d, Y, network, result));
  tell_system(system, result);
  return NTK_OK;
}

/* ---- Rows that are dependent ------------------------------------------------------------------
 */

/* The rest of their labels' error follows from theirs, times what their rows are multiplied by. */
static const double SHARE = 1e-3;
/* Steps so small that no unit changes sign between samples on a line: tries, a tenth each. */
enum { SHARES = 5 };

/* again[k]: label vector k was not reached, though its labels depend on each other as the rows do;
 * *wanted: how many. */
static ntk_status find_consistent(const problem *p, const ntk_linear_system *system,
                                  const ntk_distinct *from, const ntk_memorize_result *results,
                                  bool *again, size_t *wanted) {
  const size_t N = from->data->N;
  double *own = NULL;
  NTK_TRY(ntk_alloc_doubles(p->context, N, "labels", &own));
  ntk_status status = NTK_OK;
  *wanted = 0;
  for (size_t k = 0; k < p->count && status == NTK_OK; k++) {
    again[k] = !results[k].reached;
    for (size_t i = 0; i < N && again[k]; i++)
      own[i] = p->Y[k * p->data->N + (from->row != NULL ? from->row[i] : i)];
    if (again[k])
      status = ntk_labels_depend(system, own, &again[k]);
    *wanted += again[k];
  }
  ntk_free(p->context, own);
  return status;
}

/* d->row[0 .. *count): the caller's rows, of those that `from` has, that are independent. */
static ntk_status find_independent(const problem *p, const ntk_linear_system *system,
                                   const ntk_distinct *from, ntk_distinct *d, size_t *count) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(p->context, from->data->N, sizeof(size_t), "samples", &pointer));
  d->row = pointer;
  NTK_TRY(ntk_independent_rows(system, d->row, count));
  for (size_t i = 0; i < *count && from->row != NULL; i++)
    d->row[i] = from->row[d->row[i]];
  return NTK_OK;
}

/* Label vector k once more, with the independent rows' system and its share: kept where it is
 * nearer. */
static ntk_status fit_again(const problem *p, ntk_linear_system *system, const ntk_distinct *d,
                            size_t k, ntk_network **network, ntk_memorize_result *result) {
  const double start = ntk_clock();
  ntk_network *other = NULL;
  ntk_memorize_result found;
  NTK_TRY(fit_one(p, system, d, p->Y + k * p->data->N, &other, &found));
  if (found.relative_error < result->relative_error) {
    ntk_network *worse = *network;
    *network = other;
    other = worse;
    found.corrections += result->corrections;
    found.seconds.kernel += result->seconds.kernel;
    found.seconds.factor += result->seconds.factor;
    found.seconds.condition += result->seconds.condition;
    found.seconds.solve += result->seconds.solve;
    found.seconds.evaluate += result->seconds.evaluate;
    found.seconds.total = result->seconds.total + ntk_clock() - start;
    *result = found;
  }
  ntk_network_destroy(other);
  return NTK_OK;
}

/* *system and *all are given up for those of the independent rows, *d. */
static ntk_status fit_rows(const problem *p, ntk_linear_system *system, ntk_distinct *all,
                           ntk_distinct *d, size_t count, const bool *again, ntk_network **networks,
                           ntk_memorize_result *results) {
  ntk_linear_system_destroy(system);
  ntk_distinct_release(p->context, all);
  NTK_TRY(ntk_distinct_copy(p->context, p->data, count, d));
  NTK_TRY(ntk_linear_system_create(p->context, p->spec, p->data, d, p->options, p->way, system));
  system->share = 1.0;
  for (int i = 0; i < SHARES; i++) {
    for (size_t k = 0; k < p->count; k++)
      if (again[k] && !results[k].reached)
        NTK_TRY(fit_again(p, system, d, k, &networks[k], &results[k]));
    system->share *= 0.1;
  }
  return NTK_OK;
}

/* Where K_{L-2} is singular and labels agree with that, the system of the independent rows has an
 * inverse, and what fits these fits all. */
static ntk_status fit_independent(const problem *p, ntk_linear_system *system, ntk_distinct *all,
                                  ntk_network **networks, ntk_memorize_result *results) {
  const size_t N = all->data->N;
  ntk_distinct d = {.different = all->different, .share = all->share * SHARE};
  size_t wanted = 0, count = 0;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(p->context, p->count, sizeof(bool), "label vectors", &pointer));
  bool *again = pointer;
  ntk_status status = find_consistent(p, system, all, results, again, &wanted);
  if (status == NTK_OK && wanted > 0)
    status = find_independent(p, system, all, &d, &count);
  if (status == NTK_OK && count > 0 && count < N)
    status = fit_rows(p, system, all, &d, count, again, networks, results);
  ntk_distinct_release(p->context, &d);
  ntk_free(p->context, again);
  return status;
}

/* Everything but the checks of what was asked; on failure some of networks may be there. */
static ntk_status fit_all(const problem *p, ntk_network **networks, ntk_memorize_result *results) {
  const double start = ntk_clock();
  ntk_distinct d;
  ntk_linear_system system = {0};
  ntk_status status = ntk_distinct_find(p->context, p->spec, p->data, p->Y, p->count, &d);
  if (status == NTK_OK)
    status =
        ntk_linear_system_create(p->context, p->spec, p->data, &d, p->options, p->way, &system);
  const double shared = ntk_clock() - start;
  for (size_t k = 0; k < p->count && status == NTK_OK; k++) {
    const double own = ntk_clock();
    status = fit_one(p, &system, &d, p->Y + k * p->data->N, &networks[k], &results[k]);
    results[k].seconds.total = shared + ntk_clock() - own;
  }
  if (status == NTK_OK && system.shift > 0.0)
    status = fit_independent(p, &system, &d, networks, results);
  if (system.context != NULL)
    ntk_linear_system_destroy(&system);
  ntk_distinct_release(p->context, &d);
  return status;
}

/* Outputs of the caller's are written when all is done. */
static ntk_status fit_aside(const problem *p, ntk_network **networks,
                            ntk_memorize_result *results) {
  void *made = NULL, *found = NULL;
  NTK_TRY(ntk_alloc(p->context, p->count, sizeof(ntk_network *), "networks", &made));
  ntk_network **own = memset(made, 0, p->count * sizeof(ntk_network *));
  ntk_status status = ntk_alloc(p->context, p->count, sizeof *results, "results", &found);
  if (status == NTK_OK)
    status = fit_all(p, own, found);
  if (status == NTK_OK) {
    memcpy(networks, own, p->count * sizeof(ntk_network *));
    memcpy(results, found, p->count * sizeof *results);
  }
  for (size_t k = 0; k < p->count && status != NTK_OK; k++)
    ntk_network_destroy(own[k]);
  ntk_free(p->context, made);
  ntk_free(p->context, found);
  return status;
}

ntk_status ntk_memorize_vectors(ntk_context *context, const ntk_network_spec *spec,
                                const ntk_dataset *data, const double *Y, size_t count,
                                const ntk_memorize_options *options, ntk_network **networks,
                                ntk_memorize_result *results) {
  problem p = {context, spec, data, Y, count, options, NTK_WAY_DOUBLE};
  NTK_TRY(ntk_memorize_way(context, spec, &data->share, (double)count, options, &p.way));
  return fit_aside(&p, networks, results);
}
