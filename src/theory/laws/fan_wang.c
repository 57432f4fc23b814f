/* Fan and Wang (2020) for networks as they are drawn here.
 *
 * Conjugate kernel (Theorem 3.4): F_l F_l^T is the sum over n_l units of vectors whose covariance
 * over samples is flat I + slope F_{l-1} F_{l-1}^T (layers.c), and so its law is rho_MP (*)
 * ((1 - b^2) + b^2 mu_{l-1}) in their units, from the data's measured spectrum on.
 *
 * NTK (Lemma 3.5, Theorem 3.7): K_k = (a_k F_k F_k^T + b_k) o B_{k+1} B_{k+1}^T, of which the
 * second factor is, but for what vanishes in the law, beside[k+1] + (diagonal[k+1] - beside[k+1])
 * I:
 *
 *   K ~ shift I + sum_k a_k beside[k+1] F_k F_k^T,
 *   shift = sum_k (diagonal[k+1] - beside[k+1]) (a_k norm2[k] + b_k).
 *
 * A common part c of F_k F_k^T, for k < L - 1, and a bias' block are not of rank one in K_k: they
 * multiply all of B_{k+1} B_{k+1}^T. For k = L - 2 that is a sum over the same units as F_{L-1}
 * F_{L-1}^T is, of w_j^2 phi'(g_j) phi'(g_j)^T, w_j the last layer's weight: a second vector for
 * each unit, with (a c + b) w_j^2 before it, correlated with the first. Units are taken in groups
 * of near w_j^2, GROUPS of them. Below that it would be products of several layers, and the law is
 * for networks that have no common part there: centred data, and odd activations up to L - 3. */
#include "base/blas.h"
#include "base/memory.h"
#include "kernel/kernel.h"
#include "theory/laws/job.h"

#include <math.h>
#include <stdlib.h>

enum { GROUPS = 12 };

/* The law of sum_k weight[k] F_k F_k^T, over data and layers. */
static void lay_out(ntk_law_job *j, double shift) {
  for (size_t l = 0; l + 1 < j->layers->L; l++)
    j->family[l] = j->layers->family[l];
  j->law = (ntk_free_product){.levels = j->layers->L - 1,
                              .weight = j->weight,
                              .shift = shift,
                              .family = j->family,
                              .families = j->layers->families,
                              .atoms = j->of.atoms,
                              .atom = j->of.atom,
                              .mass = j->of.mass};
}

/* The law as laid out, over powers of two. */
static void rescale(ntk_law_job *j) {
  const size_t levels = j->layers->L - 1;
  ntk_law_family *family[NTK_LAW_LEVELS];
  for (size_t l = 0; l < levels; l++)
    family[l] = l + 1 == levels && j->paired != NULL ? j->paired : j->layers->family[l];
  j->unit = ntk_free_rescale(levels, j->weight, &j->law.shift, family, j->layers->families,
                             j->of.atoms, j->of.atom);
}

/* All eigenvalues of K_{L-1}. */
static ntk_status measure_last(ntk_law_job *j) {
  const size_t L = j->layers->L;
  bool chosen[NTK_LAW_LEVELS + 1] = {false};
  ntk_features *features = NULL;
  ntk_kernel *K = NULL;
  chosen[L - 1] = true;
  NTK_TRY(ntk_alloc_doubles(j->context, j->of.N, "eigenvalues", &j->own));
  NTK_TRY(ntk_features_create_of(j->network, j->data, NTK_OUTPUTS_TRACE, &features));
  ntk_status status = ntk_kernel_create(features, chosen, &K);
  ntk_features_destroy(features);
  if (status == NTK_OK)
    status = ntk_kernel_full(K, j->own);
  ntk_kernel_destroy(K);
  for (size_t i = 0; i < j->of.N && status == NTK_OK; i++) /* positive semi-definite */
    j->own[i] = fmax(0.0, j->own[i]);
  j->values = j->own;
  return status;
}

ntk_status ntk_law_conjugate(ntk_law_job *j) {
  const size_t L = j->layers->L;
  j->result->matrix = "K_{L-1}";
  ntk_law_suppose_data(j);
  ntk_law_suppose_layers(j);
  if (!ntk_law_judge(j->result))
    return NTK_OK;
  for (size_t k = 0; k < L - 1; k++)
    j->weight[k] = 0.0;
  j->weight[L - 1] = ntk_network_scale(j->network, L, false);
  lay_out(j, 0.0);
  rescale(j);
  NTK_TRY(measure_last(j));
  return ntk_law_draw_product(j);
}

/* The largest part of what the law leaves out of a block below the last two. */
static double off_centre(const ntk_law_job *j) {
  double most = 0.0;
  for (size_t k = 0; k + 2 < j->layers->L; k++) {
    const double a = ntk_network_scale(j->network, k + 1, false);
    const double b = ntk_network_scale(j->network, k + 1, true);
    const double whole = a * j->layers->norm2[k] + b;
    if (whole > 0.0)
      most = fmax(most, (a * j->layers->common[k] + b) / whole);
  }
  return most;
}

/* The weights of F_k F_k^T into j->weight, *second: a c + b of the block L - 2; the shift. */
static double weights_of_blocks(ntk_law_job *j, double *second) {
  const ntk_law_layers *x = j->layers;
  double shift = 0.0, whole = 0.0;
  *second = 0.0;
  for (size_t k = 0; k < x->L; k++) {
    const double a = ntk_network_scale(j->network, k + 1, false);
    const double b = ntk_network_scale(j->network, k + 1, true);
    const bool pairs = k + 2 == x->L;
    const double flat = a * x->norm2[k] + b, common = a * x->common[k] + b;
    j->weight[k] = a * x->beside[k + 1];
    shift += (x->diagonal[k + 1] - x->beside[k + 1]) * (pairs ? flat - common : flat);
    whole += x->diagonal[k + 1] * flat;
    *second += pairs && common > 1e-5 * flat ? common : 0.0;
  }
  return shift > 1e-12 * whole ? shift : 0.0; /* of linear networks: rounding is no shift */
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The mean over outputs of the last layer's weights squared, n_{L-1}, ascending. */
static ntk_status sorted_squares(const ntk_law_job *j, double **squares) {
  const size_t L = j->layers->L, n = j->network->width[L - 1], m = j->network->width[L];
  NTK_TRY(ntk_alloc_doubles(j->context, n, "the last layer's weights", squares));
  for (size_t i = 0; i < n; i++) {
    const double *w = j->network->W[L] + i * m;
    (*squares)[i] = ntk_ddot(m, w, w) / (double)m;
  }
  qsort(*squares, n, sizeof **squares, compare);
  return NTK_OK;
}

/* The highest level's families once for each group of units, with their second vectors. */
static ntk_status pair_units(ntk_law_job *j, double second) {
  const size_t top = j->layers->L - 2, n = j->network->width[top + 1];
  const size_t groups = n < GROUPS ? n : GROUPS, families = j->layers->families[top];
  double *squares = NULL;
  void *pointer = NULL;
  NTK_TRY(sorted_squares(j, &squares));
  const ntk_status status =
      ntk_alloc(j->context, groups * families, sizeof(ntk_law_family), "families", &pointer);
  j->paired = pointer;
  for (size_t g = 0; g < groups && status == NTK_OK; g++) {
    const size_t first = g * n / groups, last = (g + 1) * n / groups;
    double mean = 0.0;
    for (size_t i = first; i < last; i++)
      mean += squares[i] / (double)(last - first);
    for (size_t k = 0; k < families; k++) {
      ntk_law_family *f = &j->paired[g * families + k];
      *f = j->layers->family[top][k];
      f->share *= (double)(last - first) / (double)n;
      f->second = second * mean;
    }
  }
  ntk_free(j->context, squares);
  j->family[top] = j->paired;
  j->layers->families[top] = groups * families;
  return status;
}

ntk_status ntk_law_fan_wang(ntk_law_job *j) {
  const ntk_law_layers *x = j->layers;
  double second = 0.0;
  j->result->matrix = "K";
  ntk_law_suppose_data(j);
  ntk_law_suppose_layers(j);
  ntk_law_suppose(
      j->result,
      (ntk_law_hypothesis){.name = "centred",
                           .help = "the part of ||f_k||^2 that samples share, k < L - 2, biases' "
                                   "blocks included, which the law of K_{L-1} alone allows",
                           .value = off_centre(j),
                           .least = 0.0,
                           .most = 0.05,
                           .needed = true});
  const double shift = weights_of_blocks(j, &second);
  ntk_law_suppose(j->result, (ntk_law_hypothesis){.name = "last layer",
                                                  .help = "the scale of K_{L-1}",
                                                  .value = j->weight[x->L - 1],
                                                  .least = 1e-300,
                                                  .most = INFINITY,
                                                  .needed = true});
  if (!ntk_law_judge(j->result))
    return NTK_OK;
  lay_out(j, shift);
  if (second > 0.0)
    NTK_TRY(pair_units(j, second));
  rescale(j);
  if (j->spectrum != NULL)
    j->values = j->spectrum->eigenvalues;
  return ntk_law_draw_product(j);
}
