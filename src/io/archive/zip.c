/* .npz: a zip archive of .npy, each an array named as the file in it is. Sizes, sums and places are
 * those of the archive's central directory (4.3.12 of APPNOTE.TXT, PKWARE; zip64: 4.5.3), for local
 * headers may leave them open. Stored or deflated; never encrypted. */
#include "io/archive/kind.h"
#include "io/archive/packed.h"

#include <stdlib.h>
#include <string.h>

enum {
  END = 22,         /* bytes of the end of the central directory, without its comment */
  LOCATOR = 20,     /* of zip64's, before it */
  END64 = 56,       /* of zip64's end, as far as it is known */
  ENTRY = 46,       /* of an entry of the central directory, without name, extra and comment */
  LOCAL = 30,       /* of a local header, the same */
  COMMENT = 0xffff, /* most bytes of a comment */
  NAME_SHOWN = 100
};

typedef struct member {
  uint64_t packed, size, local; /* bytes in the file and unpacked; where its local header is */
  uint32_t crc;
  unsigned method, flags;
} member;

typedef struct directory {
  uint64_t begin, bytes, entries; /* where it is in the file */
  member *member;
  size_t count;
} directory;

static uint64_t number(const unsigned char *bytes, size_t n) {
  uint64_t value = 0;
  while (n-- > 0)
    value = value << 8 | bytes[n];
  return value;
}

static ntk_status read_at(const ntk_reader *file, uint64_t offset, void *bytes, size_t n) {
  NTK_TRY(ntk_reader_seek(file, (off_t)offset));
  return ntk_reader_bytes(file, bytes, n);
}

static ntk_status damaged(const ntk_reader *file, uint64_t place, const char *what) {
  return ntk_fail(NTK_ERR_FORMAT, "%s: is a damaged zip archive: at byte %llu %s", file->path,
                  (unsigned long long)place, what);
}

/* ---- The central directory ------------------------------------------------------------------- */

/* Where its end stands: the last place whose comment reaches to the end of the file. */
static ntk_status find_end(const ntk_reader *file, uint64_t *place, unsigned char end[END]) {
  unsigned char tail[1 << 12];
  const size_t size = file->file_size;
  const size_t least = size > END + COMMENT ? size - END - COMMENT : 0;
  if (size >= END)
    for (size_t last = size - END + 1; last > least;) { /* in windows that overlap by END */
      const size_t first = last - least > sizeof tail - END ? last - (sizeof tail - END) : least;
      NTK_TRY(read_at(file, first, tail, last - first + END - 1));
      for (size_t k = last - first; k-- > 0;)
        if (memcmp(tail + k, "PK\5\6", 4) == 0 &&
            number(tail + k + 20, 2) == size - END - first - k) {
          *place = first + k;
          memcpy(end, tail + k, END);
          return NTK_OK;
        }
      last = first;
    }
  return ntk_fail(NTK_ERR_FORMAT,
                  "%s: is a zip archive without its end: truncated, or longer than it was written",
                  file->path);
}

/* Sizes that are too large for the end itself. */
static ntk_status read_end64(const ntk_reader *file, uint64_t place, directory *d) {
  unsigned char locator[LOCATOR], end[END64];
  if (place < LOCATOR)
    return damaged(file, place, "zip64's end is missing");
  NTK_TRY(read_at(file, place - LOCATOR, locator, LOCATOR));
  const uint64_t at = number(locator + 8, 8);
  if (memcmp(locator, "PK\6\7", 4) != 0 || place < LOCATOR + END64 || at > place - LOCATOR - END64)
    return damaged(file, place - LOCATOR, "zip64's end is missing");
  NTK_TRY(read_at(file, at, end, END64));
  if (memcmp(end, "PK\6\6", 4) != 0)
    return damaged(file, at, "zip64's end is missing");
  d->entries = number(end + 32, 8);
  d->bytes = number(end + 40, 8);
  d->begin = number(end + 48, 8);
  return NTK_OK;
}

static ntk_status find_directory(const ntk_reader *file, directory *d) {
  unsigned char end[END];
  uint64_t place = 0;
  NTK_TRY(find_end(file, &place, end));
  d->entries = number(end + 10, 2);
  d->bytes = number(end + 12, 4);
  d->begin = number(end + 16, 4);
  if (number(end + 4, 2) != number(end + 6, 2))
    return damaged(file, place, "it is one disk of several");
  if (d->entries == 0xffff || d->bytes == UINT32_MAX || d->begin == UINT32_MAX)
    NTK_TRY(read_end64(file, place, d));
  if (d->begin > place || d->bytes > place - d->begin || d->entries > d->bytes / ENTRY)
    return damaged(file, place, "its list of files does not lie in the file");
  return NTK_OK;
}

/* Those of zip64 stand in an extra field, in this order, where the entry has all ones. */
static void read_extra(const unsigned char *extra, size_t length, member *m) {
  uint64_t *const values[] = {&m->size, &m->packed, &m->local};
  for (size_t at = 0; length >= 4 && at <= length - 4;) {
    const size_t own = (size_t)number(extra + at + 2, 2);
    if (own > length - at - 4)
      return;
    const unsigned char *next = extra + at + 4;
    size_t left = own;
    if (number(extra + at, 2) == 1)
      for (size_t k = 0; k < 3; k++)
        if (*values[k] == UINT32_MAX && left >= 8) {
          *values[k] = number(next, 8);
          next += 8;
          left -= 8;
        }
    at += 4 + own;
  }
}

/* The entry at *place: m, and its name, to be freed; *place becomes that of the next. */
static ntk_status read_entry(const ntk_reader *file, const directory *d, uint64_t *place, member *m,
                             char **name) {
  unsigned char entry[ENTRY];
  const uint64_t left = d->begin + d->bytes - *place;
  if (left < ENTRY)
    return damaged(file, *place, "its list of files ends early");
  NTK_TRY(read_at(file, *place, entry, ENTRY));
  const size_t own = (size_t)number(entry + 28, 2), extra = (size_t)number(entry + 30, 2);
  const size_t whole = ENTRY + own + extra + (size_t)number(entry + 32, 2);
  if (memcmp(entry, "PK\1\2", 4) != 0 || whole > left)
    return damaged(file, *place, "its list of files has no entry");
  *m = (member){.flags = (unsigned)number(entry + 8, 2),
                .method = (unsigned)number(entry + 10, 2),
                .crc = (uint32_t)number(entry + 16, 4),
                .packed = number(entry + 20, 4),
                .size = number(entry + 24, 4),
                .local = number(entry + 42, 4)};
  char *text = malloc(own + extra + 1);
  if (text == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory for a name in it", file->path);
  const ntk_status status = ntk_reader_bytes(file, text, own + extra);
  if (status != NTK_OK || memchr(text, '\0', own) != NULL) {
    free(text);
    return status != NTK_OK ? status : damaged(file, *place, "a name has a 0 in it");
  }
  read_extra((const unsigned char *)text + own, extra, m);
  text[own] = '\0';
  *name = text;
  *place += whole;
  return NTK_OK;
}

/* ---- What is no .npz ------------------------------------------------------------------------- */

/* By the ending of a name of a file in it, the rest of an archive that is something else. */
static const char *foreign_archive(const char *name) {
  static const struct {
    const char *ending, *words;
  } known[] = {
      {"data.pkl", "of torch.save, a pickle, which only PyTorch reads; accepted: safetensors, as "
                   "made by safetensors.torch.save_file of its state_dict"},
      {"model.weights.h5", "of Keras; accepted: its model.weights.h5 alone, as unzip unpacks it"},
      {"[Content_Types].xml", "an Excel workbook or its kin; accepted: what it saves as CSV"},
      {"META-INF/MANIFEST.MF", "of Java; accepted: .npz"},
  };
  const size_t length = strlen(name);
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    const size_t own = strlen(known[k].ending);
    if (length >= own && strcmp(name + length - own, known[k].ending) == 0 &&
        (length == own || name[length - own - 1] == '/'))
      return known[k].words;
  }
  return NULL;
}

/* ---- As an archive --------------------------------------------------------------------------- */

static ntk_status add_member(ntk_archive *archive, directory *d, const member *m,
                             const char *name) {
  static const char ending[] = ".npy";
  const size_t length = strlen(name), own = sizeof ending - 1;
  const char *words = foreign_archive(name);
  if (words != NULL)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is a zip archive %s", archive->file->path, words);
  if (length <= own || strcmp(name + length - own, ending) != 0)
    return NTK_OK;
  if ((d->count & (d->count - 1)) == 0) { /* room for the next power of two */
    member *more = realloc(d->member, (d->count == 0 ? 1 : 2 * d->count) * sizeof *more);
    if (more == NULL)
      return ntk_fail(NTK_ERR_MEMORY, "%s: no memory for the list of its arrays",
                      archive->file->path);
    d->member = more;
  }
  d->member[d->count] = *m;
  return ntk_archive_add(archive, name, length - own, d->count++);
}

static ntk_status list_zip(ntk_archive *archive) {
  const ntk_reader *file = archive->file;
  directory *d = calloc(1, sizeof *d);
  archive->state = d;
  if (d == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory for the list of its arrays", file->path);
  NTK_TRY(find_directory(file, d));
  uint64_t place = d->begin;
  for (uint64_t k = 0; k < d->entries; k++) {
    member m;
    char *name = NULL;
    NTK_TRY(read_entry(file, d, &place, &m, &name));
    const ntk_status status = add_member(archive, d, &m, name);
    free(name);
    NTK_TRY(status);
  }
  if (d->count == 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is a zip archive without a .npy; accepted: .npz",
                    file->path);
  return NTK_OK;
}

static ntk_status check_member(const char *path, const member *m) {
  if ((m->flags & 1) != 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: is encrypted; accepted: .npz as numpy.savez writes it",
                    path);
  if (m->method != 0 && m->method != 8)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is packed by method %u of zip%s; accepted: stored or deflated, as "
                    "numpy.savez and savez_compressed write it",
                    path, m->method,
                    m->method == 9    ? " (deflate64)"
                    : m->method == 12 ? " (bzip2)"
                    : m->method == 14 ? " (LZMA)"
                    : m->method == 93 ? " (zstd)"
                                      : "");
  if (m->method == 0 ? m->size != m->packed : m->size / NTK_DEFLATE_MOST > m->packed)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: the archive says that its %llu bytes unpack to %llu, which they cannot",
                    path, (unsigned long long)m->packed, (unsigned long long)m->size);
  return NTK_OK;
}

static ntk_status place(const ntk_archive *archive, const ntk_tensor *tensor, ntk_reader *reader) {
  const directory *d = archive->state;
  const member *m = &d->member[tensor->entry];
  unsigned char local[LOCAL];
  NTK_TRY(check_member(reader->path, m));
  if (m->local > d->begin || d->begin - m->local < LOCAL)
    return damaged(reader, m->local, "a file begins outside of it");
  NTK_TRY(read_at(reader, m->local, local, LOCAL));
  const uint64_t begin = m->local + LOCAL + number(local + 26, 2) + number(local + 28, 2);
  if (memcmp(local, "PK\3\4", 4) != 0)
    return damaged(reader, m->local, "no file begins where its list says so");
  if (begin > d->begin || m->packed > d->begin - begin)
    return damaged(reader, m->local, "a file goes on behind the last");
  const ntk_packed what = {.packing = m->method == 0 ? NTK_PACKED_STORED : NTK_PACKED_DEFLATED,
                           .begin = (size_t)begin,
                           .bytes = (size_t)m->packed,
                           .size = (size_t)m->size,
                           .crc = m->crc};
  NTK_TRY(ntk_packed_open(reader, &what));
  return ntk_reader_open_npy(reader);
}

static void close_zip(ntk_archive *archive) {
  directory *d = archive->state;
  if (d != NULL)
    free(d->member);
  free(d);
}

static bool recognise(const unsigned char *start, size_t count) {
  return count >= 4 &&
         (memcmp(start, "PK\3\4", 4) == 0 || memcmp(start, "PK\5\6", 4) == 0); /* an empty one */
}

const ntk_archive_kind ntk_kind_npz = {.format = {.name = "npz",
                                                  .recognise = recognise,
                                                  .open = ntk_archive_open_one,
                                                  .rows = ntk_plain_rows,
                                                  .close = ntk_archive_close_one,
                                                  .named = true,
                                                  .whole = true},
                                       .list = list_zip,
                                       .place = place,
                                       .close = close_zip};
