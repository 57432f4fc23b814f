/* ntk_spectrum with resolve where lambda_min is known of more samples than ball arithmetic has time
 * for.
 * Property: |lambda_min - that of the 16 blocks that K has| <= 10^-digits of it, with the smallest
 * eigenvalues of all blocks near each other (tools/check_resolve.py, which draws the same numbers).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "support.h"

enum { GROUPS = 16, EACH = 15, N = GROUPS * EACH, HIDDEN = EACH * 9 / 20 + 2 };
enum { D = 2 * GROUPS, UNITS = GROUPS * HIDDEN }; /* fewer than N */

static ntk_context *context;

/* Whole numbers from 0 to 65535. */
static uint32_t drawn(uint32_t which, uint32_t g, size_t i) {
  return ((uint32_t)i * 104729U + g * 7919U + which * 1299709U) * 2654435761U >> 16;
}

/* Samples (t, 1) of a group, units' weights for them, and those of the second layer. */
typedef struct group {
  double t[EACH], steep[HIDDEN], offset[HIDDEN], last[HIDDEN];
} group;

static group draw_group(uint32_t g, size_t slope) {
  group drawn_group;
  for (size_t i = 0; i < EACH; i++)
    drawn_group.t[i] = (double)((131072 * i + drawn(0, g, i)) * 4 / EACH) / 262144.0 - 1.0;
  for (size_t j = 0; j < HIDDEN; j++) {
    const double steep = (double)(slope * EACH * (49152 + drawn(1, g, j) / 2) / 256000) / 256.0;
    const double at = (double)(2253 * (65536 * j + drawn(2, g, j)) / (65536 * HIDDEN)) - 1126.0;
    const double sign = drawn(3, g, j) % 2 == 0 ? 1.0 : -1.0;
    drawn_group.steep[j] = sign * steep;
    drawn_group.offset[j] = -sign * steep * at / 1024.0;
    drawn_group.last[j] = (double)(128 + drawn(4, g, j) / 256) / 256.0;
  }
  return drawn_group;
}

/* Entry (a, b) of Sylvester's Hadamard matrix. */
static double hadamard(size_t a, size_t b) {
  return __builtin_parityll(a & b) ? -1.0 : 1.0;
}

/* What stands at place i of `count` numbers that are in another order: by drawn numbers, equal ones
 * as they were. */
static uint64_t key[N];
static int by_key(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}
static void order(uint32_t which, size_t count) {
  for (size_t i = 0; i < count; i++)
    key[i] = (uint64_t)drawn(which, 0, i) << 32 | i;
  qsort(key, count, sizeof key[0], by_key);
}

/* X (N x D), W_1 (D x UNITS), W_2: coordinates 2 g and 2 g + 1 are group g's, before they are
 * turned. */
static void draw(size_t slope, double *X, double *W_1, double *W_2) {
  order(5, N);
  for (size_t i = 0; i < N; i++) {
    const size_t from = (uint32_t)key[i], g = from / EACH;
    const group of = draw_group((uint32_t)g, slope);
    for (size_t h = 0; h < GROUPS; h++) {
      X[i * D + 2 * h] = of.t[from % EACH] * hadamard(g, h) / 4.0;
      X[i * D + 2 * h + 1] = hadamard(g, h) / 4.0;
    }
  }
  order(6, UNITS);
  for (size_t j = 0; j < UNITS; j++) {
    const size_t from = (uint32_t)key[j], g = from / HIDDEN;
    const group of = draw_group((uint32_t)g, slope);
    for (size_t h = 0; h < GROUPS; h++) {
      W_1[2 * h * UNITS + j] = of.steep[from % HIDDEN] * hadamard(g, h) / 4.0;
      W_1[(2 * h + 1) * UNITS + j] = of.offset[from % HIDDEN] * hadamard(g, h) / 4.0;
    }
    W_2[j] = of.last[from % HIDDEN];
  }
}

static void open_problem(size_t slope, ntk_network **network, ntk_dataset **data) {
  static double X[N * D], W_1[D * UNITS], W_2[UNITS];
  const ntk_network_spec spec = {
      .depth = 2, .width = (const size_t[]){D, UNITS}, .activation = "tanh"};
  draw(slope, X, W_1, W_2);
  assert_ok(
      ntk_network_from_weights(context, &spec, (const double *const[]){W_1, W_2}, NULL, network));
  *data = make_data(context, X, N, D);
}

static void test_blocks(void **state) {
  (void)state;
  static const struct {
    size_t slope;
    double lambda_min, condition; /* check_resolve.py NTKIT 240:slope */
    const char *precision;
    int digits;
  } known[] = {{60, 1.90589410202177475e-20, 1.1e23, "double", 12},
               {44, 9.7135789488723744e-25, 2.2e27, "double", 12},
               {30, 3.8404469658242968e-30, 5.5e32, "double-double", 8}};
  for (size_t k = 0; k < COUNT(known); k++) {
    ntk_network *network = NULL;
    ntk_spectrum_result r = {0};
    ntk_dataset *data = NULL;
    open_problem(known[k].slope, &network, &data);
    assert_ok(ntk_spectrum(context, network, data, &(ntk_spectrum_options){.resolve = true}, &r));
    assert_int_equal(r.verdict, NTK_VERDICT_OK);
    assert_true(r.digits >= known[k].digits);
    assert_near(r.lambda_min, known[k].lambda_min, 1e-12 * known[k].lambda_min, "lambda_min");
    assert_near(r.lambda_max / r.lambda_min, known[k].condition, 0.1 * known[k].condition,
                "condition");
    assert_string_equal(r.precision, known[k].precision);
    ntk_spectrum_clear(&r);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
  }
}

typedef struct stops {
  int calls, at;
  bool beyond; /* the phase that takes nearly all of the time was there */
} stops;

static bool stop(const char *phase, double fraction, void *user) {
  stops *s = user;
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  s->beyond |= strcmp(phase, "resolving in double-double") == 0;
  return ++s->calls != s->at;
}

/* Stopped at any time, at the first reports and then at fewer and fewer of them, nothing is held,
 * and nothing found. */
static void test_stopped(void **state) {
  (void)state;
  stops s = {0};
  ntk_context *own = NULL;
  ntk_context *const shared = context;
  const ntk_context_options options = {.threads = 1, .progress = stop, .progress_user = &s};
  assert_ok(ntk_context_create(&options, &own));
  ntk_network *network = NULL;
  ntk_dataset *data = NULL;
  context = own;
  open_problem(30, &network, &data);
  context = shared;
  ntk_status status = NTK_ERR_CANCELLED;
  while (status != NTK_OK) {
    ntk_spectrum_result r = {0};
    s.calls = 0;
    s.at += 1 + s.at / 4;
    status = ntk_spectrum(own, network, data, &(ntk_spectrum_options){.resolve = true}, &r);
    assert_true(status == NTK_OK || (status == NTK_ERR_CANCELLED && r.eigenvector == NULL));
    ntk_spectrum_clear(&r);
  }
  assert_true(s.at > 3 && s.beyond);
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  assert_int_equal(ntk_memory_in_use(own), 0);
  ntk_context_destroy(own);
}

/* Of all outputs, with nearly all of K from its last block: groups of eigenvalues 1e-7 of their
 * size apart, a mean of which is no digit more than their distance. Against all eigenvalues. */
static void test_groups(void **state) {
  (void)state;
  for (size_t outputs = 2; outputs <= 4; outputs++)
    for (uint64_t seed = 0; seed < 4; seed++) {
      const ntk_network_spec spec = {.depth = 2,
                                     .width = (const size_t[]){4, 30},
                                     .activation = "sigmoid",
                                     .outputs = outputs,
                                     .parameterization = "1e-8,1",
                                     .seed = seed};
      const ntk_spectrum_options options[] = {{.outputs = NTK_OUTPUTS_ALL, .resolve = true},
                                              {.outputs = NTK_OUTPUTS_ALL, .full = true}};
      ntk_spectrum_result r[2];
      ntk_network *network = NULL;
      ntk_dataset *data = NULL;
      assert_ok(ntk_network_create(context, &spec, &network));
      assert_ok(ntk_dataset_generate(context, "gaussian", 8, 4, seed, &data));
      for (size_t i = 0; i < 2; i++)
        assert_ok(ntk_spectrum(context, network, data, &options[i], &r[i]));
      const double least = r[1].eigenvalues[0];
      assert_true(r[1].eigenvalues[1] < (1.0 + 1e-6) * least);
      assert_true(r[0].digits >= 5);
      assert_near(r[0].lambda_min, least, (pow(10.0, -r[0].digits) + 1e-10) * least, "lambda_min");
      for (size_t i = 0; i < 2; i++)
        ntk_spectrum_clear(&r[i]);
      ntk_dataset_destroy(data);
      ntk_network_destroy(network);
    }
}

int main(void) {
  context = make_context(2);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_blocks), cmocka_unit_test(test_stopped),
                                     cmocka_unit_test(test_groups)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  assert_int_equal(ntk_memory_in_use(context), 0);
  ntk_context_destroy(context);
  return failed;
}
