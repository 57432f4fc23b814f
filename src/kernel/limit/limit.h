/* Kernels of infinite width, as the CPU fills them in. With X's rows x_i, W_l's entries of variance
 * v_l and b_l's of s_l^2, and all hidden widths large (Jacot et al., 2018; Lee et al., 2018),
 *
 *     g_1 has the covariance v_1 x_i . x_j + s_1^2,  Sigma^l = E phi(g_l) phi(g_l'),
 *     dSigma^l = E phi'(g_l) phi'(g_l'),  g_{l+1}'s is n_l v_{l+1} Sigma^l + s_{l+1}^2,
 *     F_l F_l^T -> n_l Sigma^l,  B_l B_l^T -> prod over m = l..L-1 of n_m v_{m+1} dSigma^m,
 *     K_k -> (a_k F_k F_k^T + b_k) o (B_{k+1} B_{k+1}^T):
 *
 * from x_i . x_j and what each sample has alone. Correlations go from layer to layer as what they
 * lack of 1 or -1 (net/dual/dual.h). */
#ifndef NTK_KERNEL_LIMIT_H
#define NTK_KERNEL_LIMIT_H

#include "data/dataset.h"
#include "net/dual/dual.h"
#include "net/network.h"

enum { NTK_LIMIT_ROWS = 24 /* that go together: of a panel of packed storage */ };

/* Of hidden layer l. Numbers of samples are in arrays of their count, rounded up to panels. */
typedef struct ntk_limit_layer {
  ntk_dual dual;
  double gain, shift;  /* n_{l-1} v_l (of the first v_1), s_l^2; all of these in units, below */
  double back;         /* n_l v_{l+1}; 0 where B_l is 0 */
  double weight, bias; /* a_l n_l and b_l; 0 where the block is not chosen */
  double of_block[2];  /* both, as where it is */
  double *variance;    /* of g_l; and from here on as in ntk_dual_one */
  double *root, *size, *slope;
  double *basis;        /* panel by panel, terms x rows */
  size_t terms, column; /* of the basis; numbers that one sample's column takes, and where these */
  size_t at;            /* begin among those of all layers */
  double unit;          /* variances are in this power of two, and same with them; 0 unless
                           double precision does not hold them */
  double factor;        /* that same and slopes of dual are to be multiplied by; in gain of the
                           next, back and weight */
  bool present, cut;    /* its block has a scale that is not 0; nothing gets back through it */
  bool narrow;          /* a later phi' jumps: z near 1 and -1 is needed to its last digits */
} ntk_limit_layer;

typedef struct ntk_limit {
  ntk_context *context; /* borrowed, as the data's X */
  size_t N, d, padded;  /* N rounded up to panels */
  const double *X;      /* samples 0, ..., first - 1 */
  const double *more;   /* samples first, ..., N - 1 */
  size_t first;
  double *own, unit;   /* NULL; or both of these, over a power of two: 2^unit is its square */
  double *norm;        /* |x_i|; of a vanishing one (below) another's */
  bool vanishes;       /* where x is 0 all F_l are, and entries: no variance is asked of it */
  double weight, bias; /* a_0 and b_0; 0 where block 0 is not chosen */
  double of_block[2];
  bool present;           /* as of a layer, of block 0 */
  double exponent;        /* of two: K is the entries times it; 0 unless double precision does not
                             hold K */
  size_t hidden;          /* L - 1 */
  ntk_limit_layer *layer; /* l = 1.. at l - 1 */
  size_t column;          /* numbers that one sample takes in all layers */
  double error;           /* of entries, of sqrt(K_ii K_jj): an estimate, 1e-13 or more */
  bool jumps;             /* some phi' jumps: near pairs are looked at once more */
} ntk_limit;

static inline const double *ntk_limit_sample(const ntk_limit *limit, size_t i) {
  return i < limit->first ? limit->X + i * limit->d : limit->more + (i - limit->first) * limit->d;
}

/* Whether i is a test sample of which all entries are 0, whatever the rest of its numbers say. */
bool ntk_limit_vanishing(const ntk_limit *limit, size_t i);

/* NTK_ERR_ARGUMENT, _SHAPE where there is no such limit of these data. */
ntk_status ntk_limit_check(ntk_context *context, const ntk_network_spec *spec,
                           const ntk_dataset *data, const bool *blocks);
/* Of these samples, `test` (NULL: none) after `data`, both borrowed; covariance: of the outputs, in
 * the place of K. Whatever it returns, *limit is to be released. */
ntk_status ntk_limit_open(ntk_context *context, const ntk_network_spec *spec,
                          const ntk_dataset *data, const ntk_dataset *test, const bool *blocks,
                          bool covariance, ntk_limit *limit);
void ntk_limit_release(ntk_limit *limit);
/* Other blocks of the same limit, not of a covariance; NULL: all. */
void ntk_limit_choose(ntk_limit *limit, const bool *blocks);
/* The kernel of what is chosen. */
ntk_status ntk_limit_build(const ntk_limit *limit, ntk_kernel **kernel);
/* All of it at once, checked, for those who do not carry an exponent; error: as of a limit. */
ntk_status ntk_limit_make(ntk_context *context, const ntk_network_spec *spec,
                          const ntk_dataset *data, const bool *blocks, bool covariance,
                          ntk_kernel **kernel, double *error);
/* Of each block, chosen or not: L. */
void ntk_limit_traces(const ntk_limit *limit, double *trace);

/* spec.c. A network of the spec's activations and biases whose layers have one unit each: what of
 * a limit is 0 by samples and activations alone is so of it (ntk_deficiency_find_limit); to be
 * destroyed. NTK_ERR_MEMORY. */
ntk_status ntk_limit_narrow(ntk_context *context, const ntk_network_spec *spec,
                            ntk_network **narrow);
/* Numbers of a sample in all layers, at most: series have as many terms as they may, closed forms
 * none. NTK_ERR_ARGUMENT: there is no such activation. */
ntk_status ntk_limit_numbers(const ntk_network_spec *spec, double *numbers);

/* NTK_ERR_NOT_FINITE where there is an exponent, for those who do not carry it. */
ntk_status ntk_limit_plain(const ntk_limit *limit);

/* samples.c. Norms, and what there is to the samples' unit. NTK_ERR_MEMORY, _LIMIT. */
ntk_status ntk_limit_samples(ntk_limit *limit);
/* units.c. Variances of g_l and their range from the sizes before, which have unit and factor of
 * the layer before, in a unit in which double precision holds them; where that is not 1, the layer
 * has its dual, by lines. NTK_ERR_ARGUMENT: there is no such unit, or nothing but 0. */
ntk_status ntk_limit_variances(ntk_limit *limit, size_t l, const ntk_activation *phi,
                               double *range);
/* Scales and ways back so that entries stay in range from layer to layer, and the exponent; of
 * all layers. NTK_ERR_MEMORY. */
ntk_status ntk_limit_units(ntk_limit *limit);

/* What one sample j is for many pairs: its numbers into column (limit->column). */
void ntk_limit_column(const ntk_limit *limit, size_t j, double *column);
/* The kernel's entries of rows first, ..., first + 23, a multiple of 24, and sample j, in the place
 * of x_i . x_j. Of rows past the last they are of no use. 24 (30 L) flops and what duals take. */
void ntk_limit_pairs(const ntk_limit *limit, size_t first, size_t j, const double *column,
                     double *entries);

/* The loops behind it, in limit_lanes.c: z of the inputs and the entries of block 0, from products;
 * whether any |z| is below NTK_LIMIT_NEAR; what a layer makes of entries. */
#define NTK_LIMIT_NEAR 1e-3 /* an angle of 2.6 degrees */
typedef void ntk_limit_starter(const ntk_limit *limit, size_t first, double norm, double *z,
                               double *entries);
typedef bool ntk_limit_looker(const double *z);
typedef void ntk_limit_adder(const ntk_limit_layer *layer, const double *same, const double *slopes,
                             double *entries);

#endif
