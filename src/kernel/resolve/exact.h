/* The rounds of rounds.c in double-double, for few rows. */
#ifndef NTK_KERNEL_RESOLVE_EXACT_H
#define NTK_KERNEL_RESOLVE_EXACT_H

#include "kernel/resolve/columns.h"

enum { NTK_EXACT_ROWS = 512 };

/* lambda_min of J J^T, J as precise as its features are, by v (rows, rounded to double where the
 * vector is handed out); residual: sqrt(lambda_min) ||U^{-T} (K v - lambda_min v)||; *found: K is
 * told from a singular matrix, in so many rounds. seed, tolerance, solves: of the eigensolver.
 * Rows: at most NTK_EXACT_ROWS. N^2 P products a round. NTK_ERR_MEMORY, _CANCELLED. */
typedef struct ntk_exact_ends {
  double tolerance;
  uint64_t seed;
  bool found;
  int rounds, solves;
  double value, residual;
} ntk_exact_ends;
ntk_status ntk_exact_smallest(const ntk_columns *J, double *v, ntk_exact_ends *ends);
double ntk_exact_bytes(const ntk_context *context, const ntk_network_spec *spec,
                       ntk_outputs outputs, size_t N);

#endif
