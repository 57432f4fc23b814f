/* ntkit verify, in parts: verify.c measures one instance, verify_sweep.c several sizes by a
 * scaling sweep, whose rows stand in a sweep; verify_text.c, verify_fields.c and verify_page*.c
 * present.
 */
#ifndef NTK_CLI_VERIFY_H
#define NTK_CLI_VERIFY_H

#include "cli/run/job.h"
#include "cli/shell/file.h"
#include "cli/show/view.h"
#include "cli/study/study.h"
#include "ntkit/study.h"
#include "ntkit/verify.h"

#include <stdio.h>

/* Sizes are numbers, or with a sweep expressions of its variable. */
typedef struct verify_settings {
  study_settings study; /* how a sweep is run */
  const char *samples_text, *dim_text, *widths_text, *sweep, *output;
  size_t population, trials; /* 0: not given */
} verify_settings;

exit_status command_verify(const void *given);

/* What verify presents: one ledger, or a sweep. */
typedef struct verify_view {
  const verify_settings *settings;
  const cli_job *job;                /* NULL with a sweep */
  const ntk_ledger *ledger;          /* NULL with a sweep */
  const ntk_spectrum_result *answer; /* certified, for a page; NULL without, and with a sweep */
  const ntk_sweep *sweep;            /* NULL without */
  const ntk_sweep_spec *spec;        /* what it is of; NULL without */
} verify_view;

/* The command with --sweep; present: shows what it found. */
exit_status sweep_run(const verify_settings *settings,
                      exit_status (*present)(const verify_view *view));

/* Verdicts counted over all rows, by number; the first row that fails, or NULL. */
const ntk_ledger_row *verify_count(const verify_view *view, size_t counts[NTK_LEDGER_VERDICTS]);
/* "12 hold, 30 consistent, ..." into text. */
void verify_summary(const size_t counts[NTK_LEDGER_VERDICTS], size_t size, char *text);

/* The ways to show a verify_view (cli/show/present.h), and parts of the page. */
void verify_print(const void *what);
void verify_fields(const void *what, result_view *v);
void verify_page(const void *what, FILE *out);
void page_answer(const verify_view *view, FILE *out); /* what a reader wants to know first */
void page_sweep(const verify_view *view, FILE *out);
void page_cells(FILE *out, const ntk_ledger_row *row, const char *note); /* name, equation */
void page_order(FILE *out, const ntk_ledger_row *row);                   /* claim(order) */
void page_section(FILE *out, const ntk_ledger_row *row, const char *before, int columns);
void page_summary(FILE *out, const verify_view *view);

#endif
