/* Memory that one rank does not get, at allocations of whatever ranks compute together.
 * Property: all ranks end with that rank's words, wherever it was, none waits for it, and nothing
 * is held; what goes on without that memory has the same number. */
#include "data/dataset.h"
#include "kernel/kernel.h"
#include "kernel/subset.h"
#include "ntkit/fit.h"
#include "ranks_context.h"

#include <unistd.h>

static int starved;      /* the rank */
static size_t countdown; /* calls until it gets none; 0: it does */
static bool hit;

static bool fails(void) {
  if (countdown == 0 || rank != starved || --countdown > 0)
    return false;
  hit = true;
  return true;
}

#include "starved_memory.h"

int __real_close(int descriptor);
int __wrap_close(int descriptor);
int __wrap_close(int descriptor) {
  return __real_close(descriptor);
}

/* From a context to one number, all it made released again, whatever it returns. */
typedef ntk_status starved_fn(ntk_context *context, double *value);
/* What is asked of a network of so many outputs and samples, likewise. */
typedef ntk_status asked_fn(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                            double *value);
typedef struct question { /* one of the two */
  const char *name;
  starved_fn *compute;
  asked_fn *ask;
  size_t outputs;
} question;
static ntk_status answer(const question *q, ntk_context *context, double *value);

/* The calls-th allocation fails, on that rank: the status is all ranks', and where it is NTK_OK
 * (some are not needed: they hide a message behind work) so is the number. False: there are not so
 * many. */
static inline bool starve(const question *q, size_t calls, int on, double expected, size_t *lost) {
  ntk_context *context = make_ranks_context();
  double value = 0.0;
  hit = false;
  starved = on;
  countdown = calls;
  ntk_status status = answer(q, context, &value);
  countdown = 0;
  status = ntk_ranks_agree(context, status, ntk_ranks_what("end", 0, 0, 0));
  if (status != NTK_OK)
    assert_refused(status, NTK_ERR_MEMORY, ranks > 1 ? "rank " : "");
  else
    assert_memory_equal(&value, &expected, sizeof value);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  ntk_ranks_hand(all, on, sizeof hit, &hit);
  *lost += hit && status != NTK_OK;
  return hit;
}

/* Of the last rank, or, of an odd number, the first: its first allocations, and then fewer and
 * fewer of them; at least `least` end the computation. */
static inline void starve_some(const question *q, size_t least) {
  ntk_context *context = make_ranks_context();
  double expected = 0.0;
  size_t lost = 0;
  assert_ok(answer(q, context, &expected));
  ntk_context_destroy(context);
  for (size_t calls = (size_t)ranks; /* others of other numbers of ranks */
       starve(q, calls, ranks % 2 == 0 ? ranks - 1 : 0, expected, &lost);)
    calls += 1 + calls / 8;
  assert_true(lost >= least);
}

/* ---- Kernels --------------------------------------------------------------------------------- */

enum { M = 150, C = 4 }; /* samples, dimension */

typedef struct job {
  ntk_dataset *data;
  ntk_network *network;
  ntk_features *features;
  ntk_kernel *K;
  ntk_implicit implicit;
  ntk_subset near;
  double v[M], u[M], f2[2 * M], b2[2 * M];
} job;

static ntk_status operators(job *j) {
  NTK_TRY(ntk_implicit_create(j->network, j->data, NTK_OUTPUTS_TRACE, 30, &j->implicit));
  const ntk_operator A = ntk_implicit_operator(&j->implicit);
  NTK_TRY(A.apply(A.user, j->v, 1, j->u));
  NTK_TRY(ntk_implicit_norms(&j->implicit, j->f2, j->b2));
  NTK_TRY(ntk_subset_create(&j->implicit, 5, j->f2, &j->near));
  return ntk_subset_solve(&j->near, j->u, 1);
}

static ntk_status all_of(job *j) {
  NTK_TRY(ntk_features_create(j->network, j->data, &j->features));
  NTK_TRY(ntk_features_norms(j->features, j->f2, j->b2));
  NTK_TRY(ntk_features_output(j->features, j->u));
  NTK_TRY(ntk_network_output(j->network, j->data, j->u));
  NTK_TRY(ntk_kernel_apply(j->features, NULL, j->v, 1, j->u));
  NTK_TRY(ntk_kernel_create(j->features, NULL, &j->K));
  NTK_TRY(ntk_kernel_full(j->K, j->u));
  NTK_TRY(ntk_kernel_multiply(j->K, j->v, 1, j->u));
  NTK_TRY(ntk_kernel_factor(j->K, -1.0));
  NTK_TRY(ntk_kernel_solve(j->K, j->u, 1));
  return operators(j);
}

static ntk_status operations(ntk_context *context, double *value) {
  static const size_t wide[] = {C, 6};
  const ntk_network_spec spec = {.depth = 2, .width = wide, .activation = "tanh", .seed = 3};
  static job j;
  j = (job){0};
  for (size_t i = 0; i < M; i++)
    j.v[i] = sin(1.0 + (double)i);
  ntk_status status = ntk_network_create(context, &spec, &j.network);
  if (status == NTK_OK)
    status = ntk_dataset_generate(context, "gaussian", M, C, 1, &j.data);
  if (status == NTK_OK)
    status = all_of(&j);
  *value = j.u[0];
  ntk_subset_destroy(&j.near);
  ntk_implicit_destroy(&j.implicit);
  ntk_kernel_destroy(j.K);
  ntk_features_destroy(j.features);
  ntk_dataset_destroy(j.data);
  ntk_network_destroy(j.network);
  return status;
}

/* ---- Questions --------------------------------------------------------------------------------
 */

enum { N = 60, D = 5 };

static const size_t width[] = {D, 24, 36}, narrow[] = {D, 4, 4}, prefixes[] = {3, 50};
static double labels[2 * N];
static char directory[] = "/tmp/ntkit-ranks-XXXXXX", path[64]; /* of rank 0 */

static ntk_network_spec of(const size_t *widths, size_t outputs) {
  return (ntk_network_spec){.depth = 3,
                            .width = widths,
                            .outputs = outputs,
                            .activation = "tanh",
                            .init = "standard",
                            .seed = 3};
}

static ntk_status answer(const question *q, ntk_context *context, double *value) {
  if (q->compute != NULL)
    return q->compute(context, value);
  const ntk_network_spec spec = of(width, q->outputs);
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_status status = ntk_network_create(context, &spec, &network);
  if (status == NTK_OK)
    status = ntk_dataset_generate(context, "gaussian", N, D, 1, &data);
  if (status == NTK_OK)
    status = q->ask(context, network, data, value);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  return status;
}

/* ---- Spectra --------------------------------------------------------------------------------- */

static ntk_status find(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                       const ntk_spectrum_options *options, double *value) {
  ntk_spectrum_result result = {0};
  NTK_TRY(ntk_spectrum(context, network, data, options, &result));
  *value = result.lambda_min;
  ntk_spectrum_clear(&result);
  return NTK_OK;
}

static ntk_status find_all(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                           double *value) {
  const ntk_spectrum_options options = {.outputs = NTK_OUTPUTS_ALL,
                                        .full = true,
                                        .per_block = true,
                                        .certify = true,
                                        .vectors = 2,
                                        .prefixes = prefixes,
                                        .prefix_count = COUNT(prefixes),
                                        .density = true,
                                        .probes = 1,
                                        .steps = 4,
                                        .precision = "double"};
  return find(context, network, data, &options, value);
}

static ntk_status find_mixed(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                             double *value) {
  return find(context, network, data, &(ntk_spectrum_options){.precision = "mixed"}, value);
}

static ntk_status find_operator(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                                double *value) {
  const ntk_spectrum_options options = {.method = "operator", .tolerance = 0.1};
  return find(context, network, data, &options, value);
}

/* ---- Trainings ------------------------------------------------------------------------------- */

static ntk_status train(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                        const ntk_train_options *options, double *value) {
  ntk_train_result result = {0};
  NTK_TRY(ntk_train(context, network, data, labels, options, &result));
  *value = result.loss_final;
  ntk_train_clear(&result);
  return NTK_OK;
}

static ntk_status train_tracked(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                                double *value) {
  const ntk_train_options options = {
      .track = 2, .track_weights = true, .question = true, .checkpoint = path, .epochs = 2};
  if (rank == 0)
    (void)unlink(path);
  return train(context, network, data, &options, value);
}

static ntk_status train_second(ntk_context *context, ntk_network *network, const ntk_dataset *data,
                               double *value) {
  const ntk_train_options options = {.optimizer = "lm", .kernel_precision = "mixed", .epochs = 2};
  return train(context, network, data, &options, value);
}

/* ---- Memorisation ---------------------------------------------------------------------------- */

static ntk_status memorize(ntk_context *context, const ntk_network_spec *spec,
                           const ntk_memorize_options *options, double *value) {
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  ntk_memorize_result result;
  NTK_TRY(ntk_dataset_generate(context, "gaussian", N, D, 1, &data));
  const ntk_status status =
      ntk_memorize(context, spec, data, labels, 1, options, &network, &result);
  *value = status == NTK_OK ? result.max_error : 0.0;
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

static ntk_status by_mixed(ntk_context *context, double *value) {
  const ntk_network_spec spec = of(width, 1);
  return memorize(context, &spec, &(ntk_memorize_options){.precision = "mixed"}, value);
}

static ntk_status by_gradients(ntk_context *context, double *value) {
  const ntk_network_spec spec = of(width, 2);
  return memorize(context, &spec, &(ntk_memorize_options){.iterative = true, .eps = 1e-2}, value);
}

/* More samples than parameters. */
static ntk_status singular(ntk_context *context, double *value) {
  const ntk_network_spec spec = of(narrow, 1);
  return memorize(context, &spec, &(ntk_memorize_options){.precision = "double"}, value);
}

static const question questions[] = {
    {.name = "operations", .compute = operations},
    {.name = "spectrum", .ask = find_all, .outputs = 2},
    {.name = "mixed", .ask = find_mixed, .outputs = 1},
    {.name = "operator", .ask = find_operator, .outputs = 1},
    {.name = "training", .ask = train_tracked, .outputs = 1},
    {.name = "second order", .ask = train_second, .outputs = 1},
    {.name = "memorised", .compute = by_mixed},
    {.name = "iterative", .compute = by_gradients},
    {.name = "singular", .compute = singular},
};

static void test_starved(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(questions); k++) {
    if (rank == 0)
      printf("%s\n", questions[k].name);
    starve_some(&questions[k], 10);
  }
}

static int open(void **state) {
  if (setup(state) != 0 || (rank == 0 && mkdtemp(directory) == NULL))
    return -1;
  ntk_ranks_hand(all, 0, sizeof directory, directory);
  (void)snprintf(path, sizeof path, "%s/run", directory);
  double *Y = make_normal(2, 2 * N);
  memcpy(labels, Y, sizeof labels);
  free(Y);
  return 0;
}

static int close_all(void **state) {
  if (rank == 0)
    (void)unlink(path);
  return (rank == 0 && rmdir(directory) != 0) || teardown(state) != 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_starved),
  };
  return run_on_ranks(tests, COUNT(tests), open, close_all);
}
