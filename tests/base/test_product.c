/* The dense product at every SIMD level this processor has.
 * Property: C = A B, C + A B, C o A B are plain sums, whatever rows, columns, inner length, order
 * of A and B, scale; nothing else is written, and equal columns of B give equal bits. */
#include "base/product/product.h"
#include "base/simd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

typedef void multiply_fn(const ntk_product *p);
typedef void pack_fn(const ntk_product_source *source, double *packed);
multiply_fn ntk_multiply_base;
pack_fn ntk_pack_base;
#ifdef __x86_64__
multiply_fn ntk_multiply_avx2, ntk_multiply_avx512;
pack_fn ntk_pack_avx2, ntk_pack_avx512;
#endif

typedef struct shape {
  size_t rows, columns, inner;
} shape;

enum { ROOM = 5 };
static const double KEPT = 0.625, GUARD = -9.0;

/* A by rows or by columns, B the same, with scales or without. */
typedef struct product {
  shape s;
  bool A_transposed, B_transposed, scaled;
  double *A, *B, *scale;
} product;

static size_t B_distance(const product *p) {
  return p->s.columns + NTK_PRODUCT_UNIT;
}

/* Entry (i, j) of A B, and the size of what it may err by. */
static double plain_sum(const product *p, size_t i, size_t j, double *size) {
  const shape *s = &p->s;
  double sum = 0.0;
  *size = 0.0;
  for (size_t k = 0; k < s->inner; k++) {
    const double a = p->A[p->A_transposed ? k * s->rows + i : i * s->inner + k];
    const double b = p->B[p->B_transposed ? j * s->inner + k : k * B_distance(p) + j];
    const double term = a * (p->scaled ? p->scale[k] : 1.0) * b;
    sum += term;
    *size += fabs(term);
  }
  *size *= (double)(s->inner + 4) * U;
  return sum;
}

/* By panels, or as it lies, with what a row has too many. */
static double *packed_B(const product *p, pack_fn *pack) {
  enum { MORE = 8 };
  const size_t count = ntk_packed_count(p->s.inner, p->s.columns);
  double *packed = aligned_alloc(64, (count + MORE) * sizeof *packed);
  assert_non_null(packed);
  for (size_t e = 0; e < count + MORE; e++)
    packed[e] = GUARD;
  pack(&(ntk_product_source){.inner = p->s.inner,
                             .columns = p->s.columns,
                             .from = p->B,
                             .row = p->B_transposed ? 1 : B_distance(p),
                             .next = p->B_transposed ? p->s.inner : 1,
                             .scale = p->scaled ? p->scale : NULL},
       packed);
  for (size_t e = count; e < count + MORE; e++)
    assert_true(packed[e] == GUARD);
  return packed;
}

static void check(multiply_fn *multiply, pack_fn *pack, shape s, unsigned kind) {
  const size_t distance = s.columns + ROOM;
  product p = {.s = s, .A_transposed = kind & 4U, .B_transposed = kind & 1U, .scaled = kind & 2U};
  p.A = make_normal(1, s.rows * s.inner + 1);
  p.B = make_normal(2, s.inner * B_distance(&p));
  p.scale = make_normal(3, s.inner + 1);
  const bool by_rows = (kind & 8U) != 0 && !p.B_transposed && !p.scaled;
  const ntk_product_mode mode = (ntk_product_mode)(kind % 3);
  double *packed = packed_B(&p, pack), *C = make_array(s.rows * distance);
  for (size_t e = 0; e < s.rows * distance; e++)
    C[e] = KEPT;
  multiply(&(ntk_product){.rows = s.rows,
                          .columns = s.columns,
                          .inner = s.inner,
                          .A = p.A,
                          .row = p.A_transposed ? 1 : s.inner,
                          .next = p.A_transposed ? s.rows : 1,
                          .B = by_rows ? p.B : packed,
                          .B_distance = by_rows ? B_distance(&p) : 0,
                          .C = C,
                          .C_distance = distance,
                          .mode = mode});
  for (size_t i = 0; i < s.rows; i++) {
    for (size_t j = 0; j < s.columns; j++) {
      double size = 0.0;
      const double sum = plain_sum(&p, i, j, &size);
      const double expected = mode == NTK_PRODUCT_SET   ? sum
                              : mode == NTK_PRODUCT_ADD ? KEPT + sum
                                                        : KEPT * sum;
      assert_near(C[i * distance + j], expected, 2.0 * (size + U * fabs(expected)), "C");
    }
    for (size_t j = s.columns; j < distance; j++)
      assert_true(C[i * distance + j] == KEPT);
  }
  double *free_these[] = {p.A, p.B, p.scale, C, packed};
  for (size_t f = 0; f < COUNT(free_these); f++)
    free(free_these[f]);
}

/* The same column everywhere gives the same bits everywhere, in panels of every width. */
static void check_equal(multiply_fn *multiply, pack_fn *pack, shape s) {
  double *A = make_normal(4, s.rows * s.inner), *b = make_normal(5, s.inner);
  double *C = make_array(s.rows * s.columns),
         *packed = make_array(ntk_packed_count(s.inner, s.columns));
  pack(
      &(ntk_product_source){.inner = s.inner, .columns = s.columns, .from = b, .row = 1, .next = 0},
      packed);
  multiply(&(ntk_product){.rows = s.rows,
                          .columns = s.columns,
                          .inner = s.inner,
                          .A = A,
                          .row = s.inner,
                          .next = 1,
                          .B = packed,
                          .C = C,
                          .C_distance = s.columns,
                          .mode = NTK_PRODUCT_SET});
  for (size_t e = 0; e < s.rows * s.columns; e++)
    assert_true(C[e] == C[e / s.columns * s.columns]);
  double *free_these[] = {A, b, C, packed};
  for (size_t f = 0; f < COUNT(free_these); f++)
    free(free_these[f]);
}

static void check_level(multiply_fn *multiply, pack_fn *pack) {
  const size_t rows[] = {1, 3, 4, 6, 12, 13, 24, 29}, inner[] = {1, 2, 7, 8, 9, 33};
  for (size_t r = 0; r < COUNT(rows); r++)
    for (size_t k = 0; k < COUNT(inner); k++)
      for (size_t columns = 1; columns <= 70; columns += columns < 18 ? 1 : 5)
        for (unsigned kind = 0; kind < 12; kind++)
          check(multiply, pack, (shape){rows[r], columns, inner[k]}, kind);
  check(multiply, pack, (shape){31, 150, 260}, 0);
  check_equal(multiply, pack, (shape){25, 59, 100});
  check_equal(multiply, pack, (shape){7, 67, 101});
}

static void test_levels(void **state) {
  (void)state;
  check_level(ntk_multiply_base, ntk_pack_base);
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    check_level(ntk_multiply_avx2, ntk_pack_avx2);
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    check_level(ntk_multiply_avx512, ntk_pack_avx512);
#endif
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
