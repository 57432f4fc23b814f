#include "fit/extremes.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"
#include "spectrum/certificate.h"

#include <float.h>
#include <math.h>

static const double TOLERANCE = 1e-6;        /* of eigenvalues, as ntk_spectrum's */
static const double CHANGE_TOLERANCE = 1e-3; /* of the squared distance: its error is the square */

/* lambda_min of K, which becomes its factor. */
static ntk_status smallest(ntk_kernel *K, const ntk_features *features, uint64_t seed,
                           double *vector, double *lambda_min) {
  *lambda_min = NAN;
  if (K->N > features->network->parameters) {
    *lambda_min = 0.0; /* rank K <= P */
    return NTK_OK;
  }
  double trace = 0.0, least = 0.0;
  K->backend->kernel_diagonal(K, &trace, &least);
  const double resolution = ntk_cholesky_bound(K->N, trace);
  ntk_status status = ntk_kernel_factor(K, 0.0);
  if (status == NTK_OK && ntk_kernel_smallest_pivot(K) > resolution) {
    const ntk_operator A = ntk_kernel_operator(K);
    ntk_eigenpair pair;
    status = ntk_eigen_smallest(K->context, &A, TOLERANCE, seed, &pair, vector);
    if (status == NTK_OK && pair.value > resolution)
      *lambda_min = pair.value;
  }
  return status == NTK_ERR_NUMERIC ? NTK_OK : status; /* nothing to resolve */
}

ntk_status ntk_extremes_find(const ntk_features *features, uint64_t seed, ntk_extremes *extremes,
                             ntk_kernel **kept) {
  ntk_kernel *K = NULL, *copy = NULL;
  double *vector = NULL;
  ntk_eigenpair pair = {.value = NAN};
  ntk_status status = ntk_kernel_create(features, NULL, &K);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(features->context, features->N, "eigenvector", &vector);
  if (status == NTK_OK) {
    const ntk_operator A = ntk_kernel_operator(K);
    status = ntk_eigen_largest(features->context, &A, TOLERANCE, seed, &pair, vector);
  }
  if (status == NTK_OK && kept != NULL)
    status = ntk_kernel_copy(K, &copy);
  double lambda_min = NAN;
  if (status == NTK_OK)
    status = smallest(K, features, seed, vector, &lambda_min);
  ntk_free(features->context, vector);
  ntk_kernel_destroy(K);
  if (status != NTK_OK) {
    ntk_kernel_destroy(copy);
    return status;
  }
  *extremes = (ntk_extremes){lambda_min, pair.value};
  if (kept != NULL)
    *kept = copy;
  return NTK_OK;
}

ntk_status ntk_extremes_largest(ntk_features *features, uint64_t seed, double *lambda_max) {
  double *vector;
  NTK_TRY(ntk_alloc_doubles(features->context, features->N, "eigenvector", &vector));
  const ntk_operator A = ntk_features_operator(features);
  ntk_eigenpair pair = {.value = NAN};
  const ntk_status status =
      ntk_eigen_largest(features->context, &A, TOLERANCE, seed, &pair, vector);
  ntk_free(features->context, vector);
  if (status == NTK_OK)
    *lambda_max = pair.value;
  return status;
}

/* ---- ||J - J_0|| ----------------------------------------------------------------------------- */

typedef struct difference {
  const ntk_features *features, *start;
  double *g, *g0; /* P each */
  double *u;      /* N */
} difference;

/* U = D (D^T V). */
static ntk_status apply_difference(void *user, const double *V, size_t m, double *U) {
  const difference *d = user;
  const size_t N = d->features->N, P = d->features->network->parameters;
  for (size_t c = 0; c < m; c++) {
    NTK_TRY(ntk_jacobian_adjoint(d->features, V + c * N, d->g));
    NTK_TRY(ntk_jacobian_adjoint(d->start, V + c * N, d->g0));
    for (size_t p = 0; p < P; p++)
      d->g[p] -= d->g0[p];
    NTK_TRY(ntk_jacobian_apply(d->features, d->g, U + c * N));
    NTK_TRY(ntk_jacobian_apply(d->start, d->g, d->u));
    for (size_t i = 0; i < N; i++)
      U[c * N + i] -= d->u[i];
  }
  return NTK_OK;
}

/* Rounding in D D^T v: D's own errors are u ||J||, however small D is. ||D|| is judged from a
 * random vector, low by up to sqrt N, which the factor covers. */
static ntk_status difference_noise(difference *d, double lambda_max, uint64_t seed, double *v,
                                   double *Dv, double *noise) {
  const size_t N = d->features->N;
  ntk_random_normal((ntk_random){seed, NTK_STREAM_START, 1}, 0, N, v);
  ntk_dscal(N, 1.0 / ntk_dnrm2(N, v), v);
  NTK_TRY(apply_difference(d, v, 1, Dv));
  *noise = 1e4 * (DBL_EPSILON / 2) * sqrt(lambda_max) * sqrt(ntk_dnrm2(N, Dv));
  return NTK_OK;
}

ntk_status ntk_jacobian_distance(const ntk_features *features, const ntk_features *start,
                                 double lambda_max, uint64_t seed, double *norm) {
  ntk_context *context = features->context;
  const size_t N = features->N, P = features->network->parameters;
  difference d = {.features = features, .start = start};
  double *vector = NULL;
  ntk_eigenpair pair = {.value = NAN};
  ntk_status status = ntk_alloc_doubles(context, 2 * P + N, "change of the Jacobian", &d.g);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, 2 * N, "eigenvector", &vector);
  if (status == NTK_OK) {
    ntk_operator A = {.n = N, .apply = apply_difference, .user = &d};
    d.g0 = d.g + P;
    d.u = d.g0 + P;
    status = difference_noise(&d, lambda_max, seed, vector, vector + N, &A.noise);
    if (status == NTK_OK)
      status = ntk_eigen_largest(context, &A, CHANGE_TOLERANCE, seed, &pair, vector);
  }
  ntk_free(context, vector);
  ntk_free(context, d.g);
  if (status == NTK_OK)
    *norm = sqrt(fmax(pair.value, 0.0));
  return status;
}
