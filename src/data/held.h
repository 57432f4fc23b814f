/* Rows of samples of which each rank may have a share. */
#ifndef NTK_DATA_HELD_H
#define NTK_DATA_HELD_H

#include "base/context.h"
#include "base/ranks/share.h"

/* Rows that are handed to all at a time, where all of them are. */
enum { NTK_HELD_SOME = 64 };

typedef struct ntk_held {
  ntk_share share; /* which rows are here */
  size_t d;
  const double *X; /* ntk_share_count(&share, share.rank) x d, row-major; borrowed */
} ntk_held;

/* Its first N rows. */
static inline ntk_held ntk_held_leading(ntk_held held, size_t N) {
  held.share = ntk_share_leading(held.share, N);
  return held;
}
/* How many are here. */
static inline size_t ntk_held_count(const ntk_held *held) {
  return ntk_share_count(&held->share, held->share.rank);
}
/* Rows to be fetched at once, at least two, by who compares rows with each other: as many as 64 kB
 * hold, where that saves messages. */
static inline size_t ntk_held_group(const ntk_held *held) {
  const size_t fit = 8192 / (held->d > 0 ? held->d : 1);
  return held->share.ranks == 1 || fit < 2 ? 2 : fit < NTK_HELD_SOME ? fit : NTK_HELD_SOME;
}
/* NTK_ERR_ARGUMENT where ranks have it in parts: for what needs all rows at once. */
NTK_SIBLING ntk_status ntk_held_whole(const ntk_held *held, const char *what);

/* The rows with these numbers into `out`, count x d, on every rank. Where the share is of
 * several ranks all of them ask for the same rows at the same time: rows here and there go in one
 * message for NTK_HELD_SOME of them. NTK_ERR_MEMORY, NTK_ERR_RANKS. */
ntk_status ntk_held_fetch(ntk_context *context, const ntk_held *held, const size_t *rows,
                          size_t count, double *out);

/* Records of `size` bytes, of each row that is here one, of all ranks: share.N of them into `all`,
 * in the order of ranks. own: whether this rank has its own and room for all; NTK_ERR_MEMORY,
 * NTK_ERR_RANKS. Of a share of several ranks. */
ntk_status ntk_held_gather(ntk_context *context, const ntk_held *held, ntk_status own, size_t size,
                           const void *records, void *all);

/* All rows as .npy at path, written by the rank whose path it is; the others say NULL.
 * NTK_ERR_FILE, _LIMIT, _MEMORY, _RANKS. */
NTK_SIBLING ntk_status ntk_held_save(ntk_context *context, const ntk_held *held, const char *path);

#endif
