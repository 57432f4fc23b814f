/* Update rules and the object around them.
 * Property: each rule is the recursion written in kernel/descent.h; what is written is read back to
 * the bit; an epoch allocates nothing; the bytes foretold are those taken; wrong input is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "descent_support.h"

/* One step of a rule, entry by entry, on plain arrays. */
static void plain_update(size_t P, const ntk_update *u, const double *g, double *theta, double *m,
                         double *v) {
  for (size_t q = 0; q < P; q++)
    switch (u->rule) {
    case NTK_RULE_GD:
      theta[q] -= u->lr * g[q];
      break;
    case NTK_RULE_MOMENTUM:
      m[q] = u->beta1 * m[q] + g[q];
      theta[q] -= u->lr * m[q];
      break;
    case NTK_RULE_NESTEROV:
      m[q] = u->beta1 * m[q] + g[q];
      theta[q] -= u->lr * (g[q] + u->beta1 * m[q]);
      break;
    case NTK_RULE_ADAM:
      m[q] = u->beta1 * m[q] + (1.0 - u->beta1) * g[q];
      v[q] = u->beta2 * v[q] + (1.0 - u->beta2) * g[q] * g[q];
      theta[q] -= u->lr * (m[q] / (1.0 - pow(u->beta1, (double)u->step))) /
                  (sqrt(v[q] / (1.0 - pow(u->beta2, (double)u->step))) + u->epsilon);
      break;
    }
}

/* So many epochs by plain loops and by the step: theta and moments agree. */
static void check_rule(const ntk_step_code *code, ntk_rule rule, size_t epochs, double tolerance) {
  const size_t width[] = {6, 11, 8, 1};
  problem p = make_problem(1, "tanh", 3, width, 40);
  ntk_descent *descent = make_descent_of(&p, code, 2.0 / 40.0);
  double *theta = make_array(p.P), *g = make_array(p.P), *m = make_array(p.P), *v = make_array(p.P);
  memcpy(theta, p.network->theta, p.P * sizeof *theta);
  ntk_update update = {rule, rule == NTK_RULE_ADAM ? 0.01 : 0.05, 0.9, 0.999, 1e-8, 0};
  double first = 0.0, sum = 0.0, expected = 0.0;
  for (update.step = 1; update.step <= epochs; update.step++) {
    ntk_descent_gradient(descent, &sum);
    ntk_descent_update(descent, &update);
    expected = plain_gradient(&p, theta, 2.0 / 40.0, g);
    plain_update(p.P, &update, g, theta, m, v);
    if (update.step == 1)
      first = sum;
  }
  assert_near(sum, expected, tolerance * expected, "sum");
  assert_true(sum < first);
  const double *arrays[] = {theta, g, m, v};
  for (int slot = NTK_SLOT_THETA; slot <= NTK_SLOT_V; slot++) {
    double *actual = read_slot(descent, (ntk_slot)slot, p.P);
    assert_arrays_near(p.P, actual, arrays[slot], tolerance, "slot");
    free(actual);
  }
  ntk_descent_destroy(descent);
  free(theta);
  free(g);
  free(m);
  free(v);
  free_problem(&p);
}

/* 200 epochs in double, to 1e-10; 5 in float. */
static void test_rules(void **state) {
  (void)state;
  const ntk_step_code *codes[CODES];
  const size_t count = step_codes(codes);
  for (size_t c = 0; c < count; c++)
    for (int rule = NTK_RULE_GD; rule <= NTK_RULE_ADAM; rule++)
      if (is_single(codes[c]))
        check_rule(codes[c], (ntk_rule)rule, 5, 1e-4);
      else
        check_rule(codes[c], (ntk_rule)rule, 200, 1e-10);
}

/* theta is the network's and moments are 0 at the start; each slot gives back what was written,
 * without touching the others; the written weights are those that count. */
static void test_slots(void **state) {
  (void)state;
  const size_t shapes[][4] = {{6, 11, 8, 1}, {1, 1, 1, 1}, {100, 70, 65, 1}, {3, 24, 129, 1}};
  const ntk_step_code *codes[CODES];
  const size_t count = step_codes(codes);
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t c = 0; c < count; c++) {
      problem p = make_problem(1, "tanh", 3, shapes[s], 40);
      ntk_descent *descent = make_descent_of(&p, codes[c], 1.0);
      const ntk_slot slots[] = {NTK_SLOT_THETA, NTK_SLOT_M, NTK_SLOT_V};
      double *zero = make_array(p.P), *written[3];
      for (int k = 0; k < 3; k++) {
        double *values = read_slot(descent, slots[k], p.P);
        assert_memory_equal(values, k == 0 ? p.network->theta : zero, p.P * sizeof *values);
        free(values);
        written[k] = make_normal(20 + (uint64_t)k, p.P);
        if (is_single(codes[c]))
          round_to_float(p.P, written[k]);
        ntk_descent_write(descent, slots[k], written[k]);
      }
      double sum = 0.0;
      ntk_descent_gradient(descent, &sum);
      const double expected = plain_gradient(&p, written[0], 1.0, zero);
      assert_near(sum, expected, (is_single(codes[c]) ? 1e-4 : 1e-12) * expected, "sum");
      for (int k = 0; k < 3; k++) {
        double *values = read_slot(descent, slots[k], p.P);
        assert_memory_equal(values, written[k], p.P * sizeof *values);
        free(values);
        free(written[k]);
      }
      free(zero);
      ntk_descent_destroy(descent);
      free_problem(&p);
    }
}

/* What is held does not change in an epoch, and is what ntk_descent_bytes says. */
static void test_memory(void **state) {
  (void)state;
  const struct {
    size_t width[4], N;
    int threads;
  } cases[] = {{{22, 22, 22, 1}, 400, 1},
               {{1, 1, 1, 1}, 1, 2},
               {{50, 90, 31, 1}, 3000, 3},
               {{20, 500, 30, 1}, 700, 1},
               {{100, 100, 100, 1}, 5000, 2}};
  for (size_t c = 0; c < COUNT(cases); c++)
    for (int single = 0; single < 2; single++) {
      problem p = make_problem(cases[c].threads, "relu", 3, cases[c].width, cases[c].N);
      const size_t before = ntk_memory_in_use(p.context);
      ntk_descent *descent = make_descent(&p, (ntk_precision)single, 1.0);
      const size_t held = ntk_memory_in_use(p.context), peak = ntk_memory_peak(p.context);
      for (size_t t = 1; t <= 3; t++) {
        double sum = 0.0;
        ntk_descent_gradient(descent, &sum);
        ntk_descent_update(descent, &(ntk_update){NTK_RULE_ADAM, 1e-3, 0.9, 0.999, 1e-8, t});
      }
      assert_int_equal(ntk_memory_in_use(p.context), held);
      assert_int_equal(ntk_memory_peak(p.context), peak);
      const double taken = (double)(peak - before);
      const ntk_share share = ntk_share_whole(cases[c].N);
      assert_near(ntk_descent_bytes(p.context,
                                    &(ntk_network_spec){.depth = 3, .width = cases[c].width},
                                    &share, (ntk_precision)single),
                  taken, 0.01 * taken + 512.0, "bytes");
      ntk_descent_destroy(descent);
      free_problem(&p);
    }
  const size_t enormous[] = {1, (size_t)1 << 30, (size_t)1 << 30};
  ntk_context *context = make_context(1);
  const ntk_share some = ntk_share_whole(100);
  assert_true(ntk_descent_bytes(context, &(ntk_network_spec){.depth = 3, .width = enormous}, &some,
                                NTK_PRECISION_FLOAT) > 0x1p60);
  ntk_context_destroy(context);
}

static void test_refusals(void **state) {
  (void)state;
  const size_t width[] = {6, 11, 8, 1};
  problem p = make_problem(1, "tanh", 3, width, 40);
  const double X[] = {1.0, 2.0};
  ntk_dataset *other = make_data(p.context, X, 1, 2);
  ntk_descent *descent = NULL;
  assert_refused(ntk_descent_create(p.network, other, p.Y, NTK_PRECISION_DOUBLE, 1.0, &descent),
                 NTK_ERR_SHAPE, "d = 2");
  p.Y[3] = NAN;
  assert_refused(ntk_descent_create(p.network, p.data, p.Y, NTK_PRECISION_DOUBLE, 1.0, &descent),
                 NTK_ERR_NOT_FINITE, "label 4");
  p.Y[3] = 1.0;
  assert_refused(
      ntk_descent_create(p.network, p.data, p.Y, NTK_PRECISION_DOUBLE, INFINITY, &descent),
      NTK_ERR_ARGUMENT, "scale");
  p.context->memory_limit = ntk_memory_in_use(p.context) + 5000;
  assert_refused(ntk_descent_create(p.network, p.data, p.Y, NTK_PRECISION_DOUBLE, 1.0, &descent),
                 NTK_ERR_MEMORY, "training");
  assert_null(descent);
  ntk_descent_destroy(NULL);
  ntk_dataset_destroy(other);
  free_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_slots),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
