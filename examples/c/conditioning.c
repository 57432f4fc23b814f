/* The smallest eigenvalue of a network's kernel on random data, with its certificate.
 *
 *   cc conditioning.c $(pkg-config --cflags --libs ntkit) && ./a.out
 *
 * Exit status 0 when the certificate holds the eigenvalue. */
#include <ntkit/ntkit.h>
#include <stdio.h>

int main(void) {
  const size_t width[] = {40, 60, 60}; /* d, n_1, n_2: depth L = 3, 6,060 parameters */
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
  const ntk_spectrum_options options = {.certify = true};
  ntk_context *context = NULL;
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_spectrum_result result = {0};

  ntk_status status = ntk_context_create(NULL, &context);
  if (status == NTK_OK)
    status = ntk_dataset_generate(context, "gaussian", 500, width[0], 1, &data);
  if (status == NTK_OK)
    status = ntk_network_create(context, &spec, &network);
  if (status == NTK_OK)
    status = ntk_spectrum(context, network, data, &options, &result);

  bool good = false;
  if (status != NTK_OK) {
    fprintf(stderr, "%s: %s\n", ntk_status_name(status), ntk_error_message());
  } else {
    const ntk_certificate *c = &result.certificate;
    printf("lambda_min(K) = %.10g, %s\n", result.lambda_min, ntk_verdict_name(result.verdict));
    printf("proved        %s, in [%.10g, %.10g]\n", c->certified ? "yes" : "no", c->lower,
           c->upper);
    good =
        c->certified && c->lower <= result.lambda_min && result.lambda_min <= c->upper * 1.000001;
  }
  ntk_spectrum_clear(&result);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return good ? 0 : 1;
}
