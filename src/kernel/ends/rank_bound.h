/* Largest ranks of kernels by counting (docs/algorithm.md, "What is known without computing"). */
#ifndef NTK_KERNEL_ENDS_RANK_BOUND_H
#define NTK_KERNEL_ENDS_RANK_BOUND_H

#include "net/network.h"

/* Of which network and outputs. */
typedef struct ntk_rank_question {
  const ntk_network *network;
  ntk_outputs outputs;
  size_t d;     /* of the data: as many dimensions as they span; n_0 where that is not known */
  bool pairs;   /* ntk_units_in_pairs */
  bool centred; /* F_k and B_{k+1} less their means */
  bool limit;   /* of infinite width: no width bounds a rank, but polynomials are what they are */
} ntk_rank_question;

/* Ranks: SIZE_MAX is more than any number of samples. */
static inline size_t ntk_rank_least(size_t a, size_t b) {
  return a < b ? a : b;
}
static inline size_t ntk_rank_product(size_t a, size_t b) {
  return b > 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

/* W_{L-1} = [W, W], its bias too, and W_L = [a, -a] (18): F_L = b_L and B_{L-2} = 0 whatever x is,
 * and of B_{L-1} the second half is the first one's opposite. O(n_{L-2} n_{L-1}). */
bool ntk_units_in_pairs(const ntk_network *network);

/* Whether one of the layers first..last has a bias: what is linear in between is affine then. */
bool ntk_any_bias(const ntk_network *network, size_t first, size_t last);

/* Largest rank that block k (k = 0..L-1), or K as a whole (k = L), can have with data that span
 * question->d dimensions: the number of parameters it differentiates by; in the mean over outputs
 * that of F_k's columns (and a constant one with a bias) times B_{k+1}'s. Of units in pairs (18),
 * whose outputs cancel, each pair counts once, and the layers below count nothing. Where layers
 * a+1,
 * ..., b are linear, only the product of W_{a+1}, ..., W_{b+1} counts, n_a by n_{b+1}, or what its
 * narrowest factor leaves of it; a linear network's kernel has rank at most d, and one of powers
 * (x^2) no more than there are monomials of x of F_L's degree. It does not fall as d grows. O(L^2).
 */
size_t ntk_rank_asked(const ntk_rank_question *question, size_t k);

/* The same of any data. */
size_t ntk_rank_bound(const ntk_network *network, ntk_outputs outputs, size_t k);

/* Whether data that span fewer dimensions than they have may make K of N samples singular: there
 * are more rows than data on a line leave parameters, or the network is a polynomial. */
bool ntk_span_matters(const ntk_network_spec *spec, ntk_outputs outputs, size_t N);

/* Where every phi is a power (identity, x^2), F_L is a polynomial in x, all of one degree, and so
 * is whatever its parameters change in it: how many monomials of it there are, with biases, or
 * means taken from its factors, up to its degree. SIZE_MAX: more than any N, or it is none. Of
 * polynomials, and of all outputs, those of each. */
size_t ntk_rank_monomials(const ntk_rank_question *question);
size_t ntk_rank_polynomials(const ntk_rank_question *question);

#endif
