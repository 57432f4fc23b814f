/* What weights hold of the file that they are in. */
#ifndef NTK_IO_WEIGHTS_H
#define NTK_IO_WEIGHTS_H

#include "io/archive/archive.h"
#include "net/layers.h"
#include "ntkit/io.h"

#include <jansson.h>

struct ntk_weights_file {
  ntk_context *context;
  char *path;
  ntk_archive *archive;
  ntk_layers layers;
  json_t *result; /* of the result.json in a directory; NULL: none */
};

/* Numbers of an array of the archive, which is user. */
ntk_status ntk_weights_read(void *user, size_t array, double *values);

/* What is to be taken: given (NULL: not) and told (NULL: by no file) are refused to differ, and to
 * be both missing. NTK_ERR_ARGUMENT. */
ntk_status ntk_weights_activation(const char *path, const char *given, const char *told,
                                  const char **activation);
/* "torch", "flax", or NULL: NTK_LAYOUT_OPEN. NTK_ERR_ARGUMENT. */
ntk_status ntk_weights_layout(const char *name, ntk_layout *layout);

#endif
