/* Lipschitz constants of Assumption 2.3: M = max |phi'|, M' = max |phi''|. */
#include "net/activation.h"

#include "base/names.h"
#include "base/simd.h"

#include <math.h>
#include <stdio.h>
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
     true},
    {"tanh", "", "tanh(x)", 1.0, 0.76980035891950102,
     "phi' = 1 - phi^2 <= 1; |phi''| = 2 |phi| (1 - phi^2) <= 4 / (3 sqrt 3), at phi = 1/sqrt 3",
     true},
    {"softplus", "", "log(1 + exp(x))", 1.0, 0.25,
     "phi' is the sigmoid <= 1; phi'' is the sigmoid's derivative <= 1/4", true},
    {"erf", "", "erf(x)", 1.1283791670955126, 0.96788289807657346,
     "phi' = 2/sqrt(pi) exp(-x^2) <= 2/sqrt(pi); |phi''| = 2 |x| phi' <= 2 sqrt(2 / (pi e)), at x "
     "= "
     "1/sqrt 2",
     true},
    {"gelu", "gelu_erf", "x Phi(x), Phi the normal distribution function", 1.1289041451851547,
     0.79788456080286536,
     "phi'' = (2 - x^2) Phi'(x): phi' is largest at x = sqrt 2, Phi(sqrt 2) + sqrt 2 Phi'(sqrt 2); "
     "|phi''| <= 2 / sqrt(2 pi), at 0",
     true},
    {"sin", "sine", "sin(x)", 1.0, 1.0, "|cos| <= 1, |sin| <= 1", true},
    {"relu", "", "max(x, 0)", 1.0, INFINITY, "slopes 0 and 1; phi' jumps at 0, so M' is infinite",
     true},
    {"identity", "linear", "x", 1.0, 0.0, "phi' = 1, phi'' = 0; linear, so outside Assumption 2.3",
     false},
    {"silu", "swish", "x / (1 + exp(-x)), s its sigmoid", 1.0998393201288669, 0.5,
     "phi'' = s (1 - s) (2 - x tanh(x/2)): phi' is largest where x tanh(x/2) = 2, at 2.3994; "
     "|phi''| <= 1/2, at 0",
     true},
    {"gelu_tanh", "gelu_new, gelu_pytorch_tanh", "x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2",
     1.1289930686586588, 0.79788456080286536,
     "phi' is largest at the one zero of phi'' for x > 0, x = 1.4185; |phi''| <= sqrt(2/pi), at 0; "
     "both by interval arithmetic",
     true},
    {"elu", "", "x for x > 0, exp(x) - 1 below", 1.0, 1.0,
     "phi' = min(1, exp(x)) <= 1, continuous; 0 <= phi'' <= 1", true},
    {"selu", "", "1.0507 x for x > 0, 1.7581 (exp(x) - 1) below", 1.7580993408473769, INFINITY,
     "slopes 1.0507 above and 1.7581 exp(x) below; phi' jumps at 0, so M' is infinite", true},
    {"softsign", "", "x / (1 + |x|)", 1.0, 2.0,
     "phi' = 1 / (1 + |x|)^2 <= 1; |phi''| = 2 / (1 + |x|)^3 <= 2", true},
    {"atan", "arctan", "arctan(x)", 1.0, 0.64951905283832899,
     "phi' = 1 / (1 + x^2) <= 1; |phi''| = 2 |x| phi'^2 <= 3 sqrt(3) / 8, at x = 1/sqrt 3", true},
    {"gaussian", "", "exp(-x^2)", 0.85776388496070680, 2.0,
     "|phi'| = 2 |x| phi <= sqrt(2/e), at x = 1/sqrt 2; phi'' = (4 x^2 - 2) phi is -2 at 0 and 4 "
     "exp(-3/2) at most",
     true},
    {"leaky_relu", "leakyrelu", "x for x > 0, 0.01 x below", 1.0, INFINITY,
     "slopes 0.01 and 1; phi' jumps at 0, so M' is infinite", true},
};

/* In the order of the table: the law of multiples, phi(0) = 0. */
static const struct {
  ntk_homogeneity homogeneity;
  bool vanishes;
} at_multiples[NTK_ACTIVATION_COUNT] = {
    {NTK_HOMOGENEITY_NONE, false},    {NTK_HOMOGENEITY_ODD, true},    {NTK_HOMOGENEITY_NONE, false},
    {NTK_HOMOGENEITY_ODD, true},      {NTK_HOMOGENEITY_NONE, true},   {NTK_HOMOGENEITY_ODD, true},
    {NTK_HOMOGENEITY_POSITIVE, true}, {NTK_HOMOGENEITY_LINEAR, true}, {NTK_HOMOGENEITY_NONE, true},
    {NTK_HOMOGENEITY_NONE, true},     {NTK_HOMOGENEITY_NONE, true},   {NTK_HOMOGENEITY_NONE, true},
    {NTK_HOMOGENEITY_ODD, true},      {NTK_HOMOGENEITY_ODD, true},    {NTK_HOMOGENEITY_EVEN, false},
    {NTK_HOMOGENEITY_POSITIVE, true},
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

ntk_status ntk_activation_find(const char *name, ntk_activation *activation) {
  const ntk_activation_info *known = ntk_activation_named(name != NULL ? name : "sigmoid");
  size_t i = known != NULL ? (size_t)(known - table) : NTK_ACTIVATION_COUNT;
  if (known == NULL) /* says what is known */
    NTK_TRY(NTK_NAME_FIND("activation", name, table, NTK_ACTIVATION_COUNT, &i));
  *activation = (ntk_activation){.info = table[i],
                                 .homogeneity = at_multiples[i].homogeneity,
                                 .vanishes = at_multiples[i].vanishes,
                                 .eval = NTK_LANES_BEST(ntk_activation_evals)[i],
                                 .eval_single = NTK_LANES_BEST_SINGLE(ntk_activation_evals)[i]};
  return NTK_OK;
}

/* ---- One for each layer ---------------------------------------------------------------------- */

enum { LONGEST = 64 };

/* The next of text's activations into *of; *text goes behind its comma, or to the end. */
static ntk_status read_one(const char **text, ntk_activation *of) {
  char word[LONGEST + 1];
  const char *first = *text + strspn(*text, " ");
  size_t length = strcspn(first, ",");
  *text = first + length + (first[length] == ',');
  while (length > 0 && first[length - 1] == ' ')
    length--;
  if (length > LONGEST)
    length = LONGEST; /* known to nobody, and enough of it to tell so */
  memcpy(word, first, length);
  word[length] = '\0';
  return ntk_activation_find(word, of);
}

static size_t count_of(const char *text) {
  size_t count = 1;
  for (; *text != '\0'; text++)
    count += *text == ',';
  return count;
}

static ntk_status check_count(size_t count, size_t layers) {
  if (count == 1 || count == layers)
    return NTK_OK;
  return ntk_fail(NTK_ERR_ARGUMENT,
                  "%zu activations where L - 1 = %zu; accepted: one for all hidden layers, or %zu "
                  "separated by commas",
                  count, layers, layers);
}

ntk_status ntk_activation_parse(const char *text, size_t layers, ntk_activation *of) {
  const char *at = text != NULL ? text : "sigmoid";
  const size_t count = count_of(at);
  NTK_TRY(check_count(count, layers));
  NTK_TRY(read_one(&at, &of[0]));
  for (size_t l = 1; l < layers; l++)
    if (count == 1)
      of[l] = of[0];
    else
      NTK_TRY(read_one(&at, &of[l]));
  return NTK_OK;
}

ntk_status ntk_activation_at(const char *text, size_t layers, size_t l, ntk_activation *phi) {
  const char *at = text != NULL ? text : "sigmoid";
  const size_t count = count_of(at);
  NTK_TRY(check_count(count, layers > 0 ? layers : count));
  for (size_t i = 1; i <= count; i++) {
    ntk_activation found;
    NTK_TRY(read_one(&at, &found));
    if (count == 1 || i == l)
      *phi = found;
  }
  return NTK_OK;
}

ntk_status ntk_activation_of(const char *text, size_t layers, size_t l, ntk_activation_info *info) {
  ntk_activation phi = {0};
  NTK_TRY(ntk_activation_at(text, layers, l, &phi));
  *info = phi.info;
  return NTK_OK;
}

bool ntk_activation_same(const char *a, const char *b) {
  const size_t of_a = count_of(a), of_b = count_of(b), layers = of_a > of_b ? of_a : of_b;
  bool same = true;
  for (size_t l = 1; l <= layers && same; l++) {
    ntk_activation p = {0}, q = {0};
    same = ntk_activation_at(a, layers, l, &p) == NTK_OK &&
           ntk_activation_at(b, layers, l, &q) == NTK_OK && strcmp(p.info.name, q.info.name) == 0;
  }
  return same;
}

size_t ntk_activation_text(const ntk_activation *of, size_t layers, size_t size, char *text) {
  size_t used = 0, alike = 1;
  while (alike < layers && strcmp(of[alike].info.name, of[0].info.name) == 0)
    alike++;
  for (size_t l = 0; l < (alike == layers ? 1 : layers); l++) {
    const size_t room = used < size ? size - used : 0;
    const int written =
        snprintf(room > 0 ? text + used : NULL, room, "%s%s", l > 0 ? "," : "", of[l].info.name);
    used += written > 0 ? (size_t)written : 0;
  }
  return used;
}

ntk_symmetry ntk_symmetry_after(const ntk_activation *phi, ntk_symmetry s) {
  const ntk_homogeneity law = phi->homogeneity;
  const bool linear = law == NTK_HOMOGENEITY_LINEAR;
  if (law == NTK_HOMOGENEITY_EVEN && s.sign != 0)
    s.sign = 1;
  else if (s.sign < 0 && law != NTK_HOMOGENEITY_ODD && !linear)
    s.sign = 0;
  if (law != NTK_HOMOGENEITY_POSITIVE && !linear)
    s.degree = 0.0;
  return s;
}

double ntk_symmetry_factor(ntk_symmetry s, double c) {
  const double size = s.degree == 0.0 || fabs(c) == 1.0 ? 1.0
                      : s.degree == 1.0                 ? fabs(c)
                                                        : pow(fabs(c), s.degree);
  return c < 0.0 ? s.sign * size : size;
}
