/* The CPU backend's own objects. */
#ifndef NTK_KERNEL_CPU_H
#define NTK_KERNEL_CPU_H

#include "kernel/backend.h"
#include "spectrum/packed/packed.h"

/* F[l], l = 0..L-1: N x n_l (F[0] = X, borrowed); B[k], k = 1..L-1: N x ntk_copies x n_k. B[L] is
 * NULL, for it is 1, but of all outputs: rows of the identity, N n_L x n_L. F_L is kept because it
 * comes for free. */
typedef struct cpu_features {
  double **F, **B; /* L + 1 entries each */
  double *F_L;     /* N x n_L */
  double *storage; /* all of F[1..], B[1..] and F_L */
  size_t entries;  /* of it */
  double *X;       /* F[0] where that is not the data's; else NULL */
} cpu_features;

static inline const cpu_features *cpu_features_of(const ntk_features *features) {
  return features->state;
}

/* Length of a row of B_k, k = 1..L. */
size_t cpu_back_width(const ntk_features *features, size_t k);
double cpu_features_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t N);
ntk_status cpu_features_create(ntk_features *features);
void cpu_features_destroy(ntk_features *features);
ntk_status cpu_features_output(const ntk_features *features, double *F_L);
void cpu_features_values(const ntk_features *features, bool b, size_t l, size_t first,
                         size_t samples, double *values);
ntk_status cpu_features_centre(const ntk_features *features, size_t k, const double *f,
                               const double *b, ntk_features *centred);
ntk_status cpu_features_norms(const ntk_features *features, double *f2, double *b2);

/* Gives the kernel its packed matrix, uninitialised: of its N rows those of the share; NULL: all.
 */
ntk_status cpu_kernel_allocate(ntk_kernel *kernel, const ntk_share *share);
/* K of the chosen blocks into A, which has been created with order N and the form's storage. */
ntk_status cpu_gram(const ntk_features *features, const bool *blocks, const ntk_kernel_form *form,
                    ntk_packed *A);
/* The kernel that a limit of infinite width is (kernel/limit). */
ntk_status cpu_kernel_limit(const ntk_limit *limit, ntk_kernel *kernel);
ntk_status cpu_cross(const ntk_features *features, const ntk_features *other, const bool *blocks,
                     double *A);
ntk_status cpu_adjoint(const ntk_features *features, const double *v, double *g);
ntk_status cpu_product(const ntk_features *features, const double *g, double *u);
/* The three parts of a product with K, of the chosen blocks: what belongs to others in g, which has
 * a place for all, is not touched. g <- C g, C the scales of W and b. */
ntk_status cpu_adjoint_of(const ntk_features *features, const bool *blocks, const double *v,
                          double *g);
void cpu_scale(const ntk_features *features, const bool *blocks, double *g);
ntk_status cpu_product_of(const ntk_features *features, const bool *blocks, const double *g,
                          double *u);
ntk_status cpu_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                     double *U);
/* Bytes of workspace, at most: of cpu_gram, and of cpu_adjoint and cpu_product. */
double cpu_gram_bytes(const ntk_context *context, const ntk_network_spec *spec, ntk_outputs outputs,
                      size_t N);
double cpu_operator_bytes(const ntk_context *context, const ntk_network_spec *spec,
                          ntk_outputs outputs);
/* And besides them of cpu_apply. */
double cpu_apply_bytes(const ntk_network_spec *spec, ntk_outputs outputs);

ntk_status cpu_descent_create(ntk_descent *descent);
void cpu_descent_destroy(ntk_descent *descent);
ntk_status cpu_descent_gradient(ntk_descent *descent, const ntk_batch *batch, double *sum);
void cpu_descent_sums(const ntk_descent *descent, void **gradient, size_t *count);
void cpu_descent_update(ntk_descent *descent, const ntk_update *update);
void cpu_descent_read(const ntk_descent *descent, int slot, double *values);
void cpu_descent_write(ntk_descent *descent, int slot, const double *values);
double cpu_descent_bytes(const ntk_context *context, const ntk_network_spec *spec,
                         const ntk_share *share, ntk_precision precision);

#endif
