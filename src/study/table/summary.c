/* Mean, deviation and bootstrap interval of the mean of every point of every curve. */
#include "study/table/stats.h"

#include <math.h>
#include <stdlib.h>

/* Mean, deviation and interval of n values; centred: room for as many. A resample's mean is
 * mean + (sum of n draws from value - mean) / n. */
static void measure(uint64_t seed, size_t index, size_t n, const double *value, double *centred,
                    ntk_summary_point *point) {
  point->mean = point->deviation = point->low = point->high = NAN;
  if (n == 0)
    return;
  point->mean = ntk_mean(n, value);
  if (n == 1)
    return;
  const double origin = isfinite(point->mean) ? point->mean : 0.0;
  double squares = 0.0;
  for (size_t i = 0; i < n; i++) {
    centred[i] = value[i] - origin;
    squares += (value[i] - point->mean) * (value[i] - point->mean);
  }
  point->deviation = sqrt(squares / (double)(n - 1));
  double means[NTK_RESAMPLES];
  for (size_t r = 0; r < NTK_RESAMPLES; r++)
    means[r] = origin + ntk_resampled_sum(seed, point->curve, index, r, n, centred) / (double)n;
  ntk_percentiles(means, &point->low, &point->high);
}

/* The point of samples first .. end - 1, the index-th of its curve. work: 2 x their number. */
static ntk_summary_point make_point(const ntk_samples *samples, size_t first, size_t end,
                                    size_t index, uint64_t seed, double *work) {
  const ntk_sample *sample = &samples->sample[first];
  const size_t rows = end - first;
  ntk_summary_point point = {.curve = sample->curve, .x = sample->x};
  for (size_t i = 0; i < rows; i++)
    work[i] = sample[i].row->lower_scale;
  point.lower_scale = ntk_mean(rows, work);
  for (size_t i = 0; i < rows; i++)
    work[i] = sample[i].row->upper_scale;
  point.upper_scale = ntk_mean(rows, work);
  for (size_t i = 0; i < rows; i++)
    if (!isnan(sample[i].row->value))
      work[point.count++] = sample[i].row->value;
  point.missing = rows - point.count;
  measure(seed, index, point.count, work, work + rows, &point);
  return point;
}

/* Number of points; largest: of samples at one of them. Both at least 1, as there is a sample. */
static size_t count_points(const ntk_samples *samples, size_t *largest) {
  size_t points = 0, first = 0;
  *largest = 1;
  do {
    const size_t end = ntk_samples_point_end(samples, first);
    if (end - first > *largest)
      *largest = end - first;
    first = end;
    points++;
  } while (first < samples->count);
  return points;
}

ntk_status ntk_study_summarise(const ntk_study_table *table, const ntk_summary_options *options,
                               ntk_summary *summary) {
  if (summary == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "summary is NULL; accepted: where the summary goes");
  ntk_samples samples;
  NTK_TRY(ntk_samples_collect(table, options, &samples));
  size_t largest = 0;
  const size_t points = count_points(&samples, &largest);
  double *work = calloc(largest, 2 * sizeof *work);
  ntk_summary_point *point = calloc(points, sizeof *point);
  if (work == NULL || point == NULL) {
    free(work);
    free(point);
    ntk_samples_clear(&samples);
    return ntk_fail(NTK_ERR_MEMORY, "no memory for a summary of %zu points", points);
  }
  size_t index = 0; /* within the curve */
  for (size_t i = 0, first = 0, end = 0; i < points; i++, first = end) {
    end = ntk_samples_point_end(&samples, first);
    point[i] = make_point(&samples, first, end, index, options->seed, work);
    index = end < samples.count && samples.sample[end].curve == point[i].curve ? index + 1 : 0;
  }
  free(work);
  *summary = (ntk_summary){
      .curves = samples.curves, .label = samples.label, .points = points, .point = point};
  samples.label = NULL; /* the summary's now */
  ntk_samples_clear(&samples);
  return NTK_OK;
}

void ntk_summary_clear(ntk_summary *summary) {
  for (size_t i = 0; i < summary->curves; i++)
    free(summary->label[i]);
  free(summary->label);
  free(summary->point);
  *summary = (ntk_summary){0};
}
