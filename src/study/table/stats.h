/* What summaries and fits share: the trials of one quantity sorted into curves and points, and the
 * bootstrap (Efron 1979: percentiles of a statistic over samples drawn with replacement). */
#ifndef NTK_STUDY_STATS_H
#define NTK_STUDY_STATS_H

#include "base/random.h"
#include "base/status.h"

#include "ntkit/study.h"

enum { NTK_RESAMPLES = 2000 };

typedef struct ntk_sample {
  size_t curve;
  double x;
  const ntk_study_row *row; /* of the table */
} ntk_sample;

typedef struct ntk_samples {
  size_t count;
  ntk_sample *sample; /* by curve, x, point, trial: the order of the table's rows does not matter */
  size_t curves;      /* numbered as they appear in the table */
  char **label;
} ntk_samples;

/* The trials that options ask for, those with NaN included; at least one. */
ntk_status ntk_samples_collect(const ntk_study_table *table, const ntk_summary_options *options,
                               ntk_samples *samples);
void ntk_samples_clear(ntk_samples *samples);

/* One past the last of the samples that have the curve of sample `first`, and its x too. */
size_t ntk_samples_curve_end(const ntk_samples *samples, size_t first);
size_t ntk_samples_point_end(const ntk_samples *samples, size_t first);

/* Exact when all n > 0 values are the same: no error bar may then end above its mean. */
double ntk_mean(size_t n, const double *value);

/* Sum of n draws with replacement from n values, a function of (seed, curve, point, resample) and
 * the values alone; n < 2^32. */
double ntk_resampled_sum(uint64_t seed, size_t curve, size_t point, size_t resample, size_t n,
                         const double *value);

/* The 2.5 and 97.5 % quantiles, interpolated linearly, of the statistic's values, which it sorts.
 */
void ntk_percentiles(double statistic[NTK_RESAMPLES], double *low, double *high);

#endif
