/* Who has which rows.
 * Property: every row is one rank's; counts, numbers, owners and runs say the same as the deal laid
 * out card by card; ranks have about as much of a lower triangle; chunks end with panels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ranks/share.h"
#include "support.h"

enum { MOST = 4096 };

/* owner[i] of each row, by dealing the cards. */
static void deal(size_t N, size_t unit, int ranks, int *owner) {
  int to = 0, step = 1;
  for (size_t chunk = (N + unit - 1) / unit; chunk-- > 0;) {
    for (size_t i = chunk * unit; i < (chunk + 1) * unit && i < N; i++)
      owner[i] = to;
    if (to + step < 0 || to + step == ranks)
      step = -step; /* and the same one again */
    else
      to += step;
  }
}

static void check_rank(const ntk_share *share, const int *owner) {
  size_t count = 0;
  for (size_t i = 0; i < share->N; i++) {
    assert_int_equal(ntk_share_below(share, share->rank, i), count);
    if (owner[i] == share->rank) {
      assert_int_equal(ntk_share_row(share, count), i);
      count++;
    }
  }
  assert_int_equal(ntk_share_below(share, share->rank, share->N), count);
  assert_int_equal(ntk_share_count(share, share->rank), count);
  size_t seen = 0;
  for (ntk_run run = {0}; ntk_share_next(share, share->rank, &run);) {
    assert_int_equal(run.here, seen);
    assert_true(run.count > 0);
    for (size_t i = 0; i < run.count; i++)
      assert_int_equal(owner[run.row + i], share->rank);
    assert_true(run.row + run.count == share->N || owner[run.row + run.count] != share->rank);
    seen += run.count;
  }
  assert_int_equal(seen, count);
  double numbers = 0.0, chunks = 0.0, found = 0.0;
  for (size_t chunk = 0; chunk < ntk_share_chunks(share); chunk++)
    if (owner[chunk * share->unit] == share->rank) {
      numbers += (double)chunk;
      chunks++;
    }
  assert_true(ntk_share_numbers(share, share->rank, &found) == numbers);
  assert_true(found == chunks);
}

/* Of the rows that it has, as all N are dealt. */
static void check_of(ntk_share share, size_t N) {
  int owner[MOST];
  deal(N, share.unit, share.ranks, owner);
  for (size_t i = 0; i < share.N; i++)
    assert_int_equal(ntk_share_owner(&share, i), owner[i]);
  for (share.rank = 0; share.rank < share.ranks; share.rank++)
    check_rank(&share, owner);
}

static void check(ntk_share share) {
  check_of(share, share.N);
}

/* Leading rows stay where they were; so do the first of these. */
static void test_leading(void **state) {
  (void)state;
  for (size_t N = 1; N < 30; N++)
    for (size_t unit = 1; unit < 5; unit++)
      for (int ranks = 1; ranks < 5; ranks++)
        for (size_t first = 1; first <= N; first++) {
          const ntk_share share = {.N = N, .unit = unit, .ranks = ranks};
          check_of(ntk_share_leading(share, first), N);
          check_of(ntk_share_leading(ntk_share_leading(share, first), first / 2), N);
        }
}

static void test_deal(void **state) {
  (void)state;
  for (size_t N = 0; N < 40; N++)
    for (size_t unit = 1; unit < 8; unit++)
      for (int ranks = 1; ranks < 7; ranks++)
        check((ntk_share){.N = N, .unit = unit, .ranks = ranks});
  for (int ranks = 1; ranks < 6; ranks++)
    for (size_t N = 1; N < MOST / 3; N += 97) {
      check(ntk_share_deal(N, 0, ranks));
      check(ntk_share_times(ntk_share_deal(N, 0, ranks), 3));
    }
}

/* 4 N^2 bytes by rows: what a rank has of them, against its fair share. */
static void test_balance(void **state) {
  (void)state;
  for (int ranks = 2; ranks <= 4; ranks++) {
    const ntk_share share = ntk_share_deal(12000, 0, ranks);
    for (int rank = 0; rank < ranks; rank++) {
      double triangle = 0;
      for (ntk_run run = {0}; ntk_share_next(&share, rank, &run);)
        for (size_t i = 0; i < run.count; i++)
          triangle += (double)(run.row + i + 1);
      const double part = triangle * ranks / (12000.0 * 12001 / 2);
      assert_true(part > 0.97 && part < 1.03);
    }
  }
}

static void test_chunks(void **state) {
  (void)state;
  for (int ranks = 2; ranks <= 8; ranks++)
    for (size_t N = 1; N < 100000; N = N * 3 + 1) {
      const ntk_share share = ntk_share_deal(N, 0, ranks);
      assert_int_equal(share.unit % 48, 0);
      assert_true(share.unit == 48 || ntk_share_chunks(&share) >= 8 * (size_t)ranks);
    }
  assert_int_equal(ntk_share_whole(7).unit, 7);
  assert_int_equal(ntk_share_deal(7, 0, 1).unit, 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_deal),
      cmocka_unit_test(test_leading),
      cmocka_unit_test(test_balance),
      cmocka_unit_test(test_chunks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
