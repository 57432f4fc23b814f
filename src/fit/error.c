/* How well a network fits labels: errors of a plain forward pass over all samples, and how far
 * that pass may be from exact arithmetic. Cost: two forward passes. */
#include "ntkit/fit.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/accuracy.h"
#include "kernel/kernel.h"

#include <math.h>

/* Largest error bound of the computed outputs, from the row norms of the features. */
static ntk_status find_rounding(const ntk_network *network, const ntk_dataset *data,
                                double *rounding) {
  const size_t L = network->depth, N = data->N;
  ntk_features *features = NULL;
  double *norms = NULL;
  NTK_TRY(ntk_features_create(network, data, &features));
  ntk_status status = ntk_alloc_doubles(network->context, 2 * L * N, "row norms", &norms);
  if (status == NTK_OK)
    status = features->backend->features_norms(features, norms, norms + L * N);
  if (status == NTK_OK)
    status = ntk_output_accuracy(network, N, norms, rounding);
  ntk_free(network->context, norms);
  ntk_features_destroy(features);
  return status;
}

/* Differences of numbers that are there are rounded once each, which 2 ulps of the sum cover. */
static const double SLACK = 1.0 + 0x1p-51;

ntk_status ntk_fit_measure(const ntk_network *network, const ntk_dataset *data, const double *Y,
                           ntk_fit_error *error) {
  double *F;
  ntk_fit_error found = {0};
  NTK_TRY(ntk_alloc_doubles(network->context, data->N, "outputs", &F));
  ntk_status status = ntk_network_output(network, data, F);
  for (size_t i = 0; i < data->N && status == NTK_OK; i++) {
    F[i] -= Y[i];
    /* What is not a number is as wrong as can be. */
    found.largest = isnan(F[i]) ? INFINITY : fmax(found.largest, fabs(F[i]));
  }
  const double norm = ntk_dnrm2(data->N, Y), residual = ntk_dnrm2(data->N, F);
  ntk_free(network->context, F);
  if (status == NTK_OK)
    status = find_rounding(network, data, &found.rounding);
  if (status != NTK_OK)
    return status;
  found.relative = isfinite(found.largest) ? residual / (norm > 0.0 ? norm : 1.0) : INFINITY;
  found.bound = SLACK * (found.largest + found.rounding);
  *error = found;
  return NTK_OK;
}
