#include "cli/draw/svg.h"

#include "cli/draw/axis.h"

#include <math.h>

enum { WIDTH = 760, HEIGHT = 400 };

/* Okabe and Ito's colours, which colour-blind readers tell apart; dashes and shapes tell them apart
 * without colour. A wide pale line under a thin dark one shows both where they coincide. */
static const struct style {
  const char *colour, *dash;
  double width;
} styles[SVG_CURVES] = {
    {"#0072B2", "none", 2.0}, {"#D55E00", "8 4", 2.0},      {"#009E73", "none", 5.0},
    {"#000000", "2 3", 1.6},  {"#CC79A7", "10 3 2 3", 2.0}, {"#E69F00", "5 2", 2.0},
};

bool svg_shows(const svg_axis *axis, double value) {
  return axis_shows(axis->log, value);
}

void svg_include(svg_axis *axis, double value) {
  if (!svg_shows(axis, value))
    return;
  axis->low = fmin(axis->low, value);
  axis->high = fmax(axis->high, value);
}

static double place(const svg_axis *axis, double value) {
  return axis_place(axis->log, axis->low, axis->high, value);
}

static double across(const svg_plot *p, double x) {
  return p->left + p->width * place(&p->x, x);
}

static double down(const svg_plot *p, double y) {
  return p->top + p->height * (1.0 - place(&p->y, y));
}

/* ---- Axes ------------------------------------------------------------------------------------ */

/* Room on both sides, and an interval even where all values are one. */
static void widen(svg_axis *axis) {
  if (!(axis->high >= axis->low)) {
    axis->low = 1.0;
    axis->high = 10.0;
  }
  if (axis->log) {
    const double factor = axis->high > axis->low ? pow(axis->high / axis->low, 0.04) : 2.0;
    axis->low /= factor;
    axis->high *= factor;
  } else {
    const double room = axis->high > axis->low ? 0.03 * (axis->high - axis->low) : 1.0;
    axis->low -= axis->low == 0.0 ? 0.0 : room;
    axis->high += room;
  }
}

/* A logarithmic axis ends at labels: what is beyond the outermost one could be guessed only. */
static void round_ends(svg_axis *axis) {
  if (!axis->log || axis->tics > 0)
    return;
  const double decades = log10(axis->high / axis->low);
  const int every = decades >= 2.0 ? 1 + (int)(decades / 9.0) : 0;
  const double low = every > 0 ? pow(10.0, every * floor(log10(axis->low) / every))
                               : 1.0 / axis_step(1.0 / axis->low);
  const double high =
      every > 0 ? pow(10.0, every * ceil(log10(axis->high) / every)) : axis_step(axis->high);
  axis->every = every;
  axis->low = isnormal(low) ? low : axis->low;
  axis->high = isnormal(high) ? high : axis->high;
}

static void tic(const svg_plot *p, bool upwards, double value, int power) {
  if (upwards) {
    const double at = down(p, value);
    fprintf(p->out, "<path d='M%.1f %.1fh%.1f' stroke='#ddd'/>", p->left, at, p->width);
    fprintf(p->out, "<text x='%.1f' y='%.1f' text-anchor='end'>", p->left - 7.0, at + 4.5);
  } else {
    const double at = across(p, value);
    fprintf(p->out, "<path d='M%.1f %.1fv%.1f' stroke='#ddd'/>", at, p->top, p->height);
    fprintf(p->out, "<text x='%.1f' y='%.1f' text-anchor='middle'>", at, p->top + p->height + 19.0);
  }
  if (power != 0)
    fprintf(p->out, "10<tspan dy='-5' font-size='10'>%s%d</tspan></text>\n",
            power < 0 ? "&#8722;" : "", power < 0 ? -power : power);
  else
    fprintf(p->out, "%.6g</text>\n", value);
}

/* Powers of ten; on a short axis 1, 2 and 5 times them. */
static void log_tics(const svg_plot *p, bool upwards) {
  const svg_axis *axis = upwards ? &p->y : &p->x;
  static const double leads[] = {1.0, 2.0, 5.0};
  const int first = (int)floor(log10(axis->low) + 1e-9),
            last = (int)floor(log10(axis->high) + 1e-9);
  for (int k = first; k <= last; k += axis->every > 0 ? axis->every : 1)
    for (int i = 0; i < (axis->every > 0 ? 1 : 3); i++) {
      const double value = leads[i] * pow(10.0, k), least = 1.0 - 1e-9;
      if (value >= least * axis->low && least * value <= axis->high)
        tic(p, upwards, value, axis->every > 0 && (k < -3 || k > 4 || upwards) ? k : 0);
    }
}

static void linear_tics(const svg_plot *p, bool upwards) {
  const svg_axis *axis = upwards ? &p->y : &p->x;
  const double step = axis_step((axis->high - axis->low) / 6.0);
  const int first = (int)ceil(axis->low / step), last = (int)floor(axis->high / step);
  for (int k = first; k <= last; k++)
    tic(p, upwards, k * step, 0);
}

static void put_tics(const svg_plot *p, const svg_axis *axis, bool upwards) {
  for (size_t i = 0; i < axis->tics; i++)
    tic(p, upwards, axis->tic[i], 0);
  if (axis->tics == 0 && axis->log)
    log_tics(p, upwards);
  else if (axis->tics == 0)
    linear_tics(p, upwards);
}

void svg_begin(svg_plot *p, const char *description) {
  widen(&p->x);
  widen(&p->y);
  round_ends(&p->x);
  round_ends(&p->y);
  p->left = 74.0;
  p->top = 12.0;
  p->width = WIDTH - p->left - 16.0;
  p->height = HEIGHT - p->top - 52.0;
  fprintf(p->out,
          "<svg viewBox='0 0 %d %d' width='%d' role='img' font-size='14' fill='none'>\n"
          "<title>%s</title>\n<g fill='#222'>\n",
          WIDTH, HEIGHT, WIDTH, description);
  put_tics(p, &p->x, false);
  put_tics(p, &p->y, true);
  fprintf(p->out, "<text x='%.1f' y='%d' text-anchor='middle'>%s</text>\n",
          p->left + 0.5 * p->width, HEIGHT - 8, p->x.label);
  fprintf(p->out,
          "<text transform='translate(16 %.1f) rotate(-90)' text-anchor='middle'>%s</text></g>\n",
          p->top + 0.5 * p->height, p->y.label);
  fprintf(p->out, "<path d='M%.1f %.1fv%.1fh%.1f' stroke='#222'/>\n", p->left, p->top, p->height,
          p->width);
}

void svg_end(const svg_plot *p) {
  fputs("</svg>\n", p->out);
}

/* ---- Curves ---------------------------------------------------------------------------------- */

void svg_line(const svg_plot *p, size_t curve, size_t count, const double *x, const double *y) {
  const struct style *s = &styles[curve % SVG_CURVES];
  const char *command = "M";
  fprintf(p->out, "<path stroke='%s' stroke-width='%g' stroke-dasharray='%s'%s d='", s->colour,
          s->width, s->dash, s->width > 4.0 ? " stroke-opacity='0.5'" : "");
  for (size_t i = 0; i < count; i++) {
    if (!svg_shows(&p->x, x[i]) || !svg_shows(&p->y, y[i])) {
      command = "M";
      continue;
    }
    fprintf(p->out, "%s%.1f %.1f", command, across(p, x[i]), down(p, y[i]));
    command = "L";
  }
  fputs("'/>\n", p->out);
}

/* Circle, square, triangle, diamond, then the first two open. */
static void shape(FILE *out, size_t curve, double x, double y) {
  const char *colour = styles[curve % SVG_CURVES].colour;
  switch (curve % SVG_CURVES) {
  case 0:
    fprintf(out, "<circle cx='%.1f' cy='%.1f' r='5' fill='%s'/>", x, y, colour);
    break;
  case 1:
    fprintf(out, "<path d='M%.1f %.1fh9v9h-9z' fill='%s'/>", x - 4.5, y - 4.5, colour);
    break;
  case 2:
    fprintf(out, "<path d='M%.1f %.1fl5.5 9.5h-11z' fill='%s'/>", x, y - 6.0, colour);
    break;
  case 3:
    fprintf(out, "<path d='M%.1f %.1fl5.5 5.5l-5.5 5.5l-5.5 -5.5z' fill='%s'/>", x, y - 5.5,
            colour);
    break;
  case 4:
    fprintf(out, "<circle cx='%.1f' cy='%.1f' r='5' fill='#fff' stroke='%s' stroke-width='2'/>", x,
            y, colour);
    break;
  default:
    fprintf(out, "<path d='M%.1f %.1fh9v9h-9z' fill='#fff' stroke='%s' stroke-width='2'/>", x - 4.5,
            y - 4.5, colour);
  }
}

void svg_points(const svg_plot *p, size_t curve, size_t count, const double *x, const double *y) {
  for (size_t i = 0; i < count; i++)
    if (svg_shows(&p->x, x[i]) && svg_shows(&p->y, y[i]))
      shape(p->out, curve, across(p, x[i]), down(p, y[i]));
  fputc('\n', p->out);
}

void svg_sample(FILE *out, size_t curve, bool line) {
  const struct style *s = &styles[curve % SVG_CURVES];
  fputs("<svg width='36' height='14' aria-hidden='true' fill='none'>", out);
  if (line)
    fprintf(out, "<path d='M1 7h34' stroke='%s' stroke-width='%g' stroke-dasharray='%s'%s/>",
            s->colour, s->width, s->dash, s->width > 4.0 ? " stroke-opacity='0.5'" : "");
  else
    shape(out, curve, 18.0, 7.0);
  fputs("</svg>", out);
}
