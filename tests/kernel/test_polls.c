/* How soon a long call can be stopped.
 * Property: forward passes, kernels, products, solves, copies and gradients ask the progress
 * callback every few products of blocks, once so much time has passed since it was last asked, and
 * not otherwise; whichever time it says stop, the call is cancelled, nothing is held, and the next
 * call has the bits of the first. Inside an eigensolver they tell of its phase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "kernel/descent.h"
#include "kernel/kernel.h"
#include "kernel/limit/cross.h"
#include "support.h"

enum { N = 700, D = 9, VECTORS = 9 };
static const size_t width[] = {D, 20, 12};
static const ntk_network_spec wide = {.depth = 3, .width = width, .activation = "relu"};

static struct {
  size_t calls, stop_at;
  char phase[32]; /* of the last call */
} told;

static bool note(const char *phase, double fraction, void *user) {
  assert_null(user);
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  snprintf(told.phase, sizeof told.phase, "%s", phase);
  return ++told.calls != told.stop_at;
}

/* What the calls are of; made while the clock stands. */
static ntk_context *context;
static ntk_network *network;
static ntk_dataset *data;
static ntk_features *features, *others;
static ntk_kernel *kernel, *factor;
static ntk_descent *descent;
static ntk_limit opened;
static ntk_limit_cross *cross;
static double *V, *K; /* N x VECTORS; N x N */
static size_t P;

static int setup(void **state) {
  (void)state;
  clock_tick = 0.0;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1, .progress = note}, &context));
  network = make_network(context, 3, width, "tanh", "paper", 1);
  P = ntk_network_parameters(network);
  assert_ok(ntk_dataset_generate(context, "gaussian", N, D, 1, &data));
  features = make_features(network, data);
  others = make_features(network, data);
  assert_ok(ntk_kernel_create(features, NULL, &kernel));
  assert_ok(ntk_kernel_create(features, NULL, &factor));
  assert_ok(ntk_kernel_factor(factor, -1.0));
  V = make_normal(7, N * VECTORS);
  K = kernel_array(features, N, NULL);
  assert_ok(ntk_limit_open(context, &wide, data, NULL, NULL, false, &opened));
  assert_ok(ntk_limit_cross_create(context, &wide, data, data, NULL, false, &cross));
  assert_ok(ntk_descent_create(network, data, V, NTK_PRECISION_DOUBLE, 1.0, &descent));
  return 0;
}

static int teardown(void **state) {
  (void)state;
  ntk_descent_destroy(descent);
  ntk_limit_cross_destroy(cross);
  ntk_limit_release(&opened);
  ntk_kernel_destroy(kernel);
  ntk_kernel_destroy(factor);
  ntk_features_destroy(features);
  ntk_features_destroy(others);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  free(V);
  free(K);
  return 0;
}

/* ---- The calls: each writes what it computes to out ------------------------------------------ */

static ntk_status output(double *out) {
  return ntk_network_output(network, data, out);
}
static ntk_status create_features(double *out) {
  ntk_features *made = NULL;
  const ntk_status status = ntk_features_create(network, data, &made);
  if (status == NTK_OK)
    assert_ok(ntk_features_output(made, out));
  ntk_features_destroy(made);
  return status;
}
static ntk_status create_kernel(double *out) {
  ntk_kernel *made = NULL;
  const ntk_status status = ntk_kernel_create(features, NULL, &made);
  ntk_kernel_destroy(made);
  out[0] = 1.0;
  return status;
}
static ntk_status copy(double *out) {
  ntk_kernel *made = NULL;
  const ntk_status status = ntk_kernel_copy(kernel, &made);
  ntk_kernel_destroy(made);
  out[0] = 1.0;
  return status;
}
static ntk_status values(double *out) {
  return ntk_kernel_values(kernel, out);
}
static ntk_status square(double *out) {
  return ntk_kernel_cross(features, features, NULL, out);
}
static ntk_status rectangle(double *out) {
  return ntk_kernel_cross(features, others, NULL, out);
}
static ntk_status from_array(double *out) {
  ntk_kernel *made = NULL;
  const ntk_status status = ntk_kernel_from_array(context, K, N, &made);
  ntk_kernel_destroy(made);
  out[0] = 1.0;
  return status;
}
static ntk_status apply(double *out) {
  return ntk_kernel_apply(features, NULL, V, VECTORS, out);
}
static ntk_status adjoint(double *out) {
  return ntk_jacobian_adjoint(features, V, out);
}
static ntk_status jacobian(double *out) {
  return ntk_jacobian_apply(features, K, out); /* any P numbers */
}
static ntk_status multiply(double *out) {
  const ntk_operator A = ntk_kernel_operator(kernel);
  return A.apply(A.user, V, VECTORS, out);
}
static ntk_status solve(double *out) {
  memcpy(out, V, N * VECTORS * sizeof *out);
  return ntk_kernel_solve(factor, out, VECTORS);
}
static ntk_status gradient(double *out) {
  double sum = 0.0;
  const ntk_status status = ntk_descent_gradient(descent, &sum);
  if (status == NTK_OK)
    ntk_descent_read(descent, NTK_SLOT_GRADIENT, out);
  return status;
}

static ntk_status limit(double *out) {
  ntk_kernel *made = NULL;
  const ntk_status status = ntk_limit_build(&opened, &made);
  ntk_kernel_destroy(made);
  out[0] = 1.0;
  return status;
}
static ntk_status limit_rows(double *out) {
  return ntk_limit_cross_rows(cross, 0, N, out);
}

/* least: polls. Rows are taken 192 at a time forward, 4 times; the kernel in tiles of up to 256 x
 * 128, 3 blocks each; 128 samples at a time by the operator, 6 times, in one tile of each block of
 * J^T V, and 192 rows of J; columns one by one, in the solve four together; a copy is made 1
 * MB at a time; rows of a limit between samples 24 at a time. */
static const struct {
  const char *name, *phase;
  ntk_status (*run)(double *out);
  size_t least;
  bool reports; /* whatever the time */
} calls[] = {{"output", "outputs", output, 4 * 2, false},
             {"features", "features", create_features, 4 * 4, false},
             {"kernel", "kernel", create_kernel, 10 * 3, true},
             {"copy", "copying the kernel", copy, 2, false},
             {"values", "copying the kernel", values, N, false},
             {"square", "kernel", square, 10 * 3, true},
             {"rectangle", "cross kernel", rectangle, 15 * 3, true},
             {"from array", "reading the matrix", from_array, 2 * N, false},
             {"apply", "products with the Jacobian", apply, VECTORS * 12, false},
             {"adjoint", "products with the Jacobian", adjoint, 6, false},
             {"jacobian", "products with the Jacobian", jacobian, 6, false},
             {"multiply", "products with the kernel", multiply, 3, false},
             {"solve", "solves with the factor", solve, 3, false},
             {"gradient", "training", gradient, 1, false},
             {"limit", "limit kernel", limit, 6, true},
             {"limit's rows", "limit between samples", limit_rows, (N + 23) / 24, false}};

/* Every call stopped at each of its polls; none comes while no time passes. */
static void test_stopped(void **state) {
  (void)state;
  double *first = make_array((size_t)N * N), *again = make_array((size_t)N * N);
  for (size_t c = 0; c < COUNT(calls); c++) {
    const size_t held = ntk_memory_in_use(context);
    memset(first, 0, (size_t)N * N * sizeof *first);
    memset(&told, 0, sizeof told);
    clock_tick = 0.0;
    context->asked = clock_now;
    assert_ok(calls[c].run(first));
    assert_true((told.calls > 0) == calls[c].reports);
    memset(&told, 0, sizeof told);
    clock_tick = 1.0;
    assert_ok(calls[c].run(first));
    const size_t polls = told.calls;
    if (polls < calls[c].least || strcmp(told.phase, calls[c].phase) != 0)
      fail_msg("%s: %zu polls of '%s', expected %zu at least of '%s'", calls[c].name, polls,
               told.phase, calls[c].least, calls[c].phase);
    for (size_t k = 1; k <= polls; k += polls > 100 ? 37 : 1) {
      told.calls = 0;
      told.stop_at = k;
      assert_refused(calls[c].run(again), NTK_ERR_CANCELLED, calls[c].phase);
      assert_int_equal(told.calls, k);
      assert_int_equal(ntk_memory_in_use(context), held);
    }
    told.stop_at = 0;
    memset(again, 0, (size_t)N * N * sizeof *again);
    assert_ok(calls[c].run(again));
    assert_memory_equal(again, first, (size_t)N * N * sizeof *again);
  }
  clock_tick = 0.0;
  free(first);
  free(again);
}

static bool expect_eigenvalue(const char *phase, double fraction, void *user) {
  assert_non_null(strstr(phase, "eigenvalue"));
  return note(phase, fraction, user);
}

/* Polls of the products are told as the eigensolver's, with its fraction, which it has reported
 * last; afterwards as their own. */
static void test_phase(void **state) {
  (void)state;
  double *v = make_array((size_t)N * VECTORS);
  const ntk_operator A = ntk_features_operator(features);
  ntk_eigenpair pair;
  memset(&told, 0, sizeof told);
  context->progress = expect_eigenvalue;
  clock_tick = 1.0;
  assert_ok(ntk_eigen_largest(context, &A, 1e-6, 1, &pair, v));
  assert_true(told.calls > (size_t)pair.applications * 12);
  context->progress = note;
  assert_ok(apply(v));
  assert_string_equal(told.phase, "products with the Jacobian");
  clock_tick = 0.0;
  free(v);
}

/* The callback may compute: it is not asked from within itself. */
static size_t depth;

static bool compute_inside(const char *phase, double fraction, void *user) {
  double F_L[N];
  assert_int_equal(depth, 0);
  depth++;
  assert_ok(ntk_network_output(network, data, F_L));
  depth--;
  return note(phase, fraction, user);
}

static void test_inside(void **state) {
  (void)state;
  double *F_L = make_array(N);
  memset(&told, 0, sizeof told);
  context->progress = compute_inside;
  clock_tick = 1.0;
  assert_ok(output(F_L));
  assert_true(told.calls >= 12);
  context->progress = note;
  clock_tick = 0.0;
  free(F_L);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_stopped), cmocka_unit_test(test_phase),
                                     cmocka_unit_test(test_inside)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
