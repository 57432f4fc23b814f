/* Ranks of which one is short of memory.
 * Property: whatever does not fit on one rank, all of them get its refusal, and nobody waits. */
#include "base/memory.h"
#include "data/parallel_rows.h"
#include "fit/memorize/memorize.h"
#include "kernel/ends/deficiency.h"

#include "ranks_files.h"

enum { N = 300, D = 5, STEPS = 12 };

/* What is done with samples that all ranks have. */
typedef ntk_status operation(ntk_context *context, const ntk_dataset *data);

static ntk_status draw(ntk_context *context, const ntk_dataset *data) {
  ntk_dataset *made = NULL;
  (void)data;
  const ntk_status status = ntk_dataset_generate(context, "gan", N, D, 1, &made);
  ntk_dataset_destroy(made);
  return status;
}

static ntk_status read_scaled(ntk_context *context, const ntk_dataset *data) {
  ntk_dataset *made = NULL;
  (void)data;
  const ntk_rows rows = {.shuffle = true};
  const ntk_status status =
      ntk_dataset_select(context, path, &rows, 0, NTK_SCALE_STANDARDIZE, &made);
  ntk_dataset_destroy(made);
  return status;
}

static ntk_status take(ntk_context *context, const ntk_dataset *data) {
  ntk_dataset *made = NULL;
  size_t row[N];
  for (size_t i = 0; i < N; i++)
    row[i] = i;
  const ntk_status status = ntk_dataset_take(context, data, row, N, &made);
  ntk_dataset_destroy(made);
  return status;
}

static ntk_status find_multiples(ntk_context *context, const ntk_dataset *data) {
  const ntk_held held = ntk_dataset_held(data);
  ntk_row_pair pair;
  return ntk_parallel_rows(context, &held, NTK_MULTIPLES_ALL, &pair);
}

static ntk_status find_pair(ntk_context *context, const ntk_dataset *data) {
  ntk_pair pair;
  const double Y[N] = {0.0};
  const ntk_held held = ntk_dataset_held(data);
  return ntk_find_pair(context, &held, (ntk_symmetry){.sign = -1}, Y, 1e-3, &pair);
}

static operation *const operations[] = {draw, read_scaled, take, find_multiples, find_pair};

/* Of rank `from` memory for so many bytes more. */
static ntk_status run(operation *op, const double *X, int from, size_t bytes, size_t *peak) {
  ntk_context *context = make_ranks_context();
  ntk_dataset *data = deal_rows(context, X, N, D);
  const size_t held = ntk_memory_in_use(context);
  if (rank == from)
    context->memory_limit = held + bytes;
  const size_t before = ntk_memory_peak_enter(context);
  const ntk_status status = op(context, data);
  *peak = ntk_memory_peak_leave(context, before) - held;
  assert_int_equal(ntk_memory_in_use(context), held);
  ntk_dataset_destroy(data);
  ntk_context_destroy(context);
  return status;
}

static void test_short(void **state) {
  (void)state;
  double *X = make_normal(1, N * D);
  for (size_t j = 0; j < D; j++)
    X[290 * D + j] = X[4 * D + j];
  for (size_t o = 0; o < COUNT(operations); o++)
    for (int from = 0; from < ranks; from++) {
      size_t peak = 0, needs = 0;
      assert_ok(run(operations[o], X, from, SIZE_MAX / 2, &needs));
      for (size_t s = 0; s < STEPS; s++) {
        const size_t bytes = needs * s / STEPS;
        char says[32];
        (void)snprintf(says, sizeof says, ranks > 1 ? "rank %d on " : "", from);
        assert_refused(run(operations[o], X, from, bytes, &peak), NTK_ERR_MEMORY, says);
      }
    }
  free(X);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_short)};
  return run_on_ranks(tests, COUNT(tests), files_setup, files_teardown);
}
