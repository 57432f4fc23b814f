/* ntk_law: data and layers, hypotheses, the law, and what was measured beside it. */
#include "ntkit/laws.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/names.h"
#include "base/ranks/ranks.h"
#include "base/text.h"
#include "data/dataset.h"
#include "theory/laws/job.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const ntk_name_info list[] = {
    {"marchenko-pastur", "X X^T of independent entries: Marchenko and Pastur (1967)"},
    {"conjugate", "K_{L-1}, the conjugate kernel, any depth and activation: Fan and Wang (2020)"},
    {"fan-wang", "K over the data's measured spectrum: Fan and Wang (2020)"},
    {"montanari-zhong", "lambda_min(K) of two layers, d^l << N << d^{l+1}: Montanari and Zhong "
                        "(2020)"},
};
enum { LAWS = sizeof list / sizeof list[0] };
static ntk_status (*const find[LAWS])(ntk_law_job *j) = {ntk_law_gram, ntk_law_conjugate,
                                                         ntk_law_fan_wang, ntk_law_montanari_zhong};

const ntk_name_info *ntk_law_list(size_t *count) {
  *count = LAWS;
  return list;
}

void ntk_law_suppose(ntk_law_result *result, ntk_law_hypothesis row) {
  row.held = isfinite(row.value) && row.value >= row.least && row.value <= row.most;
  result->hypothesis[result->hypotheses++] = row;
}

void ntk_law_suppose_data(const ntk_law_job *j) {
  const double quarter = pow((double)j->of.N, -0.25);
  ntk_law_suppose(j->result, (ntk_law_hypothesis){.name = "norms",
                                                  .help = "deviation of ||x_i||^2, over its mean",
                                                  .value = j->of.spread,
                                                  .most = quarter});
  ntk_law_suppose(j->result, (ntk_law_hypothesis){.name = "overlaps",
                                                  .help = "root mean square of x_i . x_j, i != j, "
                                                          "over the mean of ||x_i||^2",
                                                  .value = j->of.overlap,
                                                  .most = quarter});
}

void ntk_law_suppose_layers(const ntk_law_job *j) {
  const ntk_law_layers *x = j->layers;
  double ratio = 1.0, slope2 = INFINITY, curved = 0.0;
  for (size_t l = 1; l < x->L; l++) {
    const ntk_law_layer *layer = &x->layer[l - 1];
    ratio = fabs(log(layer->ratio)) > fabs(log(ratio)) ? layer->ratio : ratio;
    slope2 = fmin(slope2, layer->slope2);
    curved = fmax(curved, j->network->activation[l].info.lipschitz_grad);
  }
  const ntk_law_hypothesis rows[] = {
      {"widths", "the N / n_l that is furthest from 1", ratio, 1.0 / 32.0, 32.0, false, false},
      {"slope", "b^2, the least of all layers", slope2, 1e-6, 1.0 + 1e-12, false, false},
      {"smoothness", "M', the Lipschitz constant of phi'", curved, 0.0, INFINITY, false, false},
      {"weights", "fourth powers of W_l's singular values, over those of independent entries, - 1",
       x->spikes, 0.0, pow((double)j->of.N, -0.25), false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    ntk_law_suppose(j->result, rows[i]);
}

/* At the line's end, after what is there: what is not held, of those needed or of the others. */
static void name_broken(ntk_law_result *r, bool needed, const char *first) {
  const char *before = first;
  for (size_t i = 0; i < r->hypotheses; i++) {
    const ntk_law_hypothesis *h = &r->hypothesis[i];
    const size_t used = strlen(r->reason);
    char *end = r->reason + used;
    if (h->held || h->needed != needed)
      continue;
    const bool low = h->value < h->least;
    if (isfinite(h->value))
      (void)ntk_format(end, sizeof r->reason - used, "%s%s, %.3g, is %s %.3g", before, h->name,
                       h->value, low ? "below" : "above", low ? h->least : h->most);
    else
      (void)ntk_format(end, sizeof r->reason - used, "%s%s is not finite", before, h->name);
    before = "; ";
  }
}

bool ntk_law_judge(ntk_law_result *r) {
  r->holds = r->drawn = true;
  for (size_t i = 0; i < r->hypotheses; i++) {
    r->holds = r->holds && r->hypothesis[i].held;
    r->drawn = r->drawn && (r->hypothesis[i].held || !r->hypothesis[i].needed);
  }
  r->reason[0] = '\0';
  name_broken(r, true, "the law says nothing here: ");
  name_broken(r, false, r->drawn ? "outside the theorem: " : "; outside the theorem, too: ");
  return r->drawn;
}

static ntk_status check(const ntk_law_job *j) {
  if (ntk_ranks_count(j->context) > 1)
    return ntk_fail(NTK_ERR_ARGUMENT, "laws are found in one process; accepted: one rank");
  NTK_TRY(ntk_dim_check(j->data, j->network->width[0]));
  if (j->spectrum != NULL && (j->spectrum->order != ntk_dataset_samples(j->data) ||
                              j->spectrum->samples != ntk_dataset_samples(j->data)))
    return ntk_fail(NTK_ERR_ARGUMENT,
                    "the spectrum is of %zu rows, the data of %zu; accepted: K of one output, or "
                    "of the mean over outputs",
                    j->spectrum->order, ntk_dataset_samples(j->data));
  if (j->spectrum != NULL && j->spectrum->exponent != 0.0)
    return ntk_fail(NTK_ERR_ARGUMENT, "double precision does not hold this kernel; laws are "
                                      "accepted of those that it does");
  return NTK_OK;
}

static ntk_status run(ntk_law_job *j, size_t which) {
  ntk_law_result *r = j->result;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(j->context, NTK_LAW_HYPOTHESES, sizeof(ntk_law_hypothesis), "hypotheses",
                    &pointer));
  r->hypothesis = pointer;
  NTK_TRY(ntk_law_data_create(j->context, j->data, &j->of));
  if (which > 0) { /* X X^T knows no network */
    NTK_TRY(ntk_alloc(j->context, 1, sizeof(ntk_law_layers), "layers", &pointer));
    j->layers = pointer;
    NTK_TRY(ntk_law_layers_of(j->network, &j->of, j->layers));
    NTK_TRY(ntk_alloc(j->context, j->layers->L - 1, sizeof(ntk_law_layer), "layers", &pointer));
    r->layer = pointer;
    r->layers = j->layers->L - 1;
    memcpy(r->layer, j->layers->layer, r->layers * sizeof *r->layer);
  }
  return find[which](j);
}

ntk_status ntk_law(ntk_context *context, const ntk_network *network, const ntk_dataset *data,
                   const char *name, const ntk_spectrum_result *spectrum, ntk_law_result *law) {
  size_t which = 0;
  ntk_law_result made = {.context = context,
                         .matrix = "",
                         .samples = ntk_dataset_samples(data),
                         .atom = NAN,
                         .atom_at = NAN,
                         .lower = NAN,
                         .upper = NAN,
                         .least = NAN,
                         .greatest = NAN,
                         .distance = NAN,
                         .distance_rest = NAN,
                         .usual = NAN,
                         .steep = NAN,
                         .steep_from = NAN,
                         .steep_to = NAN,
                         .constant = NAN,
                         .lambda_min = NAN,
                         .error = NAN,
                         .measured = NAN};
  ntk_law_job j = {
      .context = context, .network = network, .data = data, .spectrum = spectrum, .result = &made};
  NTK_TRY(NTK_NAME_FIND("law", name, list, LAWS, &which));
  NTK_TRY(check(&j));
  made.name = list[which].name;
  const int previous = ntk_blas_enter(1);
  const ntk_status status = run(&j, which);
  ntk_blas_leave(previous);
  ntk_law_data_destroy(context, &j.of);
  ntk_free(context, j.layers);
  ntk_free(context, j.own);
  ntk_free(context, j.paired);
  if (status == NTK_OK)
    *law = made;
  else
    ntk_law_clear(&made);
  return status;
}

void ntk_law_clear(ntk_law_result *law) {
  if (law->context == NULL)
    return;
  ntk_free(law->context, law->hypothesis);
  ntk_free(law->context, law->layer);
  ntk_free(law->context, law->point);
  *law = (ntk_law_result){0};
}
