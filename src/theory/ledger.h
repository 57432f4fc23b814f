/* The ledger's parts: verify.c has the order, assumptions.c Section 2, proof.c the kernels of
 * Section 3.1, norms.c its norms, proposition.c Proposition 3.3. */
#ifndef NTK_THEORY_LEDGER_H
#define NTK_THEORY_LEDGER_H

#include "theory/population.h"

#include "ntkit/verify.h"

typedef struct ntk_verification {
  ntk_context *context;
  const ntk_network *network;
  const ntk_dataset *data;
  ntk_source source;
  ntk_verify_options options; /* defaults resolved */
  size_t N, L, n, m;          /* n = n_{L-2}, m = n_{L-1} */
  ntk_features *features;     /* of the data */
  ntk_features *centred;      /* F~_{L-2}, B~_{L-1} of the data */
  ntk_population *population;
  ntk_ledger *ledger;
  double *s;                 /* N: s_i = <f~_i (x) b~_i, M> */
  double *eta2;              /* N: ||J~_i||^2 = (J~ J~^T)_ii */
  double *top;               /* N: unit eigenvector of J~ J~^T's largest eigenvalue */
  double lambda_min_centred; /* of J~ J~^T; NaN: not resolved */
} ntk_verification;

/* A new row with section, name and equation, MEASURED, all else empty or NaN; NULL for want of
 * memory (status in *status). Valid until the next call. */
ntk_ledger_row *ntk_ledger_add(ntk_ledger *ledger, const char *section, const char *name,
                               const char *equation, ntk_status *status);
/* Order and ratio of a row. */
void ntk_ledger_scale(ntk_ledger_row *row, const char *order, double scale);
/* CONSISTENT for a ratio between low and high, else SUSPECT; UNRESOLVED for NaN. */
void ntk_ledger_judge(ntk_ledger_row *row, double low, double high);

ntk_status ntk_verify_assumptions(ntk_verification *v);
ntk_status ntk_verify_kernels(ntk_verification *v);
ntk_status ntk_verify_norms(ntk_verification *v);
ntk_status ntk_verify_proposition(ntk_verification *v);

#endif
