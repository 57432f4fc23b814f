/* The result as one JSON object; NaN is null. */
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "cli/spectrum/spectrum.h"

json_t *spectrum_json(const void *what) {
  const spectrum_run *run = what;
  const cli_job *job = &run->job;
  json_t *object = json_object();
  job_put_origin(&object, job);
  json_put(&object, "network", job_network_json(job));
  json_put(&object, "data", job_data_json(job));
  json_put(&object, "seed", json_whole(job->settings->seed));
  json_put_fields(&object, ntk_describe("ntk_spectrum_result"), &run->result, NULL, NULL);
  if (job->settings->save != NULL)
    json_put(&object, "saved", saved_json(&job->folder));
  json_put(&object, "environment", json_environment(job->context));
  return object;
}
