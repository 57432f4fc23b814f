/* ntkit/network.h - networks (1), with or without biases, of one output or several. Part of
 * ntkit.h, which includes it:
 *
 *   f_0 = x,   g_l = W_l^T f_{l-1} + b_l,   f_l = phi(g_l) for l < L,   F_L = g_L in R^{n_L}
 *
 * The paper's networks have n_L = 1 and no b_l. K then has a block for each [W_l; b_l]:
 * K = sum_k (a_k F_k F_k^T + b_k) o (B_{k+1} B_{k+1}^T) with the scales a_k of W_{k+1} and b_k of
 * its bias, 1 and 1 unless said (b_k = 0 without a bias). */
#ifndef NTKIT_H
#include "ntkit/ntkit.h" /* which has this header at its place */
#endif
#ifndef NTKIT_NETWORK_H
#define NTKIT_NETWORK_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ntk_network ntk_network; /* W_1, b_1, ..., W_L, b_L and phi */

typedef struct ntk_activation_info {
  const char *name, *aliases; /* "silu", and what else it is called: "swish", by ", "; or "" */
  const char *formula;        /* phi */
  double lipschitz, lipschitz_grad; /* M, M' of Assumption 2.3; infinite: x^2's M, relu's M' */
  const char *source;               /* where M and M' come from */
  bool nonlinear;                   /* Assumption 2.3, item 1 */
  const char *parameter;            /* "alpha" of elu(0.5), or "" */
  double value;                     /* its, in the list the usual one; M and M' are of it */
} ntk_activation_info;
NTK_API const ntk_activation_info *ntk_activation_list(size_t *count); /* all phi that it knows */
NTK_API const ntk_activation_info *ntk_activation_named(const char *name); /* or alias; or NULL */
/* Layer l's of a text as a spec's, "tanh,leaky_relu(0.2)"; layers: L - 1, or 0: as many as it has.
 * All of it is checked. NTK_ERR_ARGUMENT. */
NTK_API ntk_status ntk_activation_of(const char *text, size_t layers, size_t l,
                                     ntk_activation_info *info);

typedef struct ntk_init_info {
  const char *name;    /* paper, standard, he, lecun, antisymmetric */
  const char *summary; /* variances of hidden and last layers */
} ntk_init_info;
NTK_API const ntk_init_info *ntk_init_list(size_t *count); /* all laws of the weights */

typedef struct ntk_network_spec {
  size_t depth;           /* L >= 2 */
  const size_t *width;    /* n_0 = d, n_1, ..., n_{L-1}: L entries */
  const char *activation; /* of each hidden layer, by commas, or of all; NULL: "sigmoid" */
  const char *init;       /* NULL: "paper" */
  const double *beta;     /* beta_1..beta_L: L entries > 0; NULL: all 1 */
  uint64_t seed;          /* of the draws */
  double gamma;     /* of antisymmetric, (18): Var W_L / beta_L^2; 0: 1. Theorem 4.2: d^3 N^2 */
  size_t outputs;   /* n_L; 0: 1 */
  const bool *bias; /* whether layer l has b_l, at l - 1: L entries; NULL: none has */
  double bias_deviation; /* of the entries of b_l that are drawn; 0: zeros */
  /* The scales of K's blocks: a name and its numbers in brackets, "standard" (all 1), "ntk" or
   * "ntk(sigma_W,sigma_b)", "mup", or L or 2 L numbers >= 0; docs/notation.md. NULL: "standard". */
  const char *parameterization;
  const double *scale; /* the same as 2 L numbers, of W_1, b_1, W_2, ...; NULL: by the name */
} ntk_network_spec;

/* Draws the weights: entry (i, j) of W_l depends on (seed, l, i, j) and its variance alone, entry
 * j of b_l on (seed, l, j) and bias_deviation. Of antisymmetric the last hidden layer's b comes in
 * pairs as its units do, and b_L is 0. NTK_ERR_ARGUMENT, _SHAPE (odd widths of init antisymmetric),
 * _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_network_create(ntk_context *context, const ntk_network_spec *spec,
                                      ntk_network **network);
/* A network with given weights: W[l-1] is W_l, n_{l-1} x n_l; b[l-1] is b_l, n_l, or NULL; b NULL:
 * no layer has one. Copied, checked finite. spec->init, beta, seed, bias and bias_deviation are
 * ignored. NTK_ERR_ARGUMENT, _LIMIT, _MEMORY, _NOT_FINITE. */
NTK_API ntk_status ntk_network_from_weights(ntk_context *context, const ntk_network_spec *spec,
                                            const double *const *W, const double *const *b,
                                            ntk_network **network);
NTK_API void ntk_network_destroy(ntk_network *network);
/* Output j (0..n_L - 1) of a network as a network of one output, with copies of its weights and
 * the same scales. NTK_ERR_ARGUMENT, _MEMORY. */
NTK_API ntk_status ntk_network_select(const ntk_network *network, size_t j, ntk_network **one);

NTK_API size_t ntk_network_depth(const ntk_network *network);           /* L */
NTK_API size_t ntk_network_width(const ntk_network *network, size_t l); /* n_l, l = 0..L */
NTK_API size_t ntk_network_parameters(const ntk_network *network);      /* P, b_l's included */
/* W_l, l = 1..L: n_{l-1} x n_l; and l's activation, 1..L-1, or of 0 the spec's text. Borrowed. */
NTK_API const double *ntk_network_weights(const ntk_network *network, size_t l);
NTK_API const char *ntk_network_activation(const ntk_network *network, size_t l);
/* Whether layer l = 1..L has a bias; and b_l, n_l entries, borrowed, NULL without. */
NTK_API bool ntk_network_has_bias(const ntk_network *network, size_t l);
NTK_API const double *ntk_network_bias(const ntk_network *network, size_t l);
/* The scales of K's blocks: of W_l, and of b_l (0 without b_l). */
NTK_API double ntk_network_scale(const ntk_network *network, size_t l, bool bias);

/* Of which outputs a kernel is, where there are several; of one output both are the same. */
typedef enum ntk_outputs {
  NTK_OUTPUTS_TRACE, /* their mean, N x N: the sum of all outputs' kernels over n_L */
  NTK_OUTPUTS_ALL    /* N n_L x N n_L: row i n_L + c is output c of sample i */
} ntk_outputs;
/* "trace", "all", as enumerated; NTK_ERR_ARGUMENT for another name. */
NTK_API const char *const *ntk_outputs_list(size_t *count);
NTK_API ntk_status ntk_outputs_parse(const char *name, ntk_outputs *outputs);

/* F_L of (1), N x n_L; data of dimension n_0. 2 N P flops. NTK_ERR_SHAPE, _LIMIT, _MEMORY,
 * _CANCELLED. */
NTK_API ntk_status ntk_network_output(const ntk_network *network, const ntk_dataset *data,
                                      double *F_L);

#ifdef __cplusplus
}
#endif
#endif
