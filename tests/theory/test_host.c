/* A host with threads and children of its own.
 * Property: contexts in several threads at once, each with its team, give the bits that one gives
 * alone; so does a child that was forked after its parent had a team, on a context made before and
 * on a new one, and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ntkit/data.h"
#include "ntkit/fit.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 400, D = 30, EPOCHS = 6, HOSTS = 3, RUNS = 3, LIMIT = 100 }; /* seconds: it hangs */
static const size_t width[] = {D, 60, 50};

/* Sums of bits, order of numbers included. */
static uint64_t mix(uint64_t hash, const double *x, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint64_t word = 0;
    memcpy(&word, &x[i], sizeof word);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
  }
  return hash;
}

static bool go_on(const char *phase, double fraction, void *user) {
  (void)phase;
  (void)fraction;
  (void)user;
  return true;
}

static ntk_context *new_context(int threads) {
  ntk_context *context = NULL;
  const ntk_context_options options = {.threads = threads, .progress = go_on};
  return ntk_context_create(&options, &context) == NTK_OK ? context : NULL;
}

/* A spectrum with all that there is, a training, and a memorisation; 0: something failed. No
 * assertion here: it is called from other threads, too. */
static uint64_t compute(ntk_context *context) {
  const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};
  const ntk_spectrum_options all = {.certify = true, .per_block = true, .full = true};
  const ntk_train_options gd = {.epochs = EPOCHS, .track = EPOCHS};
  ntk_dataset *data = NULL;
  ntk_network *network = NULL, *fitted = NULL;
  ntk_spectrum_result s = {0};
  ntk_train_result t = {0};
  ntk_memorize_result m = {0};
  double Y[N];
  uint64_t hash = 0;
  for (size_t i = 0; i < N; i++)
    Y[i] = i % 3 == 0 ? 1.0 : -1.0;
  if (ntk_dataset_generate(context, "gaussian", N, D, 5, &data) == NTK_OK &&
      ntk_network_create(context, &spec, &network) == NTK_OK &&
      ntk_spectrum(context, network, data, &all, &s) == NTK_OK &&
      ntk_train(context, network, data, Y, &gd, &t) == NTK_OK &&
      ntk_memorize(context, &spec, data, Y, 1, NULL, &fitted, &m) == NTK_OK) {
    hash = mix(1, s.eigenvalues, N);
    hash = mix(hash, s.eigenvector, N);
    hash = mix(hash, &s.certificate.lower, 1);
    hash = mix(hash, t.loss, EPOCHS + 1);
    hash = mix(hash, ntk_network_weights(network, 1), ntk_network_parameters(network));
    hash = mix(hash, ntk_network_weights(fitted, 1), ntk_network_parameters(fitted));
  }
  ntk_spectrum_clear(&s);
  ntk_train_clear(&t);
  ntk_network_destroy(network);
  ntk_network_destroy(fitted);
  ntk_dataset_destroy(data);
  return hash;
}

static uint64_t expected;

static int setup(void **state) {
  (void)state;
  (void)alarm(LIMIT);
  ntk_context *one = make_context(1);
  expected = compute(one);
  assert_true(expected != 0);
  ntk_context_destroy(one);
  return 0;
}

/* ---- Threads --------------------------------------------------------------------------------- */

typedef struct host {
  pthread_t thread;
  int threads; /* of its context */
  atomic_int *ready;
  int wrong;
} host;

static void *run_host(void *user) {
  host *h = user;
  ntk_context *context = new_context(h->threads);
  atomic_fetch_add(h->ready, 1);
  while (atomic_load(h->ready) < HOSTS) /* all at once */
    ;
  for (int run = 0; run < RUNS; run++)
    h->wrong += context == NULL || compute(context) != expected;
  if (context != NULL) {
    h->wrong += ntk_memory_in_use(context) != 0;
    ntk_context_destroy(context);
  }
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  atomic_int ready = 0;
  host hosts[HOSTS];
  for (int i = 0; i < HOSTS; i++) {
    hosts[i] = (host){.threads = 1 + i, .ready = &ready};
    assert_int_equal(pthread_create(&hosts[i].thread, NULL, run_host, &hosts[i]), 0);
  }
  for (int i = 0; i < HOSTS; i++) {
    assert_int_equal(pthread_join(hosts[i].thread, NULL), 0);
    assert_int_equal(hosts[i].wrong, 0);
  }
}

/* ---- Children -------------------------------------------------------------------------------- */

/* In a child: whether the context made before the fork, and one made now, compute what is
 * expected. */
static int judge(ntk_context *before) {
  (void)alarm(LIMIT);
  ntk_context *now = new_context(3);
  const bool right = compute(before) == expected && now != NULL && compute(now) == expected &&
                     compute(before) == expected;
  ntk_context_destroy(now);
  return right ? 0 : 1;
}

static void test_fork(void **state) {
  (void)state;
  ntk_context *two = new_context(2);
  assert_non_null(two);
  for (int used = 0; used < 2; used++) { /* before the parent had a team, and after */
    if (used)
      assert_true(compute(two) == expected);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
      _exit(judge(two));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  assert_true(compute(two) == expected); /* the parent has its team still */
  ntk_context_destroy(two);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_fork), cmocka_unit_test(test_threads)};
  return cmocka_run_group_tests(tests, setup, NULL);
}
