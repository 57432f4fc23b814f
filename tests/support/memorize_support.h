/* What the tests of memorisation share: the network (1) in plain loops and extended precision, and
 * a problem with its answer. Include after <cmocka.h>. */
#ifndef NTK_TESTS_MEMORIZE_SUPPORT_H
#define NTK_TESTS_MEMORIZE_SUPPORT_H

#include "activation_reference.h"
#include "support.h"

#include "ntkit/fit.h"

static const char *const smooth[] = {"sigmoid", "tanh", "softplus", "erf", "gelu", "sin"};

/* F_l(x) of one sample, l = 1..L, into f (the widest layer's size); f holds F_{l-1}(x) before. */
static inline void layer_of(const double *W, const char *phi, size_t in, size_t out,
                            const long double *f, long double *next) {
  for (size_t j = 0; j < out; j++) {
    next[j] = 0.0L;
    for (size_t i = 0; i < in; i++)
      next[j] += f[i] * (long double)W[i * out + j];
    if (phi != NULL)
      next[j] = activation_by_name(phi, next[j]).phi;
  }
}

enum { WIDEST = 512 };

/* F_L(x) of (1), from weights alone: W[l - 1] is n_{l-1} x n_l, width has L + 1 entries. */
static inline long double plain_output(const double *const *W, const size_t *width, size_t L,
                                       const char *phi, const double *x) {
  long double f[WIDEST], next[WIDEST];
  for (size_t i = 0; i < width[0]; i++)
    f[i] = x[i];
  for (size_t l = 1; l <= L; l++) {
    assert_true(width[l] <= WIDEST);
    layer_of(W[l - 1], l < L ? phi : NULL, width[l - 1], width[l], f, next);
    memcpy(f, next, width[l] * sizeof *f);
  }
  return f[0];
}

/* The same of a network. */
static inline long double network_output(const ntk_network *network, const char *phi,
                                         const double *x) {
  const double *W[16];
  size_t width[17];
  const size_t L = ntk_network_depth(network);
  for (size_t l = 0; l <= L; l++)
    width[l] = ntk_network_width(network, l);
  for (size_t l = 1; l <= L; l++)
    W[l - 1] = ntk_network_weights(network, l);
  return plain_output(W, width, L, phi, x);
}

/* Data, labels and what they are to be fitted with. */
typedef struct fit_problem {
  ntk_context *context;
  size_t N, L;
  const size_t *width; /* d, n_1, ..., n_{L-1} */
  const char *phi;
  double *X, *Y; /* N x d; N */
  ntk_dataset *data;
} fit_problem;

static inline fit_problem make_problem(int threads, size_t N, size_t L, const size_t *width,
                                       const char *phi) {
  fit_problem p = {.context = make_context(threads), .N = N, .L = L, .width = width, .phi = phi};
  p.X = make_normal(1, N * width[0]);
  p.Y = make_normal(2, N);
  p.data = make_data(p.context, p.X, N, width[0]);
  return p;
}

static inline void free_problem(fit_problem *p) {
  ntk_dataset_destroy(p->data);
  ntk_context_destroy(p->context);
  free(p->X);
  free(p->Y);
}

static inline ntk_network_spec spec_of(const fit_problem *p) {
  return (ntk_network_spec){.depth = p->L, .width = p->width, .activation = p->phi, .seed = 3};
}

static inline ntk_network *memorize(const fit_problem *p, const ntk_memorize_options *options,
                                    ntk_memorize_result *result) {
  const ntk_network_spec spec = spec_of(p);
  ntk_network *network = NULL;
  assert_ok(ntk_memorize(p->context, &spec, p->data, p->Y, 1, options, &network, result));
  return network;
}

static inline double norm_of(const double *v, size_t n) {
  double square = 0.0;
  for (size_t i = 0; i < n; i++)
    square += v[i] * v[i];
  return sqrt(square);
}

/* ||F_L - Y||_2 / ||Y||_2 and max_i |F_L(x_i) - Y_i|, by plain loops. */
static inline void plain_errors(const fit_problem *p, const ntk_network *network, double *relative,
                                double *largest) {
  long double square = 0.0L, most = 0.0L;
  for (size_t i = 0; i < p->N; i++) {
    const long double r =
        network_output(network, p->phi, p->X + i * p->width[0]) - (long double)p->Y[i];
    square += r * r;
    most = fmaxl(most, fabsl(r));
  }
  *relative = (double)sqrtl(square) / norm_of(p->Y, p->N);
  *largest = (double)most;
}

#endif
