/* Some rows of the passes (1) and (9) in double-double, with bounds of their own errors, beside the
 * stored features. */
#ifndef NTK_KERNEL_ENDS_PROOF_ROWS_H
#define NTK_KERNEL_ENDS_PROOF_ROWS_H

#include "base/exact/arrays.h"
#include "kernel/backend.h"
#include "kernel/ends/weight_norms.h"

#define NTK_PROOF_KINK (-1.0) /* in the place of a distance, where a slope is not known */

/* Features that are judged, of N samples: a backend's in double, or, features being NULL, arrays in
 * double-double, F[l] (N x n_l, l = 0..L-1) and B[k] (as B_k of these outputs has it, k = 1..L-1).
 */
typedef struct ntk_proof_stored {
  const ntk_features *features;
  const ntk_network *network;
  ntk_outputs outputs;
  size_t N, rows; /* rows: of K */
  const ntk_exact_entries *F, *B;
} ntk_proof_stored;

/* What all samples share. */
typedef struct ntk_proof_pass {
  const ntk_proof_stored *stored;
  const ntk_network *network;
  size_t L, S, widest; /* S samples at a time; the widest layer, X's too, but for the outputs */
  size_t C, rows;      /* outputs; rows of K that a sample has, 1 or C */
  const ntk_weight_norms *W; /* of W_1..W_{L-1}, at l - 1 */
  const double *down;        /* W_2^T .. W_{L-1}^T, each n_l x n_{l-1} */
  ntk_exact_entries last;    /* W_L^T, C x n_{L-1}; in a mean over sqrt C */
  ntk_exact_entries own;     /* in a mean sqrt(sum_c w_c^2 / C), n_{L-1}; else NULL */
  double rounded;            /* of themselves, what these two err by at most; 0: they are exact */
  double *moved;             /* as ntk_proof_distances has it */
} ntk_proof_pass;

/* Numbers that a thread works in, of S samples. */
double ntk_proof_numbers(const ntk_network_spec *spec, size_t S);
/* moved of samples first to first + rows - 1, rows <= S. */
void ntk_proof_rows(const ntk_proof_pass *p, size_t first, size_t rows, double *numbers);

#endif
