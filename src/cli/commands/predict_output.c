/* --output of ntkit predict: what it may name, and the file. */
#include "cli/commands/predict.h"
#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "ntkit/data.h"

#include <string.h>

static const char *const npy[] = {".npy"}, *const csv[] = {".csv"};

static bool is_text(const char *path) {
  return file_ends_in(path, csv, 1);
}

static exit_status refuse_saved(const predict_settings *settings, const char *option,
                                const char *path) {
  const char *load = settings->common.load;
  if (path == NULL || load == NULL || !ntk_saved_has(load, path))
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "--%s: '%s' is of the network in %s, or of its data; choose another name",
                      option, path, load);
}

exit_status predict_check_output(const predict_settings *settings) {
  exit_status status = refuse_saved(settings, "report", settings->common.report);
  if (status != EXIT_DONE || settings->output == NULL)
    return status;
  const char *const input[] = {settings->common.data, settings->test, settings->test_labels,
                               settings->common.labels};
  for (size_t i = 0; i < sizeof input / sizeof input[0]; i++)
    if (input[i] != NULL && file_same(settings->output, input[i]))
      return report_error(EXIT_INPUT, "--output: '%s' is %s; choose another name", settings->output,
                          i == 0 ? "the data" : "one of the files that are read");
  status = refuse_saved(settings, "output", settings->output);
  if (status != EXIT_DONE)
    return status;
  if (!file_is_bare(settings->output) && !is_text(settings->output) &&
      !file_ends_in(settings->output, npy, 1))
    return report_error(
        EXIT_INPUT,
        "--output: '%s': outputs are written as .npy or .csv; expected a name that ends so",
        settings->output);
  return file_check(settings->output, settings->common.load, "output");
}

/* A field, in quotes where a reader needs them. */
static void put_word(FILE *out, const char *word) {
  if (strpbrk(word, ",\"\r\n") == NULL) {
    fputs(word, out);
    return;
  }
  fputc('"', out);
  for (; *word != '\0'; word++)
    fprintf(out, "%s%c", *word == '"' ? "\"" : "", *word);
  fputc('"', out);
}

static exit_status write_text(const char *path, const double *values, size_t rows, size_t columns,
                              predict_name *name, const void *user) {
  cli_file file;
  const exit_status status = file_create(path, "output", &file);
  if (status != EXIT_DONE)
    return status;
  for (size_t i = 0; i < rows * columns; i++) {
    char text[PREDICT_NAME];
    if (name != NULL)
      put_word(file.stream, name(user, values[i], text));
    else
      fprintf(file.stream, "%.17g", values[i]);
    fputc((i + 1) % columns == 0 ? '\n' : ',', file.stream);
  }
  return file_close(&file, "output", EXIT_DONE);
}

exit_status predict_write(const predict_settings *settings, const double *values, size_t rows,
                          size_t columns, predict_name *name, const void *user) {
  const size_t shape[2] = {rows, columns};
  if (settings->output == NULL)
    return EXIT_DONE;
  if (is_text(settings->output))
    return write_text(settings->output, values, rows, columns, name, user);
  return report_library(ntk_npy_save(settings->output, values, columns > 1 ? 2 : 1, shape),
                        "output");
}
