/* The parts of ntk_law (laws.c has their order). */
#ifndef NTK_THEORY_LAW_JOB_H
#define NTK_THEORY_LAW_JOB_H

#include "theory/laws/layers.h"

/* A law of the table, for the network, once its hypotheses are known to be held. */
typedef struct ntk_law_job {
  ntk_context *context;
  const ntk_network *network;
  const ntk_dataset *data;
  const ntk_spectrum_result *spectrum; /* NULL: K was not measured */
  ntk_law_result *result;
  ntk_law_data of;
  ntk_law_layers *layers;
  ntk_free_product law; /* as draw needs it; its arrays: */
  double weight[NTK_LAW_LEVELS + 1];
  const ntk_law_family *family[NTK_LAW_LEVELS];
  double unit;            /* that its eigenvalues are over */
  ntk_law_family *paired; /* families of the job's own, or NULL */
  double *own;            /* eigenvalues of the matrix that the law computed, N; NULL: none */
  const double *values;   /* those that are measured, ascending: own, or of spectrum; NULL */
} ntk_law_job;

enum { NTK_LAW_HYPOTHESES = 9 }; /* rows, at most */
/* What is asked, as a row of the result: value within [least, most]. */
void ntk_law_suppose(ntk_law_result *result, ntk_law_hypothesis row);
/* Whether all that is needed is held; result's drawn, holds and reason. */
bool ntk_law_judge(ntk_law_result *result);
/* Rows that several laws have: the data's norms and overlaps; weights, ratios, smoothness. */
void ntk_law_suppose_data(const ntk_law_job *j);
void ntk_law_suppose_layers(const ntk_law_job *j);

/* Each: hypotheses, and where they are held, the law. marchenko_pastur.c: X X^T; fan_wang.c:
 * K_{L-1} and K; montanari_zhong.c: the smallest eigenvalue. */
ntk_status ntk_law_gram(ntk_law_job *j);
ntk_status ntk_law_conjugate(ntk_law_job *j);
ntk_status ntk_law_fan_wang(ntk_law_job *j);
ntk_status ntk_law_montanari_zhong(ntk_law_job *j);

/* curve.c. The share up to a number, and the density there, of the law that is drawn. */
typedef ntk_status ntk_law_curve(void *user, double x, double *below, double *density);
/* Points, distance and ends beside, from result's atom, lower and upper, and from j->values or the
 * density of j->spectrum. */
ntk_status ntk_law_draw(ntk_law_job *j, ntk_law_curve *curve, void *user);
/* The same of j->law, after its ends. */
ntk_status ntk_law_draw_product(ntk_law_job *j);

#endif
