/* Time of an epoch of full-batch Adam in float on the network of Figure 2, d = n_1 = n_2 = n_3 with
 * ReLU, in one thread; and its flops, 16 N d^2, as a part of the machine's sgemm rate, measured
 * before and after each case.
 *
 *   ntkit_bench_train [N d]...   default 400 22 2400 54 8000 100 8000 200
 *
 * Prints a line "N d milliseconds gflops part" a case; the figures they stand against are in
 * docs/performance.md. Exit status 0 whatever they are. */
#define _DEFAULT_SOURCE
#include "kernel/descent.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Of the processor: what others do on the machine counts little against one thread. */
static double clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void need(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "ntkit_bench_train: %s: %s\n", what, ntk_error_message());
  exit(1);
}

/* Flops a second of square sgemm of order 3000: best of three, as a peak is. */
static double sgemm_rate(void) {
  enum { ORDER = 3000 };
  const size_t entries = (size_t)ORDER * ORDER;
  float *A = malloc(3 * entries * sizeof *A);
  need(A != NULL, "sgemm");
  for (size_t i = 0; i < 3 * entries; i++)
    A[i] = (float)(i % 7) - 3.0F;
  double best = INFINITY;
  for (int run = 0; run < 3; run++) {
    const double start = clock_now();
    cblas_sgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, ORDER, ORDER, ORDER, 1.0F, A, ORDER,
                A + entries, ORDER, 0.0F, A + 2 * entries, ORDER);
    best = fmin(best, clock_now() - start);
  }
  free(A);
  return 2.0 * ORDER * ORDER * ORDER / best;
}

/* Best time of an epoch: of 10 series of a tenth of a second. */
static double epoch_seconds(ntk_descent *descent, size_t N) {
  ntk_update update = {NTK_RULE_ADAM, 0.1 / sqrt((double)N), 0.9, 0.999, 1e-8, 0};
  double best = INFINITY, sum = 0.0;
  for (int series = -1; series < 10; series++) { /* the first warms up */
    const double start = clock_now();
    double seconds = 0.0;
    size_t epochs = 0;
    while (seconds < 0.1) {
      update.step++;
      ntk_descent_gradient(descent, &sum);
      ntk_descent_update(descent, &update);
      seconds = clock_now() - start;
      epochs++;
    }
    if (series >= 0)
      best = fmin(best, seconds / (double)epochs);
  }
  need(isfinite(sum), "training diverged");
  return best;
}

static void run(ntk_context *context, size_t N, size_t d) {
  const size_t width[] = {d, d, d, d};
  const ntk_network_spec spec = {
      .depth = 4, .width = width, .activation = "relu", .init = "he", .seed = 1};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_descent *descent = NULL;
  double *Y = malloc(N * sizeof *Y);
  need(Y != NULL, "labels");
  for (size_t i = 0; i < N; i++)
    Y[i] = i * 2654435761U % 1000 < 500 ? 1.0 : -1.0;
  need(ntk_network_create(context, &spec, &network) == NTK_OK, "network");
  need(ntk_dataset_generate(context, "gaussian", N, d, 1, &data) == NTK_OK, "data");
  need(ntk_descent_create(network, data, Y, true, 2.0 / (double)N, &descent) == NTK_OK, "training");
  const double before = sgemm_rate();
  const double seconds = epoch_seconds(descent, N);
  const double rate = fmax(before, sgemm_rate());
  const double flops = 16.0 * (double)N * (double)d * (double)d;
  printf("%zu %zu %.4f %.1f %.3f\n", N, d, 1e3 * seconds, 1e-9 * flops / seconds,
         flops / seconds / rate);
  fflush(stdout);
  ntk_descent_destroy(descent);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  free(Y);
}

int main(int argc, char **argv) {
  static const size_t usual[][2] = {{400, 22}, {2400, 54}, {8000, 100}, {8000, 200}};
  ntk_context *context = NULL;
  need(ntk_context_create(&(ntk_context_options){.threads = 1}, &context) == NTK_OK, "context");
  if (argc < 3)
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
      run(context, usual[i][0], usual[i][1]);
  for (int i = 1; i + 1 < argc; i += 2)
    run(context, strtoul(argv[i], NULL, 10), strtoul(argv[i + 1], NULL, 10));
  ntk_context_destroy(context);
  return 0;
}
