/* What ntkit limit, and spectrum of the limit beside K, have to tell people. */
#include "cli/run/job_show.h"
#include "cli/spectrum/limit.h"

#include <math.h>
#include <stdio.h>

enum { LIMIT_ALL = 16, LIMIT_END = 5 }; /* more blocks than the first: so many at each end */

static void print_end(const char *name, double value, double residual, double exponent) {
  char text[NTK_DECIMAL], error[NTK_DECIMAL];
  printf("%-11s %-18s residual %s\n", name, job_value(value, exponent, "%.10g", text),
         job_value(residual, exponent, "%.1e", error));
}

static void print_bounds(const char *what, double lower, double upper, double exponent) {
  char low[NTK_DECIMAL], high[NTK_DECIMAL];
  printf("            %-31s %s <= lambda_min <= %s\n", what, job_value_down(lower, exponent, low),
         job_value_up(upper, exponent, high));
}

void limit_print_ends(const ntk_limit_result *r) {
  const ntk_certificate *c = &r->certificate;
  char text[NTK_DECIMAL];
  printf("verdict     %s%s%s\n", ntk_verdict_name(r->verdict), r->reason[0] != '\0' ? ": " : "",
         r->reason);
  print_end("lambda_min", r->lambda_min, r->residual_min, r->exponent);
  if (r->verdict == NTK_VERDICT_RANK_DEFICIENT && c->kernel.proved)
    printf("            exactly, for the limit in exact arithmetic\n");
  if (c->certified) {
    print_bounds("proved of the stored matrix:", c->lower, c->upper, r->exponent);
    print_bounds("estimated for the exact limit:", c->kernel_lower, c->kernel_upper, r->exponent);
  }
  print_end("lambda_max", r->lambda_max, r->residual_max, r->exponent);
  if (isfinite(r->lambda_max / r->lambda_min))
    printf("condition   %-18.6g lambda_max / lambda_min\n", r->lambda_max / r->lambda_min);
  if (r->exponent != 0.0)
    printf("scale       %-18s the limit is beyond the range of double precision: what follows, and "
           "files, are over this, 2^%.0f\n",
           ntk_text_decimal(1.0, r->exponent, 10, 0, text), r->exponent);
}

static void print_block(const ntk_limit_block *block, size_t k, bool asked) {
  char trace[JOB_CELL], value[JOB_CELL];
  (void)job_number(block->trace, "%.8g", trace);
  if (asked)
    printf("%-6zu %-15s %s%s\n", k, trace, job_number(block->lambda_min, "%.8g", value),
           block->verdict == NTK_VERDICT_RANK_DEFICIENT     ? " (rank < N)"
           : block->verdict == NTK_VERDICT_BELOW_RESOLUTION ? " (below resolution)"
                                                            : "");
  else
    printf("%-6zu %s\n", k, trace);
}

static void print_blocks(const limit_run *run) {
  const ntk_limit_result *r = &run->result;
  const bool asked = run->options.per_block;
  if (r->blocks > 0)
    printf("\nblock  trace%s\n", asked ? "           lambda_min" : "");
  for (size_t k = 0; k < r->blocks; k++)
    if (r->blocks > LIMIT_ALL && k == LIMIT_END) {
      printf("...    %zu more: --json and the result.json of --save have them\n",
             r->blocks - 2 * (size_t)LIMIT_END);
      k = r->blocks - LIMIT_END - 1;
    } else {
      print_block(&r->block[k], k, asked);
    }
}

void limit_print(const void *what) {
  const limit_run *run = what;
  job_print_network(&run->job);
  job_print_data(&run->job, "");
  printf("limit       %s of infinite width, times what grows with the widths\n\n",
         run->options.covariance ? "covariance of the outputs" : "kernel");
  limit_print_ends(&run->result);
  print_blocks(run);
  printf("\ntime        %.3f s: limit %.3f\n", run->result.seconds, run->result.seconds_kernel);
  saved_print_files(&run->job.folder);
}

/* Of many blocks the first and the last few, with what is between left out. */
void limit_print_distances(const ntk_limit_result *limit) {
  char text[JOB_CELL];
  printf("distance    %-18s ||K - limit|| / ||limit||, Frobenius; of blocks",
         job_number(limit->distance, "%.6g", text));
  for (size_t k = 0; k < limit->blocks; k++) {
    if (limit->blocks > LIMIT_ALL && k == LIMIT_END) {
      printf(", ... (%zu more)", limit->blocks - 2 * (size_t)LIMIT_END);
      k = limit->blocks - LIMIT_END;
    }
    printf("%s %s", k > 0 ? "," : "", job_number(limit->block[k].distance, "%.4g", text));
  }
  putchar('\n');
}
