/* Block Lanczos with full reorthogonalisation and thick restarts (Wu and Simon, SIAM J. Matrix
 * Anal. 22, 2000). With Q = [Q_0 ... Q_j] orthonormal and Z = A Q_j,
 *
 *     H(:, j) = Q^T Z,   Q_{j+1} R = Z - Q H(:, j)
 *
 * so that A Q = Q H + Q_{j+1} R E_j^T, and a Ritz pair H s = theta s, v = Q s has the residual
 * ||A v - theta v|| = ||R s_last||, s_last being the rows of s that belong to Q_j. H is computed whole
 * from Q^T Z rather than from the recurrence: that costs nothing beside the products here, makes full
 * reorthogonalisation and H one and the same, and a restart only has to set H = diag(theta).
 *
 * Cost: a product of `block` vectors a step, and 8 n basis block flops of orthogonalisation. */
#include "spectrum/lanczos.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

enum { KEEP = 24, FIRST_CHECK = 8, CHECK_EVERY = 4 };

typedef struct lanczos {
  ntk_context *context;
  size_t n, block, capacity; /* capacity: most basis vectors, Q_{j+1} not counted */
  size_t size;               /* vectors multiplied so far: the order of H */
  size_t last, next;         /* vectors in Q_j and in Q_{j+1} */
  double *Q;                 /* n x (capacity + block), column-major */
  double *Z;                 /* n x block; also receives the Ritz vectors' pieces */
  double *H;                 /* capacity x capacity, column-major, symmetric */
  double *R;                 /* block x block, column-major */
  double *C;                 /* capacity x block: projections */
  double *S;                 /* size x KEEP: the largest Ritz vectors, in the basis */
  double *theta;             /* capacity: Ritz values */
  uint64_t drawn;            /* random vectors drawn so far */
  uint64_t seed;
} lanczos;

size_t ntk_lanczos_bytes(size_t n, size_t block) {
  const size_t capacity = NTK_LANCZOS_BASIS < n ? NTK_LANCZOS_BASIS : n;
  return sizeof(double) * (n * (capacity + 2 * block) + capacity * (2 * capacity + KEEP));
}

static void release(lanczos *s) {
  ntk_free(s->context, s->Q);
  ntk_free(s->context, s->Z);
  ntk_free(s->context, s->H);
}

static ntk_status allocate(lanczos *s) {
  const size_t m = s->capacity, b = s->block;
  ntk_status status = ntk_alloc_doubles(s->context, s->n * (m + b), "the Lanczos basis", &s->Q);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(s->context, s->n * b, "the Lanczos basis", &s->Z);
  const size_t small = m * m + b * b + m * b + m * KEEP + m;
  if (status == NTK_OK)
    status = ntk_alloc_doubles(s->context, small, "the Lanczos projection", &s->H);
  if (status != NTK_OK) {
    release(s);
    return status;
  }
  s->R = s->H + m * m;
  s->C = s->R + b * b;
  s->S = s->C + m * b;
  s->theta = s->S + m * KEEP;
  memset(s->H, 0, small * sizeof(double));
  return NTK_OK;
}

/* V (n x count) -= Q Q^T V over the first `basis` vectors, twice, which suffices (Kahan, Parlett).
 * The coefficients, summed over both passes, end in sums (ld basis) unless NULL. */
static void orthogonalise(const lanczos *s, size_t basis, size_t count, double *V, double *sums) {
  for (int pass = 0; pass < 2 && basis > 0; pass++) {
    ntk_dgemm('T', 'N', basis, count, s->n, 1.0, s->Q, s->n, V, s->n, 0.0, s->C, basis);
    ntk_dgemm('N', 'N', s->n, count, basis, -1.0, s->Q, s->n, s->C, basis, 1.0, V, s->n);
    for (size_t i = 0; i < basis * count && sums != NULL; i++)
      sums[i] = (pass == 0 ? 0.0 : sums[i]) + s->C[i];
  }
}

static void draw(lanczos *s, double *v) {
  const ntk_random source = {s->seed, NTK_STREAM_START, 0};
  ntk_random_normal(source, s->drawn++, s->n, v);
}

/* Makes the `count` columns after the first `basis` of Q orthonormal, to them and to each other, and
 * writes R (upper triangular, ld block). A column that lies in the span of those before it, scale
 * being what counts as large, is replaced by a random one: its row of R is 0, the space found so far
 * being invariant in that direction. */
static void orthonormalise(lanczos *s, size_t basis, size_t count, double scale) {
  const double tiny = 1e-14 * scale;
  memset(s->R, 0, s->block * s->block * sizeof(double));
  for (size_t c = 0; c < count; c++) {
    double *q = s->Q + (basis + c) * s->n;
    double *r = s->R + c * s->block;
    for (int pass = 0; pass < 2; pass++)
      for (size_t p = 0; p < c; p++) {
        const double *earlier = s->Q + (basis + p) * s->n;
        const double dot = ntk_ddot(s->n, earlier, q);
        ntk_daxpy(s->n, -dot, earlier, q);
        r[p] += dot;
      }
    double norm = ntk_dnrm2(s->n, q);
    if (norm > tiny) {
      r[c] = norm;
    } else {
      draw(s, q);
      orthogonalise(s, basis + c, 1, q, NULL);
      norm = ntk_dnrm2(s->n, q);
    }
    ntk_dscal(s->n, 1.0 / norm, q);
  }
}

/* One step: Z = A Q_j, H(:, j), Q_{j+1} and R. */
static ntk_status extend(lanczos *s, ntk_product_fn product, void *user) {
  const size_t j = s->size, b = s->next;
  NTK_TRY(product(user, s->Q + j * s->n, b, s->Z));
  double scale = 0.0;
  for (size_t c = 0; c < b; c++)
    scale = fmax(scale, ntk_dnrm2(s->n, s->Z + c * s->n));
  if (!isfinite(scale))
    return ntk_fail(NTK_ERR_NUMERIC, "the operator's product is not finite");

  s->size += b;
  s->last = b;
  double *columns = s->H + j * s->capacity; /* received with leading dimension size, then spread */
  double *next = s->Q + s->size * s->n;
  const size_t room = s->n - s->size;
  orthogonalise(s, s->size, b, s->Z, columns);
  for (size_t c = b; c-- > 0;)
    memmove(columns + c * s->capacity, columns + c * s->size, s->size * sizeof(double));
  for (size_t c = 0; c < b; c++)
    for (size_t i = 0; i < s->size; i++)
      s->H[i * s->capacity + j + c] = columns[c * s->capacity + i];
  s->next = b < room ? b : room;
  memcpy(next, s->Z, s->next * s->n * sizeof(double));
  orthonormalise(s, s->size, s->next, scale);
  return NTK_OK;
}

/* ||R s_last|| of Ritz pair p; 0 once the basis spans the whole space. */
static double residual(const lanczos *s, size_t p) {
  const double *tail = s->S + p * s->size + s->size - s->last;
  double sum = 0.0;
  for (size_t i = 0; i < s->next; i++) {
    double entry = 0.0;
    for (size_t c = i; c < s->last; c++)
      entry += s->R[i + c * s->block] * tail[c];
    sum += entry * entry;
  }
  return sqrt(sum);
}

/* Q <- [Q S, Q_{j+1}], H <- diag(theta). Q S is made row block by row block, in place. */
static void restart(lanczos *s, size_t keep) {
  double rows[64 * KEEP];
  for (size_t first = 0; first < s->n; first += 64) {
    const size_t count = s->n - first < 64 ? s->n - first : 64;
    ntk_dgemm('N', 'N', count, keep, s->size, 1.0, s->Q + first, s->n, s->S, s->size, 0.0, rows,
              64);
    for (size_t p = 0; p < keep; p++)
      memcpy(s->Q + p * s->n + first, rows + p * 64, count * sizeof(double));
  }
  memmove(s->Q + keep * s->n, s->Q + s->size * s->n, s->next * s->n * sizeof(double));
  memset(s->H, 0, s->capacity * s->capacity * sizeof(double));
  for (size_t p = 0; p < keep; p++)
    s->H[p * s->capacity + p] = s->theta[p];
  s->size = keep;
}

/* How far the residual has come on a logarithmic scale, along which it falls steadily. */
static double digits_reached(double rest, double wanted, double theta) {
  const double fraction = log(rest / fabs(theta)) / log(wanted / fabs(theta));
  return fmin(1.0, fmax(0.0, fraction));
}

/* Until the largest Ritz pair has converged. */
static ntk_status iterate(lanczos *s, ntk_product_fn product, void *user,
                          const ntk_lanczos_options *options, ntk_eigenpair *pair) {
  for (size_t c = 0; c < s->block; c++)
    draw(s, s->Q + c * s->n);
  orthonormalise(s, 0, s->block, 1.0);
  s->next = s->block;
  size_t products = 0;
  for (size_t step = 1;; step++) {
    products += s->next;
    NTK_TRY(extend(s, product, user));
    const bool whole = s->next == 0, full = !whole && s->size + s->next > s->capacity;
    const bool due = step >= FIRST_CHECK && step % CHECK_EVERY == 0 && s->next == s->last;
    if (!due && !full && !whole)
      continue;
    const size_t keep = full ? KEEP : 1; /* full only where n, and so the capacity, exceeds KEEP */
    NTK_TRY(ntk_dsyevr_largest(s->context, s->size, s->H, s->capacity, keep, s->theta, s->S));
    const double rest = residual(s, 0), wanted = options->tolerance * fabs(s->theta[0]);
    *pair = (ntk_eigenpair){s->theta[0], rest, (int)products};
    if (whole || rest <= wanted)
      return NTK_OK;
    if (products >= options->max_products)
      return ntk_fail(NTK_ERR_NUMERIC,
                      "Lanczos reached a relative residual of %.1e after %zu products; wanted %.1e",
                      rest / fabs(s->theta[0]), products, options->tolerance);
    NTK_TRY(ntk_progress_report(s->context, options->phase, digits_reached(rest, wanted, s->theta[0])));
    if (full)
      restart(s, keep);
  }
}

ntk_status ntk_lanczos_largest(ntk_context *context, size_t n, ntk_product_fn product, void *user,
                               const ntk_lanczos_options *options, ntk_eigenpair *pair,
                               double *vector) {
  const size_t block = options->block < n ? options->block : n;
  lanczos s = {.context = context,
               .n = n,
               .block = block,
               .capacity = n < NTK_LANCZOS_BASIS ? n : NTK_LANCZOS_BASIS,
               .seed = options->seed};
  NTK_TRY(allocate(&s));
  /* The algebra beside the products is small: threads would cost more than they bring. */
  const int previous = ntk_blas_enter(1);
  ntk_eigenpair found;
  ntk_status status = iterate(&s, product, user, options, &found);
  if (status == NTK_OK) {
    ntk_dgemv('N', n, s.size, 1.0, s.Q, n, s.S, 0.0, vector);
    ntk_dscal(n, 1.0 / ntk_dnrm2(n, vector), vector);
    *pair = found;
  }
  ntk_blas_leave(previous);
  release(&s);
  return status;
}
