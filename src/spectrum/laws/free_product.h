/* Laws of large random matrices that are made of each other, layer by layer. */
#ifndef NTK_SPECTRUM_FREE_PRODUCT_H
#define NTK_SPECTRUM_FREE_PRODUCT_H

#include "base/status.h"

#include <complex.h>

/* A family of the independent vectors that G_l is the sum of: share n of them, each of covariance
 * (flat I + slope G_{l-1}) / n, n the order of the matrices. */
typedef struct ntk_law_family {
  double share, flat, slope; /* share > 0, the others >= 0 */
  /* Of the highest level, each with a second vector v, which adds second v v^T to H: of covariance
   * flat2, slope2, and with the first one flat12, slope12. second 0: without. */
  double second, flat2, slope2, flat12, slope12;
} ntk_law_family;

enum { NTK_LAW_LEVELS = 32 };

/* The limit, as n grows, of the eigenvalues of
 *
 *   H = shift I + sum_{l = 0..levels} weight[l] G_l,
 *
 * those of G_0 being `mass` at `atom`. One level of one family {1 / c, c, 0} is Marchenko and
 * Pastur's law of ratio c, of {1 / c, 0, c} its free multiplicative convolution with G_0's law; the
 * weights of a sum are Fan and Wang's linear combination (2020, Theorem 3.7). Eigenvalues far from
 * 1 need ntk_free_rescale first. */
typedef struct ntk_free_product {
  size_t levels;                       /* 1..NTK_LAW_LEVELS */
  const double *weight;                /* levels + 1, >= 0; the last > 0 */
  double shift;                        /* >= 0 */
  const ntk_law_family *const *family; /* those of level l at [l - 1], */
  const size_t *families;              /* so many */
  size_t atoms;
  const double *atom, *mass; /* ascending, >= 0, the last > 0; masses of sum 1 */
} ntk_free_product;

/* Takes the G_l, and H, over powers of two, so that the equations' numbers are near 1 however large
 * or small eigenvalues are: weights (levels + 1), the shift, families and atoms of such a law are
 * changed in place, by factors that are exact. What is told: H is this times what it has become. */
double ntk_free_rescale(size_t levels, double *weight, double *shift, ntk_law_family *const *family,
                        const size_t *families, size_t atoms, double *atom);

/* m and g_l, the limits of tr R / n and tr R G_l / n of R = (H - z)^{-1}; zeroed: nothing is known
 * yet. To be kept from one point to the next, where it is the first guess. */
typedef struct ntk_free_state {
  double complex u[NTK_LAW_LEVELS + 1]; /* m, g_0, ..., g_{levels - 1} */
  double complex z;
  double residual; /* of the equations, relative; 0: nothing is known */
} ntk_free_state;

/* The solution at z, Im z > 0: unique with Im u > 0. NTK_ERR_NUMERIC where the residual stays above
 * 1e-11 and what rounding makes of it. Some 10 sums over the atoms, some 100 where the state is of
 * no help; no allocation. */
ntk_status ntk_free_solve(const ntk_free_product *law, double complex z, ntk_free_state *state);

/* At x > 0: the share of eigenvalues up to x, and the density, both smoothed by Cauchy's kernel of
 * width 1e-9 x. */
ntk_status ntk_free_at(const ntk_free_product *law, double x, ntk_free_state *state, double *below,
                       double *density);

typedef struct ntk_free_support {
  double atom;         /* mass at shift: what the G_l leave without rank */
  double lower, upper; /* ends of the rest, to a few 1e-6 of them; gaps within are not looked for */
} ntk_free_support;
ntk_status ntk_free_support_of(const ntk_free_product *law, ntk_free_support *support);

/* No eigenvalue of the law is above. */
double ntk_free_bound(const ntk_free_product *law);

/* Kolmogorov and Smirnov's distance between n values, ascending, and the law that has the share
 * before[i] just below value i (may be below: no atom is at a value) and below[i] up to it. Values
 * at most `least` (those of an atom there) count at their last. from: of both only what is above
 * this share, over that; 0: all. */
double ntk_free_distance(size_t n, const double *value, const double *before, const double *below,
                         double least, double from);

#endif
