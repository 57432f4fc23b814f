/* What the CPU backend's training step keeps, and its vector code: one table of functions a
 * precision and SIMD level. Arrays are of reals, float or double, whichever the table is for. */
#ifndef NTK_KERNEL_STEP_H
#define NTK_KERNEL_STEP_H

#include "kernel/descent.h"

typedef struct ntk_step ntk_step;

/* Rows of X that go up and down the network together, while they are in cache. */
typedef struct ntk_step_block {
  const size_t *row;  /* the samples, where they are some of all; NULL: those from `first` on */
  size_t first;       /* in X; 0 where they are some */
  size_t rows, count; /* a multiple of NTK_STEP_ROWS; how many of them are samples */
  double scale;       /* of the gradient */
  bool one_sided;     /* r = 0 where F_L is beyond Y, seen from 0 */
  bool begin;         /* set the gradient, not add to it: the first block of a chunk */
  void *workspace, *gradient; /* gradient NULL: none is wanted */
  double sum;                 /* out: of r_i^2 */
} ntk_step_block;

/* Rows come in multiples of this: few for padding, most for micro-tiles of 4 to 12 rows. */
enum { NTK_STEP_ROWS = 8 };

typedef struct ntk_step_code {
  size_t size;  /* bytes of a real */
  size_t unit;  /* columns by panels, and leading dimensions, are multiples of this, */
  size_t panel; /* and panels so wide (base/product/panels.h) */
  /* Into packed, from theta. */
  void (*pack)(const ntk_step *step);
  void (*block)(const ntk_step *step, ntk_step_block *block);
  /* Entries [first, first + count) of the gradient: those of all chunks added up, and theta. */
  void (*reduce)(const ntk_step *step, size_t chunks, size_t first, size_t count);
  void (*update)(const ntk_step *step, const ntk_update *update, size_t first, size_t count);
} ntk_step_code;

/* The best level's. */
const ntk_step_code *ntk_step_best(ntk_precision precision);

/* [W_l; b_l], its gradient and its moments, in arrays like theta: by panels, 0 past the last
 * column; of l = L transposed. A block's F_l and B_l lie by rows of ld reals, and begin at F and B
 * times the block's rows. Where there is b_{l+1}, F_l has a column of 1 behind its own. */
typedef struct ntk_step_layer {
  size_t rows, n, columns; /* of what lies there; columns: n rounded up to the unit */
  size_t units;            /* n_l */
  bool bias;               /* b_l is there: the last row, of l = L the last column */
  size_t W;                /* where it begins */
  size_t ld;   /* F_l's columns, rounded up to the unit; nothing of the kind for l = L */
  size_t F, B; /* l = 1..L-1; F of l = L: the sums that make F_L, by rows of `columns` */
  /* Where in packed there is, for l = 2..L-1, W_l^T, n_l x n_{l-1} by panels; for l = L, of rows
   * as of [W_L; b_L], n_L columns with the first half of the units, and n_L with the others. */
  size_t packed;
  size_t sums; /* of l = L: 2 n_L, rounded up to the unit */
} ntk_step_layer;

struct ntk_step {
  const ntk_step_code *code;
  size_t L, N, rows;      /* rows: N rounded up to NTK_STEP_ROWS */
  size_t outputs;         /* n_L */
  ntk_step_layer *layer;  /* 0..L */
  size_t block;           /* rows of a block, at most */
  size_t chunks;          /* parts of all rows, each with a gradient of its own */
  size_t row;             /* reals of a row of F and B; r begins at row times the block's rows; */
  size_t r, own_X, own_Y; /* where it does, and X and Y of a block of some samples do */
  /* Reals, padding included: X, an array like theta, packed, a thread's workspace. */
  size_t data, parameters, packed_count, workspace_count;
  const ntk_activation *activation; /* the network's */
  bool stale;                       /* theta has changed since packed was made */
  void *X, *Y;                      /* rows x ld_0 and rows x n_L: padded by 0 */
  void *theta, *m, *v;
  void *rate;     /* like theta: by which an entry's steps are multiplied; NULL: by 1 */
  void *gradient; /* of chunk c at c parameters; their sum at 0 once reduced */
  void *packed;
  void *workspace; /* one a thread */
  double *sums;    /* of r^2, a chunk each */
};

/* All sizes of a step and, unless step->layer is NULL, its layers. */
ntk_status ntk_step_plan(const ntk_network_spec *spec, size_t N, const ntk_step_code *code,
                         ntk_step *step);

/* Parts of `count` samples, each with a gradient of its own. */
size_t ntk_step_chunks(const ntk_step *step, size_t count);

/* Where entry (i, j) of what lies there for layer l is in theta; of [W_L; b_L] it is entry (j, i).
 */
size_t ntk_step_entry(const ntk_step_code *code, const ntk_step_layer *layer, size_t i, size_t j);

/* cpu_descent_create with the code of a level that need not be the best. */
ntk_status ntk_step_create(ntk_descent *descent, const ntk_step_code *code);

#endif
