/* Questions about samples that ranks have in parts.
 * Property: every rank gets one process's answer, to the bit and in its words: rows by number, rows
 * that are multiples, kernels that are known to be singular, sure digits, pairs of samples, files
 * of all rows. */
#include "data/parallel_rows.h"
#include "data/span.h"
#include "fit/memorize/memorize.h"
#include "kernel/ends/extremes.h"
#include "ntkit/verify.h"

#include "ranks_files.h"

static const size_t sizes[] = {3, 50, 100, 241, 700};

static void test_fetched(void **state) {
  (void)state;
  enum { D = 5, ASKED = 90 };
  for (size_t s = 0; s < COUNT(sizes); s++) {
    const size_t N = sizes[s];
    double *X = make_normal(s, N * D), got[ASKED * D];
    size_t row[ASKED];
    X[0] = -0.0;
    ntk_dataset *dealt = deal_rows(all, X, N, D);
    const ntk_held held = ntk_dataset_held(dealt);
    for (size_t k = 0; k < ASKED; k++)
      row[k] = k < 40 ? k % N : (k * k + 11 * k) % N; /* in a row, and not */
    assert_ok(ntk_held_fetch(all, &held, row, ASKED, got));
    for (size_t k = 0; k < ASKED; k++)
      assert_memory_equal(got + k * D, X + row[k] * D, D * sizeof *X);
    assert_ok(ntk_held_fetch(all, &held, row, 0, NULL));
    const double before = ntk_ranks_traffic(all).messages;
    for (size_t k = 0; k < NTK_HELD_SOME; k++)
      row[k] = 7 * k % N;
    assert_ok(ntk_held_fetch(all, &held, row, NTK_HELD_SOME, got)); /* an agreement, and one more */
    for (size_t k = 0; k < NTK_HELD_SOME; k++)
      assert_memory_equal(got + k * D, X + row[k] * D, D * sizeof *X);
    assert_true(ranks == 1 || N < 50 || ntk_ranks_traffic(all).messages == before + 2.0);
    ntk_dataset_destroy(dealt);
    free(X);
  }
}

static void test_taken(void **state) {
  (void)state;
  for (size_t s = 0; s < COUNT(sizes); s++) {
    const size_t N = sizes[s], count = N / 2;
    double *X = make_normal(s, N * 4);
    ntk_dataset *dealt = deal_rows(all, X, N, 4), *whole = make_data(one, X, N, 4);
    ntk_dataset *some = NULL, *expected = NULL;
    size_t *row = malloc(N * sizeof *row);
    assert_non_null(row);
    for (size_t k = 0; k < count; k++)
      row[k] = 2 * k + 1;
    assert_ok(ntk_dataset_take(all, dealt, row, count, &some));
    assert_ok(ntk_dataset_take(one, whole, row, count, &expected));
    assert_rows(some, expected);
    for (size_t k = 0; k < count; k++)
      assert_memory_equal(expected->X + 4 * k, X + 4 * row[k], 4 * sizeof *X);
    ntk_dataset_destroy(some);
    ntk_dataset_destroy(expected);
    ntk_dataset_destroy(dealt);
    ntk_dataset_destroy(whole);
    free(row);
    free(X);
  }
}

static long size_of(FILE *file) {
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  const long size = ftell(file);
  rewind(file);
  return size;
}

/* By each rank in turn. */
static void test_saved(void **state) {
  (void)state;
  char saved[80];
  (void)snprintf(saved, sizeof saved, "%s/saved", directory);
  double *X = make_normal(9, 241 * 3);
  for (int writer = 0; writer < ranks; writer++) {
    ntk_dataset *dealt = deal_rows(all, X, 241, 3);
    const ntk_held held = ntk_dataset_held(dealt);
    assert_ok(ntk_held_save(all, &held, rank == writer ? saved : NULL));
    if (rank == writer) {
      FILE *expected = fopen(path, "rb"), *file = fopen(saved, "rb");
      assert_non_null(expected);
      assert_non_null(file);
      assert_int_equal(size_of(file), size_of(expected));
      for (int byte = fgetc(expected); byte != EOF; byte = fgetc(expected))
        assert_int_equal(fgetc(file), byte);
      (void)fclose(file);
      (void)fclose(expected);
      assert_int_equal(unlink(saved), 0);
    } else {
      assert_int_not_equal(access(saved, F_OK), 0);
    }
    ntk_dataset_destroy(dealt);
  }
  for (int writer = 0; writer < ranks && ranks > 1; writer++) { /* that cannot */
    ntk_context *context = make_ranks_context();
    ntk_dataset *dealt = deal_rows(context, X, 241, 3);
    const ntk_held held = ntk_dataset_held(dealt);
    char says[32];
    (void)snprintf(says, sizeof says, "rank %d on ", writer);
    assert_refused(ntk_held_save(context, &held, rank == writer ? "/nowhere/X.npy" : NULL),
                   NTK_ERR_FILE, says);
    ntk_dataset_destroy(dealt);
    ntk_context_destroy(context);
  }
  free(X);
}

/* ---- Rows that are multiples ----------------------------------------------------------------- */

/* Of few values, so that many are multiples, of each other and of 0. */
static double *make_few(size_t N) {
  double *X = make_normal(N, 2 * N);
  for (size_t k = 0; k < 2 * N; k++)
    X[k] = rint(1.5 * X[k]);
  return X;
}

static void test_multiples(void **state) {
  (void)state;
  for (size_t k = 0; k < 8 * COUNT(sizes); k++) {
    const size_t N = sizes[k / 8], n = k % 2 == 0 ? N : N - N / 3; /* all, or those that begin */
    const ntk_multiples kind = (ntk_multiples)(k % 8 / 2);
    double *X = make_few(N), *factor = make_array(2 * N);
    size_t *first = calloc(2 * N, sizeof *first);
    assert_non_null(first);
    ntk_dataset *dealt = deal_rows(all, X, N, 2);
    const ntk_held held = ntk_held_leading(ntk_dataset_held(dealt), n);
    const ntk_held whole = {ntk_share_whole(n), 2, X};
    assert_ok(ntk_row_multiples(all, &held, kind, first, factor));
    assert_ok(ntk_row_multiples(one, &whole, kind, first + N, factor + N));
    assert_memory_equal(first, first + N, n * sizeof *first);
    assert_memory_equal(factor, factor + N, n * sizeof *factor);
    ntk_dataset_destroy(dealt);
    free(first);
    free(factor);
    free(X);
  }
}

/* Quotients that round to one another, of rows that are no multiples: hashes that are one, and
 * exact arithmetic that tells them apart in a second round. */
static void test_near_multiples(void **state) {
  (void)state;
  enum { N = 240, NEAR = 6 };
  double X[2 * N], factor[N], expected[N];
  size_t first[N], groups[N];
  for (size_t i = 0; i < N; i++) { /* q / (3/4) in [2, 4), where its neighbours may be one */
    const double size = (double)(1 + i % 2);
    X[2 * i] = 0.75 * size;
    X[2 * i + 1] = (1.6 + 0x1p-52 * (double)(i % NEAR)) * size;
  }
  ntk_dataset *dealt = deal_rows(all, X, N, 2);
  const ntk_held held = ntk_dataset_held(dealt), whole = {ntk_share_whole(N), 2, X};
  assert_ok(ntk_row_multiples(all, &held, NTK_MULTIPLES_ALL, first, factor));
  assert_ok(ntk_row_multiples(one, &whole, NTK_MULTIPLES_ALL, groups, expected));
  assert_memory_equal(first, groups, sizeof first);
  assert_memory_equal(factor, expected, sizeof factor);
  for (size_t i = 0; i < N; i++)
    assert_int_equal(first[i], i % NEAR);
  ntk_dataset_destroy(dealt);
}

/* ---- Kernels that are known to be singular --------------------------------------------------- */

/* Rows i and k of normal ones are made alike. */
typedef struct singular {
  const char *activation;
  double factor; /* row k = factor times row i */
  size_t i, k;
  const char *says; /* NULL: nothing */
} singular;

static const singular cases[] = {
    {"tanh", 1.0, 7, 241, "rows 8 and 242 of the data (from 1) are equal"},
    {"tanh", -1.0, 60, 130, "row 131 of the data (from 1) is -1 times row 61"},
    {"tanh", 0.0, 3, 199, "row 200 of the data (from 1) is 0"},
    {"relu", 2.0, 0, 249, "row 250 of the data (from 1) is 2 times row 1"},
    {"relu", -1.0, 10, 240, NULL},
    {"softplus", -1.0, 10, 240, NULL},
};

static void test_singular(void **state) {
  (void)state;
  enum { N = 250, D = 12 };
  const size_t width[] = {D, 300, 300};
  for (size_t c = 0; c < COUNT(cases); c++) {
    const singular *s = &cases[c];
    double *X = make_normal(c, N * D);
    for (size_t j = 0; j < D; j++)
      X[s->k * D + j] = s->factor * X[s->i * D + j];
    ntk_dataset *dealt = deal_rows(all, X, N, D);
    ntk_network *network = make_network(all, 3, width, s->activation, "paper", 1);
    const ntk_held held = ntk_dataset_held(dealt), before = ntk_held_leading(held, s->k);
    ntk_deficiency found, fewer;
    assert_ok(ntk_deficiency_find(network, NTK_OUTPUTS_TRACE, &held, 3, &found));
    assert_ok(ntk_deficiency_find(network, NTK_OUTPUTS_TRACE, &before, 3, &fewer));
    assert_null(fewer.cause);
    assert_int_equal(found.cause != NULL, s->says != NULL);
    if (s->says != NULL)
      assert_non_null(strstr(found.reason, s->says));
    assert_same_on_all(all, found.reason, sizeof found.reason);
    assert_int_equal(found.zeros, s->says != NULL);
    ntk_network_destroy(network);
    ntk_dataset_destroy(dealt);
    free(X);
  }
}

/* Rows that others have: all ranks find the dimensions that all rows span. */
static void test_span(void **state) {
  (void)state;
  enum { N = 250, D = 12, R = 5 };
  double *left = make_normal(1, N * R), *right = make_normal(2, R * D), *X = make_array(N * D);
  for (size_t e = 0; e < N * D; e++)
    for (size_t k = 0; k < R; k++)
      X[e] += rint(3.0 * left[e / D * R + k]) * rint(3.0 * right[k * D + e % D]);
  ntk_dataset *dealt = deal_rows(all, X, N, D);
  const ntk_held held = ntk_dataset_held(dealt);
  for (size_t most = 3; most <= D; most++) {
    size_t rank = 0;
    assert_ok(ntk_span(all, &held, most, &rank));
    assert_int_equal(rank, most < R ? most + 1 : R);
    assert_same_on_all(all, &rank, sizeof rank);
  }
  ntk_dataset_destroy(dealt);
  free(left);
  free(right);
  free(X);
}

/* K_ii that is 0: of an x that is 0, and of one whose entry only underflowed. */
static void test_dead(void **state) {
  (void)state;
  enum { N = 250, D = 3, DEAD = 201 };
  const size_t width[] = {D, 8, 8};
  double *X = make_normal(1, N * D), *f2 = make_array(6 * N);
  for (size_t k = 0; k < 6 * N; k++)
    f2[k] = k % N == DEAD || k % N == 9 ? 0.0 : 1.0;
  for (size_t j = 0; j < D; j++)
    X[DEAD * D + j] = 0.0;
  ntk_dataset *dealt = deal_rows(all, X, N, D);
  ntk_network *network = make_network(all, 3, width, "relu", "paper", 1);
  const ntk_held held = ntk_dataset_held(dealt);
  const ntk_norms norms = {NTK_OUTPUTS_TRACE, N, f2, f2 + 3 * N};
  ntk_deficiency found = {0};
  assert_ok(ntk_deficiency_of_norms(network, &held, &norms, &found));
  assert_string_equal(found.cause, "inactive");
  assert_non_null(strstr(found.reason, "K_ii = 0 of sample 202 (from 1)"));
  ntk_network_destroy(network);
  ntk_dataset_destroy(dealt);
  free(f2);
  free(X);
}

static void test_digits(void **state) {
  (void)state;
  enum { N = 241, D = 6 };
  const size_t width[] = {D, 20, 20};
  double *X = make_normal(1, N * D), *norm = make_normal(2, 6 * N), *v = make_normal(3, N);
  for (size_t k = 0; k < 6 * N; k++)
    norm[k] *= norm[k];
  ntk_dataset *dealt = deal_rows(all, X, N, D);
  ntk_network *network = make_network(all, 3, width, "tanh", "paper", 1);
  const ntk_held held = ntk_dataset_held(dealt), whole = {ntk_share_whole(N), D, X};
  const ntk_norms norms = {NTK_OUTPUTS_TRACE, N, norm, norm + 3 * N};
  ntk_extremes e = {.lambda_min = 1e-3, .lambda_max = 2.0, .resolution = 1e-12}, same = e;
  assert_ok(ntk_digits_measure(network, &held, &norms, 3, v, &e));
  assert_ok(ntk_digits_measure(network, &whole, &norms, 3, v, &same));
  assert_int_equal(e.digits, same.digits);
  assert_true(e.digits > 0);
  assert_memory_equal(&e.resolution, &same.resolution, sizeof e.resolution);
  ntk_network_destroy(network);
  ntk_dataset_destroy(dealt);
  free(v);
  free(norm);
  free(X);
}

/* ---- Memorisation ---------------------------------------------------------------------------- */

static void test_pairs(void **state) {
  (void)state;
  enum { N = 241, D = 4 };
  const ntk_symmetry odd = {.degree = 0.0, .sign = -1};
  double *X = make_normal(1, N * D), *Y = make_normal(2, N);
  for (size_t j = 0; j < D; j++)
    X[230 * D + j] = -X[5 * D + j] * (1.0 + 1e-8 * (double)j);
  ntk_dataset *dealt = deal_rows(all, X, N, D), *whole = make_data(one, X, N, D);
  ntk_pair pair, expected;
  const ntk_held held = ntk_dataset_held(dealt), rows = ntk_dataset_held(whole);
  assert_ok(ntk_find_pair(all, &held, odd, Y, 1e-3, &pair));
  assert_ok(ntk_find_pair(one, &rows, odd, Y, 1e-3, &expected));
  assert_int_equal(pair.i, 5);
  assert_int_equal(pair.k, 230);
  assert_memory_equal(&pair.distance, &expected.distance, sizeof pair.distance);
  assert_ok(ntk_pair_of(all, &held, odd, 3, 100, &pair));
  assert_ok(ntk_pair_of(one, &rows, odd, 3, 100, &expected));
  assert_memory_equal(&pair.distance, &expected.distance, sizeof pair.distance);
  ntk_dataset_destroy(dealt);
  ntk_dataset_destroy(whole);
  free(X);
  free(Y);
}

static void test_distinct(void **state) {
  (void)state;
  enum { N = 241 };
  const size_t width[] = {2, 8, 8};
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh"};
  double *X = make_few(N), Y[N];
  for (size_t i = 0; i < N; i++) /* labels that follow */
    Y[i] = X[2 * i] + 0.5 * X[2 * i + 1];
  ntk_dataset *dealt = deal_rows(all, X, N, 2), *whole = make_data(one, X, N, 2);
  ntk_distinct found, expected;
  assert_ok(ntk_distinct_find(all, &spec, dealt, Y, 1, &found));
  assert_ok(ntk_distinct_find(one, &spec, whole, Y, 1, &expected));
  assert_rows(found.data, expected.data);
  assert_int_equal(found.different, expected.different);
  assert_true(found.data->N < N / 2);
  assert_memory_equal(&found.share, &expected.share, sizeof found.share);
  assert_memory_equal(found.row, expected.row, found.data->N * sizeof *found.row);
  ntk_distinct_release(all, &found);
  ntk_distinct_release(one, &expected);
  ntk_dataset_destroy(dealt);
  ntk_dataset_destroy(whole);
  free(X);
}

/* What needs all rows says so. */
static void test_refused(void **state) {
  (void)state;
  double *X = make_normal(1, 300);
  size_t row[100];
  ntk_dataset *dealt = deal_rows(all, X, 100, 3), *whole = make_data(one, X, 100, 3);
  if (ranks > 1)
    assert_refused(ntk_dataset_find_rows(whole, dealt, row), NTK_ERR_ARGUMENT,
                   "a search for rows needs all samples at once, and");
  else
    assert_ok(ntk_dataset_find_rows(whole, dealt, row));
  ntk_ledger ledger;
  ntk_network *network = make_network(all, 3, (const size_t[]){3, 8, 8}, "tanh", "paper", 1);
  if (ranks > 1)
    assert_refused(ntk_verify(all, network, dealt, NULL, NULL, &ledger), NTK_ERR_ARGUMENT,
                   "the ledger needs all samples at once, and");
  ntk_network_destroy(network);
  ntk_dataset_destroy(dealt);
  ntk_dataset_destroy(whole);
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fetched),        cmocka_unit_test(test_taken),
      cmocka_unit_test(test_saved),          cmocka_unit_test(test_multiples),
      cmocka_unit_test(test_near_multiples), cmocka_unit_test(test_singular),
      cmocka_unit_test(test_dead),           cmocka_unit_test(test_span),
      cmocka_unit_test(test_digits),         cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_distinct),       cmocka_unit_test(test_refused),
  };
  return run_on_ranks(tests, COUNT(tests), files_setup, files_teardown);
}
