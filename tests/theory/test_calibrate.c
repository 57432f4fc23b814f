/* ntk_calibrate: the machine's rates, and the file in which they are kept.
 * Property: what is kept is read again to the digit; a file that differs in any byte, or is cut
 * short, is never taken for it; what cannot be kept, or was measured on a busy machine, is used and
 * told, and not kept. Rates stay within what was seen, whatever noise there was. The clocks are the
 * test's: nothing here depends on how busy this machine is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support.h"
#include "theory/plan/calibrate.h"
#include "theory/plan/work.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Every look takes a tick of both clocks, of the processor's so much of one: the part of the time
 * that it is ours. */
static double clock_now = 1.0, clock_processor = 1.0, clock_share = 1.0;

/* Kernels take more: those of a real machine are slower than its peak, which bursts tell by both
 * clocks in turn. */
static double clock_kernels = 1e4;

int clock_gettime(clockid_t id, struct timespec *t) {
  static const double shortest = 1e-3;
  static clockid_t before = CLOCK_REALTIME;
  const double tick = id == before ? clock_kernels * shortest : shortest;
  before = id;
  clock_now += tick;
  clock_processor += clock_share * tick;
  const double now = id == CLOCK_PROCESS_CPUTIME_ID ? clock_processor : clock_now;
  t->tv_sec = (time_t)now;
  t->tv_nsec = (long)(1e9 * (now - (double)t->tv_sec));
  return 0;
}

static char cache[64] = "/tmp/ntkit-test-XXXXXX", file[256];

/* The one file in the cache; the number of files there. */
static int find_file(void) {
  char command[160], found[200] = "";
  int count = 0;
  (void)snprintf(command, sizeof command, "ls %s/ntkit 2>/dev/null", cache);
  FILE *list = popen(command, "r");
  while (fgets(found, sizeof found, list) != NULL) {
    found[strcspn(found, "\n")] = '\0';
    (void)snprintf(file, sizeof file, "%s/ntkit/%.*s", cache, 150, found);
    count++;
  }
  (void)pclose(list);
  return count;
}

static int set_up(void **state) {
  (void)state;
  clock_share = 1.0;
  clock_kernels = 1e4;
  (void)snprintf(cache, sizeof cache, "/tmp/ntkit-test-XXXXXX");
  return mkdtemp(cache) == NULL || setenv("XDG_CACHE_HOME", cache, 1) != 0;
}

static int tear_down(void **state) {
  (void)state;
  if (find_file() > 0)
    (void)unlink(file);
  char folder[80];
  (void)snprintf(folder, sizeof folder, "%s/ntkit", cache);
  (void)rmdir(folder);
  return unlink(cache) != 0 && rmdir(cache) != 0;
}

static void assert_same_rates(ntk_machine a, ntk_machine b) {
  assert_true(a.peak == b.peak && a.peak_single == b.peak_single && a.bandwidth == b.bandwidth &&
              a.bandwidth_cache == b.bandwidth_cache);
  assert_near(a.launch, b.launch, 1e-18, "launch");
  for (int k = 0; k < NTK_WORK_KINDS; k++) {
    const ntk_rate *x = ntk_work_rate(&a, (ntk_work_kind)k),
                   *y = ntk_work_rate(&b, (ntk_work_kind)k);
    assert_true(x->rate == y->rate);
    assert_near(x->overhead, y->overhead, 1e-18, "overhead");
  }
}

/* Numbers of the sizes that they have, all different. */
static ntk_machine some_machine(void) {
  ntk_machine m = {.peak = 6e10, .peak_single = 12e10, .bandwidth = 2e10, .bandwidth_cache = 9e10};
  m.launch = 3e-6;
  for (int k = 0; k < NTK_WORK_KINDS; k++)
    *ntk_work_rate(&m, (ntk_work_kind)k) = (ntk_rate){1e10 + k, 1e-10 * (k + 1)};
  return m;
}

static void test_measured_and_kept(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_machine none, first, second;
  assert_int_equal(ntk_calibrate(context, NTK_CALIBRATE_KEPT, &none), NTK_ERR_FILE);
  assert_int_equal(find_file(), 0);
  assert_ok(ntk_calibrate(context, NTK_CALIBRATE, &first));
  assert_string_equal(first.note, "");
  assert_true(first.kept && first.threads == 1 && first.memory > 0);
  assert_true(first.peak > 0.0 && first.bandwidth > 0.0);
  for (int k = 0; k < NTK_WORK_KINDS; k++)
    assert_true(ntk_work_rate(&first, (ntk_work_kind)k)->rate > 0.0);
  assert_int_equal(find_file(), 1);
  assert_int_equal(ntk_memory_in_use(context), 0);
  assert_ok(ntk_calibrate(context, NTK_CALIBRATE_KEPT, &second));
  first.peak = floor(first.peak + 0.5);
  assert_near(second.peak, first.peak, 1.0, "peak");
  assert_true(second.kept);
  ntk_context *other = make_context(2); /* of which nothing is known */
  assert_int_equal(ntk_calibrate(other, NTK_CALIBRATE_KEPT, &none), NTK_ERR_FILE);
  ntk_context_destroy(other);
  ntk_context_destroy(context);
}

static void test_busy_is_not_kept(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_machine machine;
  clock_share = 0.5;
  assert_ok(ntk_calibrate(context, NTK_CALIBRATE, &machine));
  assert_false(machine.kept);
  assert_non_null(strstr(machine.note, "seconds are guesses: this machine is busy"));
  assert_non_null(strstr(machine.note, "50 %"));
  assert_true(machine.factor.rate > 0.0);
  assert_int_equal(find_file(), 0);
  ntk_context_destroy(context);
}

/* A clock by which kernels of many flops take no longer than a short burst. */
static void test_impossible_is_not_kept(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_machine machine;
  clock_kernels = 1.0;
  assert_ok(ntk_calibrate(context, NTK_CALIBRATE, &machine));
  assert_non_null(strstr(machine.note, "times as fast as its peak"));
  assert_false(machine.kept);
  assert_true(machine.kernel.rate <= machine.peak && machine.factor.rate <= machine.peak);
  assert_int_equal(find_file(), 0);
  ntk_context_destroy(context);
}

static double model(ntk_rate r, double units, double entries) {
  return units / r.rate + entries * r.overhead;
}

static ntk_sample sample_of(ntk_rate r, double units, double entries) {
  return (ntk_sample){units, entries, model(r, units, entries)};
}

/* Of what follows the model, which it is; of what cannot (the large kernel here took a quarter less
 * than the small one says, whose pages were new), the peak, and the rest on entries: then of the
 * kernel of N = 6000, d = n = 784, which took 0.625 s on that machine, a tenth is missing at most.
 */
static void test_rate(void **state) {
  (void)state;
  const double peak = 268e9;
  const ntk_rate truth = {200e9, 0.7e-9};
  ntk_sample small = sample_of(truth, 1.675e9, 17.45e6), large = sample_of(truth, 13.4e9, 17.45e6);
  ntk_rate r = ntk_rate_of(small, large, peak);
  assert_near(r.rate, truth.rate, 1e-9 * truth.rate, "rate");
  assert_near(r.overhead, truth.overhead, 1e-9 * truth.overhead, "overhead");
  small.seconds = 34.2e-3;
  large.seconds = 66.6e-3;
  r = ntk_rate_of(small, large, peak);
  assert_near(r.rate, peak, 1e-9 * peak, "rate");
  assert_near(model(r, large.units, large.entries), large.seconds, 1e-12, "the large size");
  assert_near(model(r, 141.1e9, 90e6), 0.625, 0.0625, "N = 6000");
}

/* One of both was disturbed, to a hundred times its seconds: what is expected of far larger sizes
 * is within what the units' peak and the sample that was not disturbed allow. */
static void test_rate_of_noise(void **state) {
  (void)state;
  const double peak = 268e9, units = 170e9, entries = 160e6;
  const ntk_rate truth = {220e9, 0.3e-9};
  const ntk_sample small = sample_of(truth, 1.675e9, 17.45e6),
                   large = sample_of(truth, 13.4e9, 17.45e6);
  for (double noise = 1.0; noise < 100.0; noise *= 1.05)
    for (int k = 0; k < 2; k++) {
      ntk_sample s = small, l = large;
      (k == 0 ? &s : &l)->seconds *= noise;
      const ntk_rate r = ntk_rate_of(s, l, peak);
      const ntk_sample seen = k == 0 ? large : small; /* nothing took longer for a flop */
      assert_true(r.rate <= peak * (1.0 + 1e-12) && r.overhead >= 0.0);
      assert_true(model(r, units, entries) >= units / peak);
      assert_true(units / r.rate <= units / seen.units * seen.seconds * (1.0 + 1e-12));
      assert_true(entries * r.overhead <= entries / seen.entries * seen.seconds);
    }
}

static ntk_measured measured_of(ntk_machine m) {
  ntk_measured found = {.load = {.threads = 1}};
  for (int k = 0; k < NTK_WORK_KINDS; k++) {
    const ntk_rate r = *ntk_work_rate(&m, (ntk_work_kind)k);
    found.small[k] = sample_of(r, 1e9, 1e8);
    found.large[k] = sample_of(r, 2e10, 2e8);
  }
  return found;
}

static void assert_rates_near(ntk_machine a, ntk_machine b) {
  assert_near(a.peak, b.peak, 1.0, "peak");
  assert_near(a.peak_single, b.peak_single, 1.0, "peak in float");
  for (int k = 0; k < NTK_WORK_KINDS; k++) {
    const ntk_rate *x = ntk_work_rate(&a, (ntk_work_kind)k),
                   *y = ntk_work_rate(&b, (ntk_work_kind)k);
    assert_near(x->rate, y->rate, 1e-9 * y->rate, "rate");
    if (!ntk_work_by_bytes((ntk_work_kind)k))
      assert_near(x->overhead, y->overhead, 1e-9 * y->overhead, "overhead");
  }
}

/* Rates are those of the samples; of bytes, which may come from caches, the bandwidth at most. */
static void test_rates(void **state) {
  (void)state;
  char note[240] = "";
  const ntk_machine m = some_machine();
  const ntk_measured found = measured_of(m);
  ntk_machine made = m;
  for (int k = 0; k < NTK_WORK_KINDS; k++)
    if (!ntk_work_by_bytes((ntk_work_kind)k))
      *ntk_work_rate(&made, (ntk_work_kind)k) = (ntk_rate){0};
  made.product.rate = 3.08 * m.bandwidth;
  made.solve_cached.rate = 2.0 * m.bandwidth_cache;
  assert_false(ntk_rates_judge(&found, &made, sizeof note, note));
  assert_string_equal(note, "");
  ntk_machine capped = m;
  capped.product.rate = m.bandwidth;
  capped.solve_cached.rate = m.bandwidth_cache;
  assert_rates_near(made, capped);
}

/* A peak that a kernel exceeds is none. A little is noise; far more: the machine was busy while its
 * bursts ran. (So a peak of 1 GFLOP/s was once measured, and 206 s foretold for 2.) */
static void test_peak_too_low(void **state) {
  (void)state;
  char note[240] = "";
  const ntk_machine m = some_machine();
  ntk_measured found = measured_of(m);
  const double seen = found.large[NTK_WORK_KERNEL].units / 1e-2;
  found.large[NTK_WORK_KERNEL].seconds = 1e-2;
  ntk_machine made = m;
  made.peak = seen / 1.1;
  made.peak_single = 2.0 * seen;
  assert_false(ntk_rates_judge(&found, &made, sizeof note, note));
  assert_string_equal(note, "");
  assert_near(made.peak, seen, 1.0, "peak");
  made = m;
  made.peak = seen / 200.0;
  made.peak_single = 2.0 * seen;
  assert_true(ntk_rates_judge(&found, &made, sizeof note, note));
  assert_non_null(strstr(note, "seconds are guesses: this machine is busy: a kernel seemed 200 "));
  assert_near(made.peak, seen, 1.0, "peak");
  assert_near(made.factor.rate, m.factor.rate, 1e-9 * m.factor.rate, "factor");
  assert_true(made.kernel.rate <= made.peak);
  made = m;
  made.peak = seen;
  made.peak_single = 0.9 * seen;
  assert_true(ntk_rates_judge(&found, &made, sizeof note, note));
  assert_near(made.peak_single, 2.0 * seen, 1.0, "peak in float");
  assert_non_null(
      strstr(note, "its peak in float, 1800.0 GFLOP/s, was below that in double, 2000."));
}

static void test_judgement(void **state) {
  (void)state;
  char note[240] = "";
  ntk_load load = {.threads = 4, .wall = 2.0, .processor = 7.9, .first = 1e11, .last = 1.05e11};
  assert_false(ntk_load_busy(&load, sizeof note, note));
  assert_string_equal(note, "");
  load.processor = 7.0; /* 87.5 % */
  assert_true(ntk_load_busy(&load, sizeof note, note));
  assert_non_null(strstr(note, "88 % of the time"));
  load.processor = 7.9;
  load.last = 0.8e11;
  assert_true(ntk_load_busy(&load, sizeof note, note));
  assert_non_null(strstr(note, "100.0 GFLOP/s and then 80.0"));
  load.last = 1.3e11;
  assert_true(ntk_load_busy(&load, sizeof note, note));
}

static size_t read_bytes(char *text, size_t size) {
  FILE *in = fopen(file, "rb");
  assert_non_null(in);
  const size_t length = fread(text, 1, size, in);
  (void)fclose(in);
  return length;
}

static void write_bytes(const char *text, size_t length) {
  FILE *out = fopen(file, "wb");
  assert_non_null(out);
  assert_int_equal(fwrite(text, 1, length, out), length);
  (void)fclose(out);
}

static void test_damaged_files(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_machine machine = some_machine(), read = {0};
  assert_ok(ntk_machine_write(context, &machine));
  assert_ok(ntk_machine_read(context, &read));
  assert_same_rates(machine, read);
  assert_int_equal(find_file(), 1);
  char text[4096], bad[4096];
  const size_t length = read_bytes(text, sizeof text);
  for (size_t i = 0; i < length; i++) {
    memcpy(bad, text, length);
    bad[i] = (char)(bad[i] ^ (i % 2 == 0 ? 1 : 4));
    write_bytes(bad, length);
    assert_refused(ntk_machine_read(context, &read), NTK_ERR_FORMAT, "is damaged");
    write_bytes(text, i);
    assert_int_equal(ntk_machine_read(context, &read), NTK_ERR_FORMAT);
  }
  memcpy(bad, text, length);
  bad[length] = '\n';
  write_bytes(bad, length + 1);
  assert_int_equal(ntk_machine_read(context, &read), NTK_ERR_FORMAT);
  assert_same_rates(machine, read); /* untouched */
  assert_ok(ntk_calibrate(context, NTK_CALIBRATE, &read));
  assert_non_null(strstr(read.note, "is made anew"));
  assert_true(read.kept);
  assert_ok(ntk_calibrate(context, NTK_CALIBRATE_KEPT, &read));
  ntk_context_destroy(context);
}

static void test_nowhere_to_keep(void **state) {
  (void)state;
  ntk_context *context = make_context(1);
  ntk_machine machine;
  assert_int_equal(rmdir(cache), 0);
  FILE *in_the_way = fopen(cache, "w");
  assert_non_null(in_the_way);
  (void)fclose(in_the_way);
  assert_ok(ntk_calibrate(context, NTK_CALIBRATE, &machine));
  assert_false(machine.kept);
  assert_non_null(strstr(machine.note, "the calibration is not kept: /tmp/ntkit-test-"));
  assert_true(machine.peak > 0.0);
  assert_int_equal(unsetenv("XDG_CACHE_HOME") + unsetenv("HOME"), 0);
  assert_refused(ntk_machine_write(context, &machine), NTK_ERR_FILE, "neither XDG_CACHE_HOME");
  ntk_context_destroy(context);
}

static bool refuse(const char *phase, double fraction, void *user) {
  (void)fraction;
  *(const char **)user = phase;
  return false;
}

static void test_interrupted(void **state) {
  (void)state;
  const char *phase = "";
  ntk_context *context = NULL;
  ntk_machine machine;
  assert_ok(ntk_context_create(
      &(ntk_context_options){.threads = 1, .progress = refuse, .progress_user = &phase}, &context));
  assert_refused(ntk_calibrate(context, NTK_CALIBRATE, &machine), NTK_ERR_CANCELLED,
                 "interrupted while computing");
  assert_string_equal(phase, "calibration");
  assert_int_equal(find_file(), 0);
  ntk_context_destroy(context);
}

#define CACHED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      CACHED(test_measured_and_kept),       CACHED(test_busy_is_not_kept),
      cmocka_unit_test(test_judgement),     CACHED(test_damaged_files),
      cmocka_unit_test(test_rates),         cmocka_unit_test(test_rate),
      cmocka_unit_test(test_rate_of_noise), cmocka_unit_test(test_peak_too_low),
      CACHED(test_impossible_is_not_kept),  CACHED(test_interrupted),
      CACHED(test_nowhere_to_keep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
