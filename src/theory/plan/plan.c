/* ntk_plan_make: for each method its phases, seconds and memory, and what the network is for N
 * samples. A method is a row of methods.c. */
#include "base/memory.h"
#include "base/names.h"
#include "base/precision.h"
#include "base/ranks/ranks.h"
#include "base/text.h"
#include "kernel/epochs.h"
#include "kernel/kernel.h"
#include "kernel/resolve/exact.h"
#include "kernel/resolve/rounds.h"
#include "net/network.h"
#include "theory/bounds.h"
#include "theory/plan/machine.h"
#include "theory/plan/methods.h"
#include "theory/plan/widths.h"
#include "theory/spectrum/job.h"

#include <math.h>
#include <string.h>

static const char *const questions[] = {"spectrum", "memorize", "train"};
enum { QUESTIONS = sizeof questions / sizeof questions[0] };

/* Some choose by the memory there is: for a while that is the machine's. Returns what to set the
 * limit to again. */
static size_t enter_machine(const ntk_plan_asked *a) {
  const size_t limit = a->context->memory_limit, used = ntk_memory_in_use(a->context);
  a->context->memory_limit = a->memory < SIZE_MAX - used ? a->memory + used : SIZE_MAX;
  if (a->context->memory_limit == 0) /* which would be none */
    a->context->memory_limit = 1;
  a->context->memory_supposed = true;
  return limit;
}

static void leave_machine(const ntk_plan_asked *a, size_t limit) {
  a->context->memory_limit = limit;
  a->context->memory_supposed = false;
}

/* Bytes of N samples; SIZE_MAX where there can be no such N. That they do not fit here and now is
 * no matter: the machine may be another. */
static ntk_status bytes_of(const ntk_plan_row *row, const ntk_plan_asked *a, size_t N,
                           size_t *bytes) {
  *bytes = SIZE_MAX;
  const size_t limit = enter_machine(a);
  const ntk_status status = row->memory(a, N, bytes);
  leave_machine(a, limit);
  if (status == NTK_ERR_LIMIT)
    *bytes = SIZE_MAX;
  return status == NTK_ERR_LIMIT || status == NTK_ERR_MEMORY ? NTK_OK : status;
}

/* By doubling, then bisection: what fits for N fits for less, up to P, past which K is known to be
 * singular and is not made, or what a memorisation has parameters for. */
static ntk_status find_largest(const ntk_plan_row *row, const ntk_plan_asked *a, size_t memory,
                               size_t *largest) {
  size_t fits = 0, fails = a->most + 1;
  while (fails - fits > 1) {
    const size_t half = fits + (fails - fits) / 2, twice = 2 * fits + 1;
    const size_t middle = twice < half ? twice : half;
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

/* Its name, which outlasts the options. */
static const char *optimizer_of(const ntk_train_options *options) {
  size_t count = 0, k = 0;
  const ntk_name_info *list = ntk_optimizer_list(&count);
  while (options->optimizer != NULL && k + 1 < count &&
         strcmp(list[k].name, options->optimizer) != 0)
    k++;
  return list[k].name;
}

/* Work of several kinds in a row may be one phase. own: a rank's. */
static void add_work(const ntk_work *work, const ntk_work *own, double seconds,
                     ntk_plan_method *m) {
  if (m->phases == 0 || strcmp(m->phase[m->phases - 1].name, work->phase) != 0)
    m->phase[m->phases++] = (ntk_plan_phase){.name = work->phase};
  ntk_plan_phase *phase = &m->phase[m->phases - 1];
  const double traffic = own->passing.hidden + own->passing.waited;
  phase->flops += work->flops;
  phase->bytes += work->bytes;
  phase->seconds += seconds;
  phase->traffic += traffic;
  phase->messages += own->passing.messages;
  m->flops += work->flops;
  m->bytes += work->bytes;
  m->seconds += seconds;
  m->traffic += traffic;
  m->messages += own->passing.messages;
}

/* phase: room for all of its phases. */
static ntk_status fill(const ntk_plan_row *row, const ntk_plan_asked *a, const ntk_plan *plan,
                       ntk_plan_method *m) {
  ntk_work_list list;
  ntk_plan_phase *phase = m->phase;
  const size_t limit = enter_machine(a);
  row->work(a, plan->samples, &list);
  leave_machine(a, limit);
  *m = (ntk_plan_method){.name = row->name != NULL ? row->name : optimizer_of(&a->train),
                         .phase = phase};
  const ntk_share share = ntk_share_deal(plan->samples, 0, plan->ranks);
  for (size_t i = 0; i < list.count; i++) {
    if (list.work[i].alone && plan->ranks > 1)
      continue;
    const ntk_work own = ntk_work_of_rank(&list.work[i], &share);
    add_work(&list.work[i], &own, ntk_work_seconds(&plan->machine, &own), m);
  }
  NTK_TRY(bytes_of(row, a, plan->samples, &m->memory));
  m->fits = m->memory <= plan->machine.memory;
  return find_largest(row, a, plan->machine.memory, &m->largest);
}

static bool asks(const ntk_plan_asked *a, const char *question) {
  return strcmp(a->options->question != NULL ? a->options->question : questions[0], question) == 0;
}

/* "; " and what would fit if less were asked for, into text; "" where nothing would. */
static void advise(const ntk_plan_asked *a, const char *question, const ntk_plan *plan, size_t size,
                   char *text) {
  const ntk_spectrum_options *o = &a->options->spectrum;
  const char *forced = ntk_spectrum_double_for(o);
  ntk_memorize_options memorize = a->options->memorize;
  char amount[NTK_AMOUNT];
  size_t bytes = SIZE_MAX;
  text[0] = '\0';
  if (strcmp(question, "memorize") == 0) {
    memorize.iterative = true;
    if (!a->options->memorize.iterative &&
        ntk_memorize_memory(a->context, a->spec, plan->samples, 1, &memorize, &bytes) == NTK_OK &&
        bytes <= plan->machine.memory)
      (void)ntk_format(text, size, "; iterative, without a factor, fits in %s",
                       ntk_amount((double)bytes, amount));
  } else if (strcmp(question, "spectrum") == 0 && forced != NULL &&
             (o->precision == NULL || strcmp(o->precision, "double") != 0)) {
    const ntk_spectrum_options bare = {
        .outputs = o->outputs, .method = "factor", .precision = "mixed"};
    if (ntk_spectrum_memory(a->context, a->spec, plan->samples, &bare, &bytes) == NTK_OK &&
        bytes <= plan->machine.memory)
      (void)ntk_format(text, size, "; %s: without that, mixed fits in %s", forced,
                       ntk_amount((double)bytes, amount));
  }
}

/* Whether the operator, which is chosen only where nothing else fits, is forecast to be faster. */
static bool guessed_faster(const ntk_plan *plan, const ntk_plan_method *chosen) {
  for (size_t i = 0; i < plan->methods; i++)
    if (strcmp(plan->method[i].name, "operator") == 0)
      return plan->method[i].seconds < chosen->seconds;
  return false;
}

/* How many rounds resolve takes is known from lambda_min alone. That those in double-double take 20
 * times as long is a guess by one run (N = 400, P = 40,800). */
static void explain_rounds(const ntk_plan_asked *a, ntk_plan *plan) {
  const ntk_work one = ntk_work_round(a->spec, a->outputs, plan->samples);
  const double seconds = ntk_work_seconds(&plan->machine, &one);
  char time[40] = "";
  if (!isnan(seconds))
    (void)ntk_format(time, sizeof time, ", %.2g s", seconds);
  (void)ntk_format(
      plan->reason, sizeof plan->reason,
      "in one round; where lambda_min is below 1e-22 of lambda_max up to %d more, each "
      "%.2g flops%s%s",
      NTK_ROUNDS_MOST - 1, one.flops, time,
      plan->order > NTK_EXACT_ROWS
          ? ""
          : "; below 1e-28 one or two in double-double, each about 20 times that");
}

/* One line on what was chosen, or why nothing. */
static void explain(const ntk_plan_asked *a, const char *question, const ntk_plan_method *least,
                    const ntk_plan_method *chosen, ntk_plan *plan) {
  char needed[NTK_AMOUNT], available[NTK_AMOUNT], largest[64] = "no N fits", more[120] = "";
  char each[40] = "";
  const bool iterative = strcmp(question, "memorize") == 0 && a->options->memorize.iterative;
  if (chosen == NULL) {
    const size_t limit = enter_machine(a);
    advise(a, question, plan, sizeof more, more);
    leave_machine(a, limit);
  }
  if (plan->ranks > 1)
    (void)ntk_format(each, sizeof each, " on each of %d ranks", plan->ranks);
  if (least->largest > 0)
    (void)ntk_format(largest, sizeof largest, "the largest N that fits is %zu", least->largest);
  if (chosen == NULL)
    (void)ntk_format(plan->reason, sizeof plan->reason,
                     "no method fits: %s needs %s of memory%s, and %s are available; %s%s",
                     iterative ? "iterative" : least->name,
                     least->memory < SIZE_MAX ? ntk_amount((double)least->memory, needed)
                                              : "over 18 EB", /* more than a size_t counts */
                     each, ntk_amount((double)plan->machine.memory, available), largest, more);
  else if (strcmp(chosen->name, "operator") == 0)
    (void)ntk_format(
        plan->reason, sizeof plan->reason,
        "without K, in %s of memory%s; seconds not known: products until it converges, "
        "usually 70 to 550, thousands past N = 100,000",
        ntk_amount((double)chosen->memory, needed), each);
  else if (asks(a, "memorize") && plan->samples > a->most)
    (void)ntk_format(plan->reason, sizeof plan->reason,
                     "the labels will not be reached: %zu parameters%s for %zu samples", a->most,
                     ntk_spec_width(a->spec, a->spec->depth) > 1 ? " of each output" : "",
                     plan->samples);
  else if (ntk_work_singular(a->spec, a->outputs, plan->samples))
    (void)ntk_format(plan->reason, sizeof plan->reason,
                     "K is known to be singular: %zu rows, P = %zu", plan->order, plan->parameters);
  else if (asks(a, "spectrum") && a->options->spectrum.resolve)
    explain_rounds(a, plan);
  else if (asks(a, "spectrum") && a->options->spectrum.precision != NULL &&
           strcmp(a->options->spectrum.precision, "mixed") == 0 &&
           ntk_spectrum_double_for(&a->options->spectrum) != NULL)
    (void)ntk_format(plan->reason, sizeof plan->reason, "in double: %s",
                     ntk_spectrum_double_for(&a->options->spectrum));
  else if (guessed_faster(plan, chosen))
    (void)ntk_format(plan->reason, sizeof plan->reason,
                     "the operator is forecast faster, by a guess at its products");
}

/* Of a spectrum what ntk_spectrum does by itself: a factor in double or mixed, as memory and size
 * have it, and the operator where neither fits. */
static ntk_status choose(const ntk_plan_asked *a, const char *question, ntk_plan *plan) {
  const ntk_plan_method *least = &plan->method[0], *chosen = NULL, *second = plan->method + 1;
  ntk_way way = NTK_WAY_DOUBLE;
  const size_t limit = enter_machine(a);
  ntk_status status = NTK_OK;
  if (strcmp(question, "spectrum") == 0)
    status = ntk_plan_way(a, plan->samples, &a->options->spectrum, &way);
  else if (plan->methods > 1) /* nothing is asked for by name */
    way = ntk_way_choose(NTK_MODE_AUTO, plan->order, false, (double)plan->machine.memory,
                         (double)least->memory, (double)second->memory);
  leave_machine(a, limit);
  NTK_TRY(status);
  const char *first = way == NTK_WAY_DOUBLE ? least->name : "mixed";
  for (size_t i = 0; i < plan->methods; i++) {
    const ntk_plan_method *m = &plan->method[i];
    least = m->memory < least->memory ? m : least;
    if (m->fits && (chosen == NULL || strcmp(m->name, first) == 0))
      chosen = m;
  }
  plan->chosen = chosen != NULL ? chosen->name : NULL;
  explain(a, question, least, chosen, plan);
  return NTK_OK;
}

static ntk_status fill_methods(ntk_plan_asked *a, const char *question, ntk_plan *plan) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(a->context, NTK_PLAN_ROWS, sizeof(ntk_plan_method), "the plan", &pointer));
  plan->method = pointer;
  for (size_t i = 0; i < NTK_PLAN_ROWS; i++) {
    const bool serves = ntk_plan_rows[i].serves(a, plan->samples);
    if (strcmp(ntk_plan_rows[i].question, question) != 0 || !serves)
      continue;
    NTK_TRY(ntk_alloc(a->context, NTK_WORK_PHASES, sizeof(ntk_plan_phase), "the plan", &pointer));
    ntk_plan_method *m = &plan->method[plan->methods++];
    *m = (ntk_plan_method){.phase = pointer};
    NTK_TRY(fill(&ntk_plan_rows[i], a, plan, m));
  }
  if (plan->methods == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the method asked for does not do what else is asked for; "
                                      "accepted: method and precision auto");
  return choose(a, question, plan);
}

/* Refuses what the computation itself would, in its words. */
static ntk_status check_options(ntk_plan_asked *a, const char *question, ntk_plan *plan) {
  const ntk_plan_options *o = a->options;
  const char *member = NULL;
  size_t bytes = 0;
  a->train = o->train;
  if (strcmp(question, "train") == 0) {
    NTK_TRY(ntk_train_options_check(&o->train, &member));
    return ntk_epochs_check(&a->train);
  }
  ntk_mode mode = NTK_MODE_AUTO;
  if (strcmp(question, "memorize") == 0)
    return ntk_mode_find(o->memorize.precision, &mode);
  ntk_job job = {
      .context = a->context, .options = o->spectrum, .N = plan->samples, .rows = plan->order};
  NTK_TRY(ntk_job_check(&job));
  const ntk_status status =
      ntk_spectrum_memory(a->context, a->spec, plan->samples, &o->spectrum, &bytes);
  return status == NTK_ERR_ARGUMENT ? status : NTK_OK;
}

/* What is of one question alone is refused of others. */
static ntk_status check_question(const ntk_plan_options *o, const char *question) {
  const struct {
    const char *name, *of;
    bool given;
  } own[] = {{"full", "spectrum", o->spectrum.full},
             {"per_block", "spectrum", o->spectrum.per_block},
             {"certify", "spectrum", o->spectrum.certify},
             {"resolve", "spectrum", o->spectrum.resolve},
             {"density", "spectrum", o->spectrum.density},
             {"vectors", "spectrum", o->spectrum.vectors > 0},
             {"prefixes", "spectrum", o->spectrum.prefix_count > 0},
             {"method", "spectrum", o->spectrum.method != NULL},
             {"precision", "spectrum", o->spectrum.precision != NULL},
             {"precision", "memorize", o->memorize.precision != NULL},
             {"precision", "train", o->train.precision != NULL},
             {"kernel_precision", "train", o->train.kernel_precision != NULL},
             {"optimizer", "train", o->train.optimizer != NULL},
             {"track", "train", o->train.track > 0 || o->train.track_epochs != NULL},
             {"epochs", "train", o->train.epochs > 0},
             {"batch", "train", o->train.batch > 0},
             {"clients", "train", o->train.clients > 0},
             {"local_steps", "train", o->train.local_steps > 0}};
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
    if (own[i].given && strcmp(own[i].of, question) != 0)
      return ntk_fail(NTK_ERR_ARGUMENT, "%s is of the question %s; the question is %s", own[i].name,
                      own[i].of, question);
  return NTK_OK;
}

/* As one of the plan's ranks, which ask nothing of those that there may be. */
static ntk_status as_ranks(ntk_status (*step)(ntk_plan_asked *, const char *, ntk_plan *),
                           ntk_plan_asked *a, const char *question, ntk_plan *plan) {
  ntk_supposed before = {0};
  if (plan->ranks == 1 && ntk_ranks_count(a->context) == 1)
    return step(a, question, plan);
  ntk_status status = ntk_backend_suppose(a->context, plan->ranks, &before);
  if (status == NTK_OK)
    status = step(a, question, plan);
  ntk_backend_resume(a->context, &before);
  return status;
}

/* With widths that are there. */
static ntk_status make_plan(ntk_plan_asked *a, const char *question, ntk_plan *plan) {
  NTK_TRY(ntk_architecture_check(a->spec, &plan->parameters));
  a->parameters = plan->parameters;
  a->most = asks(a, "memorize") ? ntk_plan_memorized(a->spec)
            : asks(a, "train")  ? SIZE_MAX / 4
                                : plan->parameters / (plan->order / plan->samples);
  NTK_TRY(as_ranks(check_options, a, question, plan));
  plan->bounds = ntk_theorem31(a->spec->depth, a->spec->width);
  plan->bounds.lower_scale = fmin(plan->bounds.lower_scale, plan->bounds.upper_scale);
  NTK_TRY(ntk_plan_machine(a->context, a->options, plan->ranks, &plan->machine));
  a->memory = plan->machine.memory;
  return as_ranks(fill_methods, a, question, plan);
}

ntk_status ntk_plan_make(ntk_context *context, const ntk_network_spec *spec, size_t N,
                         const ntk_plan_options *options, ntk_plan *plan) {
  static const ntk_plan_options defaults;
  ntk_plan_asked a = {.context = context,
                      .options = options != NULL ? options : &defaults,
                      .outputs = NTK_OUTPUTS_ALL};
  const char *question = a.options->question != NULL ? a.options->question : questions[0];
  ntk_plan made = {.context = context, .samples = N};
  ntk_network_spec filled = *spec;
  size_t row = 0, *width = NULL;
  if (N == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "N is 0; accepted: 1 and up");
  NTK_TRY(NTK_NAME_FIND("question", question, questions, QUESTIONS, &row));
  NTK_TRY(check_question(a.options, question));
  NTK_TRY(ntk_plan_check_samples(&a.options->train, N));
  made.ranks = a.options->ranks > 0 ? a.options->ranks : ntk_ranks_count(context);
  NTK_TRY(ntk_plan_machine_check(a.options, made.ranks));
  if (spec->depth < 2) /* which is refused */
    return ntk_architecture_check(spec, &made.parameters);
  if (strcmp(question, "train") != 0) /* whose steps are of every output */
    a.outputs = a.options->spectrum.outputs;
  made.order = ntk_kernel_rows(spec, a.outputs, N);
  NTK_TRY(ntk_plan_widths(context, spec, strcmp(question, "memorize") == 0, &made, &width));
  filled.width = width != NULL ? width : spec->width;
  a.spec = &filled;
  const ntk_status status = make_plan(&a, question, &made);
  ntk_free(context, width);
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
