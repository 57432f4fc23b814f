/* .npz: a zip archive of .npy, stored, as numpy.savez makes it. .safetensors: the length of a JSON
 * object in eight bytes, that object with type, shape and place of each tensor, the numbers.
 * https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 * https://huggingface.co/docs/safetensors */
#include "io/archive/write.h"

#include "base/memory.h"
#include "base/text.h"
#include "data/json_text.h"
#include "data/npy.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { CHUNK = 1024 /* numbers at a time */ };

/* A format: a row of the table below. */
typedef struct ntk_packing_format {
  const char *ending;
  ntk_status (*begin)(ntk_packing *packing);
  ntk_status (*before)(ntk_packing *packing, const double *values); /* the next array */
  ntk_status (*end)(ntk_packing *packing);
} format;

static size_t entries_of(const ntk_packed *array) {
  return array->shape[0] * (array->rank == 2 ? array->shape[1] : 1);
}

static ntk_status put(ntk_packing *p, const void *bytes, size_t count) {
  p->at += count;
  return ntk_writer_append(&p->out, bytes, count);
}

/* `size` bytes of a whole number, lowest first; where the next one goes. */
static unsigned char *number(unsigned char *at, uint64_t value, size_t size) {
  for (size_t b = 0; b < size; b++)
    at[b] = (unsigned char)(value >> (8 * b) & 0xff);
  return at + size;
}

/* ---- .npz ------------------------------------------------------------------------------------ */

enum { LOCAL = 30, CENTRAL = 46, LAST = 22, FIRST_DATE = 0x21 /* 1980-01-01 */ };
static const char NPY[] = ".npy";

static ntk_status npz_begin(ntk_packing *p) {
  uint64_t bytes = LAST;
  for (size_t i = 0; i < p->count; i++)
    bytes += 8 * (uint64_t)entries_of(&p->array[i]) + NTK_NPY_HEADER + LOCAL + CENTRAL +
             2 * (strlen(p->array[i].name) + sizeof NPY);
  if (bytes <= UINT32_MAX && p->count <= UINT16_MAX)
    return NTK_OK;
  return ntk_fail(NTK_ERR_LIMIT,
                  "%s: %.3g GB in %zu arrays; accepted in .npz: 4.29 GB in 65535, or any "
                  ".safetensors",
                  p->out.path, 1e-9 * (double)bytes, p->count);
}

/* From the needed version to the length of the name: local and central headers have it alike. */
static unsigned char *npz_about(const ntk_packing *p, size_t i, unsigned char *at) {
  char header[NTK_NPY_HEADER];
  const size_t head = ntk_npy_header_write(p->array[i].rank, p->array[i].shape, header);
  const uint64_t size = head + 8 * (uint64_t)entries_of(&p->array[i]);
  at = number(at, 20, 2);
  at = number(at, 0, 2); /* flags */
  at = number(at, 0, 2); /* stored */
  at = number(at, 0, 2); /* time */
  at = number(at, FIRST_DATE, 2);
  at = number(at, p->check[i], 4);
  at = number(at, size, 4);
  at = number(at, size, 4);
  return number(at, strlen(p->array[i].name) + sizeof NPY - 1, 2);
}

static ntk_status put_name(ntk_packing *p, size_t i) {
  NTK_TRY(put(p, p->array[i].name, strlen(p->array[i].name)));
  return put(p, NPY, sizeof NPY - 1);
}

static ntk_status npz_before(ntk_packing *p, const double *values) {
  const size_t i = p->next, count = entries_of(&p->array[i]);
  unsigned char bytes[8 * CHUNK], local[LOCAL];
  char header[NTK_NPY_HEADER];
  const size_t head = ntk_npy_header_write(p->array[i].rank, p->array[i].shape, header);
  uLong check = crc32(0, (const unsigned char *)header, (uInt)head);
  for (size_t first = 0; first < count; first += CHUNK) {
    const size_t piece = count - first < CHUNK ? count - first : CHUNK;
    ntk_npy_encode(values + first, piece, bytes);
    check = crc32(check, bytes, (uInt)(8 * piece));
  }
  p->check[i] = (uint32_t)check;
  unsigned char *at = npz_about(p, i, number(local, 0x04034b50, 4));
  (void)number(at, 0, 2); /* no extra field */
  NTK_TRY(put(p, local, LOCAL));
  NTK_TRY(put_name(p, i));
  return put(p, header, head);
}

static ntk_status npz_end(ntk_packing *p) {
  const uint64_t begin = p->at;
  for (size_t i = 0; i < p->count; i++) {
    unsigned char central[CENTRAL] = {0}; /* extra field, comment, disk, attributes: none */
    unsigned char *at = number(central, 0x02014b50, 4);
    (void)npz_about(p, i, number(at, 20, 2));
    (void)number(central + CENTRAL - 4, p->offset[i], 4);
    NTK_TRY(put(p, central, CENTRAL));
    NTK_TRY(put_name(p, i));
  }
  unsigned char last[LAST] = {0};
  unsigned char *at = number(last, 0x06054b50, 4);
  at = number(number(at + 4, p->count, 2), p->count, 2);
  (void)number(number(at, p->at - begin, 4), begin, 4);
  return put(p, last, LAST);
}

/* ---- .safetensors ---------------------------------------------------------------------------- */

static json_t *tensor_about(const ntk_packed *array, uint64_t at) {
  json_t *shape = json_array();
  int code = shape == NULL;
  for (int i = 0; i < array->rank; i++)
    code |= json_array_append_new(shape, json_integer((json_int_t)array->shape[i]));
  const uint64_t end = at + 8 * (uint64_t)entries_of(array);
  json_t *about = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F64", "shape", shape, "data_offsets",
                            (json_int_t)at, (json_int_t)end);
  if (code == 0)
    return about;
  json_decref(about);
  return NULL;
}

static ntk_status safetensors_begin(ntk_packing *p) {
  json_t *header = json_object();
  int code = header == NULL;
  uint64_t at = 0;
  for (size_t i = 0; i < p->count; i++) {
    code |= json_object_set_new(header, p->array[i].name, tensor_about(&p->array[i], at));
    at += 8 * (uint64_t)entries_of(&p->array[i]);
  }
  char *text = code == 0 ? ntk_json_text(header, JSON_COMPACT) : NULL;
  json_decref(header);
  if (text == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "no memory for the header of %s", p->out.path);
  static const char blanks[8] = "       "; /* up to a multiple of 8 */
  const size_t length = strlen(text), pad = (8 - length % 8) % 8;
  unsigned char size[8];
  (void)number(size, length + pad, sizeof size);
  ntk_status status = put(p, size, sizeof size);
  if (status == NTK_OK)
    status = put(p, text, length);
  free(text);
  return status == NTK_OK ? put(p, blanks, pad) : status;
}

static ntk_status nothing_before(ntk_packing *p, const double *values) {
  (void)p;
  (void)values;
  return NTK_OK;
}

static ntk_status nothing(ntk_packing *p) {
  (void)p;
  return NTK_OK;
}

/* ---- Both ------------------------------------------------------------------------------------ */

static const format formats[] = {
    {".npz", npz_begin, npz_before, npz_end},
    {".safetensors", safetensors_begin, nothing_before, nothing},
};

static const format *format_of(const char *path) {
  const size_t length = strlen(path);
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
    const size_t own = strlen(formats[i].ending);
    if (length > own && strcmp(path + length - own, formats[i].ending) == 0)
      return &formats[i];
  }
  return NULL;
}

bool ntk_packing_knows(const char *path) {
  return format_of(path) != NULL;
}

ntk_status ntk_packing_open(ntk_packing *packing, const char *path, size_t count,
                            const ntk_packed *array) {
  *packing = (ntk_packing){.format = format_of(path), .count = count, .array = array};
  if (packing->format == NULL)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s: accepted: a name that ends in .npz or .safetensors",
                    path);
  size_t bytes = 0;
  for (size_t i = 0; i < count; i++)
    bytes += 8 * entries_of(&array[i]);
  packing->offset = calloc(count + 1, sizeof *packing->offset);
  packing->check = calloc(count + 1, sizeof *packing->check);
  ntk_status status = NTK_OK;
  if (packing->offset == NULL || packing->check == NULL)
    status = ntk_fail(NTK_ERR_MEMORY, "no memory to write %s", path);
  if (status == NTK_OK)
    status = ntk_writer_open(&packing->out, path, bytes);
  if (status == NTK_OK)
    status = packing->format->begin(packing);
  if (status != NTK_OK)
    ntk_packing_abort(packing);
  return status;
}

ntk_status ntk_packing_append(ntk_packing *packing, const double *values) {
  const size_t count = entries_of(&packing->array[packing->next]);
  unsigned char bytes[8 * CHUNK];
  packing->offset[packing->next] = packing->at;
  NTK_TRY(packing->format->before(packing, values));
  for (size_t first = 0; first < count; first += CHUNK) {
    const size_t piece = count - first < CHUNK ? count - first : CHUNK;
    ntk_npy_encode(values + first, piece, bytes);
    NTK_TRY(put(packing, bytes, 8 * piece));
  }
  packing->next++;
  return NTK_OK;
}

ntk_status ntk_packing_commit(ntk_packing *packing) {
  const ntk_status status = packing->format->end(packing);
  const ntk_status done = status == NTK_OK ? ntk_writer_commit(&packing->out) : status;
  ntk_packing_abort(packing);
  return done;
}

void ntk_packing_abort(ntk_packing *packing) {
  ntk_writer_abort(&packing->out);
  free(packing->offset);
  free(packing->check);
  packing->offset = NULL;
  packing->check = NULL;
}
