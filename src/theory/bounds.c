#include "theory/bounds.h"

#include "base/memory.h"
#include "data/equal_rows.h"

#include <math.h>
#include <stdio.h>

ntk_bounds ntk_theorem31(const ntk_network *network) {
  const size_t L = network->depth;
  const double last = (double)network->width[L - 1];
  return (ntk_bounds){.lower_scale = (double)network->width[L - 2] * last,
                      .upper_scale = (double)network->width[0] * last,
                      .ratio_lower = NAN,
                      .ratio_upper = NAN,
                      .diagonal_min = NAN};
}

size_t ntk_rank_bound(const ntk_network *network, size_t k) {
  size_t rank =
      k < network->depth ? network->width[k] * network->width[k + 1] : network->parameters;
  if (!network->activation.info.nonlinear && rank > network->width[0])
    rank = network->width[0];
  return rank;
}

/* The first row that equals a later one, and the first such; *first = N when there is none. */
static ntk_status find_equal_rows(ntk_context *context, const double *X, size_t N, size_t d,
                                  size_t *first, size_t *second) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, N, sizeof(size_t), "equal rows", &pointer));
  size_t *equal = pointer;
  const ntk_status status = ntk_equal_rows(context, X, N, d, equal);
  *first = N;
  for (size_t i = 0; i < N && status == NTK_OK; i++)
    if (equal[i] < i && equal[i] < *first) {
      *first = equal[i];
      *second = i;
    }
  ntk_free(context, equal);
  return status;
}

ntk_status ntk_deficiency(const ntk_network *network, const double *X, size_t N, bool *known,
                          char *reason, size_t capacity) {
  const size_t rank = ntk_rank_bound(network, network->depth), d = network->width[0];
  *known = true;
  if (N > network->parameters) {
    snprintf(reason, capacity, "N = %zu samples exceed the P = %zu parameters: K is singular", N,
             network->parameters);
    return NTK_OK;
  }
  if (N > rank) {
    snprintf(reason, capacity,
             "a linear network's kernel has rank at most d = %zu, and there are N = %zu samples", d,
             N);
    return NTK_OK;
  }
  size_t first = N, second = N;
  NTK_TRY(find_equal_rows(network->context, X, N, d, &first, &second));
  *known = first < N;
  if (*known)
    snprintf(reason, capacity, "rows %zu and %zu of the data (from 1) are equal: K is singular",
             first + 1, second + 1);
  return NTK_OK;
}
