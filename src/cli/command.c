#include "cli/command.h"

#include "cli/report.h"

#include <string.h>

static const cli_command table[] = {
    {"spectrum", FOR_SPECTRUM, "smallest and largest eigenvalue of the NTK, with residuals",
     "Builds the empirical neural tangent kernel K of a network with random weights on a data set, "
     "and finds its smallest and largest eigenvalue, each with its true residual, beside the "
     "bounds of Theorem 3.1. K is N x N and takes 4 N^2 bytes; it is never formed through the "
     "Jacobian.",
     "ntkit spectrum --samples 2000 --dim 500 --widths 500,500", command_spectrum},
    {"info", FOR_INFO, "this build and machine, and the names every option knows",
     "Prints the version, the BLAS and the processor that results depend on, the limits of "
     "storage, and the tables of distributions, activations and initialisations.",
     "ntkit info", command_info},
    {"selftest", FOR_SELFTEST, "the library's own checks on this machine",
     "Runs the library's own checks: random numbers, BLAS, activations, the kernel against an "
     "explicit Jacobian, eigenvalues of known matrices, the certificate. Exit status 1 when one "
     "fails.",
     "ntkit selftest", command_selftest},
    {"help", FOR_HELP, "help on a command", "Prints what a command does and the options it takes.",
     "ntkit help spectrum", command_help},
};

const cli_command *command_at(size_t i) {
  return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

const char *command_name(size_t i) {
  return i < sizeof table / sizeof table[0] ? table[i].name : NULL;
}

const cli_command *command_find(const char *name) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (strcmp(name, table[i].name) == 0)
      return &table[i];
  return NULL;
}

exit_status command_unknown(const char *name) {
  const char *nearest = report_nearest(name, command_name);
  if (nearest != NULL)
    return report_error(EXIT_INPUT, "unknown command '%s'; did you mean '%s'?", name, nearest);
  char names[256];
  report_names(command_name, sizeof names, names);
  return report_error(EXIT_INPUT, "unknown command '%s'; known: %s", name, names);
}
