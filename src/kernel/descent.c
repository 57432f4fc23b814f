/* The face of training steps: checks arguments, then asks the backend. */
#include "kernel/descent.h"

#include "base/memory.h"
#include "data/dataset.h"

#include <float.h>
#include <math.h>

/* In float, numbers that it does not reach would be infinite. values: the share's rows. */
static ntk_status check_range(const char *what, const double *values, ntk_share rows, size_t cols) {
  const size_t count = ntk_share_count(&rows, rows.rank) * cols;
  for (size_t i = 0; i < count; i++)
    if (!isfinite((float)values[i]))
      return ntk_fail(NTK_ERR_LIMIT,
                      "%s: %g in row %zu, column %zu (from 1) is past the largest float, %.3g; "
                      "accepted: smaller numbers, or precision double",
                      what, values[i], ntk_share_row(&rows, i / cols) + 1, i % cols + 1,
                      (double)FLT_MAX);
  return NTK_OK;
}

static ntk_status check_ranges(const ntk_network *network, const ntk_dataset *data,
                               const double *Y) {
  NTK_TRY(check_range("the data", data->X, data->share, data->d));
  NTK_TRY(check_range("the labels", Y, ntk_share_whole(data->N), network->width[network->depth]));
  for (size_t l = 1; l <= network->depth; l++) {
    NTK_TRY(check_range("the weights", network->W[l], ntk_share_whole(network->width[l - 1]),
                        network->width[l]));
    if (network->b[l] != NULL)
      NTK_TRY(check_range("the biases", network->b[l], ntk_share_whole(1), network->width[l]));
  }
  return NTK_OK;
}

static ntk_status check_descent(const ntk_network *network, const ntk_dataset *data,
                                const double *Y, double scale) {
  NTK_TRY(ntk_dim_check(data, network->width[0]));
  if (!isfinite(scale))
    return ntk_fail(NTK_ERR_ARGUMENT, "the loss's scale is %g; accepted: a finite number", scale);
  return ntk_targets_check(Y, ntk_dataset_samples(data), network->width[network->depth]);
}

ntk_status ntk_descent_create(const ntk_network *network, const ntk_dataset *data, const double *Y,
                              ntk_precision precision, double scale, ntk_descent **descent) {
  NTK_TRY(check_descent(network, data, Y, scale));
  if (precision == NTK_PRECISION_FLOAT)
    NTK_TRY(check_ranges(network, data, Y));
  const ntk_backend *backend = network->context->backend;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(network->context, 1, sizeof(ntk_descent), "training", &pointer));
  ntk_descent *made = pointer;
  *made = (ntk_descent){.backend = backend,
                        .context = network->context,
                        .network = network,
                        .share = data->share,
                        .X = data->X,
                        .Y = Y,
                        .N = data->N,
                        .precision = precision,
                        .scale = scale};
  const ntk_status status = backend->descent_create(made);
  if (status != NTK_OK) {
    ntk_descent_destroy(made);
    return status;
  }
  *descent = made;
  return NTK_OK;
}

void ntk_descent_destroy(ntk_descent *descent) {
  if (descent == NULL)
    return;
  descent->backend->descent_destroy(descent);
  ntk_free(descent->context, descent);
}

ntk_status ntk_descent_batch(ntk_descent *descent, const ntk_batch *batch, double *sum) {
  return descent->backend->descent_gradient(descent, batch, sum);
}

ntk_status ntk_descent_gradient(ntk_descent *descent, double *sum) {
  const ntk_batch all = {.count = descent->N, .scale = descent->scale};
  return ntk_descent_batch(descent, &all, sum);
}

ntk_status ntk_descent_loss(ntk_descent *descent, double *sum) {
  const ntk_batch all = {.count = descent->N, .scale = descent->scale, .loss = true};
  return ntk_descent_batch(descent, &all, sum);
}

void ntk_descent_update(ntk_descent *descent, const ntk_update *update) {
  descent->backend->descent_update(descent, update);
}

void ntk_descent_read(const ntk_descent *descent, ntk_slot slot, double *values) {
  descent->backend->descent_read(descent, (int)slot, values);
}

void ntk_descent_write(ntk_descent *descent, ntk_slot slot, const double *values) {
  descent->backend->descent_write(descent, (int)slot, values);
}

double ntk_descent_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         const ntk_share *share, ntk_precision precision) {
  return context->backend->descent_bytes(context, spec, share, precision);
}
