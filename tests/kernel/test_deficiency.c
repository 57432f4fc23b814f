/* Kernels that are known to be singular, and those that only rounding keeps from it.
 * Property: lambda_min is 0 by a stated reason exactly where counting parameters (rank of (8)) or
 * multiples of rows (phi(c x) = c phi(x)) say so, and ntk_spectrum, its blocks, ntk_train and
 * ntk_verify say it alike; one sample fewer, or a row off by an ulp, and they do not.
 */
#include "verify_support.h"

#include "data/parallel_rows.h"
#include "kernel/ends/deficiency.h"
#include "ntkit/fit.h"

static ntk_context *context;

/* ---- Rows that are multiples ----------------------------------------------------------------- */

static void check_rows(const double *X, size_t N, size_t d, ntk_multiples multiples, size_t i,
                       size_t k, double c) {
  const ntk_held held = {ntk_share_whole(N), d, X};
  ntk_row_pair p = {99, 99, NAN, 99};
  assert_ok(ntk_parallel_rows(context, &held, multiples, &p));
  if (p.first != i || (i < N && (p.second != k || p.factor != c)))
    fail_msg("kind %d: rows %zu and %zu by %g instead of %zu and %zu by %g", (int)multiples,
             p.first, p.second, p.factor, i, k, c);
}

static void test_rows(void **state) {
  (void)state;
  const double X[] = {0.0,  3.0,  -1.0,        /* 0 */
                      1.0,  0.0,  7.0,         /* 1 */
                      0.0,  6.0,  -2.0,        /* 2: 2 of 0 */
                      -1.0, -0.0, -7.0,        /* 3: -1 of 1 */
                      1.0,  0.0,  7.0,         /* 4: equals 1 */
                      0.0,  1.0,  -1.0 / 3.0}; /* 5: a third of 0, but for rounding */
  check_rows(X, 6, 3, NTK_MULTIPLES_EQUAL, 1, 4, 1.0);
  check_rows(X, 4, 3, NTK_MULTIPLES_EQUAL, 4, 0, 0.0);
  check_rows(X, 4, 3, NTK_MULTIPLES_OPPOSITE, 1, 3, -1.0);
  check_rows(X, 6, 3, NTK_MULTIPLES_POSITIVE, 0, 2, 2.0);
  check_rows(X + 3, 3, 3, NTK_MULTIPLES_POSITIVE, 3, 0, 0.0);
  check_rows(X + 3, 3, 3, NTK_MULTIPLES_ALL, 0, 2, -1.0);
  check_rows(X + 12, 2, 3, NTK_MULTIPLES_ALL, 2, 0, 0.0);
}

/* Rows of few values, so that many are multiples: each one's first is the least k with which it is
 * one pair of rows. */
static void test_groups(void **state) {
  (void)state;
  enum { N = 60 };
  double X[2 * N], factor[N], *normal = make_normal(5, 2 * N);
  size_t first[N], multiples = 0;
  for (size_t i = 0; i < 2 * N; i++)
    X[i] = rint(1.5 * normal[i]);
  const ntk_held held = {ntk_share_whole(N), 2, X};
  for (int kind = NTK_MULTIPLES_EQUAL; kind <= NTK_MULTIPLES_ALL; kind++) {
    assert_ok(ntk_row_multiples(context, &held, (ntk_multiples)kind, first, factor));
    for (size_t k = 0; k < N; k++) {
      size_t i = 0;
      for (double c = NAN; i < k; i++) { /* x_k = c x_i in whole numbers */
        const double *x = X + 2 * i, *y = X + 2 * k;
        c = x[0] != 0.0 ? y[0] / x[0] : x[1] != 0.0 ? y[1] / x[1] : 1.0;
        const bool counts = kind == NTK_MULTIPLES_EQUAL      ? c == 1.0
                            : kind == NTK_MULTIPLES_OPPOSITE ? fabs(c) == 1.0
                            : kind == NTK_MULTIPLES_POSITIVE ? c > 0.0
                                                             : c != 0.0;
        const bool zeros = (x[0] == 0.0 && x[1] == 0.0) == (y[0] == 0.0 && y[1] == 0.0);
        if (counts && zeros && x[0] * y[1] == x[1] * y[0]) {
          assert_true(factor[k] == c);
          break;
        }
      }
      assert_int_equal(first[k], i);
      assert_true(i < k || factor[k] == 1.0);
      multiples += i < k;
    }
  }
  assert_true(multiples > 100);
  free(normal);
}

/* c x rounds in general: such rows are multiples where every product is exact alone. */
static void test_random_multiples(void **state) {
  (void)state;
  size_t exact = 0;
  for (uint64_t seed = 0; seed < 2000; seed++) {
    double *X = make_normal(seed, 6);
    const double c = seed % 3 == 0   ? 0.1
                     : seed % 3 == 1 ? 3.0
                                     : ldexp(-1.0, (int)(seed % 900) - 450);
    bool all = true;
    for (size_t j = 0; j < 3; j++) {
      if (seed % 2)
        X[j] = (double)(float)X[j]; /* 24 bits: times 3 is exact */
      X[3 + j] = c * X[j];
      all &= (long double)X[3 + j] == (long double)c * X[j] && fma(c, X[j], -X[3 + j]) == 0.0;
    }
    /* x_j y_0 = y_j x_0 in 128 bits or not at all */
    bool parallel = true;
    for (size_t j = 1; j < 3; j++) {
      const double p = X[j] * X[3], q = X[3 + j] * X[0];
      parallel &= p == q && fma(X[j], X[3], -p) == fma(X[3 + j], X[0], -q);
    }
    assert_true(parallel || !all);
    exact += parallel;
    check_rows(X, 2, 3, NTK_MULTIPLES_ALL, parallel ? 0 : 2, 1, X[3] / X[0]);
    free(X);
  }
  assert_true(exact > 600 && exact < 1600);
}

/* ---- Everyone says the same ------------------------------------------------------------------ */

typedef struct instance {
  ntk_network *network;
  ntk_dataset *data;
  size_t N;
} instance;

/* known: by a reason that has these words; NULL: lambda_min is a number. */
static void check_alike(const instance *a, const char *known) {
  const size_t L = ntk_network_depth(a->network);
  const ntk_spectrum_options options = {.per_block = true};
  ntk_spectrum_result r = {0};
  assert_ok(ntk_spectrum(context, a->network, a->data, &options, &r));
  assert_string_equal(ntk_verdict_name(r.verdict), known ? "rank_deficient" : "ok");
  assert_true(known ? r.lambda_min == 0.0 : r.lambda_min > 0.0);
  if (known && strstr(r.reason, known) == NULL)
    fail_msg("'%s' does not say '%s'", r.reason, known);
  for (size_t k = 0; k < L && known; k++)
    assert_true(r.block[k].verdict == NTK_VERDICT_RANK_DEFICIENT && r.block[k].lambda_min == 0.0);

  const double near = 1e-6 * r.lambda_min + r.resolution; /* 5e-10 is four digits over it */
  ntk_ledger ledger = {0};
  assert_ok(ntk_verify(context, a->network, a->data, NULL, NULL, &ledger));
  if (known)
    assert_verdict(&ledger, "lambda_min_K", NTK_LEDGER_OUTSIDE);
  assert_near(value_of(&ledger, "lambda_min_K"), r.lambda_min, near, "verify");
  ntk_ledger_clear(&ledger);

  double *Y = make_normal(1, a->N);
  ntk_train_result trained = {0};
  const ntk_train_options short_run = {.epochs = 1, .track = 1, .lr = 1e-9};
  assert_ok(ntk_train(context, a->network, a->data, Y, &short_run, &trained));
  assert_near(trained.track[0].lambda_min, r.lambda_min, near, "train");
  assert_near(trained.convergence.lambda_min, r.lambda_min, near, "train");
  assert_string_equal(trained.convergence.reason, r.reason);
  ntk_train_clear(&trained);
  ntk_spectrum_clear(&r);
  free(Y);
}

/* The first N rows of X (NULL: normal ones) under a network of three layers. */
static void check_case(const char *activation, const char *init, const size_t *width,
                       const double *X, size_t N, const char *known) {
  double *normal = make_normal(5, N * width[0]);
  const instance a = {.network = make_network(context, 3, width, activation, init, 4),
                      .data = make_data(context, X != NULL ? X : normal, N, width[0]),
                      .N = N};
  check_alike(&a, known);
  ntk_dataset_destroy(a.data);
  ntk_network_destroy(a.network);
  free(normal);
}

static void test_counts(void **state) {
  (void)state;
  const size_t wide[] = {9, 20, 20}, pairs[] = {3, 4, 6}, few[] = {2, 3, 2},
               squares[] = {2, 30, 30};
  check_case("identity", "paper", wide, NULL, 9, NULL);
  check_case("identity", "paper", wide, NULL, 10, "rank at most d = 9");
  /* W_2 W_3 is n_1 = 3 numbers, W_1 2 x 3; W_1 W_2 is 2 x 2, W_3 2. */
  check_case("tanh,identity", "paper", few, NULL, 9, NULL);
  check_case("tanh,identity", "paper", few, NULL, 10, "linear layers leave rank at most 9");
  check_case("identity,tanh", "paper", few, NULL, 6, NULL);
  check_case("identity,tanh", "paper", few, NULL, 7, "linear layers leave rank at most 6");
  /* d + 1 = 3 monomials of degree 2, 5 of degree 4; |x| is none. */
  check_case("quadratic,identity", "paper", squares, NULL, 3, NULL);
  check_case("identity,quadratic", "paper", squares, NULL, 4, "a polynomial with 3 monomials");
  check_case("quadratic", "paper", squares, NULL, 5, NULL);
  check_case("quadratic", "paper", squares, NULL, 6, "a polynomial with 5 monomials");
  check_case("leaky_relu(-1)", "paper", squares, NULL, 6, NULL);
  /* n_1 n_2 / 2 + n_2 / 2 = 15 of W_2 and W_3 count; of W_1 none does. */
  check_case("tanh", "antisymmetric", pairs, NULL, 15, NULL);
  check_case("tanh", "antisymmetric", pairs, NULL, 16, "pairs that cancel");
}

/* x^2 of two coordinates, centred: (x - m) (2 W x - m') has the 3 monomials of degree 2, and those
 * below, 6 together; its means taken off, it is no homogeneous polynomial. */
static void test_centred_powers(void **state) {
  (void)state;
  const size_t width[] = {2, 30};
  ntk_deficiency found;
  ntk_network *network = make_network(context, 2, width, "quadratic", "paper", 3);
  double *X = make_normal(4, 7 * 2);
  const ntk_held seven = {ntk_share_whole(7), 2, X}, six = ntk_held_leading(seven, 6);
  assert_ok(ntk_deficiency_find_centred(network, &six, &found));
  assert_null(found.cause);
  assert_ok(ntk_deficiency_find_centred(network, &seven, &found));
  assert_non_null(found.cause);
  assert_non_null(strstr(found.reason, "polynomial with 6 monomials"));
  ntk_network_destroy(network);
  free(X);
}

static void test_multiples(void **state) {
  (void)state;
  static const struct {
    const char *activation;
    double c;
    const char *known;
  } cases[] = {
      {"gelu", 1.0, "rows 3 and 6"},
      {"gelu", -1.0, NULL},
      {"sigmoid", 3.0, NULL},
      {"tanh", -1.0, "row 6 of the data (from 1) is -1 times row 3"},
      {"sin", -1.0, "-1 times"},
      {"erf", -1.0, "-1 times"},
      {"tanh", 3.0, NULL},
      {"softsign", -1.0, "-1 times row 3, and F_L(-x) = -F_L(x)"},
      {"atan", -1.0, "-1 times"},
      {"gaussian", -1.0, "-1 times row 3, and F_L(-x) = F_L(x)"},
      {"gaussian", 2.0, NULL},
      {"silu", -1.0, NULL},
      {"silu", 0.0, "row 6 of the data (from 1) is 0"},
      {"selu", 3.0, NULL},
      {"leaky_relu", 3.0, "3 times row 3"},
      {"leaky_relu", -1.0, NULL},
      {"relu", 3.0, "3 times row 3"},
      {"relu", 0.25, "0.25 times row 3"},
      {"identity", -3.0, "-3 times row 3"},
      {"tanh", 0.0, "row 6 of the data (from 1) is 0"},
      {"relu", 0.0, "row 6 of the data (from 1) is 0"},
      {"sigmoid", 0.0, NULL},
      {"softplus", 0.0, NULL},
      {"relu,leaky_relu", 3.0, "3 times row 3"},
      {"relu,tanh", 3.0, NULL},
      {"tanh,relu", -1.0, NULL},
      {"identity,relu", 3.0, "3 times row 3"},
      {"identity,relu", -3.0, NULL},
      {"tanh,sin", -1.0, "-1 times row 3, and F_L(-x) = -F_L(x)"},
      {"tanh,identity", -1.0, "-1 times row 3"},
      {"tanh,identity", 3.0, NULL},
      {"gaussian,sigmoid", -1.0, "-1 times row 3, and F_L(-x) = F_L(x)"}, /* even for good */
      {"gaussian,relu", 2.0, NULL},
      {"erf,gaussian", -1.0, "F_L(-x) = F_L(x)"},
      {"relu,gaussian", -1.0, NULL},
      {"quadratic", -3.0, "-3 times row 3, and F_L(c x) is a power of c times F_L(x)"},
      {"quadratic,sigmoid", -1.0, "-1 times row 3, and F_L(-x) = F_L(x)"},
      {"quadratic,tanh", 3.0, NULL},
      {"leaky_relu(-1)", -1.0, "-1 times row 3, and F_L(-x) = F_L(x)"},
      {"leaky_relu(-1)", 3.0, "3 times row 3, and F_L(c x) = c F_L(x)"},
      {"leaky_relu(-1),leaky_relu(0.2)", -3.0, "-3 times row 3, and F_L(c x) = |c| F_L(x)"},
      {"quadratic", -1.0, "-1 times row 3, and F_L(-x) = F_L(x)"},
      {"identity", -1.0, "-1 times row 3, and F_L(c x) = c F_L(x)"},
      {"leaky_relu(1),tanh", -1.0, "-1 times row 3, and F_L(-x) = -F_L(x)"},
      {"relu,tanh", 0.0, "row 6 of the data (from 1) is 0"},
      {"tanh,sigmoid", 0.0, NULL},
      {"sigmoid,tanh", 0.0, NULL},
  };
  const size_t width[] = {8, 30, 30};
  for (size_t i = 0; i < COUNT(cases); i++) {
    double *X = make_normal(2, 8 * 8);
    for (size_t e = 0; e < 64; e++)
      X[e] = (double)(float)X[e]; /* so that 3 x is exact */
    for (size_t j = 0; j < 8; j++)
      X[5 * 8 + j] = cases[i].c * X[2 * 8 + j];
    check_case(cases[i].activation, "paper", width, X, 8, cases[i].known);
    free(X);
  }
}

/* A layer of relu that is 0 at one sample: W_1 with no negative entry, and a sample with no other.
 */
static void test_dead_sample(void **state) {
  (void)state;
  const size_t width[] = {4, 9, 9};
  const double *start[3];
  ntk_network *drawn = make_network(context, 3, width, "relu", "paper", 1);
  double *W_1 = make_normal(1, 36), *X = make_normal(2, 20);
  for (size_t e = 0; e < 36; e++)
    W_1[e] = fabs(W_1[e]);
  for (size_t dead = 0; dead <= 1; dead++) {
    for (size_t j = 0; j < 4; j++) {
      X[4 * 3 + j] = dead ? -fabs(X[4 * 3 + j]) : fabs(X[4 * 3 + j]);
      for (size_t i = 0; i < 5; i++)
        X[4 * i] = i == 3 ? X[4 * i] : 4.0 + fabs(X[4 * i]); /* the others are alive */
    }
    start[0] = W_1;
    start[1] = ntk_network_weights(drawn, 2);
    start[2] = ntk_network_weights(drawn, 3);
    const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "relu"};
    instance a = {.data = make_data(context, X, 5, 4), .N = 5};
    assert_ok(ntk_network_from_weights(context, &spec, start, NULL, &a.network));
    check_alike(&a, dead ? "K_ii = 0 of sample" : NULL);
    ntk_dataset_destroy(a.data);
    ntk_network_destroy(a.network);
  }
  ntk_network_destroy(drawn);
  free(W_1);
  free(X);
}

/* Blocks whose B is 0 (18), or whose rank is small, where K has none of it. */
static void test_blocks(void **state) {
  (void)state;
  enum { N = 12 };
  const size_t width[] = {10, 11, 12, 14};
  for (int linear = 0; linear <= 1; linear++) {
    double *X = make_normal(3, (size_t)N * 10);
    memset(X + 10, 0, 10 * sizeof *X); /* a row of F_0 = X is 0 */
    ntk_network *network =
        make_network(context, 4, width, "sigmoid", linear ? "paper" : "antisymmetric", 1);
    ntk_dataset *data = make_data(context, X, N, 10);
    ntk_spectrum_result r = {0};
    assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.per_block = true}, &r));
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    const bool zero[2][4] = {{true, true, false, true}, {true, false, false, false}};
    for (size_t k = 0; k < 4; k++) {
      assert_int_equal(r.block[k].verdict == NTK_VERDICT_RANK_DEFICIENT, zero[linear][k]);
      assert_int_equal(r.block[k].lambda_min == 0.0, zero[linear][k]);
    }
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
    free(X);
  }
}

/* Of softplus(1000) and silu(1000), which underflow to relu's 0 at -1, no K_ii is 0. */
static void test_near_relu(void **state) {
  (void)state;
  static const char *const names[] = {"relu", "softplus(1000)", "silu(1000)"};
  const size_t width[] = {2, 2};
  const double X[] = {-1.0, -1.0, 1.0, 2.0}, W_1[] = {1.0, 2.0, 1.0, 0.5}, W_2[] = {1.0, -0.5};
  for (size_t i = 0; i < COUNT(names); i++) {
    const ntk_network_spec spec = {.depth = 2, .width = width, .activation = names[i]};
    ntk_network *network = NULL;
    assert_ok(
        ntk_network_from_weights(context, &spec, (const double *[]){W_1, W_2}, NULL, &network));
    ntk_dataset *data = make_data(context, X, 2, 2);
    ntk_spectrum_result r = {0};
    assert_ok(ntk_spectrum(context, network, data, NULL, &r));
    assert_int_equal(r.verdict, i == 0 ? NTK_VERDICT_RANK_DEFICIENT : NTK_VERDICT_BELOW_RESOLUTION);
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
  }
}

int main(void) {
  context = make_context(1);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_random_multiples),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_centred_powers),
      cmocka_unit_test(test_multiples),
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_dead_sample),
      cmocka_unit_test(test_near_relu),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
