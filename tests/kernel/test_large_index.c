/* BLAS and LAPACK calls whose arrays pass 2^31 elements.
 * Property: the leading dimension 2^23 + 1 gives the bits that the leading dimension of a small
 * array gives. Only the pages that are touched take memory: 512 columns lie 64 MiB apart. */
#include "matrices.h"

#include "base/blas.h"

#include <sys/mman.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20 /* Linux; hidden by _POSIX_C_SOURCE */
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0x4000
#endif

enum { N = 512 };                                /* enough for every routine to use threads */
static const size_t FAR = ((size_t)1 << 23) + 1; /* column 256 starts past element 2^31 */

/* A large and a small array of N columns that hold the same N x N matrix. */
typedef struct twin {
  double *far, *near; /* leading dimensions FAR and N */
} twin;

static size_t far_bytes(void) {
  return FAR * N * sizeof(double);
}

static double *map_far(void) {
  void *region = mmap(NULL, far_bytes(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return region == MAP_FAILED ? NULL : region;
}

/* A twin with the entries of s_i s_j + [i = j] c and a little that is not symmetric; each triangle
 * is that of a positive definite matrix for c > 1: 0.001 |s_i| sums to less than 1 over a row. */
static twin twin_create(uint64_t seed, double c) {
  const twin t = {.far = map_far(), .near = make_array(N * N)};
  assert_non_null(t.far);
  double s[N];
  for (size_t i = 0; i < N; i++)
    s[i] = next_uniform(&seed);
  for (size_t j = 0; j < N; j++)
    for (size_t i = 0; i < N; i++)
      t.far[i + j * FAR] = t.near[i + j * N] = s[i] * s[j] + (i == j ? c : 0.001 * s[i]);
  return t;
}

/* The two still hold the same bits, all of them finite. */
static void twin_check(const twin *t) {
  for (size_t i = 0; i < N * N; i++)
    assert_true(isfinite(t->near[i]));
  for (size_t j = 0; j < N; j++)
    assert_memory_equal(t->far + j * FAR, t->near + j * N, N * sizeof(double));
}

static void twin_destroy(twin *t) {
  munmap(t->far, far_bytes());
  free(t->near);
}

static twin A, B, C;

static int setup(void **state) {
  (void)state;
  A = twin_create(1, 3.0);
  B = twin_create(2, 5.0);
  C = twin_create(3, 4.0);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  twin_destroy(&A);
  twin_destroy(&B);
  twin_destroy(&C);
  return 0;
}

/* Products, all four transpositions; with two threads as well: each divides the columns. */
static void test_dgemm(void **state) {
  (void)state;
  for (int threads = 1; threads <= 2; threads++) {
    const int previous = ntk_blas_enter(threads);
    for (int kind = 0; kind < 4; kind++) {
      const char ta = kind & 1 ? 'T' : 'N', tb = kind & 2 ? 'T' : 'N';
      ntk_dgemm(ta, tb, N, N, N, 0.5, A.far, FAR, B.far, FAR, 0.25, C.far, FAR);
      ntk_dgemm(ta, tb, N, N, N, 0.5, A.near, N, B.near, N, 0.25, C.near, N);
      twin_check(&C);
    }
    ntk_blas_leave(previous);
  }
}

/* A x and A^T x. */
static void test_vector_products(void **state) {
  (void)state;
  double x[N], far[N], near[N];
  uint64_t seed = 7;
  for (size_t i = 0; i < N; i++)
    x[i] = next_uniform(&seed);
  for (int threads = 1; threads <= 2; threads++) {
    const int previous = ntk_blas_enter(threads);
    for (int kind = 0; kind < 2; kind++) {
      ntk_dgemv(kind ? 'T' : 'N', N, N, 2.0, A.far, FAR, x, 0.0, far);
      ntk_dgemv(kind ? 'T' : 'N', N, N, 2.0, A.near, N, x, 0.0, near);
      assert_memory_equal(far, near, sizeof far);
    }
    ntk_blas_leave(previous);
  }
}

int main(void) {
  double *probe[3] = {map_far(), map_far(), map_far()};
  const bool granted = probe[0] != NULL && probe[1] != NULL && probe[2] != NULL;
  for (int i = 0; i < 3; i++)
    if (probe[i] != NULL)
      munmap(probe[i], far_bytes());
  if (!granted) {
    puts("skipped: this system does not grant 3 x 32 GiB of address space");
    return 0;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dgemm),
      cmocka_unit_test(test_vector_products),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
