#include "base/lanes.h"

void LANES_NAME(ntk_box_muller)(size_t pairs, const double *u, const double *v, double *x,
                                double *y);

void LANES_NAME(ntk_box_muller)(size_t pairs, const double *u, const double *v, double *x,
                                double *y) {
  for (size_t i = 0; i < pairs; i += LANES) {
    const vd radius = SLEEF(sqrt, u05)(vd_set(-2.0) * SLEEF(log, u10)(vd_load(u + i)));
    const vd2 angle = SLEEF(sincospi, u05)(vd_set(2.0) * vd_load(v + i));
    vd_store(x + i, radius * angle.y);
    vd_store(y + i, radius * angle.x);
  }
}
