/* ntkit/limit.h - kernels of infinite width (Jacot et al., 2018): what K, and the covariance of the
 * outputs, become as all hidden widths grow, at the spec's widths: K_k over the factors n_l that it
 * grows by converges, and these functions give that limit times those factors, so that it stands
 * beside K. Activations as they are, each layer's own; biases, scales and initialisations as
 * ntk_network_create has them. docs/limit.md. */
#ifndef NTKIT_LIMIT_H
#define NTKIT_LIMIT_H

#include "ntkit/ntkit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The limit of the blocks k with blocks[k] true (L entries; NULL: all): of one output, and of the
 * mean over outputs; of all outputs it is this one for each, 0 between them. Entries err by some
 * 1e-15 sqrt(K_ii K_jj), by tables 1e-14, times what later layers amplify: variance E phi'^2 / E
 * phi^2 each, far above 1 in chaotic networks (docs/limit.md). N(N+1)/2 numbers, and N for each
 * layer and term of its series; N^2 d flops and 10 to 1000 a pair and layer. The bits do not depend
 * on the number of threads. One process. NTK_ERR_SHAPE where spec and data differ in d; _ARGUMENT,
 * too for a sample that is 0 without biases, and variances that an activation is too steep for;
 * _NOT_FINITE where it overflows; _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_limit_kernel(ntk_context *context, const ntk_network_spec *spec,
                                    const ntk_dataset *data, const bool *blocks,
                                    ntk_kernel **kernel);
/* E F_L F_L^T / n_L over weights and biases, the kernel of the Gaussian process that the outputs
 * become (NNGP; Lee et al., 2018). As above, with its NTK_ERR_SHAPE, _ARGUMENT, _NOT_FINITE,
 * _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_limit_covariance(ntk_context *context, const ntk_network_spec *spec,
                                        const ntk_dataset *data, ntk_kernel **covariance);

typedef struct ntk_limit_options {
  bool covariance;                      /* of the outputs, in the place of K */
  bool per_block;                       /* lambda_min of every block, too */
  bool certify;                         /* prove bounds of lambda_min: one more factorisation */
  double tolerance;                     /* as ntk_spectrum_options'; 0: 1e-6 */
  uint64_t seed;                        /* of the iteration's start vector */
  const char *kernel_path, *block_path; /* write the limit as .npy; and each block into this
                                           folder: limit_block0.npy, ...; NULL: no */
  const ntk_network *network; /* a network of this spec, whose K the limit is compared with; NULL */
} ntk_limit_options;

typedef struct ntk_limit_block {
  double lambda_min; /* of the block's limit; NaN unless asked for and resolved; 0: known to be */
  double trace;
  double distance;     /* ||K_k - limit||_F / ||limit||_F; NaN: no network, or a limit of 0 */
  ntk_verdict verdict; /* of lambda_min, when that was asked for */
} ntk_limit_block;

typedef struct ntk_limit_result {
  ntk_context *context; /* that owns the arrays below; NULL in a cleared result */
  ntk_verdict verdict;
  char reason[256];          /* one line when the verdict is not OK, else "" */
  ntk_deficiency deficiency; /* of the limit: what holds whatever the widths are */
  size_t samples, blocks;    /* N; L, of a covariance 0 */
  double lambda_min, lambda_max, residual_min, residual_max, resolution; /* as of ntk_spectrum */
  double exponent; /* of two, whole: the limit, and what is saved of it, is these numbers times
                      2^exponent; 0 unless double precision does not hold it */
  double trace;
  ntk_certificate certificate; /* kernel_lower, _upper count the limit's own error, an estimate
                                 that grows where layers amplify */
  double distance;             /* as of a block, of K; NaN where there is an exponent */
  ntk_limit_block *block;
  double *eigenvector;   /* N, unit, of lambda_min; NULL when there is none */
  double seconds;        /* by the wall clock, all of it, */
  double seconds_kernel; /* and of that the limit itself, once */
} ntk_limit_result;

/* The limit, the ends of its spectrum with residuals and, asked for, what is proved; its blocks;
 * and how far K is from it. options may be NULL. 8 N^2 bytes, with a network its features besides;
 * for lambda_min of the limit and of each block, and for a proof, N^3/3 flops each. *result is
 * filled on NTK_OK and released by ntk_limit_clear. Errors as above, and NTK_ERR_FILE. */
NTK_API ntk_status ntk_limit_spectrum(ntk_context *context, const ntk_network_spec *spec,
                                      const ntk_dataset *data, const ntk_limit_options *options,
                                      ntk_limit_result *result);
/* Bytes that it holds at most, data and weights of the spec included, but for tables of up to 0.1
 * GB and a copy of data beyond 2^-200 to 2^200, and whether they fit: NTK_ERR_LIMIT or
 * NTK_ERR_MEMORY when not; NTK_ERR_ARGUMENT. */
NTK_API ntk_status ntk_limit_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                    const ntk_limit_options *options, size_t *bytes);
NTK_API void ntk_limit_clear(ntk_limit_result *result);

#ifdef __cplusplus
}
#endif
#endif
