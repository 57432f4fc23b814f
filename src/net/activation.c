/* Lipschitz constants of Assumption 2.3: M = max |phi'|, M' = max |phi''|. */
#include "net/activation.h"

#include "base/names.h"
#include "base/simd.h"

#include <math.h>

typedef const ntk_activation_fn evals_table[NTK_ACTIVATION_COUNT];
typedef const ntk_activation_single_fn evals_single_table[NTK_ACTIVATION_COUNT];
extern NTK_LANES_DECLARE(evals_table, ntk_activation_evals);
extern NTK_LANES_DECLARE_SINGLE(evals_single_table, ntk_activation_evals);

static const ntk_activation_info table[NTK_ACTIVATION_COUNT] = {
    {"sigmoid", "1 / (1 + exp(-x))", 0.25, 0.096225044864937627,
     "phi' = phi (1 - phi) <= 1/4; |phi''| = phi' |1 - 2 phi| <= 1 / (6 sqrt 3), at phi = 1/2 +- "
     "1/(2 sqrt 3)",
     true},
    {"tanh", "tanh(x)", 1.0, 0.76980035891950102,
     "phi' = 1 - phi^2 <= 1; |phi''| = 2 |phi| (1 - phi^2) <= 4 / (3 sqrt 3), at phi = 1/sqrt 3",
     true},
    {"softplus", "log(1 + exp(x))", 1.0, 0.25,
     "phi' is the sigmoid <= 1; phi'' is the sigmoid's derivative <= 1/4", true},
    {"erf", "erf(x)", 1.1283791670955126, 0.96788289807657346,
     "phi' = 2/sqrt(pi) exp(-x^2) <= 2/sqrt(pi); |phi''| = 2 |x| phi' <= 2 sqrt(2 / (pi e)), at x "
     "= "
     "1/sqrt 2",
     true},
    {"gelu", "x Phi(x), Phi the normal distribution function", 1.1289041451851547,
     0.79788456080286536,
     "phi'' = (2 - x^2) Phi'(x): phi' is largest at x = sqrt 2, Phi(sqrt 2) + sqrt 2 Phi'(sqrt 2); "
     "|phi''| <= 2 / sqrt(2 pi), at 0",
     true},
    {"sin", "sin(x)", 1.0, 1.0, "|cos| <= 1, |sin| <= 1", true},
    {"relu", "max(x, 0)", 1.0, INFINITY, "slopes 0 and 1; phi' jumps at 0, so M' is infinite",
     true},
    {"identity", "x", 1.0, 0.0, "phi' = 1, phi'' = 0; linear, so outside Assumption 2.3", false},
};

/* In the order of the table: phi(c x) = c phi(x), phi(0) = 0. */
static const struct {
  ntk_homogeneity homogeneity;
  bool vanishes;
} at_multiples[NTK_ACTIVATION_COUNT] = {
    {NTK_HOMOGENEITY_NONE, false},    {NTK_HOMOGENEITY_ODD, true},    {NTK_HOMOGENEITY_NONE, false},
    {NTK_HOMOGENEITY_ODD, true},      {NTK_HOMOGENEITY_NONE, true},   {NTK_HOMOGENEITY_ODD, true},
    {NTK_HOMOGENEITY_POSITIVE, true}, {NTK_HOMOGENEITY_LINEAR, true},
};

const ntk_activation_info *ntk_activation_list(size_t *count) {
  *count = NTK_ACTIVATION_COUNT;
  return table;
}

ntk_status ntk_activation_find(const char *name, ntk_activation *activation) {
  size_t i = 0;
  NTK_TRY(NTK_NAME_FIND("activation", name != NULL ? name : "sigmoid", table, NTK_ACTIVATION_COUNT,
                        &i));
  *activation = (ntk_activation){.info = table[i],
                                 .homogeneity = at_multiples[i].homogeneity,
                                 .vanishes = at_multiples[i].vanishes,
                                 .eval = NTK_LANES_BEST(ntk_activation_evals)[i],
                                 .eval_single = NTK_LANES_BEST_SINGLE(ntk_activation_evals)[i]};
  return NTK_OK;
}
