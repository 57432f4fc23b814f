/* The result of ntkit predict --kernel as a table for people, and its fields. */
#include "cli/commands/predict_kernel.h"
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "ntkit/describe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 12 /* of the table of times, or of ridges */ };

void predict_kernel_way(const kernel_run *run, char text[PREDICT_LINE]) {
  const ntk_regression_result *r = &run->result;
  const predict_settings *s = &run->settings;
  if (s->steps.count > 0)
    snprintf(text, PREDICT_LINE, "after %.0f step%s of gradient descent of size %g", r->chosen.time,
             r->chosen.time == 1.0 ? "" : "s", s->lr);
  else if (s->time.count > 0)
    snprintf(text, PREDICT_LINE, "gradient flow at time %g", r->chosen.time);
  else if (run->options.ridges > 0)
    snprintf(text, PREDICT_LINE, "ridge %g, which of %zu has the least leave-one-out error",
             r->ridge, r->points);
  else if (r->ridge > 0.0)
    snprintf(text, PREDICT_LINE, "ridge %g", r->ridge);
  else
    snprintf(text, PREDICT_LINE, "no ridge: the end of gradient flow");
}

/* out: with one left out; NaN: not known. */
static void print_row(const char *name, double train, double test, double out) {
  char a[JOB_CELL], b[JOB_CELL], c[JOB_CELL] = "";
  printf("%-11s %-13s %-*s%s\n", name, job_number(train, "%.6g", a), isnan(out) ? 0 : 14,
         job_number(test, "%.6g", b), isnan(out) ? "" : job_number(out, "%.6g", c));
}

const ntk_regression_point *predict_kernel_best(const ntk_regression_result *r) {
  const ntk_regression_point *best = &r->point[0];
  for (size_t k = 1; k < r->points; k++)
    best = r->point[k].test_error < best->test_error ? &r->point[k] : best;
  return best;
}

static void print_ridges(const kernel_run *run) {
  const ntk_regression_result *r = &run->result;
  const bool coded = !isnan(r->chosen.train_accuracy);
  const size_t shown = r->points < ROWS ? r->points : ROWS;
  printf("\n%-12s training error test error    one left out%s\n", "ridge",
         coded ? "   accuracy  test      one left out" : "");
  for (size_t k = 0; k < shown; k++) {
    const ntk_regression_point *p = &r->point[k * (r->points - 1) / (shown - 1)];
    char a[JOB_CELL], b[JOB_CELL], c[JOB_CELL];
    printf("%-12g %-14s %-13s %-*s", p->ridge, job_number(p->train_error, "%.6g", a),
           job_number(p->test_error, "%.6g", b), coded ? 13 : 0,
           job_number(p->loo_error, "%.6g", c));
    if (coded)
      printf("  %-9s %-9s %s", job_number(p->train_accuracy, "%.4g", a),
             job_number(p->test_accuracy, "%.4g", b), job_number(p->loo_accuracy, "%.4g", c));
    putchar('\n');
  }
  const bool first = r->ridge == r->point[0].ridge && r->ridge > 0.0,
             last = r->ridge == r->point[r->points - 1].ridge;
  printf("least       of one left out, %.6g, with ridge %g%s\n", r->chosen.loo_error, r->ridge,
         first  ? ", the smallest: less may be better"
         : last ? ", the largest: more may be better"
                : "");
  if (!isnan(r->chosen.test_error))
    printf("            at the test data, %.6g, with ridge %g\n",
           predict_kernel_best(r)->test_error, predict_kernel_best(r)->ridge);
}

static void print_times(const kernel_run *run) {
  const ntk_regression_result *r = &run->result;
  const bool coded = !isnan(r->chosen.train_accuracy);
  const size_t shown = r->points < ROWS ? r->points : ROWS;
  if (r->points < 2)
    return;
  printf("\n%-12s training loss test loss     training error test error%s\n",
         run->settings.steps.count > 0 ? "steps" : "time", coded ? "    accuracy  test" : "");
  for (size_t k = 0; k < shown; k++) {
    const ntk_regression_point *p =
        &r->point[shown > 1 ? k * (r->points - 1) / (shown - 1) : r->points - 1];
    char a[JOB_CELL], b[JOB_CELL], c[JOB_CELL], d[JOB_CELL];
    printf("%-12g %-13s %-13s %-14s %s", p->time, job_number(p->train_loss, "%.6g", a),
           job_number(p->test_loss, "%.6g", b), job_number(p->train_error, "%.6g", c),
           job_number(p->test_error, coded ? "%-13.6g" : "%.6g", d));
    if (coded)
      printf(" %-9s %s", job_number(p->train_accuracy, "%.4g", a),
             job_number(p->test_accuracy, "%.4g", b));
    putchar('\n');
  }
}

void predict_kernel_print(const void *what) {
  const kernel_run *run = what;
  const ntk_regression_result *r = &run->result;
  const bool several = run->options.ridges > 0;
  char way[PREDICT_LINE], more[JOB_CELL + 32], low[JOB_CELL], high[JOB_CELL];
  predict_kernel_way(run, way);
  snprintf(more, sizeof more, ", %zu test sample%s%s", r->tests, r->tests == 1 ? "" : "s",
           run->held != NULL ? " held out" : "");
  job_print_network(&run->job);
  job_print_data(&run->job, more);
  printf("kernel      %s, %s\n",
         run->options.limit != NULL ? "limit: of infinite width"
                                    : "ntk: the network linearised at its weights",
         way);
  printf("verdict     %s%s%s\n\n", ntk_verdict_name(r->verdict), r->reason[0] != '\0' ? ": " : "",
         r->reason[0] != '\0' ? r->reason : ", of the system that was solved");
  printf("            training      test%s\n", several ? "          one left out" : "");
  print_row("loss", r->chosen.train_loss, r->chosen.test_loss, NAN);
  if (strcmp(run->settings.loss, "half-sum") == 0 && r->tests != r->samples &&
      !isnan(r->chosen.test_loss))
    printf("            sums over %zu and %zu samples; error can be compared\n", r->samples,
           r->tests);
  print_row("error", r->chosen.train_error, r->chosen.test_error, r->chosen.loo_error);
  if (!isnan(r->chosen.train_accuracy) || !isnan(r->chosen.test_accuracy))
    print_row("accuracy", r->chosen.train_accuracy, r->chosen.test_accuracy,
              r->chosen.loo_accuracy);
  if (several)
    print_ridges(run);
  else
    print_times(run);
  printf("\nnorm        %.6g, of f%s in the kernel's space\n", r->chosen.norm,
         run->options.limit == NULL ? " - f0" : "");
  printf("residual    %.1e of the system that was solved\n", r->residual);
  if (!isnan(r->lambda_max))
    printf("K           lambda_min %s, lambda_max %s\n", job_number(r->lambda_min, "%.6g", low),
           job_number(r->lambda_max, "%.6g", high));
  printf("time        %.3f s: kernel %.3f, solve %.3f, predict %.3f\n", r->seconds,
         r->seconds_kernel, r->seconds_solve, r->seconds_predict);
  if (run->settings.output != NULL)
    printf("%s of %zu test sample%s written to %s\n", run->chosen != NULL ? "classes" : "outputs",
           r->tests, r->tests == 1 ? "" : "s", run->settings.output);
  saved_print_files(&run->job.folder);
}

/* A list of numbers, or one for each sample of several outputs. */
static json_t *outputs_array(const kernel_run *run) {
  const ntk_regression_result *r = &run->result;
  if (r->outputs == 1)
    return json_numbers(r->prediction, r->tests);
  json_t *array = json_array();
  for (size_t i = 0; i < r->tests; i++)
    json_append(&array, json_numbers(r->prediction + i * r->outputs, r->outputs));
  return array;
}

static json_t *chosen_array(const kernel_run *run) {
  json_t *array = json_array();
  for (size_t i = 0; i < run->tests; i++)
    json_append(&array, json_integer((json_int_t)run->chosen[i]));
  return array;
}

static json_t *held_array(const kernel_run *run) {
  json_t *array = json_array();
  for (size_t i = 0; i < run->tests; i++)
    json_append(&array, json_integer((json_int_t)run->held[i]));
  return array;
}

#define ROW predict_settings
static const ntk_field step_fields[] = {
    VIEW_FIELD(REAL, "lr", lr, "the step size of --steps"),
};
static const ntk_description step_table = VIEW_TABLE(step_fields);
#undef ROW

/* Where there are no steps their size is not known. */
static void view_lr(result_view *v, const kernel_run *run) {
  predict_settings shown = run->settings;
  shown.lr = shown.steps.count > 0 ? shown.lr : NAN;
  view_fields(v, NULL, &step_table, &shown, NULL, NULL);
}

void predict_kernel_fields(const void *what, result_view *v) {
  const kernel_run *run = what;
  const cli_settings *common = &run->settings.common;
  job_view_begin(v, &run->job);
  view_options(v, common, "kernel test");
  view_lr(v, run);
  view_options(v, common, "loss classes centered");
  job_view_labels(v, &run->job);
  labels_view(v, &run->job, &run->classes);
  view_fields(v, NULL, ntk_describe("ntk_regression_result"), &run->result, NULL, NULL);
  view_options(v, common, "seed output");
  if (run->held != NULL && v->out == NULL)
    view_json(v, "held_out", held_array(run));
  if (run->settings.output == NULL && v->out == NULL) { /* else they are in the file */
    view_json(v, "outputs", outputs_array(run));
    if (run->chosen != NULL)
      view_json(v, "predicted", chosen_array(run));
  }
  job_view_end(v, &run->job);
}
