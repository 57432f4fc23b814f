/* ntkit/spectrum.h - the question: how well is K conditioned? Part of ntkit.h, which includes it.
 */
#ifndef NTKIT_H
#include "ntkit/ntkit.h" /* which has this header at its place */
#endif
#ifndef NTKIT_SPECTRUM_H
#define NTKIT_SPECTRUM_H

#ifdef __cplusplus
extern "C" {
#endif

/* What can be said of a lambda_min. */
typedef enum ntk_verdict {
  NTK_VERDICT_OK,               /* lambda_min is told from 0 */
  NTK_VERDICT_RANK_DEFICIENT,   /* it is 0 exactly; known without computing */
  NTK_VERDICT_BELOW_RESOLUTION, /* too small for double precision to tell from 0 */
  NTK_VERDICT_INACCURATE        /* a number of which fewer than 3 digits are sure */
} ntk_verdict;
NTK_API const char *ntk_verdict_name(ntk_verdict verdict); /* "ok", "rank_deficient", ... */

typedef struct ntk_spectrum_options {
  ntk_outputs outputs; /* of several outputs: K of their mean, or of all */
  bool full;        /* all eigenvalues, ascending (8 N^2 bytes more; LAPACK's part of it runs on) */
  bool per_block;   /* lambda_min of every block K_k */
  bool certify;     /* prove bounds (one more build and factorisation, double-double features) */
  double tolerance; /* wanted ||K v - lambda v|| / lambda; 0: 1e-6, which puts the relative
                       error of lambda near 1e-6 squared over the relative gap */
  const char *kernel_path; /* write K as N x N .npy before it is factorised; NULL: no */
  const char *block_path;  /* write the blocks, too, into this folder: block0.npy, ...; NULL: no */
  size_t vectors;          /* so many eigenpairs at each end, up to 64 and rows of K; 0: none */
  bool density;            /* how all eigenvalues are distributed, by (each up to 1000) */
  const size_t *prefixes;  /* lambda_min of the first so many samples, ascending, up to N; */
  size_t prefix_count;     /* ... so many of them */
  size_t probes, steps;    /* random vectors, 0: 2 to 8; products and solves for each, 0: 100 */
  uint64_t seed;           /* of the iteration's start vector */
  const char *precision;   /* "double", "mixed" (ntk_mode_list in fit.h) or "auto"; NULL: "auto" */
  const char *method;      /* factor; operator: products, no K; NULL, auto: where K does not fit */
  bool resolve; /* lambda_min from J, not K: told from 0 far below (docs/algorithm.md); 2 N^2 P
                   flops, 12 N^2 bytes; not with full, vectors, density, prefixes or
                   ranks */
} ntk_spectrum_options;

/* lambda_min(K) in exact arithmetic of the stored X, W and scales, enclosed: every error on the way
 * has a bound that trusts IEEE 754 alone. In one process. */
typedef struct ntk_kernel_proof {
  bool proved;
  double lower, upper; /* NaN where not */
  const char *reason;  /* why not, one line in static storage; else "" */
} ntk_kernel_proof;

/* Why a kernel is known to be singular before it is built: by its sizes, or because the rows of J
 * at some samples depend on each other whatever the weights are (docs/algorithm.md). To the last
 * bit: samples that nearly do so make lambda_min small, which is no deficiency. */
typedef struct ntk_deficiency {
  const char *cause;    /* "equal", "multiple", "zero", "inactive" samples; "data"; "parameters",
                           "linear", "polynomial", "layers", "pairs", "scales", "outputs": sizes
                           (static storage); NULL: nothing is known */
  bool always;          /* for all widths, beta and weights: data and activations make it so */
  size_t first, second; /* samples, from 0: x_second = factor x_first of equal and multiple; both */
  double factor;    /* ... the one of zero and inactive, both 0 where none is to blame; or NaN */
  size_t zeros;     /* eigenvalues that are 0, at least */
  char reason[256]; /* one line, or "" */
} ntk_deficiency;

/* What is known of K, of these outputs, for network and data, which are borrowed. Every result that
 * speaks of a lambda_min has this. Over ranks all call it. O(N d + N log N + n_{L-2} n_{L-1}), 32 N
 * bytes. NTK_ERR_SHAPE where they differ in d, _ARGUMENT, _LIMIT, _MEMORY. */
NTK_API ntk_status ntk_deficiency_of(const ntk_network *network, const ntk_dataset *data,
                                     ntk_outputs outputs, ntk_deficiency *deficiency);

/* What is known of lambda_min(K). lower <= lambda_min(stored matrix) <= upper is proved by a
 * completed Cholesky factorisation and a Rayleigh quotient, rounding errors included
 * (docs/algorithm.md). kernel carries that over to the kernel in exact arithmetic by features in
 * double-double, kernel_lower/upper by bounds on norms alone: an estimate, for it trusts the stated
 * accuracy of the activation functions. Of resolve the matrix is one in double-double, of up to
 * 4096 rows, and kernel_lower/upper are kernel's. Of a K known to be singular certified is false,
 * and these are 0. What is not known is NaN. */
typedef struct ntk_certificate {
  bool certified; /* lower and upper were proved */
  double lower, upper;
  double kernel_lower, kernel_upper;
  ntk_kernel_proof kernel;
} ntk_certificate;

typedef struct ntk_block_result {
  double lambda_min;   /* of K_k; NaN unless asked for and resolved; 0 when rank deficient */
  double trace;        /* of K_k; always there */
  ntk_verdict verdict; /* of lambda_min, when that was asked for */
} ntk_block_result;

/* Theorem 3.1 beside the measurement. */
typedef struct ntk_bounds {
  double lower_scale;  /* n_{L-2} n_{L-1}, eq. (6) */
  double upper_scale;  /* d n_{L-1}, eq. (7) */
  double ratio_lower;  /* lambda_min / lower_scale */
  double ratio_upper;  /* lambda_min / upper_scale */
  double diagonal_min; /* min_i K_ii >= lambda_min, eq. (16) */
} ntk_bounds;

/* ---- More of the spectrum than its ends --------------------------------------------------------
 */

/* An interval has the number, of this matrix, with the probability ntk_density.level at least over
 * the probes drawn, each by itself, what quadrature leaves open included (docs/algorithm.md). */
typedef struct ntk_density_point {
  double eigenvalue;
  double count, count_low, count_high;       /* eigenvalues below: an estimate, the interval */
  double density, density_low, density_high; /* per decade, within ntk_density.window around it */
} ntk_density_point;
typedef struct ntk_density_quantile {  /* below which a share of the eigenvalues lies */
  double share, eigenvalue, low, high; /* NaN: not told from 0 */
} ntk_density_quantile;
typedef struct ntk_spectrum_prefix { /* of the kernel of the first so many samples */
  size_t samples;
  ntk_verdict verdict;
  double lambda_min, residual; /* as of K: 0 where rank deficient, NaN where not resolved */
  int digits;                  /* of lambda_min that are sure, as of K */
  char reason[256];            /* one line when the verdict is not OK, else "" */
} ntk_spectrum_prefix;
typedef struct ntk_density {
  size_t probes, steps; /* 0: not asked for */
  double level, window; /* of the intervals, 0.95; decades that a density is the mean over */
  int products, solves; /* with K and K^{-1}, vectors counted one by one */
  size_t points, quantiles;
  ntk_density_point *point; /* ascending, equally spaced in their logarithms */
  ntk_density_quantile *quantile;
} ntk_density;

/* One of several eigenpairs at an end of K: the Rayleigh quotient of a unit vector. An eigenvalue
 * is within the residual of it, but need not be the k-th. */
typedef struct ntk_spectrum_pair {
  double value, residual; /* ||K v - value v||_2 */
  size_t order;           /* rows of K */
  double *vector;         /* v, as many */
} ntk_spectrum_pair;

typedef struct ntk_spectrum_seconds { /* by the wall clock; 0: not made; largest: part of eigen */
  double forward, kernel, factor, eigen, largest, certify, full, blocks, density, total;
} ntk_spectrum_seconds;

/* All that it says of K's numbers, lambda_min, traces and residuals, bounds, resolution, pairs and
 * density, is to be multiplied by 2^exponent: 0 unless double precision does not hold them. */
typedef struct ntk_spectrum_result {
  ntk_context *context; /* that owns the arrays below; NULL in a cleared result */
  ntk_verdict verdict;
  int digits;       /* of lambda_min that rounding in the network and in K leaves: an estimate */
  char reason[256]; /* one line when the verdict is not OK, else "" */
  ntk_deficiency deficiency;     /* of K */
  size_t samples, blocks;        /* N; L */
  size_t order;                  /* rows of K: N, or N n_L of all outputs */
  double lambda_min, lambda_max; /* lambda_min is NaN when below resolution */
  double exponent; /* of two, whole: the kernel's eigenvalues are these numbers times 2^exponent */
  /* ||K v - lambda v||_2 for unit v, recomputed; NaN: none; of resolve sqrt(lambda) times that of
   * K^{-1/2} (K v - lambda v) */
  double residual_min, residual_max;
  const char *method;           /* factor or operator, static storage */
  int rounds;                   /* of resolve; 0: without */
  int solves, products;         /* with K^{-1} (operator: near it) and K, by the eigensolver */
  const char *precision;        /* of the factor: "double", "mixed", "double-double"; a line */
  const char *precision_reason; /* where mixed was asked for or tried in vain, else "" */
  double resolution; /* what rounding can make of a 0: eigenvalues up to it are not resolved */
  ntk_certificate certificate;
  ntk_bounds bounds;
  ntk_block_result *block;              /* K_0..K_{L-1} */
  double *eigenvector;                  /* order, unit, of lambda_min; NULL when there is none */
  double *eigenvalues;                  /* order, ascending, with options.full; else NULL */
  size_t smallest_count, largest_count; /* options.vectors, or 0: not asked for, or K is singular */
  ntk_spectrum_pair *smallest;          /* ascending */
  ntk_spectrum_pair *largest;           /* descending */
  size_t prefixes;                      /* options.prefix_count */
  ntk_spectrum_prefix *prefix;          /* ascending */
  ntk_density density;                  /* with options.density */
  ntk_spectrum_seconds seconds;
  size_t memory_bytes; /* most held at once meanwhile, what was held before included */
  int ranks;           /* of the context; of several memory_bytes is the most that one held, */
  double traffic;      /* and this the bytes that one received from others meanwhile; 0 of one */
} ntk_spectrum_result;

/* The whole job: features, kernel, factorisation, smallest and largest eigenvalue, and what options
 * ask for. network and data are borrowed and must agree in d. result is filled on NTK_OK and
 * released by ntk_spectrum_clear. Time 2 N^2 sum_k n_k + N^3/3 flops; memory: ntk_spectrum_memory.
 * NTK_ERR_SHAPE, _ARGUMENT, _LIMIT, _MEMORY, _CANCELLED, _FILE (kernel_path), _NOT_FINITE where the
 * kernel overflows, _NUMERIC. */
NTK_API ntk_status ntk_spectrum(ntk_context *context, const ntk_network *network,
                                const ntk_dataset *data, const ntk_spectrum_options *options,
                                ntk_spectrum_result *result);
NTK_API void ntk_spectrum_clear(ntk_spectrum_result *result);

/* Bytes that ntk_spectrum will hold at its peak for N samples (data set and weights included; of
 * several ranks, as ntk_dataset_generate deals them: those of the rank that has most; a copy of the
 * weights more where double precision does not hold the layers, for which room is asked then), and
 * whether they fit: NTK_ERR_LIMIT or else NTK_ERR_MEMORY, both numbers in the message, when not. (N
 * above P needs no K, and so less than N = P.) *bytes is set in every case but NTK_ERR_ARGUMENT. */
NTK_API ntk_status ntk_spectrum_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                       const ntk_spectrum_options *options, size_t *bytes);

#ifdef __cplusplus
}
#endif
#endif
