/* The table of options, the part of verify. */
#include "cli/shell/command.h"
#include "cli/shell/options.h"

#define FIELD(name) offsetof(cli_settings, name)

const option_row verify_options[] = {
    {.name = "samples",
     .kind = KIND_TEXT,
     .commands = FOR_VERIFY,
     .field = FIELD(samples_text),
     .argument = "N",
     .help = "Number of samples N. Needed to draw data; of a file, the first N rows. With --ladder "
             "an expression of its variable, as 'floor(d^2/8)'."},
    {.name = "dim",
     .kind = KIND_TEXT,
     .commands = FOR_VERIFY,
     .field = FIELD(dim_text),
     .argument = "d",
     .help = "Dimension d of a sample. Needed to draw data, unless it is the ladder's variable; "
             "with --ladder also an expression."},
    {.name = "widths",
     .kind = KIND_TEXT,
     .commands = FOR_VERIFY,
     .field = FIELD(widths_text),
     .required = true,
     .argument = "n_1,...,n_{L-1}",
     .expected = "n_1,...,n_{L-1}, whole numbers from 1, or with --ladder expressions",
     .help = "Widths of the hidden layers, with --ladder expressions, as d,d."},
    {.name = "population",
     .kind = KIND_SIZE,
     .commands = FOR_VERIFY,
     .field = FIELD(population),
     .argument = "SAMPLES",
     .item = "the population",
     .expected = "a whole number from 2048",
     .help =
         "Fresh samples behind every expectation over X, 2048 and up; memory does not grow with "
         "them. When not given: 100000. Expectations over a file's law are means over the "
         "file."},
    {.name = "report",
     .kind = KIND_FILE,
     .commands = FOR_VERIFY,
     .field = FIELD(report),
     .argument = "FILE.html",
     .expected = "the name of a file in a directory that is there",
     .help =
         "Write a page: lambda_min with its certificate and the verdicts, the spectra of the "
         "proof's kernels or the ladder's exponents, the table. One file that needs nothing else."},
    {.name = "ladder",
     .kind = KIND_TEXT,
     .commands = FOR_VERIFY,
     .field = FIELD(ladder),
     .argument = "NAME=VALUES",
     .help = "Measure at several sizes, as d=50,100,200, and fit how every quantity grows with the "
             "variable. --samples, --dim and --widths may then be expressions of it."},
    {.name = "trials",
     .kind = KIND_SIZE,
     .commands = FOR_VERIFY,
     .field = FIELD(trials),
     .argument = "T",
     .item = "T",
     .expected = "a whole number from 1",
     .help = "Trials at each size of the ladder, each with data and weights of its own. When not "
             "given: 3."},
    {.name = "db",
     .kind = KIND_FILE,
     .commands = FOR_VERIFY,
     .field = FIELD(db),
     .argument = "FILE",
     .expected = "a database, a file that is made if it is not there",
     .help = "Keep the ladder's trials in this study database: interrupted, the same command goes "
             "on, and the study commands read it."},
};
const size_t verify_option_count = sizeof verify_options / sizeof verify_options[0];
