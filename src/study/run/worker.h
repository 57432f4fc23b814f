/* Worker processes: each computes one trial at a time on one thread, and answers through a socket.
 * A fork of this process that never returns from ntk_worker_start. */
#ifndef NTK_STUDY_WORKER_H
#define NTK_STUDY_WORKER_H

#include "study/spec/study.h"

#include <sys/types.h>

/* All zero: there is no process. */
typedef struct ntk_worker {
  pid_t pid;  /* 0: there is no process */
  int socket; /* while there is one */
  bool busy;
  size_t point, trial; /* that it computes, while busy */
  double since;        /* ntk_clock when that began */
  size_t received;     /* bytes of the outcome so far */
  ntk_outcome outcome;
} ntk_worker;

/* Starts process `which` of workers[0..count). */
ntk_status ntk_worker_start(const ntk_study *study, ntk_worker *workers, size_t count,
                            size_t which);
/* Gives it a trial. A process that cannot take it shows as dead when it is next read from. */
void ntk_worker_give(ntk_worker *worker, size_t point, size_t trial);

typedef enum ntk_worker_news {
  NTK_WORKER_NOTHING,
  NTK_WORKER_ANSWER,
  NTK_WORKER_DEAD
} ntk_worker_news;

/* To be called when its socket can be read. ANSWER: worker->outcome is whole, and it is free again.
 * DEAD: it is gone, and the outcome says how. */
ntk_worker_news ntk_worker_read(ntk_worker *worker);

/* Kills and buries it; nothing for one that is not there. */
void ntk_worker_stop(ntk_worker *worker);

#endif
