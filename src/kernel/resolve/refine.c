/* The smallest eigenvector of K = J J^T by a factor M that is only about that of K: of theta =
 * |J^T x|^2 and r = K x - theta x comes a direction w = (M M^T)^{-1} r, and the next x is the best,
 * of the least theta, of x, w and the step before (Knyazev, SIAM J. Sci. Comput. 23, 2001). Vectors
 * and products with K are in double-double: what M has lost of J slows this down and does not limit
 * it, and r^T (M M^T)^{-1} r, by which the answer is judged, is measured.
 *
 * A product J (J^T x) errs by J times 2^-100 |J|, which the solve takes back, as it does all that
 * has large eigenvalues. */
#include "kernel/resolve/refine.h"

#include "base/memory.h"
#include "kernel/resolve/rayleigh.h"

#include <math.h>
#include <string.h>

enum { STEPS = 40, PATIENCE = 5, NUMBERS = 14 };

/* Of lambda_min: nobody wants to know it better. A unit vector of which less than this is left
 * beside others says nothing that these do not. */
static const double ENOUGH = 1e-13, NOTHING = 1e-10;

/* The same of all of several outputs, whose eigenvalues may come in groups of nearly equal ones:
 * what is wrong with v counts in full then. */
static const double ENOUGH_OF_GROUPS = 1e-26;

enum { X, W, P, ALL };
typedef struct work {
  const ntk_rayleigh *R;
  const ntk_packed *M;
  size_t n;
  ntk_exact_entries v[ALL], Kv[ALL]; /* n each, of length 1 */
  double *r, *d;                     /* n */
  double theta[2];
} work;

/* to += sign s from. */
static void add(size_t n, double s[2], ntk_exact_entries from, double sign, ntk_exact_entries to) {
  ntk_exact_multiply(&(ntk_exact_product){
      .m = 1, .n = n, .k = 1, .A = {&s[0], &s[1]}, .B = from, .C = to, .beta = 1.0, .sign = sign});
}

/* The same of vectors and their products. */
static void add_both(work *w, double s[2], int from, double sign, int to) {
  add(w->n, s, w->v[from], sign, w->v[to]);
  add(w->n, s, w->Kv[from], sign, w->Kv[to]);
}

static void take_out(work *w, int which, int of) {
  double part[2];
  ntk_exact_dot(w->n, w->v[which], w->v[of], part);
  add_both(w, part, which, -1.0, of);
}

/* False: there is none. */
static bool normalise(work *w, int which) {
  double square[2], root[2];
  ntk_exact_dot(w->n, w->v[which], w->v[which], square);
  if (!(square[0] > 0.0))
    return false;
  ntk_exact_root(square, root);
  ntk_exact_over(w->n, w->v[which], root, w->v[which]);
  ntk_exact_over(w->n, w->Kv[which], root, w->Kv[which]);
  return root[0] > NOTHING;
}

/* d = (M M^T)^{-1} r; *square = r^T d. */
static ntk_status find_direction(work *w, double *square) {
  for (size_t i = 0; i < w->n; i++) {
    double r[2] = {w->Kv[X].hi[i], w->Kv[X].lo[i]};
    ntk_exact_add((ntk_exact_entries){&w->theta[0], &w->theta[1]}, ntk_exact_at(w->v[X], i), -1.0,
                  (ntk_exact_entries){&r[0], &r[1]});
    w->d[i] = w->r[i] = r[0];
  }
  NTK_TRY(ntk_packed_solve(w->M, w->d, 1));
  *square = 0.0;
  for (size_t i = 0; i < w->n; i++)
    *square += w->r[i] * w->d[i];
  return NTK_OK;
}

/* The eigenvector of the smallest eigenvalue of a symmetric T, by Jacobi's rotations. */
static void least_of(double T[ALL][ALL], double c[ALL]) {
  double V[ALL][ALL] = {{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 1.0}};
  for (int sweep = 0; sweep < 12; sweep++)
    for (int p = 0; p < ALL; p++)
      for (int q = p + 1; q < ALL; q++) {
        const double angle = 0.5 * atan2(2.0 * T[p][q], T[q][q] - T[p][p]);
        const double co = cos(angle), si = sin(angle);
        for (int k = 0; k < ALL; k++) {
          const double a = T[k][p], b = T[k][q], x = V[k][p], y = V[k][q];
          T[k][p] = co * a - si * b;
          T[k][q] = si * a + co * b;
          V[k][p] = co * x - si * y;
          V[k][q] = si * x + co * y;
        }
        for (int k = 0; k < ALL; k++) {
          const double a = T[p][k], b = T[q][k];
          T[p][k] = co * a - si * b;
          T[q][k] = si * a + co * b;
        }
      }
  int least = 0;
  for (int k = 1; k < ALL; k++)
    least = T[k][k] < T[least][least] ? k : least;
  for (int k = 0; k < ALL; k++)
    c[k] = V[k][least];
}

/* The best of x, w and, where there is one, p; p is then what has been added. False: x is. */
static bool take_best(work *w, bool with_p) {
  double T[ALL][ALL] = {{0.0}}, c[ALL], value[2];
  for (int a = 0; a < ALL; a++)
    for (int b = 0; b <= a; b++) {
      if (a == P && !with_p) {
        T[a][b] = T[b][a] = a == b ? INFINITY : 0.0;
        continue;
      }
      ntk_exact_dot(w->n, w->v[a], w->Kv[b], value);
      T[a][b] = T[b][a] = value[0] / w->theta[0];
    }
  if (!with_p)
    T[P][P] = 2.0 * (T[X][X] + T[W][W]);
  least_of(T, c);
  double share[2] = {c[P] / c[W], 0.0}, step[2] = {c[W] / c[X], 0.0};
  if (!isfinite(share[0]) || !isfinite(step[0]) || step[0] == 0.0)
    return false;
  if (with_p)
    add_both(w, share, P, 1.0, W);
  add_both(w, step, W, 1.0, X);
  const ntk_exact_entries v = w->v[P], Kv = w->Kv[P];
  w->v[P] = w->v[W];
  w->Kv[P] = w->Kv[W];
  w->v[W] = v;
  w->Kv[W] = Kv;
  return normalise(w, X) && normalise(w, P);
}

/* *moved: there is a better x. */
static ntk_status step(work *w, bool with_p, bool *moved) {
  double value[2];
  memcpy(w->v[W].hi, w->d, w->n * sizeof *w->d);
  memset(w->v[W].lo, 0, w->n * sizeof *w->d);
  memset(w->Kv[W].hi, 0, w->n * sizeof *w->d);
  memset(w->Kv[W].lo, 0, w->n * sizeof *w->d);
  *moved = normalise(w, W);
  take_out(w, X, W);
  *moved = *moved && normalise(w, W);
  if (!*moved)
    return NTK_OK;
  NTK_TRY(ntk_rayleigh_find(w->R, w->v[W], value, &w->Kv[W]));
  if (with_p) {
    take_out(w, X, P);
    take_out(w, W, P);
    with_p = normalise(w, P);
  }
  *moved = take_best(w, with_p);
  ntk_exact_dot(w->n, w->v[X], w->Kv[X], w->theta);
  return NTK_OK;
}

static ntk_status iterate(work *w, ntk_refined *refined) {
  const double enough = w->R->J->per > 1 ? ENOUGH_OF_GROUPS : ENOUGH;
  double square = 0.0, least = INFINITY;
  int since = 0;
  bool moved = true;
  NTK_TRY(ntk_rayleigh_find(w->R, w->v[X], w->theta, &w->Kv[X]));
  NTK_TRY(find_direction(w, &square));
  for (refined->steps = 1; refined->steps <= STEPS && moved && since < PATIENCE; refined->steps++) {
    if (10.0 * square < enough * w->theta[0])
      break;
    since = square < least ? 0 : since + 1;
    least = fmin(least, square);
    NTK_TRY(step(w, refined->steps > 1, &moved));
    NTK_TRY(find_direction(w, &square));
  }
  if (refined->steps > 1) {
    NTK_TRY(ntk_rayleigh_find(w->R, w->v[X], w->theta, &w->Kv[X]));
    NTK_TRY(find_direction(w, &square));
  }
  refined->value = w->theta[0];
  refined->residual = sqrt(w->theta[0] * square);
  return NTK_OK;
}

double ntk_refine_bytes(size_t rows) {
  return 8.0 * NUMBERS * (double)rows;
}

ntk_status ntk_refine(const ntk_columns *J, const ntk_packed *M, double *v, ntk_refined *refined) {
  const size_t n = J->rows;
  double *storage = NULL;
  ntk_rayleigh R = {.J = J};
  NTK_TRY(ntk_alloc_doubles(J->context, NUMBERS * n, "eigenvector", &storage));
  work w = {.R = &R, .M = M, .n = n, .r = storage + 12 * n, .d = storage + 13 * n};
  for (size_t k = 0; k < ALL; k++) {
    double *at = storage + 4 * k * n;
    w.v[k] = (ntk_exact_entries){at, at + n};
    w.Kv[k] = (ntk_exact_entries){at + 2 * n, at + 3 * n};
  }
  memcpy(w.v[X].hi, v, n * sizeof *v);
  memset(w.v[X].lo, 0, n * sizeof *v);
  ntk_exact_normalise(n, w.v[X]);
  ntk_status status = ntk_rayleigh_create(J, &R);
  if (status == NTK_OK)
    status = iterate(&w, refined);
  if (status == NTK_OK)
    memcpy(v, w.v[X].hi, n * sizeof *v);
  ntk_rayleigh_destroy(&R);
  ntk_free(J->context, storage);
  return status;
}
