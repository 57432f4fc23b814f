/* Lists of tiles of Gram matrices, and their work. */
#ifndef NTK_KERNEL_TILES_H
#define NTK_KERNEL_TILES_H

#include "kernel/backend.h"
#include "kernel/cpu/gram.h"

/* Made before the work begins; and what they are tiles of. */
typedef struct cpu_tiles {
  ntk_tile *tiles;
  size_t count;
  double *symmetric;  /* the full matrix whose lower triangle they are; NULL: of none */
  const bool *blocks; /* chosen; NULL: all */
  ntk_precision sums;
  double scale;                /* of all entries */
  double before, after;        /* of a work of several lists: what parts of it others are */
  void (*between)(void *user); /* the caller's thread does this after each of its tiles; or NULL */
  void *user;
} cpu_tiles;

/* All tiles, each one thread's: rows of one set of features, columns of another's.
 * NTK_ERR_CANCELLED, NTK_ERR_MEMORY. */
ntk_status cpu_tiles_run(const cpu_tiles *list, const ntk_features *rows,
                         const ntk_features *columns, const char *phase);

#endif
