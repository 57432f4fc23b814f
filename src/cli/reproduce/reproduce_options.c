/* The commands and their options. */
#include "cli/reproduce/reproduce.h"

#include "cli/shell/command.h"

#define FIELD(name) offsetof(reproduce_settings, name)

static const char *preset_name(size_t i) {
  static const char *const names[] = {"tiny", "quick", "small", "paper"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const option_row own[] = {
    {.name = "preset",
     .kind = KIND_CHOICE,
     .field = FIELD(preset),
     .argument = "NAME",
     .fallback = "quick",
     .choice = preset_name,
     .help = "paper: every point and trial of the paper; quick: fewer of them, under two minutes "
             "on two cores; small, of figure2 alone: under an hour; tiny: seconds, far below the "
             "paper's sizes, to see that it works."},
    {.name = "out",
     .kind = KIND_PATH,
     .field = FIELD(out),
     .required = true,
     .argument = "DIR",
     .expected = "a directory for the results",
     .help = "Directory for figure, table, data and database. Made if it is not there; a run that "
             "was interrupted is resumed."},
};

static const option_part parts[] = {SHARED(MEMORY, MEMORY), STUDY(WORKERS, WORKERS),
                                    STUDY(RETRY, PROGRESS), OPTION_PART(own),
                                    SHARED(QUIET, HELP),    {NULL, 0}};

const cli_command reproduce_figure1_command = {
    .name = "reproduce figure1",
    .summary = "Figure 1 of the paper: figure, table, data",
    .about = "Computes Figure 1 of the paper, lambda_min(K) against d^2 for N = 1000, 2000, 3000, "
             "in the authors' setting but in double precision: three layers, sigmoid, d = n_1 = "
             "n_2, Gaussian data, weights N(0, 1/n_{l-1}), last layer N(0, 1). Writes the figure, "
             "its data, the database, and compares with the values in the paper's figure.",
    .example = "ntkit reproduce figure1 --out figure1",
    .options = parts,
    .size = sizeof(reproduce_settings),
    .run = command_reproduce_figure1,
};

const cli_command reproduce_figure2_command = {
    .name = "reproduce figure2",
    .summary = "Figure 2 of the paper: figure, table, data",
    .about =
        "Computes Figure 2 of the paper, the loss over d^2 and N at the plateau where training "
        "stops, in the authors' setting: four layers, ReLU, d = n_1 = n_2 = n_3, Gaussian data and "
        "labels, Adam on all samples at once and the mean squared error, step size 1 / (10 sqrt "
        "N), until the loss no longer falls. Says first how long it will take. Writes the figure, "
        "its data, the database, and fits the line N = c d^2 between the two phases.",
    .example = "ntkit reproduce figure2 --out figure2",
    .options = parts,
    .size = sizeof(reproduce_settings),
    .run = command_reproduce_figure2,
};
