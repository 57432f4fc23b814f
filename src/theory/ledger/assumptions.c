/* Section 2's assumptions on this network and data; 2.2 in concentration.c. */
#include "theory/ledger/ledger.h"

#include "base/memory.h"
#include "theory/bounds.h"

#include <math.h>

/* ---- 2.1: scaling of the data ---------------------------------------------------------------- */

static void scaling(ntk_verification *v) {
  const ntk_population *p = v->population;
  const double root = 1.96 / sqrt((double)p->samples);
  const struct {
    ntk_row id;
    double value, error;
  } rows[] = {
      {NTK_ROW_X_NORM, p->norm[0].mean, root * p->norm[0].deviation},
      {NTK_ROW_X_SQUARE, p->square[0].mean, root * p->square[0].deviation},
      {NTK_ROW_X_CENTRED, p->centred[0], root * p->centred_square[0].deviation},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    ntk_ledger_row *row = ntk_ledger_add(v, rows[i].id, 0, rows[i].value);
    row->error = rows[i].error;
    ntk_ledger_judge(row, 1e-2, 1e2);
  }
}

/* ---- 2.3: the activation --------------------------------------------------------------------- */

enum { GRID = 1 << 16, CHUNK = 64 };
static const double GRID_END = 32.0;

/* Largest |phi'| and largest slope of phi' on a grid over [-32, 32]. */
static void measure_activation(const ntk_activation *activation, double *M, double *M2) {
  double g[CHUNK], f[CHUNK], df[CHUNK], before = NAN;
  const double h = 2.0 * GRID_END / GRID;
  *M = *M2 = 0.0;
  for (size_t first = 0; first < GRID; first += CHUNK) {
    for (size_t i = 0; i < CHUNK; i++)
      g[i] = -GRID_END + ((double)(first + i) + 0.5) * h;
    ntk_activation_eval(activation, CHUNK, g, f, df);
    for (size_t i = 0; i < CHUNK; i++) {
      *M = fmax(*M, fabs(df[i]));
      if (!isnan(before))
        *M2 = fmax(*M2, fabs(df[i] - before) / h);
      before = df[i];
    }
  }
}

/* The largest constants of all layers. Slopes between grid points carry the activation's rounding
 * over h, hence the slack. */
static void activation(ntk_verification *v) {
  const ntk_activation *linear = NULL, *jumps = NULL;
  double M = 0.0, M2 = 0.0, most = 0.0, most2 = 0.0;
  for (size_t l = v->L - 1; l >= 1; l--) {
    const ntk_activation *phi = &v->network->activation[l];
    double here = 0.0, here2 = 0.0;
    measure_activation(phi, &here, &here2);
    M = fmax(M, here);
    M2 = fmax(M2, here2);
    most = fmax(most, phi->info.lipschitz);
    most2 = fmax(most2, phi->info.lipschitz_grad);
    linear = phi->info.nonlinear ? linear : phi;
    jumps = isinf(phi->info.lipschitz_grad) ? phi : jumps;
  }
  ntk_ledger_row *row = ntk_ledger_add_bound(v, NTK_ROW_M, M, most, 1e-6 * most);
  if (isinf(most)) {
    row->verdict = NTK_LEDGER_OUTSIDE;
    row->value = INFINITY; /* the grid's end made the number */
    row->ratio = NAN;
    ntk_ledger_note(row, "an activation is not Lipschitz: outside Assumption 2.3");
  }
  if (linear != NULL) {
    row->verdict = NTK_LEDGER_OUTSIDE;
    ntk_ledger_note(row, "%s is linear: outside Assumption 2.3", linear->info.name);
  }
  row = ntk_ledger_add_bound(v, NTK_ROW_M2, M2, most2, 1e-6 * most2 + 1e-9);
  if (jumps != NULL) {
    row->verdict = NTK_LEDGER_OUTSIDE;
    row->value = INFINITY; /* the grid's own spacing made the number */
    row->ratio = NAN;
    ntk_ledger_note(row, "the derivative of %s jumps: outside Assumption 2.3", jumps->info.name);
  }
}

/* ---- 2.4 and 2.5: widths --------------------------------------------------------------------- */

static void topology(ntk_verification *v) {
  for (size_t l = 1; l < v->L; l++) {
    ntk_ledger_row *row = ntk_ledger_add(v, NTK_ROW_WIDTH, l, (double)v->network->width[l]);
    row->verdict = NTK_LEDGER_CONSISTENT;
    if (row->ratio > NTK_WIDENS) {
      row->verdict = NTK_LEDGER_OUTSIDE;
      ntk_ledger_note(row,
                      "widens by a factor %.3g, outside a loose pyramid unless that stays as "
                      "sizes grow",
                      row->ratio);
    }
  }
}

static void parameters(ntk_verification *v) {
  const double N = (double)v->N;
  ntk_ledger_row *row = ntk_ledger_add(v, NTK_ROW_SAMPLES, 0, N);
  ntk_ledger_judge(row, 0.0, 0.5);
  if (row->ratio > 1.0) {
    row->verdict = NTK_LEDGER_OUTSIDE;
    ntk_ledger_note(row, "more samples than parameters between the last two hidden layers: K_{L-2} "
                         "is singular");
  } else if (row->ratio > 0.5) {
    ntk_ledger_note(row, "N is near the number of parameters between the last two hidden layers");
  }
  row = ntk_ledger_add(v, NTK_ROW_SAMPLES_LOG, 0, N * pow(log(N), 8.0));
  ntk_ledger_note(row, "to be o(1) in the limit only; the power of the logarithm is the proof's");
  row = ntk_ledger_add(v, NTK_ROW_GAMMA, 0, N > 1.0 ? log((double)v->m) / log(N) : NAN);
  if (!isnan(row->value)) /* (5) wants some gamma > 0, and any will do */
    row->verdict = row->value >= 0.1 ? NTK_LEDGER_CONSISTENT : NTK_LEDGER_SUSPECT;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static void expectations(ntk_verification *v) {
  ntk_ledger_row *row = ntk_ledger_add(v, NTK_ROW_POPULATION, 0, (double)v->population->samples);
  if (v->source.distribution != NULL)
    return;
  ntk_ledger_note(row, "the law of the data is not known: E is the mean over the data themselves");
}

ntk_status ntk_verify_assumptions(ntk_verification *v) {
  ntk_family family;
  NTK_TRY(ntk_family_create(v, &family));
  expectations(v);
  scaling(v);
  ntk_family_rows(v, &family);
  ntk_free(v->context, family.values);
  activation(v);
  topology(v);
  parameters(v);
  return NTK_OK;
}
