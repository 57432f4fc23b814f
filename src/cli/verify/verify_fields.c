/* What ntkit verify has to tell, as fields. */
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "cli/study/study_view.h"
#include "cli/verify/verify.h"

static void tell_sweep(result_view *v, const verify_view *view) {
  const ntk_sweep *l = view->sweep;
  const cli_settings *s = &view->settings->study.common;
  const ntk_description *status = ntk_study_describe("ntk_study_status");
  view_json(v, "variable", json_text(view->spec->variable));
  view_json(v, "values", json_text(view->spec->values));
  view_options(v, s, "widths samples dim activation init data seed");
  view_options(v, s, s->bias != NULL ? "bias" : "");
  view_options(v, s, s->parameterization != NULL ? "parameterization" : "");
  view_fields(v, NULL, status, &l->status, "trials", "trials");
  view_fields(v, NULL, status, &l->status, "failed", "failed");
  view_json(v, "assumptions", study_assumptions_json(l->assumptions));
  view_json(v, "ledger", json_list_of(ntk_study_describe("ntk_sweep_row"), l->row, l->rows));
  view_fields(v, NULL, status, &l->status, "seconds", "seconds");
}

void verify_fields(const void *what, result_view *v) {
  const verify_view *view = what;
  if (view->sweep != NULL) {
    tell_sweep(v, view);
    return;
  }
  job_view_inputs(v, view->job);
  if (view->job->spec.outputs > 1)
    view_json(v, "output", json_text(view->settings->output));
  view_options(v, &view->settings->study.common, "seed");
  view_fields(v, NULL, ntk_describe("ntk_ledger"), view->ledger, NULL, NULL);
  view_environment(v, view->job->context);
}
