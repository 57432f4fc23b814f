/* Weights with y_i F_L(x_i) >= margin for labels y_i = +-1: where some D separates the samples by
 * the tangent features of layer L-2 (separate.c), the halves [W + t D, W - t D] put out
 * <J_i, D> + O(t^2), and every t at which all outputs have their labels' signs will do: W_L is
 * multiplied by what the least of them lacks. So no corrections are needed, and t may be larger
 * than for equations. It is halved until the least output, less what rounding may have made of it
 * (which grows as 1 / t), is half of the linear problem's. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double FIRST_SHARE = 1.0;     /* ||t D|| over ||W|| at the first t */
static const double SMALL_SHARE = 0.05;    /* where D does not separate */
static const double ENOUGH = 0.5;          /* of min_i y_i <J_i, D> */
static const double AMPLE = 1.0 + 0x1p-32; /* outputs that were multiplied are rounded again */
enum { MOST_T = 48, MOST_TIMES = 4 };

typedef struct fitting {
  const ntk_network *base;
  ntk_network *network;
  const ntk_dataset *data;
  const double *y; /* N, +-1 */
  double *D;       /* n_{L-2} x m, and a row for b_{L-1} */
  size_t N, entries;
  double t, least; /* the best t; its least output, less rounding */
  double seconds;
} fitting;

static ntk_status try_step(fitting *w, double t, double *least) {
  const double start = ntk_clock();
  ntk_fit_error error;
  ntk_halves_set(w->base, w->D, t, w->network);
  NTK_TRY(ntk_fit_measure(w->network, w->data, w->y, &error));
  *least = isnan(error.margin_bound) ? -INFINITY : error.margin_bound;
  if (w->t == 0.0 || *least > w->least) {
    w->t = t;
    w->least = *least;
  }
  w->seconds += ntk_clock() - start;
  return NTK_OK;
}

/* D, of which min_i y_i <J_i, D> is 1 where it separates, and t. */
static ntk_status choose_step(fitting *w, const ntk_separation *found) {
  const size_t L = w->base->depth;
  const bool separates = found->least > 0.0;
  if (separates)
    ntk_dscal(w->entries, 1.0 / found->least, w->D);
  const double norm = ntk_dnrm2(w->entries, w->D);
  if (!(norm > 0.0) || !isfinite(norm))
    return NTK_OK;
  double t = ntk_dnrm2(w->entries, w->base->W[L - 1]) / norm, least = 0.0;
  if (!separates)
    return try_step(w, SMALL_SHARE * t, &least);
  t *= FIRST_SHARE;
  for (int i = 0; i < MOST_T && !(least >= ENOUGH) && !(w->least > 0.0 && least < w->least); i++) {
    NTK_TRY(try_step(w, t, &least));
    t *= 0.5;
  }
  return NTK_OK;
}

/* W_L multiplied; *t: by which it is [a, -a] / (2 t) still. Whether it can be. */
static bool multiply_last(const fitting *w, double factor, double *t) {
  const size_t L = w->base->depth, n = w->network->width[L - 1];
  double *last = w->network->W[L];
  bool finite = true;
  for (size_t j = 0; j < n; j++)
    finite = finite && isfinite(last[j] * factor);
  for (size_t j = 0; j < n && finite; j++)
    last[j] *= factor;
  if (finite)
    *t = fmax(DBL_TRUE_MIN, *t / factor);
  return finite;
}

static ntk_status fit(ntk_linear_system *system, const ntk_network_spec *spec, double margin,
                      fitting *w, ntk_memorize_result *result) {
  const double start = ntk_clock();
  ntk_separation found;
  NTK_TRY(ntk_separate(system, w->data, w->y, w->D, &found));
  result->seconds.solve = ntk_clock() - start;
  result->separation = found.separation;
  result->separation_bound = found.bound;
  result->combination = found.combination;
  result->support = found.support;
  result->steps = found.steps;
  NTK_TRY(ntk_halves_create(w->base, spec, &w->network));
  NTK_TRY(choose_step(w, &found));
  ntk_halves_set(w->base, w->D, w->t, w->network);
  result->t = w->t;
  if (w->least > 0.0)
    (void)multiply_last(w, margin / w->least * AMPLE, &result->t); /* beyond double: as it is */
  result->seconds.evaluate = w->seconds;
  return NTK_OK;
}

static ntk_status measure(const fitting *w, const ntk_dataset *all, const double *Y, double margin,
                          ntk_memorize_result *result) {
  ntk_fit_error error;
  bool short_of =
      true; /* by less than rounding, which is another in outputs that were multiplied */
  for (int i = 0; i < MOST_TIMES && short_of; i++) {
    NTK_TRY(ntk_fit_measure(w->network, all, Y, &error));
    const double least = error.margin_bound;
    short_of = least > 0.0 && least < margin && i + 1 < MOST_TIMES &&
               multiply_last(w, margin / least * AMPLE, &result->t);
  }
  result->relative_error = error.relative;
  result->max_error = error.largest;
  result->rounding = error.rounding;
  result->margin = error.margin;
  result->reached = error.margin_bound >= margin;
  return NTK_OK;
}

ntk_status ntk_memorize_margin(ntk_linear_system *system, const ntk_network_spec *spec,
                               const ntk_dataset *all, const ntk_distinct *d, const double *Y,
                               double margin, ntk_network **network, ntk_memorize_result *result) {
  const size_t N = d->data->N, L = spec->depth;
  fitting w = {.base = system->base,
               .data = d->data,
               .N = N,
               .entries = ntk_network_rows(system->base, L - 1) * system->base->width[L - 1]};
  double *y = NULL;
  NTK_TRY(ntk_alloc_doubles(system->context, N, "labels", &y));
  for (size_t i = 0; i < N; i++)
    y[i] = Y[d->row != NULL ? d->row[i] : i];
  w.y = y;
  *result = (ntk_memorize_result){
      .condition = system->condition, .samples = d->different, .deficiency = system->deficiency};
  ntk_status status = ntk_alloc_doubles(system->context, w.entries, "weights", &w.D);
  if (status == NTK_OK)
    status = fit(system, spec, margin, &w, result);
  if (status == NTK_OK)
    status = measure(&w, all, Y, margin, result);
  if (status == NTK_OK) {
    const ntk_asked asked = {all, Y, d->row, margin};
    status = ntk_margin_explain(&asked, system, d->data, y, result);
  }
  if (status == NTK_OK)
    *network = w.network;
  else
    ntk_network_destroy(w.network);
  ntk_free(system->context, w.D);
  ntk_free(system->context, y);
  return status;
}
