/* Forward error analysis of (1), (8) and (9), sample by sample, in Euclidean norms. With u = 2^-53,
 * g_k = k u / (1 - k u), e the activations' error constant, M_l and M'_l phi's of layer l, s_l >=
 * ||W_l||_2, w_l = ||W_l||_F:
 *
 *   |dG_l|  <= s_l |dF_{l-1}| + g_{n_{l-1}} w_l |(F_{l-1}, 1)|,   w_l with b_l, 1 where it is
 *   |dF_l|  <= M_l |dG_l| + e u min(sqrt n_l + |G_l|, 4 (|F_l| + M_l |G_l|))
 *   |dB_k|  <= M_k |dP_k| + (M'_k |dG_k| + e u sqrt n_k) max|P_k| + u |B_k|
 *   |dP_k|  <= s_{k+1} |dB_{k+1}| + g_{n_{k+1}} w_{k+1} |B_{k+1}|,   P_k = W_{k+1} B_{k+1}
 *   |dJ|^2  <= sum_k (|dF_k| |B_{k+1}| + |F_k| |dB_{k+1}| + |dF_k| |dB_{k+1}|)^2
 *
 * (P_{L-1} = W_L.) With scales each block's errors of W count a_k times, and those of its bias,
 * |dB|, b_k times. In the mean over n_L outputs B_k has them side by side over sqrt n_L, to which
 * the same applies, but P_{L-1} errs by n_L + 16 roundings of |W_L|_F / sqrt n_L. The sum over
 * samples bounds ||dJ||_F^2. The bound multiplies the norms of all layers, and in a deep network is
 * far above any error there is. The estimate has the same local roundings, but lets them grow from
 * layer to layer as rounding does, in all directions alike, or as the features themselves grow
 * where that is more. Derived in docs/algorithm.md. */
#include "kernel/ends/accuracy.h"

#include "base/memory.h"
#include "kernel/ends/weight_norms.h"
#include "spectrum/certificate.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double ULPS = 1.0 + 16 * DBL_EPSILON;

/* What the recurrences need of one layer l, 1..L. */
typedef struct layer {
  ntk_weight_norms W;
  bool bias;
  double whole;               /* at least ||[W; b]||_F */
  double gamma_in, gamma_out; /* of n_{l-1} (and b) and n_l terms */
  double underflow;     /* what products of n_{l-1} by n_l may lose by it, as a vector's norm */
  double root_in, root; /* sqrt n_{l-1}, sqrt n_l */
} layer;

typedef struct analysis {
  const ntk_network *network;
  ntk_outputs outputs;
  size_t N;              /* rows of K */
  const double *f2, *b2; /* L x N, as in features_norms */
  bool typical;          /* the estimate, not the bound */
  layer *layers;         /* layers[l - 1] is layer l */
  double *dF, *dG;       /* L each: of one sample */
} analysis;

static double f_norm(const analysis *a, size_t l, size_t i) {
  return ntk_norm_above(a->f2[l * a->N + i], a->network->width[l]);
}

static double b_norm(const analysis *a, size_t l, size_t i) {
  return l == a->network->depth ? 1.0
                                : ntk_norm_above(a->b2[(l - 1) * a->N + i], a->network->width[l]);
}

/* |F_{l-1}| as layer l sees it, with the 1 that b_l belongs to. */
static double input_norm(const analysis *a, size_t l, size_t i) {
  return ntk_norm_above(a->f2[(l - 1) * a->N + i] + (a->layers[l - 1].bias ? 1.0 : 0.0),
                        a->network->width[l - 1]);
}

/* |phi'| <= this between G_l and what was computed of it: M, or of x^2, whose F_l has the largest
 * G_l^2 in it, what dG_l allows. */
static double steepest(const analysis *a, size_t l, size_t i) {
  const double M = a->network->activation[l].info.lipschitz;
  return isfinite(M) ? M : 2.0 * (sqrt(f_norm(a, l, i)) + a->dG[l]);
}

/* What an error in F_{l-1} is multiplied by on its way to G_l. */
static double gain_to_G(const analysis *a, size_t l, size_t i) {
  const layer *y = &a->layers[l - 1];
  if (!a->typical)
    return y->W.spectral;
  const double own = f_norm(a, l, i) / f_norm(a, l - 1, i), all = y->W.frobenius / y->root_in;
  return fmin(y->W.spectral, fmax(all, own / steepest(a, l, i)));
}

/* The same to F_l. */
static double gain_to_F(const analysis *a, size_t l, size_t i) {
  const layer *y = &a->layers[l - 1];
  const double M = steepest(a, l, i);
  if (!a->typical)
    return M * y->W.spectral;
  /* |B_l| = |phi'(G_l) o W_{l+1} B_{l+1}| has the size of phi' in it. */
  const double back = b_norm(a, l + 1, i) * y[1].W.frobenius / y[1].root;
  const double slope = fmin(M, b_norm(a, l, i) / ntk_slope_factor(a->network, l) / back);
  const double own = f_norm(a, l, i) / f_norm(a, l - 1, i), all = y->W.frobenius / y->root_in;
  return fmin(M * y->W.spectral, fmax(slope * all, own));
}

/* The same from B_{k+1} to P_k, and to B_k. */
static void backward_gains(const analysis *a, size_t k, size_t i, double *to_P, double *to_B) {
  const layer *above = &a->layers[k];
  *to_P = above->W.spectral;
  *to_B = ntk_slope_factor(a->network, k) * steepest(a, k, i) * above->W.spectral;
  if (!a->typical)
    return;
  *to_P = fmin(*to_P, above->W.frobenius / above->root);
  *to_B = fmin(*to_B, b_norm(a, k, i) / b_norm(a, k + 1, i));
}

/* Of phi in layer l, |G_l| <= G: the lesser of the two errors of net/activation.h. Where phi(0) = 0
 * the second falls with the data's scale; of x^2 it is the only one. */
static double activation_error(const analysis *a, size_t l, size_t i, double G) {
  const double u = DBL_EPSILON / 2, e = a->network->activation[l].error;
  const double root = a->layers[l - 1].root, floor = 8.0 * NTK_ETA * (isfinite(e) ? e : 8.0);
  return fmin(e * u * (root + G),
              32.0 * u * (f_norm(a, l, i) + steepest(a, l, i) * G) + floor * root);
}

/* Of phi'. */
static double slope_error(const analysis *a, size_t k) {
  const double e = a->network->activation[k].error;
  return isfinite(e) ? e * (DBL_EPSILON / 2) * a->layers[k - 1].root : 0.0;
}

/* dF_l and dG_l, l = 0..L-1, of sample i. */
static void forward_errors(const analysis *a, size_t i) {
  a->dF[0] = a->dG[0] = 0.0; /* X is exact */
  for (size_t l = 1; l < a->network->depth; l++) {
    const layer *y = &a->layers[l - 1];
    const double f = f_norm(a, l - 1, i);
    const double local = y->gamma_in * y->whole * input_norm(a, l, i) + y->underflow;
    a->dG[l] = 0.0;
    a->dG[l] = gain_to_G(a, l, i) * a->dF[l - 1] + local;
    a->dF[l] = gain_to_F(a, l, i) * a->dF[l - 1] + steepest(a, l, i) * local +
               activation_error(a, l, i, y->W.spectral * f + y->W.bias + a->dG[l]);
  }
}

/* What P_{L-1} = W_L errs by, and what a mean over outputs divides its norms by. */
static double last_errors(const analysis *a, double *part) {
  const size_t L = a->network->depth, C = a->network->width[L];
  const bool mean = C > 1 && a->outputs == NTK_OUTPUTS_TRACE;
  *part = mean ? NTK_SLACK / sqrt((double)C) : 1.0;
  return mean ? ntk_gamma(C + 16) * a->layers[L - 1].W.frobenius * *part : 0.0;
}

/* Adds |dJ|^2 of row i, block by block, to squares (L entries). */
static void add_sample(const analysis *a, size_t i, double *squares) {
  const size_t L = a->network->depth;
  const double u = DBL_EPSILON / 2;
  const double *scale = a->network->scale;
  double part_of_last = 1.0;
  const double last = last_errors(a, &part_of_last);
  forward_errors(a, i);
  /* Block L-1 has B_L = 1, exact. */
  squares[L - 1] += scale[2 * (L - 1)] * (a->dF[L - 1] * a->dF[L - 1]);
  double dB = 0.0;
  for (size_t k = L - 1; k >= 1; k--) {
    const layer *above = &a->layers[k]; /* W_{k+1} */
    const double M = steepest(a, k, i), curvature = a->network->activation[k].info.lipschitz_grad;
    const double M2 = isfinite(curvature) ? curvature : 0.0; /* relu: no sign flips assumed */
    const double b_above = b_norm(a, k + 1, i), b = b_norm(a, k, i);
    const double own = ntk_slope_factor(a->network, k);
    const double local =
        k == L - 1 ? last : above->gamma_out * above->W.frobenius * b_above + above->underflow;
    double to_P = 0.0, to_B = 0.0;
    backward_gains(a, k, i, &to_P, &to_B);
    const double row = above->W.row * (k == L - 1 ? part_of_last : 1.0);
    const double P_max = row * b_above + to_P * dB + local;
    dB = to_B * dB + own * M * local + own * (M2 * a->dG[k] + slope_error(a, k)) * P_max + u * b +
         above->underflow;
    const double part = a->dF[k - 1] * b + f_norm(a, k - 1, i) * dB + a->dF[k - 1] * dB;
    squares[k - 1] += scale[2 * (k - 1)] * (part * part);
    if (scale[2 * k - 1] > 0.0)
      squares[k - 1] += scale[2 * k - 1] * (dB * dB);
  }
}

/* Norms that overflow leave inf - inf and 0 inf behind: nothing is known then. */
static double rounded_up(double x) {
  return isnan(x) ? INFINITY : NTK_SLACK * x;
}

/* Into of[k], k = 0..L-1. squares: L entries, 0. */
static void sum_up(const analysis *a, double *squares, ntk_accuracy *of) {
  const size_t L = a->network->depth, N = a->N, *n = a->network->width;
  const ntk_network_spec spec = ntk_spec_of(a->network);
  for (size_t i = 0; i < N; i++)
    add_sample(a, i, squares);
  for (size_t k = 0; k < L; k++) {
    const double *scale = a->network->scale + 2 * k;
    const size_t back = ntk_back_width(&spec, a->outputs, k + 1);
    const bool scaled = scale[0] != 1.0 || scale[1] != 0.0;
    double trace = 0.0, largest = 1.0;
    for (size_t i = 0; i < N; i++) {
      const double f2 = a->f2[k * N + i], b2 = a->b2[k * N + i];
      trace += (scale[0] * f2 + scale[1]) * b2;
      largest = fmax(largest, fmax(f2, b2));
    }
    /* A product of two dot products of n_k and n_{k+1} terms, the first scaled and added to where
     * it is, and the sum over at most L blocks;
     * each dot product may lose terms to underflow, which the other multiplies, in each of N
     * columns. */
    of[k].gram = rounded_up(ntk_gamma(n[k] + back + L + (scaled ? 6 : 4)) * trace +
                            NTK_ETA * ((double)n[k] + (double)back) * 2.0 * largest *
                                fmax(1.0, scale[0] + scale[1]) * (double)N);
    of[k].jacobian = rounded_up(sqrt(squares[k]));
  }
}

/* of[L], from those of the blocks. */
static void add_blocks(size_t L, ntk_accuracy *of) {
  double gram = 0.0, square = 0.0;
  for (size_t k = 0; k < L; k++) {
    gram += of[k].gram;
    square += of[k].jacobian * of[k].jacobian;
  }
  of[L] = (ntk_accuracy){rounded_up(gram), rounded_up(sqrt(square))};
}

/* Describes the layers and makes room: dF, dG and L numbers more. To be ended in any case. */
static ntk_status begin(analysis *a) {
  const ntk_network *network = a->network;
  const size_t L = network->depth, *n = network->width;
  const ntk_network_spec spec = ntk_spec_of(network);
  void *pointer = NULL;
  double *column = NULL;
  ntk_status status =
      ntk_alloc(network->context, L, sizeof(layer), "accuracy of the kernel", &pointer);
  a->layers = pointer;
  if (status == NTK_OK)
    status = ntk_alloc_doubles(network->context, 3 * L, "accuracy of the kernel", &a->dF);
  if (status == NTK_OK)
    status = ntk_alloc_doubles(network->context, ntk_widest(&spec, 1), "accuracy of the kernel",
                               &column);
  for (size_t l = 1; l <= L && status == NTK_OK; l++)
    a->layers[l - 1] = (layer){
        .W = ntk_weight_norms_of(network->W[l], network->b[l], n[l - 1], n[l], column),
        .bias = network->bias[l - 1],
        .gamma_in = ntk_gamma(n[l - 1] + (network->bias[l - 1] ? 3 : 2)),
        .gamma_out = ntk_gamma(n[l] + 2),
        .root_in = sqrt((double)n[l - 1]),
        .root = sqrt((double)n[l]),
        /* Those products, and the three below that bound what becomes of them. */
        .underflow = 4.0 * NTK_ETA * (double)n[l - 1] * (double)n[l],
    };
  for (size_t l = 1; l <= L && status == NTK_OK; l++) {
    layer *y = &a->layers[l - 1];
    y->whole = y->bias ? NTK_SLACK * hypot(y->W.frobenius, y->W.bias) : y->W.frobenius;
  }
  ntk_free(network->context, column);
  if (status == NTK_OK)
    a->dG = a->dF + L;
  return status;
}

static void end(const analysis *a) {
  ntk_free(a->network->context, a->dF);
  ntk_free(a->network->context, a->layers);
}

ntk_status ntk_kernel_accuracies(const ntk_network *network, const ntk_norms *norms, bool typical,
                                 ntk_accuracy *of) {
  const size_t L = network->depth;
  analysis a = {.network = network,
                .outputs = norms->outputs,
                .N = norms->rows,
                .f2 = norms->f2,
                .b2 = norms->b2,
                .typical = typical};
  const ntk_status status = begin(&a);
  if (status == NTK_OK) {
    sum_up(&a, memset(a.dG + L, 0, L * sizeof(double)), of);
    add_blocks(L, of);
  }
  end(&a);
  return status;
}

ntk_status ntk_kernel_accuracy(const ntk_network *network, const ntk_norms *norms,
                               ntk_accuracy *accuracy) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(network->context, network->depth + 1, sizeof(ntk_accuracy),
                    "accuracy of the kernel", &pointer));
  ntk_accuracy *of = pointer;
  const ntk_status status = ntk_kernel_accuracies(network, norms, false, of);
  if (status == NTK_OK)
    *accuracy = of[network->depth];
  ntk_free(network->context, pointer);
  return status;
}

ntk_status ntk_output_accuracy(const ntk_network *network, size_t N, const double *f2,
                               double *bound) {
  const size_t L = network->depth;
  analysis a = {.network = network, .N = N, .f2 = f2};
  double most = 0.0;
  const ntk_status status = begin(&a);
  for (size_t i = 0; i < N && status == NTK_OK; i++) {
    const layer *last = &a.layers[L - 1];
    forward_errors(&a, i);
    const double error = last->W.frobenius * a.dF[L - 1] +
                         last->gamma_in * last->whole * input_norm(&a, L, i) + last->underflow;
    most = error > most || isnan(error) ? error : most;
  }
  end(&a);
  if (status == NTK_OK)
    *bound = isnan(most) ? INFINITY : NTK_SLACK * most;
  return status;
}

double ntk_resolution(size_t N, double trace, const ntk_accuracy *accuracy) {
  return ntk_cholesky_bound(N, trace) + accuracy->gram + accuracy->jacobian * accuracy->jacobian;
}

void ntk_accuracy_carry(const ntk_accuracy *accuracy, double lower, double upper,
                        double *kernel_lower, double *kernel_upper) {
  const double sigma = sqrt(fmax(0.0, lower - accuracy->gram)) / ULPS - accuracy->jacobian;
  const double top = sqrt(fmax(0.0, upper + accuracy->gram)) * ULPS + accuracy->jacobian;
  *kernel_lower = sigma > 0.0 ? sigma * sigma / ULPS : 0.0;
  *kernel_upper = top * top * ULPS;
}
