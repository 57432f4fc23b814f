/* The rates of this machine: of its units, its memory, and of our own kernels at sizes of a few
 * hundredths of a second. Each is the best of several tries, for what disturbs only slows down. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* _SC_LEVEL3_CACHE_SIZE */
#endif
#include "theory/plan/calibrate.h"

#include "base/memory.h"
#include "kernel/kernel.h"
#include "net/network.h"
#include "spectrum/packed/packed.h"
#include "theory/plan/burst.h"
#include "theory/plan/work.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 3, BURSTS = 8 };
static const double SHORT = 3e-3; /* seconds of a burst */

static double between(double least, double value, double most) {
  return fmin(fmax(value, least), most);
}

static double processor_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Seconds of our own: with one thread those of the processor, of which others take nothing. */
static double clock_of(const ntk_context *context) {
  return context->threads == 1 ? processor_clock() : ntk_clock();
}

/* ---- The processor and the memory ------------------------------------------------------------ */

/* The best flops a second of all threads together. */
static double burst(const ntk_context *context, bool single, size_t steps, int tries,
                    ntk_load *load) {
  double best = 0.0, sink = 0.0;
  for (int i = 0; i < tries; i++) {
    double flops = 0.0;
    const double start = ntk_clock(), processor = processor_clock();
#pragma omp parallel num_threads(ntk_team(context)) reduction(+ : flops, sink)
    {
      double result = 1.0;
      flops += ntk_burst(single, steps, &result);
      sink += result;
    }
    const double seconds = ntk_clock() - start;
    const double own = processor_clock() - processor;
    load->processor += own;
    load->wall += seconds;
    best = fmax(best, flops / (context->threads == 1 ? own : seconds));
  }
  return sink > 0.0 ? best : 0.0;
}

/* Steps of a burst, by processor time: by the wall's clock short bursts on a busy machine, which
 * wait for a thread longer than they take, would say that a step takes a hundred times as long. */
static size_t burst_steps(const ntk_context *context) {
  enum { FEW = 20000, MOST = 4000000 };
  double least = INFINITY;
  for (int i = 0; i < TRIES; i++) {
    ntk_load load = {0};
    (void)burst(context, false, FEW, 1, &load);
    least = fmin(least, load.processor / context->threads);
  }
  return (size_t)between(FEW, FEW * SHORT / least, MOST);
}

static double read_rate(const ntk_context *context, const double *x, size_t count, size_t times) {
  double best = 0.0, sink = 0.0;
  for (int i = 0; i < TRIES; i++) {
    const double start = clock_of(context);
#pragma omp parallel num_threads(ntk_team(context)) reduction(+ : sink)
    {
      const size_t team = (size_t)omp_get_num_threads(), me = (size_t)omp_get_thread_num();
      const size_t first = count / 8 * me / team * 8, last = count / 8 * (me + 1) / team * 8;
      for (size_t t = 0; t < times; t++)
        sink += ntk_read_all(x + first, last - first) + (double)t;
    }
    best = fmax(best, 8.0 * (double)count * (double)times / (clock_of(context) - start));
  }
  return isfinite(sink) ? best : 0.0;
}

static ntk_status measure_memory(ntk_context *context, double room, ntk_machine *m) {
  double *x = NULL, large = 96e6, cached = 128e3 * context->threads;
#ifdef _SC_LEVEL3_CACHE_SIZE
  /* Of a server's cache a machine within it has a share, whatever it is told. */
  large = between(large, 3.0 * (double)sysconf(_SC_LEVEL3_CACHE_SIZE), 2.0 * large);
#endif
  const size_t count = (size_t)(fmin(large, room) / 8.0);
  NTK_TRY(ntk_alloc_doubles(context, count, "the calibration", &x));
#pragma omp parallel for schedule(static) num_threads(ntk_team(context))
  for (size_t i = 0; i < count; i++)
    x[i] = 1.0;
  m->bandwidth = read_rate(context, x, count, 1);
  m->bandwidth_cache = read_rate(context, x, (size_t)fmin(cached / 8.0, (double)count), 200);
  ntk_free(context, x);
  double best = INFINITY;
  for (int i = 0; i < 20; i++) {
    const double start = clock_of(context);
    int there = 0;
#pragma omp parallel num_threads(ntk_team(context)) reduction(+ : there)
    there += 1;
    best = fmin(best, (clock_of(context) - start) / (there > 0 ? 1.0 : 0.0));
  }
  m->launch = best;
  return NTK_OK;
}

/* ---- Our kernels: a matrix --------------------------------------------------------------------
 */

/* Positive definite, and without a pattern: of its values nothing depends but that. */
static ntk_status make_matrix(ntk_context *context, size_t n, ntk_precision precision,
                              ntk_packed *A) {
  NTK_TRY(ntk_packed_create(context, n, precision, NULL, A));
#pragma omp parallel for schedule(dynamic, 64) num_threads(ntk_team(context))
  for (size_t j = 0; j < n; j++)
    for (size_t i = j; i < n; i++)
      ntk_packed_set(A, i, j,
                     i == j ? (double)n : (double)((i * 7919 + j * 104729) % 1009) / 1009.0 - 0.5);
  return NTK_OK;
}

static ntk_status time_factor(ntk_context *context, size_t n, ntk_precision precision,
                              ntk_sample *s) {
  const double m = (double)n;
  ntk_packed A = {0};
  *s = (ntk_sample){m * m * m / 3.0, 0.5 * m * m, INFINITY};
  ntk_status status = NTK_OK;
  for (int i = 0; i < TRIES && status == NTK_OK; i++) {
    status = make_matrix(context, n, precision, &A);
    const double start = clock_of(context);
    if (status == NTK_OK)
      status = ntk_packed_factor(&A, 0.0);
    s->seconds = fmin(s->seconds, clock_of(context) - start);
    ntk_packed_destroy(&A);
  }
  return status;
}

/* Passes over a matrix; that it is no factor, or is one, is all the same to the memory. *product
 * NULL: not wanted. */
static ntk_status time_passes(ntk_context *context, size_t n, size_t vectors, ntk_rate *solve,
                              ntk_rate *product) {
  ntk_packed A = {0};
  double *v = NULL, solved = INFINITY, multiplied = INFINITY;
  NTK_TRY(ntk_alloc_doubles(context, (vectors + 1) * n, "the calibration", &v));
  ntk_status status = make_matrix(context, n, NTK_PRECISION_DOUBLE, &A);
  for (int i = 0; i < TRIES && status == NTK_OK; i++) {
    for (size_t e = 0; e < vectors * n; e++)
      v[e] = 1.0;
    double start = clock_of(context);
    status = ntk_packed_multiply(&A, v, 1, v + vectors * n);
    multiplied = fmin(multiplied, clock_of(context) - start);
    start = clock_of(context);
    if (status == NTK_OK)
      status = ntk_packed_solve(&A, v, vectors);
    solved = fmin(solved, clock_of(context) - start);
  }
  ntk_packed_destroy(&A);
  ntk_free(context, v);
  const double bytes = 4.0 * (double)n * (double)n;
  *solve = (ntk_rate){2.0 * bytes / solved, 0.0};
  if (product != NULL)
    *product = (ntk_rate){bytes / multiplied, 0.0};
  return status;
}

/* ---- Our kernels: a network -------------------------------------------------------------------
 */

typedef struct network_samples {
  ntk_sample forward, kernel, passes;
} network_samples;

typedef struct instance {
  ntk_network *network;
  ntk_dataset *data;
  double *Y; /* 2 N */
} instance;

static void release(ntk_context *context, instance *i) {
  ntk_network_destroy(i->network);
  ntk_dataset_destroy(i->data);
  ntk_free(context, i->Y);
}

static ntk_status make_instance(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                instance *made) {
  *made = (instance){0};
  ntk_status status = ntk_alloc_doubles(context, 2 * N, "the calibration", &made->Y);
  for (size_t i = 0; i < N && status == NTK_OK; i++)
    made->Y[i] = i % 2 == 0 ? 1.0 : -1.0;
  if (status == NTK_OK)
    status = ntk_dataset_generate(context, "gaussian", N, spec->width[0], 1, &made->data);
  if (status == NTK_OK)
    status = ntk_network_create(context, spec, &made->network);
  return status;
}

static ntk_sample begin_sample(const ntk_work_list *list, ntk_work_kind kind) {
  ntk_sample s = {0.0, 0.0, INFINITY};
  for (size_t i = 0; i < list->count; i++)
    if (list->work[i].kind == kind) {
      s.units += list->work[i].flops;
      s.entries += list->work[i].entries;
    }
  return s;
}

/* One try at everything. */
static ntk_status try_network(ntk_context *context, const instance *i, network_samples *s) {
  ntk_features *features = NULL;
  ntk_kernel *K = NULL;
  double start = clock_of(context);
  NTK_TRY(ntk_features_create(i->network, i->data, &features));
  s->forward.seconds = fmin(s->forward.seconds, clock_of(context) - start);
  start = clock_of(context);
  ntk_status status = ntk_kernel_create(features, NULL, &K);
  s->kernel.seconds = fmin(s->kernel.seconds, clock_of(context) - start);
  ntk_kernel_destroy(K);
  start = clock_of(context);
  if (status == NTK_OK)
    status = ntk_kernel_apply(features, NULL, i->Y, 1, i->Y + ntk_dataset_samples(i->data));
  s->passes.seconds = fmin(s->passes.seconds, clock_of(context) - start);
  ntk_features_destroy(features);
  return status;
}

static ntk_status time_network(ntk_context *context, size_t N, size_t n, network_samples *s) {
  const size_t width[] = {n, n, n};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  instance made;
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, NULL, &list);
  s->forward = begin_sample(&list, NTK_WORK_FORWARD);
  s->kernel = begin_sample(&list, NTK_WORK_KERNEL);
  s->passes = (ntk_sample){4.0 * (double)N * ntk_shape_of(&spec).parameters, 0.0, INFINITY};
  ntk_status status = make_instance(context, &spec, N, &made);
  for (int i = 0; i < TRIES && status == NTK_OK; i++)
    status = try_network(context, &made, s);
  release(context, &made);
  return status;
}

/* An epoch of training, from a few of them and a few more. */
static ntk_status time_step(ntk_context *context, size_t N, size_t n, ntk_sample *s) {
  enum { FEW = 2, MORE = 8 };
  const size_t width[] = {n, n, n};
  const ntk_network_spec spec = {.depth = 3, .width = width};
  instance made;
  ntk_work_list list;
  double took[2] = {INFINITY, INFINITY};
  ntk_work_train(&spec, N, &(ntk_train_options){.epochs = 1}, false, &list);
  *s = begin_sample(&list, NTK_WORK_STEP);
  ntk_status status = make_instance(context, &spec, N, &made);
  for (int i = 0; i < 2 * TRIES && status == NTK_OK; i++) {
    const ntk_train_options options = {.optimizer = "adam", /* which asks nothing of K before */
                                       .epochs = i % 2 == 0 ? FEW : FEW + MORE,
                                       .lr = 1e-12};
    ntk_train_result result = {0};
    const double start = clock_of(context);
    status = ntk_train(context, made.network, made.data, made.Y, &options, &result);
    took[i % 2] = fmin(took[i % 2], clock_of(context) - start);
    ntk_train_clear(&result);
  }
  s->seconds = took[1] > took[0] ? (took[1] - took[0]) / MORE : took[1] / (FEW + MORE);
  release(context, &made);
  return status;
}

/* ---- All of it --------------------------------------------------------------------------------
 */

/* Sizes for a few hundredths of a second each, that fit the room (bytes). */
static ntk_status measure_kernels(ntk_context *context, double room, ntk_machine *m,
                                  ntk_measured *found) {
  const double most = sqrt(room / 16.0), work = 0.05 * m->peak;
  const double factor = between(128.0, cbrt(3.0 * work), most);
  const double rows = between(128.0, sqrt(work / (5.0 * 384.0)), fmin(most, room / 4e4));
  ntk_sample *const small = found->small, *const large = found->large;
  network_samples narrow, wide;
  for (int k = 0; k < 2; k++) {
    const ntk_precision precision = k == 0 ? NTK_PRECISION_DOUBLE : NTK_PRECISION_FLOAT;
    const ntk_work_kind kind = k == 0 ? NTK_WORK_FACTOR : NTK_WORK_SINGLE;
    NTK_TRY(time_factor(context, (size_t)(factor / 3.0), precision, &small[kind]));
    NTK_TRY(time_factor(context, (size_t)factor, precision, &large[kind]));
  }
  NTK_TRY(time_passes(context, (size_t)fmin(4096.0, most), 4, &m->solve, &m->product));
  NTK_TRY(time_passes(context, (size_t)fmin(2048.0, most), 1, &m->solve_cached, NULL));
  NTK_TRY(time_network(context, (size_t)rows, 48, &narrow));
  NTK_TRY(time_network(context, (size_t)rows, 384, &wide));
  small[NTK_WORK_FORWARD] = narrow.forward;
  large[NTK_WORK_FORWARD] = wide.forward;
  small[NTK_WORK_KERNEL] = narrow.kernel;
  large[NTK_WORK_KERNEL] = wide.kernel;
  small[NTK_WORK_PASSES] = large[NTK_WORK_PASSES] = wide.passes;
  NTK_TRY(time_step(context, (size_t)fmin(rows, 1024.0), 32, &small[NTK_WORK_STEP]));
  return time_step(context, (size_t)fmin(rows, 1024.0), 128, &large[NTK_WORK_STEP]);
}

ntk_status ntk_machine_measure(ntk_context *context, ntk_machine *m, ntk_measured *found) {
  const double room = between(4e6, (double)ntk_memory_available(context) / 3.0, 512e6);
  const size_t steps = burst_steps(context);
  ntk_load single = {0}, *const load = &found->load;
  m->peak = load->first = burst(context, false, steps, BURSTS, load);
  m->peak_single = burst(context, true, steps, BURSTS, &single);
  NTK_TRY(measure_memory(context, room, m));
  NTK_TRY(measure_kernels(context, room, m, found));
  load->last = burst(context, false, steps, BURSTS, load);
  m->peak = fmax(m->peak, load->last);
  return NTK_OK;
}
