/* A figure inside a page: SVG written by hand. */
#include "cli/draw/axis.h"
#include "cli/draw/figure_parts.h"

#include <math.h>
#include <string.h>

const figure_look figure_looks[FIGURE_COLOURS] = {
    {"#0072B2", 7, 6, "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z", "none", 2.0},
    {"#D55E00", 5, 4, "M-4.5 -4.5h9v9h-9z", "8 4", 2.0},
    {"#009E73", 9, 8, "M0 -6l5.5 9.5h-11z", "none", 5.0},
    {"#CC79A7", 13, 12, "M0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z", "2 3", 2.0},
    {"#E69F00", 11, 10, "M0 6l5.5 -9.5h-11z", "10 3 2 3", 2.0},
    {"#56B4E9", 15, 14, "M0 -5.5l5.2 3.8l-2 6.2h-6.4l-2 -6.2z", "5 2", 2.0},
    {"#000000", 2, 1, "M-4 -4l8 8M4 -4l-8 8", "2 2", 2.0},
};

const figure_look *figure_look_of(const figure *f, size_t c, bool *again) {
  const size_t like = f->curve[c].like > 0 ? f->curve[c].like - 1 : c;
  *again = like % FIGURE_CURVES >= FIGURE_COLOURS;
  return &figure_looks[like % FIGURE_COLOURS];
}

/* The plane within the figure, in its units. */
enum { WIDTH = 760, HEIGHT = 376, LEFT = 74, TOP = 12, ACROSS = 656, DOWN = 336 };
/* About the width of a digit: of 14 units, and of 22, which a narrow page has (show/page.c). */
enum { DIGIT = 9, DIGIT_NARROW = 14 };

typedef struct plane {
  const figure *f;
  figure_layout layout;
  FILE *out;
} plane;

static double place(const figure_range *range, double value) {
  return axis_place(range->log, range->low, range->high, value);
}

static double across(const plane *p, double x) {
  return LEFT + ACROSS * place(&p->layout.x, x);
}

static double down(const plane *p, double y) {
  return TOP + DOWN * (1.0 - place(&p->layout.y, y));
}

/* ---- Axes ------------------------------------------------------------------------------------ */

/* About how many digits' width it takes; out NULL: that alone. */
static double put_number(bool powers, double value, FILE *out) {
  char text[32], lead[32] = "";
  const double power = powers && value != 0.0 ? figure_power(value) : 0.0;
  const int length = snprintf(text, sizeof text, "%.6g", value);
  if (!powers || value == 0.0) {
    if (out != NULL)
      fprintf(out, "%s</text>\n", text);
    return length;
  }
  snprintf(lead, sizeof lead, "%.6g", value / pow(10.0, power));
  const bool alone = strcmp(lead, "1") == 0;
  if (out != NULL)
    fprintf(out, "%s%s10<tspan dy='-.36em' font-size='70%%'>%s%.0f</tspan></text>\n",
            alone ? "" : lead, alone ? "" : "×", power < 0.0 ? "&#8722;" : "", fabs(power));
  return (alone ? 2.0 : 3.0 + (double)strlen(lead)) +
         0.7 * snprintf(text, sizeof text, "%.0f", power);
}

/* Which labels below the plane do not touch, if a digit is so wide: of a logarithmic axis powers of
 * ten before its ends and these before others. */
static void find_room(const plane *p, const figure_tics *t, double digit, bool *kept) {
  const bool powers = figure_in_powers(t);
  for (int rank = 0; rank < 3; rank++)
    for (size_t i = 0; i < t->count; i++) {
      const bool end = i >= t->round;
      const bool ten = fabs(t->at[i] / pow(10.0, figure_power(t->at[i])) - 1.0) < 1e-9;
      if (rank != (!p->layout.x.log || ten ? 0 : end ? 1 : 2))
        continue;
      kept[i] = true;
      for (size_t j = 0; j < t->count; j++) {
        const double width =
            0.5 * (put_number(powers, t->at[i], NULL) + put_number(powers, t->at[j], NULL)) + 0.7;
        if (j != i && kept[j] && fabs(across(p, t->at[i]) - across(p, t->at[j])) < digit * width)
          kept[i] = false;
      }
    }
}

static void put_tics_across(const plane *p) {
  bool kept[FIGURE_TICS] = {false}, narrow[FIGURE_TICS] = {false};
  figure_tics t;
  figure_find_tics(&p->layout.x, &t);
  find_room(p, &t, DIGIT, kept);
  find_room(p, &t, DIGIT_NARROW, narrow);
  for (size_t i = 0; i < t.count; i++) {
    const double at = across(p, t.at[i]);
    fprintf(p->out, "<path d='M%.1f %dv%d' stroke='#ddd'/>", at, TOP, DOWN);
    if (!kept[i] && !narrow[i])
      continue;
    fprintf(p->out, "<text x='%.1f' y='%d' dy='1.35em' text-anchor='middle'%s>", at, TOP + DOWN,
            narrow[i] ? "" : " class='wide'");
    put_number(figure_in_powers(&t), t.at[i], p->out);
  }
}

static void put_tics_upwards(const plane *p) {
  figure_tics t;
  figure_find_tics(&p->layout.y, &t);
  for (size_t i = 0; i < t.count; i++) {
    const double at = down(p, t.at[i]);
    fprintf(p->out,
            "<path d='M%d.0 %.1fh%d.0' stroke='#ddd'/><text x='%d' y='%.1f' dy='.32em' "
            "text-anchor='end'>",
            LEFT, at, ACROSS, LEFT - 7, at);
    put_number(figure_in_powers(&t), t.at[i], p->out);
  }
}

/* ---- Curves ---------------------------------------------------------------------------------- */

static void begin_line(const figure_look *look, bool plain, FILE *out) {
  const double width = plain ? look->width : 2.0;
  fprintf(out, "<path stroke='%s' stroke-width='%g' stroke-dasharray='%s'%s d='", look->colour,
          width, plain ? look->dash : "none", width > 4.0 ? " stroke-opacity='0.5'" : "");
}

static void put_shape(const figure_look *look, bool open, double x, double y, FILE *out) {
  fprintf(out, "<path transform='translate(%.1f %.1f)' d='%s' fill='%s' stroke='%s'/>", x, y,
          look->shape, open ? "#fff" : look->colour, look->colour);
}

/* Of a band the edge at that point, which may lie below what a logarithmic axis shows. */
static double edge(const plane *p, double value) {
  return down(p, fmax(value, p->layout.y.low));
}

static bool in_band(const plane *p, const figure_point *point) {
  return figure_shows(&p->f->x, point->x) && isfinite(point->low) && isfinite(point->high);
}

static bool has_line(figure_style style) {
  return style != FIGURE_SHAPES;
}

static bool has_shapes(figure_style style) {
  return style == FIGURE_BOTH || style == FIGURE_SHAPES;
}

/* There along the upper edge and back along the lower one. In steps: a count that rises is at most
 * what it may be at the next point, and at least what it is at the one before. */
static void put_band(const plane *p, size_t c) {
  const figure_curve *curve = &p->f->curve[c];
  bool again;
  const char *command = "M";
  size_t points = 0;
  for (size_t i = 0; i < curve->points; i++)
    points += in_band(p, &curve->point[i]);
  if (points < 2)
    return;
  fprintf(p->out, "<path fill='%s' fill-opacity='0.25' d='",
          figure_look_of(p->f, c, &again)->colour);
  for (size_t i = 0; i < 2 * curve->points; i++) {
    const bool back = i >= curve->points;
    const figure_point *point = &curve->point[back ? 2 * curve->points - 1 - i : i];
    if (!in_band(p, point))
      continue;
    const double x = across(p, point->x), y = edge(p, back ? point->low : point->high);
    if (curve->style == FIGURE_STEPS && *command == 'L')
      fprintf(p->out, "V%.1fH%.1f", y, x);
    else
      fprintf(p->out, "%s%.1f %.1f", command, x, y);
    command = "L";
  }
  fputs("z'/>\n", p->out);
}

static bool shown(const plane *p, const figure_point *point) {
  return figure_shows(&p->f->x, point->x) && figure_shows(&p->f->y, point->y);
}

/* Whether the step at point i is at the place of the next one, where a single rise shows both. */
static bool goes_on(const plane *p, const figure_curve *curve, size_t i) {
  return i > 0 && i + 1 < curve->points && shown(p, &curve->point[i + 1]) &&
         round(10.0 * across(p, curve->point[i].x)) ==
             round(10.0 * across(p, curve->point[i + 1].x));
}

static void put_line(const plane *p, const figure_curve *curve) {
  const char *command = "M";
  for (size_t i = 0; i < curve->points; i++) {
    const figure_point *point = &curve->point[i];
    if (!shown(p, point)) {
      command = "M";
      continue;
    }
    const double x = across(p, point->x), y = down(p, point->y);
    if (curve->style != FIGURE_STEPS || *command == 'M')
      fprintf(p->out, "%s%.1f %.1f", command, x, y);
    else if (!goes_on(p, curve, i))
      fprintf(p->out, "H%.1fV%.1f", x, y);
    command = "L";
  }
}

static void put_curve(const plane *p, size_t c) {
  const figure_curve *curve = &p->f->curve[c];
  bool again;
  const figure_look *look = figure_look_of(p->f, c, &again);
  if (has_line(curve->style)) {
    begin_line(look, !has_shapes(curve->style), p->out);
    put_line(p, curve);
    fputs("'/>\n", p->out);
  }
  for (size_t i = 0; i < curve->points && has_shapes(curve->style); i++)
    if (shown(p, &curve->point[i]))
      put_shape(look, again, across(p, curve->point[i].x), down(p, curve->point[i].y), p->out);
}

/* ---- The figure ------------------------------------------------------------------------------ */

bool figure_has_points(const figure *f) {
  figure_layout layout;
  figure_lay_out(f, &layout);
  return layout.drawn > 0;
}

void figure_svg(const figure *f, const char *description, FILE *out) {
  figure sized = *f;
  sized.width = WIDTH;
  sized.height = HEIGHT;
  plane p = {.f = f, .out = out};
  figure_lay_out(&sized, &p.layout);
  p.layout.x.room = (double)figure_width(&sized) / 80.0; /* the key is above, never at the right */
  if (p.layout.drawn == 0)
    return;
  fprintf(out,
          "<svg viewBox='0 0 %d %d' width='%d' role='img' font-size='14' fill='none'>\n"
          "<title>%s</title>\n<g fill='#222'>\n",
          WIDTH, HEIGHT, WIDTH, description);
  put_tics_across(&p);
  put_tics_upwards(&p);
  fprintf(out, "</g>\n<path d='M%d %dv%dh%d' stroke='#222'/>\n", LEFT, TOP, DOWN, ACROSS);
  for (size_t c = 0; c < f->curves; c++) /* first, so that no curve lies under one */
    put_band(&p, c);
  for (size_t c = 0; c < f->curves; c++)
    put_curve(&p, c);
  fputs("</svg>\n", out);
}

void figure_sample(const figure *f, size_t c, FILE *out) {
  const figure_style style = f->curve[c].style;
  bool again;
  const figure_look *look = figure_look_of(f, c, &again);
  fputs("<svg width='36' height='14' aria-hidden='true' fill='none'>", out);
  if (has_line(style)) {
    begin_line(look, !has_shapes(style), out);
    fputs("M1 7h34'/>", out);
  }
  if (has_shapes(style))
    put_shape(look, again, 18.0, 7.0, out);
  fputs("</svg>", out);
}
