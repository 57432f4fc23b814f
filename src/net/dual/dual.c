/* One variable: E phi(u)^2 and E phi'(u)^2. */
#include "net/dual/dual.h"

#include "base/memory.h"
#include "base/simd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double SINE_MOST = 8.0; /* deviations that quadrature of sin is for */

extern NTK_LANES_DECLARE(ntk_dual_evaluator, ntk_dual_evaluate_in);
extern NTK_LANES_DECLARE(ntk_dual_shifter, ntk_dual_shift_in);

void ntk_dual_evaluate(const ntk_dual_pairs *pairs, double *z, double *same, double *slopes) {
  if (pairs->dual->radius.count > 0)
    ntk_direct_evaluate(pairs, NTK_LANES_BEST(ntk_dual_evaluate_in), z, same, slopes);
  else
    NTK_LANES_BEST(ntk_dual_evaluate_in)(pairs, z, same, slopes);
}

void ntk_dual_shift(size_t n, double gain, double shift, const double *size, const double *root,
                    const ntk_dual_one *v, double *z) {
  if (shift != 0.0)
    NTK_LANES_BEST(ntk_dual_shift_in)(n, gain, shift, size, root, v, z);
}

/* The closed forms, by name. */
static const struct closed {
  const char *name;
  ntk_dual_kind kind;
} closed_forms[] = {
    {"relu", NTK_DUAL_LINES},       {"leaky_relu", NTK_DUAL_LINES}, {"identity", NTK_DUAL_LINES},
    {"erf", NTK_DUAL_ERF},          {"sin", NTK_DUAL_SINE},         {"gaussian", NTK_DUAL_GAUSSIAN},
    {"quadratic", NTK_DUAL_SQUARE},
};

static void choose(ntk_dual *dual) {
  const ntk_activation_info *info = &dual->phi.info;
  dual->kind = NTK_DUAL_TABLE;
  for (size_t i = 0; i < sizeof closed_forms / sizeof *closed_forms; i++)
    if (strcmp(closed_forms[i].name, info->name) == 0)
      dual->kind = closed_forms[i].kind;
  if (strcmp(info->name, "elu") == 0 && info->value == 0.0)
    dual->kind = NTK_DUAL_LINES;
  dual->below = strcmp(info->name, "identity") == 0     ? 1.0
                : strcmp(info->name, "leaky_relu") == 0 ? info->value
                                                        : 0.0;
}

bool ntk_dual_jumps(const ntk_dual *dual) {
  return isinf(dual->phi.info.lipschitz_grad);
}

/* By the rule, whose nodes are taken with both signs. */
static void integrate(const ntk_activation *phi, const ntk_dual_rule *rule, double root,
                      double *same, double *slopes) {
  const double unit = 1.0 / sqrt(2.0 * PI);
  double sums[2] = {0.0, 0.0};
  for (size_t i = 0; i < rule->count; i++) {
    const double r = rule->node[i], w = unit * rule->weight[i] * exp(-r * r / 2.0);
    const double g[2] = {root * r, -root * r};
    double f[2], df[2];
    ntk_activation_eval(phi, 2, g, f, df);
    sums[0] += w * (f[0] * f[0] + f[1] * f[1]);
    sums[1] += w * (df[0] * df[0] + df[1] * df[1]);
  }
  *same = sums[0];
  *slopes = sums[1];
}

void ntk_dual_alone(const ntk_dual *dual, double a, double *same, double *slopes) {
  const double lines = (1.0 + dual->below * dual->below) / 2.0;
  switch (dual->kind) {
  case NTK_DUAL_LINES:
    *same = lines * a;
    *slopes = lines;
    break;
  case NTK_DUAL_ERF:
    *same = 2.0 / PI * atan2(2.0 * a, sqrt(1.0 + 4.0 * a));
    *slopes = 4.0 / PI / sqrt(1.0 + 4.0 * a);
    break;
  case NTK_DUAL_SINE:
    *same = -expm1(-2.0 * a) / 2.0;
    *slopes = (1.0 + exp(-2.0 * a)) / 2.0;
    break;
  case NTK_DUAL_GAUSSIAN:
    *same = 1.0 / sqrt(1.0 + 4.0 * a);
    *slopes = 4.0 * a / ((1.0 + 4.0 * a) * sqrt(1.0 + 4.0 * a));
    break;
  case NTK_DUAL_SQUARE:
    *same = 3.0 * a * a;
    *slopes = 4.0 * a;
    break;
  case NTK_DUAL_SERIES:
  case NTK_DUAL_TABLE:
    integrate(&dual->phi, &dual->line, sqrt(a), same, slopes);
  }
}

/* Of gaussian: rho'^-4 = (1 + 2 (a + b))^2 / ((1 + 4a) (1 + 4b)) is 1 + E. */
static double gaussian_apart(double a, double b) {
  const double E = 4.0 * ((a - b) / (1.0 + 4.0 * a)) * ((a - b) / (1.0 + 4.0 * b));
  return -expm1(-log1p(E) / 4.0);
}

/* Of sin, at large variances: rho' = exp(-(sqrt a - sqrt b)^2 / 2) (1 - exp(-2 sqrt(ab))) / sqrt((1
 * - exp(-2a)) (1 - exp(-2b))). */
static double sine_apart(const ntk_dual_one *u, const ntk_dual_one *v) {
  const double apart = u->root - v->root;
  return -expm1(-apart * apart / 2.0 + log1p(-exp(-2.0 * u->root * v->root)) -
                log1p(-exp(-2.0 * u->variance)) / 2.0 - log1p(-exp(-2.0 * v->variance)) / 2.0);
}

double ntk_dual_apart(const ntk_dual *dual, const ntk_dual_one *u, const ntk_dual_one *v) {
  const double unit = 1.0 / sqrt(2.0 * PI);
  double sum = 0.0;
  if (dual->kind == NTK_DUAL_GAUSSIAN)
    return gaussian_apart(u->variance, v->variance);
  if (dual->kind == NTK_DUAL_SINE && fmax(u->root, v->root) > SINE_MOST)
    return sine_apart(u, v);
  for (size_t i = 0; i < dual->line.count && u->variance != v->variance; i++) {
    const double r = dual->line.node[i], w = unit * dual->line.weight[i] * exp(-r * r / 2.0);
    const double g[4] = {u->root * r, -u->root * r, v->root * r, -v->root * r};
    double f[4], df[4];
    ntk_activation_eval(&dual->phi, 4, g, f, df);
    for (size_t s = 0; s < 2; s++) {
      const double part = f[s] / u->size - f[s + 2] / v->size;
      sum += w * part * part;
    }
  }
  return sum / 2.0;
}

ntk_status ntk_dual_too_steep(const ntk_dual *dual, double least, double most) {
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "%s is too steep for inputs of deviations from %.3g to %.3g: no quadrature to "
                  "1e-13; accepted: smaller beta, scales of data or biases, or another activation",
                  dual->phi.text, least, most);
}

/* How far apart two rules are at both ends of the range, of what they are for. */
static double rules_apart(const ntk_dual *dual, const ntk_dual_rule *finer, const double *roots) {
  double off = 0.0;
  for (size_t i = 0; i < 2; i++) {
    double coarse[2], fine[2];
    integrate(&dual->phi, &dual->line, roots[i], &coarse[0], &coarse[1]);
    integrate(&dual->phi, finer, roots[i], &fine[0], &fine[1]);
    off = fmax(off, fmax(fabs(coarse[0] / fine[0] - 1.0), fabs(coarse[1] / fine[1] - 1.0)));
  }
  return off;
}

/* The fewest nodes with which both ends of the range agree with twice as many; or twice as many, as
 * soon as what is apart may be rounding, or errors that the finer one does not have: these fall
 * geometrically. Closed forms need it for ntk_dual_apart alone, of sin of moderate variances, and
 * take what there is. */
static ntk_status choose_line(ntk_dual *dual, double least, double most) {
  const bool closed = dual->kind != NTK_DUAL_TABLE, is_sine = dual->kind == NTK_DUAL_SINE;
  const double end = is_sine ? SINE_MOST : INFINITY, scale = dual->phi.error / NTK_ACTIVATION_ERROR;
  const double roots[2] = {fmin(sqrt(least), end), fmin(sqrt(most), end)};
  for (size_t n = 48; n <= 1536; n *= 2) {
    ntk_dual_rule finer = {0};
    if (dual->line.count == 0)
      NTK_TRY(ntk_rule_line(dual->context, n, &dual->line));
    NTK_TRY(ntk_rule_line(dual->context, 2 * n, &finer));
    const double off = rules_apart(dual, &finer, roots);
    if (off <= 2e-15 * scale) {
      ntk_rule_destroy(dual->context, &finer);
      return NTK_OK;
    }
    ntk_rule_destroy(dual->context, &dual->line);
    dual->line = finer;
    if (off <= 4e-14 * scale)
      return NTK_OK;
  }
  if (closed)
    return NTK_OK;
  return ntk_dual_too_steep(dual, roots[0], roots[1]);
}

ntk_dual_one ntk_dual_one_of(const ntk_dual *dual, double variance) {
  double same = 0.0, slopes = 0.0;
  ntk_dual_alone(dual, variance, &same, &slopes);
  return (ntk_dual_one){variance, sqrt(variance), sqrt(same), sqrt(slopes)};
}

/* Whether phi has no kink, by which its series would fall too slowly. */
static bool is_analytic(const ntk_activation *phi) {
  static const char *const kinked[] = {"elu", "selu", "celu", "softsign"};
  for (size_t i = 0; i < sizeof kinked / sizeof *kinked; i++)
    if (strcmp(phi->info.name, kinked[i]) == 0)
      return false;
  return true;
}

/* What is tried where variances are given one by one. */
typedef struct spread {
  size_t n;
  double from, to; /* variances of most of them */
  double apart;    /* pairs with one beyond; 0: all are within */
  double pairs;    /* all */
} spread;

/* A series over variances from least to most, where phi has one that suffices. */
static ntk_status try_series(ntk_dual *dual, double least, double most) {
  if (!is_analytic(&dual->phi))
    return NTK_OK;
  const ntk_dual_one ends[2] = {ntk_dual_one_of(dual, least), ntk_dual_one_of(dual, most)};
  return ntk_series_create(dual, ends);
}

/* Flops of a series: coefficients of each sample, some terms for each pair. */
static double series_price(const ntk_dual_series *s, const spread *plan) {
  return (double)s->terms * (2.0 * (double)s->nodes * (double)plan->n + 4.0 * plan->pairs);
}

static const double PAIR = 5e6; /* flops of one pair, one by one */

/* With the few that have variances far from the others' apart, one by one: where there is no series
 * for all, or that one is dearer, for the steepest make it long. */
static ntk_status split_series(ntk_dual *dual, const spread *plan) {
  ntk_dual_series all = dual->series;
  dual->series = (ntk_dual_series){0};
  const ntk_status status = try_series(dual, plan->from, plan->to);
  const double apart = series_price(&dual->series, plan) + PAIR * plan->apart;
  const bool dearer = dual->series.terms > 0 && apart < series_price(&all, plan);
  if (status == NTK_OK && (all.terms == 0 || dearer)) {
    ntk_free(dual->context, all.node);
    dual->from = plan->from;
    dual->to = plan->to;
    return NTK_OK;
  }
  ntk_free(dual->context, dual->series.node);
  dual->series = all;
  return status;
}

/* As a series over variances from least to most, or else a table, or else pair by pair. */
static ntk_status expand(ntk_dual *dual, double least, double most, const spread *plan) {
  static const double TRIAL = 2e9; /* flops, to find that there is no series for all */
  const double roots[2] = {sqrt(least), sqrt(most)};
  const bool may_split =
      plan != NULL && plan->apart > 0.0 && plan->apart <= ntk_table_price(roots[0], roots[1]) / 2.0;
  dual->from = least;
  dual->to = most;
  if (!may_split || PAIR * plan->apart > TRIAL)
    NTK_TRY(try_series(dual, least, most));
  if (may_split)
    NTK_TRY(split_series(dual, plan));
  const bool split = dual->from > least || dual->to < most;
  const bool series = dual->series.terms > 0;
  const double price = ntk_table_price(sqrt(dual->from), sqrt(dual->to));
  const bool few = plan != NULL && !series && plan->pairs <= price;
  if (series)
    dual->kind = NTK_DUAL_SERIES;
  if (few)
    dual->from = INFINITY; /* none is within */
  if (few || split)
    NTK_TRY(ntk_table_rules(dual, roots[0], roots[1], &dual->radius, &dual->sector));
  if (few || series)
    return NTK_OK;
  return ntk_table_create(dual, sqrt(dual->from), sqrt(dual->to));
}

static ntk_status create(ntk_context *context, const ntk_activation *phi, double least, double most,
                         const spread *plan, ntk_dual *dual) {
  ntk_dual made = {.context = context, .phi = *phi, .least = least, .most = most};
  choose(&made);
  ntk_status status = NTK_OK;
  if (made.kind != NTK_DUAL_LINES)
    status = choose_line(&made, least, most);
  if (status == NTK_OK && made.kind == NTK_DUAL_TABLE)
    status = expand(&made, least, most, plan);
  if (status == NTK_OK)
    *dual = made;
  else
    ntk_dual_destroy(&made);
  return status;
}

ntk_status ntk_dual_create(ntk_context *context, const ntk_activation *phi, double least,
                           double most, ntk_dual *dual) {
  return create(context, phi, least, most, NULL, dual);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Those within a factor of 4 of the median in their deviations, and what the others take. */
static spread make_plan(size_t n, const double *sorted, double pairs) {
  const double median = sorted[n / 2];
  size_t first = 0, last = n - 1;
  while (sorted[first] < median / 16.0)
    first++;
  while (sorted[last] > median * 16.0)
    last--;
  const double part = (double)(n - 1 - last + first) / (double)n;
  return (spread){n, sorted[first], sorted[last], pairs * part * (2.0 - part), pairs};
}

ntk_status ntk_dual_create_for(ntk_context *context, const ntk_activation *phi, size_t n,
                               const double *variance, double pairs, ntk_dual *dual) {
  double *sorted = NULL;
  NTK_TRY(ntk_alloc_doubles(context, n, "variances in their order", &sorted));
  memcpy(sorted, variance, n * sizeof *sorted);
  qsort(sorted, n, sizeof *sorted, ascending);
  const spread plan = make_plan(n, sorted, pairs);
  const ntk_status status = create(context, phi, sorted[0], sorted[n - 1], &plan, dual);
  ntk_free(context, sorted);
  return status;
}

bool ntk_dual_at_zero(ntk_context *context, const ntk_activation *phi, ntk_dual *dual,
                      double *factor, bool *everywhere) {
  const double g[5] = {1e-200, -1e-200, 1e-100, -1e-100, 0.0};
  double f[5], df[5];
  ntk_dual made = {.context = context, .phi = *phi};
  choose(&made);
  ntk_activation_eval(phi, 5, g, f, df);
  if (f[4] != 0.0 || df[0] == 0.0 || df[0] != df[2] || df[1] != df[3])
    return false;
  *everywhere = made.kind == NTK_DUAL_LINES;
  made.kind = NTK_DUAL_LINES;
  made.below = df[1] / df[0];
  *factor = df[0] * df[0];
  *dual = made;
  return true;
}

bool ntk_dual_serves(const ntk_dual *dual, const ntk_activation *phi, double least, double most) {
  enum { FEW = 12 }; /* terms in a table's variances */
  const bool cheap = dual->kind == NTK_DUAL_TABLE    ? dual->table.norms <= FEW
                     : dual->kind == NTK_DUAL_SERIES ? dual->most <= 1.5 * most
                                                     : true;
  return dual->radius.count == 0 && dual->least <= least && most <= dual->most && cheap &&
         strcmp(dual->phi.text, phi->text) == 0;
}

ntk_dual ntk_dual_share(const ntk_dual *dual) {
  ntk_dual copy = *dual;
  copy.shared = true;
  return copy;
}

void ntk_dual_destroy(ntk_dual *dual) {
  if (dual->shared)
    *dual = (ntk_dual){0};
  if (dual->context == NULL)
    return;
  ntk_rule_destroy(dual->context, &dual->line);
  ntk_rule_destroy(dual->context, &dual->radius);
  ntk_rule_destroy(dual->context, &dual->sector);
  ntk_free(dual->context, dual->table.series);
  ntk_free(dual->context, dual->series.node);
  *dual = (ntk_dual){0};
}

size_t ntk_dual_terms(const ntk_dual *dual) {
  return dual->kind == NTK_DUAL_TABLE ? dual->table.norms : dual->series.terms;
}

size_t ntk_dual_terms_most(const ntk_activation *phi) {
  ntk_dual dual = {.phi = *phi};
  choose(&dual);
  return dual.kind == NTK_DUAL_TABLE ? NTK_DUAL_TERMS : 0;
}

size_t ntk_dual_column_size(const ntk_dual *dual) {
  return dual->kind == NTK_DUAL_TABLE ? 2 * dual->table.angles * dual->table.norms
                                      : dual->series.terms;
}

void ntk_dual_basis(const ntk_dual *dual, const ntk_dual_one *u, size_t apart, double *basis) {
  if (dual->kind == NTK_DUAL_TABLE)
    ntk_table_basis(dual, u->root, apart, basis);
  else if (dual->kind == NTK_DUAL_SERIES)
    ntk_series_basis(dual, u, apart, basis);
}

void ntk_dual_column(const ntk_dual *dual, const double *basis, double *column) {
  if (dual->kind == NTK_DUAL_TABLE)
    ntk_table_column(dual, basis, column);
  else if (dual->kind == NTK_DUAL_SERIES)
    memcpy(column, basis, dual->series.terms * sizeof *column);
}
