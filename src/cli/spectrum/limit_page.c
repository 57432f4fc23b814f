/* The page of ntkit limit, and what the page of spectrum has of the limit beside K. */
#include "cli/run/job_show.h"
#include "cli/show/page.h"
#include "cli/spectrum/limit.h"

#include <math.h>
#include <string.h>

enum { MOST = 400 }; /* points of a curve */

/* The answer as of a spectrum, whose members it has. */
static void put_answer(const ntk_limit_result *r, bool asked, FILE *out) {
  ntk_spectrum_result like = {.verdict = r->verdict,
                              .deficiency = r->deficiency,
                              .samples = r->samples,
                              .order = r->samples,
                              .lambda_min = r->lambda_min,
                              .lambda_max = r->lambda_max,
                              .resolution = r->resolution,
                              .exponent = r->exponent,
                              .certificate = r->certificate};
  char text[NTK_DECIMAL];
  memcpy(like.reason, r->reason, sizeof like.reason);
  fputs("<div class=\"answer\">\n", out);
  job_page_answer(out, &like, asked);
  fputs("<p>", out);
  page_formula(out, "lambda_max(K)");
  fprintf(out, " = %s", job_value(r->lambda_max, r->exponent, "%.10g", text));
  if (isfinite(r->lambda_max / r->lambda_min))
    fprintf(out, ", condition number %.6g", r->lambda_max / r->lambda_min);
  fputs("</p>\n<p>K is the limit here, times what grows with the widths.</p>\n", out);
  job_page_scale(out, r->exponent);
  fputs("</div>\n", out);
}

typedef double number_of(const ntk_limit_block *block);
static double trace_of(const ntk_limit_block *block) {
  return block->trace;
}
static double smallest_of(const ntk_limit_block *block) {
  return block->lambda_min;
}
static double distance_of(const ntk_limit_block *block) {
  return block->distance;
}

/* Points of blocks that have a number above 0, at most MOST: how many. */
static size_t curve_of(const ntk_limit_result *r, number_of *number, figure_point *point) {
  const size_t step = r->blocks / MOST + 1;
  size_t points = 0;
  for (size_t k = 0; k < r->blocks; k += step) {
    const double y = number(&r->block[k]);
    if (y > 0.0)
      point[points++] = (figure_point){(double)k, y, NAN, NAN};
  }
  return points;
}

static void put_blocks(const ntk_limit_result *r, FILE *out) {
  figure_point trace[MOST], smallest[MOST];
  const size_t resolved = curve_of(r, smallest_of, smallest);
  char y[JOB_AXIS];
  job_page_over(r->exponent, "K_k of infinite width", y);
  const figure_curve curve[] = {
      {"trace of K_k", curve_of(r, trace_of, trace), trace, FIGURE_BOTH, 0},
      {"lambda_min(K_k)", resolved, smallest, FIGURE_BOTH, 0}};
  if (r->blocks > 0)
    page_figure(out, &(figure){.title = "Blocks of the limit",
                               .x = {"block k", false},
                               .y = {y, true},
                               .curves = resolved > 0 ? 2 : 1,
                               .curve = curve});
}

/* Of each block, and across them K's own. */
static void put_distances(const ntk_limit_result *r, FILE *out) {
  figure_point point[MOST];
  const bool own = r->distance > 0.0 && isfinite(r->distance) && r->blocks > 1;
  const figure_point whole[2] = {{0.0, r->distance, NAN, NAN},
                                 {(double)r->blocks - 1.0, r->distance, NAN, NAN}};
  const figure_curve curve[] = {
      {own ? "K_k" : "", curve_of(r, distance_of, point), point, FIGURE_BOTH, 0},
      {"K", 2, whole, FIGURE_LINE, 0}};
  page_figure(out, &(figure){.title = "Distance of each block from its limit",
                             .x = {"block k", false},
                             .y = {"||K_k - limit|| / ||limit||", true},
                             .curves = own ? 2 : 1,
                             .curve = curve});
}

void limit_page_beside(const ntk_limit_result *r, FILE *out) {
  char text[NTK_DECIMAL];
  fputs("<h2>Infinite width</h2>\n", out);
  fputs("<p>", out);
  page_formula(out, "lambda_min(limit)");
  if (isnan(r->lambda_min))
    fprintf(out, " below %s, not told from 0", job_value(r->resolution, r->exponent, "%.3g", text));
  else
    fprintf(out, " = <b>%s</b>", job_value(r->lambda_min, r->exponent, "%.10g", text));
  fputs(", ", out);
  page_formula(out, "lambda_max(limit)");
  fprintf(out, " = %s</p>\n", job_value(r->lambda_max, r->exponent, "%.10g", text));
  if (r->verdict != NTK_VERDICT_OK) {
    fputs("<p>", out);
    page_text(out, r->reason);
    fputs("</p>\n", out);
  }
  if (isfinite(r->distance))
    fprintf(out, "<p>||K - limit|| = <b>%.6g</b> ||limit||, in Frobenius norm</p>\n", r->distance);
  put_distances(r, out);
}

void limit_page(const void *what, FILE *out) {
  const limit_run *run = what;
  page_begin(out, "The neural tangent kernel at infinite width");
  put_answer(&run->result, run->options.certify, out);
  fputs("<dl>\n", out);
  job_page_facts(out, &run->job);
  page_fact(out, "limit", "%s of infinite width, times what grows with the widths",
            run->options.covariance ? "covariance of the outputs" : "kernel");
  job_page_computed(out, run->result.seconds, run->job.context);
  fputs("</dl>\n", out);
  put_blocks(&run->result, out);
  view_page(out, limit_fields, run, true);
  page_end(out);
}
