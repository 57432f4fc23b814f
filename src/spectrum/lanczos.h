/* Extreme eigenpairs of a symmetric operator that is known by its products alone. */
#ifndef NTK_SPECTRUM_LANCZOS_H
#define NTK_SPECTRUM_LANCZOS_H

#include "base/context.h"

/* U = A V for m vectors (n x m, column-major). */
typedef ntk_status (*ntk_product_fn)(void *user, const double *V, size_t m, double *U);

/* Unit vectors near the lowest of M, nearly orthogonal, in the order of their values. */
typedef struct ntk_near {
  size_t count;
  const double *V;           /* n x count */
  const ntk_eigenpair *pair; /* values v^T M^{-1} v */
} ntk_near;

typedef struct ntk_lanczos_options {
  size_t block;         /* vectors per product, >= 1 */
  size_t count;         /* pairs wanted, up to NTK_LANCZOS_PAIRS and n; 0: 1 */
  double tolerance;     /* on ||A v - theta v|| / |theta| */
  double of_inverse;    /* ... or on ||A v - theta v|| / theta^2, as of A^{-1}; 0: none */
  double noise;         /* ... or on ||A v - theta v|| */
  size_t max_products;  /* vectors multiplied before giving up; of Davidson see fall.h */
  uint64_t seed;        /* of the start block */
  size_t further;       /* of Lanczos: Ritz pairs beyond count that are given as they are */
  bool once_more;       /* of Lanczos: the vectors are multiplied by A once more, at no cost */
  size_t inner;         /* of Davidson: solves of an inner iteration for each product; 0: none */
  const ntk_near *near; /* ... and what is known of M beforehand; NULL: nothing */
  double enough;        /* of Davidson: a least value found at or below ends the search; 0: none */
  const char *phase;    /* for progress */
  bool tells;           /* of Davidson: what follows its name says products and digits */
} ntk_lanczos_options;

/* The algebraically largest eigenvalues of the n x n operator, in descending order, their unit
 * vectors (n each, one after the other), and the residuals that the recurrence gives. An eigenvalue
 * is found as often as it occurs, up to `block` times for sure. No residual below u times the
 * largest eigenvalue is asked for. NTK_ERR_NUMERIC when max_products do not reach the tolerance.
 * `further` pairs come after them, of value 0 where the basis, which has `count` at least, has no
 * more; count + further: up to NTK_LANCZOS_PAIRS. Memory: 8 n (basis + 2 block) bytes, basis at
 * most NTK_LANCZOS_BASIS
 * + block vectors. */
enum { NTK_LANCZOS_BASIS = 160, NTK_LANCZOS_PAIRS = 64 };
ntk_status ntk_lanczos_largest(ntk_context *context, size_t n, ntk_product_fn product, void *user,
                               const ntk_lanczos_options *options, ntk_eigenpair *pair,
                               double *vectors);

/* The residual that the options ask for of a pair of that value. */
double ntk_lanczos_wanted(const ntk_lanczos_options *options, double theta);

/* Bytes it needs for order n and that block. */
size_t ntk_lanczos_bytes(size_t n, size_t block);

#endif
