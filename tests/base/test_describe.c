/* Tables of fields: what is read through a table is what the struct holds; names are unique; fields
 * lie within their struct and not in one another. That every member has a row: test_results.sh. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ntkit/describe.h"
#include "ntkit/fit.h"
#include "ntkit/study.h"
#include "ntkit/verify.h"

static ntk_field_value read(const char *table, const char *name, const void *result) {
  const ntk_description *d = ntk_describe(table);
  if (d == NULL)
    d = ntk_study_describe(table);
  assert_non_null(d);
  for (size_t i = 0; i < d->fields; i++)
    if (strcmp(d->field[i].name, name) == 0)
      return ntk_field_read(&d->field[i], result);
  fail_msg("%s has no %s", table, name);
  return (ntk_field_value){0};
}

static void a_spectrum_is_read(void **state) {
  (void)state;
  ntk_block_result blocks[2] = {{.lambda_min = NAN, .trace = 7, .verdict = NTK_VERDICT_OK},
                                {.lambda_min = NAN, .verdict = NTK_VERDICT_BELOW_RESOLUTION}};
  double eigenvalues[3] = {1, 2, 3};
  const ntk_spectrum_result r = {.verdict = NTK_VERDICT_RANK_DEFICIENT,
                                 .reason = "why",
                                 .samples = 3,
                                 .order = 3,
                                 .blocks = 2,
                                 .lambda_min = 2,
                                 .lambda_max = 10,
                                 .residual_min = NAN,
                                 .solves = 11,
                                 .certificate = {.certified = true, .kernel_upper = 5},
                                 .block = blocks,
                                 .eigenvalues = eigenvalues,
                                 .memory_bytes = SIZE_MAX};
  static const char table[] = "ntk_spectrum_result", block[] = "ntk_block_result";
  assert_string_equal(read(table, "verdict", &r).text, "rank_deficient");
  assert_string_equal(read(table, "reason", &r).text, "why");
  assert_true(read(table, "condition", &r).real == 5.0);
  assert_false(read(table, "residual_min", &r).known);
  assert_true(read(table, "iterations.solves", &r).whole == 11);
  assert_true(read(table, "memory_bytes", &r).whole == SIZE_MAX);
  assert_ptr_equal(read(table, "certificate", &r).at, &r.certificate);
  assert_true(read("ntk_certificate", "certified", &r.certificate).flag);
  assert_true(read("ntk_certificate", "kernel_estimate.upper", &r.certificate).real == 5.0);
  assert_int_equal(read(table, "blocks", &r).count, 2);
  assert_ptr_equal(read(table, "blocks", &r).at, blocks);
  assert_true(read(block, "trace", &blocks[0]).real == 7.0);
  assert_false(read(block, "verdict", &blocks[0]).known); /* not asked for */
  assert_string_equal(read(block, "verdict", &blocks[1]).text, "below_resolution");
  assert_int_equal(read(table, "eigenvalues", &r).count, 3);
  assert_ptr_equal(read(table, "eigenvalues", &r).at, eigenvalues);
  assert_false(read(table, "eigenvector", &r).known);
}

static void other_results_are_read(void **state) {
  (void)state;
  const ntk_track_point point = {.epoch = 4, .lambda_min = 9, .lambda_max = -1};
  assert_true(read("ntk_track_point", "epoch", &point).whole == 4);
  assert_true(read("ntk_track_point", "sigma_min", &point).real == 3.0);
  assert_false(read("ntk_track_point", "jacobian_norm", &point).known);
  const ntk_convergence c = {.bound_known = true, .condition_held = true};
  assert_true(read("ntk_convergence", "bound_held", &c).known);
  assert_false(read("ntk_convergence", "bound_held", &c).flag);
  assert_false(read("ntk_convergence", "condition_held", &c).known);
  double loss[6] = {0};
  const ntk_train_result train = {.epochs = 5, .loss = loss, .stopped = NTK_STOP_TARGET};
  assert_int_equal(read("ntk_train_result", "losses", &train).count, 6);
  assert_string_equal(read("ntk_train_result", "stopped", &train).text, "target");
  assert_false(read("ntk_train_result", "unsaved", &train).known);
  const ntk_memorize_result memorize = {.reason = "why", .seconds = {.solve = 2}};
  assert_string_equal(read("ntk_memorize_result", "verdict", &memorize).text, "not_reached");
  assert_string_equal(read("ntk_memorize_result", "reason", &memorize).text, "why");
  assert_true(read("ntk_memorize_result", "seconds_solve", &memorize).real == 2.0);
  const ntk_ledger_row row = {.claim = NTK_CLAIM_AT_MOST, .verdict = NTK_LEDGER_HOLDS};
  assert_string_equal(read("ntk_ledger_row", "claim", &row).text, "<=");
  assert_string_equal(read("ntk_ledger_row", "verdict", &row).text, "holds");
  const ntk_power_law fit = {.slope_low = 1, .slope_high = 2};
  const double *interval = read("ntk_power_law", "interval", &fit).at;
  assert_true(interval[0] == 1.0 && interval[1] == 2.0);
}

static size_t size_of(const ntk_field *field) {
  switch (field->type) {
  case NTK_TYPE_PAIR:
    return 2 * sizeof(double);
  case NTK_TYPE_INT:
    return sizeof(int);
  case NTK_TYPE_FLAG:
  case NTK_TYPE_LINE:
    return 1; /* at least */
  case NTK_TYPE_OBJECT:
    return field->of->size;
  default:
    return 8;
  }
}

static void check_table(const ntk_description *d) {
  for (size_t i = 0; i < d->fields; i++) {
    const ntk_field *f = &d->field[i];
    assert_true(f->name[0] != '\0' && f->help[0] != '\0' && strchr(f->help, '\n') == NULL);
    assert_true((f->of != NULL) == (f->type == NTK_TYPE_OBJECT || f->type == NTK_TYPE_OBJECTS));
    assert_true(f->compute != NULL || f->offset + size_of(f) <= d->size);
    for (size_t k = 0; k < i; k++) {
      const ntk_field *g = &d->field[k];
      assert_string_not_equal(f->name, g->name);
      if (f->compute == NULL && g->compute == NULL)
        assert_true(f->offset + size_of(f) <= g->offset || g->offset + size_of(g) <= f->offset);
    }
  }
}

static void tables_are_sound(void **state) {
  (void)state;
  size_t count = 0;
  const ntk_description *const *list = ntk_description_list(&count);
  assert_true(count > 10);
  for (size_t i = 0; i < count; i++) {
    check_table(list[i]);
    assert_ptr_equal(ntk_describe(list[i]->name), list[i]);
  }
  list = ntk_study_description_list(&count);
  for (size_t i = 0; i < count; i++) {
    check_table(list[i]);
    assert_ptr_equal(ntk_study_describe(list[i]->name), list[i]);
  }
  assert_null(ntk_describe("ntk_no_such_result"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_spectrum_is_read),
      cmocka_unit_test(other_results_are_read),
      cmocka_unit_test(tables_are_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
