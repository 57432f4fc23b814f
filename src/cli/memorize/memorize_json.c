/* The result of memorisation as one JSON object; what is not known is null. */
#include "cli/memorize/memorize.h"
#include "cli/run/job_show.h"
#include "cli/show/json.h"

static json_t *certificate_object(const ntk_fit_error *error) {
  json_t *object = json_object();
  json_put_fields(&object, ntk_describe("ntk_fit_error"), error, "max_error", NULL);
  return object;
}

/* Into *object: what one network reached, or all. absolute: ||F_L - Y||_2. certificate: NULL where
 * there is none. */
static void put_result(json_t **object, const ntk_memorize_result *r, double absolute,
                       const ntk_fit_error *certificate) {
  const ntk_description *table = ntk_describe("ntk_memorize_result");
  json_put_fields(object, table, r, NULL, "relative_error");
  json_put(object, "absolute_error", json_number(absolute));
  json_put_fields(object, table, r, "max_error", "rounding");
  json_put(object, "certificate",
           certificate != NULL ? certificate_object(certificate) : json_null());
  json_put_fields(object, table, r, "t", "corrections");
}

static json_t *class_array(const memorize_run *run) {
  json_t *array = json_array();
  for (size_t c = 0; c < run->count; c++) {
    json_t *object = json_object();
    json_put(&object, "class", json_integer((json_int_t)run->classes[c]));
    put_result(&object, &run->results[c], memorize_absolute(run, c),
               run->certificate != NULL ? &run->certificate[c] : NULL);
    json_append(&array, object);
  }
  return array;
}

json_t *memorize_json(const void *what) {
  const memorize_run *run = what;
  const memorize_settings *settings = run->settings;
  const ntk_description *table = ntk_describe("ntk_memorize_result");
  const ntk_memorize_result all = memorize_overall(run);
  ntk_fit_error certificate;
  if (run->certificate != NULL)
    certificate = memorize_certificate(run);
  json_t *object = json_object();
  job_put_origin(&object, &run->job);
  json_put(&object, "network", job_network_json(&run->job));
  json_put(&object, "data", job_data_json(&run->job));
  json_put(&object, "labels", json_text(settings->common.labels));
  json_put(&object, "seed", json_whole(settings->common.seed));
  json_put(&object, "eps", json_number(settings->eps));
  json_put(&object, "absolute", json_boolean(settings->absolute));
  json_put(&object, "iterative", json_boolean(settings->iterative));
  put_result(&object, &all, memorize_absolute_worst(run),
             run->certificate != NULL ? &certificate : NULL);
  json_put_fields(&object, table, &all, "condition", "samples");
  if (run->classes != NULL) {
    json_put(&object, "accuracy", json_number(run->accuracy));
    json_put(&object, "classes", class_array(run));
  }
  json_put_fields(&object, table, &all, "seconds", NULL);
  if (settings->common.save != NULL)
    json_put(&object, "saved", saved_json(&run->job.folder));
  json_put(&object, "environment", json_environment(run->job.context));
  return object;
}
