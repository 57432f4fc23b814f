/* Bytes that lie packed in a file, as a source of a reader. */
#ifndef NTK_IO_ARCHIVE_PACKED_H
#define NTK_IO_ARCHIVE_PACKED_H

#include "data/reader.h"

#include <stdint.h>

typedef enum ntk_packing { NTK_PACKED_STORED, NTK_PACKED_DEFLATED, NTK_PACKED_GZIP } ntk_packing;

enum { NTK_DEFLATE_MOST = 1032 }; /* bytes that deflate makes of one, at the most (zlib.net) */

typedef struct ntk_packed {
  ntk_packing packing;
  size_t begin, bytes; /* where it lies in the file, which has been checked to have it */
  size_t size;         /* unpacked; of gzip, which tells it at its end alone, unused */
  uint32_t crc;        /* the same */
} ntk_packed;

/* From now on reader reads what is unpacked, in memory of fixed size. What is read to its end from
 * its beginning is checked by its sum there; what goes back, begins at the beginning again, unless
 * it is stored. */
ntk_status ntk_packed_open(ntk_reader *reader, const ntk_packed *what);

/* Files of which all is packed by gzip, one member or several: the format of what is in it. */
extern const ntk_reader_format ntk_format_gzip;

#endif
