/* The commands on studies and their options. */
#include "cli/study/study.h"

#include "cli/shell/command.h"

#define FIELD(name) offsetof(study_settings, name)

static const char *band_name(size_t i) {
  static const char *const names[] = {"sd", "ci", "bars", "ci-bars", "none"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const char *log_name(size_t i) {
  static const char *const names[] = {"none", "x", "y", "xy", "z", "xz", "yz", "xyz"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const char *progress_name(size_t i) {
  static const char *const names[] = {"auto", "ndjson"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

const option_row study_options[STUDY_OPTIONS] = {
    [STUDY_DB] =
        {.name = "db",
         .kind = KIND_FILE,
         .field = FIELD(db),
         .required = true,
         .argument = "FILE",
         .expected = "the study's database, a file that is made if it is not there",
         .help = "The study's database. A file that holds part of the study already is resumed."},
    [STUDY_WORKERS] = {.name = "workers",
                       .kind = KIND_COUNT,
                       .field = FIELD(workers),
                       .argument = "W",
                       .fallback = "0",
                       .item = "W",
                       .expected = "a whole number from 0",
                       .help = "Worker processes, each with one thread; 0: one per core. Results "
                               "do not depend on it."},
    [STUDY_SHARD] = {.name = "shard",
                     .kind = KIND_TEXT,
                     .field = FIELD(shard),
                     .argument = "i/n",
                     .help = "Do only the i-th of n parts of the trials, of equal cost; each into "
                             "a database of its own, for 'study merge'. When not given, in a Slurm "
                             "array job: its task of its tasks. In other array jobs it is needed."},
    [STUDY_RETRY] = {.name = "retry",
                     .kind = KIND_FLAG,
                     .field = FIELD(retry),
                     .help = "Compute the trials that failed once more."},
    [STUDY_OTHER_BUILD] = {.name = "allow-other-build",
                           .former = "other-code",
                           .kind = KIND_FLAG,
                           .field = FIELD(other_build),
                           .help =
                               "Go on although trials were computed by another build of ntkit."},
    [STUDY_PROGRESS] = {.name = "progress",
                        .kind = KIND_CHOICE,
                        .field = FIELD(progress),
                        .argument = "HOW",
                        .fallback = "auto",
                        .choice = progress_name,
                        .help = "auto: a line on a terminal, else a line now and then; ndjson: a "
                                "JSON object a line. On standard error."},
    [STUDY_SPEC] =
        {.name = "spec",
         .kind = KIND_FLAG,
         .field = FIELD(spec),
         .help = "Print the study file that the database was made from, every default filled in."},
    [STUDY_CSV] =
        {.name = "csv",
         .kind = KIND_FLAG,
         .field = FIELD(csv),
         .help = "Comma-separated values with a header line (RFC 4180); this is the default."},
    [STUDY_NPZ] = {.name = "npz",
                   .kind = KIND_FLAG,
                   .field = FIELD(npz),
                   .help = "NumPy arrays, one for each column, in the file that --output names; "
                           "numpy.load reads it."},
    [STUDY_OUTPUT] =
        {.name = "output",
         .letter = 'o',
         .kind = KIND_FILE,
         .field = FIELD(output),
         .argument = "FILE|BASE",
         .expected = "the name of a file in a directory that is there",
         .help = "The file to write; also -o. 'study export' writes to standard output when not "
                 "given, and knows .json and .npz by their names; 'study plot' needs it: the "
                 "figures' name, to which .svg, .pdf, .png, .dat and .gp are added."},
    [STUDY_QUANTITY] = {.name = "quantity",
                        .kind = KIND_TEXT,
                        .field = FIELD(quantity),
                        .argument = "NAME",
                        .help = "Which of the study's quantities; the first one when not given. "
                                "'study plot' takes several, as a,b, and draws a curve for each."},
    [STUDY_X] = {.name = "x",
                 .kind = KIND_TEXT,
                 .field = FIELD(x),
                 .argument = "EXPRESSION",
                 .help = "Abscissa: an expression of the grid's variables, like d, 'd^2' or "
                         "'N/(n*n)', and of quantities, like condition, which stand for their mean "
                         "over a point's trials. When not given: the variable with the most "
                         "values."},
    [STUDY_GROUP] =
        {.name = "group",
         .kind = KIND_TEXT,
         .field = FIELD(group),
         .argument = "VARIABLE",
         .help = "One curve for each value of this variable; none: one curve. When not given: the "
                 "variable that varies besides those in --x, if there is exactly one."},
    [STUDY_WHERE] = {.name = "where",
                     .kind = KIND_TEXT,
                     .field = FIELD(where),
                     .argument = "NAME=VALUE,...",
                     .help = "Only the trials where these variables of the grid have these values, "
                             "as N=1000 or N=1000,phi=tanh."},
    [STUDY_BAND] = {.name = "band",
                    .kind = KIND_CHOICE,
                    .field = FIELD(band),
                    .argument = "WHAT",
                    .fallback = "sd",
                    .choice = band_name,
                    .help = "Around the mean: sd, one standard deviation of the trials up and "
                            "down, or ci, the 95 % bootstrap interval of the mean, as a band; bars "
                            "and ci-bars, the same as error bars."},
    [STUDY_SLOPE] = {.name = "slope",
                     .kind = KIND_TEXT,
                     .field = FIELD(slope),
                     .argument = "S",
                     .help = "With --log xy: a dashed line c x^S from the first curve's first "
                             "point, to compare with."},
    [STUDY_SIZE] = {.name = "size",
                    .kind = KIND_PIXELS,
                    .field = FIELD(size),
                    .argument = "WxH",
                    .item = "a side",
                    .expected = "WxH, whole numbers of pixels from 200 to 4000",
                    .help = "Pixels of the SVG; the PDF has a hundredth of that in inches, the PNG "
                            "half as many again. When not given: 800x560."},
    [STUDY_LOG] = {.name = "log",
                   .kind = KIND_CHOICE,
                   .field = FIELD(log),
                   .argument = "AXES",
                   .fallback = "none",
                   .choice = log_name,
                   .help = "Axes with logarithmic scale; z is the colour of a heat map, whose "
                           "means are then those of the logarithm (geometric means)."},
    [STUDY_HEAT] = {.name = "heat",
                    .kind = KIND_TEXT,
                    .field = FIELD(heat),
                    .argument = "EXPRESSION",
                    .help = "A heat map instead of curves: this expression upwards, --x to the "
                            "right, the mean as colour; with --log z the geometric mean."},
    [STUDY_TITLE] = {.name = "title",
                     .kind = KIND_TEXT,
                     .field = FIELD(title),
                     .argument = "TEXT",
                     .help =
                         "Title above the figure; there is none when not given. In this and in the "
                         "axes' labels d^2, n_1, n_{L-2}, lambda, phi are set as in mathematics "
                         "and * as a dot; after a backslash a character stays as it is."},
    [STUDY_XLABEL] = {.name = "xlabel",
                      .kind = KIND_TEXT,
                      .field = FIELD(xlabel),
                      .argument = "TEXT",
                      .help = "Label of the horizontal axis instead of --x."},
    [STUDY_YLABEL] =
        {.name = "ylabel",
         .kind = KIND_TEXT,
         .field = FIELD(ylabel),
         .argument = "TEXT",
         .help = "Label of the vertical axis instead of the quantity's name (or of --heat)."},
};

const cli_command study_run_command = {
    .name = "study run",
    .summary = "a quantity over a grid of points, many trials each; resumable",
    .about =
        "Runs the study that a YAML file describes, in worker processes, into a database. Whatever "
        "interrupts it, the same command goes on from there, and the results have the same bits "
        "for any number of workers, shards and interruptions. KEY=VALUE replaces what the file "
        "says, as in grid.N=1000,2000. docs/studies.md describes the file.",
    .example = "ntkit study run width.yaml --db width.db",
    .operands = "SPEC.yaml [KEY=VALUE...]",
    .least = 1,
    .most = 64,
    .ranks = RANKS_APART,
    .options =
        (const option_part[]){
            SHARED(MEMORY, MEMORY), STUDY(DB, PROGRESS), SHARED(JSON, HELP), {NULL, 0}},
    .size = sizeof(study_settings),
    .run = command_study_run,
};

const cli_command study_status_command = {
    .name = "study status",
    .summary = "how far a study is",
    .about = "Says how many trials of a study are done and have failed, and what they took. May be "
             "called while the study runs.",
    .example = "ntkit study status width.db",
    .operands = "FILE.db",
    .least = 1,
    .most = 1,
    .options =
        (const option_part[]){STUDY(SPEC, SPEC), SHARED(JSON, JSON), SHARED(HELP, HELP), {NULL, 0}},
    .size = sizeof(study_settings),
    .run = command_study_status,
};

const cli_command study_merge_command = {
    .name = "study merge",
    .summary = "one database from several of the same study",
    .about = "Puts the trials of several databases of one study, such as shards computed on "
             "different machines, or other values of the grid's variables, into a new database. "
             "Refuses different studies, and different results for one trial.",
    .example = "ntkit study merge a.db b.db -o all.db",
    .operands = "FILE.db...",
    .least = 1,
    .most = 4096,
    .options =
        (const option_part[]){
            STUDY(OTHER_BUILD, OTHER_BUILD), STUDY(OUTPUT, OUTPUT), SHARED(HELP, HELP), {NULL, 0}},
    .size = sizeof(study_settings),
    .run = command_study_merge,
};

const cli_command study_export_command = {
    .name = "study export",
    .summary = "a study's results as CSV, JSON or NumPy arrays",
    .about =
        "Writes what a study's database holds, one row for each trial and quantity: the grid's "
        "variables, trial, seed, quantity, value, status, seconds, error. Values that are missing "
        "are empty in CSV, null in JSON, NaN in NumPy. May be called while the study runs.",
    .example = "ntkit study export width.db --csv > width.csv",
    .operands = "FILE.db",
    .least = 1,
    .most = 1,
    .options = (const option_part[]){STUDY(CSV, OUTPUT),
                                     STUDY(WHERE, WHERE),
                                     SHARED(JSON, JSON),
                                     SHARED(HELP, HELP),
                                     {NULL, 0}},
    .size = sizeof(study_settings),
    .run = command_study_export,
};

const cli_command study_plot_command = {
    .name = "study plot",
    .summary = "figures of a study, drawn by gnuplot",
    .about = "Draws the mean of a quantity over the trials of a study against an expression of the "
             "grid's variables, a curve for each value of another variable, or as a heat map over "
             "two. Writes BASE.svg, BASE.pdf, BASE.png, and BASE.dat and BASE.gp to draw them "
             "again: 'gnuplot BASE.gp' in their folder. Needs gnuplot.",
    .example = "ntkit study plot width.db --x d --output width",
    .operands = "FILE.db",
    .least = 1,
    .most = 1,
    .options = (const option_part[]){STUDY(OUTPUT, YLABEL), SHARED(QUIET, HELP), {NULL, 0}},
    .size = sizeof(study_settings),
    .run = command_study_plot,
};

const cli_command study_fit_command = {
    .name = "study fit",
    .summary = "how a quantity scales: log-log slopes beside the theorem's",
    .about =
        "Fits quantity = c x^slope to the trials of each curve by least squares in logarithms, "
        "with 95 % intervals by bootstrap, beside the slopes that the scales of Theorem 3.1 have "
        "at the same points: n_{L-2} n_{L-1} of eq. (6) and d n_{L-1} of eq. (7).",
    .example = "ntkit study fit width.db --x d",
    .operands = "FILE.db",
    .least = 1,
    .most = 1,
    .options = (const option_part[]){STUDY(QUANTITY, WHERE), SHARED(JSON, HELP), {NULL, 0}},
    .size = sizeof(study_settings),
    .run = command_study_fit,
};
