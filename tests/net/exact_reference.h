/* phi and phi' of every activation by MPFR, of the definitions in `ntkit info`: references[k](p)
 * sets value and slope at x. */
#ifndef NTK_TESTS_NET_EXACT_REFERENCE_H
#define NTK_TESTS_NET_EXACT_REFERENCE_H

#include "net/activation.h"

#include <mpfr.h>

enum { BITS = 400 };
static mpfr_t x, y, s, t, value, slope;

/* The sigmoid of s into s, its slope into t. */
static void sigmoid_of_s(void) {
  mpfr_neg(s, s, MPFR_RNDN);
  mpfr_exp(t, s, MPFR_RNDN); /* exp(-z) */
  mpfr_add_ui(s, t, 1, MPFR_RNDN);
  mpfr_ui_div(s, 1, s, MPFR_RNDN);
  mpfr_mul(t, t, s, MPFR_RNDN);
  mpfr_mul(t, t, s, MPFR_RNDN);
}

/* value = x s, slope = s + t y: of what a sigmoid gates. */
static void gated(void) {
  sigmoid_of_s();
  mpfr_mul(value, x, s, MPFR_RNDN);
  mpfr_fma(slope, t, y, s, MPFR_RNDN);
}

/* exp(-x^2 / by) into t. */
static void bell(unsigned by) {
  mpfr_sqr(t, x, MPFR_RNDN);
  mpfr_div_ui(t, t, by, MPFR_RNDN);
  mpfr_neg(t, t, MPFR_RNDN);
  mpfr_exp(t, t, MPFR_RNDN);
}

static void of_sigmoid(double p) {
  (void)p;
  mpfr_set(s, x, MPFR_RNDN);
  sigmoid_of_s();
  mpfr_set(value, s, MPFR_RNDN);
  mpfr_set(slope, t, MPFR_RNDN);
}
static void of_tanh(double p) {
  (void)p;
  mpfr_tanh(value, x, MPFR_RNDN);
  mpfr_sech(slope, x, MPFR_RNDN);
  mpfr_sqr(slope, slope, MPFR_RNDN);
}
static void of_softplus(double p) {
  mpfr_mul_d(y, x, p, MPFR_RNDN);
  mpfr_exp(t, y, MPFR_RNDN);
  mpfr_log1p(value, t, MPFR_RNDN);
  if (mpfr_cmp_ui(y, 1000) > 0)
    mpfr_set(value, y, MPFR_RNDN);
  mpfr_div_d(value, value, p, MPFR_RNDN);
  mpfr_set(s, y, MPFR_RNDN);
  sigmoid_of_s();
  mpfr_set(slope, s, MPFR_RNDN);
}
static void of_erf(double p) {
  (void)p;
  mpfr_erf(value, x, MPFR_RNDN);
  bell(1);
  mpfr_const_pi(y, MPFR_RNDN);
  mpfr_rec_sqrt(y, y, MPFR_RNDN);
  mpfr_mul(slope, t, y, MPFR_RNDN);
  mpfr_mul_ui(slope, slope, 2, MPFR_RNDN);
}
static void of_gelu(double p) {
  (void)p;
  mpfr_sqrt_ui(y, 2, MPFR_RNDN);
  mpfr_div(y, x, y, MPFR_RNDN);
  mpfr_neg(y, y, MPFR_RNDN);
  mpfr_erfc(s, y, MPFR_RNDN);
  mpfr_div_ui(s, s, 2, MPFR_RNDN);
  mpfr_mul(value, x, s, MPFR_RNDN);
  bell(2);
  mpfr_const_pi(y, MPFR_RNDN);
  mpfr_mul_ui(y, y, 2, MPFR_RNDN);
  mpfr_rec_sqrt(y, y, MPFR_RNDN);
  mpfr_mul(t, t, y, MPFR_RNDN);
  mpfr_fma(slope, t, x, s, MPFR_RNDN);
}
static void of_sin(double p) {
  (void)p;
  mpfr_sin_cos(value, slope, x, MPFR_RNDN);
}
static void of_leaky(double p) {
  if (mpfr_sgn(x) > 0)
    p = 1.0;
  mpfr_mul_d(value, x, p, MPFR_RNDN);
  mpfr_set_d(slope, p, MPFR_RNDN);
}
static void of_relu(double p) {
  (void)p;
  of_leaky(0.0);
}
static void of_identity(double p) {
  (void)p;
  of_leaky(1.0);
}
static void of_silu(double p) {
  mpfr_mul_d(s, x, p, MPFR_RNDN);
  mpfr_set(y, s, MPFR_RNDN);
  gated();
}
static void of_gelu_tanh(double p) {
  (void)p;
  mpfr_sqr(t, x, MPFR_RNDN);
  mpfr_mul_ui(t, t, 44715, MPFR_RNDN);
  mpfr_div_ui(t, t, 1000000, MPFR_RNDN);
  mpfr_const_pi(y, MPFR_RNDN);
  mpfr_ui_div(y, 8, y, MPFR_RNDN);
  mpfr_sqrt(y, y, MPFR_RNDN);
  mpfr_mul(y, y, x, MPFR_RNDN);
  mpfr_fma(s, y, t, y, MPFR_RNDN);
  mpfr_mul_ui(t, t, 3, MPFR_RNDN);
  mpfr_fma(y, y, t, y, MPFR_RNDN);
  gated();
}
/* a x above 0, else below (exp(x / inner) - 1). */
static void exponential(mpfr_t above, mpfr_t below, double inner) {
  if (mpfr_sgn(x) > 0) {
    mpfr_mul(value, above, x, MPFR_RNDN);
    mpfr_set(slope, above, MPFR_RNDN);
    return;
  }
  mpfr_div_d(t, x, inner, MPFR_RNDN);
  mpfr_expm1(value, t, MPFR_RNDN);
  mpfr_mul(value, value, below, MPFR_RNDN);
  mpfr_exp(slope, t, MPFR_RNDN);
  mpfr_mul(slope, slope, below, MPFR_RNDN);
  mpfr_div_d(slope, slope, inner, MPFR_RNDN);
}
static void of_elu(double p) {
  mpfr_set_ui(y, 1, MPFR_RNDN);
  mpfr_set_d(s, p, MPFR_RNDN);
  exponential(y, s, 1.0);
}
static void of_celu(double p) {
  mpfr_set_ui(y, 1, MPFR_RNDN);
  mpfr_set_d(s, p, MPFR_RNDN);
  exponential(y, s, p);
}
static void of_selu(double p) { /* digits of the paper's program and more, by mpmath */
  (void)p;
  mpfr_set_str(y, "1.05070098735548049341933498529460", 10, MPFR_RNDN);
  mpfr_set_str(s, "1.75809934084737685994021752081231", 10, MPFR_RNDN);
  exponential(y, s, 1.0);
}
static void of_softsign(double p) {
  (void)p;
  mpfr_abs(y, x, MPFR_RNDN);
  mpfr_add_ui(y, y, 1, MPFR_RNDN);
  mpfr_div(value, x, y, MPFR_RNDN);
  mpfr_sqr(y, y, MPFR_RNDN);
  mpfr_ui_div(slope, 1, y, MPFR_RNDN);
}
static void of_atan(double p) {
  (void)p;
  mpfr_atan(value, x, MPFR_RNDN);
  mpfr_sqr(y, x, MPFR_RNDN);
  mpfr_add_ui(y, y, 1, MPFR_RNDN);
  mpfr_ui_div(slope, 1, y, MPFR_RNDN);
}
static void of_gaussian(double p) {
  (void)p;
  bell(1);
  mpfr_set(value, t, MPFR_RNDN);
  mpfr_mul(slope, t, x, MPFR_RNDN);
  mpfr_mul_si(slope, slope, -2, MPFR_RNDN);
}
static void of_quadratic(double p) {
  (void)p;
  mpfr_sqr(value, x, MPFR_RNDN);
  mpfr_mul_ui(slope, x, 2, MPFR_RNDN);
}
static void (*const references[NTK_ACTIVATION_COUNT])(double) = {
    of_sigmoid,  of_tanh,     of_softplus, of_erf,       of_gelu, of_sin,
    of_relu,     of_identity, of_silu,     of_gelu_tanh, of_elu,  of_selu,
    of_softsign, of_atan,     of_gaussian, of_leaky,     of_celu, of_quadratic};

#endif
