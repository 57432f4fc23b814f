/* Where an axis has numbers. */
#include "cli/draw/axis.h"
#include "cli/draw/figure_parts.h"

#include <math.h>

enum { MOST = FIGURE_TICS - 2 }; /* and the ends */

static void add_tic(figure_tics *t, double at) {
  if (t->count < FIGURE_TICS)
    t->at[t->count++] = at;
}

static void add_multiples(figure_tics *t, const figure_range *range, double step) {
  const double first = ceil(range->low / step), last = floor(range->high / step);
  for (size_t i = 0; first + (double)i <= last && t->count < MOST; i++)
    add_tic(t, (first + (double)i) * step);
}

/* 1, 2 and 5 times powers of ten; where they are too few, multiples of step. */
static void add_log(figure_tics *t, const figure_range *range, double step) {
  static const double lead[] = {1.0, 2.0, 5.0};
  for (int k = (int)floor(log10(range->low)); k <= (int)floor(log10(range->high)); k++)
    for (size_t i = 0; i < 3; i++) {
      const double at = lead[i] * pow(10.0, k);
      if (at >= range->low && at <= range->high)
        add_tic(t, at);
    }
  if (t->count < 3) {
    t->count = 0;
    add_multiples(t, range, step);
  }
}

/* Powers of ten, step decades apart. */
static void add_powers(figure_tics *t, const figure_range *range, double step) {
  const double first = ceil(log10(range->low) / step), last = log10(range->high) / step;
  for (size_t i = 0; first + (double)i <= last && t->count < MOST; i++)
    add_tic(t, pow(10.0, (first + (double)i) * step));
}

/* The axis' ends, where their labels have room beside those of round numbers. */
static void add_ends(figure_tics *t, const figure_range *range) {
  const double gap = pow(range->high / range->low, 1.0 / range->room),
               end[2] = {range->low, range->high};
  for (size_t k = 0; k < 2; k++) {
    bool free = true;
    for (size_t i = 0; i < t->round; i++)
      free = free && fmax(end[k] / t->at[i], t->at[i] / end[k]) > gap;
    if (free || !range->ends)
      add_tic(t, end[k]);
  }
}

double figure_power(double value) {
  return floor(log10(fabs(value)) + 1e-9);
}

bool figure_in_powers(const figure_tics *t) {
  const double least = t->powers ? -3.0 : -4.0, most = t->powers ? 4.0 : 5.0;
  for (size_t i = 0; i < t->count; i++) {
    const double power = figure_power(t->at[i]);
    if (isfinite(power) && (power < least || power > most))
      return true;
  }
  return false;
}

void figure_find_tics(const figure_range *range, figure_tics *t) {
  const double wanted = axis_step((range->high - range->low) / 6.0);
  const double step = range->whole ? fmax(wanted, 1.0) : wanted;
  const double largest = fmax(fabs(range->low), fabs(range->high));
  const double least = range->log ? range->low : step;
  *t = (figure_tics){.step = step, .format = largest >= 1e7 || least < 1e-4 ? "%h" : "%.10g"};
  for (size_t i = 0; i < range->places; i++)
    add_tic(t, range->place[i]);
  t->round = t->count;
  if (range->places > 0)
    return;
  if (!range->log) {
    add_multiples(t, range, step);
    return;
  }
  t->powers = range->high / range->low >= 1e3;
  if (!t->powers)
    add_log(t, range, step);
  else if (range->ends)
    add_powers(t, range, figure_decades(range));
  t->round = t->count;
  if (range->ends || t->powers)
    add_ends(t, range);
  if (t->powers && figure_in_powers(t))
    t->format = "10^{%T}";
}
