/* Studies short of memory: each allocation by test_study_starved_slow.c, every STARVED_STEP-th by
 * test_study_starved.c.
 * Property: whichever allocation fails, in the run or in its workers, and whichever process or
 * socket is not to be had, a study is done, or refused with one line that says so; no process but
 * its own workers is signalled or waited for, no descriptor but its own is closed, and what was
 * written is gone on with to the same bits. */
#ifndef NTK_TESTS_STUDY_STARVED_H
#define NTK_TESTS_STUDY_STARVED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/status.h"
#include "study_support.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

/* ---- What fails ------------------------------------------------------------------------------ */

/* Counted since starve(), by each worker since its start; number `chosen` fails, of the workers'
 * or of this process's own. */
static size_t counted, chosen;
static bool workers_starve, is_worker;
/* Shared with the workers. */
static struct {
  bool failed; /* the chosen one has come up */
  bool stray;  /* a signal, a wait or a close that could reach something of the caller's */
} * seen;

static bool fails(void) {
  if (chosen == 0 || is_worker != workers_starve || ++counted != chosen)
    return false;
  seen->failed = true;
  return true;
}

static void starve(size_t which) {
  counted = 0;
  chosen = which;
  seen->failed = false;
}

#include "starved_memory.h" /* by fails() */

/* The linker puts these too in the place of what they are named after (CMakeLists.txt). */
char *__real_realpath(const char *path, char *into);
int __real_socketpair(int domain, int type, int protocol, int ends[2]);
pid_t __real_fork(void);
int __real_kill(pid_t pid, int number);
pid_t __real_waitpid(pid_t pid, int *status, int options);
int __real_close(int descriptor);

char *__wrap_realpath(const char *path, char *into);
int __wrap_socketpair(int domain, int type, int protocol, int ends[2]);
pid_t __wrap_fork(void);
int __wrap_kill(pid_t pid, int number);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
int __wrap_close(int descriptor);

char *__wrap_realpath(const char *path, char *into) {
  return fails() ? (errno = ENOMEM, NULL) : __real_realpath(path, into);
}
int __wrap_socketpair(int domain, int type, int protocol, int ends[2]) {
  return fails() ? (errno = EMFILE, -1) : __real_socketpair(domain, type, protocol, ends);
}
pid_t __wrap_fork(void) {
  const pid_t pid = fails() ? (errno = EAGAIN, -1) : __real_fork();
  is_worker = pid == 0;
  return pid;
}

int __wrap_kill(pid_t pid, int number) {
  if (pid > 0)
    return __real_kill(pid, number);
  seen->stray = true;
  return errno = ESRCH, -1;
}
pid_t __wrap_waitpid(pid_t pid, int *status, int options) {
  if (pid > 0)
    return __real_waitpid(pid, status, options);
  seen->stray = true;
  return errno = ECHILD, -1;
}
int __wrap_close(int descriptor) {
  if (descriptor > 2)
    return __real_close(descriptor);
  seen->stray = true;
  return errno = EBADF, -1;
}

static sqlite3_mem_methods sqlite_memory;
/* SQLite makes thousands for each that is ours: every seventh stands for those beside it. */
static bool sqlite_fails(void) {
  static size_t made;
  return ++made % 7 == 0 && fails();
}
static void *sqlite_malloc(int size) {
  return sqlite_fails() ? NULL : sqlite_memory.xMalloc(size);
}
static void *sqlite_realloc(void *pointer, int size) {
  return sqlite_fails() ? NULL : sqlite_memory.xRealloc(pointer, size);
}

/* SQLite and Jansson are linked as they are, and have ways of their own. */
static int set_up(void **state) {
  (void)state;
  seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (seen == MAP_FAILED || sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory) != SQLITE_OK)
    return -1;
  sqlite3_mem_methods watched = sqlite_memory;
  watched.xMalloc = sqlite_malloc;
  watched.xRealloc = sqlite_realloc;
  json_set_alloc_funcs(malloc, free);
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &watched) == SQLITE_OK ? 0 : -1;
}

/* What is true after any call: it is done, or says in one line what it wanted. */
static void check_refusal(ntk_status status, size_t which) {
  starve(0);
  assert_false(seen->stray);
  if (status == NTK_OK)
    return;
  if (status != NTK_ERR_MEMORY || ntk_error_message()[0] == '\0' ||
      strchr(ntk_error_message(), '\n') != NULL)
    fail_msg("allocation %zu: %s: %s", which, ntk_status_name(status), ntk_error_message());
}

/* ---- Running --------------------------------------------------------------------------------- */

static const char tiny[] = "name: tiny\nquantity: [lambda_min, per_block]\n"
                           "network: {widths: [d, d], activation: phi}\n"
                           "grid: {N: [9, 14], d: 5, phi: tanh}\ntrials: 2\n";

/* Runs it once for each allocation that fails, and once more: how many of the runs were refused,
 * and how many trials failed in the others. */
static void run_starved(size_t *refused, size_t *failures) {
  const char *whole = fresh("whole.db"), *database = fresh("starved.db");
  ntk_study *study = make_study(tiny);
  run_study(study, whole, NULL);
  bool failed = true;
  for (size_t k = 1; failed; k += STARVED_STEP) {
    ntk_study_status progress;
    starve(k);
    const ntk_status status =
        ntk_study_run(study, database, &(ntk_study_options){.workers = 1}, &progress);
    failed = seen->failed;
    check_refusal(status, k);
    if (status == NTK_OK) {
      assert_int_equal(progress.done + progress.failed, progress.total);
      *failures += progress.failed;
      ntk_study_status_clear(&progress);
    } else {
      ++*refused;
    }
    run_study(study, database, &(ntk_study_options){.workers = 1, .retry = true});
    assert_same_tables(whole, database);
    unlink(database);
  }
  ntk_study_destroy(study);
  unlink(whole);
}

static void test_run(void **state) {
  (void)state;
  size_t refused = 0, failures = 0;
  workers_starve = false;
  run_starved(&refused, &failures);
  assert_true(refused > 100 / STARVED_STEP && failures == 0);
}

static void test_workers(void **state) {
  (void)state;
  size_t refused = 0, failures = 0;
  workers_starve = true;
  run_starved(&refused, &failures);
  workers_starve = false;
  assert_true(refused == 0 && failures > 20 / STARVED_STEP);
}

/* ---- Everything else that is done with a study ----------------------------------------------- */

static const char *part[2], *merged, *swept;
static ntk_study_table table; /* of part[0] */

static ntk_status parse(void) {
  const char *override = "grid.k=1,2";
  ntk_study *study = NULL;
  NTK_TRY(ntk_study_parse(tiny, "test.yaml", &override, 1, &study));
  ntk_study_destroy(study);
  return NTK_OK;
}

static ntk_status look(void) {
  ntk_study_status progress;
  NTK_TRY(ntk_study_status_read(part[0], &progress));
  ntk_study_status_clear(&progress);
  return NTK_OK;
}

static ntk_status list(void) {
  ntk_study_table listed;
  NTK_TRY(ntk_study_table_read(part[0], &listed));
  ntk_study_table_clear(&listed);
  return NTK_OK;
}

static ntk_status merge(void) {
  const ntk_status status = ntk_study_merge(part, COUNT(part), false, merged);
  assert_true((status == NTK_OK) == (access(merged, F_OK) == 0));
  (void)unlink(merged);
  return status;
}

static ntk_status fit(void) {
  const ntk_summary_options options = {.x = "N", .group = "phi"};
  ntk_summary summary;
  ntk_power_law fits[2];
  NTK_TRY(ntk_study_summarise(&table, &options, &summary));
  const ntk_status status = ntk_study_fit(&table, &options, &summary, fits);
  ntk_summary_clear(&summary);
  return status;
}

static ntk_status map(void) {
  const ntk_map_options options = {.x = "d", .y = "N"};
  ntk_map made;
  NTK_TRY(ntk_study_map(&table, &options, &made));
  ntk_map_clear(&made);
  return NTK_OK;
}

/* Its trials are there already. */
static ntk_status sweep(void) {
  const ntk_sweep_spec spec = {.variable = "d",
                               .values = "4,5",
                               .samples = "6",
                               .widths = "d,d",
                               .population = NTK_LEAST_POPULATION,
                               .trials = 1};
  ntk_sweep made;
  NTK_TRY(ntk_sweep_run(&spec, swept, &(ntk_study_options){.workers = 1}, &made));
  ntk_sweep_clear(&made);
  return NTK_OK;
}

static ntk_status boundary(void) {
  ntk_boundary made;
  return ntk_study_boundary(&table, &(ntk_map_options){.x = "d", .y = "20 - N"}, 0.0, &made);
}

/* One fails for every allocation that it makes; when none does it succeeds. */
static void test_jobs(void **state) {
  (void)state;
  static const struct {
    ntk_status (*run)(void);
    size_t refusals; /* at least */
    size_t step;     /* of the many one stands for those beside it */
  } jobs[] = {{parse, 10, 1}, {look, 10, 1}, {list, 10, 1},    {merge, 10, 1},
              {fit, 4, 1},    {map, 4, 1},   {boundary, 6, 1}, {sweep, 15, 7}};
  part[0] = fresh("part1.db");
  part[1] = fresh("part2.db");
  merged = fresh("merged.db");
  swept = fresh("swept.db");
  ntk_study *study = make_study(tiny);
  run_study(study, part[0], &(ntk_study_options){.shard = 1, .shards = 2});
  run_study(study, part[1], &(ntk_study_options){.shard = 2, .shards = 2});
  table = read_table(part[0]);
  assert_ok(sweep());
  for (size_t j = 0; j < COUNT(jobs); j++) {
    size_t refusals = 0;
    bool failed = true;
    for (size_t k = 1; failed; k += STARVED_STEP * jobs[j].step) {
      starve(k);
      const ntk_status status = jobs[j].run();
      failed = seen->failed;
      check_refusal(status, k);
      refusals += status != NTK_OK;
      if (!failed)
        assert_ok(status);
    }
    assert_true(refusals >= (jobs[j].refusals + STARVED_STEP - 1) / STARVED_STEP);
  }
  ntk_study_table_clear(&table);
  ntk_study_destroy(study);
  unlink(part[0]);
  unlink(part[1]);
  unlink(swept);
}

static int run_starving(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_run),
      cmocka_unit_test(test_workers),
      cmocka_unit_test(test_jobs),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}

#endif
