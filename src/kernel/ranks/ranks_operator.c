/* J^T v is a sum over samples: every rank has the part of its own, and these are added up, layer
 * after layer. J g is row by row, each rank's own; then all of them are every rank's. A sum over
 * ranks is at most P - 1 roundings more than one process makes. */
#include "kernel/ranks/ranks.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"
#include "base/ranks/rows.h"
#include "kernel/cpu/cpu.h"
#include "kernel/kernel.h"

#include <string.h>

/* Numbers of g that block k has. */
static size_t part_of(const ntk_features *features, size_t k) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  return ntk_spec_rows(&spec, k + 1) * ntk_back_width(&spec, features->outputs, k + 1);
}

static size_t parts_of(const ntk_features *features) {
  size_t sum = 0;
  for (size_t k = 0; k < features->network->depth; k++)
    sum += part_of(features, k);
  return sum;
}

/* g of the chosen blocks over all ranks; those that lie side by side go together. */
static void sum_parts(const ntk_features *features, const bool *blocks, double *g) {
  size_t count = 0;
  for (size_t k = 0; k < features->network->depth; k++) {
    const size_t part = part_of(features, k);
    if (blocks == NULL || blocks[k]) {
      count += part;
      continue;
    }
    ntk_ranks_sum(features->context, count, g, NTK_PRECISION_DOUBLE);
    g += count + part;
    count = 0;
  }
  ntk_ranks_sum(features->context, count, g, NTK_PRECISION_DOUBLE);
}

/* Own part of J^T v; room: rows of its own. */
static ntk_status own_adjoint(const ntk_features *features, const bool *blocks, const double *v,
                              double *room, double *g) {
  const ntk_features own = ranks_own(features);
  const ntk_share rows = ranks_rows(features);
  if (own.N == 0) {
    memset(g, 0, parts_of(features) * sizeof *g);
    return NTK_OK;
  }
  ntk_rows_take(&rows, v, room);
  return cpu_adjoint_of(&own, blocks, room, g);
}

/* Own rows of J g, as many as there are. */
static ntk_status own_product(const ntk_features *features, const bool *blocks, const double *g,
                              double *u) {
  const ntk_features own = ranks_own(features);
  return own.N > 0 ? cpu_product_of(&own, blocks, g, u) : NTK_OK;
}

ntk_status ranks_adjoint(const ntk_features *features, const double *v, double *g) {
  if (!ranks_dealt(features))
    return ranks_parent()->adjoint(features, v, g);
  double *room = NULL;
  ntk_status status =
      ntk_alloc_doubles(features->context, ranks_own(features).rows, "own rows", &room);
  if (status == NTK_OK)
    status = own_adjoint(features, NULL, v, room, g);
  ntk_free(features->context, room);
  NTK_TRY(ntk_ranks_agree(features->context, status,
                          ntk_ranks_what("J^T v", features->N, features->rows, 0)));
  sum_parts(features, NULL, g);
  return NTK_OK;
}

ntk_status ranks_product(const ntk_features *features, const double *g, double *u) {
  if (!ranks_dealt(features))
    return ranks_parent()->product(features, g, u);
  const ntk_share rows = ranks_rows(features);
  const ntk_status status = own_product(features, NULL, g, u);
  NTK_TRY(ntk_ranks_agree(features->context, status,
                          ntk_ranks_what("J g", features->N, features->rows, 0)));
  return ntk_rows_spread(features->context, &rows, 1, u);
}

/* Own rows of K v; what fails on one rank is told at the end, for nobody may wait
 * for its part of the sum. g: all parts. */
static ntk_status multiply(const ntk_features *features, const bool *blocks, const double *v,
                           double *room, double *g, double *u) {
  const ntk_status status = own_adjoint(features, blocks, v, room, g);
  sum_parts(features, blocks, g);
  NTK_TRY(status);
  const ntk_features own = ranks_own(features);
  if (own.N > 0)
    cpu_scale(&own, blocks, g);
  return own_product(features, blocks, g, u);
}

ntk_status ranks_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                       double *U) {
  if (!ranks_dealt(features))
    return ranks_parent()->apply(features, blocks, V, m, U);
  ntk_context *context = features->context;
  const ntk_share rows = ranks_rows(features);
  const size_t parts = parts_of(features), own = ranks_own(features).rows;
  const uint64_t what = ntk_ranks_what("K v", features->N, features->rows, m);
  double *g = NULL;
  const ntk_status status =
      ntk_alloc_doubles(context, parts + own, "workspace of the kernel operator", &g);
  ntk_status here = ntk_ranks_agree(context, status, what);
  if (here != NTK_OK) {
    ntk_free(context, g);
    return here;
  }
  for (size_t c = 0; c < m; c++) {
    const ntk_status one = multiply(features, blocks, V + c * rows.N, g + parts, g, U + c * own);
    here = here == NTK_OK ? one : here;
  }
  ntk_free(context, g);
  NTK_TRY(ntk_ranks_agree(context, here, what));
  return ntk_rows_spread(context, &rows, m, U);
}

ntk_status ranks_cross(const ntk_features *features, const ntk_features *other, const bool *blocks,
                       double *A) {
  if (!ranks_dealt(features))
    return ranks_parent()->cross(features, other, blocks, A);
  const ntk_features own = ranks_own(features);
  return own.N > 0 ? ranks_parent()->cross(&own, other, blocks, A) : NTK_OK;
}

double ranks_operator_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t own) {
  return (double)sizeof(double) * (double)ntk_kernel_rows(spec, outputs, own);
}
