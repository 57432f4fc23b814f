/* What ntk_spectrum is asked for, and by. */
#ifndef TESTS_CONDITIONING_H
#define TESTS_CONDITIONING_H

#include "base/blas.h"
#include "matrices.h"

typedef struct progress_log {
  int calls, stop_at; /* stop_at 0: never */
} progress_log;

static inline bool log_progress(const char *phase, double fraction, void *user) {
  progress_log *log = user;
  assert_true(phase[0] != '\0' && fraction >= 0.0 && fraction <= 1.0);
  return ++log->calls != log->stop_at;
}

/* A network on standard normal data. */
typedef struct problem {
  ntk_context *context;
  progress_log log;
  ntk_network *network;
  ntk_dataset *data;
  size_t N, L;
  double *X;
} problem;

static inline void problem_open(problem *p, size_t N, size_t L, const size_t *width,
                                const char *activation, double *X) {
  *p = (problem){.N = N, .L = L, .X = X != NULL ? X : make_normal(N + L, N * width[0])};
  /* Small problems on one thread: beside other processes, two would mostly wait for each other. */
  const ntk_context_options options = {
      .threads = N > 250 ? 2 : 1, .progress = log_progress, .progress_user = &p->log};
  assert_ok(ntk_context_create(&options, &p->context));
  p->network = make_network(p->context, L, width, activation, "paper", 7);
  p->data = make_data(p->context, p->X, N, width[0]);
}

static inline void problem_close(problem *p) {
  ntk_dataset_destroy(p->data);
  ntk_network_destroy(p->network);
  assert_int_equal(ntk_memory_in_use(p->context), 0);
  ntk_context_destroy(p->context);
  free(p->X);
}

#endif
