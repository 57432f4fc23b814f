/* What figures have in common, in gnuplot's scripts and in SVG. */
#ifndef NTK_CLI_AXIS_H
#define NTK_CLI_AXIS_H

#include <math.h>
#include <stdbool.h>

/* Whether an axis can show the value. */
static inline bool axis_shows(bool logarithmic, double value) {
  return isfinite(value) && (!logarithmic || value > 0.0);
}

/* 0 at low, 1 at high. */
static inline double axis_place(bool logarithmic, double low, double high, double value) {
  return logarithmic ? log(value / low) / log(high / low) : (value - low) / (high - low);
}

/* 1, 2 or 5 times a power of ten, not below least. */
static inline double axis_step(double least) {
  const double power = pow(10.0, floor(log10(least))), lead = least / power;
  return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

#endif
