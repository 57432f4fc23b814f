/* With f^ what the pass in double-double computes and f what is exact, E a bound on the norm of
 * their difference, u = 2^-53, a_k = (k + 2) (k + 6) u^2 / 2 times a grid's size (base/exact/
 * arrays.h), e and s the bounds of net/exact/exact.h as norms over a row, c_l and r_l the largest
 * norms of a column and a row of W_l:
 *
 *   E(G_l) = s_l E(F_{l-1}) + a_{n_{l-1}} sqrt n_l,  grid >= 4 (max|b_l| + c_l |F^_{l-1}|)
 *   E(F_l) = M_l E(G_l) + e(G^_l, F^_l)
 *   E(D_l) = M'_l E(G_l) + s(G^_l, D^_l),                         D_l = phi'(G_l)
 *   E(P_k) = s_{k+1} E(B_{k+1}) + a_{n_{k+1}} sqrt n_k,  grid >= 4 r_{k+1} |B^_{k+1}|,
 *   E(B_k) = E(D_k) max|P^_k| + (max|D^_k| + E(D_k)) E(P_k) + 6 u^2 |B^_k|,         P_{L-1} = W_L
 *
 * B_k is of each output by itself, whose column of W_L is P_{L-1}. In the mean over n_L outputs
 * that is over sqrt n_L, and what is stored of B_{L-1} is D_{L-1} o sqrt(sum_c w_c^2 / n_L), which
 * has the same Gram matrix: both are rounded, by (2 n_L + 64) u^2. To all that come terms for what
 * underflows. Where phi' jumps at 0 the G^ of a row must all be farther from it than E(G_l), and M'
 * is that of either side. The distances of the stored F_l and B_k from the exact ones are then at
 * most those from F^_l and B^_k, measured, and E. */
#include "kernel/ends/proof_rows.h"

#include "kernel/kernel.h"
#include "net/exact/exact.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double U2 = 0x1p-106;

/* Bounds for one sample, all rounded up by NTK_SLACK where they are used. */
typedef struct row {
  double F, G;              /* E(F_l), E(G_l) of the layer just made */
  double sums;              /* at least what those of the product just made err by */
  bool kink;                /* a slope is not known */
  double *slope, *steepest; /* E(D_l) and max|D^_l|, at l = 1..L-1 */
  double *f;                /* |F^_l|, l = 0..L-1 */
  double *stored;           /* |F_l stored - F_l|, l = 0..L-1 */
} row;

/* The same for one output of it. */
typedef struct back {
  double b, B, sums; /* |B^_k|, E(B_k) */
} back;

typedef struct room {
  size_t first, rows;
  ntk_exact_entries here, next; /* of S x C x widest: F^ or B^ of one layer and the one after it */
  ntk_exact_entries slopes;     /* D^_1 .. D^_{L-1}, S x n_l each */
  double *stored;               /* S x C x widest */
  double *scalars;              /* S x SCALARS L */
  double *grid;                 /* S x C */
  row *rows_of;                 /* S */
  back *backs;                  /* S x C */
} room;

enum { SCALARS = 4 };

/* ---- Sizes ----------------------------------------------------------------------------------- */

static double widest_of(const ntk_network_spec *spec) {
  double widest = 0.0;
  for (size_t l = 0; l < spec->depth; l++)
    widest = fmax(widest, (double)spec->width[l]);
  return widest;
}

double ntk_proof_numbers(const ntk_network_spec *spec, size_t S) {
  const double C = (double)ntk_spec_width(spec, spec->depth);
  double numbers = C * (5.0 * widest_of(spec) + 1.0 + (double)sizeof(back) / 8.0) +
                   SCALARS * (double)spec->depth + (double)sizeof(row) / 8.0;
  for (size_t l = 1; l < spec->depth; l++)
    numbers += 2.0 * (double)spec->width[l];
  return (double)S * numbers;
}

static ntk_exact_entries slice(double **next, size_t numbers) {
  const ntk_exact_entries made = {*next, *next + numbers};
  *next += 2 * numbers;
  return made;
}

/* What is no array of numbers stands at the end of the thread's. */
static room room_of(const ntk_proof_pass *p, double *numbers) {
  const size_t S = p->S, all = S * p->C;
  room r = {0};
  size_t slopes = 0;
  for (size_t l = 1; l < p->L; l++)
    slopes += S * p->network->width[l];
  r.here = slice(&numbers, all * p->widest);
  r.next = slice(&numbers, all * p->widest);
  r.slopes = slice(&numbers, slopes);
  r.stored = numbers;
  r.scalars = r.stored + all * p->widest;
  r.grid = r.scalars + S * SCALARS * p->L;
  r.rows_of = (row *)(void *)(r.grid + all);
  r.backs = (back *)(void *)(r.rows_of + S);
  for (size_t t = 0; t < S; t++) {
    double *at = r.scalars + t * SCALARS * p->L;
    r.rows_of[t] =
        (row){.slope = at, .steepest = at + p->L, .f = at + 2 * p->L, .stored = at + 3 * p->L};
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
 * two roundings, a relative 4 u; and those of the lower parts, of which there may be two. */
static double distance(size_t n, ntk_exact_entries stored, ntk_exact_entries x) {
  double square = 0.0;
  for (size_t j = 0; j < n; j++) {
    const double lo = stored.lo != NULL ? stored.lo[j] - x.lo[j] : -x.lo[j];
    const double d = (stored.hi[j] - x.hi[j]) + lo;
    square += d * d;
  }
  const double lower = stored.lo != NULL ? 6.0 * U2 * norm(n, x.hi) : 0.0;
  return NTK_SLACK * (ntk_norm_above(square, n) + lower);
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

/* Those stored of layer l, or B_l with b: n numbers for each of the samples in hand. */
static ntk_exact_entries stored_rows(const ntk_proof_pass *p, const room *r, bool b, size_t l,
                                     size_t n) {
  if (p->stored->features == NULL)
    return ntk_exact_at(b ? p->stored->B[l] : p->stored->F[l], r->first * n);
  ntk_features_rows(p->stored->features, b, l, r->first, r->rows, r->stored);
  return (ntk_exact_entries){r->stored, NULL};
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
                             ntk_exact_entries d, const double of_g[2], ntk_exact_entries stored,
                             row *b) {
  const ntk_activation *phi = &p->network->activation[l];
  const size_t n = p->network->width[l];
  const double floor = 2.0 * sqrt((double)n) * NTK_EXACT_FLOOR;
  const double M =
      isfinite(phi->info.lipschitz) ? phi->info.lipschitz : 2.0 * (of_g[1] + b->G); /* x^2 */
  b->f[l] = norm(n, f.hi);
  b->F = NTK_SLACK * (M * b->G + ntk_exact_value_error(phi, of_g[0], b->f[l]) + floor);
  b->slope[l] = NTK_SLACK * (curvature(phi) * b->G +
                             ntk_exact_slope_error(phi, of_g[0], norm(n, d.hi)) + floor);
  b->steepest[l] = largest(n, d.hi);
  b->stored[l] = distance(n, stored, f) + b->F;
}

/* G^_l of all rows, into next: each entry is of |F^_{l-1}| and a column of W_l. */
static void multiply_up(const ntk_proof_pass *p, const room *r, size_t l) {
  const size_t *n = p->network->width;
  const ntk_weight_norms *W = &p->W[l - 1];
  for (size_t t = 0; t < r->rows; t++)
    r->grid[t] = grid_of(n[l - 1], n[l], W->largest + W->column * r->rows_of[t].f[l - 1],
                         &r->rows_of[t].sums);
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

static void forward(const ntk_proof_pass *p, room *r) {
  const size_t *n = p->network->width;
  row *bounds = r->rows_of;
  memcpy(r->here.hi, stored_rows(p, r, false, 0, n[0]).hi, r->rows * n[0] * sizeof(double));
  memset(r->here.lo, 0, r->rows * n[0] * sizeof(double));
  for (size_t t = 0; t < r->rows; t++) { /* X is exact */
    bounds[t].f[0] = norm(n[0], r->here.hi + t * n[0]);
    bounds[t].F = bounds[t].stored[0] = 0.0;
  }
  for (size_t l = 1; l < p->L; l++) {
    const ntk_exact_entries slopes = slopes_at(p, r, l);
    multiply_up(p, r, l);
    const ntk_exact_entries stored = stored_rows(p, r, false, l, n[l]);
    for (size_t t = 0; t < r->rows; t++) {
      const ntk_exact_entries f = ntk_exact_at(r->next, t * n[l]);
      const ntk_exact_entries d = ntk_exact_at(slopes, t * n[l]);
      double of_g[2];
      before_activation(p, l, f.hi, &bounds[t], of_g);
      ntk_exact_activation(&p->network->activation[l], n[l], f, f, d);
      after_activation(p, l, f, d, of_g, ntk_exact_at(stored, t * n[l]), &bounds[t]);
    }
    swap_layers(r);
  }
}

/* ---- Backward -------------------------------------------------------------------------------- */

/* P^_k of all outputs of all rows, into next: each entry is of |B^_{k+1}| and a row of W_{k+1}.
 * down: W_{k+1}^T. */
static void multiply_down(const ntk_proof_pass *p, const room *r, size_t k, const double *down) {
  const size_t n = p->network->width[k], above = p->network->width[k + 1], all = r->rows * p->C;
  for (size_t v = 0; v < all; v++)
    r->grid[v] = grid_of(above, n, p->W[k].row * r->backs[v].b, &r->backs[v].sums);
  ntk_exact_sum(&(ntk_exact_sums){
      .m = all, .n = n, .k = above, .A = r->here, .B = down, .grid = r->grid, .C = r->next});
}

/* P^_{L-1}, the columns of W_L. */
static void last_weights(const ntk_proof_pass *p, const room *r) {
  const size_t numbers = p->C * p->network->width[p->L - 1];
  for (size_t t = 0; t < r->rows; t++) {
    memcpy(r->next.hi + t * numbers, p->last.hi, numbers * sizeof(double));
    memcpy(r->next.lo + t * numbers, p->last.lo, numbers * sizeof(double));
  }
}

/* What weights of the last layer err by that are not those stored (ntk_proof_last), P of them; past
 * squares that underflow. */
static double last_error(const ntk_proof_pass *p, size_t n, const double *P) {
  return p->rounded > 0.0 ? p->rounded * norm(n, P) + 0x1p-400 * sqrt((double)n) : 0.0;
}

/* B^_k = D^_k o P^_k to B, which may be P, and its error; error: of P. */
static back times_slopes(const row *of, size_t k, size_t n, ntk_exact_entries d,
                         ntk_exact_entries P, double error, ntk_exact_entries B) {
  const double most = largest(n, P.hi);
  back made = {0};
  ntk_exact_times(n, P, d, B);
  made.b = norm(n, B.hi);
  made.B = NTK_SLACK * (of->slope[k] * most + (of->steepest[k] + of->slope[k]) * error +
                        6.0 * U2 * made.b + 8.0 * NTK_ETA * sqrt((double)n));
  return made;
}

/* Block k's part of |J^_i - J_i|^2. f, b: norms of F^_k and B^_{k+1} of that row, F and B: at least
 * what the stored ones are from the exact ones; so that exact ones are shorter than f + F, b + B.
 */
static double moved_by(const double *scale, double f, double F, double b, double B) {
  const double part = F * (b + B) + (f + F) * B + F * B;
  return scale[0] * part * part + scale[1] * B * B;
}

/* B^_k of a sample, `parts` vectors of each of its rows of K; those stored; norms and errors. */
typedef struct vectors {
  size_t parts;
  ntk_exact_entries B, stored;
  const back *bounds;
} vectors;

/* Adds block k - 1's parts to moved of the rows that sample t has. */
static void add_rows(const ntk_proof_pass *p, const room *r, size_t k, size_t t, vectors of_k) {
  const size_t n = p->network->width[k];
  const row *of = &r->rows_of[t];
  for (size_t c = 0; c < p->rows; c++) {
    double b = 0.0, moved = 0.0;
    for (size_t e = c * of_k.parts; e < (c + 1) * of_k.parts; e++) {
      const back *bound = &of_k.bounds[e];
      const double off =
          distance(n, ntk_exact_at(of_k.stored, e * n), ntk_exact_at(of_k.B, e * n)) + bound->B;
      b += bound->b * bound->b;
      moved += off * off;
    }
    p->moved[(r->first + t) * p->rows + c] += moved_by(
        p->network->scale + 2 * (k - 1), of->f[k - 1], of->stored[k - 1],
        NTK_SLACK * ntk_norm_above(b, of_k.parts), NTK_SLACK * ntk_norm_above(moved, of_k.parts));
  }
}

/* From P^_k in next: B^_k, and block k - 1. */
static void make_back(const ntk_proof_pass *p, const room *r, size_t k) {
  const size_t n = p->network->width[k], C = p->C;
  const ntk_exact_entries slopes = slopes_at(p, r, k);
  const bool last = k + 1 == p->L, mean = last && p->own.hi != NULL;
  const ntk_exact_entries stored = stored_rows(p, r, true, k, mean ? n : C * n);
  for (size_t t = 0; t < r->rows; t++) {
    const ntk_exact_entries d = ntk_exact_at(slopes, t * n);
    back *bounds = r->backs + t * C;
    for (size_t c = 0; c < C; c++) {
      const ntk_exact_entries P = ntk_exact_at(r->next, (t * C + c) * n);
      bounds[c] = times_slopes(
          &r->rows_of[t], k, n, d, P,
          last ? last_error(p, n, P.hi) : p->W[k].spectral * bounds[c].B + bounds[c].sums, P);
    }
    if (mean) { /* F^_{L-1}, in whose place it comes, is not needed any more */
      const back one =
          times_slopes(&r->rows_of[t], k, n, d, p->own, last_error(p, n, p->own.hi), r->here);
      add_rows(p, r, k, t, (vectors){1, r->here, ntk_exact_at(stored, t * n), &one});
    } else {
      add_rows(p, r, k, t,
               (vectors){p->rows > 1 ? 1 : C, ntk_exact_at(r->next, t * C * n),
                         ntk_exact_at(stored, t * C * n), bounds});
    }
  }
}

static void backward(const ntk_proof_pass *p, room *r) {
  const size_t *n = p->network->width, L = p->L;
  const double *down = p->down;
  for (size_t l = 2; l < L; l++)
    down += n[l] * n[l - 1];
  for (size_t t = 0; t < r->rows; t++) /* B_L is 1 */
    for (size_t c = 0; c < p->rows; c++)
      p->moved[(r->first + t) * p->rows + c] =
          moved_by(p->network->scale + 2 * (L - 1), r->rows_of[t].f[L - 1],
                   r->rows_of[t].stored[L - 1], 1.0, 0.0);
  for (size_t k = L - 1; k >= 1; k--) {
    down -= k + 1 < L ? n[k + 1] * n[k] : 0;
    if (k + 1 == L)
      last_weights(p, r);
    else
      multiply_down(p, r, k, down);
    make_back(p, r, k);
    swap_layers(r);
  }
}

void ntk_proof_rows(const ntk_proof_pass *p, size_t first, size_t rows, double *numbers) {
  room r = room_of(p, numbers);
  r.first = first;
  r.rows = rows;
  forward(p, &r);
  backward(p, &r);
  for (size_t i = 0; i < rows * p->rows; i++) {
    double *moved = &p->moved[first * p->rows + i];
    *moved = r.rows_of[i / p->rows].kink && isfinite(*moved) ? NTK_PROOF_KINK : NTK_SLACK * *moved;
  }
}
