/* A law as points, beside the eigenvalues that were measured. */
#include "base/memory.h"
#include "base/text.h"
#include "theory/laws/job.h"

#include <float.h>
#include <math.h>

enum { POINTS = 200 };

typedef struct drawing {
  ntk_law_job *j;
  ntk_law_curve *curve;
  void *user;
  double least; /* of an atom at 0: eigenvalues up to it are the atom's */
} drawing;

/* The law's share just below x, and up to it: they differ where the atom is. Off the ends nothing
 * is solved. */
static ntk_status at(const drawing *d, double x, double *before, double *below, double *density) {
  const ntk_law_result *r = d->j->result;
  *density = 0.0;
  *below = *before = 0.0;
  if (x > d->least && x >= r->upper)
    *below = 1.0;
  else if (x > d->least && x > r->lower)
    NTK_TRY(d->curve(d->user, x, below, density));
  else if (r->atom > 0.0 && (x <= d->least || x >= r->atom_at))
    *below = r->atom;
  *before = r->atom > 0.0 && x == r->atom_at ? *below - r->atom : *below;
  return NTK_OK;
}

/* The share of n values, ascending, up to x. */
static double share_up_to(size_t n, const double *values, double x) {
  size_t low = 0, high = n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (values[middle] <= x)
      low = middle + 1;
    else
      high = middle;
  }
  return (double)low / (double)n;
}

static ntk_status draw_points(const drawing *d) {
  ntk_law_result *r = d->j->result;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(d->j->context, POINTS, sizeof(ntk_law_point), "the law's points", &pointer));
  r->point = pointer;
  double before = 0.0;
  /* What is measured beyond the ends is seen, but for single ones far off. */
  double from = fmin(r->lower, isnan(r->least) ? r->lower : r->least);
  if (r->atom > 0.0 && r->atom_at > 0.0) /* with its step */
    from = fmin(from, 0.9 * r->atom_at);
  from = fmax(from, 1e-6 * r->upper);
  const double to = fmax(r->upper, fmin(r->greatest, 2.0 * r->upper));
  for (size_t i = 0; i < POINTS; i++) {
    ntk_law_point *p = &r->point[i];
    NTK_TRY(ntk_progress_poll(d->j->context, "law", 1.0));
    p->eigenvalue = from * pow(to / from, (double)i / (POINTS - 1));
    NTK_TRY(at(d, p->eigenvalue, &before, &p->below, &p->density));
    p->measured = d->j->values != NULL ? share_up_to(r->samples, d->j->values, p->eigenvalue) : NAN;
  }
  r->points = POINTS;
  return NTK_OK;
}

/* All eigenvalues, and what of them is beyond the ends. */
static ntk_status compare_all(const drawing *d) {
  ntk_law_result *r = d->j->result;
  const double *values = d->j->values;
  const size_t n = r->samples;
  double *below = NULL, *before = NULL, density = 0.0;
  ntk_status status = ntk_alloc_doubles(d->j->context, n, "the law at the eigenvalues", &below);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(d->j->context, n, "the law at the eigenvalues", &before);
  for (size_t i = 0; i < n && status == NTK_OK; i++) {
    status = ntk_progress_poll(d->j->context, "law", (double)i / (double)n);
    if (status == NTK_OK)
      status = at(d, values[i], &before[i], &below[i], &density);
  }
  if (status == NTK_OK) {
    r->distance = ntk_free_distance(n, values, before, below, d->least, 0.0);
    if (r->atom > 0.0)
      r->distance_rest = ntk_free_distance(n, values, before, below, d->least, r->atom);
    const double slack = pow((double)n, -2.0 / 3.0);
    for (size_t i = n; i > 0 && values[i - 1] > r->upper * (1.0 + slack); i--)
      r->outside++;
    size_t first = 0;
    while (first + 1 < n && values[first] <= d->least)
      first++;
    const double low = r->atom > 0.0 && r->atom_at > 0.0 ? r->atom_at : r->lower;
    for (size_t i = first; i < n && values[i] < low * (1.0 - slack); i++)
      r->beneath++;
    r->least = values[first];
    r->greatest = values[n - 1];
  }
  ntk_free(d->j->context, before);
  ntk_free(d->j->context, below);
  return status;
}

/* The counts of an estimated density, which are known to half of their intervals. */
static ntk_status compare_counts(const drawing *d, const ntk_density *density) {
  ntk_law_result *r = d->j->result;
  double rest = 0.0, half = 0.0;
  r->distance = 0.0;
  r->estimate = true;
  for (size_t i = 0; i < density->points; i++) {
    double below = 0.0, before = 0.0, unused = 0.0;
    NTK_TRY(at(d, density->point[i].eigenvalue, &before, &below, &unused));
    const double N = (double)r->samples, share = density->point[i].count / N;
    r->distance = fmax(r->distance, fabs(share - below));
    rest = fmax(rest, fabs(fmax(share, r->atom) - fmax(below, r->atom)) / (1.0 - r->atom));
    half = fmax(half, (density->point[i].count_high - density->point[i].count_low) / (2.0 * N));
  }
  r->distance_rest = r->atom > 0.0 ? rest : NAN;
  r->usual += half;
  r->least = d->j->spectrum->lambda_min;
  r->greatest = d->j->spectrum->lambda_max;
  return NTK_OK;
}

/* The law's share up to a number, its atom left out. */
static double rest_up_to(const ntk_law_result *r, double x, double below) {
  return below - (r->atom > 0.0 && x >= r->atom_at ? r->atom : 0.0);
}

/* x between low and high with that share up to it. */
static ntk_status find_rest(const drawing *d, double share, double low, double high, double *x) {
  for (int turn = 0; turn < 40; turn++) {
    double before = 0.0, below = 0.0, density = 0.0;
    *x = (low + high) / 2.0;
    NTK_TRY(at(d, *x, &before, &below, &density));
    if (rest_up_to(d->j->result, *x, below) < share)
      low = *x;
    else
      high = *x;
  }
  return NTK_OK;
}

/* The points at most a factor NEAR apart that have the most between them; of that all but a
 * hundredth, which tells where in between it is. */
static ntk_status find_steep(const drawing *d) {
  static const double NEAR = 1.1, MUCH = 0.25, EDGE = 0.005;
  ntk_law_result *r = d->j->result;
  const ntk_law_point *p = r->point;
  double most = 0.0, least = 0.0;
  size_t from = 0, to = 0;
  for (size_t i = 0, k = 0; k < r->points; k++) {
    while (p[k].eigenvalue > NEAR * p[i].eigenvalue)
      i++;
    const double start = rest_up_to(r, p[i].eigenvalue, p[i].below);
    const double rise = rest_up_to(r, p[k].eigenvalue, p[k].below) - start;
    if (rise > most) {
      most = rise;
      least = start;
      from = i;
      to = k;
    }
  }
  if (most < MUCH)
    return NTK_OK;
  r->steep = (1.0 - 2.0 * EDGE) * most;
  NTK_TRY(find_rest(d, least + EDGE * most, p[from].eigenvalue, p[to].eigenvalue, &r->steep_from));
  return find_rest(d, least + (1.0 - EDGE) * most, r->steep_from, p[to].eigenvalue, &r->steep_to);
}

/* A law that holds, and eigenvalues that are elsewhere. */
static void note_distance(ntk_law_result *r) {
  if (r->holds && r->distance > r->usual)
    (void)ntk_format(r->note, sizeof r->note,
                     "its hypotheses are held, yet a distance above %.2g is unusual at N = %zu: "
                     "these eigenvalues do not follow the law",
                     r->usual, r->samples);
}

ntk_status ntk_law_draw(ntk_law_job *j, ntk_law_curve *curve, void *user) {
  ntk_law_result *r = j->result;
  const bool of_K = r->matrix[1] == '\0';
  drawing d = {j, curve, user, -INFINITY};
  r->usual = of_K ? 4.0 / sqrt((double)r->samples) : 10.0 / (double)r->samples;
  /* An atom at 0: what rounding makes of it. */
  if (r->atom > 0.0 && r->atom_at == 0.0)
    d.least = (double)r->samples * DBL_EPSILON *
              (j->values != NULL ? fmax(j->values[r->samples - 1], r->upper) : r->upper);
  if (j->values != NULL)
    NTK_TRY(compare_all(&d));
  else if (j->spectrum != NULL && j->spectrum->density.points > 0 && of_K)
    NTK_TRY(compare_counts(&d, &j->spectrum->density));
  note_distance(r);
  NTK_TRY(draw_points(&d));
  return find_steep(&d);
}

typedef struct product_curve {
  const ntk_free_product *law;
  double unit; /* of x over the law's */
  ntk_free_state state;
} product_curve;

static ntk_status of_product(void *user, double x, double *below, double *density) {
  product_curve *c = user;
  NTK_TRY(ntk_free_at(c->law, x / c->unit, &c->state, below, density));
  *density /= c->unit;
  return NTK_OK;
}

ntk_status ntk_law_draw_product(ntk_law_job *j) {
  ntk_law_result *r = j->result;
  product_curve curve = {.law = &j->law, .unit = j->unit};
  ntk_free_support support;
  NTK_TRY(ntk_free_support_of(&j->law, &support));
  r->atom = support.atom;
  r->atom_at = j->law.shift * j->unit;
  r->lower = support.lower * j->unit;
  r->upper = support.upper * j->unit;
  return ntk_law_draw(j, of_product, &curve);
}
