#include "net/network.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/product/product.h"

#include <math.h>
#include <string.h>

size_t ntk_spec_width(const ntk_network_spec *spec, size_t l) {
  if (l < spec->depth)
    return spec->width[l];
  return spec->outputs > 0 ? spec->outputs : 1;
}

bool ntk_spec_bias(const ntk_network_spec *spec, size_t l) {
  return spec->bias != NULL && spec->bias[l - 1];
}

size_t ntk_spec_rows(const ntk_network_spec *spec, size_t l) {
  return spec->width[l - 1] + (ntk_spec_bias(spec, l) ? 1 : 0);
}

ntk_network_spec ntk_spec_of(const ntk_network *network) {
  return (ntk_network_spec){.depth = network->depth,
                            .width = network->width,
                            .activation = network->activations,
                            .outputs = network->width[network->depth],
                            .bias = network->bias,
                            .scale = network->scale};
}

static ntk_status check_width(const ntk_network_spec *spec, size_t l) {
  const size_t n = ntk_spec_width(spec, l);
  if (n == 0)
    return ntk_fail(NTK_ERR_ARGUMENT, "%s is 0; accepted: 1 and up",
                    l == 0 ? "the input dimension d" : "a width");
  if (n > NTK_BLAS_MAX)
    return ntk_fail(NTK_ERR_LIMIT, "n_%zu = %zu; accepted: up to %zu, what BLAS can index", l, n,
                    NTK_BLAS_MAX);
  return NTK_OK;
}

ntk_status ntk_architecture_check(const ntk_network_spec *spec, size_t *parameters) {
  if (spec->depth < 2)
    return ntk_fail(NTK_ERR_ARGUMENT, "depth is %zu; a network (1) has depth L >= 2", spec->depth);
  size_t total = 0;
  for (size_t l = 1; l <= spec->depth; l++) {
    size_t entries = 0;
    NTK_TRY(check_width(spec, l - 1));
    NTK_TRY(
        ntk_size_multiply(ntk_spec_rows(spec, l), ntk_spec_width(spec, l), "weights", &entries));
    if (entries > SIZE_MAX / sizeof(double) - total)
      return ntk_fail(NTK_ERR_LIMIT, "the weights exceed the address space");
    total += entries;
  }
  NTK_TRY(check_width(spec, spec->depth));
  *parameters = total;
  return NTK_OK;
}

const char *ntk_beyond_paper(const ntk_network_spec *spec) {
  bool biases = false, scales = spec->scale == NULL && spec->parameterization != NULL &&
                                strcmp(spec->parameterization, "standard") != 0;
  if (ntk_spec_width(spec, spec->depth) > 1)
    return "several outputs";
  for (size_t l = 1; l <= spec->depth; l++) {
    biases = biases || ntk_spec_bias(spec, l);
    scales = scales ||
             (spec->scale != NULL && (spec->scale[2 * l - 2] != 1.0 ||
                                      (ntk_spec_bias(spec, l) && spec->scale[2 * l - 1] != 1.0)));
  }
  return biases && scales ? "biases and scales of its blocks"
         : biases         ? "biases"
         : scales         ? "scales of its blocks"
                          : NULL;
}

ntk_shape ntk_shape_of(const ntk_network_spec *spec) {
  const size_t L = spec->depth;
  ntk_shape shape = {0};
  for (size_t l = 1; l < L; l++) {
    shape.weights += (double)ntk_spec_rows(spec, l) * (double)spec->width[l];
    shape.columns += (double)spec->width[l];
  }
  shape.parameters =
      shape.weights + (double)ntk_spec_rows(spec, L) * (double)ntk_spec_width(spec, L);
  return shape;
}

size_t ntk_widest(const ntk_network_spec *spec, size_t first) {
  size_t widest = ntk_spec_width(spec, spec->depth);
  for (size_t l = first; l < spec->depth; l++)
    widest = spec->width[l] > widest ? spec->width[l] : widest;
  return widest;
}

size_t ntk_copies(const ntk_network_spec *spec, ntk_outputs outputs, size_t k) {
  return outputs == NTK_OUTPUTS_ALL || k + 1 < spec->depth ? ntk_spec_width(spec, spec->depth) : 1;
}

size_t ntk_back_width(const ntk_network_spec *spec, ntk_outputs outputs, size_t k) {
  if (outputs == NTK_OUTPUTS_ALL)
    return ntk_spec_width(spec, k);
  return k < spec->depth ? ntk_copies(spec, outputs, k) * spec->width[k] : 1;
}

static const char *const outputs_names[] = {"trace", "all"};
enum { OUTPUTS = sizeof outputs_names / sizeof outputs_names[0] };

const char *const *ntk_outputs_list(size_t *count) {
  *count = OUTPUTS;
  return outputs_names;
}

ntk_status ntk_outputs_parse(const char *name, ntk_outputs *outputs) {
  size_t row = 0;
  NTK_TRY(NTK_NAME_FIND("kernel of several outputs", name, outputs_names, OUTPUTS, &row));
  *outputs = (ntk_outputs)row;
  return NTK_OK;
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

/* The small arrays of a network whose depth is set; theta and what points into it. */
static ntk_status allocate_arrays(ntk_network *made) {
  const size_t L = made->depth;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(made->context, L + 1, sizeof(size_t), "network", &pointer));
  made->width = pointer;
  NTK_TRY(ntk_alloc(made->context, 2 * (L + 1), sizeof(double *), "network", &pointer));
  made->W = pointer;
  made->b = made->W + L + 1;
  NTK_TRY(ntk_alloc(made->context, L, sizeof(bool), "network", &pointer));
  made->bias = pointer;
  NTK_TRY(ntk_alloc_doubles(made->context, 2 * L, "network", &made->scale));
  return ntk_alloc_doubles(made->context, made->parameters + NTK_PRODUCT_UNIT, "the weights",
                           &made->theta); /* a product reads beyond the last */
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
    status = allocate_arrays(made);
  if (status == NTK_OK)
    status = ntk_scales_find(spec, made->scale);
  if (status != NTK_OK) {
    ntk_network_destroy(made);
    return status;
  }
  made->width[0] = spec->width[0];
  made->W[0] = made->b[0] = NULL;
  double *next = made->theta;
  for (size_t l = 1; l <= made->depth; l++) {
    made->width[l] = ntk_spec_width(spec, l);
    made->bias[l - 1] = ntk_spec_bias(spec, l);
    made->W[l] = next;
    made->b[l] = made->bias[l - 1] ? next + made->width[l - 1] * made->width[l] : NULL;
    next += ntk_spec_rows(spec, l) * made->width[l];
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

/* NTK_ERR_NOT_FINITE at the first entry of W_l or b_l that is not finite. */
static ntk_status check_finite(const ntk_network *network, size_t l) {
  const size_t rows = network->width[l - 1], columns = network->width[l];
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      if (!isfinite(network->W[l][i * columns + j]))
        return ntk_fail(NTK_ERR_NOT_FINITE, "W_%zu: row %zu, column %zu (from 1) is not finite", l,
                        i + 1, j + 1);
  for (size_t j = 0; j < columns && network->b[l] != NULL; j++)
    if (!isfinite(network->b[l][j]))
      return ntk_fail(NTK_ERR_NOT_FINITE, "b_%zu: entry %zu (from 1) is not finite", l, j + 1);
  return NTK_OK;
}

/* Copies W and b into a network that has place for them. */
static ntk_status fill(ntk_network *network, const double *const *W, const double *const *b) {
  for (size_t l = 1; l <= network->depth; l++) {
    const size_t n = network->width[l];
    memcpy(network->W[l], W[l - 1], network->width[l - 1] * n * sizeof(double));
    if (network->b[l] != NULL)
      memcpy(network->b[l], b[l - 1], n * sizeof(double));
    NTK_TRY(check_finite(network, l));
  }
  return NTK_OK;
}

ntk_status ntk_network_from_weights(ntk_context *context, const ntk_network_spec *spec,
                                    const double *const *W, const double *const *b,
                                    ntk_network **network) {
  ntk_network *made = NULL;
  ntk_network_spec own = *spec;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, spec->depth + 1, sizeof(bool), "network", &pointer));
  bool *bias = pointer;
  for (size_t l = 0; l < spec->depth; l++)
    bias[l] = b != NULL && b[l] != NULL;
  own.bias = bias;
  ntk_status status = allocate_network(context, &own, &made);
  ntk_free(context, bias);
  if (status == NTK_OK)
    status = fill(made, W, b);
  if (status == NTK_OK)
    *network = made;
  else
    ntk_network_destroy(made);
  return status;
}

ntk_status ntk_network_select(const ntk_network *network, size_t j, ntk_network **one) {
  const size_t L = network->depth, n = network->width[L], last = network->width[L - 1];
  if (j >= n)
    return ntk_fail(NTK_ERR_ARGUMENT, "output %zu; accepted: 0 to %zu, those of the network", j,
                    n - 1);
  ntk_network_spec spec = ntk_spec_of(network);
  spec.outputs = 1;
  ntk_network *made = NULL;
  NTK_TRY(allocate_network(network->context, &spec, &made));
  memcpy(made->theta, network->theta, ntk_layer_offset(network, L) * sizeof(double));
  for (size_t i = 0; i < last; i++)
    made->W[L][i] = network->W[L][i * n + j];
  if (made->b[L] != NULL)
    made->b[L][0] = network->b[L][j];
  *one = made;
  return NTK_OK;
}

void ntk_scale_parameters(const ntk_network *network, double *g) {
  for (size_t l = 1; l <= network->depth; l++) {
    const size_t n = network->width[l], entries = network->width[l - 1] * n;
    for (size_t p = 0; p < entries && network->scale[2 * l - 2] != 1.0; p++)
      g[p] *= network->scale[2 * l - 2];
    g += entries;
    if (network->b[l] == NULL)
      continue;
    for (size_t j = 0; j < n; j++)
      g[j] *= network->scale[2 * l - 1];
    g += n;
  }
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
  const ntk_network_spec spec = ntk_spec_of(from);
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
  ntk_free(context, network->slope);
  ntk_free(context, network->scale);
  ntk_free(context, network->bias);
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
  return l == 0 ? network->activations : network->activation[l].text;
}

bool ntk_network_linear_above(const ntk_network *network, size_t k) {
  size_t l = k + 1;
  while (l < network->depth && !network->activation[l].info.nonlinear)
    l++;
  return l == network->depth;
}

bool ntk_network_vanishes(const ntk_network *network, size_t k) {
  const size_t L = network->depth;
  size_t l = 1;
  while (l <= k && l < L && network->activation[l].vanishes && !network->bias[l - 1])
    l++;
  return l > k || (l == L && !network->bias[L - 1]);
}

/* Of g_l, where s is that of f_{l-1}'s. */
static ntk_symmetry before_phi(const bool *bias, size_t l, ntk_symmetry s) {
  return bias != NULL && bias[l - 1] ? ntk_symmetry_shifted(s) : s;
}

ntk_symmetry ntk_network_symmetry(const ntk_network *network) {
  ntk_symmetry s = NTK_SYMMETRY_OF_X;
  for (size_t l = 1; l < network->depth; l++)
    s = ntk_symmetry_after(&network->activation[l], before_phi(network->bias, l, s));
  return before_phi(network->bias, network->depth, s);
}

ntk_status ntk_spec_laws(const ntk_network_spec *spec, ntk_symmetry *symmetry, bool *linear) {
  *symmetry = NTK_SYMMETRY_OF_X;
  *linear = true;
  for (size_t l = 1; l < spec->depth; l++) {
    ntk_activation phi = {0};
    NTK_TRY(ntk_activation_at(spec->activation, spec->depth - 1, l, &phi));
    *symmetry = ntk_symmetry_after(&phi, before_phi(spec->bias, l, *symmetry));
    *linear = *linear && !phi.info.nonlinear;
  }
  *symmetry = before_phi(spec->bias, spec->depth, *symmetry);
  return NTK_OK;
}

size_t ntk_network_rows(const ntk_network *network, size_t l) {
  return network->width[l - 1] + (network->bias[l - 1] ? 1 : 0);
}

bool ntk_network_has_bias(const ntk_network *network, size_t l) {
  return network->b[l] != NULL;
}

const double *ntk_network_bias(const ntk_network *network, size_t l) {
  return network->b[l];
}

double ntk_network_scale(const ntk_network *network, size_t l, bool bias) {
  return network->scale[2 * (l - 1) + (bias ? 1 : 0)];
}
