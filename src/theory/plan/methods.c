#include "theory/plan/methods.h"

#include "base/ranks/ranks.h"
#include "theory/spectrum/job.h"

#include <string.h>

/* Bytes by that method and precision. */
static ntk_status spectrum_bytes(const ntk_plan_asked *a, size_t N, const char *method,
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

/* What mixed precision is not for is done in double. */
static bool factor_serves(const ntk_plan_asked *a, size_t N) {
  const ntk_spectrum_options *o = &a->options->spectrum;
  return leaves(o->method, "factor") &&
         (leaves(o->precision, "double") || ntk_spectrum_double_for(o) != NULL ||
          ntk_work_singular(a->spec, o->outputs, N));
}

static void factor_work(const ntk_plan_asked *a, size_t N, ntk_work_list *list) {
  ntk_work_spectrum(a->spec, N, &a->options->spectrum, list);
}

static ntk_status factor_memory(const ntk_plan_asked *a, size_t N, size_t *bytes) {
  return spectrum_bytes(a, N, "factor", "double", bytes);
}

static bool mixed_serves(const ntk_plan_asked *a, size_t N) {
  const ntk_spectrum_options *o = &a->options->spectrum;
  return leaves(o->method, "factor") && leaves(o->precision, "mixed") &&
         ntk_spectrum_double_for(o) == NULL && !ntk_work_singular(a->spec, o->outputs, N);
}

/* Of a factor, as ntk_spectrum chooses it in the memory that the context has. */
ntk_status ntk_plan_way(const ntk_plan_asked *a, size_t N, const ntk_spectrum_options *o,
                        ntk_way *way) {
  const char *why = NULL;
  const double available = (double)ntk_memory_available(a->context) -
                           ntk_spectrum_held(a->context, a->spec, N, a->parameters);
  const ntk_share share = ntk_ranks_share(a->context, N);
  return ntk_spectrum_way(a->context, a->spec, &share, o, available, way, &why);
}

static void mixed_work(const ntk_plan_asked *a, size_t N, ntk_work_list *list) {
  ntk_spectrum_options options = a->options->spectrum;
  ntk_way way = NTK_WAY_MIXED;
  options.precision = "mixed";
  (void)ntk_plan_way(a, N, &options, &way); /* it is mixed */
  ntk_work_mixed(a->spec, N, &options, way == NTK_WAY_MIXED, list);
}

static ntk_status mixed_memory(const ntk_plan_asked *a, size_t N, size_t *bytes) {
  return spectrum_bytes(a, N, "factor", "mixed", bytes);
}

static bool operator_serves(const ntk_plan_asked *a, size_t N) {
  const ntk_spectrum_options *o = &a->options->spectrum;
  const bool singular = ntk_work_singular(a->spec, o->outputs, N);
  return leaves(o->method, "operator") && leaves(o->precision, "double") &&
         ntk_job_needs_kernel(o) == NULL && (!singular || !leaves(o->method, "factor"));
}

static void operator_work(const ntk_plan_asked *a, size_t N, ntk_work_list *list) {
  (ntk_work_singular(a->spec, a->outputs, N) ? ntk_work_spectrum : ntk_work_operator)(
      a->spec, N, &a->options->spectrum, list);
}

static ntk_status operator_memory(const ntk_plan_asked *a, size_t N, size_t *bytes) {
  return spectrum_bytes(a, N, "operator", "double", bytes);
}

static void memorize_work(const ntk_plan_asked *a, size_t N, ntk_work_list *list) {
  ntk_work_memorize(a->spec, N, false, list);
}

static void memorize_mixed_work(const ntk_plan_asked *a, size_t N, ntk_work_list *list) {
  ntk_work_memorize(a->spec, N, true, list);
}

static ntk_status memorize_bytes(const ntk_plan_asked *a, size_t N, const char *precision,
                                 size_t *bytes) {
  ntk_memorize_options options = a->options->memorize;
  options.precision = precision;
  return ntk_memorize_memory(a->context, a->spec, N, 1, &options, bytes);
}

static ntk_status memorize_memory(const ntk_plan_asked *a, size_t N, size_t *bytes) {
  return memorize_bytes(a, N, "double", bytes);
}

static ntk_status memorize_mixed_memory(const ntk_plan_asked *a, size_t N, size_t *bytes) {
  return memorize_bytes(a, N, "mixed", bytes);
}

static bool memorize_serves(const ntk_plan_asked *a, size_t N) {
  (void)N;
  return leaves(a->options->memorize.precision, "double");
}

static bool memorize_mixed_serves(const ntk_plan_asked *a, size_t N) {
  (void)N;
  return !a->options->memorize.iterative && leaves(a->options->memorize.precision, "mixed");
}

static void train_work(const ntk_plan_asked *a, size_t N, ntk_work_list *list) {
  ntk_work_train(a->spec, N, &a->train, false, list);
}

static void train_mixed_work(const ntk_plan_asked *a, size_t N, ntk_work_list *list) {
  ntk_work_train(a->spec, N, &a->train, true, list);
}

static ntk_status train_bytes(const ntk_plan_asked *a, size_t N, const char *precision,
                              size_t *bytes) {
  ntk_train_options options = a->train;
  options.batch = options.batch < N ? options.batch : N; /* of fewer samples than are asked about */
  options.clients = options.clients < N ? options.clients : N;
  options.kernel_precision = precision;
  return ntk_train_memory(a->context, a->spec, N, &options, bytes);
}

/* As ntk_train will. */
ntk_status ntk_plan_check_samples(const ntk_train_options *o, size_t N) {
  const char *name = o->batch > N ? "batch" : "clients";
  const size_t most = o->batch > N ? o->batch : o->clients;
  if (most <= N)
    return NTK_OK;
  return ntk_fail_about(ntk_fail(NTK_ERR_ARGUMENT,
                                 "%s is %zu, and there are %zu samples; accepted: from 1 to %zu",
                                 name, most, N, N),
                        (ntk_error){.option = name});
}

static ntk_status train_memory(const ntk_plan_asked *a, size_t N, size_t *bytes) {
  return train_bytes(a, N, "double", bytes);
}

static ntk_status train_mixed_memory(const ntk_plan_asked *a, size_t N, size_t *bytes) {
  return train_bytes(a, N, "mixed", bytes);
}

static bool train_mixed_serves(const ntk_plan_asked *a, size_t N) {
  return leaves(a->train.kernel_precision, "mixed") &&
         ntk_work_train_factors(a->spec, N, &a->train);
}

static bool train_serves(const ntk_plan_asked *a, size_t N) {
  return leaves(a->train.kernel_precision, "double") || !train_mixed_serves(a, N);
}

const ntk_plan_row ntk_plan_rows[] = {
    {"spectrum", "factor", factor_work, factor_memory, factor_serves},
    {"spectrum", "mixed", mixed_work, mixed_memory, mixed_serves},
    {"spectrum", "operator", operator_work, operator_memory, operator_serves},
    {"memorize", "factor", memorize_work, memorize_memory, memorize_serves},
    {"memorize", "mixed", memorize_mixed_work, memorize_mixed_memory, memorize_mixed_serves},
    {"train", NULL, train_work, train_memory, train_serves}, /* the optimizer's name */
    {"train", "mixed", train_mixed_work, train_mixed_memory, train_mixed_serves},
};
