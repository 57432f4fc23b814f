/* Kernels of the proof: built from features and centred features, the last by (11)'s closed form
 * (proof.c); whole spectra by LAPACK while they are wanted or small, else their ends by Lanczos.
 * Cost of each: N^2 (n + m) for its Gram matrices (K: those of all layers), then 4/3 N^3 or N^3 / 3
 * for the Cholesky factor. */
#include "theory/ledger/kernels.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/ends/near_rows.h"
#include "spectrum/certificate.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const char *const names[] = {"K", "K_{L-2}", "J~_FB J~_FB^T", "J~ J~^T"};

/* A_ij += nu - s_i - s_j. */
static ntk_status centre_whole(ntk_verification *v, double nu, ntk_kernel *A) {
  double *x;
  NTK_TRY(ntk_alloc_doubles(v->context, v->N, "ledger", &x));
  for (size_t i = 0; i < v->N; i++)
    x[i] = 0.5 * nu - v->s[i];
  const ntk_status status = ntk_kernel_add_sums(A, x);
  ntk_free(v->context, x);
  return status;
}

/* Kernel k, to be destroyed; *trace: of CENTRED that of J~_FB J~_FB^T, which it is made from. */
static ntk_status build(ntk_verification *v, ntk_proof_kernel k, double nu, ntk_kernel **kernel,
                        double *trace) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(v->context, v->L, sizeof(bool), "blocks", &pointer));
  bool *block = memset(pointer, 0, v->L * sizeof(bool));
  block[v->L - 2] = true;
  ntk_kernel *made = NULL;
  ntk_status status = ntk_kernel_create(k >= NTK_PROOF_FB ? v->centred : v->features,
                                        k == NTK_PROOF_K ? NULL : block, &made);
  ntk_free(v->context, block);
  double least;
  if (status == NTK_OK)
    ntk_kernel_diagonal(made, trace, &least);
  if (status == NTK_OK && k == NTK_PROOF_CENTRED)
    status = centre_whole(v, nu, made);
  if (status == NTK_OK)
    *kernel = made;
  else
    ntk_kernel_destroy(made);
  return status;
}

/* ---- Spectra --------------------------------------------------------------------------------- */

/* What is known of kernel k, as ntk_extremes has it for K. */
static ntk_status look_before(ntk_verification *v, ntk_proof_kernel k, ntk_extremes *e) {
  const ntk_held held = ntk_dataset_held(v->data);
  ntk_deficiency deficiency;
  if (k >= NTK_PROOF_FB)
    NTK_TRY(ntk_deficiency_find_centred(&v->centring, &held, &deficiency));
  else
    NTK_TRY(ntk_deficiency_find(v->network, NTK_OUTPUTS_TRACE, &held,
                                k == NTK_PROOF_K ? v->L : v->L - 2, &deficiency));
  if (deficiency.cause != NULL)
    ntk_extremes_deficient(e, &deficiency);
  else if (k < NTK_PROOF_FB && v->deficiency.cause != NULL)
    ntk_extremes_deficient(e, &v->deficiency);
  return NTK_OK;
}

/* Centred features have the errors of those they are made from. CENTRED adds sums with s, whose
 * entries are dot products with M. trace: as build has it. */
static double resolution(const ntk_verification *v, ntk_proof_kernel k, double nu, double trace) {
  ntk_accuracy accuracy = v->accuracy[k == NTK_PROOF_K ? v->L : v->L - 2];
  const double gamma = ntk_gamma(v->n + v->m + v->L + 4), N = (double)v->N;
  double largest = 0.0;
  if (k >= NTK_PROOF_FB)
    accuracy.gram = gamma * trace;
  if (k == NTK_PROOF_CENTRED) {
    for (size_t i = 0; i < v->N; i++)
      largest = fmax(largest, fabs(0.5 * nu - v->s[i]));
    accuracy.gram +=
        2.0 * gamma * sqrt(N) * sqrt(nu) * sqrt(trace) + 2.0 * DBL_EPSILON * N * largest;
  }
  return ntk_resolution(v->N, trace, &accuracy);
}

/* Whole spectra: when asked for, and where the smallest eigenvalue is 0 by construction, so that
 * the next one is wanted. */
static bool takes_whole(const ntk_verification *v, bool wanted) {
  return v->N <= NTK_FULL_SMALL || (v->N <= NTK_FULL_UP_TO && wanted);
}

/* LAPACK's own error is that of a few reflections, and less than a factorisation's bound. */
static ntk_status whole(ntk_verification *v, const ntk_kernel *K, double *values, size_t first,
                        ntk_extremes *e) {
  NTK_TRY(ntk_kernel_full(K, values));
  e->lambda_max = values[v->N - 1];
  if (e->verdict != NTK_VERDICT_RANK_DEFICIENT) {
    ntk_extremes_judge(e, values[first]);
    e->lambda_min = values[first];
  }
  return NTK_OK;
}

/* Of a positive semi-definite K, which is factorised; vector: scratch, N. Where rounding leaves
 * nothing to find, both are NaN. */
static ntk_status ends_or_none(ntk_verification *v, ntk_kernel *K, double *vector,
                               ntk_extremes *e) {
  const ntk_status status = ntk_extremes_ends(K, NTK_TOLERANCE, v->options.seed, vector, e, NULL);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

/* Top eigenvector of J~ J~^T. An array of rounding errors alone has no top that
 * Lanczos would find, and any direction will do. */
static ntk_status keep_top(ntk_verification *v, ntk_kernel *K) {
  ntk_eigenpair pair;
  const ntk_operator A = ntk_kernel_operator(K);
  const ntk_status status = ntk_eigen_largest(v->context, &A, 1e-3, v->options.seed, &pair, v->top);
  if (status == NTK_ERR_NUMERIC)
    for (size_t i = 0; i < v->N; i++)
      v->top[i] = 1.0 / sqrt((double)v->N);
  return status == NTK_ERR_NUMERIC ? NTK_OK : status;
}

static ntk_status say_near(const ntk_verification *v, ntk_extremes *e) {
  const ntk_held held = ntk_dataset_held(v->data);
  return ntk_near_rows_say(v->network, &held, sizeof e->reason, e->reason);
}

ntk_status ntk_proof_spectrum(ntk_verification *v, ntk_proof_kernel k, double nu, ntk_extremes *e) {
  const bool singular = k == NTK_PROOF_CENTRED && v->source.distribution == NULL;
  const bool full = takes_whole(v, v->options.spectra || singular);
  ntk_kernel *K = NULL;
  double *values = NULL; /* eigenvalues, or scratch of Lanczos */
  double trace = 0.0;
  *e = (ntk_extremes){.lambda_min = NAN, .lambda_max = NAN, .deficiency = NTK_NO_DEFICIENCY};
  NTK_TRY(build(v, k, nu, &K, &trace));
  e->resolution = resolution(v, k, nu, trace);
  ntk_status status = look_before(v, k, e);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(v->context, v->N, "eigenvalues", &values);
  if (status == NTK_OK && k == NTK_PROOF_CENTRED)
    status = keep_top(v, K);
  if (status == NTK_OK && full)
    status = whole(v, K, values, singular && v->N > 1 ? 1 : 0, e);
  else if (status == NTK_OK)
    status = ends_or_none(v, K, values, e);
  ntk_kernel_destroy(K);
  if (status == NTK_OK && k < NTK_PROOF_FB && e->verdict == NTK_VERDICT_BELOW_RESOLUTION)
    status = say_near(v, e);
  if (status == NTK_OK && k == NTK_PROOF_K)
    ntk_extremes_offer(v->context, e->verdict, "'spectrum' with the option resolve",
                       sizeof e->reason, e->reason);
  v->ledger->spectrum[k].name = names[k];
  if (status == NTK_OK && full && v->options.spectra)
    v->ledger->spectrum[k].values = values;
  else
    ntk_free(v->context, values);
  return status;
}

/* ---- Differences ----------------------------------------------------------------------------- */

/* U = -A V, A the operator user. */
static ntk_status negated(void *user, const double *V, size_t m, double *U) {
  const ntk_operator *A = user;
  NTK_TRY(A->apply(A->user, V, m, U));
  for (size_t i = 0; i < m * A->n; i++)
    U[i] = -U[i];
  return NTK_OK;
}

/* Both ends by products alone: the lower one is of few eigenvalues, far from the others. */
static ntk_status ends_of_difference(ntk_verification *v, ntk_kernel *D, double noise,
                                     double *vector, ntk_extremes *e) {
  ntk_eigenpair pair;
  ntk_operator A = ntk_kernel_operator(D);
  A.noise = noise;
  ntk_status status = ntk_eigen_largest(v->context, &A, 1e-4, v->options.seed, &pair, vector);
  if (status == NTK_OK) {
    e->lambda_max = pair.value;
    const ntk_operator minus = {.n = v->N, .apply = negated, .user = &A, .noise = noise};
    status = ntk_eigen_largest(v->context, &minus, 1e-4, v->options.seed, &pair, vector);
    if (status == NTK_OK)
      e->lambda_min = -pair.value;
  }
  return status == NTK_ERR_NUMERIC ? NTK_OK : status; /* then it stays NaN */
}

ntk_status ntk_proof_step_a(ntk_verification *v, double noise, ntk_extremes *e) {
  ntk_kernel *D = NULL, *B = NULL;
  double *values = NULL, trace = 0.0;
  *e = (ntk_extremes){.lambda_min = NAN, .lambda_max = NAN, .resolution = noise};
  NTK_TRY(build(v, NTK_PROOF_BLOCK, 0.0, &D, &trace));
  ntk_status status = build(v, NTK_PROOF_FB, 0.0, &B, &trace);
  if (status == NTK_OK) {
    status = ntk_kernel_add(D, -1.0, B);
    ntk_kernel_destroy(B);
  }
  if (status == NTK_OK)
    status = ntk_alloc_doubles(v->context, v->N, "eigenvalues", &values);
  if (status == NTK_OK && takes_whole(v, v->options.spectra))
    status = whole(v, D, values, 0, e);
  else if (status == NTK_OK)
    status = ends_of_difference(v, D, noise, values, e);
  ntk_free(v->context, values);
  ntk_kernel_destroy(D);
  return status;
}

/* With U = [1 s] the difference is U C U^T, C = [[-nu, 1], [1, 0]], whose eigenvalues other than 0
 * are those of C U^T U; their product is (1^T s)^2 - N ||s||^2 <= 0. */
ntk_extremes ntk_proof_step_b(size_t N, const double *s, double nu) {
  double sum = 0.0;
  for (size_t i = 0; i < N; i++)
    sum += s[i];
  const double norm = ntk_dnrm2(N, s), n = (double)N;
  const double half_trace = sum - 0.5 * nu * n;
  const double product = fmin(0.0, sum * sum - n * norm * norm);
  const double root = sqrt(half_trace * half_trace - product);
  /* The one of larger modulus by a sum of equal signs, the other from the product. */
  const double large = half_trace >= 0.0 ? half_trace + root : half_trace - root;
  const double small = large != 0.0 ? product / large : 0.0;
  return (ntk_extremes){
      .lambda_min = fmin(large, small), .lambda_max = fmax(large, small), .resolution = NAN};
}
