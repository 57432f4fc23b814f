/* How long the rows of J_{L-2} are, and what a row is of which double precision has nothing. */
#include "fit/memorize/memorize.h"

#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>

/* A square below has lost digits, or soon does in products with others. */
static const double LEAST_SQUARE = 1e-290;

ntk_status ntk_row_parts(const ntk_features *features, double *f, double *b) {
  const size_t N = features->N, L = features->network->depth;
  double *norms = NULL;
  NTK_TRY(ntk_features_take_norms(features, &norms));
  const double bias = features->network->bias[L - 2] ? 1.0 : 0.0;
  for (size_t i = 0; i < N; i++) {
    f[i] = sqrt(norms[(L - 2) * N + i] + bias);
    b[i] = sqrt(norms[(2 * L - 2) * N + i]);
  }
  ntk_free(features->context, norms);
  return NTK_OK;
}

double ntk_row_norm(double f, double b) {
  const double least = sqrt(LEAST_SQUARE), norm = f * b;
  return f >= least && b >= least && norm >= least ? norm : 0.0;
}

ntk_status ntk_sample_is_zero(const ntk_dataset *data, size_t i, bool *zero) {
  const ntk_held held = ntk_dataset_held(data);
  double *x = NULL;
  NTK_TRY(ntk_alloc_doubles(data->context, data->d, "a sample", &x));
  const ntk_status status = ntk_held_fetch(data->context, &held, &i, 1, x);
  size_t j = 0;
  while (status == NTK_OK && j < data->d && x[j] == 0.0)
    j++;
  *zero = j == data->d;
  ntk_free(data->context, x);
  return status;
}

/* Whether row i is 0 in exact arithmetic, but for the signs of pre-activations. */
static ntk_status is_nothing(const ntk_network *base, const ntk_dataset *data, size_t i, double f,
                             double b, bool *nothing) {
  const size_t L = base->depth;
  const ntk_held held = ntk_dataset_held(data);
  bool zero = false;
  /* Of phi(c g) = c phi(g), c > 0, slopes do not fade away: each is 0 or it is not. */
  *nothing = b == 0.0 && f * f >= LEAST_SQUARE && base->activation[L - 1].symmetry.degree == 1.0;
  if (*nothing)
    return NTK_OK;
  NTK_TRY(ntk_sample_is_zero(data, i, &zero));
  *nothing = zero && ntk_network_vanishes(base, L - 2) && !base->bias[L - 2];
  if (*nothing)
    return NTK_OK;
  double *x = NULL;
  NTK_TRY(ntk_alloc_doubles(data->context, data->d, "a sample", &x));
  ntk_status status = ntk_held_fetch(data->context, &held, &i, 1, x);
  if (status == NTK_OK)
    status = ntk_vanishes(base, x, nothing);
  ntk_free(data->context, x);
  return status;
}

ntk_status ntk_row_fate_find(const ntk_network *base, const ntk_dataset *data, size_t i, double f,
                             double b, ntk_row_fate *fate) {
  bool nothing = false;
  *fate = NTK_ROW_THERE;
  if (ntk_row_norm(f, b) > 0.0)
    return NTK_OK;
  NTK_TRY(is_nothing(base, data, i, f, b, &nothing));
  *fate = nothing ? NTK_ROW_NOTHING : f * f >= LEAST_SQUARE ? NTK_ROW_SATURATED : NTK_ROW_UNDERFLOW;
  return NTK_OK;
}
