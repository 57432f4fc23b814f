/* What pages of commands have in common: lambda_min and its certificate, network, data. */
#include "cli/run/job_show.h"

#include "cli/show/page.h"

#include <math.h>

static void put_interval(FILE *out, const char *what, double lower, double upper, double exponent) {
  char text[NTK_DECIMAL];
  fprintf(out, "<p>%s: <b>%s</b> ≤ ", what, job_value_down(lower, exponent, text));
  page_formula(out, JOB_LAMBDA);
  fprintf(out, " ≤ <b>%s</b></p>\n", job_value_up(upper, exponent, text));
}

static void put_certificate(FILE *out, const ntk_spectrum_result *answer, bool asked) {
  const ntk_certificate *c = &answer->certificate;
  if (answer->verdict == NTK_VERDICT_OK && c->certified) {
    put_interval(out,
                 answer->rounds > 0 ? "proved, for K in double-double"
                                    : "proved, for the matrix as stored",
                 c->lower, c->upper, answer->exponent);
    if (c->kernel.proved) {
      put_interval(out, "proved, for the kernel in exact arithmetic", c->kernel.lower,
                   c->kernel.upper, answer->exponent);
    } else {
      if (isfinite(c->kernel_upper))
        put_interval(out, "estimated, for the kernel in exact arithmetic", c->kernel_lower,
                     c->kernel_upper, answer->exponent);
      fprintf(out, "<p>not proved for it: %s</p>\n", c->kernel.reason);
    }
  } else if (answer->verdict == NTK_VERDICT_OK) {
    fprintf(out, "<p>not certified: %s</p>\n",
            !asked               ? "--certify proves bounds"
            : answer->rounds > 0 ? c->kernel.reason
                                 : "no lower bound could be proved");
  } else {
    fputs("<p>", out);
    page_text(out, answer->reason);
    fputs("</p>\n", out);
    if (answer->verdict == NTK_VERDICT_RANK_DEFICIENT && asked)
      fputs("<p>exactly, for the kernel in exact arithmetic</p>\n", out);
    else if (answer->verdict == NTK_VERDICT_INACCURATE && asked)
      fputs("<p>not certified: rounding has too many of its digits</p>\n", out);
  }
}

void job_page_answer(FILE *out, const ntk_spectrum_result *answer, bool asked) {
  char text[NTK_DECIMAL];
  fputs("<p class=\"value\">", out);
  page_formula(out, JOB_LAMBDA);
  if (isnan(answer->lambda_min))
    fprintf(out, " below %s, not told from 0 ",
            job_value(answer->resolution, answer->exponent, "%.3g", text));
  else
    fprintf(out, " = %s ", job_value(answer->lambda_min, answer->exponent, "%.10g", text));
  page_verdict(out,
               answer->verdict == NTK_VERDICT_OK               ? NTK_LEDGER_HOLDS
               : answer->verdict == NTK_VERDICT_RANK_DEFICIENT ? NTK_LEDGER_MEASURED /* certain */
                                                               : NTK_LEDGER_UNRESOLVED,
               ntk_verdict_name(answer->verdict));
  fputs("</p>\n", out);
  put_certificate(out, answer, asked);
}

void job_page_over(double exponent, const char *what, char label[JOB_AXIS]) {
  if (exponent == 0.0)
    snprintf(label, JOB_AXIS, "%s", what);
  else
    snprintf(label, JOB_AXIS, "%s over 2^{%.0f}", what, exponent);
}

void job_page_scale(FILE *out, double exponent) {
  char over[JOB_AXIS], text[NTK_DECIMAL];
  if (exponent == 0.0)
    return;
  job_page_over(exponent, "All other numbers of K are", over);
  fputs("<p>", out);
  page_math(out, over);
  fprintf(out, " = %s.</p>\n", ntk_text_decimal(1.0, exponent, 10, 0, text));
}

void job_page_spectra(FILE *out, const char *title, double exponent, size_t N, size_t count,
                      const char *const name[], const double *const values[]) {
  enum { DRAWN = 300 }; /* of a curve: more are not seen */
  figure_point point[JOB_SPECTRA][DRAWN];
  figure_curve curve[JOB_SPECTRA];
  static const size_t look[JOB_SPECTRA] = {1, 2, 3, 7}; /* the last is black over the wide one */
  const size_t drawn = N < DRAWN ? N : DRAWN;
  double largest = 0.0;
  char label[JOB_AXIS];
  job_page_over(exponent, "eigenvalue", label);
  for (size_t k = 0; k < count; k++)
    largest = fmax(largest, values[k][N - 1]);
  for (size_t k = 0; k < count; k++) {
    curve[k] = (figure_curve){name[k], drawn, point[k], FIGURE_LINE, look[k]};
    for (size_t i = 0; i < drawn; i++) {
      const size_t at = drawn > 1 ? i * (N - 1) / (drawn - 1) : 0;
      /* What rounding makes of 0 must not pull the axis after it. */
      const double y = values[k][at] > 1e-15 * largest ? values[k][at] : NAN;
      point[k][i] = (figure_point){(double)(at + 1), y, NAN, NAN};
    }
  }
  page_figure(out, &(figure){.title = title,
                             .x = {"number of the eigenvalue, ascending", false},
                             .y = {label, true},
                             .curves = count,
                             .curve = curve});
}

void job_page_facts(FILE *out, const cli_job *job) {
  const cli_settings *settings = job->settings;
  fputs("<dt>network</dt><dd>", out);
  job_print_layers(out, job, " → ");
  const char *load = job->settings->load;
  fputs(load != NULL ? "from " : "init ", out);
  page_text(out, load != NULL ? load : job->spec.init);
  job_print_general(out, job);
  fprintf(out, ", %zu parameters</dd>\n", ntk_network_parameters(job->network));
  fputs("<dt>data</dt><dd>", out);
  page_text(out, settings->data);
  fprintf(out, ", N = %zu, d = %zu", ntk_dataset_samples(job->data), ntk_dataset_dim(job->data));
  job_put_taken(out, job, page_text);
  fprintf(out, ", seed %llu</dd>\n", (unsigned long long)settings->seed);
}

void job_page_computed(FILE *out, double seconds, const ntk_context *context) {
  const ntk_environment e = ntk_context_environment(context);
  char several[32] = "";
  if (e.ranks > 1)
    snprintf(several, sizeof several, "%d ranks of ", e.ranks);
  page_fact(out, "computed", "in %.3g s by %sntkit %s (%s), %s, %s", seconds, several, e.version,
            e.commit, e.blas, e.cpu);
}
