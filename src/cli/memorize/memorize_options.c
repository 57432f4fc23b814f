/* The command and its options. */
#include "cli/memorize/memorize.h"

#include "cli/shell/command.h"

#define FIELD(name) offsetof(memorize_settings, name)

OPTION_NAMES(mode_name, ntk_name_info, ntk_mode_list)

static const option_row own[] = {
    {.name = "classes",
     .kind = KIND_FLAG,
     .field = FIELD(classes),
     .help = "The labels are classes, whole numbers in their file (words always are classes): one "
             "network for each, fitted to 1 on its class and -1 on the others, the factorisation "
             "shared; of a network of several outputs, an output for each."},
    {.name = "eps",
     .kind = KIND_ABOVE,
     .field = FIELD(eps),
     .argument = "E",
     .fallback = "1e-10",
     .item = "eps",
     .expected = "a number > 0, like 1e-10",
     .help = "Wanted ||F_L - Y||_2 / ||Y||_2."},
    {.name = "absolute",
     .kind = KIND_FLAG,
     .field = FIELD(absolute),
     .help = "--eps is for ||F_L - Y||_2 itself, as in eq. (17)."},
    {.name = "margin",
     .kind = KIND_ABOVE,
     .field = FIELD(margin),
     .argument = "M",
     .alone = "1",
     .item = "margin",
     .expected = "a number > 0, like 1",
     .help =
         "Inequalities in place of equations: y_i F_L(x_i) >= M (without a number 1) for labels "
         "1 and -1 (--labels sign, a file of them, or classes); --eps plays no part. About "
         "twice as many random labels can be fitted; where the features of layer L-2 separate "
         "no more, that is proved and said. Double precision, and not with --iterative."},
    {.name = "iterative",
     .kind = KIND_FLAG,
     .field = FIELD(iterative),
     .help = "Conjugate gradients with the kernel as an operator, where 4 N^2 bytes for its factor "
             "are too many. Slower, and for kernels that are not too badly conditioned."},
    {.name = "precision",
     .kind = KIND_CHOICE,
     .field = FIELD(common.precision),
     .argument = "NAME",
     .fallback = "auto",
     .choice = mode_name,
     .help = "Of the factor, as --precision of spectrum: to the same eps. mixed: not with "
             "--iterative, which has no factor."},
    {.name = "save",
     .kind = KIND_PATH,
     .field = FIELD(common.save),
     .argument = "DIR",
     .expected = "a directory, made if it is not there",
     .help = "Write X.npy (after scaling), Y.npy, W1.npy to WL.npy (of a network for each class, "
             "those of class 3 in class3) and result.json (what --json prints) into DIR, and "
             "certify the error "
             "from the files."},
};

const cli_command memorize_command = {
    .name = "memorize",
    .summary = "weights that fit any labels, without training; Corollary 4.1",
    .about =
        "Finds weights with which the network puts out the label of every sample, whatever the "
        "labels are, by one factorisation of the kernel block K_{L-2} and a few corrections. Works "
        "while the samples are no more than n_{L-2} m, m being half of the last hidden width, of "
        "classes with --margin about twice as many; says what is in the way where it does not. "
        "With --save the error is certified from the files, "
        "rounding included. Under mpirun (-n 4, say) all processes compute it together, each with "
        "its share of the samples. docs/memorize.md explains what it prints and writes.",
    .ranks = RANKS_ALL,
    .example =
        "ntkit memorize --samples 2000 --dim 64 --widths 64,128 --activation tanh --save fitted",
    .options = (const option_part[]){SHARED(DATA, INIT),
                                     SHARED(BETA, SCALE),
                                     SHARED(BIAS, OUTPUTS),
                                     SHARED(OVERWRITE, OVERWRITE),
                                     SHARED(THREADS, MEMORY),
                                     SHARED(LABELS, LABELS),
                                     OPTION_PART(own),
                                     SHARED(REPORT, HELP),
                                     {NULL, 0}},
    .size = sizeof(memorize_settings),
    .run = command_memorize,
};
