/* Labels y_i = +-1 by inequalities: the D of least norm with y_i <J_i, D> >= 1, J_i the rows of
 * J_{L-2} of the base network, or a proof that there is none (a support vector machine without an
 * offset, its rows the tangent features). For lambda = mean K_ii, a tenth of it, ... the minimum of
 *
 *     ||D||^2 / 2 + sum_i max(0, 1 - y_i <J_i, D>)^2 / (2 lambda)
 *
 * is found by Newton's method: with A the samples whose inequality does not hold, it is at
 * D = J_A^T c, (K_A + lambda I) c = y_A, along which the sum is searched exactly (Keerthi and
 * DeCoste, J. Mach. Learn. Res. 6, 2005: finitely many steps). Each lambda begins where the last
 * ended. What ends it is one of two:
 *
 *  - y_i <J_i, D> is at least NEAR for all i: D separates. As c_i y_i >= 0, no D of norm 1 has
 *    min_i y_i <J_i, D> above ||J_A^T c|| / sum |c_i|, which is then no more than 1 / NEAR of it.
 *  - ||J_A^T c|| / sum |c_i| ||J_i|| is 0 to rounding: a combination of the y_i J_i, none of them
 *    against its label, is 0, and no D separates (Gordan). Each row counts by its own norm: over
 *    the longest one's, a combination of short rows would be 0 by itself. c <- lambda (K_A + lambda
 *    I)^{-1} c takes c to the null space of K_A, so that this shows as soon as the right samples
 *    are in A.
 *
 * Short rows are rounding in lambda, and may leave it open. Whether some D separates does not
 * depend on the rows' scales: it is then asked of J_i / ||J_i||, and what is told is that D's
 * margin.
 *
 * Cost: for each step, some 10 to 40 (more where it is a close thing), features and kernel of the
 * samples in A and |A|^3 / 3 flops. */
#include "fit/memorize/memorize.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"

#include <math.h>
#include <string.h>

static const double NEAR = 0.9;    /* of 1: what y_i <J_i, D> has to be */
static const double LEAST = 1e-14; /* lambda over the mean of K_ii */
static const double FLAT = 1e-12;  /* a slope, over the sum that is searched: rounding */
static const double TENTH = 0.1;   /* the next lambda */
static const double FALL = 0.5;    /* of a bound, for which a projection is worth while */
enum { MOST_STEPS = 40, HALVINGS = 60 };

typedef struct search {
  ntk_linear_system *system;
  const ntk_dataset *data;
  const double *y; /* N, +-1 */
  size_t N, entries;
  double *D, *direction;     /* n_{L-2} x m, and a row for b_{L-1} */
  double *f, *slope, *c;     /* N: J D, J direction; scratch */
  double *norm, *inverse;    /* N: ||J_i||, 0 of a lost row; 1 / ||J_i|| */
  double *weighted;          /* N: scratch */
  bool unit;                 /* rows J_i / ||J_i|| in place of J_i; f and slope are of these */
  double lambda, mean, most; /* of K_ii: mean, largest */
  size_t *row, count;        /* A, ascending */
  ntk_dataset *samples;      /* of A; NULL where all are in it */
  ntk_features *features;    /* of A; the system's where all are in it */
  ntk_kernel *factor;        /* of K_A + lambda I; NULL: of another A */
  ntk_separation found;
} search;

/* ---- The samples in A ------------------------------------------------------------------------ */

static void release_factor(search *s) {
  if (s->features != s->system->features)
    ntk_features_destroy(s->features);
  ntk_kernel_destroy(s->factor);
  ntk_dataset_destroy(s->samples);
  s->features = NULL;
  s->factor = NULL;
  s->samples = NULL;
}

static bool misses(const search *s, size_t i) {
  return s->y[i] * s->f[i] < 1.0;
}

/* Whether A is that of the present f; it becomes that. */
static bool set_stays(const search *s) {
  size_t count = 0;
  bool same = true;
  for (size_t i = 0; i < s->N && same; i++)
    if (misses(s, i)) {
      same = count < s->count && s->row[count] == i;
      count++;
    }
  return same && count == s->count;
}

static void choose_set(search *s) {
  s->count = 0;
  for (size_t i = 0; i < s->N; i++)
    if (misses(s, i))
      s->row[s->count++] = i;
}

/* K_A + lambda I, factorised. */
static ntk_status factor_set(search *s) {
  ntk_linear_system *system = s->system;
  release_factor(s);
  if (s->count < s->N) {
    NTK_TRY(ntk_dataset_take(system->context, s->data, s->row, s->count, &s->samples));
    NTK_TRY(ntk_features_create(system->base, s->samples, &s->features));
  } else {
    s->features = system->features;
  }
  NTK_TRY(ntk_kernel_create(s->features, system->block, &s->factor));
  for (size_t k = 0; k < s->count && s->unit; k++)
    s->weighted[k] = s->inverse[s->row[k]];
  if (s->unit)
    NTK_TRY(ntk_kernel_scale(s->factor, s->weighted));
  return ntk_kernel_factor(s->factor, -s->lambda);
}

/* The block of J_A^T c (c: of A). */
static ntk_status adjoint(const search *s, const double *c, double *block) {
  const ntk_linear_system *system = s->system;
  for (size_t k = 0; k < s->count; k++)
    s->weighted[k] = c[k] * (s->unit ? s->inverse[s->row[k]] : 1.0);
  NTK_TRY(ntk_jacobian_adjoint(s->features, s->weighted, system->g));
  memcpy(block, system->g + ntk_layer_offset(system->base, system->base->depth - 1),
         s->entries * sizeof *block);
  return NTK_OK;
}

/* u (N) = J D of all samples. */
static ntk_status outputs(const search *s, const double *D, double *u) {
  const ntk_linear_system *system = s->system;
  memset(system->g, 0, system->base->parameters * sizeof(double));
  memcpy(system->g + ntk_layer_offset(system->base, system->base->depth - 1), D,
         s->entries * sizeof *D);
  NTK_TRY(ntk_jacobian_apply(system->features, system->g, u));
  for (size_t i = 0; i < s->N && s->unit; i++)
    u[i] *= s->inverse[i];
  return NTK_OK;
}

/* ---- What is sure ---------------------------------------------------------------------------- */

static double least_margin(const search *s) {
  double least = INFINITY;
  for (size_t i = 0; i < s->N; i++)
    least = fmin(least, s->y[i] * s->f[i]);
  return least;
}

/* The bounds that what of c (of A) has y's signs gives, lost rows left out; *bound: that of the
 * rows that are searched. direction: scratch. */
static ntk_status bound_by(search *s, double *c, double *bound) {
  double sum = 0.0, own = 0.0;
  for (size_t k = 0; k < s->count; k++) {
    const size_t i = s->row[k];
    if (c[k] * s->y[i] < 0.0 || s->norm[i] == 0.0)
      c[k] = 0.0;
    const double factor = fabs(c[k]) * (s->unit ? s->inverse[i] : 1.0);
    sum += factor;
    own += factor * s->norm[i];
  }
  *bound = INFINITY;
  if (!(own > 0.0) || !isfinite(sum))
    return NTK_OK;
  NTK_TRY(adjoint(s, c, s->direction));
  const double norm = ntk_dnrm2(s->entries, s->direction), plain = norm / sum / s->most;
  s->found.bound = fmin(s->found.bound, plain);
  s->found.combination = fmin(s->found.combination, norm / own);
  *bound = s->unit ? norm / own : plain;
  return NTK_OK;
}

/* c, the last solution, towards the null space of K_A while that makes the bound smaller. */
static ntk_status project(search *s) {
  double bound = 0.0, before = INFINITY;
  for (;;) {
    NTK_TRY(bound_by(s, s->c, &bound));
    if (!(bound > 0.0 && bound <= FALL * before))
      break;
    NTK_TRY(ntk_kernel_solve(s->factor, s->c, 1));
    ntk_dscal(s->count, s->lambda, s->c);
    before = bound;
  }
  return NTK_OK;
}

/* ---- One lambda ------------------------------------------------------------------------------ */

/* Half the derivative, at D + step direction, of what is minimised. */
static double derivative(const search *s, double step, double dot, double square) {
  double sum = 0.0;
  for (size_t i = 0; i < s->N; i++) {
    const double rest = 1.0 - s->y[i] * (s->f[i] + step * s->slope[i]);
    if (rest > 0.0)
      sum += rest * s->y[i] * s->slope[i];
  }
  return dot + step * square - sum / s->lambda;
}

static double objective(const search *s) {
  double sum = 0.0;
  for (size_t i = 0; i < s->N; i++) {
    const double rest = fmax(0.0, 1.0 - s->y[i] * s->f[i]);
    sum += rest * rest;
  }
  return ntk_ddot(s->entries, s->D, s->D) + sum / s->lambda;
}

/* Along the direction to the least value, 1 at most; *flat: it does not fall but by rounding. */
static void move(search *s, bool *flat, bool *whole) {
  const double dot = ntk_ddot(s->entries, s->D, s->direction);
  const double square = ntk_ddot(s->entries, s->direction, s->direction);
  double low = 0.0, high = 1.0;
  const double value = objective(s);
  *flat = -derivative(s, 0.0, dot, square) <= FLAT * value;
  *whole = derivative(s, 1.0, dot, square) <= FLAT * value;
  for (int i = 0; i < HALVINGS && !*whole; i++) {
    const double middle = 0.5 * (low + high);
    if (derivative(s, middle, dot, square) > 0.0)
      high = middle;
    else
      low = middle;
  }
  const double step = *whole ? 1.0 : low;
  ntk_daxpy(s->entries, step, s->direction, s->D);
  ntk_daxpy(s->N, step, s->slope, s->f);
}

/* A Newton step; *done: it was the last for this lambda. */
static ntk_status make_step(search *s, bool *done) {
  bool flat, whole;
  NTK_TRY(factor_set(s));
  for (size_t k = 0; k < s->count; k++)
    s->c[k] = s->y[s->row[k]];
  NTK_TRY(ntk_kernel_solve(s->factor, s->c, 1));
  NTK_TRY(adjoint(s, s->c, s->direction));
  ntk_daxpy(s->entries, -1.0, s->D, s->direction);
  NTK_TRY(outputs(s, s->direction, s->slope));
  move(s, &flat, &whole);
  NTK_TRY(outputs(s, s->D, s->f)); /* what was added up has rounding of its own */
  s->found.steps++;
  s->found.support = s->count;
  *done = flat || (whole && set_stays(s));
  if (*done)
    NTK_TRY(project(s));
  choose_set(s);
  *done = *done || s->count == 0;
  return NTK_OK;
}

static ntk_status minimise(search *s) {
  bool done = false;
  for (int i = 0; i < MOST_STEPS && !done; i++) {
    const double share = log(s->lambda / s->mean) / log(LEAST);
    NTK_TRY(ntk_progress_report(s->system->context, "the margin", fmin(1.0, fmax(0.0, share))));
    NTK_TRY(make_step(s, &done));
  }
  return NTK_OK;
}

/* ---- All of it ------------------------------------------------------------------------------- */

/* A row that is 0 is not separated from 0 by any D. */
static ntk_status find_nothing(search *s, const double *f, const double *b) {
  ntk_row_fate fate = NTK_ROW_THERE;
  for (size_t i = 0; i < s->N && fate != NTK_ROW_NOTHING; i++)
    NTK_TRY(ntk_row_fate_find(s->system->base, s->data, i, f[i], b[i], &fate));
  if (fate == NTK_ROW_NOTHING)
    s->found.bound = s->found.combination = 0.0;
  return NTK_OK;
}

static ntk_status find_norms(search *s) {
  double *f = s->slope, *b = s->c;
  NTK_TRY(ntk_row_parts(s->system->features, f, b));
  for (size_t i = 0; i < s->N; i++) {
    s->norm[i] = ntk_row_norm(f[i], b[i]);
    s->inverse[i] = s->norm[i] > 0.0 ? 1.0 / s->norm[i] : 0.0;
    s->mean += s->norm[i] * s->norm[i] / (double)s->N;
    s->most = fmax(s->most, s->norm[i]);
  }
  return find_nothing(s, f, b);
}

/* From D = 0 on. A factor that fails ends it: lambda is rounding then. */
static ntk_status descend(search *s) {
  ntk_status status = NTK_OK;
  for (size_t i = 0; i < s->N; i++)
    s->row[i] = i;
  s->count = s->N;
  memset(s->D, 0, s->entries * sizeof *s->D);
  memset(s->f, 0, s->N * sizeof *s->f);
  release_factor(s);
  s->lambda = s->mean;
  while (status == NTK_OK && s->lambda >= LEAST * s->mean) {
    status = minimise(s);
    if (least_margin(s) >= NEAR || s->found.combination <= NTK_INSEPARABLE)
      break;
    s->lambda *= TENTH;
  }
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

/* Whether y_i <J_i, D>, of plain rows, is more than rounding of each. */
static bool separates(const search *s) {
  const double norm = ntk_dnrm2(s->entries, s->D);
  bool all = norm > 0.0;
  for (size_t i = 0; i < s->N && all; i++)
    all = s->norm[i] > 0.0 && s->y[i] * s->f[i] > NTK_INSEPARABLE * s->norm[i] * norm;
  return all;
}

static ntk_status descend_units(search *s) {
  s->unit = true;
  s->mean = 1.0;
  const ntk_status status = descend(s);
  s->unit = false;
  for (size_t i = 0; i < s->N; i++)
    s->f[i] *= s->norm[i];
  return status;
}

static ntk_status find_separation(search *s) {
  NTK_TRY(find_norms(s));
  if (!(s->mean > 0.0)) /* no row is more than 0, as far as is known */
    return NTK_OK;
  NTK_TRY(descend(s));
  if (!separates(s) && s->found.combination > NTK_INSEPARABLE)
    NTK_TRY(descend_units(s));
  const double norm = ntk_dnrm2(s->entries, s->D);
  s->found.least = least_margin(s);
  if (!separates(s))
    s->found.least = fmin(0.0, s->found.least);
  s->found.separation = norm > 0.0 ? s->found.least / norm / s->most : 0.0;
  return NTK_OK;
}

static ntk_status allocate_search(search *s) {
  ntk_context *context = s->system->context;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc_doubles(context, s->entries, "weights", &s->direction));
  NTK_TRY(ntk_alloc_doubles(context, 6 * s->N, "outputs", &s->f));
  NTK_TRY(ntk_alloc(context, s->N, sizeof(size_t), "samples", &pointer));
  s->row = pointer;
  memset(s->f, 0, 6 * s->N * sizeof(double));
  s->slope = s->f + s->N;
  s->c = s->slope + s->N;
  s->norm = s->c + s->N;
  s->inverse = s->norm + s->N;
  s->weighted = s->inverse + s->N;
  memset(s->D, 0, s->entries * sizeof(double));
  return NTK_OK;
}

ntk_status ntk_separate(ntk_linear_system *system, const ntk_dataset *data, const double *y,
                        double *D, ntk_separation *found) {
  const ntk_network *base = system->base;
  const size_t L = base->depth;
  search s = {.system = system,
              .data = data,
              .y = y,
              .N = data->N,
              .entries = ntk_network_rows(base, L - 1) * base->width[L - 1],
              .D = D,
              .found = {.bound = 1.0, .combination = INFINITY}};
  ntk_status status = allocate_search(&s);
  if (status == NTK_OK)
    status = find_separation(&s);
  if (status == NTK_OK)
    *found = s.found;
  release_factor(&s);
  ntk_free(system->context, s.direction);
  ntk_free(system->context, s.f);
  ntk_free(system->context, s.row);
  return status;
}
