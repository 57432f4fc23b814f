/* With F_l = 2^{f_l} F'_l, G_l = 2^{g_l} G'_l by the power law of each phi (sizes.h), B_k =
 * 2^{b_k} B'_k, b_L = 0 and g_L such that W'_L is near 1:
 *
 *   W'_l = 2^{f_{l-1} - g_l} W_l,   b'_l = 2^{-g_l} b_l
 *   B'_k = slope_k phi'(G'_k) o (B'_{k+1} W'_{k+1}^T),   slope_k = 2^{(b_{k+1} + g_{k+1}) - (b_k +
 * g_k)} K = sum_k (a_k F_k F_k^T + b_k) o B_{k+1} B_{k+1}^T:  a'_k = 2^{2 f_k + 2 b_{k+1} - e} a_k,
 *   b'_k = 2^{2 b_{k+1} - e} b_k,   K = 2^e K'
 *
 * All of it is exact but where it leaves double's range. */
#include "net/rescale.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double MOST_EXPONENT = 1e9;
static const double DATA = 400.0; /* exponents of data whose squares double precision holds */

typedef struct scaling {
  const ntk_network *network;
  const ntk_sizes *sizes;
  double *f, *g, *b; /* as above, L + 1 each */
} scaling;

static ntk_status too_far(void) {
  return ntk_fail(
      NTK_ERR_NOT_FINITE,
      "the layers under- or overflow double precision, and no scaling of them by powers "
      "of two makes up for it; accepted: other scales of weights or data");
}

static ntk_status find_exponents(const scaling *s) {
  const size_t L = s->network->depth;
  const ntk_sizes *of = s->sizes;
  if (fabs(of->f[0]) > DATA && isfinite(of->f[0]))
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "the data's largest number is near %.0e, whose square double precision does "
                    "not hold; accepted: 1e-120 to 1e120, by a scaling of the data",
                    ldexp(1.0, (int)of->f[0]));
  s->f[0] = s->g[0] = 0.0;
  for (size_t l = 1; l < L; l++) {
    const ntk_power power =
        ntk_power_of(&s->network->activation[l], of->g[l], of->least[l], s->f[l - 1]);
    s->g[l] = power.g;
    s->f[l] = power.f;
  }
  s->g[L] = s->f[L] = s->f[L - 1] + of->last;
  s->b[L] = 0.0;
  for (size_t k = L - 1; k >= 1; k--)
    s->b[k] = of->b[k] == -INFINITY ? s->b[k + 1] + s->g[k + 1] - s->g[k] : of->b[k];
  for (size_t l = 1; l <= L; l++)
    if (!(fabs(s->g[l]) + fabs(s->f[l]) + fabs(s->b[l]) < MOST_EXPONENT))
      return too_far();
  return NTK_OK;
}

static double larger_block(double most, double scale, double exponent) {
  return scale > 0.0 ? fmax(most, exponent + ilogb(scale)) : most;
}

/* That of the largest entry of K, to a few binary digits. */
static double exponent_of_kernel(const scaling *s) {
  const double *scale = s->network->scale;
  double most = -INFINITY;
  for (size_t k = 0; k < s->network->depth; k++) {
    if (s->sizes->b[k + 1] == -INFINITY) /* it is 0: s->b is no measure of it */
      continue;
    most = larger_block(most, scale[2 * k], 2.0 * (s->sizes->f[k] + s->b[k + 1]));
    most = larger_block(most, scale[2 * k + 1], 2.0 * s->b[k + 1]);
  }
  return isfinite(most) ? most : 0.0; /* of K = 0 */
}

/* A block that is 0 in double may not be in double-double, nor in exact arithmetic: it keeps a
 * scale, the right one where there is one. */
static double scale_times(double scale, double exponent, bool zero) {
  const double scaled = ntk_times_power(scale, exponent);
  if (!zero || scale == 0.0)
    return scaled;
  return isfinite(scaled) ? fmax(scaled, DBL_MIN) : scale;
}

/* Those of the copy: W and b in theta's place. F_L, which is not for asking, has no bias. */
static void fill(const scaling *s, double exponent, ntk_network *to) {
  const ntk_network *from = s->network;
  const size_t L = from->depth, *n = from->width;
  for (size_t l = 1; l <= L; l++) {
    for (size_t i = 0; i < n[l - 1] * n[l]; i++)
      to->W[l][i] = ntk_times_power(from->W[l][i], s->f[l - 1] - s->g[l]);
    for (size_t j = 0; j < n[l] && from->b[l] != NULL; j++)
      to->b[l][j] = l == L ? 0.0 : ntk_times_power(from->b[l][j], -s->g[l]);
  }
  for (size_t k = 0; k < L; k++) {
    const double back = 2.0 * s->b[k + 1], both = 2.0 * s->f[k] + back;
    const bool none = s->sizes->b[k + 1] == -INFINITY;
    to->scale[2 * k] =
        scale_times(from->scale[2 * k], both - exponent, none || s->sizes->f[k] == -INFINITY);
    to->scale[2 * k + 1] = scale_times(from->scale[2 * k + 1], back - exponent, none);
  }
  to->slope[0] = 1.0;
  for (size_t k = 1; k < L; k++)
    to->slope[k] = ntk_times_power(1.0, (s->b[k + 1] + s->g[k + 1]) - (s->b[k] + s->g[k]));
}

static ntk_status make(const scaling *s, double room, ntk_network **scaled, double *exponent) {
  ntk_network *made = NULL;
  NTK_TRY(find_exponents(s));
  NTK_TRY(ntk_network_copy(s->network, &made));
  const ntk_status status =
      ntk_alloc_doubles(s->network->context, s->network->depth, "network", &made->slope);
  if (status != NTK_OK) {
    ntk_network_destroy(made);
    return status;
  }
  *exponent = exponent_of_kernel(s);
  *exponent = fabs(*exponent) <= room ? 0.0 : *exponent;
  fill(s, *exponent, made);
  ntk_network_set(made, made->theta);
  *scaled = made;
  return NTK_OK;
}

ntk_status ntk_network_rescale(const ntk_network *network, const ntk_sizes *sizes, double room,
                               ntk_network **scaled, double *exponent) {
  const size_t each = network->depth + 1;
  double *numbers = NULL;
  NTK_TRY(ntk_alloc_doubles(network->context, 3 * each, "exponents of the layers", &numbers));
  const scaling s = {network, sizes, numbers, numbers + each, numbers + 2 * each};
  const ntk_status status = make(&s, room, scaled, exponent);
  ntk_free(network->context, numbers);
  return status;
}

double ntk_rescaled_bytes(const ntk_network_spec *spec) {
  return 8.0 * (ntk_shape_of(spec).parameters + 4.0 * ((double)spec->depth + 1.0));
}
