/* The limit kernel beside the finite one: processor time of each, so that a busy machine matters
 * less. N = 6000 samples in d = 784, widths 784, 784, one thread; relu, tanh and what else is
 * named. usage: limit [N [d [ACTIVATION...]]] */
#include "ntkit/limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double processor(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(ntk_status status) {
  if (status == NTK_OK)
    return;
  fprintf(stderr, "%s\n", ntk_error_message());
  exit(EXIT_FAILURE);
}

static double finite(ntk_context *context, const ntk_network_spec *spec, const ntk_dataset *data) {
  ntk_network *network = NULL;
  ntk_features *features = NULL;
  ntk_kernel *kernel = NULL;
  check(ntk_network_create(context, spec, &network));
  const double start = processor();
  check(ntk_features_create(network, data, &features));
  check(ntk_kernel_create(features, NULL, &kernel));
  const double seconds = processor() - start;
  ntk_kernel_destroy(kernel);
  ntk_features_destroy(features);
  ntk_network_destroy(network);
  return seconds;
}

static double infinite(ntk_context *context, const ntk_network_spec *spec,
                       const ntk_dataset *data) {
  ntk_kernel *kernel = NULL;
  const double start = processor();
  check(ntk_limit_kernel(context, spec, data, NULL, &kernel));
  const double seconds = processor() - start;
  ntk_kernel_destroy(kernel);
  return seconds;
}

int main(int count, char **word) {
  static char *usual[] = {"relu", "tanh"};
  const size_t N = count > 1 ? strtoul(word[1], NULL, 10) : 6000;
  const size_t d = count > 2 ? strtoul(word[2], NULL, 10) : 784;
  const size_t width[] = {d, d, d};
  char **names = count > 3 ? word + 3 : usual;
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  check(ntk_context_create(&(ntk_context_options){.threads = 1}, &context));
  check(ntk_dataset_generate(context, "gaussian", N, d, 1, &data));
  printf("N = %zu, d = n_1 = n_2 = %zu, one thread, seconds of processor time\n", N, d);
  for (int i = 0; i < (count > 3 ? count - 3 : 2); i++) {
    const ntk_network_spec spec = {.depth = 3, .width = width, .activation = names[i]};
    const double K = finite(context, &spec, data), limit = infinite(context, &spec, data);
    printf("%-12s K %.3f, limit %.3f: %.2f of it\n", names[i], K, limit, limit / K);
  }
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return 0;
}
