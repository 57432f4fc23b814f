/* Checkpoints: what is refused.
 * Property: a checkpoint of another run is refused with the part that differs; one that was cut
 * anywhere, or has any byte changed, or is no file, with one line; the network, the file and the
 * directory stay as they were, and nothing is held. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "checkpoint_support.h"

static ntk_context *one;
static const size_t width[] = {4, 5, 6};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 2};
static const char *const optimizers[] = {"gd", "momentum", "nesterov", "adam", "lm"};

static int setup(void **state) {
  (void)state;
  one = make_context(1);
  assert_non_null(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/run.ckpt", directory);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  assert_int_equal(rmdir(directory), 0);
  assert_int_equal(ntk_memory_in_use(one), 0);
  ntk_context_destroy(one);
  return 0;
}

static ntk_train_options options_of(const char *optimizer) {
  return (ntk_train_options){
      .optimizer = optimizer, .epochs = 6, .track = 3, .checkpoint = path, .checkpoint_every = 1e9};
}

/* Refused, one line, and nothing has changed but the message. */
static void refuse(fit_problem *p, ntk_train_options options, ntk_status status, const char *says) {
  double *theta = fit_theta(p);
  ntk_train_result result, kept;
  memset(&result, 0x5a, sizeof result);
  memcpy(&kept, &result, sizeof kept);
  const size_t held = ntk_memory_in_use(one), there = files();
  assert_refused(ntk_train(one, p->network, p->data, p->Y, &options, &result), status, says);
  assert_null(strchr(ntk_error_message(), '\n'));
  assert_memory_equal(&result, &kept, sizeof kept);
  assert_memory_equal(p->network->theta, theta, p->P * sizeof(double));
  assert_int_equal(ntk_memory_in_use(one), held);
  assert_int_equal(files(), there);
  free(theta);
}

/* The file that a run writes, its bytes to be freed; p is as before. */
static unsigned char *write_checkpoint(fit_problem *p, ntk_train_options options, size_t *count) {
  double *theta = fit_theta(p);
  ntk_train_result r = fit_run(p, options);
  ntk_train_clear(&r);
  fit_set(p, theta);
  free(theta);
  return read_bytes(path, count);
}

static void round_to_float(ntk_network *network) {
  for (size_t q = 0; q < network->parameters; q++)
    network->theta[q] = (double)(float)network->theta[q];
}

/* Each option and input that makes it another run, and what the refusal must name. */
static void test_another_run(void **state) {
  (void)state;
  const size_t wider[] = {4, 5, 7}, deeper[] = {4, 5, 3, 3};
  const double beta[] = {1.0, 1.0, 1.5};
  ntk_train_options base = options_of("gd");
  base.lr = 1e-3; /* so that other options do not show in the step size */
  ntk_train_options lr = base, track = base, loss = base, single = base, adam = base, lm = base;
  ntk_train_options untracked = base, momentum = base, theory = base, batch = base, clients = base;
  ntk_network_spec seed = spec, init = spec, activation = spec, last = spec, deep = spec,
                   wide = spec;
  batch.batch = 3;
  clients.clients = 2;
  lr.lr = 1e-4;
  track.track = 2;
  untracked.track = 0;
  loss.loss = "mean";
  single.precision = "float";
  adam.optimizer = "adam";
  lm.optimizer = "lm";
  momentum.optimizer = "momentum";
  theory.lr_rule = "theory";
  theory.lr = 0.0;
  lm.lr = 0.0;
  seed.seed = 3;
  init.init = "he";
  activation.activation = "tanh,sigmoid";
  last.beta = beta;
  wide.width = wider;
  deep.width = deeper;
  deep.depth = 4;
  const struct {
    const ntk_network_spec *spec;
    const ntk_train_options *options;
    const char *says;
  } cases[] = {{&wide, &base, "another network"},
               {&deep, &base, "another network"},
               {&activation, &base, "another network"},
               {&seed, &base, "other first weights"},
               {&init, &base, "other first weights"},
               {&last, &base, "other first weights"},
               {&spec, &lr, "another step size"},
               {&spec, &track, "other epochs to track"},
               {&spec, &untracked, "other epochs to track"},
               {&spec, &loss, "another optimizer"},
               {&spec, &single, "another optimizer"},
               {&spec, &adam, "another optimizer"},
               {&spec, &lm, "another optimizer"},
               {&spec, &momentum, "another optimizer"},
               {&spec, &batch, "another optimizer, loss, margin, precision, batch or clients"},
               {&spec, &clients, "another optimizer, loss, margin, precision, batch or clients"},
               {&spec, &theory, "another step size"}};
  fit_problem p = fit_create(one, spec, 8);
  size_t count = 0;
  round_to_float(p.network); /* the same theta_0 in either precision */
  unsigned char *bytes = write_checkpoint(&p, base, &count);
  for (size_t k = 0; k < COUNT(cases); k++) {
    fit_problem q = p;
    q.network = fit_network(one, cases[k].spec);
    round_to_float(q.network);
    q.P = ntk_network_parameters(q.network);
    refuse(&q, *cases[k].options, NTK_ERR_ARGUMENT, cases[k].says);
    ntk_network_destroy(q.network);
  }
  p.Y[7] += 1e-15;
  refuse(&p, base, NTK_ERR_ARGUMENT, "other labels");
  assert_string_equal(ntk_error_last().option, "checkpoint");
  p.Y[7] -= 1e-15;
  for (size_t N = 7; N <= 9; N++) { /* fewer samples, another value, more samples */
    fit_problem q = fit_create(one, spec, N);
    round_to_float(q.network);
    if (N == 8)
      q.data->own[31] = nextafter(q.data->X[31], 9.0);
    refuse(&q, base, NTK_ERR_ARGUMENT, "other data");
    fit_destroy(&q);
  }
  size_t left = 0;
  unsigned char *after = read_bytes(path, &left);
  assert_int_equal(left, count);
  assert_memory_equal(after, bytes, count);
  free(after);
  free(bytes);
  assert_int_equal(unlink(path), 0);
  fit_destroy(&p);
}

/* The momentum too, given or of the rule. */
static void test_another_momentum(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 8);
  ntk_train_options options = options_of("nesterov");
  options.lr = 1e-3;
  options.momentum = 0.5;
  size_t count = 0;
  free(write_checkpoint(&p, options, &count));
  options.momentum = 0.6;
  refuse(&p, options, NTK_ERR_ARGUMENT, "another step size");
  options.momentum = 0.0;
  refuse(&p, options, NTK_ERR_ARGUMENT, "another step size");
  options.momentum = 0.5;
  ntk_train_result r = fit_run(&p, options);
  assert_int_equal(r.resumed, 6);
  ntk_train_clear(&r);
  assert_int_equal(unlink(path), 0);
  fit_destroy(&p);
}

/* Cut after every number of bytes, and with bytes more than there should be. */
static void test_truncated(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    fit_problem p = fit_create(one, spec, 8);
    const ntk_train_options options = options_of(optimizers[k]);
    size_t count = 0;
    unsigned char *bytes = write_checkpoint(&p, options, &count);
    for (size_t length = 0; length < count; length += k == 0 && length < 200 ? 1 : 97) {
      write_bytes(path, bytes, length);
      refuse(&p, options, NTK_ERR_FORMAT, path);
    }
    write_bytes(path, bytes, count - 1);
    refuse(&p, options, NTK_ERR_FORMAT, "whole checkpoint");
    bytes = realloc(bytes, 2 * count);
    assert_non_null(bytes);
    memset(bytes + count, 0, count);
    write_bytes(path, bytes, count + 8);
    refuse(&p, options, NTK_ERR_FORMAT, "whole checkpoint");
    write_bytes(path, bytes, 2 * count);
    refuse(&p, options, NTK_ERR_FORMAT, "whole checkpoint");
    free(bytes);
    assert_int_equal(unlink(path), 0);
    fit_destroy(&p);
  }
}

/* Every byte of the header, and many behind it, changed in one bit and in all: refused, as damaged
 * or as another run's. */
static void test_flipped(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(optimizers); k++) {
    fit_problem p = fit_create(one, spec, 8);
    const ntk_train_options options = options_of(optimizers[k]);
    size_t count = 0;
    unsigned char *bytes = write_checkpoint(&p, options, &count);
    double *theta = fit_theta(&p);
    for (size_t at = 0; at < count; at += (k == 0 && at < 128) || at + 8 >= count ? 1 : 61)
      for (int way = 0; way < 2; way++) {
        const unsigned char mask = (unsigned char)(way == 0 ? 0xff : 1 << at % 8);
        ntk_train_result r = {0};
        bytes[at] = (unsigned char)(bytes[at] ^ mask);
        write_bytes(path, bytes, count);
        const ntk_status status = ntk_train(one, p.network, p.data, p.Y, &options, &r);
        assert_true(status == NTK_ERR_FORMAT || (status == NTK_ERR_ARGUMENT && at < 64));
        assert_non_null(strstr(ntk_error_message(), path));
        assert_memory_equal(p.network->theta, theta, p.P * sizeof(double));
        bytes[at] = (unsigned char)(bytes[at] ^ mask);
      }
    write_bytes(path, bytes, count);
    ntk_train_result r = fit_run(&p, options); /* whole again */
    assert_int_equal(r.resumed, r.epochs);
    ntk_train_clear(&r);
    free(theta);
    free(bytes);
    assert_int_equal(unlink(path), 0);
    fit_destroy(&p);
  }
}

/* Sizes in the header that would overflow, with a check sum that nobody got as far as to look at.
 */
static void test_huge_sizes(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 8);
  const ntk_train_options options = options_of("gd");
  const uint64_t sizes[] = {UINT64_MAX, UINT64_MAX / 8, UINT64_C(1) << 32, 0};
  enum { SIZES = 4, ALL = SIZES + 6 }; /* and what is there plus 2^58 .. 2^63: sums that wrap */
  size_t count = 0;
  unsigned char *bytes = write_checkpoint(&p, options, &count);
  for (size_t word = 8; word < 14; word++) /* N, P, epoch, tracked, slots, linear */
    for (size_t s = 0; s < ALL; s++) {
      uint64_t kept;
      memcpy(&kept, bytes + 8 * word, sizeof kept);
      const uint64_t size = s < SIZES ? sizes[s] : kept + (UINT64_C(1) << (58 + s - SIZES));
      memcpy(bytes + 8 * word, &size, sizeof size);
      write_bytes(path, bytes, count);
      refuse(&p, options, NTK_ERR_FORMAT, "whole checkpoint");
      memcpy(bytes + 8 * word, &kept, sizeof kept);
    }
  free(bytes);
  assert_int_equal(unlink(path), 0);
  fit_destroy(&p);
}

/* What is no file of ours, and places where none can be: refused before the first step. */
static bool never(const ntk_train_progress *progress, void *user) {
  (void)user;
  fail_msg("epoch %zu was reached", progress->epoch);
  return false;
}

static void test_places(void **state) {
  (void)state;
  char name[128], longest[5000];
  fit_problem p = fit_create(one, spec, 8);
  ntk_train_options options = options_of("gd");
  options.progress = never;
  clock_tick = 1.0;
  write_bytes(path,
              "no checkpoint, but a text of more than a header's length: it goes on and on, "
              "and on, and on, and on, and on, and on, and on, and on, and on, and on, and on, "
              "and on, and on.",
              160);
  refuse(&p, options, NTK_ERR_FORMAT, "is no checkpoint of this version");
  write_bytes(path, "", 0);
  refuse(&p, options, NTK_ERR_FORMAT, "whole checkpoint");
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0); /* opened, it would never answer */
  refuse(&p, options, NTK_ERR_FILE, "not a regular file");
  assert_int_equal(unlink(path), 0);
  options.checkpoint = directory;
  refuse(&p, options, NTK_ERR_FILE, "a directory");
  options.checkpoint = "/dev/null";
  refuse(&p, options, NTK_ERR_FILE, "not a regular file");
  snprintf(name, sizeof name, "%s/none/run.ckpt", directory);
  options.checkpoint = name;
  refuse(&p, options, NTK_ERR_FILE, "No such file or directory");
  assert_string_equal(ntk_error_last().option, "checkpoint");
  options.checkpoint = "";
  refuse(&p, options, NTK_ERR_ARGUMENT, "0 characters");
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  options.checkpoint = longest;
  refuse(&p, options, NTK_ERR_ARGUMENT, "4999 characters");
  longest[3000] = '\0';
  refuse(&p, options, NTK_ERR_FILE, "File name too long");
  if (geteuid() != 0) { /* nothing is forbidden to root */
    assert_int_equal(chmod(directory, 0500), 0);
    options.checkpoint = path;
    refuse(&p, options, NTK_ERR_FILE, "Permission denied");
    assert_int_equal(chmod(directory, 0700), 0);
  }
  clock_tick = 1e-6;
  fit_destroy(&p);
}

/* A disk that is full when a checkpoint is to be written, in the middle of it or at its end: the
 * run ends as it would, and says so; the checkpoint of before is whole, and no other file is there.
 */
static void test_full_disk(void **state) {
  (void)state;
  const size_t wide[] = {20, 60, 60};
  ntk_network_spec large = spec;
  large.width = wide;
  const ntk_network_spec *specs[] = {&spec, &large}; /* more than a buffer, or less */
  for (size_t k = 0; k < COUNT(specs); k++) {
    fit_problem p = fit_create(one, *specs[k], 8);
    ntk_train_options options = options_of("adam");
    size_t count = 0, left = 0;
    unsigned char *bytes = write_checkpoint(&p, options, &count);
    struct rlimit before, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = before;
    little.rlim_cur = count / 2;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    options.epochs = 9;
    ntk_train_result r = fit_run(&p, options);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(r.epochs, 9);
    assert_non_null(strstr(r.unsaved, "cannot be written"));
    ntk_train_clear(&r);
    unsigned char *after = read_bytes(path, &left);
    assert_int_equal(left, count);
    assert_memory_equal(after, bytes, count);
    free(after);
    free(bytes);
    assert_int_equal(unlink(path), 0);
    fit_destroy(&p);
  }
}

/* A run that diverges keeps the checkpoint written before; a refused option makes none. */
static void test_kept(void **state) {
  (void)state;
  fit_problem p = fit_create(one, spec, 8);
  ntk_train_options options = options_of("gd");
  options.lr = 1e6;
  ntk_train_result r = fit_run(&p, options);
  assert_int_equal(r.stopped, NTK_STOP_DIVERGED);
  assert_int_equal(files(), 0);
  ntk_train_clear(&r);
  options.lr = -1.0;
  refuse(&p, options, NTK_ERR_ARGUMENT, "step size");
  assert_null(ntk_error_last().option);
  assert_int_equal(files(), 0);
  options = options_of("gd");
  size_t count = 0, left = 0;
  unsigned char *bytes = write_checkpoint(&p, options, &count);
  options.target = -1.0;
  refuse(&p, options, NTK_ERR_ARGUMENT, "target");
  unsigned char *after = read_bytes(path, &left);
  assert_int_equal(left, count);
  assert_memory_equal(after, bytes, count);
  free(bytes);
  free(after);
  assert_int_equal(unlink(path), 0);
  fit_destroy(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_another_run), cmocka_unit_test(test_another_momentum),
      cmocka_unit_test(test_truncated),   cmocka_unit_test(test_flipped),
      cmocka_unit_test(test_huge_sizes),  cmocka_unit_test(test_places),
      cmocka_unit_test(test_kept),        cmocka_unit_test(test_full_disk),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
