/* Why memorisation did not get to eps, in one line. What is certain comes first: too few
 * parameters, a linear network, a sample that no weights act on; then two samples that are one to
 * the network; then rows that are linearly dependent; then what the numbers of the construction
 * say. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/dataset.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double NEARLY_EQUAL = 1e-2; /* a distance worth telling of, over the size */
static const double ROUNDING = 1e-13;    /* one that is none */
static const double MEMBER = 1e-6;       /* of a null vector, over its largest entry */
static const double NULL_VECTOR = 1e-11; /* ||J^T w|| over what its terms add up to */

typedef struct question {
  const ntk_asked *asked;
  const ntk_linear_system *system;
  const ntk_dataset *data;
  const double *Y; /* N of data */
  ntk_memorize_result *result;
  bool margin; /* no label can be 0 */
} question;

static size_t number_of(const question *q, size_t i) {
  return (q->asked->row != NULL ? q->asked->row[i] : i) + 1;
}

/* Adds to the reason. */
static void say(const question *q, const char *format, ...) {
  char *reason = q->result->reason;
  const size_t used = strlen(reason);
  va_list arguments;
  va_start(arguments, format);
  (void)ntk_format_list(reason + used, sizeof q->result->reason - used, format, arguments);
  va_end(arguments);
}

/* ---- Samples that are one to the network ------------------------------------------------------
 */

static void say_equal(const question *q, const ntk_pair *pair) {
  say(q, "samples %zu and %zu (from 1) differ by %.2g of their size alone, and K_{L-2} is %s",
      pair->i + 1, pair->k + 1, pair->distance,
      q->system->shift > 0.0 ? "singular to rounding" : "nearly singular");
}

/* Of all samples, by their places there. */
static void say_pair(const question *q, const ntk_pair *pair) {
  if (pair->factor == 1.0) {
    say_equal(q, pair);
    return;
  }
  const bool scales = pair->symmetry.degree > 0.0;
  say(q, "sample %zu is %.6g times sample %zu (from 1)", pair->k + 1, pair->factor, pair->i + 1);
  if (pair->distance > ROUNDING)
    say(q, " but for %.2g of its size", pair->distance);
  say(q,
      ", and with %s F_L(%s) = %sF_L(x)%s whatever the weights; label them so, leave one out, "
      "add a column of ones to the data, or take another activation",
      q->system->base->activations, scales ? "c x" : "-x",
      scales                    ? "c "
      : pair->symmetry.sign > 0 ? ""
                                : "-",
      scales ? " for c > 0" : "");
}

/* ---- Samples that no weights act on ---------------------------------------------------------- */

/* Whether hidden layers have biases; b_L is 0. */
static bool is_affine(const ntk_network *network) {
  size_t l = 1;
  while (l < network->depth && !network->bias[l - 1])
    l++;
  return l < network->depth;
}

static const char *zero_label(const question *q) {
  return q->margin ? "" : "label it 0, ";
}

/* Of sample i, whose row is lost, and y_i != 0. */
static ntk_status say_dead(const question *q, size_t i, ntk_row_fate fate) {
  const ntk_network *base = q->system->base;
  const size_t number = number_of(q, i);
  bool zero = false;
  NTK_TRY(ntk_sample_is_zero(q->data, i, &zero));
  if (zero && ntk_network_vanishes(base, base->depth))
    say(q,
        "sample %zu is zero and phi(0) = 0: its output is 0 whatever the weights; leave it out, "
        "%sor take sigmoid or softplus",
        number, zero_label(q));
  else if (zero && ntk_network_vanishes(base, base->depth - 2))
    say(q,
        "sample %zu is zero and %s: its output is 0 whatever the construction does; leave it "
        "out, %sor take a deeper network",
        number, base->depth == 2 ? "L = 2" : "so is f_{L-2} there", zero_label(q));
  else if (fate == NTK_ROW_SATURATED)
    say(q,
        "sample %zu has K_ii = 0: phi' is 0 to rounding at all its units, which are saturated; a "
        "smaller beta, or smaller samples",
        number);
  else if (fate == NTK_ROW_UNDERFLOW)
    say(q,
        "of sample %zu (from 1) the row of J_{L-2} is so short that its square underflows: double "
        "precision does not tell; larger samples, or a larger beta",
        number);
  else
    say(q,
        "sample %zu has K_ii = 0: on it no unit is active that the weights could act by; larger "
        "widths or another seed",
        number);
  return NTK_OK;
}

/* The first sample whose row is lost with a label other than 0; proved: a row that is 0; N: none.
 */
static ntk_status find_dead(const question *q, bool proved, size_t *sample, ntk_row_fate *fate) {
  const size_t N = q->data->N;
  double *f = NULL;
  NTK_TRY(ntk_alloc_doubles(q->system->context, 2 * N, "row norms", &f));
  ntk_status status = ntk_row_parts(q->system->features, f, f + N);
  *sample = N;
  for (size_t i = 0; i < N && status == NTK_OK && *sample == N; i++) {
    status = ntk_row_fate_find(q->system->base, q->data, i, f[i], f[N + i], fate);
    if (q->Y[i] != 0.0 && (proved ? *fate == NTK_ROW_NOTHING : *fate != NTK_ROW_THERE))
      *sample = i;
  }
  ntk_free(q->system->context, f);
  return status;
}

/* ---- The rest -------------------------------------------------------------------------------- */

static void say_numbers(const question *q) {
  const ntk_memorize_result *r = q->result;
  if (r->t > 0.0)
    say(q, "rounding, of order u / t with t = %.2g, or corrections that do not converge", r->t);
  else
    say(q, "corrections that do not converge, or weights that would overflow");
  if (isfinite(q->system->condition))
    say(q, "; the condition number of K_{L-2} is %.2g", q->system->condition);
  else if (q->system->iterative)
    say(q, "; the condition number of K_{L-2}, which only a factor gives, may be too large for "
           "conjugate gradients");
  else
    say(q, "; the condition number of K_{L-2} is not resolved");
}

/* ---- Rows that are linearly dependent ---------------------------------------------------------
 */

static size_t largest_of(const double *v, size_t N) {
  size_t at = 0;
  for (size_t i = 1; i < N; i++)
    if (fabs(v[i]) > fabs(v[at]))
      at = i;
  return at;
}

/* ||J_{L-2}^T w||_2 over the sum of ||w_i J_i||. v: scratch. */
static ntk_status find_nullity(const question *q, const double *w, double *v, double *nullity) {
  const ntk_linear_system *s = q->system;
  const size_t N = q->data->N, L = s->base->depth;
  double terms = 0.0;
  NTK_TRY(ntk_row_squares(s->features, v));
  for (size_t i = 0; i < N; i++)
    terms += fabs(w[i]) * sqrt(v[i]);
  NTK_TRY(ntk_jacobian_adjoint(s->features, w, s->g));
  const double *step = s->g + ntk_layer_offset(s->base, L - 1);
  *nullity = ntk_dnrm2(ntk_network_rows(s->base, L - 1) * s->base->width[L - 1], step) / terms;
  return NTK_OK;
}

/* w: the null vector of K_{L-2} that has most of the sample whose label is farthest from what the
 * rows allow; projected twice, as once leaves s over an eigenvalue. v: scratch. *exact: whether
 * J_{L-2}^T w = 0 to rounding. */
static ntk_status find_null_vector(const question *q, double *w, double *v, bool *exact) {
  const size_t N = q->data->N;
  double nullity = 0.0;
  NTK_TRY(ntk_null_part(q->system, q->Y, v));
  const size_t most = largest_of(v, N);
  memset(v, 0, N * sizeof *v);
  v[most] = 1.0;
  NTK_TRY(ntk_null_part(q->system, v, w));
  NTK_TRY(ntk_null_part(q->system, w, v));
  memcpy(w, v, N * sizeof *w);
  NTK_TRY(find_nullity(q, w, v, &nullity));
  *exact = nullity <= NULL_VECTOR;
  return NTK_OK;
}

/* By |w_i|, the largest first. */
static void say_members(const question *q, double *w, size_t members) {
  say(q, "the rows of J_{L-2} of samples");
  for (size_t i = 0; i < members && i < 3; i++) {
    const size_t at = largest_of(w, q->data->N);
    say(q, "%s %zu", i == 0 ? "" : i + 1 == members ? " and" : ",", number_of(q, at));
    w[at] = 0.0;
  }
  if (members > 3)
    say(q, " and %zu more", members - 3);
  say(q, " (from 1) are linearly dependent, and their labels are not so: label them so, leave one "
         "out, or take larger widths or another activation");
}

static ntk_status say_dependent(const question *q, double *w, bool exact) {
  const size_t N = q->data->N, first = largest_of(w, N);
  const double most = fabs(w[first]);
  size_t members = 0, other = first;
  for (size_t i = 0; i < N; i++) {
    members += fabs(w[i]) >= MEMBER * most;
    if (i != first && (other == first || fabs(w[i]) > fabs(w[other])))
      other = i;
  }
  const size_t i = number_of(q, first < other ? first : other) - 1;
  const size_t k = number_of(q, first < other ? other : first) - 1;
  const ntk_held held = ntk_dataset_held(q->asked->all);
  ntk_pair pair;
  NTK_TRY(
      ntk_pair_of(q->system->context, &held, ntk_network_symmetry(q->system->base), i, k, &pair));
  if (members == 2 && pair.distance < NEARLY_EQUAL)
    say_pair(q, &pair);
  else if (exact && members > 1)
    say_members(q, w, members);
  else
    say(q, "K_{L-2} is singular to rounding: to the network some samples are nearly equal, which "
           "a larger beta may mend, or the widths are too small");
  return NTK_OK;
}

static ntk_status explain_singular(const question *q) {
  const size_t N = q->data->N;
  double *w = NULL;
  bool exact = false, follow = false;
  NTK_TRY(ntk_labels_depend(q->system, q->Y, &follow));
  NTK_TRY(ntk_alloc_doubles(q->system->context, 2 * N, "samples", &w));
  ntk_status status = find_null_vector(q, w, w + N, &exact);
  if (status == NTK_OK && follow && exact)
    say_numbers(q); /* no labels are in the way */
  else if (status == NTK_OK)
    status = say_dependent(q, w, exact);
  ntk_free(q->system->context, w);
  return status;
}

static ntk_status explain_samples(const question *q) {
  size_t dead = 0;
  ntk_row_fate fate = NTK_ROW_THERE;
  ntk_pair pair;
  NTK_TRY(find_dead(q, false, &dead, &fate));
  if (dead < q->data->N)
    return say_dead(q, dead, fate);
  const ntk_asked *asked = q->asked;
  const double slack = asked->eps * ntk_dnrm2(asked->all->N, asked->all_Y);
  const ntk_held held = ntk_dataset_held(asked->all);
  NTK_TRY(ntk_find_pair(q->system->context, &held, ntk_network_symmetry(q->system->base),
                        asked->all_Y, slack, &pair));
  if (isfinite(pair.distance))
    say_pair(q, &pair);
  else if (q->system->shift > 0.0)
    return explain_singular(q);
  else
    say_numbers(q);
  return NTK_OK;
}

ntk_status ntk_memorize_explain(const ntk_asked *asked, const ntk_linear_system *system,
                                const ntk_dataset *data, const double *Y,
                                ntk_memorize_result *result) {
  const ntk_network *base = system->base;
  const size_t L = base->depth, parameters = ntk_network_rows(base, L - 1) * base->width[L - 1];
  const question q = {asked, system, data, Y, result, false};
  result->reason[0] = '\0';
  if (result->reached)
    return NTK_OK;
  say(&q, "relative error %.2g where %.2g was wanted: ", result->relative_error, asked->eps);
  if (result->t == 0.0)
    say(&q, "nothing better than outputs 0 was found: ");
  if (data->N > parameters)
    say(&q,
        "%zu %s samples, and %s m = %zu parameters to fit them with (m: half of the "
        "last hidden width)",
        data->N, data->N < result->samples ? "independent" : "different",
        base->bias[L - 2] ? "(n_{L-2} + 1)" : "n_{L-2}", parameters);
  else if (ntk_network_linear_above(base, 0))
    say(&q, "a linear network fits no labels that are not %s in x",
        is_affine(base) ? "affine" : "linear");
  else
    return explain_samples(&q);
  return NTK_OK;
}

/* ---- A margin -------------------------------------------------------------------------------- */

/* A pair whose outputs have one sign, or the opposite ones, whatever the weights, and labels not.
 */
static ntk_status find_contrary(const question *q, ntk_pair *pair) {
  const ntk_held held = ntk_dataset_held(q->asked->all);
  const double *Y = q->asked->all_Y;
  NTK_TRY(ntk_find_pair(q->system->context, &held, ntk_network_symmetry(q->system->base), Y, 0.0,
                        pair));
  if (isfinite(pair->distance) &&
      Y[pair->k] * ntk_symmetry_factor(pair->symmetry, pair->factor) * Y[pair->i] > 0.0)
    pair->distance = INFINITY;
  return NTK_OK;
}

static ntk_status say_inseparable(const question *q) {
  const ntk_network *base = q->system->base;
  const size_t L = base->depth, N = q->data->N;
  size_t dead = 0;
  ntk_row_fate fate = NTK_ROW_THERE;
  ntk_pair pair;
  NTK_TRY(find_dead(q, true, &dead, &fate));
  if (dead < N)
    return say_dead(q, dead, fate);
  NTK_TRY(find_contrary(q, &pair));
  if (isfinite(pair.distance)) {
    say_pair(q, &pair);
    return NTK_OK;
  }
  say(q,
      "the samples are not separable in these features: of %zu of the rows y_i J_i of J_{L-2} a "
      "convex combination is 0 to rounding of each (%zu samples, and %s m = %zu parameters)",
      q->result->support, N, base->bias[L - 2] ? "(n_{L-2} + 1)" : "n_{L-2}",
      ntk_network_rows(base, L - 1) * base->width[L - 1]);
  return NTK_OK;
}

static ntk_status say_unresolved(const question *q) {
  size_t dead = 0;
  ntk_row_fate fate = NTK_ROW_THERE;
  NTK_TRY(find_dead(q, false, &dead, &fate));
  if (dead < q->data->N)
    return say_dead(q, dead, fate);
  say(q,
      "no weights were found that separate the samples by the tangent features, and none do by "
      "more than %.2g of the longest row: double precision does not tell",
      q->result->separation_bound);
  return NTK_OK;
}

ntk_status ntk_margin_explain(const ntk_asked *asked, const ntk_linear_system *system,
                              const ntk_dataset *data, const double *Y,
                              ntk_memorize_result *result) {
  const question q = {asked, system, data, Y, result, true};
  result->reason[0] = '\0';
  if (result->reached)
    return NTK_OK;
  say(&q, "min_i y_i F_L(x_i) = %.2g where %g was wanted: ", result->margin, asked->eps);
  if (result->separation > 0.0 && result->margin > result->rounding)
    say(&q,
        "the samples are separable, by %.2g of the longest row, but not by weights that double "
        "precision holds",
        result->separation);
  else if (result->separation > 0.0)
    say(&q,
        "by the tangent features the samples are separable, by %.2g of the longest row, but "
        "rounding, of order u / t with t = %.2g, is more than the outputs",
        result->separation, result->t);
  else
    return result->combination <= NTK_INSEPARABLE ? say_inseparable(&q) : say_unresolved(&q);
  return NTK_OK;
}
