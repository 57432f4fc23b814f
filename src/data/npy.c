/* The format .npy (numpy.lib.format): the magic "\x93NUMPY", two bytes of version, the header's
 * length (2 bytes in version 1, 4 in 2 and 3), the header (npy_header.c), the numbers. */
#include "data/npy.h"
#include "base/memory.h"
#include "data/reader.h"

#include <string.h>

enum {
  HEADER_MAX = 10000, /* numpy, too, refuses longer headers */
  MAGIC = 6           /* bytes that every .npy begins with */
};

static const unsigned char magic[MAGIC] = "\x93NUMPY"; /* without a 0 */

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
      {"V1", " (one of ml_dtypes's float8, or raw bytes: save a.astype(numpy.float32))"},
      {"f1", " (float8_e5m2 of ml_dtypes: save a.astype(numpy.float32))"},
      {"V2", " (raw pairs of bytes)"}, /* '<V2', of a number, is bfloat16 */
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

static ntk_status interpret_type(ntk_reader *reader, const char *descr) {
  static const struct {
    const char *code, *name;
  } accepted[] = {{"f2", "float16"}, {"f4", "float32"}, {"f8", "float64"}, {"i1", "int8"},
                  {"i2", "int16"},   {"i4", "int32"},   {"i8", "int64"},   {"u1", "uint8"},
                  {"u2", "uint16"},  {"u4", "uint32"},  {"u8", "uint64"},  {"b1", "bool"},
                  {"V2", "bfloat16"}}; /* ml_dtypes writes '<V2'; NumPy's raw bytes are '|V2' */
  const bool marked = descr[0] != '\0' && strchr("<>=|", descr[0]) != NULL;
  const char *type = descr + (marked ? 1 : 0);
  for (size_t k = 0; k < sizeof accepted / sizeof accepted[0]; k++) {
    if (strcmp(type, accepted[k].code) != 0 || (type[0] == 'V' && strchr("<>", descr[0]) == NULL))
      continue;
    reader->type = accepted[k].name;
    reader->plain.kind = type[0] == 'V' ? 'B' : type[0];
    reader->plain.size = (size_t)(type[1] - '0');
    reader->plain.big_endian = descr[0] == '>' || (descr[0] != '<' && machine_is_big_endian());
    return NTK_OK;
  }
  return ntk_fail(NTK_ERR_FORMAT, "%s: holds dtype '%s'%s; accepted: " NTK_NPY_TYPES, reader->path,
                  descr, describe_type(type));
}

/* The file against what its header promises; and that nothing is left unread in silence where
 * numpy.save was called more than once on one file. */
static ntk_status check_length(const ntk_reader *reader, const ntk_npy_header *h) {
  const size_t found = reader->file_size - (size_t)reader->plain.data;
  size_t count = 0, bytes = 0, more = 0;
  unsigned char next[MAGIC];
  NTK_TRY(ntk_size_multiply(reader->rows, reader->cols, reader->path, &count));
  NTK_TRY(ntk_size_multiply(count, reader->plain.size, reader->path, &bytes));
  if (found == 0 && bytes > 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: ends after its header, which promises shape %s of '%s': what wrote it "
                    "failed before the numbers; accepted: a whole .npy",
                    reader->path, h->shape_text, h->descr);
  if (found < bytes)
    return ntk_fail(
        NTK_ERR_FORMAT,
        "%s: truncated: shape %s of '%s' takes %zu bytes after the header, and the file "
        "has %zu",
        reader->path, h->shape_text, h->descr, bytes, found);
  if (found == bytes || reader->bounded) /* then its end is looked for once all is unpacked */
    return NTK_OK;
  NTK_TRY(ntk_reader_seek(reader, reader->plain.data + (off_t)bytes));
  NTK_TRY(ntk_reader_some(reader, next, sizeof next, &more));
  if (more == sizeof next && memcmp(next, magic, sizeof next) == 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: holds more arrays after the first (numpy.save was called on it again, as "
                    "Equinox does for .eqx); accepted: one array a file",
                    reader->path);
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: goes on for %zu bytes behind its shape %s of '%s'; accepted: one array",
                  reader->path, found - bytes, h->shape_text, h->descr);
}

static bool recognise(const unsigned char *start, size_t count) {
  return count >= 10 && memcmp(start, magic, MAGIC) == 0;
}

static ntk_status open_npy(ntk_reader *reader, const unsigned char *start) {
  const size_t file_size = reader->file_size;
  const unsigned major = start[6], minor = start[7];
  if (major < 1 || major > 3 || minor != 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: .npy version %u.%u; accepted: 1.0, 2.0, 3.0", reader->path,
                    major, minor);
  const size_t offset = major == 1 ? 10 : 12;
  if (file_size < offset)
    return ntk_fail(NTK_ERR_FORMAT, "%s: truncated: %zu bytes; accepted: .npy", reader->path,
                    file_size);
  size_t length = (size_t)start[8] | (size_t)start[9] << 8;
  if (major > 1)
    length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
  if (length > HEADER_MAX)
    return ntk_fail(NTK_ERR_FORMAT, "%s: its header claims %zu bytes; accepted: up to %d",
                    reader->path, length, HEADER_MAX);
  if (length > file_size - offset)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: truncated: its header takes %zu bytes, and the file has %zu", reader->path,
                    length, file_size - offset);
  char text[HEADER_MAX + 1] = "";
  NTK_TRY(ntk_reader_seek(reader, (off_t)offset));
  NTK_TRY(ntk_reader_bytes(reader, text, length));
  ntk_npy_header h;
  NTK_TRY(ntk_npy_header_parse(reader->path, text, length, offset, &h));
  NTK_TRY(interpret_type(reader, h.descr));
  reader->plain.fortran = h.fortran;
  reader->plain.data = (off_t)(offset + length);
  NTK_TRY(ntk_reader_set_shape(reader, h.rank, h.shape, h.shape_text));
  return check_length(reader, &h);
}

const ntk_reader_format ntk_format_npy = {
    .name = "npy", .recognise = recognise, .open = open_npy, .rows = ntk_plain_rows};
