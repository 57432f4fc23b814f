/* Sums enough for the latency of a multiply-add on every unit, and few enough for the 16 registers
 * of the lower levels. */
#include "base/lanes.h"

enum { SUMS = 12 };

double LANES_NAME(ntk_burst)(size_t steps, double *result);
double LANES_NAME(ntk_burst)(size_t steps, double *result) {
  const vr half = vr_set((real)0.5), start = vr_set((real)*result);
  vr sum[SUMS];
#pragma GCC unroll 12
  for (size_t i = 0; i < SUMS; i++)
    sum[i] = start + vr_set((real)i);
  for (size_t s = 0; s < steps; s++)
#pragma GCC unroll 12
    for (size_t i = 0; i < SUMS; i++)
      sum[i] = sum[i] * half + start; /* stays near 2 start */
  vr all = sum[0];
  for (size_t i = 1; i < SUMS; i++)
    all += sum[i];
  *result = (double)all[0] / SUMS;
  return 2.0 * SUMS * LANES * (double)steps;
}

#ifndef NTK_SINGLE
double LANES_NAME(ntk_read_all)(const double *x, size_t count);
double LANES_NAME(ntk_read_all)(const double *x, size_t count) {
  vr sum[4] = {{0}};
  size_t i = 0;
  for (; i + 4 * LANES <= count; i += 4 * LANES)
#pragma GCC unroll 4
    for (size_t v = 0; v < 4; v++)
      sum[v] += vr_load(x + i + v * LANES);
  const vr all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  double total = 0.0;
  for (size_t v = 0; v < LANES; v++)
    total += all[v];
  for (; i < count; i++)
    total += x[i];
  return total;
}
#endif
