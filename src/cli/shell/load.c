/* Before the program's libraries are initialised: OpenBLAS, as it is loaded, maps a buffer for each
 * of its threads, and where ulimit -v leaves no room it tries for ever, before main is reached. A
 * program of glibc's has a place for what comes first; elsewhere (macOS has no such limit), and
 * with another BLAS, there is nothing to look at. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "cli/shell/settings.h"
#include "ntkit/ntkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined NTK_OPENBLAS && defined __GLIBC__ && defined __ELF__

#include <sched.h>

static const double BUFFER = 128 << 20; /* bytes, at most; twice that with what comes later */

/* As OpenBLAS counts them. */
static int threads_at_load(void) {
  static const char *const variables[] = {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS",
                                          "OMP_NUM_THREADS"};
  cpu_set_t set;
  const int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
    const char *text = getenv(variables[i]);
    const long asked = text != NULL ? strtol(text, NULL, 10) : 0;
    if (asked > 0)
      return asked < cores ? (int)asked : cores;
  }
  return cores;
}

/* Of addresses, bytes. */
static double mapped(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  unsigned long pages = 0;
  const bool read = file != NULL && fscanf(file, "%lu", &pages) == 1;
  if (file != NULL)
    (void)fclose(file);
  return read ? (double)pages * (double)sysconf(_SC_PAGESIZE) : 0.0;
}

static void look(int count, char **words, char **environment) {
  const int threads = threads_at_load();
  const double bytes = threads > 1 ? threads * BUFFER : 0.0; /* one has none at first */
  struct rlimit limit;
  int rank = 0;
  (void)count, (void)words, (void)environment;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
      mapped() + bytes <= (double)limit.rlim_cur)
    return;
  (void)ntk_launched(&rank);
  if (rank == 0)
    (void)fprintf(stderr,
                  "ntkit: the limit on addresses (ulimit -v) leaves no room for OpenBLAS's %d "
                  "threads; accepted: ulimit -v %.0f and up, or unlimited, or fewer threads by "
                  "OMP_NUM_THREADS\n",
                  threads, (mapped() + 2.6 * bytes) / 1024.0 + 1e5);
  _exit(EXIT_INPUT);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **,
                                                                            char **) = look;

#endif
