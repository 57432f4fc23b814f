/* What the reproductions share: a figure of the paper by the commands that a user has for a study
 * of their own, in the folder of --out: the study file, study run, study export; then the figure's
 * own drawing and table. */
#ifndef NTK_CLI_REPRODUCE_H
#define NTK_CLI_REPRODUCE_H

#include "cli/study/study.h"
#include "ntkit/study.h"

#include <stdio.h>

typedef struct reproduce_settings {
  study_settings study; /* how the study is run */
  const char *preset, *out;
} reproduce_settings;

exit_status command_reproduce_figure1(const void *given);
exit_status command_reproduce_figure2(const void *given);

/* A name of --preset, and what it changes of the study, as study run's KEY=VALUE. */
typedef struct reproduction_preset {
  const char *name;
  size_t changes;
  const char *const *change;
} reproduction_preset;

typedef struct reproduction {
  const char *name; /* of the files: "figure1" */
  const char *spec; /* the paper's study, a file for the user to change */
  size_t presets;
  const reproduction_preset *preset;
  /* Says what is to come before the study runs; NULL: nothing. */
  void (*announce)(const reproduce_settings *settings, const ntk_study *study,
                   const char *database);
  /* Draws BASE.svg, ... from the database. */
  exit_status (*draw)(const reproduce_settings *settings, char *database, char *base);
  /* Prints the table, and writes it into BASE.txt. */
  exit_status (*tabulate)(const char *database, const char *base);
} reproduction;

exit_status reproduce(const reproduce_settings *settings, const reproduction *r);

/* Writes BASE<suffix> by write(what, stream). */
exit_status reproduce_save(const char *base, const char *suffix,
                           void (*write)(const void *what, FILE *out), const void *what);

#endif
