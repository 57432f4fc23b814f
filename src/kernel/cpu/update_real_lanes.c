/* From the chunks' gradients to new weights: a pass over the parameters for each. Padding is 0 in
 * theta, gradient and moments, and every rule leaves it so. */
#include "base/lanes.h"

#include "kernel/cpu/step.h"

#include <math.h>

void LANES_NAME(ntk_step_reduce)(const ntk_step *step, size_t chunks, size_t first, size_t count);
void LANES_NAME(ntk_step_update)(const ntk_step *step, const ntk_update *update, size_t first,
                                 size_t count);

/* Chunk by chunk, in their order. count: a multiple of the lanes, as first. */
void LANES_NAME(ntk_step_reduce)(const ntk_step *step, size_t chunks, size_t first, size_t count) {
  real *sum = step->gradient;
  for (size_t i = first; i < first + count; i += LANES) {
    vr g = vr_load(sum + i);
    for (size_t chunk = 1; chunk < chunks; chunk++)
      g += vr_load(sum + chunk * step->parameters + i);
    vr_store(sum + i, g);
  }
}

/* The arrays of an update, from the first entry on. */
typedef struct arrays {
  size_t count;
  real *theta, *m, *v;
  const real *g, *rate; /* rate: NULL: all 1 */
} arrays;

/* theta -= rate step. */
static inline void move(const arrays *a, size_t i, vr step) {
  if (a->rate != NULL)
    step = vr_load(a->rate + i) * step;
  vr_store(a->theta + i, vr_load(a->theta + i) - step);
}

static void descend(const arrays *a, const ntk_update *u) {
  const vr eta = vr_set((real)u->lr);
  for (size_t i = 0; i < a->count; i += LANES)
    move(a, i, eta * vr_load(a->g + i));
}

static void momentum(const arrays *a, const ntk_update *u) {
  const vr eta = vr_set((real)u->lr), beta = vr_set((real)u->beta1);
  for (size_t i = 0; i < a->count; i += LANES) {
    const vr m = beta * vr_load(a->m + i) + vr_load(a->g + i);
    vr_store(a->m + i, m);
    move(a, i, eta * m);
  }
}

static void nesterov(const arrays *a, const ntk_update *u) {
  const vr eta = vr_set((real)u->lr), beta = vr_set((real)u->beta1);
  for (size_t i = 0; i < a->count; i += LANES) {
    const vr g = vr_load(a->g + i), m = beta * vr_load(a->m + i) + g;
    vr_store(a->m + i, m);
    move(a, i, eta * (g + beta * m));
  }
}

/* Constants in double first, as PyTorch has them: 1 - beta in float would be off in its fourth
 * digit. */
static void adam(const arrays *a, const ntk_update *u) {
  const double t = (double)u->step;
  const vr beta1 = vr_set((real)u->beta1), rest1 = vr_set((real)(1.0 - u->beta1));
  const vr beta2 = vr_set((real)u->beta2), rest2 = vr_set((real)(1.0 - u->beta2));
  const vr rate = vr_set((real)(u->lr / (1.0 - pow(u->beta1, t))));
  const vr root = vr_set((real)sqrt(1.0 - pow(u->beta2, t))), epsilon = vr_set((real)u->epsilon);
  for (size_t i = 0; i < a->count; i += LANES) {
    const vr g = vr_load(a->g + i);
    const vr m = beta1 * vr_load(a->m + i) + rest1 * g;
    const vr v = beta2 * vr_load(a->v + i) + rest2 * (g * g);
    vr_store(a->m + i, m);
    vr_store(a->v + i, v);
    move(a, i, rate * m / (vr_sqrt(v) / root + epsilon));
  }
}

void LANES_NAME(ntk_step_update)(const ntk_step *step, const ntk_update *update, size_t first,
                                 size_t count) {
  const arrays a = {.count = count,
                    .theta = (real *)step->theta + first,
                    .m = (real *)step->m + first,
                    .v = (real *)step->v + first,
                    .g = (const real *)step->gradient + first,
                    .rate = step->rate != NULL ? (const real *)step->rate + first : NULL};
  switch (update->rule) {
  case NTK_RULE_GD:
    descend(&a, update);
    break;
  case NTK_RULE_MOMENTUM:
    momentum(&a, update);
    break;
  case NTK_RULE_NESTEROV:
    nesterov(&a, update);
    break;
  case NTK_RULE_ADAM:
    adam(&a, update);
    break;
  }
}
