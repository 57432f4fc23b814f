/* Rows of J_{L-2} that are linearly dependent, as those of x and -x for an odd phi, of x and 3 x
 * for relu, or of what lies on a line on which no unit changes sign. No K_{L-2}^{-1} exists then,
 * but the shifted factor, of K_{L-2} + s I, knows them:
 *
 *  - v = s (K_{L-2} + s I)^{-1} y is the part of y in the null space, to s over the least
 *    eigenvalue that is not 0: labels have a fit only where it is 0;
 *  - pivot k is at most s (1 + ||T||^2) where row k is the combination T of those before it, and
 *    near its squared distance from them otherwise.
 *
 * Rows that are not independent need no equation: where the labels depend as the rows do, they are
 * fitted with the others. Cost: N, or one solve. */
#include "fit/memorize/memorize.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

static const double PIVOTS = 1e3;      /* of s, and of K_kk over the mean: dependent */
static const double CONSISTENT = 1e-3; /* of max |y|: v beyond rounding and what the pivots miss */

ntk_status ntk_row_squares(const ntk_features *features, double *squares) {
  const size_t N = features->N, L = features->network->depth;
  double *norms = NULL;
  NTK_TRY(ntk_features_take_norms(features, &norms));
  const double bias = features->network->bias[L - 2] ? 1.0 : 0.0;
  for (size_t i = 0; i < N; i++)
    squares[i] = (norms[(L - 2) * N + i] + bias) * norms[(2 * L - 2) * N + i];
  ntk_free(features->context, norms);
  return NTK_OK;
}

ntk_status ntk_null_part(const ntk_linear_system *s, const double *y, double *v) {
  memcpy(v, y, s->features->N * sizeof *v);
  NTK_TRY(ntk_kernel_solve(s->factor, v, 1));
  for (size_t i = 0; i < s->features->N; i++)
    v[i] *= s->shift;
  return NTK_OK;
}

ntk_status ntk_labels_depend(const ntk_linear_system *s, const double *y, bool *depend) {
  const size_t N = s->features->N;
  double most = 0.0, out = 0.0, *v = NULL;
  NTK_TRY(ntk_alloc_doubles(s->context, N, "labels", &v));
  const ntk_status status = ntk_null_part(s, y, v);
  for (size_t i = 0; i < N && status == NTK_OK; i++) {
    most = fmax(most, fabs(y[i]));
    out = fmax(out, fabs(v[i]));
  }
  *depend = out <= CONSISTENT * most;
  ntk_free(s->context, v);
  return status;
}

ntk_status ntk_independent_rows(const ntk_linear_system *s, size_t *row, size_t *count) {
  const size_t N = s->features->N;
  double *pivots = NULL, trace = 0.0;
  NTK_TRY(ntk_alloc_doubles(s->context, 2 * N, "pivots", &pivots));
  double *squares = pivots + N;
  const ntk_status status = ntk_row_squares(s->features, squares);
  ntk_kernel_pivots(s->factor, pivots);
  for (size_t i = 0; i < N && status == NTK_OK; i++)
    trace += squares[i];
  *count = 0;
  for (size_t i = 0; i < N && status == NTK_OK; i++)
    if (pivots[i] > PIVOTS * s->shift * fmax(1.0, squares[i] * (double)N / trace))
      row[(*count)++] = i;
  ntk_free(s->context, pivots);
  return status;
}
