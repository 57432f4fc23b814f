/* Memorisation in its parts: outputs.c has the outputs, memorize.c the order, distinct.c the
 * samples, construct.c the weights of one label vector, linear_system.c K_{L-2} c = r, dependence.c
 * what a singular K_{L-2} leaves, rows.c how long its rows are, explain.c why eps was not reached;
 * separate.c inequalities in place of equations, margin.c the weights for them. */
#ifndef NTK_FIT_MEMORIZE_H
#define NTK_FIT_MEMORIZE_H

#include "kernel/ends/ends.h"
#include "kernel/ends/near_rows.h"
#include "kernel/ends/vanishing.h"

#include "ntkit/fit.h"

/* The base network, whose last hidden layer is one half of the wanted one's, and its K_{L-2}. */
typedef struct ntk_linear_system {
  ntk_context *context;
  bool iterative;
  uint64_t seed;
  ntk_network *base;         /* W, a = +-1: d, n_1, ..., n_{L-2}, m */
  ntk_features *features;    /* of base */
  bool *block;               /* L entries: K_{L-2} alone */
  ntk_kernel *factor;        /* of K_{L-2} + shift I; NULL: iterative */
  ntk_way way;               /* of the factor; in single precision it guides conjugate gradients, */
  ntk_kernel *K;             /* with K_{L-2} in double, or NULL: with the features */
  const char *why;           /* it is in double although mixed was tried; or NULL */
  double shift;              /* 0, or what a singular K_{L-2} was given to have a factor */
  bool damped;               /* solve with K_{L-2} + shift I, where K_{L-2} itself asks too much */
  double condition;          /* NaN: not resolved */
  ntk_deficiency deficiency; /* of K_{L-2} of all samples, those that follow others too */
  double share;              /* ||t D|| / ||W|| is at most this; 0: any */
  double *g;                 /* P of base: J^T c */
  double seconds_kernel, seconds_factor, seconds_condition;
} ntk_linear_system;

/* NTK_ERR_SHAPE for a last hidden width that is not even, or no multiple of 2 n_L. */
ntk_status ntk_memorize_check(const ntk_network_spec *spec, size_t *parameters);

/* What options->precision and memory leave for count label vectors of a network of one output,
 * and samples that are dealt so. */
ntk_status ntk_memorize_way(ntk_context *context, const ntk_network_spec *spec,
                            const ntk_share *share, double count,
                            const ntk_memorize_options *options, ntk_way *way);

/* The network of one output that each of spec's is (outputs.c); part->width is to be freed. */
ntk_status ntk_memorize_part(ntk_context *context, const ntk_network_spec *spec,
                             ntk_network_spec *part);

/* ntk_memorize of one output, with options filled in, once what is asked has been checked. */
ntk_status ntk_memorize_vectors(ntk_context *context, const ntk_network_spec *spec,
                                const ntk_dataset *data, const double *Y, size_t count,
                                const ntk_memorize_options *options, ntk_network **networks,
                                ntk_memorize_result *results);

/* The samples that have equations (distinct.c), or of these those whose rows of J_{L-2} are
 * independent. */
typedef struct ntk_distinct {
  const ntk_dataset *data; /* the caller's where all have, else own */
  ntk_dataset *own;
  size_t *row;      /* N of them: where they stand in the caller's data; NULL: at their places */
  size_t different; /* of the caller's: equal ones count once */
  double share;     /* of the error wanted that they may make, for others follow them */
} ntk_distinct;

/* Y: count x N. NTK_ERR_ARGUMENT for equal samples with different labels. */
ntk_status ntk_distinct_find(ntk_context *context, const ntk_network_spec *spec,
                             const ntk_dataset *data, const double *Y, size_t count,
                             ntk_distinct *d);
/* d->row[0 .. count), ascending, are the caller's rows that it is to have. */
ntk_status ntk_distinct_copy(ntk_context *context, const ntk_dataset *data, size_t count,
                             ntk_distinct *d);
void ntk_distinct_release(ntk_context *context, ntk_distinct *d);

/* spec: the network wanted; d: the samples that have equations, of `all`. */
ntk_status ntk_linear_system_create(ntk_context *context, const ntk_network_spec *spec,
                                    const ntk_dataset *all, const ntk_distinct *d,
                                    const ntk_memorize_options *options, ntk_way way,
                                    ntk_linear_system *system);
void ntk_linear_system_destroy(ntk_linear_system *system);

/* c (N, scratch) = K_{L-2}^{-1} r, and D (n_{L-2} x m) += F_{L-2}^T diag(c) B_{L-1}. */
ntk_status ntk_linear_system_correct(ntk_linear_system *system, const double *r, double *c,
                                     double *D);

/* squares[i] (N) = ||J_{L-2} of sample i||_2^2, the diagonal of K_{L-2}. */
ntk_status ntk_row_squares(const ntk_features *features, double *squares);
/* ||J_i|| = f[i] b[i] (N each), of F_{L-2}, with the 1 of a bias, and of B_{L-1} (rows.c). */
ntk_status ntk_row_parts(const ntk_features *features, double *f, double *b);
/* That product; 0 where squares underflow, and the row is lost. */
double ntk_row_norm(double f, double b);
/* What a lost row is: 0 but for the signs of pre-activations; of units that are so saturated that
 * their slopes are 0 in double; or of numbers whose squares underflow. */
typedef enum ntk_row_fate {
  NTK_ROW_THERE,
  NTK_ROW_NOTHING,
  NTK_ROW_SATURATED,
  NTK_ROW_UNDERFLOW
} ntk_row_fate;
ntk_status ntk_row_fate_find(const ntk_network *base, const ntk_dataset *data, size_t i, double f,
                             double b, ntk_row_fate *fate);
ntk_status ntk_sample_is_zero(const ntk_dataset *data, size_t i, bool *zero);

/* Of a system with a shift, whose rows of J_{L-2} may be dependent (dependence.c): v (N), the part
 * of y that no D gives; whether y has none to speak of; and rows that are independent, ascending
 * (row: N entries, of which *count are filled). */
ntk_status ntk_null_part(const ntk_linear_system *system, const double *y, double *v);
ntk_status ntk_labels_depend(const ntk_linear_system *system, const double *y, bool *depend);
ntk_status ntk_independent_rows(const ntk_linear_system *system, size_t *row, size_t *count);

/* The network for labels 2^exponent Y (N, of data; Y neither so large nor so small that its square
 * overflows or is lost), and the result but for what is shared. eps: of ||F_L - Y||_2, absolute.
 * Never farther from the labels than outputs 0: those where nothing better is found (t = 0). */
ntk_status ntk_construct(ntk_linear_system *system, const ntk_network_spec *spec,
                         const ntk_dataset *data, const double *Y, int exponent, double eps,
                         size_t corrections, ntk_network **network, ntk_memorize_result *result);

/* The halves [W + t D, W - t D] and [a, -a] / (2 t) of a network as spec says, above the base's
 * layers; t = 0: W_L = 0, whose outputs are 0. */
ntk_status ntk_halves_create(const ntk_network *base, const ntk_network_spec *spec,
                             ntk_network **network);
void ntk_halves_set(const ntk_network *base, const double *D, double t, ntk_network *network);

/* ---- Labels +-1 by inequalities (separate.c) ------------------------------------------------- */

/* Of D of norm 1, over max_i ||J_i||: the largest min_i y_i <J_i, D> that was found, and one that
 * none exceeds. */
typedef struct ntk_separation {
  double separation, bound;
  double
      combination; /* the least ||sum c_i y_i J_i|| / sum c_i ||J_i||, c_i >= 0, that was found */
  double least;    /* min_i y_i <J_i, D> of the D found; not above 0: it does not separate */
  size_t support, steps;
} ntk_separation;
/* A combination of no more is 0 to rounding of its rows, each by its own norm: no D separates. Nor
 * is it said that D does where some y_i <J_i, D> is no more of ||J_i|| ||D||. */
#define NTK_INSEPARABLE 1e-13

/* D (n_{L-2} x m and a row for b_{L-1}) with y_i <J_i, D> >= least, y: N of data, +-1. The system
 * needs no factor. */
ntk_status ntk_separate(ntk_linear_system *system, const ntk_dataset *data, const double *y,
                        double *D, ntk_separation *found);

/* Weights with y_i F_L(x_i) >= margin, rounding counted, for labels Y (+-1) of `all`: of these d
 * has the samples that have inequalities. */
ntk_status ntk_memorize_margin(ntk_linear_system *system, const ntk_network_spec *spec,
                               const ntk_dataset *all, const ntk_distinct *d, const double *Y,
                               double margin, ntk_network **network, ntk_memorize_result *result);

/* What the caller wanted. */
typedef struct ntk_asked {
  const ntk_dataset *all;
  const double *all_Y;
  const size_t *row; /* where the samples of the system stand in all; NULL: at their places */
  double eps;        /* relative; of ntk_margin_explain the margin */
} ntk_asked;

/* result->reason, "" where eps was reached. data, Y: of the system. */
ntk_status ntk_memorize_explain(const ntk_asked *asked, const ntk_linear_system *system,
                                const ntk_dataset *data, const double *Y,
                                ntk_memorize_result *result);
/* The same of a margin that was not reached. */
ntk_status ntk_margin_explain(const ntk_asked *asked, const ntk_linear_system *system,
                              const ntk_dataset *data, const double *Y,
                              ntk_memorize_result *result);

#endif
