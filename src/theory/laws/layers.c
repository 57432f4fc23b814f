/* A network's moments from layer to layer. With s^2 the mean square of W_l's entries, c_b that of
 * b_l's, e = s^2 (norm2 - common) the variance of g_l that samples do not share, and u what they
 * share, N(0, s^2 common + c_b),
 *
 *   norm2_l = n_l E phi(g)^2,   common_l = n_l E_u[M(u)^2],   M(u) = E[phi(g) | u],
 *
 * and the covariance over samples of a unit with u is M(u)^2 of rank one, which no law sees, and
 *
 *   (V(u) - D(u)^2 e) I + D(u)^2 s^2 F_{l-1} F_{l-1}^T,   V = Var[phi(g) | u], D = E[phi'(g) | u],
 *
 * (and the same of phi' beside phi, for the vectors that B_{L-1} is made of: fan_wang.c),
 * the part of phi that is linear in g and the rest of it, as in Fan and Wang (2020), Lemma 3.3,
 * where u is 0: their b^2 is D^2 e / V, their a is E[phi'^2] e / V. Backwards from B_L = 1, by the
 * same independence, B_k B_k^T is n_k s_{k+1}^2 E[phi'^2] times its diagonal above, and n_k
 * s_{k+1}^2 E_u[D(u)^2] times what is beside it. */
#include "theory/laws/layers.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>

static double mean_square(size_t count, const double *x) {
  return ntk_ddot(count, x, x) / (double)count;
}

/* E ||W W^T||_F^2 = s^4 m n (m + n + 1) of independent normal entries. */
static ntk_status find_spikes(const ntk_network *network, size_t l, double square, double *spikes) {
  const size_t m = network->width[l - 1], n = network->width[l], k = m < n ? m : n;
  double *G = NULL;
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(k, k, "the weights' Gram matrix", &entries));
  NTK_TRY(ntk_alloc_doubles(network->context, entries, "the weights' Gram matrix", &G));
  /* W_l is row-major, m x n: column-major n x m. */
  ntk_dsyrk('L', m < n ? 'T' : 'N', k, m < n ? n : m, 1.0, network->W[l], n, 0.0, G, k);
  double sum = 0.0;
  for (size_t j = 0; j < k; j++)
    sum += 2.0 * ntk_ddot(k - j, G + j + j * k, G + j + j * k) - G[j + j * k] * G[j + j * k];
  ntk_free(network->context, G);
  const double expected = square * square * (double)m * (double)n * (double)(m + n + 1);
  *spikes = fmax(*spikes, fabs(sum / expected - 1.0));
  return NTK_OK;
}

/* What a layer's units are, over u. */
typedef struct unit_moments {
  double phi2, slope2, common, beside; /* E phi^2, E phi'^2, E_u M^2, E_u D^2 */
  double mean, flat, slope;            /* E_u M, E_u[V - D^2 e], E_u D */
} unit_moments;

/* The layer's families, over nodes u = width times -6, -5.5, ..., 6: the trapezoidal rule, which
 * for what is analytic in u is exact to the weight left out, 1e-9. */
static ntk_status find_families(const ntk_activation *phi, double apart, double width,
                                ntk_law_family family[NTK_LAW_NODES], size_t *families,
                                unit_moments *of) {
  const bool shared = width * width > 1e-6 * apart; /* less moves no eigenvalue by more */
  double total = 0.0;
  *families = shared ? NTK_LAW_NODES : 1;
  *of = (unit_moments){0};
  for (size_t k = 0; k < *families; k++) {
    const double x = shared ? ((double)k - (NTK_LAW_NODES - 1) / 2.0) / 2.0 : 0.0;
    total += exp(-x * x / 2.0);
  }
  for (size_t k = 0; k < *families; k++) {
    const double x = shared ? ((double)k - (NTK_LAW_NODES - 1) / 2.0) / 2.0 : 0.0;
    const double w = exp(-x * x / 2.0) / total;
    ntk_hermite h;
    NTK_TRY(ntk_hermite_of(phi, width * x, sqrt(apart), &h));
    const double variance = h.phi2 - h.phi[0] * h.phi[0], D2 = h.slope[0] * h.slope[0];
    const double rest = variance - D2 * apart;
    const double flat = rest > 1e-12 * variance ? rest : 0.0; /* rounding is no rank */
    const double curve = h.slope[1] / sqrt(apart);            /* E[phi''], by Stein */
    const double rest2 = h.slope2 - h.slope[0] * h.slope[0] - curve * curve * apart;
    family[k] = (ntk_law_family){
        .share = w,
        .flat = flat,
        .slope = D2,
        .flat2 = rest2 > 1e-12 * h.slope2 ? rest2 : 0.0,
        .slope2 = curve * curve,
        .flat12 = h.both - h.phi[0] * h.slope[0] - h.slope[0] * curve * apart,
        .slope12 = h.slope[0] * curve,
    };
    of->phi2 += w * h.phi2;
    of->slope2 += w * h.slope2;
    of->common += w * h.phi[0] * h.phi[0];
    of->beside += w * D2;
    of->mean += w * h.phi[0];
    of->flat += w * flat;
    of->slope += w * h.slope[0];
  }
  return NTK_OK;
}

/* Layer l from the one below; *slopes: for the way back. */
static ntk_status step_up(const ntk_network *network, const ntk_law_data *data, size_t l,
                          ntk_law_layers *x, unit_moments *of) {
  const double n = (double)network->width[l], N = (double)data->N;
  const double square = mean_square(network->width[l - 1] * network->width[l], network->W[l]);
  const double bias = network->b[l] != NULL ? mean_square(network->width[l], network->b[l]) : 0.0;
  const double apart = square * (x->norm2[l - 1] - x->common[l - 1]);
  const double shared = square * x->common[l - 1] + bias;
  if (!(apart > 0.0))
    return ntk_fail(NTK_ERR_NUMERIC,
                    "samples are one to layer %zu: no law is known; accepted: weights and samples "
                    "that are not 0 and not equal",
                    l);
  NTK_TRY(find_families(&network->activation[l], apart, sqrt(shared), x->family[l - 1],
                        &x->families[l - 1], of));
  for (size_t k = 0; k < x->families[l - 1]; k++) { /* vectors over N, covariances times N */
    ntk_law_family *f = &x->family[l - 1][k];
    f->share *= n / N;
    f->flat *= N;
    f->flat2 *= N;
    f->flat12 *= N;
    f->slope *= N * square;
    f->slope2 *= N * square;
    f->slope12 *= N * square;
  }
  x->norm2[l] = n * of->phi2;
  x->common[l] = n * of->common;
  const double variance = of->phi2 - of->common;
  x->layer[l - 1] = (ntk_law_layer){.ratio = N / n,
                                    .deviation = sqrt(apart + shared),
                                    .common = shared / (apart + shared),
                                    .mean = of->mean,
                                    .variance = variance,
                                    .slope2 = of->beside * apart / variance,
                                    .square = of->slope2 * apart / variance};
  return find_spikes(network, l, square, &x->spikes);
}

ntk_status ntk_law_layers_of(const ntk_network *network, const ntk_law_data *data,
                             ntk_law_layers *x) {
  const size_t L = network->depth;
  unit_moments of[NTK_LAW_LEVELS];
  if (L - 1 > NTK_LAW_LEVELS)
    return ntk_fail(NTK_ERR_LIMIT, "%zu hidden layers; laws are accepted of up to %d", L - 1,
                    NTK_LAW_LEVELS);
  x->L = L;
  x->norm2[0] = data->norm2;
  x->common[0] = data->common;
  x->spikes = 0.0;
  for (size_t l = 1; l < L; l++)
    NTK_TRY(step_up(network, data, l, x, &of[l - 1]));
  x->diagonal[L] = x->beside[L] = 1.0;
  for (size_t k = L - 1; k > 0; k--) {
    const size_t n = network->width[k], m = network->width[k + 1];
    /* The mean over outputs, above the last hidden layer. */
    const double square = mean_square(n * m, network->W[k + 1]);
    x->diagonal[k] = (double)n * square * of[k - 1].slope2 * x->diagonal[k + 1];
    x->beside[k] = (double)n * square * of[k - 1].beside * x->beside[k + 1];
  }
  return NTK_OK;
}
