/* What ranks need is refused before it is allocated, whether their data are dealt or each has them
 * whole.
 * Property: with 1.25 times of what a computation has been seen to hold it is done, with 1 / 1.25
 * of that it is refused by the forecast; what a training's descent takes is what was forecast, and
 * a construction in double that does not fit is made in mixed precision instead. */
#include "kernel/descent.h"

#include "ranks_support.h"

enum { N = 700, D = 40 };
static const size_t width[] = {D, 60, 50};
static const ntk_network_spec spec = {.depth = 3, .width = width, .activation = "tanh", .seed = 3};

static ntk_dataset *make(bool dealt) {
  ntk_dataset *data = NULL;
  if (dealt) {
    assert_ok(ntk_dataset_generate(all, "gaussian", N, D, 1, &data));
    return data;
  }
  double *X = make_normal(5, (size_t)N * D);
  assert_ok(ntk_dataset_from_array(all, X, N, D, &data));
  free(X);
  return data;
}

/* The same on all ranks: of the one that held most. */
static double most_of_all(double bytes) {
  return -ntk_ranks_least(all, -bytes);
}

static double working(const ntk_network *network, const ntk_dataset *data,
                      const ntk_spectrum_options *options) {
  const double held = (double)ntk_memory_in_use(all);
  ntk_spectrum_result r;
  assert_ok(ntk_spectrum(all, network, data, options, &r));
  const double most = (double)r.memory_bytes - held;
  ntk_spectrum_clear(&r);
  return most_of_all(most);
}

static void check_spectrum(bool dealt, const ntk_spectrum_options *options) {
  ntk_network *network = NULL;
  assert_ok(ntk_network_create(all, &spec, &network));
  ntk_dataset *data = make(dealt);
  const size_t limit = all->memory_limit;
  const double held = most_of_all((double)ntk_memory_in_use(all)),
               work = working(network, data, options);
  ntk_spectrum_result r;
  all->memory_limit = (size_t)(held + 1.25 * work);
  assert_ok(ntk_spectrum(all, network, data, options, &r));
  ntk_spectrum_clear(&r);
  all->memory_limit = (size_t)(held + work / 1.25);
  assert_int_equal(ntk_spectrum(all, network, data, options, &r), NTK_ERR_MEMORY);
  if (strstr(ntk_error_message(), "this computation needs") == NULL)
    fail_msg("not refused by the forecast: %s", ntk_error_message());
  ntk_dataset_destroy(data);
  ntk_network_destroy(network);
  all->memory_limit = limit;
}

static void test_spectrum(void **state) {
  (void)state;
  const ntk_spectrum_options ways[] = {
      {.method = "factor", .precision = "double"},
      {.method = "factor", .precision = "double", .vectors = 3},
  };
  for (int dealt = 0; dealt < 2; dealt++)
    for (size_t i = 0; i < COUNT(ways); i++) {
      check_spectrum(dealt, &ways[i]);
      ntk_context_destroy(all); /* a refusal ends it */
      all = make_ranks_context();
    }
}

static void test_descent(void **state) {
  (void)state;
  for (int dealt = 0; dealt < 2; dealt++) {
    ntk_network *network = NULL;
    ntk_descent *descent = NULL;
    assert_ok(ntk_network_create(all, &spec, &network));
    ntk_dataset *data = make(dealt);
    double *Y = make_normal(6, N);
    const double held = (double)ntk_memory_in_use(all);
    assert_ok(ntk_descent_create(network, data, Y, NTK_PRECISION_DOUBLE, 1.0, &descent));
    const double taken = most_of_all((double)ntk_memory_in_use(all) - held);
    assert_near(taken, ntk_descent_bytes(all, &spec, &data->share, NTK_PRECISION_DOUBLE), 4096.0,
                "bytes");
    ntk_descent_destroy(descent);
    free(Y);
    ntk_dataset_destroy(data);
    ntk_network_destroy(network);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_descent),
      cmocka_unit_test(test_spectrum),
  };
  return run_on_ranks(tests, COUNT(tests), setup, teardown);
}
