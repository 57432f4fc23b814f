/* ntkit plan: what a computation takes, before it is begun. Nothing is drawn, no data are read. */
#include "cli/commands/plan.h"

#include "cli/shell/command.h"
#include "cli/shell/known_data.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/view.h"

#include <string.h>

static const char *data_name(size_t i) {
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  return i < KNOWN_DATA           ? known_data_list[i].name
         : i - KNOWN_DATA < count ? list[i - KNOWN_DATA].name
                                  : NULL;
}

static const char *question_name(size_t i) {
  static const char *const names[] = {"spectrum", "memorize", "train"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static void take_known(cli_settings *settings) {
  for (size_t i = 0; i < KNOWN_DATA; i++) {
    const known_data *k = &known_data_list[i];
    if (strcmp(settings->data, k->name) != 0)
      continue;
    settings->data = "gaussian"; /* of which sizes are all that counts */
    settings->samples = settings->samples > 0 ? settings->samples : k->samples;
    settings->dim = settings->dim > 0 ? settings->dim : k->dim;
    settings->outputs = settings->outputs > 0 ? settings->outputs : k->classes;
  }
}

static exit_status make_plan(const void *what, size_t N) {
  plan_run *run = (plan_run *)(size_t)what;
  const plan_settings *asked = run->asked;
  ntk_plan_options options = {
      .question = asked->question,
      .spectrum = {.full = asked->full,
                   .per_block = asked->per_block,
                   .certify = asked->certify,
                   .resolve = asked->resolve,
                   .vectors = asked->vectors,
                   .prefixes = asked->prefixes.values,
                   .prefix_count = asked->prefixes.count,
                   .density = asked->density,
                   .probes = asked->probes,
                   .steps = asked->steps,
                   .method = asked->method},
      .train = {.optimizer = asked->optimizer,
                .kernel_precision = asked->kernel_precision,
                .track_epochs = asked->track,
                .epochs = asked->epochs,
                .batch = asked->batch,
                .clients = asked->clients,
                .local_steps = asked->local_steps},
      .calibration = asked->calibrate ? NTK_CALIBRATE_ANEW : NTK_CALIBRATE,
      .cores = asked->cores,
      .memory = run->asked->common.memory,
      .peak = 1e9 * asked->peak,
      .bandwidth = 1e9 * asked->bandwidth,
      .ranks = asked->ranks,
      .network = 1e9 * asked->network,
  };
  *(strcmp(asked->question, "memorize") == 0 ? &options.memorize.precision
    : strcmp(asked->question, "train") == 0  ? &options.train.precision
                                             : &options.spectrum.precision) = asked->precision;
  (void)ntk_outputs_parse(asked->output, &options.spectrum.outputs); /* it is one of these */
  const exit_status status = report_library(
      ntk_plan_make(run->job.context, &run->job.spec, N, &options, &run->plan), NULL);
  for (size_t l = 1; l < run->job.spec.depth && run->plan.width > 0; l++)
    run->job.width[l] = run->plan.width; /* left open */
  return status;
}

static void tell_plan(const void *what, result_view *v) {
  const plan_run *run = what;
  view_options(v, &run->asked->common, "question data");
  view_json(v, "dim", json_whole(run->job.width[0]));
  view_json(v, "widths", json_wholes(run->job.width + 1, run->job.spec.depth - 1));
  view_json(v, "outputs", json_whole(run->job.spec.outputs > 0 ? run->job.spec.outputs : 1));
  view_fields(v, NULL, ntk_describe("ntk_plan"), &run->plan, NULL, NULL);
  view_environment(v, run->job.context);
}

OPTION_NAMES(mode_name, ntk_name_info, ntk_mode_list)

static const char *step_name(size_t i) {
  return i == 0 ? "double" : i == 1 ? "float" : NULL;
}

/* Of the question's own command, in its words. */
static exit_status check_precision(const plan_settings *asked) {
  const bool train = strcmp(asked->question, "train") == 0;
  const char *(*const choice)(size_t) = train ? step_name : mode_name;
  char names[64];
  for (size_t i = 0; asked->precision != NULL && choice(i) != NULL; i++)
    if (strcmp(asked->precision, choice(i)) == 0)
      return EXIT_DONE;
  if (asked->precision == NULL)
    return EXIT_DONE;
  report_names(choice, sizeof names, names);
  return report_error(EXIT_INPUT, "--precision: '%s' is not known; known: %s%s", asked->precision,
                      names, train ? "; that of K's factors is --kernel-precision" : "");
}

static exit_status command_plan(const void *given) {
  const plan_settings *asked = given;
  plan_run run = {.asked = asked, .settings = asked->common};
  static double one = 1.0;
  static size_t open[2];
  take_known(&run.settings);
  run.settings.memory = 0;     /* of the machine asked about, not of this one */
  run.settings.scale = "none"; /* and what nothing here depends on */
  run.settings.init = "paper";
  run.settings.beta = (real_list){1, &one};
  if (run.settings.load == NULL && run.settings.widths.count == 0)
    run.settings.widths = (size_list){2, open};
  run.job.settings = &run.settings;
  const job_steps steps = {.memory = make_plan, .sizes_only = true};
  exit_status status = check_precision(asked);
  if (status != EXIT_DONE)
    return status;
  status = job_prepare(&run.job, &steps, &run);
  if (status == EXIT_DONE && run.plan.machine.note[0] != '\0' && asked->common.json)
    report_warning(&asked->common, "%s", run.plan.machine.note);
  if (status == EXIT_DONE && asked->common.json)
    status = json_print(view_object(tell_plan, &run), EXIT_DONE);
  else if (status == EXIT_DONE)
    plan_print(&run);
  if (status == EXIT_DONE && run.plan.chosen == NULL)
    status = EXIT_FAILED; /* nothing fits, as the answer says */
  ntk_plan_clear(&run.plan);
  return job_end(&run.job, status);
}

#define FIELD(name) offsetof(plan_settings, name)

/* Of K's factor; or of steps, which may be in float. */
static const char *precision_name(size_t i) {
  size_t count = 0;
  (void)ntk_mode_list(&count);
  return i < count ? mode_name(i) : i == count ? "float" : NULL;
}

static const char *method_name(size_t i) {
  static const char *const names[] = {"auto", "factor", "operator"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

static const char *output_name(size_t i) {
  static const char *const names[] = {"trace", "all"};
  return i < sizeof names / sizeof names[0] ? names[i] : NULL;
}

OPTION_NAMES(optimizer_name, ntk_name_info, ntk_optimizer_list)

static const option_row own[] = {
    {.name = "data",
     .kind = KIND_DATA,
     .field = FIELD(common.data),
     .argument = "NAME|FILE",
     .fallback = "gaussian",
     .choice = data_name,
     .help = "Data set: by its name mnist (N = 60000, d = 784, 10 classes), cifar10 (50000, 3072, "
             "10) or imagenet (1281167, 150528, 1000), whose sizes --samples, --dim and --outputs "
             "stand above; a distribution; or a file, of which only the heading is read."},
    {.name = "question",
     .kind = KIND_CHOICE,
     .field = FIELD(question),
     .argument = "NAME",
     .fallback = "spectrum",
     .choice = question_name,
     .help = "What is to be computed: what 'ntkit spectrum' does, or memorize, or train."},
    {.name = "widths",
     .kind = KIND_SIZES,
     .field = FIELD(common.widths),
     .instead = "load",
     .argument = "n_1,...,n_{L-1}",
     .item = "width",
     .expected = "n_1,...,n_{L-1}, whole numbers from 1",
     .help = "Widths of the hidden layers. When not given: two layers, equal ones, as wide as P >= "
             "N needs (of train, P >= N n_L; of memorize, what its labels need)."},
    {.name = "precision",
     .kind = KIND_CHOICE,
     .field = FIELD(precision),
     .argument = "NAME",
     .choice = precision_name,
     .help = "With the question's own --precision: of spectrum and memorize double, mixed or auto, "
             "of train double or float. When not given: what it takes by itself, beside the "
             "others."},
    {.name = "method",
     .kind = KIND_CHOICE,
     .field = FIELD(method),
     .argument = "NAME",
     .choice = method_name,
     .help = "Of spectrum: with its --method."},
    {.name = "output",
     .kind = KIND_CHOICE,
     .field = FIELD(output),
     .argument = "NAME",
     .fallback = "trace",
     .choice = output_name,
     .help = "Of spectrum: with its --output, of several: K of their mean, or of all, N n_L x N "
             "n_L."},
    {.name = "certify",
     .kind = KIND_FLAG,
     .field = FIELD(certify),
     .help = "Of spectrum: with its --certify."},
    {.name = "resolve",
     .kind = KIND_FLAG,
     .field = FIELD(resolve),
     .help = "Of spectrum: with its --resolve."},
    {.name = "per-block",
     .kind = KIND_FLAG,
     .field = FIELD(per_block),
     .help = "Of spectrum: with its --per-block."},
    {.name = "full",
     .kind = KIND_FLAG,
     .field = FIELD(full),
     .help = "Of spectrum: with its --full."},
    {.name = "vectors",
     .kind = KIND_SIZE,
     .field = FIELD(vectors),
     .argument = "M",
     .item = "M",
     .expected = "a whole number from 1 to 64, at most N",
     .help = "Of spectrum: with its --vectors."},
    {.name = "prefixes",
     .kind = KIND_SIZES,
     .field = FIELD(prefixes),
     .argument = "m_1,m_2,...",
     .item = "prefix",
     .expected = "whole numbers from 1, ascending, up to N, like 100,200,400",
     .help = "Of spectrum: with its --prefixes."},
    {.name = "density",
     .kind = KIND_FLAG,
     .field = FIELD(density),
     .help = "Of spectrum: with its --density."},
    {.name = "probes",
     .kind = KIND_SIZE,
     .field = FIELD(probes),
     .argument = "M",
     .item = "the number of probes",
     .expected = "a whole number from 1 to 1000",
     .help = "Of spectrum: with its --probes."},
    {.name = "steps",
     .kind = KIND_SIZE,
     .field = FIELD(steps),
     .argument = "S",
     .item = "the number of steps",
     .expected = "a whole number from 1 to 1000",
     .help = "Of spectrum: with its --steps."},
    {.name = "epochs",
     .kind = KIND_SIZE,
     .field = FIELD(epochs),
     .argument = "n",
     .item = "n",
     .expected = "a whole number from 1",
     .help = "Of train: so many. When not given: 10000, of --optimizer lm 100."},
    {.name = "batch",
     .kind = KIND_SIZE,
     .field = FIELD(batch),
     .argument = "B",
     .item = "B",
     .expected = "a whole number from 1",
     .help = "Of train: with its --batch."},
    {.name = "clients",
     .kind = KIND_SIZE,
     .field = FIELD(clients),
     .argument = "C",
     .item = "C",
     .expected = "a whole number from 1",
     .help = "Of train: with its --clients, of one size."},
    {.name = "local-steps",
     .kind = KIND_SIZE,
     .field = FIELD(local_steps),
     .argument = "E",
     .item = "E",
     .expected = "a whole number from 1",
     .help = "Of train: with its --local-steps."},
    {.name = "optimizer",
     .kind = KIND_CHOICE,
     .field = FIELD(optimizer),
     .argument = "NAME",
     .choice = optimizer_name,
     .help = "Of train: by that one. When not given: gd."},
    {.name = "track",
     .kind = KIND_TEXT,
     .field = FIELD(track),
     .argument = "EPOCHS",
     .help = "Of train: with its --track, like 100, 0,1,3,10 or log."},
    {.name = "kernel-precision",
     .kind = KIND_CHOICE,
     .field = FIELD(kernel_precision),
     .argument = "NAME",
     .choice = mode_name,
     .help = "Of train: with its --kernel-precision."},
    {.name = "calibrate",
     .kind = KIND_FLAG,
     .field = FIELD(calibrate),
     .help = "Measure the machine anew, which takes under two seconds, though a calibration of it "
             "is kept ($XDG_CACHE_HOME/ntkit, or ~/.cache/ntkit)."},
    {.name = "cores",
     .kind = KIND_COUNT,
     .field = FIELD(cores),
     .argument = "n",
     .fallback = "0",
     .item = "n",
     .expected = "a whole number from 1, or 0 for this machine's",
     .help = "Of another machine: its cores, each as fast as one of this machine's; memory is "
             "read no faster for them (--bandwidth)."},
    {.name = "memory",
     .kind = KIND_BYTES,
     .field = FIELD(common.memory),
     .argument = "SIZE",
     .item = "SIZE",
     .expected = "bytes from 1, or a whole number with K, M, G or T, like 500M or 8G",
     .help = "Of another machine: its memory, in bytes, or as 500M or 8G (K, M, G and T are powers "
             "of 1024; what is printed is in powers of 1000). When not given: what this machine "
             "has available."},
    {.name = "peak",
     .kind = KIND_ABOVE,
     .field = FIELD(peak),
     .argument = "GFLOPS",
     .item = "the peak",
     .expected = "GFLOP/s, a number > 0",
     .help = "Of another machine: multiply-adds of all its cores in double, GFLOP/s; our kernels "
             "reach the same shares of it as here."},
    {.name = "bandwidth",
     .kind = KIND_ABOVE,
     .field = FIELD(bandwidth),
     .argument = "GBS",
     .item = "the bandwidth",
     .expected = "GB/s, a number > 0",
     .help = "Of another machine: reading memory on all its cores, GB/s."},
    {.name = "ranks",
     .kind = KIND_COUNT,
     .field = FIELD(ranks),
     .argument = "P",
     .fallback = "1",
     .item = "P",
     .expected = "a whole number from 1, or 0 for one",
     .help =
         "Of so many processes, as mpirun -n P starts them, each on such a machine, "
         "which may be a part of one: cores, memory, peak and bandwidth are a rank's. Memory is "
         "then that of the rank that holds most, and traffic what a rank receives."},
    {.name = "network",
     .kind = KIND_ABOVE,
     .field = FIELD(network),
     .argument = "GBS",
     .item = "the network's rate",
     .expected = "GB/s, a number > 0",
     .help = "Of several ranks: between them, GB/s. When not given: 10; a message takes 5 us for "
             "each doubling of ranks."},
};

_Static_assert(sizeof own / sizeof own[0] == 29, "each has its place below");

const cli_command plan_command = {
    .name = "plan",
    .summary = "what a computation takes here: flops, bytes, seconds, memory, the largest N",
    .about = "Tells, before anything is computed, what a question on a network and N samples takes "
             "on this machine or on another: method, flops, bytes and seconds of every phase, "
             "memory, the largest N that fits; and how wide the network must be for N samples, "
             "with the scales that its smallest eigenvalue is expected between. Seconds are by a "
             "calibration of this machine, measured once and kept. Exit status 1: nothing fits.",
    .example = "ntkit plan --data mnist",
    .ranks = RANKS_FIRST,
    .options = (const option_part[]){{own, 1},
                                     SHARED(SAMPLES, SAMPLES),
                                     SHARED(DIM, LAYOUT),
                                     {own + 2, 1},
                                     SHARED(ACTIVATION, ACTIVATION),
                                     SHARED(BIAS, OUTPUTS),
                                     {own + 1, 1},
                                     {own + 3, 20},
                                     SHARED(THREADS, THREADS),
                                     {own + 23, 6},
                                     SHARED(JSON, HELP),
                                     {NULL, 0}},
    .size = sizeof(plan_settings),
    .run = command_plan,
};
