/* lambda_min by several processes, which share the samples; of a build with MPI (make mpi).
 *
 *   cc ranks.c $(pkg-config --cflags --libs ntkit) && mpirun -n 4 ./a.out
 *
 * Every process makes the same calls in the same order; what fails, fails on all of them. Exit
 * status 0 when all of them were asked for the same and have the certificate. */
#include <ntkit/ntkit.h>
#include <stdio.h>
#include <stdlib.h>

/* The rest of what was computed is all processes', too: each may use it as if it were alone. */
static ntk_status solve(ntk_context *context, size_t samples, ntk_spectrum_result *result) {
  const size_t width[] = {40, 60, 60};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
  const ntk_spectrum_options options = {.certify = true};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_status status = ntk_dataset_generate(context, "gaussian", samples, width[0], 1, &data);
  if (status == NTK_OK)
    status = ntk_network_create(context, &spec, &network);
  if (status == NTK_OK)
    status = ntk_spectrum(context, network, data, &options, result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

int main(int argc, char **argv) {
  ntk_context *context = NULL;
  ntk_spectrum_result result = {0};
  int rank = 0;
  const int launched = ntk_launched(&rank);
  const char *samples = argc > 1 ? argv[1] : "500";

  /* "mpi": all of them; where no mpirun has started any, this one by itself. */
  ntk_status status = ntk_context_create(&(ntk_context_options){.backend = "mpi"}, &context);
  if (status == NTK_OK) /* what has to be the same everywhere, before anything depends on it */
    status = ntk_context_agree(context, NTK_OK, samples);
  if (status == NTK_OK)
    status = solve(context, strtoul(samples, NULL, 10), &result);

  const bool good = status == NTK_OK && result.certificate.certified;
  if (rank == 0 && status != NTK_OK) /* the same line on all: once is enough */
    fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_message());
  else if (rank == 0)
    printf("lambda_min(K) = %.10g by %d of %d processes, proved >= %.10g\n", result.lambda_min,
           result.ranks, launched, result.certificate.lower);
  ntk_spectrum_clear(&result);
  ntk_context_destroy(context);
  return good ? 0 : 1;
}
