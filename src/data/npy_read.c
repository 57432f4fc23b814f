/* Reading .npy (numpy.lib.format): the magic "\x93NUMPY", two bytes of version, the header's length
 * (2 bytes in version 1, 4 in 2 and 3), the header (npy_header.c), the numbers. Nothing that the
 * file says is believed before it has been compared with the file's size. Cost: one pass over the
 * numbers wanted, through a buffer on the stack. */
#include "base/memory.h"
#include "data/npy.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

enum {
  HEADER_MAX = 10000, /* numpy, too, refuses longer headers */
  CHUNK = 1 << 15,    /* bytes of numbers read at a time */
  MAGIC = 6           /* bytes that every .npy begins with */
};

static const unsigned char magic[MAGIC] = "\x93NUMPY"; /* without a 0 */

/* ---- Opening ---- */

static bool machine_is_big_endian(void) {
  const uint16_t one = 1;
  unsigned char first;
  memcpy(&first, &one, 1);
  return first == 0;
}

/* In words, of a dtype that is not read. */
static const char *describe_type(const char *type) {
  static const struct {
    const char *begin, *words;
  } types[] = {
      {"O", " (Python objects)"},
      {"c", " (complex numbers)"},
      {"S", " (strings)"},
      {"a", " (strings)"},
      {"U", " (strings)"},
      {"M", " (dates)"},
      {"m", " (spans of time)"},
      {"V1", " (raw bytes, as float8 is written: save a.astype(numpy.float32))"},
      {"f1", " (float8: save a.astype(numpy.float32))"},
      {"V2", " (raw pairs of bytes, as bfloat16 is written: save a.astype(numpy.float32))"},
      {"V", " (raw records)"},
      {"f12", " (long double: save a.astype(numpy.float64))"},
      {"f16", " (long double: save a.astype(numpy.float64))"},
  };
  for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
    const char *begin = types[k].begin;
    if (begin[1] == '\0' ? type[0] == begin[0] : strcmp(type, begin) == 0)
      return types[k].words;
  }
  return "";
}

static ntk_status interpret_type(ntk_npy *array, const char *descr) {
  static const char *const accepted[] = {"f2", "f4", "f8", "i1", "i2", "i4",
                                         "i8", "u1", "u2", "u4", "u8", "b1"};
  const bool marked = descr[0] != '\0' && strchr("<>=|", descr[0]) != NULL;
  const char *type = descr + (marked ? 1 : 0);
  for (size_t k = 0; k < sizeof accepted / sizeof accepted[0]; k++) {
    if (strcmp(type, accepted[k]) != 0)
      continue;
    array->kind = type[0];
    array->size = (size_t)(type[1] - '0');
    array->big_endian = descr[0] == '>' || (descr[0] != '<' && machine_is_big_endian());
    return NTK_OK;
  }
  return ntk_fail(NTK_ERR_FORMAT, "%s: holds dtype '%s'%s; accepted: " NTK_NPY_TYPES, array->path,
                  descr, describe_type(type));
}

/* Reads n bytes of a file that is known to be long enough, unless it changes under our feet. */
static ntk_status read_bytes(const ntk_npy *array, void *bytes, size_t n) {
  errno = 0;
  if (fread(bytes, 1, n, array->file) == n)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", array->path,
                  ferror(array->file) ? strerror(errno) : "it became shorter meanwhile");
}

static ntk_status refuse_rank(const ntk_npy *array, const ntk_npy_header *h, int rank) {
  const char *hint = "";
  if (rank == 2 && h->rank == 1)
    hint = ": save a.reshape(-1, 1) if each number is a sample";
  else if (rank == 2 && h->rank > 2)
    hint = ": save a.reshape(len(a), -1), a sample a row";
  else if (rank == 1 && h->rank == 2)
    hint = ": save a.ravel()";
  return ntk_fail(NTK_ERR_SHAPE, "%s: has shape %s, of %d dimension%s; accepted: %d%s", array->path,
                  h->shape_text, h->rank, h->rank == 1 ? "" : "s", rank, hint);
}

/* The file against what its header promises, `bytes`; and that nothing is left unread in silence
 * where numpy.save was called more than once on one file. */
static ntk_status check_length(const ntk_npy *array, const ntk_npy_header *h, size_t bytes,
                               size_t file_size) {
  const size_t found = file_size - (size_t)array->data;
  unsigned char next[MAGIC];
  if (found == 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: ends after its header, which promises shape %s of '%s': what wrote it "
                    "failed before the numbers; accepted: a whole .npy",
                    array->path, h->shape_text, h->descr);
  if (found < bytes)
    return ntk_fail(
        NTK_ERR_FORMAT,
        "%s: truncated: shape %s of '%s' takes %zu bytes after the header, and the file "
        "has %zu",
        array->path, h->shape_text, h->descr, bytes, found);
  if (found - bytes < sizeof next)
    return NTK_OK;
  if (fseeko(array->file, array->data + (off_t)bytes, SEEK_SET) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", array->path, strerror(errno));
  NTK_TRY(read_bytes(array, next, sizeof next));
  if (memcmp(next, magic, sizeof next) == 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: holds more arrays after the first (numpy.save was called on it again, as "
                    "Equinox does for .eqx); accepted: one array a file",
                    array->path);
  return NTK_OK;
}

static ntk_status check_shape(ntk_npy *array, const ntk_npy_header *h, int rank, size_t file_size) {
  if (h->rank != rank)
    return refuse_rank(array, h, rank);
  array->rank = rank;
  array->rows = h->shape[0];
  array->cols = rank == 2 ? h->shape[1] : 1;
  if (array->rows == 0 || array->cols == 0)
    return ntk_fail(NTK_ERR_SHAPE, "%s: has shape %s and holds nothing; accepted: at least 1 %s",
                    array->path, h->shape_text, rank == 2 ? "row and 1 column" : "entry");
  size_t count = 0, bytes = 0;
  NTK_TRY(ntk_size_multiply(array->rows, array->cols, array->path, &count));
  NTK_TRY(ntk_size_multiply(count, array->size, array->path, &bytes));
  return check_length(array, h, bytes, file_size);
}

static ntk_status read_header(ntk_npy *array, int rank, size_t file_size) {
  unsigned char start[NTK_NPY_FIRST] = {
      0}; /* magic, version, length; of another file, what tells it */
  const size_t first = file_size < NTK_NPY_FIRST ? file_size : NTK_NPY_FIRST;
  NTK_TRY(read_bytes(array, start, first));
  if (first < 10 || memcmp(start, magic, MAGIC) != 0)
    return ntk_npy_refuse_foreign(array->path, start, first);
  const unsigned major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: .npy version %u.%u; accepted: 1.0, 2.0, 3.0", array->path,
                    major, minor);
  const size_t offset = major == 1 ? 10 : 12;
  if (file_size < offset)
    return ntk_fail(NTK_ERR_FORMAT, "%s: truncated: %zu bytes; accepted: .npy", array->path,
                    file_size);
  size_t length = (size_t)start[8] | (size_t)start[9] << 8;
  if (major > 1)
    length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
  if (length > HEADER_MAX)
    return ntk_fail(NTK_ERR_FORMAT, "%s: its header claims %zu bytes; accepted: up to %d",
                    array->path, length, HEADER_MAX);
  if (length > file_size - offset)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: truncated: its header takes %zu bytes, and the file has %zu", array->path,
                    length, file_size - offset);
  char text[HEADER_MAX + 1] = "";
  if (fseeko(array->file, (off_t)offset, SEEK_SET) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", array->path, strerror(errno));
  NTK_TRY(read_bytes(array, text, length));
  ntk_npy_header h;
  NTK_TRY(ntk_npy_header_parse(array->path, text, length, offset, &h));
  array->fortran = h.fortran;
  array->data = (off_t)(offset + length);
  NTK_TRY(interpret_type(array, h.descr));
  return check_shape(array, &h, rank, file_size);
}

ntk_status ntk_npy_open(const char *path, int rank, ntk_npy *array) {
  *array = (ntk_npy){.path = path};
  struct stat found; /* before opening: opening a pipe would wait for its writer */
  if (stat(path, &found) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
  if (!S_ISREG(found.st_mode))
    return ntk_fail(NTK_ERR_FILE, "%s: is %s; accepted: a .npy file", path,
                    S_ISDIR(found.st_mode) ? "a directory" : "not a regular file");
  array->file = fopen(path, "rb");
  if (array->file == NULL)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", path, strerror(errno));
  const ntk_status status = read_header(array, rank, (size_t)found.st_size);
  if (status != NTK_OK)
    ntk_npy_close(array);
  return status;
}

void ntk_npy_close(ntk_npy *array) {
  if (array->file != NULL)
    (void)fclose(array->file);
  array->file = NULL;
}

/* ---- The numbers ---- */

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

static double decode(const ntk_npy *array, const unsigned char *bytes) {
  uint64_t bits = 0;
  for (size_t b = 0; b < array->size; b++)
    bits = bits << 8 | bytes[array->big_endian ? b : array->size - 1 - b];
  const uint64_t sign = (uint64_t)1 << (8 * array->size - 1);
  switch (array->kind) {
  case 'f':
    if (array->size == 2)
      return decode_half(bits);
    if (array->size == 4) {
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

static ntk_status fail_not_finite(const ntk_npy *array, double value, size_t index) {
  const size_t row = index / array->cols + 1, column = index % array->cols + 1;
  if (array->rank == 1)
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "%s: holds %g in entry %zu (counted from 1); accepted: finite numbers",
                    array->path, value, row);
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "%s: holds %g in row %zu, column %zu (counted from 1); accepted: finite numbers",
                  array->path, value, row, column);
}

/* count numbers that are contiguous in the file, from its element first on, into out[index],
 * out[index + stride], ... */
static ntk_status read_run(const ntk_npy *array, size_t first, size_t count, size_t index,
                           size_t stride, double *out) {
  unsigned char bytes[CHUNK];
  if (fseeko(array->file, array->data + (off_t)(first * array->size), SEEK_SET) != 0)
    return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", array->path, strerror(errno));
  const size_t capacity = CHUNK / array->size;
  while (count > 0) {
    const size_t piece = count < capacity ? count : capacity;
    NTK_TRY(read_bytes(array, bytes, piece * array->size));
    for (size_t k = 0; k < piece; k++, index += stride) {
      const double value = decode(array, bytes + k * array->size);
      if (!isfinite(value))
        return fail_not_finite(array, value, index);
      out[index] = value;
    }
    count -= piece;
  }
  return NTK_OK;
}

ntk_status ntk_npy_read(ntk_npy *array, size_t rows, double *out) {
  if (!array->fortran)
    return read_run(array, 0, rows * array->cols, 0, 1, out);
  for (size_t j = 0; j < array->cols; j++)
    NTK_TRY(read_run(array, j * array->rows, rows, j, array->cols, out));
  return NTK_OK;
}
