/* Initialisations: (W_l)_ij ~ N(0, v_l) independent; a row of the table says v_l. Of antisymmetric
 * (18) that is the first half of the last hidden layer's units; the second half repeats their
 * W_{L-1} and takes the opposite W_L, so that the output is 0 for every x. */
#include "net/network.h"

#include "base/names.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

typedef struct init_law {
  double gain;           /* v_l = gain beta_l^2 / n_{l-1} for l < L */
  double last_gain;      /* v_L = last_gain beta_L^2 [/ n_{L-1}] */
  bool last_over_fan_in; /* with the division */
  bool antisymmetric;    /* v_L = gamma beta_L^2, and units in pairs */
} init_law;

enum { LAWS = 5 };

static const ntk_init_info infos[LAWS] = {
    {"paper", "beta_l^2 / n_{l-1}; last layer beta_L^2 (Section 2)"},
    {"standard", "beta_l^2 / n_{l-1} in every layer"},
    {"he", "2 beta_l^2 / n_{l-1} in every layer (He et al., 2015)"},
    {"lecun", "beta_l^2 / n_{l-1} in every layer (LeCun et al., 1998): the law of 'standard'"},
    {"antisymmetric",
     "beta_l^2 / n_{l-1}; last layer gamma beta_L^2; W_{L-1} = [W, W], W_L = [a, -a], so that the "
     "output is 0, eq. (18)"},
};

/* Row by row as in infos. */
static const init_law laws[LAWS] = {
    {1.0, 1.0, false, false}, {1.0, 1.0, true, false}, {2.0, 2.0, true, false},
    {1.0, 1.0, true, false},  {1.0, 1.0, false, true},
};

const ntk_init_info *ntk_init_list(size_t *count) {
  *count = LAWS;
  return infos;
}

static ntk_status find_law(const char *name, const init_law **law) {
  size_t i = 0;
  NTK_TRY(NTK_NAME_FIND("initialisation", name, infos, LAWS, &i));
  *law = &laws[i];
  return NTK_OK;
}

static ntk_status check_beta(const double *beta, size_t L) {
  for (size_t l = 1; l <= L && beta != NULL; l++)
    if (!isfinite(beta[l - 1]) || beta[l - 1] <= 0.0)
      return ntk_fail(NTK_ERR_ARGUMENT, "beta_%zu is %g; accepted: finite and above 0", l,
                      beta[l - 1]);
  return NTK_OK;
}

static ntk_status check_gamma(const init_law *law, double gamma) {
  if (!isfinite(gamma) || gamma < 0.0)
    return ntk_fail(NTK_ERR_ARGUMENT, "gamma is %g; accepted: finite and above 0, or 0 for 1",
                    gamma);
  if (gamma != 0.0 && !law->antisymmetric)
    return ntk_fail(NTK_ERR_ARGUMENT, "gamma is %g; it belongs to the initialisation antisymmetric",
                    gamma);
  return NTK_OK;
}

static ntk_status check_pairs(const init_law *law, const ntk_network *network) {
  const size_t n = network->width[network->depth - 1];
  if (law->antisymmetric && n % 2 != 0)
    return ntk_fail(NTK_ERR_SHAPE,
                    "the last hidden width is %zu; antisymmetric pairs its units: accepted: an "
                    "even one",
                    n);
  return NTK_OK;
}

/* W_l = N(0, sd^2), all but its repeated half: rows x columns of them. */
static ntk_status draw(ntk_network *network, size_t l, size_t rows, size_t columns, double sd,
                       uint64_t seed) {
  enum { ROWS_A_POLL = 32 };
  const ntk_random source = {seed, NTK_STREAM_WEIGHTS, l};
  const size_t n_l = network->width[l];
  ntk_watch watch = {.context = network->context, .phase = "drawing weights"};
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(network->context, 20.0 * (double)rows * (double)columns))
  for (size_t i = 0; i < rows; i++) {
    double *row = network->W[l] + i * n_l;
    if (i % ROWS_A_POLL != 0 ? atomic_load(&watch.stopped)
                             : !ntk_watch_on(&watch, (double)i / (double)rows))
      continue;
    ntk_random_normal(source, i, columns, row);
    for (size_t j = 0; j < columns; j++)
      row[j] *= sd;
  }
  return watch.status;
}

static ntk_status check_deviation(double deviation) {
  if (!isfinite(deviation) || deviation < 0.0)
    return ntk_fail(NTK_ERR_ARGUMENT, "the biases' deviation is %g; accepted: finite, 0 and up",
                    deviation);
  return NTK_OK;
}

/* b_l = N(0, deviation^2). */
static void draw_biases(ntk_network *network, double deviation, uint64_t seed) {
  for (size_t l = 1; l <= network->depth; l++) {
    if (network->b[l] == NULL)
      continue;
    ntk_random_normal((ntk_random){seed, NTK_STREAM_BIASES, l}, 0, network->width[l],
                      network->b[l]);
    for (size_t j = 0; j < network->width[l]; j++)
      network->b[l][j] = deviation == 0.0 ? 0.0 : deviation * network->b[l][j];
  }
}

/* (18): W_{L-1}^(2) = W_{L-1}^(1), W_L^(2) = -W_L^(1); the biases follow. */
static void repeat_half(ntk_network *network) {
  const size_t L = network->depth, m = network->width[L - 1] / 2, outputs = network->width[L];
  for (size_t i = 0; i < network->width[L - 2]; i++) {
    double *row = network->W[L - 1] + 2 * i * m;
    memcpy(row + m, row, m * sizeof *row);
  }
  for (size_t j = 0; j < m * outputs; j++)
    network->W[L][m * outputs + j] = -network->W[L][j];
  if (network->b[L - 1] != NULL)
    memcpy(network->b[L - 1] + m, network->b[L - 1], m * sizeof(double));
  for (size_t j = 0; j < outputs && network->b[L] != NULL; j++)
    network->b[L][j] = 0.0;
}

/* Of W_l's entries, over beta_l^2. */
static double variance_of(const init_law *law, const ntk_network_spec *spec, size_t l) {
  const size_t L = spec->depth;
  double variance = l < L ? law->gain : law->last_gain;
  if (l < L || law->last_over_fan_in)
    variance /= (double)spec->width[l - 1];
  if (l == L && spec->gamma != 0.0)
    variance *= spec->gamma;
  return variance;
}

ntk_status ntk_init_variances(const ntk_network_spec *spec, double *variance, bool *paired) {
  const init_law *law = NULL;
  const size_t L = spec->depth;
  NTK_TRY(find_law(spec->init != NULL ? spec->init : "paper", &law));
  NTK_TRY(check_beta(spec->beta, L));
  NTK_TRY(check_gamma(law, spec->gamma));
  NTK_TRY(check_deviation(spec->bias_deviation));
  for (size_t l = 1; l <= L; l++) {
    const double beta = spec->beta != NULL ? spec->beta[l - 1] : 1.0;
    variance[l - 1] = beta * beta * variance_of(law, spec, l);
  }
  *paired = law->antisymmetric;
  return NTK_OK;
}

ntk_status ntk_init_weights(ntk_network *network, const ntk_network_spec *spec) {
  const init_law *law = NULL;
  const size_t L = network->depth;
  NTK_TRY(find_law(spec->init != NULL ? spec->init : "paper", &law));
  NTK_TRY(check_beta(spec->beta, L));
  NTK_TRY(check_gamma(law, spec->gamma));
  NTK_TRY(check_pairs(law, network));
  NTK_TRY(check_deviation(spec->bias_deviation));
  for (size_t l = 1; l <= L; l++) {
    const size_t fan_in = network->width[l - 1];
    const double sd =
        (spec->beta != NULL ? spec->beta[l - 1] : 1.0) * sqrt(variance_of(law, spec, l));
    const size_t rows = law->antisymmetric && l == L ? fan_in / 2 : fan_in;
    const size_t columns =
        law->antisymmetric && l == L - 1 ? network->width[l] / 2 : network->width[l];
    NTK_TRY(draw(network, l, rows, columns, sd, spec->seed));
  }
  draw_biases(network, spec->bias_deviation, spec->seed);
  if (law->antisymmetric)
    repeat_half(network);
  return NTK_OK;
}
