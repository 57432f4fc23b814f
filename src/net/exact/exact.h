/* The activations in double-double, with proved error bounds that rest on no library's word: what a
 * computed phi and phi' are compared with. Sources: base/exact/dd.h, net/exact/elementary.h. */
#ifndef NTK_NET_EXACT_EXACT_H
#define NTK_NET_EXACT_EXACT_H

#include "base/exact/arrays.h"
#include "net/activation.h"

/* f = phi(g) and df = phi'(g), elementwise on n values; f may be g, which is read alone (g.lo NULL:
 * 0). For every finite g, with E = 2^-90, S = M' where phi' is not monotone towards its limits
 * (sin, gelu, silu, gelu_tanh), else 0, and FLOOR = 2^-1000:
 *   |f - phi(g)|  <= E |phi(g)| + FLOOR (of sin: E (|phi(g)| + |g|) + FLOOR)
 *   |df - phi'(g)| <= E (|phi'(g)| + S |g|) + FLOOR
 * At a kink the slope is the left one. NaN is what is not known: sin beyond 2^30, or what
 * overflows. The bits of an entry do not depend on where it stands. */
#define NTK_EXACT_ERROR 0x1p-90
#define NTK_EXACT_FLOOR 0x1p-1000
void ntk_exact_activation(const ntk_activation *phi, size_t n, ntk_exact_entries g,
                          ntk_exact_entries f, ntk_exact_entries df);

/* Bounds of those errors for computed values f, df at g, rounded up. */
double ntk_exact_value_error(const ntk_activation *phi, double g, double f);
double ntk_exact_slope_error(const ntk_activation *phi, double g, double df);

#endif
