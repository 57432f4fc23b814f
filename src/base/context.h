/* The context: how many threads, how much memory, whom to tell about progress. */
#ifndef NTK_BASE_CONTEXT_H
#define NTK_BASE_CONTEXT_H

#include "base/status.h"

struct ntk_context {
  int threads; /* >= 1 */
  size_t memory_limit;
  size_t memory_in_use;
  size_t memory_peak;
  const struct ntk_backend *backend; /* kernel/backend.h */
  struct ntk_backend_chain *chain;   /* ... and what it keeps: kernel/chain.c */
  char cpu[128];                     /* the processor's name */
  ntk_progress_fn progress;
  void *progress_user;
};

/* Tells the progress callback, if there is one; NTK_ERR_CANCELLED when it asks to stop. */
NTK_SIBLING ntk_status ntk_progress_report(const ntk_context *context, const char *phase,
                                           double fraction);

/* How many threads are worth waking for so many flops: small work is the caller's own, for a busy
 * machine may take a time slice to wake another, and as much to wait for it. */
int ntk_threads_for(const ntk_context *context, double flops);

/* Seconds from an arbitrary origin, monotonic. */
NTK_SIBLING double ntk_clock(void);

#endif
