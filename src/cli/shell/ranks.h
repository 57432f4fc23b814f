/* Where one mpirun has started several of this program (ranks): rank 0 alone speaks, on standard
 * output and error, and writes files; the others compute with it, or have nothing to do. */
#ifndef NTK_CLI_RANKS_H
#define NTK_CLI_RANKS_H

#include "cli/shell/settings.h"

#include <stdbool.h>

/* Finds out, before anything is printed; together: what has been asked for is done by all. */
void ranks_begin(bool together);
/* How many there are: 1 without mpirun, and after ranks_part. */
int ranks_count(void);
/* The terminal that an mpirun on this machine writes to, for lines that are drawn again and again,
 * by the process that speaks; -1: none. What goes by standard error, which mpirun reads, would
 * overtake the results or be overtaken. Stays open. */
int ranks_terminal(void);
/* Whether this one prints and writes. */
bool ranks_speaks(void);
/* Whether an error is said by the first that has it (beside.h) and not by rank 0 alone: before
 * they have met. */
void ranks_let_first_speak(bool first);
/* Whether this one says the line of an error. */
bool ranks_says(const char *line);
/* From now on each is by itself, and speaks, as if it knew of no other. */
void ranks_part(void);
/* The words that the program was called with, as a shell reads them, to be freed; of_all: without
 * its name and what each of several ranks may have of its own. NULL for want of memory. */
char *ranks_line(const cli_origin *origin, bool of_all);
/* The backend of contexts; NULL: the usual one. */
const char *ranks_backend(void);

#endif
