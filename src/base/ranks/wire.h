/* What carries words between ranks: the one thing an MPI library is asked for. ranks.c makes
 * agreements and sums of it, and knows no MPI. */
#ifndef NTK_BASE_RANKS_WIRE_H
#define NTK_BASE_RANKS_WIRE_H

#include "base/ranks/ranks.h"

enum { NTK_RANK_LINE = 4608, NTK_RANK_NAME = 64, NTK_RANK_OPTION = 64 };

/* Agreements do not meet what else is on its way, so that they can end it. */
typedef enum ntk_channel { NTK_AGREEMENTS, NTK_ROWS } ntk_channel;

/* Each is a call of all ranks on one channel, of at most ranks->most bytes where nothing else is
 * said. false: the library has failed, and ranks->failed and line say so. */
typedef struct ntk_wire {
  /* The smallest of each of n words; on the channel of agreements. */
  bool (*least)(ntk_ranks *ranks, size_t n, uint64_t *words);
  bool (*hand)(ntk_ranks *ranks, ntk_channel channel, int from, size_t bytes, void *x);
  bool (*sum)(ntk_ranks *ranks, size_t n, void *x, ntk_precision precision);
  /* bytes[r] of rank r, one after the other; those of this rank are in their place already. All of
   * them together are at most ranks->most. */
  bool (*gather)(ntk_ranks *ranks, const size_t *bytes, void *all);
  /* Any number of bytes. A request of NULL: it is there already. */
  bool (*begin)(ntk_ranks *ranks, int from, size_t bytes, void *x, void **request);
  bool (*test)(ntk_ranks *ranks, void *request); /* true: there, or failed */
  bool (*end)(ntk_ranks *ranks, void *request);  /* waits, and releases the request */
  void (*close)(ntk_ranks *ranks);               /* releases all of it */
} ntk_wire;

struct ntk_ranks {
  const ntk_wire *wire;
  int rank, ranks;
  int first;                    /* lowest rank of this machine */
  char name[NTK_RANK_NAME];     /* this machine's */
  char (*names)[NTK_RANK_NAME]; /* all ranks' */
  size_t most;                  /* bytes of one message */
  ntk_status failed;            /* NTK_OK, or what has broken them: */
  char line[NTK_RANK_LINE];
  char option[NTK_RANK_OPTION];
  size_t sample[2];
  /* By MPI itself, or while something is on its way: the others learn it from the launcher, when
   * this process ends without a farewell. */
  bool lost;
  ntk_traffic traffic;
  double memory; /* the least that one of them has said it has, bytes; 0: nothing was said */
  size_t *bytes; /* room for one number of each rank */
  double *rows;  /* for ntk_ranks_collect: row_room numbers, on all ranks the same */
  size_t row_room;
};

/* Joins the processes of this job: wire, rank, ranks, first, name and most; *ranks stays NULL where
 * this one is alone. NTK_ERR_RANKS as ntk_ranks_enter, _MEMORY. */
ntk_status ntk_wire_open(ntk_context *context, ntk_ranks **ranks);
/* What carries the words, with its version; "": nothing does. */
const char *ntk_wire_library(void);

/* One record of `size` bytes of each rank from begin to end - 1 into `all`, where own ones are in
 * their place already; false: ranks->failed says so. In words.c. */
bool ntk_wire_records(ntk_ranks *ranks, int begin, int end, size_t size, void *all);

#endif
