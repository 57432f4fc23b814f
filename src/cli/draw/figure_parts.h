/* The parts of a figure: figure_draw.c writes files and runs gnuplot, figure_layout.c finds ranges,
 * tics and a place for the legend, figure_script.c writes gnuplot's commands. */
#ifndef NTK_CLI_FIGURE_PARTS_H
#define NTK_CLI_FIGURE_PARTS_H

#include "cli/draw/figure.h"

#include <stdio.h>

typedef struct figure_range {
  double low, high;
  bool log;
  bool ends;   /* both have a tic, for both are round numbers */
  double room; /* about how many tics' labels there is room for */
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

/* "set xtics ..." and "set format x ..." for an axis called name; how many characters of full size
 * the longest tic's label takes. */
double figure_tics(const char *name, const figure_range *range, FILE *out);

/* Whether the axis can show the value. */
bool figure_shows(const figure_axis *axis, double value);

/* BASE.gp; name: how it calls its files. */
void figure_script(const figure *f, const figure_layout *layout, const char *name, FILE *out);

#endif
