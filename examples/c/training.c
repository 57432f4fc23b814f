/* Gradient descent on random labels, with the smallest eigenvalue of the kernel on the way.
 *
 *   cc training.c $(pkg-config --cflags --libs ntkit) && ./a.out
 *
 * Exit status 0 when the loss fell and the kernel was measured from the first epoch to the last. */
#include <ntkit/fit.h>
#include <stdio.h>

enum { N = 100, EPOCHS = 200 };

static void show(const ntk_train_result *result) {
  for (size_t i = 0; i < result->tracked; i++)
    printf("epoch %4zu: loss %.4g, lambda_min %.4g\n", result->track[i].epoch,
           result->track[i].loss, result->track[i].lambda_min);
  printf("%s\n", result->reason);
}

int main(void) {
  const size_t width[] = {20, 40, 40};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
  const ntk_train_options options = {.optimizer = "gd", .epochs = EPOCHS, .track = 50};
  double Y[N];
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_train_result result = {0};

  ntk_status status = ntk_context_create(NULL, &context);
  if (status == NTK_OK)
    status = ntk_dataset_generate(context, "sphere", N, width[0], 1, &data);
  if (status == NTK_OK)
    status = ntk_labels_generate(context, "sign", NULL, data, 1, Y);
  if (status == NTK_OK)
    status = ntk_network_create(context, &spec, &network);
  if (status == NTK_OK)
    status = ntk_train(context, network, data, Y, &options, &result);

  bool good = false;
  if (status != NTK_OK) {
    fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_message());
  } else {
    show(&result);
    good = result.loss_final < result.loss_initial && result.tracked > 1 &&
           result.track[0].epoch == 0 && result.track[result.tracked - 1].epoch == result.epochs;
  }
  ntk_train_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return good ? 0 : 1;
}
