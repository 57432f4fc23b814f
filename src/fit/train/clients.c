/* Federated training's part in a training: whose samples are whose, D once the step size is known,
 * and what is told of it. */
#include "fit/train/track.h"

#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "kernel/ends/extremes.h"

#include <math.h>
#include <stdio.h>

ntk_status ntk_training_make_rounds(ntk_training *t) {
  const ntk_train_options *o = &t->options;
  const ntk_split_request request = {.N = t->N,
                                     .clients = o->clients,
                                     .outputs = t->network->width[t->L],
                                     .kind = o->split,
                                     .given = o->client,
                                     .Y = t->Y,
                                     .seed = o->seed};
  ntk_split *split = NULL;
  ntk_clients_request rounds = {.local_steps = o->local_steps, .P = t->P, .mean = t->mean};
  if (o->clients == 0)
    return NTK_OK;
  NTK_TRY(ntk_client_weights_find(o->client_weights, &rounds.by_size));
  const ntk_status dealt = ntk_split_create(t->context, &request, &split);
  if (dealt != NTK_OK)
    return dealt == NTK_ERR_ARGUMENT
               ? ntk_fail_about(dealt,
                                (ntk_error){.option = o->clients > t->N ? "clients" : "split"})
               : dealt;
  const ntk_status status = ntk_clients_create(split, &rounds, &t->rounds);
  if (status != NTK_OK)
    ntk_split_destroy(split);
  return status;
}

/* Of clients D, once the step size is known for good; K_0 may have served then. */
ntk_status ntk_training_finish_law(ntk_training *t) {
  if (t->law == NULL)
    return NTK_OK;
  NTK_TRY(ntk_law_finish(t->law, t->lr));
  if (!ntk_epochs_tracked(&t->options)) {
    ntk_kernel_destroy(t->tracker->K);
    t->tracker->K = NULL;
  }
  return NTK_OK;
}

/* Of one client, by products with its features. */
static ntk_status find_largest(const ntk_training *t, size_t client, double *lambda) {
  const ntk_split *split = t->rounds->split;
  ntk_dataset *own = NULL;
  ntk_features *features = NULL;
  NTK_TRY(ntk_dataset_take(t->context, t->data, split->order + split->first[client],
                           ntk_split_count(split, client), &own));
  ntk_status status = ntk_features_create_of(t->network, own, NTK_OUTPUTS_ALL, &features);
  if (status == NTK_OK)
    status = ntk_extremes_largest(features, t->options.seed, lambda);
  ntk_features_destroy(features);
  ntk_dataset_destroy(own);
  return status;
}

ntk_status ntk_training_find_curvature(const ntk_training *t, double *curvature) {
  *curvature = NAN;
  if (t->rounds->split->smallest < (size_t)ntk_ranks_count(t->context))
    return NTK_OK;
  for (size_t c = 0; c < t->rounds->split->clients; c++) {
    double lambda = 0.0;
    NTK_TRY(find_largest(t, c, &lambda));
    *curvature = fmax(*curvature, ntk_clients_scale(t->rounds, c) * lambda);
  }
  return NTK_OK;
}

ntk_federated_rate ntk_training_federated(const ntk_training *t) {
  ntk_federated_rate r = {.rate = NAN, .drift_first = NAN, .drift_largest = NAN};
  if (t->rounds == NULL)
    return r;
  const ntk_split *split = t->rounds->split;
  r.clients = split->clients;
  r.local_steps = t->rounds->local_steps;
  r.weights = t->options.client_weights;
  r.smallest = split->smallest;
  r.largest = split->largest;
  const char *reason =
      t->law != NULL ? t->law->reason : "it is found up to 2048 rows of K, on one process";
  if (t->law != NULL)
    r.rate = t->law->radius * t->law->radius;
  const bool grows = r.rate > 1.0 || reason == NTK_LAW_GROWS; /* with a singular K_0, too */
  if (t->law != NULL && t->tracker->at_start.lambda_min == 0.0 && !grows) {
    r.rate = NAN; /* what rounding leaves of 1 */
    reason = "K_0 is singular, and the operator with it: what lies outside of its range stays";
  }
  snprintf(r.reason, sizeof r.reason, "%s", reason);
  for (size_t e = 1; e <= t->epoch; e++)
    r.drift_largest = fmax(r.drift_largest, t->drift[e]);
  if (t->epoch > 0)
    r.drift_first = t->drift[1];
  return r;
}
