/* What a processor can do at most: multiply-adds in registers alone, and reading. */
#ifndef NTK_PLAN_BURST_H
#define NTK_PLAN_BURST_H

#include <stdbool.h>
#include <stddef.h>

/* `steps` steps of multiply-adds of values that never leave the registers, in float or double; the
 * flops of them. *result: of no use, but the compiler does not know. */
double ntk_burst(bool single, size_t steps, double *result);
/* The sum of count numbers, aligned to 64 bytes, as fast as they can be read. */
double ntk_read_all(const double *x, size_t count);

#endif
