/* The ledger's parts: rows.c has the table of rows, verify.c the order of work, assumptions.c
 * Section 2, concentration.c its Assumption 2.2, proof.c the kernels of Section 3.1 and kernels.c
 * their spectra, norms.c the norms, proposition.c Proposition 3.3, weights.c the spread over
 * weights. */
#ifndef NTK_THEORY_LEDGER_H
#define NTK_THEORY_LEDGER_H

#include "kernel/ends/accuracy.h"
#include "kernel/ends/deficiency.h"
#include "theory/ledger/population.h"

#include "ntkit/verify.h"

/* Rows in the ledger's order; "each layer" for l = 1..L-1. */
typedef enum ntk_row {
  NTK_ROW_POPULATION,
  NTK_ROW_X_NORM, /* Assumption 2.1 */
  NTK_ROW_X_SQUARE,
  NTK_ROW_X_CENTRED,
  NTK_ROW_C_PROJECTION, /* Assumption 2.2; each projection */
  NTK_ROW_C_NORM,
  NTK_ROW_C_DISTANCE,
  NTK_ROW_C_COORDINATE,
  NTK_ROW_C_LAYER, /* each layer */
  NTK_ROW_M,       /* Assumption 2.3 */
  NTK_ROW_M2,
  NTK_ROW_WIDTH,   /* Assumption 2.4; each layer */
  NTK_ROW_SAMPLES, /* Assumption 2.5 */
  NTK_ROW_SAMPLES_LOG,
  NTK_ROW_GAMMA,
  NTK_ROW_LOWER, /* Theorem 3.1 */
  NTK_ROW_UPPER,
  NTK_ROW_DIAGONAL,
  NTK_ROW_DIAGONAL_BOUND,
  NTK_ROW_BLOCK_BOUND,
  NTK_ROW_BLOCK, /* Theorem 3.2 */
  NTK_ROW_FB,
  NTK_ROW_A_COST,
  NTK_ROW_A_NORM,
  NTK_ROW_A_BOUND,
  NTK_ROW_B_COST,
  NTK_ROW_B_PSD,
  NTK_ROW_B_NORM,
  NTK_ROW_B_BOUND,
  NTK_ROW_LOSS,
  NTK_ROW_SAMPLING,
  NTK_ROW_CENTRED,   /* Theorem 3.4 */
  NTK_ROW_F_NORM,    /* Section 3.1, norms; each layer */
  NTK_ROW_F_SQUARE,  /* each layer */
  NTK_ROW_F_MEAN,    /* each layer */
  NTK_ROW_FC_SQUARE, /* each layer */
  NTK_ROW_FC_MEAN,   /* each layer */
  NTK_ROW_FC_NORM,   /* each layer */
  NTK_ROW_BC_NORM,
  NTK_ROW_ETA_MIN, /* Proposition 3.3 */
  NTK_ROW_ETA_MAX,
  NTK_ROW_PSI_RANDOM,
  NTK_ROW_PSI_WORST,
  NTK_ROW_XI,
  NTK_ROW_DELTA,
  NTK_ROW_C13,
  NTK_ROWS
} ntk_row;

enum { NTK_PROJECTIONS = 4 };

typedef struct ntk_verification {
  ntk_context *context;
  const ntk_network *network;
  const ntk_dataset *data;
  ntk_source source;
  ntk_verify_options options; /* defaults resolved */
  size_t N, L, n, m;          /* n = n_{L-2}, m = n_{L-1} */
  ntk_features *features;     /* of the data */
  ntk_features *centred;      /* F~_{L-2}, B~_{L-1} of the data, and of network `centring` */
  ntk_network centring;       /* the network, borrowed, with 0 for the scale of b_{L-1} */
  double a;                   /* the scale of W_{L-1} */
  ntk_population *population;
  ntk_ledger *ledger;
  ntk_accuracy *accuracy;    /* L + 1: of the blocks and of K, while kernels are measured */
  ntk_deficiency deficiency; /* what their norms say of K and its blocks, at the same time */
  double *s;                 /* N: s_i = a <f~_i (x) b~_i, M> */
  double *eta2;              /* N: ||J~_i||^2 = (J~ J~^T)_ii */
  double *top;               /* N: unit eigenvector of J~ J~^T's largest eigenvalue */
  double lambda_min_centred; /* of J~ J~^T; NaN: not resolved */
  double least_diagonal;     /* min_i K_ii, (16) */
} ntk_verification;

/* Rows that the ledger of a network of depth L can have. */
size_t ntk_ledger_most(size_t L);

/* The next row with its value, order and ratio; l: the layer or projection of a row there are
 * several of, else 0. Its verdict is MEASURED, or UNRESOLVED when value is NaN. */
ntk_ledger_row *ntk_ledger_add(ntk_verification *v, ntk_row id, size_t l, double value);
/* The same for rows whose scale is measured too (claims AT_LEAST and AT_MOST, to be met up to
 * slack): HOLDS, FAILS or UNRESOLVED. */
ntk_ledger_row *ntk_ledger_add_bound(ntk_verification *v, ntk_row id, double value, double bound,
                                     double slack);
/* CONSISTENT for a ratio between low and high, else SUSPECT with a note; UNRESOLVED for NaN. */
void ntk_ledger_judge(ntk_ledger_row *row, double low, double high);
/* The paper does not speak of the network, which has `what`: its claims of an order are OUTSIDE,
 * those of Section 2 excepted, which are of the data, the activation and the sizes. An inequality
 * holds of any network. */
NTK_SIBLING void ntk_ledger_outside(ntk_ledger_row *row, const char *what);
/* Formats the row's note. */
void ntk_ledger_note(ntk_ledger_row *row, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ntk_verify_memory for a network and data set that are there already. */
ntk_status ntk_verify_check_memory(const ntk_verification *v);
/* Assumptions 2.1, 2.3, 2.4, 2.5, and 2.2 in their place; the pass over fresh samples that 2.2
 * needs also completes the population's centred moments. */
ntk_status ntk_verify_assumptions(ntk_verification *v);
ntk_status ntk_verify_kernels(ntk_verification *v);
ntk_status ntk_verify_norms(ntk_verification *v);
ntk_status ntk_verify_proposition(ntk_verification *v);
/* Fills the spread of the norms' rows, which are there. */
ntk_status ntk_verify_weights(ntk_verification *v);

/* concentration.c */
enum { NTK_FAMILY_SAMPLES = 10000 }; /* at most; the population may be larger */
typedef struct ntk_family {
  size_t functions, samples;
  double *values;    /* functions x samples */
  double *direction; /* NTK_PROJECTIONS x d, unit; then a point, d */
  double *lipschitz; /* L: of f_0, ..., f_{L-1} */
  double *norms;     /* 2 L NTK_POPULATION_PIECE, scratch */
  double *rows;      /* NTK_POPULATION_PIECE x the largest width, scratch */
} ntk_family;
/* Values of the family of 1-Lipschitz functions on samples; family->values is to be freed. */
ntk_status ntk_family_create(ntk_verification *v, ntk_family *family);
/* The rows of Assumption 2.2; sorts the values. */
void ntk_family_rows(ntk_verification *v, const ntk_family *family);

#endif
