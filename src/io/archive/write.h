/* Files with named arrays, written array by array: float64, row-major. */
#ifndef NTK_IO_ARCHIVE_WRITE_H
#define NTK_IO_ARCHIVE_WRITE_H

#include "base/writer.h"

#include <jansson.h>
#include <stdint.h>

typedef struct ntk_packed {
  const char *name;
  int rank; /* 1 or 2 */
  size_t shape[2];
} ntk_packed;

typedef struct ntk_packing {
  ntk_writer out;
  const struct ntk_packing_format *format;
  size_t count, next;      /* arrays in all, and written */
  const ntk_packed *array; /* borrowed */
  uint64_t at;             /* bytes written */
  uint64_t *offset;        /* count: where each array's entry begins */
  uint32_t *check;         /* count: of each entry's bytes */
} ntk_packing;

/* Whether the path ends as one of the formats does: .npz, .safetensors. */
bool ntk_packing_knows(const char *path);
/* Begins the file, of the format that its name ends with. NTK_ERR_ARGUMENT for another ending,
 * _LIMIT, _MEMORY, _FILE. */
ntk_status ntk_packing_open(ntk_packing *packing, const char *path, size_t count,
                            const ntk_packed *array);
/* The numbers of the next array. On failure: abort. */
ntk_status ntk_packing_append(ntk_packing *packing, const double *values);
/* After the last one: from then on path holds the file. Whatever happens, the packing is closed. */
ntk_status ntk_packing_commit(ntk_packing *packing);
/* path is as it was. Allowed after commit and after a failed open. */
void ntk_packing_abort(ntk_packing *packing);

#endif
