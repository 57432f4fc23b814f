/* Deterministic equivalents, layer by layer, and their potential.
 *
 * G_l is a sum of independent vectors given G_{l-1}, so that in traces A + zeta_l G_l may be
 * replaced by A + sum_s share_s kappa_s (flat_s I + slope_s G_{l-1}) with
 *
 *   kappa_s = zeta_l / (1 + zeta_l t_s),   t_s = flat_s m + slope_s g_{l-1},
 *   zeta_{l-1} = weight_{l-1} + sum_s share_s slope_s kappa_s,   zeta_levels = weight_levels,
 *
 * which leaves m = sum_a mass_a / (zeta + zeta_0 atom_a), g_0 = sum_a mass_a atom_a / (...), with
 * zeta = shift - z + sum_l sum_s share_s flat_s kappa_s, and g_l = sum_s share_s t_s / (1 + zeta_l
 * t_s) (Silverstein and Bai 1995; Fan and Wang 2020, Theorem 3.7, where the families are one).
 *
 * The map from (m, g) to the right-hand sides takes the upper half planes into themselves for
 * Im z > 0, each step above doing so, and its image is bounded: by Earle and Hamilton's theorem it
 * has one fixed point, to which iterating leads from anywhere. Near the axis that is slow, and
 * Newton's method takes over: its result is accepted where it lies in the half planes. The way
 * there is by Im z, halved again and again from where a few iterations are enough.
 *
 * A second vector of the highest level's makes kappa the matrix (C^{-1} + T)^{-1} of C = diag(zeta,
 * second) and T's traces t, t12, t2; log(1 + zeta t) is log det(I + T C) then, and kappa t tr kappa
 * T.
 *
 * The potential lim log det(H - z) / n is, with the same numbers,
 *
 *   D = sum_a mass_a log(zeta + zeta_0 atom_a) + sum_l sum_s share_s (log(1 + zeta_l t_s)
 *       - kappa_s t_s),
 *
 * stationary in all of them, and below(x) = -Im D(x + i 0) / pi: no quadrature over the density. */
#include "spectrum/laws/free_product.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SIZE = NTK_LAW_LEVELS + 1, ITERATIONS = 200, NEWTON = 30 };
static const double ENOUGH = 1e-13, ACCEPTED = 1e-11, WORST = 1e-8, NEAR_AXIS = 1e-9;

typedef double complex number;

/* What the way down and the sums over the atoms give. */
typedef struct pass {
  number zeta, level[SIZE]; /* zeta and zeta_0, ..., zeta_levels */
  double size;              /* of what zeta is the sum of */
  number m, g0, mm, mg, gg; /* the sums, and those of 1, a, a^2 over the denominators' squares */
} pass;

/* What a family's vectors are replaced by: kappa, and the factors of its determinant, each within
 * the upper half plane where zeta is real (a Schur complement stays there). */
typedef struct replacement {
  number t, t2, t12, kappa, kappa2, kappa12, one, schur;
} replacement;

static replacement replace(const ntk_law_family *f, number zeta, number m, number g) {
  replacement r = {.t = f->flat * m + f->slope * g, .schur = 1.0};
  r.one = 1.0 + zeta * r.t;
  r.kappa = zeta / r.one;
  if (f->second == 0.0)
    return r;
  r.t2 = f->flat2 * m + f->slope2 * g;
  r.t12 = f->flat12 * m + f->slope12 * g;
  r.schur = 1.0 + f->second * (r.t2 - r.t12 * r.t12 * r.kappa);
  r.kappa2 = f->second / r.schur;
  r.kappa12 = -r.kappa * r.t12 * r.kappa2;
  r.kappa -= r.kappa12 * r.t12 * r.kappa;
  return r;
}

static void way_down(const ntk_free_product *law, number z, const number *u, pass *p) {
  p->zeta = law->shift - z;
  p->size = law->shift + cabs(z);
  p->level[law->levels] = law->weight[law->levels];
  for (size_t l = law->levels; l > 0; l--) {
    p->level[l - 1] = law->weight[l - 1];
    for (size_t s = 0; s < law->families[l - 1]; s++) {
      const ntk_law_family *f = &law->family[l - 1][s];
      const replacement r = replace(f, p->level[l], u[0], u[l]);
      const number flat =
          f->share * (f->flat * r.kappa + 2.0 * f->flat12 * r.kappa12 + f->flat2 * r.kappa2);
      p->zeta += flat;
      p->size += cabs(flat);
      p->level[l - 1] +=
          f->share * (f->slope * r.kappa + 2.0 * f->slope12 * r.kappa12 + f->slope2 * r.kappa2);
    }
  }
}

/* In real arithmetic: compilers' complex division looks for infinities. */
static void sum_atoms(const ntk_free_product *law, pass *p) {
  const double a = creal(p->zeta), b = cimag(p->zeta);
  const double c = creal(p->level[0]), d = cimag(p->level[0]);
  double sum[10] = {0};
  for (size_t i = 0; i < law->atoms; i++) {
    const double x = law->atom[i], re = a + c * x, im = b + d * x, size = re * re + im * im;
    const double r = re / size, j = -im / size; /* 1 / (zeta + zeta_0 x) */
    const double rr = r * r - j * j, rj = 2.0 * r * j, w = law->mass[i];
    sum[0] += w * r, sum[1] += w * j;
    sum[2] += w * x * r, sum[3] += w * x * j;
    sum[4] += w * rr, sum[5] += w * rj;
    sum[6] += w * x * rr, sum[7] += w * x * rj;
    sum[8] += w * x * x * rr, sum[9] += w * x * x * rj;
  }
  p->m = sum[0] + I * sum[1];
  p->g0 = sum[2] + I * sum[3];
  p->mm = sum[4] + I * sum[5];
  p->mg = sum[6] + I * sum[7];
  p->gg = sum[8] + I * sum[9];
}

static void way_up(const ntk_free_product *law, const pass *p, number *out) {
  out[0] = p->m;
  out[1] = p->g0;
  for (size_t l = 1; l < law->levels; l++) {
    out[l + 1] = 0.0;
    for (size_t s = 0; s < law->families[l - 1]; s++) {
      const ntk_law_family *f = &law->family[l - 1][s];
      const number t = f->flat * out[0] + f->slope * out[l];
      out[l + 1] += f->share * t / (1.0 + p->level[l] * t);
    }
  }
}

static double distance(size_t n, const number *u, const number *out) {
  double most = 0.0;
  for (size_t k = 0; k < n; k++)
    most = fmax(most, cabs(out[k] - u[k]) / (cabs(u[k]) + cabs(out[k])));
  return most;
}

/* x <- A^{-1} x by elimination with pivots; A n x n of leading dimension SIZE. False: singular. */
static bool eliminate(size_t n, number A[SIZE][SIZE], number *x) {
  for (size_t k = 0; k < n; k++) {
    size_t pivot = k;
    for (size_t i = k + 1; i < n; i++)
      pivot = cabs(A[i][k]) > cabs(A[pivot][k]) ? i : pivot;
    if (!(cabs(A[pivot][k]) > 0.0))
      return false;
    for (size_t j = k; j < n; j++) {
      const number kept = A[k][j];
      A[k][j] = A[pivot][j];
      A[pivot][j] = kept;
    }
    const number kept = x[k];
    x[k] = x[pivot];
    x[pivot] = kept;
    for (size_t i = k + 1; i < n; i++) {
      const number factor = A[i][k] / A[k][k];
      for (size_t j = k; j < n; j++)
        A[i][j] -= factor * A[k][j];
      x[i] -= factor * x[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; j++)
      x[k] -= A[k][j] * x[j];
    x[k] /= A[k][k];
  }
  return true;
}

/* out = F(u), and step with (I - F'(u)) step = F(u) - u: differences of what is cheap, derivatives
 * of the sums over the atoms. *rounding: what that of zeta makes of F, relative: much where an atom
 * is near. */
static bool newton_step(const ntk_free_product *law, number z, const number *u, number *out,
                        number *step, double *rounding) {
  static const double SMALL = 1e-7;
  const size_t n = law->levels + 1;
  number A[SIZE][SIZE], v[SIZE], moved[SIZE];
  pass p, q;
  way_down(law, z, u, &p);
  sum_atoms(law, &p);
  way_up(law, &p, out);
  *rounding = DBL_EPSILON * p.size * fmax(cabs(p.mm / p.m), cabs(p.mg / p.g0));
  for (size_t k = 0; k < n; k++) {
    const number by = SMALL * u[k];
    memcpy(v, u, n * sizeof *v);
    v[k] += by;
    way_down(law, z, v, &q);
    const number dz = q.zeta - p.zeta, d0 = q.level[0] - p.level[0];
    q.m = p.m - p.mm * dz - p.mg * d0;
    q.g0 = p.g0 - p.mg * dz - p.gg * d0;
    way_up(law, &q, moved);
    for (size_t i = 0; i < n; i++)
      A[i][k] = (i == k ? 1.0 : 0.0) - (moved[i] - out[i]) / by;
  }
  for (size_t i = 0; i < n; i++)
    step[i] = out[i] - u[i];
  return eliminate(n, A, step);
}

static bool upper(size_t n, const number *u) {
  for (size_t k = 0; k < n; k++)
    if (!(cimag(u[k]) > 0.0 && isfinite(cabs(u[k]))))
      return false;
  return true;
}

/* Whether Newton's method leads from v to a point of the half planes. Beside the axis rounding is
 * as large as Im v: it lifts points beside a solution that is none, real but for Im z and outside
 * of the half planes, into them. Where the step leads says on which side that solution is. */
static bool leads_inside(size_t n, const number *v, const number *step) {
  number next[SIZE];
  for (size_t k = 0; k < n; k++)
    next[k] = v[k] + step[k];
  return upper(n, v) && upper(n, next);
}

/* From u: whether it came to the fixed point; u is that then, and *residual is set. */
static bool by_newton(const ntk_free_product *law, number z, number *u, double *residual) {
  const size_t n = law->levels + 1;
  number v[SIZE], out[SIZE], step[SIZE];
  double best = INFINITY, rounding = 0.0, accepted = ACCEPTED;
  memcpy(v, u, n * sizeof *v);
  for (int turn = 0; turn < NEWTON; turn++) {
    const bool regular = newton_step(law, z, v, out, step, &rounding);
    const double off = distance(n, v, out);
    if (off < best && regular && leads_inside(n, v, step)) {
      best = off;
      accepted = fmin(fmax(ACCEPTED, 16.0 * rounding), WORST);
      memcpy(u, v, n * sizeof *u);
    }
    if (best <= ENOUGH || !regular || (turn > 8 && best <= accepted))
      break;
    for (size_t k = 0; k < n; k++)
      v[k] += step[k];
    if (!upper(n, v)) /* back into the half planes, by the map that stays there */
      memcpy(v, out, n * sizeof *v);
    if (!upper(n, v))
      break;
  }
  *residual = best;
  return best <= accepted;
}

/* From nothing: far from the axis iteration, then Newton's method along the way down to it. */
static bool by_continuation(const ntk_free_product *law, number z, number *u, double *residual) {
  const size_t n = law->levels + 1;
  const double last = cimag(z), bound = ntk_free_bound(law) + fabs(creal(z));
  double height = fmax(last, 2.0 * bound), factor = 0.25;
  number out[SIZE], from[SIZE];
  pass p;
  u[0] = I / height;
  for (size_t k = 1; k < n; k++)
    u[k] = I * bound / height;
  for (int turn = 0; turn < ITERATIONS; turn++) {
    way_down(law, creal(z) + I * height, u, &p);
    sum_atoms(law, &p);
    way_up(law, &p, out);
    memcpy(u, out, n * sizeof *u);
  }
  if (!by_newton(law, creal(z) + I * height, u, residual))
    return false;
  while (height > last && factor < 0.999) {
    const double next = fmax(last, height * factor);
    memcpy(from, u, n * sizeof *from);
    if (by_newton(law, creal(z) + I * next, u, residual)) {
      height = next;
      factor = fmax(0.1, factor * factor);
    } else {
      memcpy(u, from, n * sizeof *u);
      factor = sqrt(factor);
    }
  }
  return height <= last;
}

ntk_status ntk_free_solve(const ntk_free_product *law, double complex z, ntk_free_state *state) {
  if (law->levels == 0 || law->levels > NTK_LAW_LEVELS)
    return ntk_fail(NTK_ERR_LIMIT, "a law of %zu layers; accepted: from 1 to %d", law->levels,
                    NTK_LAW_LEVELS);
  double residual = INFINITY;
  const bool near = state->residual > 0.0 && by_newton(law, z, state->u, &residual);
  if (!near && !by_continuation(law, z, state->u, &residual)) {
    state->residual = 0.0;
    return ntk_fail(NTK_ERR_NUMERIC,
                    "the law's equations at %g + %g i are solved to %.1e only; %.0e is wanted",
                    creal(z), cimag(z), residual, ACCEPTED);
  }
  state->z = z;
  state->residual = fmax(residual, DBL_MIN);
  return NTK_OK;
}

/* -Im D / pi; each logarithm's argument is within (-pi, pi) by the half planes. */
static double share_below(const ntk_free_product *law, const ntk_free_state *state) {
  pass p;
  double sum = 0.0;
  way_down(law, state->z, state->u, &p);
  for (size_t i = 0; i < law->atoms; i++)
    sum += law->mass[i] * carg(p.zeta + p.level[0] * law->atom[i]);
  for (size_t l = 1; l <= law->levels; l++)
    for (size_t s = 0; s < law->families[l - 1]; s++) {
      const ntk_law_family *f = &law->family[l - 1][s];
      const replacement r = replace(f, p.level[l], state->u[0], state->u[l]);
      sum += f->share * (carg(r.one) + carg(r.schur) -
                         cimag(r.kappa * r.t + 2.0 * r.kappa12 * r.t12 + r.kappa2 * r.t2));
    }
  return -sum / acos(-1.0);
}

ntk_status ntk_free_at(const ntk_free_product *law, double x, ntk_free_state *state, double *below,
                       double *density) {
  NTK_TRY(ntk_free_solve(law, x + I * (NEAR_AXIS * x), state));
  *below = fmin(fmax(share_below(law, state), 0.0), 1.0);
  *density = cimag(state->u[0]) / acos(-1.0);
  return NTK_OK;
}
