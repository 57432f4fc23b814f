/* The parts of a figure: figure_draw.c writes files and runs gnuplot, figure_layout.c finds ranges,
 * tics and a place for the legend, figure_script.c writes gnuplot's commands, figure_svg.c a page's
 * SVG. */
#ifndef NTK_CLI_FIGURE_PARTS_H
#define NTK_CLI_FIGURE_PARTS_H

#include "cli/draw/figure.h"

#include <stdio.h>

/* As many columns or rows of a map may have a tic each. */
enum { FIGURE_PLACES = 12 };

typedef struct figure_range {
  double low, high;
  bool log;
  bool whole;    /* all that is shown are whole numbers: tics stand at such alone */
  bool ends;     /* both are short to write, and have a tic where there is room for one */
  double room;   /* about how many tics' labels there is room for */
  size_t places; /* of a map: what stands along the axis, where tics are; 0: anywhere */
  double place[FIGURE_PLACES]; /* ascending */
} figure_range;

typedef struct figure_layout {
  figure_range x, y, value;
  size_t drawn;    /* points or cells */
  const char *key; /* where the legend covers nothing, as gnuplot says it */
  bool alone[2]; /* of a map: columns (0) or rows (1) have places of their own, see figure_edges */
} figure_layout;

size_t figure_width(const figure *f);
size_t figure_height(const figure *f);

/* Characters that are seen of enhanced text, about. */
size_t figure_seen(const char *text);

void figure_lay_out(const figure *f, figure_layout *layout);

/* Borders of a map's cell, left, right, bottom, top: half way to the next place where there is a
 * cell, or, where the cells are far from a full grid, to the next cell of the same row or column.
 */
void figure_edges(const figure *f, const figure_layout *layout, const figure_cell *cell,
                  double edge[4]);

/* Decades from a labelled power of ten to the next. */
double figure_decades(const figure_range *range);

enum { FIGURE_TICS = 34 };
typedef struct figure_tics {
  size_t count;
  double at[FIGURE_TICS]; /* of a logarithmic axis `round` of them, then its ends with room */
  size_t round;
  double step;        /* of a linear axis */
  bool powers;        /* labels are powers of ten */
  const char *format; /* as gnuplot knows it: its %T is the power of ten, %h is %g */
} figure_tics;
void figure_find_tics(const figure_range *range, figure_tics *tics);
/* The exponent of the power of ten at or below |value|, rounding forgiven; infinite for 0. */
double figure_power(double value);
/* Whether the axis has a number that is short as a power of ten alone: then all are written so. */
bool figure_in_powers(const figure_tics *tics);

/* How a curve is told from others, by colour (Okabe and Ito's, which colour-blind readers tell
 * apart too), by shape, filled and for the second round of colours open, and by dash. */
typedef struct figure_look {
  const char *colour;
  int filled, open;  /* gnuplot's numbers of the shape */
  const char *shape; /* the same as an SVG path about the origin */
  const char *dash;  /* of SVG lines without shapes */
  double width;      /* of these: a wide pale line under a thin dark one shows both */
} figure_look;
enum { FIGURE_COLOURS = 7 };
extern const figure_look figure_looks[FIGURE_COLOURS];
/* Which one curve c of the figure has, and whether it is of the second round. */
const figure_look *figure_look_of(const figure *f, size_t c, bool *again);

/* Whether the axis can show the value. */
bool figure_shows(const figure_axis *axis, double value);

/* BASE.gp; name: how it calls its files. */
void figure_script(const figure *f, const figure_layout *layout, const char *name, FILE *out);

#endif
