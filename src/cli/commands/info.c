/* ntkit info: what results depend on here, and every name that options know. */
#include "cli/run/job.h"
#include "cli/shell/command.h"
#include "cli/shell/ranks.h"
#include "cli/shell/report.h"
#include "cli/show/json.h"
#include "cli/show/view.h"
#include "ntkit/fit.h"

#include <math.h>
#include <stdio.h>

/* The network of Figure 1 at one size, to express memory in samples. */
enum { EXAMPLE_WIDTH = 784, EXAMPLE_DEPTH = 3 };

typedef struct size_limits {
  uint64_t storage, samples;
  int depth, width;
} size_limits;

#define ROW size_limits
static const ntk_field limit_fields[] = {
    VIEW_FIELD(WHOLE, "storage_samples", storage, "largest N that storage and BLAS can index"),
    VIEW_FIELD(WHOLE, "memory_samples", samples, "largest N whose kernel fits the memory there is"),
    VIEW_FIELD(INT, "example_depth", depth, "L of the network that this is for"),
    VIEW_FIELD(INT, "example_width", width, "its widths"),
};
static const ntk_description limit_table = VIEW_TABLE(limit_fields);
#undef ROW

static ntk_status try_samples(ntk_context *context, uint64_t N) {
  const size_t width[EXAMPLE_DEPTH] = {EXAMPLE_WIDTH, EXAMPLE_WIDTH, EXAMPLE_WIDTH};
  const ntk_network_spec spec = {.depth = EXAMPLE_DEPTH, .width = width};
  const ntk_spectrum_options options = {.full = false};
  size_t bytes = 0;
  return ntk_spectrum_memory(context, &spec, (size_t)N, &options, &bytes);
}

/* The largest N below fails, by bisection: what fits for N fits for less. */
static uint64_t largest(ntk_context *context, bool storage_alone, uint64_t fails) {
  uint64_t fits = 0;
  while (fails - fits > 1) {
    const uint64_t middle = fits + (fails - fits) / 2;
    const ntk_status status = try_samples(context, middle);
    if (status == NTK_OK || (storage_alone && status == NTK_ERR_MEMORY))
      fits = middle;
    else
      fails = middle;
  }
  return fits;
}

static void print_environment(const ntk_environment *environment) {
  printf("version     %s (%s)\ncompiler    %s\n", environment->version, environment->commit,
         environment->compiler);
  printf("blas        %s, core %s\n", environment->blas, environment->blas_core);
  printf("cpu         %s, %d thread%s, %s\nbackend     %s\n", environment->cpu,
         environment->threads, environment->threads == 1 ? "" : "s", environment->simd,
         environment->backend);
}

typedef struct process_info {
  const char *mpi;
  int launched;
} process_info;

#define ROW process_info
static const ntk_field process_fields[] = {
    VIEW_FIELD(TEXT, "mpi", mpi, "that this build has, for several processes; null: none"),
    VIEW_FIELD(INT, "launched", launched, "how many of this mpirun has started; 1: without"),
};
static const ntk_description process_table = VIEW_TABLE(process_fields);
#undef ROW

static process_info processes(void) {
  return (process_info){ntk_mpi()[0] != '\0' ? ntk_mpi() : NULL, ranks_count()};
}

static void print_processes(void) {
  const process_info p = processes();
  printf("mpi         %s", p.mpi != NULL ? p.mpi : "none; 'make mpi' builds a program that has it");
  if (p.launched > 1)
    printf("; mpirun has started %d of these, and this is the first", p.launched);
  putchar('\n');
}

static void print_limits(const size_limits *limits) {
  printf("limits      N <= %llu by storage; N <= %llu by memory now (L = %d, widths %d)\n",
         (unsigned long long)limits->storage, (unsigned long long)limits->samples, EXAMPLE_DEPTH,
         EXAMPLE_WIDTH);
}

/* Tables of names of the library's training, by the option or the JSON key they are for. */
static const struct name_table {
  const char *option, *key;
  const ntk_name_info *(*list)(size_t *count);
} name_tables[] = {
    {"labels, or a file", "labels", ntk_labels_list},
    {"optimizer", "optimizers", ntk_optimizer_list},
    {"loss", "losses", ntk_loss_list},
    {"lr, or a number", "step_sizes", ntk_lr_list},
};
enum { NAME_TABLES = sizeof name_tables / sizeof name_tables[0] };

static void print_tables(void) {
  size_t count = 0;
  const ntk_distribution *distributions = ntk_distribution_list(&count);
  printf("\n--data, or a file\n");
  for (size_t i = 0; i < count; i++)
    printf("  %-10s %s\n", distributions[i].name, distributions[i].summary);

  const ntk_activation_info *activations = ntk_activation_list(&count);
  printf("\n--activation, with the Lipschitz constants M of phi and M' of phi' (Assumption 2.3)\n");
  for (size_t i = 0; i < count; i++) {
    const ntk_activation_info *phi = &activations[i];
    printf("  %-10s %s%s%s\n", phi->name, phi->formula, *phi->aliases ? "; also called " : "",
           phi->aliases);
    if (*phi->parameter)
      printf("             %s(NUMBER) sets %s, which is %g else\n", phi->name, phi->parameter,
             phi->value);
    printf("             M = %.8g, M' = %.8g: %s\n", phi->lipschitz, phi->lipschitz_grad,
           phi->source);
  }

  const ntk_init_info *inits = ntk_init_list(&count);
  printf("\n--init\n");
  for (size_t i = 0; i < count; i++)
    printf("  %-13s %s\n", inits[i].name, inits[i].summary);

  for (size_t t = 0; t < NAME_TABLES; t++) {
    const ntk_name_info *names = name_tables[t].list(&count);
    printf("\n--%s\n", name_tables[t].option);
    for (size_t i = 0; i < count; i++)
      printf("  %-10s %s\n", names[i].name, names[i].summary);
  }
}

/* ---- For programs ---------------------------------------------------------------------------- */

#define NAMED                                           \
  VIEW_FIELD(TEXT, "name", name, "as options take it"), \
      VIEW_FIELD(TEXT, "summary", summary, "one line")
#define ROW ntk_distribution
static const ntk_field distribution_fields[] = {NAMED};
static const ntk_description distribution_table = VIEW_TABLE(distribution_fields);
#undef ROW
#define ROW ntk_init_info
static const ntk_field init_fields[] = {NAMED};
static const ntk_description init_table = VIEW_TABLE(init_fields);
#undef ROW
#define ROW ntk_name_info
static const ntk_field name_fields[] = {NAMED};
static const ntk_description name_table = VIEW_TABLE(name_fields);
#undef ROW

typedef struct build_info {
  const ntk_context *context;
  size_limits limits;
} build_info;

static void tell_info(const void *what, result_view *v) {
  const build_info *info = what;
  size_t count = 0;
  view_environment(v, info->context);
  const process_info p = processes();
  view_fields(v, NULL, &process_table, &p, NULL, NULL);
  view_fields(v, "limits", &limit_table, &info->limits, NULL, NULL);
  const ntk_distribution *distributions = ntk_distribution_list(&count);
  view_json(v, "distributions", json_list_of(&distribution_table, distributions, count));
  const ntk_activation_info *activations = ntk_activation_list(&count);
  view_json(v, "activations",
            json_list_of(ntk_describe("ntk_activation_info"), activations, count));
  const ntk_init_info *inits = ntk_init_list(&count);
  view_json(v, "inits", json_list_of(&init_table, inits, count));
  for (size_t t = 0; t < NAME_TABLES; t++) {
    const ntk_name_info *names = name_tables[t].list(&count);
    view_json(v, name_tables[t].key, json_list_of(&name_table, names, count));
  }
}

static exit_status command_info(const void *given) {
  const cli_settings *settings = given;
  ntk_context *context = NULL;
  exit_status status = job_context(settings, &context);
  if (status != EXIT_DONE)
    return status;
  const ntk_environment environment = ntk_context_environment(context);
  /* With more samples than parameters K is singular and is not built: memory says nothing there. */
  const uint64_t parameters = (EXAMPLE_DEPTH - 1) * EXAMPLE_WIDTH * EXAMPLE_WIDTH + EXAMPLE_WIDTH;
  const build_info info = {
      .context = context,
      .limits = {.storage = largest(context, true, (uint64_t)1 << 40),
                 .samples = largest(context, false, parameters + 1),
                 .depth = EXAMPLE_DEPTH,
                 .width = EXAMPLE_WIDTH},
  };
  if (settings->json) {
    status = json_print(view_object(tell_info, &info), EXIT_DONE);
  } else {
    print_environment(&environment);
    print_processes();
    print_limits(&info.limits);
    print_tables();
  }
  ntk_context_destroy(context);
  return status;
}

const cli_command info_command = {
    .name = "info",
    .summary = "this build and machine, and the names every option knows",
    .about = "Prints the version, the BLAS and the processor that results depend on, the limits of "
             "storage, and the tables of names: distributions, activations, initialisations, "
             "labels, optimizers, losses, step sizes.",
    .example = "ntkit info",
    .ranks = RANKS_FIRST,
    .options = (const option_part[]){SHARED(THREADS, MEMORY), SHARED(JSON, HELP), {NULL, 0}},
    .size = sizeof(cli_settings),
    .run = command_info,
};
