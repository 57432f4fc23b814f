#include "cli/shell/command.h"

#include "cli/shell/report.h"

#include <stdio.h>
#include <string.h>

static const cli_command table[] = {
    {"spectrum", FOR_SPECTRUM, "smallest and largest eigenvalue of the NTK, with residuals",
     "Builds the empirical neural tangent kernel K of a network with random weights on a data set, "
     "and finds its smallest and largest eigenvalue, each with its true residual, beside the "
     "bounds of Theorem 3.1. K is N x N and takes 4 N^2 bytes; it is never formed through the "
     "Jacobian.",
     "ntkit spectrum --samples 2000 --dim 500 --widths 500,500", NULL, 0, 0, command_spectrum},
    {"train", FOR_TRAIN, "fits a network to labels; Theorem 4.2 measured beside it",
     "Trains a network on all samples at once and says at what rate the loss fell and what Theorem "
     "4.2 has to say of it: the bound (20) on the loss, the conditions (21) on the Jacobian, "
     "and how far the kernel moved. Interrupted with a checkpoint, the same command goes on to the "
     "same bits. docs/training.md explains what it prints and writes.",
     "ntkit train --samples 200 --dim 50 --widths 100,100 --activation tanh --epochs 2000 "
     "--track 100",
     NULL, 0, 0, command_train},
    {"memorize", FOR_MEMORIZE, "weights that fit any labels, without training; Corollary 4.1",
     "Finds weights with which the network puts out the label of every sample, whatever the labels "
     "are, by one factorisation of the kernel block K_{L-2} and a few corrections. Works while the "
     "samples are no more than n_{L-2} m, m being half of the last hidden width; says what is in "
     "the way where it does not. With --save the error is certified from the files, rounding "
     "included. docs/memorize.md explains what it prints and writes.",
     "ntkit memorize --samples 2000 --dim 64 --widths 64,128 --activation tanh --save fitted", NULL,
     0, 0, command_memorize},
    {"predict", FOR_PREDICT, "the outputs of a saved network on data",
     "Applies a network that 'ntkit memorize --save' or 'ntkit train --save' wrote, or any that is "
     "saved as W1.npy, ..., WL.npy, to data, and prints or writes its outputs; of networks for "
     "classes, the class of the largest output. Data that come from a file are scaled once, as "
     "those of the network were.",
     "ntkit predict --load fitted --data fitted/X.npy", NULL, 0, 0, command_predict},
    {"verify", FOR_VERIFY, "the paper's proof step by step, in numbers, on a network and data",
     "Measures every assumption of Section 2, every quantity of the proof of Theorem 3.1 and every "
     "inequality between them on a network and data: where each stands against its predicted "
     "order, and whether what must hold holds. With --ladder the same at several sizes, with the "
     "exponent of every quantity beside the predicted one. docs/verify.md explains what it prints. "
     "Exit status 1 when an inequality fails.",
     "ntkit verify --samples 1000 --dim 100 --widths 100,100 --activation tanh", NULL, 0, 0,
     command_verify},
    {"study run", FOR_STUDY_RUN, "a quantity over a grid of points, many trials each; resumable",
     "Runs the study that a YAML file describes, in worker processes, into a database. Whatever "
     "interrupts it, the same command goes on from there, and the results have the same bits for "
     "any number of workers, shards and interruptions. KEY=VALUE replaces what the file says, as "
     "in "
     "grid.N=1000,2000. docs/studies.md describes the file.",
     "ntkit study run width.yaml --db width.db", "SPEC.yaml [KEY=VALUE...]", 1, 64,
     command_study_run},
    {"study status", FOR_STUDY_STATUS, "how far a study is",
     "Says how many trials of a study are done and have failed, and what they took. May be called "
     "while the study runs.",
     "ntkit study status width.db", "FILE.db", 1, 1, command_study_status},
    {"study merge", FOR_STUDY_MERGE, "one database from several of the same study",
     "Puts the trials of several databases of one study, such as shards computed on different "
     "machines, into a new database. Refuses different studies, and different results for one "
     "trial.",
     "ntkit study merge a.db b.db -o all.db", "FILE.db...", 1, 4096, command_study_merge},
    {"study export", FOR_STUDY_EXPORT, "a study's results as CSV, JSON or NumPy arrays",
     "Writes what a study's database holds, one row for each trial and quantity: the grid's "
     "variables, trial, seed, quantity, value, status, seconds, error. Values that are missing are "
     "empty in CSV, null in JSON, NaN in NumPy. May be called while the study runs.",
     "ntkit study export width.db --csv > width.csv", "FILE.db", 1, 1, command_study_export},
    {"study plot", FOR_STUDY_PLOT, "figures of a study, drawn by gnuplot",
     "Draws the mean of a quantity over the trials of a study against an expression of the grid's "
     "variables, a curve for each value of another variable, or as a heat map over two. Writes "
     "BASE.svg, BASE.pdf, BASE.png, and BASE.dat and BASE.gp to draw them again: 'gnuplot BASE.gp' "
     "in their folder. Needs gnuplot.",
     "ntkit study plot width.db --x d --output width", "FILE.db", 1, 1, command_study_plot},
    {"study fit", FOR_STUDY_FIT, "how a quantity scales: log-log slopes beside the theorem's",
     "Fits quantity = c x^slope to the trials of each curve by least squares in logarithms, with "
     "95 % intervals by bootstrap, beside the slopes that the scales of Theorem 3.1 have at the "
     "same points: n_{L-2} n_{L-1} of eq. (6) and d n_{L-1} of eq. (7).",
     "ntkit study fit width.db --x d", "FILE.db", 1, 1, command_study_fit},
    {"reproduce figure1", FOR_REPRODUCE, "Figure 1 of the paper: figure, table, data",
     "Computes Figure 1 of the paper, lambda_min(K) against d^2 for N = 1000, 2000, 3000, in the "
     "authors' setting but in double precision: three layers, sigmoid, d = n_1 = n_2, Gaussian "
     "data, weights N(0, 1/n_{l-1}), last layer N(0, 1). Writes the figure, its data, the "
     "database, "
     "and compares with the values in the paper's figure.",
     "ntkit reproduce figure1 --out figure1", NULL, 0, 0, command_reproduce_figure1},
    {"reproduce figure2", FOR_REPRODUCE, "Figure 2 of the paper: figure, table, data",
     "Computes Figure 2 of the paper, the loss over d^2 and N at the plateau where training "
     "stops, in the authors' setting: four layers, ReLU, d = n_1 = n_2 = n_3, Gaussian data and "
     "labels, Adam on all samples at once and the mean squared error, step size 1 / (10 sqrt N), "
     "until the loss no longer falls. Says first how long it will take. Writes the figure, its "
     "data, the database, and fits the line N = c d^2 between the two phases.",
     "ntkit reproduce figure2 --out figure2", NULL, 0, 0, command_reproduce_figure2},
    {"info", FOR_INFO, "this build and machine, and the names every option knows",
     "Prints the version, the BLAS and the processor that results depend on, the limits of "
     "storage, and the tables of names: distributions, activations, initialisations, labels, "
     "optimizers, "
     "losses, step sizes.",
     "ntkit info", NULL, 0, 0, command_info},
    {"selftest", FOR_SELFTEST, "the library's own checks on this machine",
     "Runs the library's own checks: random numbers, BLAS, activations, the kernel against an "
     "explicit Jacobian, eigenvalues of known matrices, the certificate. Exit status 1 when one "
     "fails.",
     "ntkit selftest", NULL, 0, 0, command_selftest},
    {"help", FOR_HELP, "help on a command", "Prints what a command does and the options it takes.",
     "ntkit help spectrum", "[COMMAND]", 0, 2, command_help},
};

const cli_command *command_at(size_t i) {
  return i < sizeof table / sizeof table[0] ? &table[i] : NULL;
}

const char *command_name(size_t i) {
  return i < sizeof table / sizeof table[0] ? table[i].name : NULL;
}

/* Whether `words`, up to `count` of them, start with the words of name, or with them in one, as a
 * quoted "study run"; how many these are. */
static bool names(const char *name, size_t count, char *const *words, size_t *used) {
  *used = 0;
  for (const char *word = name; *word != '\0'; (*used)++) {
    if (*used < count && strcmp(words[*used], word) == 0) {
      ++*used;
      return true;
    }
    const size_t length = strcspn(word, " ");
    if (*used == count || strlen(words[*used]) != length ||
        strncmp(words[*used], word, length) != 0)
      return false;
    word += length + (word[length] == ' ');
  }
  return true;
}

const cli_command *command_find(size_t count, char *const *words, size_t *used) {
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    if (names(table[i].name, count, words, used))
      return &table[i];
  return NULL;
}

/* "run, status, ..." of the commands whose first word this is; empty when there is none. */
static void second_words(const char *first, size_t size, char *text) {
  const size_t length = strlen(first);
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < sizeof table / sizeof table[0] && used < size; i++)
    if (strncmp(table[i].name, first, length) == 0 && table[i].name[length] == ' ')
      used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
                               table[i].name + length + 1);
}

exit_status command_unknown(size_t count, char *const *words) {
  char known[512];
  second_words(words[0], sizeof known, known);
  if (known[0] != '\0' && count > 1 && words[1][0] != '-')
    return report_error(EXIT_INPUT, "unknown command '%s %s'; known after '%s': %s", words[0],
                        words[1], words[0], known);
  if (known[0] != '\0')
    return report_error(EXIT_INPUT, "'%s' needs a second word: %s", words[0], known);
  const char *nearest = report_nearest(words[0], command_name);
  if (nearest != NULL)
    return report_error(EXIT_INPUT, "unknown command '%s'; did you mean '%s'?", words[0], nearest);
  report_names(command_name, sizeof known, known);
  return report_error(EXIT_INPUT, "unknown command '%s'; known: %s", words[0], known);
}
