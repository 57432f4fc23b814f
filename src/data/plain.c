/* Numbers that lie in a file as a machine holds them, made doubles: for any format of that kind.
 * Cost: one pass over the numbers wanted, through a buffer on the stack. */
#include "data/reader.h"

#include <math.h>
#include <string.h>

enum { CHUNK = 1 << 15 }; /* bytes of numbers read at a time */

static double decode_half(uint64_t bits) {
  const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
  const int exponent = (int)(bits >> 10 & 31);
  const double fraction = (double)(bits & 1023);
  if (exponent == 31)
    return fraction > 0.0 ? (double)NAN : sign * (double)INFINITY;
  if (exponent == 0)
    return sign * ldexp(fraction, -24);
  return sign * ldexp(1024.0 + fraction, exponent - 25);
}

static double decode(const ntk_plain *plain, const unsigned char *bytes) {
  uint64_t bits = 0;
  for (size_t b = 0; b < plain->size; b++)
    bits = bits << 8 | bytes[plain->big_endian ? b : plain->size - 1 - b];
  const uint64_t sign = (uint64_t)1 << ((8 * plain->size - 1) & 63); /* & 63: for analysers */
  switch (plain->kind) {
  case 'f':
    if (plain->size == 2)
      return decode_half(bits);
    if (plain->size == 4) {
      const uint32_t word = (uint32_t)bits;
      float single;
      memcpy(&single, &word, sizeof single);
      return (double)single;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
  case 'i': /* two's complement; for 8 bytes 2 sign is 0, and right modulo 2^64 */
    return (bits & sign) != 0 ? -(double)(2 * sign - bits) : (double)bits;
  case 'b':
    return bits != 0 ? 1.0 : 0.0;
  default:
    return (double)bits;
  }
}

/* element: its place among the numbers in the file. */
static ntk_status fail_not_finite(const ntk_reader *reader, double value, size_t element) {
  const bool fortran = reader->plain.fortran;
  const size_t row = (fortran ? element % reader->rows : element / reader->cols) + 1;
  const size_t column = (fortran ? element / reader->rows : element % reader->cols) + 1;
  if (reader->rank == 1)
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "%s: holds %g in entry %zu (counted from 1); accepted: finite numbers",
                    reader->path, value, row);
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "%s: holds %g in row %zu, column %zu (counted from 1); accepted: finite numbers",
                  reader->path, value, row, column);
}

/* count numbers that are contiguous in the file, from its element first on, into out[0],
 * out[stride], ... */
static ntk_status read_run(const ntk_reader *reader, size_t first, size_t count, size_t stride,
                           double *out) {
  unsigned char bytes[CHUNK];
  const size_t size = reader->plain.size, capacity = CHUNK / size;
  NTK_TRY(ntk_reader_seek(reader, reader->plain.data + (off_t)(first * size)));
  for (size_t done = 0; done < count;) {
    const size_t piece = count - done < capacity ? count - done : capacity;
    NTK_TRY(ntk_reader_bytes(reader, bytes, piece * size));
    for (size_t k = 0; k < piece; k++, done++) {
      const double value = decode(&reader->plain, bytes + k * size);
      if (!isfinite(value))
        return fail_not_finite(reader, value, first + done);
      out[done * stride] = value;
    }
  }
  return NTK_OK;
}

ntk_status ntk_plain_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  const size_t rows = reader->rows, cols = reader->cols;
  if (!reader->plain.fortran)
    return read_run(reader, first * cols, count * cols, 1, out);
  for (size_t j = 0; j < cols; j++)
    NTK_TRY(read_run(reader, j * rows + first, count, cols, out + j));
  return NTK_OK;
}

void ntk_plain_close(ntk_reader *reader) {
  if (reader->file != NULL)
    (void)fclose(reader->file);
  reader->file = NULL;
}
