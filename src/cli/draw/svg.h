/* Figures inside a page: SVG written by hand, axes and curves and no more. Where a file of its own
 * is wanted, figure.h draws it with gnuplot. */
#ifndef NTK_CLI_SVG_H
#define NTK_CLI_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct svg_axis {
  double low, high; /* above 0 where log */
  bool log;
  const char *label; /* markup that may stand inside an SVG text */
  size_t tics;       /* where they are to be; 0: at round numbers */
  const double *tic;
  int every; /* found by svg_begin: decades between tics where log; 0: at 1, 2 and 5 */
} svg_axis;

typedef struct svg_plot {
  FILE *out;
  svg_axis x, y;
  double left, top, width, height; /* of the plane, in the figure's units */
} svg_plot;

/* As many curves have a colour, a dash and a shape of their own. */
enum { SVG_CURVES = 6 };

/* Widens an axis to include value; one that a logarithmic axis cannot show changes nothing. Start
 * from {INFINITY, -INFINITY}. */
void svg_include(svg_axis *axis, double value);
bool svg_shows(const svg_axis *axis, double value);

/* Opens the figure with its axes; described to those who cannot see it. */
void svg_begin(svg_plot *p, const char *description);
void svg_line(const svg_plot *p, size_t curve, size_t count, const double *x, const double *y);
void svg_points(const svg_plot *p, size_t curve, size_t count, const double *x, const double *y);
void svg_end(const svg_plot *p);

/* The curve's line or shape by itself, as an SVG for legends. */
void svg_sample(FILE *out, size_t curve, bool line);

#endif
