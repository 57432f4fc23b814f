/* Generalised Davidson, GD+k (Davidson, J. Comput. Phys. 17, 1975; Stathopoulos and Saad, ETNA 7,
 * 1998; Stathopoulos, SIAM J. Sci. Comput. 29, 2007). With Q orthonormal, W = A Q and H = Q^T W, a
 * Ritz pair H s = theta s has the vector x = Q s and the residual, exact but for rounding,
 *
 *     r = W s - theta x,   and the basis grows by   t = M^{-1} r,
 *
 * M^{-1} being A.solve. r is orthogonal to Q, so that t is not in its span for any positive
 * definite M. With M = A the basis is a Krylov space of A^{-1}, with M = I one of A. A full basis
 * is replaced by its lowest Ritz vectors and those of the step before, which make of the restarted
 * search very nearly the unrestarted one, as the two terms of conjugate gradients do.
 *
 * What M = A makes in the end is inverse iteration, a step of which takes little from a neighbour
 * of the wanted eigenvalue. Where solves are cheap beside products, an inner iteration takes M for
 * A and approximates t = (M - theta)^{-1} r orthogonal to x, as in the Jacobi-Davidson method
 * (Sleijpen and van der Vorst, SIAM J. Matrix Anal. 17, 1996).
 *
 * Cost: a product and a solve a vector, and 8 n basis flops for each. */
#include "spectrum/davidson.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "spectrum/basis.h"
#include "spectrum/conjugate.h"
#include "spectrum/fall.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { ROOM = 32, KEEP = 8 };

/* What an inner iteration leaves of a residual; what is wanted is overshot by ENOUGH. */
static const double GAIN = 1e-2, ENOUGH = 0.3;

typedef struct davidson {
  ntk_context *context;
  const ntk_operator *A;
  const ntk_lanczos_options *options;
  size_t n, count, block;
  size_t aims;     /* Ritz pairs that may be improved at once, and are remembered for a step */
  size_t capacity; /* most basis vectors */
  size_t size;     /* vectors in the basis: the order of H */
  size_t solved;   /* the same when S was computed */
  size_t settled;  /* the lowest pairs that had converged when last looked at */
  size_t products;
  double gain;   /* what an inner iteration is to leave of a residual */
  double *Q;     /* n x capacity, column-major, as all */
  double *W;     /* n x capacity: A Q */
  double *R;     /* n x block: residuals, then directions */
  double *X;     /* n x (aims + 4), of the inner iteration alone: Ritz vectors, and scratch */
  double *H;     /* capacity x capacity, symmetric */
  double *S;     /* solved x solved: Ritz vectors in the basis, ascending */
  double *P;     /* capacity x aims: those of the step before */
  double *C;     /* capacity x capacity: scratch */
  double *theta; /* Ritz values, ascending */
  size_t which[NTK_LANCZOS_PAIRS]; /* the Ritz pair of each residual */
  uint64_t drawn;
  ntk_fall fall;  /* of the residual of the first pair that has not converged */
  char told[120]; /* the phase, and how far it is */
} davidson;

static size_t larger(size_t a, size_t b) {
  return a > b ? a : b;
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Sizes, from what is asked for. */
static davidson describe(size_t n, const ntk_lanczos_options *options) {
  davidson s = {.options = options, .n = n, .count = larger(options->count, 1)};
  s.block = smaller(smaller(larger(options->block, 1), NTK_LANCZOS_PAIRS), n);
  s.aims = larger(s.count, s.block);
  s.capacity = smaller(n, ROOM + 4 * s.aims);
  return s;
}

static size_t vectors_of(const davidson *s) {
  return 2 * s->capacity + s->block + (s->options->inner > 0 ? s->aims + 4 : 0);
}

static size_t small_numbers(const davidson *s) {
  return s->capacity * (3 * s->capacity + s->aims + 1);
}

size_t ntk_davidson_bytes(size_t n, const ntk_lanczos_options *options) {
  const davidson s = describe(n, options);
  const size_t dsyevd = s.capacity * (2 * s.capacity + 20), alignment = 4 * 16;
  return sizeof(double) * (n * vectors_of(&s) + small_numbers(&s) + dsyevd + alignment);
}

static void release(davidson *s) {
  ntk_free(s->context, s->Q);
  ntk_free(s->context, s->H);
}

static ntk_status allocate(davidson *s) {
  const size_t m = s->capacity;
  NTK_TRY(ntk_alloc_doubles(s->context, s->n * vectors_of(s), "the Davidson basis", &s->Q));
  NTK_TRY(ntk_alloc_doubles(s->context, small_numbers(s), "the Davidson projection", &s->H));
  s->W = s->Q + s->n * m;
  s->R = s->W + s->n * m;
  s->X = s->R + s->n * s->block;
  s->S = s->H + m * m;
  s->C = s->S + m * m;
  s->P = s->C + m * m;
  s->theta = s->P + m * s->aims;
  return NTK_OK;
}

static void draw(davidson *s, double *v) {
  const ntk_random source = {s->options->seed, NTK_STREAM_PROBES, NTK_PROBE_START};
  ntk_random_normal(source, s->drawn++, s->n, v);
}

/* Makes q orthogonal to the first `size` vectors of the basis and of norm 1, projecting until it no
 * longer shrinks; false where nothing of it but rounding is left. */
static bool normalise(const davidson *s, size_t size, double *q) {
  const double first = ntk_dnrm2(s->n, q);
  double norm = first, before = INFINITY;
  if (!(first > 0.0))
    return false;
  ntk_dscal(s->n, 1.0 / first, q);
  norm = 1.0;
  for (int pass = 0; pass < 6 && size > 0 && norm < 0.5 * before && norm > 1e-14; pass++) {
    before = norm;
    ntk_basis_project_out(s->n, size, s->Q, 1, q, s->C);
    norm = ntk_dnrm2(s->n, q);
  }
  if (!(norm > 1e-14))
    return false;
  ntk_dscal(s->n, 1.0 / norm, q);
  return true;
}

/* Appends the `count` vectors of V, or random ones in the place of those that bring nothing, to the
 * basis; with their products, and H. */
static ntk_status append(davidson *s, size_t count, const double *V) {
  const size_t n = s->n, m = s->capacity, old = s->size;
  for (size_t c = 0; c < count; c++) {
    double *q = s->Q + (old + c) * n;
    memcpy(q, V + c * n, n * sizeof(double));
    while (!normalise(s, old + c, q))
      draw(s, q);
  }
  NTK_TRY(s->A->apply(s->A->user, s->Q + old * n, count, s->W + old * n));
  s->products += count;
  s->size += count;
  for (size_t c = old; c < s->size; c++) {
    double *column = s->H + c * m;
    if (!isfinite(ntk_dnrm2(n, s->W + c * n)))
      return ntk_fail(NTK_ERR_NUMERIC, "the operator's product is not finite");
    ntk_dgemv('T', n, c + 1, 1.0, s->Q, n, s->W + c * n, 0.0, column);
    for (size_t i = 0; i < c; i++)
      s->H[i * m + c] = column[i];
  }
  return NTK_OK;
}

/* V <- M^{-1} V. */
static ntk_status precondition(const davidson *s, size_t count, double *V) {
  if (s->A->solve == NULL)
    return NTK_OK;
  NTK_TRY(s->A->solve(s->A->user, V, count));
  for (size_t c = 0; c < count; c++)
    if (!isfinite(ntk_dnrm2(s->n, V + c * s->n)))
      return ntk_fail(NTK_ERR_NUMERIC, "the operator's solve is not finite");
  return NTK_OK;
}

/* The caller's vectors, and as many random ones as are missing to all that are aimed at. */
static ntk_status begin(davidson *s, const double *start, size_t starts) {
  const size_t all = smaller(s->aims, s->n);
  starts = smaller(starts, s->capacity);
  if (starts > 0)
    NTK_TRY(append(s, starts, start));
  while (s->size < all) {
    const size_t more = smaller(s->block, all - s->size);
    for (size_t c = 0; c < more; c++) {
      draw(s, s->R + c * s->n);
      ntk_dscal(s->n, 1.0 / ntk_dnrm2(s->n, s->R + c * s->n), s->R + c * s->n);
    }
    NTK_TRY(precondition(s, more, s->R));
    NTK_TRY(append(s, more, s->R));
  }
  return NTK_OK;
}

/* Ritz values and vectors; what the lowest were is kept in P. */
static ntk_status ritz(davidson *s) {
  const size_t aims = smaller(s->aims, s->solved);
  memset(s->P, 0, s->capacity * s->aims * sizeof(double));
  for (size_t p = 0; p < aims; p++)
    memcpy(s->P + p * s->capacity, s->S + p * s->solved, s->solved * sizeof(double));
  for (size_t j = 0; j < s->size; j++)
    memcpy(s->S + j * s->size, s->H + j * s->capacity, s->size * sizeof(double));
  s->solved = s->size;
  return ntk_dsyevd(s->context, 'V', s->size, s->S, s->theta);
}

/* x of Ritz pair p. */
static void ritz_vector(const davidson *s, size_t p, double *x) {
  ntk_dgemv('N', s->n, s->size, 1.0, s->Q, s->n, s->S + p * s->size, 0.0, x);
}

/* Its residual; the norm. */
static double residual(const davidson *s, size_t p, double *r) {
  const double *coefficients = s->S + p * s->size;
  ntk_dgemv('N', s->n, s->size, -s->theta[p], s->Q, s->n, coefficients, 0.0, r);
  ntk_dgemv('N', s->n, s->size, 1.0, s->W, s->n, coefficients, 1.0, r);
  return ntk_dnrm2(s->n, r);
}

/* Into R the residuals, of norm 1, of the lowest pairs that have not converged, up to a block of
 * them; how many. 0: all that are wanted have. *rest: the first one's norm. */
static size_t look(davidson *s, double *rest) {
  const size_t aims = smaller(s->aims, s->size), first = s->settled;
  size_t found = 0;
  for (size_t p = first; p < aims && found < s->block && (p < s->count || found > 0); p++) {
    double *r = s->R + found * s->n;
    const double norm = residual(s, p, r);
    const bool converged = norm <= ntk_lanczos_wanted(s->options, s->theta[p]);
    if (converged && found == 0)
      s->settled = p + 1;
    if (converged && (p < s->count || norm == 0.0))
      continue;
    *rest = found == 0 ? norm : *rest;
    ntk_dscal(s->n, 1.0 / norm, r);
    s->which[found++] = p;
  }
  if (found > 0 || first == 0)
    return found;
  s->settled = 0; /* those below, which have not been looked at since, once more */
  return look(s, rest);
}

/* Columns of P orthonormal to the `keep` first of S and to each other, after these in C; how many
 * there are then. */
static size_t add_previous(const davidson *s, size_t keep) {
  const size_t k = s->size;
  memcpy(s->C, s->S, keep * k * sizeof(double));
  for (size_t p = 0; p < s->aims; p++) {
    double *c = s->C + keep * k;
    memcpy(c, s->P + p * s->capacity, k * sizeof(double));
    for (int pass = 0; pass < 2; pass++)
      for (size_t e = 0; e < keep; e++)
        ntk_daxpy(k, -ntk_ddot(k, s->C + e * k, c), s->C + e * k, c);
    const double norm = ntk_dnrm2(k, c);
    if (!(norm > 1e-8)) /* as they were: converged */
      continue;
    ntk_dscal(k, 1.0 / norm, c);
    for (size_t e = 0; e < keep; e++)
      ntk_daxpy(k, -ntk_ddot(k, s->C + e * k, c), s->C + e * k, c);
    keep++;
  }
  return keep;
}

/* Q <- Q C, W <- W C, H <- C^T H C. */
static void restart(davidson *s) {
  const size_t k = s->size, m = s->capacity, keep = add_previous(s, KEEP + s->aims);
  double *HC = s->S; /* k x keep */
  ntk_basis_rotate(s->n, k, keep, s->C, s->Q);
  ntk_basis_rotate(s->n, k, keep, s->C, s->W);
  ntk_dgemm('N', 'N', k, keep, k, 1.0, s->H, m, s->C, k, 0.0, HC, k);
  ntk_dgemm('T', 'N', keep, keep, k, 1.0, s->C, k, HC, k, 0.0, s->H, m);
  for (size_t j = 0; j < keep; j++) /* rounding apart it is symmetric */
    for (size_t i = 0; i < j; i++)
      s->H[j * m + i] = s->H[i * m + j];
  memset(s->S, 0, keep * keep * sizeof(double));
  for (size_t p = 0; p < keep; p++)
    s->S[p * keep + p] = 1.0;
  s->size = s->solved = keep;
}

/* r, the residual of pair p, becomes a correction orthogonal to the Ritz vectors up to p's. */
static ntk_status correct(davidson *s, size_t p, double *r) {
  const size_t n = s->n, size = p + 1;
  ntk_dgemm('N', 'N', n, size, s->size, 1.0, s->Q, n, s->S, s->size, 0.0, s->X, n);
  const ntk_correction equation = {.M = s->A,
                                   .size = size,
                                   .X = s->X,
                                   .theta = s->theta[p],
                                   .near = s->options->near,
                                   .most = s->options->inner,
                                   .gain = s->gain,
                                   .scratch = s->X + s->aims * n,
                                   .C = s->C};
  return ntk_conjugate_correct(&equation, r);
}

/* Residuals to directions. */
static ntk_status directions(davidson *s, size_t count) {
  NTK_TRY(precondition(s, count, s->R));
  for (size_t c = 0; c < count && s->options->inner > 0 && s->A->solve != NULL; c++)
    NTK_TRY(correct(s, s->which[c], s->R + c * s->n));
  return NTK_OK;
}

/* Every few steps; the operator's own polls go on with it in between. The share is of products, so
 * that the time left follows from it. */
static ntk_status tell(davidson *s, double rest, double wanted, double theta, size_t step) {
  const double done = (double)s->fall.now, left = ntk_fall_left(&s->fall);
  const double share = ((double)s->settled + done / (done + left)) / (double)s->count;
  if (s->options->tells)
    (void)ntk_format(s->told, sizeof s->told, "%s: %zu products, %.1f of %.1f digits",
                     s->options->phase, s->products, fmax(0.0, log10(theta / rest)),
                     log10(theta / wanted));
  return step % 4 == 0 ? ntk_progress_report(s->context, s->told, share)
                       : ntk_progress_poll(s->context, s->told, share);
}

/* Whether it is worth going on. */
static ntk_status check_products(const davidson *s, double rest, double wanted, double theta) {
  const size_t most = s->options->max_products;
  if (!ntk_fall_hopeless(&s->fall, most))
    return NTK_OK;
  return ntk_fail(NTK_ERR_NUMERIC,
                  "Davidson reached a relative residual of %.1e after %zu products; wanted %.1e, "
                  "which at this rate takes more than %zu",
                  rest / theta, s->products, wanted / theta, most);
}

static ntk_status iterate(davidson *s, const double *start, size_t starts) {
  NTK_TRY(begin(s, start, starts));
  for (size_t step = 0;; step++) {
    double rest = 0.0;
    NTK_TRY(ritz(s));
    size_t found = look(s, &rest);
    const bool enough = s->options->enough > 0.0 && s->theta[0] <= s->options->enough;
    if (found == 0 || s->size == s->n || enough)
      return NTK_OK;
    const double theta = fabs(s->theta[s->settled]), wanted = ntk_lanczos_wanted(s->options, theta);
    ntk_fall_see(&s->fall, s->settled, s->products, rest / wanted);
    NTK_TRY(check_products(s, rest, wanted, theta));
    NTK_TRY(tell(s, rest, wanted, theta, step));
    if (s->size + found > s->capacity && s->capacity < s->n)
      restart(s);
    found = smaller(found, s->n - s->size);
    s->gain = fmax(GAIN, ENOUGH * wanted / rest);
    NTK_TRY(directions(s, found));
    NTK_TRY(append(s, found, s->R));
  }
}

ntk_status ntk_davidson_smallest(ntk_context *context, const ntk_operator *A,
                                 const ntk_lanczos_options *options, const double *start,
                                 size_t starts, ntk_eigenpair *pair, double *vectors) {
  davidson s = describe(A->n, options);
  s.context = context;
  s.A = A;
  (void)ntk_format(s.told, sizeof s.told, "%s", options->phase);
  ntk_status status = allocate(&s);
  if (status != NTK_OK) {
    release(&s);
    return status;
  }
  /* The algebra beside the products is small: threads would cost more than they bring. */
  const int previous = ntk_blas_enter(1);
  const ntk_phase before = ntk_phase_enter(context, s.told);
  status = iterate(&s, start, starts);
  for (size_t p = 0; p < s.count && status == NTK_OK; p++) {
    pair[p] = (ntk_eigenpair){s.theta[p], residual(&s, p, s.R), (int)s.products};
    ritz_vector(&s, p, vectors + p * s.n);
    ntk_dscal(s.n, 1.0 / ntk_dnrm2(s.n, vectors + p * s.n), vectors + p * s.n);
  }
  ntk_phase_leave(context, before);
  ntk_blas_leave(previous);
  release(&s);
  return status;
}
