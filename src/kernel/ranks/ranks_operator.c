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
static size_t part_in(const ntk_network_spec *spec, ntk_outputs outputs, size_t k) {
  return ntk_spec_rows(spec, k + 1) * ntk_back_width(spec, outputs, k + 1);
}

static size_t parts_in(const ntk_network_spec *spec, ntk_outputs outputs) {
  size_t sum = 0;
  for (size_t k = 0; k < spec->depth; k++)
    sum += part_in(spec, outputs, k);
  return sum;
}

static size_t part_of(const ntk_features *features, size_t k) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  return part_in(&spec, features->outputs, k);
}

static size_t parts_of(const ntk_features *features) {
  const ntk_network_spec spec = ntk_spec_of(features->network);
  return parts_in(&spec, features->outputs);
}

/* How many vectors' J^T v are summed in one message: few numbers, for which a message of their own
 * would take longer than they do. */
static size_t together(size_t parts) {
  enum { SOME = 1 << 16 };
  return parts > 0 && parts < SOME ? SOME / parts : 1;
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

/* Own rows of m vectors of K V, u, in a message or a few; what fails on one rank is told at the
 * end, for nobody may wait for its part of the sum. room: own rows; g: all parts of each vector. */
static ntk_status multiply(const ntk_features *features, const bool *blocks, const double *V,
                           size_t m, double *room, double *g, double *u) {
  const ntk_features own = ranks_own(features);
  const size_t parts = parts_of(features), rows = ranks_rows(features).N;
  ntk_status status = NTK_OK;
  for (size_t c = 0; c < m; c++) {
    const ntk_status one = own_adjoint(features, blocks, V + c * rows, room, g + c * parts);
    status = status == NTK_OK ? one : status;
  }
  if (blocks == NULL)
    ntk_ranks_sum(features->context, m * parts, g, NTK_PRECISION_DOUBLE);
  for (size_t c = 0; c < m && blocks != NULL; c++)
    sum_parts(features, blocks, g + c * parts);
  for (size_t c = 0; c < m && status == NTK_OK && own.N > 0; c++) {
    cpu_scale(&own, blocks, g + c * parts);
    status = own_product(features, blocks, g + c * parts, u + c * own.rows);
  }
  return status;
}

ntk_status ranks_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                       double *U) {
  if (!ranks_dealt(features))
    return ranks_parent()->apply(features, blocks, V, m, U);
  ntk_context *context = features->context;
  const ntk_share rows = ranks_rows(features);
  const size_t parts = parts_of(features), own = ranks_own(features).rows;
  const size_t most = together(parts), some = m < most ? m : most;
  const uint64_t what = ntk_ranks_what("K v", features->N, features->rows, m);
  double *g = NULL;
  const ntk_status status =
      ntk_alloc_doubles(context, some * parts + own, "workspace of the kernel operator", &g);
  ntk_status here = ntk_ranks_agree(context, status, what);
  if (here != NTK_OK) {
    ntk_free(context, g);
    return here;
  }
  for (size_t c = 0, now = 0; c < m; c += now) {
    now = m - c < some ? m - c : some;
    const ntk_status one =
        multiply(features, blocks, V + c * rows.N, now, g + some * parts, g, U + c * own);
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

double ranks_apply_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t own) {
  const size_t parts = parts_in(spec, outputs);
  return (double)sizeof(double) * (double)(together(parts) - 1) * (double)parts +
         ranks_operator_bytes(spec, outputs, own);
}
