/* What a model holds of the folder that it was loaded from. */
#ifndef NTK_IO_MODEL_H
#define NTK_IO_MODEL_H

#include "ntkit/io.h"

#include <jansson.h>
#include <sys/stat.h>

struct ntk_model_folder {
  ntk_context *context;
  char *directory;
  struct stat about;  /* result.json when it was read; zeros where there is none */
  json_t *result;     /* of result.json; NULL where there is none */
  ntk_dataset *means; /* of scaling.npy: means and deviations, 2 x d; NULL where there is none */
};

/* n_L of its networks. */
size_t ntk_model_outputs(const ntk_model *model);

#endif
