/* IDX, as MNIST and its kin are written: two zeros, the type of the numbers, the number of extents,
 * each of these in four bytes, the numbers; all of them big-endian. An array of more than two
 * dimensions has a sample in its first. */
#include "data/reader.h"

#include <stdint.h>
#include <stdio.h>

static const struct {
  const char *name;
  char kind;
  unsigned char size;
} types[] = {
    [0x08] = {"uint8", 'u', 1}, [0x09] = {"int8", 'i', 1},    [0x0b] = {"int16", 'i', 2},
    [0x0c] = {"int32", 'i', 4}, [0x0d] = {"float32", 'f', 4}, [0x0e] = {"float64", 'f', 8},
};
enum { BEGIN = 4, EXTENT = 4 }; /* bytes */

static bool recognise(const unsigned char *start, size_t count) {
  return count >= BEGIN + EXTENT && start[0] == 0 && start[1] == 0 &&
         start[2] < sizeof types / sizeof types[0] && types[start[2]].name != NULL &&
         start[3] > 0 && BEGIN + EXTENT * (size_t)start[3] <= NTK_READER_START;
}

static size_t extent(const unsigned char *c) {
  return (size_t)c[0] << 24 | (size_t)c[1] << 16 | (size_t)c[2] << 8 | (size_t)c[3];
}

/* Bytes that the header promises after itself, as far as `there` of them could hold them, else
 * SIZE_MAX; shape: the first extent and the product of the others. */
static size_t promised(const unsigned char *start, size_t there, size_t shape[2]) {
  const size_t rank = start[3];
  shape[0] = extent(start + BEGIN);
  shape[1] = 1;
  size_t wanted = types[start[2]].size * shape[0];
  for (size_t k = 1; k < rank && wanted <= there; k++) {
    const size_t next = extent(start + BEGIN + EXTENT * k);
    const bool fits = next == 0 || wanted <= there / next;
    shape[1] *= next;
    wanted = fits ? wanted * next : SIZE_MAX;
  }
  return wanted;
}

bool ntk_idx_is_whole(const unsigned char *start, size_t count, size_t file_size) {
  size_t shape[2];
  const size_t header = BEGIN + EXTENT * (size_t)start[3];
  return recognise(start, count) && file_size > header &&
         promised(start, file_size - header, shape) == file_size - header;
}

static ntk_status open_idx(ntk_reader *reader, const unsigned char *start) {
  const size_t rank = start[3], header = BEGIN + EXTENT * rank, size = types[start[2]].size;
  const size_t there = reader->file_size > header ? reader->file_size - header : 0;
  size_t shape[2];
  const size_t wanted = promised(start, there, shape);
  if (wanted > there || (wanted < there && !reader->bounded) || there == 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: its IDX header promises %s bytes of numbers than the %zu that follow; "
                    "accepted: as many as it promises",
                    reader->path, wanted > there ? "more" : "fewer", there);
  reader->type = types[start[2]].name;
  reader->plain = (ntk_plain){
      .kind = types[start[2]].kind, .size = size, .big_endian = true, .data = (off_t)header};
  char text[64];
  snprintf(text, sizeof text, rank == 1 ? "(%zu,)" : "(%zu, %zu)", shape[0], shape[1]);
  return ntk_reader_set_shape(reader, rank == 1 ? 1 : 2, shape, text);
}

const ntk_reader_format ntk_format_idx = {
    .name = "idx", .recognise = recognise, .open = open_idx, .rows = ntk_plain_rows};
