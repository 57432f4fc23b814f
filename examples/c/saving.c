/* Weights that fit any labels, saved with their data, loaded again and applied to new samples.
 *
 *   cc saving.c $(pkg-config --cflags --libs ntkit_io) && ./a.out
 *
 * Leaves the folder fitted, which `ntkit predict --load fitted --data X.npy` reads too. Exit status
 * 0 when the loaded network puts out the labels. */
#include <math.h>
#include <ntkit/io.h>
#include <stdio.h>

enum { N = 200, D = 20 };

static ntk_status fit_and_save(ntk_context *context, const ntk_dataset *data, const double *Y) {
  const size_t width[] = {D, 40, 40};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
  const ntk_saving_options options = {.command = "saving"};
  ntk_network *network = NULL;
  ntk_memorize_result result;
  ntk_status status = ntk_memorize(context, &spec, data, Y, 1, NULL, &network, &result);
  if (status == NTK_OK)
    status = ntk_model_save(network, data, NTK_SCALE_NONE, "fitted", &options);
  ntk_network_destroy(network);
  return status;
}

/* Outputs of the folder's network; F: N. */
static ntk_status load_and_apply(ntk_context *context, const ntk_dataset *data, double *F) {
  ntk_model model;
  ntk_status status = ntk_model_load(context, "fitted", NULL, NULL, &model);
  if (status != NTK_OK)
    return status;
  printf("loaded        %s of '%s', %zu parameters\n", model.activation, model.command,
         ntk_network_parameters(model.networks[0]));
  status = ntk_model_predict(&model, data, F, NULL);
  ntk_model_clear(&model);
  return status;
}

int main(void) {
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  double Y[N], F[N], worst = 0.0;
  for (size_t i = 0; i < N; i++)
    Y[i] = i % 3 == 0 ? 1.0 : -1.0;
  ntk_status status = ntk_context_create(NULL, &context);
  if (status == NTK_OK)
    status = ntk_dataset_generate(context, "gaussian", N, D, 1, &data);
  if (status == NTK_OK)
    status = fit_and_save(context, data, Y);
  if (status == NTK_OK)
    status = load_and_apply(context, data, F);
  if (status != NTK_OK)
    fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_message());
  for (size_t i = 0; i < N && status == NTK_OK; i++)
    worst = fmax(worst, fabs(F[i] - Y[i]));
  if (status == NTK_OK)
    printf("largest error %.2g of %d labels\n", worst, N);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return status == NTK_OK && worst < 1e-6 ? 0 : 1;
}
