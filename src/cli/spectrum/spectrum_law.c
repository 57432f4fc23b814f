/* --law: a law of random matrices beside what is measured. */
#include "cli/run/job_show.h"
#include "cli/shell/report.h"
#include "cli/show/page.h"
#include "cli/spectrum/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 400, LINE = 200 }; /* points of a curve; characters */

exit_status spectrum_law_check(const spectrum_settings *settings) {
  if (settings->law == NULL || strcmp(settings->law, "fan-wang") != 0 || settings->full ||
      settings->density)
    return EXIT_DONE;
  return report_error(EXIT_INPUT, "--law fan-wang is drawn over K's eigenvalues; accepted: with "
                                  "--full, all of them, or --density, an estimate of their counts");
}

exit_status spectrum_law_allowed(const spectrum_run *run) {
  if (spectrum_asked(&run->job)->law == NULL)
    return EXIT_DONE;
  if (ntk_context_environment(run->job.context).ranks > 1)
    return report_error(EXIT_INPUT,
                        "--law: laws are found in one process; accepted: ntkit without mpirun");
  if (run->options.outputs == NTK_OUTPUTS_ALL && run->job.spec.outputs > 1)
    return report_error(EXIT_INPUT, "--law: none is known of the kernel of all outputs; accepted: "
                                    "--output trace, or the number of one");
  return EXIT_DONE;
}

ntk_status spectrum_law_find(spectrum_run *run, const ntk_network *network) {
  const char *name = spectrum_asked(&run->job)->law;
  return name == NULL
             ? NTK_OK
             : ntk_law(run->job.context, network, run->job.data, name, &run->result, &run->law);
}

static void print_ends(const char *what, double from, double to, const char *more) {
  char low[JOB_CELL], high[JOB_CELL];
  printf("  %-33s %s to %s%s\n", what, job_number(from, "%.6g", low), job_number(to, "%.6g", high),
         more);
}

static void print_smallest(const ntk_law_result *law) {
  char text[JOB_CELL];
  printf("  %-33s %s\n", "lambda_min measured", job_number(law->measured, "%.6g", text));
  printf("  %-33s %.6g, off by %.0f %%; up to about %.0f %% by width and chance\n",
         "predicted at this N", law->lambda_min,
         100.0 * fabs(law->measured / law->lambda_min - 1.0), 100.0 * law->error);
  printf("  %-33s %.6g as N / d^%zu vanishes, l = %zu\n", "the constant", law->constant,
         law->degree + 1, law->degree);
}

/* What is not held, and what that is. */
static void print_reason(const ntk_law_result *law) {
  if (law->reason[0] != '\0')
    printf("  %s\n", law->reason);
  for (size_t i = 0; i < law->hypotheses; i++)
    if (!law->hypothesis[i].held)
      printf("    %-12s %s\n", law->hypothesis[i].name, law->hypothesis[i].help);
}

static bool atom_line(const ntk_law_result *law, char line[LINE]) {
  snprintf(line, LINE, "%.4g at %.6g%s", law->atom, law->atom_at,
           law->atom_at > 0.0
               ? "; eigenvalues spread around it: at least half of it stays as distance"
               : "");
  return law->atom > 0.0;
}

/* Eigenvalues of the other matrices keep their places there, too. */
static bool steep_line(const ntk_law_result *law, char line[LINE]) {
  snprintf(line, LINE,
           "%.4g of the law from %.6g to %.6g; eigenvalues spread around it: half of it may stay "
           "as distance, and more",
           law->steep, law->steep_from, law->steep_to);
  return strcmp(law->matrix, "K") == 0 && law->steep > 0.0;
}

void spectrum_law_print(const ntk_law_result *law) {
  char text[JOB_CELL];
  if (law->name == NULL)
    return;
  printf("\nLaw: %s, of %s\n", law->name, law->matrix);
  print_reason(law);
  if (!law->drawn)
    return;
  if (law->points == 0) {
    print_smallest(law);
    return;
  }
  printf("  %-33s %s of the eigenvalues%s\n", "Kolmogorov-Smirnov distance",
         job_number(law->distance, "%.4g", text), law->estimate ? ", by the density's counts" : "");
  if (law->note[0] != '\0')
    printf("  %s\n", law->note);
  if (law->atom > 0.0)
    printf("  %-33s %s of its eigenvalues\n", "of the part without the atom",
           job_number(law->distance_rest, "%.4g", text));
  print_ends("law", law->lower, law->upper, "");
  print_ends("measured", law->least, law->greatest, "");
  char line[LINE];
  if (atom_line(law, line))
    printf("  %-33s %s\n", "the law's atom", line);
  if (steep_line(law, line))
    printf("  %-33s %s\n", "nearly an atom", line);
  if (law->beneath > 0)
    printf("  %-33s %zu\n", "eigenvalues below the law", law->beneath);
  if (law->outside > 0)
    printf("  %-33s %zu\n", "eigenvalues above the law", law->outside);
}

/* Shares up to each point times N; measured: or the law's. */
static size_t shares(const ntk_law_result *law, bool measured, figure_point *point) {
  const size_t points = law->points < MOST ? law->points : MOST;
  for (size_t i = 0; i < points; i++) {
    const ntk_law_point *p = &law->point[i];
    const double share = measured ? p->measured : p->below;
    point[i] = (figure_point){p->eigenvalue, (double)law->samples * share, NAN, NAN};
  }
  return points;
}

/* The law's share between two points, its atom left out: that has no density. */
static double share_between(const ntk_law_result *law, const ntk_law_point *a,
                            const ntk_law_point *b) {
  const bool within = a->eigenvalue < law->atom_at && law->atom_at <= b->eigenvalue;
  return fmax(b->below - a->below - (within ? law->atom : 0.0), 0.0);
}

/* Eigenvalues per decade: the law's, and the means of the measured ones over some points. */
static size_t decades(const ntk_law_result *law, bool measured, figure_point *point) {
  const size_t step = measured ? 6 : 1, limit = law->points < MOST ? law->points : MOST;
  const double N = (double)law->samples;
  size_t points = 0;
  for (size_t i = 0; i + step < limit; i += step) {
    const ntk_law_point *a = &law->point[i], *b = &law->point[i + step];
    const double width = log10(b->eigenvalue / a->eigenvalue);
    const double middle = sqrt(a->eigenvalue * b->eigenvalue);
    const double share = measured ? b->measured - a->measured : share_between(law, a, b);
    point[points++] = (figure_point){middle, N * share / width, NAN, NAN};
  }
  /* The last difference is from the middle of two: the law goes on to its end. */
  if (!measured && limit > 0) {
    const ntk_law_point *end = &law->point[limit - 1];
    const double decade = end->eigenvalue * log(10.0);
    point[points++] = (figure_point){end->eigenvalue, N * decade * end->density, NAN, NAN};
  }
  return points;
}

/* What the density's counts say, where that is all there is. */
static size_t counts(const ntk_density *d, figure_point *point) {
  const size_t points = d->points < MOST ? d->points : MOST;
  for (size_t i = 0; i < points; i++)
    point[i] = (figure_point){d->point[i].eigenvalue, d->point[i].count, d->point[i].count_low,
                              d->point[i].count_high};
  return points;
}

/* Of K's eigenvalues each is a step; of another matrix the law's points alone are known. */
static figure_curve measured_curve(const spectrum_run *run, figure_point *point,
                                   figure_point **all) {
  const ntk_law_result *law = &run->law;
  const ntk_spectrum_result *r = &run->result;
  const bool whole = strcmp(law->matrix, "K") == 0 && r->eigenvalues != NULL && law->points > 0;
  figure_curve curve = {"measured", 0, point, FIGURE_STEPS, 1};
  if (law->estimate) {
    curve.label = "measured: the density's counts";
    curve.points = counts(&r->density, point);
  } else if (whole) {
    curve.points = spectrum_steps(r, nextafter(law->point[0].eigenvalue, 0.0),
                                  law->point[law->points - 1].eigenvalue, all);
    curve.point = *all;
  } else {
    curve.points = shares(law, true, point);
  }
  return curve;
}

static void put_figures(const spectrum_run *run, FILE *out) {
  const ntk_law_result *law = &run->law;
  figure_point measured[MOST], predicted[MOST], *all = NULL;
  char x[64], title[96];
  snprintf(x, sizeof x, "eigenvalue of %s", law->matrix);
  snprintf(title, sizeof title, "Law over the eigenvalues of %s", law->matrix);
  figure_curve curve[2] = {measured_curve(run, measured, &all),
                           {law->name, shares(law, false, predicted), predicted, FIGURE_LINE, 7}};
  page_figure(out, &(figure){.title = title,
                             .x = {x, true},
                             .y = {"eigenvalues up to it", false},
                             .curves = 2,
                             .curve = curve});
  free(all);
  if (law->estimate)
    return;
  curve[0].point = measured;
  curve[0].points = decades(law, true, measured);
  curve[0].style = FIGURE_SHAPES;
  curve[1].points = decades(law, false, predicted);
  page_figure(out, &(figure){.title = law->atom > 0.0 ? "The same, as a density, without the atom"
                                                      : "The same, as a density",
                             .x = {x, true},
                             .y = {"eigenvalues per decade", false},
                             .curves = 2,
                             .curve = curve});
}

/* What is accepted. */
static const char *interval(const ntk_law_hypothesis *h, char text[LINE]) {
  if (h->least <= 1e-300 && isinf(h->most))
    snprintf(text, LINE, "%s", h->least > 0.0 ? "above 0" : "finite");
  else if (h->least <= 1e-300)
    snprintf(text, LINE, "up to %.3g", h->most);
  else if (isinf(h->most))
    snprintf(text, LINE, "from %.3g on", h->least);
  else if (h->least == h->most)
    snprintf(text, LINE, "%.3g", h->least);
  else
    snprintf(text, LINE, "from %.3g to %.3g", h->least, h->most);
  return text;
}

static void put_hypotheses(const ntk_law_result *law, FILE *out) {
  fputs("<p>Its hypotheses:</p>\n<dl>\n", out);
  for (size_t i = 0; i < law->hypotheses; i++) {
    const ntk_law_hypothesis *h = &law->hypothesis[i];
    char accepted[LINE];
    page_fact(out, h->name, "%s: %.3g, %s (%s)", h->help, h->value, h->held ? "held" : "not held",
              interval(h, accepted));
  }
  fputs("</dl>\n", out);
}

/* Where the figures end, and how much that is measured is beyond. */
static void put_range(const ntk_law_result *law, FILE *out) {
  const ntk_law_point *first = &law->point[0], *last = &law->point[law->points - 1];
  const double N = (double)law->samples;
  const double before = round(N * first->measured), after = N - round(N * last->measured);
  if (before >= 1.0 || after >= 1.0) /* not where nothing is known */
    fprintf(out,
            "<p class=\"note\">The figures begin at %.6g, with %.0f of the measured eigenvalues up "
            "to there, and end at %.6g, with %.0f beyond.</p>\n",
            first->eigenvalue, fmax(before, 0.0), last->eigenvalue, fmax(after, 0.0));
}

static void put_facts(const ntk_law_result *law, FILE *out) {
  char line[LINE];
  fputs("<dl>\n", out);
  if (law->atom > 0.0)
    page_fact(out, "distance without the atom", "%.4g, of the largest N (1 - atom) eigenvalues",
              law->distance_rest);
  if (atom_line(law, line))
    page_fact(out, "the law's atom", "%s", line);
  if (steep_line(law, line))
    page_fact(out, "nearly an atom", "%s", line);
  if (law->beneath > 0)
    page_fact(out, "eigenvalues below the law", "%zu", law->beneath);
  if (law->outside > 0)
    page_fact(out, "eigenvalues above the law", "%zu", law->outside);
  fputs("</dl>\n", out);
}

static void put_note(const char *note, FILE *out) {
  if (note[0] == '\0')
    return;
  fputs("<p class=\"note\">", out);
  page_text(out, note);
  fputs("</p>\n", out);
}

void spectrum_law_page(const spectrum_run *run, FILE *out) {
  const ntk_law_result *law = &run->law;
  if (law->name == NULL)
    return;
  fprintf(out, "<h2>Law: %s</h2>\n", law->name);
  put_note(law->reason, out);
  if (law->drawn && law->points > 0) {
    fprintf(out, "<p>Kolmogorov-Smirnov distance <b>%.4g</b>%s", law->distance,
            law->estimate ? ", by the density's counts" : "");
    fprintf(out, "; the law from %.6g to %.6g, measured from %.6g to %.6g.</p>\n", law->lower,
            law->upper, law->least, law->greatest);
    put_note(law->note, out);
    put_facts(law, out);
    put_figures(run, out);
    put_range(law, out);
  } else if (law->drawn) {
    fprintf(out, "<p>");
    page_formula(out, JOB_LAMBDA);
    fprintf(out,
            " = <b>%.6g</b> measured, %.6g predicted at this N, to about %.0f %% by width and "
            "chance; the "
            "constant %.6g. The law is of this number alone: there is no figure.</p>\n",
            law->measured, law->lambda_min, 100.0 * law->error, law->constant);
  }
  put_hypotheses(law, out);
}
