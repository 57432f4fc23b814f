/* How much rank sizes leave a kernel: parameters, linear layers, powers, units in pairs. */
#include "kernel/ends/rank_bound.h"

#include "kernel/kernel.h"

#include <math.h>

bool ntk_units_in_pairs(const ntk_network *network) {
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

/* Ranks: SIZE_MAX is more than any number of samples. */
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

bool ntk_any_bias(const ntk_network *network, size_t first, size_t last) {
  for (size_t l = first; l <= last; l++)
    if (network->bias[l - 1])
      return true;
  return false;
}

/* A power's sign is that of (-1)^degree; |x|'s is not. */
size_t ntk_rank_monomials(const ntk_rank_question *q) {
  const ntk_network *network = q->network;
  const bool lower = q->centred || ntk_any_bias(network, 1, network->depth);
  const double most = 0x1p24, d = (double)q->d + (lower ? 1.0 : 0.0);
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
static size_t back_rank(const ntk_rank_question *q, run r, size_t l) {
  const ntk_network_spec spec = ntk_spec_of(q->network);
  const size_t L = spec.depth;
  if (r.last + 1 == L && q->outputs == NTK_OUTPUTS_TRACE)
    return 1;
  size_t narrowest = ntk_spec_width(&spec, l);
  for (size_t m = l + 1; m <= r.last + 1; m++)
    narrowest = ntk_rank_least(narrowest, ntk_spec_width(&spec, m));
  return q->outputs == NTK_OUTPUTS_ALL
             ? narrowest
             : ntk_rank_product(narrowest, ntk_copies(&spec, q->outputs, l));
}

/* n_l; of the data as many as they span. */
static size_t width_at(const ntk_rank_question *q, size_t l) {
  return l == 0 ? q->d : q->network->width[l];
}

/* rank (F_k, 1 where b_{k+1} counts) times rank B_{k+1}, each at most the narrowest width of the
 * run on its side. */
static size_t block_rank(const ntk_rank_question *q, size_t k) {
  const ntk_network *network = q->network;
  const size_t L = network->depth;
  const run r = run_of(network, k);
  size_t features = 0, back = back_rank(q, r, k + 1), halves = 0;
  if (network->scale[2 * k] > 0.0) {
    features = width_at(q, k);
    for (size_t l = r.first; l < k; l++)
      features = ntk_rank_least(features, width_at(q, l));
    features += r.first < k && ntk_any_bias(network, r.first + 1, k) ? 1 : 0;
    halves = k + 1 == L ? width_at(q, k) / 2 : features;
  }
  if (network->scale[2 * k + 1] > 0.0) {
    features++;
    halves++;
  }
  if (!q->pairs)
    return ntk_rank_product(features, back);
  if (k + 2 < L)
    return 0;
  return ntk_rank_least(ntk_rank_product(features, back),
                        ntk_rank_product(halves, k + 2 == L ? width_at(q, k + 1) / 2 : back));
}

size_t ntk_rank_polynomials(const ntk_rank_question *q) {
  const ntk_network *network = q->network;
  return ntk_rank_product(ntk_rank_monomials(q),
                          q->outputs == NTK_OUTPUTS_ALL ? network->width[network->depth] : 1);
}

size_t ntk_rank_asked(const ntk_rank_question *q, size_t k) {
  const ntk_network *network = q->network;
  if (q->limit)
    return ntk_rank_polynomials(q);
  if (k < network->depth)
    return ntk_rank_least(block_rank(q, k), ntk_rank_polynomials(q));
  size_t rank = 0;
  for (size_t l = 0; l < network->depth;) {
    const run r = run_of(network, l);
    const size_t affine = ntk_any_bias(network, r.first + 1, r.last + 1) ? 1 : 0;
    size_t blocks = 0;
    for (; l <= r.last; l++)
      blocks = sum(blocks, block_rank(q, l));
    rank = sum(rank, ntk_rank_least(blocks, ntk_rank_product(width_at(q, r.first) + affine,
                                                             back_rank(q, r, r.last + 1))));
  }
  return ntk_rank_least(rank, ntk_rank_polynomials(q));
}

size_t ntk_rank_bound(const ntk_network *network, ntk_outputs outputs, size_t k) {
  const ntk_rank_question q = {.network = network,
                               .outputs = outputs,
                               .d = network->width[0],
                               .pairs = ntk_units_in_pairs(network)};
  return ntk_rank_asked(&q, k);
}

bool ntk_span_matters(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  double columns = 0.0;
  bool linear = false;
  ntk_symmetry symmetry;
  if (ntk_spec_laws(spec, &symmetry, &linear) != NTK_OK)
    return false;
  for (size_t l = 1; l <= spec->depth; l++) {
    const size_t rows = l > 1 ? ntk_spec_rows(spec, l) : ntk_spec_bias(spec, 1) ? 2 : 1;
    columns += (double)rows * (double)ntk_back_width(spec, outputs, l);
  }
  return linear || (symmetry.sign != 0 && symmetry.degree > 0.0) ||
         (double)ntk_kernel_rows(spec, outputs, N) > columns;
}
