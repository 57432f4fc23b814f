/* The result of training as one JSON object; NaN is null. */
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "cli/train/train.h"

#include <unistd.h>

json_t *train_json(const void *what) {
  const train_run *run = what;
  const ntk_train_result *result = &run->result;
  const train_settings *settings = run->settings;
  const ntk_description *table = ntk_describe("ntk_train_result");
  const bool checkpoint = run->checkpoint != NULL && access(run->checkpoint, F_OK) == 0;
  json_t *object = json_object();
  job_put_origin(&object, &run->job);
  json_put(&object, "network", job_network_json(&run->job));
  json_put(&object, "data", job_data_json(&run->job));
  json_put(&object, "labels", json_text(settings->common.labels));
  json_put(&object, "seed", json_whole(settings->common.seed));
  json_put(&object, "optimizer", json_text(settings->optimizer));
  json_put_fields(&object, table, result, NULL, "momentum");
  json_put(&object, "loss", json_text(settings->loss));
  json_put(&object, "precision", json_text(settings->common.precision));
  json_put_fields(&object, table, result, "loss_initial", NULL);
  json_put(&object, "checkpoint", json_text(checkpoint ? run->checkpoint : NULL));
  if (settings->common.save != NULL)
    json_put(&object, "saved", saved_json(&run->job.folder));
  json_put(&object, "environment", json_environment(run->job.context));
  return object;
}
