#include "cli/shell/options.h"

#include "cli/shell/settings.h"
#include "ntkit/fit.h"

#include <string.h>

/* ---- Names known to the library, one by one -------------------------------------------------- */

OPTION_NAMES(distribution_name, ntk_distribution, ntk_distribution_list)

const char *option_activation(size_t i) {
  size_t count = 0;
  const ntk_activation_info *list = ntk_activation_list(&count);
  return i < count ? list[i].name : NULL;
}

/* Of one, its own name: ReLU is relu; of several, the text. */
ntk_status option_activation_read(const char *text, const char **known) {
  const ntk_activation_info *one = ntk_activation_named(text);
  ntk_activation_info first;
  *known = one != NULL ? one->name : text;
  return ntk_activation_of(text, 0, 1, &first);
}

OPTION_NAMES(init_name, ntk_init_info, ntk_init_list)

const char *option_scaling(size_t i) {
  size_t count = 0;
  const char *const *names = ntk_scaling_list(&count);
  return i < count ? names[i] : NULL;
}

const char *option_layout(size_t i) {
  static const char *const names[] = {"torch", "flax"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

OPTION_NAMES(labels_name, ntk_name_info, ntk_labels_list)

/* ---- The table ------------------------------------------------------------------------------- */

#define FIELD(name) offsetof(cli_settings, name)

const option_row shared_options[OPTIONS_SHARED] = {
    [OPTION_DATA] = {.name = "data",
                     .kind = KIND_DATA,
                     .field = FIELD(data),
                     .argument = "NAME|FILE",
                     .fallback = "gaussian",
                     .choice = distribution_name,
                     .help = "Data set: a distribution to draw from, or a file with one "
                             "sample a row: .npy, .npz, .safetensors, HDF5, IDX, CIFAR, libsvm or "
                             "text (CSV), as it is or packed by gzip; FILE:KEY is an array of a "
                             "file that has several. What is no known name is a file when it has "
                             "an ending such as .npy, contains a '/' or exists."},
    [OPTION_SAMPLES] = {.name = "samples",
                        .kind = KIND_SIZE,
                        .field = FIELD(samples),
                        .argument = "N",
                        .item = "N",
                        .expected = "a whole number from 1",
                        .help = "Number of samples N. Needed to draw data; of a file, the first N "
                                "rows, after those of --skip (all of them when not given)."},
    [OPTION_LABEL_COLUMN] = {.name = "label-column",
                             .kind = KIND_TEXT,
                             .field = FIELD(label_column),
                             .argument = "NAME|n",
                             .item = "the column",
                             .expected = "a column's name, or its number from 1, -1 for the last",
                             .help =
                                 "Of a text (CSV): the column that has labels and is no datum, by "
                                 "the name in the heading or by number (-1: the last). Words in it "
                                 "are classes. Of CIFAR-100: coarse or fine."},
    [OPTION_SKIP] = {.name = "skip",
                     .kind = KIND_SEED,
                     .field = FIELD(skip),
                     .argument = "n",
                     .item = "n",
                     .expected = "a whole number from 0",
                     .help =
                         "Of a file: leave out the first n rows. Labels in a file go with their "
                         "rows, here and in the next three."},
    [OPTION_LIMIT] = {.name = "limit",
                      .kind = KIND_SIZE,
                      .field = FIELD(limit),
                      .argument = "n",
                      .item = "n",
                      .expected = "a whole number from 1",
                      .help = "Of a file: at most n rows of those that are left; --samples takes "
                              "exactly as many as it says."},
    [OPTION_SUBSAMPLE] = {.name = "subsample",
                          .kind = KIND_SIZE,
                          .field = FIELD(subsample),
                          .argument = "n",
                          .item = "n",
                          .expected = "a whole number from 1",
                          .help = "Of a file: n of these rows, drawn by --seed without replacement "
                                  "and kept in the file's order. A smaller draw is part of a "
                                  "larger one."},
    [OPTION_SHUFFLE] = {.name = "shuffle",
                        .kind = KIND_FLAG,
                        .field = FIELD(shuffle),
                        .help = "Of a file: the rows in an order drawn by --seed."},
    [OPTION_DIM] =
        {.name = "dim",
         .kind = KIND_SIZE,
         .field = FIELD(dim),
         .argument = "d",
         .item = "d",
         .expected = "a whole number from 1",
         .help =
             "Dimension d of a sample. Needed to draw data; a file must agree when it is given."},
    [OPTION_LOAD] = {.name = "load",
                     .kind = KIND_PATH,
                     .field = FIELD(load),
                     .argument = "FILE|DIR",
                     .expected = "a file of weights, or a directory of them",
                     .help = "Take this network instead of drawing one: a directory of --save or "
                             "of W1.npy, b1.npy, ..., or .npz, .safetensors, HDF5 with weights as "
                             "PyTorch, Flax, Keras and others name them ('ntkit network inspect' "
                             "tells what is understood). Its activation is by --activation where "
                             "no result.json names it."},
    [OPTION_LAYOUT] = {.name = "layout",
                       .kind = KIND_CHOICE,
                       .field = FIELD(layout),
                       .argument = "NAME",
                       .choice = option_layout,
                       .help = "How the weights in the file lie: torch, n_l x n_{l-1}; flax, "
                               "n_{l-1} x n_l. Needed where neither their names nor their shapes "
                               "tell; given, it stands above what these tell."},
    [OPTION_WIDTHS] = {.name = "widths",
                       .kind = KIND_SIZES,
                       .field = FIELD(widths),
                       .instead = "load",
                       .required = true,
                       .argument = "n_1,...,n_{L-1}",
                       .item = "width",
                       .expected = "n_1,...,n_{L-1}, whole numbers from 1",
                       .help = "Widths of the hidden layers; n_0 = d and n_L = 1 come by "
                               "themselves, so that L - 1 widths make a network of depth L."},
    [OPTION_ACTIVATION] = {.name = "activation",
                           .kind = KIND_CHOICE,
                           .field = FIELD(activation),
                           .instead = "load",
                           .also = true,
                           .argument = "NAME,...",
                           .fallback = "sigmoid",
                           .choice = option_activation,
                           .read = option_activation_read,
                           .help = "Activation function phi, or L - 1 of them separated by commas, "
                                   "one for each hidden layer; some take a parameter in brackets, "
                                   "'leaky_relu(0.2)', and all have other names, too ('ntkit info' "
                                   "gives both)."},
    [OPTION_INIT] = {.name = "init",
                     .kind = KIND_CHOICE,
                     .field = FIELD(init),
                     .instead = "load",
                     .argument = "NAME",
                     .fallback = "paper",
                     .choice = init_name,
                     .help = "Variances of the random weights ('ntkit info' gives them)."},
    [OPTION_GAMMA] = {.name = "gamma",
                      .kind = KIND_ABOVE,
                      .field = FIELD(gamma),
                      .instead = "load",
                      .argument = "G",
                      .item = "gamma",
                      .expected = "a number > 0",
                      .help = "Of --init antisymmetric, eq. (18): variance of the last layer over "
                              "beta_L^2. When not given: d^3 N^2, as in Theorem 4.2."},
    [OPTION_BETA] = {.name = "beta",
                     .kind = KIND_REALS,
                     .field = FIELD(beta),
                     .instead = "load",
                     .argument = "b_1,...,b_L",
                     .fallback = "1",
                     .item = "beta",
                     .expected = "one number > 0, or L of them: b_1,...,b_L",
                     .help = "Scales beta_l of the initial weights, one a layer or one for all."},
    [OPTION_SEED] = {.name = "seed",
                     .kind = KIND_SEED,
                     .field = FIELD(seed),
                     .argument = "S",
                     .fallback = "0",
                     .item = "the seed",
                     .expected = "a whole number from 0 to 18446744073709551615",
                     .help = "Seed of data, labels, weights, the rows of --subsample, --hold-out "
                             "and --shuffle, batches, clients iid, "
                             "and the eigensolver's start. Row i of drawn data depends on the "
                             "seed, d and i alone."},
    [OPTION_SCALE] = {.name = "scale",
                      .kind = KIND_CHOICE,
                      .field = FIELD(scale),
                      .argument = "HOW",
                      .fallback = "none",
                      .choice = option_scaling,
                      .help = "Of a file's data: center subtracts column means; standardize also "
                              "divides each column by its standard deviation (constant columns "
                              "become 0); sphere gives every row the norm sqrt(d)."},
    [OPTION_THREADS] = {.name = "threads",
                        .kind = KIND_COUNT,
                        .field = FIELD(threads),
                        .argument = "T",
                        .fallback = "0",
                        .item = "T",
                        .expected = "a whole number from 1, or 0 for every core",
                        .help = "Threads to use; 0: every core this process may use."},
    [OPTION_MEMORY] = {.name = "memory",
                       .kind = KIND_BYTES,
                       .field = FIELD(memory),
                       .argument = "SIZE",
                       .item = "SIZE",
                       .expected =
                           "bytes from 1, or a whole number with K, M, G or T, like 500M or 8G",
                       .help = "Refuse what needs more memory than this, as 500M or 8G. When not "
                               "given: what the machine has available."},
    [OPTION_BIAS] = {.name = "bias",
                     .kind = KIND_FROM,
                     .field = FIELD(bias),
                     .instead = "load",
                     .argument = "SIGMA",
                     .item = "SIGMA",
                     .expected = "a number > 0, or 0",
                     .help = "Give every layer a bias b_l with entries drawn from N(0, SIGMA^2), "
                             "0: zeros; K then differentiates by them as well."},
    [OPTION_OUTPUTS] = {.name = "outputs",
                        .kind = KIND_SIZE,
                        .field = FIELD(outputs),
                        .instead = "load",
                        .argument = "n_L",
                        .item = "n_L",
                        .expected = "a whole number from 1",
                        .help = "Number of outputs n_L; 1 when not given."},
    [OPTION_PARAMETERIZATION] =
        {.name = "parameterization",
         .kind = KIND_TEXT,
         .field = FIELD(parameterization),
         .argument = "NAME|c_1,...",
         .help = "Scales c of the blocks of K = sum_k c_k K_k: standard (1); ntk, or "
                 "'ntk(sigma_W,sigma_b)': sigma_W^2 / n_k and, of biases, sigma_b^2; mup, Table 3 "
                 "of Tensor Programs V for SGD; or L or 2 L numbers from 0, learning rates of W_1, "
                 "b_1, W_2, ... standard when not given."},
    [OPTION_LABELS] = {.name = "labels",
                       .kind = KIND_DATA,
                       .field = FIELD(labels),
                       .argument = "NAME|FILE",
                       .choice = labels_name,
                       .help = "Labels Y: a law to draw from, the outputs of a teacher network, or "
                               "a file of N numbers (N x n_L of several outputs), as --data. What "
                               "is no known name is a file "
                               "when it has an ending such as .npy, contains a '/' or exists. When "
                               "not given: those that lie in the file of --data (--label-column, "
                               "libsvm, CIFAR), or else gaussian."},
    [OPTION_OVERWRITE] = {.name = "overwrite",
                          .kind = KIND_FLAG,
                          .field = FIELD(overwrite),
                          .help =
                              "With --save: replace files of DIR that have the same name as one to "
                              "be written, whoever made them. When not given: only those that "
                              "DIR's result.json lists as written by the same command."},
    [OPTION_REPORT] = {.name = "report",
                       .kind = KIND_FILE,
                       .field = FIELD(report),
                       .argument = "FILE.html",
                       .expected = "the name of a file in a directory that is there",
                       .help =
                           "Write a page: the answer with its certificate and verdict, figures, "
                           "and every field of the result with its unit and what it is. One "
                           "file that needs nothing else."},
    [OPTION_JSON] = {.name = "json",
                     .kind = KIND_FLAG,
                     .field = FIELD(json),
                     .help = "Print one JSON object on standard output, and nothing else there."},
    [OPTION_QUIET] = {.name = "quiet",
                      .kind = KIND_FLAG,
                      .field = FIELD(quiet),
                      .help = "No progress and no warnings on standard error; errors stay."},
    [OPTION_HELP] = {.name = "help",
                     .kind = KIND_FLAG,
                     .field = FIELD(help),
                     .help = "What the command does and the options it takes; also -h."},
};

bool option_is(const option_row *option, const char *name) {
  return strcmp(name, option->name) == 0 ||
         (option->former != NULL && strcmp(name, option->former) == 0);
}
