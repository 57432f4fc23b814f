/* Files of named arrays, .npz and .safetensors, and the network that is found in them.
 * Property: every array is listed with a shape that its count is the product of, and is read or
 * refused in one line; a network that is found has the parameters that were told before, finite.
 * The first byte says how layers lie, the rest is the file. */
#include "fuzz.h"

#include "io/archive/archive.h"
#include "ntkit/io.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 1 << 14 };

static void use_array(const ntk_archive *archive, size_t i) {
  const ntk_tensor *tensor = ntk_archive_tensor(archive, i);
  size_t product = 1;
  FUZZ_CHECK(tensor->name != NULL && ntk_archive_find(archive, tensor->name) <= i);
  if (tensor->refusal != NULL)
    return;
  FUZZ_CHECK(tensor->rank >= 0 && tensor->rank <= NTK_READER_RANK && tensor->type != NULL);
  for (int k = 0; k < tensor->rank; k++)
    product *= tensor->shape[k];
  FUZZ_CHECK(tensor->count == product);
  if (tensor->count > NUMBERS)
    return;
  double *values = malloc(tensor->count > 0 ? tensor->count * sizeof *values : 1);
  FUZZ_CHECK(values != NULL);
  const ntk_status status = ntk_archive_read(archive, i, values);
  if (status == NTK_OK)
    fuzz_finite(values, tensor->count);
  else
    fuzz_refused(status);
  free(values);
}

static void use_archive(const char *path) {
  ntk_archive *archive = NULL;
  const ntk_status status = ntk_archive_open(path, &archive);
  if (status != NTK_OK) {
    fuzz_refused(status);
    return;
  }
  for (size_t i = 0; i < ntk_archive_count(archive); i++)
    use_array(archive, i);
  ntk_archive_close(archive);
}

static void use_network(const ntk_weights *weights) {
  const ntk_network_spec spec = {.activation = "tanh"};
  ntk_network *network = NULL;
  if (weights->parameters > NUMBERS)
    return;
  const ntk_status status = ntk_weights_network(weights, &spec, &network);
  if (status != NTK_OK) {
    fuzz_refused(status);
    return;
  }
  FUZZ_CHECK(ntk_network_parameters(network) == weights->parameters);
  FUZZ_CHECK(ntk_network_depth(network) == weights->depth);
  for (size_t l = 1; l <= weights->depth; l++) {
    const size_t in = weights->layer[l - 1].in, out = weights->layer[l - 1].out;
    FUZZ_CHECK(ntk_network_width(network, l - 1) == in && ntk_network_width(network, l) == out);
    fuzz_finite(ntk_network_weights(network, l), in * out);
  }
  ntk_network_destroy(network);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
  static const char *const layout[] = {NULL, "torch", "flax", NULL};
  ntk_weights weights;
  if (count == 0)
    return -1;
  ntk_io_formats();
  const char *path = fuzz_file("input", bytes + 1, count - 1);
  use_archive(path);
  const ntk_status status = ntk_weights_open(fuzz_context(), path, layout[bytes[0] & 3], &weights);
  if (status == NTK_OK) {
    use_network(&weights);
    ntk_weights_clear(&weights);
  } else {
    fuzz_refused(status);
  }
  return fuzz_end();
}
