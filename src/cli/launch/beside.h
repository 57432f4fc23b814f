/* What the processes that one launcher has started on a machine know of each other without MPI: by
 * empty files in the folder that the launcher has for them, and takes away. So a build without MPI,
 * a part of a study, which never starts it, and one that waits in it for all of them find each
 * other out. Each leaves word first and looks then: of two that do not go together at least one
 * sees it. Under a launcher that tells of no such folder, and alone, nothing is known. */
#ifndef NTK_CLI_LAUNCH_BESIDE_H
#define NTK_CLI_LAUNCH_BESIDE_H

#include <stdbool.h>

typedef enum beside_kind {
  BESIDE_MEETS,   /* waits for all of them (meeting.h) */
  BESIDE_APART,   /* does a part of its own, and waits for nobody */
  BESIDE_WITHOUT, /* is of a build without MPI, and would have waited */
  BESIDE_KINDS
} beside_kind;

/* Leaves word of this one. */
void beside_tell(beside_kind own);
/* Whether one of this kind has left word. */
bool beside_has(beside_kind kind);

/* Whether this one is to say the line: of several that say the same the first (line NULL: what it
 * says is of itself alone); where there are some that do not go together the first of all. Where
 * nothing is known: `otherwise`. */
bool beside_claim(const char *line, bool otherwise);
/* Whether a line has been said. For signal handlers, too. */
bool beside_said(void);

#endif
