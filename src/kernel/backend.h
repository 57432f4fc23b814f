/* The compute backend seam: coarse operations on whole objects, so that a device can keep data
 * where it is and fuse what it likes. A context has one backend from its making (context.c), with
 * the operations of its parent where it has none of its own (chain.c): it may begin with three.
 * kernel.c and descent.c check arguments and dispatch, and nobody outside this folder asks a
 * backend itself. The contract of each operation is that of the function of ntkit.h, kernel.h or
 * descent.h that calls it; arguments have been checked. */
#ifndef NTK_KERNEL_BACKEND_H
#define NTK_KERNEL_BACKEND_H

#include "base/context.h"
#include "base/precision.h"
#include "base/ranks/share.h"
#include "net/network.h"

typedef struct ntk_backend ntk_backend;
typedef struct ntk_descent ntk_descent; /* descent.h */
typedef struct ntk_batch ntk_batch;
typedef struct ntk_update ntk_update;
typedef struct ntk_limit ntk_limit;               /* limit/limit.h */
typedef struct ntk_kernel_bytes ntk_kernel_bytes; /* kernel.h */

struct ntk_features {
  const ntk_backend *backend;
  ntk_context *context;       /* borrowed */
  const ntk_network *network; /* borrowed */
  size_t version;             /* the network's, whose weights these features are of */
  size_t N; /* operations read no more samples than N and rows say: a copy with fewer is a view */
  ntk_share share; /* of the N samples: which ones are here; vectors have all rows nevertheless */
  const double *X; /* those x d, borrowed */
  ntk_outputs outputs; /* whose kernel they make; of one output TRACE */
  size_t rows;         /* of K: N, or N n_L of all outputs */
  void *state;         /* the backend's own; NULL until created */
};

/* Squared norms of the rows of F_k and B_{k+1} that row i of K has, at k rows + i: L x rows each.
 */
typedef struct ntk_norms {
  ntk_outputs outputs;
  size_t rows; /* of K */
  const double *f2, *b2;
} ntk_norms;

/* What a kernel is stored in, and its sums are made in (single only if stored so). The entries are
 * K's times `scale`, a power of two, by which single precision can hold them. */
typedef struct ntk_kernel_form {
  ntk_precision storage, sums;
  double scale;
} ntk_kernel_form;

struct ntk_kernel {
  const ntk_backend *backend;
  ntk_context *context; /* borrowed */
  size_t N;
  ntk_kernel_form form;
  bool factored; /* K has been replaced by its Cholesky factor */
  bool broken;   /* ... or by nothing of use, the factorisation not having ended well */
  /* Order of the leading block whose factor is there: N, or the rows before a pivot that failed. */
  size_t leading;
  double trace; /* of K - shift I, once factored */
  void *state;  /* the backend's own; NULL until created */
};

struct ntk_backend {
  const char *name;
  /* Whose operations take the place of those that are NULL; or NULL. Of a context's own table: the
   * backend that was chosen, by which contexts know that theirs are one. */
  const ntk_backend *parent;
  /* What it keeps in a context beside the objects: streams, handles, pools. All NULL: nothing.
   * bytes is what forecasts of memory add. */
  struct {
    ntk_status (*create)(ntk_context *context, void **state);
    void (*destroy)(ntk_context *context, void *state);
    double (*bytes)(const ntk_context *context, const void *state);
  } own;

  /* From here on operations alone. Who makes the state of an object has all that read it: a
   * parent's operations are for objects of the parent's making. */

  /* Objects of a share of several ranks have its rows of X, of features and of K here; then
   * operations are all ranks' together, but where they say otherwise. */

  /* All of *bytes: of the rank that has most, where they are dealt. */
  void (*bytes)(const ntk_context *context, const ntk_network_spec *spec, ntk_outputs outputs,
                const ntk_share *share, ntk_kernel_bytes *bytes);
  /* X: of the share; F_L: of all samples. */
  ntk_status (*output)(const ntk_network *network, const ntk_share *share, const double *X,
                       double *F_L);

  ntk_status (*features_create)(ntk_features *features);
  void (*features_destroy)(ntk_features *features); /* of a half-built object too, as those below,
                                                       and from any thread, also during a call */
  ntk_status (*features_output)(const ntk_features *features, double *F_L);
  /* Squared row norms, both L x rows: of F_k's and B_{k+1}'s row that row i of K has, at k rows +
   * i.
   */
  ntk_status (*features_norms)(const ntk_features *features, double *f2, double *b2);
  ntk_status (*adjoint)(const ntk_features *features, const double *v, double *g);
  ntk_status (*product)(const ntk_features *features, const double *g, double *u);
  /* F_l, or B_l with b (l = 0..L-1; B_l from 1), of `samples` samples from `first` on, as many of
   * these as are here: x n_l or as many as B_l has, to the caller's memory. From any thread. */
  void (*features_values)(const ntk_features *features, bool b, size_t l, size_t first,
                          size_t samples, double *values);
  /* A new object in *centred: F_k - 1 f^T and B_{k+1} - 1 b^T in place of F_k and B_{k+1}, k < L -
     1; f: n_k, b: n_{k+1}. */
  ntk_status (*features_centre)(const ntk_features *features, size_t k, const double *f,
                                const double *b, ntk_features *centred);
  /* U = K V: m vectors of `rows` entries, contiguous. */
  ntk_status (*apply)(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                      double *U);
  ntk_status (*cross)(const ntk_features *features, const ntk_features *other, const bool *blocks,
                      double *A);

  /* kernel->N and form are set; state is made here. A backend may store in double whatever the form
   * says, but with its scale, by which all that follows is off: kernel.c takes it out. kernel_copy
   * is to the same form, or from double, not scaled. */
  ntk_status (*kernel_build)(const ntk_features *features, const bool *blocks, ntk_kernel *kernel);
  ntk_status (*kernel_from_array)(const double *A, ntk_kernel *kernel);
  ntk_status (*kernel_limit)(const ntk_limit *limit, ntk_kernel *kernel);
  ntk_status (*kernel_copy)(const ntk_kernel *from, ntk_kernel *to);
  void (*kernel_destroy)(ntk_kernel *kernel);
  /* A_ij += x_i + x_j; A_ij *= x_i x_j; A += alpha B. */
  void (*kernel_add_sums)(ntk_kernel *kernel, const double *x);
  void (*kernel_scale)(ntk_kernel *kernel, const double *x);
  void (*kernel_add)(ntk_kernel *kernel, double alpha, const ntk_kernel *other);
  void (*kernel_row)(const ntk_kernel *kernel, size_t i, double *row); /* N entries */
  /* Sum and smallest of the diagonal: of K, or of its factor L. */
  void (*kernel_diagonal)(const ntk_kernel *kernel, double *sum, double *smallest);
  void (*kernel_pivots)(const ntk_kernel *kernel, double *diagonal); /* N entries of it */
  /* By the leading block of that order, as below. */
  ntk_status (*kernel_multiply)(const ntk_kernel *kernel, size_t order, const double *V, size_t m,
                                double *U);
  /* Sets kernel->leading too, where a pivot fails. */
  ntk_status (*kernel_factor)(ntk_kernel *kernel, double shift);
  /* With the leading block of that order, m vectors of as many entries. */
  ntk_status (*kernel_solve)(const ntk_kernel *kernel, size_t order, double *V, size_t m);
  ntk_status (*kernel_full)(const ntk_kernel *kernel, double *eigenvalues);
  ntk_status (*certify_lower)(ntk_kernel *kernel, double shift, bool *proved, double *lower);
  ntk_status (*certify_upper)(const ntk_kernel *kernel, const double *v, double *upper);

  /* descent.h; slots by their number there. */
  ntk_status (*descent_create)(ntk_descent *descent);
  void (*descent_destroy)(ntk_descent *descent); /* of a half-built object too */
  ntk_status (*descent_gradient)(ntk_descent *descent, const ntk_batch *batch, double *sum);
  /* Where the gradient lies: *count numbers in the descent's precision, padding too. */
  void (*descent_sums)(const ntk_descent *descent, void **gradient, size_t *count);
  void (*descent_update)(ntk_descent *descent, const ntk_update *update);
  void (*descent_read)(const ntk_descent *descent, int slot, double *values);
  void (*descent_write)(ntk_descent *descent, int slot, const double *values);
  double (*descent_bytes)(const ntk_context *context, const ntk_network_spec *spec,
                          const ntk_share *share, ntk_precision precision);
};

/* For a context of this process alone that computes as a rank of this one does: its backend, or of
 * several processes' the one that each of them has. */
const ntk_backend *ntk_backend_alone(const ntk_context *context);

extern const ntk_backend ntk_backend_cpu;
extern const ntk_backend ntk_backend_mpi; /* kernel/ranks/ */

/* ntk_context_create with a backend that need not be in the list of names; NTK_ERR_ARGUMENT for one
 * that lacks operations. */
ntk_status ntk_context_create_on(const ntk_backend *backend, const ntk_context_options *options,
                                 ntk_context **context);
/* Gives the context its backend and what that keeps; after a failure too it has to be left. */
ntk_status ntk_backend_enter(ntk_context *context, const ntk_backend *backend);
void ntk_backend_leave(ntk_context *context);
/* What `backend`, the context's or a parent of it, made there. */
void *ntk_backend_state(const ntk_context *context, const ntk_backend *backend);
/* For forecasts: until it is resumed the context has the backend of so many ranks, none of which is
 * there (ntk_ranks_suppose). NTK_ERR_MEMORY; it is to be resumed then too. */
typedef struct ntk_supposed {
  const ntk_backend *backend;
  struct ntk_backend_chain *chain;
  struct ntk_ranks *ranks;
} ntk_supposed;
ntk_status ntk_backend_suppose(ntk_context *context, int ranks, ntk_supposed *before);
void ntk_backend_resume(ntk_context *context, const ntk_supposed *before);
/* Bytes that the backend and its parents keep in the context. */
double ntk_backend_bytes(const ntk_context *context);

#endif
