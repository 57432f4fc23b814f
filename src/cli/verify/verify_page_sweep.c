/* The page of a sweep: eigenvalues with their power laws, and every exponent beside its
 * prediction. */
#include "cli/show/page.h"
#include "cli/verify/verify.h"

#include <math.h>
#include <string.h>

enum { FOREST = 240, FOREST_HEIGHT = 24 };

typedef struct scale {
  double low, high;
} scale;

/* One scale for the exponents of all rows; what is past it, as of a logarithm's power, stands at
 * its border. */
static scale exponents(const ntk_sweep *l) {
  scale axis = {0.0, 2.0};
  for (size_t i = 0; i < l->rows; i++) {
    const double values[] = {l->row[i].exponent, l->row[i].low, l->row[i].high,
                             l->row[i].predicted};
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
      if (isfinite(values[k])) {
        axis.low = fmin(axis.low, fmax(-5.4, values[k]));
        axis.high = fmax(axis.high, fmin(8.4, values[k]));
      }
  }
  axis.low = floor(axis.low - 0.1);
  axis.high = ceil(axis.high + 0.1);
  return axis;
}

static double across(const scale *axis, double value) {
  const double u = (value - axis->low) / (axis->high - axis->low);
  return 8.0 + (FOREST - 16.0) * fmax(0.0, fmin(1.0, u));
}

static void put_scale(FILE *out, const scale *axis) {
  fprintf(out, "<svg viewBox=\"0 0 %d 18\" role=\"img\" font-size=\"12\"><title>exponent</title>",
          FOREST);
  for (int value = (int)axis->low; value <= (int)axis->high; value++)
    fprintf(out, "<text x=\"%.1f\" y=\"13\" text-anchor=\"middle\" fill=\"#555\">%d</text>",
            across(axis, value), value);
  fputs("</svg>", out);
}

/* The interval as a bar, the exponent as a dot, the prediction as an open diamond. */
static void put_forest(FILE *out, const scale *axis, const ntk_sweep_row *row) {
  const double middle = 0.5 * FOREST_HEIGHT;
  fprintf(out, "<svg viewBox=\"0 0 %d %d\" aria-hidden=\"true\" fill=\"none\">", FOREST,
          FOREST_HEIGHT);
  for (int value = (int)axis->low; value <= (int)axis->high; value++)
    fprintf(out, "<path d=\"M%.1f 0v%d\" stroke=\"%s\"/>", across(axis, value), FOREST_HEIGHT,
            value == 0 ? "#999" : "#e2e2e2");
  const char *colour =
      row->ledger.verdict == NTK_LEDGER_SUSPECT || row->ledger.verdict == NTK_LEDGER_OUTSIDE
          ? "#D55E00"
          : "#0072B2";
  if (isfinite(row->low) && isfinite(row->high))
    fprintf(out, "<path d=\"M%.1f %gH%.1f\" stroke=\"%s\" stroke-width=\"3\"/>",
            across(axis, row->low), middle, across(axis, row->high), colour);
  if (isfinite(row->exponent))
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%g\" r=\"4\" fill=\"%s\"/>", across(axis, row->exponent),
            middle, colour);
  if (isfinite(row->predicted))
    fprintf(out, "<path d=\"M%.1f %gl7 7l-7 7l-7 -7z\" stroke=\"#222\" stroke-width=\"1.5\"/>",
            across(axis, row->predicted), middle - 7.0);
  fputs("</svg>", out);
}

static void put_sweep_row(FILE *out, const scale *axis, const ntk_sweep_row *row) {
  fputs("<tr>", out);
  page_cells(out, &row->ledger, row->ledger.note);
  page_number(out, "exponent", row->exponent, "%.3f");
  fputs("<td class=\"number\" data-label=\"95 %\">", out);
  if (isfinite(row->low) && isfinite(row->high))
    fprintf(out, "%.3f … %.3f", row->low, row->high);
  fputs("</td>", out);
  page_order(out, &row->ledger);
  page_number(out, "predicted", row->predicted, "%.3g");
  fputs("<td class=\"forest\">", out);
  if (isfinite(row->exponent))
    put_forest(out, axis, row);
  fputs("</td><td>", out);
  page_verdict(out, row->ledger.verdict, NULL);
  fputs("</td></tr>\n", out);
}

/* The proof's eigenvalues and what centring takes from them, with their power laws. */
static void put_fits(FILE *out, const verify_view *view) {
  enum { CURVES = 6, RUNGS = 64 };
  static const char *const keys[CURVES] = {"lambda_min_K",  "lambda_min_block",
                                           "lambda_min_FB", "lambda_min_centred",
                                           "a_cost",        "b_cost"};
  const ntk_sweep *l = view->sweep;
  figure_point point[CURVES][RUNGS], end[CURVES][2];
  figure_curve curve[2 * CURVES], line[CURVES];
  size_t curves = 0;
  for (size_t k = 0; k < CURVES; k++)
    for (size_t i = 0; i < l->rows; i++) {
      const ntk_sweep_row *row = &l->row[i];
      const size_t rungs = row->means.points < RUNGS ? row->means.points : RUNGS;
      if (strcmp(row->ledger.key, keys[k]) != 0 || !isfinite(row->exponent) || rungs < 2)
        continue;
      for (size_t t = 0; t < rungs; t++)
        point[k][t] = (figure_point){row->means.point[t].x, row->means.point[t].mean, NAN, NAN};
      for (size_t e = 0; e < 2; e++) {
        const double x = point[k][e == 0 ? 0 : rungs - 1].x;
        end[k][e] = (figure_point){x, row->constant * pow(x, row->exponent), NAN, NAN};
      }
      curve[curves] = (figure_curve){row->ledger.name, rungs, point[k], FIGURE_SHAPES, 0};
      line[curves] = (figure_curve){"", 2, end[k], FIGURE_LINE, curves + 1};
      curves++;
    }
  memcpy(curve + curves, line, curves * sizeof *line);
  char label[64];
  snprintf(label, sizeof label, "%.30s", view->spec->variable);
  page_figure(out, &(figure){.title = "Eigenvalues along the sweep, with fitted power laws",
                             .x = {label, true},
                             .y = {"mean over trials", true},
                             .curves = 2 * curves,
                             .curve = curve});
}

void page_sweep(const verify_view *view, FILE *out) {
  const ntk_sweep *l = view->sweep;
  const cli_settings *s = &view->settings->study.common;
  const scale axis = exponents(l);
  page_answer(view, out);
  fputs("<dl>\n", out);
  page_fact(out, "sweep", "%s = %s, %zu trials at each size", view->spec->variable,
            view->spec->values, l->status.trials);
  page_fact(out, "network", "widths %s, %s, init %s%s%s%s%s", view->settings->widths_text,
            s->activation, s->init, s->bias != NULL ? ", biases " : "",
            s->bias != NULL ? s->bias : "", s->parameterization != NULL ? ", scales " : "",
            s->parameterization != NULL ? s->parameterization : "");
  page_fact(out, "data", "%s%s%s%s%s, seed %llu", s->data,
            view->settings->samples_text != NULL ? ", N = " : "",
            view->settings->samples_text != NULL ? view->settings->samples_text : "",
            view->settings->dim_text != NULL ? ", d = " : "",
            view->settings->dim_text != NULL ? view->settings->dim_text : "",
            (unsigned long long)s->seed);
  page_fact(out, "computed", "in %.3g s by ntkit %s (%s)", l->status.seconds, ntk_version(),
            ntk_commit());
  fputs("</dl>\n", out);
  put_fits(out, view);
  fputs("<h2>Exponents</h2>\n<p>Each quantity as <i>c</i> ", out);
  page_math(out, view->spec->variable);
  fputs(
      "<sup>exponent</sup>: dot and bar are the fit with its 95 % bootstrap interval, the diamond "
      "is the exponent of the predicted order.</p>\n<table>\n<thead><tr><th>quantity</th>"
      "<th>equation</th><th class=\"number\">exponent</th><th class=\"number\">95 % interval</th>"
      "<th>order</th><th class=\"number\">predicted</th><th>",
      out);
  put_scale(out, &axis);
  fputs("</th><th>verdict</th></tr></thead>\n<tbody>\n", out);
  const char *section = "";
  for (size_t i = 0; i < l->rows; i++) {
    page_section(out, &l->row[i].ledger, section, 8);
    section = l->row[i].ledger.section;
    put_sweep_row(out, &axis, &l->row[i]);
  }
  fputs("</tbody>\n</table>\n", out);
}
