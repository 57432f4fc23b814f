/* Montanari and Zhong (2020): the smallest eigenvalue of a two-layer kernel for d^l << N <<
 * d^{l+1}.
 *
 * For x uniform on the sphere and infinitely many units g_1 is Gaussian whatever x is, and by
 * Mehler's formula, with t = <x, x'> / ||x||^2 and Hermite coefficients at the deviation of g_1,
 *
 *   K(x, x') = sum_m a_m t^m,
 *   a_m = ||W_2||^2 (||x||^2 mu_{m-1}(phi')^2 + mu_m(phi')^2) + n_1 mu_m(phi)^2,
 *
 * the second term where layer 1 has a bias, and each times the scale of its block.
 *
 * t^m in Gegenbauer's polynomials Q_k of dimension d, Q_k(1) = 1, is found by multiplying m times:
 * (2 k + d - 2) t Q_k = (k + d - 2) Q_{k+1} + k Q_{k-1}. That gives K's coefficient c_k of degree
 * k, which is a_k + O(1 / d). Degrees up to l have fewer dimensions than N and only add to K; those
 * above act as c_k I. Hence their Theorem 3.2: lambda_min(K_0) / (||W_2||^2 ||x||^2) -> sum_{k >=
 * l} mu_k(phi')^2 as n_1 d / N -> infinity. `constant` is sum_{m > l} a_m: K_1 = F_1 F_1^T with it,
 * less by d where W_2's entries are as large as W_1's outputs, and the biases' part, less by
 * ||x||^2.
 *
 * At any N, degree k is c_k Z Z^T / B_k with B_k = dim of the harmonics of that degree, and Z's
 * rows nearly independent: Marchenko and Pastur's law of ratio N / B_k, and their free sum is K's.
 * Its lower end is `lambda_min`: the constant as N / d^{l+1} vanishes, and less by 2 sqrt(N /
 * B_{l+1}) c_{l+1} before. What `error` counts is the width: (1 - sqrt(q N / (n_1 d)))^2 is
 * about what a Wishart factor of n_1 d / q dimensions does, q the kurtosis of h, and K's diagonal
 * varies as sum_j W_2j^2 h_j^2 over the units does, h the degrees from l on of phi', of which the
 * least of N is taken; and N^{-2/3}, as ends of spectra fluctuate. */
#include "base/blas.h"
#include "theory/laws/job.h"

#include <math.h>

/* dim of the harmonic polynomials of degree m in d variables. */
static double harmonics(size_t m, double d) {
  double binomial = 1.0; /* (m + d - 3 over m - 1) */
  for (size_t i = 1; i < m; i++)
    binomial *= (d - 2.0 + (double)i) / (double)i;
  return m == 0 ? 1.0 : (2.0 * (double)m + d - 2.0) / (double)m * binomial;
}

/* l, and by what factor N is off the powers of d on both sides. */
static double regime(double N, double d, size_t *degree) {
  size_t l = 0;
  double power = 1.0;
  while (d > 1.0 && power * d <= N) {
    power *= d;
    l++;
  }
  *degree = l;
  return l == 0 ? d / N : fmin(N / power, power * d / N);
}

static ntk_status suppose(const ntk_law_job *j) {
  const ntk_law_layers *x = j->layers;
  ntk_deficiency singular;
  NTK_TRY(ntk_deficiency_of(j->network, j->data, NTK_OUTPUTS_TRACE, &singular));
  const double N = (double)j->of.N, d = (double)j->of.d, n = (double)j->network->width[1];
  ntk_law_result *r = j->result;
  const double quarter = pow(N, -0.25);
  const ntk_law_hypothesis rows[] = {
      {"layers", "L, the layers with the last one", (double)x->L, 2.0, 2.0, false, true},
      {"regime", "by what factor N is off the nearest power of d, for d^l << N << d^{l+1}, l < 8",
       regime(N, d, &r->degree), 3.0, INFINITY, false, true},
      {"width", "n_1 d / N", n * d / N, 4.0, INFINITY, false, true},
      {"isotropy", "root mean square of x_i . x_j over norm^2 / sqrt d, which is 1 on the sphere",
       j->of.overlap * sqrt(d), 0.8 - 2.0 / N, 1.25 + 2.0 / N, false, true},
      {"norms", "deviation of ||x_i||^2, over its mean, which is 0 on the sphere", j->of.spread,
       0.0, quarter, false, false},
      {"biases", "the share of g_1's variance that samples have in common", x->layer[0].common, 0.0,
       0.02 + 4.0 / (N * sqrt(d)), false, true},
      {"weights", "fourth powers of W_1's singular values, over those of independent entries, - 1",
       x->spikes, 0.0, quarter, false, false},
      {"singular", "eigenvalues of K that are 0 by equal samples, symmetries or sizes",
       (double)singular.zeros, 0.0, 0.0, false, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    ntk_law_suppose(r, rows[i]);
  return NTK_OK;
}

/* The blocks' parts of sum_m a_m t^m: of K_0 the weights' and the biases', and of K_1 the weights';
 * the last bias' is a constant, of degree 0. */
typedef enum part { INNER, BIASES, OUTER, PARTS } part;

/* sum w^4 / (sum w^2)^2, the inverse of the number of units that count; of several outputs w^2 is
 * their mean. */
static double concentration(const ntk_network *network) {
  const size_t n = network->width[1], m = network->width[2];
  double two = 0.0, four = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double w2 = ntk_ddot(m, network->W[2] + i * m, network->W[2] + i * m);
    two += w2;
    four += w2 * w2;
  }
  return four / (two * two);
}

/* E h^4 / (E h^2)^2 of phi' (slopes) or phi without its first degrees, so many: rough, and wanted
 * for an error alone. */
static double kurtosis(const ntk_activation *phi, double deviation, bool slopes,
                       const ntk_hermite *of, size_t without) {
  enum { STEPS = 1601 };
  const double size = sqrt(slopes ? of->slope2 : of->phi2);
  const double *coefficient = slopes ? of->slope : of->phi;
  double two = 0.0, four = 0.0;
  for (int i = 0; i < STEPS; i++) {
    const double x = 8.0 * (2.0 * i / (STEPS - 1) - 1.0), w = exp(-x * x / 2.0);
    double g = deviation * x, f = 0.0, df = 0.0, he = 1.0, below = 0.0;
    ntk_activation_eval(phi, 1, &g, &f, &df);
    double h = slopes ? df : f;
    for (size_t k = 0; k < without; k++) {
      h -= coefficient[k] * he;
      const double next = (x * he - sqrt((double)k) * below) / sqrt((double)k + 1.0);
      below = he;
      he = next;
    }
    h /= size;
    two += w * h * h;
    four += w * h * h * h * h;
  }
  return four * sqrt(2.0 * acos(-1.0)) / (16.0 / (STEPS - 1)) / (two * two);
}

/* What multiplies the squares of the coefficients, part by part. */
static void sizes_of(const ntk_law_job *j, double size[PARTS]) {
  const double n = (double)j->network->width[1], n2 = (double)j->network->width[2];
  const double W2 = ntk_ddot((size_t)(n * n2), j->network->W[2], j->network->W[2]) / n2;
  size[INNER] = ntk_network_scale(j->network, 1, false) * W2 * j->of.norm2;
  size[BIASES] = ntk_network_scale(j->network, 1, true) * W2;
  size[OUTER] = ntk_network_scale(j->network, 2, false) * n;
}

/* Each part of a_m, m = 0..NTK_HERMITE_DEGREES - 1; of all powers of t above, the identity is left:
 * their sum is added to *rest, and what it is to above[part], with that of degrees above l. */
static void coefficients(const ntk_law_job *j, const ntk_hermite *h, size_t l,
                         double a[NTK_HERMITE_DEGREES], double *rest, double above[PARTS]) {
  double size[PARTS];
  sizes_of(j, size);
  *rest = 0.0;
  for (size_t m = 0; m < NTK_HERMITE_DEGREES; m++)
    a[m] = 0.0;
  for (part p = INNER; p < PARTS; p++) {
    double left = size[p] * (p == OUTER ? h->phi2 : h->slope2);
    above[p] = 0.0;
    for (size_t m = p == INNER ? 1 : 0; m < NTK_HERMITE_DEGREES; m++) {
      const double mu = p == INNER ? h->slope[m - 1] : p == BIASES ? h->slope[m] : h->phi[m];
      const double own = size[p] * mu * mu;
      a[m] += own;
      left -= own;
      above[p] += m > l ? own : 0.0;
    }
    *rest += fmax(left, 0.0);
    above[p] += fmax(left, 0.0);
  }
}

/* c_k of sum_m a_m t^m. */
static void in_harmonics(double d, const double *a, double c[NTK_HERMITE_DEGREES]) {
  double power[NTK_HERMITE_DEGREES + 1] = {1.0}, next[NTK_HERMITE_DEGREES + 1]; /* t^m */
  for (size_t k = 0; k < NTK_HERMITE_DEGREES; k++)
    c[k] = 0.0;
  for (size_t m = 0; m < NTK_HERMITE_DEGREES; m++) {
    for (size_t k = 0; k <= NTK_HERMITE_DEGREES; k++)
      next[k] = 0.0;
    for (size_t k = 0; k <= m; k++) {
      const double up = k == 0 ? 1.0 : ((double)k + d - 2.0) / (2.0 * (double)k + d - 2.0);
      c[k] += a[m] * power[k];
      next[k + 1] += up * power[k];
      if (k > 0)
        next[k - 1] += (1.0 - up) * power[k];
    }
    for (size_t k = 0; k <= NTK_HERMITE_DEGREES; k++)
      power[k] = next[k];
  }
}

/* The lower end of the free sum; degrees with far more dimensions than N are c_m I. */
static ntk_status lower_end(ntk_law_job *j, const double *c, double rest, double *end) {
  static const double FEW = 1e-4, mass[1] = {1.0}; /* what is below, and not asked for */
  static const size_t single[NTK_HERMITE_DEGREES] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
  ntk_law_family family[NTK_HERMITE_DEGREES];
  ntk_law_family *families[NTK_HERMITE_DEGREES];
  const ntk_law_family *of[NTK_HERMITE_DEGREES];
  double whole = rest, shift = rest, one[1] = {1.0};
  size_t levels = 0;
  for (size_t m = 1; m < NTK_HERMITE_DEGREES; m++)
    whole += c[m];
  j->weight[0] = 0.0;
  for (size_t m = 1; m < NTK_HERMITE_DEGREES; m++) {
    const double ratio = (double)j->of.N / harmonics(m, (double)j->of.d);
    if (ratio < FEW) {
      shift += c[m];
    } else if (c[m] > 1e-12 * whole) {
      family[levels] = (ntk_law_family){.share = 1.0 / ratio, .flat = ratio};
      of[levels] = families[levels] = &family[levels];
      j->weight[++levels] = c[m];
    }
  }
  *end = shift;
  if (levels == 0)
    return NTK_OK;
  const double unit = ntk_free_rescale(levels, j->weight, &shift, families, single, 1, one);
  const ntk_free_product law = {.levels = levels,
                                .weight = j->weight,
                                .shift = shift,
                                .family = of,
                                .families = single,
                                .atoms = 1,
                                .atom = one,
                                .mass = mass};
  ntk_free_support support;
  NTK_TRY(ntk_free_support_of(&law, &support));
  *end = unit * (support.atom > 0.0 ? shift : support.lower);
  return NTK_OK;
}

/* The degree whose harmonics are still no more than N: at finite d it may be above l, and what K's
 * lower end is made of is above it. */
static size_t degree_below(double N, double d) {
  size_t m = 0;
  while (m + 2 < NTK_HERMITE_DEGREES && harmonics(m + 1, d) <= N)
    m++;
  return m;
}

/* What width, weights and chance may change of lambda_min, relative: of each part its own, as much
 * as it is of the whole. K_1, and the biases' part of K_0, are sums over n_1 units: of these, d
 * times less than the weights' part of K_0 has dimensions. */
static double find_error(const ntk_law_job *j, const ntk_hermite *h, const double above[PARTS]) {
  const double N = (double)j->of.N, d = (double)j->of.d, n = (double)j->network->width[1];
  const ntk_activation *phi = &j->network->activation[1];
  const double deviation = j->layers->layer[0].deviation, most = 2.0 * log(N);
  const size_t below = degree_below(N, d),
               l = below > j->result->degree ? below : j->result->degree;
  const double focus = concentration(j->network), whole = above[0] + above[1] + above[2];
  double error = pow(N, -2.0 / 3.0);
  for (part p = INNER; p < PARTS; p++) {
    if (!(above[p] > 0.0))
      continue;
    const bool outer = p == OUTER;
    const double k4 = kurtosis(phi, deviation, !outer, h, p == INNER ? l : l + 1);
    const double units = outer ? 1.0 / n : focus;
    const double ratio = p == INNER ? (k4 * N + d) / (n * d) : N * units;
    error += above[p] / whole * (2.0 * sqrt(ratio) + sqrt(most * units * fmax(k4 - 1.0, 0.0)));
  }
  return error;
}

ntk_status ntk_law_montanari_zhong(ntk_law_job *j) {
  ntk_law_result *r = j->result;
  ntk_hermite h;
  double a[NTK_HERMITE_DEGREES], c[NTK_HERMITE_DEGREES];
  r->matrix = "K";
  NTK_TRY(suppose(j));
  if (!ntk_law_judge(r) || r->degree + 1 >= NTK_HERMITE_DEGREES)
    return NTK_OK;
  NTK_TRY(ntk_hermite_of(&j->network->activation[1], 0.0, j->layers->layer[0].deviation, &h));
  double rest = 0.0, above[PARTS];
  coefficients(j, &h, r->degree, a, &rest, above);
  const double error = find_error(j, &h, above);
  ntk_law_suppose(r, (ntk_law_hypothesis){.name = "error",
                                          .help = "what width, weights and chance may change of "
                                                  "lambda_min, relative",
                                          .value = error,
                                          .most = 1.0,
                                          .needed = true});
  if (!ntk_law_judge(r))
    return NTK_OK;
  r->error = error;
  r->constant = rest;
  for (size_t m = r->degree + 1; m < NTK_HERMITE_DEGREES; m++)
    r->constant += a[m];
  in_harmonics((double)j->of.d, a, c);
  NTK_TRY(lower_end(j, c, rest, &r->lambda_min));
  if (j->spectrum != NULL)
    r->measured = j->spectrum->lambda_min;
  return NTK_OK;
}
