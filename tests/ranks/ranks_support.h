/* The same computation twice in one process: by all ranks together, each with its share of the
 * samples, and by this one alone. */
#ifndef NTK_TESTS_RANKS_SUPPORT_H
#define NTK_TESTS_RANKS_SUPPORT_H

#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/kernel.h"
#include "ranks_context.h"

static ntk_context *alone; /* this process's own, beside `all` */

static int open_both(void **state) {
  alone = make_context(2);
  return setup(state);
}

static int close_both(void **state) {
  assert_int_equal(ntk_memory_in_use(alone), 0);
  ntk_context_destroy(alone);
  return teardown(state);
}

/* Depth, widths and outputs; per: rows of K for a sample. */
typedef struct ranks_case {
  size_t L, width[5], outputs;
  bool bias, scaled;
  ntk_outputs of;
} ranks_case;

static const ranks_case ranks_cases[] = {{2, {3, 5}, 1, false, false, NTK_OUTPUTS_TRACE},
                                         {3, {7, 24, 9}, 1, true, false, NTK_OUTPUTS_TRACE},
                                         {3, {4, 7, 3}, 3, true, true, NTK_OUTPUTS_ALL},
                                         {3, {4, 7, 5}, 3, true, true, NTK_OUTPUTS_TRACE},
                                         {4, {5, 6, 4, 7}, 2, false, false, NTK_OUTPUTS_ALL}};

/* More ranks than chunks, chunks that are not even, several for each rank. */
static const size_t ranks_samples[] = {3, 49, 100, 241, 700};

typedef struct twice {
  size_t N, d, rows; /* of K */
  double *X, *own;   /* all samples; those that are here */
  ntk_dataset dealt, *whole;
  ntk_network *network, *network_alone;
  ntk_features *features, *features_alone;
} twice;

static inline ntk_network *ranks_network(ntk_context *context, const ranks_case *c) {
  static const bool biases[] = {true, true, true, true};
  ntk_network *network = NULL;
  const ntk_network_spec spec = {.depth = c->L,
                                 .width = c->width,
                                 .activation = "tanh",
                                 .seed = 3,
                                 .outputs = c->outputs,
                                 .bias = c->bias ? biases : NULL,
                                 .parameterization = c->scaled ? "ntk(1.5,0.5)" : NULL};
  assert_ok(ntk_network_create(context, &spec, &network));
  return network;
}

static inline twice open_twice(const ranks_case *c, size_t N) {
  twice t = {.N = N, .d = c->width[0], .X = make_normal(5 + N, N * c->width[0])};
  const ntk_share share = ntk_ranks_share(all, N);
  t.own = make_array(ntk_share_count(&share, share.rank) * t.d + 1);
  for (ntk_run run = {0}; ntk_share_next(&share, share.rank, &run);)
    memcpy(t.own + run.here * t.d, t.X + run.row * t.d, run.count * t.d * sizeof *t.X);
  t.dealt = (ntk_dataset){.context = all, .N = N, .d = t.d, .share = share, .X = t.own};
  t.whole = make_data(alone, t.X, N, t.d);
  t.network = ranks_network(all, c);
  t.network_alone = ranks_network(alone, c);
  assert_ok(ntk_features_create_of(t.network, &t.dealt, c->of, &t.features));
  assert_ok(ntk_features_create_of(t.network_alone, t.whole, c->of, &t.features_alone));
  t.rows = t.features_alone->rows;
  return t;
}

static inline void close_twice(twice *t) {
  ntk_features_destroy(t->features);
  ntk_features_destroy(t->features_alone);
  ntk_network_destroy(t->network);
  ntk_network_destroy(t->network_alone);
  ntk_dataset_destroy(t->whole);
  free(t->own);
  free(t->X);
}

/* What the ranks' context has held at most since `before` and `peak` were taken of it is foretold.
 */
static inline void assert_foretold(size_t before, size_t peak, double bytes, const char *what) {
  const double most = (double)(ntk_memory_peak_leave(all, peak) - before);
  if (!(most <= bytes + 2e5))
    fail_msg("%s: %g bytes, %g foretold", what, most, bytes);
}

static inline ntk_kernel_bytes ranks_bytes(const twice *t) {
  const ntk_network_spec spec = ntk_spec_of(t->network);
  return ntk_kernel_bytes_of(all, &spec, t->features->outputs, t->N);
}

/* In every case, with every number of samples. */
static inline void for_each_case(void (*check)(const ranks_case *c, twice *t)) {
  for (size_t c = 0; c < COUNT(ranks_cases); c++)
    for (size_t s = 0; s < COUNT(ranks_samples); s++) {
      twice t = open_twice(&ranks_cases[c], ranks_samples[s]);
      check(&ranks_cases[c], &t);
      close_twice(&t);
    }
}

/* The diagonal of K, alone. */
static inline double *ranks_diagonal(const twice *t) {
  const size_t L = t->features_alone->network->depth, n = t->rows;
  double *norms = make_array(2 * L * n), *diagonal = make_array(n);
  assert_ok(ntk_features_norms(t->features_alone, norms, norms + L * n));
  for (size_t k = 0; k < L; k++)
    for (size_t i = 0; i < n; i++)
      diagonal[i] +=
          ntk_diagonal_part(t->network_alone, k, norms[k * n + i], norms[(L + k) * n + i]);
  free(norms);
  return diagonal;
}

#endif
