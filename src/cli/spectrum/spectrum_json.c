/* The result as one JSON object; NaN is null. */
#include "cli/run/job_show.h"
#include "cli/show/json.h"
#include "cli/spectrum/spectrum.h"

static json_t *certificate_object(const ntk_certificate *certificate) {
  json_t *estimate = json_object();
  json_put(&estimate, "lower", json_number(certificate->kernel_lower));
  json_put(&estimate, "upper", json_number(certificate->kernel_upper));
  json_t *object = json_object();
  json_put(&object, "certified", json_boolean(certificate->certified));
  json_put(&object, "lower", json_number(certificate->lower));
  json_put(&object, "upper", json_number(certificate->upper));
  json_put(&object, "kernel_estimate", estimate);
  return object;
}

/* Blocks whose eigenvalue nobody asked for have neither value nor status: null. */
static json_t *layers_array(const cli_job *job, const ntk_spectrum_result *result) {
  json_t *array = json_array();
  for (size_t k = 0; k < result->blocks; k++) {
    const ntk_block_result *block = &result->layers[k];
    json_t *object = json_object();
    json_put(&object, "block", json_whole(k));
    json_put(&object, "lambda_min", json_number(block->lambda_min));
    json_put(&object, "trace", json_number(block->trace));
    json_put(&object, "status",
             json_text(job->settings->per_layer ? ntk_verdict_name(block->verdict) : NULL));
    if (json_array_append_new(array, object) != 0) {
      json_decref(array);
      return NULL;
    }
  }
  return array;
}

static json_t *bounds_object(const ntk_bounds *bounds) {
  json_t *object = json_object();
  json_put(&object, "lower_scale", json_number(bounds->lower_scale));
  json_put(&object, "upper_scale", json_number(bounds->upper_scale));
  json_put(&object, "ratio_lower", json_number(bounds->ratio_lower));
  json_put(&object, "ratio_upper", json_number(bounds->ratio_upper));
  json_put(&object, "diagonal_min", json_number(bounds->diagonal_min));
  return object;
}

static json_t *iterations_object(const ntk_spectrum_result *result) {
  json_t *object = json_object();
  json_put(&object, "solves", json_integer(result->solves));
  json_put(&object, "products", json_integer(result->products));
  return object;
}

static json_t *seconds_object(const ntk_spectrum_seconds *seconds) {
  json_t *object = json_object();
  json_put(&object, "forward", json_number(seconds->forward));
  json_put(&object, "kernel", json_number(seconds->kernel));
  json_put(&object, "factor", json_number(seconds->factor));
  json_put(&object, "eigen", json_number(seconds->eigen));
  json_put(&object, "certify", json_number(seconds->certify));
  json_put(&object, "full", json_number(seconds->full));
  json_put(&object, "layers", json_number(seconds->layers));
  json_put(&object, "total", json_number(seconds->total));
  return object;
}

json_t *spectrum_json(const cli_job *job, const ntk_spectrum_result *result) {
  const ntk_environment environment = ntk_context_environment(job->context);
  json_t *object = json_object();
  job_put_origin(&object, job);
  json_put(&object, "network", job_network_json(job));
  json_put(&object, "data", job_data_json(job));
  json_put(&object, "seed", json_whole(job->settings->seed));
  json_put(&object, "status", json_text(ntk_verdict_name(result->verdict)));
  json_put(&object, "reason", json_text(result->reason));
  json_put(&object, "lambda_min", json_number(result->lambda_min));
  json_put(&object, "lambda_max", json_number(result->lambda_max));
  json_put(&object, "condition", json_number(result->lambda_max / result->lambda_min));
  json_put(&object, "residual_min", json_number(result->residual_min));
  json_put(&object, "residual_max", json_number(result->residual_max));
  json_put(&object, "resolution", json_number(result->resolution));
  json_put(&object, "certificate", certificate_object(&result->certificate));
  json_put(&object, "layers", layers_array(job, result));
  json_put(&object, "bounds", bounds_object(&result->bounds));
  json_put(&object, "iterations", iterations_object(result));
  json_put(&object, "seconds", seconds_object(&result->seconds));
  json_put(&object, "memory_bytes", json_whole(result->memory_bytes));
  if (result->eigenvalues != NULL)
    json_put(&object, "eigenvalues", json_numbers(result->eigenvalues, result->samples));
  if (job->settings->save != NULL)
    json_put(&object, "saved", saved_json(&job->folder));
  json_put(&object, "environment", json_environment(&environment));
  return object;
}
