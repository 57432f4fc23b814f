/* The loss that no weights get below, of samples that are one to the network.
 * Property: with F(x_k) = s_k F(x) whatever the weights it is the half-sum, or mean, of what least
 * squares of the labels on s leave, sum y^2 - (sum s y)^2 / sum s^2 of each such family; it is 0
 * where labels follow, and where biases or another activation keep samples apart; the answer is no
 * with the cause, and a trained network's loss stays above it. */
#include "one_context.h"
#include "train_support.h"

enum { N = 9, D = 4 };
static const size_t width[] = {D, 12, 9};

/* The rows of which rows 3, 5 and 8 are these multiples of row 1, and with what factor of F. */
typedef struct family {
  const char *activation;
  bool bias;
  double c[3], s[3]; /* s: 0: it is apart */
  const char *words;
} family;

static const family families[] = {
    {"tanh", false, {-1.0, -1.0, 1.0}, {-1.0, -1.0, 1.0}, "F_L(-x) = -F_L(x)"},
    {"tanh", false, {-1.0, 2.0, 0.5}, {-1.0, 0.0, 0.0}, "is -1 times row 2, F_L(-x) = -F_L(x)"},
    {"relu", false, {2.0, 0.5, -1.0}, {2.0, 0.5, 0.0}, "F_L(c x) = c F_L(x)"},
    {"identity", false, {-2.0, 0.5, 4.0}, {-2.0, 0.5, 4.0}, "F_L(c x) = c F_L(x)"},
    {"leaky_relu(-1)", false, {-2.0, 0.5, 4.0}, {2.0, 0.5, 4.0}, "F_L(c x) = "},
    {"square", false, {2.0, 0.5, 1.0}, {16.0, 0.0625, 1.0}, "a power of c"},
    {"relu", false, {1.0, 1.0, 1.0}, {1.0, 1.0, 1.0}, "equal samples have different labels"},
    {"tanh", true, {-1.0, 2.0, 0.25}, {0.0, 0.0, 0.0}, NULL},
    {"tanh", true, {1.0, -1.0, -2.0}, {1.0, 0.0, 0.0}, "equal samples have different labels"},
    {"relu", true, {2.0, 0.5, 4.0}, {0.0, 0.0, 0.0}, NULL},
    {"gelu", false, {-1.0, 2.0, -2.0}, {0.0, 0.0, 0.0}, NULL},
};
static const size_t member[] = {3, 5, 8};

static void put_rows(fit_problem *p, const double *X) {
  ntk_dataset_destroy(p->data);
  assert_ok(ntk_dataset_from_array(one, X, N, D, &p->data));
}

static fit_problem make(const family *f, size_t outputs) {
  static const bool biased[] = {true, true, true};
  const ntk_network_spec spec = {.depth = 3,
                                 .width = width,
                                 .outputs = outputs,
                                 .activation = f->activation,
                                 .bias = f->bias ? biased : NULL,
                                 .bias_deviation = f->bias ? 0.1 : 0.0,
                                 .seed = 5};
  fit_problem p = fit_create(one, spec, N);
  double *X = make_array(N * D);
  memcpy(X, ntk_dataset_values(p.data), N * D * sizeof *X);
  for (size_t m = 0; m < COUNT(member); m++)
    for (size_t j = 0; j < D; j++)
      X[member[m] * D + j] = f->c[m] * X[D + j];
  put_rows(&p, X);
  free(X);
  return p;
}

/* Of one output, whose labels are n apart. */
static double left(const family *f, const double *Y, size_t n) {
  double yy = Y[n] * Y[n], sy = Y[n], ss = 1.0;
  for (size_t m = 0; m < COUNT(member); m++)
    if (f->s[m] != 0.0) {
      const double y = Y[member[m] * n];
      yy += y * y;
      sy += f->s[m] * y;
      ss += f->s[m] * f->s[m];
    }
  return yy - sy * sy / ss;
}

static void test_families(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(families); i++)
    for (int mean = 0; mean < 2; mean++) {
      const family *f = &families[i];
      fit_problem p = make(f, 1);
      ntk_train_options options = {.question = true, .loss = mean ? "mean" : "half-sum"};
      const double floor = left(f, p.Y, 1) * (mean ? 1.0 / N : 0.5);
      ntk_train_result r = fit_run(&p, options);
      assert_near(r.answer.floor, floor, 1e-12 * (1.0 + floor), "floor");
      assert_int_equal(r.answer.answer == NTK_ANSWER_NO, f->words != NULL);
      if (f->words != NULL)
        assert_non_null(strstr(r.answer.reason, f->words));
      else
        assert_true(r.answer.floor == 0.0);
      ntk_train_clear(&r);
      for (size_t m = 0; m < COUNT(member); m++)
        if (f->s[m] != 0.0)
          p.Y[member[m]] = f->s[m] * p.Y[1];
      r = fit_run(&p, options);
      assert_true(r.answer.floor == 0.0);
      assert_int_not_equal(r.answer.answer, NTK_ANSWER_NO);
      ntk_train_clear(&r);
      fit_destroy(&p);
    }
}

/* 3 x is rounded, and so is c; labels that follow to rounding are no obstacle to any target. */
static void test_rounded(void **state) {
  (void)state;
  const family f = {"relu", false, {0.0}, {0.0}, NULL};
  fit_problem p = make(&f, 1);
  double X[N * D];
  memcpy(X, ntk_dataset_values(p.data), sizeof X);
  for (size_t j = 0; j < D; j++) {
    X[D + j] = 3.0 * (double)(j + 1);
    X[3 * D + j] = (double)(j + 1);
    X[5 * D + j] = 7.0 * (double)(j + 1);
  }
  X[8 * D] = 1.0;
  put_rows(&p, X);
  p.Y[8] = 0.0;
  p.Y[1] = 0.7;
  p.Y[3] = 0.7 / 3.0;
  p.Y[5] = 0.7 / 3.0 * 7.0;
  ntk_train_result r = fit_run(&p, (ntk_train_options){.question = true, .target = 1e-60});
  assert_true(r.answer.floor == 0.0);
  ntk_train_clear(&r);
  p.Y[3] = 2.0;
  p.Y[5] = 14.0;
  r = fit_run(&p, (ntk_train_options){.question = true});
  const double s = 1.0 / 3.0, t = 7.0 / 3.0;
  const double sy = 0.7 + 2.0 * s + 14.0 * t, ss = 1.0 + s * s + t * t;
  assert_near(r.answer.floor, 0.5 * (0.49 + 4.0 + 196.0 - sy * sy / ss), 1e-10, "floor");
  ntk_train_clear(&r);
  fit_destroy(&p);
}

/* At x = 0 a network without biases is 0, where phi(0) is. */
static void test_zero(void **state) {
  (void)state;
  const char *names[] = {"tanh", "relu", "softplus"};
  for (size_t i = 0; i < COUNT(names); i++) {
    const family f = {names[i], false, {0.0, 3.0, 5.0}, {0.0}, NULL};
    fit_problem p = make(&f, 1);
    double X[N * D];
    memcpy(X, ntk_dataset_values(p.data), sizeof X);
    X[5 * D] += 1.0; /* no multiples, but the row of zeros */
    X[8 * D] -= 1.0;
    put_rows(&p, X);
    ntk_train_result r = fit_run(&p, (ntk_train_options){.question = true});
    const double floor = i < 2 ? 0.5 * p.Y[3] * p.Y[3] : 0.0;
    assert_near(r.answer.floor, floor, 1e-15, "floor");
    assert_int_equal(strstr(r.answer.reason, "row 4 of the data (from 1) is 0") != NULL, i < 2);
    ntk_train_clear(&r);
    fit_destroy(&p);
  }
}

/* Two outputs add up; and no training gets below. */
static void test_outputs(void **state) {
  (void)state;
  const family *f = &families[0];
  fit_problem p = make(f, 2);
  free(p.Y);
  p.Y = make_normal(77, (size_t)2 * N);
  const double floor = 0.5 * (left(f, p.Y, 2) + left(f, p.Y + 1, 2));
  ntk_train_result r = fit_run(
      &p, (ntk_train_options){.question = true, .optimizer = "adam", .lr = 0.02, .epochs = 1500});
  assert_near(r.answer.floor, floor, 1e-12 * floor, "floor");
  assert_int_equal(r.answer.answer, NTK_ANSWER_NO);
  assert_true(r.loss_final >= floor * (1.0 - 1e-12) && r.loss_final < 1.3 * floor);
  ntk_train_clear(&r);
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_families),
      cmocka_unit_test(test_rounded),
      cmocka_unit_test(test_zero),
      cmocka_unit_test(test_outputs),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
