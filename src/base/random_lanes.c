#include "base/lanes_math.h"

void LANES_NAME(ntk_box_muller)(size_t pairs, const double *u, const double *v, double *x,
                                double *y);

void LANES_NAME(ntk_box_muller)(size_t pairs, const double *u, const double *v, double *x,
                                double *y) {
  for (size_t i = 0; i < pairs; i += LANES) {
    const vr radius = SLEEF(sqrt, u05)(vr_set(-2.0) * SLEEF(log, u10)(vr_load(u + i)));
    const vr2 angle = SLEEF(sincospi, u05)(vr_set(2.0) * vr_load(v + i));
    vr_store(x + i, radius * angle.y);
    vr_store(y + i, radius * angle.x);
  }
}
