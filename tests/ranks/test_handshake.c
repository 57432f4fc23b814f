/* Who was started with whom, and whether they can compute together; without MPI.
 * Property: the number of processes is what the launcher's variables say, of whichever kind;
 * anything that differs between cards is told with both words; a rank's cores and memory are its
 * part of what the machine's ranks share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ranks/handshake.h"
#include "support.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE",
                                        "OMPI_COMM_WORLD_RANK",
                                        "PMI_SIZE",
                                        "PMI_RANK",
                                        "SLURM_STEP_NUM_TASKS",
                                        "PMIX_RANK",
                                        "SLURM_NTASKS",
                                        "SLURM_PROCID"};

static int clear(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(variables); i++)
    assert_int_equal(unsetenv(variables[i]), 0);
  return 0;
}

static void put(const char *variable, const char *value) {
  assert_int_equal(setenv(variable, value, 1), 0);
}

static void assert_launched(int size, int rank) {
  int found = -1;
  assert_int_equal(ntk_launched(&found), size);
  assert_int_equal(found, rank);
  assert_int_equal(ntk_launched(NULL), size);
}

static void test_launched(void **state) {
  assert_launched(1, 0);
  put("SLURM_NTASKS", "8"); /* as in the script that sbatch runs, which is one */
  put("SLURM_PROCID", "0");
  put("SLURM_STEP_NUM_TASKS", "8"); /* srun --mpi=none */
  assert_launched(1, 0);
  put("PMIX_RANK", "7");
  assert_launched(8, 7);
  put("PMI_SIZE", "5");
  assert_launched(8, 7);
  put("PMI_RANK", "4");
  assert_launched(5, 4);
  put("OMPI_COMM_WORLD_SIZE", "3");
  put("OMPI_COMM_WORLD_RANK", "2");
  assert_launched(3, 2);
  clear(state);
  static const char *const nonsense[][2] = {{"4", "4"}, {"4", "-1"}, {"0", "0"}, {"-2", "-3"},
                                            {"x", "0"}, {"4", ""},   {"4x", "1"}};
  for (size_t i = 0; i < COUNT(nonsense); i++) {
    put("PMI_SIZE", nonsense[i][0]);
    put("PMI_RANK", nonsense[i][1]);
    assert_launched(1, 0);
  }
}

/* The backend "mpi" of a build without it, and of a launcher that is not this build's. */
static void test_alone(void **state) {
  (void)state;
  ntk_context *context = NULL;
  const ntk_context_options mpi = {.threads = 1, .backend = "mpi"},
                            found = {.threads = 1, .backend = "auto"};
  assert_ok(ntk_context_create(&found, &context));
  assert_string_equal(ntk_context_environment(context).backend, "cpu");
  assert_int_equal(ntk_context_environment(context).ranks, 1);
  assert_int_equal(ntk_context_environment(context).rank, 0);
  ntk_context_destroy(context);
  const ntk_status status = ntk_context_create(&mpi, &context);
  if (status == NTK_OK) { /* with MPI: alone. tests/ranks/test_ranks_start.sh has the rest */
    assert_int_equal(ntk_context_environment(context).ranks, 1);
    ntk_context_destroy(context);
    return;
  }
  assert_refused(status, NTK_ERR_RANKS, "this ntkit is built without MPI; 'make mpi'");
  put("OMPI_COMM_WORLD_SIZE", "4");
  put("OMPI_COMM_WORLD_RANK", "1");
  assert_refused(ntk_context_create(&found, &context), NTK_ERR_RANKS,
                 "mpirun has started 4 of these, and this ntkit is built without MPI; 'make mpi'");
  assert_ok(ntk_context_create(&(ntk_context_options){.threads = 1}, &context));
  ntk_context_destroy(context); /* never by itself */
}

enum { P = 4 };

/* Two machines, of two ranks each. */
static void fill(const ntk_context *context, ntk_card_room *cards) {
  memset(cards, 0, P * sizeof *cards);
  for (int r = 0; r < P; r++) {
    ntk_ranks ranks = {.rank = r, .ranks = P, .first = r / 2 * 2};
    (void)snprintf(ranks.name, sizeof ranks.name, "node%02d", r / 2);
    ntk_card_fill(context, &ranks, &cards[r].card);
  }
}

static void test_same(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_card_room cards[P];
  fill(context, cards);
  assert_ok(ntk_cards_check(cards, P));
  const ntk_card *first = &cards[0].card;
  const struct {
    const char *what, *word;
  } words[] = {
      {"version", first->version},      {"commit", first->commit}, {"compiler", first->compiler},
      {"build", first->built},          {"BLAS", first->blas},     {"BLAS core", first->core},
      {"instruction set", first->simd}, {"processor", first->cpu}};
  for (size_t i = 0; i < COUNT(words); i++)
    for (int k = 1; k < P; k++) {
      char *other = cards[k].bytes + (words[i].word - cards[0].bytes), says[512];
      assert_true(words[i].word[0] != '\0');
      *other = '#';
      (void)snprintf(says, sizeof says,
                     "rank %d on node%02d has the %s '#%s', rank 0 on node00 '%s'; accepted: ", k,
                     k / 2, words[i].what, words[i].word + 1, words[i].word);
      assert_refused(ntk_cards_check(cards, P), NTK_ERR_RANKS, says);
      *other = words[i].word[0];
    }
  assert_ok(ntk_cards_check(cards, P));
  ntk_context_destroy(context);
}

static void test_cores(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_card_room cards[P];
  fill(context, cards);
  /* 7 cores on one machine that both of its ranks may use; on the other one has 4, one 70. */
  for (int r = 0; r < P; r++)
    memset(cards[r].card.mask, 0, sizeof cards[r].card.mask);
  cards[0].card.mask[0] = cards[1].card.mask[0] = 0x7f0;
  cards[2].card.mask[0] = 0xf;
  cards[3].card.mask[0] = UINT64_MAX;
  cards[3].card.mask[15] = 0x3f;
  assert_int_equal(ntk_cards_cores(cards, P, 0), 3);
  assert_int_equal(ntk_cards_cores(cards, P, 1), 3);
  assert_int_equal(ntk_cards_cores(cards, P, 2), 4);
  assert_int_equal(ntk_cards_cores(cards, P, 3), 70);
  cards[0].card.threads = 3;
  cards[1].card.threads = 0;
  cards[2].card.threads = 4;
  cards[3].card.threads = 70;
  assert_ok(ntk_cards_check(cards, P));
  cards[1].card.threads = 4;
  cards[1].card.processors = 8; /* for both of its ranks */
  assert_refused(ntk_cards_check(cards, P), NTK_ERR_ARGUMENT,
                 "4 on rank 1 on node00, which may use 3 cores; accepted: 1 to 3 (mpirun --map-by "
                 "slot:PE=4 gives it 4)");
  cards[1].card.processors = 7;
  assert_refused(ntk_cards_check(cards, P), NTK_ERR_ARGUMENT,
                 "4 on rank 1 on node00, which may use 3 cores; accepted: 1 to 3");
  assert_null(strstr(ntk_error_message(), "mpirun"));
  assert_string_equal(ntk_error_last().option, "threads");
  for (int r = 0; r < P; r++) { /* all of one kind: none is named */
    memcpy(cards[r].card.mask, cards[2].card.mask, sizeof cards[r].card.mask);
    cards[r].card.threads = 3;
    cards[r].card.processors = 6;
  }
  assert_refused(ntk_cards_check(cards, P), NTK_ERR_ARGUMENT,
                 "3, and each rank may use 2 cores; accepted: 1 to 2 (mpirun");
  cards[0].card.mask[0] = 0x7f0;
  cards[0].card.threads = 0;
  cards[1].card.mask[0] = 0x100; /* bound to one */
  cards[1].card.threads = 2;
  assert_int_equal(ntk_cards_cores(cards, P, 0), 7);
  assert_refused(ntk_cards_check(cards, P), NTK_ERR_ARGUMENT, "may use 1 core; accepted: 1");
  cards[0].card.mask[0] = 0x100; /* two on one core, as where there are more ranks than cores */
  assert_int_equal(ntk_cards_cores(cards, P, 1), 1);
  ntk_context_destroy(context);
}

static void test_memory(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_card_room cards[P];
  fill(context, cards);
  cards[0].card.available = 1000;
  cards[1].card.available = 900;
  cards[2].card.available = 5000;
  cards[3].card.available = 6000;
  static const size_t expected[P] = {450, 450, 2500, 2500};
  for (int r = 0; r < P; r++)
    assert_int_equal(ntk_cards_memory(cards, P, r), expected[r]);
  ntk_context_destroy(context);
  /* A rank's own limit is no matter of the machine's others. */
  assert_ok(
      ntk_context_create(&(ntk_context_options){.threads = 1, .memory_limit = 1000000}, &context));
  fill(context, cards);
  assert_true(cards[0].card.available > 16000000);
  assert_int_equal(cards[0].card.threads, 1);
  ntk_context_destroy(context);
}

/* Ranks 0 and 1 are processes of this test, and die; 2 is on their machine, or on another one. */
static void test_lowest(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_card_room cards[P];
  pid_t child[2];
  fill(context, cards);
  assert_false(ntk_launched_lowest());
  for (int r = 0; r < 2; r++) {
    child[r] = fork();
    if (child[r] == 0)
      for (;;)
        (void)pause();
    assert_true(child[r] > 0);
    cards[r].card.pid = (int32_t)child[r];
  }
  ntk_cards_keep(cards, 2); /* of the other machine: it cannot know */
  assert_false(ntk_launched_lowest());
  cards[2].card.first = 0;
  ntk_cards_keep(cards, 2);
  assert_false(ntk_launched_lowest());
  for (int r = 0; r < 2; r++) {
    assert_int_equal(kill(child[r], SIGKILL), 0);
    assert_int_equal(waitpid(child[r], NULL, 0), child[r]);
    assert_int_equal(ntk_launched_lowest(), r == 1);
  }
  ntk_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_launched, clear, clear),
      cmocka_unit_test_setup_teardown(test_alone, clear, clear),
      cmocka_unit_test(test_same),
      cmocka_unit_test(test_cores),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_lowest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
