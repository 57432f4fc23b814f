/* Double exponential rules (Takahasi and Mori, 1974): the trapezoidal rule after a change of
 * variable by which nodes crowd at the ends, where phi may jump or be steep. Errors fall like
 * exp(-c n / log n) for what is analytic between the ends. */
#include "net/dual/dual.h"

#include "base/memory.h"

#include <math.h>

static ntk_status allocate(ntk_context *context, size_t n, ntk_dual_rule *rule) {
  double *storage = NULL;
  NTK_TRY(ntk_alloc_doubles(context, 3 * n, "nodes of a quadrature", &storage));
  *rule = (ntk_dual_rule){n, storage, storage + n, storage + 2 * n};
  return NTK_OK;
}

/* Of f(r) dr over r > 0 where f falls like exp(-r^2 / 2): r = exp(x - exp(-x)), from 1e-18 to 12.
 */
ntk_status ntk_rule_line(ntk_context *context, size_t n, ntk_dual_rule *rule) {
  const double first = -3.7, last = 2.56, h = (last - first) / (double)(n - 1);
  NTK_TRY(allocate(context, n, rule));
  for (size_t i = 0; i < n; i++) {
    const double x = first + h * (double)i, r = exp(x - exp(-x));
    rule->node[i] = r;
    rule->complement[i] = 0.0;
    rule->weight[i] = h * r * (1.0 + exp(-x));
  }
  return NTK_OK;
}

/* Of f(p) dp over 0 < p < 1: p = 1 / (1 + exp(pi sinh x)), to 1e-18 of both ends. */
ntk_status ntk_rule_interval(ntk_context *context, size_t n, ntk_dual_rule *rule) {
  const double pi = 3.14159265358979323846, last = 3.27, h = 2.0 * last / (double)(n - 1);
  NTK_TRY(allocate(context, n, rule));
  for (size_t i = 0; i < n; i++) {
    const double x = -last + h * (double)i, power = exp(pi * sinh(x));
    rule->node[i] = 1.0 / (1.0 + power);
    rule->complement[i] = 1.0 / (1.0 + 1.0 / power);
    rule->weight[i] = h * pi * cosh(x) * rule->node[i] * rule->complement[i];
  }
  return NTK_OK;
}

size_t ntk_rule_sides(const ntk_activation *phi) {
  return phi->symmetry.sign == 0 ? NTK_RULE_SIDES : NTK_RULE_SIDES / 2;
}

void ntk_rule_directions(const ntk_dual_rule *sector, size_t sides, double t, double rest,
                         double *u, double *v, double *weight) {
  const size_t n = sector->count;
  const double times = (double)(NTK_RULE_SIDES / sides);
  for (size_t side = 0; side < sides; side++) {
    const double sign = side / 2 == 0 ? 1.0 : -1.0, same = side % 2 == 0 ? 1.0 : -1.0;
    const double length = side % 2 == 0 ? rest : t;
    for (size_t j = 0; j < n; j++) {
      u[side * n + j] = sign * sin(length * sector->node[j]);
      v[side * n + j] = sign * same * sin(length * sector->complement[j]);
      weight[side * n + j] = times * length * sector->weight[j];
    }
  }
}

void ntk_rule_destroy(ntk_context *context, ntk_dual_rule *rule) {
  ntk_free(context, rule->node);
  *rule = (ntk_dual_rule){0};
}
