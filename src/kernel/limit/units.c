/* Limits that double precision does not hold: variances of a layer, and entries behind it, are over
 * a power of two of the layer's own where they are beyond 1e-150 to 1e150. Of lines (relu and its
 * kin) this changes nothing but constants, for phi(c g) = c phi(g); any other phi with phi(0) = 0
 * is a line on each side of 0 at variances so small. Powers of two are exact. Cost: some operations
 * for each sample and layer. */
#include "kernel/limit/limit.h"

#include "base/memory.h"

#include <math.h>

static const double RANGE = 498.0;  /* 1e150 = 2^498.3 */
static const double ENTRY = 800.0;  /* as of entries, whose squares nobody takes */
static const double LEAST = -960.0; /* of what has no more than rounding of its own to lose */

/* Sample i as a message names it: of the data, or of those that are tested. */
static const char *name_of(const ntk_limit *limit, size_t i, size_t *number) {
  *number = (i < limit->first ? i : i - limit->first) + 1;
  return i < limit->first ? "sample" : "test sample";
}

/* x 2^power; 0 where that is below all numbers. */
static double times_power(double x, double power) {
  return ldexp(x, (int)fmax(-5000.0, fmin(5000.0, power)));
}

/* log2 of the least and the largest variance of g_l, in no unit; where one is 0, -infinity. */
static void find_range(const ntk_limit *limit, size_t l, const double *before, double gain,
                       double range[2], size_t *least) {
  const ntk_limit_layer *layer = &limit->layer[l - 1];
  const double unit = l > 1 ? layer[-1].unit : limit->unit;
  range[0] = INFINITY;
  range[1] = -INFINITY;
  for (size_t i = 0; i < limit->N; i++) {
    const double part = isinf(gain) ? gain : log2(gain) + 2.0 * log2(before[i]) + unit;
    const double both = part > -1000.0 && part < 1000.0 ? log2(exp2(part) + layer->shift)
                                                        : fmax(part, log2(layer->shift));
    if (both < range[0]) {
      range[0] = both;
      *least = i;
    }
    range[1] = fmax(range[1], both);
  }
}

static ntk_status refuse(const ntk_limit *limit, size_t l, const double range[2], size_t least,
                         const ntk_activation *phi) {
  size_t number = 0;
  const char *name = name_of(limit, least, &number);
  const size_t before = l > 1 ? l - 1 : 0;
  if (range[0] == -INFINITY && limit->layer[l - 1].gain == 0.0)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "layer %zu gets nothing but 0: the square of its beta is below all numbers; "
                    "accepted: larger beta, or biases with a deviation",
                    l);
  if (isinf(limit->layer[l - 1].gain))
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "the square of beta_%zu is above all numbers; accepted: beta below 1e150", l);
  if (range[0] == -INFINITY)
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "%s %zu (from 1) gives layer %zu nothing but 0; accepted: data without "
                    "rows of 0, or biases with a deviation",
                    name, number, l);
  if (range[1] - range[0] > RANGE)
    return ntk_fail(NTK_ERR_NOT_FINITE,
                    "%s %zu (from 1) gives layer %zu a variance of 2^%.0f, another one 2^%.0f: too "
                    "far apart for double precision; accepted: rows of more equal norms (--scale "
                    "sphere), or biases with a deviation",
                    name, number, l, range[0], range[1]);
  return ntk_fail(NTK_ERR_NOT_FINITE,
                  "the limit %s behind layer %zu: the inputs of layer %zu have variances from "
                  "2^%.0f to 2^%.0f, where %s is no line; accepted: other beta or scales of data, "
                  "or fewer layers",
                  range[1] > RANGE ? "overflows" : "underflows", before, l, range[0], range[1],
                  phi->text);
}

/* The unit, and the dual where it is not 0. */
static ntk_status choose_unit(ntk_limit *limit, size_t l, const ntk_activation *phi,
                              const double range[2], size_t least) {
  ntk_limit_layer *layer = &limit->layer[l - 1];
  bool everywhere = false;
  if (range[0] >= -RANGE && range[1] <= RANGE)
    return NTK_OK;
  const double unit = 2.0 * floor(range[1] / 2.0);
  if (!ntk_dual_at_zero(limit->context, phi, &layer->dual, &layer->factor, &everywhere) ||
      !(everywhere || range[1] < log2(NTK_DUAL_STRAIGHT)) || !(range[0] - unit >= LEAST))
    return refuse(limit, l, range, least, phi);
  layer->unit = unit;
  return NTK_OK;
}

ntk_status ntk_limit_variances(ntk_limit *limit, size_t l, const ntk_activation *phi,
                               double *range) {
  ntk_limit_layer *layer = &limit->layer[l - 1];
  const double *before = l > 1 ? layer[-1].size : limit->norm;
  double powers[2];
  size_t least = 0;
  layer->gain *= l > 1 ? layer[-1].factor : 1.0;
  find_range(limit, l, before, layer->gain, powers, &least);
  NTK_TRY(choose_unit(limit, l, phi, powers, least));
  layer->gain = times_power(layer->gain, (l > 1 ? layer[-1].unit : limit->unit) - layer->unit);
  layer->shift = times_power(layer->shift, -layer->unit);
  range[0] = INFINITY;
  range[1] = 0.0;
  for (size_t i = 0; i < limit->padded; i++) {
    layer->variance[i] = i < limit->N ? layer->gain * before[i] * before[i] + layer->shift : 1.0;
    if (i < limit->N) {
      range[0] = fmin(range[0], layer->variance[i]);
      range[1] = fmax(range[1], layer->variance[i]);
    }
  }
  return NTK_OK;
}

/* Of the entries behind a layer on the diagonal, whose largest is near 2^top in no unit, the least
 * 2^-spread of that. */
static double unit_of(double top, double spread) {
  const bool fits = fabs(top) <= ENTRY && top - spread >= -ENTRY;
  return fits || !isfinite(top) ? 0.0 : floor(top);
}

static double largest(size_t n, const double *x) {
  double most = 0.0;
  for (size_t i = 0; i < n; i++)
    most = fmax(most, x[i]);
  return most;
}

/* log2 of the largest over the least; 0 where that is 0. */
static double spread_of(size_t n, const double *x) {
  double least = INFINITY;
  for (size_t i = 0; i < n; i++)
    least = fmin(least, x[i]);
  return least > 0.0 ? log2(largest(n, x)) - log2(least) : 0.0;
}

/* A layer's constants in the unit of the entries behind it, which become `entry` (N) from those
 * before it; *unit too. */
static void set_layer(const ntk_limit *limit, ntk_limit_layer *layer, double *entry, double *unit) {
  const size_t N = limit->N;
  for (size_t i = 0; i < N; i++)
    entry[i] *= layer->slope[i] * layer->slope[i];
  const double through = log2(largest(N, entry)) + log2(layer->back * layer->factor) + *unit;
  const double own =
      log2(layer->of_block[0] * layer->factor) + 2.0 * log2(largest(N, layer->size)) + layer->unit;
  const double spread = fmax(spread_of(N, entry), 2.0 * spread_of(N, layer->size));
  const double next = unit_of(fmax(fmax(through, own), log2(layer->of_block[1])), spread);
  layer->back = times_power(layer->back * layer->factor, *unit - next);
  layer->of_block[0] = times_power(layer->of_block[0] * layer->factor, layer->unit - next);
  layer->of_block[1] = times_power(layer->of_block[1], -next);
  for (size_t i = 0; i < N; i++)
    entry[i] = (entry[i] > 0.0 ? entry[i] * layer->back : 0.0) +
               (layer->of_block[0] * layer->size[i] * layer->size[i] + layer->of_block[1]);
  *unit = next;
}

ntk_status ntk_limit_units(ntk_limit *limit) {
  const size_t N = limit->N;
  double *entry = NULL;
  NTK_TRY(ntk_alloc_doubles(limit->context, N, "the limit's diagonal", &entry));
  const double own = log2(limit->of_block[0]) + 2.0 * log2(largest(N, limit->norm)) + limit->unit;
  double unit = unit_of(fmax(own, log2(limit->of_block[1])), 2.0 * spread_of(N, limit->norm));
  limit->of_block[0] = times_power(limit->of_block[0], limit->unit - unit);
  limit->of_block[1] = times_power(limit->of_block[1], -unit);
  for (size_t i = 0; i < N; i++)
    entry[i] = limit->of_block[0] * limit->norm[i] * limit->norm[i] + limit->of_block[1];
  for (size_t l = 0; l < limit->hidden; l++)
    set_layer(limit, &limit->layer[l], entry, &unit);
  ntk_free(limit->context, entry);
  limit->exponent = unit;
  return NTK_OK;
}

ntk_status ntk_limit_plain(const ntk_limit *limit) {
  return limit->exponent == 0.0
             ? NTK_OK
             : ntk_fail(
                   NTK_ERR_NOT_FINITE,
                   "the limit is near 2^%.0f, beyond the range of double precision; accepted: "
                   "other beta or scales of data, or 'limit' (ntk_limit_spectrum), which has it "
                   "over a power of two",
                   limit->exponent);
}
