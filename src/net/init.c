/* Initialisations: (W_l)_ij ~ N(0, v_l) independent; a row of the table says v_l. */
#include "net/network.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

typedef struct init_law {
  double gain;           /* v_l = gain beta_l^2 / n_{l-1} for l < L */
  double last_gain;      /* v_L = last_gain beta_L^2 [/ n_{L-1}] */
  bool last_over_fan_in; /* with the division */
} init_law;

enum { LAWS = 4 };

static const ntk_init_info infos[LAWS] = {
    {"paper", "beta_l^2 / n_{l-1}; last layer beta_L^2 (Section 2)"},
    {"standard", "beta_l^2 / n_{l-1} in every layer"},
    {"he", "2 beta_l^2 / n_{l-1} in every layer (He et al., 2015)"},
    {"lecun", "beta_l^2 / n_{l-1} in every layer (LeCun et al., 1998): the law of 'standard'"},
};

/* Row by row as in infos. */
static const init_law laws[LAWS] = {
    {1.0, 1.0, false}, {1.0, 1.0, true}, {2.0, 2.0, true}, {1.0, 1.0, true}};

const ntk_init_info *ntk_init_list(size_t *count) {
  *count = LAWS;
  return infos;
}

static ntk_status find_law(const char *name, const init_law **law) {
  for (size_t i = 0; i < LAWS; i++)
    if (strcmp(name, infos[i].name) == 0) {
      *law = &laws[i];
      return NTK_OK;
    }
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "unknown initialisation '%s'; known: paper, standard, he, lecun", name);
}

ntk_status ntk_init_weights(ntk_network *network, const char *init, const double *beta,
                            uint64_t seed) {
  const init_law *law = NULL;
  NTK_TRY(find_law(init, &law));
  const size_t L = network->depth;
  for (size_t l = 1; l <= L && beta != NULL; l++)
    if (!isfinite(beta[l - 1]) || beta[l - 1] <= 0.0)
      return ntk_fail(NTK_ERR_ARGUMENT, "beta_%zu is %g; accepted: finite and above 0", l,
                      beta[l - 1]);
  for (size_t l = 1; l <= L; l++) {
    const size_t rows = network->width[l - 1], columns = network->width[l];
    double variance = l < L ? law->gain : law->last_gain;
    if (l < L || law->last_over_fan_in)
      variance /= (double)rows;
    const double sd = (beta != NULL ? beta[l - 1] : 1.0) * sqrt(variance);
    const ntk_random source = {seed, NTK_STREAM_WEIGHTS, l};
#pragma omp parallel for schedule(static) num_threads(network->context->threads)
    for (size_t i = 0; i < rows; i++) {
      double *row = network->W[l] + i * columns;
      ntk_random_normal(source, i, columns, row);
      for (size_t j = 0; j < columns; j++)
        row[j] *= sd;
    }
  }
  return NTK_OK;
}
