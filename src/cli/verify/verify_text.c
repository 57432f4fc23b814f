/* The ledger or the sweep as a table for people, in plain ASCII, within 100 columns. */
#include "cli/run/job_show.h"
#include "cli/shell/report.h"
#include "cli/study/study_view.h"
#include "cli/verify/verify.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *number(double value, const char *format, char text[JOB_CELL]) {
  if (isinf(value))
    return value > 0.0 ? "inf" : "-inf";
  return job_number(value, format, text);
}

static void print_section(const ntk_ledger_row *row, const char *before) {
  if (strcmp(row->section, before) != 0)
    printf("%s\n", row->section);
}

/* An inequality that holds leaves nothing to say; nor does what is outside for the reason that a
 * row of its section has told last, said. */
static bool has_note(const ntk_ledger_row *row, const ntk_ledger_row *said) {
  if (row->note[0] == '\0' || row->verdict == NTK_LEDGER_HOLDS)
    return false;
  return row->verdict != NTK_LEDGER_OUTSIDE || said == NULL ||
         strcmp(row->section, said->section) != 0 || strcmp(row->note, said->note) != 0;
}

/* Below its row, broken at blanks; said: the row with the last one before it, or NULL. */
static void print_note(const ntk_ledger_row *row, const ntk_ledger_row **said) {
  enum { INDENT = 6, LAST_COLUMN = 100 };
  const char *note = row->note;
  int column = 0;
  if (!has_note(row, *said))
    return;
  *said = row;
  while (*note != '\0') {
    const int length = (int)strcspn(note, " ");
    if (column > 0 && column + 1 + length > LAST_COLUMN) {
      putchar('\n');
      column = 0;
    }
    column += printf("%*s%.*s", column == 0 ? INDENT : 1, "", length, note);
    note += length;
    note += strspn(note, " ");
  }
  putchar('\n');
}

static const char *verdict_word(ntk_ledger_verdict verdict) {
  return verdict == NTK_LEDGER_MEASURED ? "" : ntk_ledger_verdict_name(verdict);
}

/* A bound is shown as one; of a Theta the order stands alone. */
static const char *bound_sign(ntk_ledger_claim claim) {
  return claim == NTK_CLAIM_OMEGA      ? ">= "
         : claim == NTK_CLAIM_BIG_O    ? "<= "
         : claim == NTK_CLAIM_LITTLE_O ? "< "
                                       : "";
}

/* ---- One instance ---------------------------------------------------------------------------- */

static void print_row(const ntk_ledger_row *row, const ntk_ledger_row **said) {
  char value[JOB_CELL], ratio[JOB_CELL];
  char order[40] = "";
  if (strcmp(row->order, "right side") == 0 || strcmp(row->order, "stated") == 0) {
    char scale[JOB_CELL];
    snprintf(order, sizeof order, "%s %s", ntk_ledger_claim_name(row->claim),
             number(row->scale, "%.4g", scale));
  } else {
    snprintf(order, sizeof order, "%s%s", bound_sign(row->claim), row->order);
  }
  printf("  %-38s %-5s %10s  %-19s %9s  %s\n", row->name, row->equation,
         number(row->value, "%.5g", value), order, number(row->ratio, "%.3g", ratio),
         verdict_word(row->verdict));
  print_note(row, said);
}

/* "2.1 0 of 3, ..." of the rows of each assumption: how many are outside, or suspect. */
static void print_assumptions(const ntk_ledger *ledger) {
  static const char stem[] = "Assumption ";
  printf("\nassumptions outside or suspect, by rows:");
  const char *comma = "";
  for (size_t i = 0; i < ledger->rows;) {
    const char *section = ledger->row[i].section;
    size_t rows = 0, outside = 0;
    for (; i < ledger->rows && strcmp(ledger->row[i].section, section) == 0; i++) {
      const ntk_ledger_verdict verdict = ledger->row[i].verdict;
      rows++;
      outside += verdict == NTK_LEDGER_OUTSIDE || verdict == NTK_LEDGER_SUSPECT;
    }
    if (strncmp(section, stem, sizeof stem - 1) == 0) {
      printf("%s %s %zu of %zu", comma, section + sizeof stem - 1, outside, rows);
      comma = ",";
    }
  }
  putchar('\n');
}

static void print_ledger(const verify_view *view) {
  const ntk_ledger *ledger = view->ledger;
  char population[80];
  snprintf(population, sizeof population, ", expectations over %zu %s", ledger->population,
           ledger->empirical ? "of them" : "fresh samples");
  job_print_network(view->job);
  if (view->job->spec.outputs > 1)
    printf("output      %s, from 0 to %zu\n", view->settings->output, view->job->spec.outputs - 1);
  job_print_data(view->job, population);
  printf("\n  %-38s %-5s %10s  %-19s %9s  %s\n", "quantity", "eq.", "value", "predicted order",
         "ratio", "verdict");
  const char *section = "";
  const ntk_ledger_row *said = NULL;
  for (size_t i = 0; i < ledger->rows; i++) {
    print_section(&ledger->row[i], section);
    section = ledger->row[i].section;
    print_row(&ledger->row[i], &said);
  }
  print_assumptions(ledger);
  job_print_deficiency("K", &ledger->deficiency);
}

/* ---- A sweep -------------------------------------------------------------------------------- */

static void print_sweep_row(const ntk_sweep_row *row, const ntk_ledger_row **said) {
  char exponent[JOB_CELL], low[JOB_CELL], high[JOB_CELL], predicted[JOB_CELL], interval[80] = "";
  char expected[JOB_CELL + 8] = "";
  if (!isnan(row->low) && !isnan(row->high))
    snprintf(interval, sizeof interval, "%s .. %s", number(row->low, "%.3f", low),
             number(row->high, "%.3f", high));
  if (!isnan(row->predicted))
    snprintf(expected, sizeof expected, "%s%s",
             row->ledger.claim == NTK_CLAIM_THETA ? "= " : bound_sign(row->ledger.claim),
             number(row->predicted, "%.3g", predicted));
  printf("  %-38s %-5s %9s  %-18s %-10s  %s\n", row->ledger.name, row->ledger.equation,
         isnan(row->exponent) ? "" : number(row->exponent, "%.3f", exponent), interval, expected,
         verdict_word(row->ledger.verdict));
  print_note(&row->ledger, said);
}

static void print_sweep(const verify_view *view) {
  const ntk_sweep *l = view->sweep;
  const cli_settings *s = &view->settings->study.common;
  printf("sweep       %s = %s, %zu trials at each size\n", view->spec->variable, view->spec->values,
         l->status.trials);
  printf("network     %s, widths %s, init %s", s->activation, view->settings->widths_text, s->init);
  if (s->bias != NULL)
    printf(", biases %s", s->bias);
  if (s->parameterization != NULL)
    printf(", scales %s", s->parameterization);
  putchar('\n');
  printf("data        %s", s->data);
  if (view->settings->samples_text != NULL)
    printf(", N = %s", view->settings->samples_text);
  if (view->settings->dim_text != NULL)
    printf(", d = %s", view->settings->dim_text);
  printf(", seed %llu\n", (unsigned long long)s->seed);
  char title[64];
  snprintf(title, sizeof title, "quantity = c %.20s^exponent", view->spec->variable);
  printf("\n  %-38s %-5s %9s  %-18s %-10s  %s\n", title, "eq.", "exponent", "95 % interval",
         "predicted", "verdict");
  const char *section = "";
  const ntk_ledger_row *said = NULL;
  for (size_t i = 0; i < l->rows; i++) {
    print_section(&l->row[i].ledger, section);
    section = l->row[i].ledger.section;
    print_sweep_row(&l->row[i], &said);
  }
  study_print_assumptions(l->assumptions);
}

/* ---- Both ------------------------------------------------------------------------------------ */

void verify_print(const void *what) {
  const verify_view *view = what;
  size_t counts[NTK_LEDGER_VERDICTS];
  char summary[200], took[32];
  if (view->sweep != NULL)
    print_sweep(view);
  else
    print_ledger(view);
  (void)verify_count(view, counts);
  verify_summary(counts, sizeof summary, summary);
  snprintf(took, sizeof took, "%.3g s",
           view->sweep != NULL ? view->sweep->status.seconds : view->ledger->seconds);
  printf("\n%s; %s%s\n", summary, took, view->sweep != NULL ? " of computing" : "");
}
