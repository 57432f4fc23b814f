/* Why memorisation did not get to eps, in one line. What is certain comes first: too few
 * parameters, a linear network, a sample that no weights act on; then samples that are nearly
 * equal; then what the numbers of the construction say. */
#include "fit/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double NEARLY_EQUAL = 1e-2;      /* a distance worth telling of, over the size */
static const double NEARLY_THE_SAME = 1.1e-6; /* one that is to blame whatever else there is */
enum { MOST_COMPARED = 1000 };                /* samples with each */

typedef struct question {
  const ntk_linear_system *system;
  const ntk_dataset *data;
  const double *Y;   /* N of data */
  const size_t *row; /* where its samples stand in the caller's; NULL: at their places */
  size_t hardest;
  ntk_memorize_result *result;
} question;

static size_t number_of(const question *q, size_t i) {
  return (q->row != NULL ? q->row[i] : i) + 1;
}

/* Adds to the reason. */
static void say(const question *q, const char *format, ...) {
  char *reason = q->result->reason;
  const size_t used = strlen(reason);
  va_list arguments;
  va_start(arguments, format);
  (void)ntk_format_list(reason + used, sizeof q->result->reason - used, format, arguments);
  va_end(arguments);
}

/* ---- Samples that are nearly equal ----------------------------------------------------------- */

/* ||x_i - x_k|| over ||x_i||. */
static double distance_of(const ntk_dataset *data, size_t i, size_t k) {
  const double *x = data->X + i * data->d, *y = data->X + k * data->d;
  double square = 0.0;
  for (size_t j = 0; j < data->d; j++)
    square += (x[j] - y[j]) * (x[j] - y[j]);
  return sqrt(square) / ntk_dnrm2(data->d, x);
}

static size_t find_nearest(const ntk_dataset *data, size_t i, double *distance) {
  size_t nearest = i;
  *distance = INFINITY;
  for (size_t k = 0; k < data->N; k++) {
    const double found = k != i ? distance_of(data, i, k) : INFINITY;
    if (found < *distance) {
      *distance = found;
      nearest = k;
    }
  }
  return nearest;
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

/* The two samples that are nearest to each other, if that is as near as NEARLY_THE_SAME: then they
 * are near along any direction too, and few others are. *distance: INFINITY: none. */
static ntk_status find_pair(const question *q, size_t *i, size_t *k, double *distance) {
  const ntk_dataset *data = q->data;
  void *pointer = NULL;
  *distance = INFINITY;
  NTK_TRY(ntk_alloc(q->system->context, data->N, sizeof(place), "nearest samples", &pointer));
  place *places = pointer;
  for (size_t s = 0; s < data->N; s++) {
    places[s] = (place){0.0, s};
    for (size_t j = 0; j < data->d;
         j++) /* a direction with no regard to the axes, of length <= sqrt d */
      places[s].at += sin(1.0 + (double)j * (double)j) * data->X[s * data->d + j];
  }
  qsort(places, data->N, sizeof *places, by_place);
  for (size_t a = 0; a < data->N; a++) {
    const size_t s = places[a].sample;
    const double reach =
        2.0 * NEARLY_THE_SAME * sqrt((double)data->d) * ntk_dnrm2(data->d, data->X + s * data->d);
    for (size_t b = a + 1;
         b < data->N && b - a <= MOST_COMPARED && places[b].at - places[a].at <= reach; b++) {
      const double found = distance_of(data, s, places[b].sample);
      if (found <= NEARLY_THE_SAME && found < *distance) {
        *distance = found;
        *i = s;
        *k = places[b].sample;
      }
    }
  }
  ntk_free(q->system->context, places);
  return NTK_OK;
}

static void say_pair(const question *q, size_t i, size_t k, double distance) {
  say(q, "samples %zu and %zu (from 1) differ by %.2g of their size alone, and K_{L-2} is %s",
      number_of(q, i < k ? i : k), number_of(q, i < k ? k : i), distance,
      q->system->shift > 0.0 ? "singular to rounding" : "nearly singular");
}

/* ---- Samples that no weights act on ---------------------------------------------------------- */

static bool is_zero(const ntk_dataset *data, size_t i) {
  for (size_t j = 0; j < data->d; j++)
    if (data->X[i * data->d + j] != 0.0)
      return false;
  return true;
}

static double activation_at_0(const ntk_network *network) {
  const double g = 0.0;
  double f, df;
  network->activation.eval(1, &g, &f, &df);
  return f;
}

/* Of sample i, K_ii = 0 and y_i != 0. */
static void say_dead(const question *q, size_t i) {
  const ntk_network *base = q->system->base;
  const size_t number = number_of(q, i);
  if (is_zero(q->data, i) && activation_at_0(base) == 0.0)
    say(q,
        "sample %zu is zero and phi(0) = 0: its output is 0 whatever the weights; leave it out, "
        "label it 0, or take sigmoid or softplus",
        number);
  else if (is_zero(q->data, i))
    say(q,
        "sample %zu is zero and L = 2: its output is 0 whatever the construction does; leave it "
        "out, label it 0, or take a deeper network",
        number);
  else if (isfinite(base->activation.info.lipschitz_grad))
    say(q,
        "sample %zu has K_ii = 0: phi' is 0 to rounding at all its units, which are saturated; a "
        "smaller beta, or smaller samples",
        number);
  else
    say(q,
        "sample %zu has K_ii = 0: on it no unit is active that the weights could act by; larger "
        "widths or another seed",
        number);
}

/* The first sample with K_ii = 0 and a label other than 0; N: none. */
static ntk_status find_dead(const question *q, size_t *sample) {
  const ntk_features *features = q->system->features;
  const size_t N = q->data->N, L = q->system->base->depth;
  double *norms = NULL;
  NTK_TRY(ntk_alloc_doubles(q->system->context, 2 * L * N, "row norms", &norms));
  const double *f2 = norms + (L - 2) * N, *b2 = norms + (2 * L - 2) * N;
  const ntk_status status = features->backend->features_norms(features, norms, norms + L * N);
  *sample = N;
  for (size_t i = N; i-- > 0 && status == NTK_OK;)
    if (f2[i] * b2[i] == 0.0 && q->Y[i] != 0.0)
      *sample = i;
  ntk_free(q->system->context, norms);
  return status;
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void say_singular(const question *q) {
  double distance = INFINITY;
  const size_t other = find_nearest(q->data, q->hardest, &distance);
  if (distance < NEARLY_EQUAL)
    say_pair(q, q->hardest, other, distance);
  else
    say(q, "K_{L-2} is singular to rounding: to the network some samples are nearly equal, which "
           "a larger beta may mend, or the widths are too small");
}

static void say_numbers(const question *q) {
  const ntk_memorize_result *r = q->result;
  if (r->t > 0.0)
    say(q, "rounding, of order u / t with t = %.2g, or corrections that do not converge", r->t);
  else
    say(q, "corrections that do not converge, or weights that would overflow");
  if (isfinite(q->system->condition))
    say(q, "; the condition number of K_{L-2} is %.2g", q->system->condition);
  else if (q->system->iterative)
    say(q, "; the condition number of K_{L-2}, which only a factor gives, may be too large for "
           "conjugate gradients");
  else
    say(q, "; the condition number of K_{L-2} is not resolved");
}

static ntk_status explain_samples(const question *q) {
  size_t i = 0, k = 0;
  double distance = INFINITY;
  NTK_TRY(find_dead(q, &i));
  if (i < q->data->N) {
    say_dead(q, i);
    return NTK_OK;
  }
  NTK_TRY(find_pair(q, &i, &k, &distance));
  if (isfinite(distance))
    say_pair(q, i, k, distance);
  else if (q->system->shift > 0.0)
    say_singular(q);
  else
    say_numbers(q);
  return NTK_OK;
}

ntk_status ntk_memorize_explain(const ntk_linear_system *system, const ntk_dataset *data,
                                const double *Y, const size_t *row, double eps, size_t hardest,
                                ntk_memorize_result *result) {
  const ntk_network *base = system->base;
  const size_t L = base->depth, parameters = base->width[L - 2] * base->width[L - 1];
  const question q = {system, data, Y, row, hardest, result};
  result->reason[0] = '\0';
  if (result->reached)
    return NTK_OK;
  say(&q, "relative error %.2g where %.2g was wanted: ", result->relative_error, eps);
  if (result->t == 0.0)
    say(&q, "nothing better than outputs 0 was found: ");
  if (data->N > parameters)
    say(&q,
        "%zu different samples, and n_{L-2} m = %zu parameters to fit them with (m: half of the "
        "last hidden width)",
        data->N, parameters);
  else if (!base->activation.info.nonlinear)
    say(&q, "a linear network fits no labels that are not linear in x");
  else
    return explain_samples(&q);
  return NTK_OK;
}
