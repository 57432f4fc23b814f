/* What ranks send each other.
 * Property: every operation does what a plain loop over all ranks' numbers does, all ranks have the
 * same bits, in one message or cut into many, and what is sent is counted. */
#include "base/ranks/wire.h"
#include "ranks_context.h"

/* Messages of so many bytes, from here on; those of the context's making: 0. */
static void cut(size_t most) {
  static size_t whole;
  if (all->ranks == NULL)
    return;
  if (whole == 0)
    whole = all->ranks->most;
  all->ranks->most = most > 0 ? most : whole;
}

static const size_t cuts[] = {0, 1 << 12, 300};

/* A rank's number i. */
static double number(int of, size_t i) {
  return sin(1.0 + (double)i + 1000.0 * of);
}

static void test_sum(void **state) {
  (void)state;
  static const size_t counts[] = {1, 2, 3, 7, 64, 1001};
  for (size_t c = 0; c < COUNT(cuts); c++)
    for (size_t k = 0; k < COUNT(counts); k++) {
      const size_t n = counts[k];
      double *x = make_array(n);
      float *single = calloc(n, sizeof *single);
      assert_non_null(single);
      for (size_t i = 0; i < n; i++) {
        x[i] = number(rank, i);
        single[i] = (float)(i + 1) * (float)(rank + 1); /* exact */
      }
      cut(cuts[c]);
      ntk_ranks_sum(all, n, x, NTK_PRECISION_DOUBLE);
      ntk_ranks_sum(all, n, single, NTK_PRECISION_FLOAT);
      cut(0);
      for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int r = 0; r < ranks; r++)
          sum += number(r, i);
        assert_near(x[i], sum, ranks * ranks * U, "sum");
        assert_true(single[i] == (float)(i + 1) * (float)(ranks * (ranks + 1) / 2));
      }
      assert_same_on_all(all, x, n * sizeof *x);
      free(single);
      free(x);
    }
}

static void test_one_number(void **state) {
  (void)state;
  double sum = 0.0, least = INFINITY;
  for (int r = 0; r < ranks; r++) {
    const double x = number(r, 5);
    sum = r == 0 ? x : sum + x; /* in the order of ranks: its very bits */
    least = x < least ? x : least;
  }
  assert_true(ntk_ranks_sum_one(all, number(rank, 5)) == sum);
  assert_true(ntk_ranks_least(all, number(rank, 5)) == least);
  for (int k = 0; k < ranks; k++) {
    assert_true(ntk_ranks_least(all, rank == k ? -2.0 : 3.0) == -2.0);
    assert_true(ntk_ranks_least(all, rank == k ? INFINITY : 3.0) == (ranks > 1 ? 3.0 : INFINITY));
  }
}

static unsigned char byte_of(int of, size_t i) {
  return (unsigned char)(31 * i + 101 * (size_t)of + i / 256);
}

enum { BYTES = 5003 };

static void test_hand(void **state) {
  (void)state;
  unsigned char x[BYTES];
  for (size_t c = 0; c < COUNT(cuts); c++)
    for (int from = 0; from < ranks; from++) {
      for (size_t i = 0; i < BYTES; i++)
        x[i] = byte_of(rank, i);
      cut(cuts[c]);
      ntk_ranks_hand(all, from, BYTES - 1, x);
      cut(0);
      for (size_t i = 0; i < BYTES - 1; i++)
        assert_int_equal(x[i], byte_of(from, i));
      assert_int_equal(x[BYTES - 1], byte_of(rank, BYTES - 1));
    }
}

/* Some at once, from one rank each, while sums go to and fro; or waited for at once. */
static void test_hand_meanwhile(void **state) {
  (void)state;
  enum { SOME = 6 };
  static unsigned char x[SOME][BYTES];
  for (size_t c = 0; c < COUNT(cuts); c++) {
    ntk_handing handing[SOME];
    for (int k = 0; k < SOME; k++)
      for (size_t i = 0; i < BYTES; i++)
        x[k][i] = byte_of(rank + 7 * k, i);
    cut(cuts[c]);
    for (int k = 0; k < SOME; k++)
      assert_ok(ntk_ranks_hand_begin(all, k % ranks, BYTES, x[k], &handing[k]));
    if (c % 2 == 1) {
      assert_true(ntk_ranks_sum_one(all, 1.0) == ranks);
      for (int tries = 0; tries < 50; tries++)
        (void)ntk_ranks_hand_test(all, &handing[tries % SOME]);
      assert_ok(ntk_ranks_agree(all, NTK_OK, 3));
      while (!ntk_ranks_hand_test(all, &handing[0])) {
      }
    }
    for (int k = 0; k < SOME; k++)
      ntk_ranks_hand_end(all, &handing[k]);
    cut(0);
    for (int k = 0; k < SOME; k++) {
      assert_null(handing[k].request);
      assert_true(ntk_ranks_hand_test(all, &handing[k]));
      for (size_t i = 0; i < BYTES; i++)
        assert_int_equal(x[k][i], byte_of(k % ranks + 7 * k, i));
    }
  }
}

/* Rank r has r times `step` records of three bytes: the first one none. */
static void test_gather(void **state) {
  (void)state;
  enum { SIZE = 3, STEP = 50 };
  size_t counts[64], total = 0;
  for (int r = 0; r < ranks; r++) {
    counts[r] = (size_t)(r * STEP);
    total += counts[r];
  }
  for (size_t c = 0; c < COUNT(cuts); c++) {
    const size_t own = counts[rank] * SIZE;
    unsigned char *mine = malloc(own + 1), *together = calloc(total * SIZE + 1, 1);
    assert_true(mine != NULL && together != NULL);
    for (size_t i = 0; i < own; i++)
      mine[i] = byte_of(rank, i);
    cut(cuts[c]);
    ntk_ranks_gather(all, SIZE, mine, counts, together);
    cut(0);
    size_t at = 0;
    for (int r = 0; r < ranks; r++)
      for (size_t i = 0; i < counts[r] * SIZE; i++)
        assert_int_equal(together[at++], byte_of(r, i));
    assert_int_equal(together[at], 0);
    free(mine);
    free(together);
  }
}

static void check_collect(size_t N, size_t per, size_t m) {
  const ntk_share share = ntk_share_times(ntk_ranks_share(all, N), per);
  double *V = make_array(share.N * m);
  for (size_t k = 0; k < m; k++)
    for (size_t i = 0; i < share.N; i++)
      V[k * share.N + i] = ntk_share_owner(&share, i) == rank ? number(rank, k * share.N + i) : NAN;
  assert_ok(ntk_ranks_collect(all, &share, m, V));
  for (size_t k = 0; k < m; k++)
    for (size_t i = 0; i < share.N; i++)
      assert_true(V[k * share.N + i] == number(ntk_share_owner(&share, i), k * share.N + i));
  free(V);
}

/* N of which some ranks have no row, and as many vectors as go at once, and more. */
static void test_collect(void **state) {
  (void)state;
  static const size_t N[] = {1, 7, 47, 100, 241, 700}, per[] = {1, 3}, m[] = {1, 2, 5};
  for (size_t c = 0; c < COUNT(cuts); c++) {
    cut(cuts[c]);
    for (size_t a = 0; a < COUNT(N); a++)
      for (size_t b = 0; b < COUNT(per); b++)
        for (size_t k = 0; k < COUNT(m); k++)
          check_collect(N[a], per[b], m[k]);
    cut(0);
  }
  check_collect(300000, 1, 3);
  /* A share of one rank is whole already. */
  const ntk_share whole = ntk_share_whole(2);
  double own[2] = {rank, -rank};
  assert_ok(ntk_ranks_collect(all, &whole, 1, own));
  assert_true(own[0] == rank && own[1] == -rank);
}

static double received(const ntk_traffic *before, double messages) {
  const ntk_traffic now = ntk_ranks_traffic(all);
  assert_true(now.messages - before->messages == messages);
  return now.bytes - before->bytes;
}

/* What a rank receives, by the formulas of ranks.h; cut or not. */
static void test_traffic(void **state) {
  (void)state;
  const double P = ranks, some = ranks > 1;
  double x[700] = {0};
  size_t counts[64];
  ntk_handing handing;
  for (size_t c = 0; c < COUNT(cuts); c++) {
    cut(cuts[c]);
    ntk_traffic before = ntk_ranks_traffic(all);
    ntk_ranks_sum(all, 700, x, NTK_PRECISION_DOUBLE);
    assert_near(received(&before, some), 2 * 5600 * (P - 1) / P, 1e-9, "a sum");
    before = ntk_ranks_traffic(all);
    ntk_ranks_hand(all, ranks - 1, 5600, x);
    assert_near(received(&before, rank < ranks - 1), rank < ranks - 1 ? 5600 : 0, 0, "a hand");
    before = ntk_ranks_traffic(all);
    assert_ok(ntk_ranks_hand_begin(all, 0, 5600, x, &handing));
    ntk_ranks_hand_end(all, &handing);
    assert_near(received(&before, rank > 0), rank > 0 ? 5600 : 0, 0, "a hand meanwhile");
    before = ntk_ranks_traffic(all);
    const ntk_share share = ntk_ranks_share(all, 100);
    assert_ok(ntk_ranks_collect(all, &share, 7, x));
    const double own = (double)ntk_share_count(&share, rank);
    assert_near(received(&before, some), 56 * (100 - own), 0, "collected rows");
    for (int r = 0; r < ranks; r++)
      counts[r] = (size_t)r;
    before = ntk_ranks_traffic(all);
    double gathered[64], out[64] = {0};
    ntk_ranks_gather(all, 8, out, counts, gathered);
    assert_near(received(&before, some), 8 * (P * (P - 1) / 2 - rank), 0, "gathered");
    cut(0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sum),     cmocka_unit_test(test_one_number),
      cmocka_unit_test(test_hand),    cmocka_unit_test(test_hand_meanwhile),
      cmocka_unit_test(test_gather),  cmocka_unit_test(test_collect),
      cmocka_unit_test(test_traffic),
  };
  return run_on_ranks(tests, COUNT(tests), setup, teardown);
}
