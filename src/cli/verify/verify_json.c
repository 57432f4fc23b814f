/* The ledger or the ladder as one JSON object; NaN and infinity are null. */
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "cli/study/study_view.h"
#include "cli/verify/verify.h"

static json_t *append(json_t *array, json_t *value) {
  if (json_array_append_new(array, value) == 0)
    return array;
  json_decref(array);
  return NULL;
}

static json_t *row_json(const ntk_ledger_row *row) {
  json_t *object = json_object();
  json_put(&object, "key", json_text(row->key));
  json_put(&object, "section", json_text(row->section));
  json_put(&object, "name", json_text(row->name));
  json_put(&object, "equation", json_text(row->equation));
  json_put(&object, "value", json_number(row->value));
  json_put(&object, "error", json_number(row->error));
  json_put(&object, "spread", json_number(row->spread));
  json_put(&object, "order", json_text(row->order));
  json_put(&object, "claim", json_text(ntk_ledger_claim_name(row->claim)));
  json_put(&object, "scale", json_number(row->scale));
  json_put(&object, "ratio", json_number(row->ratio));
  json_put(&object, "verdict", json_text(ntk_ledger_verdict_name(row->verdict)));
  json_put(&object, "note", json_text(row->note));
  return object;
}

static json_t *means_json(const ntk_sweep_row *row) {
  json_t *array = json_array();
  for (size_t i = 0; i < row->means.points && array != NULL; i++) {
    json_t *object = json_object();
    json_put(&object, "x", json_number(row->means.point[i].x));
    json_put(&object, "mean", json_number(row->means.point[i].mean));
    json_put(&object, "deviation", json_number(row->means.point[i].deviation));
    json_put(&object, "trials", json_whole(row->means.point[i].count));
    array = append(array, object);
  }
  return array;
}

static json_t *ladder_row_json(const ntk_sweep_row *row) {
  const double ends[] = {row->low, row->high};
  json_t *object = json_object();
  json_put(&object, "key", json_text(row->ledger.key));
  json_put(&object, "section", json_text(row->ledger.section));
  json_put(&object, "name", json_text(row->ledger.name));
  json_put(&object, "equation", json_text(row->ledger.equation));
  json_put(&object, "order", json_text(row->ledger.order));
  json_put(&object, "claim", json_text(ntk_ledger_claim_name(row->ledger.claim)));
  json_put(&object, "exponent", json_number(row->exponent));
  json_put(&object, "interval", json_numbers(ends, 2));
  json_put(&object, "predicted", json_number(row->predicted));
  json_put(&object, "trials", json_whole(row->trials));
  json_put(&object, "zero", json_whole(row->zero));
  json_put(&object, "missing", json_whole(row->missing));
  json_put(&object, "points", means_json(row));
  json_put(&object, "verdict", json_text(ntk_ledger_verdict_name(row->ledger.verdict)));
  json_put(&object, "note", json_text(row->ledger.note));
  return object;
}

static json_t *ladder_json(const verify_view *view) {
  const ntk_sweep *l = view->ladder;
  const cli_settings *s = view->settings;
  json_t *rows = json_array();
  for (size_t i = 0; i < l->rows && rows != NULL; i++)
    rows = append(rows, ladder_row_json(&l->row[i]));
  json_t *object = json_object();
  json_put(&object, "variable", json_text(view->rungs->variable));
  json_put(&object, "values", json_text(view->rungs->values));
  json_put(&object, "widths", json_text(s->widths_text));
  json_put(&object, "samples", json_text(s->samples_text));
  json_put(&object, "dim", json_text(s->dim_text));
  json_put(&object, "activation", json_text(s->activation));
  json_put(&object, "init", json_text(s->init));
  json_put(&object, "data", json_text(s->data));
  json_put(&object, "seed", json_whole(s->seed));
  json_put(&object, "trials", json_whole(l->status.trials));
  json_put(&object, "failed", json_whole(l->status.failed));
  json_put(&object, "assumptions", study_assumptions_json(l->assumptions));
  json_put(&object, "ledger", rows);
  json_put(&object, "seconds", json_number(l->status.seconds));
  return object;
}

json_t *verify_json(const verify_view *view) {
  if (view->ladder != NULL)
    return ladder_json(view);
  const ntk_ledger *ledger = view->ledger;
  const ntk_environment environment = ntk_context_environment(view->job->context);
  json_t *rows = json_array();
  for (size_t i = 0; i < ledger->rows && rows != NULL; i++)
    rows = append(rows, row_json(&ledger->row[i]));
  json_t *object = json_object();
  json_put(&object, "network", job_network_json(view->job));
  json_put(&object, "data", job_data_json(view->job));
  json_put(&object, "seed", json_whole(view->settings->seed));
  json_put(&object, "population", json_whole(ledger->population));
  json_put(&object, "empirical", json_boolean(ledger->empirical));
  json_put(&object, "ledger", rows);
  json_put(&object, "seconds", json_number(ledger->seconds));
  json_put(&object, "environment", json_environment(&environment));
  return object;
}
