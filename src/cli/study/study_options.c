/* The table of options, the part of studies. */
#include "cli/shell/command.h"
#include "cli/shell/options.h"

#define FIELD(name) offsetof(cli_settings, name)

enum { FOR_CURVES = FOR_STUDY_PLOT | FOR_STUDY_FIT };

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

static const char *preset_name(size_t i) {
  static const char *const names[] = {"quick", "small", "paper"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

const option_row study_options[] = {
    {.name = "db",
     .kind = KIND_FILE,
     .commands = FOR_STUDY_RUN,
     .field = FIELD(db),
     .required = true,
     .argument = "FILE",
     .expected = "the study's database, a file that is made if it is not there",
     .help = "The study's database. A file that holds part of the study already is gone on with."},
    {.name = "workers",
     .kind = KIND_COUNT,
     .commands = FOR_STUDY_RUN | FOR_REPRODUCE | FOR_VERIFY,
     .field = FIELD(workers),
     .argument = "W",
     .fallback = "0",
     .item = "W",
     .expected = "a whole number from 0",
     .help = "Worker processes, each with one thread; 0: one per core. Results do not depend on "
             "it."},
    {.name = "shard",
     .kind = KIND_TEXT,
     .commands = FOR_STUDY_RUN,
     .field = FIELD(shard),
     .argument = "i/n",
     .help =
         "Do only the i-th of n parts of the trials, of equal cost; each into a database of its "
         "own, for 'study merge'. When not given, in a Slurm array job: its task of its tasks. In "
         "other array jobs it is needed."},
    {.name = "retry",
     .kind = KIND_FLAG,
     .commands = FOR_STUDY_RUN | FOR_REPRODUCE | FOR_VERIFY,
     .field = FIELD(retry),
     .help = "Compute the trials that failed once more."},
    {.name = "other-code",
     .kind = KIND_FLAG,
     .commands = FOR_STUDY_RUN | FOR_STUDY_MERGE | FOR_REPRODUCE | FOR_VERIFY,
     .field = FIELD(other_code),
     .help = "Go on although trials were computed by another build of ntkit."},
    {.name = "progress",
     .kind = KIND_CHOICE,
     .commands = FOR_STUDY_RUN | FOR_REPRODUCE | FOR_VERIFY,
     .field = FIELD(progress),
     .argument = "HOW",
     .fallback = "auto",
     .choice = progress_name,
     .help = "auto: a line on a terminal, else a line now and then; ndjson: a JSON object a line. "
             "On standard error."},
    {.name = "preset",
     .kind = KIND_CHOICE,
     .commands = FOR_REPRODUCE,
     .field = FIELD(preset),
     .argument = "NAME",
     .fallback = "quick",
     .choice = preset_name,
     .help =
         "paper: every point and trial of the paper; quick: fewer of them, under two minutes on "
         "two cores; small, of figure2 alone: under an hour."},
    {.name = "out",
     .kind = KIND_PATH,
     .commands = FOR_REPRODUCE,
     .field = FIELD(out),
     .required = true,
     .argument = "DIR",
     .expected = "a directory for the results",
     .help = "Directory for figure, table, data and database. Made if it is not there; a run that "
             "was interrupted is gone on with."},
    {.name = "spec",
     .kind = KIND_FLAG,
     .commands = FOR_STUDY_STATUS,
     .field = FIELD(spec),
     .help = "Print the study file that the database was made from, every default filled in."},
    {.name = "csv",
     .kind = KIND_FLAG,
     .commands = FOR_STUDY_EXPORT,
     .field = FIELD(csv),
     .help = "Comma-separated values with a header line (RFC 4180); this is the default."},
    {.name = "npz",
     .kind = KIND_FLAG,
     .commands = FOR_STUDY_EXPORT,
     .field = FIELD(npz),
     .help = "NumPy arrays, one for each column, in the file that --output names; numpy.load reads "
             "it."},
    {.name = "output",
     .letter = 'o',
     .kind = KIND_FILE,
     .commands = FOR_STUDY_EXPORT | FOR_STUDY_PLOT | FOR_STUDY_MERGE,
     .field = FIELD(output),
     .argument = "FILE|BASE",
     .expected = "the name of a file in a directory that is there",
     .help =
         "The file to write; also -o. 'study export' writes to standard output when not given, "
         "and knows .json and .npz by their names; 'study plot' needs it: the figures' name, to "
         "which .svg, .pdf, .png, .dat and .gp are added."},
    {.name = "quantity",
     .kind = KIND_TEXT,
     .commands = FOR_CURVES,
     .field = FIELD(quantity),
     .argument = "NAME",
     .help = "Which of the study's quantities; the first one when not given. 'study plot' takes "
             "several, as a,b, and draws a curve for each."},
    {.name = "x",
     .kind = KIND_TEXT,
     .commands = FOR_CURVES,
     .field = FIELD(x),
     .argument = "EXPRESSION",
     .help =
         "Abscissa: an expression of the grid's variables, like d, 'd^2' or 'N/(n*n)'. When not "
         "given: the variable with the most values."},
    {.name = "group",
     .kind = KIND_TEXT,
     .commands = FOR_CURVES,
     .field = FIELD(group),
     .argument = "VARIABLE",
     .help = "One curve for each value of this variable; none: one curve. When not given: the "
             "variable that varies besides those in --x, if there is exactly one."},
    {.name = "where",
     .kind = KIND_TEXT,
     .commands = FOR_CURVES | FOR_STUDY_EXPORT,
     .field = FIELD(where),
     .argument = "NAME=VALUE,...",
     .help = "Only the trials where these variables of the grid have these values, as N=1000 or "
             "N=1000,phi=tanh."},
    {.name = "band",
     .kind = KIND_CHOICE,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(band),
     .argument = "WHAT",
     .fallback = "sd",
     .choice = band_name,
     .help =
         "Around the mean: sd, one standard deviation of the trials up and down, or ci, the 95 % "
         "bootstrap interval of the mean, as a band; bars and ci-bars, the same as error bars."},
    {.name = "slope",
     .kind = KIND_TEXT,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(slope),
     .argument = "S",
     .help = "With --log xy: a dashed line c x^S from the first curve's first point, to compare "
             "with."},
    {.name = "size",
     .kind = KIND_PIXELS,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(size),
     .argument = "WxH",
     .item = "a side",
     .expected = "WxH, whole numbers of pixels from 200 to 4000",
     .help = "Pixels of the SVG; the PDF has a hundredth of that in inches, the PNG half as many "
             "again. When not given: 800x560."},
    {.name = "log",
     .kind = KIND_CHOICE,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(log),
     .argument = "AXES",
     .fallback = "none",
     .choice = log_name,
     .help =
         "Axes with logarithmic scale; z is the colour of a heat map, whose means are then those "
         "of the logarithm (geometric means)."},
    {.name = "heat",
     .kind = KIND_TEXT,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(heat),
     .argument = "EXPRESSION",
     .help = "A heat map instead of curves: this expression upwards, --x to the right, the mean as "
             "colour; with --log z the geometric mean."},
    {.name = "title",
     .kind = KIND_TEXT,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(title),
     .argument = "TEXT",
     .help =
         "Title above the figure; there is none when not given. In this and in the axes' labels "
         "d^2, n_1, n_{L-2}, lambda, phi are set as in mathematics and * as a dot; after a "
         "backslash a character stays as it is."},
    {.name = "xlabel",
     .kind = KIND_TEXT,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(xlabel),
     .argument = "TEXT",
     .help = "Label of the horizontal axis instead of --x."},
    {.name = "ylabel",
     .kind = KIND_TEXT,
     .commands = FOR_STUDY_PLOT,
     .field = FIELD(ylabel),
     .argument = "TEXT",
     .help = "Label of the vertical axis instead of the quantity's name (or of --heat)."},
};
const size_t study_option_count = sizeof study_options / sizeof study_options[0];
