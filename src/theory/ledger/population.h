/* Expectations over X by fresh samples, streamed through the network in pieces: memory does not
 * grow with their number. Where the distribution is not known they are means over the data. */
#ifndef NTK_THEORY_POPULATION_H
#define NTK_THEORY_POPULATION_H

#include "kernel/kernel.h"

#include "ntkit/verify.h"

/* Where samples come from. */
typedef struct ntk_source {
  const ntk_distribution *distribution; /* NULL: the data */
  const ntk_dataset *data;
  uint64_t seed;
} ntk_source;

/* Of one quantity q(x): E q, and the standard deviation of q. */
typedef struct ntk_moments {
  double mean, deviation;
} ntk_moments;

/* b(x) = D_L phi'(g_{L-1}(x)) = (B_{L-1})_i. */
typedef struct ntk_population {
  ntk_context *context;
  size_t samples, L;
  double *storage;
  double **mean_f;     /* L: E f_l, n_l entries */
  double *mean_b;      /* E b, n_{L-1} */
  double *M;           /* E[f~ (x) b~] = E[f b^T] - E f E b^T, f = f_{L-2}: n_{L-2} x n_{L-1} */
  ntk_moments *norm;   /* L: of ||f_l|| */
  ntk_moments *square; /* L: of ||f_l||^2 */
  double *centred;     /* L: E ||f_l - E f_l||^2 */
  double centred_b;    /* E ||b - E b||^2 */
  /* L + 1 each, of ||f_l - E f_l||, its square, and at L the same of b; by a second pass. */
  ntk_moments *centred_norm, *centred_square;
  size_t centred_seen; /* samples in that pass */
} ntk_population;

enum { NTK_POPULATION_PIECE = NTK_LEAST_POPULATION };

/* One pass over `samples` of them (of data: all of them, whatever `samples`). About 4 P flops each.
 */
ntk_status ntk_population_create(ntk_context *context, const ntk_network *network,
                                 const ntk_source *source, size_t samples,
                                 ntk_population **population);
/* The second pass, piece by piece: values is scratch, N x the largest width. Once all pieces are
 * there, _end makes moments of the sums. */
void ntk_population_add_centred(ntk_population *population, const ntk_features *features,
                                double *values);
void ntk_population_end_centred(ntk_population *population);
void ntk_population_destroy(ntk_population *population);

/* Samples first .. first + count - 1 with their features; of data, its rows. Both are to be
 * destroyed, features first. */
ntk_status ntk_source_features(ntk_context *context, const ntk_network *network,
                               const ntk_source *source, size_t first, size_t count,
                               ntk_dataset **piece, ntk_features **features);

#endif
