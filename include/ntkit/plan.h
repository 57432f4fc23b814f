/* ntkit/plan.h - what a computation takes, and what the machine can do (docs/plan.md). */
#ifndef NTKIT_PLAN_H
#define NTKIT_PLAN_H

#include "ntkit/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Units (flops, or bytes) a second of large sizes, and seconds more for each number made. */
typedef struct ntk_rate {
  double rate, overhead;
} ntk_rate;
typedef struct ntk_machine { /* on all threads of a context */
  int threads;
  size_t memory;                     /* bytes there are */
  double peak, peak_single;          /* multiply-adds in registers: flops a second */
  double bandwidth, bandwidth_cache; /* reading memory, or the caches: bytes a second */
  double launch;                     /* to start the threads and wait for them: seconds */
  ntk_rate forward, kernel, factor, factor_single, step, passes; /* our own: flops */
  ntk_rate solve, solve_cached, product;                         /* bytes of the factor, of K */
  ntk_rate network; /* of ranks, else 0: bytes a second, and seconds a message to all of them */
  bool kept;        /* in the user's cache: by this call, or before */
  char note[240];   /* one line: why it is not kept, that the machine is busy; "" */
} ntk_machine;

/* What is kept, or else measured; measured; what is kept, or else NTK_ERR_FILE. */
typedef enum ntk_calibration {
  NTK_CALIBRATE,
  NTK_CALIBRATE_ANEW,
  NTK_CALIBRATE_KEPT
} ntk_calibration;
/* Measures in under two seconds; keeps it in $XDG_CACHE_HOME/ntkit (or ~/.cache/ntkit) unless the
 * machine was busy. NTK_ERR_FILE, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_calibrate(ntk_context *context, ntk_calibration how, ntk_machine *machine);

typedef struct ntk_plan_options {
  const char *question;          /* "spectrum", "memorize", "train"; NULL: "spectrum" */
  ntk_spectrum_options spectrum; /* those of the question count */
  ntk_memorize_options memorize; /* as those */
  ntk_train_options train;       /* as those */
  ntk_calibration calibration;   /* _KEPT: seconds are NaN where nothing is kept */
  int cores;                     /* of another machine, with the next ones; 0: this one's */
  size_t memory;                 /* bytes */
  double peak, bandwidth;        /* flops and bytes a second */
  int ranks;                     /* processes, each on such a machine; 0: the context's */
  double network;                /* between them, bytes a second; 0: 1e10 */
} ntk_plan_options;
typedef struct ntk_plan_phase {
  const char *name; /* as the progress callback has it */
  double flops, bytes, seconds;
  double traffic, messages; /* that a rank receives: bytes; how many */
} ntk_plan_phase;
typedef struct ntk_plan_method {
  const char *name;             /* "factor" */
  double flops, bytes, seconds; /* bytes: read from memory and written, by all ranks together */
  double traffic, messages;     /* that a rank receives: bytes; how many */
  size_t memory, largest;       /* most a rank holds; the largest N that fits and has an answer */
  bool fits;                    /* memory, in the machine's */
  size_t phases;
  ntk_plan_phase *phase;
} ntk_plan_method;
typedef struct ntk_plan {
  ntk_context *context;              /* that owns the arrays below; NULL in a cleared plan */
  size_t samples, parameters, order; /* N; P; rows of K */
  int ranks;
  const char *chosen;                    /* what the question is done by; NULL: nothing fits */
  char reason[240];                      /* one line on that, or that K is singular; or "" */
  ntk_bounds bounds;                     /* of lambda_min; lower_scale at most upper_scale */
  size_t least_width, least_last, width; /* equal ones: docs/results.md; taken */
  ntk_machine machine;
  size_t methods;
  ntk_plan_method *method;
} ntk_plan;

/* In a context of several ranks each plans by itself, of as many like it with the least memory they
 * have told each other of, without a word to the others. For N samples; hidden widths all 0:
 * least_width each, or what memorize needs. For ntk_plan_clear. NTK_ERR_ARGUMENT, _LIMIT, _FILE,
 * _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_plan_make(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                 const ntk_plan_options *options, ntk_plan *plan);
NTK_API void ntk_plan_clear(ntk_plan *plan);

#ifdef __cplusplus
}
#endif
#endif
