/* What ntkit spectrum has to tell: its fields, and the page of --report. */
#include "cli/run/job_show.h"
#include "cli/show/page.h"
#include "cli/spectrum/limit.h"
#include "cli/spectrum/spectrum.h"

#include <math.h>
#include <stdlib.h>

#define ROW spectrum_settings
static const ntk_field asked_fields[] = {
    VIEW_FIELD(TEXT, "output", output, "whose K it is, of several: trace, all, or one's number"),
};
static const ntk_description asked_table = VIEW_TABLE(asked_fields);
#undef ROW

void spectrum_fields(const void *what, result_view *v) {
  const spectrum_run *run = what;
  job_view_begin(v, &run->job);
  view_options(v, run->job.settings, "seed");
  view_fields(v, NULL, &asked_table, spectrum_asked(&run->job), NULL, NULL);
  view_fields(v, NULL, ntk_describe("ntk_spectrum_result"), &run->result, NULL, NULL);
  if (run->law.name != NULL)
    view_fields(v, "law", ntk_describe("ntk_law_result"), &run->law, NULL, NULL);
  if (spectrum_asked(&run->job)->limit)
    view_fields(v, "infinite_width", ntk_describe("ntk_limit_result"), &run->limit, NULL, NULL);
  job_view_end(v, &run->job);
}

/* Of K itself, as lambda_min above it is, where the ratio is over 2^exponent. */
static void put_bound(FILE *out, const char *equation, double ratio, double exponent,
                      const char *order) {
  char text[NTK_DECIMAL];
  if (!isfinite(ratio))
    return;
  fprintf(out, "<p>Theorem 3.1, (%s): ", equation);
  page_formula(out, JOB_LAMBDA);
  fprintf(out, " = <b>%s</b> · ", job_value(ratio, exponent, "%.3g", text));
  page_formula(out, order);
  fputs("</p>\n", out);
}

static void put_answer(FILE *out, const spectrum_run *run) {
  const ntk_spectrum_result *r = &run->result;
  char text[NTK_DECIMAL];
  fputs("<div class=\"answer\">\n", out);
  job_page_answer(out, r, run->options.certify);
  put_bound(out, "6", r->bounds.ratio_lower, r->exponent, "n_{L-2} n_{L-1}");
  put_bound(out, "7", r->bounds.ratio_upper, r->exponent, "d n_{L-1}");
  fputs("<p>", out);
  page_formula(out, "lambda_max(K)");
  fprintf(out, " = %s", job_value(r->lambda_max, r->exponent, "%.10g", text));
  if (isfinite(r->lambda_max / r->lambda_min))
    fprintf(out, ", condition number %.6g", r->lambda_max / r->lambda_min);
  fputs("</p>\n", out);
  job_page_scale(out, r->exponent);
  fputs("</div>\n", out);
}

enum { MOST = 400 }; /* points of a curve */

/* The curve of the counts or of the densities, with the intervals; how many. */
static size_t curve_of(const ntk_density *d, bool density, figure_point *point) {
  const size_t points = d->points < MOST ? d->points : MOST;
  for (size_t i = 0; i < points; i++) {
    const ntk_density_point *p = &d->point[i];
    point[i] = density ? (figure_point){p->eigenvalue, p->density, p->density_low, p->density_high}
                       : (figure_point){p->eigenvalue, p->count, p->count_low, p->count_high};
  }
  return points;
}

size_t spectrum_steps(const ntk_spectrum_result *r, double from, double to, figure_point **point) {
  size_t first = 0, end = 0;
  while (first < r->order && !(r->eigenvalues[first] > from))
    first++;
  for (end = first; end < r->order && r->eigenvalues[end] <= to;)
    end++;
  *point = end > first ? calloc(end - first + 1, sizeof **point) : NULL;
  if (*point == NULL) /* for want of memory, too: a page without a curve is better than none */
    return 0;
  (*point)[0] = (figure_point){r->eigenvalues[first], (double)first, NAN, NAN};
  for (size_t i = first; i < end; i++)
    (*point)[i - first + 1] = (figure_point){r->eigenvalues[i], (double)(i + 1), NAN, NAN};
  return end - first + 1;
}

static void put_density(FILE *out, const ntk_spectrum_result *r) {
  const ntk_density *d = &r->density;
  figure_point point[MOST], *all = NULL;
  char label[64], of_all[96] = "all eigenvalues", x[JOB_AXIS];
  if (d->points == 0)
    return;
  job_page_over(r->exponent, "eigenvalue of K", x);
  snprintf(label, sizeof label, "estimate, with %g %% intervals", 100.0 * d->level);
  figure_curve curve[2] = {{label, curve_of(d, false, point), point, FIGURE_STEPS, 0}};
  if (r->eigenvalues != NULL) { /* the rounding of those not told from 0 would stretch the axis */
    const size_t points = spectrum_steps(r, r->resolution, INFINITY, &all);
    curve[1] = (figure_curve){of_all, points, all, FIGURE_STEPS, 2};
    if (points > 0 && all[0].y > 0.0)
      snprintf(of_all, sizeof of_all, "all but %.0f up to %.1e, the resolution", all[0].y,
               r->resolution);
  }
  page_figure(out, &(figure){.title = "Cumulative spectrum of K",
                             .x = {x, true},
                             .y = {"eigenvalues up to it", false},
                             .curves = r->eigenvalues != NULL ? 2 : 1,
                             .curve = curve});
  free(all);
  curve[0].points = curve_of(d, true, point);
  curve[0].style = FIGURE_LINE;
  page_figure(out, &(figure){.title = "Spectral density of K",
                             .x = {x, true},
                             .y = {"eigenvalues per decade", false},
                             .curves = 1,
                             .curve = curve});
  fprintf(
      out,
      "<p class=\"note\">Stochastic Lanczos quadrature: %zu random vector%s, %d products with K, "
      "%d solves. Each interval has the number of this matrix with probability %g or more, over "
      "the vectors drawn and with what the quadrature does not resolve; the density is the mean "
      "over %.2g decades.",
      d->probes, d->probes == 1 ? "" : "s", d->products, d->solves, d->level, d->window);
  const double below = d->point[0].count_low;
  if (below > 0.0)
    fprintf(out, " %.0f eigenvalue%s below the axis.", below,
            below == 1.0 ? " or more lies" : "s or more lie");
  fputs("</p>\n", out);
}

static void put_prefixes(FILE *out, const ntk_spectrum_result *r) {
  figure_point point[MOST];
  const size_t points = r->prefixes < MOST ? r->prefixes : MOST;
  size_t zero = 0;
  char y[JOB_AXIS];
  job_page_over(r->exponent, JOB_LAMBDA, y);
  for (size_t p = 0; p < points; p++) {
    zero += !(r->prefix[p].lambda_min > 0.0);
    point[p] = (figure_point){(double)r->prefix[p].samples, r->prefix[p].lambda_min, NAN, NAN};
  }
  const figure_curve curve = {"", points, point, FIGURE_BOTH, 0};
  page_figure(out, &(figure){.title = "lambda_min of the first samples",
                             .x = {"samples", true},
                             .y = {y, true},
                             .curves = 1,
                             .curve = &curve});
  if (zero > 0)
    fprintf(out,
            "<p class=\"note\">Of %zu prefix%s %zu %s not drawn: lambda_min is 0, or not told from "
            "0, and the axis is logarithmic. The table below has the verdicts.</p>\n",
            points, points == 1 ? "" : "es", zero, zero == 1 ? "is" : "are");
}

void spectrum_page(const void *what, FILE *out) {
  const spectrum_run *run = what;
  page_begin(out, "The spectrum of the neural tangent kernel");
  put_answer(out, run);
  fputs("<dl>\n", out);
  job_page_facts(out, &run->job);
  const ntk_spectrum_result *r = &run->result;
  if (*spectrum_method(run) != '\0')
    page_fact(out, "method", "%s", spectrum_method(run));
  page_fact(out, "precision", "%s%s%s", r->precision, r->precision_reason[0] != '\0' ? ": " : "",
            r->precision_reason);
  if (r->ranks > 1)
    page_fact(out, "ranks", "%d, each of which received %.3g MB at most", r->ranks,
              r->traffic / 1e6);
  char whose[SPECTRUM_WHOSE];
  if (*spectrum_whose(run, whose) != '\0')
    page_fact(out, "kernel", "%s", whose);
  const double beside = spectrum_asked(&run->job)->limit ? run->limit.seconds : 0.0;
  job_page_computed(out, run->result.seconds.total + beside, run->job.context);
  fputs("</dl>\n", out);
  if (run->result.eigenvalues != NULL)
    job_page_spectra(out, "Eigenvalues of K", r->exponent, run->result.order, 1,
                     (const char *[]){""}, (const double *[]){run->result.eigenvalues});
  put_prefixes(out, &run->result);
  put_density(out, &run->result);
  spectrum_law_page(run, out);
  if (spectrum_asked(&run->job)->limit)
    limit_page_beside(&run->limit, out);
  view_page(out, spectrum_fields, run, true);
  page_end(out);
}
