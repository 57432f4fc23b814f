/* Weights in files, short of memory.
 * Property: whichever allocation fails, weights are opened, read and written, or refused with one
 * line that says so, and nothing is held or left behind then. */
#include "io_support.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <signal.h>

/* Counted since starve(); number `chosen` fails, 0: none. */
static size_t counted, chosen;
static bool failed;

static bool fails(void) {
  if (chosen == 0 || ++counted != chosen)
    return false;
  failed = true;
  return true;
}

static void starve(size_t which) {
  counted = 0;
  chosen = which;
  failed = false;
}

#include "starved_memory.h" /* by fails() */

/* The linker puts these too in the place of what they are named after (CMakeLists.txt). */
char *__real_realpath(const char *path, char *into);
int __real_socketpair(int domain, int type, int protocol, int ends[2]);
pid_t __real_fork(void);
int __real_kill(pid_t process, int signal);
pid_t __real_waitpid(pid_t process, int *status, int options);
int __real_close(int descriptor);
char *__wrap_realpath(const char *path, char *into);
int __wrap_socketpair(int domain, int type, int protocol, int ends[2]);
pid_t __wrap_fork(void);
int __wrap_kill(pid_t process, int signal);
pid_t __wrap_waitpid(pid_t process, int *status, int options);
int __wrap_close(int descriptor);

char *__wrap_realpath(const char *path, char *into) {
  return __real_realpath(path, into);
}
int __wrap_socketpair(int domain, int type, int protocol, int ends[2]) {
  return __real_socketpair(domain, type, protocol, ends);
}
pid_t __wrap_fork(void) {
  return __real_fork();
}
int __wrap_kill(pid_t process, int signal) {
  return __real_kill(process, signal);
}
pid_t __wrap_waitpid(pid_t process, int *status, int options) {
  return __real_waitpid(process, status, options);
}
int __wrap_close(int descriptor) {
  return __real_close(descriptor);
}

/* Opens, reads and writes on; layout: of what is written. */
static ntk_status work(const char *from, const char *to, const char *layout) {
  const ntk_network_spec spec = {.activation = "tanh"};
  const ntk_saving_options options = {.command = "convert", .overwrite = true};
  ntk_weights weights;
  ntk_network *network = NULL;
  ntk_status status = ntk_weights_open(context, from, NULL, &weights);
  if (status != NTK_OK)
    return status;
  status = ntk_weights_network(&weights, &spec, &network);
  if (status == NTK_OK)
    status = ntk_weights_save(&weights, to, layout, &options);
  ntk_network_destroy(network);
  ntk_weights_clear(&weights);
  return status;
}

static void expect_answers(const char *from, const char *to, const char *layout) {
  bool more = true;
  size_t refused = 0;
  for (size_t which = 1; more; which++) {
    starve(which);
    const ntk_status status = work(from, to, layout);
    more = failed;
    starve(0);
    assert_int_equal(ntk_memory_in_use(context), 0);
    if (status == NTK_OK)
      continue; /* none failed, or it was one that can be done without */
    assert_true(more);
    if (status != NTK_ERR_MEMORY)
      fail_msg("allocation %zu: %s: %s", which, ntk_status_name(status), ntk_error_message());
    assert_true(ntk_error_message()[0] != '\0');
    refused++;
  }
  assert_true(refused > 10);
  assert_int_equal(access(to, F_OK), 0);
}

static void test_starved(void **state) {
  (void)state;
  const double one[4] = {1, 2, 3, 4};
  assert_ok(ntk_directory_prepare(at("own")));
  put("own/W1.npy", 2, 2, one);
  put("own/b1.npy", 2, 0, one);
  put("own/W2.npy", 2, 2, one);
  char from[256], to[256];
  static const char *const ways[][3] = {{"own", "a.npz", "torch"},
                                        {"a.npz", "b.safetensors", "flax"},
                                        {"b.safetensors", "folder", NULL}};
  for (size_t i = 0; i < COUNT(ways); i++) {
    snprintf(from, sizeof from, "%s", at(ways[i][0]));
    snprintf(to, sizeof to, "%s", at(ways[i][1]));
    expect_answers(from, to, ways[i][2]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_starved)};
  return cmocka_run_group_tests_name("weights_starved", tests, io_setup, io_teardown);
}
