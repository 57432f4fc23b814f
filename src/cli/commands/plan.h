/* The parts of ntkit plan. */
#ifndef NTK_CLI_PLAN_H
#define NTK_CLI_PLAN_H

#include "cli/run/job.h"
#include "ntkit/plan.h"

typedef struct plan_settings {
  cli_settings common;
  const char *question;
  const char *output;
  const char *precision, *method; /* NULL: not given */
  bool full, per_block, certify, resolve, density, calibrate;
  size_t vectors, probes, steps, epochs; /* 0: not given */
  size_t batch, clients, local_steps;    /* of train; 0: not given */
  size_list prefixes;
  const char *optimizer, *kernel_precision, *track; /* of train; NULL: not given */
  int cores, ranks;
  double peak, bandwidth, network; /* in units of 10^9; 0: this machine's, or not given */
} plan_settings;

typedef struct plan_run {
  cli_job job;
  cli_settings settings; /* those given, with N, d and n_L of a data set known by its name */
  const plan_settings *asked;
  ntk_plan plan;
} plan_run;

/* On standard output, for people. */
void plan_print(const plan_run *run);

#endif
