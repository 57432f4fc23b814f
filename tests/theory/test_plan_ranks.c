/* The model of cost over several ranks.
 * Property: bytes and messages are those of plain loops over rows and their owners; one rank has
 * all of the work and no message; seconds are those of rates, by hand. */
#include "conditioning.h"

#include "base/ranks/ranks.h"
#include "kernel/ends/proof.h"
#include "theory/plan/work.h"

enum { N = 3000, RANKS = 3, D = 70, N1 = 60, N2 = 50 };
static const size_t WIDTH[] = {D, N1, N2};
static const ntk_network_spec SPEC = {.depth = 3, .width = WIDTH};

/* What a rank receives in that phase, and by which messages. */
static ntk_passing passed(const ntk_work_list *list, const ntk_share *share, const char *phase) {
  ntk_passing sum = {0};
  for (size_t i = 0; i < list->count; i++) {
    const ntk_work own = ntk_work_of_rank(&list->work[i], share);
    if (strcmp(own.phase, phase) != 0)
      continue;
    sum.hidden += own.passing.hidden;
    sum.waited += own.passing.waited;
    sum.messages += own.passing.messages;
  }
  return sum;
}

/* Bytes of numbers that each rank takes from those that have them, on average; of row i so many. */
static double taken(const ntk_share *share, double (*numbers)(size_t i)) {
  double bytes = 0.0;
  for (int rank = 0; rank < share->ranks; rank++)
    for (size_t i = 0; i < share->N; i++)
      bytes += ntk_share_owner(share, i) != rank ? 8.0 * numbers(i) : 0.0;
  return bytes / share->ranks;
}

static double one(size_t i) {
  (void)i;
  return 1.0;
}

static double to_the_diagonal(size_t i) {
  return (double)i + 1.0;
}

static double features(size_t i) { /* F_0, F_1, F_2; B_1, B_2 */
  (void)i;
  return D + N1 + N2 + N1 + N2;
}

static double norms(size_t i) { /* of F_0, F_1, F_2 and B_1, B_2, B_3 */
  (void)i;
  return 6.0;
}

/* A sum of so many numbers by a ring: each of P - 1 steps hands on 1 / P of them, twice. */
static double summed(double numbers) {
  double bytes = 0.0;
  for (int round = 0; round < 2; round++)
    for (int step = 1; step < RANKS; step++)
      bytes += 8.0 * numbers / RANKS;
  return bytes;
}

static void test_traffic_of_plain_loops(void **state) {
  (void)state;
  const ntk_share share = ntk_share_deal(N, 0, RANKS);
  const double chunks = (double)ntk_share_chunks(&share), each = taken(&share, one);
  const ntk_spectrum_options options = {.certify = true};
  ntk_work_list list;
  ntk_work_spectrum(&SPEC, N, &options, &list);
  ntk_passing p = passed(&list, &share, "features");
  assert_near(p.waited, taken(&share, norms), 1e-9 * p.waited, "norms");
  p = passed(&list, &share, "kernel");
  assert_near(p.hidden, taken(&share, features), 1e-9 * p.hidden, "rows of the features");
  assert_near(p.messages, 5 * 2, 0.0, "five matrices by 1920 rows");
  p = passed(&list, &share, "factorisation");
  assert_near(p.hidden, taken(&share, to_the_diagonal), 3.0 / N * p.hidden, "panels of the factor");
  assert_near(p.messages, 2.0 * N / 24 + chunks, 0.0, "two a panel, one a chunk");
  p = passed(&list, &share, "largest eigenvalue");
  assert_near(p.waited, 6.0 * summed(N), 1e-9 * p.waited, "products with K");
  p = passed(&list, &share, "smallest eigenvalue");
  assert_near(p.waited, 50.0 * (each + 2.0 * summed(N)), 1e-9 * p.waited, "solves");
  assert_near(p.messages, 50.0 * (2.0 * chunks + 1.0), 0.0, "two for each chunk, one at the end");
}

static void test_traffic_without_K(void **state) {
  (void)state;
  const ntk_share share = ntk_share_deal(N, 0, RANKS);
  const double P = D * N1 + N1 * N2 + N2, each = taken(&share, one);
  ntk_work_list list;
  ntk_work_operator(&SPEC, N, &(ntk_spectrum_options){0}, &list);
  ntk_passing p = passed(&list, &share, "largest eigenvalue");
  assert_near(p.waited, 6.0 * (summed(P) + each), 1e-9 * p.waited, "J^T v summed, J g collected");
  assert_near(p.messages, 12.0, 0.0, "two each");
  ntk_work_train(&SPEC, N, &(ntk_train_options){.epochs = 10, .optimizer = "adam"}, false, &list);
  p = passed(&list, &share, "training");
  assert_near(p.waited, 10.0 * summed(P), 1e-9 * p.waited, "gradients");
  ntk_work_train(&SPEC, N,
                 &(ntk_train_options){.epochs = 10, .optimizer = "adam", .precision = "float"},
                 false, &list);
  assert_near(passed(&list, &share, "training").waited, 5.0 * summed(P), 1e-9 * p.waited, "float");
}

/* All of the outputs' rows of K, and the biases' parts of J^T v; the last B is known to all. */
static void test_traffic_of_outputs(void **state) {
  (void)state;
  const bool bias[] = {true, false, true};
  const ntk_network_spec spec = {.depth = 3, .width = WIDTH, .outputs = 2, .bias = bias};
  const ntk_spectrum_options all = {.outputs = NTK_OUTPUTS_ALL};
  const ntk_share share = ntk_share_deal(N, 0, RANKS);
  const double others = 1.0 - 1.0 / RANKS, m = 2.0 * N;
  ntk_work_list list;
  ntk_work_spectrum(&spec, N, &all, &list);
  assert_near(passed(&list, &share, "kernel").hidden,
              8.0 * others * (N * (D + N1 + N2) + m * (N1 + N2)), 1.0, "K");
  assert_near(passed(&list, &share, "factorisation").hidden, 4.0 * others * m * m, 1.0, "L");
  assert_near(ntk_work_inner(&spec, NTK_OUTPUTS_ALL), (D + 1) * N1 + N1 * N2 + (N2 + 1) * 2, 0.0,
              "J^T v");
}

static bool same(const ntk_work *a, const ntk_work *b) {
  return a->flops == b->flops && a->bytes == b->bytes && a->entries == b->entries &&
         a->kind == b->kind && a->single == b->single;
}

/* One rank has all of it; of several each has about its part, never less. */
static void test_work_of_a_rank(void **state) {
  (void)state;
  const ntk_share whole = ntk_share_deal(N, 0, 1);
  ntk_work_list list;
  ntk_work_operator(&SPEC, N, &(ntk_spectrum_options){0}, &list);
  double before = 0.0;
  for (int ranks = 1; ranks <= 128; ranks *= 2) {
    const ntk_share share = ntk_share_deal(N, 0, ranks);
    double flops = 0.0, all = 0.0, alone = 0.0;
    for (size_t i = 0; i < list.count; i++) {
      const ntk_work own = ntk_work_of_rank(&list.work[i], &share);
      flops += own.flops - own.whole;
      all += list.work[i].flops - list.work[i].whole;
      alone += own.whole;
      assert_true(own.flops >= list.work[i].whole);
      if (ranks > 1)
        continue;
      assert_true(same(&own, &list.work[i]));
      assert_true(own.passing.hidden + own.passing.waited + own.passing.messages +
                      own.passing.vectors ==
                  0.0);
    }
    assert_true(alone > 0.0); /* the preconditioner's small factor */
    assert_true(flops >= all / ranks && (ranks == 1 || flops <= before));
    if (ranks <= 4)
      assert_true(flops <= 1.05 * all / ranks);
    before = flops;
  }
  assert_int_equal(whole.ranks, 1);
}

static void test_seconds_by_hand(void **state) {
  (void)state;
  const ntk_machine machine = {.threads = 2,
                               .peak = 6.0,
                               .peak_single = 24.0,
                               .bandwidth = 10.0,
                               .launch = 1.0,
                               .factor = {4.0, 0.0},
                               .network = {5.0, 0.5}};
  ntk_work work = {.kind = NTK_WORK_FACTOR, .flops = 8.0, .passing = {.hidden = 10.0}};
  assert_near(ntk_work_seconds(&machine, &work), 8.0 / 4.0 + 1.0, 1e-12, "hidden");
  work.passing.hidden = 40.0;
  assert_near(ntk_work_seconds(&machine, &work), 40.0 / 5.0, 1e-12, "longer than the work");
  work.passing = (ntk_passing){.waited = 10.0, .messages = 3.0, .vectors = 15.0};
  assert_near(ntk_work_seconds(&machine, &work), 3.0 + 10.0 / 5.0 + 3.0 * 0.5 + 15.0 / (10.0 / 2.0),
              1e-12, "waited for, and vectors on one thread");
}

static const char *const QUESTIONS[] = {"spectrum", "memorize", "train"};

static void make_plan(ntk_context *context, const char *question, int ranks, ntk_plan *plan) {
  const ntk_plan_options options = {.question = question,
                                    .ranks = ranks,
                                    .memory = (size_t)8 << 30,
                                    .calibration = NTK_CALIBRATE_KEPT};
  assert_ok(ntk_plan_make(context, &SPEC, N, &options, plan));
  assert_int_equal(plan->ranks, ranks > 0 ? ranks : 1);
  assert_int_equal(ntk_ranks_count(context), 1); /* they are gone again */
}

/* More ranks never need more memory each, and always have their part of K. */
static void test_memory_of_a_rank(void **state) {
  (void)state;
  static const int ranks[] = {0, 1, 2, 3, 4, 8, 64};
  ntk_context *context = make_context(1);
  for (size_t q = 0; q < COUNT(QUESTIONS); q++) {
    ntk_plan before, plan;
    make_plan(context, QUESTIONS[q], ranks[0], &before);
    for (size_t i = 1; i < COUNT(ranks); i++) {
      make_plan(context, QUESTIONS[q], ranks[i], &plan);
      assert_int_equal(plan.methods, before.methods);
      for (size_t m = 0; m < plan.methods; m++) {
        const ntk_plan_method *now = &plan.method[m], *then = &before.method[m];
        if (now->memory > then->memory || now->largest < then->largest)
          fail_msg("%s, %s: %zu bytes of a rank of %d, before %zu", QUESTIONS[q], now->name,
                   now->memory, ranks[i], then->memory);
        assert_true(ranks[i] > 1 ? now->traffic > 0.0 && now->messages > 0.0
                                 : now->traffic == 0.0 && now->messages == 0.0);
        assert_near(now->flops, then->flops, 0.0, "all of the work");
        assert_true(ranks[i] > 1 || now->memory == then->memory);
      }
      ntk_plan_clear(&before);
      before = plan;
    }
    ntk_plan_clear(&before);
  }
  ntk_plan two;
  make_plan(context, "spectrum", 2, &two);
  const double part = 8.0 * 0.5 * N * N / 2, held = (double)two.method[0].memory;
  assert_true(held > part && held < part + 3.0 * 8.0 * N * (D + 2 * N1 + 2 * N2) + 20e6);
  ntk_plan_clear(&two);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* K of all outputs has n_L rows for a sample, and is singular past P rows. */
static void test_largest_of_all_outputs(void **state) {
  (void)state;
  const ntk_network_spec spec = {.depth = 3, .width = WIDTH, .outputs = 2};
  const ntk_plan_options options = {.spectrum = {.outputs = NTK_OUTPUTS_ALL},
                                    .ranks = 2,
                                    .memory = (size_t)1 << 40,
                                    .calibration = NTK_CALIBRATE_KEPT};
  ntk_context *context = make_context(1);
  ntk_plan plan;
  assert_ok(ntk_plan_make(context, &spec, N, &options, &plan));
  for (size_t m = 0; m < plan.methods; m++)
    assert_int_equal(plan.method[m].largest, (D * N1 + N1 * N2 + N2 * 2) / 2);
  ntk_plan_clear(&plan);
  ntk_context_destroy(context);
}

/* The proof for the exact kernel, of whose flops test_plan_work tells, is one process's: ranks make
 * K and factorise it again, no more. */
static void test_proof_of_one_process(void **state) {
  (void)state;
  const double proof = 5.5 * 2.0 * N * (D * N1 + 2 * N1 * N2) + 6600.0 * N * (N1 + N2);
  double flops[3] = {0.0};
  ntk_context *context = make_context(1);
  for (int ranks = 1; ranks <= 2; ranks++) {
    const ntk_plan_options options = {
        .spectrum = {.certify = true}, .ranks = ranks, .calibration = NTK_CALIBRATE_KEPT};
    ntk_plan plan;
    assert_ok(ntk_plan_make(context, &SPEC, N, &options, &plan));
    for (size_t p = 0; p < plan.method[0].phases; p++)
      if (strncmp(plan.method[0].phase[p].name, "proof for ", 10) == 0)
        flops[ranks] += plan.method[0].phase[p].flops;
    ntk_plan_clear(&plan);
  }
  assert_true(flops[2] >= (double)N * N * N / 3.0);
  assert_near(flops[1] - flops[2], proof, 1e-9 * flops[1], "the proof");
  ntk_context_destroy(context);
}

/* Nor is its workspace theirs. */
static void test_proof_takes_no_room(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_supposed before;
  assert_true(ntk_proof_bytes(context, &SPEC, NTK_OUTPUTS_TRACE, N) >= 8.0 * N);
  assert_ok(ntk_backend_suppose(context, 2, &before));
  assert_true(ntk_proof_bytes(context, &SPEC, NTK_OUTPUTS_TRACE, N) == 0.0);
  ntk_backend_resume(context, &before);
  ntk_context_destroy(context);
}

static void test_refusals(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_plan plan;
  ntk_plan_options options = {.ranks = -1, .calibration = NTK_CALIBRATE_KEPT};
  assert_refused(ntk_plan_make(context, &SPEC, N, &options, &plan), NTK_ERR_ARGUMENT,
                 "ranks is -1; accepted: 1 to ");
  options.ranks = 1;
  options.network = 1e9;
  assert_refused(ntk_plan_make(context, &SPEC, N, &options, &plan), NTK_ERR_ARGUMENT,
                 "accepted: with ranks from 2 on");
  options.ranks = 2;
  options.network = 0.5;
  assert_refused(ntk_plan_make(context, &SPEC, N, &options, &plan), NTK_ERR_ARGUMENT,
                 "network is 0.5 a second; accepted: from 1 to 1e30, or 0: 1e10");
  options = (ntk_plan_options){.ranks = 8, .memory = 1000, .calibration = NTK_CALIBRATE_KEPT};
  assert_ok(ntk_plan_make(context, &SPEC, N, &options, &plan));
  assert_null(plan.chosen);
  assert_non_null(strstr(plan.reason, " of memory on each of 8 ranks, and 1 kB "));
  ntk_plan_clear(&plan);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
}

/* Layouts are those that fit into the machine described, whatever this one has: X, features and, in
 * the same room again, columns that precondition. */
static void test_described(void **state) {
  (void)state;
  const size_t samples = 14000000, wide[] = {3072, 4096, 4096};
  const ntk_network_spec spec = {.depth = 3, .width = wide};
  const ntk_plan_options options = {.spectrum = {.method = "operator"},
                                    .calibration = NTK_CALIBRATE_KEPT,
                                    .ranks = 64,
                                    .memory = (size_t)1 << 50};
  const double a_rank = 8.0 * (double)samples / 64.0;
  ntk_context *context = make_context(1);
  ntk_plan plan = {0};
  assert_ok(ntk_plan_make(context, &spec, samples, &options, &plan));
  assert_true(plan.method[0].fits);
  assert_true((double)plan.method[0].memory > a_rank * (3072.0 + 2.0 * 4.0 * 4096.0));
  ntk_plan_clear(&plan);
  assert_true(context->memory_limit == 0 && !context->memory_supposed);
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_traffic_of_plain_loops),
      cmocka_unit_test(test_traffic_without_K),
      cmocka_unit_test(test_traffic_of_outputs),
      cmocka_unit_test(test_work_of_a_rank),
      cmocka_unit_test(test_seconds_by_hand),
      cmocka_unit_test(test_memory_of_a_rank),
      cmocka_unit_test(test_largest_of_all_outputs),
      cmocka_unit_test(test_proof_of_one_process),
      cmocka_unit_test(test_proof_takes_no_room),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_described),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
