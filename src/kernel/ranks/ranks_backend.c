/* The backend of several processes: the CPU's operations, each rank with its share of the rows. */
#include "base/ranks/ranks.h"
#include "kernel/kernel.h"
#include "kernel/ranks/ranks.h"
#include "kernel/ranks/ranks_descent.h"
#include "spectrum/full.h"

#include <math.h>

static ntk_status enter(ntk_context *context, void **state) {
  const ntk_status status = ntk_ranks_enter(context);
  *state = context->ranks; /* NULL where there is one */
  return status;
}

static void leave(ntk_context *context, void *state) {
  (void)state;
  ntk_ranks_leave(context);
}

/* Of the panels of rows that the rank with most has. A chunk c of U panels has those of c U P
 * columns on: in all U (2 c U + U + 1) / 2 panels' columns; the last one may want some panels. */
static double panel_bytes(const ntk_share *rows, ntk_precision precision) {
  const size_t P = ntk_panel_rows(precision), U = rows->unit / P; /* which P divides */
  const size_t chunks = ntk_share_chunks(rows), panels = rows->N / P + (rows->N % P != 0);
  double most = 0.0;
  if (rows->N > NTK_PACKED_MAX)
    return INFINITY;
  for (int rank = 0; rank < rows->ranks; rank++) {
    double count = 0.0, u = (double)U;
    const double numbers = ntk_share_numbers(rows, rank, &count);
    double sum = u * u * numbers + 0.5 * count * u * (u + 1.0);
    if (ntk_share_chunk_owner(rows, chunks - 1) == rank)
      for (size_t p = panels; p < chunks * U; p++)
        sum -= (double)(p + 1);
    most = fmax(most, sum * (double)P);
  }
  const size_t pointers = rows->N / P + 1;
  return most * NTK_PANEL_BYTES + (double)pointers * (double)sizeof(void *);
}

static void bytes(const ntk_context *context, const ntk_network_spec *spec, ntk_outputs outputs,
                  const ntk_share *share, ntk_kernel_bytes *b) {
  const ntk_share own = ntk_share_whole(ntk_share_most(share));
  ranks_parent()->bytes(context, spec, outputs, &own, b);
  if (share->ranks == 1)
    return;
  const ntk_share rows = ntk_share_times(*share, ntk_kernel_rows(spec, outputs, 1));
  b->kernel = panel_bytes(&rows, NTK_PRECISION_DOUBLE);
  b->single = panel_bytes(&rows, NTK_PRECISION_FLOAT);
  b->full = ntk_spectrum_full_spread_bytes(rows.N, rows.ranks);
  b->build = ranks_gram_bytes(context, spec, outputs, share);
  b->product += ranks_operator_bytes(spec, outputs, own.N);
  b->apply += ranks_apply_bytes(spec, outputs, own.N);
}

const ntk_backend ntk_backend_mpi = {
    .name = "mpi",
    .parent = &ntk_backend_cpu,
    .own = {.create = enter, .destroy = leave},
    .bytes = bytes,
    .output = ranks_output,
    .features_create = ranks_features_create,
    .features_output = ranks_features_output,
    .features_norms = ranks_features_norms,
    .features_values = ranks_features_values,
    .features_centre = ranks_features_centre,
    .adjoint = ranks_adjoint,
    .product = ranks_product,
    .apply = ranks_apply,
    .cross = ranks_cross,
    .kernel_build = ranks_kernel_build,
    .descent_create = ranks_descent_create,
    .descent_destroy = ranks_descent_destroy,
    .descent_gradient = ranks_descent_gradient,
    .descent_sums = ranks_descent_sums,
    .descent_update = ranks_descent_update,
    .descent_read = ranks_descent_read,
    .descent_write = ranks_descent_write,
    .descent_bytes = ranks_descent_bytes,
};
