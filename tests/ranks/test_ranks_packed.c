/* A packed matrix that is spread over ranks against the same one in one process.
 * Property: entries, rows, diagonal, its sums and the factor have the same bits on any number of
 * ranks; the norm, products, and solutions differ by roundings; a pivot that fails, a wish to stop
 * and want of memory are those of all. */
#include "packed_pair.h"

static const ntk_precision precisions[] = {NTK_PRECISION_DOUBLE, NTK_PRECISION_FLOAT};
static const size_t orders[] = {1, 30, 48, 49, 100, 241, 500, 700};

/* Bits: with zeros of both signs. */
static void check_content(ntk_share share, ntk_precision precision) {
  const size_t n = share.N;
  packed_pair p = make_pair(share, precision, any_entry);
  double *a = make_array(n), *b = make_array(n);
  for (size_t i = 0; i < n; i += 1 + n / 20) {
    ntk_packed_row(&p.whole, i, a);
    ntk_packed_row(&p.spread, i, b);
    assert_memory_equal(a, b, n * sizeof *a);
  }
  const size_t first = n / 3;
  assert_int_equal(ntk_packed_diagonal(&p.whole, first, n, a), n - first);
  assert_int_equal(ntk_packed_diagonal(&p.spread, first, n, b), n - first);
  assert_memory_equal(a, b, (n - first) * sizeof *a);
  for (size_t i = first; i < n; i++)
    assert_true(a[i - first] == ntk_packed_get(&p.whole, i, i));
  assert_true(ntk_packed_trace(&p.spread) == ntk_packed_trace(&p.whole));
  assert_true(ntk_packed_diagonal_min(&p.spread) == ntk_packed_diagonal_min(&p.whole));
  const double norm = ntk_packed_frobenius(&p.spread), alone = ntk_packed_frobenius(&p.whole);
  assert_near(norm, alone, (double)(13 * n + 40) * DBL_EPSILON * alone, "norm");
  assert_same_on_all(all, &norm, sizeof norm);
  destroy_pair(&p);
  free(a);
  free(b);
}

static void test_content(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(orders); k++)
    for (int kind = 0; kind < SHARES; kind++)
      for (int single = 0; single < 2; single++)
        check_content(share_of(orders[k], kind), precisions[single]);
}

/* Norms of which squares leave the range, and of nothing. */
static double huge_entry(size_t n, size_t i, size_t j) {
  return any_entry(n, i, j) * 1e200;
}
static double no_entry(size_t n, size_t i, size_t j) {
  return (double)(n + i + j) * 0.0;
}

static void test_norm(void **state) {
  (void)state;
  packed_pair p = make_pair(share_of(200, 0), NTK_PRECISION_DOUBLE, huge_entry);
  const double norm = ntk_packed_frobenius(&p.whole);
  assert_near(ntk_packed_frobenius(&p.spread), norm, 3000 * DBL_EPSILON * norm, "norm");
  destroy_pair(&p);
  p = make_pair(share_of(200, 0), NTK_PRECISION_DOUBLE, no_entry);
  assert_true(ntk_packed_frobenius(&p.spread) == 0.0);
  destroy_pair(&p);
}

/* |u_i - (A v)_i| <= gamma_{n+8} (|A| |v|)_i of either. */
static void check_product(ntk_share share, ntk_precision precision, size_t n, size_t m) {
  packed_pair p = make_pair(share, precision, any_entry);
  double *V = make_array(m * n), *u = make_array(m * n), *w = make_array(m * n);
  double *row = make_array(n);
  for (size_t i = 0; i < m * n; i++)
    V[i] = noise_at(i, 3);
  p.whole.n = p.spread.n = n;
  assert_ok(ntk_packed_multiply(&p.whole, V, m, u));
  assert_ok(ntk_packed_multiply(&p.spread, V, m, w));
  assert_same_on_all(all, w, m * n * sizeof *w);
  for (size_t i = 0; i < n; i++) {
    ntk_packed_row(&p.whole, i, row);
    for (size_t c = 0; c < m; c++) {
      double size = 0.0;
      for (size_t j = 0; j < n; j++)
        size += fabs(row[j] * V[c * n + j]);
      assert_near(w[c * n + i], u[c * n + i], (double)(n + 9) * DBL_EPSILON * size, "A v");
    }
  }
  destroy_pair(&p);
  free(V);
  free(u);
  free(w);
  free(row);
}

static void test_products(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(orders); k++)
    for (int kind = 0; kind < SHARES; kind++)
      for (int single = 0; single < 2; single++) {
        const ntk_share share = share_of(orders[k], kind);
        check_product(share, precisions[single], share.N, 5);
        check_product(share, precisions[single], (share.N + 1) / 2, 1);
      }
}

/* Rows of the factor that are here, up to `leading`, with what is stored beside them. */
static void assert_same_factor(const packed_pair *p) {
  const size_t P = ntk_panel_rows(p->whole.precision), leading = p->whole.leading;
  assert_int_equal(p->spread.leading, leading);
  for (size_t q = 0; q * P < leading; q++)
    if (ntk_panel_at(&p->spread, q) != NULL && (q + 1) * P <= leading)
      assert_memory_equal(ntk_panel_at(&p->spread, q), ntk_panel_at(&p->whole, q),
                          (q + 1) * P * NTK_PANEL_BYTES);
  for (size_t i = leading / P * P; i < leading && ntk_packed_has(&p->spread, i); i++)
    for (size_t j = 0; j < (i / P + 1) * P; j++)
      assert_true(ntk_packed_get(&p->spread, i, j) == ntk_packed_get(&p->whole, i, j));
}

/* A x = b with LAPACK's ratio, ||A x - b||_1 / (eps n ||A||_1 ||x||_1) <= 30, in the leading block
 * of order n. */
static void check_solve(const ntk_packed *L, entry_fn *entry, size_t of, size_t m) {
  const size_t n = L->n;
  double *V = make_array(m * n), *b = make_array(n);
  for (size_t i = 0; i < m * n; i++)
    V[i] = noise_at(i, 11);
  assert_ok(ntk_packed_solve(L, V, m));
  assert_same_on_all(all, V, m * n * sizeof *V);
  const double epsilon = ntk_precision_epsilon(L->precision);
  for (size_t c = 0; c < m; c++) {
    const double *x = V + c * n;
    double rest = 0.0, size = 0.0, norm = 0.0;
    for (size_t i = 0; i < n; i++)
      b[i] = -noise_at(c * n + i, 11);
    for (size_t i = 0; i < n; i++) {
      double sum = 0.0;
      for (size_t j = 0; j < n; j++) {
        const double a = i > j ? entry(of, i, j) : entry(of, j, i);
        sum += fabs(a);
        b[i] += a * x[j];
      }
      norm = fmax(norm, sum);
      size += fabs(x[i]);
      rest += fabs(b[i]);
    }
    assert_near(rest, 0.0, 30 * epsilon * (double)n * norm * size, "A x - b");
  }
  free(V);
  free(b);
}

/* With more threads than one, and with a shift; then solutions, of the whole and of a part. */
static void check_factor(ntk_share share, ntk_precision precision, int threads, bool solved) {
  packed_pair p = make_pair(share, precision, positive_entry);
  const double shift = solved ? 0.0 : 0.125;
  all->threads = threads;
  assert_ok(ntk_packed_factor(&p.whole, shift));
  assert_ok(ntk_packed_factor(&p.spread, shift));
  assert_same_factor(&p);
  if (solved) {
    check_solve(&p.spread, positive_entry, share.N, 5);
    p.spread.n = (share.N + 2) / 3;
    check_solve(&p.spread, positive_entry, share.N, 2);
  }
  all->threads = 1;
  destroy_pair(&p);
}

static void test_factor(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(orders); k++)
    for (int kind = 0; kind < SHARES; kind++)
      for (int single = 0; single < 2; single++)
        check_factor(share_of(orders[k], kind), precisions[single], kind == 0 ? 3 : 1,
                     kind % 2 == 1);
  check_factor(share_of(1700, 2), NTK_PRECISION_DOUBLE, 2, true);
  check_factor(share_of(1700, 0), NTK_PRECISION_FLOAT, 1, true);
}

/* The pivot that is not positive is found where one process finds it; what is before it is the
 * factor of the leading block, and solves with it. */
static void check_broken(ntk_share share, ntk_precision precision, size_t row, double pivot) {
  packed_pair p = make_pair(share, precision, positive_entry);
  ntk_packed_set(&p.whole, row, row, pivot);
  if (ntk_packed_has(&p.spread, row))
    ntk_packed_set(&p.spread, row, row, pivot);
  assert_int_equal(ntk_packed_factor(&p.whole, 0.0), NTK_ERR_NUMERIC);
  char line[128];
  (void)snprintf(line, sizeof line, "pivot %zu of %zu", row + 1, share.N);
  assert_refused(ntk_packed_factor(&p.spread, 0.0), NTK_ERR_NUMERIC, line);
  assert_int_equal(p.spread.leading, row);
  assert_same_factor(&p);
  p.spread.n = p.spread.leading;
  if (row > 0)
    check_solve(&p.spread, positive_entry, share.N, 1);
  destroy_pair(&p);
}

static void test_broken(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(orders); k++)
    for (int kind = 0; kind < SHARES; kind++) {
      const ntk_share share = share_of(orders[k], kind);
      check_broken(share, precisions[k % 2], 0, -1.0);
      check_broken(share, precisions[kind % 2], share.N / 2, 0.0);
      check_broken(share, precisions[k % 2], share.N - 1, NAN);
    }
}

/* Each rank receives what others have of L once, and little else. */
static void test_traffic(void **state) {
  (void)state;
  const ntk_share share = share_of(700, 0);
  packed_pair p = make_pair(share, NTK_PRECISION_DOUBLE, positive_entry);
  double others = 0.0;
  for (size_t q = 0; q * 24 < 700; q++)
    if (ntk_panel_at(&p.spread, q) == NULL)
      others += (double)((q + 1) * 24 * NTK_PANEL_BYTES);
  const double before = ntk_ranks_traffic(all).bytes;
  assert_ok(ntk_packed_factor(&p.spread, 0.0));
  const double bytes = ntk_ranks_traffic(all).bytes - before;
  assert_true(bytes >= others && bytes <= others + 1000);
  destroy_pair(&p);
}

/* One of several ranks' want of memory is all ranks', at each of the operations that take some. */
static void test_starved(void **state) {
  (void)state;
  for (int poor = 0; poor < ranks && ranks > 1; poor++)
    for (int operation = 0; operation < 3; operation++) {
      ntk_context *context = make_ranks_context(), *const before = all;
      double v[300] = {1.0}, u[300];
      all = context;
      packed_pair p = make_pair(share_of(300, 0), NTK_PRECISION_DOUBLE, positive_entry);
      const size_t held = ntk_memory_in_use(context);
      if (rank == poor)
        context->memory_limit = held + 100;
      const ntk_status status = operation == 0   ? ntk_packed_factor(&p.spread, 0.0)
                                : operation == 1 ? ntk_packed_multiply(&p.spread, v, 1, u)
                                                 : ntk_packed_solve(&p.spread, v, 1);
      assert_int_equal(status, NTK_ERR_MEMORY);
      assert_int_equal(ntk_memory_in_use(context), held);
      destroy_pair(&p);
      ntk_context_destroy(context);
      all = before;
    }
}

static int calls;
static bool refuse(const char *phase, double fraction, void *user) {
  (void)fraction;
  (void)user;
  return strcmp(phase, "factorisation") != 0 || ++calls < 3;
}

/* Whoever is asked to stop, all do. */
static void test_stopped(void **state) {
  (void)state;
  for (int who = 0; who < ranks; who++) {
    ntk_context *context = make_ranks_context(), *const before = all;
    all = context;
    calls = 0;
    if (rank == who)
      context->progress = refuse;
    packed_pair p = make_pair(share_of(1000, 0), NTK_PRECISION_DOUBLE, positive_entry);
    const size_t held = ntk_memory_in_use(context);
    assert_refused(ntk_packed_factor(&p.spread, 0.0), NTK_ERR_CANCELLED, "factorisation");
    assert_int_equal(ntk_memory_in_use(context), held);
    destroy_pair(&p);
    ntk_context_destroy(context);
    all = before;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_content),  cmocka_unit_test(test_norm),
      cmocka_unit_test(test_products), cmocka_unit_test(test_factor),
      cmocka_unit_test(test_broken),   cmocka_unit_test(test_traffic),
      cmocka_unit_test(test_starved),  cmocka_unit_test(test_stopped),
  };
  return run_on_ranks(tests, COUNT(tests), setup_both, teardown_both);
}
