/* Products in double-double (base/exact/arrays.h) beside sums of integers.
 * Property: entries a + a' 2^-40, a from 2^15 to 2^16 and |a'| <= 3, have products that are whole
 * multiples of 2^-80, which 128 bits hold exactly; what is computed of their sums is within the
 * bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/exact/arrays.h"
#include "support.h"

__extension__ typedef __int128 whole;

enum { M = 7, N = 21, K = 19, ENTRIES = 500 };

typedef struct entries {
  double hi[ENTRIES], lo[ENTRIES];
  whole value[ENTRIES]; /* times 2^40 */
} entries;

static void fill(uint64_t seed, size_t count, entries *x) {
  for (size_t i = 0; i < count; i++) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    const int64_t a = (int64_t)(32768 + (seed >> 49)) * ((seed >> 20) % 2 == 0 ? 1 : -1);
    const int64_t b = (int64_t)((seed >> 30) % 7) - 3;
    x->hi[i] = (double)a;
    x->lo[i] = (double)b * 0x1p-40;
    x->value[i] = (whole)a * ((whole)1 << 40) + b;
  }
}

static ntk_exact_entries of(entries *x) {
  return (ntk_exact_entries){x->hi, x->lo};
}

/* hi + lo less value 2^-80, in units of 2^-80. */
static double off(double hi, double lo, whole value) {
  const whole d = (whole)(hi * 0x1p80) + (whole)(lo * 0x1p80) - value;
  return fabs((double)d);
}

static void test_multiply(void **state) {
  (void)state;
  static entries A, B, C;
  fill(1, (size_t)M * K, &A);
  fill(2, (size_t)K * N, &B);
  for (int way = 0; way < 4; way++) { /* A by rows or columns; C = A B or C - A B */
    fill(3, (size_t)M * N, &C);
    const bool turned = way % 2 == 1, minus = way / 2 == 1;
    whole before[M * N];
    memcpy(before, C.value, sizeof before);
    ntk_exact_multiply(&(ntk_exact_product){.m = M,
                                            .n = N,
                                            .k = K,
                                            .A = of(&A),
                                            .A_row = turned ? 1 : K,
                                            .A_next = turned ? M : 1,
                                            .B = of(&B),
                                            .B_row = N,
                                            .C = of(&C),
                                            .C_row = N,
                                            .beta = minus ? 1.0 : 0.0,
                                            .sign = minus ? -1.0 : 1.0});
    for (size_t i = 0; i < M; i++)
      for (size_t j = 0; j < N; j++) {
        whole sum = 0;
        double size = fabs((double)before[i * N + j]) * 0x1p40;
        for (size_t k = 0; k < K; k++) {
          const whole p = A.value[turned ? i + k * M : i * K + k] * B.value[k * N + j];
          sum += p;
          size += fabs((double)p);
        }
        sum = minus ? before[i * N + j] * ((whole)1 << 40) - sum : sum;
        const double wrong = off(C.hi[i * N + j], C.lo[i * N + j], sum);
        assert_near(wrong, 0.0, (K + 2) * (K + 6) * U * U * size, "an entry");
        assert_true(fabs(C.lo[i * N + j]) <= U * fabs(C.hi[i * N + j]));
      }
  }
}

/* As fill, but one double each: a + a' 2^-36. */
static void fill_doubles(uint64_t seed, size_t count, entries *x) {
  fill(seed, count, x);
  for (size_t i = 0; i < count; i++) {
    const whole a = (whole)x->hi[i], b = (whole)(x->lo[i] * 0x1p40);
    x->value[i] = a * ((whole)1 << 40) + b * 16;
    x->hi[i] += x->lo[i] * 16.0;
  }
}

/* On a grid of its own for each row, the least that may be or some times that. */
static void test_sums(void **state) {
  (void)state;
  static entries A, B, b, C;
  double grid[M], worst = 0.0;
  fill(6, (size_t)M * K, &A);
  fill_doubles(7, (size_t)K * N, &B);
  fill_doubles(8, N, &b);
  for (int way = 0; way < 2; way++) { /* without b, and with it */
    for (size_t i = 0; i < M; i++) {
      const double most = 0x1p16 + K * 0x1p32;
      grid[i] = ldexp(1.0, (int)ceil(log2(4.0 * most)) + (int)i);
    }
    ntk_exact_sum(&(ntk_exact_sums){.m = M,
                                    .n = N,
                                    .k = K,
                                    .A = of(&A),
                                    .B = B.hi,
                                    .b = way > 0 ? b.hi : NULL,
                                    .grid = grid,
                                    .C = of(&C)});
    for (size_t i = 0; i < M; i++)
      for (size_t j = 0; j < N; j++) {
        const double bound = (K + 2) * (K + 6) / 2.0 * U * U * grid[i] * 0x1p80;
        whole sum = way > 0 ? b.value[j] * ((whole)1 << 40) : 0;
        for (size_t k = 0; k < K; k++)
          sum += A.value[i * K + k] * B.value[k * N + j];
        const double wrong = off(C.hi[i * N + j], C.lo[i * N + j], sum);
        assert_near(wrong, 0.0, bound, "a sum");
        worst = fmax(worst, wrong / bound);
        assert_true(fabs(C.lo[i * N + j]) <= U * fabs(C.hi[i * N + j]));
      }
  }
  if (!(worst > 1e-4))
    fail_msg("no more than %.1e of the bound is lost", worst);
}

static void test_entries(void **state) {
  (void)state;
  static entries x, y, z, one;
  fill(4, N, &x);
  fill(5, N, &y);
  ntk_exact_times(N, of(&x), of(&y), of(&z));
  whole sum = 0;
  double size = 0.0, dot[2], root[2];
  for (size_t i = 0; i < N; i++) {
    const whole p = x.value[i] * y.value[i];
    assert_near(off(z.hi[i], z.lo[i], p), 0.0, 5.0 * U * U * fabs((double)p), "a product");
    sum += p;
    size += fabs((double)p);
  }
  ntk_exact_dot(N, of(&x), of(&y), dot);
  assert_near(off(dot[0], dot[1], sum), 0.0, 30.0 * U * U * size, "the sum");
  /* z / y is x again, and the square of x's root x. */
  for (size_t i = 0; i < N; i++) {
    const double divisor[2] = {y.hi[i], y.lo[i]}, square[2] = {fabs(x.hi[i]), x.lo[i]};
    ntk_exact_over(1, ntk_exact_at(of(&z), i), divisor, ntk_exact_at(of(&one), i));
    assert_true(one.hi[i] == x.hi[i]);
    assert_near(one.lo[i], x.lo[i], 16.0 * U * U * fabs(x.hi[i]), "a quotient");
    ntk_exact_root(square, root);
    const ntk_exact_entries r = {&root[0], &root[1]};
    ntk_exact_times(1, r, r, ntk_exact_at(of(&one), i));
    assert_true(one.hi[i] == square[0]);
    assert_near(one.lo[i], square[1], 16.0 * U * U * square[0], "a root");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_multiply),
      cmocka_unit_test(test_sums),
      cmocka_unit_test(test_entries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
