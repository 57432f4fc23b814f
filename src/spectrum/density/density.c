/* Stochastic Lanczos quadrature (Ubaru, Chen and Saad, SIAM J. Matrix Anal. 38, 2017) with the
 * bounds of envelope.h in place of a smoothing whose error nobody knows. For a standard normal z,
 * E sum_{lambda_j <= x} (v_j^T z)^2 = N(x), the number of eigenvalues up to x; Lanczos' method from
 * z gives two numbers between which the sum lies for sure, and counts.h what k of n eigenvalues a
 * mean share between these tells of. */
#include "spectrum/density/density.h"

#include "base/memory.h"
#include "base/random.h"
#include "spectrum/density/counts.h"
#include "spectrum/packed/packed.h"

#include <math.h>
#include <string.h>

enum { POINTS = 161, HALF = 2 }; /* so many points are half a window */
static const double LEVEL = 0.95;
static const double AROUND = 1e-6; /* of the ends, which are known to a residual */
static const double shares[] = {0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99};
enum { SHARES = sizeof shares / sizeof shares[0] };

/* ---- Measuring ------------------------------------------------------------------------------- */

double ntk_density_bytes(size_t probes, size_t steps) {
  return (double)probes * (ntk_envelope_bytes(steps) + sizeof(ntk_envelope)) +
         POINTS * sizeof(ntk_density_point) + SHARES * sizeof(ntk_density_quantile) + 1024.0;
}

double ntk_density_working_bytes(size_t n, size_t probes, size_t steps) {
  const double m = (double)probes, scratch = 8.0 * 4.0 * ((double)steps + 1.0);
  return m * (ntk_quadrature_bytes(n, steps) + sizeof(ntk_quadrature) + scratch) +
         16.0 * (double)n * m + ntk_packed_multiply_bytes(n) + 1024.0;
}

ntk_status ntk_density_begin(ntk_context *context, size_t n, size_t probes, size_t steps,
                             uint64_t seed, ntk_density_measure *m) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, probes, sizeof(ntk_envelope), "the spectral density", &pointer));
  *m = (ntk_density_measure){.context = context,
                             .n = n,
                             .probes = probes,
                             .steps = steps < n ? steps : n,
                             .seed = seed,
                             .lowest = INFINITY,
                             .envelope = pointer};
  memset(m->envelope, 0, probes * sizeof *m->envelope);
  ntk_status status = NTK_OK;
  for (size_t p = 0; p < probes && status == NTK_OK; p++)
    status = ntk_envelope_create(context, m->steps, &m->envelope[p]);
  if (status != NTK_OK)
    ntk_density_end(m);
  return status;
}

void ntk_density_end(ntk_density_measure *m) {
  for (size_t p = 0; p < m->probes; p++)
    ntk_envelope_destroy(&m->envelope[p]);
  if (m->context != NULL)
    ntk_free(m->context, m->envelope);
  *m = (ntk_density_measure){0};
}

/* The probes are the same for products and solves. */
static ntk_status draw(const ntk_density_measure *m, const char *phase, ntk_quadrature *q) {
  const ntk_random source = {m->seed, NTK_STREAM_PROBES, NTK_PROBE_DENSITY};
  double *z = NULL;
  NTK_TRY(ntk_alloc_doubles(m->context, m->n, "the spectral density", &z));
  ntk_status status = NTK_OK;
  for (size_t p = 0; p < m->probes && status == NTK_OK; p++) {
    ntk_random_normal(source, p, m->n, z);
    status = ntk_quadrature_create(m->context, m->n, z, m->steps, &q[p]);
    q[p].phase = phase;
  }
  ntk_free(m->context, z);
  return status;
}

static ntk_status solve_into(void *user, const double *V, size_t m, double *U) {
  const ntk_operator *A = user;
  memcpy(U, V, A->n * m * sizeof *U);
  return A->solve(A->user, U, m);
}

static ntk_status multiply_into(void *user, const double *V, size_t m, double *U) {
  const ntk_operator *A = user;
  return A->apply(A->user, V, m, U);
}

/* What the measures know, each by one thread. */
static ntk_status take(ntk_density_measure *m, const ntk_quadrature *q, bool inverse) {
  const size_t scratch = 4 * (m->steps + 1);
  double *room = NULL;
  bool found = true;
  NTK_TRY(ntk_alloc_doubles(m->context, m->probes * scratch, "the spectral density", &room));
  const int threads = ntk_team(m->context);
#pragma omp parallel for schedule(static, 1) num_threads(threads) reduction(&& : found)
  for (size_t p = 0; p < m->probes; p++)
    found = ntk_envelope_add(&m->envelope[p], &q[p], inverse, room + p * scratch) && found;
  ntk_free(m->context, room);
  for (size_t p = 0; p < m->probes; p++) {
    *(inverse ? &m->solves : &m->products) += (int)q[p].size;
    for (size_t i = 0; i < m->envelope[p].found[inverse]; i++)
      m->lowest = fmin(m->lowest, m->envelope[p].node[inverse][i]);
  }
  return found ? NTK_OK : ntk_fail(NTK_ERR_NUMERIC, "the nodes of a rule do not converge");
}

ntk_status ntk_density_add(ntk_density_measure *m, const ntk_operator *A, bool inverse) {
  static const char *const phases[] = {"density by products", "density by solves"};
  void *pointer = NULL;
  ntk_operator own = *A;
  NTK_TRY(
      ntk_alloc(m->context, m->probes, sizeof(ntk_quadrature), "the spectral density", &pointer));
  ntk_quadrature *q = pointer;
  memset(q, 0, m->probes * sizeof *q);
  const ntk_phase before = ntk_phase_enter(m->context, phases[inverse]);
  ntk_status status = draw(m, phases[inverse], q);
  if (status == NTK_OK)
    status =
        ntk_quadrature_extend(q, m->probes, inverse ? solve_into : multiply_into, &own, m->steps);
  if (status == NTK_OK)
    status = take(m, q, inverse);
  ntk_phase_leave(m->context, before);
  for (size_t p = 0; p < m->probes; p++)
    ntk_quadrature_destroy(&q[p]);
  ntk_free(m->context, q);
  return status;
}

/* ---- Counting -------------------------------------------------------------------------------- */

typedef struct interval {
  double value, low, high;
} interval;

/* Of n, from sums over the probes that lie between low and high of a total. */
static interval count_of(const ntk_density_measure *m, double low, double high, double total) {
  size_t least, most;
  ntk_count_interval(m->n, m->probes, low / total, fmin(high / total, 1.0), 0.5 * (1.0 - LEVEL),
                     &least, &most);
  const double middle = 0.5 * (low + high) / total * (double)m->n;
  return (interval){fmin(fmax(middle, (double)least), (double)most), (double)least, (double)most};
}

/* What is sure is so even where chance says else. */
static void narrow(interval *i, double low, double high) {
  i->low = fmin(fmax(i->low, low), fmax(low, high));
  i->high = fmax(fmin(i->high, high), low);
  i->value = fmin(fmax(i->value, i->low), i->high);
}

/* Of the eigenvalues below x, what is sure and no matter of chance. */
static interval sure(const ntk_density_measure *m, double x, const ntk_density_ends *ends) {
  const double n = (double)m->n;
  double under = (double)ends->zeros, over = 0.0, most = n;
  for (size_t p = 0; p < m->probes; p++) {
    double up;
    size_t smaller, larger;
    ntk_envelope_sure(&m->envelope[p], x, ends->trace, &smaller, &larger, &up);
    under = fmax(under, (double)smaller);
    over = fmax(over, (double)larger);
    most = fmin(most, up);
  }
  return (interval){NAN, fmax(under, n - floor(most * (1.0 + AROUND))), n - over};
}

static interval below(const ntk_density_measure *m, double x, const ntk_density_ends *ends) {
  const interval known = sure(m, x, ends);
  double low = 0.0, high = 0.0, total = 0.0;
  for (size_t p = 0; p < m->probes; p++) {
    double l, h;
    ntk_envelope_at(&m->envelope[p], x, &l, &h);
    low += l;
    high += h;
    total += m->envelope[p].total;
  }
  interval i = count_of(m, low, high, total);
  narrow(&i, known.low, known.high);
  return i;
}

/* Eigenvalues from a to b. */
static interval within(const ntk_density_measure *m, double a, double b,
                       const ntk_density_ends *ends) {
  const interval at_a = sure(m, a, ends), at_b = sure(m, b, ends);
  double low = 0.0, high = 0.0, total = 0.0;
  for (size_t p = 0; p < m->probes; p++) {
    double la, ha, lb, hb;
    ntk_envelope_at(&m->envelope[p], a, &la, &ha);
    ntk_envelope_at(&m->envelope[p], b, &lb, &hb);
    low += fmax(lb - ha, 0.0);
    high += hb - la;
    total += m->envelope[p].total;
  }
  interval i = count_of(m, low, high, total);
  narrow(&i, at_b.low - at_a.high, at_b.high - at_a.low);
  return i;
}

/* ---- What comes of it ------------------------------------------------------------------------ */

static void close_envelopes(ntk_density_measure *m, const ntk_density_ends *ends) {
  for (size_t p = 0; p < m->probes; p++) {
    ntk_envelope *e = &m->envelope[p];
    if (ends->least > 0.0)
      ntk_envelope_begin_at(e, ends->least * (1.0 - AROUND));
    ntk_envelope_end_at(e, ends->largest * (1.0 + AROUND));
    ntk_envelope_close(e);
  }
}

/* The density is the rise of the estimated counts, so that its integral is no more than all that
 * there are: the middle of the interval, summed over windows that resolve nothing, would be. */
static void fill(const ntk_density_measure *m, const ntk_density_ends *ends, double from, double to,
                 ntk_density *d) {
  const double step = (to - from) / (POINTS - 1);
  double count[POINTS + 2 * HALF] = {0.0}; /* at the points, and HALF of a window beyond */
  d->window = 2 * HALF * step;
  for (size_t i = 0; i < POINTS + 2 * HALF; i++) { /* they rise, whatever the sums' last digits */
    const double x = pow(10.0, from + step * ((double)i - HALF));
    count[i] = fmax(below(m, x, ends).value, i > 0 ? count[i - 1] : 0.0);
  }
  for (size_t i = 0; i < POINTS; i++) {
    const double at = from + step * (double)i, x = pow(10.0, at),
                 rise = count[i + 2 * HALF] - count[i];
    const interval n = below(m, x, ends);
    const interval w =
        within(m, pow(10.0, at - 0.5 * d->window), pow(10.0, at + 0.5 * d->window), ends);
    d->point[i] = (ntk_density_point){x,
                                      count[i + HALF],
                                      n.low,
                                      n.high,
                                      rise / d->window,
                                      fmin(w.low, rise) / d->window,
                                      fmax(w.high, rise) / d->window};
  }
}

/* Where the count comes to so many, between two points on their logarithms. */
static double crossing(const ntk_density *d, double wanted) {
  for (size_t i = 1; i < d->points; i++) {
    const ntk_density_point *p = &d->point[i - 1], *q = &d->point[i];
    if (p->count < wanted && q->count >= wanted)
      return p->eigenvalue *
             pow(q->eigenvalue / p->eigenvalue, (wanted - p->count) / (q->count - p->count));
  }
  return NAN;
}

/* At lambda, the quantile, the interval of the count holds what is wanted: so do, with that
 * probability, the points from the first to the last at which it does. What is known to be 0 is. */
static void find_quantiles(size_t n, size_t zeros, ntk_density *d) {
  for (size_t k = 0; k < SHARES; k++) {
    const double wanted = shares[k] * (double)n;
    ntk_density_quantile *q = &d->quantile[k];
    *q = (ntk_density_quantile){shares[k], 0.0, 0.0, 0.0};
    if (wanted <= (double)zeros)
      continue;
    q->eigenvalue = crossing(d, wanted);
    q->high = NAN;
    for (size_t i = 0; i < d->points; i++)
      if (d->point[i].count_high < wanted)
        q->low = d->point[i].eigenvalue;
    for (size_t i = d->points; i-- > 0;)
      if (d->point[i].count_low >= wanted)
        q->high = d->point[i].eigenvalue;
  }
}

ntk_status ntk_density_make(ntk_density_measure *m, const ntk_density_ends *ends,
                            ntk_density *density) {
  ntk_density made = {.probes = m->probes,
                      .steps = m->steps,
                      .level = LEVEL,
                      .products = m->products,
                      .solves = m->solves,
                      .points = POINTS,
                      .quantiles = SHARES};
  void *points = NULL, *quantiles = NULL;
  if (!(ends->largest > 0.0)) { /* all are 0, and have no place on a logarithmic axis */
    made.points = made.quantiles = 0;
    *density = made;
    return NTK_OK;
  }
  NTK_TRY(ntk_alloc(m->context, POINTS, sizeof *made.point, "the spectral density", &points));
  const ntk_status status =
      ntk_alloc(m->context, SHARES, sizeof *made.quantile, "the spectral density", &quantiles);
  if (status != NTK_OK) {
    ntk_free(m->context, points);
    return status;
  }
  made.point = points;
  made.quantile = quantiles;
  const double low = ends->least > 0.0 ? ends->least : fmax(ends->resolution, m->lowest);
  const double from = log10(fmin(low, ends->largest)), to = log10(ends->largest);
  const double room = fmax(0.02 * (to - from), 0.02);
  close_envelopes(m, ends);
  fill(m, ends, from - room, to + room, &made);
  find_quantiles(m->n, ends->zeros, &made);
  *density = made;
  return NTK_OK;
}

void ntk_density_clear(ntk_context *context, ntk_density *density) {
  ntk_free(context, density->point);
  ntk_free(context, density->quantile);
  *density = (ntk_density){0};
}
