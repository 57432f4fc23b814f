/* ntkit study export: a study's table as CSV or JSON, streamed; study_npz.c writes NumPy's. */
#include "cli/shell/command.h"
#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/study/study_columns.h"
#include "cli/study/study_view.h"

#include <stdlib.h>
#include <string.h>

/* ---- CSV (RFC 4180, lines end with \n) ------------------------------------------------------- */

static void csv_text(const char *text, FILE *out) {
  if (text[strcspn(text, ",\"\r\n")] == '\0') {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text != '\0'; text++) {
    if (*text == '"')
      fputc('"', out);
    fputc(*text, out);
  }
  fputc('"', out);
}

static void csv_number(double value, FILE *out) {
  char text[STUDY_NUMBER];
  study_number(value, text);
  fputs(text, out);
}

static exit_status write_csv(const ntk_study_table *table, const export_column *column,
                             size_t columns, FILE *out) {
  for (size_t c = 0; c < columns; c++) {
    csv_text(column[c].name, out);
    fputc(c + 1 < columns ? ',' : '\n', out);
  }
  for (size_t i = 0; i < table->rows && !ferror(out); i++)
    for (size_t c = 0; c < columns; c++) {
      const ntk_field_value cell = export_cell_of(table, &table->row[i], &column[c]);
      if (column[c].type == 'U')
        csv_text(cell.text, out);
      else if (column[c].type == 'i')
        fprintf(out, "%llu", (unsigned long long)cell.whole);
      else
        csv_number(cell.real, out);
      fputc(c + 1 < columns ? ',' : '\n', out);
    }
  return EXIT_DONE;
}

/* ---- JSON: a tree of 10^5 rows would take a second and a gigabyte; rows are written one by one -
 */

/* Jansson quotes the text; false for want of memory. */
static bool json_write_text(const char *text, FILE *out) {
  json_t *string = json_text(text);
  const bool done =
      string != NULL && (json_dumpf(string, out, JSON_ENCODE_ANY) == 0 || ferror(out));
  json_decref(string);
  return done;
}

static void json_write_number(double value, FILE *out) {
  char text[STUDY_NUMBER];
  study_number(value, text);
  fputs(text[0] != '\0' ? text : "null", out);
}

static bool json_row(const ntk_study_table *table, const ntk_study_row *row,
                     const export_column *column, size_t columns, FILE *out) {
  bool done = true;
  for (size_t c = 0; c < columns && done; c++) {
    const ntk_field_value cell = export_cell_of(table, row, &column[c]);
    fputs(c == 0 ? "{" : ", ", out);
    done = json_write_text(column[c].name, out);
    fputs(": ", out);
    if (column[c].type == 'U')
      done = done && json_write_text(cell.text, out);
    else if (column[c].type == 'i')
      fprintf(out, "%llu", (unsigned long long)cell.whole);
    else
      json_write_number(cell.real, out);
  }
  fputc('}', out);
  return done;
}

static exit_status write_json(const ntk_study_table *table, const export_column *column,
                              size_t columns, FILE *out) {
  fputs("{\n  \"name\": ", out);
  bool done = json_write_text(table->name, out);
  fputs(",\n  \"columns\": [", out);
  for (size_t c = 0; c < columns; c++) {
    fputs(c > 0 ? ", " : "", out);
    done = done && json_write_text(column[c].name, out);
  }
  fputs("],\n  \"rows\": [\n", out);
  for (size_t i = 0; i < table->rows && done && !ferror(out); i++) {
    fputs("    ", out);
    done = json_row(table, &table->row[i], column, columns, out);
    fputs(i + 1 < table->rows ? ",\n" : "\n", out);
  }
  fputs("  ]\n}\n", out);
  return done ? EXIT_DONE : report_error(EXIT_FAILED, "no memory to write the rows as JSON");
}

/* ---- The command ----------------------------------------------------------------------------- */

/* The format that options or the file's name ask for, into chosen. */
static exit_status choose_format(const study_settings *settings, study_settings *chosen) {
  enum { FORMATS = 3 };
  static const char *const endings[FORMATS] = {".csv", ".json", ".npz"};
  const bool asked[FORMATS] = {settings->csv, settings->common.json, settings->npz};
  const char *output = settings->output;
  size_t given = FORMATS, named = FORMATS;
  *chosen = *settings;
  for (size_t f = 0; f < FORMATS; f++) {
    given = asked[f] ? f : given;
    named = output != NULL && file_ends_in(output, &endings[f], 1) ? f : named;
  }
  if (asked[0] + asked[1] + asked[2] > 1)
    return report_error(EXIT_INPUT, "one of --csv, --json and --npz at a time");
  if (settings->npz && output == NULL)
    return report_error(EXIT_INPUT, "--npz needs --output FILE.npz, the file to write");
  if (output != NULL && given == FORMATS && named == FORMATS && !file_is_bare(output))
    return report_error(EXIT_INPUT,
                        "--output: '%s' has no ending that is known; expected a name in .csv, "
                        ".json or .npz, or one of --csv, --json and --npz",
                        output);
  if (given < FORMATS && named < FORMATS && given != named)
    return report_error(EXIT_INPUT, "--output: '%s' is not the name of what --%s writes", output,
                        endings[given] + 1);
  chosen->common.json = settings->common.json || named == 1;
  chosen->npz = settings->npz || named == 2;
  return EXIT_DONE;
}

static exit_status check_output(const study_settings *settings) {
  return settings->output != NULL
             ? file_check(settings->output, settings->common.operand[0], "output")
             : EXIT_DONE;
}

static exit_status write_text(const study_settings *settings, const ntk_study_table *table,
                              const export_column *column, size_t columns) {
  exit_status (*write)(const ntk_study_table *, const export_column *, size_t, FILE *) =
      settings->common.json ? write_json : write_csv;
  if (settings->output == NULL)
    return write(table, column, columns, stdout); /* report_output tells if it took everything */
  cli_file file;
  const exit_status status = file_create(settings->output, "output", &file);
  return status == EXIT_DONE
             ? file_close(&file, "output", write(table, column, columns, file.stream))
             : status;
}

static exit_status write_table(const study_settings *settings, const ntk_study_table *table) {
  export_column *column = NULL;
  const size_t columns = export_columns(table, &column);
  const exit_status status =
      column == NULL  ? report_error(EXIT_FAILED, "no memory for %zu columns", table->variables)
      : settings->npz ? study_write_npz(table, settings->output)
                      : write_text(settings, table, column, columns);
  free(column);
  return status;
}

exit_status command_study_export(const void *given) {
  const study_settings *settings = given;
  study_settings chosen;
  exit_status status = choose_format(settings, &chosen);
  if (status == EXIT_DONE)
    status = check_output(&chosen);
  ntk_study_table table;
  if (status == EXIT_DONE)
    status = study_open(&chosen, &table);
  if (status != EXIT_DONE)
    return status;
  status = write_table(&chosen, &table);
  ntk_study_table_clear(&table);
  return status;
}
