/* Some samples at a time, each twice: once plainly, once with relative errors of 2^-88, which grow,
 * or are forgotten, from layer to layer as rounding does. X, which is exact, has them for layer 1
 * alone: what cancels there is lost as well. Rows t < S of all arrays are plain, t >=
 * S the others. */
#include "net/exact/passes.h"

#include "base/memory.h"
#include "base/random.h"
#include "net/exact/exact.h"

#include <math.h>
#include <omp.h>
#include <string.h>

static const double ERROR = 0x1p-88;
enum { MOST_SAMPLES = 16, NUMBERS = 1 << 20 };

typedef struct pass {
  const ntk_network *network;
  ntk_outputs outputs;
  size_t N, L, C, S, widest; /* C outputs; S samples at a time; the widest layer, X's too */
  const double *X;
  const ntk_exact_entries *F, *B;
  double *moved;
  double *down;                /* W_2^T .. W_{L-1}^T, each n_l x n_{l-1} */
  ntk_exact_entries last, own; /* W_L^T, in a mean over sqrt n_L: C x n_{L-1}; of one: its norms */
  size_t part;                 /* numbers of a thread */
  ntk_watch *watch;
} pass;

/* What a thread works in. */
typedef struct room {
  size_t first, samples; /* of the data */
  ntk_exact_entries above, here;
  double *noise, *numbers;
} room;

/* ---- Sizes ----------------------------------------------------------------------------------- */

static size_t widest_of(const ntk_network_spec *spec) {
  size_t widest = spec->width[0];
  for (size_t l = 1; l < spec->depth; l++)
    widest = spec->width[l] > widest ? spec->width[l] : widest;
  return widest;
}

/* Numbers for a row: F_l, phi'(G_l), and two arrays that go back. */
static double row_numbers(const ntk_network_spec *spec) {
  double layers = 2.0 * (double)spec->width[0];
  for (size_t l = 1; l < spec->depth; l++)
    layers += 4.0 * (double)spec->width[l];
  return layers + 4.0 * (double)ntk_spec_width(spec, spec->depth) * (double)widest_of(spec);
}

static size_t samples_at_once(const ntk_network_spec *spec) {
  const double fit = NUMBERS / (2.0 * row_numbers(spec));
  return fit < 1.0 ? 1 : fit > MOST_SAMPLES ? MOST_SAMPLES : (size_t)fit;
}

static double part_of(const ntk_network_spec *spec) {
  return 2.0 * (double)samples_at_once(spec) * row_numbers(spec) + (double)widest_of(spec);
}

/* W_l^T, and last and own. */
static double weight_numbers(const ntk_network_spec *spec) {
  const double C = (double)ntk_spec_width(spec, spec->depth);
  double count = 2.0 * (C + 1.0) * (double)spec->width[spec->depth - 1];
  for (size_t l = 2; l < spec->depth; l++)
    count += (double)spec->width[l] * (double)spec->width[l - 1];
  return count;
}

double ntk_exact_passes_bytes(const ntk_context *context, const ntk_network_spec *spec) {
  return 8.0 * (weight_numbers(spec) + (double)context->threads * part_of(spec));
}

/* ---- Where a thread has its arrays ----------------------------------------------------------- */

static ntk_exact_entries two(double *next, size_t numbers) {
  return (ntk_exact_entries){next, next + numbers};
}

/* F_l, or phi'(G_l), 2 S x n_l: found by counting, for there may be many layers. */
static ntk_exact_entries layer(const pass *p, const room *r, size_t l, bool slope) {
  double *next = r->numbers;
  for (size_t k = 0; k < l; k++)
    next += (k == 0 ? 4U : 8U) * p->S * p->network->width[k];
  const size_t numbers = 2 * p->S * p->network->width[l];
  return two(next + (slope ? 2 * numbers : 0), numbers);
}

static room room_at(const pass *p, double *numbers) {
  const size_t back = 2 * p->S * p->C * p->widest;
  room r = {.numbers = numbers};
  double *next = layer(p, &r, p->L - 1, true).lo + 2 * p->S * p->network->width[p->L - 1];
  if (p->L == 1) /* not a network */
    next = numbers;
  r.above = two(next, back);
  r.here = two(next + 2 * back, back);
  r.noise = next + 4 * back;
  return r;
}

/* ---- Passes ---------------------------------------------------------------------------------- */

/* The second half of A (2 S x parts x n) with relative errors. which: of this array. */
static void perturb(const pass *p, const room *r, size_t parts, size_t n, size_t which,
                    ntk_exact_entries A) {
  const ntk_random source = {0, NTK_STREAM_PROBES, NTK_PROBE_DIGITS};
  for (size_t row = 0; row < r->samples * parts; row++) {
    const size_t at = (p->S * parts + row) * n;
    const uint64_t number = (uint64_t)((r->first * parts + row) * (3 * p->L) + which);
    ntk_random_uniform(source, ((uint64_t)1 << 40) + number, n, r->noise);
    for (size_t j = 0; j < n; j++)
      A.lo[at + j] += A.hi[at + j] * (ERROR * (2.0 * r->noise[j] - 1.0));
  }
}

static void forward(const pass *p, const room *r) {
  const size_t *n = p->network->width, S = p->S;
  const ntk_exact_entries X = layer(p, r, 0, false);
  memset(X.hi, 0, 4 * S * n[0] * sizeof(double));
  for (size_t half = 0; half < 2; half++)
    memcpy(X.hi + half * S * n[0], p->X + r->first * n[0], r->samples * n[0] * sizeof(double));
  perturb(p, r, 1, n[0], 0, X);
  for (size_t l = 1; l < p->L; l++) {
    const ntk_exact_entries f = layer(p, r, l, false), df = layer(p, r, l, true);
    const double *bias = p->network->b[l];
    memset(f.lo, 0, 2 * S * n[l] * sizeof(double));
    for (size_t t = 0; t < 2 * S && bias != NULL; t++)
      memcpy(f.hi + t * n[l], bias, n[l] * sizeof(double));
    ntk_exact_multiply(&(ntk_exact_product){.m = 2 * S,
                                            .n = n[l],
                                            .k = n[l - 1],
                                            .A = layer(p, r, l - 1, false),
                                            .A_row = n[l - 1],
                                            .A_next = 1,
                                            .B = {p->network->W[l], NULL},
                                            .B_row = n[l],
                                            .C = f,
                                            .C_row = n[l],
                                            .beta = bias != NULL ? 1.0 : 0.0,
                                            .sign = 1.0});
    if (l == 1)
      memset(X.lo, 0, 2 * S * n[0] * sizeof(double));
    ntk_exact_activation(&p->network->activation[l], 2 * S * n[l], f, f, df);
    const double factor = ntk_slope_factor(p->network, l);
    for (size_t i = 0; i < 2 * S * n[l] && factor != 1.0; i++) {
      df.hi[i] *= factor;
      df.lo[i] *= factor;
    }
    perturb(p, r, 1, n[l], 3 * l, f);
    perturb(p, r, 1, n[l], 3 * l + 1, df);
  }
}

/* B_k = phi'(G_k) o P_k, in place. */
static void times_slopes(const pass *p, const room *r, size_t k, ntk_exact_entries P) {
  const size_t n = p->network->width[k];
  const ntk_exact_entries df = layer(p, r, k, true);
  for (size_t row = 0; row < 2 * p->S * p->C; row++) {
    const ntk_exact_entries at = ntk_exact_at(P, row * n);
    ntk_exact_times(n, at, ntk_exact_at(df, row / p->C * n), at);
  }
  perturb(p, r, p->C, n, 3 * k + 2, P);
}

/* P_{L-1} = W_L for each sample and output. */
static void last_weights(const pass *p, const room *r) {
  const size_t numbers = p->C * p->network->width[p->L - 1];
  for (size_t t = 0; t < 2 * p->S; t++) {
    memcpy(r->here.hi + t * numbers, p->last.hi, numbers * sizeof(double));
    memcpy(r->here.lo + t * numbers, p->last.lo, numbers * sizeof(double));
  }
}

static void go_down(const pass *p, const room *r, size_t k, const double *down) {
  const size_t n = p->network->width[k], above = p->network->width[k + 1];
  ntk_exact_multiply(&(ntk_exact_product){.m = 2 * p->S * p->C,
                                          .n = n,
                                          .k = above,
                                          .A = r->above,
                                          .A_row = above,
                                          .A_next = 1,
                                          .B = {(double *)(uintptr_t)down, NULL},
                                          .B_row = n,
                                          .C = r->here,
                                          .C_row = n,
                                          .sign = 1.0});
}

/* ---- What comes of it ------------------------------------------------------------------------ */

/* |x|^2, |y - x|^2 and x^T (y - x), x and y rows of n numbers of A from there on. */
static void compare(size_t n, ntk_exact_entries A, size_t x, size_t y, double of[3]) {
  of[0] = of[1] = of[2] = 0.0;
  for (size_t j = 0; j < n; j++) {
    const double d = (A.hi[y + j] - A.hi[x + j]) + (A.lo[y + j] - A.lo[x + j]);
    of[0] += A.hi[x + j] * A.hi[x + j];
    of[1] += d * d;
    of[2] += A.hi[x + j] * d;
  }
}

/* Adds block k's part of |J'_i - J_i|^2 = |f' (x) b' - f (x) b|^2 to moved; B: B_{k+1}; NULL: 1. */
static void add_moved(const pass *p, const room *r, size_t k, const ntk_exact_entries *B) {
  const bool all = p->outputs == NTK_OUTPUTS_ALL;
  const size_t n = p->network->width[k], rows = all ? p->C : 1, parts = all ? 1 : p->C;
  const double a = p->network->scale[2 * k], bias = p->network->scale[2 * k + 1];
  const ntk_exact_entries F = layer(p, r, k, false);
  for (size_t s = 0; s < r->samples; s++) {
    double f[3], b[3] = {1.0, 0.0, 0.0};
    compare(n, F, s * n, (p->S + s) * n, f);
    for (size_t c = 0; c < rows; c++) {
      const size_t width = B != NULL ? parts * p->network->width[k + 1] : 0;
      if (B != NULL)
        compare(width, *B, (s * rows + c) * width, ((p->S + s) * rows + c) * width, b);
      const double moved =
          f[1] * b[0] + f[0] * b[1] + f[1] * b[1] + 2.0 * (f[1] * b[2] + f[2] * b[1] + f[2] * b[2]);
      p->moved[(r->first + s) * rows + c] += a * fmax(0.0, moved) + bias * b[1];
    }
  }
}

static void keep(ntk_exact_entries from, size_t numbers, ntk_exact_entries to, size_t at) {
  memcpy(to.hi + at, from.hi, numbers * sizeof(double));
  memcpy(to.lo + at, from.lo, numbers * sizeof(double));
}

/* B_k of the plain samples; in the mean over outputs B_{L-1} is that of the norms. */
static void keep_back(const pass *p, const room *r, size_t k) {
  const size_t n = p->network->width[k];
  const bool one = k + 1 == p->L && p->C > 1 && p->outputs == NTK_OUTPUTS_TRACE;
  const ntk_exact_entries df = layer(p, r, k, true);
  if (!one)
    keep(r->here, r->samples * p->C * n, p->B[k], r->first * p->C * n);
  for (size_t s = 0; s < r->samples && one; s++)
    ntk_exact_times(n, ntk_exact_at(df, s * n), p->own, ntk_exact_at(p->B[k], (r->first + s) * n));
}

static void both_ways(const pass *p, room *r) {
  const size_t *n = p->network->width;
  const double *down = p->down;
  forward(p, r);
  for (size_t l = 1; l < p->L; l++) {
    keep(layer(p, r, l, false), r->samples * n[l], p->F[l], r->first * n[l]);
    down += l > 1 ? n[l] * n[l - 1] : 0;
  }
  for (size_t i = 0; i < r->samples * (p->outputs == NTK_OUTPUTS_ALL ? p->C : 1); i++)
    p->moved[r->first * (p->outputs == NTK_OUTPUTS_ALL ? p->C : 1) + i] = 0.0;
  add_moved(p, r, p->L - 1, NULL);
  for (size_t k = p->L - 1; k >= 1; k--) {
    if (k + 1 == p->L) {
      last_weights(p, r);
    } else {
      down -= n[k + 1] * n[k];
      go_down(p, r, k, down);
    }
    times_slopes(p, r, k, r->here);
    keep_back(p, r, k);
    add_moved(p, r, k - 1, &r->here);
    const ntk_exact_entries swap = r->above;
    r->above = r->here;
    r->here = swap;
  }
}

/* ---- All of them ----------------------------------------------------------------------------- */

void ntk_exact_last(const ntk_network *network, ntk_outputs outputs, ntk_exact_entries last,
                    ntk_exact_entries own) {
  const size_t C = network->width[network->depth], n = network->width[network->depth - 1];
  const double *W = network->W[network->depth], all[2] = {(double)C, 0.0};
  double root[2];
  for (size_t j = 0; j < n; j++) {
    for (size_t c = 0; c < C; c++) {
      last.hi[c * n + j] = W[j * C + c];
      last.lo[c * n + j] = 0.0;
    }
    double sum[2];
    const ntk_exact_entries w = {network->W[network->depth] + j * C, NULL};
    ntk_exact_dot(C, w, w, sum);
    ntk_exact_root(sum, sum);
    own.hi[j] = sum[0];
    own.lo[j] = sum[1];
  }
  if (C == 1 || outputs != NTK_OUTPUTS_TRACE)
    return;
  ntk_exact_root(all, root);
  ntk_exact_over(C * n, last, root, last);
  ntk_exact_over(n, own, root, own);
}

/* W_l^T, W_L^T and its norms, from `next` on. */
static void take_weights(pass *p, double *next) {
  const size_t *n = p->network->width, C = p->C, last = n[p->L - 1];
  p->last = two(next, C * last);
  p->own = two(next + 2 * C * last, last);
  p->down = next + 2 * (C + 1) * last;
  ntk_exact_last(p->network, p->outputs, p->last, p->own);
  double *down = p->down;
  for (size_t l = 2; l < p->L; l++)
    for (size_t j = 0; j < n[l]; j++)
      for (size_t i = 0; i < n[l - 1]; i++)
        *down++ = p->network->W[l][i * n[l] + j];
}

ntk_status ntk_exact_passes(const ntk_network *network, ntk_outputs outputs, size_t N,
                            const double *X, const ntk_exact_entries *F, const ntk_exact_entries *B,
                            double *moved) {
  const ntk_network_spec spec = ntk_spec_of(network);
  const size_t weights = (size_t)weight_numbers(&spec), part = (size_t)part_of(&spec);
  ntk_watch watch = {.context = network->context, .phase = "features"};
  pass p = {.network = network,
            .outputs = outputs,
            .N = N,
            .L = network->depth,
            .C = network->width[network->depth],
            .S = samples_at_once(&spec),
            .widest = widest_of(&spec),
            .X = X,
            .F = F,
            .B = B,
            .moved = moved,
            .part = part,
            .watch = &watch};
  double *numbers = NULL;
  const int threads = ntk_team(network->context);
  if (!(weight_numbers(&spec) + (double)threads * part_of(&spec) < 0x1p58))
    return ntk_fail(NTK_ERR_LIMIT, "the layers exceed the address space");
  NTK_TRY(ntk_alloc_doubles(network->context, weights + (size_t)threads * part,
                            "workspace of the backward pass", &numbers));
  take_weights(&p, numbers);
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t first = 0; first < N; first += p.S) {
    room r = room_at(&p, numbers + weights + (size_t)omp_get_thread_num() * part);
    r.first = first;
    r.samples = N - first < p.S ? N - first : p.S;
    if (ntk_watch_on(&watch, (double)first / (double)N))
      both_ways(&p, &r);
  }
  ntk_free(network->context, numbers);
  return watch.status;
}
