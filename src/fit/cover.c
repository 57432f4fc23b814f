/* Cover's count (IEEE Trans. Electronic Computers EC-14, 1965): N points in general position in R^P
 * have 2 sum_{k < P} C(N-1, k) dichotomies by hyperplanes through 0, of 2^N. Random labels are thus
 * separable with the probability that N-1 tosses of a coin give less than P heads: that tail is its
 * last term times a sum of ratios, which fall, and the term is Stirling's with its remainder
 * (Loader, 2000), where sums of large logarithms would have lost digits. Beyond the middle it is 1
 * less the other tail. O(sqrt N) terms. */
#include "ntkit/fit.h"

#include <float.h>
#include <math.h>

static const double PI = 3.14159265358979323846;

/* log n! - (n + 1/2) log n + n - log(2 pi) / 2, n >= 1. */
static double stirling_rest(double n) {
  if (n >= 16.0) {
    const double q = 1.0 / (n * n);
    return (1.0 / 12.0 - q * (1.0 / 360.0 - q * (1.0 / 1260.0 - q / 1680.0))) / n;
  }
  double factorial = 1.0;
  for (int k = 2; k <= (int)n; k++)
    factorial *= k;
  return log(factorial) - (n + 0.5) * log(n) + n - 0.5 * log(2.0 * PI);
}

/* log(C(n, k) / 2^n), 0 <= k < n. */
static double log_term(double n, double k) {
  if (k == 0.0)
    return -n * log(2.0);
  const double e = (n - 2.0 * k) / n;
  const double rest = stirling_rest(n) - stirling_rest(k) - stirling_rest(n - k);
  const double far = 0.5 * n * ((1.0 - e) * log1p(-e) + (1.0 + e) * log1p(e));
  return rest - far + 0.5 * log(n / (2.0 * PI * k * (n - k)));
}

/* log(sum_{j <= k} C(n, j) / 2^n), 2 k < n. */
static double log_tail(double n, double k) {
  double ratio = 1.0, sum = 1.0, j = k;
  while (j >= 1.0 && ratio > DBL_EPSILON * sum) {
    ratio *= j / (n - j + 1.0);
    sum += ratio;
    j -= 1.0;
  }
  return log_term(n, k) + log(sum);
}

double ntk_cover_log_probability(size_t N, size_t P) {
  if (P >= N)
    return 0.0;
  if (P == 0)
    return -INFINITY;
  const double n = (double)(N - 1), k = (double)(P - 1);
  return 2.0 * k < n ? log_tail(n, k) : log1p(-exp(log_tail(n, n - k - 1.0)));
}
