/* Randomness as a pure function: every number depends on (seed, stream, sub, row, position) alone.
 * Philox-4x64-10 (Salmon et al., SC 2011): key = (seed, stream), counter = (position / 4, row, sub,
 * 0), four 64-bit words a call. */
#ifndef NTK_BASE_RANDOM_H
#define NTK_BASE_RANDOM_H

#include "base/export.h"

#include <stddef.h>
#include <stdint.h>

/* What the numbers are for; streams of one seed are independent. */
typedef enum ntk_stream {
  NTK_STREAM_DATA = 1,
  NTK_STREAM_LABELS = 2,
  NTK_STREAM_WEIGHTS = 3,    /* sub = layer l */
  NTK_STREAM_POPULATION = 4, /* samples for expectations over X */
  NTK_STREAM_PROBES = 5,     /* what a measurement draws; sub: one of those below */
  NTK_STREAM_BOOTSTRAP = 6,  /* sub = curve, row = its point and the resample */
  NTK_STREAM_TRIALS = 7,     /* seeds of a study's trials: row = trial, sub = the point */
  NTK_STREAM_BIASES = 8,     /* sub = layer l */
  NTK_STREAM_ROWS = 9,       /* which rows of a file, and in which order: row = that of the file */
  NTK_STREAM_BATCHES = 10,   /* which samples a training's step has: row = epoch */
  NTK_STREAM_CLIENTS = 11    /* which samples are whose */
} ntk_stream;

/* The subs of NTK_STREAM_PROBES. */
enum {
  NTK_PROBE_START,      /* start vectors of iterations */
  NTK_PROBE_NOISE,      /* a vector for the rounding in a difference of Jacobians */
  NTK_PROBE_PROJECTION, /* directions that data are projected on */
  NTK_PROBE_PSI,        /* directions for the sub-exponential norm */
  NTK_PROBE_WEIGHTS,    /* seeds of weights that are drawn again */
  NTK_PROBE_DENSITY,    /* vectors whose spectral measures are averaged */
  NTK_PROBE_DIGITS      /* errors of rounding's size */
};

typedef struct ntk_random {
  uint64_t seed;
  ntk_stream stream;
  uint64_t sub;
} ntk_random;

/* Words 4 block .. 4 block + 3 of a row. */
NTK_SIBLING void ntk_random_words(ntk_random source, uint64_t row, uint64_t block,
                                  uint64_t words[4]);

/* n numbers of a row, from position 0: uniform on (0, 1), an odd multiple of 2^-53;
 * standard normal by Box-Muller. */
void ntk_random_uniform(ntk_random source, uint64_t row, size_t n, double *out);
void ntk_random_normal(ntk_random source, uint64_t row, size_t n, double *out);
/* Shuffles n numbers; a place is likelier than another by n 2^-64 at most. */
void ntk_random_shuffle(ntk_random source, uint64_t row, size_t n, size_t *x);

#endif
