/* The plan as people read it, in 80 columns. */
#include "cli/commands/plan.h"

#include "cli/run/job_show.h"
#include "cli/shell/progress.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "cli/show/fold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put_seconds(double seconds, size_t size, char *text) {
  static const double DAY = 86400.0;
  if (seconds < 10.0)
    snprintf(text, size, "%.2g s", seconds);
  else if (seconds > 4.0 * DAY)
    snprintf(text, size, seconds < 1e3 * DAY || seconds > 1e6 * DAY ? "%.3g days" : "%.0f days",
             seconds / DAY);
  else
    progress_duration(seconds, size, text);
}

static void print_machine(const plan_run *run) {
  const ntk_machine *m = &run->plan.machine;
  char memory[32];
  report_bytes((double)m->memory, sizeof memory, memory);
  printf("machine     %s; %d thread%s: %.1f GFLOP/s, in float %.1f;\n"
         "            %.1f GB/s, in cache %.0f\n",
         memory, m->threads, m->threads == 1 ? "" : "s", 1e-9 * m->peak, 1e-9 * m->peak_single,
         1e-9 * m->bandwidth, 1e-9 * m->bandwidth_cache);
  printf(
      "rates       of that peak: kernel %.0f %%, factor %.0f %%, forward %.0f %%, step %.0f %%;\n"
      "            of that memory: solve %.0f %%, product %.0f %%\n",
      100 * m->kernel.rate / m->peak, 100 * m->factor.rate / m->peak,
      100 * m->forward.rate / m->peak, 100 * m->step.rate / m->peak,
      100 * m->solve.rate / m->bandwidth, 100 * m->product.rate / m->bandwidth);
  if (m->note[0] != '\0')
    printf("note        %s\n", m->note);
  if (run->plan.ranks == 1 && ranks_count() > 1)
    printf("note        of one process; mpirun has started %d: --ranks %d plans for them, with\n"
           "            --cores and --memory of each\n",
           ranks_count(), ranks_count());
  if (run->plan.ranks > 1)
    printf("ranks       %d, each on such a machine; %.3g GB/s between them, %.3g us a message\n",
           run->plan.ranks, 1e-9 * m->network.rate, 1e6 * m->network.overhead);
}

static void print_row(const char *name, double flops, double bytes, double seconds,
                      const char *rest) {
  char took[32], moved[32];
  put_seconds(seconds, sizeof took, took);
  report_bytes(bytes, sizeof moved, moved);
  if (strlen(name) > 21) { /* a line of its own */
    printf("%s\n", name);
    name = "";
  }
  printf("%-21s %8.3g %9s %11s%s\n", name, flops, bytes > 0.0 ? moved : "-", took, rest);
}

/* The smallest eigenvalues of prefixes come after K's, and are no second one; features are made
 * again where they were given up. */
static const char *phase_name(const ntk_plan_method *m, size_t p) {
  static const char *const second[][2] = {{"smallest eigenvalue", "prefixes"},
                                          {"features", "features again"}};
  const char *name = m->phase[p].name;
  for (size_t s = 0; s < sizeof second / sizeof second[0]; s++)
    for (size_t i = 0; i < p; i++)
      if (strcmp(name, second[s][0]) == 0 && strcmp(m->phase[i].name, name) == 0)
        return second[s][1];
  return name;
}

static void print_methods(const ntk_plan *plan) {
  const bool several = plan->ranks > 1;
  printf("\n%-21s %8s %9s %11s %10s  fits  %s\n", "method", "flops", several ? "received" : "moved",
         "time", several ? "of a rank" : "memory", "largest N");
  for (size_t i = 0; i < plan->methods; i++) {
    const ntk_plan_method *m = &plan->method[i];
    char memory[32], rest[96];
    report_bytes((double)m->memory, sizeof memory, memory);
    if (m->memory == SIZE_MAX) /* more than it counts */
      snprintf(memory, sizeof memory, "over 18 EB");
    snprintf(rest, sizeof rest, " %10s  %-4s  %zu", memory, m->fits ? "yes" : "no", m->largest);
    print_row(m->name, m->flops, several ? m->traffic : m->bytes, m->seconds, rest);
    for (size_t p = 0; p < m->phases; p++) {
      char name[64];
      snprintf(name, sizeof name, "  %s", phase_name(m, p));
      const ntk_plan_phase *phase = &m->phase[p];
      print_row(name, phase->flops, several ? phase->traffic : phase->bytes, phase->seconds, "");
    }
  }
}

/* Where widths do not fall from d on, the two scales of the theorem are in no order. */
static void print_bounds(const ntk_network_spec *spec, const ntk_bounds *bounds) {
  static const char about[] = "            (Theorem 3.1, up to constants and logarithms)";
  const double below = (double)spec->width[spec->depth - 2];
  if (below > (double)spec->width[0])
    printf("lambda_min  at most of the order of d n_{L-1} = %.3g; no lower scale,\n"
           "            as n_{L-2} > d\n%s\n",
           bounds->upper_scale, about);
  else
    printf("lambda_min  at least of the order of n_{L-2} n_{L-1} = %.3g,\n"
           "            at most of d n_{L-1} = %.3g\n%s\n",
           bounds->lower_scale, bounds->upper_scale, about);
}

/* "fits" is of memory alone. */
static void print_most(const char *question, int ranks) {
  if (ranks > 1)
    printf("(received: bytes, by each rank; of a rank: memory of the one that holds most)\n");
  if (strcmp(question, "spectrum") == 0)
    printf("(fits: memory; largest N: also at most P, past which K is singular)\n");
  else if (strcmp(question, "memorize") == 0)
    printf("(fits: memory; largest N: also at most n_{L-2} m, m = n_{L-1} / (2 n_L), the\n"
           "parameters there are for labels)\n");
}

void plan_print(const plan_run *run) {
  const ntk_plan *plan = &run->plan;
  const ntk_network_spec *spec = &run->job.spec;
  printf("plan        %s: N = %zu, d = %zu, widths ", run->asked->question, plan->samples,
         spec->width[0]);
  fold_wholes(stdout, spec->width + 1, spec->depth - 1, ",");
  printf(", n_L = %zu;\n            P = %zu, K has %zu row%s\n",
         spec->outputs > 0 ? spec->outputs : 1, plan->parameters, plan->order,
         plan->order == 1 ? "" : "s");
  print_machine(run);
  print_methods(plan);
  print_most(run->asked->question, plan->ranks);
  printf("\nanswer      %s%s%s\n", plan->chosen != NULL ? plan->chosen : "",
         plan->chosen != NULL && plan->reason[0] != '\0' ? "; " : "", plan->reason);
  print_bounds(spec, &plan->bounds);
  printf("widths      equal, depth %zu: from %zu on P >= %zu, the rows of K;\n"
         "            from %zu on n_{L-2} n_{L-1} >= %s%s\n",
         spec->depth, plan->least_width, plan->order, plan->least_last,
         strcmp(run->asked->question, "memorize") == 0 ? "2 N n_L" : "N",
         plan->width > 0 ? "; none were given" : "");
}
