/* The activation seam. A new activation is a row in each table of activation.c, and a loop in the
 * table of activation_real_lanes.c at the same place; NTK_ACTIVATION_COUNT counts them. */
#ifndef NTK_NET_ACTIVATION_H
#define NTK_NET_ACTIVATION_H

#include "base/status.h"

enum { NTK_ACTIVATION_COUNT = 18 };

/* f = phi(g) and df = phi'(g), elementwise on n values; f may be g. p: phi's parameter, where it
 * has one. Entry by entry, for finite g and u = 2^-53 (in float 2^-24), from SLEEF's stated 1 ulp
 * (erfc: 1.5) and with e the activation's error: |f - phi(g)| <= e u (1 + |g|) and |df - phi'(g)|
 * <= e u. Digits last into the tails: beside 64 of the smallest numbers there are, e / 8 times, the
 * errors are also at most 32 u (|phi| + |g phi'|) and 32 u (|phi'| + |g phi''|), a few times what
 * the rounding of g itself does. NaN stays NaN. The bits of an entry do not depend on where it
 * stands. */
typedef void (*ntk_activation_fn)(size_t n, double p, const double *g, double *f, double *df);
typedef void (*ntk_activation_single_fn)(size_t n, double p, const float *g, float *f, float *df);
#define NTK_ACTIVATION_ERROR 8.0 /* e, but of phi with a parameter and of what has no bound */

/* What a factor of x does to phi(x), or to the output of layers without biases, whatever their
 * weights: F(-x) = sign F(x), 0 where neither sign holds; F(c x) = c^degree F(x) for c > 0, 0 where
 * no power does. As that holds for every W, the Jacobian's row at c x is the row at x times the
 * same number. */
typedef struct ntk_symmetry {
  int sign;
  double degree;
} ntk_symmetry;

typedef struct ntk_activation {
  ntk_activation_info info; /* of its parameter */
  char text[48];            /* its name, with the parameter where that is not the usual one */
  ntk_symmetry symmetry;
  bool vanishes; /* phi(0) = 0 */
  double error;  /* e, above: more where a parameter makes phi steep; INFINITY: there is no such e,
                    the errors relative to phi hold alone, and phi' is exact */
  ntk_activation_fn eval;
  ntk_activation_single_fn eval_single;
} ntk_activation;

static inline void ntk_activation_eval(const ntk_activation *phi, size_t n, const double *g,
                                       double *f, double *df) {
  phi->eval(n, phi->info.value, g, f, df);
}

/* The row that ntk_activation_named finds, NULL: "sigmoid"'s, with its usual parameter;
 * NTK_ERR_ARGUMENT listing the known names. */
NTK_SIBLING ntk_status ntk_activation_find(const char *name, ntk_activation *activation);
/* The same phi with another parameter; NTK_ERR_ARGUMENT: it has none, or not this. */
ntk_status ntk_activation_set(ntk_activation *activation, double value);

/* ---- One for each layer: activation_text.c --------------------------------------------------- */

/* phi of each layer into of (layers): text names one for all or as many, separated by commas, with
 * parameters in brackets: "tanh,leaky_relu(0.2)"; NULL: "sigmoid". NTK_ERR_ARGUMENT: an unknown
 * name, a parameter that it does not take, or another count. */
NTK_SIBLING ntk_status ntk_activation_parse(const char *text, size_t layers, ntk_activation *of);

/* A text that ntk_activation_parse reads as these, the same for the same: one name where one is
 * enough. As snprintf: the letters it takes, of which size - 1 are written. */
size_t ntk_activation_text(const ntk_activation *of, size_t layers, size_t size, char *text);

/* That of layer l, 1..layers, of such a text. layers: 0: as many as it names. */
NTK_SIBLING ntk_status ntk_activation_at(const char *text, size_t layers, size_t l,
                                         ntk_activation *phi);

/* Whether two such texts name the same for each layer; false for what names none. */
NTK_SIBLING bool ntk_activation_same(const char *a, const char *b);

/* ---- What is known whatever the weights -------------------------------------------------------
 */

static const ntk_symmetry NTK_SYMMETRY_OF_X = {-1, 1.0};
/* Of g + b, where g has s: what is even stays so, and nothing else. Of phi(g). */
ntk_symmetry ntk_symmetry_shifted(ntk_symmetry s);
ntk_symmetry ntk_symmetry_after(const ntk_activation *phi, ntk_symmetry s);
/* What F_L(c x) is of F_L(x), for a c that s says something of. */
double ntk_symmetry_factor(ntk_symmetry s, double c);

#endif
