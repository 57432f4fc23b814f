/* The figures that docs/performance.md promises, measured in one run. Every speed is a ratio to the
 * machine's own dgemm rate, measured right before and after, so that a slow or shared machine shows
 * as such and does not count against the program.
 *
 *   ntkit_bench [PROGRAM]   PROGRAM: path of ntkit, for the start-up figure; left out without it
 *   ntkit_bench dgemm       the machine's dgemm rate alone, GFLOP/s, on OMP_NUM_THREADS threads
 *
 * Exit status 0 whatever the figures are: a benchmark is no test. */
#define _DEFAULT_SOURCE
#include "ntkit/ntkit.h"

#include <cblas.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
  qsort(values, count, sizeof *values, by_value);
  return values[count / 2];
}

static void die(const char *what) {
  fprintf(stderr, "ntkit_bench: %s: %s\n", what, ntk_error_message());
  exit(1);
}

/* Flops a second of square dgemm of order 3000: best of five, as a peak is. */
static double dgemm_rate(void) {
  enum { ORDER = 3000 };
  const size_t entries = (size_t)ORDER * ORDER;
  double *A = malloc(3 * entries * sizeof *A);
  if (A == NULL)
    die("dgemm");
  for (size_t i = 0; i < 3 * entries; i++)
    A[i] = (double)(i % 7) - 3.0;
  double best = INFINITY;
  for (int run = 0; run < 5; run++) {
    const double start = clock_now();
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, ORDER, ORDER, ORDER, 1.0, A, ORDER,
                A + entries, ORDER, 0.0, A + 2 * entries, ORDER);
    best = fmin(best, clock_now() - start);
  }
  free(A);
  return 2.0 * pow(ORDER, 3) / best;
}

typedef struct point {
  size_t N, d;
  int runs;
  double wanted; /* most times the model's time; 0: no figure */
  bool memory;   /* the memory figure applies */
} point;

/* One case in this process: three layers of width d, sigmoid, Gaussian data. */
static void run_point(const point *p) {
  ntk_context *context;
  ntk_dataset *data;
  ntk_network *network;
  const size_t width[3] = {p->d, p->d, p->d};
  const ntk_network_spec spec = {.depth = 3, .width = width, .seed = 1};
  if (ntk_context_create(NULL, &context) != NTK_OK)
    die("context");
  if (ntk_dataset_generate(context, "gaussian", p->N, p->d, 1, &data) != NTK_OK ||
      ntk_network_create(context, &spec, &network) != NTK_OK)
    die("set-up");
  double times[32] = {0}, forward = 0.0, kernel = INFINITY, factor = INFINITY, eigen = INFINITY;
  double total = INFINITY, lambda_min = NAN;
  for (int run = 0; run < p->runs; run++) {
    ntk_spectrum_result result;
    if (ntk_spectrum(context, network, data, NULL, &result) != NTK_OK)
      die("spectrum");
    const ntk_spectrum_seconds *s = &result.seconds;
    times[run] = s->kernel + s->factor + s->eigen;
    forward = s->forward;
    kernel = fmin(kernel, s->kernel);
    factor = fmin(factor, s->factor);
    eigen = fmin(eigen, s->eigen);
    total = fmin(total, s->total);
    lambda_min = result.lambda_min;
    ntk_spectrum_clear(&result);
  }
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const double rate = dgemm_rate(); /* after, so that its arrays do not count as ours */
  const double N = (double)p->N, n = (double)p->d;
  const double flops = 5.0 * N * N * n + N * N * N / 3.0;
  const double best = fmin(kernel + factor + eigen, INFINITY);
  const double middle = median(times, (size_t)p->runs);
  printf("N = %zu, d = n_1 = n_2 = %zu (lambda_min = %.6g)\n", p->N, p->d, lambda_min);
  printf("  dgemm %.1f GFLOP/s; kernel + factor + eigen: median %.4g s, best %.4g s of %d runs\n",
         1e-9 * rate, middle, best, p->runs);
  printf("  forward %.4g, kernel %.4g, factor %.4g, eigen %.4g, whole job %.4g s\n", forward,
         kernel, factor, eigen, total);
  printf("  ratio to %.3g flops at that rate: %.2f median, %.2f best", flops, middle * rate / flops,
         best * rate / flops);
  printf(p->wanted > 0.0 ? "  (figure: %.2f)\n" : "\n", p->wanted);
  if (p->memory) {
    const double features = 8.0 * N * 5.0 * n;
    const double peak = 1024.0 * (double)usage.ru_maxrss;
    printf("  peak memory of the process %.0f MB; 4 N^2 + 1.2 features = %.0f MB\n", 1e-6 * peak,
           1e-6 * (4.0 * N * N + 1.2 * features));
  }
}

/* Each case in a process of its own: peak memory is per process. */
static void in_child(void (*run)(const point *), const point *p) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    run(p);
    fflush(stdout);
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
    fprintf(stderr, "ntkit_bench: a case failed\n");
}

/* Wall time of whole runs of the program at N = 100. */
static void run_startup(const char *program) {
  enum { RUNS = 21 };
  double times[RUNS];
  for (int run = -1; run < RUNS; run++) {
    char *const arguments[] = {(char *)(size_t)(const void *)program,
                               "spectrum",
                               "--samples",
                               "100",
                               "--dim",
                               "20",
                               "--widths",
                               "20,20",
                               "--json",
                               NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0); /* O_WRONLY */
    pid_t child;
    int status = -1;
    const double start = clock_now();
    if (posix_spawn(&child, program, &actions, NULL, arguments, environ) != 0 ||
        waitpid(child, &status, 0) < 0 || status != 0) {
      fprintf(stderr, "ntkit_bench: %s did not run\n", program);
      posix_spawn_file_actions_destroy(&actions);
      return;
    }
    if (run >= 0)
      times[run] = clock_now() - start;
    posix_spawn_file_actions_destroy(&actions);
  }
  printf("ntkit spectrum at N = 100, start to end: median %.1f ms of %d runs  (figure: 50 ms)\n",
         1e3 * median(times, RUNS), RUNS);
}

int main(int argc, char **argv) {
  static const point points[] = {
      {1000, 100, 15, 2.0, false},
      {2000, 500, 5, 0.0, false},
      {6000, 784, 3, 1.35, true},
  };
  if (argc > 1 && strcmp(argv[1], "dgemm") == 0) {
    printf("%.2f\n", 1e-9 * dgemm_rate());
    return 0;
  }
  ntk_context *context;
  if (ntk_context_create(NULL, &context) != NTK_OK)
    die("context");
  const ntk_environment e = ntk_context_environment(context);
  printf("ntkit %s (%s), %s\n%s, core %s; activations %s\n%s, %d threads\n\n", e.version, e.commit,
         e.compiler, e.blas, e.blas_core, e.simd, e.cpu, e.threads);
  ntk_context_destroy(context);
  if (argc > 1)
    run_startup(argv[1]);
  for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
    in_child(run_point, &points[i]);
  return 0;
}
