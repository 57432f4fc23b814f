/* The result of memorisation as one JSON object; what is not known is null. */
#include "cli/memorize/memorize.h"
#include "cli/run/job_show.h"
#include "cli/show/json.h"

static json_t *certificate_object(const ntk_fit_error *error) {
  json_t *object = json_object();
  json_put(&object, "max_error", json_number(error->largest));
  json_put(&object, "rounding", json_number(error->rounding));
  json_put(&object, "bound", json_number(error->bound));
  return object;
}

/* Into *object: what one network reached, or all. absolute: ||F_L - Y||_2. certificate: NULL where
 * there is none. */
static void put_result(json_t **object, const ntk_memorize_result *r, double absolute,
                       const ntk_fit_error *certificate) {
  json_put(object, "status", json_text(r->reached ? "reached" : "not_reached"));
  json_put(object, "reason", r->reached ? json_null() : json_text(r->reason));
  json_put(object, "relative_error", json_number(r->relative_error));
  json_put(object, "absolute_error", json_number(absolute));
  json_put(object, "max_error", json_number(r->max_error));
  json_put(object, "rounding", json_number(r->rounding));
  json_put(object, "certificate",
           certificate != NULL ? certificate_object(certificate) : json_null());
  json_put(object, "t", json_number(r->t));
  json_put(object, "corrections", json_whole(r->corrections));
}

static json_t *class_array(const memorize_run *run) {
  json_t *array = json_array();
  for (size_t c = 0; c < run->count; c++) {
    json_t *object = json_object();
    json_put(&object, "class", json_integer((json_int_t)run->classes.value[c]));
    put_result(&object, &run->results[c], memorize_absolute(run, c),
               run->certificate != NULL ? &run->certificate[c] : NULL);
    if (json_array_append_new(array, object) != 0) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

json_t *memorize_json(const memorize_run *run) {
  const cli_settings *settings = run->job.settings;
  const ntk_environment environment = ntk_context_environment(run->job.context);
  const ntk_memorize_result all = memorize_overall(run);
  ntk_fit_error certificate;
  if (run->certificate != NULL)
    certificate = memorize_certificate(run);
  json_t *object = json_object();
  job_put_origin(&object, &run->job);
  json_put(&object, "network", job_network_json(&run->job));
  json_put(&object, "data", job_data_json(&run->job));
  json_put(&object, "labels", json_text(settings->labels));
  json_put(&object, "seed", json_whole(settings->seed));
  json_put(&object, "eps", json_number(settings->eps));
  json_put(&object, "absolute", json_boolean(settings->absolute));
  json_put(&object, "iterative", json_boolean(settings->iterative));
  put_result(&object, &all, memorize_absolute_worst(run),
             run->certificate != NULL ? &certificate : NULL);
  json_put(&object, "condition", json_number(all.condition));
  json_put(&object, "samples", json_whole(all.samples));
  if (run->classes.count > 0) {
    json_put(&object, "accuracy", json_number(run->accuracy));
    json_put(&object, "classes", class_array(run));
  }
  json_put(&object, "seconds", json_number(all.seconds.total));
  json_put(&object, "seconds_kernel", json_number(all.seconds.kernel));
  json_put(&object, "seconds_factor", json_number(all.seconds.factor));
  json_put(&object, "seconds_condition", json_number(all.seconds.condition));
  json_put(&object, "seconds_solve", json_number(all.seconds.solve));
  json_put(&object, "seconds_evaluate", json_number(all.seconds.evaluate));
  if (settings->save != NULL)
    json_put(&object, "saved", saved_json(&run->job.folder));
  json_put(&object, "environment", json_environment(&environment));
  return object;
}
