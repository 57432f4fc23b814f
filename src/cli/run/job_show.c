#include "cli/run/job_show.h"

#include "cli/shell/ranks.h"
#include "cli/show/fold.h"

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

const char *job_value(double value, double exponent, const char *format, char text[NTK_DECIMAL]) {
  const int digits = (int)strtol(format + 2, NULL, 10) + (strchr(format, 'e') != NULL ? 1 : 0);
  return exponent == 0.0 || isnan(value) ? job_number(value, format, text)
                                         : ntk_text_decimal(value, exponent, digits, 0, text);
}

const char *job_value_up(double value, double exponent, char text[NTK_DECIMAL]) {
  return exponent == 0.0 ? job_number_up(value, 10, text)
                         : ntk_text_decimal(value, exponent, 10, 1, text);
}

const char *job_value_down(double value, double exponent, char text[NTK_DECIMAL]) {
  return exponent == 0.0 ? job_number_down(value, 10, text)
                         : ntk_text_decimal(value, exponent, 10, -1, text);
}

static void print_init(const cli_job *job) {
  const ntk_network_spec *spec = &job->spec;
  printf("init %s, ", spec->init);
  if (spec->gamma > 0)
    printf("gamma %g, ", spec->gamma);
  printf("beta ");
  const size_t shown = job->settings->beta.count == 1 ? 1 : spec->depth;
  for (size_t l = 0; l < shown; l++)
    printf("%s%g", l > 0 ? "," : "", spec->beta[l]);
}

static const char *scales_of(const cli_job *job) {
  return job->spec.parameterization != NULL ? job->spec.parameterization : "standard";
}

/* How many layers have b_l, and, where layer is not NULL, which. */
static size_t biased_layers(const ntk_network *network, size_t *layer) {
  size_t count = 0;
  for (size_t l = 1; l <= ntk_network_depth(network); l++) {
    if (!ntk_network_has_bias(network, l))
      continue;
    if (layer != NULL)
      layer[count] = l;
    count++;
  }
  return count;
}

void job_print_general(FILE *out, const cli_job *job) {
  const size_t biased = biased_layers(job->network, NULL);
  if (biased > 0 && job->settings->load != NULL)
    fprintf(out, ", biases in %zu of its layers", biased);
  else if (biased > 0)
    fprintf(out, ", biases %g", job->spec.bias_deviation);
  if (strcmp(scales_of(job), "standard") != 0)
    fprintf(out, ", scales %s", scales_of(job));
}

/* d -> n_1 -> ... -> n_L: d and n_L by themselves, for these are no layers between others. */
void job_print_layers(FILE *out, const cli_job *job, const char *between) {
  const ntk_network_spec *spec = &job->spec;
  fprintf(out, "L = %zu: %zu%s", spec->depth, spec->width[0], between);
  fold_wholes(out, spec->width + 1, spec->depth - 1, between);
  fprintf(out, "%s%zu, %s, ", spec->depth > 1 ? between : "",
          ntk_network_width(job->network, spec->depth), spec->activation);
}

void job_print_network(const cli_job *job) {
  printf("network     ");
  job_print_layers(stdout, job, " -> ");
  if (job->settings->load != NULL)
    printf("from %s", job->settings->load);
  else
    print_init(job);
  job_print_general(stdout, job);
  printf(", P = %zu parameters\n", ntk_network_parameters(job->network));
}

void job_print_ranks(const cli_job *job) {
  const int ranks = ntk_context_environment(job->context).ranks;
  if (ranks > 1)
    printf("ranks       %d, which share the samples\n", ranks);
}

void job_put_taken(FILE *out, const cli_job *job, void (*put)(FILE *out, const char *text)) {
  const cli_settings *settings = job->settings;
  if (job->from_file)
    fprintf(out, ", scale %s", settings->scale);
  if (settings->label_column != NULL) {
    fputs(", without column ", out);
    put(out, settings->label_column);
  }
  if (settings->skip > 0)
    fprintf(out, ", %llu row%s skipped", (unsigned long long)settings->skip,
            settings->skip == 1 ? "" : "s");
  if (settings->limit > 0)
    fprintf(out, ", at most %zu", settings->limit);
  if (settings->subsample > 0)
    fprintf(out, ", %zu drawn", settings->subsample);
  if (settings->shuffle)
    fputs(", shuffled", out);
}

static void put_plain(FILE *out, const char *text) {
  fputs(text, out);
}

void job_print_deficiency(const char *kernel, const ntk_deficiency *deficiency) {
  if (deficiency->cause != NULL)
    printf("singular    %s: %s\n", kernel, deficiency->reason);
}

void job_print_data(const cli_job *job, const char *more) {
  const size_t N = ntk_dataset_samples(job->data);
  printf("data        %s, N = %zu sample%s, d = %zu", job->settings->data, N, N == 1 ? "" : "s",
         ntk_dataset_dim(job->data));
  job_put_taken(stdout, job, put_plain);
  printf("%s, seed %llu\n", more, (unsigned long long)job->settings->seed);
}

typedef struct job_origin {
  const char *command, *line, *date;
  int launched;
} job_origin;

#define ROW job_origin
static const ntk_field origin_fields[] = {
    VIEW_FIELD(TEXT, "command", command, "of this program"),
    VIEW_FIELD(TEXT, "command_line", line, "as a shell reads it"),
    VIEW_FIELD(INT, "launched", launched, "how many of it mpirun has started; 1: without"),
    VIEW_FIELD(TEXT, "date", date, "of the start, UTC"),
};
static const ntk_description origin_table = VIEW_TABLE(origin_fields);
#undef ROW

typedef struct job_network {
  size_t depth, dim, hidden, layers, parameters, outputs, biased;
  const size_t *widths, *biases;
  const char *activation, *init, *load, *parameterization;
  const double *beta;
  double gamma, bias;
} job_network;

#define ROW job_network
static const ntk_field network_fields[] = {
    VIEW_FIELD(WHOLE, "depth", depth, "L"),
    VIEW_FIELD(WHOLE, "dim", dim, "n_0 = d"),
    VIEW_NUMBERS(WHOLES, "widths", widths, hidden, "n_1, ..., n_{L-1}"),
    VIEW_FIELD(TEXT, "activation", activation, "phi"),
    VIEW_FIELD(TEXT, "init", init, "variances of the random weights"),
    VIEW_NUMBERS(REALS, "beta", beta, layers, "scales of the layers' initial weights"),
    VIEW_FIELD(REAL, "gamma", gamma, "of (18); null: another initialisation"),
    VIEW_FIELD(WHOLE, "outputs", outputs, "n_L"),
    VIEW_NUMBERS(WHOLES, "biases", biases, biased, "layers l that have b_l"),
    VIEW_FIELD(REAL, "bias", bias, "deviation of the biases that are drawn; null: none are"),
    VIEW_FIELD(TEXT, "parameterization", parameterization, "of the scales of K's blocks"),
    VIEW_FIELD(WHOLE, "parameters", parameters, "P"),
    VIEW_FIELD(TEXT, "load", load, "the file or directory it is from; null: it is drawn"),
};
static const ntk_description network_table = VIEW_TABLE(network_fields);
#undef ROW

typedef struct job_data {
  const char *source, *scale;
  size_t samples, dim;
} job_data;

#define ROW job_data
static const ntk_field data_fields[] = {
    VIEW_FIELD(TEXT, "source", source, "a distribution, or a file"),
    VIEW_FIELD(WHOLE, "samples", samples, "N"),
    VIEW_FIELD(WHOLE, "dim", dim, "d"),
    VIEW_FIELD(TEXT, "scale", scale, "what was done to a file's numbers"),
};
static const ntk_description data_table = VIEW_TABLE(data_fields);
#undef ROW

#define ROW cli_settings
static const ntk_field rows_fields[] = {
    VIEW_FIELD(TEXT, "label_column", label_column, "of the file, that is no datum"),
    VIEW_FIELD(WHOLE, "skip", skip, "rows of the file that are left out at its start"),
    VIEW_FIELD(WHOLE, "limit", limit, "at most so many of the others; 0: all"),
    VIEW_FIELD(WHOLE, "subsample", subsample, "drawn of these; 0: all"),
    VIEW_FIELD(FLAG, "shuffle", shuffle, "in an order that is drawn"),
};
static const ntk_description rows_table = VIEW_TABLE(rows_fields);
#undef ROW

/* What a network tells by itself. */
static void view_network(result_view *v, const ntk_network *network, job_network facts) {
  const size_t depth = ntk_network_depth(network);
  size_t *widths = calloc(2 * depth, sizeof *widths);
  if (widths != NULL) {
    size_t *biases = widths + depth;
    for (size_t l = 1; l < depth; l++)
      widths[l - 1] = ntk_network_width(network, l);
    facts.widths = widths;
    facts.hidden = depth - 1;
    facts.biases = biases;
    facts.biased = biased_layers(network, biases);
  } else {
    view_starve(v, "the widths of the layers");
  }
  facts.depth = depth;
  facts.dim = ntk_network_width(network, 0);
  facts.outputs = ntk_network_width(network, depth);
  facts.parameters = ntk_network_parameters(network);
  view_fields(v, "network", &network_table, &facts, NULL, NULL);
  free(widths);
}

void job_view_network(result_view *v, const ntk_network *network, const char *activation,
                      const char *load) {
  view_network(v, network,
               (job_network){.activation = activation, .gamma = NAN, .bias = NAN, .load = load});
}

void job_view_data(result_view *v, const cli_settings *settings, const ntk_dataset *data,
                   bool scaled) {
  const job_data facts = {.source = settings->data,
                          .samples = ntk_dataset_samples(data),
                          .dim = ntk_dataset_dim(data),
                          .scale = settings->scale};
  view_fields(v, "data", &data_table, &facts, NULL, scaled ? NULL : "dim");
  if (job_rows_option(settings) != NULL)
    view_fields(v, "rows", &rows_table, settings, NULL, NULL);
}

void job_view_labels(result_view *v, const cli_job *job) {
  cli_settings shown = *job->settings;
  shown.labels = job->labels;
  view_options(v, &shown, "labels");
}

void job_view_inputs(result_view *v, const cli_job *job) {
  const ntk_network_spec *spec = &job->spec;
  view_network(v, job->network,
               (job_network){.activation = spec->activation,
                             .init = spec->init,
                             .beta = spec->beta,
                             .layers = spec->beta != NULL ? spec->depth : 0,
                             .gamma = spec->gamma > 0 ? spec->gamma : NAN,
                             .bias = job->settings->bias != NULL ? spec->bias_deviation : NAN,
                             .parameterization = scales_of(job),
                             .load = job->settings->load});
  job_view_data(v, job->settings, job->data, true);
}

void job_view_begin(result_view *v, const cli_job *job) {
  const cli_origin *origin = &job->settings->origin;
  char *line = ranks_line(origin, false);
  if (line == NULL)
    view_starve(v, "the command line");
  const job_origin facts = {origin->command, line, origin->date, ranks_count()};
  view_fields(v, NULL, &origin_table, &facts, NULL, NULL);
  free(line);
  view_json(v, "inputs", job->inputs != NULL ? json_incref(job->inputs) : json_array());
  job_view_inputs(v, job);
}

void job_view_end(result_view *v, const cli_job *job) {
  if (job->settings->save != NULL)
    view_json(v, "saved", saved_json(&job->folder));
  view_environment(v, job->context);
}
