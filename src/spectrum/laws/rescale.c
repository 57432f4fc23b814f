/* Powers of two for a law's matrices. */
#include "spectrum/laws/free_product.h"

#include <math.h>

/* The even power of two near x > 0, of those that double precision holds with room to spare. */
static int power_of(double x) {
  int power = 0;
  (void)frexp(x, &power);
  power = power < -1000 ? -1000 : power > 1000 ? 1000 : power;
  return x > 0.0 && isfinite(x) ? power / 2 * 2 : 0;
}

/* G_l over 2^here, where G_{l-1} is over 2^before, and its second vectors v v^T over 2^second. */
static void rescale_family(ntk_law_family *f, int before, int here, int second) {
  f->flat = ldexp(f->flat, -here);
  f->slope = ldexp(f->slope, before - here);
  f->flat2 = ldexp(f->flat2, -second);
  f->slope2 = ldexp(f->slope2, before - second);
  f->flat12 = ldexp(f->flat12, -(here + second) / 2);
  f->slope12 = ldexp(f->slope12, before - (here + second) / 2);
  f->second = ldexp(f->second, second);
}

double ntk_free_rescale(size_t levels, double *weight, double *shift, ntk_law_family *const *family,
                        const size_t *families, size_t atoms, double *atom) {
  int here = power_of(atom[atoms - 1]);
  for (size_t i = 0; i < atoms; i++)
    atom[i] = ldexp(atom[i], -here);
  weight[0] = ldexp(weight[0], here);
  double largest = fmax(*shift, weight[0]);
  for (size_t l = 1; l <= levels; l++) {
    const int before = here;
    double most = 0.0, most2 = 0.0;
    for (size_t s = 0; s < families[l - 1]; s++) {
      const ntk_law_family *f = &family[l - 1][s];
      most = fmax(most, f->flat + ldexp(f->slope, before));
      most2 = fmax(most2, f->flat2 + ldexp(f->slope2, before));
    }
    here = power_of(most);
    const int second = power_of(most2);
    for (size_t s = 0; s < families[l - 1]; s++) {
      rescale_family(&family[l - 1][s], before, here, second);
      largest = fmax(largest, family[l - 1][s].second);
    }
    weight[l] = ldexp(weight[l], here);
    largest = fmax(largest, weight[l]);
  }
  const int all = power_of(largest);
  for (size_t l = 0; l <= levels; l++)
    weight[l] = ldexp(weight[l], -all);
  for (size_t s = 0; s < families[levels - 1]; s++)
    family[levels - 1][s].second = ldexp(family[levels - 1][s].second, -all);
  *shift = ldexp(*shift, -all);
  return ldexp(1.0, all);
}
