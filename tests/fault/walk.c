/* The walk of faults: one command, again and again, in a copy of a folder, with fault number 1, 2,
 * ... of each kind, until there is no further one.
 * Property: whatever fails, once or for good, the command ends by itself; with status 0 all of its
 * output and files are there, with 1 or 2 one line of standard error says why and the folder is as
 * it was, or as a good run leaves it; nothing is held when main returns that a good run does not
 * hold.
 *
 * usage: fault_walk [-k KIND,...] [-m MOST] [-x PATTERN] [-r] LIBRARY FOLDER PROGRAM [ARGUMENT...]
 *   -k  of these kinds alone              -m  of each kind so many points, the first and the last
 * too -x  files whose names begin so keep what was done (a database), and may be there after a
 * failure -r  after each failure: the same command, without fault, ends as a good run does */
#define _GNU_SOURCE
#include "snapshot.h"
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct fault_case {
  const char *name;
  fault_kind kind;
  int error; /* 0: reads and writes of half */
  bool for_good;
} cases[] = {{"memory once", FAULT_MEMORY, ENOMEM, false},
             {"memory for good", FAULT_MEMORY, ENOMEM, true},
             {"open once: EMFILE", FAULT_OPEN, EMFILE, false},
             {"open for good: EMFILE", FAULT_OPEN, EMFILE, true},
             {"open once: EINTR", FAULT_OPEN, EINTR, false},
             {"read once: EINTR", FAULT_READ, EINTR, false},
             {"read for good: EIO", FAULT_READ, EIO, true},
             {"read once: short", FAULT_READ, 0, false},
             {"read for good: short", FAULT_READ, 0, true},
             {"write once: EINTR", FAULT_WRITE, EINTR, false},
             {"write once: EIO", FAULT_WRITE, EIO, false},
             {"write for good: ENOSPC", FAULT_WRITE, ENOSPC, true},
             {"write once: short", FAULT_WRITE, 0, false},
             {"write for good: short", FAULT_WRITE, 0, true},
             {"sync once: EINTR", FAULT_SYNC, EINTR, false},
             {"sync once: EIO", FAULT_SYNC, EIO, false},
             {"sync for good: EIO", FAULT_SYNC, EIO, true},
             {"rename once: EIO", FAULT_RENAME, EIO, false},
             {"rename for good: EROFS", FAULT_RENAME, EROFS, true},
             {"folder for good: EROFS", FAULT_FOLDER, EROFS, true},
             {"stat once: EIO", FAULT_STAT, EIO, false},
             {"stat for good: EIO", FAULT_STAT, EIO, true},
             {"thread for good: EAGAIN", FAULT_THREAD, EAGAIN, true}, /* from the first on */
             {"process once: EAGAIN", FAULT_PROCESS, EAGAIN, false},
             {"process for good: EAGAIN", FAULT_PROCESS, EAGAIN, true}};
enum { CASES = sizeof cases / sizeof cases[0], PATIENCE = 20, MOST_SHOWN = 4 };

static struct {
  const char *kinds, *but, *folder;
  char library[4096];
  long most;
  bool again;
  char **words;
  char place[64], run[96], out[96], err[96];
  fault_page *page;
  int descriptor;
} walk = {.but = "", .most = 1000000000};

static struct {
  snapshot before, after;
  uint64_t out;
  long held;
} good; /* without a fault */

static void fail(const char *what) {
  fprintf(stderr, "fault_walk: %s: %s\n", what, strerror(errno));
  exit(3);
}

/* ---- A run ----------------------------------------------------------------------------------- */

static void copy_folder(void) {
  char command[8192];
  (void)snprintf(command, sizeof command, "rm -rf %s && cp -a %s %s", walk.run, walk.folder,
                 walk.run);
  if (system(command) != 0)
    fail(command);
}

static void run(const fault_plan *plan, fault_seen *seen) {
  const char *const stream[2] = {walk.out, walk.err};
  if (!fault_run(plan, walk.words, walk.library, walk.run, stream, walk.page, walk.descriptor,
                 seen))
    fail("a traced run");
}

/* ---- What is wrong with it ------------------------------------------------------------------- */

static size_t lines_of_error(bool *foreign) {
  char line[8192];
  size_t lines = 0;
  FILE *file = fopen(walk.err, "r");
  *foreign = false;
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, "ntkit: ", 7) != 0 || strchr(line, '\n') == NULL)
      *foreign = true;
    lines += strncmp(line, "ntkit: warning: ", 16) != 0;
  }
  if (file != NULL)
    (void)fclose(file);
  return lines;
}

static const char *judge_failure(char text[400]) {
  static snapshot now;
  bool foreign;
  const size_t lines = lines_of_error(&foreign);
  snapshot_take(walk.run, walk.but, &now);
  const char *old = snapshot_differ(&good.before, &now),
             *whole = snapshot_differ(&good.after, &now);
  if (lines != 1)
    return snprintf(text, 400, "%zu lines of error", lines), text;
  if (old != NULL && whole != NULL &&
      !(walk.again && snapshot_is_between(&now, &good.before, &good.after)))
    return snprintf(text, 400, "%s is left, or not as it was", old), text;
  return NULL;
}

/* Called again it may say where it went on. */
static const char *judge_success(char text[400], bool again) {
  static snapshot now;
  snapshot_take(walk.run, walk.but, &now);
  const char *other = snapshot_differ(&good.after, &now);
  if (other != NULL)
    return snprintf(text, 400, "status 0, and %s is not what it should be", other), text;
  if (snapshot_of_file(walk.out) != good.out && !(again && walk.but[0] != '\0'))
    return "status 0, and standard output is not what it should be";
  return NULL;
}

/* NULL: nothing. */
static const char *judge(const fault_seen *seen, char text[400]) {
  bool foreign;
  if (seen->hung)
    return "does not end";
  if (!WIFEXITED(seen->status))
    return snprintf(text, 400, "ended by signal %d", WTERMSIG(seen->status)), text;
  const int status = WEXITSTATUS(seen->status);
  (void)lines_of_error(&foreign);
  if (foreign)
    return "a line of error that is not the program's";
  if (status > 2)
    return snprintf(text, 400, "status %d", status), text;
  const char *why = status == 0 ? judge_success(text, false) : judge_failure(text);
  if (why == NULL && walk.page->held > good.held)
    return snprintf(text, 400, "%ld blocks held, of a good run %ld; by %lx %lx %lx",
                    walk.page->held, good.held, (unsigned long)walk.page->caller[0],
                    (unsigned long)walk.page->caller[1], (unsigned long)walk.page->caller[2]),
           text;
  return why;
}

/* ---- A kind ---------------------------------------------------------------------------------- */

static void show(long at, const char *why) {
  char command[400];
  printf("  BAD at %ld (asked by %lx): %s\n", at, (unsigned long)walk.page->by, why);
  (void)fflush(stdout);
  (void)snprintf(command, sizeof command, "head -c 600 %s | sed 's/^/    /'", walk.err);
  (void)!system(command);
}

/* NULL: the command ends as it should when it is called once more. */
static const char *call_again(void) {
  static char text[400], why[500];
  const fault_plan none = {.kind = FAULT_NONE, .patience = PATIENCE};
  fault_seen seen;
  run(&none, &seen);
  if (!WIFEXITED(seen.status) || WEXITSTATUS(seen.status) != 0)
    return "the same command does not end well after it";
  const char *wrong = judge_success(text, true);
  return wrong != NULL ? ((void)snprintf(why, sizeof why, "called again: %s", wrong), why) : NULL;
}

static long walk_case(const struct fault_case *c) {
  fault_plan plan = {c->kind, c->error, c->for_good, 0, PATIENCE};
  fault_seen seen;
  long tried = 0, done = 0, bad = 0;
  copy_folder();
  run(&plan, &seen);
  const long count = seen.count, most = c->kind == FAULT_THREAD ? 1 : walk.most;
  const long points = count < most ? count : most;
  for (long i = 0; i < points; i++) {
    char text[400];
    plan.at = c->kind == FAULT_THREAD ? 1
              : points == 1           ? 1 + count / 2
                                      : 1 + i * (count - 1) / (points - 1);
    copy_folder();
    run(&plan, &seen);
    if (seen.fired == 0) /* the workers' counts are not always the same */
      continue;
    tried++;
    const char *why = judge(&seen, text);
    done += WIFEXITED(seen.status) && WEXITSTATUS(seen.status) == 0;
    if (why != NULL && bad++ < MOST_SHOWN)
      show(plan.at, why);
    if (why == NULL && walk.again && WEXITSTATUS(seen.status) != 0 &&
        (why = call_again()) != NULL && bad++ < MOST_SHOWN)
      show(plan.at, why);
  }
  printf("%-26s %6ld places, %5ld failed: %5ld refused, %5ld done all the same, %ld wrong\n",
         c->name, count, tried, tried - done, done, bad);
  if (points > 0 && tried == 0) {
    printf("  BAD: no fault came up\n");
    bad++;
  }
  return bad;
}

static bool is_wanted(const char *name) {
  const size_t length = strcspn(name, " ");
  for (const char *at = walk.kinds; at != NULL; at = strchr(at, ',')) {
    at += *at == ',';
    if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == '\0'))
      return true;
  }
  return walk.kinds == NULL;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void read_options(int count, char **word) {
  int option;
  while ((option = getopt(count, word, "+k:m:x:r")) != -1) {
    if (option == 'k')
      walk.kinds = optarg;
    else if (option == 'm')
      walk.most = strtol(optarg, NULL, 10);
    else if (option == 'x')
      walk.but = optarg;
    else if (option == 'r')
      walk.again = true;
    else
      exit(3);
  }
  if (count - optind < 3)
    fail("LIBRARY, FOLDER and PROGRAM are needed");
  if (realpath(word[optind], walk.library) ==
      NULL) /* the loader passes over what it does not find */
    fail(word[optind]);
  walk.folder = word[optind + 1];
  walk.words = word + optind + 2;
}

static void prepare(void) {
  (void)snprintf(walk.place, sizeof walk.place, "/tmp/fault_walk.XXXXXX");
  if (mkdtemp(walk.place) == NULL)
    fail(walk.place);
  (void)snprintf(walk.run, sizeof walk.run, "%s/run", walk.place);
  (void)snprintf(walk.out, sizeof walk.out, "%s/out", walk.place);
  (void)snprintf(walk.err, sizeof walk.err, "%s/err", walk.place);
  walk.descriptor = memfd_create("faults", 0);
  if (walk.descriptor < 0 || ftruncate(walk.descriptor, sizeof *walk.page) != 0)
    fail("memory to share");
  walk.page = mmap(NULL, sizeof *walk.page, PROT_READ | PROT_WRITE, MAP_SHARED, walk.descriptor, 0);
  if (walk.page == MAP_FAILED)
    fail("memory to share");
}

static void run_without(void) {
  const fault_plan none = {.kind = FAULT_NONE, .patience = 10 * PATIENCE};
  fault_seen seen;
  copy_folder();
  snapshot_take(walk.run, walk.but, &good.before);
  run(&none, &seen);
  if (!WIFEXITED(seen.status) || WEXITSTATUS(seen.status) != 0 || walk.page->held < 0) {
    show(0, "fails without a fault, or the library is not in it");
    exit(3);
  }
  snapshot_take(walk.run, walk.but, &good.after);
  good.out = snapshot_of_file(walk.out);
  good.held = walk.page->held;
}

int main(int count, char **word) {
  long bad = 0;
  char command[100];
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  read_options(count, word);
  prepare();
  run_without();
  for (size_t i = 0; i < CASES; i++)
    if (is_wanted(cases[i].name))
      bad += walk_case(&cases[i]);
  (void)snprintf(command, sizeof command, "rm -rf %s", walk.place);
  (void)!system(command);
  return bad > 0;
}
