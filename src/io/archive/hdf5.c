/* HDF5: its data sets, each an array named by its path without the first '/'. Numbers of any type
 * become doubles in the library, chunks and filters (deflate, shuffle) included; links to other
 * files, virtual and external data sets are refused, for what they show is not in the file. */
#ifdef NTK_HDF5_LIBRARY
#include "io/archive/hdf5_attributes.h"
#include "io/archive/kind.h"
#include "io/archive/packed.h"

#include "base/memory.h"
#include "base/text.h"
#include "base/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32, READ_ONLY = 0 }; /* H5F_ACC_RDONLY calls the library, which is not linked */

/* ---- Its data sets ----------------------------------------------------------------------------
 */

/* A walk over groups, none of them twice. */
typedef struct walk {
  ntk_archive *archive;
  const ntk_hdf5 *h5;
  hid_t file;
  ntk_status status;
  const char *group; /* that is walked over, "" or "a/b/" */
  size_t depth, groups;
  haddr_t *seen; /* of groups */
} walk;

static herr_t visit(hid_t location, const char *name, const H5L_info_t *link, void *user);

static herr_t enter_group(walk *w, const char *name, haddr_t address) {
  for (size_t k = 0; k < w->groups; k++)
    if (w->seen[k] == address)
      return 0;
  haddr_t *more = realloc(w->seen, (w->groups + 1) * sizeof *more);
  if (more == NULL) {
    w->status = ntk_fail(NTK_ERR_MEMORY, "%s: no memory for its groups", w->archive->file->path);
    return 1;
  }
  w->seen = more;
  w->seen[w->groups++] = address;
  char path[NTK_PATH_CAPACITY];
  const char *outer = w->group;
  if (w->depth == DEEPEST ||
      (size_t)ntk_format(path, sizeof path, "%s%s/", outer, name) >= sizeof path)
    return 0;
  w->group = path;
  w->depth++;
  hsize_t at = 0;
  (void)w->h5->H5Literate_by_name(w->file, path, H5_INDEX_NAME, H5_ITER_NATIVE, &at, visit, w,
                                  H5P_DEFAULT); /* what fails is no data set of ours */
  w->depth--;
  w->group = outer;
  return w->status == NTK_OK ? 0 : 1;
}

/* What cannot be looked at may be a data set, which is then refused by its name. */
static herr_t visit(hid_t location, const char *name, const H5L_info_t *link, void *user) {
  walk *w = user;
  (void)location;
  if (link->type != H5L_TYPE_HARD)
    return 0;
  char path[NTK_PATH_CAPACITY];
  const int length = ntk_format(path, sizeof path, "%s%s", w->group, name);
  if (length < 0 || (size_t)length >= sizeof path)
    return 0;
  H5O_info_t info = {.type = H5O_TYPE_UNKNOWN};
  const bool known = w->h5->H5Oget_info_by_name(w->file, path, &info, H5P_DEFAULT) >= 0;
  if (known && info.type == H5O_TYPE_GROUP)
    return enter_group(w, name, info.addr);
  if (!known || info.type == H5O_TYPE_DATASET)
    w->status = ntk_archive_add(w->archive, path, (size_t)length, 0);
  return w->status == NTK_OK ? 0 : 1;
}

typedef struct opened {
  hid_t file;
} opened;

static ntk_status list_within(ntk_archive *archive, const ntk_hdf5 *h5, opened *o) {
  const ntk_reader *file = archive->file;
  char path[NTK_PATH_CAPACITY];
  const size_t length =
      file->key != NULL ? (size_t)(file->key - 1 - file->path) : strlen(file->path);
  if (length >= sizeof path)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s: the path is too long", file->path);
  (void)ntk_format(path, sizeof path, "%.*s", (int)length, file->path);
  o->file = h5->H5Fopen(path, READ_ONLY, H5P_DEFAULT);
  if (o->file < 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is HDF5 that cannot be opened: %s", file->path,
                    ntk_hdf5_error());
  walk w = {.archive = archive, .h5 = h5, .file = o->file, .group = ""};
  hsize_t at = 0;
  const herr_t walked = h5->H5Literate_by_name(o->file, "/", H5_INDEX_NAME, H5_ITER_NATIVE, &at,
                                               visit, &w, H5P_DEFAULT);
  free(w.seen);
  if (w.status == NTK_OK && walked < 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is HDF5 whose list of arrays cannot be read: %s",
                    file->path, ntk_hdf5_error());
  return w.status;
}

static ntk_status list_hdf5(ntk_archive *archive) {
  const ntk_hdf5 *h5 = NULL;
  opened *o = malloc(sizeof *o);
  if (o == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory to open it", archive->file->path);
  *o = (opened){-1};
  archive->state = o;
  NTK_TRY(ntk_hdf5_enter(archive->file->path, &h5));
  const ntk_status status = list_within(archive, h5, o);
  ntk_hdf5_leave();
  return status;
}

static void close_hdf5(ntk_archive *archive) {
  opened *o = archive->state;
  const ntk_hdf5 *h5 = NULL;
  if (o != NULL && o->file >= 0 && ntk_hdf5_enter(archive->file->path, &h5) == NTK_OK) {
    (void)h5->H5Fclose(o->file);
    ntk_hdf5_leave();
  }
  free(o);
}

/* ---- One of them ------------------------------------------------------------------------------
 */

/* As a reader's source, which gives no bytes. */
typedef struct set {
  hid_t is, space, type, plan;
  size_t size; /* bytes of a number in the file */
  ntk_hdf5_missing missing;
} set;

static const char *real_name(const ntk_hdf5 *h5, const set *s) {
  size_t sign, exponent, exponent_bits = 0, fraction, fraction_bits = 0;
  (void)h5->H5Tget_fields(s->type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits);
  switch (s->size) {
  case 1:
    return exponent_bits == 5 ? "float8_e5m2" : "float8_e4m3";
  case 2:
    return exponent_bits == 8 ? "bfloat16" : "float16";
  case 4:
    return "float32";
  case 8:
    return "float64";
  default:
    return "longdouble";
  }
}

/* NumPy's name of the type of its numbers; NULL, with the words for them, where they are none. */
static const char *name_type(const ntk_hdf5 *h5, const set *s, const char **words) {
  static const char *const whole[][4] = {{"uint8", "uint16", "uint32", "uint64"},
                                         {"int8", "int16", "int32", "int64"}};
  static const char *const classes[] = {[H5T_TIME] = "dates",
                                        [H5T_STRING] = "strings",
                                        [H5T_BITFIELD] = "bits (PyTables's booleans are such)",
                                        [H5T_OPAQUE] = "raw bytes",
                                        [H5T_COMPOUND] = "records (complex numbers are such)",
                                        [H5T_REFERENCE] = "references",
                                        [H5T_VLEN] = "rows of various lengths",
                                        [H5T_ARRAY] = "arrays within an array"};
  const H5T_class_t class = h5->H5Tget_class(s->type);
  size_t power = 0;
  *words = "something unknown";
  if (class == H5T_FLOAT)
    return real_name(h5, s);
  while (power < 3 && s->size > (size_t)1 << power)
    power++;
  if (class == H5T_INTEGER)
    return whole[h5->H5Tget_sign(s->type) == H5T_SGN_2][power];
  if (class == H5T_ENUM) /* h5py's bool */
    return s->size == 1 ? "bool" : whole[1][power];
  if (class >= 0 && (size_t) class < sizeof classes / sizeof classes[0] && classes[class] != NULL)
    *words = classes[class];
  return NULL;
}

/* Filters that this library has not. */
static ntk_status check_filters(const ntk_hdf5 *h5, const char *path, const set *s) {
  const int count = h5->H5Pget_nfilters(s->plan);
  for (int k = 0; k < count; k++) {
    char name[64] = "";
    unsigned flags = 0, config = 0;
    size_t values = 0;
    const H5Z_filter_t id =
        h5->H5Pget_filter2(s->plan, (unsigned)k, &flags, &values, NULL, sizeof name, name, &config);
    if (id < 0 || h5->H5Zfilter_avail(id) <= 0)
      return ntk_fail(NTK_ERR_FORMAT,
                      "%s: is packed by filter %d (%.60s), which is not installed; accepted: "
                      "gzip (deflate), shuffle, or none, as h5repack makes them",
                      path, (int)id, name);
  }
  return NTK_OK;
}

/* That what it shows is in the file, and as large as it says: packed by deflate twice at most. */
static ntk_status check_storage(const ntk_hdf5 *h5, const ntk_reader *reader, const set *s) {
  const H5D_layout_t layout = h5->H5Pget_layout(s->plan);
  if (layout == H5D_VIRTUAL || h5->H5Pget_external_count(s->plan) > 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: its numbers lie in other files; accepted: data sets that "
                    "are in the file, as h5repack makes them",
                    reader->path);
  NTK_TRY(check_filters(h5, reader->path, s));
  size_t bytes = 0, chunk = 1;
  NTK_TRY(ntk_size_multiply(reader->rows, reader->cols, reader->path, &bytes));
  NTK_TRY(ntk_size_multiply(bytes, s->size, reader->path, &bytes));
  hsize_t extent[H5S_MAX_RANK];
  const int rank = layout == H5D_CHUNKED ? h5->H5Pget_chunk(s->plan, H5S_MAX_RANK, extent) : 0;
  for (int k = 0; k < rank; k++)
    NTK_TRY(ntk_size_multiply(chunk, (size_t)extent[k], reader->path, &chunk));
  const uint64_t stored = h5->H5Dget_storage_size(s->is), most = NTK_DEFLATE_MOST;
  if (bytes / most / most <= stored && chunk / most / most <= reader->file_size)
    return NTK_OK;
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: its shape takes %zu bytes, in pieces of %zu numbers, and the file has %llu "
                  "bytes for it: it was never written",
                  reader->path, bytes, chunk, (unsigned long long)stored);
}

static ntk_status take_shape(const ntk_hdf5 *h5, ntk_reader *reader, const set *s) {
  hsize_t extent[H5S_MAX_RANK] = {0};
  size_t shape[NTK_READER_RANK] = {0};
  const H5S_class_t kind = h5->H5Sget_simple_extent_type(s->space);
  const int rank = h5->H5Sget_simple_extent_ndims(s->space);
  if (kind == H5S_NULL || rank < 0 || h5->H5Sget_simple_extent_dims(s->space, extent, NULL) < 0)
    return ntk_fail(NTK_ERR_SHAPE, "%s: has no shape; accepted: an array", reader->path);
  for (int k = 0; k < rank && k < NTK_READER_RANK; k++)
    shape[k] = (size_t)extent[k];
  char text[NTK_SHAPE_TEXT];
  ntk_shape_text(rank, shape, text);
  return ntk_reader_set_shape(reader, rank, shape, text);
}

static ntk_status open_set(const ntk_hdf5 *h5, hid_t file, const char *name, ntk_reader *reader) {
  set *s = reader->packed;
  s->is = h5->H5Dopen2(file, name, H5P_DEFAULT);
  if (s->is < 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: cannot be opened by this HDF5 library: %s", reader->path,
                    ntk_hdf5_error());
  s->space = h5->H5Dget_space(s->is);
  s->type = h5->H5Dget_type(s->is);
  s->plan = h5->H5Dget_create_plist(s->is);
  if (s->space < 0 || s->type < 0 || s->plan < 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: cannot be looked at: %s", reader->path, ntk_hdf5_error());
  s->size = h5->H5Tget_size(s->type);
  const char *words = NULL;
  reader->type = name_type(h5, s, &words);
  if (reader->type == NULL)
    return ntk_fail(NTK_ERR_FORMAT, "%s: holds %s; accepted: floats, integers, booleans",
                    reader->path, words);
  NTK_TRY(take_shape(h5, reader, s));
  NTK_TRY(ntk_hdf5_attributes(h5, s->is, reader->path, &s->missing));
  return check_storage(h5, reader, s);
}

static void close_set(ntk_reader *reader) {
  set *s = reader->packed;
  const ntk_hdf5 *h5 = NULL;
  if (ntk_hdf5_enter(reader->path, &h5) == NTK_OK) {
    if (s->plan >= 0)
      (void)h5->H5Pclose(s->plan);
    if (s->type >= 0)
      (void)h5->H5Tclose(s->type);
    if (s->space >= 0)
      (void)h5->H5Sclose(s->space);
    if (s->is >= 0)
      (void)h5->H5Dclose(s->is);
    ntk_hdf5_leave();
  }
  free(s);
  reader->packed = NULL;
  reader->source = NULL;
}

static ntk_status place(const ntk_archive *archive, const ntk_tensor *tensor, ntk_reader *reader) {
  static const ntk_source source = {.close = close_set};
  const opened *o = archive->state;
  const ntk_hdf5 *h5 = NULL;
  set *s = malloc(sizeof *s);
  if (s == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory to open it", reader->path);
  *s = (set){.is = -1, .space = -1, .type = -1, .plan = -1};
  reader->packed = s;
  reader->source = &source;
  NTK_TRY(ntk_hdf5_enter(reader->path, &h5));
  const ntk_status status = open_set(h5, o->file, tensor->name, reader);
  ntk_hdf5_leave();
  return status;
}

/* ---- Its numbers -------------------------------------------------------------------------------
 */

static bool read_block(const ntk_hdf5 *h5, const ntk_reader *reader, size_t first, size_t count,
                       double *out) {
  const set *s = reader->packed;
  hsize_t from[NTK_READER_RANK] = {0}, extent[NTK_READER_RANK] = {1};
  for (int k = 0; k < reader->rank; k++)
    extent[k] = reader->shape[k];
  from[0] = first;
  if (reader->rank > 0)
    extent[0] = count;
  const int rank = reader->rank > 0 ? reader->rank : 1;
  const hid_t memory = h5->H5Screate_simple(rank, extent, NULL);
  const bool done = memory >= 0 &&
                    (reader->rank == 0 || h5->H5Sselect_hyperslab(s->space, H5S_SELECT_SET, from,
                                                                  NULL, extent, NULL) >= 0) &&
                    h5->H5Dread(s->is, h5->real, memory, s->space, H5P_DEFAULT, out) >= 0;
  if (memory >= 0)
    (void)h5->H5Sclose(memory);
  return done;
}

/* Those from the element `first` of the array on. */
static ntk_status check_numbers(const ntk_reader *reader, size_t first, size_t count,
                                const double *number) {
  const set *s = reader->packed;
  for (size_t k = 0; k < count; k++) {
    const char *told_by = ntk_hdf5_is_missing(&s->missing, number[k]);
    if (!isfinite(number[k]))
      return ntk_plain_refuse(reader, number[k], first + k);
    if (told_by != NULL)
      return ntk_fail(NTK_ERR_NOT_FINITE,
                      "%s: holds %.17g in row %zu, column %zu (counted from 1), which by %s stands "
                      "for a number that is missing; accepted: arrays without it",
                      reader->path, number[k], (first + k) / reader->cols + 1,
                      (first + k) % reader->cols + 1, told_by);
  }
  return NTK_OK;
}

static ntk_status read_rows(const ntk_reader *reader, size_t first, size_t count, double *out) {
  const ntk_hdf5 *h5 = NULL;
  if (count == 0)
    return NTK_OK;
  NTK_TRY(ntk_hdf5_enter(reader->path, &h5));
  const bool done = read_block(h5, reader, first, count, out);
  const ntk_status status =
      done ? NTK_OK
           : ntk_fail(NTK_ERR_FORMAT, "%s: cannot be read by the HDF5 library: %s", reader->path,
                      ntk_hdf5_error());
  ntk_hdf5_leave();
  return status == NTK_OK ? check_numbers(reader, first * reader->cols, count * reader->cols, out)
                          : status;
}

static bool recognise(const unsigned char *start, size_t count) {
  return count >= 8 && memcmp(start, "\x89HDF\r\n\x1a\n", 8) == 0;
}

const ntk_archive_kind ntk_kind_hdf5 = {.format = {.name = "hdf5",
                                                   .recognise = recognise,
                                                   .open = ntk_archive_open_one,
                                                   .rows = read_rows,
                                                   .close = ntk_archive_close_one,
                                                   .named = true,
                                                   .whole = true},
                                        .list = list_hdf5,
                                        .place = place,
                                        .close = close_hdf5};
#else
typedef int ntk_no_hdf5; /* a source has something in it */
#endif
