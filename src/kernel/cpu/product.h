/* The one matrix product of a training step, on matrices as the step lays them out. Only
 * *_real_lanes.c files include this, after base/lanes.h. */
#ifndef NTK_KERNEL_PRODUCT_H
#define NTK_KERNEL_PRODUCT_H

/* A panel is as many columns as a micro-tile has: PANEL vectors, the widest that leave registers
 * for enough rows. What a matrix has beyond its panels makes one of fewer vectors, and half a
 * vector where that is enough: widths are small here, and a whole vector of zeros is work. */
#if defined(__AVX512F__) || defined(__ARM_NEON)
#define PRODUCT_REGISTERS 32
enum { PANEL = 4 * LANES };
#else
#define PRODUCT_REGISTERS 16
enum { PANEL = 2 * LANES };
#endif
enum { UNIT = LANES >= 8 ? LANES / 2 : LANES }; /* columns come in multiples of this */

typedef enum product_mode {
  PRODUCT_SET,
  PRODUCT_ADD,  /* C += A B */
  PRODUCT_TIMES /* C = C o A B */
} product_mode;

/* C (rows x columns) by A B, entry (i, k) of A at A[i row + k next], B inner x columns. B and C lie
 * by rows of the given distance, or (0) by panels: panel after panel, each by rows. columns: a
 * multiple of UNIT. Each entry is one sum over k = 0, 1, ... from 0, whatever its place: equal
 * columns of B give equal bits. */
typedef struct product {
  size_t rows, columns, inner;
  const real *A;
  size_t row, next;
  const real *B;
  size_t B_distance;
  real *C;
  size_t C_distance;
  product_mode mode;
} product;

void LANES_NAME(ntk_product)(const product *p);

/* Columns of the panel that begins at column j. */
static inline size_t panel_width(size_t columns, size_t j) {
  const size_t left = columns - j;
  return left >= PANEL ? PANEL : left >= LANES ? left / LANES * LANES : left;
}

#endif
