/* All eigenvalues of a matrix that is spread over ranks: ScaLAPACK's pdsyev, values only, on a grid
 * as near to a square as there is. It wants all of the matrix, block-cyclic; the rows that are
 * packed go there one by one, which every rank sees and of which it keeps its own. */
#include "spectrum/full.h"

#include "base/blas.h"
#include "base/memory.h"
#include "base/ranks/ranks.h"

#include <limits.h>
#include <math.h>

enum { BLOCK = 64 };

/* BLACS and ScaLAPACK have no header; what Fortran has of a text, its length, comes last. */
void Cblacs_get(int context, int what, int *value);
void Cblacs_gridinit(int *context, char *order, int rows, int columns);
void Cblacs_gridexit(int context);
int numroc_(const int *n, const int *block, const int *process, const int *source,
            const int *processes);
void descinit_(int *descriptor, const int *m, const int *n, const int *row_block,
               const int *column_block, const int *row_source, const int *column_source,
               const int *context, const int *leading, int *info);
void pdsyev_(const char *job, const char *triangle, const int *n, double *A, const int *row,
             const int *column, const int *descriptor, double *values, double *Z, const int *Z_row,
             const int *Z_column, const int *Z_descriptor, double *work, const int *work_size,
             int *info, size_t job_length, size_t triangle_length);

/* Of processes, and of this one's part of a matrix. */
typedef struct grid {
  int across, down; /* processes */
  int row, column;  /* this one's place */
  int n, rows, columns,
      lld;  /* of the matrix; of its part here, and that one's distance of columns */
  int work; /* doubles that pdsyev works in */
} grid;

/* The largest divisor that is not above the root. */
static int side_of(int ranks) {
  int side = 1;
  for (int d = 2; d * d <= ranks; d++)
    side = ranks % d == 0 ? d : side;
  return side;
}

static int part_of(int n, int process, int processes) {
  const int block = BLOCK, source = 0;
  return numroc_(&n, &block, &process, &source, &processes);
}

static grid grid_for(int n, int rank, int ranks) {
  grid g = {.down = side_of(ranks), .n = n};
  g.across = ranks / g.down;
  g.row = rank / g.across;
  g.column = rank % g.across;
  g.rows = part_of(n, g.row, g.down);
  g.columns = part_of(n, g.column, g.across);
  g.lld = g.rows > 0 ? g.rows : 1;
  g.work = 5 * n + BLOCK * (part_of(n, 0, g.down) + 4) + 1;
  return g;
}

/* What n and ranks take: of the rank that has most, and never past what Fortran counts with. */
static double entries_of(size_t n, int ranks) {
  const double down = side_of(ranks), across = ranks / down;
  return ((double)n / down + BLOCK) * ((double)n / across + BLOCK);
}

double ntk_spectrum_full_spread_bytes(size_t n, int ranks) {
  const double rows = (double)n / side_of(ranks) + BLOCK;
  return (double)sizeof(double) * (entries_of(n, ranks) + 6.0 * (double)n + BLOCK * (rows + 4.0));
}

/* Row i, up to the diagonal, where it is to be here. */
static void keep_row(const grid *g, size_t i, const double *row, double *part) {
  const size_t down = (size_t)g->down, across = (size_t)g->across;
  if (i / BLOCK % down != (size_t)g->row)
    return;
  double *to = part + i / BLOCK / down * BLOCK + i % BLOCK;
  for (size_t block = (size_t)g->column; block * BLOCK <= i; block += across)
    for (size_t j = block * BLOCK; j < (block + 1) * BLOCK && j <= i; j++)
      to[(block / across * BLOCK + j % BLOCK) * (size_t)g->lld] = row[j];
}

static ntk_status solve(const grid *g, int context, double *part, double *work, double *values) {
  const int block = BLOCK, zero = 0, one = 1;
  int descriptor[9], info = 0;
  descinit_(descriptor, &g->n, &g->n, &block, &block, &zero, &zero, &context, &g->lld, &info);
  if (info == 0)
    pdsyev_("N", "L", &g->n, part, &one, &one, descriptor, values, NULL, &one, &one, descriptor,
            work, &g->work, &info, 1, 1);
  return info == 0
             ? NTK_OK
             : ntk_fail(NTK_ERR_NUMERIC, "the whole spectrum: pdsyev ended with info %d", info);
}

/* memory: the part, a row, and what pdsyev works in. */
static ntk_status run(const ntk_packed *A, const grid *g, double *memory, double *values) {
  double *row = memory + (size_t)g->lld * (size_t)g->columns, *work = row + A->n;
  int context = 0;
  for (size_t i = 0; i < A->n; i++) {
    ntk_packed_row(A, i, row);
    keep_row(g, i, row, memory);
  }
  Cblacs_get(-1, 0, &context);
  Cblacs_gridinit(&context, (char[]){"Row"}, g->down, g->across);
  const int previous = ntk_blas_enter(ntk_team(A->context));
  const ntk_status status = solve(g, context, memory, work, values);
  ntk_blas_leave(previous);
  Cblacs_gridexit(context);
  return status;
}

ntk_status ntk_spectrum_full_spread(const ntk_packed *A, double *values) {
  ntk_context *context = A->context;
  const int ranks = A->share.ranks;
  double *memory = NULL;
  if (!(entries_of(A->n, ranks) < (double)INT_MAX) || A->n > INT_MAX / 8)
    return ntk_fail(NTK_ERR_LIMIT,
                    "the whole spectrum of N = %zu on %d ranks: a rank has more entries than "
                    "ScaLAPACK counts; accepted: more ranks, or N up to %.0f",
                    A->n, ranks, floor(sqrt((double)ranks * (double)INT_MAX)));
  const grid g = grid_for((int)A->n, A->share.rank, ranks);
  const size_t size = (size_t)g.lld * (size_t)g.columns + A->n + (size_t)g.work;
  ntk_status status = ntk_alloc_doubles(context, size, "the whole spectrum", &memory);
  status = ntk_ranks_agree(context, status, ntk_ranks_what("whole spectrum", A->n, 0, 0));
  if (status == NTK_OK)
    status = ntk_ranks_agree(context, run(A, &g, memory, values),
                             ntk_ranks_what("its values", A->n, 0, 0));
  ntk_free(context, memory);
  if (status == NTK_OK)
    ntk_ranks_hand(context, 0, A->n * sizeof *values, values);
  return status;
}
