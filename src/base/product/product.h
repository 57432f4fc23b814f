/* C = A B in double on the vectors of this processor, B packed once for many blocks of rows of A;
 * a *_real_lanes.c file may call its own level's functions (panels.h), in its own precision. */
#ifndef NTK_BASE_PRODUCT_H
#define NTK_BASE_PRODUCT_H

#include <stddef.h>

#ifdef NTK_SINGLE
typedef float ntk_product_real;
#else
typedef double ntk_product_real;
#endif

typedef enum ntk_product_mode {
  NTK_PRODUCT_SET,
  NTK_PRODUCT_ADD,  /* C += A B */
  NTK_PRODUCT_TIMES /* C = C o A B */
} ntk_product_mode;

/* C (rows x columns) by A B, entry (i, k) of A at A[i row + k next], B inner x columns. B and C lie
 * by rows of the given distance, or (0) by panels: panel after panel, each by rows; what B has
 * beyond its columns, up to the unit (panels.h), is read and of no consequence. Each entry is one
 * sum over k = 0, 1, ... from 0, whatever its place: equal columns of B give equal bits. 2 rows
 * columns inner flops. */
typedef struct ntk_product {
  size_t rows, columns, inner;
  const ntk_product_real *A;
  size_t row, next;
  const ntk_product_real *B;
  size_t B_distance;
  ntk_product_real *C;
  size_t C_distance; /* 0: columns is a multiple of the unit */
  ntk_product_mode mode;
} ntk_product;

void ntk_multiply(const ntk_product *p);

/* B that is to lie by panels: entry (k, j) is from[k row + j next], times scale[k] unless scale is
 * NULL. */
typedef struct ntk_product_source {
  size_t inner, columns;
  const ntk_product_real *from;
  size_t row, next;
  const ntk_product_real *scale;
} ntk_product_source;

void ntk_pack(const ntk_product_source *source, double *packed);

/* Numbers that it is by panels, at most, at every level. Column j begins at inner j where j is a
 * multiple of NTK_STRIP, as every panel's width divides that: strips of columns can be packed and
 * multiplied on their own. */
enum { NTK_STRIP = 128, NTK_PRODUCT_UNIT = 8 };

static inline size_t ntk_packed_count(size_t inner, size_t columns) {
  return inner * ((columns + NTK_PRODUCT_UNIT - 1) / NTK_PRODUCT_UNIT * NTK_PRODUCT_UNIT);
}

/* Every micro-tile's rows divide this. */
enum { NTK_PRODUCT_ROWS = 24 };

/* Rows of A that go together, for threads to share, from a number of columns: so many that B is
 * read from a cache of the processor's own most of the time, and more of narrow ones. */
static inline size_t ntk_product_rows(size_t columns) {
  const size_t times = 256 / columns;
  return 2 * NTK_PRODUCT_ROWS * (times < 1 ? 1 : times > 4 ? 4 : times);
}

#endif
