/* What lies in a folder: names, and contents but for numbers in texts. */
#ifndef NTK_TESTS_SNAPSHOT_H
#define NTK_TESTS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_FILES = 256, LONGEST = 200 };

typedef struct snapshot {
  size_t count;
  struct {
    char name[LONGEST]; /* without the folder; in order */
    uint64_t content;
  } file[MOST_FILES];
} snapshot;

/* Of a text (no byte is 0) with each number, and each run of blanks, as one sign: times differ. */
uint64_t snapshot_of_file(const char *path);
/* But for files whose name is of the pattern `but`, of fnmatch, @(a|b) too ("": all is looked at).
 */
void snapshot_take(const char *folder, const char *but, snapshot *made);
/* NULL: the same; else the name of a file that differs. */
const char *snapshot_differ(const snapshot *a, const snapshot *b);
/* Whether each file of a folder that is being renamed is one of a or of b, beside the stage in
 * which a list of them still is, and result.json is there no longer. */
bool snapshot_is_between(const snapshot *now, const snapshot *a, const snapshot *b);

#endif
