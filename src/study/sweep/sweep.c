/* ntk_sweep_run: a study of the quantity "ledger" along one variable, kept in memory or in a
 * database, and the power law of each of its rows. */
#include "study/run/run.h"
#include "study/spec/settings.h"
#include "study/sweep/judge.h"
#include "study/table/table.h"

#include "base/text.h"
#include "net/network.h"
#include "theory/ledger/ledger.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The study ------------------------------------------------------------------------------- */

/* Values of a key, cut at commas; nothing for NULL. */
static ntk_status put(ntk_settings *settings, const char *key, const char *values) {
  ntk_setting *s = NULL;
  if (values == NULL)
    return NTK_OK;
  if (ntk_settings_find(settings, key) != NULL)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "%s: it is the variable of the scaling sweep; leave one of them out", key);
  NTK_TRY(ntk_settings_add(settings, key, 0, &s));
  const ntk_status status = ntk_setting_append(s, values, true);
  return status == NTK_ERR_FORMAT ? ntk_setting_refuse(settings, s, NTK_ERR_ARGUMENT) : status;
}

static ntk_status put_whole(ntk_settings *settings, const char *key, uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, value);
  return put(settings, key, text);
}

static ntk_status put_beta(ntk_settings *settings, const ntk_sweep_spec *spec) {
  ntk_setting *s = NULL;
  if (spec->betas == 0)
    return NTK_OK;
  NTK_TRY(ntk_settings_add(settings, "network.beta", 0, &s));
  for (size_t i = 0; i < spec->betas; i++) {
    char text[32];
    ntk_format(text, sizeof text, "%.17g", spec->beta[i]);
    NTK_TRY(ntk_setting_append(s, text, false));
  }
  return NTK_OK;
}

/* The name of its study stands in databases of earlier versions, which go on. */
static ntk_status describe(const ntk_sweep_spec *spec, ntk_settings *settings) {
  char variable[64];
  if (spec->variable == NULL || spec->values == NULL || spec->widths == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "a scaling sweep needs a variable, its values, and widths");
  const int length = snprintf(variable, sizeof variable, "grid.%s", spec->variable);
  if (length < 0 || (size_t)length >= sizeof variable)
    return ntk_fail(NTK_ERR_ARGUMENT, "'%.40s...' is too long for a variable", spec->variable);
  NTK_TRY(put(settings, "name", "ladder"));
  NTK_TRY(put(settings, "quantity", "ledger"));
  NTK_TRY(put_whole(settings, "trials", spec->trials > 0 ? spec->trials : 3));
  NTK_TRY(put_whole(settings, "seed", spec->seed));
  NTK_TRY(put(settings, "network.widths", spec->widths));
  NTK_TRY(put(settings, "network.activation", spec->activation));
  NTK_TRY(put(settings, "network.init", spec->init));
  NTK_TRY(put_beta(settings, spec));
  NTK_TRY(put(settings, "network.bias", spec->bias));
  NTK_TRY(put(settings, "network.parameterization", spec->parameterization));
  NTK_TRY(put(settings, "data.source", spec->data));
  NTK_TRY(put(settings, "data.scale", spec->scale));
  if (spec->population > 0)
    NTK_TRY(put_whole(settings, "ledger.population", spec->population));
  NTK_TRY(put(settings, variable, spec->values));
  NTK_TRY(put(settings, "grid.d", spec->dim));
  return put(settings, "grid.N", spec->samples);
}

static ntk_status make_study(const ntk_sweep_spec *spec, ntk_study **study) {
  ntk_settings settings = {.source = strdup("the scaling sweep")};
  if (settings.source == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a scaling sweep");
  const ntk_status status = describe(spec, &settings);
  if (status == NTK_OK)
    return ntk_study_make(&settings, study);
  ntk_settings_clear(&settings);
  return status;
}

/* ---- Its rows -------------------------------------------------------------------------------- */

/* Counts of a quantity over the table. */
static void count(const ntk_study_table *table, ntk_sweep_row *row) {
  for (size_t i = 0; i < table->rows; i++) {
    const ntk_study_row *r = &table->row[i];
    if (strcmp(r->quantity, row->ledger.key) != 0)
      continue;
    const bool known = isfinite(r->value);
    row->trials += known;
    row->missing += !known;
    row->zero += r->value == 0.0;
    row->held += r->value == 1.0;
  }
}

/* The power law of one quantity in the sweep's variable. *summary is to be released when this gave
 * NTK_OK. */
static ntk_status fit(const ntk_study_table *table, const char *quantity, const char *x,
                      ntk_summary *summary, ntk_power_law *fitted) {
  const ntk_summary_options options = {.quantity = quantity, .x = x};
  NTK_TRY(ntk_study_summarise(table, &options, summary));
  const ntk_status status = ntk_study_fit(table, &options, summary, fitted);
  if (status != NTK_OK)
    ntk_summary_clear(summary);
  return status;
}

static ntk_status no_memory(void) {
  return ntk_fail(NTK_ERR_MEMORY, "no memory for the rows of a scaling sweep");
}

/* Whether the fit of a row has the value: it is positive. */
static bool is_fitted(const ntk_study_row *r) {
  return isfinite(r->value) && r->value > 0.0;
}

/* Rows of the quantity `order` for the trials whose value of `key` is fitted, into kept (room for
 * all rows); how many. Both come by point and trial. */
static size_t keep_orders(const ntk_study_table *table, const char *key, const char *order,
                          ntk_study_row *kept) {
  size_t count = 0, at = 0; /* at: the next row that may be the value's */
  for (size_t i = 0; i < table->rows; i++) {
    const ntk_study_row *r = &table->row[i], *value = NULL;
    if (strcmp(r->quantity, order) != 0)
      continue;
    for (; at < table->rows && value == NULL; at++)
      if (strcmp(table->row[at].quantity, key) == 0) {
        value = &table->row[at];
        if (value->point > r->point || (value->point == r->point && value->trial > r->trial))
          break;
        if (value->point < r->point || value->trial < r->trial)
          value = NULL;
      }
    if (value != NULL && value->point == r->point && value->trial == r->trial && is_fitted(value))
      kept[count++] = *r;
  }
  return count;
}

static ntk_status fit_slope(const ntk_study_table *table, const char *quantity, const char *x,
                            double *slope) {
  ntk_summary summary;
  ntk_power_law fitted = {.slope = NAN};
  NTK_TRY(fit(table, quantity, x, &summary, &fitted));
  ntk_summary_clear(&summary);
  *slope = fitted.slope;
  return NTK_OK;
}

static bool has_quantity(const ntk_study_table *table, const char *quantity) {
  for (size_t q = 0; q < table->quantities; q++)
    if (strcmp(table->quantity[q], quantity) == 0)
      return true;
  return false;
}

/* The exponent of the row's order, from the sizes of the trials that its own exponent is from, or
 * of all where those give none; NaN: it has no order, or that is measured itself. */
static ntk_status predict(const ntk_study_table *table, const char *x, ntk_sweep_row *row) {
  char order[sizeof row->ledger.key + 8];
  row->predicted = NAN;
  snprintf(order, sizeof order, "%s.order", row->ledger.key);
  if (row->ledger.claim == NTK_CLAIM_NONE || row->ledger.order[0] == '\0' ||
      !has_quantity(table, order))
    return NTK_OK;
  ntk_study_row *kept = malloc((table->rows + 1) * sizeof *kept);
  if (kept == NULL)
    return no_memory();
  ntk_study_table some = *table;
  some.row = kept;
  some.rows = keep_orders(table, row->ledger.key, order, kept);
  ntk_status status = NTK_OK;
  if (some.rows > 0)
    status = fit_slope(&some, order, x, &row->predicted);
  free(kept);
  if (status == NTK_OK && isnan(row->predicted))
    status = fit_slope(table, order, x, &row->predicted);
  return status;
}

/* ---- All of it ------------------------------------------------------------------------------- */

/* What its networks have, at every size, that the paper's have not; NULL: nothing. */
static const char *beyond_paper(const ntk_sweep_spec *spec) {
  const bool bias[] = {spec->bias != NULL, spec->bias != NULL};
  const ntk_network_spec like = {
      .depth = 2, .bias = bias, .parameterization = spec->parameterization};
  return ntk_beyond_paper(&like);
}

/* The row of that key, which the ledger has. */
static ntk_status make_row(const ntk_study_table *table, const ntk_sweep_spec *spec,
                           const ntk_ledger_row *words, ntk_sweep_row *row) {
  const char *x = spec->variable, *beyond = beyond_paper(spec);
  *row =
      (ntk_sweep_row){.ledger = *words, .exponent = NAN, .low = NAN, .high = NAN, .predicted = NAN};
  count(table, row);
  if (!ntk_sweep_is_bound(row) && row->trials > 0) {
    ntk_power_law fitted = {.slope = NAN};
    NTK_TRY(fit(table, words->key, x, &row->means, &fitted));
    row->constant = fitted.constant;
    row->exponent = fitted.slope;
    row->low = fitted.slope_low;
    row->high = fitted.slope_high;
    NTK_TRY(predict(table, x, row));
  }
  ntk_sweep_judge(row);
  if (beyond != NULL)
    ntk_ledger_outside(&row->ledger, beyond);
  return NTK_OK;
}

static ntk_status make_rows(const ntk_study_table *table, const ntk_sweep_spec *spec,
                            ntk_sweep *sweep) {
  sweep->row = calloc(table->quantities + 1, sizeof *sweep->row);
  if (sweep->row == NULL)
    return no_memory();
  for (size_t q = 0; q < table->quantities; q++) {
    ntk_ledger_row words;
    if (ntk_ledger_describe(table->quantity[q], &words) == NTK_OK)
      NTK_TRY(make_row(table, spec, &words, &sweep->row[sweep->rows++]));
  }
  if (sweep->rows > 0)
    return NTK_OK;
  return ntk_fail(NTK_ERR_NUMERIC, "every trial failed, the last one: %s",
                  sweep->status.last_error);
}

/* Rows and assumptions of the study that is in the store. */
static ntk_status judge(const ntk_store *store, const ntk_sweep_spec *spec, ntk_sweep *sweep) {
  ntk_study_table table = {0};
  NTK_TRY(ntk_table_of(store, &table));
  ntk_status status = make_rows(&table, spec, sweep);
  if (status == NTK_OK) {
    const ntk_summary_options along = {.quantity = table.quantity[0], .x = spec->variable};
    status = ntk_study_assumptions(&table, &along, sweep->assumptions);
  }
  ntk_study_table_clear(&table);
  return status;
}

ntk_status ntk_sweep_run(const ntk_sweep_spec *spec, const char *database,
                         const ntk_study_options *options, ntk_sweep *sweep) {
  ntk_study *study = NULL;
  ntk_store store;
  ntk_sweep made = {0};
  NTK_TRY(make_study(spec, &study));
  ntk_status status = ntk_run_into(study, database, options, &store, &made.status);
  if (status == NTK_OK)
    status = judge(&store, spec, &made);
  ntk_store_close(&store);
  ntk_study_destroy(study);
  if (status == NTK_OK)
    *sweep = made;
  else
    ntk_sweep_clear(&made);
  return status;
}

void ntk_sweep_clear(ntk_sweep *sweep) {
  for (size_t i = 0; i < sweep->rows; i++)
    ntk_summary_clear(&sweep->row[i].means);
  free(sweep->row);
  ntk_study_status_clear(&sweep->status);
  *sweep = (ntk_sweep){0};
}
