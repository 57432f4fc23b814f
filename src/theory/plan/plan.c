/* ntk_plan_make: for each method its phases, seconds and memory, and what the network is for N
 * samples. A method is a row of the table below. */
#include "base/memory.h"
#include "base/names.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "net/network.h"
#include "theory/bounds.h"
#include "theory/plan/work.h"
#include "theory/spectrum/job.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_EPOCHS = 10000 /* as of ntk_train */ };

/* What is asked, checked. */
typedef struct asked {
  ntk_context *context;
  const ntk_network_spec *spec;
  const ntk_plan_options *options;
  ntk_outputs outputs; /* of the question's K */
  size_t parameters;
  size_t memory; /* of the machine */
} asked;

typedef struct method_row {
  const char *question, *name;
  void (*work)(const asked *a, size_t N, ntk_work_list *list);
  ntk_status (*memory)(const asked *a, size_t N, size_t *bytes);
  bool (*serves)(const asked *a, size_t N); /* what is asked; NULL: always */
} method_row;

/* Bytes by that method and precision. */
static ntk_status spectrum_bytes(const asked *a, size_t N, const char *method,
                                 const char *precision, size_t *bytes) {
  ntk_spectrum_options options = a->options->spectrum;
  options.method = method;
  options.precision = precision;
  return ntk_spectrum_memory(a->context, a->spec, N, &options, bytes);
}

/* Whether the options leave a choice: what they ask for by name is "auto", or NULL, or this. */
static bool leaves(const char *given, const char *name) {
  return given == NULL || strcmp(given, "auto") == 0 || strcmp(given, name) == 0;
}

static bool factor_serves(const asked *a, size_t N) {
  const ntk_spectrum_options *o = &a->options->spectrum;
  (void)N;
  return leaves(o->method, "factor") && leaves(o->precision, "double");
}

static void factor_work(const asked *a, size_t N, ntk_work_list *list) {
  ntk_work_spectrum(a->spec, N, &a->options->spectrum, list);
}

static ntk_status factor_memory(const asked *a, size_t N, size_t *bytes) {
  return spectrum_bytes(a, N, "factor", "double", bytes);
}

/* What mixed precision is not for is then done in double, by the row above. */
static bool mixed_serves(const asked *a, size_t N) {
  const ntk_spectrum_options *o = &a->options->spectrum;
  return leaves(o->method, "factor") && leaves(o->precision, "mixed") &&
         ntk_spectrum_double_for(o) == NULL && !ntk_work_singular(a->spec, o->outputs, N);
}

/* Of a factor, as ntk_spectrum chooses it in the memory that the context has. */
static ntk_status way_of(const asked *a, size_t N, const ntk_spectrum_options *o, ntk_way *way) {
  const char *why = NULL;
  return ntk_spectrum_way(a->context, a->spec, N, o,
                          ntk_spectrum_held(a->context, a->spec, N, a->parameters), way, &why);
}

static void mixed_work(const asked *a, size_t N, ntk_work_list *list) {
  ntk_spectrum_options options = a->options->spectrum;
  ntk_way way = NTK_WAY_MIXED;
  options.precision = "mixed";
  (void)way_of(a, N, &options, &way); /* it is mixed */
  ntk_work_mixed(a->spec, N, &options, way == NTK_WAY_MIXED, list);
}

static ntk_status mixed_memory(const asked *a, size_t N, size_t *bytes) {
  return spectrum_bytes(a, N, "factor", "mixed", bytes);
}

static bool operator_serves(const asked *a, size_t N) {
  const ntk_spectrum_options *o = &a->options->spectrum;
  return leaves(o->method, "operator") && leaves(o->precision, "double") &&
         ntk_job_needs_kernel(o) == NULL && !ntk_work_singular(a->spec, o->outputs, N);
}

static void operator_work(const asked *a, size_t N, ntk_work_list *list) {
  ntk_work_operator(a->spec, N, &a->options->spectrum, list);
}

static ntk_status operator_memory(const asked *a, size_t N, size_t *bytes) {
  return spectrum_bytes(a, N, "operator", "double", bytes);
}

static void memorize_work(const asked *a, size_t N, ntk_work_list *list) {
  ntk_work_memorize(a->spec, N, list);
}

static ntk_status memorize_memory(const asked *a, size_t N, size_t *bytes) {
  return ntk_memorize_memory(a->context, a->spec, N, 1, NULL, bytes);
}

static void train_work(const asked *a, size_t N, ntk_work_list *list) {
  ntk_work_train(a->spec, N, a->options->epochs > 0 ? a->options->epochs : DEFAULT_EPOCHS, list);
}

static ntk_status train_memory(const asked *a, size_t N, size_t *bytes) {
  return ntk_train_memory(a->context, a->spec, N, NULL, bytes);
}

static const method_row rows[] = {
    {"spectrum", "factor", factor_work, factor_memory, factor_serves},
    {"spectrum", "mixed", mixed_work, mixed_memory, mixed_serves},
    {"spectrum", "operator", operator_work, operator_memory, operator_serves},
    {"memorize", "factor", memorize_work, memorize_memory, NULL},
    {"train", "gd", train_work, train_memory, NULL},
};
enum { ROWS = sizeof rows / sizeof rows[0] };
static const char *const questions[] = {"spectrum", "memorize", "train"};
enum { QUESTIONS = sizeof questions / sizeof questions[0] };

/* Some choose by the memory there is: for a while that is the machine's, as far as this one's goes.
 * Returns what to set the limit to again. */
static size_t enter_machine(const asked *a) {
  const size_t limit = a->context->memory_limit, used = ntk_memory_in_use(a->context);
  a->context->memory_limit = a->memory < SIZE_MAX - used ? a->memory + used : SIZE_MAX;
  if (a->context->memory_limit == 0) /* which would be none */
    a->context->memory_limit = 1;
  return limit;
}

/* Bytes of N samples; SIZE_MAX where there can be no such N. That they do not fit here and now is
 * no matter: the machine may be another. */
static ntk_status bytes_of(const method_row *row, const asked *a, size_t N, size_t *bytes) {
  *bytes = SIZE_MAX;
  const size_t limit = enter_machine(a);
  const ntk_status status = row->memory(a, N, bytes);
  a->context->memory_limit = limit;
  if (status == NTK_ERR_LIMIT)
    *bytes = SIZE_MAX;
  return status == NTK_ERR_LIMIT || status == NTK_ERR_MEMORY ? NTK_OK : status;
}

/* By bisection: what fits for N fits for less, up to P, past which K is known to be singular and is
 * not made. */
static ntk_status find_largest(const method_row *row, const asked *a, size_t memory, size_t most,
                               size_t *largest) {
  size_t fits = 0, fails = most + 1;
  while (fails - fits > 1) {
    const size_t middle = fits + (fails - fits) / 2;
    size_t bytes = 0;
    NTK_TRY(bytes_of(row, a, middle, &bytes));
    if (bytes <= memory)
      fits = middle;
    else
      fails = middle;
  }
  *largest = fits;
  return NTK_OK;
}

/* phase: room for all of its phases. */
static ntk_status fill(const method_row *row, const asked *a, const ntk_plan *plan,
                       ntk_plan_method *m) {
  ntk_work_list list;
  ntk_plan_phase *phase = m->phase;
  const size_t limit = enter_machine(a);
  row->work(a, plan->samples, &list);
  a->context->memory_limit = limit;
  *m = (ntk_plan_method){.name = row->name, .phases = list.count, .phase = phase};
  for (size_t i = 0; i < list.count; i++) {
    const ntk_work *work = &list.work[i];
    phase[i] = (ntk_plan_phase){work->phase, work->flops, work->bytes,
                                ntk_work_seconds(&plan->machine, work)};
    m->flops += work->flops;
    m->bytes += work->bytes;
    m->seconds += phase[i].seconds;
  }
  NTK_TRY(bytes_of(row, a, plan->samples, &m->memory));
  m->fits = m->memory <= plan->machine.memory;
  const size_t most = strcmp(row->question, "train") == 0 ? SIZE_MAX / 4 : plan->parameters;
  return find_largest(row, a, plan->machine.memory, most, &m->largest);
}

/* The smallest n that the rule, which grows with n, takes for N. */
static size_t least_width(const asked *a, double N,
                          double (*reached)(const asked *a, double width)) {
  size_t below = 0, enough = (size_t)ceil(N);
  while (enough - below > 1) {
    const size_t middle = below + (enough - below) / 2;
    if (reached(a, (double)middle) >= N)
      enough = middle;
    else
      below = middle;
  }
  return enough;
}

static double parameters_of(const asked *a, double n) {
  double P = 0.0;
  for (size_t l = 1; l <= a->spec->depth; l++)
    P += ((l == 1 ? (double)a->spec->width[0] : n) + (ntk_spec_bias(a->spec, l) ? 1.0 : 0.0)) *
         (l == a->spec->depth ? (double)ntk_spec_width(a->spec, l) : n);
  return P;
}

/* n_{L-2} n_{L-1}: of two layers n_{L-2} is d. */
static double last_of(const asked *a, double n) {
  return (a->spec->depth == 2 ? (double)a->spec->width[0] : n) * n;
}

/* One line on what was chosen, or why nothing. */
static void explain(const asked *a, const ntk_plan_method *least, const ntk_plan_method *chosen,
                    ntk_plan *plan) {
  char needed[NTK_AMOUNT], available[NTK_AMOUNT], largest[64] = "no N fits";
  if (least->largest > 0)
    (void)ntk_format(largest, sizeof largest, "the largest N that fits is %zu", least->largest);
  if (chosen == NULL)
    (void)ntk_format(plan->reason, sizeof plan->reason,
                     "no method fits: %s needs %s of memory, and %s are available; %s", least->name,
                     least->memory < SIZE_MAX ? ntk_amount((double)least->memory, needed)
                                              : "over 18 EB", /* more than a size_t counts */
                     ntk_amount((double)plan->machine.memory, available), largest);
  else if (strcmp(chosen->name, "operator") == 0)
    (void)ntk_format(plan->reason, sizeof plan->reason,
                     "without K, in %s of memory; seconds not known: products until it converges, "
                     "usually 100 to 500",
                     ntk_amount((double)chosen->memory, needed));
  else if (ntk_work_singular(a->spec, a->outputs, plan->samples))
    (void)ntk_format(plan->reason, sizeof plan->reason,
                     "K is known to be singular: %zu rows, P = %zu", plan->order, plan->parameters);
}

/* Of a spectrum what ntk_spectrum does by itself: a factor in double or mixed, as memory and size
 * have it, and the operator where neither fits. */
static ntk_status choose(const asked *a, const char *question, ntk_plan *plan) {
  const ntk_plan_method *least = &plan->method[0], *chosen = NULL;
  ntk_way way = NTK_WAY_DOUBLE;
  const size_t limit = enter_machine(a);
  const ntk_status status = strcmp(question, "spectrum") == 0
                                ? way_of(a, plan->samples, &a->options->spectrum, &way)
                                : NTK_OK;
  a->context->memory_limit = limit;
  NTK_TRY(status);
  const char *first = way == NTK_WAY_DOUBLE ? "factor" : "mixed";
  for (size_t i = 0; i < plan->methods; i++) {
    const ntk_plan_method *m = &plan->method[i];
    least = m->memory < least->memory ? m : least;
    if (m->fits && (chosen == NULL || strcmp(m->name, first) == 0))
      chosen = m;
  }
  plan->chosen = chosen != NULL ? chosen->name : NULL;
  explain(a, least, chosen, plan);
  return NTK_OK;
}

static ntk_status fill_methods(const asked *a, const char *question, ntk_plan *plan) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(a->context, ROWS, sizeof(ntk_plan_method), "the plan", &pointer));
  plan->method = pointer;
  for (size_t i = 0; i < ROWS; i++) {
    const bool serves = rows[i].serves == NULL || rows[i].serves(a, plan->samples);
    if (strcmp(rows[i].question, question) != 0 || !serves)
      continue;
    NTK_TRY(ntk_alloc(a->context, NTK_WORK_PHASES, sizeof(ntk_plan_phase), "the plan", &pointer));
    ntk_plan_method *m = &plan->method[plan->methods++];
    *m = (ntk_plan_method){.phase = pointer};
    NTK_TRY(fill(&rows[i], a, plan, m));
  }
  if (plan->methods == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the method asked for does not do what else is asked for; "
                                      "accepted: method and precision auto");
  return choose(a, question, plan);
}

/* This machine, or what it would be with other cores and memory: our kernels' shares of peak and
 * bandwidth are then this one's. */
static ntk_status find_machine(ntk_context *context, const ntk_plan_options *o, ntk_machine *m) {
  const ntk_status status = ntk_calibrate(context, o->calibration, m);
  if (status != NTK_OK && o->calibration == NTK_CALIBRATE_KEPT)
    *m = (ntk_machine){.threads = context->threads, .memory = ntk_memory_available(context)};
  else
    NTK_TRY(status);
  const double cores = o->cores > 0 ? (double)o->cores / m->threads : 1.0;
  const double faster = o->peak > 0.0 && m->peak > 0.0 ? o->peak / m->peak : cores;
  const double wider = o->bandwidth > 0.0 && m->peak > 0.0 ? o->bandwidth / m->bandwidth : 1.0;
  for (int k = 0; k < NTK_WORK_KINDS; k++) {
    ntk_rate *r = ntk_work_rate(m, (ntk_work_kind)k);
    const double scale = ntk_work_by_bytes((ntk_work_kind)k) ? wider : faster;
    *r = (ntk_rate){r->rate * scale, r->overhead / scale};
  }
  m->peak *= faster;
  m->peak_single *= faster;
  m->bandwidth *= wider;
  m->bandwidth_cache *= faster;
  m->threads = o->cores > 0 ? o->cores : m->threads;
  m->memory = o->memory > 0 ? o->memory : m->memory;
  return NTK_OK;
}

/* What is of one question alone is refused of others. */
static ntk_status check_question(const ntk_plan_options *o, const char *question) {
  const struct {
    const char *name, *of;
    bool given;
  } own[] = {{"full", "spectrum", o->spectrum.full},
             {"per_block", "spectrum", o->spectrum.per_block},
             {"certify", "spectrum", o->spectrum.certify},
             {"density", "spectrum", o->spectrum.density},
             {"epochs", "train", o->epochs > 0}};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (own[i].given && strcmp(own[i].of, question) != 0)
      return ntk_fail(NTK_ERR_ARGUMENT, "%s is of the question %s; the question is %s", own[i].name,
                      own[i].of, question);
  return NTK_OK;
}

/* Of another machine: numbers with which seconds are still numbers. */
static ntk_status check_machine(const ntk_plan_options *o) {
  static const double MOST = 1e30;
  const double rate[] = {o->peak, o->bandwidth};
  static const char *const name[] = {"peak", "bandwidth"};
  if (o->cores < 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "cores is %d; accepted: 1 and up, or 0: this machine's",
                    o->cores);
  for (size_t i = 0; i < 2; i++)
    if (!(rate[i] == 0.0 || (rate[i] >= 1.0 && rate[i] <= MOST)))
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "%s is %g a second; accepted: from 1 to 1e30, or 0: this machine's", name[i],
                      rate[i]);
  return NTK_OK;
}

ntk_status ntk_plan_make(ntk_context *context, const ntk_network_spec *spec, size_t N,
                         const ntk_plan_options *options, ntk_plan *plan) {
  static const ntk_plan_options defaults;
  asked a = {context, spec, options != NULL ? options : &defaults, NTK_OUTPUTS_ALL, 0, 0};
  const char *question = a.options->question != NULL ? a.options->question : questions[0];
  ntk_plan made = {.context = context, .samples = N};
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("question", question, questions, QUESTIONS, &row));
  NTK_TRY(check_question(a.options, question));
  NTK_TRY(check_machine(a.options));
  NTK_TRY(ntk_architecture_check(spec, &made.parameters));
  a.parameters = made.parameters;
  if (strcmp(question, "train") != 0) /* whose steps are of every output */
    a.outputs = a.options->spectrum.outputs;
  made.order = ntk_kernel_rows(spec, a.outputs, N);
  made.bounds = ntk_theorem31(spec->depth, spec->width);
  made.bounds.lower_scale = fmin(made.bounds.lower_scale, made.bounds.upper_scale);
  made.least_width = least_width(&a, (double)N, parameters_of);
  made.least_last = least_width(&a, (double)N, last_of);
  NTK_TRY(find_machine(context, a.options, &made.machine));
  a.memory = made.machine.memory;
  const ntk_status status = fill_methods(&a, question, &made);
  if (status == NTK_OK)
    *plan = made;
  else
    ntk_plan_clear(&made);
  return status;
}

void ntk_plan_clear(ntk_plan *plan) {
  if (plan->context == NULL)
    return;
  for (size_t i = 0; i < plan->methods; i++)
    ntk_free(plan->context, plan->method[i].phase);
  ntk_free(plan->context, plan->method);
  *plan = (ntk_plan){0};
}
