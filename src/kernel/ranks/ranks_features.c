/* Features of own samples, and what of them all ranks know. */
#include "kernel/ranks/ranks.h"

#include "base/hash.h"
#include "base/ranks/ranks.h"
#include "base/ranks/rows.h"

#include <string.h>

ntk_features ranks_own(const ntk_features *features) {
  ntk_features own = *features;
  own.N = ntk_share_count(&features->share, features->share.rank);
  own.rows = own.N * ranks_per(features);
  own.share = ntk_share_whole(own.N);
  return own;
}

ntk_status ranks_output(const ntk_network *network, const ntk_share *share, const double *X,
                        double *F_L) {
  if (share->ranks == 1)
    return ranks_parent()->output(network, share, X, F_L);
  const ntk_share own = ntk_share_whole(ntk_share_count(share, share->rank));
  const size_t C = network->width[network->depth];
  const ntk_status status = own.N > 0 ? ranks_parent()->output(network, &own, X, F_L) : NTK_OK;
  NTK_TRY(ntk_ranks_agree(network->context, status, ntk_ranks_what("output", share->N, C, 0)));
  const ntk_share numbers = ntk_share_times(*share, C);
  return ntk_rows_spread(network->context, &numbers, 1, F_L);
}

/* Of all that its features depend on: rows of two networks would make a K of neither. */
static uint64_t hash_network(const ntk_network *network) {
  const char *activations = network->activations;
  uint64_t hash = ntk_hash_bytes(NTK_HASH_START, activations, strlen(activations));
  hash = ntk_hash_words(hash, network->width, (network->depth + 1) * sizeof *network->width);
  hash = ntk_hash_words(hash, network->scale, 2 * network->depth * sizeof *network->scale);
  return ntk_hash_words(hash, network->theta, network->parameters * sizeof *network->theta);
}

/* The parent makes the state of the own rows; of none there is none. */
ntk_status ranks_features_create(ntk_features *features) {
  if (!ranks_dealt(features))
    return ranks_parent()->features_create(features);
  ntk_features own = ranks_own(features);
  const ntk_status status = own.N > 0 ? ranks_parent()->features_create(&own) : NTK_OK;
  features->state = own.state;
  return ntk_ranks_agree(features->context, status,
                         ntk_ranks_what("features of one network", features->N, features->rows,
                                        hash_network(features->network)));
}

ntk_status ranks_features_output(const ntk_features *features, double *F_L) {
  if (!ranks_dealt(features))
    return ranks_parent()->features_output(features, F_L);
  const ntk_features own = ranks_own(features);
  const size_t C = features->network->width[features->network->depth];
  const ntk_status status = own.N > 0 ? ranks_parent()->features_output(&own, F_L) : NTK_OK;
  NTK_TRY(ntk_ranks_agree(features->context, status,
                          ntk_ranks_what("output of features", features->N, C, 0)));
  const ntk_share numbers = ntk_share_times(features->share, C);
  return ntk_rows_spread(features->context, &numbers, 1, F_L);
}

ntk_status ranks_features_norms(const ntk_features *features, double *f2, double *b2) {
  if (!ranks_dealt(features))
    return ranks_parent()->features_norms(features, f2, b2);
  const ntk_features own = ranks_own(features);
  const ntk_status status = own.N > 0 ? ranks_parent()->features_norms(&own, f2, b2) : NTK_OK;
  NTK_TRY(ntk_ranks_agree(features->context, status,
                          ntk_ranks_what("norms", features->N, features->rows, 0)));
  const ntk_share rows = ranks_rows(features);
  const size_t L = features->network->depth;
  NTK_TRY(ntk_rows_spread(features->context, &rows, L, f2));
  return ntk_rows_spread(features->context, &rows, L, b2);
}

void ranks_features_values(const ntk_features *features, bool b, size_t l, size_t first,
                           size_t samples, double *values) {
  const ntk_features own = ranks_own(features);
  if (own.N > 0)
    ranks_parent()->features_values(&own, b, l, first, samples, values);
}

ntk_status ranks_features_centre(const ntk_features *features, size_t k, const double *f,
                                 const double *b, ntk_features *centred) {
  ntk_features from = ranks_own(features), to = ranks_own(centred);
  const ntk_status status =
      from.N > 0 ? ranks_parent()->features_centre(&from, k, f, b, &to) : NTK_OK;
  centred->state = to.state;
  if (!ranks_dealt(features))
    return status;
  return ntk_ranks_agree(features->context, status,
                         ntk_ranks_what("centre", features->N, features->rows, k));
}
