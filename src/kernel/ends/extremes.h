/* The ends of a kernel's spectrum, and what can be said of the lower one: the one place that
 * decides whether a lambda_min is 0, known or not to be told from 0. */
#ifndef NTK_KERNEL_ENDS_EXTREMES_H
#define NTK_KERNEL_ENDS_EXTREMES_H

#include "kernel/ends/deficiency.h"
#include "kernel/kernel.h"

/* Of an eigenvalue's residual, unless something else is asked for: ntk_spectrum_options' too. */
#define NTK_TOLERANCE 1e-6

/* A training that tracks nothing builds K_0 for its smallest eigenvalue up to so many rows (0.27
 * GB). */
enum { NTK_KERNEL_AT_START = 8192 };
/* As many are made dense, and taken apart, for the operator of a round of clients. */
enum { NTK_LAW_MOST = 2048 };

/* With fewer sure digits than these a lambda_min is called inaccurate; more are not told. */
enum { NTK_DIGITS_ENOUGH = 3, NTK_DIGITS_MOST = 15 };

typedef struct ntk_extremes {
  double lambda_min; /* 0: known to be (RANK_DEFICIENT); NaN: below resolution, or not asked for */
  double lambda_max; /* NaN: not asked for */
  double resolution; /* ntk_resolution without the features' part; NaN: not needed */
  double exponent;   /* of 2, that K is these numbers times; 0 but for spectrum's */
  ntk_verdict verdict;       /* of lambda_min */
  int digits;                /* of it that are sure; 0 without ntk_digits_measure */
  char reason[256];          /* one line when the verdict is not OK, else "" */
  ntk_deficiency deficiency; /* what is known of the kernel */
  int rounds;                /* of kernel/resolve, that lambda_min is from J by; 0: it is from K */
  bool exact;                /* all of that in double-double */
  int solves;                /* by the eigensolver */
  int products;              /* ... with K, in mixed precision, */
  double residual;           /* ||K v - lambda_min v||, where it is known; else 0 */
  double gap;                /* to the next eigenvalue, as ntk_eigen_gap has it; 0: nobody looked */
  const char *why; /* one line: why not in mixed precision, where that was tried; or NULL */
  double seconds_factor, seconds_certify;
} ntk_extremes;

/* resolution[k] of each block, k = 0..L-1, and [L] of K, as ntk_resolution has it. The traces of f2
 * and b2, the squared row norms of features_norms. O(N L + P) operations. */
ntk_status ntk_resolutions(const ntk_network *network, const ntk_norms *norms, double *resolution);

/* lambda_min = 0, for that reason. */
void ntk_extremes_deficient(ntk_extremes *e, const ntk_deficiency *deficiency);
/* That lambda_min, or NaN where it is not above e->resolution; NaN is not. */
void ntk_extremes_judge(ntk_extremes *e, double lambda_min);
/* Digits of what is OK, and the verdict that follows from them: of what J loses, |dJ^T
 * v|^2, which joins the resolution where lambda_min is not above both, of the rounding of v^T K v,
 * and of e->residual. */
void ntk_extremes_carry(ntk_extremes *e, double lost, double rounding);

/* Whoever is told that there is no number, or few digits, is told of what may have more, one
 * process: " <by> looks beyond" is added to the reason (size bytes). */
void ntk_extremes_offer(const ntk_context *context, ntk_verdict verdict, const char *by,
                        size_t size, char *reason);

/* lambda_min of K, which becomes its factor: *e's verdict, lambda_min, solves, seconds_factor, by
 * e->resolution. vector: N, its eigenvector where there is one. NTK_ERR_NUMERIC, and lambda_min
 * NaN: the eigensolver did not converge. One factorisation and 20 to 60 solves. */
ntk_status ntk_extremes_smallest(ntk_kernel *K, double tolerance, uint64_t seed, double *vector,
                                 ntk_extremes *e);

/* What is known of block k (k = L: K) before it is built, in a fresh *e: that lambda_min is 0, or
 * else the resolution. O(N d + N log N + N sum_l n_l + P) operations. */
ntk_status ntk_extremes_foresee(const ntk_features *features, size_t k, ntk_extremes *e);

/* Both ends of K, of which *e has what was foreseen: lambda_max, a copy (NULL: none), and as above
 * lambda_min, NaN where the eigensolver did not converge, unless it is known to be 0; then K stays
 * as it is. vector: scratch, N. NTK_ERR_NUMERIC: lambda_max was not found. */
ntk_status ntk_extremes_ends(ntk_kernel *K, double tolerance, uint64_t seed, double *vector,
                             ntk_extremes *e, ntk_kernel **copy);

/* lambda_max alone, by products J (J^T v): needs no K. */
ntk_status ntk_extremes_largest(ntk_features *features, uint64_t seed, double *lambda_max);

/* ---- digits.c -------------------------------------------------------------------------------- */

/* Judges *e, which has the lambda_min of block k (L: of K) with that eigenvector (a unit one of
 * norms->rows entries) and is OK, once more: e->digits, and the verdict INACCURATE or, where
 * nothing is left, BELOW_RESOLUTION, with a resolution that is larger by what the features lose. An
 * estimate: some samples go through the network a second time with perturbed last bits.
 * Other verdicts: digits is 0, and nothing is done. 128 P flops; of the mean over n_L outputs 64 (1
 * + n_L) P. NTK_ERR_LIMIT, _MEMORY. */
ntk_status ntk_digits_measure(const ntk_network *network, const ntk_held *held,
                              const ntk_norms *norms, size_t k, const double *v, ntk_extremes *e);
/* The same of features' kernel. */
ntk_status ntk_digits_of(const ntk_features *features, size_t k, const double *v, ntk_extremes *e);
/* Bytes that they hold, beside the second's norms (16 L bytes for each row of K). */
double ntk_digits_bytes(const ntk_network_spec *spec, ntk_outputs outputs);

#endif
