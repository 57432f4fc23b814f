/* The command and its options. */
#include "cli/verify/verify.h"

#include "cli/shell/command.h"

#define FIELD(name) offsetof(verify_settings, name)

static const option_row own[] = {
    {.name = "samples",
     .kind = KIND_TEXT,
     .field = FIELD(samples_text),
     .argument = "N",
     .help = "Number of samples N. Needed to draw data; of a file, the first N rows. With --sweep "
             "an expression of its variable, as 'floor(d^2/8)'."},
    {.name = "dim",
     .kind = KIND_TEXT,
     .field = FIELD(dim_text),
     .argument = "d",
     .help = "Dimension d of a sample. Needed to draw data, unless it is the sweep's variable; "
             "with --sweep also an expression."},
    {.name = "widths",
     .kind = KIND_TEXT,
     .field = FIELD(widths_text),
     .required = true,
     .instead = "load",
     .argument = "n_1,...,n_{L-1}",
     .expected = "n_1,...,n_{L-1}, whole numbers from 1, or with --sweep expressions",
     .help = "Widths of the hidden layers, with --sweep expressions, as d,d."},
    {.name = "output",
     .kind = KIND_TEXT,
     .field = FIELD(output),
     .argument = "j",
     .help = "Of several outputs the one to measure, from 0 to n_L - 1: the proof is of one."},
    {.name = "population",
     .kind = KIND_SIZE,
     .field = FIELD(population),
     .argument = "SAMPLES",
     .item = "the population",
     .expected = "a whole number from 2048",
     .help =
         "Fresh samples behind every expectation over X, 2048 and up; memory does not grow with "
         "them. When not given: 100000. Expectations over a file's law are means over the file."},
    {.name = "sweep",
     .former = "ladder",
     .kind = KIND_TEXT,
     .field = FIELD(sweep),
     .argument = "NAME=VALUES",
     .help = "Measure at several sizes, as d=50,100,200, and fit how every quantity grows with the "
             "variable. --samples, --dim and --widths may then be expressions of it."},
    {.name = "trials",
     .kind = KIND_SIZE,
     .field = FIELD(trials),
     .argument = "T",
     .item = "T",
     .expected = "a whole number from 1",
     .help = "Trials at each size of the sweep, each with data and weights of its own. When not "
             "given: 3."},
    {.name = "db",
     .kind = KIND_FILE,
     .field = FIELD(study.db),
     .argument = "FILE",
     .expected = "a database, a file that is made if it is not there",
     .help = "Keep the sweep's trials in this study database: interrupted, the same command goes "
             "on, and the study commands read it."},
};

const cli_command verify_command = {
    .name = "verify",
    .summary = "the paper's proof step by step, in numbers, on a network and data",
    .about = "Measures every assumption of Section 2, every quantity of the proof of Theorem 3.1 "
             "and every inequality between them on a network and data: where each stands against "
             "its predicted order, and whether what must hold holds. With --sweep the same at "
             "several sizes, with the exponent of every quantity beside the predicted one. "
             "docs/verify.md explains what it prints. Exit status 1 when an inequality fails.",
    .example = "ntkit verify --samples 1000 --dim 100 --widths 100,100 --activation tanh",
    .options = (const option_part[]){SHARED(DATA, DATA),
                                     SHARED(LABEL_COLUMN, SHUFFLE),
                                     SHARED(LOAD, LAYOUT),
                                     SHARED(ACTIVATION, SCALE),
                                     SHARED(THREADS, MEMORY),
                                     SHARED(BIAS, PARAMETERIZATION),
                                     OPTION_PART(own),
                                     STUDY(WORKERS, WORKERS),
                                     STUDY(RETRY, PROGRESS),
                                     SHARED(REPORT, HELP),
                                     {NULL, 0}},
    .size = sizeof(verify_settings),
    .run = command_verify,
};
