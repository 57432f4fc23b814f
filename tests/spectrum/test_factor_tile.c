/* Tiles of the Cholesky factorisation at every SIMD level this processor has, in both precisions.
 * Property: exactly L from L L^T where every number on the way is a whole multiple, and 0 beside
 * it, whatever the tiles' sides, also where what is small is the difference of large numbers; a
 * pivot that is not positive is told by its row. */
#include "matrices.h"

#include "base/simd.h"
#include "spectrum/packed/factor_tile.h"

typedef void update_fn(const ntk_factor_tile *t, size_t k, size_t k_end);
typedef size_t finish_fn(const ntk_factor_tile *t);
#define DECLARE(level)                                                  \
  update_fn ntk_factor_update_##level, ntk_factor_update_##level##_f32; \
  finish_fn ntk_factor_finish_##level, ntk_factor_finish_##level##_f32;
DECLARE(base)
DECLARE(avx2)
DECLARE(avx512)

typedef struct level {
  update_fn *update;
  finish_fn *finish;
} level;
#define LEVEL(name, suffix) \
  { ntk_factor_update_##name##suffix, ntk_factor_finish_##name##suffix }

static ntk_context *context;

/* Tile by tile, of `side` panels; 0, or what the tile that broke down told. */
static size_t factor(const level *fn, const ntk_packed *A, size_t side) {
  const size_t P = ntk_panel_rows(A->precision), panels = (A->n + P - 1) / P;
  for (size_t J = 0; J < panels; J += side)
    for (size_t I = J; I < panels; I += side) {
      const ntk_factor_tile t = {A, I, I + side < panels ? I + side : panels, J,
                                 J + side < panels ? J + side : panels};
      for (size_t K = 0; K < J; K += side)
        fn->update(&t, K, K + side);
      const size_t broken = fn->finish(&t);
      if (broken != 0)
        return broken;
    }
  return 0;
}

/* Whole eighths with a diagonal of powers of two: see test_packed.c. With something in common to
 * all rows, 2^20 in each entry of L L^T: columns after the first by eights that are equal below
 * their own rows, so that these entries are whole eighths, which is what single precision can hold
 * there, but sums of less than eight products are not. */
static double entry(size_t i, size_t j, bool common) {
  if (!common)
    return i == j ? (i % 3 ? 4.0 : 0.5) : small_integer(i, j) / 8.0;
  if (j == 0)
    return 1024.0;
  return i == j ? 4.0 : (i - 1) / 8 == (j - 1) / 8 ? 0.0 : small_integer(i, (j - 1) / 8) / 8.0;
}

static void check_factor(const level *fn, ntk_precision precision, size_t n, size_t side,
                         bool common) {
  double *L = make_array(n * n), *A = make_array(n * n);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      L[i * n + j] = entry(i, j, common);
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j <= i; j++)
      for (size_t k = 0; k <= j; k++)
        A[i * n + j] += L[i * n + k] * L[j * n + k];
  ntk_packed packed = packed_in(precision, context, n, A);
  assert_int_equal(factor(fn, &packed, side), 0);
  const size_t P = ntk_panel_rows(precision), rows = (n + P - 1) / P * P;
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < (i / P + 1) * P; j++) /* all that is stored */
      assert_true(ntk_packed_get(&packed, i, j) == (j <= i && i < n ? L[i * n + j] : 0.0));
  ntk_packed_destroy(&packed);
  free(A);
  free(L);
}

static void check_breakdown(const level *fn, ntk_precision precision, size_t n, size_t row) {
  static const double bad[] = {0.0, -1.0, NAN, INFINITY};
  for (size_t b = 0; b < COUNT(bad); b++) {
    ntk_packed A;
    assert_ok(ntk_packed_create(context, n, precision, NULL, &A));
    for (size_t i = 0; i < n; i++)
      for (size_t j = 0; j <= i; j++)
        ntk_packed_set(&A, i, j, i > j ? 0.0 : i == row ? bad[b] : 2.0);
    assert_int_equal(factor(fn, &A, 1), row + 1);
    ntk_packed_destroy(&A);
  }
}

static void test_levels(void **state) {
  (void)state;
  static const level levels[][2] = {
      {{ntk_factor_update, ntk_factor_finish}, {ntk_factor_update, ntk_factor_finish}},
      {LEVEL(base, ), LEVEL(base, _f32)},
#ifdef __x86_64__
      {LEVEL(avx2, ), LEVEL(avx2, _f32)},
      {LEVEL(avx512, ), LEVEL(avx512, _f32)},
#endif
  };
  const size_t orders[] = {1, 2, 7, 8, 9, 23, 24, 25, 47, 48, 49, 73, 97, 150};
  for (size_t l = 0; l < 2 + (size_t)ntk_simd_best(); l++)
    for (size_t single = 0; single < 2; single++) {
      const ntk_precision precision = single ? NTK_PRECISION_FLOAT : NTK_PRECISION_DOUBLE;
      for (size_t o = 0; o < COUNT(orders); o++)
        for (size_t side = 1; side <= 3; side++)
          for (int common = 0; common < 2; common++)
            check_factor(&levels[l][single], precision, orders[o], side, common);
      for (size_t row = 0; row < 60; row++)
        check_breakdown(&levels[l][single], precision, 60, row);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels)};
  context = make_context(1);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  ntk_context_destroy(context);
  return failed;
}
