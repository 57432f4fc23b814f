/* lambda_min without K by SLEPc's solvers beside ours: products to a residual of 1e-6 lambda_min,
 * each with our product (MATSHELL) and our preconditioner (PCSHELL; kernel/subset.h), on the
 * kernels of docs/decisions.md. One process: counts do not depend on ranks. Built with NTK_MPI
 * where pkg-config finds SLEPc. usage: ntkit_bench_ranks_slepc [N [SEEDS]]    (default: 2000 3) */
#include "base/memory.h"
#include "kernel/subset.h"
#include "spectrum/davidson.h"

#include <float.h>
#include <math.h>
#include <slepceps.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_PRODUCTS = 8000, SEARCH = 36 };
static const double TOLERANCE = 1e-6;

typedef struct problem {
  ntk_context *context;
  ntk_network *network;
  ntk_dataset *data;
  ntk_implicit K;
  ntk_subset subset;
  ntk_operator A;
  double trace;
  int products, solves;
} problem;

static void must(ntk_status status) {
  if (status == NTK_OK)
    return;
  fprintf(stderr, "bench: %s\n", ntk_error_message());
  exit(1);
}

static ntk_status product(void *user, const double *V, size_t m, double *U) {
  problem *p = user;
  p->products += (int)m;
  return p->A.apply(p->A.user, V, m, U);
}

static ntk_status solve(void *user, double *V, size_t m) {
  problem *p = user;
  p->solves += (int)m;
  return ntk_subset_solve(&p->subset, V, m);
}

/* K's diagonal, and what stands for K^{-1}, of as many samples as `ntkit spectrum` takes. */
static void precondition(problem *p, const ntk_network_spec *spec) {
  const size_t N = p->K.N, L = spec->depth;
  double *norms = NULL, *diagonal = NULL;
  size_t columns = 0;
  for (size_t l = 1; l < L; l++)
    columns += 2 * spec->width[l];
  must(ntk_features_take_norms(p->K.features, &norms));
  must(ntk_alloc_doubles(p->context, N, "the diagonal", &diagonal));
  p->trace = 0.0;
  for (size_t i = 0; i < N; i++) {
    diagonal[i] = 0.0;
    for (size_t k = 0; k < L; k++)
      diagonal[i] += ntk_diagonal_part(p->network, k, norms[k * N + i], norms[(L + k) * N + i]);
    p->trace += diagonal[i];
  }
  must(ntk_subset_create(&p->K, columns < N / 4 ? columns : N / 4, diagonal, &p->subset));
  ntk_free(p->context, diagonal);
  ntk_free(p->context, norms);
}

static void problem_open(problem *p, const ntk_network_spec *spec, size_t N) {
  const ntk_context_options options = {.threads = 1};
  *p = (problem){0};
  must(ntk_context_create(&options, &p->context));
  must(ntk_network_create(p->context, spec, &p->network));
  must(ntk_dataset_generate(p->context, "gaussian", N, spec->width[0], spec->seed, &p->data));
  must(ntk_implicit_create(p->network, p->data, NTK_OUTPUTS_TRACE, N, &p->K));
  p->A = ntk_implicit_operator(&p->K);
  precondition(p, spec);
}

static void problem_close(problem *p) {
  ntk_subset_destroy(&p->subset);
  ntk_implicit_destroy(&p->K);
  ntk_dataset_destroy(p->data);
  ntk_network_destroy(p->network);
  ntk_context_destroy(p->context);
}

/* ---- Ours ------------------------------------------------------------------------------------ */

static int by_davidson(problem *p, uint64_t seed, double *value) {
  const ntk_operator A = {.n = p->K.rows, .apply = product, .solve = solve, .user = p};
  const ntk_lanczos_options options = {.block = 1,
                                       .count = 1,
                                       .tolerance = TOLERANCE,
                                       .noise = 8.0 * DBL_EPSILON * p->trace,
                                       .max_products = MOST_PRODUCTS,
                                       .seed = seed,
                                       .phase = "smallest eigenvalue"};
  ntk_eigenpair pair = {0};
  double *v = NULL;
  must(ntk_alloc_doubles(p->context, A.n, "vector", &v));
  p->products = 0;
  const ntk_status status = ntk_davidson_smallest(p->context, &A, &options, NULL, 0, &pair, v);
  ntk_free(p->context, v);
  *value = pair.value;
  return status == NTK_OK ? p->products : 0;
}

/* ---- SLEPc's --------------------------------------------------------------------------------- */

/* What our functions return, as an error of PETSc's. */
static PetscErrorCode told(ntk_status status) {
  return status == NTK_OK ? 0 : PETSC_ERR_LIB;
}

static PetscErrorCode shell_product(Mat matrix, Vec x, Vec y) {
  problem *p = NULL;
  const double *v = NULL;
  double *u = NULL;
  PetscCall(MatShellGetContext(matrix, (void *)&p));
  PetscCall(VecGetArrayRead(x, &v));
  PetscCall(VecGetArray(y, &u));
  const ntk_status status = product(p, v, 1, u);
  PetscCall(VecRestoreArray(y, &u));
  PetscCall(VecRestoreArrayRead(x, &v));
  return told(status);
}

static PetscErrorCode shell_solve(PC pc, Vec x, Vec y) {
  problem *p = NULL;
  double *u = NULL;
  PetscCall(PCShellGetContext(pc, (void *)&p));
  PetscCall(VecCopy(x, y));
  PetscCall(VecGetArray(y, &u));
  const ntk_status status = solve(p, u, 1);
  PetscCall(VecRestoreArray(y, &u));
  return told(status);
}

typedef struct method {
  const char *name, *type;
  PetscInt block, basis; /* vectors at once; most of a basis, 0: SLEPc's own choice */
  KSPType inner;         /* of JD's correction equation */
} method;

static const method methods[] = {{"GD", EPSGD, 1, 0, KSPPREONLY},
                                 {"GD, basis 36", EPSGD, 1, SEARCH, KSPPREONLY},
                                 {"JD", EPSJD, 1, 0, NULL},
                                 {"JD, basis 36", EPSJD, 1, SEARCH, NULL},
                                 {"LOBPCG, 1", EPSLOBPCG, 1, 0, KSPPREONLY},
                                 {"LOBPCG, 4", EPSLOBPCG, 4, 0, KSPPREONLY}};
enum { METHODS = sizeof methods / sizeof methods[0] };

static PetscErrorCode set_preconditioner(EPS eps, const method *m, problem *p) {
  ST st = NULL;
  KSP ksp = NULL;
  PC pc = NULL;
  PetscCall(EPSGetST(eps, &st));
  PetscCall(STSetType(st, STPRECOND));
  PetscCall(STGetKSP(st, &ksp));
  if (m->inner != NULL)
    PetscCall(KSPSetType(ksp, m->inner));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, PCSHELL));
  PetscCall(PCShellSetContext(pc, p));
  PetscCall(PCShellSetApply(pc, shell_solve));
  return 0;
}

static PetscErrorCode set_method(EPS eps, const method *m) {
  PetscCall(EPSSetType(eps, m->type));
  PetscCall(EPSSetProblemType(eps, EPS_HEP));
  PetscCall(EPSSetWhichEigenpairs(eps, EPS_SMALLEST_REAL));
  PetscCall(EPSSetTolerances(eps, TOLERANCE, MOST_PRODUCTS));
  if (m->basis > 0)
    PetscCall(EPSSetDimensions(eps, 1, m->basis, PETSC_DEFAULT));
  if (m->type == methods[METHODS - 1].type)
    PetscCall(EPSLOBPCGSetBlockSize(eps, m->block));
  return 0;
}

/* *found: whether it has converged to that value. */
static PetscErrorCode run(problem *p, const method *m, double *value, PetscBool *found) {
  const PetscInt n = (PetscInt)p->K.rows;
  Mat A = NULL;
  EPS eps = NULL;
  PetscInt count = 0;
  PetscCall(MatCreateShell(PETSC_COMM_SELF, n, n, n, n, p, &A));
  PetscCall(MatShellSetOperation(A, MATOP_MULT, (void (*)(void))shell_product));
  PetscCall(MatSetOption(A, MAT_SYMMETRIC, PETSC_TRUE));
  PetscCall(EPSCreate(PETSC_COMM_SELF, &eps));
  PetscCall(EPSSetOperators(eps, A, NULL));
  PetscCall(set_method(eps, m));
  PetscCall(set_preconditioner(eps, m, p));
  p->products = p->solves = 0;
  PetscCall(EPSSolve(eps));
  PetscCall(EPSGetConverged(eps, &count));
  *found = count > 0 ? PETSC_TRUE : PETSC_FALSE;
  if (count > 0)
    PetscCall(EPSGetEigenvalue(eps, 0, value, NULL));
  PetscCall(EPSDestroy(&eps));
  PetscCall(MatDestroy(&A));
  return 0;
}

/* ---- A row for each kernel ---------------------------------------------------------------------
 */

static const struct {
  const char *name, *activation;
  size_t depth, n;
} kernels[] = {{"sigmoid, 3, 100", "sigmoid", 3, 100},
               {"tanh, 3, 100", "tanh", 3, 100},
               {"relu, 3, 100", "relu", 3, 100},
               {"sigmoid, 4, 100", "sigmoid", 4, 100}};

static PetscErrorCode compare(size_t k, size_t N, uint64_t seed) {
  const size_t n = kernels[k].n, width[] = {n, n, n, n};
  const ntk_network_spec spec = {
      .depth = kernels[k].depth, .width = width, .activation = kernels[k].activation, .seed = seed};
  problem p;
  double ours = NAN;
  problem_open(&p, &spec, N);
  printf("%-16s seed %d: ours %d", kernels[k].name, (int)seed, by_davidson(&p, seed, &ours));
  for (int i = 0; i < METHODS; i++) {
    double value = NAN;
    PetscBool found = PETSC_FALSE;
    PetscCall(run(&p, &methods[i], &value, &found));
    const bool same = found && fabs(value - ours) <= 1e-4 * ours;
    printf("; %s %d%s", methods[i].name, p.products, same ? "" : found ? " (another)" : " (none)");
    if (p.solves != p.products)
      printf(", %d solves", p.solves);
    (void)fflush(stdout);
  }
  printf("\n");
  problem_close(&p);
  return 0;
}

int main(int argc, char **argv) {
  const size_t N = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000;
  const uint64_t seeds = argc > 2 ? strtoul(argv[2], NULL, 10) : 3;
  char version[256] = "";
  PetscCall(SlepcInitialize(&argc, &argv, NULL, NULL));
  PetscCall(SlepcGetVersion(version, sizeof version));
  printf("%s; N = %zu: products to a residual of %g lambda_min\n", version, N, TOLERANCE);
  for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++)
    for (uint64_t seed = 1; seed <= seeds; seed++)
      PetscCall(compare(k, N, seed));
  return SlepcFinalize();
}
