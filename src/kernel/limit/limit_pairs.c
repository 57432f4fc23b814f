/* A panel's rows with one sample, layer by layer. */
#include "kernel/limit/limit.h"

#include "base/simd.h"

#include <math.h>

enum { ROWS = NTK_LIMIT_ROWS };

extern NTK_LANES_DECLARE(ntk_limit_starter, ntk_limit_start_in);
extern NTK_LANES_DECLARE(ntk_limit_looker, ntk_limit_near_in);
extern NTK_LANES_DECLARE(ntk_limit_adder, ntk_limit_add_in);

void ntk_limit_column(const ntk_limit *limit, size_t j, double *column) {
  for (size_t l = 0; l < limit->hidden; l++) {
    const ntk_limit_layer *layer = &limit->layer[l];
    const double *panel = layer->basis + j / ROWS * ROWS * layer->terms + j % ROWS;
    double basis[NTK_DUAL_TERMS];
    for (size_t k = 0; k < layer->terms; k++)
      basis[k] = panel[k * ROWS];
    ntk_dual_column(&layer->dual, basis, column + layer->at);
  }
}

/* z of two samples at a small angle, or a small one from opposite, of which x_i . x_j has lost the
 * digits: half of |x_i/|x_i| -+ x_j/|x_j||^2. */
static double near_pair(const ntk_limit *limit, size_t i, size_t j, double sign) {
  const double *x = ntk_limit_sample(limit, i), *y = ntk_limit_sample(limit, j);
  double sum = 0.0;
  for (size_t a = 0; a < limit->d; a++) {
    const double part = x[a] / limit->norm[i] - sign * (y[a] / limit->norm[j]);
    sum += part * part;
  }
  return sign * (sum / 2.0);
}

/* z of the inputs and entries of block 0, from their products. */
static void start(const ntk_limit *limit, size_t first, size_t j, double *z, double *entries) {
  static const double NEARLY_ONE = 1e-14;
  NTK_LANES_BEST(ntk_limit_start_in)(limit, first, limit->norm[j], z, entries);
  if (j - first >= ROWS && !NTK_LANES_BEST(ntk_limit_near_in)(z))
    return;
  for (size_t r = 0; r < ROWS; r++) {
    const size_t i = first + r;
    if (i == j)
      z[r] = 0.0;
    else if (fabs(z[r]) < (limit->jumps ? NTK_LIMIT_NEAR : NEARLY_ONE) && i < limit->N)
      z[r] = near_pair(limit, i, j, signbit(z[r]) ? -1.0 : 1.0);
  }
}

/* 1 - rho' of the pair in that row, whose 1 - rho is small, by Price's theorem: what it is at rho =
 * 1, and sqrt(ab) / (size size') times the integral of slopes over rho, which is one of slopes(s)
 * sin s over the angle s from 0 to t: four nodes of Gauss and Legendre for what is analytic in s.
 */
static double near_one(const ntk_dual_pairs *pairs, size_t row, double q) {
  static const double node[4] = {0.06943184420297371, 0.33000947820757187, 0.66999052179242813,
                                 0.93056815579702629};
  static const double weight[4] = {0.17392742256872693, 0.32607257743127307, 0.32607257743127307,
                                   0.17392742256872693};
  const size_t terms = ntk_dual_terms(pairs->dual);
  const ntk_dual_one u = {pairs->variance[row], pairs->root[row], pairs->size[row],
                          pairs->slope[row]};
  const double t = 2.0 * asin(sqrt(q / 2.0));
  double numbers[4][ROWS], z[ROWS], same[ROWS], slopes[ROWS], basis[NTK_DUAL_TERMS * ROWS];
  for (size_t r = 0; r < ROWS; r++) {
    const double half = sin(node[r % 4] * t / 2.0);
    numbers[0][r] = u.variance;
    numbers[1][r] = u.root;
    numbers[2][r] = u.size;
    numbers[3][r] = u.slope;
    z[r] = 2.0 * half * half;
    for (size_t k = 0; k < terms; k++)
      basis[k * ROWS + r] = pairs->basis[k * ROWS + row];
  }
  ntk_dual_pairs at = *pairs;
  at.variance = numbers[0];
  at.root = numbers[1];
  at.size = numbers[2];
  at.slope = numbers[3];
  at.basis = basis;
  ntk_dual_evaluate(&at, z, same, slopes);
  double integral = 0.0;
  for (size_t k = 0; k < 4; k++)
    integral += t * weight[k] * slopes[k] * sin(node[k] * t);
  const double scale = u.root / u.size * (pairs->v.root / pairs->v.size);
  return ntk_dual_apart(pairs->dual, &u, &pairs->v) + scale * integral;
}

/* z of phi(u) and phi(v) to its last digits where phi is told: of u and v nearly equal, and of an
 * odd or even phi nearly opposite. */
static double narrow_z(const ntk_dual_pairs *pairs, size_t row, double before, double after) {
  const int sign = signbit(before) ? pairs->dual->phi.symmetry.sign : 1;
  return sign == 0 ? after : sign * near_one(pairs, row, fabs(before));
}

/* As ntk_dual_evaluate; where u is v, exactly what it has alone. */
static void evaluate(const ntk_dual_pairs *pairs, bool narrow, double *z, double *same,
                     double *slopes) {
  bool equal[ROWS];
  double before[ROWS];
  if (!NTK_LANES_BEST(ntk_limit_near_in)(z)) {
    ntk_dual_evaluate(pairs, z, same, slopes);
    return;
  }
  for (size_t r = 0; r < ROWS; r++) {
    equal[r] = z[r] == 0.0 && !signbit(z[r]) && pairs->variance[r] == pairs->v.variance;
    before[r] = z[r];
  }
  ntk_dual_evaluate(pairs, z, same, slopes);
  for (size_t r = 0; r < ROWS && narrow; r++)
    if (fabs(before[r]) < NTK_LIMIT_NEAR && !equal[r])
      z[r] = narrow_z(pairs, r, before[r], z[r]);
  for (size_t r = 0; r < ROWS; r++)
    if (equal[r]) {
      same[r] = pairs->v.size * pairs->v.size;
      slopes[r] = pairs->v.slope * pairs->v.slope;
      z[r] = 0.0;
    }
}

void ntk_limit_pairs(const ntk_limit *limit, size_t first, size_t j, const double *column,
                     double *entries) {
  double z[ROWS], same[ROWS], slopes[ROWS];
  start(limit, first, j, z, entries);
  const double *size = limit->norm;
  for (size_t l = 0; l < limit->hidden; l++) {
    const ntk_limit_layer *layer = &limit->layer[l];
    const ntk_dual_pairs pairs = {
        .dual = &layer->dual,
        .n = ROWS,
        .variance = layer->variance + first,
        .root = layer->root + first,
        .size = layer->size + first,
        .slope = layer->slope + first,
        .basis = layer->basis + first * layer->terms,
        .v = {layer->variance[j], layer->root[j], layer->size[j], layer->slope[j]},
        .column = column + layer->at};
    const ntk_dual_one before = {.size = size[j], .root = layer->root[j]};
    ntk_dual_shift(ROWS, layer->gain, layer->shift, size + first, pairs.root, &before, z);
    evaluate(&pairs, layer->narrow, z, same, slopes);
    NTK_LANES_BEST(ntk_limit_add_in)(layer, same, slopes, entries);
    size = layer->size;
  }
}
