/* Training with a margin, at its edges.
 * Properties: a run that stops for the margin has it as computed in double, whatever its own
 * precision makes of the loss; margins whose squares a precision does not hold are refused, and
 * labels that a symmetry of the network contradicts, whose samples are named; what theory says of
 * squares is not told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "one_context.h"
#include "train_support.h"

static const size_t width[] = {6, 12, 12};

static fit_problem signs_of(ntk_network_spec spec, size_t N) {
  fit_problem p = fit_create(one, spec, N);
  for (size_t i = 0; i < N; i++)
    p.Y[i] = p.Y[i] < 0.0 ? -1.0 : 1.0;
  return p;
}

/* Outputs are differences of numbers near 1e6, known in float to 0.1: the loss is enough long
 * before the outputs are. */
static void test_float(void **state) {
  (void)state;
  const double enough = 0.5 * 0.25 * 0.25;
  size_t early = 0, stopped = 0;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    const ntk_network_spec spec = {.depth = 3,
                                   .width = width,
                                   .activation = "tanh",
                                   .init = "antisymmetric",
                                   .gamma = 1e12,
                                   .seed = seed};
    fit_problem p = signs_of(spec, 2);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.precision = "float", .margin = 1.0, .epochs = 300});
    for (size_t t = 0; t < r.epochs; t++)
      early += r.loss[t] <= enough;
    stopped += r.stopped == NTK_STOP_MARGIN;
    if (r.stopped == NTK_STOP_MARGIN)
      assert_true(r.margin >= 1.0 && r.loss_final <= enough);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
  assert_true(early > 0 && stopped > 0);
}

static void test_sizes(void **state) {
  (void)state;
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 2};
  const struct {
    const char *precision;
    double margin;
    const char *says;
  } cases[] = {{"double", 1e-170, "the margin is 1e-170; accepted: from 1e-150 to 1e+150"},
               {"double", 1e170, "the margin is 1e+170; accepted: from 1e-150 to 1e+150"},
               {"float", 1e-20, "the margin is 1e-20; accepted: from 1e-15 to 1e+15"},
               {"float", 1e20, "the margin is 1e+20; accepted: from 1e-15 to 1e+15"}};
  fit_problem p = signs_of(spec, 5);
  double *start = fit_theta(&p);
  for (size_t i = 0; i < COUNT(cases); i++) {
    const ntk_train_options o = {.precision = cases[i].precision, .margin = cases[i].margin};
    ntk_train_result r = {0};
    assert_refused(ntk_train(one, p.network, p.data, p.Y, &o, &r), NTK_ERR_ARGUMENT, cases[i].says);
  }
  for (double margin = 1e-10; margin <= 1e10; margin *= 1e10) { /* of float alone, in its range */
    fit_set(&p, start);
    ntk_train_result r =
        fit_run(&p, (ntk_train_options){.optimizer = "gd", .margin = margin, .epochs = 20000});
    assert_true(r.stopped != NTK_STOP_MARGIN || r.margin >= margin);
    ntk_train_clear(&r);
  }
  free(start);
  fit_destroy(&p);
}

/* Rows 1 and 3 are c times each other, row 2 is 0 or not. */
static void refuse(const char *activation, double c, double second, double label, bool bias,
                   const char *says) {
  const size_t narrow[] = {3, 8, 6};
  const bool biases[] = {bias, bias, bias};
  const double X[9] = {1.0, 2.0, -1.0, second, 0.0, 0.0, c, 2.0 * c, -c};
  const double Y[3] = {1.0, -1.0, label};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = narrow,
                                 .activation = activation,
                                 .bias = bias ? biases : NULL,
                                 .bias_deviation = 0.5,
                                 .seed = 3};
  ntk_network *network = fit_network(one, &spec);
  ntk_dataset *data = NULL;
  ntk_train_result r = {0};
  const ntk_train_options o = {.margin = 1.0, .optimizer = "adam", .lr = 1e-3, .epochs = 2};
  assert_ok(ntk_dataset_from_array(one, X, 3, 3, &data));
  const ntk_status status = ntk_train(one, network, data, Y, &o, &r);
  if (says != NULL) {
    assert_refused(status, NTK_ERR_ARGUMENT, says);
  } else {
    assert_ok(status);
    ntk_train_clear(&r);
  }
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
}

static void test_contrary(void **state) {
  (void)state;
  refuse("tanh", -1.0, 1.0, 1.0, false,
         "row 3 of the data (from 1) is -1 times row 1, F_L(-x) = -F_L(x), and their labels are");
  refuse("tanh", -1.0, 1.0, -1.0, false, NULL);
  refuse("tanh", -1.0, 1.0, 1.0, true, NULL); /* biases leave no symmetry */
  refuse("tanh", 3.0, 1.0, -1.0, false, NULL);
  refuse("relu", 3.0, 1.0, -1.0, false, "is 3 times row 1, F_L(c x) = c F_L(x)");
  refuse("relu", 3.0, 1.0, 1.0, false, NULL); /* which equations could not meet */
  refuse("relu", -1.0, 1.0, 1.0, false, NULL);
  refuse("gaussian", -1.0, 1.0, -1.0, false, "is -1 times row 1, F_L(-x) = F_L(x)");
  refuse("sigmoid", 1.0, 1.0, -1.0, false,
         "samples 1 and 3 (from 1) are equal and have different labels: no weights fit both");
  refuse("sigmoid", 1.0, 1.0, 1.0, false, NULL);
  refuse("tanh", 2.0, 0.0, 1.0, false, "row 2 of the data (from 1) is 0, where F_L = 0");
}

/* Of batches: Ma, Bassily and Belkin's are squares. */
static void test_no_rate(void **state) {
  (void)state;
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 2};
  fit_problem p = signs_of(spec, 20);
  ntk_train_options o = {.batch = 4, .epochs = 2};
  ntk_train_result r = fit_run(&p, o);
  assert_true(r.batches.rate < 1.0 && r.batches.reason[0] == '\0');
  ntk_train_clear(&r);
  o.margin = 1.0;
  r = fit_run(&p, o);
  assert_true(isnan(r.batches.rate) && isnan(r.batches.critical) && isnan(r.batches.lr_best));
  assert_string_equal(r.batches.reason, "it is of squares, not of a margin");
  ntk_train_clear(&r);
  fit_destroy(&p);
}

/* A singular K_0 leaves no rate, and the size of a batch beyond which more hardly helps. */
static void test_singular(void **state) {
  (void)state;
  const size_t narrow[] = {3, 4, 4};
  const ntk_network_spec spec = {.depth = 3, .width = narrow, .activation = "tanh", .seed = 2};
  fit_problem p = fit_create(one, spec, 60);
  ntk_train_result r = fit_run(&p, (ntk_train_options){.batch = 10, .epochs = 1});
  assert_true(isnan(r.batches.rate) && r.batches.critical > 1.0);
  assert_non_null(strstr(r.batches.reason, "exceed the P = 32 parameters"));
  ntk_train_clear(&r);
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_float),    cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_contrary), cmocka_unit_test(test_no_rate),
      cmocka_unit_test(test_singular),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
