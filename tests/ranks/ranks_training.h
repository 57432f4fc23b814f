/* One training problem twice: one process's, and its ranks'. Include first. */
#ifndef NTK_TESTS_RANKS_TRAINING_H
#define NTK_TESTS_RANKS_TRAINING_H

#include "ranks_context.h"
#include "train_support.h"

static const size_t width[] = {6, 16, 12};
static const ntk_network_spec spec = {
    .depth = 3, .width = width, .activation = "tanh", .init = "standard", .seed = 5};

typedef struct both {
  ntk_context *context[2];
  fit_problem of[2]; /* one process; its ranks */
  ntk_train_result result[2];
} both;

static inline both make_both(size_t N) {
  both b = {.context = {make_context(1), make_ranks_context()}};
  for (size_t i = 0; i < 2; i++)
    b.of[i] = fit_create(b.context[i], spec, N);
  return b;
}

static inline void free_both(both *b) {
  for (size_t i = 0; i < 2; i++) {
    ntk_train_clear(&b->result[i]);
    fit_destroy(&b->of[i]);
    ntk_context_destroy(b->context[i]);
  }
}

#endif
