/* ntkit study export: a study's table as CSV or JSON, streamed; study_npz.c writes NumPy's. */
#include "cli/command.h"
#include "cli/file.h"
#include "cli/json.h"
#include "cli/report.h"
#include "cli/study_view.h"

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

static void csv_row(const ntk_study_table *table, const ntk_study_row *row, FILE *out) {
  for (size_t v = 0; v < table->variables; v++) {
    if (table->is_text[v])
      csv_text(row->text[v], out);
    else
      csv_number(row->variable[v], out);
    fputc(',', out);
  }
  fprintf(out, "%zu,%llu,", row->trial, (unsigned long long)row->seed);
  csv_text(row->quantity, out);
  fputc(',', out);
  csv_number(row->value, out);
  fprintf(out, ",%s,", row->status);
  csv_number(row->seconds, out);
  fputc(',', out);
  csv_text(row->error, out);
  fputc('\n', out);
}

static exit_status write_csv(const ntk_study_table *table, FILE *out) {
  for (size_t v = 0; v < table->variables; v++) {
    csv_text(table->variable[v], out);
    fputc(',', out);
  }
  fputs("trial,seed,quantity,value,status,seconds,error\n", out);
  for (size_t i = 0; i < table->rows && !ferror(out); i++)
    csv_row(table, &table->row[i], out);
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

static bool json_row(const ntk_study_table *table, const ntk_study_row *row, FILE *out) {
  bool done = true;
  fputc('{', out);
  for (size_t v = 0; v < table->variables; v++) {
    done = done && json_write_text(table->variable[v], out);
    fputs(": ", out);
    if (table->is_text[v])
      done = done && json_write_text(row->text[v], out);
    else
      json_write_number(row->variable[v], out);
    fputs(", ", out);
  }
  fprintf(out, "\"trial\": %zu, \"seed\": %llu, \"quantity\": ", row->trial,
          (unsigned long long)row->seed);
  done = done && json_write_text(row->quantity, out);
  fputs(", \"value\": ", out);
  json_write_number(row->value, out);
  fprintf(out, ", \"status\": \"%s\", \"seconds\": ", row->status);
  json_write_number(row->seconds, out);
  fputs(", \"error\": ", out);
  done = done && json_write_text(row->error, out);
  fputc('}', out);
  return done;
}

static exit_status write_json(const ntk_study_table *table, FILE *out) {
  fputs("{\n  \"name\": ", out);
  bool done = json_write_text(table->name, out);
  fputs(",\n  \"columns\": [", out);
  for (size_t v = 0; v < table->variables; v++) {
    done = done && json_write_text(table->variable[v], out);
    fputs(", ", out);
  }
  fputs("\"trial\", \"seed\", \"quantity\", \"value\", \"status\", \"seconds\", \"error\"],\n"
        "  \"rows\": [\n",
        out);
  for (size_t i = 0; i < table->rows && done && !ferror(out); i++) {
    fputs("    ", out);
    done = json_row(table, &table->row[i], out);
    fputs(i + 1 < table->rows ? ",\n" : "\n", out);
  }
  fputs("  ]\n}\n", out);
  return done ? EXIT_DONE : report_error(EXIT_FAILED, "no memory to write the rows as JSON");
}

/* ---- The command ----------------------------------------------------------------------------- */

/* The format that options or the file's name ask for, into chosen. */
static exit_status choose_format(const cli_settings *settings, cli_settings *chosen) {
  enum { FORMATS = 3 };
  static const char *const endings[FORMATS] = {".csv", ".json", ".npz"};
  const bool asked[FORMATS] = {settings->csv, settings->json, settings->npz};
  const char *output = settings->output;
  size_t given = FORMATS, named = FORMATS;
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
  *chosen = *settings;
  chosen->json = settings->json || named == 1;
  chosen->npz = settings->npz || named == 2;
  return EXIT_DONE;
}

static exit_status check_output(const cli_settings *settings) {
  return settings->output != NULL ? file_check(settings->output, settings->operand[0], "output")
                                  : EXIT_DONE;
}

static exit_status write_text(const cli_settings *settings, const ntk_study_table *table) {
  exit_status (*write)(const ntk_study_table *, FILE *) = settings->json ? write_json : write_csv;
  if (settings->output == NULL)
    return write(table, stdout); /* whether it took everything is told by report_output */
  cli_file file;
  const exit_status status = file_create(settings->output, "output", &file);
  return status == EXIT_DONE ? file_close(&file, "output", write(table, file.stream)) : status;
}

/* What a variable's column is called: a name of the fixed columns would stand there twice. */
static const char *column_name(const char *variable) {
  static const char *const fixed[] = {"grid.trial",  "grid.seed",    "grid.quantity", "grid.value",
                                      "grid.status", "grid.seconds", "grid.error"};
  for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
    if (strcmp(fixed[i] + strlen("grid."), variable) == 0)
      return fixed[i];
  return variable;
}

static exit_status write_table(const cli_settings *settings, const ntk_study_table *table) {
  const char **names = calloc(table->variables + 1, sizeof *names);
  if (names == NULL)
    return report_error(EXIT_FAILED, "no memory for %zu names", table->variables);
  for (size_t v = 0; v < table->variables; v++)
    names[v] = column_name(table->variable[v]);
  ntk_study_table named = *table;
  named.variable = names;
  const exit_status status =
      settings->npz ? study_write_npz(&named, settings->output) : write_text(settings, &named);
  free(names);
  return status;
}

exit_status command_study_export(const cli_settings *settings) {
  cli_settings chosen;
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
