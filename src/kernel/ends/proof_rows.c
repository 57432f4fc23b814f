/* With f^ what the pass in double-double computes and f what is exact, E a bound on the norm of
 * their difference, u = 2^-53, a_k = (k + 2) (k + 6) u^2 / 2 times a grid's size (base/exact/
 * arrays.h), e and s the bounds of net/exact/exact.h as norms over a row, c_l and r_l the largest
 * norms of a column and a row of W_l:
 *
 *   E(G_l) = s_l E(F_{l-1}) + a_{n_{l-1}} sqrt n_l,  grid >= 4 (max|b_l| + c_l |F^_{l-1}|)
 *   E(F_l) = M_l E(G_l) + e(G^_l, F^_l)
 *   E(D_l) = M'_l E(G_l) + s(G^_l, D^_l),                         D_l = phi'(G_l)
 *   E(P_k) = s_{k+1} E(B_{k+1}) + a_{n_{k+1}} sqrt n_k,  grid >= 4 r_{k+1} |B^_{k+1}|;  P_{L-1} =
 * W_L E(B_k) = E(D_k) max|P^_k| + (max|D^_k| + E(D_k)) E(P_k) + 6 u^2 |B^_k|
 *
 * and terms for what underflows. Where phi' jumps at 0 the G^ of a row must all be farther from it
 * than E(G_l), and M' is that of either side. The distances of the stored F_l and B_k from the
 * exact ones are then at most those from F^_l and B^_k, measured, and E. */
#include "kernel/ends/proof_rows.h"

#include "kernel/kernel.h"
#include "net/exact/exact.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double U2 = 0x1p-106;

/* Bounds for one row, all rounded up by NTK_SLACK where they are used. */
typedef struct row {
  double f, F, G;           /* |F^_l|; E(F_l), E(G_l) of the layer just made */
  double sums;              /* at least what those of the product just made err by */
  double b, B;              /* |B^_k|; E(B_k) */
  bool kink;                /* a slope is not known */
  double *slope, *steepest; /* E(D_l) and max|D^_l|, at l = 1..L-1 */
  double *stored;           /* |F_l stored - F_l|, l = 0..L-1 */
} row;

typedef struct room {
  size_t first, rows;
  ntk_exact_entries here, next; /* of S x widest: F^ or B^ of one layer and of the one after it */
  ntk_exact_entries slopes;     /* D^_1 .. D^_{L-1}, S x n_l each */
  double *stored;               /* S x widest */
  double *scalars;              /* S x 3 L */
  double *grid;                 /* S */
} room;

/* ---- Sizes ----------------------------------------------------------------------------------- */

static double widest_of(const ntk_network_spec *spec) {
  double widest = 0.0;
  for (size_t l = 0; l < spec->depth; l++)
    widest = fmax(widest, (double)spec->width[l]);
  return widest;
}

double ntk_proof_numbers(const ntk_network_spec *spec, size_t S) {
  double numbers = 5.0 * widest_of(spec) + 3.0 * (double)spec->depth + 1.0 +
                   (double)(sizeof(struct row) / sizeof(double));
  for (size_t l = 1; l < spec->depth; l++)
    numbers += 2.0 * (double)spec->width[l];
  return (double)S * numbers;
}

static ntk_exact_entries slice(double **next, size_t numbers) {
  const ntk_exact_entries made = {*next, *next + numbers};
  *next += 2 * numbers;
  return made;
}

/* The rows' bounds stand at the end of the thread's numbers. */
static room room_of(const ntk_proof_pass *p, double *numbers, row **bounds) {
  room r = {0};
  size_t slopes = 0;
  for (size_t l = 1; l < p->L; l++)
    slopes += p->S * p->network->width[l];
  r.here = slice(&numbers, p->S * p->widest);
  r.next = slice(&numbers, p->S * p->widest);
  r.slopes = slice(&numbers, slopes);
  r.stored = numbers;
  r.scalars = r.stored + p->S * p->widest;
  r.grid = r.scalars + p->S * 3 * p->L;
  *bounds = (row *)(void *)(r.grid + p->S);
  for (size_t t = 0; t < p->S; t++) {
    double *at = r.scalars + t * 3 * p->L;
    (*bounds)[t] = (row){.slope = at, .steepest = at + p->L, .stored = at + 2 * p->L};
  }
  return r;
}

static ntk_exact_entries slopes_at(const ntk_proof_pass *p, const room *r, size_t l) {
  size_t at = 0;
  for (size_t k = 1; k < l; k++)
    at += p->S * p->network->width[k];
  return ntk_exact_at(r->slopes, at);
}

/* ---- Norms, rounded up ----------------------------------------------------------------------- */

static double norm(size_t n, const double *x) {
  double square = 0.0;
  for (size_t j = 0; j < n; j++)
    square += x[j] * x[j];
  return NTK_SLACK * ntk_norm_above(square, n); /* |lo| <= u |hi| is in it */
}

/* NaN stays. */
static double largest(size_t n, const double *x) {
  double most = 0.0;
  for (size_t j = 0; j < n; j++)
    most = fabs(x[j]) <= most ? most : fabs(x[j]);
  return NTK_SLACK * most;
}

static double least(size_t n, const double *x) {
  double least = INFINITY;
  for (size_t j = 0; j < n; j++)
    least = fmin(least, fabs(x[j]));
  return least;
}

/* |stored - (hi + lo)|. A difference is exact, or of numbers so far apart that lo hardly counts:
 * two roundings, a relative 4 u. */
static double distance(size_t n, const double *stored, ntk_exact_entries x) {
  double square = 0.0;
  for (size_t j = 0; j < n; j++) {
    const double d = (stored[j] - x.hi[j]) - x.lo[j];
    square += d * d;
  }
  return NTK_SLACK * ntk_norm_above(square, n);
}

/* The grid for n sums of k products each, |b| + |A| |B| <= size, and what they err by at most, as
 * a norm. Infinite: of no use. */
static double grid_of(size_t k, size_t n, double size, double *error) {
  int exponent = 0;
  (void)frexp(fmax(NTK_SLACK * 4.0 * size, DBL_MIN), &exponent);
  const double grid = isfinite(size) ? ldexp(1.0, exponent) : INFINITY; /* >= 4 size */
  const double a = 0.5 * ((double)k + 2.0) * ((double)k + 6.0) * U2;
  *error = NTK_SLACK * a * grid * sqrt((double)n) + 4.0 * NTK_ETA * (double)k * (double)n;
  return grid;
}

/* ---- Forward --------------------------------------------------------------------------------- */

/* M' on either side of where phi' jumps, which is at 0 alone: 0 of relu, phi'' = phi' below 0 of
 * elu and selu. */
static double curvature(const ntk_activation *phi) {
  return isfinite(phi->info.lipschitz_grad) ? phi->info.lipschitz_grad : phi->info.lipschitz;
}

static void before_activation(const ntk_proof_pass *p, size_t l, const double *g, row *b,
                              double of_g[2]) {
  const ntk_weight_norms *W = &p->W[l - 1];
  const size_t n = p->network->width[l];
  b->G = NTK_SLACK * (W->spectral * b->F + b->sums);
  of_g[0] = norm(n, g);
  of_g[1] = largest(n, g);
  if (!isfinite(of_g[1])) /* phi may be finite there, and is of no use */
    b->G = INFINITY;
  if (!isfinite(p->network->activation[l].info.lipschitz_grad) && !(least(n, g) > b->G))
    b->kink = true;
}

static void after_activation(const ntk_proof_pass *p, size_t l, ntk_exact_entries f,
                             ntk_exact_entries d, const double of_g[2], const double *stored,
                             row *b) {
  const ntk_activation *phi = &p->network->activation[l];
  const size_t n = p->network->width[l];
  const double floor = 2.0 * sqrt((double)n) * NTK_EXACT_FLOOR;
  const double M =
      isfinite(phi->info.lipschitz) ? phi->info.lipschitz : 2.0 * (of_g[1] + b->G); /* x^2 */
  b->f = norm(n, f.hi);
  b->F = NTK_SLACK * (M * b->G + ntk_exact_value_error(phi, of_g[0], b->f) + floor);
  b->slope[l] = NTK_SLACK * (curvature(phi) * b->G +
                             ntk_exact_slope_error(phi, of_g[0], norm(n, d.hi)) + floor);
  b->steepest[l] = largest(n, d.hi);
  b->stored[l] = distance(n, stored, f) + b->F;
}

/* G^_l of all rows, into next: each entry is of |F^_{l-1}| and a column of W_l. */
static void multiply_up(const ntk_proof_pass *p, const room *r, size_t l, row *bounds) {
  const size_t *n = p->network->width;
  const ntk_weight_norms *W = &p->W[l - 1];
  for (size_t t = 0; t < r->rows; t++)
    r->grid[t] = grid_of(n[l - 1], n[l], W->largest + W->column * bounds[t].f, &bounds[t].sums);
  ntk_exact_sum(&(ntk_exact_sums){.m = r->rows,
                                  .n = n[l],
                                  .k = n[l - 1],
                                  .A = r->here,
                                  .B = p->network->W[l],
                                  .b = p->network->b[l],
                                  .grid = r->grid,
                                  .C = r->next});
}

static void swap_layers(room *r) {
  const ntk_exact_entries swap = r->here;
  r->here = r->next;
  r->next = swap;
}

static void forward(const ntk_proof_pass *p, room *r, row *bounds) {
  const size_t *n = p->network->width;
  ntk_features_rows(p->features, false, 0, r->first, r->rows, r->here.hi);
  memset(r->here.lo, 0, r->rows * n[0] * sizeof(double));
  for (size_t t = 0; t < r->rows; t++) { /* X is exact */
    bounds[t].f = norm(n[0], r->here.hi + t * n[0]);
    bounds[t].F = bounds[t].stored[0] = 0.0;
  }
  for (size_t l = 1; l < p->L; l++) {
    const ntk_exact_entries slopes = slopes_at(p, r, l);
    multiply_up(p, r, l, bounds);
    ntk_features_rows(p->features, false, l, r->first, r->rows, r->stored);
    for (size_t t = 0; t < r->rows; t++) {
      const ntk_exact_entries f = ntk_exact_at(r->next, t * n[l]);
      const ntk_exact_entries d = ntk_exact_at(slopes, t * n[l]);
      double of_g[2];
      before_activation(p, l, f.hi, &bounds[t], of_g);
      ntk_exact_activation(&p->network->activation[l], n[l], f, f, d);
      after_activation(p, l, f, d, of_g, r->stored + t * n[l], &bounds[t]);
    }
    swap_layers(r);
  }
}

/* ---- Backward -------------------------------------------------------------------------------- */

/* P^_k of all rows, into next: each entry is of |B^_{k+1}| and a row of W_{k+1}. down: W_{k+1}^T.
 */
static void multiply_down(const ntk_proof_pass *p, const room *r, size_t k, const double *down,
                          row *bounds) {
  const size_t n = p->network->width[k], above = p->network->width[k + 1];
  if (k + 1 == p->L) {
    memset(r->next.lo, 0, r->rows * n * sizeof(double));
    for (size_t t = 0; t < r->rows; t++)
      memcpy(r->next.hi + t * n, p->network->W[p->L], n * sizeof(double));
    return;
  }
  for (size_t t = 0; t < r->rows; t++)
    r->grid[t] = grid_of(above, n, p->W[k].row * bounds[t].b, &bounds[t].sums);
  ntk_exact_sum(&(ntk_exact_sums){
      .m = r->rows, .n = n, .k = above, .A = r->here, .B = down, .grid = r->grid, .C = r->next});
}

/* B^_k = D^_k o P^_k in P's place, and its error. */
static void times_slopes(const ntk_proof_pass *p, size_t k, ntk_exact_entries d,
                         ntk_exact_entries P, row *b) {
  const ntk_weight_norms *W = &p->W[k];
  const size_t n = p->network->width[k];
  const double most = largest(n, P.hi);
  const double error = k + 1 == p->L ? 0.0 : W->spectral * b->B + b->sums;
  ntk_exact_times(n, P, d, P);
  b->b = norm(n, P.hi);
  b->B = NTK_SLACK * (b->slope[k] * most + (b->steepest[k] + b->slope[k]) * error +
                      6.0 * U2 * b->b + 8.0 * NTK_ETA * sqrt((double)n));
}

/* Block k's part of |J^_i - J_i|^2; B: |B_{k+1} stored - B_{k+1}|. */
static double moved_by(const ntk_proof_pass *p, size_t k, size_t i, double F, double B) {
  const ntk_norms *of = p->norms;
  const size_t at = k * of->rows + i;
  const double *scale = p->network->scale + 2 * k;
  const double f = NTK_SLACK * ntk_norm_above(of->f2[at], p->network->width[k]);
  const double b = NTK_SLACK * ntk_norm_above(of->b2[at], p->network->width[k + 1]);
  const double part = F * b + f * B + F * B;
  return scale[0] * part * part + scale[1] * B * B;
}

static void backward(const ntk_proof_pass *p, room *r, row *bounds) {
  const size_t *n = p->network->width;
  const double *down = p->down;
  for (size_t l = 2; l < p->L; l++)
    down += n[l] * n[l - 1];
  for (size_t t = 0; t < r->rows; t++) /* B_L is 1 */
    p->moved[r->first + t] = moved_by(p, p->L - 1, r->first + t, bounds[t].stored[p->L - 1], 0.0);
  for (size_t k = p->L - 1; k >= 1; k--) {
    const ntk_exact_entries slopes = slopes_at(p, r, k);
    down -= k + 1 < p->L ? n[k + 1] * n[k] : 0;
    multiply_down(p, r, k, down, bounds);
    ntk_features_rows(p->features, true, k, r->first, r->rows, r->stored);
    for (size_t t = 0; t < r->rows; t++) {
      const ntk_exact_entries B = ntk_exact_at(r->next, t * n[k]);
      times_slopes(p, k, ntk_exact_at(slopes, t * n[k]), B, &bounds[t]);
      p->moved[r->first + t] += moved_by(p, k - 1, r->first + t, bounds[t].stored[k - 1],
                                         distance(n[k], r->stored + t * n[k], B) + bounds[t].B);
    }
    swap_layers(r);
  }
}

void ntk_proof_rows(const ntk_proof_pass *p, size_t first, size_t rows, double *numbers) {
  row *bounds = NULL;
  room r = room_of(p, numbers, &bounds);
  r.first = first;
  r.rows = rows;
  forward(p, &r, bounds);
  backward(p, &r, bounds);
  for (size_t t = 0; t < rows; t++)
    p->moved[first + t] = bounds[t].kink && isfinite(p->moved[first + t])
                              ? NTK_PROOF_KINK
                              : NTK_SLACK * p->moved[first + t];
}
