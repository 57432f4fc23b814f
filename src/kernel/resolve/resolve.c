/* What a factor of K tells from 0 is rounding of K, u lambda_max; but lambda_min is sigma_min(J)^2,
 * and J is rounded by u sigma_max: lambda_min is there down to u^2 lambda_max. rounds.c makes a
 * factor that is as good as J in double; Lanczos' method with it finds v, and |J^T v|^2, of which
 * an error in v counts squared, is lambda_min, J being in double-double there. Where that is not
 * enough, and rows are few, exact.c does all of it in double-double. docs/algorithm.md, "Beyond
 * double". */
#include "kernel/resolve/resolve.h"

#include "base/memory.h"
#include "kernel/resolve/enclose.h"
#include "kernel/resolve/exact.h"
#include "kernel/resolve/rayleigh.h"
#include "kernel/resolve/refine.h"
#include "kernel/resolve/rounds.h"
#include "spectrum/eigen.h"

#include <float.h>
#include <math.h>

/* With fewer digits few rows go on in double-double. */
enum { DIGITS = 6 };

/* Of a row's square, what is lost of it in products in double-double. */
static const double EXACT = 0x1p-176;

static ntk_status solve(void *user, double *V, size_t m) {
  return ntk_packed_solve(user, V, m);
}

/* A solve with M errs in M by rounding of its rows. */
static ntk_operator operator_of(ntk_packed *M, double trace) {
  const double least = ntk_packed_diagonal_min(M);
  return (ntk_operator){.n = M->n,
                        .solve = solve,
                        .user = M,
                        .noise = 16.0 * (DBL_EPSILON / 2) * sqrt(trace) * least};
}

/* (u (2 + sqrt(N) / 2))^2: of the square of a row of J that goes into sums of N terms. */
static double sums(size_t rows) {
  const double error = (DBL_EPSILON / 2) * (2.0 + 0.5 * sqrt((double)rows));
  return error * error;
}

/* Judges e->lambda_min, found by v: what is not known of J in double-double counts, and, squared,
 * all that is wrong with v; as it is where outputs make groups of eigenvalues, with no gap. */
static void judge(const ntk_columns *J, const double *v, ntk_extremes *e) {
  double lost = 0.0, weight = 0.0;
  for (size_t i = 0; i < J->rows; i++) {
    lost += v[i] * v[i] * J->moved[i];
    weight += v[i] * v[i] * ntk_columns_square(J, i);
  }
  e->residual = hypot(e->residual, sqrt(e->lambda_min * EXACT * weight));
  ntk_extremes_judge(e, e->lambda_min);
  if (e->verdict == NTK_VERDICT_OK)
    ntk_extremes_carry(e, lost, 0x1p-192 * weight);
}

/* By M, whose own J is another by at most e->resolution, the square of its norm: a residual told by
 * M is as much too small, at most, as M's least singular value is too large. */
static ntk_status find(const ntk_resolving *of, const ntk_columns *J, ntk_packed *M, double *vector,
                       ntk_extremes *e) {
  const ntk_operator A = operator_of(M, of->trace);
  ntk_eigenpair pair;
  ntk_refined refined;
  const ntk_status status =
      ntk_eigen_smallest(J->context, &A, of->tolerance, of->seed, &pair, vector);
  if (status == NTK_ERR_NUMERIC)
    return NTK_OK;
  NTK_TRY(status);
  if (J->per > 1) /* M's, which is K's where it is above M's errors */
    NTK_TRY(ntk_eigen_gap(J->context, &A, of->seed, pair.value, vector, &e->gap));
  NTK_TRY(ntk_refine(J, M, vector, &refined));
  const double wrong = sqrt(e->resolution / refined.value);
  e->solves = pair.applications + refined.steps;
  e->lambda_min = refined.value;
  e->residual = refined.residual * (1.0 + wrong);
  judge(J, vector, e);
  return NTK_OK;
}

static ntk_status in_double(const ntk_resolving *of, const ntk_columns *J, double *vector,
                            ntk_extremes *e) {
  ntk_packed M = {0};
  bool complete = false;
  ntk_status status = ntk_rounds_factor(J, of->noise, &M, &complete, &e->rounds);
  e->resolution = sums(J->rows) * of->trace;
  ntk_extremes_judge(e, NAN); /* until it is found */
  if (status == NTK_OK && complete)
    status = find(of, J, &M, vector, e);
  ntk_packed_destroy(&M);
  return status;
}

static ntk_status in_double_double(const ntk_resolving *of, const ntk_columns *J, double *vector,
                                   ntk_extremes *e) {
  ntk_exact_ends ends = {.tolerance = of->tolerance, .seed = of->seed};
  NTK_TRY(ntk_exact_smallest(J, vector, &ends));
  e->exact = true;
  e->resolution = 0x1p-180 * of->trace;
  e->rounds += ends.rounds;
  ntk_extremes_judge(e, NAN);
  if (!ends.found)
    return NTK_OK;
  e->solves = ends.solves;
  e->lambda_min = ends.value;
  e->residual = ends.residual;
  e->gap = J->per > 1 ? -DBL_MIN : 0.0;
  judge(J, vector, e);
  return NTK_OK;
}

/* Errors of products, 2^-53 of them, must not underflow, nor of sums of them. */
static ntk_status check_size(const ntk_columns *J) {
  double trace = 0.0;
  for (size_t r = 0; r < J->rows; r++)
    trace += ntk_columns_square(J, r);
  return trace > 1e-150 && trace < 1e150
             ? NTK_OK
             : ntk_fail(NTK_ERR_NOT_FINITE,
                        "resolve carries 32 digits, which kernels past 1e150 or below 1e-150 leave "
                        "no room for: the trace is %.3g; accepted: other scales of weights or data",
                        trace);
}

ntk_status ntk_resolve(const ntk_resolving *of, double *vector, ntk_extremes *e) {
  ntk_columns J;
  ntk_status status = ntk_columns_create(of->network, of->outputs, of->N, of->X, &J);
  if (status == NTK_OK)
    status = check_size(&J);
  if (status == NTK_OK)
    status = in_double(of, &J, vector, e);
  if (status == NTK_OK && J.rows <= NTK_EXACT_ROWS && e->digits < DIGITS)
    status = in_double_double(of, &J, vector, e);
  const double start = ntk_clock();
  if (status == NTK_OK && of->certificate != NULL && e->verdict == NTK_VERDICT_OK)
    status = ntk_enclose(of->network, of->outputs, &J, vector, e->lambda_min, of->certificate);
  e->seconds_certify = ntk_clock() - start;
  ntk_columns_destroy(&J);
  return status;
}

double ntk_resolve_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         ntk_outputs outputs, size_t N, bool certify) {
  const size_t rows = ntk_kernel_rows(spec, outputs, N);
  const double in_double = ntk_rounds_bytes(context, rows);
  const double enclosing = certify ? ntk_enclose_bytes(context, spec, outputs, N) : 0.0;
  return ntk_columns_bytes(context, spec, outputs, N) +
         fmax(enclosing, fmax(fmax(in_double, ntk_rayleigh_bytes(context, spec, outputs, N) +
                                                  ntk_refine_bytes(rows) +
                                                  4.0 * (double)rows * (double)(rows + 24)),
                              ntk_exact_bytes(context, spec, outputs, N)));
}

double ntk_resolve_columns(const ntk_network_spec *spec, ntk_outputs outputs) {
  return ntk_columns_count(spec, outputs, NULL);
}
