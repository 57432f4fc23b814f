#include "cli/shell/options.h"

#include "cli/shell/command.h"
#include "ntkit/ntkit.h"

#include <string.h>

/* ---- Names known to the library, one by one -------------------------------------------------- */

static const char *distribution_name(size_t i) {
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *activation_name(size_t i) {
  size_t count = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *init_name(size_t i) {
  size_t count = 0;
  const ntk_init_info *list = ntk_init_list(&count);
  return i < count ? list[i].name : NULL;
}

static const char *scale_name(size_t i) {
  size_t count = 0;
  const char *const *names = ntk_scaling_list(&count);
  return i < count ? names[i] : NULL;
}

static const char *precision_name(size_t i) {
  return i == 0 ? "double" : NULL;
}

/* ---- The table ------------------------------------------------------------------------------- */

#define FIELD(name) offsetof(cli_settings, name)

enum {
  FOR_SIZES = FOR_SPECTRUM | FOR_TRAIN | FOR_MEMORIZE, /* commands whose sizes are numbers, */
  FOR_NETWORKS = FOR_SIZES | FOR_VERIFY,               /* ... that need a network and data, */
  FOR_DATA = FOR_NETWORKS | FOR_PREDICT,               /* ... or data alone */
  FOR_CONTEXT = FOR_DATA | FOR_INFO | FOR_SELFTEST
};

static const option_row networks[] = {
    {.name = "data",
     .kind = KIND_DATA,
     .commands = FOR_DATA,
     .field = FIELD(data),
     .argument = "NAME|FILE",
     .fallback = "gaussian",
     .choice = distribution_name,
     .help = "Data set: a distribution to draw from, or a .npy file with a 2-D array, one sample a "
             "row. Text that is no known name is a file when it ends in .npy, contains a '/' or "
             "exists."},
    {.name = "samples",
     .kind = KIND_SIZE,
     .commands = FOR_SIZES | FOR_PREDICT,
     .field = FIELD(samples),
     .argument = "N",
     .item = "N",
     .expected = "a whole number from 1",
     .help = "Number of samples N. Needed to draw data; of a file, the first N rows (all of them "
             "when not given)."},
    {.name = "dim",
     .kind = KIND_SIZE,
     .commands = FOR_SIZES,
     .field = FIELD(dim),
     .argument = "d",
     .item = "d",
     .expected = "a whole number from 1",
     .help = "Dimension d of a sample. Needed to draw data; a file must agree when it is given."},
    {.name = "widths",
     .kind = KIND_SIZES,
     .commands = FOR_SIZES,
     .field = FIELD(widths),
     .required = true,
     .argument = "n_1,...,n_{L-1}",
     .item = "width",
     .expected = "n_1,...,n_{L-1}, whole numbers from 1",
     .help = "Widths of the hidden layers; n_0 = d and n_L = 1 come by themselves, so that L - 1 "
             "widths make a network of depth L."},
    {.name = "activation",
     .kind = KIND_CHOICE,
     .commands = FOR_NETWORKS,
     .field = FIELD(activation),
     .argument = "NAME",
     .fallback = "sigmoid",
     .choice = activation_name,
     .help = "Activation function phi."},
    {.name = "init",
     .kind = KIND_CHOICE,
     .commands = FOR_NETWORKS,
     .field = FIELD(init),
     .argument = "NAME",
     .fallback = "paper",
     .choice = init_name,
     .help = "Variances of the random weights ('ntkit info' gives them)."},
    {.name = "gamma",
     .kind = KIND_ABOVE,
     .commands = FOR_SPECTRUM | FOR_TRAIN | FOR_VERIFY,
     .field = FIELD(gamma),
     .argument = "G",
     .item = "gamma",
     .expected = "a number > 0",
     .help =
         "Of --init antisymmetric, eq. (18): variance of the last layer over beta_L^2. When not "
         "given: d^3 N^2, as in Theorem 4.2."},
    {.name = "beta",
     .kind = KIND_REALS,
     .commands = FOR_NETWORKS,
     .field = FIELD(beta),
     .argument = "b_1,...,b_L",
     .fallback = "1",
     .item = "beta",
     .expected = "one number > 0, or L of them: b_1,...,b_L",
     .help = "Scales beta_l of the initial weights, one a layer or one for all."},
    {.name = "seed",
     .kind = KIND_SEED,
     .commands = FOR_DATA,
     .field = FIELD(seed),
     .argument = "S",
     .fallback = "0",
     .item = "the seed",
     .expected = "a whole number from 0 to 18446744073709551615",
     .help = "Seed of data, labels, weights and the eigensolver's start. Row i of the data depends "
             "on the seed, d and i alone."},
    {.name = "scale",
     .kind = KIND_CHOICE,
     .commands = FOR_NETWORKS,
     .field = FIELD(scale),
     .argument = "HOW",
     .fallback = "none",
     .choice = scale_name,
     .help = "Of a file's data: center subtracts column means; standardize also divides each "
             "column by its standard deviation (constant columns become 0); sphere gives every "
             "row the norm sqrt(d)."},
    {.name = "full",
     .kind = KIND_FLAG,
     .commands = FOR_SPECTRUM,
     .field = FIELD(full),
     .help = "All eigenvalues. Needs 8 N^2 bytes more."},
    {.name = "per-layer",
     .kind = KIND_FLAG,
     .commands = FOR_SPECTRUM,
     .field = FIELD(per_layer),
     .help = "The smallest eigenvalue of every block K_k of eq. (8) as well."},
    {.name = "certify",
     .kind = KIND_FLAG,
     .commands = FOR_SPECTRUM,
     .field = FIELD(certify),
     .help = "Prove bounds of the smallest eigenvalue of the stored matrix, rounding errors "
             "included. One more build and factorisation."},
    {.name = "tolerance",
     .kind = KIND_REAL,
     .commands = FOR_SPECTRUM,
     .field = FIELD(tolerance),
     .argument = "TOL",
     .fallback = "1e-6",
     .item = "the tolerance",
     .expected = "a number > 0 and < 1, like 1e-6",
     .help = "Wanted ||K v - lambda v|| / lambda. The relative error of lambda is near its square "
             "over the relative gap."},
    {.name = "save",
     .kind = KIND_PATH,
     .commands = FOR_SPECTRUM,
     .field = FIELD(save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help = "Write X.npy (after scaling), W1.npy to WL.npy, eigenvector.npy, with --full "
             "eigenvalues.npy, and result.json (what --json prints) into DIR."},
    {.name = "overwrite",
     .kind = KIND_FLAG,
     .commands = FOR_SIZES,
     .field = FIELD(overwrite),
     .help =
         "With --save: replace files of DIR that have the same name as one to be written, whoever "
         "made them. When not given: only those that DIR's result.json lists as written by the "
         "same command."},
    {.name = "save-kernel",
     .kind = KIND_FLAG,
     .commands = FOR_SPECTRUM,
     .field = FIELD(save_kernel),
     .help = "With --save: kernel.npy as well, N x N, 8 N^2 bytes."},
    {.name = "precision",
     .kind = KIND_CHOICE,
     .commands = FOR_SPECTRUM,
     .field = FIELD(precision),
     .argument = "NAME",
     .fallback = "double",
     .choice = precision_name,
     .help = "Precision of the kernel and its factor."},
    {.name = "threads",
     .kind = KIND_COUNT,
     .commands = FOR_CONTEXT,
     .field = FIELD(threads),
     .argument = "T",
     .fallback = "0",
     .item = "T",
     .expected = "a whole number from 1, or 0 for every core",
     .help = "Threads to use; 0: every core this process may use."},
    {.name = "memory",
     .kind = KIND_BYTES,
     .commands = FOR_CONTEXT | FOR_STUDY_RUN | FOR_REPRODUCE,
     .field = FIELD(memory),
     .argument = "SIZE",
     .item = "SIZE",
     .expected = "bytes from 1, or a whole number with K, M, G or T, like 500M or 8G",
     .help = "Refuse what needs more memory than this, as 500M or 8G. When not given: what the "
             "machine has available."},
};

static const option_row common[] = {
    {.name = "json",
     .kind = KIND_FLAG,
     .commands = FOR_CONTEXT | FOR_STUDY_EXPORT | FOR_STUDY_FIT | FOR_STUDY_RUN | FOR_STUDY_STATUS,
     .field = FIELD(json),
     .help = "Print one JSON object on standard output, and nothing else there."},
    {.name = "quiet",
     .kind = KIND_FLAG,
     .commands = FOR_CONTEXT | FOR_STUDY_PLOT | FOR_STUDY_FIT | FOR_STUDY_RUN | FOR_REPRODUCE,
     .field = FIELD(quiet),
     .help = "No progress and no warnings on standard error; errors stay."},
    {.name = "man",
     .kind = KIND_FLAG,
     .commands = FOR_HELP,
     .field = FIELD(man),
     .help = "Print the man page, as roff."},
    {.name = "completion",
     .kind = KIND_FLAG,
     .commands = FOR_HELP,
     .field = FIELD(completion),
     .help = "Print the completion script for bash."},
    {.name = "results",
     .kind = KIND_FLAG,
     .commands = FOR_HELP,
     .field = FIELD(results),
     .help = "Print the reference page of all results, as Markdown."},
    {.name = "help",
     .kind = KIND_FLAG,
     .commands = FOR_EVERY,
     .field = FIELD(help),
     .help = "What the command does and the options it takes; also -h."},
};

const option_row *option_at(size_t i) {
  const size_t first = sizeof networks / sizeof networks[0];
  if (i < first)
    return &networks[i];
  i -= first;
  if (i < train_option_count)
    return &train_options[i];
  i -= train_option_count;
  if (i < memorize_option_count)
    return &memorize_options[i];
  i -= memorize_option_count;
  if (i < verify_option_count)
    return &verify_options[i];
  i -= verify_option_count;
  if (i < study_option_count)
    return &study_options[i];
  i -= study_option_count;
  return i < sizeof common / sizeof common[0] ? &common[i] : NULL;
}

const option_row *option_find(const char *name) {
  for (size_t i = 0; option_at(i) != NULL; i++)
    if (strcmp(name, option_at(i)->name) == 0)
      return option_at(i);
  return NULL;
}

const option_row *option_of(const char *name, unsigned command) {
  for (size_t i = 0; option_at(i) != NULL; i++)
    if ((option_at(i)->commands & command) && strcmp(name, option_at(i)->name) == 0)
      return option_at(i);
  return NULL;
}
