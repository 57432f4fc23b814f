#include "theory/bounds.h"

#include <math.h>

ntk_bounds ntk_theorem31(size_t L, const size_t *width) {
  const double last = (double)width[L - 1];
  return (ntk_bounds){.lower_scale = (double)width[L - 2] * last,
                      .upper_scale = (double)width[0] * last,
                      .ratio_lower = NAN,
                      .ratio_upper = NAN,
                      .diagonal_min = NAN};
}
