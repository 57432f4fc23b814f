/* ntkit/density.h - more of the spectrum than its ends. Part of ntkit.h. */
#ifndef NTKIT_DENSITY_H
#define NTKIT_DENSITY_H
#include <stddef.h>
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
typedef enum ntk_verdict {
  NTK_VERDICT_OK,               /* lambda_min is told from 0 */
  NTK_VERDICT_RANK_DEFICIENT,   /* it is 0 exactly; known without computing */
  NTK_VERDICT_BELOW_RESOLUTION, /* too small for double precision to tell from 0 */
  NTK_VERDICT_INACCURATE        /* a number of which fewer than 3 digits are sure */
} ntk_verdict;
typedef struct ntk_spectrum_prefix { /* of the kernel of the first so many samples */
  size_t samples;
  ntk_verdict verdict;
  double lambda_min, residual; /* as of K: 0 where rank deficient, NaN where not resolved */
  int digits;                  /* of lambda_min that are sure, as of K */
} ntk_spectrum_prefix;
typedef struct ntk_density {
  size_t probes, steps; /* 0: not asked for */
  double level, window; /* of the intervals, 0.95; decades that a density is the mean over */
  int products, solves; /* with K and K^{-1}, vectors counted one by one */
  size_t points, quantiles;
  ntk_density_point *point; /* ascending, equally spaced in their logarithms */
  ntk_density_quantile *quantile;
} ntk_density;
#endif
