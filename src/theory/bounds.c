#include "theory/bounds.h"

#include <math.h>

ntk_bounds ntk_theorem31(const ntk_network *network) {
  const size_t L = network->depth;
  const double last = (double)network->width[L - 1];
  return (ntk_bounds){.lower_scale = (double)network->width[L - 2] * last,
                      .upper_scale = (double)network->width[0] * last,
                      .ratio_lower = NAN,
                      .ratio_upper = NAN,
                      .diagonal_min = NAN};
}
