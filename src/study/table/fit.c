/* Power laws along the curves of a summary. With u = log x, v = log y of the trials and sums over
 * them, least squares gives
 *
 *     slope = S_uv / S_uu,  S_uv = sum (u - mean u)(v - mean v),  r2 = S_uv^2 / (S_uu S_vv).
 *
 * A resample draws at each x as many trials as there are, so that u and S_uu stay, and its slope is
 * sum over the points of (u - mean u) (sum of the v drawn) / S_uu. */
#include "study/table/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The logarithms of one curve's usable trials. */
typedef struct curve {
  size_t count, points, left_out;
  double *u, *v, *lower, *upper; /* count; views of one array */
  size_t *start;                 /* points + 1: the trials at one x are start[j] .. start[j+1]-1 */
} curve;

typedef struct line {
  double u_mean, v_mean, uu, uv, vv;
} line;

/* NaN in all that depends on v when some v is not finite. */
static line regress(size_t n, const double *u, const double *v) {
  line sums = {.u_mean = ntk_mean(n, u), .v_mean = ntk_mean(n, v)};
  for (size_t i = 0; i < n; i++) {
    const double du = u[i] - sums.u_mean, dv = v[i] - sums.v_mean;
    sums.uu += du * du;
    sums.uv += du * dv;
    sums.vv += dv * dv;
  }
  return sums;
}

/* Samples first .. end - 1 into c, whose arrays have room for them. */
static void take_logarithms(const ntk_samples *samples, size_t first, size_t end, curve *c) {
  c->count = c->points = c->left_out = 0;
  double last = NAN;
  for (size_t i = first; i < end; i++) {
    const ntk_sample *sample = &samples->sample[i];
    const ntk_study_row *row = sample->row;
    if (!(isfinite(row->value) && row->value > 0.0)) {
      c->left_out++;
      continue;
    }
    if (sample->x != last) /* true for NaN: the first one */
      c->start[c->points++] = c->count;
    last = sample->x;
    c->u[c->count] = log(sample->x);
    c->v[c->count] = log(row->value);
    c->lower[c->count] = log(row->lower_scale);
    c->upper[c->count] = log(row->upper_scale);
    c->count++;
  }
  c->start[c->points] = c->count;
}

/* NaN when no point has two trials: then nothing is known of their scatter. Spoils c->v. */
static void slope_interval(curve *c, line fitted, uint64_t seed, size_t index, ntk_power_law *fit) {
  if (c->points == c->count)
    return;
  for (size_t i = 0; i < c->count; i++)
    c->v[i] -= fitted.v_mean;
  double slopes[NTK_RESAMPLES];
  for (size_t r = 0; r < NTK_RESAMPLES; r++) {
    double uv = 0.0;
    for (size_t j = 0; j < c->points; j++) {
      const size_t at = c->start[j], n = c->start[j + 1] - at;
      uv += (c->u[at] - fitted.u_mean) * ntk_resampled_sum(seed, index, j, r, n, c->v + at);
    }
    slopes[r] = uv / fitted.uu;
  }
  ntk_percentiles(slopes, &fit->slope_low, &fit->slope_high);
}

static ntk_power_law fit_curve(curve *c, uint64_t seed, size_t index, const char *label) {
  ntk_power_law fit = {
      .label = label, .points = c->points, .trials = c->count, .left_out = c->left_out};
  fit.slope = fit.constant = fit.slope_low = fit.slope_high = NAN;
  fit.r2 = fit.theory_lower = fit.theory_upper = NAN;
  if (c->points < 2)
    return fit;
  const line y = regress(c->count, c->u, c->v);
  const line lower = regress(c->count, c->u, c->lower);
  const line upper = regress(c->count, c->u, c->upper);
  fit.slope = y.uv / y.uu;
  fit.constant = exp(y.v_mean - fit.slope * y.u_mean);
  const double r2 = y.uv / y.uu * (y.uv / y.vv);
  fit.r2 = r2 > 1.0 ? 1.0 : r2; /* by rounding */
  fit.theory_lower = lower.uv / lower.uu;
  fit.theory_upper = upper.uv / upper.uu;
  slope_interval(c, y, seed, index, &fit);
  return fit;
}

/* The summary is one of these samples, and every x has a logarithm. */
static ntk_status check_fit(const ntk_samples *samples, const ntk_summary *summary) {
  bool same = samples->curves == summary->curves;
  for (size_t i = 0; i < samples->curves && same; i++)
    same = strcmp(samples->label[i], summary->label[i]) == 0;
  if (!same)
    return ntk_fail(NTK_ERR_ARGUMENT, "the summary has other curves than the table; accepted: the "
                                      "summary of this table with these options");
  for (size_t i = 0; i < samples->count; i++)
    if (!(samples->sample[i].x > 0.0))
      return ntk_fail(NTK_ERR_ARGUMENT, "x is %.10g at a point; accepted for a fit: above 0",
                      samples->sample[i].x);
  return NTK_OK;
}

ntk_status ntk_study_fit(const ntk_study_table *table, const ntk_summary_options *options,
                         const ntk_summary *summary, ntk_power_law *fits) {
  if (summary == NULL || fits == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "summary or fits is NULL; accepted: all of them given");
  ntk_samples samples;
  NTK_TRY(ntk_samples_collect(table, options, &samples));
  double *logs = calloc(samples.count, 4 * sizeof *logs);
  size_t *start = calloc(samples.count + 1, sizeof *start);
  ntk_status status = NTK_OK;
  if (logs == NULL || start == NULL)
    status = ntk_fail(NTK_ERR_MEMORY, "no memory for a fit of %zu trials", samples.count);
  else
    status = check_fit(&samples, summary);
  if (status == NTK_OK) {
    curve c = {.u = logs, .start = start};
    c.v = c.u + samples.count;
    c.lower = c.v + samples.count;
    c.upper = c.lower + samples.count;
    for (size_t first = 0, end = 0, i = 0; i < samples.curves; first = end, i++) {
      end = ntk_samples_curve_end(&samples, first);
      take_logarithms(&samples, first, end, &c);
      fits[i] = fit_curve(&c, options->seed, i, summary->label[i]);
    }
  }
  free(logs);
  free(start);
  ntk_samples_clear(&samples);
  return status;
}
