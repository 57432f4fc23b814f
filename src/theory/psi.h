/* Tails: sub-exponential norms and the constant of Lipschitz concentration. */
#ifndef NTK_THEORY_PSI_H
#define NTK_THEORY_PSI_H

#include <stddef.h>

/* Of n numbers z, which are sorted by |z - mean| in place: the largest c for which
 * P(|z - E z| > t) <= 2 exp(-c t^2) at every t where five or more samples lie beyond (*c), and the
 * same over the bulk alone, where a tenth to a hundredth does (*bulk). A sub-Gaussian tail has
 * c near the bulk's or above it; a heavier one pulls c down without end as n grows. Needs n >= 500.
 */
void ntk_concentration(size_t n, double *z, double *c, double *bulk);

#endif
