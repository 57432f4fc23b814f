/* What a factor of K tells from 0 is rounding of K, u lambda_max; but lambda_min is sigma_min(J)^2,
 * and J is rounded by u sigma_max: lambda_min is there down to u^2 lambda_max. rounds.c makes a
 * factor that is as good as J; Lanczos' method with it finds v, and |J^T v|^2, of which an error in
 * v counts squared, is lambda_min. docs/algorithm.md, "Beyond double". */
#include "kernel/resolve/resolve.h"

#include "base/memory.h"
#include "kernel/resolve/rounds.h"
#include "spectrum/eigen.h"

#include <float.h>
#include <math.h>

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

/* scratch: 2 rows. */
static ntk_status find(const ntk_resolving *of, const ntk_columns *J, ntk_packed *M,
                       double *scratch, double *vector, ntk_extremes *e) {
  const ntk_operator A = operator_of(M, of->trace);
  ntk_eigenpair pair;
  double value = NAN;
  const ntk_status status =
      ntk_eigen_smallest(J->context, &A, of->tolerance, of->seed, &pair, vector);
  if (status == NTK_ERR_NUMERIC)
    return NTK_OK;
  NTK_TRY(status);
  e->solves = pair.applications;
  NTK_TRY(ntk_rounds_rayleigh(J, vector, &value));
  e->residual = ntk_rounds_residual(M, vector, value, scratch, scratch + J->rows);
  ntk_extremes_judge(e, value);
  return NTK_OK;
}

/* J in double, to a sum of so many terms. */
static double resolution_of(size_t rows, double trace) {
  const double sums = (DBL_EPSILON / 2) * (2.0 + 0.5 * sqrt((double)rows));
  return sums * sums * trace;
}

ntk_status ntk_resolve(const ntk_resolving *of, double *vector, ntk_extremes *e) {
  ntk_columns J;
  ntk_packed M = {0};
  double *scratch = NULL;
  bool complete = false;
  ntk_status status = ntk_columns_create(of->network, of->outputs, of->N, of->X, &J);
  e->resolution = resolution_of(J.rows, of->trace);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(J.context, 2 * J.rows, "eigenvector", &scratch);
  if (status == NTK_OK)
    status = ntk_rounds_factor(&J, of->noise, &M, &complete, &e->rounds);
  ntk_extremes_judge(e, NAN); /* until it is found */
  if (status == NTK_OK && complete)
    status = find(of, &J, &M, scratch, vector, e);
  ntk_packed_destroy(&M);
  ntk_free(J.context, scratch);
  ntk_columns_destroy(&J);
  return status;
}

double ntk_resolve_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         ntk_outputs outputs, size_t N) {
  const size_t rows = ntk_kernel_rows(spec, outputs, N);
  return ntk_columns_bytes(context, spec, outputs, N) + ntk_rounds_bytes(context, rows) +
         16.0 * (double)rows;
}

double ntk_resolve_columns(const ntk_network_spec *spec, ntk_outputs outputs) {
  return ntk_columns_count(spec, outputs, NULL);
}
