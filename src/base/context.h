/* The context: how many threads, how much memory, whom to tell about progress. */
#ifndef NTK_BASE_CONTEXT_H
#define NTK_BASE_CONTEXT_H

#include "base/status.h"

#include <stdatomic.h>

/* A phase that is told of, and how far it is. */
typedef struct ntk_phase {
  const char *name; /* lives until it is left; NULL: none */
  double fraction;
} ntk_phase;

struct ntk_context {
  int threads; /* >= 1 */
  size_t memory_limit;
  bool memory_supposed; /* that is another machine's: what this one has is no matter */
  size_t addresses;     /* that threads and BLAS may map; 0: as many as they like (no ulimit -v) */
  atomic_size_t memory_in_use; /* what is not in use any more, other threads may give back */
  atomic_size_t memory_peak;
  const struct ntk_backend *backend; /* kernel/backend.h */
  struct ntk_backend_chain *chain;   /* ... and what it keeps: kernel/chain.c */
  char cpu[128];                     /* the processor's name */
  struct ntk_ranks *ranks;           /* base/ranks/ranks.h; NULL: one */
  ntk_progress_fn progress;
  void *progress_user;
  double asked;    /* when the callback was last called, by ntk_clock */
  ntk_phase phase; /* entered */
  /* Of several ranks: the phase in which the callback asked to stop; "": it has not. */
  char stopped[64];
};

/* Tells the progress callback, if there is one; NTK_ERR_CANCELLED when it asks to stop. Of several
 * ranks all stop at once, or others would wait: then it is the next agreement that says so. */
NTK_SIBLING ntk_status ntk_progress_report(ntk_context *context, const char *phase,
                                           double fraction);
/* The same where the callback has not been called for a while: cheap, for inner loops, so that no
 * more than a few hundredths of a second pass between two calls. Of the phase that was entered, if
 * one was, as it was last reported, rather than of its own. */
NTK_SIBLING ntk_status ntk_progress_poll(ntk_context *context, const char *phase, double fraction);
/* Around a loop whose steps are other functions', which may poll: returns what was entered before.
 */
ntk_phase ntk_phase_enter(ntk_context *context, const char *name);
void ntk_phase_leave(ntk_context *context, ntk_phase before);

/* Whether a parallel region is to go on: its thread 0, the caller's own, asks the progress
 * callback, and all of them are told. status is that of the callback; what was computed is of no
 * use unless it is NTK_OK. */
typedef struct ntk_watch {
  ntk_context *context;
  const char *phase;
  atomic_bool stopped;
  ntk_status status;
} ntk_watch;

/* False: to stop. Thread 0 polls, the others only look. */
bool ntk_watch_on(ntk_watch *watch, double fraction);
/* The same by a report. */
bool ntk_watch_tell(ntk_watch *watch, double fraction);

/* How many threads a parallel region that begins now may have: the context's; 1 in a process that
 * was forked by a thread that had had a team, for OpenMP would wait there for threads that were
 * not forked with it. To be asked by the thread that begins it. */
int ntk_team(const ntk_context *context);
/* The same for so many flops: 1 where these are few and the caller lately had to share its
 * processor, for a busy machine may take a time slice to wake another thread, and as much to wait
 * for it, which OpenMP's threads do at a processor's full cost. */
int ntk_team_for(const ntk_context *context, double flops);
/* How many of them are worth waking at all: very small work is the caller's own. */
int ntk_threads_for(const ntk_context *context, double flops);

/* Seconds from an arbitrary origin, monotonic. */
NTK_SIBLING double ntk_clock(void);

#endif
