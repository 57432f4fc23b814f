/* The gradient of some of the samples.
 * Property: that of a problem that has these samples alone, by plain loops; of all samples the bits
 * of the whole gradient; the loss alone has its bits too; bits do not depend on threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "descent_support.h"

static const struct {
  size_t L, width[6], N;
} shapes[] = {{2, {9, 128, 1}, 95},
              {3, {54, 113, 67, 1}, 1100},
              {4, {37, 50, 101, 75, 1}, 333},
              {3, {1, 127, 1, 1}, 700}};

/* Every `step`-th sample from `first` on, at most `most`; returns how many. */
static size_t choose(size_t N, size_t first, size_t step, size_t most, size_t *row) {
  size_t count = 0;
  for (size_t i = first; i < N && count < most; i += step)
    row[count++] = i;
  return count;
}

static void check_batch(const problem *p, const ntk_step_code *code, const size_t *row,
                        size_t count) {
  const size_t d = p->width[0];
  problem part = *p; /* its samples alone */
  double *X = make_array(count * d), *expected = make_array(p->P), sum = 0.0;
  part.Y = make_array(count);
  part.N = count;
  part.X = X;
  for (size_t i = 0; i < count; i++) {
    memcpy(X + i * d, p->X + row[i] * d, d * sizeof *X);
    part.Y[i] = p->Y[row[i]];
  }
  const double of_part = plain_gradient(&part, p->network->theta, 0.3, expected);
  ntk_descent *descent = make_descent_of(p, code, 1.0);
  const double tolerance = is_single(code) ? 1e-5 : 1e-13;
  for (int repeat = 0; repeat < 2; repeat++) { /* after a gradient of all, too */
    const ntk_batch batch = {.row = row, .count = count, .scale = 0.3};
    assert_ok(ntk_descent_batch(descent, &batch, &sum));
    assert_near(sum, of_part, tolerance * of_part, "sum");
    double *actual = read_slot(descent, NTK_SLOT_GRADIENT, p->P);
    assert_arrays_near(p->P, actual, expected, tolerance, "gradient");
    free(actual);
    assert_ok(ntk_descent_gradient(descent, &sum));
  }
  ntk_descent_destroy(descent);
  free(part.Y);
  free(X);
  free(expected);
}

static void test_some(void **state) {
  (void)state;
  const ntk_step_code *codes[CODES];
  const size_t codes_count = step_codes(codes), sizes[] = {1, 7, 8, 30, 250, 600};
  for (size_t s = 0; s < COUNT(shapes); s++) {
    problem p = make_problem(2, "tanh", shapes[s].L, shapes[s].width, shapes[s].N);
    size_t *row = calloc(p.N, sizeof *row);
    assert_non_null(row);
    for (size_t c = 0; c < codes_count; c++)
      for (size_t i = 0; i < COUNT(sizes); i++) {
        const size_t count = choose(p.N, i, 1 + i % 3, sizes[i], row);
        check_batch(&p, codes[c], row, count);
      }
    free(row);
    free_problem(&p);
  }
}

/* All samples in their order, and the loss alone. */
static void test_all(void **state) {
  (void)state;
  for (size_t s = 0; s < COUNT(shapes); s++)
    for (int single = 0; single < 2; single++) {
      problem p = make_problem(2, "tanh", shapes[s].L, shapes[s].width, shapes[s].N);
      size_t *row = calloc(p.N, sizeof *row);
      assert_non_null(row);
      const ntk_batch all = {.row = row, .count = choose(p.N, 0, 1, p.N, row), .scale = 0.7};
      ntk_descent *descent = make_descent(&p, (ntk_precision)single, 0.7);
      double sum[3];
      assert_ok(ntk_descent_gradient(descent, &sum[0]));
      double *whole = read_slot(descent, NTK_SLOT_GRADIENT, p.P);
      assert_ok(ntk_descent_loss(descent, &sum[1]));
      assert_ok(ntk_descent_batch(descent, &all, &sum[2]));
      double *batch = read_slot(descent, NTK_SLOT_GRADIENT, p.P);
      assert_true(sum[1] == sum[0] && sum[2] == sum[0]);
      assert_memory_equal(batch, whole, p.P * sizeof *batch);
      free(whole);
      free(batch);
      free(row);
      ntk_descent_destroy(descent);
      free_problem(&p);
    }
}

/* Several chunks of a batch. */
static void test_threads(void **state) {
  (void)state;
  const size_t width[] = {60, 80, 50, 1};
  double *gradient[3];
  size_t P = 0;
  for (int threads = 1; threads <= 3; threads++) {
    problem p = make_problem(threads, "tanh", 3, width, 2100);
    size_t *row = calloc(p.N, sizeof *row);
    assert_non_null(row);
    const ntk_batch batch = {.row = row, .count = choose(p.N, 1, 2, p.N, row), .scale = 1.0};
    ntk_descent *descent = make_descent(&p, NTK_PRECISION_DOUBLE, 1.0);
    const ntk_step *step = descent->state;
    assert_true(ntk_step_chunks(step, batch.count) > 1 &&
                ntk_step_chunks(step, batch.count) < step->chunks); /* else this tests nothing */
    double sum = 0.0;
    assert_ok(ntk_descent_batch(descent, &batch, &sum));
    gradient[threads - 1] = read_slot(descent, NTK_SLOT_GRADIENT, p.P);
    P = p.P;
    ntk_descent_destroy(descent);
    free(row);
    free_problem(&p);
  }
  assert_memory_equal(gradient[1], gradient[0], P * sizeof(double));
  assert_memory_equal(gradient[2], gradient[0], P * sizeof(double));
  for (int i = 0; i < 3; i++)
    free(gradient[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_some),
      cmocka_unit_test(test_all),
      cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
