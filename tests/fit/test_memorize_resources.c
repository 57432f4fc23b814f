/* Memorisation: memory, failures on the way, interruption.
 * Property: memory is predicted, and is given back whatever happens. */
#include "memorize_limits.h"

/* ---- Memory ---------------------------------------------------------------------------------- */

/* What is predicted is enough, and not much more than is held at the peak. */
static void test_memory(void **state) {
  (void)state;
  static const size_t small[] = {20, 24, 40}, wide[] = {100, 200, 400}, shallow[] = {60, 80};
  static const struct {
    size_t L, N, count;
    const size_t *width;
  } cases[] = {{3, 3000, 1, small},
               {3, 300, 1, small},
               {3, 300, 5, small},
               {3, 100, 3, wide},
               {2, 1000, 2, shallow}};
  for (size_t k = 0; k < COUNT(cases); k++)
    for (int iterative = 0; iterative <= 1; iterative++) {
      fit_problem p = make_problem(1, cases[k].N, cases[k].L, cases[k].width, "tanh");
      const ntk_network_spec spec = spec_of(&p);
      const ntk_memorize_options options = {.iterative = iterative == 1};
      const size_t count = cases[k].count;
      size_t bytes = 0;
      assert_ok(ntk_memorize_memory(p.context, &spec, p.N, count, &options, &bytes));
      double *Y = make_normal(4, count * p.N);
      ntk_network *networks[8];
      ntk_memorize_result results[8];
      assert_ok(ntk_memorize(p.context, &spec, p.data, Y, count, &options, networks, results));
      const double peak = (double)ntk_memory_peak(p.context);
      if (!((double)bytes >= peak && (double)bytes <= 1.5 * peak + 70000.0))
        fail_msg("case %zu, iterative %d: predicted %zu, held %.0f", k, iterative, bytes, peak);
      for (size_t c = 0; c < count; c++)
        ntk_network_destroy(networks[c]);
      free(Y);
      free_problem(&p);
    }
}

static void test_memory_refusals(void **state) {
  (void)state;
  fit_problem p = make_problem(1, 10, 3, width, "tanh");
  const ntk_network_spec spec = spec_of(&p);
  size_t bytes = 0;
  assert_int_equal(ntk_memorize_memory(p.context, &spec, (size_t)1 << 40, 1, NULL, &bytes),
                   NTK_ERR_LIMIT);
  for (int twice = 0; twice < 2; twice++) { /* a factor in double, or in single */
    const ntk_memorize_options options = {.precision = twice ? "double" : NULL};
    assert_int_equal(ntk_memorize_memory(p.context, &spec, 2000000, 1, &options, &bytes),
                     NTK_ERR_MEMORY);
    assert_true((double)bytes > (twice ? 4.0 : 2.0) * 2e6 * 2e6);
    assert_true(twice || (double)bytes < 4.0 * 2e6 * 2e6);
  }
  const ntk_memorize_options iterative = {.iterative = true}; /* no factor: it fits */
  assert_ok(ntk_memorize_memory(p.context, &spec, 20000, 1, &iterative, &bytes));
  assert_true((double)bytes < 0.1 * 4.0 * 2e4 * 2e4);
  free_problem(&p);
}

/* With ever more memory allowed, every allocation fails once: the status says so, nothing is left
 * behind, and no output is touched. */
static void test_allocation_failures(void **state) {
  (void)state;
  for (int iterative = 0; iterative <= 1; iterative++) {
    fit_problem p = make_problem(1, 60, 3, width, "tanh");
    repeat_rows(&p, 10); /* with equal samples the path is the longest */
    const ntk_network_spec spec = spec_of(&p);
    const ntk_memorize_options options = {.iterative = iterative == 1};
    const size_t held = ntk_memory_in_use(p.context);
    ntk_status status = NTK_ERR_MEMORY;
    size_t failures = 0;
    for (size_t limit = held + 64; status != NTK_OK; limit += 512) {
      ntk_network *networks[2] = {NULL, NULL};
      ntk_memorize_result results[2] = {{.t = -7.0}, {.t = -7.0}};
      double Y[120];
      memcpy(Y, p.Y, 60 * sizeof *Y);
      memcpy(Y + 60, p.Y, 60 * sizeof *Y);
      p.context->memory_limit = limit;
      status = ntk_memorize(p.context, &spec, p.data, Y, 2, &options, networks, results);
      if (status == NTK_OK) {
        ntk_network_destroy(networks[0]);
        ntk_network_destroy(networks[1]);
      } else {
        assert_int_equal(status, NTK_ERR_MEMORY);
        assert_true(networks[0] == NULL && networks[1] == NULL);
        assert_true(results[0].t == -7.0 && results[1].t == -7.0);
        failures++;
      }
      assert_int_equal(ntk_memory_in_use(p.context), held);
    }
    assert_true(failures > 20);
    free_problem(&p);
  }
}

/* ---- Interruption ---------------------------------------------------------------------------- */

/* Stops at its k-th call. */
static bool stop_at(const char *phase, double fraction, void *user) {
  (void)phase;
  assert_true(fraction >= 0.0 && fraction <= 1.0);
  size_t *left = user;
  return (*left)-- > 0;
}

static void test_interruption(void **state) {
  (void)state;
  for (size_t k = 0;; k++) {
    fit_problem p = make_problem(1, 60, 3, width, "tanh");
    size_t left = k;
    p.context->progress = stop_at;
    p.context->progress_user = &left;
    const size_t held = ntk_memory_in_use(p.context);
    const ntk_network_spec spec = spec_of(&p);
    ntk_network *network = NULL;
    ntk_memorize_result result;
    const ntk_status status =
        ntk_memorize(p.context, &spec, p.data, p.Y, 1, NULL, &network, &result);
    if (status == NTK_OK) {
      assert_true(k > 5); /* kernel, factor, eigenvalues, corrections */
      ntk_network_destroy(network);
    } else {
      assert_int_equal(status, NTK_ERR_CANCELLED);
      assert_null(network);
    }
    assert_int_equal(ntk_memory_in_use(p.context), held);
    free_problem(&p);
    if (status == NTK_OK)
      break;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_memory_refusals),
      cmocka_unit_test(test_allocation_failures),
      cmocka_unit_test(test_interruption),
  };
  return cmocka_run_group_tests_name("memorize_limits", tests, NULL, NULL);
}
