/* What the laws know of a network and its data: numbers, layer by layer, and no weight. */
#ifndef NTK_THEORY_LAYERS_H
#define NTK_THEORY_LAYERS_H

#include "net/hermite.h"
#include "net/network.h"
#include "ntkit/laws.h"
#include "spectrum/laws/free_product.h"

enum { NTK_LAW_NODES = 193 };

/* The data's own spectrum and moments. */
typedef struct ntk_law_data {
  size_t N, d;
  double norm2, spread; /* mean of ||x_i||^2; its deviation over samples, relative */
  double common;        /* mean of x_i . x_j, i != j, where positive: of a mean that is not 0 */
  double overlap;       /* root mean square of x_i . x_j over norm2, i != j */
  size_t atoms;
  double *atom, *mass; /* of X X^T, ascending; 0 once */
} ntk_law_data;

ntk_status ntk_law_data_create(ntk_context *context, const ntk_dataset *data, ntk_law_data *made);
/* A zeroed struct is fine; leaves it zeroed. */
void ntk_law_data_destroy(ntk_context *context, ntk_law_data *data);

/* As if layers were infinitely wide, of weights with the mean squares that they have:
 *
 *   f_k(i) . f_k(j) = norm2[k] of i = j, common[k] else, but for what F_k F_k^T makes of it;
 *   (B_k B_k^T)_ij = diagonal[k] of i = j, beside[k] else.
 *
 * Of a common part of g_l, E[g_l(i) g_l(j)] = c > 0 for i != j, which acts as a bias of variance c
 * does, phi(g_l) is one family for each value that it takes: those of some nodes. */
typedef struct ntk_law_layers {
  size_t L;
  double norm2[NTK_LAW_LEVELS + 1], common[NTK_LAW_LEVELS + 1];    /* 0..L-1 */
  double diagonal[NTK_LAW_LEVELS + 2], beside[NTK_LAW_LEVELS + 2]; /* 1..L */
  double spikes; /* largest |sum of 4th powers of W_l's singular values over that of independent
                    entries - 1| */
  size_t families[NTK_LAW_LEVELS];
  ntk_law_family family[NTK_LAW_LEVELS][NTK_LAW_NODES]; /* of F_l F_l^T, at l - 1 */
  ntk_law_layer layer[NTK_LAW_LEVELS];
} ntk_law_layers;

/* NTK_ERR_LIMIT past NTK_LAW_LEVELS hidden layers; _MEMORY, _NUMERIC (net/hermite.h). */
ntk_status ntk_law_layers_of(const ntk_network *network, const ntk_law_data *data,
                             ntk_law_layers *x);

#endif
