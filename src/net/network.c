#include "net/network.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

ntk_status ntk_architecture_check(const ntk_network_spec *spec, size_t *parameters) {
  if (spec->depth < 2)
    return ntk_fail(NTK_ERR_ARGUMENT, "depth is %zu; a network (1) has depth L >= 2", spec->depth);
  size_t total = 0;
  for (size_t l = 0; l < spec->depth; l++) {
    const size_t here = spec->width[l], next = l + 1 < spec->depth ? spec->width[l + 1] : 1;
    if (here == 0)
      return ntk_fail(NTK_ERR_ARGUMENT, "%s is 0; accepted: 1 and up",
                      l == 0 ? "the input dimension d" : "a width");
    if (here > NTK_BLAS_MAX)
      return ntk_fail(NTK_ERR_LIMIT, "n_%zu = %zu; accepted: up to %zu, what BLAS can index", l,
                      here, NTK_BLAS_MAX);
    size_t entries = 0;
    NTK_TRY(ntk_size_multiply(here, next, "weights", &entries));
    if (entries > SIZE_MAX / sizeof(double) - total)
      return ntk_fail(NTK_ERR_LIMIT, "the weights exceed the address space");
    total += entries;
  }
  *parameters = total;
  return NTK_OK;
}

ntk_shape ntk_shape_of(size_t depth, const size_t *width) {
  ntk_shape shape = {0};
  for (size_t l = 1; l < depth; l++) {
    shape.weights += (double)width[l - 1] * (double)width[l];
    shape.columns += (double)width[l];
  }
  shape.parameters = shape.weights + (double)width[depth - 1];
  return shape;
}

size_t ntk_widest(size_t depth, const size_t *width, size_t first) {
  size_t widest = width[first];
  for (size_t l = first + 1; l < depth; l++)
    widest = width[l] > widest ? width[l] : widest;
  return widest;
}

size_t ntk_layer_offset(const ntk_network *network, size_t l) {
  return (size_t)(network->W[l] - network->theta);
}

static ntk_status find_activations(ntk_network *network, const char *text) {
  const size_t layers = network->depth - 1;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(network->context, network->depth, sizeof(ntk_activation), "network", &pointer));
  network->activation = pointer;
  NTK_TRY(ntk_activation_parse(text, layers, network->activation + 1));
  network->activation[0] = (ntk_activation){0};
  const size_t size = ntk_activation_text(network->activation + 1, layers, 0, NULL) + 1;
  NTK_TRY(ntk_alloc(network->context, size, 1, "network", &pointer));
  network->activations = pointer;
  (void)ntk_activation_text(network->activation + 1, layers, size, network->activations);
  return NTK_OK;
}

/* Architecture and storage; weights uninitialised. */
static ntk_status allocate_network(ntk_context *context, const ntk_network_spec *spec,
                                   ntk_network **network) {
  size_t parameters;
  NTK_TRY(ntk_architecture_check(spec, &parameters));
  void *pointer;
  NTK_TRY(ntk_alloc(context, 1, sizeof **network, "network", &pointer));
  ntk_network *made = pointer;
  *made = (ntk_network){.context = context, .depth = spec->depth, .parameters = parameters};
  ntk_status status = find_activations(made, spec->activation);
  if (status == NTK_OK)
    status = ntk_alloc(context, spec->depth + 1, sizeof(size_t), "network", &pointer);
  if (status == NTK_OK) {
    made->width = pointer;
    status = ntk_alloc(context, spec->depth + 1, sizeof(double *), "network", &pointer);
  }
  if (status == NTK_OK) {
    made->W = pointer;
    status = ntk_alloc_doubles(context, parameters, "the weights", &made->theta);
  }
  if (status != NTK_OK) {
    ntk_network_destroy(made);
    return status;
  }
  memcpy(made->width, spec->width, spec->depth * sizeof(size_t));
  made->width[spec->depth] = 1;
  made->W[0] = NULL;
  double *next = made->theta;
  for (size_t l = 1; l <= made->depth; l++) {
    made->W[l] = next;
    next += made->width[l - 1] * made->width[l];
  }
  *network = made;
  return NTK_OK;
}

ntk_status ntk_network_create(ntk_context *context, const ntk_network_spec *spec,
                              ntk_network **network) {
  ntk_network *made;
  NTK_TRY(allocate_network(context, spec, &made));
  const ntk_status status = ntk_init_weights(made, spec);
  if (status != NTK_OK) {
    ntk_network_destroy(made);
    return status;
  }
  *network = made;
  return NTK_OK;
}

/* NTK_ERR_NOT_FINITE at the first entry of W_l that is not finite. */
static ntk_status check_finite(const ntk_network *network, size_t l) {
  const size_t rows = network->width[l - 1], columns = network->width[l];
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      if (!isfinite(network->W[l][i * columns + j]))
        return ntk_fail(NTK_ERR_NOT_FINITE, "W_%zu: row %zu, column %zu (from 1) is not finite", l,
                        i + 1, j + 1);
  return NTK_OK;
}

ntk_status ntk_network_from_weights(ntk_context *context, const ntk_network_spec *spec,
                                    const double *const *W, ntk_network **network) {
  ntk_network *made;
  NTK_TRY(allocate_network(context, spec, &made));
  for (size_t l = 1; l <= made->depth; l++) {
    memcpy(made->W[l], W[l - 1], made->width[l - 1] * made->width[l] * sizeof(double));
    const ntk_status status = check_finite(made, l);
    if (status != NTK_OK) {
      ntk_network_destroy(made);
      return status;
    }
  }
  *network = made;
  return NTK_OK;
}

void ntk_network_set(ntk_network *network, const double *values) {
  if (values != network->theta)
    memcpy(network->theta, values, network->parameters * sizeof(double));
  network->version = ++network->versions;
}

void ntk_network_set_back(ntk_network *network, const double *values, size_t version) {
  ntk_network_set(network, values);
  network->version = version;
}

ntk_status ntk_network_copy(const ntk_network *from, ntk_network **copy) {
  const ntk_network_spec spec = {
      .depth = from->depth, .width = from->width, .activation = from->activations};
  NTK_TRY(allocate_network(from->context, &spec, copy));
  ntk_network_set(*copy, from->theta);
  return NTK_OK;
}

void ntk_network_destroy(ntk_network *network) {
  if (network == NULL)
    return;
  ntk_context *context = network->context;
  ntk_free(context, network->activation);
  ntk_free(context, network->activations);
  ntk_free(context, network->theta);
  ntk_free(context, network->W);
  ntk_free(context, network->width);
  ntk_free(context, network);
}

size_t ntk_network_depth(const ntk_network *network) {
  return network->depth;
}

size_t ntk_network_width(const ntk_network *network, size_t l) {
  return network->width[l];
}

size_t ntk_network_parameters(const ntk_network *network) {
  return network->parameters;
}

const double *ntk_network_weights(const ntk_network *network, size_t l) {
  return network->W[l];
}

const char *ntk_network_activation(const ntk_network *network, size_t l) {
  return l == 0 ? network->activations : network->activation[l].info.name;
}

bool ntk_network_linear_above(const ntk_network *network, size_t k) {
  size_t l = k + 1;
  while (l < network->depth && !network->activation[l].info.nonlinear)
    l++;
  return l == network->depth;
}

bool ntk_network_vanishes(const ntk_network *network, size_t k) {
  size_t l = 1;
  while (l <= k && l < network->depth && network->activation[l].vanishes)
    l++;
  return l > k || l == network->depth;
}

ntk_symmetry ntk_network_symmetry(const ntk_network *network) {
  ntk_symmetry s = NTK_SYMMETRY_OF_X;
  for (size_t l = 1; l < network->depth; l++)
    s = ntk_symmetry_after(&network->activation[l], s);
  return s;
}

ntk_status ntk_spec_laws(const ntk_network_spec *spec, ntk_symmetry *symmetry, bool *linear) {
  *symmetry = NTK_SYMMETRY_OF_X;
  *linear = true;
  for (size_t l = 1; l < spec->depth; l++) {
    ntk_activation phi = {0};
    NTK_TRY(ntk_activation_at(spec->activation, spec->depth - 1, l, &phi));
    *symmetry = ntk_symmetry_after(&phi, *symmetry);
    *linear = *linear && !phi.info.nonlinear;
  }
  return NTK_OK;
}
