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
 * A node x with weight w and residual e = ||A y - x y||: the part of y that belongs to eigenvalues
 * farther than d from x is at most e / d, so that F rises by w - 2 (e / d) sqrt(w F(inf)) at least
 * within d of x. What is known below such an atom is known above it with that added, and the other
 * way round. Of an exact rule all nodes are atoms without width.
 *
 * The i-th largest node of Gauss' rule is at most the i-th largest eigenvalue, and the i-th
 * smallest at least the i-th smallest (Cauchy): that gives numbers of eigenvalues for sure. With
 * nodes theta_1 ... theta_k above x and c >= k eigenvalues there, sum theta_i + (c - k) x <= tr A.
 */
#include "spectrum/density/envelope.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RULES = 8, WIDE = 16, ENDS = 2 };
static const double BLUR = 1e-9;   /* of the largest node: smaller ones have few digits */
static const double SLACK = 1e-12; /* of r^T r and of the largest node: rounding of the rules */
static const double WIDTH = 1e-4;  /* of an atom, to each side */
static const double LOSS = 1e-6;   /* of an atom's weight */

/* Points, and atoms with two each. */
static size_t atoms_for(size_t steps) {
  return 2 * steps;
}

static size_t capacity_for(size_t steps) {
  return 2 * (RULES + WIDE) * (steps + 1) + 2 * atoms_for(steps) + ENDS;
}

double ntk_envelope_bytes(size_t steps) {
  return (double)capacity_for(steps) * sizeof(ntk_envelope_point) +
         (double)(2 * steps + atoms_for(steps)) * sizeof(double) + 256.0;
}

ntk_status ntk_envelope_create(ntk_context *context, size_t steps, ntk_envelope *e) {
  void *pointer = NULL;
  const size_t capacity = capacity_for(steps);
  NTK_TRY(
      ntk_alloc(context, capacity, sizeof(ntk_envelope_point), "the spectral measure", &pointer));
  *e = (ntk_envelope){.context = context, .capacity = capacity, .point = pointer};
  NTK_TRY(ntk_alloc_doubles(context, 2 * steps + atoms_for(steps), "the spectral measure",
                            &e->node[0]));
  e->node[1] = e->node[0] + steps;
  e->level = e->node[1] + steps;
  return NTK_OK;
}

void ntk_envelope_destroy(ntk_envelope *e) {
  if (e->context != NULL) {
    ntk_free(e->context, e->point);
    ntk_free(e->context, e->node[0]);
  }
  *e = (ntk_envelope){0};
}

static void add(ntk_envelope *e, ntk_envelope_point point) {
  if (e->size < e->capacity)
    e->point[e->size++] = point;
}

/* Of y = 1 / x with inverse: F(x) = total - (its own below y). */
static void add_node(ntk_envelope *e, bool inverse, double y, double low, double high) {
  if (inverse)
    add(e, (ntk_envelope_point){.x = 1.0 / y, .low = e->total - high, .high = e->total - low});
  else
    add(e, (ntk_envelope_point){.x = y, .low = low, .high = high});
}

static double place_of(bool inverse, double y) {
  return !inverse ? y : y > 0.0 ? fmin(1.0 / y, DBL_MAX) : DBL_MAX;
}

/* Within how much to each side of a node of Gauss' rule F rises by its weight but for LOSS of it;
 * NaN: not as near as an axis shows. */
static double width_of(const ntk_envelope *e, double node, double weight, double residual,
                       double largest) {
  const double enough = 2.0 * residual * sqrt(e->total / weight) / LOSS; /* or NaN */
  const double width = fmax(enough, SLACK * largest);
  return enough >= 0.0 && width <= fmax(WIDTH * node, BLUR * largest) ? width : NAN;
}

static void add_atom(ntk_envelope *e, bool inverse, double from, double to, double mass) {
  const size_t atom = e->atoms++;
  const double ends[2] = {place_of(inverse, from), place_of(inverse, to)};
  add(e, (ntk_envelope_point){ends[inverse], 0.0, e->total, mass, atom});
  add(e, (ntk_envelope_point){ends[!inverse], 0.0, e->total, -mass, atom});
}

/* Those that overlap are one. */
static void add_atoms(ntk_envelope *e, const ntk_quadrature *q, bool inverse, const double *node,
                      const double *weight, const double *residual) {
  double from = 0.0, to = 0.0, mass = 0.0;
  for (size_t i = 0; i < q->size; i++) {
    const double width = width_of(e, node[i], weight[i], residual[i], node[q->size - 1]);
    if (isnan(width))
      continue;
    if (mass > 0.0 && node[i] - width > to) {
      add_atom(e, inverse, from, to, mass);
      mass = 0.0;
    }
    from = mass > 0.0 ? fmin(from, node[i] - width) : node[i] - width;
    to = mass > 0.0 ? fmax(to, node[i] + width) : node[i] + width;
    mass += q->whole ? weight[i] : (1.0 - LOSS) * weight[i];
  }
  if (mass > 0.0)
    add_atom(e, inverse, from, to, mass);
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

/* What Gauss' rule itself says. */
static void add_gauss(ntk_envelope *e, const ntk_quadrature *q, bool inverse, const double *node,
                      const double *weight, const double *residual) {
  const double largest = node[q->size - 1];
  for (size_t i = 0; i < q->size; i++) {
    if (node[i] > BLUR * largest)
      e->node[inverse][e->found[inverse]++] = place_of(inverse, node[i]);
  }
  add_atoms(e, q, inverse, node, weight, residual);
  if (!q->whole)
    add_rule(e, inverse, q->size, node, weight);
}

bool ntk_envelope_add(ntk_envelope *e, const ntk_quadrature *q, bool inverse, double *scratch) {
  double *node = scratch, *weight = node + q->capacity + 1, *more = weight + q->capacity + 1,
         *residual = more + q->capacity + 1;
  double gap[2] = {0.0, 0.0}, before = INFINITY, wide[WIDE];
  e->total = q->total;
  if (!ntk_quadrature_gauss(q, node, weight, residual, more))
    return false;
  add_gauss(e, q, inverse, node, weight, residual);
  if (q->whole)
    return true;
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
  add(e, (ntk_envelope_point){.x = x});
}

void ntk_envelope_end_at(ntk_envelope *e, double x) {
  add(e, (ntk_envelope_point){.x = x, .low = e->total, .high = e->total});
}

/* What begins at a place comes before what ends there, which adds no atom to another. */
static int by_place(const void *a, const void *b) {
  const ntk_envelope_point *p = a, *q = b;
  const int order = (p->x > q->x) - (p->x < q->x);
  return order != 0 ? order : (p->mass < q->mass) - (p->mass > q->mass);
}

void ntk_envelope_close(ntk_envelope *e) {
  double low = 0.0, high = e->total;
  qsort(e->point, e->size, sizeof *e->point, by_place);
  for (size_t i = 0; i < e->size; i++) {
    ntk_envelope_point *p = &e->point[i];
    if (p->mass > 0.0)
      e->level[p->atom] = low;
    low = fmax(low, p->mass < 0.0 ? e->level[p->atom] - p->mass : p->low);
    p->low = low;
  }
  for (size_t i = e->size; i-- > 0;) {
    ntk_envelope_point *p = &e->point[i];
    if (p->mass < 0.0)
      e->level[p->atom] = high;
    high = fmin(high, p->mass > 0.0 ? e->level[p->atom] - p->mass : p->high);
    p->high = high;
  }
}

void ntk_envelope_at(const ntk_envelope *e, double x, double *low, double *high) {
  const double slack = SLACK * e->total;
  size_t below = 0, above = e->size; /* points before `below` are < x, from `above` on >= x */
  while (below < above) {
    const size_t middle = below + (above - below) / 2;
    if (e->point[middle].x < x)
      below = middle + 1;
    else
      above = middle;
  }
  *high = above < e->size ? e->point[above].high : e->total;
  *high = *high < e->total - slack ? fmax(*high, 0.0) + slack : e->total;
  while (above < e->size && e->point[above].x == x)
    above++;
  *low = above > 0 ? fmax(fmin(e->point[above - 1].low, *high) - slack, 0.0) : 0.0;
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
