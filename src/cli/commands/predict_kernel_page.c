/* The page of ntkit predict --kernel --report: both errors, predictions beside labels, and over
 * times what becomes of the errors. */
#include "cli/commands/predict_kernel.h"
#include "cli/run/job_show.h"
#include "cli/show/page.h"

#include <math.h>
#include <stdlib.h>

enum { DRAWN = 400 };

static int by_x(const void *a, const void *b) {
  const double p = ((const figure_point *)a)->x, q = ((const figure_point *)b)->x;
  return (p > q) - (p < q);
}

/* Numbers of the first output: labels along, predictions up. */
static size_t make_points(const double *Y, const double *f, size_t N, size_t n,
                          figure_point point[DRAWN]) {
  const size_t drawn = N < DRAWN ? N : DRAWN;
  for (size_t i = 0; i < drawn; i++) {
    const size_t at = (drawn > 1 ? i * (N - 1) / (drawn - 1) : 0) * n;
    point[i] = (figure_point){Y[at], f[at], NAN, NAN};
  }
  qsort(point, drawn, sizeof *point, by_x);
  return drawn;
}

static void put_predictions(FILE *out, const kernel_run *run) {
  const ntk_regression_result *r = &run->result;
  figure_point train[DRAWN], test[DRAWN];
  if (run->test_Y == NULL)
    return;
  const figure_curve curve[] = {
      {"training", make_points(run->Y, r->fitted, r->samples, r->outputs, train), train,
       FIGURE_SHAPES, 1},
      {"test", make_points(run->test_Y, r->prediction, r->tests, r->outputs, test), test,
       FIGURE_SHAPES, 2}};
  page_figure(out, &(figure){.title = "Predictions beside labels",
                             .x = {r->outputs > 1 ? "label of output 0" : "label", false},
                             .y = {"prediction", false},
                             .curves = 2,
                             .curve = curve});
}

static void put_times(FILE *out, const kernel_run *run) {
  const ntk_regression_result *r = &run->result;
  figure_point train[DRAWN] = {{0}}, test[DRAWN] = {{0}};
  const size_t drawn = r->points < DRAWN ? r->points : DRAWN;
  if (r->points < 2)
    return;
  for (size_t k = 0; k < drawn; k++) {
    const ntk_regression_point *p = &r->point[k * (r->points - 1) / (drawn - 1)];
    train[k] = (figure_point){p->time, p->train_error, NAN, NAN};
    test[k] = (figure_point){p->time, p->test_error, NAN, NAN};
  }
  qsort(train, drawn, sizeof *train, by_x);
  qsort(test, drawn, sizeof *test, by_x);
  const figure_curve curve[] = {{"training", drawn, train, FIGURE_BOTH, 1},
                                {"test", drawn, test, FIGURE_BOTH, 2}};
  page_figure(out, &(figure){.title = "Errors over time",
                             .x = {run->settings.steps.count > 0 ? "steps" : "time", true},
                             .y = {"||f - Y|| / ||Y||", true},
                             .curves = 2,
                             .curve = curve});
}

static void put_accuracy(FILE *out, const ntk_regression_point *p) {
  if (isnan(p->train_accuracy))
    return;
  fprintf(out, "<p>accuracy: training <b>%.4g</b>", p->train_accuracy);
  if (!isnan(p->test_accuracy))
    fprintf(out, ", test <b>%.4g</b>", p->test_accuracy);
  fputs("</p>\n", out);
}

void predict_kernel_page(const void *what, FILE *out) {
  const kernel_run *run = what;
  const ntk_regression_result *r = &run->result;
  const bool limit = run->options.limit != NULL, sure = r->verdict == NTK_VERDICT_OK;
  char way[PREDICT_LINE];
  predict_kernel_way(run, way);
  page_begin(out, limit ? "Predictions of the limit" : "Predictions of the kernel");
  fputs("<div class=\"answer\">\n<p class=\"value\">", out);
  page_formula(out, "||f - Y|| / ||Y||");
  if (isnan(r->last.test_error))
    fputs(": no labels at the test data ", out);
  else
    fprintf(out, " = <b>%.6g</b> at the test data ", r->last.test_error);
  page_verdict(out, sure ? NTK_LEDGER_HOLDS : NTK_LEDGER_UNRESOLVED, ntk_verdict_name(r->verdict));
  fprintf(out, "</p>\n<p>%.6g at the training data</p>\n", r->last.train_error);
  put_accuracy(out, &r->last);
  if (!sure) {
    fputs("<p>", out);
    page_text(out, r->reason);
    fputs("</p>\n", out);
  }
  fprintf(out, "<p>not certified: the system is solved to a residual of %.1e</p>\n</div>\n<dl>\n",
          r->residual);
  page_fact(out, "kernel", "%s, %s", limit ? "limit of infinite width" : "of the network", way);
  job_page_facts(out, &run->job);
  page_fact(out, "test data", "%s, M = %zu",
            run->settings.test != NULL ? run->settings.test : run->settings.common.data, r->tests);
  job_page_computed(out, r->seconds, run->job.context);
  fputs("</dl>\n", out);
  put_predictions(out, run);
  put_times(out, run);
  view_page(out, predict_kernel_fields, run, true);
  page_end(out);
}
