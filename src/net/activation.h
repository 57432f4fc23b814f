/* The activation seam. A new activation is a row in activation.c, and a loop in the table of
 * activation_real_lanes.c at the same place; NTK_ACTIVATION_COUNT counts both. */
#ifndef NTK_NET_ACTIVATION_H
#define NTK_NET_ACTIVATION_H

#include "base/status.h"

enum { NTK_ACTIVATION_COUNT = 16 };

/* f = phi(g) and df = phi'(g), elementwise on n values; f may be g. Entry by entry, for finite
 * g and u = 2^-53 (in float 2^-24), from SLEEF's stated 1 ulp (erfc: 1.5) and with e =
 * NTK_ACTIVATION_ERROR: |f - phi(g)| <= e u (1 + |g|) and |df - phi'(g)| <= e u. Digits last into
 * the tails: beside 64 of the smallest numbers there are, the errors are also at most 4 e u (|phi|
 * + |g phi'|) and 4 e u (|phi'| + |g phi''|), a few times what the rounding of g itself does. NaN
 * stays NaN. The bits of an entry do not depend on where it stands. */
typedef void (*ntk_activation_fn)(size_t n, const double *g, double *f, double *df);
typedef void (*ntk_activation_single_fn)(size_t n, const float *g, float *f, float *df);
#define NTK_ACTIVATION_ERROR 8.0

/* The c with phi(c x) = c phi(x) for every x. Then, without biases, F_l(c x) = c F_l(x) and B_l(c
 * x) = B_l(x): the row of the Jacobian at c x is c times that at x. Where phi(-x) = phi(x), F_l(-x)
 * = F_l(x) from l = 1 on and B_1(-x) = -B_1(x): the row at -x is that at x. */
typedef enum ntk_homogeneity {
  NTK_HOMOGENEITY_NONE,
  NTK_HOMOGENEITY_ODD,      /* c = -1 */
  NTK_HOMOGENEITY_POSITIVE, /* c > 0 */
  NTK_HOMOGENEITY_LINEAR,   /* any c */
  NTK_HOMOGENEITY_EVEN      /* phi(-x) = phi(x) */
} ntk_homogeneity;

typedef struct ntk_activation {
  ntk_activation_info info;
  ntk_homogeneity homogeneity;
  bool vanishes; /* phi(0) = 0 */
  ntk_activation_fn eval;
  ntk_activation_single_fn eval_single;
} ntk_activation;

/* The row that ntk_activation_named finds, NULL: "sigmoid"'s; NTK_ERR_ARGUMENT listing the known
 * names. */
NTK_SIBLING ntk_status ntk_activation_find(const char *name, ntk_activation *activation);

#endif
