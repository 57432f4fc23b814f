/* Matrices and operators with known properties, for the tests of src/spectrum and src/theory.
 * Everything here is plain loops: nothing is shared with what it checks. */
#ifndef NTK_TESTS_MATRICES_H
#define NTK_TESTS_MATRICES_H

#include "base/context.h"
#include "spectrum/packed/packed.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"
#undef U /* a matrix, here and in the headers that follow */

/* splitmix64 (Steele et al., 2014): uniform on [-1, 1). */
static inline double next_uniform(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1.0;
}

/* A whole number from -8 to 8: products and sums of a few thousand of them are exact. */
static inline double small_integer(size_t i, size_t j) {
  return (double)((7 * i + 13 * j + i * j) % 17) - 8.0;
}

/* ||x||_2 in long double. */
static inline double norm2(size_t n, const double *x) {
  long double sum = 0.0L;
  for (size_t i = 0; i < n; i++)
    sum += (long double)x[i] * x[i];
  return (double)sqrtl(sum);
}

/* y = A x for a full symmetric A (n x n), each entry summed in long double. */
static inline void plain_product(size_t n, const double *A, const double *x, double *y) {
  for (size_t i = 0; i < n; i++) {
    long double sum = 0.0L;
    for (size_t j = 0; j < n; j++)
      sum += (long double)A[i * n + j] * x[j];
    y[i] = (double)sum;
  }
}

/* The packed matrix of the full symmetric A (n x n), in that precision, or in double. */
static inline ntk_packed packed_in(ntk_precision precision, ntk_context *context, size_t n,
                                   const double *A) {
  ntk_packed packed;
  assert_int_equal(ntk_packed_create(context, n, precision, NULL, &packed), NTK_OK);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      ntk_packed_set(&packed, i, j, A[i * n + j]);
  return packed;
}
static inline ntk_packed packed_from(ntk_context *context, size_t n, const double *A) {
  return packed_in(NTK_PRECISION_DOUBLE, context, n, A);
}

/* A = Q diag(lambda) Q^T, Q = H_1 H_2 H_3 a product of reflections H = I - 2 w w^T: its products
 * and its inverse's cost 24 n flops a vector and are accurate to a few u of the norm. */
enum { REFLECTIONS = 3 };
typedef struct known_operator {
  size_t n;
  double *lambda; /* n */
  double *w;      /* REFLECTIONS unit vectors of n */
  int calls;      /* of apply and solve */
  int fail_at;    /* the call that returns failure; 0: none */
  ntk_status failure;
} known_operator;

static inline known_operator known_create(size_t n, uint64_t seed) {
  known_operator A = {.n = n, .lambda = make_array(n), .w = make_array(REFLECTIONS * n)};
  for (size_t k = 0; k < REFLECTIONS; k++) {
    double *w = A.w + k * n;
    for (size_t i = 0; i < n; i++)
      w[i] = next_uniform(&seed);
    const double norm = norm2(n, w);
    for (size_t i = 0; i < n; i++)
      w[i] /= norm;
  }
  return A;
}

static inline void known_destroy(known_operator *A) {
  free(A->lambda);
  free(A->w);
}

/* x <- H_k x. */
static inline void known_reflect(const known_operator *A, size_t k, double *x) {
  const double *w = A->w + k * A->n;
  double dot = 0.0;
  for (size_t i = 0; i < A->n; i++)
    dot += w[i] * x[i];
  for (size_t i = 0; i < A->n; i++)
    x[i] -= 2.0 * dot * w[i];
}

/* x <- Q x, or Q^T x. */
static inline void known_rotate(const known_operator *A, bool transposed, double *x) {
  for (size_t k = 0; k < REFLECTIONS; k++)
    known_reflect(A, transposed ? k : REFLECTIONS - 1 - k, x);
}

/* V <- Q diag(lambda or 1 / lambda) Q^T V. */
static inline ntk_status known_map(known_operator *A, bool invert, double *V, size_t m) {
  if (++A->calls == A->fail_at)
    return A->failure;
  for (size_t c = 0; c < m; c++) {
    double *v = V + c * A->n;
    known_rotate(A, true, v);
    for (size_t i = 0; i < A->n; i++)
      v[i] = invert ? v[i] / A->lambda[i] : v[i] * A->lambda[i];
    known_rotate(A, false, v);
  }
  return NTK_OK;
}

static inline ntk_status known_apply(void *user, const double *V, size_t m, double *U) {
  known_operator *A = user;
  memcpy(U, V, A->n * m * sizeof *U);
  return known_map(A, false, U, m);
}

static inline ntk_status known_solve(void *user, double *V, size_t m) {
  return known_map(user, true, V, m);
}

static inline ntk_operator known_as_operator(known_operator *A) {
  return (ntk_operator){.n = A->n, .apply = known_apply, .solve = known_solve, .user = A};
}

/* The same as a full matrix, n x n; symmetric bit by bit. */
static inline double *known_matrix(known_operator *A) {
  double *full = make_array(A->n * A->n);
  for (size_t j = 0; j < A->n; j++) {
    full[j * A->n + j] = 1.0;
    assert_int_equal(known_map(A, false, full + j * A->n, 1), NTK_OK);
  }
  for (size_t i = 0; i < A->n; i++)
    for (size_t j = 0; j < i; j++)
      full[j * A->n + i] = full[i * A->n + j];
  return full;
}

#endif
