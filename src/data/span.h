/* How many dimensions rows span. */
#ifndef NTK_DATA_SPAN_H
#define NTK_DATA_SPAN_H

#include "data/held.h"

/* *rank: of the matrix of these rows, exactly, where that is at most `most`; else most + 1.
 * A number is a fraction with a power of two below the line, and so has a residue modulo an odd
 * prime; a rank modulo a prime is never more than the rank, so that most + 1 is certain. That it is
 * less is a matter of chance, 2^-40 N for each of two primes that data know nothing of. Over ranks
 * all call it, and get the same. O(N d + rank^2 d), ntk_span_bytes. NTK_ERR_MEMORY, _RANKS. */
ntk_status ntk_span(ntk_context *context, const ntk_held *held, size_t most, size_t *rank);
double ntk_span_bytes(size_t d, size_t most);

#endif
