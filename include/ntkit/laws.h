/* laws.h - laws of large random matrices beside the measured spectra (docs/laws.md).
 *
 *   ntk_law_result law;
 *   if (ntk_law(context, network, data, "fan-wang", &spectrum, &law) == NTK_OK && law.drawn)
 *     printf("%g of the law's share apart\n", law.distance);
 *   ntk_law_clear(&law);
 */
#ifndef NTKIT_LAWS_H
#define NTKIT_LAWS_H

#include "ntkit/fit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is asked of the network or the data, as a number: held where it is between least and most.
 * needed: without it the law says nothing, and is not given. */
typedef struct ntk_law_hypothesis {
  const char *name, *help; /* static storage */
  double value, least, most;
  bool held, needed;
} ntk_law_hypothesis;

/* Hidden layer l = 1..L-1 as the laws see it, over weights of the measured mean square. */
typedef struct ntk_law_layer {
  double ratio;     /* N / n_l */
  double deviation; /* of an entry of g_l */
  double common;    /* the share of its variance that samples have in common */
  double mean;      /* E phi(g_l): a matrix of rank one, which no law sees */
  double variance;  /* of phi(g_l) between samples, what they share taken out */
  double slope2;    /* b^2 of Fan and Wang: E[phi']^2 times deviation^2, over the variance */
  double square;    /* a: E[phi'^2] times deviation^2, over the variance */
} ntk_law_layer;

typedef struct ntk_law_point {
  double eigenvalue;
  double below, density; /* the law's share of eigenvalues up to it; its derivative */
  double measured;       /* share of the matrix's eigenvalues up to it; NaN: not known */
} ntk_law_point;

/* What is not known, or not of this law, is NaN, NULL or 0. */
typedef struct ntk_law_result {
  ntk_context *context;      /* that owns the arrays; NULL in a cleared result */
  const char *name, *matrix; /* the law; "K", "K_{L-1}", "X X^T": of its eigenvalues */
  bool drawn, holds;         /* the law says something; all hypotheses are held */
  char reason[512];          /* one line with all that are not, else "" */
  char note[256];            /* one line where the law holds and distance is above usual, else "" */
  size_t hypotheses;
  ntk_law_hypothesis *hypothesis;
  size_t layers;
  ntk_law_layer *layer;   /* hidden ones; of marchenko-pastur none */
  size_t samples;         /* N, the order of the matrix */
  double atom, atom_at;   /* the share of eigenvalues that are one number, and that */
  double lower, upper;    /* ends of the rest of the law */
  double least, greatest; /* of the eigenvalues measured without the atom's, */
  size_t outside;         /* so many of which are above upper by more than N^{-2/3} of it, */
  size_t beneath;         /* and below lower and atom_at; 0 where they are not known */
  double distance;        /* Kolmogorov and Smirnov's, of all eigenvalues; */
  bool estimate;          /* ... from the density's counts, not from the eigenvalues; */
  double distance_rest;   /* the same without the atom: of the largest N (1 - atom); NaN: no atom */
  double usual;           /* distance is seldom more at this N: 10 / N, of K 4 / sqrt N */
  double steep;           /* nearly an atom: the largest share, but for the atom, of the law's */
  double steep_from, steep_to; /* between two numbers up to 10 % apart; NaN where below 1/4 */
  size_t points;
  ntk_law_point *point;     /* ascending, equally spaced in their logarithms */
  size_t degree;            /* of montanari-zhong, l of d^l << N << d^{l+1}; */
  double constant;          /* lim lambda_min(K) as it is attained; */
  double lambda_min, error; /* at this N: Marchenko and Pastur's parts; relative error of it, */
  double measured;          /* and what spectrum has found */
} ntk_law_result;

/* marchenko-pastur (of X X^T), conjugate, fan-wang and montanari-zhong. */
NTK_API const ntk_name_info *ntk_law_list(size_t *count);

/* The law of that name for the network and data, both borrowed, beside what was measured of K:
 * eigenvalues or density for fan-wang, lambda_min for montanari-zhong; NULL: without. conjugate
 * computes the eigenvalues of its matrix itself. O(N d min(N, d) + n^2 sum_l n_l) flops, 8 min(N,
 * d)^2 bytes, and a fixed point for each eigenvalue, 30 to 200 N flops; conjugate as ntk_spectrum's
 * full besides. One process. *law is filled on NTK_OK and released by ntk_law_clear. NTK_ERR_SHAPE,
 * _ARGUMENT (unknown name; several outputs that are not a mean), _LIMIT, _MEMORY, _CANCELLED,
 * _NUMERIC where the equations are not solved. */
NTK_API ntk_status ntk_law(ntk_context *context, const ntk_network *network,
                           const ntk_dataset *data, const char *name,
                           const ntk_spectrum_result *spectrum, ntk_law_result *law);
NTK_API void ntk_law_clear(ntk_law_result *law);

#ifdef __cplusplus
}
#endif
#endif
