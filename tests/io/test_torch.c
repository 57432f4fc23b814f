/* A network as PyTorch saved it, with its outputs and kernel by torch.func, with which nngeometry
 * agrees (tools/record_torch.py). Property: layers, orientation, biases and activations are those
 * of the model, and `all`, `trace` and one output are what docs/notation.md says of J J^T. */
#include "io_support.h"

#include "file_bytes.h"
#include "recorded_torch.h"

enum { N = 6, D = 5, C = 3, ALL = N * C };

static ntk_dataset *data;

static ntk_network *load(void) {
  const ntk_network_spec spec = {.activation = "SiLU,Tanh"};
  const char *path = at("model.safetensors");
  ntk_weights weights;
  ntk_network *network = NULL;
  write_bytes(path, torch_file, sizeof torch_file);
  assert_ok(ntk_weights_open(context, path, NULL, &weights));
  assert_string_equal(weights.layer[0].weight, "0.weight");
  assert_string_equal(weights.layer[2].bias, "4.bias");
  assert_ok(ntk_weights_network(&weights, &spec, &network));
  ntk_weights_clear(&weights);
  return network;
}

/* Both sides round some dozens of times, in entries of the size of the kernel's largest. */
static void check(const ntk_network *network, ntk_outputs outputs, size_t n,
                  double (*expected)(size_t row, size_t column)) {
  double A[ALL * ALL];
  ntk_features *features = NULL;
  ntk_kernel *K = NULL;
  assert_ok(ntk_features_create_of(network, data, outputs, &features));
  assert_ok(ntk_kernel_create(features, NULL, &K));
  assert_ok(ntk_kernel_values(K, A));
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      assert_near(A[i * n + j], expected(i, j), 200 * U * 10.0, "torch.func's kernel");
  ntk_kernel_destroy(K);
  ntk_features_destroy(features);
}

static double of_all(size_t row, size_t column) {
  return torch_kernel[row * ALL + column];
}

static double of_output_1(size_t i, size_t j) {
  return torch_kernel[(i * C + 1) * ALL + j * C + 1];
}

static double of_mean(size_t i, size_t j) {
  double sum = 0.0;
  for (size_t c = 0; c < C; c++)
    sum += torch_kernel[(i * C + c) * ALL + j * C + c];
  return sum / C;
}

static void test_outputs(void **state) {
  (void)state;
  double F[ALL];
  ntk_network *network = load();
  assert_ok(ntk_network_output(network, data, F));
  for (size_t k = 0; k < ALL; k++)
    assert_near(F[k], torch_outputs[k], 200 * U, "torch's output");
  ntk_network_destroy(network);
}

static void test_kernels(void **state) {
  (void)state;
  ntk_network *network = load(), *output_1 = NULL;
  check(network, NTK_OUTPUTS_ALL, ALL, of_all);
  check(network, NTK_OUTPUTS_TRACE, N, of_mean);
  assert_ok(ntk_network_select(network, 1, &output_1));
  check(output_1, NTK_OUTPUTS_TRACE, N, of_output_1);
  ntk_network_destroy(output_1);
  ntk_network_destroy(network);
}

static int begin(void **state) {
  double X[N * D];
  for (size_t e = 0; e < COUNT(X); e++)
    X[e] = sin(2.0 * (double)e + 1.0);
  const int failed = io_setup(state);
  data = failed == 0 ? make_data(context, X, N, D) : NULL;
  return failed;
}

static int end(void **state) {
  ntk_dataset_destroy(data);
  return io_teardown(state);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_kernels),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
