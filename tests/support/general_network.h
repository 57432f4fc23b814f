/* Small networks with biases, several outputs and any activation, and what they compute by plain
 * loops in complex long double: outputs, and the Jacobian by complex steps. Include after
 * <cmocka.h>. */
#ifndef NTK_TESTS_GENERAL_NETWORK_H
#define NTK_TESTS_GENERAL_NETWORK_H

#include "complex_step.h"
#include "support.h"

enum { MOST_LAYERS = 5, MOST_UNITS = 9 };

typedef struct general {
  size_t L, width[MOST_LAYERS + 1]; /* n_0..n_L */
  bool bias[MOST_LAYERS];
  size_t activation[MOST_LAYERS];    /* rows of `activations`, of layer l at l - 1; L - 1 of them */
  size_t P, offset[MOST_LAYERS + 1]; /* where [W_l; b_l] begins, l = 1..L */
  char names[128];                   /* the activations, as a spec has them */
} general;

/* Word i of those a seed gives. */
static inline uint64_t drawn(uint64_t seed, size_t i) {
  uint64_t words[4];
  ntk_random_words((ntk_random){seed, NTK_STREAM_POPULATION, 7}, 0, i, words);
  return words[0] >> 16;
}

static inline void general_finish(general *g) {
  g->P = 0;
  g->names[0] = '\0';
  for (size_t l = 1; l <= g->L; l++) {
    g->offset[l] = g->P;
    g->P += (g->width[l - 1] + (g->bias[l - 1] ? 1 : 0)) * g->width[l];
  }
  for (size_t l = 1; l < g->L; l++) {
    strcat(g->names, l > 1 ? "," : "");
    strcat(g->names, activations[g->activation[l - 1]].name);
  }
}

/* An architecture drawn from a seed: L = 2..MOST_LAYERS, n_l = 1..MOST_UNITS, n_L = 1..4, an
 * activation of the first `kinds` of the table for each layer. */
static inline general general_draw(uint64_t seed, size_t kinds) {
  general g = {.L = 2 + drawn(seed, 0) % (MOST_LAYERS - 1)};
  for (size_t l = 0; l < g.L; l++) {
    g.width[l] = 1 + drawn(seed, 1 + l) % MOST_UNITS;
    g.bias[l] = drawn(seed, 11 + l) % 3 > 0;
    g.activation[l] = drawn(seed, 21 + l) % kinds;
  }
  g.width[g.L] = 1 + drawn(seed, 31) % 4;
  general_finish(&g);
  return g;
}

static inline ntk_network_spec general_spec(const general *g, uint64_t seed) {
  return (ntk_network_spec){.depth = g->L,
                            .width = g->width,
                            .activation = g->names,
                            .init = "standard",
                            .seed = seed,
                            .outputs = g->width[g->L],
                            .bias = g->bias,
                            .bias_deviation = 0.7};
}

static inline ntk_network *general_network(ntk_context *context, const general *g, uint64_t seed) {
  const ntk_network_spec spec = general_spec(g, seed);
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(context, &spec, &network));
  return network;
}

/* theta by the accessors, in their order. */
static inline double *general_theta(const general *g, const ntk_network *network) {
  double *theta = make_array(g->P);
  for (size_t l = 1; l <= g->L; l++) {
    const size_t entries = g->width[l - 1] * g->width[l];
    memcpy(theta + g->offset[l], ntk_network_weights(network, l), entries * sizeof *theta);
    assert_true(ntk_network_has_bias(network, l) == g->bias[l - 1]);
    if (g->bias[l - 1])
      memcpy(theta + g->offset[l] + entries, ntk_network_bias(network, l),
             g->width[l] * sizeof *theta);
  }
  return theta;
}

/* F_L(x) (n_L) at theta + step e_p. */
static inline void general_output(const general *g, const double *theta, size_t p, number step,
                                  const double *x, number *F) {
  number f[MOST_UNITS], next[MOST_UNITS];
  for (size_t j = 0; j < g->width[0]; j++)
    f[j] = x[j];
  for (size_t l = 1; l <= g->L; l++) {
    const size_t rows = g->width[l - 1], n = g->width[l];
    for (size_t j = 0; j < n; j++) {
      number sum = 0.0L;
      for (size_t i = 0; i < rows + (g->bias[l - 1] ? 1 : 0); i++) {
        const size_t at = g->offset[l] + i * n + j;
        sum += (i < rows ? f[i] : 1.0L) * (theta[at] + (at == p ? step : 0.0L));
      }
      next[j] = l < g->L ? activations[g->activation[l - 1]].phi(sum) : sum;
    }
    memcpy(l < g->L ? f : F, next, n * sizeof *next);
  }
}

/* J of all outputs, N n_L x P: row i n_L + c is output c of sample i. */
static inline double *general_jacobian(const general *g, const double *theta, const double *X,
                                       size_t N) {
  const size_t C = g->width[g->L];
  double *J = make_array(N * C * g->P);
  for (size_t i = 0; i < N; i++)
    for (size_t p = 0; p < g->P; p++) {
      number F[MOST_UNITS];
      general_output(g, theta, p, 1e-40L * I, X + i * g->width[0], F);
      for (size_t c = 0; c < C; c++)
        J[(i * C + c) * g->P + p] = (double)(cimagl(F[c]) / 1e-40L);
    }
  return J;
}

#endif
