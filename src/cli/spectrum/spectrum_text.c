/* The result as a table for people, in plain ASCII. */
#include "cli/run/job_show.h"
#include "cli/shell/report.h"
#include "cli/spectrum/limit.h"
#include "cli/spectrum/spectrum.h"
#include "ntkit/data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_DIGITS = 10 };

static void print_eigenvalue(const char *name, double value, double residual, double exponent) {
  char text[NTK_DECIMAL], error[NTK_DECIMAL];
  printf("%-11s %-18s residual %s\n", name, job_value(value, exponent, "%.10g", text),
         job_value(residual, exponent, "%.1e", error));
}

static void print_interval(const char *what, double lower, double upper, double exponent) {
  char low[NTK_DECIMAL], high[NTK_DECIMAL];
  printf("            %-31s %s <= lambda_min <= %s\n", what, job_value_down(lower, exponent, low),
         job_value_up(upper, exponent, high));
}

/* Where double precision does not hold them. */
static void print_exponent(double exponent) {
  char text[NTK_DECIMAL];
  if (exponent != 0.0)
    printf(
        "scale       %-18s K is beyond the range of double precision: what follows is over this, "
        "2^%.0f\n",
        ntk_text_decimal(1.0, exponent, 10, 0, text), exponent);
}

static void print_certificate(const cli_job *job, const ntk_spectrum_result *result) {
  const ntk_certificate *certificate = &result->certificate;
  if (!spectrum_asked(job)->certify || result->verdict == NTK_VERDICT_BELOW_RESOLUTION)
    return;
  if (result->verdict == NTK_VERDICT_RANK_DEFICIENT) {
    printf("            exactly, for the kernel in exact arithmetic\n");
    return;
  }
  if (!certificate->certified) {
    printf("            not certified: %s\n",
           result->verdict == NTK_VERDICT_INACCURATE ? "rounding has too many of its digits"
           : result->rounds > 0                      ? certificate->kernel.reason
                                                     : "no lower bound could be proved");
    return;
  }
  print_interval(result->rounds > 0 ? "proved of K in double-double:"
                                    : "proved of the stored matrix:",
                 certificate->lower, certificate->upper, result->exponent);
  if (certificate->kernel.proved) {
    print_interval("proved of the exact kernel:", certificate->kernel.lower,
                   certificate->kernel.upper, result->exponent);
    return;
  }
  if (isfinite(certificate->kernel_upper))
    print_interval("estimated for the exact kernel:", certificate->kernel_lower,
                   certificate->kernel_upper, result->exponent);
  printf("            no proof for the exact kernel: %s\n", certificate->kernel.reason);
}

static void print_eigenvalues(const cli_job *job, const ntk_spectrum_result *result) {
  printf("verdict     %s%s%s\n", ntk_verdict_name(result->verdict),
         result->reason[0] != '\0' ? ": " : "", result->reason);
  print_eigenvalue("lambda_min", result->lambda_min, result->residual_min, result->exponent);
  print_certificate(job, result);
  if (result->verdict == NTK_VERDICT_OK && result->digits < SHOWN_DIGITS)
    printf("digits      %-18d of lambda_min are sure, the rest is rounding\n", result->digits);
  print_eigenvalue("lambda_max", result->lambda_max, result->residual_max, result->exponent);
  if (result->rounds > 0 && !isnan(result->lambda_min))
    printf("resolve     %d round%s: lambda_min is from J, not from K\n", result->rounds,
           result->rounds == 1 ? "" : "s");
  const double condition = result->lambda_max / result->lambda_min;
  if (isfinite(condition))
    printf("condition   %-18.6g lambda_max / lambda_min\n", condition);
  if (result->precision_reason[0] != '\0')
    printf("precision   %s: %s\n", result->precision, result->precision_reason);
  else if (strcmp(result->precision, "mixed") == 0)
    printf("precision   mixed: the factor in single, value and residual by products in double\n");
  print_exponent(result->exponent);
  if (result->verdict == NTK_VERDICT_BELOW_RESOLUTION)
    printf("resolution  %-18.6g smaller eigenvalues cannot be told from 0\n", result->resolution);
  if (result->eigenvalues != NULL) {
    const size_t last = result->order - 1;
    const size_t at[] = {0, last / 4, last / 2, last - last / 4, last};
    static const char *const words[] = {"min", ", quartiles", ",", ",", ", max"};
    printf("spectrum   ");
    for (size_t k = 0; k < sizeof at / sizeof at[0]; k++) {
      const double value = result->eigenvalues[at[k]];
      const bool noise = value > 0.0 && value <= result->resolution;
      printf("%s%s %s%.6g", k == 0 ? " " : "", words[k], noise ? "< " : "",
             noise ? result->resolution : value);
    }
    putchar('\n');
  }
}

static void print_prefix(bool first, const ntk_spectrum_prefix *prefix) {
  char text[JOB_CELL], error[JOB_CELL];
  const bool found = prefix->verdict == NTK_VERDICT_OK;
  printf("%-11s %-8zu%-18s %s%s", first ? "prefixes" : "", prefix->samples,
         job_number(prefix->lambda_min, "%.10g", text),
         found ? "residual " : ntk_verdict_name(prefix->verdict),
         found ? job_number(prefix->residual, "%.1e", error) : "");
  if (found && prefix->digits < SHOWN_DIGITS)
    printf(", %d digits are sure", prefix->digits);
  if (prefix->reason[0] != '\0')
    printf(": %s", prefix->reason);
  putchar('\n');
}

static void print_density(const ntk_density *density) {
  if (density->probes == 0)
    return;
  printf(
      "density     %zu probe%s, %zu step%s: so many of the eigenvalues are below, %g %% interval\n",
      density->probes, density->probes == 1 ? "" : "s", density->steps,
      density->steps == 1 ? "" : "s", 100.0 * density->level);
  for (size_t k = 0; k < density->quantiles; k++) {
    const ntk_density_quantile *q = &density->quantile[k];
    char value[JOB_CELL], low[JOB_CELL], high[JOB_CELL];
    printf("  %6g %%  %-18s %s to %s\n", 100.0 * q->share, job_number(q->eigenvalue, "%.4g", value),
           job_number_down(q->low, 3, low), job_number_up(q->high, 3, high));
  }
}

static void print_pairs(const char *what, size_t count, const ntk_spectrum_pair *pair) {
  for (size_t p = 0; p < count; p++) {
    char text[JOB_CELL], error[JOB_CELL];
    printf("%-11s %-4zu%-18s residual %s\n", p == 0 ? what : "", p + 1,
           job_number(pair[p].value, "%.10g", text), job_number(pair[p].residual, "%.1e", error));
  }
}

static void print_bound(const char *what, double value, const char *meaning) {
  char text[JOB_CELL];
  printf("  %-33s %-13s %s\n", what, job_number(value, "%.6g", text), meaning);
}

static void print_theorem(const ntk_spectrum_result *result) {
  const ntk_bounds *bounds = &result->bounds;
  printf("\nTheorem 3.1\n");
  print_bound("lambda_min / (n_{L-2} n_{L-1})", bounds->ratio_lower, "eq. (6): bounded from below");
  print_bound("lambda_min / (d n_{L-1})", bounds->ratio_upper, "eq. (7): bounded from above");
  print_bound("min_i K_ii", bounds->diagonal_min, "eq. (16): at least lambda_min");
  print_bound("N / (n_{L-2} n_{L-1})", (double)result->samples / bounds->lower_scale,
              "eq. (4): small");
}

static void print_block(const cli_job *job, const ntk_spectrum_result *result, size_t k) {
  const bool asked = spectrum_asked(job)->per_block;
  const ntk_block_result *block = &result->block[k];
  char shape[2 * JOB_CELL], trace[JOB_CELL], value[JOB_CELL] = "";
  const bool bias = ntk_network_has_bias(job->network, k + 1);
  snprintf(shape, sizeof shape, "%zu x %zu", ntk_network_width(job->network, k) + (bias ? 1 : 0),
           ntk_network_width(job->network, k + 1));
  const char *note = "";
  if (asked && block->verdict == NTK_VERDICT_RANK_DEFICIENT)
    note = result->order == result->samples ? " (rank < N)" : " (rank < N n_L)";
  else if (asked && block->verdict == NTK_VERDICT_BELOW_RESOLUTION)
    note = " (below resolution)";
  if (asked)
    (void)job_number(block->lambda_min, "%.8g", value);
  /* Without the last column the lines have no blanks at their end. */
  (void)job_number(block->trace, "%.8g", trace);
  if (asked)
    printf("%-6zu %-17s %-15s%s%s\n", k, shape, trace, value, note);
  else
    printf("%-6zu %-17s %s\n", k, shape, trace);
}

/* Of a deep network the first and last: more would push the answer off the screen. */
static void print_layers(const cli_job *job, const ntk_spectrum_result *result) {
  enum { ALL = 16, END = 5 };
  const size_t blocks = result->blocks;
  printf("\nblock  %-17s %s\n", "parameters",
         spectrum_asked(job)->per_block ? "trace K_k      lambda_min(K_k)" : "trace K_k");
  for (size_t k = 0; k < blocks; k++)
    if (blocks > ALL && k == END) {
      printf("...    %zu more: --json and the result.json of --save have them\n",
             blocks - 2 * (size_t)END);
      k = blocks - END - 1;
    } else {
      print_block(job, result, k);
    }
}

static void print_limit(const cli_job *job, const ntk_limit_result *limit) {
  if (!spectrum_asked(job)->limit)
    return;
  printf("\nInfinite width, times what grows with the widths\n");
  limit_print_ends(limit);
  limit_print_distances(limit);
}

/* limit: of infinite width, unless NULL. */
static void print_costs(const ntk_spectrum_result *result, const ntk_limit_result *limit) {
  const ntk_spectrum_seconds *seconds = &result->seconds;
  const struct {
    const char *name;
    double value;
  } phases[] = {
      {"forward", seconds->forward}, {"kernel", seconds->kernel},   {"factor", seconds->factor},
      {"eigen", seconds->eigen},     {"certify", seconds->certify}, {"full", seconds->full},
      {"layers", seconds->blocks},   {"density", seconds->density},
  };
  printf("\ntime        %.3f s:", seconds->total);
  const char *comma = "";
  for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
    if (phases[i].value > 0) {
      printf("%s %s %.3f", comma, phases[i].name, phases[i].value);
      comma = ",";
    }
  if (limit != NULL)
    printf("; infinite width %.3f", limit->seconds);
  char bytes[JOB_CELL];
  report_bytes((double)result->memory_bytes, sizeof bytes, bytes);
  printf("\nmemory      %s at most; %d solves, %d products\n", bytes, result->solves,
         result->products);
  if (result->ranks == 1)
    return;
  report_bytes(result->traffic, sizeof bytes, bytes);
  printf("ranks       %d; of each the memory, and %s received at most\n", result->ranks, bytes);
}

const char *spectrum_whose(const spectrum_run *run, char text[SPECTRUM_WHOSE]) {
  const size_t outputs = ntk_network_width(run->job.network, run->job.spec.depth);
  text[0] = '\0';
  if (outputs > 1 && run->selected)
    snprintf(text, SPECTRUM_WHOSE, "of output %zu, from 0 to %zu", run->output, outputs - 1);
  else if (outputs > 1 && run->result.order == run->result.samples)
    snprintf(text, SPECTRUM_WHOSE, "the mean over %zu outputs", outputs);
  else if (outputs > 1)
    snprintf(text, SPECTRUM_WHOSE, "of %zu outputs, %zu x %zu", outputs, run->result.order,
             run->result.order);
  return text;
}

const char *spectrum_method(const spectrum_run *run) {
  if (strcmp(run->result.method, "operator") != 0)
    return "";
  return strcmp(spectrum_asked(&run->job)->method, "auto") == 0
             ? "operator: by products, without K, which would not fit"
             : "operator: by products, without K";
}

void spectrum_print(const void *what) {
  const spectrum_run *run = what;
  const cli_job *job = &run->job;
  const ntk_spectrum_result *result = &run->result;
  job_print_network(job);
  job_print_data(job, "");
  char whose[SPECTRUM_WHOSE];
  if (*spectrum_whose(run, whose) != '\0')
    printf("kernel      %s\n", whose);
  if (*spectrum_method(run) != '\0')
    printf("method      %s\n", spectrum_method(run));
  putchar('\n');
  print_eigenvalues(job, result);
  for (size_t p = 0; p < result->prefixes; p++)
    print_prefix(p == 0, &result->prefix[p]);
  print_density(&result->density);
  print_pairs("smallest", result->smallest_count, result->smallest);
  print_pairs("largest", result->largest_count, result->largest);
  print_theorem(result);
  spectrum_law_print(&run->law);
  print_layers(job, result);
  print_limit(job, &run->limit);
  print_costs(result, spectrum_asked(job)->limit ? &run->limit : NULL);
  saved_print_files(&job->folder);
}
