/* Figures, drawn by gnuplot: BASE.dat and BASE.gp, which a person may edit and run again, and what
 * they give: BASE.svg, BASE.pdf, BASE.png. Knows nothing of studies.
 *
 *   figure f = {.base = "width", .x = {"d^{2}"}, .y = {"λ_{min}(K)"}, .curves = 3, .curve = curve};
 *   return figure_draw(&f);
 *
 * Labels are gnuplot's enhanced text: subscripts _{min}, superscripts ^{2}. Plain text is made safe
 * by figure_plain; names, expressions and labels that a user gives are set by figure_formula. */
#ifndef NTK_CLI_FIGURE_H
#define NTK_CLI_FIGURE_H

#include "cli/shell/settings.h"

#include <stdio.h>

/* As many curves can be told apart: seven colours, each with a filled and an open shape. */
enum { FIGURE_CURVES = 14, FIGURE_LABEL = 256 };

/* Pixels of the SVG when a figure does not say. */
enum { FIGURE_WIDTH = 800, FIGURE_HEIGHT = 560 };

typedef struct figure_point {
  double x, y;
  double low, high; /* of the band; NaN: none here */
} figure_point;

typedef enum figure_style {
  FIGURE_BOTH,   /* a line with a shape at each point */
  FIGURE_LINE,   /* for many points */
  FIGURE_SHAPES, /* where a line between points would tell of values it does not know */
  FIGURE_STEPS   /* of a count: it keeps a point's y up to the next point, and rises there; a band
                    holds what a count can be between points. Of pages, by figure_svg alone */
} figure_style;

typedef struct figure_curve {
  const char *label; /* in the legend; "": not there */
  size_t points;
  const figure_point *point; /* x ascending */
  figure_style style;
  size_t like; /* 1 + the number of the curve whose looks it has; 0: its own */
} figure_curve;

typedef struct figure_cell {
  double x, y, value;
} figure_cell;

typedef struct figure_axis {
  const char *label; /* NULL: none */
  bool log;
} figure_axis;

typedef struct figure {
  const char *base;        /* path without suffix */
  const char *place;       /* the same where the user will find it, for error lines; NULL: base */
  const char *option;      /* that named it, for error lines; NULL: output */
  const char *input;       /* a file that must not be overwritten, or NULL */
  const char *about;       /* what the data are, a comment in BASE.dat */
  const char *title;       /* NULL: none */
  figure_axis x, y, value; /* value: the colour of a map */
  size_t curves;           /* at most FIGURE_CURVES */
  const figure_curve *curve;
  size_t cells; /* when not 0: a map, at most one cell at an (x, y); curves are lines over it */
  const figure_cell *cell;
  bool bars;                 /* around points, in place of bands */
  const figure_point *guide; /* both ends of a line that is not data, or NULL; pulls no axis */
  const char *guide_label;
  size_t width, height; /* pixels; 0: the usual ones */
} figure;

/* Whether the files can be what figure.base and figure.input ask for: to be called before anything
 * that takes long. */
exit_status figure_check(const char *base, const char *input, const char *option);

/* Writes the five files, or without gnuplot the first two, and the line that says so. What cannot
 * be drawn on a logarithmic axis is left out; EXIT_INPUT when nothing is left. */
exit_status figure_draw(const figure *f);

/* The figure's plane with curves, bands and numbers as an SVG that may stand in a page, described
 * to those who cannot see it; no labels. Nothing where there is nothing to draw. */
void figure_svg(const figure *f, const char *description, FILE *out);
/* Curve c by itself, for a legend. */
void figure_sample(const figure *f, size_t c, FILE *out);
/* Whether a point of it can be drawn. */
bool figure_has_points(const figure *f);

/* Plain text as enhanced text that looks the same. */
void figure_plain(const char *plain, size_t size, char *text);
/* A name, an expression or a label as mathematics sets it: "d^2", "n_1", "N/(n*n)", "lambda_min",
 * "n_{L-2} n_{L-1}"; after a backslash a character is what it is. */
void figure_formula(const char *formula, size_t size, char *text);

#endif
