/* One run of a program in which a chosen system call, or allocation, fails. Linux, x86-64. */
#ifndef NTK_TESTS_TRACE_H
#define NTK_TESTS_TRACE_H

#include "fault.h"

#include <sys/types.h>

/* What can fail. Counted from the beginning of main, in the program and the workers that it forks,
 * not in programs that it starts. */
typedef enum fault_kind {
  FAULT_NONE,
  FAULT_MEMORY,
  FAULT_OPEN,
  FAULT_READ,
  FAULT_WRITE, /* but of standard error */
  FAULT_SYNC,
  FAULT_RENAME,
  FAULT_FOLDER, /* mkdir */
  FAULT_STAT,
  FAULT_THREAD,
  FAULT_PROCESS,
  FAULT_KINDS
} fault_kind;

typedef struct fault_plan {
  fault_kind kind;
  int error;       /* 0, of reads and writes: half of them, and no error */
  bool for_good;   /* and all that follow */
  long at;         /* which one, from 1; 0: they are counted, and none fails */
  double patience; /* seconds until the run is given up */
} fault_plan;

typedef struct fault_seen {
  long count, fired; /* of the plan's kind; fired in a file that is not standard output */
  bool on_output;    /* standard output is what failed */
  bool hung;
  int status; /* as waitpid has it */
} fault_seen;

/* Runs words[0] in the folder, with these files as standard output and error; library is put before
 * the C library. false: the run could not be made, errno says why. */
bool fault_run(const fault_plan *plan, char **words, const char *library, const char *folder,
               const char *const stream[2], fault_page *page, int descriptor, fault_seen *seen);

#endif
