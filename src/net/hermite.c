/* One-dimensional Gaussian expectations by composite Gauss-Legendre quadrature.
 *
 * Activations of the table are analytic but for a kink, or a jump of phi', at g = 0. The line is
 * cut there and, on either side, into panels of equal width, 16 nodes each, out to REACH, where
 * what is left, h_8 and x^4 included, is below 1e-20. Panels are halved until two results agree:
 * the error of Gauss' rule then falls by far more than half, so that their difference bounds the
 * last one's. Gauss-Hermite would have an error of 1 / nodes at a kink. */
#include "net/hermite.h"

#include <math.h>
#include <string.h>

enum { NODES = 16, PANELS = 64, MOST_PANELS = 65536, VALUES = 2 * NTK_HERMITE_DEGREES + 3 };
enum { PHI2 = 2 * NTK_HERMITE_DEGREES, SLOPE2, BOTH };
static const double REACH = 13.0, ENOUGH = 1e-13;

/* Gauss' rule on [-1, 1]: roots of Legendre's polynomial by Newton's method. */
static void legendre(double node[NODES], double weight[NODES]) {
  for (int i = 0; i < NODES; i++) {
    double x = cos(acos(-1.0) * (i + 0.75) / (NODES + 0.5)), slope = 1.0;
    for (int turn = 0; turn < 8; turn++) {
      double p = 1.0, below = 0.0;
      for (int k = 0; k < NODES; k++) {
        const double next = ((2 * k + 1) * x * p - k * below) / (k + 1);
        below = p;
        p = next;
      }
      slope = NODES * (x * p - below) / (x * x - 1.0);
      x -= p / slope;
    }
    node[i] = x;
    weight[i] = 2.0 / ((1.0 - x * x) * slope * slope);
  }
}

typedef struct rule {
  const ntk_activation *phi;
  double shift, deviation, node[NODES], weight[NODES];
} rule;

/* Adds one panel's part of all values: mu_k(phi), mu_k(phi'), E phi^2, E phi'^2, E phi phi'. */
static void add_panel(const rule *r, double from, double to, double sum[VALUES]) {
  double g[NODES], f[NODES], df[NODES];
  const double middle = (from + to) / 2.0, half = (to - from) / 2.0;
  for (int i = 0; i < NODES; i++)
    g[i] = r->shift + r->deviation * (middle + half * r->node[i]);
  ntk_activation_eval(r->phi, NODES, g, f, df);
  for (int i = 0; i < NODES; i++) {
    const double x = middle + half * r->node[i];
    const double w = half * r->weight[i] * exp(-x * x / 2.0) / sqrt(2.0 * acos(-1.0));
    double h = 1.0, below = 0.0; /* h_{k+1} = (x h_k - sqrt(k) h_{k-1}) / sqrt(k + 1) */
    for (int k = 0; k < NTK_HERMITE_DEGREES; k++) {
      sum[k] += w * h * f[i];
      sum[NTK_HERMITE_DEGREES + k] += w * h * df[i];
      const double next = (x * h - sqrt((double)k) * below) / sqrt(k + 1.0);
      below = h;
      h = next;
    }
    sum[PHI2] += w * f[i] * f[i];
    sum[SLOPE2] += w * df[i] * df[i];
    sum[BOTH] += w * f[i] * df[i];
  }
}

static void add_side(const rule *r, double from, double to, int panels, double sum[VALUES]) {
  for (int p = 0; p < panels && from < to; p++)
    add_panel(r, from + (to - from) * p / panels, from + (to - from) * (p + 1) / panels, sum);
}

static void all_values(const rule *r, int panels, double sum[VALUES]) {
  const double kink = fmin(fmax(-r->shift / r->deviation, -REACH), REACH);
  memset(sum, 0, VALUES * sizeof *sum);
  add_side(r, -REACH, kink, panels, sum);
  add_side(r, kink, REACH, panels, sum);
}

/* The largest difference, coefficients over the root of their square's expectation. */
static double difference(const double a[VALUES], const double b[VALUES]) {
  double most = 0.0;
  for (int v = 0; v < VALUES; v++) {
    const double size = v < NTK_HERMITE_DEGREES || v == PHI2 ? b[PHI2] : b[SLOPE2];
    const double unit = v == BOTH ? sqrt(b[PHI2] * b[SLOPE2]) : v < PHI2 ? sqrt(size) : size;
    most = fmax(most, fabs(a[v] - b[v]) / (unit > 0.0 ? unit : 1.0));
  }
  return most;
}

ntk_status ntk_hermite_of(const ntk_activation *phi, double shift, double deviation,
                          ntk_hermite *h) {
  rule r = {.phi = phi, .shift = shift, .deviation = deviation};
  double sum[VALUES], before[VALUES], off = INFINITY;
  legendre(r.node, r.weight);
  all_values(&r, PANELS / 2, sum);
  for (int panels = PANELS; panels <= MOST_PANELS && !(off <= ENOUGH); panels *= 2) {
    memcpy(before, sum, sizeof before);
    all_values(&r, panels, sum);
    off = difference(before, sum);
  }
  if (!(off <= ENOUGH))
    return ntk_fail(NTK_ERR_NUMERIC,
                    "the Gaussian moments of %s at a standard deviation of %g are known to %.1e "
                    "only; accepted: a deviation within which it does not turn thousands of times",
                    phi->info.name, deviation, off);
  *h = (ntk_hermite){.phi2 = sum[PHI2], .slope2 = sum[SLOPE2], .both = sum[BOTH], .error = off};
  memcpy(h->phi, sum, sizeof h->phi);
  memcpy(h->slope, sum + NTK_HERMITE_DEGREES, sizeof h->slope);
  return NTK_OK;
}
