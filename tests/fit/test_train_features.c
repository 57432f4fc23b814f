/* Features of a network that is trained afterwards.
 * Property: they are of the weights they were made at, and all that needs them is refused once
 * those have changed; where a training gives the weights back, they are as good as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/kernel.h"

#include "train_support.h"

enum { N = 12 };
static const size_t width[] = {4, 6, 5};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 5};

/* K of these features, N x N, to be freed. */
static double *kernel_of(const ntk_features *features) {
  ntk_kernel *K = NULL;
  double *A = make_array(N * N);
  assert_ok(ntk_kernel_create(features, NULL, &K));
  assert_ok(ntk_kernel_values(K, A));
  ntk_kernel_destroy(K);
  return A;
}

/* Every public function of features, and those that floors above use. */
static void check_refused(ntk_features *old, ntk_features *present, size_t P) {
  const char *says = "weights have changed since these features were made";
  double *g = make_array(P), *u = make_array(N * N), *norms = make_array(6 * N);
  ntk_kernel *K = NULL;
  ntk_features *centred = NULL;
  const ntk_operator A = ntk_features_operator(old);
  assert_refused(ntk_features_output(old, u), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_kernel_create(old, NULL, &K), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_kernel_cross(old, present, NULL, u), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_kernel_cross(present, old, NULL, u), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_kernel_apply(old, NULL, g, 1, u), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_jacobian_adjoint(old, u, g), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_jacobian_apply(old, g, u), NTK_ERR_ARGUMENT, says);
  assert_refused(A.apply(A.user, g, 1, u), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_features_norms(old, norms, norms + 3 * N), NTK_ERR_ARGUMENT, says);
  assert_refused(ntk_features_centre(old, g, g, &centred), NTK_ERR_ARGUMENT, says);
  assert_null(K);
  assert_null(centred);
  free(g);
  free(u);
  free(norms);
}

static void test_changed(void **state) {
  (void)state;
  static const char *const optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm"};
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    fit_problem p = fit_create(make_context(1), spec, N);
    ntk_features *old = make_features(p.network, p.data);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = optimizers[k], .epochs = 3, .track = 1});
    ntk_features *present = make_features(p.network, p.data);
    check_refused(old, present, p.P);
    free(kernel_of(present));
    ntk_features_destroy(old);
    ntk_features_destroy(present);
    ntk_train_clear(&r);
    ntk_context *context = p.context;
    fit_destroy(&p);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
  }
}

/* A run that diverges, and runs that are refused. */
static void test_given_back(void **state) {
  (void)state;
  fit_problem p = fit_create(make_context(1), spec, N);
  ntk_features *features = make_features(p.network, p.data);
  double *before = kernel_of(features);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.lr = 1e6, .epochs = 100});
  assert_int_equal(r.stopped, NTK_STOP_DIVERGED);
  ntk_train_clear(&r);
  for (int single = 0; single < 2; single++) {
    double *Y = make_array(N);
    Y[3] = single ? 1e300 : NAN;
    const ntk_train_options options = {.optimizer = "adam",
                                       .precision = single ? "float" : "double"};
    assert_true(ntk_train(p.context, p.network, p.data, Y, &options, &r) != NTK_OK);
    free(Y);
  }
  double *after = kernel_of(features);
  assert_memory_equal(before, after, N * N * sizeof *before);
  free(before);
  free(after);
  ntk_features_destroy(features);
  ntk_context *context = p.context;
  fit_destroy(&p);
  ntk_context_destroy(context);
}

/* Makes features once a training has come some way, and calls it off. */
typedef struct midst {
  const ntk_network *network;
  const ntk_dataset *data;
  ntk_features *features;
} midst;

static bool make_and_stop(const char *phase, double fraction, void *user) {
  midst *m = user;
  (void)phase;
  (void)fraction;
  if (m->features != NULL || m->network == NULL || m->network->version < 4)
    return true;
  m->features = make_features(m->network, m->data);
  return false;
}

/* Those are of weights that the network no longer has: later runs do not make them good. */
static void test_called_off(void **state) {
  (void)state;
  midst m = {0};
  ntk_context *context = NULL;
  const ntk_context_options options = {
      .threads = 1, .progress = make_and_stop, .progress_user = &m};
  assert_ok(ntk_context_create(&options, &context));
  fit_problem p = fit_create(context, spec, N);
  m.network = p.network;
  m.data = p.data;
  ntk_train_result r;
  const ntk_train_options tracked = {.epochs = 20, .track = 1};
  assert_int_equal(ntk_train(context, p.network, p.data, p.Y, &tracked, &r), NTK_ERR_CANCELLED);
  assert_non_null(m.features);
  for (size_t epochs = 1; epochs <= 6; epochs++) {
    r = fit_run(&p, (ntk_train_options){.epochs = 1});
    ntk_features *present = make_features(p.network, p.data);
    check_refused(m.features, present, p.P);
    ntk_features_destroy(present);
    ntk_train_clear(&r);
  }
  ntk_features_destroy(m.features);
  fit_destroy(&p);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_changed),
      cmocka_unit_test(test_given_back),
      cmocka_unit_test(test_called_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
