/* Studies run by a host with threads.
 * Property: whatever other threads do or have locked at a fork, a study ends, with the bits that it
 * has in a host without them; two at once, too. The host's own children and its way with SIGCHLD
 * are left alone. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "study_support.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

enum { NOISY = 3, RUNS = 20, LIMIT = 100 }; /* seconds: what hangs is ended, and has failed */

/* The address sanitizer of GCC 12 has an allocator of its own, which, unlike the C library's, is
 * not made ready for a fork: a child may wait for ever for a lock that another thread held. */
#ifdef __SANITIZE_ADDRESS__
enum { FORK_KEEPS_LOCKS = 1 };
#else
enum { FORK_KEEPS_LOCKS = 0 };
#endif

static ntk_study *study;
static char quiet[256]; /* the database of a host without threads */

static int set_up(void **state) {
  (void)state;
  snprintf(quiet, sizeof quiet, "%s", fresh("quiet.db"));
  study = make_study(small_study);
  run_study(study, quiet, &(ntk_study_options){.workers = 2});
  (void)alarm(LIMIT);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ntk_study_destroy(study);
  unlink(quiet);
  return 0;
}

static void expect_run(const char *name, int workers) {
  const char *database = fresh(name);
  run_study(study, database, &(ntk_study_options){.workers = workers});
  assert_same_tables(quiet, database);
  unlink(database);
}

/* ---- A noisy host ---------------------------------------------------------------------------- */

static atomic_bool stop;

/* Allocates, logs, tells the time, fails, and multiplies matrices. */
static void *make_noise(void *log) {
  ntk_context *context = make_context(1);
  for (unsigned i = 0; !stop; i++) {
    char text[64];
    struct tm parts;
    const time_t now = time(NULL);
    void *memory = malloc(1 + 977 * (size_t)(i % 300));
    ntk_dataset *data = NULL;
    (void)strftime(text, sizeof text, "%c", localtime_r(&now, &parts));
    fprintf(log, "%u: %s %p\n", i, text, memory);
    (void)ntk_dataset_generate(context, "none", 4, 2, i, &data);
    if (i % 16 == 0) {
      ntk_context *another = make_context(1); /* checks BLAS */
      ntk_context_destroy(another);
    }
    free(memory);
  }
  ntk_context_destroy(context);
  return NULL;
}

static void test_noise(void **state) {
  (void)state;
  if (FORK_KEEPS_LOCKS)
    skip();
  FILE *log = tmpfile();
  pthread_t threads[NOISY];
  assert_non_null(log);
  stop = false;
  for (size_t i = 0; i < NOISY; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, make_noise, log), 0);
  for (int i = 0; i < RUNS; i++)
    expect_run("noise.db", 3);
  stop = true;
  for (size_t i = 0; i < NOISY; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  fclose(log);
}

/* ---- A lock that is held at the fork --------------------------------------------------------- */

static struct {
  atomic_int forks, hanging; /* how many there were; how many of those that follow hang */
} * shared;

/* In the child, before fork returns: as a lock that no thread is left to release. */
static void hang(void) {
  if (shared == NULL)
    return;
  atomic_fetch_add(&shared->forks, 1);
  while (atomic_fetch_sub(&shared->hanging, 1) > 0)
    for (;;)
      (void)pause();
}

static void test_held_lock(void **state) {
  (void)state;
  assert_int_equal(pthread_atfork(NULL, NULL, hang), 0);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(shared != MAP_FAILED);
  shared->hanging = 2; /* both workers' first processes */
  expect_run("held.db", 2);
  assert_true(shared->forks >= 4); /* more on a crowded machine */
  munmap(shared, sizeof *shared);
  shared = NULL;
}

/* ---- Two at once ----------------------------------------------------------------------------- */

static void *run_one(void *database) {
  ntk_study_status status;
  for (int i = 0; i < RUNS / 4; i++) {
    (void)unlink(database);
    if (ntk_study_run(study, database, &(ntk_study_options){.workers = 2}, &status) != NTK_OK)
      return database;
    ntk_study_status_clear(&status);
  }
  return NULL;
}

static void test_two(void **state) {
  (void)state;
  if (FORK_KEEPS_LOCKS)
    skip();
  pthread_t thread[2];
  const char *database[] = {fresh("first.db"), fresh("second.db")};
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(pthread_create(&thread[i], NULL, run_one, (void *)database[i]), 0);
  for (size_t i = 0; i < 2; i++) {
    void *failed = NULL;
    assert_int_equal(pthread_join(thread[i], &failed), 0);
    assert_null(failed);
    assert_same_tables(quiet, database[i]);
    unlink(database[i]);
  }
}

/* Into one database: one runs, the other is refused, as another process is. */
static bool start_again(const ntk_study_progress *progress, void *database) {
  (void)progress;
  ntk_study_status status;
  assert_refused(ntk_study_run(study, database, NULL, &status), NTK_ERR_FILE, "another run");
  return true;
}

static void test_one_database(void **state) {
  (void)state;
  if (FORK_KEEPS_LOCKS)
    skip();
  const char *database = fresh("one.db");
  ntk_study_status status;
  const ntk_study_options options = {
      .workers = 1, .progress = start_again, .progress_user = (void *)database};
  assert_ok(ntk_study_run(study, database, &options, &status));
  ntk_study_status_clear(&status);
  assert_same_tables(quiet, database);
  unlink(database);
}

/* ---- The host's children --------------------------------------------------------------------- */

static void ignore(int number) {
  (void)number;
}

static void test_children(void **state) {
  (void)state;
  struct sigaction before = {.sa_handler = ignore}, after;
  int how = 0;
  assert_int_equal(sigaction(SIGCHLD, &before, NULL), 0);
  const pid_t child = fork();
  if (child == 0)
    _exit(7);
  expect_run("children.db", 2);
  assert_int_equal(waitpid(child, &how, 0), child);
  assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 7);
  assert_int_equal(sigaction(SIGCHLD, NULL, &after), 0);
  assert_true(after.sa_handler == ignore);
  signal(SIGCHLD, SIG_IGN); /* nobody waits for anybody */
  expect_run("ignored.db", 2);
  signal(SIGCHLD, SIG_DFL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_noise),        cmocka_unit_test(test_two),
      cmocka_unit_test(test_one_database), cmocka_unit_test(test_children),
      cmocka_unit_test(test_held_lock),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
