/* How far rounding moves lambda_min = |J^T v|^2, v its unit eigenvector. With J' = J + dJ that is
 *
 *   |J'^T v|^2 - lambda_min <= 2 sqrt(lambda_min) delta + delta^2,   delta = |dJ^T v|,
 *
 * and for rows of dJ that have nothing to do with each other delta^2 is sum_i v_i^2 |dJ_i|^2. The
 * samples that have most of sum_i v_i^2 K_ii go through (1) and (9) once plainly and some times
 * with errors of rounding's size put to all that goes into a product and comes out of it: those
 * grow, or are forgotten, from layer to layer as rounding itself does, which no bound on norms can
 * tell. |dJ_i| is the largest of a sample's distances. What K's entries are rounded by counts as
 * much as one such sum. Estimates: docs/algorithm.md. */
#include "kernel/ends/extremes.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"
#include "kernel/footprint.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST_ROWS = 8, COPIES = 4 }; /* of a row: one plain, the others perturbed */

static const double U = DBL_EPSILON / 2;
static const double AT_ONCE_BYTES = 1 << 23; /* of samples that go through together */

/* Rows t = COPIES s + c of all arrays: copy c of the (first + s)-th chosen row of K. */
typedef struct evaluation {
  const ntk_network *network;
  const ntk_held *held;
  size_t k;                      /* the block, or L */
  size_t chosen, row[MOST_ROWS]; /* of K */
  size_t per;                    /* rows of K for a sample */
  size_t parts;                  /* vectors that B has for a row of K: n_L of a mean, else 1 */
  double part;                   /* what each is multiplied by */
  size_t first, T;               /* T / COPIES of the chosen go through together */
  double **F, **slope;           /* F[l]: T x n_l, l = 0..L-1; phi'(G_l) likewise, from 1 */
  double *above, *B, *in;        /* B_{k+1}, B_k: T x parts x n; and what goes into a product */
  double *noise;                 /* the widest layer; drawn: rows of it, of each chosen row */
  double distance[MOST_ROWS * COPIES], norm[MOST_ROWS]; /* |dJ_i|^2, |J_i|^2, of block k or all */
  uint64_t drawn;
} evaluation;

/* Relative errors of a sum of n terms. */
static double sum_error(size_t n) {
  return U * (2.0 + 0.5 * sqrt((double)n));
}

/* A (T x parts x n) with relative errors up to size in what is a perturbed copy's; opposite, of one
 * part: the second copy's are those of the first with the other sign. */
static void perturb_with(evaluation *e, size_t parts, size_t n, double size, bool opposite,
                         double *A) {
  const ntk_random source = {0, NTK_STREAM_PROBES, NTK_PROBE_DIGITS};
  const uint64_t each = (COPIES - 1) * parts; /* the same noise, however many go together */
  uint64_t row = e->drawn * e->chosen + e->first * each;
  e->drawn += each;
  for (size_t r = 0; r < e->T * parts; r++) {
    if (r / parts % COPIES == 0)
      continue;
    const bool mirrored = opposite && r % COPIES == 2;
    const double signed_size = mirrored ? -size : size;
    ntk_random_uniform(source, mirrored ? row - 1 : row, n, e->noise);
    row++;
    for (size_t j = 0; j < n; j++)
      A[r * n + j] *= 1.0 + signed_size * (2.0 * e->noise[j] - 1.0);
  }
}

static void perturb(evaluation *e, size_t parts, size_t n, double size, double *A) {
  perturb_with(e, parts, n, size, false, A);
}

/* The chosen samples, each COPIES times. */
static ntk_status take_samples(evaluation *e) {
  const size_t d = e->network->width[0], count = e->T / COPIES;
  size_t row[MOST_ROWS];
  for (size_t s = 0; s < count; s++)
    row[s] = e->row[e->first + s] / e->per;
  NTK_TRY(ntk_held_fetch(e->network->context, e->held, row, count, e->F[0]));
  for (size_t t = e->T; t-- > 1;)
    memmove(e->F[0] + t * d, e->F[0] + t / COPIES * d, d * sizeof(double));
  return NTK_OK;
}

static ntk_status forward(evaluation *e) {
  const ntk_network *network = e->network;
  const size_t *n = network->width, T = e->T;
  NTK_TRY(take_samples(e));
  for (size_t l = 1; l < network->depth; l++) {
    double *F = e->F[l], *G = e->B;
    memcpy(e->in, e->F[l - 1], T * n[l - 1] * sizeof(double));
    /* A sum that is all rounding has either sign: where phi saturates nothing else tells. */
    perturb_with(e, 1, n[l - 1], sum_error(n[l - 1]), true, e->in);
    for (size_t t = 0; t < T && network->b[l] != NULL; t++)
      memcpy(G + t * n[l], network->b[l], n[l] * sizeof(double));
    ntk_dgemm('N', 'N', n[l], T, n[l - 1], 1.0, network->W[l], n[l], e->in, n[l - 1],
              network->b[l] != NULL ? 1.0 : 0.0, G, n[l]);
    perturb(e, 1, n[l], sum_error(n[l - 1]), G);
    ntk_activation_eval(&network->activation[l], T * n[l], G, F, e->slope[l]);
    perturb(e, 1, n[l], 2.0 * U, F);
    perturb(e, 1, n[l], 2.0 * U, e->slope[l]);
  }
  return NTK_OK;
}

static double dot(size_t n, const double *x, const double *y) {
  double sum = 0.0;
  for (size_t j = 0; j < n; j++)
    sum += x[j] * y[j];
  return sum;
}

/* |y - x|^2, and x^T (y - x) in *along. */
static double apart(size_t n, const double *x, const double *y, double *along) {
  double sum = 0.0;
  *along = 0.0;
  for (size_t j = 0; j < n; j++) {
    const double d = y[j] - x[j];
    sum += d * d;
    *along += x[j] * d;
  }
  return sum;
}

/* Adds block k's part of |J'_i - J_i|^2 = |f' (x) b' - f (x) b|^2, and of |J_i|^2. B: width numbers
 * a row of B_{k+1}; NULL: the 1 of block L-1. */
static void add_distances(evaluation *e, size_t k, const double *B, size_t width) {
  const size_t n = e->network->width[k];
  const double a = e->network->scale[2 * k], bias = e->network->scale[2 * k + 1];
  if (e->k != k && e->k != e->network->depth)
    return;
  for (size_t t = 0; t < e->T; t++) {
    const size_t plain = t / COPIES * COPIES;
    const double *f = e->F[k] + plain * n, *b = B != NULL ? B + plain * width : NULL;
    const double f2 = dot(n, f, f), b2 = b != NULL ? dot(width, b, b) : 1.0;
    double f_along, b_along = 0.0, db2 = 0.0;
    const double df2 = apart(n, f, e->F[k] + t * n, &f_along);
    if (b != NULL)
      db2 = apart(width, b, B + t * width, &b_along);
    const double moved =
        df2 * b2 + f2 * db2 + df2 * db2 + 2.0 * (df2 * b_along + f_along * db2 + f_along * b_along);
    e->distance[e->first * COPIES + t] += a * fmax(0.0, moved) + bias * db2;
    if (t == plain)
      e->norm[e->first + t / COPIES] += (a * f2 + bias) * b2;
  }
}

/* P_{L-1} = W_L into B: of one output, or of each. */
static void last_weights(evaluation *e) {
  const size_t L = e->network->depth, n = e->network->width[L - 1], C = e->network->width[L];
  for (size_t t = 0; t < e->T; t++)
    for (size_t p = 0; p < e->parts; p++) {
      const size_t output = e->parts > 1 ? p : e->row[e->first + t / COPIES] % e->per;
      for (size_t j = 0; j < n; j++)
        e->B[(t * e->parts + p) * n + j] = e->part * e->network->W[L][j * C + output];
    }
}

static void backward(evaluation *e) {
  const size_t L = e->network->depth, *n = e->network->width, rows = e->T * e->parts;
  add_distances(e, L - 1, NULL, 0);
  for (size_t k = L - 1; k >= 1; k--) {
    if (k == L - 1) {
      last_weights(e);
    } else {
      memcpy(e->in, e->above, rows * n[k + 1] * sizeof(double));
      perturb(e, e->parts, n[k + 1], sum_error(n[k + 1]), e->in);
      ntk_dgemm('T', 'N', n[k], rows, n[k + 1], 1.0, e->network->W[k + 1], n[k + 1], e->in,
                n[k + 1], 0.0, e->B, n[k]);
      perturb(e, e->parts, n[k], sum_error(n[k + 1]), e->B);
    }
    const double factor = ntk_slope_factor(e->network, k);
    for (size_t r = 0; r < rows; r++)
      for (size_t j = 0; j < n[k]; j++)
        e->B[r * n[k] + j] *= e->slope[k][r / e->parts * n[k] + j] * factor;
    add_distances(e, k - 1, e->B, e->parts * n[k]);
    double *swap = e->above;
    e->above = e->B;
    e->B = swap;
  }
}

/* Samples that go through together, and numbers: of F and slope, of above or B, of in, of noise. */
typedef struct workspace {
  size_t samples;
  double layers, back, in, noise;
} workspace;

/* B has as many columns as a hidden layer has units; the input's are multiplied once a sample. */
static workspace workspace_of(const ntk_network_spec *spec, size_t parts) {
  const double d = (double)spec->width[0];
  double layers = d, hidden = 0.0;
  for (size_t l = 1; l < spec->depth; l++) {
    layers += 2.0 * (double)spec->width[l];
    hidden = fmax(hidden, (double)spec->width[l]);
  }
  const double back = (double)parts * hidden, in = fmax(d, back);
  const double fit = AT_ONCE_BYTES / (8.0 * COPIES * (layers + 2.0 * back + in));
  const size_t samples = (size_t)fmax(1.0, fmin(fit, MOST_ROWS));
  const double rows = (double)(COPIES * samples);
  return (workspace){samples, rows * layers, rows * back, rows * in, fmax(d, hidden)};
}

static double numbers(const workspace *w) {
  return w->layers + 2.0 * w->back + w->in + w->noise;
}

static size_t parts_of(const ntk_network_spec *spec, ntk_outputs outputs) {
  return outputs == NTK_OUTPUTS_ALL ? 1 : ntk_spec_width(spec, spec->depth);
}

double ntk_digits_bytes(const ntk_network_spec *spec, ntk_outputs outputs) {
  const workspace w = workspace_of(spec, parts_of(spec, outputs));
  return 8.0 * (numbers(&w) + 2.0 * (double)spec->depth);
}

/* F, slope and what else there is in *storage, with *pointers to it. */
static ntk_status allocate(evaluation *e, const workspace *w, double **storage,
                           double ***pointers) {
  const size_t L = e->network->depth, *n = e->network->width, rows = COPIES * w->samples;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(e->network->context, 2 * L, sizeof(double *), "digits", &pointer));
  *pointers = e->F = pointer;
  e->slope = e->F + L;
  if (!(numbers(w) < 0x1p58))
    return ntk_fail(NTK_ERR_LIMIT, "the layers of %zu samples exceed the address space",
                    w->samples);
  NTK_TRY(ntk_alloc_doubles(e->network->context, (size_t)numbers(w), "digits", storage));
  double *next = *storage;
  for (size_t l = 0; l < L; l++) {
    e->F[l] = next;
    next += rows * n[l];
    e->slope[l] = next;
    next += l > 0 ? rows * n[l] : 0;
  }
  e->above = next;
  e->B = e->above + (size_t)w->back;
  e->in = e->B + (size_t)w->back;
  e->noise = e->in + (size_t)w->in;
  return NTK_OK;
}

/* v_i^2 K_ii of block k, or of all. */
static double weight_of(const ntk_network *network, const ntk_norms *norms, size_t k,
                        const double *v, size_t i) {
  const size_t L = network->depth, n = norms->rows;
  double diagonal = 0.0;
  for (size_t l = k == L ? 0 : k; l < (k == L ? L : k + 1); l++)
    diagonal += ntk_diagonal_part(network, l, norms->f2[l * n + i], norms->b2[l * n + i]);
  return v[i] * v[i] * diagonal;
}

/* The rows of most weight, in their order; all rows' weight. */
static double choose(evaluation *e, const ntk_norms *norms, const double *v) {
  double sum = 0.0, best[MOST_ROWS];
  for (size_t i = 0; i < norms->rows; i++) {
    const double weight = weight_of(e->network, norms, e->k, v, i);
    size_t at = e->chosen < MOST_ROWS ? e->chosen++ : MOST_ROWS;
    sum += weight;
    for (; at > 0 && best[at - 1] < weight; at--)
      if (at < MOST_ROWS) {
        best[at] = best[at - 1];
        e->row[at] = e->row[at - 1];
      }
    if (at < MOST_ROWS) {
      best[at] = weight;
      e->row[at] = i;
    }
  }
  return sum;
}

/* delta^2, of rows of that weight. */
static double lost(const evaluation *e, const double *v, double weight) {
  double moved = 0.0, seen = 0.0;
  for (size_t s = 0; s < e->chosen; s++) {
    const double v2 = v[e->row[s]] * v[e->row[s]];
    double most = 0.0;
    for (size_t c = 1; c < COPIES; c++)
      most = e->distance[s * COPIES + c] <= most ? most : e->distance[s * COPIES + c];
    moved += v2 * most;
    seen += v2 * e->norm[s];
  }
  const double delta2 = moved / seen * weight;
  return isfinite(delta2) ? delta2 : INFINITY;
}

ntk_status ntk_digits_measure(const ntk_network *network, const ntk_held *held,
                              const ntk_norms *norms, size_t k, const double *v, ntk_extremes *e) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t C = network->width[network->depth];
  const bool all = norms->outputs == NTK_OUTPUTS_ALL;
  evaluation of = {.network = network,
                   .held = held,
                   .k = k,
                   .per = all ? C : 1,
                   .parts = parts_of(&spec, norms->outputs),
                   .part = all ? 1.0 : 1.0 / sqrt((double)C)};
  double *storage = NULL, **pointers = NULL;
  e->digits = 0;
  if (e->verdict != NTK_VERDICT_OK)
    return NTK_OK;
  if (of.per > 1 && e->gap == 0.0)
    e->gap = -DBL_MIN; /* outputs make groups of eigenvalues */
  const double weight = choose(&of, norms, v);
  const workspace w = workspace_of(&spec, of.parts);
  ntk_status status = allocate(&of, &w, &storage, &pointers);
  if (status == NTK_OK) {
    const int previous = ntk_blas_enter(1); /* the same bits for any number of threads */
    for (; of.first < of.chosen && status == NTK_OK; of.first += w.samples) {
      const size_t left = of.chosen - of.first;
      of.T = COPIES * (left < w.samples ? left : w.samples);
      of.drawn = 0;
      status = forward(&of);
      if (status == NTK_OK)
        backward(&of);
    }
    ntk_blas_leave(previous);
  }
  if (status == NTK_OK)
    ntk_extremes_carry(e, lost(&of, v, weight), sum_error(ntk_widest(&spec, 0)) * weight);
  ntk_free(network->context, storage);
  ntk_free(network->context, pointers);
  return status;
}

ntk_status ntk_digits_of(const ntk_features *features, size_t k, const double *v, ntk_extremes *e) {
  const size_t count = features->network->depth * features->rows;
  double *f2 = NULL;
  NTK_TRY(ntk_features_take_norms(features, &f2));
  const ntk_norms norms = {features->outputs, features->rows, f2, f2 + count};
  const ntk_held held = ntk_features_held(features);
  const ntk_status status = ntk_digits_measure(features->network, &held, &norms, k, v, e);
  ntk_free(features->context, f2);
  return status;
}
