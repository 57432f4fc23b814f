/* The ladder of ntkit verify: a study of the quantity "ledger" along one variable, and what the
 * exponents of its rows say of the paper's claims. */
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/study/study.h"
#include "cli/verify/verify.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- The study ------------------------------------------------------------------------------- */

/* key: 'value', a YAML scalar in which a quote is written twice. */
static void put(FILE *out, const char *indent, const char *key, const char *value) {
  fprintf(out, "%s%s: '", indent, key);
  for (; *value != '\0'; value++) {
    if (*value == '\'')
      fputc('\'', out);
    fputc(*value, out);
  }
  fputs("'\n", out);
}

static void put_whole(FILE *out, const char *indent, const char *key, uint64_t value) {
  fprintf(out, "%s%s: %llu\n", indent, key, (unsigned long long)value);
}

static void put_study(const cli_settings *s, const ladder *l, FILE *out) {
  fputs("name: ladder\nquantity: ledger\n", out);
  put_whole(out, "", "trials", s->trials > 0 ? s->trials : 3);
  put_whole(out, "", "seed", s->seed);
  fputs("network:\n", out);
  put(out, "  ", "widths", s->widths_text);
  put(out, "  ", "activation", s->activation);
  put(out, "  ", "init", s->init);
  fputs("  beta: [", out);
  for (size_t i = 0; i < s->beta.count; i++)
    fprintf(out, "%s%.17g", i > 0 ? ", " : "", s->beta.values[i]);
  fputs("]\ndata:\n", out);
  put(out, "  ", "source", s->data);
  put(out, "  ", "scale", s->scale);
  if (s->population > 0) {
    fputs("ledger:\n", out);
    put_whole(out, "  ", "population", s->population);
  }
  fputs("grid:\n", out);
  put(out, "  ", l->variable, l->values);
  if (s->dim_text != NULL)
    put(out, "  ", "d", s->dim_text);
  if (s->samples_text != NULL)
    put(out, "  ", "N", s->samples_text);
}

/* "NAME=VALUES" apart. */
static exit_status split(const cli_settings *s, ladder *l) {
  const char *equals = strchr(s->ladder, '=');
  if (equals == NULL || equals == s->ladder || equals[1] == '\0')
    return report_error(EXIT_INPUT, "--ladder: '%.60s'; expected NAME=VALUES, as d=50,100,200",
                        s->ladder);
  l->variable = strndup(s->ladder, (size_t)(equals - s->ladder));
  l->values = strdup(equals + 1);
  if (l->variable == NULL || l->values == NULL)
    return report_error(EXIT_FAILED, "no memory for the ladder");
  const char *twice = strcmp(l->variable, "d") == 0 && s->dim_text != NULL       ? "dim"
                      : strcmp(l->variable, "N") == 0 && s->samples_text != NULL ? "samples"
                                                                                 : NULL;
  if (twice != NULL)
    return report_error(EXIT_INPUT, "--%s: it is the ladder's variable; leave one of them out",
                        twice);
  if (strcmp(l->variable, "N") != 0 && s->samples_text == NULL)
    return report_error(EXIT_INPUT,
                        "--samples is needed with --ladder: a number, or an expression "
                        "of %s",
                        l->variable);
  if (s->gamma > 0)
    return report_error(EXIT_INPUT, "--gamma is not for --ladder; leave it out");
  return EXIT_DONE;
}

static exit_status make_study(const cli_settings *s, const ladder *l, ntk_study **study) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL)
    return report_error(EXIT_FAILED, "no memory for the ladder");
  put_study(s, l, out);
  exit_status status = EXIT_FAILED;
  if (fclose(out) == 0) {
    const ntk_status made = ntk_study_parse(text, "--ladder", NULL, 0, study);
    status = made == NTK_OK ? EXIT_DONE : report_library(made, NULL);
  } else {
    (void)report_error(EXIT_FAILED, "no memory for the ladder");
  }
  free(text);
  return status;
}

/* ---- Its rows -------------------------------------------------------------------------------- */

/* Counts of a quantity over the table. */
static void count(const ntk_study_table *table, ladder_row *row) {
  for (size_t i = 0; i < table->rows; i++) {
    const ntk_study_row *r = &table->row[i];
    if (strcmp(r->quantity, row->words.key) != 0)
      continue;
    const bool known = isfinite(r->value);
    row->trials += known;
    row->missing += !known;
    row->zero += r->value == 0.0;
    row->held += r->value == 1.0;
  }
}

/* The power law of one quantity in the ladder's variable. *summary is to be released when this gave
 * EXIT_DONE. */
static exit_status fit(const ntk_study_table *table, const char *quantity, const char *x,
                       ntk_summary *summary, ntk_fit *fitted) {
  const ntk_summary_options options = {.quantity = quantity, .x = x};
  ntk_status status = ntk_study_summarise(table, &options, summary);
  if (status != NTK_OK)
    return report_library(status, NULL);
  status = ntk_study_fit(table, &options, summary, fitted);
  if (status == NTK_OK)
    return EXIT_DONE;
  ntk_summary_clear(summary);
  return report_library(status, "ladder");
}

/* Whether the fit of a row has the value: it is positive. */
static bool is_fitted(const ntk_study_row *r) {
  return isfinite(r->value) && r->value > 0.0;
}

/* Rows of the quantity `order` for the trials whose value of `key` is fitted, into kept (room for
 * all rows); how many. Both come by point and trial. */
static size_t keep_orders(const ntk_study_table *table, const char *key, const char *order,
                          ntk_study_row *kept) {
  size_t count = 0, at = 0; /* at: the next row that may be the value's */
  for (size_t i = 0; i < table->rows; i++) {
    const ntk_study_row *r = &table->row[i], *value = NULL;
    if (strcmp(r->quantity, order) != 0)
      continue;
    for (; at < table->rows && value == NULL; at++)
      if (strcmp(table->row[at].quantity, key) == 0) {
        value = &table->row[at];
        if (value->point > r->point || (value->point == r->point && value->trial > r->trial))
          break;
        if (value->point < r->point || value->trial < r->trial)
          value = NULL;
      }
    if (value != NULL && value->point == r->point && value->trial == r->trial && is_fitted(value))
      kept[count++] = *r;
  }
  return count;
}

static exit_status fit_slope(const ntk_study_table *table, const char *quantity, const char *x,
                             double *slope) {
  ntk_summary summary;
  ntk_fit fitted = {.slope = NAN};
  const exit_status status = fit(table, quantity, x, &summary, &fitted);
  if (status == EXIT_DONE)
    ntk_summary_clear(&summary);
  *slope = fitted.slope;
  return status;
}

static bool has_quantity(const ntk_study_table *table, const char *quantity) {
  for (size_t q = 0; q < table->quantities; q++)
    if (strcmp(table->quantity[q], quantity) == 0)
      return true;
  return false;
}

/* The exponent of the row's order, from the sizes of the trials that its own exponent is from, or
 * of all where those give none; NaN: it has no order, or that is measured itself. */
static exit_status predict(const ntk_study_table *table, const ladder *l, ladder_row *row) {
  char order[sizeof row->words.key + 8];
  row->predicted = NAN;
  snprintf(order, sizeof order, "%s.order", row->words.key);
  if (row->words.claim == NTK_CLAIM_NONE || row->words.order[0] == '\0' ||
      !has_quantity(table, order))
    return EXIT_DONE;
  ntk_study_row *kept = malloc((table->rows + 1) * sizeof *kept);
  if (kept == NULL)
    return report_error(EXIT_FAILED, "no memory for the ladder's rows");
  ntk_study_table some = *table;
  some.row = kept;
  some.rows = keep_orders(table, row->words.key, order, kept);
  exit_status status = EXIT_DONE;
  if (some.rows > 0)
    status = fit_slope(&some, order, l->variable, &row->predicted);
  free(kept);
  if (status == EXIT_DONE && isnan(row->predicted))
    status = fit_slope(table, order, l->variable, &row->predicted);
  return status;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static exit_status make_row(const ntk_study_table *table, const ladder *l, const char *key,
                            ladder_row *row) {
  ntk_fit fitted = {.slope = NAN};
  *row = (ladder_row){.exponent = NAN, .low = NAN, .high = NAN, .predicted = NAN};
  ntk_ledger_row words;
  if (ntk_ledger_describe(key, &words) != NTK_OK)
    return report_error(EXIT_FAILED, "%s", ntk_error_message());
  row->words = words;
  count(table, row);
  if (!ladder_is_bound(row) && row->trials > 0) {
    exit_status status = fit(table, key, l->variable, &row->summary, &fitted);
    if (status != EXIT_DONE)
      return status;
    row->mean = row->summary.point;
    row->means = row->summary.points;
    row->constant = fitted.constant;
    row->exponent = fitted.slope;
    row->low = fitted.slope_low;
    row->high = fitted.slope_high;
    status = predict(table, l, row);
    if (status != EXIT_DONE) {
      ntk_summary_clear(&row->summary);
      return status;
    }
  }
  ladder_judge(row);
  return EXIT_DONE;
}

static bool is_row(const char *quantity) {
  ntk_ledger_row words;
  return ntk_ledger_describe(quantity, &words) == NTK_OK;
}

static exit_status make_rows(const ntk_study_table *table, ladder *l) {
  l->row = calloc(table->quantities + 1, sizeof *l->row);
  if (l->row == NULL)
    return report_error(EXIT_FAILED, "no memory for the ladder's rows");
  exit_status status = EXIT_DONE;
  for (size_t q = 0; q < table->quantities && status == EXIT_DONE; q++) {
    if (!is_row(table->quantity[q]))
      continue;
    status = make_row(table, l, table->quantity[q], &l->row[l->rows]);
    l->rows += status == EXIT_DONE;
  }
  if (status == EXIT_DONE && l->rows == 0)
    status = report_error(EXIT_FAILED, "--ladder: every trial failed");
  return status;
}

/* The database of --db, or one of its own that is gone at the end. */
static exit_status run_in(const cli_settings *s, const ntk_study *study, const char *database,
                          ladder *l) {
  ntk_study_status done = {0};
  ntk_study_table table = {0};
  exit_status status = study_execute(s, study, database, false, &done);
  if (status != EXIT_DONE)
    return status;
  l->points = done.points;
  l->trials = done.trials;
  l->failed = done.failed;
  l->seconds = done.seconds;
  if (done.failed > 0)
    report_warning(s, "%zu trials failed, the last one: %s", done.failed, done.last_error);
  ntk_study_status_clear(&done);
  const ntk_status read = ntk_study_table_read(database, &table);
  status = read == NTK_OK ? make_rows(&table, l) : report_library(read, "db");
  if (status == EXIT_DONE) {
    const ntk_summary_options along = {.quantity = table.quantity[0], .x = l->variable};
    const ntk_status counted = ntk_study_assumptions(&table, &along, l->assumptions);
    status = counted == NTK_OK ? EXIT_DONE : report_library(counted, "ladder");
  }
  ntk_study_table_clear(&table);
  return status;
}

static exit_status run_in_temporary(const cli_settings *s, const ntk_study *study, ladder *l) {
  const char *folder = getenv("TMPDIR");
  char path[4096], file[sizeof path + 16];
  snprintf(path, sizeof path, "%s/ntkit.XXXXXX",
           folder != NULL && folder[0] != '\0' ? folder : "/tmp");
  if (mkdtemp(path) == NULL)
    return report_error(EXIT_FAILED, "%s: %s", path, strerror(errno));
  snprintf(file, sizeof file, "%s/ladder.db", path);
  const exit_status status = run_in(s, study, file, l);
  static const char *const left[] = {"", "-journal", ".lock"};
  for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
    char name[sizeof file + 16];
    snprintf(name, sizeof name, "%s%s", file, left[i]);
    (void)unlink(name);
  }
  (void)rmdir(path);
  return status;
}

exit_status ladder_run(const cli_settings *settings, ladder *made) {
  ladder l = {0};
  ntk_study *study = NULL;
  exit_status status = split(settings, &l);
  if (status == EXIT_DONE)
    status = make_study(settings, &l, &study);
  if (status == EXIT_DONE)
    status = settings->db != NULL ? run_in(settings, study, settings->db, &l)
                                  : run_in_temporary(settings, study, &l);
  ntk_study_destroy(study);
  if (status == EXIT_DONE)
    *made = l;
  else
    ladder_clear(&l);
  return status;
}

void ladder_clear(ladder *l) {
  for (size_t i = 0; i < l->rows; i++)
    ntk_summary_clear(&l->row[i].summary);
  free(l->row);
  free(l->variable);
  free(l->values);
  *l = (ladder){0};
}
