/* The panels of a product, at the level a source is compiled for. Only *_real_lanes.c files include
 * this, after base/lanes.h. */
#ifndef NTK_BASE_PRODUCT_PANELS_H
#define NTK_BASE_PRODUCT_PANELS_H

#include "base/product/product.h"

/* A panel is as many columns as a micro-tile has: PANEL vectors, the widest that leave registers
 * for enough rows. What a matrix has beyond its panels makes one that is narrower, by half
 * vectors: widths are small here, and a vector of zeros is work. */
#if defined(__AVX512F__) || defined(__ARM_NEON)
#define PRODUCT_REGISTERS 32
enum { PANEL = 4 * LANES };
#else
#define PRODUCT_REGISTERS 16
enum { PANEL = 2 * LANES };
#endif
enum { UNIT = LANES >= 8 ? LANES / 2 : LANES }; /* panels' columns are multiples of this */
_Static_assert(NTK_STRIP % PANEL == 0 && NTK_PRODUCT_UNIT % UNIT == 0, "strips are whole panels");

void LANES_NAME(ntk_multiply)(const ntk_product *p);
void LANES_NAME(ntk_pack)(const ntk_product_source *source, real *packed);

/* Columns of the panel that begins at column j, those beyond the last included. */
static inline size_t panel_width(size_t columns, size_t j) {
  const size_t left = columns - j;
  return left >= PANEL ? PANEL : (left + UNIT - 1) / UNIT * UNIT;
}

#endif
