/* The figures that docs/performance.md promises, measured in one run. A limit is what the machine's
 * multiply-add units, or its memory, take for the work of a phase at the rates of this same run (as
 * ntkit plan counts work and measures rates), so that a slow or shared machine shows as such.
 *
 *   ntkit_bench [PROGRAM] [large]   PROGRAM: path of ntkit, for the start-up figure; large: N =
 * 20,000 ntkit_bench dgemm               the machine's dgemm rate alone, GFLOP/s, on
 * OMP_NUM_THREADS threads
 *
 * Exit status 0 whatever the figures are: a benchmark is no test. */
#define _DEFAULT_SOURCE
#include "ntkit/plan.h"
#include "theory/plan/work.h"

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

static double processor_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
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

enum { ORDER = 3000, GEMMS = 5 };

static void fill(double *A, size_t count) {
  for (size_t i = 0; i < count; i++)
    A[i] = (double)(i % 7) - 3.0;
}

/* Flops a second of square dgemm: best of five, as a peak is. */
static double dgemm_rate(void) {
  const size_t entries = (size_t)ORDER * ORDER;
  double *A = malloc(3 * entries * sizeof *A);
  if (A == NULL)
    die("dgemm");
  fill(A, 3 * entries);
  double best = INFINITY;
  for (int run = 0; run < GEMMS; run++) {
    const double start = clock_now();
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, ORDER, ORDER, ORDER, 1.0, A, ORDER,
                A + entries, ORDER, 0.0, A + 2 * entries, ORDER);
    best = fmin(best, clock_now() - start);
  }
  free(A);
  return 2.0 * pow(ORDER, 3) / best;
}

static double sgemm_rate(void) {
  const size_t entries = (size_t)ORDER * ORDER;
  float *A = malloc(3 * entries * sizeof *A);
  if (A == NULL)
    die("sgemm");
  for (size_t i = 0; i < 3 * entries; i++)
    A[i] = (float)(i % 7) - 3.0F;
  double best = INFINITY;
  for (int run = 0; run < GEMMS; run++) {
    const double start = clock_now();
    cblas_sgemm(CblasColMajor, CblasNoTrans, CblasTrans, ORDER, ORDER, ORDER, 1.0F, A, ORDER,
                A + entries, ORDER, 0.0F, A + 2 * entries, ORDER);
    best = fmin(best, clock_now() - start);
  }
  free(A);
  return 2.0 * pow(ORDER, 3) / best;
}

typedef struct point {
  size_t N, d, depth, width; /* depth - 1 hidden layers of this width */
  int threads, runs;         /* threads 0: all */
  double figure;             /* most times what the flops take at the peak; 0: none */
  bool large;                /* only where it is asked for */
  const char *precision;
} point;

enum { MOST_RUNS = 15, MOST_DEPTH = 4 };
typedef enum phase { FORWARD, KERNEL, FACTOR, LARGEST, SMALLEST, PHASES } phase;

typedef struct work {
  const char *name;
  double flops, bytes, least,
      limit; /* seconds: the flops' at the peak; the longer of that and the bytes' */
  double seconds[MOST_RUNS];
} work;

static phase phase_of(const ntk_work *w) {
  if (strcmp(w->phase, "features") == 0)
    return FORWARD;
  if (strcmp(w->phase, "kernel") == 0)
    return KERNEL;
  if (strcmp(w->phase, "largest eigenvalue") == 0)
    return LARGEST;
  if (w->kind == NTK_WORK_PASSES) /* the residual's product, where K is not kept */
    return SMALLEST;
  return strcmp(w->phase, "smallest eigenvalue") == 0 ? SMALLEST : FACTOR; /* and the copy of K */
}

/* What the plan says, with as many products and solves as there were. */
static void put_limits(const ntk_machine *m, const ntk_network_spec *spec, size_t N,
                       const ntk_spectrum_result *r, work *to) {
  const bool mixed = strcmp(r->precision, "mixed") == 0; /* the factor is in float */
  const ntk_spectrum_options options = {0};
  ntk_work_list list = {0};
  ntk_work_spectrum(spec, N, &options, &list);
  bool cached = false;
  for (size_t i = 0; i < list.count; i++)
    cached = cached || list.work[i].kind == NTK_WORK_CACHED;
  for (size_t i = 0; i < list.count; i++) {
    const ntk_work *w = &list.work[i];
    const phase k = phase_of(w);
    const bool single = mixed && (k == FACTOR || k == SMALLEST);
    const double peak = single ? m->peak_single : m->peak, bytes = w->bytes / (single ? 2.0 : 1.0);
    double times = 1.0, bandwidth = m->bandwidth;
    if ((k == LARGEST || k == SMALLEST) && w->kind != NTK_WORK_PASSES) { /* each of 2 N^2 flops */
      /* In mixed precision products are of both ends, and so those of the plan are told. */
      times = k == SMALLEST ? r->solves : mixed ? 0.0 : r->products;
      times = times > 0.0 ? times * 2.0 * pow((double)N, 2) / w->flops : 1.0;
      bandwidth = cached ? m->bandwidth_cache : m->bandwidth;
    }
    to[k].flops += times * w->flops;
    to[k].bytes += times * bytes;
    to[k].least += times * w->flops / peak;
    to[k].limit += times * fmax(w->flops / peak, bytes / bandwidth);
  }
}

static void print_phases(work *phases, size_t runs) {
  printf("  %-9s %9s %9s %10s %10s %10s %7s\n", "", "GFLOP", "GB moved", "limit, s", "median, s",
         "least, s", "share");
  for (int k = 0; k < PHASES; k++) {
    work *w = &phases[k];
    const double middle = median(w->seconds, runs); /* sorts them */
    printf("  %-9s %9.4g %9.4g %10.4g %10.4g %10.4g %5.0f %%\n", w->name, 1e-9 * w->flops,
           1e-9 * w->bytes, w->limit, middle, w->seconds[0], 100.0 * w->limit / middle);
  }
}

/* The rates of this moment; what a loaded machine left, if it says so. */
static ntk_machine rates(ntk_context *context) {
  ntk_machine m;
  if (ntk_calibrate(context, NTK_CALIBRATE_ANEW, &m) != NTK_OK)
    die("calibration");
  printf("  peak %.1f GFLOP/s, in float %.1f; memory %.1f GB/s, caches %.0f\n", 1e-9 * m.peak,
         1e-9 * m.peak_single, 1e-9 * m.bandwidth, 1e-9 * m.bandwidth_cache);
  if (m.note[0] != '\0')
    printf("  %s\n", m.note);
  return m;
}

/* By the wall's clock, and by the processor's over the threads, which others' work disturbs less.
 */
static void print_sums(const point *p, const ntk_machine *m, const work *phases, double *total,
                       double *processor) {
  double least = 0.0, limit = 0.0;
  for (int k = 0; k < PHASES; k++) {
    least += k == LARGEST || k == SMALLEST ? 0.0 : phases[k].least;
    limit += phases[k].limit;
  }
  const double middle = median(total, (size_t)p->runs);
  const double used = median(processor, (size_t)p->runs) / m->threads;
  printf("  whole job: median %.4g s, least %.4g s of %d runs (processor %.4g s on each of %d); "
         "limits together %.4g s\n",
         middle, total[0], p->runs, used, m->threads, limit);
  printf("  times its flops at the peak, %.4g s: %.2f (processor %.2f)", least, middle / least,
         used / least);
  printf(p->figure > 0.0 ? ", figure %.2f" : "", p->figure);
}

/* One case in this process: sigmoid, Gaussian data. */
static void run_point(const point *p) {
  const ntk_context_options options = {.threads = p->threads};
  ntk_context *context;
  ntk_dataset *data;
  ntk_network *network;
  size_t width[MOST_DEPTH] = {p->d};
  for (size_t l = 1; l < p->depth; l++)
    width[l] = p->width;
  const ntk_spectrum_options how = {.precision = p->precision};
  const ntk_network_spec spec = {.depth = p->depth, .width = width, .seed = 1};
  if (ntk_context_create(&options, &context) != NTK_OK)
    die("context");
  printf("N = %zu, d = %zu, %zu layers of %zu, %d thread(s), %s\n", p->N, p->d, p->depth, p->width,
         ntk_context_environment(context).threads, p->precision);
  if (ntk_dataset_generate(context, "gaussian", p->N, p->d, 1, &data) != NTK_OK ||
      ntk_network_create(context, &spec, &network) != NTK_OK)
    die("set-up");
  work phases[PHASES] = {{.name = "forward"},
                         {.name = "kernel"},
                         {.name = "factor"},
                         {.name = "largest"},
                         {.name = "smallest"}};
  double total[MOST_RUNS], processor[MOST_RUNS];
  ntk_spectrum_result counts = {0};
  for (int run = 0; run < p->runs; run++) {
    ntk_spectrum_result result;
    const double before = processor_now();
    if (ntk_spectrum(context, network, data, &how, &result) != NTK_OK)
      die("spectrum");
    const ntk_spectrum_seconds *s = &result.seconds;
    const double took[PHASES] = {s->forward, s->kernel, s->factor, s->largest,
                                 s->eigen - s->largest};
    for (int k = 0; k < PHASES; k++)
      phases[k].seconds[run] = took[k];
    total[run] = s->total;
    processor[run] = processor_now() - before;
    counts = result; /* its numbers alone are used below */
    ntk_spectrum_clear(&result);
  }
  struct rusage usage; /* before the calibration, whose arrays are not ours */
  getrusage(RUSAGE_SELF, &usage);
  const ntk_machine m = rates(context);
  put_limits(&m, &spec, p->N, &counts, phases);
  print_phases(phases, (size_t)p->runs);
  print_sums(p, &m, phases, total, processor);
  printf("; process %.0f MB\n\n", 1e-6 * 1024.0 * (double)usage.ru_maxrss);
}

/* What BLAS makes of the same units. */
static void run_gemm(const point *p) {
  (void)p;
  printf("BLAS, order %d: dgemm %.1f GFLOP/s, sgemm %.1f\n\n", ORDER, 1e-9 * dgemm_rate(),
         1e-9 * sgemm_rate());
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
  printf("ntkit spectrum at N = 100, start to end: median %.1f ms of %d runs  (figure: 50 ms)\n\n",
         1e3 * median(times, RUNS), RUNS);
}

int main(int argc, char **argv) {
  static const point points[] = {
      {.N = 1000, .d = 100, .depth = 3, .width = 100, .runs = 15},
      {.N = 2000, .d = 50, .depth = 2, .width = 4000, .threads = 1, .runs = 5},
      {.N = 6000, .d = 784, .depth = 3, .width = 784, .runs = 3, .figure = 1.35},
      {.N = 20000, .d = 784, .depth = 3, .width = 784, .runs = 1, .figure = 1.35, .large = true},
  };
  if (argc > 1 && strcmp(argv[1], "dgemm") == 0) {
    printf("%.2f\n", 1e-9 * dgemm_rate());
    return 0;
  }
  const bool large = argc > 1 && strcmp(argv[argc - 1], "large") == 0;
  ntk_context *context;
  if (ntk_context_create(NULL, &context) != NTK_OK)
    die("context");
  const ntk_environment e = ntk_context_environment(context);
  printf("ntkit %s (%s), %s\n%s, core %s; %s\n%s, %d threads\n", e.version, e.commit, e.compiler,
         e.blas, e.blas_core, e.simd, e.cpu, e.threads);
  ntk_context_destroy(context);
  in_child(run_gemm, NULL);
  if (argc - large > 1)
    run_startup(argv[1]);
  for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
    for (int mixed = 0; mixed < 2 && (large || !points[i].large); mixed++) {
      point p = points[i];
      p.precision = mixed ? "mixed" : "double";
      in_child(run_point, &p);
    }
  return 0;
}
