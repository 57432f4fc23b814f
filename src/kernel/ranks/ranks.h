/* The backend of several ranks: a decorator. Of an object that is dealt a rank has its rows, in the
 * parent's form and by the parent's operations; sums and copies between ranks go around them. An
 * object that is whole is the parent's alone, without a message.
 *
 * Every operation on what is dealt begins or goes on by an agreement (base/ranks/ranks.h), before
 * the first word is sent. */
#ifndef NTK_KERNEL_RANKS_H
#define NTK_KERNEL_RANKS_H

#include "kernel/backend.h"

/* Whose operations serve for the rows that are here. */
static inline const ntk_backend *ranks_parent(void) {
  return &ntk_backend_cpu;
}

static inline bool ranks_dealt(const ntk_features *features) {
  return features->share.ranks > 1;
}

/* Rows of K that a sample has. */
static inline size_t ranks_per(const ntk_features *features) {
  return features->rows / features->N;
}

/* Which rows of K are whose. */
static inline ntk_share ranks_rows(const ntk_features *features) {
  return ntk_share_times(features->share, ranks_per(features));
}

/* The features that are here as whole ones: a view, of no samples perhaps, which the parent's
 * operations are then not for. */
ntk_features ranks_own(const ntk_features *features);

ntk_status ranks_output(const ntk_network *network, const ntk_share *share, const double *X,
                        double *F_L);
ntk_status ranks_features_create(ntk_features *features);
ntk_status ranks_features_output(const ntk_features *features, double *F_L);
ntk_status ranks_features_norms(const ntk_features *features, double *f2, double *b2);
void ranks_features_values(const ntk_features *features, bool b, size_t l, size_t first,
                           size_t samples, double *values);
ntk_status ranks_features_centre(const ntk_features *features, size_t k, const double *f,
                                 const double *b, ntk_features *centred);

ntk_status ranks_adjoint(const ntk_features *features, const double *v, double *g);
ntk_status ranks_product(const ntk_features *features, const double *g, double *u);
ntk_status ranks_apply(const ntk_features *features, const bool *blocks, const double *V, size_t m,
                       double *U);
ntk_status ranks_cross(const ntk_features *features, const ntk_features *other, const bool *blocks,
                       double *A);

ntk_status ranks_kernel_build(const ntk_features *features, const bool *blocks, ntk_kernel *kernel);
/* Workspace of it, at most. */
double ranks_gram_bytes(const ntk_context *context, const ntk_network_spec *spec,
                        ntk_outputs outputs, const ntk_share *share);
/* Besides the parent's: in a product with J or J^T, or with K, of so many own samples. */
double ranks_operator_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t own);
double ranks_apply_bytes(const ntk_network_spec *spec, ntk_outputs outputs, size_t own);

#endif
