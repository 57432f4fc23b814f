/* What ntkit selftest runs: each floor against something known, in under a second. The test suite
 * does the same at length; this is for a user's own machine, BLAS and processor. */
#include "base/blas.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/random.h"
#include "kernel/kernel.h"
#include "net/activation.h"

#include <math.h>
#include <string.h>

typedef struct tally {
  ntk_selftest_fn report;
  void *user;
  int failed;
} tally;

static void judge(tally *t, const char *check, double error, double bound) {
  const bool passed = error <= bound; /* false for NaN */
  t->failed += passed ? 0 : 1;
  if (t->report != NULL)
    t->report(check, passed, error, bound, t->user);
}

/* Random123's first known answer for Philox-4x64-10: counter and key 0. */
static ntk_status random_numbers(ntk_context *context, tally *t) {
  (void)context;
  static const uint64_t known[4] = {0x16554d9eca36314cu, 0xdb20fe9d672d0fdcu, 0xd7e772cee186176bu,
                                    0x7e68b68aec7ba23bu};
  uint64_t words[4];
  ntk_random_words((ntk_random){0, (ntk_stream)0, 0}, 0, 0, words);
  judge(t, "random numbers: Philox known answer", memcmp(words, known, sizeof known) == 0 ? 0 : 1,
        0);
  return NTK_OK;
}

static ntk_status blas(ntk_context *context, tally *t) {
  (void)context;
  judge(t, "BLAS and LAPACK against plain loops", ntk_blas_check() == NTK_OK ? 0 : 1, 0);
  return NTK_OK;
}

/* phi' against a central difference of phi: error O(h^2), rounding u / h. */
static ntk_status activations(ntk_context *context, tally *t) {
  (void)context;
  enum { POINTS = 41 };
  const double h = 1e-5;
  double worst = 0.0;
  size_t count;
  const ntk_activation_info *list = ntk_activation_list(&count);
  for (size_t a = 0; a < count; a++) {
    ntk_activation activation;
    NTK_TRY(ntk_activation_find(list[a].name, &activation));
    double g[3][POINTS], f[3][POINTS], df[3][POINTS];
    for (int i = 0; i < POINTS; i++)
      for (int s = 0; s < 3; s++)
        g[s][i] = (i - 20.3) / 4.0 + (s - 1) * h; /* not at 0, where relu has no derivative */
    for (int s = 0; s < 3; s++)
      ntk_activation_eval(&activation, POINTS, g[s], f[s], df[s]);
    for (int i = 0; i < POINTS; i++)
      worst = fmax(worst, fabs((f[2][i] - f[0][i]) / (2 * h) - df[1][i]));
  }
  judge(t, "activations: phi' against differences of phi", worst, 1e-8);
  return NTK_OK;
}

/* ---- A small network and its kernel ---- */

enum { N = 6, DEPTH = 3, PARAMETERS = 4 * 5 + 5 * 3 + 3 };
static const size_t widths[DEPTH] = {4, 5, 3};

static const ntk_network_spec small_spec = {
    .depth = DEPTH, .width = widths, .activation = "tanh", .init = "paper", .seed = 7};

/* F_L (N) of the network with the given parameters. */
static ntk_status output(ntk_context *context, const ntk_dataset *data, const double *theta,
                         double *F_L) {
  const double *W[DEPTH] = {theta, theta + 20, theta + 35};
  ntk_network *network = NULL;
  NTK_TRY(ntk_network_from_weights(context, &small_spec, W, NULL, &network));
  ntk_features *features = NULL;
  ntk_status status = ntk_features_create(network, data, &features);
  if (status == NTK_OK)
    status = ntk_features_output(features, F_L);
  ntk_features_destroy(features);
  ntk_network_destroy(network);
  return status;
}

/* J (N x P) by central differences. */
static ntk_status jacobian(ntk_context *context, const ntk_dataset *data, const double *theta,
                           double *J) {
  const double h = 1e-5;
  for (size_t p = 0; p < PARAMETERS; p++) {
    double moved[PARAMETERS], plus[N], minus[N];
    memcpy(moved, theta, sizeof moved);
    moved[p] = theta[p] + h;
    NTK_TRY(output(context, data, moved, plus));
    moved[p] = theta[p] - h;
    NTK_TRY(output(context, data, moved, minus));
    for (size_t i = 0; i < N; i++)
      J[i * PARAMETERS + p] = (plus[i] - minus[i]) / (2 * h);
  }
  return NTK_OK;
}

/* K and J (J^T v) against the differences' J. */
static ntk_status kernel_checks(ntk_context *context, const ntk_dataset *data,
                                const ntk_network *network, const ntk_features *features,
                                tally *t) {
  double J[N * PARAMETERS], K[N * N], v[N], u[N];
  NTK_TRY(jacobian(context, data, ntk_network_weights(network, 1), J));
  ntk_kernel *kernel = NULL;
  NTK_TRY(ntk_kernel_create(features, NULL, &kernel));
  const ntk_status status = ntk_kernel_values(kernel, K);
  ntk_kernel_destroy(kernel);
  if (status != NTK_OK)
    return status;
  double worst = 0.0, largest = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j < N; j++) {
      double sum = 0.0;
      for (size_t p = 0; p < PARAMETERS; p++)
        sum += J[i * PARAMETERS + p] * J[j * PARAMETERS + p];
      worst = fmax(worst, fabs(sum - K[i * N + j]));
      largest = fmax(largest, fabs(sum));
    }
  judge(t, "kernel (8) against a Jacobian by differences", worst / largest, 1e-8);

  for (size_t i = 0; i < N; i++)
    v[i] = 1.0 / (double)(i + 1);
  NTK_TRY(ntk_kernel_apply(features, NULL, v, 1, u));
  worst = 0.0;
  for (size_t i = 0; i < N; i++) {
    double sum = 0.0;
    for (size_t j = 0; j < N; j++)
      sum += K[i * N + j] * v[j];
    worst = fmax(worst, fabs(sum - u[i]));
  }
  judge(t, "operator J (J^T v) against K v", worst / largest, 1e-14);
  return NTK_OK;
}

static ntk_status kernel(ntk_context *context, tally *t) {
  ntk_dataset *data = NULL;
  ntk_network *network = NULL;
  ntk_features *features = NULL;
  ntk_status status = ntk_dataset_generate(context, "gaussian", N, widths[0], 3, &data);
  if (status == NTK_OK)
    status = ntk_network_create(context, &small_spec, &network);
  if (status == NTK_OK)
    status = ntk_features_create(network, data, &features);
  if (status == NTK_OK)
    status = kernel_checks(context, data, network, features, t);
  ntk_features_destroy(features);
  ntk_network_destroy(network);
  ntk_dataset_destroy(data);
  return status;
}

/* ---- The second-difference matrix: eigenvalues 4 sin^2(j pi / (2 (n + 1))) ---- */

enum { ORDER = 300 };

static ntk_status known_spectrum(ntk_context *context, ntk_kernel *A, tally *t) {
  const double pi = 3.14159265358979323846;
  const double s = sin(pi / (2.0 * (ORDER + 1))), c = cos(pi / (2.0 * (ORDER + 1)));
  const double smallest = 4 * s * s, largest = 4 * c * c;
  double vector[ORDER];
  ntk_eigenpair pair;
  ntk_operator seen = ntk_kernel_operator(A);
  NTK_TRY(ntk_eigen_largest(context, &seen, 1e-8, 1, &pair, vector));
  judge(t, "largest eigenvalue of the second difference", fabs(pair.value / largest - 1), 1e-12);

  ntk_kernel *copy = NULL;
  NTK_TRY(ntk_kernel_copy(A, &copy));
  bool proved = false;
  double lower = NAN, upper = NAN;
  ntk_status status = ntk_kernel_factor(copy, 0.0);
  if (status == NTK_OK) {
    seen = ntk_kernel_operator(copy);
    status = ntk_eigen_smallest(context, &seen, 1e-8, 1, &pair, vector);
  }
  ntk_kernel_destroy(copy);
  NTK_TRY(status);
  judge(t, "smallest eigenvalue of the second difference", fabs(pair.value / smallest - 1), 1e-10);
  NTK_TRY(ntk_kernel_certify_upper(A, vector, &upper));
  NTK_TRY(ntk_kernel_certify_lower(A, smallest * (1 - 1e-6), &proved, &lower));
  const bool encloses = proved && lower <= smallest && smallest <= upper;
  judge(t, "certificate encloses it", encloses ? (upper - lower) / smallest : 1.0, 1e-5);
  return NTK_OK;
}

static ntk_status spectrum(ntk_context *context, tally *t) {
  double *dense;
  NTK_TRY(ntk_alloc_doubles(context, (size_t)ORDER * ORDER, "self-test", &dense));
  for (size_t i = 0; i < ORDER; i++)
    for (size_t j = 0; j < ORDER; j++)
      dense[i * ORDER + j] = i == j ? 2.0 : (i + 1 == j || j + 1 == i ? -1.0 : 0.0);
  ntk_kernel *A = NULL;
  ntk_status status = ntk_kernel_from_array(context, dense, ORDER, &A);
  ntk_free(context, dense);
  if (status == NTK_OK)
    status = known_spectrum(context, A, t);
  ntk_kernel_destroy(A);
  return status;
}

ntk_status ntk_selftest(ntk_context *context, ntk_selftest_fn report, void *user, int *failed) {
  static ntk_status (*const checks[])(ntk_context *, tally *) = {random_numbers, blas, activations,
                                                                 kernel, spectrum};
  tally t = {report, user, 0};
  for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
    NTK_TRY(checks[i](context, &t));
  *failed = t.failed;
  return NTK_OK;
}
