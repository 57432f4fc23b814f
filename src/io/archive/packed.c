/* What is packed in a file, unpacked on the way: deflate (RFC 1951) by zlib, in the frames of zip
 * and of gzip (RFC 1952), or merely stored, with the CRC-32 that both have. Cost: one pass of zlib
 * over what is read; whoever goes back pays for the way from the beginning. */
#include "io/archive/packed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { WINDOW = 1 << 16, SCRATCH = 1 << 14 };

typedef struct stream {
  ntk_packed is;
  z_stream z;
  size_t taken;  /* packed bytes that were read from the file */
  size_t at;     /* unpacked bytes before what comes next */
  size_t member; /* of gzip: the packed bytes before this one */
  bool ended;
  size_t summed; /* unpacked bytes from the beginning on that are in the sum */
  uint32_t sum;
  unsigned char window[WINDOW];
} stream;

/* ---- The file -------------------------------------------------------------------------------- */

/* The next of the packed bytes, n at the most, and none only at the end. Nobody else's place in the
 * file is moved. */
static ntk_status take(const ntk_reader *reader, stream *s, void *bytes, size_t n, size_t *found) {
  *found = 0;
  n = n < s->is.bytes - s->taken ? n : s->is.bytes - s->taken;
  while (*found < n) {
    const ssize_t got = pread(fileno(reader->file), (char *)bytes + *found, n - *found,
                              (off_t)(s->is.begin + s->taken));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return ntk_fail(NTK_ERR_FILE, "%s: cannot be read: %s", reader->path,
                      got < 0 ? strerror(errno) : "it became shorter meanwhile");
    *found += (size_t)got;
    s->taken += (size_t)got;
  }
  return NTK_OK;
}

/* ---- Inflating ------------------------------------------------------------------------------- */

static size_t place_of(const stream *s) {
  return s->is.begin + s->taken - s->z.avail_in;
}

static ntk_status refuse(const ntk_reader *reader, const stream *s, int error) {
  if (s->member > 0 && s->z.total_out == 0)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: goes on from byte %zu with %zu bytes that are no gzip; accepted: nothing "
                    "behind its end",
                    reader->path, s->is.begin + s->member, s->is.bytes - s->member);
  if (error == Z_MEM_ERROR)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory to unpack it", reader->path);
  if (error == Z_BUF_ERROR)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: truncated: what is packed in it ends at byte %zu in the middle",
                    reader->path, s->is.begin + s->is.bytes);
  return ntk_fail(NTK_ERR_FORMAT, "%s: is damaged before byte %zu: %s", reader->path, place_of(s),
                  s->z.msg != NULL ? s->z.msg : "it cannot be unpacked");
}

/* What has come to the end of a stream of deflate: gzip may have another behind it. */
static ntk_status go_on(const ntk_reader *reader, stream *s) {
  s->ended = s->is.packing != NTK_PACKED_GZIP || (s->taken == s->is.bytes && s->z.avail_in == 0);
  if (s->ended)
    return NTK_OK;
  s->member = s->taken - s->z.avail_in;
  return inflateReset(&s->z) == Z_OK ? NTK_OK : refuse(reader, s, Z_MEM_ERROR);
}

static ntk_status unpack(const ntk_reader *reader, stream *s, void *bytes, size_t n,
                         size_t *found) {
  const uInt most = (uInt)(n < 1 << 30 ? n : 1 << 30);
  s->z.next_out = bytes;
  s->z.avail_out = most;
  while (s->z.avail_out > 0 && !s->ended) {
    if (s->z.avail_in == 0) {
      size_t more = 0;
      NTK_TRY(take(reader, s, s->window, WINDOW, &more));
      s->z.next_in = s->window;
      s->z.avail_in = (uInt)more;
    }
    const int result = inflate(&s->z, Z_NO_FLUSH); /* also without input: some output may be due */
    if (result == Z_STREAM_END)
      NTK_TRY(go_on(reader, s));
    else if (result != Z_OK)
      return refuse(reader, s, result);
  }
  *found = most - s->z.avail_out;
  return NTK_OK;
}

/* ---- As a source ----------------------------------------------------------------------------- */

/* At the end of a member of a zip archive. */
static ntk_status check_end(const ntk_reader *reader, stream *s) {
  unsigned char next = 0;
  size_t more = 0;
  if (s->is.packing == NTK_PACKED_DEFLATED)
    NTK_TRY(unpack(reader, s, &next, 1, &more));
  if (more > 0)
    return ntk_fail(NTK_ERR_FORMAT, "%s: unpacks to more than the %zu bytes that the archive says",
                    reader->path, s->is.size);
  if (s->summed == s->is.size && s->sum != s->is.crc)
    return ntk_fail(NTK_ERR_FORMAT,
                    "%s: is damaged: the CRC of its %zu bytes is %08lx, and the archive says %08lx",
                    reader->path, s->is.size, (unsigned long)s->sum, (unsigned long)s->is.crc);
  return NTK_OK;
}

static void add_to_sum(stream *s, const unsigned char *bytes, size_t n) {
  if (s->at > s->summed || s->at + n <= s->summed)
    return; /* not in a row with what is summed, or all in it */
  const size_t known = s->summed - s->at;
  s->sum = (uint32_t)crc32_z(s->sum, bytes + known, n - known);
  s->summed = s->at + n;
}

/* n bytes or fewer, at least one unless it is at its end. */
static ntk_status piece(const ntk_reader *reader, stream *s, void *bytes, size_t n, size_t *found) {
  if (s->is.packing == NTK_PACKED_STORED) {
    s->taken = s->at;
    NTK_TRY(take(reader, s, bytes, n, found));
  } else {
    NTK_TRY(unpack(reader, s, bytes, n, found));
  }
  if (s->is.packing != NTK_PACKED_GZIP)
    add_to_sum(s, bytes, *found);
  s->at += *found;
  return NTK_OK;
}

static ntk_status some(const ntk_reader *reader, void *bytes, size_t n, size_t *found) {
  stream *s = reader->packed;
  const bool told = s->is.packing != NTK_PACKED_GZIP;
  *found = 0;
  if (told && n > s->is.size - s->at)
    n = s->is.size - s->at;
  while (*found < n) {
    size_t got = 0;
    NTK_TRY(piece(reader, s, (char *)bytes + *found, n - *found, &got));
    *found += got;
    if (got == 0)
      break;
  }
  if (told && *found < n)
    return ntk_fail(NTK_ERR_FORMAT, "%s: unpacks to %zu bytes, and the archive says %zu",
                    reader->path, s->at, s->is.size);
  return told && s->at == s->is.size ? check_end(reader, s) : NTK_OK;
}

static ntk_status seek(const ntk_reader *reader, off_t offset) {
  stream *s = reader->packed;
  unsigned char scratch[SCRATCH];
  const size_t to = (size_t)offset;
  if (s->is.packing == NTK_PACKED_STORED) {
    s->at = to < s->is.size ? to : s->is.size;
    return NTK_OK;
  }
  if (to < s->at) {
    if (inflateReset(&s->z) != Z_OK)
      return refuse(reader, s, Z_MEM_ERROR);
    s->z.avail_in = 0;
    s->taken = s->at = s->member = 0;
    s->ended = false;
  }
  while (s->at < to) {
    size_t got = 0;
    NTK_TRY(some(reader, scratch, to - s->at < SCRATCH ? to - s->at : SCRATCH, &got));
    if (got == 0)
      return NTK_OK; /* as in a file, where reading finds that there is nothing */
  }
  return NTK_OK;
}

static void close_source(ntk_reader *reader) {
  stream *s = reader->packed;
  if (s->is.packing != NTK_PACKED_STORED)
    (void)inflateEnd(&s->z);
  free(s);
  reader->packed = NULL;
  reader->source = NULL;
}

ntk_status ntk_packed_open(ntk_reader *reader, const ntk_packed *what) {
  static const ntk_source source = {some, seek, close_source};
  static const int frame[] = {
      [NTK_PACKED_DEFLATED] = -MAX_WBITS, [NTK_PACKED_GZIP] = 16 + MAX_WBITS};
  stream *s = calloc(1, sizeof *s);
  if (s == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory to unpack it", reader->path);
  s->is = *what;
  if (what->packing != NTK_PACKED_STORED && inflateInit2(&s->z, frame[what->packing]) != Z_OK) {
    free(s);
    return ntk_fail(NTK_ERR_MEMORY, "%s: no memory to unpack it", reader->path);
  }
  reader->source = &source;
  reader->packed = s;
  reader->bounded = what->packing == NTK_PACKED_GZIP;
  reader->streamed = what->packing != NTK_PACKED_STORED;
  const size_t bytes = what->bytes;
  reader->file_size = !reader->bounded                      ? what->size
                      : bytes < SIZE_MAX / NTK_DEFLATE_MOST ? bytes * NTK_DEFLATE_MOST
                                                            : SIZE_MAX;
  return NTK_OK;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

static bool recognise(const unsigned char *start, size_t count) {
  return count >= 3 && start[0] == 0x1f && start[1] == 0x8b && start[2] == 8;
}

static ntk_status open_gzip(ntk_reader *reader, const unsigned char *start) {
  (void)start;
  const ntk_packed all = {.packing = NTK_PACKED_GZIP, .bytes = reader->file_size};
  NTK_TRY(ntk_packed_open(reader, &all));
  return ntk_reader_open_format(reader);
}

const ntk_reader_format ntk_format_gzip = {
    .name = "gzip", .recognise = recognise, .open = open_gzip, .named = true, .whole = true};
