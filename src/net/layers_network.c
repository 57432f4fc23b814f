/* The network that layers are of, once their arrays are read. */
#include "base/hash.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "net/layers.h"
#include "net/network.h"

#include <stdint.h>

void ntk_layers_turn(const double *A, size_t rows, size_t columns, double *out) {
  enum { TILE = 32 }; /* both ways through memory in lines of the cache */
  for (size_t i = 0; i < rows; i += TILE)
    for (size_t j = 0; j < columns; j += TILE)
      for (size_t r = i; r < rows && r < i + TILE; r++)
        for (size_t c = j; c < columns && c < j + TILE; c++)
          out[c * rows + r] = A[r * columns + c];
}

ntk_status ntk_layers_weight(const ntk_layers *layers, size_t l, ntk_array_read *read, void *user,
                             double *W) {
  const ntk_layer *layer = &layers->layer[l - 1];
  if (!layer->transposed)
    return read(user, layer->weight, W);
  double *lying = NULL;
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(layer->in, layer->out, "a weight", &entries));
  NTK_TRY(ntk_alloc_doubles(layers->context, entries, "a weight", &lying));
  const ntk_status status = read(user, layer->weight, lying);
  if (status == NTK_OK)
    ntk_layers_turn(lying, layer->out, layer->in, W);
  ntk_free(layers->context, lying);
  return status;
}

/* What the network is made of: W_l, b_l and the widths, all owned. */
typedef struct parts {
  double **W, **b;
  size_t *width;
} parts;

static ntk_status read_layer(const ntk_layers *layers, size_t l, ntk_array_read *read, void *user,
                             const parts *p) {
  const ntk_layer *layer = &layers->layer[l - 1];
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(layer->in, layer->out, "a weight", &entries));
  NTK_TRY(ntk_alloc_doubles(layers->context, entries, "a weight", &p->W[l - 1]));
  NTK_TRY(ntk_layers_weight(layers, l, read, user, p->W[l - 1]));
  p->width[l - 1] = layer->in;
  if (layer->bias == SIZE_MAX)
    return NTK_OK;
  NTK_TRY(ntk_alloc_doubles(layers->context, layer->out, "a bias", &p->b[l - 1]));
  return read(user, layer->bias, p->b[l - 1]);
}

static ntk_status make_parts(const ntk_layers *layers, parts *p) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(layers->context, layers->count, sizeof *p->W, "the layers", &pointer));
  p->W = pointer;
  for (size_t l = 0; l < layers->count; l++)
    p->W[l] = NULL;
  NTK_TRY(ntk_alloc(layers->context, layers->count, sizeof *p->b, "the layers", &pointer));
  p->b = pointer;
  for (size_t l = 0; l < layers->count; l++)
    p->b[l] = NULL;
  NTK_TRY(ntk_alloc(layers->context, layers->count, sizeof *p->width, "the layers", &pointer));
  p->width = pointer;
  return NTK_OK;
}

/* Each rank computes with weights of its own, which have to be those of all. */
static ntk_status agree(ntk_context *context, ntk_status own, const ntk_network *network) {
  if (ntk_ranks_count(context) == 1)
    return own;
  NTK_TRY(ntk_ranks_agree(context, own, ntk_ranks_what("weights of files", 0, 0, 0)));
  const uint64_t here =
      ntk_hash_words(NTK_HASH_START, network->theta, network->parameters * sizeof *network->theta);
  uint64_t first = here;
  ntk_ranks_hand(context, 0, sizeof first, &first);
  if (here != first)
    own = ntk_fail(NTK_ERR_RANKS, "the weights are others here than on rank 0; accepted: the same "
                                  "files on all ranks");
  return ntk_ranks_agree(context, own, ntk_ranks_what("weights of files", 1, 0, 0));
}

ntk_status ntk_layers_network(const ntk_layers *layers, const ntk_network_spec *spec,
                              ntk_array_read *read, void *user, ntk_network **network) {
  parts p = {0};
  ntk_network *made = NULL;
  ntk_status status = make_parts(layers, &p);
  for (size_t l = 1; l <= layers->count && status == NTK_OK; l++)
    status = read_layer(layers, l, read, user, &p);
  if (status == NTK_OK) {
    const ntk_network_spec whole = {.depth = layers->count,
                                    .width = p.width,
                                    .outputs = layers->layer[layers->count - 1].out,
                                    .activation = spec->activation,
                                    .parameterization = spec->parameterization,
                                    .scale = spec->scale};
    status = ntk_network_from_weights(layers->context, &whole, (const double *const *)p.W,
                                      (const double *const *)p.b, &made);
  }
  status = agree(layers->context, status, made);
  if (status == NTK_OK)
    *network = made;
  else
    ntk_network_destroy(made);
  for (size_t l = 0; l < layers->count && p.W != NULL; l++)
    ntk_free(layers->context, p.W[l]);
  for (size_t l = 0; l < layers->count && p.b != NULL; l++)
    ntk_free(layers->context, p.b[l]);
  ntk_free(layers->context, p.W);
  ntk_free(layers->context, p.b);
  ntk_free(layers->context, p.width);
  return status;
}
