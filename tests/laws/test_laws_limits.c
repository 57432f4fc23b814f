/* ntk_law: memory and cancellation.
 * Property: at whatever allocation memory ends, and at whatever call of the progress callback it is
 * stopped, the status says so, the result is as it was and nothing is held. */
#include "conditioning.h"
#include "fake_clock.h"

#include "ntkit/laws.h"

static const char *const names[] = {"marchenko-pastur", "conjugate", "fan-wang", "montanari-zhong"};

static void refused(problem *p, const char *name, const ntk_spectrum_result *spectrum,
                    ntk_status expected) {
  ntk_law_result law, untouched;
  memset(&law, 0x5a, sizeof law);
  memset(&untouched, 0x5a, sizeof untouched);
  const size_t held = ntk_memory_in_use(p->context);
  const ntk_status status = ntk_law(p->context, p->network, p->data, name, spectrum, &law);
  assert_refused(status, expected, "");
  assert_memory_equal(&law, &untouched, sizeof law);
  assert_int_equal(ntk_memory_in_use(p->context), held);
}

/* The largest limit that does not suffice, and some below. */
static void test_memory(void **state) {
  (void)state;
  const size_t width[] = {12, 400};
  problem p;
  problem_open(&p, 40, 2, width, "tanh", NULL);
  ntk_spectrum_result spectrum;
  assert_ok(
      ntk_spectrum(p.context, p.network, p.data, &(ntk_spectrum_options){.full = true}, &spectrum));
  const size_t held = ntk_memory_in_use(p.context);
  for (size_t k = 0; k < COUNT(names); k++) {
    size_t enough = 64 << 20, little = 0;
    while (enough - little > 8) {
      const size_t middle = little + (enough - little) / 2;
      ntk_law_result law;
      p.context->memory_limit = held + middle;
      const ntk_status status = ntk_law(p.context, p.network, p.data, names[k], &spectrum, &law);
      if (status == NTK_OK) {
        assert_true(law.drawn);
        ntk_law_clear(&law);
      } else {
        refused(&p, names[k], &spectrum, NTK_ERR_MEMORY);
      }
      *(status == NTK_OK ? &enough : &little) = middle;
    }
    assert_true(little > 1000 && enough < 32 << 20);
    for (size_t part = 1; part < 24; part++) {
      p.context->memory_limit = held + part * little / 24 + 1;
      refused(&p, names[k], &spectrum, NTK_ERR_MEMORY);
    }
  }
  p.context->memory_limit = (size_t)1 << 30;
  ntk_spectrum_clear(&spectrum);
  problem_close(&p);
}

static void test_cancel(void **state) {
  (void)state;
  const size_t width[] = {40, 30};
  problem p;
  problem_open(&p, 60, 2, width, "tanh", NULL);
  ntk_spectrum_result spectrum;
  assert_ok(
      ntk_spectrum(p.context, p.network, p.data, &(ntk_spectrum_options){.full = true}, &spectrum));
  clock_tick = 1.0; /* every poll is a call */
  for (size_t k = 0; k < 3; k++) {
    ntk_law_result law;
    p.log = (progress_log){0, 0};
    assert_ok(ntk_law(p.context, p.network, p.data, names[k], &spectrum, &law));
    ntk_law_clear(&law);
    const int calls = p.log.calls;
    assert_true(calls > 200);
    for (int at = 1; at <= calls; at += 37) {
      p.log = (progress_log){0, at};
      refused(&p, names[k], &spectrum, NTK_ERR_CANCELLED);
    }
  }
  clock_tick = 1e-6;
  ntk_spectrum_clear(&spectrum);
  problem_close(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory), cmocka_unit_test(test_cancel)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
