/* A panel's rows with one sample, layer by layer. */
#include "kernel/limit/limit.h"

#include "base/simd.h"

#include <math.h>
#include <string.h>

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

/* The angle whose cosine is rho, of z. */
static double angle_of(double z) {
  const double near = 2.0 * asin(sqrt(fabs(z) / 2.0));
  return signbit(z) ? acos(-1.0) - near : near;
}

/* Gauss and Legendre's rule over [0, 1] with as many nodes as there are rows. */
static void gauss(double *node, double *weight) {
  static const double lower[ROWS / 2] = {
      0.00240639000148932, 0.012635722014345251, 0.030862723998633622, 0.056792236497799485,
      0.08999900701304854, 0.12993790421072282,  0.17595317403151223,  0.22728926430558022,
      0.2831032461869774,  0.3424786601519183,   0.40444056626319186,  0.4679715535686972};
  static const double share[ROWS / 2] = {
      0.0061706148999936,  0.014265694314466832, 0.022138719408709904, 0.02964929245771839,
      0.03667324070554015, 0.04309508076597664,  0.04880932605205694,  0.05372213505798282,
      0.0577528340268628,  0.060835236463901696, 0.06291872817341415,  0.06396909767337608};
  for (size_t k = 0; k < ROWS / 2; k++) {
    node[k] = lower[k];
    node[ROWS - 1 - k] = 1.0 - lower[k];
    weight[k] = weight[ROWS - 1 - k] = share[k];
  }
}

/* 1 - rho' of the pair in that row, at the angle t, where that is small: by Price's theorem what it
 * is at rho = 1, and sqrt(ab) / (size size') times the integral of slopes over rho, which is one of
 * slopes(s) sin s over the angle s from 0 to t. Neither cancels, and where rho' is near 1 slopes
 * are analytic in s, with no singularity near. */
static double near_one(const ntk_dual_pairs *pairs, size_t row, double t) {
  const size_t terms = ntk_dual_terms(pairs->dual);
  const ntk_dual_one u = {pairs->variance[row], pairs->root[row], pairs->size[row],
                          pairs->slope[row]};
  double node[ROWS], weight[ROWS], numbers[4][ROWS], z[ROWS], same[ROWS], slopes[ROWS];
  double basis[NTK_DUAL_TERMS * ROWS];
  gauss(node, weight);
  for (size_t r = 0; r < ROWS; r++) {
    const double s = node[r] * t, sine = sin(s / 2.0), cosine = cos(s / 2.0);
    numbers[0][r] = u.variance;
    numbers[1][r] = u.root;
    numbers[2][r] = u.size;
    numbers[3][r] = u.slope;
    z[r] = sine <= cosine ? 2.0 * sine * sine : -2.0 * cosine * cosine;
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
  for (size_t r = 0; r < ROWS; r++)
    integral += t * weight[r] * slopes[r] * sin(node[r] * t);
  const double scale = u.root / u.size * (pairs->v.root / pairs->v.size);
  return ntk_dual_apart(pairs->dual, &u, &pairs->v) + scale * integral;
}

/* z of phi(u) and phi(v) to its last digits: where they are nearly equal though u and v may be far
 * apart, and of an odd or even phi nearly opposite, or for u and v that are. What the difference
 * from 1 says is kept where the rule says something else, which a steep phi may do to it. */
static double narrow_z(const ntk_dual_pairs *pairs, size_t row, double before, double after) {
  const int sign = signbit(before) ? pairs->dual->phi.symmetry.sign : 1;
  if (sign == 0 && signbit(after))
    return after;
  const double t = angle_of(sign == 0 ? before : fabs(before));
  const double z = (sign < 0 ? -1.0 : 1.0) * near_one(pairs, row, t);
  const double error = pairs->dual->kind == NTK_DUAL_TABLE ? 2e-13 : 2e-14;
  return fabs(z - after) <= error ? z : after;
}

/* Whether u is v, by z of both. */
static bool is_one(const ntk_dual_pairs *pairs, size_t row, double z) {
  return z == 0.0 && !signbit(z) && pairs->variance[row] == pairs->v.variance;
}

/* Of the rows whose phi(u) and phi(v) are nearly equal or opposite. */
static void narrow_rows(const ntk_dual_pairs *pairs, const double *before, double *z) {
  if (!NTK_LANES_BEST(ntk_limit_near_in)(z))
    return;
  for (size_t r = 0; r < ROWS; r++)
    if (fabs(z[r]) < NTK_LIMIT_NEAR && !is_one(pairs, r, before[r]))
      z[r] = narrow_z(pairs, r, before[r], z[r]);
}

/* As ntk_dual_evaluate; where u is v, exactly what it has alone. */
static void evaluate(const ntk_dual_pairs *pairs, bool narrow, double *z, double *same,
                     double *slopes) {
  double before[ROWS];
  const bool near = NTK_LANES_BEST(ntk_limit_near_in)(z);
  memcpy(before, z, sizeof before);
  ntk_dual_evaluate(pairs, z, same, slopes);
  if (narrow)
    narrow_rows(pairs, before, z);
  for (size_t r = 0; r < ROWS && near; r++)
    if (is_one(pairs, r, before[r])) {
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
