/* The same matrix twice: whole on this rank, and spread over all of them. */
#ifndef NTK_TESTS_PACKED_PAIR_H
#define NTK_TESTS_PACKED_PAIR_H

#include "matrices.h"

#include "ranks_context.h"

typedef struct packed_pair {
  ntk_packed whole, spread;
} packed_pair;

static ntk_context *own; /* of this rank alone */

static int setup_both(void **state) {
  own = make_context(1);
  return setup(state);
}

static int teardown_both(void **state) {
  ntk_context_destroy(own);
  return teardown(state);
}

typedef double entry_fn(size_t n, size_t i, size_t j);

static inline packed_pair make_pair(ntk_share share, ntk_precision precision, entry_fn *entry) {
  packed_pair p;
  assert_ok(ntk_packed_create(own, share.N, precision, NULL, &p.whole));
  assert_ok(ntk_packed_create(all, share.N, precision, &share, &p.spread));
  for (size_t i = 0; i < share.N; i++)
    for (size_t j = 0; j <= i; j++) {
      ntk_packed_set(&p.whole, i, j, entry(share.N, i, j));
      if (ntk_packed_has(&p.spread, i))
        ntk_packed_set(&p.spread, i, j, entry(share.N, i, j));
    }
  return p;
}

static inline void destroy_pair(packed_pair *p) {
  ntk_packed_destroy(&p->whole);
  ntk_packed_destroy(&p->spread);
}

/* In [-1, 1), of i and j alone. */
static inline double noise_at(size_t i, size_t j) {
  uint64_t seed = 1000003 * i + j;
  return next_uniform(&seed);
}

/* Not definite, of both signs and with zeros of both signs. */
static inline double any_entry(size_t n, size_t i, size_t j) {
  (void)n;
  return (i + j) % 7 == 0 ? -0.0 : (i + j) % 7 == 1 ? 0.0 : noise_at(i, j);
}

/* Diagonally dominant by a factor of two, with nothing that rounds to whole numbers. */
static inline double positive_entry(size_t n, size_t i, size_t j) {
  return i == j ? 2.0 + noise_at(i, i) / 4 : noise_at(i, j) / (double)n;
}

/* Shares of n rows, by chunks of different lengths: as a context deals them, as it does so for
 * several outputs, and as large matrices have them. */
enum { SHARES = 4 };
static inline ntk_share share_of(size_t n, int kind) {
  ntk_share share = ntk_ranks_share(all, n);
  if (kind == 1)
    share = ntk_share_times(share, 3);
  else if (kind > 1 && ranks > 1)
    share.unit = kind == 2 ? 240 : 336;
  return share;
}

#endif
