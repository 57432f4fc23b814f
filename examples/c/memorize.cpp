// Weights that fit any labels, without training (Corollary 4.1), from C++.
//
//   c++ memorize.cpp $(pkg-config --cflags --libs ntkit) && ./a.out
//
// Exit status 0 when the outputs, computed anew, are the labels.
#include <ntkit/fit.h>

#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <vector>

namespace {

void check(ntk_status status) {
  if (status != NTK_OK)
    throw std::runtime_error(ntk_error_message());
}

// ||F_L - Y||_2 / ||Y||_2 of the network made for Y.
double relative_error(ntk_context *context, const ntk_dataset *data, const size_t *width) {
  ntk_network_spec spec = {};
  spec.depth = 3;
  spec.width = width;
  spec.activation = "tanh";
  std::vector<double> Y(ntk_dataset_samples(data)), F(Y.size());
  check(ntk_labels_generate(context, "gaussian", nullptr, data, 7, Y.data()));
  ntk_network *network = nullptr;
  ntk_memorize_result result = {};
  check(ntk_memorize(context, &spec, data, Y.data(), 1, nullptr, &network, &result));
  const ntk_status status = ntk_network_output(network, data, F.data());
  ntk_network_destroy(network);
  check(status);
  double error = 0.0, norm = 0.0;
  for (std::size_t i = 0; i < Y.size(); i++) {
    error += (F[i] - Y[i]) * (F[i] - Y[i]);
    norm += Y[i] * Y[i];
  }
  std::printf("%s; by its own account ||F - Y|| / ||Y|| = %.3g\n",
              result.reached ? "reached" : result.reason, result.relative_error);
  return std::sqrt(error / norm);
}

} // namespace

int main() {
  const size_t width[] = {30, 30, 40}; // n_{L-2} n_{L-1} / 2 = 600 for 300 samples
  ntk_context *context = nullptr;
  ntk_dataset *data = nullptr;
  double error = HUGE_VAL;
  try {
    check(ntk_context_create(nullptr, &context));
    check(ntk_dataset_generate(context, "gaussian", 300, width[0], 1, &data));
    error = relative_error(context, data, width);
    std::printf("computed anew: %.3g\n", error);
  } catch (const std::exception &failure) {
    std::fprintf(stderr, "%s\n", failure.what());
  }
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return error < 1e-9 ? 0 : 1;
}
