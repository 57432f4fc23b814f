/* How well a network fits labels: errors of a plain forward pass over all samples, and how far
 * that pass may be from exact arithmetic. Cost: two forward passes. */
#include "ntkit/fit.h"

#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/ends/accuracy.h"
#include "kernel/kernel.h"

#include <math.h>

/* Largest error bound of the computed outputs, from the row norms of the features. F_0, ...,
 * F_{L-1} are those of each output's network, and the bound has ||W_L||_F of all. */
static ntk_status find_rounding(const ntk_network *network, const ntk_dataset *data,
                                double *rounding) {
  ntk_network *one = NULL;
  ntk_features *features = NULL;
  double *norms = NULL;
  if (network->width[network->depth] > 1)
    NTK_TRY(ntk_network_select(network, 0, &one));
  ntk_status status = ntk_features_create(one != NULL ? one : network, data, &features);
  if (status == NTK_OK)
    status = ntk_features_take_norms(features, &norms);
  if (status == NTK_OK)
    status = ntk_output_accuracy(network, data->N, norms, rounding);
  ntk_free(network->context, norms);
  ntk_features_destroy(features);
  ntk_network_destroy(one);
  return status;
}

/* Differences of numbers that are there are rounded once each, which 2 ulps of the sum cover. */
static const double SLACK = 1.0 + 0x1p-51;

/* ||x||_2 is *norm 2^exponent, *norm neither too large nor too small for a double. */
static int find_norm(size_t count, const double *x, double *norm) {
  double most = 0.0, squares = 0.0;
  int exponent = 0;
  for (size_t i = 0; i < count; i++)
    most = fmax(most, fabs(x[i]));
  (void)frexp(most, &exponent);
  for (size_t i = 0; i < count; i++) {
    const double scaled = ldexp(x[i], -exponent);
    squares += scaled * scaled;
  }
  *norm = sqrt(squares);
  return exponent;
}

/* ||residual||_2 / ||Y||_2; for Y = 0 ||residual||_2. residual: finite. */
static double relative_error(size_t count, const double *residual, const double *Y) {
  double r, y;
  const int power = find_norm(count, residual, &r), unit = find_norm(count, Y, &y);
  return y > 0.0 ? ldexp(r / y, power - unit) : ldexp(r, power);
}

/* min_i Y_i F_i of labels that are all 1 or -1, else NaN. What is not a number is on the wrong
 * side.
 */
static double find_margin(size_t count, const double *F, const double *Y) {
  double least = INFINITY;
  for (size_t i = 0; i < count; i++) {
    if (fabs(Y[i]) != 1.0)
      return NAN;
    least = isnan(F[i]) ? -INFINITY : fmin(least, Y[i] * F[i]);
  }
  return least;
}

ntk_status ntk_fit_measure(const ntk_network *network, const ntk_dataset *data, const double *Y,
                           ntk_fit_error *error) {
  double *F;
  size_t count = 0; /* N n_L */
  ntk_fit_error found = {0};
  NTK_TRY(ntk_size_multiply(data->N, network->width[network->depth], "outputs", &count));
  NTK_TRY(ntk_alloc_doubles(network->context, count, "outputs", &F));
  ntk_status status = ntk_network_output(network, data, F);
  if (status == NTK_OK)
    found.margin = find_margin(count, F, Y);
  for (size_t i = 0; i < count && status == NTK_OK; i++) {
    F[i] -= Y[i];
    /* What is not a number is as wrong as can be. */
    found.largest = isnan(F[i]) ? INFINITY : fmax(found.largest, fabs(F[i]));
  }
  found.relative =
      status == NTK_OK && isfinite(found.largest) ? relative_error(count, F, Y) : INFINITY;
  ntk_free(network->context, F);
  if (status == NTK_OK)
    status = find_rounding(network, data, &found.rounding);
  if (status != NTK_OK)
    return status;
  found.bound = SLACK * (found.largest + found.rounding);
  found.margin_bound =
      found.margin - found.rounding - (SLACK - 1.0) * (fabs(found.margin) + found.rounding);
  *error = found;
  return NTK_OK;
}
