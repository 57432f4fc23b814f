/* gnuplot's commands for a figure, for people to read and change. */
#include "cli/draw/figure_parts.h"

#include <math.h>
#include <string.h>

/* text and suffix in single quotes: there gnuplot reads everything as it is but the quote. */
static void put_quoted(const char *text, const char *suffix, FILE *out) {
  fputc('\'', out);
  for (; *text != '\0'; text++) {
    if (*text == '\'')
      fputc('\'', out);
    fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
  }
  fprintf(out, "%s'", suffix);
}

static void put_label(const char *what, const char *text, FILE *out) {
  if (text == NULL || *text == '\0')
    return;
  fprintf(out, "set %s ", what);
  put_quoted(text, "", out);
  fputc('\n', out);
}

/* A number where the others are powers of ten, or stand in full. */
static void put_end(const figure_tics *t, double at, FILE *out) {
  if (!figure_in_powers(t)) {
    fprintf(out, "'%.10g' %.10g", at, at);
    return;
  }
  const double power = figure_power(at), lead = at / pow(10.0, power);
  fputc('\'', out);
  if (fabs(lead - 1.0) > 1e-9)
    fprintf(out, "%.3g×", lead);
  fprintf(out, "10^{%.0f}' %.10g", power, at);
}

/* Small tics at powers of ten between labels that are farther apart: gnuplot's own between 1 and
 * 100 are 10, 20, ..., 90, a decade with and one without. */
static void put_decades(const char *name, const figure_range *range, FILE *out) {
  enum { MOST = 60 }; /* more are a grey bar */
  const double first = ceil(log10(range->low)), last = floor(log10(range->high));
  bool begun = false;
  fprintf(out, "unset m%stics\n", name);
  for (double k = first; k <= last && last - first <= MOST; k += 1.0) {
    if (fmod(k, figure_decades(range)) == 0.0)
      continue; /* its label would be this one's, none */
    if (begun)
      fputs(", ", out);
    else
      fprintf(out, "set %stics add (", name);
    fprintf(out, "'' 1e%.0f 1", k);
    begun = true;
  }
  if (begun)
    fputs(")\n", out);
}

/* Powers of ten as a series, into which gnuplot puts small tics: one beyond either end of the axis,
 * for what is left of a decade there; and ends. */
static void put_powers(const char *name, const figure_range *range, const figure_tics *t,
                       FILE *out) {
  if (t->round > 0) {
    const double step = pow(10.0, figure_decades(range)), first = t->at[0] / step,
                 last = t->at[t->round - 1] * step;
    fprintf(out, "set %stics %.10g,%.10g,%.10g\n", name, isnormal(first) ? first : t->at[0], step,
            isnormal(last) ? last : t->at[t->round - 1]);
    if (step > 10.0)
      put_decades(name, range, out);
  }
  for (size_t i = t->round; i < t->count; i++) {
    fprintf(out, "set %stics %s(", name, i > 0 ? "add " : "");
    put_end(t, t->at[i], out);
    fputs(")\n", out);
  }
}

/* About how many characters of full size are seen of a value. */
static double tic_width(const figure_tics *t, double value) {
  char text[32];
  if (t->powers && figure_in_powers(t))
    return 2.0 + 0.8 * snprintf(text, sizeof text, "%.0f", floor(log10(value)));
  if (strcmp(t->format, "%h") != 0)
    return snprintf(text, sizeof text, "%.10g", value);
  const int length = snprintf(text, sizeof text, "%g", value);
  return strchr(text, 'e') != NULL ? length + 2 : length;
}

/* "set xtics ..." and "set format x ..." for an axis called name; how many characters of full size
 * the longest tic's label takes. */
static double put_tics(const char *name, const figure_range *range, FILE *out) {
  figure_tics t;
  figure_find_tics(range, &t);
  if (!range->log && range->places == 0) {
    fprintf(out, "set %stics %.10g\n", name, t.step);
  } else if (t.powers && range->ends) {
    put_powers(name, range, &t, out);
  } else if (!t.powers) {
    fprintf(out, "set %stics (", name);
    for (size_t i = 0; i < t.count; i++)
      fprintf(out, "%s%.10g", i > 0 ? ", " : "", t.at[i]);
    fputs(")\n", out);
  }
  fprintf(out, "set format %s '%s'\n", name, t.format);
  double widest = 0.0;
  for (size_t i = 0; i < t.count; i++)
    widest = fmax(widest, tic_width(&t, t.at[i]));
  return widest;
}

/* The longest tic's characters. */
static double put_scale(const char *name, const figure_range *range, FILE *out) {
  if (range->log)
    fprintf(out, "set logscale %s\n", name);
  if (range->ends) /* gnuplot would leave out tics at the ends where it rounds logarithms inwards */
    fprintf(out, "set %srange [%.10g*(1-1e-6):%.10g*(1+1e-6)]\n", name, range->low, range->high);
  else
    fprintf(out, "set %srange [%.10g:%.10g]\n", name, range->low, range->high);
  return put_tics(name, range, out);
}

static void put_axis(const char *name, const figure_axis *axis, const figure_range *range,
                     FILE *out) {
  char what[16];
  snprintf(what, sizeof what, "%slabel", name);
  put_label(what, axis->label, out);
  (void)put_scale(name, range, out);
}

/* The bar beside a map and its label, in characters from the map's edge. gnuplot's own cblabel
 * counts characters that are not seen, and takes all for narrower than they are. */
static void put_bar(const figure *f, const figure_range *range, FILE *out) {
  const figure_axis *axis = &f->value;
  const double gap = (double)figure_width(f) / 600.0; /* 0.02 of the map */
  const double bar = 2.0, tic = 2.5, wide = 1.12, line = 1.8;
  const double label = bar + tic + wide * put_scale("cb", range, out) + 0.5 * line;
  fputs("set colorbox user origin graph 1.02, graph 0 size character 2, graph 1\n", out);
  if (axis->label != NULL && *axis->label != '\0') {
    fputs("set label ", out);
    put_quoted(axis->label, "", out);
    fprintf(out, " at graph 1.02, graph 0.5 offset character %.3g,0 center rotate\n", label);
  }
  fprintf(out, "set rmargin %.3g\n", gap + label + 0.75 * line);
}

static bool has_band(const figure_curve *curve) {
  for (size_t i = 0; i < curve->points; i++)
    if (isfinite(curve->point[i].low) && isfinite(curve->point[i].high))
      return true;
  return false;
}

/* Bands or bars first, so that no curve lies under one. A single point has bars for a band. */
static void put_curves(const figure *f, const figure_layout *layout, FILE *out) {
  if (f->y.log)
    fprintf(out, "edge(v) = v > %.10g ? v : %.10g # bands may reach below 0\n", layout->y.low,
            layout->y.low);
  const char *edges = f->y.log ? "(edge($3)):(edge($4))" : "3:4";
  const char *before = "plot";
  for (size_t c = 0; c < f->curves; c++) {
    const bool single = f->bars || f->curve[c].points == 1;
    bool again;
    const figure_look *look = figure_look_of(f, c, &again);
    if (!has_band(&f->curve[c]))
      continue;
    fprintf(out, "%s data index %zu using 1:%s%s with %s lc rgb '%s' notitle", before, c,
            single ? "2:" : "", edges,
            single ? "yerrorbars lw 2 pt 0" : "filledcurves fs transparent solid 0.2 noborder",
            look->colour);
    before = ", \\\n    ";
  }
  for (size_t c = 0; c < f->curves; c++) {
    bool again;
    const figure_look *look = figure_look_of(f, c, &again);
    fprintf(out, "%s data index %zu using 1:2 with ", before, c);
    if (f->curve[c].style == FIGURE_LINE)
      fputs("lines lw 2", out);
    else
      fprintf(out, "%s lw 2 ps 1.1 pt %d",
              f->curve[c].style == FIGURE_SHAPES ? "points" : "linespoints",
              again ? look->open : look->filled);
    fprintf(out, " lc rgb '%s'%s title ", look->colour, again ? " dt 2" : "");
    put_quoted(f->curve[c].label, "", out);
    before = ", \\\n    ";
  }
  if (f->guide != NULL) {
    fprintf(out, "%s data index %zu using 1:2 with lines lw 2 dt 2 lc rgb '#555555' title ", before,
            f->curves);
    put_quoted(f->guide_label, "", out);
  }
  fputc('\n', out);
}

/* A line over the colours needs an edge of its own to be seen on all of them. */
static void put_line(const figure_curve *curve, size_t c, FILE *out) {
  fprintf(out,
          ", \\\n     data index %zu using 1:2 with lines lw 7 lc rgb 'white' notitle"
          ", \\\n     data index %zu using 1:2 with lines lw 3 lc rgb '%s' title ",
          c + 1, c + 1, figure_looks[(c + 1) % FIGURE_COLOURS].colour);
  put_quoted(curve->label, "", out);
}

static void put_map(const figure *f, FILE *out) {
  fputs("# viridis\n"
        "set palette defined (0 '#440154', 1 '#472d7b', 2 '#3b528b', 3 '#2c728e', 4 '#21918c', \\\n"
        "  5 '#28ae80', 6 '#5ec962', 7 '#addc30', 8 '#fde725')\n"
        "plot data index 0 using 1:2:4:5:6:7:3 with boxxyerror lc palette fs solid border notitle",
        out);
  for (size_t c = 0; c < f->curves; c++)
    put_line(&f->curve[c], c, out);
  fputc('\n', out);
}

void figure_script(const figure *f, const figure_layout *layout, const char *name, FILE *out) {
  const bool map = f->cells > 0;
  fputs("# Run gnuplot on this file in its folder to draw the figure again.\n"
        "set encoding utf8\n"
        "set datafile missing 'NaN'\n"
        "data = ",
        out);
  put_quoted(name, ".dat", out);
  fputs("\nif (!exists('base')) base = ", out);
  put_quoted(name, "", out);
  fputs(" # what is drawn is called base.svg, base.pdf, base.png\n", out);
  put_label("title", f->title, out);
  put_axis("x", &f->x, &layout->x, out);
  put_axis("y", &f->y, &layout->y, out);
  if (map) {
    put_bar(f, &layout->value, out);
    if (f->curves > 0) /* a line may have both of its ends outside */
      fputs("set clip two\n", out);
  }
  const bool off = strcmp(layout->key, "off") == 0;
  fprintf(out, "set key %s%s\nset tics nomirror out\nset border %d\n", layout->key,
          off ? "" : " reverse Left samplen 2", map ? 15 : 3);
  if (!map)
    fputs("set grid lc rgb '#dddddd' lt 1\n", out);
  if (!map && strncmp(layout->key, "outside", strlen("outside")) != 0)
    fputs("set rmargin 5\n", out);
  const size_t width = figure_width(f), height = figure_height(f);
  fprintf(out,
          "set terminal svg size %zu,%zu font 'sans-serif,18' background 'white'\n"
          "set output base.'.svg'\n",
          width, height);
  if (map)
    put_map(f, out);
  else
    put_curves(f, layout, out);
  fprintf(out,
          "set terminal pdfcairo size %.4g,%.4g font 'DejaVu Sans,20'\n"
          "set output base.'.pdf'\n"
          "replot\n"
          "set terminal pngcairo size %zu,%zu font 'DejaVu Sans,20' linewidth 1.5 pointscale 2\n"
          "set output base.'.png'\n"
          "replot\n"
          "unset output\n",
          (double)width / 100.0, (double)height / 100.0, width + width / 2, height + height / 2);
}
