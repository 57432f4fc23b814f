/* How ranks agree.
 * Property: what fails on one rank fails on all, in its words and with its name, and from then on
 * always; ranks at different places are told, and nobody waits for one that has left. */
#include "ranks_context.h"

static const uint64_t WHAT = 17;

/* First, while nothing has failed on this thread. */
static void test_leaves_early(void **state) {
  (void)state;
  for (int k = 0; k < ranks && ranks > 1; k++)
    for (int fails = 0; fails < 2; fails++) {
      ntk_context *context = make_ranks_context();
      char says[64];
      if (rank == k && fails)
        (void)ntk_fail(NTK_ERR_SHAPE, "7 rows, wanted 8");
      if (rank != k) {
        const ntk_status status = ntk_ranks_agree(context, NTK_OK, WHAT);
        (void)snprintf(says, sizeof says, "rank %d on ", k);
        /* Where it has failed before, its last words are taken for the reason. */
        if (fails)
          assert_refused(status, NTK_ERR_SHAPE, "7 rows, wanted 8");
        else if (k == 0)
          assert_refused(status, NTK_ERR_RANKS, "has left while others compute");
        assert_int_not_equal(status, NTK_OK);
        assert_ptr_equal(strstr(ntk_error_message(), says), ntk_error_message());
      }
      ntk_context_destroy(context);
    }
}

static void test_who_is_who(void **state) {
  (void)state;
  const ntk_environment e = ntk_context_environment(all);
  assert_string_equal(e.backend, "mpi");
  assert_int_equal(e.ranks, ranks);
  assert_int_equal(e.rank, rank);
  assert_int_equal(ntk_ranks_count(all), ranks);
  assert_int_equal(ntk_rank(all), rank);
  const ntk_share share = ntk_ranks_share(all, 700);
  assert_int_equal(share.rank, rank);
  assert_int_equal(share.ranks, ranks);
  assert_int_equal(share.N, 700);
  ntk_context *own = make_context(1); /* the library turns to others only when it is told to */
  assert_int_equal(ntk_ranks_count(own), 1);
  assert_int_equal(ntk_ranks_agree(own, NTK_ERR_FILE, WHAT), NTK_ERR_FILE);
  ntk_context_destroy(own);
  ntk_context *found = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1, .backend = "auto"}, &found));
  assert_string_equal(ntk_context_environment(found).backend, ranks > 1 ? "mpi" : "cpu");
  assert_int_equal(ntk_context_environment(found).ranks, ranks);
  ntk_context_destroy(found);
}

static void test_agrees(void **state) {
  (void)state;
  for (size_t i = 0; i < 100; i++)
    assert_ok(ntk_ranks_agree(all, NTK_OK, ntk_ranks_what("test", i, 2, 3)));
  assert_int_not_equal(ntk_ranks_what("test", 1, 2, 3), ntk_ranks_what("test", 1, 3, 2));
  assert_int_not_equal(ntk_ranks_what("test", 1, 2, 3), ntk_ranks_what("tests", 1, 2, 3));
}

static ntk_status fail_here(int k) {
  return ntk_fail_about(ntk_fail(NTK_ERR_FILE, "page %d is missing", k),
                        (ntk_error){.option = "data", .sample = {3, 4 + (size_t)k}});
}

static void check_failure(ntk_status status, int k) {
  char says[64];
  (void)snprintf(says, sizeof says, ": page %d is missing", k);
  assert_refused(status, NTK_ERR_FILE, says);
  (void)snprintf(says, sizeof says, "rank %d on ", k);
  if (ranks > 1)
    assert_ptr_equal(strstr(ntk_error_message(), says), ntk_error_message());
  assert_string_equal(ntk_error_last().option, "data");
  assert_int_equal(ntk_error_last().sample[1], 4 + k);
}

static void test_each_fails(void **state) {
  (void)state;
  for (int k = 0; k < ranks && ranks > 1; k++) {
    ntk_context *context = make_ranks_context();
    /* Those behind it fail too, and each at another place: the lowest one's words are taken. */
    const ntk_status own = rank >= k && (rank == k || k % 2 == 0) ? fail_here(rank) : NTK_OK;
    check_failure(ntk_ranks_agree(context, own, WHAT + (uint64_t)(own != NTK_OK)), k);
    /* Broken: without a word, whatever is asked, and by one rank alone. */
    double x = rank;
    if (rank % 2 == 0) {
      (void)ntk_fail(NTK_ERR_NUMERIC, "something else");
      check_failure(ntk_ranks_agree(context, NTK_ERR_NUMERIC, WHAT), k);
      ntk_ranks_sum(context, 1, &x, NTK_PRECISION_DOUBLE);
      ntk_ranks_hand(context, 0, sizeof x, &x);
      assert_true(x == rank && ntk_ranks_sum_one(context, x) == rank);
      const ntk_share share = ntk_share_deal(1, rank, ranks);
      check_failure(ntk_ranks_collect(context, &share, 1, &x), k);
      ntk_handing handing;
      check_failure(ntk_ranks_hand_begin(context, 0, sizeof x, &x, &handing), k);
      assert_true(ntk_ranks_hand_test(context, &handing));
      ntk_ranks_hand_end(context, &handing);
    }
    ntk_context_destroy(context);
  }
}

/* What all find wrong, they find as one process does. */
static void test_all_fail(void **state) {
  (void)state;
  ntk_context *context = make_ranks_context();
  const ntk_status own = ntk_fail(NTK_ERR_ARGUMENT, "steps is 0; accepted: 1 to 1000");
  assert_int_equal(ntk_ranks_agree(context, own, WHAT), NTK_ERR_ARGUMENT);
  assert_string_equal(ntk_error_message(), "steps is 0; accepted: 1 to 1000");
  ntk_context_destroy(context);
}

static void test_apart(void **state) {
  (void)state;
  for (int k = 1; k < ranks; k++) {
    ntk_context *context = make_ranks_context();
    char says[64];
    const ntk_status status = ntk_ranks_agree(
        context, NTK_OK, ntk_ranks_what(rank == k ? "norms" : "kernel", 700, rank == k, 0));
    (void)snprintf(says, sizeof says, "rank %d on ", k);
    assert_refused(status, NTK_ERR_RANKS, says);
    assert_refused(status, NTK_ERR_RANKS, " is at norms (700, 1, 0), rank 0 at kernel (700, 0, 0)");
    assert_int_equal(ntk_ranks_agree(context, NTK_OK, WHAT), NTK_ERR_RANKS);
    ntk_context_destroy(context);
  }
}

static bool stop(const char *phase, double fraction, void *user) {
  const int *who = user;
  (void)phase;
  (void)fraction;
  return *who != rank;
}

static void test_stop(void **state) {
  (void)state;
  for (int k = 0; k < ranks && ranks > 1; k++) {
    ntk_context *context = NULL;
    const ntk_context_options options = {
        .threads = 1, .backend = "mpi", .progress = stop, .progress_user = &k};
    assert_ok(ntk_context_create(&options, &context));
    assert_ok(ntk_progress_report(context, "kernel", 0.5)); /* or others would wait */
    assert_int_equal(ntk_ranks_agree(context, NTK_OK, WHAT), NTK_ERR_CANCELLED);
    assert_string_equal(ntk_error_message(), "interrupted while computing: kernel");
    ntk_context_destroy(context);
  }
}

/* More threads than a rank has cores: refused on all, whoever asks. */
static void test_threads(void **state) {
  (void)state;
  for (int k = 0; k < ranks && ranks > 1; k++) {
    ntk_context *context = NULL;
    const ntk_context_options options = {.threads = rank == k ? 1024 : 1, .backend = "mpi"};
    char says[64];
    (void)snprintf(says, sizeof says, "1024 on rank %d on ", k);
    assert_refused(ntk_context_create(&options, &context), NTK_ERR_ARGUMENT, says);
    assert_string_equal(ntk_error_last().option, "threads");
  }
  ntk_context *context = NULL;
  assert_ok(ntk_context_create(&(ntk_context_options){.backend = "mpi"}, &context));
  assert_true(ntk_context_environment(context).threads >= 1);
  if (ranks > 1) {
    assert_true(context->memory_limit > 0);
    const double together = ntk_ranks_sum_one(context, (double)context->memory_limit);
    ntk_context *own = make_context(1);
    assert_true(together <= 1.1 * (double)ntk_memory_available(own)); /* of one machine */
    ntk_context_destroy(own);
  }
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_leaves_early), cmocka_unit_test(test_who_is_who),
      cmocka_unit_test(test_agrees),       cmocka_unit_test(test_each_fails),
      cmocka_unit_test(test_all_fail),     cmocka_unit_test(test_apart),
      cmocka_unit_test(test_stop),         cmocka_unit_test(test_threads),
  };
  return run_on_ranks(tests, COUNT(tests), setup, teardown);
}
