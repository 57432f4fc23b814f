/* The two products that a triangular solve with a few right-hand sides consists of. They stream
 * the panel once, four right-hand sides at a time, where dgemm would copy it first. */
#ifndef NTK_SPECTRUM_PANEL_H
#define NTK_SPECTRUM_PANEL_H

#include <stddef.h>

enum { NTK_PANEL_VECTORS = 4 }; /* most right-hand sides a call takes */

/* Y (rows x m) -= A (rows x columns) X (columns x m); all column-major, m <= NTK_PANEL_VECTORS. */
void ntk_panel_subtract(size_t rows, size_t columns, const double *A, size_t lda, size_t m,
                        const double *X, size_t ldx, double *Y, size_t ldy);

/* Y (columns x m) -= A^T X (rows x m). */
void ntk_panel_subtract_transposed(size_t rows, size_t columns, const double *A, size_t lda,
                                   size_t m, const double *X, size_t ldx, double *Y, size_t ldy);

#endif
