/* .safetensors: eight bytes with the length of a JSON object, which gives type, shape and place of
 * each array, and the arrays, little-endian and row-major, at any alignment.
 * https://huggingface.co/docs/safetensors: no gaps, no overlaps; an object of at most 100 MB. */
#include "io/archive/kind.h"

#include "base/memory.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH = 8, HEADER_MOST = 100000000 };

static const struct {
  const char *code, *name;
  ntk_plain plain; /* kind 0: not read */
} types[] = {
    {"F64", "float64", {.kind = 'f', .size = 8}},
    {"F32", "float32", {.kind = 'f', .size = 4}},
    {"F16", "float16", {.kind = 'f', .size = 2}},
    {"BF16", "bfloat16", {.kind = 'B', .size = 2}},
    {"I64", "int64", {.kind = 'i', .size = 8}},
    {"I32", "int32", {.kind = 'i', .size = 4}},
    {"I16", "int16", {.kind = 'i', .size = 2}},
    {"I8", "int8", {.kind = 'i', .size = 1}},
    {"U64", "uint64", {.kind = 'u', .size = 8}},
    {"U32", "uint32", {.kind = 'u', .size = 4}},
    {"U16", "uint16", {.kind = 'u', .size = 2}},
    {"U8", "uint8", {.kind = 'u', .size = 1}},
    {"BOOL", "bool", {.kind = 'b', .size = 1}},
    {"F8_E4M3", "float8_e4m3fn", {.size = 1}},
    {"F8_E5M2", "float8_e5m2", {.size = 1}},
    {"F8_E8M0", "float8_e8m0fnu", {.size = 1}},
    {"C64", "complex64", {.size = 8}},
};
enum { TYPES = sizeof types / sizeof types[0] };

/* What the object says of an array. */
typedef struct span {
  const char *name; /* the object's */
  const json_t *is;
  uint64_t begin, end; /* from the end of the object on */
} span;

typedef struct header {
  json_t *object;
  uint64_t data; /* where it ends in the file */
  span *span;    /* by entry */
} header;

/* ---- The object ------------------------------------------------------------------------------ */

static ntk_status read_object(const ntk_reader *file, header *h) {
  unsigned char bytes[LENGTH];
  uint64_t length = 0;
  NTK_TRY(ntk_reader_seek(file, 0));
  NTK_TRY(ntk_reader_bytes(file, bytes, LENGTH));
  for (size_t k = LENGTH; k-- > 0;)
    length = length << 8 | bytes[k];
  if (length > HEADER_MOST || length > file->file_size - LENGTH)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: its header claims %" PRIu64 " bytes; accepted: up to %d, and the %zu that "
                    "the file has",
                    file->path, length, HEADER_MOST, file->file_size - LENGTH);
  char *text = malloc((size_t)length + 1);
  if (text == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory for its header", file->path);
  const ntk_status status = ntk_reader_bytes(file, text, (size_t)length);
  json_error_t error;
  if (status == NTK_OK)
    h->object = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &error);
  free(text);
  if (status == NTK_OK && !json_is_object(h->object))
    return ntk_fail(NTK_ERR_FORMAT, "%s: the safetensors header is malformed at byte %zu: %s",
                    file->path, (size_t)error.position + LENGTH,
                    h->object == NULL ? error.text : "it is no object");
  h->data = LENGTH + length;
  return status;
}

static bool is_size(const json_t *value) {
  return json_is_integer(value) && json_integer_value(value) >= 0;
}

static ntk_status malformed(const ntk_reader *file, const char *name, const char *what) {
  return ntk_fail(NTK_ERR_FORMAT, "%s: the safetensors header is malformed: '%.100s' %s",
                  file->path, name, what);
}

static ntk_status read_span(const ntk_reader *file, const header *h, span *s) {
  const json_t *offsets = json_object_get(s->is, "data_offsets");
  const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
  const uint64_t there = file->file_size - h->data;
  if (json_array_size(offsets) != 2 || !is_size(begin) || !is_size(end))
    return malformed(file, s->name, "has no data_offsets: two whole numbers");
  s->begin = (uint64_t)json_integer_value(begin);
  s->end = (uint64_t)json_integer_value(end);
  if (s->begin <= s->end && s->end <= there)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: %s: '%.100s' lies at bytes %" PRIu64 " to %" PRIu64 " of the %" PRIu64
                  " behind the header",
                  file->path, s->begin <= s->end ? "truncated" : "its header is wrong", s->name,
                  s->begin, s->end, there);
}

static int by_place(const void *a, const void *b) {
  const span *p = a, *q = b;
  if (p->begin != q->begin)
    return p->begin < q->begin ? -1 : 1;
  return (p->end > q->end) - (p->end < q->end);
}

/* They follow one another, from the end of the object to that of the file. */
static ntk_status check_spans(const ntk_reader *file, const header *h, size_t count) {
  uint64_t at = 0;
  for (size_t i = 0; i < count; at = h->span[i++].end)
    if (h->span[i].begin != at)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: '%.100s' begins at byte %" PRIu64
                      " behind the header, and %s ends at %" PRIu64
                      "; accepted: arrays without gaps or overlaps",
                      file->path, h->span[i].name, h->span[i].begin,
                      i > 0 ? "the one before it" : "the header", at);
  if (h->data + at == file->file_size)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: goes on for %" PRIu64 " bytes behind its last array; accepted: a file that "
                  "ends with it",
                  file->path, file->file_size - h->data - at);
}

static ntk_status list_safetensors(ntk_archive *archive) {
  const ntk_reader *file = archive->file;
  header *h = calloc(1, sizeof *h);
  archive->state = h;
  if (h == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory for its header", file->path);
  NTK_TRY(read_object(file, h));
  h->span = calloc(json_object_size(h->object) + 1, sizeof *h->span);
  if (h->span == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory for the list of its arrays", file->path);
  size_t count = 0;
  for (void *i = json_object_iter(h->object); i != NULL; i = json_object_iter_next(h->object, i)) {
    span *s = &h->span[count];
    *s = (span){.name = json_object_iter_key(i), .is = json_object_iter_value(i)};
    if (strcmp(s->name, "__metadata__") == 0)
      continue;
    NTK_TRY(read_span(file, h, s));
    count++;
  }
  qsort(h->span, count, sizeof *h->span, by_place);
  NTK_TRY(check_spans(file, h, count));
  for (size_t k = 0; k < count; k++)
    NTK_TRY(ntk_archive_add(archive, h->span[k].name, strlen(h->span[k].name), k));
  return NTK_OK;
}

/* ---- An array -------------------------------------------------------------------------------- */

static ntk_status read_shape(const span *s, ntk_reader *reader, size_t *count) {
  const json_t *list = json_object_get(s->is, "shape");
  size_t shape[NTK_READER_RANK] = {0};
  const size_t rank = json_array_size(list);
  *count = 1;
  if (!json_is_array(list) || rank > INT32_MAX)
    return malformed(reader, s->name, "has no shape: a list of whole numbers");
  for (size_t k = 0; k < rank; k++) {
    const json_t *extent = json_array_get(list, k);
    if (!is_size(extent))
      return malformed(reader, s->name, "has no shape: a list of whole numbers");
    NTK_TRY(ntk_size_multiply(*count, (size_t)json_integer_value(extent), reader->path, count));
    if (k < NTK_READER_RANK)
      shape[k] = (size_t)json_integer_value(extent);
  }
  char text[NTK_SHAPE_TEXT];
  ntk_shape_text((int)rank, shape, text);
  return ntk_reader_set_shape(reader, (int)rank, shape, text);
}

static ntk_status place(const ntk_archive *archive, const ntk_tensor *tensor, ntk_reader *reader) {
  const header *h = archive->state;
  const span *s = &h->span[tensor->entry];
  const char *code = json_string_value(json_object_get(s->is, "dtype"));
  size_t k = 0, count = 0, bytes = 0;
  while (k < TYPES && (code == NULL || strcmp(types[k].code, code) != 0))
    k++;
  if (k == TYPES || types[k].plain.kind == 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: holds %s%.20s; accepted: F64, F32, F16, BF16, integers and BOOL, which "
                    "F8 becomes by .to(torch.float32)",
                    reader->path, code != NULL ? "dtype " : "no dtype", code != NULL ? code : "");
  reader->type = types[k].name;
  reader->plain = types[k].plain;
  reader->plain.data = (off_t)(h->data + s->begin);
  NTK_TRY(read_shape(s, reader, &count));
  NTK_TRY(ntk_size_multiply(count, types[k].plain.size, reader->path, &bytes));
  if (bytes == s->end - s->begin)
    return NTK_OK;
  char text[NTK_SHAPE_TEXT];
  ntk_shape_text(reader->rank, reader->shape, text);
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: shape %s of %s takes %zu bytes, and the %" PRIu64 " from byte %" PRIu64
                  " of the file on are its own",
                  reader->path, text, code, bytes, s->end - s->begin, h->data + s->begin);
}

static void close_safetensors(ntk_archive *archive) {
  header *h = archive->state;
  if (h != NULL) {
    json_decref(h->object);
    free(h->span);
  }
  free(h);
}

/* The length has its last bytes 0, and what it is of begins with a brace. */
static bool recognise(const unsigned char *start, size_t count) {
  return count > LENGTH && start[LENGTH] == '{' && start[4] == 0 && start[5] == 0 &&
         start[6] == 0 && start[7] == 0;
}

const ntk_archive_kind ntk_kind_safetensors = {.format = {.name = "safetensors",
                                                          .recognise = recognise,
                                                          .open = ntk_archive_open_one,
                                                          .rows = ntk_plain_rows,
                                                          .close = ntk_archive_close_one,
                                                          .named = true,
                                                          .whole = true},
                                               .list = list_safetensors,
                                               .place = place,
                                               .close = close_safetensors};
