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
  if (run->test_Y == NULL || run->classes.encoding != NULL)
    return;
  const size_t trained = make_points(run->Y, r->fitted, r->samples, r->outputs, train),
               tested = make_points(run->test_Y, r->prediction, r->tests, r->outputs, test);
  const double least = fmin(train[0].x, test[0].x),
               most = fmax(train[trained - 1].x, test[tested - 1].x);
  const figure_point diagonal[2] = {{least, least, NAN, NAN}, {most, most, NAN, NAN}};
  const figure_curve curve[] = {{"training", trained, train, FIGURE_SHAPES, 1},
                                {"test", tested, test, FIGURE_SHAPES, 2},
                                {"prediction = label", 2, diagonal, FIGURE_LINE, 3}};
  page_figure(out, &(figure){.title = "Predictions beside labels",
                             .x = {r->outputs > 1 ? "label of output 0" : "label", false},
                             .y = {"prediction", false},
                             .curves = 3,
                             .curve = curve});
}

/* ---- Classes --------------------------------------------------------------------------------- */

static void put_class(FILE *out, const kernel_run *run, double value) {
  char text[LABELS_CLASS];
  page_text(out, labels_class(&run->job.names, value, text));
}

/* Test samples by their class, down, and the predicted one, along. */
static void put_classes(FILE *out, const kernel_run *run) {
  enum { MOST = 30 };
  const labels_classes *classes = &run->classes;
  if (classes->encoding == NULL || run->test_label == NULL || classes->count > MOST)
    return;
  fputs("<h2>Classes of the test data</h2>\n<p>Samples of the class on the left that are "
        "predicted to be of the one above; those in bold, on the diagonal, are right.</p>\n"
        "<div class=\"matrix\"><table>\n<thead><tr><th></th>",
        out);
  for (size_t c = 0; c < classes->count; c++) {
    fputs("<th>", out);
    put_class(out, run, classes->value[c]);
    fputs("</th>", out);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
  for (size_t c = 0; c < classes->count; c++) {
    fputs("<tr><th>", out);
    put_class(out, run, classes->value[c]);
    fputs("</th>", out);
    for (size_t k = 0; k < classes->count; k++) {
      size_t found = 0;
      for (size_t i = 0; i < run->tests; i++)
        found += run->test_label[i] == classes->value[c] && run->chosen[i] == classes->value[k];
      fprintf(out, c == k ? "<td class=\"right\">%zu</td>" : "<td>%zu</td>", found);
    }
    fputs("</tr>\n", out);
  }
  fputs("</tbody>\n</table></div>\n", out);
}

/* ---- Times, and ridges ----------------------------------------------------------------------- */

static double at_point(const kernel_run *run, const ntk_regression_point *p) {
  return run->options.ridges > 0 ? p->ridge : p->time;
}

/* What points are of. */
static const char *point_word(const kernel_run *run) {
  return run->options.ridges > 0 ? "ridge" : run->settings.steps.count > 0 ? "step" : "time";
}

static void put_points(FILE *out, const kernel_run *run) {
  const ntk_regression_result *r = &run->result;
  const bool ridges = run->options.ridges > 0;
  figure_point train[DRAWN] = {{0}}, test[DRAWN] = {{0}}, left[DRAWN] = {{0}};
  const size_t drawn = r->points < DRAWN ? r->points : DRAWN;
  if (r->points < 2)
    return;
  for (size_t k = 0; k < drawn; k++) {
    const ntk_regression_point *p = &r->point[k * (r->points - 1) / (drawn - 1)];
    const double x = at_point(run, p);
    train[k] = (figure_point){x, p->train_error, NAN, NAN};
    test[k] = (figure_point){x, p->test_error, NAN, NAN};
    left[k] = (figure_point){x, p->loo_error, NAN, NAN};
  }
  figure_curve curve[3] = {{"training", drawn, train, FIGURE_BOTH, 1}};
  size_t curves = 1;
  if (run->test_Y != NULL)
    curve[curves++] = (figure_curve){"test", drawn, test, FIGURE_BOTH, 2};
  if (ridges)
    curve[curves++] = (figure_curve){"one left out", drawn, left, FIGURE_BOTH, 3};
  page_figure(out, &(figure){.title = ridges ? "Errors over the ridge" : "Errors over time",
                             .x = {run->settings.steps.count > 0 ? "steps" : point_word(run), true},
                             .y = {"||f - Y|| / ||Y||", true},
                             .curves = curves,
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

/* The least test error of all times or ridges, where it is not the chosen one's. */
static void put_best(FILE *out, const kernel_run *run) {
  const ntk_regression_result *r = &run->result;
  const ntk_regression_point *best = predict_kernel_best(r);
  if (best->test_error < r->chosen.test_error)
    fprintf(out, "<p>least at %s %g: <b>%.6g</b> at the test data</p>\n", point_word(run),
            at_point(run, best), best->test_error);
}

/* Where the labels are; what was done to the data is beside these. */
static void put_labels(FILE *out, const kernel_run *run) {
  const cli_settings *common = &run->settings.common;
  if (run->column != NULL || common->label_column != NULL)
    page_fact(out, "labels", "column %s%s%s",
              common->label_column != NULL ? common->label_column : run->column,
              run->classes.encoding != NULL ? ", classes as " : "",
              run->classes.encoding != NULL ? run->classes.encoding : "");
  else
    page_fact(out, "labels", "%s%s%s", run->job.labels,
              run->classes.encoding != NULL ? ", classes as " : "",
              run->classes.encoding != NULL ? run->classes.encoding : "");
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
  if (isnan(r->chosen.test_error))
    fprintf(out, " = <b>%.6g</b> at the training data, no labels at the test data ",
            r->chosen.train_error);
  else
    fprintf(out, " = <b>%.6g</b> at the test data ", r->chosen.test_error);
  page_verdict(out, sure ? NTK_LEDGER_HOLDS : NTK_LEDGER_UNRESOLVED,
               sure ? "the system is solved" : ntk_verdict_name(r->verdict));
  fputs("</p>\n", out);
  if (!isnan(r->chosen.test_error))
    fprintf(out, "<p>%.6g at the training data</p>\n", r->chosen.train_error);
  if (run->options.ridges > 0)
    fprintf(
        out,
        "<p>%.6g of each training sample when the others are fitted, the least of %zu ridges</p>\n",
        r->chosen.loo_error, r->points);
  put_best(out, run);
  put_accuracy(out, &r->chosen);
  if (!sure) {
    fputs("<p>", out);
    page_text(out, r->reason);
    fputs("</p>\n", out);
  }
  fprintf(out, "<p>not certified: the system is solved to a residual of %.1e</p>\n</div>\n<dl>\n",
          r->residual);
  page_fact(out, "kernel", "%s, %s", limit ? "limit of infinite width" : "of the network", way);
  job_page_facts(out, &run->job);
  put_labels(out, run);
  page_fact(out, "test data", "%s%s, M = %zu", run->held != NULL ? "rows held out of " : "",
            run->settings.test != NULL ? run->settings.test : run->settings.common.data, r->tests);
  job_page_computed(out, r->seconds, run->job.context);
  fputs("</dl>\n", out);
  put_predictions(out, run);
  put_classes(out, run);
  put_points(out, run);
  view_page(out, predict_kernel_fields, run, true);
  page_end(out);
}
