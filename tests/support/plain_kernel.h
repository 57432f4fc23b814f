/* The kernel (8) by plain loops, and networks to try it on. */
#ifndef TESTS_PLAIN_KERNEL_H
#define TESTS_PLAIN_KERNEL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

enum { DEPTH = 5 };

static ntk_context *one, *two, *three; /* with as many threads */

static inline int setup(void **state) {
  (void)state;
  one = make_context(1);
  two = make_context(2);
  three = make_context(3);
  return 0;
}

static inline int teardown(void **state) {
  (void)state;
  assert_int_equal(ntk_memory_in_use(one) + ntk_memory_in_use(two) + ntk_memory_in_use(three), 0);
  ntk_context_destroy(one);
  ntk_context_destroy(two);
  ntk_context_destroy(three);
  return 0;
}

/* ---- Plain loops ----------------------------------------------------------------------------- */

typedef struct plain {
  size_t N, L, width[DEPTH + 1];
  double *F[DEPTH + 1], *B[DEPTH + 1]; /* F_0..F_L, B_1..B_L, each N x n_l */
} plain;

/* The name of layer l, 1, 2, ..., in a text such as "tanh,relu", or of every layer in "tanh". */
static inline const char *name_of_layer(const char *text, size_t l) {
  static char name[32];
  const char *at = text;
  for (size_t i = 1; i < l && strchr(at, ',') != NULL; i++)
    at = strchr(at, ',') + 1;
  snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ","), at);
  return name;
}

static inline double phi(const char *name, double g) {
  if (strcmp(name, "tanh") == 0)
    return tanh(g);
  if (strcmp(name, "sigmoid") == 0)
    return 1.0 / (1.0 + exp(-g));
  return strcmp(name, "relu") == 0 ? fmax(g, 0.0) : g; /* else identity */
}

static inline double dphi(const char *name, double g) {
  if (strcmp(name, "tanh") == 0)
    return 1.0 / (cosh(g) * cosh(g));
  if (strcmp(name, "sigmoid") == 0)
    return 1.0 / (exp(g) + 2.0 + exp(-g));
  return strcmp(name, "relu") == 0 ? (double)(g > 0.0) : 1.0;
}

/* F_l by (1), then B_l by (9): B_L = 1, (B_k)_i = Sigma_k(x_i) W_{k+1} (B_{k+1})_i. */
static inline plain plain_features(const ntk_network *network, const char *activation, size_t N,
                                   const double *X) {
  plain p = {.N = N, .L = ntk_network_depth(network)};
  for (size_t l = 0; l <= p.L; l++) {
    p.width[l] = ntk_network_width(network, l);
    p.F[l] = make_array(N * p.width[l]);
    p.B[l] = make_array(N * p.width[l]); /* phi'(G_l) first */
  }
  memcpy(p.F[0], X, N * p.width[0] * sizeof *X);
  for (size_t i = 0; i < N; i++) {
    for (size_t l = 1; l <= p.L; l++)
      for (size_t j = 0; j < p.width[l]; j++) {
        double g = 0.0;
        for (size_t a = 0; a < p.width[l - 1]; a++)
          g += p.F[l - 1][i * p.width[l - 1] + a] *
               ntk_network_weights(network, l)[a * p.width[l] + j];
        const char *name = name_of_layer(activation, l);
        p.F[l][i * p.width[l] + j] = l < p.L ? phi(name, g) : g;
        p.B[l][i * p.width[l] + j] = l < p.L ? dphi(name, g) : 1.0;
      }
    for (size_t k = p.L - 1; k >= 1; k--)
      for (size_t a = 0; a < p.width[k]; a++) {
        double sum = 0.0;
        for (size_t j = 0; j < p.width[k + 1]; j++)
          sum += ntk_network_weights(network, k + 1)[a * p.width[k + 1] + j] *
                 p.B[k + 1][i * p.width[k + 1] + j];
        p.B[k][i * p.width[k] + a] *= sum;
      }
  }
  return p;
}

static inline void plain_free(plain *p) {
  for (size_t l = 0; l <= p->L; l++) {
    free(p->F[l]);
    free(p->B[l]);
  }
}

/* Two computations of an entry differ by at most this times sqrt(K_ii K'_jj). Each of the 2 L
 * products of vectors with n terms errs by n u, each activation by at most 8 u, in both factors of
 * both computations: 4 * 2 L (n + 8) u; and an error made in one layer grows, relative to the
 * vector it is in, by M |F_{l-1}| / |F_l| a layer, which for these widths and laws is below 4 in
 * all. */
static inline double tolerance(size_t L, const size_t *width) {
  size_t n = 0;
  for (size_t l = 0; l < L; l++)
    n = width[l] > n ? width[l] : n;
  return 4.0 * 4.0 * 2.0 * (double)L * ((double)n + 8.0) * U;
}

/* ---- A network on N gaussian samples --------------------------------------------------------- */

static const struct {
  const char *activation;
  size_t L, width[DEPTH];
} nets[] = {{"tanh", 3, {6, 4, 5}},
            {"sigmoid", 2, {9, 7}},
            {"relu", 4, {5, 5, 5, 5}},
            {"tanh", 3, {40, 33, 17}},
            {"relu,tanh,identity,sigmoid", 5, {6, 5, 7, 4, 5}}};

typedef struct setting {
  ntk_network *network;
  ntk_dataset *data;
  ntk_features *features;
  const double *X;
} setting;

static inline setting make_setting(ntk_context *context, size_t net, size_t N, uint64_t seed) {
  setting s;
  s.network =
      make_network(context, nets[net].L, nets[net].width, nets[net].activation, "paper", seed);
  assert_ok(ntk_dataset_generate(context, "gaussian", N, nets[net].width[0], seed + 50, &s.data));
  s.features = make_features(s.network, s.data);
  s.X = ntk_dataset_values(s.data);
  return s;
}

static inline void drop_setting(setting *s) {
  ntk_features_destroy(s->features);
  ntk_dataset_destroy(s->data);
  ntk_network_destroy(s->network);
}

/* The network with W_l += c G_l for W, G laid end to end, or with W_L scaled. */
static inline ntk_network *moved_network(const ntk_network *from, const char *activation,
                                         double last, double c, double *const *G) {
  const size_t L = ntk_network_depth(from);
  size_t width[DEPTH];
  double *W[DEPTH];
  for (size_t l = 1; l <= L; l++) {
    width[l - 1] = ntk_network_width(from, l - 1);
    const size_t entries = width[l - 1] * ntk_network_width(from, l);
    W[l - 1] = make_array(entries);
    for (size_t e = 0; e < entries; e++)
      W[l - 1][e] = (l == L ? last : 1.0) * ntk_network_weights(from, l)[e] +
                    (G != NULL ? c * G[l - 1][e] : 0.0);
  }
  const ntk_network_spec spec = {.depth = L, .width = width, .activation = activation};
  ntk_network *network = NULL;
  assert_ok(ntk_network_from_weights(one, &spec, (const double *const *)W, NULL, &network));
  for (size_t l = 0; l < L; l++)
    free(W[l]);
  return network;
}

#endif
