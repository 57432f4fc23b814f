/* Cholesky factorisation of a packed matrix, right-looking and tile by tile (Buttari, Langou,
 * Kurzak and Dongarra, Parallel Computing 35, 2009). For tile columns k = 0, 1, ...:
 *
 *     L_kk = chol(A_kk),   L_ik = A_ik L_kk^{-T},   A_ij -= L_ik L_jk^T   for i >= j > k
 *
 * Each line is a BLAS-3 call on one thread; OpenMP tasks run them as soon as what they read is
 * there. LAPACK's dpftrf does the same work in four calls: beside it this keeps every thread busy
 * on small matrices, gives the same bits whatever their number, and can report progress and be
 * stopped. n^3/3 flops. */
#include "spectrum/packed.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>
#include <omp.h>
#include <stdatomic.h>

enum { SOLVE_BLOCK = 32 };

/* Tiles no larger than this, by order: small matrices need many for two threads to share, large
 * ones run BLAS best on large ones. */
static size_t tile_side(size_t n) {
  return n < 1536 ? 128 : n < 12288 ? 256 : 512;
}

/* The samples [start[I], start[I + 1]) of tile row and column I; the first half of the matrix is
 * cut by itself, so that every tile lies in one piece of the storage. */
typedef struct tiling {
  const ntk_packed *A;
  size_t first, count; /* tiles of the first half, and of both */
  size_t *start;       /* count + 1 */
} tiling;

/* One tile. Those of tile columns in the second half are stored transposed. */
typedef struct tile {
  double *at;
  size_t ld;
  bool transposed;
} tile;

static tile tile_at(const tiling *t, size_t I, size_t J) {
  return (tile){ntk_packed_at(t->A, t->start[I], t->start[J]), t->A->ld, J >= t->first};
}

static size_t side(const tiling *t, size_t I) {
  return t->start[I + 1] - t->start[I];
}

/* L_kk = chol(A_kk); the LAPACK info. */
static int factor_tile(const tiling *t, size_t k) {
  const tile d = tile_at(t, k, k);
  return ntk_dpotrf(d.transposed ? 'U' : 'L', side(t, k), d.at, d.ld);
}

/* L_ik = A_ik L_kk^{-T}, in narrow blocks of columns of L_kk (in its rows, stored transposed): what
 * dtrsm does slowly, dgemm then does for the most part. */
static void solve_tile(const tiling *t, size_t i, size_t k) {
  const tile d = tile_at(t, k, k), a = tile_at(t, i, k);
  const size_t order = side(t, k), other = side(t, i);
  for (size_t c = 0; c < order; c += SOLVE_BLOCK) {
    const size_t b = order - c < SOLVE_BLOCK ? order - c : SOLVE_BLOCK;
    const double *L_cc = d.at + c + c * d.ld;
    if (d.transposed) {
      ntk_dgemm('T', 'N', b, other, c, -1.0, d.at + c * d.ld, d.ld, a.at, a.ld, 1.0, a.at + c,
                a.ld);
      ntk_dtrsm('L', 'U', 'T', b, other, L_cc, d.ld, a.at + c, a.ld);
    } else {
      ntk_dgemm('N', 'T', other, b, c, -1.0, a.at, a.ld, d.at + c, d.ld, 1.0, a.at + c * a.ld,
                a.ld);
      ntk_dtrsm('R', 'L', 'T', other, b, L_cc, d.ld, a.at + c * a.ld, a.ld);
    }
  }
}

/* A_ij -= L_ik L_jk^T. L_ik and L_jk are stored alike, being of one tile column. */
static void update_tile(const tiling *t, size_t i, size_t j, size_t k) {
  const tile c = tile_at(t, i, j);
  tile a = tile_at(t, i, k), b = tile_at(t, j, k);
  const char trans = a.transposed ? 'T' : 'N';
  if (i == j) {
    ntk_dsyrk(c.transposed ? 'U' : 'L', trans, side(t, i), side(t, k), -1.0, a.at, a.ld, 1.0, c.at,
              c.ld);
    return;
  }
  size_t rows = side(t, i), columns = side(t, j);
  if (c.transposed) { /* A_ij^T -= L_jk L_ik^T */
    const tile other = a;
    a = b;
    b = other;
    rows = side(t, j);
    columns = side(t, i);
  }
  ntk_dgemm(trans, trans == 'N' ? 'T' : 'N', rows, columns, side(t, k), -1.0, a.at, a.ld, b.at,
            b.ld, 1.0, c.at, c.ld);
}

/* What the tasks share. */
typedef struct progress {
  ntk_context *context;
  atomic_size_t pivot; /* 1 + tile column that broke down; 0: none */
  atomic_bool stop;
  atomic_size_t done; /* tile updates */
  size_t total;
  ntk_status status; /* of the callback; thread 0 only */
} progress;

static bool going_on(progress *p) {
  return !atomic_load(&p->stop);
}

static void finished(progress *p) {
  const size_t done = atomic_fetch_add(&p->done, 1) + 1;
  if (omp_get_thread_num() != 0 || p->status != NTK_OK) /* thread 0 is the caller's own */
    return;
  p->status = ntk_progress_report(p->context, "factorisation", (double)done / (double)p->total);
  if (p->status != NTK_OK)
    atomic_store(&p->stop, true);
}

/* Makes the tasks, in an order that could run one by one. In their dependences the first entry of a
 * tile stands for it. */
static void make_tasks(const tiling *t, progress *p) {
  for (size_t k = 0; k < t->count; k++) {
    const double *kk = tile_at(t, k, k).at;
    (void)kk; /* gcc does not count depend clauses as uses */
#pragma omp task depend(inout : kk[0]) firstprivate(k)
    if (going_on(p) && factor_tile(t, k) != 0) {
      atomic_store(&p->pivot, k + 1);
      atomic_store(&p->stop, true);
    }
    for (size_t i = k + 1; i < t->count; i++) {
      const double *ik = tile_at(t, i, k).at;
      (void)ik;
#pragma omp task depend(in : kk[0]) depend(inout : ik[0]) firstprivate(i, k)
      if (going_on(p))
        solve_tile(t, i, k);
    }
    for (size_t j = k + 1; j < t->count; j++)
      for (size_t i = j; i < t->count; i++) {
        const double *ij = tile_at(t, i, j).at;
        const double *ik = tile_at(t, i, k).at, *jk = tile_at(t, j, k).at;
        (void)ij, (void)ik, (void)jk;
#pragma omp task depend(in : ik[0], jk[0]) depend(inout : ij[0]) firstprivate(i, j, k)
        if (going_on(p)) {
          update_tile(t, i, j, k);
          finished(p);
        }
      }
  }
}

static ntk_status make_tiling(const ntk_packed *A, tiling *t) {
  const size_t limit = tile_side(A->n);
  const size_t first = (A->n1 + limit - 1) / limit, second = (A->n2 + limit - 1) / limit;
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(A->context, first + second + 1, sizeof(size_t), "tiles", &pointer));
  *t = (tiling){A, first, first + second, pointer};
  for (size_t p = 0; p < first; p++)
    t->start[p] = p * A->n1 / first;
  for (size_t p = 0; p < second; p++)
    t->start[first + p] = A->n1 + p * A->n2 / second;
  t->start[t->count] = A->n;
  return NTK_OK;
}

/* BLAS lets a pivot that is not a number pass its test for <= 0; it then stands in the diagonal. */
static ntk_status check_diagonal(const ntk_packed *A) {
  for (size_t i = 0; i < A->n; i++) {
    const double pivot = *ntk_packed_at(A, i, i);
    if (!(pivot > 0.0) || !isfinite(pivot))
      return ntk_fail(NTK_ERR_NUMERIC, "the factorisation broke down at pivot %zu of %zu", i + 1,
                      A->n);
  }
  return NTK_OK;
}

ntk_status ntk_packed_factor(ntk_packed *A, double shift) {
  tiling t;
  NTK_TRY(make_tiling(A, &t));
  for (size_t i = 0; i < A->n && shift != 0.0; i++)
    *ntk_packed_at(A, i, i) -= shift;
  progress p = {.context = A->context,
                .total = (t.count + 1) * t.count * (t.count - 1) / 6 + 1,
                .status = NTK_OK};
  const int previous = ntk_blas_enter(1);
#pragma omp parallel num_threads( \
    ntk_threads_for(A->context, (double)A->n *(double)A->n *(double)A->n / 3.0))
#pragma omp master
  make_tasks(&t, &p);
  ntk_blas_leave(previous);
  ntk_free(A->context, t.start);
  if (p.status != NTK_OK)
    return p.status;
  const size_t pivot = atomic_load(&p.pivot);
  if (pivot != 0)
    return ntk_fail(NTK_ERR_NUMERIC,
                    "not positive definite in double precision: tile column %zu of %zu", pivot,
                    t.count);
  return check_diagonal(A);
}
