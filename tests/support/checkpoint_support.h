/* Runs of training with a checkpoint, interrupted where the test wants: by the training's own
 * progress, called at each epoch because the fake clock goes fast, or by the context's, called
 * inside kernels and factorisations. Include after <cmocka.h>. */
#ifndef NTK_TESTS_CHECKPOINT_SUPPORT_H
#define NTK_TESTS_CHECKPOINT_SUPPORT_H

#include <dirent.h>
#include <unistd.h>

#include "data/dataset.h"
#include "fake_clock.h"
#include "file_bytes.h"
#include "train_support.h"

static char directory[] = "/tmp/ntkit-test-XXXXXX", path[64];

/* ---- Interruption ---------------------------------------------------------------------------- */

static size_t calls_left; /* the call that says stop; 0: none does */
static size_t calls_made;

static inline bool count_call(void) {
  calls_made++;
  return calls_left == 0 || --calls_left > 0;
}
static inline bool stop_training(const ntk_train_progress *progress, void *user) {
  (void)progress;
  (void)user;
  return count_call();
}
static inline bool stop_context(const char *phase, double fraction, void *user) {
  (void)phase;
  (void)fraction;
  (void)user;
  return count_call();
}

/* Nobody pulls the plug: thousands of files that wait for the disk would take a minute. */
int fsync(int descriptor) {
  return descriptor < 0 ? -1 : 0;
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* How many files the directory holds: a temporary one that stayed would be one too many. */
static inline size_t files(void) {
  size_t count = 0;
  DIR *open = opendir(directory);
  assert_non_null(open);
  for (const struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open))
    count += entry->d_name[0] != '.';
  closedir(open);
  return count;
}

/* ---- Comparison ------------------------------------------------------------------------------ */

/* What an uninterrupted run gave. */
typedef struct reference {
  ntk_train_result result;
  double *theta; /* P */
} reference;

static inline reference make_reference(fit_problem *p, ntk_train_options options) {
  options.checkpoint = NULL;
  double *start = fit_theta(p);
  reference made = {.result = fit_run(p, options)};
  made.theta = fit_theta(p);
  fit_set(p, start);
  free(start);
  return made;
}

static inline void destroy_reference(reference *made) {
  ntk_train_clear(&made->result);
  free(made->theta);
}

/* Every field but seconds and `resumed`, every loss, tracked point and weight, bit for bit. */
static inline void expect_same(const fit_problem *p, const reference *expected,
                               const ntk_train_result *r) {
  const ntk_train_result *e = &expected->result;
  assert_int_equal(r->epochs, e->epochs);
  assert_int_equal(r->stopped, e->stopped);
  assert_memory_equal(r->loss, e->loss, (e->epochs + 1) * sizeof(double));
  assert_memory_equal(p->network->theta, expected->theta, p->P * sizeof(double));
  assert_int_equal(r->tracked, e->tracked);
  if (e->tracked > 0)
    assert_memory_equal(r->track, e->track, e->tracked * sizeof *e->track);
  const double numbers[2][7] = {{r->loss_initial, r->loss_final, r->loss_plateau, r->lr,
                                 r->momentum, r->rate_measured, r->rate_bound},
                                {e->loss_initial, e->loss_final, e->loss_plateau, e->lr,
                                 e->momentum, e->rate_measured, e->rate_bound}};
  assert_memory_equal(numbers[0], numbers[1], sizeof numbers[0]);
  assert_memory_equal(&r->convergence, &e->convergence, offsetof(ntk_convergence, bound_known));
  assert_int_equal(r->convergence.bound_known, e->convergence.bound_known);
  assert_int_equal(r->convergence.bound_held, e->convergence.bound_held);
  assert_int_equal(r->convergence.condition_known, e->convergence.condition_known);
  assert_int_equal(r->convergence.condition_held, e->convergence.condition_held);
  assert_memory_equal(&r->federated.rate, &e->federated.rate, sizeof(double));
  assert_int_equal(r->drift != NULL, e->drift != NULL);
  if (e->drift != NULL)
    assert_memory_equal(r->drift, e->drift, (e->epochs + 1) * sizeof(double));
  assert_string_equal(r->lr_source, e->lr_source);
  assert_string_equal(r->reason, e->reason);
}

#endif
