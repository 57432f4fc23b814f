/* Block Lanczos with full reorthogonalisation and thick restarts (Wu and Simon, SIAM J. Matrix
 * Anal. 22, 2000). With Q = [Q_0 ... Q_j] orthonormal and Z = A Q_j,
 *
 *     H(:, j) = Q^T Z,   Q_{j+1} R = Z - Q H(:, j)
 *
 * so that A Q = Q H + Q_{j+1} R E_j^T, and a Ritz pair H s = theta s, v = Q s has the residual
 * ||A v - theta v|| = ||R s_last||, s_last being the rows of s that belong to Q_j. H is computed
 * whole from Q^T Z rather than from the recurrence: that costs nothing beside the products here,
 * makes full reorthogonalisation and H one and the same, and a restart only has to set H =
 * diag(theta).
 *
 * Cost: a product of `block` vectors a step, and 8 n basis block flops of orthogonalisation. */
#include "spectrum/lanczos.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"
#include "spectrum/basis.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { KEEP = 24, FIRST_CHECK = 4 };

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
  double *S;                 /* size x size: Ritz vectors in the basis, largest value last */
  double *theta;             /* size: Ritz values, ascending */
  uint64_t drawn;            /* random vectors drawn so far */
  uint64_t seed;
} lanczos;

size_t ntk_lanczos_bytes(size_t n, size_t block) {
  const size_t capacity = NTK_LANCZOS_BASIS < n ? NTK_LANCZOS_BASIS : n;
  return sizeof(double) * (n * (capacity + 2 * block) + capacity * (3 * capacity + 4 * block + 20));
}

static void release(lanczos *s) {
  ntk_free(s->context, s->Q);
  ntk_free(s->context, s->Z);
  ntk_free(s->context, s->H);
}

static ntk_status allocate_basis(lanczos *s) {
  const size_t m = s->capacity, b = s->block;
  ntk_status status = ntk_alloc_doubles(s->context, s->n * (m + b), "the Lanczos basis", &s->Q);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(s->context, s->n * b, "the Lanczos basis", &s->Z);
  const size_t small = 2 * m * m + b * b + m * b + m;
  if (status == NTK_OK)
    status = ntk_alloc_doubles(s->context, small, "the Lanczos projection", &s->H);
  if (status != NTK_OK) {
    release(s);
    return status;
  }
  s->R = s->H + m * m;
  s->C = s->R + b * b;
  s->S = s->C + m * b;
  s->theta = s->S + m * m;
  memset(s->H, 0, m * m * sizeof(double)); /* the others are written before they are read */
  return NTK_OK;
}

/* V (n x count) -= Q Q^T V over the first `basis` vectors, twice, which suffices (Kahan, Parlett).
 * The coefficients, summed over both passes, end in sums (ld basis) unless NULL. */
static void orthogonalise(const lanczos *s, size_t basis, size_t count, double *V, double *sums) {
  for (int pass = 0; pass < 2 && basis > 0; pass++) {
    ntk_basis_project_out(s->n, basis, s->Q, count, V, s->C);
    for (size_t i = 0; i < basis * count && sums != NULL; i++)
      sums[i] = (pass == 0 ? 0.0 : sums[i]) + s->C[i];
  }
}

static void draw(lanczos *s, double *v) {
  const ntk_random source = {s->seed, NTK_STREAM_PROBES, NTK_PROBE_START};
  ntk_random_normal(source, s->drawn++, s->n, v);
}

/* Subtracts from column c of the new block its parts along the block's earlier columns, adding the
 * coefficients to r; the norm left. */
static double subtract_earlier(const lanczos *s, size_t basis, size_t c, double *q, double *r) {
  for (size_t p = 0; p < c; p++) {
    const double *earlier = s->Q + (basis + p) * s->n;
    const double dot = ntk_ddot(s->n, earlier, q);
    ntk_daxpy(s->n, -dot, earlier, q);
    r[p] += dot;
  }
  return ntk_dnrm2(s->n, q);
}

/* Makes the `count` columns after the first `basis` of Q, orthogonal to these already, orthonormal,
 * and writes R (upper triangular, ld block). A column that shrinks much has had its rounding errors
 * blown up with what is left, and is made orthogonal to all again. One that lies in the span of
 * those before it, scale being what counts as large, is replaced by a random one: its row of R is
 * 0, the space found so far being invariant in that direction. */
static void orthonormalise(lanczos *s, size_t basis, size_t count, double scale) {
  const double tiny = fmax(1e-14 * scale, DBL_MIN); /* 1 / norm is finite above */
  memset(s->R, 0, s->block * s->block * sizeof(double));
  for (size_t c = 0; c < count; c++) {
    double *q = s->Q + (basis + c) * s->n;
    double *r = s->R + c * s->block;
    double before = ntk_dnrm2(s->n, q);
    double norm = subtract_earlier(s, basis, c, q, r);
    norm = subtract_earlier(s, basis, c, q, r);
    for (int pass = 0; pass < 4 && norm > tiny && norm < 0.1 * before; pass++) {
      before = norm;
      orthogonalise(s, basis + c, 1, q, NULL);
      norm = ntk_dnrm2(s->n, q);
    }
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
  for (size_t c = 0; c < b; c++) {
    const double norm = ntk_dnrm2(s->n, s->Z + c * s->n);
    if (!isfinite(norm))
      return ntk_fail(NTK_ERR_NUMERIC, "the operator's product is not finite");
    scale = fmax(scale, norm);
  }

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

/* Ritz values and vectors. dsyevd, for dsyevr loses eigenvalues that are nearly all equal, as those
 * of a clustered spectrum's H are. */
static ntk_status ritz(const lanczos *s) {
  for (size_t j = 0; j < s->size; j++)
    memcpy(s->S + j * s->size, s->H + j * s->capacity, s->size * sizeof(double));
  return ntk_dsyevd(s->context, 'V', s->size, s->S, s->theta);
}

/* Entry i of R s_last of Ritz pair p, of 0 the largest. */
static double tail(const lanczos *s, size_t p, size_t i) {
  const double *last = s->S + (s->size - p) * s->size - s->last;
  double entry = 0.0;
  for (size_t c = i; c < s->last; c++)
    entry += s->R[i + c * s->block] * last[c];
  return entry;
}

/* ||R s_last||; 0 once the basis spans the whole space. */
static double residual(const lanczos *s, size_t p) {
  double norm = 0.0;
  if (s->next != 0 && s->next < s->last)
    return INFINITY; /* R lacks columns: the next step spans the whole space */
  for (size_t i = 0; i < s->next; i++)
    norm = hypot(norm, tail(s, p, i)); /* squares of a tiny or huge operator leave the range */
  return norm;
}

/* The Ritz vector v; once more: A v = theta v + Q_{j+1} R s_last, which costs no product. */
static void ritz_vector(const lanczos *s, size_t p, bool once_more, double *v) {
  const double *coefficients = s->S + (s->size - 1 - p) * s->size;
  ntk_dgemv('N', s->n, s->size, 1.0, s->Q, s->n, coefficients, 0.0, v);
  for (size_t i = 0; once_more && i < s->next; i++)
    ntk_daxpy(s->n, tail(s, p, i) / s->theta[s->size - 1 - p], s->Q + (s->size + i) * s->n, v);
  ntk_dscal(s->n, 1.0 / ntk_dnrm2(s->n, v), v);
}

/* Q <- [Q S, Q_{j+1}] and H <- diag(theta) for the `keep` largest Ritz pairs. */
static void restart(lanczos *s, size_t keep) {
  const size_t least = s->size - keep; /* of the pairs kept, the first */
  ntk_basis_rotate(s->n, s->size, keep, s->S + least * s->size, s->Q);
  memmove(s->Q + keep * s->n, s->Q + s->size * s->n, s->next * s->n * sizeof(double));
  memset(s->H, 0, s->capacity * s->capacity * sizeof(double));
  for (size_t p = 0; p < keep; p++)
    s->H[p * s->capacity + p] = s->theta[least + p];
  s->size = keep;
}

double ntk_lanczos_wanted(const ntk_lanczos_options *options, double theta) {
  theta = fabs(theta);
  return fmax(theta * fmax(options->tolerance, options->of_inverse * theta), options->noise);
}

/* How far a residual, `rest`, has come on a logarithmic scale, along which it falls steadily: 0 to
 * 1. */
static double digits(double rest, double wanted, double theta) {
  const double fraction = log(rest / theta) / log(wanted / theta);
  return fmin(1.0, fmax(0.0, fraction));
}

/* The step at which to look again. The residual falls by a steady factor a step: from this look and
 * the last one, go four fifths of the steps it still seems to need. */
static size_t next_look(size_t step, size_t last_step, double rest, double last_rest,
                        double wanted) {
  if (last_step == 0 || !(rest < last_rest) || !(rest > wanted))
    return step + 2;
  const double per_step = log(last_rest / rest) / (double)(step - last_step);
  const double steps = 0.8 * log(rest / wanted) / per_step;
  return step + (size_t)fmin(fmax(steps, 1.0), 16.0);
}

/* The wanted pairs as they are now; of the one that is farthest from what is wanted of it, value
 * and residual, and that. A product rounds by u ||A||: of a small value less is not to be had. */
typedef struct state {
  double theta, rest, wanted;
} state;
static state look_at(const lanczos *s, const ntk_lanczos_options *options, size_t count,
                     int products, ntk_eigenpair *pair) {
  const double rounding = DBL_EPSILON / 2 * fabs(s->theta[s->size - 1]);
  state worst = {0.0, 0.0, INFINITY};
  for (size_t p = 0; p < count; p++) {
    const double value = s->theta[s->size - 1 - p], theta = fabs(value), rest = residual(s, p);
    const double wanted = fmax(ntk_lanczos_wanted(options, theta), rounding);
    pair[p] = (ntk_eigenpair){value, rest, products};
    if (p == 0 || rest / wanted > worst.rest / worst.wanted)
      worst = (state){theta, rest, wanted};
  }
  return worst;
}

/* Until the largest Ritz pairs have converged. */
static ntk_status iterate(lanczos *s, ntk_product_fn product, void *user,
                          const ntk_lanczos_options *options, ntk_eigenpair *pair) {
  const size_t count = options->count > 0 ? options->count : 1;
  for (size_t c = 0; c < s->block; c++)
    draw(s, s->Q + c * s->n);
  orthonormalise(s, 0, s->block, 1.0);
  s->next = s->block;
  size_t products = 0, look = FIRST_CHECK, last_step = 0;
  double last_rest = 0.0;
  for (size_t step = 1;; step++) {
    products += s->next;
    NTK_TRY(extend(s, product, user));
    NTK_TRY(ntk_progress_poll(s->context, options->phase, 0.0));
    const bool whole = s->next == 0, full = !whole && s->size + s->next > s->capacity;
    const bool due = step >= look && s->next == s->last && s->size >= count;
    if (!due && !full && !whole)
      continue;
    NTK_TRY(ritz(s));
    const state worst = look_at(s, options, count, (int)products, pair);
    const double theta = worst.theta, rest = worst.rest, wanted = worst.wanted;
    if (whole || rest <= wanted)
      return NTK_OK;
    if (products >= options->max_products)
      return ntk_fail(NTK_ERR_NUMERIC,
                      "Lanczos reached a relative residual of %.1e after %zu products; wanted %.1e",
                      rest / theta, products, wanted / theta);
    NTK_TRY(ntk_progress_report(s->context, options->phase, digits(rest, wanted, theta)));
    look = next_look(step, last_step, rest, last_rest, wanted);
    last_step = step;
    last_rest = rest;
    if (full) /* only where n, and so the capacity, exceeds KEEP */
      restart(s, KEEP + count - 1);
  }
}

ntk_status ntk_lanczos_largest(ntk_context *context, size_t n, ntk_product_fn product, void *user,
                               const ntk_lanczos_options *options, ntk_eigenpair *pair,
                               double *vectors) {
  const size_t count = options->count > 0 ? options->count : 1;
  const size_t block = options->block < n ? options->block : n;
  lanczos s = {.context = context,
               .n = n,
               .block = block,
               .capacity = n < NTK_LANCZOS_BASIS ? n : NTK_LANCZOS_BASIS,
               .seed = options->seed};
  NTK_TRY(allocate_basis(&s));
  /* The algebra beside the products is small: threads would cost more than they bring. */
  const int previous = ntk_blas_enter(1);
  const ntk_phase before = ntk_phase_enter(context, options->phase);
  ntk_eigenpair found[NTK_LANCZOS_PAIRS];
  ntk_status status = iterate(&s, product, user, options, found);
  for (size_t p = 0; p < count + options->further && status == NTK_OK; p++) {
    double *vector = vectors + p * n;
    if (p >= s.size) {
      pair[p] = (ntk_eigenpair){.value = 0.0};
      continue;
    }
    if (p >= count)
      found[p] = (ntk_eigenpair){s.theta[s.size - 1 - p], residual(&s, p), found[0].applications};
    ritz_vector(&s, p, options->once_more, vector);
    pair[p] = found[p];
  }
  ntk_phase_leave(context, before);
  ntk_blas_leave(previous);
  release(&s);
  return status;
}
