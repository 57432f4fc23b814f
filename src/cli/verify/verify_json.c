/* The ledger or the sweep as one JSON object; NaN and infinity are null. */
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "cli/study/study_view.h"
#include "cli/verify/verify.h"

static json_t *sweep_json(const verify_view *view) {
  const ntk_sweep *l = view->sweep;
  const cli_settings *s = &view->settings->study.common;
  json_t *object = json_object();
  json_put(&object, "variable", json_text(view->spec->variable));
  json_put(&object, "values", json_text(view->spec->values));
  json_put(&object, "widths", json_text(view->settings->widths_text));
  json_put(&object, "samples", json_text(view->settings->samples_text));
  json_put(&object, "dim", json_text(view->settings->dim_text));
  json_put(&object, "activation", json_text(s->activation));
  json_put(&object, "init", json_text(s->init));
  json_put(&object, "data", json_text(s->data));
  json_put(&object, "seed", json_whole(s->seed));
  json_put(&object, "trials", json_whole(l->status.trials));
  json_put(&object, "failed", json_whole(l->status.failed));
  json_put(&object, "assumptions", study_assumptions_json(l->assumptions));
  json_put(&object, "ledger", json_list_of(ntk_study_describe("ntk_sweep_row"), l->row, l->rows));
  json_put(&object, "seconds", json_number(l->status.seconds));
  return object;
}

json_t *verify_json(const void *what) {
  const verify_view *view = what;
  if (view->sweep != NULL)
    return sweep_json(view);
  json_t *object = json_object();
  json_put(&object, "network", job_network_json(view->job));
  json_put(&object, "data", job_data_json(view->job));
  json_put(&object, "seed", json_whole(view->settings->study.common.seed));
  json_put_fields(&object, ntk_describe("ntk_ledger"), view->ledger, NULL, NULL);
  json_put(&object, "environment", json_environment(view->job->context));
  return object;
}
