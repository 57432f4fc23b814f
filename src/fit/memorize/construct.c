/* Weights for one label vector. For D (n_{L-2} x m), W_{L-1} = [W + t D, W - t D] and
 * W_L = [a, -a] / (2 t) make
 *
 *     F_L(x) = sum_j a_j (phi(<w_j + t D_j, f>) - phi(<w_j - t D_j, f>)) / (2 t)
 *            = sum_j a_j phi'(<w_j, f>) <D_j, f> + O(t^2),       f = f_{L-2}(x),
 *
 * linear in D but for O(t^2), with the kernel K_{L-2} of the base network: D = F^T diag(c) B,
 * K_{L-2} c = Y. What the O(t^2) leaves is taken off by the same solve again (Newton's method with
 * the derivative at t = 0): each correction multiplies the error by O(t^2). Rounding adds O(u / t),
 * so that t is wanted as large as the corrections converge for. A first pass shows the error at one
 * t; it grows like t^2, which gives the t where it is TRUNCATION. With a bias b_{L-1} W is [W; b],
 * D has a row for it and f a coordinate 1; b_L is 0. The error that counts is that of
 * the finished weights, by a plain forward pass. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double FIRST_SHARE = 0.05; /* ||t D|| over ||W|| at the first t */
static const double TRUNCATION = 2e-3;  /* relative error wanted before corrections */
static const double STAGNATION = 0.5;   /* a correction that gains less is the last at this t */
static const double HOPELESS = 1e-2;    /* relative error */
enum { MOST_T = 8 };

typedef struct attempt {
  const ntk_network *base;
  ntk_network *network;
  const ntk_dataset *data;
  const double *Y; /* N */
  double norm_Y;
  size_t N, entries;
  double *D, *best;                    /* n_{L-2} x m, and a row for b_{L-1} */
  double *r, *c;                       /* N: Y - F_L; scratch */
  double t, best_t, error, best_error; /* errors: ||r||_2 */
  double most_t;                       /* of the system's share */
  double progress;                     /* between 0 and 1 */
  double seconds_solve, seconds_evaluate;
} attempt;

ntk_status ntk_halves_create(const ntk_network *base, const ntk_network_spec *spec,
                             ntk_network **network) {
  const size_t L = spec->depth;
  void *pointer = NULL;
  NTK_TRY(
      ntk_alloc(base->context, base->parameters * 2 + 1, sizeof(double), "the weights", &pointer));
  double *zeros = memset(pointer, 0, (base->parameters * 2 + 1) * sizeof(double));
  const double **W = NULL;
  ntk_status status = ntk_alloc(base->context, 2 * L, sizeof *W, "the weights", &pointer);
  if (status == NTK_OK) {
    W = pointer;
    const double **b = W + L;
    for (size_t l = 1; l <= L; l++) {
      W[l - 1] = l + 1 < L ? base->W[l] : zeros;
      b[l - 1] = !ntk_spec_bias(spec, l) ? NULL : l + 1 < L ? base->b[l] : zeros;
    }
    status = ntk_network_from_weights(base->context, spec, W, b, network);
  }
  ntk_free(base->context, W);
  ntk_free(base->context, zeros);
  return status;
}

void ntk_halves_set(const ntk_network *base, const double *D, double t, ntk_network *network) {
  const size_t L = base->depth, m = base->width[L - 1];
  for (size_t i = 0; i < ntk_network_rows(base, L - 1); i++) {
    const double *w = base->W[L - 1] + i * m, *d = D + i * m;
    double *out = network->W[L - 1] + 2 * i * m;
    for (size_t j = 0; j < m; j++) {
      out[j] = w[j] + t * d[j];
      out[m + j] = w[j] - t * d[j];
    }
  }
  for (size_t j = 0; j < m; j++) {
    const double last = t > 0.0 ? base->W[L][j] / (2.0 * t) : 0.0;
    network->W[L][j] = last;
    network->W[L][m + j] = -last;
  }
}

/* r = Y - F_L and its norm for the present D and t; keeps the best. */
static ntk_status evaluate(attempt *a) {
  NTK_TRY(ntk_progress_report(a->base->context, "corrections", a->progress));
  const double start = ntk_clock();
  ntk_halves_set(a->base, a->D, a->t, a->network);
  NTK_TRY(ntk_network_output(a->network, a->data, a->r));
  for (size_t i = 0; i < a->N; i++)
    a->r[i] = a->Y[i] - a->r[i];
  const double norm = ntk_dnrm2(a->N, a->r);
  a->error = isfinite(norm) ? norm : INFINITY;
  if (a->error < a->best_error) {
    memcpy(a->best, a->D, a->entries * sizeof(double));
    a->best_t = a->t;
    a->best_error = a->error;
  }
  a->seconds_evaluate += ntk_clock() - start;
  return NTK_OK;
}

static ntk_status correct(attempt *a, ntk_linear_system *system, const double *r) {
  const double start = ntk_clock();
  NTK_TRY(ntk_linear_system_correct(system, r, a->c, a->D));
  a->seconds_solve += ntk_clock() - start;
  return NTK_OK;
}

/* D of the linear problem, and the t where the error it leaves is TRUNCATION of ||Y||. */
static ntk_status begin(attempt *a, ntk_linear_system *system) {
  memset(a->D, 0, a->entries * sizeof(double));
  NTK_TRY(correct(a, system, a->Y));
  const double norm_D = ntk_dnrm2(a->entries, a->D);
  const size_t L = a->base->depth;
  a->t = norm_D > 0.0 && isfinite(norm_D)
             ? FIRST_SHARE * ntk_dnrm2(a->entries, a->base->W[L - 1]) / norm_D
             : 1.0;
  a->most_t = system->share > 0.0 ? system->share / FIRST_SHARE * a->t : INFINITY;
  NTK_TRY(evaluate(a));
  const double ratio = a->error / (TRUNCATION * a->norm_Y);
  if (a->error > 0.0 && isfinite(ratio))
    a->t *= fmin(10.0, fmax(1e-3, 1.0 / sqrt(ratio)));
  a->t = fmin(a->t, a->most_t);
  return NTK_OK;
}

/* Corrections at the present t until eps is met, or they gain no more. */
static ntk_status converge(attempt *a, ntk_linear_system *system, double eps, size_t *left,
                           size_t *made) {
  NTK_TRY(evaluate(a));
  for (double before = INFINITY;
       a->error > eps && isfinite(a->error) && a->error <= STAGNATION * before && *left > 0;
       --*left, ++*made) {
    before = a->error;
    a->progress = fmin(1.0, fmax(a->progress, log(a->norm_Y / a->error) / log(a->norm_Y / eps)));
    NTK_TRY(correct(a, system, a->r));
    NTK_TRY(evaluate(a));
  }
  return NTK_OK;
}

static ntk_status search(attempt *a, ntk_linear_system *system, double eps, size_t corrections,
                         size_t *made) {
  size_t left = corrections;
  NTK_TRY(begin(a, system));
  for (int i = 0; i < MOST_T && left > 0; i++) {
    const double before = a->best_error;
    NTK_TRY(converge(a, system, eps, &left, made));
    /* Far from the labels the corrections diverged: t was too large. Near, rounding: too small. */
    const bool rounding = a->best_error < 1e-4 * a->norm_Y;
    if (a->best_error <= eps || (i > 1 && rounding && a->best_error > 0.5 * before))
      break;
    memcpy(a->D, a->best, a->entries * sizeof(double));
    a->t = rounding ? fmin(2.0 * a->best_t, a->most_t) : 0.25 * a->t;
  }
  return NTK_OK;
}

/* Where K_{L-2} is singular to rounding, weights that fit may need to be so large that rounding in
 * F_L undoes the fit: then what the damped system gives, which leaves out what is hardest, may be
 * nearer. */
static ntk_status search_damped(attempt *a, ntk_linear_system *system, double eps,
                                size_t corrections, size_t *made) {
  if (system->shift == 0.0 || system->damped || a->best_error <= HOPELESS * a->norm_Y)
    return NTK_OK;
  system->damped = true;
  const ntk_status status = search(a, system, eps, corrections, made);
  system->damped = false;
  return status;
}

static ntk_status allocate_attempt(attempt *a) {
  ntk_context *context = a->base->context;
  NTK_TRY(ntk_alloc_doubles(context, 2 * a->entries, "weights", &a->D));
  a->best = memset(a->D + a->entries, 0, a->entries * sizeof(double));
  NTK_TRY(ntk_alloc_doubles(context, 2 * a->N, "residual", &a->r));
  a->c = a->r + a->N;
  return NTK_OK;
}

/* The best weights, of labels 2^exponent times as large; outputs 0 where these are as
 * near, or W_L would overflow. */
static void finish(attempt *a, int exponent) {
  const size_t L = a->base->depth, n = a->network->width[L - 1];
  double *last = a->network->W[L];
  bool finite = true;
  ntk_halves_set(a->base, a->best, a->best_t, a->network);
  if (a->best_t > 0.0) /* 0 is another thing */
    a->best_t = fmax(DBL_TRUE_MIN, fmin(DBL_MAX, ldexp(a->best_t, -exponent)));
  for (size_t j = 0; j < n; j++) {
    last[j] = ldexp(last[j], exponent);
    finite = finite && isfinite(last[j]);
  }
  if (!finite || !(a->best_error < a->norm_Y)) {
    memset(a->best, 0, a->entries * sizeof(double));
    a->best_t = 0.0;
    ntk_halves_set(a->base, a->best, a->best_t, a->network);
  }
}

ntk_status ntk_construct(ntk_linear_system *system, const ntk_network_spec *spec,
                         const ntk_dataset *data, const double *Y, int exponent, double eps,
                         size_t corrections, ntk_network **network, ntk_memorize_result *result) {
  const size_t L = spec->depth;
  attempt a = {.base = system->base,
               .data = data,
               .Y = Y,
               .N = data->N,
               .norm_Y = ntk_dnrm2(data->N, Y),
               .entries = ntk_network_rows(system->base, L - 1) * system->base->width[L - 1],
               .best_error = INFINITY};
  ntk_status status = allocate_attempt(&a);
  if (status == NTK_OK)
    status = ntk_halves_create(a.base, spec, &a.network);
  size_t made = 0;
  if (status == NTK_OK)
    status = search(&a, system, eps, corrections, &made);
  if (status == NTK_OK)
    status = search_damped(&a, system, eps, corrections, &made);
  if (status == NTK_OK) {
    finish(&a, exponent);
    result->t = a.best_t;
    result->corrections = made;
    result->seconds.solve = a.seconds_solve;
    result->seconds.evaluate = a.seconds_evaluate;
    *network = a.network;
  } else {
    ntk_network_destroy(a.network);
  }
  ntk_free(system->context, a.D);
  ntk_free(system->context, a.r);
  return status;
}
