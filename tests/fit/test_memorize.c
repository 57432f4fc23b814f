/* Memorisation (Corollary 4.1): weights that fit any labels.
 * Properties: a plain forward pass of the weights gives the labels, within the bound that is
 * claimed; the linear problem is solved exactly and what is left is O(t^2); a correction multiplies
 * it by O(t^2); neither threads nor companions change a bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "memorize_support.h"

/* ---- What is promised ------------------------------------------------------------------------ */

/* Every activation, depths 2 to 5: a plain forward pass in extended precision finds what the result
 * says, and its largest error is within the certificate. */
static void test_labels_are_fitted(void **state) {
  (void)state;
  static const size_t shallow[] = {24, 20}, usual[] = {20, 24, 20}, deep[] = {20, 24, 24, 24, 28};
  static const struct {
    size_t L;
    const size_t *width;
  } shapes[] = {{2, shallow}, {3, usual}, {5, deep}};
  const char *names[COUNT(smooth) + 1];
  memcpy(names, smooth, sizeof smooth);
  names[COUNT(smooth)] = "relu";
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (size_t k = 0; k < COUNT(names); k++) {
      if (shapes[s].L == 5 && strcmp(names[k], "sigmoid") == 0)
        continue; /* squeezed by four sigmoids, samples are nearly equal: test_sigmoid_deep */
      fit_problem p = make_problem(2, 120, shapes[s].L, shapes[s].width, names[k]);
      ntk_memorize_result result;
      ntk_network *network = memorize(&p, NULL, &result);
      if (!result.reached)
        fail_msg("%s, L = %zu: %s", names[k], shapes[s].L, result.reason);
      assert_string_equal(result.reason, "");
      double relative, largest;
      plain_errors(&p, network, &relative, &largest);
      /* The error is measured in double: it may be off by the rounding of each output. */
      const double off = result.rounding * sqrt((double)p.N) / norm_of(p.Y, p.N);
      assert_true(result.relative_error <= 1e-10);
      assert_near(result.relative_error, relative, off, "relative error");
      assert_near(result.max_error, largest, result.rounding, "largest error");
      assert_true(largest <= result.max_error + result.rounding);
      ntk_fit_error error;
      assert_ok(ntk_fit_measure(network, p.data, p.Y, &error));
      assert_true(error.largest == result.max_error && error.rounding == result.rounding);
      assert_true(error.bound >= error.largest + error.rounding && largest <= error.bound);
      assert_true(error.rounding < 1e-4); /* and says something */
      ntk_network_destroy(network);
      free_problem(&p);
    }
}

/* Larger first weights keep four sigmoids apart. */
static void test_sigmoid_deep(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 24, 24, 28};
  fit_problem p = make_problem(2, 120, 5, width, "sigmoid");
  const double beta[] = {8, 8, 8, 8, 1};
  ntk_network_spec spec = spec_of(&p);
  ntk_memorize_result result;
  ntk_network *network = NULL;
  spec.beta = beta;
  assert_ok(ntk_memorize(p.context, &spec, p.data, p.Y, 1, NULL, &network, &result));
  if (!result.reached)
    fail_msg("%s", result.reason);
  ntk_network_destroy(network);
  free_problem(&p);
}

static void test_eps(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 20};
  fit_problem p = make_problem(1, 120, 3, width, "tanh");
  const double norm = norm_of(p.Y, p.N);
  ntk_memorize_result loose, absolute, relative;
  ntk_network *a = memorize(&p, &(ntk_memorize_options){.eps = 1e-4}, &loose);
  ntk_network *b =
      memorize(&p, &(ntk_memorize_options){.eps = 1e-6 * norm, .absolute = true}, &absolute);
  ntk_network *c = memorize(&p, &(ntk_memorize_options){.eps = 1e-6}, &relative);
  assert_true(loose.reached && loose.relative_error <= 1e-4);
  assert_true(loose.corrections < relative.corrections || loose.relative_error > 1e-6);
  assert_true(absolute.reached && absolute.relative_error <= 1e-6);
  assert_int_equal(absolute.corrections, relative.corrections); /* (17) is the same wish here */
  assert_true(absolute.relative_error == relative.relative_error);
  ntk_network_destroy(a);
  ntk_network_destroy(b);
  ntk_network_destroy(c);
  free_problem(&p);
}

/* ---- The construction ------------------------------------------------------------------------ */

/* [W + t D, W - t D] and [a, -a] / (2 t) taken apart. */
typedef struct parts {
  size_t n, m;   /* n_{L-2}; half of n_{L-1} */
  double *W, *D; /* n x m */
  double *a;     /* m */
} parts;

static parts take_apart(const ntk_network *network, double t) {
  const size_t L = ntk_network_depth(network), n = ntk_network_width(network, L - 2);
  const size_t m = ntk_network_width(network, L - 1) / 2;
  const double *both = ntk_network_weights(network, L - 1), *last = ntk_network_weights(network, L);
  parts p = {n, m, make_array(n * m), make_array(n * m), make_array(m)};
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < m; j++) {
      const double plus = both[2 * i * m + j], minus = both[2 * i * m + m + j];
      p.W[i * m + j] = (plus + minus) / 2;
      p.D[i * m + j] = (plus - minus) / (2 * t);
    }
  for (size_t j = 0; j < m; j++) {
    p.a[j] = last[j] * 2 * t;
    assert_true(last[m + j] == -last[j]);
    assert_near(fabs(p.a[j]), 1.0, 4 * U, "a = +-1");
  }
  return p;
}

static void free_parts(parts *p) {
  free(p->W);
  free(p->D);
  free(p->a);
}

/* F_L(x) - y at step t, and (t = 0) what it tends to: sum_j a_j phi'(g_j) <D_j, f> - y, with phi'
 * of tanh. f: F_{L-2}(x). */
static long double error_at(const parts *p, long double t, const long double *f, double y) {
  long double sum = -(long double)y;
  for (size_t j = 0; j < p->m; j++) {
    long double g = 0.0L, h = 0.0L;
    for (size_t i = 0; i < p->n; i++) {
      g += f[i] * p->W[i * p->m + j];
      h += f[i] * p->D[i * p->m + j];
    }
    const long double middle = tanhl(g);
    sum += p->a[j] * (t == 0.0L ? (1.0L - middle * middle) * h
                                : (tanhl(g + t * h) - tanhl(g - t * h)) / (2.0L * t));
  }
  return sum;
}

/* ||F_L - Y||_2 / ||Y||_2 of the parts at step t, in extended precision. */
static double error_of(const fit_problem *p, const ntk_network *network, const parts *own,
                       long double t) {
  long double square = 0.0L, f[WIDEST], next[WIDEST];
  for (size_t i = 0; i < p->N; i++) {
    for (size_t j = 0; j < p->width[0]; j++)
      f[j] = p->X[i * p->width[0] + j];
    for (size_t l = 1; l + 1 < p->L; l++) {
      layer_of(ntk_network_weights(network, l), "tanh", p->width[l - 1], p->width[l], f, next);
      memcpy(f, next, p->width[l] * sizeof *f);
    }
    const long double r = error_at(own, t, f, p->Y[i]);
    square += r * r;
  }
  return (double)sqrtl(square) / norm_of(p->Y, p->N);
}

/* Without corrections D solves the linear problem, and the error is C t^2: slope 2 until the fourth
 * order is seen. The t chosen is where that is 2e-3. */
static void test_error_order(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 20};
  fit_problem p = make_problem(1, 120, 3, width, "tanh");
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, &(ntk_memorize_options){.eps = 0.5}, &result);
  assert_true(result.reached && result.corrections == 0);
  parts own = take_apart(network, result.t);
  /* D is known to u / t from the weights, so the labels to about that times |D| |f|. */
  assert_true(error_of(&p, network, &own, 0.0L) < 1e-11);
  assert_near(result.relative_error, error_of(&p, network, &own, result.t), 1e-11, "error at t");
  assert_near(log10(result.relative_error), log10(2e-3), 0.05, "error without corrections");
  long double t = result.t / 4;
  for (int k = 0; k < 4; k++, t /= 2) {
    const double slope = log2(error_of(&p, network, &own, t) / error_of(&p, network, &own, t / 2));
    assert_near(slope, 2.0, 1e-3, "slope of the error in t");
  }
  free_parts(&own);
  ntk_network_destroy(network);
  free_problem(&p);
}

/* Each correction multiplies the error by O(t^2), here 2e-3 or so, until rounding is reached. */
static void test_contraction(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 20};
  fit_problem p = make_problem(1, 120, 3, width, "tanh");
  double before = INFINITY;
  for (size_t k = 1; k <= 4; k++) {
    ntk_memorize_result result;
    ntk_network *network =
        memorize(&p, &(ntk_memorize_options){.eps = 1e-15, .corrections = k}, &result);
    assert_int_equal(result.corrections, k);
    assert_false(result.reached);
    if (k < 4)
      assert_true(result.relative_error < (k == 1 ? 1e-4 : 0.05 * before));
    else
      assert_true(result.relative_error < 1e-11); /* rounding, O(u / t) */
    before = result.relative_error;
    ntk_network_destroy(network);
  }
  free_problem(&p);
}

/* D = F^T diag(c) B is the solution of least norm: it is orthogonal to what the linear problem does
 * not see, and so is the one that conjugate gradients find. */
static void test_iterative(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 20};
  fit_problem p = make_problem(1, 120, 3, width, "tanh");
  ntk_memorize_result direct, iterative;
  ntk_network *a = memorize(&p, NULL, &direct);
  ntk_network *b = memorize(&p, &(ntk_memorize_options){.iterative = true}, &iterative);
  assert_true(direct.reached && iterative.reached);
  assert_true(iterative.relative_error <= 1e-10);
  assert_true(isnan(iterative.condition) && direct.condition > 1.0);
  assert_near(iterative.t / direct.t, 1.0, 1e-3, "t");
  parts x = take_apart(a, direct.t), y = take_apart(b, iterative.t);
  double difference = 0.0;
  for (size_t e = 0; e < x.n * x.m; e++)
    difference += (x.D[e] - y.D[e]) * (x.D[e] - y.D[e]);
  assert_true(sqrt(difference) < 1e-4 * norm_of(x.D, x.n * x.m));
  free_parts(&x);
  free_parts(&y);
  ntk_network_destroy(a);
  ntk_network_destroy(b);
  free_problem(&p);
}

/* K_{L-2} of the base network by its definition (8), F F^T o B B^T, N x N. */
static double *base_kernel(const fit_problem *p, const ntk_network *network, const parts *own) {
  double *F = make_array(p->N * own->n), *B = make_array(p->N * own->m);
  double *K = make_array(p->N * p->N);
  for (size_t i = 0; i < p->N; i++) {
    long double f[WIDEST], x[WIDEST];
    for (size_t j = 0; j < p->width[0]; j++)
      x[j] = p->X[i * p->width[0] + j];
    layer_of(ntk_network_weights(network, 1), "tanh", p->width[0], p->width[1], x, f);
    for (size_t j = 0; j < own->n; j++)
      F[i * own->n + j] = (double)f[j];
    for (size_t j = 0; j < own->m; j++) {
      double g = 0.0;
      for (size_t k = 0; k < own->n; k++)
        g += (double)f[k] * own->W[k * own->m + j];
      B[i * own->m + j] = own->a[j] * (1.0 - tanh(g) * tanh(g));
    }
  }
  for (size_t i = 0; i < p->N; i++)
    for (size_t j = 0; j < p->N; j++) {
      double f = 0.0, b = 0.0;
      for (size_t k = 0; k < own->n; k++)
        f += F[i * own->n + k] * F[j * own->n + k];
      for (size_t k = 0; k < own->m; k++)
        b += B[i * own->m + k] * B[j * own->m + k];
      K[i * p->N + j] = f * b;
    }
  free(F);
  free(B);
  return K;
}

/* v of norm 1; what its norm was. */
static double normalise(double *v, size_t n) {
  const double norm = norm_of(v, n);
  for (size_t i = 0; i < n; i++)
    v[i] /= norm;
  return norm;
}

/* Condition number of K_{L-2} by power iteration, and inverse iteration with the library's factor.
 */
static void test_condition(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 20};
  fit_problem p = make_problem(1, 60, 3, width, "tanh");
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, NULL, &result);
  parts own = take_apart(network, result.t);
  double *K = base_kernel(&p, network, &own), *v = make_normal(5, p.N), *w = make_normal(6, p.N);
  double largest = 0.0, inverse = 0.0;
  ntk_kernel *kernel = NULL;
  assert_ok(ntk_kernel_from_array(p.context, K, p.N, &kernel));
  assert_ok(ntk_kernel_factor(kernel, 0.0));
  for (int step = 0; step < 400; step++) {
    double Kv[60] = {0};
    for (size_t i = 0; i < p.N * p.N; i++)
      Kv[i / p.N] += K[i] * v[i % p.N];
    memcpy(v, Kv, sizeof Kv);
    largest = normalise(v, p.N);
    assert_ok(ntk_kernel_solve(kernel, w, 1));
    inverse = normalise(w, p.N);
  }
  assert_near(result.condition / (largest * inverse), 1.0, 1e-4, "condition number");
  ntk_kernel_destroy(kernel);
  free(K);
  free(v);
  free(w);
  free_parts(&own);
  ntk_network_destroy(network);
  free_problem(&p);
}

/* ---- Many label vectors, threads ------------------------------------------------------------- */

static void assert_same_weights(const ntk_network *a, const ntk_network *b) {
  assert_memory_equal(ntk_network_weights(a, 1), ntk_network_weights(b, 1),
                      ntk_network_parameters(a) * sizeof(double));
}

/* Label vectors that share a factor get the weights that each gets alone. */
static void test_shared_factor(void **state) {
  (void)state;
  enum { COUNT_OF = 4, N = 100 };
  static const size_t width[] = {20, 24, 20};
  fit_problem p = make_problem(2, N, 3, width, "tanh");
  const ntk_network_spec spec = spec_of(&p);
  double *Y = make_normal(7, COUNT_OF * N);
  for (size_t i = 0; i < N; i++)
    Y[i] = i % 3 == 0 ? 1.0 : -1.0; /* a class */
  ntk_network *networks[COUNT_OF], *alone = NULL;
  ntk_memorize_result results[COUNT_OF], own;
  assert_ok(ntk_memorize(p.context, &spec, p.data, Y, COUNT_OF, NULL, networks, results));
  for (size_t k = 0; k < COUNT_OF; k++) {
    assert_true(results[k].reached);
    assert_ok(ntk_memorize(p.context, &spec, p.data, Y + k * N, 1, NULL, &alone, &own));
    assert_same_weights(networks[k], alone);
    assert_true(results[k].relative_error == own.relative_error && results[k].t == own.t);
    ntk_network_destroy(networks[k]);
    ntk_network_destroy(alone);
  }
  free(Y);
  free_problem(&p);
}

static void test_threads(void **state) {
  (void)state;
  static const size_t width[] = {30, 34, 40};
  for (int iterative = 0; iterative <= 1; iterative++) {
    ntk_network *first = NULL;
    fit_problem kept = {0};
    for (int threads = 1; threads <= 4; threads++) {
      fit_problem p = make_problem(threads, 500, 3, width, "sin");
      ntk_memorize_result result;
      ntk_network *network =
          memorize(&p, &(ntk_memorize_options){.iterative = iterative == 1}, &result);
      assert_true(result.reached);
      if (threads == 1) {
        first = network;
        kept = p;
        continue;
      }
      assert_same_weights(first, network);
      ntk_network_destroy(network);
      free_problem(&p);
    }
    ntk_network_destroy(first);
    free_problem(&kept);
  }
}

/* The layers below are what the spec draws. */
static void test_layers_below(void **state) {
  (void)state;
  static const size_t width[] = {20, 24, 22, 20};
  fit_problem p = make_problem(1, 60, 4, width, "tanh");
  ntk_memorize_result result;
  ntk_network *network = memorize(&p, NULL, &result);
  ntk_network *drawn = make_network(p.context, 4, width, "tanh", NULL, 3);
  for (size_t l = 1; l <= 2; l++)
    assert_memory_equal(ntk_network_weights(network, l), ntk_network_weights(drawn, l),
                        width[l - 1] * width[l] * sizeof(double));
  ntk_network_destroy(drawn);
  ntk_network_destroy(network);
  free_problem(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_labels_are_fitted),
      cmocka_unit_test(test_sigmoid_deep),
      cmocka_unit_test(test_eps),
      cmocka_unit_test(test_error_order),
      cmocka_unit_test(test_contraction),
      cmocka_unit_test(test_iterative),
      cmocka_unit_test(test_condition),
      cmocka_unit_test(test_shared_factor),
      cmocka_unit_test(test_threads),
      cmocka_unit_test(test_layers_below),
  };
  return cmocka_run_group_tests_name("memorize", tests, NULL, NULL);
}
