/* Where a law lies: its atom by counting ranks, its ends by what is below. */
#include "spectrum/laws/free_product.h"

#include <math.h>

/* sum_l weight_l ||G_l||, ||G_l|| <= (1 + sqrt share)^2 max_s (flat_s + slope_s ||G_{l-1}||): the
 * upper edge of Marchenko and Pastur, for all families together. */
double ntk_free_bound(const ntk_free_product *law) {
  double norm = law->atom[law->atoms - 1], sum = law->shift + law->weight[0] * norm;
  for (size_t l = 1; l <= law->levels; l++) {
    double share = 0.0, most = 0.0, second = 0.0;
    for (size_t s = 0; s < law->families[l - 1]; s++) {
      const ntk_law_family *f = &law->family[l - 1][s];
      share += f->share;
      most = fmax(most, f->flat + f->slope * norm);
      second = fmax(second, f->second * (f->flat2 + f->slope2 * norm));
    }
    const double edge = (1.0 + sqrt(share)) * (1.0 + sqrt(share));
    sum += edge * second;
    norm = edge * most;
    sum += law->weight[l] * norm;
  }
  return sum;
}

/* Ranks over n, of vectors in general position. Those of a family without a flat part lie in the
 * range of G_{l-1}. */
static double rank_of(const ntk_free_product *law) {
  double rank = 0.0, here = 0.0; /* of the sum so far, and of G_l */
  for (size_t i = 0; i < law->atoms; i++)
    here += law->atom[i] > 0.0 ? law->mass[i] : 0.0;
  here = fmin(here, 1.0);
  rank = law->weight[0] > 0.0 ? here : 0.0;
  for (size_t l = 1; l <= law->levels; l++) {
    double anywhere = 0.0, within = 0.0;
    for (size_t s = 0; s < law->families[l - 1]; s++) {
      const ntk_law_family *f = &law->family[l - 1][s];
      anywhere += f->flat > 0.0 ? f->share : 0.0;
      anywhere += f->second > 0.0 && f->flat2 > 0.0 ? f->share : 0.0;
      within += f->flat > 0.0 || f->slope == 0.0 ? 0.0 : f->share;
    }
    within = fmin(within, here);
    here = fmin(1.0, anywhere + within);
    if (law->weight[l] > 0.0)
      rank = fmin(1.0, (law->weight[l - 1] > 0.0 ? rank : fmax(rank, within)) + anywhere);
  }
  return rank;
}

/* x between low, with less than the share below it, and high. */
static ntk_status find_share(const ntk_free_product *law, double share, double low, double high,
                             double *x) {
  ntk_free_state state = {.residual = 0.0};
  double below = 0.0, density = 0.0;
  for (int turn = 0; turn < 200 && high - low > 1e-12 * high; turn++) {
    *x = low > 0.0 && high > 2.0 * low ? sqrt(low * high) : (low + high) / 2.0;
    NTK_TRY(ntk_free_at(law, *x, &state, &below, &density));
    if (below < share)
      low = *x;
    else
      high = *x;
  }
  *x = (low + high) / 2.0;
  return NTK_OK;
}

/* A density that begins as a root has shares as the power 3/2: of 1e-6 and 8e-6, four times as far
 * from its end. */
static ntk_status find_end(const ntk_free_product *law, double from, double sign, double low,
                           double high, double *end) {
  static const double LITTLE = 1e-6;
  double near = 0.0, far = 0.0;
  NTK_TRY(find_share(law, from + sign * LITTLE, low, high, &near));
  NTK_TRY(find_share(law, from + sign * 8.0 * LITTLE, low, high, &far));
  *end = fmin(fmax((4.0 * near - far) / 3.0, low), high);
  return NTK_OK;
}

ntk_status ntk_free_support_of(const ntk_free_product *law, ntk_free_support *support) {
  const double high = ntk_free_bound(law);
  support->atom = 1.0 - rank_of(law);
  NTK_TRY(find_end(law, support->atom, 1.0, law->shift, high, &support->lower));
  return find_end(law, 1.0, -1.0, law->shift, high, &support->upper);
}

double ntk_free_distance(size_t n, const double *value, const double *before, const double *below,
                         double least, double from) {
  double most = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double under = (double)i / (double)n, after = (double)(i + 1) / (double)n;
    if (i + 1 < n && value[i + 1] <= least)
      continue;
    most = fmax(most, fabs(fmax(below[i], from) - fmax(after, from)));
    if (value[i] > least)
      most = fmax(most, fabs(fmax(before[i], from) - fmax(under, from)));
  }
  return most / (1.0 - from);
}
