#include "kernel/deficiency.h"

#include "kernel/vanishing.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* W_{L-1} = [W, W] and W_L = [a, -a] (18): F_L = 0 and B_{L-2} = 0 whatever x is, and of B_{L-1}
 * the second half is the first one's opposite. */
static bool units_in_pairs(const ntk_network *network) {
  const size_t L = network->depth, n = network->width[L - 1], m = n / 2;
  if (n % 2 != 0)
    return false;
  for (size_t j = 0; j < m; j++)
    if (network->W[L][j] != -network->W[L][m + j])
      return false;
  for (size_t i = 0; i < network->width[L - 2]; i++)
    for (size_t j = 0; j < m; j++)
      if (network->W[L - 1][i * n + j] != network->W[L - 1][i * n + m + j])
        return false;
  return true;
}

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Blocks first..last differentiate by W_{first+1}, ..., W_{last+1}, whose product alone counts, as
 * the layers between are linear. */
typedef struct run {
  size_t first, last;
} run;

static run run_of(const ntk_network *network, size_t k) {
  run r = {k, k};
  while (r.first > 0 && !network->activation[r.first].info.nonlinear)
    r.first--;
  while (r.last + 1 < network->depth && !network->activation[r.last + 1].info.nonlinear)
    r.last++;
  return r;
}

/* rank F_k times rank B_{k+1}, each at most the narrowest width of the run on its side. */
static size_t block_rank(const ntk_network *network, size_t k, bool pairs) {
  const size_t L = network->depth, *n = network->width;
  const run r = run_of(network, k);
  size_t features = n[k], back = n[k + 1];
  for (size_t l = r.first; l < k; l++)
    features = least(features, n[l]);
  for (size_t l = k + 1; l <= r.last + 1; l++)
    back = least(back, n[l]);
  if (!pairs)
    return features * back;
  if (k + 2 < L)
    return 0;
  return least(features * back, k + 2 == L ? n[k] * (n[k + 1] / 2) : n[k] / 2);
}

/* Where every phi is a power (identity, x^2), F_L is a polynomial in x, all of one degree, and so
 * is whatever its parameters change in it: how many monomials of it there are. SIZE_MAX: more than
 * any N, or it is none. A power's sign is that of (-1)^degree; |x|'s is not. */
static size_t monomials(const ntk_network *network) {
  const double most = 0x1p24, d = (double)network->width[0];
  double degree = 1.0, count = 1.0;
  for (size_t l = 1; l < network->depth; l++) {
    const ntk_symmetry s = network->activation[l].symmetry;
    if (s.degree == 0.0 || s.sign != (fmod(s.degree, 2.0) == 0.0 ? 1 : -1))
      return SIZE_MAX;
    degree *= s.degree;
  }
  for (double j = 1.0; d > 1.0 && j <= degree && count < most; j++)
    count = count * (d - 1.0 + j) / j;
  return count < most ? (size_t)(count + 0.5) : SIZE_MAX;
}

static size_t rank_bound(const ntk_network *network, size_t k, bool pairs) {
  const size_t *n = network->width, polynomials = monomials(network);
  if (k < network->depth)
    return least(block_rank(network, k, pairs), polynomials);
  size_t rank = 0;
  for (size_t l = 0; l < network->depth;) {
    const run r = run_of(network, l);
    size_t sum = 0;
    for (; l <= r.last; l++)
      sum += block_rank(network, l, pairs);
    rank += least(sum, n[r.first] * n[r.last + 1]);
  }
  return least(rank, polynomials);
}

size_t ntk_rank_bound(const ntk_network *network, size_t k) {
  return rank_bound(network, k, units_in_pairs(network));
}

static __attribute__((format(printf, 2, 3))) void say(ntk_deficiency *d, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(d->reason, sizeof d->reason, format, arguments);
  va_end(arguments);
  d->known = true;
}

static void count(const ntk_network *network, size_t N, size_t k, ntk_deficiency *d) {
  const size_t L = network->depth, *n = network->width;
  const bool pairs = units_in_pairs(network);
  const size_t rank = rank_bound(network, k, pairs);
  const size_t parameters = k < L ? n[k] * n[k + 1] : network->parameters;
  if (N <= rank)
    return;
  if (N > parameters && k == L)
    say(d, "N = %zu samples exceed the P = %zu parameters: K is singular", N, parameters);
  else if (N > parameters)
    say(d, "N = %zu samples exceed the %zu parameters of this block", N, parameters);
  else if (rank == 0)
    say(d, "0: the units of the last hidden layer come in pairs that cancel");
  else if (pairs)
    say(d, "units in pairs that cancel leave rank at most %zu, and there are N = %zu samples", rank,
        N);
  else if (ntk_network_linear_above(network, 0))
    say(d, "a linear network's kernel has rank at most %s = %zu, and there are N = %zu samples",
        rank == n[0] ? "d" : "a width", rank, N);
  else if (rank == monomials(network))
    say(d, "F_L is a polynomial with %zu monomials of x, and there are N = %zu samples", rank, N);
  else
    say(d, "linear layers leave rank at most %zu, and there are N = %zu samples", rank, N);
}

/* The first row that is 0; N: none. */
static size_t zero_row(const double *X, size_t N, size_t d) {
  for (size_t i = 0; i < N; i++) {
    size_t j = 0;
    while (j < d && X[i * d + j] == 0.0)
      j++;
    if (j == d)
      return i;
  }
  return N;
}

ntk_multiples ntk_multiples_of(ntk_symmetry symmetry) {
  if (symmetry.degree > 0.0)
    return symmetry.sign != 0 ? NTK_MULTIPLES_ALL : NTK_MULTIPLES_POSITIVE;
  return symmetry.sign != 0 ? NTK_MULTIPLES_OPPOSITE : NTK_MULTIPLES_EQUAL;
}

static ntk_status compare(const ntk_network *network, const double *X, size_t N,
                          ntk_symmetry symmetry, ntk_deficiency *d) {
  ntk_row_pair pair;
  NTK_TRY(ntk_parallel_rows(network->context, X, N, network->width[0], ntk_multiples_of(symmetry),
                            &pair));
  if (pair.first < N && pair.factor == 1.0)
    say(d, "rows %zu and %zu of the data (from 1) are equal: K is singular", pair.first + 1,
        pair.second + 1);
  else if (pair.first < N)
    say(d, "row %zu of the data (from 1) is %.6g times row %zu, and %s: K is singular",
        pair.second + 1, pair.factor, pair.first + 1,
        symmetry.degree > 1.0 ? "F_L(c x) is a power of c times F_L(x)"
        : symmetry.sign > 0   ? "F_L(-x) = F_L(x)"
                              : "F_L(c x) = c F_L(x)");
  return NTK_OK;
}

ntk_status ntk_deficiency_find(const ntk_network *network, const double *X, size_t N, size_t k,
                               ntk_deficiency *deficiency) {
  ntk_deficiency found = {false, ""};
  count(network, N, k, &found);
  if (!found.known)
    NTK_TRY(compare(network, X, N, ntk_network_symmetry(network), &found));
  if (!found.known && ntk_network_vanishes(network, k)) {
    const size_t i = zero_row(X, N, network->width[0]);
    if (i < N)
      say(&found, "row %zu of the data (from 1) is 0: %s", i + 1,
          ntk_network_vanishes(network, network->depth)
              ? "there the output does not depend on the parameters"
              : "so is its row of this block");
  }
  *deficiency = found;
  return NTK_OK;
}

ntk_status ntk_deficiency_of_norms(const ntk_network *network, const double *X, size_t N,
                                   const double *f2, const double *b2, ntk_deficiency *deficiency) {
  for (size_t i = 0; i < N && !deficiency->known; i++) {
    double entry = 0.0; /* (16) */
    bool vanishes = false;
    for (size_t k = 0; k < network->depth; k++)
      entry += f2[k * N + i] * b2[k * N + i];
    if (entry == 0.0)
      NTK_TRY(ntk_vanishes(network, X + i * network->width[0], &vanishes));
    if (vanishes)
      say(deficiency,
          "K_ii = 0 of sample %zu (from 1): there the output does not depend on the parameters",
          i + 1);
  }
  return NTK_OK;
}

ntk_status ntk_deficiency_find_centred(const ntk_network *network, const double *X, size_t N,
                                       ntk_deficiency *deficiency) {
  ntk_deficiency found = {false, ""};
  if (ntk_network_linear_above(network, network->depth - 2))
    say(&found, "the last hidden layer is linear: b does not depend on x, and b - E b is 0");
  else
    count(network, N, network->depth - 2, &found);
  if (!found.known)
    NTK_TRY(compare(network, X, N, (ntk_symmetry){0}, &found));
  *deficiency = found;
  return NTK_OK;
}
