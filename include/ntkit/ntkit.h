/* ntkit.h - the empirical neural tangent kernel (NTK) of finite-width deep networks.
 *
 * Notation and equation numbers are those of
 * "Memorization and Optimization in Deep Neural Networks with Minimum Over-parameterization"
 * (Bombari, Amani, Mondelli, 2022); the table of symbols is docs/notation.md. In short: a network
 * (1) of depth L maps x in R^d to
 * f_L(x) = W_L^T phi(W_{L-1}^T ... phi(W_1^T x)); X holds one sample a row (N x d); K is the N x N
 * kernel (3), K = J J^T = sum_k K_k with K_k = F_k F_k^T o B_{k+1} B_{k+1}^T (8).
 *
 *   ntk_context *context;  ntk_dataset *data;  ntk_network *network;  ntk_spectrum_result result;
 *   const size_t width[] = {100, 300, 200};                    // d, n_1, n_2: depth L = 3
 *   const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 1};
 *   if (ntk_context_create(NULL, &context) == NTK_OK &&
 *       ntk_dataset_generate(context, "gaussian", 1000, 100, 1, &data) == NTK_OK &&
 *       ntk_network_create(context, &spec, &network) == NTK_OK &&
 *       ntk_spectrum(context, network, data, NULL, &result) == NTK_OK)
 *     printf("%g\n", result.lambda_min);                       // else: ntk_error_message()
 *   // ntk_spectrum_clear, ntk_network_destroy, ntk_dataset_destroy, ntk_context_destroy
 *
 * Conventions, valid for every function below:
 *  - Arrays are double, row-major and contiguous unless said otherwise. Sizes are elements.
 *  - Every ntk_status must be looked at. On anything but NTK_OK, outputs are untouched unless said
 *    otherwise, and ntk_error_message() holds one line that says what was wrong and what is
 *    accepted. Each function names those it can return: "NTK_ERR_SHAPE, _MEMORY" are two.
 *  - X_create functions give the caller an object to be released by X_destroy; destroying NULL is
 *    allowed. Objects keep a pointer to their context: destroy the context last. X_list functions
 *    give a table of *count rows, X_name functions a word: static storage, for any thread.
 *  - The library never prints, never exits and never changes the floating-point mode.
 *  - One context and what was made from it belong to one thread at a time; different contexts may
 *    be used by different threads (at once only with OpenBLAS's OpenMP or serial build: its pthread
 *    build and BLIS have one count for the process). Inside a call the library starts threads. What
 *    nobody uses any more, X_destroy and X_clear release from any thread, during a call too. */
#ifndef NTKIT_H
#define NTKIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NTK_API __attribute__((visibility("default")))
#else
#define NTK_API
#endif

/* ---- Status ---------------------------------------------------------------------------------- */

/* What a call came to. */
typedef enum ntk_status {
  NTK_OK = 0,
  NTK_ERR_ARGUMENT,   /* a value outside what the parameter accepts */
  NTK_ERR_SHAPE,      /* sizes that do not fit together */
  NTK_ERR_LIMIT,      /* a size beyond what storage or BLAS can index */
  NTK_ERR_MEMORY,     /* more memory than allowed or available */
  NTK_ERR_FILE,       /* a file or directory that cannot be opened, read or written */
  NTK_ERR_FORMAT,     /* a file whose content is not what its format promises */
  NTK_ERR_NOT_FINITE, /* a NaN or an infinity in data or weights */
  NTK_ERR_NUMERIC,    /* an iteration that did not converge, a matrix not positive definite */
  NTK_ERR_BLAS,       /* the loaded BLAS/LAPACK computes wrong results */
  NTK_ERR_CANCELLED,  /* the progress callback asked to stop */
  NTK_ERR_RANKS       /* processes of one job that do not fit together, or MPI failed */
} ntk_status;

/* Name of a status, e.g. "shape". Static storage. */
NTK_API const char *ntk_status_name(ntk_status status);

/* One line on the last failure in the calling thread; "" before the first. Valid until the thread's
 * next failing call. */
NTK_API const char *ntk_error_message(void);

/* What that failure is about, for programs; whatever the line says of it besides. */
typedef struct ntk_error {
  const char *option; /* the argument or field of options at fault, "checkpoint"; NULL: not told */
  size_t sample[2];   /* two samples, from 0, that cannot both be fitted; 0 and 0: none */
} ntk_error;
NTK_API ntk_error ntk_error_last(void);

/* Makes text one line of valid UTF-8, in place: control characters and bytes that belong to no
 * character become '?'. For lines that quote paths and users' words. */
NTK_API void ntk_text_clean(char *text);

/* Version and source commit of the library, e.g. "0.1.0", "1a2b3c4". Static storage. */
NTK_API const char *ntk_version(void);
NTK_API const char *ntk_commit(void);
/* The MPI that it is built with, "Open MPI v4.1.4"; "": none. Static storage. */
NTK_API const char *ntk_mpi(void);

/* ---- Context: threads, memory, progress ------------------------------------------------------ */

typedef struct ntk_context ntk_context; /* whom all else belongs to */

/* Called from the calling thread several times a second: between two calls lies a block of rows, a
 * tile or one pass over K, but for LAPACK's of a whole spectrum. phase: what is being computed, and
 * behind a colon what a search has reached; fraction: how much of that phase is done, 0..1. Return
 * false to stop: the call then ends with NTK_ERR_CANCELLED. */
typedef bool (*ntk_progress_fn)(const char *phase, double fraction, void *user);

typedef struct ntk_context_options {
  int threads;              /* 0: every core this process may use. Whatever it is, 1 is used in a
                               child that a thread has forked which had used several */
  size_t memory_limit;      /* bytes that may be allocated; 0: what the machine has available */
  const char *backend;      /* "cpu"; NULL: the same. "mpi": all processes that an mpirun started
                               compute together; "auto": so where ntk_launched says 2 or more */
  ntk_progress_fn progress; /* NULL: none */
  void *progress_user;      /* passed through */
} ntk_context_options;

/* Checks the loaded BLAS against plain loops (about a millisecond; NTK_ERR_BLAS when it is wrong),
 * and that so many threads can be started (else NTK_ERR_MEMORY). options may be NULL: all defaults.
 * With "mpi" a call of all processes, as all that follow on such a context; threads are each
 * process's, memory its part of the machine's. NTK_ERR_ARGUMENT, _MEMORY, _RANKS. */
NTK_API ntk_status ntk_context_create(const ntk_context_options *options, ntk_context **context);
NTK_API void ntk_context_destroy(ntk_context *context);

/* Several processes (backend "mpi"; examples/c/ranks.c). Every call on a context of theirs, and on
 * what belongs to one, is made by all of them, in the same order, from one thread of each. A call
 * fails on all or on none, with one line, which names the rank where it is not everybody's; such a
 * failure ends the context: what is called on it next returns it again, at once. Destroy it, on all
 * of them, and a new one may be made.
 *   MPI. A program that has started it itself, at MPI_THREAD_FUNNELED or above, calls from the
 * thread that did so (from any at MPI_THREAD_SERIALIZED) and ends it itself, after the last
 * context. Else the first context starts it, at MPI_THREAD_FUNNELED, in the thread that makes it,
 * which is then the one to call from; and it is ended as the process exits. All of MPI_COMM_WORLD
 * take part; a program's own messages on it are not met, as ntkit's go on duplicates. How many
 * processes an mpirun (or Slurm's srun) says it has started, 1: none has, and which of them this is
 * (rank may be NULL). Looks at the environment alone. */
NTK_API int ntk_launched(int *rank);
/* For a handler of SIGTERM, by which mpirun ends what is left: whether those of a lower rank have
 * died, as far as one on rank 0's machine can tell; false on others. Since a context was made. */
NTK_API bool ntk_launched_lowest(void);
/* A failure, told by line, becomes all's; else line, or NULL, has to be. NTK_ERR_RANKS, own. */
NTK_API ntk_status ntk_context_agree(ntk_context *context, ntk_status own, const char *line);

/* Bytes that could be allocated now without swapping or being killed: the least of what the system,
 * the control group and the context's own limit leave. */
NTK_API size_t ntk_memory_available(const ntk_context *context);
/* Bytes held through this context now, and the most held at once. */
NTK_API size_t ntk_memory_in_use(const ntk_context *context);
NTK_API size_t ntk_memory_peak(const ntk_context *context);

/* What a result depends on besides its inputs. Strings live as long as the context. */
typedef struct ntk_environment {
  const char *version, *commit, *compiler; /* of this library */
  const char *blas, *blas_core;            /* as the BLAS reports itself */
  const char *simd;                        /* instruction set of the activation loops */
  const char *backend;
  const char *cpu;
  int threads;
  int ranks, rank; /* processes that compute together; which one this is, from 0 */
} ntk_environment;
NTK_API ntk_environment ntk_context_environment(const ntk_context *context);

/* Runs the library's own checks (random numbers, BLAS, activations, kernel against an explicit
 * Jacobian, eigenvalues of known matrices, certificate); under a second. report is called once per
 * check; *failed counts the failures. NTK_ERR_MEMORY, _CANCELLED, _NUMERIC. */
typedef void (*ntk_selftest_fn)(const char *check, bool passed, double error, double bound,
                                void *user);
NTK_API ntk_status ntk_selftest(ntk_context *context, ntk_selftest_fn report, void *user,
                                int *failed);

/* ---- Data sets: section 2's distributions and users' arrays ---------------------------------- */

typedef struct ntk_dataset ntk_dataset; /* X, N x d */

/* Of the table of distributions; all meet Assumptions 2.1, with E x_j = 0, Var x_j = 1, and 2.2. */
typedef struct ntk_distribution {
  const char *name;    /* gaussian, sphere, cube, binary, gan */
  const char *summary; /* one line */
} ntk_distribution;
NTK_API const ntk_distribution *ntk_distribution_list(size_t *count);

typedef enum ntk_scaling {                        /* of data from files */
                           NTK_SCALE_NONE,        /* as it is */
                           NTK_SCALE_CENTER,      /* subtract column means */
                           NTK_SCALE_STANDARDIZE, /* then divide columns by their deviations;
                                                     constant ones become 0 */
                           NTK_SCALE_SPHERE /* divide each row by its norm and multiply by sqrt d */
} ntk_scaling;
/* "none", "center", "standardize", "sphere", as enumerated; NTK_ERR_ARGUMENT for another name. */
NTK_API const char *const *ntk_scaling_list(size_t *count);
NTK_API ntk_status ntk_scaling_parse(const char *name, ntk_scaling *scaling);

/* N samples in R^d from the named distribution. Row i depends on (name, seed, d, i) alone. Of
 * several ranks all call this or _load, and each has a part of the rows, as _values gives them.
 * NTK_ERR_ARGUMENT, _LIMIT, _MEMORY, _RANKS, _CANCELLED. */
NTK_API ntk_status ntk_dataset_generate(ntk_context *context, const char *distribution, size_t N,
                                        size_t d, uint64_t seed, ntk_dataset **data);

/* The first N rows (0: all) of a file (data.h) that holds a 2-D array of floats, integers (rounded
 * beyond 2^53) or booleans, C or Fortran order, either byte order; d must equal its width (0: any).
 * Reads only what it needs. Refuses NaN and infinity by row and column. NTK_ERR_FILE, _FORMAT,
 * _SHAPE, _ARGUMENT, _LIMIT, _MEMORY, _NOT_FINITE, _RANKS, _CANCELLED. */
NTK_API ntk_status ntk_dataset_load(ntk_context *context, const char *path, size_t N, size_t d,
                                    ntk_scaling scaling, ntk_dataset **data);

/* Copies N x d values, checked finite. NTK_ERR_ARGUMENT, _LIMIT, _MEMORY, _NOT_FINITE. */
NTK_API ntk_status ntk_dataset_from_array(ntk_context *context, const double *X, size_t N, size_t d,
                                          ntk_dataset **data);
/* The same without the copy: X must outlive the data set, unchanged (nothing notices), and is not
 * counted as the context's memory. NTK_ERR_ARGUMENT, _LIMIT, _MEMORY, _NOT_FINITE. */
NTK_API ntk_status ntk_dataset_borrow(ntk_context *context, const double *X, size_t N, size_t d,
                                      ntk_dataset **data);
NTK_API void ntk_dataset_destroy(ntk_dataset *data);
NTK_API size_t ntk_dataset_samples(const ntk_dataset *data);          /* N */
NTK_API size_t ntk_dataset_dim(const ntk_dataset *data);              /* d */
NTK_API const double *ntk_dataset_values(const ntk_dataset *data);    /* X, N x d, borrowed */
NTK_API size_t ntk_dataset_constant_columns(const ntk_dataset *data); /* that became 0 */
/* The first column of a text with a heading that is called as labels are, target, targets, y,
 * label, labels or class, where no column was said to have any; else "". Borrowed. */
NTK_API const char *ntk_dataset_label_like(const ntk_dataset *data);
/* Whether both call their columns alike, in one order; where one has no heading, true. */
NTK_API bool ntk_dataset_same_columns(const ntk_dataset *data, const ntk_dataset *other);
/* What center and standardize took, 2 x d: means m_j and deviations s_j (1 for center, 0 for a
 * constant column), borrowed; NULL for data without them. */
NTK_API const double *ntk_dataset_scaling(const ntk_dataset *data);
/* Does to these data what was done to others, whose scaling (2 x d) this is: x_ij becomes
 * (x_ij - m_j) / s_j, or 0 where s_j = 0. NTK_ERR_ARGUMENT for s_j < 0, what is not finite, and
 * borrowed data; NTK_ERR_NOT_FINITE, and data half transformed, when the result overflows. */
NTK_API ntk_status ntk_dataset_apply_scaling(ntk_dataset *data, const double *scaling);

#include "ntkit/network.h"
#include "ntkit/spectrum.h"

/* ---- The parts ------------------------------------------------------------------------------- */

/* F_0..F_{L-1}, B_1..B_{L-1} (9) of a network on a data set, which are borrowed and must outlive
 * it, weights unchanged. 8 N (sum_l 2 n_l) bytes. NTK_ERR_SHAPE, _LIMIT, _MEMORY, _CANCELLED. */
typedef struct ntk_features ntk_features;
NTK_API ntk_status ntk_features_create(const ntk_network *network, const ntk_dataset *data,
                                       ntk_features **features);
/* Of several outputs those are for the kernel of their mean; these for that one or of all, whose K
 * has N n_L rows, where N stands below, and B n_L rows for a sample. NTK_ERR_SHAPE,
 * _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_features_create_of(const ntk_network *network, const ntk_dataset *data,
                                          ntk_outputs outputs, ntk_features **features);
NTK_API void ntk_features_destroy(ntk_features *features);
/* F_L, N x n_L. NTK_ERR_ARGUMENT for weights that have changed since; _MEMORY on a device. */
NTK_API ntk_status ntk_features_output(const ntk_features *features, double *F_L);

/* K = sum of the blocks k with blocks[k] true (L entries; NULL: all), symmetric, half stored:
 * 8 N(N+1)/2 bytes. The bits do not depend on the number of threads. NTK_ERR_ARGUMENT for no block,
 * _LIMIT, _MEMORY, _CANCELLED. */
typedef struct ntk_kernel ntk_kernel;
NTK_API ntk_status ntk_kernel_create(const ntk_features *features, const bool *blocks,
                                     ntk_kernel **kernel);
/* The same from any symmetric N x N array (lower triangle read): for matrices that are not NTKs.
 * NTK_ERR_ARGUMENT, _LIMIT, _MEMORY, _NOT_FINITE, _CANCELLED. */
NTK_API ntk_status ntk_kernel_from_array(ntk_context *context, const double *A, size_t N,
                                         ntk_kernel **kernel);
NTK_API void ntk_kernel_destroy(ntk_kernel *kernel);
/* Both triangles into A, N x N. NTK_ERR_ARGUMENT once K has been factorised; _CANCELLED. */
NTK_API ntk_status ntk_kernel_values(const ntk_kernel *kernel, double *A);
/* The same into a .npy file, row by row. Also NTK_ERR_FILE, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_kernel_save(const ntk_kernel *kernel, const char *path);
/* A = K(x_i, x'_j) or K(theta, theta'): N x N' between two sets of features of one architecture. A
 * set and itself give K, both triangles with the bits of ntk_kernel_values, in the time that
 * ntk_kernel_create takes and without its memory. A failure may leave A half written.
 * NTK_ERR_SHAPE, _ARGUMENT, _LIMIT, _MEMORY, _CANCELLED; _NOT_FINITE: layers out of range. */
NTK_API ntk_status ntk_kernel_cross(const ntk_features *features, const ntk_features *other,
                                    const bool *blocks, double *A);
/* U = K V without K, by J (C (J^T V)), for m vectors of N entries, each contiguous (N x m,
 * column-major, as in ntk_operator). 4 N m sum_l n_{l-1} n_l flops. NTK_ERR_ARGUMENT for no block,
 * _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_kernel_apply(const ntk_features *features, const bool *blocks,
                                    const double *V, size_t m, double *U);

/* g = J^T v, from N entries to P in the order of [W_1; b_1], ..., [W_L; b_L], and u = J g, from P
 * to N; J (2) is never formed and has no scales in it: K = J C J^T, C those of the parameters. (As
 * vjp and jvp elsewhere.) 2 N P flops each. NTK_ERR_ARGUMENT, too for a mean over outputs, which
 * has no J; _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_jacobian_adjoint(const ntk_features *features, const double *v, double *g);
NTK_API ntk_status ntk_jacobian_apply(const ntk_features *features, const double *g, double *u);

/* Any symmetric operator, as the eigensolver sees it: V and U are n x m, column-major (each vector
 * contiguous). */
typedef struct ntk_operator {
  size_t n;                                                              /* its order */
  ntk_status (*apply)(void *user, const double *V, size_t m, double *U); /* U = A V */
  ntk_status (*solve)(void *user, double *V, size_t m); /* V <- A^{-1} V; NULL: none */
  void *user;                                           /* passed through */
  double noise; /* apply and solve are those of A + E, ||E|| <= noise, E rounding that changes from
                   call to call: smaller residuals cannot be had and are not asked for. 0: none */
} ntk_operator;

typedef struct ntk_eigenpair {
  double value;
  double residual;  /* estimated ||A v - lambda v||; for the caller to recompute */
  int applications; /* of apply or solve, vectors counted one by one */
} ntk_eigenpair;

/* Largest eigenvalue by apply, or smallest of a positive definite A by solve; vector: n entries.
 * Until ||A v - lambda v|| <= max(tolerance |lambda|, noise); NTK_ERR_NUMERIC when 4000
 * applications do not get there. Also NTK_ERR_ARGUMENT, _LIMIT, _MEMORY, _CANCELLED, A's own. */
NTK_API ntk_status ntk_eigen_largest(ntk_context *context, const ntk_operator *A, double tolerance,
                                     uint64_t seed, ntk_eigenpair *pair, double *vector);
NTK_API ntk_status ntk_eigen_smallest(ntk_context *context, const ntk_operator *A, double tolerance,
                                      uint64_t seed, ntk_eigenpair *pair, double *vector);

/* Cholesky factorisation of K - shift I in place of K (K is gone). NTK_ERR_NUMERIC when a pivot is
 * not positive. N^3/3 flops. Also NTK_ERR_ARGUMENT, _LIMIT, _MEMORY, _CANCELLED. */
NTK_API ntk_status ntk_kernel_factor(ntk_kernel *kernel, double shift);
/* B <- (K - shift I)^{-1} B for m right-hand sides, each contiguous (N x m, column-major).
 * NTK_ERR_ARGUMENT before it is factorised; _CANCELLED, and B is then half solved. */
NTK_API ntk_status ntk_kernel_solve(const ntk_kernel *kernel, double *B, size_t m);

#ifdef __cplusplus
}
#endif
#endif
