/* The inequalities of Chebyshev, Markov and Stieltjes: of every rule with m + 1 nodes that is exact
 * to degree 2 m - 1 at least, with weights w_i at x_i,
 *
 *     sum_{i < k} w_i <= F(x_k - 0) <= F(x_k) <= sum_{i <= k} w_i
 *
 * (Golub and Meurant, 2010, chapter 2; Krein and Nudelman, 1977, chapter 3). T_m with one row more
 * is such a rule for any last entry of it, with its nodes between those of Gauss': a few of them
 * sweep the gaps, and where these are wide and their ends have converged, so that nodes stick to
 * them, there is a rule through the middle of each. K and K^{-1} say of the same vector what each
 * sees best, the large eigenvalues and the small ones, and both at once are true.
 *
 * The i-th largest node of Gauss' rule is at most the i-th largest eigenvalue, and the i-th
 * smallest at least the i-th smallest (Cauchy): that gives numbers of eigenvalues for sure. With
 * nodes theta_1 ... theta_k above x and c >= k eigenvalues there, sum theta_i + (c - k) x <= tr A.
 */
#include "spectrum/density/envelope.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RULES = 8, WIDE = 16, ENDS = 2 };
static const double BLUR = 1e-9;   /* of the largest node: smaller ones have few digits */
static const double SLACK = 1e-12; /* of r^T r and of the largest node: rounding of the rules */

static size_t capacity_for(size_t steps) {
  return 2 * (RULES + WIDE) * (steps + 1) + ENDS;
}

double ntk_envelope_bytes(size_t steps) {
  return (double)capacity_for(steps) * sizeof(ntk_envelope_point) +
         2.0 * (double)steps * sizeof(double) + 256.0;
}

ntk_status ntk_envelope_create(ntk_context *context, size_t steps, ntk_envelope *e) {
  void *pointer = NULL;
  const size_t capacity = capacity_for(steps);
  NTK_TRY(
      ntk_alloc(context, capacity, sizeof(ntk_envelope_point), "the spectral measure", &pointer));
  *e = (ntk_envelope){.context = context, .capacity = capacity, .point = pointer};
  const ntk_status status =
      ntk_alloc_doubles(context, 2 * steps, "the spectral measure", &e->node[0]);
  e->node[1] = status == NTK_OK ? e->node[0] + steps : NULL;
  return status;
}

void ntk_envelope_destroy(ntk_envelope *e) {
  if (e->context != NULL) {
    ntk_free(e->context, e->point);
    ntk_free(e->context, e->node[0]);
  }
  *e = (ntk_envelope){0};
}

static void add(ntk_envelope *e, double x, double low, double high) {
  const double slack = SLACK * e->total;
  if (e->size < e->capacity && isfinite(x))
    e->point[e->size++] = (ntk_envelope_point){x, fmax(0.0, low - slack),
                                               high >= e->total - slack ? e->total : high + slack};
}

/* The same of y = 1 / x: F(x) = total - (its own below y). */
static void add_node(ntk_envelope *e, bool inverse, double y, double low, double high) {
  if (inverse)
    add(e, 1.0 / y, e->total - high, e->total - low);
  else
    add(e, y, low, high);
}

/* Of an exact rule F is known between the nodes too. */
static void add_exact(ntk_envelope *e, bool inverse, size_t count, const double *node,
                      const double *weight) {
  const double width = SLACK * node[count - 1];
  double below = 0.0;
  for (size_t i = 0; i < count; i++) {
    if (node[i] - width > BLUR * node[count - 1])
      add_node(e, inverse, node[i] - width, below, below);
    below += weight[i];
    if (node[i] + width > BLUR * node[count - 1])
      add_node(e, inverse, node[i] + width, below, below);
  }
}

static void add_rule(ntk_envelope *e, bool inverse, size_t count, const double *node,
                     const double *weight) {
  double below = 0.0;
  for (size_t i = 0; i < count; i++) {
    if (node[i] > BLUR * node[count - 1])
      add_node(e, inverse, node[i], below, below + weight[i]);
    below += weight[i];
  }
}

/* The gap between nodes in which half of the weight is reached; its ends. */
static void middle_gap(size_t count, const double *node, const double *weight, double gap[2]) {
  double below = 0.0, total = 0.0;
  size_t k = 1;
  for (size_t i = 0; i < count; i++)
    total += weight[i];
  for (size_t i = 0; i + 1 < count; i++) {
    below += weight[i];
    k = i + 1;
    if (below >= 0.5 * total)
      break;
  }
  gap[0] = node[k - 1];
  gap[1] = node[k];
}

/* The middle, on a logarithmic axis, of the gap that is the widest but for those of `before` and
 * more, its ratio, which it becomes; 0: there is none. */
static double next_wide_gap(size_t count, const double *node, double *before) {
  const double least = BLUR * node[count - 1];
  double widest = 1.0, place = 0.0;
  for (size_t k = 0; k + 1 < count; k++) {
    const double from = fmax(node[k], least), ratio = node[k + 1] / from;
    if (ratio > widest && ratio < *before) {
      widest = ratio;
      place = from * sqrt(ratio);
    }
  }
  *before = widest;
  return place;
}

bool ntk_envelope_add(ntk_envelope *e, const ntk_quadrature *q, bool inverse, double *scratch) {
  double *node = scratch, *weight = node + q->capacity + 1, *more = weight + q->capacity + 1;
  double gap[2] = {0.0, 0.0}, before = INFINITY, wide[WIDE];
  e->total = q->total;
  if (!ntk_quadrature_gauss(q, node, weight, more))
    return false;
  for (size_t i = 0; i < q->size; i++)
    if (node[i] > BLUR * node[q->size - 1])
      e->node[inverse][e->found[inverse]++] = inverse ? 1.0 / node[i] : node[i];
  if (q->whole) {
    add_exact(e, inverse, q->size, node, weight);
    return true;
  }
  add_rule(e, inverse, q->size, node, weight);
  if (q->size > 1)
    middle_gap(q->size, node, weight, gap);
  for (size_t r = 0; r < WIDE; r++)
    wide[r] = next_wide_gap(q->size, node, &before);
  for (size_t r = 0; r < WIDE; r++)
    if (wide[r] > 0.0 && ntk_quadrature_through(q, wide[r], node, weight, more))
      add_rule(e, inverse, q->size + 1, node, weight);
  for (size_t r = 1; r < RULES && gap[1] > gap[0]; r++) {
    const double place = gap[0] + (gap[1] - gap[0]) * (double)r / RULES;
    if (ntk_quadrature_through(q, place, node, weight, more))
      add_rule(e, inverse, q->size + 1, node, weight);
  }
  return true;
}

void ntk_envelope_begin_at(ntk_envelope *e, double x) {
  add(e, x, 0.0, 0.0);
}

void ntk_envelope_end_at(ntk_envelope *e, double x) {
  add(e, x, e->total, e->total);
}

static int by_place(const void *a, const void *b) {
  const ntk_envelope_point *p = a, *q = b;
  return (p->x > q->x) - (p->x < q->x);
}

void ntk_envelope_close(ntk_envelope *e) {
  qsort(e->point, e->size, sizeof *e->point, by_place);
  for (size_t i = 1; i < e->size; i++)
    e->point[i].low = fmax(e->point[i].low, e->point[i - 1].low);
  for (size_t i = e->size; i-- > 1;)
    e->point[i - 1].high = fmin(e->point[i - 1].high, e->point[i].high);
}

void ntk_envelope_at(const ntk_envelope *e, double x, double *low, double *high) {
  size_t below = 0, above = e->size; /* points before `below` are < x, from `above` on >= x */
  while (below < above) {
    const size_t middle = below + (above - below) / 2;
    if (e->point[middle].x < x)
      below = middle + 1;
    else
      above = middle;
  }
  *high = above < e->size ? e->point[above].high : e->total;
  while (above < e->size && e->point[above].x == x)
    above++;
  *low = above > 0 ? e->point[above - 1].low : 0.0;
}

void ntk_envelope_sure(const ntk_envelope *e, double x, double trace, size_t *below, size_t *above,
                       double *most) {
  const double under = x * (1.0 - BLUR), over = x * (1.0 + BLUR);
  double sum = 0.0;
  *below = *above = 0;
  *most = trace / x;
  for (size_t kind = 0; kind < 2; kind++) {
    size_t smaller = 0, larger = 0;
    for (size_t i = 0; i < e->found[kind]; i++) {
      smaller += e->node[kind][i] < under;
      larger += e->node[kind][i] > over;
      sum += kind == 0 && e->node[kind][i] > over ? e->node[kind][i] : 0.0;
    }
    *below = smaller > *below ? smaller : *below;
    *above = larger > *above ? larger : *above;
    if (kind == 0)
      *most = (double)larger + (trace - sum) / x;
  }
}
