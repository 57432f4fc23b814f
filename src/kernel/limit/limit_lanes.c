/* What a panel's rows take besides duals. */
#include "base/lanes_math.h"

#include "kernel/limit/limit.h"

ntk_limit_starter LANES_NAME(ntk_limit_start_in);
ntk_limit_looker LANES_NAME(ntk_limit_near_in);
ntk_limit_adder LANES_NAME(ntk_limit_add_in);

void LANES_NAME(ntk_limit_start_in)(const ntk_limit *limit, size_t first, double norm, double *z,
                                    double *entries) {
  const vr none = vr_set(0.0), one = vr_set(1.0);
  for (size_t r = 0; r < NTK_LIMIT_ROWS; r += LANES) {
    const vr product = vr_load(entries + r), norms = vr_load(limit->norm + first + r) * norm;
    const vr rho = vr_select(norms > none, product / norms, none), lack = one - vr_abs(rho);
    const vr distance = vr_select(lack > none, lack, none);
    vr_store(z + r, vr_select((vi)rho < (vi){0}, -distance, distance));
    vr_store(entries + r, limit->weight * product + limit->bias);
  }
}

bool LANES_NAME(ntk_limit_near_in)(const double *z) {
  vr least = vr_set(1.0);
  for (size_t r = 0; r < NTK_LIMIT_ROWS; r += LANES) {
    const vr distance = vr_abs(vr_load(z + r));
    least = vr_select(distance < least, distance, least);
  }
  return vr_any_negative(least - NTK_LIMIT_NEAR);
}

void LANES_NAME(ntk_limit_add_in)(const ntk_limit_layer *layer, const double *same,
                                  const double *slopes, double *entries) {
  for (size_t r = 0; r < NTK_LIMIT_ROWS; r += LANES)
    vr_store(entries + r, vr_load(entries + r) * (layer->back * vr_load(slopes + r)) +
                              (layer->weight * vr_load(same + r) + layer->bias));
}
