#include "base/exact/arrays.h"

#include "base/simd.h"

typedef void multiply_fn(const ntk_exact_product *p);
typedef void sum_fn(const ntk_exact_sums *p);
typedef void entries_fn(size_t n, ntk_exact_entries x, ntk_exact_entries y, ntk_exact_entries z);
typedef void over_fn(size_t n, ntk_exact_entries x, const double y[2], ntk_exact_entries z);
typedef void dot_fn(size_t n, ntk_exact_entries x, ntk_exact_entries y, double sum[2]);
typedef void root_fn(const double x[2], double root[2]);
extern NTK_LANES_DECLARE(multiply_fn, ntk_exact_multiply);
extern NTK_LANES_DECLARE(sum_fn, ntk_exact_sum);
extern NTK_LANES_DECLARE(entries_fn, ntk_exact_times);
extern NTK_LANES_DECLARE(over_fn, ntk_exact_over);
extern NTK_LANES_DECLARE(dot_fn, ntk_exact_dot);
extern NTK_LANES_DECLARE(root_fn, ntk_exact_root);

void ntk_exact_multiply(const ntk_exact_product *p) {
  NTK_LANES_BEST(ntk_exact_multiply)(p);
}

void ntk_exact_sum(const ntk_exact_sums *p) {
  NTK_LANES_BEST(ntk_exact_sum)(p);
}

void ntk_exact_add(ntk_exact_entries x, ntk_exact_entries y, double sign, ntk_exact_entries sum) {
  double one = 1.0;
  const ntk_exact_entries unit = {&one, NULL};
  ntk_exact_multiply(&(ntk_exact_product){.m = 1,
                                          .n = 1,
                                          .k = 1,
                                          .A = x.hi != NULL ? x : unit,
                                          .B = y.hi != NULL ? y : unit,
                                          .C = sum,
                                          .beta = 1.0,
                                          .sign = sign});
}

void ntk_exact_times(size_t n, ntk_exact_entries x, ntk_exact_entries y, ntk_exact_entries z) {
  NTK_LANES_BEST(ntk_exact_times)(n, x, y, z);
}

void ntk_exact_over(size_t n, ntk_exact_entries x, const double y[2], ntk_exact_entries z) {
  NTK_LANES_BEST(ntk_exact_over)(n, x, y, z);
}

void ntk_exact_dot(size_t n, ntk_exact_entries x, ntk_exact_entries y, double sum[2]) {
  NTK_LANES_BEST(ntk_exact_dot)(n, x, y, sum);
}

void ntk_exact_root(const double x[2], double root[2]) {
  NTK_LANES_BEST(ntk_exact_root)(x, root);
}

void ntk_exact_normalise(size_t n, ntk_exact_entries x) {
  double square[2], root[2];
  ntk_exact_dot(n, x, x, square);
  ntk_exact_root(square, root);
  ntk_exact_over(n, x, root, x);
}
