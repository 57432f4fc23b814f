/* Rows of a matrix in the order of a hash, so that those that may be alike stand together. */
#ifndef NTK_DATA_HASHED_ROWS_H
#define NTK_DATA_HASHED_ROWS_H

#include "base/hash.h"
#include "data/held.h"

#include <string.h>

typedef struct ntk_hashed_row {
  uint64_t hash;
  size_t row;
} ntk_hashed_row;

/* Of a row of d numbers; how: what the caller gave to ntk_hashed_rows. */
typedef uint64_t (*ntk_row_hash)(const double *row, size_t d, const void *how);

/* -0.0 counts as 0.0, which it equals. */
static inline uint64_t ntk_hash_double(uint64_t hash, double value) {
  uint64_t word;
  value += 0.0;
  memcpy(&word, &value, sizeof word);
  return ntk_hash_word(hash, word);
}

/* The N rows of `held`, on every rank: ascending, rows of one hash in their order; to be freed by
 * ntk_free. O(N log N) and a hash a row, 16 N bytes, and as much of each row that is here where it
 * is held in parts. */
ntk_status ntk_hashed_rows(ntk_context *context, const ntk_held *held, ntk_row_hash hash,
                           const void *how, ntk_hashed_row **sorted);

#endif
