#include "study/measure/trial.h"

#include "base/memory.h"
#include "net/loader.h"

ntk_network_spec ntk_trial_spec(const ntk_point *point, uint64_t seed) {
  return (ntk_network_spec){.depth = point->depth,
                            .width = point->width,
                            .activation = point->activation,
                            .init = point->init,
                            .beta = point->beta,
                            .gamma = point->gamma,
                            .seed = seed,
                            .outputs = ntk_trial_outputs(point),
                            .bias = point->biased ? point->bias : NULL,
                            .bias_deviation = point->bias_deviation,
                            .parameterization = point->parameterization};
}

ntk_status ntk_trial_load(ntk_context *context, const char *path, const char *layout,
                          const char *activation, ntk_network **network) {
  const ntk_network_loader loader = ntk_network_registered_loader();
  return loader != NULL ? loader(context, path, layout, activation, network)
                        : ntk_network_load(context, path, activation, network);
}

/* The same weights with the point's scales. */
static ntk_status rescale(ntk_context *context, const ntk_network_spec *spec,
                          ntk_network **network) {
  const double *W[NTK_MOST_DEPTH], *b[NTK_MOST_DEPTH];
  ntk_network *loaded = *network;
  for (size_t l = 1; l <= spec->depth; l++) {
    W[l - 1] = ntk_network_weights(loaded, l);
    b[l - 1] = ntk_network_bias(loaded, l);
  }
  *network = NULL;
  const ntk_status status = ntk_network_from_weights(context, spec, W, b, network);
  ntk_network_destroy(loaded);
  return status;
}

/* As with data: the file may be replaced at any moment. */
static ntk_status load_network(ntk_context *context, const ntk_point *point,
                               const ntk_network_spec *spec, ntk_network **network) {
  NTK_TRY(ntk_weights_unchanged(point->weights, &point->weights_file));
  NTK_TRY(ntk_trial_load(context, point->weights, point->layout, point->activation, network));
  NTK_TRY(ntk_weights_unchanged(point->weights, &point->weights_file));
  return point->parameterization != NULL ? rescale(context, spec, network) : NTK_OK;
}

static ntk_status all_outputs(ntk_context *context, const ntk_point *point, uint64_t seed,
                              ntk_network **network) {
  ntk_network_spec spec = ntk_trial_spec(point, seed);
  spec.outputs = point->outputs;
  return point->weights != NULL ? load_network(context, point, &spec, network)
                                : ntk_network_create(context, &spec, network);
}

/* All outputs are drawn, also where one of them is selected. */
static ntk_status make_network(ntk_context *context, const ntk_point *point, uint64_t seed,
                               ntk_network **network) {
  if (!point->selected || point->outputs == 1)
    return all_outputs(context, point, seed, network);
  ntk_network *all = NULL;
  NTK_TRY(all_outputs(context, point, seed, &all));
  const ntk_status status = ntk_network_select(all, point->output, network);
  ntk_network_destroy(all);
  return status;
}

/* A file is looked at after it has been read, too: it may be replaced at any moment. */
ntk_status ntk_trial_data(ntk_context *context, const ntk_point *point, uint64_t seed,
                          ntk_dataset **data) {
  if (point->from_file) {
    NTK_TRY(ntk_file_unchanged(point->source, &point->file));
    ntk_rows rows = point->rows;
    rows.seed = seed;
    NTK_TRY(
        ntk_dataset_select(context, point->source, &rows, point->width[0], point->scaling, data));
    return ntk_file_unchanged(point->source, &point->file);
  }
  return ntk_dataset_generate(context, point->source, point->N, point->width[0], seed, data);
}

size_t ntk_trial_outputs(const ntk_point *point) {
  return point->selected ? 1 : point->outputs;
}

/* As with data: the file may be replaced at any moment. */
static ntk_status fill_labels(ntk_context *context, const ntk_point *point, uint64_t seed,
                              const ntk_dataset *data, double *Y) {
  const ntk_point_training *training = &point->training;
  const char *labels = training->labels != NULL ? training->labels : "gaussian";
  if (training->labels_from_file) {
    NTK_TRY(ntk_file_unchanged(labels, &training->labels_file));
    NTK_TRY(ntk_labels_load_outputs(context, labels, data, ntk_trial_outputs(point), Y));
    return ntk_file_unchanged(labels, &training->labels_file);
  }
  const ntk_network_spec spec = ntk_trial_spec(point, seed);
  return ntk_labels_generate(context, labels, &spec, data, seed, Y);
}

ntk_status ntk_trial_labels(ntk_context *context, const ntk_point *point, uint64_t seed,
                            const ntk_dataset *data, double **Y) {
  size_t count = 0;
  NTK_TRY(ntk_size_multiply(point->N, ntk_trial_outputs(point), "labels", &count));
  NTK_TRY(ntk_alloc_doubles(context, count, "labels", Y));
  return fill_labels(context, point, seed, data, *Y);
}

ntk_status ntk_trial_begin(ntk_context *context, const ntk_point *point, uint64_t seed,
                           ntk_dataset **data, ntk_network **network) {
  *data = NULL;
  *network = NULL;
  NTK_TRY(ntk_trial_data(context, point, seed, data));
  return make_network(context, point, seed, network);
}
