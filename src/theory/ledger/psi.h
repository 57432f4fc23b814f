/* Tails: sub-exponential norms and the constant of Lipschitz concentration. */
#ifndef NTK_THEORY_PSI_H
#define NTK_THEORY_PSI_H

#include <stddef.h>

/* Of n numbers z, which are sorted by |z - mean| in place: the largest c for which
 * P(|z - E z| > t) <= 2 exp(-c t^2) at every t where at least five and at most a tenth of the
 * samples lie beyond (*c), and the same at the last of these t alone (*bulk). For a Gaussian c
 * falls from 1.11 / variance at a tenth to 0.5 / variance in the limit; a heavier tail pulls c down
 * without end as n grows. Infinite for equal numbers. Needs n >= 500.
 */
void ntk_concentration(size_t n, double *z, double *c, double *bulk);

#endif
