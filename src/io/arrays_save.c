/* Arrays that are in memory, as one file. */
#include "io/archive/write.h"
#include "ntkit/io.h"

#include <stdlib.h>

bool ntk_arrays_known(const char *path) {
  return ntk_packing_knows(path);
}

ntk_status ntk_arrays_save(const char *path, size_t count, const ntk_array_entry *array) {
  ntk_packing packing;
  ntk_packed *packed = calloc(count, sizeof *packed);
  if (packed == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for the names of %zu arrays", count);
  for (size_t i = 0; i < count; i++) {
    const size_t cols = array[i].rank == 2 ? array[i].shape[1] : 0;
    packed[i] = (ntk_packed){array[i].name, array[i].rank, {array[i].shape[0], cols}};
  }
  ntk_status status = ntk_packing_open(&packing, path, count, packed);
  const bool open = status == NTK_OK;
  for (size_t i = 0; i < count && status == NTK_OK; i++)
    status = ntk_packing_append(&packing, array[i].values);
  if (status == NTK_OK)
    status = ntk_packing_commit(&packing);
  else if (open)
    ntk_packing_abort(&packing);
  free(packed);
  return status;
}
