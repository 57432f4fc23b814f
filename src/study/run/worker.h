/* Worker processes: each computes one trial at a time on one thread, and answers through a socket.
 * A fork of this process that never returns from ntk_worker_start.
 *
 * The host may have other threads. What they had locked at the fork stays locked in the worker for
 * ever: there the first use of such a lock hangs. The C library sees to its own (malloc, files);
 * BLAS, say, does not. So a worker first uses all that a trial locks, and says so with one byte;
 * one that does not say so in time is replaced by another fork (ntk_worker_revive). After that byte
 * it shares no lock with anybody. */
#ifndef NTK_STUDY_WORKER_H
#define NTK_STUDY_WORKER_H

#include "study/spec/study.h"

#include <sys/types.h>

/* All zero: there is no process. */
typedef struct ntk_worker {
  pid_t pid;      /* 0: there is no process */
  int socket;     /* while there is one */
  bool ready;     /* it has said that no lock of another thread hangs it */
  double started; /* ntk_clock when it was forked */
  unsigned tries; /* forks before this one, that did not get ready */
  bool busy;
  size_t point, trial; /* that it computes, while busy */
  uint32_t lacks;      /* and which quantities of it, as of ntk_study_marks */
  double since;        /* ntk_clock when that began */
  size_t received;     /* bytes of the outcome so far */
  ntk_outcome outcome;
} ntk_worker;

/* Starts process `which` of workers[0..count). lock: a descriptor that it does not keep; -1: none.
 */
ntk_status ntk_worker_start(const ntk_study *study, ntk_worker *workers, size_t count, size_t which,
                            int lock);
/* Gives it quantities of a trial. A process that cannot take it shows as dead when it is next read
 * from. */
void ntk_worker_give(ntk_worker *worker, size_t point, size_t trial, uint32_t lacks);

typedef enum ntk_worker_news {
  NTK_WORKER_NOTHING,
  NTK_WORKER_ANSWER,
  NTK_WORKER_DEAD
} ntk_worker_news;

/* ANSWER: worker->outcome is whole, and it is free again. DEAD: it is gone, and the outcome says
 * how. */
ntk_worker_news ntk_worker_read(ntk_worker *worker);

/* Replaces process `which` when it has not got ready in time, and gives the new one its trial. */
ntk_status ntk_worker_revive(const ntk_study *study, ntk_worker *workers, size_t count,
                             size_t which, int lock);

/* Kills and buries it; nothing for one that is not there. */
void ntk_worker_stop(ntk_worker *worker);

#endif
