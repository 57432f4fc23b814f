#include "cli/shell/known_data.h"

#include <strings.h>

const known_data known_data_list[KNOWN_DATA] = {
    {"mnist", 60000, 28 * 28, 10, "train-images-idx3-ubyte.gz"},
    {"cifar10", 50000, 32 * 32 * 3, 10, "data_batch_1.bin"},
    {"imagenet", 1281167, 224 * 224 * 3, 1000, "images.npy, an image a row"},
};

const char *known_data_file(const char *name) {
  for (size_t i = 0; i < KNOWN_DATA; i++)
    if (strcasecmp(name, known_data_list[i].name) == 0)
      return known_data_list[i].file;
  return NULL;
}
