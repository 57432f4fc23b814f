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

#endif
