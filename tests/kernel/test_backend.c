/* A backend that has few operations, and a parent for the rest.
 * Property: every operation it leaves out is its parent's, and with these all that the library does
 * has the parent's bits; what it keeps is made and given back once, and is in every forecast; one
 * that lacks operations is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "kernel/kernel.h"
#include "ntkit/fit.h"
#include "ntkit/verify.h"
#include "support.h"

enum { KEPT = 123456, DIM = 6, SAMPLES = 40 };

/* What the counting backend keeps: calls of its operations, and KEPT bytes. */
typedef struct counts {
  size_t build, apply, factor;
  unsigned char pool[KEPT - 3 * sizeof(size_t)];
} counts;

static size_t made, given_back;

static ntk_status create(ntk_context *context, void **state) {
  NTK_TRY(ntk_alloc(context, 1, sizeof(counts), "pool", state));
  memset(*state, 0, sizeof(counts));
  made++;
  return NTK_OK;
}

static void destroy(ntk_context *context, void *state) {
  ntk_free(context, state);
  given_back++;
}

static double bytes(const ntk_context *context, const void *state) {
  (void)context;
  return state != NULL ? (double)sizeof(counts) : 0.0;
}

static ntk_backend counting;

static counts *of(const ntk_context *context) {
  return ntk_backend_state(context, &counting);
}

static ntk_status build(const ntk_features *features, const bool *blocks, ntk_kernel *kernel) {
  of(features->context)->build++;
  return ntk_backend_cpu.kernel_build(features, blocks, kernel);
}

static ntk_status apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                        double *out) {
  of(features->context)->apply++;
  return ntk_backend_cpu.apply(features, blocks, V, m, out);
}

static ntk_status factor(ntk_kernel *kernel, double shift) {
  of(kernel->context)->factor++;
  return ntk_backend_cpu.kernel_factor(kernel, shift);
}

static ntk_backend counting = {.name = "counting",
                               .parent = &ntk_backend_cpu,
                               .own = {create, destroy, bytes},
                               .kernel_build = build,
                               .apply = apply,
                               .kernel_factor = factor};

static ntk_context *make_context_on(const ntk_backend *backend) {
  ntk_context *context = NULL;
  assert_ok(ntk_context_create_on(backend, &(ntk_context_options){.threads = 1}, &context));
  return context;
}

static const size_t width[] = {DIM, 9, 10};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};

/* Everything from bytes on is cpu's, but for the three; of a child of it, counting's. */
static void test_delegates(void **state) {
  (void)state;
  const size_t first = offsetof(ntk_backend, bytes);
  ntk_backend expected = ntk_backend_cpu;
  expected.kernel_build = build;
  expected.apply = apply;
  expected.kernel_factor = factor;
  const ntk_backend child = {.name = "child", .parent = &counting};
  const ntk_backend *const chosen[] = {&counting, &child};
  for (size_t k = 0; k < COUNT(chosen); k++) {
    ntk_context *context = make_context_on(chosen[k]);
    assert_memory_equal((const char *)context->backend + first, (const char *)&expected + first,
                        sizeof expected - first);
    assert_string_equal(ntk_context_environment(context).backend, chosen[k]->name);
    assert_non_null(of(context));
    assert_null(ntk_backend_state(context, &ntk_backend_cpu));
    ntk_context_destroy(context);
  }
}

/* Numbers that go through nearly every operation. */
typedef struct numbers {
  ntk_spectrum_result spectrum;
  ntk_memorize_result memorized;
  double loss, ledger;
} numbers;

static numbers compute(ntk_context *context) {
  numbers n = {0};
  double *X = make_normal(1, SAMPLES * DIM), *Y = make_normal(2, SAMPLES);
  ntk_network *network = NULL, *memorized = NULL;
  ntk_dataset *data = make_data(context, X, SAMPLES, DIM);
  assert_ok(ntk_network_create(context, &spec, &network));
  const ntk_spectrum_options all = {.full = true, .certify = true, .per_block = true};
  assert_ok(ntk_spectrum(context, network, data, &all, &n.spectrum));
  ntk_ledger ledger = {0};
  const ntk_verify_options verify = {.population = NTK_LEAST_POPULATION};
  assert_ok(ntk_verify(context, network, data, "gaussian", &verify, &ledger));
  for (size_t i = 0; i < ledger.rows; i++)
    n.ledger += isfinite(ledger.row[i].value) ? ledger.row[i].value : 0.0;
  ntk_ledger_clear(&ledger);
  const ntk_memorize_options iterative = {.iterative = true};
  assert_ok(ntk_memorize(context, &spec, data, Y, 1, &iterative, &memorized, &n.memorized));
  ntk_train_result trained;
  assert_ok(ntk_train(context, network, data, Y, &(ntk_train_options){.epochs = 20, .track = 10},
                      &trained));
  n.loss = trained.loss_final;
  ntk_train_clear(&trained);
  ntk_network_destroy(memorized);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  free(X);
  free(Y);
  return n;
}

static void test_bits(void **state) {
  (void)state;
  ntk_context *cpu = make_context(1), *context = make_context_on(&counting);
  numbers expected = compute(cpu), actual = compute(context);
  const counts *c = of(context);
  assert_true(c->build > 0 && c->apply > 0 && c->factor > 0);
  assert_true(actual.spectrum.lambda_min == expected.spectrum.lambda_min);
  assert_true(actual.spectrum.lambda_max == expected.spectrum.lambda_max);
  assert_true(actual.spectrum.certificate.lower == expected.spectrum.certificate.lower);
  assert_true(actual.memorized.relative_error == expected.memorized.relative_error);
  assert_true(actual.loss == expected.loss && actual.ledger == expected.ledger);
  ntk_spectrum_clear(&expected.spectrum);
  ntk_spectrum_clear(&actual.spectrum);
  ntk_context_destroy(cpu);
  ntk_context_destroy(context);
}

/* Made with the context and given back with it; each forecast is cpu's and these bytes. */
static void test_own_bytes(void **state) {
  (void)state;
  made = given_back = 0;
  ntk_context *cpu = make_context(1), *context = make_context_on(&counting);
  assert_int_equal(made, 1);
  assert_int_equal(ntk_memory_in_use(context), sizeof(counts));
  size_t expected[4], actual[4];
  ntk_context *const both[] = {cpu, context};
  for (size_t k = 0; k < 2; k++) {
    size_t *to = k == 0 ? expected : actual;
    assert_ok(ntk_spectrum_memory(both[k], &spec, SAMPLES, NULL, &to[0]));
    assert_ok(ntk_verify_memory(both[k], &spec, SAMPLES, NULL, &to[1]));
    assert_ok(ntk_train_memory(both[k], &spec, SAMPLES, NULL, &to[2]));
    assert_ok(ntk_memorize_memory(both[k], &spec, SAMPLES, 1, NULL, &to[3]));
  }
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(actual[i], expected[i] + sizeof(counts));
  ntk_context_destroy(context);
  ntk_context_destroy(cpu);
  assert_int_equal(given_back, 1);
}

/* Features of two contexts make a cross kernel when these have one backend. */
static void test_two_contexts(void **state) {
  (void)state;
  const ntk_backend sibling = {.name = "sibling", .parent = &ntk_backend_cpu};
  ntk_context *context[] = {make_context(1), make_context(1), make_context_on(&counting),
                            make_context_on(&sibling)};
  ntk_dataset *data[4];
  ntk_network *network[4];
  ntk_features *features[4];
  double *X = make_normal(1, SAMPLES * DIM), A[2][SAMPLES * SAMPLES];
  for (size_t c = 0; c < 4; c++) {
    data[c] = make_data(context[c], X, SAMPLES, DIM);
    assert_ok(ntk_network_create(context[c], &spec, &network[c]));
    features[c] = make_features(network[c], data[c]);
  }
  assert_ok(ntk_kernel_cross(features[0], features[0], NULL, A[0]));
  assert_ok(ntk_kernel_cross(features[0], features[1], NULL, A[1]));
  assert_memory_equal(A[0], A[1], sizeof A[0]);
  for (size_t c = 0; c < 4; c++)
    if (c != 2)
      assert_refused(ntk_kernel_cross(features[c], features[2], NULL, A[1]), NTK_ERR_SHAPE,
                     "one backend");
  for (size_t c = 0; c < 4; c++) {
    ntk_features_destroy(features[c]);
    ntk_network_destroy(network[c]);
    ntk_dataset_destroy(data[c]);
    ntk_context_destroy(context[c]);
  }
  free(X);
}

static ntk_status cannot(ntk_context *context, void **state) {
  (void)context;
  (void)state;
  return ntk_fail(NTK_ERR_MEMORY, "no stream could be had");
}

/* Without a parent the missing operations are counted; what cannot be made is no context, and what
 * parents had made for it is given back. */
static void test_refusals(void **state) {
  (void)state;
  ntk_context *context = NULL;
  ntk_backend alone = ntk_backend_cpu;
  alone.kernel_row = NULL;
  alone.descent_bytes = NULL;
  const ntk_context_options one = {.threads = 1};
  assert_refused(ntk_context_create_on(&alone, &one, &context), NTK_ERR_ARGUMENT,
                 "neither it nor a parent has 2 of");
  const ntk_backend failing = {.name = "failing", .parent = &counting, .own = {.create = cannot}};
  made = given_back = 0;
  assert_refused(ntk_context_create_on(&failing, &one, &context), NTK_ERR_MEMORY, "no stream");
  assert_int_equal(made, 1);
  assert_int_equal(given_back, 1);
  ntk_backend itself = {.name = "itself"};
  itself.parent = &itself;
  assert_refused(ntk_context_create_on(&itself, &one, &context), NTK_ERR_LIMIT, "more than 3");
  assert_null(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_delegates), cmocka_unit_test(test_bits),
      cmocka_unit_test(test_own_bytes), cmocka_unit_test(test_two_contexts),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
