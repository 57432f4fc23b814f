/* ntk_verify on networks with biases, scales, and an output of several.
 * Property: every kernel, cost, norm and expectation is that of plain loops in which b_l is added,
 * K_{L-2} has a constant coordinate, and J~ the root of W_{L-1}'s scale; lambda_min(K) is that of
 * the Jacobian by complex steps; what the paper claims of its own networks is outside, with a
 * reason, and everything else is judged as ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "theory/ledger/kernels.h"

#include "general_network.h"

#include "plain_verify.h"

typedef struct instance {
  ntk_context *context;
  general g;
  ntk_network *all, *network; /* of all outputs; of the one that is measured */
  size_t output;
  double *X, *P;
  size_t count;
  ntk_dataset *data;
  ntk_ledger ledger;
} instance;

/* Output 1 of two; activation: a row of `activations`; scale: 2 L numbers, or NULL. */
static instance measure(size_t L, const size_t *width, size_t activation, bool bias,
                        const double *scale, const char *distribution) {
  instance i = {.context = make_context(2), .g = {.L = L}, .output = 1};
  memcpy(i.g.width, width, L * sizeof *width);
  i.g.width[L] = 2;
  for (size_t l = 0; l < L; l++) {
    i.g.bias[l] = bias;
    i.g.activation[l] = activation;
  }
  general_finish(&i.g);
  ntk_network_spec spec = general_spec(&i.g, 3);
  spec.scale = scale;
  spec.init = "paper";
  assert_ok(ntk_network_create(i.context, &spec, &i.all));
  assert_ok(ntk_network_select(i.all, i.output, &i.network));
  i.count = distribution != NULL ? NTK_LEAST_POPULATION + 100 : (size_t)N;
  i.X = make_normal(17, N * width[0]);
  i.P = distribution != NULL ? population(distribution, i.count, width[0]) : i.X;
  i.data = make_data(i.context, i.X, N, width[0]);
  const ntk_verify_options options = {.population = distribution != NULL ? i.count : 0,
                                      .spectra = true,
                                      .seed = SEED,
                                      .spec = &spec};
  assert_ok(ntk_verify(i.context, i.network, i.data, distribution, &options, &i.ledger));
  return i;
}

static void unmeasure(instance *i) {
  ntk_ledger_clear(&i->ledger);
  if (i->P != i->X)
    free(i->P);
  free(i->X);
  ntk_dataset_destroy(i->data);
  ntk_network_destroy(i->network);
  ntk_network_destroy(i->all);
  assert_int_equal(ntk_memory_in_use(i->context), 0);
  ntk_context_destroy(i->context);
}

/* lambda_min and the smallest entry of the diagonal of K = J C J^T, J by complex steps. */
static void compare_K(const instance *i) {
  const general *g = &i->g;
  double *theta = general_theta(g, i->all), *J = general_jacobian(g, theta, i->X, N);
  double K[N * N] = {0.0}, values[N], least = INFINITY;
  for (size_t l = 1; l <= g->L; l++)
    for (size_t e = 0; e < (g->width[l - 1] + g->bias[l - 1]) * g->width[l]; e++) {
      const double c = ntk_network_scale(i->network, l, e >= g->width[l - 1] * g->width[l]);
      for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < N; b++)
          K[a * N + b] += c * J[(2 * a + i->output) * g->P + g->offset[l] + e] *
                          J[(2 * b + i->output) * g->P + g->offset[l] + e];
    }
  for (size_t a = 0; a < N; a++)
    least = fmin(least, K[a * N + a]);
  plain_eigenvalues(N, K, values);
  compare(&i->ledger, "lambda_min_K", values[0], values[N - 1]);
  compare(&i->ledger, "lambda_min_K_upper", values[0], values[N - 1]);
  compare(&i->ledger, "diagonal_min", least, 0.0);
  free(theta);
  free(J);
}

static bool begins(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

/* what: why claims are outside; NULL: they are not, for that. */
static void compare_verdicts(const ntk_ledger *ledger, const char *what) {
  size_t outside = 0;
  char reason[80];
  snprintf(reason, sizeof reason, "the network has %s", what != NULL ? what : "");
  for (size_t r = 0; r < ledger->rows; r++) {
    const ntk_ledger_row *row = &ledger->row[r];
    const bool order = row->claim != NTK_CLAIM_NONE && row->claim != NTK_CLAIM_AT_LEAST &&
                       row->claim != NTK_CLAIM_AT_MOST;
    if (what != NULL && order && !begins(row->section, "Assumption")) {
      outside++;
      if (row->verdict != NTK_LEDGER_OUTSIDE || !begins(row->note, reason))
        fail_msg("%s: %s, '%s'", row->key, ntk_ledger_verdict_name(row->verdict), row->note);
    } else if (begins(row->note, "the network has")) {
      fail_msg("%s: '%s'", row->key, row->note);
    }
    if (row->claim == NTK_CLAIM_AT_LEAST || row->claim == NTK_CLAIM_AT_MOST)
      assert_int_equal(row->verdict, NTK_LEDGER_HOLDS);
    if (order && !begins(row->section, "Assumption"))
      assert_near(row->value, row->value, 0.0, row->key);
  }
  assert_int_equal(outside > 0, what != NULL);
}

static void check(size_t L, const size_t *width, size_t activation, bool bias, const double *scale,
                  const char *distribution, const char *what) {
  instance i = measure(L, width, activation, bias, scale, distribution);
  const char *name = activations[activation].name;
  proof p = plain_proof(i.network, name, i.X, i.P, i.count);
  compare_norms(&i.ledger, i.network, &p);
  compare_step_b(&i.ledger, &p);
  compare_K(&i);
  if (distribution != NULL) {
    compare_verdicts(&i.ledger, what);
    compare_sampling(&i.ledger, L, &p, i.count);
    compare_kernels(&i.ledger, &p);
    compare_proposition(&i.ledger, i.network, name, &p, i.P, i.count);
  }
  assert_true(row_of(&i.ledger, "f1_norm")->spread > 0.0);
  proof_clear(&p);
  unmeasure(&i);
}

static const double scale_2[] = {1.0, 0.3, 2.0, 0.0}, scale_3[] = {0.5, 2.0, 3.0, 0.7, 1.5, 0.2},
                    scale_4[] = {0.5, 0.0, 3.0, 0.7, 0.25, 4.0, 1.0, 1.0};
enum { SIGMOID, TANH };

static void test_numbers(void **state) {
  (void)state;
  static const char biases[] = "biases", scales[] = "scales of its blocks",
                    both[] = "biases and scales of its blocks";
  assert_string_equal(activations[TANH].name, "tanh");
  check(3, (const size_t[]){4, 6, 5}, SIGMOID, true, NULL, "cube", biases);
  check(4, (const size_t[]){6, 5, 5, 6}, TANH, true, NULL, "gaussian", biases);
  check(2, (const size_t[]){5, 7}, TANH, true, scale_2, "gaussian", both);
  check(3, (const size_t[]){4, 6, 5}, TANH, true, scale_3, "sphere", both);
  check(4, (const size_t[]){6, 5, 5, 6}, TANH, false, scale_4, "gan", scales);
  check(3, (const size_t[]){4, 6, 5}, SIGMOID, false, NULL, "gaussian", NULL); /* an output alone */
  check(3, (const size_t[]){4, 6, 5}, SIGMOID, true, scale_3, NULL, both);
}

/* A layer whose scales are 0 is not trained: K_{L-2} is its bias's part, and J~ is 0. */
static void test_untrained(void **state) {
  (void)state;
  static const double scale[] = {1.0, 1.0, 0.0, 2.0, 1.0, 1.0};
  instance i = measure(3, (const size_t[]){4, 6, 5}, TANH, true, scale, "gaussian");
  compare_K(&i);
  for (size_t k = 0; k < 3; k++) {
    static const char *const keys[] = {"lambda_min_FB", "lambda_min_centred", "eta_max"};
    assert_true(value_of(&i.ledger, keys[k]) == 0.0);
    assert_verdict(&i.ledger, keys[k], NTK_LEDGER_OUTSIDE);
  }
  assert_true(value_of(&i.ledger, "a_norm") > 0.0);
  assert_verdict(&i.ledger, "block_bound", NTK_LEDGER_HOLDS);
  unmeasure(&i);
}

/* The bias adds no rank to J~: more samples than W_{L-1} has entries are too many, though not more
 * than [W_{L-1}; b_{L-1}] has. */
static void test_rank(void **state) {
  (void)state;
  instance i = measure(3, (const size_t[]){9, 4, 3}, TANH, true, NULL, "gaussian");
  assert_true(N > 4 * 3 && N <= 5 * 3);
  assert_true(value_of(&i.ledger, "lambda_min_block") > 0.0);
  assert_true(value_of(&i.ledger, "lambda_min_centred") == 0.0);
  assert_non_null(strstr(row_of(&i.ledger, "lambda_min_centred")->note,
                         "14 samples exceed the 12 parameters of this block"));
  unmeasure(&i);
}

static void test_several_outputs(void **state) {
  (void)state;
  instance i = measure(2, (const size_t[]){5, 7}, TANH, true, NULL, "gaussian");
  const ntk_network_spec spec = general_spec(&i.g, 3);
  ntk_ledger ledger = {0};
  size_t bytes = 0;
  assert_refused(ntk_verify(i.context, i.all, i.data, "gaussian", NULL, &ledger), NTK_ERR_ARGUMENT,
                 "the network has 2 outputs, and the proof is of one; accepted: one of them");
  assert_refused(ntk_verify_memory(i.context, &spec, N, NULL, &bytes), NTK_ERR_ARGUMENT,
                 "the network has 2 outputs");
  unmeasure(&i);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_untrained),
      cmocka_unit_test(test_rank),
      cmocka_unit_test(test_several_outputs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
