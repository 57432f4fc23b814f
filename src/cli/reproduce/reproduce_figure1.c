/* ntkit reproduce figure1: lambda_min(K) against d^2, beside the values in the paper's figure. */
#include "cli/reproduce/reproduce.h"
#include "cli/shell/command.h"
#include "cli/shell/report.h"

#include <math.h>
#include <string.h>

/* The authors' setting (their public scripts; the paper's Section 3), but in double precision. */
static const char spec[] =
    "# Figure 1 of Bombari, Amani, Mondelli (2022): lambda_min(K) against d^2\n"
    "name: figure1\n"
    "quantity: lambda_min\n"
    "network:\n"
    "  widths: [d, d]        # three layers, d = n_1 = n_2\n"
    "  activation: sigmoid\n"
    "  init: paper           # N(0, 1/n_{l-1}), last layer N(0, 1)\n"
    "data:\n"
    "  source: gaussian\n"
    "grid:\n"
    "  N: [1000, 2000, 3000]\n"
    "  d: floor(sqrt(1000*i)) for i in 5:955:50\n"
    "trials: 10\n"
    "seed: 1\n";

/* 11 of the 20 dimensions, 3 of the 10 trials. */
static const char *const quick[] = {
    "grid.d=70,floor(sqrt(1000*i)) for i in 55:955:100",
    "trials=3",
};
/* None of the paper's sizes. */
static const char *const tiny[] = {"grid.N=20,40", "grid.d=6,8,10", "trials=2"};
static const reproduction_preset presets[] = {
    {"tiny", sizeof tiny / sizeof tiny[0], tiny},
    {"quick", sizeof quick / sizeof quick[0], quick},
    {"paper", 0, NULL},
};

/* lambda_min at the last d of the paper's figure, read off it, and the standard deviation of one of
 * its ten trials. */
static const struct reading {
  double N, value;
} readings[] = {{1000.0, 128.0}, {2000.0, 104.0}, {3000.0, 92.0}};
enum { READINGS = sizeof readings / sizeof readings[0], LAST_D = 977, PAPER_TRIALS = 10 };
static const double PAPER_DEVIATION = 7.0, READING_ERROR = 1.0;

/* ---- The comparison -------------------------------------------------------------------------- */

/* The summary's point at this N and the paper's last d; NULL when there is none. */
static const ntk_summary_point *point_at(const ntk_summary *summary, double N) {
  char label[64];
  snprintf(label, sizeof label, "N = %g", N);
  for (size_t i = 0; i < summary->points; i++) {
    const ntk_summary_point *p = &summary->point[i];
    if (strcmp(summary->label[p->curve], label) == 0 && p->x == (double)LAST_D * LAST_D)
      return p;
  }
  return NULL;
}

/* One line of the table; whether the two agree: within three standard deviations of their
 * difference, the reading's own error included. */
static bool compare(const struct reading *paper, const ntk_summary_point *here, FILE *out) {
  const double count = (double)here->count;
  const double spread =
      hypot(PAPER_DEVIATION * sqrt(1.0 / PAPER_TRIALS + 1.0 / count), READING_ERROR);
  const double difference = here->mean - paper->value;
  const bool agrees = fabs(difference) <= 3.0 * spread;
  fprintf(out, "%6g %9.0f %10.0f %12.2f %9.2f %7zu %12.2f %9.2f  %s\n", paper->N, here->x,
          paper->value, here->mean, here->deviation, here->count, difference, spread,
          agrees ? "agrees" : "DIFFERS");
  return agrees;
}

static bool write_table(const ntk_summary *summary, FILE *out) {
  bool all = true, some = false;
  for (size_t i = 0; i < READINGS; i++)
    some |= point_at(summary, readings[i].N) != NULL;
  if (!some) {
    fprintf(out, "No size of the paper's figure is among these: nothing to compare with.\n");
    return true;
  }
  fprintf(out,
          "lambda_min(K) at d = %d, beside the values read off the paper's figure\n"
          "spread: standard deviation that their difference has by chance (one trial: %.0f)\n\n"
          "%6s %9s %10s %12s %9s %7s %12s %9s\n",
          LAST_D, PAPER_DEVIATION, "N", "d^2", "paper", "here: mean", "s.d.", "trials",
          "difference", "spread");
  for (size_t i = 0; i < READINGS; i++) {
    const ntk_summary_point *here = point_at(summary, readings[i].N);
    all &= here != NULL && compare(&readings[i], here, out);
  }
  return all;
}

static void save_table(const void *summary, FILE *out) {
  (void)write_table(summary, out); /* whether all agree is told on standard output */
}

static exit_status tabulate(const char *database, const char *base) {
  ntk_study_table table;
  ntk_summary summary = {0};
  const ntk_summary_options options = {.quantity = "lambda_min", .x = "d^2", .group = "N"};
  ntk_status read = ntk_study_table_read(database, &table);
  if (read != NTK_OK)
    return report_library(read, NULL);
  read = ntk_study_summarise(&table, &options, &summary);
  ntk_study_table_clear(&table);
  if (read != NTK_OK)
    return report_library(read, NULL);
  exit_status status = reproduce_save(base, ".txt", save_table, &summary);
  const bool agree = write_table(&summary, stdout);
  ntk_summary_clear(&summary);
  if (status == EXIT_DONE && !agree)
    status = report_error(EXIT_FAILED, "some values differ from the paper's figure");
  return status;
}

static exit_status draw(const reproduce_settings *settings, char *database, char *base) {
  const study_settings view = {
      .common = {.operands = 1, .operand = &database, .quiet = settings->study.common.quiet},
      .output = base,
      .x = "d^2",
      .group = "N",
      .band = "sd",
      .log = "none"};
  return command_study_plot(&view);
}

exit_status command_reproduce_figure1(const void *given) {
  const reproduce_settings *settings = given;
  static const reproduction figure1 = {.name = "figure1",
                                       .spec = spec,
                                       .presets = sizeof presets / sizeof presets[0],
                                       .preset = presets,
                                       .draw = draw,
                                       .tabulate = tabulate};
  return reproduce(settings, &figure1);
}
