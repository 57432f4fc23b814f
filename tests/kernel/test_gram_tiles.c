/* The tile of a kernel at every SIMD level this processor has.
 * Property: (a F F^T + b) o (B B^T) is the plain sum, at sizes on both sides of a register block,
 * added or written, F's rows repeated or not. */
#include "base/simd.h"
#include "kernel/cpu/gram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support.h"

typedef void tile_fn(const ntk_tile *tile, const ntk_gram_pair *pair, bool add, double *workspace);
tile_fn ntk_gram_tile_base;
#ifdef __x86_64__
tile_fn ntk_gram_tile_avx2, ntk_gram_tile_avx512;
#endif

/* One tile at one level, up to n + m + 4 roundings in the norms; nothing else is written, neither
 * outside, nor across the diagonal, nor beyond the workspace. */
static void check_tile(tile_fn *fn, ntk_tile t, const double *F, size_t n, const double *B,
                       size_t m, bool add) {
  enum { LD_EXTRA = 3 };
  const double kept = 0.625, guard = -9.0;
  t.ld = t.rows + LD_EXTRA;
  t.out = make_array(t.ld * t.columns);
  for (size_t e = 0; e < t.ld * t.columns; e++)
    t.out[e] = kept;
  const size_t size = ntk_gram_workspace(t.columns, n + m);
  double *workspace = aligned_alloc(64, (size + 8) / 8 * 8 * sizeof *workspace);
  assert_non_null(workspace);
  workspace[(size + 8) / 8 * 8 - 1] = guard; /* at or after the end */
  const size_t repeat = 1 + (t.rows + m) % 3;
  const ntk_gram_pair pair = {
      {n, F, F, repeat}, {m, B, B, 1}, m % 2 == 0 ? 1.0 : 0.3, n % 2 == 0 ? 0.0 : 0.7};
  fn(&t, &pair, add, workspace);
  for (size_t j = 0; j < t.columns; j++)
    for (size_t i = 0; i < t.ld; i++) {
      const size_t r = t.row0 + i, c = t.column0 + j;
      const double actual = t.out[i + j * t.ld];
      if (i >= t.rows || (t.lower && r < c)) {
        assert_true(actual == kept);
        continue;
      }
      const double *f_r = F + r / repeat * n, *f_c = F + c / repeat * n;
      double value = pair.a * dot(f_r, f_c, n) + pair.b, bound = (double)(n + m + 4) * U;
      bound *= pair.a * sqrt(dot(f_r, f_r, n) * dot(f_c, f_c, n)) + pair.b;
      if (m > 0) {
        value *= dot(B + r * m, B + c * m, m);
        bound *= sqrt(dot(B + r * m, B + r * m, m) * dot(B + c * m, B + c * m, m));
      }
      value += add ? kept : 0.0; /* both sides err: 2 bounds */
      assert_near(actual, value, 2.0 * (bound + U * (fabs(value) + kept)), "tile");
    }
  assert_true(workspace[(size + 8) / 8 * 8 - 1] == guard);
  free(workspace);
  free(t.out);
}

/* Tiles of every shape and level, with sides around micro-tiles (24 x 8, 12 x 4, 4 x 4), widths
 * around multiples of the lanes (2, 4, 8), on and off the diagonal. */
static void test_tiles(void **state) {
  (void)state;
  tile_fn *levels[3] = {ntk_gram_tile_base};
  size_t count = 1;
#ifdef __x86_64__
  if (ntk_simd_best() >= NTK_SIMD_AVX2)
    levels[count++] = ntk_gram_tile_avx2;
  if (ntk_simd_best() >= NTK_SIMD_AVX512)
    levels[count++] = ntk_gram_tile_avx512;
#endif
  enum { SAMPLES = 80 };
  const size_t sides[] = {1, 3, 4, 5, 6, 7, 8, 9, 12, 13, 23, 24, 25, 49};
  const size_t widths[][2] = {{1, 1}, {15, 16}, {17, 0}, {33, 2}, {16, 31}};
  double *F = make_normal(1, SAMPLES * 40), *B = make_normal(2, SAMPLES * 40);
  for (size_t l = 0; l < count; l++)
    for (size_t r = 0; r < COUNT(sides); r++)
      for (size_t c = 0; c < COUNT(sides); c++)
        for (size_t shape = 0; shape < 2; shape++) {
          const size_t w = (r + 2 * c + shape) % COUNT(widths), offset = 5 * ((r + c) % 6);
          const ntk_tile tile = {.row0 = offset,
                                 .rows = sides[r],
                                 .column0 = 30 - offset,
                                 .columns = sides[c],
                                 .lower = shape == 1};
          check_tile(levels[l], tile, F, widths[w][0], B, widths[w][1], (r + c / 2) % 2 == 0);
        }
  free(F);
  free(B);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tiles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
