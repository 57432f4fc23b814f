/* ntkit study fit: the slopes of a study's curves in logarithms, beside those of Theorem 3.1. */
#include "cli/shell/command.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/study/study_view.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- For people ------------------------------------------------------------------------------ */

static void print_fixed(int width, int digits, double value) {
  if (isfinite(value))
    printf(" %*.*f", width, digits, value);
  else
    printf(" %*s", width, "-");
}

/* Theorem 3.1 is about lambda_min(K), and its proof about the blocks': of other quantities its
 * slopes would say nothing. */
static bool is_of_theorem(const char *quantity) {
  return strncmp(quantity, "lambda_min", strlen("lambda_min")) == 0;
}

/* lambda_min_0, lambda_min_1, ...: the proof bounds them from above, as K = K_0 + ... bounds each
 * of these, and from below K_{L-2}'s alone. */
static bool is_of_block(const char *quantity) {
  const size_t stem = strlen("lambda_min_");
  return is_of_theorem(quantity) && strlen(quantity) > stem &&
         isdigit((unsigned char)quantity[stem]);
}

static const char *explain(const char *quantity) {
  if (is_of_block(quantity))
    return "Theorem 3.1's proof: K_{L-2} alone at least (6), all at most (7), the slopes of "
           "n_{L-2} n_{L-1} and d n_{L-1}\n";
  if (is_of_theorem(quantity))
    return "Theorem 3.1: at least (6) and at most (7), the slopes of n_{L-2} n_{L-1} and "
           "d n_{L-1} at these points\n";
  return "";
}

static void print_fit(const ntk_power_law *fit, const char *quantity, int width) {
  printf("%-*s", width, *fit->label != '\0' ? fit->label : "all");
  print_fixed(8, 3, fit->slope);
  print_fixed(9, 3, fit->slope_low);
  printf("%s", isfinite(fit->slope_low) && isfinite(fit->slope_high) ? " .." : "   ");
  print_fixed(6, 3, fit->slope_high);
  if (isfinite(fit->constant))
    printf(" %11.4g", fit->constant);
  else
    printf(" %11s", "-");
  print_fixed(8, 5, fit->r2);
  printf(" %6zu %6zu %8zu", fit->points, fit->trials, fit->left_out);
  if (is_of_theorem(quantity)) {
    printf("   %s", is_of_block(quantity) ? "  " : ">=");
    print_fixed(5, 3, fit->theory_lower);
    printf("   <=");
    print_fixed(5, 3, fit->theory_upper);
  }
  putchar('\n');
}

static void print_fits(const ntk_summary_options *chosen, const ntk_power_law *fits, size_t count) {
  int width = (int)strlen("curve");
  for (size_t i = 0; i < count; i++)
    width = (int)strlen(fits[i].label) > width ? (int)strlen(fits[i].label) : width;
  printf("%s = c x^slope, x = %s: least squares on logarithms, every trial counting once\n%s\n",
         chosen->quantity, chosen->x, explain(chosen->quantity));
  printf("%-*s %8s %19s %11s %8s %6s %6s %8s", width, "curve", "slope", "95 % interval", "c", "R^2",
         "points", "trials", "left out");
  if (is_of_theorem(chosen->quantity))
    printf(" %10s %10s", "(6)", "(7)");
  putchar('\n');
  for (size_t i = 0; i < count; i++)
    print_fit(&fits[i], chosen->quantity, width);
}

/* ---- For programs ---------------------------------------------------------------------------- */

static json_t *fits_json(const ntk_study_table *table, const ntk_summary_options *chosen,
                         const ntk_assumption *counts, const ntk_power_law *fits, size_t count) {
  json_t *object = json_object();
  json_put(&object, "name", json_text(table->name));
  json_put(&object, "quantity", json_text(chosen->quantity));
  json_put(&object, "x", json_text(chosen->x));
  json_put(&object, "group", json_text(chosen->group));
  json_put(&object, "study_trials", json_whole(table->trials));
  json_put(&object, "study_missing", json_whole(table->missing));
  json_put(&object, "fits", json_list_of(ntk_study_describe("ntk_power_law"), fits, count));
  if (counts != NULL)
    json_put(&object, "assumptions", study_assumptions_json(counts));
  return object;
}

/* ---- The command ----------------------------------------------------------------------------- */

static exit_status present(const study_settings *settings, const ntk_study_table *table,
                           const ntk_summary_options *chosen, const ntk_power_law *fits,
                           size_t count) {
  size_t trials = 0;
  for (size_t i = 0; i < count; i++)
    trials += fits[i].trials;
  if (trials == 0)
    return study_refuse_empty(settings, table, chosen, "; logarithms need x and values above 0");
  ntk_assumption counts[NTK_ASSUMPTIONS];
  const bool theorem = is_of_theorem(chosen->quantity);
  const ntk_status counted = theorem ? ntk_study_assumptions(table, chosen, counts) : NTK_OK;
  if (counted != NTK_OK)
    return report_library(counted, NULL);
  if (!settings->common.json) {
    print_fits(chosen, fits, count);
    if (theorem)
      study_print_assumptions(counts);
    return EXIT_DONE;
  }
  json_t *object = fits_json(table, chosen, theorem ? counts : NULL, fits, count);
  return json_print(object, EXIT_DONE);
}

static exit_status fit(const study_settings *settings, const ntk_study_table *table) {
  ntk_summary_options chosen;
  exit_status status = study_choose(settings, table, &chosen);
  if (status == EXIT_DONE)
    status = study_warn_pooled(settings, table, &chosen, NULL);
  if (status != EXIT_DONE)
    return status;
  ntk_summary summary;
  ntk_status done = ntk_study_summarise(table, &chosen, &summary);
  if (done != NTK_OK)
    return report_library(done, NULL);
  ntk_power_law *fits = calloc(summary.curves + 1, sizeof *fits);
  if (fits == NULL) {
    status = report_error(EXIT_FAILED, "no memory for %zu curves", summary.curves);
  } else {
    done = ntk_study_fit(table, &chosen, &summary, fits);
    status = done == NTK_OK ? present(settings, table, &chosen, fits, summary.curves)
                            : report_library(done, NULL);
  }
  free(fits);
  ntk_summary_clear(&summary);
  return status;
}

exit_status command_study_fit(const void *given) {
  const study_settings *settings = given;
  ntk_study_table table;
  exit_status status = study_open(settings, &table);
  if (status != EXIT_DONE)
    return status;
  status = fit(settings, &table);
  ntk_study_table_clear(&table);
  return status;
}
