/* The page of ntkit verify --report. */
#include "cli/job_show.h"
#include "cli/page.h"
#include "cli/svg.h"
#include "cli/verify.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- Cells ----------------------------------------------------------------------------------- */

static void put_number(FILE *out, const char *label, double value, const char *format) {
  fprintf(out, "<td class=\"number\" data-label=\"%s\">", label);
  if (isinf(value))
    fputs("∞", out);
  else if (!isnan(value))
    fprintf(out, format, value);
  fputs("</td>", out);
}

static void put_math(FILE *out, const char *text) {
  fputs("<span class=\"math\">", out);
  page_math(out, text);
  fputs("</span>", out);
}

/* A sign and a word: never colour alone. */
static void put_verdict(FILE *out, ntk_ledger_verdict verdict) {
  static const char *const signs[NTK_LEDGER_VERDICTS] = {
      [NTK_LEDGER_MEASURED] = "",     [NTK_LEDGER_HOLDS] = "✓ ",   [NTK_LEDGER_FAILS] = "✗ ",
      [NTK_LEDGER_CONSISTENT] = "≈ ", [NTK_LEDGER_SUSPECT] = "! ", [NTK_LEDGER_OUTSIDE] = "∉ ",
      [NTK_LEDGER_UNRESOLVED] = "? ",
  };
  const char *name = ntk_ledger_verdict_name(verdict);
  fprintf(out, "<span class=\"v %s\">%s%s</span>", name, signs[verdict], name);
}

static void put_name(FILE *out, const ntk_ledger_row *row, const char *note) {
  fputs("<td>", out);
  put_math(out, row->name);
  if (note[0] != '\0') {
    fputs("<span class=\"note\">", out);
    page_math(out, note);
    fputs("</span>", out);
  }
  fputs(row->equation[0] != '\0' ? "</td><td data-label=\"eq.\">" : "</td><td>", out);
  page_text(out, row->equation);
  fputs("</td>", out);
}

/* "Ω(n d)" of the row's claim and order. */
static void put_order(FILE *out, const ntk_ledger_row *row) {
  static const char *const claims[] = {"", "Θ", "Ω", "O", "o", "≥ ", "≤ "};
  fputs("<td data-label=\"order\">", out);
  if (row->claim == NTK_CLAIM_AT_LEAST || row->claim == NTK_CLAIM_AT_MOST) {
    if (isinf(row->scale))
      fprintf(out, "%s∞", claims[row->claim]);
    else if (!isnan(row->scale))
      fprintf(out, "%s%.4g", claims[row->claim], row->scale);
  } else if (row->order[0] != '\0') {
    fprintf(out, "<span class=\"math\">%s%s", claims[row->claim], row->claim ? "(" : "");
    page_math(out, row->order);
    fprintf(out, "%s</span>", row->claim ? ")" : "");
  }
  fputs("</td>", out);
}

static void put_section(FILE *out, const ntk_ledger_row *row, const char *before, int columns) {
  if (strcmp(row->section, before) == 0)
    return;
  fprintf(out, "<tr class=\"section\"><th colspan=\"%d\" scope=\"rowgroup\">", columns);
  page_text(out, row->section);
  fputs("</th></tr>\n", out);
}

static void put_fact(FILE *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void put_fact(FILE *out, const char *name, const char *format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(out, "<dt>%s</dt><dd>", name);
  page_text(out, text);
  fputs("</dd>\n", out);
}

static void put_summary(FILE *out, const verify_view *view) {
  static const ntk_ledger_verdict order[] = {
      NTK_LEDGER_FAILS,      NTK_LEDGER_SUSPECT,    NTK_LEDGER_OUTSIDE, NTK_LEDGER_HOLDS,
      NTK_LEDGER_CONSISTENT, NTK_LEDGER_UNRESOLVED, NTK_LEDGER_MEASURED};
  size_t counts[NTK_LEDGER_VERDICTS];
  (void)verify_count(view, counts);
  fputs("<p class=\"summary\">", out);
  for (size_t k = 0; k < sizeof order / sizeof order[0]; k++)
    if (counts[order[k]] > 0) {
      fprintf(out, "%zu ", counts[order[k]]);
      put_verdict(out, order[k]);
    }
  fputs("</p>\n", out);
}

/* ---- One instance ---------------------------------------------------------------------------- */

static void put_row(FILE *out, const ntk_ledger_row *row) {
  fputs("<tr>", out);
  put_name(out, row, row->note);
  fputs("<td class=\"number\" data-label=\"value\">", out);
  if (isinf(row->value))
    fputs("∞", out);
  else if (isnan(row->value))
    fputs("–", out);
  else
    fprintf(out, "%.5g", row->value);
  if (isfinite(row->error) && isfinite(row->value))
    fprintf(out, " <small>± %.2g</small>", row->error);
  fputs("</td>", out);
  put_order(out, row);
  put_number(out, "ratio", row->ratio, "%.3g");
  put_number(out, "over weights ±", row->spread, "%.2g");
  fputs("<td>", out);
  put_verdict(out, row->verdict);
  fputs("</td></tr>\n", out);
}

enum { DRAWN = 400 };

static void put_spectra(FILE *out, const ntk_ledger *ledger) {
  const size_t N = ledger->samples, drawn = N < DRAWN ? N : DRAWN;
  svg_plot p = {
      .out = out,
      .x = {.low = 0.0, .high = (double)N, .label = "number of the eigenvalue, ascending"},
      .y = {.low = INFINITY, .high = -INFINITY, .log = true, .label = "eigenvalue"}};
  double x[DRAWN], y[DRAWN];
  double largest = 0.0;
  for (size_t k = 0; k < NTK_LEDGER_SPECTRA; k++)
    if (ledger->spectrum[k].values != NULL)
      largest = fmax(largest, ledger->spectrum[k].values[N - 1]);
  if (!(largest > 0.0))
    return;
  fputs("<h2>Spectra of the proof's kernels</h2>\n<div class=\"legend\">", out);
  for (size_t k = 0; k < NTK_LEDGER_SPECTRA; k++) {
    fputs("<span>", out);
    svg_sample(out, k, true);
    put_math(out, ledger->spectrum[k].name);
    fputs("</span>", out);
    /* What rounding makes of 0 must not pull the axis after it. */
    for (size_t i = 0; i < N; i++)
      if (ledger->spectrum[k].values[i] > 1e-15 * largest)
        svg_include(&p.y, ledger->spectrum[k].values[i]);
  }
  fputs("</div>\n<div class=\"figure\">\n", out);
  const double floor = p.y.low;
  svg_begin(&p, "Eigenvalues of K, of its block, and of the two centred kernels, sorted");
  for (size_t k = 0; k < NTK_LEDGER_SPECTRA; k++) {
    for (size_t i = 0; i < drawn; i++) {
      const size_t at = drawn > 1 ? i * (N - 1) / (drawn - 1) : 0;
      x[i] = (double)(at + 1);
      y[i] = ledger->spectrum[k].values[at] >= floor ? ledger->spectrum[k].values[at] : NAN;
    }
    svg_line(&p, k, drawn, x, y);
  }
  svg_end(&p);
  fputs("</div>\n", out);
}

static void put_widths(FILE *out, const cli_job *job) {
  fputs("<dt>network</dt><dd>", out);
  fprintf(out, "L = %zu: ", job->spec.depth);
  for (size_t l = 0; l < job->spec.depth; l++)
    fprintf(out, "%zu → ", job->spec.width[l]);
  fprintf(out, "1, %s, init %s, %zu parameters</dd>\n", job->spec.activation, job->spec.init,
          ntk_network_parameters(job->network));
}

static void put_ledger(const verify_view *view, FILE *out) {
  const ntk_ledger *ledger = view->ledger;
  const ntk_environment e = ntk_context_environment(view->job->context);
  fputs("<dl>\n", out);
  put_widths(out, view->job);
  put_fact(out, "data", "%s, N = %zu, d = %zu, seed %llu", view->settings->data, ledger->samples,
           ntk_dataset_dim(view->job->data), (unsigned long long)view->settings->seed);
  put_fact(out, "expectations",
           ledger->empirical ? "means over the data: their law is not known"
                             : "means over %zu fresh samples",
           ledger->population);
  put_fact(out, "computed", "in %.3g s by ntkit %s (%s), %s, %s", ledger->seconds, e.version,
           e.commit, e.blas, e.cpu);
  fputs("</dl>\n", out);
  put_summary(out, view);
  put_spectra(out, ledger);
  fputs("<h2>Ledger</h2>\n<table>\n<thead><tr><th>quantity</th><th>equation</th>"
        "<th class=\"number\">value</th><th>predicted order</th><th class=\"number\">ratio</th>"
        "<th class=\"number\">± over weights</th><th>verdict</th></tr></thead>\n<tbody>\n",
        out);
  const char *section = "";
  for (size_t i = 0; i < ledger->rows; i++) {
    put_section(out, &ledger->row[i], section, 7);
    section = ledger->row[i].section;
    put_row(out, &ledger->row[i]);
  }
  fputs("</tbody>\n</table>\n", out);
}

/* ---- A ladder -------------------------------------------------------------------------------- */

enum { FOREST = 240, FOREST_HEIGHT = 24, MOST_TICS = 8 };

/* One scale for the exponents of all rows; what is past it, as of a logarithm's power, stands at
 * its border. */
static svg_axis exponents(const ladder *l) {
  svg_axis axis = {.low = 0.0, .high = 2.0};
  for (size_t i = 0; i < l->rows; i++) {
    const double values[] = {l->row[i].exponent, l->row[i].low, l->row[i].high,
                             l->row[i].predicted};
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
      if (isfinite(values[k]))
        svg_include(&axis, fmax(-1.4, fmin(3.4, values[k])));
  }
  axis.low = floor(axis.low - 0.1);
  axis.high = ceil(axis.high + 0.1);
  return axis;
}

static double across(const svg_axis *axis, double value) {
  const double u = (value - axis->low) / (axis->high - axis->low);
  return 8.0 + (FOREST - 16.0) * fmax(0.0, fmin(1.0, u));
}

static void put_scale(FILE *out, const svg_axis *axis) {
  fprintf(out, "<svg viewBox=\"0 0 %d 18\" role=\"img\" font-size=\"12\"><title>exponent</title>",
          FOREST);
  for (double value = axis->low; value <= axis->high; value += 1.0)
    fprintf(out, "<text x=\"%.1f\" y=\"13\" text-anchor=\"middle\" fill=\"#555\">%g</text>",
            across(axis, value), value);
  fputs("</svg>", out);
}

/* The interval as a bar, the exponent as a dot, the prediction as an open diamond. */
static void put_forest(FILE *out, const svg_axis *axis, const ladder_row *row) {
  const double middle = 0.5 * FOREST_HEIGHT;
  fprintf(out, "<svg viewBox=\"0 0 %d %d\" aria-hidden=\"true\" fill=\"none\">", FOREST,
          FOREST_HEIGHT);
  for (double value = axis->low; value <= axis->high; value += 1.0)
    fprintf(out, "<path d=\"M%.1f 0v%d\" stroke=\"%s\"/>", across(axis, value), FOREST_HEIGHT,
            value == 0.0 ? "#999" : "#e2e2e2");
  const char *colour = row->verdict == NTK_LEDGER_SUSPECT || row->verdict == NTK_LEDGER_OUTSIDE
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

static void put_ladder_row(FILE *out, const svg_axis *axis, const ladder_row *row) {
  fputs("<tr>", out);
  put_name(out, &row->words, row->note);
  put_number(out, "exponent", row->exponent, "%.3f");
  fputs("<td class=\"number\" data-label=\"95 %\">", out);
  if (isfinite(row->low) && isfinite(row->high))
    fprintf(out, "%.3f … %.3f", row->low, row->high);
  fputs("</td>", out);
  put_order(out, &row->words);
  put_number(out, "predicted", row->predicted, "%.3g");
  fputs("<td class=\"forest\">", out);
  if (isfinite(row->exponent))
    put_forest(out, axis, row);
  fputs("</td><td>", out);
  put_verdict(out, row->verdict);
  fputs("</td></tr>\n", out);
}

/* The proof's eigenvalues and what centring takes from them, with their power laws. */
static void put_fits(FILE *out, const ladder *l) {
  static const char *const keys[SVG_CURVES] = {"lambda_min_K",  "lambda_min_block",
                                               "lambda_min_FB", "lambda_min_centred",
                                               "a_cost",        "b_cost"};
  const ladder_row *curve[SVG_CURVES] = {NULL};
  char label[64];
  snprintf(label, sizeof label, "%.30s", l->variable);
  svg_plot p = {
      .out = out,
      .x = {.low = INFINITY, .high = -INFINITY, .log = true, .label = label},
      .y = {.low = INFINITY, .high = -INFINITY, .log = true, .label = "mean over trials"}};
  for (size_t k = 0; k < SVG_CURVES; k++)
    for (size_t i = 0; i < l->rows; i++)
      if (strcmp(l->row[i].words.key, keys[k]) == 0 && isfinite(l->row[i].exponent))
        curve[k] = &l->row[i];
  for (size_t k = 0; k < SVG_CURVES; k++)
    for (size_t i = 0; curve[k] != NULL && i < curve[k]->means; i++) {
      svg_include(&p.x, curve[k]->mean[i].x);
      svg_include(&p.y, curve[k]->mean[i].mean);
    }
  if (!(p.x.high > p.x.low))
    return;
  fputs("<h2>Eigenvalues along the ladder, with fitted power laws</h2>\n<div class=\"legend\">",
        out);
  for (size_t k = 0; k < SVG_CURVES; k++)
    if (curve[k] != NULL) {
      fputs("<span>", out);
      svg_sample(out, k, false);
      put_math(out, curve[k]->words.name);
      fputs("</span>", out);
    }
  fputs("</div>\n<div class=\"figure\">\n", out);
  const double low = p.x.low, high = p.x.high;
  double tic[MOST_TICS];
  for (size_t k = 0; k < SVG_CURVES; k++)
    if (curve[k] != NULL && curve[k]->means <= MOST_TICS && curve[k]->means > p.x.tics) {
      p.x.tics = curve[k]->means;
      for (size_t i = 0; i < p.x.tics; i++)
        tic[i] = curve[k]->mean[i].x;
    }
  p.x.tic = tic;
  svg_begin(&p, "Smallest eigenvalues and the costs of centring against the ladder's variable");
  for (size_t k = 0; k < SVG_CURVES; k++) {
    if (curve[k] == NULL)
      continue;
    const double x[] = {low, high}, y[] = {curve[k]->constant * pow(low, curve[k]->exponent),
                                           curve[k]->constant * pow(high, curve[k]->exponent)};
    svg_line(&p, k, 2, x, y);
    for (size_t i = 0; i < curve[k]->means; i++)
      svg_points(&p, k, 1, &curve[k]->mean[i].x, &curve[k]->mean[i].mean);
  }
  svg_end(&p);
  fputs("</div>\n", out);
}

static void put_ladder(const verify_view *view, FILE *out) {
  const ladder *l = view->ladder;
  const cli_settings *s = view->settings;
  const svg_axis axis = exponents(l);
  fputs("<dl>\n", out);
  put_fact(out, "ladder", "%s = %s, %zu trials at each size", l->variable, l->values, l->trials);
  put_fact(out, "network", "widths %s, %s, init %s", s->widths_text, s->activation, s->init);
  put_fact(out, "data", "%s%s%s%s%s, seed %llu", s->data, s->samples_text != NULL ? ", N = " : "",
           s->samples_text != NULL ? s->samples_text : "", s->dim_text != NULL ? ", d = " : "",
           s->dim_text != NULL ? s->dim_text : "", (unsigned long long)s->seed);
  put_fact(out, "computed", "in %.3g s by ntkit %s (%s)", l->seconds, ntk_version(), ntk_commit());
  fputs("</dl>\n", out);
  put_summary(out, view);
  put_fits(out, l);
  fputs("<h2>Exponents</h2>\n<p>Each quantity as c ", out);
  page_math(out, l->variable);
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
    put_section(out, &l->row[i].words, section, 8);
    section = l->row[i].words.section;
    put_ladder_row(out, &axis, &l->row[i]);
  }
  fputs("</tbody>\n</table>\n", out);
}

/* ---- Both ------------------------------------------------------------------------------------ */

void page_write(const verify_view *view, FILE *out) {
  page_begin(out, view->ladder != NULL ? "The proof of Theorem 3.1 along a ladder of sizes"
                                       : "The proof of Theorem 3.1 in numbers");
  if (view->ladder != NULL)
    put_ladder(view, out);
  else
    put_ledger(view, out);
  fputs("<footer><p><b>holds</b>, <b>fails</b>: an inequality between measured numbers. "
        "<b>consistent</b>, <b>suspect</b>: an asymptotic statement, which no finite size decides; "
        "here the numbers agree with it, or do not. <b>outside</b>: outside the paper's "
        "assumptions, measured all the same. <b>unresolved</b>: double precision or the samples do "
        "not tell.</p><p>Equations are those of Bombari, Amani, Mondelli, <i>Memorization and "
        "Optimization in Deep Neural Networks with Minimum Over-parameterization</i>, 2022. "
        "Derivations: docs/algorithm.md, “The proof in numbers”.</p></footer>\n",
        out);
  page_end(out);
}
