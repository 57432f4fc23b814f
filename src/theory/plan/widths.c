#include "theory/plan/widths.h"

#include "base/memory.h"
#include "net/network.h"

#include <math.h>

/* What grows with the width n of all hidden layers. */
typedef double reached_fn(const ntk_network_spec *spec, double n);

/* The smallest n that takes it to `wanted`. */
static size_t least_width(const ntk_network_spec *spec, double wanted, reached_fn *reached) {
  size_t below = 0, enough = (size_t)ceil(fmin(wanted, 0x1p62));
  while (enough - below > 1) {
    const size_t middle = below + (enough - below) / 2;
    if (reached(spec, (double)middle) >= wanted)
      enough = middle;
    else
      below = middle;
  }
  return enough;
}

static double parameters_of(const ntk_network_spec *spec, double n) {
  double P = 0.0;
  for (size_t l = 1; l <= spec->depth; l++)
    P += ((l == 1 ? (double)spec->width[0] : n) + (ntk_spec_bias(spec, l) ? 1.0 : 0.0)) *
         (l == spec->depth ? (double)ntk_spec_width(spec, l) : n);
  return P;
}

/* n_{L-2} n_{L-1}: of two layers n_{L-2} is d. */
static double last_of(const ntk_network_spec *spec, double n) {
  return (spec->depth == 2 ? (double)spec->width[0] : n) * n;
}

size_t ntk_plan_memorized(const ntk_network_spec *spec) {
  const size_t last = spec->depth - 1, outputs = ntk_spec_width(spec, spec->depth);
  return (spec->width[last - 1] + (ntk_spec_bias(spec, last) ? 1 : 0)) *
         (spec->width[last] / 2 / outputs);
}

/* Half of the last hidden layer's units, shared out to the outputs, fit N n_L labels. */
static size_t for_memorizing(const ntk_network_spec *spec, size_t N, size_t least) {
  const size_t outputs = ntk_spec_width(spec, spec->depth), step = 2 * outputs;
  const size_t units = least_width(spec, 2.0 * (double)N * (double)outputs, last_of);
  return ((units > least ? units : least) + step - 1) / step * step;
}

ntk_status ntk_plan_widths(ntk_context *context, const ntk_network_spec *spec, bool memorize,
                           ntk_plan *plan, size_t **width) {
  bool given = false;
  void *pointer = NULL;
  *width = NULL;
  plan->least_width = least_width(spec, (double)plan->order, parameters_of);
  plan->least_last = memorize ? for_memorizing(spec, plan->samples, 1)
                              : least_width(spec, (double)plan->samples, last_of);
  for (size_t l = 1; l < spec->depth; l++)
    given = given || spec->width[l] > 0;
  if (given)
    return NTK_OK;
  plan->width =
      memorize ? for_memorizing(spec, plan->samples, plan->least_width) : plan->least_width;
  NTK_TRY(ntk_alloc(context, spec->depth, sizeof **width, "the widths", &pointer));
  *width = pointer;
  for (size_t l = 0; l < spec->depth; l++)
    (*width)[l] = l == 0 ? spec->width[0] : plan->width;
  return NTK_OK;
}
