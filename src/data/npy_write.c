/* Writing .npy: header of version 1.0, padded so that the numbers begin at a multiple of 64 bytes
 * (numpy.lib.format). */
#include "base/memory.h"
#include "data/npy.h"
#include "ntkit/data.h"

#include <string.h>

enum {
  PREAMBLE = 10, /* magic, version, length of the header */
  CHUNK = 1024   /* numbers encoded at a time */
};

size_t ntk_npy_header_write(int rank, const size_t *shape, char header[NTK_NPY_HEADER]) {
  memset(header, ' ', NTK_NPY_HEADER);
  char *text = header + PREAMBLE;
  const size_t room = NTK_NPY_HEADER - PREAMBLE;
  const int used =
      rank == 1
          ? snprintf(text, room, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu,), }",
                     shape[0])
          : snprintf(text, room, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu, %zu), }",
                     shape[0], shape[1]);
  text[used] = ' '; /* over the end of the string */
  const size_t whole = (PREAMBLE + (size_t)used + 1 + 63) / 64 * 64;
  header[whole - 1] = '\n';
  memcpy(header, "\x93NUMPY\x01\x00", 8);
  header[8] = (char)(whole - PREAMBLE); /* at most 118: one byte of two */
  header[9] = 0;
  return whole;
}

static ntk_status write_header(ntk_npy_writer *writer, int rank, const size_t *shape) {
  char header[NTK_NPY_HEADER];
  const size_t length = ntk_npy_header_write(rank, shape, header);
  return ntk_writer_append(&writer->out, header, length);
}

ntk_status ntk_npy_writer_open(ntk_npy_writer *writer, const char *path, int rank,
                               const size_t *shape) {
  *writer = (ntk_npy_writer){0};
  if (rank != 1 && rank != 2)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s: an array of rank %d asked for; accepted: 1 or 2", path,
                    rank);
  size_t bytes = 0;
  NTK_TRY(ntk_size_multiply(shape[0], rank == 2 ? shape[1] : 1, path, &writer->count));
  NTK_TRY(ntk_size_multiply(writer->count, sizeof(double), path, &bytes));
  NTK_TRY(ntk_writer_open(&writer->out, path, bytes));
  const ntk_status status = write_header(writer, rank, shape);
  if (status != NTK_OK)
    ntk_npy_writer_abort(writer);
  return status;
}

void ntk_npy_encode(const double *values, size_t count, unsigned char *bytes) {
  for (size_t k = 0; k < count; k++) {
    uint64_t word;
    memcpy(&word, &values[k], sizeof word);
    for (size_t b = 0; b < 8; b++)
      bytes[8 * k + b] = (unsigned char)(word >> (8 * b) & 0xff);
  }
}

ntk_status ntk_npy_writer_append(ntk_npy_writer *writer, const double *values, size_t count) {
  if (count > writer->count - writer->written)
    return ntk_fail(NTK_ERR_SHAPE, "%s: %zu values appended to %zu; accepted: %zu in all",
                    writer->out.path, count, writer->written, writer->count);
  unsigned char bytes[8 * CHUNK];
  for (size_t first = 0; first < count; first += CHUNK) {
    const size_t piece = count - first < CHUNK ? count - first : CHUNK;
    ntk_npy_encode(values + first, piece, bytes);
    NTK_TRY(ntk_writer_append(&writer->out, bytes, 8 * piece));
  }
  writer->written += count;
  return NTK_OK;
}

ntk_status ntk_npy_writer_commit(ntk_npy_writer *writer) {
  if (writer->written == writer->count)
    return ntk_writer_commit(&writer->out);
  ntk_npy_writer_abort(writer);
  return ntk_fail(NTK_ERR_SHAPE, "%s: %zu values written; accepted: %zu", writer->out.path,
                  writer->written, writer->count);
}

void ntk_npy_writer_abort(ntk_npy_writer *writer) {
  ntk_writer_abort(&writer->out);
}

ntk_status ntk_npy_save(const char *path, const double *values, int rank, const size_t *shape) {
  ntk_npy_writer writer;
  NTK_TRY(ntk_npy_writer_open(&writer, path, rank, shape));
  const ntk_status status = ntk_npy_writer_append(&writer, values, writer.count);
  if (status != NTK_OK) {
    ntk_npy_writer_abort(&writer);
    return status;
  }
  return ntk_npy_writer_commit(&writer);
}
