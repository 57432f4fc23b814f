#include "cli/draw/figure_parts.h"

#include "cli/draw/axis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool figure_shows(const figure_axis *axis, double value) {
  return axis_shows(axis->log, value);
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

static void include(figure_range *range, double value) {
  if (!axis_shows(range->log, value))
    return;
  range->low = fmin(range->low, value);
  range->high = fmax(range->high, value);
}

/* The place of a point, not the edge of its band, which may be anywhere about a count. */
static void include_place(figure_range *range, double value) {
  range->whole = range->whole && value == rint(value);
  include(range, value);
}

/* Some room on both sides; none below 0 for what is not negative. */
static void widen(figure_range *range, double part) {
  if (range->log) {
    const double factor = range->high > range->low ? pow(range->high / range->low, part) : 2.0;
    range->low /= factor;
    range->high *= factor;
    return;
  }
  const double span = range->high - range->low;
  const double room =
      span > 0.0 ? part * span : fmax(0.1 * fabs(range->high), range->high == 0.0 ? 1.0 : 0.0);
  range->low = range->low >= 0.0 ? fmax(range->low - room, 0.0) : range->low - room;
  range->high += room;
  if (range->whole && floor(range->high) - ceil(range->low) < 1.0) { /* two numbers at least */
    range->high = floor(range->high) + 1.0;
    range->low = fmax(ceil(range->low) - 1.0, range->low >= 0.0 ? 0.0 : -INFINITY);
  }
}

double figure_decades(const figure_range *range) {
  return fmax(axis_step(log10(range->high / range->low) / range->room), 1.0);
}

/* The end moved outwards, by whole (floor or ceil), to a number that is short to write: of a long
 * range a power of ten, else a number not far away for its length. */
static double round_end(const figure_range *range, double end, double (*whole)(double)) {
  const double ratio = range->high / range->low, step = figure_decades(range);
  const double power = pow(10.0, floor(log10(end)));
  const double near = fmin(axis_step(end * (pow(ratio, 0.05) - 1.0)), power);
  const double unit = range->whole ? fmax(near, 1.0) : near;
  const double at =
      ratio >= 1e6 ? pow(10.0, step * whole(log10(end) / step)) : unit * whole(end / unit);
  const double found = isnormal(at) ? at : end;
  return range->whole ? fmax(found, 1.0) : found;
}

/* A logarithmic axis ends at numbers that are short to write: of an axis with few round ones they
 * are its labels. */
static void round_ends(figure_range *range) {
  if (!range->log)
    return;
  const double low = round_end(range, range->low, floor);
  range->high = round_end(range, range->high, ceil);
  range->low = low;
  range->ends = true;
}

static bool shown(const figure *f, const figure_point *point) {
  return figure_shows(&f->x, point->x) && figure_shows(&f->y, point->y);
}

static bool cell_shown(const figure *f, const figure_cell *cell) {
  return figure_shows(&f->x, cell->x) && figure_shows(&f->y, cell->y) &&
         figure_shows(&f->value, cell->value);
}

static double place_of(const figure_cell *cell, bool upwards) {
  return upwards ? cell->y : cell->x;
}

/* The next place of a drawn cell above (sign 1) or below (-1) this one; infinite when there is
 * none. alone: only cells of its own row, or of its column, count. */
static double neighbour(const figure *f, const figure_cell *cell, bool upwards, bool alone,
                        double sign) {
  const double from = place_of(cell, upwards);
  double best = INFINITY;
  for (size_t i = 0; i < f->cells; i++) {
    const figure_cell *other = &f->cell[i];
    if (alone && place_of(other, !upwards) != place_of(cell, !upwards))
      continue;
    const double distance = sign * (place_of(other, upwards) - from);
    if (distance > 0.0 && distance < best && cell_shown(f, other))
      best = distance;
  }
  return from + sign * best;
}

/* Half of the least distance of two places: so far the outermost cells reach outwards, where
 * nothing was computed. */
static double least_half(const figure *f, bool upwards) {
  const bool log = upwards ? f->y.log : f->x.log;
  double least = INFINITY;
  for (size_t i = 0; i < f->cells; i++) {
    const double from = place_of(&f->cell[i], upwards);
    const double next = neighbour(f, &f->cell[i], upwards, false, 1.0);
    if (cell_shown(f, &f->cell[i]) && isfinite(next))
      least = fmin(least, 0.5 * (log ? log10(next) - log10(from) : next - from));
  }
  return least;
}

static void edges_of(const figure *f, const figure_cell *cell, bool upwards, bool own,
                     double *edge) {
  const bool log = upwards ? f->y.log : f->x.log;
  const double below = neighbour(f, cell, upwards, own, -1.0);
  const double above = neighbour(f, cell, upwards, own, 1.0);
  const double from = place_of(cell, upwards), at = log ? log10(from) : from;
  double down = isfinite(below) ? 0.5 * (at - (log ? log10(below) : below)) : INFINITY;
  double up = isfinite(above) ? 0.5 * ((log ? log10(above) : above) - at) : INFINITY;
  const double alone = log ? 0.15 : 0.5;
  const double outer = own ? fmin(down, up) : least_half(f, upwards);
  down = isfinite(down) ? down : isfinite(outer) ? outer : alone;
  up = isfinite(up) ? up : isfinite(outer) ? outer : down;
  edge[0] = log ? pow(10.0, at - down) : from >= 0.0 ? fmax(at - down, 0.0) : at - down;
  edge[1] = log ? pow(10.0, at + up) : at + up;
}

void figure_edges(const figure *f, const figure_layout *layout, const figure_cell *cell,
                  double edge[4]) {
  edges_of(f, cell, false, layout->alone[0], edge);
  edges_of(f, cell, true, layout->alone[1], edge + 2);
}

/* How many different places there are to the right or upwards. */
static size_t places(const figure *f, bool upwards) {
  size_t count = 0;
  for (size_t i = 0; i < f->cells; i++) {
    size_t before = 0;
    while (before < i && place_of(&f->cell[before], upwards) != place_of(&f->cell[i], upwards))
      before++;
    count += before == i;
  }
  return count;
}

/* Whether six digits are all that it has. */
static bool is_short(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.6g", value);
  return fabs(strtod(text, NULL) - value) <= 1e-9 * fabs(value);
}

/* Pixels between the middles of two labels that do not touch: a digit takes about 11, a line 24. */
static double label_gap(double a, double b, bool upwards) {
  char text[64];
  return upwards ? 24.0 : 10.0 + 5.5 * snprintf(text, sizeof text, "%g%g", a, b);
}

/* The axis' tics are at its places, from the last one down as many as have room; where there are
 * too many, or their numbers are long, at round numbers. */
static void find_places(const figure *f, figure_range *range, bool upwards) {
  const double pixels =
      upwards ? (double)figure_height(f) - 127.0 : (double)figure_width(f) - 190.0;
  double last = INFINITY, kept[FIGURE_PLACES];
  size_t count = 0;
  if (places(f, upwards) > FIGURE_PLACES)
    return;
  for (;;) {
    double next = -INFINITY;
    for (size_t i = 0; i < f->cells; i++) {
      const double at = place_of(&f->cell[i], upwards);
      if (cell_shown(f, &f->cell[i]) && at < last)
        next = fmax(next, at);
    }
    if (!isfinite(next))
      break;
    last = next;
    if (!is_short(next))
      return;
    const double way = count == 0
                           ? INFINITY
                           : axis_place(range->log, range->low, range->high, kept[count - 1]) -
                                 axis_place(range->log, range->low, range->high, next);
    if (way * pixels > label_gap(next, kept[count > 0 ? count - 1 : 0], upwards))
      kept[count++] = next;
  }
  range->places = count;
  for (size_t i = 0; i < count; i++)
    range->place[i] = kept[count - 1 - i];
}

static void lay_out_map(const figure *f, figure_layout *layout) {
  const size_t columns = places(f, false), rows = places(f, true);
  const bool full = 2 * f->cells >= columns * rows;
  layout->alone[0] = !full && columns >= rows;
  layout->alone[1] = !full && columns < rows;
  for (size_t i = 0; i < f->cells; i++) {
    double edge[4];
    if (!cell_shown(f, &f->cell[i]))
      continue;
    layout->drawn++;
    figure_edges(f, layout, &f->cell[i], edge);
    for (size_t k = 0; k < 4; k++)
      include(k < 2 ? &layout->x : &layout->y, edge[k]);
    include(&layout->value, f->cell[i].value);
  }
  if (layout->drawn > 0) {
    find_places(f, &layout->x, false);
    find_places(f, &layout->y, true);
  }
  if (layout->drawn > 0 && layout->value.low == layout->value.high)
    widen(&layout->value, 0.0);
  for (size_t c = 0; c < f->curves; c++)
    if (f->curve[c].label[0] != '\0')
      layout->key = "above"; /* cells are everywhere else */
}

/* ---- The legend ------------------------------------------------------------------------------ */

/* A box in the plane where the plot is [0, 1]^2. */
typedef struct box {
  double left, right, bottom, top;
} box;

static double place(const figure_range *range, double value) {
  return axis_place(range->log, range->low, range->high, value);
}

/* A point in that plane, with its band's lower and upper edge; what cannot be shown is at the
 * border. */
typedef struct spot {
  double at, low, high;
} spot;

static spot find_spot(const figure_layout *l, const figure_point *p) {
  const double low = isfinite(p->low) ? fmin(p->y, p->low) : p->y;
  const double high = isfinite(p->high) ? fmax(p->y, p->high) : p->y;
  return (spot){place(&l->x, p->x), l->y.log && low <= 0.0 ? 0.0 : place(&l->y, low),
                place(&l->y, high)};
}

static bool covered(const figure *f, const figure_layout *l, const box *b) {
  enum { PIECES = 32 }; /* of the line between two points */
  for (size_t c = 0; c < f->curves; c++)
    for (size_t i = 0; i < f->curve[c].points; i++) {
      const figure_point *p = &f->curve[c].point[i];
      const figure_point *q = i + 1 < f->curve[c].points ? p + 1 : p;
      if (!shown(f, p) || !shown(f, q))
        continue;
      const spot from = find_spot(l, p), to = find_spot(l, q);
      for (int k = 0; k <= PIECES; k++) {
        const double t = (double)k / PIECES, at = from.at + t * (to.at - from.at);
        if (at > b->left && at < b->right && from.low + t * (to.low - from.low) < b->top &&
            from.high + t * (to.high - from.high) > b->bottom)
          return true;
      }
    }
  return false;
}

static void find_key(const figure *f, figure_layout *l) {
  size_t longest = 0, labels = 0;
  for (size_t c = 0; c < f->curves; c++) {
    const size_t length = figure_seen(f->curve[c].label);
    labels += length > 0;
    longest = length > longest ? length : longest;
  }
  if (f->guide != NULL) {
    const size_t length = figure_seen(f->guide_label);
    labels++;
    longest = length > longest ? length : longest;
  }
  if (labels == 0)
    return;
  /* Of the plot: the figure without labels and numbers, which take as much of a small one. */
  const double across = (double)figure_width(f), up = (double)figure_height(f);
  const double width = (83.0 + 11.5 * (double)longest) / fmax(across - 190.0, 0.5 * across);
  const double height = (22.0 + 27.8 * (double)labels) / fmax(up - 127.0, 0.5 * up);
  const struct {
    const char *key;
    box box;
  } places[] = {
      {"left top", {0.0, width, 1.0 - height, 1.0}},
      {"right top", {1.0 - width, 1.0, 1.0 - height, 1.0}},
      {"right bottom", {1.0 - width, 1.0, 0.0, height}},
      {"left bottom", {0.0, width, 0.0, height}},
      {"right center", {1.0 - width, 1.0, 0.5 - 0.5 * height, 0.5 + 0.5 * height}},
      {"left center", {0.0, width, 0.5 - 0.5 * height, 0.5 + 0.5 * height}},
  };
  for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
    if (!covered(f, l, &places[i].box)) {
      l->key = places[i].key;
      return;
    }
  if (width > 0.5 && height <= 0.5) { /* beside the plot they would leave too little of it */
    l->key = "tmargin left vertical maxcols 1";
    l->y.room *= 1.0 - height;
    return;
  }
  l->key = "outside right top";
  l->x.room *= fmax(1.0 - width, 0.2);
}

void figure_lay_out(const figure *f, figure_layout *layout) {
  const figure_range none = {.low = INFINITY,
                             .high = -INFINITY,
                             .whole = f->cells == 0,
                             .room = (double)figure_height(f) / 40.0};
  *layout = (figure_layout){none, none, none, 0, "off", {false, false}};
  layout->x.room = (double)figure_width(f) / 80.0;
  layout->x.log = f->x.log;
  layout->y.log = f->y.log;
  layout->value.log = f->value.log;
  if (f->cells > 0) {
    lay_out_map(f, layout);
    return;
  }
  for (size_t c = 0; c < f->curves; c++)
    for (size_t i = 0; i < f->curve[c].points; i++) {
      const figure_point *point = &f->curve[c].point[i];
      if (!shown(f, point))
        continue;
      layout->drawn++;
      include_place(&layout->x, point->x);
      include_place(&layout->y, point->y);
      include(&layout->y, point->high);
      /* A band that reaches almost to 0 must not pull a logarithmic axis after it. */
      if (isfinite(point->low))
        include(&layout->y, layout->y.log ? fmax(point->low, 0.3 * point->y) : point->low);
    }
  if (layout->drawn == 0)
    return;
  if (!layout->y.log && layout->y.low > 0.0 && layout->y.low < 0.5 * layout->y.high)
    layout->y.low = 0.0;
  widen(&layout->x, 0.03);
  widen(&layout->y, 0.05);
  round_ends(&layout->x);
  round_ends(&layout->y);
  find_key(f, layout);
}
