/* Data sets that ranks have in parts.
 * Property: a rank's rows are those of one process, to the bit, drawn, read in any way from any
 * format and scaled; it reads no others of a file where it can find them; and where a file is
 * missing, shorter or another one on one rank, all get its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support.h"

#include "archive_files.h"
#include "ntkit/fit.h"
#include "ntkit/io.h"

#include "ranks_files.h"

static const size_t sizes[] = {3, 47, 49, 100, 241, 700};

static void test_drawn(void **state) {
  (void)state;
  size_t count = 0;
  const ntk_distribution *list = ntk_distribution_list(&count);
  for (size_t k = 0; k < count * COUNT(sizes); k++) {
    ntk_dataset *dealt = NULL, *whole = NULL;
    const char *name = list[k % count].name;
    const size_t N = sizes[k / count];
    assert_ok(ntk_dataset_generate(all, name, N, 7, k, &dealt));
    assert_ok(ntk_dataset_generate(one, name, N, 7, k, &whole));
    assert_rows(dealt, whole);
    ntk_dataset_destroy(dealt);
    ntk_dataset_destroy(whole);
  }
}

/* ---- Files ----------------------------------------------------------------------------------- */

static FILE *create(void) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  return file;
}

/* N x 6 small whole numbers, which every format holds. */
static void write_text(size_t N, const double *X) {
  FILE *file = create();
  for (size_t i = 0; i < N; i++)
    fprintf(file, "%g,%g,%g,%g,%g,%g\n", X[6 * i], X[6 * i + 1], X[6 * i + 2], X[6 * i + 3],
            X[6 * i + 4], X[6 * i + 5]);
  assert_int_equal(fclose(file), 0);
}

static void write_idx(size_t N, const double *X) { /* N x 2 x 3 */
  FILE *file = create();
  const unsigned char header[] = {0, 0, 8, 3, 0, 0, (unsigned char)(N >> 8), (unsigned char)N, 0, 0,
                                  0, 2, 0, 0, 0, 3};
  assert_int_equal(fwrite(header, 1, sizeof header, file), sizeof header);
  for (size_t k = 0; k < 6 * N; k++)
    fputc((int)X[k], file);
  assert_int_equal(fclose(file), 0);
}

static void write_fortran(size_t N, const double *X) {
  FILE *file = create();
  char text[118] = "";
  const int used = snprintf(text, sizeof text,
                            "{'descr': '<f8', 'fortran_order': True, 'shape': (%zu, 6), }", N);
  memset(text + used, ' ', sizeof text - (size_t)used);
  text[sizeof text - 1] = '\n';
  fprintf(file, "%cNUMPY%c%c%c%c", 0x93, 1, 0, (int)sizeof text, 0);
  assert_int_equal(fwrite(text, 1, sizeof text, file), sizeof text);
  for (size_t k = 0; k < 6 * N; k++)
    assert_int_equal(fwrite(&X[k % N * 6 + k / N], sizeof *X, 1, file), 1);
  assert_int_equal(fclose(file), 0);
}

static void write_plain(size_t N, const double *X) {
  write_npy(X, N, 6);
}

/* What is at path, as the one member of a .npz, or by gzip. */
static void pack_zip(unsigned method) {
  zip_file zip = {.all = bytes_new()};
  bytes content = {0};
  content.at = read_bytes(path, &content.count);
  zip_add(&zip, "X.npy", &content, method);
  zip_write(&zip, path, false, "");
  free(content.at);
}

static void pack_gzip(void) {
  bytes packed = bytes_new();
  size_t count = 0;
  unsigned char *content = read_bytes(path, &count);
  put_packed(&packed, content, count, 31);
  write_bytes(path, packed.at, packed.count);
  free(content);
  free(packed.at);
}

static void write_stored(size_t N, const double *X) {
  write_plain(N, X);
  pack_zip(0);
}

static void write_deflated(size_t N, const double *X) {
  write_fortran(N, X);
  pack_zip(8);
}

static void write_gzip(size_t N, const double *X) {
  write_text(N, X);
  pack_gzip();
}

static void check_read(const ntk_rows *rows, ntk_scaling scaling) {
  ntk_dataset *dealt = NULL, *whole = NULL;
  assert_ok(ntk_dataset_select(all, path, rows, 0, scaling, &dealt));
  assert_ok(ntk_dataset_select(one, path, rows, 0, scaling, &whole));
  assert_rows(dealt, whole);
  assert_int_equal(dealt->constant_columns, whole->constant_columns);
  if (whole->columns != NULL)
    assert_memory_equal(dealt->columns, whole->columns, 2 * whole->d * sizeof(double));
  ntk_dataset_destroy(dealt);
  ntk_dataset_destroy(whole);
}

static void test_read(void **state) {
  (void)state;
  void (*const writers[])(size_t, const double *) = {
      write_plain, write_fortran, write_idx, write_text, write_deflated, write_stored, write_gzip};
  for (size_t k = 0; k < COUNT(writers) * COUNT(sizes); k++) {
    const size_t N = sizes[k / COUNT(writers)];
    double *X = make_normal(k, 6 * N);
    for (size_t j = 0; j < 6 * N; j++)
      X[j] = fmin(255.0, fabs(rint(40.0 * X[j])));
    writers[k % COUNT(writers)](N, X);
    const ntk_rows wishes[] = {{0},
                               {.skip = 2},
                               {.count = N - 1},
                               {.shuffle = true, .seed = 3},
                               {.subsample = N / 3, .seed = 4},
                               {.skip = 1, .subsample = N / 2, .shuffle = true, .seed = 5}};
    for (size_t w = 0; w < COUNT(wishes); w++)
      check_read(&wishes[w], NTK_SCALE_NONE);
    free(X);
  }
}

/* Of others' rows this rank's own file has NaN, which whoever reads them refuses. */
static void test_reads_own(void **state) {
  (void)state;
  enum { N = 700, D = 6, SAME = 9 }; /* rows that are in the file's first bytes, too */
  void (*const writers[])(size_t, const double *) = {write_plain, write_stored};
  double *X = make_normal(1, N * D);
  const ntk_share share = ntk_ranks_share(all, N);
  ntk_dataset *whole = make_data(one, X, N, D), *read = NULL;
  for (size_t i = SAME; i < N; i++)
    if (ntk_share_owner(&share, i) != rank)
      X[i * D + 5] = NAN;
  for (size_t w = 0; w < COUNT(writers); w++) {
    writers[w](N, X);
    if (ranks > 1)
      assert_refused(ntk_dataset_load(one, path, 0, 0, NTK_SCALE_NONE, &read), NTK_ERR_NOT_FINITE,
                     "holds nan");
    ntk_dataset *dealt = load_all(all);
    assert_rows(dealt, whole);
    ntk_dataset_destroy(dealt);
  }
  ntk_dataset_destroy(whole);
  free(X);
}

static void test_scaled(void **state) {
  (void)state;
  for (size_t k = 0; k < 4 * COUNT(sizes); k++) {
    const size_t N = sizes[k / 4];
    double *X = make_normal(k, 5 * N);
    for (size_t i = 0; i < N; i++) {
      X[5 * i + 1] = 1.0 / 3.0; /* constant */
      X[5 * i + 2] += 1e6;
      X[5 * i + 3] *= 1e200;
    }
    write_npy(X, N, 5);
    check_read(&(ntk_rows){0}, (ntk_scaling)(k % 4));
    free(X);
  }
}

static void test_scaled_alike(void **state) {
  (void)state;
  const double scaling[] = {1.0, -2.0, 0.25, 3.0, 0.0, 7.0}, none[] = {0, 0, 0, 1, 1, 1e-320};
  double *X = make_normal(2, 300);
  ntk_dataset *dealt = deal_rows(all, X, 100, 3), *whole = make_data(one, X, 100, 3);
  assert_ok(ntk_dataset_apply_scaling(dealt, scaling));
  assert_ok(ntk_dataset_apply_scaling(whole, scaling));
  assert_rows(dealt, whole);
  ntk_dataset_destroy(dealt);
  ntk_dataset_destroy(whole);
  if (ranks > 1) { /* of one rank's rows only */
    ntk_context *context = make_ranks_context();
    const ntk_share share = ntk_ranks_share(context, 100);
    size_t row = 0;
    while (ntk_share_owner(&share, row) != 1)
      row++;
    for (size_t i = 0; i < 100; i++)
      X[3 * i + 2] = i == row ? 1.0 : 0.0;
    dealt = deal_rows(context, X, 100, 3);
    char says[64];
    (void)snprintf(says, sizeof says, ": row %zu, column 3 (counted from 1) overflows", row + 1);
    assert_refused(ntk_dataset_apply_scaling(dealt, none), NTK_ERR_NOT_FINITE, says);
    assert_ptr_equal(strstr(ntk_error_message(), "rank 1 on "), ntk_error_message());
    ntk_dataset_destroy(dealt);
    ntk_context_destroy(context);
  }
  free(X);
}

/* ---- What is wrong on one rank alone --------------------------------------------------------- */

enum { ROWS = 250, COLUMNS = 4 };
typedef enum trouble { MISSING, SHORTER, WIDER, OTHER, TORN, NOT_A_NUMBER, TROUBLES } trouble;
static const struct {
  const char *says;
  ntk_status status;
} troubles[TROUBLES] = {
    [MISSING] = {"X: cannot be read: No such file or directory", NTK_ERR_FILE},
    [SHORTER] = {"X: has 249 rows of 4 numbers here, and 250 of 4 on rank 0", NTK_ERR_RANKS},
    [WIDER] = {"X: has 250 rows of 5 numbers here, and 250 of 4 on rank 0", NTK_ERR_RANKS},
    [OTHER] = {"X: is another file here than on rank 0", NTK_ERR_RANKS},
    [TORN] = {"X: truncated", NTK_ERR_FORMAT},
    [NOT_A_NUMBER] = {"X: holds nan in row 250, column 4", NTK_ERR_NOT_FINITE}};

static void make_trouble(trouble t, double *X) {
  if (t == OTHER)
    X[3] += 1.0;
  if (t == NOT_A_NUMBER)
    X[ROWS * COLUMNS - 1] = NAN;
  write_npy(X, t == SHORTER ? ROWS - 1 : ROWS, t == WIDER ? COLUMNS + 1 : COLUMNS);
  if (t == MISSING)
    assert_int_equal(unlink(path), 0);
  if (t == TORN)
    assert_int_equal(truncate(path, 1000), 0);
}

static void assert_told(ntk_status status, ntk_status expected, int from, const char *says) {
  char begins[32];
  (void)snprintf(begins, sizeof begins, "rank %d on ", from);
  assert_refused(status, expected, says);
  if (strstr(ntk_error_message(), begins) != ntk_error_message())
    fail_msg("'%s' does not begin with '%s'", ntk_error_message(), begins);
  assert_null(strchr(ntk_error_message(), '\n'));
}

static void test_troubles(void **state) {
  (void)state;
  for (int k = 0; k < ranks * TROUBLES && ranks > 1; k++) {
    const trouble t = (trouble)(k % TROUBLES);
    const bool of_own_rows = t == NOT_A_NUMBER; /* the last row is rank 0's */
    const int from = of_own_rows ? 0 : k / TROUBLES;
    if (from == 0 && (t == SHORTER || t == WIDER || t == OTHER))
      continue; /* then the others differ */
    ntk_context *context = make_ranks_context();
    double *X = make_normal(1, ROWS * (COLUMNS + 1));
    if (rank == from)
      make_trouble(t, X);
    else
      write_npy(X, ROWS, COLUMNS);
    ntk_dataset *data = NULL;
    assert_told(ntk_dataset_load(context, path, 0, 0, NTK_SCALE_STANDARDIZE, &data),
                troubles[t].status, from, troubles[t].says);
    assert_null(data);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
    free(X);
  }
}

/* ---- Labels ---------------------------------------------------------------------------------- */

static void test_labels(void **state) {
  (void)state;
  enum { N = 100 };
  double *X = make_normal(6, N * 6), *Y = make_normal(7, N), read[N], drawn[N], expected[N];
  ntk_dataset *dealt = deal_rows(all, X, N, 6), *whole = make_data(one, X, N, 6);
  assert_ok(ntk_npy_save(path, Y, 1, (const size_t[]){N}));
  assert_ok(ntk_labels_load(all, path, dealt, read));
  assert_memory_equal(read, Y, sizeof read);
  assert_ok(ntk_labels_generate(all, "sign", NULL, dealt, 3, drawn));
  assert_ok(ntk_labels_generate(one, "sign", NULL, whole, 3, expected));
  assert_memory_equal(drawn, expected, sizeof drawn);
  const ntk_network_spec spec = {
      .depth = 2, .width = (const size_t[]){6, 20}, .activation = "tanh", .seed = 1};
  assert_ok(ntk_labels_generate(all, "teacher", &spec, dealt, 3, drawn));
  assert_ok(ntk_labels_generate(one, "teacher", &spec, whole, 3, expected));
  for (size_t i = 0; i < N; i++)
    assert_near(drawn[i], expected[i], 40 * U, "a teacher's label"); /* sums of 20 terms */
  assert_same_on_all(all, drawn, sizeof drawn);
  ntk_dataset_destroy(whole);
  ntk_dataset_destroy(dealt);
  for (int k = 1; k < ranks; k++) { /* other labels on rank k, beyond the first bytes */
    ntk_context *context = make_ranks_context();
    dealt = deal_rows(context, X, N, 6);
    Y[N - 1] = rank == k ? 1.0 : 2.0;
    assert_ok(ntk_npy_save(path, Y, 1, (const size_t[]){N}));
    assert_told(ntk_labels_load(context, path, dealt, read), NTK_ERR_RANKS, k,
                "X: is another file here than on rank 0");
    ntk_dataset_destroy(dealt);
    ntk_context_destroy(context);
  }
  free(X);
  free(Y);
}

/* Weights that one rank has changed are refused by all. */
static void test_weights(void **state) {
  (void)state;
  const size_t shapes[][2] = {{4, 3}, {3, 3}, {3, 1}};
  for (int k = 0; k < ranks; k++) { /* rank 0 changes nothing */
    ntk_context *context = make_ranks_context();
    ntk_network *network = NULL;
    char name[3][80];
    for (size_t l = 0; l < COUNT(shapes); l++) {
      double *W = make_normal(l, 12);
      W[2] += rank == k && k > 0 && l == 1 ? 1e-9 : 0.0;
      (void)snprintf(name[l], sizeof name[l], "%s/W%zu.npy", directory, l + 1);
      assert_ok(ntk_npy_save(name[l], W, 2, shapes[l]));
      free(W);
    }
    const ntk_status status = ntk_network_load(context, directory, "tanh", &network);
    if (k == 0)
      assert_ok(status);
    else
      assert_told(status, NTK_ERR_RANKS, k, "the weights are others here than on rank 0");
    ntk_network_destroy(network);
    assert_int_equal(ntk_memory_in_use(context), 0);
    ntk_context_destroy(context);
    for (size_t l = 0; l < COUNT(shapes); l++)
      assert_int_equal(unlink(name[l]), 0);
  }
}

/* What one rank has saved it reads alone. */
static void test_certificate(void **state) {
  (void)state;
  const struct {
    const char *name;
    size_t shape[2];
  } files[] = {{"X.npy", {60, 2}},
               {"Y.npy", {60, 1}},
               {"W1.npy", {2, 3}},
               {"W2.npy", {3, 3}},
               {"W3.npy", {3, 1}}};
  for (size_t k = 0; k < COUNT(files) && rank == 0; k++) {
    double *values = make_normal(k, 120);
    char name[80];
    (void)snprintf(name, sizeof name, "%s/%s", directory, files[k].name);
    assert_ok(ntk_npy_save(name, values, 2, files[k].shape));
    free(values);
  }
  ntk_fit_error error = {0}, expected = {0};
  if (rank == 0) {
    assert_ok(ntk_saved_certify(all, directory, "tanh", 1, NULL, NULL, &error));
    assert_ok(ntk_saved_certify(one, directory, "tanh", 1, NULL, NULL, &expected));
    assert_true(error.largest > 0.0);
  }
  assert_memory_equal(&error.largest, &expected.largest, sizeof error.largest);
  for (size_t k = 0; k < COUNT(files) && rank == 0; k++) {
    char name[80];
    (void)snprintf(name, sizeof name, "%s/%s", directory, files[k].name);
    assert_int_equal(unlink(name), 0);
  }
}

int main(void) {
  ntk_io_formats();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_drawn),        cmocka_unit_test(test_read),
      cmocka_unit_test(test_reads_own),    cmocka_unit_test(test_scaled),
      cmocka_unit_test(test_scaled_alike), cmocka_unit_test(test_troubles),
      cmocka_unit_test(test_labels),       cmocka_unit_test(test_certificate),
      cmocka_unit_test(test_weights),
  };
  return run_on_ranks(tests, COUNT(tests), files_setup, files_teardown);
}
