/* Studies that train, in a folder of their own. */
#ifndef TESTS_STUDY_TRAINING_H
#define TESTS_STUDY_TRAINING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/fit.h"
#include "study/run/plan.h"
#include "study_support.h"

/* ---- A trial, computed here ------------------------------------------------------------------ */

typedef struct setting {
  size_t N, d;
  const char *activation, *init, *labels;
  double gamma;
  ntk_train_options options;
} setting;

/* A network d, 2d, d on Gaussian data, all of one seed. *loss: to be freed by ntk_train_clear. */
static inline ntk_train_result train(ntk_context *context, const setting *s, uint64_t seed) {
  const size_t width[] = {s->d, 2 * s->d, s->d};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = s->activation,
                                 .init = s->init,
                                 .gamma = s->gamma,
                                 .seed = seed};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_train_result result = {0};
  double *Y = make_array(s->N);
  assert_ok(ntk_dataset_generate(context, "gaussian", s->N, s->d, seed, &data));
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_ok(ntk_labels_generate(context, s->labels, &spec, data, seed, Y));
  ntk_train_options options = s->options;
  options.seed = seed;
  assert_ok(ntk_train(context, network, data, Y, &options, &result));
  free(Y);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return result;
}

#endif
