/* The ranks of a context: processes that compute the same thing at the same time, each with a share
 * of the rows. Most contexts have one, and then every call here returns at once. Which library
 * carries the words is decided when ntkit is built (ranks_mpi.c, ranks_none.c).
 *
 * The rule, by which nobody waits for a rank that has left: agree, then communicate. An operation
 * of all ranks allocates, opens and checks first; then it calls ntk_ranks_agree with how that went,
 * and only if this says NTK_OK, on all or on none, come the sums and copies, which do not fail by
 * themselves. Once an agreement has failed, the context's ranks are broken: the next ones return
 * the same failure without a word. What steers must be the same on all ranks: no clock, no look at
 * this machine's memory, that has not been agreed. */
#ifndef NTK_BASE_RANKS_RANKS_H
#define NTK_BASE_RANKS_RANKS_H

#include "base/context.h"
#include "base/precision.h"
#include "base/ranks/share.h"

#include <stdint.h>

typedef struct ntk_ranks ntk_ranks; /* ranks_mpi.c */

/* Joins the processes that one launcher started, and sets context->ranks; for a context of the
 * backend "mpi". NTK_ERR_RANKS where this build has no MPI, or the launcher is another one's, or
 * ranks differ in build or processor; NTK_ERR_ARGUMENT for more threads than a rank's cores. */
ntk_status ntk_ranks_enter(ntk_context *context);
/* Ends the context's; whatever failed on this rank alone is told to those that wait in an
 * agreement. A context without ranks is fine. */
void ntk_ranks_leave(ntk_context *context);

/* For forecasts of memory: until it leaves them the context, which has none, is the first of so
 * many ranks, of which no other is there; they answer as it does. NTK_ERR_MEMORY. */
ntk_status ntk_ranks_suppose(ntk_context *context, int ranks);

int ntk_rank(const ntk_context *context);        /* 0 where there is one */
int ntk_ranks_count(const ntk_context *context); /* >= 1 */
/* How N samples are dealt in this context. */
ntk_share ntk_ranks_share(const ntk_context *context, size_t N);

/* Whether all ranks can go on: `own` is how this one's preparations ended, `what` a hash of
 * operation and sizes, by which ranks that are not at the same place find it out
 * (NTK_ERR_RANKS). A rank's failure becomes every rank's, in its words, with the rank's name. */
ntk_status ntk_ranks_meet(ntk_context *context, ntk_status own, uint64_t what);
/* The same; here a reader, and a compiler, sees that a failure of one's own is never NTK_OK. */
static inline ntk_status ntk_ranks_agree(ntk_context *context, ntk_status own, uint64_t what) {
  const ntk_status all = ntk_ranks_meet(context, own, what);
  return all == NTK_OK ? own : all;
}
/* The same of what rank 0 does for all, as writing a file: its failure is told as everybody's. */
ntk_status ntk_ranks_agree_first(ntk_context *context, ntk_status own, uint64_t what);
/* A hash for it: of the operation's name and sizes. */
uint64_t ntk_ranks_what(const char *operation, size_t a, size_t b, size_t c);

/* Sums over ranks in place, n numbers of that precision; all ranks get the same bits. */
void ntk_ranks_sum(ntk_context *context, size_t n, void *x, ntk_precision precision);
/* Of one number of each rank: the sum in the order of ranks, the smallest. */
double ntk_ranks_sum_one(ntk_context *context, double x);
double ntk_ranks_least(ntk_context *context, double x);
/* Own rows of m vectors of share->N numbers, contiguous, become all ranks' rows. */
ntk_status ntk_ranks_collect(ntk_context *context, const ntk_share *share, size_t m, double *V);
/* The least memory that one of them has, as they have told each other: kept for forecasts, which
 * ask nothing of others. Before that, and of one: INFINITY. */
void ntk_ranks_keep_memory(ntk_context *context, double least);
double ntk_ranks_memory(const ntk_context *context);
/* Bytes of one rank to all. */
void ntk_ranks_hand(ntk_context *context, int from, size_t bytes, void *x);
/* Records of `size` bytes, counts[r] of them from rank r, in the order of ranks: all of them. `own`
 * may be its place in `all`, and not overlap it otherwise. */
void ntk_ranks_gather(ntk_context *context, size_t size, const void *own, const size_t *counts,
                      void *all);

/* A record of `size` bytes (at most 4096) of each rank, the same size on all, is shown to `take` in
 * the order of ranks; without other ranks the own one. False: they are broken, and not all were
 * shown. */
typedef void ntk_ranks_take(int rank, const void *record, void *user);
bool ntk_ranks_fold(ntk_context *context, size_t size, const void *own, ntk_ranks_take *take,
                    void *user);

/* The same as ntk_ranks_hand while something else is computed: between begin and end `x` is left
 * alone, and `test`, from the thread that began it, brings it on its way; true: it is there. As
 * many at once as the caller has room for; ended in the order in which they began. */
typedef struct ntk_handing {
  void *request; /* NULL: none is on its way */
} ntk_handing;
ntk_status ntk_ranks_hand_begin(ntk_context *context, int from, size_t bytes, void *x,
                                ntk_handing *handing);
bool ntk_ranks_hand_test(ntk_context *context, ntk_handing *handing);
void ntk_ranks_hand_end(ntk_context *context, ntk_handing *handing);

/* Bytes and messages that these operations have had this rank receive since the context was made,
 * counted by what they need: a sum of n bytes 2 n (P - 1) / P, a hand n once on all but one, and so
 * on. */
typedef struct ntk_traffic {
  double bytes, messages;
} ntk_traffic;
ntk_traffic ntk_ranks_traffic(const ntk_context *context);

#endif
