#include "study/table/stats.h"

#include "base/names.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL = 80 };

/* ---- Trials, sorted into curves and points --------------------------------------------------- */

/* Whether two rows lie on one curve. */
static bool same_group(const ntk_study_table *table, size_t group, const ntk_study_row *a,
                       const ntk_study_row *b) {
  if (group == table->variables)
    return true;
  if (table->is_text[group])
    return strcmp(a->text[group], b->text[group]) == 0;
  return a->variable[group] == b->variable[group];
}

/* "N = 1000", "phi = relu", or "" when there is no group; NULL: no memory. */
static char *make_label(const ntk_study_table *table, size_t group, const ntk_study_row *row) {
  if (group == table->variables)
    return calloc(1, 1);
  const char *name = table->variable[group];
  const char *text = table->is_text[group] ? row->text[group] : "";
  const size_t size = strlen(name) + strlen(text) + LABEL;
  char *label = malloc(size);
  if (label != NULL && table->is_text[group])
    snprintf(label, size, "%s = %s", name, text);
  else if (label != NULL)
    ntk_format(label, size, "%s = %.10g", name, row->variable[group]);
  return label;
}

/* By curve, x, point and trial; rows that agree in all of them keep the table's order. */
static int compare_samples(const void *left, const void *right) {
  const ntk_sample *a = left, *b = right;
  if (a->curve != b->curve)
    return a->curve < b->curve ? -1 : 1;
  if (a->x != b->x)
    return a->x < b->x ? -1 : 1;
  if (a->row->point != b->row->point)
    return a->row->point < b->row->point ? -1 : 1;
  if (a->row->trial != b->row->trial)
    return a->row->trial < b->row->trial ? -1 : 1;
  return (a->row > b->row) - (a->row < b->row);
}

/* Fills curve and x of every sample, and counts the curves; x: a column of the table. first: index
 * of a row of each curve, room for samples->count. */
static void assign_curves(const ntk_study_table *table, size_t group, const double *x,
                          ntk_samples *samples, size_t *first) {
  for (size_t i = 0; i < samples->count; i++) {
    ntk_sample *sample = &samples->sample[i];
    sample->x = x[sample->row - table->row];
    while (sample->curve < samples->curves &&
           !same_group(table, group, sample->row, &table->row[first[sample->curve]]))
      sample->curve++;
    if (sample->curve == samples->curves)
      first[samples->curves++] = (size_t)(sample->row - table->row);
  }
}

static ntk_status make_samples(const ntk_study_table *table, const char *quantity, size_t group,
                               const double *x, ntk_samples *samples) {
  size_t *first = calloc(table->rows, sizeof *first);
  samples->sample = calloc(table->rows, sizeof *samples->sample);
  bool enough = first != NULL && samples->sample != NULL;
  for (size_t i = 0; i < table->rows && enough; i++)
    if (strcmp(table->row[i].quantity, quantity) == 0)
      samples->sample[samples->count++].row = &table->row[i];
  if (enough && samples->count > 0) {
    assign_curves(table, group, x, samples, first);
    qsort(samples->sample, samples->count, sizeof *samples->sample, compare_samples);
    samples->label = calloc(samples->curves, sizeof *samples->label);
    enough = samples->label != NULL;
  }
  for (size_t i = 0; i < samples->curves && enough; i++) {
    samples->label[i] = make_label(table, group, &table->row[first[i]]);
    enough = samples->label[i] != NULL;
  }
  free(first);
  if (!enough)
    return ntk_fail(NTK_ERR_MEMORY, "no memory to sort %zu rows", table->rows);
  if (samples->count == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the table has no row of %s; accepted: one and up", quantity);
  return NTK_OK;
}

ntk_status ntk_samples_collect(const ntk_study_table *table, const ntk_summary_options *options,
                               ntk_samples *samples) {
  if (table == NULL || options == NULL || options->x == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "table, options or options.x is NULL; accepted: all of them given");
  if (table->rows == 0 || table->quantities == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the table has no rows; accepted: one and up");
  size_t wanted = 0, group = table->variables;
  if (options->quantity != NULL)
    NTK_TRY(
        NTK_NAME_FIND("quantity", options->quantity, table->quantity, table->quantities, &wanted));
  if (options->group != NULL)
    NTK_TRY(NTK_NAME_FIND("variable to group by", options->group, table->variable, table->variables,
                          &group));
  double *x = calloc(table->rows, sizeof *x);
  if (x == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a column of %zu rows", table->rows);
  ntk_samples made = {0};
  ntk_status status = ntk_study_table_column(table, options->x, x);
  if (status == NTK_OK)
    status = make_samples(table, table->quantity[wanted], group, x, &made);
  free(x);
  if (status == NTK_OK)
    *samples = made;
  else
    ntk_samples_clear(&made);
  return status;
}

void ntk_samples_clear(ntk_samples *samples) {
  for (size_t i = 0; i < samples->curves && samples->label != NULL; i++)
    free(samples->label[i]);
  free(samples->label);
  free(samples->sample);
  *samples = (ntk_samples){0};
}

size_t ntk_samples_curve_end(const ntk_samples *samples, size_t first) {
  size_t end = first;
  while (end < samples->count && samples->sample[end].curve == samples->sample[first].curve)
    end++;
  return end;
}

size_t ntk_samples_point_end(const ntk_samples *samples, size_t first) {
  const ntk_sample *sample = samples->sample;
  size_t end = first;
  while (end < samples->count && sample[end].curve == sample[first].curve &&
         sample[end].x == sample[first].x)
    end++;
  return end;
}

/* ---- Statistics ------------------------------------------------------------------------------ */

double ntk_mean(size_t n, const double *value) {
  const double origin = isfinite(value[0]) ? value[0] : 0.0;
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += value[i] - origin;
  return origin + sum / (double)n;
}

double ntk_resampled_sum(uint64_t seed, size_t curve, size_t point, size_t resample, size_t n,
                         const double *value) {
  const ntk_random source = {seed, NTK_STREAM_BOOTSTRAP, curve};
  const uint64_t row = (uint64_t)point * NTK_RESAMPLES + resample;
  double sum = 0.0;
  uint64_t words[4];
  for (size_t i = 0; i < n; i++) {
    if (i % 4 == 0)
      ntk_random_words(source, row, i / 4, words);
    sum += value[((words[i % 4] >> 32) * n) >> 32]; /* floor(n U), U uniform on [0, 1) */
  }
  return sum;
}

static int compare_doubles(const void *left, const void *right) {
  const double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Equal neighbours are not subtracted: they may be infinite. */
static double quantile(const double sorted[NTK_RESAMPLES], double p) {
  const double place = p * (NTK_RESAMPLES - 1);
  const size_t i = (size_t)place;
  const double a = sorted[i], b = sorted[i + 1];
  return a == b ? a : a + (place - (double)i) * (b - a);
}

void ntk_percentiles(double statistic[NTK_RESAMPLES], double *low, double *high) {
  qsort(statistic, NTK_RESAMPLES, sizeof *statistic, compare_doubles);
  *low = quantile(statistic, 0.025);
  *high = quantile(statistic, 0.975);
}
