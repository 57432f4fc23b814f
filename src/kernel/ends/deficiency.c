#include "kernel/ends/deficiency.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"
#include "data/span.h"
#include "kernel/ends/rank_bound.h"
#include "kernel/ends/vanishing.h"
#include "kernel/kernel.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static const char ALWAYS[] = "whatever the widths and beta";

/* What is known of it besides; zeros is 1 until it is counted. */
static __attribute__((format(printf, 3, 4))) void say(ntk_deficiency *d, ntk_deficiency what,
                                                      const char *format, ...) {
  va_list arguments;
  *d = what;
  d->zeros = 1;
  va_start(arguments, format);
  (void)vsnprintf(d->reason, sizeof d->reason, format, arguments);
  va_end(arguments);
}

/* By sizes alone: no sample is to blame. */
static ntk_deficiency by_sizes(const char *cause, bool always) {
  return (ntk_deficiency){.cause = cause, .always = always, .factor = NAN};
}
static ntk_deficiency by_sample(const char *cause, bool always, size_t i) {
  return (ntk_deficiency){.cause = cause, .always = always, .first = i, .second = i, .factor = NAN};
}

/* The parameters that rows of J differentiate by, of a block those that have a scale; of a mean
 * over outputs there is no J. */
static size_t parameters_of(const ntk_rank_question *q, size_t k) {
  const ntk_network_spec spec = ntk_spec_of(q->network);
  const double *scale = q->network->scale + 2 * k;
  if (q->limit)
    return SIZE_MAX;
  if (q->outputs == NTK_OUTPUTS_TRACE && ntk_spec_width(&spec, spec.depth) > 1)
    return SIZE_MAX;
  if (k == spec.depth)
    return q->network->parameters;
  const bool idle = ntk_spec_bias(&spec, k + 1) && scale[0] > 0.0 && scale[1] == 0.0;
  return (ntk_spec_rows(&spec, k + 1) - (idle ? 1 : 0)) * ntk_spec_width(&spec, k + 1);
}

/* Rank that a network all of whose layers are linear, or powers, leaves; each: of each output,
 * where there are several; there: how many rows. */
static void say_polynomial(const ntk_rank_question *q, size_t rank, bool each, const char *there,
                           ntk_deficiency *d) {
  const ntk_network *network = q->network;
  const size_t n_0 = network->width[0];
  const bool affine = ntk_any_bias(network, 1, network->depth),
             all = rank == ntk_rank_polynomials(q);
  if (each || !ntk_network_linear_above(network, 0))
    say(d, by_sizes("polynomial", all),
        "F_L is a polynomial with %zu monomials of x%s, %s, and there are %s",
        ntk_rank_monomials(q), each ? " in each output" : "", ALWAYS, there);
  else
    say(d, by_sizes("linear", all),
        "a linear network's kernel has rank at most %s = %zu%s%s, and there are %s",
        rank == n_0                 ? "d"
        : affine && rank == n_0 + 1 ? "d + 1"
                                    : "a width",
        rank, all ? ", " : "", all ? ALWAYS : "", there);
}

static void count(const ntk_rank_question *q, size_t N, size_t k, ntk_deficiency *d) {
  const ntk_network *network = q->network;
  const size_t L = network->depth, n_L = network->width[L];
  const size_t rank = ntk_rank_asked(q, k), parameters = parameters_of(q, k);
  const bool all = q->outputs == NTK_OUTPUTS_ALL;
  const size_t rows = all ? ntk_rank_product(N, n_L) : N;
  char there[64];
  (void)snprintf(there, sizeof there, all && n_L > 1 ? "N n_L = %zu rows" : "N = %zu samples",
                 rows);
  if (rows <= rank)
    return;
  if (rank == ntk_rank_polynomials(q) || (rows == N && ntk_network_linear_above(network, 0)))
    say_polynomial(q, rank, rows != N, there, d);
  else if (rows > parameters && k == L)
    say(d, by_sizes("parameters", false), "%s exceed the P = %zu parameters: K is singular", there,
        parameters);
  else if (rows > parameters)
    say(d, by_sizes("parameters", false), "%s exceed the %zu parameters of this block", there,
        parameters);
  else if (rank == 0 && !q->pairs)
    say(d, by_sizes("scales", false), "0: this block's scales are");
  else if (rank == 0)
    say(d, by_sizes("pairs", false),
        "0: the units of the last hidden layer come in pairs that cancel");
  else if (q->pairs)
    say(d, by_sizes("pairs", false),
        "units in pairs that cancel leave rank at most %zu, and there are %s", rank, there);
  else if (parameters == SIZE_MAX)
    say(d, by_sizes("outputs", false),
        "the mean over outputs has rank at most %zu, and there are %s", rank, there);
  else
    say(d, by_sizes("layers", false), "linear layers leave rank at most %zu, and there are %s",
        rank, there);
  d->zeros = rows - ntk_rank_least(rank, parameters);
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

const char *ntk_symmetry_law(ntk_symmetry symmetry, double c) {
  const bool even = symmetry.sign > 0;
  if (symmetry.degree == 0.0 || (c == -1.0 && even))
    return even ? "F_L(-x) = F_L(x)" : "F_L(-x) = -F_L(x)";
  return symmetry.degree > 1.0 ? "F_L(c x) is a power of c times F_L(x)"
         : even && c < 0.0     ? "F_L(c x) = |c| F_L(x)"
                               : "F_L(c x) = c F_L(x)";
}

/* Rows that follow others; of these rows the zeros are counted before. */
static ntk_status compare(const ntk_rank_question *q, const ntk_held *held, ntk_symmetry symmetry,
                          ntk_deficiency *d) {
  const ntk_network *network = q->network;
  const size_t N = held->share.N;
  const size_t outputs = q->outputs == NTK_OUTPUTS_ALL ? network->width[network->depth] : 1;
  ntk_row_pair pair;
  char then[64] = "K is singular";
  NTK_TRY(ntk_parallel_rows(network->context, held, ntk_multiples_of(symmetry), &pair));
  if (pair.first == N)
    return NTK_OK;
  const size_t counted = d->zeros, zeros = ntk_rank_product(pair.multiples, outputs);
  const ntk_deficiency what = {.cause = pair.factor == 1.0 ? "equal" : "multiple",
                               .always = true,
                               .first = pair.first,
                               .second = pair.second,
                               .factor = pair.factor};
  if (pair.multiples > 1)
    (void)snprintf(then, sizeof then, "rank K <= %zu", ntk_rank_product(N, outputs) - zeros);
  if (pair.factor == 1.0)
    say(d, what, "rows %zu and %zu of the data (from 1) are equal: %s, %s", pair.first + 1,
        pair.second + 1, then, ALWAYS);
  else
    say(d, what, "row %zu of the data (from 1) is %.6g times row %zu, and %s: %s, %s",
        pair.second + 1, pair.factor, pair.first + 1, ntk_symmetry_law(symmetry, pair.factor), then,
        ALWAYS);
  d->zeros = zeros > counted ? zeros : counted;
  return NTK_OK;
}

/* Whether the row of block k, or of K, at x = 0 is 0. */
static bool vanishes_at_0(const ntk_network *network, size_t k) {
  return ntk_network_vanishes(network, k) && !network->bias[ntk_rank_least(k, network->depth - 1)];
}

/* Products of residues that are worth a rank: about half a second. */
static const double SPAN_STEPS = 2e8;

static size_t affordable_span(size_t d) {
  return (size_t)sqrt(SPAN_STEPS / (double)d);
}

/* The largest r < d for which data that span r dimensions leave K fewer eigenvalues than rows; 0:
 * there is none. */
static size_t least_span(ntk_rank_question q, size_t rows) {
  size_t low = 0, high = q.d;
  const size_t L = q.network->depth;
  while (low + 1 < high) {
    q.d = low + (high - low) / 2;
    *(ntk_rank_asked(&q, L) < rows ? &low : &high) = q.d;
  }
  return low;
}

static ntk_status look_at_span(const ntk_rank_question *q, const ntk_held *held,
                               ntk_deficiency *d) {
  const ntk_network *network = q->network;
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t N = held->share.N, rows = ntk_kernel_rows(&spec, q->outputs, N);
  ntk_rank_question of = *q;
  size_t most = ntk_span_matters(&spec, q->outputs, N) ? least_span(of, rows) : 0;
  most = ntk_rank_least(most, affordable_span(q->d));
  if (most == 0)
    return NTK_OK;
  NTK_TRY(ntk_span(network->context, held, most, &of.d));
  if (of.d > most)
    return NTK_OK;
  const size_t rank = ntk_rank_asked(&of, network->depth);
  const bool all = rank == ntk_rank_polynomials(&of);
  say(d, by_sizes("data", all),
      "the data span %zu of d = %zu dimensions, which leaves rank K <= %zu%s%s, and K has %zu rows",
      of.d, q->d, rank, all ? ", " : "", all ? ALWAYS : "", rows);
  d->zeros = rows - rank;
  return NTK_OK;
}

/* What no width mends comes before what only some have. */
static ntk_status find(const ntk_rank_question *q, const ntk_held *held, size_t k,
                       ntk_deficiency *deficiency) {
  const ntk_network *network = q->network;
  ntk_deficiency found = NTK_NO_DEFICIENCY;
  count(q, held->share.N, k, &found);
  if (!found.always)
    NTK_TRY(compare(q, held, ntk_network_symmetry(network), &found));
  if (!found.always && vanishes_at_0(network, k)) {
    const size_t i = zero_row(network->context, held), zeros = found.zeros;
    if (i < held->share.N)
      say(&found, by_sample("zero", true, i), "row %zu of the data (from 1) is 0: %s, %s", i + 1,
          vanishes_at_0(network, network->depth)
              ? "there the output does not depend on the parameters"
              : "so is its row of this block",
          ALWAYS);
    found.zeros = zeros > found.zeros ? zeros : found.zeros;
  }
  if (found.cause == NULL && k == network->depth)
    NTK_TRY(look_at_span(q, held, &found));
  *deficiency = found;
  return NTK_OK;
}

ntk_status ntk_deficiency_find(const ntk_network *network, ntk_outputs outputs,
                               const ntk_held *held, size_t k, ntk_deficiency *deficiency) {
  const ntk_rank_question q = {.network = network,
                               .outputs = outputs,
                               .d = network->width[0],
                               .pairs = ntk_units_in_pairs(network)};
  return find(&q, held, k, deficiency);
}

ntk_status ntk_deficiency_find_limit(const ntk_network *network, const ntk_held *held, size_t k,
                                     ntk_deficiency *deficiency) {
  const ntk_rank_question q = {
      .network = network, .outputs = NTK_OUTPUTS_TRACE, .d = network->width[0], .limit = true};
  return find(&q, held, k, deficiency);
}

ntk_status ntk_deficiency_of(const ntk_network *network, const ntk_dataset *data,
                             ntk_outputs outputs, ntk_deficiency *deficiency) {
  const ntk_held held = ntk_dataset_held(data);
  size_t count = 0;
  (void)ntk_outputs_list(&count);
  if ((size_t)outputs >= count)
    return ntk_fail(NTK_ERR_ARGUMENT, "outputs is %d; accepted: 0 to %zu", (int)outputs, count - 1);
  NTK_TRY(ntk_dim_check(data, network->width[0]));
  return ntk_deficiency_find(network, outputs, &held, network->depth, deficiency);
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
  for (size_t i = 0; i < norms->rows && deficiency->cause == NULL; i++) {
    double entry = 0.0; /* (16) */
    bool vanishes = false;
    for (size_t k = 0; k < network->depth; k++)
      entry += ntk_diagonal_part(network, k, norms->f2[k * norms->rows + i],
                                 norms->b2[k * norms->rows + i]);
    if (entry == 0.0)
      NTK_TRY(is_dead(network, held, i / per, &vanishes));
    if (vanishes)
      say(deficiency, by_sample("inactive", false, i / per),
          "K_ii = 0 of sample %zu (from 1): there the output does not depend on the parameters",
          i / per + 1);
  }
  return NTK_OK;
}

ntk_status ntk_deficiency_find_centred(const ntk_network *network, const ntk_held *held,
                                       ntk_deficiency *deficiency) {
  const ntk_rank_question q = {.network = network,
                               .outputs = NTK_OUTPUTS_TRACE,
                               .d = network->width[0],
                               .pairs = ntk_units_in_pairs(network),
                               .centred = true};
  ntk_deficiency found = NTK_NO_DEFICIENCY;
  if (ntk_network_linear_above(network, network->depth - 2))
    say(&found, by_sizes("linear", true),
        "the last hidden layer is linear: b does not depend on x, and b - E b is 0");
  else
    count(&q, held->share.N, network->depth - 2, &found);
  if (!found.always)
    NTK_TRY(compare(&q, held, (ntk_symmetry){0}, &found));
  *deficiency = found;
  return NTK_OK;
}

double ntk_deficiency_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t N) {
  const double span =
      ntk_span_matters(spec, outputs, N)
          ? ntk_span_bytes(spec->width[0], ntk_rank_least(N, affordable_span(spec->width[0])))
          : 0.0;
  return fmax(ntk_parallel_rows_bytes(N), span);
}
