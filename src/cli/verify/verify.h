/* ntkit verify, in parts: verify.c measures one instance, verify_ladder.c several sizes through a
 * study, on which verify_judge.c judges; verify_text.c, verify_json.c and verify_page*.c present.
 */
#ifndef NTK_CLI_VERIFY_H
#define NTK_CLI_VERIFY_H

#include "cli/run/job.h"
#include "cli/shell/file.h"
#include "ntkit/study.h"
#include "ntkit/verify.h"

#include <jansson.h>

/* How a row of the ledger grows along the ladder. */
typedef struct ladder_row {
  ntk_ledger_row words;         /* of the ledger; numbers are NaN */
  size_t trials, zero, missing; /* with a value; of them 0; without one */
  size_t held;                  /* of an inequality: trials in which it holds */
  double constant;
  double exponent, low, high;    /* with a 95 % bootstrap interval; NaN: not known */
  double predicted;              /* exponent of its order; NaN: none */
  const ntk_summary_point *mean; /* at each size there is a value of */
  size_t means;
  ntk_ledger_verdict verdict;
  char note[160];
  ntk_summary summary; /* that owns mean */
} ladder_row;

typedef struct ladder {
  char *variable; /* owned */
  char *values;   /* as given, owned */
  size_t points, trials, failed;
  size_t rows;
  ladder_row *row;
  double seconds;                              /* of computing */
  ntk_assumption assumptions[NTK_ASSUMPTIONS]; /* at its sizes */
} ladder;

/* What verify presents: one ledger, or a ladder. */
typedef struct verify_view {
  const cli_settings *settings;
  const cli_job *job;                /* NULL with a ladder */
  const ntk_ledger *ledger;          /* NULL with a ladder */
  const ntk_spectrum_result *answer; /* certified, for a page; NULL without, and with a ladder */
  const ladder *ladder;              /* NULL without */
} verify_view;

/* Runs the ladder that settings ask for; *made is to be released by ladder_clear when this gave
 * EXIT_DONE. */
exit_status ladder_run(const cli_settings *settings, ladder *made);
void ladder_clear(ladder *l);

/* Whether the row is an inequality, to be met in every trial. */
bool ladder_is_bound(const ladder_row *row);
/* Verdict and note from counts, exponents and claim. */
void ladder_judge(ladder_row *row);

/* Verdicts counted over all rows, by number; the first row that fails, or NULL. */
const ntk_ledger_row *verify_count(const verify_view *view, size_t counts[NTK_LEDGER_VERDICTS]);
/* "12 hold, 30 consistent, ..." into text. */
void verify_summary(const size_t counts[NTK_LEDGER_VERDICTS], size_t size, char *text);

/* reported: the page has been written. */
void verify_print(const verify_view *view, bool reported);
json_t *verify_json(const verify_view *view); /* NULL for want of memory */

/* The page of --report; and its parts. */
void page_write(const verify_view *view, FILE *out);
void page_answer(const verify_view *view, FILE *out); /* what a reader wants to know first */
void page_ladder(const verify_view *view, FILE *out);
void page_cells(FILE *out, const ntk_ledger_row *row, const char *note); /* name, equation */
void page_order(FILE *out, const ntk_ledger_row *row);                   /* claim(order) */
void page_number(FILE *out, const char *label, double value, const char *format);
void page_verdict(FILE *out, ntk_ledger_verdict verdict);
void page_section(FILE *out, const ntk_ledger_row *row, const char *before, int columns);
void page_summary(FILE *out, const verify_view *view);
void page_formula(FILE *out, const char *text);
/* A term and what it is; format and values are made safe. */
void page_fact(FILE *out, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
