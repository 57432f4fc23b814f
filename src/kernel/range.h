/* Kernels that double precision does not hold. */
#ifndef NTK_KERNEL_RANGE_H
#define NTK_KERNEL_RANGE_H

#include "kernel/kernel.h"

/* Whether double precision has room for a kernel of that trace and what is made of it. */
static inline bool ntk_range_holds(double trace) {
  return trace >= 0x1p-850 && trace <= 0x1p850;
}

/* NTK_ERR_NOT_FINITE, in a line that has the size of J, where block k of features' kernel, k = L:
 * all of it, is out of that range, though J is not 0. O(N L); then 2 N P (n_L + 1) flops. Of all
 * ranks. NTK_ERR_MEMORY, _CANCELLED. */
ntk_status ntk_range_check(const ntk_features *features, size_t k);

#endif
