/* Memorisation over ranks against one process's, in the same test.
 * Property: both fit the same samples to eps, whose equal ones and multiples may lie on different
 * ranks; what cannot be fitted is told in the same words; weights have the same bits on all ranks,
 * and fit the labels in one process too. */
#include "ranks_context.h"

#include "base/memory.h"
#include "data/dataset.h"
#include "net/network.h"
#include "ntkit/fit.h"

enum { D = 7, MOST = 120 }; /* three chunks */

typedef struct problem {
  ntk_network_spec spec;
  size_t N, n_L;
  double *X, *Y; /* N x D; N x n_L */
} problem;

static problem make(const ntk_network_spec *spec, size_t N) {
  const size_t n_L = spec->outputs > 0 ? spec->outputs : 1;
  return (problem){*spec, N, n_L, make_normal(1, N * D), make_normal(2, N * n_L)};
}

static void free_problem(problem *p) {
  free(p->X);
  free(p->Y);
}

/* One side's answer. */
typedef struct answer {
  ntk_context *context;
  ntk_dataset *data;
  ntk_network *network;
  ntk_memorize_result result;
  ntk_status status;
} answer;

/* X dealt to the context's ranks. */
static ntk_dataset *deal(ntk_context *context, const problem *p) {
  ntk_dataset *data = NULL;
  assert_ok(ntk_dataset_deal(context, p->N, D, &data));
  for (ntk_run run = {0}; ntk_share_next(&data->share, data->share.rank, &run);)
    memcpy(data->own + run.here * D, p->X + run.row * D, run.count * D * sizeof(double));
  return data;
}

static answer ask(const problem *p, bool together, const ntk_memorize_options *options) {
  answer a = {.context = together ? make_ranks_context() : make_context(1)};
  a.data = together ? deal(a.context, p) : make_data(a.context, p->X, p->N, D);
  size_t bytes = 0; /* of the rank with the most rows, its data among them */
  assert_ok(ntk_memorize_memory(a.context, &p->spec, p->N, 1, options, &bytes));
  a.status = ntk_memorize(a.context, &p->spec, a.data, p->Y, 1, options, &a.network, &a.result);
  assert_true(ntk_memory_peak(a.context) <= bytes);
  return a;
}

static void free_answer(answer *a) {
  ntk_network_destroy(a->network);
  ntk_dataset_destroy(a->data);
  assert_int_equal(ntk_memory_in_use(a->context), 0);
  ntk_context_destroy(a->context);
}

/* ||F_L - Y||_2 / ||Y||_2 of those weights in one process. */
static double error_of(const problem *p, const answer *one, const ntk_network *network) {
  const size_t count = p->N * p->n_L;
  ntk_network *same = NULL;
  double *F = make_array(count), error = 0.0;
  assert_ok(ntk_network_copy(one->network, &same));
  ntk_network_set(same, network->theta);
  assert_ok(ntk_network_output(same, one->data, F));
  for (size_t i = 0; i < count; i++)
    error += (F[i] - p->Y[i]) * (F[i] - p->Y[i]);
  error = sqrt(error / dot(p->Y, p->Y, count));
  free(F);
  ntk_network_destroy(same);
  return error;
}

/* Both reach eps, or say why not. Returns whether they did. */
static bool check(const problem *p, const ntk_memorize_options *options) {
  answer one = ask(p, false, options), many = ask(p, true, options);
  assert_ok(one.status);
  assert_ok(many.status);
  const bool reached = one.result.reached;
  assert_int_equal(many.result.reached, reached);
  assert_int_equal(many.result.samples, one.result.samples);
  assert_string_equal(many.result.reason, one.result.reason);
  assert_string_equal(many.result.precision, one.result.precision);
  assert_same_on_all(many.context, many.network->theta, many.network->parameters * sizeof(double));
  if (reached)
    assert_true(error_of(p, &one, many.network) <= 1e-10);
  free_answer(&one);
  free_answer(&many);
  return reached;
}

static const size_t width[] = {D, 40, 60}, twice[] = {D, 40, 120}, narrow[] = {D, 4, 4};
static const ntk_network_spec plain = {
    .depth = 3, .width = width, .activation = "tanh", .init = "standard", .seed = 3};
static const ntk_network_spec outputs = {.depth = 3,
                                         .width = twice,
                                         .outputs = 2,
                                         .activation = "softplus",
                                         .init = "standard",
                                         .seed = 4};

static const ntk_memorize_options ways[] = {
    {.precision = "double"}, {.precision = "mixed"}, {.iterative = true}};

static void test_fits(void **state) {
  (void)state;
  const size_t N[] = {1, 2, 5, 49, 100, 300};
  for (size_t i = 0; i < COUNT(N); i++)
    for (size_t w = 0; w < COUNT(ways) && (N[i] < 300 || w == 0); w++)
      for (size_t k = 0; k < 2 && (k == 0 || N[i] < 60); k++) {
        problem p = make(k == 0 ? &plain : &outputs, N[i]);
        assert_true(check(&p, &ways[w]));
        free_problem(&p);
      }
}

/* x_to = c x_from, and its label. */
static void follow(problem *p, size_t from, size_t to, double c, double label) {
  for (size_t j = 0; j < D; j++)
    p->X[to * D + j] = c * p->X[from * D + j];
  p->Y[to] = label;
}

/* Samples at both ends of the rows, which are different ranks'. */
static void test_followers(void **state) {
  (void)state;
  problem p = make(&plain, MOST);
  follow(&p, 3, 117, 1.0, p.Y[3]);
  follow(&p, 4, 80, -1.0, -p.Y[4]);
  follow(&p, 50, 100, 1.0, p.Y[50]);
  for (size_t w = 0; w < COUNT(ways); w++)
    assert_true(check(&p, &ways[w]));
  free_problem(&p);
}

static void test_equal(void **state) {
  (void)state;
  problem p = make(&plain, MOST);
  follow(&p, 3, 117, 1.0, p.Y[3] + 1.0);
  answer many = ask(&p, true, &ways[0]);
  assert_int_equal(many.status, NTK_ERR_ARGUMENT);
  assert_refused(many.status, NTK_ERR_ARGUMENT, "samples 4 and 118 (from 1) are equal");
  assert_int_equal(ntk_error_last().sample[1], 117);
  free_answer(&many);
  free_problem(&p);
}

/* What is in the way, each where another rank has it. */
static void test_reasons(void **state) {
  (void)state;
  for (size_t k = 0; k < 4; k++)
    for (size_t w = 0; w < 2; w++) { /* without a factor thousands of products tell less */
      problem p = make(&plain, MOST);
      switch (k) {
      case 0: /* one sample, but for the sign */
        follow(&p, 3, 117, -1.0, p.Y[3]);
        break;
      case 1: /* two that are nearly one */
        follow(&p, 100, 10, 1.0 + 1e-13, p.Y[100] + 1.0);
        break;
      case 2: /* none that weights act on */
        follow(&p, 0, 60, 0.0, 1.0);
        break;
      default: /* the largest weights are of no use: more samples than parameters */
        p.spec.width = narrow;
      }
      assert_false(check(&p, &ways[w]));
      free_problem(&p);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fits),
      cmocka_unit_test(test_followers),
      cmocka_unit_test(test_equal),
      cmocka_unit_test(test_reasons),
  };
  return run_on_ranks(tests, COUNT(tests), setup, teardown);
}
