/* Networks (1): architecture and weights. */
#ifndef NTK_NET_NETWORK_H
#define NTK_NET_NETWORK_H

#include "base/context.h"
#include "net/activation.h"

struct ntk_network {
  ntk_context *context; /* borrowed */
  size_t depth;         /* L */
  size_t *width;        /* n_0..n_L: L + 1 entries */
  double **W;           /* W[l], l = 1..L: n_{l-1} x n_l, slices of theta; W[0] unused */
  double **b;           /* b[l], l = 1..L: n_l, the row of theta below W[l], or NULL */
  bool *bias;           /* whether b[l] is there, at l - 1: L entries */
  double *scale;        /* of K's blocks: 2 L entries, of W_1, b_1 (0 without), W_2, ... */
  double *slope; /* powers of two, at k = 1..L-1, that phi'(G_k) is multiplied by on its way back to
                    B_k; NULL: 1, but of a copy that was scaled (rescale.h) */
  double *theta; /* P parameters: [W_l; b_l], l = 1..L, each row-major */
  size_t parameters;          /* P */
  size_t version;             /* of theta, a new one whenever that changes: features are of one */
  size_t versions;            /* how many there have been */
  ntk_activation *activation; /* phi of layer l at [l], l = 1..L-1; [0] unused */
  char *activations;          /* a text that names them all */
};

/* A spec is what tells an architecture to those who forecast memory and work. This is a network's,
 * borrowed from it: without a law, for it has its weights. */
NTK_SIBLING ntk_network_spec ntk_spec_of(const ntk_network *network);
/* n_l, l = 0..L; whether layer l = 1..L has a bias; the rows of [W_l; b_l], also of a network. */
NTK_SIBLING size_t ntk_spec_width(const ntk_network_spec *spec, size_t l);
bool ntk_spec_bias(const ntk_network_spec *spec, size_t l);
size_t ntk_spec_rows(const ntk_network_spec *spec, size_t l);
size_t ntk_network_rows(const ntk_network *network, size_t l);

/* *parameters = P of the architecture; NTK_ERR_ARGUMENT, NTK_ERR_LIMIT when it is not one. */
ntk_status ntk_architecture_check(const ntk_network_spec *spec, size_t *parameters);

/* What it has that the paper's networks have not: "several outputs", "biases", "scales of its
 * blocks"; NULL: nothing. */
NTK_SIBLING const char *ntk_beyond_paper(const ntk_network_spec *spec);

/* What forecasts of memory and work ask of an architecture, in double, which cannot overflow. */
typedef struct ntk_shape {
  double weights;    /* P without [W_L; b_L], */
  double parameters; /* and P */
  double columns;    /* n_1 + ... + n_{L-1} */
} ntk_shape;
NTK_SIBLING ntk_shape ntk_shape_of(const ntk_network_spec *spec);

/* Largest of n_first, ..., n_L. */
size_t ntk_widest(const ntk_network_spec *spec, size_t first);

/* How many vectors of n_k numbers B_k has for a sample, k = 1..L: n_L of them, but in the mean over
 * outputs from L - 1 on one, B_{L-1} = phi' o sqrt(sum_c w_cj^2 / n_L) and B_L = 1. */
size_t ntk_copies(const ntk_network_spec *spec, ntk_outputs outputs, size_t k);
/* The length of a row of B_k as K = sum_k F_k F_k^T o B_{k+1} B_{k+1}^T sees it, k = 1..L: the
 * outputs side by side in their mean, one of them else. */
size_t ntk_back_width(const ntk_network_spec *spec, ntk_outputs outputs, size_t k);

/* What phi'(G_k) is multiplied by on its way back. */
static inline double ntk_slope_factor(const ntk_network *network, size_t k) {
  return network->slope != NULL ? network->slope[k] : 1.0;
}

/* Where [W_l; b_l] begins in theta and in vectors like it, l = 1..L. */
size_t ntk_layer_offset(const ntk_network *network, size_t l);

/* g (P entries, in theta's order) times the scales of its entries' blocks: C g where K = J C J^T.
 */
NTK_SIBLING void ntk_scale_parameters(const ntk_network *network, double *g);

/* theta = values (P entries): the one way to change weights that others have seen. */
void ntk_network_set(ntk_network *network, const double *values);
/* The same with values that theta had at a version, which it has again. */
void ntk_network_set_back(ntk_network *network, const double *values, size_t version);

/* A second one with the same weights, in the same context. */
ntk_status ntk_network_copy(const ntk_network *from, ntk_network **copy);

/* What holds whatever weights and biases: F_L is linear in F_k, or affine with biases; F_k(0) = 0,
 * of k = L (and up) F_L and its Jacobian; F_L's symmetry. */
bool ntk_network_linear_above(const ntk_network *network, size_t k);
bool ntk_network_vanishes(const ntk_network *network, size_t k);
ntk_symmetry ntk_network_symmetry(const ntk_network *network);
/* The same of what is not made yet: linear above 0. NTK_ERR_ARGUMENT: its activations. */
ntk_status ntk_spec_laws(const ntk_network_spec *spec, ntk_symmetry *symmetry, bool *linear);

/* Fills theta by the law of spec->init (init.c): entry (i, j) of W_l is its standard deviation
 * times a number that depends on (seed, l, i, j) alone, entry j of b_l on (seed, l, j). */
ntk_status ntk_init_weights(ntk_network *network, const ntk_network_spec *spec);

/* Variances of the entries of W_1, ..., W_L by that law (L), and whether the last hidden layer's
 * units come in pairs of opposite W_L. NTK_ERR_ARGUMENT. */
ntk_status ntk_init_variances(const ntk_network_spec *spec, double *variance, bool *paired);

/* The scales of K's blocks that spec names, 2 L numbers (scale.c). NTK_ERR_ARGUMENT. */
NTK_SIBLING ntk_status ntk_scales_find(const ntk_network_spec *spec, double *scale);

#endif
