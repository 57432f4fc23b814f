/* A saved network, or one for each class, as a directory of --save holds it. */
#ifndef NTK_CLI_MODEL_H
#define NTK_CLI_MODEL_H

#include "cli/shell/settings.h"
#include "ntkit/fit.h"

#include <jansson.h>

typedef struct cli_model {
  ntk_context *context;
  const char *directory;
  json_t *result;         /* of result.json; NULL where there is none */
  const char *activation; /* borrowed from result, or from settings */
  ntk_scaling scaling;    /* of the data, once these are loaded */
  ntk_dataset *columns;   /* of center and standardize: means and deviations, 2 x d; else NULL */
  size_t count;           /* networks */
  ntk_network **networks; /* count */
  double *classes;        /* count, ascending; NULL: one network and no classes */
} cli_model;

/* Loads the directory of --load; *model is to be released whatever the status. */
exit_status model_load(ntk_context *context, const char *directory, const cli_settings *settings,
                       cli_model *model);
void model_release(cli_model *model);

/* The text at result[object][key]; NULL where there is none. */
const char *model_text(const cli_model *model, const char *object, const char *key);

/* The data of --data for this model: d is the network's; what is read from a file is scaled as
 * --scale says, or else as the model's own data were, unless it is of them. */
exit_status model_data(cli_model *model, const cli_settings *settings, ntk_dataset **data);

#endif
