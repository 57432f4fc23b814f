#include "cli/run/job_show.h"

#include "cli/show/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *job_number(double value, const char *format, char text[JOB_CELL]) {
  if (isnan(value))
    snprintf(text, JOB_CELL, "-");
  else
    snprintf(text, JOB_CELL, format, value);
  return text;
}

/* Not below value (sign 1) or not above it (sign -1). */
static const char *number_beyond(double value, int digits, double sign, char text[JOB_CELL]) {
  snprintf(text, JOB_CELL, "%.*g", digits, value);
  if (value == 0.0 || !isfinite(value))
    return text;
  const double half = 0.5 * pow(10.0, floor(log10(fabs(value))) + 1.0 - digits); /* last digit's */
  for (int i = 1; i <= 3 && sign * (strtod(text, NULL) - value) < 0.0; i++)
    snprintf(text, JOB_CELL, "%.*g", digits, value + sign * i * half);
  return text;
}

const char *job_number_up(double value, int digits, char text[JOB_CELL]) {
  return number_beyond(value, digits, 1.0, text);
}

const char *job_number_down(double value, int digits, char text[JOB_CELL]) {
  return number_beyond(value, digits, -1.0, text);
}

void job_print_network(const cli_job *job) {
  const ntk_network_spec *spec = &job->spec;
  printf("network     L = %zu: ", spec->depth);
  for (size_t l = 0; l < spec->depth; l++)
    printf("%zu -> ", spec->width[l]);
  printf("1, %s, init %s, ", spec->activation, spec->init);
  if (spec->gamma > 0)
    printf("gamma %g, ", spec->gamma);
  printf("beta ");
  const size_t shown = job->settings->beta.count == 1 ? 1 : spec->depth;
  for (size_t l = 0; l < shown; l++)
    printf("%s%g", l > 0 ? "," : "", spec->beta[l]);
  printf(", P = %zu parameters\n", ntk_network_parameters(job->network));
}

void job_print_data(const cli_job *job, const char *more) {
  const size_t N = ntk_dataset_samples(job->data);
  printf("data        %s, N = %zu sample%s, d = %zu", job->settings->data, N, N == 1 ? "" : "s",
         ntk_dataset_dim(job->data));
  if (job->from_file)
    printf(", scale %s", job->settings->scale);
  printf("%s, seed %llu\n", more, (unsigned long long)job->settings->seed);
}

/* Appends a word as a shell reads it: as it is, or in single quotes, where a quote ends them, comes
 * escaped, and begins them again. */
static size_t put_word(char *to, const char *word) {
  static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "-_=+:,./@%^";
  const bool plain = word[0] != '\0' && word[strspn(word, safe)] == '\0';
  size_t used = 0;
  if (!plain)
    to[used++] = '\'';
  for (; *word != '\0'; word++) {
    to[used++] = *word;
    if (*word == '\'') {
      to[used++] = '\\';
      to[used++] = '\'';
      to[used++] = '\'';
    }
  }
  if (!plain)
    to[used++] = '\'';
  return used;
}

static json_t *command_line(const cli_origin *origin) {
  size_t size = 1, used = 0;
  for (int i = 0; i < origin->words; i++)
    size += 4 * strlen(origin->word[i]) + 3;
  char *text = malloc(size);
  if (text == NULL)
    return NULL;
  for (int i = 0; i < origin->words; i++) {
    used += put_word(text + used, origin->word[i]);
    text[used++] = ' ';
  }
  text[used > 0 ? used - 1 : 0] = '\0';
  json_t *line = json_text(text);
  free(text);
  return line;
}

void job_put_origin(json_t **object, const cli_job *job) {
  const cli_origin *origin = &job->settings->origin;
  json_put(object, "command", json_text(origin->command));
  json_put(object, "command_line", command_line(origin));
  json_put(object, "date", json_text(origin->date));
  json_put(object, "inputs", job->inputs != NULL ? json_incref(job->inputs) : json_array());
}

json_t *job_network_json(const cli_job *job) {
  const ntk_network_spec *spec = &job->spec;
  json_t *widths = json_array();
  for (size_t l = 1; l < spec->depth; l++)
    json_append(&widths, json_whole(spec->width[l]));
  json_t *object = json_object();
  json_put(&object, "depth", json_whole(spec->depth));
  json_put(&object, "dim", json_whole(spec->width[0]));
  json_put(&object, "widths", widths);
  json_put(&object, "activation", json_text(spec->activation));
  json_put(&object, "init", json_text(spec->init));
  json_put(&object, "beta", json_numbers(spec->beta, spec->depth));
  json_put(&object, "gamma", spec->gamma > 0 ? json_real(spec->gamma) : json_null());
  json_put(&object, "parameters", json_whole(ntk_network_parameters(job->network)));
  return object;
}

json_t *job_data_json(const cli_job *job) {
  json_t *object = json_object();
  json_put(&object, "source", json_text(job->settings->data));
  json_put(&object, "samples", json_whole(ntk_dataset_samples(job->data)));
  json_put(&object, "dim", json_whole(ntk_dataset_dim(job->data)));
  json_put(&object, "scale", json_text(job->settings->scale));
  return object;
}
