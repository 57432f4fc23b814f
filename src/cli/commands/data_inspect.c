/* ntkit data inspect: what is in a file of data, before anything is computed from it. */
#include "cli/run/job.h"
#include "cli/shell/command.h"
#include "cli/shell/progress.h"
#include "cli/shell/report.h"
#include "cli/show/page.h"
#include "cli/show/present.h"
#include "ntkit/data.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_CLASSES = 20, DRAWN_CLASSES = 400 };

typedef struct data_inspection {
  const cli_settings *settings;
  ntk_context *context;
  const char *file;
  ntk_inspect_result result;
} data_inspection;

/* ---- For people ------------------------------------------------------------------------------ */

static void print_numbers(const ntk_inspect_result *r) {
  printf("numbers     %.6g to %.6g", r->least, r->most);
  if (r->whole)
    printf(", all whole");
  if (!isnan(r->smallest))
    printf(", smallest |x| > 0: %.4g", r->smallest);
  printf(", %.3g %% are 0\n", 100.0 * r->zeros);
  if (r->constant_columns > 0)
    printf("columns     %zu of %zu are constant\n", r->constant_columns, r->dim);
}

static void print_moment(const char *name, int item, double value, double scaled,
                         const ntk_inspect_result *r) {
  const char digit[] = {(char)('0' + item), '\0'};
  const bool danger = strstr(r->moments.danger, digit) != NULL;
  const bool after = strstr(r->scaled.danger, digit) != NULL;
  printf("  %d  %-22s %-11.4g%s", item, name, value, danger ? "!" : " ");
  if (!isnan(scaled))
    printf(" %-11.4g%s", scaled, after ? "!" : " ");
  putchar('\n');
}

static void print_moments(const data_inspection *p) {
  const ntk_inspect_result *r = &p->result;
  const ntk_data_moments *m = &r->moments, *s = &r->scaled;
  printf("\nAssumption 2.1, means     %-11s  %s\n", "as read",
         isnan(s->norm) ? "" : p->settings->scale);
  print_moment("E||x|| / sqrt d", 1, m->norm, s->norm, r);
  print_moment("E||x||^2 / d", 2, m->square, s->square, r);
  print_moment("E||x - E x||^2 / d", 3, m->spread, s->spread, r);
  if (m->danger[0] != '\0' || s->danger[0] != '\0')
    printf("  !  in danger: outside [1/100, 100], or item 3 under 1/100 of item 2\n");
  printf("\neff. rank   ");
  if (isnan(r->effective_rank))
    printf("-\n");
  else
    printf("%.4g of at most %zu: (tr C)^2 / tr(C^2), C the covariance\n", r->effective_rank,
           r->samples - 1 < r->dim ? r->samples - 1 : r->dim);
}

/* How many rows were looked at, where not all. */
static void print_searched(const data_inspection *p, const ntk_data_pair *pair) {
  if (pair->searched < p->result.samples)
    printf(" (of %zu rows that were drawn)", pair->searched);
  putchar('\n');
}

static void print_pairs(const data_inspection *p) {
  const ntk_inspect_result *r = &p->result;
  const ntk_data_pair *e = &r->equal, *m = &r->multiples, *n = &r->nearest;
  printf("equal rows  %zu", e->found);
  if (e->found > 0)
    printf(" with an earlier one, first %zu and %zu (from 1)", e->first + 1, e->second + 1);
  print_searched(p, e);
  printf("multiples   %zu", m->found);
  if (m->found > 0)
    printf(" with an earlier one, first %zu and %zu, by %.4g", m->first + 1, m->second + 1,
           m->value);
  print_searched(p, m);
  printf("nearest     ");
  if (n->found == 0) {
    printf("no two rows differ");
  } else {
    const double usual = sqrt(2.0 * r->moments.spread * (double)r->dim);
    printf("rows %zu and %zu, %.4g apart: %.3g of the usual distance", n->first + 1, n->second + 1,
           n->value, n->value / usual);
  }
  print_searched(p, n);
}

static void print_class(const ntk_data_class *class, bool more) {
  printf("%s ", more ? "," : "");
  if (class->name[0] != '\0')
    printf("%s", class->name);
  else
    printf("%.17g", class->value);
  printf(": %zu", class->count);
}

static void print_labels(const data_inspection *p) {
  const ntk_inspect_result *r = &p->result;
  if (r->label_columns == 0)
    return;
  printf("labels      %s, ", p->settings->labels != NULL ? p->settings->labels : p->file);
  if (r->label_columns > 1)
    printf("%zu for each row, ", r->label_columns);
  printf("%.6g to %.6g\n", r->label_least, r->label_most);
  if (r->classes == 0)
    return;
  printf("classes     %zu:", r->classes);
  for (size_t c = 0; c < r->classes && c < SHOWN_CLASSES; c++)
    print_class(&r->class_count[c], c > 0);
  printf("%s\n", r->classes > SHOWN_CLASSES ? ", ..." : "");
}

static void print_text(const void *what) {
  const data_inspection *p = what;
  const ntk_inspect_result *r = &p->result;
  printf("file        %s: %s, %s, %zu x %zu\n", p->file, r->format, r->type, r->file_rows, r->dim);
  if (r->samples < r->file_rows)
    printf("rows        %zu of them\n", r->samples);
  print_numbers(r);
  print_moments(p);
  print_pairs(p);
  print_labels(p);
  for (size_t i = 0; i < r->remarks; i++)
    printf("remark      %s\n", r->remark[i].text);
}

/* ---- For programs ---------------------------------------------------------------------------- */

#define ROW data_inspection
static const ntk_field file_fields[] = {VIEW_FIELD(TEXT, "file", file, "that was looked at")};
static const ntk_description file_table = VIEW_TABLE(file_fields);
#undef ROW

static void inspect_fields(const void *what, result_view *v) {
  const data_inspection *p = what;
  view_fields(v, NULL, &file_table, p, NULL, NULL);
  view_options(v, p->settings, "label-column skip limit subsample seed scale labels");
  view_fields(v, NULL, ntk_describe("ntk_inspect_result"), &p->result, NULL, NULL);
  view_environment(v, p->context);
}

/* ---- The page -------------------------------------------------------------------------------- */

static void put_danger(FILE *out, const char *what, const ntk_data_moments *moments) {
  if (isnan(moments->norm)) /* not asked */
    return;
  const bool none = moments->danger[0] == '\0';
  fputs("<p>Assumption 2.1, ", out);
  page_text(out, what);
  fputs(": ", out);
  page_formula(out, "E||x||");
  fprintf(out, " is %.4g √d ", moments->norm);
  page_verdict(out, none ? NTK_LEDGER_CONSISTENT : NTK_LEDGER_SUSPECT,
               none ? "no item in danger" : "in danger");
  if (!none)
    fprintf(out, " item %c%s", moments->danger[0], moments->danger[1] != '\0' ? " and others" : "");
  fputs("</p>\n", out);
}

static void put_classes(FILE *out, const ntk_inspect_result *r) {
  figure_point point[DRAWN_CLASSES];
  if (r->classes == 0 || r->classes > DRAWN_CLASSES)
    return;
  for (size_t c = 0; c < r->classes; c++)
    point[c] = (figure_point){r->class_count[c].value, (double)r->class_count[c].count, NAN, NAN};
  const figure_curve curve = {"", r->classes, point, FIGURE_SHAPES, 0};
  page_figure(out, &(figure){.title = "Samples by class",
                             .x = {"class", false},
                             .y = {"samples", false},
                             .curves = 1,
                             .curve = &curve});
}

static void inspect_page(const void *what, FILE *out) {
  const data_inspection *p = what;
  const ntk_inspect_result *r = &p->result;
  page_begin(out, "What is in a file of data");
  fprintf(out,
          "<div class=\"answer\">\n<p class=\"value\">%zu x %zu numbers, from <b>%.6g</b> to "
          "<b>%.6g</b></p>\n",
          r->samples, r->dim, r->least, r->most);
  put_danger(out, "as read", &r->moments);
  put_danger(out, p->settings->scale, &r->scaled);
  for (size_t i = 0; i < r->remarks; i++) {
    fputs("<p>remark: ", out);
    page_text(out, r->remark[i].text);
    fputs("</p>\n", out);
  }
  fputs("</div>\n<dl>\n", out);
  page_fact(out, "file", "%s: %s, %s, %zu x %zu", p->file, r->format, r->type, r->file_rows,
            r->dim);
  if (r->label_columns > 0)
    page_fact(out, "labels", "%s, %zu for each row, %.6g to %.6g",
              p->settings->labels != NULL ? p->settings->labels : p->file, r->label_columns,
              r->label_least, r->label_most);
  fputs("</dl>\n", out);
  put_classes(out, r);
  view_page(out, inspect_fields, p, true);
  page_end(out);
}

/* ---- The command ----------------------------------------------------------------------------- */

static exit_status command_inspect(const void *given) {
  static const present_ways ways = {
      .page = inspect_page, .fields = inspect_fields, .print = print_text};
  cli_settings here = *(const cli_settings *)given;
  const cli_settings *settings = &here;
  here.data = here.operand[0];
  data_inspection p = {.settings = settings, .file = here.data};
  ntk_inspect_options options = {
      .rows = job_rows(settings), .labels = here.labels, .label_column = here.label_column};
  exit_status status = page_check(settings, NULL);
  if (status == EXIT_DONE)
    status = report_library(ntk_scaling_parse(settings->scale, &options.scaling), "scale");
  if (status == EXIT_DONE)
    status = job_context(settings, &p.context);
  if (status == EXIT_DONE)
    status = report_fault(ntk_data_inspect(p.context, p.file, &options, &p.result), NULL);
  progress_clear();
  if (status == EXIT_DONE)
    status = present_result(settings, &ways, &p);
  ntk_inspect_clear(&p.result);
  ntk_context_destroy(p.context);
  return status;
}

static const option_row own[] = {
    {.name = "labels",
     .kind = KIND_FILE,
     .field = offsetof(cli_settings, labels),
     .argument = "FILE",
     .expected = "a file with a label for each row",
     .help =
         "Look at labels too: ranges, classes, equal rows with different ones. When not given: at "
         "those in the file itself."},
};

const cli_command data_inspect_command = {
    .name = "data inspect",
    .summary = "what is in a file of data",
    .about = "Reads a file as --data would and says what is in it: format, ranges, the moments of "
             "Assumption 2.1 and what --scale makes of them, effective rank, equal and nearest "
             "rows, labels, and what is known to go wrong. docs/inspect.md explains what it "
             "prints.",
    .example = "ntkit data inspect examples/digits/digits.npy --scale standardize",
    .operands = "FILE",
    .least = 1,
    .most = 1,
    .options = (const option_part[]){SHARED(LABEL_COLUMN, SUBSAMPLE),
                                     SHARED(SEED, SCALE),
                                     OPTION_PART(own),
                                     SHARED(THREADS, MEMORY),
                                     SHARED(REPORT, HELP),
                                     {NULL, 0}},
    .size = sizeof(cli_settings),
    .run = command_inspect,
};
