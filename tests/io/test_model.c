/* A model by the library alone: saved, loaded, applied.
 * Property: outputs on new rows are those of the network on rows scaled as its own were, once, by
 * hand; classes are those of the largest output; what the folder does not tell, or tells
 * otherwise, is refused with the option at fault. */
#include "ntkit/data.h"

#include "io_support.h"

static const char RESULT[] =
    "{\"command\": \"mine\", \"network\": {\"dim\": 1, \"widths\": [2], \"activation\": "
    "\"identity\"}, \"data\": {\"scale\": \"%s\"}, \"certificate\": {"
    "\"max_error\": 1, \"rounding\": 0.25, \"bound\": 1.25}, %s\"saved\": [\"result.json\"]}";

/* Saves X as scaled, and a network factor * 11 x in each place. */
static void save(const char *name, const char *scaling, size_t rows, const double *X, size_t count,
                 const char *const *place, const double *factor, const char *classes) {
  const ntk_saving_options options = {.command = "mine"};
  ntk_scaling how = NTK_SCALE_NONE;
  ntk_dataset *data = NULL;
  ntk_saving *saving = NULL;
  char result[512];
  put("raw.npy", rows, 1, X);
  assert_ok(ntk_scaling_parse(scaling, &how));
  assert_ok(ntk_dataset_load(context, at("raw.npy"), 0, 0, how, &data));
  assert_ok(ntk_saving_open(at(name), &options, &saving));
  assert_ok(ntk_saving_data(saving, data));
  for (size_t c = 0; c < count; c++) {
    const size_t width[] = {1, 2};
    const double W1[] = {1, 2}, W2[] = {3 * factor[c], 4 * factor[c]}, *const W[] = {W1, W2};
    const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "identity"};
    ntk_network *network = NULL;
    assert_ok(ntk_network_from_weights(context, &spec, W, NULL, &network));
    assert_ok(ntk_saving_claim_network(saving, place[c], 2));
    assert_ok(ntk_saving_network(saving, place[c], network));
    ntk_network_destroy(network);
  }
  snprintf(result, sizeof result, RESULT, scaling, classes);
  assert_ok(ntk_saving_finish(saving, result));
  ntk_saving_close(saving);
  ntk_dataset_destroy(data);
}

/* The outputs for two rows, scaled as asked for; own: they are found to be scaled already. */
static void outputs(const ntk_model *model, const char *scaling, double a, double b, bool own,
                    double f_a, double f_b) {
  ntk_dataset *rows = make_data(context, (double[]){a, b}, 2, 1), *scaled = NULL;
  ntk_model_scaling done;
  double F[2];
  assert_ok(ntk_model_scale(model, rows, scaling, &scaled, &done));
  assert_int_equal(done.own, own);
  assert_ok(ntk_model_predict(model, scaled != NULL ? scaled : rows, F, NULL));
  assert_near(F[0], f_a, 64 * U, "the first output");
  assert_near(F[1], f_b, 64 * U, "the second output");
  ntk_dataset_destroy(scaled);
  ntk_dataset_destroy(rows);
}

static void refused(const ntk_model *model, const char *scaling, double a, double b,
                    ntk_status status, const char *option, const char *says) {
  ntk_dataset *rows = make_data(context, (double[]){a, b}, 2, 1), *scaled = NULL;
  ntk_model_scaling done;
  assert_refused(ntk_model_scale(model, rows, scaling, &scaled, &done), status, says);
  if (option != NULL)
    assert_string_equal(ntk_error_last().option, option);
  else
    assert_null(ntk_error_last().option);
  assert_null(scaled);
  ntk_dataset_destroy(rows);
}

static void test_standardized(void **state) {
  (void)state;
  ntk_model model;
  save("one", "standardize", 2, (double[]){0, 4}, 1, (const char *[]){""}, (double[]){1}, "");
  assert_ok(ntk_model_load(context, at("one"), NULL, NULL, &model));
  assert_int_equal(model.count, 1);
  assert_null(model.classes);
  assert_string_equal(model.activation, "identity");
  assert_string_equal(model.scaling, "standardize");
  assert_string_equal(model.command, "mine");
  assert_true(model.certified && isnan(model.certificate.relative) &&
              model.certificate.bound == 1.25);
  outputs(&model, NULL, 6, 3, false, 22, 5.5); /* mean 2, deviation 2 */
  outputs(&model, NULL, -1, 1, true, -11, 11); /* X.npy */
  outputs(&model, "standardize", -1, 1, false, -16.5, -5.5);
  outputs(&model, "none", 6, 3, false, 66, 33);
  refused(&model, NULL, -1, 5, NTK_ERR_ARGUMENT, "data", "1 of the 2 rows are in");
  refused(&model, "sphere", 6, 3, NTK_ERR_ARGUMENT, "scale", "had standardize");
  ntk_model_clear(&model);
  assert_refused(ntk_model_load(context, at("one"), "relu", NULL, &model), NTK_ERR_ARGUMENT,
                 "'relu', and the network in");
  assert_string_equal(ntk_error_last().option, "activation");
}

static void test_bare(void **state) {
  (void)state;
  ntk_model model;
  put_network("bare/", 1);
  assert_refused(ntk_model_load(context, at("bare"), NULL, NULL, &model), NTK_ERR_ARGUMENT,
                 "the activation must be given");
  assert_ok(ntk_model_load(context, at("bare"), "identity", NULL, &model));
  assert_null(model.scaling);
  assert_null(model.command);
  assert_false(model.certified);
  outputs(&model, "none", 2, 3, false, 22, 33);
  outputs(&model, "sphere", 2, -3, false, 11, -11); /* d = 1: to +-1 */
  refused(&model, NULL, 2, 3, NTK_ERR_ARGUMENT, "scale", "the scaling must be given");
  refused(&model, "center", 2, 3, NTK_ERR_FILE, NULL, "scaling.npy");
  ntk_model_clear(&model);
  put("bare/scaling.npy", 2, 1, (double[]){1, 1});
  assert_ok(ntk_model_load(context, at("bare"), "identity", NULL, &model));
  outputs(&model, "center", 2, 3, false, 11, 22);
  ntk_model_clear(&model);
  put("bare/scaling.npy", 2, 1, (double[]){1, 2});
  assert_ok(ntk_model_load(context, at("bare"), "identity", NULL, &model));
  refused(&model, "center", 2, 3, NTK_ERR_FORMAT, NULL, "has the deviation 2 in column 1");
  ntk_model_clear(&model);
  assert_refused(
      ntk_model_load(context, at("nowhere"), NULL, NULL, &model), NTK_ERR_FILE,
      "cannot be read: No such file or directory; expected a directory that --save wrote");
}

/* As many classes as outputs, or two of one: what a folder tells that "targets" are. */
static void test_targets(void **state) {
  (void)state;
  static const struct {
    const char *told;
    double at[2],
        chosen[2]; /* 11 x is the output: above the middle of 1 and -1, or 0, the second */
    const char *name[2];
  } cases[] = {
      {"\"targets\": {\"encoding\": \"signs\", \"classes\": [-3, 8]}, ",
       {0.01, -0.01},
       {8, -3},
       {NULL, NULL}},
      {"\"targets\": {\"encoding\": \"one-hot\", \"classes\": [0, 2]}, "
       "\"class_names\": [\"cat\", \"dog\"], ",
       {0.04, 0.05},
       {0, 2},
       {"cat", "dog"}},
  };
  for (size_t k = 0; k < COUNT(cases); k++) {
    const char *name = k == 0 ? "signs" : "hot";
    ntk_model model;
    double F[2], chosen[2];
    save(name, "none", 1, (double[]){7}, 1, (const char *[]){""}, (double[]){1}, cases[k].told);
    assert_ok(ntk_model_load(context, at(name), NULL, NULL, &model));
    assert_true(model.count == 1 && model.class_count == 2 && model.encoding != NULL);
    ntk_dataset *rows = make_data(context, cases[k].at, 2, 1);
    assert_ok(ntk_model_predict(&model, rows, F, chosen));
    for (size_t i = 0; i < 2; i++) {
      assert_true(chosen[i] == cases[k].chosen[i]);
      assert_true((model.class_names == NULL) == (cases[k].name[i] == NULL));
      if (model.class_names != NULL)
        assert_string_equal(ntk_model_class_name(&model, chosen[i]), cases[k].name[i]);
    }
    ntk_dataset_destroy(rows);
    ntk_model_clear(&model);
  }
  ntk_model model;
  save("coded", "none", 1, (double[]){7}, 1, (const char *[]){""}, (double[]){1},
       "\"targets\": {\"encoding\": \"signs\", \"classes\": [1, 2, 3]}, ");
  assert_refused(ntk_model_load(context, at("coded"), NULL, NULL, &model), NTK_ERR_SHAPE,
                 "has 1 output, and its result.json tells of 3 classes");
}

static void test_classes(void **state) {
  (void)state;
  static const char *const place[] = {"class-3", "class4", "class10"};
  const char *const listed = "\"classes\": [{\"class\": -3}, {\"class\": 4}, {\"class\": 10}], ";
  double F[6], chosen[2];
  const double wanted[] = {-11, 22, 5.5, -11, 0, 0};
  for (int told = 1; told >= 0; told--) { /* by result.json, or by the folders */
    ntk_model model;
    if (told)
      save("some", "none", 1, (double[]){7}, 3, place, (double[]){-1, 0.5, 0}, listed);
    else
      assert_int_equal(unlink(at("some/result.json")), 0);
    assert_ok(ntk_model_load(context, at("some"), told ? NULL : "identity", NULL, &model));
    assert_int_equal(model.count, 3);
    assert_true(model.classes[0] == -3 && model.classes[1] == 4 && model.classes[2] == 10);
    ntk_dataset *rows = make_data(context, (double[]){1, -2}, 2, 1);
    assert_ok(ntk_model_predict(&model, rows, F, chosen));
    for (size_t i = 0; i < 6; i++)
      assert_near(F[i], wanted[i], 64 * U, "an output");
    assert_true(chosen[0] == 4 && chosen[1] == -3);
    ntk_dataset_destroy(rows);
    rows = make_data(context, (double[]){1e308, 1}, 2, 1);
    assert_refused(ntk_model_predict(&model, rows, F, chosen), NTK_ERR_NUMERIC,
                   "the output for sample 1 (from 1)");
    ntk_dataset_destroy(rows);
    ntk_model_clear(&model);
  }
}

/* A run that was stopped while it moved its files: some may be of the run before. */
static void test_half_moved(void **state) {
  (void)state;
  ntk_model model;
  put_network("half/", 1);
  assert_ok(ntk_directory_prepare(at("half/.ntkit.saving")));
  put("half/.ntkit.saving/earlier.json", 1, 1, (double[]){0});
  assert_refused(ntk_model_load(context, at("half"), "identity", NULL, &model), NTK_ERR_FILE,
                 "they may be of two runs");
  put("half/result.json", 1, 1, (double[]){0}); /* which comes last */
  assert_refused(ntk_model_load(context, at("half"), "identity", NULL, &model), NTK_ERR_FORMAT,
                 "expected what --save writes");
}

/* One call each way: x = 2, 4, 9 have mean 5 and deviation sqrt(26/3); outputs by hand. */
static void test_one_call(void **state) {
  (void)state;
  const double X[] = {2, 4, 9}, W1[] = {1, 2}, W2[] = {3, 4}, *const W[] = {W1, W2};
  const size_t width[] = {1, 2};
  const ntk_network_spec spec = {.depth = 2, .width = width, .activation = "identity"};
  ntk_saving_options options = {.command = "mine"};
  ntk_network *network = NULL;
  ntk_dataset *data = NULL, *wide = make_data(context, (double[]){1, 2}, 1, 2);
  ntk_model model;
  put("raw.npy", 3, 1, X);
  assert_ok(ntk_dataset_load(context, at("raw.npy"), 0, 0, NTK_SCALE_STANDARDIZE, &data));
  assert_ok(ntk_network_from_weights(context, &spec, W, NULL, &network));
  for (int again = 0; again < 2; again++) /* its own files it replaces */
    assert_ok(ntk_model_save(network, data, NTK_SCALE_STANDARDIZE, at("call"), &options));
  assert_ok(
      ntk_model_load(context, at("call"), "Linear", NULL, &model)); /* by another of its names */
  assert_string_equal(model.activation, "identity");
  assert_string_equal(model.scaling, "standardize");
  assert_string_equal(model.command, "mine");
  const double s = sqrt(26.0 / 3.0);
  outputs(&model, NULL, 5, 7, false, 0, 11 * 2 / s);
  outputs(&model, NULL, -1 / s, 4 / s, true, -11 / s, 44 / s); /* rows of X.npy */
  ntk_model_clear(&model);

  assert_refused(ntk_model_save(network, wide, NTK_SCALE_NONE, at("call"), &options), NTK_ERR_SHAPE,
                 "d = 2 and the network takes 1");
  options.command = "another";
  assert_refused(ntk_model_save(network, data, NTK_SCALE_STANDARDIZE, at("call"), &options),
                 NTK_ERR_FILE, "the folder is of 'ntkit mine'");
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_dataset_destroy(wide);
}

/* A text that would not be found to be this command's when it comes again. */
static void test_no_result(void **state) {
  (void)state;
  static const char *const texts[] = {
      "garbage",
      "[]",
      "{\"command\": \"mine\"}",
      "{\"command\": \"other\", \"saved\": [\"result.json\"]}",
      "{\"command\": \"mine\", \"saved\": [\"X.npy\"]}",
  };
  for (size_t k = 0; k < COUNT(texts); k++) {
    ntk_saving *saving = NULL;
    assert_ok(ntk_saving_open(at("none"), &(ntk_saving_options){.command = "mine"}, &saving));
    assert_refused(ntk_saving_finish(saving, texts[k]), NTK_ERR_ARGUMENT,
                   "\"command\" is \"mine\" and \"saved\" a list");
    ntk_saving_close(saving);
    assert_int_not_equal(access(at("none"), F_OK), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_standardized), cmocka_unit_test(test_bare),
      cmocka_unit_test(test_classes),      cmocka_unit_test(test_targets),
      cmocka_unit_test(test_half_moved),   cmocka_unit_test(test_one_call),
      cmocka_unit_test(test_no_result),
  };
  return cmocka_run_group_tests(tests, io_setup, io_teardown);
}
