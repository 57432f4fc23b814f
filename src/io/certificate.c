/* What saved networks do: data, labels and weights are read back and measured. */
#include "io/folder.h"
#include "ntkit/io.h"

#include <math.h>
#include <stdlib.h>

/* Data and targets as the files have them. */
typedef struct read_back {
  ntk_context *context;
  const char *directory, *activation;
  ntk_dataset *data;
  double *Y;      /* N labels */
  double *target; /* N: what one network is to put out */
} read_back;

static ntk_status read_inputs(read_back *b) {
  char *X = NULL, *Y = NULL;
  ntk_status status = ntk_folder_path(b->directory, "X.npy", &X);
  if (status == NTK_OK)
    status = ntk_folder_path(b->directory, "Y.npy", &Y);
  if (status == NTK_OK)
    status = ntk_dataset_load(b->context, X, 0, 0, NTK_SCALE_NONE, &b->data);
  if (status == NTK_OK) {
    const size_t N = ntk_dataset_samples(b->data);
    b->Y = calloc(N, sizeof *b->Y);
    b->target = calloc(N, sizeof *b->target);
    if (b->Y == NULL || b->target == NULL)
      status = ntk_fail(NTK_ERR_MEMORY, "no memory for %zu labels", N);
    else
      status = ntk_labels_load(b->context, Y, b->data, b->Y);
  }
  free(X);
  free(Y);
  return status;
}

/* The files must do what the weights in memory did, but for rounding. */
static ntk_status check_error(const char *place, const ntk_memorize_result *computed,
                              const ntk_fit_error *error) {
  if (isnan(computed->max_error) ||
      error->largest <= computed->max_error + computed->rounding + error->rounding)
    return NTK_OK;
  return ntk_fail(NTK_ERR_NUMERIC,
                  "the weights in %s, read back, miss the labels by up to %.3g, and before it was "
                  "%.3g: the files are not what was written",
                  place, error->largest, computed->max_error);
}

static ntk_status measure(const read_back *b, const char *name, const double *target,
                          const ntk_memorize_result *computed, ntk_fit_error *error) {
  char *place = NULL;
  ntk_network *network = NULL;
  NTK_TRY(ntk_folder_path(b->directory, name, &place));
  ntk_status status = ntk_network_load(b->context, place, b->activation, &network);
  if (status == NTK_OK)
    status = ntk_fit_measure(network, b->data, target, error);
  if (status == NTK_OK && computed != NULL)
    status = check_error(place, computed, error);
  ntk_network_destroy(network);
  free(place);
  return status;
}

ntk_status ntk_saved_certify(ntk_context *context, const char *directory, const char *activation,
                             size_t count, const double *classes,
                             const ntk_memorize_result *computed, ntk_fit_error *error) {
  read_back b = {.context = context, .directory = directory, .activation = activation};
  char name[NTK_CLASS_NAME] = "";
  ntk_status status = read_inputs(&b);
  for (size_t c = 0; c < count && status == NTK_OK; c++) {
    if (classes != NULL) {
      ntk_class_folder(classes[c], name);
      ntk_classes_targets(b.Y, ntk_dataset_samples(b.data), 1, &classes[c], b.target);
    }
    status = measure(&b, name, classes != NULL ? b.target : b.Y,
                     computed != NULL ? &computed[c] : NULL, &error[c]);
  }
  free(b.target);
  free(b.Y);
  ntk_dataset_destroy(b.data);
  return status;
}
