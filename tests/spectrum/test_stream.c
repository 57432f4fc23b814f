/* Blocks of a packed matrix against vectors, at every SIMD level this processor has and in both
 * precisions.
 * Property: exactly the plain sums on whole numbers, and solutions of triangles of whole ones;
 * nothing else is written. */
#include "matrices.h"

#include "base/simd.h"
#include "spectrum/packed/stream.h"

typedef void stream_fn(const ntk_block *A, const ntk_meeting *with);
typedef void triangle_fn(const ntk_block *L, bool transposed, size_t m, double *Y);
#define DECLARE(level)                                                \
  stream_fn ntk_stream_block_##level, ntk_stream_block_##level##_f32; \
  triangle_fn ntk_stream_triangle_##level, ntk_stream_triangle_##level##_f32;
DECLARE(base)
DECLARE(avx2)
DECLARE(avx512)

typedef struct level {
  stream_fn *stream;
  triangle_fn *triangle;
} level;
#define LEVEL(name, suffix) \
  { ntk_stream_block_##name##suffix, ntk_stream_triangle_##name##suffix }

enum { MOST = 130, READ = 136, EXTRA = 2, LD = MOST + 1, PANELS = 3 };
static const double GUARD = -77.0;

/* A block of up to three panels with small whole numbers, in storage of its own. */
typedef struct made {
  double wide[PANELS][48 * READ];
  float narrow[PANELS][48 * READ];
  ntk_block block;
  size_t P, rows; /* of a panel; of all */
} made;

static double entry(size_t i, size_t j) {
  return small_integer(i, j + 3);
}

static void make_block(made *a, ntk_precision precision, size_t panels, size_t columns) {
  const bool single = precision == NTK_PRECISION_FLOAT;
  a->P = single ? 48 : 24;
  a->rows = panels * a->P;
  a->block = (ntk_block){.precision = precision, .panels = panels, .columns = columns};
  a->block.next = single ? (void *)a->narrow : (void *)a->wide;
  for (size_t p = 0; p < panels; p++) {
    a->block.entries[p] = single ? (void *)a->narrow[p] : (void *)a->wide[p];
    for (size_t j = 0; j < columns; j++)
      for (size_t r = 0; r < a->P; r++) {
        a->wide[p][j * a->P + r] = entry(p * a->P + r, j);
        a->narrow[p][j * a->P + r] = (float)entry(p * a->P + r, j);
      }
  }
}

/* Where row i of vector c is. */
static size_t at(const made *a, size_t m, size_t i, size_t c) {
  return (i / a->P * m + c) * a->P + i % a->P;
}

typedef struct vectors {
  double X[4 * LD + EXTRA], U[4 * LD + EXTRA];
  double Z[PANELS * 48 * 4], Y[PANELS * 48 * 4 + EXTRA];
} vectors;

static void make_vectors(vectors *v) {
  for (size_t i = 0; i < COUNT(v->X); i++) {
    v->X[i] = small_integer(i, 1);
    v->U[i] = (double)(i % 29);
  }
  for (size_t i = 0; i < COUNT(v->Z); i++)
    v->Z[i] = small_integer(i, 2);
  for (size_t i = 0; i < COUNT(v->Y); i++)
    v->Y[i] = (double)(i % 31);
}

/* Y - A X and U - A^T Z, and beside them what was there. */
static void expect(const made *a, size_t m, bool along, bool across, vectors *v) {
  for (size_t c = 0; c < m; c++)
    for (size_t i = 0; i < a->rows; i++)
      for (size_t j = 0; j < a->block.columns; j++) {
        if (along)
          v->Y[at(a, m, i, c)] -= entry(i, j) * v->X[j + c * LD];
        if (across)
          v->U[j + c * LD] -= entry(i, j) * v->Z[at(a, m, i, c)];
      }
}

/* Along, across, and both at once. */
static void check_block(const level *fn, const made *a, size_t m) {
  static vectors expected, v;
  for (int way = 1; way <= 3; way++) {
    make_vectors(&expected);
    make_vectors(&v);
    expect(a, m, way & 1, way & 2, &expected);
    fn->stream(&a->block,
               &(ntk_meeting){m, LD, v.X, v.Z, way & 1 ? v.Y : NULL, way & 2 ? v.U : NULL});
    assert_memory_equal(&v, &expected, sizeof v);
  }
}

/* T y = b, T^T y = b for whole y and a diagonal of powers of two. */
static void check_triangle(const level *fn, made *a, size_t m, bool transposed) {
  const size_t P = a->P, rows = a->block.columns;
  for (size_t j = 0; j < rows; j++) {
    a->wide[0][j * P + j] = j % 2 ? 4.0 : 0.5;
    a->narrow[0][j * P + j] = j % 2 ? 4.0F : 0.5F;
    memset(a->wide[0] + j * P, 0, j * sizeof(double)); /* storage has 0 above the diagonal */
    memset(a->narrow[0] + j * P, 0, j * sizeof(float));
  }
  double y[48 * 4], b[48 * 4];
  for (size_t i = 0; i < P * m; i++) {
    y[i] = small_integer(i, 4);
    b[i] = i % P < rows ? 0.0 : GUARD;
  }
  for (size_t c = 0; c < m; c++)
    for (size_t j = 0; j < rows; j++)
      for (size_t i = j; i < rows; i++)
        b[c * P + (transposed ? j : i)] += a->wide[0][j * P + i] * y[c * P + (transposed ? i : j)];
  fn->triangle(&a->block, transposed, m, b);
  for (size_t i = 0; i < P * m; i++)
    assert_true(i % P >= rows || b[i] == y[i]);
}

static void test_blocks(void **state) {
  (void)state;
  static const level levels[][2] = {
      {{ntk_stream_block, ntk_stream_triangle}, {ntk_stream_block, ntk_stream_triangle}},
      {LEVEL(base, ), LEVEL(base, _f32)},
#ifdef __x86_64__
      {LEVEL(avx2, ), LEVEL(avx2, _f32)},
      {LEVEL(avx512, ), LEVEL(avx512, _f32)},
#endif
  };
  const size_t columns[] = {0, 1, 2, 3, 5, 23, 24, 31, 32, 33, 64, 129};
  static made a;
  for (size_t l = 0; l < 2 + (size_t)ntk_simd_best(); l++)
    for (size_t k = 0; k < 2 * COUNT(columns) * NTK_PACKED_VECTORS * PANELS; k++) {
      const size_t single = k % 2, j = k / 2 % COUNT(columns), rest = k / 2 / COUNT(columns);
      const size_t m = 1 + rest % NTK_PACKED_VECTORS, panels = 1 + rest / NTK_PACKED_VECTORS;
      make_block(&a, single ? NTK_PRECISION_FLOAT : NTK_PRECISION_DOUBLE, panels, columns[j]);
      check_block(&levels[l][single], &a, m);
      for (int transposed = 0; transposed < 2 && panels == 1 && columns[j] <= a.P; transposed++)
        check_triangle(&levels[l][single], &a, m, transposed);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
