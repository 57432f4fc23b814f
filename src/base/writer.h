/* Files that appear under their name only when all of them is on the disk: temporary name in the
 * same directory, fsync, rename, fsync of the directory. Two at once to one path: the second is
 * refused. */
#ifndef NTK_BASE_WRITER_H
#define NTK_BASE_WRITER_H

#include "base/status.h"

#include <stddef.h>

enum { NTK_PATH_CAPACITY = 4096, NTK_WRITER_BUFFER = 16384 };

typedef struct ntk_writer {
  bool open;
  int descriptor;
  size_t waiting; /* bytes in the buffer */
  unsigned char buffer[NTK_WRITER_BUFFER];
  char path[NTK_PATH_CAPACITY];
  char temporary[NTK_PATH_CAPACITY + 64]; /* in the same directory, renamed by commit */
} ntk_writer;

/* Opens path, made if it is not there, for this process alone until *descriptor is closed, as the
 * system's locks go. 0, or an error number; EWOULDBLOCK: another process has it. */
NTK_SIBLING int ntk_writer_lock(const char *path, int *descriptor);

/* Whether the descriptor's file has that name still, or, through links, is what the name leads to.
 * 0; ESTALE where it has not, for whoever had it has just renamed or removed it; or why that cannot
 * be told. */
NTK_SIBLING int ntk_writer_named(int descriptor, const char *path, bool links);

/* Creates the temporary file. Refuses a name that is there and no regular file, and `bytes` for
 * which the file system says that it has too little room. On failure nothing is left. */
NTK_SIBLING ntk_status ntk_writer_open(ntk_writer *writer, const char *path, size_t bytes);
/* The next count bytes. On failure: abort. */
NTK_SIBLING ntk_status ntk_writer_append(ntk_writer *writer, const void *bytes, size_t count);
/* Syncs and renames; from then on path holds the file. Whatever happens, the writer is closed and
 * the temporary file is gone. */
NTK_SIBLING ntk_status ntk_writer_commit(ntk_writer *writer);
/* Removes the temporary file; path is as it was. Allowed after commit and after a failed open. */
NTK_SIBLING void ntk_writer_abort(ntk_writer *writer);

#endif
