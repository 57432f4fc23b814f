/* The page of ntkit memorize --report. */
#include "cli/memorize/memorize.h"
#include "cli/run/job_show.h"
#include "cli/show/page.h"

#include <math.h>

static const char LARGEST[] = "max_i |F_L(x_i) - Y_i|";
static const char LEAST[] = "min_i y_i F_L(x_i)";

/* The error, as --eps asks for it, or the margin, beside what was wanted. */
static void put_error(FILE *out, const memorize_run *run, const ntk_memorize_result *all) {
  const bool absolute = run->settings->absolute, margin = run->settings->margin > 0.0;
  fputs("<p class=\"value\">", out);
  page_formula(out, margin ? LEAST : absolute ? "||F_L - Y||" : "||F_L - Y|| / ||Y||");
  fprintf(out, " = <b>%.3g</b>, wanted <b>%.3g</b> ",
          margin     ? all->margin
          : absolute ? memorize_absolute_worst(run)
                     : all->relative_error,
          margin ? run->settings->margin : run->settings->eps);
  page_verdict(out, all->reached ? NTK_LEDGER_HOLDS : NTK_LEDGER_FAILS,
               all->reached ? "reached" : "not reached");
  fputs("</p>\n", out);
  if (!all->reached) {
    fputs("<p>", out);
    page_text(out, all->reason);
    fputs("</p>\n", out);
  }
}

static void put_answer(FILE *out, const memorize_run *run, const ntk_memorize_result *all) {
  char text[JOB_CELL];
  fputs("<div class=\"answer\">\n", out);
  put_error(out, run, all);
  fputs("<p>", out);
  const bool margin = run->settings->margin > 0.0;
  if (run->certificate != NULL) {
    const ntk_fit_error c = memorize_certificate(run);
    fputs("proved, for the weights as saved and read back: ", out);
    page_formula(out, margin ? LEAST : LARGEST);
    fprintf(out, " %s <b>%s</b></p>\n", margin ? "≥" : "≤",
            margin ? job_number_down(c.margin_bound, 6, text) : job_number_up(c.bound, 3, text));
  } else {
    page_formula(out, margin ? LEAST : LARGEST);
    fprintf(out, " = %.3g, rounding in it at most %s; not certified: --save DIR does</p>\n",
            margin ? all->margin : all->max_error, job_number_up(all->rounding, 2, text));
  }
  if (run->output != NULL) {
    size_t worst = 0;
    for (size_t c = 1; c < labels_outputs(&run->job); c++) {
      const memorize_output *of = &run->output[c], *most = &run->output[worst];
      worst = (margin ? of->margin < most->margin : of->max_error > most->max_error) ? c : worst;
    }
    fprintf(out, "<p>of all %zu outputs; the %s is that of output %zu, from 0</p>\n",
            labels_outputs(&run->job), margin ? "least" : "largest error", worst);
  }
  if (run->count > 1)
    fprintf(out, "<p>%zu classes, the worst of them above</p>\n", run->count);
  if (!isnan(run->accuracy))
    fprintf(out, "<p>%zu of %zu samples get their class by the largest of %zu outputs</p>\n",
            run->right, ntk_dataset_samples(run->job.data),
            run->count > 1 ? run->count : run->coded.count);
  fputs("</div>\n", out);
}

/* A network for each class: what each of them reached. */
static void put_classes(FILE *out, const memorize_run *run) {
  const bool margin = run->options.margin > 0.0;
  const char *first = margin ? "margin" : "relative error",
             *second = margin ? "separation" : "largest error";
  if (run->classes == NULL)
    return;
  fprintf(out,
          "<h2>Classes</h2>\n<table class=\"list\">\n<thead><tr><th>class</th>"
          "<th class=\"number\">%s</th><th class=\"number\">%s</th><th class=\"number\">t</th>"
          "<th></th></tr></thead>\n<tbody>\n",
          first, second);
  for (size_t c = 0; c < run->count; c++) {
    const ntk_memorize_result *r = &run->results[c];
    char name[LABELS_CLASS];
    fputs("<tr><td>", out);
    page_text(out, labels_class(&run->job.names, run->classes[c], name));
    fputs("</td>", out);
    page_number(out, first, margin ? r->margin : r->relative_error, "%.3g");
    page_number(out, second, margin ? r->separation : r->max_error, "%.3g");
    page_number(out, "t", r->t, "%.3g");
    fputs("<td>", out);
    page_verdict(out, r->reached ? NTK_LEDGER_HOLDS : NTK_LEDGER_FAILS,
                 r->reached ? "reached" : "not reached");
    fputs("</td></tr>\n", out);
  }
  fputs("</tbody>\n</table>\n", out);
}

void memorize_page(const void *what, FILE *out) {
  const memorize_run *run = what;
  const ntk_memorize_result all = memorize_overall(run);
  page_begin(out, "Labels memorised by Corollary 4.1");
  put_answer(out, run, &all);
  fputs("<dl>\n", out);
  job_page_facts(out, &run->job);
  labels_page(out, &run->job, &run->coded,
              run->settings->classes || run->classes != NULL ? " (classes)" : "");
  if (!run->options.iterative)
    page_fact(out, "precision", "%s%s%s", all.precision,
              all.precision_reason[0] != '\0' ? ": " : "", all.precision_reason);
  job_page_computed(out, all.seconds.total, run->job.context);
  fputs("</dl>\n", out);
  put_classes(out, run);
  view_page(out, memorize_fields, run, true);
  page_end(out);
}
