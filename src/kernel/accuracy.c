/* Forward error analysis of (1), (8) and (9), sample by sample, in Euclidean norms. With u = 2^-53,
 * g_k = k u / (1 - k u), e the activations' error constant, s_l >= ||W_l||_2, w_l = ||W_l||_F:
 *
 *   |dG_l|  <= s_l |dF_{l-1}| + g_{n_{l-1}} w_l |F_{l-1}|
 *   |dF_l|  <= M |dG_l| + e u (sqrt n_l + |G_l|)
 *   |dB_k|  <= M |dP_k| + (M' |dG_k| + e u sqrt n_k) max|P_k| + u |B_k|
 *   |dP_k|  <= s_{k+1} |dB_{k+1}| + g_{n_{k+1}} w_{k+1} |B_{k+1}|,   P_k = W_{k+1} B_{k+1}
 *   |dJ|^2  <= sum_k (|dF_k| |B_{k+1}| + |F_k| |dB_{k+1}| + |dF_k| |dB_{k+1}|)^2
 *
 * (P_{L-1} = W_L.) The sum over samples bounds ||dJ||_F^2. Derived in docs/algorithm.md. */
#include "kernel/accuracy.h"

#include "base/memory.h"
#include "spectrum/certificate.h"

#include <float.h>
#include <math.h>

static const double SLACK =
    1.0 + 1e-6;                      /* covers the rounding of these sums, whose results are tiny */
static const double ETA = 0x1p-1074; /* most that one operation loses by underflow */
static const double ULPS = 1.0 + 16 * DBL_EPSILON;

/* Norms of one weight matrix (rows x columns). */
typedef struct weight_norms {
  double spectral; /* at least ||W||_2: the smaller of ||W||_F and sqrt(||W||_1 ||W||_inf) */
  double frobenius;
  double row; /* largest row norm: max |W b| <= row |b| */
} weight_norms;

/* At least the norm of n entries whose squares were summed to square. */
static double row_norm(double square, size_t n) {
  return sqrt(square + 2.0 * ETA * (double)n);
}

/* Squares of tiny weights underflow, which row_norm makes up for. */
static weight_norms norms_of(const double *W, size_t rows, size_t columns) {
  double squares = 0.0, row = 0.0, row_sum = 0.0, column_sum = 0.0;
  for (size_t i = 0; i < rows; i++) {
    double square = 0.0, sum = 0.0;
    for (size_t j = 0; j < columns; j++) {
      square += W[i * columns + j] * W[i * columns + j];
      sum += fabs(W[i * columns + j]);
    }
    squares += square;
    row = fmax(row, square);
    row_sum = fmax(row_sum, sum);
  }
  for (size_t j = 0; j < columns; j++) {
    double sum = 0.0;
    for (size_t i = 0; i < rows; i++)
      sum += fabs(W[i * columns + j]);
    column_sum = fmax(column_sum, sum);
  }
  const double frobenius = SLACK * row_norm(squares, rows * columns);
  /* Roots one by one: the product of the sums may under- or overflow. */
  const double spectral = SLACK * (sqrt(row_sum) * sqrt(column_sum));
  return (weight_norms){fmin(frobenius, spectral), frobenius, SLACK * row_norm(row, columns)};
}

/* What the recurrences need of one layer l, 1..L. */
typedef struct layer {
  weight_norms W;
  double gamma_in, gamma_out; /* of n_{l-1} and n_l terms */
  double underflow; /* what products of n_{l-1} by n_l may lose by it, as a vector's norm */
  double root;      /* sqrt n_l */
} layer;

/* dF_l and dG_l, l = 0..L-1, of sample i. */
static void forward_errors(const ntk_network *network, const layer *layers, size_t i, size_t N,
                           const double *f2, double *dF, double *dG) {
  const double eu = NTK_ACTIVATION_ERROR * (DBL_EPSILON / 2);
  const double M = network->activation.info.lipschitz;
  dF[0] = dG[0] = 0.0; /* X is exact */
  for (size_t l = 1; l < network->depth; l++) {
    const layer *y = &layers[l - 1];
    const double f = row_norm(f2[(l - 1) * N + i], network->width[l - 1]);
    dG[l] = y->W.spectral * dF[l - 1] + y->gamma_in * y->W.frobenius * f + y->underflow;
    dF[l] = M * dG[l] + eu * (y->root + y->W.spectral * f + dG[l]);
  }
}

/* |dJ|^2 of sample i. layers[l - 1] is layer l; f2, b2 as in features_norms; dF, dG: scratch, L
 * entries each. */
static double sample_error(const ntk_network *network, const layer *layers, size_t i, size_t N,
                           const double *f2, const double *b2, double *dF, double *dG) {
  const size_t L = network->depth;
  const double u = DBL_EPSILON / 2, eu = NTK_ACTIVATION_ERROR * u;
  const double M = network->activation.info.lipschitz;
  const double curvature = network->activation.info.lipschitz_grad;
  const double M2 = isfinite(curvature) ? curvature : 0.0; /* relu: no sign flips assumed */
  forward_errors(network, layers, i, N, f2, dF, dG);
  /* Block L-1 has B_L = 1, exact. */
  double total = dF[L - 1] * dF[L - 1], dB = 0.0;
  for (size_t k = L - 1; k >= 1; k--) {
    const layer *above = &layers[k]; /* W_{k+1} */
    const double b_above = row_norm(b2[k * N + i], network->width[k + 1]);
    const double b = row_norm(b2[(k - 1) * N + i], network->width[k]);
    const double dP = k == L - 1
                          ? 0.0
                          : above->W.spectral * dB +
                                above->gamma_out * above->W.frobenius * b_above + above->underflow;
    const double P_max = above->W.row * b_above + dP;
    dB = M * dP + (M2 * dG[k] + eu * layers[k - 1].root) * P_max + u * b + above->underflow;
    const double f = row_norm(f2[(k - 1) * N + i], network->width[k - 1]);
    const double part = dF[k - 1] * b + f * dB + dF[k - 1] * dB;
    total += part * part;
  }
  return total;
}

static void describe_layers(const ntk_network *network, layer *layers) {
  for (size_t l = 1; l <= network->depth; l++)
    layers[l - 1] = (layer){
        .W = norms_of(network->W[l], network->width[l - 1], network->width[l]),
        .gamma_in = ntk_gamma(network->width[l - 1] + 2),
        .gamma_out = ntk_gamma(network->width[l] + 2),
        .root = sqrt((double)network->width[l]),
        /* Those products, and the three below that bound what becomes of them. */
        .underflow = 4.0 * ETA * (double)network->width[l - 1] * (double)network->width[l],
    };
}

/* The two sums; layers has L entries, scratch 2 L. */
static ntk_accuracy sum_up(const ntk_network *network, size_t N, const double *f2, const double *b2,
                           const layer *layers, double *scratch) {
  const size_t L = network->depth;
  double gram = 0.0, squares = 0.0;
  for (size_t k = 0; k < L; k++) {
    double trace = 0.0, largest = 1.0;
    for (size_t i = 0; i < N; i++) {
      trace += f2[k * N + i] * b2[k * N + i];
      largest = fmax(largest, fmax(f2[k * N + i], b2[k * N + i]));
    }
    const double terms = (double)network->width[k] + (double)network->width[k + 1];
    /* A product of two dot products of n_k and n_{k+1} terms, and the sum over at most L blocks;
     * each dot product may lose terms to underflow, which the other multiplies, in each of N
     * columns. */
    gram += ntk_gamma(network->width[k] + network->width[k + 1] + L + 4) * trace +
            ETA * terms * 2.0 * largest * (double)N;
  }
  for (size_t i = 0; i < N; i++)
    squares += sample_error(network, layers, i, N, f2, b2, scratch, scratch + L);
  /* Norms that overflow leave inf - inf and 0 inf behind: nothing is known then. */
  return (ntk_accuracy){isnan(gram) ? INFINITY : SLACK * gram,
                        isnan(squares) ? INFINITY : SLACK * sqrt(squares)};
}

/* L layers, described, and 2 L numbers of scratch. */
static ntk_status allocate(const ntk_network *network, layer **layers, double **scratch) {
  void *pointer = NULL;
  NTK_TRY(ntk_alloc(network->context, network->depth, sizeof(layer), "accuracy of the kernel",
                    &pointer));
  const ntk_status status =
      ntk_alloc_doubles(network->context, 2 * network->depth, "accuracy of the kernel", scratch);
  if (status != NTK_OK) {
    ntk_free(network->context, pointer);
    return status;
  }
  *layers = pointer;
  describe_layers(network, *layers);
  return NTK_OK;
}

ntk_status ntk_kernel_accuracy(const ntk_network *network, size_t N, const double *f2,
                               const double *b2, ntk_accuracy *accuracy) {
  layer *layers = NULL;
  double *scratch = NULL;
  NTK_TRY(allocate(network, &layers, &scratch));
  *accuracy = sum_up(network, N, f2, b2, layers, scratch);
  ntk_free(network->context, scratch);
  ntk_free(network->context, layers);
  return NTK_OK;
}

ntk_status ntk_output_accuracy(const ntk_network *network, size_t N, const double *f2,
                               double *bound) {
  const size_t L = network->depth;
  layer *layers = NULL;
  double *scratch = NULL, most = 0.0;
  NTK_TRY(allocate(network, &layers, &scratch));
  const layer *last = &layers[L - 1];
  for (size_t i = 0; i < N; i++) {
    forward_errors(network, layers, i, N, f2, scratch, scratch + L);
    const double f = row_norm(f2[(L - 1) * N + i], network->width[L - 1]);
    const double error = last->W.frobenius * scratch[L - 1] +
                         last->gamma_in * last->W.frobenius * f + last->underflow;
    most = error > most || isnan(error) ? error : most;
  }
  ntk_free(network->context, scratch);
  ntk_free(network->context, layers);
  *bound = isnan(most) ? INFINITY : SLACK * most;
  return NTK_OK;
}

void ntk_accuracy_carry(const ntk_accuracy *accuracy, double lower, double upper,
                        double *kernel_lower, double *kernel_upper) {
  const double sigma = sqrt(fmax(0.0, lower - accuracy->gram)) / ULPS - accuracy->jacobian;
  const double top = sqrt(fmax(0.0, upper + accuracy->gram)) * ULPS + accuracy->jacobian;
  *kernel_lower = sigma > 0.0 ? sigma * sigma / ULPS : 0.0;
  *kernel_upper = top * top * ULPS;
}
