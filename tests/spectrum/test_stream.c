/* Pieces of a packed matrix against vectors, at every SIMD level this processor has and in both
 * precisions.
 * Property: exactly the plain sums on whole numbers, and solutions of triangles of whole ones;
 * nothing else is written. */
#include "matrices.h"

#include "base/simd.h"
#include "spectrum/stream.h"

typedef void rows_fn(const ntk_piece *A, size_t m, const double *X, size_t ldx, double *Y);
typedef void columns_fn(const ntk_piece *A, size_t m, const double *X, double *S);
typedef void both_fn(const ntk_piece *A, size_t m, const double *X, size_t ldx, const double *X_p,
                     double *Y, double *S);
typedef void triangle_fn(const ntk_piece *L, bool transposed, size_t m, double *Y);
#define DECLARE(level)                                                     \
  rows_fn ntk_stream_rows_##level, ntk_stream_rows_##level##_f32;          \
  columns_fn ntk_stream_columns_##level, ntk_stream_columns_##level##_f32; \
  both_fn ntk_stream_both_##level, ntk_stream_both_##level##_f32;          \
  triangle_fn ntk_stream_triangle_##level, ntk_stream_triangle_##level##_f32;
DECLARE(base)
DECLARE(avx2)
DECLARE(avx512)

typedef struct level {
  rows_fn *rows;
  columns_fn *columns;
  both_fn *both;
  triangle_fn *triangle;
} level;
#define LEVEL(name, suffix)                                                \
  {                                                                        \
    ntk_stream_rows_##name##suffix, ntk_stream_columns_##name##suffix,     \
        ntk_stream_both_##name##suffix, ntk_stream_triangle_##name##suffix \
  }

enum { MOST = 130, EXTRA = 2 };
static const double GUARD = -77.0;

/* A piece with small whole numbers, in storage of its own. */
typedef struct made {
  double wide[48 * MOST];
  float narrow[48 * MOST];
  ntk_piece piece;
  size_t P;
} made;

static double entry(size_t r, size_t j) {
  return small_integer(r, j + 3);
}

static void make_piece(made *a, ntk_precision precision, size_t columns) {
  a->P = precision == NTK_PRECISION_FLOAT ? 48 : 24;
  for (size_t j = 0; j < columns; j++)
    for (size_t r = 0; r < a->P; r++) {
      a->wide[j * a->P + r] = entry(r, j);
      a->narrow[j * a->P + r] = (float)entry(r, j);
    }
  a->piece = (ntk_piece){
      precision, precision == NTK_PRECISION_FLOAT ? (void *)a->narrow : (void *)a->wide, columns};
}

static void check_rows(const level *fn, const made *a, size_t m) {
  const size_t ldx = MOST + 1;
  double X[5 * (MOST + 1)], Y[48 * 4 + EXTRA];
  for (size_t i = 0; i < COUNT(X); i++)
    X[i] = small_integer(i, 1);
  for (size_t i = 0; i < COUNT(Y); i++)
    Y[i] = i < a->P * m ? (double)(i % 31) : GUARD;
  fn->rows(&a->piece, m, X, ldx, Y);
  for (size_t i = 0; i < COUNT(Y); i++) {
    double expected = i < a->P * m ? (double)(i % 31) : GUARD;
    for (size_t j = 0; j < a->piece.columns && i < a->P * m; j++)
      expected -= entry(i % a->P, j) * X[j + i / a->P * ldx];
    assert_true(Y[i] == expected);
  }
}

static void check_columns(const level *fn, const made *a, size_t m) {
  const size_t columns = a->piece.columns, ldy = MOST + 3;
  double X[48 * 4], *S = make_array((size_t)MOST * 4 * NTK_PIECE_LANES), Y[4 * (MOST + 3)];
  for (size_t i = 0; i < COUNT(X); i++)
    X[i] = small_integer(i, 2);
  for (size_t i = 0; i < COUNT(Y); i++)
    Y[i] = (double)(i % 29);
  fn->columns(&a->piece, m, X, S);
  fn->columns(&a->piece, m, X, S); /* sums go on */
  for (size_t i = columns * m * NTK_PIECE_LANES; i < (size_t)MOST * 4 * NTK_PIECE_LANES; i++)
    assert_true(S[i] == 0.0);
  ntk_stream_reduce(columns, m, S, Y, ldy);
  for (size_t i = 0; i < COUNT(Y); i++) {
    double expected = (double)(i % 29);
    for (size_t r = 0; r < a->P && i % ldy < columns && i / ldy < m; r++)
      expected -= 2.0 * entry(r, i % ldy) * X[i / ldy * a->P + r];
    assert_true(Y[i] == expected);
  }
  free(S);
}

/* Both at once are the two, bit by bit. */
static void check_both(const level *fn, const made *a, size_t m) {
  const size_t ldx = MOST + 1, sums = (size_t)MOST * 4 * NTK_PIECE_LANES;
  double X[5 * (MOST + 1)], X_p[48 * 4], Y[2][48 * 4] = {{0}}, *S = make_array(2 * sums);
  for (size_t i = 0; i < COUNT(X); i++)
    X[i] = 1.0 / (double)(i + 1);
  for (size_t i = 0; i < COUNT(X_p); i++)
    X_p[i] = 1.0 / (double)(i + 2);
  fn->rows(&a->piece, m, X, ldx, Y[0]);
  fn->columns(&a->piece, m, X_p, S);
  fn->both(&a->piece, m, X, ldx, X_p, Y[1], S + sums);
  assert_memory_equal(Y[0], Y[1], sizeof Y[0]);
  assert_memory_equal(S, S + sums, sums * sizeof *S);
  free(S);
}

/* T y = b, T^T y = b for whole y and a diagonal of powers of two. */
static void check_triangle(const level *fn, made *a, size_t m, bool transposed) {
  const size_t P = a->P, rows = a->piece.columns;
  for (size_t j = 0; j < rows; j++) {
    a->wide[j * P + j] = j % 2 ? 4.0 : 0.5;
    a->narrow[j * P + j] = j % 2 ? 4.0F : 0.5F;
    memset(a->wide + j * P, 0, j * sizeof *a->wide); /* storage has 0 above the diagonal */
    memset(a->narrow + j * P, 0, j * sizeof *a->narrow);
  }
  double y[48 * 4], b[48 * 4];
  for (size_t i = 0; i < P * m; i++) {
    y[i] = small_integer(i, 4);
    b[i] = i % P < rows ? 0.0 : GUARD;
  }
  for (size_t c = 0; c < m; c++)
    for (size_t j = 0; j < rows; j++)
      for (size_t i = j; i < rows; i++)
        b[c * P + (transposed ? j : i)] += a->wide[j * P + i] * y[c * P + (transposed ? i : j)];
  fn->triangle(&a->piece, transposed, m, b);
  for (size_t i = 0; i < P * m; i++)
    assert_true(i % P >= rows || b[i] == y[i]);
}

static void test_pieces(void **state) {
  (void)state;
  static const level levels[][2] = {
      {{ntk_stream_rows, ntk_stream_columns, ntk_stream_both, ntk_stream_triangle},
       {ntk_stream_rows, ntk_stream_columns, ntk_stream_both, ntk_stream_triangle}},
      {LEVEL(base, ), LEVEL(base, _f32)},
#ifdef __x86_64__
      {LEVEL(avx2, ), LEVEL(avx2, _f32)},
      {LEVEL(avx512, ), LEVEL(avx512, _f32)},
#endif
  };
  const size_t columns[] = {0, 1, 2, 3, 5, 23, 24, 63, 64, 65, 129};
  static made a;
  for (size_t l = 0; l < 2 + (size_t)ntk_simd_best(); l++)
    for (size_t single = 0; single < 2; single++)
      for (size_t j = 0; j < COUNT(columns); j++)
        for (size_t m = 1; m <= NTK_PACKED_VECTORS; m++) {
          make_piece(&a, single ? NTK_PRECISION_FLOAT : NTK_PRECISION_DOUBLE, columns[j]);
          check_rows(&levels[l][single], &a, m);
          check_columns(&levels[l][single], &a, m);
          check_both(&levels[l][single], &a, m);
          if (columns[j] <= a.P) {
            check_triangle(&levels[l][single], &a, m, false);
            check_triangle(&levels[l][single], &a, m, true);
          }
        }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
