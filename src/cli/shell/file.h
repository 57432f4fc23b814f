/* Files that a command writes at the user's wish: under a temporary name beside the wanted one
 * until they are complete, then renamed, so that a reader never sees half of one. The name is
 * always the same and locked: what a killed run left is taken over. */
#ifndef NTK_CLI_FILE_H
#define NTK_CLI_FILE_H

#include "cli/shell/settings.h"

#include <stdio.h>

/* What stands behind a name while its file is not complete. */
#define FILE_TEMPORARY ".ntkit-tmp"

typedef struct cli_file {
  FILE *stream;
  char *path, *temporary; /* owned */
} cli_file;

/* Whether both are there and one file. */
bool file_same(const char *a, const char *b);

/* Refuses a path that is there and no plain file (a rename would replace a device), or that is the
 * file `input`. option: the one that named the path. */
exit_status file_check(const char *path, const char *input, const char *option);

/* Whether the name ends in one of `count` endings, as ".csv", in capitals or not. */
bool file_ends_in(const char *path, const char *const *endings, size_t count);
/* Whether the name has no ending at all. */
bool file_is_bare(const char *path);

/* Opens path, made if it is not there, for this process alone until *descriptor is closed, as the
 * system's locks go. 0, or an error number; EWOULDBLOCK: another process has it. */
int file_lock(const char *path, int *descriptor);

/* Opens *file for writing; option: that named the path, or NULL: none. On failure one line has been
 * printed. */
exit_status file_create(const char *path, const char *option, cli_file *file);
/* Ends a file that file_create opened: when status is EXIT_DONE it is synced and gets its name,
 * else it is removed. Gives status, or what went wrong here. */
exit_status file_close(cli_file *file, const char *option, exit_status status);

/* "base" and then "suffix", to be freed; NULL for want of memory (reported). */
char *file_name(const char *base, const char *suffix);

#endif
