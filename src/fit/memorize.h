/* Memorisation in its parts: memorize.c has the order, construct.c the weights of one label vector,
 * linear_system.c K_{L-2} c = r, explain.c why eps was not reached. */
#ifndef NTK_FIT_MEMORIZE_H
#define NTK_FIT_MEMORIZE_H

#include "kernel/kernel.h"

#include "ntkit/fit.h"

/* The base network, whose last hidden layer is one half of the wanted one's, and its K_{L-2}. */
typedef struct ntk_linear_system {
  ntk_context *context;
  bool iterative;
  uint64_t seed;
  ntk_network *base;      /* W, a = +-1: d, n_1, ..., n_{L-2}, m */
  ntk_features *features; /* of base */
  bool *block;            /* L entries: K_{L-2} alone */
  ntk_kernel *factor;     /* of K_{L-2} + shift I; NULL: iterative */
  double shift;           /* 0, or what a singular K_{L-2} was given to have a factor */
  bool damped;            /* solve with K_{L-2} + shift I, where K_{L-2} itself asks too much */
  double condition;       /* NaN: not resolved */
  double *g;              /* P of base: J^T c */
  double seconds_kernel, seconds_factor, seconds_condition;
} ntk_linear_system;

/* NTK_ERR_SHAPE for a last hidden width that is odd. */
ntk_status ntk_memorize_check(const ntk_network_spec *spec, size_t *parameters);

/* spec: the network wanted; data: without equal rows. */
ntk_status ntk_linear_system_create(ntk_context *context, const ntk_network_spec *spec,
                                    const ntk_dataset *data, const ntk_memorize_options *options,
                                    ntk_linear_system *system);
void ntk_linear_system_destroy(ntk_linear_system *system);

/* c (N, scratch) = K_{L-2}^{-1} r, and D (n_{L-2} x m) += F_{L-2}^T diag(c) B_{L-1}. */
ntk_status ntk_linear_system_correct(ntk_linear_system *system, const double *r, double *c,
                                     double *D);

/* The network for labels 2^exponent Y (N, of data; Y neither so large nor so small that its square
 * overflows or is lost), and the result but for what is shared. eps: of ||F_L - Y||_2, absolute.
 * Never farther from the labels than outputs 0: those where nothing better is found (t = 0).
 * *hardest: the sample whose label takes most, by |c_i|. */
ntk_status ntk_construct(ntk_linear_system *system, const ntk_network_spec *spec,
                         const ntk_dataset *data, const double *Y, int exponent, double eps,
                         size_t corrections, ntk_network **network, size_t *hardest,
                         ntk_memorize_result *result);

/* result->reason, "" where eps (relative) was reached. data, Y: without equal rows; row: where
 * these stand in the caller's data, NULL: at their places; hardest: of ntk_construct. */
ntk_status ntk_memorize_explain(const ntk_linear_system *system, const ntk_dataset *data,
                                const double *Y, const size_t *row, double eps, size_t hardest,
                                ntk_memorize_result *result);

#endif
