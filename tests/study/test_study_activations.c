/* Activations in study files: one for each layer, with parameters, as values of a grid.
 * Property: a point has the activations that the file, or what is set over it, says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "study/spec/study.h"
#include "study_support.h"

static ntk_point point_at(const ntk_study *study, size_t i) {
  ntk_point point;
  assert_ok(ntk_study_point(study, i, &point));
  return point;
}

/* One for each hidden layer, by commas or as a list, in the file or over it; another count is
 * refused. */
static void test_activations(void **state) {
  (void)state;
  static const char *const texts[] = {"tanh, ReLU", "[tanh, ReLU]", "sigmoid"};
  for (size_t i = 0; i < COUNT(texts); i++)
    for (size_t layers = 2; layers <= 3; layers++) {
      char text[200];
      snprintf(text, sizeof text,
               "name: x\nnetwork:\n  widths: %s\n  activation: %s\ngrid: {N: 5, d: 6}\n",
               layers == 2 ? "[d, d]" : "[d, d, d]", texts[i]);
      const char *const overrides[] = {"network.activation=tanh,ReLU"};
      ntk_study *study = NULL;
      const ntk_status status = ntk_study_parse(text, "t", overrides, i == 2, &study);
      assert_int_equal(status, layers == 2 ? NTK_OK : NTK_ERR_ARGUMENT);
      if (layers == 2)
        assert_string_equal(point_at(study, 0).activation, "tanh,ReLU");
      else
        assert_non_null(strstr(ntk_error_message(), "2 activations where L - 1 = 3"));
      ntk_study_destroy(study);
    }
}

/* Of a grid: with parameters, and lists in brackets or quotes as one value. */
static void test_activations_of_a_grid(void **state) {
  (void)state;
  static const char *const grids[] = {
      "tanh, leaky_relu(0.1), (relu,elu(0.5)), (tanh, tanh)",
      "[tanh, leaky_relu(0.1), \"relu,elu(0.5)\", \"(tanh, tanh)\"]"};
  static const char *const phi[] = {"tanh", "leaky_relu(0.1)", "relu,elu(0.5)", "tanh, tanh"};
  for (size_t g = 0; g < COUNT(grids); g++) {
    char text[300];
    snprintf(text, sizeof text,
             "name: x\nnetwork: {widths: [d, d], activation: phi}\ngrid:\n  N: 5\n  d: sqrt(36)\n  "
             "phi: %s\n",
             grids[g]);
    ntk_study *study = make_study(text);
    assert_int_equal(ntk_study_points(study), COUNT(phi));
    for (size_t i = 0; i < COUNT(phi); i++)
      assert_string_equal(point_at(study, i).activation, phi[i]);
    assert_int_equal(point_at(study, 0).width[0], 6); /* sqrt(36) is a number, not a name */
    ntk_study_destroy(study);
  }
  ntk_study *study = NULL;
  assert_refused(ntk_study_parse("name: x\nnetwork: {widths: [d, d], activation: phi}\n"
                                 "grid: {N: 5, d: 6, phi: [tanh, \"elu(nan)\"]}\n",
                                 "t", NULL, 0, &study),
                 NTK_ERR_ARGUMENT, "'elu(nan)' is not");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_activations),
      cmocka_unit_test(test_activations_of_a_grid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
