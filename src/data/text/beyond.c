/* Numbers beyond double precision as people write them: x 2^e = m 10^k by powers of powers, each
 * with its decimal exponent apart. */
#include "base/text.h"
#include "ntkit/data.h"

#include <math.h>

typedef struct decimal {
  long double mantissa; /* from 1 up to 10 */
  double exponent;      /* of ten, whole */
} decimal;

static decimal normal(long double mantissa, double exponent) {
  while (mantissa >= 10.0L) {
    mantissa /= 10.0L;
    exponent += 1.0;
  }
  while (mantissa < 1.0L) {
    mantissa *= 10.0L;
    exponent -= 1.0;
  }
  return (decimal){mantissa, exponent};
}

static decimal times(decimal a, decimal b) {
  return normal(a.mantissa * b.mantissa, a.exponent + b.exponent);
}

/* 2^e, e >= 0 whole, to e 2^-62 of it. */
static decimal power_of_two(double e) {
  decimal power = {1.0L, 0.0}, square = {2.0L, 0.0};
  while (e >= 1.0) {
    if (fmod(e, 2.0) == 1.0)
      power = times(power, square);
    square = times(square, square);
    e = floor(e / 2.0);
  }
  return power;
}

/* Towards 0 (towards < 0) or away from it, by what d may err too. */
static decimal rounded(decimal d, int digits, int towards, double error) {
  const long double unit = powl(10.0L, (long double)(digits - 1));
  const long double y = d.mantissa * unit, slack = y * (long double)error;
  const long double whole = towards > 0   ? ceill(y + slack)
                            : towards < 0 ? floorl(y - slack)
                                          : roundl(y);
  return normal(whole / unit, d.exponent);
}

const char *ntk_text_decimal(double x, double exponent, int digits, int towards,
                             char text[NTK_DECIMAL]) {
  int power = 0;
  const long double m = (long double)frexp(fabs(x), &power);
  if (x == 0.0 || !isfinite(x)) {
    (void)ntk_format(text, NTK_DECIMAL, "%g", x);
    return text;
  }
  const double e = exponent + power;
  decimal d = power_of_two(fabs(e));
  d = e < 0.0 ? normal(m / d.mantissa, -d.exponent) : normal(m * d.mantissa, d.exponent);
  d = rounded(d, digits, x < 0.0 ? -towards : towards, (fabs(e) + 64.0) * 0x1p-61);
  (void)ntk_format(text, NTK_DECIMAL, "%s%.*Lfe%+03.0f", x < 0.0 ? "-" : "", digits - 1, d.mantissa,
                   d.exponent);
  return text;
}
