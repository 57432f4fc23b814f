/* The spectral measure of a vector r: r^T f(A) r = sum_j w_j f(x_j), from few products with A. */
#ifndef NTK_SPECTRUM_QUADRATURE_H
#define NTK_SPECTRUM_QUADRATURE_H

#include "spectrum/lanczos.h"

/* T of the Lanczos recurrence from r, as far as it has come. */
typedef struct ntk_quadrature {
  ntk_context *context; /* borrowed */
  const char *phase;    /* of its own, reported at every step; NULL: polled as one of another's */
  size_t n, size, capacity;
  bool whole;           /* the space of r, A r, ... has been spanned: the rule is exact */
  double total;         /* r^T r */
  double *Q;            /* n x (capacity + 1), column-major */
  double *alpha, *beta; /* capacity each: T_jj and T_{j+1,j} */
  double *C;            /* capacity: projections */
} ntk_quadrature;

/* r (n, not 0) is copied; at most `steps` products will be made. 8 n (steps + 1) bytes. */
ntk_status ntk_quadrature_create(ntk_context *context, size_t n, const double *r, size_t steps,
                                 ntk_quadrature *q);
/* A zeroed struct is fine; leaves it zeroed. */
void ntk_quadrature_destroy(ntk_quadrature *q);
double ntk_quadrature_bytes(size_t n, size_t steps);

/* Goes on to so many products in all, or to the whole space: `count` of them, made for one n and
 * number of steps and extended together alone, so that a product is of all vectors at once. Besides
 * 16 n count bytes where count > 1. */
ntk_status ntk_quadrature_extend(ntk_quadrature *q, size_t count, ntk_product_fn product,
                                 void *user, size_t size);

/* Gauss' rule, of q->size nodes; with ends, a below and b above the spectrum of A, Lobatto's, of
 * one more, with nodes there. For f whose even derivatives are not negative Gauss' is at most
 * r^T f(A) r and Lobatto's at least. Where a node of Gauss' has come to an end, or the rule is
 * exact, Gauss' is given for Lobatto's. node ascending, weight: capacity + 1 each. */
ntk_status ntk_quadrature_rule(const ntk_quadrature *q, const double *ends, size_t *count,
                               double *node, double *weight);

/* Gauss' rule without an allocation, and ||A y - x y|| of the unit vector y that belongs to each
 * node x, whose weight is (y^T r)^2; scratch: capacity + 1. False where it does not converge. */
bool ntk_quadrature_gauss(const ntk_quadrature *q, double *node, double *weight, double *residual,
                          double *scratch);
/* The rule with a node at a given place, of one more than Gauss' (Radau's, where that is an end of
 * the spectrum); false where there is none, as of an exact rule. scratch: capacity + 1. */
bool ntk_quadrature_through(const ntk_quadrature *q, double place, double *node, double *weight,
                            double *scratch);

#endif
