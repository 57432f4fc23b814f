/* Which of N rows are whose, where several processes (ranks) share them. Rows are cut into chunks
 * of `unit`, dealt from the last one down, like cards, in rounds that go forth and back: 0, 1, ..,
 * P - 1, P - 1, .., 1, 0, 0, 1, .. Row i of a lower triangle costs i, so that each rank has about
 * as much of it as any other, and what is uneven is so among the short rows. */
#ifndef NTK_BASE_RANKS_SHARE_H
#define NTK_BASE_RANKS_SHARE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ntk_share {
  size_t N, unit; /* rows in all; unit >= 1: rows of a chunk but for the last */
  int rank, ranks;
  size_t dealt; /* chunks of rows from N on, which were dealt before: 0 but of leading rows */
} ntk_share;

/* Consecutive rows that one rank has. */
typedef struct ntk_run {
  size_t row, here, count; /* the first one; how many the rank has before it; how many there are */
} ntk_run;

/* All rows on one rank. */
ntk_share ntk_share_whole(size_t N);
/* Chunks fit for N rows: as long as tiles of K like them, but some eight a rank where N has them.
 */
ntk_share ntk_share_deal(size_t N, int rank, int ranks);
/* The same rows where each is `per` of them, as those of K are with several outputs. */
ntk_share ntk_share_times(ntk_share share, size_t per);
/* The first N of its rows, with whom they are. */
ntk_share ntk_share_leading(ntk_share share, size_t N);

size_t ntk_share_chunks(const ntk_share *share);
int ntk_share_chunk_owner(const ntk_share *share, size_t chunk);
/* The sum of the numbers of a rank's chunks, and how many it has: at no cost, however many. */
double ntk_share_numbers(const ntk_share *share, int rank, double *count);
/* Rows that a rank has. */
size_t ntk_share_count(const ntk_share *share, int rank);
/* The most that any rank has. */
size_t ntk_share_most(const ntk_share *share);
int ntk_share_owner(const ntk_share *share, size_t row);
/* How many of them have numbers under `row`: where that row is among them, if it is one. */
size_t ntk_share_below(const ntk_share *share, int rank, size_t row);
/* Of this rank: its rows' numbers ascend; `here` is under its count. */
size_t ntk_share_row(const ntk_share *share, size_t here);
/* The next run of the rank's own rows, ascending; begins with a zeroed one, whose count is 0; false
 * past the last. */
bool ntk_share_next(const ntk_share *share, int rank, ntk_run *run);

#endif
