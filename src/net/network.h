/* Networks (1): architecture and weights. */
#ifndef NTK_NET_NETWORK_H
#define NTK_NET_NETWORK_H

#include "base/context.h"
#include "net/activation.h"

struct ntk_network {
  ntk_context *context;       /* borrowed */
  size_t depth;               /* L */
  size_t *width;              /* n_0..n_L: L + 1 entries */
  double **W;                 /* W[l], l = 1..L: n_{l-1} x n_l, slices of theta; W[0] unused */
  double *theta;              /* P parameters: vec of W_1..W_L, each row-major */
  size_t parameters;          /* P */
  size_t version;             /* of theta, a new one whenever that changes: features are of one */
  size_t versions;            /* how many there have been */
  ntk_activation *activation; /* phi of layer l at [l], l = 1..L-1; [0] unused */
  char *activations;          /* a text that names them all */
};

/* *parameters = P of the architecture; NTK_ERR_ARGUMENT, NTK_ERR_LIMIT when it is not one. */
ntk_status ntk_architecture_check(const ntk_network_spec *spec, size_t *parameters);

/* What forecasts of memory and work ask of an architecture, in double, which cannot overflow. */
typedef struct ntk_shape {
  double weights;    /* sum_{l < L} n_{l-1} n_l: P without W_L, */
  double parameters; /* and P */
  double columns;    /* n_1 + ... + n_{L-1} */
} ntk_shape;
NTK_SIBLING ntk_shape ntk_shape_of(size_t depth, const size_t *width);

/* Largest of n_first, ..., n_{L-1}, first < L. */
size_t ntk_widest(size_t depth, const size_t *width, size_t first);

/* Where W_l begins in theta and in vectors like it, l = 1..L. */
size_t ntk_layer_offset(const ntk_network *network, size_t l);

/* theta = values (P entries): the one way to change weights that others have seen. */
void ntk_network_set(ntk_network *network, const double *values);
/* The same with values that theta had at a version, which it has again. */
void ntk_network_set_back(ntk_network *network, const double *values, size_t version);

/* A second one with the same weights, in the same context. */
ntk_status ntk_network_copy(const ntk_network *from, ntk_network **copy);

/* What holds whatever the weights: F_L is linear in F_k; F_k(0) = 0, of k = L (and up) F_L and its
 * Jacobian; F_L's symmetry. */
bool ntk_network_linear_above(const ntk_network *network, size_t k);
bool ntk_network_vanishes(const ntk_network *network, size_t k);
ntk_symmetry ntk_network_symmetry(const ntk_network *network);
/* The same of what is not made yet: linear above 0. NTK_ERR_ARGUMENT: its activations. */
ntk_status ntk_spec_laws(const ntk_network_spec *spec, ntk_symmetry *symmetry, bool *linear);

/* Fills theta by the law of spec->init (init.c): entry (i, j) of W_l is its standard deviation
 * times a number that depends on (seed, l, i, j) alone. */
ntk_status ntk_init_weights(ntk_network *network, const ntk_network_spec *spec);

#endif
