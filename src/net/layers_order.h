/* The order of layers, and which way their weights lie, by numbers in their names and the chain of
 * their shapes. */
#ifndef NTK_NET_LAYERS_ORDER_H
#define NTK_NET_LAYERS_ORDER_H

#include "net/layers_name.h"

typedef struct ntk_named_array {
  const char *name;
  size_t rank;
  const size_t *shape;
} ntk_named_array;

typedef struct ntk_named_arrays {
  const char *path; /* of the file or folder, for messages */
  size_t count;
  const ntk_named_array *array;
  bool folder; /* of .npy: others may lie beside the network's, as X.npy does */
} ntk_named_arrays;

typedef struct ntk_layer {
  size_t weight, bias; /* which array; bias SIZE_MAX: none */
  size_t in, out;      /* n_{l-1}, n_l */
  bool transposed;     /* it lies as [out, in] */
  const char *why;     /* what told so; static */
} ntk_layer;

typedef struct ntk_layers {
  ntk_context *context;
  size_t count;
  ntk_layer *layer; /* in order */
  bool by_shapes;   /* the order is told by the shapes, not by numbers in the names */
  size_t left;      /* arrays that are no part of the network: */
  size_t *left_out; /* which */
} ntk_layers;

/* "784 x 100", or "[3]"; text: NTK_ARRAY_TEXT bytes. Returns it. */
enum { NTK_ARRAY_TEXT = 96 };
NTK_SIBLING const char *ntk_array_text(const ntk_named_array *array, char text[NTK_ARRAY_TEXT]);

/* A layer before it is known which way its weight lies. */
typedef struct ntk_loose_layer {
  const char *group; /* its name */
  size_t weight, bias;
  size_t rows, columns; /* of the weight, as in the file */
  size_t length;        /* of the bias; SIZE_MAX: none */
  ntk_layout layout;
  const char *why; /* of the layout; NULL: open */
  bool made;       /* its word is Flax's, Keras's or Haiku's, which count layers as they are made */
} ntk_loose_layer;

/* loose: in the order of their names; layers->layer has room for count. */
ntk_status ntk_layers_order(const ntk_named_arrays *from, size_t count,
                            const ntk_loose_layer *loose, ntk_layers *layers);

#endif
