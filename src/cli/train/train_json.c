/* The result of training as one JSON object; NaN is null. */
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "cli/train/train.h"

#include <math.h>
#include <unistd.h>

static json_t *verdict(bool known, bool held) {
  return known ? json_boolean(held) : json_null();
}

static json_t *convergence_object(const ntk_convergence *c) {
  json_t *object = json_object();
  json_put(&object, "lambda_min", json_number(c->lambda_min));
  json_put(&object, "reason", json_text(c->reason));
  json_put(&object, "lambda_max", json_number(c->lambda_max));
  json_put(&object, "alpha", json_number(c->alpha));
  json_put(&object, "beta", json_number(c->beta));
  json_put(&object, "change_allowed", json_number(c->change_allowed));
  json_put(&object, "radius", json_number(c->radius));
  json_put(&object, "lr_largest", json_number(c->lr_largest));
  json_put(&object, "c", json_number(c->c));
  json_put(&object, "change_largest", json_number(c->change_largest));
  json_put(&object, "distance_largest", json_number(c->distance_largest));
  json_put(&object, "laziness", json_number(c->laziness));
  json_put(&object, "bound_held", verdict(c->bound_known, c->bound_held));
  json_put(&object, "condition_held", verdict(c->condition_known, c->condition_held));
  return object;
}

static json_t *track_array(const ntk_train_result *result) {
  json_t *array = json_array();
  for (size_t i = 0; i < result->tracked; i++) {
    const ntk_track_point *p = &result->track[i];
    json_t *object = json_object();
    json_put(&object, "epoch", json_whole(p->epoch));
    json_put(&object, "loss", json_number(p->loss));
    json_put(&object, "bound", json_number(p->bound));
    json_put(&object, "prediction", json_number(p->prediction));
    json_put(&object, "lambda_min", json_number(p->lambda_min));
    json_put(&object, "lambda_max", json_number(p->lambda_max));
    json_put(&object, "sigma_min", json_number(sqrt(p->lambda_min)));
    json_put(&object, "jacobian_norm", json_number(sqrt(p->lambda_max)));
    json_put(&object, "jacobian_change", json_number(p->jacobian_change));
    json_put(&object, "distance", json_number(p->distance));
    if (json_array_append_new(array, object) != 0) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

json_t *train_json(const train_run *run, const ntk_train_result *result) {
  const cli_settings *settings = run->job.settings;
  const ntk_environment environment = ntk_context_environment(run->job.context);
  const bool checkpoint = run->checkpoint != NULL && access(run->checkpoint, F_OK) == 0;
  json_t *object = json_object();
  job_put_origin(&object, &run->job);
  json_put(&object, "network", job_network_json(&run->job));
  json_put(&object, "data", job_data_json(&run->job));
  json_put(&object, "labels", json_text(settings->labels));
  json_put(&object, "seed", json_whole(settings->seed));
  json_put(&object, "optimizer", json_text(settings->optimizer));
  json_put(&object, "lr", json_number(result->lr));
  json_put(&object, "lr_source", json_text(result->lr_source));
  json_put(&object, "momentum", json_number(result->momentum));
  json_put(&object, "loss", json_text(settings->loss));
  json_put(&object, "precision", json_text(settings->precision));
  json_put(&object, "loss_initial", json_number(result->loss_initial));
  json_put(&object, "loss_final", json_number(result->loss_final));
  json_put(&object, "loss_smallest", json_number(result->loss_smallest));
  json_put(&object, "epoch_smallest", json_whole(result->epoch_smallest));
  json_put(&object, "loss_plateau", json_number(result->loss_plateau));
  json_put(&object, "unsaved", json_text(result->unsaved[0] != '\0' ? result->unsaved : NULL));
  json_put(&object, "epochs", json_whole(result->epochs));
  json_put(&object, "resumed", json_whole(result->resumed));
  json_put(&object, "stopped", json_text(ntk_train_stop_name(result->stopped)));
  json_put(&object, "reason", json_text(result->reason));
  json_put(&object, "rate_measured", json_number(result->rate_measured));
  json_put(&object, "rate_bound", json_number(result->rate_bound));
  json_put(&object, "seconds", json_number(result->seconds));
  json_put(&object, "seconds_tracking", json_number(result->seconds_tracking));
  json_put(&object, "convergence", convergence_object(&result->convergence));
  json_put(&object, "track", track_array(result));
  json_put(&object, "checkpoint", json_text(checkpoint ? run->checkpoint : NULL));
  if (settings->save != NULL)
    json_put(&object, "saved", saved_json(&run->job.folder));
  json_put(&object, "environment", json_environment(&environment));
  return object;
}
