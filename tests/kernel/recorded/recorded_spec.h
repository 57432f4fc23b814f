/* The network of a recorded proof; to be included behind <stdint.h> and the library's header. */
#ifndef RECORDED_SPEC_H
#define RECORDED_SPEC_H

#include "ntkit/ntkit.h"
#include "recorded_proof.h"

#include <math.h>

enum { RECORDED_LAYERS = 8 };

/* beta and bias: room for RECORDED_LAYERS each, which the spec borrows. */
static inline ntk_network_spec recorded_spec(const recorded_proof *row, double *beta, bool *bias) {
  for (size_t l = 0; l <= row->hidden; l++) {
    beta[l] = row->beta;
    bias[l] = true;
  }
  return (ntk_network_spec){.depth = row->hidden + 1,
                            .width = row->width,
                            .outputs = row->outputs,
                            .activation = row->activation,
                            .init = row->init,
                            .beta = beta,
                            .bias = row->bias >= 0.0 ? bias : NULL,
                            .bias_deviation = fmax(0.0, row->bias),
                            .parameterization = row->scales,
                            .seed = row->seed};
}

#endif
