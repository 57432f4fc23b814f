/* Gram matrices of the Jacobian, layer by layer (8):
 *
 *     K = sum_k  F_k F_k^T  o  B_{k+1} B_{k+1}^T,   B_L = 1
 *
 * The matrix is made tile by tile: for each block k two small products and their Hadamard product are
 * accumulated while the tile is in cache, straight into where K is stored. J, which has P columns,
 * never exists. The grid of tiles depends on N alone and each tile is one thread's, so the bits of K
 * do not depend on the number of threads.
 * Cost: 2 (N^2/2) n flops for each of the 2 (L-1) + 1 products, n its width. */
#include "kernel/cpu.h"

#include "base/blas.h"
#include "base/memory.h"

#include <omp.h>
#include <stdatomic.h>

typedef enum shape { FULL, LOWER, UPPER } shape;

/* rows x columns entries at out (column-major, ld): entry (i, j) belongs to sample row0 + i of one
 * set of features and sample column0 + j of the other. */
typedef struct tile {
  size_t row0, rows, column0, columns;
  double *out;
  size_t ld;
  shape shape; /* LOWER, UPPER: that triangle alone may be written (the sets are the same) */
} tile;

/* C (rows x columns) = A[row0..] B[column0..]^T for row-major A and B of width n. */
static void product(const tile *t, const double *A, const double *B, size_t n, double *C,
                    size_t ldc) {
  if (t->shape == FULL)
    ntk_dgemm('T', 'N', t->rows, t->columns, n, 1.0, A + t->row0 * n, n, B + t->column0 * n, n, 0.0,
              C, ldc);
  else
    ntk_dsyrk(t->shape == LOWER ? 'L' : 'U', 'T', t->rows, n, 1.0, A + t->row0 * n, n, 0.0, C, ldc);
}

/* out (= or +=) P o Q over the tile's entries. */
static void accumulate(const tile *t, bool add, const double *P, const double *Q) {
  for (size_t j = 0; j < t->columns; j++) {
    const size_t first = t->shape == LOWER ? j : 0, last = t->shape == UPPER ? j + 1 : t->rows;
    double *out = t->out + j * t->ld;
    const double *p = P + j * t->rows, *q = Q + j * t->rows;
    if (add)
      for (size_t i = first; i < last; i++)
        out[i] += p[i] * q[i];
    else
      for (size_t i = first; i < last; i++)
        out[i] = p[i] * q[i];
  }
}

/* P, Q: scratch for one tile each. */
static void fill(const tile *t, const ntk_features *a, const ntk_features *b, const bool *blocks,
                 double *P, double *Q) {
  const size_t L = a->network->depth;
  const size_t *width = a->network->width;
  const cpu_features *fa = cpu_features_of(a), *fb = cpu_features_of(b);
  bool add = false;
  if (blocks == NULL || blocks[L - 1]) { /* B_L = 1: no Hadamard product */
    product(t, fa->F[L - 1], fb->F[L - 1], width[L - 1], t->out, t->ld);
    add = true;
  }
  for (size_t k = 0; k + 1 < L; k++) {
    if (blocks != NULL && !blocks[k])
      continue;
    product(t, fa->F[k], fb->F[k], width[k], P, t->rows);
    product(t, fa->B[k + 1], fb->B[k + 1], width[k + 1], Q, t->rows);
    accumulate(t, add, P, Q);
    add = true;
  }
}

/* Tiles of this many samples: large enough for BLAS to run at full speed and for little waste, small
 * enough that two threads share a small matrix evenly. */
static size_t tile_side(size_t N) {
  return N >= 2048 ? 256 : 128;
}

/* How a range of samples is cut: `count` nearly equal parts. */
typedef struct cut {
  size_t first, length, count;
} cut;

static cut cut_range(size_t first, size_t length, size_t side) {
  return (cut){first, length, (length + side - 1) / side};
}

static size_t cut_at(const cut *c, size_t part) {
  return c->first + part * c->length / c->count;
}

/* Tile (I, J), I >= J, of the packed matrix; parts of the first half of the samples come first. */
static tile packed_tile(const ntk_packed *A, const cut half[2], size_t I, size_t J) {
  const cut *ci = I < half[0].count ? &half[0] : &half[1];
  const cut *cj = J < half[0].count ? &half[0] : &half[1];
  const size_t pi = ci == half ? I : I - half[0].count, pj = cj == half ? J : J - half[0].count;
  const size_t i0 = cut_at(ci, pi), i1 = cut_at(ci, pi + 1);
  const size_t j0 = cut_at(cj, pj), j1 = cut_at(cj, pj + 1);
  if (cj == half) /* A11 and A21 are stored as they are */
    return (tile){i0, i1 - i0, j0, j1 - j0, ntk_packed_at(A, i0, j0), A->ld, I == J ? LOWER : FULL};
  /* A22 is stored transposed: rows are J's samples. */
  return (tile){j0, j1 - j0, i0, i1 - i0, ntk_packed_at(A, i0, j0), A->ld, I == J ? UPPER : FULL};
}

typedef struct gram_job {
  const ntk_features *a, *b;
  const bool *blocks;
  const ntk_packed *packed; /* NULL: a rectangle */
  double *rectangle;        /* N x N' row-major, N = samples of a, N' of b */
  cut parts[2];             /* packed: halves; rectangle: rows, columns */
  size_t tiles, side;
} gram_job;

static tile job_tile(const gram_job *job, size_t number) {
  if (job->packed != NULL) {
    size_t I = 0; /* rows of the triangle of tiles, numbered 0; 1 2; 3 4 5; ... */
    while ((I + 1) * (I + 2) / 2 <= number)
      I++;
    return packed_tile(job->packed, job->parts, I, number - I * (I + 1) / 2);
  }
  const cut *rows = &job->parts[0], *columns = &job->parts[1];
  const size_t i = number / columns->count, j = number % columns->count;
  const size_t i0 = cut_at(rows, i), i1 = cut_at(rows, i + 1);
  const size_t j0 = cut_at(columns, j), j1 = cut_at(columns, j + 1);
  /* Column-major, the row-major rectangle is its transpose: b's samples are the rows. */
  return (tile){j0,  j1 - j0, i0, i1 - i0, job->rectangle + i0 * job->b->N + j0, job->b->N,
                FULL};
}

/* Last tiles first: the largest rows of the triangle, so that the short ones even out the end. */
static ntk_status run(const gram_job *job, const char *phase) {
  ntk_context *context = job->a->context;
  const size_t scratch = 2 * job->side * job->side;
  double *workspace;
  NTK_TRY(ntk_alloc_doubles(context, (size_t)context->threads * scratch,
                            "workspace of the kernel's tiles", &workspace));
  const ntk_features *row_set = job->packed != NULL ? job->a : job->b;
  atomic_size_t done = 0;
  atomic_bool stop = false;
  ntk_status status = NTK_OK;
  const int previous = ntk_blas_enter(1);
#pragma omp parallel for schedule(dynamic) num_threads(context->threads)
  for (size_t number = 0; number < job->tiles; number++) {
    if (atomic_load(&stop))
      continue;
    const tile t = job_tile(job, job->tiles - 1 - number);
    double *P = workspace + (size_t)omp_get_thread_num() * scratch;
    fill(&t, row_set, job->a, job->blocks, P, P + scratch / 2);
    const size_t finished = atomic_fetch_add(&done, 1) + 1;
    if (omp_get_thread_num() == 0) { /* the caller's own thread: it may run the callback */
      status = ntk_progress_report(context, phase, (double)finished / (double)job->tiles);
      if (status != NTK_OK)
        atomic_store(&stop, true);
    }
  }
  ntk_blas_leave(previous);
  ntk_free(context, workspace);
  return status;
}

ntk_status cpu_gram(const ntk_features *features, const bool *blocks, ntk_packed *A) {
  const size_t side = tile_side(A->n);
  const cut first = cut_range(0, A->n1, side), second = cut_range(A->n1, A->n2, side);
  const size_t parts = first.count + second.count;
  const gram_job job = {.a = features,
                        .b = features,
                        .blocks = blocks,
                        .packed = A,
                        .parts = {first, second},
                        .tiles = parts * (parts + 1) / 2,
                        .side = side};
  return run(&job, "kernel");
}

ntk_status cpu_cross(const ntk_features *features, const ntk_features *other, const bool *blocks,
                     double *A) {
  const size_t side = tile_side(features->N < other->N ? features->N : other->N);
  const cut rows = cut_range(0, features->N, side), columns = cut_range(0, other->N, side);
  const gram_job job = {.a = features,
                        .b = other,
                        .blocks = blocks,
                        .rectangle = A,
                        .parts = {rows, columns},
                        .tiles = rows.count * columns.count,
                        .side = side};
  return run(&job, "cross kernel");
}
