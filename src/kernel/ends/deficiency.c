#include "kernel/ends/deficiency.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "kernel/ends/vanishing.h"
#include "kernel/kernel.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* W_{L-1} = [W, W], its bias too, and W_L = [a, -a] (18): F_L = b_L and B_{L-2} = 0 whatever x is,
 * and of B_{L-1} the second half is the first one's opposite. */
static bool units_in_pairs(const ntk_network *network) {
  const size_t L = network->depth, n = network->width[L - 1], m = n / 2;
  const size_t last = m * network->width[L];
  const double *b = network->b[L - 1];
  if (n % 2 != 0)
    return false;
  for (size_t j = 0; j < last; j++)
    if (network->W[L][j] != -network->W[L][last + j])
      return false;
  for (size_t j = 0; j < m && b != NULL; j++)
    if (b[j] != b[m + j])
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

/* Ranks: SIZE_MAX is more than any number of samples. */
static size_t product(size_t a, size_t b) {
  return b > 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}
static size_t sum(size_t a, size_t b) {
  return a > SIZE_MAX - b ? SIZE_MAX : a + b;
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

/* Whether one of the layers first..last has a bias: what is linear in between is affine then. */
static bool any_bias(const ntk_network *network, size_t first, size_t last) {
  for (size_t l = first; l <= last; l++)
    if (network->bias[l - 1])
      return true;
  return false;
}

/* What is asked: of which network and outputs. */
typedef struct question {
  const ntk_network *network;
  ntk_outputs outputs;
  bool pairs;   /* units_in_pairs */
  bool centred; /* F_k and B_{k+1} less their means */
} question;

/* Where every phi is a power (identity, x^2), F_L is a polynomial in x, all of one degree, and so
 * is whatever its parameters change in it: how many monomials of it there are, with biases, or
 * means taken from its factors, up to its degree. SIZE_MAX: more than any N, or it is none. A
 * power's sign is that of (-1)^degree; |x|'s is not. */
static size_t monomials(const question *q) {
  const ntk_network *network = q->network;
  const bool lower = q->centred || any_bias(network, 1, network->depth);
  const double most = 0x1p24, d = (double)network->width[0] + (lower ? 1.0 : 0.0);
  double degree = 1.0, count = 1.0;
  for (size_t l = 1; l < network->depth; l++) {
    const ntk_symmetry s = network->activation[l].symmetry;
    if (s.degree == 0.0 || s.sign != (fmod(s.degree, 2.0) == 0.0 ? 1 : -1))
      return SIZE_MAX;
    degree *= s.degree;
  }
  for (size_t j = 1; d > 1.0 && (double)j <= degree && count < most; j++)
    count = count * (d - 1.0 + (double)j) / (double)j;
  return count < most ? (size_t)(count + 0.5) : SIZE_MAX;
}

/* At most the rank of B_l, l <= r.last + 1: constant in the mean over outputs of a run to the end,
 * and else what the narrowest layer leaves in each of its copies. */
static size_t back_rank(const question *q, run r, size_t l) {
  const ntk_network_spec spec = ntk_spec_of(q->network);
  const size_t L = spec.depth;
  if (r.last + 1 == L && q->outputs == NTK_OUTPUTS_TRACE)
    return 1;
  size_t narrowest = ntk_spec_width(&spec, l);
  for (size_t m = l + 1; m <= r.last + 1; m++)
    narrowest = least(narrowest, ntk_spec_width(&spec, m));
  return q->outputs == NTK_OUTPUTS_ALL ? narrowest
                                       : product(narrowest, ntk_copies(&spec, q->outputs, l));
}

/* rank (F_k, 1 where b_{k+1} counts) times rank B_{k+1}, each at most the narrowest width of the
 * run on its side. */
static size_t block_rank(const question *q, size_t k) {
  const ntk_network *network = q->network;
  const size_t L = network->depth, *n = network->width;
  const run r = run_of(network, k);
  size_t features = 0, back = back_rank(q, r, k + 1), halves = 0;
  if (network->scale[2 * k] > 0.0) {
    features = n[k];
    for (size_t l = r.first; l < k; l++)
      features = least(features, n[l]);
    features += r.first < k && any_bias(network, r.first + 1, k) ? 1 : 0;
    halves = k + 1 == L ? n[k] / 2 : features;
  }
  if (network->scale[2 * k + 1] > 0.0) {
    features++;
    halves++;
  }
  if (!q->pairs)
    return product(features, back);
  if (k + 2 < L)
    return 0;
  return least(product(features, back), product(halves, k + 2 == L ? n[k + 1] / 2 : back));
}

/* Of all outputs those of each. */
static size_t polynomials(const question *q) {
  const ntk_network *network = q->network;
  return product(monomials(q), q->outputs == NTK_OUTPUTS_ALL ? network->width[network->depth] : 1);
}

static size_t rank_bound(const question *q, size_t k) {
  const ntk_network *network = q->network;
  if (k < network->depth)
    return least(block_rank(q, k), polynomials(q));
  size_t rank = 0;
  for (size_t l = 0; l < network->depth;) {
    const run r = run_of(network, l);
    const size_t affine = any_bias(network, r.first + 1, r.last + 1) ? 1 : 0;
    size_t blocks = 0;
    for (; l <= r.last; l++)
      blocks = sum(blocks, block_rank(q, l));
    rank = sum(rank, least(blocks,
                           product(network->width[r.first] + affine, back_rank(q, r, r.last + 1))));
  }
  return least(rank, polynomials(q));
}

size_t ntk_rank_bound(const ntk_network *network, ntk_outputs outputs, size_t k) {
  const question q = {network, outputs, units_in_pairs(network), false};
  return rank_bound(&q, k);
}

static __attribute__((format(printf, 2, 3))) void say(ntk_deficiency *d, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(d->reason, sizeof d->reason, format, arguments);
  va_end(arguments);
  d->known = true;
  d->zeros = 1;
}

/* The parameters that rows of J differentiate by, of a block those that have a scale; of a mean
 * over outputs there is no J. */
static size_t parameters_of(const question *q, size_t k) {
  const ntk_network_spec spec = ntk_spec_of(q->network);
  const double *scale = q->network->scale + 2 * k;
  if (q->outputs == NTK_OUTPUTS_TRACE && ntk_spec_width(&spec, spec.depth) > 1)
    return SIZE_MAX;
  if (k == spec.depth)
    return q->network->parameters;
  const bool idle = ntk_spec_bias(&spec, k + 1) && scale[0] > 0.0 && scale[1] == 0.0;
  return (ntk_spec_rows(&spec, k + 1) - (idle ? 1 : 0)) * ntk_spec_width(&spec, k + 1);
}

static void count(const question *q, size_t N, size_t k, ntk_deficiency *d) {
  const ntk_network *network = q->network;
  const size_t L = network->depth, *n = network->width;
  const size_t rank = rank_bound(q, k), parameters = parameters_of(q, k);
  const size_t rows = q->outputs == NTK_OUTPUTS_ALL ? product(N, n[L]) : N;
  char there[64];
  (void)snprintf(there, sizeof there,
                 q->outputs == NTK_OUTPUTS_ALL && n[L] > 1 ? "N n_L = %zu rows" : "N = %zu samples",
                 rows);
  if (rows <= rank)
    return;
  if (rows > parameters && k == L)
    say(d, "%s exceed the P = %zu parameters: K is singular", there, parameters);
  else if (rows > parameters)
    say(d, "%s exceed the %zu parameters of this block", there, parameters);
  else if (rank == 0 && !q->pairs)
    say(d, "0: this block's scales are");
  else if (rank == 0)
    say(d, "0: the units of the last hidden layer come in pairs that cancel");
  else if (q->pairs)
    say(d, "units in pairs that cancel leave rank at most %zu, and there are %s", rank, there);
  else if (rows == N && ntk_network_linear_above(network, 0))
    say(d, "a linear network's kernel has rank at most %s = %zu, and there are %s",
        rank == n[0]                                  ? "d"
        : rank == n[0] + 1 && any_bias(network, 1, L) ? "d + 1"
                                                      : "a width",
        rank, there);
  else if (rank == polynomials(q))
    say(d, "F_L is a polynomial with %zu monomials of x%s, and there are %s", monomials(q),
        rows == N ? "" : " in each output", there);
  else if (parameters == SIZE_MAX)
    say(d, "the mean over outputs has rank at most %zu, and there are %s", rank, there);
  else
    say(d, "linear layers leave rank at most %zu, and there are %s", rank, there);
  d->zeros = rows - least(rank, parameters);
}

/* The first row that is 0; N: none. */
static size_t zero_row(ntk_context *context, const ntk_held *held) {
  const size_t here = ntk_held_count(held), d = held->d;
  size_t first = held->share.N;
  for (size_t i = 0; i < here && first == held->share.N; i++) {
    size_t j = 0;
    while (j < d && held->X[i * d + j] == 0.0)
      j++;
    if (j == d)
      first = ntk_share_row(&held->share, i);
  }
  return held->share.ranks == 1 ? first : (size_t)ntk_ranks_least(context, (double)first);
}

ntk_multiples ntk_multiples_of(ntk_symmetry symmetry) {
  if (symmetry.degree > 0.0)
    return symmetry.sign != 0 ? NTK_MULTIPLES_ALL : NTK_MULTIPLES_POSITIVE;
  return symmetry.sign != 0 ? NTK_MULTIPLES_OPPOSITE : NTK_MULTIPLES_EQUAL;
}

static ntk_status compare(const question *q, const ntk_held *held, ntk_symmetry symmetry,
                          ntk_deficiency *d) {
  const ntk_network *network = q->network;
  const size_t N = held->share.N;
  ntk_row_pair pair;
  NTK_TRY(ntk_parallel_rows(network->context, held, ntk_multiples_of(symmetry), &pair));
  if (pair.first < N && pair.factor == 1.0)
    say(d, "rows %zu and %zu of the data (from 1) are equal: K is singular", pair.first + 1,
        pair.second + 1);
  else if (pair.first < N)
    say(d, "row %zu of the data (from 1) is %.6g times row %zu, and %s: K is singular",
        pair.second + 1, pair.factor, pair.first + 1,
        symmetry.degree > 1.0 ? "F_L(c x) is a power of c times F_L(x)"
        : symmetry.sign > 0   ? "F_L(-x) = F_L(x)"
        : symmetry.degree > 0 ? "F_L(c x) = c F_L(x)"
                              : "F_L(-x) = -F_L(x)");
  if (pair.first < N)
    d->zeros =
        product(pair.multiples, q->outputs == NTK_OUTPUTS_ALL ? network->width[network->depth] : 1);
  return NTK_OK;
}

/* Whether the row of block k, or of K, at x = 0 is 0. */
static bool vanishes_at_0(const ntk_network *network, size_t k) {
  return ntk_network_vanishes(network, k) && !network->bias[least(k, network->depth - 1)];
}

ntk_status ntk_deficiency_find(const ntk_network *network, ntk_outputs outputs,
                               const ntk_held *held, size_t k, ntk_deficiency *deficiency) {
  const question q = {network, outputs, units_in_pairs(network), false};
  ntk_deficiency found = {0};
  count(&q, held->share.N, k, &found);
  if (!found.known)
    NTK_TRY(compare(&q, held, ntk_network_symmetry(network), &found));
  if (!found.known && vanishes_at_0(network, k)) {
    const size_t i = zero_row(network->context, held);
    if (i < held->share.N)
      say(&found, "row %zu of the data (from 1) is 0: %s", i + 1,
          vanishes_at_0(network, network->depth)
              ? "there the output does not depend on the parameters"
              : "so is its row of this block");
  }
  *deficiency = found;
  return NTK_OK;
}

/* Whether no parameter acts on sample i. */
static ntk_status is_dead(const ntk_network *network, const ntk_held *held, size_t i, bool *dead) {
  double *x = NULL; /* d */
  if (held->share.ranks == 1)
    return ntk_vanishes(network, held->X + i * held->d, dead);
  NTK_TRY(ntk_alloc_doubles(network->context, held->d, "a sample", &x));
  ntk_status status = ntk_held_fetch(network->context, held, &i, 1, x);
  if (status == NTK_OK)
    status = ntk_vanishes(network, x, dead);
  ntk_free(network->context, x);
  return status;
}

ntk_status ntk_deficiency_of_norms(const ntk_network *network, const ntk_held *held,
                                   const ntk_norms *norms, ntk_deficiency *deficiency) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t per = ntk_kernel_rows(&spec, norms->outputs, 1);
  for (size_t i = 0; i < norms->rows && !deficiency->known; i++) {
    double entry = 0.0; /* (16) */
    bool vanishes = false;
    for (size_t k = 0; k < network->depth; k++)
      entry += ntk_diagonal_part(network, k, norms->f2[k * norms->rows + i],
                                 norms->b2[k * norms->rows + i]);
    if (entry == 0.0)
      NTK_TRY(is_dead(network, held, i / per, &vanishes));
    if (vanishes)
      say(deficiency,
          "K_ii = 0 of sample %zu (from 1): there the output does not depend on the parameters",
          i / per + 1);
  }
  return NTK_OK;
}

ntk_status ntk_deficiency_find_centred(const ntk_network *network, const ntk_held *held,
                                       ntk_deficiency *deficiency) {
  const question q = {network, NTK_OUTPUTS_TRACE, units_in_pairs(network), true};
  ntk_deficiency found = {0};
  if (ntk_network_linear_above(network, network->depth - 2))
    say(&found, "the last hidden layer is linear: b does not depend on x, and b - E b is 0");
  else
    count(&q, held->share.N, network->depth - 2, &found);
  if (!found.known)
    NTK_TRY(compare(&q, held, (ntk_symmetry){0}, &found));
  *deficiency = found;
  return NTK_OK;
}
