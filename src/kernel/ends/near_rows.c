/* Two samples whose outputs are one number, or one a multiple of the other, whatever the weights:
 *
 *     x_k = c x_i  and  F_L(c x) = c F_L(x),
 *
 * for c = 1 always, for c = -1 where phi is odd, and for all c > 0 where phi(c g) = c phi(g), as
 * for relu; or F_L(-x) = F_L(x), where phi is even: ntk_symmetry. Only labels that follow are
 * fitted then, and
 * where x_k is nearly c x_i, others take large weights. Cost: a sort, and a comparison of those
 * that are near along one direction. */
#include "kernel/ends/near_rows.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double SAME = 1.1e-6; /* a distance that is to blame whatever else there is */
static const double EXACT = 1e-14; /* one that is rounding */
enum { MOST_COMPARED = 1000 };     /* samples with each */
enum { CLAUSE = 40 };

/* ||y - c x|| over ||y||, in whose unit no square underflows. */
static double distance_at(size_t d, const double *x, const double *y, double c) {
  const double size = ntk_dnrm2(d, y);
  double square = 0.0;
  for (size_t j = 0; j < d; j++) {
    const double off = (y[j] - c * x[j]) / size;
    square += off * off;
  }
  return sqrt(square);
}

/* Whether they point away from one another; products of small numbers may all be 0. */
static bool opposed(size_t d, const double *x, const double *y) {
  const double size = ntk_dnrm2(d, x), unit = ntk_dnrm2(d, y);
  double product = 0.0;
  for (size_t j = 0; j < d; j++)
    product += x[j] / size * (y[j] / unit);
  return product < 0.0;
}

/* Samples x and y with the c that suits them. */
static ntk_pair compare(size_t d, ntk_symmetry symmetry, const double *x, const double *y) {
  ntk_pair pair = {.factor = 1.0, .symmetry = symmetry};
  pair.distance = distance_at(d, x, y, 1.0);
  if (pair.distance <= SAME)
    return pair; /* two names for it would be one too many */
  const double sign = symmetry.sign != 0 && opposed(d, x, y) ? -1.0 : 1.0;
  const double size = symmetry.degree > 0.0 ? ntk_dnrm2(d, y) / ntk_dnrm2(d, x) : 1.0;
  pair.factor = sign * size;
  pair.distance = distance_at(d, x, y, pair.factor);
  return pair;
}

typedef struct search {
  ntk_context *context;
  const ntk_held *held;
  ntk_symmetry symmetry;
  double *rows; /* room for ntk_held_group samples */
  size_t asked; /* those that are to be compared, two by two */
  size_t sample[NTK_HELD_SOME];
} search;

/* Fetches what is asked for. */
static ntk_status fetch(search *s) {
  return ntk_held_fetch(s->context, s->held, s->sample, s->asked, s->rows);
}

/* The p-th two of them. */
static ntk_pair compare_fetched(const search *s, size_t p) {
  const double *x = s->rows + 2 * p * s->held->d;
  ntk_pair pair = compare(s->held->d, s->symmetry, x, x + s->held->d);
  pair.i = s->sample[2 * p];
  pair.k = s->sample[2 * p + 1];
  return pair;
}

static ntk_status begin(ntk_context *context, const ntk_held *held, ntk_symmetry symmetry,
                        search *s) {
  *s = (search){.context = context, .held = held, .symmetry = symmetry};
  return ntk_alloc_doubles(s->context, ntk_held_group(held) * held->d, "samples", &s->rows);
}

ntk_status ntk_pair_of(ntk_context *context, const ntk_held *held, ntk_symmetry symmetry, size_t i,
                       size_t k, ntk_pair *pair) {
  search s;
  NTK_TRY(begin(context, held, symmetry, &s));
  s.sample[s.asked++] = i;
  s.sample[s.asked++] = k;
  const ntk_status status = fetch(&s);
  if (status == NTK_OK)
    *pair = compare_fetched(&s, 0);
  ntk_free(s.context, s.rows);
  return status;
}

typedef struct place {
  double at, size; /* along one direction; what a distance is relative to */
  size_t sample;
} place;

static int by_place(const void *a, const void *b) {
  const place *p = a, *q = b;
  if (p->at != q->at)
    return p->at < q->at ? -1 : 1;
  return p->sample < q->sample ? -1 : p->sample > q->sample;
}

/* Of c x for the c that are as good as 1; ones of one place are to be near. */
static place place_of(size_t d, const double *x, ntk_symmetry symmetry, size_t sample) {
  place p = {.size = ntk_dnrm2(d, x), .sample = sample};
  for (size_t j = 0; j < d; j++) /* a direction with no regard to the axes, <= sqrt d long */
    p.at += sin(1.0 + (double)j * (double)j) * x[j];
  if (symmetry.degree > 0.0 && p.size > 0.0) {
    p.at /= p.size;
    p.size = 1.0;
  }
  if (symmetry.sign != 0)
    p.at = fabs(p.at);
  return p;
}

/* Of all samples, sorted; to be freed by ntk_free. */
static ntk_status find_places(const search *s, place **places) {
  static const char what[] = "nearest samples";
  const ntk_held *held = s->held;
  const size_t N = held->share.N, here = ntk_held_count(held), d = held->d;
  const bool dealt = held->share.ranks > 1;
  void *all = NULL, *own = NULL;
  ntk_status status = ntk_alloc(s->context, N, sizeof(place), what, &all);
  if (status == NTK_OK && dealt)
    status = ntk_alloc(s->context, here, sizeof(place), what, &own);
  place *to = dealt ? own : all;
  for (size_t i = 0; i < here && status == NTK_OK; i++)
    to[i] = place_of(d, held->X + i * d, s->symmetry, ntk_share_row(&held->share, i));
  if (dealt)
    status = ntk_held_gather(s->context, held, status, sizeof(place), own, all);
  ntk_free(s->context, own);
  if (status != NTK_OK) {
    ntk_free(s->context, all);
    return status;
  }
  *places = all;
  qsort(*places, N, sizeof **places, by_place);
  return NTK_OK;
}

/* Labels that follow the factor are no obstacle where it is exact. */
static bool counts(const ntk_pair *pair, const double *Y, double slack) {
  const double factor = ntk_symmetry_factor(pair->symmetry, pair->factor);
  return pair->distance <= SAME &&
         (Y == NULL || pair->distance > EXACT || fabs(Y[pair->k] - factor * Y[pair->i]) > slack);
}

/* *pair: the nearest so far that counts. */
static ntk_status compare_asked(search *s, const double *Y, double slack, ntk_pair *pair) {
  NTK_TRY(fetch(s));
  for (size_t p = 0; 2 * p < s->asked; p++) {
    const ntk_pair found = compare_fetched(s, p);
    if (counts(&found, Y, slack) && found.distance < pair->distance)
      *pair = found;
  }
  s->asked = 0;
  return NTK_OK;
}

/* Of those that are near along the direction. */
static ntk_status look(search *s, const place *places, const double *Y, double slack,
                       ntk_pair *pair) {
  const size_t N = s->held->share.N, some = ntk_held_group(s->held) / 2 * 2;
  for (size_t a = 0; a < N; a++) {
    const double reach = 2.0 * SAME * sqrt((double)s->held->d) * places[a].size;
    for (size_t b = a + 1; b < N && b - a <= MOST_COMPARED && places[b].at - places[a].at <= reach;
         b++) {
      const size_t i = places[a].sample, k = places[b].sample;
      s->sample[s->asked++] = i < k ? i : k;
      s->sample[s->asked++] = i < k ? k : i;
      if (s->asked == some)
        NTK_TRY(compare_asked(s, Y, slack, pair));
    }
  }
  return s->asked > 0 ? compare_asked(s, Y, slack, pair) : NTK_OK;
}

ntk_status ntk_find_pair(ntk_context *context, const ntk_held *held, ntk_symmetry symmetry,
                         const double *Y, double slack, ntk_pair *pair) {
  search s;
  place *places = NULL;
  *pair = (ntk_pair){.distance = INFINITY};
  NTK_TRY(begin(context, held, symmetry, &s));
  ntk_status status = find_places(&s, &places);
  if (status == NTK_OK)
    status = look(&s, places, Y, slack, pair);
  ntk_free(context, places);
  ntk_free(context, s.rows);
  return status;
}

/* "1e-9 of WHOSE size"; where c is rounded less than that is not known. */
static const char *tell_distance(const ntk_pair *pair, const char *whose, char text[CLAUSE]) {
  if (fabs(pair->factor) != 1.0 && pair->distance < DBL_EPSILON)
    return "rounding";
  (void)ntk_format(text, CLAUSE, "%.2g of %s size", pair->distance, whose);
  return text;
}

ntk_status ntk_near_rows_say(const ntk_network *network, const ntk_held *held, size_t size,
                             char *reason) {
  static const char small[] = "that alone makes it small, not 0";
  const size_t used = strlen(reason);
  char text[CLAUSE];
  ntk_pair pair;
  NTK_TRY(ntk_find_pair(network->context, held, ntk_network_symmetry(network), NULL, 0.0, &pair));
  if (pair.factor == 1.0 && isfinite(pair.distance))
    (void)ntk_format(reason + used, size - used, "; rows %zu and %zu (from 1) differ by %s: %s",
                     pair.i + 1, pair.k + 1, tell_distance(&pair, "their", text), small);
  else if (isfinite(pair.distance))
    (void)ntk_format(reason + used, size - used,
                     "; row %zu is %.6g times row %zu (from 1) but for %s: %s", pair.k + 1,
                     pair.factor, pair.i + 1, tell_distance(&pair, "its", text), small);
  return NTK_OK;
}
