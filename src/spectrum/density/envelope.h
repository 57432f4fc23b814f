/* What is known for sure of F(x) = sum of (v_j^T r)^2 over the eigenvalues lambda_j <= x of A, the
 * cumulative spectral measure of a vector r: points at which it lies between two numbers. */
#ifndef NTK_SPECTRUM_ENVELOPE_H
#define NTK_SPECTRUM_ENVELOPE_H

#include "spectrum/density/quadrature.h"

/* F(x - 0) >= low and F(x) <= high; or an end of an interval within which F rises by mass at least.
 */
typedef struct ntk_envelope_point {
  double x, low, high;
  double mass; /* > 0: it begins here, < 0: it ends; 0: none */
  size_t atom; /* its number */
} ntk_envelope_point;

typedef struct ntk_envelope {
  ntk_context *context; /* borrowed */
  size_t size, capacity, atoms;
  double total; /* r^T r */
  ntk_envelope_point *point;
  double *level;   /* of each atom, meanwhile */
  size_t found[2]; /* Gauss' nodes of A and of A^{-1}, */
  double *node[2]; /* as eigenvalues of A */
} ntk_envelope;

/* Room for what the measures of r by A and by A^{-1} of so many steps add; a zeroed struct before.
 */
ntk_status ntk_envelope_create(ntk_context *context, size_t steps, ntk_envelope *e);
/* A zeroed struct is fine; leaves it zeroed. */
void ntk_envelope_destroy(ntk_envelope *e);
double ntk_envelope_bytes(size_t steps);

/* Adds what the measure knows, of A, or with inverse of A^{-1}, A positive definite; x <= 0 and
 * what rounding blurs is left out. scratch: 4 (capacity of q + 1). False where nodes do not
 * converge. Allocates nothing. */
bool ntk_envelope_add(ntk_envelope *e, const ntk_quadrature *q, bool inverse, double *scratch);
/* Adds that no eigenvalue is below, or none is above x. */
void ntk_envelope_begin_at(ntk_envelope *e, double x);
void ntk_envelope_end_at(ntk_envelope *e, double x);

/* To be called between the last addition and the first question. */
void ntk_envelope_close(ntk_envelope *e);
/* *low <= F(x - 0) <= F(x) <= *high. */
void ntk_envelope_at(const ntk_envelope *e, double x, double *low, double *high);
/* Eigenvalues of A that are surely below x, and surely above; and of those above no more than
 * *most, by the trace of a positive semi-definite A. */
void ntk_envelope_sure(const ntk_envelope *e, double x, double trace, size_t *below, size_t *above,
                       double *most);

#endif
