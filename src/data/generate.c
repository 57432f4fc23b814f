/* The distributions of Section 2, each with E x_j = 0 and Var x_j = 1 for every coordinate.
 *
 *   gaussian  x_j ~ N(0, 1).
 *   sphere    x = sqrt d z / ||z||, z ~ N(0, I_d): uniform on the sphere of radius sqrt d.
 *   cube      x_j uniform on [-sqrt 3, sqrt 3].
 *   binary    x_j = -1 or 1, one random bit each.
 *   gan       x_j = s erf(h_j), h_j = sum_{t=0}^{4} a_t z_{j+t}, z ~ N(0, I_{d+4}): a generator
 *             with one convolutional layer. Its taps have sum a_t^2 = 1, so that h_j ~ N(0, 1) and
 *             Var erf(h_j) = (2/pi) asin(2/3) exactly (Williams, NIPS 1996), whence s. It is
 *             Lipschitz with constant at most s (2/sqrt pi) sum |a_t| = 3.42 whatever d is (the
 *             derivative of erf is at most 2/sqrt pi, the norm of a convolution at most
 *             sum |a_t|), which gives Assumption 2.2 (footnote 3).
 *
 * The paper lists binary data under Assumption 2.2; for these the inequality is Talagrand's, for
 * convex Lipschitz functions.
 *
 * Cost: O(N d). Sample i is row i of the counter (base/random.h), so that it depends on the
 * distribution, the source of randomness, d and i alone. */
#include "base/memory.h"
#include "base/names.h"
#include "base/ranks/ranks.h"
#include "data/dataset.h"

#include "ntkit/data.h"

#include <math.h>
#include <string.h>

static void fill_gaussian(ntk_random source, uint64_t row, size_t d, double *x) {
  ntk_random_normal(source, row, d, x);
}

static void fill_sphere(ntk_random source, uint64_t row, size_t d, double *x) {
  ntk_random_normal(source, row, d, x);
  double square = 0.0; /* ||z||^2 */
  for (size_t j = 0; j < d; j++)
    square += x[j] * x[j];
  if (!(square >
        0.0)) { /* of probability 2^-53 when d <= 2: a rounding of the logarithm's argument */
    x[0] = 1.0;
    square = 1.0;
  }
  const double scale = sqrt((double)d / square);
  for (size_t j = 0; j < d; j++)
    x[j] *= scale;
}

static void fill_cube(ntk_random source, uint64_t row, size_t d, double *x) {
  const double half_width = sqrt(3.0);
  ntk_random_uniform(source, row, d, x);
  for (size_t j = 0; j < d; j++)
    x[j] = half_width * (2.0 * x[j] - 1.0);
}

static void fill_binary(ntk_random source, uint64_t row, size_t d, double *x) {
  enum { WORD = 64, BLOCK = 4 * WORD }; /* bits */
  uint64_t words[4];
  for (size_t j = 0; j < d; j++) {
    if (j % BLOCK == 0)
      ntk_random_words(source, row, j / BLOCK, words);
    x[j] = (words[j % BLOCK / WORD] >> (j % WORD) & 1U) != 0 ? 1.0 : -1.0;
  }
}

enum { TAPS = 5 };
static const double tap[TAPS] = {1.0, 2.0, 3.0, 2.0, 1.0}; /* a_t sqrt(sum of squares) */

/* x holds z_0..z_{d-1} first and is overwritten from the left: x_j needs z_j and later ones alone.
 * The last four latents come from a source of their own, told apart by the top bit of sub. */
static void fill_gan(ntk_random source, uint64_t row, size_t d, double *x) {
  static const double pi = 3.14159265358979323846;
  double norm = 0.0;
  for (size_t t = 0; t < TAPS; t++)
    norm += tap[t] * tap[t];
  norm = sqrt(norm);
  const double s = 1.0 / sqrt(2.0 / pi * asin(2.0 / 3.0));

  ntk_random tail_source = source;
  tail_source.sub |= (uint64_t)1 << 63;
  double tail[TAPS - 1]; /* z_d..z_{d+3} */
  ntk_random_normal(source, row, d, x);
  ntk_random_normal(tail_source, row, TAPS - 1, tail);
  for (size_t j = 0; j < d; j++) {
    double h = 0.0;
    for (size_t t = 0; t < TAPS; t++)
      h += tap[t] * (j + t < d ? x[j + t] : tail[j + t - d]);
    x[j] = s * erf(h / norm);
  }
}

/* The table: a new distribution is a row here and a fill_ function above. */
#define DISTRIBUTIONS(ROW)                              \
  ROW(gaussian, "standard normal coordinates")          \
  ROW(sphere, "uniform on the sphere of radius sqrt d") \
  ROW(cube, "uniform on the cube [-sqrt 3, sqrt 3]^d")  \
  ROW(binary, "uniform on the corners {-1, 1}^d")       \
  ROW(gan, "a fixed Lipschitz generator (5-tap convolution, erf) of normal latents")

#define INFO_ROW(name, summary) {#name, summary},
#define FILL_ROW(name, summary) fill_##name,

typedef void (*fill_fn)(ntk_random source, uint64_t row, size_t d, double *x);

static const ntk_distribution list[] = {DISTRIBUTIONS(INFO_ROW)};
static const fill_fn fill[] = {DISTRIBUTIONS(FILL_ROW)};
enum { COUNT = sizeof list / sizeof list[0] };

const ntk_distribution *ntk_distribution_list(size_t *count) {
  *count = COUNT;
  return list;
}

ntk_status ntk_distribution_find(const char *name, const ntk_distribution **distribution) {
  size_t k = 0;
  NTK_TRY(NTK_NAME_FIND("distribution", name, list, COUNT, &k));
  *distribution = &list[k];
  return NTK_OK;
}

bool ntk_dataset_in_file(const char *source) {
  return !NTK_NAME_KNOWN(source, list, COUNT);
}

ntk_status ntk_distribution_fill(ntk_context *context, const ntk_distribution *distribution,
                                 ntk_random source, size_t first, size_t count, size_t d,
                                 double *X) {
  enum { ROWS_A_POLL = 32 };
  const fill_fn fill_row = fill[distribution - list];
  ntk_watch watch = {.context = context, .phase = "drawing samples"};
#pragma omp parallel for schedule(dynamic, ROWS_A_POLL) \
    num_threads(ntk_threads_for(context, 20.0 * (double)count * (double)d))
  for (size_t i = 0; i < count; i++)
    if (i % ROWS_A_POLL != 0 ? !atomic_load(&watch.stopped)
                             : ntk_watch_on(&watch, (double)i / (double)count))
      fill_row(source, first + i, d, X + i * d);
  return watch.status;
}

ntk_status ntk_dataset_generate(ntk_context *context, const char *distribution, size_t N, size_t d,
                                uint64_t seed, ntk_dataset **data) {
  const ntk_distribution *row = NULL;
  NTK_TRY(ntk_distribution_find(distribution, &row));
  ntk_dataset *made = NULL;
  const ntk_random source = {.seed = seed, .stream = NTK_STREAM_DATA};
  ntk_status status = ntk_dataset_deal(context, N, d, &made);
  for (ntk_run run = {0}; status == NTK_OK && ntk_share_next(&made->share, made->share.rank, &run);)
    status = ntk_distribution_fill(context, row, source, run.row, run.count, d,
                                   made->own + run.here * d);
  status = ntk_ranks_agree(context, status, ntk_ranks_what(distribution, N, d, seed));
  if (status == NTK_OK)
    *data = made;
  else
    ntk_dataset_destroy(made);
  return status;
}
