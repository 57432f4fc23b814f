/* Kernel regression in its parts: the system, its solutions, and what they are at the data. */
#ifndef NTK_FIT_REGRESSION_H
#define NTK_FIT_REGRESSION_H

#include "kernel/ends/extremes.h"
#include "ntkit/predict.h"

/* K has a row for each output of each sample, and one right-hand side; that of a limit, the same
 * for each output, a row for each sample, and a right-hand side for each output. */
typedef struct ntk_regressor {
  ntk_context *context;
  const ntk_network *network;     /* NULL: f0 = 0 */
  const ntk_dataset *data, *test; /* N, M rows */
  const double *Y;                /* N x outputs */
  ntk_regression_options options; /* defaults resolved */
  const double *ridge;            /* of each point; NULL: times */
  bool choose;                    /* by leaving one out */
  bool mean;                      /* the loss */
  double scale;                   /* the loss's gradient is scale J^T (f - Y) */
  size_t outputs, points;
  size_t rows, vectors;      /* of K; of right-hand sides */
  ntk_features *features;    /* of data, for the network's own kernel; else NULL */
  ntk_kernel *K;             /* stays as it is */
  double error;              /* of a limit's entries, of sqrt(K_ii K_jj) */
  double *r;                 /* rows x vectors, column-major: Y - f0(X) */
  double *a;                 /* rows x (vectors points), column c points + t: coefficients */
  double *left;              /* of that shape: Y - f(X) */
  double *out;               /* of that shape: Y_i - f_i(x_i) without sample i; NULL: not asked */
  double *predicted;         /* (M outputs) x points, row-major: f at the test data */
  ntk_regression_result *to; /* what comes of it */
} ntk_regressor;

/* Where output c of sample i at point t, a time or a ridge, stands in a, left and out. */
static inline size_t ntk_regressor_at(const ntk_regressor *s, size_t i, size_t c, size_t t) {
  return s->vectors == 1 ? t * s->rows + i * s->outputs + c : (c * s->points + t) * s->rows + i;
}

/* a, left, and what is known of K: (K + R I) a = r by a factorisation for each R, and which of them
 * is chosen. NTK_ERR_NUMERIC where a matrix is singular, or not told from that. */
ntk_status ntk_regressor_solve(ntk_regressor *s, size_t *chosen);
/* Of one R whose factor is there and a solved: Y_i - f_i(x_i), i left out, as a lies. Bytes that it
 * takes of R rows meanwhile, n of them a sample. */
ntk_status ntk_regressor_leave_out(const ntk_regressor *s, const ntk_kernel *factor);
double ntk_regressor_leave_out_bytes(const ntk_context *context, double R, double n);
/* The same at times of gradient flow or descent, by all eigenvectors of K. */
ntk_status ntk_regressor_flow(ntk_regressor *s);
/* What there is to be known of K before it is factorised. */
ntk_status ntk_regressor_foresee(const ntk_regressor *s, ntk_extremes *e);
/* The ends of K's spectrum into the result. */
void ntk_regressor_tell(const ntk_regressor *s, const ntk_extremes *e);
/* ||f - f0|| in the kernel's space, of one a; the network's kernel: P numbers meanwhile. */
ntk_status ntk_regressor_norm(const ntk_regressor *s, double *norm);
/* ||x||, whatever the squares are. */
double ntk_regressor_length(size_t n, const double *x);

/* k(x, X) a + f0(x) at the test data, in slabs of them, into predicted. */
ntk_status ntk_regressor_predict(ntk_regressor *s);
/* How they are made: by what the weights move by, or by cross kernels; samples of a slab, and
 * bytes. */
typedef struct ntk_slabs {
  bool weights;
  size_t samples;
  double bytes;
} ntk_slabs;
ntk_slabs ntk_regressor_slabs(const ntk_network_spec *spec, size_t M, size_t rows, size_t points,
                              bool limit);

/* Losses, errors, accuracies and norms, into to->point, and to->chosen. */
ntk_status ntk_regressor_score(ntk_regressor *s, size_t chosen);

#endif
