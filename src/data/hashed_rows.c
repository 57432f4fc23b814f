#include "data/hashed_rows.h"

#include "base/memory.h"

#include <stdlib.h>

static int by_hash(const void *a, const void *b) {
  const ntk_hashed_row *p = a, *q = b;
  if (p->hash != q->hash)
    return p->hash < q->hash ? -1 : 1;
  return p->row < q->row ? -1 : 1;
}

ntk_status ntk_hashed_rows(ntk_context *context, const double *X, size_t N, size_t d,
                           ntk_row_hash hash, const void *how, ntk_hashed_row **sorted) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(context, N, sizeof(ntk_hashed_row), "hashes of the rows", &pointer));
  ntk_hashed_row *rows = *sorted = pointer;
#pragma omp parallel for schedule(static) \
    num_threads(ntk_threads_for(context, (double)N *(double)d))
  for (size_t i = 0; i < N; i++)
    rows[i] = (ntk_hashed_row){hash(X + i * d, d, how), i};
  qsort(rows, N, sizeof *rows, by_hash);
  return NTK_OK;
}
