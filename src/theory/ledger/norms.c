/* The norms (i) to (v) of Section 3.1, each over its predicted order: value is the mean over the
 * data, error the standard deviation from sample to sample (of expectations, 1.96 standard errors).
 */
#include "theory/ledger/ledger.h"

#include "base/memory.h"

#include <math.h>

static void row_norm(ntk_verification *v, ntk_row id, size_t l, double value, double error) {
  ntk_ledger_row *row = ntk_ledger_add(v, id, l, value);
  row->error = error;
  ntk_ledger_judge(row, 1e-3, 1e2);
}

/* Mean and standard deviation over the data of the roots of squares (N). */
static ntk_moments of_roots(size_t N, const double *squares) {
  double mean = 0.0, squares_sum = 0.0;
  for (size_t i = 0; i < N; i++)
    mean += sqrt(squares[i]) / (double)N;
  for (size_t i = 0; i < N; i++)
    squares_sum += (sqrt(squares[i]) - mean) * (sqrt(squares[i]) - mean);
  return (ntk_moments){mean, sqrt(squares_sum / fmax(1.0, (double)N - 1.0))};
}

/* ||f_l(x_i) - E f_l||^2 into squares; values: scratch, N x n_l. */
static void centred_squares(const ntk_verification *v, bool b, size_t l, const double *mean,
                            double *values, double *squares) {
  const size_t n = v->network->width[l];
  ntk_features_values(v->features, b, l, values);
  for (size_t i = 0; i < v->N; i++) {
    squares[i] = 0.0;
    for (size_t j = 0; j < n; j++) {
      const double x = values[i * n + j] - mean[j];
      squares[i] += x * x;
    }
  }
}

/* Rows (i) to (iv) of layer l. norms: ||f_l(x_i)||^2, N. */
static void layer_rows(ntk_verification *v, size_t l, const double *norms, double *values,
                       double *squares) {
  const ntk_population *p = v->population;
  const double root = 1.96 / sqrt((double)p->samples);
  const double fresh = (double)(p->samples < NTK_FAMILY_SAMPLES ? p->samples : NTK_FAMILY_SAMPLES);
  const ntk_moments f = of_roots(v->N, norms);
  centred_squares(v, false, l, p->mean_f[l], values, squares);
  const ntk_moments centred = of_roots(v->N, squares);
  row_norm(v, NTK_ROW_F_NORM, l, f.mean, f.deviation);
  row_norm(v, NTK_ROW_F_SQUARE, l, p->square[l].mean, root * p->square[l].deviation);
  row_norm(v, NTK_ROW_F_MEAN, l, p->norm[l].mean, root * p->norm[l].deviation);
  row_norm(v, NTK_ROW_FC_SQUARE, l, p->centred[l], root * p->centred_square[l].deviation);
  row_norm(v, NTK_ROW_FC_MEAN, l, p->centred_norm[l].mean,
           1.96 / sqrt(fresh) * p->centred_norm[l].deviation);
  row_norm(v, NTK_ROW_FC_NORM, l, centred.mean, centred.deviation);
}

ntk_status ntk_verify_norms(ntk_verification *v) {
  const size_t L = v->L, N = v->N;
  const ntk_network_spec spec = ntk_spec_of(v->network);
  const size_t widest = ntk_widest(&spec, 1);
  double *norms;
  NTK_TRY(ntk_alloc_doubles(v->context, 2 * L * N + N + N * widest, "row norms", &norms));
  double *squares = norms + 2 * L * N, *values = squares + N;
  const ntk_status status = ntk_features_norms(v->features, norms, norms + L * N);
  for (size_t l = 1; l < L && status == NTK_OK; l++)
    layer_rows(v, l, norms + l * N, values, squares);
  if (status == NTK_OK) {
    centred_squares(v, true, L - 1, v->population->mean_b, values, squares);
    const ntk_moments b = of_roots(N, squares);
    row_norm(v, NTK_ROW_BC_NORM, 0, b.mean, b.deviation);
  }
  ntk_free(v->context, norms);
  return status;
}
