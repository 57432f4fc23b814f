/* Assumption 2.2, Lipschitz concentration, on a family of 1-Lipschitz functions of x: random
 * projections, the norm, the distance to a point, the largest coordinate, and the norm of each of
 * the network's layers over a Lipschitz constant of it, M^l ||W_1|| ... ||W_l||. For each the
 * constant c of its empirical tail (psi.h). The family is finite and so is the sample: a small c is
 * found out, a large one is no proof. */
#include "theory/ledger/ledger.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/dataset.h"
#include "theory/ledger/norm2.h"
#include "theory/ledger/psi.h"

#include <math.h>

enum { LEAST_SAMPLES = 500, INPUT_FUNCTIONS = NTK_PROJECTIONS + 3 };

static void input_functions(const ntk_family *f, size_t at, size_t count, size_t d,
                            const double *X) {
  const double *point = f->direction + NTK_PROJECTIONS * d;
  for (size_t i = 0; i < count; i++) {
    const double *x = X + i * d;
    double *value = f->values + at + i; /* of function q at value[q samples] */
    double square = 0.0, distance = 0.0, largest = -INFINITY;
    for (size_t j = 0; j < d; j++) {
      square += x[j] * x[j];
      distance += (x[j] - point[j]) * (x[j] - point[j]);
      largest = fmax(largest, x[j]);
    }
    for (size_t q = 0; q < NTK_PROJECTIONS; q++)
      value[q * f->samples] = ntk_ddot(d, f->direction + q * d, x);
    value[NTK_PROJECTIONS * f->samples] = sqrt(square);
    value[(NTK_PROJECTIONS + 1) * f->samples] = sqrt(distance);
    value[(NTK_PROJECTIONS + 2) * f->samples] = largest;
  }
}

static ntk_status fill_piece(const ntk_verification *v, const ntk_family *f, size_t at,
                             const ntk_features *features) {
  const size_t count = features->N, L = v->L;
  input_functions(f, at, count, v->network->width[0], features->X);
  NTK_TRY(ntk_features_norms(features, f->norms, f->norms + L * count));
  for (size_t l = 1; l < L; l++)
    for (size_t i = 0; i < count; i++)
      f->values[(INPUT_FUNCTIONS + l - 1) * f->samples + at + i] =
          sqrt(f->norms[l * count + i]) / f->lipschitz[l];
  ntk_population_add_centred(v->population, features, f->rows);
  return NTK_OK;
}

/* The pass over fresh samples, or over the data. */
static ntk_status fill(const ntk_verification *v, const ntk_family *f) {
  for (size_t first = 0; first < f->samples; first += NTK_POPULATION_PIECE) {
    const size_t left = f->samples - first;
    ntk_dataset *piece = NULL;
    ntk_features *features = NULL;
    NTK_TRY(ntk_progress_report(v->context, "concentration", (double)first / (double)f->samples));
    NTK_TRY(ntk_source_features(v->context, v->network, &v->source, first,
                                left < NTK_POPULATION_PIECE ? left : NTK_POPULATION_PIECE, &piece,
                                &features));
    const ntk_status status = fill_piece(v, f, first, features);
    ntk_features_destroy(features);
    ntk_dataset_destroy(piece);
    NTK_TRY(status);
  }
  ntk_population_end_centred(v->population);
  return NTK_OK;
}

static void draw_directions(const ntk_verification *v, double *direction) {
  const size_t d = v->network->width[0];
  for (size_t q = 0; q <= NTK_PROJECTIONS; q++) {
    double *a = direction + q * d;
    ntk_random_normal((ntk_random){v->options.seed, NTK_STREAM_PROBES, NTK_PROBE_PROJECTION}, q, d,
                      a);
    if (q < NTK_PROJECTIONS)
      ntk_dscal(d, 1.0 / ntk_dnrm2(d, a), a);
  }
}

static ntk_status lipschitz_constants(const ntk_verification *v, double *lipschitz) {
  const ntk_network *network = v->network;
  lipschitz[0] = 1.0;
  for (size_t l = 1; l < v->L; l++) {
    double norm = 0.0;
    NTK_TRY(ntk_norm2(v->context, network->W[l], network->width[l - 1], network->width[l],
                      v->options.seed, &norm));
    lipschitz[l] = lipschitz[l - 1] * network->activation[l].info.lipschitz * norm;
  }
  return NTK_OK;
}

ntk_status ntk_family_create(ntk_verification *v, ntk_family *family) {
  const size_t d = v->network->width[0], L = v->L, available = v->population->samples;
  ntk_family f = {.functions = INPUT_FUNCTIONS + L - 1,
                  .samples = available < NTK_FAMILY_SAMPLES ? available : NTK_FAMILY_SAMPLES};
  const ntk_network_spec spec = ntk_spec_of(v->network);
  const size_t widest = ntk_widest(&spec, 0);
  NTK_TRY(ntk_alloc_doubles(v->context,
                            f.functions * f.samples + (NTK_PROJECTIONS + 1) * d + L +
                                (2 * L + widest) * NTK_POPULATION_PIECE,
                            "concentration", &f.values));
  f.direction = f.values + f.functions * f.samples;
  f.lipschitz = f.direction + (NTK_PROJECTIONS + 1) * d;
  f.norms = f.lipschitz + L;
  f.rows = f.norms + 2 * L * NTK_POPULATION_PIECE;
  draw_directions(v, f.direction);
  ntk_status status = lipschitz_constants(v, f.lipschitz);
  if (status == NTK_OK)
    status = fill(v, &f);
  if (status == NTK_OK)
    *family = f;
  else
    ntk_free(v->context, f.values);
  return status;
}

static ntk_row row_of(size_t q, size_t *l) {
  *l = q < NTK_PROJECTIONS ? q + 1 : q >= INPUT_FUNCTIONS ? q - INPUT_FUNCTIONS + 1 : 0;
  if (q < NTK_PROJECTIONS)
    return NTK_ROW_C_PROJECTION;
  if (q >= INPUT_FUNCTIONS)
    return NTK_ROW_C_LAYER;
  return (ntk_row)(NTK_ROW_C_NORM + (int)(q - NTK_PROJECTIONS));
}

/* Whether f_l is Lipschitz whatever the weights. */
static bool has_constant(const ntk_network *network, size_t l) {
  while (l > 0 && isfinite(network->activation[l].info.lipschitz))
    l--;
  return l == 0;
}

/* The assumption wants one c for every d and every function: of coordinates of variance one the
 * distributions of Section 2 have c between 0.2 and a few. A tail is heavy where c, over all that
 * the samples show, falls far below c where a tenth of them lie beyond: by 0.6 for a Gaussian and
 * 10000 samples, by 0.29 already at a hundredth for Student's t with three degrees of freedom. */
static void row_tail(ntk_verification *v, size_t q, double *values, size_t samples) {
  static const double LEAST = 0.02, SMALL = 0.3, FALL = 0.4;
  double c = NAN, bulk = NAN;
  size_t l = 0;
  const ntk_row id = row_of(q, &l);
  if (samples >= LEAST_SAMPLES)
    ntk_concentration(samples, values, &c, &bulk);
  ntk_ledger_row *row = ntk_ledger_add(v, id, l, isinf(c) ? NAN : c);
  if (id == NTK_ROW_C_LAYER && !has_constant(v->network, l)) {
    row->verdict = NTK_LEDGER_OUTSIDE;
    ntk_ledger_note(row, "f_%zu is not Lipschitz: the assumption says nothing of it", l);
  } else if (samples < LEAST_SAMPLES) {
    ntk_ledger_note(row, "%zu samples show no tail; %d would", samples, LEAST_SAMPLES);
  } else if (isinf(c)) { /* constant on every sample: any c will do */
    row->verdict = NTK_LEDGER_CONSISTENT;
    ntk_ledger_note(row, "constant on all samples");
  } else if (c < FALL * bulk && c < SMALL) {
    row->verdict = NTK_LEDGER_SUSPECT;
    ntk_ledger_note(row,
                    "the tail is heavier than Gaussian: c falls from %.2g, where a tenth of the "
                    "samples lie beyond",
                    bulk);
  } else if (c < LEAST) {
    row->verdict = NTK_LEDGER_SUSPECT;
    ntk_ledger_note(row, "far from a constant: the data spread along it");
  } else {
    row->verdict = NTK_LEDGER_CONSISTENT;
  }
}

void ntk_family_rows(ntk_verification *v, const ntk_family *f) {
  for (size_t q = 0; q < f->functions; q++)
    row_tail(v, q, f->values + q * f->samples, f->samples);
}
