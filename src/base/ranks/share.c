#include "base/ranks/share.h"

enum { ROUNDS = 8 }; /* chunks a rank should have at least: then shares differ by little */

ntk_share ntk_share_whole(size_t N) {
  return (ntk_share){.N = N, .unit = N > 0 ? N : 1, .rank = 0, .ranks = 1};
}

/* Multiples of 48, so that a chunk ends with a panel of rows in either precision. */
ntk_share ntk_share_deal(size_t N, int rank, int ranks) {
  static const size_t units[] = {240, 192, 144, 96};
  if (ranks == 1)
    return ntk_share_whole(N);
  ntk_share share = {.N = N, .unit = 48, .rank = rank, .ranks = ranks};
  for (size_t i = 0; i < sizeof units / sizeof units[0] && share.unit == 48; i++)
    if (N / units[i] >= (size_t)ROUNDS * (size_t)ranks)
      share.unit = units[i];
  return share;
}

ntk_share ntk_share_times(ntk_share share, size_t per) {
  share.N *= per;
  share.unit *= per;
  return share;
}

ntk_share ntk_share_leading(ntk_share share, size_t N) {
  const size_t chunks = ntk_share_chunks(&share) + share.dealt;
  share.N = N;
  share.dealt = chunks - ntk_share_chunks(&share);
  return share;
}

size_t ntk_share_chunks(const ntk_share *share) {
  return share->N / share->unit + (share->N % share->unit != 0);
}

/* Dealt in all. */
static size_t cards(const ntk_share *share) {
  return ntk_share_chunks(share) + share->dealt;
}

int ntk_share_chunk_owner(const ntk_share *share, size_t chunk) {
  const size_t P = (size_t)share->ranks;
  const size_t place = (cards(share) - 1 - chunk) % (2 * P);
  return (int)(place < P ? place : 2 * P - 1 - place);
}

/* Which card the rank's n-th one is. */
static size_t card(const ntk_share *share, int rank, size_t n) {
  const size_t P = (size_t)share->ranks, r = (size_t)rank;
  return n * P + (n % 2 == 0 ? r : P - 1 - r);
}

/* How many of the first `count` cards are the rank's. */
static size_t hand_of(const ntk_share *share, int rank, size_t count) {
  const size_t full = count / (size_t)share->ranks;
  return card(share, rank, full) < count ? full + 1 : full;
}

static size_t chunks_of(const ntk_share *share, int rank) {
  return hand_of(share, rank, cards(share)) - hand_of(share, rank, share->dealt);
}

/* The rank's chunks ascend, and were dealt descending. */
static size_t chunk_of(const ntk_share *share, int rank, size_t n) {
  const size_t all = cards(share);
  return all - 1 - card(share, rank, hand_of(share, rank, all) - 1 - n);
}

/* The sum of its first n cards. */
static double cards_sum(const ntk_share *share, int rank, size_t n) {
  const size_t back = n / 2, forth = n - back;
  const double P = (double)share->ranks, r = (double)rank, count = (double)n;
  return 0.5 * P * count * (count - 1.0) + r * (double)forth + (P - 1.0 - r) * (double)back;
}

double ntk_share_numbers(const ntk_share *share, int rank, double *count) {
  const size_t all = hand_of(share, rank, cards(share)),
               before = hand_of(share, rank, share->dealt);
  *count = (double)(all - before);
  return *count * ((double)cards(share) - 1.0) -
         (cards_sum(share, rank, all) - cards_sum(share, rank, before));
}

static size_t rows_of(const ntk_share *share, size_t chunk) {
  const size_t rest = share->N - chunk * share->unit;
  return rest < share->unit ? rest : share->unit;
}

size_t ntk_share_count(const ntk_share *share, int rank) {
  const size_t own = chunks_of(share, rank);
  return own == 0 ? 0 : (own - 1) * share->unit + rows_of(share, chunk_of(share, rank, own - 1));
}

size_t ntk_share_most(const ntk_share *share) {
  size_t most = 0;
  for (int rank = 0; rank < share->ranks; rank++) {
    const size_t count = ntk_share_count(share, rank);
    most = count > most ? count : most;
  }
  return most;
}

int ntk_share_owner(const ntk_share *share, size_t row) {
  return ntk_share_chunk_owner(share, row / share->unit);
}

size_t ntk_share_below(const ntk_share *share, int rank, size_t row) {
  if (row >= share->N)
    return ntk_share_count(share, rank);
  const size_t all = cards(share), chunk = row / share->unit;
  const size_t below = hand_of(share, rank, all) - hand_of(share, rank, all - chunk);
  return below * share->unit +
         (ntk_share_chunk_owner(share, chunk) == rank ? row % share->unit : 0);
}

size_t ntk_share_row(const ntk_share *share, size_t here) {
  return chunk_of(share, share->rank, here / share->unit) * share->unit + here % share->unit;
}

bool ntk_share_next(const ntk_share *share, int rank, ntk_run *run) {
  const size_t here = run->here + run->count, n = here / share->unit + (here % share->unit != 0);
  if (n >= chunks_of(share, rank))
    return false;
  const size_t chunk = chunk_of(share, rank, n);
  *run = (ntk_run){.row = chunk * share->unit, .here = here, .count = rows_of(share, chunk)};
  /* Two in a row where the deal turns. */
  for (size_t next = run->row + run->count; next < share->N && ntk_share_owner(share, next) == rank;
       next = run->row + run->count)
    run->count += rows_of(share, next / share->unit);
  return true;
}
