/* A panel's rows with one sample, layer by layer. */
#include "kernel/limit/limit.h"

#include <math.h>

enum { ROWS = NTK_LIMIT_ROWS };

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
static double near_pair(const ntk_limit *limit, size_t i, size_t j, double rho) {
  const double *x = limit->X + i * limit->d, *y = limit->X + j * limit->d;
  const double sign = rho < 0.0 ? -1.0 : 1.0;
  double sum = 0.0;
  for (size_t a = 0; a < limit->d; a++) {
    const double part = x[a] / limit->norm[i] - sign * (y[a] / limit->norm[j]);
    sum += part * part;
  }
  return sign * (sum / 2.0);
}

/* z of the inputs from their products. */
static void first_angles(const ntk_limit *limit, size_t first, size_t j, const double *products,
                         double *z) {
  static const double NEAR = 1e-3, NEARLY_ONE = 1e-14;
  for (size_t r = 0; r < ROWS; r++) {
    const size_t i = first + r;
    const double norms = limit->norm[i] * limit->norm[j];
    const double rho = norms > 0.0 ? products[r] / norms : 0.0;
    z[r] = copysign(fmax(0.0, 1.0 - fabs(rho)), rho);
    if (i == j)
      z[r] = 0.0;
    else if (fabs(z[r]) < (limit->jumps ? NEAR : NEARLY_ONE) && i < limit->N)
      z[r] = near_pair(limit, i, j, rho);
  }
}

/* As ntk_dual_evaluate; where u is v, exactly what it has alone. */
static void evaluate(const ntk_dual_pairs *pairs, double *z, double *same, double *slopes) {
  bool equal[ROWS];
  for (size_t r = 0; r < ROWS; r++)
    equal[r] = z[r] == 0.0 && !signbit(z[r]) && pairs->variance[r] == pairs->v.variance;
  ntk_dual_evaluate(pairs, z, same, slopes);
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
  first_angles(limit, first, j, entries, z);
  for (size_t r = 0; r < ROWS; r++)
    entries[r] = limit->weight * entries[r] + limit->bias;
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
    evaluate(&pairs, z, same, slopes);
    for (size_t r = 0; r < ROWS; r++)
      entries[r] = entries[r] * (layer->back * slopes[r]) + (layer->weight * same[r] + layer->bias);
    size = layer->size;
  }
}
