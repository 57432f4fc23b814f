/* The parts of ntk_spectrum (conditioning.c has their order). Each step fills its part of the
 * result and its own entry of result->seconds. */
#ifndef NTK_THEORY_JOB_H
#define NTK_THEORY_JOB_H

#include "kernel/ends/ends.h"
#include "kernel/subset.h"
#include "spectrum/density/density.h"

typedef struct ntk_job {
  ntk_context *context;
  const ntk_network *network; /* or `scaled`, its own, once there is that (range.c) */
  const ntk_network *given;   /* of which `scaled` may lack a block: what is 0 exactly is its */
  ntk_network *scaled;
  const ntk_dataset *data;
  ntk_spectrum_options options; /* defaults resolved */
  size_t N, L;
  size_t rows; /* of K: N, or N n_L of all outputs */
  ntk_spectrum_result *result;
  ntk_features *features; /* NULL once released */
  ntk_kernel *K;          /* the stored matrix, where it is kept beside the factor; else NULL */
  ntk_kernel *factor;     /* K, then its factor */
  ntk_implicit implicit;  /* K by products, by NTK_WAY_OPERATOR, which has no features, K or */
  ntk_subset subset;      /* factor, but this, near K^{-1}, and these sizes: */
  struct ntk_layout {
    size_t block, samples; /* whose features are held at once; of the subset */
  } layout;
  double *f2, *b2;    /* L x rows each, as in ntk_norms */
  double *scratch;    /* rows */
  double trace;       /* of K */
  size_t zeros;       /* eigenvalues of K that are known to be 0, at least */
  double *resolution; /* L + 1: of each block, and of K */
  ntk_density_measure density;
  ntk_way way;
  bool part; /* of another job, whose network has been scaled if need be */
} ntk_job;

static inline ntk_norms ntk_job_row_norms(const ntk_job *j) {
  return (ntk_norms){j->options.outputs, j->rows, j->f2, j->b2};
}

static inline const char *ntk_job_method(const ntk_job *j) {
  return j->way == NTK_WAY_OPERATOR ? "operator" : "factor";
}

/* Whether the options (the tolerance's default filled in) are accepted for N samples, rows of K. */
ntk_status ntk_job_check(ntk_job *j);
/* A job whose options are accepted, with the result that it is to fill; ntk_job_check_memory, or
 * the caller, chooses its way. All of it; on failure the result is cleared. What a job holds
 * besides its result, which ntk_job_run ends with. */
ntk_job ntk_job_begin(ntk_context *context, const ntk_network *network, const ntk_dataset *data,
                      const ntk_spectrum_options *options, ntk_spectrum_result *result);
ntk_status ntk_job_run(ntk_job *j);
void ntk_job_release(ntk_job *j);

/* ntk_spectrum_memory for a network and data set that are there already; chooses the way. */
ntk_status ntk_job_check_memory(ntk_job *j);
/* Which way of a factor the options, and memory, leave, of samples dealt so; *why: one line where
 * it is double by the options although mixed was asked for, else "". available: bytes, to it alone.
 */
ntk_status ntk_spectrum_way(const ntk_context *context, const ntk_network_spec *spec,
                            const ntk_share *share, const ntk_spectrum_options *options,
                            double available, ntk_way *way, const char **why);
/* Bytes of the data set and the network, which are there before. */
double ntk_spectrum_held(const ntk_context *context, const ntk_network_spec *spec, size_t N,
                         size_t parameters);
/* What only K in double answers, one line; NULL: nothing. */
const char *ntk_spectrum_double_for(const ntk_spectrum_options *options);
/* Whether K is kept beside its factor, for products with it: in the memory the features leave, or
 * where it is small enough to stay in cache. */
bool ntk_job_keeps_kernel(const ntk_job *j);
/* Whether products of a singular K take less memory by K than by the features. */
bool ntk_job_multiplies_kernel(const ntk_job *j);
/* The same of the bytes of K and of the features. */
bool ntk_keeps_kernel(double kernel, double features);
/* Whether sizes alone tell that K is singular; linear: so are all activations. */
bool ntk_known_singular(const ntk_network_spec *spec, ntk_outputs outputs, bool linear, size_t N);

ntk_status ntk_job_features(ntk_job *j);
/* Row norms, and from them traces, the diagonal's minimum and the resolution: all that needs no K.
 */
ntk_status ntk_job_norms(ntk_job *j);
/* The same of a network that was scaled (range.c), where these numbers leave double precision.
 * NTK_ERR_NOT_FINITE where that cannot be, or not with these options. */
ntk_status ntk_job_fit_range(ntk_job *j);
/* K into j->factor, not factorised yet, and what needs it as it is: its file, the whole spectrum.
 */
ntk_status ntk_job_kernel(ntk_job *j);
/* Keeps K beside the factor where the features make room for it; afterwards one of j->K and
 * j->features is there. */
ntk_status ntk_job_keep_kernel(ntk_job *j);
/* From mixed precision to double, for that reason: j->factor is K in double again; or to the method
 * operator, where double does not fit and neither method nor precision was asked for. */
ntk_status ntk_job_fall_back(ntk_job *j, const char *why);
/* lambda_max by products with K, or with J (J^T v) from the features. */
ntk_status ntk_job_largest(ntk_job *j);
/* Factorises, or searches; lambda_min with vector and residual, or the verdict below resolution. */
ntk_status ntk_job_smallest(ntk_job *j);
/* Judges what is known of block k (L: of K) by the digits that are sure (kernel/ends/extremes.h).
 */
ntk_status ntk_job_digits(ntk_job *j, size_t k, const double *vector, ntk_extremes *e);
/* lambda_min of every block, each built and factorised by itself, and their files. */
ntk_status ntk_job_blocks(ntk_job *j);
/* Products with K, by whatever there is. */
ntk_operator ntk_job_product(const ntk_job *j);
/* operator.c: what of the options needs K itself, for "accepted: ... without it"; NULL: nothing.
 * Bytes of the method beyond X and weights, with the layout that comes nearest to what is
 * available. Smallest pair, in the place of the factor's; several, as ntk_eigen_smallest_pairs of
 * the operator that ntk_job_product has with what is near its inverse. */
const char *ntk_job_needs_kernel(const ntk_spectrum_options *options);
double ntk_operator_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          const ntk_share *share, const ntk_spectrum_options *options,
                          double available, struct ntk_layout *layout);
ntk_status ntk_job_precondition(ntk_job *j);
ntk_status ntk_job_search(ntk_job *j, double *vector, ntk_extremes *e);
ntk_operator ntk_job_preconditioned(ntk_job *j);
ntk_status ntk_job_smallest_pairs(ntk_context *context, const ntk_operator *A, double tolerance,
                                  uint64_t seed, size_t count, ntk_eigenpair *pair,
                                  double *vectors);
/* *value = v^T A v and *residual = ||A v - value v|| for a unit vector. */
ntk_status ntk_job_rayleigh(ntk_job *j, ntk_operator A, const double *v, double *value,
                            double *residual);
/* More eigenpairs (pairs.c): whether so many can be had; those, with what is left of K after
 * ntk_job_smallest; the end of them (NULL: none). */
ntk_status ntk_job_check_vectors(const ntk_job *j);
ntk_status ntk_job_vectors(ntk_job *j);
void ntk_job_release_pairs(ntk_context *context, ntk_spectrum_pair *pairs);
/* The spectral density (density.c): whether what is asked for is accepted; its numbers, defaults
 * resolved for so many rows; its products, with K in j->factor; its solves, where K is resolved,
 * and the result, after both ends are known. */
ntk_status ntk_job_check_density(const ntk_job *j);
void ntk_job_density_numbers(const ntk_spectrum_options *options, size_t rows, size_t *probes,
                             size_t *steps);
ntk_status ntk_job_density_products(ntk_job *j);
ntk_status ntk_job_density(ntk_job *j);
/* lambda_min of leading blocks (prefixes.c): whether they are accepted; those, with what is left of
 * K after ntk_job_smallest, or by a run of their own, last of all, where K is known to be singular.
 */
ntk_status ntk_job_check_prefixes(const ntk_job *j);
ntk_status ntk_job_prefixes(ntk_job *j);
/* Certificate for the lambda_min found; uses up j->factor and j->K. */
ntk_status ntk_job_certify(ntk_job *j);

#endif
