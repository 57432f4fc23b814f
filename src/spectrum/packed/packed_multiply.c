/* Products with a packed symmetric matrix, which is read once: a piece of it meets the vectors
 * along its rows and along its columns while it is in cache. Groups of panels are dealt to stripes,
 * each with sums of its own, which are added up at the end in one order: the bits do not depend on
 * the number of threads. Ranks do so with the rows that are theirs, and add up what they have. */
#include "spectrum/packed/packed_group.h"

#include "base/memory.h"
#include "base/ranks/ranks.h"

enum { STRIPES = 16 };

static size_t stripes_for(size_t n) {
  return n < NTK_PACKED_THREADS ? 1 : STRIPES;
}

double ntk_packed_multiply_bytes(size_t n) {
  return (double)sizeof(double) * (double)stripes_for(n) * NTK_PACKED_VECTORS * (double)n;
}

/* Panel p, in the columns from those of its group, `own`, on: beside them its block on the
 * diagonal, which is there once for its lower triangle and once for the upper one, so that the
 * diagonal itself has been taken off twice. */
static void own_columns(const ntk_packed *A, size_t p, size_t own, const ntk_meeting *group) {
  const size_t P = ntk_panel_rows(A->precision);
  const size_t end = (p + 1) * P < A->n ? (p + 1) * P : A->n, at = (p * P - own) * group->m;
  const ntk_block block = ntk_block_of(A, p, p + 1, own, end);
  ntk_stream_block(&block, &(ntk_meeting){group->m, A->n, group->X + own, group->Z + at,
                                          group->Y + at, group->U + own});
  for (size_t i = p * P; i < end; i++) {
    const double diagonal = ntk_packed_get(A, i, i);
    for (size_t c = 0; c < group->m; c++)
      group->U[c * A->n + i] += diagonal * group->X[c * A->n + i];
  }
}

/* A group, whose part of A V is taken off U. */
static void multiply_group(const ntk_packed *A, ntk_group g, size_t m, const double *V, double *U) {
  const size_t P = ntk_panel_rows(A->precision), begin = g.begin, end = g.end;
  const ntk_block left = ntk_block_of(A, begin, end, 0, begin * P);
  ntk_group_vectors Z, Y;
  for (size_t p = begin; p < end; p++)
    ntk_panel_load(A, p, m, V, Z + (p - begin) * P * m);
  memset(Y, 0, (end - begin) * P * m * sizeof *Y);
  const ntk_meeting with = {m, A->n, V, Z, Y, U};
  ntk_stream_block(&left, &with);
  for (size_t p = begin; p < end; p++)
    own_columns(A, p, begin * P, &with);
  for (size_t p = begin; p < end; p++)
    for (size_t c = 0; c < m; c++)
      for (size_t i = 0; i < P && p * P + i < A->n; i++)
        U[c * A->n + p * P + i] += Y[((p - begin) * m + c) * P + i];
}

/* U = A V, as far as A is here, for m vectors that go together; sums: stripes x n x m. */
static void multiply(const ntk_packed *A, const double *V, size_t m, double *sums, double *U,
                     ntk_watch *watch) {
  const size_t stripes = stripes_for(A->n), size = A->n * m;
  const ntk_cut cut = ntk_cut_of(A);
#pragma omp parallel num_threads(stripes > 1 ? ntk_team(A->context) : 1)
  {
#pragma omp for schedule(dynamic)
    for (size_t s = 0; s < stripes; s++) {
      memset(sums + s * size, 0, size * sizeof *sums);
      ntk_group g = {0};
      for (size_t i = 0; ntk_group_next(A, &cut, &g); i++)
        if (i % stripes == s && ntk_watch_on(watch, 0.0))
          multiply_group(A, g, m, V, sums + s * size);
    }
#pragma omp for schedule(static)
    for (size_t i = 0; i < size; i++) {
      double sum = 0.0;
      for (size_t s = 0; s < stripes; s++)
        sum += sums[s * size + i];
      U[i] = -sum;
    }
  }
}

ntk_status ntk_packed_multiply(const ntk_packed *A, const double *V, size_t m, double *U) {
  const size_t most = m < NTK_PACKED_VECTORS ? m : NTK_PACKED_VECTORS;
  double *sums = NULL;
  ntk_watch watch = {.context = A->context, .phase = "products with the kernel"};
  watch.status = ntk_alloc_doubles(A->context, stripes_for(A->n) * A->n * most,
                                   "a product with the kernel", &sums);
  for (size_t c = 0; c < m && watch.status == NTK_OK; c += NTK_PACKED_VECTORS)
    multiply(A, V + c * A->n, m - c < most ? m - c : most, sums, U + c * A->n, &watch);
  ntk_free(A->context, sums);
  if (A->share.ranks == 1)
    return watch.status;
  NTK_TRY(ntk_ranks_agree(A->context, watch.status, ntk_ranks_what(watch.phase, A->n, m, 0)));
  ntk_ranks_sum(A->context, A->n * m, U, NTK_PRECISION_DOUBLE);
  return NTK_OK;
}
