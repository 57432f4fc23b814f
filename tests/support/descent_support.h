/* A training problem, the step's codes of every level, and the plain loops they are compared with.
 * Include after <cmocka.h>. */
#ifndef NTK_TESTS_DESCENT_SUPPORT_H
#define NTK_TESTS_DESCENT_SUPPORT_H

#include "base/memory.h"
#include "base/simd.h"
#include "kernel/cpu/step.h"
#include "kernel/kernel.h"
#include "support.h"

extern const ntk_step_code ntk_step_code_base[1], ntk_step_code_base_f32[1];
#ifdef __x86_64__
extern const ntk_step_code ntk_step_code_avx2[1], ntk_step_code_avx2_f32[1];
extern const ntk_step_code ntk_step_code_avx512[1], ntk_step_code_avx512_f32[1];
#endif

enum { CODES = 6 };

/* Those that this processor can run: in double, and in float; returns how many. */
static inline size_t step_codes(const ntk_step_code *codes[CODES]) {
  size_t count = 0;
  codes[count++] = ntk_step_code_base;
  codes[count++] = ntk_step_code_base_f32;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2) {
    codes[count++] = ntk_step_code_avx2;
    codes[count++] = ntk_step_code_avx2_f32;
  }
  if (ntk_simd_best() >= NTK_SIMD_AVX512) {
    codes[count++] = ntk_step_code_avx512;
    codes[count++] = ntk_step_code_avx512_f32;
  }
#endif
  return count;
}

static inline bool is_single(const ntk_step_code *code) {
  return code->size == sizeof(float);
}

/* All numbers are floats, so that both precisions begin with the same. */
typedef struct problem {
  ntk_context *context;
  ntk_network *network;
  ntk_dataset *data;
  const double *X;
  double *Y;
  size_t L, N, P;
  const size_t *width; /* n_L = 1 written out */
} problem;

static inline void round_to_float(size_t count, double *values) {
  for (size_t i = 0; i < count; i++)
    values[i] = (double)(float)values[i];
}

static inline problem make_problem(int threads, const char *activation, size_t L,
                                   const size_t *width, size_t N) {
  problem p = {.context = make_context(threads), .L = L, .N = N, .width = width};
  p.network = make_network(p.context, L, width, activation, "standard", 5);
  p.P = ntk_network_parameters(p.network);
  round_to_float(p.P, p.network->theta);
  double *X = make_normal(6, N * width[0]);
  round_to_float(N * width[0], X);
  p.data = make_data(p.context, X, N, width[0]);
  free(X);
  p.X = ntk_dataset_values(p.data);
  p.Y = make_normal(7, N);
  round_to_float(N, p.Y);
  return p;
}

static inline void free_problem(problem *p) {
  free(p->Y);
  ntk_dataset_destroy(p->data);
  ntk_network_destroy(p->network);
  assert_int_equal(ntk_memory_in_use(p->context), 0);
  ntk_context_destroy(p->context);
}

static inline ntk_descent *make_descent(const problem *p, ntk_precision precision, double scale) {
  ntk_descent *descent = NULL;
  assert_ok(ntk_descent_create(p->network, p->data, p->Y, precision, scale, &descent));
  return descent;
}

/* The same with the code of a chosen level. */
static inline ntk_descent *make_descent_of(const problem *p, const ntk_step_code *code,
                                           double scale) {
  void *pointer = NULL;
  assert_ok(ntk_alloc(p->context, 1, sizeof(ntk_descent), "test", &pointer));
  ntk_descent *descent = pointer;
  *descent =
      (ntk_descent){.backend = &ntk_backend_cpu,
                    .context = p->context,
                    .network = p->network,
                    .X = p->X,
                    .Y = p->Y,
                    .N = p->N,
                    .precision = is_single(code) ? NTK_PRECISION_FLOAT : NTK_PRECISION_DOUBLE,
                    .scale = scale};
  assert_ok(ntk_step_create(descent, code));
  return descent;
}

static inline double *read_slot(const ntk_descent *descent, ntk_slot slot, size_t P) {
  double *values = make_array(P);
  ntk_descent_read(descent, slot, values);
  return values;
}

static inline double largest(size_t count, const double *values) {
  double most = 0.0;
  for (size_t i = 0; i < count; i++)
    most = fmax(most, fabs(values[i]));
  return most;
}

/* |actual - expected| <= tolerance max |expected|, entry by entry. */
static inline void assert_arrays_near(size_t count, const double *actual, const double *expected,
                                      double tolerance, const char *what) {
  const double size = largest(count, expected);
  for (size_t i = 0; i < count; i++)
    assert_near(actual[i], expected[i], tolerance * size, what);
}

/* scale J^T r at theta by plain loops, one sample at a time (backpropagation with phi and phi' of
 * the library's doubles); returns sum r^2. widths to 160. */
static inline double plain_gradient(const problem *p, const double *theta, double scale,
                                    double *gradient) {
  enum { MOST = 160, LAYERS = 8 };
  double F[LAYERS][MOST], slope[LAYERS][MOST], sum = 0.0;
  memset(gradient, 0, p->P * sizeof *gradient);
  for (size_t sample = 0; sample < p->N; sample++) {
    const double *W[LAYERS + 1] = {NULL, theta};
    for (size_t l = 1; l < p->L; l++)
      W[l + 1] = W[l] + p->width[l - 1] * p->width[l];
    memcpy(F[0], p->X + sample * p->width[0], p->width[0] * sizeof(double));
    double output = 0.0;
    for (size_t l = 1; l <= p->L; l++)
      for (size_t j = 0; j < p->width[l]; j++) {
        double g = 0.0;
        for (size_t i = 0; i < p->width[l - 1]; i++)
          g += F[l - 1][i] * W[l][i * p->width[l] + j];
        if (l < p->L)
          ntk_activation_eval(&p->network->activation[l], 1, &g, &F[l][j], &slope[l][j]);
        else
          output = g;
      }
    const double r = output - p->Y[sample];
    sum += r * r;
    double b[MOST] = {scale * r}, below[MOST];
    for (size_t l = p->L; l >= 1; l--) {
      double *g = gradient + (W[l] - theta);
      for (size_t i = 0; i < p->width[l - 1]; i++) {
        below[i] = 0.0;
        for (size_t j = 0; j < p->width[l]; j++) {
          g[i * p->width[l] + j] += F[l - 1][i] * b[j];
          below[i] += W[l][i * p->width[l] + j] * b[j];
        }
        if (l > 1)
          below[i] *= slope[l - 1][i];
      }
      memcpy(b, below, sizeof b);
    }
  }
  return sum;
}

#endif
