/* Samples that are multiples of one another. */
#ifndef NTK_DATA_PARALLEL_ROWS_H
#define NTK_DATA_PARALLEL_ROWS_H

#include "data/held.h"

/* Which c count in x_k = c x_i. */
typedef enum ntk_multiples {
  NTK_MULTIPLES_EQUAL,    /* 1 */
  NTK_MULTIPLES_OPPOSITE, /* 1 and -1 */
  NTK_MULTIPLES_POSITIVE, /* above 0 */
  NTK_MULTIPLES_ALL       /* any but 0 */
} ntk_multiples;

/* Rows i < k with x_k = c x_i. */
typedef struct ntk_row_pair {
  size_t first, second; /* i; k. first = N: there are none */
  double factor;        /* c, rounded */
  size_t multiples;     /* rows of X that are multiples of an earlier one */
} ntk_row_pair;

/* Of each row k of N: first[k] = i, the least row of which it is a multiple to the last bit, and
 * factor[k] = c, rounded, x_k = c x_i; k itself and 1 where there is none. 0 is a multiple of 0
 * alone. O(N d + N log N), 16 N bytes. Where the rows are held in parts all ranks call it and get
 * the same; of each hash that several have one row is handed to all. */
ntk_status ntk_row_multiples(ntk_context *context, const ntk_held *held, ntk_multiples multiples,
                             size_t *first, double *factor);

/* The earliest such rows. Cost as above, 16 N bytes more. */
ntk_status ntk_parallel_rows(ntk_context *context, const ntk_held *held, ntk_multiples multiples,
                             ntk_row_pair *pair);
double ntk_parallel_rows_bytes(size_t N);

#endif
