/* What frameworks call the arrays of a layer: which one a name is of, and how layers are counted.
 */
#ifndef NTK_NET_LAYERS_NAME_H
#define NTK_NET_LAYERS_NAME_H

#include "base/context.h"

/* How a weight lies: [n_l, n_{l-1}], as torch.nn.Linear has it, or [n_{l-1}, n_l]. */
typedef enum ntk_layout { NTK_LAYOUT_OPEN, NTK_LAYOUT_TORCH, NTK_LAYOUT_FLAX } ntk_layout;

typedef enum ntk_role {
  NTK_ROLE_NONE, /* the name has no word for it */
  NTK_ROLE_WEIGHT,
  NTK_ROLE_BIAS,
  NTK_ROLE_LEFT,   /* no part of what the network computes: an optimizer's, a metric's */
  NTK_ROLE_FOREIGN /* of what is no dense layer */
} ntk_role;

typedef struct ntk_layer_name {
  ntk_role role;
  ntk_layout layout; /* of a weight, by its word */
  bool made;         /* by a framework that counts layers as they are made */
  const char *what;  /* of a foreign one: what has such arrays; of a weight: its word; static */
  char *group;       /* the layer's name: what comes before the word; borrowed from the caller */
} ntk_layer_name;

/* group: strlen(name) + 1 bytes, which the result refers to. */
ntk_layer_name ntk_layer_name_read(const char *name, char *group);

/* As people count: 2 before 10. */
int ntk_layer_name_compare(const char *a, const char *b);
/* Whether a number tells them apart, the first thing in which they differ: < 0, > 0; 0: none. bare:
 * dense is then before dense_1. */
int ntk_layer_name_counted(const char *a, const char *b, bool bare);

#endif
