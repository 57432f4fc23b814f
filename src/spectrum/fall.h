/* How fast a residual falls, and so how many products are still to come. */
#ifndef NTK_SPECTRUM_FALL_H
#define NTK_SPECTRUM_FALL_H

#include <stdbool.h>
#include <stddef.h>

/* The least log of a residual over the one wanted, at marks about a sixteenth apart; products are
 * counted from when the aim was another. Zeroed: nothing has been seen. */
enum { NTK_FALL_MARKS = 128 };
typedef struct ntk_fall {
  size_t marks, at[NTK_FALL_MARKS]; /* products by then, ascending */
  double log[NTK_FALL_MARKS];
  size_t aim, before, now; /* of the last call; products before the aim's first, and since */
  double least;
} ntk_fall;

/* After so many products, more than at the last call, the residual aimed at is `ratio` times what
 * is wanted; another aim begins anew. */
void ntk_fall_see(ntk_fall *fall, size_t aim, size_t products, double ratio);

/* Products until the ratio is 1, at the rate of the last half of them, or of the last quarter where
 * that is faster; INFINITY where it has not fallen. */
double ntk_fall_left(const ntk_fall *fall);

/* Whether about `most` products, those before the aim among them, will not do, by so much that no
 * turn for the better that has been seen makes up for it: a search may stand still for twice as
 * long as all before, and then converge. What is nearly there may take up to sqrt(2) of them. */
bool ntk_fall_hopeless(const ntk_fall *fall, size_t most);

#endif
