/* The data's Gram matrix: its eigenvalues, by the smaller of X X^T and X^T X, and its moments. */
#include "theory/laws/layers.h"

#include "base/blas.h"
#include "base/memory.h"
#include "data/dataset.h"
#include "spectrum/packed/packed.h"

#include <float.h>
#include <math.h>

static ntk_status eigenvalues(ntk_context *context, const ntk_law_data *of, const double *X,
                              double *values) {
  const size_t N = of->N, d = of->d, order = N < d ? N : d;
  double *G = NULL;
  size_t entries = 0;
  NTK_TRY(ntk_size_multiply(order, order, "the data's Gram matrix", &entries));
  NTK_TRY(ntk_alloc_doubles(context, entries, "the data's Gram matrix", &G));
  /* As of all eigenvalues of K: the same bits from any number of threads, but of large ones. */
  const int previous = ntk_blas_enter(order < NTK_PACKED_THREADS ? 1 : ntk_team(context));
  /* X is row-major, N x d: column-major d x N. */
  ntk_dsyrk('L', N < d ? 'T' : 'N', order, N < d ? d : N, 1.0, X, d, 0.0, G, order);
  const ntk_status status = ntk_dsyevd(context, 'N', order, G, values);
  ntk_blas_leave(previous);
  ntk_free(context, G);
  return status;
}

/* norm2 from the sum of the norms; spread, common and overlap in its unit, that nothing overflows;
 * sum2: of the squares of X X^T's entries over norm2^2. */
static ntk_status moments(ntk_context *context, const double *X, double sum2, ntk_law_data *of) {
  const double N = (double)of->N;
  double *sum = NULL, squares = 0.0;
  NTK_TRY(ntk_alloc_doubles(context, of->d, "the samples' sum", &sum));
  for (size_t j = 0; j < of->d; j++)
    sum[j] = 0.0;
  for (size_t i = 0; i < of->N; i++) {
    const double norm2 = ntk_ddot(of->d, X + i * of->d, X + i * of->d);
    squares += norm2 / of->norm2 * (norm2 / of->norm2);
    ntk_daxpy(of->d, 1.0, X + i * of->d, sum);
  }
  const double pairs = fmax(N * (N - 1.0), 1.0);
  of->spread = sqrt(fmax(squares / N - 1.0, 0.0));
  of->common = fmax((ntk_ddot(of->d, sum, sum) - N * of->norm2) / pairs, 0.0);
  of->overlap = sqrt(fmax(sum2 - squares, 0.0) / pairs);
  ntk_free(context, sum);
  return NTK_OK;
}

/* What rounding makes of 0 joins the zeros that X^T X has not, in one atom. */
static void fill_atoms(size_t order, const double *values, ntk_law_data *of) {
  const double N = (double)of->N;
  const double rounding = (double)order * DBL_EPSILON * values[order - 1];
  size_t zeros = 0;
  while (zeros < order && !(values[zeros] > rounding))
    zeros++;
  of->atoms = 0;
  if (zeros + (of->N - order) > 0) {
    of->atom[0] = 0.0;
    of->mass[of->atoms++] = (double)(zeros + (of->N - order)) / N;
  }
  for (size_t i = zeros; i < order; i++) {
    of->atom[of->atoms] = values[i];
    of->mass[of->atoms++] = 1.0 / N;
  }
}

static ntk_status fill(ntk_context *context, const double *X, size_t order, double *values,
                       ntk_law_data *of) {
  double sum2 = 0.0;
  NTK_TRY(eigenvalues(context, of, X, values));
  of->norm2 = ntk_ddot(of->N * of->d, X, X) / (double)of->N;
  if (!(of->norm2 > 0.0 && isfinite(of->norm2)))
    return ntk_fail(NTK_ERR_NUMERIC,
                    "the data are 0, or their squares are no numbers: no law is "
                    "known of them; accepted: numbers whose squares are above 0 and below 1e308");
  for (size_t i = 0; i < order; i++)
    sum2 += values[i] / of->norm2 * (values[i] / of->norm2);
  NTK_TRY(moments(context, X, sum2, of));
  fill_atoms(order, values, of);
  return NTK_OK;
}

ntk_status ntk_law_data_create(ntk_context *context, const ntk_dataset *data, ntk_law_data *made) {
  ntk_law_data of = {.N = ntk_dataset_samples(data), .d = ntk_dataset_dim(data)};
  const size_t order = of.N < of.d ? of.N : of.d;
  double *values = NULL;
  ntk_status status = ntk_alloc_doubles(context, order, "the data's eigenvalues", &values);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, order + 1, "the data's eigenvalues", &of.atom);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(context, order + 1, "the data's eigenvalues", &of.mass);
  if (status == NTK_OK)
    status = fill(context, ntk_dataset_values(data), order, values, &of);
  ntk_free(context, values);
  if (status == NTK_OK)
    *made = of;
  else
    ntk_law_data_destroy(context, &of);
  return status;
}

void ntk_law_data_destroy(ntk_context *context, ntk_law_data *data) {
  ntk_free(context, data->atom);
  ntk_free(context, data->mass);
  *data = (ntk_law_data){0};
}
