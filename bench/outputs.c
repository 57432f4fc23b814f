/* Times K of three layers of 784 with and without biases, and the mean over ten outputs, in pairs,
 * on one thread, in processor time.
 * usage: ntkit_bench_outputs [N [PAIRS]]    (default: 6000 3) */
#include "ntkit/ntkit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WIDTH = 784, OUTPUTS = 10 };

static double processor_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(ntk_status status) {
  if (status == NTK_OK)
    return;
  fprintf(stderr, "bench: %s\n", ntk_error_message());
  exit(1);
}

/* Of features into *pass, of K as it is returned. */
static double seconds(ntk_context *context, const ntk_dataset *data, bool biases, size_t outputs,
                      double *pass) {
  const size_t width[] = {WIDTH, WIDTH, WIDTH};
  const bool bias[] = {biases, biases, biases};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .activation = "tanh",
                                 .seed = 1,
                                 .bias = bias,
                                 .bias_deviation = 0.1,
                                 .outputs = outputs};
  ntk_network *network = NULL;
  ntk_features *features = NULL;
  ntk_kernel *K = NULL;
  must(ntk_network_create(context, &spec, &network));
  *pass = -processor_time();
  must(ntk_features_create(network, data, &features));
  *pass += processor_time();
  double time = -processor_time();
  must(ntk_kernel_create(features, NULL, &K));
  time += processor_time();
  ntk_kernel_destroy(K);
  ntk_features_destroy(features);
  ntk_network_destroy(network);
  return time;
}

int main(int argc, char **argv) {
  const size_t N = argc > 1 ? (size_t)atol(argv[1]) : 6000;
  const int pairs = argc > 2 ? atoi(argv[2]) : 3;
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  must(ntk_context_create(&(ntk_context_options){.threads = 1}, &context));
  must(ntk_dataset_generate(context, "gaussian", N, WIDTH, 1, &data));
  const double flops = (double)N * (double)N * WIDTH; /* of a Gram matrix of WIDTH */
  for (int i = 0; i < pairs; i++) {
    double pass[3];
    const double plain = seconds(context, data, false, 1, &pass[0]);
    const double biased = seconds(context, data, true, 1, &pass[1]);
    const double ten = seconds(context, data, false, OUTPUTS, &pass[2]);
    printf("K %.3f s, with biases %.3f (%.3f); %d outputs %.3f: %.1f and %.1f GFLOP/s (%.3f); "
           "passes %.3f, %.3f, %.3f s\n",
           plain, biased, biased / plain, OUTPUTS, ten, 5e-9 * flops / plain, 14e-9 * flops / ten,
           14.0 * plain / (5.0 * ten), pass[0], pass[1], pass[2]);
  }
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return 0;
}
