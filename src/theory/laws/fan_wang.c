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
 * A common part of F_k F_k^T, for k < L - 1, is not of rank one in K_k: it multiplies what
 * fluctuates in B_{k+1} B_{k+1}^T, which makes a matrix of the same size. The NTK's law is for
 * layers below the last hidden one that have none: centred data, and odd activations unless L = 2.
 */
#include "base/memory.h"
#include "kernel/kernel.h"
#include "theory/laws/job.h"

#include <math.h>

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
  NTK_TRY(measure_last(j));
  return ntk_law_draw_product(j);
}

/* The largest part of what the law leaves out of a block below the last one. */
static double off_centre(const ntk_law_job *j) {
  double most = 0.0;
  for (size_t k = 0; k + 1 < j->layers->L; k++) {
    const double a = ntk_network_scale(j->network, k + 1, false);
    const double b = ntk_network_scale(j->network, k + 1, true);
    const double whole = a * j->layers->norm2[k] + b;
    if (whole > 0.0)
      most = fmax(most, (a * j->layers->common[k] + b) / whole);
  }
  return most;
}

ntk_status ntk_law_fan_wang(ntk_law_job *j) {
  const ntk_law_layers *x = j->layers;
  double shift = 0.0, whole = 0.0;
  j->result->matrix = "K";
  ntk_law_suppose_data(j);
  ntk_law_suppose_layers(j);
  ntk_law_suppose(j->result,
                  (ntk_law_hypothesis){
                      .name = "centred",
                      .help = "the part of ||f_k||^2 that samples share, k < L - 1, and biases' "
                              "blocks: the law of K does not know it, that of K_{L-1} does",
                      .value = off_centre(j),
                      .least = 0.0,
                      .most = 0.05,
                      .needed = true});
  for (size_t k = 0; k < x->L; k++) {
    const double a = ntk_network_scale(j->network, k + 1, false);
    const double b = ntk_network_scale(j->network, k + 1, true);
    j->weight[k] = a * x->beside[k + 1];
    shift += (x->diagonal[k + 1] - x->beside[k + 1]) * (a * x->norm2[k] + b);
    whole += x->diagonal[k + 1] * (a * x->norm2[k] + b);
  }
  ntk_law_suppose(j->result, (ntk_law_hypothesis){.name = "last layer",
                                                  .help = "the scale of K_{L-1}",
                                                  .value = j->weight[x->L - 1],
                                                  .least = 1e-300,
                                                  .most = INFINITY,
                                                  .needed = true});
  if (!ntk_law_judge(j->result))
    return NTK_OK;
  lay_out(j, shift > 1e-12 * whole ? shift : 0.0); /* of linear networks: rounding is no shift */
  if (j->spectrum != NULL)
    j->values = j->spectrum->eigenvalues;
  return ntk_law_draw_product(j);
}
