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

/* Of a layer's variance; of its moments, relative. */
static const double NOTHING = 1e-13, CLOSE = 1e-6;

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
  double mean;                         /* E_u M */
} unit_moments;

/* What units with this u have in common with no other, as a family. */
static ntk_law_family family_of(const ntk_hermite *h, double apart, double share) {
  const double variance = h->phi2 - h->phi[0] * h->phi[0], D2 = h->slope[0] * h->slope[0];
  const double rest = variance - D2 * apart;
  const double curve = h->slope[1] / sqrt(apart); /* E[phi''], by Stein */
  const double rest2 = h->slope2 - D2 - curve * curve * apart;
  return (ntk_law_family){
      .share = share,
      .flat = rest > 1e-12 * variance ? rest : 0.0, /* rounding is no rank */
      .slope = D2,
      .flat2 = rest2 > 1e-12 * h->slope2 ? rest2 : 0.0,
      .slope2 = curve * curve,
      .flat12 = h->both - h->phi[0] * h->slope[0] - h->slope[0] * curve * apart,
      .slope12 = h->slope[0] * curve,
  };
}

/* Units that are off but for what rounding of the others hides: no rank either. */
static void leave_out(size_t families, double apart, ntk_law_family *family) {
  double flat = 0.0, slope = 0.0;
  for (size_t k = 0; k < families; k++) {
    flat += family[k].share * (family[k].flat + family[k].slope * apart);
    slope += family[k].share * (family[k].flat2 + family[k].slope2 * apart);
  }
  for (size_t k = 0; k < families; k++) {
    ntk_law_family *f = &family[k];
    if (!(f->flat + f->slope * apart > NOTHING * flat))
      f->flat = f->slope = f->flat12 = f->slope12 = 0.0;
    if (!(f->flat2 + f->slope2 * apart > NOTHING * slope))
      f->flat2 = f->slope2 = f->flat12 = f->slope12 = 0.0;
  }
}

/* The layer's families over `count` nodes u = width x, -6 <= x <= 6, and its moments: the
 * trapezoidal rule in t, x = least sinh t, which sees what turns within least of 0, as a kink does
 * where units share more than what they have apart. The weight left out is 1e-9. */
static ntk_status take_nodes(const ntk_activation *phi, double apart, double width, size_t count,
                             ntk_law_family *family, unit_moments *of) {
  const double least = fmin(1.0, sqrt(apart) / width), last = asinh(6.0 / least);
  double total = 0.0;
  for (size_t pass = 0; pass < 2; pass++) {
    *of = (unit_moments){0};
    for (size_t k = 0; k < count; k++) {
      const double t = count > 1 ? last * (2.0 * (double)k / ((double)count - 1.0) - 1.0) : 0.0;
      const double x = count > 1 ? least * sinh(t) : 0.0;
      const double weight = count > 1 ? cosh(t) * exp(-x * x / 2.0) : 1.0;
      ntk_hermite h;
      if (pass == 0) {
        total += weight;
        continue;
      }
      const double w = weight / total;
      NTK_TRY(ntk_hermite_of(phi, width * x, sqrt(apart), &h));
      family[k] = family_of(&h, apart, w);
      of->phi2 += w * h.phi2;
      of->slope2 += w * h.slope2;
      of->common += w * h.phi[0] * h.phi[0];
      of->beside += w * h.slope[0] * h.slope[0];
      of->mean += w * h.phi[0];
    }
  }
  leave_out(count, apart, family);
  return NTK_OK;
}

/* So many nodes that E phi^2 and E phi'^2 over g are those of its whole variance. */
static ntk_status find_families(const ntk_activation *phi, double apart, double width,
                                ntk_law_family family[NTK_LAW_NODES], size_t *families,
                                unit_moments *of) {
  ntk_hermite whole;
  *families = 1;
  if (!(width * width > 1e-6 * apart)) /* less moves no eigenvalue by more */
    return take_nodes(phi, apart, 0.0, 1, family, of);
  NTK_TRY(ntk_hermite_of(phi, 0.0, sqrt(apart + width * width), &whole));
  for (size_t count = 25; count <= NTK_LAW_NODES; count = 2 * count - 1) {
    NTK_TRY(take_nodes(phi, apart, width, count, family, of));
    *families = count;
    if (fabs(of->phi2 / whole.phi2 - 1.0) < CLOSE && fabs(of->slope2 / whole.slope2 - 1.0) < CLOSE)
      return NTK_OK;
  }
  return ntk_fail(NTK_ERR_NUMERIC,
                  "what samples share of a layer's inputs, a deviation of %.3g beside %.3g, is too "
                  "much for %s: no law is known; accepted: smaller biases or beta",
                  width, sqrt(apart), phi->text);
}

/* Layer l from the one below; *of: for the way back. */
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
