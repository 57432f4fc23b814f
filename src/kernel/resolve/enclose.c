/* U^T U = K - s I in double-double. With c = (N + 2) (N + 6) u^2 for the sums that an entry is made
 * of, in two pieces, a root and a division, |K - s I - U^T U|_ij <= 2.1 c (|K_ij| + |U_i| |U_j|),
 * of norm 6 c ||J||_F^2 at most: a factor that is there proves lambda_min(K) >= s - 8 c ||J||_F^2,
 * with what underflows. Upper bound: v^T K v / v^T v. docs/algorithm.md, "Beyond double". */
#include "kernel/resolve/enclose.h"

#include "base/memory.h"
#include "kernel/ends/proof.h"
#include "kernel/kernel.h"
#include "kernel/resolve/gram.h"
#include "kernel/resolve/triangle.h"

#include <float.h>
#include <math.h>

static const double U2 = 0x1p-106;

/* How far below lambda_min a factor is tried for: rounding of lambda_min, and what its vector errs
 * by; the last is for an eigenvalue that was missed. */
static const double BELOW[] = {1e-9, 1e-8, 1e-7, 1e-5, 0.1, 0.5};

/* Pivots below this of ||J||_F^2 may underflow on their way, and prove nothing. */
static const double LEAST = 1e-45;

typedef struct work {
  const ntk_columns *J;
  size_t n;
  ntk_exact_entries K; /* n x n, and its factor */
  double *room;        /* of ntk_exact_gram */
  double trace, rounding;
  ntk_watch watch;
} work;

double ntk_enclose_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         ntk_outputs outputs, size_t N) {
  const double rows = (double)ntk_kernel_rows(spec, outputs, N);
  return rows > NTK_ENCLOSE_ROWS
             ? 0.0
             : fmax(16.0 * rows * rows + ntk_exact_gram_bytes(context, spec, outputs, N),
                    ntk_proof_bytes(context, spec, outputs, N)) +
                   32.0 * (double)(spec->depth + 1);
}

/* v^T K v / v^T v from above. */
static double quotient_above(const work *w, const double *v) {
  const size_t n = w->n;
  const ntk_exact_entries x = {(double *)(uintptr_t)v, NULL}; /* read only */
  double sum[2] = {0.0, 0.0}, square[2];
  for (size_t i = 0; i < n; i++) {
    double row[2] = {0.0, 0.0};
    const ntk_exact_entries K = ntk_exact_at(w->K, i * n + i), of_row = {&row[0], &row[1]};
    if (i + 1 < n)
      ntk_exact_dot(n - i - 1, ntk_exact_at(K, 1), ntk_exact_at(x, i + 1), row);
    row[0] *= 2.0;
    row[1] *= 2.0;
    ntk_exact_add(K, ntk_exact_at(x, i), 1.0, of_row);
    ntk_exact_add(of_row, ntk_exact_at(x, i), 1.0, (ntk_exact_entries){&sum[0], &sum[1]});
  }
  ntk_exact_dot(n, x, x, square);
  const double quotient = sum[0] / square[0];
  return quotient + 8.0 * DBL_EPSILON * fabs(quotient) + 64.0 * ((double)n + 32.0) * U2 * w->trace;
}

/* Whether K - shift I has a factor, in its place. */
static ntk_status factor(const work *w, double shift, bool *made) {
  const ntk_status status = ntk_triangle_factor(w->J->context, w->n, -shift, w->K);
  *made = status == NTK_OK;
  for (size_t i = 0; i < w->n && *made; i++)
    *made = w->K.hi[i * w->n + i] * w->K.hi[i * w->n + i] > LEAST * w->trace;
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

static ntk_status enclose_stored(work *w, const double *v, double value, ntk_certificate *c) {
  const double sums = ((double)w->n + 2.0) * ((double)w->n + 6.0) * U2;
  const double lost = 8.0 * sums * w->trace;
  for (size_t s = 0; s < sizeof BELOW / sizeof BELOW[0] && !c->certified; s++) {
    const double shift = value * (1.0 - BELOW[s]) - 2.5 * lost;
    if (!(shift > lost))
      continue;
    NTK_TRY(ntk_exact_gram(w->J, w->room, &w->watch, w->K));
    const double upper = quotient_above(w, v);
    NTK_TRY(factor(w, shift, &c->certified));
    if (c->certified) {
      c->lower = (shift - lost) * (1.0 - 4.0 * DBL_EPSILON);
      c->upper = upper;
    }
  }
  return NTK_OK;
}

/* K, enclosed, is given back before. */
static ntk_status carry_over(const ntk_network *network, ntk_outputs outputs, const work *w,
                             ntk_certificate *c) {
  const ntk_columns *J = w->J;
  const size_t L = J->blocks;
  ntk_accuracy accuracy = {.gram = w->rounding};
  void *pointer = NULL;
  c->kernel.reason = ntk_proof_refuses(network);
  if (c->kernel.reason != NULL)
    return NTK_OK;
  NTK_TRY(ntk_alloc(J->context, 2 * (L + 1), sizeof(ntk_exact_entries), "features", &pointer));
  ntk_exact_entries *F = pointer, *B = F + L + 1;
  for (size_t k = 0; k < L; k++) {
    F[k] = J->block[k].F;
    B[k + 1] = J->block[k].B;
  }
  const ntk_proof_stored stored = {
      .network = network, .outputs = outputs, .N = J->N, .rows = J->rows, .F = F, .B = B};
  const ntk_status status = ntk_proof_carry(&stored, &accuracy, c->lower, c->upper, &c->kernel);
  ntk_free(J->context, pointer);
  if (c->kernel.proved) {
    c->kernel_lower = c->kernel.lower;
    c->kernel_upper = c->kernel.upper;
  }
  return status;
}

ntk_status ntk_enclose(const ntk_network *network, ntk_outputs outputs, const ntk_columns *J,
                       const double *v, double value, ntk_certificate *c) {
  const size_t n = J->rows;
  work w = {.J = J, .n = n, .watch = {.context = J->context, .phase = "proof for stored K"}};
  double *storage = NULL;
  c->kernel.reason = "beside resolve it is made of up to 4096 rows of K";
  if (n > NTK_ENCLOSE_ROWS)
    return NTK_OK;
  c->kernel.reason = "lambda_min is too near the rounding of K in double-double";
  w.rounding = ntk_exact_gram_error(J, &w.trace);
  NTK_TRY(ntk_alloc_doubles(J->context, 2 * n * n + (size_t)ntk_exact_gram_numbers(J),
                            "double-double", &storage));
  w.K = (ntk_exact_entries){storage, storage + n * n};
  w.room = storage + 2 * n * n;
  const ntk_status status = enclose_stored(&w, v, value, c);
  ntk_free(J->context, storage);
  NTK_TRY(status);
  return c->certified ? carry_over(network, outputs, &w, c) : NTK_OK;
}
