/* What a run has to do.
 * Property: tasks come costliest first; shards partition the trials, within one trial's cost of
 * each other; flops are those of the algorithm, bytes those of ntk_spectrum_memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "study/run/plan.h"
#include "study_support.h"

enum { POINTS = 12, TRIALS = 7, ALL = POINTS * TRIALS };
static const char text[] = "name: p\nnetwork: {widths: [d, 2*d]}\n"
                           "grid: {N: [300, 100, 900, 500], d: [40, 90, 20]}\ntrials: 7\n";

static ntk_agenda make_plan(const ntk_study *study, const ntk_point_cost *costs,
                            const unsigned char *states, size_t shard, size_t shards, bool retry) {
  ntk_agenda plan;
  assert_ok(ntk_agenda_make(study, costs, states, shard, shards, retry, &plan));
  return plan;
}

static void make_costs(const ntk_study *study, ntk_point_cost *costs) {
  ntk_context *context = make_context(1);
  assert_ok(ntk_agenda_costs(study, context, SIZE_MAX, costs));
  ntk_context_destroy(context);
}

static void test_order(void **state) {
  (void)state;
  static const unsigned char states[ALL];
  ntk_point_cost costs[POINTS];
  ntk_study *study = make_study(text);
  make_costs(study, costs);
  ntk_agenda plan = make_plan(study, costs, states, 1, 1, false);
  assert_int_equal(plan.count, ALL);
  assert_int_equal(plan.total, ALL);
  bool seen[ALL] = {false};
  ntk_task task, before = {0};
  double sum = 0.0;
  for (size_t k = 0; k < ALL; k++) {
    assert_true(ntk_agenda_take(&plan, SIZE_MAX, &task));
    assert_true(!seen[task.point * TRIALS + task.trial] && task.trial < TRIALS);
    seen[task.point * TRIALS + task.trial] = true;
    assert_true(k == 0 || costs[before.point].flops >= costs[task.point].flops);
    sum += ntk_agenda_cost(&plan, task.point);
    before = task;
  }
  assert_false(ntk_agenda_take(&plan, SIZE_MAX, &task));
  assert_near(plan.cost_total, sum, 1e-12 * sum, "cost of all");
  assert_near(plan.cost_done, 0.0, 0.0, "cost of what is done");
  /* What surrounds a trial is the same for all: more than 0.1 and less than 100 ms at 10 to 100
   * GFLOP/s. */
  const double around = ntk_agenda_cost(&plan, 0) - costs[0].flops;
  assert_true(around > 1e6 && around < 1e10);
  for (size_t i = 0; i < POINTS; i++)
    assert_near(ntk_agenda_cost(&plan, i) - costs[i].flops, around, 1e-6 * around,
                "around a trial");
  ntk_agenda_clear(&plan);
  ntk_study_destroy(study);
}

/* The costliest of those that fit into what memory is left, and nothing twice. */
static void test_memory(void **state) {
  (void)state;
  static const unsigned char states[ALL];
  ntk_point_cost costs[POINTS];
  ntk_study *study = make_study(text);
  make_costs(study, costs);
  ntk_agenda plan = make_plan(study, costs, states, 1, 1, false);
  bool seen[ALL] = {false};
  for (size_t k = 0; k < ALL; k++) {
    const size_t bytes = costs[k * 5 % POINTS].bytes;
    double largest = -1.0;
    for (size_t i = 0; i < ALL; i++)
      if (!seen[i] && costs[i / TRIALS].bytes <= bytes)
        largest = fmax(largest, costs[i / TRIALS].flops);
    ntk_task task;
    const bool found = ntk_agenda_take(&plan, bytes, &task);
    assert_true(found == (largest >= 0.0));
    if (!found)
      continue;
    assert_near(costs[task.point].flops, largest, 0.0, "the costliest that fits");
    assert_true(costs[task.point].bytes <= bytes && !seen[task.point * TRIALS + task.trial]);
    seen[task.point * TRIALS + task.trial] = true;
  }
  ntk_agenda_clear(&plan);
  ntk_study_destroy(study);
}

static void test_shards(void **state) {
  (void)state;
  static const unsigned char states[ALL];
  ntk_point_cost costs[POINTS];
  ntk_study *study = make_study(text);
  make_costs(study, costs);
  ntk_agenda whole = make_plan(study, costs, states, 1, 1, false);
  double dearest = 0.0;
  for (size_t i = 0; i < POINTS; i++)
    dearest = fmax(dearest, ntk_agenda_cost(&whole, i));
  ntk_agenda_clear(&whole);
  for (size_t shards = 1; shards <= ALL + 3; shards++) {
    int owners[ALL] = {0};
    double least = INFINITY, most = 0.0;
    for (size_t s = 1; s <= shards; s++) {
      ntk_agenda plan = make_plan(study, costs, states, s, shards, false);
      assert_true(plan.count == plan.total);
      for (size_t k = 0; k < plan.count; k++)
        owners[plan.task[k].point * TRIALS + plan.task[k].trial]++;
      least = fmin(least, plan.cost_total);
      most = fmax(most, plan.cost_total);
      ntk_agenda_clear(&plan);
    }
    for (size_t i = 0; i < ALL; i++)
      assert_int_equal(owners[i], 1);
    assert_true(most - least <= dearest * (1 + 1e-12));
  }
  ntk_study_destroy(study);
}

/* Done and failed ones are left out, failed ones not with retry; the shard's trials stay its own.
 */
static void test_states(void **state) {
  (void)state;
  unsigned char states[ALL] = {0};
  ntk_point_cost costs[POINTS];
  ntk_study *study = make_study(text);
  make_costs(study, costs);
  for (size_t i = 0; i < ALL; i++)
    states[i] = (unsigned char)(i % 4 == 0   ? NTK_TRIAL_DONE
                                : i % 7 == 0 ? NTK_TRIAL_FAILED
                                             : NTK_TRIAL_MISSING);
  static const unsigned char fresh_states[ALL];
  for (int k = 0; k < 4; k++) {
    const size_t shard = 1 + (size_t)k / 2, shards = 2;
    const bool retry = k % 2 == 1;
    ntk_agenda all = make_plan(study, costs, fresh_states, shard, shards, retry);
    ntk_agenda plan = make_plan(study, costs, states, shard, shards, retry);
    size_t count = 0, done = 0, failed = 0;
    double cost_done = 0.0;
    for (size_t i = 0; i < all.count; i++) {
      const ntk_task task = all.task[i];
      const unsigned char is = states[task.point * TRIALS + task.trial];
      done += is == NTK_TRIAL_DONE;
      failed += is == NTK_TRIAL_FAILED;
      if (is == NTK_TRIAL_MISSING || (retry && is == NTK_TRIAL_FAILED)) {
        assert_true(count < plan.count && plan.task[count].point == task.point);
        assert_true(plan.task[count++].trial == task.trial);
      } else {
        cost_done += ntk_agenda_cost(&all, task.point);
      }
    }
    assert_int_equal(plan.count, count);
    assert_true(plan.done == done && plan.failed == failed && plan.total == all.total);
    assert_near(plan.cost_total, all.cost_total, 1e-12 * all.cost_total, "cost of all");
    assert_near(plan.cost_done, cost_done, 1e-12 * all.cost_total,
                "cost of what is not to be done");
    ntk_agenda_clear(&all);
    ntk_agenda_clear(&plan);
  }
  ntk_study_destroy(study);
}

/* Operations of the algorithm, counted by going through it: a product and a sum each. */
static double count_products(size_t N, const size_t *n, size_t L) {
  double count = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t l = 1; l < L; l++)
      for (size_t e = 0; e < n[l - 1] * n[l]; e++)
        count += l == 1 ? 2.0 : 4.0; /* no derivative by the data */
  return count;
}
static double count_gram(size_t N, size_t columns) {
  double count = 0.0;
  for (size_t i = 0; i < N; i++)
    for (size_t j = 0; j <= i; j++)
      count += 2.0 * (double)columns;
  return count;
}
static double count_cholesky(size_t N) {
  double count = 0.0;
  for (size_t j = 0; j < N; j++)
    for (size_t i = j; i < N; i++)
      for (size_t k = 0; k < j; k++)
        count += 2.0;
  return count;
}

/* N = 100, d = 10, n_1 = 20, n_2 = 30: Gram matrices of F_0, B_1, F_1, B_2, F_2. Up to the terms of
 * lower order in N. */
static void test_costs(void **state) {
  (void)state;
  const char *study_text = "name: c\nnetwork: {widths: [20, 30]}\ngrid: {N: 100, d: 10}\n";
  const struct {
    const char *quantity;
    bool layers;
  } cases[] = {{"quantity=lambda_min", false},
               {"quantity=lambda_max,condition,lambda_min", false},
               {"quantity=per_block", true},
               {"quantity=lambda_min,per_block", true}};
  const size_t width[] = {10, 20, 30};
  const double passes = count_products(100, width, 3), factor = count_cholesky(100);
  const double gram = count_gram(100, 10 + 20 + 20 + 30 + 30);
  const ntk_network_spec spec = {
      .depth = 3, .width = width, .activation = "sigmoid", .init = "paper"};
  ntk_context *context = make_context(1);
  for (size_t k = 0; k < COUNT(cases); k++) {
    ntk_study *study = make_study_with(study_text, cases[k].quantity);
    const ntk_spectrum_options options = {.per_block = cases[k].layers};
    ntk_point_cost costs;
    size_t bytes = 0;
    assert_ok(ntk_agenda_costs(study, context, SIZE_MAX, &costs));
    assert_ok(ntk_spectrum_memory(context, &spec, 100, &options, &bytes));
    const double flops = passes + gram + factor + (cases[k].layers ? gram + 3 * factor : 0.0);
    /* Eigensolvers: from 5 to 100 products and solves of 2 N^2 flops. */
    const double eigen = costs.flops - flops, one = 2e4 * (cases[k].layers ? 4 : 1);
    assert_true(eigen > 5.0 * one && eigen < 100.0 * one);
    assert_true(costs.seconds > 0.0 || isnan(costs.seconds));
    assert_true(costs.bytes == bytes && bytes >= 4 * 100 * 100);
    assert_ok(ntk_agenda_costs(study, context, bytes, &costs));
    assert_refused(ntk_agenda_costs(study, context, bytes - 1, &costs), NTK_ERR_MEMORY,
                   "at N = 100, d = 10");
    ntk_study_destroy(study);
  }
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order),  cmocka_unit_test(test_memory), cmocka_unit_test(test_shards),
      cmocka_unit_test(test_states), cmocka_unit_test(test_costs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
