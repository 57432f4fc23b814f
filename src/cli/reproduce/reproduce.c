#include "cli/reproduce/reproduce.h"
#include "ntkit/data.h"

#include "cli/shell/command.h"
#include "cli/shell/file.h"
#include "cli/shell/report.h"
#include "cli/study/study.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Presets --------------------------------------------------------------------------------- */

/* The preset that --preset names: not every figure has every one; NULL (reported) without it. */
static const reproduction_preset *find_preset(const reproduce_settings *settings,
                                              const reproduction *r) {
  char known[200] = "";
  size_t used = 0;
  for (size_t i = 0; i < r->presets; i++) {
    if (strcmp(r->preset[i].name, settings->preset) == 0)
      return &r->preset[i];
    if (used < sizeof known)
      used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                               r->preset[i].name);
  }
  (void)report_error(EXIT_INPUT, "--preset: %s has no preset '%s'; it has: %s", r->name,
                     settings->preset, known);
  return NULL;
}

/* ---- Files ----------------------------------------------------------------------------------- */

exit_status reproduce_save(const char *base, const char *suffix,
                           void (*write)(const void *what, FILE *out), const void *what) {
  char *path = file_name(base, suffix);
  cli_file file;
  if (path == NULL)
    return EXIT_FAILED;
  exit_status status = file_create(path, "out", &file);
  if (status == EXIT_DONE) {
    write(what, file.stream);
    status = file_close(&file, "out", status);
  }
  free(path);
  return status;
}

/* A study file, and what of it a preset changes. */
typedef struct study_file {
  const reproduction *figure;
  const reproduction_preset *preset;
} study_file;

static void write_spec(const void *what, FILE *out) {
  const study_file *file = what;
  fputs(file->figure->spec, out);
  if (file->preset->changes > 0)
    fprintf(out, "# --preset %s runs it with:", file->preset->name);
  for (size_t i = 0; i < file->preset->changes; i++)
    fprintf(out, " '%s'", file->preset->change[i]);
  if (file->preset->changes > 0)
    fputc('\n', out);
}

/* The preset that a file of write_spec's is of; NULL: of none that is known. */
static const reproduction_preset *preset_of(const reproduction *r, FILE *in) {
  char line[1024], name[32] = "";
  while (name[0] == '\0' && fgets(line, sizeof line, in) != NULL)
    (void)sscanf(line, "# --preset %31s runs it with:", name);
  for (size_t i = 0; i < r->presets; i++)
    if (name[0] != '\0' ? strcmp(r->preset[i].name, name) == 0 : r->preset[i].changes == 0)
      return &r->preset[i];
  return NULL;
}

/* A study would take another preset's grid beside its own, and the figure would show both. */
static exit_status check_preset(const reproduction *r, const reproduction_preset *preset,
                                const char *base, const char *database) {
  char *path = file_name(base, ".yaml");
  FILE *in = path != NULL && access(database, F_OK) == 0 ? fopen(path, "r") : NULL;
  const bool named = path != NULL;
  free(path);
  if (in == NULL)
    return named ? EXIT_DONE : EXIT_FAILED;
  const reproduction_preset *there = preset_of(r, in);
  (void)fclose(in);
  if (there == NULL || there == preset)
    return EXIT_DONE;
  return report_error(EXIT_INPUT,
                      "%s holds another study: that of --preset %s; expected this preset, or "
                      "another folder for --out",
                      database, there->name);
}

static exit_status export_csv(const reproduce_settings *settings, char *database,
                              const char *base) {
  char *csv = file_name(base, ".csv");
  if (csv == NULL)
    return EXIT_FAILED;
  const study_settings view = {
      .common = {.operands = 1, .operand = &database, .quiet = settings->study.common.quiet},
      .output = csv,
      .csv = true};
  const exit_status status = command_study_export(&view);
  free(csv);
  return status;
}

/* ---- The study ------------------------------------------------------------------------------- */

static exit_status run_study(const reproduce_settings *settings, const reproduction *r,
                             const reproduction_preset *preset, const char *database) {
  ntk_study *study = NULL;
  ntk_study_status status = {0};
  const ntk_status made =
      ntk_study_parse(r->spec, r->name, preset->change, preset->changes, &study);
  if (made != NTK_OK)
    return report_library(made, NULL);
  if (r->announce != NULL)
    r->announce(settings, study, database);
  exit_status result = study_execute(&settings->study, study, database, false, &status);
  ntk_study_destroy(study);
  if (result == EXIT_DONE)
    result = study_print_status(&settings->study, database, &status);
  if (result == EXIT_DONE && status.failed > 0)
    result = report_error(EXIT_FAILED,
                          "%zu trials failed, the last one: %s; --retry computes them "
                          "again",
                          status.failed, status.last_error);
  ntk_study_status_clear(&status);
  return result;
}

/* Names the files that are there: not all, where something failed. */
static void announce(const char *base) {
  static const char *const suffixes[] = {".svg", ".pdf", ".png", ".dat", ".gp",
                                         ".csv", ".txt", ".db",  ".yaml"};
  printf("\n  %s:", base);
  for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
    char *path = file_name(base, suffixes[i]);
    if (path != NULL && access(path, F_OK) == 0)
      printf(" %s", suffixes[i]);
    free(path);
  }
  puts(" (.gp and .dat draw the figure again)");
}

/* Everything in the folder; base: its name, and in it the files' own. */
static exit_status fill_folder(const reproduce_settings *settings, const reproduction *r,
                               const reproduction_preset *preset, char *base) {
  char *database = file_name(base, ".db");
  if (database == NULL)
    return EXIT_FAILED;
  exit_status status = check_preset(r, preset, base, database);
  if (status == EXIT_DONE)
    status = reproduce_save(base, ".yaml", write_spec, &(study_file){r, preset});
  if (status == EXIT_DONE)
    status = run_study(settings, r, preset, database);
  if (status == EXIT_DONE)
    status = export_csv(settings, database, base);
  if (status == EXIT_DONE)
    status = r->draw(settings, database, base);
  if (status == EXIT_DONE) {
    putchar('\n');
    status = r->tabulate(database, base);
  }
  if (status != EXIT_INPUT && status != EXIT_INTERRUPTED)
    announce(base);
  free(database);
  return status;
}

exit_status reproduce(const reproduce_settings *settings, const reproduction *r) {
  const reproduction_preset *preset = find_preset(settings, r);
  if (preset == NULL)
    return EXIT_INPUT;
  const ntk_status prepared = ntk_directory_prepare(settings->out);
  if (prepared != NTK_OK)
    return report_library(prepared, "out");
  char *folder = file_name(settings->out, "/");
  char *base = folder != NULL ? file_name(folder, r->name) : NULL;
  const exit_status status = base != NULL ? fill_folder(settings, r, preset, base) : EXIT_FAILED;
  free(base);
  free(folder);
  return status;
}
