#include "kernel/range.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "net/sizes.h"

#include <math.h>
#include <stdio.h>

/* Entries of K as such need no room for what is made of them. */
static const double LEAST_ENTRY = 0x1p-950;

typedef struct diagonal {
  double trace, largest;
} diagonal;

static ntk_status find_diagonal(const ntk_features *features, size_t k, diagonal *found) {
  const ntk_network *network = features->network;
  const size_t n = features->rows, L = network->depth;
  double *f2 = NULL;
  NTK_TRY(ntk_features_take_norms(features, &f2));
  const double *b2 = f2 + L * n;
  *found = (diagonal){0.0, 0.0};
  for (size_t i = 0; i < n; i++) {
    double entry = 0.0;
    for (size_t l = k < L ? k : 0; l < (k < L ? k + 1 : L); l++)
      entry += ntk_diagonal_part(network, l, f2[l * n + i], b2[l * n + i]);
    found->trace += entry;
    found->largest = entry <= found->largest ? found->largest : entry; /* NaN: taken */
  }
  ntk_free(features->context, f2);
  return NTK_OK;
}

/* The exponent of two of the largest entry of J, or of block k's; -INFINITY: 0, or so small for
 * units of that block that are saturated, which whoever asks of one block looks at. */
static double size_of(const ntk_network *network, const ntk_sizes *sizes, size_t k) {
  double most = -INFINITY;
  for (size_t l = 0; l < network->depth; l++)
    if (l == k || k == network->depth)
      most =
          fmax(most, (network->bias[l] ? fmax(sizes->f[l], 0.0) : sizes->f[l]) + sizes->b[l + 1]);
  const bool saturated = k + 1 < network->depth && sizes->g[k + 1] >= 0.0;
  return most < 0.0 && saturated ? -INFINITY : most;
}

static ntk_status find_size(const ntk_features *features, size_t k, double *most) {
  const ntk_network *network = features->network;
  const ntk_held held = ntk_features_held(features);
  ntk_sizes sizes;
  ntk_status status = ntk_sizes_create(network, &sizes);
  if (status == NTK_OK) {
    status = ntk_sizes_add(network, ntk_held_count(&held), held.X, &sizes);
    *most = size_of(network, &sizes, k);
    ntk_sizes_destroy(network, &sizes);
  }
  if (held.share.ranks == 1)
    return status;
  NTK_TRY(ntk_ranks_agree(features->context, status,
                          ntk_ranks_what("sizes of layers", held.share.N, k, 0)));
  *most = -ntk_ranks_least(features->context, -*most);
  return NTK_OK;
}

/* That number of K is out of range, unless J is 0 or in it. */
static ntk_status refuse(const ntk_features *features, size_t k, const char *what, double number) {
  double most = -INFINITY;
  char text[32] = "not finite";
  NTK_TRY(find_size(features, k, &most));
  if (most == -INFINITY || fabs(2.0 * most) < 800.0) /* then it is something else */
    return NTK_OK;
  if (isfinite(number))
    snprintf(text, sizeof text, "%.3g", number);
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "the layers %s double precision: the kernel's %s is %s, the largest derivative "
                  "of an output is near 2^%.0f; accepted: other scales of weights or data, or "
                  "'spectrum', which scales the layers",
                  most < 0.0 ? "underflow" : "overflow", what, text, most);
}

ntk_status ntk_range_check(const ntk_features *features, size_t k) {
  diagonal found;
  NTK_TRY(find_diagonal(features, k, &found));
  return ntk_range_holds(found.trace) ? NTK_OK : refuse(features, k, "trace", found.trace);
}

static ntk_status check_entries(const ntk_features *features) {
  const size_t L = features->network->depth;
  diagonal found;
  NTK_TRY(find_diagonal(features, L, &found));
  return isfinite(found.largest) && found.largest >= LEAST_ENTRY
             ? NTK_OK
             : refuse(features, L, "largest entry", found.largest);
}

/* Between two sets of which double precision holds both. */
ntk_status ntk_kernel_cross(const ntk_features *features, const ntk_features *other,
                            const bool *blocks, double *A) {
  if (features->share.ranks > 1 || other->share.ranks > 1)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "a cross kernel of samples that ranks share; accepted: data sets that every "
                    "rank has whole, as from ntk_dataset_from_array");
  NTK_TRY(check_entries(features));
  if (other != features)
    NTK_TRY(check_entries(other));
  return ntk_kernel_cross_own(features, other, blocks, A);
}
