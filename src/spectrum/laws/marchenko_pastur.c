/* Marchenko and Pastur (1967). With a, b the edges and c the ratio,
 *
 *   density(x) = sqrt((b - x) (x - a)) / (2 pi c x).
 *
 * Below: x = 1 + c - 2 sqrt(c) cos t, t in [0, pi], makes it an integral of 4 c sin^2 t / x over
 * 2 pi c, which is elementary:
 *
 *   [2 sqrt(c) sin t + (1 + c) t - 2 |1 - c| atan((1 + sqrt c) tan(t / 2) / |1 - sqrt c|)] / (2 pi
 * c)
 *
 * (Its derivative by t is 2 sqrt(c) cos t + 1 + c - (1 - c)^2 / x = 4 c sin^2 t / x.) */
#include "spectrum/laws/marchenko_pastur.h"

#include <math.h>

ntk_marchenko_pastur ntk_marchenko_pastur_of(double ratio) {
  const double root = sqrt(ratio);
  return (ntk_marchenko_pastur){.ratio = ratio,
                                .lower = (1.0 - root) * (1.0 - root),
                                .upper = (1.0 + root) * (1.0 + root),
                                .atom = fmax(0.0, 1.0 - 1.0 / ratio)};
}

double ntk_marchenko_pastur_density(const ntk_marchenko_pastur *law, double x) {
  if (!(x > law->lower && x < law->upper))
    return 0.0;
  return sqrt((law->upper - x) * (x - law->lower)) / (2.0 * acos(-1.0) * law->ratio * x);
}

double ntk_marchenko_pastur_below(const ntk_marchenko_pastur *law, double x) {
  const double c = law->ratio, root = sqrt(c), pi = acos(-1.0);
  if (x < law->lower)
    return x < 0.0 ? 0.0 : law->atom;
  if (x >= law->upper)
    return 1.0;
  const double half = atan2(sqrt(x - law->lower), sqrt(law->upper - x)); /* t / 2 */
  const double angle = atan2((1.0 + root) * sin(half), fabs(1.0 - root) * cos(half));
  const double part =
      2.0 * root * sin(2.0 * half) + (1.0 + c) * 2.0 * half - 2.0 * fabs(1.0 - c) * angle;
  return law->atom + part / (2.0 * pi * c);
}
