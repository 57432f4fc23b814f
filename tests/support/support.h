/* What several tests share: objects made in one line, and comparisons that print what they compare.
 * Include after <cmocka.h>. */
#ifndef NTK_TESTS_SUPPORT_H
#define NTK_TESTS_SUPPORT_H

#include "base/random.h"
#include "ntkit/ntkit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define U 0x1p-53 /* unit roundoff */

/* |actual - expected| <= tolerance; a NaN is never near. */
static inline void assert_near(double actual, double expected, double tolerance, const char *what) {
  if (fabs(actual - expected) <= tolerance)
    return;
  fail_msg("%s: %.17g instead of %.17g: off by %.3g, allowed %.3g", what, actual, expected,
           fabs(actual - expected), tolerance);
}

static inline void assert_ok(ntk_status status) {
  if (status != NTK_OK)
    fail_msg("%s: %s", ntk_status_name(status), ntk_error_message());
}

/* The call was refused with this status, and the message says this. */
static inline void assert_refused(ntk_status actual, ntk_status expected, const char *says) {
  assert_string_equal(ntk_status_name(actual), ntk_status_name(expected));
  if (strstr(ntk_error_message(), says) == NULL)
    fail_msg("message '%s' does not say '%s'", ntk_error_message(), says);
}

static inline ntk_context *make_context(int threads) {
  ntk_context *context = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = threads}, &context));
  return context;
}

/* beta = 1. */
static inline ntk_network *make_network(ntk_context *context, size_t L, const size_t *width,
                                        const char *activation, const char *init, uint64_t seed) {
  const ntk_network_spec spec = {
      .depth = L, .width = width, .activation = activation, .init = init, .seed = seed};
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  return network;
}

static inline ntk_dataset *make_data(ntk_context *context, const double *X, size_t N, size_t d) {
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_from_array(context, X, N, d, &data));
  return data;
}

static inline ntk_features *make_features(const ntk_network *network, const ntk_dataset *data) {
  ntk_features *features = NULL;
  assert_ok(ntk_features_create(network, data, &features));
  return features;
}

static inline double *make_array(size_t count) {
  double *array = calloc(count, sizeof *array);
  assert_non_null(array);
  return array;
}

/* count standard normal numbers, the same for the same seed. */
static inline double *make_normal(uint64_t seed, size_t count) {
  double *array = make_array(count);
  ntk_random_normal((ntk_random){.seed = seed, .stream = NTK_STREAM_POPULATION}, 0, count, array);
  return array;
}

/* K of the chosen blocks (NULL: all) as a full N x N array, to be freed. */
static inline double *kernel_array(const ntk_features *features, size_t N, const bool *blocks) {
  ntk_kernel *kernel = NULL;
  assert_ok(ntk_kernel_create(features, blocks, &kernel));
  double *K = make_array(N * N);
  assert_ok(ntk_kernel_values(kernel, K));
  ntk_kernel_destroy(kernel);
  return K;
}

static inline double dot(const double *a, const double *b, size_t n) {
  double sum = 0.0;
  for (size_t i = 0; i < n; i++)
    sum += a[i] * b[i];
  return sum;
}

/* What ntk_spectrum says of a network drawn by spec on N gaussian samples of its seed; it must not
 * hold more memory than was foreseen. */
static inline ntk_spectrum_result ask_spectrum(ntk_context *context, const ntk_network_spec *spec,
                                               size_t N, const ntk_spectrum_options *options) {
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_spectrum_result r = {0};
  size_t bytes = 0;
  assert_ok(ntk_network_create(context, spec, &network));
  assert_ok(ntk_dataset_generate(context, "gaussian", N, spec->width[0], spec->seed, &data));
  assert_ok(ntk_spectrum_memory(context, spec, N, options, &bytes));
  assert_ok(ntk_spectrum(context, network, data, options, &r));
  if (r.memory_bytes > bytes)
    fail_msg("%zu bytes were held, %zu were foreseen", r.memory_bytes, bytes);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return r;
}

#endif
