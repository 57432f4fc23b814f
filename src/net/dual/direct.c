/* Pairs of samples one by one, by the rules in the plane of which tables are made (table.c): where
 * they are few, because there are few samples or because few have variances far from the others',
 * this is less than a table over all variances or a series for the steepest. Cost: 8 values of phi
 * and phi', 4 where phi is even or odd, for each radius and node of a sector, some 10^4 to 10^5. */
#include "net/dual/dual.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

typedef struct pair {
  double z, same, slopes;
} pair;

/* *p: z in, all out. */
static void one_pair(const ntk_dual *dual, const ntk_dual_one *u, const ntk_dual_one *v, pair *p) {
  enum { NODES = NTK_RULE_SIDES * NTK_DUAL_SECTOR };
  const size_t sides = ntk_rule_sides(&dual->phi), nodes = sides * dual->sector.count;
  double cosine[2][NODES], weight[NODES], f[2][NODES], df[2][NODES];
  const double near = 2.0 * asin(sqrt(fabs(p->z) / 2.0)); /* t or pi - t: small where z is, exact */
  const double t = signbit(p->z) ? PI - near : near, rest = signbit(p->z) ? near : PI - near;
  ntk_rule_directions(&dual->sector, sides, t, rest, cosine[0], cosine[1], weight);
  p->same = p->slopes = 0.0;
  for (size_t i = 0; i < dual->radius.count; i++) {
    const double r = dual->radius.node[i];
    const double w = dual->radius.weight[i] * r * exp(-r * r / 2.0) / (2.0 * PI);
    for (size_t s = 0; s < 2; s++) {
      const double scale = r * (s == 0 ? u->root : v->root);
      for (size_t k = 0; k < nodes; k++)
        f[s][k] = scale * cosine[s][k];
      ntk_activation_eval(&dual->phi, nodes, f[s], f[s], df[s]);
    }
    double same = 0.0, slopes = 0.0;
    for (size_t k = 0; k < nodes; k++) {
      same += weight[k] * (f[0][k] * f[1][k]);
      slopes += weight[k] * (df[0][k] * df[1][k]);
    }
    p->same += w * same;
    p->slopes += w * slopes;
  }
  const double ratio = fmin(1.0, fabs(p->same) / (u->size * v->size));
  p->z = copysign(1.0 - ratio, p->same);
}

static bool outside(const ntk_dual *dual, double variance) {
  return !(variance >= dual->from && variance <= dual->to);
}

void ntk_direct_evaluate(const ntk_dual_pairs *pairs, ntk_dual_evaluator *others, double *z,
                         double *same, double *slopes) {
  enum { ROWS = 24 };
  const ntk_dual *dual = pairs->dual;
  const bool all = outside(dual, pairs->v.variance);
  size_t count = 0;
  pair found[ROWS];
  bool taken[ROWS];
  for (size_t i = 0; i < ROWS; i++) {
    const ntk_dual_one u = {pairs->variance[i], pairs->root[i], pairs->size[i], pairs->slope[i]};
    found[i] = (pair){.z = z[i]};
    taken[i] = all || outside(dual, u.variance);
    count += taken[i];
    if (taken[i] && u.slope > 0.0) /* 0: there is no such sample */
      one_pair(dual, &u, &pairs->v, &found[i]);
  }
  if (count < ROWS)
    others(pairs, z, same, slopes);
  for (size_t i = 0; i < ROWS; i++)
    if (taken[i]) {
      z[i] = found[i].z;
      same[i] = found[i].same;
      slopes[i] = found[i].slopes;
    }
}
