/* verify.h - Sections 2 and 3.1 of the paper as a ledger of numbers: every assumption, every
 * quantity of the proof and every inequality, measured on one network and data set.
 *
 *   ntk_ledger ledger;
 *   if (ntk_verify(context, network, data, "gaussian", NULL, &ledger) == NTK_OK)
 *     for (size_t i = 0; i < ledger.rows; i++)
 *       printf("%s %g\n", ledger.row[i].name, ledger.row[i].value);
 *   ntk_ledger_clear(&ledger);
 *
 * Conventions are those of ntkit.h; derivations are in docs/algorithm.md, "The proof in numbers".
 */
#ifndef NTKIT_VERIFY_H
#define NTKIT_VERIFY_H

#include "ntkit/ntkit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a row says. An inequality between measured numbers holds or fails. An asymptotic statement
 * cannot be decided at one size: its ratio to the predicted order is consistent (of order one) or
 * suspect (far from it). */
typedef enum ntk_ledger_verdict {
  NTK_LEDGER_MEASURED, /* a number, nothing to decide */
  NTK_LEDGER_HOLDS,
  NTK_LEDGER_FAILS,
  NTK_LEDGER_CONSISTENT,
  NTK_LEDGER_SUSPECT,
  NTK_LEDGER_OUTSIDE,    /* outside the paper's assumptions; measured all the same */
  NTK_LEDGER_UNRESOLVED, /* double precision, or the samples, do not tell */
  NTK_LEDGER_VERDICTS    /* how many there are */
} ntk_ledger_verdict;
NTK_API const char *ntk_ledger_verdict_name(ntk_ledger_verdict verdict);

/* What the paper says of a row's value as the sizes grow. */
typedef enum ntk_ledger_claim {
  NTK_CLAIM_NONE,
  NTK_CLAIM_THETA,    /* of the order of scale */
  NTK_CLAIM_OMEGA,    /* at least of that order */
  NTK_CLAIM_BIG_O,    /* at most of that order */
  NTK_CLAIM_LITTLE_O, /* of a smaller one */
  NTK_CLAIM_AT_LEAST, /* value >= scale, at every size */
  NTK_CLAIM_AT_MOST   /* value <= scale, at every size */
} ntk_ledger_claim;
/* "", "Theta", "Omega", "O", "o", ">=", "<=". */
NTK_API const char *ntk_ledger_claim_name(ntk_ledger_claim claim);

typedef struct ntk_ledger_row {
  char key[28];      /* the row's name for programs, [A-Za-z0-9_]: "lambda_min_K", "norm_f2" */
  char section[24];  /* "Assumption 2.1", "Theorem 3.1", ... */
  char name[48];     /* "lambda_min(K)" */
  char equation[12]; /* "(6)" */
  double value;
  double error;   /* 1.96 standard errors of an expectation; of a mean over the data, the standard
                     deviation from sample to sample; of an eigenvalue, its resolution; NaN: none */
  double spread;  /* standard deviation of value over fresh draws of the weights; NaN: none */
  char order[20]; /* predicted order, as "n_{L-2} n_{L-1}"; "": none */
  double scale;   /* its value here; NaN: none */
  double ratio;   /* value / scale; NaN: none */
  ntk_ledger_claim claim;
  ntk_ledger_verdict verdict;
  char note[260]; /* one line, or "" */
} ntk_ledger_row;

/* The words of the row of that key (numbers NaN), of a network of any depth. NTK_ERR_ARGUMENT when
 * there is no such row. */
NTK_API ntk_status ntk_ledger_describe(const char *key, ntk_ledger_row *row);

/* Eigenvalues, ascending, of a kernel of the proof; samples entries. */
typedef struct ntk_ledger_spectrum {
  const char *name; /* "K", "K_{L-2}", "J~_FB J~_FB^T", "J~ J~^T" */
  double *values;   /* NULL: not asked for, or too large */
} ntk_ledger_spectrum;

enum { NTK_LEDGER_SPECTRA = 4, NTK_LEAST_POPULATION = 2048 };

typedef struct ntk_verify_options {
  size_t population; /* fresh samples for expectations over X, NTK_LEAST_POPULATION and up; 0:
                        100000. Not of files' data */
  bool spectra;      /* keep the eigenvalues of the four kernels */
  uint64_t seed;     /* of population samples and directions */
  const ntk_network_spec *spec; /* of the network, or of the one that an output of it is selected
                                   from: its weights are drawn again for the norms'
                                   spread; NULL: no spread */
} ntk_verify_options;

typedef struct ntk_ledger {
  ntk_context *context; /* that owns the arrays below; NULL in a cleared ledger */
  size_t rows;
  ntk_ledger_row *row;
  size_t samples, population; /* N; samples behind the expectations */
  bool empirical;             /* expectations are means over the data themselves */
  ntk_deficiency deficiency;  /* of K (spectrum.h) */
  ntk_ledger_spectrum spectrum[NTK_LEDGER_SPECTRA]; /* of the four kernels */
  double seconds, seconds_population;               /* all; of these for the expectations */
} ntk_ledger;

/* network: of one output (ntk_network_select). With biases or scales everything is measured, and
 * the paper's claims are OUTSIDE: K_{L-2} is the block of [W_{L-1}; b_{L-1}], the centred
 * Jacobians, in which nothing of a constant is left, are of W_{L-1} alone, times the root of its
 * scale.
 * distribution: what the data were drawn from; NULL: not known, and expectations are means over the
 * data. At N = 2000, d = n = 200 and 10^5 population samples about ten seconds of one core; four
 * kernels with their spectra, one or two at a time; memory does not grow with the population.
 * NTK_ERR_SHAPE, _ARGUMENT, _LIMIT, _MEMORY, _CANCELLED, _NOT_FINITE where the kernel overflows,
 * _NUMERIC. */
NTK_API ntk_status ntk_verify(ntk_context *context, const ntk_network *network,
                              const ntk_dataset *data, const char *distribution,
                              const ntk_verify_options *options, ntk_ledger *ledger);
NTK_API void ntk_ledger_clear(ntk_ledger *ledger);

/* Bytes that ntk_verify will hold at its peak for N samples (data set and weights included), as
 * ntk_spectrum_memory tells them: NTK_ERR_LIMIT or NTK_ERR_MEMORY when they do not fit. */
NTK_API ntk_status ntk_verify_memory(ntk_context *context, const ntk_network_spec *spec, size_t N,
                                     const ntk_verify_options *options, size_t *bytes);

/* The s with mean exp(|z_i| / s) = 2 over n numbers: the sub-exponential norm of their empirical
 * distribution, a lower estimate of that of the distribution they are from. 0 for zeros. */
NTK_API double ntk_psi1(const double *z, size_t n);

#ifdef __cplusplus
}
#endif
#endif
