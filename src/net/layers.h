/* From arrays with names, as frameworks write them, to the dense layers of a network: which array
 * is which layer's, in what order, and which way each weight lies. By the words in the names and by
 * the chain of shapes; what neither tells is asked for, never guessed. */
#ifndef NTK_NET_LAYERS_H
#define NTK_NET_LAYERS_H

#include "net/layers_order.h"

/* layout: NTK_LAYOUT_OPEN, or that of every weight, whatever its name says. NTK_ERR_SHAPE for
 * layers that do not follow each other, _FORMAT for what is no network of dense layers, _ARGUMENT
 * where the layout must be given, _FILE for a folder without any, _MEMORY. */
NTK_SIBLING ntk_status ntk_layers_find(ntk_context *context, const ntk_named_arrays *from,
                                       ntk_layout layout, ntk_layers *layers);
NTK_SIBLING void ntk_layers_clear(ntk_layers *layers);
/* Whether an array of this name would be left out, whatever it is. */
NTK_SIBLING bool ntk_layers_ignore(const char *name, bool folder);

/* Reads the numbers of an array, as they lie, row-major. */
typedef ntk_status ntk_array_read(void *user, size_t array, double *values);
/* W_l, l = 1..L, n_{l-1} x n_l, whichever way it lies; NTK_ERR_MEMORY, and those of read. */
NTK_SIBLING ntk_status ntk_layers_weight(const ntk_layers *layers, size_t l, ntk_array_read *read,
                                         void *user, double *W);
/* out, columns x rows, is A^T, A rows x columns. */
NTK_SIBLING void ntk_layers_turn(const double *A, size_t rows, size_t columns, double *out);
/* The network; of spec only the activation and the scales of the blocks. Of several ranks all call
 * this, and NTK_ERR_RANKS is where they have read different weights. */
NTK_SIBLING ntk_status ntk_layers_network(const ntk_layers *layers, const ntk_network_spec *spec,
                                          ntk_array_read *read, void *user, ntk_network **network);

#endif
