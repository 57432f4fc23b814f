/* Two samples whose outputs are one number, or one a multiple of the other, whatever the weights:
 *
 *     x_k = c x_i  and  F_L(c x) = c F_L(x),
 *
 * for c = 1 always, for c = -1 where phi is odd, and for all c > 0 where phi(c g) = c phi(g), as
 * for relu; or F_L(-x) = F_L(x), where phi is even: ntk_symmetry. Only labels that follow are
 * fitted then, and
 * where x_k is nearly c x_i, others take large weights. Cost: a sort, and a comparison of those
 * that are near along one direction. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>
#include <stdlib.h>

static const double SAME = 1.1e-6; /* a distance that is to blame whatever else there is */
static const double EXACT = 1e-14; /* one that is rounding */
enum { MOST_COMPARED = 1000 };     /* samples with each */

/* ||x_k - c x_i|| over ||x_k||. */
static double distance_at(const ntk_dataset *data, size_t i, size_t k, double c) {
  const double *x = data->X + i * data->d, *y = data->X + k * data->d;
  double square = 0.0;
  for (size_t j = 0; j < data->d; j++)
    square += (y[j] - c * x[j]) * (y[j] - c * x[j]);
  return sqrt(square) / ntk_dnrm2(data->d, y);
}

ntk_pair ntk_pair_of(const ntk_dataset *data, ntk_symmetry symmetry, size_t i, size_t k) {
  const double *x = data->X + i * data->d, *y = data->X + k * data->d;
  ntk_pair pair = {.i = i, .k = k, .factor = 1.0, .symmetry = symmetry};
  pair.distance = distance_at(data, i, k, 1.0);
  if (pair.distance <= SAME)
    return pair; /* two names for it would be one too many */
  const double sign = symmetry.sign != 0 && ntk_ddot(data->d, x, y) < 0.0 ? -1.0 : 1.0;
  const double size = symmetry.degree > 0.0 ? ntk_dnrm2(data->d, y) / ntk_dnrm2(data->d, x) : 1.0;
  pair.factor = sign * size;
  pair.distance = distance_at(data, i, k, pair.factor);
  return pair;
}

typedef struct place {
  double at; /* along one direction */
  size_t sample;
} place;

static int by_place(const void *a, const void *b) {
  const place *p = a, *q = b;
  if (p->at != q->at)
    return p->at < q->at ? -1 : 1;
  return p->sample < q->sample ? -1 : p->sample > q->sample;
}

/* Of c x for the c that are as good as 1; ones of one place are to be near. *size: what a distance
 * is relative to. */
static double place_of(const ntk_dataset *data, ntk_symmetry symmetry, size_t i, double *size) {
  const double *x = data->X + i * data->d;
  double at = 0.0;
  for (size_t j = 0; j < data->d; j++) /* a direction with no regard to the axes, <= sqrt d long */
    at += sin(1.0 + (double)j * (double)j) * x[j];
  *size = ntk_dnrm2(data->d, x);
  if (symmetry.degree > 0.0 && *size > 0.0) {
    at /= *size;
    *size = 1.0;
  }
  return symmetry.sign != 0 ? fabs(at) : at;
}

/* Labels that follow the factor are no obstacle where it is exact. */
static bool counts(const ntk_pair *pair, const double *Y, double slack) {
  const double factor = ntk_symmetry_factor(pair->symmetry, pair->factor);
  return pair->distance <= SAME &&
         (pair->distance > EXACT || fabs(Y[pair->k] - factor * Y[pair->i]) > slack);
}

ntk_status ntk_find_pair(ntk_context *context, const ntk_dataset *data, ntk_symmetry symmetry,
                         const double *Y, double slack, ntk_pair *pair) {
  void *pointer = NULL;
  double size;
  *pair = (ntk_pair){.distance = INFINITY};
  NTK_TRY(ntk_alloc(context, data->N, sizeof(place), "nearest samples", &pointer));
  place *places = pointer;
  for (size_t s = 0; s < data->N; s++)
    places[s] = (place){place_of(data, symmetry, s, &size), s};
  qsort(places, data->N, sizeof *places, by_place);
  for (size_t a = 0; a < data->N; a++) {
    (void)place_of(data, symmetry, places[a].sample, &size);
    const double reach = 2.0 * SAME * sqrt((double)data->d) * size;
    for (size_t b = a + 1;
         b < data->N && b - a <= MOST_COMPARED && places[b].at - places[a].at <= reach; b++) {
      const size_t i = places[a].sample, k = places[b].sample;
      const ntk_pair found = ntk_pair_of(data, symmetry, i < k ? i : k, i < k ? k : i);
      if (counts(&found, Y, slack) && found.distance < pair->distance)
        *pair = found;
    }
  }
  ntk_free(context, places);
  return NTK_OK;
}
