/* The Cholesky factorisation of one matrix over ranks: ntkit's, which deals rows, against
 * ScaLAPACK's pdpotrf, on each grid of the ranks and with each length of a block. In a build with
 * MPI:
 *
 *   mpirun -n 2 ntkit_bench_ranks_scalapack N [THREADS [NB ...]]
 *
 * N: order; THREADS of each rank (1); NB (64 128 256). On one rank ntkit's is that of one process.
 * Rows: who, seconds and GFLOP/s of the best of three rounds, in which all take turns, and the last
 * entry of the factor's diagonal, which is to be the same. Exit status 0 whatever the figures are.
 */
#include "base/ranks/ranks.h"
#include "spectrum/packed/packed.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

/* BLACS and ScaLAPACK, which bring no header. */
int Csys2blacs_handle(MPI_Comm comm);
void Cblacs_gridinit(int *grid, const char *order, int rows, int columns);
void Cblacs_gridinfo(int grid, int *rows, int *columns, int *row, int *column);
void Cblacs_gridexit(int grid);
int numroc_(const int *n, const int *nb, const int *place, const int *first, const int *count);
void descinit_(int *desc, const int *m, const int *n, const int *mb, const int *nb, const int *row,
               const int *column, const int *grid, const int *lld, int *info);
void pdpotrf_(const char *uplo, const int *n, double *A, const int *ia, const int *ja,
              const int *desc, int *info);

enum { ROUNDS = 3, MOST = 16 };

typedef struct timing {
  char who[64];
  double seconds, last; /* best; l_NN */
} timing;

/* Positive definite and without a pattern. */
static double entry(size_t n, size_t i, size_t j) {
  return i == j ? (double)n : (double)((i * 7919 + j * 104729) % 1009) / 1009.0 - 0.5;
}

static void stop_unless(bool fine, const char *what) {
  if (fine)
    return;
  (void)fprintf(stderr, "%s: %s\n", what, ntk_error_message());
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static double begin(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  return MPI_Wtime();
}

static void end(double start, double last, timing *t) {
  double passed = MPI_Wtime() - start;
  MPI_Allreduce(MPI_IN_PLACE, &passed, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  MPI_Allreduce(MPI_IN_PLACE, &last, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  t->seconds = fmin(t->seconds, passed);
  t->last = last;
}

static void time_ours(ntk_context *context, size_t n, timing *t) {
  const ntk_share share = ntk_ranks_share(context, n);
  ntk_packed A;
  stop_unless(ntk_packed_create(context, n, NTK_PRECISION_DOUBLE, &share, &A) == NTK_OK, "ntkit");
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i && ntk_packed_has(&A, i); j++)
      ntk_packed_set(&A, i, j, entry(n, i, j));
  const double start = begin();
  stop_unless(ntk_packed_factor(&A, 0.0) == NTK_OK, "ntkit");
  end(start, ntk_packed_has(&A, n - 1) ? ntk_packed_get(&A, n - 1, n - 1) : 0.0, t);
  ntk_packed_destroy(&A);
}

/* Of N rows, dealt by nb to `count` in turn, the k-th of `place`. */
static size_t row_of(size_t k, int nb, int place, int count) {
  const size_t block = (size_t)nb;
  return (k / block * (size_t)count + (size_t)place) * block + k % block;
}

static void time_theirs(int n, int nb, int grid_rows, int grid_columns, timing *t) {
  const int one = 1, zero = 0;
  int grid = Csys2blacs_handle(MPI_COMM_WORLD), row, column, desc[9], info = 0;
  Cblacs_gridinit(&grid, "Row", grid_rows, grid_columns);
  Cblacs_gridinfo(grid, &grid_rows, &grid_columns, &row, &column);
  const int rows = numroc_(&n, &nb, &row, &zero, &grid_rows);
  const int columns = numroc_(&n, &nb, &column, &zero, &grid_columns);
  const int ld = rows > 1 ? rows : 1;
  descinit_(desc, &n, &n, &nb, &nb, &zero, &zero, &grid, &ld, &info);
  double *A = malloc(((size_t)ld * (size_t)columns + 1) * sizeof *A), last = 0.0;
  stop_unless(A != NULL && info == 0, "pdpotrf");
  for (size_t j = 0; j < (size_t)columns; j++)
    for (size_t i = 0; i < (size_t)rows; i++)
      A[i + j * (size_t)ld] =
          entry((size_t)n, row_of(i, nb, row, grid_rows), row_of(j, nb, column, grid_columns));
  const double start = begin();
  pdpotrf_("L", &n, A, &one, &one, desc, &info);
  stop_unless(info == 0, "pdpotrf");
  if (rows > 0 && columns > 0 && row_of((size_t)rows - 1, nb, row, grid_rows) == (size_t)n - 1 &&
      row_of((size_t)columns - 1, nb, column, grid_columns) == (size_t)n - 1)
    last = A[(size_t)rows - 1 + ((size_t)columns - 1) * (size_t)ld];
  end(start, last, t);
  free(A);
  Cblacs_gridexit(grid);
}

/* A round; how many rows of the table there are. */
static size_t take_turns(ntk_context *context, int n, int blocks, char **block, timing *table) {
  const int ranks = ntk_ranks_count(context), threads = ntk_context_environment(context).threads;
  size_t count = 0;
  (void)snprintf(table[count].who, sizeof table->who, "ntkit, %d ranks of %d threads", ranks,
                 threads);
  time_ours(context, (size_t)n, &table[count++]);
  for (int rows = 1; rows <= ranks; rows++)
    for (int b = 0; b < blocks && ranks % rows == 0 && count < MOST; b++) {
      const int nb = atoi(block[b]);
      (void)snprintf(table[count].who, sizeof table->who, "pdpotrf, grid %d x %d, NB %d", rows,
                     ranks / rows, nb);
      time_theirs(n, nb, rows, ranks / rows, &table[count++]);
    }
  return count;
}

int main(int argc, char **argv) {
  static char *usual[] = {"64", "128", "256"};
  int provided = 0;
  timing table[MOST];
  size_t count = 0;
  const int n = argc > 1 ? atoi(argv[1]) : 0, threads = argc > 2 ? atoi(argv[2]) : 1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  ntk_context *context = NULL;
  stop_unless(n > 0, "usage: ntkit_bench_ranks_scalapack N [THREADS [NB ...]]");
  stop_unless(ntk_context_create(&(ntk_context_options){.threads = threads, .backend = "mpi"},
                                 &context) == NTK_OK,
              "ntkit");
  for (size_t i = 0; i < MOST; i++)
    table[i] = (timing){.seconds = INFINITY};
  for (int round = 0; round < ROUNDS; round++)
    count = take_turns(context, n, argc > 3 ? argc - 3 : 3, argc > 3 ? argv + 3 : usual, table);
  for (size_t i = 0; i < count && ntk_rank(context) == 0; i++)
    printf("%-34s %8.3f s %8.1f GFLOP/s   %.12g\n", table[i].who, table[i].seconds,
           1e-9 * pow(n, 3) / 3 / table[i].seconds, table[i].last);
  ntk_context_destroy(context);
  MPI_Finalize();
  return 0;
}
