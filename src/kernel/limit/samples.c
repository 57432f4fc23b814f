/* The samples, as the limit takes them: data whose squares double precision does not hold are a
 * copy over a power of two, which is exact. */
#include "kernel/limit/limit.h"

#include "base/memory.h"

#include <math.h>

enum { FAR = 200 }; /* powers of two: squares, and sums of d of them, are well within 2^+-498 */

/* The power of two next above the largest number. */
static int power_of(const ntk_limit *limit) {
  double most = 0.0;
  int power = 0;
  for (size_t i = 0; i < limit->N; i++) {
    const double *x = ntk_limit_sample(limit, i);
    for (size_t a = 0; a < limit->d; a++)
      most = fmax(most, fabs(x[a]));
  }
  (void)frexp(most, &power);
  return most > 0.0 ? power : 0;
}

static ntk_status take_over(ntk_limit *limit, int power) {
  const size_t N = limit->N, d = limit->d;
  double *own = NULL;
  size_t count = 0;
  NTK_TRY(ntk_size_multiply(N, d, "the data over a power of two", &count));
  NTK_TRY(ntk_alloc_doubles(limit->context, count, "the data over a power of two", &own));
  for (size_t i = 0; i < N; i++) {
    const double *x = ntk_limit_sample(limit, i);
    for (size_t a = 0; a < d; a++)
      own[i * d + a] = ldexp(x[a], -power);
  }
  limit->own = own;
  limit->X = own;
  limit->more = own + limit->first * d;
  limit->unit = 2.0 * power;
  return NTK_OK;
}

/* |x|, of a row far smaller than others too. */
static double norm_of(size_t d, const double *x) {
  static const double LITTLE = 1e-280;
  double sum = 0.0, most = 0.0;
  for (size_t a = 0; a < d; a++) {
    sum += x[a] * x[a];
    most = fmax(most, fabs(x[a]));
  }
  if (!(sum < LITTLE) || most == 0.0)
    return sqrt(sum);
  sum = 0.0;
  for (size_t a = 0; a < d; a++)
    sum += x[a] / most * (x[a] / most);
  return most * sqrt(sum);
}

ntk_status ntk_limit_samples(ntk_limit *limit) {
  const int power = power_of(limit);
  if (power < -FAR || power > FAR)
    NTK_TRY(take_over(limit, power));
  NTK_TRY(ntk_alloc_doubles(limit->context, limit->padded, "norms of the samples", &limit->norm));
  for (size_t i = 0; i < limit->padded; i++)
    limit->norm[i] = i >= limit->N ? 1.0
                     : ntk_limit_vanishing(limit, i)
                         ? limit->norm[0]
                         : norm_of(limit->d, ntk_limit_sample(limit, i));
  return NTK_OK;
}
