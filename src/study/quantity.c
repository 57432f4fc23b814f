/* The table of quantities: those of ntk_spectrum here, the ledger in quantity_ledger.c. */
#include "study/quantity.h"

#include "base/context.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void ntk_outcome_put(ntk_outcome *outcome, const char *name, double value, ntk_verdict verdict) {
  ntk_value *v = &outcome->value[outcome->count++];
  snprintf(v->quantity, sizeof v->quantity, "%s", name);
  v->verdict = verdict;
  v->value = verdict == NTK_VERDICT_BELOW_RESOLUTION ? NAN : value;
}

static void put_layer(ntk_outcome *outcome, const char *stem, size_t k, double value,
                      ntk_verdict verdict) {
  char name[sizeof outcome->value[0].quantity];
  snprintf(name, sizeof name, "%.20s_%u", stem, (unsigned)k % 1000u); /* k < NTK_MOST_DEPTH */
  ntk_outcome_put(outcome, name, value, verdict);
}

/* ---- Quantities of ntk_spectrum -------------------------------------------------------------- */

static void take_lambda_min(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  ntk_outcome_put(outcome, "lambda_min", r->lambda_min, r->verdict);
}

static void take_lambda_max(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  ntk_outcome_put(outcome, "lambda_max", r->lambda_max, NTK_VERDICT_OK);
}

static void take_condition(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  const bool singular = r->verdict == NTK_VERDICT_RANK_DEFICIENT;
  ntk_outcome_put(outcome, "condition", singular ? NAN : r->lambda_max / r->lambda_min, r->verdict);
}

static void take_layers(const void *result, ntk_outcome *outcome) {
  const ntk_spectrum_result *r = result;
  for (size_t k = 0; k < r->blocks; k++)
    put_layer(outcome, "lambda_min", k, r->layers[k].lambda_min, r->layers[k].verdict);
}

ntk_network_spec ntk_point_network(const ntk_point *point, uint64_t seed) {
  return (ntk_network_spec){.depth = point->depth,
                            .width = point->width,
                            .activation = point->activation,
                            .init = point->init,
                            .beta = point->beta,
                            .seed = seed};
}

static ntk_spectrum_options spectrum_options(const ntk_quantity *const *quantity, size_t count) {
  ntk_spectrum_options options = {0};
  for (size_t q = 0; q < count; q++)
    options.per_layer |= quantity[q]->per_layer != NULL;
  return options;
}

/* 2 N n_{l-1} n_l forward and backward, N^2 n for each Gram matrix, N^3 / 3 for the factorisation.
 * The blocks one by one need the Gram matrices again, and a factorisation each. */
static double spectrum_flops(const ntk_point *point, const ntk_quantity *const *quantity,
                             size_t count) {
  const double N = (double)point->N, L = (double)point->depth;
  double columns = (double)point->width[0], passes = 0.0;
  for (size_t l = 1; l < point->depth; l++) {
    columns += 2.0 * (double)point->width[l];
    passes += (l > 1 ? 4.0 : 2.0) * N * (double)point->width[l - 1] * (double)point->width[l];
  }
  const double gram = N * N * columns, factor = N * N * N / 3.0;
  return passes + gram + factor +
         (spectrum_options(quantity, count).per_layer ? gram + L * factor : 0.0);
}

static ntk_status spectrum_bytes(ntk_context *context, const ntk_point *point,
                                 const ntk_quantity *const *quantity, size_t count, size_t *bytes) {
  const ntk_spectrum_options options = spectrum_options(quantity, count);
  const ntk_network_spec spec = ntk_point_network(point, 0);
  return ntk_spectrum_memory(context, &spec, point->N, &options, bytes);
}

ntk_status ntk_file_identify(const char *path, ntk_file_identity *identity) {
  struct stat about;
  if (stat(path, &about) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode)) /* a pipe or a device may never end */
    return ntk_fail(NTK_ERR_FILE, "%s is no plain file", path);
  *identity = (ntk_file_identity){(uint64_t)about.st_dev, (uint64_t)about.st_ino,
                                  (uint64_t)about.st_size, (int64_t)about.st_mtime, 0};
#ifdef __linux__
  identity->nanoseconds = (int64_t)about.st_mtim.tv_nsec;
#endif
  return NTK_OK;
}

static ntk_status check_file(const ntk_point *point) {
  ntk_file_identity now;
  NTK_TRY(ntk_file_identify(point->source, &now));
  if (now.device != point->file.device || now.inode != point->file.inode ||
      now.size != point->file.size || now.seconds != point->file.seconds ||
      now.nanoseconds != point->file.nanoseconds)
    return ntk_fail(NTK_ERR_FILE, "%s has changed since the run began", point->source);
  return NTK_OK;
}

/* A file is looked at after it has been read, too: it may be replaced at any moment. */
ntk_status ntk_point_data(ntk_context *context, const ntk_point *point, uint64_t seed,
                          ntk_dataset **data) {
  if (point->from_file) {
    NTK_TRY(check_file(point));
    NTK_TRY(
        ntk_dataset_load(context, point->source, point->N, point->width[0], point->scaling, data));
    return check_file(point);
  }
  return ntk_dataset_generate(context, point->source, point->N, point->width[0], seed, data);
}

static ntk_status spectrum_run(ntk_context *context, const ntk_point *point, uint64_t seed,
                               const ntk_quantity *const *quantity, size_t count,
                               ntk_outcome *outcome) {
  ntk_spectrum_options options = spectrum_options(quantity, count);
  options.seed = seed;
  const ntk_network_spec spec = ntk_point_network(point, seed);
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_spectrum_result result = {0};
  ntk_status status = ntk_point_data(context, point, seed, &data);
  if (status == NTK_OK)
    status = ntk_network_create(context, &spec, &network);
  if (status == NTK_OK)
    status = ntk_spectrum(context, network, data, &options, &result);
  for (size_t q = 0; q < count && status == NTK_OK; q++)
    quantity[q]->take(&result, outcome);
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

static const ntk_measure spectrum = {spectrum_flops, spectrum_bytes, spectrum_run};

/* ---- The table ------------------------------------------------------------------------------- */

static const ntk_quantity table[] = {
    {{"lambda_min", "smallest eigenvalue of K"}, &spectrum, take_lambda_min, NULL},
    {{"lambda_max", "largest eigenvalue of K"}, &spectrum, take_lambda_max, NULL},
    {{"condition", "lambda_max / lambda_min"}, &spectrum, take_condition, NULL},
    {{"per_layer", "smallest eigenvalue of every block: lambda_min_0, lambda_min_1, ..."},
     &spectrum,
     take_layers,
     "lambda_min"},
    {{"ledger", "every row of `ntkit verify`, by its key: lambda_min_K, f1_norm, ..."},
     &ntk_measure_ledger,
     NULL,
     NULL},
};
enum { ROWS = sizeof table / sizeof table[0] };

const ntk_quantity_info *ntk_quantity_list(size_t *count) {
  static ntk_quantity_info list[ROWS];
  for (size_t i = 0; i < ROWS; i++)
    list[i] = table[i].info;
  *count = ROWS;
  return list;
}

size_t ntk_quantity_group(const ntk_quantity *const *quantity, size_t count, size_t q,
                          const ntk_quantity *own[NTK_MOST_QUANTITIES]) {
  size_t found = 0;
  for (size_t p = 0; p < count; p++)
    if (quantity[p]->measure == quantity[q]->measure) {
      if (p < q)
        return 0;
      own[found++] = quantity[p];
    }
  return found;
}

void ntk_outcome_name_values(ntk_outcome *outcome, const ntk_quantity *const *quantity,
                             size_t count, size_t depth) {
  for (size_t q = 0; q < count; q++) {
    const char *stem = quantity[q]->per_layer;
    if (stem == NULL)
      ntk_outcome_put(outcome, quantity[q]->info.name, NAN, NTK_VERDICT_OK);
    for (size_t k = 0; stem != NULL && k < depth; k++)
      put_layer(outcome, stem, k, NAN, NTK_VERDICT_OK);
  }
}

const ntk_quantity *ntk_quantity_find(const char *name) {
  for (size_t i = 0; i < ROWS; i++)
    if (strcmp(table[i].info.name, name) == 0)
      return &table[i];
  return NULL;
}
