/* Training steps over ranks against one process's, in the same test.
 * Property: each entry of the gradient is the sum over samples of r_i J_ip, which both add up in an
 * order of their own: they differ by at most 2 gamma_n sum_i |r_i J_ip|, n = N + 8 additions (of
 * samples, and of blocks' and ranks' partial sums), the terms being those of descents of one sample
 * each; theta and moments have the same bits on all ranks; what is whole sends nothing. */
#include "base/memory.h"
#include "data/dataset.h"
#include "kernel/descent.h"

#include "ranks_context.h"

typedef struct side {
  ntk_context *context;
  ntk_network *network;
  ntk_dataset *data;
  ntk_descent *descent;
} side;

typedef struct problem {
  ntk_network_spec spec;
  size_t N, n_L, P;
  ntk_precision precision;
  double scale, eps;
  double *Y;      /* N n_L */
  side one, many; /* one process; its ranks */
} problem;

static side make_side(ntk_context *context, problem *p) {
  side s = {.context = context};
  assert_ok(ntk_network_create(context, &p->spec, &s.network));
  assert_ok(ntk_dataset_generate(context, "gaussian", p->N, p->spec.width[0], 3, &s.data));
  assert_ok(ntk_descent_create(s.network, s.data, p->Y, p->precision, p->scale, &s.descent));
  return s;
}

static void free_side(side *s) {
  ntk_descent_destroy(s->descent);
  ntk_dataset_destroy(s->data);
  ntk_network_destroy(s->network);
  assert_int_equal(ntk_memory_in_use(s->context), 0);
  ntk_context_destroy(s->context);
}

static problem make(const ntk_network_spec *spec, size_t N, ntk_precision precision) {
  problem p = {.spec = *spec,
               .N = N,
               .n_L = spec->outputs > 0 ? spec->outputs : 1,
               .precision = precision,
               .scale = 2.0 / (double)N,
               .eps = ntk_precision_epsilon(precision)};
  p.Y = make_normal(7, N * p.n_L);
  p.one = make_side(make_context(1), &p);
  p.many = make_side(make_ranks_context(), &p);
  p.P = ntk_network_parameters(p.one.network);
  return p;
}

static void free_all(problem *p) {
  free_side(&p->one);
  free_side(&p->many);
  free(p->Y);
}

/* terms[p] = sum_i |scale r_i J_ip| at this theta. */
static void add_terms(const problem *p, const double *theta, double *terms) {
  const size_t d = p->spec.width[0];
  double *g = make_array(p->P);
  memset(terms, 0, p->P * sizeof *terms);
  for (size_t i = 0; i < p->N; i++) {
    double sum = 0.0;
    ntk_descent *descent = NULL;
    ntk_dataset *row = make_data(p->one.context, p->one.data->X + i * d, 1, d);
    assert_ok(ntk_descent_create(p->one.network, row, p->Y + i * p->n_L, p->precision, p->scale,
                                 &descent));
    ntk_descent_write(descent, NTK_SLOT_THETA, theta);
    assert_ok(ntk_descent_gradient(descent, &sum));
    ntk_descent_read(descent, NTK_SLOT_GRADIENT, g);
    for (size_t q = 0; q < p->P; q++)
      terms[q] += fabs(g[q]);
    ntk_descent_destroy(descent);
    ntk_dataset_destroy(row);
  }
  free(g);
}

/* The slot's numbers of the ranks, the same on all of them. */
static void read_ranks(const problem *p, ntk_slot slot, double *values) {
  ntk_descent_read(p->many.descent, slot, values);
  assert_same_on_all(p->many.context, values, p->P * sizeof(double));
}

/* An epoch of both; then one process goes on from where the ranks are. */
static void check_epoch(const problem *p, const ntk_update *update) {
  double *v[5], sum[2];
  for (size_t i = 0; i < COUNT(v); i++)
    v[i] = make_array(p->P);
  const double gamma = ((double)p->N + 8.0) * p->eps; /* 2 n u */
  ntk_descent_read(p->one.descent, NTK_SLOT_THETA, v[0]);
  add_terms(p, v[0], v[1]);
  assert_ok(ntk_descent_gradient(p->one.descent, &sum[0]));
  assert_ok(ntk_descent_gradient(p->many.descent, &sum[1]));
  assert_near(sum[1], sum[0], ((double)p->N + 8.0) * 2.0 * U * sum[0], "sum of squares");
  assert_same_on_all(p->many.context, &sum[1], sizeof(double));
  ntk_descent_read(p->one.descent, NTK_SLOT_GRADIENT, v[2]);
  read_ranks(p, NTK_SLOT_GRADIENT, v[3]);
  for (size_t q = 0; q < p->P; q++)
    assert_near(v[3][q], v[2][q], gamma * v[1][q], "gradient");
  ntk_descent_update(p->many.descent, update);
  read_ranks(p, NTK_SLOT_THETA, v[4]);
  for (size_t q = 0; q < p->P && update->rule == NTK_RULE_GD; q++)
    assert_near(v[4][q], v[0][q] - update->lr * v[2][q],
                update->lr * gamma * v[1][q] + 2.0 * p->eps * fabs(v[0][q]) +
                    2.0 * p->eps * update->lr * fabs(v[2][q]),
                "theta");
  for (int slot = NTK_SLOT_THETA; slot <= NTK_SLOT_V; slot++) {
    if (slot == NTK_SLOT_GRADIENT)
      continue;
    read_ranks(p, (ntk_slot)slot, v[0]);
    ntk_descent_write(p->one.descent, (ntk_slot)slot, v[0]);
  }
  for (size_t i = 0; i < COUNT(v); i++)
    free(v[i]);
}

static void check_steps(const ntk_network_spec *spec, size_t N, ntk_precision precision,
                        ntk_rule rule) {
  problem p = make(spec, N, precision);
  for (size_t step = 1; step <= 3; step++)
    check_epoch(
        &p,
        &(ntk_update){
            .rule = rule, .lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .step = step});
  free_all(&p);
}

static const size_t width[] = {6, 11, 8};
static const bool bias[] = {true, false, true};
static const ntk_network_spec plain = {
    .depth = 3, .width = width, .activation = "tanh", .init = "standard", .seed = 5};
static const ntk_network_spec general = {.depth = 3,
                                         .width = width,
                                         .outputs = 3,
                                         .bias = bias,
                                         .activation = "softplus",
                                         .init = "standard",
                                         .seed = 6};

static void test_steps(void **state) {
  (void)state;
  const size_t N[] = {5, 49, 100, 241, 300};
  for (size_t i = 0; i < COUNT(N); i++) {
    check_steps(&plain, N[i], NTK_PRECISION_DOUBLE, NTK_RULE_GD);
    check_steps(&general, N[i], NTK_PRECISION_DOUBLE, NTK_RULE_ADAM);
    check_steps(&general, N[i], NTK_PRECISION_FLOAT, NTK_RULE_GD);
    check_steps(&plain, N[i], NTK_PRECISION_FLOAT, NTK_RULE_NESTEROV);
  }
}

/* The caller's array is all of the data on every rank: one process's bits, and not a word sent. */
static void test_whole(void **state) {
  (void)state;
  problem p = make(&plain, 100, NTK_PRECISION_DOUBLE);
  const ntk_traffic before = ntk_ranks_traffic(p.many.context);
  ntk_dataset *data = NULL;
  ntk_descent *descent = NULL;
  double sum[2], *g[2] = {make_array(p.P), make_array(p.P)};
  assert_ok(ntk_dataset_from_array(p.many.context, p.one.data->X, p.N, 6, &data));
  assert_ok(ntk_descent_create(p.many.network, data, p.Y, p.precision, p.scale, &descent));
  ntk_descent *const both[2] = {p.one.descent, descent};
  for (size_t i = 0; i < 2; i++) {
    assert_ok(ntk_descent_gradient(both[i], &sum[i]));
    ntk_descent_read(both[i], NTK_SLOT_GRADIENT, g[i]);
  }
  assert_memory_equal(&sum[0], &sum[1], sizeof sum[0]);
  assert_memory_equal(g[0], g[1], p.P * sizeof(double));
  const ntk_traffic after = ntk_ranks_traffic(p.many.context);
  assert_true(after.messages == before.messages && after.bytes == before.bytes);
  ntk_descent_destroy(descent);
  ntk_dataset_destroy(data);
  free(g[0]);
  free(g[1]);
  free_all(&p);
}

/* What it takes on the rank that has most is what was forecast; an epoch receives the gradient's
 * sum, 2 (P - 1) / P of its bytes, and little else. */
static void test_bytes_and_traffic(void **state) {
  (void)state;
  problem p = make(&general, 300, NTK_PRECISION_DOUBLE);
  ntk_context *context = p.many.context;
  const ntk_share *share = &p.many.data->share;
  ntk_descent *again = NULL;
  const size_t before = ntk_memory_in_use(context);
  assert_ok(ntk_descent_create(p.many.network, p.many.data, p.Y, p.precision, 1.0, &again));
  const double taken = (double)(ntk_memory_in_use(context) - before);
  const double forecast = ntk_descent_bytes(context, &p.spec, share, p.precision);
  assert_true(taken <= forecast + 4096.0);
  if (ntk_share_count(share, share->rank) == ntk_share_most(share))
    assert_near(taken, forecast, 4096.0, "bytes");
  ntk_descent_destroy(again);

  void *gradient = NULL;
  size_t count = 0;
  double sum = 0.0;
  context->backend->descent_sums(p.many.descent, &gradient, &count);
  assert_true(count >= p.P);
  const double P = ranks;
  const double bytes = 2.0 * 8.0 * (double)count * (P - 1.0) / P;
  const double start = ntk_ranks_traffic(context).bytes;
  assert_ok(ntk_descent_gradient(p.many.descent, &sum));
  const double received = ntk_ranks_traffic(context).bytes - start;
  assert_true(received >= bytes && received <= bytes + 64.0 * P);
  free_all(&p);
}

/* One rank's callback says stop: the next gradient is nobody's. */
static bool armed;
static bool go_on(const char *phase, double fraction, void *user) {
  (void)phase;
  (void)fraction;
  (void)user;
  return !armed;
}

static void test_stop(void **state) {
  (void)state;
  problem p = make(&plain, 300, NTK_PRECISION_DOUBLE);
  double sum = 0.0;
  p.many.context->progress = go_on;
  assert_ok(ntk_descent_gradient(p.many.descent, &sum));
  armed = rank == ranks - 1;
  const ntk_status told = ntk_progress_report(p.many.context, "test", 0.5);
  if (ranks > 1)
    assert_refused(ntk_descent_gradient(p.many.descent, &sum), NTK_ERR_CANCELLED, "");
  else
    assert_int_equal(told, NTK_ERR_CANCELLED);
  armed = false;
  free_all(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_steps),
      cmocka_unit_test(test_whole),
      cmocka_unit_test(test_bytes_and_traffic),
      cmocka_unit_test(test_stop),
  };
  return run_on_ranks(tests, COUNT(tests), setup, teardown);
}
