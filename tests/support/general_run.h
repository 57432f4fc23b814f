/* A network of tests/support/general_network.h with data and labels to be trained on. Include after
 * <cmocka.h>. */
#ifndef NTK_TESTS_GENERAL_RUN_H
#define NTK_TESTS_GENERAL_RUN_H

#include "data/dataset.h"
#include "ntkit/fit.h"

#include "general_network.h"
#include "one_context.h"

enum { N = 9 };

typedef struct one_run {
  general g;
  ntk_network_spec spec;
  ntk_network *network;
  ntk_dataset *data;
  double *Y;
} one_run;

static inline one_run begin(uint64_t seed, const double *scale) {
  one_run run = {.g = general_draw(seed, 3)}; /* smooth ones */
  run.spec = general_spec(&run.g, seed);
  run.spec.activation = run.g.names;
  run.spec.scale = scale;
  assert_ok(ntk_network_create(one, &run.spec, &run.network));
  assert_ok(ntk_dataset_generate(one, "gaussian", N, run.g.width[0], seed + 100, &run.data));
  run.Y = make_normal(seed + 200, N * run.g.width[run.g.L]);
  return run;
}

static inline void end(one_run *run) {
  ntk_network_destroy(run->network);
  ntk_dataset_destroy(run->data);
  free(run->Y);
}

/* The scale of parameter p's block. */
static inline double scale_at(const one_run *run, size_t p) {
  const general *g = &run->g;
  size_t l = g->L;
  while (g->offset[l] > p)
    l--;
  const bool bias = p - g->offset[l] >= g->width[l - 1] * g->width[l];
  return run->spec.scale != NULL ? run->spec.scale[2 * l - 2 + bias] : 1.0;
}

#endif
