/* Hermite series of what is analytic: with a_k the coefficients of phi(sqrt(a) x) in orthonormal
 * Hermite polynomials, same = sum_k a_k(a) a_k(b) rho^k (Mehler's formula) and slopes is its
 * derivative by the covariance. What is left out is at most sqrt(t(a) t(b)), t the sum of k a_k^2
 * from there on, as parts of the whole sum: so the coefficients say what they are worth.
 * Of degree 1 and more they are sqrt(a) / sqrt(k) times those of phi', one degree lower: so they
 * keep their digits at small variances, where phi(0) may be nearly all of phi.
 * Coefficients by the trapezoidal rule over [-13, 13], whose errors fall geometrically here; the
 * polynomials come with the root of the density, so that none is large.
 * Cost: terms nodes for each variance, 3 terms for a pair. */
#include "net/dual/dual.h"

#include "base/blas.h"
#include "base/memory.h"

#include <math.h>

enum { TERMS_MOST = NTK_DUAL_TERMS, NODES_MOST = 4097, CHUNK = 256 };
static const double END = 13.0, TOLERANCE = 1e-14;

/* matrix[j nodes + i] = h p_{k-1}(z_i) / sqrt(k) density(z_i), of the j-th term's degree k; of k =
 * 0 h density(z_i). */
static ntk_status make_matrix(ntk_context *context, ntk_dual_series *s, size_t nodes) {
  const double h = 2.0 * END / (double)(nodes - 1), pi = 3.14159265358979323846;
  double *storage = NULL;
  NTK_TRY(ntk_alloc_doubles(context, (s->terms + 1) * nodes, "a Hermite series", &storage));
  s->nodes = nodes;
  s->node = storage;
  s->matrix = storage + nodes;
  for (size_t i = 0; i < nodes; i++) {
    const double z = -END + h * (double)i, root = exp(-z * z / 4.0) / sqrt(sqrt(2.0 * pi));
    double before = 0.0, now = root;
    s->node[i] = z;
    if (s->first == 0)
      s->matrix[i] = h * root * root;
    for (size_t k = 0; k + 1 < s->first + s->step * s->terms; k++) {
      if ((k + 1 - s->first) % s->step == 0)
        s->matrix[(k + 1 - s->first) / s->step * nodes + i] =
            h * now * root / sqrt((double)k + 1.0);
      const double next = (z * now - sqrt((double)k) * before) / sqrt((double)k + 1.0);
      before = now;
      now = next;
    }
  }
  return NTK_OK;
}

/* The first `terms` of first, first + step, ... of phi(root x) over size, into c[j apart]. */
static void coefficients(const ntk_activation *phi, const ntk_dual_series *s, const ntk_dual_one *u,
                         size_t apart, double *c) {
  double g[CHUNK], f[CHUNK], df[CHUNK];
  for (size_t j = 0; j < s->terms; j++)
    c[j * apart] = 0.0;
  for (size_t i = 0; i < s->nodes; i += CHUNK) {
    const size_t n = s->nodes - i < CHUNK ? s->nodes - i : CHUNK;
    for (size_t q = 0; q < n; q++)
      g[q] = u->root * s->node[i + q];
    ntk_activation_eval(phi, n, g, f, df);
    for (size_t q = 0; q < n; q++)
      df[q] *= u->root;
    for (size_t j = 0; j < s->terms; j++)
      c[j * apart] +=
          ntk_ddot(n, s->matrix + j * s->nodes + i, s->first + j == 0 ? f : df) / u->size;
  }
}

/* How many terms leave out less than the tolerance, of c (all that there are); 0: these do not
 * suffice, or are not those of this phi, whose squares sum to 1. */
static size_t needed(const ntk_dual_series *s, const double *c) {
  double tail = 0.0, slopes = 0.0, sum = 0.0;
  for (size_t j = 0; j < s->terms; j++) {
    sum += c[j] * c[j];
    slopes += (double)(s->first + j * s->step) * c[j] * c[j];
  }
  if (!(fabs(sum - 1.0) <= 1e-13))
    return 0;
  for (size_t j = s->terms; j-- > 0;) {
    tail += (double)(s->first + j * s->step) * c[j] * c[j];
    if (tail > TOLERANCE * slopes)
      return j + 2 < s->terms - s->terms / 8 ? j + 2 : 0;
  }
  return 1;
}

/* Coefficients of one variance with two rules, the second twice as fine. */
static bool agree(const double *c, const double *finer, size_t n) {
  for (size_t j = 0; j < n; j++)
    if (!(fabs(c[j] - finer[j]) <= 4e-15))
      return false;
  return true;
}

/* Looks at both ends of the range. *terms: 0 where a series will not do. */
static ntk_status try_nodes(ntk_dual *dual, const ntk_dual_one *ends, size_t nodes, bool *settled,
                            size_t *terms) {
  ntk_dual_series *s = &dual->series, finer = *s;
  double c[TERMS_MOST], d[TERMS_MOST];
  NTK_TRY(make_matrix(dual->context, s, nodes));
  const ntk_status status = make_matrix(dual->context, &finer, 2 * nodes - 1);
  *settled = status == NTK_OK;
  *terms = 1;
  for (size_t e = 0; e < 2 && *settled; e++) {
    coefficients(&dual->phi, s, &ends[e], 1, c);
    coefficients(&dual->phi, &finer, &ends[e], 1, d);
    *settled = agree(c, d, s->terms);
    const size_t own = needed(s, c);
    *terms = own == 0 || *terms == 0 ? 0 : own > *terms ? own : *terms;
  }
  ntk_free(dual->context, finer.node);
  return status;
}

/* With rules ever finer; *enough: false where it takes more than so many terms. */
static ntk_status try_terms(ntk_dual *dual, const ntk_dual_one *ends, size_t most, bool *enough) {
  ntk_dual_series *s = &dual->series;
  const bool odd = dual->phi.symmetry.sign < 0;
  *enough = false;
  for (size_t nodes = 129; 2 * nodes - 1 <= NODES_MOST; nodes = 2 * nodes - 1) {
    bool settled = false;
    size_t terms = 0;
    *s = (ntk_dual_series){.terms = most, .first = odd ? 1 : 0, .step = odd ? 2 : 1};
    const ntk_status status = try_nodes(dual, ends, nodes, &settled, &terms);
    *enough = status == NTK_OK && settled && terms > 0;
    if (*enough) {
      s->terms = terms;
      return NTK_OK;
    }
    ntk_free(dual->context, s->node);
    *s = (ntk_dual_series){0};
    if (status != NTK_OK || settled)
      return status;
  }
  return NTK_OK;
}

ntk_status ntk_series_create(ntk_dual *dual, const ntk_dual_one *ends) {
  bool enough = false;
  for (size_t most = 64; most <= TERMS_MOST && !enough; most *= 4)
    NTK_TRY(try_terms(dual, ends, most, &enough));
  return NTK_OK;
}

void ntk_series_basis(const ntk_dual *dual, const ntk_dual_one *u, size_t apart, double *basis) {
  coefficients(&dual->phi, &dual->series, u, apart, basis);
}
