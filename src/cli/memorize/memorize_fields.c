/* What ntkit memorize has to tell, as fields. */
#include "cli/memorize/memorize.h"
#include "cli/run/job_show.h"
#include "cli/show/json.h"

/* What the library's result has not. */
typedef struct memorize_more {
  double absolute, accuracy;
} memorize_more;

#define ROW memorize_more
static const ntk_field more_fields[] = {
    VIEW_FIELD(REAL, "absolute_error", absolute, "||F_L - Y||_2 of the weights, recomputed"),
    VIEW_FIELD(REAL, "accuracy", accuracy, "part of the samples whose class is put out"),
};
static const ntk_description more_table = VIEW_TABLE(more_fields);
#undef ROW

/* What one network reached, or all. certificate: NULL where there is none. */
static void tell_result(result_view *v, const ntk_memorize_result *r, const memorize_more *more,
                        const ntk_fit_error *certificate) {
  const ntk_description *table = ntk_describe("ntk_memorize_result");
  view_fields(v, NULL, table, r, NULL, "relative_error");
  view_fields(v, NULL, &more_table, more, "absolute_error", "absolute_error");
  view_fields(v, NULL, table, r, "max_error", "steps");
  if (certificate != NULL)
    view_fields(v, "certificate", ntk_describe("ntk_fit_error"), certificate, "max_error", NULL);
  else
    view_json(v, "certificate", json_null());
  view_fields(v, NULL, table, r, "t", "corrections");
}

static json_t *class_array(const memorize_run *run) {
  json_t *array = json_array();
  for (size_t c = 0; c < run->count; c++) {
    result_view v = {.object = json_object()};
    view_json(&v, "class", json_integer((json_int_t)run->classes[c]));
    if (run->job.names.count > 0)
      view_json(&v, "name", json_text(run->job.names.name[(size_t)run->classes[c]]));
    tell_result(&v, &run->results[c], &(memorize_more){.absolute = memorize_absolute(run, c)},
                run->certificate != NULL ? &run->certificate[c] : NULL);
    json_append(&array, v.object);
  }
  return array;
}

#define ROW memorize_output
static const ntk_field output_fields[] = {
    VIEW_FIELD(REAL, "relative_error", relative_error, "||F_L - Y||_2 / ||Y||_2 of this output"),
    VIEW_FIELD(REAL, "max_error", max_error, "max_i |F_L(x_i) - Y_i| of this output"),
    VIEW_FIELD(REAL, "margin_found", margin, "min_i Y_i F_L(x_i) of this output; null: not asked"),
};
static const ntk_description output_table = VIEW_TABLE(output_fields);
#undef ROW

static json_t *output_array(const memorize_run *run) {
  json_t *array = json_array();
  for (size_t c = 0; c < labels_outputs(&run->job); c++) {
    result_view v = {.object = json_object()};
    view_fields(&v, NULL, &output_table, &run->output[c], NULL, NULL);
    json_append(&array, v.object);
  }
  return array;
}

void memorize_fields(const void *what, result_view *v) {
  const memorize_run *run = what;
  const ntk_description *table = ntk_describe("ntk_memorize_result");
  const ntk_memorize_result all = memorize_overall(run);
  const memorize_more more = {.absolute = memorize_absolute_worst(run), .accuracy = run->accuracy};
  ntk_fit_error certificate;
  if (run->certificate != NULL)
    certificate = memorize_certificate(run);
  job_view_begin(v, &run->job);
  job_view_labels(v, &run->job);
  view_options(v, &run->settings->common, /* --eps plays no part beside --margin */
               run->settings->margin > 0.0 ? "seed margin iterative"
                                           : "seed eps absolute margin iterative");
  tell_result(v, &all, &more, run->certificate != NULL ? &certificate : NULL);
  view_fields(v, NULL, table, &all, "condition", "precision_reason"); /* deficiency among them */
  if (run->classes != NULL) {
    view_fields(v, NULL, &more_table, &more, "accuracy", NULL);
    view_json(v, "classes", class_array(run));
  }
  if (run->output != NULL)
    view_json(v, "outputs", output_array(run));
  labels_view(v, &run->job, &run->coded);
  view_fields(v, NULL, table, &all, "seconds", NULL);
  job_view_end(v, &run->job);
}
