/* The norms (i) to (v) of Section 3.1, each over its predicted order: value is the mean over the
 * data, error the standard deviation from sample to sample (of expectations, 1.96 standard errors).
 */
#include "theory/ledger.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>

static ntk_status row_norm(ntk_verification *v, const char *item, const char *name, double value,
                           double error, const char *order, double scale) {
  ntk_status status;
  ntk_ledger_row *row = ntk_ledger_add(v->ledger, "Section 3.1, norms", name, item, &status);
  if (row == NULL)
    return status;
  row->value = value;
  row->error = error;
  ntk_ledger_scale(row, order, scale);
  ntk_ledger_judge(row, 1e-3, 1e2);
  return NTK_OK;
}

/* Mean and standard deviation over the data of the roots of squares (N). */
static ntk_moments of_roots(size_t N, const double *squares) {
  double sum = 0.0, sum2 = 0.0;
  for (size_t i = 0; i < N; i++) {
    sum += sqrt(squares[i]);
    sum2 += squares[i];
  }
  const double mean = sum / (double)N;
  const double variance = (sum2 - (double)N * mean * mean) / fmax(1.0, (double)N - 1.0);
  return (ntk_moments){mean, sqrt(fmax(0.0, variance))};
}

/* ||f_l(x_i) - E f_l||^2 into squares; values: scratch, N x n_l. */
static void centred_squares(const ntk_verification *v, bool b, size_t l, const double *mean,
                            double *values, double *squares) {
  const size_t n = v->network->width[l];
  v->features->backend->features_values(v->features, b, l, values);
  for (size_t i = 0; i < v->N; i++) {
    squares[i] = 0.0;
    for (size_t j = 0; j < n; j++) {
      const double x = values[i * n + j] - mean[j];
      squares[i] += x * x;
    }
  }
}

/* Rows (i) to (iv) of layer l. norms: ||f_l(x_i)||^2, N. */
static ntk_status layer_rows(ntk_verification *v, size_t l, const double *norms, double *values,
                             double *squares) {
  const ntk_population *p = v->population;
  const double n = (double)v->network->width[l], root = 1.96 / sqrt((double)p->samples);
  char name[72], order[40], root_order[40];
  const ntk_moments f = of_roots(v->N, norms);
  centred_squares(v, false, l, p->mean_f[l], values, squares);
  const ntk_moments centred = of_roots(v->N, squares);
  snprintf(order, sizeof order, "n_%zu", l);
  snprintf(root_order, sizeof root_order, "sqrt n_%zu", l);
  snprintf(name, sizeof name, "||f_%zu(x)||", l);
  NTK_TRY(row_norm(v, "(i)", name, f.mean, f.deviation, root_order, sqrt(n)));
  snprintf(name, sizeof name, "E ||f_%zu(x)||^2", l);
  NTK_TRY(row_norm(v, "(ii)", name, p->square[l].mean, root * p->square[l].deviation, order, n));
  snprintf(name, sizeof name, "E ||f_%zu(x)||", l);
  NTK_TRY(row_norm(v, "(iii)", name, p->norm[l].mean, root * p->norm[l].deviation, root_order,
                   sqrt(n)));
  snprintf(name, sizeof name, "E ||f_%zu(x) - E f_%zu||^2", l, l);
  NTK_TRY(row_norm(v, "(iv)", name, p->centred[l], root * p->square[l].deviation, order, n));
  snprintf(name, sizeof name, "||f_%zu(x) - E f_%zu||", l, l);
  return row_norm(v, "(iv)", name, centred.mean, centred.deviation, root_order, sqrt(n));
}

ntk_status ntk_verify_norms(ntk_verification *v) {
  const size_t L = v->L, N = v->N;
  size_t widest = 0;
  for (size_t l = 1; l < L; l++)
    widest = v->network->width[l] > widest ? v->network->width[l] : widest;
  double *norms;
  NTK_TRY(ntk_alloc_doubles(v->context, 2 * L * N + N + N * widest, "row norms", &norms));
  double *squares = norms + 2 * L * N, *values = squares + N;
  ntk_status status = v->features->backend->features_norms(v->features, norms, norms + L * N);
  for (size_t l = 1; l < L && status == NTK_OK; l++)
    status = layer_rows(v, l, norms + l * N, values, squares);
  if (status == NTK_OK) {
    centred_squares(v, true, L - 1, v->population->mean_b, values, squares);
    const ntk_moments b = of_roots(N, squares);
    status = row_norm(v, "(v)", "||D_L phi'(g_{L-1}(x)) - E ...||", b.mean, b.deviation,
                      "sqrt n_{L-1}", sqrt((double)v->m));
  }
  ntk_free(v->context, norms);
  return status;
}
