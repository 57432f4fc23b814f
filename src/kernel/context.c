/* How a context is made, and what it knows of program and machine. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "kernel/backend.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/ranks/ranks.h"
#include "base/simd.h"

#include <fcntl.h>
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

#ifndef NTK_VERSION
#error "the build must define NTK_VERSION and NTK_COMMIT"
#endif

/* The processor's name, as the system tells it. */
static void read_cpu_name(char name[128]) {
  snprintf(name, 128, "unknown");
#ifdef __APPLE__
  size_t length = 128;
  (void)sysctlbyname("machdep.cpu.brand_string", name, &length, NULL, 0);
#else
  char text[4096]; /* the first processor; no stream, which wants memory */
  const int file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
  const ssize_t length = file >= 0 ? read(file, text, sizeof text - 1) : -1;
  if (file >= 0)
    (void)close(file);
  text[length > 0 ? length : 0] = '\0';
  const char *line = strstr(text, "model name");
  if (line != NULL)
    (void)sscanf(line, "model name : %127[^\n]", name);
#endif
}

enum { MAX_THREADS = 1024 };

/* Every backend; the first is the one that is taken when none is named, the last one of those two.
 */
static const struct {
  const char *name;
  const ntk_backend *backend;
} backends[] = {{"cpu", &ntk_backend_cpu}, {"mpi", &ntk_backend_mpi}, {"auto", NULL}};
enum { CPU, MPI, AUTO, BACKENDS };

/* Room for what threads and their BLAS map when they first need it: once in a process for so many,
 * for what they have then is theirs. */
static ntk_status keep_addresses(ntk_context *made) {
  enum { STACK = 8 << 20, ARENA = 64 << 20 }; /* of a thread, and its allocator's */
  static atomic_int kept;
  const int threads = made->threads > 0 ? made->threads : omp_get_num_procs();
  if (ntk_addresses_left() == SIZE_MAX)
    return NTK_OK;
  made->addresses = (size_t)threads * (ntk_blas_buffer() + STACK + ARENA);
  if (threads <= atomic_load(&kept))
    return NTK_OK;
  NTK_TRY(ntk_addresses_check(made));
  atomic_store(&kept, threads);
  return NTK_OK;
}

/* ---- Threads ---- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_at_gate(void *unused) {
  (void)pthread_mutex_lock(&gate);
  (void)pthread_mutex_unlock(&gate);
  return unused;
}

/* How many of so many threads can be there at once, and why no more. */
static int count_startable(int threads, int *why) {
  pthread_t started[MAX_THREADS];
  int count = 0;
  (void)pthread_mutex_lock(&gate);
  for (*why = 0; count < threads && *why == 0; count += *why == 0)
    *why = pthread_create(&started[count], NULL, wait_at_gate, NULL);
  (void)pthread_mutex_unlock(&gate);
  for (int t = 0; t < count; t++)
    (void)pthread_join(started[t], NULL);
  return count;
}

/* OpenMP ends the process where a thread cannot be started: so that is tried before, once in a
 * process for so many. */
static ntk_status check_threads(int threads) {
  static atomic_int tried = 1;
  int why = 0;
  if (threads <= atomic_load(&tried))
    return NTK_OK;
  const int count = 1 + count_startable(threads - 1, &why); /* with this one */
  if (count < threads)
    return ntk_fail(NTK_ERR_MEMORY,
                    "%d threads are asked for, and the system starts no more than %d (%s); "
                    "accepted: 1 to %d",
                    threads, count, strerror(why), count);
  atomic_store(&tried, threads);
  return NTK_OK;
}

ntk_status ntk_context_create_on(const ntk_backend *backend, const ntk_context_options *options,
                                 ntk_context **context) {
  if (options->threads < 0 || options->threads > MAX_THREADS)
    return ntk_fail(NTK_ERR_ARGUMENT, "threads is %d; accepted: 1 to %d, or 0 for every core",
                    options->threads, MAX_THREADS);
  ntk_context *made = calloc(1, sizeof *made);
  if (made == NULL)
    return ntk_fail(NTK_ERR_MEMORY, "the context could not be allocated");
  made->threads = options->threads; /* 0: the backend may say how many */
  made->memory_limit = options->memory_limit;
  made->progress = options->progress;
  made->progress_user = options->progress_user;
  read_cpu_name(made->cpu);
  ntk_status status = keep_addresses(made); /* before BLAS is called */
  if (status == NTK_OK)
    status = check_threads(made->threads > 0             ? made->threads
                           : backend == &ntk_backend_cpu ? omp_get_num_procs()
                                                         : 1);
  if (status == NTK_OK)
    status = ntk_blas_check();
  if (made->addresses > 0)
    made->addresses -= ntk_blas_buffer(); /* which the check has taken, as the next call would */
  if (status == NTK_OK)
    status = ntk_backend_enter(made, backend);
  if (made->threads == 0)
    made->threads = omp_get_num_procs();
  if (status == NTK_OK)
    *context = made;
  else
    ntk_context_destroy(made);
  return status;
}

ntk_status ntk_context_create(const ntk_context_options *options, ntk_context **context) {
  static const ntk_context_options defaults;
  size_t backend = 0;
  if (options == NULL)
    options = &defaults;
  if (options->backend != NULL)
    NTK_TRY(NTK_NAME_FIND("backend", options->backend, backends, BACKENDS, &backend));
  if (backend == AUTO)
    backend = ntk_launched(NULL) > 1 ? MPI : CPU;
  return ntk_context_create_on(backends[backend].backend, options, context);
}

void ntk_context_destroy(ntk_context *context) {
  if (context == NULL)
    return;
  ntk_backend_leave(context);
  free(context);
}

ntk_status ntk_context_agree(ntk_context *context, ntk_status own, const char *line) {
  if (own != NTK_OK && line != NULL)
    ntk_fail_message("%s", line);
  const char *what = own == NTK_OK && line != NULL ? line : "ntk_context_agree";
  return ntk_ranks_agree(context, own, ntk_ranks_what(what, 0, 0, 0));
}

const char *ntk_version(void) {
  return NTK_VERSION;
}

const char *ntk_commit(void) {
  return NTK_COMMIT;
}

ntk_environment ntk_context_environment(const ntk_context *context) {
  return (ntk_environment){
      .version = NTK_VERSION,
      .commit = NTK_COMMIT,
      .compiler = NTK_COMPILER,
      .blas = ntk_blas_name(),
      .blas_core = ntk_blas_core(),
      .simd = ntk_simd_name(ntk_simd_best()),
      .backend = context->backend->name,
      .cpu = context->cpu,
      .threads = context->threads,
      .ranks = ntk_ranks_count(context),
      .rank = ntk_rank(context),
  };
}
