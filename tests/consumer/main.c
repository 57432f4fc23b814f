/* A user's program against the installed library: the kernel's smallest eigenvalue for a small
 * network, positive as P > N, and never above min_i K_ii (16). Exit status 0 when that holds. */
#include <ntkit/ntkit.h>
#include <stdio.h>

int main(void) {
  const size_t width[] = {20, 30, 30};
  const ntk_network_spec spec = {.depth = 3, .width = width, .seed = 1};
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_spectrum_result result = {0};
  ntk_status status = ntk_context_create(NULL, &context);
  if (status == NTK_OK)
    status = ntk_dataset_generate(context, "gaussian", 50, 20, 1, &data);
  if (status == NTK_OK)
    status = ntk_network_create(context, &spec, &network);
  if (status == NTK_OK)
    status = ntk_spectrum(context, network, data, NULL, &result);
  int exit_status = 1;
  if (status == NTK_OK) {
    printf("lambda_min = %.6g, min K_ii = %.6g\n", result.lambda_min, result.bounds.diagonal_min);
    exit_status = !(result.lambda_min > 0 && result.lambda_min <= result.bounds.diagonal_min);
  } else {
    fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_message());
  }
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return exit_status;
}
