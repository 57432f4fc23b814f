#include "fit/distance.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"

#include <float.h>
#include <math.h>

static const double CHANGE_TOLERANCE = 1e-3; /* of the squared distance: its error is the square */

typedef struct difference {
  const ntk_features *features, *start;
  double *g, *g0; /* P each */
  double *u;      /* rows */
} difference;

/* U = D (C (D^T V)), C the scales of the blocks. */
static ntk_status apply_difference(void *user, const double *V, size_t m, double *U) {
  const difference *d = user;
  const size_t N = d->features->rows, P = d->features->network->parameters;
  for (size_t c = 0; c < m; c++) {
    NTK_TRY(ntk_jacobian_adjoint(d->features, V + c * N, d->g));
    NTK_TRY(ntk_jacobian_adjoint(d->start, V + c * N, d->g0));
    for (size_t p = 0; p < P; p++)
      d->g[p] -= d->g0[p];
    ntk_scale_parameters(d->features->network, d->g);
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
  const size_t N = d->features->rows;
  ntk_random_normal((ntk_random){seed, NTK_STREAM_PROBES, NTK_PROBE_NOISE}, 0, N, v);
  ntk_dscal(N, 1.0 / ntk_dnrm2(N, v), v);
  NTK_TRY(apply_difference(d, v, 1, Dv));
  *noise = 1e4 * (DBL_EPSILON / 2) * sqrt(lambda_max) * sqrt(ntk_dnrm2(N, Dv));
  return NTK_OK;
}

ntk_status ntk_jacobian_distance(const ntk_features *features, const ntk_features *start,
                                 double lambda_max, uint64_t seed, double *norm) {
  ntk_context *context = features->context;
  const size_t N = features->rows, P = features->network->parameters;
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
