/* Numbers that lie in a file as a machine holds them, made doubles: for any format of that kind.
 * Cost: one pass over the numbers wanted, through a buffer on the stack; doubles in this machine's
 * order are read into their place. */
#include "data/reader.h"

#include <math.h>
#include <string.h>

enum {
  CHUNK = 1 << 14, /* bytes of numbers read at a time */
  DIRECT = 1 << 17 /* the same, of those that are read into their place: they stay in cache */
};

/* ---- Numbers ---- */

static double decode_half(uint16_t bits) {
  const double sign = bits >> 15 != 0 ? -1.0 : 1.0;
  const int exponent = bits >> 10 & 31;
  const double fraction = (double)(bits & 1023);
  if (exponent == 31)
    return fraction > 0.0 ? (double)NAN : sign * (double)INFINITY;
  if (exponent == 0)
    return sign * ldexp(fraction, -24);
  return sign * ldexp(1024.0 + fraction, exponent - 25);
}

/* The upper half of a float. */
static double decode_brain(uint16_t bits) {
  const uint32_t word = (uint32_t)bits << 16;
  float single;
  memcpy(&single, &word, sizeof single);
  return (double)single;
}

static double decode_bool(uint8_t byte) {
  return byte != 0 ? 1.0 : 0.0;
}

/* decode_NAME: count numbers of a type from bytes, in this machine's order and at any alignment. */
#define DECODE(name, type, convert)                                                  \
  static void decode_##name(const unsigned char *bytes, size_t count, double *out) { \
    for (size_t k = 0; k < count; k++) {                                             \
      type number;                                                                   \
      memcpy(&number, bytes + k * sizeof number, sizeof number);                     \
      out[k] = convert(number);                                                      \
    }                                                                                \
  }
DECODE(f2, uint16_t, decode_half)
DECODE(B2, uint16_t, decode_brain)
DECODE(f4, float, (double))
DECODE(f8, double, (double))
DECODE(i1, int8_t, (double))
DECODE(i2, int16_t, (double))
DECODE(i4, int32_t, (double))
DECODE(i8, int64_t, (double))
DECODE(u1, uint8_t, (double))
DECODE(u2, uint16_t, (double))
DECODE(u4, uint32_t, (double))
DECODE(u8, uint64_t, (double))
DECODE(b1, uint8_t, decode_bool)

typedef void decoder(const unsigned char *bytes, size_t count, double *out);

static decoder *find_decoder(const ntk_plain *plain) {
  static const struct {
    char kind;
    unsigned char size;
    decoder *decode;
  } decoders[] = {{'f', 2, decode_f2}, {'f', 4, decode_f4}, {'f', 8, decode_f8},
                  {'B', 2, decode_B2}, {'i', 1, decode_i1}, {'i', 2, decode_i2},
                  {'i', 4, decode_i4}, {'i', 8, decode_i8}, {'u', 1, decode_u1},
                  {'u', 2, decode_u2}, {'u', 4, decode_u4}, {'u', 8, decode_u8}};
  for (size_t k = 0; k < sizeof decoders / sizeof decoders[0]; k++)
    if (decoders[k].kind == plain->kind && decoders[k].size == plain->size)
      return decoders[k].decode;
  return decode_b1;
}

#define SWAP(size)                                              \
  static void swap_##size(unsigned char *bytes, size_t count) { \
    for (size_t k = 0; k < count; k++) {                        \
      uint##size##_t word;                                      \
      memcpy(&word, bytes + k * sizeof word, sizeof word);      \
      word = __builtin_bswap##size(word);                       \
      memcpy(bytes + k * sizeof word, &word, sizeof word);      \
    }                                                           \
  }
SWAP(16)
SWAP(32)
SWAP(64)

static void to_machine_order(const ntk_plain *plain, unsigned char *bytes, size_t count) {
  if (plain->big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
    return;
  if (plain->size == 2)
    swap_16(bytes, count);
  else if (plain->size == 4)
    swap_32(bytes, count);
  else if (plain->size == 8)
    swap_64(bytes, count);
}

/* ---- Refusals ---- */

ntk_status ntk_plain_refuse(const ntk_reader *reader, double value, size_t element) {
  const size_t row = element / reader->cols + 1, column = element % reader->cols + 1;
  if (reader->rank < 2)
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "%s: holds %g in entry %zu (counted from 1); accepted: finite numbers",
                    reader->path, value, row);
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "%s: holds %g in row %zu, column %zu (counted from 1); accepted: finite numbers",
                  reader->path, value, row, column);
}

/* The first of them that is not finite; count: they all are. v - v is 0 for these alone. */
static size_t find_not_finite(const double *values, size_t count) {
  enum { WIDE = 8 };
  double zero[WIDE] = {0.0}, sum = 0.0;
  size_t k = 0;
  for (; k + WIDE <= count; k += WIDE)
    for (size_t l = 0; l < WIDE; l++)
      zero[l] += values[k + l] - values[k + l];
  for (size_t l = 0; l < WIDE; l++)
    sum += zero[l];
  k = sum == 0.0 ? k : 0;
  while (k < count && isfinite(values[k]))
    k++;
  return k;
}

/* What is packed may go on behind the last number, or be damaged, which only its end tells. */
static ntk_status check_end(const ntk_reader *reader) {
  unsigned char next = 0;
  size_t found = 0;
  if (reader->source == NULL || !reader->bounded)
    return NTK_OK;
  NTK_TRY(ntk_reader_some(reader, &next, 1, &found));
  return found == 0 ? NTK_OK
                    : ntk_fail(NTK_ERR_FORMAT,
                               "%s: what is packed in it goes on behind the numbers that its "
                               "header promises; accepted: as many as it promises",
                               reader->path);
}

/* ---- Reading ---- */

/* A run of numbers that are contiguous in the file, from its element `first` on: numbers of one row
 * after another into out[0], out[1], ...; or of column `column`, into out[0], out[cols], ... */
typedef struct run {
  size_t first, count, row, column, stride;
} run;

static ntk_status read_run(const ntk_reader *reader, run r, double *out) {
  unsigned char bytes[CHUNK];
  double numbers[CHUNK];
  const ntk_plain *plain = &reader->plain;
  const size_t size = plain->size;
  const bool direct = plain->kind == 'f' && size == sizeof(double) && r.stride == 1;
  const size_t capacity = (direct ? DIRECT : CHUNK) / size;
  decoder *decode = find_decoder(plain);
  NTK_TRY(ntk_reader_seek(reader, plain->data + (off_t)(r.first * size)));
  for (size_t done = 0; done < r.count;) {
    const size_t piece = r.count - done < capacity ? r.count - done : capacity;
    NTK_TRY(ntk_reader_poll(reader, (double)done / (double)r.count));
    double *values = r.stride == 1 ? out + done : numbers;
    unsigned char *raw = direct ? (unsigned char *)values : bytes;
    NTK_TRY(ntk_reader_bytes(reader, raw, piece * size));
    to_machine_order(plain, raw, piece);
    if (!direct)
      decode(raw, piece, values);
    const size_t good =
        plain->kind == 'f' || plain->kind == 'B' ? find_not_finite(values, piece) : piece;
    if (good < piece)
      return ntk_plain_refuse(reader, values[good],
                              r.row * reader->cols + r.column + (done + good) * r.stride);
    for (size_t k = 0; r.stride != 1 && k < piece; k++)
      out[(done + k) * r.stride] = values[k];
    done += piece;
  }
  return r.first + r.count == reader->rows * reader->cols ? check_end(reader) : NTK_OK;
}

/* Where column j of a file that counts its first extents first stands among those of a row. */
static size_t column_of(const ntk_reader *reader, size_t j) {
  size_t column = 0;
  for (size_t k = 1, stride = reader->cols; k < (size_t)reader->rank; k++) {
    stride /= reader->shape[k];
    column += j % reader->shape[k] * stride;
    j /= reader->shape[k];
  }
  return column;
}

ntk_status ntk_plain_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  const size_t rows = reader->rows, cols = reader->cols;
  if (!reader->plain.fortran || cols <= 1)
    return read_run(reader, (run){first * cols, count * cols, first, 0, 1}, out);
  for (size_t j = 0; j < cols; j++) {
    const size_t column = column_of(reader, j);
    NTK_TRY(read_run(reader, (run){j * rows + first, count, first, column, cols}, out + column));
  }
  return NTK_OK;
}
