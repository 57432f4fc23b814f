/* Weights in files of any kind (io.h): .safetensors, .npz, directories, written byte by byte.
 * Properties: types are widened exactly, each weight the right way round; weights go into any of
 * the formats under any names and come back bit for bit; what is no network is refused by name. */
#include "io_support.h"

#include "archive_files.h"

/* 3 -> 2 -> 2: W_1 = [[1, 2], [3, 4], [5, 6]], b_1 = [0.5, -0.25], W_2 = [[7, 8], [9, 10]]. */
static const double W1[6] = {1, 2, 3, 4, 5, 6}, b1[2] = {0.5, -0.25}, W2[4] = {7, 8, 9, 10};

static void expect_network(const char *path, const char *layout) {
  const ntk_network_spec spec = {.activation = "tanh"};
  ntk_weights weights;
  ntk_network *network = NULL;
  assert_ok(ntk_weights_open(context, path, layout, &weights));
  assert_int_equal(weights.depth, 2);
  assert_int_equal(weights.parameters, 6 + 2 + 4);
  assert_ok(ntk_weights_network(&weights, &spec, &network));
  assert_int_equal(ntk_network_width(network, 0), 3);
  assert_int_equal(ntk_network_width(network, 2), 2);
  assert_memory_equal(ntk_network_weights(network, 1), W1, sizeof W1);
  assert_memory_equal(ntk_network_bias(network, 1), b1, sizeof b1);
  assert_memory_equal(ntk_network_weights(network, 2), W2, sizeof W2);
  assert_false(ntk_network_has_bias(network, 2));
  ntk_network_destroy(network);
  ntk_weights_clear(&weights);
}

static void expect_refused(const char *path, const char *layout, ntk_status status,
                           const char *says) {
  ntk_weights weights = {0};
  assert_refused(ntk_weights_open(context, path, layout, &weights), status, says);
  assert_null(weights.file);
  assert_int_equal(ntk_memory_in_use(context), 0);
}

/* ---- Files as PyTorch and Flax have them ----------------------------------------------------- */

/* PyTorch's state_dict, 2 x 3 and 2 x 2 as [out, in]: the bias is BF16, and so the matrices lie at
 * an odd place; the last one is F16. As torch's writer the tensors lie by type and then by name. */
static void write_torch(const char *path) {
  bytes numbers = bytes_new();
  const float first[6] = {1, 3, 5, 2, 4, 6};
  put_number(&numbers, 0x3f00, 2); /* 0.5 */
  put_number(&numbers, 0xbe80, 2); /* -0.25 */
  for (size_t i = 0; i < 6; i++) {
    uint32_t word;
    memcpy(&word, &first[i], sizeof word);
    put_number(&numbers, word, 4);
  }
  static const unsigned half[4] = {0x4700, 0x4880, 0x4800, 0x4900}; /* 7, 9, 8, 10 */
  for (size_t i = 0; i < 4; i++)
    put_number(&numbers, half[i], 2);
  write_safetensors(path,
                    "{\"__metadata__\":{\"format\":\"pt\"},"
                    "\"2.weight\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[28,36]},"
                    "\"0.bias\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                    "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[4,28]}}",
                    numbers.at, numbers.count);
  free(numbers.at);
}

static void test_torch(void **state) {
  (void)state;
  write_torch(at("torch.safetensors"));
  expect_network(at("torch.safetensors"), NULL);
  expect_network(at("torch.safetensors"), "torch");
  ntk_weights weights;
  assert_ok(ntk_weights_open(context, at("torch.safetensors"), NULL, &weights));
  assert_string_equal(weights.format, "safetensors");
  assert_null(weights.activation);
  const ntk_weights_layer *layer = weights.layer;
  assert_string_equal(layer[0].weight, "0.weight");
  assert_string_equal(layer[0].bias, "0.bias");
  assert_string_equal(layer[0].type, "float32");
  assert_string_equal(layer[1].type, "float16");
  assert_null(layer[1].bias);
  assert_true(layer[0].transposed && layer[0].in == 3 && layer[0].out == 2);
  assert_string_equal(layer[0].told_by, "PyTorch's word weight");
  ntk_network *network = NULL;
  const ntk_network_spec none = {0};
  assert_refused(ntk_weights_network(&weights, &none, &network), NTK_ERR_ARGUMENT,
                 "the activation must be given");
  assert_string_equal(ntk_error_last().option, "activation");
  assert_null(network);
  ntk_weights_clear(&weights);
}

static void add_array(zip_file *zip, const char *name, const char *shape, const double *values,
                      size_t count) {
  bytes array = bytes_new();
  put_npy(&array, "<f8", "False", shape, values, count * sizeof *values);
  (void)zip_add(zip, name, &array, 8);
  free(array.at);
}

/* np.savez of a flattened Flax tree, with the optimizer's state in it. */
static void test_flax(void **state) {
  (void)state;
  zip_file zip = {.all = bytes_new()};
  add_array(&zip, "params/Dense_1/kernel.npy", "(2, 2)", W2, 4);
  add_array(&zip, "params/Dense_0/kernel.npy", "(3, 2)", W1, 6);
  add_array(&zip, "opt_state/mu/Dense_0/kernel.npy", "(3, 2)", W1, 6);
  add_array(&zip, "params/Dense_0/bias.npy", "(2,)", b1, 2);
  zip_write(&zip, at("flax.npz"), false, "");
  expect_network(at("flax.npz"), NULL);
  ntk_weights weights;
  assert_ok(ntk_weights_open(context, at("flax.npz"), NULL, &weights));
  assert_int_equal(weights.left, 1);
  assert_string_equal(weights.left_out[0], "opt_state/mu/Dense_0/kernel");
  assert_string_equal(weights.layer[1].told_by, "Flax's and Keras's word kernel");
  ntk_weights_clear(&weights);
  expect_refused(at("flax.npz"), "torch", NTK_ERR_SHAPE,
                 "--layout flax would take them"); /* what is given stands above the words */
}

/* ---- Directories ----------------------------------------------------------------------------- */

static void put_own(const char *place) {
  char name[64];
  assert_ok(ntk_directory_prepare(at(place)));
  snprintf(name, sizeof name, "%s/W1.npy", place);
  put(name, 3, 2, W1);
  snprintf(name, sizeof name, "%s/b1.npy", place);
  put(name, 2, 0, b1);
  snprintf(name, sizeof name, "%s/W2.npy", place);
  put(name, 2, 2, W2);
  snprintf(name, sizeof name, "%s/X.npy", place);
  put(name, 1, 3, W1);
}

static void test_directory(void **state) {
  (void)state;
  put_own("own");
  expect_network(at("own"), NULL);
  ntk_weights weights;
  ntk_network *network = NULL;
  static const char text[] = "{\"network\": {\"activation\": \"swish\"}}";
  write_bytes(at("own/result.json"), text, sizeof text - 1);
  assert_ok(ntk_weights_open(context, at("own"), NULL, &weights));
  assert_string_equal(weights.activation, "swish");
  assert_refused(ntk_weights_network(&weights, &(ntk_network_spec){.activation = "tanh"}, &network),
                 NTK_ERR_ARGUMENT, "'tanh', and the network in");
  assert_ok(ntk_weights_network(&weights, &(ntk_network_spec){.activation = "silu"}, &network));
  ntk_network_destroy(network);
  ntk_weights_clear(&weights);
  write_bytes(at("own/result.json"), "{", 1);
  expect_refused(at("own"), NULL, NTK_ERR_FORMAT, "result.json: line 1");
  put_own("more");
  write_bytes(at("more/notes.npy"), "no array", 8); /* beside the network, whatever it is */
  expect_network(at("more"), NULL);
  put("more/b3.npy", 1, 0, b1);
  expect_refused(at("more"), NULL, NTK_ERR_FORMAT, "b3 is a bias, and its layer has no weight");
  write_bytes(at("more/b3.npy"), "no array", 8);
  expect_refused(at("more"), NULL, NTK_ERR_FORMAT, "b3.npy");
}

/* ---- Refusals -------------------------------------------------------------------------------- */

static void test_refusals(void **state) {
  (void)state;
  expect_refused(at("none.npz"), NULL, NTK_ERR_FILE, "none.npz");
  write_torch(at("torch.safetensors"));
  expect_refused(at("torch.safetensors"), "keras", NTK_ERR_ARGUMENT,
                 "unknown layout 'keras'; accepted: torch (weights are n_l x n_{l-1}), flax");
  assert_string_equal(ntk_error_last().option, "layout");
  static const unsigned char whole[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  write_safetensors(at("int8.safetensors"),
                    "{\"0.weight\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]},"
                    "\"2.weight\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[4,8]}}",
                    whole, sizeof whole);
  expect_refused(at("int8.safetensors"), NULL, NTK_ERR_FORMAT,
                 "0.weight has numbers of type int8; accepted: floating-point numbers");
  static const unsigned char nan[8] = {0, 0x3c, 0, 0x3c, 0, 0x7e, 0, 0x3c}; /* 1, 1, NaN, 1 */
  write_safetensors(at("nan.safetensors"),
                    "{\"a.0.weight\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[0,4]},"
                    "\"a.1.weight\":{\"dtype\":\"F16\",\"shape\":[2,1],\"data_offsets\":[4,8]}}",
                    nan, sizeof nan);
  ntk_weights weights;
  ntk_network *network = NULL;
  assert_ok(ntk_weights_open(context, at("nan.safetensors"), NULL, &weights));
  assert_refused(ntk_weights_network(&weights, &(ntk_network_spec){.activation = "tanh"}, &network),
                 NTK_ERR_NOT_FINITE, "a.1.weight");
  assert_null(network);
  ntk_weights_clear(&weights);
  assert_int_equal(ntk_memory_in_use(context), 0);
}

/* ---- There and back -------------------------------------------------------------------------- */

/* Bits of doubles that no other type has, and -0. */
static void test_round_trip(void **state) {
  (void)state;
  static const char *const files[] = {"t.npz", "t.safetensors", "t"}, *const layouts[] = {
                                                                          NULL, "torch", "flax"};
  static const size_t width[] = {4, 4, 3, 5};
  static const bool bias[] = {true, false, false, true};
  const ntk_network_spec spec = {.depth = 4,
                                 .width = width,
                                 .outputs = 3,
                                 .activation = "tanh",
                                 .bias = bias,
                                 .bias_deviation = 1.0};
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  ntk_dataset *data = make_data(context, (double[]){1, -0.0, 3e-310, 4}, 1, 4);
  const ntk_saving_options options = {.command = "convert", .overwrite = true};
  assert_ok(ntk_model_save(network, data, NTK_SCALE_NONE, at("from"), &options));
  for (size_t i = 0; i < COUNT(files) * COUNT(layouts); i++) {
    char name[64];
    ntk_weights weights;
    ntk_network *back = NULL;
    snprintf(name, sizeof name, "%zu%s", i, files[i % COUNT(files)]);
    assert_ok(ntk_weights_open(context, at("from"), NULL, &weights));
    assert_ok(ntk_weights_save(&weights, at(name), layouts[i / COUNT(files)], &options));
    ntk_weights_clear(&weights);
    assert_ok(ntk_weights_open(context, at(name), NULL, &weights));
    assert_int_equal(weights.left, 0);
    assert_int_equal(weights.layer[1].transposed, i / COUNT(files) == 1);
    const ntk_network_spec plain = {.activation = "tanh"};
    assert_ok(ntk_weights_network(&weights, &plain, &back));
    for (size_t l = 1; l <= 4; l++) {
      const size_t in = ntk_network_width(network, l - 1), out = ntk_network_width(network, l);
      assert_int_equal(ntk_network_width(back, l), out);
      assert_memory_equal(ntk_network_weights(back, l), ntk_network_weights(network, l),
                          in * out * sizeof(double));
      assert_int_equal(ntk_network_has_bias(back, l), bias[l - 1]);
      if (bias[l - 1])
        assert_memory_equal(ntk_network_bias(back, l), ntk_network_bias(network, l),
                            out * sizeof(double));
    }
    ntk_network_destroy(back);
    ntk_weights_clear(&weights);
  }
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

static void test_save_refusals(void **state) {
  (void)state;
  const ntk_saving_options options = {.command = "convert"};
  ntk_weights weights;
  put_own("kept");
  assert_ok(ntk_weights_open(context, at("kept"), NULL, &weights));
  assert_refused(ntk_weights_save(&weights, at("x.txt"), NULL, &options), NTK_ERR_ARGUMENT,
                 "weights are written as .npz, .safetensors or into a directory");
  assert_refused(ntk_weights_save(&weights, at("x.npz"), "keras", &options), NTK_ERR_ARGUMENT,
                 "unknown layout 'keras'");
  assert_refused(ntk_weights_save(&weights, at("kept"), NULL, &options), NTK_ERR_FILE,
                 "W1.npy' is there");
  assert_refused(ntk_weights_save(&weights, at("no/x.npz"), NULL, &options), NTK_ERR_FILE, "x.npz");
  ntk_weights_clear(&weights);
  expect_network(at("kept"), NULL);
  assert_int_not_equal(access(at("x.txt"), F_OK), 0);
}

/* A saved network with biases is read back as it was, and the next one's files do not mix with it.
 */
static void test_saved(void **state) {
  (void)state;
  static const size_t width[] = {2, 3};
  static const bool all[] = {true, true}, last[] = {false, true};
  ntk_network_spec spec = {.depth = 2,
                           .width = width,
                           .activation = "tanh",
                           .bias = all,
                           .outputs = 2,
                           .bias_deviation = 1.0};
  const ntk_saving_options options = {.command = "mine"};
  ntk_dataset *data = make_data(context, (double[]){1, 2}, 1, 2);
  for (int run = 0; run < 2; run++) {
    ntk_network *network = NULL;
    ntk_model model;
    double F[2], expected[2];
    spec.bias = run == 0 ? all : last;
    assert_ok(ntk_network_create(context, &spec, &network));
    assert_ok(ntk_model_save(network, data, NTK_SCALE_NONE, at("saved"), &options));
    assert_int_equal(access(at("saved/b1.npy"), F_OK) == 0, run == 0);
    assert_ok(ntk_model_load(context, at("saved"), NULL, NULL, &model));
    assert_ok(ntk_network_output(network, data, expected));
    assert_ok(ntk_model_predict(&model, data, F, NULL));
    assert_memory_equal(F, expected, sizeof F);
    ntk_model_clear(&model);
    ntk_network_destroy(network);
  }
  put("saved/b1.npy", 3, 0, W1); /* another's: it would be read with the network */
  ntk_network *network = NULL;
  const ntk_saving_options over = {.command = "mine", .overwrite = true};
  assert_ok(ntk_network_create(context, &spec, &network));
  assert_refused(ntk_model_save(network, data, NTK_SCALE_NONE, at("saved"), &options), NTK_ERR_FILE,
                 "b1.npy' is there");
  assert_refused(ntk_model_save(network, data, NTK_SCALE_NONE, at("saved"), &over), NTK_ERR_FILE,
                 "would be read as a bias of the network");
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_torch),      cmocka_unit_test(test_flax),
      cmocka_unit_test(test_directory),  cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_round_trip), cmocka_unit_test(test_save_refusals),
      cmocka_unit_test(test_saved),
  };
  return cmocka_run_group_tests_name("weights", tests, io_setup, io_teardown);
}
