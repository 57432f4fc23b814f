#include "study/measure/trial.h"

ntk_network_spec ntk_trial_spec(const ntk_point *point, uint64_t seed) {
  return (ntk_network_spec){.depth = point->depth,
                            .width = point->width,
                            .activation = point->activation,
                            .init = point->init,
                            .beta = point->beta,
                            .gamma = point->gamma,
                            .seed = seed};
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

/* As with data: the file may be replaced at any moment. */
ntk_status ntk_trial_labels(ntk_context *context, const ntk_point *point, uint64_t seed,
                            const ntk_dataset *data, double *Y) {
  const ntk_point_training *training = &point->training;
  const char *labels = training->labels != NULL ? training->labels : "gaussian";
  if (training->labels_from_file) {
    NTK_TRY(ntk_file_unchanged(labels, &training->labels_file));
    NTK_TRY(ntk_labels_load(context, labels, data, Y));
    return ntk_file_unchanged(labels, &training->labels_file);
  }
  const ntk_network_spec spec = ntk_trial_spec(point, seed);
  return ntk_labels_generate(context, labels, &spec, data, seed, Y);
}

ntk_status ntk_trial_begin(ntk_context *context, const ntk_point *point, uint64_t seed,
                           ntk_dataset **data, ntk_network **network) {
  const ntk_network_spec spec = ntk_trial_spec(point, seed);
  *data = NULL;
  *network = NULL;
  NTK_TRY(ntk_trial_data(context, point, seed, data));
  return ntk_network_create(context, &spec, network);
}
