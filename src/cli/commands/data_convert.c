/* ntkit data convert: an array of any format that is read, or rows of it, as .npy or text, or with
 * its labels as .npz or .safetensors. */
#include "cli/run/job.h"
#include "cli/shell/command.h"
#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "ntkit/fit.h"
#include "ntkit/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const npy[] = {".npy"}, *const text[] = {".csv", ".tsv", ".txt"};
enum { TEXTS = sizeof text / sizeof text[0] };

typedef struct conversion {
  const cli_settings *settings;
  const char *from, *to;
  const char *labels; /* the file of them; NULL: none are written */
  ntk_context *context;
  int rank;
  size_t rows, cols;
  double *own;       /* rows x cols; NULL: those of data */
  ntk_dataset *data; /* where they are scaled or have labels; else NULL */
  double *Y;         /* rows x outputs: the labels */
  size_t outputs;
  const double *values; /* of own, or of data */
} conversion;

/* ---- Before anything is read ----------------------------------------------------------------- */

static exit_status check_target(conversion *c) {
  const bool several = ntk_arrays_known(c->to);
  if (!several && !file_ends_in(c->to, npy, 1) && !file_ends_in(c->to, text, TEXTS))
    return report_error(EXIT_INPUT,
                        "'%s' is of no format that is written; expected a name that ends in .npy, "
                        ".npz, .safetensors, .csv, .tsv or .txt",
                        c->to);
  if (!several && c->settings->labels != NULL)
    return report_error(EXIT_INPUT,
                        "--labels: '%s' has one array; expected a name that ends in .npz or "
                        ".safetensors, or a file of their own: the same options choose their rows",
                        c->to);
  if (several)
    c->labels = c->settings->labels != NULL ? c->settings->labels : job_inside(c->settings);
  if (file_same(c->from, c->to))
    return report_error(EXIT_INPUT, "'%s' is the file that is read; choose another name", c->to);
  if (access(c->to, F_OK) == 0 && !c->settings->overwrite)
    return report_error(EXIT_INPUT, "'%s' is there already; choose another name, or --overwrite it",
                        c->to);
  return EXIT_DONE;
}

/* ---- The numbers ----------------------------------------------------------------------------- */

static exit_status check_memory(const conversion *c, double copies) {
  const double bytes = 8.0 * copies * (double)c->rows * (double)c->cols;
  const double available = (double)ntk_memory_available(c->context);
  if (bytes <= available)
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "%zu rows of %s need %.3g GB of memory, and %.3g GB are available; expected "
                      "fewer, by --skip and --limit",
                      c->rows, c->from, 1e-9 * bytes, 1e-9 * available);
}

static exit_status load(conversion *c) {
  const ntk_rows rows = job_rows(c->settings);
  ntk_array_info info = {0};
  ntk_scaling scaling = NTK_SCALE_NONE;
  ntk_status status = ntk_scaling_parse(c->settings->scale, &scaling);
  const bool table = scaling != NTK_SCALE_NONE || rows.label_column != NULL || c->labels != NULL;
  if (status == NTK_OK && table)
    status = ntk_dataset_select_shape(c->from, &rows, &c->rows, &c->cols);
  else if (status == NTK_OK)
    status = ntk_array_shape(c->from, &info);
  if (status == NTK_OK && !table) {
    c->cols = info.cols;
    status = ntk_rows_count(&rows, info.rows, c->from, &c->rows);
  }
  if (status != NTK_OK)
    return report_fault(status, NULL);
  c->rank = table ? 2 : info.rank;
  const exit_status fits = check_memory(c, 1.0);
  if (fits != EXIT_DONE)
    return fits;
  if (table) {
    status = ntk_dataset_select(c->context, c->from, &rows, 0, scaling, &c->data);
    c->values = status == NTK_OK ? ntk_dataset_values(c->data) : NULL;
    return report_fault(status, NULL);
  }
  c->values = c->own = calloc(c->rows, c->cols * sizeof *c->own);
  if (c->own == NULL) {
    (void)report_error(EXIT_FAILED, "no memory for %zu rows of %zu numbers", c->rows, c->cols);
    return EXIT_FAILED; /* said twice, for analysers */
  }
  return report_fault(ntk_array_select(c->context, c->from, &rows, c->own), NULL);
}

/* Of a file that has several numbers for each row, these; else a label. */
static exit_status load_labels(conversion *c) {
  const char *column = c->settings->label_column;
  const bool inside = c->labels == c->from;
  ntk_array_info info;
  ntk_class_names names = {0};
  ntk_status status = NTK_OK;
  if (c->labels == NULL)
    return EXIT_DONE;
  c->outputs = 1;
  if (!inside && column == NULL && ntk_array_shape(c->labels, &info) == NTK_OK && !info.labels)
    c->outputs = info.cols;
  c->Y = c->outputs <= SIZE_MAX / sizeof(double) / c->rows
             ? calloc(c->rows * c->outputs, sizeof(double))
             : NULL;
  if (c->Y == NULL)
    return report_error(EXIT_FAILED, "no memory for the labels of %zu rows", c->rows);
  if (c->outputs > 1)
    status = ntk_labels_load_outputs(c->context, c->labels, c->data, c->outputs, c->Y);
  else
    status = ntk_labels_load_classes(c->context, c->labels, column, c->data, c->Y, &names);
  if (names.count > 0)
    report_note(c->settings, "labels that are words become 0 to %zu: '%s' is 0", names.count - 1,
                names.name[0]);
  ntk_class_names_clear(&names);
  return report_library(status, inside ? NULL : "labels");
}

/* ---- The file -------------------------------------------------------------------------------- */

/* The fewest digits that give the number back. */
static void put_number(FILE *out, double x) {
  char digits[40];
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, x);
    if (strtod(digits, NULL) == x)
      break;
  }
  fputs(digits, out);
}

static exit_status write_text(const conversion *c) {
  static const char *const tabs[] = {".tsv"};
  const char between = file_ends_in(c->to, tabs, 1) ? '\t' : ',';
  cli_file file;
  const exit_status status = file_create(c->to, NULL, &file);
  if (status != EXIT_DONE)
    return status;
  for (size_t i = 0; i < c->rows; i++)
    for (size_t j = 0; j < c->cols; j++) {
      put_number(file.stream, c->values[i * c->cols + j]);
      fputc(j + 1 < c->cols ? between : '\n', file.stream);
    }
  return file_close(&file, NULL, EXIT_DONE);
}

static exit_status write_arrays(const conversion *c) {
  const ntk_array_entry array[] = {
      {"X", c->rank, {c->rows, c->cols}, c->values},
      {"Y", c->outputs > 1 ? 2 : 1, {c->rows, c->outputs}, c->Y},
  };
  return report_library(ntk_arrays_save(c->to, c->Y != NULL ? 2 : 1, array), NULL);
}

static exit_status write_file(const conversion *c) {
  if (ntk_arrays_known(c->to))
    return write_arrays(c);
  if (!file_ends_in(c->to, npy, 1))
    return write_text(c);
  const size_t shape[2] = {c->rows, c->cols};
  return report_library(ntk_npy_save(c->to, c->values, c->rank, shape), NULL);
}

/* ---- The command ----------------------------------------------------------------------------- */

static exit_status command_convert(const void *given) {
  cli_settings settings = *(const cli_settings *)given;
  settings.data = settings.operand[0];
  conversion c = {.settings = &settings, .from = settings.data, .to = settings.operand[1]};
  exit_status status = check_target(&c);
  if (status == EXIT_DONE)
    status = job_context(&settings, &c.context);
  if (status == EXIT_DONE)
    status = load(&c);
  if (status == EXIT_DONE)
    status = load_labels(&c);
  if (status == EXIT_DONE)
    status = write_file(&c);
  if (status == EXIT_DONE && c.labels == NULL && job_inside(&settings) != NULL)
    report_note(&settings, "the labels in %s are not written; .npz and .safetensors take both",
                c.from);
  if (status == EXIT_DONE)
    printf("%zu x %zu numbers%s written to %s\n", c.rows, c.cols,
           c.Y != NULL ? " and their labels" : "", c.to);
  free(c.own);
  free(c.Y);
  ntk_dataset_destroy(c.data);
  ntk_context_destroy(c.context);
  return status;
}

static const option_row own[] = {
    {.name = "labels",
     .kind = KIND_FILE,
     .field = offsetof(cli_settings, labels),
     .argument = "FILE",
     .expected = "a file with a label for each row",
     .help =
         "Into .npz and .safetensors: these labels of the rows, too. When not given: those that "
         "lie in the file, if any."},
    {.name = "overwrite",
     .kind = KIND_FLAG,
     .field = offsetof(cli_settings, overwrite),
     .help = "Replace B when it is there."},
};

const cli_command data_convert_command = {
    .name = "data convert",
    .summary = "a file of data, or rows of it, in another format",
    .about =
        "Reads A, in any format that --data takes, and writes B: .npy of float64, or text with "
        "commas (.csv, .txt) or tabs (.tsv) and as many digits as give every number back; or .npz "
        "or .safetensors, whose array X they are, with the labels as Y. A vector stays one, so "
        "that labels are converted, and drawn, alike. B is written whole or not at all.",
    .example = "ntkit data convert examples/digits/digits.npy X.csv --subsample 100",
    .operands = "A B",
    .least = 2,
    .most = 2,
    .options = (const option_part[]){SHARED(LABEL_COLUMN, SHUFFLE),
                                     SHARED(SEED, SCALE),
                                     OPTION_PART(own),
                                     SHARED(THREADS, MEMORY),
                                     SHARED(QUIET, HELP),
                                     {NULL, 0}},
    .size = sizeof(cli_settings),
    .run = command_convert,
};
