/* Reads a file of text as --data does, THREADS threads (0: every core): seconds, wall and
 * processor, and the memory that it took beyond the matrix itself. bench/peer_csv.py runs it in
 * turn with pandas. usage: ntkit_bench_csv FILE [THREADS] */
#include "ntkit/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(clockid_t clock) {
  struct timespec t;
  (void)clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Most memory that this program had, in MB: of its own, where getrusage tells its parent's too. */
static double most_memory(void) {
  FILE *file = fopen("/proc/self/status", "r");
  char line[256];
  double kilobytes = 0.0;
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    (void)sscanf(line, "VmHWM: %lf", &kilobytes);
  if (file != NULL)
    (void)fclose(file);
  return kilobytes / 1024.0;
}

int main(int argc, char **argv) {
  const ntk_context_options options = {.threads = argc > 2 ? atoi(argv[2]) : 0};
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  if (argc < 2 || ntk_context_create(&options, &context) != NTK_OK)
    return 2;
  const double wall = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
  if (ntk_dataset_load(context, argv[1], 0, 0, NTK_SCALE_NONE, &data) != NTK_OK) {
    fprintf(stderr, "%s\n", ntk_error_message());
    return 1;
  }
  const double seconds = now(CLOCK_MONOTONIC) - wall;
  const double cpu = now(CLOCK_PROCESS_CPUTIME_ID) - processor;
  const double bytes = 8.0 * (double)ntk_dataset_samples(data) * (double)ntk_dataset_dim(data);
  printf("%.4f %.4f %.1f\n", seconds, cpu, most_memory() - bytes / 1048576.0);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return 0;
}
