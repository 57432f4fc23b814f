/* At which points of a study's curves Theorem 3.1 does not speak: Section 2's assumptions, counted.
 * "n_l = O(n_{l-1})" is about sizes that grow. Along a curve the ratio n_l / n_{l-1} grows where
 * its logarithm, by least squares over that of n_{L-2} n_{L-1}, rises by more than DRIFT: there the
 * points that widen are outside, however little. L and beta_l are constants. */
#include "study/spec/keys.h"
#include "study/spec/weights_keys.h"
#include "study/spec/yaml.h"
#include "study/table/stats.h"

#include "base/text.h"
#include "theory/bounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double DRIFT = 0.05;

/* ---- What the database remembers ------------------------------------------------------------- */

/* The study by its file in the database, whatever has become of the files that this names: enough
 * for ntk_study_point, without trainings. */
static ntk_status recall(const ntk_study_table *table, ntk_study **study) {
  NTK_TRY(ntk_study_outline(table->spec, table->name, study));
  (*study)->trains = false;
  ntk_status status = ntk_study_recall_files(*study);
  if (status == NTK_OK)
    status = ntk_study_recall_weights(*study);
  if (status != NTK_OK)
    ntk_study_destroy(*study);
  return status;
}

/* ---- Counting -------------------------------------------------------------------------------- */

enum { DATA, ACTIVATION, WIDTHS, SAMPLES, WEIGHTS };

static void begin(ntk_assumption *counts) {
  static const ntk_assumption all[NTK_ASSUMPTIONS] = {
      [DATA] = {.name = "2.1, 2.2", .says = "data of a law that concentrates"},
      [ACTIVATION] = {.name = "2.3", .says = "activation nonlinear, phi' Lipschitz"},
      [WIDTHS] = {.name = "2.4", .says = "n_l = O(n_{l-1})"},
      [SAMPLES] = {.name = "2.5", .says = "N = o(n_{L-2} n_{L-1})"},
      [WEIGHTS] = {.name = "weights", .says = "N(0, beta_l^2 / n_{l-1}), last N(0, beta_L^2)"},
  };
  memcpy(counts, all, sizeof all);
}

/* The points of one curve. */
typedef struct curve {
  size_t count;
  ntk_point *point;
} curve;

/* How log(n_l / n_{l-1}) grows with log(n_{L-2} n_{L-1}); 0 where that is the same everywhere. */
static double growth(const curve *c, size_t l) {
  double u_mean = 0.0, v_mean = 0.0, uu = 0.0, uv = 0.0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < c->count; i++) {
      const ntk_point *p = &c->point[i];
      if (l >= p->depth)
        return 0.0; /* depths differ: there is no such ratio along the curve */
      const double u = log((double)p->width[p->depth - 2]) + log((double)p->width[p->depth - 1]);
      const double v = log((double)p->width[l] / (double)p->width[l - 1]);
      if (pass == 0) {
        u_mean += u / (double)c->count;
        v_mean += v / (double)c->count;
      } else {
        uu += (u - u_mean) * (u - u_mean);
        uv += (u - u_mean) * (v - v_mean);
      }
    }
  return uu > 1e-12 ? uv / uu : 0.0;
}

static void count_widths(const curve *c, ntk_assumption *a, double *worst) {
  double grows[NTK_MOST_DEPTH] = {0.0};
  size_t deepest = 0;
  for (size_t i = 0; i < c->count; i++)
    deepest = c->point[i].depth > deepest ? c->point[i].depth : deepest;
  for (size_t l = 1; l < deepest; l++)
    grows[l] = growth(c, l);
  for (size_t i = 0; i < c->count; i++) {
    bool outside = false;
    for (size_t l = 1; l < c->point[i].depth; l++) {
      const double ratio = (double)c->point[i].width[l] / (double)c->point[i].width[l - 1];
      if (!(ratio > NTK_WIDENS || (ratio > 1.0 && grows[l] > DRIFT)))
        continue;
      outside = true;
      if (ratio > *worst) {
        *worst = ratio;
        char below[24] = "d";
        if (l > 1)
          snprintf(below, sizeof below, "n_%zu", l - 1);
        ntk_format(a->note, sizeof a->note, "n_%zu is up to %.3g times %s%s", l, ratio, below,
                   grows[l] > DRIFT ? ", and more the larger the widths" : "");
      }
    }
    a->outside += outside;
  }
}

static void count_samples(const curve *c, ntk_assumption *a, double *worst) {
  bool fixed = c->count > 1, grows = false;
  for (size_t i = 0; i < c->count; i++) {
    const ntk_point *p = &c->point[i], *first = &c->point[0];
    const double ratio =
        (double)p->N / ((double)p->width[p->depth - 2] * (double)p->width[p->depth - 1]);
    a->outside += ratio > 1.0;
    fixed = fixed && p->N == first->N;
    grows = grows || p->width[p->depth - 1] != first->width[first->depth - 1];
    *worst = fmax(*worst, ratio);
  }
  ntk_format(a->note, sizeof a->note, "N is up to %.3g times that%s", *worst,
             fixed && grows ? "; it is fixed, where the theorem has it grow with the widths" : "");
}

/* L and beta_l are constants, on which those of the bounds depend: where one changes along a curve,
 * no point has the constants of the others. */
static bool changes_constants(const curve *c, ntk_assumption *a) {
  for (size_t i = 1; i < c->count; i++) {
    const ntk_point *first = &c->point[0], *p = &c->point[i];
    if (p->depth != first->depth) {
      snprintf(a->note, sizeof a->note, "L is %zu at one point of a curve, %zu at another",
               first->depth, p->depth);
      return true;
    }
    for (size_t l = 0; l < p->depth; l++)
      if (fabs(p->beta[l] - first->beta[l]) > 1e-12 * first->beta[l]) {
        ntk_format(a->note, sizeof a->note,
                   "beta_%zu is %.3g at one point of a curve, %.3g at another", l + 1,
                   first->beta[l], p->beta[l]);
        return true;
      }
  }
  return false;
}

static ntk_status count_curve(const curve *c, ntk_assumption *counts, double worst[2]) {
  const bool changes = changes_constants(c, &counts[WEIGHTS]);
  for (size_t i = 0; i < c->count; i++) {
    const ntk_point *p = &c->point[i];
    bool smooth = true;
    for (size_t l = 1; l < p->depth; l++) {
      ntk_activation_info phi = {0};
      NTK_TRY(ntk_activation_of(p->activation, p->depth - 1, l, &phi));
      if (phi.nonlinear && isfinite(phi.lipschitz) && isfinite(phi.lipschitz_grad))
        continue;
      smooth = false;
      snprintf(counts[ACTIVATION].note, sizeof counts[ACTIVATION].note, "%.40s %s", phi.name,
               !phi.nonlinear         ? "is linear"
               : isinf(phi.lipschitz) ? "has no bounded slope"
                                      : "has a kink");
    }
    const bool general =
        p->biased || p->outputs > 1 || p->weights != NULL ||
        (p->parameterization != NULL && strcmp(p->parameterization, "standard") != 0);
    if (strcmp(p->init, "paper") != 0)
      snprintf(counts[WEIGHTS].note, sizeof counts[WEIGHTS].note, "the law is '%.40s'", p->init);
    else if (general)
      snprintf(counts[WEIGHTS].note, sizeof counts[WEIGHTS].note, "the theorem's has %s",
               p->biased            ? "no biases"
               : p->weights != NULL ? "a law"
               : p->outputs > 1     ? "one output"
                                    : "no scales of its blocks");
    counts[DATA].unknown += p->from_file;
    counts[ACTIVATION].outside += !smooth;
    counts[WEIGHTS].outside += changes || general || strcmp(p->init, "paper") != 0;
  }
  count_widths(c, &counts[WIDTHS], &worst[0]);
  count_samples(c, &counts[SAMPLES], &worst[1]);
  return NTK_OK;
}

/* Whether the point of sample i is not that of the one before it; those of a point lie together. */
static bool is_new_point(const ntk_samples *samples, size_t i) {
  return i == 0 || samples->sample[i].row->point != samples->sample[i - 1].row->point;
}

static size_t count_points(const ntk_samples *samples) {
  size_t points = 0;
  for (size_t i = 0; i < samples->count; i++)
    points += is_new_point(samples, i);
  return points;
}

/* The points of samples first .. end - 1. */
static ntk_status take_points(const ntk_study *study, const ntk_samples *samples, size_t first,
                              size_t end, curve *c) {
  c->count = 0;
  for (size_t i = first; i < end; i++) {
    if (!is_new_point(samples, i))
      continue;
    NTK_TRY(ntk_study_point(study, samples->sample[i].row->point, &c->point[c->count]));
    c->count++;
  }
  return NTK_OK;
}

static ntk_status count_samples_of(const ntk_study *study, const ntk_samples *samples,
                                   ntk_assumption *counts) {
  double worst[2] = {0.0, 0.0};
  const size_t points = count_points(samples); /* trials are many more, and a point is large */
  curve c = {.point = calloc(points > 0 ? points : 1, sizeof *c.point)};
  ntk_status status =
      c.point != NULL ? NTK_OK : ntk_fail(NTK_ERR_MEMORY, "no memory for %zu points", points);
  for (size_t first = 0, end = 0; first < samples->count && status == NTK_OK; first = end) {
    end = ntk_samples_curve_end(samples, first);
    status = take_points(study, samples, first, end, &c);
    for (size_t a = 0; a < NTK_ASSUMPTIONS && status == NTK_OK; a++)
      counts[a].points += c.count;
    if (status == NTK_OK)
      status = count_curve(&c, counts, worst);
  }
  free(c.point);
  return status;
}

/* Of a database from before data.dim was kept. */
static void count_unknown(const ntk_samples *samples, ntk_assumption *counts) {
  const size_t points = count_points(samples);
  for (size_t a = 0; a < NTK_ASSUMPTIONS; a++) {
    counts[a].points = counts[a].unknown = points;
    snprintf(counts[a].note, sizeof counts[a].note, "d of the data file is not in this database");
  }
}

ntk_status ntk_study_assumptions(const ntk_study_table *table, const ntk_summary_options *options,
                                 ntk_assumption *counts) {
  if (counts == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "counts is NULL; accepted: %d entries", NTK_ASSUMPTIONS);
  ntk_samples samples;
  ntk_study *study = NULL;
  ntk_assumption made[NTK_ASSUMPTIONS];
  begin(made);
  NTK_TRY(ntk_samples_collect(table, options, &samples));
  ntk_status status = recall(table, &study);
  if (status == NTK_OK) {
    const bool file = ntk_settings_find(&study->settings, "data.fingerprint") != NULL;
    if (file && study->files == 0)
      count_unknown(&samples, made);
    else
      status = count_samples_of(study, &samples, made);
    ntk_study_destroy(study);
  }
  ntk_samples_clear(&samples);
  if (status == NTK_OK)
    memcpy(counts, made, sizeof made);
  return status;
}
