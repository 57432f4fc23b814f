/* Lipschitz constants of Assumption 2.3: M = max |phi'|, M' = max |phi''|. Those of a row with a
 * parameter are of its usual value. */
#include "net/activation.h"

#include "base/names.h"
#include "base/simd.h"
#include "base/text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

typedef const ntk_activation_fn evals_table[NTK_ACTIVATION_COUNT];
typedef const ntk_activation_single_fn evals_single_table[NTK_ACTIVATION_COUNT];
extern NTK_LANES_DECLARE(evals_table, ntk_activation_evals);
extern NTK_LANES_DECLARE_SINGLE(evals_single_table, ntk_activation_evals);

static const ntk_activation_info table[NTK_ACTIVATION_COUNT] = {
    {"sigmoid", "logistic", "1 / (1 + exp(-x))", 0.25, 0.096225044864937627,
     "phi' = phi (1 - phi) <= 1/4; |phi''| = phi' |1 - 2 phi| <= 1 / (6 sqrt 3), at phi = 1/2 +- "
     "1/(2 sqrt 3)",
     true, "", 0.0},
    {"tanh", "", "tanh(x)", 1.0, 0.76980035891950102,
     "phi' = 1 - phi^2 <= 1; |phi''| = 2 |phi| (1 - phi^2) <= 4 / (3 sqrt 3), at phi = 1/sqrt 3",
     true, "", 0.0},
    {"softplus", "", "log(1 + exp(beta x)) / beta", 1.0, 0.25,
     "phi' is the sigmoid of beta x, <= 1; phi'' is beta times its derivative, <= beta / 4", true,
     "beta", 1.0},
    {"erf", "", "erf(x)", 1.1283791670955126, 0.96788289807657346,
     "phi' = 2/sqrt(pi) exp(-x^2) <= 2/sqrt(pi); |phi''| = 2 |x| phi' <= 2 sqrt(2 / (pi e)), at x "
     "= "
     "1/sqrt 2",
     true, "", 0.0},
    {"gelu", "gelu_erf, gelu(approximate='none')", "x Phi(x), Phi the normal distribution function",
     1.1289041451851547, 0.79788456080286536,
     "phi'' = (2 - x^2) Phi'(x): phi' is largest at x = sqrt 2, Phi(sqrt 2) + sqrt 2 Phi'(sqrt 2); "
     "|phi''| <= 2 / sqrt(2 pi), at 0",
     true, "", 0.0},
    {"sin", "sine", "sin(x)", 1.0, 1.0, "|cos| <= 1, |sin| <= 1", true, "", 0.0},
    {"relu", "", "max(x, 0)", 1.0, INFINITY, "slopes 0 and 1; phi' jumps at 0, so M' is infinite",
     true, "", 0.0},
    {"identity", "linear", "x", 1.0, 0.0, "phi' = 1, phi'' = 0; linear, so outside Assumption 2.3",
     false, "", 0.0},
    {"silu", "swish", "x / (1 + exp(-beta x)), s its sigmoid", 1.0998393201288669, 0.5,
     "with y = beta x, phi'' = beta s (1 - s) (2 - y tanh(y/2)): phi' is largest where y tanh(y/2) "
     "= "
     "2, at y = 2.3994; |phi''| <= beta / 2, at 0",
     true, "beta", 1.0},
    {"gelu_tanh", "gelu_new, gelu_pytorch_tanh, gelu(approximate='tanh')",
     "x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2", 1.1289930686586588, 0.79788456080286536,
     "phi' is largest at the one zero of phi'' for x > 0, x = 1.4185; |phi''| <= sqrt(2/pi), at 0; "
     "both by interval arithmetic",
     true, "", 0.0},
    {"elu", "", "x for x > 0, alpha (exp(x) - 1) below", 1.0, 1.0,
     "slopes 1 above and alpha exp(x) below: M = max(1, |alpha|); 0 <= phi'' <= 1 for alpha = 1, "
     "else "
     "phi' jumps at 0, so M' is infinite",
     true, "alpha", 1.0},
    {"selu", "", "1.0507 x for x > 0, 1.7581 (exp(x) - 1) below", 1.7580993408473769, INFINITY,
     "slopes 1.0507 above and 1.7581 exp(x) below; phi' jumps at 0, so M' is infinite", true, "",
     0.0},
    {"softsign", "", "x / (1 + |x|)", 1.0, 2.0,
     "phi' = 1 / (1 + |x|)^2 <= 1; |phi''| = 2 / (1 + |x|)^3 <= 2", true, "", 0.0},
    {"atan", "arctan", "arctan(x)", 1.0, 0.64951905283832899,
     "phi' = 1 / (1 + x^2) <= 1; |phi''| = 2 |x| phi'^2 <= 3 sqrt(3) / 8, at x = 1/sqrt 3", true,
     "", 0.0},
    {"gaussian", "", "exp(-x^2)", 0.85776388496070680, 2.0,
     "|phi'| = 2 |x| phi <= sqrt(2/e), at x = 1/sqrt 2; phi'' = (4 x^2 - 2) phi is -2 at 0 and 4 "
     "exp(-3/2) at most",
     true, "", 0.0},
    {"leaky_relu", "leakyrelu", "x for x > 0, negative_slope x below", 1.0, INFINITY,
     "slopes 1 and negative_slope: M is the larger; phi' jumps at 0, so M' is infinite", true,
     "negative_slope", 0.01},
    {"celu", "", "x for x > 0, alpha (exp(x / alpha) - 1) below", 1.0, 1.0,
     "phi' = min(1, exp(x / alpha)) <= 1, continuous; 0 <= phi'' <= 1 / alpha", true, "alpha", 1.0},
    {"quadratic", "square, x^2", "x^2", INFINITY, 2.0,
     "phi' = 2 x has no bound, so M is infinite: outside Assumption 2.3; phi'' = 2", true, "", 0.0},
};

/* What the rows do not say of a phi, nor of one with a parameter. */
typedef void (*completion)(ntk_activation *phi);

static void leaky_relu(ntk_activation *phi) {
  const double slope = phi->info.value;
  phi->info.lipschitz = fmax(1.0, fabs(slope));
  phi->info.lipschitz_grad = slope == 1.0 ? 0.0 : INFINITY;
  phi->info.nonlinear = slope != 1.0;
  phi->symmetry = (ntk_symmetry){slope == 1.0 ? -1 : slope == -1.0 ? 1 : 0, 1.0}; /* -1: |x| */
  phi->error *= phi->info.lipschitz;
}

static void elu(ntk_activation *phi) {
  const double alpha = phi->info.value;
  phi->info.lipschitz = fmax(1.0, fabs(alpha));
  phi->info.lipschitz_grad = alpha == 1.0 ? 1.0 : INFINITY;
  phi->symmetry.degree = alpha == 0.0 ? 1.0 : 0.0; /* relu */
  phi->error *= phi->info.lipschitz;
}

static void celu(ntk_activation *phi) {
  phi->info.lipschitz_grad = 1.0 / phi->info.value;
}

static void softplus(ntk_activation *phi) {
  phi->info.lipschitz_grad = phi->info.value / 4.0;
  phi->error *= fmax(1.0, 1.0 / phi->info.value);
}

static void silu(ntk_activation *phi) {
  phi->info.lipschitz_grad = phi->info.value / 2.0;
}

static void quadratic(ntk_activation *phi) {
  phi->error = INFINITY;
}

/* In the order of the table. */
static const struct law {
  ntk_symmetry symmetry;
  bool vanishes;
  completion complete; /* NULL: nothing is left to say */
  double least, most;  /* of the parameter */
} laws[NTK_ACTIVATION_COUNT] = {
    {{0, 0.0}, false, NULL, 0, 0},           /* sigmoid */
    {{-1, 0.0}, true, NULL, 0, 0},           /* tanh */
    {{0, 0.0}, false, softplus, 1e-6, 1e6},  /* softplus */
    {{-1, 0.0}, true, NULL, 0, 0},           /* erf */
    {{0, 0.0}, true, NULL, 0, 0},            /* gelu */
    {{-1, 0.0}, true, NULL, 0, 0},           /* sin */
    {{0, 1.0}, true, NULL, 0, 0},            /* relu */
    {{-1, 1.0}, true, NULL, 0, 0},           /* identity */
    {{0, 0.0}, true, silu, 1e-6, 1e6},       /* silu */
    {{0, 0.0}, true, NULL, 0, 0},            /* gelu_tanh */
    {{0, 0.0}, true, elu, -1e6, 1e6},        /* elu */
    {{0, 0.0}, true, NULL, 0, 0},            /* selu */
    {{-1, 0.0}, true, NULL, 0, 0},           /* softsign */
    {{-1, 0.0}, true, NULL, 0, 0},           /* atan */
    {{1, 0.0}, false, NULL, 0, 0},           /* gaussian */
    {{0, 1.0}, true, leaky_relu, -1e6, 1e6}, /* leaky_relu */
    {{0, 0.0}, true, celu, 1e-6, 1e6},       /* celu */
    {{1, 2.0}, true, quadratic, 0, 0},       /* quadratic */
};

const ntk_activation_info *ntk_activation_list(size_t *count) {
  *count = NTK_ACTIVATION_COUNT;
  return table;
}

/* Whether name is one of the list's, which ", " separates. */
static bool is_among(const char *list, const char *name) {
  const size_t length = strlen(name);
  for (const char *word = list; *word != '\0'; word += strspn(word, ", ")) {
    const size_t letters = strcspn(word, ",");
    if (letters == length && strncasecmp(word, name, length) == 0)
      return true;
    word += letters;
  }
  return false;
}

const ntk_activation_info *ntk_activation_named(const char *name) {
  for (size_t i = 0; i < NTK_ACTIVATION_COUNT; i++)
    if (is_among(table[i].name, name) || is_among(table[i].aliases, name))
      return &table[i];
  return NULL;
}

/* The shortest decimal that reads as value, into text (size). */
static void write_shortest(double value, size_t size, char *text) {
  for (int digits = 1; digits <= 17; digits++) {
    (void)ntk_format(text, size, "%.*g", digits, value);
    if (ntk_read_real(text, NULL) == value)
      return;
  }
}

/* Row i, with this parameter where it has one. */
static void make(size_t i, double value, ntk_activation *phi) {
  const struct law *law = &laws[i];
  char number[32];
  *phi = (ntk_activation){.info = table[i],
                          .symmetry = law->symmetry,
                          .vanishes = law->vanishes,
                          .error = NTK_ACTIVATION_ERROR,
                          .eval = NTK_LANES_BEST(ntk_activation_evals)[i],
                          .eval_single = NTK_LANES_BEST_SINGLE(ntk_activation_evals)[i]};
  phi->info.value = value;
  if (law->complete != NULL)
    law->complete(phi);
  const bool standard = value == table[i].value;
  if (!standard)
    write_shortest(value, sizeof number, number);
  (void)ntk_format(phi->text, sizeof phi->text, standard ? "%s" : "%s(%s)", table[i].name, number);
}

ntk_status ntk_activation_find(const char *name, ntk_activation *activation) {
  const ntk_activation_info *known = ntk_activation_named(name != NULL ? name : "sigmoid");
  size_t i = known != NULL ? (size_t)(known - table) : NTK_ACTIVATION_COUNT;
  if (known == NULL) /* says what is known */
    NTK_TRY(NTK_NAME_FIND("activation", name, table, NTK_ACTIVATION_COUNT, &i));
  make(i, table[i].value, activation);
  return NTK_OK;
}

ntk_status ntk_activation_set(ntk_activation *activation, double value) {
  const size_t i = ntk_name_row(activation->info.name, table, sizeof *table, NTK_ACTIVATION_COUNT);
  const struct law *law = &laws[i];
  if (*table[i].parameter == '\0')
    return ntk_fail(NTK_ERR_ARGUMENT, "%s has no parameter", table[i].name);
  if (!(value >= law->least && value <= law->most))
    return ntk_fail(NTK_ERR_ARGUMENT, "%s: %s is %g; accepted: %g to %g", table[i].name,
                    table[i].parameter, value, law->least, law->most);
  make(i, value, activation);
  return NTK_OK;
}

ntk_symmetry ntk_symmetry_shifted(ntk_symmetry s) {
  return (ntk_symmetry){s.sign > 0 ? 1 : 0, 0.0};
}

ntk_symmetry ntk_symmetry_after(const ntk_activation *phi, ntk_symmetry s) {
  if (s.sign < 0) /* what is even stays so */
    s.sign = phi->symmetry.sign;
  s.degree *= phi->symmetry.degree;
  return s;
}

double ntk_symmetry_factor(ntk_symmetry s, double c) {
  const double size = s.degree == 0.0 || fabs(c) == 1.0 ? 1.0
                      : s.degree == 1.0                 ? fabs(c)
                                                        : pow(fabs(c), s.degree);
  return c < 0.0 ? s.sign * size : size;
}
