/* Federated training's part in a training: whose samples are whose, D once the step size is known,
 * and what is told of it. */
#include "fit/train/track.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "kernel/backend.h"
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

/* Of some samples' features, by products. */
static ntk_status largest_of(const ntk_network *network, const ntk_dataset *samples, uint64_t seed,
                             double *lambda) {
  ntk_features *features = NULL;
  NTK_TRY(ntk_features_create_of(network, samples, NTK_OUTPUTS_ALL, &features));
  const ntk_status status = ntk_extremes_largest(features, seed, lambda);
  ntk_features_destroy(features);
  return status;
}

/* Of one client, whose samples are shared among the ranks. */
static ntk_status find_largest(const ntk_training *t, size_t client, double *lambda) {
  const ntk_split *split = t->rounds->split;
  ntk_dataset *samples = NULL;
  NTK_TRY(ntk_dataset_take(t->context, t->data, split->order + split->first[client],
                           ntk_split_count(split, client), &samples));
  const ntk_status status = largest_of(t->network, samples, t->options.seed, lambda);
  ntk_dataset_destroy(samples);
  return status;
}

/* Of one that has fewer samples than there are ranks, which cannot be shared: every rank finds it,
 * in a context of its own. */
static ntk_status find_largest_alone(const ntk_training *t, ntk_context *own, size_t client,
                                     double *lambda) {
  const ntk_split *split = t->rounds->split;
  const ntk_held from = ntk_dataset_held(t->data);
  const size_t count = ntk_split_count(split, client);
  ntk_network network = *t->network; /* the same weights, borrowed */
  network.context = own;
  ntk_dataset *samples = NULL;
  ntk_status status =
      ntk_training_agree(t, ntk_dataset_allocate(own, count, t->data->d, &samples), "client");
  if (status == NTK_OK)
    status =
        ntk_held_fetch(t->context, &from, split->order + split->first[client], count, samples->own);
  if (status == NTK_OK)
    status = ntk_training_agree(t, largest_of(&network, samples, t->options.seed, lambda),
                                "a client's eigenvalue");
  ntk_dataset_destroy(samples);
  return status;
}

static ntk_status find_all(const ntk_training *t, ntk_context *own, double *curvature) {
  const size_t ranks = (size_t)ntk_ranks_count(t->context);
  *curvature = 0.0;
  for (size_t c = 0; c < t->rounds->split->clients; c++) {
    double lambda = 0.0;
    NTK_TRY(ntk_split_count(t->rounds->split, c) < ranks ? find_largest_alone(t, own, c, &lambda)
                                                         : find_largest(t, c, &lambda));
    *curvature = fmax(*curvature, ntk_clients_scale(t->rounds, c) * lambda);
  }
  return NTK_OK;
}

ntk_status ntk_training_find_curvature(const ntk_training *t, double *curvature) {
  const ntk_context *all = t->context;
  const ntk_context_options options = {.threads = all->threads,
                                       .memory_limit =
                                           all->memory_limit > 0 ? ntk_memory_available(all) : 0};
  ntk_context *own = NULL;
  ntk_status status = NTK_OK;
  if (t->rounds->split->smallest < (size_t)ntk_ranks_count(all))
    status = ntk_context_create_on(ntk_backend_alone(all), &options, &own);
  NTK_TRY(ntk_training_agree(t, status, "a client's context"));
  status = find_all(t, own, curvature);
  ntk_context_destroy(own);
  return status;
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
