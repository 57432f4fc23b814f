/* What the parts of ntk_limit_spectrum share. */
#ifndef NTK_THEORY_LIMIT_JOB_H
#define NTK_THEORY_LIMIT_JOB_H

#include "kernel/ends/extremes.h"
#include "kernel/limit/limit.h"
#include "ntkit/limit.h"

typedef struct ntk_limit_job {
  ntk_context *context;
  const ntk_network_spec *spec;
  const ntk_dataset *data;
  ntk_limit_options options; /* defaults resolved */
  ntk_limit_result *result;
  ntk_limit limit;      /* of all blocks */
  ntk_network *narrow;  /* by ntk_limit_narrow */
  bool *blocks;         /* L: those that are looked at */
  double *vector, *row; /* N; 2 N */
} ntk_limit_job;

/* The kernel of these blocks, of all (NULL), or the covariance. */
ntk_status ntk_limit_job_make(ntk_limit_job *j, const bool *blocks, ntk_kernel **K);
/* What is to be known before a factorisation of block k, or of all (k = L): that lambda_min is 0,
 * or the resolution; and the trace. */
ntk_status ntk_limit_job_begin(const ntk_limit_job *j, const ntk_kernel *K, size_t k, double *trace,
                               ntk_extremes *e);

/* known.c. What makes block k, or all (k = L), of the limit singular whatever its widths are. */
ntk_status ntk_limit_job_known(const ntk_limit_job *j, size_t k, ntk_deficiency *deficiency);
/* blocks.c. Traces, lambda_min and files of blocks; K's distance and theirs. */
ntk_status ntk_limit_job_blocks(ntk_limit_job *j);
ntk_status ntk_limit_job_distances(ntk_limit_job *j);

#endif
