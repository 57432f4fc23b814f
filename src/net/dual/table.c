/* Tables of same and slopes for what has no closed form. Method: in polar coordinates u = sqrt(a) r
 * cos psi, v = sqrt(b) r cos(psi - t), with t the angle whose cosine is rho, phi is smooth between
 * the four half lines on which u or v is 0, wherever these are: so both expectations are analytic
 * in t in [0, pi] and in the variances, even where phi jumps at 0, and their Chebyshev series fall
 * geometrically. They are of the expectations over sqrt(E phi(u)^2 E phi(v)^2), so that errors are
 * relative to the kernel's diagonal. Double exponential rules in r and in psi between the half
 * lines, the same nodes for all variances: a matrix product for each t. Cost: angles nodes norms (4
 * phi, 2 where it is even or odd, + 4 norms flops), nodes about 10^4; repeated until the last are
 * rounding.
 * Reference: Trefethen, Approximation Theory and Approximation Practice, 2013, chapters 3 and 8. */
#include "net/dual/dual.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>
#include <string.h>

static const double PI = 3.14159265358979323846;
static const double TOLERANCE = 1e-14; /* of the last coefficients */
static const double GEOMETRIC = 1e-10; /* that leave the next rules below that */
enum { NORMS_MOST = 64, ANGLES_MOST = 384 };

/* A rule in the plane, and the variances that it is for: roots (norms), with sizes and slopes. */
typedef struct plane {
  const ntk_dual *dual;
  ntk_dual_rule radius, sector;
  size_t norms;
  double root[NORMS_MOST], size[NORMS_MOST], slope[NORMS_MOST];
} plane;

static size_t nodes_of(const plane *p) {
  return ntk_rule_sides(&p->dual->phi) * p->sector.count;
}

/* Doubles that one thread needs: phi and phi' of u and of v, the direction of each node, weights.
 */
static size_t workspace_size(const plane *p) {
  return nodes_of(p) * (4 * p->norms + 3);
}

/* phi and phi' (norms x nodes each) at root r cosines, over size and slope. */
static void values(const plane *p, double r, const double *cosine, double *f, double *df) {
  const size_t nodes = nodes_of(p);
  for (size_t m = 0; m < p->norms; m++) {
    double *fm = f + m * nodes, *dfm = df + m * nodes;
    for (size_t i = 0; i < nodes; i++)
      fm[i] = p->root[m] * r * cosine[i];
    ntk_activation_eval(&p->dual->phi, nodes, fm, fm, dfm);
    for (size_t i = 0; i < nodes; i++) {
      fm[i] /= p->size[m];
      dfm[i] /= p->slope[m];
    }
  }
}

/* g, of v, from f, of u, which is to be times weights: v's cosines are u's in the other order, and
 * in every second side with the other sign, which turns an even or odd phi into sign times itself
 * and else is another side's. */
static void mirror(const plane *p, int sign, const double *weight, double *f, double *g) {
  const size_t n = p->sector.count, nodes = nodes_of(p);
  for (size_t m = 0; m < p->norms; m++) {
    double *fm = f + m * nodes, *gm = g + m * nodes;
    for (size_t side = 0; side < nodes / n; side++) {
      const bool turned = side % 2 == 1;
      const double *from = fm + (turned && sign == 0 ? side ^ 2 : side) * n;
      for (size_t j = 0; j < n; j++)
        gm[side * n + j] = turned && sign < 0 ? -from[n - 1 - j] : from[n - 1 - j];
    }
    for (size_t i = 0; i < nodes; i++)
      fm[i] *= weight[i];
  }
}

/* same and slopes (norms x norms each, u's index first) at t. */
static void integrate(const plane *p, double t, double *workspace, double *same, double *slopes) {
  const size_t nodes = nodes_of(p), M = p->norms;
  const int sign = p->dual->phi.symmetry.sign;
  double *u = workspace, *v = u + nodes, *weight = v + nodes;
  double *f = weight + nodes, *df = f + M * nodes, *g = df + M * nodes, *dg = g + M * nodes;
  ntk_rule_directions(&p->sector, ntk_rule_sides(&p->dual->phi), t, PI - t, u, v, weight);
  memset(same, 0, M * M * sizeof *same);
  memset(slopes, 0, M * M * sizeof *slopes);
  for (size_t i = 0; i < p->radius.count; i++) {
    const double r = p->radius.node[i];
    const double w = p->radius.weight[i] * r * exp(-r * r / 2.0) / (2.0 * PI);
    values(p, r, u, f, df);
    mirror(p, sign, weight, f, g);
    mirror(p, -sign, weight, df, dg);
    ntk_dgemm('T', 'N', M, M, nodes, w, f, nodes, g, nodes, 1.0, same, M);
    ntk_dgemm('T', 'N', M, M, nodes, w, df, nodes, dg, nodes, 1.0, slopes, M);
  }
}

static double y_of(double root) {
  return asinh(root / NTK_DUAL_UNIT);
}

/* Chebyshev's points of the first kind over [-1, 1]. */
static double chebyshev(size_t n, size_t i) {
  return cos(PI * ((double)i + 0.5) / (double)n);
}

static void place(plane *p, double low, double high, size_t norms) {
  p->norms = norms;
  for (size_t m = 0; m < norms; m++) {
    const double y = (low + high) / 2.0 + (high - low) / 2.0 * chebyshev(norms, m);
    double same = 0.0, slopes = 0.0;
    p->root[m] = NTK_DUAL_UNIT * sinh(y);
    ntk_dual_alone(p->dual, p->root[m] * p->root[m], &same, &slopes);
    p->size[m] = sqrt(same);
    p->slope[m] = sqrt(slopes);
  }
}

static void destroy_rules(plane *p) {
  ntk_rule_destroy(p->dual->context, &p->radius);
  ntk_rule_destroy(p->dual->context, &p->sector);
}

static ntk_status make_rules(plane *p, size_t radius, size_t sector) {
  NTK_TRY(ntk_rule_line(p->dual->context, radius, &p->radius));
  return ntk_rule_interval(p->dual->context, sector, &p->sector);
}

/* Both ends of the range, in all pairs, at some angles: 4 x 2 x 4 numbers. */
enum { ANGLES_TRIED = 4, TRIED = ANGLES_TRIED * 8 };
static ntk_status try_rules(plane *p, double *found) {
  static const double angles[ANGLES_TRIED] = {1e-3, 0.4, 1.6, 2.9};
  double *workspace = NULL;
  NTK_TRY(ntk_alloc_doubles(p->dual->context, workspace_size(p), "a quadrature", &workspace));
  for (size_t k = 0; k < ANGLES_TRIED; k++)
    integrate(p, angles[k], workspace, found + 8 * k, found + 8 * k + 4);
  ntk_free(p->dual->context, workspace);
  return NTK_OK;
}

/* The first rules that agree with the next ones, or, where the difference is
 * enough, these next ones (not of tables, which take too long where phi is so steep): with 1.5
 * times the nodes each way the error is the one before to the power of 1.5 or more. */
static ntk_status choose_rules(plane *p, double least, double most, double enough) {
  static const size_t sizes[][2] = {{40, 28},   {60, 40},   {90, 60},
                                    {140, 100}, {240, 180}, {400, NTK_DUAL_SECTOR}};
  double found[2][TRIED] = {{0}};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    plane next = *p;
    next.radius = next.sector = (ntk_dual_rule){0};
    place(&next, y_of(least), y_of(most), 2);
    ntk_status status = make_rules(&next, sizes[s][0], sizes[s][1]);
    if (status == NTK_OK)
      status = try_rules(&next, found[s % 2]);
    double off = s == 0 ? INFINITY : 0.0;
    for (size_t i = 0; i < TRIED && s > 0; i++)
      off = fmax(off, fabs(found[0][i] - found[1][i]));
    if (status != NTK_OK || off <= TOLERANCE) {
      destroy_rules(&next);
      return status;
    }
    destroy_rules(p);
    p->radius = next.radius;
    p->sector = next.sector;
    if (off <= enough)
      return NTK_OK;
  }
  return ntk_dual_too_steep(p->dual, least, most);
}

/* Values at the points: series' layout, not transformed yet. */
static ntk_status fill(const plane *p, ntk_dual_table *table) {
  ntk_context *context = p->dual->context;
  const size_t M = table->norms, K = table->angles, each = workspace_size(p) + 2 * M * M;
  double *workspace = NULL;
  NTK_TRY(ntk_alloc_doubles(context, (size_t)context->threads * each, "tables of expectations",
                            &workspace));
  ntk_watch watch = {.context = context, .phase = "tables"};
  atomic_size_t done = 0;
  const int threads = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic) num_threads(ntk_team(context))
  for (size_t k = 0; k < K; k++) {
    double *own = workspace + (size_t)omp_get_thread_num() * each, *found = own + workspace_size(p);
    if (!ntk_watch_on(&watch, (double)atomic_load(&done) / (double)K))
      continue;
    integrate(p, PI / 2.0 * (1.0 + chebyshev(K, k)), own, found, found + M * M);
    for (size_t of = 0; of < 2; of++)
      for (size_t n = 0; n < M; n++)
        memcpy(table->series + ((of * M + n) * K + k) * M, found + (of * M + n) * M,
               M * sizeof(double));
    (void)atomic_fetch_add(&done, 1);
  }
  ntk_blas_leave(threads);
  ntk_free(context, workspace);
  return watch.status;
}

/* Values at n points to coefficients, of `outer` arrays n x inner; scratch: n (n + 1). */
static void transform(size_t outer, size_t n, size_t inner, double *scratch, double *series) {
  double *matrix = scratch, *column = scratch + n * n;
  for (size_t k = 0; k < n; k++)
    for (size_t i = 0; i < n; i++)
      matrix[k * n + i] =
          (k == 0 ? 1.0 : 2.0) / (double)n * cos(PI * (double)k * ((double)i + 0.5) / (double)n);
  for (size_t a = 0; a < outer; a++)
    for (size_t c = 0; c < inner; c++) {
      double *first = series + a * n * inner + c;
      for (size_t i = 0; i < n; i++)
        column[i] = first[i * inner];
      for (size_t k = 0; k < n; k++)
        first[k * inner] = ntk_ddot(n, matrix + k * n, column);
    }
}

/* The largest coefficient with index `term` of v's y (0), t (1) or u's y (2). */
static double largest(const ntk_dual_table *table, int index, size_t term) {
  const size_t M = table->norms, K = table->angles;
  double most = 0.0;
  for (size_t of = 0; of < 2; of++)
    for (size_t n = index == 0 ? term : 0; n < (index == 0 ? term + 1 : M); n++)
      for (size_t k = index == 1 ? term : 0; k < (index == 1 ? term + 1 : K); k++)
        for (size_t m = index == 2 ? term : 0; m < (index == 2 ? term + 1 : M); m++)
          most = fmax(most, fabs(table->series[((of * M + n) * K + k) * M + m]));
  return most;
}

/* Of the last two terms: where phi is odd or even every other one is 0. */
static double tail(const ntk_dual_table *table, bool angle) {
  const size_t count = angle ? table->angles : table->norms;
  if (count < 2)
    return 0.0;
  if (angle)
    return fmax(largest(table, 1, count - 1), largest(table, 1, count - 2));
  return fmax(fmax(largest(table, 0, count - 1), largest(table, 0, count - 2)),
              fmax(largest(table, 2, count - 1), largest(table, 2, count - 2)));
}

static ntk_status build(plane *p, ntk_dual_table *table) {
  ntk_context *context = p->dual->context;
  const size_t M = table->norms, K = table->angles, n = K > M ? K : M;
  size_t count = 0;
  double *scratch = NULL;
  NTK_TRY(ntk_size_multiply(2 * M * M, K, "tables of expectations", &count));
  NTK_TRY(ntk_alloc_doubles(context, count, "tables of expectations", &table->series));
  place(p, table->low, table->high, M);
  NTK_TRY(fill(p, table));
  NTK_TRY(ntk_alloc_doubles(context, n * (n + 1), "tables of expectations", &scratch));
  transform(2 * M, K, M, scratch, table->series);
  transform(2, M, K * M, scratch, table->series);
  transform(2 * M * K, M, 1, scratch, table->series);
  ntk_free(context, scratch);
  return NTK_OK;
}

/* Terms to keep of one index: what is left out is rounding. */
static size_t kept(const ntk_dual_table *table, bool angle) {
  size_t count = angle ? table->angles : table->norms;
  while (count > 1 && (angle ? largest(table, 1, count - 1)
                             : fmax(largest(table, 0, count - 1), largest(table, 2, count - 1))) <
                          TOLERANCE / 20.0)
    count--;
  return count;
}

static void shorten(ntk_dual_table *table) {
  const size_t M = table->norms, K = table->angles, m = kept(table, false), k = kept(table, true);
  double *to = table->series;
  for (size_t of = 0; of < 2; of++)
    for (size_t n = 0; n < m; n++)
      for (size_t j = 0; j < k; j++, to += m)
        memmove(to, table->series + ((of * M + n) * K + j) * M, m * sizeof *to);
  table->norms = m;
  table->angles = k;
}

/* A guess: phi as a function of y has no singularity nearer than 0.7. */
static size_t guess_norms(double low, double high) {
  const double half = (high - low) / 2.0, h = 0.7 / half;
  if (half <= 1e-14 * high)
    return 1;
  const double terms = ceil(32.0 / log(h + sqrt(h * h + 1.0)));
  return terms < 4.0 ? 4 : terms < NORMS_MOST ? (size_t)terms : NORMS_MOST;
}

ntk_status ntk_table_rules(const ntk_dual *dual, double least, double most, ntk_dual_rule *radius,
                           ntk_dual_rule *sector) {
  plane p = {.dual = dual};
  const ntk_status status = choose_rules(&p, least, most, GEOMETRIC);
  if (status != NTK_OK) {
    destroy_rules(&p);
    return status;
  }
  *radius = p.radius;
  *sector = p.sector;
  return NTK_OK;
}

/* About 50 angles, more where phi is steep; a node takes a value of phi for each variance, and 4
 * flops for each pair of variances, of which some ten take as long as a value. A quarter of that,
 * for blocks of the kernel may be asked for too, each with its own pairs. */
double ntk_table_price(double least, double most) {
  const double norms = (double)guess_norms(y_of(least), y_of(most));
  return fmin(400.0, 50.0 + 5.0 * most) * (norms + 0.07 * norms * norms) / 4.0;
}

/* More terms until the last are rounding, as far as there are any. */
static ntk_status grow(plane *p, ntk_dual_table *table, double least, double most) {
  for (;;) {
    NTK_TRY(build(p, table));
    const double in_t = tail(table, true), in_y = tail(table, false);
    table->error = 4.0 * (in_t + 2.0 * in_y) + TOLERANCE;
    const bool more_t = in_t > TOLERANCE, more_y = in_y > TOLERANCE;
    if (!more_t && !more_y)
      return NTK_OK;
    ntk_free(p->dual->context, table->series);
    table->series = NULL;
    table->angles += more_t ? table->angles / 2 : 0;
    table->norms += more_y ? table->norms / 2 : 0;
    if (table->angles > ANGLES_MOST || table->norms > NORMS_MOST)
      return ntk_fail(NTK_ERR_ARGUMENT,
                      "%s over inputs of deviations from %.3g to %.3g takes more terms than "
                      "there are for 1e-13; accepted: smaller beta or scales, data of more equal "
                      "norms (--scale sphere), or another activation",
                      p->dual->phi.text, least, most);
  }
}

/* The angles that the largest variance takes alone, where phi is steepest, come first: a phi that
 * is too steep is found by one variance's work. */
ntk_status ntk_table_create(ntk_dual *dual, double least, double most) {
  plane p = {.dual = dual};
  ntk_dual_table *table = &dual->table;
  ntk_dual_table one = {.angles = 24, .norms = 1, .low = y_of(most), .high = y_of(most)};
  ntk_status status = choose_rules(&p, least, most, 0.0);
  if (status == NTK_OK)
    status = grow(&p, &one, least, most);
  ntk_free(dual->context, one.series);
  *table = (ntk_dual_table){.angles = one.angles, .low = y_of(least), .high = one.high};
  table->norms = guess_norms(table->low, table->high);
  if (status == NTK_OK)
    status = grow(&p, table, least, most);
  if (status == NTK_OK)
    shorten(table);
  destroy_rules(&p);
  return status;
}

void ntk_table_basis(const ntk_dual *dual, double root, size_t apart, double *basis) {
  const ntk_dual_table *table = &dual->table;
  const double half = (table->high - table->low) / 2.0;
  const double x = half > 0.0 ? (y_of(root) - (table->high + table->low) / 2.0) / half : 0.0;
  const double inside = fmin(1.0, fmax(-1.0, x));
  double before = inside, now = 1.0; /* T_{k-1}, T_k; T_{-1} = T_1 */
  for (size_t k = 0; k < table->norms; k++) {
    basis[k * apart] = now;
    const double next = 2.0 * inside * now - before;
    before = now;
    now = next;
  }
}

void ntk_table_column(const ntk_dual *dual, const double *basis, double *column) {
  const ntk_dual_table *table = &dual->table;
  const size_t each = table->angles * table->norms;
  for (size_t of = 0; of < 2; of++) {
    double *to = column + of * each;
    const double *from = table->series + of * table->norms * each;
    memset(to, 0, each * sizeof *to);
    for (size_t n = 0; n < table->norms; n++)
      for (size_t i = 0; i < each; i++)
        to[i] += basis[n] * from[n * each + i];
  }
}
